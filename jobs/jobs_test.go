package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"drawdown/internal/books"
)

// fakeRunner notes every run and does what its act says.
type fakeRunner struct {
	mu     sync.Mutex
	runs   []string // "trigger at time"
	inside atomic.Int32
	act    func(ctx context.Context, n int, options books.RunOptions) error
}

func (f *fakeRunner) RunJob(ctx context.Context, name books.JobName, options books.RunOptions) (books.JobRun, error) {
	if f.inside.Add(1) > 1 {
		panic("two runs at a time")
	}
	defer f.inside.Add(-1)
	f.mu.Lock()
	n := len(f.runs)
	f.runs = append(f.runs, fmt.Sprintf("%s %s %s", name, options.Trigger, time.Now().UTC().Format("2006-01-02 15:04")))
	f.mu.Unlock()
	if f.act == nil {
		return books.JobRun{}, nil
	}
	return books.JobRun{}, f.act(ctx, n, options)
}

func (f *fakeRunner) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.runs)
}

// ringFor runs a bell in a bubble of fake time for so long, then stops it.
func ringFor(t *testing.T, runner Runner, log io.Writer, schedule string, long time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		bell, err := New(runner, slog.New(slog.NewTextHandler(log, nil)), schedule)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			bell.Run(ctx)
		}()
		time.Sleep(long)
		synctest.Wait()
		stop()
		<-done
	})
}

const day = 24 * time.Hour

func TestAYearOfRings(t *testing.T) {
	runner := &fakeRunner{}
	ringFor(t, runner, io.Discard, "", 365*day)
	if got, want := runner.count(), 1+365*24; got != want {
		t.Fatalf("%d runs, want %d", got, want)
	}
	// A bubble begins at midnight UTC of 2000-01-01.
	for i, want := range []string{"all START 2000-01-01 00:00", "all SCHEDULE 2000-01-01 00:05", "all SCHEDULE 2000-01-01 01:05"} {
		if runner.runs[i] != want {
			t.Errorf("run %d: %s, want %s", i, runner.runs[i], want)
		}
	}
	if last := runner.runs[365*24]; last != "all SCHEDULE 2000-12-30 23:05" {
		t.Errorf("last run: %s", last)
	}
}

func TestARunThatPanicsEndsAlone(t *testing.T) {
	runner := &fakeRunner{act: func(_ context.Context, n int, _ books.RunOptions) error {
		if n%2 == 0 {
			panic("a fault of ours")
		}
		return nil
	}}
	var log strings.Builder
	ringFor(t, runner, &log, "", day)
	if got := runner.count(); got != 25 {
		t.Errorf("%d runs, want 25", got)
	}
	if got := strings.Count(log.String(), "a fault of ours"); got < 13 {
		t.Errorf("%d panics in the log, want at least 13", got)
	}
}

func TestARunThatFailsEndsAlone(t *testing.T) {
	runner := &fakeRunner{act: func(context.Context, int, books.RunOptions) error { return errors.New("the disk is full") }}
	var log strings.Builder
	ringFor(t, runner, &log, "", day)
	if got := runner.count(); got != 25 {
		t.Errorf("%d runs, want 25", got)
	}
	if got := strings.Count(log.String(), "level=ERROR"); got != 25 {
		t.Errorf("%d errors in the log, want 25", got)
	}
}

// A run of three and a half hours makes three rings silent, and no two run at once.
func TestRunsNeverOverlap(t *testing.T) {
	runner := &fakeRunner{act: func(context.Context, int, books.RunOptions) error {
		time.Sleep(3*time.Hour + 30*time.Minute)
		return nil
	}}
	ringFor(t, runner, io.Discard, "", day)
	want := []string{"00:00", "04:05", "08:05", "12:05", "16:05", "20:05"}
	if len(runner.runs) != len(want) {
		t.Fatalf("runs %q", runner.runs)
	}
	for i, run := range runner.runs {
		if !strings.HasSuffix(run, want[i]) {
			t.Errorf("run %d at %s, want %s", i, run, want[i])
		}
	}
}

// To stop lets the step at work finish and begins no other.
func TestStopWaitsForTheStepAtWork(t *testing.T) {
	var steps atomic.Int32
	runner := &fakeRunner{act: func(ctx context.Context, _ int, options books.RunOptions) error {
		for ctx.Err() == nil {
			time.Sleep(time.Minute)
			if ctx.Err() != nil {
				return fmt.Errorf("step torn: %w", ctx.Err())
			}
			steps.Add(1)
			options.Progress(books.JobResult{})
		}
		return ctx.Err()
	}}
	var log strings.Builder
	ringFor(t, runner, &log, "", 10*time.Minute+30*time.Second)
	if got := steps.Load(); got != 11 {
		t.Errorf("%d steps, want 11: the one at work too", got)
	}
	if !strings.Contains(log.String(), "stopped booking between two steps") || strings.Contains(log.String(), "ERROR") {
		t.Errorf("log: %s", log.String())
	}
}

// A process that died holds its lease for a while: the first run waits that out. Another
// that is alive is left to work, without a word in the log.
func TestTheFirstRunWaitsForTheLease(t *testing.T) {
	busy := &books.Error{Code: books.JobRunning, Message: "another run is booking"}
	began := time.Time{}
	runner := &fakeRunner{act: func(_ context.Context, n int, _ books.RunOptions) error {
		if n == 0 {
			began = time.Now()
		}
		if time.Since(began) < books.LeaseTime {
			return busy
		}
		return nil
	}}
	ringFor(t, runner, io.Discard, "", 4*time.Minute)
	if got := runner.count(); got != 16 {
		t.Errorf("%d tries, want 16", got)
	}

	always := &fakeRunner{act: func(context.Context, int, books.RunOptions) error { return busy }}
	var log strings.Builder
	ringFor(t, always, &log, "", time.Hour)
	if got := always.count(); got != 21+1 {
		t.Errorf("%d tries, want 21 at the start and one ring", got)
	}
	if log.String() != "" {
		t.Errorf("log: %s", log.String())
	}

	stopped := &fakeRunner{act: func(context.Context, int, books.RunOptions) error { return busy }}
	ringFor(t, stopped, io.Discard, "", 3*time.Second+time.Millisecond)
	if got := stopped.count(); got != 4 {
		t.Errorf("%d tries, want 4 before the stop", got)
	}
}

func TestBadSchedule(t *testing.T) {
	for _, schedule := range []string{"hourly", "61 * * * *", "* * * *"} {
		if _, err := New(&fakeRunner{}, slog.Default(), schedule); err == nil || !strings.Contains(err.Error(), "is not a schedule such as") {
			t.Errorf("%q: %v", schedule, err)
		}
	}
}
