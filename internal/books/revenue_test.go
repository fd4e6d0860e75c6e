package books_test

import (
	"context"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// asked is what reports answered while a history was played: to be answered again in the end.
type asked struct {
	question string
	ask      func(context.Context, books.Tx) (any, error)
	answer   any
}

// askReports asks the reports on revenue as of just before now.
func (p *playedBook) askReports(t *rapid.T) {
	asOf, first := p.now.Add(-time.Second), ledger.DateOf(beginning, time.UTC)-60
	from, last, on := p.Yesterday()-20, p.Yesterday().Period(), p.Yesterday()
	questions := []asked{
		{question: "what remains", ask: func(ctx context.Context, tx books.Tx) (any, error) {
			return p.Remaining(ctx, tx, books.RemainingRequest{On: from + 15, AsOf: asOf})
		}},
		{question: "revenue from the opening balance", ask: func(ctx context.Context, tx books.Tx) (any, error) {
			return p.RevenueFromOpening(ctx, tx, books.OpeningRevenueRequest{From: from, To: from + 30, AsOf: asOf})
		}},
		{question: "waterfall", ask: func(ctx context.Context, tx books.Tx) (any, error) {
			return p.Waterfall(ctx, tx, books.WaterfallRequest{From: first.Period(), To: last, AsOf: asOf, By: books.ByPolicy})
		}},
	}
	for _, by := range []books.Dimension{"", books.ByPolicy, books.ByCustomer, books.ByPack, books.ByMeter} {
		questions = append(questions, asked{question: "income by " + string(by), ask: func(ctx context.Context, tx books.Tx) (any, error) {
			return p.Income(ctx, tx, books.IncomeRequest{From: from, To: from + 30, AsOf: asOf, By: by})
		}})
	}
	questions = append(questions, asked{question: "breakage", ask: func(ctx context.Context, tx books.Tx) (any, error) {
		return p.Breakage(ctx, tx, books.BreakageRequest{Through: last, AsOf: asOf})
	}}, asked{question: "redemption curves", ask: func(ctx context.Context, tx books.Tx) (any, error) {
		return curvesOf(ctx, tx, asOf)
	}})
	for _, policy := range p.pooled(t) {
		questions = append(questions, asked{question: "sensitivity of " + policy, ask: func(ctx context.Context, tx books.Tx) (any, error) {
			return p.Sensitivity(ctx, tx, books.SensitivityRequest{Policy: policy, On: on, ByPool: true, AsOf: asOf})
		}}, asked{question: "back-test of " + policy, ask: func(ctx context.Context, tx books.Tx) (any, error) {
			detail, err := p.ReviewEstimate(ctx, tx, policy, last-1, asOf)
			detail.ID = "" // that of a review that is not kept
			return detail, err
		}})
	}
	for _, q := range questions {
		q.answer = p.answerOf(t, q)
		p.asked = append(p.asked, q)
	}
}

// pooled are the codes of the policies whose breakage is expected.
func (p *playedBook) pooled(t *rapid.T) (codes []string) {
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		policies, err := tx.Policies(ctx, books.CatalogFilter{}, books.Page{})
		for _, policy := range policies {
			if policy.Breakage.Method == revrec.Proportional {
				codes = append(codes, policy.Code)
			}
		}
		return err
	}))
	return codes
}

// curvesOf are all cohorts with what had become of them.
func curvesOf(ctx context.Context, tx books.Tx, asOf time.Time) (map[string][]books.CohortAge, error) {
	cohorts, err := tx.Cohorts(ctx, books.CohortFilter{AsOf: asOf}, books.Page{})
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(cohorts))
	for i, cohort := range cohorts {
		ids[i] = cohort.ID
	}
	months, err := tx.CohortMonths(ctx, ids, asOf)
	curves := map[string][]books.CohortAge{}
	for _, cohort := range cohorts {
		curves[cohort.Key()] = append(cohort.Ages(months[cohort.ID], ledger.DateOf(asOf, time.UTC).Period()), books.CohortAge{Used: cohort.Sold})
	}
	return curves, err
}

func (p *playedBook) answerOf(t *rapid.T, q asked) (answer any) {
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) (err error) {
		answer, err = q.ask(ctx, tx)
		return err
	}))
	return answer
}

