package graph

import (
	"context"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func (queryResolver) FxRates(ctx context.Context, currency *ledger.Currency, from, to *ledger.Date, first int, after *string, reverse bool) (*view.FXRateConnection, error) {
	return connect(ctx, requestOf(ctx), paging{first: first, after: after, reverse: reverse}, list[books.FXRate]{
		noun: fxNoun,
		key:  func(r *books.FXRate) string { return r.Key() },
		checkKey: func(key string) bool {
			_, _, err := books.FXKey(key)
			return err == nil
		},
	}, books.FXFilter{Currency: value(currency), From: value(from), To: value(to)}, books.Tx.FXRates, books.Tx.CountFXRates)
}

func (r mutationResolver) FxRateSet(ctx context.Context, rates []books.NewFXRate, idempotencyKey string) (*gen.FxRateSetPayload, error) {
	kept, err := r.books.FXRateSet(ctx, idempotencyKey, books.SetFXRates{Rates: rates})
	refusals, fault := userErrors(err, "rates")
	if err != nil {
		return &gen.FxRateSetPayload{UserErrors: refusals}, fault
	}
	return &gen.FxRateSetPayload{Rates: kept, UserErrors: refusals}, nil
}
