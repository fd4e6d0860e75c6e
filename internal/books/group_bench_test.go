package books_test

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
)

// benchCustomers is how many customers the benchmarks use credits of.
const benchCustomers = 1000

// writes counts the transactions that write.
type writes struct {
	books.Store
	count atomic.Int64
}

func (w *writes) Update(ctx context.Context, act func(context.Context, books.Tx) error) error {
	w.count.Add(1)
	return w.Store.Update(ctx, act)
}

// engines are the databases that usage is measured on; on both a commit waits for the disk.
var engines = []struct {
	name string
	url  func(testing.TB) string
}{
	{"sqlite", func(tb testing.TB) string { return "sqlite:" + tb.TempDir() + "/book.db" }},
	{"postgres", pgtest.Database},
}

// onEachEngine checks a store on each of the engines.
func onEachEngine(t *testing.T, check func(*testing.T, *store.Store)) {
	t.Helper()
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			kept, err := store.Open(t.Context(), engine.url(t), store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = kept.Close() })
			if err := kept.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			check(t, kept)
		})
	}
}

// newBenchBook makes a book with customers who have credits.
func newBenchBook(tb testing.TB, url string, customers int, usage books.UsageOptions) (*books.Books, *writes) {
	tb.Helper()
	ctx := tb.Context()
	kept, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = kept.Close() })
	if err := kept.Migrate(ctx); err != nil {
		tb.Fatal(err)
	}
	counted := &writes{Store: kept}
	book, err := books.Open(ctx, counted, books.Options{Usage: usage})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := book.PolicyCreate(ctx, "policy", books.NewPolicy{Code: "default"}); err != nil {
		tb.Fatal(err)
	}
	credits, price := whole(1_000_000), whole(10)
	for i := range customers {
		name := fmt.Sprint("customer", i)
		if _, err := book.CustomerCreate(ctx, name, books.NewCustomer{ExternalID: name}); err != nil {
			tb.Fatal(err)
		}
		if _, err := book.Purchase(ctx, "buy"+name, books.NewPurchase{Customer: name, Credits: credits, Price: &price}); err != nil {
			tb.Fatal(err)
		}
	}
	counted.count.Store(0)
	return book, counted
}

func benchEvent(i int64) books.UsageInput {
	one := whole(1)
	return books.UsageInput{ID: fmt.Sprint("event", i), Customer: fmt.Sprint("customer", i*7919%benchCustomers), Credits: &one}
}

// BenchmarkRecordUsageSingles64 is 64 callers who record one event a call each.
func BenchmarkRecordUsageSingles64(b *testing.B) {
	for _, engine := range engines {
		for _, usage := range []books.UsageOptions{{Wait: -1}, {}, {Wait: 3 * time.Millisecond}, {Lanes: 2}} {
			b.Run(fmt.Sprintf("%s/wait=%s/lanes=%d", engine.name, max(0, cmp.Or(usage.Wait, books.DefaultUsageWait)), max(1, usage.Lanes)), func(b *testing.B) {
				book, counted := newBenchBook(b, engine.url(b), benchCustomers, usage)
				recordSideBySide(b, book, 64, 1)
				b.ReportMetric(float64(b.N)/float64(counted.count.Load()), "events/commit")
			})
		}
	}
}

// recordSideBySide has callers record b.N events, so many a call.
func recordSideBySide(b *testing.B, book *books.Books, callers int, size int64) {
	var next atomic.Int64
	var working sync.WaitGroup
	b.ResetTimer()
	for range callers {
		working.Go(func() {
			for {
				last := next.Add(size)
				if last-size >= int64(b.N) {
					return
				}
				events := make([]books.UsageInput, 0, size)
				for i := last - size; i < last; i++ {
					events = append(events, benchEvent(i))
				}
				if _, err := book.RecordUsage(b.Context(), events); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	working.Wait()
	b.ReportMetric(float64(next.Load())/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkRecordUsageBatch is callers who record many events a call, and one who records
// one event a call without company.
func BenchmarkRecordUsageBatch(b *testing.B) {
	for _, engine := range engines {
		for _, c := range []struct {
			callers, lanes int
			size           int64
		}{{1, 1, 1}, {1, 1, 64}, {1, 1, 1000}, {1, 1, 5000}, {1, 1, 10_000}, {2, 1, 5000}, {2, 2, 5000}} {
			b.Run(fmt.Sprintf("%s/callers=%d/lanes=%d/size=%d", engine.name, c.callers, c.lanes, c.size), func(b *testing.B) {
				book, _ := newBenchBook(b, engine.url(b), benchCustomers, books.UsageOptions{Lanes: c.lanes})
				recordSideBySide(b, book, c.callers, c.size)
			})
		}
	}
}
