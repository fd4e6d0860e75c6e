package revrec

import (
	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// Earned returns what a lot has earned once used of its granted credits were used:
// the price in that proportion, rounded half away from zero to the minor unit.
// Callers book Earned(now) less what is booked, so a lot never earns more or less
// than its price. ASC 606-10-55-46; IFRS 15.B44.
//
//	Earned(USD 100.00, 3 credits, 1 credit) = USD 33.33
func Earned(price ledger.Amount, granted, used Credits) ledger.Amount {
	return ledger.Money(ledger.MulDiv(price.Minor, int64(used), int64(granted)), price.Currency)
}

// EarnedBeyond returns what use beyond the balance has earned: the credits at the
// overage price of one credit, rounded half away from zero to the minor unit.
// 606-10-55-42 does not apply: nothing was paid ahead, so each credit is sold when used.
// It panics where 64 bits overflow, for a wrong amount is worse; callers refuse such use.
//
//	EarnedBeyond(0.05 USD a credit, 200000 credits) = USD 10000.00
func EarnedBeyond(rate Rate, used Credits) ledger.Amount {
	price, err := decimal.NewFromString(rate.Price)
	if err != nil {
		panic("revrec: overage rate " + rate.Price + " was not checked")
	}
	minor := used.Decimal().Mul(price).Shift(rate.Currency.Exponent()).Round(0)
	if !minor.BigInt().IsInt64() {
		panic("revrec: " + used.String() + " credits at " + rate.Price + " overflow")
	}
	return ledger.Money(minor.IntPart(), rate.Currency)
}

// Bears reports whether what so many credits earn at the rate is an amount that a book
// adds up: at most ledger.MaxMinor.
func (r Rate) Bears(used Credits) bool {
	price, err := decimal.NewFromString(r.Price)
	minor := used.Decimal().Mul(price).Shift(r.Currency.Exponent())
	return err == nil && minor.LessThanOrEqual(decimal.NewFromInt(ledger.MaxMinor))
}

// earned returns what the lot has earned by that many credits, in the currency of the
// contract and in the functional currency. Each is rounded on its own.
//
// By the days on which it happened, use can pass what was granted for a while: credits
// used in January and given back by a void in March can serve a late use of February.
// The lot has earned its price then and no more; the void takes nothing back.
func (l *Lot) earned(used Credits) figure {
	counted := max(used, 0)
	if l.Kind == OverageLot {
		amount := EarnedBeyond(l.Rate, counted)
		return figure{Credits: used, Minor: amount.Minor, Functional: amount.Minor}
	}
	counted = min(counted, l.Granted)
	return figure{
		Credits:    used,
		Minor:      Earned(l.Price, l.Granted, counted).Minor,
		Functional: Earned(l.Functional, l.Granted, counted).Minor,
	}
}

// usageKind says which account a use on the day is taken from: the contract liability
// where there is one, otherwise a contract asset. 606-10-45-1 to 45-3.
func (l *Lot) usageKind(day ledger.Date) Kind {
	switch {
	case l.Kind == OverageLot:
		return OverageUsage
	case l.Kind == PurchaseLot && (l.LiabilityOn == 0 || day < l.LiabilityOn):
		return UsageUnbilled
	}
	return Usage
}

// RecogniseUsage returns what is to be booked for the use of a lot on the days from
// from through through. before is what was drawn before from, days what was drawn on
// each day since, in order, and booked what is booked for those days already. Use
// before the contract liability appeared is booked against a contract asset, which the
// day of the liability clears. 606-10-55-46, 45-3.
func RecogniseUsage(lot Lot, before Credits, days []LotDay, from, through ledger.Date, booked Booked) []Recognition {
	clears := lot.LiabilityOn != 0 && lot.LiabilityOn >= from && lot.LiabilityOn <= through
	figures := len(days)
	if clears {
		figures++
	}
	target := newPlan(lot.recognition(), from, booked, figures)
	used := before
	earned := lot.earned(used)
	clearAsset := func() {
		target.add(lot.LiabilityOn, Clearing, earned.withoutCredits(), inputUsed(used))
		clears = false
	}
	for _, day := range days {
		if day.Day < from || day.Day > through {
			continue
		}
		if clears && day.Day >= lot.LiabilityOn {
			clearAsset()
		}
		earlier := earned
		used += day.Drawn
		earned = lot.earned(used)
		target.add(day.Day, lot.usageKind(day.Day), earned.minus(earlier), inputUsed(used))
	}
	if clears {
		clearAsset()
	}
	return target.missing()
}

// inputUsed says what was used of the lot by the end of the day.
func inputUsed(used Credits) Input { return Input{"used", used.String()} }

// UsageBooked keeps what is booked of the use of a lot since a day.
func UsageBooked(booked Booked, from ledger.Date) Booked {
	kept := booked.only(Usage, UsageUnbilled, OverageUsage, Clearing)
	for key := range kept {
		if key.Day < from {
			delete(kept, key)
		}
	}
	return kept
}
