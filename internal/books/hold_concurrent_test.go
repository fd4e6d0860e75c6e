package books_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestHoldsAtOnce has forty clients of two servers hold, use, capture, release and transfer
// the credits of one customer, more than there are, and looks between times: what holds
// keep and what was drawn of a lot is never more than was granted.
func TestHoldsAtOnce(t *testing.T) {
	onServers(t, 0, func(t *servers) {
		const clients, lots, granted = 40, 4, 100
		ctx, price := t.Context(), whole(10)
		done[books.Policy](t.T)(t.books[0].PolicyCreate(ctx, "p", books.NewPolicy{Code: "default"}))
		for _, customer := range []string{"acme", "beta"} {
			done[books.Customer](t.T)(t.books[0].CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer}))
		}
		for i := range lots {
			done[books.Purchased](t.T)(t.books[0].Purchase(ctx, fmt.Sprint("lot", i), books.NewPurchase{
				Customer: "acme", Credits: whole(granted), Price: &price, PurchasedAt: serverDay.Add(-48 * time.Hour),
			}))
		}
		var taken, held, short atomic.Int64
		working, stop := context.WithCancel(ctx)
		var looking, acting sync.WaitGroup
		looking.Go(func() {
			for working.Err() == nil {
				checkWithin(ctx, t.T, t.books[0])
			}
		})
		for client := range clients {
			acting.Go(func() {
				chance := rand.New(rand.NewPCG(uint64(client), 7))
				for n := range scaled(15) {
					server, other := t.books[n%2], t.books[(n+1)%2]
					key, credits := fmt.Sprintf("%d-%d", client, n), whole(1+chance.Int64N(9))
					var err error
					switch chance.IntN(6) {
					case 0:
						err = usedBy(server.RecordUsage(ctx, []books.UsageInput{{ID: key, Customer: "acme", Credits: &credits}}))
						if err == nil {
							taken.Add(credits.IntPart())
						}
					case 1:
						_, err = server.Transfer(ctx, key, books.TransferRequest{From: "acme", To: "beta", Credits: credits})
						if err == nil {
							taken.Add(credits.IntPart())
						}
					default:
						err = holdAndEnd(ctx, server, other, chance, key, credits, &taken)
						if err == nil {
							held.Add(1)
						}
					}
					switch code := books.CodeOf(err); {
					case err == nil:
					case code == books.InsufficientCredits, code == books.CreditsHeld:
						short.Add(1)
					default:
						t.Errorf("%s: %v", key, err)
					}
				}
			})
		}
		acting.Wait()
		stop()
		looking.Wait()
		checkWithin(ctx, t.T, t.books[1])
		balance := balanceOf(t.T, t.books[0], "acme")
		if left := balance.Credits + balance.Held; left != revrec.Credits(lots*granted-taken.Load())*revrec.One {
			t.Errorf("%s free and %s held of %d, of which %d were taken", balance.Credits, balance.Held, lots*granted, taken.Load())
		}
		t.Logf("%d taken, %d holds, %d too much", taken.Load(), held.Load(), short.Load())
		if held.Load() == 0 || short.Load() == 0 || taken.Load() == 0 {
			t.Error("not everything happened")
		}
		t.check()
	})
}

// holdAndEnd holds credits and mostly ends the hold, on both servers at once, which must
// happen once.
func holdAndEnd(ctx context.Context, server, other *books.Books, chance *rand.Rand, key string, credits decimal.Decimal, taken *atomic.Int64) error {
	lasts := ledger.Span(time.Hour)
	hold, err := server.HoldCreate(ctx, key, books.NewHold{Customer: "acme", Credits: &credits, ExpiresAfter: &lasts})
	if err != nil {
		return err
	}
	var ended [2]error
	var ends sync.WaitGroup
	took, how := whole(1+chance.Int64N(9)), chance.IntN(3)
	for i, b := range []*books.Books{server, other} {
		ends.Go(func() {
			switch how {
			case 0: // it ends by itself
			case 1:
				_, ended[i] = b.HoldRelease(ctx, fmt.Sprint(key, " release ", i), books.HoldToEnd{HoldID: hold.ID})
			case 2:
				_, ended[i] = b.HoldCapture(ctx, fmt.Sprint(key, " capture ", i), books.HoldCapture{HoldID: hold.ID, ID: fmt.Sprint(key, ".", i), Credits: &took})
			}
		})
	}
	ends.Wait()
	if how == 0 {
		return nil
	}
	if won := slices.Index(ended[:], nil); won >= 0 {
		if how == 2 {
			taken.Add(took.IntPart())
		}
		if code := books.CodeOf(ended[1-won]); code != books.HoldEnded {
			return fmt.Errorf("a hold ended twice: %w", ended[1-won])
		}
		return nil
	}
	return ended[0]
}

func usedBy(outcomes []books.UsageOutcome, err error) error {
	if err == nil && outcomes[0].Reason != nil {
		err = outcomes[0].Reason
	}
	return err
}

func balanceOf(t *testing.T, b *books.Books, customer string) books.Balance {
	t.Helper()
	var id string
	must2(t, b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		found, err := tx.CustomersByExternalID(ctx, []string{customer})
		id = found[0].ID
		return err
	}))
	return done[books.Balance](t)(b.Balance(t.Context(), id, time.Time{}))
}

// checkWithin holds what is held of each lot, on one snapshot, against what is unused of it.
func checkWithin(ctx context.Context, t *testing.T, b *books.Books) {
	t.Helper()
	must2(t, b.View(ctx, func(ctx context.Context, tx books.Tx) error {
		lots, err := tx.Lots(ctx, books.LotFilter{}, books.Page{})
		if err != nil {
			return err
		}
		now := b.Now()
		for _, lot := range lots {
			held, err := tx.HeldCredits(ctx, []string{lot.CustomerID}, now)
			if err != nil {
				return err
			}
			if kept := held[books.LotKey{CustomerID: lot.CustomerID, LotID: lot.ID}]; kept > lot.Unused() {
				t.Errorf("%s of lot %s held, and %s unused", kept, lot.ID, lot.Unused())
			}
		}
		return nil
	}))
}
