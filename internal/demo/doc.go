// Package demo makes the book of a made-up AI platform: a year of customers, packs,
// usage, grants, a refund, an invoice, overage, late and voided events, booked month by
// month.
//
// What always holds here:
//
//   - Everything goes through the use cases of books, as a user would do it.
//   - The same book every time: the clock, the ids and the chance come from here, and no
//     two builds differ in a byte of their journal.
//   - A few customers have a story with figures that one can check by hand; the table in
//     story.go tells them.
package demo
