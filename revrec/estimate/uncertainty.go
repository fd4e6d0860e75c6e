package estimate

import (
	"math"
	"slices"
)

// uncertainty is how far what happens may be from the point estimate, in parts.
type uncertainty struct {
	draws   []float64   // breakage with customers drawn anew, in the order of drawing
	curves  [][]float64 // the redemption curve of each draw, by age
	process float64     // variance of what open cohorts still do, given the estimate
	back    float64     // mean square of what the method was wrong by, looking back
	drift   float64     // square of what a trend comes to from the evidence to the base
	widened float64     // factor for few effective customers
}

// bootstrap draws as many customers as there are, with replacement, learns from what they
// bought, and applies it to the cohorts as they are: how far the lessons hang on who happened
// to be in the evidence. Efron (1979); by customer, because credits of one customer are not
// independent (Field and Welsh 2007).
func (e evidence) bootstrap(actual *table, p plan, base []int, c chance, replications int) (draws []float64, curves [][]float64) {
	draws = make([]float64, replications)
	curves = make([][]float64, e.expiry+1)
	rows, units := e.clusters(c)
	weight := make([]int, units)
	drawn := newTable(e)
	for n := range draws {
		clear(weight)
		for range units {
			weight[c.below(units)]++
		}
		drawn.fill(rows, weight)
		projected := actual.project(drawn.learn(p))
		draws[n], _ = projected.breakage(base)
		for age, share := range projected.redemption(draws[n]) {
			curves[age] = append(curves[age], share)
		}
	}
	return draws, curves
}

// mostUnits bounds the work of a drawing: beyond it, customers are dealt out by chance to so many
// clusters, which are drawn instead. The variance over 1,000 clusters is known to 1 ÷ √2,000: two
// parts in a hundred.
const mostUnits = 1_000

// clusters returns the rows by what is drawn: customers, or clusters of them.
func (e evidence) clusters(c chance) (rows []row, units int) {
	if e.customers <= mostUnits {
		return e.rows, e.customers
	}
	dealt := make([]int, e.customers)
	for i := range dealt {
		dealt[i] = i % mostUnits
	}
	for i := len(dealt) - 1; i > 0; i-- {
		j := c.below(i + 1)
		dealt[i], dealt[j] = dealt[j], dealt[i]
	}
	sums := make([]row, mostUnits*len(e.months))
	for _, r := range e.rows {
		sum := &sums[dealt[r.customer]*len(e.months)+r.cohort]
		if sum.used == nil {
			*sum = row{customer: dealt[r.customer], cohort: r.cohort, used: make([]int64, len(r.used)), refunded: make([]int64, len(r.used))}
		}
		sum.add(r)
	}
	for _, sum := range sums {
		if sum.used != nil {
			rows = append(rows, sum)
		}
	}
	return rows, mostUnits
}

// customerVariance is the variance of what is still to be used of the base, if customers differ
// as those of complete cohorts did. For the use F after age k of a customer that bought N, of
// which it had used C:
//
//	v(k) = Σ (F − φ·N)² ÷ Σ N²       φ = Σ F ÷ Σ N
//	v(k) = Σ (F − φ·C)² ÷ Σ N²       φ = Σ F ÷ Σ C       where a cohort goes by its own use
//	Var  = Σ N² · v(k)                over the records of the base
//
// and where a customer has no complete cohort, so that its habit is not in the evidence, its
// records of the base go together: (Σ N · √v(k))². One large customer weighs as one, not as many.
func (e evidence) customerVariance(p projection) float64 {
	after, before := make([]float64, e.expiry+1), make([]float64, e.expiry+1)
	net, squares := 0.0, 0.0
	// each calls f with the use of a complete record after and through each age.
	each := func(f func(age int, n, after, through float64)) {
		for _, r := range e.rows {
			if e.seen[r.cohort] < e.expiry {
				continue
			}
			through, all := 0.0, 0.0
			for _, c := range r.used {
				all += float64(c)
			}
			for age, c := range r.used {
				through += float64(c)
				f(age, float64(r.net()), all-through, through)
			}
		}
	}
	each(func(age int, n, later, through float64) {
		if age == 0 {
			net += n
			squares += float64(n * n)
		}
		after[age] += later
		before[age] += through
	})
	if net <= 0 {
		return 0
	}
	bySold, byUse := make([]float64, e.expiry+1), make([]float64, e.expiry+1)
	each(func(age int, n, later, through float64) {
		away := later - float64(after[age]/net*n)
		bySold[age] += float64(away*away) / squares
		if before[age] > 0 {
			away = later - float64(after[age]/before[age]*through)
		}
		byUse[age] += float64(away*away) / squares
	})
	known := make([]bool, e.customers)
	for _, r := range e.rows {
		known[r.customer] = known[r.customer] || e.seen[r.cohort] == e.expiry
	}
	byCustomer, sum := make([]float64, e.customers), 0.0
	for _, r := range e.rows {
		seen := e.seen[r.cohort]
		if seen == e.expiry {
			continue
		}
		v := bySold[seen]
		if p.by[r.cohort] == ChainLadder {
			v = byUse[seen]
		}
		n := float64(r.net())
		if known[r.customer] {
			sum += float64(n * n * v)
		} else {
			byCustomer[r.customer] += float64(n * math.Sqrt(v))
		}
	}
	for _, d := range byCustomer {
		sum += float64(d * d)
	}
	return sum
}

