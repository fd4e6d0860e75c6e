// Package estimate says from history which share of the credits sold will never be used.
// It is the evidence of a proposed breakage rate (ASC 606-10-55-48, IFRS 15 B46), and the
// one package of rules that computes in floating point: what leaves it is decimal.
//
// What always holds here:
//
//   - The same history and parameters give the same bytes, on every machine and in
//     whatever order the records come.
//   - Too little history, and there is no estimate: an error that names each threshold
//     and the figure that missed it.
//   - The rate is never rounded up, and never above the point estimate: the constraint of
//     606-10-32-11, which 55-48 takes over.
//
// The package takes values and returns values: no context, no clock, no database. Chance
// has a seed that the caller gives.
package estimate
