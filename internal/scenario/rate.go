package scenario

import (
	"context"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// rate sets the exchange rate of a currency on the step's day.
type rate struct {
	currency ledger.Currency
	rate     decimal.Decimal
}

func readRate(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "currency", "rate")
	m.need("currency", "rate")
	a := rate{currency: m.currency("")}
	if m.has("rate") {
		a.rate = m.number("rate")
	}
	return a
}

func (a rate) play(ctx context.Context, p *player, step Step) error {
	_, err := p.books.FXRateSet(ctx, p.key(step), books.SetFXRates{Rates: []books.NewFXRate{{
		Currency: a.currency, Day: ledger.DateOf(p.clock, p.books.Zone()), Rate: a.rate, Source: "scenario",
	}}})
	return err
}
