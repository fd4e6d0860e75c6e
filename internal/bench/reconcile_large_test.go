package bench

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
	"drawdown/ledger/export"
)

// TestReconcileLarge times the daily reconciliation of a book of a million events on a million
// lot-days, day by day through a round, for the figures of docs/finance/reconciliation.md. It takes minutes, and is
// made only where DRAWDOWN_LARGE is set.
func TestReconcileLarge(t *testing.T) {
	if os.Getenv("DRAWDOWN_LARGE") == "" {
		t.Skip("set DRAWDOWN_LARGE to make it")
	}
	t.Run("SQLite", func(t *testing.T) { reconcileLarge(t, "sqlite:"+filepath.Join(t.TempDir(), "book.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { reconcileLarge(t, pgtest.URL(t)) })
}

func reconcileLarge(t *testing.T, url string) {
	const customers, generations, days = 4_000, 5, 50
	ctx := t.Context()
	engine, err := newEngine(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.close(context.WithoutCancel(ctx)) }()
	b := &bench{Options: Quick(), engine: engine, report: &Report{}, program: Program{
		Open: func(ctx context.Context, url string) (books.Store, error) {
			db, err := store.Open(ctx, url, store.Options{})
			if err != nil {
				return nil, err
			}
			err = db.Migrate(ctx)
			return db, err
		},
		Handler: func(context.Context, *books.Books) http.Handler { return http.NotFoundHandler() },
		Token:   func(context.Context, *books.Books) (string, error) { return "", nil },
		Export:  func(context.Context, *books.Books, export.Format, io.Writer) error { return nil },
		Version: "test",
	}}
	b.Progress = func(what string) { t.Log(what) }
	book, err := b.newBook(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.close(context.WithoutCancel(ctx)) }()
	h, err := b.newHistory(ctx, book, customers, generations, days)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := h.use(ctx, 0, customers); err != nil {
		t.Fatal(err)
	}
	if _, err := h.recognise(ctx, customers*generations, customers*generations*days); err != nil {
		t.Fatal(err)
	}
	t.Logf("made in %s", time.Since(began))
	if err := errors.Join(book.refresh(ctx), book.settle(ctx)); err != nil {
		t.Fatal(err)
	}
	for _, on := range []struct {
		day  time.Time
		runs int
	}{{time.Date(2026, 4, 15, 12, 0, 0, 0, time.UTC), 3}, {time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC), books.OlderParts}} {
		for day := range on.runs {
			book.clock.leap(on.day.AddDate(0, 0, day))
			var heap heapPeak
			stop := heap.watch()
			made := b.reconcileDay(t, book)
			stop()
			for _, part := range made.Older.Parts {
				t.Logf("%s: part %d of months %s to %s: %s", made.To, part.Number, part.From, part.To, part.Took.Round(time.Millisecond))
			}
			t.Logf("%s: %d events of older days, all %s; %.0f MB", made.To, olderEvents(made), made.Took.Round(time.Millisecond), heap.megabytes())
			if made.Found != "" {
				t.Errorf("%d differ", made.Differences())
			}
			if day == on.runs-1 {
				made = b.reconcileDay(t, book)
				t.Logf("%s again, %d parts: %s", made.To, len(made.Older.Parts), made.Took.Round(time.Millisecond))
			}
		}
		err := book.store.View(ctx, func(ctx context.Context, tx books.Tx) error {
			made, err := book.Reconciliation(ctx, tx, books.ReconcileRequest{})
			t.Logf("all days: %s", made.Took.Round(time.Millisecond))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (*bench) reconcileDay(t *testing.T, book *book) (made books.Reconciliation) {
	t.Helper()
	if _, err := book.RunJob(t.Context(), books.JobReconcile, books.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	err := book.store.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		kept, err := tx.Reconciliations(ctx, books.ReconciliationFilter{}, books.Page{Limit: 1, Reverse: true})
		if err == nil {
			made = kept[0]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func olderEvents(made books.Reconciliation) (n int64) {
	for _, line := range made.Lines {
		if line.Of == "EVENTS_OLDER" {
			n += line.Left.Rows
		}
	}
	return n
}
