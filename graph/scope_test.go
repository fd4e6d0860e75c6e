package graph_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"drawdown/graph"
	"drawdown/internal/books"
)

// hops is how many objects deep the walk below a root field goes.
const hops = 3

// paths returns a selection for each way from a type down to the plain fields of another, so
// many objects on: apart from each other, for what one is refused would hide the others.
func paths(t *testing.T, schema *ast.Schema, of *ast.Definition, deep int) []string {
	t.Helper()
	all := []string{plainFields(schema, of)}
	if deep == 0 {
		return all
	}
	for _, field := range of.Fields {
		below := schema.Types[field.Type.Name()]
		if len(below.Fields) == 0 || strings.HasPrefix(field.Name, "__") {
			continue
		}
		given, shape := requiredArguments(t, field), "%s { %s }"
		if row := rowOf(schema, field.Type); row != nil {
			below, shape, given = row, "%s { totalCount nodes { %s } }", given+" first: 4"
		}
		arguments := ""
		if given != "" {
			arguments = "(" + given + ")"
		}
		for _, selection := range paths(t, schema, below, deep-1) {
			all = append(all, fmt.Sprintf(shape, field.Name+arguments, selection))
		}
	}
	return all
}

// TestOneCustomerSeesNoOther walks every way through the schema that a token for one customer
// may go, from every row of the book, and looks for anything of the other customer in what
// comes back.
func TestOneCustomerSeesNoOther(t *testing.T) {
	if testing.Short() {
		t.Skip("asks one thing after the other, in which the race detector sees nothing")
	}
	a := newAPI(t)
	for _, customer := range []string{"mine-inc", "other-corp"} {
		a.must(`mutation($c: String!, $n: String!, $k: String!, $k2: String!, $k3: String!, $k4: String!, $k5: String!) {
			policyCreate(input: {code: "pooled", expires: "P12M", overage: {mode: BILL, rate: "0.1"}, breakage: {method: PROPORTIONAL, rate: "0.1"}}, idempotencyKey: "policy") { userErrors { message } }
			packCreate(input: {code: "growth", policy: "pooled", tiers: [{credits: "10", price: "1.00"}]}, idempotencyKey: "pack") { userErrors { message } }
			meterCreate(input: {code: "tokens", credits: "1"}, idempotencyKey: "meter") { userErrors { message } }
			customerCreate(input: {externalId: $c, name: $n}, idempotencyKey: $k) { userErrors { message } }
			purchaseCreate(input: {customer: $c, pack: "growth", credits: "100", reference: $n}, idempotencyKey: $k2) { userErrors { message } }
			grantCreate(input: {customer: $c, policy: "pooled", credits: "3", reason: PROMO}, idempotencyKey: $k3) { userErrors { message } }
			budgetCreate(input: {customer: $c, name: $n, dimension: {key: "team", value: "research"}, limit: "9"}, idempotencyKey: $k5) { userErrors { message } }
			holdCreate(input: {customer: $c, credits: "1", reference: $n, expiresAfter: "P30D"}, idempotencyKey: $k4) { userErrors { message } }
		}`, map[string]any{"c": customer, "n": "name of " + customer, "k": customer, "k2": "buy " + customer, "k3": "grant " + customer, "k4": "hold " + customer, "k5": "budget " + customer})
		a.must(`mutation($c: String!, $e: String!, $v: String!, $k: String!) {
			usageRecord(events: [{id: $e, customer: $c, meter: "tokens", quantity: "150"}, {id: $v, customer: $c, credits: "2", source: $k}]) { recorded }
			usageVoid(event: {customer: $c, id: $v, source: $k}, idempotencyKey: $k) { userErrors { message } }
		}`, map[string]any{"c": customer, "e": "event of " + customer, "v": "void of " + customer, "k": "source of " + customer})
	}
	a.run()
	// Everything that has an id, with the ids of the other customer's.
	of := func(customer string) (ids []string) {
		got := a.must(`query($c: String!) { customer(externalId: $c) { id purchases { nodes { id } } lots { nodes { id } } holds { nodes { id } } budgets { id } usageEvents { nodes { id } } recognitions { nodes { id } } } }`, map[string]any{"c": customer})
		for _, match := range idForm.FindAllString(got.body, -1) {
			ids = append(ids, strings.Trim(match, `"`))
		}
		return ids
	}
	mine, others := of("mine-inc"), of("other-corp")
	shared := idForm.FindAllString(a.must(`{ policies { nodes { id } } packs { nodes { id } } meters { nodes { id } } entries { nodes { id } } jobRuns { nodes { id } } pool: recognitions(kind: BREAKAGE_EARLY) { nodes { id pool { id } } } }`).body, -1)
	if len(mine) != len(others) || len(others) < 7 || len(shared) < 8 {
		t.Fatalf("the book of this test needs more: %v %v %v", mine, others, shared)
	}
	secrets, own := []string{"other-corp"}, []string{"mine-inc"}
	for i := range others {
		secrets = append(secrets, others[i][strings.Index(others[i], "_")+1:])
		own = append(own, mine[i][strings.Index(mine[i], "_")+1:])
	}
	all := slices.Concat(mine, others)
	for _, id := range shared {
		all = append(all, strings.Trim(id, `"`))
	}
	secret := newToken(t, a.books, books.NewToken{Name: "portal", Roles: []books.Role{books.Viewer}, Customer: "mine-inc"})
	a.logs.Reset()
	a.serve(graph.Options{Limits: graph.Limits{Rate: -1, Complexity: 1_000_000}})

	schema := loadSchema(t)
	asked, seen, denied := 0, 0, 0
	ask := func(query string) {
		asked++
		got := a.withToken(secret, "{ "+query+" }")
		for _, secret := range secrets {
			// What was asked with is in the messages of errors.
			if data := strings.ReplaceAll(got.body, query, ""); strings.Contains(data, secret) && !strings.Contains(query, secret) {
				t.Errorf("%s\nshows %s: %s", query, secret, got.body)
			} else if strings.Contains(fmt.Sprint(got.Data), secret) {
				t.Errorf("%s\nshows %s: %s", query, secret, got.body)
			}
		}
		if data := fmt.Sprint(got.Data); slices.ContainsFunc(own, func(text string) bool { return strings.Contains(data, text) }) {
			seen++
		}
		for _, err := range got.Errors {
			if code := err.Extensions["code"]; code != "FORBIDDEN" {
				t.Errorf("%s\nis answered %v: %s", query, code, got.body)
			}
			denied++
		}
	}
	for _, field := range schema.Query.Fields {
		if strings.HasPrefix(field.Name, "__") || slices.Contains([]string{"tokens", "auditEvents"}, field.Name) {
			continue // for which the matrix holds that a viewer has none of them
		}
		row, shape := schema.Types[field.Type.Name()], "%s%s { %s }"
		if list := rowOf(schema, field.Type); list != nil {
			row, shape = list, "%s%s { totalCount nodes { %s } }"
		}
		for _, arguments := range waysToAsk(field, all) {
			if field.Name == "node" {
				id := idForm.FindString(arguments)
				row = schema.Types[typeOf[strings.Split(strings.Trim(id, `"`), "_")[0]]]
			}
			// One row of another customer's answers as none: to walk on from nothing shows nothing.
			deep := hops
			if isLookup := !strings.Contains(shape, "nodes"); isLookup && field.Name != "node" && len(field.Arguments) > 0 {
				deep = hops - 1
			} else if field.Name == "node" {
				deep = 1
			}
			for _, selection := range paths(t, schema, row, deep) {
				if field.Name == "node" {
					selection = "id ... on " + row.Name + " { " + selection + " }"
				}
				ask(fmt.Sprintf(shape, field.Name, arguments, selection))
			}
		}
	}
	t.Logf("%d queries, %d of which showed something of the customer's own, %d refusals", asked, seen, denied)
	if seen < 500 || denied < 100 {
		t.Errorf("the walk along the schema is broken: %d queries, %d showed something, %d refusals", asked, seen, denied)
	}
	// What is counted is the customer's own, and nothing can be done.
	got := a.withToken(secret, `{ me { customer { externalId } } customers { totalCount } purchases { totalCount } usageEvents { totalCount } policy(code: "pooled") { purchases { totalCount } } }`)
	got.is("me.customer.externalId", `"mine-inc"`)
	got.is("customers.totalCount", "1")
	got.is("purchases.totalCount", "1")
	got.is("usageEvents.totalCount", "3")
	got.is("policy.purchases.totalCount", "1")
	if got := a.withToken(secret, `mutation { usageRecord(events: [{id: "x", customer: "mine-inc", credits: "1"}]) { recorded } }`); got.code() != "FORBIDDEN" {
		t.Error(got.body)
	}
	if logs := a.logs.String(); strings.Contains(logs, "level=ERROR") {
		t.Error(logs)
	}
}

