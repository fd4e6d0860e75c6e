package estimate

import "math"

// ladder is the volume-weighted chain ladder of a triangle. Mack (1993).
type ladder struct {
	factor  []float64 // from an age to the next; 1 where there is nothing to develop from
	sigma2  []float64
	volume  []float64 // S: use through an age of the cohorts that were seen in the next one
	cohorts []int     // how many those are
	pattern []float64 // by age: the share of ultimate use that was used; 0 where it cannot be said
}

// chainLadder takes the factors of cumulative triangles: used[i][j] of cohort i through age j,
// with ages columns.
//
//	f(j) = Σ C(i,j+1) ÷ Σ C(i,j)          over the cohorts seen at age j+1
//	p(j) = 1 ÷ (f(j) · … · f(last))
func chainLadder(used [][]float64, ages int) ladder {
	l := ladder{
		factor: make([]float64, ages-1), sigma2: make([]float64, ages-1), volume: make([]float64, ages-1),
		cohorts: make([]int, ages-1), pattern: make([]float64, ages),
	}
	for j := range l.factor {
		next := 0.0
		for _, c := range used {
			if len(c) > j+1 {
				l.cohorts[j]++
				l.volume[j] += c[j]
				next += c[j+1]
			}
		}
		l.factor[j] = 1
		if l.volume[j] > 0 {
			l.factor[j] = next / l.volume[j]
		}
	}
	l.pattern[ages-1] = 1
	for j := ages - 2; j >= 0 && l.volume[j] > 0; j-- {
		l.pattern[j] = l.pattern[j+1] / l.factor[j]
	}
	return l
}

// estimateVariance takes Mack's variance parameters:
//
//	σ²(j) = Σ C(i,j) · (C(i,j+1)/C(i,j) − f(j))² ÷ (cohorts − 1)
//
// and where one cohort alone reached the next age, min(σ⁴(j−1)/σ²(j−2), σ²(j−2), σ²(j−1)).
func (l *ladder) estimateVariance(used [][]float64) {
	for j := range l.factor {
		if l.cohorts[j] < 2 {
			if j >= 2 && l.sigma2[j-2] > 0 {
				one, two := l.sigma2[j-1], l.sigma2[j-2]
				l.sigma2[j] = min(one/two*one, one, two)
			}
			continue
		}
		sum := 0.0
		for _, c := range used {
			if len(c) > j+1 && c[j] > 0 {
				away := c[j+1]/c[j] - l.factor[j]
				sum += float64(c[j] * float64(away*away))
			}
		}
		l.sigma2[j] = sum / float64(l.cohorts[j]-1)
	}
}

// ultimate is the use by the age of expiry of a cohort of which latest was used through age.
func (l *ladder) ultimate(latest float64, age int) float64 {
	for _, f := range l.factor[age:] {
		latest *= f
	}
	return latest
}

// processVariance is Mack's, of the ultimate U of a cohort seen through age:
//
//	U² · Σ σ²(j)/f²(j) ÷ Ĉ(j)          Ĉ(j) = U·p(j)
func (l *ladder) processVariance(ultimate float64, age int) float64 {
	sum := 0.0
	for j := age; j < len(l.factor); j++ {
		if expected := ultimate * l.pattern[j]; expected > 0 {
			sum += l.sigma2[j] / (l.factor[j] * l.factor[j]) / expected
		}
	}
	return float64(ultimate * ultimate * sum)
}

// parameterCovariance is Mack's, of two cohorts of which the older was seen through age:
//
//	U·V · Σ σ²(j)/f²(j) ÷ S(j)
func (l *ladder) parameterCovariance(ultimate, other float64, age int) float64 {
	sum := 0.0
	for j := age; j < len(l.factor); j++ {
		if l.volume[j] > 0 {
			sum += l.sigma2[j] / (l.factor[j] * l.factor[j]) / l.volume[j]
		}
	}
	return float64(ultimate * other * sum)
}

// standardErrors are Mack's, of each cohort's ultimate and of their sum. seen is by cohort.
func (l *ladder) standardErrors(ultimates []float64, seen []int) (each []float64, all float64) {
	total := 0.0
	for i, u := range ultimates {
		mse := l.processVariance(u, seen[i]) + l.parameterCovariance(u, u, seen[i])
		each = append(each, math.Sqrt(mse))
		total += mse
		for k := range i {
			total += 2 * l.parameterCovariance(u, ultimates[k], max(seen[i], seen[k]))
		}
	}
	return each, math.Sqrt(total)
}
