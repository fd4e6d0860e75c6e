package graph

import (
	"context"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/forecast"
)

func (r queryResolver) RunOut(ctx context.Context, externalID string, asOf *time.Time) (*books.RunOut, error) {
	q := requestOf(ctx)
	customer, exists, err := q.customersBy.load(ctx, externalID)
	if err != nil || !exists || asOf != nil && customer.CreatedAt.After(*asOf) {
		return nil, err
	}
	var told books.RunOut
	err = q.read(ctx, func(ctx context.Context, tx books.Tx) error {
		told, err = r.books.RunOut(ctx, tx, customer.ID, value(asOf))
		return err
	})
	return &told, err
}

func (runOutResolver) Customer(ctx context.Context, r *books.RunOut) (*books.Customer, error) {
	return found(pointer(ctx, requestOf(ctx).customers, r.CustomerID))
}

func (runOutResolver) Reason(_ context.Context, r *books.RunOut) (*forecast.Reason, error) {
	if r.Reason == "" {
		return nil, nil
	}
	return &r.Reason, nil
}
