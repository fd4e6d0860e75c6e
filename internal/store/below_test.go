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
	{"open lots of customers", func(ctx context.Context, tx books.Tx) error {
		_, err := tx.OpenLots(ctx, []string{anID, otherID}, time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC))
		return err
	}, "SEARCH lots USING INDEX lots_open (customer_id=? AND <expr>>?)"},
}

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
