package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
	"drawdown/ledger"
)

// changed runs a statement past the program.
func changed(t testing.TB, s *store.Store, statements ...string) {
	t.Helper()
	err := s.Update(t.Context(), func(ctx context.Context, tx books.Tx) error {
		for _, statement := range statements {
			n, err := store.Act(ctx, tx, statement)
			if err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
			if n == 0 && !strings.HasPrefix(statement, "SET ") {
				return fmt.Errorf("%s: changes nothing", statement)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// daily runs jobs on a day of a clock that moves, and returns what was kept.
func daily(t testing.TB, p *player, s *store.Store, job books.JobName) (made books.Reconciliation) {
	t.Helper()
	if _, err := p.b.RunJob(p.ctx, job, books.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if p.fault != nil {
		t.Fatal(p.fault)
	}
	err := s.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		kept, err := tx.Reconciliations(ctx, books.ReconciliationFilter{}, books.Page{Limit: 1, Reverse: true})
		if err == nil {
			made = kept[0]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// onBoth runs a test with a book that was played on each database, and what makes a statement go
// past its guards.
func onBoth(t *testing.T, play func(*store.Store) error, test func(t *testing.T, s *store.Store, past ...string)) {
	t.Run("SQLite", func(t *testing.T) {
		s := openMemory(t)
		defer s.Close()
		if err := play(s); err != nil {
			t.Fatal(err)
		}
		disarm(t, s)
		test(t, s)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		pgtest.Superuser(t) // who may disarm
		s := openPostgres(t)
		defer s.Close()
		if err := play(s); err != nil {
			t.Fatal(err)
		}
		test(t, s, "SET LOCAL session_replication_role = replica")
	})
}

// olderPlants are faults of January that no lot and no account shows, undone by the statement behind;
// which comparison names which row.
var olderPlants = []struct {
	what, id    string // asks for the row
	plant, undo string
	sees        []string
}{
	{
		"an event against its draws", "SELECT CAST(id AS TEXT) FROM usage_events WHERE occurred_at_us < 1706745600000000 AND credits > 0 AND void_of IS NULL ORDER BY customer_id DESC, id LIMIT 1",
		"UPDATE usage_events SET credits = credits + 1 WHERE id = '%s'", "UPDATE usage_events SET credits = credits - 1 WHERE id = '%s'",
		[]string{"EVENTS_OLDER USAGE_EVENT ="},
	},
	{
		"a lot on a day against its draws", "SELECT CAST(lot_id AS TEXT) FROM draws WHERE day < '2024-01-31' ORDER BY customer_id, event_id LIMIT 1",
		"UPDATE draws SET credits = credits + 1 WHERE lot_id = '%s' AND day < '2024-01-31'", "UPDATE draws SET credits = credits - 1 WHERE lot_id = '%s' AND day < '2024-01-31'",
		[]string{"EVENTS_OLDER USAGE_EVENT", "DRAWS_OLDER LOT_DAY ="},
	},
	{
		"a lot on a day against its recognitions", "SELECT CAST(lot_id AS TEXT) FROM recognitions WHERE kind = 'USAGE' AND day < '2024-01-31' ORDER BY customer_id DESC, id LIMIT 1",
		"UPDATE recognitions SET credits = credits + 1 WHERE lot_id = '%s' AND kind = 'USAGE' AND day < '2024-01-31'", "UPDATE recognitions SET credits = credits - 1 WHERE lot_id = '%s' AND kind = 'USAGE' AND day < '2024-01-31'",
		[]string{"BOOKED_OLDER LOT_DAY ="},
	},
	{
		"a recognition against its entry", "SELECT CAST(min(number) AS TEXT) FROM entries WHERE kind = 'USAGE' AND accounting_date < '2024-02-01'",
		"UPDATE lines SET amount_minor = amount_minor + CASE line WHEN 1 THEN 1 ELSE -1 END WHERE entry_number = %s", "UPDATE lines SET amount_minor = amount_minor - CASE line WHEN 1 THEN 1 ELSE -1 END WHERE entry_number = %s",
		[]string{"RECOGNITIONS_OLDER ENTRY =", "RUNNING_BALANCES_OLDER ACCOUNT"},
	},
	{
		"running balances", "SELECT 'CASH 2024-01 debits'",
		"UPDATE account_periods SET debit_minor = debit_minor + 1, credit_minor = credit_minor + 1 WHERE account = 'cash' AND period = '2024-01' AND '' <> '%s'",
		"UPDATE account_periods SET debit_minor = debit_minor - 1, credit_minor = credit_minor - 1 WHERE account = 'cash' AND period = '2024-01' AND '' <> '%s'",
		[]string{"RUNNING_BALANCES_OLDER ACCOUNT ="},
	},
	{
		"a purchase against its entry", "SELECT CAST(id AS TEXT) FROM purchases WHERE tax_minor > 0",
		"UPDATE lines SET amount_minor = amount_minor + CASE account WHEN 'cash' THEN 1 WHEN 'tax_payable' THEN -1 ELSE 0 END WHERE entry_number = (SELECT number FROM entries WHERE reference = '%s' AND kind = 'PURCHASE')",
		"UPDATE lines SET amount_minor = amount_minor - CASE account WHEN 'cash' THEN 1 WHEN 'tax_payable' THEN -1 ELSE 0 END WHERE entry_number = (SELECT number FROM entries WHERE reference = '%s' AND kind = 'PURCHASE')",
		[]string{"PURCHASES_CASH_OLDER PURCHASE =", "PURCHASES_TAX_OLDER PURCHASE ="},
	},
}

// TestReconcileOlderPlants plants each fault in January and has the job of each day from June on name
// the row within a round, go on naming it day by day, and no more once it is mended. The round goes
// on meanwhile.
func TestReconcileOlderPlants(t *testing.T) {
	if testing.Short() {
		t.Skip("one reconciliation runs at a time: the race detector sees it in TestReconcile")
	}
	onBoth(t, playSealed, func(t *testing.T, s *store.Store, past ...string) {
		p := &player{ctx: t.Context()}
		p.at("2024-06-10")
		p.open(s)
		next := func() books.Reconciliation {
			p.now = p.now.AddDate(0, 0, 1)
			return daily(t, p, s, books.JobReconcile)
		}
		for _, test := range olderPlants {
			t.Run(test.what, func(t *testing.T) {
				var id string
				if err := s.Writer().QueryRowContext(t.Context(), test.id).Scan(&id); err != nil {
					t.Fatal(err)
				}
				next()
				changed(t, s, append(slices.Clone(past), fmt.Sprintf(test.plant, id))...)
				var seen books.Reconciliation
				days := 0
				for seen.Found == "" && days <= 2*books.OlderParts {
					days++
					seen = next()
				}
				if days > books.OlderParts {
					t.Fatalf("not seen within %d days", books.OlderParts)
				}
				t.Logf("seen on day %d: %q", days, differing(seen))
				holdSees := func(r books.Reconciliation) {
					for _, sees := range test.sees {
						of, kind, _ := strings.Cut(sees, " ")
						kind, it := strings.CutSuffix(kind, " =")
						if !slices.ContainsFunc(r.Lines, func(l books.ReconcileLine) bool {
							return l.Of == of && slices.ContainsFunc(l.Rows, func(row books.ReconcileRow) bool { return row.Kind == kind && row.Differs() && (!it || row.ID == id) })
						}) {
							t.Errorf("%s does not see %s: %q", sees, id, differing(r))
						}
					}
				}
				// Parts of one fault may be of two places; what was seen stays seen.
				for range books.OlderParts {
					seen = next()
				}
				holdSees(seen)
				if again := seen.Older.Parts[0]; !again.Again || !again.Differs {
					t.Errorf("the part that differs is compared as %+v", again)
				}
				done := seen.Older.Done
				if after := next(); after.Found != seen.Found || after.Older.Done == done {
					t.Errorf("a day later: %q, after %q; part %d after %d", differing(after), differing(seen), after.Older.Done, done)
				}
				changed(t, s, append(slices.Clone(past), fmt.Sprintf(test.undo, id))...)
				for range 2 * books.OlderParts {
					if mended := next(); mended.Found != "" {
						t.Fatalf("mended, and yet %q", differing(mended))
					}
				}
			})
		}
	})
}

// TestReconcileOlderInOrder has the jobs of two months find nothing in a book with events that come
// late, voids, and months that are reopened; and every event of older days is gone through once in each
// round, as a query counts them.
func TestReconcileOlderInOrder(t *testing.T) {
	if testing.Short() {
		t.Skip("one reconciliation runs at a time: the race detector sees it in TestReconcile")
	}
	onBoth(t, playSealed, func(t *testing.T, s *store.Store, past ...string) {
		changed(t, s, append(slices.Clone(past), "DELETE FROM reconciliations")...)
		p := &player{ctx: books.WithCaller(t.Context(), books.Caller{Actor: "token:ann", Name: "Ann", Kind: books.ByToken})}
		p.keys = 1000
		p.at("2024-05-02")
		p.open(s)
		late := func(day string, id string) {
			at, err := time.Parse(time.DateOnly, day)
			p.check(err)
			credits := decimal.NewFromInt(3)
			outcomes, err := p.b.RecordUsage(p.ctx, []books.UsageInput{{ID: id, Customer: "two", Credits: &credits, OccurredAt: at.Add(time.Hour)}})
			p.check(err)
			if err == nil && outcomes[0].Status != books.Recorded {
				t.Fatal(outcomes[0].Reason)
			}
		}
		var events int64 // of the round
		for day := range 60 {
			switch day % 9 {
			case 2:
				late(fmt.Sprintf("2024-0%d-1%d", 1+day%4, day%9), fmt.Sprint("late", day))
			case 3:
				p.use("one", fmt.Sprint("now", day), "2")
			case 5:
				_, err := p.b.VoidUsage(p.ctx, p.key(), books.UsageVoid{Customer: "two", ID: fmt.Sprint("late", day-3)})
				p.check(err)
			case 7:
				march := ledger.NewDate(2024, 3, 1).Period()
				proposed, err := p.b.PeriodReopenPropose(p.ctx, p.key(), books.ReopenPeriod{Period: march, Reason: "late"})
				p.check(err)
				_, err = p.b.PeriodReopenApprove(books.WithCaller(p.ctx, books.Caller{Actor: "token:bob", Kind: books.ByToken}), p.key(), books.DecideReopening{ID: proposed.ID})
				p.check(err)
				late("2024-03-17", fmt.Sprint("reopened", day))
			case 8:
				p.run()
				_, err := p.b.PeriodClose(p.ctx, p.key(), books.ClosePeriod{Period: ledger.NewDate(2024, 3, 1).Period()})
				p.check(err)
			}
			made := daily(t, p, s, books.JobAll)
			if made.Found != "" || made.Older == nil {
				t.Fatalf("%s: %q, older days %+v", p.now, differing(made), made.Older)
			}
			if want := day%books.OlderParts + 1; made.Older.Done != want || len(made.Older.Parts) != 1 {
				t.Fatalf("%s: %d parts are done, %d now; want %d and 1", p.now, made.Older.Done, len(made.Older.Parts), want)
			}
			events += lineOf(made, "EVENTS_OLDER", "").Left.Keys
			if made.Older.Done == books.OlderParts {
				var want int64
				if err := s.Writer().QueryRowContext(t.Context(), "SELECT count(DISTINCT event_id) FROM draws WHERE day <= '"+made.Older.To.String()+"'").Scan(&want); err != nil {
					t.Fatal(err)
				}
				// An event that came, or a month that turned old, after its part was gone through.
				if events > want || events < want-3 {
					t.Errorf("%s: the round had %d events of %d", p.now, events, want)
				}
				t.Logf("%s: the round had %d events of %d", p.now.Format(time.DateOnly), events, want)
				events = 0
			}
			p.now = p.now.AddDate(0, 0, 1)
		}
	})
}

// TestReconcileOlderMissed misses runs: what is due is made up, four parts a run; a run by hand on a
// day that has had its part takes none; and where four parts differ the round waits.
func TestReconcileOlderMissed(t *testing.T) {
	onBoth(t, playSealed, func(t *testing.T, s *store.Store, past ...string) {
		changed(t, s, append(slices.Clone(past), "DELETE FROM reconciliations")...)
		p := &player{ctx: t.Context()}
		p.at("2024-06-10")
		p.open(s)
		for _, step := range []struct {
			day         string
			done, parts int
			since       string
			once        bool
		}{
			{"2024-06-11", 1, 1, "2024-06-10", false},
			{"2024-06-11", 1, 0, "2024-06-10", false}, // by hand, again
			{"2024-06-14", 4, 3, "2024-06-10", false}, // two were missed
			{"2024-06-22", 8, 4, "2024-06-10", false}, // seven were
			{"2024-06-23", 12, 4, "2024-06-10", false},
			{"2024-06-24", 14, 2, "2024-06-10", true},
			{"2024-06-24", 14, 0, "2024-06-10", true},
			{"2024-06-26", 1, 1, "2024-06-10", true}, // a round begins on the day of its first run
			{"2024-07-20", 5, 4, "2024-06-10", true}, // a month was missed
			{"2024-07-21", 9, 4, "2024-06-10", true},
			{"2024-07-22", 13, 4, "2024-06-10", true},
			{"2024-07-23", 14, 1, "2024-06-10", true},
			{"2024-07-24", 1, 1, "2024-06-25", true},
		} {
			p.at(step.day)
			made := daily(t, p, s, books.JobReconcile)
			o := made.Older
			if o.Done != step.done || len(o.Parts) != step.parts || o.Since().String() != step.since || o.ThroughOnce() != step.once || made.Found != "" {
				t.Errorf("%s: %d done, %d now, since %s, once %t, found %q; want %+v", step.day, o.Done, len(o.Parts), o.Since(), o.ThroughOnce(), differing(made), step)
			}
		}
		changed(t, s, append(slices.Clone(past), "UPDATE usage_events SET credits = credits + 1 WHERE credits > 0")...)
		for day := 25; day <= 31; day++ {
			p.at(fmt.Sprintf("2024-07-%d", day))
			made := daily(t, p, s, books.JobReconcile)
			differs := 0
			for _, part := range made.Older.Parts {
				if part.Differs {
					differs++
				}
			}
			if len(made.Older.Parts) > 4 {
				t.Errorf("%s: %d parts at once", p.now, len(made.Older.Parts))
			}
			if day == 31 && (differs != 4 || made.Older.Done == 8) {
				t.Errorf("%s: %d parts differ, and the round is at %d: it must wait at four", p.now, differs, made.Older.Done)
			}
		}
		changed(t, s, append(slices.Clone(past), "UPDATE usage_events SET credits = credits - 1 WHERE credits > 0")...)
		p.at("2024-08-01")
		if made := daily(t, p, s, books.JobReconcile); made.Found != "" || len(made.Older.Parts) != 4 {
			t.Errorf("mended: %q, %+v", differing(made), made.Older)
		}
		p.at("2024-08-02")
		if made := daily(t, p, s, books.JobReconcile); made.Found != "" || len(made.Older.Parts) == 0 || made.Older.Parts[0].Again {
			t.Errorf("mended: %q, %+v", differing(made), made.Older)
		}
	})
}
