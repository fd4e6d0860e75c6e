package books

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// TopUpRule asks for more credits whenever a customer's balance falls below a number.
type TopUpRule struct {
	ID         string
	CustomerID string
	Below      revrec.Credits // free credits, holds left out
	Pack       string         // its code; "" for credits at a price of their own
	Policy     string         // its code, of credits at a price of their own
	Credits    revrec.Credits // to buy
	Price      ledger.Amount  // of credits at a price of their own; zero for a pack
	// MonthlyCap bounds the requests of a calendar month, those that failed included, so that
	// a card which is declined is not charged for ever.
	MonthlyCap int
	OpenHours  int    // how long a request waits for its payment
	CreatedBy  string // the actor
	CreatedAt  time.Time
	EndedAt    time.Time // zero while it is in force
}

// TopUpStatus says how a request for more credits stands.
type TopUpStatus string

// The statuses of a request for more credits.
const (
	TopUpOpen      TopUpStatus = "OPEN"      // the payment system is to charge
	TopUpConfirmed TopUpStatus = "CONFIRMED" // charged, and the credits sold
	TopUpFailed    TopUpStatus = "FAILED"    // not charged
	TopUpExpired   TopUpStatus = "EXPIRED"   // nobody said in time
)

// TopUp is one request for more credits.
type TopUp struct {
	ID         string
	RuleID     string
	CustomerID string
	Status     TopUpStatus
	Balance    revrec.Credits // what was free when it was requested
	Credits    revrec.Credits
	Price      ledger.Amount // without tax: what was announced
	At         time.Time
	EndsAt     time.Time // after which it can no longer be confirmed
	DecidedAt  time.Time // zero while open
	PurchaseID string    // "" unless confirmed
	Reason     string    // why it failed
}

// TopUpFilter narrows lists of rules and of requests.
type TopUpFilter struct {
	CustomerID, RuleID string
	Status             TopUpStatus
	InForce            *bool // of rules
	From, Before       time.Time
}

// Limits of top-ups, each with its reason.
const (
	defaultMonthlyCap = 4
	maxMonthlyCap     = 100 // beyond it somebody should sell a larger pack
	defaultOpenHours  = 72  // a weekend
	maxOpenHours      = 720
)

// NewTopUpRule asks for a rule.
type NewTopUpRule struct {
	Customer   string           `json:"customer"` // external id
	Below      decimal.Decimal  `json:"below"`
	Pack       string           `json:"pack"`   // code; "" for a price of their own
	Policy     string           `json:"policy"` // code
	Credits    decimal.Decimal  `json:"credits"`
	Price      *decimal.Decimal `json:"price"`
	Currency   ledger.Currency  `json:"currency"`
	MonthlyCap *int             `json:"monthlyCap"` // 4 where nil
	OpenHours  *int             `json:"openHours"`  // 72 where nil
}

// TopUpRuleCreate makes a rule, which the next run of the alerts looks at. A customer has one
// in force. Errors: NOT_FOUND, ALREADY_EXISTS, INVALID, TOO_LARGE, RETIRED, IDEMPOTENCY_CONFLICT.
func (b *Books) TopUpRuleCreate(ctx context.Context, key string, request NewTopUpRule) (TopUpRule, error) {
	return once(ctx, b, act{"topUpRule.create", key, request}, func(ctx context.Context, tx Tx) (TopUpRule, string, error) {
		rule := TopUpRule{
			ID: b.newID(), Pack: request.Pack, Policy: request.Policy, CreatedBy: CallerOf(ctx).Actor, CreatedAt: b.clock(),
			MonthlyCap: defaultMonthlyCap, OpenHours: defaultOpenHours,
		}
		customer, err := customerByExternalID(ctx, tx, request.Customer)
		if err != nil {
			return rule, "", err
		}
		rule.CustomerID = customer.ID
		if rule.Below, err = creditsOf("below", request.Below); err != nil {
			return rule, "", err
		}
		if err := rule.bounds(request); err != nil {
			return rule, "", err
		}
		// A foreign price needs its rate when it is sold; here any shows whether it can be.
		sale := NewPurchase{Customer: request.Customer, Pack: request.Pack, Policy: request.Policy, Credits: request.Credits, Price: request.Price, Currency: request.Currency}
		trial, err := b.trial(ctx, tx, sale)
		if err != nil {
			return rule, "", err
		}
		rule.Credits = trial.purchase.Credits
		if request.Pack == "" {
			rule.Price, rule.Policy = trial.purchase.Price, trial.policy.Code
		}
		yes := true
		others, err := tx.TopUpRules(ctx, TopUpFilter{CustomerID: customer.ID, InForce: &yes}, Page{Limit: 1})
		if err == nil && len(others) > 0 {
			err = refuse(AlreadyExists, "customer", "has a rule already: end it first")
		}
		if err != nil {
			return rule, "", err
		}
		return rule, rule.CustomerID + "/" + rule.ID, tx.InsertTopUpRule(ctx, rule)
	})
}

func (r *TopUpRule) bounds(request NewTopUpRule) error {
	if request.MonthlyCap != nil {
		r.MonthlyCap = *request.MonthlyCap
	}
	if request.OpenHours != nil {
		r.OpenHours = *request.OpenHours
	}
	switch {
	case r.MonthlyCap < 1 || r.MonthlyCap > maxMonthlyCap:
		return refuse(Invalid, "monthlyCap", "must be 1 to %d, not %d", maxMonthlyCap, r.MonthlyCap)
	case r.OpenHours < 1 || r.OpenHours > maxOpenHours:
		return refuse(Invalid, "openHours", "must be 1 to %d, not %d", maxOpenHours, r.OpenHours)
	}
	return nil
}

// trial is the deal that a sale would make, without the rate of a foreign currency.
func (b *Books) trial(ctx context.Context, tx Tx, sale NewPurchase) (deal, error) {
	one := decimal.NewFromInt(1)
	d, err := b.deal(ctx, tx, sale)
	if err != nil && CodeOf(err) == Invalid && sale.FXRate == nil {
		sale.FXRate = &one
		if foreign, again := b.deal(ctx, tx, sale); again == nil {
			return foreign, nil
		}
	}
	return d, err
}

// EndTopUpRule asks that a rule requests no more.
type EndTopUpRule struct {
	ID         string `json:"id"`
	CustomerID string `json:"customerId"`
	Reason     string `json:"reason"`
}

// TopUpRuleEnd takes a rule out of force; what it requested can still be confirmed. One that
// has ended stays as it is. Errors: NOT_FOUND, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) TopUpRuleEnd(ctx context.Context, key string, request EndTopUpRule) (TopUpRule, error) {
	return once(ctx, b, act{"topUpRule.end", key, request}, func(ctx context.Context, tx Tx) (TopUpRule, string, error) {
		if err := checkText("reason", request.Reason, 0, maxNoteLength); err != nil {
			return TopUpRule{}, "", err
		}
		now := b.clock()
		rule, err := tx.EndTopUpRule(ctx, request.CustomerID, request.ID, now)
		if err != nil && CodeOf(err) == NotFound {
			err = refuse(NotFound, "topUpRuleId", "names no rule")
		}
		before := rule
		if before.EndedAt.Equal(now) { // and did not end earlier
			before.EndedAt = time.Time{}
		}
		was(ctx, before)
		return rule, rule.CustomerID + "/" + rule.ID, err
	})
}
