package bookstest

import (
	"crypto/ed25519"
	"fmt"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
)

// Book is one book on one engine, with a clock of its own and ids in order, so that two books
// that live through the same have the same rows. It can close months.
type Book struct {
	*books.Books
	T     *testing.T
	Now   time.Time
	Store books.Store
	ids   int
}

// OnBoth returns a new book in memory and one on PostgreSQL, whose clocks stand.
func OnBoth(t *testing.T, now time.Time) []*Book {
	t.Helper()
	memory, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	postgres, err := store.Open(t.Context(), pgtest.Database(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := postgres.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var all []*Book
	for _, db := range []*store.Store{memory, postgres} {
		b := &Book{T: t, Now: now, Store: db}
		b.Books, err = books.Open(t.Context(), db, books.Options{
			Now:    func() time.Time { return b.Now },
			NewID:  func() string { b.ids++; return fmt.Sprintf("01900000-0000-7000-8000-%012d", b.ids) },
			Signer: books.KeySigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))),
		})
		b.Must(err)
		t.Cleanup(func() { _ = db.Close() })
		all = append(all, b)
	}
	return all
}

// Must ends the test where there is an error.
func (b *Book) Must(err error) {
	b.T.Helper()
	if err != nil {
		b.T.Fatal(err)
	}
}
