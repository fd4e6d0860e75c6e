package books

import (
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// AlertKind says what an alert is about.
type AlertKind string

// The kinds of alerts.
const (
	BalanceLow      AlertKind = "BALANCE_LOW"      // a customer can use fewer credits than a number
	CreditsExpiring AlertKind = "CREDITS_EXPIRING" // credits lapse within some days
)

// AlertRule says when to alert about a customer, about those of a policy, or about all.
type AlertRule struct {
	ID         string
	Kind       AlertKind
	CustomerID string // "" for more than one
	PolicyID   string // of those whom the policy governs; "" for all
	// Below is the number of credits of BALANCE_LOW; Share, where it is not zero, is a share
	// of the credits of the customer's last purchase instead.
	Below revrec.Credits
	Share decimal.Decimal
	// DaysBefore are the days before the last one of CREDITS_EXPIRING, the fewest first.
	DaysBefore []int
	CreatedBy  string // the actor
	CreatedAt  time.Time
	EndedAt    time.Time // zero while it is in force
}

// Alert is one crossing of a rule.
type Alert struct {
	ID         string
	RuleID     string
	CustomerID string
	Kind       AlertKind
	At         time.Time
	// Credits is what could be used, or what lapses; Below is what it is fewer than.
	Credits, Below revrec.Credits
	// Day is the last on which the credits can be used, DaysBefore which of the rule's days
	// was reached, Carrying the money that goes with them; zero of BALANCE_LOW.
	Day        ledger.Date
	DaysBefore int
	Carrying   ledger.Amount
	// EndedAt is when the balance was no longer below; zero while it is.
	EndedAt time.Time
}

// Active reports whether an alert still stands on a day: the balance is low, or the credits
// have not lapsed.
func (a *Alert) Active(today ledger.Date) bool {
	return a.EndedAt.IsZero() && (a.Day == 0 || a.Day >= today)
}

// AlertRuleFilter narrows a list of rules.
type AlertRuleFilter struct {
	CustomerID string
	InForce    *bool
}

// AlertFilter narrows a list of alerts.
type AlertFilter struct {
	CustomerID, RuleID string
	Kind               AlertKind
	From, Before       time.Time // raised in [From, Before)
	// ActiveOn keeps those that stand on the day.
	ActiveOn ledger.Date
}

// Limits of rules, each with its reason.
const (
	// MaxAlertRules bounds the rules in force: each is looked at by every run.
	MaxAlertRules = 1000
	maxDaysBefore = 10   // a list that somebody reads
	maxAlertDays  = 3660 // as far as lists of what lapses look
	maxShare      = 1
)

// defaultDaysBefore are two months, one, and a week.
var defaultDaysBefore = []int{7, 30, 60}

// NewAlertRule asks for a rule.
type NewAlertRule struct {
	Kind       AlertKind        `json:"kind"`
	Customer   string           `json:"customer"` // external id; "" for more than one
	Policy     string           `json:"policy"`   // code; "" for all
	Below      *decimal.Decimal `json:"below"`
	BelowShare *decimal.Decimal `json:"belowShare"` // more than 0, at most 1
	DaysBefore []int            `json:"daysBefore"` // 60, 30 and 7 where empty
}

// AlertRuleCreate makes a rule, which the next run of the alerts looks at.
// Errors: NOT_FOUND, INVALID, TOO_LARGE, IDEMPOTENCY_CONFLICT.
func (b *Books) AlertRuleCreate(ctx context.Context, key string, request NewAlertRule) (AlertRule, error) {
	return once(ctx, b, act{"alertRule.create", key, request}, func(ctx context.Context, tx Tx) (AlertRule, string, error) {
		rule := AlertRule{ID: b.newID(), Kind: request.Kind, CreatedBy: CallerOf(ctx).Actor, CreatedAt: b.clock()}
		if err := rule.scope(ctx, tx, request); err != nil {
			return rule, "", err
		}
		if err := rule.threshold(request); err != nil {
			return rule, "", err
		}
		yes := true
		n, err := tx.CountAlertRules(ctx, AlertRuleFilter{InForce: &yes})
		if err == nil && n >= MaxAlertRules {
			err = refuse(TooLarge, "", "there are %d rules in force, the most that a book has: one for a policy serves all of its customers", n)
		}
		if err != nil {
			return rule, "", err
		}
		return rule, rule.ID, tx.InsertAlertRule(ctx, rule)
	})
}

func (r *AlertRule) scope(ctx context.Context, tx Tx, request NewAlertRule) error {
	if request.Customer != "" && request.Policy != "" {
		return refuse(Invalid, "policy", "goes without customer: give one of them, or neither")
	}
	if request.Customer != "" {
		customer, err := customerByExternalID(ctx, tx, request.Customer)
		r.CustomerID = customer.ID
		return err
	}
	if request.Policy != "" {
		policy, err := policyByCode(ctx, tx, request.Policy)
		r.PolicyID = policy.ID
		return err
	}
	return nil
}

func (r *AlertRule) threshold(request NewAlertRule) (err error) {
	switch r.Kind {
	case BalanceLow:
		switch {
		case len(request.DaysBefore) > 0:
			return refuse(Invalid, "daysBefore", "goes with CREDITS_EXPIRING")
		case (request.Below == nil) == (request.BelowShare == nil):
			return refuse(Invalid, "below", "must be given, or belowShare: one of them")
		case request.Below != nil:
			r.Below, err = creditsOf("below", *request.Below)
			return err
		case request.BelowShare.Sign() <= 0 || request.BelowShare.GreaterThan(decimal.NewFromInt(maxShare)) || request.BelowShare.Exponent() < -4:
			return refuse(Invalid, "belowShare", "must be more than 0 and at most 1, with at most 4 decimals, not %s", clip(request.BelowShare.String()))
		}
		r.Share = *request.BelowShare
	case CreditsExpiring:
		if request.Below != nil || request.BelowShare != nil {
			return refuse(Invalid, "below", "goes with BALANCE_LOW")
		}
		r.DaysBefore = slices.Compact(slices.Sorted(slices.Values(request.DaysBefore)))
		if len(r.DaysBefore) == 0 {
			r.DaysBefore = defaultDaysBefore
		}
		if len(r.DaysBefore) > maxDaysBefore || r.DaysBefore[0] < 0 || r.DaysBefore[len(r.DaysBefore)-1] > maxAlertDays {
			return refuse(Invalid, "daysBefore", "must be at most %d numbers of 0 to %d", maxDaysBefore, maxAlertDays)
		}
	default:
		return refuse(Invalid, "kind", "must be BALANCE_LOW or CREDITS_EXPIRING, not %q", clip(string(r.Kind)))
	}
	return nil
}

// EndAlertRule asks that a rule alerts no more.
type EndAlertRule struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// AlertRuleEnd takes a rule out of force. One that has ended stays as it is.
// Errors: NOT_FOUND, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) AlertRuleEnd(ctx context.Context, key string, request EndAlertRule) (AlertRule, error) {
	return once(ctx, b, act{"alertRule.end", key, request}, func(ctx context.Context, tx Tx) (AlertRule, string, error) {
		if err := checkText("reason", request.Reason, 0, maxNoteLength); err != nil {
			return AlertRule{}, "", err
		}
		before, err := tx.AlertRulesByID(ctx, []string{request.ID})
		if err != nil {
			return AlertRule{}, "", err
		}
		if len(before) > 0 {
			was(ctx, before[0])
		}
		err = tx.EndAlertRule(ctx, request.ID, b.clock())
		if err != nil && CodeOf(err) == NotFound {
			err = refuse(NotFound, "alertRuleId", "names no rule")
		}
		if err != nil {
			return AlertRule{}, "", err
		}
		found, err := tx.AlertRulesByID(ctx, []string{request.ID})
		if err != nil {
			return AlertRule{}, "", err
		}
		return found[0], found[0].ID, nil
	})
}
