package books_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
)

// stocked is a book with so many lots that booking them takes several steps, each with a
// use of yesterday that waits to be booked.
func stocked(t *testing.T, now *time.Time, lots int) *books.Books {
	t.Helper()
	b, _ := stockedStore(t, now, lots)
	return b
}

func stockedStore(t *testing.T, now *time.Time, lots int) (*books.Books, *store.Store) {
	t.Helper()
	ctx := t.Context()
	b, s := newBookStore(t, now)
	done[books.Policy](t)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default"}))
	price, used := whole(10), whole(1)
	uses := make([]books.UsageInput, lots)
	for i := range lots {
		customer := fmt.Sprint("customer-", i)
		done[books.Customer](t)(b.CustomerCreate(ctx, "c"+customer, books.NewCustomer{ExternalID: customer}))
		done[books.Purchased](t)(b.Purchase(ctx, "b"+customer, books.NewPurchase{
			Customer: customer, Credits: whole(10), Price: &price, PurchasedAt: now.Add(-48 * time.Hour),
		}))
		uses[i] = books.UsageInput{ID: "use", Customer: customer, Credits: &used, OccurredAt: now.Add(-24 * time.Hour)}
	}
	done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, uses))
	return b, s
}

// TestRunGoesOnWhereOneStopped cancels a run after its first step, as a process that is
// killed would stop, and lets the next one go on.
func TestRunGoesOnWhereOneStopped(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector takes a minute for so many lots")
	}
	now := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	const lots = 1100 // a full step and a part
	b := stocked(t, &now, lots)
	ctx, stop := context.WithCancel(t.Context())
	stopped, err := b.RunJob(ctx, books.JobRecognise, books.RunOptions{Progress: func(r books.JobResult) {
		if r.Recognitions > 0 { // the first step that books something
			stop()
		}
	}})
	if !errors.Is(err, context.Canceled) || stopped.Status != books.JobFailed || stopped.Result.Entries != 0 {
		t.Fatalf("%+v, %v: want a run that was stopped before it posted", stopped, err)
	}
	run := done[books.JobRun](t)(b.RunJob(t.Context(), books.JobRecognise, books.RunOptions{}))
	if got := stopped.Result.Recognitions + run.Result.Recognitions; got != lots || run.Result.Entries != 1 {
		t.Errorf("%d recognitions and %d entries in all, want %d and 1", got, run.Result.Entries, lots)
	}
	again := done[books.JobRun](t)(b.RunJob(t.Context(), books.JobAll, books.RunOptions{}))
	if again.Result.Recognitions != 0 || again.Result.Entries != 0 {
		t.Errorf("a second run booked %+v, want nothing", again.Result)
	}
	if findings := done[[]books.Finding](t)(b.Verify(t.Context())); len(findings) > 0 {
		t.Errorf("verify: %+v", findings)
	}
}

// twice runs every transaction two times, as a database asks for that rolled the first
// one back.
type twice struct{ *store.Store }

var errAgain = errors.New("again")

func (s twice) Update(ctx context.Context, act func(context.Context, books.Tx) error) error {
	err := s.Store.Update(ctx, func(ctx context.Context, tx books.Tx) error {
		if err := act(ctx, tx); err != nil {
			return err
		}
		return errAgain
	})
	if !errors.Is(err, errAgain) {
		return err
	}
	return s.Store.Update(ctx, act)
}

// TestRunInManySteps books lots whose days take many steps, each of which is tried again:
// what is booked is what one step would have booked, once.
func TestRunInManySteps(t *testing.T) {
	ctx, now := t.Context(), time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	const lots, days = 7, 40
	b, s := stockedStore(t, &now, lots)
	one := whole(1)
	for i := range lots {
		uses := make([]books.UsageInput, days/10)
		for day := range uses { // of ten credits, one is used already
			uses[day] = books.UsageInput{ID: fmt.Sprint("day", day), Customer: fmt.Sprint("customer-", i), Credits: &one, OccurredAt: now.AddDate(0, 0, 2*day)}
		}
		now = now.AddDate(0, 0, days)
		done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, uses))
		now = now.AddDate(0, 0, -days)
	}
	now = now.AddDate(0, 0, days)
	b, err := books.Open(ctx, twice{s}, books.Options{
		Now: func() time.Time { return now }, Steps: books.Steps{Lots: 3, Days: 2, Part: 2, SpanDays: 3, Batch: 10},
	})
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	run := done[books.JobRun](t)(b.RunJob(ctx, books.JobRecognise, books.RunOptions{Progress: func(books.JobResult) { steps++ }}))
	if want := int64(lots * (1 + days/10)); run.Result.Recognitions != want || steps < lots {
		t.Errorf("%d recognitions in %d steps, want %d in many", run.Result.Recognitions, steps, want)
	}
	if findings := done[[]books.Finding](t)(b.Verify(ctx)); len(findings) > 0 {
		t.Errorf("verify: %+v", findings)
	}
	again := done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	if again.Result.Recognitions != 0 || again.Result.Entries != 0 {
		t.Errorf("a second run booked %+v, want nothing", again.Result)
	}
}

