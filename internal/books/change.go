package books

import (
	"context"
	"slices"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// newChange is a change of a lot at an instant.
func (b *Books) newChange(kind revrec.ChangeKind, lot *revrec.Lot, at time.Time, reason string) revrec.Change {
	return revrec.Change{
		ID: b.newID(), CustomerID: lot.CustomerID, LotID: lot.ID, Kind: kind, At: at, Day: ledger.DateOf(at, b.zone), WrittenAt: at,
		Amount: ledger.Money(0, lot.Price.Currency), Functional: ledger.Money(0, lot.Functional.Currency), Reason: reason,
	}
}

// remove keeps a change and takes its credits and its amount out of the lot and the lot's
// pool. What was released of the lot is looked at again from that day: so much less of it
// was ever to be released. The caller writes the lot.
func (b *Books) remove(ctx context.Context, tx Tx, policy Policy, lot *revrec.Lot, change revrec.Change) error {
	if err := b.addToPool(ctx, tx, policy, *lot, revrec.ChangeInPool(*lot, change)); err != nil {
		return err
	}
	return b.take(ctx, tx, policy, lot, change)
}

// take is remove but for the pool, where that gets back what it loses.
func (b *Books) take(ctx context.Context, tx Tx, policy Policy, lot *revrec.Lot, change revrec.Change) error {
	cohorts, lapsed := cohortMonths{}, lot.Lapsed
	lot.Remove(change)
	cohorts.changed(lot, change)
	cohorts.lapsed(lot, lapsed)
	if err := cohorts.write(ctx, tx, b.moveNow()); err != nil {
		return err
	}
	lookAgain(lot, policy.Breakage)
	lot.WaitFrom(change.Day)
	if err := tx.AddLotDays(ctx, []LotDay{{CustomerID: lot.CustomerID, LotID: lot.ID, Day: change.Day}}); err != nil {
		return err
	}
	return tx.InsertLotChanges(ctx, []revrec.Change{change})
}

// inPool changes when a lot is in its pool, and moves all that it brought there.
func (b *Books) inPool(ctx context.Context, tx Tx, policy Policy, lot *revrec.Lot, change func()) error {
	days, err := movedInPool(ctx, tx, policy, lot, change)
	if err != nil {
		return err
	}
	return b.addToPool(ctx, tx, policy, *lot, days)
}

// movedInPool is inPool for a caller who writes the days of pools: it returns them.
func movedInPool(ctx context.Context, tx Tx, policy Policy, lot *revrec.Lot, change func()) ([]revrec.PoolDay, error) {
	if policy.Breakage.Method != revrec.Proportional {
		change()
		return nil, nil
	}
	keys := []LotKey{{lot.CustomerID, lot.ID}}
	booked, err := tx.BookedOfLots(ctx, WholeLots(keys))
	if err != nil {
		return nil, err
	}
	changes, err := tx.LotChanges(ctx, keys)
	if err != nil {
		return nil, err
	}
	days := negated(revrec.BookedInPool(*lot, changes[lot.ID], booked[lot.ID]))
	change()
	days = revrec.MergePoolDays(append(days, revrec.BookedInPool(*lot, changes[lot.ID], booked[lot.ID])...))
	return slices.DeleteFunc(days, func(day revrec.PoolDay) bool { return day == revrec.PoolDay{Day: day.Day} }), nil
}

// leavePool takes a lot out of its pool on a day, with all that it brought there: the pool
// gives back the early breakage on it.
func (b *Books) leavePool(ctx context.Context, tx Tx, policy Policy, lot *revrec.Lot, on ledger.Date) error {
	return b.inPool(ctx, tx, policy, lot, func() {
		if lot.PoolLeftOn == 0 || on < lot.PoolLeftOn {
			lot.PoolLeftOn = on
		}
	})
}
