package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"drawdown/internal/books"
)

const publish = `mutation($input: RateCardPublishInput!, $key: String!) { result: rateCardPublish(input: $input, idempotencyKey: $key) {
	rateCard { number effectiveFrom note rates { meter { code } credits per cost { amount per } from rateCard { number } } } userErrors { field code } } }`

// TestRateCards publishes a version, refuses others, and looks at rates from every side.
func TestRateCards(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	send := func(key string, input map[string]any) answered {
		return a.ask(publish, map[string]any{"input": input, "key": key})
	}
	rate := func(more map[string]any) []any {
		r := map[string]any{"meter": "tokens", "credits": "2", "per": "1000"}
		for key, value := range more {
			r[key] = value
		}
		return []any{r}
	}
	send("1", map[string]any{"rates": rate(map[string]any{"cost": map[string]any{"amount": "0.0000000001"}}), "effectiveFrom": "2024-02-01T00:00:00Z", "note": "dearer"}).
		is("result.rateCard", `{"effectiveFrom":"2024-02-01T00:00:00Z","note":"dearer","number":1,"rates":[{"cost":{"amount":"0.0000000001","per":"1"},"credits":"2","from":"2024-02-01T00:00:00Z","meter":{"code":"tokens"},"per":"1000","rateCard":{"number":1}}]}`)
	send("2", map[string]any{"rates": rate(nil), "effectiveFrom": "2024-01-31T00:00:00Z"}).is("result.userErrors.0", `{"code":"INVALID","field":["input","effectiveFrom"]}`)
	send("2", map[string]any{"rates": rate(map[string]any{"meter": "none"}), "effectiveFrom": "2024-02-02T00:00:00Z"}).is("result.userErrors.0", `{"code":"NOT_FOUND","field":["input","rates","0","meter"]}`)
	send("2", map[string]any{"rates": rate(map[string]any{"cost": map[string]any{"amount": "-1"}}), "effectiveFrom": "2024-02-02T00:00:00Z"}).is("result.userErrors.0", `{"code":"INVALID","field":["input","rates","0","cost","amount"]}`)

	a.must(`{ meter(code: "tokens") { rates { credits from cost { amount } rateCard { number } } } }`).
		is("meter.rates.1", `{"cost":{"amount":"0.0000000001"},"credits":"2","from":"2024-02-01T00:00:00Z","rateCard":{"number":1}}`)
	a.must(`{ rateCard { rateCard { number } rates { meter { code } rateCard { number } } } }`).is("rateCard.rateCard", "null")
	a.must(`{ rateCard(at: "2024-02-01T00:00:00Z") { at rateCard { number } rates { meter { code } credits rateCard { number } } } }`).
		is("rateCard", `{"at":"2024-02-01T00:00:00Z","rateCard":{"number":1},"rates":[{"credits":"2","meter":{"code":"tokens"},"rateCard":{"number":1}}]}`)
	a.must(`{ rateCards(first: 1) { totalCount nodes { number } pageInfo { hasNextPage } } }`).is("rateCards", `{"nodes":[{"number":1}],"pageInfo":{"hasNextPage":false},"totalCount":1}`)

	a.now = begin.AddDate(0, 1, 0)
	event := func(id, occurred string) map[string]any {
		return map[string]any{"id": id, "customer": "acme", "meter": "tokens", "quantity": "1000", "occurredAt": occurred, "dimensions": []any{map[string]any{"key": "team", "value": id}}}
	}
	recorded := a.ask(`mutation($events: [UsageEventInput!]!) { usageRecord(events: $events) { outcomes { event { credits rateCard { number } dimensions { key value } } error { field code } } } }`,
		map[string]any{"events": []any{event("old", "2024-01-31T23:59:59Z"), event("new", "2024-02-01T00:00:00Z"), event("\n", "2024-02-01T00:00:00Z")}})
	recorded.is("usageRecord.outcomes.0.event.rateCard", "null")
	recorded.is("usageRecord.outcomes.1", `{"error":null,"event":{"credits":"2","dimensions":[{"key":"team","value":"new"}],"rateCard":{"number":1}}}`)

	// What it costs the company, and why, a customer is not told.
	portal := newToken(t, a.books, books.NewToken{Name: "portal", Roles: []books.Role{books.Viewer}, Customer: "acme"})
	got := a.withToken(portal, `{ rateCards { nodes { note rates { credits cost { amount } } } } }`)
	got.is("rateCards.nodes.0", `{"note":null,"rates":[{"cost":null,"credits":"2"}]}`)
}

