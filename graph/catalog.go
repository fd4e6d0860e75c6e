package graph

import (
	"context"

	"github.com/shopspring/decimal"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func (queryResolver) Policy(ctx context.Context, code string) (*books.Policy, error) {
	return pointer(ctx, requestOf(ctx).policiesBy, code)
}

func (queryResolver) Policies(ctx context.Context, search *string, sort books.Order, first int, after *string, reverse bool) (*view.PolicyConnection, error) {
	q := requestOf(ctx)
	return connect(ctx, q, paging{first, after, reverse, sort}, list[books.Policy]{
		noun: policyNoun,
		key:  func(p *books.Policy) string { return p.ID }, natural: created, place: (*books.Policy).Place,
		saw: q.sawPolicies,
	}, books.CatalogFilter{Search: value(search)}, books.Tx.Policies, books.Tx.CountPolicies)
}

func (queryResolver) Pack(ctx context.Context, code string) (*books.Pack, error) {
	return pointer(ctx, requestOf(ctx).packsBy, code)
}

func (queryResolver) Packs(ctx context.Context, search *string, sort books.Order, first int, after *string, reverse bool) (*view.PackConnection, error) {
	q := requestOf(ctx)
	return connect(ctx, q, paging{first, after, reverse, sort}, list[books.Pack]{
		noun: packNoun,
		key:  func(p *books.Pack) string { return p.ID }, natural: created, place: (*books.Pack).Place,
		saw: q.sawPacks,
	}, books.CatalogFilter{Search: value(search)}, books.Tx.Packs, books.Tx.CountPacks)
}

func (queryResolver) Meter(ctx context.Context, code string) (*books.Meter, error) {
	return pointer(ctx, requestOf(ctx).metersBy, code)
}

func (queryResolver) Meters(ctx context.Context, search *string, sort books.Order, first int, after *string, reverse bool) (*view.MeterConnection, error) {
	q := requestOf(ctx)
	return connect(ctx, q, paging{first, after, reverse, sort}, list[books.Meter]{
		noun: meterNoun,
		key:  func(m *books.Meter) string { return m.ID }, natural: created, place: (*books.Meter).Place,
		saw: q.sawMeters,
	}, books.CatalogFilter{Search: value(search)}, books.Tx.Meters, books.Tx.CountMeters)
}

func (r mutationResolver) PolicyCreate(ctx context.Context, input gen.PolicyCreateInput, idempotencyKey string) (*gen.PolicyCreatePayload, error) {
	policy, err := r.books.PolicyCreate(ctx, idempotencyKey, books.NewPolicy{
		Code: input.Code, Name: value(input.Name), Policy: policyOf(input),
	})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.PolicyCreatePayload{UserErrors: refusals}, fault
	}
	return &gen.PolicyCreatePayload{Policy: &policy, UserErrors: refusals}, nil
}

func policyOf(input gen.PolicyCreateInput) revrec.Policy {
	policy := revrec.Policy{
		Expires: input.Expires, ShortExpiry: value(input.ShortExpiry),
		BurnOrder: input.BurnOrder, LateUsage: value(input.LateUsage),
	}
	if input.Overage != nil {
		policy.Overage = revrec.Overage{Mode: input.Overage.Mode, Rate: value(input.Overage.Rate)}
	}
	if b := input.Breakage; b != nil {
		policy.Breakage = revrec.Breakage{Method: b.Method, Pool: value(b.Pool), Rate: value(b.Rate), Escheat: value(b.Escheat)}
		if b.Remote != nil {
			policy.Breakage.RemoteAfter, policy.Breakage.RemoteFrom = b.Remote.After, b.Remote.From
		}
	}
	return policy
}

