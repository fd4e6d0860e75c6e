// Package ledger is pure double entry: amounts, dates, periods, accounts,
// balanced entries and the trial balance drawn from them.
//
// What always holds here:
//
//   - Money is a whole number of minor units with its currency, never a float.
//   - An [Entry] that passed [Entry.Check] sums to zero in its currency and in the
//     functional currency of the book, has at least two lines and names its kind.
//   - A [Line] is signed: a debit is positive, a credit is negative.
//   - A [Date] is a calendar day in the book's time zone, never an instant.
//   - Entries are numbered from 1 without gaps; the number is given when the
//     entry is posted, and a posted entry never changes.
//
// The package takes values and returns values: no context, no clock, no database.
package ledger
