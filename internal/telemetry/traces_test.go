package telemetry_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"drawdown/internal/books"
	"drawdown/internal/store/pgtest"
	"drawdown/internal/telemetry"
)

// gathered is what a collector received.
type gathered struct {
	collector.UnimplementedTraceServiceServer

	mu       sync.Mutex
	spans    []*spans.Span
	services []string
}

func (g *gathered) take(request *collector.ExportTraceServiceRequest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, of := range request.ResourceSpans {
		for _, attribute := range of.Resource.Attributes {
			if attribute.Key == "service.name" {
				g.services = append(g.services, attribute.Value.GetStringValue())
			}
		}
		for _, scope := range of.ScopeSpans {
			g.spans = append(g.spans, scope.Spans...)
		}
	}
}

// Export takes spans over gRPC.
func (g *gathered) Export(_ context.Context, request *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	g.take(request)
	return &collector.ExportTraceServiceResponse{}, nil
}

// ServeHTTP takes spans over HTTP, as any collector does.
func (g *gathered) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unpacked
	}
	text, err := io.ReadAll(body)
	var request collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(text, &request)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, fmt.Sprint(r.URL.Path, err), http.StatusBadRequest)
		return
	}
	g.take(&request)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// tracing exports to the collector that the variables name.
func tracing(t *testing.T, variables map[string]string) telemetry.Tracing {
	t.Helper()
	for name, value := range variables {
		t.Setenv(name, value) // the SDK reads the process's own
	}
	traced, err := telemetry.NewTracing(t.Context(), func(name string) string { return variables[name] }, telemetry.Build{Version: "v0.0.0-test"}, slog.Default())
	if err != nil {
		t.Fatal(err)
	}
	if traced.Tracer == nil {
		t.Fatal("nobody traces")
	}
	return traced
}

func newCollector(t *testing.T) (*gathered, map[string]string) {
	t.Helper()
	got := &gathered{}
	served := httptest.NewServer(got)
	t.Cleanup(served.Close)
	return got, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": served.URL}
}

func flush(t *testing.T, traced telemetry.Tracing) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := traced.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

// line is a span and what it is below, from the top: "POST /graphql > query Balance".
func (g *gathered) line(span *spans.Span) string {
	for _, above := range g.spans {
		if bytes.Equal(above.SpanId, span.ParentSpanId) {
			return g.line(above) + " > " + span.Name
		}
	}
	return span.Name
}

func (g *gathered) lines() map[string]*spans.Span {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := map[string]*spans.Span{}
	for _, span := range g.spans {
		all[g.line(span)] = span
	}
	return all
}

// A request is one trace, from its sender's span down to each statement, and none of its
// spans says what was said.
func TestTraces(t *testing.T) {
	got, variables := newCollector(t)
	traced := tracing(t, variables)
	s := newTraced(t, traced.Tracer, nil)
	const sender = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	s.ask(story, nil, "Traceparent", sender)
	s.ask(`query Balance($customer: String!) { customer(externalId: $customer) { name balance { credits } } }`, map[string]any{"customer": "acme"}, "Traceparent", sender)
	s.use("a")
	s.ask(`mutation { purchaseCreate(input: {customer: "nobody", credits: "1", price: "12345.67"}, idempotencyKey: "refused") { userErrors { message } } }`, nil)
	s.now = s.now.Add(25 * time.Hour)
	if _, err := s.books.RunJob(t.Context(), books.JobAll, books.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	flush(t, traced)
	lines := got.lines()
	for _, want := range []string{
		"POST /graphql",
		"POST /graphql > mutation Sell",
		"POST /graphql > mutation Sell > purchase.create > BEGIN",
		"POST /graphql > mutation Sell > purchase.create > INSERT lots",
		"POST /graphql > mutation Sell > purchase.create > COMMIT",
		"POST /graphql > query Balance > BEGIN",
		"POST /graphql > query Balance > SELECT customers",
		"POST /graphql > query Balance > SELECT lots",
		"POST /graphql > mutation > usage.record > INSERT usage_events",
		"job.run > INSERT leases",
		"job.run > step recognise > SELECT lot_days",
		"job.run > step post > COMMIT",
		"job.run > UPDATE job_runs",
	} {
		if lines[want] == nil {
			t.Errorf("there is no span %q", want)
		}
	}
	top := lines["POST /graphql > query Balance"]
	if top != nil && fmt.Sprintf("%x", top.TraceId) != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("the trace is %x, not its sender's", top.TraceId)
	}
	refused := lines["POST /graphql > mutation > purchase.create"]
	if refused == nil || refused.Status.GetCode() != spans.Status_STATUS_CODE_ERROR || refused.Status.Message != "NOT_FOUND" {
		t.Errorf("a refused act is %v", refused.GetStatus())
	}
	if len(got.services) == 0 || got.services[0] != "drawdown" {
		t.Errorf("the service is %q", got.services)
	}
	if t.Failed() {
		for line := range lines {
			t.Log(line)
		}
	}
	for _, span := range got.spans {
		said := span.Name + span.Status.GetMessage()
		for _, attribute := range span.Attributes {
			said += " " + attribute.Key + "=" + text(attribute.Value)
		}
		for _, secret := range []string{"acme", "Acme", "100.00", "10000", "12345", "nobody", "annual"} {
			if strings.Contains(said, secret) || len(span.Events) > 0 {
				t.Errorf("a span says %s", said)
			}
		}
	}
	if log := s.logs.String(); !strings.Contains(log, `"trace_id":"0af7651916cd43dd8448eb211c80319c"`) {
		t.Errorf("the log does not name the trace: %s", log)
	}
}

