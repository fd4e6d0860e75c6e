// Package reports writes every report of a book as a file: what was asked, the rows, how many
// they are and what they add up to.
//
// What always holds here:
//
//   - The same question gives the same bytes. What is asked as of now is asked as of an
//     instant, which the file says: asked again with it, it is the same file.
//   - Nothing of the moment of asking, the machine or the engine is in a file.
//   - Amounts are exact decimals, never through a float, each with its currency in a column
//     of its row.
//   - The count and the totals are taken from the rows as they are written.
//
// A report is a [Report] in [All]: its name, its parameters, its columns, and a function that
// reads a snapshot of the book and yields rows. The figures themselves are made in package
// books: here they only become rows.
package reports
