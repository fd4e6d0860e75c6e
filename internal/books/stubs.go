package books

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// NewCustomer asks for a customer. ExternalID: 1 to 200 characters, unique.
type NewCustomer struct {
	ExternalID string `json:"externalId"`
	Name       string `json:"name"` // ExternalID where empty
}

// CustomerCreate makes a customer.
// Errors: INVALID, ALREADY_EXISTS, IDEMPOTENCY_CONFLICT.
func (b *Books) CustomerCreate(ctx context.Context, key string, request NewCustomer) (Customer, error) {
	panic("todo")
}

// NewPolicy asks for a policy. Code: 1 to 100 characters of a-z, A-Z, 0-9, ".", "_", "-".
type NewPolicy struct {
	Code string `json:"code"`
	Name string `json:"name"`
	revrec.Policy
}

// PolicyCreate makes a policy. Errors: INVALID, SHORT_EXPIRY, ALREADY_EXISTS, IDEMPOTENCY_CONFLICT.
func (b *Books) PolicyCreate(ctx context.Context, key string, request NewPolicy) (Policy, error) {
	panic("todo")
}

// NewEstimate asks for a new estimate of a policy's breakage, in force from the end of
// the day From (today where zero). Rate is the share of credits sold.
type NewEstimate struct {
	Policy string          `json:"policy"` // its code
	From   ledger.Date     `json:"from"`
	Rate   decimal.Decimal `json:"rate"`
	Reason string          `json:"reason"`
}

// EstimateCreate puts a new estimate in force. Errors: NOT_FOUND, INVALID, PERIOD_CLOSED, IDEMPOTENCY_CONFLICT.
func (b *Books) EstimateCreate(ctx context.Context, key string, request NewEstimate) (Estimate, error) {
	panic("todo")
}

// NewPack asks for a pack. Tiers: by credits, at least one, dearer in all and cheaper per credit as they grow.
type NewPack struct {
	Code     string          `json:"code"`
	Name     string          `json:"name"`
	Policy   string          `json:"policy"` // its code; "default" where empty
	Currency ledger.Currency `json:"currency"`
	Tiers    []NewTier       `json:"tiers"`
}

// NewTier is a tier of a pack: so many credits for so much in the pack's currency.
type NewTier struct {
	Credits decimal.Decimal `json:"credits"`
	Price   decimal.Decimal `json:"price"`
}

// PackCreate makes a pack. Errors: NOT_FOUND, INVALID, ALREADY_EXISTS, IDEMPOTENCY_CONFLICT.
func (b *Books) PackCreate(ctx context.Context, key string, request NewPack) (Pack, error) {
	panic("todo")
}

// NewMeter asks for a meter: Credits for every Per units.
type NewMeter struct {
	Code    string          `json:"code"`
	Name    string          `json:"name"`
	Unit    string          `json:"unit"`
	Credits decimal.Decimal `json:"credits"`
	Per     decimal.Decimal `json:"per"` // 1 where zero
}

// MeterCreate makes a meter. Errors: INVALID, ALREADY_EXISTS, IDEMPOTENCY_CONFLICT.
func (b *Books) MeterCreate(ctx context.Context, key string, request NewMeter) (Meter, error) {
	panic("todo")
}

// NewPurchase asks for a sale of credits: of a pack, whose tiers give the price, or of a
// custom deal with its own price.
type NewPurchase struct {
	Customer string          `json:"customer"` // external id
	Pack     string          `json:"pack"`     // code; "" for a custom deal
	Policy   string          `json:"policy"`   // code; the pack's, or "default", where empty
	Credits  decimal.Decimal `json:"credits"`
	Bonus    decimal.Decimal `json:"bonus"`
	// Price, without tax, and Currency are given for a custom deal alone; Currency is
	// the book's where empty.
	Price    *decimal.Decimal `json:"price"`
	Currency ledger.Currency  `json:"currency"`
	Tax      decimal.Decimal  `json:"tax"`
	FXRate   *decimal.Decimal `json:"fxRate"` // functional per unit; needed where Currency is another
	// PurchasedAt is when it happened (now where zero); EffectiveAt when the credits
	// begin (PurchasedAt where zero).
	PurchasedAt time.Time `json:"purchasedAt"`
	EffectiveAt time.Time `json:"effectiveAt"`
	// One of ExpiresAt, ExpiresAfter and NeverExpires may be set; it wins over the policy.
	ExpiresAt    time.Time        `json:"expiresAt"`
	ExpiresAfter *ledger.Duration `json:"expiresAfter"`
	NeverExpires bool             `json:"neverExpires"`
	ShortExpiry  string           `json:"shortExpiry"` // why they may lapse within 30 days
	Priority     *int             `json:"priority"`    // 100 where nil; the lower is used first
	// Invoiced purchases are not paid yet: they fall due on DueOn (the day of purchase
	// where zero), or never where Cancellable.
	Invoiced    bool        `json:"invoiced"`
	DueOn       ledger.Date `json:"dueOn"`
	Cancellable bool        `json:"cancellable"`
	Reference   string      `json:"reference"`
}

// Purchased is a purchase and the lot it made.
type Purchased struct {
	Purchase Purchase
	Lot      revrec.Lot
}

// Purchase sells credits: it makes the purchase, its lot and the entry.
// Errors: NOT_FOUND, INVALID, TOO_LARGE, SHORT_EXPIRY, IDEMPOTENCY_CONFLICT.
func (b *Books) Purchase(ctx context.Context, key string, request NewPurchase) (Purchased, error) {
	panic("todo")
}

