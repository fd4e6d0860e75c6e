package graph

import (
	"context"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
)

func (r queryResolver) RevenueFromOpeningBalance(ctx context.Context, from, to ledger.Date, asOf *time.Time) (*books.OpeningRevenue, error) {
	return report(ctx, func(ctx context.Context, tx books.Tx) (books.OpeningRevenue, error) {
		revenue, err := r.books.RevenueFromOpening(ctx, tx, books.OpeningRevenueRequest{From: from, To: to, AsOf: value(asOf)})
		for i := range revenue.Rows {
			requestOf(ctx).policies.expect(revenue.Rows[i].PolicyID)
		}
		return revenue, err
	})
}

func (openingResolver) RowCount(_ context.Context, r *books.OpeningRevenue) (int, error) {
	return len(r.Rows), nil
}

func (openingResolver) ControlTotal(ctx context.Context, r *books.OpeningRevenue) (*ledger.Amount, error) {
	total := r.ControlTotal().Add(ledger.Money(0, requestOf(ctx).books.Book().Functional))
	return &total, nil
}

func (openingRowResolver) Policy(ctx context.Context, row *books.OpeningRevenueRow) (*books.Policy, error) {
	return pointer(ctx, requestOf(ctx).policies, row.PolicyID)
}
