package estimate

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"
)

// Arithmetic that gives the same bits on every machine: + − × ÷ and the square root are exact
// to the last bit everywhere, but a compiler may fuse x*y+z, so a product that is added is
// written float64(x*y)+z; and the logarithms and quantiles of a library may differ by machine,
// so the few that are needed stand here.

// rounding is where a figure that leaves in decimals is first taken, so that 0.3 computed as
// 0.29999999999999993 is not rounded down to 0.2999.
const rounding = 12

// ratePlaces and sharePlaces are the decimals of a rate and of other shares.
const (
	ratePlaces  = 4
	sharePlaces = 6
)

// toDecimal takes a finite float at twelve decimals.
func toDecimal(x float64) decimal.Decimal {
	d, err := decimal.NewFromString(strconv.FormatFloat(x, 'f', rounding, 64))
	if err != nil {
		return decimal.Zero // not finite: nothing here produces it
	}
	return d
}

func toShare(x float64) decimal.Decimal { return toDecimal(x).Round(sharePlaces) }

// toFloat is the nearest float of a decimal.
func toFloat(d decimal.Decimal) float64 {
	f, err := strconv.ParseFloat(d.String(), 64)
	if err != nil {
		return 0 // beyond the range of floats, which parameters are checked against
	}
	return f
}

// logarithm is the natural logarithm of x > 0, by 2 artanh((m−1)/(m+1)) with m between √½
// and √2: thirty terms of its series leave nothing that a float could hold.
func logarithm(x float64) float64 {
	mantissa, exponent := math.Frexp(x)
	if mantissa < math.Sqrt2/2 {
		mantissa *= 2
		exponent--
	}
	s := (mantissa - 1) / (mantissa + 1)
	square, power, sum := s*s, s, s
	for n := 3; n < 60; n += 2 {
		power *= square
		sum += power / float64(n)
	}
	return float64(2*sum) + float64(float64(exponent)*math.Ln2)
}

// normalQuantile is the quantile of the standard normal distribution at 0 < p < 1, to sixteen
// digits. Wichura (1988), algorithm AS 241, PPND16.
func normalQuantile(p float64) float64 {
	q := p - 0.5
	if math.Abs(q) <= 0.425 {
		r := 0.180625 - float64(q*q)
		return q * polynomial(r, 3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727) /
			polynomial(r, 1, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610)
	}
	r := min(p, 1-p)
	r = math.Sqrt(-logarithm(r))
	var z float64
	if r <= 5 {
		r -= 1.6
		z = polynomial(r, 1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504, 1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4) /
			polynomial(r, 1, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550, 0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9)
	} else {
		r -= 5
		z = polynomial(r, 6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230, 0.0265321895265761230930, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7) /
			polynomial(r, 1, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525, 7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15)
	}
	if q < 0 {
		return -z
	}
	return z
}

// polynomial is Σ coefficients[n]·xⁿ, by Horner's rule.
func polynomial(x float64, coefficients ...float64) float64 {
	sum := 0.0
	for _, c := range slices.Backward(coefficients) {
		sum = float64(sum*x) + c
	}
	return sum
}

// studentRatio says how much wider Student's distribution is than the normal one, at the
// ninth decile. Cornish and Fisher's expansion; Abramowitz and Stegun 26.7.5.
func studentRatio(degrees float64) float64 {
	const z = 1.2815515655446004
	z2 := z * z
	return 1 + (z2+1)/(4*degrees) + (float64(5*z2*z2)+float64(16*z2)+3)/(96*degrees*degrees)
}

// quantile is the p-quantile of sorted draws, with a straight line between neighbours
// (Hyndman and Fan 1996, definition 7).
func quantile(sorted []float64, p float64) float64 {
	at := float64(p * float64(len(sorted)-1))
	below := int(at)
	if below+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[below] + float64((at-float64(below))*(sorted[below+1]-sorted[below]))
}

// chance draws whole numbers from a seed: the stream of PCG-DXSM, which is fixed for ever.
type chance struct{ source *rand.PCG }

func newChance(seed uint64) chance {
	return chance{rand.NewPCG(seed, 0x64726177646f776e)} // "drawdown"
}

// below draws from 0 to n−1, each as likely as the others. Lemire (2019).
func (c chance) below(n int) int {
	bound := uint64(n)
	high, low := bits.Mul64(c.source.Uint64(), bound)
	if low < bound {
		for threshold := -bound % bound; low < threshold; {
			high, low = bits.Mul64(c.source.Uint64(), bound)
		}
	}
	return int(high)
}

// scores returns n quantiles of the normal distribution in an order left to chance: a sample
// whose mean is 0 and whose variance is 1 but for what the tails lack.
func (c chance) scores(n int) []float64 {
	scores := make([]float64, n)
	for i := range scores {
		scores[i] = normalQuantile((float64(i) + 0.5) / float64(n))
	}
	for i := n - 1; i > 0; i-- {
		j := c.below(i + 1)
		scores[i], scores[j] = scores[j], scores[i]
	}
	return scores
}

// variance is the mean square distance from the mean, with n−1.
func variance(xs []float64) float64 {
	if len(xs) < 2 {
		return 0
	}
	mean := 0.0
	for _, x := range xs {
		mean += x
	}
	mean /= float64(len(xs))
	sum := 0.0
	for _, x := range xs {
		sum += float64((x - mean) * (x - mean))
	}
	return sum / float64(len(xs)-1)
}
