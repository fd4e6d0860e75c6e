package storetest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// below compares the pages and counts below many rows with those that are asked for one
// by one.
func below(t *testing.T, s *suite) {
	policy, other := aPolicy("standard"), aPolicy("other")
	var lots []revrec.Lot
	var purchases []books.Purchase
	var batch string
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		must(t, tx.InsertPolicy(ctx, other))
		opened, err := tx.OpenBatch(ctx, newID(), noon)
		must(t, err)
		batch = opened.ID
		var events []books.UsageEvent
		var draws []books.Draw
		var recognitions []revrec.Recognition
		for i, customer := range []string{c1, c2, c1, c1, c3, c2, c1} {
			lot := aLot(customer, policy.ID)
			if i%2 == 1 {
				lot.PolicyID, lot.Kind = other.ID, revrec.GrantLot
			}
			lots = append(lots, lot)
			purchase := aPurchase(customer)
			purchase.PolicyID, purchase.LotID, lot.PurchaseID = lot.PolicyID, lot.ID, purchase.ID
			lots[len(lots)-1] = lot
			purchases = append(purchases, purchase)
			must(t, tx.InsertPurchase(ctx, purchase))
			for n := range i {
				event := anEvent(customer, newID(), revrec.One)
				events = append(events, event)
				draws = append(draws, books.Draw{CustomerID: customer, EventID: event.ID, LotID: lot.ID, Day: day + ledger.Date(n%2), Credits: revrec.One})
				recognitions = append(recognitions, aRecognition(lot, revrec.Usage, day+ledger.Date(n%2), int64(n+1), batch))
			}
		}
		putLots(ctx, t, tx, lots...)
		must(t, tx.InsertEvents(ctx, events))
		must(t, tx.InsertDraws(ctx, draws))
		must(t, tx.InsertRecognitions(ctx, recognitions))
		for i, purchase := range purchases {
			var entries []ledger.Entry
			for range i % 4 {
				entry := anEntry(day, usd(1))
				entry.Reference = purchase.ID
				entries = append(entries, entry)
			}
			sum := anEntry(day+ledger.Date(i%2), usd(1))
			sum.Kind, sum.OccurredOn, sum.Batch, sum.Reference = ledger.UsageEntry, sum.AccountingDate, batch, ""
			for n := range sum.Lines {
				sum.Lines[n].Dimensions = ledger.Dimensions{Policy: policy.Code}
			}
			if i < 2 {
				entries = append(entries, sum)
			}
			_, err := tx.AppendEntries(ctx, entries)
			must(t, err)
		}
		for i, job := range []books.JobName{books.JobAll, books.JobDue, books.JobAll, books.JobAll} {
			must(t, tx.InsertJobRun(ctx, books.JobRun{ID: newID(), Job: job, Trigger: "MANUAL", Status: books.JobSucceeded, Through: day + ledger.Date(i), StartedAt: noon, Holder: "host"}))
		}
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		ofLots, ofPurchases, ofEvents := []books.LotFilter{}, []books.PurchaseFilter{}, []books.EventFilter{}
		ofCustomers := []books.RecognitionFilter{}
		for _, customer := range []string{c2, c9, c1, "none", c3, c1} {
			ofLots = append(ofLots, books.LotFilter{CustomerID: customer, Kind: revrec.PurchaseLot})
			ofPurchases = append(ofPurchases, books.PurchaseFilter{CustomerID: customer})
			ofEvents = append(ofEvents, books.EventFilter{CustomerID: customer, From: noon.AddDate(-9, 0, 0)})
			ofCustomers = append(ofCustomers, books.RecognitionFilter{CustomerID: customer, Kind: revrec.Usage, From: day})
		}
		compare(ctx, t, tx.Lots, tx.LotsBelow, tx.CountLotsBelow, ofLots)
		ofSales := []books.LotFilter{}
		for _, purchase := range purchases {
			ofSales = append(ofSales, books.LotFilter{CustomerID: purchase.CustomerID, PurchaseID: purchase.ID})
		}
		compare(ctx, t, tx.Lots, tx.LotsBelow, tx.CountLotsBelow, append(ofSales, books.LotFilter{CustomerID: c9, PurchaseID: purchases[0].ID}))
		compare(ctx, t, tx.Purchases, tx.PurchasesBelow, tx.CountPurchasesBelow, ofPurchases)
		compare(ctx, t, tx.Purchases, tx.PurchasesBelow, tx.CountPurchasesBelow, []books.PurchaseFilter{{PolicyID: policy.ID}, {PolicyID: other.ID}})
		compare(ctx, t, tx.Purchases, tx.PurchasesBelow, tx.CountPurchasesBelow, []books.PurchaseFilter{{PackID: purchases[0].PackID}, {PackID: c9}})
		compare(ctx, t, tx.Events, tx.EventsBelow, tx.CountEventsBelow, ofEvents)
		compare(ctx, t, tx.Events, tx.EventsBelow, tx.CountEventsBelow, []books.EventFilter{{MeterID: c9}, {MeterID: c1}})
		compare(ctx, t, tx.Recognitions, tx.RecognitionsBelow, tx.CountRecognitionsBelow, ofCustomers)
		compare(ctx, t, tx.Recognitions, tx.RecognitionsBelow, tx.CountRecognitionsBelow, []books.RecognitionFilter{{PolicyID: other.ID}, {PolicyID: policy.ID}})
		compare(ctx, t, tx.Recognitions, tx.RecognitionsBelow, tx.CountRecognitionsBelow, []books.RecognitionFilter{{PoolID: c9}})
		// An entry of an act sums nothing; 3 and 2 sum the first policy's use of two days.
		compare(ctx, t, tx.Recognitions, tx.RecognitionsBelow, tx.CountRecognitionsBelow, []books.RecognitionFilter{{Entry: 3}, {Entry: 2}, {Entry: 1}, {Entry: 99}})
		compare(ctx, t, tx.Entries, tx.EntriesBelow, tx.CountEntriesBelow, []books.EntryFilter{{Account: ledger.Cash, From: day}, {Account: ledger.DeferredRevenue, From: day}, {Account: ledger.Refunds, From: day}})
		compare(ctx, t, tx.JobRuns, tx.JobRunsBelow, tx.CountJobRunsBelow, []books.JobFilter{{Job: books.JobDue}, {Job: books.JobAll}, {Job: books.JobExpire}})
		ofDraws, ofDays, ofLotRecognitions, ofActs := []books.DrawFilter{}, []books.DrawFilter{}, []books.RecognitionFilter{}, []books.EntryFilter{}
		for i, lot := range lots {
			ofDraws = append(ofDraws, books.DrawFilter{CustomerID: lot.CustomerID, LotID: lot.ID})
			ofDays = append(ofDays, books.DrawFilter{CustomerID: lot.CustomerID, LotID: lot.ID, Day: day + ledger.Date(i%2)})
			ofLotRecognitions = append(ofLotRecognitions, books.RecognitionFilter{CustomerID: lot.CustomerID, LotID: lot.ID})
			ofActs = append(ofActs, books.EntryFilter{Reference: purchases[i].ID})
		}
		compare(ctx, t, tx.Draws, tx.DrawsBelow, tx.CountDrawsBelow, ofDraws)
		compare(ctx, t, tx.Draws, tx.DrawsBelow, tx.CountDrawsBelow, ofDays)
		compare(ctx, t, tx.Recognitions, tx.RecognitionsBelow, tx.CountRecognitionsBelow, ofLotRecognitions)
		compare(ctx, t, tx.Entries, tx.EntriesBelow, tx.CountEntriesBelow, ofActs)
	})
}

