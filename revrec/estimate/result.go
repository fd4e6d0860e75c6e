package estimate

import (
	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// Version names the method of this package in results and hashes. It changes when the same
// history would give another figure.
const Version = 1

// Result is an estimate with everything it rests on. Shares have six decimals, rounded half
// away from zero; only Rate is rounded down.
type Result struct {
	Version     int
	HistoryHash string
	Through     ledger.Period
	ExpiryAge   int
	Parameters  Parameters // with the defaults that were taken
	// Cohorts is the triangle, oldest first, with what is expected of each.
	Cohorts []Cohort
	// UseStandardError is of the ultimate use of all cohorts that go by their own use together, by
	// Mack's formula with the covariance between cohorts.
	UseStandardError revrec.Credits
	// Factors lead from each age to the next.
	Factors []Factor
	// Curve is the expected use of credits sold, by age.
	Curve []CurvePoint
	// Prior is the a priori breakage that young cohorts went by, with BORNHUETTER_FERGUSON.
	Prior decimal.NullDecimal
	// Point is the expected breakage of the cohorts that have not lapsed yet, as a share of credits sold,
	// refunds left out.
	Point decimal.Decimal
	// StandardError is of Point, with what chance may still do to open cohorts.
	StandardError decimal.Decimal
	// Low and High hold the breakage with the confidence of Parameters.
	Low, High decimal.Decimal
	// Constrained is the percentile of Parameters of the distribution of breakage.
	Constrained decimal.Decimal
	// Rate is the lesser of Constrained and Point, rounded down to four decimals. 0 ≤ Rate < 1.
	Rate decimal.Decimal
	// BackTests are what the method would have said earlier, the latest month first.
	BackTests []BackTest
	// Findings are what the gate saw, also where it let the history pass.
	Findings []Finding
	// Steps tell how the rate came about, in order.
	Steps []Step
}

// Cohort is a row of the triangle: what was sold in a month, and what became of it.
type Cohort struct {
	Cohort    ledger.Period
	Age       int  // the last age that was seen whole, at most the age of expiry
	Complete  bool // it reached the age of expiry
	Customers int
	Sold      revrec.Credits
	Refunded  revrec.Credits   // to date
	Used      []revrec.Credits // cumulative, by age 0 to Age
	// RefundsToCome is what is still expected to be refunded.
	RefundsToCome revrec.Credits
	// Ultimate is the use expected by the age of expiry, at least what was used.
	Ultimate revrec.Credits
	// StandardError is of Ultimate, by Mack's formula; not of KAPLAN_MEIER.
	StandardError revrec.Credits
	// Breakage is the share of Sold, refunds left out, that is never used.
	Breakage decimal.Decimal
	// Method is what Ultimate was projected by: empty for a complete cohort.
	Method Method
}

// Factor is a development factor: Cumulative use at age From+1 over that at From.
type Factor struct {
	From    int
	Factor  decimal.Decimal // volume-weighted
	Sigma2  decimal.Decimal // Mack's variance parameter, in credits
	Cohorts int             // that it is taken from
	Volume  revrec.Credits  // their use through From
}

// CurvePoint is the redemption curve at the end of an age, in shares of credits sold.
type CurvePoint struct {
	Age           int
	Used          decimal.Decimal // cumulative, refunds left out of what was sold
	StandardError decimal.Decimal // of Used, by drawing customers anew
	Refunded      decimal.Decimal // cumulative, of all that was sold
}

// BackTest is what the same method says of the cohorts that had not lapsed at the end of an
// earlier month, from what was known then, and what became of them.
type BackTest struct {
	Through ledger.Period
	Point   decimal.Decimal
	Actual  decimal.Decimal
}

// Severity says what a finding does.
type Severity string

// The severities.
const (
	Blocks Severity = "BLOCKS" // there is no estimate
	Warns  Severity = "WARNS"  // there is, and whoever approves it should know
	Passes Severity = "PASSES" // the threshold was met
)

// Check names what a finding is about.
type Check string

// The checks of the gate.
const (
	CompleteCohorts    Check = "COMPLETE_COHORTS"    // months of purchase that reached the age of expiry
	Customers          Check = "CUSTOMERS"           // customers that bought
	EffectiveCustomers Check = "EFFECTIVE_CUSTOMERS" // customers of one size that would be as uncertain
	SoldCredits        Check = "SOLD"                // whole credits sold, refunds taken off
	LargestShare       Check = "LARGEST_SHARE"       // of the customer that bought most
	NoVolume           Check = "NO_VOLUME"           // ages without use to develop from
	OpenCohorts        Check = "OPEN_COHORTS"        // months of purchase that the rate is for
	CohortTrend        Check = "COHORT_TREND"        // |t| of the change of breakage from cohort to cohort
	CalendarTrend      Check = "CALENDAR_TREND"      // |Z| of Mack's test for calendar effects
	LookingBack        Check = "LOOKING_BACK"        // earlier months that the method was tried on: fewer than 12 show no seasons
)

// Finding is one check with its figure.
type Finding struct {
	Check     Check
	Severity  Severity
	Figure    decimal.Decimal
	Threshold decimal.Decimal
}

// Step is one line of how the rate came about: its name, formula, and figure.
type Step struct {
	Name    string
	Formula string
	Figure  string
}
