// Package tidy holds tests about the tree itself: what a reviewer would otherwise
// have to remember. It has no code of its own.
//
// What always holds here:
//
//   - Imports follow the arrows ledger → revrec → internal/books → graph, jobs and
//     internal/scenario → cmd; a library is used in the room it was taken for.
//   - The rules in ledger and revrec have no clock, no context, no database, no
//     machine and no floating point.
//   - Every package says what it is for, every part of the API schema is described,
//     every link between documents leads somewhere.
//   - A failure says what to do, not only what is wrong.
package tidy
