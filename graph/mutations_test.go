package graph_test

import (
	"fmt"
	"strings"
	"testing"
)

// The same request with the same key gets the same answer and happens once; another
// request with the key is refused.
func TestIdempotency(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	mutations := map[string]string{
		"customerCreate": `customerCreate(input: {externalId: "EXTRA"}, idempotencyKey: "k") { customer { id externalId } userErrors { field code } }`,
		"policyCreate":   `policyCreate(input: {code: "EXTRA", expires: "P6M"}, idempotencyKey: "k") { policy { id code } userErrors { field code } }`,
		"packCreate":     `packCreate(input: {code: "EXTRA", policy: "annual", tiers: [{credits: "5", price: "1"}]}, idempotencyKey: "k") { pack { id code } userErrors { field code } }`,
		"meterCreate":    `meterCreate(input: {code: "EXTRA", credits: "5"}, idempotencyKey: "k") { meter { id code } userErrors { field code } }`,
		"purchaseCreate": `purchaseCreate(input: {customer: "acme", pack: "growth", credits: "1000", reference: "EXTRA"}, idempotencyKey: "k") { purchase { id reference lot { id } } userErrors { field code } }`,
		"grantCreate":    `grantCreate(input: {customer: "acme", credits: "7", reason: PROMO, shortExpiry: "EXTRA"}, idempotencyKey: "k") { lot { id } userErrors { field code } }`,
	}
	for name, mutation := range mutations {
		mutation = strings.Replace(mutation, `"k"`, `"`+name+`"`, 1)
		first := a.must("mutation { " + mutation + " }")
		written := a.written()
		if again := a.must("mutation { " + mutation + " }"); again.body != first.body {
			t.Errorf("%s answers otherwise the second time:\n%s\n%s", name, first.body, again.body)
		}
		other := a.ask("mutation { " + strings.Replace(mutation, "EXTRA", "OTHER", 1) + " }")
		other.is(name+".userErrors.0", `{"code":"IDEMPOTENCY_CONFLICT","field":["idempotencyKey"]}`)
		if now := a.written(); now != written {
			t.Errorf("%s was done again:\n%s\n%s", name, written, now)
		}
	}
	for _, key := range []string{"", strings.Repeat("x", 201)} {
		got := a.ask(`mutation($key: String!) { customerCreate(input: {externalId: "z"}, idempotencyKey: $key) { customer { id } userErrors { field code } }
			jobRun(job: ALL, idempotencyKey: $key) { run { id } userErrors { field code } } }`, map[string]any{"key": key})
		got.is("customerCreate.userErrors.0", `{"code":"INVALID","field":["idempotencyKey"]}`)
		got.is("jobRun.userErrors.0", `{"code":"INVALID","field":["idempotencyKey"]}`)
	}
}

