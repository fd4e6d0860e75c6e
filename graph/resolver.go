package graph

import (
	"context"
	"fmt"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/auth"
	"drawdown/internal/books"
)

// resolver resolves the fields that are not simply those of a struct, by noun.
type resolver struct {
	books *books.Books
	// background outlives requests: runs that somebody started end with it.
	background context.Context //nolint:containedctx // it is the process's, not a request's
	faults     presenter
	callers    *auth.Callers
}

var _ gen.ResolverRoot = (*resolver)(nil)

// The resolvers of each type.
type (
	queryResolver               struct{ *resolver }
	mutationResolver            struct{ *resolver }
	subscriptionResolver        struct{ *resolver }
	bookResolver                struct{ *resolver }
	customerResolver            struct{}
	balanceResolver             struct{}
	policyResolver              struct{ *resolver }
	overageResolver             struct{}
	breakageResolver            struct{}
	escheatPaymentResolver      struct{}
	escheatRuleResolver         struct{}
	estimateResolver            struct{ *resolver }
	attachmentResolver          struct{}
	packResolver                struct{ *resolver }
	packVersionResolver         struct{}
	packQuoteResolver           struct{}
	meterResolver               struct{}
	rateCardResolver            struct{}
	meterRateResolver           struct{}
	marginSeriesResolver        struct{}
	purchaseResolver            struct{}
	lotResolver                 struct{}
	holdResolver                struct{}
	holdPartResolver            struct{}
	budgetResolver              struct{}
	budgetBalanceResolver       struct{}
	budgetVersionResolver       struct{}
	lotDayResolver              struct{}
	lotChangeResolver           struct{}
	usageEventResolver          struct{}
	drawResolver                struct{}
	usageOutcomeResolver        struct{}
	recognitionResolver         struct{}
	poolResolver                struct{}
	cohortResolver              struct{ *resolver }
	entryResolver               struct{}
	manualResolver              struct{}
	lineResolver                struct{}
	activityResolver            struct{}
	activityLineResolver        struct{}
	accountResolver             struct{ *resolver }
	glCodeResolver              struct{}
	trialBalanceRowResolver     struct{}
	deferredRevenueResolver     struct{}
	jobResolver                 struct{}
	jobRunResolver              struct{}
	callerResolver              struct{}
	tokenResolver               struct{}
	auditEventResolver          struct{}
	entriesPostedResolver       struct{}
	webhookResolver             struct{}
	expiringResolver            struct{}
	alertRuleResolver           struct{}
	runOutResolver              struct{}
	alertResolver               struct{ *resolver }
	topUpRuleResolver           struct{}
	topUpResolver               struct{}
	webhookDeliveryResolver     struct{}
	statementResolver           struct{}
	statementLineResolver       struct{}
	statementUseResolver        struct{}
	breakageRowResolver         struct{}
	reviewResolver              struct{}
	reviewedCohortResolver      struct{}
	reviewCellResolver          struct{}
	rollForwardResolver         struct{}
	rollForwardRowResolver      struct{}
	waterfallResolver           struct{}
	waterfallRowResolver        struct{}
	incomeResolver              struct{}
	incomeRowResolver           struct{}
	ledgerCheckResolver         struct{}
	openingResolver             struct{}
	openingRowResolver          struct{}
	remainingResolver           struct{}
	remainingRowResolver        struct{}
	earlyRowResolver            struct{}
	estimateChangesResolver     struct{}
	estimateChangeResolver      struct{}
	sensitivityResolver         struct{}
	exportTargetResolver        struct{}
	reconciliationResolver      struct{}
	reconciliationOlderResolver struct{}
	reconciliationPartResolver  struct{}
	exportVersionResolver       struct{}
	exportBatchResolver         struct{}
	exportFileResolver          struct{ *resolver }
)

func (r *resolver) Query() gen.QueryResolver       { return queryResolver{r} }
func (r *resolver) Mutation() gen.MutationResolver { return mutationResolver{r} }

func (r *resolver) Subscription() gen.SubscriptionResolver     { return subscriptionResolver{r} }
func (r *resolver) Book() gen.BookResolver                     { return bookResolver{r} }
func (r *resolver) Customer() gen.CustomerResolver             { return customerResolver{} }
func (r *resolver) Balance() gen.BalanceResolver               { return balanceResolver{} }
func (r *resolver) Policy() gen.PolicyResolver                 { return policyResolver{r} }
func (r *resolver) Overage() gen.OverageResolver               { return overageResolver{} }
func (r *resolver) Breakage() gen.BreakageResolver             { return breakageResolver{} }
func (r *resolver) EscheatPayment() gen.EscheatPaymentResolver { return escheatPaymentResolver{} }

func (r *resolver) EscheatRule() gen.EscheatRuleResolver { return escheatRuleResolver{} }

func (r *resolver) Estimate() gen.EstimateResolver { return estimateResolver{r} }

