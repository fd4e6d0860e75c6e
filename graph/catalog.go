package graph

import (
	"context"
	"time"

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

func (queryResolver) Pack(ctx context.Context, code string, at *time.Time) (*books.Pack, error) {
	pack, err := pointer(ctx, requestOf(ctx).packsBy, code)
	if pack != nil {
		pack.AsOf = value(at)
	}
	return pack, err
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
	if input.Rollover != nil {
		policy.Rollover = &revrec.Rollover{Share: input.Rollover.Share, Extend: input.Rollover.Extend}
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
	pack, err := r.books.PackCreate(ctx, idempotencyKey, books.NewPack{
		Code: input.Code, Name: value(input.Name), Policy: value(input.Policy), Currency: value(input.Currency),
		Tiers: tiersOf(input.Tiers),
	})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.PackCreatePayload{UserErrors: refusals}, fault
	}
	return &gen.PackCreatePayload{Pack: &pack, UserErrors: refusals}, nil
}

func tiersOf(input []gen.PackTierInput) []books.NewTier {
	tiers := make([]books.NewTier, 0, len(input))
	for _, tier := range input {
		tiers = append(tiers, books.NewTier{Credits: tier.Credits.Decimal(), Price: tier.Price})
	}
	return tiers
}

func (r mutationResolver) PackRevise(ctx context.Context, code string, input gen.PackReviseInput, idempotencyKey string) (*gen.PackRevisePayload, error) {
	pack, err := r.books.PackRevise(ctx, idempotencyKey, books.PackRevision{
		Code: code, EffectiveFrom: value(input.EffectiveFrom), Policy: value(input.Policy), Tiers: tiersOf(input.Tiers), Reason: value(input.Reason),
	})
	refusals, fault := userErrors(err, "code")
	if err != nil {
		return &gen.PackRevisePayload{UserErrors: refusals}, fault
	}
	return &gen.PackRevisePayload{Pack: &pack, UserErrors: refusals}, nil
}

func (r mutationResolver) PackRetire(ctx context.Context, code string, input gen.PackRetireInput, idempotencyKey string) (*gen.PackRetirePayload, error) {
	pack, err := r.books.PackRetire(ctx, idempotencyKey, books.PackRetirement{Code: code, From: value(input.From), Reason: value(input.Reason)})
	refusals, fault := userErrors(err, "code")
	if err != nil {
		return &gen.PackRetirePayload{UserErrors: refusals}, fault
	}
	return &gen.PackRetirePayload{Pack: &pack, UserErrors: refusals}, nil
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

func (r packResolver) Policy(ctx context.Context, p *books.Pack) (*books.Policy, error) {
	return found(pointer(ctx, requestOf(ctx).policies, r.shown(p).PolicyID))
}

func (r packResolver) Tiers(_ context.Context, p *books.Pack) ([]books.Tier, error) {
	return r.shown(p).Tiers, nil
}

func (r packResolver) Version(_ context.Context, p *books.Pack) (*books.PackVersion, error) {
	version := r.shown(p)
	return &version, nil
}

// shown is the version in force at the instant at which the pack is looked at.
func (r packResolver) shown(p *books.Pack) books.PackVersion {
	if p.AsOf.IsZero() {
		return p.At(r.books.Now())
	}
	return p.At(p.AsOf)
}

func (packVersionResolver) Policy(ctx context.Context, v *books.PackVersion) (*books.Policy, error) {
	return found(pointer(ctx, requestOf(ctx).policies, v.PolicyID))
}

func (packVersionResolver) Reason(_ context.Context, v *books.PackVersion) (*string, error) {
	return text(v.Reason), nil
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
