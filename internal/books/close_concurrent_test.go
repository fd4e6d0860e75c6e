package books_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestCloseWhileOthersBook closes and reopens February while two servers sell, refund, use,
// estimate and run jobs in it: what was closed never changes, nobody waits for each other in
// a circle, and verify finds nothing.
func TestCloseWhileOthersBook(t *testing.T) {
	onServers(t, 0, func(t *servers) {
		ctx, price, one := t.Context(), whole(100), whole(1)
		inFebruary := serverDay.AddDate(0, 0, -20)
		done[[]books.GLCode](t.T)(t.books[0].GLAccountsSet(ctx, "gl", books.SampleGLCodes()))
		done[books.Policy](t.T)(t.books[0].PolicyCreate(ctx, "p", books.NewPolicy{Code: "default"}))
		done[books.Policy](t.T)(t.books[0].PolicyCreate(ctx, "q", books.NewPolicy{Code: "pooled", Policy: revrec.Policy{
			Breakage: revrec.Breakage{Method: revrec.Proportional, Pool: revrec.PoolByPolicy, Rate: decimal.New(1, -1)},
		}}))
		for _, name := range []string{"acme", "beta"} {
			done[books.Customer](t.T)(t.books[0].CustomerCreate(ctx, name, books.NewCustomer{ExternalID: name}))
		}
		done[books.Purchased](t.T)(t.books[0].Purchase(ctx, "first", books.NewPurchase{
			Customer: "beta", Policy: "pooled", Credits: whole(100_000), Price: &price, PurchasedAt: inFebruary,
		}))
		var working, closing sync.WaitGroup
		var stop atomic.Bool
		for worker := range 4 {
			working.Go(func() {
				for n := range scaled(40) {
					b, key := t.books[(worker+n)%2], fmt.Sprint(worker, " ", n)
					bought, err := b.Purchase(ctx, key, books.NewPurchase{Customer: "acme", Credits: whole(10), Price: &price, PurchasedAt: inFebruary})
					if err == nil && n%3 == 0 {
						_, err = b.Refund(ctx, key+" back", books.RefundRequest{PurchaseID: bought.Purchase.ID, Amount: whole(100)})
					}
					if err == nil && n%5 == 0 {
						_, err = b.RecordUsage(ctx, []books.UsageInput{{ID: key, Customer: "beta", Credits: &one, OccurredAt: inFebruary}})
					}
					if err == nil && n%7 == 0 {
						_, err = b.EstimateCreate(ctx, key+" estimate", books.NewEstimate{Policy: "pooled", Rate: decimal.New(int64(n), -2), From: february.Last()})
						if books.CodeOf(err) == books.PeriodClosed {
							err = nil
						}
					}
					if err != nil {
						t.Errorf("%s: %v", key, err)
					}
				}
			})
		}
		closings, reopenings := 0, 0
		closing.Go(func() {
			for n := 0; !stop.Load() || closings == 0; n++ {
				b, key := t.books[n%2], fmt.Sprint("closing ", n)
				if _, err := b.RunJob(ctx, books.JobAll, books.RunOptions{}); err != nil && books.CodeOf(err) != books.JobRunning {
					t.Error(err)
				}
				_, err := b.PeriodClose(ctx, key, books.ClosePeriod{Period: february})
				switch books.CodeOf(err) {
				case books.CloseChecksFailed, books.PeriodClosed:
				default:
					if err != nil {
						t.Error(err)
						return
					}
					closings++
				}
				t.sameAsClosed(february) //nolint:contextcheck // it has the test's
				if n%3 > 0 {
					continue
				}
				proposed, err := b.PeriodReopenPropose(person(t.T, "ann"), key+" propose", books.ReopenPeriod{Period: february, Reason: "r"}) //nolint:contextcheck // another person's
				if err == nil {
					_, err = b.PeriodReopenApprove(person(t.T, "bob"), key+" approve", books.DecideReopening{ID: proposed.ID}) //nolint:contextcheck // another person's
				}
				if code := books.CodeOf(err); err == nil {
					reopenings++
				} else if code != books.PeriodOpen && code != books.CloseChecksFailed {
					t.Error(err)
				}
			}
		})
		working.Wait()
		stop.Store(true)
		closing.Wait()
		t.Logf("closed %d times, reopened %d times", closings, reopenings)
		_, err := t.books[0].RunJob(ctx, books.JobAll, books.RunOptions{})
		must2(t.T, err)
		t.sameAsClosed(february)
		t.check()
	})
}

// sameAsClosed holds a period, where it is closed, against the balances that its closing kept.
func (t *servers) sameAsClosed(period ledger.Period) {
	t.Helper()
	must2(t.T, t.books[1].View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		closed, err := tx.ClosedThrough(ctx)
		if err != nil || closed < period {
			return err
		}
		closings, err := tx.Closings(ctx, []ledger.Period{period})
		if err != nil {
			return err
		}
		kept, err := tx.ClosingBalances(ctx, closings[len(closings)-1].ID)
		if err != nil {
			return err
		}
		now, err := tx.TrialBalance(ctx, period, period)
		for _, was := range kept {
			for _, is := range now.Balances {
				if is.Account == was.Account && is.Currency == was.Currency && is != was {
					t.Errorf("closed with %+v, and now it is %+v", was, is)
				}
			}
		}
		return err
	}))
}
