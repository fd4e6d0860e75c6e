package books_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
)

// fxBook is a book in dollars and in the time of Tokyo, on Friday 5 January 2024, 21:00 there.
func fxBook(t *testing.T, now *time.Time) *books.Books {
	t.Helper()
	s, err := store.OpenMemory(t.Context())
	fine(t, err)
	t.Cleanup(func() { fine(t, s.Close()) })
	*now = time.Date(2024, 1, 5, 12, 0, 0, 0, time.UTC)
	b, err := books.Open(t.Context(), s, books.Options{Now: func() time.Time { return *now }, Functional: "USD", Zone: "Asia/Tokyo"})
	fine(t, err)
	_, err = b.PolicyCreate(t.Context(), "policy", books.NewPolicy{Code: "default"})
	fine(t, err)
	_, err = b.CustomerCreate(t.Context(), "customer", books.NewCustomer{ExternalID: "acme"})
	fine(t, err)
	return b
}

func fxRate(currency ledger.Currency, day, rate string) books.NewFXRate {
	on, err := ledger.ParseDate(day)
	if err != nil {
		panic(err)
	}
	return books.NewFXRate{Currency: currency, Day: on, Rate: decimal.RequireFromString(rate), Source: "bank"}
}

// TestFXRatesRefused sets rates that are none: each refusal has its code and field, and not
// one of the request's rates is kept.
func TestFXRatesRefused(t *testing.T) {
	var now time.Time
	b := fxBook(t, &now)
	eur := fxRate("EUR", "2024-01-04", "1.1")
	_, err := b.FXRateSet(t.Context(), "first", books.SetFXRates{Rates: []books.NewFXRate{eur}})
	fine(t, err)
	unsaid, broken := eur, eur
	unsaid.Source, broken.Source = "", "a\nb"
	for i, test := range []struct {
		rate  books.NewFXRate
		code  books.Code
		field string
	}{
		{fxRate("USD", "2024-01-04", "1"), books.Invalid, "rates.1.currency"},
		{fxRate("", "2024-01-04", "1"), books.Invalid, "rates.1.currency"},
		{fxRate("XXL", "2024-01-04", "1"), books.Invalid, "rates.1.currency"},
		{fxRate("EUR", "2024-01-07", "1.1"), books.Invalid, "rates.1.day"},
		{fxRate("EUR", "1969-12-31", "1.1"), books.Invalid, "rates.1.day"},
		{fxRate("EUR", "2024-01-03", "0"), books.Invalid, "rates.1.rate"},
		{fxRate("EUR", "2024-01-03", "-1"), books.Invalid, "rates.1.rate"},
		{fxRate("EUR", "2024-01-03", "1.00000000001"), books.Invalid, "rates.1.rate"},
		{fxRate("EUR", "2024-01-03", "1000000001"), books.Invalid, "rates.1.rate"},
		{unsaid, books.Invalid, "rates.1.source"},
		{broken, books.Invalid, "rates.1.source"},
		{fxRate("EUR", "2024-01-04", "1.2"), books.AlreadyExists, "rates.1.rate"},
		{fxRate("EUR", "2024-01-02", "1.2"), books.Invalid, "rates.1"}, // a second time
	} {
		_, err := b.FXRateSet(t.Context(), fmt.Sprint("refused ", i), books.SetFXRates{Rates: []books.NewFXRate{fxRate("EUR", "2024-01-02", "1.2"), test.rate}})
		if books.CodeOf(err) != test.code || fieldOf(err) != test.field {
			t.Errorf("%+v: %v", test.rate, err)
		}
	}
	for _, count := range []int{0, 1001} {
		rates := make([]books.NewFXRate, count)
		for i := range rates {
			rates[i] = eur
			rates[i].Day -= ledger.Date(i)
		}
		if _, err := b.FXRateSet(t.Context(), fmt.Sprint("so many ", count), books.SetFXRates{Rates: rates}); books.CodeOf(err) != books.Invalid {
			t.Errorf("%d rates: %v", count, err)
		}
	}
	fine(t, b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		kept, err := tx.FXRates(ctx, books.FXFilter{}, books.Page{})
		if len(kept) != 1 || kept[0].Key() != "2024-01-04/EUR" {
			t.Errorf("kept: %+v", kept)
		}
		return err
	}))
}

