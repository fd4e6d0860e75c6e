package revrec

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// Policy is what a company decides once about a kind of credits.
type Policy struct {
	// Expires is the time from a lot's start to its lapse; nil is never.
	Expires *ledger.Duration
	// ShortExpiry says why credits may lapse within ShortestExpiry of their start.
	ShortExpiry string
	// BurnOrder ranks the lots of a customer; the first rule that tells two apart decides.
	BurnOrder []BurnRule
	// LateUsage is how long after expiry a use that happened before it may arrive.
	LateUsage ledger.Duration
	// Rollover says what lives on of credits that were not used by their expiry; nil is nothing.
	Rollover *Rollover
	// Overage says what becomes of use beyond the balance.
	Overage Overage
	// Breakage says when credits that are never used become revenue.
	Breakage Breakage
}

// BurnRule is one rule of the order in which lots are used up.
type BurnRule string

// The burn rules.
const (
	ByPriority  BurnRule = "PRIORITY"   // the lower number first
	ByExpiry    BurnRule = "EXPIRY"     // what lapses sooner first, what never lapses last
	ByCostBasis BurnRule = "COST_BASIS" // the cheaper credit first, free ones before all
	ByOldest    BurnRule = "OLDEST"     // the earlier start first
)

// DefaultBurnOrder is the order of a policy that names none.
func DefaultBurnOrder() []BurnRule {
	return []BurnRule{ByPriority, ByExpiry, ByCostBasis, ByOldest}
}

// OverageMode says what becomes of use beyond the balance.
type OverageMode string

// The overage modes.
const (
	RejectOverage OverageMode = "REJECT" // the event is refused
	BillOverage   OverageMode = "BILL"   // the rest is billed at the overage rate
)

// Overage is a policy's answer to use beyond the balance. Rate is the price of one
// credit in the book's functional currency, for BillOverage alone.
type Overage struct {
	Mode OverageMode
	Rate decimal.Decimal
}

// BreakageMethod says when credits that are never used become revenue.
type BreakageMethod string

// The breakage methods.
const (
	// OnExpiry books breakage when a lot lapses: the entity does not expect to be
	// entitled to it, or cannot estimate. ASC 606-10-55-48, second sentence.
	OnExpiry BreakageMethod = "ON_EXPIRY"
	// Proportional books expected breakage in proportion to use. 55-48, first sentence.
	Proportional BreakageMethod = "PROPORTIONAL"
	// Remote books breakage when the likelihood of use has become remote. 55-48.
	Remote BreakageMethod = "REMOTE"
)

// PoolBy says which lots have their breakage measured together.
type PoolBy string

// The groupings of a pool.
const (
	PoolByLot           PoolBy = "LOT"
	PoolByPurchaseMonth PoolBy = "PURCHASE_MONTH" // the lots of a policy bought in one month
	PoolByPolicy        PoolBy = "POLICY"
)

// RemoteFrom is the day from which time without use is counted.
type RemoteFrom string

// The starting points of a remote rule.
const (
	FromPurchase         RemoteFrom = "PURCHASE"
	FromPurchaseMonthEnd RemoteFrom = "PURCHASE_MONTH_END" // the release falls on a month's end too
	FromLastUse          RemoteFrom = "LAST_USE"           // or the purchase, where there was none
)

// Breakage is a policy's treatment of credits that are never used.
type Breakage struct {
	Method BreakageMethod
	// Pool groups lots, for Proportional alone.
	Pool PoolBy
	// Rate is the first approved estimate, for Proportional alone: the share of the
	// credits sold that is expected to break, 0 ≤ Rate ≤ 1.
	Rate decimal.Decimal
	// RemoteAfter and RemoteFrom are the remote rule, for Remote alone.
	RemoteAfter ledger.Duration
	RemoteFrom  RemoteFrom
	// Escheat is the share of breakage that the law claims, 0 ≤ Escheat ≤ 1. 55-49.
	Escheat decimal.Decimal
}

// ShortestExpiry is the span within which credits lapse too soon to be sold without
// a reason: laws on prepaid value and the guidance on material rights both look hard
// at terms of weeks.
const ShortestExpiry = 30 * 24 * time.Hour

// maxRatePlaces bounds the decimals of a rate or share. Ten places of a price per
// credit still tell 1 cent from nothing over a million credits.
const maxRatePlaces = 10

// WithDefaults fills in what a policy leaves open.
func (p Policy) WithDefaults() Policy {
	if len(p.BurnOrder) == 0 {
		p.BurnOrder = DefaultBurnOrder()
	}
	if p.Overage.Mode == "" {
		p.Overage.Mode = RejectOverage
	}
	if p.Breakage.Method == "" {
		p.Breakage.Method = OnExpiry
	}
	if p.Breakage.Method == Proportional && p.Breakage.Pool == "" {
		p.Breakage.Pool = PoolByPurchaseMonth
	}
	if p.Breakage.Method == Remote && p.Breakage.RemoteFrom == "" {
		p.Breakage.RemoteFrom = FromPurchase
	}
	return p
}

