package telemetry

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"drawdown/internal/books"
)

// Database is what is known of the database without asking it.
type Database interface {
	Engine() string
	Pools() map[string]sql.DBStats
	Files() map[string]int64
}

const (
	// sampleEvery is how often the book is looked at: as often as it is scraped, at most.
	sampleEvery = 15 * time.Second
	// sampleShare keeps what the looking takes to a twentieth of the time, however large
	// the book.
	sampleShare = 20
	// sampleTime ends a look at a database that hangs.
	sampleTime = 10 * time.Second
	// reconcileTime ends a reconciliation that hangs; that of a large book takes seconds.
	reconcileTime = 5 * time.Minute
	// reconcileEvery is how often a book is reconciled where no job of this process ran:
	// another one may have run them.
	reconcileEvery = 10 * time.Minute
)

// standing is how the book stands, as it was last looked at. A scrape reads it, and never
// the database.
type standing struct {
	up            prometheus.Gauge
	sampledAt     prometheus.Gauge
	lag           *prometheus.GaugeVec
	succeededAt   *prometheus.GaugeVec
	lastFailed    *prometheus.GaugeVec
	stale         prometheus.Gauge
	difference    *prometheus.GaugeVec
	functional    *prometheus.GaugeVec
	reconciledAt  prometheus.Gauge
	differing     prometheus.Gauge
	keptAt        prometheus.Gauge
	olderSince    prometheus.Gauge
	reconcileTook prometheus.Gauge
	findings      prometheus.Gauge
	verifiedAt    prometheus.Gauge
	verifyTook    prometheus.Gauge

	ran chan struct{} // told when a job has ended
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
}

func newStanding() standing {
	return standing{
		up:            gauge("drawdown_db_up", "1 where the book could be read when it was last looked at, every 15 seconds or so, else 0."),
		sampledAt:     gauge("drawdown_book_sampled_timestamp_seconds", "Unix time at which the book was last read for the figures about it; they stay as they were while it cannot be read."),
		lag:           gauges("drawdown_booking_lag_seconds", "Seconds since the end of the oldest day that has ended and is not booked, by queue: due (invoices), usage, lapse, remote, pools (breakage). 0 where nothing waits.", "queue"),
		succeededAt:   gauges("drawdown_job_last_success_timestamp_seconds", "Unix time at which the last successful run of the job ended, on whatever server it ran.", "job_name"),
		lastFailed:    gauges("drawdown_job_last_run_failed", "1 where the last run of the job that ended has failed, on whatever server it ran, else 0.", "job_name"),
		stale:         gauge("drawdown_estimates_stale", "Policies whose estimate of breakage the latest review found stale."),
		difference:    gauges("drawdown_reconciliation_difference_minor", "Deferred revenue in the ledger less what lots and pools carry, in minor units of the currency. 0 in a book in order.", "currency"),
		functional:    gauges("drawdown_reconciliation_functional_difference_minor", "The same in minor units of the book's own currency.", "currency"),
		differing:     gauge("drawdown_reconciliation_differences", "Comparisons of the last reconciliation that a job kept that differ by more than manual entries. 0 in a book in order."),
		keptAt:        gauge("drawdown_reconciliation_kept_timestamp_seconds", "Unix time of the last reconciliation that a job kept; 0 before the first."),
		olderSince:    gauge("drawdown_reconciliation_older_timestamp_seconds", "Unix time of the day on or after which jobs compared every row of the months before the last two; in the first round of 14 days that on which it began, 0 where there are no such months."),
		reconciledAt:  gauge("drawdown_reconciliation_timestamp_seconds", "Unix time at which ledger and lots were last compared; 0 before the first time."),
		reconcileTook: gauge("drawdown_reconciliation_seconds", "Seconds that the last comparison of ledger and lots took."),
		findings:      gauge("drawdown_verify_findings", "Differences that the last verification of the book found, at most 100 of each check; 0 in a book in order, and where this process does not verify (--verify-every)."),
		verifiedAt:    gauge("drawdown_verify_timestamp_seconds", "Unix time at which this process last verified the book; 0 where it does not."),
		verifyTook:    gauge("drawdown_verify_seconds", "Seconds that the last verification took."),
		ran:           make(chan struct{}, 1),
	}
}

