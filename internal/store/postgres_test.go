package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
	"drawdown/internal/store/storetest"
)

func openPostgres(t *testing.T) *store.Store {
	t.Helper()
	return openURL(t, pgtest.URL(t))
}

// openURL opens and migrates a database on a server.
func openURL(t *testing.T, address string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), address, store.Options{Writers: 4, Readers: 4})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) books.Store { return openPostgres(t) })
}

var appendOnly = []string{
	"usage_events", "draws", "recognitions", "entries", "lines", "audit_events", "lot_changes", "pack_versions", "pack_version_tiers", "rate_cards", "rates",
	"period_closings", "closing_balances", "close_task_marks", "payments", "fx_rates", "estimates", "estimate_files", "estimate_attachments", "estimate_reviews",
	"manual_entry_lines", "manual_attachments",
	"seals", "seal_keys", "seal_leaves", "seal_hashes",
	"gl_codes", "reconciliations", "usage_not_recorded", "cohort_moves", "pool_moves", "disputes",
}

// changes are what nobody may do to an append-only table.
func changes(table string) []string {
	column := map[string]string{
		"entries": "kind", "lines": "account", "audit_events": "actor", "pack_versions": "pack_id", "pack_version_tiers": "pack_id", "rate_cards": "note", "rates": "credits",
		"period_closings": "act", "closing_balances": "account", "close_task_marks": "actor", "fx_rates": "rate", "estimates": "rate", "estimate_files": "method", "estimate_attachments": "name", "estimate_reviews": "findings",
		"manual_entry_lines": "account", "manual_attachments": "name",
		"seals": "period", "seal_keys": "actor", "seal_leaves": "version", "seal_hashes": "hash",
		"gl_codes": "code", "reconciliations": "body", "usage_not_recorded": "status",
		"cohort_moves": "month", "pool_moves": "day",
	}[table]
	if column == "" {
		column = "customer_id"
	}
	return []string{fmt.Sprintf("UPDATE %s SET %s = %[2]s", table, column), "DELETE FROM " + table, "TRUNCATE " + table}
}

// TestPostgresAppendOnly holds that nobody changes what was written: the database refuses a
// superuser by triggers, and the owner of the tables by grants before that.
func TestPostgresAppendOnly(t *testing.T) {
	super := pgtest.Superuser(t)
	asSuperuser := pgtest.URL(t)
	s := openURL(t, asSuperuser)
	defer s.Close()
	if err := playBook(s); err != nil {
		t.Fatal(err)
	}
	database := pgtest.Database(t)
	owner, _ := pgtest.Role(t, super, "secret")
	pgtest.Exec(t, database, "CREATE SCHEMA AUTHORIZATION "+owner)
	asOwner := pgtest.With(t, withUser(t, database, owner, "secret"), "search_path", owner)
	owned := openURL(t, asOwner)
	if err := playBook(owned); err != nil {
		t.Fatal(err)
	}
	if found := findingsOf(t, owned); len(found) != 0 {
		t.Errorf("findings: %v", found)
	}
	owned.Close()
	for _, table := range appendOnly {
		for _, change := range changes(table) {
			if err := pgtest.Try(t, asSuperuser, change); err == nil || !strings.Contains(err.Error(), table+" is append-only: correct it with a new row (SQLSTATE 23001)") {
				t.Errorf("a superuser, %s: %v", change, err)
			}
			if err := pgtest.Try(t, asOwner, change); err == nil || !strings.Contains(err.Error(), "permission denied for table "+table+" (SQLSTATE 42501)") {
				t.Errorf("the owner, %s: %v", change, err)
			}
		}
	}
	pgtest.Exec(t, database, "DROP SCHEMA "+owner+" CASCADE")
}

func withUser(t *testing.T, address, name, password string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(name, password)
	return u.String()
}

