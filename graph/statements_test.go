package graph_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"drawdown/graph"
)

// rowsOfMany is how many rows the longer page of each list has, at least.
const rowsOfMany = 50

// argumentsOfLists are those without which a list cannot be asked for.
var argumentsOfLists = map[string]string{"draws.customer": `"c-00"`, "lapsing.withinDays": "3000", "expiring.to": `"2030-01-01"`}

// TestStatementsOfAPageDoNotGrow asks, for every list of the schema and every field of its
// rows, for five rows and for more than fifty, through nodes and through edges, and counts
// the SQL statements of both. What is below a field is asked for too: its plain fields,
// the rows it refers to, and pages of the lists below it, counted. So a list or a field
// that somebody adds is held to it.
func TestStatementsOfAPageDoNotGrow(t *testing.T) {
	if testing.Short() {
		t.Skip("asks one thing after the other, in which the race detector sees nothing")
	}
	a := newAPI(t)
	a.serve(graph.Options{Limits: graph.Limits{Rate: -1, Complexity: 10_000_000}}) // it asks for more than a caller may in so short a time
	a.fill()
	a.must(`{ exportBatches(first: 1) { nodes { files { link } } } }`) // a server reads the key of links once, and keeps it
	schema := loadSchema(t)
	statements := 0
	a.kept.OnStatement(func(string) { statements++ })
	asked := 0
	for _, list := range schema.Query.Fields {
		row := rowOf(schema, list.Type)
		if row == nil {
			continue
		}
		for _, field := range append([]*ast.FieldDefinition{nil}, row.Fields...) {
			below := plainFields(schema, row)
			if field != nil {
				if len(schema.Types[field.Type.Name()].Fields) == 0 {
					continue // asked for together
				}
				below = selectionOf(t, schema, field, 1)
			}
			for _, shape := range []string{"nodes { %s }", "edges { cursor node { %s } }"} {
				count := func(first int, reverse bool) int {
					arguments := requiredArguments(t, list)
					query := fmt.Sprintf("{ %s(%s first: %d, reverse: %t) { pageInfo { endCursor } %s } }", list.Name, arguments, first, reverse, fmt.Sprintf(shape, below))
					before := statements
					got := a.must(query)
					rows, _ := got.at(list.Name + "." + shape[:5]).([]any)
					if first > rowsOfMany && len(rows) < rowsOfMany {
						t.Fatalf("only %d rows of %s: the book of this test needs more", len(rows), list.Name)
					}
					asked++
					return statements - before
				}
				few, many := count(5, false), count(52, false)
				if few != many { // five rows may lack what others refer to: look at the other end too
					few, many = max(few, count(5, true)), max(many, count(52, true))
				}
				if few != many {
					t.Errorf("%s { %s }: %d statements for 5 rows, %d for 52", list.Name, fmt.Sprintf(shape, below), few, many)
				}
			}
		}
	}
	if asked < 350 {
		t.Errorf("only %d pages were asked for: the walk along the schema is broken", asked)
	}
}

