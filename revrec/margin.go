package revrec

import "math/big"

// PriceForMargin returns the price of a credit at which a gross margin is left over what it
// costs to serve: cost ÷ (1 − margin). Nothing is rounded. The margin is less than 1.
//
//	0.001 a call, a credit a call, 80 % → 0.005 a credit
//	0.03 a page, 2 credits a page, 70 % → 0.05 a credit
func PriceForMargin(costPerUnit, creditsPerUnit, margin *big.Rat) *big.Rat {
	kept := new(big.Rat).Sub(big.NewRat(1, 1), margin)
	return kept.Quo(CostPerCredit(costPerUnit, creditsPerUnit), kept)
}

// MarginAtPrice returns the gross margin that a price of a credit leaves over what it costs to
// serve: 1 − cost ÷ price; below 0 where it is sold at a loss. Nothing is rounded. The price is
// more than 0.
//
//	0.001 a call, a credit a call, 0.004 a credit → 75 %
func MarginAtPrice(costPerUnit, creditsPerUnit, price *big.Rat) *big.Rat {
	part := new(big.Rat).Quo(CostPerCredit(costPerUnit, creditsPerUnit), price)
	return part.Sub(big.NewRat(1, 1), part)
}

// CostPerCredit returns what it costs to serve a credit, where a unit of use takes so many.
func CostPerCredit(costPerUnit, creditsPerUnit *big.Rat) *big.Rat {
	return new(big.Rat).Quo(costPerUnit, creditsPerUnit)
}
