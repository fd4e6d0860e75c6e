package reports_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/reports"
	"drawdown/ledger"
)

// 100 of 1,000 credits at 100.00, used in January and told in February, when January is closed:
// 10.00 by hand, from deferred revenue to revenue, under February.
func TestOutOfPeriodFile(t *testing.T) {
	for _, b := range onBoth(t) {
		b.begin()
		b.Now = time.Date(2024, 2, 2, 6, 0, 0, 0, time.UTC)
		_, err := b.GLAccountsSet(b.T.Context(), "gl", books.SampleGLCodes())
		b.Must(err)
		_, err = b.PeriodClose(b.T.Context(), "close", books.ClosePeriod{Period: ledger.NewDate(2024, 1, 1).Period()})
		b.Must(err)
		b.goOn()
		given := map[string]string{"from": "2024-02-01", "to": "2024-02-29"}
		var rows []string
		for _, line := range strings.Split(b.file("out-of-period", reports.CSV, given), "\n") {
			if strings.HasPrefix(line, "ROW,") || strings.HasPrefix(line, "TOTAL") {
				rows = append(rows, line)
			}
		}
		got := strings.Join(rows, "\n")
		for _, want := range []string{
			"ROW,2024-01,2024-02,2024-01-25,2024-02-01,2024-02-04T06:00:00Z,", ",USAGE,DEFERRED_REVENUE,annual,,10.00,USD,10.00,USD",
			",USAGE,USAGE_REVENUE,annual,,-10.00,USD,-10.00,USD", "TOTAL,amount,USD,0.00",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in\n%s", want, got)
			}
		}
		if len(rows) != 4 {
			t.Errorf("%d lines:\n%s", len(rows), got)
		}
		b.Must(b.View(b.T.Context(), func(ctx context.Context, tx books.Tx) error {
			got, err := b.OutOfPeriod(ctx, tx, books.OutOfPeriodRequest{From: ledger.NewDate(2024, 2, 1), To: ledger.NewDate(2024, 2, 29)})
			if err != nil {
				return err
			}
			usd := func(cents int64) books.BreakageAmount {
				return books.BreakageAmount{Amount: ledger.Money(cents, "USD"), Functional: ledger.Money(cents, "USD")}
			}
			january := ledger.NewDate(2024, 1, 1).Period()
			row := books.OutOfPeriodRow{
				HappenedIn: january, BookedIn: january + 1, Kind: ledger.UsageEntry, Currency: "USD", EntryCount: 1, RecognitionCount: 1,
				Debits: usd(1000), Revenue: usd(1000), DeferredRevenue: usd(-1000),
			}
			total := row
			total.HappenedIn, total.BookedIn, total.Kind = 0, 0, ""
			if got.EntryCount != 1 || !slices.Equal(got.Rows, []books.OutOfPeriodRow{row}) || !slices.Equal(got.Totals, []books.OutOfPeriodRow{total}) || got.ControlTotal() != ledger.Money(1000, "USD") {
				t.Errorf("%+v", got)
			}
			return nil
		}))
		if text := b.file("out-of-period-months", reports.CSV, given); !strings.Contains(text, "\nROW,2024-02,2024-01,USAGE,1,1,10.00,10.00,-10.00,USD,10.00,10.00,-10.00,USD\n") {
			t.Error(text)
		}
		given["asOf"] = "2024-02-03T00:00:00Z"
		if early := b.file("out-of-period", reports.CSV, given); strings.Contains(early, "\nROW,") {
			t.Errorf("knows what was posted later:\n%s", early)
		}
	}
}
