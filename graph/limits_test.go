package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"drawdown/graph"
)

// limited is the same book behind an API with other limits.
func (a *api) limited(limits graph.Limits) *api {
	with := *a
	with.serve(graph.Options{Limits: limits})
	return &with
}

// Each limit says its name, what it allows and what was asked for; what is just within it is
// answered.
func TestLimits(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	const search = `query($t: String) { customers(search: $t) { nodes { id } } }`
	const record = `mutation($e: [UsageEventInput!]!) { usageRecord(events: $e) { recorded } }`
	events := func(n int) map[string]any {
		list := make([]map[string]any, n)
		for i := range list {
			list[i] = map[string]any{"id": fmt.Sprint(i), "customer": "acme", "credits": "1"}
		}
		return map[string]any{"e": list}
	}
	tests := []struct {
		name, query    string
		variables      map[string]any
		limits         graph.Limits
		allowed, asked int64
	}{
		{"max-tokens", "{ book { timeZone } }", nil, graph.Limits{Tokens: 5}, 5, 6},
		{"max-depth", "{ book { timeZone } }", nil, graph.Limits{Depth: 1}, 1, 2},
		{"max-complexity", "{ customers(first: 3) { nodes { id name } } }", nil, graph.Limits{Complexity: 7}, 7, 8},
		{"max-complexity", "query($n: Int!) { customers(first: $n) { nodes { id name } } }", map[string]any{"n": 3}, graph.Limits{Complexity: 7}, 7, 8},
		{"max-root-fields", "{ a: book { timeZone } b: book { timeZone } ...f } fragment f on Query { c: book { timeZone } }", nil, graph.Limits{RootFields: 2}, 2, 3},
		{"max-text", search, map[string]any{"t": "12345"}, graph.Limits{Text: 4}, 4, 5},
		{"max-text", `{ customers(search: "12345") { nodes { id } } }`, nil, graph.Limits{Text: 4}, 4, 5},
		{"max-list", record, events(3), graph.Limits{List: 2}, 2, 3},
		{"max-values", search, map[string]any{"t": "1"}, graph.Limits{Values: 2}, 2, 3}, // the object, its key, its value
		{"max-body", "{ book { timeZone } }", nil, graph.Limits{Body: 31}, 31, 33},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := a.limited(test.limits).ask(test.query, asVariables(test.variables)...)
			if len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "TOO_LARGE" {
				t.Fatalf("%d %s", got.Status, got.body)
			}
			limit, _ := json.Marshal(got.Errors[0].Extensions["limit"])
			if want := fmt.Sprintf(`{"allowed":%d,"asked":%d,"name":%q}`, test.allowed, test.asked, test.name); string(limit) != want {
				t.Errorf("%s, want %s", limit, want)
			}
			if !strings.Contains(got.Errors[0].Message, fmt.Sprint(test.allowed)) {
				t.Errorf("%s does not say %d", got.Errors[0].Message, test.allowed)
			}
			within := test.limits
			for _, limit := range []*int{&within.Tokens, &within.Depth, &within.Complexity, &within.RootFields, &within.Text, &within.List, &within.Values} {
				if *limit > 0 {
					*limit = int(test.asked)
				}
			}
			if within.Body > 0 {
				within.Body = test.asked
			}
			a.limited(within).must(test.query, asVariables(test.variables)...)
		})
	}
}

func asVariables(variables map[string]any) []map[string]any {
	if variables == nil {
		return nil
	}
	return []map[string]any{variables}
}

// A request that takes too long ends, and says after how long.
func TestTimeOfARequest(t *testing.T) {
	a := newAPI(t)
	a.store.slow = 50 * time.Millisecond
	got := a.limited(graph.Limits{Time: 20 * time.Millisecond}).ask("{ customers { nodes { id } } }")
	if len(got.Errors) == 0 || got.Errors[0].Extensions["code"] != "UNAVAILABLE" || !strings.Contains(got.Errors[0].Message, "longer than 20ms") {
		t.Errorf("%d %s", got.Status, got.body)
	}
}

