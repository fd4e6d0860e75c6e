// Command drawdown keeps a book of prepaid credits: it serves the API, imports usage,
// runs the jobs, exports the journal, plays scenarios and verifies the book.
//
// What always holds here:
//
//   - This is the only place where the rooms of the house are put together. It decides
//     nothing about credits or money.
//   - What a command found goes to standard output, what concerns its running to standard
//     error; a failure is one sentence there, never a stack trace.
//   - Exit codes are those of the table in exit.go, for every command.
package main
