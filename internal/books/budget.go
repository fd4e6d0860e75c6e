package books

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// NewBudget asks for a budget of a customer.
type NewBudget struct {
	Customer  string          `json:"customer"` // external id
	Name      string          `json:"name"`     // 1 to 200 characters
	Dimension EventDimension  `json:"dimension"`
	Limit     decimal.Decimal `json:"limit"` // credits; 0 allows none
	Per       BudgetPer       `json:"per"`
	Mode      BudgetMode      `json:"mode"`
	From      ledger.Date     `json:"from"` // today where zero, never before
	Reason    string          `json:"reason"`
}

// maxBudgets bounds the budgets of a customer, ended ones included: a batch of its use
// reads them all.
const maxBudgets = 1000

// BudgetCreate gives a team, a user, or whatever events have for a dimension, its part of
// the customer's credits. Events spend from it by the day on which they occurred, from the
// moment on in which it is made; several budgets may be about one event, and each of them
// must allow it.
// Errors: NOT_FOUND, ALREADY_EXISTS, TOO_LARGE, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) BudgetCreate(ctx context.Context, key string, request NewBudget) (Budget, error) {
	return once(ctx, b, act{"budget.create", key, request}, func(ctx context.Context, tx Tx) (Budget, string, error) {
		customer, err := customerByExternalID(ctx, tx, request.Customer)
		if err != nil {
			return Budget{}, "", err
		}
		budget := Budget{
			ID: b.newID(), CustomerID: customer.ID, Name: request.Name, Dimension: request.Dimension, Per: request.Per, CreatedAt: b.clock(),
		}
		if err := checkBudget(budget); err != nil {
			return Budget{}, "", err
		}
		version, err := b.budgetVersion(BudgetVersion{Number: 1, Mode: request.Mode, Reason: request.Reason}, &request.Limit, request.From)
		if err != nil {
			return Budget{}, "", err
		}
		others, err := tx.BudgetsOf(ctx, []string{customer.ID})
		if err == nil && len(others) >= maxBudgets {
			err = refuse(TooLarge, "customer", "%q has %d budgets, the most there can be", clip(request.Customer), len(others))
		}
		if err != nil {
			return Budget{}, "", err
		}
		budget.Versions = []BudgetVersion{version}
		return budget, budget.ID, tx.InsertBudget(ctx, budget)
	})
}

func checkBudget(budget Budget) error {
	if err := checkText("name", budget.Name, 1, maxTextLength); err != nil {
		return err
	}
	if err := CheckDimensionKey("dimension.key", budget.Dimension.Key); err != nil {
		return err
	}
	if err := checkText("dimension.value", budget.Dimension.Value, 1, maxDimensionValue); err != nil {
		return err
	}
	switch budget.Per {
	case PerDay, PerWeek, PerMonth, PerTotal:
		return nil
	}
	return refuse(Invalid, "per", "must be DAY, WEEK, MONTH or TOTAL, not %q", clip(string(budget.Per)))
}

// budgetVersion checks what a version says. What events of days before today spent was
// decided by those before it.
func (b *Books) budgetVersion(version BudgetVersion, limit *decimal.Decimal, from ledger.Date) (BudgetVersion, error) {
	version.CreatedAt, version.From = b.clock(), from
	today := ledger.DateOf(version.CreatedAt, b.zone)
	if from == 0 {
		version.From = today
	}
	var err error
	if limit != nil {
		if version.Limit, err = creditsOrNone("limit", *limit); err != nil {
			return version, err
		}
	}
	switch {
	case version.Mode != HardBudget && version.Mode != SoftBudget:
		return version, refuse(Invalid, "mode", "must be HARD or SOFT, not %q", clip(string(version.Mode)))
	case version.From < today || version.From > today+366*10:
		return version, refuse(Invalid, "from", "must be today, %s, or later, within ten years, not %s", today, version.From)
	}
	return version, checkText("reason", version.Reason, 0, maxNoteLength)
}

// BudgetChange asks for another limit or mode of a budget from a day on, or ends it.
type BudgetChange struct {
	BudgetID string           `json:"budgetId"`
	Limit    *decimal.Decimal `json:"limit"` // as before where nil
	Mode     *BudgetMode      `json:"mode"`  // as before where nil
	End      bool             `json:"end"`
	From     ledger.Date      `json:"from"` // today where zero, never before
	Reason   string           `json:"reason"`
}

