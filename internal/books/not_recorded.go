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

// notRecordedEvery is how often counts are written while usage comes: a flood of bad events makes
// a row a minute for each code, and a server that is killed loses as much of its counts.
const notRecordedEvery = time.Minute

// notRecorded counts events that leave no row of their own.
type notRecorded struct {
	mu     sync.Mutex
	counts map[NotRecorded]int64 // by day, status and code
	since  time.Time             // when it was last written, by the machine's clock
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

// WriteNotRecorded writes what was counted since the last time. Jobs do so, usage does once a
// minute, and whoever stops a server or ends an import should. Where it fails nothing is lost.
func (b *Books) WriteNotRecorded(ctx context.Context) error {
	counts := b.unrecorded.take()
	if len(counts) == 0 {
		return nil
	}
	rows := make([]NotRecorded, 0, len(counts))
	for of, events := range counts {
		of.Events = events
		rows = append(rows, of)
	}
	slices.SortFunc(rows, func(x, y NotRecorded) int {
		return cmp.Or(cmp.Compare(x.Day, y.Day), cmp.Compare(x.Status, y.Status), cmp.Compare(x.Code, y.Code))
	})
	now := b.clock()
	for i := range rows {
		rows[i].ID, rows[i].At = b.newID(), now
	}
	err := b.store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.InsertNotRecorded(ctx, rows) })
	if err != nil {
		b.unrecorded.add(counts)
	}
	return err
}

// notRecordedTx keeps counts of usage that was not recorded.
type notRecordedTx interface {
	InsertNotRecorded(ctx context.Context, rows []NotRecorded) error
	// NotRecorded adds up what was written of the days by an instant, in order of day, status and
	// code; ID and At are zero.
	NotRecorded(ctx context.Context, from, to ledger.Date, asOf time.Time) ([]NotRecorded, error)
}
