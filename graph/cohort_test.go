package graph_test

import (
	"testing"
	"time"
)

// TestCohorts follows credits that were sold together, by hand: of 10,000 sold in January 2,500
// are used and 500 refunded in it, so 2,500 of 9,500 are redeemed, 0.263158; 1,000 move on to
// another customer, who uses 400 of them in February, which makes 2,900, 0.305263.
func TestCohorts(t *testing.T) {
	a := newAPI(t)
	purchase := a.sell("acme")
	a.now = a.now.AddDate(0, 0, 1)
	a.must(`mutation {
		customerSegmentSet(externalId: "acme", segment: "enterprise", idempotencyKey: "segment") { customer { segment } userErrors { message } }
		customerCreate(input: {externalId: "globex", segment: "smb"}, idempotencyKey: "globex") { customer { segment } userErrors { message } }
		later: purchaseCreate(input: {customer: "acme", pack: "growth", credits: "1000"}, idempotencyKey: "later") { userErrors { message } }
	}`).is("customerCreate.customer.segment", `"smb"`)
	a.use("acme", "1", "2500")
	const sums = `{ cohorts { totalCount nodes { policy { code } pack { code } currency segment month takenOver sold used lapsed refunded other open redeemedShare } } }`
	of := func(segment, sold, used, refunded, open, share string) string {
		return `{"currency":"USD","lapsed":"0","month":"2024-01","open":"` + open + `","other":"0","pack":{"code":"growth"},"policy":{"code":"annual"},"redeemedShare":"` + share +
			`","refunded":"` + refunded + `","segment":` + segment + `,"sold":"` + sold + `","takenOver":false,"used":"` + used + `"}`
	}
	before := a.must(sums)
	before.is("cohorts.totalCount", "2")
	before.is("cohorts.nodes.0", of("null", "10000", "0", "0", "10000", "0"))
	before.is("cohorts.nodes.1", of(`"enterprise"`, "1000", "0", "0", "1000", "0"))
	a.run()
	a.must(sums).is("cohorts.nodes.0", of("null", "10000", "2500", "0", "7500", "0.25"))

	a.must(`mutation($purchase: ID!) {
		purchaseRefund(purchaseId: $purchase, input: {amount: "40.00", credits: "500"}, idempotencyKey: "refund") { userErrors { message } }
		creditsTransfer(input: {from: "acme", to: "globex", credits: "1000"}, idempotencyKey: "transfer") { userErrors { message } }
	}`, map[string]any{"purchase": purchase})
	a.must(sums).is("cohorts.nodes.0", of("null", "10000", "2500", "500", "7000", "0.263158"))
	then := a.now.Format(time.RFC3339Nano)
	a.now = a.now.AddDate(0, 1, 0)
	a.use("globex", "2", "400")
	a.now = a.now.AddDate(0, 0, 1)
	a.must(`mutation { jobRun(job: RECOGNISE, idempotencyKey: "february") { run { status error } userErrors { code message } } }`)
	curve := a.must(`{ cohorts(policy: "annual", pack: "growth", currency: USD, from: "2024-01", to: "2024-01", first: 1) {
		nodes { ages { age month used usedToDate lapsed refunded other open redeemedShare } lots(first: 1) { totalCount nodes { customer { externalId } } pageInfo { hasNextPage endCursor } } }
		pageInfo { hasNextPage endCursor } } }`)
	curve.is("cohorts.nodes.0.ages", `[{"age":0,"lapsed":"0","month":"2024-01","open":"7000","other":"0","redeemedShare":"0.263158","refunded":"500","used":"2500","usedToDate":"2500"},`+
		`{"age":1,"lapsed":"0","month":"2024-02","open":"6600","other":"0","redeemedShare":"0.305263","refunded":"0","used":"400","usedToDate":"2900"}]`)
	curve.is("cohorts.nodes.0.lots.totalCount", "2")
	curve.is("cohorts.nodes.0.lots.nodes", `[{"customer":{"externalId":"acme"}}]`)
	curve.is("cohorts.pageInfo.hasNextPage", "true")
	after := map[string]any{"after": curve.text("cohorts.pageInfo.endCursor"), "lot": curve.text("cohorts.nodes.0.lots.pageInfo.endCursor")}
	a.must(`query($after: String) { cohorts(first: 1, after: $after) { nodes { segment } } }`, after).is("cohorts.nodes", `[{"segment":"enterprise"}]`)
	a.must(`query($lot: String) { cohorts(first: 1) { nodes { lots(after: $lot) { nodes { customer { externalId } } } } } }`, after).
		is("cohorts.nodes.0.lots.nodes", `[{"customer":{"externalId":"globex"}}]`)

	// Of one request, as of two instants.
	both := a.must(`{ then: cohorts(asOf: "` + then + `", first: 1) { nodes { used open ages { age used } } } now: cohorts(first: 1) { nodes { used open ages { age used } } }
		before: cohorts(asOf: "2023-12-31T00:00:00Z") { totalCount } breakage(through: "2024-01", asOf: "` + then + `") { asOf rows { used cohorts { used } } } }`)
	both.is("then.nodes", `[{"ages":[{"age":0,"used":"2500"}],"open":"7000","used":"2500"}]`)
	both.is("now.nodes", `[{"ages":[{"age":0,"used":"2500"},{"age":1,"used":"400"}],"open":"6600","used":"2900"}]`)
	both.is("before.totalCount", "0")
	both.is("breakage.asOf", `"`+then+`"`)
	both.is("breakage.rows.0.cohorts.0.used", `"2500"`)

	for filter, want := range map[string]string{
		`segment: "enterprise"`: "1", `segment: "nobody"`: "0", `policy: "none"`: "0", `pack: "none"`: "0", `currency: EUR`: "0", `from: "2024-02"`: "0", `to: "2023-12"`: "0", `reverse: true`: "2",
	} {
		a.must(`{ cohorts(`+filter+`) { totalCount } }`).is("cohorts.totalCount", want)
	}
	for argument, message := range map[string]string{`segment: ""`: "INVALID", `after: "x"`: "INVALID", `first: 0`: "INVALID", `first: 201`: "TOO_LARGE", `asOf: "2100-01-01T00:00:00Z"`: "INVALID"} {
		if got := a.ask(`{ cohorts(` + argument + `) { totalCount } }`); got.code() != message {
			t.Errorf("%s: got %s, want %s", argument, got.body, message)
		}
	}
	a.ask(`mutation { customerSegmentSet(externalId: "acme", segment: "two words", idempotencyKey: "s2") { customer { id } userErrors { code field } } }`).
		is("customerSegmentSet", `{"customer":null,"userErrors":[{"code":"INVALID","field":["segment"]}]}`)
	a.ask(`mutation { customerSegmentSet(externalId: "none", idempotencyKey: "s3") { customer { id } userErrors { code field } } }`).
		is("customerSegmentSet", `{"customer":null,"userErrors":[{"code":"NOT_FOUND","field":["externalId"]}]}`)
	a.must(`mutation { customerSegmentSet(externalId: "acme", idempotencyKey: "s4") { customer { segment } userErrors { code } } }`).
		is("customerSegmentSet.customer", `{"segment":null}`)
}
