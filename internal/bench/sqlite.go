package bench

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sqliteEngine works in a directory of its own, on the disk of the database that was
// named: figures of another disk would be no figures of this database.
type sqliteEngine struct {
	dir   string
	count int
	open  []*sql.DB
}

func newSQLite(beside string) (engine, error) {
	parent, name := "", "drawdown.bench-*"
	if beside != "" {
		parent, name = filepath.Dir(beside), filepath.Base(beside)+".bench-*"
	}
	dir, err := os.MkdirTemp(parent, name)
	if err != nil {
		return nil, unusable("no database can be made beside "+beside, err)
	}
	return &sqliteEngine{dir: dir}, nil
}

// bulkRows are the rows of one statement. The driver takes most rows a second with one,
// prepared, or with some hundreds; in between it takes fewer.
const bulkRows = 400

// pool opens one connection as the store opens its writer.
func (e *sqliteEngine) pool(path string) (*sql.DB, error) {
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	db, err := sql.Open("sqlite", "file:"+escaped+
		"?_busy_timeout=60000&_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-65536)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	e.open = append(e.open, db)
	return db, nil
}

func (e *sqliteEngine) describe(ctx context.Context) (version string, settings []Setting, err error) {
	db, err := e.pool(filepath.Join(e.dir, "describe.db"))
	if err != nil {
		return "", nil, err
	}
	if err := db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return "", nil, err
	}
	for _, name := range []string{"journal_mode", "synchronous", "wal_autocheckpoint", "page_size", "cache_size"} {
		var value string
		if err := db.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value); err != nil {
			return "", nil, err
		}
		if name == "synchronous" && value == "2" {
			value = "FULL"
		}
		settings = append(settings, Setting{name, value})
	}
	return "SQLite " + version + " (modernc.org/sqlite), " + e.dir, settings, nil
}

func (e *sqliteEngine) isOpen() string { return "(kind = 'OVERAGE' OR granted > drawn + refunded)" }

func (e *sqliteEngine) bulk() string {
	return fmt.Sprintf("INSERT of the same rows, %d a statement", bulkRows)
}

func (e *sqliteEngine) out() string { return "SELECT of the same lines through the driver, as CSV" }

// site makes two files: the book, and the copies beside it. With one file for both, each
// side would find the other's pages in its way.
func (e *sqliteEngine) site(context.Context) (*site, error) {
	e.count++
	path := filepath.Join(e.dir, fmt.Sprintf("book%d.db", e.count))
	beside := filepath.Join(e.dir, fmt.Sprintf("beside%d.db", e.count))
	db, err := e.pool(path)
	if err != nil {
		return nil, err
	}
	limit, err := e.pool(beside)
	if err != nil {
		return nil, err
	}
	reader, err := e.pool(path)
	if err != nil {
		return nil, err
	}
	s := &site{
		url: "sqlite:" + path, db: db, reader: reader, limit: limit,
		table:  func(name string) string { return "book." + name },
		beside: func(name string) string { return "main." + name },
	}
	s.id = func(text string) string { return text }
	s.columns = func(ctx context.Context, table string) ([]string, error) {
		return s.texts(ctx, "SELECT name FROM pragma_table_info('"+table+"')")
	}
	loader := &sqliteLoader{db: limit, statements: map[string]*sql.Stmt{}}
	s.copy = func(ctx context.Context, tables ...string) error { return copySQLite(ctx, s, path, tables) }
	s.ready = func(context.Context, *part) error { return nil }
	s.load = loader.load
	s.csv = func(ctx context.Context, query string, w io.Writer) error { return sqliteCSV(ctx, reader, query, w) }
	s.settle = func(ctx context.Context) error {
		for _, db := range []*sql.DB{db, limit} {
			if _, err := db.ExecContext(ctx, "PRAGMA main.wal_checkpoint(TRUNCATE)"); err != nil {
				return err
			}
		}
		return nil
	}
	s.refresh = func(context.Context) error { return nil } // its statistics are the migration's
	s.remove = func(context.Context) error {
		errs := []error{db.Close(), reader.Close(), limit.Close()}
		for _, file := range []string{path, path + "-wal", path + "-shm", beside, beside + "-wal", beside + "-shm"} {
			if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	}
	return s, nil
}

// copySQLite makes the tables in the file beside, by the same words. A foreign key in
// them is not enforced there.
func copySQLite(ctx context.Context, s *site, path string, tables []string) error {
	var attached int
	if err := s.limit.QueryRowContext(ctx, "SELECT count(*) FROM pragma_database_list WHERE name = 'book'").Scan(&attached); err != nil {
		return err
	}
	if attached == 0 {
		if _, err := s.limit.ExecContext(ctx, "ATTACH ? AS book", path); err != nil {
			return err
		}
	}
	for _, table := range tables {
		words, err := s.texts(ctx, "SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL AND tbl_name = '"+table+"' ORDER BY type DESC")
		if err != nil {
			return err
		}
		for _, statement := range words {
			if _, err := s.limit.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
	}
	return nil
}

// sqliteLoader writes rows by prepared statements of many rows.
type sqliteLoader struct {
	db         *sql.DB
	statements map[string]*sql.Stmt
}

func (l *sqliteLoader) load(ctx context.Context, parts ...part) (err error) {
	ctx = context.WithoutCancel(ctx) // the driver watches a context that can end by a goroutine for each statement
	type step struct {
		statement *sql.Stmt
		rows      [][]any
	}
	var steps []step
	for _, p := range parts { // prepared before the transaction takes the one connection
		for chunk := range slices.Chunk(p.rows, bulkRows) {
			statement, err := l.statement(ctx, p, len(chunk))
			if err != nil {
				return err
			}
			steps = append(steps, step{statement, chunk})
		}
	}
	begun, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, begun.Rollback())
		}
	}()
	for _, s := range steps {
		within := begun.StmtContext(ctx, s.statement) //nolint:sqlclosecheck // it ends with the transaction
		if _, err := within.ExecContext(ctx, slices.Concat(s.rows...)...); err != nil {
			return err
		}
	}
	return begun.Commit()
}

func (l *sqliteLoader) statement(ctx context.Context, p part, rows int) (*sql.Stmt, error) {
	key := fmt.Sprint(p.table, rows)
	if l.statements[key] == nil {
		row := "(" + strings.Repeat(",?", len(p.columns))[1:] + ")"
		words := []string{"INSERT INTO main.", p.table, " (", strings.Join(p.columns, ", "), ") VALUES ", strings.Repeat(","+row, rows)[1:]}
		prepared, err := l.db.PrepareContext(ctx, strings.Join(words, "")) //nolint:sqlclosecheck // it ends with the connection
		if err != nil {
			return nil, err
		}
		l.statements[key] = prepared
	}
	return l.statements[key], nil
}

// sqliteCSV writes rows as they come from the driver.
func sqliteCSV(ctx context.Context, db *sql.DB, query string, w io.Writer) (err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(w)
	out := csv.NewWriter(buffered)
	if err := out.Write(columns); err != nil {
		return err
	}
	values, into, fields := make([]sql.RawBytes, len(columns)), make([]any, len(columns)), make([]string, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, value := range values {
			fields[i] = string(value)
		}
		if err := out.Write(fields); err != nil {
			return err
		}
	}
	out.Flush()
	return errors.Join(rows.Err(), out.Error(), buffered.Flush())
}

func (e *sqliteEngine) close(context.Context) error {
	var errs []error
	for _, db := range e.open {
		errs = append(errs, db.Close()) // closing twice is no error
	}
	return errors.Join(append(errs, os.RemoveAll(e.dir))...)
}
