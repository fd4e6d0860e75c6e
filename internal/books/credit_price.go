package books

import (
	"math/big"

	"github.com/shopspring/decimal"

	"drawdown/revrec"
)

// CreditPriceRequest asks for the price of a credit at a margin, or for the margin at a price:
// one of Margin and Price is set. Amounts are in major units of one currency.
type CreditPriceRequest struct {
	CostPerUnit    decimal.Decimal
	CreditsPerUnit *decimal.Decimal // 1 where nil
	Margin         *decimal.Decimal // a share of the price: less than 1, not negative
	Price          *decimal.Decimal // of a credit
}

// CreditPrice is what a credit costs to serve, what it sells for and what is left.
type CreditPrice struct {
	CostPerCredit, Price, PricePerUnit, Left, Margin Figure
}

// Figure is a number exactly, and rounded once for people.
type Figure struct {
	Exact   string          // in lowest terms, such as 1/200
	Rounded decimal.Decimal // half away from zero to Places decimals
	Places  int
}

func figureOf(exact *big.Rat) Figure {
	return Figure{
		Exact:   exact.RatString(),
		Rounded: decimal.NewFromBigInt(exact.Num(), 0).DivRound(decimal.NewFromBigInt(exact.Denom(), 0), PricePlaces),
		Places:  PricePlaces,
	}
}

// PriceCredit computes the price of a credit for a gross margin over its cost to serve, or the
// margin that a price leaves. Errors: INVALID.
func PriceCredit(request CreditPriceRequest) (CreditPrice, error) {
	if (request.Margin == nil) == (request.Price == nil) {
		return CreditPrice{}, refuse(Invalid, "margin", "goes alone: give either margin or price")
	}
	one := decimal.NewFromInt(1)
	if request.CreditsPerUnit == nil {
		request.CreditsPerUnit = &one
	}
	if err := checkNumber("costPerUnit", request.CostPerUnit, false); err != nil {
		return CreditPrice{}, err
	}
	if err := checkNumber("creditsPerUnit", *request.CreditsPerUnit, true); err != nil {
		return CreditPrice{}, err
	}
	cost, credits := request.CostPerUnit.Rat(), request.CreditsPerUnit.Rat()
	var price, margin *big.Rat
	if request.Margin != nil {
		if m := *request.Margin; m.Sign() < 0 || !m.LessThan(one) || m.Exponent() < -maxFXPlaces {
			return CreditPrice{}, refuse(Invalid, "margin", "must be a share of the price such as 0.8: at least 0, less than 1, at most %d decimals, not %s", maxFXPlaces, clip(m.String()))
		}
		margin = request.Margin.Rat()
		price = revrec.PriceForMargin(cost, credits, margin)
	} else {
		if err := checkNumber("price", *request.Price, true); err != nil {
			return CreditPrice{}, err
		}
		price = request.Price.Rat()
		margin = revrec.MarginAtPrice(cost, credits, price)
	}
	each := revrec.CostPerCredit(cost, credits)
	return CreditPrice{
		CostPerCredit: figureOf(each), Price: figureOf(price), PricePerUnit: figureOf(new(big.Rat).Mul(price, credits)),
		Left: figureOf(new(big.Rat).Sub(price, each)), Margin: figureOf(margin),
	}, nil
}

// checkNumber holds a number that costs or counts something: as those of exchange.
func checkNumber(field string, d decimal.Decimal, positive bool) error {
	switch {
	case positive && d.Sign() <= 0:
		return refuse(Invalid, field, "must be more than 0, not %s", clip(d.String()))
	case d.Sign() < 0:
		return refuse(Invalid, field, "must not be negative, but is %s", clip(d.String()))
	}
	if d.Exponent() < -maxFXPlaces || d.GreaterThan(decimal.New(1, 9)) {
		return refuse(Invalid, field, "must be at most 1,000,000,000 and have at most %d decimals, not %s", maxFXPlaces, clip(d.String()))
	}
	return nil
}
