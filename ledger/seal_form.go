package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// FormReader reads a form. After what cannot be read it reads nothing, and says so.
type FormReader struct {
	rest []byte
	bad  bool
}

// NewFormReader reads a form from its beginning.
func NewFormReader(form []byte) *FormReader { return &FormReader{rest: form} }

var errForm = errors.New("these bytes are no form of this version")

// End returns an error where the form could not be read, or goes on.
func (r *FormReader) End() error {
	if r.bad || len(r.rest) > 0 {
		return errForm
	}
	return nil
}

func (r *FormReader) bytes(n int) []byte {
	if r.bad || n < 0 || n > len(r.rest) {
		r.bad = true
		return nil
	}
	read := r.rest[:n]
	r.rest = r.rest[n:]
	return read
}

// Kind reads the first two bytes, and says whether they are these.
func (r *FormReader) kind(kind, version byte) {
	r.bad = r.bad || !bytes.Equal(r.bytes(2), []byte{kind, version})
}

// Recognition reads the beginning of the form of a recognition.
func (r *FormReader) Recognition() { r.kind(recognitionForm, RecognitionVersion) }

// Int reads a whole number.
func (r *FormReader) Int() int64 {
	read := r.bytes(8)
	if r.bad {
		return 0
	}
	return int64(binary.BigEndian.Uint64(read))
}

// Count reads how many follow: no more than there are bytes.
func (r *FormReader) Count() int {
	read := r.bytes(4)
	if r.bad {
		return 0
	}
	n := int64(binary.BigEndian.Uint32(read))
	if n > int64(len(r.rest)) {
		r.bad = true
		return 0
	}
	return int(n)
}

// Text reads a text.
func (r *FormReader) Text() string { return string(r.bytes(r.Count())) }

// Date reads a day.
func (r *FormReader) Date() Date {
	text := r.Text()
	if text == "" {
		return 0
	}
	day, err := ParseDate(text)
	r.bad = r.bad || err != nil
	return day
}

// Money reads an amount.
func (r *FormReader) Money() Amount {
	minor := r.Int()
	return Money(minor, Currency(r.Text()))
}

// ReadEntryForm reads the form of an entry.
func ReadEntryForm(form []byte) (SealedEntry, error) {
	r := NewFormReader(form)
	version := byte(EntryVersion)
	if len(form) > 1 && form[1] == ApprovedVersion {
		version = ApprovedVersion
	}
	r.kind(entryForm, version)
	var e SealedEntry
	e.Number, e.Kind = r.Int(), EntryKind(r.Text())
	e.AccountingDate, e.OccurredOn = r.Date(), r.Date()
	e.PostedAt = time.UnixMicro(r.Int()).UTC()
	e.Batch, e.Policy, e.Currency, e.Reference = r.Text(), r.Text(), Currency(r.Text()), r.Text()
	e.Reverses, e.Description = r.Int(), r.Text()
	if version == ApprovedVersion {
		e.Approved = r.Text()
		r.bad = r.bad || e.Approved == "" // else it is of the version before
	}
	for range r.Count() {
		e.LineNumbers = append(e.LineNumbers, r.Int())
		line := Line{Account: Role(r.Text()), Amount: r.Money(), Functional: r.Money()}
		line.Dimensions = Dimensions{Customer: r.Text(), Policy: r.Text(), Pack: r.Text()}
		e.Lines = append(e.Lines, line)
	}
	e.Recognitions = r.Int()
	copy(e.RecognitionsRoot[:], r.bytes(tlog.HashSize))
	return e, r.End()
}
