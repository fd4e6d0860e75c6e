// Package storetest is the one suite that every store must pass: run it on each engine.
//
// What it holds a store to is what books.Store and books.Tx promise: whole transactions,
// snapshots, keys that cannot be taken twice, entries numbered without gaps, lists that
// can be read page by page in both directions while rows arrive, and each look-up with
// exactly the rows it asks for.
package storetest
