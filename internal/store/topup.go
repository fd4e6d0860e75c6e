package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

type topUpRuleRow struct {
	bun.BaseModel `bun:"table:topup_rules,alias:topup_rules"`

	CustomerID string
	ID         string
	Below      int64
	Pack       string `bun:",nullzero"`
	Policy     string `bun:",nullzero"`
	Credits    int64
	PriceMinor int64
	Currency   string `bun:",nullzero"`
	MonthlyCap int64
	OpenHours  int64
	CreatedBy  string
	CreatedAt  instant `bun:"created_at_us,type:bigint"`
	EndedAt    instant `bun:"ended_at_us,type:bigint"`
}

func (row topUpRuleRow) rule() books.TopUpRule {
	return books.TopUpRule{
		CustomerID: row.CustomerID, ID: row.ID, Below: revrec.Credits(row.Below), Pack: row.Pack, Policy: row.Policy, Credits: revrec.Credits(row.Credits),
		Price: ledger.Money(row.PriceMinor, ledger.Currency(row.Currency)), MonthlyCap: int(row.MonthlyCap), OpenHours: int(row.OpenHours),
		CreatedBy: row.CreatedBy, CreatedAt: row.CreatedAt.time(), EndedAt: row.EndedAt.time(),
	}
}

func (t *tx) InsertTopUpRule(ctx context.Context, r books.TopUpRule) error {
	return insert(ctx, t, "keeping a rule for more credits", []topUpRuleRow{{
		CustomerID: r.CustomerID, ID: r.ID, Below: int64(r.Below), Pack: r.Pack, Policy: r.Policy, Credits: int64(r.Credits), PriceMinor: r.Price.Minor,
		Currency: string(r.Price.Currency), MonthlyCap: int64(r.MonthlyCap), OpenHours: int64(r.OpenHours), CreatedBy: r.CreatedBy,
		CreatedAt: instantOf(r.CreatedAt), EndedAt: instantOf(r.EndedAt),
	}})
}

func (t *tx) EndTopUpRule(ctx context.Context, customerID, id string, at time.Time) (books.TopUpRule, error) {
	touched, err := t.exec(ctx, "ending a rule for more credits", "UPDATE topup_rules SET ended_at_us = coalesce(ended_at_us, ?) WHERE customer_id = ? AND id = ?",
		instantOf(at), rowID(customerID), rowID(id))
	if err := wroteOne("rule for more credits", id, touched, err); err != nil {
		return books.TopUpRule{}, err
	}
	rules, err := t.TopUpRules(ctx, books.TopUpFilter{CustomerID: customerID, RuleID: id}, books.Page{Limit: 1})
	if err != nil || len(rules) == 0 {
		return books.TopUpRule{}, err
	}
	return rules[0], nil
}

func (t *tx) TopUpRules(ctx context.Context, filter books.TopUpFilter, page books.Page) ([]books.TopUpRule, error) {
	rows, err := list[topUpRuleRow](ctx, t, "listing rules for more credits", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(ofTopUpRules(q, filter))
	})
	return convert(rows, topUpRuleRow.rule), err
}

func (t *tx) CountTopUpRules(ctx context.Context, filter books.TopUpFilter) (int64, error) {
	return count[topUpRuleRow](ctx, t, "counting rules for more credits", func(q *bun.SelectQuery) *bun.SelectQuery { return ofTopUpRules(q, filter) })
}

func ofTopUpRules(q *bun.SelectQuery, filter books.TopUpFilter) *bun.SelectQuery {
	return whereInForce(whereID(whereID(q, "customer_id", filter.CustomerID), "id", filter.RuleID), filter.InForce)
}

