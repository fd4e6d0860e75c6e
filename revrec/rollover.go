package revrec

import (
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// Rollover gives credits that were not used by the expiry of their lot a second term: so
// large a share of them lives on for so long, in a lot of its own, and the rest lapses.
type Rollover struct {
	Share  decimal.Decimal // 0 < Share ≤ 1
	Extend ledger.Duration // from the expiry of the lot; more than nothing
}

func (r *Rollover) check(expires *ledger.Duration) error {
	switch {
	case r == nil:
		return nil
	case expires == nil:
		return refuse("rollover", "goes with expires: what never lapses has nothing to roll over")
	case r.Share.IsZero():
		return refuse("rollover.share", "must be more than 0 and at most 1, not 0")
	case r.Extend.IsZero():
		return refuse("rollover.extend", "must be a duration longer than nothing, such as P3M")
	}
	return CheckShare("rollover.share", r.Share)
}

// Of returns the share of credits, rounded down to the millionth.
func (r *Rollover) Of(credits Credits) Credits {
	return Credits(decimal.NewFromInt(int64(credits)).Mul(r.Share).Floor().IntPart())
}

// DueToRoll reports whether the lot has come to its expiry and has not rolled over yet:
// before anything else becomes of it, it has to.
func (l *Lot) DueToRoll(at time.Time) bool { return l.Rolls && !at.Before(l.ExpiresAt) }

// RollOver lets a lot roll over at its expiry, and returns what became of it with the lot
// in which the share lives on; the change has no credits where there is nothing to live on.
//
// The share is one of what was unused at the instant of expiry, and takes its part of the
// price along, no revenue: the promise goes on for it (606-10-25-10). Where the rest of the
// price was released on an earlier day, for use had become remote, the credits go alone.
// days is what was drawn from the lot, and matters with a remote rule alone.
//
// All of it happens on the lot's last day, on which the rest lapses: the day after, deferred
// revenue carries the share without a gap, and of what lives on nothing is released and
// taken back. The share begins with the instant of expiry, in the same pool, and is
// not rolled over again. One that has no contract liability yet gets it with its purchase.
//
//	100 credits for 100.00, 40 used, share 0.5 → 30 credits for 30.00 live on, 30.00 released
func (l *Lot) RollOver(policy Policy, days []LotDay, zone *time.Location) (Change, Lot) {
	change := Change{
		CustomerID: l.CustomerID, LotID: l.ID, Kind: RolledOver, At: l.ExpiresAt, Day: l.LapsesOn,
		Credits: policy.Rollover.Of(l.Unused()),
		Amount:  ledger.Money(0, l.Price.Currency), Functional: ledger.Money(0, l.Functional.Currency),
	}
	if released, _ := l.ReleaseOn(policy.Breakage, days); released == 0 || released >= change.Day {
		change.Amount, change.Functional = l.PriceOf(change.Credits)
	}
	child := l.rolledOver(policy, change, zone)
	l.Rolls = false
	if l.isStepping() {
		l.rollSteps(change, &child)
		return change, child
	}
	carrying, functional := l.Carrying, l.CarryingFunctional
	l.Remove(change)
	if carrying.Minor > 0 || functional.Minor > 0 {
		child.Carrying, child.CarryingFunctional = change.Amount, change.Functional
	} else { // nothing is carried of an unpaid purchase: each of its lots is, once it falls due
		l.Carrying, l.CarryingFunctional = carrying, functional
	}
	return change, child
}

// rollSteps takes a change out of a lot that rolls over while its liability appears in steps:
// what has appeared stays with the lot, as far as it is not more than what is left of its price.
func (l *Lot) rollSteps(change Change, child *Lot) {
	carrying, functional, whole := l.Carrying, l.CarryingFunctional, l.LiabilityOn
	before, beforeFunctional := l.Stepped()
	l.Remove(change)
	l.AppearInSteps(l.Steps, whole, &change, child)
	after, afterFunctional := l.Stepped()
	l.Carrying, l.CarryingFunctional = carrying, functional
	l.Carrying.Minor += after - before
	l.CarryingFunctional.Minor += afterFunctional - beforeFunctional
	child.Carrying.Minor, child.CarryingFunctional.Minor = child.Stepped()
	if after != before || afterFunctional != beforeFunctional || l.LiabilityOn != whole {
		l.WaitFrom(change.Day)
	}
}

// rolledOver is the lot in which the credits of a change live on.
func (l *Lot) rolledOver(policy Policy, change Change, zone *time.Location) Lot {
	child := Lot{
		CustomerID: l.CustomerID, PurchaseID: l.PurchaseID, PolicyID: l.PolicyID, Jurisdiction: l.Jurisdiction, Kind: l.Kind, Reason: l.Reason,
		OriginID: l.ID, PoolLotID: l.PoolID(), PoolLeftOn: l.PoolLeftOn, CohortID: l.CohortID, BoughtBy: l.BoughtBy,
		Granted: change.Credits, PurchasedOn: l.PurchasedOn, Priority: l.Priority, Blocked: l.Blocked, LiabilityOn: l.LiabilityOn,
	}
	if l.LiabilityOn != 0 {
		child.LiabilityOn = max(l.LiabilityOn, change.Day)
	}
	child.Begin(change.Amount, change.Functional)
	child.SetTerm(policy, l.ExpiresAt, policy.Rollover.Extend.After(l.ExpiresAt, zone).UTC(), zone)
	child.Rolls = false
	if policy.Breakage.Method == Remote && child.Kind == PurchaseLot {
		child.RemoteDue = child.RemoteOn(policy.Breakage, nil)
	}
	return child
}

// SetTerm gives the lot its start and its expiry, zero for never, and what follows from
// them: until when it accepts late use, its last day, and that it is to roll over.
func (l *Lot) SetTerm(policy Policy, start, expires time.Time, zone *time.Location) {
	l.StartsAt, l.ExpiresAt = start, expires
	if expires.IsZero() {
		l.AcceptsUntil, l.LapsesOn, l.LapseDue, l.Rolls = time.Time{}, 0, 0, false
		return
	}
	l.AcceptsUntil = policy.LateUsage.After(expires, zone).UTC()
	l.LapsesOn = ledger.LastDateBefore(expires, zone)
	l.LapseDue = l.LapsesOn
	l.Rolls = policy.Rollover != nil
}
