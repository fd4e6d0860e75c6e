package scenario

import (
	"context"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// refund takes back what is unused of a purchase and pays the amount.
type refund struct {
	purchase string
	amount   ledger.Amount
}

func readRefund(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "purchase", "amount")
	m.need("purchase", "amount")
	a := refund{purchase: m.name("purchase")}
	a.amount = m.money("amount", p.currencyOf(a.purchase))
	return a
}

func (a refund) play(ctx context.Context, p *player, step Step) error {
	id, err := p.purchase(a.purchase)
	if err != nil {
		return err
	}
	_, err = p.books.Refund(ctx, p.key(step), books.RefundRequest{
		PurchaseID: id, Amount: a.amount.Decimal(), Reason: "scenario",
	})
	return err
}
