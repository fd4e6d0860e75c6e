package scenario

import (
	"context"

	"drawdown/internal/books"
	"drawdown/revrec"
)

// grant gives credits that cost nothing.
type grant struct {
	customer, policy, reason string
	credits                  revrec.Credits
	expires                  expiry
	priority                 *int
}

func readGrant(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "as", "customer", "credits", "reason", "policy", "expires", "priority")
	m.need("customer", "credits", "reason")
	m.declare(m.name("as"), named{currency: p.file.Currency})
	return grant{
		customer: m.name("customer"), policy: m.policyName(), reason: m.oneOf("reason", "PROMO", "GOODWILL"),
		credits: m.credits("credits"), expires: m.expiry("expires"), priority: m.whole("priority"),
	}
}

func (a grant) play(ctx context.Context, p *player, step Step) error {
	if err := p.customer(ctx, a.customer); err != nil {
		return err
	}
	_, err := p.books.Grant(ctx, p.key(step), books.NewGrant{
		Customer: a.customer, Policy: a.policy, Credits: a.credits.Decimal(), Reason: a.reason,
		GrantedAt: p.clock,
		ExpiresAt: a.expires.at, ExpiresAfter: a.expires.after, NeverExpires: a.expires.never,
		Priority: a.priority,
	})
	return err
}
