package estimate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"drawdown/ledger"
	"drawdown/revrec"
)

// historyMark begins the canonical form of a history.
const historyMark = "drawdown.estimate.history"

// Canonical is the history in the form of which [History.Hash] is the SHA-256: the same bytes
// for the same history, fit to be kept and read again by [ReadHistory].
func (h History) Canonical() []byte {
	records, size := make([][]byte, len(h.Records)), 0
	for i, r := range h.Records {
		records[i] = r.encode()
		size += len(records[i]) + 8
	}
	slices.SortFunc(records, bytes.Compare)
	form := make([]byte, 0, len(historyMark)+4*8+size)
	form = append(form, historyMark...)
	for _, n := range []int64{hashForm, int64(h.Through), int64(h.ExpiryAge), int64(len(records))} {
		form = appendInt(form, n)
	}
	for _, record := range records {
		form = append(appendInt(form, int64(len(record))), record...)
	}
	return form
}

// CanonicalSize is at most how many bytes a record adds to the canonical form.
func (r Record) CanonicalSize() int { return 8*(6+len(r.Used)+len(r.Refunded)) + len(r.Customer) }

// errForm says that bytes are no history.
var errForm = errors.New("not a history: it is cut off, or was written otherwise")

// ReadHistory reads a history that [History.Canonical] wrote. Errors: bytes that it did not write.
func ReadHistory(canonical []byte) (History, error) {
	rest, ok := bytes.CutPrefix(canonical, []byte(historyMark))
	in := formReader{rest, !ok}
	version, through, expiry, n := in.number(), in.number(), in.number(), in.number()
	if in.failed || version != hashForm || n < 0 || n > int64(len(in.rest)) {
		return History{}, errForm
	}
	h := History{Through: ledger.Period(through), ExpiryAge: int(expiry), Records: make([]Record, 0, min(n, MaxRecords))}
	for range n {
		within := formReader{rest: in.bytes(in.number())}
		r := Record{Customer: string(within.bytes(within.number()))}
		r.Cohort, r.Sold = ledger.Period(within.number()), revrec.Credits(within.number())
		r.Used, r.Refunded = within.credits(), within.credits()
		if in.failed || within.failed || len(within.rest) > 0 {
			return History{}, errForm
		}
		h.Records = append(h.Records, r)
	}
	if len(in.rest) > 0 || !bytes.Equal(h.Canonical(), canonical) {
		return History{}, errForm
	}
	return h, nil
}

// formReader reads numbers and texts, until something is missing.
type formReader struct {
	rest   []byte
	failed bool
}

func (f *formReader) number() int64 {
	b := f.bytes(8)
	if f.failed {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b))
}

func (f *formReader) bytes(n int64) []byte {
	if f.failed || n < 0 || n > int64(len(f.rest)) {
		f.failed = true
		return nil
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

func (f *formReader) credits() []revrec.Credits {
	n := f.number()
	if f.failed || n < 0 || n > math.MaxInt32 || n*8 > int64(len(f.rest)) {
		f.failed = true
		return nil
	}
	var credits []revrec.Credits
	for range n {
		credits = append(credits, revrec.Credits(f.number()))
	}
	return credits
}
