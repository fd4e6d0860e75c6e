package scenario

import (
	"context"

	"drawdown/internal/books"
)

// extend gives credits more time before they lapse.
type extend struct {
	purchase, treatment string
	bonus               bool // the lot of the bonus, not that of what was bought
	expires             expiry
}

func readExtend(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "purchase", "expires", "treatment", "lot")
	m.need("purchase", "expires", "treatment")
	return extend{
		purchase: m.name("purchase"), expires: m.expiry("expires"), treatment: m.oneOf("treatment", "PROSPECTIVE", "CATCH_UP"), bonus: m.ofBonus(),
	}
}

// ofBonus reads which lot of a purchase a step is about.
func (m mapping) ofBonus() bool { return m.oneOf("lot", "BOUGHT", "BONUS") == "BONUS" }

// bonusLot returns the lot of the bonus of a purchase; "" where it is not asked for.
func (p *player) bonusLot(ctx context.Context, purchaseID string, wanted bool) (id string, err error) {
	if !wanted {
		return "", nil
	}
	err = p.books.View(ctx, func(ctx context.Context, tx books.Tx) error {
		found, err := tx.PurchasesByID(ctx, []string{purchaseID})
		if err == nil && (len(found) == 0 || found[0].BonusLotID == "") {
			err = notFound("lot", "the purchase has no bonus on terms of its own")
		}
		if err == nil {
			id = found[0].BonusLotID
		}
		return err
	})
	return id, err
}

func (a extend) play(ctx context.Context, p *player, step Step) error {
	id, err := p.purchase(a.purchase)
	if err != nil {
		return err
	}
	lot, err := p.bonusLot(ctx, id, a.bonus)
	if err != nil {
		return err
	}
	_, err = p.books.Extend(ctx, p.key(step), books.Extension{
		PurchaseID: id, LotID: lot, ExpiresAt: a.expires.at, ExpiresAfter: a.expires.after, NeverExpires: a.expires.never,
		Treatment: books.ExtensionTreatment(a.treatment), Reason: "scenario",
	})
	return err
}
