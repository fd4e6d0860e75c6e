// Package scenario plays scenario files: an accounting policy that can be run. Each
// file has purchases, usage and the passing of time on one side and on the other what
// the journal must say. It plays through the same use cases as the server, on a fresh
// book with a clock of its own.
//
// What always holds here:
//
//   - A file is read strictly. An unknown key, a value of the wrong type, a step that
//     goes back in time: each is refused with its file, line and what is right.
//   - Parse reads and Play acts: a file that is not a scenario touches no book.
//   - Every expect also holds the whole book against double entry and against the
//     invariants of its lots, unasked.
//   - A step that must fail has to be refused with its code and change nothing.
package scenario
