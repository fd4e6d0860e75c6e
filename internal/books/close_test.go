package books_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/revrec"
)

var (
	january  = ledger.NewDate(2024, 1, 1).Period()
	february = january + 1
)

// closing is a book with a sale and a use in January, booked, on 5 February.
//
// tamper changes rows behind the program's back.
func closing(t *testing.T) (b *books.Books, tamper func(statement string), now *time.Time) {
	t.Helper()
	return closingWith(t, sealSigner)
}

// closingWith is such a book with a key of its own.
func closingWith(t *testing.T, signer books.Signer) (b *books.Books, tamper func(statement string), now *time.Time) {
	t.Helper()
	at := time.Date(2024, 1, 10, 12, 0, 0, 0, time.UTC)
	now = &at
	ctx, file := t.Context(), filepath.Join(t.TempDir(), "book.db")
	s := done[*store.Store](t)(store.Open(ctx, "sqlite:"+file, store.Options{}))
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	b = done[*books.Books](t)(books.Open(ctx, s, books.Options{Now: func() time.Time { return *now }, Signer: signer}))
	tamper = func(statement string) {
		t.Helper()
		db := done[*sql.DB](t)(sql.Open("sqlite", file))
		defer db.Close()
		db.SetMaxOpenConns(1)
		if _, err := db.ExecContext(ctx, statement); err != nil {
			t.Fatal(statement, err)
		}
	}
	done[[]books.GLCode](t)(b.GLAccountsSet(ctx, "gl", books.SampleGLCodes()))
	done[books.Policy](t)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default"}))
	done[books.Policy](t)(b.PolicyCreate(ctx, "q", books.NewPolicy{Code: "pooled", Policy: revrec.Policy{
		Breakage: revrec.Breakage{Method: revrec.Proportional, Pool: revrec.PoolByLot, Rate: decimal.New(1, -1)},
	}}))
	done[books.Customer](t)(b.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"}))
	price, used := whole(100), whole(10)
	done[books.Purchased](t)(b.Purchase(ctx, "b", books.NewPurchase{Customer: "acme", Credits: whole(100), Price: &price}))
	done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{{ID: "use", Customer: "acme", Credits: &used}}))
	at = time.Date(2024, 2, 5, 12, 0, 0, 0, time.UTC)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	return b, tamper, now
}

func person(t *testing.T, name string) context.Context {
	return books.WithCaller(t.Context(), books.Caller{Actor: "token:" + name, Persons: []string{name}})
}

// wants stops the test unless the error has the code, and says so much.
func wants(t *testing.T, err error, code books.Code, says string) {
	t.Helper()
	if err == nil || books.CodeOf(err) != code || !strings.Contains(err.Error(), says) {
		t.Fatalf("got %v, want %s that says %q", err, code, says)
	}
}

