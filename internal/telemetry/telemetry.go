package telemetry

import (
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/trace"
)

// Build says which program this is.
type Build struct{ Version, Commit string }

// Telemetry counts what the program does, and traces it where it was given a tracer. It
// is safe for concurrent use.
type Telemetry struct {
	registry *prometheus.Registry
	tracer   trace.Tracer // nil where nobody traces

	requests
	operations
	acts
	statements
	standing
	webhooks
}

// New returns a telemetry with a registry of its own. The tracer may be nil.
func New(build Build, tracer trace.Tracer) *Telemetry {
	t := &Telemetry{
		registry: prometheus.NewRegistry(), tracer: tracer,
		requests: newRequests(), operations: newOperations(), acts: newActs(), statements: newStatements(), standing: newStanding(), webhooks: newWebhooks(),
	}
	built := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "drawdown_build_info", Help: "1, with the version of the program, the commit it was built from and the Go it was built with.",
		ConstLabels: prometheus.Labels{"version": build.Version, "commit": build.Commit, "go": runtime.Version()},
	})
	built.Set(1)
	t.registry.MustRegister(built, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, all := range [][]prometheus.Collector{t.requests.all(), t.operations.all(), t.acts.all(), t.statements.all(), t.standing.all(), t.webhooks.all()} {
		t.registry.MustRegister(all...)
	}
	t.acts.begin()
	t.operations.begin()
	t.statements.begin()
	t.webhooks.begin()
	return t
}

// Registry is where the metrics are, for whoever gathers them otherwise.
func (t *Telemetry) Registry() prometheus.Gatherer { return t.registry }

// maxScrapes bounds the scrapes that are answered at the same time: one or two servers ask,
// every few seconds.
const maxScrapes = 4

// Metrics answers a scrape, in the text format or the one that the scraper prefers.
func (t *Telemetry) Metrics() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{
		Registry: t.registry, MaxRequestsInFlight: maxScrapes, EnableOpenMetrics: true,
	})
}
