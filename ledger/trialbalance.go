package ledger

import "fmt"

// Balance is what one account did in one currency over a span of periods: what it
// stood at before, what was debited and credited, each sum in both currencies.
type Balance struct {
	Account  Role
	Currency Currency
	// Opening is signed, debit positive. Debits and Credits are gross and positive.
	Opening, Debits, Credits Amount
	// The same in the book's functional currency.
	FunctionalOpening, FunctionalDebits, FunctionalCredits Amount
}

// Closing returns the signed balance after the span, debit positive.
func (b Balance) Closing() Amount { return b.Opening.Add(b.Debits).Sub(b.Credits) }

// FunctionalClosing returns Closing in the functional currency.
func (b Balance) FunctionalClosing() Amount {
	return b.FunctionalOpening.Add(b.FunctionalDebits).Sub(b.FunctionalCredits)
}

// TrialBalance lists every account that ever moved, by account and currency.
type TrialBalance struct {
	From, To   Period // zero From: since the beginning
	Functional Currency
	Balances   []Balance
}

// Check holds the trial balance against double entry: per currency and in the
// functional currency, the closing balances sum to zero and debits equal credits.
func (t TrialBalance) Check() error {
	closing, turnover := map[Currency]int64{}, map[Currency]int64{}
	var functionalClosing, functionalTurnover int64
	for _, b := range t.Balances {
		closing[b.Currency] = addMinor(closing[b.Currency], b.Closing().Minor)
		turnover[b.Currency] = addMinor(turnover[b.Currency], b.Debits.Sub(b.Credits).Minor)
		functionalClosing = addMinor(functionalClosing, b.FunctionalClosing().Minor)
		functionalTurnover = addMinor(functionalTurnover, b.FunctionalDebits.Sub(b.FunctionalCredits).Minor)
	}
	for currency, sum := range closing {
		if sum != 0 {
			return fmt.Errorf("closing balances in %s are out by %s", currency, Money(sum, currency))
		}
		if turnover[currency] != 0 {
			return fmt.Errorf("debits and credits in %s differ by %s", currency, Money(turnover[currency], currency))
		}
	}
	if functionalClosing != 0 {
		return fmt.Errorf("closing balances in the functional currency are out by %s", Money(functionalClosing, t.Functional))
	}
	if functionalTurnover != 0 {
		return fmt.Errorf("debits and credits in the functional currency differ by %s", Money(functionalTurnover, t.Functional))
	}
	return nil
}
