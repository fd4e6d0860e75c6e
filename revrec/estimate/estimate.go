package estimate

import (
	"fmt"
	"math"

	"github.com/shopspring/decimal"

	"drawdown/revrec"
)

// Run estimates breakage from the history: the share of the credits of cohorts that have not
// lapsed yet, refunds left out, that will never be used.
// Errors: InvalidError, ErrTooManyCredits, ThinError (with a Result that shows why).
func Run(h History, p Parameters) (Result, error) {
	result, _, err := run(h, p)
	return result, err
}

// run is Run with the quantiles of the distribution.
func run(h History, p Parameters) (Result, func(q float64) float64, error) {
	p, err := p.complete(h.ExpiryAge)
	if err != nil {
		return Result{}, nil, err
	}
	e, err := h.check()
	if err != nil {
		return Result{}, nil, err
	}
	t := newTable(e)
	t.fill(e.rows, nil)
	plan := plan{method: p.Method, mature: p.MatureAge, prior: toFloat(p.Prior.Decimal), hasPrior: p.Prior.Valid}
	projected := t.project(t.learn(plan))
	projected.ladder.estimateVariance(t.used)
	result := Result{
		Version: Version, HistoryHash: h.Hash(), Through: h.Through, ExpiryAge: h.ExpiryAge, Parameters: p,
		Findings: e.examine(p.Gate, t, projected.ladder, p.Method),
	}
	result.Factors = factors(projected.ladder)
	result.Cohorts = e.cohorts(t, projected)
	result.UseStandardError = e.useStandardError(projected)
	base := e.base()
	point, ok := projected.breakage(base)
	if !ok { // all of it was refunded
		for i, f := range result.Findings {
			if f.Check == OpenCohorts {
				result.Findings[i].Severity, result.Findings[i].Figure = Blocks, decimal.Zero
			}
		}
	}
	if blocks := blocking(result.Findings); len(blocks) > 0 {
		return result, nil, &ThinError{blocks}
	}
	plan.mature = projected.mature
	if p.Method == BornhuetterFerguson {
		result.Parameters.MatureAge = projected.mature
		result.Prior = decimal.NewNullDecimal(toShare(1 - projected.level))
	}

	months := make([]int, len(e.months))
	for i, month := range e.months {
		months[i] = int(month)
	}
	calendar := calendarEffect(t.used, months)
	line := e.cohortTrend(projected)
	result.Findings = append(result.Findings, atMost(CohortTrend, line.t, mostTrend), atMost(CalendarTrend, calendar, mostCalendar))

	chance := newChance(p.Seed)
	u := uncertainty{widened: studentRatio(max(1, e.concentration().effective-1))}
	u.draws, u.curves = e.bootstrap(t, plan, base, chance, p.Replications)
	net, used, centre := 0.0, 0.0, 0.0
	for _, i := range base {
		net += projected.net[i]
		used += t.latest(i)
		centre += float64(projected.net[i] * float64(e.months[i]-e.months[0]))
	}
	byCohort := e.cohortVariance(projected, base, calendar > mostCalendar) / net / net
	back := e.lookBack(t, plan, h.Through, p.Gate.CompleteCohorts)
	for _, b := range back {
		result.BackTests = append(result.BackTests, BackTest{b.through, toShare(b.point), toShare(b.actual)})
	}
	result.Findings = append(result.Findings, looksBack(len(back)))
	u.back = squareError(back)
	u.process = max(e.customerVariance(projected)/net/net, byCohort-variance(u.draws), u.back-variance(u.draws))
	if line.t > mostTrend {
		drift := line.slope * (centre/net - line.centre)
		u.drift = drift * drift
	}
	most := max(0, 1-used/net)
	distribution := u.distribution(point, most, chance)

	outside := float64((1 - toFloat(p.Confidence)) / 2)
	at := func(q float64) float64 { return percentile(distribution, back, point, most, q) }
	constrained := at(toFloat(p.Percentile))
	result.Point = toShare(point)
	result.StandardError = toShare(math.Sqrt(variance(distribution)))
	result.Low = toShare(at(outside))
	result.High = toShare(at(1 - outside))
	result.Constrained = toShare(constrained)
	result.Rate = decimal.Min(toDecimal(min(constrained, point)).RoundDown(ratePlaces), largestRate)
	for age, share := range projected.redemption(point) {
		result.Curve = append(result.Curve, CurvePoint{
			Age: age, Used: toShare(share), StandardError: toShare(math.Sqrt(variance(u.curves[age]))), Refunded: toShare(t.refundedShare(age)),
		})
	}
	result.Steps = result.steps(p, projected, u, base, net, used)
	return result, at, nil
}

// largestRate is the most that may be booked: something has to be used for anything to be earned.
var largestRate = decimal.New(9999, -ratePlaces)

// base is what the rate is for: the cohorts that have not lapsed yet; all where none is left.
func (e evidence) base() []int {
	var open, all []int
	for i, seen := range e.seen {
		all = append(all, i)
		if seen < e.expiry {
			open = append(open, i)
		}
	}
	if len(open) == 0 {
		return all
	}
	return open
}

// refundedShare is what was refunded through an age of what was sold, over the cohorts that were seen in it.
func (t *table) refundedShare(through int) float64 {
	share := 0.0
	for age := range through + 1 {
		gone, sold := 0.0, 0.0
		for i, seen := range t.seen {
			if seen >= age {
				gone += t.gone[i][age]
				sold += t.sold[i]
			}
		}
		if sold > 0 {
			share += gone / sold
		}
	}
	return share
}