type topUpRow struct {
	bun.BaseModel `bun:"table:topups,alias:topups"`

	CustomerID string
	ID         string
	RuleID     string
	Status     string
	Balance    int64
	Credits    int64
	PriceMinor int64
	Currency   string
	At         instant `bun:"at_us,type:bigint"`
	EndsAt     instant `bun:"ends_at_us,type:bigint"`
	DecidedAt  instant `bun:"decided_at_us,type:bigint"`
	PurchaseID string  `bun:",nullzero"`
	Reason     string  `bun:",nullzero"`
}

func (row topUpRow) topUp() books.TopUp {
	return books.TopUp{
		CustomerID: row.CustomerID, ID: row.ID, RuleID: row.RuleID, Status: books.TopUpStatus(row.Status), Balance: revrec.Credits(row.Balance),
		Credits: revrec.Credits(row.Credits), Price: ledger.Money(row.PriceMinor, ledger.Currency(row.Currency)), At: row.At.time(), EndsAt: row.EndsAt.time(),
		DecidedAt: row.DecidedAt.time(), PurchaseID: row.PurchaseID, Reason: row.Reason,
	}
}

func (t *tx) InsertTopUp(ctx context.Context, r books.TopUp) error {
	return insert(ctx, t, "keeping a request for more credits", []topUpRow{{
		CustomerID: r.CustomerID, ID: r.ID, RuleID: r.RuleID, Status: string(r.Status), Balance: int64(r.Balance), Credits: int64(r.Credits),
		PriceMinor: r.Price.Minor, Currency: string(r.Price.Currency), At: instantOf(r.At), EndsAt: instantOf(r.EndsAt), DecidedAt: instantOf(r.DecidedAt),
		PurchaseID: r.PurchaseID, Reason: r.Reason,
	}})
}

func (t *tx) LockTopUp(ctx context.Context, customerID, id string) (books.TopUp, error) {
	rows, err := query[topUpRow](ctx, t, "holding a request for more credits",
		"SELECT * FROM topups WHERE customer_id = ? AND id = ?"+t.holding("topups"), rowID(customerID), rowID(id))
	if err == nil && len(rows) == 0 {
		err = notFound("request for more credits", id)
	}
	if err != nil {
		return books.TopUp{}, err
	}
	return rows[0].topUp(), nil
}

func (t *tx) DecideTopUp(ctx context.Context, r books.TopUp) error {
	touched, err := t.exec(ctx, "deciding a request for more credits",
		"UPDATE topups SET status = ?, decided_at_us = ?, purchase_id = ?, reason = ? WHERE customer_id = ? AND id = ?",
		string(r.Status), instantOf(r.DecidedAt), bun.NullZero(r.PurchaseID), bun.NullZero(r.Reason), rowID(r.CustomerID), rowID(r.ID))
	return wroteOne("request for more credits", r.ID, touched, err)
}

func (t *tx) ExpireTopUps(ctx context.Context, now time.Time) error {
	_, err := t.exec(ctx, "ending requests for more credits", "UPDATE topups SET status = ?, decided_at_us = ends_at_us WHERE status = 'OPEN' AND ends_at_us <= ?",
		string(books.TopUpExpired), instantOf(now))
	return err
}

func (t *tx) TopUps(ctx context.Context, filter books.TopUpFilter, page books.Page) ([]books.TopUp, error) {
	rows, err := list[topUpRow](ctx, t, "listing requests for more credits", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(ofTopUps(q, filter))
	})
	return convert(rows, topUpRow.topUp), err
}

func (t *tx) CountTopUps(ctx context.Context, filter books.TopUpFilter) (int64, error) {
	return count[topUpRow](ctx, t, "counting requests for more credits", func(q *bun.SelectQuery) *bun.SelectQuery { return ofTopUps(q, filter) })
}

func ofTopUps(q *bun.SelectQuery, filter books.TopUpFilter) *bun.SelectQuery {
	q = whereEqual(whereID(whereID(q, "customer_id", filter.CustomerID), "rule_id", filter.RuleID), "status", string(filter.Status))
	return whereWithin(q, "at_us", filter.From, filter.Before)
}
