package books_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/revrec"
)

// TestBudgetsAtOnce has thirty clients of two servers spend from one hard budget, by use and
// by holds, of a customer with credits and of one who has none and is billed: exactly what
// the budget allows goes through.
func TestBudgetsAtOnce(t *testing.T) {
	onServers(t, 0, func(t *servers) {
		const clients, limit = 30, 20
		ctx, price, one := t.Context(), whole(10), whole(1)
		bill := revrec.Policy{Overage: revrec.Overage{Mode: revrec.BillOverage, Rate: decimal.New(5, -2)}}
		done[books.Policy](t.T)(t.books[0].PolicyCreate(ctx, "p", books.NewPolicy{Code: "default", Policy: bill}))
		for _, customer := range []string{"acme", "beta"} {
			done[books.Customer](t.T)(t.books[0].CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer}))
			for team, per := range map[string]books.BudgetPer{"red": books.PerTotal, "blue": books.PerMonth} {
				done[books.Budget](t.T)(t.books[0].BudgetCreate(ctx, customer+team, books.NewBudget{
					Customer: customer, Name: team, Dimension: books.EventDimension{Key: "team", Value: team}, Limit: whole(limit), Per: per, Mode: books.HardBudget,
				}))
			}
		}
		done[books.Purchased](t.T)(t.books[0].Purchase(ctx, "buy", books.NewPurchase{Customer: "acme", Credits: whole(1000), Price: &price}))
		done[books.Purchased](t.T)(t.books[0].Purchase(ctx, "void", books.NewPurchase{Customer: "beta", Credits: whole(1), Price: &price, PurchasedAt: serverDay.Add(-time.Hour)}))
		var spent [2]atomic.Int64
		var acting sync.WaitGroup
		for client := range clients {
			acting.Go(func() {
				for n := range scaled(8) {
					which := (client + n) % 2
					key, customer, server := fmt.Sprintf("%d-%d", client, n), []string{"acme", "beta"}[which], t.books[n/2%2]
					dimensions := []books.EventDimension{{Key: "team", Value: "red"}}
					var err error
					if which == 0 && n%3 == 0 {
						var hold books.Hold
						hold, err = server.HoldCreate(ctx, key, books.NewHold{Customer: customer, Credits: &one, Dimensions: dimensions})
						if err == nil {
							_, err = t.books[(n+1)%2].HoldCapture(ctx, key+"c", books.HoldCapture{HoldID: hold.ID, ID: key, Credits: &one})
						}
					} else {
						err = usedBy(server.RecordUsage(ctx, []books.UsageInput{{ID: key, Customer: customer, Credits: &one, Dimensions: dimensions}}))
					}
					switch code := books.CodeOf(err); {
					case err == nil:
						spent[which].Add(1)
					case code != books.BudgetExceeded:
						t.Errorf("%s of %s: %v", key, customer, err)
					}
				}
			})
		}
		acting.Wait()
		for which, customer := range []string{"acme", "beta"} {
			if spent[which].Load() != limit {
				t.Errorf("%d of %s went through, and the budget is %d", spent[which].Load(), customer, limit)
			}
			must2(t.T, t.books[0].View(ctx, func(ctx context.Context, tx books.Tx) error {
				found := done[[]books.Customer](t.T)(tx.CustomersByExternalID(ctx, []string{customer}))
				balances := done[map[string][]books.BudgetBalance](t.T)(books.BudgetBalances(ctx, tx, []string{found[0].ID}, t.books[0].Now(), t.books[0].Zone()))
				for _, balance := range balances[found[0].ID] {
					if red := balance.Budget.Name == "red"; red != (balance.Spent == limit*revrec.One) {
						t.Errorf("%s of %s: %s spent", balance.Budget.Name, customer, balance.Spent)
					}
				}
				return nil
			}))
		}
		t.check()
	})
}