// TestPostgresRoles runs the SQL of the operator's guide, with names of its own, and then
// everything as the role that it makes for the program: which can do all that the program
// does, and nothing to what must not change.
func TestPostgresRoles(t *testing.T) {
	super := pgtest.Superuser(t)
	guide, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, block := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(guide), -1) {
		blocks = append(blocks, block[1])
	}
	if len(blocks) != 2 {
		t.Fatalf("the guide has %d blocks of SQL, want the roles and the grants", len(blocks))
	}
	owner, _ := pgtest.Role(t, super, "secret")
	app, _ := pgtest.Role(t, super, "secret")
	database := pgtest.Database(t)
	pgtest.Exec(t, database, fmt.Sprintf("ALTER DATABASE %s OWNER TO %s", strings.TrimPrefix(pathOf(t, database), "/"), owner))
	names := strings.NewReplacer("drawdown_owner", owner, "drawdown_app", app, "DATABASE drawdown", "DATABASE "+strings.TrimPrefix(pathOf(t, database), "/"))
	for statement := range strings.SplitSeq(names.Replace(blocks[0]), ";") {
		switch statement = strings.TrimSpace(statement); {
		case strings.HasPrefix(statement, "CREATE ROLE"), strings.HasPrefix(statement, "CREATE DATABASE"): // there are such already
		case strings.HasPrefix(statement, `\connect`):
			_, statement, _ = strings.Cut(statement, "\n")
			fallthrough
		default:
			pgtest.Exec(t, database, statement)
		}
	}
	asOwner, asApp := withUser(t, database, owner, "secret"), withUser(t, database, app, "secret")
	openURL(t, asOwner).Close()
	pgtest.Exec(t, asOwner, names.Replace(blocks[1]))

	s, err := store.Open(t.Context(), asApp, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if pending, err := s.MigrationsPending(t.Context()); pending != 0 || err != nil {
		t.Error(pending, err)
	}
	if err := playBook(s); err != nil {
		t.Error(err)
	}
	if found := findingsOf(t, s); len(found) != 0 {
		t.Errorf("findings: %v", found)
	}
	s.Close()
	for _, table := range appendOnly {
		for _, change := range append(changes(table), "ALTER TABLE "+table+" DISABLE TRIGGER ALL", "DROP TABLE "+table) {
			if err := pgtest.Try(t, asApp, change); err == nil || !strings.Contains(err.Error(), "SQLSTATE 42501") {
				t.Errorf("%s: %v", change, err)
			}
		}
	}
	for _, change := range []string{"DELETE FROM lots", "DELETE FROM purchases", "UPDATE policies SET code = code", "UPDATE idempotency_keys SET key = key", "CREATE TABLE mine (x int)", "DELETE FROM bun_migrations"} {
		if err := pgtest.Try(t, asApp, change); err == nil || !strings.Contains(err.Error(), "SQLSTATE 42501") {
			t.Errorf("%s: %v", change, err)
		}
	}
}

func pathOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

// TestPostgresTimeouts holds that whoever waits too long is told so.
func TestPostgresTimeouts(t *testing.T) {
	base := pgtest.URL(t)
	_ = openURL(t, base).Close() // migrated, for which there is time
	s := openURL(t, pgtest.With(t, base, "statement_timeout", "1s"))
	defer s.Close()
	slow := func(ctx context.Context, tx books.Tx) error {
		_, err := store.Act(ctx, tx, "SELECT pg_sleep(5)")
		return store.Refused(err)
	}
	if err := s.Update(t.Context(), slow); books.CodeOf(err) != books.Unavailable {
		t.Errorf("a statement that takes too long: %v", err)
	}
	held, release := make(chan struct{}), make(chan struct{})
	impatient := openURL(t, pgtest.With(t, base, "lock_timeout", "10ms"))
	defer impatient.Close()
	go func() {
		_ = impatient.Update(t.Context(), func(ctx context.Context, tx books.Tx) error {
			_, err := tx.TakeLease(ctx, "a", "me", noonOf(0), noonOf(1))
			close(held)
			<-release
			return err
		})
	}()
	<-held
	tries := 0
	err := impatient.Update(t.Context(), func(ctx context.Context, tx books.Tx) error {
		tries++
		_, err := tx.TakeLease(ctx, "a", "you", noonOf(0), noonOf(1))
		return err
	})
	close(release)
	if books.CodeOf(err) != books.Unavailable || tries < 5 {
		t.Errorf("a row that is held for too long: %v after %d tries", err, tries)
	}
}

func noonOf(day int) time.Time { return time.Date(2024, 1, 1+day, 12, 0, 0, 0, time.UTC) }

