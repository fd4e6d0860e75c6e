package estimate

import (
	"math"
	"slices"

	"github.com/shopspring/decimal"
)

// Thresholds of what is said and does not stop an estimate.
const (
	mostTrend    = 2.5  // |t| of the slope of breakage over cohorts: one in seventy by chance
	mostCalendar = 1.96 // Mack's: one in forty by chance, on the side that counts
)

// concentration measures how much hangs on few customers.
type concentration struct {
	net       float64 // sold, refunds left out
	largest   float64 // share of the customer that bought most
	effective float64 // (Σ n)² / Σ n²: as many customers of one size would be as uncertain. Kish (1965)
}

func (e evidence) concentration() concentration {
	by := make([]float64, e.customers)
	for _, r := range e.rows {
		by[r.customer] += float64(r.net())
	}
	c := concentration{}
	squares := 0.0
	for _, n := range by {
		c.net += n
		squares += float64(n * n)
		c.largest = max(c.largest, n)
	}
	if c.net > 0 {
		c.largest /= c.net
		c.effective = c.net / squares * c.net
	}
	return c
}

// examine holds the evidence against the gate: every check with its figure.
func (e evidence) examine(gate Gate, t *table, l ladder, method Method) []Finding {
	complete, open, buyers := 0, 0, map[int]bool{}
	for _, seen := range e.seen {
		if seen == e.expiry {
			complete++
		} else {
			open++
		}
	}
	for _, r := range e.rows {
		if r.sold > 0 {
			buyers[r.customer] = true
		}
	}
	c := e.concentration()
	// Ages from which there is nothing to develop. The first ones may be without use for
	// Bornhuetter-Ferguson, which then takes all from the prior; Kaplan-Meier needs none.
	empty, used := 0, 0.0
	for i := range t.seen {
		used += t.latest(i)
	}
	for j := range l.factor {
		if l.volume[j] <= 0 {
			empty++
		}
	}
	blocked := used <= 0
	switch method {
	case ChainLadder:
		blocked = blocked || empty > 0
	case BornhuetterFerguson:
		blocked = blocked || empty >= len(l.factor)
	case KaplanMeier:
	}
	findings := []Finding{
		atLeast(CompleteCohorts, decimal.NewFromInt(int64(complete)), decimal.NewFromInt(int64(gate.CompleteCohorts))),
		atLeast(Customers, decimal.NewFromInt(int64(len(buyers))), decimal.NewFromInt(int64(gate.Customers))),
		atLeast(EffectiveCustomers, toDecimal(c.effective).RoundDown(1), decimal.NewFromInt(int64(gate.EffectiveCustomers))),
		atLeast(SoldCredits, toDecimal(c.net/1e6).RoundDown(0), decimal.NewFromInt(gate.Sold)),
		{LargestShare, Passes, toShare(c.largest), gate.LargestShare},
		{NoVolume, Passes, decimal.NewFromInt(int64(empty)), decimal.Zero},
		{OpenCohorts, Passes, decimal.NewFromInt(int64(open)), decimal.NewFromInt(1)},
	}
	if c.largest > toFloat(gate.LargestShare) {
		findings[4].Severity = Blocks
	}
	switch {
	case blocked:
		findings[5].Severity = Blocks
	case empty > 0:
		findings[5].Severity = Warns
	}
	if open == 0 {
		findings[6].Severity = Warns
	}
	return findings
}

func atLeast(check Check, figure, threshold decimal.Decimal) Finding {
	if figure.LessThan(threshold) {
		return Finding{check, Blocks, figure, threshold}
	}
	return Finding{check, Passes, figure, threshold}
}

func atMost(check Check, figure, threshold float64) Finding {
	f := Finding{check, Passes, toDecimal(figure).Round(3), toDecimal(threshold).Round(3)}
	if figure > threshold {
		f.Severity = Warns
	}
	return f
}

// looksBack says whether looking back covers the seasons of a year.
func looksBack(months int) Finding {
	f := Finding{LookingBack, Passes, decimal.NewFromInt(int64(months)), decimal.NewFromInt(12)}
	if months < 12 {
		f.Severity = Warns
	}
	return f
}

func blocking(findings []Finding) []Finding {
	var out []Finding
	for _, f := range findings {
		if f.Severity == Blocks {
			out = append(out, f)
		}
	}
	return out
}

