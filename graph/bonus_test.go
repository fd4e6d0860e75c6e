package graph_test

import "testing"

// TestBonusTerms sells with a bonus that lapses by itself: Example 49 of ASC 606, 100.00 alone and
// 15.00 at 80 %.
func TestBonusTerms(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	const buy = `mutation($input: PurchaseCreateInput!, $key: String!) { result: purchaseCreate(input: $input, idempotencyKey: $key) {
		purchase { bonus lot { granted price { amount } } bonusTerms { price { amount } likelihood standAlonePrice { amount } bonusStandAlonePrice { amount } lot { granted expiresAt priority policy { code } } }
			lots { totalCount nodes { granted price { amount } } } }
		userErrors { field code } } }`
	sell := func(key string, changes map[string]any) answered {
		input := map[string]any{"customer": "acme", "policy": "annual", "credits": "100", "price": "100.00", "bonus": "15"}
		for name, value := range changes {
			input[name] = value
		}
		return a.ask(buy, map[string]any{"input": input, "key": key})
	}
	terms := func(changes map[string]any) map[string]any { return map[string]any{"bonusTerms": changes} }
	got := sell("49", terms(map[string]any{"expiresAfter": "P90D", "likelihood": "0.8", "priority": 200, "standAlonePrice": "15.00"}))
	got.is("result.purchase.bonusTerms", `{"bonusStandAlonePrice":{"amount":"15.00"},"likelihood":"0.8","lot":{"expiresAt":"2024-04-14T12:00:00Z","granted":"15","policy":{"code":"annual"},"priority":200},"price":{"amount":"10.71"},"standAlonePrice":{"amount":"100.00"}}`)
	got.is("result.purchase.lots", `{"nodes":[{"granted":"100","price":{"amount":"89.29"}},{"granted":"15","price":{"amount":"10.71"}}],"totalCount":2}`)
	got.is("result.purchase.lot", `{"granted":"100","price":{"amount":"89.29"}}`)
	// 120.00 alone against 40.00 at a half: 20 of 140
	sell("alone", map[string]any{"standAlonePrice": "120.00", "bonusTerms": map[string]any{"neverExpires": true, "likelihood": "0.5", "standAlonePrice": "40.00"}}).
		is("result.purchase.lots.nodes", `[{"granted":"100","price":{"amount":"85.71"}},{"granted":"15","price":{"amount":"14.29"}}]`)
	sell("same", nil).is("result.purchase", `{"bonus":"15","bonusTerms":null,"lot":{"granted":"115","price":{"amount":"100.00"}},"lots":{"nodes":[{"granted":"115","price":{"amount":"100.00"}}],"totalCount":1}}`)

	for name, test := range map[string]struct {
		changes map[string]any
		want    string
	}{
		"no bonus":          {map[string]any{"bonus": nil, "bonusTerms": map[string]any{}}, `{"code":"INVALID","field":["input","bonus"]}`},
		"no terms":          {map[string]any{"standAlonePrice": "1.00"}, `{"code":"INVALID","field":["input","standAlonePrice"]}`},
		"worth nothing":     {terms(map[string]any{"standAlonePrice": "0"}), `{"code":"INVALID","field":["input","bonusTerms","standAlonePrice"]}`},
		"a tenth of a cent": {terms(map[string]any{"standAlonePrice": "1.001"}), `{"code":"INVALID","field":["input","bonusTerms","standAlonePrice"]}`},
		"unlikely":          {terms(map[string]any{"likelihood": "0"}), `{"code":"INVALID","field":["input","bonusTerms","likelihood"]}`},
		"more than likely":  {terms(map[string]any{"likelihood": "1.1"}), `{"code":"INVALID","field":["input","bonusTerms","likelihood"]}`},
		"known too well":    {terms(map[string]any{"likelihood": "0.1234567"}), `{"code":"INVALID","field":["input","bonusTerms","likelihood"]}`},
		"two ends":          {terms(map[string]any{"neverExpires": true, "expiresAfter": "P90D"}), `{"code":"INVALID","field":["input","bonusTerms","expiresAt"]}`},
		"a week":            {terms(map[string]any{"expiresAfter": "P7D"}), `{"code":"SHORT_EXPIRY","field":["input","bonusTerms","expiresAfter"]}`},
		"no such policy":    {terms(map[string]any{"policy": "none"}), `{"code":"NOT_FOUND","field":["input","bonusTerms","policy"]}`},
		"never first":       {terms(map[string]any{"priority": -1}), `{"code":"INVALID","field":["input","bonusTerms","priority"]}`},
	} {
		t.Run(name, func(t *testing.T) { sell(name, test.changes).is("result.userErrors.0", test.want) })
	}
	a.must(`{ purchases(customer: "acme") { totalCount } lots(customer: "acme") { totalCount } }`).is("lots.totalCount", "6")
}
