package books_test

import (
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
)

// TestCreditPrice is worked out by hand, to ten decimals.
func TestCreditPrice(t *testing.T) {
	number := func(text string) *decimal.Decimal {
		if text == "" {
			return nil
		}
		d := decimal.RequireFromString(text)
		return &d
	}
	for _, test := range []struct{ cost, credits, margin, price, want, perUnit, left, exact string }{
		{cost: "0.001", margin: "0.8", want: "0.005", perUnit: "0.005", left: "0.004", exact: "1/200"},
		{cost: "0.01", credits: "3", margin: "0.1", want: "0.0037037037", perUnit: "0.0111111111", left: "0.0003703704", exact: "1/270"}, // 0.01 ÷ 3 ÷ 0.9
		{cost: "0.001", price: "0.004", want: "0.75", perUnit: "0.004", left: "0.003", exact: "3/4"},
		{cost: "0.03", credits: "10", price: "0.007", want: "0.5714285714", perUnit: "0.07", left: "0.004", exact: "4/7"},
		{cost: "0.006", price: "0.005", want: "-0.2", perUnit: "0.005", left: "-0.001", exact: "-1/5"}, // at a loss
	} {
		got, err := books.PriceCredit(books.CreditPriceRequest{
			CostPerUnit: *number(test.cost), CreditsPerUnit: number(test.credits), Margin: number(test.margin), Price: number(test.price),
		})
		if err != nil {
			t.Errorf("%+v: %v", test, err)
			continue
		}
		answer := got.Price
		if test.price != "" {
			answer = got.Margin
		}
		if answer.Rounded.String() != test.want || answer.Exact != test.exact || got.PricePerUnit.Rounded.String() != test.perUnit || got.Left.Rounded.String() != test.left {
			t.Errorf("%+v: %+v", test, got)
		}
	}
	for i, test := range []struct{ cost, credits, margin, price, field string }{
		{cost: "1", field: "margin"},
		{cost: "1", margin: "0.5", price: "1", field: "margin"},
		{cost: "1", margin: "1", field: "margin"},
		{cost: "1", margin: "80", field: "margin"},
		{cost: "1", margin: "-0.1", field: "margin"},
		{cost: "-1", margin: "0.5", field: "costPerUnit"},
		{cost: "0.00000000001", margin: "0.5", field: "costPerUnit"},
		{cost: "1", credits: "0", margin: "0.5", field: "creditsPerUnit"},
		{cost: "1", price: "0", field: "price"},
		{cost: "1", price: "1000000001", field: "price"},
	} {
		_, err := books.PriceCredit(books.CreditPriceRequest{
			CostPerUnit: *number(test.cost), CreditsPerUnit: number(test.credits), Margin: number(test.margin), Price: number(test.price),
		})
		checkRefusal(t, i, err, books.Invalid, test.field)
	}
}
