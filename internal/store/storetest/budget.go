package storetest

import (
	"context"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func budgetID(b books.Budget) string { return b.ID }

func budgets(t *testing.T, s *suite) {
	one, two := aCustomer("one"), aCustomer("two")
	aBudget := func(customer books.Customer, name string) books.Budget {
		return books.Budget{
			ID: newID(), CustomerID: customer.ID, Name: name, Dimension: books.EventDimension{Key: "team", Value: "the \"team\" of 'it'"},
			Per: books.PerMonth, CreatedAt: noon,
			Versions: []books.BudgetVersion{{Number: 1, From: day, Limit: 5, Mode: books.HardBudget, Reason: "because", CreatedAt: noon}},
		}
	}
	first, second, theirs := aBudget(one, "first"), aBudget(one, "second"), aBudget(two, "first")
	second.Versions[0].Mode, second.Versions[0].Reason = books.SoftBudget, ""
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertCustomer(ctx, one))
		must(t, tx.InsertCustomer(ctx, two))
		for _, budget := range []books.Budget{first, second} {
			must(t, tx.InsertBudget(ctx, budget))
		}
		same(t, []books.Budget(nil))(tx.BudgetsOf(ctx, []string{two.ID, c9}))
	})
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.InsertBudget(ctx, aBudget(one, "first")) }), books.AlreadyExists)
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
		return tx.InsertBudgetVersion(ctx, first, first.Versions[0])
	}), books.AlreadyExists)
	ended := books.BudgetVersion{Number: 2, From: day + 3, Limit: 7, Mode: books.SoftBudget, Ended: true, CreatedAt: noon.Add(time.Hour)}
	s.update(func(ctx context.Context, tx books.Tx) {
		found, err := tx.CustomersByExternalID(ctx, []string{"one"})
		must(t, err)
		if !found[0].Budgeted {
			t.Error("a customer with budgets does not say so")
		}
		if found, err = tx.CustomersByID(ctx, []string{two.ID}); err != nil || found[0].Budgeted {
			t.Error("a customer without budgets says it has some", err)
		}
		must(t, tx.InsertBudget(ctx, theirs))
		must(t, tx.InsertBudgetVersion(ctx, first, ended))
		first.Versions = append(first.Versions, ended)
		same(t, []books.Budget{first, second})(tx.BudgetsOf(ctx, []string{one.ID}))
		same(t, []books.Budget{theirs})(tx.BudgetsByID(ctx, []string{theirs.ID, newID()}))
		sameIDs(t, budgetID, first.ID, second.ID, theirs.ID)(tx.BudgetsOf(ctx, []string{two.ID, one.ID}))
	})
	keyOfBudget := func(budget books.Budget, period ledger.Date) books.BudgetKey {
		return books.BudgetKey{CustomerID: budget.CustomerID, BudgetID: budget.ID, Period: period}
	}
	march, april, other := keyOfBudget(first, day), keyOfBudget(first, day+1), keyOfBudget(theirs, day)
	keys := []books.BudgetKey{other, april, march, april}
	s.update(func(ctx context.Context, tx books.Tx) {
		zero := []books.BudgetSpend{{BudgetKey: march}, {BudgetKey: april}, {BudgetKey: other}}
		same(t, zero)(tx.LockBudgetSpends(ctx, keys))
		must(t, tx.UpdateBudgetSpends(ctx, []books.BudgetSpend{{BudgetKey: april, Spent: 4}}))
		zero[1].Spent = 4
		same(t, zero)(tx.LockBudgetSpends(ctx, keys))
		same(t, zero[1:])(tx.BudgetSpends(ctx, []books.BudgetKey{april, other, keyOfBudget(second, day)}))
		same(t, []books.BudgetSpend{})(tx.LockBudgetSpends(ctx, nil))
		refused(t, tx.UpdateBudgetSpends(ctx, []books.BudgetSpend{{BudgetKey: keyOfBudget(second, day)}}), books.NotFound)
		event := books.EventRow{CustomerID: one.ID, ID: newID()}
		draws := []books.BudgetDraw{{BudgetKey: march, EventID: event.ID, Version: 1, Credits: 3}, {BudgetKey: keyOfBudget(second, day), EventID: event.ID, Version: 2, Credits: -3}}
		must(t, tx.InsertBudgetDraws(ctx, draws))
		same(t, draws)(tx.BudgetDrawsOf(ctx, event))
		same(t, []books.BudgetDraw{})(tx.BudgetDrawsOf(ctx, books.EventRow{CustomerID: two.ID, ID: event.ID}))
	})
	lot := aLot(one.ID, p1)
	plain, named := aHold(lot), aHold(lot)
	named.Dimensions = `{"team":"research"}`
	s.update(func(ctx context.Context, tx books.Tx) {
		putLots(ctx, t, tx, lot)
		must(t, tx.InsertHold(ctx, plain))
		must(t, tx.InsertHold(ctx, named))
		same(t, named)(tx.LockHold(ctx, one.ID, named.ID))
		bare := named
		bare.Parts = nil
		same(t, []books.Hold{bare})(tx.HoldsWithDimensions(ctx, []string{two.ID, one.ID}, noon))
		same(t, []books.Hold{})(tx.HoldsWithDimensions(ctx, []string{one.ID}, named.EndsAt))
		same(t, map[books.LotKey]revrec.Credits{keyOf(lot): 10})(tx.HeldCredits(ctx, []string{one.ID}, noon))
	})
}
