package books

import (
	"context"
	"time"

	"drawdown/ledger"
)

// Waiting is the oldest day of each queue that has ended and is not booked; zero where
// nothing waits.
type Waiting struct {
	Due    ledger.Date // invoices that fell due
	Usage  ledger.Date // use
	Lapse  ledger.Date // lots that lapsed
	Remote ledger.Date // lots whose use may have become remote
	Pools  ledger.Date // pools of breakage to be measured
	// Reversals are manual entries to be reversed.
	Reversals ledger.Date
}

// days are those of the queues, in the order of their names.
func (w Waiting) days() []ledger.Date {
	return []ledger.Date{w.Due, w.Usage, w.Lapse, w.Remote, w.Pools, w.Reversals}
}

// Status is how the book stands, as those who run it want to know at all times.
type Status struct {
	// Lag says of each queue how long ago the oldest day ended that waits to be booked; 0
	// where none waits. Jobs that run every hour keep it below an hour and some.
	Lag map[string]time.Duration
	// Succeeded is the last run of each job that succeeded, and Last the last that ended, as
	// far as there is one.
	Succeeded, Last map[JobName]JobRun
	Outbox          OutboxStatus
	// StaleEstimates is how many policies' latest review found the estimate stale.
	StaleEstimates int64
	// Reconciled is what the last reconciliation that was kept found.
	Reconciled LatestReconciliation
}

// OutboxStatus is what is to be sent to endpoints.
type OutboxStatus struct {
	Pending  int64         // deliveries to endpoints in force that are to be sent, now or later
	Oldest   time.Duration // how long ago the oldest of them was first to be sent; 0 where none waits
	Disabled int64         // endpoints that are not in force
	OldestAt time.Time     // when that was; zero where none waits
}

// Queues are the names of Status.Lag.
var Queues = []string{"due", "usage", "lapse", "remote", "pools", "reversals"}

// Status reads how the book stands, in a few reads that do not depend on its size, but for
// one of the lots that were used lately.
func (b *Books) Status(ctx context.Context) (Status, error) {
	status := Status{Succeeded: map[JobName]JobRun{}, Last: map[JobName]JobRun{}}
	err := b.store.View(ctx, func(ctx context.Context, tx Tx) error {
		now := b.clock()
		waiting, err := tx.OldestWaiting(ctx, b.Yesterday())
		if err != nil {
			return err
		}
		status.Lag = map[string]time.Duration{}
		for i, day := range waiting.days() {
			status.Lag[Queues[i]] = 0
			if day != 0 {
				status.Lag[Queues[i]] = max(now.Sub((day + 1).Start(b.zone)), 0)
			}
		}
		if status.Outbox, err = tx.OutboxStatus(ctx); err != nil {
			return err
		}
		if status.StaleEstimates, err = tx.CountStaleEstimates(ctx); err != nil {
			return err
		}
		if status.Reconciled, err = tx.LatestReconciliation(ctx); err != nil {
			return err
		}
		if at := status.Outbox.OldestAt; !at.IsZero() {
			status.Outbox.Oldest = max(now.Sub(at), 0)
		}
		for _, name := range JobNames() {
			if err := lastRuns(ctx, tx, name, &status); err != nil {
				return err
			}
		}
		return nil
	})
	return status, err
}

func lastRuns(ctx context.Context, tx Tx, name JobName, status *Status) error {
	for _, wanted := range []struct {
		status JobStatus
		into   map[JobName]JobRun
	}{{JobSucceeded, status.Succeeded}, {JobFailed, status.Last}} {
		runs, err := tx.JobRuns(ctx, JobFilter{Job: name, Status: wanted.status}, Page{Limit: 1, Reverse: true})
		if err != nil {
			return err
		}
		if len(runs) == 1 {
			wanted.into[name] = runs[0]
		}
	}
	if succeeded, ok := status.Succeeded[name]; ok && succeeded.ID > status.Last[name].ID {
		status.Last[name] = succeeded
	}
	return nil
}

// DeferredRevenue is what is deferred in a currency, in minor units of it and of the
// book's own currency.
type DeferredRevenue struct {
	Currency ledger.Currency
	// Ledger is what the account says; Lots is what the lots carry, less what pools expect
	// to lapse, plus what is recognised and not posted yet; Manual is what manual entries put
	// there. In a book in order Ledger = Lots + Manual.
	Ledger, Lots, Manual                               int64
	FunctionalLedger, FunctionalLots, FunctionalManual int64
}

// Difference is by how much the ledger is above the lots and the manual entries, in the
// currency and in the book's own.
func (d DeferredRevenue) Difference() (minor, functional int64) {
	return d.Ledger - d.Lots - d.Manual, d.FunctionalLedger - d.FunctionalLots - d.FunctionalManual
}

// Reconcile holds the ledger's deferred revenue against the lots and the pools, per
// currency. It reads every lot that carries something: a second for a million of them.
func (b *Books) Reconcile(ctx context.Context) (deferred []DeferredRevenue, err error) {
	err = b.store.View(ctx, func(ctx context.Context, tx Tx) error {
		deferred, err = tx.ReconcileDeferred(ctx)
		return err
	})
	return deferred, err
}
