package ledger_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"drawdown/ledger"
)

func usd(minor int64) ledger.Amount { return ledger.Money(minor, "USD") }
func eur(minor int64) ledger.Amount { return ledger.Money(minor, "EUR") }

// line is signed, debit positive, in a book kept in USD.
func line(account ledger.Role, amount, functional ledger.Amount) ledger.Line {
	return ledger.Line{Account: account, Amount: amount, Functional: functional}
}

func entry(lines ...ledger.Line) ledger.Entry {
	day := ledger.NewDate(2024, 1, 15)
	return ledger.Entry{Kind: ledger.PurchaseEntry, AccountingDate: day, OccurredOn: day, Description: "pack", Lines: lines}
}

func TestEntryCheck(t *testing.T) {
	cash, deferred, tax := ledger.Cash, ledger.DeferredRevenue, ledger.TaxPayable
	undated := entry(line(cash, usd(1), usd(1)), line(deferred, usd(-1), usd(-1)))
	undated.AccountingDate = 0
	unkind := entry(undated.Lines...)
	unkind.Kind = ""
	unhappened := entry(undated.Lines...)
	unhappened.OccurredOn = 0

	tests := []struct {
		name  string
		entry ledger.Entry
		wrong string // part of what Check says; "" where the entry balances
	}{
		{"a pack for cash, with tax", entry(
			line(cash, usd(10825), usd(10825)),
			line(deferred, usd(-10000), usd(-10000)),
			line(tax, usd(-825), usd(-825))), ""},
		{"a pack in euro in a dollar book", entry(
			line(cash, eur(10000), usd(10900)),
			line(deferred, eur(-10000), usd(-10900))), ""},
		{"a receivable settled at another rate", entry(
			line(cash, eur(10000), usd(11000)),
			line(ledger.AccountsReceivable, eur(-10000), usd(-10900)),
			line(ledger.FXGainLoss, eur(0), usd(-100))), ""},
		{"no line", entry(), "has 0 lines"},
		{"one line", entry(line(cash, usd(0), usd(0))), "has 1 lines"},
		{"a cent short", entry(
			line(cash, usd(10000), usd(10000)),
			line(deferred, usd(-9999), usd(-9999))), "out of balance by USD 0.01"},
		{"balanced in dollars, not in euro", entry(
			line(cash, eur(10000), usd(10900)),
			line(deferred, eur(-9900), usd(-10900))), "out of balance by EUR 1.00"},
		{"balanced in euro, not in dollars", entry(
			line(cash, eur(10000), usd(10900)),
			line(deferred, eur(-10000), usd(-10901))), "out of balance by USD -0.01"},
		{"dollars against euro", entry(
			line(cash, usd(100), usd(100)),
			line(deferred, eur(-100), usd(-100))), "out of balance"},
		{"two functional currencies", entry(
			line(cash, usd(1), usd(1)), line(deferred, usd(-1), usd(-1)),
			line(cash, usd(1), eur(1)), line(deferred, usd(-1), eur(-1))), "two functional currencies"},
		{"an account that is none", entry(
			line("petty_cash", usd(1), usd(1)), line(deferred, usd(-1), usd(-1))), `unknown account "petty_cash"`},
		{"no currency", entry(
			line(cash, ledger.Amount{Minor: 1}, usd(1)), line(deferred, usd(-1), usd(-1))), "without a currency"},
		{"no accounting date", undated, "lacks its kind or a date"},
		{"no day it happened", unhappened, "lacks its kind or a date"},
		{"no kind", unkind, "lacks its kind or a date"},
	}
	for _, test := range tests {
		err := test.entry.Check()
		switch {
		case test.wrong == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)):
			t.Errorf("%s: %v, want %q", test.name, err, test.wrong)
		}
	}
}

