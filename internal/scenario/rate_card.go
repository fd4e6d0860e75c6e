package scenario

import (
	"context"

	"drawdown/internal/books"
)

// rateCard publishes a version of the rate card, in force from the step's instant.
type rateCard struct{ rates []NamedRate }

func readRateCard(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "rates")
	m.need("rates")
	if !m.has("rates") {
		return rateCard{}
	}
	return rateCard{p.readRates(join(path, "rates"), m.values["rates"])}
}

func (a rateCard) play(ctx context.Context, p *player, step Step) error {
	request := books.NewRateCard{EffectiveFrom: p.clock, Note: "scenario"}
	for _, rate := range a.rates {
		if !p.meters[rate.Meter] { // its first mention
			if err := p.createMeter(ctx, rate); err != nil {
				return err
			}
		}
		request.Rates = append(request.Rates, books.NewRate{Meter: rate.Meter, Credits: rate.Credits, Per: rate.Per})
	}
	_, err := p.books.RateCardPublish(ctx, p.key(step), request)
	return err
}
