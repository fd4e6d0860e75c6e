package graph_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"drawdown/internal/books"
)

// papers sends and reads attachments.
type papers struct {
	*api
	t *testing.T
}

type paper struct {
	status int
	header http.Header
	body   string
	Code   string
	Field  []string
	SHA256 string
	Path   string
}

func (p papers) do(method, secret, path, media string, body []byte) paper {
	p.t.Helper()
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	w := httptest.NewRecorder()
	p.bare.ServeHTTP(w, r)
	got := paper{status: w.Code, header: w.Header(), body: w.Body.String()}
	_ = json.Unmarshal(w.Body.Bytes(), &got)
	return got
}

// What may be attached, by whom and until when; what comes back is what was sent, and is
// saved, not shown.
func TestAttachments(t *testing.T) {
	onEachEngine(t, func(t *testing.T, a *api) {
		a.must(`mutation { policyCreate(input: {code: "pooled", expires: "P12M", breakage: {method: PROPORTIONAL, rate: "0"}}, idempotencyKey: "p") { userErrors { message } } }`)
		token := func(name string, roles ...books.Role) string {
			return newToken(t, a.books, books.NewToken{Name: name, Roles: roles})
		}
		ann, bob := token("ann", books.Accountant), token("bob", books.Accountant)
		auditor, operator, viewer := token("aud", books.Auditor), token("op", books.Operator), token("view", books.Viewer)
		proposed := a.withToken(ann, `mutation { estimatePropose(input: {policy: "pooled", rate: "0.2", reason: "history", narrative: "Two years.\nNo outliers."}, idempotencyKey: "1") { estimate { id narrative method fileHash attachments { name } } userErrors { message } } }`)
		id, empty := proposed.text("estimatePropose.estimate.id"), proposed.text("estimatePropose.estimate.fileHash")
		proposed.is("estimatePropose.estimate.narrative", `"Two years.\nNo outliers."`)
		proposed.is("estimatePropose.estimate.method", `"JUDGEMENT"`)
		proposed.is("estimatePropose.estimate.attachments", `[]`)
		p := papers{a, t}
		at := func(name string) string { return "/v1/estimates/" + id + "/attachments/" + url.PathEscape(name) }
		pdf := []byte("%PDF-1.7\nmemo")
		sum := sha256.Sum256(pdf)
		hash := hex.EncodeToString(sum[:])

		memo := "Überlegungen 2024.pdf"
		if got := p.do(http.MethodPut, ann, at(memo), "application/pdf", pdf); got.status != http.StatusCreated || got.SHA256 != hash || got.Path != at(memo) {
			t.Fatalf("%d %s", got.status, got.body)
		}
		escaped := "/v1/estimates/" + url.PathEscape(id) + "/attachments/" + url.PathEscape(memo)
		if got := p.do(http.MethodPut, bob, escaped, "application/pdf", pdf); got.status != http.StatusOK || got.SHA256 != hash {
			t.Errorf("the same again: %d %s", got.status, got.body)
		}
		for _, test := range []struct {
			name, secret, media, body string
			status                    int
			code                      string
		}{
			{memo, ann, "application/pdf", "%PDF-another", 409, "ALREADY_EXISTS"},
			{memo, ann, "text/plain", string(pdf), 409, "ALREADY_EXISTS"},
			{"a.pdf", ann, "application/pdf", "no pdf", 400, "INVALID"},
			{"a.html", ann, "text/html", "<script>", 400, "INVALID"},
			{"a.svg", ann, "image/svg+xml", "<svg/>", 400, "INVALID"},
			{"a.txt", ann, "", "text", 400, "INVALID"},
			{"a.txt", ann, "text/plain; charset=latin1", "text", 400, "INVALID"},
			{"a.txt", ann, "text/plain", "\xff\xfe", 400, "INVALID"},
			{"a.json", ann, "application/json", "{", 400, "INVALID"},
			{"a.txt", ann, "text/plain", "", 400, "INVALID"},
			{".hidden", ann, "text/plain", "text", 400, "INVALID"},
			{"a\nb", ann, "text/plain", "text", 400, "INVALID"},
			{`a"b`, ann, "text/plain", "text", 400, "INVALID"},
			{"a/b", ann, "text/plain", "text", 400, "INVALID"},
			{strings.Repeat("n", 121), ann, "text/plain", "text", 400, "INVALID"},
			{"big.txt", ann, "text/plain", strings.Repeat("x", 1<<20+1), 413, "ATTACHMENT_TOO_LARGE"},
			{"a.txt", operator, "text/plain", "text", 403, "FORBIDDEN"},
			{"a.txt", auditor, "text/plain", "text", 403, "FORBIDDEN"},
			{"a.txt", "", "text/plain", "text", 401, "UNAUTHENTICATED"},
		} {
			got := p.do(http.MethodPut, test.secret, at(test.name), test.media, []byte(test.body))
			if got.status != test.status || got.Code != test.code {
				t.Errorf("%s %s: %d %s, want %d %s", test.name, test.media, got.status, got.body, test.status, test.code)
			}
		}
		if got := p.do(http.MethodPut, ann, "/v1/estimates/est_0/0/attachments/a.txt", "text/plain", []byte("text")); got.status != http.StatusNotFound || got.Code != "NOT_FOUND" {
			t.Errorf("%d %s", got.status, got.body)
		}
		if got := p.do(http.MethodPut, ann, at("just.txt"), "text/plain; charset=utf-8", bytes.Repeat([]byte("x"), 1<<20)); got.status != http.StatusCreated {
			t.Errorf("a mebibyte: %d %.200s", got.status, got.body)
		}
		for _, secret := range []string{auditor, bob, a.secret} {
			got := p.do(http.MethodGet, secret, at(memo), "", nil)
			if got.status != http.StatusOK || got.body != string(pdf) {
				t.Errorf("%d %s", got.status, got.body)
			}
			for name, want := range map[string]string{
				"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff", "ETag": `"` + hash + `"`,
				"Content-Disposition": "attachment; filename*=utf-8''%C3%9Cberlegungen%202024.pdf",
			} {
				if got.header.Get(name) != want {
					t.Errorf("%s: %q, want %q", name, got.header.Get(name), want)
				}
			}
		}
		for _, secret := range []string{viewer, operator} {
			if got := p.do(http.MethodGet, secret, at(memo), "", nil); got.status != http.StatusForbidden || got.Code != "FORBIDDEN" {
				t.Errorf("%d %s", got.status, got.body)
			}
		}
		if got := p.do(http.MethodGet, auditor, at("none.pdf"), "", nil); got.status != http.StatusNotFound {
			t.Errorf("%d %s", got.status, got.body)
		}
		if got := p.do(http.MethodDelete, ann, at(memo), "", nil); got.status != http.StatusMethodNotAllowed {
			t.Errorf("%d %s", got.status, got.body)
		}
		for i := range 8 {
			if got := p.do(http.MethodPut, ann, at("n"+string(rune('0'+i))), "text/plain", []byte{byte('a' + i)}); got.status != http.StatusCreated {
				t.Fatalf("%d %s", got.status, got.body)
			}
		}
		if got := p.do(http.MethodPut, ann, at("eleventh"), "text/plain", []byte("x")); got.status != http.StatusRequestEntityTooLarge || got.Code != "ATTACHMENT_TOO_LARGE" {
			t.Errorf("%d %s", got.status, got.body)
		}

		// Whoever looked at the file before the papers came does not approve them unseen.
		approve := func(hash, key string) answered {
			return a.withToken(bob, `mutation { estimateApprove(estimateId: "`+id+`", input: {fileHash: "`+hash+`"}, idempotencyKey: "`+key+`") { estimate { status } userErrors { code field } } }`)
		}
		approve(empty, "blind").is("estimateApprove.userErrors", `[{"code":"FILE_CHANGED","field":["input","fileHash"]}]`)
		file := a.withToken(auditor, `{ estimate(id: "`+id+`") { fileHash attachments { name bytes mediaType sha256 path createdBy } } }`)
		file.is("estimate.attachments.9", `{"bytes":13,"createdBy":"token:ann","mediaType":"application/pdf","name":"Überlegungen 2024.pdf","path":"`+at(memo)+`","sha256":"`+hash+`"}`)
		approve(file.text("estimate.fileHash"), "seen").is("estimateApprove.estimate.status", `"APPROVED"`)
		if got := p.do(http.MethodPut, ann, at("late.txt"), "text/plain", []byte("late")); got.status != http.StatusConflict || got.Code != "ALREADY_DECIDED" {
			t.Errorf("%d %s", got.status, got.body)
		}
		if got := p.do(http.MethodPut, ann, at(memo), "application/pdf", pdf); got.status != http.StatusOK {
			t.Errorf("a retry: %d %s", got.status, got.body)
		}
		trail := a.must(`{ auditEvents(action: "estimate.attach", first: 1) { totalCount nodes { actor subject detail } } }`)
		trail.is("auditEvents.totalCount", "10")
		trail.is("auditEvents.nodes.0.subject", `"`+id+`"`)
		trail.is("auditEvents.nodes.0.actor", `"token:ann"`)
	})
}