// Everything a policy can say comes back as it was given.
func TestPolicy(t *testing.T) {
	a := newAPI(t)
	a.must(`mutation { policyCreate(input: {
		code: "team", name: "Team", expires: "P20D", shortExpiry: "a trial", burnOrder: [COST_BASIS, OLDEST], lateUsage: "P3D"
		rollover: {share: "0.5", extend: "P3M"}, overage: {mode: BILL, rate: "0.0123"}
		breakage: {method: PROPORTIONAL, pool: POLICY, rate: "0.125", escheat: "0.4"}
	}, idempotencyKey: "1") { userErrors { message } }
	remote: policyCreate(input: {code: "remote", breakage: {method: REMOTE, remote: {after: "P10M", from: LAST_USE}}}, idempotencyKey: "2") { userErrors { message } }
	estimatePropose(input: {policy: "team", rate: "0.2", from: "2024-02-01", reason: "more history"}, idempotencyKey: "3") { estimate { id } userErrors { message } }
	}`)
	got := a.must(`{ policy(code: "team") {
		name expires shortExpiry burnOrder lateUsage rollover { share extend } overage { mode rate } breakage { method pool rate remote { after } escheat } estimates { id from rate reason policy { code } }
	} remote: policy(code: "remote") { expires shortExpiry lateUsage rollover { share } overage { mode rate } breakage { method pool rate remote { after from } escheat } estimates { id } } }`)
	got.is("policy.breakage", `{"escheat":"0.4","method":"PROPORTIONAL","pool":"POLICY","rate":"0.125","remote":null}`)
	got.is("policy.overage", `{"mode":"BILL","rate":"0.0123"}`)
	got.is("policy.burnOrder", `["COST_BASIS","OLDEST"]`)
	got.is("policy.expires", `"P20D"`)
	got.is("policy.lateUsage", `"P3D"`)
	got.is("policy.rollover", `{"extend":"P3M","share":"0.5"}`)
	got.is("policy.estimates.0.from", `"2024-02-01"`)
	got.is("policy.estimates.0.rate", `"0.2"`)
	got.is("policy.estimates.0.policy.code", `"team"`)
	got.is("remote", `{"breakage":{"escheat":"0","method":"REMOTE","pool":null,"rate":null,"remote":{"after":"P10M","from":"LAST_USE"}},"estimates":[],"expires":null,"lateUsage":"P0D","overage":{"mode":"REJECT","rate":null},"rollover":null,"shortExpiry":null}`)
	a.must(`query($id: ID!) { node(id: $id) { id ... on Estimate { reason } } }`, map[string]any{"id": got.text("policy.estimates.0.id")}).
		is("node.reason", `"more history"`)
}

// An invoice is due, paid and refunded; each act is refused where it does not fit.
func TestInvoiceToRefund(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	made := a.must(`mutation { purchaseCreate(input: {customer: "acme", policy: "annual", credits: "100", price: "50", currency: EUR, fxRate: "1.08", tax: "9.50", invoiced: true, dueOn: "2024-02-01", purchasedAt: "2024-01-10T08:00:00+02:00"}, idempotencyKey: "invoice") {
		purchase { id status dueOn paidAt purchasedAt fxRate price { amount currency } functionalPrice { amount currency } functionalTax { amount } entries { totalCount } lot { liabilityOn price { amount } } } userErrors { message } } }`)
	made.is("purchaseCreate.purchase.status", `"INVOICED"`)
	made.is("purchaseCreate.purchase.purchasedAt", `"2024-01-10T06:00:00Z"`)
	made.is("purchaseCreate.purchase.functionalPrice", `{"amount":"54.00","currency":"USD"}`)
	made.is("purchaseCreate.purchase.functionalTax", `{"amount":"10.26"}`)
	made.is("purchaseCreate.purchase.entries.totalCount", `0`)
	made.is("purchaseCreate.purchase.lot", `{"liabilityOn":"2024-02-01","price":{"amount":"50.00"}}`)

	act := func(mutation, key string) answered {
		return a.ask(`mutation($id: ID!, $key: String!) { result: `+mutation+` }`, map[string]any{"id": made.text("purchaseCreate.purchase.id"), "key": key})
	}
	const refund = `purchaseRefund(purchaseId: $id, input: {amount: "20.00", reason: "unhappy"}, idempotencyKey: $key) { purchase { status refundAmount { amount } lot { refunded refundedAmount { amount } unused } entries { nodes { kind lines { account { role } side amount { amount } } } } } userErrors { field code message } }`
	const pay = `purchasePay(purchaseId: $id, input: {paidAt: "2024-01-14T00:00:00Z"}, idempotencyKey: $key) { purchase { status paidAt lot { liabilityOn } } userErrors { field code } }`
	act(refund, "r1").is("result.userErrors.0.code", `"NOT_PAID"`)
	act(pay, "p1").is("result.purchase", `{"lot":{"liabilityOn":"2024-01-14"},"paidAt":"2024-01-14T00:00:00Z","status":"PAID"}`)
	act(pay, "p2").is("result.userErrors.0", `{"code":"ALREADY_PAID","field":["purchaseId"]}`)
	act(strings.Replace(refund, "20.00", "50.01", 1), "r2").is("result.userErrors.0.code", `"AMOUNT_EXCEEDS_PRICE"`)
	act(strings.Replace(refund, "20.00", "50.01", 1), "r2").is("result.userErrors.0.field", `["input","amount"]`)
	refunded := act(refund, "r3")
	refunded.is("result.purchase.status", `"REFUNDED"`)
	refunded.is("result.purchase.refundAmount.amount", `"20.00"`)
	refunded.is("result.purchase.lot", `{"refunded":"100","refundedAmount":{"amount":"50.00"},"unused":"0"}`)
	refunded.is("result.purchase.entries.nodes.0.kind", `"PAYMENT"`)
	refunded.is("result.purchase.entries.nodes.1.kind", `"REFUND"`)
	act(refund, "r4").is("result.userErrors.0.code", `"ALREADY_REFUNDED"`)

	missing := a.ask(`mutation { purchaseRefund(purchaseId: "pur_0", input: {amount: "1"}, idempotencyKey: "m") { userErrors { field code } }
		wrong: purchaseRefund(purchaseId: "lot_0", input: {amount: "1"}, idempotencyKey: "n") { userErrors { field code } } }`)
	missing.is("purchaseRefund.userErrors.0", `{"code":"NOT_FOUND","field":["purchaseId"]}`)
	missing.is("wrong.userErrors.0", `{"code":"INVALID","field":["purchaseId"]}`)
}

