package books_test

import (
	"context"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestPayPurchaseOfTwoLots has 30 of 100 credits of an unpaid purchase live on in a lot of
// their own, by rows made here. Nothing is deferred of either before the purchase is paid or
// falls due; then each lot carries its own price, 70.00 and 30.00, and what was used of
// each before clears its contract asset: 20 of the first, 10 of the second.
func TestPayPurchaseOfTwoLots(t *testing.T) {
	for _, test := range []struct {
		name     string
		due      ledger.Date
		settle   func(*testing.T, *books.Books, string)
		carrying []int64
		deferred int64
		refunds  int64
	}{
		{
			name: "paid", carrying: []int64{5000, 2000}, deferred: 7000,
			settle: func(t *testing.T, b *books.Books, id string) {
				_, err := b.Pay(t.Context(), "pay", books.Payment{PurchaseID: id})
				fine(t, err)
			},
		},
		{
			name: "due", due: ledger.NewDate(2024, 4, 5), carrying: []int64{5000, 2000}, deferred: 7000,
			settle: func(*testing.T, *books.Books, string) {},
		},
		{
			name: "void before due", carrying: []int64{0, 0}, refunds: 3000,
			settle: func(t *testing.T, b *books.Books, id string) {
				_, err := b.VoidPurchase(t.Context(), "void", books.PurchaseVoid{PurchaseID: id})
				fine(t, err)
			},
		},
		{
			name: "void after due", due: ledger.NewDate(2024, 4, 5), carrying: []int64{0, 0}, refunds: 3000,
			settle: func(t *testing.T, b *books.Books, id string) {
				_, err := b.VoidPurchase(t.Context(), "void", books.PurchaseVoid{PurchaseID: id})
				fine(t, err)
			},
		},
	} {
		for _, method := range []revrec.BreakageMethod{revrec.OnExpiry, revrec.Proportional} {
			t.Run(test.name+" "+string(method), func(t *testing.T) {
				now := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
				b, s := bookOfTwoLots(t, &now, method, test.due)
				id, parent, child := b.bought.Purchase.ID, b.bought.Lot.ID, b.child
				if now = time.Date(2024, 4, 4, 12, 0, 0, 0, time.UTC); test.due != 0 {
					now = now.AddDate(0, 0, 3)
				}
				b.run(t)
				if test.due == 0 {
					checkCarrying(t, s, []string{parent, child}, []int64{0, 0})
				}
				test.settle(t, b.Books, id)
				now = now.AddDate(0, 0, 2)
				b.run(t)
				checkCarrying(t, s, []string{parent, child}, test.carrying)
				findings, err := b.Verify(t.Context())
				fine(t, err)
				for _, finding := range findings {
					t.Errorf("verify: %+v", finding)
				}
				balance := map[ledger.Role]int64{}
				fine(t, s.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
					return tx.EachEntry(ctx, 0, 0, func(e ledger.Entry) error {
						for _, line := range e.Lines {
							balance[line.Account] += line.Amount.Minor
						}
						return nil
					})
				}))
				if early := -balance[ledger.BreakageRevenue]; -balance[ledger.DeferredRevenue] != test.deferred-early {
					t.Errorf("%d deferred, %d early, want %d together", -balance[ledger.DeferredRevenue], early, test.deferred)
				}
				if balance[ledger.Refunds] != test.refunds || balance[ledger.UnbilledReceivable] != 0 || balance[ledger.UsageRevenue] != -3000 {
					t.Errorf("balances: %v", balance)
				}
			})
		}
	}
}

type bookOfLots struct {
	*books.Books
	bought books.Purchased
	child  string
}

func (b bookOfLots) run(t *testing.T) {
	t.Helper()
	_, err := b.RunJob(t.Context(), books.JobAll, books.RunOptions{})
	fine(t, err)
}

