package bench_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"drawdown/graph"
	"drawdown/internal/auth"
	"drawdown/internal/bench"
	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
	"drawdown/ledger"
	"drawdown/ledger/export"
)

// program is what cmd hands in, as far as a test needs it.
func program(t *testing.T) bench.Program {
	return bench.Program{
		Open: func(ctx context.Context, url string) (books.Store, error) {
			db, err := store.Open(ctx, url, store.Options{})
			if err != nil {
				return nil, err
			}
			if err := db.Migrate(ctx); err != nil {
				return nil, errors.Join(err, db.Close())
			}
			return db, nil
		},
		Handler: func(ctx context.Context, book *books.Books) http.Handler {
			return graph.NewHandler(book, graph.Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Background: ctx})
		},
		Token: func(ctx context.Context, book *books.Books) (string, error) {
			secret := auth.NewSecret()
			_, err := book.FirstToken(ctx, auth.Hash(secret))
			return secret, err
		},
		Export: func(ctx context.Context, book *books.Books, format export.Format, w io.Writer) error {
			encoder, err := export.New(format, w)
			if err == nil {
				err = encoder.Begin(export.Header{Functional: book.Book().Functional})
			}
			if err != nil {
				return err
			}
			err = book.View(ctx, func(ctx context.Context, tx books.Tx) error {
				return tx.EachEntry(ctx, 0, 0, func(entry ledger.Entry) error { return encoder.Entry(export.Canonical(entry)) })
			})
			return errors.Join(err, encoder.End())
		},
		Version: "test",
	}
}

// quick are the smallest sizes with which every measure has rounds, rows and batches.
func quick(t *testing.T) bench.Options {
	o := bench.Quick()
	o.Events, o.Customers, o.Lots, o.LotDays, o.Lines = 1_000, 40, 80, 400, 500
	o.Batch, o.Clients, o.Time = 200, 8, 50*time.Millisecond
	o.Progress = func(what string) { t.Log(what) }
	return o
}

func TestEveryMeasureIsTaken(t *testing.T) {
	dir := t.TempDir()
	o := quick(t)
	o.URL = "sqlite:" + filepath.Join(dir, "book.db")
	checkRun(t, o)
	mustBeEmpty(t, dir)
}

func TestEveryMeasureIsTakenOnPostgreSQL(t *testing.T) {
	o := quick(t)
	o.URL = pgtest.Server(t)
	checkRun(t, o)
	mustHaveNoSchemas(t, o.URL)
}

// checkRun takes all measures and looks at the shape of the report, never at a speed.
func checkRun(t *testing.T, o bench.Options) {
	t.Helper()
	report, err := bench.Run(t.Context(), program(t), o)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var read bench.Report
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	var taken []string
	for _, row := range read.Rows {
		t.Logf("%-80s %12.2f %s, %s %.2f: %.2f, %s %v %s", row.What, row.Ours, row.Unit, row.LimitIs, row.Limit, row.Ratio, row.Reach, row.Reached, row.Note)
		taken = append(taken, row.Measure)
		if row.Ours <= 0 || row.Unit == "" || row.Reach == "" || len(row.Rounds) == 0 {
			t.Errorf("the row %+v is not whole", row)
		}
		if (row.LimitIs == "") != (row.Measure == bench.Burn) || (row.Limit <= 0) != (row.LimitIs == "") {
			t.Errorf("the row %+v has no limit beside it, or a limit that nothing says what it is", row)
		}
	}
	if missing := slices.DeleteFunc(bench.Measures(), func(m string) bool { return slices.Contains(taken, m) }); len(missing) > 0 {
		t.Errorf("not measured: %v", missing)
	}
	if e := read.Environment; e.Database == "" || e.Go == "" || len(e.Settings) == 0 || e.Date.IsZero() {
		t.Errorf("the environment %+v is not whole", e)
	}
}

func mustBeEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func mustHaveNoSchemas(t *testing.T, url string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var left int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'drawdown_bench_%'").Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left > 0 {
		t.Errorf("%d schemas are left behind", left)
	}
}

func TestAStoppedRunLeavesNothing(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		dir := t.TempDir()
		stopHalfway(t, "sqlite:"+filepath.Join(dir, "book.db"))
		mustBeEmpty(t, dir)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		url := pgtest.Server(t)
		stopHalfway(t, url)
		mustHaveNoSchemas(t, url)
	})
}

func stopHalfway(t *testing.T, url string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	o := quick(t)
	o.URL = url
	o.Only = []string{bench.Intake}
	said := 0
	o.Progress = func(string) {
		said++
		if said == 3 {
			stop()
		}
	}
	if _, err := bench.Run(ctx, program(t), o); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that was stopped ended with %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, spoil := range map[string]func(*bench.Options){
		"no events":             func(o *bench.Options) { o.Events = 0 },
		"no time":               func(o *bench.Options) { o.Time = 0 },
		"more lots than days":   func(o *bench.Options) { o.LotDays = o.Lots - 1 },
		"too many days a lot":   func(o *bench.Options) { o.LotDays = o.Lots * 51 },
		"an unknown spread":     func(o *bench.Options) { o.Spread = "odd" },
		"an unknown measure":    func(o *bench.Options) { o.Only = []string{"intake", "speed"} },
		"a batch beyond a call": func(o *bench.Options) { o.Batch = books.MaxUsageBatch + 1 },
		"memory":                func(o *bench.Options) { o.URL = "sqlite::memory:" },
		"another database":      func(o *bench.Options) { o.URL = "mysql://x" },
	} {
		o := bench.Quick()
		spoil(&o)
		if _, err := bench.Run(t.Context(), program(t), o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
