package books_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/revrec"
)

// newBook opens a fresh book in memory whose clock stands where now points.
func newBook(t *testing.T, now *time.Time) *books.Books {
	t.Helper()
	b, _ := newBookStore(t, now)
	return b
}

func newBookStore(t *testing.T, now *time.Time) (*books.Books, *store.Store) {
	t.Helper()
	s, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	b, err := books.Open(t.Context(), s, books.Options{Now: func() time.Time { return *now }, Signer: sealSigner})
	if err != nil {
		t.Fatal(err)
	}
	return b, s
}

// done fails the test where a use case was refused, and returns its answer.
func done[A any](t *testing.T) func(A, error) A {
	return func(answer A, err error) A {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

func whole(n int64) decimal.Decimal { return decimal.NewFromInt(n) }

// TestUsageOutcomes sends one batch with an event of every outcome.
func TestUsageOutcomes(t *testing.T) {
	ctx, now := t.Context(), time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	b := newBook(t, &now)
	done[books.Policy](t)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default"}))
	done[books.Policy](t)(b.PolicyCreate(ctx, "q", books.NewPolicy{Code: "bill", Policy: revrec.Policy{
		Overage: revrec.Overage{Mode: revrec.BillOverage, Rate: whole(1_000_000_000)},
	}}))
	for _, customer := range []string{"acme", "late", "rich"} {
		done[books.Customer](t)(b.CustomerCreate(ctx, "c"+customer, books.NewCustomer{ExternalID: customer}))
	}
	price := whole(10)
	buy := func(key string, p books.NewPurchase) {
		t.Helper()
		p.Price, p.Credits = &price, whole(100)
		done[books.Purchased](t)(b.Purchase(ctx, key, p))
	}
	buy("1", books.NewPurchase{Customer: "acme"})
	buy("2", books.NewPurchase{Customer: "rich", Policy: "bill"})
	// Two lots that lapsed on 1 March: together they would have been enough.
	for i := range 2 {
		buy(fmt.Sprint("lapsed", i), books.NewPurchase{
			Customer: "late", PurchasedAt: now.AddDate(-1, 0, 0), ExpiresAt: time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC),
		})
	}
	ten, many, huge, zero, fine := whole(10), whole(150), whole(100_000_000), whole(0), decimal.New(1, -7)
	outcomes := done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{
		{ID: "1", Customer: "acme", Credits: &ten},
		{ID: "1", Customer: "acme", Credits: &ten},
		{ID: "1", Customer: "acme", Credits: &many},
		{ID: "2", Customer: "acme", Credits: &many},
		{ID: "2", Customer: "acme", Credits: &many},
		{ID: "3", Customer: "nobody", Credits: &ten},
		{ID: "4", Customer: "acme", Credits: &zero},
		{ID: "5", Customer: "acme", Credits: &fine},
		{ID: "6", Customer: "acme", Meter: "none", Quantity: &ten},
		{ID: "7", Customer: "acme"},
		{ID: "", Customer: "acme", Credits: &ten},
		{ID: "8", Customer: "acme", Credits: &ten, OccurredAt: now.Add(time.Hour)},
		{ID: "9", Customer: "late", Credits: &many, OccurredAt: time.Date(2024, 2, 28, 0, 0, 0, 0, time.UTC)},
		{ID: "10", Customer: "rich", Credits: &huge},
		{ID: "11", Customer: "rich", Credits: &ten},
	}))
	want := []struct {
		status books.OutcomeStatus
		code   books.Code
		field  string
	}{
		{books.Recorded, "", ""},
		{books.Duplicate, "", ""},
		{books.Rejected, books.EventConflict, "id"},
		{books.Rejected, books.InsufficientCredits, "credits"},
		{books.Rejected, books.InsufficientCredits, "credits"}, // repeats one that was rejected
		{books.Rejected, books.NotFound, "customer"},
		{books.Rejected, books.Invalid, "credits"},
		{books.Rejected, books.Invalid, "credits"},
		{books.Rejected, books.NotFound, "meter"},
		{books.Rejected, books.Invalid, "credits"},
		{books.Rejected, books.Invalid, "id"},
		{books.Rejected, books.Invalid, "occurredAt"},
		{books.Rejected, books.TooLate, "occurredAt"},
		{books.Rejected, books.TooLarge, "credits"},
		{books.Recorded, "", ""},
	}
	for i, w := range want {
		got := outcomes[i]
		if got.Status != w.status {
			t.Errorf("event %d: %s (%v), want %s", i, got.Status, got.Reason, w.status)
			continue
		}
		if got.Reason != nil && (got.Reason.Code != w.code || got.Reason.Field != w.field || got.Reason.Message == "") {
			t.Errorf("event %d: %s %q %q, want %s %q", i, got.Reason.Code, got.Reason.Field, got.Reason.Message, w.code, w.field)
		}
	}
	for customer, left := range map[string]string{"acme": "90", "rich": "90", "late": "0"} {
		var id string
		if err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
			found, err := tx.CustomersByExternalID(ctx, []string{customer})
			id = found[0].ID
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if balance := done[books.Balance](t)(b.Balance(ctx, id, time.Time{})); balance.Credits.String() != left {
			t.Errorf("%s has %s credits left, want %s", customer, balance.Credits, left)
		}
	}
	if findings := done[[]books.Finding](t)(b.Verify(ctx)); len(findings) > 0 {
		t.Errorf("verify: %+v", findings)
	}
}
