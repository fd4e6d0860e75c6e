package books_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
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

// newFileBook makes a book in a file, whose commits wait for the disk, with customers
// who have credits.
func newFileBook(tb testing.TB, customers int, usage books.UsageOptions) (*books.Books, *writes) {
	tb.Helper()
	ctx := tb.Context()
	kept, err := store.Open(ctx, "sqlite:"+tb.TempDir()+"/book.db", store.Options{})
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

// BenchmarkRecordUsageSingles is callers who record one event a call each: 64 are the
// measure, fewer show what waiting for company costs those who have little.
func BenchmarkRecordUsageSingles(b *testing.B) {
	for _, callers := range []int{2, 8, 64} {
		for _, wait := range []time.Duration{0, 500 * time.Microsecond, time.Millisecond, 2 * time.Millisecond} {
			b.Run(fmt.Sprintf("callers=%d/wait=%s", callers, wait), func(b *testing.B) {
				recordSingles(b, callers, books.UsageOptions{Wait: wait})
			})
		}
	}
}

func recordSingles(b *testing.B, callers int, usage books.UsageOptions) {
	book, counted := newFileBook(b, benchCustomers, usage)
	var next atomic.Int64
	var working sync.WaitGroup
	b.ResetTimer()
	for range callers {
		working.Go(func() {
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					return
				}
				if _, err := book.RecordUsage(b.Context(), []books.UsageInput{benchEvent(i)}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	working.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(b.N)/float64(counted.count.Load()), "events/commit")
}

// BenchmarkRecordUsageBatch is one caller who records many events a call, and, with one
// event a call, what a caller without company pays.
func BenchmarkRecordUsageBatch(b *testing.B) {
	for _, size := range []int{1, 64, 1000, 5000, 10_000} {
		b.Run(fmt.Sprint("events=", size), func(b *testing.B) {
			book, _ := newFileBook(b, benchCustomers, books.UsageOptions{})
			batch := make([]books.UsageInput, size)
			var next int64
			for b.Loop() {
				for i := range batch {
					next++
					batch[i] = benchEvent(next)
				}
				if _, err := book.RecordUsage(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(next)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