// What the company keeps to itself is not told to a customer: what share of credits it expects
// to lapse, and why credits were moved.
func TestOneCustomerIsNotToldWhy(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	a.sell("other")
	a.must(`mutation {
		policyCreate(input: {code: "pooled", expires: "P12M", breakage: {method: PROPORTIONAL, rate: "0.15"}}, idempotencyKey: "pooled") { userErrors { message } }
		creditsTransfer(input: {from: "other", to: "acme", credits: "10", reason: "for the auditor"}, idempotencyKey: "in") { userErrors { message } }
		out: creditsTransfer(input: {from: "acme", to: "other", credits: "20", reason: "for the auditor"}, idempotencyKey: "out") { userErrors { message } }
	}`)
	const query = `{ policy(code: "pooled") { breakage { method rate } } lots(customer: "acme") { nodes { purchase { id } changes { kind reason } } } }`
	if got := a.must(query); !strings.Contains(got.body, `"rate":"0.15"`) || !strings.Contains(got.body, `"reason":"for the auditor"`) {
		t.Fatal(got.body)
	}
	secret := newToken(t, a.books, books.NewToken{Name: "portal", Roles: []books.Role{books.Viewer}, Customer: "acme"})
	got := a.withToken(secret, query)
	got.is("policy.breakage", `{"method":"PROPORTIONAL","rate":null}`)
	if len(got.Errors) > 0 || !strings.Contains(got.body, `"kind":"TRANSFERRED","reason":null`) || strings.Contains(got.body, "auditor") {
		t.Error(got.body)
	}
}

