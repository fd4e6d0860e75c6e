package estimate

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"
)

// Method says how use still to come is projected.
type Method string

// The methods.
const (
	// ChainLadder takes each cohort's own use to date times what complete cohorts used
	// from that age on. Mack (1993).
	ChainLadder Method = "CHAIN_LADDER"
	// BornhuetterFerguson is the chain ladder from MatureAge on; younger cohorts take
	// what is to come from an a priori rate. Bornhuetter and Ferguson (1972).
	BornhuetterFerguson Method = "BORNHUETTER_FERGUSON"
	// KaplanMeier goes by credits that are left: the chance that a credit which reached an
	// age is used in it. Kaplan and Meier (1958); refunds compete, Aalen and Johansen (1978).
	KaplanMeier Method = "KAPLAN_MEIER"
)

// Parameters is what somebody decides, and an estimate is repeated with. The zero value of
// a field stands for its default.
type Parameters struct {
	Method Method // BORNHUETTER_FERGUSON by default
	// Percentile is the constraint: the rate is not above this percentile of the
	// distribution of breakage. 0 < Percentile ≤ 0.5; 0.25 by default.
	Percentile decimal.Decimal
	// Confidence is of the range from Low to High: 0 < Confidence < 1; 0.80 by default.
	Confidence decimal.Decimal
	// Replications is how many times customers are drawn anew: 200 to 20,000; 1,000 by default.
	Replications int
	// Seed fixes chance. Zero is a seed like any other.
	Seed uint64
	// MatureAge is the age from which on a cohort goes by its own use, with
	// BORNHUETTER_FERGUSON: 1 to the age of expiry. By default the first age by which half
	// of what will be used was used.
	MatureAge int
	// Prior is the a priori breakage, 0 ≤ Prior < 1, of young cohorts. Where it is not
	// valid it is taken from all cohorts by their use to date (the Cape Cod method).
	Prior decimal.NullDecimal
	// Gate is how much history there must be.
	Gate Gate
}

// Gate is how much history an estimate needs at least. Less, and there is none: breakage is
// booked at expiry (55-48, second sentence). The zero value of a field stands for its default.
type Gate struct {
	// CompleteCohorts is how many months of purchase must have reached the age of expiry: 3.
	CompleteCohorts int
	// Customers is how many customers must have bought: 30.
	Customers int
	// EffectiveCustomers is (Σ n)² ÷ Σ n² over what each bought, at least: 8. As many customers
	// of one size would be as uncertain.
	EffectiveCustomers int
	// Sold is how many whole credits must have been sold, refunds taken off: 1,000.
	Sold int64
	// LargestShare is the most that one customer may have bought of all: 0.50.
	LargestShare decimal.Decimal
}

// Limits and defaults of parameters.
const (
	MinReplications     = 200
	MaxReplications     = 20_000
	defaultReplications = 1_000
)

// complete puts in the defaults. Errors: InvalidError.
func (p Parameters) complete(expiry int) (Parameters, error) {
	p.Method = cmp.Or(p.Method, BornhuetterFerguson)
	p.Replications = cmp.Or(p.Replications, defaultReplications)
	p.Gate.CompleteCohorts = cmp.Or(p.Gate.CompleteCohorts, 3)
	p.Gate.Customers = cmp.Or(p.Gate.Customers, 30)
	p.Gate.EffectiveCustomers = cmp.Or(p.Gate.EffectiveCustomers, 8)
	p.Gate.Sold = cmp.Or(p.Gate.Sold, 1_000)
	for _, d := range []struct {
		value *decimal.Decimal
		put   decimal.Decimal
	}{{&p.Percentile, decimal.New(25, -2)}, {&p.Confidence, decimal.New(80, -2)}, {&p.Gate.LargestShare, decimal.New(50, -2)}} {
		if d.value.IsZero() {
			*d.value = d.put
		}
	}
	one := decimal.NewFromInt(1)
	share := func(d, most decimal.Decimal) bool {
		return d.IsPositive() && d.LessThanOrEqual(most) && d.Exponent() >= -6
	}
	switch {
	case !slices.Contains([]Method{ChainLadder, BornhuetterFerguson, KaplanMeier}, p.Method):
		return p, &InvalidError{"method", fmt.Sprintf("must be CHAIN_LADDER, BORNHUETTER_FERGUSON or KAPLAN_MEIER, not %q", p.Method)}
	case !share(p.Percentile, decimal.New(5, -1)):
		return p, &InvalidError{"percentile", "must be above 0, at most 0.5, with at most six decimals"}
	case !share(p.Confidence, decimal.New(999_999, -6)):
		return p, &InvalidError{"confidence", "must be above 0 and below 1, with at most six decimals"}
	case p.Replications < MinReplications || p.Replications > MaxReplications:
		return p, &InvalidError{"replications", fmt.Sprintf("must be %d to %d", MinReplications, MaxReplications)}
	case p.MatureAge < 0 || p.MatureAge > expiry:
		return p, &InvalidError{"matureAge", "must be 1 to the age of expiry"}
	case p.MatureAge != 0 && p.Method != BornhuetterFerguson:
		return p, &InvalidError{"matureAge", "goes with BORNHUETTER_FERGUSON alone"}
	case p.Prior.Valid && p.Method != BornhuetterFerguson:
		return p, &InvalidError{"prior", "goes with BORNHUETTER_FERGUSON alone"}
	case p.Prior.Valid && (p.Prior.Decimal.IsNegative() || p.Prior.Decimal.GreaterThanOrEqual(one) || p.Prior.Decimal.Exponent() < -6):
		return p, &InvalidError{"prior", "must be at least 0 and below 1, with at most six decimals"}
	case p.Gate.CompleteCohorts < 1:
		return p, &InvalidError{"gate.completeCohorts", "must be at least 1"}
	case p.Gate.Customers < 2:
		return p, &InvalidError{"gate.customers", "must be at least 2"}
	case p.Gate.EffectiveCustomers < 2:
		return p, &InvalidError{"gate.effectiveCustomers", "must be at least 2"}
	case p.Gate.Sold < 1:
		return p, &InvalidError{"gate.sold", "must be at least 1"}
	case !share(p.Gate.LargestShare, one):
		return p, &InvalidError{"gate.largestShare", "must be above 0, at most 1, with at most six decimals"}
	}
	return p, nil
}
