package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresEngine works in schemas of its own in the database that was named.
type postgresEngine struct {
	url     *url.URL
	admin   *sql.DB
	name    string // all schemas begin with it
	count   int
	schemas []string // those there are
	open    []*sql.DB
}

func newPostgres(ctx context.Context, address string) (engine, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("must be a URL such as postgres://user@host/database") // the error would repeat a password
	}
	suffix := make([]byte, 4)
	if _, err := rand.Read(suffix); err != nil {
		return nil, err
	}
	e := &postgresEngine{url: parsed, name: "drawdown_bench_" + hex.EncodeToString(suffix)}
	if e.admin, err = e.pool(""); err != nil {
		return nil, err
	}
	if err := e.admin.PingContext(ctx); err != nil {
		return nil, errors.Join(unusable("the database cannot be reached", err), e.admin.Close())
	}
	return e, nil
}

// in returns the URL with a schema of the bench's own selected.
func (e *postgresEngine) in(schema string) string {
	at := *e.url
	query := at.Query()
	if schema != "" {
		query.Set("search_path", schema)
	}
	at.RawQuery = query.Encode()
	return at.String()
}

// pool opens one connection to a schema.
func (e *postgresEngine) pool(schema string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(e.in(schema))
	if err != nil {
		return nil, err // without the password
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(1)
	e.open = append(e.open, db)
	return db, nil
}

func (e *postgresEngine) describe(ctx context.Context) (version string, settings []Setting, err error) {
	if err := e.admin.QueryRowContext(ctx, "SELECT version()").Scan(&version); err != nil {
		return "", nil, err
	}
	for _, name := range []string{
		"fsync", "synchronous_commit", "full_page_writes", "wal_level", "wal_sync_method", "shared_buffers", "max_wal_size", "checkpoint_timeout", "autovacuum",
	} {
		var value string
		if err := e.admin.QueryRowContext(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			return "", nil, err
		}
		settings = append(settings, Setting{name, value})
	}
	return version, settings, nil
}

func (e *postgresEngine) isOpen() string { return "open" }

func (e *postgresEngine) bulk() string { return "COPY of the same rows" }

func (e *postgresEngine) out() string { return "COPY of the same lines TO STDOUT" }

// besidePrefix names the copy of a table.
const besidePrefix = "beside_"

func (e *postgresEngine) site(ctx context.Context) (*site, error) {
	e.count++
	schema := fmt.Sprintf("%s_%d", e.name, e.count)
	if _, err := e.admin.ExecContext(ctx, "CREATE SCHEMA "+schema); err != nil {
		return nil, unusable("no schema can be made", err)
	}
	e.schemas = append(e.schemas, schema)
	s := &site{
		url:    e.in(schema),
		table:  func(name string) string { return name },
		beside: func(name string) string { return besidePrefix + name },
		id:     func(text string) string { return "CAST(" + text + " AS uuid)" },
		settle: func(context.Context) error { return nil }, // checkpoints come to both sides as they do
	}
	for _, db := range []**sql.DB{&s.db, &s.reader, &s.limit} {
		var err error
		if *db, err = e.pool(schema); err != nil {
			return nil, err
		}
	}
	s.columns = func(ctx context.Context, table string) ([]string, error) {
		return s.texts(ctx, `SELECT column_name FROM information_schema.columns
			WHERE table_schema = current_schema() AND table_name = '`+table+`' AND is_generated = 'NEVER' ORDER BY ordinal_position`)
	}
	s.copy = func(ctx context.Context, tables ...string) error {
		for _, table := range tables {
			if err := s.exec(ctx, "CREATE TABLE "+besidePrefix+table+" (LIKE "+table+" INCLUDING ALL)"); err != nil {
				return err
			}
		}
		return nil
	}
	s.ready = func(ctx context.Context, p *part) error { return ids(ctx, s, p) }
	s.load = func(ctx context.Context, parts ...part) error { return copyIn(ctx, s.limit, parts) }
	s.csv = func(ctx context.Context, query string, w io.Writer) error { return copyOut(ctx, s.reader, query, w) }
	s.refresh = func(ctx context.Context) error { return vacuum(ctx, s) }
	s.remove = func(ctx context.Context) error {
		return errors.Join(s.db.Close(), s.reader.Close(), s.limit.Close(), e.drop(ctx, schema))
	}
	return s, nil
}

// vacuum does to the tables of the schema, and to no others, what the server would do to
// them in the next minutes.
func vacuum(ctx context.Context, s *site) error {
	tables, err := s.texts(ctx, "SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = current_schema()")
	if err != nil {
		return err
	}
	return s.exec(ctx, "VACUUM ANALYZE "+strings.Join(tables, ", "))
}

func (e *postgresEngine) drop(ctx context.Context, schema string) error {
	_, err := e.admin.ExecContext(ctx, "DROP SCHEMA IF EXISTS "+schema+" CASCADE")
	if err != nil {
		return fmt.Errorf("dropping the schema %s, which is still there: %w", schema, err)
	}
	e.schemas = slices.DeleteFunc(e.schemas, func(name string) bool { return name == schema })
	return nil
}

// ids turns ids that were read as text into bytes, as COPY sends them.
func ids(ctx context.Context, s *site, p *part) error {
	names, err := s.texts(ctx, `SELECT column_name FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name = '`+p.table+`' AND data_type = 'uuid'`)
	if err != nil {
		return err
	}
	for i, column := range p.columns {
		if !slices.Contains(names, column) {
			continue
		}
		for _, row := range p.rows {
			text, isText := row[i].(string)
			if !isText {
				continue
			}
			id, err := uuid.Parse(text)
			if err != nil {
				return err
			}
			row[i] = [16]byte(id)
		}
	}
	return nil
}

// onServer acts on a connection by the driver's own means.
func onServer(ctx context.Context, db *sql.DB, act func(*pgx.Conn) error) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("a connection of %T is none to PostgreSQL", driver)
		}
		return act(c.Conn())
	})
}

func copyIn(ctx context.Context, db *sql.DB, parts []part) error {
	return onServer(ctx, db, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			for _, p := range parts {
				if _, err := tx.CopyFrom(ctx, pgx.Identifier{besidePrefix + p.table}, p.columns, pgx.CopyFromRows(p.rows)); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func copyOut(ctx context.Context, db *sql.DB, query string, w io.Writer) error {
	return onServer(ctx, db, func(conn *pgx.Conn) error {
		_, err := conn.PgConn().CopyTo(ctx, w, "COPY ("+query+") TO STDOUT WITH (FORMAT csv, HEADER)")
		return err
	})
}

func (e *postgresEngine) close(ctx context.Context) error {
	var errs []error
	for _, schema := range slices.Clone(e.schemas) {
		errs = append(errs, e.drop(ctx, schema))
	}
	for _, db := range e.open {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}
