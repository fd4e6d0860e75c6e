package graph_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/graph"
	"drawdown/internal/auth"
	"drawdown/internal/books"
	"drawdown/internal/store"
)

// fuzzed is a real book behind its API, which is asked anything.
type fuzzed struct {
	http.Handler
	logs *bytes.Buffer
}

func newFuzzed(f *testing.F) *fuzzed {
	f.Helper()
	ctx := f.Context()
	kept, err := store.OpenMemory(ctx)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = kept.Close() })
	book, err := books.Open(ctx, kept, books.Options{})
	if err != nil {
		f.Fatal(err)
	}
	must := func(_ any, err error) {
		f.Helper()
		if err != nil {
			f.Fatal(err)
		}
	}
	price, one := decimal.NewFromInt(10), decimal.NewFromInt(1)
	must(book.PolicyCreate(ctx, "policy", books.NewPolicy{Code: "default"}))
	must(book.MeterCreate(ctx, "meter", books.NewMeter{Code: "tokens", Credits: one, Per: one}))
	for _, customer := range []string{"acme", "zeta"} {
		must(book.CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer}))
		must(book.Purchase(ctx, customer+" buys", books.NewPurchase{Customer: customer, Credits: decimal.NewFromInt(1000), Price: &price}))
	}
	must(book.RecordUsage(ctx, []books.UsageInput{{Source: "api", ID: "1", Customer: "acme", Credits: &one}}))
	a := &fuzzed{logs: &bytes.Buffer{}}
	handler := graph.NewHandler(book, graph.Options{
		Callers: auth.New(book, auth.Options{}), Log: slog.New(slog.NewTextHandler(a.logs, nil)), Limits: graph.Limits{Rate: -1},
	})
	a.Handler = authorised(handler, newToken(f, book, books.NewToken{Name: "fuzz", Roles: []books.Role{books.Admin}}))
	return a
}

// answer sends a request, whose answer must be one: JSON, with no fault of ours in it.
func (a *fuzzed) answer(t *testing.T, r *http.Request) (status int, body string) {
	t.Helper()
	a.logs.Reset()
	recorder := httptest.NewRecorder()
	a.ServeHTTP(recorder, r)
	body = recorder.Body.String()
	var got struct {
		Data   any
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
		t.Fatalf("%d is answered with no JSON: %v\n%s", recorder.Code, err, body)
	}
	for _, fault := range got.Errors {
		if fault.Extensions.Code == string(books.Internal) || fault.Extensions.Code == "" || fault.Message == "" {
			t.Fatalf("%d %s\n%s", recorder.Code, body, a.logs)
		}
	}
	if recorder.Code >= http.StatusInternalServerError {
		t.Fatalf("%d %s\n%s", recorder.Code, body, a.logs)
	}
	return recorder.Code, body
}

// request asks for something by POST.
func (a *fuzzed) request(t *testing.T, asked map[string]any) (status int, body string) {
	t.Helper()
	encoded, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	return a.answer(t, post(bytes.NewReader(encoded)))
}

// FuzzRequests sends any body, and any parameters by GET.
func FuzzRequests(f *testing.F) {
	a := newFuzzed(f)
	for _, body := range []string{
		zone, `{"query":"query($s: String) { customers(search: $s) { totalCount } }","variables":{"s":"a"},"operationName":null,"extensions":{}}`,
		`[{"query":"{ book { timeZone } }"}]`, `{"query":5}`, `{"documentId":"x"}`, "{\"query\":\"\xff\"}", `{"query":"{a","variables":[[[[]]]]}`, `{"variables":{"s":"\"}{["},"query":"{ __typename }"}`,
		`{"query":"mutation { customerCreate(input: {externalId: \"new\"}, idempotencyKey: \"k\") { customer { id } userErrors { code } } }"}`,
	} {
		f.Add([]byte(body), false)
	}
	f.Add([]byte("query=%7B__typename%7D&variables=%7B%7D&extensions=%7B%7D"), true)
	f.Fuzz(func(t *testing.T, body []byte, get bool) {
		if !get {
			a.answer(t, post(bytes.NewReader(body)))
			return
		}
		parameters, err := url.ParseQuery(string(body))
		if err != nil {
			return
		}
		a.answer(t, httptest.NewRequest(http.MethodGet, "/graphql?"+parameters.Encode(), http.NoBody))
	})
}

