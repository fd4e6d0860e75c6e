package jobs

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/destination"
	"drawdown/internal/store"
)

// TestUndelivered has what is in the way of a batch be said of it, and as a warning, until it is out of the way
// and the batch is delivered with the bytes that were sealed; another destination has nothing to do with it.
func TestUndelivered(t *testing.T) {
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	kept, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "book.db"), store.Options{})
	must(err)
	t.Cleanup(func() { _ = kept.Close() })
	must(kept.Migrate(ctx))
	book, err := books.Open(ctx, kept, books.Options{Destinations: []string{"archive", "spare"}})
	must(err)
	_, err = book.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default"})
	must(err)
	_, err = book.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"})
	must(err)
	price := decimal.NewFromInt(10)
	_, err = book.Purchase(ctx, "sale", books.NewPurchase{Customer: "acme", Credits: price, Price: &price})
	must(err)
	target, err := book.ExportTargetCreate(ctx, "t", books.NewExportTarget{Code: "erp", Profile: `{"format": "csv"}`, Destination: "archive"})
	must(err)
	made, err := book.ExportBatchCreate(ctx, "b", books.NewExportBatch{Target: target.ID})
	must(err)
	now := func() (batch books.ExportBatch) {
		t.Helper()
		must(book.View(ctx, func(ctx context.Context, tx books.Tx) error {
			found, err := tx.ExportBatchesByID(ctx, []string{made.ID})
			if err == nil {
				batch = found[0]
			}
			return err
		}))
		return batch
	}

	place := filepath.Join(t.TempDir(), "exports")
	must(os.WriteFile(place, nil, 0o600)) // where the directory is to be
	_, to, err := destination.Parse("archive=file://" + place)
	must(err)
	var log bytes.Buffer
	server := NewExports(book, slog.New(slog.NewTextHandler(&log, nil)), map[string]destination.Destination{"archive": to})
	server.Write(ctx)
	sealed := now()
	said := func(what string) {
		t.Helper()
		if batch := now(); batch.Status != books.ExportSealed || !strings.HasPrefix(batch.Problem, "archive: ") || !strings.Contains(batch.Problem, what) {
			t.Errorf("the batch is %s, and says %q", batch.Status, batch.Problem)
		}
		if text := log.String(); !strings.Contains(text, "level=WARN") || !strings.Contains(text, what) || strings.Contains(text, "level=ERROR") {
			t.Errorf("log: %s", text)
		}
		log.Reset()
	}
	said("not a directory")

	// Then another file is there.
	must(os.Remove(place))
	name := filepath.Join(place, "erp", "000001", sealed.Files[0].Name)
	must(os.MkdirAll(filepath.Dir(name), 0o700))
	must(os.WriteFile(name, []byte("other"), 0o600))
	server.Deliver(ctx)
	said("is another file already")

	// A target that has another destination is not said to be kept from that one.
	spare, archive := "spare", "archive"
	_, err = book.ExportTargetUpdate(ctx, "u1", books.ReviseExportTarget{ID: target.ID, Destination: &spare})
	must(err)
	if batch := now(); batch.Problem != "" {
		t.Errorf("the batch says %q of a destination that it has no more", batch.Problem)
	}
	_, err = book.ExportTargetUpdate(ctx, "u2", books.ReviseExportTarget{ID: target.ID, Destination: &archive})
	must(err)
	server.Deliver(ctx)
	said("is another file already")

	must(os.Remove(name))
	server.Deliver(ctx)
	batch := now()
	if batch.Status != books.ExportDelivered || batch.Problem != "" || batch.Manifest != sealed.Manifest {
		t.Errorf("the batch is %s, and says %q", batch.Status, batch.Problem)
	}
	if there, err := os.ReadFile(name); err != nil || int64(len(there)) != batch.Files[0].Bytes {
		t.Errorf("%d bytes are there: %v", len(there), err)
	}
	if _, err := book.ExportTargetUpdate(ctx, "u3", books.ReviseExportTarget{ID: target.ID, Destination: new(string)}); err != nil {
		t.Error(err)
	}
	gone := "gone"
	if _, err := book.ExportTargetUpdate(ctx, "u4", books.ReviseExportTarget{ID: target.ID, Destination: &gone}); err == nil || !strings.Contains(err.Error(), `must be one that the server is configured with (archive, spare), not "gone"`) {
		t.Errorf("a destination that is none: %v", err)
	}
	findings, err := book.Verify(ctx)
	must(err)
	for _, finding := range findings {
		t.Errorf("verify: %+v", finding)
	}
}
