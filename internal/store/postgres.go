package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"drawdown/internal/books"
)

//go:embed migrations/postgres/*.up.sql
var postgresMigrations embed.FS

// postgresEngine writes under READ COMMITTED with the rows it goes by held, so that a
// writer waits for another rather than fail; it reads one snapshot.
var postgresEngine = &engine{
	name:       "postgres",
	dialect:    pgdialect.New(),
	migrations: postgresMigrations,
	holdKey:    "SELECT pg_advisory_xact_lock(hashtextextended('drawdown key of ' || current_schema() || ' ' || ?, 0))",
	// The function takes its lock in a statement before the one that reads.
	holdClosed:  "SELECT closed_through_held() AS day",
	holdPeriods: "LOCK TABLE closed_through IN EXCLUSIVE MODE",
	holdPack:    "SELECT pg_advisory_xact_lock(" + packLock + ")",
	sharePack:   "SELECT pg_advisory_xact_lock_shared(" + packLock + ")",
	holding:     func(table string) string { return " FOR NO KEY UPDATE OF " + table },
	skipping:    " FOR NO KEY UPDATE SKIP LOCKED",
	isOpen:      "open",
	hasUnused:   "open",
	carries:     "carries",
	noCustomer:  firstID,
	batchSpan:   "SELECT count(*), CAST(0 AS BIGINT), CAST(0 AS BIGINT)" + ofBatch,
	batchRows:   " WHERE batch_id = $1 AND accounting_date >= $2 AND accounting_date <= $3",
	boundsFirst: true,
	bulk:        true,
	reading:     sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
	writing:     sql.TxOptions{Isolation: sql.LevelReadCommitted},
	// The lock is the session's, and named by the schema: books in other schemas migrate
	// at the same time. Another's migrations may take longer than any lock is waited for.
	lockMigrations:   "SET lock_timeout = 0; SELECT pg_advisory_lock(hashtextextended('drawdown migrations of ' || current_schema(), 0))",
	unlockMigrations: "SELECT pg_advisory_unlock(hashtextextended('drawdown migrations of ' || current_schema(), 0)); RESET lock_timeout",
	tables:           "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()",
	guards: `SELECT g.tgname AS name FROM pg_trigger AS g JOIN pg_class AS c ON c.oid = g.tgrelid
		WHERE c.relnamespace = current_schema()::regnamespace AND g.tgenabled IN ('O', 'A')`,
	faults:      postgresFaults,
	classify:    classifyPostgres,
	apart:       "MATERIALIZED",
	sumQuantity: "CAST(coalesce(sum(CAST(quantity AS NUMERIC)), 0) AS TEXT) AS whole, CAST(0 AS BIGINT) AS billionths",
}

// Defaults of a connection, each of which the URL may set otherwise as a parameter.
var (
	sessionDefaults = map[string]string{
		"application_name": "drawdown",
		// Longer than any statement takes on a healthy server: verify of a large book takes
		// minutes, an act milliseconds.
		"statement_timeout": "10min",
		// A step of a job holds its lots for fractions of a second. Whoever waits longer
		// gives up, and its transaction is run again.
		"lock_timeout": "10s",
		// A server that died without closing its connection lets go of its rows after this.
		"idle_in_transaction_session_timeout": "5min",
		"timezone":                            "UTC",
	}
	// What writes looks rows up by their keys, some thousands at a time. The planner, which
	// cannot know how many are given, must not read whole tables for them. Where it has to, it
	// takes that for so dear that it would compile the statement first, for half a second.
	writerDefaults = map[string]string{"enable_hashjoin": "off", "enable_mergejoin": "off", "enable_seqscan": "off", "jit": "off"}
)

// packLock names the lock of a pack's prices. It is no lock of its row: that would take the
// right to change packs, which the program's role has not.
const packLock = "hashtextextended('drawdown pack of ' || current_schema() || ' ' || ?, 0)"

const (
	connectTimeout = 10 * time.Second
	// Writers wait for each other's rows and for the disk, so there are more than cores.
	// Two servers with 8 and 8 stay far below the 100 that PostgreSQL takes by default.
	defaultPostgresWriters = 8
	defaultPostgresReaders = 8
	idleTime               = 5 * time.Minute
)

