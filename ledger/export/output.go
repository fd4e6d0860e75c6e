package export

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"

	"drawdown/ledger"
)

// Files is where the files of an export go. Create is called once for each, after the one
// before was closed. Names hold no directory.
type Files interface {
	Create(name string) (io.WriteCloser, error)
}

// FileKind says what a file of an export holds.
type FileKind string

// The kinds of file.
const (
	JournalFile FileKind = "journal" // entries
	JoinFile    FileKind = "join"    // which lines of the journal a summary line sums
	TableFile   FileKind = "table"   // what entries refer to: accounts, users, balances
)

// File is what the manifest says of a file.
type File struct {
	Name    string   `json:"name"`
	Kind    FileKind `json:"kind"`
	Number  int      `json:"number"` // from 1 among the files of its kind
	Of      int      `json:"of"`     // how many there are of its kind
	Entries int64    `json:"entries"`
	Rows    int64    `json:"rows"`   // without header rows
	Totals  []Total  `json:"totals"` // as written, in the currency of each row
	SHA256  string   `json:"sha256"` // hexadecimal
	Bytes   int64    `json:"bytes"`
}

// Total is what was debited and credited in a currency, in major units. Both are positive.
type Total struct {
	Currency ledger.Currency `json:"currency"`
	Debit    string          `json:"debit"`
	Credit   string          `json:"credit"`
}

// sides are a debit and a credit in minor units, both positive.
type sides struct{ debit, credit ledger.Amount }

// sums are sides by currency.
type sums map[ledger.Currency]*sides

func (s sums) add(amount ledger.Amount) {
	of, known := s[amount.Currency]
	if !known {
		of = &sides{}
		s[amount.Currency] = of
	}
	*of = of.plus(amount)
}

// plus puts an amount on its side.
func (s sides) plus(amount ledger.Amount) sides {
	if amount.Minor < 0 {
		s.credit = s.credit.Sub(amount)
	} else {
		s.debit = s.debit.Add(amount)
	}
	return s
}

// totals lists the sums by code of currency.
func (s sums) totals() []Total {
	list := make([]Total, 0, len(s))
	for _, currency := range slices.Sorted(maps.Keys(s)) {
		list = append(list, s[currency].total(currency))
	}
	return list
}

func (s sides) total(currency ledger.Currency) Total {
	return Total{
		Currency: currency,
		Debit:    ledger.Money(s.debit.Minor, currency).Text(),
		Credit:   ledger.Money(s.credit.Minor, currency).Text(),
	}
}

// Output opens the files of an export one after another and keeps of each what the manifest
// says. Writers of formats write to it between Create and Close.
type Output struct {
	files   Files
	stem    string
	open    io.WriteCloser
	hash    hash.Hash
	current File
	sums    sums
	done    []File
}

func newOutput(files Files, stem string) *Output { return &Output{files: files, stem: stem} }

// Next opens the next file of journal entries: stem-001.csv, stem-002.csv.
func (o *Output) Next(extension string) error {
	number := 1 + o.count(JournalFile)
	return o.Create(JournalFile, fmt.Sprintf("%s-%03d.%s", o.stem, number, extension))
}

// Create opens a file by name. The one before must be closed.
func (o *Output) Create(kind FileKind, name string) error {
	if o.open != nil {
		return fmt.Errorf("%s is still open", o.current.Name)
	}
	open, err := o.files.Create(name)
	if err != nil {
		return fmt.Errorf("creating %s: %w", name, err)
	}
	o.open, o.hash, o.sums = open, sha256.New(), sums{}
	o.current = File{Name: name, Kind: kind, Number: 1 + o.count(kind)}
	return nil
}

func (o *Output) count(kind FileKind) (n int) {
	for _, file := range o.done {
		if file.Kind == kind {
			n++
		}
	}
	return n
}

// Write writes to the open file.
func (o *Output) Write(b []byte) (int, error) {
	n, err := o.open.Write(b)
	o.current.Bytes += int64(n)
	_, _ = o.hash.Write(b[:n]) // a hash never fails
	if err != nil {
		return n, fmt.Errorf("writing %s: %w", o.current.Name, err)
	}
	return n, nil
}

// Count adds an entry that was written to the open file, with its rows.
func (o *Output) Count(e Entry, rows int64) {
	o.current.Entries++
	o.current.Rows += rows
	for _, line := range e.Lines {
		o.sums.add(line.Amount)
	}
}

// CountRows adds rows that are no entries.
func (o *Output) CountRows(rows int64) { o.current.Rows += rows }

// Close closes the open file, if one is, and adds it to the list.
func (o *Output) Close() error {
	if o.open == nil {
		return nil
	}
	err := o.open.Close()
	o.open = nil
	if err != nil {
		return fmt.Errorf("closing %s: %w", o.current.Name, err)
	}
	o.current.SHA256 = hex.EncodeToString(o.hash.Sum(nil))
	o.current.Totals = o.sums.totals()
	o.done = append(o.done, o.current)
	return nil
}

// list returns the files that were closed, each with the number of its kind.
func (o *Output) list() []File {
	list := slices.Clone(o.done)
	for i := range list {
		list[i].Of = o.count(list[i].Kind)
	}
	return list
}

// Nowhere takes files and keeps nothing.
type Nowhere struct{}

// Create opens a file that keeps nothing.
func (Nowhere) Create(string) (io.WriteCloser, error) { return nothing{}, nil }

type nothing struct{}

func (nothing) Write(b []byte) (int, error) { return len(b), nil }
func (nothing) Close() error                { return nil }

// abandon closes the open file after an error.
func (o *Output) abandon(err error) error {
	if o == nil || o.open == nil {
		return err
	}
	closed := o.open.Close()
	o.open = nil
	return errors.Join(err, closed)
}
