package graph_test

import (
	"strings"
	"testing"
	"time"

	"drawdown/internal/books"
)

// An estimate that one person proposes changes no figure before another approves it. The
// figures: 1,000 credits for 100.00, of which 400 are used. At 20 % expected to break, use of
// 400 of 800 has earned half of the 20.00 that will break; at 0 % nothing breaks.
func TestTwoPersonsForAnEstimate(t *testing.T) {
	a := newAPI(t)
	a.must(`mutation {
		policyCreate(input: {code: "pooled", expires: "P12M", breakage: {method: PROPORTIONAL, rate: "0"}}, idempotencyKey: "p") { userErrors { message } }
		customerCreate(input: {externalId: "acme"}, idempotencyKey: "c") { userErrors { message } }
		purchaseCreate(input: {customer: "acme", policy: "pooled", credits: "1000", price: "100.00"}, idempotencyKey: "b") { userErrors { message } }
	}`)
	a.use("acme", "evt-1", "400")
	ann := newToken(t, a.books, books.NewToken{Name: "ann", Roles: []books.Role{books.Accountant}, Owner: "ann@example.com"})
	again := newToken(t, a.books, books.NewToken{Name: "ann-laptop", Roles: []books.Role{books.Accountant}, Owner: "Ann@Example.com"})
	bob := newToken(t, a.books, books.NewToken{Name: "bob", Roles: []books.Role{books.Accountant, books.Admin}})

	propose := func(secret, rate, key string) string {
		t.Helper()
		got := a.withToken(secret, `mutation { estimatePropose(input: {policy: "pooled", rate: "`+rate+`", reason: "history"}, idempotencyKey: "`+key+`") { estimate { id status proposedBy decidedBy } userErrors { message } } }`)
		got.is("estimatePropose.estimate.status", `"PROPOSED"`)
		return got.text("estimatePropose.estimate.id")
	}
	decide := func(secret, verb, id, key string) answered {
		t.Helper()
		return a.withToken(secret, `mutation { decided: estimate`+verb+`(estimateId: "`+id+`", input: {reason: "seen"}, idempotencyKey: "`+key+`") { estimate { status proposedBy decidedBy decidedAt decision } userErrors { code field message } } }`)
	}
	breakage := func() string {
		t.Helper()
		a.now = a.now.AddDate(0, 0, 1)
		a.must(`mutation($k: String!) { jobRun(job: ALL, idempotencyKey: $k) { run { status } userErrors { message } } }`, map[string]any{"k": a.now.String()})
		got := a.must(`{ trialBalance { rows { account { role } closing { amount } } } }`)
		rows, _ := got.at("trialBalance.rows").([]any)
		for i := range rows {
			at := "trialBalance.rows." + string(rune('0'+i))
			if got.text(at+".account.role") == "BREAKAGE_REVENUE" {
				return got.text(at + ".closing.amount")
			}
		}
		return "0.00"
	}

	id := propose(ann, "0.2", "1")
	if got := breakage(); got != "0.00" {
		t.Errorf("a proposal books %s", got)
	}
	for key, secret := range map[string]string{"her own": ann, "her other token's": again} {
		got := decide(secret, "Approve", id, key)
		got.is("decided.userErrors.0.code", `"SAME_PERSON"`)
		got.is("decided.estimate", "null")
	}
	got := decide(bob, "Approve", id, "bob's")
	got.is("decided.estimate.status", `"APPROVED"`)
	got.is("decided.estimate.proposedBy", `"token:ann"`)
	got.is("decided.estimate.decidedBy", `"token:bob"`)
	got.is("decided.estimate.decision", `"seen"`)
	decide(bob, "Approve", id, "bob's").is("decided.estimate.status", `"APPROVED"`) // a retry
	decide(bob, "Reject", id, "too late").is("decided.userErrors.0", `{"code":"ALREADY_DECIDED","field":["estimateId"],"message":"the estimate is APPROVED already, by token:bob"}`)
	if got := breakage(); got != "10.00" {
		t.Errorf("20 %% of which half is used books %s, want 10.00", got)
	}

	// Her own proposal she may take back; nobody approves it after that.
	id = propose(ann, "0.5", "2")
	decide(ann, "Reject", id, "withdrawn").is("decided.estimate.status", `"REJECTED"`)
	decide(bob, "Approve", id, "no").is("decided.userErrors.0.code", `"ALREADY_DECIDED"`)
	decide(bob, "Approve", "est_0/0", "none").is("decided.userErrors.0.code", `"NOT_FOUND"`)
	decide(bob, "Approve", "pol_0", "other").is("decided.userErrors.0.field", `["estimateId"]`)

	// An admin who makes a token for another name is no second person, whichever of the two
	// proposes, nor at one remove.
	made := func(by, name string, roles string) string {
		t.Helper()
		return a.withToken(by, `mutation { tokenCreate(input: {name: "`+name+`", roles: `+roles+`, owner: "somebody else `+name+`"}, idempotencyKey: "`+name+`") { secret userErrors { message } } }`).text("tokenCreate.secret")
	}
	child := made(bob, "child", "[ADMIN]")
	grandchild := made(child, "grandchild", "[ACCOUNTANT]")
	for key, pair := range map[string][2]string{"up": {bob, child}, "down": {child, bob}, "far up": {bob, grandchild}, "far down": {grandchild, bob}} {
		decide(pair[1], "Approve", propose(pair[0], "0.3", "p "+key), "a "+key).is("decided.userErrors.0.code", `"SAME_PERSON"`)
	}
	decide(ann, "Approve", propose(grandchild, "0.2", "last"), "ann's").is("decided.estimate.status", `"APPROVED"`)

	list := a.must(`{ policy(code: "pooled") { all: estimates { status } approved: estimates(status: APPROVED) { id rate proposedBy supersededBy { id } } superseded: estimates(status: SUPERSEDED) { id rate supersededBy { rate status } supersededOn } proposed: estimates(status: PROPOSED) { id } } }`)
	for path, want := range map[string]int{"policy.all": 7, "policy.approved": 1, "policy.superseded": 1, "policy.proposed": 4} {
		if rows, _ := list.at(path).([]any); len(rows) != want {
			t.Errorf("%s has %d, want %d: %s", path, len(rows), want, list.body)
		}
	}
	trail := a.must(`{ auditEvents(action: "estimate.approve", first: 1) { nodes { actor kind subject detail address requestId actorName } } }`)
	trail.is("auditEvents.nodes.0.actor", `"token:bob"`)
	trail.is("auditEvents.nodes.0.kind", `"TOKEN"`)
	trail.is("auditEvents.nodes.0.actorName", `"bob"`)
	if subject := trail.text("auditEvents.nodes.0.subject"); subject != list.text("policy.superseded.0.id") && subject != list.text("policy.approved.0.id") {
		t.Errorf("the subject is %s", subject)
	}
}

