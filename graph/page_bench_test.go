package graph_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/graph"
	"drawdown/internal/books"
	"drawdown/internal/store"
)

// The book of the benchmark: twenty thousand lots, each used on five days that are booked.
const (
	benchCustomers = 2_500
	benchLots      = 20_000
	benchDays      = 5
)

// BenchmarkPageOfLots reads a page of two hundred lots with their customers, purchases and
// recognitions, as a dashboard does, from a SQLite that has all of it in memory. It reports the median,
// and time and allocations for each object of the answer.
func BenchmarkPageOfLots(b *testing.B) {
	handler := benchBook(b)
	const query = `{ lots(first: 200) { nodes { id kind granted drawn unused expiresAt price { amount currency } carrying { amount currency }
		customer { id externalId name } purchase { id reference price { amount currency } purchasedAt status }
		recognitions(first: 10) { nodes { id kind accountingDate credits amount { amount currency } } } } pageInfo { hasNextPage endCursor } } }`
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		b.Fatal(err)
	}
	ask := func() string {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, post(strings.NewReader(string(body))))
		return recorder.Body.String()
	}
	answer := ask()
	objects := strings.Count(answer, "{")
	if strings.Count(answer, `"rec_`) != 200*benchDays || strings.Contains(answer, `"errors"`) {
		b.Fatalf("not what was to be measured: %.500s", answer)
	}
	for range 20 {
		ask()
	}
	times := make([]time.Duration, 0, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime(b)
	for b.Loop() {
		begin := time.Now()
		ask()
		times = append(times, time.Since(begin))
	}
	b.StopTimer()
	used := cpuTime(b) - before
	slices.Sort(times)
	b.ReportMetric(float64(used.Microseconds())/1000/float64(len(times)), "cpu-ms/op")
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(times[len(times)/2].Nanoseconds())/float64(objects), "ns/object")
	b.ReportMetric(float64(objects), "objects")
}

// cpuTime is what the process has worked: it says what a page costs on a machine that is
// busy with other things too.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// benchBook makes the book through its use cases, and serves it.
func benchBook(b *testing.B) http.Handler {
	b.Helper()
	ctx := b.Context()
	kept, err := store.OpenMemory(ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = kept.Close() })
	must := func(err error) {
		if err != nil {
			b.Helper()
			b.Fatal(err)
		}
	}
	now := time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)
	book, err := books.Open(ctx, kept, books.Options{Now: func() time.Time { return now }})
	must(err)
	_, err = book.PolicyCreate(ctx, "policy", books.NewPolicy{Code: "default"})
	must(err)
	_, err = book.PackCreate(ctx, "pack", books.NewPack{Code: "pack", Currency: "USD", Tiers: []books.NewTier{{Credits: decimal.NewFromInt(100), Price: decimal.NewFromInt(10)}}})
	must(err)
	for i := range benchCustomers {
		name := fmt.Sprint("c-", i)
		_, err := book.CustomerCreate(ctx, name, books.NewCustomer{ExternalID: name, Name: "Customer " + name})
		must(err)
	}
	for i := range benchLots {
		customer := fmt.Sprint("c-", i%benchCustomers)
		_, err := book.Purchase(ctx, fmt.Sprint("buy", i), books.NewPurchase{Customer: customer, Pack: "pack", Credits: decimal.NewFromInt(100), Reference: fmt.Sprint("INV-", i)})
		must(err)
	}
	// A day's use of a customer draws on each of its lots: credits are used up lot by lot, so
	// every lot is used by events before the next one is bought in a real book; here a lot's
	// worth of events falls on each day.
	for day := range benchDays * benchLots / benchCustomers {
		now = now.AddDate(0, 0, 1)
		events := make([]books.UsageInput, benchCustomers)
		credits := decimal.NewFromInt(100 / benchDays)
		for c := range events {
			events[c] = books.UsageInput{ID: fmt.Sprint(day), Customer: fmt.Sprint("c-", c), Credits: &credits}
		}
		_, err := book.RecordUsage(ctx, events)
		must(err)
	}
	now = now.AddDate(0, 0, 1)
	_, err = book.RunJob(ctx, books.JobAll, books.RunOptions{Trigger: books.ByHand, Key: "run"})
	must(err)
	secret := newToken(b, book, books.NewToken{Name: "bench", Roles: []books.Role{books.Viewer}})
	return authorised(graph.NewHandler(book, graph.Options{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Limits: graph.Limits{Rate: -1},
	}), secret)
}