// fill makes a book in which every list has more than fifty rows, and rows of a list
// refer to rows of their own.
func (a *api) fill() {
	a.t.Helper()
	for i := range 60 {
		n := fmt.Sprintf("c-%02d", i)
		a.must(`mutation($alert: String!, $topUp: String!, $n: String!, $m: String!, $k1: String!, $k2: String!, $k3: String!, $k4: String!, $k5: String!, $k6: String!, $k7: String!, $k8: String!, $k9: String!) {
			policyCreate(input: {code: $n, expires: "P12M", breakage: {method: PROPORTIONAL, rate: "0.1", pool: LOT}, overage: {mode: BILL, rate: "0.1"}}, idempotencyKey: $k1) { userErrors { message } }
			packCreate(input: {code: $n, policy: $n, tiers: [{credits: "1000", price: "100.00"}]}, idempotencyKey: $k2) { userErrors { message } }
			meterCreate(input: {code: $m, credits: "1"}, idempotencyKey: $k3) { userErrors { message } }
			customerCreate(input: {externalId: $n}, idempotencyKey: $k4) { userErrors { message } }
			first: purchaseCreate(input: {customer: $n, pack: $n, credits: "1000"}, idempotencyKey: $k5) { userErrors { message } }
			second: purchaseCreate(input: {customer: $n, pack: $n, credits: "1000", invoiced: true, dueOn: "2024-01-15"}, idempotencyKey: $k6) { userErrors { message } }
			grantCreate(input: {customer: $n, policy: $n, credits: "3", reason: PROMO}, idempotencyKey: $k7) { userErrors { message } }
			estimatePropose(input: {policy: $n, rate: "0.2"}, idempotencyKey: $k8) { userErrors { message } }
			tokenCreate(input: {name: $n, roles: [VIEWER], customer: $n}, idempotencyKey: $k9) { userErrors { message } }
			alertRuleCreate(input: {kind: BALANCE_LOW, customer: $n, below: "100000"}, idempotencyKey: $alert) { userErrors { message } }
			topUpRuleCreate(input: {customer: $n, pack: $n, credits: "1000", below: "100000"}, idempotencyKey: $topUp) { userErrors { message } }
		}`, map[string]any{"alert": "alert " + n, "topUp": "topUp " + n, "n": n, "m": "m-" + n, "k1": "1" + n, "k2": "2" + n, "k3": "3" + n, "k4": "4" + n, "k5": "5" + n, "k6": "6" + n, "k7": "7" + n, "k8": "8" + n, "k9": "9" + n})
		a.must(`mutation($m: String!, $k: String!) { rateCardPublish(input: {rates: [{meter: $m, credits: "2", cost: {amount: "0.1"}}], note: "n"}, idempotencyKey: $k) { rateCard { number } userErrors { message } } }`,
			map[string]any{"m": "m-" + n, "k": "card " + n})
		events := []map[string]any{{"id": "e", "customer": n, "meter": "m-" + n, "quantity": "10"}, {"id": "v", "customer": n, "meter": "m-" + n, "quantity": "5"}}
		for e := range 60 {
			if i == 0 {
				events = append(events, map[string]any{"id": fmt.Sprint(e), "customer": n, "credits": "1"})
			}
		}
		a.must(`mutation($events: [UsageEventInput!]!, $n: String!, $k: String!) { usageRecord(events: $events) { recorded userErrors { message } }
			usageVoid(event: {customer: $n, id: "v"}, idempotencyKey: $k) { userErrors { message } } }`, map[string]any{"events": events, "n": n, "k": "void " + n})
		a.holdTwice(n, i%2 == 0)
	}
	// Months enough for a page of them.
	a.must(`mutation { purchaseCreate(input: {customer: "c-00", pack: "c-00", credits: "1000", purchasedAt: "2018-06-01T00:00:00Z"}, idempotencyKey: "long ago") { userErrors { message } } }`)
	a.run()
	target := a.must(`mutation { exportTargetCreate(input: {code: "warehouse", profile: "{\"format\": \"jsonl\"}"}, idempotencyKey: "warehouse") { target { id } userErrors { message } } }`).text("exportTargetCreate.target.id")
	for i := range 55 {
		a.must(`mutation($target: ID!, $through: Int!, $key: String!) { exportBatchCreate(targetId: $target, input: {through: $through}, idempotencyKey: $key) { batch { id } userErrors { message } } }`,
			map[string]any{"target": target, "through": i + 1, "key": fmt.Sprint("batch ", i)})
		if _, written, err := a.books.ExportWrite(a.t.Context(), ""); err != nil || !written {
			a.t.Fatal(written, err)
		}
		a.must(`mutation($key: String!) { manualEntryPropose(input: {accountingDate: "2024-01-02", reason: "a test", description: "a test", lines: [
			{account: CASH, side: DEBIT, amount: "1"}, {account: REFUND_LIABILITY, side: CREDIT, amount: "1"}]}, idempotencyKey: $key) { userErrors { message } } }`, map[string]any{"key": fmt.Sprint("manual ", i)})
		a.must(`mutation($key: String!) { jobRun(job: DUE, idempotencyKey: $key) { userErrors { message } } }`, map[string]any{"key": fmt.Sprint("due ", i)})
		a.must(`mutation($key: String!) { jobRun(job: RECONCILE, idempotencyKey: $key) { userErrors { message } } }`, map[string]any{"key": fmt.Sprint("reconcile ", i)})
		a.must(`mutation($day: Date!, $key: String!) { escheatRuleSet(input: {jurisdiction: "US-DE", from: $day, share: "0.4", reason: "a test"}, idempotencyKey: $key) { userErrors { message } } }`,
			map[string]any{"day": begin.AddDate(0, 0, -i).Format(time.DateOnly), "key": "law " + fmt.Sprint("rate ", i)})
		a.must(`mutation($day: Date!, $key: String!) { fxRateSet(rates: [{currency: EUR, day: $day, rate: "1.1", source: "ECB"}], idempotencyKey: $key) { userErrors { message } } }`,
			map[string]any{"day": begin.AddDate(0, 0, -i).Format(time.DateOnly), "key": fmt.Sprint("rate ", i)})
		made := a.must(`mutation($url: String!, $key: String!) { webhookCreate(input: {url: $url, events: [PURCHASE_PAID]}, idempotencyKey: $key) { webhook { id } } }`,
			map[string]any{"url": fmt.Sprint("https://example.com/", i), "key": fmt.Sprint("webhook ", i)})
		a.must(`mutation($id: ID!, $key: String!) { webhookTest(webhookId: $id, idempotencyKey: $key) { delivery { id } } }`,
			map[string]any{"id": made.text("webhookCreate.webhook.id"), "key": fmt.Sprint("test ", i)})
	}
}

