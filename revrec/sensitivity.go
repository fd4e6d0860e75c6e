package revrec

import "github.com/shopspring/decimal"

// MostExpected is the highest estimate to which a rate is moved: short of all that was sold,
// of which nothing would be earned with use.
var MostExpected = decimal.New(9999999999, -maxRatePlaces)

// Outlook is what a pool comes to by an estimate, in one currency.
type Outlook struct {
	Early
	// EarnedMinor is revenue to date: of use, and of breakage.
	EarnedMinor, DeferredMinor int64
}

// MovedRate returns the rate moved by so many percentage points, at least 0 and at most
// MostExpected. Moved by nothing it is the rate itself.
func MovedRate(rate, points decimal.Decimal) decimal.Decimal {
	if points.IsZero() {
		return rate
	}
	return decimal.Max(decimal.Zero, decimal.Min(rate.Add(points.Shift(-2)), MostExpected))
}

// OutlookOf returns what a pool of which credits for sold were sold and for used were used
// comes to by a rate: early breakage to date (see [EarlyBreakage]), revenue to date with what
// was used, and what stays deferred.
//
//	G 1,000.00  U 450.00  r 0.10  → early 50.00, revenue 500.00, deferred 500.00
func OutlookOf(sold, used int64, rate, escheat decimal.Decimal) Outlook {
	early := EarlyBreakage(sold, used, rate, escheat)
	return Outlook{
		Early: early, EarnedMinor: used + early.RevenueMinor,
		DeferredMinor: sold - used - early.RevenueMinor - early.UnclaimedMinor,
	}
}
