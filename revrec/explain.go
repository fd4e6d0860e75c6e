package revrec

import (
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// Explanation says why a recognition is the figure it is, for a reader who computes it
// again by hand.
type Explanation struct {
	Rule      string // the rule in one sentence
	Paragraph string // where it is written
	// Formula gives the amount from the inputs, by their names. round is half away from
	// zero to the minor unit.
	Formula string
	Inputs  []Input
}

// Explain returns the explanation of a recognition from what it keeps. Money among the
// inputs is in major units of the recognition's currency. What a formula says of the lot
// (price, granted, rate, refunded, rest) is not among them: see [ExplainOfLot].
func Explain(r Recognition) Explanation {
	e := explanations[r.Kind]
	given := inputsOf(r)
	switch {
	case !given.has("used"): // nothing is planned for the day any more
		e.Rule += ". Nothing of the kind is due for the day any more: what was booked for it is taken back"
		e.Formula = "−booked"
	case r.Kind == ExpectedBreakage:
		given.addPool(r)
	case r.Kind == CatchUp:
		given.addCatchUp(r)
	default:
		given.addLot(r)
	}
	if given.has("liability") || given.has("liabilityBefore") {
		e.inSteps(r.Kind, given)
	}
	e.Inputs = given
	return e
}

// inSteps explains what is bounded by a contract liability that appears in steps.
func (e *Explanation) inSteps(kind Kind, given facts) {
	const earned, before = "round(price × min(used, granted) ÷ granted)", "round(price × min(usedBefore, granted) ÷ granted)"
	switch kind {
	case Usage:
		e.Rule += ", as far as the contract liability there is covers it"
		e.Formula = "min(" + earned + ", liability) − min(" + before + ", liability) − booked"
	case UsageUnbilled:
		e.Rule = "What was used is earned, and what of it the contract liability there is does not cover is a contract asset"
		e.Formula = "max(" + earned + " − liability, 0) − max(" + before + " − liability, 0) − booked"
	case Clearing:
		e.Rule = "More of the contract liability appeared: as far as it covers what was earned before, it clears the contract asset"
		e.Formula = "min(" + earned + ", liability) − min(" + earned + ", liabilityBefore) − booked"
		if !given.has("liability") {
			e.Formula = earned + " − min(" + earned + ", liabilityBefore) − booked"
		} else if !given.has("liabilityBefore") {
			e.Formula = "min(" + earned + ", liability) − booked"
		}
	case ExpiryBreakage, RemoteBreakage:
		e.Rule += ", as far as there is a contract liability"
		e.Formula = strings.Replace(e.Formula, "rest = price", "rest = liability", 1)
		e.Formula = strings.Replace(e.Formula, "granted) − refunded", "granted), or 0 where that is less", 1)
	case OverageUsage, ExpectedBreakage, CatchUp:
	}
}

// ExplainOfLot is Explain with what the formula says of the lot, whose policy has the
// given escheat share: where the law of a jurisdiction may claim another, the recognition
// keeps the share it was computed with.
func ExplainOfLot(r Recognition, lot Lot, escheat decimal.Decimal) Explanation {
	e := Explain(r)
	of := facts{{"price", lot.Price.Text()}, {"granted", lot.Granted.String()}}
	switch r.Kind {
	case OverageUsage:
		of = facts{{"rate", lot.Rate.Price}}
	case ExpiryBreakage, RemoteBreakage:
		of.add("refunded", lot.RefundedAmount.Text())
		if kept, known := facts(e.Inputs).value("escheat"); known {
			escheat = kept
		} else {
			of.add("escheat", escheat.String())
		}
		if used, kept := facts(e.Inputs).value("used"); kept {
			credits, _ := CreditsOf(used)
			removed, known := facts(e.Inputs).value("removed")
			if known {
				e.Formula = strings.Replace(e.Formula, "− refunded", "− refunded − removed", 1)
			}
			before := figure{Minor: removed.Shift(r.Amount.Currency.Exponent()).IntPart()}
			all := lot.rest(credits, before, escheat)
			if there, bounded := facts(e.Inputs).value("liability"); bounded {
				all = lot.within(all, figure{Minor: there.Shift(r.Amount.Currency.Exponent()).IntPart()}, credits, escheat)
			}
			rest := ledger.Money(all.Minor, r.Amount.Currency)
			booked, _ := facts(e.Inputs).value("booked")
			of.add("rest", rest.Text())
			of.add("before", rest.Sub(r.Amount).Decimal().Sub(booked).StringFixed(r.Amount.Currency.Exponent()))
		}
	case Usage, UsageUnbilled, Clearing, ExpectedBreakage, CatchUp:
	}
	e.Inputs = append(of, e.Inputs...)
	return e
}

// explanations state each rule once; the files of the rules say more.
var explanations = map[Kind]Explanation{
	Usage: {
		Rule:      "What was used is earned: the price of the lot in proportion to the credits used",
		Paragraph: "ASC 606-10-55-46; IFRS 15.B44",
		Formula:   "round(price × min(used, granted) ÷ granted) − round(price × min(usedBefore, granted) ÷ granted) − booked",
	},
	UsageUnbilled: {
		Rule:      "What was used is earned, and there was no contract liability yet: the right to be paid for it is a contract asset",
		Paragraph: "ASC 606-10-55-46, 45-3; IFRS 15.B44, 107",
		Formula:   "round(price × min(used, granted) ÷ granted) − round(price × min(usedBefore, granted) ÷ granted) − booked",
	},
	Clearing: {
		Rule:      "The contract liability appeared: what was earned before is taken out of it and clears the contract asset",
		Paragraph: "ASC 606-10-45-1 to 45-3; IFRS 15.105 to 107",
		Formula:   "round(price × min(used, granted) ÷ granted) − booked",
	},
	OverageUsage: {
		Rule:      "What was used beyond the balance was not paid ahead: each credit is sold when it is used, at the overage rate",
		Paragraph: "ASC 606-10-45-3; IFRS 15.107",
		Formula:   "round(rate × used) − round(rate × usedBefore) − booked",
	},
	ExpectedBreakage: {
		Rule:      "Breakage that is expected of a pool is earned in proportion to what its customers use, never beyond what its lots still carry",
		Paragraph: "ASC 606-10-55-48, 55-49; IFRS 15.B46, B47",
		Formula: "toDate − before − booked; toDate = min(B × used ÷ (sold − B), sold − used), B = min(rate × sold, sold − used); " +
			"× escheat to unclaimed property, × (1 − escheat) to revenue, each rounded",
	},
	CatchUp: {
		Rule:      "A new estimate moves all breakage that was recognised ahead of expiry at once, by what the day would have come to without it",
		Paragraph: "ASC 606-10-25-35, ASC 250-10-45-17; IFRS 15.88, IAS 8.36",
		Formula: "toDate − underOldRate − booked; toDate = min(B × used ÷ (sold − B), sold − used), B = min(rate × sold, sold − used); " +
			"underOldRate is the same by rateBefore; × escheat to unclaimed property, × (1 − escheat) to revenue, each rounded",
	},
	ExpiryBreakage: {
		Rule:      "The lot has lapsed: the whole rest of its price is released, the law's share to unclaimed property",
		Paragraph: "ASC 606-10-55-48, 55-49; IFRS 15.B46, B47",
		Formula:   "rest − before − booked; rest = price − round(price × used ÷ granted) − refunded, before is what was released of it on earlier days; round(escheat × rest) to unclaimed property, what is left to revenue",
	},
	RemoteBreakage: {
		Rule:      "The likelihood of further use has become remote: the whole rest of the price is released, the law's share to unclaimed property",
		Paragraph: "ASC 606-10-55-48, 55-49; IFRS 15.B46, B47",
		Formula:   "rest − before − booked; rest = price − round(price × used ÷ granted) − refunded, before is what was released of it on earlier days; round(escheat × rest) to unclaimed property, what is left to revenue",
	},
}

// UnderOldRate returns what the early breakage of a pool would have come to at the end of
// the day without the new estimate: of a catch-up, and nil of all else.
func UnderOldRate(r Recognition) *ledger.Amount {
	given := inputsOf(r)
	if r.Kind != CatchUp || !given.has("used") {
		return nil
	}
	amount := ledger.Money(given.measure("rateBefore", r.Amount.Currency), r.Amount.Currency)
	return &amount
}

// facts are the inputs of a figure as they are shown.
type facts []Input

// inputsOf returns what a recognition keeps, money in major units.
func inputsOf(r Recognition) facts {
	shown := make(facts, 0, len(r.Inputs)+3)
	for _, input := range r.Inputs {
		if name, isMoney := strings.CutSuffix(input.Name, "Minor"); isMoney {
			input = Input{name, moneyOf(input.Value, r.Amount.Currency)}
		}
		shown = append(shown, input)
	}
	return shown
}

func moneyOf(minor string, currency ledger.Currency) string {
	n, err := strconv.ParseInt(minor, 10, 64)
	if err != nil {
		return minor
	}
	return ledger.Money(n, currency).Text()
}

func (f facts) has(name string) bool {
	_, ok := f.value(name)
	return ok
}

func (f facts) value(name string) (decimal.Decimal, bool) {
	for _, input := range f {
		if input.Name == name {
			d, err := decimal.NewFromString(input.Value)
			return d, err == nil
		}
	}
	return decimal.Zero, false
}

func (f *facts) add(name, value string) { *f = append(*f, Input{name, value}) }

// addLot adds what follows from a recognition of a lot: what was used before the day.
func (f *facts) addLot(r Recognition) {
	used, _ := f.value("used")
	again := f.has("booked")
	if !again {
		f.add("booked", ledger.Money(0, r.Amount.Currency).Text())
	}
	switch r.Kind {
	case Usage, UsageUnbilled, OverageUsage:
		// What is booked of the day is part of what was used on it.
		credits, known := f.value("bookedCredits")
		if again && !known || f.has("usedBefore") {
			return
		}
		f.add("usedBefore", used.Sub(r.Credits.Decimal()).Sub(credits).String())
	case ExpiryBreakage, RemoteBreakage:
		f.add("unclaimed", r.Unclaimed.Text())
	case Clearing, ExpectedBreakage, CatchUp:
	}
}

// addPool adds the measure of a pool at the end of the day and of the day before.
func (f *facts) addPool(r Recognition) {
	toDate := f.addToDate(r.Amount.Currency)
	f.add("before", ledger.Money(toDate-r.Amount.Minor-f.minor("booked", r.Amount.Currency), r.Amount.Currency).Text())
	f.addBooked(r)
}

// addCatchUp adds the measure of a pool by the new rate and by the one before.
func (f *facts) addCatchUp(r Recognition) {
	f.addToDate(r.Amount.Currency)
	f.add("underOldRate", ledger.Money(f.measure("rateBefore", r.Amount.Currency), r.Amount.Currency).Text())
	f.addBooked(r)
}

// addToDate adds the measure by the rate in force, with the breakage that is expected, and
// returns it.
func (f *facts) addToDate(currency ledger.Currency) int64 {
	rate, _ := f.value("rate")
	sold, used := f.minor("sold", currency), f.minor("used", currency)
	b := EstimatedBreakage(sold, used, rate)
	f.add("B", b.Shift(-currency.Exponent()).String())
	toDate := f.measure("rate", currency)
	f.add("toDate", ledger.Money(toDate, currency).Text())
	return toDate
}

func (f *facts) addBooked(r Recognition) {
	if !f.has("booked") {
		f.add("booked", ledger.Money(0, r.Amount.Currency).Text())
	}
	f.add("unclaimed", r.Unclaimed.Text())
}

// measure is early breakage to date by the rate of that name.
func (f *facts) measure(rateName string, currency ledger.Currency) int64 {
	rate, _ := f.value(rateName)
	escheat, _ := f.value("escheat")
	early := EarlyBreakage(f.minor("sold", currency), f.minor("used", currency), rate, escheat)
	return early.RevenueMinor + early.UnclaimedMinor
}

func (f *facts) minor(name string, currency ledger.Currency) int64 {
	d, _ := f.value(name)
	return d.Shift(currency.Exponent()).IntPart()
}
