package revrec

import (
	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// RemoteOn returns the day at whose end further use of the lot has become remote under
// the rule, or zero where the days so far do not reach it by through. Use on that very
// day still counts. Once remote, a lot stays so: a later use earns nothing new.
// 606-10-55-48; IFRS 15.B46.
//
//	bought 2018-01-15, P10M from PURCHASE            remote on 2018-11-15
//	bought 2018-10-01, P2M from PURCHASE_MONTH_END   remote on 2018-12-31
func RemoteOn(rule Breakage, purchasedOn ledger.Date, days []LotDay) ledger.Date {
	switch rule.RemoteFrom {
	case FromPurchaseMonthEnd:
		return rule.RemoteAfter.AfterDate(purchasedOn.MonthEnd()).MonthEnd()
	case FromLastUse:
		remote := rule.RemoteAfter.AfterDate(purchasedOn)
		for _, day := range days {
			if day.Day > remote {
				break
			}
			if day.Drawn > 0 && day.Day > purchasedOn {
				remote = rule.RemoteAfter.AfterDate(day.Day)
			}
		}
		return remote
	case FromPurchase:
	}
	return rule.RemoteAfter.AfterDate(purchasedOn)
}

// RemoteOn is the day at whose end further use of this lot has become remote. The time of a
// lot that came out of another is counted, where it is counted from the last use, from
// the day on which it came.
func (l *Lot) RemoteOn(rule Breakage, days []LotDay) ledger.Date {
	from := l.PurchasedOn
	if l.OriginID != "" && rule.RemoteFrom == FromLastUse {
		from = max(from, l.AppearsOn())
	}
	return RemoteOn(rule, from, days)
}

// ReleaseOn returns the day on which the rest of a lot's price is released and under
// which kind: when it lapses, or earlier when its use becomes remote, but not before
// there is a contract liability to release. A zero day is never.
func (l *Lot) ReleaseOn(rule Breakage, days []LotDay) (ledger.Date, Kind) {
	day, kind := l.LapsesOn, ExpiryBreakage
	if rule.Method == Remote && l.Kind == PurchaseLot {
		if remote := l.RemoteOn(rule, days); day == 0 || remote < day {
			day, kind = remote, RemoteBreakage
		}
	}
	appears := l.AppearsOn()
	if day == 0 || l.Kind == OverageLot || (l.Kind == PurchaseLot && appears == 0) {
		return 0, kind
	}
	return max(day, appears), kind
}

// ReleaseRest returns what is to be booked because the lot has lapsed or its use has
// become remote, for days through through: the whole rest of its price on that day, of
// which the law's share in force on that day, rounded, is unclaimed property and what is left
// is revenue; a later share changes nothing of it.
// A use, a void or a change after that day moves the released rest by as much: nothing new
// is earned. Of a lot whose liability appears in steps no more is released than is there.
// days is all that was drawn from the lot, in order, and holds the days of its changes.
// 606-10-55-48 and 55-49.
//
//	price 1,000.00, 80 % used, escheat 0.4 → released 200.00: revenue 120.00, unclaimed 80.00
func ReleaseRest(lot Lot, rule Breakage, shares EscheatShares, days []LotDay, changes []Change, through ledger.Date, booked Booked) []Recognition {
	target := newPlan(lot.recognition(), 0, booked.only(ExpiryBreakage, RemoteBreakage), 1)
	on, kind := lot.ReleaseOn(rule, days)
	if on != 0 && on <= through {
		var used Credits
		var released figure
		escheat := shares.On(on)
		set := func(day ledger.Date) {
			removed := removedBy(changes, day)
			now := lot.restOn(day, used, removed, escheat)
			if lot.RefundedOn > on { // found nothing deferred: its credits were released all the same
				now.Credits = max(lot.Granted-used-removed.Credits, 0)
			}
			inputs := []Input{inputUsed(used)}
			if removed.Minor != 0 {
				inputs = append(inputs, inputMinor("removedMinor", removed.Minor))
			}
			if !lot.isWhole(day) {
				inputs = append(inputs, inputMinor("liabilityMinor", lot.liability(day).Minor))
			}
			if lot.Jurisdiction != "" {
				inputs = append(inputs, Input{"escheat", escheat.String()})
			}
			target.add(day, kind, now.minus(released), inputs...)
			released = now
		}
		at := 0
		for ; at < len(days) && days[at].Day <= on; at++ {
			used += days[at].Drawn
		}
		set(on)
		var few [4]ledger.Date
		steps := lot.stepDays(few[:0], on+1, through)
		for ; at < len(days) && days[at].Day <= through; at++ {
			for ; len(steps) > 0 && steps[0] <= days[at].Day; steps = steps[1:] {
				if steps[0] < days[at].Day {
					set(steps[0])
				}
			}
			used += days[at].Drawn
			set(days[at].Day)
		}
		for _, day := range steps {
			set(day)
		}
	}
	return target.missing()
}

// rest returns what is left of the lot's price after used credits, a refund and what
// changes removed, with the escheat share of it.
func (l *Lot) rest(used Credits, removed figure, escheat decimal.Decimal) figure {
	earned := l.earned(used)
	minor := l.Price.Minor - earned.Minor - l.RefundedAmount.Minor - removed.Minor
	functional := l.Functional.Minor - earned.Functional - l.RefundedFunctional.Minor - removed.Functional
	return figure{
		Credits:             max(l.Granted-used-l.Refunded-removed.Credits, 0),
		Minor:               minor,
		Functional:          functional,
		Unclaimed:           share(minor, escheat),
		UnclaimedFunctional: share(functional, escheat),
	}
}

// restOn is rest as far as there is a contract liability on the day.
func (l *Lot) restOn(day ledger.Date, used Credits, removed figure, escheat decimal.Decimal) figure {
	rest := l.rest(used, removed, escheat)
	if l.isWhole(day) {
		return rest
	}
	return l.within(rest, l.liability(day), used, escheat)
}

// within bounds a rest by what used credits left of a liability.
func (l *Lot) within(rest, there figure, used Credits, escheat decimal.Decimal) figure {
	earned := l.earned(used)
	rest.Minor = min(rest.Minor, max(there.Minor-earned.Minor, 0))
	rest.Functional = min(rest.Functional, max(there.Functional-earned.Functional, 0))
	rest.Unclaimed, rest.UnclaimedFunctional = share(rest.Minor, escheat), share(rest.Functional, escheat)
	return rest
}

// share returns part × minor, rounded half away from zero.
func share(minor int64, part decimal.Decimal) int64 {
	return decimal.NewFromInt(minor).Mul(part).Round(0).IntPart()
}
