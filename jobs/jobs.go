package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"

	"drawdown/internal/books"
)

// Schedule is when the bell rings, in cron's five fields, UTC: every hour, five minutes
// past. A book's day ends at midnight of its own zone, which is some hour or half hour of
// UTC, so an hourly bell books a day within an hour of its end wherever the book is at
// home, and usage that arrives late within an hour of its arrival. Five past lets senders
// that flush on the hour come first. A ring that finds nothing to do costs a few reads.
const Schedule = "5 * * * *"

// Where another process holds the lease at the start, it may have died: the first run
// asks again until its lease would be over.
const (
	startWait = books.LeaseTime + 5*time.Second
	startPoll = time.Second
)

// Runner runs a job: *books.Books does.
type Runner interface {
	RunJob(ctx context.Context, name books.JobName, options books.RunOptions) (books.JobRun, error)
}

// Bell rings for the recurring jobs of one book.
type Bell struct {
	runner   Runner
	log      *slog.Logger
	schedule cron.Schedule
}

// New returns a bell that rings by the schedule, Schedule where empty. The error says
// what a schedule looks like.
func New(runner Runner, log *slog.Logger, schedule string) (*Bell, error) {
	if schedule == "" {
		schedule = Schedule
	}
	parsed, err := parse(schedule)
	if err != nil {
		return nil, err
	}
	return &Bell{runner: runner, log: log, schedule: parsed}, nil
}

// CheckSchedule reports what is wrong with a schedule that [New] would refuse.
func CheckSchedule(schedule string) error {
	_, err := parse(schedule)
	return err
}

func parse(schedule string) (cron.Schedule, error) {
	parsed, err := cron.ParseStandard(schedule)
	if err != nil {
		return nil, fmt.Errorf("%q is not a schedule such as %q, in minutes, hours, days, months, weekdays of UTC: %w", schedule, Schedule, err)
	}
	return parsed, nil
}

// Run rings once and then by the schedule, until the context is done and the step that
// is at work has finished.
func (b *Bell) Run(ctx context.Context) {
	logger := cronLog{b.log}
	trigger := books.AtStart
	// In this order: a panic that went past SkipIfStillRunning would keep its token, and
	// no later ring would ever run.
	ring := cron.NewChain(cron.SkipIfStillRunning(logger), cron.Recover(logger)).Then(cron.FuncJob(func() {
		now := trigger
		trigger = books.OnSchedule // the chain lets one ring in at a time
		b.ring(ctx, now)
	}))
	bell := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(logger))
	bell.Schedule(b.schedule, ring)
	bell.Start()
	ring.Run()
	<-ctx.Done()
	<-bell.Stop().Done()
}

// ring runs all jobs once. The run goes on when the bell is to stop, and ends after the
// step at work.
func (b *Bell) ring(stop context.Context, trigger string) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(stop))
	defer cancel()
	ctx = books.WithCaller(ctx, books.Caller{Actor: "jobs"})
	options := books.RunOptions{Trigger: trigger, Progress: func(books.JobResult) {
		if stop.Err() != nil {
			cancel()
		}
	}}
	for waited := time.Duration(0); stop.Err() == nil; waited += startPoll {
		run, err := b.runner.RunJob(ctx, books.JobAll, options)
		if books.CodeOf(err) != books.JobRunning || err == nil || trigger != books.AtStart || waited >= startWait {
			b.report(run, err, stop.Err() != nil)
			return
		}
		select {
		case <-stop.Done():
		case <-time.After(startPoll):
		}
	}
}

func (b *Bell) report(run books.JobRun, err error, stopping bool) {
	switch {
	case err == nil:
		b.log.Info("booked", "through", run.Through.String(), "trigger", run.Trigger, "lots", run.Result.Lots,
			"recognitions", run.Result.Recognitions, "entries", run.Result.Entries)
	case stopping && errors.Is(err, context.Canceled):
		b.log.Info("stopped booking between two steps; the next start goes on from there", "through", run.Through.String())
	case books.CodeOf(err) == books.JobRunning:
		b.log.Debug("another process is booking")
	default:
		b.log.Error("booking failed; the next ring goes on from there", "error", err, "code", string(books.CodeOf(err)))
	}
}

// cronLog hands cron's words to slog. What it says of its own doings is of no interest,
// a panic is.
type cronLog struct{ log *slog.Logger }

func (c cronLog) Info(message string, values ...any) { c.log.Debug("cron: "+message, values...) }

func (c cronLog) Error(err error, message string, values ...any) {
	c.log.Error("cron: "+message, append([]any{"error", err}, values...)...)
}