// postgresConfig reads a URL and fills in what it leaves open. Errors: INVALID.
func postgresConfig(address string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, &books.Error{Code: books.Invalid, Field: "db", Message: "must be like postgres://USER:PASSWORD@HOST:5432/DATABASE" + wrongWith(address, err), Cause: err}
	}
	// bun writes arguments into the statement, so there is nothing to prepare.
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	setMissing(config.RuntimeParams, sessionDefaults)
	return config, nil
}

// wrongWith says what is wrong with a parameter of a URL. Of one that cannot be taken
// apart it says nothing: a password might be anywhere in it.
func wrongWith(address string, err error) string {
	cause := errors.Unwrap(err)
	if parsed, invalid := url.Parse(address); invalid != nil || parsed.Opaque != "" || cause == nil {
		return "; what is not a letter or a digit of a password is written as %40 for @, %2F for /"
	}
	return ": " + cause.Error()
}

func openPostgres(ctx context.Context, config *pgx.ConnConfig, options Options) (*Store, error) {
	reading := config.Copy()
	setMissing(config.RuntimeParams, writerDefaults)
	if options.Writers == 0 {
		options.Writers = defaultPostgresWriters
	}
	if options.Readers == 0 {
		options.Readers = defaultPostgresReaders
	}
	s := &Store{engine: postgresEngine, writer: postgresPool(config, options.Writers), reader: postgresPool(reading, options.Readers)}
	var schema sql.NullString
	err := s.writer.NewRaw("SELECT current_schema()").Scan(ctx, &schema)
	if err == nil && !schema.Valid {
		err = &books.Error{Code: books.NotFound, Field: "db", Message: noSchema(config)}
	}
	if err != nil {
		return nil, errors.Join(notOpened(config, err), s.Close())
	}
	return s, nil
}

// noSchema says why there is none: the server hides those that a user may not use.
func noSchema(config *pgx.ConnConfig) string {
	if named := config.RuntimeParams["search_path"]; named != "" {
		return fmt.Sprintf("names the schema %q, which does not exist in that database, or is not for user %q: see CREATE SCHEMA and GRANT USAGE", named, config.User)
	}
	return fmt.Sprintf("names a database without a schema for user %q: see GRANT USAGE ON SCHEMA", config.User)
}

// notOpened says why a database could not be opened, to whoever starts the program.
func notOpened(config *pgx.ConnConfig, err error) error {
	var known *books.Error
	if errors.As(err, &known) {
		return err
	}
	refusal := &books.Error{Code: books.Unavailable, Field: "db", Message: fmt.Sprintf("cannot be reached: nothing answers as PostgreSQL for %s", place(config)), Cause: err}
	var e *pgconn.PgError
	switch {
	case !errors.As(err, &e):
	case e.Code == undefinedDatabase:
		refusal.Code, refusal.Message = books.NotFound, fmt.Sprintf("names the database %q, which that server does not have: make it with createdb", config.Database)
	case e.Code[:2] == authorizationClass:
		refusal.Message, refusal.Cause = fmt.Sprintf("is refused: the server does not let in user %q with that password", config.User), e
	default:
		refusal.Message = fmt.Sprintf("cannot be used: %s (%s) for %s", e.Message, e.Code, place(config))
	}
	return refusal
}