// checkRevenue holds the reports on revenue against the entries, added up here, in any span and as
// of any instant; and that what was asked before is answered the same.
func (p *playedBook) checkRevenue(t *rapid.T, h history) {
	for _, q := range p.asked {
		if diff := cmp.Diff(q.answer, p.answerOf(t, q)); diff != "" {
			t.Fatalf("the %s is answered otherwise the second time:\n%s\n%s", q.question, diff, h)
		}
	}
	first, today := ledger.DateOf(beginning, time.UTC)-60, p.Yesterday()+1
	from := first + ledger.Date(rapid.IntRange(0, int(today-first)).Draw(t, "revenueFrom"))
	to := from + ledger.Date(rapid.IntRange(0, int(today-from)).Draw(t, "revenueThrough"))
	for _, asOf := range []time.Time{p.now, beginning.Add(p.now.Sub(beginning) / 2)} {
		want := p.revenueOf(t, from, to, asOf)
		for _, by := range []books.Dimension{"", books.ByPolicy, books.ByCustomer, books.ByPack, books.ByMeter} {
			var income books.Income
			must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) (err error) {
				income, err = p.Income(ctx, tx, books.IncomeRequest{From: from, To: to, AsOf: asOf, By: by})
				return err
			}))
			got := map[string]int64{}
			for _, row := range income.Rows {
				for _, of := range row.Columns {
					got[string(of.Column)+" "+string(row.Currency)] += of.Amount.Minor
					got[string(of.Column)+" functional "+string(row.Currency)] += of.Functional.Minor
				}
			}
			if diff := cmp.Diff(want, withoutZero(got)); diff != "" {
				t.Fatalf("income by %q of %s to %s as of %s differs from the entries (-): %s\n%s", by, from, to, asOf, diff, h)
			}
			checkFoots(t, h, fmt.Sprintf("income by %q of %s to %s", by, from, to), income.Checks)
		}
		p.checkRemaining(t, h, to, asOf)
		p.checkOpeningRevenue(t, h, from, to, asOf)
		p.checkFromTheBeginning(t, h, first.Period()-12, asOf)
		for _, by := range []books.Dimension{"", books.ByPolicy} {
			var fall books.Waterfall
			must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) (err error) {
				fall, err = p.Waterfall(ctx, tx, books.WaterfallRequest{From: from.Period(), To: to.Period(), AsOf: asOf, By: by})
				return err
			}))
			got := map[string]int64{}
			for _, row := range fall.Rows {
				for _, of := range row.Columns {
					got[string(of.Column)+" "+string(row.Currency)] += of.Amount.Minor
					got[string(of.Column)+" functional "+string(row.Currency)] += of.Functional.Minor
				}
				p.checkWaterfallRow(t, h, row)
			}
			if diff := cmp.Diff(p.revenueOf(t, from.Period().First(), to.Period().Last(), asOf), withoutZero(got)); diff != "" {
				t.Fatalf("the waterfall of %s to %s as of %s differs from the entries (-): %s\n%s", from.Period(), to.Period(), asOf, diff, h)
			}
			checkFoots(t, h, fmt.Sprintf("the waterfall of %s to %s", from.Period(), to.Period()), fall.Checks)
		}
	}
}

// checkFromTheBeginning holds that no row begins with something before anything was sold: what is
// left of each month of purchase is what was sold of it, less what became of it.
func (p *playedBook) checkFromTheBeginning(t *rapid.T, h history, first ledger.Period, asOf time.Time) {
	for _, by := range []books.Dimension{"", books.ByPolicy} {
		var fall books.Waterfall
		must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) (err error) {
			fall, err = p.Waterfall(ctx, tx, books.WaterfallRequest{From: first, To: p.Yesterday().Period() + 2, AsOf: asOf, By: by})
			return err
		}))
		for _, row := range fall.Rows {
			if row.Opening.Amount.Minor != 0 || row.Opening.Functional.Minor != 0 {
				t.Fatalf("deferred before anything was sold: %+v\n%s", row, h)
			}
		}
	}
}

// checkOpeningRevenue holds that the report foots, that no more came out of the opening balance of a
// policy than there was, and that nothing did before anything was sold.
func (p *playedBook) checkOpeningRevenue(t *rapid.T, h history, from, to ledger.Date, asOf time.Time) {
	for _, first := range []ledger.Date{from, ledger.DateOf(beginning, time.UTC) - 400} {
		var report books.OpeningRevenue
		must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) (err error) {
			report, err = p.RevenueFromOpening(ctx, tx, books.OpeningRevenueRequest{From: first, To: to, AsOf: asOf})
			return err
		}))
		checkFoots(t, h, fmt.Sprintf("revenue from the opening balance of %s", first), report.Checks)
		for _, row := range report.Rows {
			of, there := row.FromOpening, row.Opening // below nothing where people wrote into deferred revenue
			if of.Amount.Minor > max(there.Amount.Minor, 0) || of.Functional.Minor > max(there.Functional.Minor, 0) || first < from && !of.Functional.IsZero() {
				t.Fatalf("%+v came out of an opening balance of %+v: %+v\n%s", of, there, row, h)
			}
		}
	}
}

