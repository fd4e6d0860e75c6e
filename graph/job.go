package graph

import (
	"context"
	"time"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func (queryResolver) Jobs(ctx context.Context) ([]view.Job, error) {
	names := books.JobNames()
	requestOf(ctx).jobKin.met(names)
	jobs := make([]view.Job, 0, len(names))
	for _, name := range names {
		jobs = append(jobs, view.Job{Name: name})
	}
	return jobs, nil
}

func (queryResolver) JobRuns(ctx context.Context, job *books.JobName, status *books.JobStatus, statuses []books.JobStatus, from, before *time.Time, first int, after *string, reverse bool) (*view.JobRunConnection, error) {
	return jobRuns(ctx, books.JobFilter{
		Job: value(job), Status: value(status), Statuses: once(statuses), From: value(from), Before: value(before),
	}, paging{first: first, after: after, reverse: reverse})
}

func jobRuns(ctx context.Context, filter books.JobFilter, p paging) (*view.JobRunConnection, error) {
	q := requestOf(ctx)
	return connect(ctx, q, p, q.jobRunList(), filter, books.Tx.JobRuns, books.Tx.CountJobRuns)
}

func (q *request) jobRunList() list[books.JobRun] {
	return list[books.JobRun]{noun: jobRunNoun, key: func(r *books.JobRun) string { return r.ID }, saw: q.sawJobRuns}
}

func jobRunsOf(ctx context.Context, job books.JobName, p paging) (*view.JobRunConnection, error) {
	q := requestOf(ctx)
	return connectBelow(ctx, q, p, nested[books.JobName, books.JobFilter, books.JobRun]{
		list: q.jobRunList(), parent: job, kin: &q.jobKin,
		filter: func(job books.JobName) books.JobFilter { return books.JobFilter{Job: job} },
		pages:  books.Tx.JobRunsBelow, counts: books.Tx.CountJobRunsBelow,
	})
}

// JobRun starts a run that outlives the request, and waits for it a while.
//
//nolint:contextcheck // the run is not the request's: it ends with the process
func (r mutationResolver) JobRun(ctx context.Context, job books.JobName, input gen.JobRunInput, idempotencyKey string) (*gen.JobRunPayload, error) {
	if idempotencyKey == "" { // without one a run is run again, as the schedule does
		refusals, fault := userErrors(&books.Error{Code: books.Invalid, Field: "idempotencyKey", Message: "must have 1 to 200 characters"})
		return &gen.JobRunPayload{UserErrors: refusals}, fault
	}
	type ended struct {
		run books.JobRun
		err error
	}
	done := make(chan ended, 1)
	background, stop := context.WithTimeout(books.WithCaller(r.background, books.CallerOf(ctx)), jobTimeout)
	go func() {
		defer stop()
		defer func() { // the run is recorded as failed; the process goes on
			if panicked := recover(); panicked != nil {
				done <- ended{err: r.faults.recovered(background, panicked)}
			}
		}()
		run, err := r.books.RunJob(background, job, books.RunOptions{Trigger: books.ByHand, Through: value(input.Through), Key: idempotencyKey})
		done <- ended{run, err}
	}()
	select {
	case end := <-done:
		return jobRunPayload(end.run, end.err)
	case <-time.After(jobWait):
	case <-ctx.Done():
	}
	run, err := r.running(context.WithoutCancel(ctx), job)
	return jobRunPayload(run, err)
}

// running returns the run of the job that is under way.
func (r mutationResolver) running(ctx context.Context, job books.JobName) (books.JobRun, error) {
	var runs []books.JobRun
	err := r.books.View(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		runs, err = tx.JobRuns(ctx, books.JobFilter{Job: job}, books.Page{Limit: 1, Reverse: true})
		return err
	})
	if err != nil || len(runs) == 0 {
		return books.JobRun{}, err
	}
	return runs[0], nil
}

// jobRunPayload shows the run; one that failed is shown as it failed.
func jobRunPayload(run books.JobRun, err error) (*gen.JobRunPayload, error) {
	refusals, fault := userErrors(err, "job")
	payload := &gen.JobRunPayload{UserErrors: refusals}
	if run.ID != "" && run.Status != "" && (err == nil || run.Status == books.JobFailed) {
		payload.Run = &run
	}
	return payload, fault
}

// descriptions say what each job does; the schema says the same of the names.
var descriptions = map[books.JobName]string{
	books.JobAll:       "Books everything that is due: invoices, use, lapse, breakage; then alerts and reviews; and reconciles once a day",
	books.JobDue:       "Books invoices whose due date has come",
	books.JobRecognise: "Books what was used",
	books.JobExpire:    "Books what lapsed",
	books.JobBreakage:  "Books what is expected to lapse, and what has become remote",
	books.JobAlerts:    "Alerts of what runs low or out, and requests more credits",
	books.JobReconcile: "Compares the sub-ledger with itself and with the journal, and keeps what it found",
	books.JobReview:    "Sets estimates of breakage against what came about, and flags those that are stale",
}

func (jobResolver) Description(_ context.Context, job *view.Job) (string, error) {
	return descriptions[job.Name], nil
}

func (jobResolver) LastRun(ctx context.Context, job *view.Job) (*books.JobRun, error) {
	latest, err := jobRunsOf(ctx, job.Name, paging{first: 1, reverse: true})
	if err != nil || len(latest.Rows) == 0 {
		return nil, err
	}
	return &latest.Rows[0], nil
}

func (jobResolver) Runs(ctx context.Context, job *view.Job, first int, after *string, reverse bool) (*view.JobRunConnection, error) {
	return jobRunsOf(ctx, job.Name, paging{first: first, after: after, reverse: reverse})
}

func (jobRunResolver) Lots(_ context.Context, run *books.JobRun) (int, error) {
	return int(run.Result.Lots), nil
}

func (jobRunResolver) Recognitions(_ context.Context, run *books.JobRun) (int, error) {
	return int(run.Result.Recognitions), nil
}

func (jobRunResolver) Entries(_ context.Context, run *books.JobRun) (int, error) {
	return int(run.Result.Entries), nil
}

func (jobRunResolver) FirstEntry(ctx context.Context, run *books.JobRun) (*ledger.Entry, error) {
	return pointer(ctx, requestOf(ctx).entries, run.Result.FirstEntry)
}

func (jobRunResolver) LastEntry(ctx context.Context, run *books.JobRun) (*ledger.Entry, error) {
	return pointer(ctx, requestOf(ctx).entries, run.Result.LastEntry)
}

func (jobRunResolver) Error(_ context.Context, run *books.JobRun) (*string, error) {
	return text(run.Error), nil
}
