package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func entries(t *testing.T, s *suite) {
	sale, late, refund := anEntry(day, usd(500)), anEntry(day+1, eur(20)), anEntry(day+2, usd(7))
	late.OccurredOn, late.Reference, late.Batch, late.Kind = day, "", b1, ledger.UsageEntry
	refund.Kind = ledger.RefundEntry
	refund.Lines[0].Account = ledger.Refunds
	refund.Lines[1].Dimensions = ledger.Dimensions{}
	var all []ledger.Entry
	s.update(func(ctx context.Context, tx books.Tx) {
		none, err := tx.AppendEntries(ctx, nil)
		must(t, err)
		if len(none) != 0 {
			t.Fatalf("posted %v out of nothing", none)
		}
		all, err = tx.AppendEntries(ctx, []ledger.Entry{sale, late, refund})
		must(t, err)
		for i, number := range []int64{1, 2, 3} {
			if all[i].Number != number {
				t.Fatalf("entry %d has number %d", i, all[i].Number)
			}
		}
		if sale.Number != 0 {
			t.Fatal("the caller's entry was changed")
		}
	})
	unbalanced := anEntry(day, usd(5))
	unbalanced.Lines[1].Amount.Minor++
	if s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
		_, err := tx.AppendEntries(ctx, []ledger.Entry{anEntry(day, usd(1)), unbalanced})
		return err
	}) == nil {
		t.Fatal("an entry out of balance was posted")
	}
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, all)(tx.Entries(ctx, books.EntryFilter{}, books.Page{}))
		same(t, all[1:])(inOrder(numberOf)(tx.EntriesByNumber(ctx, []int64{3, 2, 9})))
		for _, test := range []struct {
			filter books.EntryFilter
			want   []string
		}{
			{books.EntryFilter{From: day + 1}, []string{"2", "3"}},
			{books.EntryFilter{To: day + 1}, []string{"1", "2"}},
			{books.EntryFilter{From: day + 1, To: day + 1}, []string{"2"}},
			{books.EntryFilter{Kind: ledger.RefundEntry}, []string{"3"}},
			{books.EntryFilter{Reference: sale.Reference}, []string{"1"}},
			{books.EntryFilter{Batch: b1}, []string{"2"}},
			{books.EntryFilter{Account: ledger.Refunds}, []string{"3"}},
			{books.EntryFilter{Account: ledger.Cash, From: day + 1}, []string{"2"}},
			{books.EntryFilter{Account: ledger.Disputes}, nil},
		} {
			sameIDs(t, numberOf, test.want...)(tx.Entries(ctx, test.filter, books.Page{}))
			same(t, int64(len(test.want)))(tx.CountEntries(ctx, test.filter))
		}
		sameIDs(t, numberOf, "2")(tx.Entries(ctx, books.EntryFilter{}, books.Page{After: "1", Limit: 1}))
		sameIDs(t, numberOf, "2", "1")(tx.Entries(ctx, books.EntryFilter{}, books.Page{After: "3", Reverse: true}))
		_, err := tx.Entries(ctx, books.EntryFilter{}, books.Page{After: "x"})
		refused(t, err, books.Invalid)
	})
	streamed(t, s)
}

// streamed reads more entries than are held at a time, in numbers of one and two digits.
func streamed(t *testing.T, s *suite) {
	const n = 1100
	s.update(func(ctx context.Context, tx books.Tx) {
		more := make([]ledger.Entry, n)
		for i := range more {
			more[i] = anEntry(day+10+ledger.Date(i%2), usd(int64(i+1)))
		}
		_, err := tx.AppendEntries(ctx, more)
		must(t, err)
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		sameIDs(t, numberOf, reversed(ids(8, 12))...)(tx.Entries(ctx, books.EntryFilter{}, books.Page{After: "13", Reverse: true, Limit: 5}))
		read := func(from, to ledger.Date) []string {
			var got []string
			must(t, tx.EachEntry(ctx, from, to, func(e ledger.Entry) error {
				must(t, e.Check())
				got = append(got, numberOf(e))
				if len(got) == 1 { // the transaction can be used meanwhile
					_, err := tx.CountEntries(ctx, books.EntryFilter{})
					must(t, err)
				}
				return nil
			}))
			return got
		}
		for _, test := range []struct {
			from, to    ledger.Date
			n           int
			first, last string
		}{
			{0, 0, n + 3, "1", fmt.Sprint(n + 3)},
			{day + 10, day + 10, n / 2, "4", fmt.Sprint(n + 2)},
			{0, day + 1, 2, "1", "2"},
			{day + 2, 0, n + 1, "3", fmt.Sprint(n + 3)},
			{day + 20, 0, 0, "", ""},
		} {
			got := read(test.from, test.to)
			if len(got) != test.n || test.n > 0 && (got[0] != test.first || got[len(got)-1] != test.last) {
				t.Fatalf("entries from %s to %s: %d of them, want %d", test.from, test.to, len(got), test.n)
			}
		}
		if err := tx.EachEntry(ctx, 0, 0, func(ledger.Entry) error { return errStop }); !errors.Is(err, errStop) {
			t.Fatalf("got %v, want the error of yield", err)
		}
	})
}