// trend is a straight line through the breakage of cohorts, by month of purchase.
type trend struct {
	slope  float64 // a month
	t      float64 // slope over its standard error; 0 where there is too little to say
	centre float64 // the month in the middle of what it is taken from
}

// cohortTrend fits it, weighted by what was sold, to the cohorts that are half developed.
func (e evidence) cohortTrend(p projection) trend {
	var x, y, w []float64
	for i, seen := range e.seen {
		if share := p.ladder.pattern[seen]; share >= developed && p.net[i] > 0 {
			x = append(x, float64(e.months[i]-e.months[0]))
			y = append(y, p.ultimate[i]/p.net[i])
			w = append(w, p.net[i])
		}
	}
	if len(x) < 6 {
		return trend{}
	}
	total, mx, my := 0.0, 0.0, 0.0
	for i := range x {
		total += w[i]
		mx += float64(w[i] * x[i])
		my += float64(w[i] * y[i])
	}
	mx, my = mx/total, my/total
	xx, xy := 0.0, 0.0
	for i := range x {
		xx += float64(w[i] * float64((x[i]-mx)*(x[i]-mx)))
		xy += float64(w[i] * float64((x[i]-mx)*(y[i]-my)))
	}
	if xx <= 0 {
		return trend{}
	}
	slope, rest := xy/xx, 0.0
	for i := range x {
		away := y[i] - my - float64(slope*(x[i]-mx))
		rest += float64(w[i] * float64(away*away))
	}
	out := trend{slope: -slope, centre: mx} // of breakage, not of use
	if se := math.Sqrt(rest / float64(len(x)-2) / xx); se > 1e-12 {
		out.t = min(math.Abs(slope)/se, 999)
	}
	return out
}

// calendarEffect is Mack's test for calendar effects (1994, appendix H): in each calendar
// month, development factors above the median of their age against those below. Under no
// effect the lesser count has a known mean and variance; it returns (mean − sum) ÷ √variance,
// which is large where months lean to one side. Below, 20 factors, it has nothing to say.
func calendarEffect(used [][]float64, months []int) float64 {
	large, small := map[int]int{}, map[int]int{}
	all := 0
	for j := 0; ; j++ {
		var factors []float64
		var at []int
		longer := false
		for i, c := range used {
			if len(c) > j+1 {
				longer = true
				if c[j] > 0 {
					factors = append(factors, c[j+1]/c[j])
					at = append(at, months[i]+j+1)
				}
			}
		}
		if !longer {
			break
		}
		if len(factors) < 2 {
			continue
		}
		sorted := slices.Sorted(slices.Values(factors))
		middle := (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
		for n, f := range factors {
			switch {
			case f > middle:
				large[at[n]]++
				all++
			case f < middle:
				small[at[n]]++
				all++
			}
		}
	}
	if all < 20 {
		return 0
	}
	first, last := math.MaxInt, 0
	for _, counts := range []map[int]int{large, small} {
		for month := range counts {
			first, last = min(first, month), max(last, month)
		}
	}
	sum, mean, spread := 0.0, 0.0, 0.0
	for month := first; month <= last; month++ {
		n := large[month] + small[month]
		if n < 2 {
			continue
		}
		expected, variance := lesserCount(n)
		sum += float64(min(large[month], small[month]))
		mean += expected
		spread += variance
	}
	if spread <= 0 {
		return 0
	}
	return (mean - sum) / math.Sqrt(spread)
}

// lesserCount is the mean and the variance of the lesser of two counts of n that fall by the
// toss of a coin:
//
//	E = n/2 − C(n−1, m)·n/2ⁿ       V = n·(n−1)/4 − C(n−1, m)·n·(n−1)/2ⁿ + E − E²       m = ⌊(n−1)/2⌋
func lesserCount(n int) (mean, variance float64) {
	m := (n - 1) / 2
	choose := 1.0 // C(n−1, m) ÷ 2ⁿ
	for k := 1; k <= m; k++ {
		choose *= float64(n-1-m+k) / float64(k)
	}
	choose = math.Ldexp(choose, -n)
	size := float64(n)
	mean = float64(size/2) - float64(choose*size)
	return mean, float64(size*(size-1)/4) - float64(choose*size*(size-1)) + mean - float64(mean*mean)
}
