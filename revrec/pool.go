package revrec

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// Pool is the lots whose breakage is measured together, in one currency.
type Pool struct {
	ID       string
	PolicyID string
	By       PoolBy
	// Key names the pool within its policy: a lot's id, a month such as 2024-03, or ""; of
	// lots of a jurisdiction with that behind, such as 2024-03/US-DE.
	Key string
	// Jurisdiction is that of all of its lots, so that the pool has one share of what the law
	// claims on any day; "" where they have none.
	Jurisdiction string
	Currency     ledger.Currency
	// Functional is the book's functional currency.
	Functional ledger.Currency
}

// PoolKey returns the key, within its policy, of the pool to which the lot belongs.
func PoolKey(by PoolBy, lot Lot) string {
	key := ""
	switch by {
	case PoolByLot:
		key = lot.PoolID()
	case PoolByPurchaseMonth:
		key = lot.PurchasedOn.Period().String()
	case PoolByPolicy:
	}
	if lot.Jurisdiction != "" {
		key += "/" + lot.Jurisdiction
	}
	return key
}

// Estimate is the share of credits sold that is expected to break, in force from the
// end of a day until the next estimate. The first one of a policy has the zero day.
type Estimate struct {
	ID   string
	From ledger.Date
	Rate decimal.Decimal
	// InOne is true of an estimate that came into force before catch-ups were told apart:
	// what its day moved is one figure of expected breakage, and stays so.
	InOne bool
}

// EstimateOn returns the estimate in force at the end of the day. Estimates are in order
// of their day; of two on one day the later one counts.
func EstimateOn(estimates []Estimate, day ledger.Date) Estimate {
	inForce := Estimate{Rate: decimal.Zero}
	for _, estimate := range estimates {
		if estimate.From > day {
			break
		}
		inForce = estimate
	}
	return inForce
}

// RateOn returns the rate of the estimate in force at the end of the day.
func RateOn(estimates []Estimate, day ledger.Date) decimal.Decimal {
	return EstimateOn(estimates, day).Rate
}

// PoolDay is what came into a pool and left it on one day: the price of credits sold
// and of credits used, of lots not yet lapsed. A lot comes in on the day its contract
// liability appears and leaves, with all it brought, on its last day.
type PoolDay struct {
	Day                            ledger.Date
	SoldMinor, UsedMinor           int64 // in the currency of the contract
	SoldFunctional, UsedFunctional int64 // in the functional currency
}

// PoolDaysOf returns what a lot brings into its pool, and takes out again on its last
// day, apart from use: its price without what was refunded or otherwise taken out by the
// changes. A lot whose contract liability appears in steps comes in step by step; nothing
// comes of one that has none.
func PoolDaysOf(lot Lot, changes []Change) []PoolDay {
	if lot.AppearsOn() == 0 || lot.Kind != PurchaseLot {
		return nil
	}
	days := lot.soldInPool()
	if lot.RefundedOn != 0 {
		days = append(days, RefundInPool(lot)...)
	}
	for _, change := range changes {
		days = append(days, ChangeInPool(lot, change)...)
	}
	return days
}

// soldInPool is the price of a lot as its contract liability appears.
func (l *Lot) soldInPool() []PoolDay {
	rest := PoolDay{Day: l.LiabilityOn, SoldMinor: l.Price.Minor, SoldFunctional: l.Functional.Minor}
	var days []PoolDay
	for _, step := range l.Steps {
		if l.isWhole(step.Day) {
			break
		}
		days = append(days, l.inPool(PoolDay{Day: step.Day, SoldMinor: step.Minor, SoldFunctional: step.Functional})...)
		rest.SoldMinor, rest.SoldFunctional = rest.SoldMinor-step.Minor, rest.SoldFunctional-step.Functional
	}
	if l.LiabilityOn != 0 {
		days = append(days, l.inPool(rest)...)
	}
	return days
}

// RefundInPool takes what was refunded out of the credits sold.
func RefundInPool(lot Lot) []PoolDay {
	out := PoolDay{Day: lot.RefundedOn, SoldMinor: -lot.RefundedAmount.Minor, SoldFunctional: -lot.RefundedFunctional.Minor}
	return lot.inPool(out)
}

