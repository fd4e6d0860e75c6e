package scenario

import (
	"context"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// refund takes back what is unused of a purchase, or a part of it, and pays the amount.
type refund struct {
	purchase string
	amount   ledger.Amount
	credits  *decimal.Decimal
	fxRate   *decimal.Decimal
}

func readRefund(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "purchase", "amount", "credits", "fxRate")
	m.need("purchase", "amount")
	a := refund{purchase: m.name("purchase"), fxRate: m.rate()}
	a.amount = m.money("amount", p.currencyOf(a.purchase))
	if m.has("credits") {
		credits := m.credits("credits").Decimal()
		a.credits = &credits
	}
	return a
}

func (a refund) play(ctx context.Context, p *player, step Step) error {
	id, err := p.purchase(a.purchase)
	if err != nil {
		return err
	}
	_, err = p.books.Refund(ctx, p.key(step), books.RefundRequest{
		PurchaseID: id, Amount: a.amount.Decimal(), Credits: a.credits, FXRate: a.fxRate, Reason: "scenario",
	})
	return err
}
