// Package export turns journal entries into the bytes of one file format each: CSV and workbooks
// for spreadsheets, JSON Lines and Parquet for warehouses, journals for plain-text accounting.
//
// What always holds here:
//
//   - Bytes depend on the entries and the header alone. The same entries give the same
//     file, always.
//   - Amounts are written from whole minor units, with all decimals of their currency and
//     a point, never in scientific notation and never through a float.
//   - Nothing is cut and nothing is left out. What a format cannot carry in a text is
//     replaced by a space or dropped (control characters, separators); JSON Lines and Parquet
//     carry every text as it is.
//   - An [Encoder] holds one entry at a time, that of Parquet one group of rows: memory does not
//     grow with the file.
//
// The package takes values and writes bytes: no clock, no database.
package export
