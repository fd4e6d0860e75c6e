package books

import (
	"context"

	"drawdown/ledger"
	"drawdown/revrec"
)

// recognise books the use of lots that have pending lot-days by through, one bounded
// step. Work is proportional to the lot-days touched since the last run.
// ASC 606-10-55-46.
func (b *Books) recognise(ctx context.Context, tx Tx, through ledger.Date, result *JobResult) (more bool, err error) {
	keys, err := tx.PendingLots(ctx, through, stepSize)
	if err != nil || len(keys) == 0 {
		return false, err
	}
	lots, err := tx.LockLots(ctx, keys)
	if err != nil {
		return false, err
	}
	pending, err := tx.PendingLotDays(ctx, keys, through)
	if err != nil {
		return false, err
	}
	work, err := b.usageWork(ctx, tx, lots, pending)
	if err != nil {
		return false, err
	}
	policies := policyCache{}
	var recognitions []revrec.Recognition
	for _, w := range work {
		made := revrec.RecogniseUsage(*w.lot, w.before, w.days, w.from, through, w.booked)
		policy, err := policies.of(ctx, tx, w.lot.PolicyID)
		if err != nil {
			return false, err
		}
		if err := b.keepUsage(ctx, tx, policy, w, through, made); err != nil {
			return false, err
		}
		recognitions = append(recognitions, made...)
	}
	if err := b.keep(ctx, tx, recognitions, result); err != nil {
		return false, err
	}
	if err := tx.UpdateLots(ctx, lots); err != nil {
		return false, err
	}
	result.Lots += int64(len(lots))
	return len(keys) == stepSize, tx.SettleLotDays(ctx, keys, through)
}

// usageWork is what the rule needs to know of one lot.
type usageWork struct {
	lot    *revrec.Lot
	from   ledger.Date
	before revrec.Credits
	days   []revrec.LotDay
	booked revrec.Booked
}

// usageWork gathers what is pending of the lots. Where every pending day comes after
// what is booked of the lot, that is all the rule needs; where a late event, a void or a
// payment reaches back, it needs the days since and what is booked for them.
func (b *Books) usageWork(ctx context.Context, tx Tx, lots []*revrec.Lot, pending []LotDay) ([]usageWork, error) {
	byLot := groupDays(pending)
	work := make([]usageWork, 0, len(lots))
	var reachBack []LotKey
	earliest := ledger.Date(0)
	for _, lot := range lots {
		days := byLot[lot.ID]
		if len(days) == 0 {
			continue
		}
		w := usageWork{lot: lot, from: days[0].Day, before: lot.BookedCredits, days: days}
		if w.from <= lot.BookedThrough {
			reachBack = append(reachBack, LotKey{lot.CustomerID, lot.ID})
			if earliest == 0 || w.from < earliest {
				earliest = w.from
			}
		}
		work = append(work, w)
	}
	if len(reachBack) == 0 {
		return work, nil
	}
	all, err := tx.LotDays(ctx, reachBack)
	if err != nil {
		return nil, err
	}
	booked, err := tx.BookedOfLots(ctx, reachBack, earliest)
	if err != nil {
		return nil, err
	}
	byLot = groupDays(all)
	for i := range work {
		w := &work[i]
		if w.from > w.lot.BookedThrough {
			continue
		}
		w.before, w.days = splitDays(byLot[w.lot.ID], w.from)
		w.booked = revrec.UsageBooked(booked[w.lot.ID], w.from)
	}
	return work, nil
}

func groupDays(days []LotDay) map[string][]revrec.LotDay {
	byLot := map[string][]revrec.LotDay{}
	for _, day := range days {
		byLot[day.LotID] = append(byLot[day.LotID], revrec.LotDay{Day: day.Day, Drawn: day.Drawn})
	}
	return byLot
}

// splitDays returns what was drawn before the day, and the days from it on.
func splitDays(days []revrec.LotDay, from ledger.Date) (before revrec.Credits, since []revrec.LotDay) {
	for i, day := range days {
		if day.Day >= from {
			return before, days[i:]
		}
		before += day.Drawn
	}
	return before, nil
}

// keepUsage brings the lot and its pool up to date with what was made of its use.
func (b *Books) keepUsage(ctx context.Context, tx Tx, policy Policy, w usageWork, through ledger.Date, made []revrec.Recognition) error {
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
		if day.Day <= through {
			lot.BookedThrough = max(lot.BookedThrough, day.Day)
		}
	}
	return b.addToPool(ctx, tx, policy, *lot, inPool)
}

func takeFromCarrying(lot *revrec.Lot, r revrec.Recognition) {
	amount, functional := r.OutOfDeferred()
	lot.Carrying.Minor -= amount
	lot.CarryingFunctional.Minor -= functional
}

// keep writes recognitions into the open batch, each under its accounting date.
func (b *Books) keep(ctx context.Context, tx Tx, recognitions []revrec.Recognition, result *JobResult) error {
	if len(recognitions) == 0 {
		return nil
	}
	closed, err := tx.ClosedThrough(ctx)
	if err != nil {
		return err
	}
	batch, err := tx.OpenBatch(ctx, b.newID(), b.clock())
	if err != nil {
		return err
	}
	for i := range recognitions {
		r := &recognitions[i]
		r.ID, r.Batch = b.newID(), batch.ID
		r.AccountingDate = ledger.AccountingDate(r.Day, closed)
	}
	result.Recognitions += int64(len(recognitions))
	return tx.InsertRecognitions(ctx, recognitions)
}

// policyCache reads each policy once per step.
type policyCache map[string]Policy

func (c policyCache) of(ctx context.Context, tx Tx, id string) (Policy, error) {
	if policy, known := c[id]; known {
		return policy, nil
	}
	policy, err := policyByID(ctx, tx, id)
	c[id] = policy
	return policy, err
}
