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
//   - The clock, ids and the store come from outside; the rules are those of revrec and
//     ledger; a refusal is an [*Error] with a code of the one table in errors.go.
package books
