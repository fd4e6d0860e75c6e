// Package revrec holds the rules of revenue from prepaid credits: lots, the order in
// which they burn, draws, recognition, breakage and its pools. One file states each
// rule with its paragraph (US GAAP ASC 606; IFRS 15 beside it):
//
//	credits.go   the unit
//	policy.go    what a company decides once: expiry, burn order, overage, breakage
//	lot.go       the credits of one purchase or grant
//	burn.go      which lot a use draws on, and how it splits
//	usage.go     what was used is earned                      606-10-55-46
//	release.go   what lapses or has become remote is released 606-10-55-48, 49
//	pool.go      expected breakage, in proportion to use      606-10-55-48
//	refund.go    what is unused goes back                     606-10-32-10
//	change.go   what else takes credits out of a lot, and its part of the price
//	booking.go   recognitions, and the entries that sum them
//
// What always holds here:
//
//   - Every amount is cumulative, rounded once, half away from zero, less what is
//     booked already. So a lot's parts add up to its price to the cent, and nothing
//     depends on how often anybody rounds.
//   - A lot never earns more than its price, nor less than nothing.
//   - What is booked for a day depends on what happened, not on when it was booked:
//     each rule gives the figure of every day; callers book the difference to what
//     they have booked for that day.
//
// The package takes values and returns values: no context, no clock, no database.
package revrec
