package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"drawdown/internal/store/pgtest"
)

// TestShown holds that no password of a URL is shown, wherever it stands.
func TestShown(t *testing.T) {
	for given, want := range map[string]string{
		"sqlite:book.db": "sqlite:book.db",
		"postgres://acme:s3cret@db:5432/book?sslmode=require": "postgres://acme:xxxxx@db:5432/book?sslmode=require",
		"postgresql://acme@db/book":                           "postgresql://acme@db/book",
		"postgres://db/book?user=acme&password=s3cret":        "postgres://db/book?password=xxxxx&user=acme",
		"postgres://db/book?sslpassword=s3cret":               "postgres://db/book?sslpassword=xxxxx",
		"postgres://acme:s3c%ret@db/book":                     "postgres://…",
		"postgres://acme:s3/cret@db/book":                     "postgres://…",
		"postgres:host=db password=s3cret":                    "postgres://…",
		"postgres://acme:s3cret@db:port/book":                 "postgres://…",
	} {
		if got := shown(given); got != want {
			t.Errorf("%s is shown as %s, want %s", given, got, want)
		}
	}
}

// ended runs the program and returns how it ended, with all that it said.
func ended(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	return endedWith(t, func(string) string { return "" }, args...)
}

// endedWith runs the program with an environment.
func endedWith(t *testing.T, env func(string) string, args ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	p := program{stdin: strings.NewReader(""), stdout: &out, stderr: &out, env: env}
	code = p.run(t.Context(), args)
	return code, out.String()
}

// TestPostgresRefusals holds what the program says of databases on a server that it cannot
// use, and that it keeps passwords to itself.
func TestPostgresRefusals(t *testing.T) {
	const secret = "s3cret-and-long"
	server := pgtest.Superuser(t)
	_, as := pgtest.Role(t, server, secret)
	change := func(url string, with func(*url.URL)) string { return changed(t, url, with) }
	newer := pgtest.URL(t)
	ran(t, "migrate", "--db", newer)
	pgtest.Exec(t, newer, "INSERT INTO bun_migrations (name, group_id, migrated_at) VALUES ('contract_29990101000000', 9, now())")
	foreign := pgtest.URL(t)
	pgtest.Exec(t, foreign, "CREATE TABLE somebody_elses (x int)")
	migrated := pgtest.URL(t)
	ran(t, "migrate", "--db", migrated)
	noRights := change(migrated, func(u *url.URL) { u.User = parsed(t, as).User })
	passwordsAreAsked := true
	if code, _ := ended(t, "verify", "--db", change(as, func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "another") })); code == usage {
		passwordsAreAsked = false
	}
	for _, test := range []struct {
		what, db, command string
		code              int
		says              string
	}{
		{"server away", change(as, func(u *url.URL) { u.Host = "127.0.0.1:1" }), "verify", database, "--db: cannot be reached: nothing answers as PostgreSQL for postgres on 127.0.0.1:1.*connection refused"},
		{"no such host", change(as, func(u *url.URL) { u.Host = "nowhere.invalid" }), "verify", database, "--db: cannot be reached.*nowhere.invalid"},
		{"wrong password", change(as, func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), secret+"!") }), "serve", database, `--db: is refused: the server does not let in user "test_\w+" with that password: .*28P01`},
		{"no such database", change(as, func(u *url.URL) { u.Path = "/nothing" }), "verify", database, `--db: names the database "nothing", which that server does not have: make it with createdb`},
		{"no such schema", pgtest.With(t, as, "search_path", "nowhere"), "verify", database, `--db: names the schema "nowhere", which does not exist in that database, or is not for user "test_\w+": see CREATE SCHEMA and GRANT USAGE`},
		{"not migrated", pgtest.URL(t), "verify", database, `^drawdown: the database postgres://\S+ lacks [1-9]\d* migrations: run drawdown migrate --db postgres://`},
		{"no book", migrated, "verify", database, "^drawdown: the database postgres://.* holds no book yet: drawdown serve makes one"},
		{"somebody else's", foreign, "serve", database, "lacks [1-9]"},
		{"newer", newer, "job run all", usage, `--db: was changed by a newer version of this program in a way that this one does not know \(migration 29990101000000\): use that version`},
		{"no rights on the schema", noRights, "verify", database, `--db: names the schema "test_\w+", which does not exist in that database, or is not for user "test_\w+"`},
		{"no rights to make tables", pgtest.With(t, as, "search_path", "pg_catalog"), "migrate", database, "permission denied"},
		{"a parameter that is none", as + "&statement_timeout=soon", "verify", database, `cannot be used: .*statement_timeout`},
		// A server without TLS, or with a certificate that nobody vouches for: some systems make one.
		{"no TLS that can be trusted", pgtest.With(t, as, "sslmode", "verify-full"), "verify", database, "cannot be reached.*(TLS|tls: )"},
	} {
		t.Run(test.what, func(t *testing.T) {
			if test.what == "wrong password" && !passwordsAreAsked {
				t.Skip("the server lets everybody in")
			}
			code, said := ended(t, append(strings.Fields(test.command), "--db", test.db)...)
			if code != test.code || !regexp.MustCompile(test.says).MatchString(said) {
				t.Errorf("ended with %d: %s\nwant %d: %s", code, said, test.code, test.says)
			}
			if strings.Contains(said, secret) || strings.Contains(said, "goroutine") || strings.Count(said, "\n") != 1 {
				t.Errorf("says more than a sentence, or a secret: %s", said)
			}
		})
	}
}

