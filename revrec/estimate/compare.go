package estimate

import (
	"math"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// Expected is the cumulative use of a cohort of the estimate at the end of an age, as the
// estimate has it: what was used up to the age that was seen; after it
//
//	E(a) = C + (U − C) · (F(a) − F(k)) / (F(x) − F(k))
//
// F the redemption curve, k the age seen, x the age of expiry (and later). It is false for a
// cohort that the estimate does not know, and for ages below 0: for months of purchase after
// the estimate take [Result.ExpectedOf].
func (r Result) Expected(cohort ledger.Period, age int) (revrec.Credits, bool) {
	for _, c := range r.Cohorts {
		if c.Cohort != cohort || age < 0 {
			continue
		}
		if age <= c.Age {
			return c.Used[age], true
		}
		used, last := c.Used[c.Age], len(r.Curve)-1
		if last < c.Age { // no curve: the gate refused
			return 0, false
		}
		from, to, at := r.Curve[c.Age].Used, r.Curve[last].Used, r.Curve[min(age, last)].Used
		if c.Complete || !to.GreaterThan(from) {
			if age >= last {
				return c.Ultimate, true
			}
			return used, true
		}
		return used + portion(c.Ultimate-used, at.Sub(from), to.Sub(from)), true
	}
	return 0, false
}

// ExpectedOf is the cumulative use at the end of an age of credits sold after the estimate, by
// the redemption curve alone: net · F(age). net is what was sold, refunds left out.
func (r Result) ExpectedOf(net revrec.Credits, age int) revrec.Credits {
	if age < 0 || len(r.Curve) == 0 {
		return 0
	}
	return portion(net, r.Curve[min(age, len(r.Curve)-1)].Used, decimal.NewFromInt(1))
}

// portion is credits · part ÷ whole, to the nearest millionth.
func portion(credits revrec.Credits, part, whole decimal.Decimal) revrec.Credits {
	return revrec.Credits(decimal.NewFromInt(int64(credits)).Mul(part).DivRound(whole, 0).IntPart())
}

// Cell is the use of a cohort in one month, not cumulative: what came about, and what an
// estimate that was made before expected.
type Cell struct {
	Cohort   ledger.Period
	Age      int
	Actual   revrec.Credits
	Expected revrec.Credits
}

// Comparison is actual against expected use, over cells.
type Comparison struct {
	Cells            int // with something expected
	Actual, Expected revrec.Credits
	// Ratio is Σ A ÷ Σ E; not valid where nothing was expected.
	Ratio decimal.NullDecimal
	// Bias is the mean of (A − E)/E, weighted by E, so Ratio − 1: above zero, more is used than
	// expected, and breakage was estimated too high.
	Bias decimal.NullDecimal
	// Standardised is the mean of Pearson's residuals ρ = (A − E)/√E over its standard error:
	//
	//	ρ̄ · √n ÷ s(ρ)          Student's t with n − 1 degrees of freedom where there is no bias
	//
	// from three cells on. Beyond 2 in size it is unlikely to be chance.
	Standardised decimal.NullDecimal
}

// Compare sets actual against expected use. Cells of which nothing was expected count in the
// sums alone. Errors: ErrTooManyCredits.
func Compare(cells []Cell) (Comparison, error) {
	var out Comparison
	var residuals []float64
	for _, c := range cells {
		out.Actual += c.Actual
		out.Expected += c.Expected
		if out.Actual < 0 || out.Expected < 0 || c.Actual < 0 || c.Expected < 0 {
			return Comparison{}, ErrTooManyCredits
		}
		if c.Expected > 0 {
			residuals = append(residuals, (float64(c.Actual)-float64(c.Expected))/math.Sqrt(float64(c.Expected)))
		}
	}
	out.Cells = len(residuals)
	if out.Expected > 0 {
		ratio := decimal.NewFromInt(int64(out.Actual)).DivRound(decimal.NewFromInt(int64(out.Expected)), sharePlaces)
		out.Ratio = decimal.NewNullDecimal(ratio)
		out.Bias = decimal.NewNullDecimal(ratio.Sub(decimal.NewFromInt(1)))
	}
	if n := float64(len(residuals)); n >= 3 {
		mean := 0.0
		for _, x := range residuals {
			mean += x
		}
		mean /= n
		if s := math.Sqrt(variance(residuals)); s > 0 {
			out.Standardised = decimal.NewNullDecimal(toDecimal(mean / s * math.Sqrt(n)).Round(3))
		}
	}
	return out, nil
}