// TestRunsNeverOverlap: while one run works another is refused; a run whose lease was
// taken over stops; one that died is recorded as failed by the next.
func TestRunsNeverOverlap(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector takes a minute for so many lots")
	}
	now := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	b, ctx := stocked(t, &now, 1100), t.Context()
	var inner error
	var taken books.JobRun
	run, err := b.RunJob(ctx, books.JobAll, books.RunOptions{Progress: func(books.JobResult) {
		if inner == nil {
			_, inner = b.RunJob(ctx, books.JobDue, books.RunOptions{})
		}
		if taken.ID == "" { // this run sleeps for longer than its lease holds
			now = now.Add(books.LeaseTime + time.Second)
			taken = done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
		}
	}})
	if books.CodeOf(inner) != books.JobRunning {
		t.Errorf("a run beside another: %v, want JOB_RUNNING", inner)
	}
	if taken.Result.Recognitions == 0 || taken.Status != books.JobSucceeded {
		t.Errorf("the run that took over: %+v", taken)
	}
	// The first one's lease was given back by the second when it ended, so it may go on; it
	// finds nothing left to do.
	if err != nil || run.Result.Recognitions != 0 {
		t.Errorf("the run that slept: %+v, %v", run, err)
	}
	if findings := done[[]books.Finding](t)(b.Verify(ctx)); len(findings) > 0 {
		t.Errorf("verify: %+v", findings)
	}
}

// TestLostLeaseStopsARun: another process took the lease while a run slept. The run stops
// where it would have renewed it, and harms nothing; the next one marks it as failed.
func TestLostLeaseStopsARun(t *testing.T) {
	now := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	b, s := stockedStore(t, &now, 600)
	ctx := t.Context()
	took := false
	run, err := b.RunJob(ctx, books.JobRecognise, books.RunOptions{Progress: func(books.JobResult) {
		if took {
			return
		}
		took = true
		now = now.Add(books.LeaseTime + time.Second)
		if err := s.Update(ctx, func(ctx context.Context, tx books.Tx) error {
			_, err := tx.TakeLease(ctx, "booking", "another", now, now.Add(books.LeaseTime))
			return err
		}); err != nil {
			t.Error(err)
		}
	}})
	if books.CodeOf(err) != books.LeaseLost || run.Status != books.JobFailed {
		t.Fatalf("%+v, %v: want LEASE_LOST", run, err)
	}
	if _, err := b.RunJob(ctx, books.JobAll, books.RunOptions{}); books.CodeOf(err) != books.JobRunning {
		t.Errorf("while another process books: %v, want JOB_RUNNING", err)
	}
	now = now.Add(2 * books.LeaseTime)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	if findings := done[[]books.Finding](t)(b.Verify(ctx)); len(findings) > 0 {
		t.Errorf("verify: %+v", findings)
	}
}

// TestRunWithAKey: a run asked for again with its key is not run again.
func TestRunWithAKey(t *testing.T) {
	now := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	b, ctx := stocked(t, &now, 3), t.Context()
	run := done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{Key: "one"}))
	again := done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{Key: "one"}))
	if again != run || run.Result.Recognitions != 3 {
		t.Errorf("the first time %+v, the second %+v", run, again)
	}
	if _, err := b.RunJob(ctx, books.JobExpire, books.RunOptions{Key: "one"}); books.CodeOf(err) != books.IdempotencyConflict {
		t.Errorf("the key for another job: %v, want IDEMPOTENCY_CONFLICT", err)
	}
}

// TestRunRefusals holds the answers to runs that cannot be.
func TestRunRefusals(t *testing.T) {
	now := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	b, ctx := newBook(t, &now), t.Context()
	if _, err := b.RunJob(ctx, "tidy", books.RunOptions{}); books.CodeOf(err) != books.NotFound {
		t.Errorf("a job that is none: %v", err)
	}
	if _, err := b.RunJob(ctx, books.JobAll, books.RunOptions{Through: b.Yesterday() + 1}); books.CodeOf(err) != books.Invalid {
		t.Errorf("through today: %v", err)
	}
}
