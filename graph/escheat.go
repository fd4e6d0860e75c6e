package graph

import (
	"context"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func (queryResolver) EscheatRules(ctx context.Context, jurisdiction *string, on *ledger.Date, first int, after *string, reverse bool) (*view.EscheatRuleConnection, error) {
	return connect(ctx, requestOf(ctx), paging{first: first, after: after, reverse: reverse}, list[books.EscheatRule]{
		noun: escheatNoun,
		key:  func(r *books.EscheatRule) string { return r.Key() },
		checkKey: func(key string) bool {
			_, _, _, err := books.EscheatKey(key)
			return err == nil
		},
	}, books.EscheatFilter{Jurisdiction: value(jurisdiction), On: value(on)}, books.Tx.EscheatRules, books.Tx.CountEscheatRules)
}

func (r mutationResolver) EscheatRuleSet(ctx context.Context, input gen.EscheatRuleInput, idempotencyKey string) (*gen.EscheatRuleSetPayload, error) {
	rule, err := r.books.EscheatRuleSet(ctx, idempotencyKey, books.NewEscheatRule{
		Jurisdiction: input.Jurisdiction, From: value(input.From), Share: input.Share, Dormancy: value(input.Dormancy), Reason: input.Reason,
	})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.EscheatRuleSetPayload{UserErrors: refusals}, fault
	}
	return &gen.EscheatRuleSetPayload{Rule: &rule, UserErrors: refusals}, nil
}

func (escheatRuleResolver) Dormancy(_ context.Context, r *books.EscheatRule) (*ledger.Duration, error) {
	if r.Dormancy.IsZero() {
		return nil, nil
	}
	return &r.Dormancy, nil
}

func (r mutationResolver) CustomerJurisdictionSet(ctx context.Context, externalID string, jurisdiction *string, idempotencyKey string) (*gen.CustomerJurisdictionSetPayload, error) {
	changed, err := r.books.CustomerJurisdictionSet(ctx, idempotencyKey, books.SetJurisdiction{Customer: externalID, Jurisdiction: value(jurisdiction)})
	refusals, fault := userErrors(err, "externalId", "jurisdiction")
	if err != nil {
		return &gen.CustomerJurisdictionSetPayload{UserErrors: refusals}, fault
	}
	return &gen.CustomerJurisdictionSetPayload{Customer: &changed.Customer, UserErrors: refusals}, nil
}

func (customerResolver) Jurisdiction(_ context.Context, c *books.Customer) (*string, error) {
	return text(c.Jurisdiction), nil
}

func (lotResolver) Jurisdiction(_ context.Context, l *revrec.Lot) (*string, error) {
	return text(l.Jurisdiction), nil
}

func (poolResolver) Jurisdiction(_ context.Context, p *revrec.Pool) (*string, error) {
	return text(p.Jurisdiction), nil
}