// TestFXRatesStay sets rates again: what is kept is answered as it was, and tomorrow's may be
// set already.
func TestFXRatesStay(t *testing.T) {
	var now time.Time
	b := fxBook(t, &now)
	set := func(key string, rates ...books.NewFXRate) []books.FXRate {
		t.Helper()
		kept, err := b.FXRateSet(t.Context(), key, books.SetFXRates{Rates: rates})
		fine(t, err)
		return kept
	}
	yen, tomorrow := fxRate("JPY", "2024-01-05", "0.0067"), fxRate("EUR", "2024-01-06", "1.10")
	first := set("first", yen, tomorrow)
	now = now.Add(time.Hour)
	tomorrow.Rate, tomorrow.Source = decimal.RequireFromString("1.1"), "another bank"
	again := set("again", tomorrow, fxRate("EUR", "2024-01-05", "1.09"))
	if diff := cmp.Diff(first[1], again[0]); diff != "" || again[1].CreatedAt.Equal(first[1].CreatedAt) {
		t.Errorf("again: %s, %+v", diff, again)
	}
	if diff := cmp.Diff(first, set("first", yen, fxRate("EUR", "2024-01-06", "1.10"))); diff != "" {
		t.Errorf("the same request: %s", diff)
	}
}

// TestFXRateOfTheDay buys without a rate. The 5th of January in Tokyo has one, which holds to
// the 12th there; the same request later answers with the rate of the first time.
func TestFXRateOfTheDay(t *testing.T) {
	var now time.Time
	b := fxBook(t, &now)
	price := decimal.RequireFromString("100.00")
	buy := func(key string, at time.Time, rate *decimal.Decimal) (string, error) {
		bought, err := b.Purchase(t.Context(), key, books.NewPurchase{
			Customer: "acme", Credits: decimal.NewFromInt(10), Price: &price, Currency: "EUR", FXRate: rate, PurchasedAt: at,
		})
		return bought.Purchase.FXRate.String(), err
	}
	friday := now
	if _, err := buy("before", friday, nil); books.CodeOf(err) != books.Invalid || fieldOf(err) != "fxRate" {
		t.Errorf("without a rate: %v", err)
	}
	_, err := b.FXRateSet(t.Context(), "friday", books.SetFXRates{Rates: []books.NewFXRate{fxRate("EUR", "2024-01-05", "1.10")}})
	fine(t, err)
	now = time.Date(2024, 1, 20, 0, 0, 0, 0, time.UTC)
	given := decimal.RequireFromString("1.2")
	for i, test := range []struct {
		at    string
		given *decimal.Decimal
		want  string // "" where there is none
	}{
		{"2024-01-04T14:59:59Z", nil, ""},
		{"2024-01-04T15:00:00Z", nil, "1.1"},
		{"2024-01-12T14:59:59Z", nil, "1.1"},
		{"2024-01-12T15:00:00Z", nil, ""},
		{"2024-01-12T15:00:00Z", &given, "1.2"},
		{"2024-01-05T15:00:00Z", &given, "1.2"},
	} {
		at, err := time.Parse(time.RFC3339, test.at)
		fine(t, err)
		got, err := buy(fmt.Sprint("at ", i), at, test.given)
		if test.want == "" && books.CodeOf(err) != books.Invalid || test.want != "" && (err != nil || got != test.want) {
			t.Errorf("%s: %s, %v, not %q", test.at, got, err, test.want)
		}
	}
	// A rate that is set later changes no answer.
	_, err = b.FXRateSet(t.Context(), "thursday", books.SetFXRates{Rates: []books.NewFXRate{fxRate("EUR", "2024-01-12", "1.15")}})
	fine(t, err)
	at := time.Date(2024, 1, 12, 14, 59, 59, 0, time.UTC)
	if got, err := buy("at 2", at, nil); err != nil || got != "1.1" {
		t.Errorf("the same request: %s, %v", got, err)
	}
	if got, err := buy("anew", at, nil); err != nil || got != "1.15" {
		t.Errorf("a new one: %s, %v", got, err)
	}
}

// fieldOf returns the field that a refusal blames.
func fieldOf(err error) string {
	var refusal *books.Error
	if errors.As(err, &refusal) {
		return refusal.Field
	}
	return ""
}
