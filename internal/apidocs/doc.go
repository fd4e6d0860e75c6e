// Package apidocs writes docs/api, the reference of the API, and the examples of the
// explorer, from the schema, from the example operations in docs/api/examples and from
// what they really answer.
//
// What always holds here:
//
//   - Every root field of the schema has an example; one that has none is a failure that
//     says which file to write.
//   - Every answer shown is what a server gave: the examples are sent to the whole handler,
//     on the book of `drawdown demo` with its clock standing, queries first.
//   - The same tree gives the same bytes: nothing of the machine, the time or the order of a
//     map is in them.
//
// It is no part of the program: `go generate ./internal/apidocs` runs it.
package apidocs

//go:generate go run drawdown/internal/apidocs/write
