package books

import (
	"context"
	"slices"

	"drawdown/ledger"
	"drawdown/revrec"
)

// recognise books the use of lots that wait since a day by through, one bounded step.
// Work is proportional to the lot-days touched since the last run. ASC 606-10-55-46.
func (b *Books) recognise(ctx context.Context, tx Tx, run *running) (more bool, err error) {
	keys, err := tx.PendingLots(ctx, run.through, run.at.after, b.bounds.Lots)
	if err != nil {
		return false, err
	}
	if len(keys) == 0 { // the end of the queue
		more, run.at = run.at.again, place{}
		return more, nil
	}
	step := &usageStep{books: b, run: run, pools: poolDays{}, cohorts: cohortMonths{}}
	var booked []*revrec.Lot
	for part := range slices.Chunk(keys, b.bounds.Part) {
		if step.days >= b.bounds.Days || len(booked) > 0 && b.hadTurn(run) {
			break // the rest waits for the next step
		}
		lots, err := tx.LockLots(ctx, part) // not rolled over: what was used of them stays used
		if err != nil {
			return false, err
		}
		if err := step.book(ctx, tx, lots); err != nil {
			return false, err
		}
		booked = append(booked, lots...)
	}
	if err := step.pools.add(ctx, tx, b); err != nil {
		return false, err
	}
	if err := step.cohorts.write(ctx, tx, b.moveNow()); err != nil {
		return false, err
	}
	if err := b.keep(ctx, tx, run, step.made); err != nil {
		return false, err
	}
	run.result.Lots += int64(len(booked))
	last := booked[len(booked)-1]
	run.at.after = LotKey{last.CustomerID, last.ID}
	run.at.again = run.at.again || step.more
	return len(keys) == b.bounds.Lots || len(booked) < len(keys) || run.at.again, tx.UpdateBooked(ctx, booked)
}

// usageStep gathers what one step makes of the use of lots.
type usageStep struct {
	books *Books
	run   *running
	made  []revrec.Recognition
	pools poolDays
	// cohorts is what was booked as used of cohorts.
	cohorts cohortMonths
	days    int  // lot-days booked so far
	more    bool // a lot has more days than its part of a step
}

// usageWork is what the rule needs to know of one lot.
type usageWork struct {
	LotSpan // the days that are booked now
	lot     *revrec.Lot
	before  revrec.Credits // what was drawn before
	days    []revrec.LotDay
	booked  revrec.Booked // for those days already
	next    ledger.Date   // the first day of use after them, zero for none
}

// book makes the recognitions of a part of the lots and brings the lots up to date.
func (s *usageStep) book(ctx context.Context, tx Tx, lots []*revrec.Lot) error {
	work, err := usageOf(ctx, tx, lots, s.run.through, s.books.bounds.SpanDays)
	if err != nil {
		return err
	}
	days := 0
	for i := range work {
		days += len(work[i].days)
	}
	s.days += days
	s.made = slices.Grow(s.made, days) // a day makes a recognition, hardly ever two
	for i := range work {
		w := &work[i]
		policy, err := s.run.policies.of(ctx, tx, w.lot.PolicyID)
		if err != nil {
			return err
		}
		made := revrec.RecogniseUsage(*w.lot, w.before, w.days, w.From, w.To, w.booked)
		inPool := keepUsage(w, made)
		s.pools.gather(policy, w.lot, s.books.book.Functional, inPool)
		s.cohorts.used(w.lot, made)
		s.made = append(s.made, made...)
		s.more = s.more || w.next != 0 && w.next <= s.run.through
	}
	return nil
}

// usageOf gathers what waits of the lots, for each the days from its first on, at most so many.
// Where all of it comes after what is booked of the lot, its days are all that the rule
// needs; where a late event, a void or a payment reaches back, what is booked for the
// days since is needed too.
func usageOf(ctx context.Context, tx Tx, lots []*revrec.Lot, through ledger.Date, most int) ([]usageWork, error) {
	work := make([]usageWork, 0, len(lots))
	spans, back := make([]LotSpan, 0, len(lots)), []LotSpan(nil)
	for _, lot := range lots {
		if !lot.Waits(through) {
			continue // not any more: it changed before it was held
		}
		span := LotSpan{LotKey{lot.CustomerID, lot.ID}, lot.PendingFrom, min(through, lot.PendingFrom+ledger.Date(most)-1)}
		spans = append(spans, span)
		if span.From <= lot.BookedThrough {
			back = append(back, span)
		}
		work = append(work, usageWork{LotSpan: span, lot: lot, before: lot.BookedCredits})
	}
	if len(work) == 0 {
		return nil, nil
	}
	days, err := tx.LotDaysWithin(ctx, spans)
	if err != nil {
		return nil, err
	}
	next, err := tx.LotDaysAfter(ctx, spans)
	if err != nil {
		return nil, err
	}
	for i := range work {
		work[i].days, work[i].next = days[i], next[i]
	}
	return work, reachBack(ctx, tx, work, back)
}

