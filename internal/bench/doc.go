// Package bench measures a book against what its database can do: each figure of ours
// beside a limit that is measured in the same run, on the same database, with the same
// rows and the same durability.
//
// What always holds here:
//
//   - Nothing of the user's is touched: on PostgreSQL the bench works in schemas of its
//     own, on SQLite in files of its own, and both are gone when it ends, however it ends.
//   - The product runs as it is served: over TCP, through the handler, with the durability
//     of the product. What prepares a book may take short cuts; what is timed takes none.
//   - Every answer is looked at, the rows in the database are counted against what was
//     sent, and the book is verified after each measure. A figure of wrong work is none.
//   - Ours and the limit take turns, and what is reported is the median of the rounds:
//     machines are shared, and what slows one side slows the other in the next breath.
//   - The input is made from a seed: the same seed gives the same events.
//
// The package knows the book and SQL of its own. How a database is opened, migrated and
// served is handed in: see [Program].
package bench