func factors(l ladder) []Factor {
	out := make([]Factor, len(l.factor))
	for j := range out {
		out[j] = Factor{
			From: j, Factor: toShare(l.factor[j]), Sigma2: toDecimal(l.sigma2[j] / 1e6).Round(sharePlaces),
			Cohorts: l.cohorts[j], Volume: toCredits(l.volume[j]),
		}
	}
	return out
}

// cohorts is the triangle, exact, with what is expected beside it.
func (e evidence) cohorts(t *table, p projection) []Cohort {
	out := make([]Cohort, len(e.months))
	for i := range out {
		out[i] = Cohort{
			Cohort: e.months[i], Age: e.seen[i], Complete: e.seen[i] == e.expiry, Used: make([]revrec.Credits, e.seen[i]+1),
			Method: p.by[i],
		}
		if p.by[i] == ChainLadder {
			u := p.ultimate[i]
			out[i].StandardError = toCredits(math.Sqrt(p.ladder.processVariance(u, e.seen[i]) + p.ladder.parameterCovariance(u, u, e.seen[i])))
		}
		if p.net[i] > 0 {
			out[i].Breakage = toShare(max(0, 1-p.ultimate[i]/p.net[i]))
		}
	}
	for _, r := range e.rows {
		c := &out[r.cohort]
		c.Customers++
		c.Sold += revrec.Credits(r.sold)
		c.Refunded += revrec.Credits(r.sold - r.net())
		for age, used := range r.used {
			c.Used[age] += revrec.Credits(used)
		}
	}
	for i := range out {
		c := &out[i]
		for age := 1; age < len(c.Used); age++ {
			c.Used[age] += c.Used[age-1]
		}
		used := c.Used[len(c.Used)-1]
		left := c.Sold - c.Refunded - used
		// The exact figures come first: what is added to them is at most what is left.
		c.Ultimate = used + min(left, toCredits(p.ultimate[i]-t.latest(i)))
		c.RefundsToCome = min(c.Sold-c.Refunded-c.Ultimate, toCredits(t.net(i)-p.net[i]))
	}
	return out
}

// useStandardError is Mack's, of the cohorts that go by their own use together.
func (e evidence) useStandardError(p projection) revrec.Credits {
	var ultimates []float64
	var seen []int
	for i, by := range p.by {
		if by == ChainLadder {
			ultimates, seen = append(ultimates, p.ultimate[i]), append(seen, e.seen[i])
		}
	}
	_, all := p.ladder.standardErrors(ultimates, seen)
	return toCredits(all)
}

// toCredits rounds millionths to whole ones, from 0 to what 64 bits hold.
func toCredits(x float64) revrec.Credits {
	switch {
	case x <= 0:
		return 0
	case x >= math.MaxInt64:
		return math.MaxInt64
	}
	return revrec.Credits(math.RoundToEven(x))
}

// steps tells how the rate came about.
func (r Result) steps(p Parameters, projected projection, u uncertainty, base []int, net, used float64) []Step {
	method := map[Method]string{
		ChainLadder:         "U = C / p(k)",
		BornhuetterFerguson: fmt.Sprintf("U = C / p(k) from age %d, before it C + N * (1 - prior) * (1 - p(k))", projected.mature),
		KaplanMeier:         "U = C + (N - C) * share of credits left after k that is used, by the hazard of each age",
	}
	ultimate, beyond := 0.0, 0.0
	for _, i := range base {
		ultimate += projected.ultimate[i]
		beyond += projected.beyond[i]
	}
	sd := func(v float64) string { return toShare(math.Sqrt(max(0, v))).StringFixed(sharePlaces) }
	steps := []Step{
		{"cohorts that the rate is for", "months of purchase that have not reached the age of expiry", fmt.Sprint(len(base))},
		{"credits sold in them", "sold - refunded - refunds to come", toCredits(net).String()},
		{"used to date", "sum of C", toCredits(used).String()},
		{"expected use", "sum of U, " + method[p.Method] + ", at most N", toCredits(ultimate).String()},
		{"expected beyond what was sold", "what was cut off above N: it stays in the sum", toCredits(beyond).String()},
	}
	if r.Prior.Valid {
		formula := "given"
		if !p.Prior.Valid {
			formula = "1 - sum of C / sum of N * p(k), over all cohorts"
		}
		steps = append(steps, Step{"a priori breakage", formula, r.Prior.Decimal.StringFixed(sharePlaces)})
	}
	return append(steps,
		Step{"point estimate", "1 - (expected use + beyond) / credits sold", r.Point.StringFixed(sharePlaces)},
		Step{"standard error of estimation", fmt.Sprintf("standard deviation over %d drawings of customers", p.Replications), sd(variance(u.draws))},
		Step{"error of the method, looking back", fmt.Sprintf("root mean square over %d earlier months", len(r.BackTests)), sd(u.back)},
		Step{"standard error of what is to come", "by customers, by cohorts or looking back: what is greatest", sd(u.process)},
		Step{"allowance for a trend", "slope of breakage by month * months from the evidence to the base", sd(u.drift)},
		Step{"allowance for few customers", "Student / normal, by effective customers", toDecimal(u.widened).Round(sharePlaces).StringFixed(sharePlaces)},
		Step{"range", fmt.Sprintf("holds with confidence %s", p.Confidence), r.Low.StringFixed(sharePlaces) + " to " + r.High.StringFixed(sharePlaces)},
		Step{"constraint", fmt.Sprintf("percentile %s of the distribution", p.Percentile), r.Constrained.StringFixed(sharePlaces)},
		Step{"rate", "the lesser of point estimate and constraint, rounded down", r.Rate.StringFixed(ratePlaces)},
	)
}
