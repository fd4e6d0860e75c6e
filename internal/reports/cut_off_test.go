package reports_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/reports"
	"drawdown/ledger"
)

// TestCutOff holds a January that was worked out by hand. A credit is 0.10. Used, and told:
//
//	100  20 Jan        at once             10.00  in the month
//	 10  20 Jan        21 Jan               1.00  in the month, the next day
//	 20  28 Jan        1 Feb, four days     2.00  before the close on the 2nd
//	 30  25 Jan        3 Feb, nine days     3.00  after the close
//	 40  31 Jan        3 Feb, three days    4.00  after the close
//	 50  2 Jan         10 Feb, 39 days      5.00  while it was open again, 9 to 11 Feb
//	 60  1 Feb         3 Feb, two days      6.00  after the month
//
// The event of the 21st is taken back on 30 January: -1.00 on that day.
func TestCutOff(t *testing.T) {
	january := ledger.NewDate(2024, 1, 1).Period()
	for _, b := range onBoth(t) {
		ctx := b.T.Context()
		_, err := b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "annual"})
		b.Must(err)
		_, err = b.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"})
		b.Must(err)
		b.sell("s", "acme", "annual", 1000, 100, "")
		on := func(month time.Month, day int) time.Time { return time.Date(2024, month, day, 12, 0, 0, 0, time.UTC) }
		b.Now = on(1, 20)
		b.use("1", "acme", 100, b.Now)
		b.Now = on(1, 21)
		b.use("2", "acme", 10, on(1, 20))
		b.Now = on(1, 30)
		_, err = b.VoidUsage(ctx, "v", books.UsageVoid{Customer: "acme", ID: "2"})
		b.Must(err)
		b.Now = on(2, 1)
		b.use("3", "acme", 20, on(1, 28))
		b.run(2024, 2, 2)
		_, err = b.PeriodClose(b.person("ann"), "close", books.ClosePeriod{Period: january})
		b.Must(err)
		b.Now = on(2, 3)
		b.use("4", "acme", 30, on(1, 25))
		b.use("5", "acme", 40, on(1, 31))
		b.use("6", "acme", 60, on(2, 1))
		b.run(2024, 2, 4)
		shut := b.Now
		b.Now = on(2, 9)
		proposed, err := b.PeriodReopenPropose(b.person("ann"), "o", books.ReopenPeriod{Period: january, Reason: "r"})
		b.Must(err)
		_, err = b.PeriodReopenApprove(b.person("bob"), "a", books.DecideReopening{ID: proposed.ID, Reason: "r"})
		b.Must(err)
		b.Now = on(2, 10)
		b.use("7", "acme", 50, on(1, 2))
		told := b.Now // nothing of it is booked yet
		b.run(2024, 2, 11)
		_, err = b.PeriodClose(b.person("ann"), "again", books.ClosePeriod{Period: january})
		b.Must(err)

		text := func(asOf time.Time) string {
			var all []string
			b.Must(b.View(ctx, func(ctx context.Context, tx books.Tx) error {
				report, err := b.CutOff(ctx, tx, books.CutOffRequest{Period: january, DaysAfter: 2, AsOf: asOf})
				if err != nil {
					return err
				}
				for _, rows := range [][]books.CutOffRow{report.Lags, report.Arrivals, report.After, {report.Total}} {
					for _, row := range rows {
						line := fmt.Sprint(row.Lag, row.Arrival, " ", row.EventCount, " ", row.Credits)
						for _, of := range row.Revenue {
							line += " " + of.Amount.Text()
						}
						all = append(all, line)
					}
				}
				all = append(all, report.ControlTotal().Text())
				return nil
			}))
			return strings.Join(all, "\n")
		}
		for _, test := range []struct {
			asOf time.Time
			want string
		}{
			{b.Now, `SAME_DAY 1 100 10.00
NEXT_DAY 1 10 1.00
DAYS_2_TO_3 1 40 4.00
DAYS_4_TO_7 1 20 2.00
DAYS_8_TO_31 1 30 3.00
LATER 1 50 5.00
VOID 1 -10 -1.00
IN_PERIOD 3 100 10.00
BEFORE_CLOSE 1 20 2.00
AFTER_CLOSE 2 70 7.00
WHILE_REOPENED 1 50 5.00
DAYS_2_TO_3 1 60 6.00
 7 240 24.00
24.00`},
			{shut, `SAME_DAY 1 100 10.00
NEXT_DAY 1 10 1.00
DAYS_2_TO_3 1 40 4.00
DAYS_4_TO_7 1 20 2.00
DAYS_8_TO_31 1 30 3.00
VOID 1 -10 -1.00
IN_PERIOD 3 100 10.00
BEFORE_CLOSE 1 20 2.00
AFTER_CLOSE 2 70 7.00
DAYS_2_TO_3 1 60 6.00
 6 190 19.00
19.00`},
			{told, `SAME_DAY 1 100 10.00
NEXT_DAY 1 10 1.00
DAYS_2_TO_3 1 40 4.00
DAYS_4_TO_7 1 20 2.00
DAYS_8_TO_31 1 30 3.00
LATER 1 50
VOID 1 -10 -1.00
IN_PERIOD 3 100 10.00
BEFORE_CLOSE 1 20 2.00
AFTER_CLOSE 2 70 7.00
WHILE_REOPENED 1 50
DAYS_2_TO_3 1 60 6.00
 7 240 19.00
19.00`},
		} {
			if got := text(test.asOf); got != test.want {
				t.Errorf("as of %s:\n%s", test.asOf, got)
			}
		}
		file := b.file("cut-off", reports.CSV, map[string]string{"period": "2024-01", "asOf": b.Now.Format(time.RFC3339Nano)})
		for _, want := range []string{
			"ROW,PERIOD,2024-01-02,LATER,WHILE_REOPENED,1,50,5.00,USD,5.00,USD\n", "ROW,PERIOD,2024-01-31,DAYS_2_TO_3,AFTER_CLOSE,1,40,4.00,USD,4.00,USD\n",
			"ROW,AFTER,2024-02-01,DAYS_2_TO_3,,1,60,6.00,USD,6.00,USD\n", "TOTAL,amount,USD,30.00,", "ROWS,8,",
		} {
			if !strings.Contains(file, want) {
				t.Errorf("%q is not in\n%s", want, file)
			}
		}
		b.exceptions(shut)
	}
}