// UsageInPool returns what a recognition of use brings into the lot's pool, and takes
// out again when the lot leaves: what is taken out of the contract liability. Where that appears
// at once, what was used before counts from its day on; where it appears in steps, as far as
// each step clears it, so that a pool never counts more as used than as sold.
func UsageInPool(lot Lot, r Recognition) []PoolDay {
	counts := r.Kind == Usage || r.Kind == UsageUnbilled
	if len(lot.Steps) > 0 {
		counts = r.Kind == Usage || r.Kind == Clearing
	}
	appears := lot.AppearsOn()
	if appears == 0 || lot.Kind != PurchaseLot || !counts {
		return nil
	}
	return lot.inPool(PoolDay{Day: max(r.Day, appears), UsedMinor: r.Amount.Minor, UsedFunctional: r.Functional.Minor})
}

// inPool returns the day's figures, and their reverse on the day the lot leaves.
func (l *Lot) inPool(day PoolDay) []PoolDay {
	leaves := l.leavesPoolOn()
	if leaves == 0 {
		return []PoolDay{day}
	}
	if day.Day >= leaves {
		return nil
	}
	return []PoolDay{day, {
		Day: leaves, SoldMinor: -day.SoldMinor, UsedMinor: -day.UsedMinor,
		SoldFunctional: -day.SoldFunctional, UsedFunctional: -day.UsedFunctional,
	}}
}

// leavesPoolOn returns the lot's last day in its pool, zero where there is none: the day
// it lapses, or an earlier one on which it was taken out.
func (l *Lot) leavesPoolOn() ledger.Date {
	leaves := l.LapsesOn
	if l.PoolLeftOn != 0 && (leaves == 0 || l.PoolLeftOn < leaves) {
		leaves = l.PoolLeftOn
	}
	if leaves == 0 {
		return 0
	}
	return max(leaves, l.AppearsOn())
}

// Early is the breakage that a pool has recognised ahead of expiry: to revenue, and to
// unclaimed property.
type Early struct {
	RevenueMinor, UnclaimedMinor int64
}

// EarlyBreakage measures a pool of which credits for sold were sold and for used were
// used, with rate as the share expected to break and escheat the law's share of that.
// Expected breakage B is the estimate, but never more than what is unused; it is
// recognised in proportion to use, and never beyond what the lots still carry:
//
//	B = min(r·G, G − U)        breakage to date = min(B·U ÷ (G − B), G − U)
//
// Nothing at sale, for U is 0 (BC398); nothing where B is all of G. The two parts are
// each rounded half away from zero to the minor unit. 606-10-55-48, 55-49; IFRS 15.B46.
//
//	G 10,000.00  U 4,500.00  r 0.10  → B 1,000.00, to date 500.00
func EarlyBreakage(sold, used int64, rate, escheat decimal.Decimal) Early {
	g, u := decimal.NewFromInt(sold), decimal.NewFromInt(used)
	carried := g.Sub(u)
	b := EstimatedBreakage(sold, used, rate)
	rest := g.Sub(b)
	if rest.Sign() <= 0 || b.Sign() <= 0 {
		return Early{}
	}
	part := func(of decimal.Decimal) int64 { // min(B·U·of ÷ (G − B), C·of), rounded once
		if b.Mul(u).GreaterThanOrEqual(carried.Mul(rest)) {
			return carried.Mul(of).Round(0).IntPart()
		}
		return b.Mul(u).Mul(of).DivRound(rest, 0).IntPart()
	}
	unclaimed := part(escheat)
	revenue := part(decimal.NewFromInt(1).Sub(escheat))
	return Early{RevenueMinor: min(revenue, sold-used-unclaimed), UnclaimedMinor: unclaimed}
}

// MeasurePool returns what is to be booked for a pool on the days from from through
// through: at the end of each day on which something came, went or a new estimate came
// into force, the measure of that day less the measure of the day before, less what is
// booked. A new estimate moves the whole cumulative figure at once: a catch-up
// (606-10-25-35, ASC 250-10-45-17), which is a figure of its own. It is the measure of
// the day less what the measure would have been by the rate in force the day before;
// the rest of the day is what it would have moved without a new estimate. A new share of
// what the law claims moves as much from revenue to unclaimed property or back, and the
// sum of the two by a rounding at most. days is all of the pool, in order.
func MeasurePool(pool Pool, shares EscheatShares, estimates []Estimate, days []PoolDay, from, through ledger.Date, booked Booked) []Recognition {
	target := newPlan(pool.recognition(), from, booked, len(days))
	var total PoolDay
	var before figure
	for _, day := range withChangeDays(days, estimates, shares) {
		if day.Day > through {
			break
		}
		total.SoldMinor += day.SoldMinor
		total.UsedMinor += day.UsedMinor
		total.SoldFunctional += day.SoldFunctional
		total.UsedFunctional += day.UsedFunctional
		rate, escheat := RateOn(estimates, day.Day), shares.On(day.Day)
		now := earlyFigure(total, rate, escheat)
		if day.Day >= from {
			target.addMeasure(total.on(day.Day), estimates, escheat, before, now)
		}
		before = now
	}
	return target.missing()
}

