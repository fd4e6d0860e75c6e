package books

import (
	"context"

	"github.com/shopspring/decimal"

	"drawdown/revrec"
)

// DefaultPolicy is the code of the policy that serves where a request names none.
const DefaultPolicy = "default"

// NewCustomer asks for a customer. ExternalID: 1 to 200 characters, unique.
type NewCustomer struct {
	ExternalID string `json:"externalId"`
	Name       string `json:"name"` // ExternalID where empty
	// Jurisdiction is a code of ISO 3166 such as DE or US-DE; "" for none.
	Jurisdiction string `json:"jurisdiction,omitempty"`
	Segment      string `json:"segment,omitempty"` // a code; "" for none
}

// CustomerCreate makes a customer.
// Errors: INVALID, ALREADY_EXISTS, IDEMPOTENCY_CONFLICT.
func (b *Books) CustomerCreate(ctx context.Context, key string, request NewCustomer) (Customer, error) {
	return once(ctx, b, act{"customer.create", key, request}, func(ctx context.Context, tx Tx) (Customer, string, error) {
		customer := Customer{ID: b.newID(), ExternalID: request.ExternalID, Name: request.Name, CreatedAt: b.clock(), Jurisdiction: request.Jurisdiction}
		if customer.Name == "" {
			customer.Name = customer.ExternalID
		}
		if err := checkText("externalId", customer.ExternalID, 1, maxTextLength); err != nil {
			return customer, "", err
		}
		customer.Segment = request.Segment
		if err := checkSegment(customer.Segment); err != nil {
			return customer, "", err
		}
		if err := checkText("name", customer.Name, 1, maxTextLength); err != nil {
			return customer, "", err
		}
		if err := checkJurisdiction(customer.Jurisdiction); err != nil {
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
	return checkRate("", meter.Credits, meter.Per)
}
