package books_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestRemaining holds figures of 31 January that were worked out by hand, at 1.00 a credit.
//
//	10 January   acme buys 1,200 that live for four months: evenly February to May
//	             bell is invoiced for 400 of these, due in March, not cancellable; carl for 500, cancellable
//	             dan buys 3,600 that live for 36 months: 100.00 a month
//	20 January   bell uses 100, before there is a liability
//
// What remains of the first policy: 1,200.00 + 400.00 - 100.00 = 1,500.00, 375.00 a month.
func TestRemaining(t *testing.T) {
	onEachEngine(t, checkRemaining)
}

func checkRemaining(t *testing.T, kept *store.Store) {
	t.Helper()
	ctx, now := t.Context(), time.Date(2024, 1, 10, 9, 0, 0, 0, time.UTC)
	b := done[*books.Books](t)(books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }}))
	for code, months := range map[string]int{"default": 4, "long": 36} {
		done[books.Policy](t)(b.PolicyCreate(ctx, code, books.NewPolicy{Code: code, Policy: revrec.Policy{Expires: &ledger.Duration{Months: months}}}))
	}
	for _, sale := range []books.NewPurchase{
		{Customer: "acme", Credits: whole(1200)},
		{Customer: "bell", Credits: whole(400), Invoiced: true, DueOn: ledger.NewDate(2024, 3, 10)},
		{Customer: "carl", Credits: whole(500), Invoiced: true, Cancellable: true},
		{Customer: "dan", Policy: "long", Credits: whole(3600)},
	} {
		done[books.Customer](t)(b.CustomerCreate(ctx, sale.Customer, books.NewCustomer{ExternalID: sale.Customer}))
		sale.Price = &sale.Credits
		done[books.Purchased](t)(b.Purchase(ctx, "sale to "+sale.Customer, sale))
	}
	now = time.Date(2024, 1, 20, 9, 0, 0, 0, time.UTC)
	used := whole(100)
	done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{{ID: "1", Customer: "bell", Credits: &used}}))
	now = time.Date(2024, 4, 1, 9, 0, 0, 0, time.UTC) // bell's invoice has fallen due since
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	for leave, want := range map[bool][]string{
		false: {
			"default EXPIRY: 1200.00 + 400.00 - 100.00 = 1500.00: 1500.00 0.00 0.00, 4 months of 375.00",
			"long EXPIRY: 3600.00 + 0.00 - 0.00 = 3600.00: 1200.00 1200.00 1200.00, 36 months of 100.00",
			"all: 4800.00 + 400.00 - 100.00 = 5100.00: 2700.00 1200.00 1200.00, 36 months of 475.00",
		},
		true: {
			"default left out: 1200.00 + 400.00 - 100.00 = 0.00: 0.00 0.00 0.00, 0 months",
			"long EXPIRY: 3600.00 + 0.00 - 0.00 = 3600.00: 1200.00 1200.00 1200.00, 36 months of 100.00",
			"all: 4800.00 + 400.00 - 100.00 = 3600.00: 1200.00 1200.00 1200.00, 36 months of 100.00",
		},
	} {
		err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
			report := done[books.Remaining](t)(b.Remaining(ctx, tx, books.RemainingRequest{On: ledger.NewDate(2024, 1, 31), LeaveShortTerm: leave}))
			foots(t, report.Checks, 1)
			got := map[string]string{}
			for _, row := range append(report.Rows, report.Totals...) {
				name := "all"
				if row.PolicyID != "" {
					name = done[[]books.Policy](t)(tx.PoliciesByID(ctx, []string{row.PolicyID}))[0].Code + " " + string(row.Method)
				}
				if row.LeftOut {
					name += "left out"
				}
				text := fmt.Sprintf("%s: %s + %s - %s = %s: %s %s %s, %d months", name, row.Deferred.Amount.Text(), row.NotDue.Amount.Text(), row.ContractAsset.Amount.Text(),
					row.Total.Amount.Text(), row.Within12.Amount.Text(), row.Within24.Amount.Text(), row.Later.Amount.Text(), len(row.Months))
				if len(row.Months) > 0 {
					text += " of " + row.Months[0].Amount.Amount.Text()
				}
				got[text[:3]] = text
			}
			wanted := map[string]string{}
			for _, text := range want {
				wanted[text[:3]] = text
			}
			if diff := cmp.Diff(wanted, got); diff != "" {
				t.Error(diff)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhatTheLawWillClaim holds figures of 31 January that were worked out by hand, at 1.00 a credit. A tenth of what
// is sold is expected to break, and the law claims a fifth of it; half of it in Delaware, as is known since ten
// o'clock of 1 February.
//
//	10 January   acme buys 1,000; bell, in Delaware, is invoiced for 400, due in March, not cancellable
//	             carl buys 100 whose breakage goes by no estimate
//	20 January   acme uses 300: early 100 x 300 / 900 = 33.33, in parts 26.67 and 6.67; so 666.66 are deferred
//
// Of acme's 66.67 are still to break, of which 13.33 are the law's; of bell's 40.00, of which 8.00 and then 20.00.
func TestWhatTheLawWillClaim(t *testing.T) {
	onEachEngine(t, checkWhatTheLawWillClaim)
}

func checkWhatTheLawWillClaim(t *testing.T, kept *store.Store) {
	t.Helper()
	ctx, now := t.Context(), time.Date(2024, 1, 10, 9, 0, 0, 0, time.UTC)
	b := done[*books.Books](t)(books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }}))
	fifth, tenMonths := decimal.RequireFromString("0.2"), &ledger.Duration{Months: 10}
	done[books.Policy](t)(b.PolicyCreate(ctx, "pooled", books.NewPolicy{Code: "pooled", Policy: revrec.Policy{Expires: tenMonths, Breakage: revrec.Breakage{
		Method: revrec.Proportional, Pool: revrec.PoolByPurchaseMonth, Rate: decimal.RequireFromString("0.1"), Escheat: fifth,
	}}}))
	done[books.Policy](t)(b.PolicyCreate(ctx, "plain", books.NewPolicy{Code: "plain", Policy: revrec.Policy{Expires: tenMonths, Breakage: revrec.Breakage{
		Method: revrec.OnExpiry, Escheat: fifth,
	}}}))
	for _, sale := range []books.NewPurchase{
		{Customer: "acme", Policy: "pooled", Credits: whole(1000)},
		{Customer: "bell", Policy: "pooled", Credits: whole(400), Invoiced: true, DueOn: ledger.NewDate(2024, 3, 10)},
		{Customer: "carl", Policy: "plain", Credits: whole(100)},
	} {
		in := map[string]string{"bell": "US-DE"}[sale.Customer]
		done[books.Customer](t)(b.CustomerCreate(ctx, sale.Customer, books.NewCustomer{ExternalID: sale.Customer, Jurisdiction: in}))
		sale.Price = &sale.Credits
		done[books.Purchased](t)(b.Purchase(ctx, "sale to "+sale.Customer, sale))
	}
	now = time.Date(2024, 1, 20, 9, 0, 0, 0, time.UTC)
	used := whole(300)
	done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{{ID: "1", Customer: "acme", Credits: &used}}))
	now = time.Date(2024, 2, 1, 8, 0, 0, 0, time.UTC)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	now = now.Add(2 * time.Hour)
	done[books.EscheatRule](t)(b.EscheatRuleSet(ctx, "law", books.NewEscheatRule{
		Jurisdiction: "US-DE", From: ledger.NewDate(2024, 1, 1), Share: decimal.RequireFromString("0.5"), Dormancy: ledger.Duration{Months: 12}, Reason: "12 Del. C. 1133",
	}))
	for hour, want := range map[int]map[string]string{
		9:  {"pooled": "666.66 + 400.00 - 21.33 = 1045.33", "plain": "100.00 + 0.00 - 0.00 = 100.00", "all": "766.66 + 400.00 - 21.33 = 1145.33"},
		10: {"pooled": "666.66 + 400.00 - 33.33 = 1033.33", "plain": "100.00 + 0.00 - 0.00 = 100.00", "all": "766.66 + 400.00 - 33.33 = 1133.33"},
	} {
		err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
			report := done[books.Remaining](t)(b.Remaining(ctx, tx, books.RemainingRequest{On: ledger.NewDate(2024, 1, 31), AsOf: time.Date(2024, 2, 1, hour, 0, 0, 0, time.UTC)}))
			foots(t, report.Checks, 1)
			got := map[string]string{}
			for _, row := range append(report.Rows, report.Totals...) {
				name := "all"
				if row.PolicyID != "" {
					name = done[[]books.Policy](t)(tx.PoliciesByID(ctx, []string{row.PolicyID}))[0].Code
				}
				got[name] = fmt.Sprintf("%s + %s - %s = %s", row.Deferred.Amount.Text(), row.NotDue.Amount.Text(), row.Escheat.Amount.Text(), row.Total.Amount.Text())
				if row.Within12 != row.Total {
					t.Errorf("of %s %s are expected within a year, of %s", name, row.Within12.Amount, row.Total.Amount)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("as of %d o'clock: %s", hour, diff)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
