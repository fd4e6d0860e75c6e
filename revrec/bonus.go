package revrec

import (
	"math/big"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// BonusSale is a sale that comes with a bonus on terms of its own: a material right, which is
// a performance obligation beside what was bought. 606-10-55-42.
type BonusSale struct {
	Bought, Bonus Credits
	// List is the stand-alone selling price of what was bought: its list price, or what it is
	// sold for without the bonus. 606-10-32-32.
	List ledger.Amount
	// BonusList is the stand-alone selling price of the bonus, were all of it used; nil where
	// it is worth as much per credit as what was bought.
	BonusList *ledger.Amount
	// Likelihood is the share of the bonus that is expected to be used, more than 0, at most 1.
	// 606-10-55-44.
	Likelihood decimal.Decimal
}

// Split returns the parts of an amount that belong to what was bought and to the bonus: in
// proportion to their stand-alone selling prices, that of the bonus in the likelihood of its
// use. The bonus's part is rounded half away from zero to the minor unit, and what was bought
// has the rest, so the two add up. 606-10-32-31 to 32-35, 55-42 to 55-44.
//
//	Example 49: 100 alone for what was bought, 15 for the bonus at 80 % → 89 and 11, or 89.29 and 10.71
func (s BonusSale) Split(amount ledger.Amount) (bought, bonus ledger.Amount) {
	worth, all := s.worth()
	bonus = ledger.Money(0, amount.Currency)
	if all.Sign() > 0 {
		bonus.Minor = shareOf(amount.Minor, worth, all)
	}
	return amount.Sub(bonus), bonus
}

// worth returns the stand-alone selling price of the bonus and that of all, in one measure:
// whole numbers, for nothing is rounded before the amount is.
func (s BonusSale) worth() (bonus, all *big.Int) {
	likelihood, scale := s.Likelihood.Coefficient(), big.NewInt(1)
	if places := int64(s.Likelihood.Exponent()); places < 0 {
		scale.Exp(big.NewInt(10), big.NewInt(-places), nil)
	} else {
		likelihood.Mul(likelihood, new(big.Int).Exp(big.NewInt(10), big.NewInt(places), nil))
	}
	list := big.NewInt(s.List.Minor)
	if s.BonusList != nil {
		bonus = new(big.Int).Mul(big.NewInt(s.BonusList.Minor), likelihood)
		return bonus, list.Mul(list, scale).Add(list, bonus)
	}
	// list × bonus ÷ bought × likelihood against list, both times bought
	bonus = new(big.Int).Mul(big.NewInt(int64(s.Bonus)), likelihood)
	bought := new(big.Int).Mul(big.NewInt(int64(s.Bought)), scale)
	if list.Sign() == 0 {
		return bonus, new(big.Int)
	}
	return bonus, bought.Add(bought, bonus)
}

// shareOf returns amount × part ÷ all, rounded half away from zero; part is at most all.
func shareOf(amount int64, part, all *big.Int) int64 {
	product := new(big.Int).Mul(big.NewInt(amount), part)
	twice := product.Abs(product).Lsh(product, 1)
	share := twice.Add(twice, all).Quo(twice, new(big.Int).Lsh(all, 1)).Int64()
	if amount < 0 {
		return -share
	}
	return share
}
