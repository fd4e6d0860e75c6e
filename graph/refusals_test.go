package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// written is everything that a request could have written.
func (a *api) written() string {
	a.t.Helper()
	got := a.must(`{
		customers { totalCount } policies { totalCount } packs { totalCount } meters { totalCount }
		purchases { totalCount } lots { totalCount nodes { granted drawn } } usageEvents { totalCount }
		recognitions { totalCount } entries { totalCount } jobRuns { totalCount }
	}`)
	return got.body
}

// A bad request is answered with a code, the field and what would be right, and nothing
// is written. Where a scalar cannot be read the whole request is refused; what a use case
// refuses stands in the payload.
func TestRefusals(t *testing.T) {
	const buy = `mutation($input: PurchaseCreateInput!) { result: purchaseCreate(input: $input, idempotencyKey: "refused") { result: purchase { id } userErrors { field code message } } }`
	const sellPack = `mutation($input: PackCreateInput!) { result: packCreate(input: $input, idempotencyKey: "refused") { result: pack { id } userErrors { field code message } } }`
	const makePolicy = `mutation($input: PolicyCreateInput!) { result: policyCreate(input: $input, idempotencyKey: "refused") { result: policy { id } userErrors { field code message } } }`
	const give = `mutation($input: GrantCreateInput!) { result: grantCreate(input: $input, idempotencyKey: "refused") { result: lot { id } userErrors { field code message } } }`
	type input = map[string]any
	deal := func(changes input) input {
		in := input{"customer": "acme", "policy": "annual", "credits": "100", "price": "10.00"}
		for name, value := range changes {
			if in[name] = value; value == nil {
				delete(in, name)
			}
		}
		return in
	}
	tests := []struct {
		name    string
		query   string
		input   input
		code    string
		field   string
		message string // a part of it
	}{
		{"unknown customer", buy, deal(input{"customer": "nobody"}), "NOT_FOUND", "input.customer", `no customer "nobody"`},
		{"unknown policy", buy, deal(input{"policy": "nothing"}), "NOT_FOUND", "input.policy", `no policy "nothing"`},
		{"unknown pack", buy, deal(input{"pack": "nothing", "price": nil}), "NOT_FOUND", "input.pack", `no pack "nothing"`},
		{"zero credits", buy, deal(input{"credits": "0"}), "INVALID", "input.credits", "more than 0"},
		{"negative credits", buy, deal(input{"credits": "-5"}), "INVALID", "input.credits", "more than 0"},
		{"a price with too many decimals", buy, deal(input{"price": "10.001"}), "INVALID", "input.price", "more than the 2 of USD"},
		{"a price with decimals where there are none", buy, deal(input{"price": "10.5", "currency": "JPY", "fxRate": "0.0067"}), "INVALID", "input.price", "more than the 0 of JPY"},
		{"a negative price", buy, deal(input{"price": "-1"}), "INVALID", "input.price", "must not be negative"},
		{"no price and no pack", buy, deal(input{"price": nil}), "INVALID", "input.price", "is needed"},
		{"an end before its start", buy, deal(input{"expiresAt": "2023-12-31T00:00:00Z"}), "INVALID", "input.expiresAt", "must lie after"},
		{"an end within thirty days", buy, deal(input{"expiresAfter": "P7D"}), "SHORT_EXPIRY", "input.expiresAfter", "say why in shortExpiry"},
		{"two ends", buy, deal(input{"expiresAfter": "P12M", "neverExpires": true}), "INVALID", "input.expiresAt", "goes alone"},
		{"another currency without a rate", buy, deal(input{"currency": "EUR"}), "INVALID", "input.fxRate", "is needed"},
		{"bought in the future", buy, deal(input{"purchasedAt": "2030-01-01T00:00:00Z"}), "INVALID", "input.purchasedAt", "future"},
		{"tiers that grow dearer", sellPack, input{"code": "x", "policy": "annual", "tiers": []input{{"credits": "10", "price": "1"}, {"credits": "20", "price": "3"}}}, "INVALID", "input.tiers.1.price", "must not be dearer"},
		{"a code that is taken", sellPack, input{"code": "growth", "policy": "annual", "tiers": []input{{"credits": "10", "price": "1"}}}, "ALREADY_EXISTS", "input.code", `"growth"`},
		{"a code with a space", sellPack, input{"code": "a b", "policy": "annual", "tiers": []input{{"credits": "10", "price": "1"}}}, "INVALID", "input.code", "a-z"},
		{"a policy whose credits lapse at once", makePolicy, input{"code": "x", "expires": "P30D"}, "SHORT_EXPIRY", "input.expires", "within 30 days"},
		{"a rate above one", makePolicy, input{"code": "x", "breakage": input{"method": "PROPORTIONAL", "rate": "1.5"}}, "INVALID", "input.breakage.rate", "between 0 and 1"},
		{"a remote rule without its time", makePolicy, input{"code": "x", "breakage": input{"method": "REMOTE"}}, "INVALID", "input.breakage.remote.after", "such as P10M"},
		{"a grant to nobody", give, input{"customer": "nobody", "credits": "5", "reason": "PROMO"}, "NOT_FOUND", "input.customer", `no customer "nobody"`},

		{"seven decimals", buy, deal(input{"credits": "1.0000001"}), "INVALID", "input.credits", "more than six decimals"},
		{"a currency that is none", buy, deal(input{"currency": "XYZ"}), "INVALID", "input.currency", `"XYZ" is not an ISO 4217 currency code such as USD`},
		{"a currency that is no more", buy, deal(input{"currency": "BGN"}), "INVALID", "input.currency", "EUR"},
		{"a number for a price", buy, deal(input{"price": 10.1}), "INVALID", "input.price", "is a number: write a decimal number in a string"},
		{"a number for credits", buy, deal(input{"credits": 100}), "INVALID", "input.credits", "is a number"},
		{"an exponent", buy, deal(input{"price": "1e3"}), "INVALID", "input.price", "plain notation"},
		{"too many credits", buy, deal(input{"credits": "1000000000.000001"}), "INVALID", "input.credits", "more than 1,000,000,000"},
		{"a day that is none", buy, deal(input{"dueOn": "2024-02-30"}), "INVALID", "input.dueOn", `a date such as "2024-03-31"`},
		{"an instant without an offset", buy, deal(input{"purchasedAt": "2024-01-01T00:00:00"}), "INVALID", "input.purchasedAt", "RFC 3339"},
		{"a duration of hours", buy, deal(input{"expiresAfter": "PT5H"}), "INVALID", "input.expiresAfter", "P12M"},
		{"seven decimals in a tier", sellPack, input{"code": "x", "tiers": []input{{"credits": "1.0000001", "price": "1"}}}, "INVALID", "input.tiers.0.credits", "six decimals"},

		{"a field that is missing", buy, deal(input{"credits": nil}), "INVALID", "input.credits", "must be defined"},
		{"a field that is unknown", buy, deal(input{"creditz": "5"}), "INVALID", "input.creditz", "unknown field"},
		{"a name that ends in the middle", buy, deal(input{"customer": "ac\x00me"}), "INVALID", "input.customer", "U+0000"},
		{"a number for a name", buy, deal(input{"customer": 5}), "INVALID", "input.customer", "5 is not text"},
		{"an enum value that is none", give, input{"customer": "acme", "credits": "5", "reason": "WHIM"}, "INVALID", "input.reason", "WHIM"},
	}
	a := newAPI(t)
	a.sell("acme")
	before := a.written()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := a.ask(test.query, map[string]any{"input": test.input})
			var code, field, message string
			if len(got.Errors) > 0 {
				code, _ = got.Errors[0].Extensions["code"].(string)
				field = joined(got.Errors[0].Extensions["field"])
				message = got.Errors[0].Message
			} else {
				got.t = t
				got.is("result.result", "null")
				code, message = got.text("result.userErrors.0.code"), got.text("result.userErrors.0.message")
				field = joined(got.at("result.userErrors.0.field"))
			}
			if code != test.code || field != test.field || !strings.Contains(message, test.message) {
				t.Errorf("got %s at %q: %s\nwant %s at %q: …%s…", code, field, message, test.code, test.field, test.message)
			}
		})
	}
	if after := a.written(); after != before {
		t.Errorf("something was written:\n%s\n%s", before, after)
	}
}

