package graph_test

import (
	"fmt"
	"testing"

	"drawdown/internal/books"
)

const setRates = `mutation($rates: [FxRateInput!]!, $key: String!) { result: fxRateSet(rates: $rates, idempotencyKey: $key) {
	rates { currency day rate source } userErrors { field code } } }`

// TestFXRates sets rates, refuses one, pages through them, and buys and pays by them. The
// trial balance has each account in the currency of the contract and in the book's.
func TestFXRates(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	today := begin.Format("2006-01-02")
	rate := func(currency, day, rate string) any {
		return map[string]any{"currency": currency, "day": day, "rate": rate, "source": "ECB"}
	}
	set := func(key string, rates ...any) answered {
		return a.ask(setRates, map[string]any{"rates": rates, "key": key})
	}
	set("1", rate("EUR", today, "1.10"), rate("JPY", today, "0.0067"), rate("EUR", "2024-01-02", "1.09")).
		is("result.rates.1", fmt.Sprintf(`{"currency":"JPY","day":%q,"rate":"0.0067","source":"ECB"}`, today))
	set("2", rate("EUR", "2024-01-03", "1.10"), rate("EUR", today, "1.11")).is("result", `{"rates":null,"userErrors":[{"code":"ALREADY_EXISTS","field":["rates","1","rate"]}]}`)
	set("3", rate("USD", today, "1")).is("result.userErrors.0", `{"code":"INVALID","field":["rates","0","currency"]}`)

	first := a.must(`{ fxRates(first: 1, currency: EUR) { totalCount nodes { day rate } pageInfo { hasNextPage endCursor } } }`)
	first.is("fxRates.nodes", `[{"day":"2024-01-02","rate":"1.09"}]`)
	first.is("fxRates.totalCount", "2")
	rest := a.must(`query($after: String) { fxRates(after: $after) { nodes { currency day createdBy } pageInfo { hasNextPage } } }`, map[string]any{"after": first.text("fxRates.pageInfo.endCursor")})
	rest.is("fxRates.nodes.0.currency", `"EUR"`)
	rest.is("fxRates.nodes.1.currency", `"JPY"`)
	a.must(`{ fxRates(from: "2024-01-03", reverse: true) { nodes { currency } totalCount } }`).is("fxRates", `{"nodes":[{"currency":"JPY"},{"currency":"EUR"}],"totalCount":2}`)
	for _, cursor := range []string{"x", "ZnhfMjAyNC0wMS0wMg"} { // fx_2024-01-02
		if got := a.ask(`query($after: String) { fxRates(after: $after) { nodes { day } } }`, map[string]any{"after": cursor}); len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "INVALID" {
			t.Errorf("after %q: %s", cursor, got.body)
		}
	}

	bought := a.must(fmt.Sprintf(`mutation { purchaseCreate(input: {customer: "acme", policy: "annual", credits: "10", price: "1000.00", currency: EUR, invoiced: true, dueOn: %q}, idempotencyKey: "eur") { purchase { id fxRate functionalPrice { amount } } userErrors { message } } }`, today))
	bought.is("purchaseCreate.purchase.functionalPrice.amount", `"1100.00"`)
	bought.is("purchaseCreate.purchase.fxRate", `"1.1"`)
	a.now = begin.AddDate(0, 0, 20) // nothing was set for more than seven days
	set("4", rate("EUR", a.now.Format("2006-01-02"), "1.12"))
	a.must(`mutation($id: ID!) { purchasePay(purchaseId: $id, input: {amount: "400.00"}, idempotencyKey: "pay") { userErrors { message } } }`, map[string]any{"id": bought.text("purchaseCreate.purchase.id")})
	rows := map[string]string{}
	for _, row := range a.must(`{ trialBalance { rows { account { role } currency closing { amount } functionalClosing { amount currency } } } }`).at("trialBalance.rows").([]any) {
		if dig(row, "currency") == "EUR" {
			rows[fmt.Sprint(dig(row, "account.role"))] = fmt.Sprint(dig(row, "closing.amount"), " ", dig(row, "functionalClosing.amount"), " ", dig(row, "functionalClosing.currency"))
		}
	}
	for account, want := range map[string]string{
		"CASH": "400.00 448.00 USD", "ACCOUNTS_RECEIVABLE": "600.00 660.00 USD", "DEFERRED_REVENUE": "1000.00 1100.00 USD", "FX_GAIN_LOSS": "0.00 -8.00 USD",
	} {
		if rows[account] != want {
			t.Errorf("%s is %q, not %q", account, rows[account], want)
		}
	}
	portal := newToken(t, a.books, books.NewToken{Name: "portal", Roles: []books.Role{books.Viewer}, Customer: "acme"})
	if got := a.withToken(portal, `{ fxRates { totalCount } }`); len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "FORBIDDEN" {
		t.Errorf("a customer's token: %s", got.body)
	}
}