// An unpaid purchase is called off once, and its lot says so.
func TestPurchaseVoid(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	made := a.must(`mutation { purchaseCreate(input: {customer: "acme", policy: "annual", credits: "100", price: "50.00", invoiced: true, cancellable: true}, idempotencyKey: "sell") { purchase { id } userErrors { message } } }`)
	void := func(key string) answered {
		return a.ask(`mutation($id: ID!, $key: String!) { result: purchaseVoid(purchaseId: $id, input: {reason: "twice"}, idempotencyKey: $key) {
			purchase { status voidedAt lot { granted removed removedAmount { amount } unused changes { kind day credits amount { amount } functionalAmount { currency } reason } } } userErrors { field code } } }`,
			map[string]any{"id": made.text("purchaseCreate.purchase.id"), "key": key})
	}
	got := void("v1")
	got.is("result.purchase.status", `"VOIDED"`)
	got.is("result.purchase.lot.removed", `"100"`)
	got.is("result.purchase.lot.unused", `"0"`)
	got.is("result.purchase.lot.changes.0.kind", `"VOIDED"`)
	got.is("result.purchase.lot.changes.0.reason", `"twice"`)
	got.is("result.purchase.lot.changes.0.amount.amount", `"0.00"`)
	void("v2").is("result.userErrors.0", `{"code":"ALREADY_VOIDED","field":["purchaseId"]}`)
	a.must(`{ purchases(status: VOIDED) { totalCount } refunded: purchases(status: REFUNDED) { totalCount } }`).is("purchases.totalCount", `1`)
}