// TestDimensions lists and charts use by what its sender told apart.
func TestDimensions(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	a.sell("beta")
	var events []any
	for i, team := range []string{"research", "sales", "research", ""} {
		for _, customer := range []string{"acme", "beta"} {
			one := map[string]any{"id": fmt.Sprint(i), "customer": customer, "credits": fmt.Sprint(i + 1)}
			if team != "" {
				one["dimensions"] = []any{map[string]any{"key": "team", "value": team}, map[string]any{"key": "model", "value": "large"}}
			}
			events = append(events, one)
		}
	}
	a.ask(`mutation($events: [UsageEventInput!]!) { usageRecord(events: $events) { recorded } }`, map[string]any{"events": events}).is("usageRecord.recorded", "8")
	a.must(`{ usageEvents(customer: "acme", withDimension: {key: "team", value: "research"}) { totalCount nodes { eventId dimensions { key } } } }`).
		is("usageEvents", `{"nodes":[{"dimensions":[{"key":"model"},{"key":"team"}],"eventId":"0"},{"dimensions":[{"key":"model"},{"key":"team"}],"eventId":"2"}],"totalCount":2}`)
	const span = `from: "2024-01-15", to: "2024-01-31", interval: MONTH`
	a.must(`{ usageOverTime(`+span+`, groupBy: DIMENSION, dimension: "team") { total series { key total others } } }`).
		is("usageOverTime.series", `[{"key":null,"others":false,"total":"8"},{"key":"research","others":false,"total":"8"},{"key":"sales","others":false,"total":"4"}]`)
	a.must(`{ usageOverTime(`+span+`, groupBy: CUSTOMER, withDimension: {key: "team", value: "sales"}) { total series { key total } } }`).
		is("usageOverTime", `{"series":[{"key":"acme","total":"2"},{"key":"beta","total":"2"}],"total":"4"}`)
	a.must(`{ usageOverTime(`+span+`, groupBy: DIMENSION, dimension: "model", customer: "acme", withDimension: {key: "team", value: "sales"}) { series { key total } } }`).
		is("usageOverTime.series", `[{"key":"large","total":"2"}]`)
	for query, field := range map[string]string{
		`usageOverTime(` + span + `, groupBy: DIMENSION) { total }`:                                               "dimension",
		`usageOverTime(` + span + `, groupBy: CUSTOMER, dimension: "team") { total }`:                             "dimension",
		`usageOverTime(` + span + `, groupBy: DIMENSION, dimension: "Team") { total }`:                            "dimension",
		`usageOverTime(from: "2024-01-01", to: "2024-02-01", groupBy: DIMENSION, dimension: "team") { total }`:    "to",
		`usageOverTime(from: "2024-01-01", to: "2024-02-01", withDimension: {key: "team", value: "a"}) { total }`: "to",
		`usageEvents(withDimension: {key: "", value: "a"}) { totalCount }`:                                        "withDimension.key",
		`usageEvents(withDimension: {key: "team", value: ""}) { totalCount }`:                                     "withDimension.value",
	} {
		got := a.ask("{ " + query + " }")
		if len(got.Errors) != 1 || !strings.Contains(got.body, field) {
			t.Errorf("%s: %s", query, got.body)
		}
	}
}
