package graph_test

import (
	"context"
	"sync/atomic"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// counting counts the look-ups that are made of a store, and fails where it is told to.
type counting struct {
	books.Store
	calls  atomic.Int64
	fail   error         // of every look-up
	panics string        // what a look-up panics with
	away   error         // of every view
	hold   chan struct{} // every view, until it is closed
	held   chan struct{} // told of every view that is held
	slow   time.Duration // every view
}

func (c *counting) View(ctx context.Context, act func(context.Context, books.Tx) error) error {
	if c.away != nil {
		return c.away
	}
	time.Sleep(c.slow)
	if c.hold != nil {
		c.held <- struct{}{}
		<-c.hold
	}
	return c.Store.View(ctx, func(ctx context.Context, tx books.Tx) error { return act(ctx, countingTx{tx, c}) })
}

func (c *counting) call() error {
	c.calls.Add(1)
	if c.panics != "" {
		panic(c.panics)
	}
	return c.fail
}

// countingTx counts what the API reads; each is one look-up of the store, which takes one
// statement or two, however many keys it is given.
type countingTx struct {
	books.Tx
	*counting
}

func (c countingTx) Book(ctx context.Context) (found books.Book, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.Book(ctx)
}

func (c countingTx) CustomersByID(ctx context.Context, ids []string) (found []books.Customer, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.CustomersByID(ctx, ids)
}

func (c countingTx) CustomersByExternalID(ctx context.Context, externalIDs []string) (found []books.Customer, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.CustomersByExternalID(ctx, externalIDs)
}

func (c countingTx) Customers(ctx context.Context, filter books.CustomerFilter, page books.Page) (found []books.Customer, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.Customers(ctx, filter, page)
}

func (c countingTx) CountCustomers(ctx context.Context, filter books.CustomerFilter) (found int64, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.CountCustomers(ctx, filter)
}

func (c countingTx) PoliciesByID(ctx context.Context, ids []string) (found []books.Policy, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.PoliciesByID(ctx, ids)
}

func (c countingTx) PoliciesByCode(ctx context.Context, codes []string) (found []books.Policy, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.PoliciesByCode(ctx, codes)
}

func (c countingTx) Policies(ctx context.Context, filter books.CatalogFilter, page books.Page) (found []books.Policy, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.Policies(ctx, filter, page)
}

func (c countingTx) Estimates(ctx context.Context, policyIDs []string) (found []books.Estimate, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.Estimates(ctx, policyIDs)
}

func (c countingTx) PacksByID(ctx context.Context, ids []string) (found []books.Pack, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.PacksByID(ctx, ids)
}

func (c countingTx) PacksByCode(ctx context.Context, codes []string) (found []books.Pack, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.PacksByCode(ctx, codes)
}

func (c countingTx) Packs(ctx context.Context, filter books.CatalogFilter, page books.Page) (found []books.Pack, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.Packs(ctx, filter, page)
}

func (c countingTx) MetersByID(ctx context.Context, ids []string) (found []books.Meter, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.MetersByID(ctx, ids)
}

func (c countingTx) MetersByCode(ctx context.Context, codes []string) (found []books.Meter, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.MetersByCode(ctx, codes)
}

func (c countingTx) Meters(ctx context.Context, filter books.CatalogFilter, page books.Page) (found []books.Meter, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.Meters(ctx, filter, page)
}

func (c countingTx) PurchasesByID(ctx context.Context, ids []string) (found []books.Purchase, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.PurchasesByID(ctx, ids)
}

func (c countingTx) Purchases(ctx context.Context, filter books.PurchaseFilter, page books.Page) (found []books.Purchase, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.Purchases(ctx, filter, page)
}

func (c countingTx) CountPurchases(ctx context.Context, filter books.PurchaseFilter) (found int64, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.CountPurchases(ctx, filter)
}

func (c countingTx) LotsByID(ctx context.Context, ids []string) (found []revrec.Lot, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.LotsByID(ctx, ids)
}

func (c countingTx) OpenLots(ctx context.Context, customerIDs []string, at time.Time) (found []revrec.Lot, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.OpenLots(ctx, customerIDs, at)
}

func (c countingTx) Lots(ctx context.Context, filter books.LotFilter, page books.Page) (found []revrec.Lot, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.Lots(ctx, filter, page)
}

func (c countingTx) CountLots(ctx context.Context, filter books.LotFilter) (found int64, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.CountLots(ctx, filter)
}

func (c countingTx) DeferredByCustomer(ctx context.Context, filter books.DeferredFilter, page books.Page) (found []books.Deferred, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.DeferredByCustomer(ctx, filter, page)
}

func (c countingTx) EventsByID(ctx context.Context, ids []string) (found []books.UsageEvent, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.EventsByID(ctx, ids)
}

func (c countingTx) VoidsOf(ctx context.Context, events []books.EventRow) (found []books.UsageEvent, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.VoidsOf(ctx, events)
}

func (c countingTx) Events(ctx context.Context, filter books.EventFilter, page books.Page) (found []books.UsageEvent, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.Events(ctx, filter, page)
}

func (c countingTx) CountEvents(ctx context.Context, filter books.EventFilter) (found int64, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.CountEvents(ctx, filter)
}

func (c countingTx) Draws(ctx context.Context, filter books.DrawFilter, page books.Page) (found []books.Draw, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.Draws(ctx, filter, page)
}

func (c countingTx) DrawsOfEvents(ctx context.Context, ids []string) (found []books.Draw, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.DrawsOfEvents(ctx, ids)
}

func (c countingTx) LotDays(ctx context.Context, keys []books.LotKey) (found []books.LotDay, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.LotDays(ctx, keys)
}

func (c countingTx) BookedOfLots(ctx context.Context, spans []books.LotSpan, kinds ...revrec.Kind) (found map[string]revrec.Booked, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.BookedOfLots(ctx, spans, kinds...)
}

func (c countingTx) RecognitionsByID(ctx context.Context, ids []string) (found []revrec.Recognition, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.RecognitionsByID(ctx, ids)
}

func (c countingTx) Recognitions(ctx context.Context, filter books.RecognitionFilter, page books.Page) (found []revrec.Recognition, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.Recognitions(ctx, filter, page)
}

func (c countingTx) CountRecognitions(ctx context.Context, filter books.RecognitionFilter) (found int64, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.CountRecognitions(ctx, filter)
}

func (c countingTx) PoolsByID(ctx context.Context, ids []string) (found []revrec.Pool, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.PoolsByID(ctx, ids)
}

func (c countingTx) Entries(ctx context.Context, filter books.EntryFilter, page books.Page) (found []ledger.Entry, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.Entries(ctx, filter, page)
}

func (c countingTx) CountEntries(ctx context.Context, filter books.EntryFilter) (found int64, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.CountEntries(ctx, filter)
}

func (c countingTx) EntriesByNumber(ctx context.Context, numbers []int64) (found []ledger.Entry, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.EntriesByNumber(ctx, numbers)
}

func (c countingTx) TrialBalance(ctx context.Context, from, to ledger.Period) (found ledger.TrialBalance, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.TrialBalance(ctx, from, to)
}

func (c countingTx) EntriesOfRecognitions(ctx context.Context, recognitions []revrec.Recognition) (found []int64, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.EntriesOfRecognitions(ctx, recognitions)
}

func (c countingTx) JobRunsByID(ctx context.Context, ids []string) (found []books.JobRun, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.JobRunsByID(ctx, ids)
}

func (c countingTx) JobRuns(ctx context.Context, filter books.JobFilter, page books.Page) (found []books.JobRun, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.JobRuns(ctx, filter, page)
}

func (c countingTx) CountJobRuns(ctx context.Context, filter books.JobFilter) (found int64, err error) {
	if err := c.call(); err != nil {
		return found, err
	}
	return c.Tx.CountJobRuns(ctx, filter)
}