func parsed(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func changed(t *testing.T, address string, with func(*url.URL)) string {
	t.Helper()
	u := parsed(t, address)
	with(u)
	return u.String()
}

// TestPostgresCommands runs every command but serve and demo on a server, as a user would
// one after the other, and holds that none of them says the password.
func TestPostgresCommands(t *testing.T) {
	const secret = "s3cret-and-long"
	db := pgtest.URL(t)
	role, as := pgtest.Role(t, pgtest.Superuser(t), secret)
	schema := parsed(t, db).Query().Get("search_path")
	pgtest.Exec(t, db, fmt.Sprintf("GRANT ALL ON SCHEMA %s TO %s", schema, role))
	db = pgtest.With(t, as, "search_path", schema)
	dir := t.TempDir()
	says := func(want string, args ...string) {
		t.Helper()
		said := ran(t, append(args, "--db", db)...)
		if !regexp.MustCompile(want).MatchString(said) || strings.Contains(said, secret) {
			t.Errorf("drawdown %v says %s, want %s", args, said, want)
		}
	}
	if code, said := ended(t, "migrate", "--status", "--db", db); code != problems || !strings.Contains(said, ":xxxxx@") || !regexp.MustCompile(` [1-9]\d* pending`).MatchString(said) {
		t.Errorf("status of a new database: %d %s", code, said)
	}
	says(`^postgres://\w+:xxxxx@\S+: [1-9]\d* applied\n$`, "migrate")
	says(": 0 applied", "migrate")
	says(": 0 pending", "migrate", "--status")
	makeCrashBook(t, db)
	files := writeUsage(t, dir, 2)
	says(`all: 2000 recorded`, append([]string{"import", "usage"}, files...)...)
	says(`2000 duplicates`, append([]string{"import", "usage"}, files...)...)
	says(`all through \S+: \d+ lots and pools, \d+ recognitions, \d+ entries`, "job", "run", "all")
	says(`0 recognitions, 0 entries`, "job", "run", "all")
	says("nothing differs", "verify")
	says(`commodity|account`, "export", "journal", "--format", "hledger")

	// The same on a file comes to the same journal.
	file := "sqlite:" + filepath.Join(dir, "book.db")
	makeCrashBook(t, file)
	ran(t, append([]string{"import", "usage", "--db", file}, files...)...)
	ran(t, "job", "run", "all", "--db", file)
	if want, got := fmt.Sprint(postings(t, file)), fmt.Sprint(postings(t, db)); want != got || len(want) < 100 {
		t.Errorf("the journals differ:\non a file   %s\non a server %s", want, got)
	}
}

// TestPostgresScenarios plays every scenario on a server, each in a schema that is gone
// afterwards.
func TestPostgresScenarios(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute under the race detector, which sees the same code in memory")
	}
	db := pgtest.Database(t)
	var files []string
	for _, pattern := range []string{"../../scenarios/*.yaml", "../../../shared/cases/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	said := ran(t, append([]string{"scenario", "run", "--db", db}, files...)...)
	if want := fmt.Sprintf("%d ok, 0 not ok", len(files)); len(files) < 30 || !strings.Contains(said, want) {
		t.Errorf("%s\nwant %s", said, want)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.yaml")
	must(writeFile(wrong, "id: wrong\ntitle: Wrong\npolicies: {default: {}}\nsteps:\n  - at: 2025-01-01\n    purchase: {as: p, customer: acme, credits: 10, price: \"1.00\"}\n  - expect: {balance: {cash: \"2.00\"}}\n"))
	if code, said := ended(t, "scenario", "run", "--db", db, wrong); code != problems {
		t.Errorf("%d: %s", code, said)
	}
	// Stopped in the middle, it leaves nothing either.
	stopped, stop := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, stop)
	p := program{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, env: func(string) string { return "" }}
	if code := p.run(stopped, append([]string{"scenario", "run", "--db", db}, files...)); code == success {
		t.Error("was not stopped")
	}
	if left := pgtest.Ask(t, db, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'drawdown%'"); left != "0" {
		t.Errorf("%s schemas are left behind", left)
	}
}

func writeFile(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }
