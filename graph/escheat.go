package graph

import (
	"context"
	"time"

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

func (r mutationResolver) EscheatPay(ctx context.Context, input gen.EscheatPayInput, idempotencyKey string) (*gen.EscheatPayPayload, error) {
	payment, err := r.books.EscheatPay(ctx, idempotencyKey, books.PayEscheat{
		Jurisdiction: value(input.Jurisdiction), Currency: value(input.Currency), Amount: input.Amount, PaidOn: value(input.PaidOn),
		FXRate: input.FxRate, Reference: input.Reference,
	})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.EscheatPayPayload{UserErrors: refusals}, fault
	}
	return &gen.EscheatPayPayload{Payment: &payment, UserErrors: refusals}, nil
}

func (escheatPaymentResolver) Jurisdiction(_ context.Context, p *books.EscheatPayment) (*string, error) {
	return text(p.Jurisdiction), nil
}

func (r queryResolver) UnclaimedProperty(ctx context.Context, on *ledger.Date, jurisdiction *string, asOf *time.Time) (*gen.UnclaimedProperty, error) {
	q := requestOf(ctx)
	var report books.UnclaimedProperty
	err := q.read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		report, err = r.books.UnclaimedProperty(ctx, tx, books.UnclaimedRequest{On: value(on), Jurisdiction: jurisdiction, AsOf: value(asOf)})
		return err
	})
	if err != nil {
		return nil, err
	}
	shown := &gen.UnclaimedProperty{On: report.On, AsOf: report.AsOf, PostedThrough: int(report.PostedThrough), Rows: []gen.UnclaimedPropertyRow{}, Checks: []gen.UnclaimedPropertyCheck{}}
	money := func(minor int64, currency ledger.Currency) *ledger.Amount {
		amount := ledger.Money(minor, currency)
		return &amount
	}
	for _, row := range report.Rows {
		line := gen.UnclaimedPropertyRow{
			Jurisdiction: text(row.Jurisdiction), Early: money(row.Minor.Early, row.Currency), Expiry: money(row.Minor.Expiry, row.Currency),
			Remote: money(row.Minor.Remote, row.Currency), GivenBack: money(row.Minor.GivenBack, row.Currency),
			PaidOver: money(row.Minor.PaidOver, row.Currency), Owed: money(row.Minor.Owed(), row.Currency),
			FunctionalBalance: money(row.FunctionalMinor.Early+row.FunctionalMinor.Owed(), r.books.Book().Functional),
		}
		if row.Lapsed != 0 {
			line.LapsedIn = &row.Lapsed
		}
		if row.DueOn != 0 {
			line.DueOn = &row.DueOn
		}
		shown.Rows = append(shown.Rows, line)
	}
	for _, check := range report.Checks {
		shown.Checks = append(shown.Checks, gen.UnclaimedPropertyCheck{
			Rows: &check.Rows, Manual: &check.Manual, Ledger: &check.Ledger,
			FunctionalRows: &check.FunctionalRows, FunctionalManual: &check.FunctionalManual, FunctionalLedger: &check.InLedger,
		})
	}
	return shown, nil
}
