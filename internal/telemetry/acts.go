package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"drawdown/internal/books"
)

// acts counts what the book does.
type acts struct {
	actTotal   *prometheus.CounterVec
	actSeconds *prometheus.HistogramVec

	eventTotal    *prometheus.CounterVec
	rejectedTotal *prometheus.CounterVec
	batchEvents   prometheus.Histogram
	batchSeconds  prometheus.Histogram

	runTotal     *prometheus.CounterVec
	runSeconds   *prometheus.HistogramVec
	lots         *prometheus.CounterVec
	recognitions *prometheus.CounterVec
	entries      *prometheus.CounterVec
}

func newActs() acts {
	return acts{
		actTotal:      counters("drawdown_acts_total", "Use cases that write, by act (such as purchase.create, usage.record, job.run) and by code: OK, or why it was refused or failed.", "act", "code"),
		actSeconds:    prometheus.NewHistogramVec(histogram("drawdown_act_seconds", "Seconds that a use case took, its wait for others included, by act.", requestSeconds), []string{"act"}),
		eventTotal:    counters("drawdown_usage_events_total", "Usage events that were answered, by outcome: recorded, duplicate, rejected.", "outcome"),
		rejectedTotal: counters("drawdown_usage_rejected_total", "Usage events that were rejected, by code.", "code"),
		batchEvents:   prometheus.NewHistogram(histogram("drawdown_usage_batch_events", "Events of a transaction of usage, of all calls that share it.", batchEvents)),
		batchSeconds:  prometheus.NewHistogram(histogram("drawdown_usage_commit_seconds", "Seconds from the beginning of a transaction of usage until it is on the disk.", requestSeconds)),
		runTotal:      counters("drawdown_job_runs_total", "Job runs of this process that ended, by job, trigger (START, SCHEDULE, MANUAL) and result (SUCCEEDED, FAILED).", "job_name", "trigger", "result"),
		runSeconds:    prometheus.NewHistogramVec(histogram("drawdown_job_run_seconds", "Seconds that a job run of this process took, by job.", runSeconds), []string{"job_name"}),
		lots:          counters("drawdown_job_lots_total", "Lots and pools that job runs of this process booked, by job.", "job_name"),
		recognitions:  counters("drawdown_job_recognitions_total", "Recognitions that job runs of this process made, by job.", "job_name"),
		entries:       counters("drawdown_job_entries_total", "Journal entries that job runs of this process posted, by job.", "job_name"),
	}
}

func (a acts) all() []prometheus.Collector {
	return []prometheus.Collector{
		a.actTotal, a.actSeconds, a.eventTotal, a.rejectedTotal, a.batchEvents, a.batchSeconds,
		a.runTotal, a.runSeconds, a.lots, a.recognitions, a.entries,
	}
}

// begin makes the series that alerts look at before there is anything to count: a rate over
// a series that begins with its first failure does not see that failure.
func (a acts) begin() {
	for _, outcome := range []string{"recorded", "duplicate", "rejected"} {
		a.eventTotal.WithLabelValues(outcome)
	}
	for _, trigger := range []string{books.AtStart, books.OnSchedule} {
		for _, result := range []books.JobStatus{books.JobSucceeded, books.JobFailed} {
			a.runTotal.WithLabelValues(string(books.JobAll), trigger, string(result))
		}
	}
}

// ActBegun begins the span of a use case.
func (t *Telemetry) ActBegun(ctx context.Context, name string) context.Context {
	if t.tracer == nil {
		return ctx
	}
	ctx, _ = t.tracer.Start(ctx, name)
	return ctx
}

// ActEnded counts a use case.
func (t *Telemetry) ActEnded(ctx context.Context, name string, took time.Duration, err error) {
	code := ok
	if err != nil {
		code = string(books.CodeOf(err))
	}
	t.actTotal.WithLabelValues(name, code).Inc()
	t.actSeconds.WithLabelValues(name).Observe(took.Seconds())
	t.endSpan(ctx, err)
}

// StepBegun begins the span of a step.
func (t *Telemetry) StepBegun(ctx context.Context, job books.JobName, step string) context.Context {
	if t.tracer == nil {
		return ctx
	}
	ctx, _ = t.tracer.Start(ctx, "step "+step, trace.WithAttributes(attribute.String("drawdown.job", string(job)), attribute.String("drawdown.step", step)))
	return ctx
}

// StepEnded ends it.
func (t *Telemetry) StepEnded(ctx context.Context, err error) { t.endSpan(ctx, err) }

// RunEnded counts a run, and has the book looked at again.
func (t *Telemetry) RunEnded(run books.JobRun) {
	job := string(run.Job)
	t.runTotal.WithLabelValues(job, run.Trigger, string(run.Status)).Inc()
	t.runSeconds.WithLabelValues(job).Observe(run.FinishedAt.Sub(run.StartedAt).Seconds())
	t.lots.WithLabelValues(job).Add(float64(run.Result.Lots))
	t.recognitions.WithLabelValues(job).Add(float64(run.Result.Recognitions))
	t.entries.WithLabelValues(job).Add(float64(run.Result.Entries))
	t.booked()
}

// GroupBegun begins the span of a transaction that calls share. It is in nobody's trace,
// and linked to all of theirs.
func (t *Telemetry) GroupBegun(ctx context.Context, from []context.Context) context.Context {
	if t.tracer == nil {
		return ctx
	}
	links := make([]trace.Link, 0, min(len(from), maxLinks))
	for _, caller := range from[:min(len(from), maxLinks)] {
		if link := trace.LinkFromContext(caller); link.SpanContext.IsValid() {
			links = append(links, link)
		}
	}
	ctx, _ = t.tracer.Start(ctx, "usage together", trace.WithNewRoot(), trace.WithLinks(links...), trace.WithAttributes(attribute.Int("drawdown.calls", len(from))))
	return ctx
}

// maxLinks bounds the links of a span: the SDK keeps as many.
const maxLinks = 128

// GroupEnded ends it.
func (t *Telemetry) GroupEnded(ctx context.Context, err error) { t.endSpan(ctx, err) }

// UsageWritten counts the events of a transaction.
func (t *Telemetry) UsageWritten(outcomes []books.UsageOutcome, took time.Duration) {
	var recorded, duplicate, rejected int
	for i := range outcomes {
		switch outcomes[i].Status {
		case books.Recorded:
			recorded++
		case books.Duplicate:
			duplicate++
		case books.Rejected:
			rejected++
			if reason := outcomes[i].Reason; reason != nil {
				t.rejectedTotal.WithLabelValues(string(reason.Code)).Inc()
			}
		}
	}
	t.eventTotal.WithLabelValues("recorded").Add(float64(recorded))
	t.eventTotal.WithLabelValues("duplicate").Add(float64(duplicate))
	t.eventTotal.WithLabelValues("rejected").Add(float64(rejected))
	t.batchEvents.Observe(float64(len(outcomes)))
	t.batchSeconds.Observe(took.Seconds())
}

func (t *Telemetry) endSpan(ctx context.Context, err error) {
	if t.tracer == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	fail(span, err)
	span.End()
}