// FuzzDocuments sends any document.
func FuzzDocuments(f *testing.F) {
	a := newFuzzed(f)
	for _, document := range []string{
		"{ book { timeZone } }", "query A($n: Int! = 3) { customers(first: $n) { edges { node { ...c } } totalCount } } fragment c on Customer { id balance { credits lots { unused } } }",
		`{ node(id: "cus_x") { id ... on Customer { name @skip(if: true) @include(if: false) } } }`, "{ __schema { types { name fields { args { name } } } } }",
		"{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", `{ customers(search: """ block """) { nodes { id } } }`, "subscription { x }", "{ a: entries(from: \"2024-01-01\", kind: null) { nodes { lines { debit { amount } } } } }",
		`mutation { usageRecord(events: [{id: "1", customer: "acme", credits: "1"}]) { recorded outcomes { status error { code } } } }`,
		`mutation { purchaseCreate(input: {customer: "acme", policy: "default", credits: "5", price: "1.00"}, idempotencyKey: "p") { purchase { id } userErrors { field code } } }`,
	} {
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document string) { a.request(t, map[string]any{"query": document}) })
}

// listField is a field of Query that is a list with pages.
type listField struct {
	name, document string
	arguments      []argument
}

type argument struct {
	name, kind string   // the name of its innermost type
	list       bool     // it takes several
	values     []string // of an enum
}

// lists are all that the schema has, so that a new one is fuzzed too.
func (a *fuzzed) lists(f *testing.F) []listField {
	f.Helper()
	const query = `{ __type(name: "Query") { fields { name args { name type { ...t } } } } }
		fragment t on __Type { kind name enumValues { name } ofType { kind name enumValues { name } ofType { kind name enumValues { name } ofType { kind name enumValues { name } } } } }`
	body, _ := json.Marshal(map[string]string{"query": query})
	recorder := httptest.NewRecorder()
	a.ServeHTTP(recorder, post(bytes.NewReader(body)))
	type ofType struct {
		Kind, Name string
		EnumValues []struct{ Name string }
		OfType     *ofType
	}
	var got struct {
		Data struct {
			Type struct {
				Fields []struct {
					Name string
					Args []struct {
						Name string
						Type ofType
					}
				}
			} `json:"__type"`
		}
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
		f.Fatal(err)
	}
	var lists []listField
	for _, field := range got.Data.Type.Fields {
		list := listField{name: field.Name}
		var declared, passed []string
		paged := false
		for _, arg := range field.Args {
			made := argument{name: arg.Name}
			last := &arg.Type
			for at := &arg.Type; at != nil; at = at.OfType {
				made.list = made.list || at.Kind == "LIST"
				last = at
			}
			written := last.Name
			made.kind = last.Name
			for _, value := range last.EnumValues {
				made.values = append(made.values, value.Name)
			}
			if made.list {
				written = "[" + written + "!]"
			}
			paged = paged || arg.Name == "first"
			if arg.Type.Kind == "NON_NULL" {
				written += "!"
			}
			declared = append(declared, "$"+arg.Name+": "+written)
			passed = append(passed, arg.Name+": $"+arg.Name)
			list.arguments = append(list.arguments, made)
		}
		if paged {
			list.document = fmt.Sprintf("query(%s) { %s(%s) { nodes { __typename } pageInfo { hasNextPage startCursor endCursor } totalCount } }",
				strings.Join(declared, ", "), field.Name, strings.Join(passed, ", "))
			lists = append(lists, list)
		}
	}
	if len(lists) < 12 {
		f.Fatalf("only %d lists", len(lists))
	}
	return lists
}

// proper are values that a scalar takes.
var proper = map[string]any{
	"DateTime": "2024-03-01T12:00:00Z", "Date": "2024-03-01", "Period": "2024-03", "Decimal": "1.5", "Credits": "10", "Currency": "USD", "String": "acme", "ID": "cus_0192f0c1-5b1e-7cc0-a6a5-6d9f8f1e2b3c", "Duration": "P1M",
}

// FuzzFilters asks for pages of every list with any arguments; the same twice is answered
// the same.
func FuzzFilters(f *testing.F) {
	a := newFuzzed(f)
	lists := a.lists(f)
	for i := range lists {
		f.Add(uint8(i), uint32(0), uint32(0), "acme", 5, true)
		f.Add(uint8(i), ^uint32(0), ^uint32(0), "acme", 200, false)
		f.Add(uint8(i), ^uint32(0), uint32(0), "%_\\'\x00\u2028", -1, false)
	}
	f.Fuzz(func(t *testing.T, which uint8, given, right uint32, text string, number int, yes bool) {
		list := lists[int(which)%len(lists)]
		variables := map[string]any{}
		for i, argument := range list.arguments {
			if given>>(i%32)&1 == 0 && argument.name != "first" && argument.name != "withinDays" && argument.name != "customer" {
				continue
			}
			var value any = text
			switch {
			case argument.kind == "Int":
				value = number
			case argument.kind == "Boolean":
				value = yes
			case len(argument.values) > 0 && right>>(i%32)&1 == 1:
				value = argument.values[int(uint(number)%uint(len(argument.values)))]
			case proper[argument.kind] != nil && right>>(i%32)&1 == 1:
				value = proper[argument.kind]
			}
			if argument.list {
				value = []any{value, value}
			}
			variables[argument.name] = value
		}
		asked := map[string]any{"query": list.document, "variables": variables}
		status, body := a.request(t, asked)
		if again, same := a.request(t, asked); status != again || body != same {
			t.Fatalf("first %s\nthen %s", body, same)
		}
	})
}

