package jobs

import (
	"context"
	"encoding/csv"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/destination"
	"drawdown/internal/destination/s3test"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
)

// TestDeliveredOnce has two servers write batches and put them into a bucket that fails now and then, at the same
// time and again: each batch is there once, with its manifest, and each entry in one of its files.
func TestDeliveredOnce(t *testing.T) {
	for engine, url := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "book.db") },
		"postgres": func(t *testing.T) string { return pgtest.URL(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			ctx := t.Context()
			bucket := s3test.New(t)
			var asked atomic.Int64
			bucket.Fault = func(*http.Request) int {
				if asked.Add(1)%4 == 0 {
					return http.StatusServiceUnavailable
				}
				return 0
			}
			_, to, err := destination.Parse("archive=s3://" + s3test.Bucket + "?endpoint=" + bucket.URL)
			if err != nil {
				t.Fatal(err)
			}
			at := url(t)
			var servers [2]*Exports
			var book *books.Books
			for i := range servers {
				kept, err := store.Open(ctx, at, store.Options{})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = kept.Close() })
				if err := kept.Migrate(ctx); err != nil {
					t.Fatal(err)
				}
				if book, err = books.Open(ctx, kept, books.Options{Destinations: []string{"archive"}}); err != nil {
					t.Fatal(err)
				}
				servers[i] = NewExports(book, slog.New(slog.DiscardHandler), map[string]destination.Destination{"archive": to})
			}
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			_, err = book.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default"})
			must(err)
			_, err = book.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"})
			must(err)
			target, err := book.ExportTargetCreate(ctx, "t", books.NewExportTarget{Code: "erp", Profile: `{"format": "csv"}`, Destination: "archive"})
			must(err)
			const batches = 4
			for n := range batches {
				price := decimal.NewFromInt(10)
				for i := range 3 {
					_, err = book.Purchase(ctx, fmt.Sprint("sale ", n, i), books.NewPurchase{Customer: "acme", Credits: price, Price: &price})
					must(err)
				}
				_, err = book.ExportBatchCreate(ctx, fmt.Sprint("batch ", n), books.NewExportBatch{Target: target.ID})
				must(err)
			}
			for range 2 {
				var working sync.WaitGroup
				for _, server := range servers {
					working.Go(func() {
						server.Write(ctx)
						server.Deliver(ctx)
					})
				}
				working.Wait()
			}
			objects := bucket.Objects()
			seen := map[string]int{}
			for n := range batches {
				within := fmt.Sprintf("erp/%06d/", n+1)
				if len(objects[within+"manifest.json"].Content) == 0 {
					t.Errorf("%s has no manifest", within)
				}
				for key, object := range objects {
					if !strings.HasPrefix(key, within) || !strings.HasSuffix(key, ".csv") {
						continue
					}
					rows, err := csv.NewReader(strings.NewReader(string(object.Content))).ReadAll()
					must(err)
					for _, row := range rows[1:] {
						seen[row[0]+"."+row[1]]++
					}
				}
			}
			for line, times := range seen {
				if times != 1 {
					t.Errorf("line %s is there %d times", line, times)
				}
			}
			if len(seen) != batches*3*2 || len(objects) != 2*batches || asked.Load() < 4*batches {
				t.Errorf("%d lines in %d objects, asked %d times", len(seen), len(objects), asked.Load())
			}
			must(book.View(ctx, func(ctx context.Context, tx books.Tx) error {
				delivered, err := tx.CountExportBatches(ctx, books.ExportBatchFilter{TargetID: target.ID, Status: books.ExportDelivered})
				if delivered != batches {
					t.Errorf("%d batches are delivered", delivered)
				}
				return err
			}))
			findings, err := book.Verify(ctx)
			must(err)
			for _, finding := range findings {
				t.Errorf("verify: %+v", finding)
			}
		})
	}
}
