// Package evidence writes the evidence pack of a closed period: one archive from which an auditor
// tests the period without the book, with programs of their own.
//
// What always holds here:
//
//   - The pack of a period is the same bytes whenever and on whichever engine it is made, as
//     long as the period is not closed again and the same key signs: everything in it is as of
//     the instant of the closing. What the book knows as of now alone is apart, in files that
//     the manifest marks.
//   - Each file is in SHA256SUMS, which is signed, and each command by which to check the pack
//     is in its README, which is written from what is in it.
//   - Amounts are exact, never through a float; a sample is drawn in whole numbers, by a rule
//     that any language repeats.
//   - It streams: memory does not grow with the period.
//   - No secret is in it.
//
// Figures are made in books and reports, formats in ledger/export: here they become files.
package evidence
