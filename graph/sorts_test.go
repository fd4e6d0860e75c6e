package graph_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/vektah/gqlparser/v2/ast"
)

// sortedBy says by which field of a row each order goes, beside its own natural one:
// numbers are compared as such, text by its bytes.
var sortedBy = map[string]string{
	"CustomerSort.NAME": "name", "CustomerSort.EXTERNAL_ID": "externalId",
	"CatalogueSort.CODE": "code", "CatalogueSort.NAME": "name",
	"PurchaseSort.PURCHASED_AT": "purchasedAt", "PurchaseSort.PRICE": "functionalPrice.amount",
	"LotSort.EXPIRES_AT": "expiresAt", "LotSort.UNUSED": "unused", "LotSort.CARRYING": "functionalCarrying.amount",
	"RecognitionSort.ACCOUNTING_DATE": "accountingDate", "RecognitionSort.AMOUNT": "functionalAmount.amount",
	"EntrySort.ACCOUNTING_DATE": "accountingDate", "DeferredRevenueSort.CARRYING": "functionalCarrying.amount",
	"ExpiringSort.CARRYING": "functionalCarrying.amount",
}

// naturalOrders are those in which lists come where nobody asks for another.
var naturalOrders = []string{"CREATED", "NUMBER", "CUSTOMER", "DAY"}

// ofOneCustomer are the orders for which a list needs one.
var ofOneCustomer = []string{"lots.UNUSED", "lots.CARRYING", "recognitions.AMOUNT"}

// TestSorts reads every list in every order that the schema gives it, forward and backward,
// page by page while rows arrive, and sorts the rows itself.
func TestSorts(t *testing.T) {
	a := newAPI(t)
	a.varied()
	schema := loadSchema(t)
	orders := 0
	for _, list := range schema.Query.Fields {
		sort := list.Arguments.ForName("sort")
		if sort == nil {
			continue
		}
		for _, order := range schema.Types[sort.Type.Name()].EnumValues {
			for _, reverse := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s by %s, reverse %t", list.Name, order.Name, reverse), func(t *testing.T) {
					a.t = t
					a.sorts(schema, list, order.Name, reverse)
				})
				orders++
			}
		}
	}
	if orders < 30 {
		t.Errorf("only %d orders were tried: the walk along the schema is broken", orders)
	}
}

func (a *api) sorts(schema *ast.Schema, list *ast.FieldDefinition, order string, reverse bool) {
	a.t.Helper()
	arguments := requiredArguments(a.t, list)
	if needs := list.Name + "." + order; slices.Contains(ofOneCustomer, needs) {
		a.ask(fmt.Sprintf("{ %s(sort: %s) { nodes { id } } }", list.Name, order)).refused("INVALID", "sort: needs customer")
		arguments += `customer: "c-07", `
	}
	named := `id`
	if list.Name == "deferredRevenue" {
		named = `customer { id } currency`
	}
	if list.Name == "expiring" {
		named = `day customer { id } currency`
	}
	field, known := sortedBy[list.Arguments.ForName("sort").Type.Name()+"."+order]
	if !known && !slices.Contains(naturalOrders, order) {
		a.t.Fatalf("this test does not know by which field %s goes", order)
	}
	selected := named
	if known {
		head, tail, nested := strings.Cut(field, ".")
		if selected += " " + head; nested {
			selected += " { " + tail + " }"
		}
	}
	natural := a.must(fmt.Sprintf("{ %s(%s first: 200) { nodes { %s } } }", list.Name, arguments, selected)).at(list.Name + ".nodes").([]any)
	if len(natural) < 7 {
		a.t.Fatalf("only %d rows: the book of this test needs more", len(natural))
	}
	want := slices.Clone(natural)
	if known {
		slices.SortStableFunc(want, func(x, y any) int { return compareFields(dig(x, field), dig(y, field), field) })
	}
	if reverse {
		slices.Reverse(want)
	}
	var got []any
	var after any
	for next := true; next; {
		page := a.must(fmt.Sprintf("query($after: String) { %s(%s first: 3, sort: %s, reverse: %t, after: $after) { edges { cursor node { %s } } pageInfo { hasNextPage endCursor } } }",
			list.Name, arguments, order, reverse, selected), map[string]any{"after": after})
		for _, edge := range page.at(list.Name + ".edges").([]any) {
			got = append(got, dig(edge, "node"))
		}
		after, next = page.at(list.Name+".pageInfo.endCursor"), page.at(list.Name+".pageInfo.hasNextPage").(bool)
		if len(got) == 6 {
			a.arrives()
		}
	}
	// What arrived meanwhile may be there or not; what was there is there once, in order.
	got = slices.DeleteFunc(got, func(row any) bool {
		return !slices.ContainsFunc(natural, func(old any) bool { return same(old, row, named) })
	})
	for i := range want {
		if i >= len(got) || !same(want[i], got[i], named) {
			a.t.Fatalf("row %d differs:\nwant %v\n got %v", i, want, got)
		}
	}
	if len(got) != len(want) {
		a.t.Fatalf("%d rows of %d", len(got), len(want))
	}
	for _, other := range schema.Types[list.Arguments.ForName("sort").Type.Name()].EnumValues {
		if other.Name != order && !slices.Contains(ofOneCustomer, list.Name+"."+other.Name) {
			a.ask(fmt.Sprintf("query($after: String) { %s(%s first: 3, sort: %s, after: $after) { nodes { %s } } }", list.Name, arguments, other.Name, named), map[string]any{"after": after}).
				refused("INVALID", "after: must be a cursor of this list in order of")
		}
	}
}

