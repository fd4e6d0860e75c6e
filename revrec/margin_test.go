package revrec_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"drawdown/revrec"
)

// TestMargins is worked out by hand, each line in both directions.
func TestMargins(t *testing.T) {
	for _, test := range []struct{ cost, credits, margin, price string }{
		{"0.001", "1", "0.8", "1/200"},  // $0.001 a call at 80 % is $0.005
		{"0.001", "1", "3/4", "1/250"},  // 0.004
		{"0.03", "2", "0.7", "1/20"},    // 0.015 a credit, of which 30 % of the price
		{"1", "3", "0.1", "10/27"},      // a third of 1 ÷ 0.9
		{"0.002", "0.5", "0", "1/250"},  // at cost: half a credit a call
		{"0.006", "1", "-1/5", "1/200"}, // sold for 0.005, at a loss
		{"0", "1", "1/2", "0"},          // what costs nothing
	} {
		rat := func(text string) *big.Rat {
			r, ok := new(big.Rat).SetString(text)
			if !ok {
				t.Fatal(text)
			}
			return r
		}
		if got := revrec.PriceForMargin(rat(test.cost), rat(test.credits), rat(test.margin)); got.Cmp(rat(test.price)) != 0 {
			t.Errorf("%+v: a price of %s", test, got)
		}
		if rat(test.price).Sign() == 0 {
			continue
		}
		if got := revrec.MarginAtPrice(rat(test.cost), rat(test.credits), rat(test.price)); got.Cmp(rat(test.margin)) != 0 {
			t.Errorf("%+v: a margin of %s", test, got)
		}
	}
}

// TestMarginsThereAndBack holds that the two are each other's inverse, exactly, and that
// what is earned less what it costs is the margin's part of what is earned.
func TestMarginsThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := func(name string, from, to int64) *big.Rat {
			return big.NewRat(rapid.Int64Range(from, to).Draw(t, name), 1_000_000)
		}
		cost, credits := number("cost", 1, 1_000_000_000), number("credits", 1, 1_000_000_000)
		margin := number("margin", 0, 999_999)
		price := revrec.PriceForMargin(cost, credits, margin)
		if back := revrec.MarginAtPrice(cost, credits, price); back.Cmp(margin) != 0 {
			t.Fatalf("%s at a margin of %s, which is %s of it", price, margin, back)
		}
		left := new(big.Rat).Sub(price, revrec.CostPerCredit(cost, credits))
		if left.Cmp(new(big.Rat).Mul(price, margin)) != 0 {
			t.Fatalf("%s is left of %s at a margin of %s", left, price, margin)
		}
	})
}
