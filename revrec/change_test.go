package revrec_test

import (
	"testing"

	"drawdown/ledger"
	"drawdown/revrec"
)

// What was not earned is what is unused and what moved on without its price, and all of it
// beside what was earned and taken out is the price.
func TestUnearned(t *testing.T) {
	usd := func(minor int64) ledger.Amount { return ledger.Money(minor, "USD") }
	tests := []struct {
		name                                  string
		granted, drawn, removed               revrec.Credits
		price, functional                     int64
		removedAmount, removedFunctional      int64
		wantUnearned, wantUnearnedFunctional  int64
		wantUnusedPrice, wantUnusedFunctional int64 // of what is unused alone
	}{
		{name: "nothing used", granted: 100, price: 10_000, functional: 11_000, wantUnearned: 10_000, wantUnearnedFunctional: 11_000, wantUnusedPrice: 10_000, wantUnusedFunctional: 11_000},
		{name: "40 of 100 used", granted: 100, drawn: 40, price: 10_000, functional: 11_000, wantUnearned: 6_000, wantUnearnedFunctional: 6_600, wantUnusedPrice: 6_000, wantUnusedFunctional: 6_600},
		{ // 30 moved on, and their 30.00 had been released before: 60.00 are to come back, not the 30.00 of what is unused
			name: "30 moved on at nothing", granted: 100, drawn: 40, removed: 30, price: 10_000, functional: 11_000,
			wantUnearned: 6_000, wantUnearnedFunctional: 6_600, wantUnusedPrice: 3_000, wantUnusedFunctional: 3_300,
		},
		{ // 33.33 earned, 33.33 taken out with the second, 33.34 left
			name: "cents", granted: 3, drawn: 1, removed: 1, price: 10_000, functional: 10_000, removedAmount: 3_333, removedFunctional: 3_333,
			wantUnearned: 3_334, wantUnearnedFunctional: 3_334, wantUnusedPrice: 3_334, wantUnusedFunctional: 3_334,
		},
		{name: "all used", granted: 7, drawn: 7, price: 100, functional: 93},
	}
	for _, test := range tests {
		lot := revrec.Lot{
			Kind: revrec.PurchaseLot, Granted: test.granted, Drawn: test.drawn, Removed: test.removed, Price: ledger.Money(test.price, "EUR"), Functional: usd(test.functional),
			RemovedAmount: ledger.Money(test.removedAmount, "EUR"), RemovedFunctional: usd(test.removedFunctional),
		}
		amount, functional := lot.Unearned()
		if amount != ledger.Money(test.wantUnearned, "EUR") || functional != usd(test.wantUnearnedFunctional) {
			t.Errorf("%s: unearned %s (%s), want %d (%d)", test.name, amount, functional, test.wantUnearned, test.wantUnearnedFunctional)
		}
		amount, functional = lot.PriceOf(lot.Unused())
		if amount.Minor != test.wantUnusedPrice || functional.Minor != test.wantUnusedFunctional {
			t.Errorf("%s: unused %s (%s), want %d (%d)", test.name, amount, functional, test.wantUnusedPrice, test.wantUnusedFunctional)
		}
	}
}