// On PostgreSQL the statements that do not go through bun are told of as well.
func TestTracesOnPostgres(t *testing.T) {
	got, variables := newCollector(t)
	traced := tracing(t, variables)
	s := newServerOn(t, pgtest.URL(t), traced.Tracer, nil)
	s.sell()
	ids := make([]string, 50) // more than an INSERT takes
	for i := range ids {
		ids[i] = fmt.Sprint("event-", i)
	}
	s.use(ids...)
	flush(t, traced)
	lines := got.lines()
	for _, want := range []string{
		"BEGIN", "SELECT lots", "COPY usage_events", "COPY draws", "UPDATE lots", "INSERT lot_days", "COMMIT",
	} {
		if lines["POST /graphql > mutation > usage.record > "+want] == nil {
			t.Errorf("there is no span %q of the call", want)
		}
	}
	if t.Failed() {
		for line := range lines {
			t.Log(line)
		}
	}
	families := s.scrape()
	if value(families, "drawdown_db_info", "engine", "postgres") != 1 || value(families, "drawdown_db_statement_seconds", "kind", "COPY") < 2 {
		t.Error("the figures do not tell of PostgreSQL")
	}
}

func text(value *common.AnyValue) string {
	if text, ok := value.Value.(*common.AnyValue_StringValue); ok {
		return text.StringValue
	}
	return value.String()
}

// What calls share is linked to each of them.
func TestTogetherIsLinked(t *testing.T) {
	got, variables := newCollector(t)
	traced := tracing(t, variables)
	s := newTraced(t, traced.Tracer, nil)
	s.sell()
	const senders = 8
	var sending sync.WaitGroup
	for i := range senders {
		sending.Go(func() {
			for j := range 10 {
				s.use(fmt.Sprint(i, "-", j))
			}
		})
	}
	sending.Wait()
	flush(t, traced)
	callers, links := map[string]bool{}, 0
	for _, span := range got.spans {
		if span.Name == "usage.record" {
			callers[string(span.SpanId)] = true
		}
	}
	for _, span := range got.spans {
		if span.Name != "usage together" {
			continue
		}
		if len(span.ParentSpanId) != 0 || len(span.Links) == 0 {
			t.Errorf("what %d calls share is below one of them, or linked to none", len(span.Links))
		}
		for _, link := range span.Links {
			links++
			if !callers[string(link.SpanId)] {
				t.Error("a link to no call")
			}
		}
	}
	if links == 0 {
		t.Error("nothing was written together")
	}
}

func TestTracesOverGRPC(t *testing.T) {
	got := &gathered{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	collector.RegisterTraceServiceServer(server, got)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	traced := tracing(t, map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + listener.Addr().String(), "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_SERVICE_NAME": "ledger",
	})
	s := newTraced(t, traced.Tracer, nil)
	s.get("/readyz")
	flush(t, traced)
	if lines := got.lines(); lines["GET /readyz > SELECT book"] == nil || got.services[0] != "ledger" {
		t.Errorf("got %v of %v", lines, got.services)
	}
}

// The sampler is OpenTelemetry's, by its own variables; nothing is traced unless a
// collector is named, and what is no setting is refused.
func TestTracingBySettings(t *testing.T) {
	got, variables := newCollector(t)
	variables["OTEL_TRACES_SAMPLER"] = "always_off"
	traced := tracing(t, variables)
	newTraced(t, traced.Tracer, nil).get("/readyz")
	flush(t, traced)
	if len(got.spans) != 0 {
		t.Errorf("%d spans of a sampler that takes none", len(got.spans))
	}
	for _, test := range []struct{ set, refused string }{
		{"", ""},
		{"OTEL_TRACES_EXPORTER=none OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost", ""},
		{"OTEL_SDK_DISABLED=true OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost", ""},
		{"OTEL_TRACES_EXPORTER=zipkin", "OTEL_TRACES_EXPORTER: must be otlp or none"},
		{"OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_PROTOCOL=http/json", "OTEL_EXPORTER_OTLP_PROTOCOL: must be http/protobuf or grpc"},
	} {
		traced, err := telemetry.NewTracing(t.Context(), func(name string) string {
			for set := range strings.FieldsSeq(test.set) {
				if of, value, _ := strings.Cut(set, "="); of == name {
					return value
				}
			}
			return ""
		}, telemetry.Build{}, slog.Default())
		said := ""
		if err != nil {
			said = err.Error()
		}
		if traced.Tracer != nil || (test.refused == "") != (err == nil) || !strings.Contains(said, test.refused) {
			t.Errorf("%s: %v %v", test.set, traced.Tracer, err)
		}
	}
}
