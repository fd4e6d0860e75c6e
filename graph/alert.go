package graph

import (
	"context"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func (queryResolver) AlertRules(ctx context.Context, customer *string, inForce *bool, first int, after *string, reverse bool) (*view.AlertRuleConnection, error) {
	f := newFilters(ctx)
	filter := books.AlertRuleFilter{CustomerID: f.customer(ctx, customer), InForce: inForce}
	if f.err != nil || !f.known {
		return none[books.AlertRule](first, f.err)
	}
	q := f.request
	return connect(ctx, q, paging{first: first, after: after, reverse: reverse}, list[books.AlertRule]{
		noun: alertRuleNoun, key: func(r *books.AlertRule) string { return r.ID },
		saw: func(rows []books.AlertRule) {
			for i := range rows {
				q.customers.expect(rows[i].CustomerID)
				q.policies.expect(rows[i].PolicyID)
			}
		},
	}, filter, books.Tx.AlertRules, books.Tx.CountAlertRules)
}

func (r queryResolver) Alerts(ctx context.Context, customer, rule *string, kind *books.AlertKind, active bool, from, before *time.Time, first int, after *string, reverse bool) (*view.AlertConnection, error) {
	f := newFilters(ctx)
	filter := books.AlertFilter{CustomerID: f.customer(ctx, customer), Kind: value(kind), From: value(from), Before: value(before)}
	if rule != nil {
		var err error
		if filter.RuleID, err = alertRuleNoun.key("rule", *rule); err != nil {
			return nil, err
		}
	}
	if active {
		filter.ActiveOn = ledger.DateOf(f.request.now, r.books.Zone())
	}
	if f.err != nil || !f.known {
		return none[books.Alert](first, f.err)
	}
	q := f.request
	return connect(ctx, q, paging{first: first, after: after, reverse: reverse}, list[books.Alert]{
		noun: alertNoun, key: func(a *books.Alert) string { return a.ID },
		saw: func(rows []books.Alert) {
			for i := range rows {
				q.customers.expect(rows[i].CustomerID)
			}
		},
	}, filter, books.Tx.Alerts, books.Tx.CountAlerts)
}

func (r mutationResolver) AlertRuleCreate(ctx context.Context, input gen.AlertRuleCreateInput, idempotencyKey string) (*gen.AlertRuleCreatePayload, error) {
	request := books.NewAlertRule{Kind: input.Kind, Customer: value(input.Customer), Policy: value(input.Policy), BelowShare: input.BelowShare, DaysBefore: input.DaysBefore}
	if input.Below != nil {
		below := input.Below.Decimal()
		request.Below = &below
	}
	rule, err := r.books.AlertRuleCreate(ctx, idempotencyKey, request)
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.AlertRuleCreatePayload{UserErrors: refusals}, fault
	}
	return &gen.AlertRuleCreatePayload{Rule: &rule, UserErrors: refusals}, nil
}

func (r mutationResolver) AlertRuleEnd(ctx context.Context, alertRuleID string, input gen.AlertRuleEndInput, idempotencyKey string) (*gen.AlertRuleEndPayload, error) {
	key, err := alertRuleNoun.key("alertRuleId", alertRuleID)
	if err != nil {
		return &gen.AlertRuleEndPayload{UserErrors: invalidID(err)}, nil
	}
	rule, err := r.books.AlertRuleEnd(ctx, idempotencyKey, books.EndAlertRule{ID: key, Reason: value(input.Reason)})
	refusals, fault := userErrors(err, "alertRuleId")
	if err != nil {
		return &gen.AlertRuleEndPayload{UserErrors: refusals}, fault
	}
	return &gen.AlertRuleEndPayload{Rule: &rule, UserErrors: refusals}, nil
}

func (alertRuleResolver) ID(_ context.Context, r *books.AlertRule) (string, error) {
	return alertRuleNoun.id(r.ID), nil
}

func (alertRuleResolver) Customer(ctx context.Context, r *books.AlertRule) (*books.Customer, error) {
	return pointer(ctx, requestOf(ctx).customers, r.CustomerID)
}

func (alertRuleResolver) Policy(ctx context.Context, r *books.AlertRule) (*books.Policy, error) {
	return pointer(ctx, requestOf(ctx).policies, r.PolicyID)
}

func (alertRuleResolver) Below(_ context.Context, r *books.AlertRule) (*revrec.Credits, error) {
	if r.Below == 0 {
		return nil, nil
	}
	return &r.Below, nil
}

func (alertRuleResolver) BelowShare(_ context.Context, r *books.AlertRule) (*decimal.Decimal, error) {
	if r.Share.IsZero() {
		return nil, nil
	}
	return &r.Share, nil
}

func (alertResolver) ID(_ context.Context, a *books.Alert) (string, error) {
	return alertNoun.id(a.CustomerID + "/" + a.ID), nil
}

func (alertResolver) Customer(ctx context.Context, a *books.Alert) (*books.Customer, error) {
	return found(pointer(ctx, requestOf(ctx).customers, a.CustomerID))
}

func (alertResolver) RuleID(_ context.Context, a *books.Alert) (string, error) {
	return alertRuleNoun.id(a.RuleID), nil
}

func (alertResolver) Below(_ context.Context, a *books.Alert) (*revrec.Credits, error) {
	if a.Kind != books.BalanceLow {
		return nil, nil
	}
	return &a.Below, nil
}

func (alertResolver) DaysBefore(_ context.Context, a *books.Alert) (*int, error) {
	if a.Kind == books.BalanceLow {
		return nil, nil
	}
	return &a.DaysBefore, nil
}

func (alertResolver) Carrying(_ context.Context, a *books.Alert) (*ledger.Amount, error) {
	if a.Kind == books.BalanceLow {
		return nil, nil
	}
	return &a.Carrying, nil
}

func (r alertResolver) Active(ctx context.Context, a *books.Alert) (bool, error) {
	return a.Active(ledger.DateOf(requestOf(ctx).now, r.books.Zone())), nil
}

// ofCustomer splits the key of a row that is kept by customer.
func ofCustomer(key string) (customerID, id string) {
	customerID, id, _ = strings.Cut(key, "/")
	return customerID, id
}
