package jobs

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

// After a downtime of eleven months the first ring books them all: 2,800.00 of 4,000.00
// was used in three months and the rest lapsed in the end.
func TestTheFirstRingCatchesUp(t *testing.T) {
	ctx := t.Context()
	db, err := store.OpenMemory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := time.Date(2025, 1, 1, 9, 0, 0, 0, time.UTC)
	book, err := books.Open(ctx, db, books.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	term, price := ledger.Duration{Months: 6}, decimal.NewFromInt(4000)
	if _, err = book.PolicyCreate(ctx, "p", books.NewPolicy{Code: "half-year", Policy: revrec.Policy{Expires: &term}}); err != nil {
		t.Fatal(err)
	}
	if _, err = book.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"}); err != nil {
		t.Fatal(err)
	}
	if _, err = book.Purchase(ctx, "b", books.NewPurchase{Customer: "acme", Policy: "half-year", Credits: decimal.NewFromInt(50_000), Price: &price}); err != nil {
		t.Fatal(err)
	}
	for month, used := range []int64{10_000, 20_000, 5_000} {
		now = time.Date(2025, time.Month(month+2), 10, 9, 0, 0, 0, time.UTC)
		credits := decimal.NewFromInt(used)
		if _, err = book.RecordUsage(ctx, []books.UsageInput{{ID: now.String(), Customer: "acme", Credits: &credits}}); err != nil {
			t.Fatal(err)
		}
	}
	now = time.Date(2025, 12, 1, 9, 0, 0, 0, time.UTC)

	bell, err := New(book, slog.New(slog.DiscardHandler), "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		bell.Run(ctx)
	}()
	for range 500 {
		if run := lastRun(t, book); run.Status == books.JobSucceeded {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	<-done

	run := lastRun(t, book)
	if run.Status != books.JobSucceeded || run.Trigger != books.AtStart || run.Through.String() != "2025-11-30" {
		t.Errorf("run %+v", run)
	}
	var booked []string
	err = book.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		return tx.EachEntry(ctx, 0, 0, func(e ledger.Entry) error {
			booked = append(booked, e.AccountingDate.String()+" "+string(e.Kind)+" "+e.Lines[0].Amount.String())
			return nil
		})
	})
	want := []string{
		"2025-01-01 PURCHASE USD 4000.00", "2025-02-10 USAGE USD 800.00", "2025-03-10 USAGE USD 1600.00",
		"2025-04-10 USAGE USD 400.00", "2025-07-01 BREAKAGE_EXPIRY USD 1200.00",
	}
	if err != nil || strings.Join(booked, "\n") != strings.Join(want, "\n") {
		t.Errorf("%v\ngot  %q\nwant %q", err, booked, want)
	}
}

func lastRun(t *testing.T, book *books.Books) (last books.JobRun) {
	t.Helper()
	err := book.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		runs, err := tx.JobRuns(ctx, books.JobFilter{}, books.Page{Limit: 1, Reverse: true})
		if len(runs) > 0 {
			last = runs[0]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}