// A chargeback blocks the credits, and is won or lost.
func TestPurchaseDispute(t *testing.T) {
	a := newAPI(t)
	made := a.sell("acme")
	dispute := func(key, input string) answered {
		return a.ask(`mutation($id: ID!, $key: String!) { result: purchaseDispute(purchaseId: $id, input: `+input+`, idempotencyKey: $key) {
			purchase { status dispute disputeAmount { amount } lostAmount { amount } lot { blocked removed carrying { amount } changes { kind amount { amount } } } entries { nodes { kind } } } userErrors { field code } } }`,
			map[string]any{"id": made, "key": key})
	}
	dispute("d0", `{outcome: WON}`).is("result.userErrors.0", `{"code":"NOT_DISPUTED","field":["purchaseId"]}`)
	dispute("d1", `{outcome: OPEN}`).is("result.userErrors.0", `{"code":"INVALID","field":["input","amount"]}`)
	got := dispute("d2", `{outcome: OPEN, amount: "80.00"}`)
	got.is("result.purchase.dispute", `"OPEN"`)
	got.is("result.purchase.lot.blocked", `true`)
	got.is("result.purchase.lostAmount", `null`)
	a.must(`{ customer(externalId: "acme") { balance { credits } } }`).is("customer.balance.credits", `"0"`)
	dispute("d3", `{outcome: OPEN, amount: "80.00"}`).is("result.userErrors.0", `{"code":"DISPUTED","field":["purchaseId"]}`)
	got = dispute("d4", `{outcome: LOST}`)
	got.is("result.purchase.lot", `{"blocked":false,"carrying":{"amount":"720.00"},"changes":[{"amount":{"amount":"80.00"},"kind":"CHARGED_BACK"}],"removed":"1000"}`)
	got.is("result.purchase.lostAmount.amount", `"80.00"`)
	got.is("result.purchase.entries.nodes.1.kind", `"DISPUTE"`)
	a.must(`{ customer(externalId: "acme") { balance { credits } } }`).is("customer.balance.credits", `"9000"`)
}

// A void is an event of its own that gives the credits back.
func TestVoid(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	a.use("acme", "evt-1", "100")
	const void = `mutation($id: String!, $key: String!) { usageVoid(event: {customer: "acme", id: $id}, input: {reason: "double"}, idempotencyKey: $key) {
		event { credits voidOf { eventId voidedBy { credits } } draws { credits } } userErrors { field code } } }`
	got := a.must(void, map[string]any{"id": "evt-1", "key": "v1"})
	got.is("usageVoid.event", `{"credits":"-100","draws":[{"credits":"-100"}],"voidOf":{"eventId":"evt-1","voidedBy":{"credits":"-100"}}}`)
	a.ask(void, map[string]any{"id": "evt-1", "key": "v2"}).is("usageVoid.userErrors.0", `{"code":"ALREADY_VOIDED","field":["event","id"]}`)
	a.ask(void, map[string]any{"id": "evt-9", "key": "v3"}).is("usageVoid.userErrors.0", `{"code":"NOT_FOUND","field":["event","id"]}`)
	a.must(`{ customer(externalId: "acme") { balance { credits } } }`).is("customer.balance.credits", `"10000"`)
}

// Credits beyond the balance are billed where the policy says so, and a grant costs nothing.
func TestOverageAndGrant(t *testing.T) {
	a := newAPI(t)
	a.must(`mutation {
		policyCreate(input: {code: "default", overage: {mode: BILL, rate: "0.05"}}, idempotencyKey: "1") { userErrors { message } }
		customerCreate(input: {externalId: "acme"}, idempotencyKey: "2") { userErrors { message } }
		grantCreate(input: {customer: "acme", credits: "10", reason: GOODWILL}, idempotencyKey: "3") { lot { kind reason price { amount } purchase { id } } userErrors { message } }
	}`).is("grantCreate.lot", `{"kind":"GRANT","price":{"amount":"0.00"},"purchase":null,"reason":"GOODWILL"}`)
	a.use("acme", "1", "110")
	a.run()
	got := a.must(`{ lots(kind: OVERAGE) { nodes { price { amount } overageRate drawn unused remaining expiresAt recognised { amount currency }
		recognitions { nodes { kind amount { amount } explanation { inputs { name value } } entry { kind } } } } } }`)
	got.is("lots.nodes.0.overageRate", `"0.05"`)
	got.is("lots.nodes.0.drawn", `"100"`)
	got.is("lots.nodes.0.recognised", `{"amount":"5.00","currency":"USD"}`)
	got.is("lots.nodes.0.recognitions.nodes.0.kind", `"OVERAGE"`)
	got.is("lots.nodes.0.recognitions.nodes.0.entry.kind", `"OVERAGE"`)
	got.is("lots.nodes.0.recognitions.nodes.0.explanation.inputs.0", `{"name":"rate","value":"0.05"}`)
}