func trialBalance(t *testing.T, s *suite) {
	march, april, may := ledger.NewDate(2024, 3, 31), ledger.NewDate(2024, 4, 1), ledger.NewDate(2024, 5, 31)
	sale := func(on ledger.Date, amount, functional ledger.Amount) ledger.Entry {
		e := anEntry(on, amount)
		e.Lines[0].Functional, e.Lines[1].Functional = functional, functional.Neg()
		return e
	}
	back := anEntry(april, usd(-30)) // a debit that is negative is a credit
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.SaveBook(ctx, books.Book{Functional: "USD", Zone: "UTC", CreatedAt: noon}))
		for _, group := range [][]ledger.Entry{
			{sale(march, usd(100), usd(100)), sale(march, usd(50), usd(50))},
			{sale(april, usd(20), usd(20)), back, sale(april, eur(7), usd(8))},
			{sale(may, usd(1), usd(1))},
		} {
			_, err := tx.AppendEntries(ctx, group)
			must(t, err)
		}
	})
	type sums struct{ opening, debits, credits int64 }
	want := func(from, to ledger.Date, cash, euro, deferred, deferredEuro sums) {
		t.Helper()
		balance := func(role ledger.Role, currency ledger.Currency, v sums) ledger.Balance {
			m := func(minor int64) ledger.Amount { return ledger.Money(minor, currency) }
			b := ledger.Balance{
				Account: role, Currency: currency, Opening: m(v.opening), Debits: m(v.debits), Credits: m(v.credits),
				FunctionalOpening: usd(v.opening), FunctionalDebits: usd(v.debits), FunctionalCredits: usd(v.credits),
			}
			if currency == "EUR" { // 7 EUR were 8 USD
				b.FunctionalOpening, b.FunctionalDebits, b.FunctionalCredits = usd(v.opening*8/7), usd(v.debits*8/7), usd(v.credits*8/7)
			}
			return b
		}
		var fromPeriod, toPeriod ledger.Period
		if from != 0 {
			fromPeriod = from.Period()
		}
		if to != 0 {
			toPeriod = to.Period()
		}
		all := ledger.TrialBalance{From: fromPeriod, To: toPeriod, Functional: "USD", Balances: []ledger.Balance{
			balance(ledger.Cash, "EUR", euro), balance(ledger.Cash, "USD", cash),
			balance(ledger.DeferredRevenue, "EUR", deferredEuro), balance(ledger.DeferredRevenue, "USD", deferred),
		}}
		s.view(func(ctx context.Context, tx books.Tx) {
			got, err := tx.TrialBalance(ctx, fromPeriod, toPeriod)
			must(t, err)
			must(t, got.Check())
			if from == march && to == march { // the euro came later
				all.Balances = []ledger.Balance{all.Balances[1], all.Balances[3]}
			}
			same(t, all)(got, nil)
		})
	}
	want(0, 0, sums{debits: 171, credits: 30}, sums{debits: 7}, sums{debits: 30, credits: 171}, sums{credits: 7})
	want(march, march, sums{debits: 150}, sums{}, sums{credits: 150}, sums{})
	want(april, april, sums{opening: 150, debits: 20, credits: 30}, sums{debits: 7}, sums{opening: -150, debits: 30, credits: 20}, sums{credits: 7})
	want(may, 0, sums{opening: 140, debits: 1}, sums{opening: 7}, sums{opening: -140, credits: 1}, sums{opening: -7})
	s.view(func(ctx context.Context, tx books.Tx) {
		later := func(b ledger.Balance, opening, debits, credits int64) ledger.Balance {
			m := func(minor int64) ledger.Amount { return ledger.Money(minor, "USD") }
			b.Currency, b.Opening, b.Debits, b.Credits = "USD", m(opening), m(debits), m(credits)
			b.FunctionalOpening, b.FunctionalDebits, b.FunctionalCredits = b.Opening, b.Debits, b.Credits
			return b
		}
		inOrder := func(got []ledger.Balance, err error) ([]ledger.Balance, error) {
			slices.SortFunc(got, func(x, y ledger.Balance) int { return strings.Compare(string(x.Account), string(y.Account)) })
			return got, err
		}
		cash, deferred := ledger.Balance{Account: ledger.Cash}, ledger.Balance{Account: ledger.DeferredRevenue}
		// Behind the third entry there are the 30 taken back, the 7 EUR and the 1 of May.
		same(t, []ledger.Balance{later(cash, -30, 1, 0), later(deferred, 30, 0, 1)})(without("EUR")(inOrder(tx.BalancesLater(ctx, may.Period(), 0, 3))))
		same(t, []ledger.Balance{later(cash, 0, 0, 30), later(deferred, 0, 30, 0)})(without("EUR")(inOrder(tx.BalancesLater(ctx, april.Period(), april.Period(), 3))))
		same(t, []ledger.Balance{})(tx.BalancesLater(ctx, 0, march.Period(), 3))
		held := func(want int64, at books.ActivityPlace, through int64) {
			t.Helper()
			same(t, []ledger.Balance{later(cash, want, 0, 0)})(without("EUR")(tx.AccountBefore(ctx, ledger.Cash, at, through)))
		}
		held(150, books.ActivityPlace{Day: april}, 6)
		held(170, books.ActivityPlace{Day: april, Number: 3, Line: 1}, 6)
		held(140, books.ActivityPlace{Day: april, Number: 99}, 6)
		held(170, books.ActivityPlace{Day: april, Number: 99}, 3)
		held(170, books.ActivityPlace{Day: may, Number: 99}, 3)
		held(100, books.ActivityPlace{Day: may, Number: 99}, 1)
		lines := func(filter books.ActivityFilter) (amounts []int64) {
			filter.Account, filter.From, filter.To = ledger.Cash, march, april
			got, err := tx.AccountLines(ctx, filter)
			must(t, err)
			for _, line := range got {
				amounts = append(amounts, line.Amount.Minor)
			}
			return amounts
		}
		same(t, []int64{100, 50, 20, -30, 7})(lines(books.ActivityFilter{Through: 6, Limit: 9}), nil)
		same(t, []int64{100, 50, 20, -30})(lines(books.ActivityFilter{Through: 6, Limit: 9, Currency: "USD"}), nil)
		same(t, []int64{50, 20})(lines(books.ActivityFilter{Through: 3, Limit: 9, After: books.ActivityPlace{Day: march, Number: 1, Line: 1}}), nil)
		same(t, []int64{100})(lines(books.ActivityFilter{Through: 3, Limit: 1}), nil)
	})
}

