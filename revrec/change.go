package revrec

import (
	"time"

	"drawdown/ledger"
)

// ChangeKind says what became of a lot besides use, lapse and a refund.
type ChangeKind string

// The kinds of change. The first ones take credits out of the lot with their part of the
// price: back to the company, or on into another lot.
const (
	Voided         ChangeKind = "VOIDED"           // an unpaid purchase was called off: counts as never sold
	ChargedBack    ChangeKind = "CHARGED_BACK"     // a chargeback was lost
	RefundedInPart ChangeKind = "REFUNDED_IN_PART" // some of the unused credits were refunded
	Extended       ChangeKind = "EXTENDED"         // it lapses later
	Transferred    ChangeKind = "TRANSFERRED"      // credits live on in a lot of another customer
	Reinstated     ChangeKind = "REINSTATED"       // after they lapsed, credits live on in another lot
	RolledOver     ChangeKind = "ROLLED_OVER"      // as it lapsed, a share of its credits lives on in another lot
)

// Change is something that became of a lot on a day. Credits left the lot by it, and
// Amount (Functional in the book's currency) left its carrying amount with them; all are
// zero where only the lot's terms changed.
type Change struct {
	ID                 string
	CustomerID, LotID  string
	Kind               ChangeKind
	At                 time.Time
	Day                ledger.Date
	Credits            Credits
	Amount, Functional ledger.Amount
	// ToLotID is the lot in which the credits live on; "" where they are gone.
	ToLotID string
	Reason  string // as it was given; "" for none
	// WasExpiresAt and WasLapsesOn are the end that the lot had before an extension; zero for other
	// changes, and of extensions from before it was kept.
	WasExpiresAt time.Time
	WasLapsesOn  ledger.Date
	// WrittenAt is when the change was written: At, but for a lot that rolled over, which is
	// written when somebody holds the lot. Zero of changes from before it was kept.
	WrittenAt time.Time
}

// Out returns the credits that were taken out of the lot: refunded or removed otherwise.
func (l *Lot) Out() Credits { return l.Refunded + l.Removed }

// PriceOf returns the part of the lot's price that goes with so many of its unused
// credits when they are taken out of it: the price of all that is left in the lot less
// the price of what stays. So whatever is taken out, and in however many parts, it and
// what the rest earns add up to the price exactly, in both currencies.
//
//	price 100.00, 3 credits: the first taken out goes with 33.33, the next with 33.34
func (l *Lot) PriceOf(credits Credits) (amount, functional ledger.Amount) {
	stays := l.Granted - l.Out()
	with, without := l.earned(stays), l.earned(stays-credits)
	return ledger.Money(with.Minor-without.Minor, l.Price.Currency), ledger.Money(with.Functional-without.Functional, l.Functional.Currency)
}

// Unearned returns what of the lot's price was neither earned by its use nor taken out: the
// price of what is unused, and of credits that moved on without theirs, for it was released
// before.
func (l *Lot) Unearned() (amount, functional ledger.Amount) {
	earned := l.earned(l.Drawn)
	amount = ledger.Money(l.Price.Minor-earned.Minor, l.Price.Currency).Sub(l.RemovedAmount)
	return amount, ledger.Money(l.Functional.Minor-earned.Functional, l.Functional.Currency).Sub(l.RemovedFunctional)
}

// UnusedShare returns the part of the lot's unused credits, lapsed or not, that goes with an
// amount out of a whole one, rounded down to the millionth: so the amount covers its price.
//
//	40 unused, 25.00 of 100.00 → 10
func (l *Lot) UnusedShare(amount, whole ledger.Amount) Credits {
	unused := l.Unused()
	share := ledger.MulDiv(int64(unused), amount.Minor, whole.Minor)
	if compareProducts(share, whole.Minor, int64(unused), amount.Minor) > 0 {
		share--
	}
	return Credits(share)
}

// Remove takes a change out of the lot: its credits, and its part of the carrying amount.
func (l *Lot) Remove(change Change) {
	l.Removed += change.Credits
	l.RemovedAmount, l.RemovedFunctional = l.RemovedAmount.Add(change.Amount), l.RemovedFunctional.Add(change.Functional)
	l.Carrying, l.CarryingFunctional = l.Carrying.Sub(change.Amount), l.CarryingFunctional.Sub(change.Functional)
	l.Lapsed = min(l.Lapsed, max(l.Unused(), 0))
}

// removedBy adds up what changes had taken out of a lot by the end of a day.
func removedBy(changes []Change, day ledger.Date) figure {
	var sum figure
	for _, change := range changes {
		if change.Day <= day {
			sum.Credits += change.Credits
			sum.Minor += change.Amount.Minor
			sum.Functional += change.Functional.Minor
		}
	}
	return sum
}

// ChangeInPool takes what a change took out of a lot out of the credits sold.
func ChangeInPool(lot Lot, change Change) []PoolDay {
	appears := lot.AppearsOn()
	if appears == 0 || lot.Kind != PurchaseLot || change.Amount.IsZero() && change.Functional.IsZero() {
		return nil
	}
	return lot.inPool(PoolDay{
		Day: max(change.Day, appears), SoldMinor: -change.Amount.Minor, SoldFunctional: -change.Functional.Minor,
	})
}
