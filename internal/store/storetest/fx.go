package storetest

import (
	"context"
	"testing"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// fxRates keeps exchange rates, a few and many at once, and reads them by day and page by page.
func fxRates(t *testing.T, s *suite) {
	rate := func(currency ledger.Currency, on ledger.Date, is string) books.FXRate {
		return books.FXRate{Currency: currency, Day: on, Rate: dec(is), Source: `"ECB", 14:15`, CreatedAt: noon, CreatedBy: "token:treasury"}
	}
	first, yen, second, last := rate("EUR", day, "1.0842"), rate("JPY", day, "0.0000000001"), rate("EUR", day+3, "1000000000"), rate("EUR", day+4, "1.1")
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertFXRates(ctx, []books.FXRate{first, second, last, yen}))
	})
	for _, many := range []int{1, 900} { // many go another way to the table
		again := make([]books.FXRate, many)
		for i := range again {
			again[i] = rate("GBP", day+ledger.Date(i), "1.25")
		}
		again[many-1] = rate("EUR", day, "1.09")
		refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.InsertFXRates(ctx, again) }), books.AlreadyExists)
	}
	s.view(func(ctx context.Context, tx books.Tx) {
		byKey := inOrder(books.FXRate.Key)
		same(t, []books.FXRate{first, last})(byKey(tx.FXRatesOn(ctx, "EUR", []ledger.Date{day + 4, day + 1, day})))
		same(t, []books.FXRate{})(tx.FXRatesOn(ctx, "EUR", nil))
		list := func(want []books.FXRate, filter books.FXFilter, page books.Page) {
			t.Helper()
			same(t, want)(tx.FXRates(ctx, filter, page))
		}
		list([]books.FXRate{first, yen, second, last}, books.FXFilter{}, books.Page{})
		list([]books.FXRate{yen, second}, books.FXFilter{}, books.Page{After: first.Key(), Limit: 2})
		list([]books.FXRate{yen, first}, books.FXFilter{}, books.Page{After: second.Key(), Reverse: true})
		list([]books.FXRate{second}, books.FXFilter{Currency: "EUR", From: day + 1, To: day + 3}, books.Page{Limit: 1, Reverse: true})
		list([]books.FXRate{}, books.FXFilter{Currency: "EUR", From: day + 5}, books.Page{})
		same(t, int64(4))(tx.CountFXRates(ctx, books.FXFilter{}))
		same(t, int64(2))(tx.CountFXRates(ctx, books.FXFilter{Currency: "EUR", To: day + 3}))
		_, err := tx.FXRates(ctx, books.FXFilter{}, books.Page{After: "2024-01-05"})
		refused(t, err, books.Invalid)
	})
	many := make([]books.FXRate, 1000)
	for i := range many {
		many[i] = rate("GBP", day-ledger.Date(i), "1.25")
	}
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertFXRates(ctx, many))
		same(t, int64(1000))(tx.CountFXRates(ctx, books.FXFilter{Currency: "GBP"}))
		same(t, []books.FXRate{many[999]})(tx.FXRatesOn(ctx, "GBP", []ledger.Date{day - 999}))
	})
}
