package books_test

import (
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestExtendedWithinItsLastDay gives credits that lapse at noon time to six o'clock: the day on which they lapse stays, and
// nothing is wrong with that.
func TestExtendedWithinItsLastDay(t *testing.T) {
	onEachEngine(t, func(t *testing.T, kept *store.Store) {
		ctx, now := t.Context(), time.Date(2024, 1, 10, 9, 0, 0, 0, time.UTC)
		b := done[*books.Books](t)(books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }}))
		done[books.Policy](t)(b.PolicyCreate(ctx, "default", books.NewPolicy{Code: "default", Policy: revrec.Policy{Expires: &ledger.Duration{Months: 12}}}))
		done[books.Customer](t)(b.CustomerCreate(ctx, "acme", books.NewCustomer{ExternalID: "acme"}))
		price, noon := whole(100), time.Date(2024, 2, 18, 12, 0, 0, 0, time.UTC)
		sold := done[books.Purchased](t)(b.Purchase(ctx, "sale", books.NewPurchase{Customer: "acme", Credits: price, Price: &price, ExpiresAt: noon, ShortExpiry: "a trial"}))
		now = now.Add(time.Hour)
		extended := done[books.Purchased](t)(b.Extend(ctx, "time", books.Extension{PurchaseID: sold.Purchase.ID, ExpiresAt: noon.Add(6 * time.Hour), Treatment: books.Prospective, Reason: "kindness"}))
		if extended.Lot.LapsesOn != sold.Lot.LapsesOn || !extended.Lot.ExpiresAt.Equal(noon.Add(6*time.Hour)) {
			t.Errorf("lapses on %s at %s", extended.Lot.LapsesOn, extended.Lot.ExpiresAt)
		}
		if found := done[[]books.Finding](t)(b.Verify(ctx)); len(found) > 0 {
			t.Errorf("verify: %v", found)
		}
	})
}
