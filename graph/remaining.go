package graph

import (
	"context"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
)

func (r queryResolver) RemainingObligation(ctx context.Context, on ledger.Date, asOf *time.Time, leaveShortTerm bool) (*books.Remaining, error) {
	return report(ctx, func(ctx context.Context, tx books.Tx) (books.Remaining, error) {
		remaining, err := r.books.Remaining(ctx, tx, books.RemainingRequest{On: on, AsOf: value(asOf), LeaveShortTerm: leaveShortTerm})
		for i := range remaining.Rows {
			requestOf(ctx).policies.expect(remaining.Rows[i].PolicyID)
		}
		return remaining, err
	})
}

func (remainingResolver) RowCount(_ context.Context, r *books.Remaining) (int, error) {
	return len(r.Rows), nil
}

func (remainingResolver) ControlTotal(ctx context.Context, r *books.Remaining) (*ledger.Amount, error) {
	total := r.ControlTotal().Add(ledger.Money(0, requestOf(ctx).books.Book().Functional))
	return &total, nil
}

func (remainingRowResolver) Policy(ctx context.Context, row *books.RemainingRow) (*books.Policy, error) {
	return pointer(ctx, requestOf(ctx).policies, row.PolicyID)
}

func (remainingRowResolver) Method(_ context.Context, row *books.RemainingRow) (*books.RemainingMethod, error) {
	if row.Method == "" {
		return nil, nil
	}
	return &row.Method, nil
}
