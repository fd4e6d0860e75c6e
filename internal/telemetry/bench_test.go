package telemetry_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/telemetry"
)

// taker is a book in memory, so that nothing but the processor is measured: on a disk each
// commit waits a millisecond, beside which what is told does not show.
type taker struct {
	books *books.Books
	next  int
	took  []time.Duration // of each batch
}

func newTaker(b *testing.B, watch *telemetry.Telemetry) *taker {
	b.Helper()
	ctx := b.Context()
	var of store.Options
	var to books.Options
	if watch != nil {
		of.Watch, to.Watch = watch, watch
	}
	db, err := store.Open(ctx, "sqlite::memory:", of)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(ctx); err != nil {
		b.Fatal(err)
	}
	t := &taker{}
	if t.books, err = books.Open(ctx, db, to); err != nil {
		b.Fatal(err)
	}
	_, err = t.books.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default", Name: "Default"})
	if err == nil {
		_, err = t.books.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"})
	}
	if err == nil {
		_, err = t.books.Purchase(ctx, "s", books.NewPurchase{Customer: "acme", Policy: "default", Credits: decimal.NewFromInt(1_000_000_000), Price: new(decimal.Decimal)})
	}
	if err != nil {
		b.Fatal(err)
	}
	return t
}

// take records a batch, and counts what that took.
func (t *taker) take(ctx context.Context, b *testing.B, size int) {
	one := decimal.NewFromInt(1)
	batch := make([]books.UsageInput, size)
	for i := range batch {
		t.next++
		batch[i] = books.UsageInput{ID: fmt.Sprint(t.next), Customer: "acme", Credits: &one}
	}
	began := time.Now()
	outcomes, err := t.books.RecordUsage(ctx, batch)
	t.took = append(t.took, time.Since(began))
	if err != nil || outcomes[0].Status != books.Recorded {
		b.Fatal(err, outcomes)
	}
}

// median is what a batch took that nobody else's work on the machine held up.
func (t *taker) median() float64 {
	slices.Sort(t.took)
	return float64(t.took[len(t.took)/2])
}

// nowhere takes spans and forgets them.
type nowhere struct{}

func (nowhere) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (nowhere) Shutdown(context.Context) error                             { return nil }

// BenchmarkIntake says what the watch takes of the intake of usage: the time of a watched
// book over that of one that nobody watches, in turns of one run.
func BenchmarkIntake(b *testing.B) {
	for _, size := range []int{1, 100, 1000} {
		for _, watch := range []struct {
			name    string
			sampler sdktrace.Sampler // nil where nobody traces
		}{{"figures", nil}, {"traces of none", sdktrace.NeverSample()}, {"traces of all", sdktrace.AlwaysSample()}} {
			b.Run(fmt.Sprintf("%d events/%s", size, watch.name), func(b *testing.B) {
				var tracer trace.Tracer
				if watch.sampler != nil {
					provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(watch.sampler), sdktrace.WithBatcher(nowhere{}))
					b.Cleanup(func() { _ = provider.Shutdown(context.WithoutCancel(b.Context())) })
					tracer = provider.Tracer("drawdown")
				}
				plain, watched := newTaker(b, nil), newTaker(b, telemetry.New(telemetry.Build{}, tracer))
				first, second := plain, watched
				for b.Loop() {
					first.take(b.Context(), b, size)
					second.take(b.Context(), b, size)
					first, second = second, first
				}
				b.ReportMetric(watched.median()/plain.median(), "watched/plain")
			})
		}
	}
}

// BenchmarkStatement is what is told of one statement.
func BenchmarkStatement(b *testing.B) {
	watch := telemetry.New(telemetry.Build{}, nil)
	ctx := b.Context()
	for b.Loop() {
		watch.StatementEnded(watch.StatementBegun(ctx), "SELECT", "lots", time.Microsecond, nil)
	}
}
