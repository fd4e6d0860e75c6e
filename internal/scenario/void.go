package scenario

import (
	"context"

	"drawdown/internal/books"
)

// void calls off an unpaid purchase.
type void struct{ purchase string }

func readVoid(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "purchase")
	m.need("purchase")
	return void{m.name("purchase")}
}

func (a void) play(ctx context.Context, p *player, step Step) error {
	id, err := p.purchase(a.purchase)
	if err != nil {
		return err
	}
	_, err = p.books.VoidPurchase(ctx, p.key(step), books.PurchaseVoid{PurchaseID: id, Reason: "scenario"})
	return err
}
