package storetest

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// orders reads lists in each of their orders, in pages, forward and backward, and
// compares with the rows sorted by what they hold.
func orders(t *testing.T, s *suite) {
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, aPolicy("standard")))
		for i, name := range []string{"zeta", "Alpha", "ALPHA", "alpha", "Ünder", "ünder", "b_", "B%", "é", "𝒳", "Z"} {
			customer := aCustomer(fmt.Sprint("c", (i*7)%11))
			customer.Name = name
			must(t, tx.InsertCustomer(ctx, customer))
		}
		opened, err := tx.OpenBatch(ctx, newID(), noon)
		must(t, err)
		var recognitions []revrec.Recognition
		for i := range 9 {
			purchase := aPurchase([]string{c1, c2, c3, c1, c4}[i%5])
			purchase.Functional, purchase.PurchasedAt = usd(int64((i*5)%4)), noon.Add(time.Duration((i*4)%3)*time.Hour)
			must(t, tx.InsertPurchase(ctx, purchase))
			lot := aLot(purchase.CustomerID, p1)
			lot.Price, lot.Carrying, lot.CarryingFunctional = usd(100), usd(int64((i*5)%3)*10), usd(int64((i*5)%3)*11)
			lot.Drawn = revrec.Credits((i*7)%4) * revrec.One
			if i%3 == 1 {
				lot.ExpiresAt, lot.AcceptsUntil = time.Time{}, time.Time{}
			} else {
				lot.ExpiresAt = lot.ExpiresAt.Add(-time.Duration(i%4) * time.Hour)
			}
			putLots(ctx, t, tx, lot)
			r := aRecognition(lot, revrec.Usage, day, int64((i*7)%5), opened.ID)
			r.AccountingDate = day + ledger.Date((i*4)%3)
			recognitions = append(recognitions, r)
			_, err := tx.AppendEntries(ctx, []ledger.Entry{anEntry(day+ledger.Date((i*4)%3), usd(1))})
			must(t, err)
		}
		must(t, tx.InsertRecognitions(ctx, recognitions))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		inOrders(t, []books.Order{books.ByName, books.ByExternalID}, func(page books.Page) ([]books.Customer, error) {
			return tx.Customers(ctx, books.CustomerFilter{}, page)
		},
			func(c *books.Customer) string { return c.ID }, (*books.Customer).Place)
		inOrders(t, []books.Order{books.ByPurchasedAt, books.ByPrice}, func(page books.Page) ([]books.Purchase, error) {
			return tx.Purchases(ctx, books.PurchaseFilter{}, page)
		}, func(p *books.Purchase) string { return p.ID }, (*books.Purchase).Place)
		inOrders(t, []books.Order{books.ByExpiry, books.ByUnused, books.ByCarrying}, func(page books.Page) ([]revrec.Lot, error) { return tx.Lots(ctx, books.LotFilter{}, page) },
			func(l *revrec.Lot) string { return l.ID }, books.PlaceOfLot)
		inOrders(t, []books.Order{books.ByExpiry, books.ByUnused}, func(page books.Page) ([]revrec.Lot, error) {
			below, err := tx.LotsBelow(ctx, []books.LotFilter{{CustomerID: c2}, {CustomerID: c1}}, page)
			return below[1], err
		}, func(l *revrec.Lot) string { return l.ID }, books.PlaceOfLot)
		inOrders(t, []books.Order{books.ByAccountingDate, books.ByAmount}, func(page books.Page) ([]revrec.Recognition, error) {
			return tx.Recognitions(ctx, books.RecognitionFilter{}, page)
		}, func(r *revrec.Recognition) string { return r.ID }, books.PlaceOfRecognition)
		inOrders(t, []books.Order{books.ByAccountingDate}, func(page books.Page) ([]ledger.Entry, error) { return tx.Entries(ctx, books.EntryFilter{}, page) },
			func(e *ledger.Entry) string { return strconv.FormatInt(e.Number, 10) }, books.PlaceOfEntry)
		inOrders(t, []books.Order{books.ByCarrying}, func(page books.Page) ([]books.Deferred, error) {
			return tx.DeferredByCustomer(ctx, books.DeferredFilter{}, page)
		}, func(d *books.Deferred) string { return d.CustomerID + "/" + string(d.Currency) }, (*books.Deferred).Place)
		_, err := tx.Lots(ctx, books.LotFilter{}, books.Page{By: books.ByName})
		refused(t, err, books.Invalid)
		_, err = tx.Lots(ctx, books.LotFilter{}, books.Page{By: books.ByUnused, After: c1, AfterValue: "many"})
		refused(t, err, books.Invalid)
	})
}

func inOrders[T any](t *testing.T, by []books.Order, read func(books.Page) ([]T, error), key func(*T) string, place func(*T, books.Order) string) {
	t.Helper()
	natural, err := read(books.Page{})
	must(t, err)
	for _, order := range by {
		want := keysOf(natural, key)
		at := map[string]string{}
		for i := range natural {
			at[key(&natural[i])] = place(&natural[i], order)
		}
		slices.SortStableFunc(want, func(x, y string) int { return comparePlaces(at[x], at[y]) })
		for _, reverse := range []bool{false, true} {
			var got []string
			page := books.Page{By: order, Limit: 2, Reverse: reverse}
			for {
				rows, err := read(page)
				must(t, err)
				if len(rows) == 0 {
					break
				}
				got = append(got, keysOf(rows, key)...)
				last := &rows[len(rows)-1]
				page.After, page.AfterValue = key(last), place(last, order)
			}
			if reverse {
				slices.Reverse(got)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%T by %s, reverse %t:\n got %v\nwant %v", natural, order, reverse, got, want)
			}
		}
	}
	if len(natural) < 3 {
		t.Fatalf("only %d rows of %T", len(natural), natural)
	}
}

func keysOf[T any](rows []T, key func(*T) string) []string {
	keys := make([]string, len(rows))
	for i := range rows {
		keys[i] = key(&rows[i])
	}
	return keys
}

// comparePlaces compares numbers as such and text by its bytes.
func comparePlaces(x, y string) int {
	number := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return math.MinInt64
		}
		return n
	}
	return cmp.Or(cmp.Compare(number(x), number(y)), strings.Compare(x, y))
}
