package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Pages neither skip nor repeat a row while others arrive, in either direction.
func TestPagesWhileRowsArrive(t *testing.T) {
	a := newAPI(t)
	add := func(n int) {
		name := fmt.Sprintf("c-%03d", n)
		a.must(`mutation($n: String!) { customerCreate(input: {externalId: $n}, idempotencyKey: $n) { userErrors { message } } }`, map[string]any{"n": name})
	}
	for n := range 10 {
		add(n)
	}
	for _, shape := range []string{"nodes { externalId }", "edges { node { externalId } cursor }"} {
		for _, reverse := range []bool{false, true} {
			var seen []string
			var after any
			for next := true; next; {
				got := a.must(`query($after: String, $reverse: Boolean!) { customers(first: 3, after: $after, reverse: $reverse) {
					nodes { externalId } `+strings.Replace(shape, "nodes", "again: nodes", 1)+` pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
					map[string]any{"after": after, "reverse": reverse})
				rows, _ := got.at("customers.nodes").([]any)
				for i := range rows {
					seen = append(seen, got.text(fmt.Sprintf("customers.nodes.%d.externalId", i)))
				}
				got.is("customers.pageInfo.hasPreviousPage", fmt.Sprint(after != nil))
				if strings.HasPrefix(shape, "edges") {
					got.is("customers.pageInfo.endCursor", `"`+got.text(fmt.Sprintf("customers.edges.%d.cursor", len(rows)-1))+`"`)
				}
				after = got.at("customers.pageInfo.endCursor")
				next, _ = got.at("customers.pageInfo.hasNextPage").(bool)
				if len(seen) == 6 {
					add(100 + len(shape) + len(fmt.Sprint(reverse))) // a row arrives between two pages
				}
			}
			for i := 1; i < len(seen); i++ {
				if (seen[i] <= seen[i-1]) != reverse && strings.HasPrefix(seen[i], "c-0") {
					t.Errorf("%v reverse %t: %v", shape, reverse, seen)
				}
			}
			old := 0
			for _, name := range seen {
				if strings.HasPrefix(name, "c-0") {
					old++
				}
			}
			if old != 10 {
				t.Errorf("reverse %t: %d of the 10 that were there, in %v", reverse, old, seen)
			}
		}
	}
}

// Every list filters by what it says.
func TestFilters(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	a.now = a.now.AddDate(0, 1, 0)
	a.sell2("globex")
	a.use("acme", "evt-1", "100")
	a.run()
	for filter, want := range map[string]int{
		`customers(search: "ACM")`:                                       1,
		`customers(search: "zzz")`:                                       0,
		`purchases(customer: "acme")`:                                    1,
		`purchases(customer: "nobody")`:                                  0,
		`purchases(pack: "growth")`:                                      2,
		`purchases(pack: "nothing")`:                                     0,
		`purchases(policy: "annual", status: PAID)`:                      2,
		`purchases(status: REFUNDED)`:                                    0,
		`purchases(from: "2024-02-01T00:00:00Z")`:                        1,
		`purchases(before: "2024-02-01T00:00:00Z")`:                      1,
		`lots(customer: "acme", kind: PURCHASE)`:                         1,
		`lots(openAt: "2024-02-01T00:00:00Z")`:                           1,
		`lots(expiresFrom: "2025-01-01T00:00:00Z")`:                      2,
		`lots(expiresBefore: "2025-02-01T00:00:00Z")`:                    1,
		`expiring(to: "2025-01-14")`:                                     0,
		`expiring(to: "2025-01-15")`:                                     1,
		`expiring(from: "2025-01-16", to: "2025-02-15")`:                 1,
		`expiring(to: "2026-01-01", customer: "globex")`:                 1,
		`expiring(to: "2026-01-01", policy: "nothing")`:                  0,
		`expiring(to: "2026-01-01", currency: "EUR")`:                    0,
		`expiring(to: "2026-01-01", asOf: "2024-02-01T00:00:00Z")`:       1,
		`expiring(to: "2026-01-01", asOf: "2024-01-01T00:00:00Z")`:       0,
		`lapsing(withinDays: 30)`:                                        0,
		`lapsing(withinDays: 340)`:                                       1,
		`lapsing(withinDays: 340, customer: "globex")`:                   0,
		`usageEvents(customer: "acme", source: "api", eventId: "evt-1")`: 1,
		`usageEvents(meter: "tokens")`:                                   0,
		`usageEvents(from: "2024-03-01T00:00:00Z")`:                      0,
		`draws(customer: "acme")`:                                        1,
		`draws(customer: "nobody")`:                                      0,
		`recognitions(customer: "acme", kind: USAGE)`:                    1,
		`recognitions(kind: BREAKAGE_EXPIRY)`:                            0,
		`recognitions(from: "2024-03-01")`:                               0,
		`recognitions(to: "2024-03-01")`:                                 1,
		`entries`:                                                        3,
		`entries(kind: PURCHASE)`:                                        2,
		`entries(account: USAGE_REVENUE)`:                                1,
		`entries(from: "2024-02-01", to: "2024-02-28")`:                  2,
		`jobRuns(job: ALL)`:                                              1,
		`jobRuns(status: FAILED)`:                                        0,
		`deferredRevenue`:                                                2,
		`policies`:                                                       1,
		`packs`:                                                          1,
		`meters`:                                                         1,
	} {
		got := a.must(`{ list: ` + filter + ` { totalCount edges { cursor } } }`)
		got.is("list.totalCount", fmt.Sprint(want))
		if edges, _ := got.at("list.edges").([]any); len(edges) != want {
			t.Errorf("%s has %d rows, not %d", filter, len(edges), want)
		}
	}
}

// TestEndingAsOf asks what expires, and who runs out, as of an instant before all that followed.
func TestEndingAsOf(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	then := a.now.Add(time.Hour).Format(time.RFC3339)
	a.now = a.now.AddDate(0, 1, 0)
	a.sell2("globex")
	a.use("acme", "evt-1", "100")
	a.run()
	got := a.must(`query($then: DateTime) {
		then: expiring(to: "2026-01-01", asOf: $then) { nodes { customer { externalId } credits carrying { amount } } }
		now: expiring(to: "2026-01-01", customer: "acme") { nodes { credits } }
		months: expiringMonths(to: "2026-01-01", asOf: $then) { month customers credits }
		runOut(customer: "acme", asOf: $then) { day reason basisTo }
		nobody: runOut(customer: "globex", asOf: $then) { day }
	}`, map[string]any{"then": then})
	got.is("then.nodes.0.customer.externalId", `"acme"`)
	got.is("then.nodes.0.credits", `"10000"`)
	got.is("then.nodes.0.carrying.amount", `"800.00"`)
	got.is("now.nodes.0.credits", `"9900"`)
	got.is("months.0.customers", "1")
	got.is("months.0.credits", `"10000"`)
	got.is("runOut.reason", `"TOO_LITTLE_HISTORY"`)
	got.is("nobody", "null")
	for _, query := range []string{`expiring(to: "2030-01-01", asOf: "2100-01-01T00:00:00Z") { totalCount }`, `expiringMonths(from: "2024-01-14", to: "2026-01-01", asOf: "` + then + `") { month }`, `runOut(customer: "acme", asOf: "2100-01-01T00:00:00Z") { day }`} {
		if got := a.ask("{ " + query + " }"); got.code() != "INVALID" {
			t.Errorf("%s: got %s, want INVALID", query, got.body)
		}
	}
}

// sell2 sells to one more customer what sell has set up.
func (a *api) sell2(customer string) {
	a.t.Helper()
	a.must(`mutation($customer: String!, $key: String!) {
		customerCreate(input: {externalId: $customer}, idempotencyKey: $customer) { userErrors { message } }
		purchaseCreate(input: {customer: $customer, pack: "growth", credits: "1000"}, idempotencyKey: $key) { userErrors { message } }
	}`, map[string]any{"customer": customer, "key": "buy " + customer})
}

// Every id leads back to its row, and what is not there is null.
func TestNode(t *testing.T) {
	a := newAPI(t)
	a.must(`mutation { policyCreate(input: {code: "pooled", expires: "P12M", breakage: {method: PROPORTIONAL, rate: "0.5", pool: LOT}}, idempotencyKey: "pooled") { userErrors { message } } }`)
	a.sell("acme")
	a.must(`mutation { purchaseCreate(input: {customer: "acme", policy: "pooled", credits: "100", price: "100", expiresAfter: "P6M"}, idempotencyKey: "p") { userErrors { message } } }`)
	a.use("acme", "evt-1", "10")
	a.run()
	got := a.must(`{
		customers { nodes { id } } policies { nodes { id } } packs { nodes { id } } meters { nodes { id } } purchases { nodes { id } } lots { nodes { id } }
		usageEvents { nodes { id } } recognitions(kind: BREAKAGE_EARLY) { nodes { id pool { id by key policy { code } recognitions { nodes { kind } } } customer { id } draws { nodes { credits } } explanation { formula inputs { name value } } } }
		entries { nodes { id } } jobRuns { nodes { id } }
	}`)
	ids := []string{got.text("recognitions.nodes.0.pool.id")}
	for list := range got.Data {
		ids = append(ids, got.text(list+".nodes.0.id"))
	}
	for _, id := range ids {
		found := a.must(`query($id: ID!) { node(id: $id) { __typename id } }`, map[string]any{"id": id})
		found.is("node.id", `"`+id+`"`)
		prefix, _, _ := strings.Cut(id, "_")
		missing := a.must(`query($id: ID!) { node(id: $id) { id } }`, map[string]any{"id": prefix + "_0000"})
		missing.is("node", "null")
	}
	got.is("recognitions.nodes.0.pool.by", `"LOT"`)
	got.is("recognitions.nodes.0.draws.nodes", `[]`)
	got.is("recognitions.nodes.0.customer", `null`)
	if !strings.HasPrefix(got.text("recognitions.nodes.0.pool.key"), "lot_") {
		t.Errorf("the pool's key is %v", got.at("recognitions.nodes.0.pool.key"))
	}
	nothing := a.must(`{ customer(externalId: "x") { id } policy(code: "x") { id } pack(code: "x") { id } meter(code: "x") { id }
		purchase(id: "pur_0") { id } lot(id: "lot_0") { id } usageEvent(id: "evt_0") { id } recognition(id: "rec_0") { id } entry(number: 99) { id } }`)
	for field, value := range nothing.Data {
		if value != nil {
			t.Errorf("%s is %v", field, value)
		}
	}
}

// A report's figures have the account's own sign and the journal's.
func TestTrialBalance(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	a.use("acme", "evt-1", "100")
	a.now = begin.AddDate(0, 1, 0)
	a.run()
	got := a.must(`{ trialBalance(from: "2024-02") { from to functionalCurrency rows { account { role } currency opening { amount } closing { amount } signedOpening { amount } debits { amount } functionalClosing { amount } functionalSignedClosing { amount } entries { totalCount } } } }`)
	got.is("trialBalance.from", `"2024-02"`)
	got.is("trialBalance.to", `null`)
	got.is("trialBalance.rows.1", `{"account":{"role":"DEFERRED_REVENUE"},"closing":{"amount":"792.00"},"currency":"USD","debits":{"amount":"0.00"},"entries":{"totalCount":0},"functionalClosing":{"amount":"792.00"},"functionalSignedClosing":{"amount":"-792.00"},"opening":{"amount":"792.00"},"signedOpening":{"amount":"-792.00"}}`)
	all := a.must(`{ accounts { role class naturalSide } book { functionalCurrency timeZone now yesterday } }`)
	all.is("accounts.3", `{"class":"LIABILITY","naturalSide":"CREDIT","role":"DEFERRED_REVENUE"}`)
	all.is("book", `{"functionalCurrency":"USD","now":"2024-02-16T12:00:00Z","timeZone":"UTC","yesterday":"2024-02-15"}`)
}