// addMeasure plans what a pool that comes to total moved from the measure before to the
// measure now, on one day: the catch-up of a new estimate, and the rest.
func (p *plan) addMeasure(total PoolDay, estimates []Estimate, escheat decimal.Decimal, before, now figure) {
	sold, used := Input{"soldMinor", strconv.FormatInt(total.SoldMinor, 10)}, Input{"usedMinor", strconv.FormatInt(total.UsedMinor, 10)}
	rate, share := RateOn(estimates, total.Day), Input{"escheat", escheat.String()}
	if catchesUp(estimates, total.Day) {
		rateBefore := RateOn(estimates, total.Day-1)
		underOldRate := earlyFigure(total, rateBefore, escheat)
		p.add(total.Day, CatchUp, now.minus(underOldRate), sold, used, Input{"rateBefore", rateBefore.String()}, Input{"rate", rate.String()}, share)
		rate, now = rateBefore, underOldRate
	}
	p.add(total.Day, ExpectedBreakage, now.minus(before), sold, used, Input{"rate", rate.String()}, share)
}

// catchesUp reports whether an estimate came into force on the day whose catch-up is a
// figure of its own.
func catchesUp(estimates []Estimate, day ledger.Date) bool {
	return slices.ContainsFunc(estimates, func(e Estimate) bool { return e.From == day && day != 0 && !e.InOne })
}

func (d PoolDay) on(day ledger.Date) PoolDay {
	d.Day = day
	return d
}

func earlyFigure(total PoolDay, rate, escheat decimal.Decimal) figure {
	contract := EarlyBreakage(total.SoldMinor, total.UsedMinor, rate, escheat)
	functional := EarlyBreakage(total.SoldFunctional, total.UsedFunctional, rate, escheat)
	return figure{
		Minor:               contract.RevenueMinor + contract.UnclaimedMinor,
		Unclaimed:           contract.UnclaimedMinor,
		Functional:          functional.RevenueMinor + functional.UnclaimedMinor,
		UnclaimedFunctional: functional.UnclaimedMinor,
	}
}

// withChangeDays adds an empty day wherever a new estimate or a new share comes into force
// after the pool began.
func withChangeDays(days []PoolDay, estimates []Estimate, shares EscheatShares) []PoolDay {
	if len(days) == 0 {
		return nil
	}
	all := slices.Clone(days)
	for _, estimate := range estimates {
		if estimate.From > days[0].Day {
			all = append(all, PoolDay{Day: estimate.From})
		}
	}
	for _, share := range shares {
		if share.From > days[0].Day {
			all = append(all, PoolDay{Day: share.From})
		}
	}
	return MergePoolDays(all)
}

// MergePoolDays adds up what falls on one day and returns the days in order. It may
// write into days.
func MergePoolDays(days []PoolDay) []PoolDay {
	slices.SortStableFunc(days, func(a, b PoolDay) int { return cmp.Compare(a.Day, b.Day) })
	merged := days[:0]
	for _, day := range days {
		if n := len(merged); n > 0 && merged[n-1].Day == day.Day {
			last := &merged[n-1]
			last.SoldMinor += day.SoldMinor
			last.UsedMinor += day.UsedMinor
			last.SoldFunctional += day.SoldFunctional
			last.UsedFunctional += day.UsedFunctional
			continue
		}
		merged = append(merged, day)
	}
	return merged
}

// BookedInPool returns all that a lot has brought into its pool so far: its price, what
// changes took out of it, and the use that is booked.
func BookedInPool(lot Lot, changes []Change, booked Booked) []PoolDay {
	days := PoolDaysOf(lot, changes)
	for key, sum := range booked {
		r := Recognition{Kind: key.Kind, Day: key.Day}
		r.Amount.Minor, r.Functional.Minor = sum.Minor, sum.Functional
		days = append(days, UsageInPool(lot, r)...)
	}
	return MergePoolDays(days)
}