// compare asks for pages from the beginning and from the end, and counts what one page of
// everything has.
func compare[F, T any](ctx context.Context, t *testing.T, one func(context.Context, F, books.Page) ([]T, error), many func(context.Context, []F, books.Page) ([][]T, error),
	count func(context.Context, []F) ([]int64, error), filters []F,
) {
	t.Helper()
	for _, page := range []books.Page{{Limit: 100}, {Limit: 2}, {Limit: 1, Reverse: true}} {
		got, err := many(ctx, filters, page)
		must(t, err)
		counted, err := count(ctx, filters)
		must(t, err)
		rows := 0
		for i, filter := range filters {
			want, err := one(ctx, filter, page)
			must(t, err)
			rows += len(want)
			if len(want) == 0 && len(got[i]) == 0 {
				want = got[i]
			}
			if diff := cmp.Diff(want, got[i], exact); diff != "" {
				t.Fatalf("%+v, page %+v: differs (- alone, + among many):\n%s", filter, page, diff)
			}
			if page.Limit == 100 && counted[i] != int64(len(want)) {
				t.Fatalf("%+v: counts %d of %d", filter, counted[i], len(want))
			}
		}
		t.Logf("%T: %d rows of %d filters, page %+v", filters, rows, len(filters), page)
	}
}
