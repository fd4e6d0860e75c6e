package books

import (
	"context"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// BudgetPer says over which time a budget is counted.
type BudgetPer string

// The times of a budget, by the calendar of the book's zone.
const (
	PerDay   BudgetPer = "DAY"
	PerWeek  BudgetPer = "WEEK" // from Monday
	PerMonth BudgetPer = "MONTH"
	PerTotal BudgetPer = "TOTAL" // from the day on which the budget was made, without end
)

// BudgetMode says what becomes of use beyond a budget.
type BudgetMode string

// The modes of a budget.
const (
	HardBudget BudgetMode = "HARD" // it is refused
	SoftBudget BudgetMode = "SOFT" // it is recorded, and the outcome says so
)

// Budget is the part of a customer's credits that events with one dimension may use: those
// of a team, say. What it allows is in its versions, which only grow.
type Budget struct {
	ID         string
	CustomerID string
	Name       string // unique within the customer
	Dimension  EventDimension
	Per        BudgetPer
	CreatedAt  time.Time
	Versions   []BudgetVersion // by number, the first is 1
}

// BudgetVersion is what a budget allows from a day on. Of two that are in force on a day,
// the later one holds.
type BudgetVersion struct {
	Number    int
	From      ledger.Date // the first day of events that it is about
	Limit     revrec.Credits
	Mode      BudgetMode
	Ended     bool // from that day on the budget counts nothing
	Reason    string
	CreatedAt time.Time
}

// On returns the version that holds for events of the day; nil where the budget has not
// begun or has ended.
func (b *Budget) On(day ledger.Date) *BudgetVersion {
	for i := len(b.Versions) - 1; i >= 0; i-- {
		if version := &b.Versions[i]; version.From <= day {
			if version.Ended {
				return nil
			}
			return version
		}
	}
	return nil
}

// Period returns the first and the last day of the time in which an event of the day is
// counted; last is zero where it does not end. It is named by its first day.
func (b *Budget) Period(day ledger.Date, zone *time.Location) (first, last ledger.Date) {
	switch b.Per {
	case PerDay:
		return day, day
	case PerWeek:
		weekday := ledger.Date((int(day.Start(time.UTC).Weekday()) + 6) % 7) // Monday is 0
		return day - weekday, day - weekday + 6
	case PerMonth:
		return day.Period().First(), day.Period().Last()
	case PerTotal:
	}
	return ledger.DateOf(b.CreatedAt, zone), 0
}

// BudgetKey names what a budget has spent in a period, by its first day.
type BudgetKey struct {
	CustomerID, BudgetID string
	Period               ledger.Date
}

// BudgetSpend is what a budget has spent in a period, net of voids.
type BudgetSpend struct {
	BudgetKey
	Spent revrec.Credits
}

// BudgetDraw is what one event spends from one budget; negative for a void, which gives it
// back in the period in which it was spent.
type BudgetDraw struct {
	BudgetKey
	EventID string // the UsageEvent's ID
	Version int    // that was in force on its day
	Credits revrec.Credits
}

// budgetTx keeps budgets. Whoever spends has the customer's open lots first.
type budgetTx interface {
	// InsertBudget keeps a budget with its versions, and notes on the customer that it has
	// one. Errors: ALREADY_EXISTS for a name that is taken.
	InsertBudget(ctx context.Context, budget Budget) error
	// InsertBudgetVersion keeps a version. Errors: ALREADY_EXISTS for a number that is taken.
	InsertBudgetVersion(ctx context.Context, budget Budget, version BudgetVersion) error
	BudgetsByID(ctx context.Context, ids []string) ([]Budget, error)
	// BudgetsOf returns the budgets of the customers, each's in order of making.
	BudgetsOf(ctx context.Context, customerIDs []string) ([]Budget, error)
	// LockBudgetSpends holds and returns what was spent under the keys, in key order; it makes
	// those that are missing.
	LockBudgetSpends(ctx context.Context, keys []BudgetKey) ([]BudgetSpend, error)
	UpdateBudgetSpends(ctx context.Context, spends []BudgetSpend) error
	// BudgetSpends returns what was spent under those of the keys that exist.
	BudgetSpends(ctx context.Context, keys []BudgetKey) ([]BudgetSpend, error)
	InsertBudgetDraws(ctx context.Context, draws []BudgetDraw) error
	BudgetDrawsOf(ctx context.Context, event EventRow) ([]BudgetDraw, error)
	// HoldsWithDimensions returns the active holds of the customers at the instant that say
	// what their jobs will spend from, without their parts.
	HoldsWithDimensions(ctx context.Context, customerIDs []string, at time.Time) ([]Hold, error)
}
