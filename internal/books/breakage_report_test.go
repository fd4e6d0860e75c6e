package books_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestBreakageReport holds figures that were worked out by hand. The law claims 0.4 of what
// breaks under the policy "monthly", a tenth of which is expected to; a fifth is under "wide",
// whose lots are one pool.
//
//	10 Jan  monthly  1,000 credits for 1,000.00   450 used on 5 Feb: B 100.00, 100 × 450 ÷ 900 =  50.00 early, 20.00 of it the law's
//	10 Feb  wide        10 credits for    10.00     4 used on 12 Feb: B  2.00,   2 ×   4 ÷   8 =   1.00 early
//	10 Mar  monthly    100 credits for    50.00     none used:        B  5.00,                     0.00 early
//	10 Jan 2025        550 credits lapse: 550.00, 220.00 of it the law's; their pool gives its 50.00 back
func TestBreakageReport(t *testing.T) {
	onEachEngine(t, checkBreakageReport)
}

func checkBreakageReport(t *testing.T, kept *store.Store) {
	t.Helper()
	ctx := t.Context()
	now := time.Date(2024, 1, 10, 12, 0, 0, 0, time.UTC)
	at := func(month time.Month, day int) { now = time.Date(2024, month, day, 12, 0, 0, 0, time.UTC) }
	b := done[*books.Books](t)(books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }}))
	estimated := func(code string, pool revrec.PoolBy, rate, escheat string) books.Policy {
		year := ledger.Duration{Months: 12}
		return done[books.Policy](t)(b.PolicyCreate(ctx, code, books.NewPolicy{Code: code, Policy: revrec.Policy{
			Expires:  &year,
			Breakage: revrec.Breakage{Method: revrec.Proportional, Pool: pool, Rate: decimal.RequireFromString(rate), Escheat: decimal.RequireFromString(escheat)},
		}}))
	}
	monthly := estimated("monthly", revrec.PoolByPurchaseMonth, "0.1", "0.4")
	wide := estimated("wide", revrec.PoolByPolicy, "0.2", "0")
	buy := func(customer, policy string, credits, price int64) {
		paid := whole(price)
		done[books.Customer](t)(b.CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer}))
		done[books.Purchased](t)(b.Purchase(ctx, "buy "+customer, books.NewPurchase{Customer: customer, Policy: policy, Credits: whole(credits), Price: &paid}))
	}
	use := func(customer string, credits int64) {
		done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{{ID: "1", Customer: customer, Credits: new(whole(credits)), OccurredAt: now}}))
	}
	buy("january", "monthly", 1000, 1000)
	at(time.February, 5)
	use("january", 450)
	at(time.February, 10)
	buy("february", "wide", 10, 10)
	at(time.February, 12)
	use("february", 4)
	at(time.March, 10)
	buy("march", "monthly", 100, 50)
	at(time.March, 20)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))

	names := map[string]string{monthly.ID: "monthly", wide.ID: "wide"}
	show := func(row books.BreakageRow) string {
		text := func(a books.BreakageAmount) string {
			if a.Amount != a.Functional {
				t.Errorf("%s is %s in the book's currency", a.Amount.Text(), a.Functional.Text())
			}
			return a.Amount.Text()
		}
		month := "whole"
		if row.Month != 0 {
			month = row.Month.String()
		}
		return fmt.Sprintf("%s %s sold %s used %s lapsed %s open %s | price %s earned %s expiry %s early %s expected %s to come %s law %s",
			names[row.PolicyID], month, row.Sold, row.Used, row.Lapsed, row.Open(), text(row.Price), text(row.Earned), text(row.AtExpiry), text(row.Early),
			text(row.Expected), text(row.ToCome()), text(row.Escheated))
	}
	expect := func(through string, want ...string) {
		t.Helper()
		period := done[ledger.Period](t)(ledger.ParsePeriod(through))
		for _, policy := range []books.Policy{monthly, wide} {
			report := breakageReport(t, b, books.BreakageRequest{Filter: books.CohortFilter{PolicyID: policy.ID}, Through: period})
			for _, row := range report.Rows {
				if len(want) == 0 || show(row) != want[0] {
					t.Errorf("through %s:\ngot  %s\nwant %v", through, show(row), want)
				}
				want = want[min(1, len(want)):]
			}
		}
		if len(want) > 0 {
			t.Errorf("through %s: missing %v", through, want)
		}
	}
	expect("2024-01", // 5 February is not in it
		"monthly 2024-01 sold 1000 used 0 lapsed 0 open 1000 | price 1000.00 earned 0.00 expiry 0.00 early 0.00 expected 100.00 to come 100.00 law 0.00")
	march := []string{
		"monthly 2024-01 sold 1000 used 450 lapsed 0 open 550 | price 1000.00 earned 450.00 expiry 0.00 early 50.00 expected 100.00 to come 50.00 law 20.00",
		"monthly 2024-03 sold 100 used 0 lapsed 0 open 100 | price 50.00 earned 0.00 expiry 0.00 early 0.00 expected 5.00 to come 5.00 law 0.00",
		"wide whole sold 0 used 0 lapsed 0 open 0 | price 0.00 earned 0.00 expiry 0.00 early 1.00 expected 2.00 to come 1.00 law 0.00",
		"wide 2024-02 sold 10 used 4 lapsed 0 open 6 | price 10.00 earned 4.00 expiry 0.00 early 0.00 expected 0.00 to come 0.00 law 0.00",
	}
	expect("2024-03", march...)

	now = time.Date(2025, 1, 20, 12, 0, 0, 0, time.UTC)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	expect("2024-03", march...)
	expect("2025-01",
		"monthly 2024-01 sold 1000 used 450 lapsed 550 open 0 | price 1000.00 earned 450.00 expiry 550.00 early 0.00 expected 0.00 to come 0.00 law 220.00",
		march[1], march[2], march[3])
	report := breakageReport(t, b, books.BreakageRequest{Through: ledger.NewDate(2024, 3, 1).Period()})
	want := " whole sold 1110 used 454 lapsed 0 open 656 | price 1060.00 earned 454.00 expiry 0.00 early 51.00 expected 107.00 to come 56.00 law 20.00"
	if len(report.Totals) != 1 || show(report.Totals[0]) != want {
		t.Errorf("got %v, want %s", report.Totals, want)
	}

	err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
		_, err := b.Breakage(ctx, tx, books.BreakageRequest{Through: ledger.NewDate(2025, 2, 1).Period()})
		return err
	})
	if books.CodeOf(err) != books.Invalid {
		t.Errorf("a month to come: got %v", err)
	}
}

