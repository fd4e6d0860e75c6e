package reports_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/reports"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestAStatementSaysWhatItSaid keeps the statements of an instant, lets everything happen that can
// become of credits, and asks again as of that instant.
func TestAStatementSaysWhatItSaid(t *testing.T) {
	for _, b := range onBoth(t) {
		ctx := b.T.Context()
		half := decimal.RequireFromString("0.5")
		for _, policy := range []books.NewPolicy{
			{Code: "annual", Policy: revrec.Policy{Expires: &ledger.Duration{Months: 12}}},
			{Code: "rolls", Policy: revrec.Policy{Expires: &ledger.Duration{Days: 20}, ShortExpiry: "a trial", Rollover: &revrec.Rollover{Share: half, Extend: ledger.Duration{Days: 30}}}},
		} {
			_, err := b.PolicyCreate(ctx, policy.Code, policy)
			b.Must(err)
		}
		for _, customer := range []string{"acme", "beta"} {
			_, err := b.CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer})
			b.Must(err)
		}
		extended := b.sell("1", "acme", "annual", 1000, 100, "")
		rolling := b.sell("2", "acme", "rolls", 100, 10, "")
		charged := b.sell("3", "acme", "annual", 300, 60, "EUR")
		refunded := b.sell("4", "beta", "annual", 500, 50, "")
		owed, err := b.Purchase(ctx, "5", books.NewPurchase{Customer: "beta", Policy: "annual", Credits: *whole(200), Price: whole(20), Invoiced: true, DueOn: ledger.NewDate(2024, 1, 10)})
		b.Must(err)
		b.at(1, 12)
		b.use("u1", "acme", 40, time.Time{})
		b.use("u2", "beta", 70, time.Time{})
		b.run(2024, 1, 14)
		b.use("u3", "acme", 5, time.Time{}) // not booked yet

		asked := []map[string]string{}
		for _, customer := range []string{"acme", "beta"} {
			for _, to := range []string{"2024-01-14", "2024-01-31", "2024-06-30"} {
				for _, detail := range []string{"DAY", "EVENT"} {
					asked = append(asked, map[string]string{"customer": customer, "from": "2024-01-01", "to": to, "detail": detail})
				}
			}
		}
		then, said := b.Now, []string{}
		for _, given := range asked {
			said = append(said, b.file("customer-statement", reports.CSV, given))
		}

		b.at(1, 15)
		b.use("late", "acme", 30, time.Date(2024, 1, 5, 0, 0, 0, 0, time.UTC))
		_, err = b.VoidUsage(ctx, "v", books.UsageVoid{Customer: "acme", ID: "u1", Reason: "twice"})
		b.Must(err)
		_, err = b.Extend(ctx, "x", books.Extension{PurchaseID: extended.ID, NeverExpires: true, Treatment: books.Prospective, Reason: "agreed"})
		b.Must(err)
		_, err = b.Transfer(ctx, "t", books.TransferRequest{From: "acme", To: "beta", Credits: *whole(50), Reason: "sister"})
		b.Must(err)
		_, err = b.Grant(ctx, "g", books.NewGrant{Customer: "beta", Policy: "annual", Credits: *whole(10), Reason: "PROMO", GrantedAt: time.Date(2024, 1, 3, 0, 0, 0, 0, time.UTC)})
		b.Must(err)
		_, err = b.Dispute(ctx, "d", books.DisputeRequest{PurchaseID: charged.ID, Outcome: books.DisputeLost, Amount: whole(30), Reason: "lost"})
		b.Must(err)
		_, err = b.Refund(ctx, "r1", books.RefundRequest{PurchaseID: refunded.ID, Amount: *whole(5), Credits: whole(50), Reason: "in part"})
		b.Must(err)
		_, err = b.Refund(ctx, "r2", books.RefundRequest{PurchaseID: refunded.ID, Amount: *whole(10), Reason: "the rest"})
		b.Must(err)
		_, err = b.VoidPurchase(ctx, "pv", books.PurchaseVoid{PurchaseID: owed.Purchase.ID, Reason: "called off"})
		b.Must(err)
		b.run(2024, 2, 20) // it rolls over, and what rolled over lapses
		b.run(2024, 3, 20)
		_, err = b.Reinstate(ctx, "rs", books.Reinstatement{PurchaseID: rolling.ID, Credits: *whole(7), NeverExpires: true, Treatment: books.PriceConcession, Reason: "agreed"})
		b.Must(err)
		b.run(2024, 3, 22)

		for i, given := range asked {
			now := strings.ReplaceAll(b.file("customer-statement", reports.CSV, given), b.Now.Format(time.RFC3339Nano), then.Format(time.RFC3339Nano))
			given["asOf"] = then.Format(time.RFC3339Nano)
			if text := b.file("customer-statement", reports.CSV, given); text != said[i] {
				b.T.Errorf("%v: the statement is\n%s\nand was\n%s", given, text, said[i])
			}
			if now == said[i] {
				b.T.Errorf("%v: nothing came after, and so nothing is held to anything", given)
			}
		}
	}
}
