package graph

import (
	"context"
	"time"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func (queryResolver) TopUpRules(ctx context.Context, customer *string, inForce *bool, first int, after *string, reverse bool) (*view.TopUpRuleConnection, error) {
	f := newFilters(ctx)
	filter := books.TopUpFilter{CustomerID: f.customer(ctx, customer), InForce: inForce}
	if f.err != nil || !f.known {
		return none[books.TopUpRule](first, f.err)
	}
	q := f.request
	return connect(ctx, q, paging{first: first, after: after, reverse: reverse}, list[books.TopUpRule]{
		noun: topUpRuleNoun, key: func(r *books.TopUpRule) string { return r.ID },
		saw: func(rows []books.TopUpRule) {
			for i := range rows {
				q.customers.expect(rows[i].CustomerID)
			}
		},
	}, filter, books.Tx.TopUpRules, books.Tx.CountTopUpRules)
}

func (queryResolver) TopUps(ctx context.Context, customer *string, status *books.TopUpStatus, from, before *time.Time, first int, after *string, reverse bool) (*view.TopUpConnection, error) {
	f := newFilters(ctx)
	filter := books.TopUpFilter{CustomerID: f.customer(ctx, customer), Status: value(status), From: value(from), Before: value(before)}
	if f.err != nil || !f.known {
		return none[books.TopUp](first, f.err)
	}
	q := f.request
	return connect(ctx, q, paging{first: first, after: after, reverse: reverse}, list[books.TopUp]{
		noun: topUpNoun, key: func(t *books.TopUp) string { return t.ID },
		saw: func(rows []books.TopUp) {
			for i := range rows {
				q.customers.expect(rows[i].CustomerID)
				q.purchases.expect(rows[i].PurchaseID)
			}
		},
	}, filter, books.Tx.TopUps, books.Tx.CountTopUps)
}

func (r mutationResolver) TopUpRuleCreate(ctx context.Context, input gen.TopUpRuleCreateInput, idempotencyKey string) (*gen.TopUpRuleCreatePayload, error) {
	rule, err := r.books.TopUpRuleCreate(ctx, idempotencyKey, books.NewTopUpRule{
		Customer: input.Customer, Below: input.Below.Decimal(), Pack: value(input.Pack), Policy: value(input.Policy), Credits: input.Credits.Decimal(),
		Price: input.Price, Currency: value(input.Currency), MonthlyCap: input.MonthlyCap, OpenHours: input.OpenHours,
	})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.TopUpRuleCreatePayload{UserErrors: refusals}, fault
	}
	return &gen.TopUpRuleCreatePayload{Rule: &rule, UserErrors: refusals}, nil
}

func (r mutationResolver) TopUpRuleEnd(ctx context.Context, topUpRuleID string, input gen.TopUpRuleEndInput, idempotencyKey string) (*gen.TopUpRuleEndPayload, error) {
	key, err := topUpRuleNoun.key("topUpRuleId", topUpRuleID)
	if err != nil {
		return &gen.TopUpRuleEndPayload{UserErrors: invalidID(err)}, nil
	}
	customerID, id := ofCustomer(key)
	rule, err := r.books.TopUpRuleEnd(ctx, idempotencyKey, books.EndTopUpRule{CustomerID: customerID, ID: id, Reason: value(input.Reason)})
	refusals, fault := userErrors(err, "topUpRuleId")
	if err != nil {
		return &gen.TopUpRuleEndPayload{UserErrors: refusals}, fault
	}
	return &gen.TopUpRuleEndPayload{Rule: &rule, UserErrors: refusals}, nil
}

func (r mutationResolver) TopUpConfirm(ctx context.Context, topUpID string, input gen.TopUpConfirmInput, idempotencyKey string) (*gen.TopUpConfirmPayload, error) {
	key, err := topUpNoun.key("topUpId", topUpID)
	if err != nil {
		return &gen.TopUpConfirmPayload{UserErrors: invalidID(err)}, nil
	}
	customerID, id := ofCustomer(key)
	done, err := r.books.TopUpConfirm(ctx, idempotencyKey, books.ConfirmTopUp{
		CustomerID: customerID, ID: id, PaidAt: value(input.PaidAt), Tax: value(input.Tax), FXRate: input.FxRate, Reference: value(input.Reference),
	})
	refusals, fault := userErrors(err, "topUpId")
	if err != nil {
		return &gen.TopUpConfirmPayload{UserErrors: refusals}, fault
	}
	return &gen.TopUpConfirmPayload{TopUp: &done.TopUp, Purchase: &done.Purchase.Purchase, UserErrors: refusals}, nil
}

func (r mutationResolver) TopUpFail(ctx context.Context, topUpID string, input gen.TopUpFailInput, idempotencyKey string) (*gen.TopUpFailPayload, error) {
	key, err := topUpNoun.key("topUpId", topUpID)
	if err != nil {
		return &gen.TopUpFailPayload{UserErrors: invalidID(err)}, nil
	}
	customerID, id := ofCustomer(key)
	failed, err := r.books.TopUpFail(ctx, idempotencyKey, books.FailTopUp{CustomerID: customerID, ID: id, Reason: value(input.Reason)})
	refusals, fault := userErrors(err, "topUpId")
	if err != nil {
		return &gen.TopUpFailPayload{UserErrors: refusals}, fault
	}
	return &gen.TopUpFailPayload{TopUp: &failed, UserErrors: refusals}, nil
}

func (topUpRuleResolver) ID(_ context.Context, r *books.TopUpRule) (string, error) {
	return topUpRuleNoun.id(r.CustomerID + "/" + r.ID), nil
}

func (topUpRuleResolver) Customer(ctx context.Context, r *books.TopUpRule) (*books.Customer, error) {
	return found(pointer(ctx, requestOf(ctx).customers, r.CustomerID))
}

func (topUpRuleResolver) Pack(_ context.Context, r *books.TopUpRule) (*string, error) {
	return text(r.Pack), nil
}

func (topUpRuleResolver) Policy(_ context.Context, r *books.TopUpRule) (*string, error) {
	return text(r.Policy), nil
}

func (topUpRuleResolver) Price(_ context.Context, r *books.TopUpRule) (*ledger.Amount, error) {
	if r.Pack != "" {
		return nil, nil
	}
	return &r.Price, nil
}

func (topUpResolver) ID(_ context.Context, t *books.TopUp) (string, error) {
	return topUpNoun.id(t.CustomerID + "/" + t.ID), nil
}

func (topUpResolver) Customer(ctx context.Context, t *books.TopUp) (*books.Customer, error) {
	return found(pointer(ctx, requestOf(ctx).customers, t.CustomerID))
}

func (topUpResolver) RuleID(_ context.Context, t *books.TopUp) (string, error) {
	return topUpRuleNoun.id(t.CustomerID + "/" + t.RuleID), nil
}

func (topUpResolver) Purchase(ctx context.Context, t *books.TopUp) (*books.Purchase, error) {
	return pointer(ctx, requestOf(ctx).purchases, t.PurchaseID)
}

func (topUpResolver) Reason(ctx context.Context, t *books.TopUp) (*string, error) {
	if forOneCustomer(ctx) {
		return nil, nil
	}
	return text(t.Reason), nil
}