// refused checks the one error of an answer.
func (got answered) refused(code, message string) {
	got.t.Helper()
	if len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != code || !strings.Contains(got.Errors[0].Message, message) {
		got.t.Errorf("want %s %q, got %s", code, message, got.body)
	}
}

func dig(row any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		fields, _ := row.(map[string]any)
		row = fields[name]
	}
	return row
}

// same tells whether two rows are one, by the fields that name them.
func same(x, y any, named string) bool {
	if named == "id" {
		return dig(x, "id") == dig(y, "id")
	}
	return dig(x, "customer.id") == dig(y, "customer.id") && dig(x, "currency") == dig(y, "currency")
}

// compareFields puts nothing last, numbers in their order, and text in that of its bytes
// with A to Z small.
func compareFields(x, y any, field string) int {
	if x == nil || y == nil {
		return map[bool]int{true: 1, false: 0}[x == nil] - map[bool]int{true: 1, false: 0}[y == nil]
	}
	one, other := strings.ToLower(x.(string)), strings.ToLower(y.(string))
	if field == "unused" || strings.HasSuffix(field, ".amount") {
		return decimal.RequireFromString(one).Cmp(decimal.RequireFromString(other))
	}
	return strings.Compare(one, other)
}

// varied makes a book whose rows differ in what lists are in order of, and also agree.
func (a *api) varied() {
	a.t.Helper()
	names := []string{"Zeta", "alpha", "Beta", "beta", "Ünder", "b", "ALPHA", "c", "", "10", "9"}
	for i := range 11 {
		n := fmt.Sprintf("c-%02d", (i*7)%11)
		name := any(names[i])
		if name == "" {
			name = nil
		}
		a.now = begin.AddDate(0, 0, (i*5)%7)
		expires := []string{`"P12M"`, `null`, `"P6M"`}[i%3]
		a.must(`mutation($n: String!, $code: String!, $name: String, $k1: String!, $k2: String!, $k3: String!, $k4: String!, $k5: String!, $k6: String!) {
			policyCreate(input: {code: $code, name: $name, expires: `+expires+`}, idempotencyKey: $k1) { userErrors { message } }
			packCreate(input: {code: $code, name: $name, policy: $code, tiers: [{credits: "10", price: "1.00"}]}, idempotencyKey: $k2) { userErrors { message } }
			meterCreate(input: {code: $code, name: $name, credits: "1"}, idempotencyKey: $k3) { userErrors { message } }
			customerCreate(input: {externalId: $n, name: $name}, idempotencyKey: $k4) { userErrors { message } }
			one: purchaseCreate(input: {customer: $n, policy: $code, credits: "1000", price: "`+fmt.Sprint((i*3)%5+1)+`00.00", reference: "Inv-`+fmt.Sprint(i%3)+`"}, idempotencyKey: $k5) { userErrors { message } }
			two: purchaseCreate(input: {customer: $n, policy: $code, credits: "100", price: "90.00", currency: "EUR", fxRate: "1.1"}, idempotencyKey: $k6) { userErrors { message } }
		}`, map[string]any{"n": n, "code": n, "name": name, "k1": "1" + n, "k2": "2" + n, "k3": "3" + n, "k4": "4" + n, "k5": "5" + n, "k6": "6" + n})
		a.use(n, "first", fmt.Sprint((i*4)%6+1))
	}
	for i := range 9 {
		a.must(`mutation($key: String!) { purchaseCreate(input: {customer: "c-07", policy: "c-0`+fmt.Sprint(i%3)+`", credits: "`+fmt.Sprint(10*(i%4+1))+`", price: "`+fmt.Sprint(i%3)+`.50"}, idempotencyKey: $key) { userErrors { message } } }`,
			map[string]any{"key": fmt.Sprint("more", i)})
	}
	for i := range 8 {
		a.now = a.now.AddDate(0, 0, 1)
		a.use("c-07", fmt.Sprint("use", i), fmt.Sprint(i%3*10+1))
	}
	a.run()
}

