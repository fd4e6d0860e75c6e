package reports_test

import (
	"context"
	"encoding/csv"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/reports"
	"drawdown/ledger"
	"drawdown/revrec"
)

func whole(n int64) *decimal.Decimal {
	d := decimal.NewFromInt(n)
	return &d
}

// at sets the clock to nine o'clock.
func (b *book) at(month time.Month, day int) {
	b.Now = time.Date(2024, month, day, 9, 0, 0, 0, time.UTC)
}

func (b *book) person(name string) context.Context {
	return books.WithCaller(b.T.Context(), books.Caller{Actor: "token:" + name, Persons: []string{name}})
}

func (b *book) sell(key, customer, policy string, credits, price int64, currency ledger.Currency) books.Purchase {
	b.T.Helper()
	request := books.NewPurchase{Customer: customer, Policy: policy, Credits: *whole(credits), Price: whole(price), Currency: currency}
	if currency != "" {
		rate := decimal.RequireFromString("1.1")
		request.FXRate = &rate
	}
	sold, err := b.Purchase(b.T.Context(), key, request)
	b.Must(err)
	return sold.Purchase
}

func (b *book) use(id, customer string, credits int64, on time.Time) {
	b.T.Helper()
	_, err := b.RecordUsage(b.T.Context(), []books.UsageInput{{ID: id, Customer: customer, Credits: whole(credits), OccurredAt: on}})
	b.Must(err)
}

// live makes a January of which each report has something to say: use, two currencies, credits
// that lapse and the law's share of them, expected breakage, and a new estimate of it.
func (b *book) live() {
	b.T.Helper()
	ctx, law := b.T.Context(), decimal.RequireFromString("0.2")
	for _, policy := range []books.NewPolicy{
		{Code: "annual", Policy: revrec.Policy{Expires: &ledger.Duration{Months: 12}}},
		{Code: "short", Policy: revrec.Policy{Expires: &ledger.Duration{Days: 20}, ShortExpiry: "a trial", Breakage: revrec.Breakage{Method: revrec.OnExpiry, Escheat: law}}},
		{Code: "pooled", Policy: revrec.Policy{Expires: &ledger.Duration{Days: 50}, ShortExpiry: "a trial", Breakage: revrec.Breakage{
			Method: revrec.Proportional, Pool: revrec.PoolByPurchaseMonth, Rate: decimal.RequireFromString("0.1"), Escheat: law,
		}}},
	} {
		_, err := b.PolicyCreate(ctx, policy.Code, policy)
		b.Must(err)
	}
	for _, customer := range []string{"=1+1", "beta"} {
		_, err := b.CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer, Jurisdiction: "US-DE"})
		b.Must(err)
	}
	b.sell("1", "=1+1", "annual", 1000, 100, "")
	b.sell("2", "=1+1", "short", 100, 10, "")
	b.sell("3", "beta", "pooled", 1000, 200, "EUR")
	b.at(1, 20)
	b.use("u1", "=1+1", 250, time.Time{})
	b.use("u2", "beta", 300, time.Time{})
	_, err := b.EstimateCreate(ctx, "e", books.NewEstimate{Policy: "pooled", From: ledger.NewDate(2024, 1, 25), Rate: decimal.RequireFromString("0.3"), Reason: "r"})
	b.Must(err)
	b.run(2024, 2, 1)
}