func checkOf(t *testing.T, b *books.Books, period ledger.Period, code books.CheckCode) (found books.CloseCheck, list books.Checklist) {
	t.Helper()
	err := b.View(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		list, err = b.CloseChecklist(ctx, tx, period)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range list.Checks {
		if check.Code == code {
			found = check
		}
	}
	if found.Code != code || found.Passed != (found.ToDo == "") {
		t.Fatalf("%s is %+v", code, found)
	}
	return found, list
}

// Estimates that take effect in a closed period are refused, as one act and as two.
func TestNoEstimateInAClosedPeriod(t *testing.T) {
	b, _, _ := closing(t)
	ctx, rate := t.Context(), decimal.New(2, -1)
	inJanuary := books.NewEstimate{Policy: "pooled", From: january.Last(), Rate: rate}
	proposed := done[books.Estimate](t)(b.EstimatePropose(person(t, "ann"), "e", inJanuary))
	check, _ := checkOf(t, b, january, books.CheckEstimates)
	if check.Passed || check.Figures[0].Text != "1" {
		t.Fatalf("%+v: want one proposal that waits", check)
	}
	_, err := b.PeriodClose(ctx, "x", books.ClosePeriod{Period: january})
	wants(t, err, books.CloseChecksFailed, "ESTIMATES (approve or reject what was proposed, first that of token:ann from 2024-01-31)")
	done[books.Estimate](t)(b.EstimateReject(person(t, "bob"), "r", books.DecideEstimate{PolicyID: proposed.PolicyID, ID: proposed.ID}))
	done[books.Closing](t)(b.PeriodClose(ctx, "x", books.ClosePeriod{Period: january}))

	_, err = b.EstimateCreate(ctx, "1", inJanuary)
	wants(t, err, books.PeriodClosed, "2024-01")
	_, err = b.EstimatePropose(ctx, "2", inJanuary)
	wants(t, err, books.PeriodClosed, "2024-01")
	done[books.Estimate](t)(b.EstimateCreate(ctx, "3", books.NewEstimate{Policy: "pooled", From: february.First(), Rate: rate}))
}

// A period is reopened by two persons, with every later one; what was closed stays on record.
func TestReopenTakesTwo(t *testing.T) {
	b, _, now := closing(t)
	ctx := t.Context()
	*now = time.Date(2024, 3, 2, 0, 0, 0, 0, time.UTC)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	first := done[books.Closing](t)(b.PeriodClose(person(t, "ann"), "1", books.ClosePeriod{Period: january}))
	if again := done[books.Closing](t)(b.PeriodClose(person(t, "ann"), "1", books.ClosePeriod{Period: january})); again.ID != first.ID {
		t.Fatal("the same request closed twice")
	}
	if first.Actor != "token:ann" || first.Entries != 2 || first.LastEntry != 2 || len(first.Checks) != 14 {
		t.Fatalf("%+v: want the two entries of January, and every check", first)
	}
	done[books.Closing](t)(b.PeriodClose(ctx, "2", books.ClosePeriod{Period: february}))
	_, err := b.PeriodReopenPropose(person(t, "ann"), "3", books.ReopenPeriod{Period: january})
	wants(t, err, books.Invalid, "1 to 2000")
	_, err = b.PeriodReopenPropose(person(t, "ann"), "3", books.ReopenPeriod{Period: february + 1, Reason: "r"})
	wants(t, err, books.PeriodOpen, "2024-03 is not closed")
	proposed := done[books.Reopening](t)(b.PeriodReopenPropose(person(t, "ann"), "3", books.ReopenPeriod{Period: january, Reason: "r"}))
	other := done[books.Reopening](t)(b.PeriodReopenPropose(person(t, "bob"), "4", books.ReopenPeriod{Period: february, Reason: "r"}))

	_, err = b.PeriodReopenApprove(person(t, " Ann "), "5", books.DecideReopening{ID: proposed.ID})
	wants(t, err, books.SamePerson, "another person")
	_, err = b.PeriodReopenApprove(person(t, "bob"), "5", books.DecideReopening{ID: "00000000-0000-7000-8000-00000000dead"})
	wants(t, err, books.NotFound, "names no reopening")
	approved := done[books.Reopening](t)(b.PeriodReopenApprove(person(t, "bob"), "5", books.DecideReopening{ID: proposed.ID, Reason: "yes"}))
	if approved.Status != books.ReopeningApproved || approved.DecidedBy != "token:bob" {
		t.Fatalf("%+v", approved)
	}
	_, err = b.PeriodReopenReject(person(t, "ann"), "6", books.DecideReopening{ID: proposed.ID})
	wants(t, err, books.AlreadyDecided, "APPROVED already, by token:bob")
	_, err = b.PeriodReopenApprove(person(t, "ann"), "7", books.DecideReopening{ID: other.ID})
	wants(t, err, books.PeriodOpen, "2024-02 is not closed") // the other one opened it

	*now = now.Add(time.Hour)
	done[books.Closing](t)(b.PeriodClose(ctx, "9", books.ClosePeriod{Period: january}))
	done[books.Closing](t)(b.PeriodClose(ctx, "10", books.ClosePeriod{Period: february}))
	_, err = b.PeriodReopenApprove(person(t, "ann"), "11", books.DecideReopening{ID: other.ID})
	wants(t, err, books.PeriodClosed, "proposed on 2024-03-02T00:00:00Z, and 2024-02 was closed again since, on 2024-03-02T01:00:00Z: propose anew")
	done[books.Reopening](t)(b.PeriodReopenReject(person(t, "bob"), "8", books.DecideReopening{ID: other.ID}))
	var acts []string
	err = b.View(ctx, func(ctx context.Context, tx books.Tx) error {
		closings, err := tx.Closings(ctx, []ledger.Period{january, february})
		for _, c := range closings {
			acts = append(acts, c.Period.String()+" "+string(c.Act)+" "+c.Reason)
		}
		return err
	})
	if got := strings.Join(acts, ", "); err != nil || got != "2024-01 CLOSED , 2024-01 REOPENED r, 2024-01 CLOSED , 2024-02 CLOSED , 2024-02 REOPENED r, 2024-02 CLOSED " {
		t.Fatal(got, err)
	}
	if findings := done[[]books.Finding](t)(b.Verify(ctx)); len(findings) > 0 {
		t.Fatalf("verify: %+v", findings)
	}
}

// A required task holds its periods open until it is ticked, and again when one is reopened.
func TestTasksBlock(t *testing.T) {
	b, _, now := closing(t)
	ctx := t.Context()
	bank := done[books.CloseTask](t)(b.CloseTaskCreate(ctx, "1", books.NewCloseTask{Name: "bank", Required: true, From: january}))
	done[books.CloseTask](t)(b.CloseTaskCreate(ctx, "2", books.NewCloseTask{Name: "mail", From: january}))
	_, err := b.CloseTaskCreate(ctx, "3", books.NewCloseTask{Name: "mail"})
	wants(t, err, books.AlreadyExists, "is the name of another task: mail")
	_, err = b.CloseTaskDone(ctx, "4", books.DoCloseTask{ID: bank.ID, Period: january - 1})
	wants(t, err, books.Invalid, "not for 2023-12")
	_, err = b.CloseTaskDone(ctx, "4", books.DoCloseTask{ID: "00000000-0000-7000-8000-00000000dead", Period: january})
	wants(t, err, books.NotFound, "names no task")
	_, err = b.PeriodClose(ctx, "5", books.ClosePeriod{Period: january})
	wants(t, err, books.CloseChecksFailed, "TASKS (do and tick: bank)")
	done[books.CloseTaskMark](t)(b.CloseTaskDone(ctx, "6", books.DoCloseTask{ID: bank.ID, Period: january, Comment: "no difference"}))
	_, list := checkOf(t, b, january, books.CheckTasks)
	if !list.Ready() || list.Tasks[0].Done == nil || list.Tasks[0].Done.Comment != "no difference" || list.Tasks[1].Done != nil {
		t.Fatalf("%+v", list)
	}
	done[books.Closing](t)(b.PeriodClose(ctx, "5", books.ClosePeriod{Period: january}))
	_, err = b.CloseTaskDone(ctx, "7", books.DoCloseTask{ID: bank.ID, Period: january})
	wants(t, err, books.PeriodClosed, "2024-01 is closed")
	_, err = b.CloseTaskCreate(ctx, "8", books.NewCloseTask{Name: "late", From: january})
	wants(t, err, books.PeriodClosed, "2024-01 is closed")
	_, err = b.CloseTaskEnd(ctx, "9", books.EndCloseTask{ID: bank.ID, After: january - 1})
	wants(t, err, books.PeriodClosed, "2024-01")

	reopening := done[books.Reopening](t)(b.PeriodReopenPropose(person(t, "ann"), "10", books.ReopenPeriod{Period: january, Reason: "r"}))
	done[books.Reopening](t)(b.PeriodReopenApprove(person(t, "bob"), "11", books.DecideReopening{ID: reopening.ID}))
	if check, _ := checkOf(t, b, january, books.CheckTasks); check.Passed {
		t.Fatal("a tick counts beyond a reopening")
	}
	done[books.CloseTaskMark](t)(b.CloseTaskDone(ctx, "12", books.DoCloseTask{ID: bank.ID, Period: january}))
	done[books.CloseTask](t)(b.CloseTaskEnd(ctx, "13", books.EndCloseTask{ID: bank.ID, After: january}))
	done[books.Closing](t)(b.PeriodClose(ctx, "14", books.ClosePeriod{Period: january}))
	*now = time.Date(2024, 3, 2, 0, 0, 0, 0, time.UTC)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	done[books.Closing](t)(b.PeriodClose(ctx, "15", books.ClosePeriod{Period: february})) // nobody asks for it any more
}

// Each check sees what it is for: a row is changed behind the program's back.
func TestCloseChecksSee(t *testing.T) {
	for _, test := range []struct {
		code  books.CheckCode
		plant string
		says  string
	}{
		{books.CheckBooked, "UPDATE lots SET pending_from = '2024-01-10'", "run the jobs: what waits is usage since 2024-01-10"},
		{books.CheckPosted, "UPDATE batches SET posted_at_us = NULL", "a run stopped before it posted"},
		{books.CheckOpening, "UPDATE account_periods SET period = '2023-12' WHERE account = 'cash'", "close the period before first"},
		{books.CheckBalanced, "UPDATE account_periods SET debit_minor = debit_minor + 1 WHERE account = 'cash'", "lines and balances differ"},
		{books.CheckDeferred, "UPDATE lots SET carrying_minor = carrying_minor + 1", "ledger and lots differ"},
		{books.CheckPurchases, "UPDATE purchases SET price_minor = price_minor + 1", "purchases and entries differ"},
		{books.CheckPurchases, "DROP TRIGGER entries_no_delete; DROP TRIGGER lines_no_delete; PRAGMA foreign_keys = 0; DELETE FROM lines WHERE entry_number = 1; DELETE FROM entries WHERE number = 1", "purchases and entries differ"},
		{books.CheckUsage, "DROP TRIGGER usage_events_no_update; UPDATE usage_events SET credits = credits + 1", "events and draws differ"},
		{books.CheckUsage, "DROP TRIGGER draws_no_delete; DELETE FROM draws", "events and draws differ"},
		{books.CheckUsage, "UPDATE lot_days SET drawn = drawn + 1", "events and draws differ"},
		{books.CheckUsage, "DROP TRIGGER recognitions_no_delete; DELETE FROM recognitions", "draws and recognitions differ"},
	} {
		b, tamper, _ := closing(t)
		if check, list := checkOf(t, b, january, test.code); !check.Passed || !list.Ready() {
			t.Fatalf("%s fails before anything is planted: %+v", test.code, list)
		}
		tamper(test.plant)
		check, list := checkOf(t, b, january, test.code)
		if check.Passed || !strings.Contains(check.ToDo, test.says) || list.Ready() {
			t.Errorf("%s after %q: %+v", test.code, test.plant, check)
		}
		_, err := b.PeriodClose(t.Context(), "x", books.ClosePeriod{Period: january})
		wants(t, err, books.CloseChecksFailed, string(test.code))
	}
}

// The opening of a period is held against the balances with which the one before was closed.
func TestOpeningIsTheClosingBefore(t *testing.T) {
	b, tamper, now := closing(t)
	*now = time.Date(2024, 3, 2, 0, 0, 0, 0, time.UTC)
	done[books.JobRun](t)(b.RunJob(t.Context(), books.JobAll, books.RunOptions{}))
	done[books.Closing](t)(b.PeriodClose(t.Context(), "1", books.ClosePeriod{Period: january}))
	if check, _ := checkOf(t, b, february, books.CheckOpening); !check.Passed {
		t.Fatalf("%+v", check)
	}
	tamper("UPDATE account_periods SET credit_minor = credit_minor + 100 WHERE account = 'deferred_revenue'")
	check, _ := checkOf(t, b, february, books.CheckOpening)
	if check.Passed || !strings.Contains(check.ToDo, "what was closed has changed") || check.Figures[1].Text != "-91.00 USD" || check.Figures[2].Text != "-90.00 USD" {
		t.Fatalf("%+v", check)
	}
	found := map[string]bool{}
	for _, finding := range done[[]books.Finding](t)(b.Verify(t.Context())) {
		found[finding.Check] = true
	}
	if !found["period.credit"] {
		t.Fatalf("verify does not see that a closed period changed: %v", found)
	}
}

// A book in which nothing ever happened closes any month that is over, in order from there.
func TestAnEmptyBookCloses(t *testing.T) {
	now := time.Date(2024, 3, 2, 0, 0, 0, 0, time.UTC)
	b, _ := newBookStore(t, &now)
	_, err := b.PeriodClose(t.Context(), "0", books.ClosePeriod{Period: 12})
	wants(t, err, books.Invalid, "before 1970")
	closed := done[books.Closing](t)(b.PeriodClose(t.Context(), "1", books.ClosePeriod{Period: january}))
	if closed.Entries != 0 || closed.LastEntry != 0 {
		t.Fatalf("%+v", closed)
	}
	_, err = b.PeriodClose(t.Context(), "2", books.ClosePeriod{Period: february + 1})
	wants(t, err, books.PeriodNotOver, "2024-03 is over after 2024-03-31, and it is 2024-03-02")
	done[books.Closing](t)(b.PeriodClose(t.Context(), "2", books.ClosePeriod{Period: february}))
	var shown []string
	err = b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		periods, err := b.Periods(tx, ctx, books.PeriodFilter{}, books.Page{Reverse: true, After: "2024-03", Limit: 5})
		for _, p := range periods {
			shown = append(shown, p.Period.String()+" "+string(p.Status))
		}
		return err
	})
	if got := strings.Join(shown, ", "); err != nil || got != "2024-02 CLOSED, 2024-01 CLOSED" {
		t.Fatal(got, err)
	}
}
