package telemetry_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"drawdown/internal/books"
)

// story makes a policy, a customer and a purchase of USD 100.00 for 100 credits.
const story = `mutation Sell {
	policyCreate(input: {code: "annual", name: "Annual", expires: "P12M"}, idempotencyKey: "policy") { userErrors { message } }
	customerCreate(input: {externalId: "acme", name: "Acme Secrets Ltd"}, idempotencyKey: "customer") { userErrors { message } }
	purchaseCreate(input: {customer: "acme", policy: "annual", credits: "100", price: "100.00"}, idempotencyKey: "purchase") { userErrors { message } }
}`

// sell tells the story.
func (s *server) sell() {
	s.t.Helper()
	if got := s.ask(story, nil); strings.Contains(got, "message") {
		s.t.Fatal(got)
	}
}

// use records events of a credit each.
func (s *server) use(ids ...string) {
	s.t.Helper()
	events := ""
	for _, id := range ids {
		events += fmt.Sprintf(`{id: %q, customer: "acme", credits: "1"}`, id)
	}
	s.ask(`mutation { usageRecord(events: [`+events+`]) { recorded } }`, nil)
}

func TestTheBookIsSeen(t *testing.T) {
	s := newServer(t, nil)
	s.sell()
	s.use("a", "b", "a")
	s.use("a")
	s.ask(`mutation { usageRecord(events: [{id: "z", customer: "nobody", credits: "1"}]) { rejected } }`, nil)
	s.now = s.now.Add(25 * time.Hour) // 16 January, 13:00: the 15th ended thirteen hours ago
	sample := func() {
		t.Helper()
		if err := errors.Join(s.watch.Sample(t.Context(), s.books), s.watch.Reconcile(t.Context(), s.books)); err != nil {
			t.Fatal(err)
		}
	}
	sample()
	s.want("before the jobs", []want{
		{"drawdown_usage_events_total", []string{"outcome", "recorded"}, 2},
		{"drawdown_usage_events_total", []string{"outcome", "duplicate"}, 2},
		{"drawdown_usage_events_total", []string{"outcome", "rejected"}, 1},
		{"drawdown_usage_rejected_total", []string{"code", "NOT_FOUND"}, 1},
		{"drawdown_usage_batch_events", nil, 3},
		{"drawdown_usage_commit_seconds", nil, 3},
		{"drawdown_acts_total", []string{"act", "usage.record", "code", "OK"}, 3},
		{"drawdown_acts_total", []string{"act", "purchase.create", "code", "OK"}, 1},
		{"drawdown_booking_lag_seconds", []string{"queue", "usage"}, 13 * 3600},
		{"drawdown_booking_lag_seconds", []string{"queue", "lapse"}, 0},
		{"drawdown_reconciliation_difference_minor", []string{"currency", "USD"}, 0},
		{"drawdown_job_last_success_timestamp_seconds", []string{"job_name", "all"}, -1},
		{"drawdown_job_lease_held", nil, 0},
		{"drawdown_db_up", nil, 1},
		{"drawdown_db_info", []string{"engine", "sqlite"}, 1},
		{"drawdown_db_connections_limit", []string{"pool", "writer"}, 1},
		{"drawdown_usage_queue_limit_events", nil, books.DefaultUsageQueued},
	})
	held := -1.0
	if _, err := s.books.RunJob(t.Context(), books.JobAll, books.RunOptions{Trigger: books.OnSchedule, Progress: func(books.JobResult) {
		held = value(s.scrape(), "drawdown_job_lease_held")
	}}); err != nil {
		t.Fatal(err)
	}
	if held != 1 {
		t.Errorf("while it runs the lease is held: %v", held)
	}
	sample()
	s.want("after the jobs", []want{
		{"drawdown_booking_lag_seconds", []string{"queue", "usage"}, 0},
		{"drawdown_job_runs_total", []string{"job_name", "all", "trigger", "SCHEDULE", "result", "SUCCEEDED"}, 1},
		{"drawdown_job_runs_total", []string{"job_name", "all", "trigger", "SCHEDULE", "result", "FAILED"}, 0},
		{"drawdown_job_recognitions_total", []string{"job_name", "all"}, 1},
		{"drawdown_job_entries_total", []string{"job_name", "all"}, 1},
		{"drawdown_job_last_success_timestamp_seconds", []string{"job_name", "all"}, float64(s.now.Unix())},
		{"drawdown_job_last_run_failed", []string{"job_name", "all"}, 0},
		{"drawdown_job_lease_held", nil, 0},
		{"drawdown_reconciliation_difference_minor", []string{"currency", "USD"}, 0},
	})
	got := s.scrape()
	for _, kind := range []string{"SELECT", "INSERT", "UPDATE", "BEGIN", "COMMIT"} {
		if value(got, "drawdown_db_statement_seconds", "kind", kind) < 1 {
			t.Errorf("no %s was counted", kind)
		}
	}
	if value(got, "drawdown_db_file_bytes", "file", "database") <= 0 || value(got, "drawdown_db_file_bytes", "file", "wal") < 0 {
		t.Error("the files have no size")
	}

	// A tamperer takes seven cents off a lot.
	db, err := sql.Open("sqlite", s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "UPDATE lots SET carrying_minor = carrying_minor - 7"); err != nil {
		t.Fatal(err)
	}
	sample()
	if err := s.watch.Verify(t.Context(), s.books); err != nil {
		t.Fatal(err)
	}
	s.want("tampered", []want{
		{"drawdown_reconciliation_difference_minor", []string{"currency", "USD"}, 7},
		{"drawdown_verify_findings", nil, 2},                        // the lot, and deferred revenue
		{"drawdown_reconciliation_older_timestamp_seconds", nil, 0}, // there are no older months yet
	})
	s.now = time.Date(2024, 4, 10, 13, 0, 0, 0, time.UTC)
	for range 3 {
		s.now = s.now.AddDate(0, 0, 1)
		if _, err := s.books.RunJob(t.Context(), books.JobReconcile, books.RunOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	sample()
	s.want("three days of the first round", []want{{"drawdown_reconciliation_older_timestamp_seconds", nil, float64(time.Date(2024, 4, 10, 0, 0, 0, 0, time.UTC).Unix())}})
}

// A failed run, and a database that cannot be read, are seen.
func TestFailuresAreSeen(t *testing.T) {
	s := newServer(t, nil)
	s.sell()
	s.use("a")
	s.now = s.now.Add(25 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := s.books.RunJob(ctx, books.JobAll, books.RunOptions{Progress: func(books.JobResult) { cancel() }}); err == nil {
		t.Fatal("a run that was stopped did not fail")
	}
	if err := s.watch.Sample(t.Context(), s.books); err != nil {
		t.Fatal(err)
	}
	s.want("after a run that failed", []want{
		{"drawdown_job_last_run_failed", []string{"job_name", "all"}, 1},
		{"drawdown_job_runs_total", []string{"job_name", "all", "trigger", "MANUAL", "result", "FAILED"}, 1},
		{"drawdown_acts_total", []string{"act", "job.run", "code", "INTERNAL"}, 1},
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.watch.Sample(gone, s.books); err == nil {
		t.Fatal("the book was read")
	}
	s.want("while the book cannot be read", []want{{"drawdown_db_up", nil, 0}})
}

// Names and helps are as Prometheus wants them.
func TestMetricsAreWellNamed(t *testing.T) {
	s := newServer(t, nil)
	s.sell()
	s.use("a", "a")
	problems, err := testutil.GatherAndLint(s.watch.Registry())
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}

type want struct {
	name   string
	labels []string
	value  float64
}

func (s *server) want(when string, wants []want) {
	s.t.Helper()
	got := s.scrape()
	for _, want := range wants {
		if got := value(got, want.name, want.labels...); got != want.value {
			s.t.Errorf("%s: %s %v is %v, want %v", when, want.name, want.labels, got, want.value)
		}
	}
}