// liveOn goes on: late use, a void, more sold, a refund, another estimate; January closes and is
// reopened, February closes.
func (b *book) liveOn() {
	b.T.Helper()
	ctx := b.T.Context()
	b.at(2, 3)
	sold := b.sell("4", "=1+1", "annual", 500, 50, "")
	b.sell("5", "beta", "pooled", 500, 90, "EUR")
	b.use("u3", "=1+1", 100, time.Date(2024, 1, 25, 0, 0, 0, 0, time.UTC))
	b.use("u4", "beta", 100, time.Date(2024, 1, 28, 0, 0, 0, 0, time.UTC))
	_, err := b.VoidUsage(ctx, "v", books.UsageVoid{Customer: "=1+1", ID: "u1", Reason: "twice"})
	b.Must(err)
	_, err = b.EstimateCreate(ctx, "e2", books.NewEstimate{Policy: "pooled", From: ledger.NewDate(2024, 1, 30), Rate: decimal.RequireFromString("0.05"), Reason: "r"})
	b.Must(err)
	_, err = b.EscheatRuleSet(ctx, "l", books.NewEscheatRule{Jurisdiction: "US-DE", From: ledger.NewDate(2024, 1, 1), Share: decimal.RequireFromString("0.5"), Dormancy: ledger.Duration{Months: 12}, Reason: "r"})
	b.Must(err)
	b.run(2024, 2, 4)
	_, err = b.Refund(ctx, "r", books.RefundRequest{PurchaseID: sold.ID, Amount: *whole(10), Credits: whole(100), Reason: "r"})
	b.Must(err)
	_, err = b.Grant(ctx, "g", books.NewGrant{Customer: "beta", Policy: "annual", Credits: *whole(10), Reason: "PROMO"})
	b.Must(err)
	b.run(2024, 3, 10) // what was pooled has lapsed too
	january := ledger.NewDate(2024, 1, 1).Period()
	_, err = b.GLAccountsSet(ctx, "gl", books.SampleGLCodes())
	b.Must(err)
	_, err = b.PeriodClose(b.person("ann"), "c", books.ClosePeriod{Period: january})
	b.Must(err)
	b.use("u5", "=1+1", 10, time.Date(2024, 1, 26, 0, 0, 0, 0, time.UTC))
	b.run(2024, 3, 11)
	proposed, err := b.PeriodReopenPropose(b.person("ann"), "o", books.ReopenPeriod{Period: january, Reason: "r"})
	b.Must(err)
	_, err = b.PeriodReopenApprove(b.person("bob"), "o2", books.DecideReopening{ID: proposed.ID, Reason: "yes"})
	b.Must(err)
	b.use("u6", "=1+1", 10, time.Date(2024, 1, 27, 0, 0, 0, 0, time.UTC))
	b.run(2024, 3, 12)
	for _, period := range []ledger.Period{january, january + 1} {
		_, err = b.PeriodClose(b.person("ann"), "c"+period.String(), books.ClosePeriod{Period: period})
		b.Must(err)
	}
}

// figure reads one cell of a file: of the first row that begins with these cells.
func (b *book) figure(name, column string, given map[string]string, begins ...string) string {
	b.T.Helper()
	lines, err := csv.NewReader(strings.NewReader(b.file(name, reports.CSV, given))).ReadAll()
	b.Must(err)
	for _, line := range lines[1:] {
		if slices.Equal(line[:1+len(begins)], append([]string{"ROW"}, begins...)) {
			return line[slices.Index(lines[0], column)]
		}
	}
	b.T.Fatalf("%s has no row %v: %v", name, begins, lines)
	return ""
}

// TestTheReportsFoot holds figures of reports that are made from other rows against each other, as
// of two instants. By hand, as of 1 February: 200.00 EUR were sold and 60.00 used; 25.71 = 60 × 60 ÷ (200 − 60)
// is recognised early, a fifth of it the law's; so 114.29 is deferred, and 85.00 USD of the others.
func TestTheReportsFoot(t *testing.T) {
	b := onBoth(t)[0]
	b.live()
	b.liveOn()
	for asOf, want := range map[string][3]string{"2024-02-01T06:00:00Z": {"114.29", "5.14", "25.71"}, "2024-03-12T06:00:00Z": {"115.78", "2.11", "4.22"}} {
		days := map[string]string{"from": "2024-01-01", "to": "2024-01-31", "asOf": asOf}
		with := func(more map[string]string) map[string]string {
			all := maps.Clone(days)
			maps.Copy(all, more)
			return all
		}
		months := map[string]string{"from": "2024-01", "to": "2024-01", "asOf": asOf}
		got := [3]string{
			b.figure("deferred-revenue-roll-forward", "amount", with(map[string]string{"by": "POLICY"}), "pooled", "CLOSING"),
			b.figure("unclaimed-property", "early", map[string]string{"on": "2024-01-31", "asOf": asOf}, "US-DE"),
			b.figure("early-breakage-roll-forward", "amount", days, "pooled", "", "CLOSING"),
		}
		if got != want {
			t.Errorf("as of %s: %v, want %v", asOf, got, want)
		}
		for account, balance := range map[string]string{"DEFERRED_REVENUE": "-" + want[0], "UNCLAIMED_PROPERTY": "-" + want[1]} {
			if closing := b.figure("trial-balance", "closing", months, account); closing != balance {
				t.Errorf("as of %s %s is %s, want %s", asOf, account, closing, balance)
			}
			if closing := b.figure("account-activity", "balance", with(map[string]string{"account": account}), "CLOSING"); closing != balance {
				t.Errorf("as of %s the lines of %s come to %s, want %s", asOf, account, closing, balance)
			}
		}
	}
}
