package books_test

import (
	"context"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
)

// waiter marks the context of a writer that a held store lets wait.
type waiter struct{}

// held is a store that has a writer wait for its turn until it is let go.
type held struct {
	*store.Store
	waits, let chan struct{}
}

func (h held) Update(ctx context.Context, act func(context.Context, books.Tx) error) error {
	if ctx.Value(waiter{}) != nil {
		close(h.waits)
		<-h.let
	}
	return h.Store.Update(ctx, act)
}

// TestStepsEndForThoseWhoWait has usage wait while a job books: each step ends after the part
// that it is at, and what is booked in all is what one step books.
func TestStepsEndForThoseWhoWait(t *testing.T) {
	ctx, now := t.Context(), time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	const lots = 5
	_, s := stockedStore(t, &now, lots)
	h := held{s, make(chan struct{}), make(chan struct{})}
	b, err := books.Open(ctx, h, books.Options{Now: func() time.Time { return now }, Steps: books.Steps{Part: 1, Turn: time.Nanosecond}})
	if err != nil {
		t.Fatal(err)
	}
	recorded := make(chan error)
	one := whole(1)
	go func() {
		_, err := b.RecordUsage(context.WithValue(ctx, waiter{}, true), []books.UsageInput{{ID: "late", Customer: "customer-0", Credits: &one}})
		recorded <- err
	}()
	<-h.waits
	steps := 0
	run := done[books.JobRun](t)(b.RunJob(ctx, books.JobRecognise, books.RunOptions{Progress: func(books.JobResult) { steps++ }}))
	if run.Result.Recognitions != lots || run.Result.Entries != 1 || steps < lots {
		t.Errorf("booked %+v in %d steps, want %d recognitions and one entry in %[3]d steps or more", run.Result, steps, lots)
	}
	close(h.let)
	if err := <-recorded; err != nil {
		t.Fatal(err)
	}
	now = now.AddDate(0, 0, 1)
	steps = 0
	if run = done[books.JobRun](t)(b.RunJob(ctx, books.JobRecognise, books.RunOptions{Progress: func(books.JobResult) { steps++ }})); run.Result.Recognitions != 1 || steps > 2 {
		t.Errorf("booked %+v in %d steps once nobody waits, want one recognition in one step", run.Result, steps)
	}
	if findings := done[[]books.Finding](t)(b.Verify(ctx)); len(findings) > 0 {
		t.Errorf("verify: %+v", findings)
	}
}