// FieldError is a value that a rule refuses: which field, what it was, what is right.
type FieldError struct {
	Field   string // a path such as "breakage.rate"
	Problem string // reads on from the field: "must lie between 0 and 1, not 1.5"
	// ShortExpiry is true where the refusal is of credits that lapse too soon.
	ShortExpiry bool
}

func (e *FieldError) Error() string { return e.Field + " " + e.Problem }

func refuse(field, format string, args ...any) error {
	return &FieldError{Field: field, Problem: fmt.Sprintf(format, args...)}
}

// Check refuses a policy that contradicts itself, with a *FieldError.
func (p Policy) Check() error {
	if p.Expires != nil {
		if p.Expires.IsZero() {
			return refuse("expires", "must be a duration longer than nothing, such as P12M")
		}
		start := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
		if p.ShortExpiry == "" && IsShortExpiry(start, p.Expires.After(start, time.UTC)) {
			return shortExpiry("expires", p.Expires.String())
		}
	}
	if err := checkBurnOrder(p.BurnOrder); err != nil {
		return err
	}
	if err := p.Rollover.check(p.Expires); err != nil {
		return err
	}
	if err := p.Overage.check(); err != nil {
		return err
	}
	return p.Breakage.check()
}

// IsShortExpiry reports whether credits lapse within ShortestExpiry of their start.
func IsShortExpiry(start, expires time.Time) bool {
	return expires.Sub(start) <= ShortestExpiry
}

func shortExpiry(field, value string) error {
	return &FieldError{
		Field: field, ShortExpiry: true,
		Problem: fmt.Sprintf("lets credits lapse within 30 days of their start (%s): say why in shortExpiry, or choose a longer time", value),
	}
}

func checkBurnOrder(order []BurnRule) error {
	seen := map[BurnRule]bool{}
	for _, rule := range order {
		switch rule {
		case ByPriority, ByExpiry, ByCostBasis, ByOldest:
		default:
			return refuse("burnOrder", "knows PRIORITY, EXPIRY, COST_BASIS and OLDEST, not %q", rule)
		}
		if seen[rule] {
			return refuse("burnOrder", "names %s twice", rule)
		}
		seen[rule] = true
	}
	return nil
}

func (o Overage) check() error {
	switch o.Mode {
	case RejectOverage:
		if !o.Rate.IsZero() {
			return refuse("overage.rate", "goes with mode BILL alone")
		}
	case BillOverage:
		if o.Rate.Sign() <= 0 {
			return refuse("overage.rate", "must be the price of one credit, more than 0, not %s", o.Rate)
		}
		if o.Rate.Exponent() < -maxRatePlaces || o.Rate.GreaterThan(decimal.New(1, 9)) {
			return refuse("overage.rate", "must have at most %d decimals and be at most 1,000,000,000", maxRatePlaces)
		}
	default:
		return refuse("overage.mode", "must be REJECT or BILL, not %q", o.Mode)
	}
	return nil
}

func (b Breakage) check() error {
	if err := CheckShare("breakage.escheat", b.Escheat); err != nil {
		return err
	}
	if b.Method != Proportional && (b.Pool != "" || !b.Rate.IsZero()) {
		return refuse("breakage", "has pool and rate with method PROPORTIONAL alone, not with %s", b.Method)
	}
	if b.Method != Remote && (b.RemoteFrom != "" || !b.RemoteAfter.IsZero()) {
		return refuse("breakage", "has a remote rule with method REMOTE alone, not with %s", b.Method)
	}
	switch b.Method {
	case OnExpiry:
		return nil
	case Proportional:
		switch b.Pool {
		case PoolByLot, PoolByPurchaseMonth, PoolByPolicy:
		default:
			return refuse("breakage.pool", "must be LOT, PURCHASE_MONTH or POLICY, not %q", b.Pool)
		}
		return CheckShare("breakage.rate", b.Rate)
	case Remote:
		switch b.RemoteFrom {
		case FromPurchase, FromPurchaseMonthEnd, FromLastUse:
		default:
			return refuse("breakage.remote.from", "must be PURCHASE, PURCHASE_MONTH_END or LAST_USE, not %q", b.RemoteFrom)
		}
		if b.RemoteAfter.IsZero() {
			return refuse("breakage.remote.after", "must be a duration such as P10M")
		}
		return nil
	default:
		return refuse("breakage.method", "must be ON_EXPIRY, PROPORTIONAL or REMOTE, not %q", b.Method)
	}
}

// CheckShare refuses a share outside 0 to 1, or one with more than ten decimals.
func CheckShare(field string, share decimal.Decimal) error {
	if share.Sign() < 0 || share.GreaterThan(decimal.NewFromInt(1)) {
		return refuse(field, "must lie between 0 and 1, not %s", share)
	}
	if share.Exponent() < -maxRatePlaces {
		return refuse(field, "must have at most %d decimals, not %d", maxRatePlaces, -share.Exponent())
	}
	return nil
}
