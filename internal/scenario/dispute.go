package scenario

import (
	"context"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// dispute books what becomes of a chargeback.
type dispute struct {
	purchase, outcome string
	amount            *ledger.Amount
}

func readDispute(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "purchase", "amount", "outcome")
	m.need("purchase", "outcome")
	a := dispute{purchase: m.name("purchase"), outcome: m.oneOf("outcome", "OPEN", "WON", "LOST")}
	if m.has("amount") {
		amount := m.money("amount", p.currencyOf(a.purchase))
		a.amount = &amount
	}
	return a
}

// currencyOf returns the currency of a purchase that the file names.
func (p *parser) currencyOf(purchase string) ledger.Currency {
	if what, known := p.named[purchase]; known {
		return what.currency
	}
	return p.file.Currency
}

func (a dispute) play(ctx context.Context, p *player, step Step) error {
	id, err := p.purchase(a.purchase)
	if err != nil {
		return err
	}
	request := books.DisputeRequest{PurchaseID: id, Outcome: books.DisputeStatus(a.outcome), Reason: "scenario"}
	if a.amount != nil {
		amount := a.amount.Decimal()
		request.Amount = &amount
	}
	_, err = p.books.Dispute(ctx, p.key(step), request)
	return err
}
