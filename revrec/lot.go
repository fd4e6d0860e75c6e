package revrec

import (
	"time"

	"drawdown/ledger"
)

// LotKind says where a lot came from.
type LotKind string

// The kinds of lot.
const (
	PurchaseLot LotKind = "PURCHASE" // bought: it has a price
	GrantLot    LotKind = "GRANT"    // given: it costs nothing and earns nothing
	// OverageLot collects what a customer used beyond the balance at one price. It
	// grants nothing and ends never; its draws are billed.
	OverageLot LotKind = "OVERAGE"
)

// Lot is the credits of one purchase or grant, with one price, one start and one
// expiry. Revenue is lot by lot: a lot has a cost basis, a customer has not.
type Lot struct {
	ID         string
	CustomerID string
	PurchaseID string // "" for a grant or overage
	PolicyID   string
	// Jurisdiction is that of the customer when the lot was bought, whose law claims a share
	// of its breakage; "" where none was known. It stays with what comes out of the lot.
	Jurisdiction string
	Kind         LotKind
	Reason       string // of a grant: PROMO or GOODWILL
	Order        int64  // the order of purchase within the book: earlier is lower, no two are equal
	// CreatedAt is the instant at which the book got the lot; zero of lots from before it was kept.
	CreatedAt time.Time

	Granted Credits // bought and bonus together. 606-10-55-42
	// Price is what was paid for all of Granted, without tax, in the currency of the
	// contract. Functional is the same at the rate of its first recognition, for life.
	// ASC 830-10-45-18.
	Price, Functional ledger.Amount
	// Rate is the price of one credit, of an OverageLot alone.
	Rate Rate

	PurchasedOn ledger.Date
	StartsAt    time.Time
	ExpiresAt   time.Time // the first instant at which it no longer serves; zero is never
	// AcceptsUntil is the first instant at which a late use can no longer arrive; zero is never.
	AcceptsUntil time.Time
	// LapsesOn is the last day on which a credit could be used; zero is never.
	LapsesOn ledger.Date
	// Rolls is true until a lot whose policy has a rollover has rolled over, at ExpiresAt.
	Rolls    bool
	Priority int

	// LiabilityOn is the day on which the contract liability appeared, all of it: the earlier
	// of payment and the day an unconditional right to payment fell due; zero is not yet.
	// 606-10-45-2.
	LiabilityOn ledger.Date
	// Steps are the parts of the liability that appeared one after the other, in order of day,
	// where parts of the price were paid ahead of LiabilityOn; none where it appeared at once.
	// Those that are booked are there, so that they add up to what was ever deferred of the lot.
	Steps []Step

	Drawn    Credits // used, net of voids
	Lapsed   Credits // booked as lapsed
	Refunded Credits // taken back by a refund
	// RefundedOn and RefundedAmount are the day of a refund and the carrying amount it
	// took out of deferred revenue.
	RefundedOn                         ledger.Date
	RefundedAmount, RefundedFunctional ledger.Amount
	// OriginID is the lot that this one came out of, with a part of its price; "" where none.
	// PoolLotID is the lot whose pool it shares where each lot has its own; "" is itself.
	OriginID, PoolLotID string
	// CohortID is the cohort of the purchase that the credits came out of, "" for none, and
	// BoughtBy who bought them, where that is another customer than the lot's.
	CohortID, BoughtBy string
	// Removed is the credits that changes took out of the lot otherwise, and RemovedAmount
	// what they took out of its carrying amount.
	Removed                          Credits
	RemovedAmount, RemovedFunctional ledger.Amount
	// PoolLeftOn is the day on which the lot left its pool ahead of its last day; zero where
	// it did not.
	PoolLeftOn ledger.Date
	// Blocked lots serve no use: a chargeback is open.
	Blocked bool
	// HeldUntil is the instant by which every hold on credits of the lot has ended; zero where
	// there is none. Held is the credits that holds keep from others, where somebody looked:
	// it is kept by the holds, not by the lot.
	HeldUntil time.Time
	Held      Credits

	// Recognised, Released: what is booked to usage revenue and to breakage at expiry
	// or remoteness (escheat included). Carrying is what deferred revenue holds for the
	// lot, before early breakage of its pool.
	Recognised, RecognisedFunctional ledger.Amount
	Released, ReleasedFunctional     ledger.Amount
	Carrying, CarryingFunctional     ledger.Amount
	// BookedThrough is the last day for which a use of the lot is booked, zero for none;
	// BookedCredits is how many credits are booked as used.
	BookedThrough ledger.Date
	BookedCredits Credits
	// PendingFrom is the first day whose use is not booked yet, or has changed since it
	// was; zero is when nothing is waiting.
	PendingFrom ledger.Date
	// LapseDue and RemoteDue are the days at whose end the lot is to be looked at again
	// for its lapse and for remoteness of use; zero is when nothing is waiting.
	LapseDue, RemoteDue ledger.Date
}

