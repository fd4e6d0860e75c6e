package books_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"drawdown/internal/books"
)

// TestPricesChangeWhileSold sells a pack from many clients of a server while its price changes
// again and again: every sale has the price in force at its own instant.
func TestPricesChangeWhileSold(t *testing.T) {
	onServers(t, 0, func(t *servers) {
		const clients, revisions = 8, 10
		each := scaled(12)
		ctx, b := t.Context(), t.books[0]
		done[books.Policy](t.T)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default"}))
		done[books.Pack](t.T)(b.PackCreate(ctx, "pack", books.NewPack{Code: "standard", Tiers: tiers("1 1000")}))
		// The first sale comes before the first revision, and each client's last after it, however
		// the machine shares its time out.
		sold, revised := make(chan struct{}), make(chan struct{})
		firstSale, firstRevision := sync.OnceFunc(func() { close(sold) }), sync.OnceFunc(func() { close(revised) })
		var all sync.WaitGroup
		for client := range clients {
			name := fmt.Sprint("customer", client)
			done[books.Customer](t.T)(b.CustomerCreate(ctx, name, books.NewCustomer{ExternalID: name}))
			all.Go(func() {
				for n := range each {
					if n == each-1 {
						<-revised
					}
					request := books.NewPurchase{Customer: name, Pack: "standard", Credits: whole(1)}
					if _, err := b.Purchase(ctx, fmt.Sprint(name, " ", n), request); err != nil {
						t.Error(err)
					}
					firstSale()
				}
			})
		}
		all.Go(func() {
			<-sold
			for n := range revisions {
				request := books.PackRevision{Code: "standard", Tiers: tiers(fmt.Sprint("1 ", 1001+n))}
				if _, err := b.PackRevise(ctx, fmt.Sprint("revision ", n), request); err != nil {
					t.Error(err)
				}
				firstRevision()
			}
		})
		all.Wait()
		err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
			packs, err := tx.PacksByCode(ctx, []string{"standard"})
			if err != nil {
				return err
			}
			purchases, err := tx.Purchases(ctx, books.PurchaseFilter{}, books.Page{})
			used := map[int]int{}
			for _, p := range purchases {
				used[p.PackVersion]++
				if in := packs[0].At(p.PurchasedAt); in.Number != p.PackVersion || p.Price != in.Tiers[0].Price {
					t.Errorf("sold at %s by version %d for %s, and version %d was in force", p.PurchasedAt, p.PackVersion, p.Price, in.Number)
				}
			}
			if len(purchases) != clients*each || len(packs[0].Versions()) != revisions+1 || len(used) < 2 {
				t.Errorf("%d purchases by versions %v of %d", len(purchases), used, len(packs[0].Versions()))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		t.check()
	})
}
