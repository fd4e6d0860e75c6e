package books

import (
	"context"
	"fmt"
	"time"

	"drawdown/ledger"
)

// Days before those that a run compares row by row are gone through in rounds, a part a run.
const (
	// OlderParts is how many parts a round has, one for each day: so two rounds, at whose ends a
	// row may lie, take 28 days.
	OlderParts = 14
	// olderAtOnce is how many parts a run goes through at most: those that differed in the run
	// before, then those that are due, by runs that were missed. No run reads the whole book.
	olderAtOnce = 4
	// olderSuffix tells the comparisons of older days from those of the days of the run.
	olderSuffix = "_OLDER"
)

// ReconcileKey is a place in the order of events, or of lots on days. The zero key lies before
// all, or behind them.
type ReconcileKey struct {
	Customer string      `json:"customer,omitempty"`
	ID       string      `json:"id,omitempty"`
	Day      ledger.Date `json:"day,omitempty"` // of a lot
}

// String writes the key with the ids of the API; "" of the zero key.
func (k ReconcileKey) String() string {
	switch {
	case k == ReconcileKey{}:
		return ""
	case k.Day == 0:
		return fmt.Sprintf("cus_%s evt_%s", k.Customer, k.ID)
	}
	return fmt.Sprintf("cus_%s lot_%s %s", k.Customer, k.ID, k.Day)
}

// ReconcileKeys are the keys behind one, through another; all from the beginning where After is
// zero, and to the end where Until is.
type ReconcileKeys struct {
	After ReconcileKey `json:"after,omitzero"`
	Until ReconcileKey `json:"until,omitzero"`
	None  bool         `json:"none,omitempty"` // the parts before went to the end
}

// ReconcileSize is how much there is to go through.
type ReconcileSize struct {
	Events, LotDays int64
	First           ledger.Period // the first month with an entry or a balance; 0 where there is none
}

// ReconcilePart is a part of the older days that a run compared row by row: events with their draws,
// and lots on days with draws and recognitions, by ranges of keys; all else by months.
type ReconcilePart struct {
	Number  int           `json:"number"` // 1 to OlderParts
	Round   ledger.Date   `json:"round"`  // the day on which its round began
	Again   bool          `json:"again"`  // it differed in the run before
	Differs bool          `json:"differs"`
	Events  ReconcileKeys `json:"events"`
	LotDays ReconcileKeys `json:"lotDays"`
	From    ledger.Date   `json:"from,omitempty"` // of whole months; 0 where it has none
	To      ledger.Date   `json:"to,omitempty"`
	Took    time.Duration `json:"took"`
}

// ReconcileOlder is how far the runs are through the days before those that each of them compares.
type ReconcileOlder struct {
	To      ledger.Date     `json:"to"`               // the last of these days
	Began   ledger.Date     `json:"began"`            // the day of the first run of the round
	Before  ledger.Date     `json:"before,omitempty"` // that of the round before; 0 in the first
	Done    int             `json:"done"`             // how many parts of the round are gone through
	First   ledger.Date     `json:"first"`            // of the first month, as the round began
	Events  int64           `json:"events"`           // how many are a part
	LotDays int64           `json:"lotDays"`
	Reached ReconcilePart   `json:"reached"`          // the last part of the round
	Months  ledger.Date     `json:"months,omitempty"` // the last of the months of the round; 0 before any
	Parts   []ReconcilePart `json:"parts"`            // what this run compared
}

// Since is a day on or after which every row of the older days was compared; in the first round, the
// day on which that began.
func (o *ReconcileOlder) Since() ledger.Date {
	if o.Before != 0 {
		return o.Before
	}
	return o.Began
}

// ThroughOnce reports whether every older row was compared at least once.
func (o *ReconcileOlder) ThroughOnce() bool { return o.Before != 0 || o.Done == OlderParts }

