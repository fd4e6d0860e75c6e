package books

import (
	"context"
	"strconv"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// NewPack asks for a pack. Tiers: at least one, each with more credits than the one
// before and no dearer per credit.
type NewPack struct {
	Code     string          `json:"code"`
	Name     string          `json:"name"`     // Code where empty
	Policy   string          `json:"policy"`   // its code; "default" where empty
	Currency ledger.Currency `json:"currency"` // the book's where empty
	Tiers    []NewTier       `json:"tiers"`
}

// NewTier is a tier of a pack: so many credits for so much in the pack's currency.
type NewTier struct {
	Credits decimal.Decimal `json:"credits"`
	Price   decimal.Decimal `json:"price"`
}

// PackCreate makes a pack, whose first version is in force from the beginning of time: what
// was sold before it was entered has a price too.
// Errors: NOT_FOUND, INVALID, ALREADY_EXISTS, IDEMPOTENCY_CONFLICT.
func (b *Books) PackCreate(ctx context.Context, key string, request NewPack) (Pack, error) {
	return once(ctx, b, act{"pack.create", key, request}, func(ctx context.Context, tx Tx) (Pack, string, error) {
		pack := Pack{ID: b.newID(), Code: request.Code, Name: request.Name, CreatedAt: b.clock()}
		if pack.Name == "" {
			pack.Name = pack.Code
		}
		if err := checkCode("code", pack.Code); err != nil {
			return pack, "", err
		}
		if err := checkText("name", pack.Name, 1, maxTextLength); err != nil {
			return pack, "", err
		}
		policy, err := policyByCode(ctx, tx, request.Policy)
		if err != nil {
			return pack, "", err
		}
		pack.PolicyID = policy.ID
		if pack.Currency, err = b.currencyOf("currency", request.Currency); err != nil {
			return pack, "", err
		}
		if pack.Tiers, err = tiersOf(request.Tiers, pack.Currency); err != nil {
			return pack, "", err
		}
		return pack, pack.ID, nameTaken(tx.InsertPack(ctx, pack), "code", pack.Code, "pack")
	})
}

// tiersOf checks a price list. Errors: INVALID, TOO_LARGE.
func tiersOf(asked []NewTier, currency ledger.Currency) ([]Tier, error) {
	if len(asked) == 0 || len(asked) > maxTiers {
		return nil, refuse(Invalid, "tiers", "must be 1 to %d tiers, not %d", maxTiers, len(asked))
	}
	tiers := make([]Tier, 0, len(asked))
	for i, given := range asked {
		at := "tiers." + strconv.Itoa(i)
		credits, err := creditsOf(at+".credits", given.Credits)
		if err != nil {
			return nil, err
		}
		price, err := amountOf(at+".price", given.Price, currency)
		if err != nil {
			return nil, err
		}
		if i > 0 && credits <= tiers[i-1].Credits {
			return nil, refuse(Invalid, at+".credits", "must be more than the %s of the tier before, not %s", tiers[i-1].Credits, credits)
		}
		if i > 0 {
			if most, within := tiers[i-1].PriceOf(credits); within && most.Minor < price.Minor {
				return nil, refuse(Invalid, at+".price", "must not be dearer per credit than the tier before: at most %s, not %s", most.Text(), price.Text())
			}
		}
		tiers = append(tiers, Tier{Credits: credits, Price: price})
	}
	return tiers, nil
}
