package revrec

import (
	"time"

	"drawdown/ledger"
)

// TakeBack is what a refund takes out of a lot: its unused credits and the carrying
// amount that goes with them.
type TakeBack struct {
	Credits            Credits
	Amount, Functional ledger.Amount
}

// NothingOf is nothing, in the currencies of the lot.
func NothingOf(lot Lot) TakeBack {
	return TakeBack{Amount: ledger.Money(0, lot.Price.Currency), Functional: ledger.Money(0, lot.Functional.Currency)}
}

// Add returns what two lots give back together.
func (t TakeBack) Add(other TakeBack) TakeBack {
	return TakeBack{t.Credits + other.Credits, t.Amount.Add(other.Amount), t.Functional.Add(other.Functional)}
}

// RefundOf returns what a refund at the instant takes back of a lot: all unused credits,
// and what deferred revenue carries for them. A lot that has lapsed, or whose use became
// remote on an earlier day, carries nothing any more; a lot without a contract liability
// has nothing to give back. Early breakage of the lot's pool is given back by the pool's
// next measure, for refunded credits count as never sold. 606-10-32-10.
//
//	price 100.00, 40 of 100 used → 60 credits, 60.00
func RefundOf(lot Lot, rule Breakage, days []LotDay, at time.Time, today ledger.Date) TakeBack {
	none := NothingOf(lot)
	lapsed := !lot.ExpiresAt.IsZero() && !at.Before(lot.ExpiresAt)
	if lapsed || lot.Unused() <= 0 {
		return none
	}
	taken := none
	taken.Credits = lot.Unused()
	released, _ := lot.ReleaseOn(rule, days)
	if lot.LiabilityOn == 0 || lot.LiabilityOn > today || (released != 0 && released < today) {
		return taken
	}
	taken.Amount, taken.Functional = lot.PriceOf(taken.Credits)
	return taken
}