// without leaves a currency out.
func without(currency ledger.Currency) func([]ledger.Balance, error) ([]ledger.Balance, error) {
	return func(balances []ledger.Balance, err error) ([]ledger.Balance, error) {
		return slices.DeleteFunc(balances, func(b ledger.Balance) bool { return b.Currency == currency }), err
	}
}

// entryOfRecognition posts a batch and finds from each recognition its entry, and back.
func entryOfRecognition(t *testing.T, s *suite) {
	policy, other := aPolicy("standard"), aPolicy("other")
	lot := aLot(c1, policy.ID)
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		must(t, tx.InsertPolicy(ctx, other))
		putLots(ctx, t, tx, lot)
		batch, err := tx.OpenBatch(ctx, newID(), noon)
		must(t, err)
		a, b := aRecognition(lot, revrec.Usage, day, 10, batch.ID), aRecognition(lot, revrec.Usage, day, 5, batch.ID)
		next, expiry := aRecognition(lot, revrec.Usage, day+1, 3, batch.ID), aRecognition(lot, revrec.ExpiryBreakage, day, 4, batch.ID)
		late, elsewhere := aRecognition(lot, revrec.Usage, day, 6, batch.ID), aRecognition(lot, revrec.Usage, day, 9, batch.ID)
		late.AccountingDate = day + 1
		elsewhere.PolicyID = other.ID
		must(t, tx.InsertRecognitions(ctx, []revrec.Recognition{a, b, next, expiry, late, elsewhere}))
		same(t, []int64{0})(tx.EntriesOfRecognitions(ctx, []revrec.Recognition{a}))

		summed := func(kind ledger.EntryKind, accounting, on ledger.Date) ledger.Entry {
			e := anEntry(accounting, usd(1))
			e.Kind, e.OccurredOn, e.Batch, e.Reference = kind, on, batch.ID, ""
			for i := range e.Lines {
				e.Lines[i].Dimensions = ledger.Dimensions{Policy: policy.Code}
			}
			return e
		}
		_, err = tx.AppendEntries(ctx, []ledger.Entry{
			anEntry(day, usd(1)), summed(ledger.UsageEntry, day, day), summed(ledger.UsageEntry, day+1, day+1),
			summed(ledger.ExpiryEntry, day, day), summed(ledger.UsageEntry, day+1, day),
		})
		must(t, err)
		for number, group := range map[int64][]revrec.Recognition{2: {a, b}, 3: {next}, 4: {expiry}, 5: {late}, 0: {elsewhere}} {
			want := []string{}
			for _, r := range group {
				same(t, []int64{number})(tx.EntriesOfRecognitions(ctx, []revrec.Recognition{r}))
				want = append(want, r.ID)
			}
			if number > 0 {
				sameIDs(t, recID, want...)(tx.Recognitions(ctx, books.RecognitionFilter{Entry: number}, books.Page{}))
				same(t, int64(len(want)))(tx.CountRecognitions(ctx, books.RecognitionFilter{Entry: number}))
			}
		}
		sameIDs(t, recID)(tx.Recognitions(ctx, books.RecognitionFilter{Entry: 1}, books.Page{})) // of an act
	})
}