func (s standing) all() []prometheus.Collector {
	return []prometheus.Collector{s.up, s.sampledAt, s.lag, s.succeededAt, s.lastFailed, s.stale, s.difference, s.functional, s.differing, s.keptAt, s.olderSince, s.reconciledAt, s.reconcileTook, s.findings, s.verifiedAt, s.verifyTook}
}

// booked has the book looked at again soon.
func (s standing) booked() {
	select {
	case s.ran <- struct{}{}:
	default: // it will be
	}
}

// Observe exposes what is known of the book and its database in this process.
func (t *Telemetry) Observe(book *books.Books, db Database) {
	t.registry.MustRegister(inside{book, db})
}

// Look looks at the book until the context is done: every few seconds at what waits, and
// after each run at whether ledger and lots agree; and as often as is asked for, where that
// is not 0, at all of it.
func (t *Telemetry) Look(ctx context.Context, book *books.Books, log *slog.Logger, verifyEvery time.Duration) {
	verify := time.NewTimer(verifyEvery)
	defer verify.Stop()
	if verifyEvery == 0 {
		verify.Stop()
	}
	reconcile := time.NewTimer(0)
	defer reconcile.Stop()
	sample := time.NewTimer(0)
	defer sample.Stop()
	var rested time.Time // before which ledger and lots are not compared again, whatever runs
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.ran:
			sample.Reset(0)
			reconcile.Reset(max(time.Until(rested), 0))
		case <-sample.C:
			began := time.Now()
			if err := t.Sample(ctx, book); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "the book could not be looked at", "error", err)
			}
			sample.Reset(max(sampleEvery, sampleShare*time.Since(began)))
		case <-verify.C:
			if err := t.Verify(ctx, book); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "the book could not be verified", "error", err)
			}
			verify.Reset(verifyEvery)
		case <-reconcile.C:
			began := time.Now()
			if err := t.Reconcile(ctx, book); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "ledger and lots could not be compared", "error", err)
			}
			rested = time.Now().Add(sampleShare * time.Since(began))
			reconcile.Reset(max(reconcileEvery, sampleShare*time.Since(began)))
		}
	}
}

// Sample reads what waits in the book and how its jobs do.
func (t *Telemetry) Sample(ctx context.Context, book *books.Books) error {
	ctx, cancel := context.WithTimeout(ctx, sampleTime)
	defer cancel()
	status, err := book.Status(ctx)
	if err != nil {
		t.up.Set(0)
		return err
	}
	t.up.Set(1)
	t.sampledAt.SetToCurrentTime()
	t.stand(status.Outbox)
	t.stale.Set(float64(status.StaleEstimates))
	t.differing.Set(float64(status.Reconciled.Differing))
	if at := status.Reconciled.At; !at.IsZero() {
		t.keptAt.Set(float64(at.UnixMilli()) / 1000)
	}
	if older := status.Reconciled.Older; older != nil {
		t.olderSince.Set(float64(older.Since().Start(book.Zone()).Unix()))
	}
	for queue, lag := range status.Lag {
		t.lag.WithLabelValues(queue).Set(lag.Seconds())
	}
	for job, run := range status.Succeeded {
		t.succeededAt.WithLabelValues(string(job)).Set(float64(run.FinishedAt.UnixMilli()) / 1000)
	}
	for job, run := range status.Last {
		failed := 0.0
		if run.Status == books.JobFailed {
			failed = 1
		}
		t.lastFailed.WithLabelValues(string(job)).Set(failed)
	}
	return nil
}

// Reconcile compares ledger and lots.
func (t *Telemetry) Reconcile(ctx context.Context, book *books.Books) error {
	ctx, cancel := context.WithTimeout(ctx, reconcileTime)
	defer cancel()
	began := time.Now()
	deferred, err := book.Reconcile(ctx)
	if err != nil {
		return err
	}
	t.reconcileTook.Set(time.Since(began).Seconds())
	t.reconciledAt.SetToCurrentTime()
	for _, d := range deferred {
		minor, functional := d.Difference()
		t.difference.WithLabelValues(string(d.Currency)).Set(float64(minor))
		t.functional.WithLabelValues(string(d.Currency)).Set(float64(functional))
	}
	return nil
}

