package scenario

import (
	"context"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// jurisdiction says under which law on unclaimed property a customer buys from now on.
type jurisdiction struct{ customer, code string }

func readJurisdiction(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "customer", "code")
	m.need("customer", "code")
	return jurisdiction{customer: m.name("customer"), code: m.jurisdiction("code")}
}

// jurisdiction reads the code of a country or a part of one; "none" is none.
func (m mapping) jurisdiction(key string) string {
	if code := m.name(key); code != "none" {
		return code
	}
	return ""
}

func (a jurisdiction) play(ctx context.Context, p *player, step Step) error {
	if err := p.customer(ctx, a.customer); err != nil {
		return err
	}
	_, err := p.books.CustomerJurisdictionSet(ctx, p.key(step), books.SetJurisdiction{Customer: a.customer, Jurisdiction: a.code})
	return err
}

// escheatRule says what the law of a jurisdiction claims from a day on.
type escheatRule struct {
	jurisdiction string
	share        decimal.Decimal
	from         ledger.Date
	dormancy     ledger.Duration
}

func readEscheatRule(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "jurisdiction", "share", "from", "dormancy")
	m.need("jurisdiction", "share")
	a := escheatRule{jurisdiction: m.name("jurisdiction"), share: m.number("share"), from: m.date("from")}
	if m.has("dormancy") {
		a.dormancy = m.duration("dormancy")
	}
	return a
}

func (a escheatRule) play(ctx context.Context, p *player, step Step) error {
	_, err := p.books.EscheatRuleSet(ctx, p.key(step), books.NewEscheatRule{
		Jurisdiction: a.jurisdiction, From: a.from, Share: a.share, Dormancy: a.dormancy, Reason: "scenario",
	})
	return err
}

// escheatPay pays over to an authority.
type escheatPay struct {
	jurisdiction string
	amount       ledger.Amount
	paid         ledger.Date
	fxRate       *decimal.Decimal
}

func readEscheatPay(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "jurisdiction", "amount", "currency", "paid", "fxRate")
	m.need("jurisdiction", "amount")
	return escheatPay{
		jurisdiction: m.jurisdiction("jurisdiction"), amount: m.money("amount", m.currency(p.file.Currency)), paid: m.date("paid"), fxRate: m.rate(),
	}
}

func (a escheatPay) play(ctx context.Context, p *player, step Step) error {
	_, err := p.books.EscheatPay(ctx, p.key(step), books.PayEscheat{
		Jurisdiction: a.jurisdiction, Currency: a.amount.Currency, Amount: a.amount.Decimal(), PaidOn: a.paid, FXRate: a.fxRate, Reference: "scenario",
	})
	return err
}