// What is refused about estimates, and how they follow each other.
func TestEstimatesFollowEachOther(t *testing.T) {
	onEachEngine(t, func(t *testing.T, a *api) {
		a.must(`mutation { policyCreate(input: {code: "pooled", expires: "P12M", breakage: {method: PROPORTIONAL, rate: "0.1"}}, idempotencyKey: "p") { userErrors { message } }
			other: policyCreate(input: {code: "other", expires: "P12M", breakage: {method: PROPORTIONAL, rate: "0.1"}}, idempotencyKey: "o") { userErrors { message } } }`)
		ann := newToken(t, a.books, books.NewToken{Name: "ann", Roles: []books.Role{books.Accountant}})
		bob := newToken(t, a.books, books.NewToken{Name: "bob", Roles: []books.Role{books.Accountant}})
		propose := func(policy, rate, from, key string) answered {
			t.Helper()
			return a.withToken(ann, `mutation { estimatePropose(input: {policy: "`+policy+`", rate: "`+rate+`", from: "`+from+`"}, idempotencyKey: "`+key+`") { estimate { id } userErrors { code field } } }`)
		}
		decide := func(secret, verb, id, key string) answered {
			t.Helper()
			return a.withToken(secret, `mutation { decided: estimate`+verb+`(estimateId: "`+id+`", idempotencyKey: "`+key+`") { estimate { status } userErrors { code field } } }`)
		}
		for _, rate := range []string{"1", "1.0000000001", "2", "-0.1"} {
			propose("pooled", rate, "2024-01-10", "rate "+rate).is("estimatePropose.userErrors", `[{"code":"INVALID","field":["input","rate"]}]`)
		}
		id := func(got answered) string { return got.text("estimatePropose.estimate.id") }
		first, second := id(propose("pooled", "0.2", "2024-01-10", "1")), id(propose("pooled", "0.9999999999", "2024-02-20", "2"))
		elsewhere := id(propose("other", "0.3", "2024-02-01", "3"))
		decide(ann, "Approve", first, "own").is("decided.userErrors.0.code", `"SAME_PERSON"`)
		for key, one := range map[string]string{"a1": first, "a2": second, "a3": elsewhere} {
			decide(bob, "Approve", one, key).is("decided.estimate.status", `"APPROVED"`)
		}
		status := func(id, on string) string {
			t.Helper()
			return a.must(`{ estimate(id: "` + id + `") { status(on: "` + on + `") } }`).text("estimate.status")
		}
		for _, test := range []struct{ id, on, want string }{
			{first, "2024-01-10", "APPROVED"},
			{first, "2024-02-19", "APPROVED"},
			{first, "2024-02-20", "SUPERSEDED"},
			{first, "2030-01-01", "SUPERSEDED"},
			{second, "2024-01-01", "APPROVED"},
			{second, "2030-01-01", "APPROVED"},
			{elsewhere, "2030-01-01", "APPROVED"},
		} {
			if got := status(test.id, test.on); got != test.want {
				t.Errorf("on %s: %s, want %s", test.on, got, test.want)
			}
		}
		a.must(`{ estimate(id: "`+first+`") { supersededBy { id } supersededOn } }`).is("estimate", `{"supersededBy":{"id":"`+second+`"},"supersededOn":"2024-02-20"}`)
		list := a.must(`{ all: estimates { totalCount nodes { id } } page: estimates(first: 1) { nodes { id } pageInfo { endCursor hasNextPage } }
			pooled: estimates(policy: "pooled", status: SUPERSEDED, on: "2024-02-20") { nodes { id } } before: estimates(policy: "pooled", status: SUPERSEDED, on: "2024-02-19") { totalCount }
			none: estimates(policy: "none") { totalCount } back: estimates(reverse: true, first: 2) { nodes { id } } }`)
		list.is("all", `{"nodes":[{"id":"`+first+`"},{"id":"`+second+`"},{"id":"`+elsewhere+`"}],"totalCount":3}`)
		list.is("pooled.nodes", `[{"id":"`+first+`"}]`)
		list.is("before.totalCount", "0")
		list.is("none.totalCount", "0")
		list.is("back.nodes", `[{"id":"`+elsewhere+`"},{"id":"`+second+`"}]`)
		a.must(`query($after: String) { estimates(after: $after) { nodes { id } } }`, map[string]any{"after": list.text("page.pageInfo.endCursor")}).
			is("estimates.nodes", `[{"id":"`+second+`"},{"id":"`+elsewhere+`"}]`)

		// A proposal keeps its period open; what is closed takes none.
		waits := id(propose("pooled", "0.3", "2024-01-20", "4"))
		a.now = a.now.AddDate(0, 1, 0)
		a.must(`mutation { jobRun(job: ALL, idempotencyKey: "run") { run { status } userErrors { message } } }`)
		a.must(`mutation { glAccountsSet(accounts: [{account: CASH, code: "1000", name: "Cash"}, {account: DEFERRED_REVENUE, code: "2400", name: "Deferred revenue"}], idempotencyKey: "gl") { userErrors { message } } }`)
		closing := func(key string) answered {
			t.Helper()
			return a.ask(`mutation { periodClose(period: "2024-01", idempotencyKey: "` + key + `") { userErrors { code } } }`)
		}
		closing("close 1").is("periodClose.userErrors", `[{"code":"CLOSE_CHECKS_FAILED"}]`)
		decide(ann, "Reject", waits, "withdrawn").is("decided.estimate.status", `"REJECTED"`)
		closing("close 2").is("periodClose.userErrors", `[]`)
		propose("pooled", "0.3", "2024-01-31", "5").is("estimatePropose.userErrors", `[{"code":"PERIOD_CLOSED","field":["input","from"]}]`)
	})
}
