package graph

import (
	"context"
	"time"

	"drawdown/graph/internal/gen"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func (r queryResolver) Waterfall(ctx context.Context, from, to ledger.Period, groupBy gen.RollForwardGroupBy, asOf *time.Time) (*books.Waterfall, error) {
	request := books.WaterfallRequest{From: from, To: to, AsOf: value(asOf)}
	if groupBy == gen.RollForwardGroupByPolicy {
		request.By = books.ByPolicy
	}
	return report(ctx, func(ctx context.Context, tx books.Tx) (books.Waterfall, error) {
		fall, err := r.books.Waterfall(ctx, tx, request)
		for i := range fall.Rows {
			requestOf(ctx).policies.expect(fall.Rows[i].PolicyID)
		}
		return fall, err
	})
}

func (waterfallResolver) RowCount(_ context.Context, r *books.Waterfall) (int, error) {
	return len(r.Rows), nil
}

func (waterfallResolver) ControlTotal(ctx context.Context, r *books.Waterfall) (*ledger.Amount, error) {
	total := r.ControlTotal().Add(ledger.Money(0, requestOf(ctx).books.Book().Functional))
	return &total, nil
}

func (waterfallRowResolver) Policy(ctx context.Context, row *books.WaterfallRow) (*books.Policy, error) {
	return pointer(ctx, requestOf(ctx).policies, row.PolicyID)
}

func (waterfallRowResolver) Month(_ context.Context, row *books.WaterfallRow) (*ledger.Period, error) {
	return periodOrNull(row.Month), nil
}

func (ledgerCheckResolver) Month(_ context.Context, check *books.LedgerCheck) (*ledger.Period, error) {
	return periodOrNull(check.Month), nil
}

// periodOrNull is a month, null where there is none.
func periodOrNull(month ledger.Period) *ledger.Period {
	if month == 0 {
		return nil
	}
	return &month
}
