package scenario

import (
	"context"

	"drawdown/internal/books"
	"drawdown/revrec"
)

// reinstate gives lapsed credits back.
type reinstate struct {
	purchase, treatment string
	credits             revrec.Credits
	expires             expiry
	bonus               bool // the lot of the bonus, not that of what was bought
}

func readReinstate(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "purchase", "credits", "expires", "treatment", "lot")
	m.need("purchase", "credits", "treatment")
	return reinstate{
		purchase: m.name("purchase"), credits: m.credits("credits"), expires: m.expiry("expires"),
		treatment: m.oneOf("treatment", "PRICE_CONCESSION", "ZERO_BASIS"), bonus: m.ofBonus(),
	}
}

func (a reinstate) play(ctx context.Context, p *player, step Step) error {
	id, err := p.purchase(a.purchase)
	if err != nil {
		return err
	}
	lot, err := p.bonusLot(ctx, id, a.bonus)
	if err != nil {
		return err
	}
	_, err = p.books.Reinstate(ctx, p.key(step), books.Reinstatement{
		PurchaseID: id, LotID: lot, Credits: a.credits.Decimal(),
		ExpiresAt: a.expires.at, ExpiresAfter: a.expires.after, NeverExpires: a.expires.never,
		Treatment: books.ReinstateTreatment(a.treatment), Reason: "scenario",
	})
	return err
}
