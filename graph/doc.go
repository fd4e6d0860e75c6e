// Package graph serves the book over GraphQL, for dashboards, scripts and finance tools.
// The contract is schema.graphqls at the top of the tree.
//
// What always holds here:
//
//   - Resolvers map and walk; they decide nothing. What may be done, and what is right,
//     is said by books and revrec.
//   - All fields of a query are read from one snapshot of the book.
//   - The number of look-ups of a page does not depend on its rows, in nodes as in edges:
//     loaders.go says how.
//   - What a caller can mend is a userError with a code, a field and what would be right;
//     a fault of ours shows a correlation id and is logged with its cause.
//   - Every limit has its reason beside it: of one request in limits.go, of one caller in
//     rate.go, of all together in shed.go.
package graph

// Nothing is deferred (limits.go refuses it), so no object needs a place for what would be:
// it would cost each a look at its path and two maps.
//
//go:generate go -C .. tool gqlgen generate
//go:generate gofmt -r "graphql.NewDeferredGroup(ctx) -> graphql.DeferredGroup{}" -w internal/gen/exec.go
//go:generate go run ./internal/walk/rewrite internal/gen/exec.go
