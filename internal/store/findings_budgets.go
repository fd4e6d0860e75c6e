package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// spentOfBudgets holds what is kept of budgets against the draws on them.
var spentOfBudgets = comparison{
	subject: "coalesce(CAST(s.budget_id AS TEXT) || ' ' || s.period, CAST(d.budget_id AS TEXT) || ' ' || d.period)",
	from: `budget_spends AS s FULL JOIN (SELECT customer_id, budget_id, period, sum(credits) AS credits
			FROM budget_draws GROUP BY customer_id, budget_id, period) AS d
		ON d.customer_id = s.customer_id AND d.budget_id = s.budget_id AND d.period = s.period`,
	pairs: []pair{{"budget.spent", "s.spent", "coalesce(d.credits, 0)"}},
}

// eventsOfBudgetDraws holds each draw on a budget against its event, budget and version.
var eventsOfBudgetDraws = comparison{
	subject: "d.event_id || ' ' || d.budget_id",
	from: `budget_draws AS d LEFT JOIN usage_events AS e ON e.customer_id = d.customer_id AND e.id = d.event_id
		LEFT JOIN budgets AS b ON b.customer_id = d.customer_id AND b.id = d.budget_id
		LEFT JOIN budget_versions AS v ON v.customer_id = d.customer_id AND v.budget_id = d.budget_id AND v.number = d.version AND NOT v.ended`,
	pairs: []pair{
		{"budgetDraw.event", "d.credits", "e.credits"},
		{"budgetDraw.budget", "d.budget_id", "b.id"},
		{"budgetDraw.version", "d.version", "v.number"},
	},
}

// voidsOfBudgetDraws holds that a void gives back what the use spent, where it spent it.
var voidsOfBudgetDraws = comparison{
	subject: "o.event_id || ' ' || o.budget_id",
	from: `budget_draws AS o JOIN usage_events AS v ON v.customer_id = o.customer_id AND v.void_of = o.event_id
		LEFT JOIN budget_draws AS d ON d.customer_id = o.customer_id AND d.event_id = v.id AND d.budget_id = o.budget_id`,
	pairs: []pair{{"budgetDraw.void", "o.period || ' ' || -o.credits", "d.period || ' ' || d.credits"}},
}

// budgetGrace is how long a transaction of usage may take that did not see a budget yet.
const budgetGrace = 10 * time.Minute

// budgetDraws holds the uses of customers with budgets against the draws on those: each that
// a budget was about drew on it, in the period of its day.
func (f *findings) budgetDraws(ctx context.Context) error {
	rows, err := list[customerRow](ctx, f.tx, "reading customers to verify", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("budgeted").Order("id") })
	if err != nil || len(rows) == 0 {
		return err
	}
	book, err := f.tx.Book(ctx)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(book.Zone)
	if err != nil {
		return err
	}
	for _, row := range rows {
		budgets, err := f.tx.BudgetsOf(ctx, []string{row.ID})
		if err == nil {
			err = f.budgetDrawsOf(ctx, row.ID, budgets, zone)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *findings) budgetDrawsOf(ctx context.Context, customerID string, budgets []books.Budget, zone *time.Location) error {
	last := firstID
	for {
		found, err := events(query[eventRow](ctx, f.tx, "reading events to verify",
			"SELECT * FROM usage_events WHERE customer_id = ? AND id > ? AND void_of IS NULL ORDER BY id LIMIT ?", rowID(customerID), rowID(last), verifyChunk))
		if err != nil || len(found) == 0 {
			return err
		}
		last = found[len(found)-1].ID
		rows, err := query[budgetDrawRow](ctx, f.tx, "reading draws on budgets to verify", "SELECT * FROM budget_draws WHERE customer_id = ? AND event_id IN (?)",
			rowID(customerID), bun.List(convert(found, func(e books.UsageEvent) rowID { return rowID(e.ID) })))
		if err != nil {
			return err
		}
		drawn := map[string][]books.BudgetDraw{}
		for _, row := range rows {
			drawn[row.EventID] = append(drawn[row.EventID], row.draw())
		}
		for _, event := range found {
			f.budgetDrawsOfEvent(event, budgets, drawn[event.ID], zone)
		}
	}
}

func (f *findings) budgetDrawsOfEvent(event books.UsageEvent, budgets []books.Budget, drawn []books.BudgetDraw, zone *time.Location) {
	day, pairs := ledger.DateOf(event.OccurredAt, zone), event.Dimensions.Pairs()
	for _, budget := range budgets {
		period, _ := budget.Period(day, zone)
		kept := "none"
		if i := slices.IndexFunc(drawn, func(d books.BudgetDraw) bool { return d.BudgetID == budget.ID }); i >= 0 {
			kept = drawn[i].Period.String()
		}
		// Between the two it may have gone by what stood before, or by what came.
		before, after := inForceBy(budget, day, event.RecordedAt.Add(-budgetGrace)), inForceBy(budget, day, event.RecordedAt.Add(budgetGrace))
		may, must := before || after, before && after
		if !slices.Contains(pairs, budget.Dimension) {
			may, must = false, false
		}
		if kept != "none" && (!may || kept != period.String()) || kept == "none" && must {
			f.add("budgetDraw.missing", fmt.Sprintf("%s %s", event.ID, budget.ID), kept, map[bool]string{true: period.String(), false: "none"}[may])
		}
	}
}

// inForceBy reports whether a budget was about uses of the day by what was decided until an
// instant.
func inForceBy(budget books.Budget, day ledger.Date, until time.Time) bool {
	budget.Versions = slices.DeleteFunc(slices.Clone(budget.Versions), func(v books.BudgetVersion) bool { return v.CreatedAt.After(until) })
	return budget.On(day) != nil
}
