package graph

import (
	"context"
	"time"

	"drawdown/graph/internal/gen"
	"drawdown/internal/books"
	"drawdown/ledger"
)

type (
	outOfPeriodResolver struct{}
	cutOffResolver      struct{}
)

func (r *resolver) OutOfPeriod() gen.OutOfPeriodResolver { return outOfPeriodResolver{} }
func (r *resolver) CutOff() gen.CutOffResolver           { return cutOffResolver{} }

func (r queryResolver) OutOfPeriod(ctx context.Context, from, to ledger.Date, asOf *time.Time) (*books.OutOfPeriod, error) {
	return report(ctx, func(ctx context.Context, tx books.Tx) (books.OutOfPeriod, error) {
		return r.books.OutOfPeriod(ctx, tx, books.OutOfPeriodRequest{From: from, To: to, AsOf: value(asOf)})
	})
}

func (outOfPeriodResolver) RowCount(_ context.Context, r *books.OutOfPeriod) (int, error) {
	return len(r.Rows), nil
}

func (outOfPeriodResolver) ControlTotal(ctx context.Context, r *books.OutOfPeriod) (*ledger.Amount, error) {
	total := r.ControlTotal().Add(ledger.Money(0, requestOf(ctx).books.Book().Functional))
	return &total, nil
}

func (r queryResolver) CutOff(ctx context.Context, period ledger.Period, daysAfter int, asOf *time.Time) (*books.CutOff, error) {
	return report(ctx, func(ctx context.Context, tx books.Tx) (books.CutOff, error) {
		return r.books.CutOff(ctx, tx, books.CutOffRequest{Period: period, DaysAfter: daysAfter, AsOf: value(asOf)})
	})
}

func (cutOffResolver) RowCount(_ context.Context, r *books.CutOff) (int, error) {
	return len(r.Rows), nil
}

func (cutOffResolver) ControlTotal(ctx context.Context, r *books.CutOff) (*ledger.Amount, error) {
	total := r.ControlTotal().Add(ledger.Money(0, requestOf(ctx).books.Book().Functional))
	return &total, nil
}