// OpenSchema opens a PostgreSQL database in a new schema of the name, empty and migrated,
// which is dropped with all that is in it when the store is closed.
// Errors: INVALID, UNAVAILABLE.
func OpenSchema(ctx context.Context, address, name string, options Options) (*Store, error) {
	config, err := postgresConfig(address)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	owner := postgresPool(config, 1)
	// Not stopped halfway: nobody would know whether it is there and to be dropped.
	if _, err := owner.ExecContext(context.WithoutCancel(ctx), "CREATE SCHEMA ?", bun.Ident(name)); err != nil {
		return nil, errors.Join(notOpened(config, err), owner.Close())
	}
	drop := func() error {
		_, err := owner.ExecContext(context.WithoutCancel(ctx), "DROP SCHEMA ? CASCADE", bun.Ident(name))
		return errors.Join(err, owner.Close())
	}
	config.RuntimeParams["search_path"] = pgx.Identifier{name}.Sanitize()
	s, err := openPostgres(ctx, config, options)
	if err != nil {
		return nil, errors.Join(err, drop())
	}
	s.afterClose = drop
	if err := s.Migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func setMissing(parameters, defaults map[string]string) {
	for name, value := range defaults {
		if _, set := parameters[name]; !set {
			parameters[name] = value
		}
	}
}

// place says which database a configuration names, without the password.
func place(config *pgx.ConnConfig) string {
	return config.Database + " on " + net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
}

func postgresPool(config *pgx.ConnConfig, connections int) *bun.DB {
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxIdleTime(idleTime)
	// The columns by which indexes know a lot are the database's own.
	return bun.NewDB(pool, postgresEngine.dialect, bun.WithDiscardUnknownColumns())
}

// The codes of PostgreSQL's appendix A that mean something to a caller.
const (
	uniqueViolation     = "23505"
	serializationFailed = "40001"
	deadlockDetected    = "40P01"
	lockNotAvailable    = "55P03"
	queryCanceled       = "57014"
	readOnlyTransaction = "25006"
	insufficientRights  = "42501"
	undefinedDatabase   = "3D000"
	notOfItsType        = "22P02"
	authorizationClass  = "28"
)

// racedKeys are the unique keys that two writers may both find free and then both take:
// the second, run again, sees what the first wrote.
var racedKeys = map[string]bool{
	"usage_events_customer_id_source_event_id_key": true,
	"lots_overage":                          true,
	"batches_open":                          true,
	"pools_policy_id_pool_key_currency_key": true,
	"idempotency_keys_pkey":                 true,
	"customers_external_id_key":             true,
	"book_pkey":                             true,
}

func classifyPostgres(err error) fault {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		var unreachable *pgconn.ConnectError
		var network net.Error
		if errors.As(err, &unreachable) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
			errors.Is(err, sql.ErrConnDone) || pgconn.SafeToRetry(err) {
			return away
		}
		return otherFault
	}
	switch e.Code {
	case serializationFailed, deadlockDetected, lockNotAvailable:
		return retryable
	case uniqueViolation:
		if racedKeys[e.ConstraintName] {
			return raced
		}
		return taken
	case notOfItsType:
		return malformed
	case queryCanceled, readOnlyTransaction, undefinedDatabase, insufficientRights:
		return away
	}
	switch e.Code[:2] {
	case "08", // the connection broke
		authorizationClass,
		"53", // out of connections, memory or disk
		"57", // shutting down, starting up
		"58": // its disk or files fail
		return away
	}
	return otherFault
}

// postgresFaults looks for indexes and constraints that do not hold, and for rows that
// foreign keys would refuse where the schema has none.
func postgresFaults(ctx context.Context, t *tx) ([]string, error) {
	rows, err := query[struct{ Fault string }](ctx, t, "checking the database", `
		SELECT 'the index ' || c.relname || ' is not valid' AS fault FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
			WHERE c.relnamespace = current_schema()::regnamespace AND NOT i.indisvalid
		UNION ALL SELECT 'the constraint ' || conname || ' is not valid' FROM pg_constraint
			WHERE connamespace = current_schema()::regnamespace AND NOT convalidated
		UNION ALL (SELECT 'a row of lot_days refers to none of lots' FROM lot_days AS d
			LEFT JOIN lots AS l ON l.customer_id = d.customer_id AND l.id = d.lot_id WHERE l.id IS NULL LIMIT 10)`)
	return convert(rows, func(row struct{ Fault string }) string { return row.Fault }), err
}

// onServer acts on the transaction's connection by the driver's own means.
func (t *tx) onServer(act func(*pgx.Conn) error) error {
	return t.conn.Raw(func(driver any) error {
		conn, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("a connection of %T is none to PostgreSQL", driver)
		}
		return act(conn.Conn())
	})
}
