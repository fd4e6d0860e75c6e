package scenario

import (
	"context"
	"slices"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// budget divides the credits of a customer: the first step that names one makes it, later
// ones change it or end it.
type budget struct {
	customer, name string
	dimension      books.EventDimension
	limit          *revrec.Credits
	per            books.BudgetPer
	mode           *books.BudgetMode
	from           ledger.Date
	end            bool
}

func readBudget(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "customer", "name", "dimension", "limit", "per", "mode", "from", "end")
	m.need("customer", "name")
	a := budget{customer: m.name("customer"), name: m.name("name"), per: books.PerMonth, end: m.boolean("end", false)}
	if m.has("dimension") {
		pairs := m.dimensions("dimension")
		if len(pairs) != 1 {
			m.problem("dimension", "must be one, such as { team: research }")
		} else {
			a.dimension = pairs[0]
		}
	}
	if m.has("limit") {
		limit := m.credits("limit")
		a.limit = &limit
	}
	if m.has("per") {
		a.per = books.BudgetPer(m.oneOf("per", "DAY", "WEEK", "MONTH", "TOTAL"))
	}
	if m.has("mode") {
		mode := books.BudgetMode(m.oneOf("mode", "HARD", "SOFT"))
		a.mode = &mode
	}
	if m.has("from") {
		a.from = m.date("from")
	}
	return a
}

// dimensions reads what events are told apart by.
func (m mapping) dimensions(key string) (pairs []books.EventDimension) {
	if !m.has(key) {
		return nil
	}
	inner := m.p.anyMapping(join(m.path, key), m.values[key])
	for _, name := range inner.names {
		pairs = append(pairs, books.EventDimension{Key: name, Value: inner.name(name)})
	}
	return pairs
}

func (a budget) play(ctx context.Context, p *player, step Step) error {
	if err := p.customer(ctx, a.customer); err != nil {
		return err
	}
	made, err := p.budget(ctx, a.customer, a.name)
	switch {
	case err != nil:
		return err
	case made == nil:
		request := books.NewBudget{
			Customer: a.customer, Name: a.name, Dimension: a.dimension, Per: a.per, Mode: books.HardBudget, From: a.from, Reason: "scenario",
		}
		if a.limit != nil {
			request.Limit = a.limit.Decimal()
		}
		if a.mode != nil {
			request.Mode = *a.mode
		}
		_, err = p.books.BudgetCreate(ctx, p.key(step), request)
		return err
	}
	change := books.BudgetChange{BudgetID: made.ID, Mode: a.mode, From: a.from, Reason: "scenario"}
	if a.limit != nil {
		limit := a.limit.Decimal()
		change.Limit = &limit
	}
	if a.end {
		_, err = p.books.BudgetEnd(ctx, p.key(step), change)
	} else {
		_, err = p.books.BudgetUpdate(ctx, p.key(step), change)
	}
	return err
}

// budget returns the budget of a customer by its name; nil where there is none.
func (p *player) budget(ctx context.Context, customer, name string) (found *books.Budget, err error) {
	err = p.books.View(ctx, func(ctx context.Context, tx books.Tx) error {
		budgets, err := tx.BudgetsOf(ctx, []string{p.customers[customer]})
		if i := slices.IndexFunc(budgets, func(b books.Budget) bool { return b.Name == name }); i >= 0 {
			found = &budgets[i]
		}
		return err
	})
	return found, err
}

// budgetLeft is what must be left of a budget at this moment.
type budgetLeft struct {
	customer, name string
	left           decimal.Decimal // negative where so much was spent beyond it
}

func (p *player) checkBudgets(ctx context.Context, step Step, wanted []budgetLeft) error {
	return p.books.View(ctx, func(ctx context.Context, tx books.Tx) error {
		for _, want := range wanted {
			id := p.customers[want.customer]
			balances, err := books.BudgetBalances(ctx, tx, []string{id}, p.clock, p.books.Zone())
			if err != nil {
				return err
			}
			got, held := "no budget in force", false
			for _, balance := range balances[id] {
				if balance.Budget.Name == want.name {
					left := (balance.Left() - balance.Over()).Decimal()
					got, held = left.String(), left.Equal(want.left)
				}
			}
			if !held {
				p.fail(step, "left of "+want.name+" of "+want.customer, want.left.String(), got, "")
			}
		}
		return nil
	})
}