// Payment asks to book the payment of an invoiced purchase.
type Payment struct {
	PurchaseID string    `json:"purchaseId"`
	PaidAt     time.Time `json:"paidAt"` // now where zero
}

// Pay books the payment of an invoiced purchase.
// Errors: NOT_FOUND, ALREADY_PAID, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) Pay(ctx context.Context, key string, request Payment) (Purchased, error) {
	panic("todo")
}

// NewGrant asks for credits that cost nothing.
type NewGrant struct {
	Customer     string           `json:"customer"`
	Policy       string           `json:"policy"` // code; the customer's, or "default", where empty
	Credits      decimal.Decimal  `json:"credits"`
	Reason       string           `json:"reason"`    // PROMO or GOODWILL
	GrantedAt    time.Time        `json:"grantedAt"` // now where zero
	ExpiresAt    time.Time        `json:"expiresAt"`
	ExpiresAfter *ledger.Duration `json:"expiresAfter"`
	NeverExpires bool             `json:"neverExpires"`
	ShortExpiry  string           `json:"shortExpiry"`
	Priority     *int             `json:"priority"`
}

// Grant gives credits: a lot at zero, and no entry.
// Errors: NOT_FOUND, INVALID, TOO_LARGE, SHORT_EXPIRY, IDEMPOTENCY_CONFLICT.
func (b *Books) Grant(ctx context.Context, key string, request NewGrant) (revrec.Lot, error) {
	panic("todo")
}

// UsageInput is one event as its sender gives it: credits, or a meter and a quantity.
type UsageInput struct {
	Source     string // "api" where empty; at most 200 characters
	ID         string // 1 to 200 characters
	Customer   string // external id
	Meter      string // code
	Quantity   *decimal.Decimal
	Credits    *decimal.Decimal
	OccurredAt time.Time // now where zero
}

// OutcomeStatus says what became of an event.
type OutcomeStatus string

// The outcomes of an event.
const (
	Recorded  OutcomeStatus = "RECORDED"
	Duplicate OutcomeStatus = "DUPLICATE" // it was recorded before; nothing changed
	Rejected  OutcomeStatus = "REJECTED"
)

// UsageOutcome is what became of one event of a batch.
type UsageOutcome struct {
	Source, ID string
	Status     OutcomeStatus
	Event      *UsageEvent // of a recorded or duplicate event
	Draws      []Draw      // of a recorded event
	Reason     *Error      // of a rejected event; Field is relative to the event
}

// MaxUsageBatch bounds the events of one call. Ten thousand keep a transaction to
// fractions of a second and a GraphQL answer to a few megabytes.
const MaxUsageBatch = 10_000

// RecordUsage draws events on their customers' lots, in order of occurrence within a
// customer, in one transaction, and answers for each in the order given.
// Errors: TOO_LARGE, INVALID for an empty batch; what is wrong with one event is its outcome.
func (b *Books) RecordUsage(ctx context.Context, events []UsageInput) ([]UsageOutcome, error) {
	panic("todo")
}

// UsageVoid asks to take an event back.
type UsageVoid struct {
	Customer string `json:"customer"` // external id
	Source   string `json:"source"`   // "api" where empty
	ID       string `json:"id"`
	Reason   string `json:"reason"`
}

// VoidUsage takes an event back: its credits return to the lots it drew on; those that
// have lapsed meanwhile lapse again. It returns the void event.
// Errors: NOT_FOUND, ALREADY_VOIDED, IDEMPOTENCY_CONFLICT.
func (b *Books) VoidUsage(ctx context.Context, key string, request UsageVoid) (UsageEvent, error) {
	panic("todo")
}

// RefundRequest asks to take back what is unused of a purchase and pay the amount, in
// the currency of the purchase.
type RefundRequest struct {
	PurchaseID string          `json:"purchaseId"`
	Amount     decimal.Decimal `json:"amount"`
	Reason     string          `json:"reason"`
}

// Refund takes back all unused credits of a purchase and pays the amount.
// Errors: NOT_FOUND, NOT_PAID, ALREADY_REFUNDED, AMOUNT_EXCEEDS_PRICE, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) Refund(ctx context.Context, key string, request RefundRequest) (Purchased, error) {
	panic("todo")
}

// Balance is what a customer can use at an instant.
type Balance struct {
	CustomerID string
	At         time.Time
	Credits    revrec.Credits
	Lots       []revrec.Lot // those with credits to use, in the order in which they burn
}

// Balance returns what the customer (by internal id) can use at the instant (now where zero).
func (b *Books) Balance(ctx context.Context, customerID string, at time.Time) (Balance, error) {
	panic("todo")
}

// RunOptions say how a job runs.
type RunOptions struct {
	Trigger string      // START, SCHEDULE or MANUAL
	Through ledger.Date // yesterday where zero; a day that has not ended is refused
	// Progress, where set, is called after each bounded step.
	Progress func(JobResult)
}

// RunJob runs a job now and records the run. A run that fails is recorded as FAILED and
// its error returned. Errors: NOT_FOUND, INVALID, JOB_RUNNING, LEASE_LOST.
func (b *Books) RunJob(ctx context.Context, name JobName, options RunOptions) (JobRun, error) {
	panic("todo")
}

// Verify derives every balance and invariant again and returns what differs.
func (b *Books) Verify(ctx context.Context) ([]Finding, error) {
	panic("todo")
}
