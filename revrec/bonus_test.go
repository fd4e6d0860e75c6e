package revrec_test

import (
	"math/big"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"drawdown/ledger"
	"drawdown/revrec"
)

// TestBonusExample49 is 606-10-55-336 to 340: a product for 100 comes with a voucher of 40 % off
// the next purchases, up to 100. 30 % is off anyway that an average of 50 is bought for and 80 %
// of the vouchers are used: it stands alone at 50 × 30 % × 80 % = 12. Of 100, the product
// has 100 ÷ 112 and the voucher 12 ÷ 112: 89 and 11.
func TestBonusExample49(t *testing.T) {
	for _, test := range []struct {
		currency       ledger.Currency
		price, voucher string // the voucher before likelihood: 50 × 30 %
		product, right string
	}{
		{"JPY", "100", "15", "89", "11"}, // a currency without decimals, as the example rounds
		{"USD", "100.00", "15.00", "89.29", "10.71"},
	} {
		price, err := ledger.ParseAmount(test.price, test.currency)
		if err != nil {
			t.Fatal(err)
		}
		voucher, err := ledger.ParseAmount(test.voucher, test.currency)
		if err != nil {
			t.Fatal(err)
		}
		sale := revrec.BonusSale{Bought: revrec.One, Bonus: revrec.One, List: price, BonusList: &voucher, Likelihood: decimal.RequireFromString("0.8")}
		if product, right := sale.Split(price); product.Text() != test.product || right.Text() != test.right {
			t.Errorf("%s: %s and %s, want %s and %s", test.currency, product.Text(), right.Text(), test.product, test.right)
		}
	}
}

// TestBonusSplit is worked out by hand.
//
//	price   list    bought bonus alone  likelihood | bought  bonus
func TestBonusSplit(t *testing.T) {
	for _, test := range []struct {
		price, list   string
		bought, bonus int64
		alone         string
		likelihood    string
		parts         [2]string
	}{
		{"100.00", "100.00", 1000, 250, "", "1", [2]string{"80.00", "20.00"}},        // 250 of 1,250
		{"100.00", "100.00", 1000, 250, "", "0.4", [2]string{"90.91", "9.09"}},       // 100 of 1,100
		{"80.00", "100.00", 1000, 250, "", "0.4", [2]string{"72.73", "7.27"}},        // a discount falls on both alike
		{"100.00", "120.00", 1000, 250, "40.00", "0.5", [2]string{"85.71", "14.29"}}, // 20 of 140
		{"0.01", "0.01", 1, 1, "", "1", [2]string{"0.00", "0.01"}},                   // half a cent, away from zero
		{"0.03", "0.03", 1, 1, "", "1", [2]string{"0.01", "0.02"}},                   // 1.5 cents
		{"0.00", "0.00", 1000, 250, "", "1", [2]string{"0.00", "0.00"}},
		{"10.00", "0.00", 1000, 250, "5.00", "1", [2]string{"0.00", "10.00"}}, // all that is worth anything
		{"100000000000.00", "100000000000.00", 1_000_000_000, 1, "", "0.0000000001", [2]string{"100000000000.00", "0.00"}},
	} {
		usd := func(text string) ledger.Amount {
			amount, err := ledger.ParseAmount(text, "USD")
			if err != nil {
				t.Fatal(err)
			}
			return amount
		}
		sale := revrec.BonusSale{
			Bought: revrec.Credits(test.bought) * revrec.One, Bonus: revrec.Credits(test.bonus) * revrec.One,
			List: usd(test.list), Likelihood: decimal.RequireFromString(test.likelihood),
		}
		if test.alone != "" {
			alone := usd(test.alone)
			sale.BonusList = &alone
		}
		bought, bonus := sale.Split(usd(test.price))
		if got := [2]string{bought.Text(), bonus.Text()}; got != test.parts {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

// TestBonusSplitAddsUp holds that the parts add up, that neither is negative, and that the
// bonus's is the nearest to the exact share, computed here in rational numbers.
func TestBonusSplitAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		money := func(name string) ledger.Amount {
			return ledger.Money(rapid.Int64Range(0, ledger.MaxMinor).Draw(t, name), "USD")
		}
		credits := func(name string) revrec.Credits {
			return revrec.Credits(rapid.Int64Range(1, int64(revrec.MaxCredits)).Draw(t, name))
		}
		sale := revrec.BonusSale{
			Bought: credits("bought"), Bonus: credits("bonus"), List: money("list"),
			Likelihood: decimal.New(rapid.Int64Range(1, 1_000_000).Draw(t, "likelihood"), -6),
		}
		alone := new(big.Rat).Mul(big.NewRat(sale.List.Minor, 1), big.NewRat(int64(sale.Bonus), int64(sale.Bought)))
		if rapid.Bool().Draw(t, "alone") {
			list := money("bonus list")
			sale.BonusList, alone = &list, big.NewRat(list.Minor, 1)
		}
		alone.Mul(alone, sale.Likelihood.Rat())
		price := money("price")
		bought, bonus := sale.Split(price)
		if bought.Add(bonus) != price || bought.Minor < 0 || bonus.Minor < 0 {
			t.Fatalf("%s and %s of %s", bought, bonus, price)
		}
		all := new(big.Rat).Add(alone, big.NewRat(sale.List.Minor, 1))
		if all.Sign() == 0 {
			return
		}
		exact := new(big.Rat).Quo(new(big.Rat).Mul(big.NewRat(price.Minor, 1), alone), all)
		off := exact.Sub(exact, big.NewRat(bonus.Minor, 1))
		if off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
			t.Fatalf("the bonus has %s, which is off by %s", bonus, off.FloatString(3))
		}
	})
}
