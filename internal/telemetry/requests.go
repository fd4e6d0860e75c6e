package telemetry

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// requests counts HTTP.
type requests struct {
	requestTotal   *prometheus.CounterVec
	requestSeconds *prometheus.HistogramVec
	responseBytes  *prometheus.CounterVec
	inFlight       prometheus.Gauge
}

func newRequests() requests {
	return requests{
		requestTotal:   counters("drawdown_http_requests_total", "HTTP requests that were answered, by route, method and status.", "route", "method", "status"),
		requestSeconds: prometheus.NewHistogramVec(histogram("drawdown_http_request_seconds", "Seconds from the head of a request to the end of its answer, by route. A stream takes as long as its sender.", requestSeconds), []string{"route"}),
		responseBytes:  counters("drawdown_http_response_bytes_total", "Bytes of the bodies of answers, as they were sent, by route.", "route"),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "drawdown_http_requests_in_flight", Help: "HTTP requests that are being answered.",
		}),
	}
}

func (r requests) all() []prometheus.Collector {
	return []prometheus.Collector{r.requestTotal, r.requestSeconds, r.responseBytes, r.inFlight}
}

// methods are those that count by name.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut, http.MethodDelete, http.MethodPatch}

func methodOf(method string) string {
	if slices.Contains(methods, method) {
		return method
	}
	return other
}

// traceContext reads the headers traceparent and tracestate.
var traceContext propagation.TraceContext

// RequestBegun begins the span of a request, below that of its sender where it named one.
func (t *Telemetry) RequestBegun(ctx context.Context, r *http.Request, route string) context.Context {
	t.inFlight.Inc()
	if t.tracer == nil {
		return ctx
	}
	ctx = traceContext.Extract(ctx, propagation.HeaderCarrier(r.Header))
	ctx, _ = t.tracer.Start(ctx, methodOf(r.Method)+" "+route, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", methodOf(r.Method)), attribute.String("http.route", route)))
	return ctx
}

// RequestEnded counts a request.
func (t *Telemetry) RequestEnded(ctx context.Context, r struct {
	Method, Route string
	Status        int
	Bytes         int64
	Took          time.Duration
},
) {
	t.inFlight.Dec()
	t.requestTotal.WithLabelValues(r.Route, methodOf(r.Method), strconv.Itoa(r.Status)).Inc()
	t.requestSeconds.WithLabelValues(r.Route).Observe(r.Took.Seconds())
	t.responseBytes.WithLabelValues(r.Route).Add(float64(r.Bytes))
	if t.tracer == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(attribute.Int("http.response.status_code", r.Status))
	if r.Status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}
