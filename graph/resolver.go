package graph

import (
	"context"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
)

// Resolver resolves the fields that are not simply those of a struct, by noun.
type Resolver struct {
	books *books.Books
	// background outlives requests: runs that somebody started end with it.
	background context.Context //nolint:containedctx // it is the process's, not a request's
	faults     presenter
}

var _ gen.ResolverRoot = (*Resolver)(nil)

// The resolvers of each type.
type (
	queryResolver           struct{ *Resolver }
	mutationResolver        struct{ *Resolver }
	bookResolver            struct{ *Resolver }
	customerResolver        struct{}
	policyResolver          struct{}
	overageResolver         struct{}
	breakageResolver        struct{}
	estimateResolver        struct{}
	packResolver            struct{}
	meterResolver           struct{}
	purchaseResolver        struct{}
	lotResolver             struct{}
	usageEventResolver      struct{}
	drawResolver            struct{}
	usageOutcomeResolver    struct{}
	recognitionResolver     struct{}
	poolResolver            struct{}
	entryResolver           struct{}
	lineResolver            struct{}
	accountResolver         struct{}
	trialBalanceRowResolver struct{}
	deferredRevenueResolver struct{}
	jobResolver             struct{}
	jobRunResolver          struct{}
)

func (r *Resolver) Query() gen.QueryResolver                     { return queryResolver{r} }
func (r *Resolver) Mutation() gen.MutationResolver               { return mutationResolver{r} }
func (r *Resolver) Book() gen.BookResolver                       { return bookResolver{r} }
func (r *Resolver) Customer() gen.CustomerResolver               { return customerResolver{} }
func (r *Resolver) Policy() gen.PolicyResolver                   { return policyResolver{} }
func (r *Resolver) Overage() gen.OverageResolver                 { return overageResolver{} }
func (r *Resolver) Breakage() gen.BreakageResolver               { return breakageResolver{} }
func (r *Resolver) Estimate() gen.EstimateResolver               { return estimateResolver{} }
func (r *Resolver) Pack() gen.PackResolver                       { return packResolver{} }
func (r *Resolver) Meter() gen.MeterResolver                     { return meterResolver{} }
func (r *Resolver) Purchase() gen.PurchaseResolver               { return purchaseResolver{} }
func (r *Resolver) Lot() gen.LotResolver                         { return lotResolver{} }
func (r *Resolver) UsageEvent() gen.UsageEventResolver           { return usageEventResolver{} }
func (r *Resolver) Draw() gen.DrawResolver                       { return drawResolver{} }
func (r *Resolver) UsageOutcome() gen.UsageOutcomeResolver       { return usageOutcomeResolver{} }
func (r *Resolver) Recognition() gen.RecognitionResolver         { return recognitionResolver{} }
func (r *Resolver) Pool() gen.PoolResolver                       { return poolResolver{} }
func (r *Resolver) Entry() gen.EntryResolver                     { return entryResolver{} }
func (r *Resolver) Line() gen.LineResolver                       { return lineResolver{} }
func (r *Resolver) Account() gen.AccountResolver                 { return accountResolver{} }
func (r *Resolver) TrialBalanceRow() gen.TrialBalanceRowResolver { return trialBalanceRowResolver{} }
func (r *Resolver) DeferredRevenue() gen.DeferredRevenueResolver { return deferredRevenueResolver{} }
func (r *Resolver) Job() gen.JobResolver                         { return jobResolver{} }
func (r *Resolver) JobRun() gen.JobRunResolver                   { return jobRunResolver{} }

// Node finds anything by its id.
func (queryResolver) Node(ctx context.Context, id string) (view.Node, error) {
	of, key, err := splitID("id", id)
	if err != nil {
		return nil, err
	}
	q := requestOf(ctx)
	switch of {
	case customerNoun:
		return nodeOf(pointer(ctx, q.customers, key))
	case policyNoun:
		return nodeOf(pointer(ctx, q.policies, key))
	case estimateNoun:
		return nodeOf(q.estimate(ctx, key))
	case packNoun:
		return nodeOf(pointer(ctx, q.packs, key))
	case meterNoun:
		return nodeOf(pointer(ctx, q.meters, key))
	case purchaseNoun:
		return nodeOf(pointer(ctx, q.purchases, key))
	case lotNoun:
		return nodeOf(pointer(ctx, q.lots, key))
	case eventNoun:
		return nodeOf(pointer(ctx, q.events, key))
	case recognitionNoun:
		return nodeOf(pointer(ctx, q.recognitions, key))
	case poolNoun:
		return nodeOf(pointer(ctx, q.pools, key))
	case entryNoun:
		return nodeOf(pointer(ctx, q.entries, entryNumber(key)))
	case jobRunNoun:
		return nodeOf(pointer(ctx, q.jobRuns, key))
	case drawNoun, deferredNoun: // cursors alone
	}
	return nil, &books.Error{Code: books.Invalid, Field: "id", Message: "must begin with cus_, pol_, est_, pack_, mtr_, pur_, lot_, evt_, rec_, pool_, ent_ or run_"}
}

// nodeOf keeps nothing found from becoming a node of a nil pointer.
func nodeOf[T any](row *T, err error) (view.Node, error) {
	if row == nil {
		return nil, err
	}
	return row, err
}

// found returns a row that another one refers to: where it is missing, the book is at
// fault, not the caller.
func found[T any](row *T, err error) (*T, error) {
	if row == nil && err == nil {
		err = &books.Error{Code: books.Internal, Message: "a row that is referred to is missing"}
	}
	return row, err
}

// valueOr returns what an optional argument says, or what holds where it is silent.
func valueOr[T any](given *T, otherwise T) T {
	if given == nil {
		return otherwise
	}
	return *given
}

// value is the zero value where an optional argument is silent.
func value[T any](given *T) T {
	var nothing T
	return valueOr(given, nothing)
}

// text is null where there is none.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
