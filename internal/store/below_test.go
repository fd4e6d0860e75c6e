package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

const (
	anID    = "00000000-0000-7000-8000-00000000dead"
	otherID = "00000000-0000-7000-8000-00000000beef"
)

// manyAtOnce are reads of many keys in one statement, with what their plan on SQLite is to
// use, and never to read.
var manyAtOnce = []struct {
	name string
	read func(context.Context, books.Tx) error
	uses string
}{
	{"lots of customers", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.LotsBelow(ctx, []books.LotFilter{{CustomerID: anID}, {CustomerID: otherID}}, somePage)
		return err
	}, "SEARCH lots USING COVERING INDEX sqlite_autoindex_lots_1 (customer_id=? AND id>?)"},
	{"purchases of customers", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.PurchasesBelow(ctx, []books.PurchaseFilter{{CustomerID: anID}, {CustomerID: otherID}}, somePage)
		return err
	}, "SEARCH purchases USING COVERING INDEX sqlite_autoindex_purchases_1 (customer_id=? AND id>?)"},
	{"events of customers", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.EventsBelow(ctx, []books.EventFilter{{CustomerID: anID}, {CustomerID: otherID}}, somePage)
		return err
	}, "SEARCH usage_events USING PRIMARY KEY (customer_id=? AND id>?)"},
	{"recognitions of lots", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.RecognitionsBelow(ctx, []books.RecognitionFilter{{CustomerID: anID, LotID: anID}, {CustomerID: otherID, LotID: otherID}}, books.Page{Limit: 50})
		return err
	}, "SEARCH recognitions USING INDEX recognitions_lot (customer_id=? AND lot_id=?)"},
	{"recognitions of customers", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.RecognitionsBelow(ctx, []books.RecognitionFilter{{CustomerID: anID}, {CustomerID: otherID}}, somePage)
		return err
	}, "SEARCH recognitions USING COVERING INDEX sqlite_autoindex_recognitions_1 (customer_id=? AND id>?)"},
	{"recognitions of pools", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.RecognitionsBelow(ctx, []books.RecognitionFilter{{PoolID: anID}, {PoolID: otherID}}, somePage)
		return err
	}, "SEARCH recognitions USING INDEX recognitions_pool (pool_id=?)"},
	{"recognitions of entries", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.RecognitionsBelow(ctx, []books.RecognitionFilter{{Entry: 1}, {Entry: 2}}, somePage)
		return err
	}, "SEARCH recognitions USING INDEX recognitions_batch (batch_id=? AND accounting_date=? AND day=? AND kind=?)"},
	{"draws of lots on days", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.DrawsBelow(ctx, []books.DrawFilter{{CustomerID: anID, LotID: anID, Day: 1}, {CustomerID: otherID, LotID: otherID, Day: 2}}, books.Page{Limit: 50})
		return err
	}, "SEARCH draws USING COVERING INDEX draws_lot (customer_id=? AND lot_id=? AND day=?)"},
	{"draws of lots", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.DrawsBelow(ctx, []books.DrawFilter{{CustomerID: anID, LotID: anID}, {CustomerID: otherID, LotID: otherID}}, books.Page{Limit: 50})
		return err
	}, "SEARCH draws USING COVERING INDEX draws_lot (customer_id=? AND lot_id=?)"},
	{"entries of purchases", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.EntriesBelow(ctx, []books.EntryFilter{{Reference: anID}, {Reference: otherID}}, books.Page{Limit: 50})
		return err
	}, "SEARCH entries USING COVERING INDEX entries_reference (reference=?)"},
	{"entries of accounts", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.EntriesBelow(ctx, []books.EntryFilter{{Account: ledger.Cash}, {Account: ledger.Refunds}}, books.Page{Limit: 50, After: "7"})
		return err
	}, "SEARCH entries USING INTEGER PRIMARY KEY (rowid>?)"},
	{"runs of jobs", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.JobRunsBelow(ctx, []books.JobFilter{{Job: books.JobAll}, {Job: books.JobDue}}, books.Page{Limit: 1, Reverse: true})
		return err
	}, "SEARCH job_runs USING COVERING INDEX job_runs_job (job=?)"},
	{"a count of draws", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.CountDrawsBelow(ctx, []books.DrawFilter{{CustomerID: anID, LotID: anID}, {CustomerID: otherID, LotID: otherID}})
		return err
	}, "SEARCH draws USING COVERING INDEX draws_lot (customer_id=? AND lot_id=?)"},
	{"entries of recognitions", func(ctx context.Context, tx books.Tx) error {
		r := revrec.Recognition{Batch: anID, AccountingDate: 1, Day: 1, Kind: revrec.Usage, Amount: ledger.Money(1, "USD"), PolicyID: anID}
		_, err := tx.EntriesOfRecognitions(ctx, []revrec.Recognition{r, r})
		return err
	}, "SEARCH e USING INDEX entries_batch (batch_id=? AND accounting_date=? AND occurred_on=? AND kind=?)"},
	{"voids", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.VoidsOf(ctx, []books.EventRow{{CustomerID: anID, ID: anID}, {CustomerID: otherID, ID: otherID}})
		return err
	}, "SEARCH e USING INDEX usage_events_void (customer_id=? AND void_of=?)"},
	{"customers by name", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.Customers(ctx, books.CustomerFilter{}, books.Page{Limit: 50, By: books.ByName, After: anID, AfterValue: "m"})
		return err
	}, "USING INDEX customers_name (<expr>>?)"},
	{"customers by external id", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.Customers(ctx, books.CustomerFilter{}, books.Page{Limit: 50, By: books.ByExternalID, After: anID, AfterValue: "m"})
		return err
	}, "USING INDEX sqlite_autoindex_customers_2 (external_id>?)"},
	{"customers of a span", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.CountCustomers(ctx, books.CustomerFilter{From: noonOf2024, Before: noonOf2024})
		return err
	}, "customers_created (created_at_us>? AND created_at_us<?)"},
	{"purchases by instant, backward", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.Purchases(ctx, books.PurchaseFilter{}, books.Page{Limit: 50, By: books.ByPurchasedAt, After: anID, AfterValue: "7", Reverse: true})
		return err
	}, "USING INDEX purchases_purchased (purchased_at_us<?)"},
	{"purchases by price", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.Purchases(ctx, books.PurchaseFilter{}, books.Page{Limit: 50, By: books.ByPrice, After: anID, AfterValue: "7"})
		return err
	}, "USING INDEX purchases_price (functional_minor>?)"},
	{"purchases of a customer by price", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.Purchases(ctx, books.PurchaseFilter{CustomerID: anID}, books.Page{Limit: 50, By: books.ByPrice})
		return err
	}, "USING INDEX sqlite_autoindex_purchases_1 (customer_id=?)"},
	{"purchases by reference", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.Purchases(ctx, books.PurchaseFilter{Reference: "INV-1"}, books.Page{Limit: 50})
		return err
	}, "USING INDEX purchases_reference (<expr>>? AND <expr><?)"},
	{"lots by expiry", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.Lots(ctx, books.LotFilter{}, books.Page{Limit: 50, By: books.ByExpiry, After: anID, AfterValue: "7"})
		return err
	}, "USING INDEX lots_expiry (<expr>>?)"},
	{"lots of a customer by what is unused", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.Lots(ctx, books.LotFilter{CustomerID: anID}, books.Page{Limit: 50, By: books.ByUnused})
		return err
	}, "USING INDEX sqlite_autoindex_lots_1 (customer_id=?)"},
	{"recognitions by day", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.Recognitions(ctx, books.RecognitionFilter{From: 1, To: 99}, books.Page{Limit: 50, By: books.ByAccountingDate, After: anID, AfterValue: "2024-01-01", Reverse: true})
		return err
	}, "USING INDEX recognitions_accounting (accounting_date>? AND accounting_date<?)"},
	{"entries by day", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.Entries(ctx, books.EntryFilter{}, books.Page{Limit: 50, By: books.ByAccountingDate, After: "7", AfterValue: "2024-01-01"})
		return err
	}, "USING INDEX entries_date (accounting_date>?)"},
	{"runs of a span", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.CountJobRuns(ctx, books.JobFilter{From: noonOf2024, Before: noonOf2024})
		return err
	}, "job_runs_started (started_at_us>? AND started_at_us<?)"},
	{"open lots of customers", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.OpenLots(ctx, []string{anID, otherID}, noonOf2024)
		return err
	}, "SEARCH lots USING INDEX lots_open (customer_id=? AND <expr>>?)"},
}

