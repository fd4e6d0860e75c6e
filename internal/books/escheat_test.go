package books_test

import (
	"context"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestUnclaimedProperty lets lots of Delaware and of nobody lapse, pays a part over, uses credits
// of it late, and pays again: what was given back is set off. 100 credits for 100.00 lapse on 10 days
// ago, 0.4 of them is 40.00; 40.00 are paid over; 10 credits used late take 4.00 back.
func TestUnclaimedProperty(t *testing.T) {
	b, ctx := newServerBook(t), t.Context()
	month := ledger.Duration{Days: 40}
	done[books.Policy](t)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default", Policy: revrec.Policy{
		Expires: &month, LateUsage: ledger.Duration{Months: 12}, Breakage: revrec.Breakage{Method: revrec.OnExpiry, Escheat: decimal.New(25, -2)},
	}}))
	sold, price := serverDay.AddDate(0, 0, -50), decimal.NewFromInt(100)
	done[books.EscheatRule](t)(b.EscheatRuleSet(ctx, "r", books.NewEscheatRule{
		Jurisdiction: "US-DE", From: ledger.DateOf(sold, time.UTC), Share: decimal.New(4, -1), Dormancy: ledger.Duration{Months: 12}, Reason: "a test",
	}))
	done[books.Customer](t)(b.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "dover", Jurisdiction: "US-DE"}))
	done[books.Customer](t)(b.CustomerCreate(ctx, "n", books.NewCustomer{ExternalID: "nobody"}))
	for _, customer := range []string{"dover", "nobody"} {
		done[books.Purchased](t)(b.Purchase(ctx, "b"+customer, books.NewPurchase{Customer: customer, Credits: whole(100), Price: &price, PurchasedAt: sold}))
	}
	moved := done[books.JurisdictionChanged](t)(b.CustomerJurisdictionSet(ctx, "m", books.SetJurisdiction{Customer: "dover", Jurisdiction: "DE"}))
	if moved.Before != "US-DE" || moved.Customer.Jurisdiction != "DE" {
		t.Errorf("moved %+v", moved)
	}
	run := func() {
		t.Helper()
		done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
		if findings := done[[]books.Finding](t)(b.Verify(ctx)); len(findings) > 0 {
			t.Errorf("verify: %+v", findings)
		}
	}
	owed := func(wantNobody, wantDelaware int64) {
		t.Helper()
		err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
			report, err := b.UnclaimedProperty(ctx, tx, books.UnclaimedRequest{})
			if err != nil {
				return err
			}
			if len(report.Rows) != 2 || report.Rows[0].Minor.Owed() != wantNobody || report.Rows[1].Minor.Owed() != wantDelaware {
				t.Errorf("owed %+v, want %d and %d", report.Rows, wantNobody, wantDelaware)
			}
			if report.Rows[0].DueOn != 0 || report.Rows[1].DueOn != ledger.DateOf(sold.AddDate(0, 0, 39), time.UTC).AddMonths(12) {
				t.Errorf("due %+v", report.Rows)
			}
			for _, check := range report.Checks {
				if check.Rows != check.Ledger || check.FunctionalRows != check.InLedger || check.Rows.Minor != wantNobody+wantDelaware {
					t.Errorf("the report does not foot: %+v", check)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	run()
	owed(2500, 4000)
	pay := func(key, jurisdiction, amount string) error {
		_, err := b.EscheatPay(ctx, key, books.PayEscheat{Jurisdiction: jurisdiction, Amount: decimal.RequireFromString(amount), Reference: "up"})
		return err
	}
	for _, refused := range []struct{ jurisdiction, amount string }{{"US-DE", "40.01"}, {"", "25.01"}, {"DE", "0.01"}} {
		if err := pay("x"+refused.amount, refused.jurisdiction, refused.amount); books.CodeOf(err) != books.AmountExceedsOwed {
			t.Errorf("paying %v: %v", refused, err)
		}
	}
	for range 2 { // the second is the first again
		if err := pay("paid", "US-DE", "40"); err != nil {
			t.Fatal(err)
		}
	}
	owed(2500, 0)
	credits := whole(10)
	outcomes, err := b.RecordUsage(ctx, []books.UsageInput{{ID: "late", Customer: "dover", Credits: &credits, OccurredAt: sold.AddDate(0, 0, 5)}})
	if err != nil || outcomes[0].Reason != nil {
		t.Fatal(err, outcomes)
	}
	run()
	owed(2500, -400)
	if err := pay("none", "US-DE", "0.01"); books.CodeOf(err) != books.AmountExceedsOwed {
		t.Errorf("paying what is to be had back: %v", err)
	}
}
