package graph

import (
	"context"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
)

func (r queryResolver) Breakage(ctx context.Context, through ledger.Period, policy *string, currency *ledger.Currency, from, to *ledger.Period, asOf *time.Time) (*books.BreakageReport, error) {
	f := newFilters(ctx)
	request := books.BreakageRequest{
		Filter:  books.CohortFilter{PolicyID: f.policy(ctx, policy), Currency: value(currency), From: value(from), To: value(to)},
		Through: through, AsOf: value(asOf),
	}
	if f.err != nil || !f.known {
		if request.AsOf.IsZero() {
			request.AsOf = f.request.now
		}
		return &books.BreakageReport{BreakageRequest: request}, f.err
	}
	var report books.BreakageReport
	err := f.request.read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		report, err = r.books.Breakage(ctx, tx, request)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range report.Rows {
		f.request.policies.expect(report.Rows[i].PolicyID)
		f.request.sawCohorts(report.Rows[i].Cohorts)
	}
	return &report, nil
}

func (breakageRowResolver) Policy(ctx context.Context, row *books.BreakageRow) (*books.Policy, error) {
	return pointer(ctx, requestOf(ctx).policies, row.PolicyID)
}

func (breakageRowResolver) Month(_ context.Context, row *books.BreakageRow) (*ledger.Period, error) {
	if row.Month == 0 {
		return nil, nil
	}
	return &row.Month, nil
}
