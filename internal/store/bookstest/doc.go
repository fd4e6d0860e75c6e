// Package bookstest gives tests a book on each engine, which live through the same and must
// come out the same.
package bookstest
