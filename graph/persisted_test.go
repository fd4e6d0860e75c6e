package graph_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"drawdown/graph"
)

func sha(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

func object(values map[string]any) string {
	text, _ := json.Marshal(values)
	return string(text)
}

func persisted(hash string) map[string]any {
	return map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}
}

// Automatic persisted queries go as Apollo's protocol has it: the hash, which is not known;
// the hash and the document; the hash alone from then on, by GET too.
func TestPersistedQueries(t *testing.T) {
	a := newAPI(t)
	const query = `query($search: String) { customers(search: $search) { totalCount } }`
	byHash := object(map[string]any{"extensions": persisted(sha(query))})
	got := a.send(post(strings.NewReader(byHash)))
	if len(got.Errors) != 1 || got.Errors[0].Message != "PersistedQueryNotFound" || got.Errors[0].Extensions["code"] != "PERSISTED_QUERY_NOT_FOUND" {
		t.Fatalf("%d %s", got.Status, got.body)
	}
	for name, request := range map[string]map[string]any{
		"another hash":    {"query": query, "extensions": persisted(sha("{}"))},
		"no hash":         {"query": query, "extensions": persisted("x")},
		"another version": {"query": query, "extensions": map[string]any{"persistedQuery": map[string]any{"version": 2, "sha256Hash": sha(query)}}},
		"a text":          {"query": query, "extensions": map[string]any{"persistedQuery": "x"}},
		"two names":       {"documentId": "x", "extensions": persisted(sha(query))},
		"a number":        {"documentId": 5},
	} {
		if got := a.send(post(strings.NewReader(object(request)))); got.Status != http.StatusBadRequest || got.Errors[0].Extensions["code"] != "INVALID" {
			t.Errorf("%s: %d %s", name, got.Status, got.body)
		}
	}
	// A document that is not valid is not kept.
	const wrong = `{ nothing }`
	a.send(post(strings.NewReader(object(map[string]any{"query": wrong, "extensions": persisted(sha(wrong))}))))
	if got := a.send(post(strings.NewReader(object(map[string]any{"extensions": persisted(sha(wrong))})))); got.Errors[0].Extensions["code"] != "PERSISTED_QUERY_NOT_FOUND" {
		t.Errorf("%d %s", got.Status, got.body)
	}

	a.send(post(strings.NewReader(object(map[string]any{"query": query, "extensions": persisted(sha(query))})))).is("customers.totalCount", "0")
	a.send(post(strings.NewReader(byHash))).is("customers.totalCount", "0")
	for _, parameters := range []url.Values{
		{"extensions": {object(persisted(sha(query)))}, "variables": {`{"search":"acme"}`}},
		{"documentId": {"sha256:" + sha(query)}},
	} {
		a.send(httptest.NewRequest(http.MethodGet, "/graphql?"+parameters.Encode(), http.NoBody)).is("customers.totalCount", "0")
	}
}

// A server with trusted documents runs them by name, by hash and by their exact text, and
// nothing else.
func TestTrustedDocuments(t *testing.T) {
	a := newAPI(t)
	const count, rename, zone = "query Count { customers { totalCount } }\n", "mutation Add { customerCreate(input: {externalId: \"x\"}, idempotencyKey: \"k\") { customer { externalId } } }", "{ book { timeZone } }"
	trusted, err := graph.ReadTrusted(fstest.MapFS{
		"count.graphql":            {Data: []byte(count)},
		"dashboard/add.graphql":    {Data: []byte(rename)},
		"persisted-documents.json": {Data: []byte(object(map[string]any{sha(zone): zone, "zone": zone}))},
		"..2024/count.graphql":     {Data: []byte("{ nothing }")}, // the inside of a mounted ConfigMap
		"README.md":                {Data: []byte("no document")},
	}, graph.Limits{})
	if err != nil || trusted.Len() != 3 {
		t.Fatal(trusted.Len(), err)
	}
	with := *a
	with.serve(graph.Options{Trusted: trusted})
	for _, request := range []map[string]any{
		{"documentId": "count"},
		{"documentId": sha(count)},
		{"documentId": "sha256:" + sha(count)},
		{"extensions": persisted(sha(count))},
		{"query": count, "extensions": persisted(sha(count))},
		{"query": count},
		{"query": strings.TrimSpace(count)},
		{"documentId": "zone"},
		{"extensions": persisted(sha(zone))},
		{"documentId": "add"},
	} {
		if got := with.send(post(strings.NewReader(object(request)))); got.Status != http.StatusOK || len(got.Errors) > 0 {
			t.Errorf("%v: %d %s", request, got.Status, got.body)
		}
	}
	if got := with.send(httptest.NewRequest(http.MethodGet, "/graphql?documentId=count", http.NoBody)); got.Status != http.StatusOK {
		t.Errorf("%d %s", got.Status, got.body)
	}
	if got := with.send(httptest.NewRequest(http.MethodGet, "/graphql?documentId=add", http.NoBody)); got.Status != http.StatusMethodNotAllowed {
		t.Errorf("a mutation by GET: %d %s", got.Status, got.body)
	}
	for _, request := range []map[string]any{
		{"query": "{ customers { totalCount } }"},
		{"query": count + " # and more"},
		{"query": zone, "documentId": "count"},
		{"documentId": "nothing"},
		{"extensions": persisted(sha("{ book { functionalCurrency } }"))},
		{"query": "{ __schema { types { name } } }"},
	} {
		got := with.send(post(strings.NewReader(object(request))))
		if got.Status != http.StatusForbidden || got.Errors[0].Extensions["code"] != "DOCUMENT_NOT_TRUSTED" {
			t.Errorf("%v: %d %s", request, got.Status, got.body)
		}
	}
}

// Every fault of every trusted document is told at once, with its place.
func TestFaultsOfTrustedDocuments(t *testing.T) {
	_, err := graph.ReadTrusted(fstest.MapFS{
		"a.graphql":      {Data: []byte("{\n  book { timezone }\n}")},
		"b.graphql":      {Data: []byte("{ book")},
		"c.graphql":      {Data: []byte("fragment f on Book { timeZone }")},
		"deep.graphql":   {Data: []byte("{" + strings.Repeat("lots { nodes { customer { ", 8) + "id" + strings.Repeat(" } } }", 8) + "}")},
		"same.graphql":   {Data: []byte("{ book { timeZone } }")},
		"x/same.graphql": {Data: []byte("{ book { functionalCurrency } }")},
		"m.json":         {Data: []byte(`{"` + sha("{ other }") + `": "{ book { timeZone } }", "": "{ book { timeZone } }", "q": "{ nothing }"}`)},
		"n.json":         {Data: []byte(`["no manifest"]`)},
	}, graph.Limits{})
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	for _, want := range []string{
		`a.graphql:2:10: Cannot query field "timezone"`, "b.graphql:1:", "c.graphql: holds no operation", "deep.graphql: the query is", "x/same.graphql: same.graphql has another document",
		"is not the SHA-256 of its document", "m.json: : a name must have", `m.json: q:1:3: Cannot query field "nothing"`, "n.json: is not a manifest",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("does not say %q:\n%v", want, err)
		}
	}
	if _, err := graph.ReadTrusted(fstest.MapFS{}, graph.Limits{}); err == nil || !strings.Contains(err.Error(), "no file *.graphql") {
		t.Errorf("an empty directory: %v", err)
	}
}