func (r *resolver) EstimateAttachment() gen.EstimateAttachmentResolver { return attachmentResolver{} }

func (r *resolver) ManualEntryAttachment() gen.ManualEntryAttachmentResolver {
	return attachmentResolver{}
}

func (r *resolver) Pack() gen.PackResolver           { return packResolver{r} }
func (r *resolver) PackQuote() gen.PackQuoteResolver { return packQuoteResolver{} }

func (r *resolver) PackVersion() gen.PackVersionResolver     { return packVersionResolver{} }
func (r *resolver) RateCard() gen.RateCardResolver           { return rateCardResolver{} }
func (r *resolver) MeterRate() gen.MeterRateResolver         { return meterRateResolver{} }
func (r *resolver) Meter() gen.MeterResolver                 { return meterResolver{} }
func (r *resolver) Purchase() gen.PurchaseResolver           { return purchaseResolver{} }
func (r *resolver) Lot() gen.LotResolver                     { return lotResolver{} }
func (r *resolver) Hold() gen.HoldResolver                   { return holdResolver{} }
func (r *resolver) Budget() gen.BudgetResolver               { return budgetResolver{} }
func (r *resolver) BudgetVersion() gen.BudgetVersionResolver { return budgetVersionResolver{} }

func (r *resolver) BudgetBalance() gen.BudgetBalanceResolver { return budgetBalanceResolver{} }
func (r *resolver) HoldPart() gen.HoldPartResolver           { return holdPartResolver{} }
func (r *resolver) LotChange() gen.LotChangeResolver         { return lotChangeResolver{} }
func (r *resolver) LotDay() gen.LotDayResolver               { return lotDayResolver{} }
func (r *resolver) UsageEvent() gen.UsageEventResolver       { return usageEventResolver{} }
func (r *resolver) Draw() gen.DrawResolver                   { return drawResolver{} }
func (r *resolver) UsageOutcome() gen.UsageOutcomeResolver   { return usageOutcomeResolver{} }

func (r *resolver) Recognition() gen.RecognitionResolver         { return recognitionResolver{} }
func (r *resolver) Pool() gen.PoolResolver                       { return poolResolver{} }
func (r *resolver) Cohort() gen.CohortResolver                   { return cohortResolver{r} }
func (r *resolver) Entry() gen.EntryResolver                     { return entryResolver{} }
func (r *resolver) ManualEntry() gen.ManualEntryResolver         { return manualResolver{} }
func (r *resolver) Line() gen.LineResolver                       { return lineResolver{} }
func (r *resolver) AccountActivity() gen.AccountActivityResolver { return activityResolver{} }

func (r *resolver) AccountActivityLine() gen.AccountActivityLineResolver {
	return activityLineResolver{}
}
func (r *resolver) Account() gen.AccountResolver                 { return accountResolver{r} }
func (r *resolver) GlCode() gen.GlCodeResolver                   { return glCodeResolver{} }
func (r *resolver) TrialBalanceRow() gen.TrialBalanceRowResolver { return trialBalanceRowResolver{} }

func (r *resolver) DeferredRevenue() gen.DeferredRevenueResolver { return deferredRevenueResolver{} }
func (r *resolver) Statement() gen.StatementResolver             { return statementResolver{} }
func (r *resolver) StatementLine() gen.StatementLineResolver     { return statementLineResolver{} }
func (r *resolver) StatementUse() gen.StatementUseResolver       { return statementUseResolver{} }
func (r *resolver) DeferredRevenueRollForward() gen.DeferredRevenueRollForwardResolver {
	return rollForwardResolver{}
}
func (r *resolver) EstimateReview() gen.EstimateReviewResolver { return reviewResolver{} }
func (r *resolver) Reconciliation() gen.ReconciliationResolver { return reconciliationResolver{} }

func (r *resolver) ReconciliationOlder() gen.ReconciliationOlderResolver {
	return reconciliationOlderResolver{}
}

func (r *resolver) ReconciliationPart() gen.ReconciliationPartResolver {
	return reconciliationPartResolver{}
}
func (r *resolver) ReviewedCohort() gen.ReviewedCohortResolver { return reviewedCohortResolver{} }
func (r *resolver) ReviewCell() gen.ReviewCellResolver         { return reviewCellResolver{} }
func (r *resolver) BreakageRow() gen.BreakageRowResolver       { return breakageRowResolver{} }
func (r *resolver) Waterfall() gen.WaterfallResolver           { return waterfallResolver{} }
func (r *resolver) WaterfallRow() gen.WaterfallRowResolver     { return waterfallRowResolver{} }
func (r *resolver) Income() gen.IncomeResolver                 { return incomeResolver{} }
func (r *resolver) IncomeRow() gen.IncomeRowResolver           { return incomeRowResolver{} }
func (r *resolver) LedgerCheck() gen.LedgerCheckResolver       { return ledgerCheckResolver{} }
func (r *resolver) OpeningBalanceRevenue() gen.OpeningBalanceRevenueResolver {
	return openingResolver{}
}

