package books_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestEstimateReview holds figures that were worked out by hand. Under a policy whose credits
// last three months, 0.3 is expected to break until the estimate of 0.1 from 30 June on.
//
//	10 Jan  1,000 sold, 600 used in February, the rest lapses on 9 April   0.4 broke
//	10 Mar    500 sold, 450 used in April, 50 lapse on 9 June              0.1 broke: 350 were left for use, 100 are beyond
//	10 Jul    200 sold, 190 used in July: 180 are left by 0.1, 10 are beyond
//
// Together 1,050 of 1,500 of the first two were used: 0.3 broke.
func TestEstimateReview(t *testing.T) {
	onEachEngine(t, checkEstimateReview)
}

func checkEstimateReview(t *testing.T, kept *store.Store) {
	t.Helper()
	ctx := t.Context()
	var now time.Time
	at := func(month time.Month, day int) { now = time.Date(2024, month, day, 12, 0, 0, 0, time.UTC) }
	at(time.January, 10)
	b := done[*books.Books](t)(books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }}))
	policy := done[books.Policy](t)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "quarter", Policy: revrec.Policy{
		Expires: &ledger.Duration{Months: 3}, Breakage: revrec.Breakage{Method: revrec.Proportional, Rate: decimal.New(3, -1)},
	}}))
	done[books.Customer](t)(b.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"}))
	buy := func(name string, credits int64) {
		price := whole(credits)
		done[books.Purchased](t)(b.Purchase(ctx, name, books.NewPurchase{Customer: "acme", Policy: "quarter", Credits: whole(credits), Price: &price}))
	}
	use := func(id string, credits int64) {
		done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{{ID: id, Customer: "acme", Credits: new(whole(credits)), OccurredAt: now}}))
	}
	run := func() { done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{})) }
	buy("1", 1000)
	at(time.February, 5)
	use("1", 600)
	at(time.March, 10)
	buy("2", 500)
	run()
	// Lots that end first burn first: January's is over by 15 April.
	at(time.April, 15)
	use("2", 450)
	run()
	at(time.June, 30)
	estimate := done[books.Estimate](t)(b.EstimateCreate(ctx, "e", books.NewEstimate{Policy: "quarter", Rate: decimal.New(1, -1)}))
	at(time.July, 10)
	buy("3", 200)
	at(time.July, 20)
	use("3", 190)
	at(time.August, 3)
	run()
	run() // finds nothing new

	show := func(r books.EstimateReview) string {
		by := "first rate"
		if r.EstimateID == estimate.ID {
			by = "estimate"
		}
		final := "none"
		if r.Outcome.Breakage().Valid {
			final = r.Outcome.Breakage().Decimal.String()
		}
		return fmt.Sprintf("%s %s %s: %d lapsed, %s of %s used, %s broke; %s beyond in %d; %v",
			r.Month, by, r.Rate, r.Outcome.Cohorts, r.Outcome.Used, r.Outcome.Net, final, r.Beyond, r.BeyondCohorts, r.Findings)
	}
	want := []string{
		// Reviewed on 10 March and 15 April, as each month had ended.
		"2024-01 first rate 0.3: 0 lapsed, 0 of 0 used, none broke; 0 beyond in 0; []",
		"2024-02 first rate 0.3: 0 lapsed, 0 of 0 used, none broke; 0 beyond in 0; []",
		"2024-03 first rate 0.3: 0 lapsed, 0 of 0 used, none broke; 0 beyond in 0; []",
		// On 3 August: April has January's outcome, and 100 of March's beyond the 350.
		"2024-04 first rate 0.3: 1 lapsed, 600 of 1000 used, 0.4 broke; 100 beyond in 1; [{USE_BEYOND_ESTIMATE 100 0}]",
		"2024-05 first rate 0.3: 1 lapsed, 600 of 1000 used, 0.4 broke; 100 beyond in 1; [{USE_BEYOND_ESTIMATE 100 0}]",
		// What lapsed whole by the end of June: March's too. The estimate came into force on its last day.
		"2024-06 estimate 0.1: 1 lapsed, 450 of 500 used, 0.1 broke; 0 beyond in 0; []",
		"2024-07 estimate 0.1: 1 lapsed, 450 of 500 used, 0.1 broke; 10 beyond in 1; [{USE_BEYOND_ESTIMATE 10 0}]",
	}
	var got []books.EstimateReview
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.View(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		got, err = tx.EstimateReviews(ctx, books.ReviewFilter{PolicyID: policy.ID}, books.Page{})
		return err
	}))
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("missing %s", want[i])
		case i >= len(want):
			t.Errorf("not expected: %s", show(got[i]))
		case show(got[i]) != want[i]:
			t.Errorf("got  %s\nwant %s", show(got[i]), want[i])
		}
	}
	yes := true
	must(b.View(ctx, func(ctx context.Context, tx books.Tx) error {
		for _, test := range []struct {
			filter books.ReviewFilter
			want   int64
		}{
			{books.ReviewFilter{Stale: &yes}, 3},
			{books.ReviewFilter{EstimateID: estimate.ID, PolicyID: policy.ID}, 2},
			{books.ReviewFilter{Month: ledger.NewDate(2024, 5, 1).Period()}, 1},
		} {
			n, err := tx.CountEstimateReviews(ctx, test.filter)
			must(err)
			if n != test.want {
				t.Errorf("%+v: got %d, want %d", test.filter, n, test.want)
			}
		}
		found, err := b.Exceptions(ctx, tx, books.ExceptionsRequest{From: ledger.NewDate(2024, 8, 1), To: ledger.NewDate(2024, 8, 31)})
		must(err)
		var above []string
		for _, e := range found.Rows {
			if e.Kind == books.UseAboveExpectation {
				above = append(above, fmt.Sprint(e.On, " ", e.Period, " ", e.Subject, " ", e.Count, " ", e.Credits))
			}
		}
		if got, want := fmt.Sprint(above), "[2024-08-03 2024-04 quarter 1 100 2024-08-03 2024-05 quarter 1 100 2024-08-03 2024-07 quarter 1 10]"; got != want || len(found.Rows) < 3 {
			t.Errorf("exceptions: %s", got)
		}
		detail, err := b.ReviewEstimate(ctx, tx, "quarter", ledger.NewDate(2024, 7, 1).Period(), time.Time{})
		must(err)
		if len(detail.Cohorts) != 3 || detail.Cohorts[2].ByRate != 180_000_000 || detail.Cohorts[0].FinalBreakage.Decimal.String() != "0.4" {
			t.Errorf("got %+v", detail.Cohorts)
		}
		_, err = b.ReviewEstimate(ctx, tx, "quarter", ledger.NewDate(2024, 8, 1).Period(), time.Time{})
		if books.CodeOf(err) != books.Invalid {
			t.Errorf("a month that has not ended: got %v", err)
		}
		return nil
	}))
}
