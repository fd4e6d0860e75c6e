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

// TestEarlyBreakage holds figures that were worked out by hand. One pool, at 10 %, of which the
// law claims a fifth; early breakage is U x r / (1 - r) as long as that is less than what is unused.
//
//	15 January   400.00 of 1,500.00 used: 44.444, so 35.56 and 8.89, together 44.45
//	10 February  150.00 more, and 20 %. By 10 % 61.111: 48.89 and 12.22, 16.66 more with use; by
//	             20 % 137.50: 110.00 and 27.50, caught up 76.39, of which 15.28 is the law's
//	20 February  500.00 lapse, of which 100.00 were used: 450 x 0.2 / 0.8 = 112.50, given back 25.00
//
// At 15 % it would be 79.412: 63.53 and 15.88; at 25 % 150.00: 120.00 and 30.00.
func TestEarlyBreakage(t *testing.T) {
	onEachEngine(t, checkEarlyBreakage)
}

func checkEarlyBreakage(t *testing.T, kept *store.Store) {
	t.Helper()
	ctx, now := t.Context(), time.Date(2024, 1, 2, 9, 0, 0, 0, time.UTC)
	b := done[*books.Books](t)(books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }}))
	done[books.Policy](t)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default", Policy: revrec.Policy{Breakage: revrec.Breakage{
		Method: revrec.Proportional, Pool: revrec.PoolByPolicy, Rate: decimal.RequireFromString("0.1"), Escheat: decimal.RequireFromString("0.2"),
	}}}))
	sell := func(customer string, credits int64, ends time.Time) {
		done[books.Customer](t)(b.CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer}))
		price := whole(credits)
		sale := books.NewPurchase{Customer: customer, Credits: whole(credits), Price: &price}
		if !ends.IsZero() {
			sale.ExpiresAt = ends
		}
		done[books.Purchased](t)(b.Purchase(ctx, "sale to "+customer, sale))
	}
	sell("acme", 1000, time.Time{})
	sell("bell", 500, time.Date(2024, 2, 21, 0, 0, 0, 0, time.UTC))
	use := func(customer string, credits int64) {
		amount := whole(credits)
		done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{{ID: fmt.Sprint(customer, now), Customer: customer, Credits: &amount, OccurredAt: now}}))
	}
	now = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
	use("acme", 300)
	use("bell", 100)
	now = time.Date(2024, 2, 10, 12, 0, 0, 0, time.UTC)
	use("acme", 150)
	done[books.Estimate](t)(b.EstimateCreate(ctx, "e", books.NewEstimate{Policy: "default", Rate: decimal.RequireFromString("0.2")}))
	now = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
	sensitivity := func(request books.SensitivityRequest) (report books.Sensitivity) {
		request.Policy = "default"
		err := b.View(ctx, func(ctx context.Context, tx books.Tx) (err error) {
			report, err = b.Sensitivity(ctx, tx, request)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	if before := sensitivity(books.SensitivityRequest{}); !before.Waiting {
		t.Error("nothing waits, before anything is booked")
	}
	for _, job := range []books.JobName{books.JobRecognise, books.JobExpire, books.JobBreakage} {
		done[books.JobRun](t)(b.RunJob(ctx, job, books.RunOptions{}))
	}

	february := books.EarlyRequest{From: ledger.NewDate(2024, 2, 1), To: ledger.NewDate(2024, 2, 29)}
	err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
		report := done[books.EarlyRollForward](t)(b.EarlyRollForward(ctx, tx, february))
		if len(report.Rows) != 1 || len(report.Checks) != 1 {
			t.Fatalf("%d rows and %d checks", len(report.Rows), len(report.Checks))
		}
		row := report.Rows[0]
		got := []string{sumText(row.Opening), sumText(row.WithUse), sumText(row.CatchUp), sumText(row.GivenUp), sumText(row.Closing)}
		if diff := cmp.Diff([]string{"44.45 35.56 8.89", "16.66 13.33 3.33", "76.39 61.11 15.28", "-25.00 -20.00 -5.00", "112.50 90.00 22.50"}, got); diff != "" {
			t.Error(diff)
		}
		if check := report.Checks[0]; check.Ledger.Minor != 11250 || check.Difference().Minor != 0 || check.FunctionalDifference().Minor != 0 {
			t.Errorf("does not foot: %+v", check)
		}
		changes := done[books.EstimateChanges](t)(b.EstimateChanges(ctx, tx, february))
		if len(changes.Changes) != 1 || len(changes.Estimates) != 1 || len(changes.Totals) != 1 {
			t.Fatalf("%+v", changes)
		}
		c := changes.Changes[0]
		got = []string{c.Day.String(), c.RateBefore.String(), c.Rate.String(), c.Before.Text(), c.After.Text(), sumText(c.CatchUp), sumText(changes.Totals[0].CatchUp), changes.Totals[0].Period.String()}
		want := []string{"2024-02-10", "0.1", "0.2", "61.11", "137.50", "76.39 61.11 15.28", "76.39 61.11 15.28", "2024-02"}
		if diff := cmp.Diff(want, got); diff != "" || !c.Apart || c.Recognitions != 1 {
			t.Errorf("%s\n%+v", diff, c)
		}
		february.AsOf = time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC) // before the jobs ran
		if asOf := done[books.EarlyRollForward](t)(b.EarlyRollForward(ctx, tx, february)); len(asOf.Rows) != 0 {
			t.Errorf("as of then there is %+v", asOf.Rows)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	report := sensitivity(books.SensitivityRequest{Points: []decimal.Decimal{whole(5), whole(-5), whole(-50)}, ByPool: true})
	if report.Waiting || len(report.Groups) != 2 || report.Pools != 1 {
		t.Fatalf("%+v", report)
	}
	for _, group := range report.Groups {
		if group.Booked.Minor != 11250 || group.Difference().Minor != 0 || group.FunctionalDifference().Minor != 0 {
			t.Errorf("booked is %s, the rate in force comes to %s less", group.Booked, group.Difference())
		}
		var got []string
		for _, row := range group.Rows {
			got = append(got, fmt.Sprint(row.Points, " ", row.Rate, ": ", row.At.Early.Text(), " ", row.At.EarlyRevenue.Text(), " ", row.At.Unclaimed.Text(), " ",
				row.At.Revenue.Text(), " ", row.At.Deferred.Text(), "; ", row.Delta.Revenue.Text(), " ", row.Delta.Deferred.Text()))
		}
		if diff := cmp.Diff([]string{
			"-50 0: 0.00 0.00 0.00 450.00 550.00; -90.00 112.50",
			"-5 0.15: 79.41 63.53 15.88 513.53 470.59; -26.47 33.09",
			"0 0.2: 112.50 90.00 22.50 540.00 437.50; 0.00 0.00",
			"5 0.25: 150.00 120.00 30.00 570.00 400.00; 30.00 -37.50",
		}, got); diff != "" {
			t.Error(diff)
		}
	}
}

func sumText(s books.EarlySum) string {
	return s.Amount.Text() + " " + s.Revenue.Text() + " " + s.Unclaimed.Text()
}

// checkEarly holds the roll-forward of early breakage against that of deferred revenue, in any
// span and as of any instant, and its catch-ups against their report.
func (p *playedBook) checkEarly(t *rapid.T, h history, from, to ledger.Date, asOf time.Time) {
	request := books.EarlyRequest{From: from, To: to, AsOf: asOf}
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		deferred, err := p.RollForward(ctx, tx, books.RollForwardRequest{From: from, To: to, AsOf: asOf})
		must(t, err)
		want, got, caught := map[string]int64{}, map[string]int64{}, map[string]int64{}
		for _, group := range deferred.Groups {
			for _, m := range group.Movements {
				if m.Column == books.EarlyBreak || m.Column == books.EstimateChange {
					want[string(m.Column)+" "+string(group.Currency)] -= m.Functional.Minor
				}
			}
		}
		for _, byPool := range []bool{false, true} {
			clear(got)
			request.ByPool = byPool
			early, err := p.EarlyRollForward(ctx, tx, request)
			must(t, err)
			for _, row := range early.Rows {
				got["BREAKAGE_EARLY "+string(row.Currency)] += row.WithUse.FunctionalRevenue.Minor + row.GivenUp.FunctionalRevenue.Minor
				got["CATCH_UP "+string(row.Currency)] += row.CatchUp.FunctionalRevenue.Minor
			}
			if diff := cmp.Diff(withoutZero(want), withoutZero(got)); diff != "" {
				t.Fatalf("early breakage of %s to %s as of %s differs from the roll-forward (-): %s\n%s", from, to, asOf, diff, h)
			}
			for _, check := range early.Checks {
				if check.Difference().Minor != 0 || check.FunctionalDifference().Minor != 0 {
					t.Fatalf("early breakage of %s to %s as of %s does not foot: %+v\n%s", from, to, asOf, check, h)
				}
			}
		}
		changes, err := p.EstimateChanges(ctx, tx, request)
		must(t, err)
		for _, total := range changes.Totals {
			caught["CATCH_UP "+string(total.Currency)] += total.CatchUp.FunctionalRevenue.Minor
		}
		for name, sum := range got {
			if caught[name] != sum && name[:8] == "CATCH_UP" {
				t.Fatalf("%s comes to %d, the changes in estimate to %d\n%s", name, sum, caught[name], h)
			}
		}
		return nil
	}))
}
