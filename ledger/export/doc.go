// Package export turns journal entries into the bytes of files: CSV and workbooks for
// spreadsheets, JSON Lines and Parquet for warehouses, journals for plain-text accounting, and
// what general ledgers of others import, each under a [Profile].
//
// What always holds here:
//
//   - Bytes depend on the entries, the header and the profile alone. The same entries give
//     the same files, always.
//   - Amounts are written from whole minor units, with a point or what the profile says,
//     never in scientific notation, never through a float, never rounded: what does not fit
//     a target is a [RefusalError].
//   - What names something in a target (a number, an account, a dimension) is written as it is
//     or refused. A text for people is replaced by what the format can carry; under a profile
//     that is counted: [Sanitised]. JSON Lines and Parquet carry every text as it is.
//   - Every entry is in exactly one file, whole. What a target is not told are lines that move
//     nothing in its currency, and they are counted: [Written].
//   - A [Writer] holds one entry at a time, that of Parquet one group of rows: memory does not
//     grow with the file. A summary holds its sums, which are as many as its lines.
//
// The package takes values and writes bytes: no clock, no database.
package export
