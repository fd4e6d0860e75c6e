package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"drawdown/internal/books"
)

// cohortsOf plays eight months: each month forty customers buy 100 credits each that lapse after
// two months, and use some in that month and the next.
func cohortsOf(t *testing.T, a *api) {
	t.Helper()
	a.must(`mutation {
		policyCreate(input: {code: "pooled", expires: "P2M", breakage: {method: PROPORTIONAL, rate: "0"}}, idempotencyKey: "p") { userErrors { message } }
		policy2: policyCreate(input: {code: "thin", expires: "P2M", breakage: {method: PROPORTIONAL, rate: "0"}}, idempotencyKey: "t") { userErrors { message } }
		policy3: policyCreate(input: {code: "endless", breakage: {method: PROPORTIONAL, rate: "0"}}, idempotencyKey: "e") { userErrors { message } }
	}`)
	for i := range 40 {
		a.must(fmt.Sprintf(`mutation { customerCreate(input: {externalId: "c%02d"}, idempotencyKey: "c%02d") { userErrors { message } } }`, i, i))
	}
	for month := range 8 {
		for i := range 40 {
			a.must(fmt.Sprintf(`mutation { purchaseCreate(input: {customer: "c%02d", policy: "pooled", credits: "100", price: "10.00"}, idempotencyKey: "b%d/%d") { userErrors { message } } }`, i, month, i))
		}
		events := []map[string]any{}
		for i := range 40 {
			events = append(events, map[string]any{"customer": fmt.Sprintf("c%02d", i), "id": fmt.Sprintf("u%d", month), "credits": fmt.Sprint(30 + (i*7+month*3)%60)})
		}
		a.must(`mutation($events: [UsageEventInput!]!) { usageRecord(events: $events) { recorded } }`, map[string]any{"events": events})
		a.now = a.now.AddDate(0, 1, 0)
		a.must(`mutation($k: String!) { jobRun(job: ALL, idempotencyKey: $k) { run { status } userErrors { message } } }`, map[string]any{"k": a.now.String()})
	}
}

const evidenceFields = `hash canonical dataHash version through expiryAge rate point low high constrained standardError prior parameters { method seed replications percentile matureAge }
	triangle { cohort age complete customers sold refunded cells ultimate breakage method } factors { from factor cohorts volume } curve { age used refunded }
	findings { check severity figure threshold } backTests { through point actual } explanation { steps { name formula figure } sources }`

