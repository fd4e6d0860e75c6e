package graph

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/revrec"
)

func (r queryResolver) PackQuote(ctx context.Context, code string, credits *revrec.Credits, budget *decimal.Decimal, whole bool, at *time.Time) (*books.Quote, error) {
	pack, err := pointer(ctx, requestOf(ctx).packsBy, code)
	if err != nil || pack == nil {
		return nil, err
	}
	when := r.books.Now()
	if at != nil {
		when = *at
	}
	request := books.QuoteRequest{Budget: budget, Whole: whole}
	if credits != nil {
		asked := credits.Decimal()
		request.Credits = &asked
	}
	quote, err := pack.Quote(when, request)
	if err != nil {
		return nil, err
	}
	return &quote, nil
}

func (queryResolver) CreditPrice(_ context.Context, costPerUnit decimal.Decimal, creditsPerUnit, margin, price *decimal.Decimal) (*books.CreditPrice, error) {
	answer, err := books.PriceCredit(books.CreditPriceRequest{CostPerUnit: costPerUnit, CreditsPerUnit: creditsPerUnit, Margin: margin, Price: price})
	if err != nil {
		return nil, err
	}
	return &answer, nil
}

func (packQuoteResolver) Hint(_ context.Context, q *books.Quote) (*string, error) {
	return text(q.Hint), nil
}
