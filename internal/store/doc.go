// Package store keeps a book in a database: it is the books.Store.
//
// What always holds here:
//
//   - A transaction happens whole or not at all, also where it panics, is cancelled, or
//     the power fails after its commit was acknowledged. What the database refuses for
//     being busy is tried again from the beginning, a bounded number of times.
//   - usage_events, draws, recognitions, entries, lines, audit_events, lot_changes,
//     pack_versions, pack_version_tiers, rate_cards, rates and fx_rates only grow: the database
//     itself refuses to change or delete their rows.
//   - Entries are numbered from 1 without gaps, in the order in which they commit.
//   - account_periods is the sum of lines, at every commit. The other kept balances are
//     the caller's, and [tx.Findings] derives every one of them again.
//   - Every unique key and every join of a customer's rows holds customer_id, so the
//     tables can be spread by customer as they stand.
//   - Rows are the store's own types. Instants are microseconds since 1970 UTC, days are
//     YYYY-MM-DD, money is minor units, credits are millionths, rates are decimal text;
//     zero times, days and ids are NULL. No float comes near a row.
//
// Queries are the same for every database; what differs is an [engine]: how it opens,
// which migrations it runs, how it locks rows and how it says busy or taken.
package store
