package books_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestRevenueFromOpening holds figures of a February that were worked out by hand. Prices are 1.00
// a credit; early breakage of the second policy is 10 %, over one pool.
//
//	10 January   acme buys 1,000; dan, of the other policy, 1,000
//	15 January   acme uses 200, and 100
//	20 January   bell is invoiced for 600, due on 20 March; on 25 January it pays 200.00
//	30 January   bell uses 100
//	             January closes: 700.00 and 100.00 are deferred, and 1,000.00 of the other policy
//	 5 February  bell pays 300.00 more; eve, of the other policy, buys 500
//	10 February  bell uses 250: the 100.00 that were left, and 150.00 of what it paid since
//	             dan uses 300 and eve 100: U = 400, B = 150, early 150 x 400 / 1,350 = 44.44, of which 300 / 400
//	             are of what was there, 33.33
//	12 February  acme uses 200
//	15 February  carl buys 50 and uses them
//	16 February  acme's 100 of January are void
//	18 February  acme has used 10 on 29 January: booked on 1 February
func TestRevenueFromOpening(t *testing.T) {
	onEachEngine(t, checkRevenueFromOpening)
}

func checkRevenueFromOpening(t *testing.T, kept *store.Store) {
	t.Helper()
	ctx, now := t.Context(), time.Time{}
	on := func(month time.Month, day int) { now = time.Date(2024, month, day, 9, 0, 0, 0, time.UTC) }
	on(1, 10)
	b := done[*books.Books](t)(books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }, Signer: sealSigner}))
	done[books.Policy](t)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default"}))
	done[books.Policy](t)(b.PolicyCreate(ctx, "q", books.NewPolicy{Code: "pooled", Policy: revrec.Policy{
		Breakage: revrec.Breakage{Method: revrec.Proportional, Pool: revrec.PoolByPolicy, Rate: decimal.New(1, -1)},
	}}))
	sell := func(customer, policy string, credits int64, due ledger.Date) string {
		done[books.Customer](t)(b.CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer}))
		price := whole(credits)
		return done[books.Purchased](t)(b.Purchase(ctx, "sale to "+customer, books.NewPurchase{Customer: customer, Policy: policy, Credits: price, Price: &price, Invoiced: due != 0, DueOn: due})).Purchase.ID
	}
	use := func(id, customer string, credits int64, at time.Time) {
		of := whole(credits)
		done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{{ID: id, Customer: customer, Credits: &of, OccurredAt: at}}))
	}
	pay := func(key, purchase string, amount int64) {
		of := whole(amount)
		done[books.Purchased](t)(b.Pay(ctx, key, books.Payment{PurchaseID: purchase, Amount: &of}))
	}
	sell("acme", "", 1000, 0)
	sell("dan", "pooled", 1000, 0)
	on(1, 15)
	use("1", "acme", 200, now)
	use("2", "acme", 100, now)
	on(1, 20)
	bell := sell("bell", "", 600, ledger.NewDate(2024, 3, 20))
	on(1, 25)
	pay("first", bell, 200)
	on(1, 30)
	use("3", "bell", 100, now)
	on(2, 3)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	done[[]books.GLCode](t)(b.GLAccountsSet(ctx, "gl", books.SampleGLCodes()))
	done[books.Closing](t)(b.PeriodClose(ctx, "close", books.ClosePeriod{Period: january}))
	on(2, 5)
	pay("second", bell, 300)
	sell("eve", "pooled", 500, 0)
	on(2, 10)
	use("4", "bell", 250, now)
	use("5", "dan", 300, now)
	use("6", "eve", 100, now)
	on(2, 12)
	use("7", "acme", 200, now)
	on(2, 15)
	sell("carl", "", 50, 0)
	use("8", "carl", 50, now)
	on(2, 16)
	done[books.UsageEvent](t)(b.VoidUsage(ctx, "void", books.UsageVoid{Customer: "acme", ID: "2"}))
	on(2, 18)
	use("9", "acme", 10, time.Date(2024, 1, 29, 9, 0, 0, 0, time.UTC))
	on(3, 1)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))

	err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
		report := done[books.OpeningRevenue](t)(b.RevenueFromOpening(ctx, tx, books.OpeningRevenueRequest{From: february.First(), To: february.Last()}))
		got := map[string]string{}
		for _, row := range report.Rows {
			policy := done[[]books.Policy](t)(tx.PoliciesByID(ctx, []string{row.PolicyID}))[0].Code
			got[policy] = "of " + row.Opening.Amount.Text() + ": " + columnsText(row.Columns) + "; since: " + row.FromSpan.Amount.Text() + "; all: " + row.Revenue.Amount.Text()
			for _, of := range row.Earlier {
				got[policy] += "; " + string(of.Column) + " " + of.Amount.Text()
			}
		}
		if diff := cmp.Diff(map[string]string{
			"default": "of 800.00: USED 210.00; since: 200.00; all: 410.00; LATE_USE 10.00; VOIDED_USE -100.00",
			"pooled":  "of 1000.00: USED 300.00 BREAKAGE_EARLY 33.33; since: 111.11; all: 444.44",
		}, got); diff != "" {
			t.Error(diff)
		}
		foots(t, report.Checks, 2)
		if report.ControlTotal().Minor != 54_333 {
			t.Errorf("out of the opening balance came %s", report.ControlTotal())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestNoMoreThanTheOpeningBalance holds a February in which more is recognised of what was there than
// was deferred of it, worked out by hand at 1.00 a credit. Half of what is sold is expected to break,
// over one pool of all.
//
//	10 January   dan buys 100 and uses 40: B = 50, early 50 x 40 / 50 = 40.00, so that 20.00 are deferred
//	             fay buys 10, of which the law claims all once use is remote, after three days
//	10 February  eve buys 100 of dan's kind; dan uses the 60 that are left: G = 200, U = 100, B = 100, early
//	             100.00. All use was dan's, but of the 120.00 no more than 20.00 were deferred
//	             fay uses 7: revenue out of what was owed under the law, not of deferred revenue
func TestNoMoreThanTheOpeningBalance(t *testing.T) {
	onEachEngine(t, checkNoMoreThanTheOpeningBalance)
}

func checkNoMoreThanTheOpeningBalance(t *testing.T, kept *store.Store) {
	t.Helper()
	ctx, now := t.Context(), time.Date(2024, 1, 10, 9, 0, 0, 0, time.UTC)
	b := done[*books.Books](t)(books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }}))
	done[books.Policy](t)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "pooled", Policy: revrec.Policy{
		Breakage: revrec.Breakage{Method: revrec.Proportional, Pool: revrec.PoolByPolicy, Rate: decimal.New(5, -1)},
	}}))
	done[books.Policy](t)(b.PolicyCreate(ctx, "q", books.NewPolicy{Code: "remote", Policy: revrec.Policy{
		Breakage: revrec.Breakage{Method: revrec.Remote, RemoteAfter: ledger.Duration{Days: 3}, RemoteFrom: revrec.FromPurchase, Escheat: decimal.New(1, 0)},
	}}))
	sell := func(customer, policy string, credits int64) {
		done[books.Customer](t)(b.CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer}))
		price := whole(credits)
		done[books.Purchased](t)(b.Purchase(ctx, "sale to "+customer, books.NewPurchase{Customer: customer, Policy: policy, Credits: price, Price: &price}))
	}
	use := func(id, customer string, credits int64) {
		of := whole(credits)
		done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{{ID: id, Customer: customer, Credits: &of, OccurredAt: now}}))
	}
	sell("dan", "pooled", 100)
	sell("fay", "remote", 10)
	use("1", "dan", 40)
	now = time.Date(2024, 2, 10, 9, 0, 0, 0, time.UTC)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	sell("eve", "pooled", 100)
	use("2", "dan", 60)
	use("3", "fay", 7)
	now = time.Date(2024, 3, 1, 9, 0, 0, 0, time.UTC)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
		report := done[books.OpeningRevenue](t)(b.RevenueFromOpening(ctx, tx, books.OpeningRevenueRequest{From: february.First(), To: february.Last()}))
		got := map[string]string{}
		for _, row := range report.Rows {
			policy := done[[]books.Policy](t)(tx.PoliciesByID(ctx, []string{row.PolicyID}))[0].Code
			got[policy] = "of " + row.Opening.Amount.Text() + ": " + columnsText(row.Columns) + "; since: " + row.FromSpan.Amount.Text() + "; all: " + row.Revenue.Amount.Text()
		}
		if diff := cmp.Diff(map[string]string{
			"pooled": "of 20.00: USED 60.00 BREAKAGE_EARLY -40.00; since: 100.00; all: 120.00",
			"remote": "of 0.00: ; since: 7.00; all: 7.00",
		}, got); diff != "" {
			t.Error(diff)
		}
		foots(t, report.Checks, 2)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