// BudgetUpdate writes the next version of a budget, which says what it allows from a day
// on, or that it ends there. What was refused or recorded by those before it stays.
// Errors: NOT_FOUND, INVALID, TOO_LARGE, IDEMPOTENCY_CONFLICT.
func (b *Books) BudgetUpdate(ctx context.Context, key string, request BudgetChange) (Budget, error) {
	return b.changeBudget(ctx, act{"budget.update", key, request}, request)
}

// BudgetEnd has a budget count nothing from a day on.
// Errors: NOT_FOUND, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) BudgetEnd(ctx context.Context, key string, request BudgetChange) (Budget, error) {
	request.End = true
	return b.changeBudget(ctx, act{"budget.end", key, request}, request)
}

func (b *Books) changeBudget(ctx context.Context, a act, request BudgetChange) (Budget, error) {
	return once(ctx, b, a, func(ctx context.Context, tx Tx) (Budget, string, error) {
		found, err := tx.BudgetsByID(ctx, []string{request.BudgetID})
		if err == nil && len(found) == 0 {
			err = refuse(NotFound, "budgetId", "there is no such budget")
		}
		if err != nil {
			return Budget{}, "", err
		}
		budget := found[0]
		last := budget.Versions[len(budget.Versions)-1]
		if last.Ended {
			return Budget{}, "", refuse(Invalid, "budgetId", "names a budget that ends on %s: create another", last.From)
		}
		was(ctx, budget)
		next := BudgetVersion{Number: last.Number + 1, Limit: last.Limit, Mode: last.Mode, Ended: request.End, Reason: request.Reason}
		if request.Mode != nil {
			next.Mode = *request.Mode
		}
		if next, err = b.budgetVersion(next, request.Limit, request.From); err != nil {
			return Budget{}, "", err
		}
		budget.Versions = append(budget.Versions, next)
		return budget, budget.ID, tx.InsertBudgetVersion(ctx, budget, next)
	})
}

// BudgetBalance is what is left of a budget at an instant.
type BudgetBalance struct {
	Budget      Budget
	Version     BudgetVersion
	First, Last ledger.Date // of the period; Last is zero where it does not end
	Spent       revrec.Credits
	Held        revrec.Credits // by active holds that name it
}

// Left returns what may still be used of it, or be held; 0 where it is over.
func (b *BudgetBalance) Left() revrec.Credits { return max(b.Version.Limit-b.Spent-b.Held, 0) }

// Over returns what was spent beyond the limit.
func (b *BudgetBalance) Over() revrec.Credits { return max(b.Spent-b.Version.Limit, 0) }

// BudgetBalances returns what is left of the budgets of the customers that are in force at
// the instant, by customer, in as many statements for a thousand as for one.
func BudgetBalances(ctx context.Context, tx Tx, customerIDs []string, at time.Time, zone *time.Location) (map[string][]BudgetBalance, error) {
	budgets, err := tx.BudgetsOf(ctx, customerIDs)
	if err != nil || len(budgets) == 0 {
		return nil, err
	}
	var all []BudgetBalance
	var keys []BudgetKey
	day := ledger.DateOf(at, zone)
	for _, budget := range budgets {
		if version := budget.On(day); version != nil {
			balance := BudgetBalance{Budget: budget, Version: *version}
			balance.First, balance.Last = budget.Period(day, zone)
			all, keys = append(all, balance), append(keys, BudgetKey{budget.CustomerID, budget.ID, balance.First})
		}
	}
	spends, err := tx.BudgetSpends(ctx, keys)
	if err != nil {
		return nil, err
	}
	holds, err := tx.HoldsWithDimensions(ctx, customerIDs, at)
	if err != nil {
		return nil, err
	}
	spent, held := map[BudgetKey]revrec.Credits{}, heldOfBudgets(budgets, holds, zone, "")
	for _, spend := range spends {
		spent[spend.BudgetKey] = spend.Spent
	}
	byCustomer := map[string][]BudgetBalance{}
	for i, balance := range all {
		balance.Spent, balance.Held = spent[keys[i]], held[keys[i]]
		byCustomer[balance.Budget.CustomerID] = append(byCustomer[balance.Budget.CustomerID], balance)
	}
	return byCustomer, nil
}
