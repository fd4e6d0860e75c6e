package telemetry_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.opentelemetry.io/otel/trace"

	"drawdown/graph"
	"drawdown/internal/auth"
	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/telemetry"
)

// server is the whole API on a book in memory, watched.
type server struct {
	t      *testing.T
	secret string
	url    string
	books  *books.Books
	now    time.Time
	path   string
	watch  *telemetry.Telemetry
	logs   *lines
}

// lines gathers what is logged.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newServer(t *testing.T, change func(*graph.Options)) *server {
	t.Helper()
	return newTraced(t, nil, change)
}

func newTraced(t *testing.T, tracer trace.Tracer, change func(*graph.Options)) *server {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.db")
	s := newServerOn(t, "sqlite:"+path, tracer, change)
	s.path = path
	return s
}

func newServerOn(t *testing.T, url string, tracer trace.Tracer, change func(*graph.Options)) *server {
	t.Helper()
	s := &server{
		t: t, logs: &lines{}, watch: telemetry.New(telemetry.Build{Version: "v0.0.0-test", Commit: "abc"}, tracer),
		now: time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC),
	}
	db, err := store.Open(t.Context(), url, store.Options{Watch: s.watch})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.books, err = books.Open(t.Context(), db, books.Options{Now: func() time.Time { return s.now }, Watch: s.watch}); err != nil {
		t.Fatal(err)
	}
	s.watch.Observe(s.books, db)
	options := graph.Options{
		Watch: s.watch, Metrics: s.watch.Metrics(),
		Log: slog.New(telemetry.NewLogHandler(slog.NewJSONHandler(s.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))),
	}
	if change != nil {
		change(&options)
	}
	s.secret = auth.NewSecret()
	if _, err := s.books.FirstToken(t.Context(), auth.Hash(s.secret)); err != nil {
		t.Fatal(err)
	}
	served := httptest.NewServer(graph.NewHandler(s.books, options))
	t.Cleanup(served.Close)
	s.url = served.URL
	return s
}

// ask sends a document and returns the answer's text.
func (s *server) ask(query string, variables map[string]any, headers ...string) string {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return s.do(r)
}

func (s *server) get(path string) string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.do(r)
}

func (s *server) do(r *http.Request) string {
	s.t.Helper()
	r.Header.Set("Authorization", "Bearer "+s.secret)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// scrape reads /metrics as Prometheus does.
func (s *server) scrape() map[string]*dto.MetricFamily {
	s.t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(s.get("/metrics")))
	if err != nil {
		s.t.Fatal(err)
	}
	return families
}

// value is that of the series with the labels, name and value in turn; the count of a
// histogram.
func value(families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	family := families[name]
	if family == nil {
		return -1
	}
	for _, metric := range family.Metric {
		has := map[string]string{}
		for _, label := range metric.Label {
			has[label.GetName()] = label.GetValue()
		}
		matches := true
		for i := 0; i < len(labels); i += 2 {
			matches = matches && has[labels[i]] == labels[i+1]
		}
		switch {
		case !matches:
		case metric.Counter != nil:
			return metric.Counter.GetValue()
		case metric.Gauge != nil:
			return metric.Gauge.GetValue()
		case metric.Histogram != nil:
			return float64(metric.Histogram.GetSampleCount())
		}
	}
	return -1
}
