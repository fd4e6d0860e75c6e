package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"drawdown/internal/books"
)

// webhooks counts what endpoints are told.
type webhooks struct {
	attemptTotal   *prometheus.CounterVec
	attemptSeconds prometheus.Histogram
	pending        prometheus.Gauge
	oldest         prometheus.Gauge
	disabled       prometheus.Gauge
}

func newWebhooks() webhooks {
	return webhooks{
		attemptTotal:   counters("drawdown_webhook_attempts_total", "Attempts of this process to tell an endpoint, by result: delivered, retried (failed, and to be tried again), failed (for good).", "result"),
		attemptSeconds: prometheus.NewHistogram(histogram("drawdown_webhook_attempt_seconds", "Seconds that an attempt to tell an endpoint took; at most 15.", requestSeconds)),
		pending:        gauge("drawdown_webhook_pending", "Deliveries to endpoints in force that are to be sent, now or later."),
		oldest:         gauge("drawdown_webhook_oldest_seconds", "Seconds since the oldest of them was first to be sent; 0 where none waits."),
		disabled:       gauge("drawdown_webhooks_disabled", "Endpoints that are disabled, by somebody or for taking nothing for days."),
	}
}

func (w webhooks) all() []prometheus.Collector {
	return []prometheus.Collector{w.attemptTotal, w.attemptSeconds, w.pending, w.oldest, w.disabled}
}

// begin makes the series that alerts look at before there is anything to count.
func (w webhooks) begin() {
	for _, result := range []string{"delivered", "retried", "failed"} {
		w.attemptTotal.WithLabelValues(result)
	}
}

func (w webhooks) stand(outbox books.OutboxStatus) {
	w.pending.Set(float64(outbox.Pending))
	w.oldest.Set(outbox.Oldest.Seconds())
	w.disabled.Set(float64(outbox.Disabled))
}

// WebhookTried counts an attempt.
func (t *Telemetry) WebhookTried(result string, took time.Duration) {
	t.attemptTotal.WithLabelValues(result).Inc()
	t.attemptSeconds.Observe(took.Seconds())
}