// What is used on one day and told in two goes is parted by what arrived first while only that is
// booked: 30 of 90 credits at 0.10 are posted, 3.00.
func TestCutOffOfOneDay(t *testing.T) {
	for _, b := range onBoth(t) {
		ctx := b.T.Context()
		_, err := b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "annual"})
		b.Must(err)
		_, err = b.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"})
		b.Must(err)
		b.sell("s", "acme", "annual", 1000, 100, "")
		day := time.Date(2024, 1, 10, 12, 0, 0, 0, time.UTC)
		b.Now = day
		b.use("1", "acme", 30, day)
		b.run(2024, 1, 11)
		b.Now = b.Now.Add(time.Hour)
		b.use("2", "acme", 60, day)
		file := b.file("cut-off", reports.CSV, map[string]string{"period": "2024-01"})
		for _, want := range []string{"ROW,PERIOD,2024-01-10,SAME_DAY,IN_PERIOD,1,30,3.00,USD,3.00,USD\n", "ROW,PERIOD,2024-01-10,NEXT_DAY,IN_PERIOD,1,60,,,,\n", "TOTAL,amount,USD,3.00,"} {
			if !strings.Contains(file, want) {
				t.Errorf("%q is not in\n%s", want, file)
			}
		}
	}
}

// exceptions goes on after TestCutOff: 5.00 of deferred revenue are written to usage revenue by hand. By
// hand, of February: 70 credits out of period, 7.00 in two entries; two lines by hand; one reopening.
func (b *book) exceptions(before time.Time) {
	b.T.Helper()
	five := decimal.NewFromInt(5)
	entry, err := b.ManualEntryPropose(b.person("ann"), "m", books.NewManualEntry{
		AccountingDate: ledger.NewDate(2024, 2, 10), Reason: "r", Description: "d", ControlAccounts: "r",
		Lines: []books.NewManualLine{{Account: ledger.DeferredRevenue, Amount: five}, {Account: ledger.UsageRevenue, Credit: true, Amount: five}},
	})
	b.Must(err)
	_, err = b.ManualEntryApprove(b.person("bob"), "n", books.DecideManual{ID: entry.ID, Reason: "r"})
	b.Must(err)
	rows := func(asOf time.Time) string {
		var all []string
		for _, line := range strings.Split(b.file("exceptions", reports.CSV, map[string]string{"from": "2024-02-01", "to": "2024-02-29", "asOf": asOf.Format(time.RFC3339Nano)}), "\n") {
			if cells := strings.Split(line, ","); cells[0] == "ROW" {
				if cells[1] == "MANUAL_ON_CONTROL_ACCOUNT" {
					cells[4] = "number"
				}
				all = append(all, strings.Join(cells, ","))
			}
		}
		return strings.Join(all, "\n")
	}
	late := "ROW,OUT_OF_PERIOD,,2024-01,2024-02,USAGE,2,,7.00,USD,7.00,USD"
	if got := rows(before); got != late {
		b.T.Errorf("as of then:\n%s", got)
	}
	// The same event twice, one for a customer who is none, and one that cannot be read.
	ten := decimal.NewFromInt(10)
	for range 2 {
		_, err = b.RecordUsage(b.T.Context(), []books.UsageInput{{ID: "twice", Customer: "acme", Credits: &ten, OccurredAt: b.Now}, {ID: "lost", Customer: "nobody", Credits: &ten}})
		b.Must(err)
	}
	b.UsageUnreadable(&books.Error{Code: books.Invalid})
	b.Now = b.Now.Add(time.Minute)
	counted := b.Now
	b.Must(b.WriteNotRecorded(b.T.Context()))
	b.Must(b.WriteNotRecorded(b.T.Context())) // there is nothing more to write
	want := late + `
ROW,MANUAL_ON_CONTROL_ACCOUNT,2024-02-10,2024-02,number,DEFERRED_REVENUE,1,,5.00,USD,5.00,USD
ROW,MANUAL_ON_CONTROL_ACCOUNT,2024-02-10,2024-02,number,USAGE_REVENUE,1,,-5.00,USD,-5.00,USD
ROW,MONTH_REOPENED,2024-02-09,2024-01,,r,1,,,,,`
	if got := rows(counted.Add(-time.Microsecond)); got != want {
		b.T.Errorf("before the counts:\n%s", got)
	}
	day := ledger.DateOf(counted, time.UTC)
	want += fmt.Sprintf(`
ROW,USAGE_REJECTED,%[1]s,%[2]s,,INVALID,1,,,,,
ROW,USAGE_REJECTED,%[1]s,%[2]s,,NOT_FOUND,2,,,,,
ROW,USAGE_DUPLICATE,%[1]s,%[2]s,,,1,,,,,`, day, day.Period())
	if got := rows(b.Now); got != want {
		b.T.Errorf("now:\n%s", got)
	}
}