var idForm = regexp.MustCompile(`"[a-z]{3,4}_[0-9a-f-]+"`)

// typeOf is the type of what an id names.
var typeOf = map[string]string{
	"cus": "Customer", "pol": "Policy", "pack": "Pack", "mtr": "Meter", "pur": "Purchase", "lot": "Lot", "hold": "Hold", "bud": "Budget", "evt": "UsageEvent",
	"rec": "Recognition", "pool": "Pool", "ent": "Entry", "run": "JobRun", "est": "Estimate",
}

// waysToChart asks for a chart of everybody by each dimension, and of the other customer.
func waysToChart(field *ast.FieldDefinition) (ways []string) {
	const span = `from: "2024-01-10", to: "2024-01-20", interval: MONTH`
	switch dimension := field.Arguments.ForName("groupBy"); {
	case field.Name == "accountOverTime":
		return []string{"(account: DEFERRED_REVENUE, " + span + ")"}
	case dimension == nil:
		return []string{"(" + span + ")"}
	default:
		for _, by := range map[string][]string{
			"UsageDimension": {"CUSTOMER", "POLICY", "PACK", "LOT_KIND"}, "RevenueDimension": {"CUSTOMER", "POLICY", "KIND"}, "PurchaseDimension": {"CUSTOMER", "POLICY", "PACK"},
		}[dimension.Type.Name()] {
			ways = append(ways, "("+span+", groupBy: "+by+")")
		}
		return append(ways, "("+span+`, customer: "other-corp", groupBy: CUSTOMER)`)
	}
}