func joined(path any) string {
	names, _ := path.([]any)
	parts := make([]string, 0, len(names))
	for _, name := range names {
		parts = append(parts, fmt.Sprint(name))
	}
	return strings.Join(parts, ".")
}

// What is wrong with one event of a batch is that event's outcome; the others stand.
func TestUsageOutcomes(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	const record = `mutation($events: [UsageEventInput!]!) { usageRecord(events: $events) {
		recorded duplicates rejected userErrors { field code }
		outcomes { source eventId status event { id credits quantity meter { code } } draws { credits lot { granted } } error { field code message } }
	} }`
	type event = map[string]any
	events := map[string]any{"events": []event{
		{"id": "1", "customer": "acme", "credits": "10"},
		{"id": "2", "customer": "acme", "meter": "tokens", "quantity": "4808", "source": "gateway"},
		{"id": "3", "customer": "nobody", "credits": "10"},
		{"id": "4", "customer": "acme", "credits": "999999"},
		{"id": "5", "customer": "acme", "meter": "nothing", "quantity": "1"},
		{"id": "6", "customer": "acme"},
		{"id": "1", "customer": "acme", "credits": "10"},
		{"id": "1", "customer": "acme", "credits": "11"},
	}}
	got := a.must(record, events)
	got.is("usageRecord.recorded", "2")
	got.is("usageRecord.duplicates", "1")
	got.is("usageRecord.rejected", "5")
	got.is("usageRecord.outcomes.0.status", `"RECORDED"`)
	got.is("usageRecord.outcomes.0.draws", `[{"credits":"10","lot":{"granted":"10000"}}]`)
	got.is("usageRecord.outcomes.1.source", `"gateway"`)
	got.is("usageRecord.outcomes.1.event.credits", `"4.808"`)
	got.is("usageRecord.outcomes.1.event.meter.code", `"tokens"`)
	for i, want := range map[int]string{
		2: `NOT_FOUND at ["customer"]`, 3: `INSUFFICIENT_CREDITS at ["credits"]`, 4: `NOT_FOUND at ["meter"]`,
		5: `INVALID at ["credits"]`, 7: `EVENT_CONFLICT at ["id"]`,
	} {
		at := fmt.Sprintf("usageRecord.outcomes.%d.", i)
		field, _ := json.Marshal(got.at(at + "error.field"))
		if is := got.text(at+"error.code") + " at " + string(field); is != want {
			t.Errorf("event %d is %s, not %s", i, is, want)
		}
		got.is(at+"event", "null")
	}
	got.is("usageRecord.outcomes.6.status", `"DUPLICATE"`)

	again := a.must(record, events)
	again.is("usageRecord.recorded", "0")
	again.is("usageRecord.duplicates", "3")
	a.must(`{ customer(externalId: "acme") { balance { credits } usageEvents { totalCount } } }`).
		is("customer", `{"balance":{"credits":"9985.192"},"usageEvents":{"totalCount":2}}`)
}

