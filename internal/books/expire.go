package books

import (
	"context"
	"slices"

	"drawdown/ledger"
	"drawdown/revrec"
)

// expire books the lapse of lots whose last day has come by through, one bounded step:
// the rest of their price is released. ASC 606-10-55-48, 55-49.
func (b *Books) expire(ctx context.Context, tx Tx, run *running) (more bool, err error) {
	keys, err := tx.LapsingLots(ctx, run.through, b.bounds.Lots)
	if err != nil || len(keys) == 0 {
		return false, err
	}
	return b.release(ctx, tx, keys, run)
}

// remote books the release of lots whose use has become remote by through, one bounded
// step. ASC 606-10-55-48.
func (b *Books) remote(ctx context.Context, tx Tx, run *running) (more bool, err error) {
	keys, err := tx.RemoteLots(ctx, run.through, b.bounds.Lots)
	if err != nil || len(keys) == 0 {
		return false, err
	}
	return b.release(ctx, tx, keys, run)
}

// release books what the lots' lapse and remoteness ask for, and says when each is to be
// looked at next.
func (b *Books) release(ctx context.Context, tx Tx, keys []LotKey, run *running) (more bool, err error) {
	lots, rolled, err := b.lockLots(ctx, tx, keys)
	if err != nil {
		return false, err
	}
	more = len(rolled) > 0 // they may have lapsed by now too
	var made []revrec.Recognition
	var booked []*revrec.Lot
	days, rules := 0, laws{}
	run.lapsed, run.cohorts = nil, cohortMonths{}
	for part := range slices.Chunk(lots, b.bounds.WholePart) {
		if days >= b.bounds.Days || len(booked) > 0 && b.hadTurn(run) {
			more = true // the rest waits for the next step
			break
		}
		released, read, err := releaseOf(ctx, tx, part, rules, run)
		if err != nil {
			return false, err
		}
		made, booked, days = append(made, released...), append(booked, part...), days+read
	}
	if err := run.cohorts.write(ctx, tx, b.moveNow()); err != nil {
		return false, err
	}
	if err := b.keep(ctx, tx, run, made); err != nil {
		return false, err
	}
	run.result.Lots += int64(len(booked))
	if err := tx.UpdateBooked(ctx, booked); err != nil {
		return false, err
	}
	return more || len(keys) == b.bounds.Lots, b.tell(ctx, tx, lapseNotices(run.lapsed)...)
}

// releaseKinds are the kinds under which the rest of a price is released.
var releaseKinds = []revrec.Kind{revrec.ExpiryBreakage, revrec.RemoteBreakage}

// releaseOf makes the recognitions of a part of the lots and brings the lots up to date;
// read is how many lot-days that took.
func releaseOf(ctx context.Context, tx Tx, lots []*revrec.Lot, rules laws, run *running) (made []revrec.Recognition, read int, err error) {
	keys := keysOf(lots)
	whole := WholeLots(keys)
	days, err := tx.LotDaysWithin(ctx, whole)
	if err != nil {
		return nil, 0, err
	}
	booked, err := tx.BookedOfLots(ctx, whole, releaseKinds...)
	if err != nil {
		return nil, 0, err
	}
	changes, err := tx.LotChanges(ctx, keys)
	if err != nil {
		return nil, 0, err
	}
	jurisdictions := make([]string, len(lots))
	for i, lot := range lots {
		jurisdictions[i] = lot.Jurisdiction
	}
	if err := rules.read(ctx, tx, jurisdictions); err != nil {
		return nil, 0, err
	}
	for i, lot := range lots {
		policy, err := run.policies.of(ctx, tx, lot.PolicyID)
		if err != nil {
			return nil, 0, err
		}
		released := revrec.ReleaseRest(*lot, policy.Breakage, rules.shares(policy, lot.Jurisdiction), days[i], changes[lot.ID], run.through, booked[lot.ID])
		for _, r := range released {
			lot.Released, lot.ReleasedFunctional = lot.Released.Add(r.Amount), lot.ReleasedFunctional.Add(r.Functional)
			takeFromCarrying(lot, r)
		}
		if lot.LapsesOn != 0 && lot.LapsesOn <= run.through {
			before := lot.Lapsed
			lot.Lapsed = lot.Unused()
			run.cohorts.lapsed(lot, before)
			if lapsed := lot.Lapsed - before; lapsed > 0 {
				run.lapsed = append(run.lapsed, lapse{*lot, lapsed})
			}
		}
		lot.LapseDue, lot.RemoteDue = nextLooks(*lot, policy.Breakage, days[i], run.through)
		made = append(made, released...)
		read += len(days[i])
	}
	return made, read, nil
}

// lookAgain has a lot whose use or liability changed looked at again, as early as the
// change can matter: also one that a change of a later day has looked at then.
func lookAgain(lot *revrec.Lot, rule revrec.Breakage) {
	if lot.LapsesOn != 0 {
		lot.LapseDue = sooner(lot.LapseDue, lot.LapsesOn)
	}
	if rule.Method == revrec.Remote && lot.Kind == revrec.PurchaseLot {
		lot.RemoteDue = sooner(lot.RemoteDue, lot.RemoteOn(rule, nil))
	}
}

// sooner returns the earlier of a day on which a lot is looked at, zero for none, and
// another.
func sooner(due, day ledger.Date) ledger.Date {
	if due == 0 {
		return day
	}
	return min(due, day)
}

// nextLooks returns the days, after through, at whose end a lot is to be looked at for
// its lapse and for remoteness of use; zero where nothing is to come. A use or a void
// after through moves what was released by then, so its day is looked at too.
func nextLooks(lot revrec.Lot, rule revrec.Breakage, days []revrec.LotDay, through ledger.Date) (lapse, remote ledger.Date) {
	drawn := ledger.Date(0)
	for _, day := range days {
		if day.Day > through && drawn == 0 {
			drawn = day.Day
		}
	}
	later := func(day ledger.Date) ledger.Date {
		if day = max(day, lot.AppearsOn()); day > through {
			return day
		}
		if steps := lot.StepDays(through); len(steps) > 0 { // more may be released then
			return sooner(drawn, steps[0])
		}
		return drawn
	}
	if lot.LapsesOn != 0 {
		lapse = later(lot.LapsesOn)
		if lot.LapsesOn > through {
			lapse = lot.LapsesOn // the credits lapse on their day, whatever became of the money
		}
	}
	if rule.Method == revrec.Remote && lot.Kind == revrec.PurchaseLot {
		remote = later(lot.RemoteOn(rule, days))
	}
	return lapse, remote
}
