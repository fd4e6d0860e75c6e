package store_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
)

// batchMemory is the most that may be in use while a batch is written, beyond what was before: entries
// that are read together, and pieces that wait.
const batchMemory = 48 << 20

// TestBatchMemory writes a batch, and another of ten times the entries, and neither takes more memory than is
// allowed. EXPORT_LINES=1000000 go test -run BatchMemory -v measures that many lines.
func TestBatchMemory(t *testing.T) {
	lines := int64(100_000)
	if _, err := fmt.Sscan(os.Getenv("EXPORT_LINES"), &lines); err != nil && os.Getenv("EXPORT_LINES") != "" {
		t.Fatal(err)
	}
	if testing.Short() {
		lines = 10_000
	}
	for engine, url := range engineURLs {
		t.Run(engine, func(t *testing.T) {
			ctx := t.Context()
			book := bookOfLines(t, url(t), lines)
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, format := range []string{"csv", "jsonl", "hledger"} {
				target, err := book.ExportTargetCreate(ctx, format, books.NewExportTarget{Code: format, Profile: fmt.Sprintf(`{"format": %q}`, format)})
				must(err)
				for _, through := range []int64{lines / 20, lines / 2} {
					batch, err := book.ExportBatchCreate(ctx, fmt.Sprint(format, through), books.NewExportBatch{Target: target.ID, Through: through})
					must(err)
					before, began := heapInUse(), time.Now()
					stop, peak := make(chan struct{}), make(chan uint64)
					go func() {
						var most uint64
						for {
							select {
							case <-stop:
								peak <- most
								return
							case <-time.After(20 * time.Millisecond):
								most = max(most, heapInUse())
							}
						}
					}()
					batch, _, err = book.ExportWrite(ctx, batch.ID)
					close(stop)
					most := max(<-peak, before)
					must(err)
					if batch.Status != books.ExportSealed || batch.Entries != through-batch.FromEntry+1 {
						t.Fatalf("%+v", batch)
					}
					t.Logf("%s: %d lines, %d bytes in %s, %d KiB in use", format, batch.Lines, batch.Files[0].Bytes, time.Since(began).Round(time.Millisecond), (most-before)>>10)
					if most-before > batchMemory {
						t.Errorf("%s: %d lines take %d bytes", format, batch.Lines, most-before)
					}
				}
			}
		})
	}
}

// engineURLs make a database on each engine.
var engineURLs = map[string]func(*testing.T) string{
	"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "book.db") },
	"postgres": func(t *testing.T) string { return pgtest.URL(t) },
}

// bookOfLines makes a book whose journal has so many lines, two an entry.
func bookOfLines(t *testing.T, url string, lines int64) *books.Books {
	t.Helper()
	ctx := t.Context()
	s, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	book, err := books.Open(ctx, s, books.Options{})
	if err != nil {
		t.Fatal(err)
	}
	numbers := "WITH RECURSIVE n(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM n WHERE number < ?) "
	for _, insert := range []string{
		`INSERT INTO entries (number, kind, accounting_date, occurred_on, posted_at_us, policy, currency, reference, description)
			` + numbers + `SELECT number, 'PURCHASE', '2024-05-01', '2024-05-01', 1714557600000000 + number, 'default', 'USD', NULL, 'Credits sold' FROM n`,
		`INSERT INTO lines (entry_number, line, account, currency, amount_minor, functional_currency, functional_minor, customer, policy)
			` + numbers + `SELECT number, 1, 'cash', 'USD', number, 'USD', number, 'customer', 'default' FROM n
			UNION ALL SELECT number, 2, 'deferred_revenue', 'USD', -number, 'USD', -number, 'customer', 'default' FROM n`,
	} {
		if _, err = s.Writer().ExecContext(ctx, insert, lines/2); err != nil {
			t.Fatal(err)
		}
	}
	return book
}

// TestBatchOfManyFiles cuts a batch into a file for each entry, as the limits of a target may ask for: they are
// kept, and read as they were written.
func TestBatchOfManyFiles(t *testing.T) {
	const entries = 1203 // more than one statement inserts, and a rest
	for engine, url := range engineURLs {
		t.Run(engine, func(t *testing.T) {
			ctx := t.Context()
			book := bookOfLines(t, url(t), 2*entries)
			if _, err := book.GLAccountsSet(ctx, "codes", books.SampleGLCodes()); err != nil {
				t.Fatal(err)
			}
			target, err := book.ExportTargetCreate(ctx, "target", books.NewExportTarget{Code: "xero", Profile: `{"format": "xero", "limits": {"entries": 1}}`})
			if err != nil {
				t.Fatal(err)
			}
			batch, err := book.ExportBatchCreate(ctx, "batch", books.NewExportBatch{Target: target.ID})
			if err != nil {
				t.Fatal(err)
			}
			if batch, _, err = book.ExportWrite(ctx, batch.ID); err != nil || batch.Status != books.ExportSealed || len(batch.Files) != entries {
				t.Fatalf("%v: %s %s, %d files, want %d", err, batch.Status, batch.Problem, len(batch.Files), entries)
			}
			for _, place := range []int{1, 200, 201, entries} {
				file, err := book.ExportOpen(ctx, batch.ID, fmt.Sprintf("xero-000001-%03d.csv", place))
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(file)
				if err != nil || file.Place != place || !strings.Contains(string(text), fmt.Sprintf("JE-%06d", place)) {
					t.Errorf("file %d is of place %d: %v\n%s", place, file.Place, err, text)
				}
			}
		})
	}
}

// heapInUse is what is alive.
func heapInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