// TestPostgresAway stops the server under an open store: callers are told, and once it is
// back all goes on without a new start.
func TestPostgresAway(t *testing.T) {
	server := pgtest.OwnServer(t)
	s := openURL(t, server.URL)
	defer s.Close()
	keep := func(id string) error {
		return s.Update(t.Context(), func(ctx context.Context, tx books.Tx) error {
			_, err := tx.TakeLease(ctx, id, "me", noonOf(0), noonOf(1))
			return err
		})
	}
	read := func() error {
		return s.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
			_, err := tx.CountLots(ctx, books.LotFilter{})
			return err
		})
	}
	for round := range 2 {
		if err := errors.Join(keep(fmt.Sprint("before ", round)), read()); err != nil {
			t.Fatal(err)
		}
		// A transaction is open when the server goes.
		err := s.Update(t.Context(), func(ctx context.Context, tx books.Tx) error {
			if _, err := tx.TakeLease(ctx, "during", "me", noonOf(0), noonOf(1)); err != nil {
				return err
			}
			server.Stop(t)
			_, err := tx.TakeLease(ctx, "during", "me", noonOf(0), noonOf(1))
			return err
		})
		if books.CodeOf(err) != books.Unavailable {
			t.Errorf("while the server went: %v", err)
		}
		for range 6 { // more often than there are connections
			if err := keep("away"); books.CodeOf(err) != books.Unavailable {
				t.Errorf("while the server is away: %v", err)
			}
			if err := read(); books.CodeOf(err) != books.Unavailable {
				t.Errorf("reading while the server is away: %v", err)
			}
		}
		if _, err := store.Open(t.Context(), server.URL, store.Options{}); books.CodeOf(err) != books.Unavailable {
			t.Errorf("opening while the server is away: %v", err)
		}
		server.Start(t)
		for range 6 {
			if err := errors.Join(keep("back"), read()); err != nil {
				t.Errorf("after the server came back: %v", err)
			}
		}
	}
}