// Any set of lines that is closed by what is missing passes; moving one minor unit
// of it, in either currency, does not.
func TestCheckSeesOneCent(t *testing.T) {
	chart := ledger.Accounts()
	rapid.Check(t, func(t *rapid.T) {
		figure := rapid.Int64Range(-ledger.MaxMinor, ledger.MaxMinor)
		n := rapid.IntRange(1, 12).Draw(t, "lines")
		var lines []ledger.Line
		amount, functional := eur(0), usd(0)
		for range n {
			l := line(rapid.SampledFrom(chart).Draw(t, "account").Role, eur(figure.Draw(t, "amount")), usd(figure.Draw(t, "functional")))
			amount, functional = amount.Add(l.Amount), functional.Add(l.Functional)
			lines = append(lines, l)
		}
		lines = append(lines, ledger.Credit(ledger.DeferredRevenue, amount, functional, ledger.Dimensions{}))
		e := entry(lines...)
		if err := e.Check(); err != nil {
			t.Fatal(err)
		}
		at := rapid.IntRange(0, len(lines)-1).Draw(t, "line moved")
		if rapid.Bool().Draw(t, "functional moved") {
			e.Lines[at].Functional.Minor++
		} else {
			e.Lines[at].Amount.Minor++
		}
		if e.Check() == nil {
			t.Fatalf("a cent too much on line %d passes", at)
		}
	})
}

func TestDebitAndCredit(t *testing.T) {
	who := ledger.Dimensions{Customer: "acme", Policy: "annual", Pack: "10k"}
	debit, credit := ledger.Debit(ledger.Cash, eur(100), usd(109), who), ledger.Credit(ledger.DeferredRevenue, eur(100), usd(109), who)
	if debit.Amount != eur(100) || debit.Functional != usd(109) || debit.Account != ledger.Cash || debit.Dimensions != who {
		t.Errorf("debit is %+v", debit)
	}
	if credit.Amount != eur(-100) || credit.Functional != usd(-109) || credit.Account != ledger.DeferredRevenue || credit.Dimensions != who {
		t.Errorf("credit is %+v", credit)
	}
	kept := ledger.WithoutZeros(debit, line(ledger.TaxPayable, eur(0), usd(0)), line(ledger.FXGainLoss, eur(0), usd(-1)), credit)
	if len(kept) != 3 || kept[1].Account != ledger.FXGainLoss {
		t.Errorf("kept %+v", kept)
	}
}

func TestAccountsAndTheirSides(t *testing.T) {
	// account, class, what a debit of USD 1.00 does to it
	tests := []struct {
		role    ledger.Role
		class   ledger.Class
		natural int64
	}{
		{ledger.Cash, ledger.Asset, 100},
		{ledger.AccountsReceivable, ledger.Asset, 100},
		{ledger.UnbilledReceivable, ledger.Asset, 100},
		{ledger.DeferredRevenue, ledger.Liability, -100},
		{ledger.TaxPayable, ledger.Liability, -100},
		{ledger.UnclaimedProperty, ledger.Liability, -100},
		{ledger.RefundLiability, ledger.Liability, -100},
		{ledger.OpeningBalances, ledger.Liability, 100},
		{ledger.UsageRevenue, ledger.Revenue, -100},
		{ledger.BreakageRevenue, ledger.Revenue, -100},
		{ledger.OverageRevenue, ledger.Revenue, -100},
		{ledger.Refunds, ledger.Revenue, 100},
		{ledger.Disputes, ledger.Revenue, 100},
		{ledger.FXGainLoss, ledger.Expense, 100},
	}
	chart := ledger.Accounts()
	if len(chart) != len(tests) {
		t.Errorf("%d accounts in the chart, %d in this table", len(chart), len(tests))
	}
	for _, test := range tests {
		account, known := ledger.AccountOf(test.role)
		if !known || account.Class != test.class || account.Name == "" {
			t.Errorf("%s is %+v, known %v", test.role, account, known)
		}
		if got := test.role.Natural(usd(100)); got != usd(test.natural) {
			t.Errorf("a debit of USD 1.00 moves %s by %s, want %s", test.role, got, usd(test.natural))
		}
	}
	if _, known := ledger.AccountOf("petty_cash"); known {
		t.Error("petty_cash is no role of this ledger")
	}
	chart[0].Name = "changed"
	if account, _ := ledger.AccountOf(ledger.Cash); account.Name == "changed" {
		t.Error("a caller can change the chart")
	}
}
