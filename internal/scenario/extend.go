package scenario

import (
	"context"

	"drawdown/internal/books"
)

// extend gives credits more time before they lapse.
type extend struct {
	purchase, treatment string
	expires             expiry
}

func readExtend(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "purchase", "expires", "treatment")
	m.need("purchase", "expires", "treatment")
	return extend{
		purchase: m.name("purchase"), expires: m.expiry("expires"), treatment: m.oneOf("treatment", "PROSPECTIVE", "CATCH_UP"),
	}
}

func (a extend) play(ctx context.Context, p *player, step Step) error {
	id, err := p.purchase(a.purchase)
	if err != nil {
		return err
	}
	_, err = p.books.Extend(ctx, p.key(step), books.Extension{
		PurchaseID: id, ExpiresAt: a.expires.at, ExpiresAfter: a.expires.after, NeverExpires: a.expires.never,
		Treatment: books.ExtensionTreatment(a.treatment), Reason: "scenario",
	})
	return err
}
