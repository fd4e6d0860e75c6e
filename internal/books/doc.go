// Package books holds the use cases of a book of prepaid credits, one file per verb:
// purchase, grant, usage, refund, recognise, expire, breakage, verify and so on.
//
// What always holds here:
//
//   - A use case is one transaction, or a row of bounded ones that can be stopped and
//     started anywhere. Nothing is half-written.
//   - The same request twice changes nothing the second time and gets the same answer;
//     the same idempotency key with another request is refused.
//   - The journal depends on what happened, not on when the jobs ran, how often, or
//     where one was stopped.
//   - Many may write at once, on one server or several. What a transaction goes by, it
//     holds until it ends, and reads what hangs on it afterwards. All hold in this order,
//     and several of a kind in order of key, so that no two wait for each other: the
//     idempotency key, the lease, prices of packs, purchases, lots, holds, what budgets have
//     spent, pools, cohorts, the batch, the counter of lots, customers, what is closed, the
//     counter of entries, the running balances, the months of cohorts.
//   - The clock, ids and the store come from outside; the rules are those of revrec and
//     ledger; a refusal is an [*Error] with a code of the one table in errors.go.
package books
