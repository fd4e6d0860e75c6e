package reports

// registered are the reports by what they are about, in the order in which they are
// documented. Each file of this package that makes reports adds its own here.
var registered = []func() []Report{
	rollForwards,
	accounts,
	earlyBreakage,
	cohorts,
	reviews,
	unclaimed,
	revenue,
	outOfPeriod,
	exceptions,
	ending,
	statements,
	reconciling,
}
