package ledger_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"drawdown/ledger"
)

// balance is an account of a dollar book in dollars.
func balance(account ledger.Role, opening, debits, credits int64) ledger.Balance {
	return ledger.Balance{
		Account: account, Currency: "USD",
		Opening: usd(opening), Debits: usd(debits), Credits: usd(credits),
		FunctionalOpening: usd(opening), FunctionalDebits: usd(debits), FunctionalCredits: usd(credits),
	}
}

func TestTrialBalance(t *testing.T) {
	inEuro := func(account ledger.Role, debits, credits, functionalDebits, functionalCredits int64) ledger.Balance {
		return ledger.Balance{
			Account: account, Currency: "EUR", Opening: eur(0), Debits: eur(debits), Credits: eur(credits),
			FunctionalOpening: usd(0), FunctionalDebits: usd(functionalDebits), FunctionalCredits: usd(functionalCredits),
		}
	}
	offByFunctional := balance(ledger.UsageRevenue, 0, 0, 500)
	offByFunctional.FunctionalOpening, offByFunctional.FunctionalCredits = usd(-100), usd(400)

	tests := []struct {
		name     string
		balances []ledger.Balance
		wrong    string
	}{
		{"nothing moved yet", nil, ""},
		{"a pack of USD 100.00 sold, half used", []ledger.Balance{
			balance(ledger.Cash, 0, 10000, 0),
			balance(ledger.DeferredRevenue, 0, 5000, 10000),
			balance(ledger.UsageRevenue, 0, 0, 5000),
		}, ""},
		{"the month after", []ledger.Balance{
			balance(ledger.Cash, 10000, 0, 0),
			balance(ledger.DeferredRevenue, -5000, 5000, 0),
			balance(ledger.UsageRevenue, -5000, 0, 5000),
		}, ""},
		{"two currencies", []ledger.Balance{
			balance(ledger.Cash, 0, 10000, 0),
			balance(ledger.DeferredRevenue, 0, 0, 10000),
			inEuro(ledger.Cash, 10000, 0, 10900, 0),
			inEuro(ledger.DeferredRevenue, 0, 10000, 0, 10900),
		}, ""},
		{"a credit is lost", []ledger.Balance{
			balance(ledger.Cash, 0, 10000, 0),
			balance(ledger.DeferredRevenue, 0, 0, 9999),
		}, "closing balances in USD are out by USD 0.01"},
		{"opened out of balance, turned over out of balance, closes in balance", []ledger.Balance{
			balance(ledger.Cash, 100, 0, 0),
			balance(ledger.DeferredRevenue, 0, 0, 100),
		}, "debits and credits in USD differ by USD -1.00"},
		{"the euro does not cover the dollar", []ledger.Balance{
			balance(ledger.Cash, 0, 100, 0),
			inEuro(ledger.DeferredRevenue, 0, 100, 0, 100),
		}, "are out by"},
		{"out in the functional currency alone", []ledger.Balance{
			inEuro(ledger.Cash, 10000, 0, 10900, 0),
			inEuro(ledger.DeferredRevenue, 0, 10000, 0, 10901),
		}, "closing balances in the functional currency are out by USD -0.01"},
		{"functional turnover out, opening hides it", []ledger.Balance{
			balance(ledger.DeferredRevenue, 0, 500, 0), offByFunctional,
		}, "debits and credits in the functional currency differ by USD 1.00"},
	}
	for _, test := range tests {
		err := ledger.TrialBalance{Functional: "USD", Balances: test.balances}.Check()
		switch {
		case test.wrong == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)):
			t.Errorf("%s: %v, want %q", test.name, err, test.wrong)
		}
	}
}

func TestClosing(t *testing.T) {
	b := balance(ledger.DeferredRevenue, -10000, 2500, 4000)
	if b.Closing() != usd(-11500) || b.FunctionalClosing() != usd(-11500) {
		t.Errorf("opened −100.00, debited 25.00, credited 40.00: closes %s, %s", b.Closing(), b.FunctionalClosing())
	}
}

// A trial balance drawn from entries that pass Check passes itself; with one line
// lost it does not.
func TestTrialBalanceOfCheckedEntries(t *testing.T) {
	chart := ledger.Accounts()
	rapid.Check(t, func(t *rapid.T) {
		var posted []ledger.Line
		for range rapid.IntRange(1, 8).Draw(t, "entries") {
			from, to := rapid.SampledFrom(chart).Draw(t, "debited").Role, rapid.SampledFrom(chart).Draw(t, "credited").Role
			amount := usd(rapid.Int64Range(1, 1_000_000).Draw(t, "amount"))
			functional := amount
			if rapid.Bool().Draw(t, "in euro") {
				amount.Currency = "EUR"
				functional = usd(rapid.Int64Range(1, 1_000_000).Draw(t, "functional"))
			}
			e := entry(ledger.Debit(from, amount, functional, ledger.Dimensions{}), ledger.Credit(to, amount, functional, ledger.Dimensions{}))
			if err := e.Check(); err != nil {
				t.Fatal(err)
			}
			posted = append(posted, e.Lines...)
		}
		if err := drawn(posted).Check(); err != nil {
			t.Fatal(err)
		}
		lost := rapid.IntRange(0, len(posted)-1).Draw(t, "lost")
		if err := drawn(append(posted[:lost:lost], posted[lost+1:]...)).Check(); err == nil {
			t.Fatalf("line %d is lost and nobody sees it", lost)
		}
	})
}

func drawn(lines []ledger.Line) ledger.TrialBalance {
	type key struct {
		account  ledger.Role
		currency ledger.Currency
	}
	at := map[key]int{}
	tb := ledger.TrialBalance{Functional: "USD"}
	for _, l := range lines {
		k := key{l.Account, l.Amount.Currency}
		if _, seen := at[k]; !seen {
			at[k] = len(tb.Balances)
			tb.Balances = append(tb.Balances, ledger.Balance{Account: k.account, Currency: k.currency})
		}
		b := &tb.Balances[at[k]]
		if l.Amount.Minor > 0 {
			b.Debits, b.FunctionalDebits = b.Debits.Add(l.Amount), b.FunctionalDebits.Add(l.Functional)
		} else {
			b.Credits, b.FunctionalCredits = b.Credits.Sub(l.Amount), b.FunctionalCredits.Sub(l.Functional)
		}
	}
	return tb
}