// A job is refused for a day that has not ended, and while another one runs.
func TestJobRun(t *testing.T) {
	a := newAPI(t)
	got := a.ask(`mutation { jobRun(job: RECOGNISE, input: {through: "2024-01-15"}, idempotencyKey: "k") { run { id } userErrors { field code message } } }`)
	got.is("jobRun.run", "null")
	got.is("jobRun.userErrors.0.code", `"INVALID"`)
	got.is("jobRun.userErrors.0.field", `["input","through"]`)
	done := a.must(`mutation { jobRun(job: RECOGNISE, input: {through: "2024-01-10"}, idempotencyKey: "k") { run { id job trigger status through startedAt finishedAt entries firstEntry { number } error } userErrors { code } } }`)
	done.is("jobRun.run.trigger", `"MANUAL"`)
	done.is("jobRun.run.through", `"2024-01-10"`)
	done.is("jobRun.run.firstEntry", "null")
	a.must(`query($id: ID!) { node(id: $id) { ... on JobRun { status } } jobRuns(job: RECOGNISE, status: SUCCEEDED) { totalCount } }`,
		map[string]any{"id": done.text("jobRun.run.id")}).is("jobRuns.totalCount", "1")
}

// More time before the lapse, and lapsed credits given back in a lot of their own.
func TestPurchaseExtendAndReinstate(t *testing.T) {
	a := newAPI(t)
	made := a.sell("acme")
	lapsed := a.must(`mutation { purchaseCreate(input: {customer: "acme", policy: "annual", credits: "100", price: "50.00", purchasedAt: "2023-01-02T00:00:00Z", expiresAt: "2024-01-01T00:00:00Z"}, idempotencyKey: "sell") { purchase { id } userErrors { message } } }`).text("purchaseCreate.purchase.id")
	extend := func(key, id, input string) answered {
		return a.ask(`mutation($id: ID!, $key: String!) { result: purchaseExtend(purchaseId: $id, input: {treatment: PROSPECTIVE, reason: "kindness", `+input+`}, idempotencyKey: $key) {
			purchase { lot { expiresAt lapsesOn changes { kind credits toLot { id } reason } } } userErrors { field code } } }`, map[string]any{"id": id, "key": key})
	}
	extend("e1", lapsed, `neverExpires: true`).is("result.userErrors.0", `{"code":"LAPSED","field":["purchaseId"]}`)
	extend("e2", made, `expiresAfter: "P11M"`).is("result.userErrors.0.code", `"INVALID"`)
	extend("e3", made, `neverExpires: true`).is("result.purchase.lot", `{"changes":[{"credits":"0","kind":"EXTENDED","reason":"kindness","toLot":null}],"expiresAt":null,"lapsesOn":null}`)

	extend("e4", made, `neverExpires: true, lot: "lot"`).is("result.userErrors.0", `{"code":"INVALID","field":["input","lot"]}`)
	extend("e5", made, `neverExpires: true, lot: "lot_0192f0c1-5b1e-7cc0-a6a5-6d9f8f1e2b3c"`).is("result.userErrors.0", `{"code":"INVALID","field":["input","lot"]}`)
	bonus := a.must(`mutation { purchaseCreate(input: {customer: "acme", policy: "annual", credits: "100", bonus: "20", bonusTerms: {expiresAfter: "P3M"}, price: "50.00"}, idempotencyKey: "bonus") { purchase { id lots { nodes { id } } } userErrors { message } } }`)
	named := bonus.text("purchaseCreate.purchase.lots.nodes.1.id")
	extend("e6", bonus.text("purchaseCreate.purchase.id"), `neverExpires: true, lot: "`+named+`"`).is("result.userErrors", `[]`)
	a.must(`{ lot(id: "`+named+`") { granted expiresAt changes { kind } } }`).is("lot", `{"changes":[{"kind":"EXTENDED"}],"expiresAt":null,"granted":"20"}`)

	reinstate := func(key, id, credits string) answered {
		return a.ask(`mutation($id: ID!, $key: String!) { result: purchaseReinstate(purchaseId: $id, input: {credits: "`+credits+`", expiresAfter: "P1Y", treatment: PRICE_CONCESSION, reason: "kindness"}, idempotencyKey: $key) {
			purchase { lot { removed changes { kind toLot { granted } } } } lot { granted price { amount } carrying { amount } origin { granted } purchase { id } } userErrors { field code } } }`, map[string]any{"id": id, "key": key})
	}
	reinstate("r1", made, "1").is("result.userErrors.0", `{"code":"NOT_LAPSED","field":["purchaseId"]}`)
	reinstate("r2", lapsed, "101").is("result.userErrors.0", `{"code":"INSUFFICIENT_CREDITS","field":["input","credits"]}`)
	got := reinstate("r3", lapsed, "40")
	got.is("result.lot", `{"carrying":{"amount":"20.00"},"granted":"40","origin":{"granted":"100"},"price":{"amount":"20.00"},"purchase":{"id":"`+lapsed+`"}}`)
	got.is("result.purchase.lot", `{"changes":[{"kind":"REINSTATED","toLot":{"granted":"40"}}],"removed":"40"}`)
}

