package revrec

import (
	"cmp"
	"slices"

	"drawdown/ledger"
)

// Step is what appeared on a day of the contract liability of a lot: a part of its price was
// paid, or the rest of it fell due. 606-10-45-2.
type Step struct {
	Day        ledger.Date `json:"day"`
	Minor      int64       `json:"minor"`      // in the currency of the contract
	Functional int64       `json:"functional"` // in the functional currency
}

// AppearsOn returns the day on which the first of the lot's contract liability appeared, zero
// where there is none yet.
func (l *Lot) AppearsOn() ledger.Date {
	if len(l.Steps) > 0 && (l.LiabilityOn == 0 || l.Steps[0].Day < l.LiabilityOn) {
		return l.Steps[0].Day
	}
	return l.LiabilityOn
}

// Stepped returns what appeared of the lot's contract liability in steps.
func (l *Lot) Stepped() (minor, functional int64) {
	for _, step := range l.Steps {
		minor, functional = minor+step.Minor, functional+step.Functional
	}
	return minor, functional
}

// isWhole reports whether all of the lot's contract liability is there at the end of the day.
// What costs nothing, and what is billed when it is used, never waits for one.
func (l *Lot) isWhole(day ledger.Date) bool {
	return l.Kind != PurchaseLot || l.LiabilityOn != 0 && day >= l.LiabilityOn
}

// liability returns what had appeared of the contract liability by the end of a day on which
// it is not whole.
func (l *Lot) liability(day ledger.Date) figure {
	var sum figure
	for _, step := range l.Steps {
		if step.Day <= day {
			sum.Minor, sum.Functional = sum.Minor+step.Minor, sum.Functional+step.Functional
		}
	}
	return sum
}

// covered returns how much of what was earned the liability covers that is there at the end of
// the day: min(E, L), in each currency. The rest of it is a contract asset.
func (l *Lot) covered(earned figure, day ledger.Date) figure {
	if l.isWhole(day) {
		return earned
	}
	there := l.liability(day)
	earned.Minor, earned.Functional = min(earned.Minor, there.Minor), min(earned.Functional, there.Functional)
	return earned
}

// stepDays adds to days those from from through through on which some of the liability
// appears, in order.
func (l *Lot) stepDays(days []ledger.Date, from, through ledger.Date) []ledger.Date {
	for _, step := range l.Steps {
		repeats := len(days) > 0 && days[len(days)-1] == step.Day
		if step.Day >= from && step.Day <= through && !repeats && !l.isWhole(step.Day) {
			days = append(days, step.Day)
		}
	}
	if l.LiabilityOn >= from && l.LiabilityOn <= through && l.LiabilityOn != 0 {
		days = append(days, l.LiabilityOn)
	}
	return days
}

// StepDays returns the days after a day on which some of the liability appears, in order.
func (l *Lot) StepDays(after ledger.Date) []ledger.Date {
	return l.stepDays(nil, after+1, lastDay)
}

// lastDay lies after every day of a book.
var lastDay = ledger.NewDate(9999, 12, 31)

// AppearInSteps lets the contract liability of a lot appear in steps, which are those of its
// whole price, in order of day. whole is the day on which all that is left of it appears at
// once; zero where that is not known yet.
//
// A share of the lot may have rolled over into a child by a change. What is paid then serves
// the lot first, as far as it goes: up to what is left of its price. Nothing
// is left to appear of it then, and the child gets what is paid beyond.
func (l *Lot) AppearInSteps(steps []Step, whole ledger.Date, change *Change, child *Lot) {
	l.LiabilityOn, l.Steps = whole, nil
	rest := figure{Minor: l.Price.Minor, Functional: l.Functional.Minor}
	var moved figure
	if child != nil {
		child.LiabilityOn, child.Steps = 0, nil
		if whole != 0 {
			child.LiabilityOn = max(whole, change.Day)
		}
		moved = figure{Minor: change.Amount.Minor, Functional: change.Functional.Minor}
		if len(steps) > 0 && change.Day >= steps[0].Day {
			steps = append(slices.Clone(steps), Step{Day: change.Day})
			slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(a.Day, b.Day) })
		}
	}
	var total, own, others figure
	for at, step := range steps {
		total.Minor, total.Functional = total.Minor+step.Minor, total.Functional+step.Functional
		if at+1 < len(steps) && steps[at+1].Day == step.Day {
			continue
		}
		left := rest
		if child != nil && step.Day >= change.Day {
			left = rest.minus(moved)
		}
		now := figure{Minor: min(total.Minor, left.Minor), Functional: min(total.Functional, left.Functional)}
		l.step(step.Day, now.minus(own), now == left)
		own = now
		if child != nil && step.Day >= change.Day {
			beyond := total.minus(now)
			child.step(step.Day, beyond.minus(others), beyond == moved && moved != figure{})
			others = beyond
		}
	}
}

// step adds a step to those of the lot, the last one where its liability is whole by it.
func (l *Lot) step(day ledger.Date, f figure, whole bool) {
	if f != (figure{}) {
		l.Steps = append(l.Steps, Step{day, f.Minor, f.Functional})
	}
	if whole && (l.LiabilityOn == 0 || day < l.LiabilityOn) {
		l.LiabilityOn = day
	}
}

// Complete adds the last step to those of a lot whose liability is there now: all that is left of its
// price. It does nothing where there is nothing left.
func (l *Lot) Complete() {
	minor, functional := l.Stepped()
	f := figure{
		Minor:      l.Price.Minor - l.RemovedAmount.Minor - minor,
		Functional: l.Functional.Minor - l.RemovedFunctional.Minor - functional,
	}
	l.Steps = slices.Clone(l.Steps)
	l.step(l.LiabilityOn, f, false)
}

// isStepping reports whether the liability appeared in steps, and there is more to come.
func (l *Lot) isStepping() bool {
	minor, functional := l.Stepped()
	return len(l.Steps) > 0 && (minor < l.Price.Minor-l.RemovedAmount.Minor || functional < l.Functional.Minor-l.RemovedFunctional.Minor)
}
