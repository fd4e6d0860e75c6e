package books_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestBalanceAsRolled reads a balance before and after something was written about a
// rollover: it says the same, by the same ids, to the customer too.
func TestBalanceAsRolled(t *testing.T) {
	quarter := ledger.Duration{Months: 3}
	for name, breakage := range map[string]revrec.Breakage{
		"at expiry": {},
		"remote":    {Method: revrec.Remote, RemoteAfter: ledger.Duration{Months: 1}, RemoteFrom: revrec.FromLastUse},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, now := t.Context(), time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
			b, price, used := newBook(t, &now), whole(100), whole(40)
			done[books.Policy](t)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default", Policy: revrec.Policy{
				Expires: &quarter, Breakage: breakage, Rollover: &revrec.Rollover{Share: decimal.New(5, -1), Extend: quarter},
			}}))
			customer := done[books.Customer](t)(b.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"}))
			bought := done[books.Purchased](t)(b.Purchase(ctx, "b", books.NewPurchase{Customer: "acme", Credits: whole(100), Price: &price}))
			now = time.Date(2024, 3, 20, 0, 0, 0, 0, time.UTC)
			done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{{ID: "u", Customer: "acme", Credits: &used}}))
			expiry := time.Date(2024, 4, 1, 0, 0, 0, 0, time.UTC)
			ahead := done[books.Balance](t)(b.Balance(ctx, customer.ID, expiry)) // as it will be
			now = expiry
			read := done[books.Balance](t)(b.Balance(ctx, customer.ID, time.Time{}))
			own := done[books.Balance](t)(b.Balance(books.WithCaller(ctx, books.Caller{CustomerID: customer.ID}), customer.ID, time.Time{}))
			for what, other := range map[string]books.Balance{"ahead": ahead, "to the customer": own} {
				if diff := cmp.Diff(read, other); diff != "" {
					t.Errorf("the balance %s (- else, +):\n%s", what, diff)
				}
			}
			if read.Credits != 30*revrec.One || len(read.Lots) != 1 || read.Lots[0].OriginID != bought.Lot.ID {
				t.Fatalf("30 credits live on in a lot out of the pack, not %s in %+v", read.Credits, read.Lots)
			}
			one, all := whole(1), whole(31)
			refused := done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{{ID: "too much", Customer: "acme", Credits: &all}}))
			if refused[0].Status != books.Rejected || lotCount(t, b) != 1 {
				t.Fatalf("a refused use left %d lots", lotCount(t, b))
			}
			now = now.Add(time.Hour)
			outcomes := done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{{ID: "next", Customer: "acme", Credits: &one}}))
			if draws := outcomes[0].Draws; len(draws) != 1 || draws[0].LotID != read.Lots[0].ID {
				t.Errorf("drew %+v, not on the lot that the balance showed, %s", draws, read.Lots[0].ID)
			}
			kept := done[books.Balance](t)(b.Balance(ctx, customer.ID, time.Time{}))
			want := read.Lots[0]
			want.Order, want.Drawn, want.PendingFrom, want.CreatedAt = 2, revrec.One, ledger.DateOf(now, time.UTC), now
			want.RemoteDue = kept.Lots[0].RemoteDue
			if diff := cmp.Diff(want, kept.Lots[0]); diff != "" {
				t.Errorf("the lot as it was kept (- shown before, +):\n%s", diff)
			}
			now = now.AddDate(0, 0, 1)
			done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
			if findings := done[[]books.Finding](t)(b.Verify(ctx)); len(findings) > 0 {
				t.Errorf("verify: %+v", findings)
			}
		})
	}
}

func lotCount(t *testing.T, b *books.Books) (n int64) {
	t.Helper()
	if err := b.View(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		n, err = tx.CountLots(ctx, books.LotFilter{})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTellOfRollovers has credits come to their expiry: what lives on is told once, with the
// act or the job that comes first, and not by an act that is refused.
func TestTellOfRollovers(t *testing.T) {
	ctx, now := t.Context(), time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	b, price, quarter := newBook(t, &now), whole(100), ledger.Duration{Months: 3}
	done[books.Policy](t)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default", Policy: revrec.Policy{
		Expires: &quarter, Rollover: &revrec.Rollover{Share: decimal.New(5, -1), Extend: quarter},
	}}))
	_, _, err := b.WebhookCreate(ctx, "w", books.NewWebhook{
		URL: "https://example.com", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Events: []books.NoticeType{books.NoticeLotRolledOver},
	})
	fine(t, err)
	bought := map[string]books.Purchased{}
	for _, customer := range []string{"acme", "beta", "used"} {
		done[books.Customer](t)(b.CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer}))
		bought[customer] = done[books.Purchased](t)(b.Purchase(ctx, "b "+customer, books.NewPurchase{Customer: customer, Credits: whole(100), Price: &price}))
	}
	use := func(id, customer string, credits int64) books.OutcomeStatus {
		used := whole(credits)
		return done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{{ID: id, Customer: customer, Credits: &used}}))[0].Status
	}
	now = time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	use("all", "used", 100)
	use("some", "acme", 40)
	now = time.Date(2024, 4, 1, 0, 0, 0, 0, time.UTC)
	if status := use("too much", "acme", 31); status != books.Rejected || len(bodiesOf(t, b)) != 0 {
		t.Fatalf("%s, told %q", status, bodiesOf(t, b))
	}
	for _, id := range []string{"one", "two", "two"} {
		use(id, "acme", 1)
	}
	for range 2 {
		now = now.AddDate(0, 0, 1)
		done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	}
	told := bodiesOf(t, b) // nothing of the pack that was used up
	want := []string{
		`"type":"lot.rolled_over" "customer":"acme" "originId":"lot_` + bought["acme"].Lot.ID + `" "purchaseId":"pur_` + bought["acme"].Purchase.ID + `" "granted":"30" "startsAt":"2024-04-01T00:00:00Z" "expiresAt":"2024-07-01T00:00:00Z"`,
		`"type":"lot.rolled_over" "customer":"beta" "originId":"lot_` + bought["beta"].Lot.ID + `" "granted":"50"`,
	}
	if len(told) != len(want) {
		t.Fatalf("told %q", told)
	}
	for i := range want {
		for word := range strings.SplitSeq(want[i], " ") {
			if !strings.Contains(told[i], word) {
				t.Errorf("told %s, without %s", told[i], word)
			}
		}
	}
}
