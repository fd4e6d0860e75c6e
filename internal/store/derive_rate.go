package store

import (
	"context"
	"fmt"

	"drawdown/internal/books"
	"drawdown/revrec"
)

// ratedUse is events that were rated alike, by one of them.
type ratedUse struct {
	ID       string
	MeterID  string
	RateCard int64
	Quantity string
	Credits  int64
}

// How metered use was rated: what came to the same is looked at once.
const ratedUses = `SELECT min(CAST(id AS TEXT)) AS id, meter_id, coalesce(rate_card, 0) AS rate_card, quantity, credits
	FROM usage_events WHERE meter_id IS NOT NULL GROUP BY meter_id, rate_card, quantity, credits`

// ratedByCard holds the credits of metered events against the rate of the version that they
// name.
func (f *findings) ratedByCard(ctx context.Context) error {
	all, err := f.tx.Meters(ctx, books.CatalogFilter{}, books.Page{})
	if err != nil {
		return err
	}
	meters := make(map[string]*books.Meter, len(all))
	for i := range all {
		meters[all[i].ID] = &all[i]
	}
	cards, err := f.tx.RateCards(ctx, books.Page{})
	if err != nil {
		return err
	}
	var use ratedUse
	targets := []any{
		columnText{&use.ID}, columnText{&use.MeterID}, columnNumber{&use.RateCard}, columnText{&use.Quantity}, columnNumber{&use.Credits},
	}
	return f.tx.each(ctx, "reading rated use to verify", ratedUses, nil, targets, func() { f.rated(use, meters[use.MeterID], cards) })
}

// toldApart holds the dimensions of events to their one form.
func (f *findings) toldApart(ctx context.Context) error {
	var id, kept string
	return f.tx.each(ctx, "reading dimensions to verify",
		"SELECT min(CAST(id AS TEXT)) AS id, dimensions FROM usage_events WHERE dimensions IS NOT NULL GROUP BY dimensions",
		nil, []any{columnText{&id}, columnText{&kept}}, func() {
			if one, err := books.DimensionsOf(books.EventDimensions(kept).Pairs()); err != nil || string(one) != kept {
				f.add("event.dimensions", id, kept, "one form of them: "+string(one))
			}
		})
}

func (f *findings) rated(use ratedUse, meter *books.Meter, cards []books.RateCard) {
	kept := fmt.Sprintf("version %d, %s of %s", use.RateCard, revrec.Credits(use.Credits), use.Quantity)
	if meter == nil {
		f.add("event.rate", use.ID, kept, "no meter "+use.MeterID)
		return
	}
	if n := use.RateCard; n < 0 || n > int64(len(cards)) {
		f.add("event.rate", use.ID, kept, fmt.Sprintf("%d versions of the rate card", len(cards)))
		return
	}
	var quantity number
	if err := quantity.Scan(use.Quantity); err != nil {
		f.add("event.rate", use.ID, kept, err.Error())
		return
	}
	rate := books.RateOf(meter, cards, int(use.RateCard))
	credits, err := revrec.RateUsage(quantity.Abs(), rate.Credits, rate.Per)
	if quantity.Sign() < 0 { // a void
		credits = -credits
	}
	if err != nil || credits != revrec.Credits(use.Credits) {
		f.add("event.rate", use.ID, kept, fmt.Sprintf("version %d, %s", use.RateCard, credits))
	}
}
