package books

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// DefaultPolicy is the code of the policy that serves where a request names none.
const DefaultPolicy = "default"

// NewCustomer asks for a customer. ExternalID: 1 to 200 characters, unique.
type NewCustomer struct {
	ExternalID string `json:"externalId"`
	Name       string `json:"name"` // ExternalID where empty
}

// CustomerCreate makes a customer.
// Errors: INVALID, ALREADY_EXISTS, IDEMPOTENCY_CONFLICT.
func (b *Books) CustomerCreate(ctx context.Context, key string, request NewCustomer) (Customer, error) {
	return once(ctx, b, act{"customer.create", key, request}, func(ctx context.Context, tx Tx) (Customer, string, error) {
		customer := Customer{ID: b.newID(), ExternalID: request.ExternalID, Name: request.Name, CreatedAt: b.clock()}
		if customer.Name == "" {
			customer.Name = customer.ExternalID
		}
		if err := checkText("externalId", customer.ExternalID, 1, maxTextLength); err != nil {
			return customer, "", err
		}
		if err := checkText("name", customer.Name, 1, maxTextLength); err != nil {
			return customer, "", err
		}
		return customer, customer.ID, nameTaken(tx.InsertCustomer(ctx, customer), "externalId", customer.ExternalID, "customer")
	})
}

// nameTaken says of a store's ALREADY_EXISTS which field names what.
func nameTaken(err error, field, name, noun string) error {
	if err != nil && CodeOf(err) == AlreadyExists {
		return refuse(AlreadyExists, field, "%q is a %s already", clip(name), noun)
	}
	return err
}

// NewPolicy asks for a policy. Code: 1 to 100 characters of a-z A-Z 0-9 . _ -.
type NewPolicy struct {
	Code string `json:"code"`
	Name string `json:"name"` // Code where empty
	revrec.Policy
}

// PolicyCreate makes a policy.
// Errors: INVALID, SHORT_EXPIRY, ALREADY_EXISTS, IDEMPOTENCY_CONFLICT.
func (b *Books) PolicyCreate(ctx context.Context, key string, request NewPolicy) (Policy, error) {
	return once(ctx, b, act{"policy.create", key, request}, func(ctx context.Context, tx Tx) (Policy, string, error) {
		policy := Policy{ID: b.newID(), Code: request.Code, Name: request.Name, Policy: request.WithDefaults(), CreatedAt: b.clock()}
		if policy.Name == "" {
			policy.Name = policy.Code
		}
		if err := checkCode("code", policy.Code); err != nil {
			return policy, "", err
		}
		if err := checkText("name", policy.Name, 1, maxTextLength); err != nil {
			return policy, "", err
		}
		if err := checkText("shortExpiry", policy.ShortExpiry, 0, maxNoteLength); err != nil {
			return policy, "", err
		}
		if err := policy.Check(); err != nil {
			return policy, "", ruleError(err)
		}
		return policy, policy.ID, nameTaken(tx.InsertPolicy(ctx, policy), "code", policy.Code, "policy")
	})
}

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

// PackCreate makes a pack. Errors: NOT_FOUND, INVALID, ALREADY_EXISTS, IDEMPOTENCY_CONFLICT.
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
		if i > 0 && tiers[i-1].PriceOf(credits).Minor < price.Minor {
			return nil, refuse(Invalid, at+".price", "must not be dearer per credit than the tier before: at most %s, not %s", tiers[i-1].PriceOf(credits).Text(), price.Text())
		}
		tiers = append(tiers, Tier{Credits: credits, Price: price})
	}
	return tiers, nil
}

// PriceOf returns what so many credits cost at the tier's price per credit, rounded
// half away from zero to the minor unit.
func (t Tier) PriceOf(credits revrec.Credits) ledger.Amount {
	return ledger.Money(ledger.MulDiv(t.Price.Minor, int64(credits), int64(t.Credits)), t.Price.Currency)
}

// PriceOf returns the price of so many credits by the highest tier that they reach.
// Errors: INVALID below the smallest tier.
func (p Pack) PriceOf(credits revrec.Credits) (ledger.Amount, error) {
	at, exact := slices.BinarySearchFunc(p.Tiers, credits, func(t Tier, c revrec.Credits) int { return cmp.Compare(t.Credits, c) })
	if !exact {
		at--
	}
	if at < 0 {
		return ledger.Amount{}, refuse(Invalid, "credits", "must be at least %s, the smallest tier of pack %q, not %s", p.Tiers[0].Credits, p.Code, credits)
	}
	price := p.Tiers[at].PriceOf(credits)
	if price.Minor > ledger.MaxMinor {
		return ledger.Amount{}, refuse(TooLarge, "credits", "cost more than one purchase may: %s", price)
	}
	return price, nil
}

// NewMeter asks for a meter: Credits for every Per units.
type NewMeter struct {
	Code    string          `json:"code"`
	Name    string          `json:"name"` // Code where empty
	Unit    string          `json:"unit"`
	Credits decimal.Decimal `json:"credits"`
	Per     decimal.Decimal `json:"per"` // 1 where zero
}

// MeterCreate makes a meter. Errors: INVALID, ALREADY_EXISTS, IDEMPOTENCY_CONFLICT.
func (b *Books) MeterCreate(ctx context.Context, key string, request NewMeter) (Meter, error) {
	return once(ctx, b, act{"meter.create", key, request}, func(ctx context.Context, tx Tx) (Meter, string, error) {
		meter := Meter{
			ID: b.newID(), Code: request.Code, Name: request.Name, Unit: request.Unit,
			Credits: request.Credits, Per: request.Per, CreatedAt: b.clock(),
		}
		if meter.Name == "" {
			meter.Name = meter.Code
		}
		if meter.Per.IsZero() {
			meter.Per = decimal.NewFromInt(1)
		}
		if err := checkMeter(meter); err != nil {
			return meter, "", err
		}
		return meter, meter.ID, nameTaken(tx.InsertMeter(ctx, meter), "code", meter.Code, "meter")
	})
}

func checkMeter(meter Meter) error {
	if err := checkCode("code", meter.Code); err != nil {
		return err
	}
	if err := checkText("name", meter.Name, 1, maxTextLength); err != nil {
		return err
	}
	if err := checkText("unit", meter.Unit, 0, maxTextLength); err != nil {
		return err
	}
	if _, err := creditsOf("credits", meter.Credits); err != nil {
		return err
	}
	_, err := creditsOf("per", meter.Per) // the same bounds: more than 0, six decimals
	return err
}
