package scenario

import (
	"context"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// purchase sells credits to a customer.
type purchase struct {
	as, customer, policy string
	pack                 string // "" for a custom deal, which has a price
	credits, bonus       revrec.Credits
	bonusTerms           *bonusTerms
	price, tax           ledger.Amount
	fxRate               *decimal.Decimal
	effective            time.Time
	expires              expiry
	priority             *int
	paid, cancellable    bool
	due                  ledger.Date
}

func readPurchase(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "as", "customer", "credits", "pack", "price", "bonus", "bonusExpires", "bonusLikelihood", "bonusPriority", "tax", "currency", "fxRate",
		"policy", "effective", "expires", "priority", "paid", "due", "cancellable")
	m.need("customer", "credits")
	currency := m.currency(p.file.Currency)
	pack := m.name("pack")
	switch {
	case pack == "":
		m.need("price")
	case m.has("price") || m.has("currency"):
		m.problem("pack", "has its own price and currency; a purchase gives either pack or price")
	default:
		currency = p.currencyOfPack(pack)
	}
	a := purchase{
		as: m.name("as"), customer: m.name("customer"), pack: pack,
		credits: m.credits("credits"), bonus: m.credits("bonus"),
		price: m.money("price", currency), tax: m.money("tax", currency),
		effective: m.instant("effective"), expires: m.expiry("expires"), priority: m.whole("priority"), bonusTerms: m.bonusTerms(),
		paid: m.boolean("paid", true), cancellable: m.boolean("cancellable", false), due: m.date("due"),
	}
	if a.policy = m.policyName(); pack != "" && !m.has("policy") {
		a.policy = "" // that of the pack
	}
	a.fxRate = m.rate()
	for _, key := range []string{"due", "cancellable"} {
		if a.paid && m.has(key) && (key == "due" || a.cancellable) {
			m.problem(key, "goes with paid: false; a purchase is paid at once unless it says so")
		}
	}
	m.declare(a.as, named{purchase: true, currency: currency})
	return a
}

// bonusTerms are those of a bonus that is a lot of its own, nil where it is on the same terms.
type bonusTerms struct {
	expires    expiry
	likelihood *decimal.Decimal
	priority   *int
}

// bonusTerms reads the keys of a bonus with terms of its own: any of them makes it one.
func (m mapping) bonusTerms() *bonusTerms {
	terms := &bonusTerms{expires: m.expiry("bonusExpires"), priority: m.whole("bonusPriority")}
	if m.has("bonusLikelihood") {
		likelihood := m.number("bonusLikelihood")
		terms.likelihood = &likelihood
	}
	if !m.has("bonusExpires") && !m.has("bonusPriority") && !m.has("bonusLikelihood") {
		return nil
	}
	if !m.has("bonus") {
		m.problem("bonus", "is missing: bonusExpires, bonusLikelihood and bonusPriority are about it")
	}
	return terms
}

func (t *bonusTerms) asked() *books.BonusTerms {
	if t == nil {
		return nil
	}
	return &books.BonusTerms{
		ExpiresAt: t.expires.at, ExpiresAfter: t.expires.after, NeverExpires: t.expires.never, Likelihood: t.likelihood, Priority: t.priority,
	}
}

// rate reads the functional currency per unit; nil where none is given.
func (m mapping) rate() *decimal.Decimal {
	if !m.has("fxRate") {
		return nil
	}
	rate := m.number("fxRate")
	return &rate
}

// declare keeps the name that a purchase or grant has in the file.
func (m mapping) declare(name string, what named) {
	if name == "" {
		return
	}
	if _, taken := m.p.named[name]; taken {
		m.problem("as", "%s is the name of an earlier purchase, grant, hold or manual entry; give this one another", quote(name))
		return
	}
	m.p.named[name] = what
}

// policyName reads the policy of a step: a step that names none uses the default one.
func (m mapping) policyName() string {
	const key = "policy"
	if !m.has(key) {
		return books.DefaultPolicy
	}
	return m.name(key)
}

// expiry says when a lot lapses; at most one field is set.
type expiry struct {
	at    time.Time
	after *ledger.Duration
	never bool
}

// expiry reads never, a duration or an instant.
func (m mapping) expiry(key string) expiry {
	text, ok := m.scalar(key, "never, a duration such as P90D, a date or an instant", tagText, tagTime)
	switch {
	case !ok:
		return expiry{}
	case text == "never":
		return expiry{never: true}
	case strings.HasPrefix(text, "P"):
		after := m.duration(key)
		return expiry{after: &after}
	}
	return expiry{at: m.instant(key)}
}

func (a purchase) play(ctx context.Context, p *player, step Step) error {
	if err := p.customer(ctx, a.customer); err != nil {
		return err
	}
	made, err := p.books.Purchase(ctx, p.key(step), books.NewPurchase{
		Customer: a.customer, Policy: a.policy, Pack: a.pack,
		Credits: a.credits.Decimal(), Bonus: a.bonus.Decimal(), BonusTerms: a.bonusTerms.asked(),
		Price: a.deal(), Currency: a.price.Currency, Tax: a.tax.Decimal(), FXRate: a.fxRate,
		PurchasedAt: p.clock, EffectiveAt: a.effective,
		ExpiresAt: a.expires.at, ExpiresAfter: a.expires.after, NeverExpires: a.expires.never,
		Priority: a.priority,
		Invoiced: !a.paid, DueOn: a.due, Cancellable: a.cancellable,
		Reference: a.as,
	})
	if err == nil && a.as != "" {
		p.purchases[a.as] = made.Purchase.ID
	}
	return err
}

// deal is the price of a custom deal, nil where a pack has one.
func (a purchase) deal() *decimal.Decimal {
	if a.pack != "" {
		return nil
	}
	price := a.price.Decimal()
	return &price
}

// pay books the payment of an invoiced purchase, or a part of it.
type pay struct {
	purchase string
	amount   *decimal.Decimal
	fxRate   *decimal.Decimal
}

func readPay(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "purchase", "amount", "fxRate")
	m.need("purchase")
	a := pay{purchase: m.name("purchase"), fxRate: m.rate()}
	if m.has("amount") {
		amount := m.money("amount", p.currencyOf(a.purchase)).Decimal()
		a.amount = &amount
	}
	return a
}

func (a pay) play(ctx context.Context, p *player, step Step) error {
	id, err := p.purchase(a.purchase)
	if err != nil {
		return err
	}
	_, err = p.books.Pay(ctx, p.key(step), books.Payment{PurchaseID: id, PaidAt: p.clock, Amount: a.amount, FXRate: a.fxRate})
	return err
}
