package storetest

import (
	"context"
	"testing"

	"drawdown/internal/books"
	"drawdown/revrec"
)

func lotChanges(t *testing.T, s *suite) {
	first, second := aLot(c1, p1), aLot(c2, p1)
	second.Price, second.Carrying = eur(500), eur(500)
	aChange := func(lot revrec.Lot) revrec.Change {
		return revrec.Change{
			ID: newID(), CustomerID: lot.CustomerID, LotID: lot.ID, Kind: revrec.Voided, At: noon, Day: day, Credits: 7,
			Amount: eur(-3), Functional: usd(4), ToLotID: newID(), Reason: "they said: \"no\"\tand\\or 'yes'",
		}
	}
	early, late, other := aChange(first), aChange(first), aChange(second)
	early.Amount, early.Reason, early.ToLotID = usd(5), "", ""
	late.Amount = usd(6)
	s.update(func(ctx context.Context, tx books.Tx) {
		putLots(ctx, t, tx, first, second)
		must(t, tx.InsertLotChanges(ctx, []revrec.Change{late, other, early}))
		must(t, tx.InsertLotChanges(ctx, nil))
		same(t, map[string][]revrec.Change{first.ID: {early, late}, second.ID: {other}})(
			tx.LotChanges(ctx, []books.LotKey{keyOf(second), keyOf(first), {CustomerID: c2, LotID: first.ID}}))
		same(t, map[string][]revrec.Change{})(tx.LotChanges(ctx, nil))
		same(t, []revrec.Change{early, late, other})(tx.LotChangesBetween(ctx, day, day, books.Page{Limit: 9}))
		same(t, []revrec.Change{late})(tx.LotChangesBetween(ctx, day-1, day+1, books.Page{Limit: 1, After: early.ID}))
		same(t, []revrec.Change{})(tx.LotChangesBetween(ctx, day+1, day+9, books.Page{Limit: 9}))
		same(t, []revrec.Change{})(tx.LotChangesBetween(ctx, day-9, day-1, books.Page{Limit: 9}))
	})
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
		return tx.InsertLotChanges(ctx, []revrec.Change{early})
	}), books.AlreadyExists)
}