// An estimate is computed, proposed with what it rests on, reviewed, approved, and comes out
// again: from what was kept also when late facts have changed the book.
func TestComputedEstimate(t *testing.T) {
	if testing.Short() {
		t.Skip("asks one thing after the other, in which the race detector sees nothing")
	}
	hashes := map[string]string{}
	onEachEngine(t, func(t *testing.T, a *api) {
		cohortsOf(t, a)
		ann := newToken(t, a.books, books.NewToken{Name: "ann", Roles: []books.Role{books.Accountant}})
		bob := newToken(t, a.books, books.NewToken{Name: "bob", Roles: []books.Role{books.Accountant}})
		run := func(arguments string) answered {
			t.Helper()
			return a.must(`{ estimateRun(policy: "pooled", run: ` + arguments + `) { dataHash through findings { check severity } userErrors { code } evidence { ` + evidenceFields + ` } } }`)
		}
		const asked = `{method: CHAIN_LADDER, seed: 7, replications: 300}`
		first := run(asked)
		first.is("estimateRun.through", `"2024-08"`)
		first.is("estimateRun.userErrors", `[]`)
		first.is("estimateRun.evidence.expiryAge", "2")
		first.is("estimateRun.evidence.parameters", `{"matureAge":null,"method":"CHAIN_LADDER","percentile":"0.25","replications":300,"seed":7}`)
		// The triangle is the history: forty customers of 100 credits; 30 + (7i + 3m) mod 60 used in
		// the month of purchase, by the oldest lot first, so of January's all is used that is not more than 100.
		first.is("estimateRun.evidence.triangle.0.sold", `"4000"`)
		first.is("estimateRun.evidence.triangle.0.customers", "40")
		first.is("estimateRun.evidence.triangle.0.cohort", `"2024-01"`)
		used := 0
		for i := range 40 {
			used += 30 + (i*7)%60
		}
		first.is("estimateRun.evidence.triangle.0.cells.0", fmt.Sprintf("%q", fmt.Sprint(used)))
		canonical := first.text("estimateRun.evidence.canonical")
		sum := sha256.Sum256([]byte(canonical))
		if got := hex.EncodeToString(sum[:]); got != first.text("estimateRun.evidence.hash") {
			t.Errorf("the hash is %s, of what is shown %s", first.text("estimateRun.evidence.hash"), got)
		}
		if again := run(asked); again.body != first.body {
			t.Errorf("another answer:\n%s\n%s", first.body, again.body)
		}
		if other := run(`{method: CHAIN_LADDER, seed: 8, replications: 300}`); other.text("estimateRun.evidence.hash") == first.text("estimateRun.evidence.hash") {
			t.Error("the seed does nothing")
		}
		for _, method := range []string{"BORNHUETTER_FERGUSON", "KAPLAN_MEIER"} {
			run(`{method: `+method+`, replications: 200}`).is("estimateRun.evidence.parameters.method", `"`+method+`"`)
		}

		// What cannot be asked.
		for arguments, field := range map[string]string{
			`policy: "endless"`: "policy", `policy: "none"`: "policy", `policy: "pooled", run: {method: JUDGEMENT}`: "method", `policy: "pooled", run: {percentile: "0.6"}`: "percentile",
			`policy: "pooled", run: {percentile: "0"}`: "run,percentile", `policy: "pooled", run: {replications: 20001}`: "replications", `policy: "pooled", run: {seed: -1}`: "run,seed",
			`policy: "pooled", run: {through: "2024-09"}`: "through", `policy: "pooled", run: {prior: "1"}`: "prior",
		} {
			got := a.ask(`{ estimateRun(policy: "` + strings.TrimPrefix(arguments, `policy: "`) + `) { through } }`)
			if len(got.Errors) != 1 || strings.Trim(strings.ReplaceAll(fmt.Sprint(got.Errors[0].Extensions["field"]), " ", ","), "[]") != field {
				t.Errorf("%s: %s", arguments, got.body)
			}
		}
		thin := a.ask(`{ estimateRun(policy: "thin") { evidence { rate } findings { check severity } userErrors { code } } }`)
		thin.is("estimateRun.userErrors", `[{"code":"HISTORY_TOO_THIN"}]`)
		thin.is("estimateRun.evidence", "null")
		thin.is("estimateRun.findings.0", `{"check":"COMPLETE_COHORTS","severity":"BLOCKS"}`)

		propose := func(input, key string) answered {
			t.Helper()
			return a.withToken(ann, `mutation { estimatePropose(input: {`+input+`}, idempotencyKey: "`+key+`") { findings { check severity } estimate { id } userErrors { code field } } }`)
		}
		refused := propose(`policy: "thin", run: {}`, "thin")
		refused.is("estimatePropose.userErrors", `[{"code":"HISTORY_TOO_THIN","field":["input","run"]}]`)
		refused.is("estimatePropose.findings.0.severity", `"BLOCKS"`)
		propose(`policy: "pooled"`, "nothing").is("estimatePropose.userErrors", `[{"code":"INVALID","field":["input","rate"]}]`)
		point := first.text("estimateRun.evidence.point")
		propose(`policy: "pooled", rate: "0.99", reason: "hope", run: `+asked, "above").is("estimatePropose.userErrors", `[{"code":"INVALID","field":["input","rate"]}]`)
		propose(`policy: "pooled", rate: "`+point+`", run: `+asked, "why").is("estimatePropose.userErrors", `[{"code":"INVALID","field":["input","reason"]}]`)
		lower := propose(`policy: "pooled", rate: "0.0001", run: `+asked, "lower")
		lower.is("estimatePropose.userErrors", "[]")
		a.withToken(ann, `mutation { estimateReject(estimateId: "`+lower.text("estimatePropose.estimate.id")+`", idempotencyKey: "r") { userErrors { code } } }`)
		proposed := propose(`policy: "pooled", narrative: "Eight months.", run: `+asked, "computed")
		proposed.is("estimatePropose.userErrors", "[]")
		id := proposed.text("estimatePropose.estimate.id")
		if again := propose(`policy: "pooled", narrative: "Eight months.", run: `+asked, "computed"); again.text("estimatePropose.estimate.id") != id {
			t.Errorf("a retry: %s", again.body)
		}
		review := `{ estimate(id: "` + id + `") { status method rate computedRate through dataAsOf dataHash evidenceHash fileHash evidence { ` + evidenceFields + ` } reproduction { reproduced sameFromBook differences } } }`
		file := a.must(review)
		file.is("estimate.method", `"CHAIN_LADDER"`)
		file.is("estimate.through", `"2024-08"`)
		file.is("estimate.rate", fmt.Sprintf("%q", first.text("estimateRun.evidence.rate")))
		file.is("estimate.computedRate", fmt.Sprintf("%q", first.text("estimateRun.evidence.rate")))
		file.is("estimate.evidenceHash", fmt.Sprintf("%q", first.text("estimateRun.evidence.hash")))
		file.is("estimate.dataHash", fmt.Sprintf("%q", first.text("estimateRun.dataHash")))
		file.is("estimate.reproduction", `{"differences":[],"reproduced":true,"sameFromBook":true}`)
		if kept := file.text("estimate.evidence.canonical"); kept != canonical {
			t.Errorf("kept\n%s\nran\n%s", kept, canonical)
		}
		p := papers{a, t}
		if got := p.do(http.MethodPut, ann, "/v1/estimates/"+id+"/attachments/memo.txt", "text/plain", []byte("memo")); got.status != http.StatusCreated {
			t.Fatalf("%d %s", got.status, got.body)
		}
		hash := a.must(review).text("estimate.fileHash")
		a.withToken(bob, `mutation { estimateApprove(estimateId: "`+id+`", input: {fileHash: "`+hash+`"}, idempotencyKey: "a") { userErrors { code } } }`).is("estimateApprove.userErrors", "[]")

		// Use that comes late: the book gives another figure, what was kept the same.
		a.must(`mutation { usageRecord(events: [{customer: "c01", id: "late", credits: "1", occurredAt: "2024-08-31T12:00:00Z"}]) { recorded outcomes { status error { message } } } }`).is("usageRecord.recorded", "1")
		a.now = a.now.AddDate(0, 0, 1)
		a.must(`mutation { jobRun(job: ALL, idempotencyKey: "late") { run { status } userErrors { message } } }`)
		file = a.must(review)
		file.is("estimate.reproduction.reproduced", "true")
		file.is("estimate.reproduction.sameFromBook", "false")
		if first := file.text("estimate.reproduction.differences.0"); !strings.HasPrefix(first, "data: ") {
			t.Errorf("what differs: %s", first)
		}
		if found, err := a.books.Verify(t.Context()); err != nil || len(found) != 0 {
			t.Errorf("findings %v, %v", found, err)
		}
		hashes[t.Name()] = canonical
	})
	if len(hashes) != 2 || hashes["TestComputedEstimate/sqlite"] != hashes["TestComputedEstimate/postgres"] {
		t.Errorf("the engines give other bytes: %v", hashes)
	}
}
