package scenario

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// opening takes over an open lot of another book, as of the day of the step.
type opening struct {
	as, customer, policy string
	credits              revrec.Credits
	deferred             ledger.Amount
	fxRate               *decimal.Decimal
	purchased            time.Time
	expires              expiry
}

func readOpening(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "as", "customer", "credits", "deferred", "purchased", "expires", "policy", "currency", "fxRate")
	m.need("as", "customer", "credits", "deferred", "purchased", "expires")
	currency := m.currency(p.file.Currency)
	a := opening{
		as: m.name("as"), customer: m.name("customer"), policy: m.policyName(), credits: m.credits("credits"),
		deferred: m.money("deferred", currency), fxRate: m.rate(), purchased: m.instant("purchased"), expires: m.expiry("expires"),
	}
	if a.expires.after != nil {
		m.problem("expires", "of an opening is never, a date or an instant")
	}
	m.declare(a.as, named{purchase: true, currency: currency})
	return a
}

func (a opening) play(ctx context.Context, p *player, step Step) error {
	if err := p.customer(ctx, a.customer); err != nil {
		return err
	}
	control := a.deferred.Decimal()
	if a.fxRate != nil {
		control = control.Mul(*a.fxRate).Round(p.file.Currency.Exponent())
	}
	_, err := p.books.ImportOpening(ctx, p.key(step), books.Opening{
		AsOf: ledger.DateOf(p.clock, p.books.Zone()),
		Lots: []books.OpeningLot{{
			Line: 1, Customer: a.customer, Reference: a.as, Policy: a.policy, Credits: a.credits.Decimal(),
			Deferred: a.deferred.Decimal(), Currency: a.deferred.Currency, FXRate: a.fxRate, PurchasedOn: a.purchased, Expires: a.expires.at,
		}},
		ControlCredits: a.credits.Decimal(), ControlDeferred: control,
	})
	if err != nil {
		return err
	}
	return p.nameOpening(ctx, a.as, a.customer)
}

// nameOpening finds the purchase that a lot was taken over as, for later steps.
func (p *player) nameOpening(ctx context.Context, name, customer string) error {
	return p.books.View(ctx, func(ctx context.Context, tx books.Tx) error {
		found, err := tx.Purchases(ctx, books.PurchaseFilter{CustomerID: p.customers[customer], Reference: name}, books.Page{})
		for _, purchase := range found {
			if purchase.Reference == name && purchase.OpeningOn != 0 {
				p.purchases[name] = purchase.ID
			}
		}
		return err
	})
}
