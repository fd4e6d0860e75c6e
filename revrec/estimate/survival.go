package estimate

import "math"

// survival is the product-limit estimate of what is left, with two ways to leave. Kaplan and
// Meier (1958); cumulative incidence by Aalen and Johansen (1978); variance by Greenwood (1926).
type survival struct {
	left     []float64 // S: the share that neither was used nor refunded, through each time
	variance []float64 // of left, if what leaves were independent
	used     []float64 // cumulative incidence of use
	refunded []float64 // cumulative incidence of refund
	use      []float64 // hazard of use
	refund   []float64 // hazard of refund
}

// productLimit takes for each time how much was at risk, and how much of it was used and
// refunded then:
//
//	S(t) = Π (1 − (d+q)/n)        I(t) = Σ S(t−) · d/n
//	Var S(t) = S²(t) · Σ (d+q) / (n · (n − d − q))
func productLimit(atRisk, used, refunded []float64) survival {
	n := len(atRisk)
	s := survival{
		left: make([]float64, n), variance: make([]float64, n), used: make([]float64, n), refunded: make([]float64, n),
		use: make([]float64, n), refund: make([]float64, n),
	}
	left, sum, use, refund := 1.0, 0.0, 0.0, 0.0
	for t := range atRisk {
		if atRisk[t] > 0 {
			s.use[t], s.refund[t] = used[t]/atRisk[t], refunded[t]/atRisk[t]
			use += float64(left * s.use[t])
			refund += float64(left * s.refund[t])
			leaves := used[t] + refunded[t]
			if stays := atRisk[t] - leaves; stays > 0 {
				sum += leaves / atRisk[t] / stays
				left *= stays / atRisk[t]
			} else {
				left = 0
			}
		}
		s.left[t], s.used[t], s.refunded[t] = left, use, refund
		s.variance[t] = left * left * sum
	}
	return s
}

// kaplanMeier goes by all cohorts: at risk in an age is what is left of those that were seen
// in it.
func (t *table) kaplanMeier() survival {
	atRisk, used, refunded := make([]float64, t.expiry+1), make([]float64, t.expiry+1), make([]float64, t.expiry+1)
	for i, seen := range t.seen {
		left := t.sold[i]
		for age := range seen + 1 {
			atRisk[age] += max(0, left)
			used[age] += t.use[i][age]
			refunded[age] += t.gone[i][age]
			left -= t.use[i][age] + t.gone[i][age]
		}
	}
	return productLimit(atRisk, used, refunded)
}

// after is what becomes of one credit that is left after an age: used, or refunded.
func (s survival) after(age int) (used, refunded float64) {
	left := 1.0
	for j := age + 1; j < len(s.use); j++ {
		used += float64(left * s.use[j])
		refunded += float64(left * s.refund[j])
		left = max(0, left-float64(left*(s.use[j]+s.refund[j])))
	}
	return used, refunded
}

// standardError is Greenwood's.
func (s survival) standardError(t int) float64 { return math.Sqrt(s.variance[t]) }
