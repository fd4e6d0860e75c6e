package graph

import (
	"context"
	"strconv"
	"time"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
)

func (queryResolver) RateCards(ctx context.Context, first int, after *string, reverse bool) (*view.RateCardConnection, error) {
	q := requestOf(ctx)
	return connect(ctx, q, paging{first: first, after: after, reverse: reverse}, list[books.RateCard]{
		noun: rateNoun,
		key:  func(c *books.RateCard) string { return strconv.Itoa(c.Number) }, saw: q.sawCards,
	}, struct{}{}, func(tx books.Tx, ctx context.Context, _ struct{}, page books.Page) ([]books.RateCard, error) {
		return tx.RateCards(ctx, page)
	}, func(tx books.Tx, ctx context.Context, _ struct{}) (int64, error) { return tx.CountRateCards(ctx) })
}

// RateCard reads all meters and all versions: people write both by hand.
func (r queryResolver) RateCard(ctx context.Context, at *time.Time) (*view.RatesInForce, error) {
	q := requestOf(ctx)
	shown := &view.RatesInForce{At: valueOr(at, r.books.Now())}
	err := q.read(ctx, func(ctx context.Context, tx books.Tx) error {
		meters, err := tx.Meters(ctx, books.CatalogFilter{}, books.Page{})
		if err != nil {
			return err
		}
		cards, err := tx.RateCards(ctx, books.Page{})
		if err != nil {
			return err
		}
		version := 0
		if shown.Card = books.RateCardAt(cards, shown.At); shown.Card != nil {
			version = shown.Card.Number
		}
		q.sawMeters(meters)
		q.sawCards(cards)
		for i := range meters {
			q.meters.expect(meters[i].ID)
			shown.Rates = append(shown.Rates, books.RateOf(&meters[i], cards, version))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return shown, nil
}

func (r mutationResolver) RateCardPublish(ctx context.Context, input gen.RateCardPublishInput, idempotencyKey string) (*gen.RateCardPublishPayload, error) {
	request := books.NewRateCard{EffectiveFrom: value(input.EffectiveFrom), Note: value(input.Note), Rates: make([]books.NewRate, 0, len(input.Rates))}
	for _, given := range input.Rates {
		rate := books.NewRate{Meter: given.Meter, Credits: given.Credits, Per: value(given.Per)}
		if given.Cost != nil {
			rate.Cost = &books.NewCost{Amount: given.Cost.Amount, Per: value(given.Cost.Per)}
		}
		request.Rates = append(request.Rates, rate)
	}
	card, err := r.books.RateCardPublish(ctx, idempotencyKey, request)
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.RateCardPublishPayload{UserErrors: refusals}, fault
	}
	return &gen.RateCardPublishPayload{RateCard: &card, UserErrors: refusals}, nil
}

func (rateCardResolver) Note(_ context.Context, c *books.RateCard) (*string, error) {
	return text(c.Note), nil
}

func (meterRateResolver) Meter(ctx context.Context, r *books.MeterRate) (*books.Meter, error) {
	return found(pointer(ctx, requestOf(ctx).meters, r.MeterID))
}

// RateCard is null for the meter's own rate.
func (meterRateResolver) RateCard(ctx context.Context, r *books.MeterRate) (*books.RateCard, error) {
	return pointer(ctx, requestOf(ctx).cards, r.RateCard)
}

func (meterResolver) Rates(ctx context.Context, m *books.Meter) ([]books.MeterRate, error) {
	cards, _, err := requestOf(ctx).cardsOf.load(ctx, m.ID)
	return books.RatesOf(m, cards), err
}