// cohortVariance is the variance of the use of the base as cohorts varied: Mack's mean square
// error for those that go by their own use; for the others the process variance of each
// increment, and how much complete cohorts differed in what was left by the age. Where a
// calendar month leans on all cohorts at once (together), they err together.
func (e evidence) cohortVariance(p projection, base []int, together bool) float64 {
	between, rates, weights := 0.0, []float64{}, []float64{}
	for i, seen := range e.seen {
		if seen == e.expiry && p.net[i] > 0 {
			rates, weights = append(rates, p.ultimate[i]/p.net[i]), append(weights, p.net[i])
		}
	}
	total, mean := 0.0, 0.0
	for i := range rates {
		total += weights[i]
		mean += float64(weights[i] * rates[i])
	}
	if len(rates) > 1 {
		mean /= total
		for i := range rates {
			between += float64(weights[i] * float64((rates[i]-mean)*(rates[i]-mean)))
		}
		between *= float64(len(rates)) / float64(len(rates)-1) / total
	}
	var each, ownUse []float64
	var ownSeen []int
	for _, i := range base {
		seen := e.seen[i]
		switch p.by[i] {
		case "":
		case ChainLadder:
			ownUse, ownSeen = append(ownUse, p.ultimate[i]), append(ownSeen, seen)
			each = append(each, p.ladder.processVariance(p.ultimate[i], seen)+p.ladder.parameterCovariance(p.ultimate[i], p.ultimate[i], seen))
		default:
			open := p.net[i] * (1 - p.ladder.pattern[seen])
			sum := float64(open * open * between)
			for j := seen; j < len(p.ladder.factor); j++ {
				sum += float64(p.ladder.sigma2[j] * p.ultimate[i] * p.ladder.pattern[j])
			}
			each = append(each, sum)
		}
	}
	if together {
		sum := 0.0
		for _, v := range each {
			sum += math.Sqrt(v)
		}
		return sum * sum
	}
	sum := 0.0
	for _, v := range each {
		sum += v
	}
	for a := range ownUse {
		for b := range a {
			sum += 2 * p.ladder.parameterCovariance(ownUse[a], ownUse[b], max(ownSeen[a], ownSeen[b]))
		}
	}
	return sum
}

// distribution is the breakage that may come about, sorted: the draws of customers, widened,
// with a normal deviate for what open cohorts still do; never below 0 or above most, which is
// what is not used yet.
func (u uncertainty) distribution(point, most float64, c chance) []float64 {
	scale := math.Sqrt(u.process + u.drift)
	out := make([]float64, len(u.draws))
	for i, z := range c.scores(len(u.draws)) {
		away := u.draws[i] - point + float64(scale*z)
		out[i] = max(0, min(most, point+float64(u.widened*away)))
	}
	slices.Sort(out)
	return out
}

// percentile is the p-quantile of the distribution, or of what looking back would have made of
// the point estimate, whichever is farther out: errors that come in seasons have no bell curve.
func percentile(distribution []float64, back []hindsight, point, most, p float64) float64 {
	q := quantile(distribution, p)
	if len(back) < leastLookingBack {
		return q
	}
	came := make([]float64, len(back))
	for i, b := range back {
		came[i] = max(0, min(most, point+b.actual-b.point))
	}
	slices.Sort(came)
	// n values leave room outside them: definition 6 of Hyndman and Fan.
	at := max(0, min(1, (float64(p*float64(len(came)+1))-1)/float64(len(came)-1)))
	if p <= 0.5 {
		return min(q, quantile(came, at))
	}
	return max(q, quantile(came, at))
}
