package demo

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/ledger/export"
	"drawdown/revrec"
)

func build(t *testing.T) *books.Books {
	t.Helper()
	db, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	began := time.Now()
	made, err := Build(t.Context(), db, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d events in %s", made.Events, time.Since(began).Round(time.Millisecond))
	if made.Events < 5_000 {
		t.Errorf("%d events are no year", made.Events)
	}
	return made.Books
}

func journal(t *testing.T, book *books.Books) string {
	t.Helper()
	var out bytes.Buffer
	encoder, err := export.New(export.JSONL, &out)
	if err != nil {
		t.Fatal(err)
	}
	err = book.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		return tx.EachEntry(ctx, 0, 0, func(entry ledger.Entry) error { return encoder.Entry(export.Canonical(entry)) })
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := encoder.End(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheSameBookEveryTime(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the demo twice")
	}
	first, second := journal(t, build(t)), journal(t, build(t))
	if first != second {
		t.Error("two builds differ in their journal")
	}
}

// The stories, with figures worked out by hand.
func TestTheStories(t *testing.T) {
	book := build(t)
	if !testing.Short() { // the race detector makes it take minutes
		findings, err := book.Verify(t.Context())
		if err != nil || len(findings) > 0 {
			t.Errorf("verify: %v %v", findings, err)
		}
	}
	err := book.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		for _, test := range []struct {
			customer                       string
			unused                         string
			recognised, released, carrying string
		}{
			// 35,000 of 50,000 for 4,000.00: 35/50 × 4,000 = 2,800.00, the rest 1,200.00.
			{Larkspur, "15000", "USD 2800.00", "USD 0.00", "USD 1200.00"},
			// 640 of 1,000 for 100.00 is 64.00; 36.00 lapsed on 6 January 2026.
			{PaperLantern, "360", "USD 64.00", "USD 36.00", "USD 0.00"},
			// 2,500 of 10,000 for 800.00 is 200.00; 600.00 went back.
			{Quillfeather, "0", "USD 200.00", "USD 0.00", "USD 0.00"},
			// all 1,000 used
			{Tidepool, "0", "USD 100.00", "USD 0.00", "USD 0.00"},
			// 9 months × 900 and 75 late: 8,175 of 10,000 for EUR 740.00 is 604.95.
			{Alpenglow, "1825", "EUR 604.95", "EUR 0.00", "EUR 135.05"},
			// 11 months × 36,000: 396,000 of 500,000 for 25,000.00 is 19,800.00.
			{Granite, "104000", "USD 19800.00", "USD 0.00", "USD 5200.00"},
			// 4 months × 10,000 of 100,000 for 6,000.00 is 2,400.00; the rest became remote.
			{Saltmarsh, "60000", "USD 2400.00", "USD 3600.00", "USD 0.00"},
		} {
			lot := soleLot(ctx, t, tx, test.customer)
			if lot.Unused().String() != test.unused || lot.Recognised.String() != test.recognised ||
				lot.Released.String() != test.released || lot.Carrying.String() != test.carrying {
				t.Errorf("%s: unused %s, recognised %s, released %s, carrying %s; want %+v",
					test.customer, lot.Unused(), lot.Recognised, lot.Released, lot.Carrying, test)
			}
		}
		checkLarkspurByNovember(ctx, t, tx)
		checkPool(ctx, t, tx)
		checkEntries(ctx, t, tx)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// soleLot returns the lot that the customer bought; each of the stories bought one.
func soleLot(ctx context.Context, t *testing.T, tx books.Tx, customer string) revrec.Lot {
	t.Helper()
	lots, err := tx.Lots(ctx, books.LotFilter{CustomerID: idOf(ctx, t, tx, customer), Kind: revrec.PurchaseLot}, books.Page{Limit: 10})
	if err != nil || len(lots) != 1 {
		t.Fatalf("%s bought %d lots, %v", customer, len(lots), err)
	}
	return lots[0]
}

func idOf(ctx context.Context, t *testing.T, tx books.Tx, customer string) string {
	t.Helper()
	found, err := tx.CustomersByExternalID(ctx, []string{customer})
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v %v", customer, found, err)
	}
	return found[0].ID
}

func checkLarkspurByNovember(ctx context.Context, t *testing.T, tx books.Tx) {
	t.Helper()
	lot := soleLot(ctx, t, tx, Larkspur)
	rows, err := tx.Recognitions(ctx, books.RecognitionFilter{LotID: lot.ID, To: ledger.NewDate(2025, 11, 30)}, books.Page{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var credits revrec.Credits
	var earned ledger.Amount
	for _, row := range rows {
		credits, earned = credits+row.Credits, earned.Add(row.Amount)
	}
	if credits != 35_000*revrec.One || earned.String() != "USD 2800.00" {
		t.Errorf("by November %s credits are booked as %s, want 35000 as USD 2800.00", credits, earned)
	}
}

// checkPool works out the pool of January. Paper Lantern's lot has lapsed and left it, so
// Larkspur's is alone there: G = 4,000, U = 2,800, r = 0.08 since July, B = 320;
// 320 × 2,800 ÷ (4,000 − 320) = 243.478 → 243.48, a fifth of it, 48.70, unclaimed.
func checkPool(ctx context.Context, t *testing.T, tx books.Tx) {
	t.Helper()
	annual, err := tx.PoliciesByCode(ctx, []string{"annual"})
	if err != nil || len(annual) != 1 {
		t.Fatal(annual, err)
	}
	pools, err := tx.Pools(ctx, annual[0].ID, books.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(pools, func(p revrec.Pool) bool { return p.Key == "2025-01" && p.Currency == "USD" })
	if at < 0 {
		t.Fatalf("no pool of January: %+v", pools)
	}
	booked, err := tx.BookedOfPools(ctx, []books.PoolWork{{Pool: pools[at]}})
	if err != nil {
		t.Fatal(err)
	}
	var total, unclaimed int64
	for _, sum := range booked[pools[at].ID] {
		total, unclaimed = total+sum.Minor, unclaimed+sum.Unclaimed
	}
	if total != 24_348 || unclaimed != 4_870 {
		t.Errorf("the pool of January has early breakage of %d, unclaimed %d; want 24348, 4870", total, unclaimed)
	}
}

func checkEntries(ctx context.Context, t *testing.T, tx books.Tx) {
	t.Helper()
	type posting struct {
		account ledger.Role
		amount  string
	}
	for _, test := range []struct {
		kind ledger.EntryKind
		on   ledger.Date
		want []posting
	}{
		{ledger.RefundEntry, ledger.NewDate(2025, 4, 15), []posting{{ledger.DeferredRevenue, "USD 600.00"}, {ledger.Cash, "USD -600.00"}}},
		{ledger.PaymentEntry, ledger.NewDate(2025, 3, 20), []posting{{ledger.Cash, "USD 25000.00"}, {ledger.AccountsReceivable, "USD -25000.00"}}},
		{ledger.DueEntry, ledger.NewDate(2025, 3, 12), []posting{{ledger.AccountsReceivable, "USD 25000.00"}, {ledger.DeferredRevenue, "USD -25000.00"}}},
		// a fifth of 36.00 is the law's
		{ledger.ExpiryEntry, ledger.NewDate(2026, 1, 6), []posting{{ledger.DeferredRevenue, "USD 36.00"}, {ledger.BreakageRevenue, "USD -28.80"}, {ledger.UnclaimedProperty, "USD -7.20"}}},
		{ledger.RemoteEntry, 0, []posting{{ledger.DeferredRevenue, "USD 3600.00"}, {ledger.BreakageRevenue, "USD -3600.00"}}},
	} {
		entries, err := tx.Entries(ctx, books.EntryFilter{Kind: test.kind, From: test.on, To: test.on}, books.Page{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		var got []posting
		for _, entry := range entries {
			for _, line := range entry.Lines {
				got = append(got, posting{line.Account, line.Amount.String()})
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s %s: got %v, want %v", test.on, test.kind, got, test.want)
		}
	}
	// Tidepool used 9 × 150 = 1,350 credits: 350 beyond its 1,000 at 0.12 is 42.00.
	lots, err := tx.Lots(ctx, books.LotFilter{CustomerID: idOf(ctx, t, tx, Tidepool), Kind: revrec.OverageLot}, books.Page{Limit: 10})
	if err != nil || len(lots) != 1 || lots[0].Drawn != 350*revrec.One || lots[0].Recognised.String() != "USD 42.00" {
		t.Errorf("overage: %+v, %v", lots, err)
	}
	// Alpenglow's 740.00 euros at 1.085 are 802.90 dollars, for the life of the lot.
	if lot := soleLot(ctx, t, tx, Alpenglow); lot.Functional.String() != "USD 802.90" {
		t.Errorf("functional %s, want USD 802.90", lot.Functional)
	}
}

func TestTheDemoTakesAnEmptyDatabaseOnly(t *testing.T) {
	db, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := books.Open(t.Context(), db, books.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Build(t.Context(), db, nil); books.CodeOf(err) != books.Invalid {
		t.Errorf("got %v", err)
	}
}
