package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

type budgetRow struct {
	bun.BaseModel `bun:"table:budgets,alias:budgets"`

	CustomerID     string
	ID             string
	Name           string
	DimensionKey   string
	DimensionValue string
	Per            string
	CreatedAt      instant `bun:"created_at_us,type:bigint"`
}

func budgetRowOf(b books.Budget) budgetRow {
	return budgetRow{
		CustomerID: b.CustomerID, ID: b.ID, Name: b.Name, DimensionKey: b.Dimension.Key, DimensionValue: b.Dimension.Value,
		Per: string(b.Per), CreatedAt: instantOf(b.CreatedAt),
	}
}

func (row budgetRow) budget() books.Budget {
	return books.Budget{
		CustomerID: row.CustomerID, ID: row.ID, Name: row.Name, Per: books.BudgetPer(row.Per), CreatedAt: row.CreatedAt.time(),
		Dimension: books.EventDimension{Key: row.DimensionKey, Value: row.DimensionValue},
	}
}

type budgetVersionRow struct {
	bun.BaseModel `bun:"table:budget_versions,alias:budget_versions"`

	CustomerID  string
	BudgetID    string
	Number      int64
	InForceFrom date `bun:",type:text"`
	Credits     int64
	Mode        string
	Ended       bool
	Reason      string  `bun:",nullzero"`
	CreatedAt   instant `bun:"created_at_us,type:bigint"`
}

func budgetVersionRowOf(b books.Budget, v books.BudgetVersion) budgetVersionRow {
	return budgetVersionRow{
		CustomerID: b.CustomerID, BudgetID: b.ID, Number: int64(v.Number), InForceFrom: date(v.From), Credits: int64(v.Limit),
		Mode: string(v.Mode), Ended: v.Ended, Reason: v.Reason, CreatedAt: instantOf(v.CreatedAt),
	}
}

func (row budgetVersionRow) version() books.BudgetVersion {
	return books.BudgetVersion{
		Number: int(row.Number), From: ledger.Date(row.InForceFrom), Limit: revrec.Credits(row.Credits), Mode: books.BudgetMode(row.Mode),
		Ended: row.Ended, Reason: row.Reason, CreatedAt: row.CreatedAt.time(),
	}
}

func (t *tx) InsertBudget(ctx context.Context, budget books.Budget) error {
	if err := insert(ctx, t, "keeping a budget", []budgetRow{budgetRowOf(budget)}); err != nil {
		return takenAs("name", "is the name of another budget of the customer: "+budget.Name, err)
	}
	err := insert(ctx, t, "keeping versions of a budget", convert(budget.Versions, func(v books.BudgetVersion) budgetVersionRow { return budgetVersionRowOf(budget, v) }))
	if err != nil {
		return err
	}
	touched, err := t.exec(ctx, "changing a customer", "UPDATE customers SET budgeted = TRUE WHERE id = ?", rowID(budget.CustomerID))
	return wroteOne("customer", budget.CustomerID, touched, err)
}

func (t *tx) InsertBudgetVersion(ctx context.Context, budget books.Budget, version books.BudgetVersion) error {
	return insert(ctx, t, "keeping a version of a budget", []budgetVersionRow{budgetVersionRowOf(budget, version)})
}

func (t *tx) BudgetsByID(ctx context.Context, ids []string) ([]books.Budget, error) {
	return t.budgets(ctx)(byColumn[budgetRow](ctx, t, "reading budgets", "id", ids))
}

func (t *tx) BudgetsOf(ctx context.Context, customerIDs []string) ([]books.Budget, error) {
	return t.budgets(ctx)(inChunks(customerIDs, func(chunk []string) ([]budgetRow, error) {
		return list[budgetRow](ctx, t, "reading budgets of customers", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("customer_id IN (?)", bun.List(convert(chunk, rowIDOf))).Order("customer_id", "id")
		})
	}))
}

const versionsOfBudgets = `WITH ? SELECT v.* FROM key CROSS JOIN budget_versions AS v
	WHERE v.customer_id = key.k1 AND v.budget_id = key.k2 ORDER BY v.customer_id, v.budget_id, v.number`

// budgets reads the versions of the budgets.
func (t *tx) budgets(ctx context.Context) func([]budgetRow, error) ([]books.Budget, error) {
	return func(rows []budgetRow, err error) ([]books.Budget, error) {
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		found, at := convert(rows, budgetRow.budget), map[string]*books.Budget{}
		keys := make([][]any, len(rows))
		for i, row := range rows {
			at[row.ID], keys[i] = &found[i], []any{rowID(row.CustomerID), rowID(row.ID)}
		}
		versions, err := inChunks(keys, func(chunk [][]any) ([]budgetVersionRow, error) {
			return query[budgetVersionRow](ctx, t, "reading versions of budgets", versionsOfBudgets, keyTable{keys: chunk})
		})
		for _, row := range versions {
			at[row.BudgetID].Versions = append(at[row.BudgetID].Versions, row.version())
		}
		return found, err
	}
}

type budgetSpendRow struct {
	bun.BaseModel `bun:"table:budget_spends,alias:budget_spends"`

	CustomerID string `bun:",type:uuid"`
	BudgetID   string `bun:",type:uuid"`
	Period     date   `bun:",type:text"`
	Spent      int64
}

func (row budgetSpendRow) spend() books.BudgetSpend {
	key := books.BudgetKey{CustomerID: row.CustomerID, BudgetID: row.BudgetID, Period: ledger.Date(row.Period)}
	return books.BudgetSpend{BudgetKey: key, Spent: revrec.Credits(row.Spent)}
}

