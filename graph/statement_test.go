package graph_test

import "testing"

// A statement in pages: the lines of all pages are the lines of the whole, and the number of
// database statements does not grow with them.
func TestStatement(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	a.must(`mutation { usageRecord(events: [{id: "e", customer: "acme", credits: "5"}, {id: "f", customer: "acme", credits: "7"}]) { recorded } }`)
	statements := 0
	a.kept.OnStatement(func(string) { statements++ })
	ask := func(page string) answered {
		return a.must(`{ statement(customer: "acme", from: "2024-01-01", to: "2024-02-29") {
			customer { externalId } opening { credits } closing { credits deferred { amount { amount } functionalAmount { amount } } }
			lines(` + page + `) { totalCount pageInfo { endCursor hasNextPage } nodes { day kind credits balance amount { amount } lot { id } purchase { id } entryNumber
				uses { meter { code } events credits } } } } }`)
	}
	one := ask("first: 1")
	fewest := statements
	whole := ask("first: 200")
	if many := statements - fewest; many > fewest+1 { // a second row may bring meters
		t.Errorf("%d database statements for a line, %d for all", fewest, many)
	}
	one.is("statement.customer.externalId", `"acme"`)
	one.is("statement.opening.credits", `"0"`)
	one.is("statement.lines.nodes.0.kind", `"PURCHASE"`)
	rows, _ := whole.at("statement.lines.nodes").([]any)
	cursor, _ := one.at("statement.lines.pageInfo.endCursor").(string)
	rest := ask(`first: 200, after: "` + cursor + `"`)
	others, _ := rest.at("statement.lines.nodes").([]any)
	if len(rows) < 2 || len(others) != len(rows)-1 {
		t.Errorf("%d lines, %d after the first", len(rows), len(others))
	}
	a.must(`{ statement(customer: "nobody", from: "2024-01-01", to: "2024-02-29") { from } }`).is("statement", "null")
}