// checkRemaining holds that what is deferred foots, and that bands and months come to the total.
func (p *playedBook) checkRemaining(t *rapid.T, h history, on ledger.Date, asOf time.Time) {
	var report books.Remaining
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) (err error) {
		report, err = p.Remaining(ctx, tx, books.RemainingRequest{On: on, AsOf: asOf})
		return err
	}))
	checkFoots(t, h, fmt.Sprintf("what remains on %s", on), report.Checks)
	for _, row := range append(report.Rows, report.Totals...) {
		months := row.Unscheduled.Functional.Minor
		for _, of := range row.Months {
			months += of.Amount.Functional.Minor
		}
		bands := row.Within12.Functional.Minor + row.Within24.Functional.Minor + row.Later.Functional.Minor + row.Unscheduled.Functional.Minor
		want := row.Deferred.Functional.Minor + row.NotDue.Functional.Minor - row.ContractAsset.Functional.Minor - row.Escheat.Functional.Minor
		if total := row.Total.Functional.Minor; total != want || bands != want || months != want {
			t.Fatalf("what remains on %s does not add up to %d: %+v\n%s", on, want, row, h)
		}
	}
}

func checkFoots(t *rapid.T, h history, what string, checks []books.LedgerCheck) {
	for _, check := range checks {
		if check.Difference().Minor != 0 || check.FunctionalDifference().Minor != 0 {
			t.Fatalf("%s does not foot: %+v\n%s", what, check, h)
		}
	}
}

// checkWaterfallRow holds that the columns of a row lead from its opening to its closing.
func (p *playedBook) checkWaterfallRow(t *rapid.T, h history, row books.WaterfallRow) {
	closing := row.Opening.Functional.Minor
	for _, of := range []books.BreakageAmount{row.Sold, row.TakenBack, row.Escheated, row.Unbilled, row.Manual} {
		closing += of.Functional.Minor
	}
	for _, of := range row.Columns {
		switch of.Column {
		case books.UsedRevenue, books.EarlyRevenue, books.CatchUpRevenue, books.ExpiryRevenue, books.RemoteRevenue:
			closing -= of.Functional.Minor
		case books.OverageColumn, books.RefundedRevenue, books.DisputedRevenue, books.VoidedRevenue, books.ManualRevenue: // not out of deferred revenue
		}
	}
	if closing != row.Closing.Functional.Minor {
		t.Fatalf("the columns lead to %d: %+v\n%s", closing, row, h)
	}
	if row.Month == 0 && row.PolicyID == "" && row.Opening.Amount.Minor > 0 && len(p.manual) == 0 {
		t.Fatalf("deferred without a month: %+v\n%s", row, h)
	}
}

// revenueOf adds up the lines in the accounts of revenue by what they are, entry by entry.
func (p *playedBook) revenueOf(t *rapid.T, from, to ledger.Date, asOf time.Time) map[string]int64 {
	figures := map[string]int64{}
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		return tx.EachEntry(ctx, from, to, func(e ledger.Entry) error {
			column := map[ledger.EntryKind]string{
				"USAGE": "USED", "USAGE_UNBILLED": "USED", "OVERAGE": "OVERAGE", "BREAKAGE_EARLY": "BREAKAGE_EARLY", "BREAKAGE_CATCH_UP": "CATCH_UP",
				"BREAKAGE_EXPIRY": "BREAKAGE_EXPIRY", "BREAKAGE_REMOTE": "BREAKAGE_REMOTE", "REFUND": "REFUNDS", "DISPUTE": "CHARGEBACKS", "VOID": "VOIDS",
				"MANUAL": "MANUAL", "MANUAL_REVERSAL": "MANUAL",
			}[e.Kind]
			for _, line := range e.Lines {
				switch line.Account { //nolint:exhaustive // the others are no revenue
				case ledger.UsageRevenue, ledger.BreakageRevenue, ledger.OverageRevenue, ledger.Refunds, ledger.Disputes:
					if !e.PostedAt.After(asOf) {
						figures[column+" "+string(line.Amount.Currency)] -= line.Amount.Minor
						figures[column+" functional "+string(line.Amount.Currency)] -= line.Functional.Minor
					}
				}
			}
			return nil
		})
	}))
	return withoutZero(figures)
}
