package estimate

import "github.com/shopspring/decimal"

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
	// Sold is how many whole credits must have been sold, refunds taken off: 1,000.
	Sold int64
	// LargestShare is the most that one customer may have bought of all: 0.50.
	LargestShare decimal.Decimal
}
