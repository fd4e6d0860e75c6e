package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"drawdown/internal/books"
)

// statements counts what is asked of the database.
type statements struct {
	statementSeconds *prometheus.HistogramVec
	statementErrors  *prometheus.CounterVec
	again            *prometheus.CounterVec
}

func newStatements() statements {
	return statements{
		statementSeconds: prometheus.NewHistogramVec(histogram("drawdown_db_statement_seconds",
			"Seconds that the database took for a statement and its rows, by kind: SELECT, INSERT, UPDATE, DELETE, COPY, BEGIN (on SQLite the wait for the writer before it), COMMIT (the wait for the disk), ROLLBACK, OTHER.", statementSeconds), []string{"kind"}),
		statementErrors: counters("drawdown_db_statement_errors_total", "Statements that the database refused or that broke off, by kind. A key that is taken is one, and no fault.", "kind"),
		again:           counters("drawdown_db_transactions_again_total", "Transactions that were run again because they collided with another, by reason: busy, or raced for the same key.", "reason"),
	}
}

func (s statements) all() []prometheus.Collector {
	return []prometheus.Collector{s.statementSeconds, s.statementErrors, s.again}
}

// begin makes the series that alerts look at.
func (s statements) begin() {
	for _, reason := range []string{"busy", "raced"} {
		s.again.WithLabelValues(reason)
	}
	for _, kind := range []string{"SELECT", "INSERT", "UPDATE", "DELETE", "COPY", "BEGIN", "COMMIT"} {
		s.statementErrors.WithLabelValues(kind)
	}
}

// StatementBegun begins the span of a statement.
func (t *Telemetry) StatementBegun(ctx context.Context) context.Context {
	if t.tracer == nil {
		return ctx
	}
	ctx, _ = t.tracer.Start(ctx, "statement", trace.WithSpanKind(trace.SpanKindClient))
	return ctx
}

// StatementEnded counts a statement. Its span says what kind it was and of which table,
// nothing of what stands in it.
func (t *Telemetry) StatementEnded(ctx context.Context, kind, table string, took time.Duration, err error) {
	t.statementSeconds.WithLabelValues(kind).Observe(took.Seconds())
	if err != nil {
		t.statementErrors.WithLabelValues(kind).Inc()
	}
	if t.tracer == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	if span.IsRecording() {
		name := kind
		if table != "" {
			name += " " + table
			span.SetAttributes(attribute.String("db.collection.name", table))
		}
		span.SetName(name)
		span.SetAttributes(attribute.String("db.operation.name", kind))
		fail(span, err)
	}
	span.End()
}

// TransactionAgain counts a transaction that is run again.
func (t *Telemetry) TransactionAgain(reason string) { t.again.WithLabelValues(reason).Inc() }

// fail says of a span that it failed, by the code alone: the words of an error may hold
// what somebody sent.
func fail(span trace.Span, err error) {
	if err == nil {
		return
	}
	code := string(books.CodeOf(err))
	span.SetAttributes(attribute.String("error.type", code))
	span.SetStatus(codes.Error, code)
}
