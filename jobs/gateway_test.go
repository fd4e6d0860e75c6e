package jobs

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"drawdown/internal/books"
	"drawdown/internal/destination"
	"drawdown/internal/destination/s3test"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
)

// TestDeliveredToGateway delivers a small batch, and one whose file goes in parts, to a real S3 server: first with a key that
// it does not know, which delivers nothing and says so, and then by two servers at the same time, and again. What
// is there is what the book has, once, and the manifests.
func TestDeliveredToGateway(t *testing.T) {
	gateway := s3test.NewGateway(t)
	for engine, at := range map[string][2]string{
		"sqlite":   {"sqlite", filepath.Join(t.TempDir(), "book.db")},
		"postgres": {"pgx", pgtest.URL(t)},
	} {
		t.Run(engine, func(t *testing.T) {
			ctx := t.Context()
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			driver, where := at[0], at[1]
			url := where
			if driver == "sqlite" {
				url = "sqlite:" + where
			}
			kept, err := store.Open(ctx, url, store.Options{})
			must(err)
			t.Cleanup(func() { _ = kept.Close() })
			must(kept.Migrate(ctx))
			book, err := books.Open(ctx, kept, books.Options{Destinations: []string{"archive"}})
			must(err)
			const entries = 90_000 // 180,000 lines are some 80 MB
			writeEntries(t, driver, where, entries)
			target, err := book.ExportTargetCreate(ctx, "t", books.NewExportTarget{Code: engine, Profile: `{"format": "jsonl-lines"}`, Destination: "archive"})
			must(err)
			for _, through := range []int64{10, entries} {
				_, err = book.ExportBatchCreate(ctx, fmt.Sprint("batch ", through), books.NewExportBatch{Target: target.ID, Through: through})
				must(err)
			}
			server := func(log io.Writer) *Exports {
				_, to, err := destination.Parse("archive=s3://" + s3test.Bucket + "?endpoint=" + gateway.URL + "&region=" + s3test.Region)
				must(err)
				return NewExports(book, slog.New(slog.NewTextHandler(log, nil)), map[string]destination.Destination{"archive": to})
			}
			t.Run("wrong key", func(t *testing.T) {
				t.Setenv("AWS_SECRET_ACCESS_KEY", "another")
				var said bytes.Buffer
				server(&said).Write(ctx)
				if !strings.Contains(said.String(), "refuses the key in AWS_ACCESS_KEY_ID") {
					t.Error(said.String())
				}
			})
			for range 2 {
				var working sync.WaitGroup
				for range 2 {
					working.Go(func() { server(t.Output()).Deliver(ctx) })
				}
				working.Wait()
			}
			files := gateway.Files(t)
			var batches []books.ExportBatch
			must(book.View(ctx, func(ctx context.Context, tx books.Tx) (err error) {
				batches, err = tx.ExportBatches(ctx, books.ExportBatchFilter{TargetID: target.ID, Status: books.ExportDelivered}, books.Page{})
				return err
			}))
			if len(batches) != 2 {
				t.Errorf("%d batches are delivered", len(batches))
			}
			for _, batch := range batches {
				holdDelivered(ctx, t, book, batch.ID, fmt.Sprintf("%s/%06d/", engine, batch.Number), files)
			}
			for key := range files {
				if strings.HasPrefix(key, engine+"/") {
					t.Error("is in no batch:", key)
				}
			}
		})
	}
}

// holdDelivered holds what the server has of a batch against the book, and takes it out of files.
func holdDelivered(ctx context.Context, t *testing.T, book *books.Books, id, within string, files map[string][]byte) {
	t.Helper()
	var batch books.ExportBatch
	err := book.View(ctx, func(ctx context.Context, tx books.Tx) error {
		found, err := tx.ExportBatchesByID(ctx, []string{id})
		if err == nil {
			batch = found[0]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range batch.Files {
		want, err := io.ReadAll(book.ExportOpenFile(ctx, batch, file))
		if err != nil || !bytes.Equal(files[within+file.Name], want) || int64(len(want)) != file.Bytes {
			t.Errorf("%s has %d bytes, want %d: %v", within+file.Name, len(files[within+file.Name]), file.Bytes, err)
		}
		if batch.Number == 2 && file.Bytes < 64<<20 {
			t.Errorf("%s has %d bytes, too few for parts", file.Name, file.Bytes)
		}
		delete(files, within+file.Name)
	}
	var manifest struct {
		Files []struct{ SHA256 string } `json:"files"`
	}
	if err := json.Unmarshal(files[within+"manifest.json"], &manifest); err != nil || len(manifest.Files) != len(batch.Files) || manifest.Files[0].SHA256 != hex.EncodeToString(batch.Files[0].Hash) {
		t.Errorf("the manifest of %s: %v %+v", within, err, manifest)
	}
	delete(files, within+"manifest.json")
}

// writeEntries writes entries of two lines past the program: to sell so many would take minutes.
func writeEntries(t *testing.T, driver, where string, entries int) {
	t.Helper()
	db, err := sql.Open(driver, where)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	numbers := fmt.Sprintf("WITH RECURSIVE n(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM n WHERE number < %d) ", entries)
	for _, insert := range []string{
		`INSERT INTO entries (number, kind, accounting_date, occurred_on, posted_at_us, policy, currency, reference, description)
			` + numbers + `SELECT number, 'PURCHASE', '2024-05-01', '2024-05-01', 1714557600000000 + number, 'default', 'USD', NULL, 'Credits sold' FROM n`,
		`INSERT INTO lines (entry_number, line, account, currency, amount_minor, functional_currency, functional_minor, customer, policy)
			` + numbers + `SELECT number, 1, 'cash', 'USD', number, 'USD', number, 'customer', 'default' FROM n
			UNION ALL SELECT number, 2, 'deferred_revenue', 'USD', -number, 'USD', -number, 'customer', 'default' FROM n`,
	} {
		if _, err = db.ExecContext(t.Context(), insert); err != nil {
			t.Fatal(err)
		}
	}
}
