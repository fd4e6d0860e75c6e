package main

import (
	"encoding/csv"
	"strings"
	"testing"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// A reason that a spreadsheet would compute has an apostrophe before it, and a line without purchase or event has no id of one.
func TestStatementLine(t *testing.T) {
	usd := func(cents int64) ledger.Amount { return ledger.Money(cents, "USD") }
	line := books.StatementLine{
		Day: ledger.NewDate(2025, 3, 1), Kind: books.StatementKind("GRANT"), LotID: "l", Credits: 5_000_000, Balance: 5_000_000, Reason: "=1+1",
		Amount: usd(0), Functional: usd(0), Cash: usd(0), Deferred: books.StatementMoney{Amount: usd(0), Functional: usd(0)},
	}
	var out strings.Builder
	table := csv.NewWriter(&out)
	writeStatementLine(table, &line, "tokens_in tokens_out")
	table.Flush()
	want := "2025-03-01,GRANT,5,USD,0.00,USD,0.00,0.00,5,0.00,0.00,lot_l,,,tokens_in tokens_out,,'=1+1\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
}
