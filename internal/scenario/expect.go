package scenario

import (
	"context"
	"slices"
	"strings"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// expect holds the ledger and the balances against figures.
type expect struct {
	period   ledger.Period
	movement []expected // in the period
	kinds    []recognised
	balance  []expected // at its close, over all periods
	credits  []spendable
	budgets  []budgetLeft // what is left of them at this moment
	topUps   []openTopUps
}

type expected struct {
	account ledger.Role
	amount  ledger.Amount // functional, with the account's natural sign
}

type spendable struct {
	customer string
	credits  revrec.Credits
}

// recognised is what recognitions of a kind come to under the accounting dates of a period,
// functional: revenue and the law's share.
type recognised struct {
	period ledger.Period
	kind   revrec.Kind
	amount ledger.Amount
}

func readExpect(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "movement", "balance", "credits", "budgets", "topUps", "recognised")
	var a expect
	if m.has("movement") {
		movement := p.anyMapping(join(path, "movement"), m.values["movement"])
		movement.need("period")
		a.period = movement.period("period")
		a.movement = movement.accounts("period", p.file.Currency)
	}
	if m.has("balance") {
		a.balance = p.anyMapping(join(path, "balance"), m.values["balance"]).accounts("", p.file.Currency)
	}
	if m.has("recognised") {
		a.kinds = p.anyMapping(join(path, "recognised"), m.values["recognised"]).kinds()
	}
	if m.has("credits") {
		credits := p.anyMapping(join(path, "credits"), m.values["credits"])
		for _, customer := range credits.names {
			a.credits = append(a.credits, spendable{customer, credits.credits(customer)})
		}
	}
	if m.has("topUps") {
		a.topUps = readOpenTopUps(p.anyMapping(join(path, "topUps"), m.values["topUps"]))
	}
	if m.has("budgets") {
		customers := p.anyMapping(join(path, "budgets"), m.values["budgets"])
		for _, customer := range customers.names {
			left := p.anyMapping(join(customers.path, customer), customers.values[customer])
			for _, name := range left.names {
				a.budgets = append(a.budgets, budgetLeft{customer, name, left.number(name)})
			}
		}
	}
	return a
}

// accounts reads an amount for each account, all keys but one.
func (m mapping) accounts(except string, currency ledger.Currency) []expected {
	var accounts []expected
	for _, name := range m.names {
		if name == except {
			continue
		}
		role := ledger.Role(name)
		if _, known := ledger.AccountOf(role); !known {
			m.problem(name, "is not an account; the accounts are %s", strings.Join(accountNames(), ", "))
			continue
		}
		accounts = append(accounts, expected{role, m.money(name, currency)})
	}
	return accounts
}

// kinds reads an amount for each kind of recognition, beside their period.
func (m mapping) kinds() (kinds []recognised) {
	m.need("period")
	for _, name := range m.names {
		if name != "period" {
			kinds = append(kinds, recognised{m.period("period"), revrec.Kind(m.kind(name)), m.money(name, m.p.file.Currency)})
		}
	}
	return kinds
}

func (m mapping) kind(name string) string {
	known := make([]string, 0, len(revrec.Kinds()))
	for _, kind := range revrec.Kinds() {
		known = append(known, string(kind))
	}
	if !slices.Contains(known, name) {
		m.problem(name, "is not a kind of recognition; the kinds are %s", strings.Join(known, ", "))
	}
	return name
}

func accountNames() []string {
	var names []string
	for _, account := range ledger.Accounts() {
		names = append(names, string(account.Role))
	}
	return names
}

func (a expect) play(ctx context.Context, p *player, step Step) error {
	err := p.books.View(ctx, func(ctx context.Context, tx books.Tx) error {
		if a.movement != nil {
			moved, err := tx.TrialBalance(ctx, a.period, a.period)
			if err != nil {
				return err
			}
			for _, want := range a.movement {
				p.compare(step, want, movementOf(moved, want.account), a.period.String())
			}
		}
		closing, err := tx.TrialBalance(ctx, 0, 0)
		if err != nil {
			return err
		}
		for _, want := range a.balance {
			p.compare(step, want, closingOf(closing, want.account), "balance")
		}
		if err := p.checkKinds(ctx, tx, step, a.kinds); err != nil {
			return err
		}
		return p.checkBook(ctx, tx, step, closing)
	})
	if err != nil {
		return err
	}
	for _, want := range a.credits {
		got, err := p.spendable(ctx, want.customer)
		if err != nil {
			return err
		}
		if got != want.credits {
			p.fail(step, "credits of "+want.customer, want.credits.String(), got.String(), "")
		}
	}
	if err := p.checkBudgets(ctx, step, a.budgets); err != nil {
		return err
	}
	if err := p.checkTopUps(ctx, step, a.topUps); err != nil {
		return err
	}
	return p.verify(ctx, step)
}

func (p *player) checkKinds(ctx context.Context, tx books.Tx, step Step, kinds []recognised) error {
	if len(kinds) == 0 {
		return nil
	}
	sums := map[recognised]int64{}
	err := eachRecognition(ctx, tx, func(r revrec.Recognition) {
		sums[recognised{period: r.AccountingDate.Period(), kind: r.Kind}] += r.Functional.Minor
	})
	for _, want := range kinds {
		if got := sums[recognised{period: want.period, kind: want.kind}]; got != want.amount.Minor {
			p.fail(step, string(want.kind), want.amount.Text(), ledger.Money(got, p.file.Currency).Text(), want.period.String())
		}
	}
	return err
}

func (p *player) compare(step Step, want expected, signed int64, where string) {
	got := want.account.Natural(ledger.Money(signed, p.file.Currency))
	if got.Minor != want.amount.Minor {
		p.fail(step, string(want.account), want.amount.Text(), got.Text(), where)
	}
}

// movementOf and closingOf sum an account over the currencies of its contracts, in
// minor units of the functional currency, debit positive.
func movementOf(t ledger.TrialBalance, account ledger.Role) int64 {
	return sumOf(t, account, func(b ledger.Balance) ledger.Amount { return b.FunctionalDebits.Sub(b.FunctionalCredits) })
}

func closingOf(t ledger.TrialBalance, account ledger.Role) int64 {
	return sumOf(t, account, ledger.Balance.FunctionalClosing)
}

func sumOf(t ledger.TrialBalance, account ledger.Role, of func(ledger.Balance) ledger.Amount) int64 {
	var sum int64
	for _, balance := range t.Balances {
		if balance.Account == account {
			sum += of(balance).Minor
		}
	}
	return sum
}

// spendable returns the credits that the customer can use at this moment: none of one
// whom no step has mentioned.
func (p *player) spendable(ctx context.Context, name string) (revrec.Credits, error) {
	id, known := p.customers[name]
	if !known {
		return 0, nil
	}
	balance, err := p.books.Balance(ctx, id, p.clock)
	return balance.Credits, err
}

func (p *player) customerNames() []string {
	names := make([]string, 0, len(p.customers))
	for name := range p.customers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