func (r mutationResolver) PackCreate(ctx context.Context, input gen.PackCreateInput, idempotencyKey string) (*gen.PackCreatePayload, error) {
	request := books.NewPack{
		Code: input.Code, Name: value(input.Name), Policy: value(input.Policy), Currency: value(input.Currency),
		Tiers: make([]books.NewTier, 0, len(input.Tiers)),
	}
	for _, tier := range input.Tiers {
		request.Tiers = append(request.Tiers, books.NewTier{Credits: tier.Credits.Decimal(), Price: tier.Price})
	}
	pack, err := r.books.PackCreate(ctx, idempotencyKey, request)
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.PackCreatePayload{UserErrors: refusals}, fault
	}
	return &gen.PackCreatePayload{Pack: &pack, UserErrors: refusals}, nil
}

func (r mutationResolver) MeterCreate(ctx context.Context, input gen.MeterCreateInput, idempotencyKey string) (*gen.MeterCreatePayload, error) {
	meter, err := r.books.MeterCreate(ctx, idempotencyKey, books.NewMeter{
		Code: input.Code, Name: value(input.Name), Unit: value(input.Unit), Credits: input.Credits, Per: value(input.Per),
	})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.MeterCreatePayload{UserErrors: refusals}, fault
	}
	return &gen.MeterCreatePayload{Meter: &meter, UserErrors: refusals}, nil
}

func (policyResolver) Purchases(ctx context.Context, p *books.Policy, first int, after *string, reverse bool) (*view.PurchaseConnection, error) {
	return purchasesBelow(ctx, &requestOf(ctx).policyKin, p.ID, func(id string) books.PurchaseFilter {
		return books.PurchaseFilter{PolicyID: id}
	}, paging{first: first, after: after, reverse: reverse})
}

func (policyResolver) Recognitions(ctx context.Context, p *books.Policy, kind *revrec.Kind, from, to *ledger.Date, first int, after *string, reverse bool) (*view.RecognitionConnection, error) {
	return recognitionsBelow(ctx, &requestOf(ctx).policyKin, p.ID, func(id string) books.RecognitionFilter {
		return books.RecognitionFilter{PolicyID: id, Kind: value(kind), From: value(from), To: value(to)}
	}, paging{first: first, after: after, reverse: reverse})
}

func (overageResolver) Rate(_ context.Context, o *revrec.Overage) (*decimal.Decimal, error) {
	if o.Mode != revrec.BillOverage {
		return nil, nil
	}
	return &o.Rate, nil
}

func (breakageResolver) Rate(ctx context.Context, b *revrec.Breakage) (*decimal.Decimal, error) {
	if b.Method != revrec.Proportional || forOneCustomer(ctx) {
		return nil, nil
	}
	return &b.Rate, nil
}

func (breakageResolver) Pool(_ context.Context, b *revrec.Breakage) (*revrec.PoolBy, error) {
	if b.Method != revrec.Proportional {
		return nil, nil
	}
	return &b.Pool, nil
}

func (breakageResolver) Remote(_ context.Context, b *revrec.Breakage) (*revrec.Breakage, error) {
	if b.Method != revrec.Remote {
		return nil, nil
	}
	return b, nil
}

func (packResolver) Policy(ctx context.Context, p *books.Pack) (*books.Policy, error) {
	return found(pointer(ctx, requestOf(ctx).policies, p.PolicyID))
}

func (packResolver) Purchases(ctx context.Context, p *books.Pack, first int, after *string, reverse bool) (*view.PurchaseConnection, error) {
	return purchasesBelow(ctx, &requestOf(ctx).packKin, p.ID, func(id string) books.PurchaseFilter {
		return books.PurchaseFilter{PackID: id}
	}, paging{first: first, after: after, reverse: reverse})
}

func (meterResolver) UsageEvents(ctx context.Context, m *books.Meter, first int, after *string, reverse bool) (*view.UsageEventConnection, error) {
	return eventsBelow(ctx, &requestOf(ctx).meterKin, m.ID, func(id string) books.EventFilter {
		return books.EventFilter{MeterID: id}
	}, paging{first: first, after: after, reverse: reverse})
}

func (policyResolver) ShortExpiry(_ context.Context, p *books.Policy) (*string, error) {
	return text(p.ShortExpiry), nil
}

func (meterResolver) Unit(_ context.Context, m *books.Meter) (*string, error) {
	return text(m.Unit), nil
}