// TestPostgresCutOff ends each connection of the pools, as a fail-over or an operator does:
// at most one transaction per connection is told to try again.
func TestPostgresCutOff(t *testing.T) {
	database := pgtest.Database(t)
	s := openURL(t, database)
	defer s.Close()
	act := func() error {
		return s.Update(t.Context(), func(ctx context.Context, tx books.Tx) error {
			_, err := tx.TakeLease(ctx, "a", "me", noonOf(0), noonOf(1))
			return err
		})
	}
	if err := act(); err != nil {
		t.Fatal(err)
	}
	pgtest.Ask(t, database, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	told := 0
	for range 10 {
		if err := act(); err != nil {
			told++
			if books.CodeOf(err) != books.Unavailable {
				t.Error(err)
			}
		}
	}
	if told > 4 {
		t.Errorf("%d of 10 transactions failed, of 4 connections", told)
	}
}

// TestPostgresMigrateAtOnce has several programs start on an empty database at the same
// moment: one migrates, the others wait, and none takes the database for somebody else's.
func TestPostgresMigrateAtOnce(t *testing.T) {
	for range 3 {
		address := pgtest.URL(t)
		var programs sync.WaitGroup
		for range 5 {
			programs.Go(func() {
				s, err := store.Open(t.Context(), address, store.Options{Writers: 1, Readers: 1})
				if err != nil {
					t.Error(err)
					return
				}
				defer s.Close()
				fresh, err := s.IsNew(t.Context())
				if err == nil && fresh {
					err = s.Migrate(t.Context())
				}
				pending := 0
				if err == nil {
					pending, err = s.MigrationsPending(t.Context())
				}
				if err != nil || pending != 0 {
					t.Errorf("%d pending, %v", pending, err)
				}
			})
		}
		programs.Wait()
	}
}

// TestPostgresDeadlock has two transactions wait for each other, which those of the program
// never do: the server ends one, and it is run again.
func TestPostgresDeadlock(t *testing.T) {
	s := openURL(t, pgtest.URL(t))
	defer s.Close()
	var met, ended sync.WaitGroup
	met.Add(2)
	tries := [2]int{}
	for n := range 2 {
		ended.Go(func() {
			err := s.Update(t.Context(), func(ctx context.Context, tx books.Tx) error {
				tries[n]++
				for i := range 2 {
					if _, err := tx.TakeLease(ctx, fmt.Sprint((n+i)%2), "me", noonOf(0), noonOf(1)); err != nil {
						return err
					}
					if i == 0 && tries[n] == 1 {
						met.Done()
						met.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	ended.Wait()
	// More often where the one that was ended is back before the other has noticed.
	if tries[0]+tries[1] < 3 {
		t.Errorf("run %d and %d times, want one of them more than once", tries[0], tries[1])
	}
}

// TestPostgresCodes holds which errors of the server are run again, and which mean that it
// cannot be used.
func TestPostgresCodes(t *testing.T) {
	s := openPostgres(t)
	defer s.Close()
	for code, want := range map[string]struct {
		tries int
		code  books.Code
	}{
		"40001": {10, books.Unavailable}, "40P01": {10, books.Unavailable}, "55P03": {10, books.Unavailable},
		"57014": {1, books.Unavailable}, "53100": {1, books.Unavailable}, "53300": {1, books.Unavailable}, "57P03": {1, books.Unavailable},
		"25006": {1, books.Unavailable}, "42501": {1, books.Unavailable}, "08006": {1, books.Unavailable}, "58030": {1, books.Unavailable},
		"22P02": {1, books.Invalid}, "23505": {1, books.AlreadyExists}, "22012": {1, books.Internal}, "XX000": {1, books.Internal},
	} {
		if testing.Short() && want.tries > 1 && code != "40001" {
			continue // two seconds of pauses each
		}
		tries := 0
		err := s.Update(t.Context(), func(ctx context.Context, tx books.Tx) error {
			tries++
			_, err := store.Act(ctx, tx, "DO $$ BEGIN RAISE EXCEPTION 'a test' USING ERRCODE = '"+code+"'; END $$")
			return store.Refused(err)
		})
		if books.CodeOf(err) != want.code || tries != want.tries {
			t.Errorf("%s: %s after %d tries, want %s after %d: %v", code, books.CodeOf(err), tries, want.code, want.tries, err)
		}
	}
}

// TestPostgresSecrets holds that no error of opening a database tells its password, however
// deep one digs.
func TestPostgresSecrets(t *testing.T) {
	const secret = "s3cret-and-long"
	base := withUser(t, pgtest.Server(t), "nobody_at_all", secret)
	for _, address := range []string{
		base, pgtest.With(t, base, "sslmode", "perhaps"), pgtest.With(t, base, "connect_timeout", "soon"), pgtest.With(t, base, "work_mem", "much"),
		"postgres://a:" + secret + "@127.0.0.1:1/x", "postgres://a:" + secret + "@nowhere.invalid/x", "postgres://127.0.0.1:1/x?password=" + secret,
	} {
		s, err := store.Open(t.Context(), address, store.Options{})
		if err == nil {
			s.Close()
			t.Skip("the server lets everybody in")
		}
		for deep := err; deep != nil; deep = errors.Unwrap(deep) {
			if strings.Contains(deep.Error(), secret) {
				t.Errorf("%v", deep)
			}
		}
	}
}

// TestPostgresPlans holds hot paths to an index. Writers are told never to read a whole
// table, so a plan that does so has none to use.
func TestPostgresPlans(t *testing.T) {
	s := openPostgres(t)
	defer s.Close()
	const id = "'00000000-0000-7000-8000-00000000dead'"
	argument := regexp.MustCompile(`\$\d+(::(\w+)\[\])?`)
	for name, query := range store.PostgresQueries {
		query = argument.ReplaceAllStringFunc(query, func(given string) string {
			switch {
			case strings.HasSuffix(given, "uuid[]"):
				return "ARRAY[" + id + ", " + id + "]::uuid[]"
			case strings.HasSuffix(given, "text[]"):
				return "ARRAY['2024-01-01', '2024-01-02']"
			case strings.HasSuffix(given, "bigint[]"):
				return "ARRAY[1, 2]::bigint[]"
			}
			return "1"
		})
		plan := postgresPlanOf(t, s, query)
		if strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Hash Join") || !strings.Contains(plan, "Index") && !strings.HasPrefix(plan, "Insert") {
			t.Errorf("%s does not go by an index:\n%s", name, plan)
		}
		if strings.Contains(plan, "Sort") && strings.Contains(name, "Queue") {
			t.Errorf("%s sorts a queue:\n%s", name, plan)
		}
	}
}

func postgresPlanOf(t *testing.T, s *store.Store, query string) string {
	t.Helper()
	rows, err := s.Writer().DB.QueryContext(t.Context(), "EXPLAIN (COSTS OFF) "+query)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer func() { _ = rows.Close() }() // what went wrong, rows.Err says
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