func compareSpends(x, y budgetSpendRow) int {
	return cmp.Or(cmp.Compare(x.CustomerID, y.CustomerID), cmp.Compare(x.BudgetID, y.BudgetID), cmp.Compare(x.Period, y.Period))
}

// spendsInOrder sorts rows by their keys and drops repeats: all hold them in this order.
func spendsInOrder(keys []books.BudgetKey) []budgetSpendRow {
	rows := convert(keys, func(k books.BudgetKey) budgetSpendRow {
		return budgetSpendRow{CustomerID: k.CustomerID, BudgetID: k.BudgetID, Period: date(k.Period)}
	})
	slices.SortFunc(rows, compareSpends)
	return slices.CompactFunc(rows, func(x, y budgetSpendRow) bool { return compareSpends(x, y) == 0 })
}

// LockBudgetSpends holds rows by writing them as they are: that makes those that are missing,
// and waits for whoever makes one at the same time.
func (t *tx) LockBudgetSpends(ctx context.Context, keys []books.BudgetKey) ([]books.BudgetSpend, error) {
	if t.readOnly {
		return nil, errReadOnly
	}
	rows, err := inChunks(spendsInOrder(keys), func(chunk []budgetSpendRow) ([]budgetSpendRow, error) {
		var held []budgetSpendRow
		err := t.db.NewInsert().Model(&chunk).On("CONFLICT (customer_id, budget_id, period) DO UPDATE").
			Set("spent = budget_spends.spent").Returning("customer_id, budget_id, period, spent").Scan(ctx, &held)
		return held, t.refused("holding what budgets have spent", err)
	})
	slices.SortFunc(rows, compareSpends)
	return convert(rows, budgetSpendRow.spend), err
}

const updateSpends = `WITH ? UPDATE budget_spends SET spent = new.spent FROM new
	WHERE budget_spends.customer_id = new.customer_id AND budget_spends.budget_id = new.budget_id AND budget_spends.period = new.period`

func (t *tx) UpdateBudgetSpends(ctx context.Context, spends []books.BudgetSpend) error {
	for chunk := range slices.Chunk(spends, chunkRows) {
		rows := convert(chunk, func(s books.BudgetSpend) budgetSpendRow {
			return budgetSpendRow{CustomerID: s.CustomerID, BudgetID: s.BudgetID, Period: date(s.Period), Spent: int64(s.Spent)}
		})
		touched, err := t.exec(ctx, "adding to what budgets have spent", updateSpends, t.table("new", &rows))
		if err == nil && touched != int64(len(rows)) {
			err = notFound("budget", "among those to change")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const spendsOfBudgets = `WITH ? SELECT s.* FROM key CROSS JOIN budget_spends AS s
	WHERE s.customer_id = key.k1 AND s.budget_id = key.k2 AND s.period = key.k3 ORDER BY s.customer_id, s.budget_id, s.period`

func (t *tx) BudgetSpends(ctx context.Context, keys []books.BudgetKey) ([]books.BudgetSpend, error) {
	rows, err := inChunks(spendsInOrder(keys), func(chunk []budgetSpendRow) ([]budgetSpendRow, error) {
		return query[budgetSpendRow](ctx, t, "reading what budgets have spent", spendsOfBudgets, keyTable{keys: convert(chunk, func(row budgetSpendRow) []any {
			return []any{rowID(row.CustomerID), rowID(row.BudgetID), row.Period}
		})})
	})
	return convert(rows, budgetSpendRow.spend), err
}

type budgetDrawRow struct {
	bun.BaseModel `bun:"table:budget_draws,alias:budget_draws"`

	CustomerID string
	EventID    string
	BudgetID   string
	Version    int64
	Period     date `bun:",type:text"`
	Credits    int64
}

func (row budgetDrawRow) draw() books.BudgetDraw {
	return books.BudgetDraw{
		BudgetKey: books.BudgetKey{CustomerID: row.CustomerID, BudgetID: row.BudgetID, Period: ledger.Date(row.Period)},
		EventID:   row.EventID, Version: int(row.Version), Credits: revrec.Credits(row.Credits),
	}
}

func (t *tx) InsertBudgetDraws(ctx context.Context, draws []books.BudgetDraw) error {
	return insert(ctx, t, "keeping draws on budgets", convert(draws, func(d books.BudgetDraw) budgetDrawRow {
		return budgetDrawRow{
			CustomerID: d.CustomerID, EventID: d.EventID, BudgetID: d.BudgetID, Version: int64(d.Version), Period: date(d.Period), Credits: int64(d.Credits),
		}
	}))
}

func (t *tx) BudgetDrawsOf(ctx context.Context, event books.EventRow) ([]books.BudgetDraw, error) {
	rows, err := list[budgetDrawRow](ctx, t, "reading draws on budgets", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("customer_id = ? AND event_id = ?", rowID(event.CustomerID), rowID(event.ID)).Order("budget_id")
	})
	return convert(rows, budgetDrawRow.draw), err
}

const holdsWithDimensions = `SELECT * FROM holds WHERE customer_id IN (?) AND status = 'ACTIVE' AND ends_at_us > ?
	AND dimensions IS NOT NULL ORDER BY customer_id, id`

func (t *tx) HoldsWithDimensions(ctx context.Context, customerIDs []string, at time.Time) ([]books.Hold, error) {
	rows, err := inChunks(customerIDs, func(chunk []string) ([]holdRow, error) {
		return query[holdRow](ctx, t, "reading holds on budgets", holdsWithDimensions,
			bun.List(convert(chunk, rowIDOf)), instantOf(at))
	})
	return convert(rows, holdRow.hold), err
}