// arrives adds a customer with a purchase, now.
func (a *api) arrives() {
	a.t.Helper()
	n := fmt.Sprintf("new-%d", a.store.calls.Load())
	a.must(`mutation($n: String!, $k: String!) {
		policyCreate(input: {code: $n}, idempotencyKey: $k) { userErrors { message } }
		packCreate(input: {code: $n, policy: $n, tiers: [{credits: "10", price: "1.00"}]}, idempotencyKey: $n) { userErrors { message } }
		meterCreate(input: {code: $n, credits: "1"}, idempotencyKey: "`+n+`m") { userErrors { message } }
		customerCreate(input: {externalId: $n, name: "bb"}, idempotencyKey: "`+n+`c") { userErrors { message } }
		purchaseCreate(input: {customer: $n, policy: $n, credits: "5", price: "77.00"}, idempotencyKey: "`+n+`p") { userErrors { message } }
	}`, map[string]any{"n": n, "k": n + "k"})
}

// A cursor that nobody gave out is refused, whatever is in it.
func TestCursorsOfOrders(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	for text, message := range map[string]string{
		"pur_x\x00PRICE\x00abc":                         "is no cursor of this list in order of PRICE",
		"pur_x\x00PRICE":                                "is no cursor of this list in order of PRICE",
		"pur_x\x00PRICE\x001\x002":                      "must be a cursor of this list",
		"pur_x\x00PRICE\x00\xff":                        "must be a cursor of this list",
		"pur_x\x00" + strings.Repeat("A", 100) + "\x00": "in order of PRICE, but is one of AAAA",
		"pur_x":                   "in order of PRICE, but is one of CREATED",
		"lot_x\x00PRICE\x001":     "must be a cursor of this list",
		strings.Repeat("p", 4000): "must be a cursor of this list",
	} {
		a.ask(`query($after: String) { purchases(sort: PRICE, after: $after) { nodes { id } } }`, map[string]any{"after": base64.RawURLEncoding.EncodeToString([]byte(text))}).
			refused("INVALID", message)
	}
}

// Every list narrows by what it says.
func TestFiltersOfDashboards(t *testing.T) {
	a := newAPI(t)
	a.varied()
	filters := map[string]int{
		`customers(policy: "c-07")`:                                    0,
		`customers(policy: "c-02")`:                                    2, // c-07 bought last under it
		`customers(from: "2024-01-21T12:00:00Z")`:                      1,
		`customers(before: "2024-01-15T12:00:00.001Z")`:                2,
		`policies(search: "ALPH")`:                                     2,
		`packs(search: "c-0")`:                                         10,
		`meters(search: "ünder")`:                                      0, // only a to z are folded
		`meters(search: "Ünder")`:                                      1,
		`purchases(statuses: [PAID, REFUNDED])`:                        31,
		`purchases(statuses: [INVOICED, INVOICED])`:                    0,
		`purchases(statuses: [])`:                                      31,
		`purchases(currency: "EUR")`:                                   11,
		`purchases(search: "inv-1")`:                                   4,
		`purchases(search: "INV")`:                                     11,
		`purchases(search: "nv")`:                                      0,
		`purchases(search: "%")`:                                       0,
		`purchases(priceFrom: "99.00", priceTo: "100.00")`:             14, // 90 EUR are 99.00 USD
		`purchases(priceFrom: "500")`:                                  2,
		`lots(kinds: [PURCHASE])`:                                      31,
		`lots(kinds: [GRANT, OVERAGE])`:                                0,
		`lots(currency: "EUR")`:                                        11,
		`lots(customer: "c-07", hasUnused: true)`:                      9,
		`lots(customer: "c-07", hasUnused: false)`:                     2,
		`recognitions(kinds: [USAGE, CLEARING], currency: "USD")`:      21, // 11 of one use each; 8 days of c-07, two of them on two lots
		`entries(kinds: [PURCHASE])`:                                   31,
		`entries(kinds: [REFUND, DUE])`:                                0,
		`deferredRevenue(customer: "c-07")`:                            2,
		`deferredRevenue(currency: "EUR")`:                             11,
		`deferredRevenue(customer: "nobody")`:                          0,
		`jobRuns(statuses: [SUCCEEDED], from: "2024-01-01T00:00:00Z")`: 1,
		`jobRuns(statuses: [FAILED])`:                                  0,
		`jobRuns(before: "2024-01-01T00:00:00Z")`:                      0,
		`lapsing(withinDays: 300, sort: EXPIRES_AT)`:                   10, // 3 customers with 2 lots; 6 more of c-07, of which 40 + 20 credits are used up
	}
	for _, filter := range slices.Sorted(maps.Keys(filters)) {
		name, _, _ := strings.Cut(filter, "(")
		got := a.must(`{ ` + filter + ` { totalCount edges { cursor } } }`)
		rows, _ := got.at(name + ".edges").([]any)
		if want := filters[filter]; len(rows) != want || fmt.Sprint(got.at(name+".totalCount")) != fmt.Sprint(want) {
			t.Errorf("%s: %d rows, totalCount %v, want %d", filter, len(rows), got.at(name+".totalCount"), want)
		}
	}
	a.ask(`{ lots(hasUnused: true) { nodes { id } } }`).refused("INVALID", "hasUnused: needs customer")
	a.ask(`{ purchases(priceFrom: "1.234") { nodes { id } } }`).refused("INVALID", "priceFrom")
}
