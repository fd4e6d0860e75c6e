package scenario

import (
	"context"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// estimate puts a new estimate of a policy's breakage in force from the day's end.
type estimate struct {
	policy string
	rate   decimal.Decimal
}

func readEstimate(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "policy", "rate")
	m.need("rate")
	return estimate{policy: m.policyName(), rate: m.number("rate")}
}

func (a estimate) play(ctx context.Context, p *player, step Step) error {
	_, err := p.books.EstimateCreate(ctx, p.key(step), books.NewEstimate{
		Policy: a.policy, From: ledger.DateOf(p.clock, p.file.Zone), Rate: a.rate, Reason: "scenario",
	})
	return err
}
