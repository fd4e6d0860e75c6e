package store

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"drawdown/ledger"
	"drawdown/revrec"
)

// The recognitions of a batch lie together in their table, and those of one of its entries all
// over them: read entry by entry, a page is read as often as entries have rows on it. So the
// recognitions of a batch are read once, as they lie, and hashed by another goroutine
// meanwhile; what is kept of each until its entry comes is its id and its hash.

// mostHashed bounds how many are kept, of 48 bytes each. The entries of a larger batch are read
// one by one. Tests lower it.
var mostHashed int64 = 1 << 20

// mostBetween bounds, where rows are read as they lie, how many are read for one of the batch.
const mostBetween = 4

// hashedRecognition is a recognition that was hashed.
type hashedRecognition struct {
	id   [16]byte
	hash tlog.Hash
}

// hashedEntry are the recognitions of an entry.
type hashedEntry struct {
	all      []hashedRecognition
	disorder bool   // not in order of id
	fault    string // "" where all rows are of the form in which they are written
	faulty   [16]byte
	common   revrec.Recognition // what all rows say alike
	nobodys  bool               // its days are none, so no entry can be of it
}

func (h *hashedEntry) add(id [16]byte, hash tlog.Hash, fault string) {
	if n := len(h.all); n > 0 && bytes.Compare(h.all[n-1].id[:], id[:]) >= 0 {
		h.disorder = true
	}
	if fault != "" && (h.fault == "" || bytes.Compare(id[:], h.faulty[:]) < 0) {
		h.fault, h.faulty = fault, id
	}
	h.all = append(h.all, hashedRecognition{id, hash})
}

// sort puts them in order of id. It returns false where two have the same.
func (h *hashedEntry) sort() bool {
	if !h.disorder {
		return true
	}
	slices.SortFunc(h.all, func(x, y hashedRecognition) int { return bytes.Compare(x.id[:], y.id[:]) })
	for i := 1; i < len(h.all); i++ {
		if h.all[i].id == h.all[i-1].id {
			return false
		}
	}
	return true
}

// hashedBatch are the recognitions of a batch on some accounting dates.
type hashedBatch struct {
	batch    string
	from, to ledger.Date
	known    bool // false where the entries are to be read one by one
	entries  map[string]*hashedEntry
}

// rowKey is what a recognition says of its entry, besides the batch, as one text: a column
// less to read for each part. An entry with the mark between the parts within one is none that
// could be found by it.
const (
	rowKey     = "accounting_date || '|' || day || '|' || kind || '|' || currency || '|' || CAST(policy_id AS TEXT)"
	rowKeyMark = "|"
	rowKeyLen  = 5
)

// ahead says which entries come next, so that batches are read for all of them at once.
func (r *sealReader) ahead(entries []*keptEntry) {
	r.days = map[string][2]ledger.Date{}
	for _, e := range entries {
		if e.Batch == "" || e.AccountingDate == 0 {
			continue
		}
		days, met := r.days[e.Batch]
		if !met {
			days = [2]ledger.Date{e.AccountingDate, e.AccountingDate}
		}
		r.days[e.Batch] = [2]ledger.Date{min(days[0], e.AccountingDate), max(days[1], e.AccountingDate)}
	}
}

// hashedOf returns the recognitions of an entry, hashed; false where they are to be read by
// themselves.
func (r *sealReader) hashedOf(ctx context.Context, e *keptEntry) (*hashedEntry, bool, error) {
	key := strings.Join([]string{e.AccountingDate.String(), e.OccurredOn.String(), string(e.Kind), string(e.Currency), r.policies[e.Policy]}, rowKeyMark)
	if strings.Count(key, rowKeyMark) != rowKeyLen-1 {
		return nil, false, nil
	}
	if r.held == nil || r.held.batch != e.Batch || e.AccountingDate < r.held.from || e.AccountingDate > r.held.to {
		days, met := r.days[e.Batch]
		if !met {
			days = [2]ledger.Date{e.AccountingDate, e.AccountingDate}
		}
		r.held = nil // its memory goes before that of the next comes
		held, err := r.hashBatch(ctx, e.Batch, days[0], days[1])
		if err != nil {
			return nil, false, err
		}
		r.held = held
	}
	if !r.held.known {
		return nil, false, nil
	}
	if hashed := r.held.entries[key]; hashed != nil {
		return hashed, true, nil
	}
	return &hashedEntry{}, true, nil
}

