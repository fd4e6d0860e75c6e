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

// TestRemainingOfWhatIsNotDue holds figures that were worked out by hand, of purchases of January at 120.00 that fall due in June, with no way out:
//
//	kim 120 credits to 10 February, half of which roll over to 10 May
//	lee 100 credits to 30 April, with a bonus of 100 to 30 June: 60.00 each
//
// At the end of January kim's are all expected in February; lee's 20.00 in each of three months and 12.00 in each of five. On 20
// February 60.00 of kim's are left that can be used no more, so in the next month, and 20.00 in each of three; lee's are
// 30.00 in each of two, and 15.00 in each of four.
func TestRemainingOfWhatIsNotDue(t *testing.T) {
	onEachEngine(t, checkRemainingOfWhatIsNotDue)
}

func checkRemainingOfWhatIsNotDue(t *testing.T, kept *store.Store) {
	t.Helper()
	ctx, now := t.Context(), time.Date(2024, 1, 10, 9, 0, 0, 0, time.UTC)
	b := done[*books.Books](t)(books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }}))
	year, month := ledger.Duration{Months: 12}, ledger.Duration{Months: 1}
	done[books.Policy](t)(b.PolicyCreate(ctx, "default", books.NewPolicy{Code: "default", Policy: revrec.Policy{Expires: &year}}))
	done[books.Policy](t)(b.PolicyCreate(ctx, "rolls", books.NewPolicy{Code: "rolls", Policy: revrec.Policy{
		Expires: &month, Rollover: &revrec.Rollover{Share: decimal.RequireFromString("0.5"), Extend: ledger.Duration{Months: 3}},
	}}))
	after := func(month, day int) time.Time { return time.Date(2024, time.Month(month), day+1, 0, 0, 0, 0, time.UTC) }
	price, bought := whole(120), map[string]books.Purchase{}
	for _, sale := range []books.NewPurchase{
		{Customer: "kim", Policy: "rolls", Credits: whole(120)},
		{Customer: "lee", Credits: whole(100), ExpiresAt: after(4, 30), Bonus: whole(100), BonusTerms: &books.BonusTerms{ExpiresAt: after(6, 30)}},
	} {
		done[books.Customer](t)(b.CustomerCreate(ctx, sale.Customer, books.NewCustomer{ExternalID: sale.Customer}))
		sale.Price, sale.Invoiced, sale.DueOn = &price, true, ledger.NewDate(2024, 6, 10)
		bought[sale.Customer] = done[books.Purchased](t)(b.Purchase(ctx, "sale to "+sale.Customer, sale)).Purchase
	}
	holds := func(on ledger.Date, asOf time.Time, want map[string]string) {
		t.Helper()
		got := map[string]string{}
		err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
			report := done[books.Remaining](t)(b.Remaining(ctx, tx, books.RemainingRequest{On: on, AsOf: asOf}))
			for _, of := range report.Totals[0].Months {
				got[of.Month.String()] = of.Amount.Amount.Text()
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("at the end of %s: %s", on, diff)
		}
	}
	run := func() { done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{})) }
	now = time.Date(2024, 2, 1, 8, 0, 0, 0, time.UTC)
	run()
	early := now
	january := map[string]string{"2024-02": "152.00", "2024-03": "32.00", "2024-04": "32.00", "2024-05": "12.00", "2024-06": "12.00"}
	holds(ledger.NewDate(2024, 1, 31), early, january)
	now = time.Date(2024, 2, 21, 8, 0, 0, 0, time.UTC)
	run()
	late := now
	february := map[string]string{"2024-03": "125.00", "2024-04": "65.00", "2024-05": "35.00", "2024-06": "15.00"}
	same := func() {
		t.Helper()
		holds(ledger.NewDate(2024, 1, 31), early, january)
		holds(ledger.NewDate(2024, 2, 20), late, february)
	}
	same()
	now = now.Add(time.Hour)
	part := whole(50)
	done[books.Purchased](t)(b.Pay(ctx, "a part", books.Payment{PurchaseID: bought["lee"].ID, Amount: &part}))
	same()
	done[books.Purchased](t)(b.Pay(ctx, "a part of kim's", books.Payment{PurchaseID: bought["kim"].ID, Amount: &part}))
	same()
	done[books.Purchased](t)(b.Pay(ctx, "the rest of kim's", books.Payment{PurchaseID: bought["kim"].ID}))
	run()
	same()
	now = time.Date(2024, 7, 21, 8, 0, 0, 0, time.UTC)
	run()
	same()
}

// TestShortTermIsLeftOut leaves out what was sold for a year or less, of 10 January 2024, and nothing of a policy of which
// something is left that lasts longer.
func TestShortTermIsLeftOut(t *testing.T) {
	onEachEngine(t, func(t *testing.T, kept *store.Store) {
		ctx, now := t.Context(), time.Date(2024, 1, 10, 9, 0, 0, 0, time.UTC)
		b := done[*books.Books](t)(books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }}))
		year, nine := ledger.Duration{Months: 12}, ledger.Duration{Months: 9}
		for code, policy := range map[string]revrec.Policy{
			"default": {Expires: &year}, "rolls": {Expires: &nine, Rollover: &revrec.Rollover{Share: decimal.NewFromInt(1), Extend: ledger.Duration{Months: 4}}},
		} {
			done[books.Policy](t)(b.PolicyCreate(ctx, code, books.NewPolicy{Code: code, Policy: policy}))
		}
		leftOut := func(want ...string) {
			t.Helper()
			got := []string{}
			err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
				report := done[books.Remaining](t)(b.Remaining(ctx, tx, books.RemainingRequest{On: ledger.DateOf(now, time.UTC), LeaveShortTerm: true}))
				for _, row := range report.Rows {
					code := done[[]books.Policy](t)(tx.PoliciesByID(ctx, []string{row.PolicyID}))[0].Code
					got = append(got, fmt.Sprint(code, " ", row.LeftOut))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		sell := func(sale books.NewPurchase) books.Purchase {
			done[books.Customer](t)(b.CustomerCreate(ctx, sale.Customer, books.NewCustomer{ExternalID: sale.Customer}))
			sale.Price = &sale.Credits
			return done[books.Purchased](t)(b.Purchase(ctx, "sale to "+sale.Customer, sale)).Purchase
		}
		sell(books.NewPurchase{Customer: "acme", Credits: whole(100)})
		sell(books.NewPurchase{Customer: "bell", Credits: whole(100), Policy: "rolls"})
		sell(books.NewPurchase{Customer: "carl", Credits: whole(100), ExpiresAt: time.Date(2025, 1, 11, 0, 0, 0, 0, time.UTC)}) // to the end of the 10th
		leftOut("default true", "rolls false")
		dan := sell(books.NewPurchase{Customer: "dan", Credits: whole(100), ExpiresAt: time.Date(2025, 1, 12, 0, 0, 0, 0, time.UTC)})
		leftOut("default false", "rolls false")
		done[books.Purchased](t)(b.Refund(ctx, "back", books.RefundRequest{PurchaseID: dan.ID, Amount: whole(100), Reason: "kindness"}))
		leftOut("default true", "rolls false")
		sell(books.NewPurchase{Customer: "eve", Credits: whole(100), NeverExpires: true})
		leftOut("default false", "rolls false")
	})
}