// What would take validation long is refused before it: ten thousand times the same field
// took it five seconds, a hundred and twenty-four fragments that spread each other tenths.
// The schema is not told five hundred times in one answer.
func TestDocumentsThatTakeLong(t *testing.T) {
	a := newAPI(t)
	var cycle strings.Builder
	for i := range 400 {
		fmt.Fprintf(&cycle, "fragment f%d on Book { timeZone ", i)
		for j := range 7 {
			fmt.Fprintf(&cycle, "...f%d ", (i+1+j)%400)
		}
		cycle.WriteString("} ")
	}
	schemas := "{ __schema { "
	for i := range 400 {
		schemas += fmt.Sprintf("a%d: types { fields { args { name description } } } ", i)
	}
	tests := []struct{ name, query, limit string }{
		{"one field again and again", "{ book { " + strings.Repeat("timeZone ", 9_000) + "} }", "pairs"},
		{"one object again and again", "{ customers { " + strings.Repeat("nodes { id } ", 1_500) + "} }", "pairs"},
		{"fragments in circles", "{ book { ...f0 } } " + cycle.String(), "max-complexity"},
		{"a fragment bomb that nothing spreads", "{ book { timeZone } } " + bomb("Book", 100), "max-complexity"},
		{"the schema again and again", schemas + "} }", "max-complexity"},
		{"a name that is a novel", "{ " + strings.Repeat("x", 900_000) + " }", "word"},
		{"a number that is a novel", "{ customers(first: " + strings.Repeat("1", 100_000) + ") { nodes { id } } }", "word"},
		{"a string that is a novel", `{ customers(search: "` + strings.Repeat("1", 900_000) + `") { nodes { id } } }`, "max-text"},
		{"a block string that is a novel", `{ customers(search: """` + strings.Repeat("1 \n", 200_000) + `""") { nodes { id } } }`, "max-text"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			began := time.Now()
			got := a.ask(test.query)
			t.Log(time.Since(began))
			if len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "TOO_LARGE" {
				t.Fatalf("%d %.300s", got.Status, got.body)
			}
			limit, _ := got.Errors[0].Extensions["limit"].(map[string]any)
			if limit["name"] != test.limit {
				t.Errorf("%v, want %s", limit, test.limit)
			}
			if len(got.body) > 1000 {
				t.Errorf("repeats the request: %d bytes", len(got.body))
			}
		})
	}
}

// bomb is fragments of which each stands twice for the next one.
func bomb(of string, n int) string {
	text := fmt.Sprintf("fragment b%d on %s { __typename } ", n, of)
	for i := range n {
		text += fmt.Sprintf("fragment b%d on %s { ...b%d ...b%d } ", i, of, i+1, i+1)
	}
	return text
}

// Of a document with a thousand faults some are told.
func TestFaultsOfADocument(t *testing.T) {
	a := newAPI(t)
	query := "{ book { "
	for i := range 1000 {
		query += fmt.Sprintf("x%d ", i)
	}
	if got := a.ask(query + "} }"); len(got.Errors) != 20 {
		t.Errorf("%d faults are told: %.300s", len(got.Errors), got.body)
	}
}

// Variables are bounded before they are read: nested, long and many.
func TestVariablesThatAreRefused(t *testing.T) {
	a := newAPI(t)
	ask := func(variables string) answered {
		return a.send(post(strings.NewReader(`{"query":"query($t: String) { customers(search: $t) { nodes { id } } }","variables":` + variables + `}`)))
	}
	for name, test := range map[string]struct{ variables, limit string }{
		"nested":                 {`{"t":` + strings.Repeat("[", 5_000) + strings.Repeat("]", 5_000) + `}`, "nesting"},
		"nested objects":         {strings.Repeat(`{"t":`, 5_000) + "1" + strings.Repeat("}", 5_000), "nesting"},
		"many":                   {`{"t":[[` + strings.TrimSuffix(strings.Repeat("1,", 150_000), ",") + `],[` + strings.TrimSuffix(strings.Repeat("1,", 150_000), ",") + `]]}`, "max-values"},
		"a long list":            {`{"t":[` + strings.TrimSuffix(strings.Repeat("1,", 20_001), ",") + `]}`, "max-list"},
		"a long number":          {`{"t":` + strings.Repeat("9", 100_000) + `}`, "word"},
		"a long string":          {`{"t":"` + strings.Repeat("9", 17_000) + `"}`, "max-text"},
		"a long name":            {`{"` + strings.Repeat("n", 17_000) + `":1}`, "max-text"},
		"a string with its ends": {`{"t":"` + strings.Repeat(`\"[{\\`, 5_000) + `"}`, "max-text"},
	} {
		got := ask(test.variables)
		if len(got.Errors) != 1 || got.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %.300s", name, got.Status, got.body)
			continue
		}
		if limit, _ := got.Errors[0].Extensions["limit"].(map[string]any); limit["name"] != test.limit {
			t.Errorf("%s: %v, want %s", name, limit, test.limit)
		}
	}
	if got := ask(`{"t":"` + strings.Repeat(`\"[{\\`, 20) + `"}`); len(got.Errors) > 0 {
		t.Error(got.body)
	}
	if got := ask("{\"t\":\"\xff\"}"); got.Status != http.StatusBadRequest || !strings.Contains(got.body, "not UTF-8") {
		t.Errorf("%d %s", got.Status, got.body)
	}
}

// What would come later is refused: an answer is whole.
func TestNothingIsDeferred(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	for _, query := range []string{
		`{ customers { nodes { ... @defer { policy { code } } } } }`,
		`query($later: Boolean!) { purchases { nodes { id ...rest @defer(if: $later, label: "rest") } } } fragment rest on Purchase { lot { id } }`,
		`{ customers { nodes { ...all } } } fragment all on Customer { id ... on Customer @defer { name } }`,
	} {
		a.ask(query, map[string]any{"later": true}).refused("INVALID", "@defer is not served")
	}
}