// The trail says who did what from where, holds no secret, and is narrowed by each filter.
func TestAuditTrail(t *testing.T) {
	a := newAPI(t)
	operator := a.token("operator", books.Operator)
	before := a.now
	a.now = a.now.Add(time.Hour)
	made := a.withToken(operator, `mutation { customerCreate(input: {externalId: "acme"}, idempotencyKey: "c") { customer { id } } }`)
	secret := a.must(`mutation { tokenCreate(input: {name: "ci", roles: [OPERATOR]}, idempotencyKey: "t") { secret userErrors { message } } }`).text("tokenCreate.secret")
	a.must(`mutation { tokenCreate(input: {name: "ci", roles: [OPERATOR]}, idempotencyKey: "t") { secret token { name } } }`).is("tokenCreate", `{"secret":null,"token":{"name":"ci"}}`)
	all := a.must(`{ auditEvents { totalCount nodes { at actor action subject detail address requestId } } }`)
	all.is("auditEvents.totalCount", "4")
	if strings.Contains(all.body, secret) || strings.Contains(all.body, "hash") {
		t.Errorf("the trail holds a secret: %s", all.body)
	}
	id := made.text("customerCreate.customer.id")
	for filter, want := range map[string]string{
		`actor: "token:operator"`:                           "1",
		`action: "token.create"`:                            "3",
		`subject: "` + id + `"`:                             "1",
		`from: "` + a.now.Format(time.RFC3339) + `"`:        "2",
		`before: "` + a.now.Format(time.RFC3339) + `"`:      "2",
		`from: "` + before.Format(time.RFC3339) + `"`:       "4",
		`actor: "token:operator", action: "token.create"`:   "0",
		`subject: "` + id + `", action: "customer.create"`:  "1",
		`before: "` + before.Format(time.RFC3339) + `"`:     "0",
		`actor: "token:test-admin", action: "token.create"`: "1",
	} {
		a.must(`{ auditEvents(`+filter+`) { totalCount } }`).is("auditEvents.totalCount", want)
	}
	act := a.must(`{ auditEvents(subject: "` + id + `") { nodes { actor action subject address detail } } }`)
	act.is("auditEvents.nodes.0", `{"action":"customer.create","actor":"token:operator","address":"192.0.2.1","detail":"{\"externalId\":\"acme\"}","subject":"`+id+`"}`)
}
