package telemetry_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"drawdown/graph"
)

func TestRequestsAreCounted(t *testing.T) {
	s := newServer(t, nil)
	s.ask(`query Dashboard { book { timeZone } customers { totalCount } }`, nil)
	s.ask(`{ book { timeZone } }`, nil)
	s.ask(`{ nothing }`, nil)
	s.ask(`{ customer(id: "none") { id } }`, nil)
	s.get("/healthz")
	s.get("/what/ever")
	got := s.scrape()
	for _, want := range []struct {
		name   string
		labels []string
		value  float64
	}{
		{"drawdown_http_requests_total", []string{"route", "/graphql", "method", "POST", "status", "200"}, 4},
		{"drawdown_http_requests_total", []string{"route", "/healthz", "method", "GET", "status", "200"}, 1},
		{"drawdown_http_requests_total", []string{"route", "other", "method", "GET", "status", "404"}, 1},
		{"drawdown_http_request_seconds", []string{"route", "/graphql"}, 4},
		{"drawdown_http_requests_in_flight", nil, 1}, // the scrape itself
		{"drawdown_graphql_operations_total", []string{"type", "query", "operation", "other", "code", "OK"}, 2},
		{"drawdown_graphql_operations_total", []string{"type", "none", "operation", "other", "code", "INVALID"}, 1},
		{"drawdown_graphql_operations_total", []string{"type", "query", "operation", "other", "code", "INVALID"}, 1},
		{"drawdown_graphql_errors_total", []string{"code", "INVALID"}, 2},
		{"drawdown_graphql_operation_seconds", []string{"type", "query"}, 3},
		{"drawdown_graphql_root_fields_total", []string{"type", "Query", "field", "book"}, 2},
		{"drawdown_graphql_root_fields_total", []string{"type", "Query", "field", "customers"}, 1},
		{"drawdown_build_info", []string{"version", "v0.0.0-test", "commit", "abc"}, 1},
	} {
		if got := value(got, want.name, want.labels...); got != want.value {
			t.Errorf("%s %v is %v, want %v", want.name, want.labels, got, want.value)
		}
	}
}

// Whatever callers send, the number of series stays.
func TestSeriesAreBounded(t *testing.T) {
	s := newServer(t, nil)
	send := func(i int) {
		s.ask(fmt.Sprintf(`query Name%d { alias%d: book { timeZone } }`, i, i), nil, "X-Request-Id", fmt.Sprint("r", i))
		s.ask(fmt.Sprintf(`{ nothing%d }`, i), nil)
		s.get(fmt.Sprintf("/path/%d?q=%d", i, i))
	}
	count := func() (series int) {
		for name, family := range s.scrape() {
			if strings.HasPrefix(name, "drawdown_") {
				series += len(family.Metric)
			}
		}
		return series
	}
	send(0)
	count() // the scrape's own series
	before := count()
	for i := range 30 {
		send(i)
	}
	if after := count(); after != before {
		t.Errorf("%d series became %d", before, after)
	}
}

// A request is one line, with what its sender may know again, and nothing of what it says.
func TestAccessLog(t *testing.T) {
	s := newServer(t, func(o *graph.Options) { o.Slow = time.Hour })
	long := strings.Repeat("Long", 50)
	s.ask(`query `+long+` { book { timeZone } }`, nil, "X-Request-Id", "request-1")
	s.get("/readyz")
	s.get("/secret/path")
	var seen []string
	for text := range strings.Lines(s.logs.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, fmt.Sprint(line["level"], " ", line["msg"], " ", line["method"], " ", line["path"], " ", line["status"], " ", line["operation"], " ", line["actor"]))
		if line["path"] == "/graphql" {
			if line["request_id"] != "request-1" || len(line["name"].(string)) > 64 || line["bytes"].(float64) == 0 || line["ms"].(float64) <= 0 {
				t.Errorf("line %s", text)
			}
		}
	}
	want := []string{
		"INFO request POST /graphql 200 query token:first-admin",
		"DEBUG request GET /readyz 200 <nil> <nil>",
		"INFO request GET other 404 <nil> <nil>",
	}
	if fmt.Sprint(seen) != fmt.Sprint(want) {
		t.Errorf("logged %q, want %q", seen, want)
	}
	if strings.Contains(s.logs.String(), "secret") {
		t.Errorf("the log shows a path that we do not have: %s", s.logs)
	}
	s.sell()
	s.use("an-event")
	s.ask(`query($c: String!) { customer(externalId: $c) { name } }`, map[string]any{"c": "acme"})
	s.get("/metrics?token=" + s.secret)
	for _, secret := range []string{s.secret, "acme", "Acme", "100.00", "10000", "annual", "an-event", "externalId", "policyCreate"} {
		if strings.Contains(s.logs.String(), secret) {
			t.Errorf("the log shows %s: %s", secret, s.logs)
		}
	}
	slow := newServer(t, func(o *graph.Options) { o.Slow = time.Nanosecond })
	slow.ask(`{ book { timeZone } }`, nil)
	if log := slow.logs.String(); !strings.Contains(log, `"level":"WARN","msg":"slow request"`) {
		t.Errorf("not slow: %s", log)
	}
}
