package books

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"drawdown/ledger"
)

// RunOptions say how a job runs.
type RunOptions struct {
	Trigger string      // START, SCHEDULE or MANUAL
	Through ledger.Date // yesterday where zero; a day that has not ended is refused
	// Key, where set, is an idempotency key: a run asked for again with it is not run
	// again, and answers as it stands.
	Key string
	// Wait is how long to wait for another run to end before refusing with JOB_RUNNING.
	// Longer than LeaseTime, it outlasts a run whose process died.
	Wait time.Duration
	// Progress, where set, is called after each bounded step.
	Progress func(JobResult)
}

// The triggers of a job run.
const (
	AtStart    = "START"
	OnSchedule = "SCHEDULE"
	ByHand     = "MANUAL"
)

// LeaseTime is how long a lease holds without being renewed; a run renews it with every
// step, which takes fractions of a second. A run that dies holds up the next one by no
// more than this.
const LeaseTime = 15 * time.Second

// leasePoll is how often a run that waits for the lease asks again.
const leasePoll = 250 * time.Millisecond

// Steps bounds the steps of jobs, each of which is one transaction: so that memory stays
// flat whatever waits, the lease is far from its end, and other writers wait for fractions
// of a second; and large enough that the commit does not count. Zero fields take their
// defaults.
type Steps struct {
	Lots int // lots or pools of a step; 1,000
	// Days is how many lot-days (days of pools) end a step; 10,000. The part that
	// reaches it is the step's last.
	Days int
	// Part is how many lots are read together, SpanDays of each at most: 100 and 366. No
	// lot is so old that its days do not fit.
	Part, SpanDays int
	// WholePart is how many are read together where all of their days are needed; 50.
	WholePart int
	Invoices  int // of a step: each makes an entry of its own; 500
	// Turn is how long a step goes on at least where others wait to write; 50 ms. Where the last
	// of their transactions took longer, it goes on for as long.
	Turn time.Duration
	// Batch is how many recognitions are posted together; 1,000,000. Those that a run
	// which died has left are read again for that, some hundred thousand a second.
	Batch int64
}

func (s Steps) withDefaults() Steps {
	s.Lots = cmp.Or(s.Lots, 1000)
	s.Days = cmp.Or(s.Days, 10_000)
	s.Part = cmp.Or(s.Part, 100)
	s.SpanDays = cmp.Or(s.SpanDays, 366)
	s.WholePart = cmp.Or(s.WholePart, 50)
	s.Invoices = cmp.Or(s.Invoices, 500)
	s.Turn = cmp.Or(s.Turn, 50*time.Millisecond)
	s.Batch = cmp.Or(s.Batch, 1_000_000)
	return s
}

// running is a job run at work.
type running struct {
	through  ledger.Date
	result   JobResult
	policies policyCache
	begun    time.Time // when the step at work began
	// at is how far the step has come through its queue.
	at place
	// fresh is what the step at work keeps, batch what the steps that ended kept and is
	// not posted yet.
	fresh, batch batchSums
	// lapsed is what the step at work took for lapsed, to be told, and cohorts what it
	// makes of their cohorts.
	lapsed  []lapse
	cohorts cohortMonths
}

// place is how far a step has come through a queue that is in key order.
type place struct {
	after LotKey // all up to this one were looked at
	again bool   // one of them still waits: begin again at the end
}

// step is one bounded transaction of a job; more is true where another is needed.
type step struct {
	name string
	do   func(ctx context.Context, tx Tx, run *running) (more bool, err error)
}

// steps lists what each job does, in order. Each can be stopped and started anywhere:
// it goes by what is waiting in the book. What a job needs booked before comes first.
func (b *Books) steps(name JobName) []step {
	due, recognise, expire := step{"due", b.due}, step{"recognise", b.recognise}, step{"expire", b.expire}
	remote, breakage := step{"remote", b.remote}, step{"breakage", b.breakage}
	alerts, topUps, file := step{"alerts", b.alerts}, step{"topups", b.topUps}, step{"cohorts", b.fileLots}
	review, reverse := step{"review", b.review}, step{"reverse", b.reverse}
	switch name {
	case JobAlerts:
		return []step{alerts, topUps}
	case JobDue:
		return []step{due, reverse}
	case JobRecognise:
		return []step{file, recognise}
	case JobExpire:
		return []step{file, expire}
	case JobBreakage:
		return []step{file, recognise, remote, breakage}
	case JobReconcile: // after what is posted: reconcileRun
	case JobReview:
		return []step{review}
	case JobAll:
		return []step{file, due, reverse, recognise, expire, remote, breakage, alerts, topUps, review}
	}
	return nil
}