// olderDue says what a run compares of the days through to: what differed in the run before,
// until it does no more, and the parts that are due by its day. Where olderAtOnce parts differ, the
// round waits until they are mended. It returns nil where the book has no such days.
func (b *Books) olderDue(ctx context.Context, tx Tx, latest LatestReconciliation, to, today ledger.Date) (*ReconcileOlder, error) {
	o := ReconcileOlder{Parts: []ReconcilePart{}}
	was := latest.Older
	if was != nil {
		o = *was
		o.Parts = []ReconcilePart{}
		for _, part := range was.Parts {
			if part.Differs {
				part.Again, part.Differs = true, false
				o.Parts = append(o.Parts, part)
			}
		}
	}
	if was == nil || was.Done == OlderParts && latest.To < today {
		size, err := tx.ReconcileSize(ctx)
		if err != nil {
			return nil, err
		}
		if size.First == 0 || size.First > to.Period() {
			return nil, nil
		}
		o.Began, o.Before, o.Done, o.Reached, o.Months = today, o.Began, 0, ReconcilePart{}, 0
		o.First, o.Events, o.LotDays = size.First.First(), (size.Events+OlderParts-1)/OlderParts, (size.LotDays+OlderParts-1)/OlderParts
	}
	o.To = to
	due := min(int(today-o.Began)+1, OlderParts)
	for o.Done < due && len(o.Parts) < olderAtOnce {
		part, err := b.olderPart(ctx, tx, &o)
		if err != nil {
			return nil, err
		}
		o.Done, o.Reached, o.Months, o.Parts = part.Number, part, max(o.Months, part.To), append(o.Parts, part)
	}
	return &o, nil
}

// olderPart cuts the part after the last: the last of a round goes to the end, whatever was added.
func (b *Books) olderPart(ctx context.Context, tx Tx, o *ReconcileOlder) (ReconcilePart, error) {
	part := ReconcilePart{Number: o.Done + 1, Round: o.Began}
	months := int(o.To.Period()-o.First.Period()) + 1
	through := (o.First.Period() + ledger.Period((months*part.Number+OlderParts-1)/OlderParts) - 1).Last()
	if through > o.Months {
		part.From, part.To = max(o.Months+1, ledger.DateOf(earliest, b.zone)), through
	}
	for _, keys := range []struct {
		of  *ReconcileKeys
		was ReconcileKeys
	}{{&part.Events, o.Reached.Events}, {&part.LotDays, o.Reached.LotDays}} {
		keys.of.After = keys.was.Until
		keys.of.None = part.Number > 1 && keys.was.Until == ReconcileKey{}
	}
	if part.Number == OlderParts {
		return part, nil
	}
	for _, cut := range []struct {
		stream ReconcileStream
		keys   *ReconcileKeys
		rows   int64
	}{{EventsDrawn, &part.Events, o.Events}, {DrawsOfDays, &part.LotDays, o.LotDays}} {
		if cut.keys.None {
			continue
		}
		until, ok, err := tx.ReconcileAhead(ctx, cut.stream, cut.keys.After, max(cut.rows, 1))
		if err != nil {
			return ReconcilePart{}, err
		}
		if ok {
			cut.keys.Until = until
		}
	}
	return part, nil
}

// olderParts compares the parts that are due, and notes which differ.
func (w *reconcileWork) olderParts(ctx context.Context) ([]ReconcileLine, error) {
	if w.Older == nil {
		return nil, nil
	}
	all := make([]summings, len(streamKinds))
	for i := range all {
		all[i] = summings{}
	}
	for i := range w.Older.Parts {
		part, begun := &w.Older.Parts[i], time.Now()
		for at, s := range streamKinds {
			span, due := w.olderSpan(s.stream, part)
			if !due {
				continue
			}
			before := all[at].differing()
			if err := w.streamInto(ctx, all[at], s.kind, s.stream, span, olderSuffix); err != nil {
				return nil, err
			}
			part.Differs = part.Differs || all[at].differing() > before
		}
		part.Took = time.Since(begun)
	}
	var lines []ReconcileLine
	for _, sums := range all {
		lines = append(lines, sums.lines()...)
	}
	return lines, nil
}

// olderSpan says what of a stream a part compares; due is false where it compares nothing of it.
func (w *reconcileWork) olderSpan(stream ReconcileStream, part *ReconcilePart) (span ReconcileSpan, due bool) {
	switch stream {
	case LotsCarrying: // every run compares all lots
		return ReconcileSpan{}, false
	case EventsDrawn, DrawsOfDays, DaysBooked:
		keys := part.Events
		if stream != EventsDrawn {
			keys = part.LotDays
		}
		span = w.books.spanOf(0, w.Older.To)
		span.Keys = keys
		return span, !keys.None
	case RunningBalances, PurchasesJournal, PaymentsReceived, PurchasesLots, BatchesPosted:
	}
	return w.books.spanOf(part.From, part.To), part.To != 0
}
