package graph_test

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"drawdown/internal/books"
)

// The trail as a file: what was changed with what stood before, in either order and by each
// filter, the same bytes each time, with its count and its hash.
func TestAuditFile(t *testing.T) {
	onEachEngine(t, func(t *testing.T, a *api) {
		p := papers{a, t}
		a.must(`mutation { customerCreate(input: {externalId: "acme", segment: "smb"}, idempotencyKey: "c") { userErrors { message } } }`)
		a.now = a.now.Add(time.Hour)
		a.must(`mutation { customerSegmentSet(externalId: "acme", segment: "enterprise", idempotencyKey: "s") { userErrors { message } } }`)
		a.now = a.now.Add(time.Hour)
		auditor := a.token("aud", books.Auditor)
		a.now = a.now.Add(time.Hour)

		span := "/v1/audit?before=" + a.now.UTC().Format(time.RFC3339)
		got := p.do(http.MethodGet, auditor, span+"&format=jsonl&action=customer.*", "", nil)
		lines := strings.Split(strings.TrimSpace(got.body), "\n")
		if got.status != http.StatusOK || len(lines) != 4 || lines[3] != `{"record":"end","rowCount":2,"controlTotals":[]}` {
			t.Fatalf("%d: %s", got.status, got.body)
		}
		var row struct{ Action, Before, After, Actor string }
		if err := json.Unmarshal([]byte(lines[2]), &row); err != nil {
			t.Fatal(err)
		}
		if row.Action != "customer.segment" || row.Actor != "token:test-admin" || !strings.Contains(row.Before, `"segment":"smb"`) || !strings.Contains(row.After, `"segment":"enterprise"`) {
			t.Errorf("%+v", row)
		}
		sum := sha256.Sum256([]byte(got.body))
		if got.header.Get("Drawdown-Rows") != "2" || got.header.Get("Drawdown-Sha256") != hex.EncodeToString(sum[:]) {
			t.Errorf("trailers: %v", got.header)
		}
		a.must(`mutation { customerCreate(input: {externalId: "later"}, idempotencyKey: "l") { userErrors { message } } }`)
		if again := p.do(http.MethodGet, auditor, span+"&format=jsonl&action=customer.*", "", nil); again.body != got.body {
			t.Errorf("another file of the same span:\n%s\n%s", got.body, again.body)
		}

		for query, want := range map[string]string{
			"":                        "token.create customer.create customer.segment token.create",
			"&order=NEWEST_FIRST":     "token.create customer.segment customer.create token.create",
			"&actor=token:test-admin": "customer.create customer.segment",
			"&kind=OIDC":              "",
			"&action=token.create":    "token.create token.create",
			"&requestId=nobody":       "",
		} {
			rows, err := csv.NewReader(strings.NewReader(p.do(http.MethodGet, a.secret, span+query, "", nil).body)).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			var actions []string
			for _, row := range rows {
				if row[0] == "ROW" {
					actions = append(actions, row[7])
				}
			}
			if strings.Join(actions, " ") != want {
				t.Errorf("%q: %v, not %s", query, actions, want)
			}
		}

		for _, refused := range []struct {
			method, secret, path string
			status               int
		}{
			{http.MethodGet, "", "/v1/audit", http.StatusUnauthorized},
			{http.MethodGet, a.token("acc", books.Accountant), "/v1/audit", http.StatusForbidden},
			{http.MethodGet, newToken(t, a.books, books.NewToken{Name: "portal", Roles: []books.Role{books.Viewer}, Customer: "acme"}), "/v1/audit", http.StatusForbidden},
			{http.MethodPost, auditor, "/v1/audit", http.StatusMethodNotAllowed},
			{http.MethodGet, auditor, "/v1/audit?format=pdf", http.StatusBadRequest},
			{http.MethodGet, auditor, "/v1/audit?actor=a&actor=b", http.StatusBadRequest},
			{http.MethodGet, auditor, "/v1/audit?colour=red", http.StatusBadRequest},
		} {
			if got := p.do(refused.method, refused.secret, refused.path, "", nil); got.status != refused.status || got.header.Get("Drawdown-Rows") != "" {
				t.Errorf("%s %s: %d %s", refused.method, refused.path, got.status, got.body)
			}
		}

		answer := a.must(`{ auditEvents(action: "customer.*", kind: TOKEN, reverse: true, first: 2) { nodes { action reason before after } } }`)
		if answer.text("auditEvents.nodes.1.action") != "customer.segment" || !strings.Contains(answer.text("auditEvents.nodes.1.before"), "smb") {
			t.Errorf("%v", answer)
		}
	})
}
