package revrec

import (
	"strconv"

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

// RecogniseUsage returns what is to be booked for the use of a lot on the days from
// from through through. before is what was drawn before from, days what was drawn on
// each day since, in order, and booked what is booked for those days already.
//
// With E earned by the end of a day and L of the contract liability there by then, min(E, L)
// is taken out of the liability, and E − L is a contract asset where that is more than
// nothing. So a use is booked against the liability as far as there is some, otherwise
// against a contract asset; and each day on which some of the liability appears clears as
// much of the asset as it covers. 606-10-55-46, 45-1 to 45-3.
//
//	price 100.00, 60 of 100 used, then 40.00 paid, then 20 used, then 60.00 due:
//	60.00 unbilled; 40.00 clearing; 20.00 unbilled; 40.00 clearing
func RecogniseUsage(lot Lot, before Credits, days []LotDay, from, through ledger.Date, booked Booked) []Recognition {
	var few [4]ledger.Date
	steps := lot.stepDays(few[:0], from, through)
	target := newPlan(lot.recognition(), from, booked, len(days)+len(steps))
	used := before
	earned := lot.earned(used)
	for _, day := range days {
		if day.Day < from || day.Day > through {
			continue
		}
		for len(steps) > 0 && day.Day >= steps[0] {
			lot.clear(target, steps[0], earned)
			steps = steps[1:]
		}
		earlier := earned
		used += day.Drawn
		earned = lot.earned(used)
		lot.use(target, day.Day, earlier, earned)
	}
	for _, day := range steps {
		lot.clear(target, day, earned)
	}
	return target.missing()
}

// clear plans what the liability that appears on the day clears of what was earned before.
func (l *Lot) clear(target *plan, day ledger.Date, earned figure) {
	cleared := l.covered(earned, day).minus(l.covered(earned, day-1))
	inputs := []Input{inputUsed(earned.Credits)}
	if !l.isWhole(day) {
		inputs = append(inputs, inputMinor("liabilityMinor", l.liability(day).Minor))
	}
	if before := l.liability(day - 1).Minor; before != 0 {
		inputs = append(inputs, inputMinor("liabilityBeforeMinor", before))
	}
	target.add(day, Clearing, cleared.withoutCredits(), inputs...)
}

// use plans what was earned on the day, which took it from earlier to earned.
func (l *Lot) use(target *plan, day ledger.Date, earlier, earned figure) {
	all := earned.minus(earlier)
	switch {
	case l.Kind == OverageLot:
		target.add(day, OverageUsage, all, inputUsed(earned.Credits))
		return
	case l.isWhole(day):
		target.add(day, Usage, all, inputUsed(earned.Credits))
		return
	case len(l.Steps) == 0 || day < l.Steps[0].Day:
		target.add(day, UsageUnbilled, all, inputUsed(earned.Credits))
		return
	}
	there := l.liability(day)
	inputs := []Input{inputUsed(earned.Credits), {"usedBefore", earlier.Credits.String()}, inputMinor("liabilityMinor", there.Minor)}
	out := l.covered(earned, day).minus(l.covered(earlier, day)) // both parts have the sign of all
	rest := all.minus(out)
	// The credits go with the money, and where that is all on one side, all of them do.
	switch {
	case all.Minor == 0 && earned.Minor > there.Minor, all.Minor != 0 && out.Minor == 0:
		out.Credits = 0
	case all.Minor != 0:
		out.Credits = Credits(proportion(int64(all.Credits), Credits(out.Minor), Credits(all.Minor)))
	}
	rest.Credits = all.Credits - out.Credits
	if out.withoutCredits() != (figure{}) || out.Credits != 0 {
		target.add(day, Usage, out, inputs...)
	}
	if rest.withoutCredits() != (figure{}) || rest.Credits != 0 {
		target.add(day, UsageUnbilled, rest, inputs...)
	}
}

// inputUsed says what was used of the lot by the end of the day.
func inputUsed(used Credits) Input { return Input{"used", used.String()} }

func inputMinor(name string, minor int64) Input { return Input{name, strconv.FormatInt(minor, 10)} }

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
