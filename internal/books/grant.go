package books

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// NewGrant asks for credits that cost nothing.
type NewGrant struct {
	Customer     string           `json:"customer"` // external id
	Policy       string           `json:"policy"`   // code; the customer's, or "default", where empty
	Credits      decimal.Decimal  `json:"credits"`
	Reason       string           `json:"reason"`    // PROMO or GOODWILL
	GrantedAt    time.Time        `json:"grantedAt"` // now where zero
	ExpiresAt    time.Time        `json:"expiresAt"`
	ExpiresAfter *ledger.Duration `json:"expiresAfter"`
	NeverExpires bool             `json:"neverExpires"`
	ShortExpiry  string           `json:"shortExpiry"`
	Priority     *int             `json:"priority"` // 100 where nil; the lower is used first
}

// The reasons of a grant.
const (
	Promo    = "PROMO"
	Goodwill = "GOODWILL"
)

// Grant gives credits: a lot at zero, and no entry, for no purchase brought them.
// Errors: NOT_FOUND, INVALID, TOO_LARGE, SHORT_EXPIRY, IDEMPOTENCY_CONFLICT.
func (b *Books) Grant(ctx context.Context, key string, request NewGrant) (revrec.Lot, error) {
	return once(ctx, b, act{"grant.create", key, request}, func(ctx context.Context, tx Tx) (revrec.Lot, string, error) {
		customer, err := customerByExternalID(ctx, tx, request.Customer)
		if err != nil {
			return revrec.Lot{}, "", err
		}
		policy, err := grantPolicy(ctx, tx, request.Policy, customer)
		if err != nil {
			return revrec.Lot{}, "", err
		}
		lot, err := b.grantLot(request, customer, policy)
		if err != nil {
			return lot, "", err
		}
		if err := tx.InsertLot(ctx, lot); err != nil {
			return lot, "", err
		}
		if customer.PolicyID == "" {
			if err := tx.SetFirstPolicy(ctx, customer.ID, policy.ID); err != nil {
				return lot, "", err
			}
		}
		lots, err := tx.LotsByID(ctx, []string{lot.ID}) // the store gave it its order
		if err != nil {
			return lot, "", err
		}
		return lots[0], lot.ID, nil
	})
}

func grantPolicy(ctx context.Context, tx Tx, code string, customer Customer) (Policy, error) {
	switch {
	case code != "":
		return policyByCode(ctx, tx, code)
	case customer.PolicyID != "":
		return policyByID(ctx, tx, customer.PolicyID)
	}
	return policyByCode(ctx, tx, DefaultPolicy)
}

func (b *Books) grantLot(request NewGrant, customer Customer, policy Policy) (revrec.Lot, error) {
	lot := revrec.Lot{
		ID: b.newID(), CustomerID: customer.ID, PolicyID: policy.ID, Kind: revrec.GrantLot, Reason: request.Reason, CreatedAt: b.clock(),
	}
	lot.Begin(ledger.Money(0, b.book.Functional), ledger.Money(0, b.book.Functional))
	var err error
	if lot.Granted, err = creditsOf("credits", request.Credits); err != nil {
		return lot, err
	}
	if request.Reason != Promo && request.Reason != Goodwill {
		return lot, refuse(Invalid, "reason", "must be PROMO or GOODWILL, not %q", clip(request.Reason))
	}
	start, err := b.instantOf("grantedAt", request.GrantedAt)
	if err != nil {
		return lot, err
	}
	expires, err := b.expiry(term{request.ExpiresAt, request.ExpiresAfter, request.NeverExpires, request.ShortExpiry}, policy.Policy, start)
	if err != nil {
		return lot, err
	}
	if lot.Priority, err = priorityOf(request.Priority); err != nil {
		return lot, err
	}
	lot.PurchasedOn = ledger.DateOf(start, b.zone)
	b.setTerm(&lot, policy.Policy, start, expires)
	return lot, nil
}
