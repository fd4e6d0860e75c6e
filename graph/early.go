package graph

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// report reads a report in the snapshot of the request.
func report[R any](ctx context.Context, read func(context.Context, books.Tx) (R, error)) (*R, error) {
	var answer R
	err := requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		answer, err = read(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &answer, nil
}

func (r queryResolver) EarlyBreakageRollForward(ctx context.Context, from, to ledger.Date, policy *string, byPool bool, asOf *time.Time) (*books.EarlyRollForward, error) {
	return report(ctx, func(ctx context.Context, tx books.Tx) (books.EarlyRollForward, error) {
		return r.books.EarlyRollForward(ctx, tx, books.EarlyRequest{Policy: value(policy), From: from, To: to, ByPool: byPool, AsOf: value(asOf)})
	})
}

func (r queryResolver) EstimateChanges(ctx context.Context, from, to ledger.Date, policy *string, asOf *time.Time) (*books.EstimateChanges, error) {
	return report(ctx, func(ctx context.Context, tx books.Tx) (books.EstimateChanges, error) {
		return r.books.EstimateChanges(ctx, tx, books.EarlyRequest{Policy: value(policy), From: from, To: to, AsOf: value(asOf)})
	})
}

func (r queryResolver) BreakageSensitivity(ctx context.Context, policy string, on *ledger.Date, points []decimal.Decimal, byPool bool, asOf *time.Time) (*books.Sensitivity, error) {
	return report(ctx, func(ctx context.Context, tx books.Tx) (books.Sensitivity, error) {
		return r.books.Sensitivity(ctx, tx, books.SensitivityRequest{Policy: policy, On: value(on), Points: points, ByPool: byPool, AsOf: value(asOf)})
	})
}

func (earlyRowResolver) Policy(ctx context.Context, row *books.EarlyRow) (*books.Policy, error) {
	return found(pointer(ctx, requestOf(ctx).policies, row.PolicyID))
}

func (earlyRowResolver) Pool(ctx context.Context, row *books.EarlyRow) (*revrec.Pool, error) {
	return pointer(ctx, requestOf(ctx).pools, row.PoolID)
}

func (estimateChangesResolver) ControlTotal(ctx context.Context, c *books.EstimateChanges) (*ledger.Amount, error) {
	total := c.ControlTotal().Add(ledger.Money(0, requestOf(ctx).books.Book().Functional))
	return &total, nil
}

func (estimateChangeResolver) Policy(ctx context.Context, c *books.PoolCatchUp) (*books.Policy, error) {
	return found(pointer(ctx, requestOf(ctx).policies, c.PolicyID))
}

func (estimateChangeResolver) Pool(ctx context.Context, c *books.PoolCatchUp) (*revrec.Pool, error) {
	return found(pointer(ctx, requestOf(ctx).pools, c.PoolID))
}

func (sensitivityResolver) Pool(ctx context.Context, group *books.SensitivityGroup) (*revrec.Pool, error) {
	return pointer(ctx, requestOf(ctx).pools, group.PoolID)
}
