package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"strings"

	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// engine is what differs between databases.
type engine struct {
	name       string
	dialect    schema.Dialect // shared by all stores: it caches how rows map
	migrations fs.FS
	// holdKey holds an idempotency key until the transaction ends, where "" nobody else has
	// a transaction meanwhile.
	holdKey string
	// holdPack and sharePack hold the prices of a pack until the transaction ends, for one who
	// changes them and for many who sell by them; where "", as above.
	holdPack, sharePack string
	// holdClosed reads what is closed and holds it with others, holdPeriods holds it alone,
	// until the transaction ends; "" where nobody else has one meanwhile.
	holdClosed, holdPeriods string
	// holding ends a query whose rows of the table are to be held until the transaction
	// ends, so that nobody else changes them.
	holding func(table string) string
	// skipping ends a query of rows to be held, and leaves out those that others hold.
	skipping string
	// isOpen, hasUnused and carries are the conditions by which the indexes lots_open,
	// lots_expiring and lots_carrying know a lot, word by word, or they would not be used.
	isOpen, hasUnused, carries string
	// noCustomer is the customer of what belongs to none.
	noCustomer string
	// sumQuantity adds up the decimal texts of the column quantity exactly, as whole (text) and
	// billionths.
	sumQuantity string
	// apart has a part of a query planned for all of its rows, whatever limit follows; "" where
	// limits do not change plans.
	apart string
	// batchSpan counts the recognitions of a batch $1 on accounting dates from $2 to $3, with
	// the first and last place where they lie; batchRows reads them as they lie, where
	// batchLies from place $4 to $5.
	batchSpan, batchRows string
	batchLies            bool
	// boundsFirst has a range of keys of several columns also bounded in the first of them: of that
	// alone the planner knows how many rows there are, and would read the whole table else.
	boundsFirst bool
	// freshCache, where set, empties what the connections of this process cache together.
	freshCache string
	// recentRows, where set, says how many of 64 recognitions, as far apart as they lie, are of
	// accounting dates from $1 on.
	recentRows string
	// bulk says whether rows in bulk go by COPY, and keys and sums in arrays.
	bulk bool
	// reading and writing say how transactions begin.
	reading, writing sql.TxOptions
	// lockMigrations and unlockMigrations, where set, let one process migrate at a time.
	lockMigrations, unlockMigrations string
	// tables asks for the names of all tables.
	tables string
	// guards asks for the names of the triggers that keep tables append-only.
	guards string
	// replaces says that an INSERT may take rows away that are in its way without asking those triggers.
	replaces bool
	// faults runs the database's own check of itself.
	faults   func(context.Context, *tx) ([]string, error)
	classify func(error) fault
}

// fault is what an error of the database means to a caller.
type fault int

const (
	otherFault fault = iota
	retryable        // busy, locked: the transaction may succeed when run again
	taken            // a unique key is taken
	raced            // a unique key was taken by another at the same time: run again, it is seen
	malformed        // a value is none of its column's type, such as a cursor that we never gave out
	away             // the database cannot be reached or written
	foreign          // what was opened is no database
)

//go:embed migrations/sqlite/*.up.sql
var sqliteMigrations embed.FS

// sqliteEngine holds no row locks: a writing transaction holds the whole database.
var sqliteEngine = &engine{
	name:       "sqlite",
	dialect:    sqlitedialect.New(),
	migrations: sqliteMigrations,
	holding:    func(string) string { return "" },
	isOpen:     "(kind = 'OVERAGE' OR granted > drawn + refunded)",
	hasUnused:  "granted > drawn + refunded",
	carries:    "(carrying_minor <> 0 OR carrying_functional_minor <> 0)",
	reading:    sql.TxOptions{ReadOnly: true},
	batchSpan:  "SELECT count(*), coalesce(min(rowid), 0), coalesce(max(rowid), 0)" + ofBatch,
	batchRows:  " NOT INDEXED WHERE rowid >= $4 AND rowid <= $5 AND batch_id = $1 AND accounting_date >= $2 AND accounting_date <= $3",
	batchLies:  true,
	freshCache: "PRAGMA shrink_memory",
	recentRows: `WITH RECURSIVE probes (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM probes WHERE n < 63)
		SELECT count(*) FROM probes WHERE (SELECT accounting_date FROM recognitions
			WHERE rowid > (SELECT max(rowid) FROM recognitions) * n / 64 ORDER BY rowid LIMIT 1) >= $1`,
	tables:   "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
	guards:   "SELECT name FROM sqlite_master WHERE type = 'trigger'",
	replaces: true,
	faults:   sqliteFaults,
	classify: classifySQLite,
	// SQLite has no decimals: what stands before the point and behind it are whole numbers.
	sumQuantity: `CAST(coalesce(sum(CAST(CASE WHEN instr(quantity, '.') > 0 THEN substr(quantity, 1, instr(quantity, '.') - 1) ELSE quantity END AS INTEGER)), 0) AS TEXT) AS whole,
		coalesce(sum(CASE WHEN instr(quantity, '.') > 0 THEN CAST(substr(substr(quantity, instr(quantity, '.') + 1) || '000000000', 1, 9) AS INTEGER)
			* CASE WHEN quantity LIKE '-%' THEN -1 ELSE 1 END END), 0) AS billionths`,
}

// hasRow is what the guards of tables that only grow say where a key is taken: they see a row before its key does.
const hasRow = "and has a row of this key"

func classifySQLite(err error) fault {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return otherFault
	}
	switch e.Code() {
	case sqlite3.SQLITE_NOTADB:
		return foreign
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return taken
	case sqlite3.SQLITE_CONSTRAINT_TRIGGER:
		if strings.Contains(e.Error(), hasRow) {
			return taken
		}
	}
	const primaryCode = 0xff // the extended codes keep the primary one in the low byte
	switch e.Code() & primaryCode {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return retryable
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY:
		return away
	}
	return otherFault
}

// sqliteFaults checks pages, indexes against their tables, CHECK and NOT NULL, and then
// foreign keys, which the first check leaves out.
func sqliteFaults(ctx context.Context, t *tx) ([]string, error) {
	rows, err := query[struct{ IntegrityCheck string }](ctx, t, "checking the database", "PRAGMA integrity_check(10)")
	if err != nil {
		return nil, err
	}
	var faults []string
	for _, row := range rows {
		if row.IntegrityCheck != "ok" {
			faults = append(faults, row.IntegrityCheck)
		}
	}
	broken, err := query[struct{ Table, Parent string }](ctx, t, "checking foreign keys",
		`SELECT "table", parent FROM pragma_foreign_key_check LIMIT 10`)
	for _, row := range broken {
		faults = append(faults, "a row of "+row.Table+" refers to none of "+row.Parent)
	}
	return faults, err
}