// Rate is the price of one credit beyond the balance.
type Rate struct {
	Price    string // plain decimal, as the policy gave it
	Currency ledger.Currency
}

// PoolID returns the lot that names the pool where each lot has one of its own: what was
// split is measured together.
func (l *Lot) PoolID() string {
	if l.PoolLotID != "" {
		return l.PoolLotID
	}
	return l.ID
}

// Begin gives a new lot its price, and nothing as every amount that is booked of it.
func (l *Lot) Begin(price, functional ledger.Amount) {
	l.Price, l.Functional = price, functional
	for _, amount := range []*ledger.Amount{&l.RefundedAmount, &l.RemovedAmount, &l.Recognised, &l.Released, &l.Carrying} {
		*amount = ledger.Money(0, price.Currency)
	}
	for _, amount := range []*ledger.Amount{&l.RefundedFunctional, &l.RemovedFunctional, &l.RecognisedFunctional, &l.ReleasedFunctional, &l.CarryingFunctional} {
		*amount = ledger.Money(0, functional.Currency)
	}
}

// WaitFrom has the use of a day, and of all days after it, wait to be booked.
func (l *Lot) WaitFrom(day ledger.Date) {
	if l.PendingFrom == 0 || day < l.PendingFrom {
		l.PendingFrom = day
	}
}

// Waits reports whether the use of the day waits to be booked.
func (l *Lot) Waits(day ledger.Date) bool { return l.PendingFrom != 0 && day >= l.PendingFrom }

// Unused returns the credits that were neither used nor taken out, lapsed or not.
func (l *Lot) Unused() Credits { return l.Granted - l.Drawn - l.Out() }

// Free returns the unused credits that no hold keeps from others.
func (l *Lot) Free() Credits { return max(l.Unused()-l.Held, 0) }

// Left is Unused, and zero for overage, which grants nothing.
func (l *Lot) Left() Credits {
	if l.Kind == OverageLot {
		return 0
	}
	return l.Unused()
}

// Sold and SoldFunctional return what was paid for the lot; nil for overage, which has a
// rate and no price.
func (l *Lot) Sold() *ledger.Amount {
	if l.Kind == OverageLot {
		return nil
	}
	return &l.Price
}

// SoldFunctional is Sold in the functional currency.
func (l *Lot) SoldFunctional() *ledger.Amount {
	if l.Kind == OverageLot {
		return nil
	}
	return &l.Functional
}

// Remaining returns the credits that were neither used, taken out nor booked as
// lapsed: granted = remaining + drawn + lapsed + refunded + removed.
func (l *Lot) Remaining() Credits { return l.Unused() - l.Lapsed }

// InForce reports whether the lot serves a use that happened at the instant.
func (l *Lot) InForce(occurred time.Time) bool {
	return l.Kind != OverageLot && !l.Blocked && !occurred.Before(l.StartsAt) &&
		(l.ExpiresAt.IsZero() || occurred.Before(l.ExpiresAt))
}

// Serves reports whether a use that happened at occurred and arrived at arrived can
// draw on the lot, credits apart: in force then, and still accepting what is late.
func (l *Lot) Serves(occurred, arrived time.Time) bool {
	return l.InForce(occurred) && (l.AcceptsUntil.IsZero() || arrived.Before(l.AcceptsUntil))
}

// Spendable returns the credits that can be used at the instant, free of holds.
func (l *Lot) Spendable(at time.Time) Credits {
	if !l.InForce(at) {
		return 0
	}
	return l.Free()
}

// Withheld returns the credits that could be used at the instant, were they not held.
func (l *Lot) Withheld(at time.Time) Credits {
	if !l.InForce(at) {
		return 0
	}
	return l.Unused() - l.Free()
}

// LotDay is what was drawn from a lot on one day, net of voids; it can be negative.
type LotDay struct {
	Day   ledger.Date
	Drawn Credits
}