func jobRuns(t *testing.T, s *suite) {
	run := func(job books.JobName) books.JobRun {
		return books.JobRun{ID: newID(), Job: job, Trigger: "MANUAL", Status: books.JobRunningNow, Through: day, StartedAt: noon, Holder: "host'1"}
	}
	a, b, c := run(books.JobAll), run(books.JobExpire), run(books.JobAll)
	s.update(func(ctx context.Context, tx books.Tx) {
		for _, r := range []books.JobRun{a, b, c} {
			must(t, tx.InsertJobRun(ctx, r))
		}
		a.Status, a.FinishedAt, a.Error = books.JobFailed, noon.Add(time.Minute), "it's broken"
		a.Result = books.JobResult{Lots: 1, Recognitions: 2, Entries: 3, FirstEntry: 4, LastEntry: 6}
		must(t, tx.UpdateJobRun(ctx, a))
		refused(t, tx.UpdateJobRun(ctx, run(books.JobAll)), books.NotFound)
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.JobRun{a, b})(inOrder(runID)(tx.JobRunsByID(ctx, []string{b.ID, a.ID})))
		for _, test := range []struct {
			filter books.JobFilter
			want   []string
		}{
			{books.JobFilter{}, []string{a.ID, b.ID, c.ID}},
			{books.JobFilter{Job: books.JobAll}, []string{a.ID, c.ID}},
			{books.JobFilter{Status: books.JobFailed}, []string{a.ID}},
			{books.JobFilter{Job: books.JobExpire, Status: books.JobFailed}, nil},
		} {
			sameIDs(t, runID, test.want...)(tx.JobRuns(ctx, test.filter, books.Page{}))
			same(t, int64(len(test.want)))(tx.CountJobRuns(ctx, test.filter))
		}
		sameIDs(t, runID, c.ID)(tx.JobRuns(ctx, books.JobFilter{}, books.Page{Limit: 1, Reverse: true}))
	})
}

func leases(t *testing.T, s *suite) {
	take := func(holder string, now, until time.Time) bool {
		t.Helper()
		var taken bool
		s.update(func(ctx context.Context, tx books.Tx) {
			var err error
			taken, err = tx.TakeLease(ctx, "jobs", holder, now, until)
			must(t, err)
		})
		return taken
	}
	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	for i, step := range []struct {
		holder     string
		now, until int
		want       bool
	}{
		{"a", 0, 5, true},   // free
		{"b", 1, 6, false},  // a has it
		{"a", 2, 8, true},   // and renews it
		{"b", 7, 9, false},  // so that it is not over
		{"b", 8, 10, true},  // it is over
		{"a", 9, 12, false}, // and now b's
	} {
		if got := take(step.holder, minute(step.now), minute(step.until)); got != step.want {
			t.Fatalf("step %d: taken is %v", i, got)
		}
	}
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.DropLease(ctx, "jobs", "a")) // not a's to drop
		taken, err := tx.TakeLease(ctx, "jobs", "c", minute(9), minute(20))
		same(t, false)(taken, err)
		must(t, tx.DropLease(ctx, "jobs", "b"))
		same(t, true)(tx.TakeLease(ctx, "jobs", "c", minute(9), minute(20)))
		same(t, true)(tx.TakeLease(ctx, "others", "a", minute(9), minute(20)))
	})
}
