package books_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestRefusedPayments has payments, refunds of a part and a void refused: each has its code,
// and leaves the journal as it was.
func TestRefusedPayments(t *testing.T) {
	ctx, now := t.Context(), time.Date(2024, 1, 5, 12, 0, 0, 0, time.UTC)
	s, err := store.OpenMemory(ctx)
	fine(t, err)
	t.Cleanup(func() { fine(t, s.Close()) })
	b, err := books.Open(ctx, s, books.Options{Now: func() time.Time { return now }})
	fine(t, err)
	_, err = b.PolicyCreate(ctx, "policy", books.NewPolicy{Code: "default"})
	fine(t, err)
	_, err = b.CustomerCreate(ctx, "customer", books.NewCustomer{ExternalID: "acme"})
	fine(t, err)
	number := func(text string) *decimal.Decimal { d := decimal.RequireFromString(text); return &d }
	buy := func(key string, due ledger.Date, invoiced bool) string {
		bought, err := b.Purchase(ctx, key, books.NewPurchase{
			Customer: "acme", Credits: *number("10"), Price: number("100.00"), Tax: *number("20.00"), Currency: "EUR", FXRate: number("1.10"),
			Invoiced: invoiced, DueOn: due,
		})
		fine(t, err)
		return bought.Purchase.ID
	}
	due, paid := buy("due", ledger.NewDate(2024, 2, 1), true), buy("paid", 0, false)
	pay := func(id, amount, rate string) error {
		request := books.Payment{PurchaseID: id}
		if amount != "" {
			request.Amount = number(amount)
		}
		if rate != "" {
			request.FXRate = number(rate)
		}
		_, err := b.Pay(ctx, "pay "+id+" "+amount+" at "+rate+now.String(), request)
		return err
	}
	refund := func(id, amount, credits, rate string) error {
		request := books.RefundRequest{PurchaseID: id, Amount: *number(amount), Credits: number(credits)}
		if rate != "" {
			request.FXRate = number(rate)
		}
		_, err := b.Refund(ctx, "refund "+id+amount+credits+rate+now.String(), request)
		return err
	}
	check := func(want books.Code, act func() error) {
		t.Helper()
		before := stateOf(t, s)
		if err := act(); books.CodeOf(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if diff := cmp.Diff(before, stateOf(t, s)); diff != "" {
			t.Errorf("a refusal left something behind:\n%s", diff)
		}
	}
	check(books.Invalid, func() error { return pay(due, "0", "") })
	check(books.Invalid, func() error { return pay(due, "-1", "") })
	check(books.Invalid, func() error { return pay(due, "", "0") })
	check(books.Invalid, func() error { return pay(due, "1.001", "") })
	check(books.AmountExceedsPrice, func() error { return pay(due, "120.01", "") })
	check(books.NotPaid, func() error { return refund(due, "1.00", "1", "") })
	check(books.Invalid, func() error { return refund(paid, "1.00", "0", "") })
	check(books.Invalid, func() error { return refund(paid, "1.00", "1", "-1") })
	check(books.InsufficientCredits, func() error { return refund(paid, "1.00", "10.000001", "") })
	check(books.AmountExceedsPrice, func() error { return refund(paid, "100.01", "1", "") })

	now = time.Date(2024, 2, 10, 12, 0, 0, 0, time.UTC)
	fine(t, pay(due, "50.00", "1.20"))
	check(books.AmountExceedsPrice, func() error { return pay(due, "70.01", "") })
	check(books.PartlyPaid, func() error {
		_, err := b.VoidPurchase(ctx, "void", books.PurchaseVoid{PurchaseID: due})
		return err
	})
	check(books.NotPaid, func() error { return refund(due, "1.00", "1", "") })
	fine(t, refund(paid, "60.00", "1", ""))
	check(books.AmountExceedsPrice, func() error { return refund(paid, "40.01", "1", "") })
	fine(t, pay(due, "", "1.00"))
	check(books.AlreadyPaid, func() error { return pay(due, "1.00", "") })
	findings, err := b.Verify(ctx)
	fine(t, err)
	for _, finding := range findings {
		t.Errorf("verify: %+v", finding)
	}
	// 50.00 at 1.20 for 55.00: a gain of 5.00; 70.00 at 1.00 for 77.00: a loss of 7.00.
	fine(t, s.View(ctx, func(ctx context.Context, tx books.Tx) error {
		payments, err := tx.PaymentsOf(ctx, []string{due})
		if len(payments) != 2 || payments[0].ExchangeGain() != ledger.Money(500, "USD") || payments[1].ExchangeGain() != ledger.Money(-700, "USD") {
			t.Errorf("payments: %+v", payments)
		}
		return err
	}))
}

// TestPaymentAheadIsCumulative: EUR 10.00 and 2.00 of tax at 1.10 come in three parts of 4.00 before anything falls
// due, not in the order of their days. Each has a third of both: 3.33, 3.34 and 3.33 of the price by day, USD
// 3.67, 3.66 and 3.67; nothing is left at the end, and the order in which they are recorded does not matter.
func TestPaymentAheadIsCumulative(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {2, 0, 1}, {1, 2, 0}} {
		ctx, now := t.Context(), time.Date(2024, 1, 5, 12, 0, 0, 0, time.UTC)
		s, err := store.OpenMemory(ctx)
		fine(t, err)
		t.Cleanup(func() { fine(t, s.Close()) })
		b, err := books.Open(ctx, s, books.Options{Now: func() time.Time { return now }})
		fine(t, err)
		_, err = b.PolicyCreate(ctx, "policy", books.NewPolicy{Code: "default"})
		fine(t, err)
		_, err = b.CustomerCreate(ctx, "customer", books.NewCustomer{ExternalID: "acme"})
		fine(t, err)
		number := func(text string) *decimal.Decimal { d := decimal.RequireFromString(text); return &d }
		bought, err := b.Purchase(ctx, "buy", books.NewPurchase{
			Customer: "acme", Policy: "default", Credits: *number("10"), Price: number("10.00"), Tax: *number("2.00"), Currency: "EUR", FXRate: number("1.10"),
			Invoiced: true, Cancellable: true,
		})
		fine(t, err)
		now = time.Date(2024, 2, 20, 12, 0, 0, 0, time.UTC)
		for _, at := range order {
			_, err := b.Pay(ctx, fmt.Sprint("pay ", at), books.Payment{
				PurchaseID: bought.Purchase.ID, Amount: number("4.00"), FXRate: number("1.20"), PaidAt: time.Date(2024, 2, 1+at, 12, 0, 0, 0, time.UTC),
			})
			fine(t, err)
			findings, err := b.Verify(ctx)
			fine(t, err)
			for _, finding := range findings {
				t.Errorf("%v: verify: %+v", order, finding)
			}
		}
		lot := stateOf(t, s).Lots[0]
		day := ledger.NewDate(2024, 2, 1)
		want := []revrec.Step{{Day: day, Minor: 333, Functional: 367}, {Day: day + 1, Minor: 334, Functional: 366}, {Day: day + 2, Minor: 333, Functional: 367}}
		if !slices.Equal(lot.Steps, want) || lot.LiabilityOn != day+2 || lot.Carrying.Minor != 1000 || lot.CarryingFunctional.Minor != 1100 {
			t.Errorf("%v: %v, whole on %s, %s carried, %s", order, lot.Steps, lot.LiabilityOn, lot.Carrying, lot.CarryingFunctional)
		}
	}
}

// stateOf is the journal, the purchases and the lots of a book.
func stateOf(t *testing.T, s books.Store) (state struct {
	Entries   []ledger.Entry
	Purchases []books.Purchase
	Lots      []revrec.Lot
},
) {
	t.Helper()
	fine(t, s.View(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		if state.Purchases, err = tx.Purchases(ctx, books.PurchaseFilter{}, books.Page{Limit: 100}); err != nil {
			return err
		}
		if state.Lots, err = tx.Lots(ctx, books.LotFilter{}, books.Page{Limit: 100}); err != nil {
			return err
		}
		return tx.EachEntry(ctx, 0, 0, func(e ledger.Entry) error {
			state.Entries = append(state.Entries, e)
			return nil
		})
	}))
	return state
}
