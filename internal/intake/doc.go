// Package intake reads files of usage and hands their events to the book: CSV under a
// mapping of columns, NDJSON with our own keys, CloudEvents 1.0.
//
// What always holds here:
//
//   - A row is an event (or several, one for each meter), or it is refused with its line,
//     the field, the value and what would be right. One bad row never costs a good one.
//   - Reading the same file again gives the same sources and ids, so that importing it
//     again records nothing twice.
//   - Numbers are read as written, never through a float.
//   - Memory is bounded: a row by [MaxRow], a batch by [BatchSize]; a file by nothing.
package intake