func breakageReport(t interface{ Fatal(...any) }, b *books.Books, request books.BreakageRequest) (report books.BreakageReport) {
	err := b.View(context.Background(), func(ctx context.Context, tx books.Tx) (err error) {
		report, err = b.Breakage(ctx, tx, request)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// checkBreakageReport holds the totals of the report against the lots and the journal: what
// was earned and released, and what breakage came to.
func (p *playedBook) checkBreakageReport(t *rapid.T, h history) {
	report := breakageReport(t, p.Books, books.BreakageRequest{Through: (p.Yesterday() + 1).Period()})
	got, want := map[string]int64{}, map[string]int64{}
	for _, total := range report.Totals {
		name := string(total.Currency)
		got[name+" price"] += total.Price.Amount.Minor
		got[name+" earned"] += total.Earned.Amount.Minor
		got[name+" released"] += total.AtExpiry.Amount.Minor + total.Remote.Amount.Minor
		got[name+" early"] += total.Early.Amount.Minor
		got[name+" functional released"] += total.AtExpiry.Functional.Minor + total.Remote.Functional.Minor
	}
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		lots, err := tx.Lots(ctx, books.LotFilter{}, books.Page{})
		if err != nil {
			return err
		}
		for _, lot := range lots {
			if lot.Kind != revrec.PurchaseLot {
				continue
			}
			name := string(lot.Price.Currency)
			if lot.OriginID == "" {
				want[name+" price"] += lot.Price.Minor
			}
			want[name+" earned"] += lot.Recognised.Minor
			want[name+" released"] += lot.Released.Minor
			want[name+" functional released"] += lot.ReleasedFunctional.Minor
		}
		pools, err := tx.Pools(ctx, "", books.Page{})
		if err != nil {
			return err
		}
		for _, pool := range pools {
			booked, err := tx.BookedOfPools(ctx, []books.PoolWork{{Pool: pool}})
			if err != nil {
				return err
			}
			for _, sum := range booked[pool.ID] {
				want[string(pool.Currency)+" early"] += sum.Minor
			}
		}
		return nil
	}))
	if diff := cmp.Diff(withoutZero(want), withoutZero(got)); diff != "" {
		t.Fatalf("the breakage report differs from lots and pools (-): %s\n%s", diff, h)
	}
}