// waysToAsk are the arguments with which a root field is asked: every row there is, and the
// other customer by name where a list can be asked for one.
func waysToAsk(field *ast.FieldDefinition, ids []string) (ways []string) {
	noun := map[string]string{"purchase": "pur_", "lot": "lot_", "hold": "hold_", "budget": "bud_", "usageEvent": "evt_", "recognition": "rec_", "customer": "cus_", "node": ""}
	prefix, byID := noun[field.Name]
	switch {
	case byID:
		for _, id := range ids {
			if strings.HasPrefix(id, prefix) {
				ways = append(ways, fmt.Sprintf("(id: %q)", id))
			}
		}
		if field.Name == "customer" {
			ways = append(ways, `(externalId: "other-corp")`, `(externalId: "mine-inc")`)
		}
		return ways
	case field.Name == "entry":
		return []string{"(number: 1)", "(number: 3)"}
	case field.Name == "estimateRun":
		return []string{`(policy: "pooled")`}
	case field.Name == "seal":
		return []string{`(period: "2024-01")`}
	case field.Name == "sealProof":
		return []string{"(entry: 1)"}
	case field.Name == "sealConsistency":
		return []string{"(from: 1, to: 2)"}
	case field.Name == "accountActivity":
		return []string{`(account: CASH, from: "2024-01-10", to: "2024-02-09")`, `(account: DEFERRED_REVENUE, from: "2024-01-10", to: "2024-02-09")`}
	case field.Name == "exportBatch":
		return []string{`(id: "xpb_0")`}
	case field.Name == "manualEntry":
		return []string{`(id: "man_0")`}
	case field.Name == "exportAnswers":
		return []string{`(batch: "xpb_0")`}
	case field.Name == "exportTarget":
		return []string{`(code: "erp")`}
	case field.Name == "estimate":
		return []string{`(id: "est_0/0")`}
	case field.Name == "packQuote":
		return []string{`(code: "growth", credits: "100")`}
	case field.Name == "creditPrice":
		return []string{`(costPerUnit: "0.001", margin: "0.8")`}
	case field.Name == "period" || field.Name == "closeChecklist" || field.Name == "reconciliation":
		return []string{`(period: "2024-01")`}
	case slices.Contains([]string{"policy", "pack", "meter"}, field.Name):
		return []string{fmt.Sprintf("(code: %q)", map[string]string{"policy": "pooled", "pack": "growth", "meter": "tokens"}[field.Name])}
	}
	if strings.HasSuffix(field.Name, "OverTime") {
		return waysToChart(field)
	}
	if field.Name == "estimateReview" {
		return []string{`(policy: "pooled", month: "2023-12")`}
	}
	if field.Name == "remainingObligation" {
		return []string{`(on: "2024-01-31")`}
	}
	if field.Name == "cutOff" {
		return []string{`(period: "2024-01")`}
	}
	if field.Name == "waterfall" {
		return []string{`(from: "2024-01", to: "2024-02", groupBy: POLICY)`}
	}
	if field.Name == "breakage" {
		return []string{`(through: "2024-01")`}
	}
	if field.Name == "breakageSensitivity" {
		return []string{`(policy: "pooled", on: "2024-01-09", points: ["2.5"], byPool: true)`}
	}
	if slices.Contains([]string{"deferredRevenueRollForward", "earlyBreakageRollForward", "estimateChanges", "income", "outOfPeriod", "exceptions", "revenueFromOpeningBalance"}, field.Name) {
		return []string{`(from: "2024-01-10", to: "2024-02-09")`}
	}
	if field.Name == "statement" {
		const span = `from: "2024-01-10", to: "2024-02-09", detail: `
		return []string{`(customer: "other-corp", ` + span + "DAY)", `(customer: "mine-inc", ` + span + "DAY)", `(customer: "mine-inc", ` + span + "EVENT)"}
	}
	required := ""
	if field.Name == "lapsing" {
		required = "withinDays: 3000"
	}
	if strings.HasPrefix(field.Name, "expiring") {
		required = `to: "2030-01-01"`
	}
	switch {
	case field.Arguments.ForName("customer") != nil && field.Arguments.ForName("customer").Type.NonNull:
		return []string{`(customer: "other-corp")`, `(customer: "mine-inc")`}
	case field.Arguments.ForName("customer") != nil:
		all := required
		if field.Arguments.ForName("first") != nil {
			all += " first: 50"
		}
		return []string{"(" + all + ")", `(customer: "other-corp" ` + required + `)`}
	}
	return []string{""}
}
