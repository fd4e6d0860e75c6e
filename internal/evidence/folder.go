package evidence

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"drawdown/ledger"
	"drawdown/ledger/export"
)

// File is what the manifest says of a file of the pack.
type File struct {
	Name   string  `json:"name"`
	SHA256 string  `json:"sha256"` // hexadecimal
	Bytes  int64   `json:"bytes"`
	Rows   int64   `json:"rows"` // without headings; 0 of what has none
	Totals []Total `json:"control_totals,omitempty"`
	// OfNow says that the file is as of the book's last act and not of the closing: another pack
	// of the period may have another.
	OfNow bool   `json:"of_now,omitempty"`
	About string `json:"about"`
}

// Total is what a column adds up to in a currency, in major units.
type Total struct {
	Column   string          `json:"column"`
	Currency ledger.Currency `json:"currency"`
	Amount   string          `json:"amount"`
}

// totals adds up columns by currency.
type totals map[totalKey]ledger.Amount

type totalKey struct {
	column   string
	currency ledger.Currency
}

func (t totals) add(column string, amount ledger.Amount) {
	key := totalKey{column, amount.Currency}
	t[key] = t[key].Add(amount)
}

func (t totals) list() []Total {
	keys := slices.SortedFunc(maps.Keys(t), func(a, b totalKey) int {
		return strings.Compare(a.column+"\x00"+string(a.currency), b.column+"\x00"+string(b.currency))
	})
	list := make([]Total, len(keys))
	for i, key := range keys {
		list[i] = Total{key.column, key.currency, t[key].Text()}
	}
	return list
}

// folder takes the files of a pack and keeps of each what the manifest says.
type folder struct {
	dir   string
	files []File
	told  func(File)
}

// made is a file that is being written.
type made struct {
	to   *folder
	file File
	out  *os.File
	buf  *bufio.Writer
	sum  hash.Hash
}

const bufferBytes = 64 << 10

// create begins a file. Names have slashes.
func (f *folder) create(name, about string) (*made, error) {
	path := filepath.Join(f.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // as mkdir would make it
		return nil, err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // read by others, as what a shell writes is
	if err != nil {
		return nil, err
	}
	m := &made{to: f, file: File{Name: name, About: about}, out: out, sum: sha256.New()}
	m.buf = bufio.NewWriterSize(io.MultiWriter(out, m.sum), bufferBytes)
	return m, nil
}

func (m *made) Write(p []byte) (int, error) {
	n, err := m.buf.Write(p)
	m.file.Bytes += int64(n)
	return n, err
}

// Close ends the file and adds it to those of the pack.
func (m *made) Close() error {
	err := errors.Join(m.buf.Flush(), m.out.Close())
	if err != nil {
		return err
	}
	m.file.SHA256 = hex.EncodeToString(m.sum.Sum(nil))
	m.to.files = append(m.to.files, m.file)
	if m.to.told != nil {
		m.to.told(m.file)
	}
	return nil
}

// drop closes a file after an error.
func (m *made) drop(err error) error { return errors.Join(err, m.out.Close()) }

// write makes a file of what is in memory.
func (f *folder) write(name, about string, content []byte) error {
	file, err := f.create(name, about)
	if err != nil {
		return err
	}
	if _, err := file.Write(content); err != nil {
		return file.drop(err)
	}
	return file.Close()
}

// sorted are the files in order of name.
func (f *folder) sorted() []File {
	return slices.SortedFunc(slices.Values(f.files), func(a, b File) int { return strings.Compare(a.Name, b.Name) })
}

// known returns a file by its name.
func (f *folder) known(name string) File {
	for _, file := range f.files {
		if file.Name == name {
			return file
		}
	}
	return File{}
}

// has reports whether there is a file whose name begins so.
func (f *folder) has(prefix string) bool {
	return slices.ContainsFunc(f.files, func(file File) bool { return strings.HasPrefix(file.Name, prefix) })
}

// sheet writes rows of one type as NAME.csv and NAME.parquet.
type sheet[T any] struct {
	*export.Table[T]
	text, parquet *made
	totals        totals
}

func newSheet[T any](f *folder, name, about string) (*sheet[T], error) {
	text, err := f.create(name+".csv", about)
	if err != nil {
		return nil, err
	}
	parquet, err := f.create(name+".parquet", about)
	if err != nil {
		return nil, text.drop(err)
	}
	table, err := export.NewTable[T](text, parquet)
	if err != nil {
		return nil, parquet.drop(text.drop(err))
	}
	return &sheet[T]{table, text, parquet, totals{}}, nil
}

// fill has the rows written and ends both files.
func (s *sheet[T]) fill(write func(*sheet[T]) error) error {
	err := write(s)
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		return s.parquet.drop(s.text.drop(err))
	}
	for _, file := range [...]*made{s.text, s.parquet} {
		file.file.Rows, file.file.Totals = s.Rows(), s.totals.list()
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}

// fillSheet makes both files of a sheet.
func fillSheet[T any](f *folder, name, about string, write func(*sheet[T]) error) error {
	s, err := newSheet[T](f, name, about)
	if err != nil {
		return err
	}
	return s.fill(write)
}