// A batch that is too large, or empty, is refused whole.
func TestUsageBatchBounds(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	const record = `mutation($events: [UsageEventInput!]!) { usageRecord(events: $events) { outcomes { status } recorded userErrors { field code message } } }`
	many := make([]map[string]any, 10_001)
	for i := range many {
		many[i] = map[string]any{"id": fmt.Sprint(i), "customer": "acme", "credits": "1"}
	}
	got := a.ask(record, map[string]any{"events": many})
	got.is("usageRecord.outcomes", "null")
	got.is("usageRecord.userErrors.0.code", `"TOO_LARGE"`)
	got.is("usageRecord.userErrors.0.field", `["events"]`)
	got = a.ask(record, map[string]any{"events": []any{}})
	got.is("usageRecord.userErrors.0.code", `"INVALID"`)
	a.must(`{ usageEvents { totalCount } }`).is("usageEvents.totalCount", "0")
	full := a.must(record, map[string]any{"events": many[:10_000]})
	full.is("usageRecord.recorded", "10000")
}

// What is no GraphQL request is answered as GraphQL, with a code and what would be right,
// and nothing of it is repeated.
func TestRequestsThatAreNone(t *testing.T) {
	a := newAPI(t)
	const secret = "s3cret"
	tests := []struct {
		name    string
		request func() *http.Request
		status  int
		code    string
		message string
	}{
		{"not JSON", body(`query { ` + secret), 400, "INVALID", `send {"query"`},
		{"empty", body(""), 400, "INVALID", `send {"query"`},
		{"a number", body("5"), 400, "INVALID", "it is a JSON number, not an object"},
		{"a batch", body(`[{"query":"{ ` + secret + ` }"}]`), 400, "INVALID", "operations are sent one a request"},
		{"no query", body(`{"q":"` + secret + `"}`), 400, "INVALID", "query must be a string"},
		{"variables that are a list", body(`{"query":"{ __typename }","variables":["` + secret + `"]}`), 400, "INVALID", "variables must be a JSON object"},
		{"too large", body(`{"query":"` + strings.Repeat("#"+secret, 200_000) + `"}`), 413, "TOO_LARGE", "more than 1048576 bytes"},
		{"another type", func() *http.Request {
			r := body(`{"query":"{ __typename }"}`)()
			r.Header.Set("Content-Type", "text/plain")
			return r
		}, 415, "INVALID", "application/json"},
		{"another method", func() *http.Request { return httptest.NewRequest(http.MethodPut, "/graphql", http.NoBody) }, 405, "INVALID", "GET or POST"},
		{"a mutation by GET", func() *http.Request {
			return httptest.NewRequest(http.MethodGet, `/graphql?query=mutation%7B__typename%7D`, http.NoBody)
		}, 405, "INVALID", "by POST"},
		{"an answer that is HTML", func() *http.Request {
			r := body(`{"query":"{ __typename }"}`)()
			r.Header.Set("Accept", "text/html")
			return r
		}, 406, "INVALID", "application/json"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := a.send(test.request())
			if got.Status != test.status || len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != test.code || !strings.Contains(got.Errors[0].Message, test.message) {
				t.Errorf("%d %s\nwant %d %s …%s…", got.Status, got.body, test.status, test.code, test.message)
			}
			if strings.Contains(got.body, secret) || strings.Contains(got.body, `"data"`) {
				t.Errorf("says too much: %s", got.body)
			}
		})
	}
}

