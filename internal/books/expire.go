package books

import (
	"context"

	"drawdown/ledger"
	"drawdown/revrec"
)

// expire books the lapse of lots whose last day has come by through, one bounded step:
// the rest of their price is released. ASC 606-10-55-48, 55-49.
func (b *Books) expire(ctx context.Context, tx Tx, through ledger.Date, result *JobResult) (more bool, err error) {
	keys, err := tx.LapsingLots(ctx, through, stepSize)
	if err != nil || len(keys) == 0 {
		return false, err
	}
	return len(keys) == stepSize, b.release(ctx, tx, keys, through, result)
}

// remote books the release of lots whose use has become remote by through, one bounded
// step. ASC 606-10-55-48.
func (b *Books) remote(ctx context.Context, tx Tx, through ledger.Date, result *JobResult) (more bool, err error) {
	keys, err := tx.RemoteLots(ctx, through, stepSize)
	if err != nil || len(keys) == 0 {
		return false, err
	}
	return len(keys) == stepSize, b.release(ctx, tx, keys, through, result)
}

// release books what the lots' lapse and remoteness ask for, and says when each is to be
// looked at next.
func (b *Books) release(ctx context.Context, tx Tx, keys []LotKey, through ledger.Date, result *JobResult) error {
	lots, err := tx.LockLots(ctx, keys)
	if err != nil {
		return err
	}
	all, err := tx.LotDays(ctx, keys)
	if err != nil {
		return err
	}
	booked, err := tx.BookedOfLots(ctx, WholeLots(keys))
	if err != nil {
		return err
	}
	days, policies := groupDays(all), policyCache{}
	var recognitions []revrec.Recognition
	for _, lot := range lots {
		policy, err := policies.of(ctx, tx, lot.PolicyID)
		if err != nil {
			return err
		}
		made := revrec.ReleaseRest(*lot, policy.Breakage, days[lot.ID], through, booked[lot.ID])
		for _, r := range made {
			lot.Released, lot.ReleasedFunctional = lot.Released.Add(r.Amount), lot.ReleasedFunctional.Add(r.Functional)
			takeFromCarrying(lot, r)
		}
		if lot.LapsesOn != 0 && lot.LapsesOn <= through {
			lot.Lapsed = lot.Unused()
		}
		lot.LapseDue, lot.RemoteDue = nextLooks(*lot, policy.Breakage, days[lot.ID], through)
		recognitions = append(recognitions, made...)
	}
	if err := b.keep(ctx, tx, recognitions, result); err != nil {
		return err
	}
	result.Lots += int64(len(lots))
	return tx.UpdateLots(ctx, lots)
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
		if day = max(day, lot.LiabilityOn); day > through {
			return day
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
		remote = later(revrec.RemoteOn(rule, lot.PurchasedOn, days))
	}
	return lapse, remote
}
