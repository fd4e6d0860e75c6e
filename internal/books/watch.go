package books

import (
	"context"
	"time"
)

// Watch is told what a book does, for figures and traces. Its methods are called by many
// at once, and none may fail.
type Watch interface {
	// ActBegun returns the context of all that the use case does; its name is that of the
	// audit trail, such as "purchase.create". A run of a job is the act "job.run".
	ActBegun(ctx context.Context, name string) context.Context
	// ActEnded is told how it ended: nil, a refusal or a fault.
	ActEnded(ctx context.Context, name string, took time.Duration, err error)
	// StepBegun returns the context of one bounded step of a job, which is one transaction.
	StepBegun(ctx context.Context, job JobName, step string) context.Context
	StepEnded(ctx context.Context, err error)
	// RunEnded is told of a job run that took the lease, and has given it back.
	RunEnded(run JobRun)
	// GroupBegun returns the context of a transaction of usage that belongs to no caller;
	// from are the contexts of those who share it.
	GroupBegun(ctx context.Context, from []context.Context) context.Context
	GroupEnded(ctx context.Context, err error)
	// UsageWritten is told what became of the events of a transaction, once it is committed.
	UsageWritten(outcomes []UsageOutcome, took time.Duration)
}

// noWatch is told and does nothing.
type noWatch struct{}

func (noWatch) ActBegun(ctx context.Context, _ string) context.Context { return ctx }
func (noWatch) ActEnded(context.Context, string, time.Duration, error) {}
func (noWatch) StepEnded(context.Context, error)                       {}
func (noWatch) RunEnded(JobRun)                                        {}
func (noWatch) GroupEnded(context.Context, error)                      {}
func (noWatch) UsageWritten([]UsageOutcome, time.Duration)             {}
func (noWatch) StepBegun(ctx context.Context, _ JobName, _ string) context.Context {
	return ctx
}

func (noWatch) GroupBegun(ctx context.Context, _ []context.Context) context.Context {
	return ctx
}

// begin tells the watch of an act, and returns its context and what tells of its end.
func (b *Books) begin(ctx context.Context, name string) (_ context.Context, end func(error)) {
	began := time.Now()
	ctx = b.watch.ActBegun(ctx, name)
	return ctx, func(err error) { b.watch.ActEnded(ctx, name, time.Since(began), err) }
}

// UsageQueue is what waits to be recorded at a moment.
type UsageQueue struct {
	Calls, Events int
	Oldest        time.Duration // how long the first of them has waited; 0 where none waits
	MaxEvents     int           // beyond which calls are refused
}

// UsageQueue returns what waits to be recorded now.
func (b *Books) UsageQueue() UsageQueue {
	q := b.usage
	q.mu.Lock()
	defer q.mu.Unlock()
	state := UsageQueue{Calls: len(q.waiting), Events: q.events, MaxEvents: q.options.MaxQueued}
	for _, call := range q.waiting { // a call of few events may stand before older ones
		state.Oldest = max(state.Oldest, time.Since(call.since))
	}
	return state
}

// LeaseRenewed returns when a run of this process last took or renewed the lease of the
// jobs; held is false where no run of it is at work.
func (b *Books) LeaseRenewed() (at time.Time, held bool) {
	renewed := b.leased.Load()
	if renewed == nil {
		return time.Time{}, false
	}
	return *renewed, true
}
