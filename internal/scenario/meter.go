package scenario

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"
	"go.yaml.in/yaml/v3"

	"drawdown/internal/books"
)

// NamedRate is what so many units of a meter come to in credits.
type NamedRate struct {
	Meter        string
	Credits, Per decimal.Decimal
}

// readRates reads rates by the code of their meter: what a file's meters are made with, and
// what a rate card says.
func (p *parser) readRates(path string, node *yaml.Node) (rates []NamedRate) {
	all := p.anyMapping(path, node)
	for _, name := range all.names {
		if !policyForm.MatchString(name) {
			p.problem(all.values[name].Line, join(path, name), "is not a code for a meter: up to 100 of the characters a-z A-Z 0-9 . _ -")
		}
		m := p.mapping(join(path, name), all.values[name], "credits", "per")
		m.need("credits")
		rate := NamedRate{Meter: name, Credits: m.number("credits"), Per: decimal.NewFromInt(1)}
		if m.has("per") {
			rate.Per = m.number("per")
		}
		rates = append(rates, rate)
	}
	return rates
}

// createMeters makes the meters of the file, before the first step.
func (p *player) createMeters(ctx context.Context) error {
	for _, rate := range p.file.Meters {
		if err := p.createMeter(ctx, rate); err != nil {
			return fmt.Errorf("meter %s: %w", rate.Meter, err)
		}
	}
	return nil
}

func (p *player) createMeter(ctx context.Context, rate NamedRate) error {
	_, err := p.books.MeterCreate(ctx, "scenario:meter:"+rate.Meter, books.NewMeter{Code: rate.Meter, Credits: rate.Credits, Per: rate.Per})
	if err == nil {
		p.meters[rate.Meter] = true
	}
	return err
}