var noonOf2024 = time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)

var somePage = books.Page{Limit: 50, After: anID}

// TestPlansOfManyAtOnce holds pages below many rows to the index of one.
func TestPlansOfManyAtOnce(t *testing.T) {
	s := openMemory(t)
	defer s.Close()
	statement := lastStatement(s)
	for _, test := range manyAtOnce {
		t.Run(test.name, func(t *testing.T) {
			if err := s.View(t.Context(), test.read); err != nil {
				t.Fatal(err)
			}
			plan := planOf(t, s, *statement)
			if !strings.Contains(plan, test.uses) {
				t.Errorf("does not use %q:\n%s\n%s", test.uses, *statement, plan)
			}
			for line := range strings.Lines(plan) {
				if strings.HasPrefix(line, "SCAN") && !strings.Contains(line, "SCAN key") && !strings.Contains(line, "CONSTANT ROW") {
					t.Errorf("reads a whole table: %s", plan)
				}
			}
		})
	}
}

// TestPostgresPlansOfManyAtOnce does so on PostgreSQL.
func TestPostgresPlansOfManyAtOnce(t *testing.T) {
	s := openPostgres(t)
	defer s.Close()
	statement := lastStatement(s)
	for _, test := range manyAtOnce {
		t.Run(test.name, func(t *testing.T) {
			if err := s.View(t.Context(), test.read); err != nil {
				t.Fatal(err)
			}
			plan := postgresPlanOf(t, s, *statement)
			if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Hash Join") || !strings.Contains(plan, "Index") {
				t.Errorf("does not go by an index:\n%s\n%s", *statement, plan)
			}
		})
	}
}

// lastStatement is what the store sent last.
func lastStatement(s *store.Store) *string {
	last := new(string)
	s.OnStatement(func(statement string) {
		if strings.HasPrefix(statement, "SELECT") || strings.HasPrefix(statement, "WITH") {
			*last = statement
		}
	})
	return last
}
