package books_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestReleasedLotsAreLookedAtAgain changes a lot that was released, on a day that the next
// run books, after a change of a later day had the lot wait for that day already: nothing
// waits until then, and the journal is that of one run after all of it.
func TestReleasedLotsAreLookedAtAgain(t *testing.T) {
	month, days := ledger.Duration{Months: 1}, func(n int) ledger.Duration { return ledger.Duration{Days: n} }
	late := ledger.Duration{Months: 12}
	for name, policy := range map[string]revrec.Policy{
		"lapsed": {Expires: &month, ShortExpiry: "a test", LateUsage: late},
		"remote": {Breakage: revrec.Breakage{Method: revrec.Remote, RemoteAfter: days(20)}},
	} {
		for change, act := range map[string]func(b *books.Books, purchase string) error{
			"use": func(b *books.Books, _ string) error {
				credits := whole(7)
				outcomes, err := b.RecordUsage(t.Context(), []books.UsageInput{{ID: "late", Customer: "acme", Credits: &credits, OccurredAt: serverDay.AddDate(0, 0, -25)}})
				if err == nil && outcomes[0].Reason != nil {
					err = outcomes[0].Reason
				}
				return err
			},
			"payment": func(b *books.Books, purchase string) error {
				_, err := b.Pay(t.Context(), "pay", books.Payment{PurchaseID: purchase, PaidAt: serverDay.AddDate(0, 0, -4)})
				return err
			},
		} {
			t.Run(name+" and "+change, func(t *testing.T) {
				journal := func(often bool) map[string]int64 {
					b, run := newServerBook(t), func(b *books.Books) {
						done[books.JobRun](t)(b.RunJob(t.Context(), books.JobAll, books.RunOptions{}))
						if findings := done[[]books.Finding](t)(b.Verify(t.Context())); len(findings) > 0 {
							t.Errorf("verify: %+v", findings)
						}
					}
					ctx, price, credits := t.Context(), decimal.NewFromInt(1000), whole(100)
					done[books.Policy](t)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default", Policy: policy}))
					done[books.Customer](t)(b.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"}))
					sold := serverDay.AddDate(0, 0, -50)
					bought := done[books.Purchased](t)(b.Purchase(ctx, "b", books.NewPurchase{
						Customer: "acme", Credits: whole(1000), Price: &price, PurchasedAt: sold,
						Invoiced: change == "payment", DueOn: map[bool]ledger.Date{true: ledger.DateOf(serverDay, time.UTC) + 9}[change == "payment"],
					}))
					done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{{ID: "one", Customer: "acme", Credits: &credits, OccurredAt: sold.AddDate(0, 0, 5)}}))
					if often {
						run(b)
					}
					done[books.UsageEvent](t)(b.VoidUsage(ctx, "v", books.UsageVoid{Customer: "acme", ID: "one"}))
					if often {
						run(b)
					}
					if err := act(b, bought.Purchase.ID); err != nil {
						t.Fatal(err)
					}
					run(b)
					return sums(t, b)
				}
				if diff := cmp.Diff(journal(false), journal(true)); diff != "" {
					t.Errorf("the journal depends on when jobs ran (- once, + often):\n%s", diff)
				}
			})
		}
	}
}
