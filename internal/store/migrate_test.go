package store_test

import (
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
)

// TestMigrateAfterCrash crashes after each migration and before the mark that it was
// applied: the next start goes on from there.
func TestMigrateAfterCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("asks one thing after the other, in which the race detector sees nothing")
	}
	ctx := t.Context()
	files, err := filepath.Glob("migrations/sqlite/*.up.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	slices.Sort(files)
	migrated := openFile(t, filepath.Join(t.TempDir(), "book.db"))
	defer migrated.Close()
	var marks []string // the tables of the marks
	if err := migrated.Writer().NewRaw("SELECT sql FROM sqlite_master WHERE tbl_name LIKE 'bun_%' AND sql IS NOT NULL").Scan(ctx, &marks); err != nil {
		t.Fatal(err)
	}
	for crash, crashed := range files {
		t.Run(filepath.Base(crashed), func(t *testing.T) {
			s, err := store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "book.db"), store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for _, mark := range marks {
				run(ctx, t, s, mark)
			}
			for i, file := range files[:crash+1] {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				err = s.Writer().RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
					_, err := tx.ExecContext(ctx, string(text))
					return err
				})
				if err != nil {
					t.Fatal(file, err)
				}
				if i < crash {
					run(ctx, t, s, "INSERT INTO bun_migrations (name, group_id) VALUES ('"+filepath.Base(file)[:14]+"', 1) ON CONFLICT DO NOTHING")
				}
			}
			if err := s.Migrate(ctx); err != nil {
				t.Fatal("going on:", err)
			}
			if n, err := s.MigrationsPending(ctx); n != 0 || err != nil {
				t.Fatal(n, "are pending", err)
			}
		})
	}
}

func run(ctx context.Context, t *testing.T, s *store.Store, query string) {
	t.Helper()
	if _, err := s.Writer().DB.ExecContext(ctx, query); err != nil {
		t.Fatal(err)
	}
}

