package export

import (
	"fmt"
	"io"
	"strconv"
)

// layout is a text format: what stands at the beginning of a file, for an entry and at the
// end, appended to b. A layout holds nothing of an entry once it is appended.
type layout interface {
	begin(b []byte, header Header) ([]byte, error)
	// entry also returns how many rows the entry takes, as the target counts them.
	entry(b []byte, e Entry) ([]byte, int64, error)
	end(b []byte) ([]byte, error)
}

// packer is a layout whose files are packed, as into a zip archive.
type packer interface {
	pack(w io.Writer) (io.WriteCloser, error)
}

// flushAt is from how many bytes on a buffer is written.
const flushAt = 64 << 10

// textFiles writes a layout into files that are cut between entries.
type textFiles struct {
	layout    layout
	extension string
	limits    Limits
	bom       bool
	scribe    *scribe
	out       *Output

	header  Header
	one     []byte // the entry at hand
	buffer  []byte // what is not written yet of the open file
	to      io.Writer
	packed  io.WriteCloser // of a packer
	open    bool
	entries int64
	rows    int64
	bytes   int64
}

func newTextFiles(p Profile, s *scribe, out *Output, extension string, l layout) *textFiles {
	return &textFiles{layout: l, extension: extension, limits: p.Limits, bom: p.File.BOM, scribe: s, out: out}
}

func (t *textFiles) Begin(header Header) error {
	t.header = header
	return t.next()
}

func (t *textFiles) Entry(e Entry) error {
	one, rows, err := t.layout.entry(t.one[:0], e)
	if err != nil {
		return err
	}
	one = t.scribe.encoded(one)
	t.one = one
	tail, err := t.tail()
	if err != nil {
		return err
	}
	if t.entries > 0 && t.beyond(rows, int64(len(one)), tail) {
		if err := t.finish(); err != nil {
			return err
		}
		if err := t.next(); err != nil {
			return err
		}
	}
	if t.entries == 0 && t.beyond(rows, int64(len(one)), tail) {
		return refuse(e, 0, EntryTooLarge, "entry", fmt.Sprintf("%d rows, %d bytes", rows, len(one)),
			"is alone beyond the limits of a file ("+t.limits.String()+"), and is never parted")
	}
	t.entries, t.rows, t.bytes = t.entries+1, t.rows+rows, t.bytes+int64(len(one))
	t.out.Count(e, rows)
	t.buffer = append(t.buffer, one...)
	if len(t.buffer) < flushAt {
		return nil
	}
	return t.flush()
}

func (t *textFiles) End() error { return t.finish() }

// tail is how many bytes the end of the file would take, where that is limited.
func (t *textFiles) tail() (int64, error) {
	if t.limits.Bytes == noLimit {
		return 0, nil
	}
	end, err := t.layout.end(nil)
	return int64(len(end)), err
}

// beyond reports whether the open file would be too large with so much more.
func (t *textFiles) beyond(rows, bytes, tail int64) bool {
	return t.limits.Rows != noLimit && t.rows+rows > t.limits.Rows ||
		t.limits.Entries != noLimit && t.entries >= t.limits.Entries ||
		t.limits.Bytes != noLimit && t.bytes+bytes+tail > t.limits.Bytes
}

// String says what a file may hold.
func (l Limits) String() string {
	text := ""
	for _, limit := range []struct {
		of   string
		most int64
	}{{"rows", l.Rows}, {"entries", l.Entries}, {"bytes", l.Bytes}} {
		if limit.most != noLimit {
			if text != "" {
				text += ", "
			}
			text += strconv.FormatInt(limit.most, 10) + " " + limit.of
		}
	}
	return text
}

// next opens a file and writes what stands at its beginning.
func (t *textFiles) next() error {
	if err := t.out.Next(t.extension); err != nil {
		return err
	}
	t.open, t.entries, t.rows, t.to = true, 0, 0, t.out
	if p, ok := t.layout.(packer); ok {
		packed, err := p.pack(t.out)
		if err != nil {
			return err
		}
		t.packed, t.to = packed, packed
	}
	if t.bom {
		t.buffer = append(t.buffer, "\ufeff"...)
	}
	// Not into t.one: an entry may be waiting there for the file.
	head, err := t.layout.begin(nil, t.header)
	if err != nil {
		return err
	}
	t.buffer = append(t.buffer, t.scribe.encoded(head)...)
	t.bytes = int64(len(t.buffer))
	return nil
}

func (t *textFiles) finish() error {
	if !t.open {
		return nil
	}
	end, err := t.layout.end(nil)
	if err != nil {
		return err
	}
	t.buffer = append(t.buffer, t.scribe.encoded(end)...)
	if err := t.flush(); err != nil {
		return err
	}
	if t.packed != nil {
		if err := t.packed.Close(); err != nil {
			return err
		}
	}
	t.open = false
	return t.out.Close()
}

func (t *textFiles) flush() error {
	_, err := t.to.Write(t.buffer)
	t.buffer = t.buffer[:0]
	return err
}