const ofBatch = " FROM recognitions WHERE batch_id = $1 AND accounting_date >= $2 AND accounting_date <= $3"

// hashBatch hashes the recognitions of a batch on some accounting dates.
func (r *sealReader) hashBatch(ctx context.Context, batch string, from, to ledger.Date) (*hashedBatch, error) {
	held := &hashedBatch{batch: batch, from: from, to: to, entries: map[string]*hashedEntry{}}
	args := []any{batch, from.String(), to.String()}
	var rows, first, last int64
	err := r.t.scan(ctx, "finding the recognitions of a batch", r.t.batchSpan, args, []any{&rows, &first, &last}, func() {})
	if err != nil || rows > mostHashed || last-first >= mostBetween*max(rows, 1) {
		return held, err
	}
	if r.t.batchLies {
		args = append(args, first, last)
	}
	hasher := newRowHasher(r.t.noCustomer, held)
	var row sealedRow
	var key keptText
	err = r.t.scan(ctx, "reading sealed recognitions", "SELECT "+recognitionColumns+", "+rowKey+" FROM recognitions"+r.t.batchRows, args, append(row.targets(), &key), func() { hasher.add(&row, key.to) })
	held.known = hasher.end()
	return held, err
}

// rowHasher hashes rows in a goroutine of its own, in the order in which they are given to it.
type rowHasher struct {
	rows       []keyedRow
	full, free chan []keyedRow
	known      chan bool
}

type keyedRow struct {
	sealedRow
	key string
}

// Rows are handed over some at a time, and so many times before one waits for the other.
const (
	rowsHanded  = 256
	handedAhead = 4
)

func newRowHasher(noCustomer string, into *hashedBatch) *rowHasher {
	h := &rowHasher{full: make(chan []keyedRow, handedAhead), free: make(chan []keyedRow, handedAhead), known: make(chan bool, 1)}
	for range handedAhead {
		h.free <- make([]keyedRow, 0, rowsHanded)
	}
	go func() { h.known <- h.run(noCustomer, into) }()
	return h
}

func (h *rowHasher) add(row *sealedRow, key string) {
	if h.rows == nil {
		h.rows = <-h.free
	}
	if h.rows = append(h.rows, keyedRow{*row, key}); len(h.rows) == cap(h.rows) {
		h.full <- h.rows
		h.rows = nil
	}
}

// end waits for the last row. It returns false where an id is none that we give, or is there
// twice for one entry.
func (h *rowHasher) end() bool {
	if len(h.rows) > 0 {
		h.full <- h.rows
	}
	close(h.full)
	return <-h.known
}

func (h *rowHasher) run(noCustomer string, into *hashedBatch) bool {
	known := true
	forms := recognitionForms{noCustomer: noCustomer}
	var at string
	var of *hashedEntry
	for rows := range h.full {
		for i := range rows {
			row := &rows[i]
			if of == nil || row.key != at {
				at, of = row.key, into.entry(row.key)
			}
			if of.nobodys {
				continue
			}
			id, ours := idBytes(row.id.to)
			known = known && ours
			fault := forms.make(&of.common, &row.sealedRow)
			of.add(id, tlog.RecordHash(forms.form), fault)
		}
		h.free <- rows[:0]
	}
	for _, of := range into.entries {
		known = of.sort() && known
	}
	return known
}

// entry is what a row with the key is added to.
func (b *hashedBatch) entry(key string) *hashedEntry {
	of := b.entries[key]
	if of != nil {
		return of
	}
	of = &hashedEntry{nobodys: true}
	b.entries[key] = of
	parts := strings.Split(key, rowKeyMark)
	if len(parts) != rowKeyLen {
		return of
	}
	accounting, err := ledger.ParseDate(parts[0])
	day, fault := ledger.ParseDate(parts[1])
	if err != nil || fault != nil {
		return of
	}
	of.common = revrec.Recognition{Batch: b.batch, AccountingDate: accounting, Day: day, Kind: revrec.Kind(parts[2]), PolicyID: parts[4]}
	of.common.Amount.Currency = ledger.Currency(parts[3])
	of.common.Unclaimed.Currency = of.common.Amount.Currency
	of.nobodys = false
	return of
}

// idBytes reads an id as we write it: what is in order of these bytes is in order of the text.
func idBytes(text string) (id uuid.UUID, ours bool) {
	id, err := uuid.Parse(text)
	return id, err == nil && id.String() == text
}
