package estimate

import (
	"drawdown/ledger"
	"drawdown/revrec"
)

// Record is what one customer bought in one calendar month under one policy, and what
// became of it by age: calendar months after the month of purchase, which is age 0. A
// customer may have several records of a month: they add up.
type Record struct {
	// Customer identifies who bought: credits of one customer are not independent.
	Customer string
	// Cohort is the month of purchase.
	Cohort ledger.Period
	// Sold is what was bought, refunds not taken off; free credits are none.
	Sold revrec.Credits
	// Used is by age, not cumulative: Used[2] was used in the second month after that of
	// the purchase. It may end early (the rest is zero). A month below zero takes back use
	// of the months before it. Use after the age of expiry counts as of that age.
	Used []revrec.Credits
	// Refunded is what went back unused, by age like Used, never below zero.
	Refunded []revrec.Credits
}

// History is the evidence: everything sold under a policy in a currency, through the end
// of a month.
type History struct {
	// Through is the last month whose use is complete.
	Through ledger.Period
	// ExpiryAge is the age in months at which credits lapse: 12 for credits of a year, that
	// may still be used in the month a year after the month of purchase.
	ExpiryAge int
	// Records are in any order.
	Records []Record
}

// Limits of a history.
const (
	// MaxExpiryAge is ten years: credits that live longer have no history to go by.
	MaxExpiryAge = 120
	// MaxRecords bounds the work: a hundred thousand customers for ten years of months.
	MaxRecords = 12_000_000
)
