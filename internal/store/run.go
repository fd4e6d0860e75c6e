package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

type jobRunRow struct {
	bun.BaseModel `bun:"table:job_runs,alias:job_runs"`

	ID           string
	Job          string
	StartedBy    string // the trigger, which SQL has another use for
	Status       string
	Through      date    `bun:",type:text"`
	StartedAt    instant `bun:"started_at_us,type:bigint"`
	FinishedAt   instant `bun:"finished_at_us,type:bigint"`
	Lots         int64
	Recognitions int64
	Entries      int64
	FirstEntry   int64
	LastEntry    int64
	Error        string `bun:",nullzero"`
	Holder       string
}

func jobRunRowOf(r books.JobRun) jobRunRow {
	return jobRunRow{
		ID: r.ID, Job: string(r.Job), StartedBy: r.Trigger, Status: string(r.Status), Through: date(r.Through),
		StartedAt: instantOf(r.StartedAt), FinishedAt: instantOf(r.FinishedAt),
		Lots: r.Result.Lots, Recognitions: r.Result.Recognitions, Entries: r.Result.Entries,
		FirstEntry: r.Result.FirstEntry, LastEntry: r.Result.LastEntry, Error: r.Error, Holder: r.Holder,
	}
}

func (row jobRunRow) jobRun() books.JobRun {
	return books.JobRun{
		ID: row.ID, Job: books.JobName(row.Job), Trigger: row.StartedBy, Status: books.JobStatus(row.Status), Through: ledger.Date(row.Through),
		StartedAt: row.StartedAt.time(), FinishedAt: row.FinishedAt.time(),
		Result: books.JobResult{
			Lots: row.Lots, Recognitions: row.Recognitions, Entries: row.Entries, FirstEntry: row.FirstEntry, LastEntry: row.LastEntry,
		},
		Error: row.Error, Holder: row.Holder,
	}
}

func (t *tx) InsertJobRun(ctx context.Context, run books.JobRun) error {
	return insert(ctx, t, "recording a job run", []jobRunRow{jobRunRowOf(run)})
}

// UpdateJobRun writes what became of a run. Errors: NOT_FOUND.
func (t *tx) UpdateJobRun(ctx context.Context, run books.JobRun) error {
	row := jobRunRowOf(run)
	touched, err := t.exec(ctx, "recording a job run", `UPDATE job_runs SET status = ?, through = ?, finished_at_us = ?, lots = ?,
		recognitions = ?, entries = ?, first_entry = ?, last_entry = ?, error = ? WHERE id = ?`,
		row.Status, row.Through, row.FinishedAt, row.Lots, row.Recognitions, row.Entries, row.FirstEntry, row.LastEntry,
		bun.NullZero(row.Error), row.ID)
	return wroteOne("job run", run.ID, touched, err)
}

func (t *tx) JobRunsByID(ctx context.Context, ids []string) ([]books.JobRun, error) {
	rows, err := byColumn[jobRunRow](ctx, t, "reading job runs", "id", ids)
	return convert(rows, jobRunRow.jobRun), err
}

func (t *tx) JobRuns(ctx context.Context, filter books.JobFilter, page books.Page) ([]books.JobRun, error) {
	rows, err := list[jobRunRow](ctx, t, "listing job runs", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(ofJobRuns(q, filter))
	})
	return convert(rows, jobRunRow.jobRun), err
}

func jobRunsBelow(doing string, of []books.JobFilter) below[jobRunRow] {
	keys := keysOf(of)
	keys.by("job = ?", of[0].Job != "", func(f *books.JobFilter) any { return string(f.Job) }, func(f *books.JobFilter) { f.Job = "" })
	return below[jobRunRow]{doing, keys.keys, keys.where, "rowid", func(q *bun.SelectQuery) *bun.SelectQuery { return ofJobRuns(q, keys.shared) }}
}

func (t *tx) JobRunsBelow(ctx context.Context, of []books.JobFilter, page books.Page) ([][]books.JobRun, error) {
	return pages(ctx, t, jobRunsBelow("listing job runs below many", of), byID(page), ofRows(jobRunRow.jobRun))
}

func (t *tx) CountJobRunsBelow(ctx context.Context, of []books.JobFilter) ([]int64, error) {
	return counts(ctx, t, jobRunsBelow("counting job runs below many", of))
}

func (t *tx) CountJobRuns(ctx context.Context, filter books.JobFilter) (int64, error) {
	return count[jobRunRow](ctx, t, "counting job runs", func(q *bun.SelectQuery) *bun.SelectQuery { return ofJobRuns(q, filter) })
}

func ofJobRuns(q *bun.SelectQuery, filter books.JobFilter) *bun.SelectQuery {
	q = whereEqual(whereEqual(q, "job", string(filter.Job)), "status", string(filter.Status))
	q = whereOneOf(q, "status", filter.Statuses)
	return whereWithin(q, "started_at_us", filter.From, filter.Before)
}

func (t *tx) TakeLease(ctx context.Context, name, holder string, now, until time.Time) (bool, error) {
	touched, err := t.exec(ctx, "taking a lease", `INSERT INTO leases (name, holder, until_us) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, until_us = EXCLUDED.until_us
		WHERE leases.holder = EXCLUDED.holder OR leases.until_us <= ?`,
		name, holder, instantOf(until), instantOf(now))
	return touched == 1, err
}

// DropLease gives a lease back; one that another holds by now stays.
func (t *tx) DropLease(ctx context.Context, name, holder string) error {
	_, err := t.exec(ctx, "dropping a lease", "DELETE FROM leases WHERE name = ? AND holder = ?", name, holder)
	return err
}
