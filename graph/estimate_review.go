package graph

import (
	"context"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
	"drawdown/revrec/estimate"
)

func (r queryResolver) EstimateReview(ctx context.Context, policy string, month ledger.Period, asOf *time.Time) (*books.ReviewDetail, error) {
	q := requestOf(ctx)
	var detail books.ReviewDetail
	err := q.read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		detail, err = r.books.ReviewEstimate(ctx, tx, policy, month, value(asOf))
		return err
	})
	if err != nil {
		return nil, err
	}
	q.sawReviews([]books.EstimateReview{detail.EstimateReview})
	return &detail, nil
}

func (queryResolver) EstimateReviews(ctx context.Context, policy, ofEstimate *string, month *ledger.Period, stale *bool, first int, after *string, reverse bool) (*view.EstimateReviewConnection, error) {
	f := newFilters(ctx)
	filter := books.ReviewFilter{PolicyID: f.policy(ctx, policy), Month: value(month), Stale: stale}
	if ofEstimate != nil && f.err == nil {
		var key string
		key, f.err = estimateNoun.key("estimate", *ofEstimate)
		policyID, id, _ := strings.Cut(key, "/")
		f.known = f.known && id != "" && (filter.PolicyID == "" || filter.PolicyID == policyID)
		filter.PolicyID, filter.EstimateID = policyID, id
	}
	if f.err != nil || !f.known {
		return none[books.EstimateReview](first, f.err)
	}
	q := f.request
	return connect(ctx, q, paging{first: first, after: after, reverse: reverse}, list[books.EstimateReview]{
		noun: reviewNoun, key: func(r *books.EstimateReview) string { return r.ID }, saw: q.sawReviews,
	}, filter, books.Tx.EstimateReviews, books.Tx.CountEstimateReviews)
}

func (l *loaders) sawReviews(rows []books.EstimateReview) {
	for i := range rows {
		l.policies.expect(rows[i].PolicyID)
		if rows[i].EstimateID != "" {
			l.estimates.expect(rows[i].PolicyID)
		}
	}
}

func (reviewResolver) Policy(ctx context.Context, r *books.EstimateReview) (*books.Policy, error) {
	return found(pointer(ctx, requestOf(ctx).policies, r.PolicyID))
}

func (reviewResolver) Estimate(ctx context.Context, r *books.EstimateReview) (*books.Estimate, error) {
	if r.EstimateID == "" {
		return nil, nil
	}
	estimates, _, err := requestOf(ctx).estimates.load(ctx, r.PolicyID)
	for i := range estimates {
		if estimates[i].ID == r.EstimateID {
			return &estimates[i], err
		}
	}
	return nil, err
}

func (reviewResolver) Cells(_ context.Context, r *books.EstimateReview) (int, error) {
	return r.Use.Cells, nil
}

func (reviewResolver) Actual(_ context.Context, r *books.EstimateReview) (revrec.Credits, error) {
	return r.Use.Actual, nil
}

func (reviewResolver) Expected(_ context.Context, r *books.EstimateReview) (revrec.Credits, error) {
	return r.Use.Expected, nil
}

func (reviewResolver) ActualToExpected(_ context.Context, r *books.EstimateReview) (*decimal.Decimal, error) {
	return known(r.Use.Ratio), nil
}

func (reviewResolver) Bias(_ context.Context, r *books.EstimateReview) (*decimal.Decimal, error) {
	return known(r.Use.Bias), nil
}

func (reviewResolver) StandardisedBias(_ context.Context, r *books.EstimateReview) (*decimal.Decimal, error) {
	return known(r.Use.Standardised), nil
}

func (reviewResolver) LapsedCohorts(_ context.Context, r *books.EstimateReview) (int, error) {
	return r.Outcome.Cohorts, nil
}

func (reviewResolver) LapsedSold(_ context.Context, r *books.EstimateReview) (revrec.Credits, error) {
	return r.Outcome.Net, nil
}

func (reviewResolver) LapsedUsed(_ context.Context, r *books.EstimateReview) (revrec.Credits, error) {
	return r.Outcome.Used, nil
}

func (reviewResolver) FinalBreakage(_ context.Context, r *books.EstimateReview) (*decimal.Decimal, error) {
	return known(r.Outcome.Breakage()), nil
}

func (reviewedCohortResolver) FinalBreakage(_ context.Context, c *books.ReviewedCohort) (*decimal.Decimal, error) {
	return known(c.FinalBreakage), nil
}

func (reviewCellResolver) Month(_ context.Context, c *estimate.Cell) (ledger.Period, error) {
	return c.Cohort + ledger.Period(c.Age), nil
}

// known is null where a figure is not known.
func known(d decimal.NullDecimal) *decimal.Decimal {
	if !d.Valid {
		return nil
	}
	return &d.Decimal
}