func body(text string) func() *http.Request {
	return func() *http.Request { return post(strings.NewReader(text)) }
}

// Documents that cannot be run have a code of ours.
func TestDocumentsThatAreRefused(t *testing.T) {
	a := newAPI(t)
	deep := strings.Repeat("lots { nodes { customer { ", 8) + "id" + strings.Repeat(" } } }", 8)
	spread := "query { ...f0 } fragment f60 on Query { __typename } "
	for i := range 60 {
		spread += fmt.Sprintf("fragment f%d on Query { ...f%d ...f%d } ", i, i+1, i+1)
	}
	tests := []struct{ name, query, code, message string }{
		{"a syntax error", "{ customers(", "INVALID", "Expected"},
		{"an unknown field", "{ customerz { nodes { id } } }", "INVALID", `Cannot query field "customerz"`},
		{"two operations and no name", "query A { __typename } query B { __typename }", "INVALID", "in operationName"},
		{"too many tokens", "{ " + strings.Repeat("a: __typename ", 6000) + "}", "TOO_LARGE", "at most 10000 are read"},
		{"too deep", "{ " + deep + " }", "TOO_LARGE", "at most 20"},
		{"too complex", "{ customers(first: 200) { nodes { lots(first: 200) { nodes { id granted drawn } } } } }", "TOO_LARGE", "smaller pages"},
		{"fragments in fragments", spread, "TOO_LARGE", "at most 50000"},
		{"first beyond the bound", "{ customers(first: 201) { nodes { id } } }", "TOO_LARGE", "1 to 200, not 201"},
		{"first of nothing", "{ customers(first: 0) { nodes { id } } }", "INVALID", "1 to 200, not 0"},
		{"first below nothing", "{ lots(first: -1) { nodes { id } } }", "INVALID", "1 to 200, not -1"},
		{"first of an unknown customer's list", `{ lots(customer: "nobody", first: 500) { nodes { id } } }`, "TOO_LARGE", "not 500"},
		{"a cursor of nobody", `{ customers(after: "x") { nodes { id } } }`, "INVALID", "as pageInfo.endCursor"},
		{"an id that is none", `{ node(id: "42") { id } }`, "INVALID", "must be an id"},
		{"an id of another noun", `{ purchase(id: "lot_1") { id } }`, "INVALID", "begins with pur_, such as pur_0192f0c1-5b1e-7cc0-a6a5-6d9f8f1e2b3c, not \"lot_1\""},
		{"an id of nothing that there is", `{ node(id: "tsk_1") { id } }`, "INVALID", "man_ or run_, not \"tsk_1\""},
		{"a manual entry that is none", `{ manualEntry(id: "7") { id } }`, "INVALID", "begins with man_, such as man_0192f0c1-5b1e-7cc0-a6a5-6d9f8f1e2b3c, not \"7\""},
		{"an estimate that is none", `{ estimate(id: "est") { id } }`, "INVALID", "such as est_0192f0c1-5b1e-7cc0-a6a5-6d9f8f1e2b3c/0192f0c1-7a2d-7f40-9c31-2b6f0c9d8e7a, not"},
		{"a seal that there is not", `{ sealConsistency(from: 1, to: 2) { document } }`, "NOT_FOUND", "1 names no seal: there are 0"},
		{"both names of a customer", `{ customer(id: "cus_1", externalId: "acme") { id } }`, "INVALID", "one of id and externalId"},
		{"a float literal", `mutation { purchaseCreate(input: {customer: "acme", credits: 1.5}, idempotencyKey: "k") { userErrors { message } } }`, "INVALID", "is a number"},
		{"a period that is none", `{ trialBalance(from: "2024-13") { rows { currency } } }`, "INVALID", `a month such as "2024-03"`},
		{"a period before another", `{ trialBalance(from: "2024-03", to: "2024-01") { rows { currency } } }`, "INVALID", "must not be before"},
		{"too far ahead", `{ lapsing(withinDays: 9999) { totalCount } }`, "INVALID", "1 to 3660"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := a.ask(test.query)
			if len(got.Errors) == 0 || got.Errors[0].Extensions["code"] != test.code || !strings.Contains(got.Errors[0].Message, test.message) {
				t.Errorf("%.300s\nwant %s …%s…", got.body, test.code, test.message)
			}
		})
	}
}