func (r *resolver) OpeningBalanceRevenueRow() gen.OpeningBalanceRevenueRowResolver {
	return openingRowResolver{}
}

func (r *resolver) RemainingObligation() gen.RemainingObligationResolver { return remainingResolver{} }

func (r *resolver) RemainingRow() gen.RemainingRowResolver { return remainingRowResolver{} }

func (r *resolver) RollForwardRow() gen.RollForwardRowResolver { return rollForwardRowResolver{} }
func (r *resolver) UsageSeries() gen.UsageSeriesResolver       { return seriesResolver{} }
func (r *resolver) RevenueSeries() gen.RevenueSeriesResolver   { return seriesResolver{} }
func (r *resolver) MarginSeries() gen.MarginSeriesResolver     { return marginSeriesResolver{} }
func (r *resolver) PurchaseSeries() gen.PurchaseSeriesResolver { return seriesResolver{} }
func (r *resolver) Job() gen.JobResolver                       { return jobResolver{} }
func (r *resolver) JobRun() gen.JobRunResolver                 { return jobRunResolver{} }
func (r *resolver) Caller() gen.CallerResolver                 { return callerResolver{} }
func (r *resolver) Token() gen.TokenResolver                   { return tokenResolver{} }
func (r *resolver) AuditEvent() gen.AuditEventResolver         { return auditEventResolver{} }

func (r *resolver) EntriesPosted() gen.EntriesPostedResolver { return entriesPostedResolver{} }

func (r *resolver) AlertRule() gen.AlertRuleResolver             { return alertRuleResolver{} }
func (r *resolver) Alert() gen.AlertResolver                     { return alertResolver{r} }
func (r *resolver) TopUpRule() gen.TopUpRuleResolver             { return topUpRuleResolver{} }
func (r *resolver) TopUp() gen.TopUpResolver                     { return topUpResolver{} }
func (r *resolver) Expiring() gen.ExpiringResolver               { return expiringResolver{} }
func (r *resolver) Webhook() gen.WebhookResolver                 { return webhookResolver{} }
func (r *resolver) WebhookDelivery() gen.WebhookDeliveryResolver { return webhookDeliveryResolver{} }
func (r *resolver) RunOut() gen.RunOutResolver                   { return runOutResolver{} }

func (r *resolver) ExportTarget() gen.ExportTargetResolver { return exportTargetResolver{} }
func (r *resolver) ExportTargetVersion() gen.ExportTargetVersionResolver {
	return exportVersionResolver{}
}
func (r *resolver) ExportBatch() gen.ExportBatchResolver { return exportBatchResolver{} }
func (r *resolver) ExportFile() gen.ExportFileResolver   { return exportFileResolver{r} }

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
	case budgetNoun:
		return nodeOf(pointer(ctx, q.budgets, key))
	case holdNoun:
		return nodeOf(pointer(ctx, q.holds, key))
	case eventNoun:
		return nodeOf(pointer(ctx, q.events, key))
	case recognitionNoun:
		return nodeOf(pointer(ctx, q.recognitions, key))
	case poolNoun:
		return nodeOf(pointer(ctx, q.pools, key))
	case entryNoun:
		return nodeOf(pointer(ctx, q.entries, entryNumber(key)))
	case manualNoun:
		return nodeOf(pointer(ctx, q.manual, key))
	case jobRunNoun:
		return nodeOf(pointer(ctx, q.jobRuns, key))
	case drawNoun, rateNoun, deferredNoun, expiringNoun, periodNoun, lineNoun, fxNoun, escheatNoun, reviewNoun: // cursors alone
	case cohortNoun, tokenNoun, auditNoun, webhookNoun, deliveryNoun, reopeningNoun, closeTaskNoun: // not for everybody who may ask for a node
	case exportTargetNoun, exportBatchNoun, reconciliationNoun: // not for everybody who may ask for a node
	case alertRuleNoun, alertNoun, topUpRuleNoun, topUpNoun: // cursors, and what acts on them
	}
	return nil, &books.Error{Code: books.Invalid, Field: "id", Message: fmt.Sprintf("must begin with cus_, pol_, est_, pack_, mtr_, pur_, lot_, hold_, bud_, evt_, rec_, pool_, ent_, man_ or run_, not %q", clip(id))}
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

func (r *resolver) EarlyBreakageRow() gen.EarlyBreakageRowResolver { return earlyRowResolver{} }
func (r *resolver) EstimateChanges() gen.EstimateChangesResolver   { return estimateChangesResolver{} }

func (r *resolver) EstimateChange() gen.EstimateChangeResolver     { return estimateChangeResolver{} }
func (r *resolver) SensitivityGroup() gen.SensitivityGroupResolver { return sensitivityResolver{} }
