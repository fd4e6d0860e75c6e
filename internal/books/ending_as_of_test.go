package books_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/forecast"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestEndingAsOf holds figures that were worked out by hand, at 1.00 a credit, as of 1 February 2024 at 09:00. What
// was bought before lapses after 31 May, but dan's after 29 February.
//
//	acme 100, 10 used on 20 January and booked: 90 for 90.00
//	bell  60 due in March, of which 20.00 are paid: 60 for 20.00
//	carl 100, of which one was used on each of 28 days, and 20 are held: 72 for 72.00; 52 last through 23 March
//	dan  300 to 29 February: 300 for 300.00
//	eve   40, blocked by a chargeback, one used on each of 27 days: 13 for 13.00; nothing can be used
//	fay   80 for 80.00
//	gus  100 for 100.00
//	ian   40 due in March, nothing paid: 40 for nothing
//	jane  50 to 10 January, half of which roll over to 10 April and one is used: 24 for 24.00
//	kim   30 due in March, to 1 February: 30 for nothing
//
// What follows changes all of them.
func TestEndingAsOf(t *testing.T) {
	onEachEngine(t, checkEndingAsOf)
}

func checkEndingAsOf(t *testing.T, kept *store.Store) {
	t.Helper()
	ctx, now := t.Context(), time.Date(2024, 1, 1, 9, 0, 0, 0, time.UTC)
	b := done[*books.Books](t)(books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }}))
	late := ledger.Duration{Days: 60}
	done[books.Policy](t)(b.PolicyCreate(ctx, "default", books.NewPolicy{Code: "default", Policy: revrec.Policy{LateUsage: late}}))
	done[books.Policy](t)(b.PolicyCreate(ctx, "rolls", books.NewPolicy{Code: "rolls", Policy: revrec.Policy{
		Expires: &ledger.Duration{Months: 1}, ShortExpiry: "a trial", Rollover: &revrec.Rollover{Share: decimal.RequireFromString("0.5"), Extend: ledger.Duration{Months: 3}},
	}}))
	after := func(month, day int) time.Time { return time.Date(2024, time.Month(month), day+1, 0, 0, 0, 0, time.UTC) }
	bought := map[string]books.Purchase{}
	sell := func(sale books.NewPurchase) {
		sale.Price, sale.ShortExpiry = &sale.Credits, "a trial"
		bought[sale.Customer] = done[books.Purchased](t)(b.Purchase(ctx, fmt.Sprint("sale to ", sale.Customer, now), sale)).Purchase
	}
	use := func(id, customer string, credits int64, at time.Time) {
		amount := whole(credits)
		if got := done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{{ID: id, Customer: customer, Credits: &amount, OccurredAt: at}})); got[0].Status != books.Recorded {
			t.Fatal(got[0].Reason)
		}
	}
	run := func() { done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{})) }
	for _, customer := range []string{"acme", "bell", "carl", "dan", "eve", "fay", "gus", "hal", "ian", "jane", "kim"} {
		done[books.Customer](t)(b.CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer}))
	}
	march := ledger.NewDate(2024, 3, 10)
	for _, sale := range []books.NewPurchase{
		{Customer: "acme", Credits: whole(100), ExpiresAt: after(5, 31)},
		{Customer: "bell", Credits: whole(60), ExpiresAt: after(5, 31), Invoiced: true, DueOn: march},
		{Customer: "carl", Credits: whole(100), ExpiresAt: after(5, 31)},
		{Customer: "dan", Credits: whole(300), ExpiresAt: after(2, 29)},
		{Customer: "eve", Credits: whole(40), ExpiresAt: after(5, 31)},
		{Customer: "fay", Credits: whole(80), ExpiresAt: after(5, 31)},
		{Customer: "gus", Credits: whole(100), ExpiresAt: after(5, 31)},
		{Customer: "ian", Credits: whole(40), ExpiresAt: after(5, 31), Invoiced: true, DueOn: march},
		{Customer: "jane", Policy: "rolls", Credits: whole(50), ExpiresAt: after(1, 10)},
		{Customer: "kim", Policy: "rolls", Credits: whole(30), ExpiresAt: after(2, 1), Invoiced: true, DueOn: march},
	} {
		sell(sale)
	}
	for day := 4; day <= 31; day++ {
		now = time.Date(2024, 1, day, 10, 0, 0, 0, time.UTC)
		use(fmt.Sprint("carl ", day), "carl", 1, now)
		if day < 31 {
			use(fmt.Sprint("eve ", day), "eve", 1, now)
		}
		switch day {
		case 20:
			use("acme 1", "acme", 10, now)
		case 25:
			twenty := whole(20)
			done[books.Purchased](t)(b.Pay(ctx, "a part", books.Payment{PurchaseID: bought["bell"].ID, Amount: &twenty}))
		case 28:
			use("jane 1", "jane", 1, now)
		}
	}
	forty := whole(40)
	done[books.Purchased](t)(b.Dispute(ctx, "open", books.DisputeRequest{PurchaseID: bought["eve"].ID, Outcome: books.DisputeOpen, Amount: &forty, Reason: "stolen card"}))
	twenty := whole(20)
	week := ledger.Span(30 * 24 * time.Hour)
	hold := done[books.Hold](t)(b.HoldCreate(ctx, "hold", books.NewHold{Customer: "carl", Credits: &twenty, ExpiresAfter: &week}))
	now = time.Date(2024, 2, 1, 8, 0, 0, 0, time.UTC)
	run()
	now = time.Date(2024, 2, 1, 9, 0, 0, 0, time.UTC)
	asOf := now

	expires := func() map[string]string {
		t.Helper()
		got := map[string]string{}
		err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
			filter := books.ExpiringFilter{AsOf: asOf}
			filter.ExpiresFrom, filter.ExpiresBefore = books.ExpiringDays(ledger.NewDate(2024, 2, 1), ledger.NewDate(2024, 12, 31), time.UTC)
			if err := b.ExpiringAsOf(ctx, tx, &filter); err != nil {
				return err
			}
			for _, row := range done[[]books.Expiring](t)(tx.Expiring(ctx, filter, books.Page{})) {
				customers := done[[]books.Customer](t)(tx.CustomersByID(ctx, []string{row.CustomerID}))
				got[customers[0].ExternalID] = fmt.Sprintf("%s %d %s %s", row.Day, row.Lots, row.Credits, row.Carrying.Text())
				if row.Functional.Minor != row.Carrying.Minor {
					t.Errorf("%s of the book's own currency, of %s", row.Functional, row.Carrying)
				}
			}
			months := done[[]books.ExpiringMonth](t)(tx.ExpiringMonths(ctx, filter))
			for _, of := range months {
				got[of.Month.String()] = fmt.Sprintf("%d %d %s %s", of.Customers, of.Lots, of.Credits, of.Carrying.Text())
			}
			if n := done[int64](t)(tx.CountExpiring(ctx, filter)); int(n) != len(got)-len(months) {
				t.Errorf("%d rows are counted, of %d", n, len(got)-len(months))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	runsOut := func(customer string, asOf time.Time) (told books.RunOut) {
		t.Helper()
		err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
			found := done[[]books.Customer](t)(tx.CustomersByExternalID(ctx, []string{customer}))
			told = done[books.RunOut](t)(b.RunOut(ctx, tx, found[0].ID, asOf))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return told
	}
	wanted := map[string]string{
		"acme": "2024-05-31 1 90 90.00", "bell": "2024-05-31 1 60 20.00", "carl": "2024-05-31 1 72 72.00", "dan": "2024-02-29 1 300 300.00", "eve": "2024-05-31 1 13 13.00",
		"fay": "2024-05-31 1 80 80.00", "gus": "2024-05-31 1 100 100.00", "ian": "2024-05-31 1 40 0.00", "jane": "2024-04-10 1 24 24.00", "kim": "2024-02-01 1 30 0.00",
		"2024-02": "2 2 330 300.00", "2024-04": "1 1 24 24.00", "2024-05": "7 7 455 375.00",
	}
	outOn := map[string]string{"carl": "2024-03-24", "eve": "2024-02-01", "ian": ""}
	same := func(what string) {
		t.Helper()
		if diff := cmp.Diff(wanted, expires()); diff != "" {
			t.Errorf("after %s: %s", what, diff)
		}
		for customer, want := range outOn {
			told := runsOut(customer, asOf)
			if want == "" && (told.Day != 0 || told.Reason != forecast.TooShort) || want != "" && (told.Day.String() != want || told.To.String() != "2024-01-31") {
				t.Errorf("after %s: %s runs out %+v", what, customer, told)
			}
		}
	}
	same("nothing")
	if told, then := runsOut("carl", time.Time{}), runsOut("carl", asOf); told != then {
		t.Errorf("asked without an instant: %+v, not %+v", told, then)
	}

	now = time.Date(2024, 2, 2, 9, 0, 0, 0, time.UTC) // kim's have rolled over, and what is left lapsed
	run()
	same("a rollover of what is not paid")
	done[books.Hold](t)(b.HoldRelease(ctx, "release", books.HoldToEnd{HoldID: hold.ID, Reason: "done"}))
	done[books.Purchased](t)(b.Dispute(ctx, "won", books.DisputeRequest{PurchaseID: bought["eve"].ID, Outcome: books.DisputeWon, Reason: "proved"}))
	same("the end of a hold and of a chargeback")
	done[books.Purchased](t)(b.Dispute(ctx, "again", books.DisputeRequest{PurchaseID: bought["eve"].ID, Outcome: books.DisputeOpen, Amount: &forty, Reason: "again"}))
	done[books.Purchased](t)(b.Dispute(ctx, "lost", books.DisputeRequest{PurchaseID: bought["eve"].ID, Outcome: books.DisputeLost, Reason: "a pity"}))
	same("a chargeback that was lost")
	done[books.Purchased](t)(b.Pay(ctx, "the rest", books.Payment{PurchaseID: bought["bell"].ID}))
	done[books.Purchased](t)(b.Pay(ctx, "a part of ian's", books.Payment{PurchaseID: bought["ian"].ID, Amount: &twenty}))
	done[books.Purchased](t)(b.Pay(ctx, "kim pays", books.Payment{PurchaseID: bought["kim"].ID}))
	same("payments")
	done[books.Purchased](t)(b.Extend(ctx, "more time", books.Extension{PurchaseID: bought["dan"].ID, ExpiresAt: after(4, 30), Treatment: books.Prospective, Reason: "the board"}))
	done[books.Purchased](t)(b.Extend(ctx, "for ever", books.Extension{PurchaseID: bought["dan"].ID, NeverExpires: true, Treatment: books.CatchUp, Reason: "the board"}))
	same("extensions")
	done[books.Purchased](t)(b.Refund(ctx, "refund in part", books.RefundRequest{PurchaseID: bought["acme"].ID, Amount: twenty, Credits: &twenty, Reason: "kindness"}))
	done[books.Purchased](t)(b.Refund(ctx, "refund", books.RefundRequest{PurchaseID: bought["fay"].ID, Amount: whole(80), Reason: "kindness"}))
	same("refunds")
	done[books.Transferred](t)(b.Transfer(ctx, "transfer", books.TransferRequest{From: "gus", To: "hal", Credits: whole(30), Reason: "a merger"}))
	same("a transfer")
	sell(books.NewPurchase{Customer: "hal", Credits: whole(7), ExpiresAt: after(5, 31)})
	sell(books.NewPurchase{Customer: "carl", Credits: whole(70), ExpiresAt: after(3, 31), PurchasedAt: time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC)})
	same("other purchases")
	use("carl late", "carl", 9, time.Date(2024, 1, 30, 9, 0, 0, 0, time.UTC))
	use("gus late", "gus", 3, time.Date(2024, 1, 30, 9, 0, 0, 0, time.UTC))
	use("jane 2", "jane", 5, now)
	done[books.UsageEvent](t)(b.VoidUsage(ctx, "void", books.UsageVoid{Customer: "acme", ID: "acme 1", Reason: "a test"}))
	same("late use, and a void")
	run()
	same("their booking")
	now = time.Date(2024, 8, 1, 9, 0, 0, 0, time.UTC)
	run()
	same("lapses")
}
