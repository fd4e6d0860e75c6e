package graph

import (
	"context"

	"drawdown/graph/internal/gen"
	"drawdown/internal/books"
	"drawdown/revrec"
)

func (queryResolver) Budget(ctx context.Context, id string) (*books.Budget, error) {
	key, err := budgetNoun.key("id", id)
	if err != nil {
		return nil, err
	}
	return pointer(ctx, requestOf(ctx).budgets, key)
}

func (customerResolver) Budgets(ctx context.Context, c *books.Customer) ([]books.Budget, error) {
	q := requestOf(ctx)
	budgets, _, err := q.budgetsOf.loadWith(ctx, c.ID, func() []string { return q.customerKin.with(c.ID) })
	return budgets, err
}

func (balanceResolver) Budgets(ctx context.Context, b *books.Balance) ([]books.BudgetBalance, error) {
	q := requestOf(ctx)
	left, _, err := q.budgetsLeft.loadWith(ctx, balanceKey{b.CustomerID, b.At}, func() []balanceKey {
		others := q.customerKin.with(b.CustomerID)
		return keysOf(others, func(id *string) balanceKey { return balanceKey{*id, b.At} })
	})
	return left, err
}

func (r mutationResolver) BudgetCreate(ctx context.Context, input gen.BudgetCreateInput, idempotencyKey string) (*gen.BudgetCreatePayload, error) {
	made, err := r.books.BudgetCreate(ctx, idempotencyKey, books.NewBudget{
		Customer: input.Customer, Name: input.Name, Dimension: *input.Dimension, Limit: input.Limit.Decimal(),
		Per: input.Per, Mode: input.Mode, From: value(input.From), Reason: value(input.Reason),
	})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.BudgetCreatePayload{UserErrors: refusals}, fault
	}
	return &gen.BudgetCreatePayload{Budget: &made, UserErrors: refusals}, nil
}

func (r mutationResolver) BudgetUpdate(ctx context.Context, budgetID string, input gen.BudgetUpdateInput, idempotencyKey string) (*gen.BudgetUpdatePayload, error) {
	key, err := budgetNoun.key("budgetId", budgetID)
	if err != nil {
		return &gen.BudgetUpdatePayload{UserErrors: invalidID(err)}, nil
	}
	change := books.BudgetChange{BudgetID: key, Mode: input.Mode, From: value(input.From), Reason: value(input.Reason)}
	if input.Limit != nil {
		limit := input.Limit.Decimal()
		change.Limit = &limit
	}
	changed, err := r.books.BudgetUpdate(ctx, idempotencyKey, change)
	refusals, fault := userErrors(err, "budgetId")
	if err != nil {
		return &gen.BudgetUpdatePayload{UserErrors: refusals}, fault
	}
	return &gen.BudgetUpdatePayload{Budget: &changed, UserErrors: refusals}, nil
}

func (r mutationResolver) BudgetEnd(ctx context.Context, budgetID string, input gen.BudgetEndInput, idempotencyKey string) (*gen.BudgetEndPayload, error) {
	key, err := budgetNoun.key("budgetId", budgetID)
	if err != nil {
		return &gen.BudgetEndPayload{UserErrors: invalidID(err)}, nil
	}
	ended, err := r.books.BudgetEnd(ctx, idempotencyKey, books.BudgetChange{BudgetID: key, From: value(input.From), Reason: value(input.Reason)})
	refusals, fault := userErrors(err, "budgetId")
	if err != nil {
		return &gen.BudgetEndPayload{UserErrors: refusals}, fault
	}
	return &gen.BudgetEndPayload{Budget: &ended, UserErrors: refusals}, nil
}

func (budgetResolver) Customer(ctx context.Context, b *books.Budget) (*books.Customer, error) {
	return found(pointer(ctx, requestOf(ctx).customers, b.CustomerID))
}

func (budgetVersionResolver) Reason(ctx context.Context, v *books.BudgetVersion) (*string, error) {
	if forOneCustomer(ctx) {
		return nil, nil
	}
	return text(v.Reason), nil
}

func (budgetBalanceResolver) Name(_ context.Context, b *books.BudgetBalance) (string, error) {
	return b.Budget.Name, nil
}

func (budgetBalanceResolver) Limit(_ context.Context, b *books.BudgetBalance) (revrec.Credits, error) {
	return b.Version.Limit, nil
}

func (budgetBalanceResolver) Mode(_ context.Context, b *books.BudgetBalance) (books.BudgetMode, error) {
	return b.Version.Mode, nil
}
