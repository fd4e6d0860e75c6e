package graph

import (
	"context"
	"strings"
	"time"

	"drawdown/graph/internal/gen"
	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

type (
	outOfPeriodResolver struct{}
	cutOffResolver      struct{}
	exceptionsResolver  struct{}
	exceptionResolver   struct{}
)

func (r *resolver) OutOfPeriod() gen.OutOfPeriodResolver { return outOfPeriodResolver{} }
func (r *resolver) CutOff() gen.CutOffResolver           { return cutOffResolver{} }
func (r *resolver) Exceptions() gen.ExceptionsResolver   { return exceptionsResolver{} }
func (r *resolver) Exception() gen.ExceptionResolver     { return exceptionResolver{} }

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

func (r queryResolver) Exceptions(ctx context.Context, from, to ledger.Date, asOf *time.Time) (*books.Exceptions, error) {
	return report(ctx, func(ctx context.Context, tx books.Tx) (books.Exceptions, error) {
		return r.books.Exceptions(ctx, tx, books.ExceptionsRequest{From: from, To: to, AsOf: value(asOf)})
	})
}

func (exceptionsResolver) RowCount(_ context.Context, r *books.Exceptions) (int, error) {
	return len(r.Rows), nil
}

func (exceptionResolver) On(_ context.Context, e *books.Exception) (*ledger.Date, error) {
	if e.On == 0 {
		return nil, nil
	}
	return &e.On, nil
}

// Reason names an account as the API does.
func (exceptionResolver) Reason(_ context.Context, e *books.Exception) (string, error) {
	if e.Kind == books.ManualOnControl {
		return strings.ToUpper(e.Reason), nil
	}
	return e.Reason, nil
}

func (exceptionResolver) Credits(_ context.Context, e *books.Exception) (*revrec.Credits, error) {
	if e.Kind != books.UseAboveExpectation {
		return nil, nil
	}
	return &e.Credits, nil
}

func (exceptionResolver) Amount(_ context.Context, e *books.Exception) (*books.BreakageAmount, error) {
	if !e.Money {
		return nil, nil
	}
	return &e.Amount, nil
}