// FuzzCursors goes on in every list after any cursor, encoded as ours are or not. What is
// taken is a place in the list: the page after it ends.
func FuzzCursors(f *testing.F) {
	a := newFuzzed(f)
	lists := a.lists(f)
	for i := range lists {
		for _, cursor := range []string{"cus_acme", "lot_0192f0c1-5b1e-7cc0-a6a5-6d9f8f1e2b3c", "ent_1", "ent_99999999999999999999", "draw_a/b", "def_x", "_", "", "cus_\x00", "lot_\xff"} {
			f.Add(uint8(i), cursor, true, false)
		}
		f.Add(uint8(i), "Y3VzX2E=", false, true)
	}
	f.Fuzz(func(t *testing.T, which uint8, cursor string, encode, reverse bool) {
		list := lists[int(which)%len(lists)]
		if encode {
			cursor = base64.RawURLEncoding.EncodeToString([]byte(cursor))
		}
		variables := map[string]any{"first": 2, "after": cursor, "reverse": reverse}
		for _, argument := range list.arguments {
			switch argument.name {
			case "customer":
				variables["customer"] = "acme"
			case "withinDays":
				variables["withinDays"] = 400
			}
		}
		a.request(t, map[string]any{"query": list.document, "variables": variables})
	})
}

// FuzzIDs looks for anything by any id. What is found has it.
func FuzzIDs(f *testing.F) {
	a := newFuzzed(f)
	for _, noun := range []string{"cus", "pol", "est", "pack", "mtr", "pur", "lot", "hold", "bud", "evt", "rec", "pool", "ent", "run", "tok", "draw", "def", ""} {
		for _, key := range []string{"0192f0c1-5b1e-7cc0-a6a5-6d9f8f1e2b3c", "1", "01", "-1", "99999999999999999999", "", "\x00", "é", "a_b"} {
			f.Add(noun + "_" + key)
		}
	}
	const query = `query($id: ID!) { node(id: $id) { id } customer(id: $id) { id } purchase(id: $id) { id } lot(id: $id) { id } usageEvent(id: $id) { id } recognition(id: $id) { id } }`
	f.Fuzz(func(t *testing.T, id string) {
		_, body := a.request(t, map[string]any{"query": query, "variables": map[string]any{"id": id}})
		var got struct {
			Data map[string]*struct{ ID string }
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		for name, found := range got.Data {
			if found != nil && found.ID != id {
				t.Errorf("%s of %q is %q", name, id, found.ID)
			}
		}
	})
}

// FuzzPersisted asks for documents by any hash and name, with a document beside it or not.
// Nothing but a document by its own hash is run for a hash.
func FuzzPersisted(f *testing.F) {
	a := newFuzzed(f)
	const known = "{ book { timeZone } }"
	f.Add(sha(known), "", known, "1", true)
	f.Add(sha(known), "", "", "1", true)
	f.Add("", "sha256:"+sha(known), "", "1", false)
	f.Add("x", "x", "{ nothing }", "2", true)
	f.Add(strings.Repeat("0", 64), "", "", "1.0", true)
	f.Fuzz(func(t *testing.T, hash, documentID, query, version string, extended bool) {
		asked := map[string]any{"query": query, "documentId": documentID}
		if extended {
			asked["extensions"] = map[string]any{"persistedQuery": map[string]any{"version": json.RawMessage(`"x"`), "sha256Hash": hash}}
			if json.Valid([]byte(version)) {
				asked["extensions"] = map[string]any{"persistedQuery": map[string]any{"version": json.RawMessage(version), "sha256Hash": hash}}
			}
		}
		_, body := a.request(t, asked)
		ran := strings.HasPrefix(body, `{"data":`)
		if named := strings.TrimPrefix(documentID, "sha256:"); ran && query != "" && extended && hash != sha(query) && !slices.Contains([]string{hash, named}, sha(query)) {
			t.Errorf("%q ran for %q: %s", query, hash, body)
		}
	})
}
