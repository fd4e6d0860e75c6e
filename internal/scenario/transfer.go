package scenario

import (
	"context"

	"drawdown/internal/books"
	"drawdown/revrec"
)

// transfer moves credits from one customer to another.
type transfer struct {
	from, to string
	credits  revrec.Credits
}

func readTransfer(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "from", "to", "credits")
	m.need("from", "to", "credits")
	return transfer{from: m.name("from"), to: m.name("to"), credits: m.credits("credits")}
}

func (a transfer) play(ctx context.Context, p *player, step Step) error {
	for _, name := range []string{a.from, a.to} {
		if err := p.customer(ctx, name); err != nil {
			return err
		}
	}
	_, err := p.books.Transfer(ctx, p.key(step), books.TransferRequest{
		From: a.from, To: a.to, Credits: a.credits.Decimal(), Reason: "scenario",
	})
	return err
}
