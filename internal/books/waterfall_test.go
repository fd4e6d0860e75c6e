package books_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestWaterfallAndIncome holds figures that were worked out by hand. Credits live for 60 days, and the law
// claims a fifth of what lapses; 1 EUR is 1.10 USD.
//
//	10 January   acme buys 1,000 credits for 1,000.00 USD
//	20 January   acme uses 200 by a meter and 100 without: 300.00
//	 5 February  bell buys 500 for 500.00 EUR
//	10 February  acme gives bell 100 credits, which stay credits of January
//	12 February  bell uses 150: those 100, 100.00 USD, and 50 of its own, 50.00 EUR
//	20 February  bell gets 460.00 EUR back for its 450: 450.00 were deferred, 10.00 are contra-revenue
//	 9 March     600 of acme lapse: 480.00 USD are revenue, 120.00 the law's
func TestWaterfallAndIncome(t *testing.T) {
	onEachEngine(t, checkWaterfallAndIncome)
}

func checkWaterfallAndIncome(t *testing.T, kept *store.Store) {
	t.Helper()
	ctx, now := t.Context(), time.Date(2024, 1, 10, 9, 0, 0, 0, time.UTC)
	b := done[*books.Books](t)(books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }}))
	done[books.Policy](t)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default", Policy: revrec.Policy{
		Expires: &ledger.Duration{Days: 60}, Breakage: revrec.Breakage{Method: revrec.OnExpiry, Escheat: decimal.RequireFromString("0.2")},
	}}))
	done[books.Meter](t)(b.MeterCreate(ctx, "m", books.NewMeter{Code: "calls", Credits: whole(1)}))
	at := func(month time.Month, day int) { now = time.Date(2024, month, day, 9, 0, 0, 0, time.UTC) }
	sell := func(customer string, credits int64, currency ledger.Currency, rate decimal.Decimal) books.Purchase {
		done[books.Customer](t)(b.CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer}))
		price := whole(credits)
		return done[books.Purchased](t)(b.Purchase(ctx, "sale to "+customer, books.NewPurchase{Customer: customer, Credits: price, Price: &price, Currency: currency, FXRate: &rate})).Purchase
	}
	use := func(id, customer, meter string, amount int64) {
		event, of := books.UsageInput{ID: id, Customer: customer, Meter: meter}, whole(amount)
		if event.Credits = &of; meter != "" {
			event.Credits, event.Quantity = nil, &of
		}
		done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{event}))
	}
	sell("acme", 1000, "USD", whole(1))
	at(1, 20)
	use("1", "acme", "calls", 200)
	use("2", "acme", "", 100)
	at(2, 5)
	theirs := sell("bell", 500, "EUR", decimal.RequireFromString("1.1"))
	at(2, 10)
	done[books.Transferred](t)(b.Transfer(ctx, "t", books.TransferRequest{From: "acme", To: "bell", Credits: whole(100)}))
	at(2, 12)
	use("3", "bell", "", 150)
	at(2, 20)
	done[books.Purchased](t)(b.Refund(ctx, "r", books.RefundRequest{PurchaseID: theirs.ID, Amount: whole(460)}))
	at(4, 2)
	for _, job := range []books.JobName{books.JobRecognise, books.JobExpire, books.JobBreakage} {
		done[books.JobRun](t)(b.RunJob(ctx, job, books.RunOptions{}))
	}
	january := ledger.NewDate(2024, 1, 1).Period()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.View(ctx, func(ctx context.Context, tx books.Tx) error {
		fall := done[books.Waterfall](t)(b.Waterfall(ctx, tx, books.WaterfallRequest{From: january, To: january + 2}))
		var got []string
		for _, row := range fall.Rows {
			got = append(got, waterfallText(row))
		}
		if diff := cmp.Diff([]string{
			"2024-02 EUR: 0.00 + 500.00 - 450.00 + 0.00; 2024-02 USED 50.00 REFUNDS -10.00 (-11.00); 0.00",
			"2024-01 USD: 0.00 + 1000.00 + 0.00 - 120.00; 2024-01 USED 300.00; 2024-02 USED 100.00; 2024-03 BREAKAGE_EXPIRY 480.00; 0.00",
		}, got); diff != "" {
			t.Error(diff)
		}
		fall = done[books.Waterfall](t)(b.Waterfall(ctx, tx, books.WaterfallRequest{From: january + 1, To: january + 1, By: books.ByPolicy}))
		if len(fall.Rows) != 2 || fall.Rows[1].Opening.Amount.Minor != 70_000 || fall.Rows[1].Closing.Amount.Minor != 60_000 || fall.Rows[0].PolicyID == "" {
			t.Errorf("in February: %+v", fall.Rows)
		}
		foots(t, fall.Checks, 4)
		for by, want := range map[books.Dimension][]string{
			"":             {" EUR: USED 50.00 REFUNDS -10.00 (-11.00); 40.00", " USD: USED 400.00 BREAKAGE_EXPIRY 480.00; 880.00"},
			books.ByPolicy: {"default EUR: USED 50.00 REFUNDS -10.00 (-11.00); 40.00", "default USD: USED 400.00 BREAKAGE_EXPIRY 480.00; 880.00"},
			books.ByPack:   {" EUR: USED 50.00 REFUNDS -10.00 (-11.00); 40.00", " USD: USED 400.00 BREAKAGE_EXPIRY 480.00; 880.00"},
			books.ByCustomer: {
				"acme USD: USED 300.00 BREAKAGE_EXPIRY 480.00; 780.00", "bell EUR: USED 50.00 REFUNDS -10.00 (-11.00); 40.00", "bell USD: USED 100.00; 100.00",
			},
			books.ByMeter: {" EUR: USED 50.00; 50.00", " USD: USED 200.00; 200.00", "calls USD: USED 200.00; 200.00", "none EUR: REFUNDS -10.00 (-11.00); -10.00", "none USD: BREAKAGE_EXPIRY 480.00; 480.00"},
		} {
			request, got := books.IncomeRequest{From: january.First(), To: (january + 2).Last(), By: by, First: 2}, []string(nil)
			for more := true; more; { // in pages
				page := done[books.Income](t)(b.Income(ctx, tx, request))
				foots(t, page.Checks, 2)
				if more = page.More; page.Count != int64(len(want)) || page.ControlTotal().Minor != 92_400 {
					t.Errorf("by %q %d rows of %s", by, page.Count, page.ControlTotal())
				}
				for _, row := range page.Rows {
					got, request.After = append(got, incomeText(ctx, t, tx, row)), row.Key()
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("by %q: %s", by, diff)
			}
		}
		early := done[books.Income](t)(b.Income(ctx, tx, books.IncomeRequest{From: january.First(), To: (january + 2).Last(), AsOf: time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)}))
		if len(early.Rows) != 1 || early.Rows[0].Revenue.Minor != -1000 { // nothing but the refund was posted
			t.Errorf("as of then there is %+v", early.Rows)
		}
		for _, request := range []books.IncomeRequest{{From: 2, To: 1}, {From: 1, To: 9000}, {From: 1, To: 1, AsOf: now.Add(1)}, {From: 1, To: 400, By: books.ByMeter}} {
			if _, err := b.Income(ctx, tx, request); books.CodeOf(err) != books.Invalid && books.CodeOf(err) != books.TooLarge {
				t.Errorf("%+v is answered with %v", request, err)
			}
		}
		return nil
	}))
}

