package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/storetest"
	"drawdown/ledger"
)

func TestSQLiteFile(t *testing.T) {
	storetest.Run(t, func(t *testing.T) books.Store { return openFile(t, filepath.Join(t.TempDir(), "book.db")) })
}

func TestSQLiteMemory(t *testing.T) {
	storetest.Run(t, func(t *testing.T) books.Store { return openMemory(t) })
}

func openFile(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func openMemory(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOpenRefusesWhatItCannotOpen(t *testing.T) {
	directory := t.TempDir()
	for _, test := range []struct {
		url     string
		options store.Options
		code    books.Code
		says    string
	}{
		{"postgres://%zz", store.Options{}, books.Invalid, "postgres://USER:PASSWORD@HOST:5432/DATABASE"},
		{"mysql:book", store.Options{}, books.Invalid, "sqlite:PATH"},
		{"book.db", store.Options{}, books.Invalid, "sqlite:PATH"},
		{"sqlite:", store.Options{}, books.Invalid, "names no file"},
		{"sqlite:" + directory, store.Options{}, books.Invalid, "is a directory"},
		{"sqlite:" + directory + "/none/book.db", store.Options{}, books.Invalid, "does not exist"},
		{"sqlite:" + directory + "/none.db", store.Options{MustExist: true}, books.NotFound, "there is no database"},
		{"sqlite:" + notADatabase(t, directory), store.Options{}, books.Invalid, "not a database"},
	} {
		_, err := store.Open(t.Context(), test.url, test.options)
		if books.CodeOf(err) != test.code || !strings.Contains(fmt.Sprint(err), test.says) {
			t.Errorf("%s: got %s %v, want %s and %q", test.url, books.CodeOf(err), err, test.code, test.says)
		}
	}
}

func notADatabase(t *testing.T, directory string) string {
	path := filepath.Join(directory, "text.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("this is a text\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPathsAreTakenLiterally(t *testing.T) {
	path := filepath.Join(t.TempDir(), "100% a?b#c é.db")
	if err := openFile(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
}

func TestMigrate(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "book.db")
	s, err := store.Open(ctx, "sqlite:"+path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	pending := func() int {
		t.Helper()
		n, err := s.MigrationsPending(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if pending() == 0 {
		t.Fatal("a new database has no migrations pending")
	}
	for range 2 { // the second has nothing to do
		if err := s.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		if n := pending(); n != 0 {
			t.Fatalf("%d migrations are pending after all ran", n)
		}
	}
	// A newer program may add; this one goes on beside it, until that takes something away.
	run(ctx, t, s, "INSERT INTO bun_migrations (name, group_id) VALUES ('29991230000000', 9)")
	if err := s.Migrate(ctx); err != nil || pending() != 0 {
		t.Fatalf("a database to which a newer program added: %v, %d pending", err, pending())
	}
	run(ctx, t, s, "INSERT INTO bun_migrations (name, group_id) VALUES ('contract_29991231000000', 9)")
	if err := s.Migrate(ctx); books.CodeOf(err) != books.Invalid || !strings.Contains(err.Error(), "newer version") {
		t.Fatalf("a database from the future: got %v", err)
	}
}

// TestDurability holds the connections to what an acknowledged commit needs.
func TestDurability(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "book.db"))
	defer s.Close()
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
		var got string
		if err := s.Writer().QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s is %s, want %s", pragma, got, want)
		}
	}
}

// TestAppendOnly tries to change, to delete and to replace a row of each table that only grows.
func TestAppendOnly(t *testing.T) {
	ctx := t.Context()
	s := plantBook(t)
	defer s.Close()
	refused := func(statement, with string) {
		t.Helper()
		if _, err := s.Writer().ExecContext(ctx, statement); err == nil || !strings.Contains(err.Error(), with) {
			t.Errorf("%s: got %v", statement, err)
		}
	}
	number := func(query string, args ...any) (n int) {
		t.Helper()
		if err := s.Writer().QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	tried := 0
	for _, table := range store.AppendOnly {
		if number("SELECT count(*) FROM "+table) == 0 {
			continue
		}
		tried++
		var column string
		if err := s.Writer().QueryRowContext(ctx, "SELECT name FROM pragma_table_info(?) LIMIT 1", table).Scan(&column); err != nil {
			t.Fatal(err)
		}
		refused(fmt.Sprintf("UPDATE %s SET %s = %[2]s", table, column), table+" is append-only")
		refused("DELETE FROM "+table, table+" is append-only")
		if table == "usage_not_recorded" || table == "manual_entry_lines" || table == "manual_attachments" { // the last two take nothing where it is decided
			continue
		}
		refused(fmt.Sprintf("REPLACE INTO %s SELECT * FROM %[1]s LIMIT 1", table), table+" is append-only, and has a row of this key")
		if number("SELECT count(*) FROM pragma_table_list WHERE name = ? AND wr = 0", table) == 1 { // of the same place, under another key
			refused(fmt.Sprintf("REPLACE INTO %s (rowid, %s) SELECT rowid, %[2]s FROM %[1]s LIMIT 1", table, allColumns(t, s, table)), table+" is append-only, and has a row of this key")
		}
	}
	if tried < 25 {
		t.Errorf("the book has rows in %d of the tables", tried)
	}
	refused("REPLACE INTO usage_events ("+allColumns(t, s, "usage_events")+") SELECT "+strings.Replace(allColumns(t, s, "usage_events"), ", id,", ", 'other',", 1)+" FROM usage_events LIMIT 1",
		"usage_events is append-only, and has a row of this key") // by the key of its source
}

func allColumns(t *testing.T, s *store.Store, table string) (names string) {
	t.Helper()
	if err := s.Writer().QueryRowContext(t.Context(), "SELECT group_concat(name, ', ') FROM pragma_table_xinfo(?) WHERE hidden = 0", table).Scan(&names); err != nil {
		t.Fatal(err)
	}
	return names
}

// TestPacksFromBefore reads what a program from before there were versions wrote, or writes
// beside us: a purchase of a pack that names no version was priced by the first.
func TestPacksFromBefore(t *testing.T) {
	s := plantBook(t)
	defer s.Close()
	disarm(t, s)
	result, err := s.Writer().ExecContext(t.Context(), "UPDATE purchases SET pack_version = NULL WHERE pack_version = 1")
	if err != nil {
		t.Fatal(err)
	}
	if touched, _ := result.RowsAffected(); touched == 0 {
		t.Fatal("no purchase of a first version")
	}
	found := findingsOf(t, s)
	found = slices.DeleteFunc(found, func(f books.Finding) bool { return f.Check == "database.appendOnly" || f.Check == "database.decided" })
	if len(found) != 0 {
		t.Errorf("findings: %v", found)
	}
	err = s.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		versions := map[int]int{}
		purchases, err := tx.Purchases(ctx, books.PurchaseFilter{}, books.Page{})
		for _, p := range purchases {
			if p.PackID != "" {
				versions[p.PackVersion]++
			}
		}
		if versions[1] != 1 || versions[2] != 1 || len(versions) != 2 {
			t.Errorf("purchases by version: %v", versions)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRetries holds the database's write lock from a second process, so to say, and lets
// go after the first tries have failed.
func TestRetries(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "book.db")
	blocker := openFile(t, path)
	defer blocker.Close()
	impatient, err := store.Open(ctx, "sqlite:"+path, store.Options{BusyTimeout: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer impatient.Close()

	hold := func(release <-chan struct{}) <-chan error {
		held, done := make(chan struct{}), make(chan error, 1)
		go func() {
			done <- blocker.Update(ctx, func(context.Context, books.Tx) error { close(held); <-release; return nil })
		}()
		<-held
		return done
	}
	release := make(chan struct{})
	done := hold(release)
	time.AfterFunc(30*time.Millisecond, func() { close(release) })
	ran := 0
	err = impatient.Update(ctx, func(ctx context.Context, tx books.Tx) error {
		ran++
		_, err := tx.AppendEntries(ctx, []ledger.Entry{entryOf(1)})
		return err
	})
	if err != nil || ran != 1 {
		t.Fatalf("after the lock was let go: ran %d times, %v", ran, err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}

	release = make(chan struct{})
	done = hold(release)
	started := time.Now()
	err = impatient.Update(ctx, func(context.Context, books.Tx) error { return nil })
	if books.CodeOf(err) != books.Unavailable {
		t.Fatalf("while the lock is held: got %v, want UNAVAILABLE", err)
	}
	if took := time.Since(started); took > 20*time.Second {
		t.Fatalf("gave up after %s", took)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if err := impatient.Update(short, func(context.Context, books.Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("with a deadline: got %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}

	// An act that meets a busy database runs again from the beginning, and what it wrote
	// before is gone.
	ran = 0
	busy := err
	err = impatient.Update(ctx, func(ctx context.Context, tx books.Tx) error {
		ran++
		if _, err := tx.AppendEntries(ctx, []ledger.Entry{entryOf(2)}); err != nil {
			return err
		}
		if ran < 4 {
			return fmt.Errorf("deep inside: %w", busy)
		}
		return nil
	})
	if err != nil || ran != 4 {
		t.Fatalf("ran %d times, %v", ran, err)
	}
	err = impatient.View(ctx, func(ctx context.Context, tx books.Tx) error {
		entries, err := tx.Entries(ctx, books.EntryFilter{}, books.Page{})
		if len(entries) != 2 || entries[1].Number != 2 {
			t.Fatalf("entries %v", entries)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func entryOf(minor int64) ledger.Entry {
	on := ledger.NewDate(2024, 3, 31)
	amount := ledger.Money(minor, "USD")
	return ledger.Entry{
		Kind: ledger.PurchaseEntry, AccountingDate: on, OccurredOn: on, PostedAt: time.Now(), Description: "a sale",
		Lines: []ledger.Line{
			ledger.Debit(ledger.Cash, amount, amount, ledger.Dimensions{}), ledger.Credit(ledger.DeferredRevenue, amount, amount, ledger.Dimensions{}),
		},
	}
}

// TestReadersDoNotWait reads while a write is open: the balance does not wait for a batch.
func TestReadersDoNotWait(t *testing.T) {
	ctx := t.Context()
	s := openFile(t, filepath.Join(t.TempDir(), "book.db"))
	defer s.Close()
	err := s.Update(ctx, func(inside context.Context, tx books.Tx) error {
		if err := tx.InsertCustomer(inside, books.Customer{ID: "c", ExternalID: "c", CreatedAt: time.Now()}); err != nil {
			return err
		}
		return s.View(ctx, func(ctx context.Context, tx books.Tx) error { // of another caller: the outer context
			n, err := tx.CountCustomers(ctx, books.CustomerFilter{})
			if n != 0 {
				t.Error("a view sees what is not committed")
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}
