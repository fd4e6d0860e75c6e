package graph_test

import "testing"

// TestPackVersions changes the price of a pack, takes it off sale, and looks at it then and now.
func TestPackVersions(t *testing.T) {
	a := newAPI(t)
	a.sell("acme") // begin, by the first version of growth
	a.must(`mutation { policyCreate(input: {code: "quarter", expires: "P3M"}, idempotencyKey: "quarter") { policy { id } userErrors { code } } }`)
	revise := func(key, input string) answered {
		return a.ask(`mutation($key: String!) { result: packRevise(code: "growth", input: `+input+`, idempotencyKey: $key) {
			pack { tiers { credits } version { number } versions { number effectiveFrom retired reason policy { code } tiers { price { amount } } } } userErrors { field code } } }`, map[string]any{"key": key})
	}
	revise("r1", `{tiers: []}`).is("result.userErrors.0", `{"code":"INVALID","field":["input","tiers"]}`)
	revise("r2", `{effectiveFrom: "2024-01-15T11:59:59Z", tiers: [{credits: "1", price: "1"}]}`).is("result.userErrors.0", `{"code":"INVALID","field":["input","effectiveFrom"]}`)
	revised := revise("r3", `{effectiveFrom: "2024-02-01T00:00:00Z", policy: "quarter", tiers: [{credits: "500", price: "60.00"}], reason: "costs"}`)
	revised.is("result.pack.version.number", "1")
	revised.is("result.pack.versions.1", `{"effectiveFrom":"2024-02-01T00:00:00Z","number":2,"policy":{"code":"quarter"},"reason":"costs","retired":false,"tiers":[{"price":{"amount":"60.00"}}]}`)

	retire := `mutation { packRetire(code: "growth", input: {from: "2024-03-01T00:00:00Z"}, idempotencyKey: "retire") { pack { retiredFrom versions { number retired tiers { credits } } } userErrors { code } } }`
	a.must(retire).is("packRetire.pack.versions.2", `{"number":3,"retired":true,"tiers":[]}`)
	a.must(retire).is("packRetire.pack.retiredFrom", `"2024-03-01T00:00:00Z"`)

	a.must(`{ pack(code: "growth", at: "2024-02-29T23:59:59Z") { policy { code } tiers { credits } version { number } } }`).
		is("pack", `{"policy":{"code":"quarter"},"tiers":[{"credits":"500"}],"version":{"number":2}}`)
	a.must(`{ pack(code: "growth") { policy { code } version { number effectiveFrom } } }`).
		is("pack", `{"policy":{"code":"annual"},"version":{"effectiveFrom":null,"number":1}}`)

	a.now = begin.AddDate(0, 2, 0)
	const buy = `mutation($at: DateTime!, $key: String!) { result: purchaseCreate(input: {customer: "acme", pack: "growth", credits: "1000", purchasedAt: $at}, idempotencyKey: $key) {
		purchase { price { amount } policy { code } packVersion { number } } userErrors { field code } } }`
	a.ask(buy, map[string]any{"key": "b1", "at": "2024-02-29T23:59:59Z"}).is("result.purchase", `{"packVersion":{"number":2},"policy":{"code":"quarter"},"price":{"amount":"120.00"}}`)
	a.ask(buy, map[string]any{"key": "b2", "at": "2024-03-01T00:00:00Z"}).is("result.userErrors.0", `{"code":"PACK_RETIRED","field":["input","pack"]}`)
	a.must(`{ pack(code: "growth") { tiers { credits } purchases { nodes { packVersion { number } } } } }`).
		is("pack", `{"purchases":{"nodes":[{"packVersion":{"number":1}},{"packVersion":{"number":2}}]},"tiers":[]}`)
	a.must(`mutation { purchaseCreate(input: {customer: "acme", policy: "annual", credits: "1", price: "1"}, idempotencyKey: "custom") { purchase { packVersion { number } } userErrors { code } } }`).
		is("purchaseCreate.purchase.packVersion", "null")
}