// bookOfTwoLots is a book with an unpaid purchase of 100 credits at 100.00, of which 20
// were used on 1 March and 30 moved on into another lot on 31 March, 10 of which were used
// on 2 April.
func bookOfTwoLots(t *testing.T, now *time.Time, method revrec.BreakageMethod, due ledger.Date) (bookOfLots, books.Store) {
	t.Helper()
	ctx := t.Context()
	s, err := store.OpenMemory(ctx)
	fine(t, err)
	t.Cleanup(func() { fine(t, s.Close()) })
	ids := 0
	open, err := books.Open(ctx, s, books.Options{
		Now: func() time.Time { return *now },
		NewID: func() string {
			ids++
			return "00000000-0000-7000-8000-" + decimal.NewFromInt(int64(100_000_000_000+ids)).String()
		},
	})
	fine(t, err)
	b := bookOfLots{Books: open}
	policy := books.NewPolicy{Code: "p"}
	policy.Breakage.Method = method
	if method == revrec.Proportional {
		policy.Breakage.Rate, policy.Breakage.Pool = decimal.New(1, -1), revrec.PoolByPolicy
	}
	_, err = b.PolicyCreate(ctx, "policy", policy)
	fine(t, err)
	_, err = b.CustomerCreate(ctx, "customer", books.NewCustomer{ExternalID: "acme"})
	fine(t, err)
	price := decimal.NewFromInt(100)
	b.bought, err = b.Purchase(ctx, "purchase", books.NewPurchase{
		Customer: "acme", Policy: "p", Credits: decimal.NewFromInt(100), Price: &price, Invoiced: true, DueOn: due,
	})
	fine(t, err)
	use := func(id string, credits int64) {
		amount := decimal.NewFromInt(credits)
		outcomes, err := b.RecordUsage(ctx, []books.UsageInput{{ID: id, Customer: "acme", Credits: &amount, OccurredAt: *now}})
		fine(t, err)
		if outcomes[0].Status != books.Recorded {
			t.Fatalf("%+v", outcomes[0])
		}
	}
	use("first", 20)
	b.child = "00000000-0000-7000-8000-200000000000"
	day := ledger.NewDate(2024, 3, 31)
	fine(t, s.Update(ctx, func(ctx context.Context, tx books.Tx) error {
		parents, err := tx.LockLots(ctx, []books.LotKey{{CustomerID: b.bought.Lot.CustomerID, LotID: b.bought.Lot.ID}})
		if err != nil {
			return err
		}
		parent := parents[0]
		change := revrec.Change{
			ID: "00000000-0000-7000-8000-300000000000", CustomerID: parent.CustomerID, LotID: parent.ID, Kind: "MOVED_ON",
			At: day.Start(time.UTC), WrittenAt: day.Start(time.UTC), Day: day, Credits: 30 * revrec.One, Amount: ledger.Money(3000, "USD"), Functional: ledger.Money(3000, "USD"),
			ToLotID: b.child,
		}
		child := *parent
		child.ID, child.OriginID, child.Granted, child.Drawn, child.PendingFrom = b.child, parent.ID, change.Credits, 0, 0
		child.Begin(change.Amount, change.Functional)
		child.Priority = 1 // used first
		child.CreatedAt = change.WrittenAt
		if parent.LiabilityOn != 0 {
			child.LiabilityOn = max(parent.LiabilityOn, day)
		}
		parent.Removed += change.Credits
		parent.RemovedAmount, parent.RemovedFunctional = change.Amount, change.Functional
		parent.WaitFrom(day)
		if err := tx.AddLotDays(ctx, []books.LotDay{{CustomerID: parent.CustomerID, LotID: parent.ID, Day: day}}); err != nil {
			return err
		}
		if err := tx.InsertLotChanges(ctx, []revrec.Change{change}); err != nil {
			return err
		}
		if err := tx.UpdateLots(ctx, parents); err != nil {
			return err
		}
		return tx.InsertLot(ctx, child)
	}))
	*now = time.Date(2024, 4, 2, 12, 0, 0, 0, time.UTC)
	use("second", 10)
	return b, s
}

func checkCarrying(t *testing.T, s books.Store, ids []string, want []int64) {
	t.Helper()
	fine(t, s.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		lots, err := tx.LotsByID(ctx, ids)
		for _, lot := range lots {
			for i, id := range ids {
				if lot.ID == id && (lot.Carrying.Minor != want[i] || lot.CarryingFunctional.Minor != want[i]) {
					t.Errorf("lot %d carries %s, want %d", i, lot.Carrying, want[i])
				}
			}
		}
		return err
	}))
}

func fine(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
