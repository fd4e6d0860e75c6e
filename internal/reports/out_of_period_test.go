package reports_test

import (
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
		b.now = time.Date(2024, 2, 2, 6, 0, 0, 0, time.UTC)
		_, err := b.GLAccountsSet(b.t.Context(), "gl", books.SampleGLCodes())
		b.must(err)
		_, err = b.PeriodClose(b.t.Context(), "close", books.ClosePeriod{Period: ledger.NewDate(2024, 1, 1).Period()})
		b.must(err)
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
		given["asOf"] = "2024-02-03T00:00:00Z"
		if early := b.file("out-of-period", reports.CSV, given); strings.Contains(early, "\nROW,") {
			t.Errorf("knows what was posted later:\n%s", early)
		}
	}
}
