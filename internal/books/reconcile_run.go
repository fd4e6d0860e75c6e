package books

import (
	"context"
	"time"

	"drawdown/ledger"
)

// ReconciliationFilter narrows a list of kept reconciliations. Zero fields keep all.
type ReconciliationFilter struct {
	ID     string
	Status ReconcileStatus
	By     time.Time // kept by then
}

// LatestReconciliation is what the last one that was kept found; zero before any.
type LatestReconciliation struct {
	At        time.Time
	To        ledger.Date
	Differing int64  // lines
	Found     string // "" where nothing differed
	Older     *ReconcileOlder
}

// reconcileMonths is how many months back from the last day a run looks at row by row: that of the
// day, and the one before. What accounts hold, and what lots carry, is of all days; what is older is
// compared in parts.
const reconcileMonths = 2

// reconcileRun compares, keeps what came of it, and tells where it found something else than the
// one before. In the run of all jobs it does so once for a day. It reads from a snapshot beside
// other writers, and holds the lease meanwhile.
func (b *Books) reconcileRun(ctx context.Context, run *JobRun, at *running, progress func(JobResult)) error {
	var made Reconciliation
	var latest LatestReconciliation
	due := false
	read := func(ctx context.Context, tx Tx) (err error) {
		if latest, err = tx.LatestReconciliation(ctx); err != nil {
			return err
		}
		if due = run.Job == JobReconcile || latest.To < run.Through; !due {
			return nil
		}
		from := max((run.Through.Period() - (reconcileMonths - 1)).First(), ledger.DateOf(earliest, b.zone))
		older, err := b.olderDue(ctx, tx, latest, from-1, run.Through)
		if err != nil {
			return err
		}
		made, err = b.reconcileOlder(ctx, tx, from, run.Through, older)
		return err
	}
	if err := b.reading(ctx, run, progress, read); err != nil || !due {
		return err
	}
	made.ID, made.RunID = b.newID(), run.ID
	_, err := b.step(ctx, run, at, step{"reconcile", func(ctx context.Context, tx Tx, _ *running) (bool, error) {
		if err := tx.InsertReconciliation(ctx, made); err != nil {
			return false, err
		}
		if made.Found == "" || made.Found == latest.Found {
			return false, nil
		}
		return false, b.tell(ctx, tx, reconciliationNotice(&made))
	}})
	if err == nil && progress != nil {
		progress(run.Result)
	}
	return err
}

// reading runs what reads long from a snapshot. Beside it the lease is renewed, and whoever lost it
// stops; progress is called now and then, by which a run is stopped.
func (b *Books) reading(ctx context.Context, run *JobRun, progress func(JobResult), read func(context.Context, Tx) error) (err error) {
	watched := b.watch.StepBegun(ctx, run.Job, "compare")
	defer func() { b.watch.StepEnded(watched, err) }()
	inside, stop := context.WithCancelCause(watched)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for n := time.Duration(1); ; n++ {
			select {
			case <-inside.Done():
				return
			case <-tick.C:
			}
			if progress != nil {
				progress(run.Result)
			}
			if n%(LeaseTime/3/time.Second) != 0 {
				continue
			}
			err := b.store.Update(inside, func(ctx context.Context, tx Tx) error { return b.lease(ctx, tx, *run, LeaseLost) })
			if err != nil {
				stop(err)
				return
			}
			b.renewed()
		}
	}()
	err = b.store.View(inside, read)
	if cause := context.Cause(inside); err != nil && cause != nil {
		err = cause
	}
	stop(nil)
	<-renewed
	return err
}

// reconciliationNotice tells that a run found something else than the one before.
func reconciliationNotice(r *Reconciliation) notice {
	return notice{NoticeReconciliation, nil, func(map[string]string) map[string]any {
		lines := []map[string]any{}
		for i := range r.Lines {
			l := &r.Lines[i]
			if l.Status() != ReconcileDifferent {
				continue
			}
			minor, functional := l.Difference()
			line := map[string]any{"kind": l.Kind, "of": l.Of, "rows": l.RowCount}
			if l.Account != "" {
				line["account"] = l.Account.APIName()
			}
			if credits := l.Credits(minor); credits != nil {
				line["credits"] = credits.String()
			}
			amount, own := l.Amounts(minor, functional)
			if amount != nil {
				line["difference"] = moneyOf(*amount)
			}
			if own != nil {
				line["functionalDifference"] = moneyOf(*own)
			}
			lines = append(lines, line)
		}
		data := map[string]any{"reconciliationId": "rcl_" + r.ID, "to": r.To.String(), "reconciledAt": told(r.At), "lines": lines}
		if r.From != 0 {
			data["from"] = r.From.String()
		}
		return data
	}}
}
