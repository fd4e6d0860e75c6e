// Package pgtest gives tests a PostgreSQL server: the one that TEST_POSTGRES_URL names,
// or one that it starts from the programs installed on the machine and stops with the
// test program. Where neither can be had a test is skipped, and with CI set it fails.
package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver by which schemas are made
)

// URLVariable names the environment variable that holds the URL of a server to use. Its
// user must be allowed to make schemas.
const URLVariable = "TEST_POSTGRES_URL"

// URL returns the URL of a new, empty schema, which is dropped when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	server := Server(t)
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	execute(t, server, "CREATE SCHEMA "+pgx.Identifier{name}.Sanitize())
	t.Cleanup(func() { execute(t, server, "DROP SCHEMA "+pgx.Identifier{name}.Sanitize()+" CASCADE") })
	return WithSchema(t, server, name)
}

// Server returns the URL of the server's database.
func Server(t testing.TB) string {
	t.Helper()
	at, err := started()
	switch {
	case err == nil:
		return at
	case os.Getenv("CI") != "":
		t.Fatal("PostgreSQL is needed:", err)
	}
	t.Skip("NOT TESTED on PostgreSQL:", err)
	return ""
}

// WithSchema returns the URL with a schema named in it.
func WithSchema(t testing.TB, server, schema string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String()
}

// execute runs a statement on a connection of its own.
func execute(t testing.TB, server, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(context.Background(), statement)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// started starts the server once for the test program.
var started = sync.OnceValues(func() (string, error) {
	if given := os.Getenv(URLVariable); given != "" {
		return given, nil
	}
	programs, err := findPrograms()
	if err != nil {
		return "", err
	}
	return start(programs)
})

// findPrograms returns the directory of initdb and postgres: on the path, or where Debian
// keeps them, the newest version first.
func findPrograms() (string, error) {
	candidates, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	slices.Sort(candidates)
	slices.Reverse(candidates)
	if onPath, err := exec.LookPath("initdb"); err == nil {
		candidates = append(candidates, onPath)
	}
	for _, initdb := range candidates {
		dir := filepath.Dir(initdb)
		if _, err := os.Stat(filepath.Join(dir, "postgres")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("neither initdb and postgres are installed, nor is %s set", URLVariable)
}

// lifeline is the server's standard input. It is held here and never closed: its end is
// the end of the test program.
var lifeline io.WriteCloser

// start makes a cluster in a temporary directory and runs a server on it, which ends when
// the test program does.
func start(programs string) (at string, err error) {
	dir, err := os.MkdirTemp("", "drawdown-postgres-")
	if err != nil {
		return "", err
	}
	asUser, err := unprivileged(dir)
	if err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	// Without syncing: a test that cuts the power needs no power plant.
	initdb := exec.Command(filepath.Join(programs, "initdb"), "--pgdata", data, "--username", "drawdown", "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = asUser, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return "", err
	}
	// The shell outlives the test program by a moment, however that ends: it waits for the
	// end of its standard input, whose other end only the test program holds.
	const watched = `"$0" "$@" <&- & server=$!; read -r _; kill -INT $server; wait $server; rm -rf "$PGTEST_DIR"`
	server := exec.Command("/bin/sh", "-c", watched, filepath.Join(programs, "postgres"), "-D", data, "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=300",
		"-c", "fsync=off", "-c", "autovacuum_naptime=5s")
	server.SysProcAttr, server.Dir, server.Stdout, server.Stderr = asUser, dir, log, log
	server.Env = append(os.Environ(), "PGTEST_DIR="+dir)
	if lifeline, err = server.StdinPipe(); err != nil {
		return "", err
	}
	if err := server.Start(); err != nil {
		return "", err
	}
	at = fmt.Sprintf("postgres://drawdown@127.0.0.1:%d/postgres?sslmode=disable", port)
	return at, answers(at, log.Name())
}

// unprivileged returns how to start a program as a user who is not root, as PostgreSQL
// demands, and gives the directory to that user.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	attributes := &syscall.SysProcAttr{Setpgid: true} // an interrupt at the terminal is not for it
	if os.Geteuid() != 0 {
		return attributes, nil
	}
	var other *user.User
	var err error
	for _, name := range []string{"postgres", "nobody"} {
		if other, err = user.Lookup(name); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no other user: %w", err)
	}
	uid, uidErr := strconv.ParseUint(other.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(other.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, err
	}
	attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attributes, os.Chown(dir, int(uid), int(gid))
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

const startTime = 60 * time.Second

// answers waits until the server takes connections.
func answers(at, log string) error {
	deadline := time.Now().Add(startTime)
	for {
		conn, err := pgx.Connect(context.Background(), at)
		if err == nil {
			return conn.Close(context.Background())
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(log)
			return fmt.Errorf("the server does not answer: %w\n%s", err, said)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
