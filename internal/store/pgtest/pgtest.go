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
	name := newName()
	Exec(t, server, "CREATE SCHEMA "+name)
	t.Cleanup(func() { Exec(t, server, "DROP SCHEMA "+name+" CASCADE") })
	return With(t, server, "search_path", name)
}

// Database returns the URL of a new, empty database, which is dropped when the test ends.
// It takes longer than a schema, and has statistics and connections of its own.
func Database(t testing.TB) string {
	t.Helper()
	server := Server(t)
	name := newName()
	Exec(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { Exec(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	return inDatabase(t, server, name)
}

func newName() string { return "test_" + strings.ReplaceAll(uuid.NewString(), "-", "") }

// Role makes a role that may log in with the password, and drops it with all that it owns
// when the test ends. It returns the URL with the role in it.
func Role(t testing.TB, server, password string) (name, as string) {
	t.Helper()
	name = newName()
	Exec(t, server, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", name, password))
	t.Cleanup(func() { Exec(t, server, fmt.Sprintf("DROP OWNED BY %[1]s CASCADE; DROP ROLE %[1]s", name)) })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(name, password)
	return name, u.String()
}

// Server returns the URL of the server's database. Its user is a superuser, unless the
// server is one that was given.
func Server(t testing.TB) string {
	t.Helper()
	at, err := shared()
	if err != nil {
		missing(t, err)
	}
	return at
}

// Superuser returns the URL of the server's database, and leaves the test out where its
// user is no superuser.
func Superuser(t testing.TB) string {
	t.Helper()
	server := Server(t)
	if Ask(t, server, "SELECT current_setting('is_superuser')") != "on" {
		t.Skip("NOT TESTED on PostgreSQL: the user of " + URLVariable + " is no superuser")
	}
	return server
}

func missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal("PostgreSQL is needed:", err)
	}
	t.Skip("NOT TESTED on PostgreSQL:", err)
}

// With returns the URL with a parameter set in it.
func With(t testing.TB, address, parameter, value string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set(parameter, value)
	u.RawQuery = query.Encode()
	return u.String()
}

func inDatabase(t testing.TB, address, name string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// Exec runs statements on a connection of their own.
func Exec(t testing.TB, address, statements string) {
	t.Helper()
	if err := Try(t, address, statements); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

// Try runs statements on a connection of their own, and returns what the server says.
func Try(t testing.TB, address, statements string) error {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return err
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol // several at once
	ctx := context.WithoutCancel(t.Context())                     // which has ended when a test cleans up
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statements)
	return errors.Join(err, conn.Close(ctx))
}

// Emptier returns what empties all tables of the URL's schema but those that are to stay,
// append-only ones too, for which its user must be a superuser.
func Emptier(t testing.TB, address string, stay ...string) (empty func()) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) }) // the schema goes next
	rows, err := conn.Query(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	// DELETE, for TRUNCATE makes new files for every table and index, which takes longer
	// than to delete some hundred rows.
	statements := "BEGIN; SET LOCAL session_replication_role = replica;"
	for _, table := range tables {
		if !slices.Contains(stay, table) {
			statements += "DELETE FROM " + pgx.Identifier{table}.Sanitize() + ";"
		}
	}
	statements += "COMMIT"
	return func() {
		t.Helper()
		if _, err := conn.PgConn().Exec(ctx, statements).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
}

// Ask returns the one value that a query selects.
func Ask(t testing.TB, address, query string) (answer string) {
	t.Helper()
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	err = db.QueryRowContext(context.WithoutCancel(t.Context()), query).Scan(&answer)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

// sharedCluster is held here, for a lifeline that is garbage is closed.
var sharedCluster *cluster

// shared starts the server once for the test program.
var shared = sync.OnceValues(func() (string, error) {
	if given := os.Getenv(URLVariable); given != "" {
		return given, nil
	}
	var err error
	if sharedCluster, err = newCluster(); err == nil {
		err = sharedCluster.start()
	}
	if err != nil {
		return "", err
	}
	return sharedCluster.url(), nil
})

// Own is a server of a test's own, which may be stopped and started again.
type Own struct {
	// URL names its database.
	URL     string
	cluster *cluster
}

// OwnServer starts a server that ends with the test.
func OwnServer(t testing.TB) *Own {
	t.Helper()
	c, err := newCluster()
	if err != nil {
		missing(t, err)
	}
	own := &Own{URL: c.url(), cluster: c}
	own.Start(t)
	t.Cleanup(func() {
		if c.lifeline != nil {
			own.Stop(t)
		}
		if err := os.RemoveAll(c.dir); err != nil {
			t.Error(err)
		}
	})
	return own
}

// Start starts the server again.
func (o *Own) Start(t testing.TB) {
	t.Helper()
	if err := o.cluster.start(); err != nil {
		t.Fatal(err)
	}
}

// Stop ends the server and every connection to it.
func (o *Own) Stop(t testing.TB) {
	t.Helper()
	if err := o.cluster.stop(); err != nil {
		t.Fatal(err)
	}
}

// oldest is the first version of PostgreSQL that a book is kept on.
const oldest = 15

// findPrograms returns the directory of initdb and postgres, of the newest version: on the
// path, or where Debian keeps them.
func findPrograms() (newest string, err error) {
	candidates, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if onPath, err := exec.LookPath("initdb"); err == nil {
		candidates = append(candidates, onPath)
	}
	version := oldest - 1
	for _, initdb := range candidates {
		said, err := exec.CommandContext(context.Background(), filepath.Join(filepath.Dir(initdb), "postgres"), "--version").Output() //nolint:gosec // it is the machine's own
		if err != nil {
			continue
		}
		major := 0
		if _, err := fmt.Sscanf(string(said), "postgres (PostgreSQL) %d", &major); err == nil && major > version {
			version, newest = major, filepath.Dir(initdb)
		}
	}
	if newest == "" {
		return "", fmt.Errorf("neither PostgreSQL %d or newer is installed, nor is %s set", oldest, URLVariable)
	}
	return newest, nil
}

// cluster is the data of a server, which may run.
type cluster struct {
	programs, dir string
	port          int
	asUser        *syscall.SysProcAttr
	// lifeline is the server's standard input. It is held open here, and its end, also that
	// of the test program, is the end of the server.
	lifeline io.WriteCloser
	ended    func() error
}

func (c *cluster) url() string {
	return fmt.Sprintf("postgres://drawdown@127.0.0.1:%d/postgres?sslmode=disable", c.port)
}

// newCluster makes a cluster in a temporary directory.
func newCluster() (*cluster, error) {
	c := &cluster{}
	var err error
	if c.programs, err = findPrograms(); err != nil {
		return nil, err
	}
	if c.dir, err = os.MkdirTemp("", "drawdown-postgres-"); err != nil {
		return nil, err
	}
	if c.asUser, err = unprivileged(c.dir); err != nil {
		return nil, err
	}
	// Without syncing: a test that cuts the power needs no power plant.
	initdb := exec.Command(filepath.Join(c.programs, "initdb"), "--pgdata", c.data(), "--username", "drawdown", "--auth", "trust", //nolint:gosec,noctx // it is the machine's own, and ends with the test program
		"--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = c.asUser, c.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	// Whoever a test makes beside the owner has a password, and needs it.
	const whoMayEnter = "host all drawdown 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
	if err := os.WriteFile(filepath.Join(c.data(), "pg_hba.conf"), []byte(whoMayEnter), 0o600); err != nil {
		return nil, err
	}
	c.port, err = freePort()
	return c, err
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

// start runs a server, which ends when the test program does.
func (c *cluster) start() error {
	log, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the server has it, and nothing was written here
	// The shell outlives the test program by a moment, however that ends: it waits for a line
	// of its standard input, whose other end only the test program holds. Without a line,
	// the cluster is not needed any more.
	const watched = `"$0" "$@" <&- & server=$!; read -r keep; kill -INT $server; wait $server; [ "$keep" ] || rm -rf "$PGTEST_DIR"`
	server := exec.Command("/bin/sh", "-c", watched, filepath.Join(c.programs, "postgres"), "-D", c.data(), "-p", strconv.Itoa(c.port), //nolint:gosec,noctx // it is the machine's own, and ends with the test program
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=300",
		"-c", "fsync=off", "-c", "autovacuum_naptime=5s")
	server.SysProcAttr, server.Dir, server.Stdout, server.Stderr = c.asUser, c.dir, log, log
	server.Env = append(os.Environ(), "PGTEST_DIR="+c.dir)
	if c.lifeline, err = server.StdinPipe(); err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	c.ended = server.Wait
	return answers(c.url(), log.Name())
}

// stop ends the server and keeps the cluster.
func (c *cluster) stop() error {
	_, err := io.WriteString(c.lifeline, "keep\n")
	err = errors.Join(err, c.ended())
	c.lifeline = nil
	return err
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
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
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