// TestRevenueByHand holds that entries by hand stand apart, and that reports foot with them: 5.00 of
// revenue are deferred in February.
func TestRevenueByHand(t *testing.T) {
	b, _, now := closing(t)
	*now = time.Date(2024, 3, 2, 0, 0, 0, 0, time.UTC)
	approved(t, b, "by hand", books.NewManualEntry{
		AccountingDate: february.First(), Reason: "a test", Description: "a test", ControlAccounts: "a test",
		Lines: []books.NewManualLine{debit(ledger.UsageRevenue, "5.00"), credit(ledger.DeferredRevenue, "5.00")},
	})
	err := b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		fall := done[books.Waterfall](t)(b.Waterfall(ctx, tx, books.WaterfallRequest{From: february, To: february}))
		if total := fall.Totals[0]; columnsText(total.Columns) != "MANUAL -5.00" || total.Manual.Amount.Minor != 500 || total.Closing.Amount.Minor != 9500 {
			t.Errorf("%+v", total)
		}
		foots(t, fall.Checks, 2)
		income := done[books.Income](t)(b.Income(ctx, tx, books.IncomeRequest{From: february.First(), To: february.Last(), By: books.ByCustomer}))
		if len(income.Rows) != 1 || !income.Rows[0].None || income.Rows[0].Revenue.Minor != -500 {
			t.Errorf("%+v", income.Rows)
		}
		foots(t, income.Checks, 1)
		opening := done[books.OpeningRevenue](t)(b.RevenueFromOpening(ctx, tx, books.OpeningRevenueRequest{From: february.First(), To: february.Last()}))
		if total := opening.Totals[0]; total.Manual.Amount.Minor != -500 || total.Opening.Amount.Minor != 9000 {
			t.Errorf("%+v", total)
		}
		foots(t, opening.Checks, 2)
		foots(t, done[books.Remaining](t)(b.Remaining(ctx, tx, books.RemainingRequest{On: february.Last()})).Checks, 1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// columnsText is the columns, with the book's currency where it does not follow from the other.
func columnsText(columns []books.RevenueAmount) string {
	var text []string
	for _, of := range columns {
		one := string(of.Column) + " " + of.Amount.Text()
		if of.Column == books.RefundedRevenue {
			one += " (" + of.Functional.Text() + ")"
		}
		text = append(text, one)
	}
	return strings.Join(text, " ")
}

func waterfallText(row books.WaterfallRow) string {
	signed := func(of books.BreakageAmount) string {
		if of.Amount.Minor < 0 {
			return " - " + of.Amount.Neg().Text()
		}
		return " + " + of.Amount.Text()
	}
	text := row.Month.String() + " " + string(row.Currency) + ": " + row.Opening.Amount.Text() + signed(row.Sold) + signed(row.TakenBack) + signed(row.Escheated)
	for _, month := range row.Months {
		text += "; " + month.Month.String() + " " + columnsText(month.Columns)
	}
	return text + "; " + row.Closing.Amount.Text()
}

func incomeText(ctx context.Context, t *testing.T, tx books.Tx, row books.IncomeRow) string {
	t.Helper()
	name := row.GroupKey
	switch {
	case row.None:
		name = "none"
	case row.By == books.ByCustomer:
		name = done[[]books.Customer](t)(tx.CustomersByID(ctx, []string{name}))[0].ExternalID
	case row.By == books.ByPolicy:
		name = done[[]books.Policy](t)(tx.PoliciesByID(ctx, []string{name}))[0].Code
	case row.By == books.ByMeter && name != "":
		name = "calls"
	}
	return name + " " + string(row.Currency) + ": " + columnsText(row.Columns) + "; " + row.Revenue.Text()
}

func foots(t *testing.T, checks []books.LedgerCheck, many int) {
	t.Helper()
	if len(checks) != many {
		t.Errorf("%d checks, want %d: %+v", len(checks), many, checks)
	}
	for _, check := range checks {
		if check.Difference().Minor != 0 || check.FunctionalDifference().Minor != 0 {
			t.Errorf("does not foot: %+v", check)
		}
	}
}
