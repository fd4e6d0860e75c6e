package books_test

import (
	"fmt"
	"testing"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// BenchmarkRecordUsageHeld is one caller who records a thousand events a call, of a thousand
// customers: of whom none holds credits, one has a hundred holds, or each has one.
func BenchmarkRecordUsageHeld(b *testing.B) {
	day := ledger.Span(24 * 60 * 60 * 1e9)
	for _, engine := range engines {
		for _, c := range []struct {
			name             string
			customers, holds int
		}{{"none", 0, 0}, {"one with a hundred", 1, 100}, {"all with one", benchCustomers, 1}} {
			b.Run(engine.name+"/"+c.name, func(b *testing.B) {
				book, _ := newBenchBook(b, engine.url(b), benchCustomers, books.UsageOptions{})
				ten := whole(10)
				for i := range c.customers * c.holds {
					name := fmt.Sprint("customer", i/c.holds)
					if _, err := book.HoldCreate(b.Context(), fmt.Sprint("hold", i), books.NewHold{Customer: name, Credits: &ten, ExpiresAfter: &day}); err != nil {
						b.Fatal(err)
					}
				}
				recordSideBySide(b, book, 1, 1000)
			})
		}
	}
}
