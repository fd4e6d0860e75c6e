package telemetry

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"drawdown/internal/books"
)

// operations counts GraphQL.
type operations struct {
	operationTotal   *prometheus.CounterVec
	operationSeconds *prometheus.HistogramVec
	errorTotal       *prometheus.CounterVec
	rootFieldTotal   *prometheus.CounterVec
}

func newOperations() operations {
	return operations{
		operationTotal: counters("drawdown_graphql_operations_total",
			"GraphQL operations, by type (query, mutation, subscription; none where it could not be executed), by operation (its name where only trusted documents run, else other) and by the code of its first error, OK where there is none.",
			"type", "operation", "code"),
		operationSeconds: prometheus.NewHistogramVec(histogram("drawdown_graphql_operation_seconds",
			"Seconds that a GraphQL query or mutation took to execute, by type.", requestSeconds), []string{"type"}),
		errorTotal:     counters("drawdown_graphql_errors_total", "Errors at the top of GraphQL answers, by code. What a payload refuses in userErrors is counted by act.", "code"),
		rootFieldTotal: counters("drawdown_graphql_root_fields_total", "Fields of Query, Mutation and Subscription that were resolved, by type and field.", "type", "field"),
	}
}

func (o operations) all() []prometheus.Collector {
	return []prometheus.Collector{o.operationTotal, o.operationSeconds, o.errorTotal, o.rootFieldTotal}
}

// begin makes the series that alerts look at.
func (o operations) begin() {
	for _, code := range []books.Code{books.Internal, books.Unavailable, books.Overloaded} {
		o.errorTotal.WithLabelValues(string(code))
	}
}

// operation is graph.Operation.
type operation = struct {
	Kind    string
	Name    string
	Trusted bool
}

// maxSpanName bounds what a caller can have a span called.
const maxSpanName = 100

// OperationBegun begins the span of an operation: what kind it is and what its author
// called it, nothing of what it asks.
func (t *Telemetry) OperationBegun(ctx context.Context, o operation) context.Context {
	if t.tracer == nil {
		return ctx
	}
	attributes := []attribute.KeyValue{attribute.String("graphql.operation.type", o.Kind)}
	name := o.Kind
	if o.Name != "" {
		called := o.Name
		if len(called) > maxSpanName {
			called = strings.ToValidUTF8(called[:maxSpanName], "")
		}
		name += " " + called
		attributes = append(attributes, attribute.String("graphql.operation.name", called))
	}
	ctx, _ = t.tracer.Start(ctx, name, trace.WithAttributes(attributes...))
	return ctx
}

// OperationEnded counts an operation.
func (t *Telemetry) OperationEnded(ctx context.Context, o operation, failed []books.Code, took time.Duration) {
	kind, name, code := o.Kind, other, ok
	if kind == "" {
		kind = "none"
	}
	if o.Trusted && o.Name != "" {
		name = o.Name
	}
	if len(failed) > 0 {
		code = string(failed[0])
	}
	t.operationTotal.WithLabelValues(kind, name, code).Inc()
	for _, code := range failed {
		t.errorTotal.WithLabelValues(string(code)).Inc()
	}
	if took == 0 { // it was not executed, or is an event of a subscription
		return
	}
	t.operationSeconds.WithLabelValues(kind).Observe(took.Seconds())
	if t.tracer == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	if code != ok {
		span.SetAttributes(attribute.String("error.type", code))
		span.SetStatus(codes.Error, code)
	}
	span.End()
}

// RootField counts a field of the schema.
func (t *Telemetry) RootField(kind, field string) {
	t.rootFieldTotal.WithLabelValues(kind, field).Inc()
}