// Verify derives the whole book again: minutes for a large one.
func (t *Telemetry) Verify(ctx context.Context, book *books.Books) error {
	began := time.Now()
	found, err := book.Verify(ctx)
	if err != nil {
		return err
	}
	t.verifyTook.Set(time.Since(began).Seconds())
	t.verifiedAt.SetToCurrentTime()
	t.findings.Set(float64(len(found)))
	return nil
}

// inside is what the process knows at any moment.
type inside struct {
	book *books.Books
	db   Database
}

var descriptions = sync.OnceValue(func() map[string]*prometheus.Desc {
	all := map[string]*prometheus.Desc{}
	for _, d := range []struct {
		name, help string
		labels     []string
	}{
		{"drawdown_usage_queue_events", "Usage events that wait to be recorded.", nil},
		{"drawdown_usage_queue_calls", "Calls whose usage events wait to be recorded.", nil},
		{"drawdown_usage_queue_limit_events", "Usage events that may wait: beyond it callers are told OVERLOADED.", nil},
		{"drawdown_usage_queue_oldest_seconds", "Seconds that the first of the calls that wait has waited; 0 where none waits.", nil},
		{"drawdown_job_lease_held", "1 while a job run of this process holds the lease of the jobs, else 0.", nil},
		{"drawdown_job_lease_age_seconds", "Seconds since a job run of this process last renewed the lease; 0 where none holds it. It is lost after 15.", nil},
		{"drawdown_db_connections", "Connections to the database, by pool (writer, reader) and state (in_use, idle).", []string{"pool", "state"}},
		{"drawdown_db_connections_limit", "Connections that a pool may have.", []string{"pool"}},
		{"drawdown_db_connection_waits_total", "Times that somebody waited for a connection of the pool.", []string{"pool"}},
		{"drawdown_db_connection_wait_seconds_total", "Seconds that were waited for connections of the pool.", []string{"pool"}},
		{"drawdown_db_file_bytes", "Bytes of the files of SQLite, by file: database, and wal, which is written before it and folded into it. None on a server.", []string{"file"}},
		{"drawdown_db_info", "1, with the engine of the database: sqlite or postgres.", []string{"engine"}},
	} {
		all[d.name] = prometheus.NewDesc(d.name, d.help, d.labels, nil)
	}
	return all
})

// Describe sends what can be collected.
func (i inside) Describe(into chan<- *prometheus.Desc) {
	for _, d := range descriptions() {
		into <- d
	}
}

// Collect reads it.
func (i inside) Collect(into chan<- prometheus.Metric) {
	send := func(kind prometheus.ValueType, name string, value float64, labels ...string) {
		into <- prometheus.MustNewConstMetric(descriptions()[name], kind, value, labels...)
	}
	queue := i.book.UsageQueue()
	send(prometheus.GaugeValue, "drawdown_usage_queue_events", float64(queue.Events))
	send(prometheus.GaugeValue, "drawdown_usage_queue_calls", float64(queue.Calls))
	send(prometheus.GaugeValue, "drawdown_usage_queue_limit_events", float64(queue.MaxEvents))
	send(prometheus.GaugeValue, "drawdown_usage_queue_oldest_seconds", queue.Oldest.Seconds())
	held, age := 0.0, 0.0
	if at, holds := i.book.LeaseRenewed(); holds {
		held, age = 1, max(i.book.Now().Sub(at).Seconds(), 0)
	}
	send(prometheus.GaugeValue, "drawdown_job_lease_held", held)
	send(prometheus.GaugeValue, "drawdown_job_lease_age_seconds", age)
	for pool, stats := range i.db.Pools() {
		send(prometheus.GaugeValue, "drawdown_db_connections", float64(stats.InUse), pool, "in_use")
		send(prometheus.GaugeValue, "drawdown_db_connections", float64(stats.Idle), pool, "idle")
		send(prometheus.GaugeValue, "drawdown_db_connections_limit", float64(stats.MaxOpenConnections), pool)
		send(prometheus.CounterValue, "drawdown_db_connection_waits_total", float64(stats.WaitCount), pool)
		send(prometheus.CounterValue, "drawdown_db_connection_wait_seconds_total", stats.WaitDuration.Seconds(), pool)
	}
	for file, bytes := range i.db.Files() {
		send(prometheus.GaugeValue, "drawdown_db_file_bytes", float64(bytes), file)
	}
	send(prometheus.GaugeValue, "drawdown_db_info", 1, i.db.Engine())
}