// Credits are held for a job, and what it took is one event.
func TestHolds(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	hold := func(key, credits string) answered {
		return a.ask(`mutation($credits: Credits!, $key: String!) { result: holdCreate(input: {customer: "acme", credits: $credits, expiresAfter: "PT2H", reference: "job"}, idempotencyKey: $key) {
			hold { id status credits reference endedAt reason event { id } customer { externalId } parts { credits lot { granted } } } userErrors { field code } } }`,
			map[string]any{"credits": credits, "key": key})
	}
	const capture = `mutation($id: ID!, $credits: Credits!, $event: String!, $key: String!) { result: holdCapture(holdId: $id, input: {id: $event, credits: $credits}, idempotencyKey: $key) {
		hold { status event { eventId } } event { credits draws { credits } } userErrors { field code } } }`
	balance := func(want string) {
		t.Helper()
		a.must(`{ customer(externalId: "acme") { balance { credits held } holds(status: ACTIVE) { totalCount } } }`).is("customer", want)
	}
	hold("h1", "10000.000001").is("result.userErrors.0", `{"code":"INSUFFICIENT_CREDITS","field":["input","credits"]}`)
	first, second := hold("h2", "6000"), hold("h3", "4000")
	id, other := first.at("result.hold.id"), second.at("result.hold.id")
	first.is("result.hold.parts", `[{"credits":"6000","lot":{"granted":"10000"}}]`)
	first.is("result.hold.status", `"ACTIVE"`)
	balance(`{"balance":{"credits":"0","held":"10000"},"holds":{"totalCount":2}}`)
	a.must(`mutation { usageRecord(events: [{id: "plain", customer: "acme", credits: "1"}]) { outcomes { error { code message } } } }`).
		is("usageRecord.outcomes.0.error.code", `"INSUFFICIENT_CREDITS"`)
	a.ask(capture, map[string]any{"id": id, "credits": "6001", "event": "job", "key": "c1"}).is("result.userErrors.0", `{"code":"INSUFFICIENT_CREDITS","field":["input","credits"]}`)
	for _, key := range []string{"c2", "c2", "c3"} {
		a.ask(capture, map[string]any{"id": id, "credits": "5500", "event": "job", "key": key}).
			is("result", `{"event":{"credits":"5500","draws":[{"credits":"5500"}]},"hold":{"event":{"eventId":"job"},"status":"CAPTURED"},"userErrors":[]}`)
	}
	a.ask(capture, map[string]any{"id": id, "credits": "5501", "event": "job", "key": "c4"}).is("result.userErrors.0", `{"code":"EVENT_CONFLICT","field":["input","id"]}`)
	a.ask(capture, map[string]any{"id": id, "credits": "1", "event": "more", "key": "c5"}).is("result.userErrors.0", `{"code":"HOLD_ENDED","field":["holdId"]}`)
	balance(`{"balance":{"credits":"500","held":"4000"},"holds":{"totalCount":1}}`)
	release := `mutation($id: ID!, $key: String!) { result: holdRelease(holdId: $id, input: {reason: "called off"}, idempotencyKey: $key) { hold { status reason } userErrors { field code } } }`
	a.ask(release, map[string]any{"id": other, "key": "r1"}).is("result", `{"hold":{"reason":"called off","status":"RELEASED"},"userErrors":[]}`)
	a.ask(release, map[string]any{"id": other, "key": "r2"}).is("result.userErrors.0", `{"code":"HOLD_ENDED","field":["holdId"]}`)
	a.ask(release, map[string]any{"id": "hold_0", "key": "r3"}).is("result.userErrors.0", `{"code":"NOT_FOUND","field":["holdId"]}`)
	balance(`{"balance":{"credits":"4500","held":"0"},"holds":{"totalCount":0}}`)
	a.must(`query($id: ID!) { hold(id: $id) { status endedAt } holds(customer: "acme", status: RELEASED) { nodes { id } } node(id: $id) { id } }`, map[string]any{"id": other}).
		is("holds.nodes.0.id", fmt.Sprintf("%q", other))
}

