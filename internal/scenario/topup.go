package scenario

import (
	"context"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// topUpRule has more credits requested whenever a customer's balance is below a number: those
// of a pack, or so many at a price of their own.
type topUpRule struct {
	customer, pack, policy string
	below, credits         decimal.Decimal
	price                  ledger.Amount
	monthlyCap, openHours  *int
}

func readTopUpRule(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "customer", "below", "credits", "pack", "policy", "price", "currency", "monthlyCap", "openHours")
	m.need("customer", "below", "credits")
	currency := m.currency(p.file.Currency)
	a := topUpRule{
		customer: m.name("customer"), pack: m.name("pack"), below: m.credits("below").Decimal(), credits: m.credits("credits").Decimal(),
		monthlyCap: m.whole("monthlyCap"), openHours: m.whole("openHours"),
	}
	switch {
	case a.pack == "":
		m.need("price")
		a.policy = m.policyName()
	case m.has("price") || m.has("currency") || m.has("policy"):
		m.problem("pack", "has its own price, currency and policy; a rule gives either pack or price")
	default:
		currency = p.currencyOfPack(a.pack)
	}
	a.price = m.money("price", currency)
	p.topUps[a.customer] = currency
	return a
}

func (a topUpRule) play(ctx context.Context, p *player, step Step) error {
	if err := p.customer(ctx, a.customer); err != nil {
		return err
	}
	request := books.NewTopUpRule{
		Customer: a.customer, Below: a.below, Pack: a.pack, Policy: a.policy, Credits: a.credits, MonthlyCap: a.monthlyCap, OpenHours: a.openHours,
	}
	if a.pack == "" {
		price := a.price.Decimal()
		request.Price, request.Currency = &price, a.price.Currency
	}
	_, err := p.books.TopUpRuleCreate(ctx, p.key(step), request)
	return err
}

// topUpRuleEnd takes the rule of a customer out of force.
type topUpRuleEnd struct{ customer string }

func readTopUpRuleEnd(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "customer")
	m.need("customer")
	return topUpRuleEnd{m.name("customer")}
}

func (a topUpRuleEnd) play(ctx context.Context, p *player, step Step) error {
	var rules []books.TopUpRule
	err := p.books.View(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		yes := true
		rules, err = tx.TopUpRules(ctx, books.TopUpFilter{CustomerID: p.customers[a.customer], InForce: &yes}, books.Page{Limit: 1})
		return err
	})
	if err != nil {
		return err
	}
	if p.customers[a.customer] == "" || len(rules) == 0 {
		return notFound("customer", "no rule of %q is in force", a.customer)
	}
	_, err = p.books.TopUpRuleEnd(ctx, p.key(step), books.EndTopUpRule{ID: rules[0].ID, CustomerID: rules[0].CustomerID, Reason: "scenario"})
	return err
}

// topUpConfirm says that the latest request of a customer was charged, topUpFail that it was not.
type (
	topUpConfirm struct {
		as, customer string
		paid         time.Time
		tax          ledger.Amount
		fxRate       *decimal.Decimal
	}
	topUpFail struct{ customer string }
)

func readTopUpConfirm(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "as", "customer", "paid", "tax", "fxRate")
	m.need("customer")
	a := topUpConfirm{as: m.name("as"), customer: m.name("customer"), paid: m.instant("paid"), fxRate: m.rate()}
	currency, known := p.topUps[a.customer]
	if !known {
		currency = p.file.Currency
	}
	a.tax = m.money("tax", currency)
	m.declare(a.as, named{purchase: true, currency: currency})
	return a
}

func readTopUpFail(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "customer")
	m.need("customer")
	return topUpFail{m.name("customer")}
}

func (a topUpConfirm) play(ctx context.Context, p *player, step Step) error {
	request, err := p.topUp(ctx, a.customer)
	if err != nil {
		return err
	}
	bought, err := p.books.TopUpConfirm(ctx, p.key(step), books.ConfirmTopUp{
		CustomerID: request.CustomerID, ID: request.ID, PaidAt: a.paid, Tax: a.tax.Decimal(), FXRate: a.fxRate, Reference: a.as,
	})
	if err == nil && a.as != "" {
		p.purchases[a.as] = bought.Purchase.Purchase.ID
	}
	return err
}

func (a topUpFail) play(ctx context.Context, p *player, step Step) error {
	request, err := p.topUp(ctx, a.customer)
	if err == nil {
		_, err = p.books.TopUpFail(ctx, p.key(step), books.FailTopUp{CustomerID: request.CustomerID, ID: request.ID, Reason: "scenario"})
	}
	return err
}

// topUp returns the latest request for more credits of a customer.
func (p *player) topUp(ctx context.Context, customer string) (latest books.TopUp, err error) {
	requests, err := p.topUps(ctx, customer, books.Page{Limit: 1, Reverse: true})
	if err != nil {
		return latest, err
	}
	if len(requests) == 0 {
		return latest, notFound("customer", "nothing was requested of %q before this step", customer)
	}
	return requests[0], nil
}

func (p *player) topUps(ctx context.Context, customer string, page books.Page) (requests []books.TopUp, err error) {
	id, known := p.customers[customer]
	if !known {
		return nil, nil
	}
	err = p.books.View(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		requests, err = tx.TopUps(ctx, books.TopUpFilter{CustomerID: id}, page)
		return err
	})
	return requests, err
}

// openTopUps is how many requests of a customer must wait for their payment at this moment.
type openTopUps struct {
	customer string
	open     int
}

func readOpenTopUps(m mapping) (all []openTopUps) {
	for _, customer := range m.names {
		if open := m.whole(customer); open != nil {
			all = append(all, openTopUps{customer, *open})
		}
	}
	return all
}

func (p *player) checkTopUps(ctx context.Context, step Step, wanted []openTopUps) error {
	for _, want := range wanted {
		requests, err := p.topUps(ctx, want.customer, books.Page{Limit: checkPage})
		if err != nil {
			return err
		}
		open := 0
		for _, request := range requests {
			if request.Status == books.TopUpOpen && p.clock.Before(request.EndsAt) {
				open++
			}
		}
		if open != want.open {
			p.fail(step, "open top-ups of "+want.customer, strconv.Itoa(want.open), strconv.Itoa(open), "")
		}
	}
	return nil
}
