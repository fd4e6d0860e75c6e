// Package auth tells who sends a request: it reads the bearer token of its header and
// returns the [books.Caller] that stands behind it, or why it is nobody.
//
// What always holds:
//   - A secret is held in memory for the length of a request and nowhere else: the book and
//     the cache know its SHA-256 alone, and no error or log repeats a part of it.
//   - What was verified is remembered for a few seconds (CacheTime) and no longer, so a
//     token that is revoked on one server opens nothing on any other after that.
//   - That the issuer of identities or the database is away is UNAVAILABLE, never
//     UNAUTHENTICATED: a client must not throw away a good token for it.
//
// Which role an act needs the package does not know: graph reads that from the schema.
package auth