// A budget refuses what is beyond it, a soft one says so; each is a list of versions.
func TestBudgets(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	create := func(key, name, user, mode string) answered {
		return a.ask(`mutation($name: String!, $user: String!, $mode: BudgetMode!, $key: String!) { result: budgetCreate(input: {customer: "acme", name: $name, dimension: {key: "user", value: $user}, limit: "100", mode: $mode, reason: "quarter"}, idempotencyKey: $key) {
			budget { id name per dimension { key value } customer { externalId } versions { number limit mode ended reason } } userErrors { field code } } }`,
			map[string]any{"name": name, "user": user, "mode": mode, "key": key})
	}
	made := create("b1", "ann", "ann", "HARD")
	made.is("result.budget.versions", `[{"ended":false,"limit":"100","mode":"HARD","number":1,"reason":"quarter"}]`)
	create("b2", "ann", "bob", "HARD").is("result.userErrors.0", `{"code":"ALREADY_EXISTS","field":["input","name"]}`)
	create("b3", "bob", "bob", "SOFT").is("result.userErrors", `[]`)
	use := func(id, user, credits string) answered {
		return a.ask(`mutation($id: String!, $user: String!, $credits: Credits!) { usageRecord(events: [{id: $id, customer: "acme", credits: $credits, dimensions: [{key: "user", value: $user}]}]) { outcomes { status overBudgets { name } error { code field } } } }`,
			map[string]any{"id": id, "user": user, "credits": credits})
	}
	left := func(want string) {
		t.Helper()
		a.must(`{ customer(externalId: "acme") { balance { budgets { name limit mode spent held left over } } } }`).is("customer.balance.budgets", want)
	}
	use("u1", "ann", "60").is("usageRecord.outcomes.0", `{"error":null,"overBudgets":[],"status":"RECORDED"}`)
	use("u2", "ann", "41").is("usageRecord.outcomes.0", `{"error":{"code":"BUDGET_EXCEEDED","field":["dimensions"]},"overBudgets":[],"status":"REJECTED"}`)
	use("u3", "bob", "130").is("usageRecord.outcomes.0", `{"error":null,"overBudgets":[{"name":"bob"}],"status":"RECORDED"}`)
	a.ask(`mutation { holdCreate(input: {customer: "acme", credits: "10", dimensions: [{key: "user", value: "ann"}]}, idempotencyKey: "h") { hold { dimensions { value } } userErrors { code } } }`).
		is("holdCreate", `{"hold":{"dimensions":[{"value":"ann"}]},"userErrors":[]}`)
	left(`[{"held":"10","left":"30","limit":"100","mode":"HARD","name":"ann","over":"0","spent":"60"},{"held":"0","left":"0","limit":"100","mode":"SOFT","name":"bob","over":"30","spent":"130"}]`)
	id := made.at("result.budget.id")
	a.ask(`mutation($id: ID!) { budgetUpdate(budgetId: $id, input: {limit: "70.5", from: "1999-01-01"}, idempotencyKey: "n1") { userErrors { field code } } }`, map[string]any{"id": id}).
		is("budgetUpdate.userErrors.0", `{"code":"INVALID","field":["input","from"]}`)
	a.must(`mutation($id: ID!) { budgetUpdate(budgetId: $id, input: {limit: "70.5"}, idempotencyKey: "n2") { budget { versions { number limit mode } } userErrors { code } } }`, map[string]any{"id": id}).
		is("budgetUpdate.budget.versions.1", `{"limit":"70.5","mode":"HARD","number":2}`)
	use("u4", "ann", "0.6").is("usageRecord.outcomes.0.error.code", `"BUDGET_EXCEEDED"`)
	a.must(`mutation($id: ID!) { budgetEnd(budgetId: $id, idempotencyKey: "n3") { budget { versions { number ended } } userErrors { code } } }`, map[string]any{"id": id}).
		is("budgetEnd.budget.versions.2", `{"ended":true,"number":3}`)
	a.ask(`mutation($id: ID!) { budgetEnd(budgetId: $id, idempotencyKey: "n4") { userErrors { field code } } }`, map[string]any{"id": id}).
		is("budgetEnd.userErrors.0", `{"code":"INVALID","field":["budgetId"]}`)
	use("u5", "ann", "1000").is("usageRecord.outcomes.0.status", `"RECORDED"`)
	a.must(`query($id: ID!) { budget(id: $id) { name } node(id: $id) { id } customer(externalId: "acme") { budgets { name } } }`, map[string]any{"id": id}).
		is("customer.budgets", `[{"name":"ann"},{"name":"bob"}]`)
}

