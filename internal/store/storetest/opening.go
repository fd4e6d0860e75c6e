package storetest

import (
	"context"
	"testing"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// openings holds what is taken over from another book: named once, and added up by currency
// beside the entries that take it over.
func openings(t *testing.T, s *suite) {
	over, later, sold := aPurchase(c1), aPurchase(c2), aPurchase(c1)
	over.Status, over.OpeningOn, over.Reference, over.Price, over.Functional = books.PurchasePaid, day, "L1", eur(700), usd(770)
	later.Status, later.OpeningOn, later.Reference = books.PurchasePaid, day+5, "L2"
	sold.Reference = "L0"
	entry := anEntry(day, eur(650))
	entry.Kind, entry.Reference, entry.Lines[0].Account = ledger.OpeningEntry, "", ledger.OpeningBalances
	entry.Lines[0].Functional, entry.Lines[1].Functional = usd(715), usd(-715)
	s.update(func(ctx context.Context, tx books.Tx) {
		for _, p := range []books.Purchase{over, later, sold} {
			must(t, tx.InsertPurchase(ctx, p))
		}
		_, err := tx.AppendEntries(ctx, []ledger.Entry{entry, anEntry(day, eur(1))})
		must(t, err)
		same(t, over)(tx.LockPurchase(ctx, over.ID))
		same(t, []string{"L1"})(tx.OpeningReferences(ctx, []string{"L0", "L1", "L9"}))
		same(t, []string(nil))(tx.OpeningReferences(ctx, nil))
		same(t, []books.PurchasesBooked{{Currency: "EUR", Purchases: 1, Entries: 1, Price: 700, Deferred: 650, Functional: 770, DeferredOwn: 715}})(tx.OpeningsBooked(ctx, day, day+4))
		same(t, []books.PurchasesBooked(nil))(tx.OpeningsBooked(ctx, day+6, day+9))
	})
	again := aPurchase(c2)
	again.OpeningOn, again.Reference = day+1, "L1"
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPurchase(ctx, again))
		same(t, []string{"L1", "L1"})(tx.OpeningReferences(ctx, []string{"L1"}))
	})
}