// usageKinds are the kinds under which use is booked.
var usageKinds = []revrec.Kind{revrec.Usage, revrec.UsageUnbilled, revrec.OverageUsage, revrec.Clearing}

// reachBack adds what is booked for days of work that were booked before.
func reachBack(ctx context.Context, tx Tx, work []usageWork, spans []LotSpan) error {
	if len(spans) == 0 {
		return nil
	}
	before, err := tx.DrawnBefore(ctx, spans)
	if err != nil {
		return err
	}
	booked, err := tx.BookedOfLots(ctx, spans, usageKinds...)
	if err != nil {
		return err
	}
	at := 0
	for i := range work {
		if w := &work[i]; w.From <= w.lot.BookedThrough { // these are the spans, in this order
			w.before, w.booked = before[at], booked[w.LotID]
			at++
		}
	}
	return nil
}

// BookedDays returns the credits that are booked as used of each lot, by day.
func BookedDays(ctx context.Context, tx Tx, keys []LotKey) (map[LotKey]map[ledger.Date]revrec.Credits, error) {
	booked, err := tx.BookedOfLots(ctx, WholeLots(keys), usageKinds...)
	if err != nil {
		return nil, err
	}
	days := make(map[LotKey]map[ledger.Date]revrec.Credits, len(keys))
	for _, key := range keys {
		credits := make(map[ledger.Date]revrec.Credits, len(booked[key.LotID]))
		for of, sum := range booked[key.LotID] {
			credits[of.Day] += sum.Credits
		}
		days[key] = credits
	}
	return days, nil
}

// keepUsage brings the lot up to date with what was made of its use, and returns what
// that is to its pool.
func keepUsage(w *usageWork, made []revrec.Recognition) []revrec.PoolDay {
	lot := w.lot
	var inPool []revrec.PoolDay
	for _, r := range made {
		if r.Kind != revrec.Clearing {
			lot.Recognised, lot.RecognisedFunctional = lot.Recognised.Add(r.Amount), lot.RecognisedFunctional.Add(r.Functional)
			lot.BookedCredits += r.Credits
		}
		takeFromCarrying(lot, r)
		inPool = append(inPool, revrec.UsageInPool(*lot, r)...)
	}
	for _, day := range w.days {
		lot.BookedThrough = max(lot.BookedThrough, day.Day)
	}
	lot.PendingFrom = w.next
	return inPool
}

func takeFromCarrying(lot *revrec.Lot, r revrec.Recognition) {
	amount, functional := r.OutOfDeferred()
	lot.Carrying.Minor -= amount
	lot.CarryingFunctional.Minor -= functional
}

// keep writes recognitions into the open batch, each under its accounting date.
func (b *Books) keep(ctx context.Context, tx Tx, run *running, recognitions []revrec.Recognition) error {
	if len(recognitions) == 0 {
		return nil
	}
	batch, err := tx.OpenBatch(ctx, b.newID(), b.clock())
	if err != nil {
		return err
	}
	closed, err := tx.ClosedThrough(ctx)
	if err != nil {
		return err
	}
	for i := range recognitions {
		r := &recognitions[i]
		r.ID, r.Batch = b.newID(), batch.ID
		r.AccountingDate = ledger.AccountingDate(r.Day, closed)
		run.fresh.add(r)
	}
	run.result.Recognitions += int64(len(recognitions))
	return tx.InsertRecognitions(ctx, recognitions)
}

// policyCache reads each policy once: a policy never changes.
type policyCache map[string]Policy

func (c policyCache) of(ctx context.Context, tx Tx, id string) (Policy, error) {
	if policy, known := c[id]; known {
		return policy, nil
	}
	policy, err := policyByID(ctx, tx, id)
	if err == nil {
		c[id] = policy
	}
	return policy, err
}
