package graph_test

import (
	"fmt"
	"strings"
	"testing"
)

// The number of look-ups of a page does not depend on its rows, in nodes as in edges.
// Left out are the four for which the store takes one key at a time (loaders.oneByOne):
// a customer's balance, a policy's estimates, a recognition's entry, an event's void.
func TestLookUpsOfAPageDoNotGrow(t *testing.T) {
	a := newAPI(t)
	const customers = 24
	for i := range customers {
		n := fmt.Sprintf("c-%02d", i)
		a.must(`mutation($n: String!, $m: String!, $k1: String!, $k2: String!, $k3: String!, $k4: String!, $k5: String!) {
			policyCreate(input: {code: $n, expires: "P12M", breakage: {method: PROPORTIONAL, rate: "0.1", pool: LOT}}, idempotencyKey: $k1) { userErrors { message } }
			packCreate(input: {code: $n, policy: $n, tiers: [{credits: "1000", price: "100.00"}]}, idempotencyKey: $k2) { userErrors { message } }
			meterCreate(input: {code: $m, credits: "1"}, idempotencyKey: $k3) { userErrors { message } }
			customerCreate(input: {externalId: $n}, idempotencyKey: $k4) { userErrors { message } }
			purchaseCreate(input: {customer: $n, pack: $n, credits: "1000"}, idempotencyKey: $k5) { userErrors { message } }
		}`, map[string]any{"n": n, "m": "m-" + n, "k1": "1" + n, "k2": "2" + n, "k3": "3" + n, "k4": "4" + n, "k5": "5" + n})
		a.must(`mutation($events: [UsageEventInput!]!) { usageRecord(events: $events) { recorded userErrors { message } } }`,
			map[string]any{"events": []map[string]any{{"id": "e", "customer": n, "meter": "m-" + n, "quantity": "10"}}})
	}
	a.run()
	pages := map[string]string{
		"customers":       `externalId policy { code }`,
		"policies":        `code name overage { mode } breakage { method rate }`,
		"packs":           `code policy { code }`,
		"purchases":       `customer { name policy { code } } policy { code } pack { code policy { code } } lot { drawn purchase { id } customer { name } days { drawn recognised pending } }`,
		"lots":            `customer { name } purchase { id pack { code } } policy { code } days { drawn recognised pending }`,
		"usageEvents":     `customer { name } meter { code } voidOf { id } draws { credits lot { granted policy { code } } event { id } }`,
		"recognitions":    `customer { name } policy { code } lot { granted purchase { id } } pool { by policy { code } } explanation { rule inputs { value } }`,
		"entries":         `purchase { id lot { granted } } lines { account { name } customer { name } policy { code } pack { code } }`,
		"deferredRevenue": `customer { name policy { code } }`,
		"jobRuns":         `firstEntry { number } lastEntry { number lines { customer { name } } }`,
	}
	for list, fields := range pages {
		for _, shape := range []string{"nodes { %s }", "edges { cursor node { %s } }"} {
			calls := func(first int) int64 {
				query := fmt.Sprintf("{ %s(first: %d) { totalCount %s } }", list, first, fmt.Sprintf(shape, fields))
				before := a.store.calls.Load()
				a.must(query)
				return a.store.calls.Load() - before
			}
			few, many := calls(2), calls(customers)
			if few != many {
				t.Errorf("%s in %s: %d look-ups for 2 rows, %d for %d", list, shape[:5], few, many, customers)
			}
			if shape[:5] == "nodes" {
				t.Logf("%-16s %d look-ups", list, many)
			}
		}
	}
}

// A list is counted only where totalCount is asked for.
func TestTotalCountIsCountedWhenAskedFor(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	calls := func(fields string) int64 {
		before := a.store.calls.Load()
		got := a.must(`{ purchases { ` + fields + ` } }`)
		if strings.Contains(fields, "totalCount") {
			got.is("purchases.totalCount", "1")
		}
		return a.store.calls.Load() - before
	}
	if with, without := calls("totalCount nodes { id }"), calls("nodes { id }"); with != without+1 {
		t.Errorf("%d look-ups with totalCount, %d without", with, without)
	}
}
