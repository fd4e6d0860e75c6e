package export

import (
	"strings"
	"testing"

	"drawdown/ledger"
)

// exchanged is EUR 400.00 booked at 1.10 and paid at 1.12: a gain of 8.00 on a line that moves
// nothing in euros.
func exchanged() ledger.Entry {
	e := entry(1, ledger.PaymentEntry, ledger.Cash, ledger.AccountsReceivable, ledger.Money(40000, "EUR"), ledger.Money(44000, "USD"))
	d := e.Lines[0].Dimensions
	e.Lines[0].Functional = ledger.Money(44800, "USD")
	e.Lines = append(e.Lines, ledger.Credit(ledger.FXGainLoss, ledger.Money(0, "EUR"), ledger.Money(800, "USD"), d))
	return e
}

// TestExchangeDifference writes the line of an exchange difference in every format.
func TestExchangeDifference(t *testing.T) {
	if err := exchanged().Check(); err != nil {
		t.Fatal(err)
	}
	for format, want := range map[Format][]string{
		CSV:     {",fx_gain_loss,,0.00,0.00,EUR,,8.00,-8.00,USD,"},
		JSONL:   {`"account":"fx_gain_loss","amount":"0.00","currency":"EUR","minor_units":0,"functional_amount":"-8.00","functional_currency":"USD","functional_minor_units":-800`},
		Hledger: {"  EUR 0.00\n        ; functional: USD -8.00\n"},
	} {
		text := encode(t, format, header, exchanged())
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %q:\n%s", format, part, text)
			}
		}
	}
}

// TestHledgerAcceptsAnExchangeDifference has hledger check it and add it up: in euros there is
// nothing on the account.
func TestHledgerAcceptsAnExchangeDifference(t *testing.T) {
	journal := encode(t, Hledger, header, exchanged())
	if out, err := hledger(t, journal, "check", "--strict"); err != nil {
		t.Fatalf("hledger: %s", out)
	}
	account, _ := HledgerAccount(ledger.FXGainLoss)
	if out, err := hledger(t, journal, "balance", "--no-total", "--empty", account); err != nil || !strings.HasPrefix(strings.TrimSpace(out), "0  ") {
		t.Errorf("hledger: %s %v", out, err)
	}
}
