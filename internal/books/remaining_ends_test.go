package books_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestRemainingEndsWithTheCredits holds figures that were worked out by hand, at 1.00 a credit, of a policy whose
// credits live for four months. All is bought on 10 January:
//
//	acme 1,200 that live so long              to May: 300.00 in each of four months
//	bell   660 that live to January of 2025           55.00 in each of twelve
//	carl   200 that never lapse                       no month
//	dan    300 that live to 29 February               300.00 in February
//	eve    400 to 31 March, due in March, no way out  200.00 in February and in March
//	fay    120.00 for 100 to May and a bonus of 100 to July: 60.00 each, 15.00 in each of four and 10.00 of six
//	hal    500 to December, invoiced, cancellable: nothing
//	ian    240 to June of a policy without an end     48.00 in each of five
//	jane   120 to 10 February, half of which roll over to 10 May: 120.00 in February
//
// On 5 February dan's credits get time to 30 April: 150.00 in March and in April.
func TestRemainingEndsWithTheCredits(t *testing.T) {
	onEachEngine(t, checkRemainingEnds)
}

func checkRemainingEnds(t *testing.T, kept *store.Store) {
	t.Helper()
	ctx, now := t.Context(), time.Date(2024, 1, 10, 9, 0, 0, 0, time.UTC)
	b := done[*books.Books](t)(books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }}))
	four := ledger.Duration{Months: 4}
	for code, policy := range map[string]revrec.Policy{
		"default": {Expires: &four}, "endless": {},
		"rolls": {Expires: &ledger.Duration{Months: 1}, Rollover: &revrec.Rollover{Share: decimal.RequireFromString("0.5"), Extend: ledger.Duration{Months: 3}}},
	} {
		done[books.Policy](t)(b.PolicyCreate(ctx, code, books.NewPolicy{Code: code, Policy: policy}))
	}
	after := func(year, month, day int) time.Time {
		return time.Date(year, time.Month(month), day+1, 0, 0, 0, 0, time.UTC)
	}
	price := whole(120)
	bought := map[string]books.Purchase{}
	sell := func(sale books.NewPurchase) {
		if sale.Price == nil {
			sale.Price = &sale.Credits
		}
		bought[sale.Customer] = done[books.Purchased](t)(b.Purchase(ctx, "sale to "+sale.Customer, sale)).Purchase
	}
	for _, customer := range []string{"acme", "bell", "carl", "dan", "eve", "fay", "hal", "ian", "jane", "kim", "lee"} {
		done[books.Customer](t)(b.CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer}))
	}
	for _, sale := range []books.NewPurchase{
		{Customer: "acme", Credits: whole(1200)},
		{Customer: "bell", Credits: whole(660), ExpiresAt: after(2025, 1, 31)},
		{Customer: "carl", Credits: whole(200), NeverExpires: true},
		{Customer: "dan", Credits: whole(300), ExpiresAt: after(2024, 2, 29), ShortExpiry: "a trial"},
		{Customer: "eve", Credits: whole(400), ExpiresAt: after(2024, 3, 31), Invoiced: true, DueOn: ledger.NewDate(2024, 3, 10)},
		{Customer: "fay", Credits: whole(100), Bonus: whole(100), Price: &price, BonusTerms: &books.BonusTerms{ExpiresAt: after(2024, 7, 31)}},
		{Customer: "hal", Credits: whole(500), ExpiresAt: after(2024, 12, 31), Invoiced: true, Cancellable: true},
		{Customer: "ian", Policy: "endless", Credits: whole(240), ExpiresAt: after(2024, 6, 30)},
		{Customer: "jane", Policy: "rolls", Credits: whole(120)},
	} {
		sell(sale)
	}
	now = time.Date(2024, 2, 1, 8, 0, 0, 0, time.UTC)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	report := func(on ledger.Date, asOf time.Time) (report books.Remaining) {
		t.Helper()
		err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
			report = done[books.Remaining](t)(b.Remaining(ctx, tx, books.RemainingRequest{On: on, AsOf: asOf}))
			foots(t, report.Checks, 1)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	holds := func(report books.Remaining, unscheduled string, want map[string]string) {
		t.Helper()
		got := map[string]string{}
		for _, of := range report.Totals[0].Months {
			got[of.Month.String()] = of.Amount.Amount.Text()
			if of.Amount.Functional.Text() != of.Amount.Amount.Text() {
				t.Errorf("%s of the book's own currency in %s, of %s", of.Amount.Functional, of.Month, of.Amount.Amount)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || report.Totals[0].Unscheduled.Amount.Text() != unscheduled {
			t.Errorf("%s in no month; %s", report.Totals[0].Unscheduled.Amount, diff)
		}
	}
	asOf := now
	january := report(ledger.NewDate(2024, 1, 31), asOf)
	holds(january, "200.00", map[string]string{
		"2024-02": "1048.00", "2024-03": "628.00", "2024-04": "428.00", "2024-05": "428.00", "2024-06": "113.00", "2024-07": "65.00",
		"2024-08": "55.00", "2024-09": "55.00", "2024-10": "55.00", "2024-11": "55.00", "2024-12": "55.00", "2025-01": "55.00",
	})
	for _, row := range january.Rows {
		if row.Method != books.ToExpiry {
			t.Errorf("%s goes by %s", row.PolicyID, row.Method)
		}
	}

	now = time.Date(2024, 2, 5, 9, 0, 0, 0, time.UTC)
	done[books.Purchased](t)(b.Extend(ctx, "more time", books.Extension{PurchaseID: bought["dan"].ID, ExpiresAt: after(2024, 4, 30), Treatment: books.Prospective, Reason: "the board"}))
	now = now.Add(time.Hour)
	holds(report(ledger.NewDate(2024, 2, 5), now), "200.00", map[string]string{ // February has gone by, and jane's lapse next
		"2024-03": "1222.00", "2024-04": "702.00", "2024-05": "552.00", "2024-06": "132.00", "2024-07": "72.00",
		"2024-08": "60.00", "2024-09": "60.00", "2024-10": "60.00", "2024-11": "60.00", "2024-12": "60.00", "2025-01": "60.00",
	})

	// Whatever comes after leaves what was known of January as it was.
	text := func() string { return string(done[[]byte](t)(json.Marshal(report(ledger.NewDate(2024, 1, 31), asOf)))) }
	want := string(done[[]byte](t)(json.Marshal(january)))
	same := func(what string) {
		t.Helper()
		if got := text(); got != want {
			t.Errorf("after %s: %s", what, cmp.Diff(want, got))
		}
	}
	same("an extension")
	done[books.Purchased](t)(b.Extend(ctx, "for ever", books.Extension{PurchaseID: bought["dan"].ID, NeverExpires: true, Treatment: books.CatchUp, Reason: "the board"}))
	same("a second one")
	used, hundred, twenty := whole(90), whole(100), whole(20)
	done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{
		{ID: "1", Customer: "acme", Credits: &used}, {ID: "2", Customer: "fay", Credits: &used}, {ID: "3", Customer: "eve", Credits: &used}, {ID: "4", Customer: "dan", Credits: &used},
	}))
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	same("use")
	done[books.Transferred](t)(b.Transfer(ctx, "t1", books.TransferRequest{From: "bell", To: "kim", Credits: hundred, Reason: "a merger"}))
	done[books.Transferred](t)(b.Transfer(ctx, "t2", books.TransferRequest{From: "fay", To: "kim", Credits: hundred, Reason: "a merger"}))
	done[books.Transferred](t)(b.Transfer(ctx, "t3", books.TransferRequest{From: "dan", To: "kim", Credits: hundred, Reason: "a merger"}))
	same("transfers")
	sell(books.NewPurchase{Customer: "lee", Credits: whole(70), Bonus: whole(31), ExpiresAt: after(2024, 9, 30), BonusTerms: &books.BonusTerms{ExpiresAt: after(2024, 11, 30)}})
	same("another purchase")
	sell(books.NewPurchase{
		Customer: "kim", Credits: whole(100), Bonus: whole(37), ExpiresAt: after(2024, 9, 30), BonusTerms: &books.BonusTerms{ExpiresAt: after(2024, 11, 30)}, Invoiced: true,
		PurchasedAt: time.Date(2024, 1, 20, 9, 0, 0, 0, time.UTC),
	})
	part := whole(33)
	for _, key := range []string{"first part", "second part"} {
		done[books.Purchased](t)(b.Pay(ctx, key, books.Payment{PurchaseID: bought["kim"].ID, Amount: &part}))
		same("the " + key)
	}
	done[books.Purchased](t)(b.Pay(ctx, "hal pays", books.Payment{PurchaseID: bought["hal"].ID}))
	same("a payment")
	done[books.Purchased](t)(b.Refund(ctx, "r1", books.RefundRequest{PurchaseID: bought["acme"].ID, Amount: twenty, Credits: &twenty, Reason: "kindness"}))
	done[books.Purchased](t)(b.Refund(ctx, "r2", books.RefundRequest{PurchaseID: bought["carl"].ID, Amount: hundred, Reason: "kindness"}))
	same("refunds")
	now = time.Date(2024, 3, 20, 9, 0, 0, 0, time.UTC)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	same("an invoice that fell due, and a rollover")
	done[books.Purchased](t)(b.VoidPurchase(ctx, "v", books.PurchaseVoid{PurchaseID: bought["eve"].ID, Reason: "a mistake"}))
	same("a void")
	now = time.Date(2024, 6, 20, 9, 0, 0, 0, time.UTC) // acme's have lapsed, and what rolled over of jane's
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	same("lapses")
	done[books.Reinstated](t)(b.Reinstate(ctx, "back", books.Reinstatement{
		PurchaseID: bought["acme"].ID, Credits: hundred, ExpiresAt: after(2024, 9, 30), Treatment: books.PriceConcession, Reason: "kindness",
	}))
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	same("a reinstatement")
}