// RunJob runs a job now and records the run. A run that fails is recorded as FAILED and
// its error returned; what its steps booked stays, and the next run goes on from there.
// Errors: NOT_FOUND, INVALID, JOB_RUNNING, LEASE_LOST, IDEMPOTENCY_CONFLICT.
func (b *Books) RunJob(ctx context.Context, name JobName, options RunOptions) (run JobRun, err error) {
	ctx, end := b.begin(ctx, "job.run")
	defer func() { end(err) }()
	if run, err = b.newRun(name, options); err != nil {
		return JobRun{}, err
	}
	if err := b.WriteNotRecorded(ctx); err != nil {
		return JobRun{}, err
	}
	if again, err := b.startRun(ctx, &run, options); err != nil || again {
		return run, err
	}
	defer func() {
		if fault := recover(); fault != nil {
			// The panic goes on; that its end could not be recorded either adds nothing.
			_ = b.endRun(ctx, &run, fmt.Errorf("panic: %v", fault))
			panic(fault)
		}
	}()
	err = b.work(ctx, &run, options.Progress)
	if ended := b.endRun(ctx, &run, err); err == nil {
		err = ended
	}
	return run, err
}

func (b *Books) newRun(name JobName, options RunOptions) (JobRun, error) {
	if !slices.Contains(JobNames(), name) {
		return JobRun{}, refuse(NotFound, "job", "there is no job %q: there are %v", clip(string(name)), JobNames())
	}
	yesterday := b.Yesterday()
	run := JobRun{
		ID: b.newID(), Job: name, Trigger: options.Trigger, Status: JobRunningNow,
		Through: options.Through, StartedAt: b.clock(), Holder: b.holder,
	}
	if run.Through == 0 {
		run.Through = yesterday
	}
	if run.Through > yesterday {
		return run, refuse(Invalid, "through", "must be a day that has ended, at most %s, not %s", yesterday, run.Through)
	}
	if run.Trigger == "" {
		run.Trigger = ByHand
	}
	return run, nil
}

// askedRun is what was asked of a run.
type askedRun struct {
	Job     JobName     `json:"job"`
	Through ledger.Date `json:"through"` // "" where not given
}

// startRun takes the lease, waiting for it where another run holds it, and records the
// run; again is true where the run was asked for before, and run is then that one.
func (b *Books) startRun(ctx context.Context, run *JobRun, options RunOptions) (again bool, err error) {
	asked := act{"job.run", options.Key, askedRun{run.Job, options.Through}}
	if options.Key != "" {
		if err := asked.check(); err != nil {
			return false, err
		}
	}
	for waited := time.Duration(0); ; waited += leasePoll {
		err := b.store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
			again, err = b.recordRun(ctx, tx, run, asked)
			return err
		})
		if err == nil && !again {
			b.renewed()
		}
		if err == nil || CodeOf(err) != JobRunning || waited >= options.Wait {
			return again, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(leasePoll):
		}
	}
}

// recordRun finds the run that was asked for before, or takes the lease and records the
// run. Runs that are still recorded as running then have no lease: their process died.
func (b *Books) recordRun(ctx context.Context, tx Tx, run *JobRun, asked act) (again bool, err error) {
	if asked.key != "" {
		var id string
		if again, err = asked.answered(ctx, tx, &id); err != nil {
			return false, err
		}
		if again {
			runs, err := tx.JobRunsByID(ctx, []string{id})
			if err == nil && len(runs) == 0 {
				err = refuse(Internal, "", "job run %s is missing", id)
			}
			if err != nil {
				return false, err
			}
			*run = runs[0]
			return true, nil
		}
	}
	if err := b.lease(ctx, tx, *run, JobRunning); err != nil {
		return false, err
	}
	if err := b.endDeadRuns(ctx, tx); err != nil {
		return false, err
	}
	if asked.key != "" {
		if err := b.record(ctx, tx, asked, run.ID, run.ID, &trail{}); err != nil {
			return false, err
		}
	}
	return false, tx.InsertJobRun(ctx, *run)
}

