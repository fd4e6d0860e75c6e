package scenario

import (
	"context"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// pack puts credits up for sale; packRevise changes their price from an instant on, and
// packRetire takes them off sale.
type (
	pack struct {
		code, policy string
		currency     ledger.Currency
		tiers        []books.NewTier
	}
	packRevise struct {
		code, policy string
		from         time.Time
		tiers        []books.NewTier
	}
	packRetire struct {
		code string
		from time.Time
	}
)

func readPack(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "code", "policy", "currency", "tiers")
	m.need("code", "tiers")
	a := pack{code: m.name("code"), policy: m.policyName(), currency: m.currency(p.file.Currency)}
	a.tiers = m.tiers("tiers", a.currency)
	if _, twice := p.packs[a.code]; twice {
		m.problem("code", "%s is a pack already; packRevise changes its price", quote(a.code))
	}
	p.packs[a.code] = a.currency
	return a
}

func readPackRevise(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "code", "policy", "from", "tiers")
	m.need("code", "tiers")
	a := packRevise{code: m.name("code"), from: m.instant("from")}
	if m.has("policy") {
		a.policy = m.name("policy")
	}
	a.tiers = m.tiers("tiers", p.currencyOfPack(a.code))
	return a
}

func readPackRetire(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "code", "from")
	m.need("code")
	return packRetire{code: m.name("code"), from: m.instant("from")}
}

// currencyOfPack is that of a pack that an earlier step made; a step about one that none
// made is refused when it plays.
func (p *parser) currencyOfPack(code string) ledger.Currency {
	if currency, made := p.packs[code]; made {
		return currency
	}
	return p.file.Currency
}

// tiers reads a price list: [{ credits: 1000, price: "100.00" }, …].
func (m mapping) tiers(key string, currency ledger.Currency) []books.NewTier {
	node := m.values[key]
	if node == nil {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		m.problem(key, "must be a list such as [{ credits: 1000, price: \"100.00\" }], not %s", kindOf(node))
		return nil
	}
	tiers := make([]books.NewTier, 0, len(node.Content))
	for i, item := range node.Content {
		t := m.p.mapping(join(join(m.path, key), strconv.Itoa(i)), item, "credits", "price")
		t.need("credits", "price")
		tiers = append(tiers, books.NewTier{Credits: t.credits("credits").Decimal(), Price: t.money("price", currency).Decimal()})
	}
	return tiers
}

func (a pack) play(ctx context.Context, p *player, step Step) error {
	_, err := p.books.PackCreate(ctx, p.key(step), books.NewPack{Code: a.code, Policy: a.policy, Currency: a.currency, Tiers: a.tiers})
	return err
}

func (a packRevise) play(ctx context.Context, p *player, step Step) error {
	_, err := p.books.PackRevise(ctx, p.key(step), books.PackRevision{Code: a.code, Policy: a.policy, EffectiveFrom: a.from, Tiers: a.tiers, Reason: "scenario"})
	return err
}

func (a packRetire) play(ctx context.Context, p *player, step Step) error {
	_, err := p.books.PackRetire(ctx, p.key(step), books.PackRetirement{Code: a.code, From: a.from, Reason: "scenario"})
	return err
}
