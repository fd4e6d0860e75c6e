package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"testing"

	"drawdown/internal/books"
)

// A manual entry goes from its proposal over its papers into the journal and out of it again, and
// each names the others.
func TestManualEntry(t *testing.T) {
	onEachEngine(t, func(t *testing.T, a *api) {
		token := func(name string, role books.Role) string {
			return newToken(t, a.books, books.NewToken{Name: name, Roles: []books.Role{role}})
		}
		ann, bob, auditor, viewer := token("ann", books.Accountant), token("bob", books.Accountant), token("aud", books.Auditor), token("view", books.Viewer)
		propose := func(key string) answered {
			return a.withToken(ann, `mutation { manualEntryPropose(input: {accountingDate: "2024-01-15", reason: "promised", description: "Refunds expected", lines: [
				{account: REFUNDS, side: DEBIT, amount: "12.50"}, {account: REFUND_LIABILITY, side: CREDIT, amount: "12.50"}
			]}, idempotencyKey: "`+key+`") { manualEntry { id status proposedBy lines { account { role control } side amount { amount } } entry { id } attachments { name } } userErrors { field code message } } }`)
		}
		proposed := propose("1")
		proposed.is("manualEntryPropose.userErrors", `[]`)
		proposed.is("manualEntryPropose.manualEntry.lines.1", `{"account":{"control":false,"role":"REFUND_LIABILITY"},"amount":{"amount":"-12.50"},"side":"CREDIT"}`)
		proposed.is("manualEntryPropose.manualEntry.entry", `null`)
		id := proposed.text("manualEntryPropose.manualEntry.id")

		p, path, memo := papers{a, t}, "/v1/manual-entries/"+id+"/attachments/memo.txt", []byte("what was promised")
		sum := sha256.Sum256(memo)
		for _, refused := range []struct {
			method, secret string
			status         int
		}{{http.MethodPut, auditor, http.StatusForbidden}, {http.MethodPut, viewer, http.StatusForbidden}, {http.MethodGet, viewer, http.StatusForbidden}, {http.MethodGet, auditor, http.StatusNotFound}} {
			if got := p.do(refused.method, refused.secret, path, "text/plain", memo); got.status != refused.status {
				t.Errorf("%+v: %d %s", refused, got.status, got.body)
			}
		}
		for _, status := range []int{http.StatusCreated, http.StatusOK} {
			if got := p.do(http.MethodPut, ann, path, "text/plain", memo); got.status != status || got.SHA256 != hex.EncodeToString(sum[:]) || got.Path != path {
				t.Errorf("%d %s", got.status, got.body)
			}
		}
		if got := p.do(http.MethodGet, auditor, path, "", nil); got.status != http.StatusOK || got.body != string(memo) {
			t.Errorf("%d %s", got.status, got.body)
		}
		if got := p.do(http.MethodPut, ann, "/v1/manual-entries/man_0/attachments/a.txt", "text/plain", memo); got.status != http.StatusNotFound || got.Code != "NOT_FOUND" {
			t.Errorf("%d %s", got.status, got.body)
		}

		decide := func(secret, verb, id, key string, seen ...string) answered {
			read := ""
			if len(seen) > 0 {
				read = `, sha256: "` + seen[0] + `"`
			}
			return a.withToken(secret, `mutation { result: manualEntry`+verb+`(manualEntryId: "`+id+`", input: {reason: "seen"`+read+`}, idempotencyKey: "`+key+`") { manualEntry { status decidedBy entry { number kind purchase { id } } } userErrors { field code message } } }`)
		}
		decide(ann, "Approve", id, "a1").is("result.userErrors.0.code", `"SAME_PERSON"`)

		// Bob read it with one paper, and another came since.
		read := func() string {
			return a.withToken(bob, `{ manualEntry(id: "`+id+`") { sha256 } }`).text("manualEntry.sha256")
		}
		seen := read()
		decide(bob, "Approve", id, "a2").is("result.userErrors.0.field", `["input","sha256"]`)
		if got := p.do(http.MethodPut, ann, "/v1/manual-entries/"+id+"/attachments/another.txt", "text/plain", memo); got.status != http.StatusCreated {
			t.Fatalf("%d %s", got.status, got.body)
		}
		decide(bob, "Approve", id, "a2", seen).is("result.userErrors.0.message",
			`"is not that of the manual entry as it stands, the last of its 2 papers is \"another.txt\" of 2024-01-15T12:00:00Z: read it again"`)
		approved := read()
		decide(bob, "Approve", id, "a2", approved).is("result.manualEntry", `{"decidedBy":"token:bob","entry":{"kind":"MANUAL","number":1,"purchase":null},"status":"APPROVED"}`)
		if got := p.do(http.MethodPut, ann, "/v1/manual-entries/"+id+"/attachments/late.txt", "text/plain", memo); got.status != http.StatusConflict || got.Code != "ALREADY_DECIDED" {
			t.Errorf("late: %d %s", got.status, got.body)
		}
		if got := read(); got != approved || got == seen {
			t.Errorf("%s is approved, %s was read, and %s before", got, approved, seen)
		}
		reversal := a.withToken(bob, `mutation { manualEntryReverse(manualEntryId: "`+id+`", input: {accountingDate: "2024-01-15", reason: "paid"}, idempotencyKey: "r") { manualEntry { id kind reverses { id } } userErrors { code } } }`)
		reversal.is("manualEntryReverse.manualEntry.reverses", `{"id":"`+id+`"}`)
		decide(ann, "Approve", reversal.text("manualEntryReverse.manualEntry.id"), "a3").is("result.userErrors", `[]`)
		decide(ann, "Reject", propose("2").text("manualEntryPropose.manualEntry.id"), "a4").is("result.manualEntry.status", `"REJECTED"`)

		a.withToken(viewer, `{ entries(kinds: [MANUAL, MANUAL_REVERSAL]) { nodes { kind reverses { number } reversedBy { number } manual { reason reversal { status } attachments { name sha256 } } } } }`).is("entries.nodes",
			`[{"kind":"MANUAL","manual":{"attachments":[{"name":"another.txt","sha256":"`+hex.EncodeToString(sum[:])+`"},{"name":"memo.txt","sha256":"`+hex.EncodeToString(sum[:])+`"}],"reason":"promised","reversal":{"status":"APPROVED"}},"reversedBy":{"number":2},"reverses":null},`+
				`{"kind":"MANUAL_REVERSAL","manual":{"attachments":[],"reason":"paid","reversal":null},"reversedBy":null,"reverses":{"number":1}}]`)
		a.withToken(viewer, `{ node(id: "`+id+`") { ... on ManualEntry { status reversal { entry { number } } } } }`).is("node", `{"reversal":{"entry":{"number":2}},"status":"APPROVED"}`)
		for filter, want := range map[string]int{
			`manualEntries`: 3, `manualEntries(reversals: true)`: 1, `manualEntries(reversals: false)`: 2, `manualEntries(status: REJECTED)`: 1,
			`manualEntries(account: CASH)`: 0, `manualEntries(from: "2024-01-16")`: 0, `manualEntries(to: "2024-01-15", account: REFUNDS)`: 3,
		} {
			a.withToken(auditor, `{ list: `+filter+` { totalCount } }`).is("list.totalCount", fmt.Sprint(want))
		}
	})
}