// holdTwice holds credits of a customer twice, and captures the second hold.
func (a *api) holdTwice(customer string, capture bool) {
	a.t.Helper()
	made := a.must(`mutation($n: String!, $k1: String!, $k2: String!) {
		budgetCreate(input: {customer: $n, name: "research", dimension: {key: "team", value: "research"}, limit: "9"}, idempotencyKey: $n) { userErrors { message } }
		holdCreate(input: {customer: $n, credits: "2", reference: "job", dimensions: [{key: "team", value: "research"}]}, idempotencyKey: $k1) { userErrors { message } }
		second: holdCreate(input: {customer: $n, credits: "3"}, idempotencyKey: $k2) { hold { id } userErrors { message } }
	}`, map[string]any{"n": customer, "k1": "h1" + customer, "k2": "h2" + customer})
	if capture {
		a.must(`mutation($id: ID!, $k: String!) { holdCapture(holdId: $id, input: {id: $k, credits: "1"}, idempotencyKey: $k) { userErrors { message } } }`,
			map[string]any{"id": made.at("second.hold.id"), "k": "hc" + customer})
	}
}

func loadSchema(t *testing.T) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// rowOf returns the type of the rows of a list; nil where the type is none.
func rowOf(schema *ast.Schema, of *ast.Type) *ast.Definition {
	nodes := schema.Types[of.Name()].Fields.ForName("nodes")
	if nodes == nil {
		return nil
	}
	return schema.Types[nodes.Type.Name()]
}

// plainFields selects the fields of a type below which there is nothing.
func plainFields(schema *ast.Schema, of *ast.Definition) string {
	names := []string{"__typename"}
	for _, field := range of.Fields {
		if len(schema.Types[field.Type.Name()].Fields) == 0 && !strings.HasPrefix(field.Name, "__") {
			names = append(names, field.Name)
		}
	}
	return strings.Join(names, " ")
}

// selectionOf selects a field with all that is so many levels below it.
func selectionOf(t *testing.T, schema *ast.Schema, field *ast.FieldDefinition, levels int) string {
	t.Helper()
	if row := rowOf(schema, field.Type); row != nil {
		counted := ""
		if levels > 0 { // a count is dear: further below, the limit of a request has no room for it
			counted = "totalCount"
		}
		return fmt.Sprintf("%s(%s first: 1) { %s nodes { %s } again: edges { node { %s } } }", field.Name, requiredArguments(t, field), counted,
			contentOf(t, schema, row, levels), plainFields(schema, row))
	}
	return field.Name + " { " + contentOf(t, schema, schema.Types[field.Type.Name()], levels) + " }"
}

func contentOf(t *testing.T, schema *ast.Schema, of *ast.Definition, levels int) string {
	t.Helper()
	selected := []string{plainFields(schema, of)}
	for _, field := range of.Fields {
		if levels > 0 && len(schema.Types[field.Type.Name()].Fields) > 0 {
			selected = append(selected, selectionOf(t, schema, field, levels-1))
		}
	}
	return strings.Join(selected, " ")
}

func requiredArguments(t *testing.T, field *ast.FieldDefinition) string {
	t.Helper()
	var given strings.Builder
	for _, argument := range field.Arguments {
		if !argument.Type.NonNull || argument.DefaultValue != nil {
			continue
		}
		value, known := argumentsOfLists[field.Name+"."+argument.Name]
		if !known {
			t.Fatalf("this test does not know what to give for %s of %s", argument.Name, field.Name)
		}
		fmt.Fprintf(&given, "%s: %s, ", argument.Name, value)
	}
	return given.String()
}

// A list is counted only where totalCount is asked for.
func TestTotalCountIsCountedWhenAskedFor(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	var statements []string
	a.kept.OnStatement(func(statement string) { statements = append(statements, statement) })
	counts := func(fields string) bool {
		statements = nil
		a.must(`{ purchases { ` + fields + ` } }`)
		return slices.ContainsFunc(statements, func(s string) bool { return strings.Contains(s, "count(") })
	}
	if !counts("totalCount nodes { id }") || counts("nodes { id }") {
		t.Errorf("a list is counted where nobody asks, or not where somebody does: %v", statements)
	}
	a.must(`{ purchases { totalCount } }`).is("purchases.totalCount", "1")
}