// Credits move to another customer with their price.
func TestCreditsTransfer(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	a.sell2("bell")
	move := func(key, to, credits string) answered {
		return a.ask(`mutation($to: String!, $credits: Credits!, $key: String!) { result: creditsTransfer(input: {from: "acme", to: $to, credits: $credits}, idempotencyKey: $key) {
			lots { customer { externalId } granted price { amount } purchase { id } origin { removed changes { kind toLot { granted } } } } userErrors { field code } } }`, map[string]any{"to": to, "credits": credits, "key": key})
	}
	move("t1", "acme", "1").is("result.userErrors.0", `{"code":"INVALID","field":["input","to"]}`)
	move("t2", "nobody", "1").is("result.userErrors.0", `{"code":"NOT_FOUND","field":["input","to"]}`)
	move("t3", "bell", "10000.000001").is("result.userErrors.0", `{"code":"INSUFFICIENT_CREDITS","field":["input","credits"]}`)
	move("t4", "bell", "2500").is("result.lots", `[{"customer":{"externalId":"bell"},"granted":"2500","origin":{"changes":[{"kind":"TRANSFERRED","toLot":{"granted":"2500"}}],"removed":"2500"},"price":{"amount":"200.00"},"purchase":null}]`)
	a.must(`{ customer(externalId: "bell") { balance { credits } } }`).is("customer.balance.credits", `"3500"`)
	a.must(`{ customer(externalId: "acme") { balance { credits } } }`).is("customer.balance.credits", `"7500"`)
}