func (b *Books) endDeadRuns(ctx context.Context, tx Tx) error {
	dead, err := tx.JobRuns(ctx, JobFilter{Status: JobRunningNow}, Page{Limit: 100})
	if err != nil {
		return err
	}
	for _, run := range dead {
		run.Status, run.FinishedAt, run.Error = JobFailed, b.clock(), "its process ended before it did; the next run went on from there"
		if err := tx.UpdateJobRun(ctx, run); err != nil {
			return err
		}
	}
	return nil
}

// lease takes or renews the lease of the run. All jobs share one, for they post the same
// batch. It is held by the run, not by the process: two runs never work at once.
func (b *Books) lease(ctx context.Context, tx Tx, run JobRun, otherwise Code) error {
	now := b.clock()
	taken, err := tx.TakeLease(ctx, "booking", run.ID, now, now.Add(LeaseTime))
	if err == nil && !taken {
		err = refuse(otherwise, "", "another run is booking: wait until it has ended, or for %s where it died", LeaseTime)
	}
	return err
}

// work runs the steps of the job, each in a transaction that renews the lease, and posts
// what they recognised: at the end, and whenever it comes to a batch.
func (b *Books) work(ctx context.Context, run *JobRun, progress func(JobResult)) error {
	at := &running{through: run.Through, policies: policyCache{}}
	post := step{"post", func(ctx context.Context, tx Tx, at *running) (bool, error) { return false, b.postBatch(ctx, tx, at) }}
	for _, do := range b.steps(run.Job) {
		at.at = place{}
		for more := true; more; {
			var err error
			if more, err = b.step(ctx, run, at, do); err != nil {
				return err
			}
			if progress != nil {
				progress(run.Result)
			}
			if at.batch.count >= b.bounds.Batch {
				if _, err := b.step(ctx, run, at, post); err != nil {
					return err
				}
			}
		}
	}
	if _, err := b.step(ctx, run, at, post); err != nil {
		return err
	}
	if run.Job != JobAll && run.Job != JobReconcile {
		return nil
	}
	return b.reconcileRun(ctx, run, at, progress) // after what is posted
}

// step runs one step in a transaction of its own.
func (b *Books) step(ctx context.Context, run *JobRun, at *running, do step) (more bool, err error) {
	begun := at.at
	ctx = b.watch.StepBegun(ctx, run.Job, do.name)
	defer func() { b.watch.StepEnded(ctx, err) }()
	err = b.store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		// A transaction that is tried again begins again, and counts once.
		at.result, at.fresh, at.at, at.begun = run.Result, batchSums{}, begun, time.Now()
		if err := b.lease(ctx, tx, *run, LeaseLost); err != nil {
			return err
		}
		if more, err = do.do(ctx, tx, at); err != nil {
			return err
		}
		so := *run // far, for those who watch, also on other servers
		so.Result = at.result
		return tx.UpdateJobRun(ctx, so)
	})
	if err == nil {
		b.renewed()
		run.Result = at.result
		at.batch.join(at.fresh)
	}
	return more, err
}

// renewed remembers that the lease was just renewed.
func (b *Books) renewed() {
	now := b.clock()
	b.leased.Store(&now)
}

// endRun records how a run ended and gives its lease back, even where the caller has
// gone meanwhile.
func (b *Books) endRun(ctx context.Context, run *JobRun, cause error) error {
	run.FinishedAt, run.Status = b.clock(), JobSucceeded
	if cause != nil {
		run.Status, run.Error = JobFailed, publicCause(cause)
	}
	b.leased.Store(nil)
	defer func() { b.watch.RunEnded(*run) }()
	return b.store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx Tx) error {
		// The lease first, as in recordRun, which takes it and then ends runs that died.
		if err := tx.DropLease(ctx, "booking", run.ID); err != nil {
			return err
		}
		if err := tx.UpdateJobRun(ctx, *run); err != nil {
			return err
		}
		return b.tell(ctx, tx, runNotices(*run)...)
	})
}

// publicCause says what stopped a run without its inside: a refusal or a stop in its own
// words, a fault by name alone. Whoever ran it has the error, and logs it.
func publicCause(cause error) string {
	var refusal *Error
	switch {
	case errors.As(cause, &refusal):
		return string(refusal.Code) + ": " + refusal.Message
	case errors.Is(cause, context.Canceled), errors.Is(cause, context.DeadlineExceeded):
		return "stopped between two steps; the next run goes on from there"
	}
	return string(Internal) + ": a fault, which the log names"
}
