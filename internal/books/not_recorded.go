package books

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"drawdown/ledger"
)

// NotRecorded is how many events were sent and not recorded, on a day and with one outcome.
type NotRecorded struct {
	ID     string
	At     time.Time // when it was written; what came before it on the server was counted before
	Day    ledger.Date
	Status OutcomeStatus // Duplicate or Rejected
	Code   Code          // of what was rejected, else ""
	Events int64
}

// notRecordedEvery is how often counts are written: a flood of bad events makes a row a minute for
// each code, and a server that is killed loses as much of its counts.
const notRecordedEvery = time.Minute

// notRecorded counts events that leave no row of their own.
type notRecorded struct {
	mu     sync.Mutex
	counts map[NotRecorded]int64 // by day, status and code
	since  time.Time             // when it was last written, by the machine's clock
	// writing is held by who writes. unsure are rows of which the database did not say that it has them: it
	// may, so they are written again as they are, each by its id.
	writing sync.Mutex
	unsure  []NotRecorded
}

func (n *notRecorded) add(counts map[NotRecorded]int64) {
	if len(counts) == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.counts == nil {
		n.counts = map[NotRecorded]int64{}
	}
	if n.since.IsZero() {
		n.since = time.Now()
	}
	for of, events := range counts {
		n.counts[of] += events
	}
}

func (n *notRecorded) due() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.counts) > 0 && time.Since(n.since) >= notRecordedEvery
}

func (n *notRecorded) take() map[NotRecorded]int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	counts := n.counts
	n.counts, n.since = nil, time.Now()
	return counts
}

// countOutcomes counts what was not recorded of a call that has ended.
func (b *Books) countOutcomes(outcomes []UsageOutcome) {
	var counts map[NotRecorded]int64
	var day ledger.Date
	for i := range outcomes {
		o := &outcomes[i]
		if o.Status == Recorded {
			continue
		}
		if counts == nil { // most calls have none
			counts, day = map[NotRecorded]int64{}, b.today()
		}
		of := NotRecorded{Day: day, Status: o.Status}
		if o.Reason != nil {
			of.Code = o.Reason.Code
		}
		counts[of]++
	}
	b.unrecorded.add(counts)
}

// UsageUnreadable counts an event that was rejected before it came to RecordUsage, for it could not
// be read.
func (b *Books) UsageUnreadable(reason *Error) {
	b.unrecorded.add(map[NotRecorded]int64{{Day: b.today(), Status: Rejected, Code: reason.Code}: 1})
}

// KeepNotRecorded writes what is counted, once a minute, until the context ends: also of what comes when
// no more usage does. failed is told what went wrong; what was counted is kept, for the next minute.
func (b *Books) KeepNotRecorded(ctx context.Context, failed func(error)) {
	every := time.NewTicker(notRecordedEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			if err := b.WriteNotRecorded(ctx); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
	}
}

// WriteNotRecorded writes what was counted since the last time. Jobs do so, a server and usage do once a
// minute, and whoever stops a server or ends an import should. Where it fails nothing is lost, and where the
// database has it all the same nothing is counted twice.
func (b *Books) WriteNotRecorded(ctx context.Context) error {
	b.unrecorded.writing.Lock()
	defer b.unrecorded.writing.Unlock()
	counts, unsure := b.unrecorded.take(), b.unrecorded.unsure
	if len(counts) == 0 && len(unsure) == 0 {
		return nil
	}
	rows := make([]NotRecorded, 0, len(counts)+len(unsure))
	for of, events := range counts {
		of.Events, of.ID = events, b.newID()
		rows = append(rows, of)
	}
	slices.SortFunc(rows, func(x, y NotRecorded) int {
		return cmp.Or(cmp.Compare(x.Day, y.Day), cmp.Compare(x.Status, y.Status), cmp.Compare(x.Code, y.Code))
	})
	rows = append(unsure, rows...)
	now := b.clock()
	for i := range rows {
		rows[i].At = now
	}
	err := b.store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.InsertNotRecorded(ctx, rows) })
	if b.unrecorded.unsure = nil; err != nil {
		b.unrecorded.unsure = rows
	}
	return err
}

// notRecordedTx keeps counts of usage that was not recorded.
type notRecordedTx interface {
	// InsertNotRecorded keeps rows, and leaves alone those whose ids are there.
	InsertNotRecorded(ctx context.Context, rows []NotRecorded) error
	// NotRecorded adds up what was written of the days by an instant, in order of day, status and
	// code; ID and At are zero.
	NotRecorded(ctx context.Context, from, to ledger.Date, asOf time.Time) ([]NotRecorded, error)
}
