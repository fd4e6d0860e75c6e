package graph_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"drawdown/graph"
	"drawdown/internal/books"
)

// A fault of ours shows a correlation id and nothing of its inside; the log has both.
func TestFaults(t *testing.T) {
	a := newAPI(t)
	purchase := a.sell("acme")
	const inside = "table lots is on fire"
	for name, fail := range map[string]func(){
		"error": func() { a.store.fail = errors.New(inside) },
		"panic": func() { a.store.fail = nil; a.store.panics = inside },
	} {
		t.Run(name, func(t *testing.T) {
			fail()
			defer func() { a.store.fail, a.store.panics = nil, "" }()
			r := post(strings.NewReader(`{"query":"{ book { timeZone } purchase(id: \"` + purchase + `\") { id } }"}`))
			r.Header.Set("X-Request-Id", "trace-"+name)
			got := a.send(r)
			if len(got.Errors) != 1 || strings.Contains(got.body, inside) {
				t.Fatalf("got %s", got.body)
			}
			err := got.Errors[0]
			if err.Extensions["code"] != "INTERNAL" || err.Extensions["correlationId"] != "trace-"+name || !strings.Contains(err.Message, "trace-"+name) {
				t.Errorf("got %s", got.body)
			}
			if len(err.Path) != 1 || err.Path[0] != "purchase" {
				t.Errorf("path %v", err.Path)
			}
			if logged := a.logs.String(); !strings.Contains(logged, inside) || !strings.Contains(logged, "trace-"+name) {
				t.Errorf("the log says %q", logged)
			}
			got.is("book.timeZone", `"UTC"`)
		})
	}
	a.store.fail = &books.Error{Code: books.Unavailable, Message: "the database is busy: try again", Cause: errors.New(inside)}
	got := a.ask(`{ customers { nodes { id } } }`)
	if len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "UNAVAILABLE" || strings.Contains(got.body, inside) {
		t.Errorf("got %s", got.body)
	}
}

// A query that nobody can be had for is answered as unavailable, and so is readyz.
func TestAway(t *testing.T) {
	a := newAPI(t)
	a.store.away = &books.Error{Code: books.Unavailable, Message: "the database cannot be used now"}
	got := a.ask(`{ customers { nodes { id } } }`)
	if got.Status != http.StatusServiceUnavailable || len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "UNAVAILABLE" {
		t.Errorf("%d %s", got.Status, got.body)
	}
	for path, want := range map[string]int{"/readyz": http.StatusServiceUnavailable, "/healthz": http.StatusOK} {
		if got := a.send(httptest.NewRequest(http.MethodGet, path, http.NoBody)); got.Status != want {
			t.Errorf("%s is %d, not %d", path, got.Status, want)
		}
	}
	a.store.away = nil
	if got := a.send(httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody)); got.Status != http.StatusOK {
		t.Errorf("readyz is %d", got.Status)
	}
}

// A request that its caller gave up is not logged as a fault.
func TestGivenUp(t *testing.T) {
	a := newAPI(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := a.send(post(strings.NewReader(`{"query":"{ customers { nodes { id } } }"}`)).WithContext(ctx))
	if len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "UNAVAILABLE" {
		t.Errorf("got %s", got.body)
	}
	if strings.Contains(a.logs.String(), "fault") {
		t.Errorf("logged %s", a.logs.String())
	}
}

// The explorer is whole within the program, and may load nothing from elsewhere.
func TestExplorer(t *testing.T) {
	a := newAPI(t)
	page := a.send(httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	if page.Status != http.StatusOK || !strings.Contains(page.body, "explorer.js") || strings.Contains(page.body, "http") {
		t.Errorf("%d %s", page.Status, page.body)
	}
	policy := page.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "http") || strings.Contains(policy, "unsafe-eval") {
		t.Errorf("the policy is %s", policy)
	}
	for _, file := range []string{"examples.js", "explorer.js", "explorer.css", "graphiql.js", "graphiql.css", "react.js", "react-dom.js", "LICENSES.md"} {
		if got := a.send(httptest.NewRequest(http.MethodGet, "/"+file, http.NoBody)); got.Status != http.StatusOK || got.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", file, got.Status, got.Header)
		}
	}
	closed := graph.NewHandler(a.books, graph.Options{})
	recorder := httptest.NewRecorder()
	closed.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/explorer.js", http.NoBody))
	if recorder.Code != http.StatusNotFound {
		t.Errorf("without the explorer its files are %d", recorder.Code)
	}
}

// A page of another site cannot write.
func TestOtherSites(t *testing.T) {
	a := newAPI(t)
	r := post(strings.NewReader(`{"query":"mutation { __typename }"}`))
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := a.send(r); got.Status != http.StatusForbidden {
		t.Errorf("%d %s", got.Status, got.body)
	}
}
