package books_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
