package graph

import (
	"context"
	"time"

	"drawdown/graph/internal/gen"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func (r queryResolver) DeferredRevenueRollForward(ctx context.Context, from, to ledger.Date, groupBy gen.RollForwardGroupBy, asOf *time.Time) (*books.RollForward, error) {
	request := books.RollForwardRequest{From: from, To: to, AsOf: value(asOf)}
	if groupBy == gen.RollForwardGroupByPolicy {
		request.By = books.ByPolicy
	}
	q := requestOf(ctx)
	var report books.RollForward
	err := q.read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		report, err = r.books.RollForward(ctx, tx, request)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &report, nil
}

func (rollForwardResolver) ControlTotal(ctx context.Context, r *books.RollForward) (*ledger.Amount, error) {
	total := r.ControlTotal().Add(ledger.Money(0, requestOf(ctx).books.Book().Functional))
	return &total, nil
}

func (rollForwardRowResolver) Policy(_ context.Context, row *books.RollForwardGroup) (*string, error) {
	return text(row.Policy), nil
}