// oldBook opens a copy of a book that was written by an earlier version: the book of
// plantImage, as that version's migrations and rules made it.
func oldBook(t *testing.T, path string) *store.Store {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	image, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.OpenImage(t.Context(), image)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// figures is what a migration must not change.
func figures(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for what, query := range map[string]string{
		"lots": `SELECT group_concat(id || ' ' || drawn || ' ' || lapsed || ' ' || recognised_minor || ' ' || carrying_minor || ' ' || coalesce(booked_through, ''), ';')
			FROM (SELECT * FROM lots ORDER BY customer_id, id)`,
		"days":         "SELECT group_concat(lot_id || ' ' || day || ' ' || drawn, ';') FROM (SELECT * FROM lot_days ORDER BY customer_id, lot_id, day)",
		"recognitions": "SELECT count(*) || ' ' || sum(amount_minor) || ' ' || sum(credits) FROM recognitions",
		"lines":        "SELECT count(*) || ' ' || sum(abs(amount_minor)) FROM lines",
		"events":       "SELECT count(*) || ' ' || sum(credits) FROM usage_events",
	} {
		var figure string
		if err := s.Writer().NewRaw(query).Scan(t.Context(), &figure); err != nil {
			t.Fatal(what, err)
		}
		all[what] = figure
	}
	return all
}

// knowsFromNow holds that of the pools of an old book it is known what they come to, and not since when.
func knowsFromNow(t *testing.T, s *store.Store) {
	t.Helper()
	err := s.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		known, err := tx.MovesKnownFrom(ctx)
		if age := time.Since(known); age < 0 || age > time.Hour {
			t.Errorf("moves are known from %s, not from the migration on", known)
		}
		if err != nil {
			return err
		}
		measures, err := tx.PoolMeasures(ctx, books.MeasureFilter{On: lastYear, AsOf: known.AddDate(-1, 0, 0)}, books.Page{})
		if err != nil || len(measures) == 0 {
			t.Errorf("an old book of %d pools: %v", len(measures), err)
		}
		for _, of := range measures {
			days, err := tx.PoolDays(ctx, of.Pool.ID)
			if err != nil {
				return err
			}
			sold := int64(0)
			for _, day := range days {
				sold += day.SoldMinor
			}
			if of.Total.SoldMinor != sold {
				t.Errorf("pool %s sold %d, measured as %d", of.Pool.Key, sold, of.Total.SoldMinor)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// lastYear lies after all days of an old book.
var lastYear = ledger.NewDate(2100, 1, 1)

// TestMigrateOldBook brings a book of an earlier version up to date: what waited to be
// booked still waits, nothing else changes, verify finds nothing, and booking goes on.
func TestMigrateOldBook(t *testing.T) {
	ctx := t.Context()
	s := oldBook(t, "testdata/book-20261101.db.gz")
	defer s.Close()
	before := figures(t, s)
	type wait struct{ LotID, Day string }
	var waits, waiting []wait
	if err := s.Writer().NewRaw("SELECT lot_id, min(day) AS day FROM lot_days WHERE pending GROUP BY lot_id ORDER BY lot_id").Scan(ctx, &waits); err != nil {
		t.Fatal(err)
	}
	if len(waits) == 0 {
		t.Fatal("nothing waits in the old book")
	}
	if err := s.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, figures(t, s)); diff != "" {
		t.Errorf("the migration changed figures (- before, + after):\n%s", diff)
	}
	knowsFromNow(t, s)
	if err := s.Writer().NewRaw("SELECT id AS lot_id, pending_from AS day FROM lots WHERE pending_from IS NOT NULL ORDER BY id").Scan(ctx, &waiting); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(waits, waiting); diff != "" {
		t.Errorf("what waited and what waits now differ (- before, + after):\n%s", diff)
	}
	if found := findingsOf(t, s); len(found) != 0 {
		t.Errorf("findings: %v", found)
	}
	p := &player{ctx: ctx}
	p.at("2024-05-25")
	p.open(s)
	p.run()
	if p.fault != nil {
		t.Fatal(p.fault)
	}
	if found := findingsOf(t, s); len(found) != 0 {
		t.Errorf("findings after booking: %v", found)
	}
	keepsCatchUps(t, s, p)
	err := s.View(ctx, func(ctx context.Context, tx books.Tx) error {
		left, err := tx.PendingLots(ctx, ledger.NewDate(2024, 5, 24), books.LotKey{}, 10)
		if len(left) != 0 {
			t.Errorf("%v still wait", left)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// keepsCatchUps holds that what the day of an estimate from before moved stays the one figure
// as which it was booked, also when its pools are measured again, and that a new estimate
// has its catch-up apart.
func keepsCatchUps(t *testing.T, s *store.Store, p *player) {
	t.Helper()
	kinds := func() (found map[string]string) {
		var rows []struct{ Kind, Figure string }
		if err := s.Writer().NewRaw(`SELECT kind, count(*) || ' ' || sum(amount_minor) AS figure FROM recognitions
			WHERE pool_id IS NOT NULL GROUP BY kind`).Scan(t.Context(), &rows); err != nil {
			t.Fatal(err)
		}
		found = map[string]string{}
		for _, row := range rows {
			found[row.Kind] = row.Figure
		}
		return found
	}
	before := kinds()
	run(t.Context(), t, s, "UPDATE pools SET measure_from = '2024-01-01'")
	p.run()
	if diff := cmp.Diff(before, kinds()); diff != "" || p.fault != nil {
		t.Errorf("measured again, pools have other figures (- before, + after): %v\n%s", p.fault, diff)
	}
	if before["BREAKAGE_EARLY"] == "" || before["BREAKAGE_CATCH_UP"] != "" {
		t.Errorf("the old book has an estimate and no catch-ups apart, not %v", before)
	}
	_, err := p.b.EstimateCreate(t.Context(), "after the migration", books.NewEstimate{Policy: "pooled", Rate: decimal.RequireFromString("0.25"), Reason: "history"})
	p.check(err)
	p.at("2024-05-27")
	p.run()
	if after := kinds(); after["BREAKAGE_CATCH_UP"] == "" || after["BREAKAGE_EARLY"] != before["BREAKAGE_EARLY"] || p.fault != nil {
		t.Errorf("a new estimate makes %v of %v: %v", after, before, p.fault)
	}
	if found := findingsOf(t, s); len(found) != 0 {
		t.Errorf("findings after a new estimate: %v", found)
	}
}
