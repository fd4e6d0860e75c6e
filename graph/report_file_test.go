package graph_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"drawdown/internal/books"
	"drawdown/internal/reports"
)

// Reports are read as files by whoever may ask for their fields; who is bound to a customer has
// what is about that one alone.
func TestReportFiles(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	a.sell("bell")
	viewer := a.token("viewer", books.Viewer)
	one := newToken(t, a.books, books.NewToken{Name: "portal", Roles: []books.Role{books.Viewer}, Customer: "acme"})
	ask := func(secret, path, known string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/v1/reports"+path, http.NoBody)
		if secret != "" {
			r.Header.Set("Authorization", "Bearer "+secret)
		}
		if known != "" {
			r.Header.Set("If-None-Match", known)
		}
		recorder := httptest.NewRecorder()
		a.bare.ServeHTTP(recorder, r)
		return recorder
	}
	const span, own, others = "from=2024-01-01&to=2024-12-31", "/customer-statement.csv?customer=acme&", "/customer-statement.csv?customer=bell&"
	for _, test := range []struct {
		secret, path string
		status       int
		says         string
	}{
		{viewer, "", http.StatusOK, `"name":"trial-balance"`},
		{viewer, "/trial-balance.csv", http.StatusOK, "ROW,CASH,"},
		{viewer, "/trial-balance.jsonl", http.StatusOK, `"controlTotals"`},
		{viewer, others + span, http.StatusOK, "OPENING_BALANCE"},
		{viewer, "/tea-leaves.csv", http.StatusNotFound, "NOT_FOUND"},
		{viewer, "/trial-balance.pdf", http.StatusBadRequest, ".jsonl"},
		{viewer, "/account-activity.csv?account=CASH&from=2024-01-01", http.StatusBadRequest, `"to"`},
		{viewer, own + span + "&asOf=2024-01-01T00:00:00Z", http.StatusOK, "ROW,2024-12-31,CLOSING_BALANCE,,0"},
		{viewer, own + span + "&asOf=2224-01-01T00:00:00Z", http.StatusBadRequest, "must not be in the future"},
		{viewer, "/reconciliation.csv?asOf=2024-01-01T00:00:00Z", http.StatusBadRequest, "of now alone"},
		{viewer, "/run-out.csv?asOf=2024-01-01T00:00:00Z", http.StatusOK, "ROWS,0"},
		{viewer, "/expiring.csv?from=2023-12-31&to=2030-01-01&asOf=2024-01-01T00:00:00Z", http.StatusBadRequest, "must be the day of asOf (2024-01-01) or later"},
		{one, "/expiring.csv?from=2024-01-01&to=2030-01-01&asOf=2024-01-01T00:00:00Z", http.StatusOK, "ROWS,0"},
		{one, own + span, http.StatusOK, "OPENING_BALANCE"},
		{one, others + span, http.StatusNotFound, "NOT_FOUND"},
		{one, "/run-out.csv", http.StatusOK, "ROWS,1"},
		{one, "/trial-balance.csv", http.StatusForbidden, "FORBIDDEN"},
		{"", "/trial-balance.csv", http.StatusUnauthorized, "UNAUTHENTICATED"},
	} {
		got := ask(test.secret, test.path, "")
		if got.Code != test.status || !strings.Contains(got.Body.String(), test.says) {
			t.Errorf("%s: %d %s, want %d with %s", test.path, got.Code, got.Body, test.status, test.says)
		}
	}
	if names := listedReports(t, ask(one, "", "")); !slices.Equal(names, []string{"expiring", "run-out", "customer-statement"}) {
		t.Errorf("a token for one customer is told of %v", names)
	}
	if names := listedReports(t, ask(viewer, "", "")); len(names) != len(reports.All()) {
		t.Errorf("a viewer is told of %d of %d reports: %v", len(names), len(reports.All()), names)
	}
	if text := ask(one, "/run-out.csv", "").Body.String(); strings.Contains(text, "bell") {
		t.Errorf("who is bound to acme reads of bell: %s", text)
	}
	a.must(`{ reports { name csvPath jsonLinesPath ofNowAlone parameters { name kind required default values } columns { name kind currencyIn total } } }`).
		is("reports.0.csvPath", `"/v1/reports/deferred-revenue-roll-forward.csv"`)
	if got := a.withToken(one, `{ reports { name } }`); strings.Contains(got.body, "trial-balance") || !strings.Contains(got.body, "customer-statement") {
		t.Errorf("a token for one customer sees %s", got.body)
	}
	first := ask(viewer, "/trial-balance.csv", "")
	again := "/trial-balance.csv?asOf=" + first.Header().Get("Drawdown-As-Of")
	if got := ask(viewer, again, first.Header().Get("ETag")); got.Code != http.StatusNotModified {
		t.Errorf("asked again: %d %s", got.Code, got.Body)
	}
}

// listedReports are the names in the list of reports.
func listedReports(t *testing.T, answer *httptest.ResponseRecorder) (names []string) {
	t.Helper()
	var list struct{ Reports []struct{ Name string } }
	if err := json.Unmarshal(answer.Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	for _, report := range list.Reports {
		names = append(names, report.Name)
	}
	return names
}
