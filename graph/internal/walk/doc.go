// Package walk is how the generated code goes through the rows of a page: one field after
// the other, for all of a query read one snapshot that has one connection, and what a page
// needs is fetched ahead in batches. A goroutine for each field would wait for the others.
//
// gqlgen writes code that starts them; rewrite, which go generate runs after it, has that
// code do without, and without a context for fields that cannot fail.
package walk
