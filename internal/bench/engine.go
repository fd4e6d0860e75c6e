package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"

	"drawdown/internal/books"
)

// engine is a kind of database, and the place in one where the bench works.
type engine interface {
	// describe names the database and those of its settings that bear on the figures.
	describe(ctx context.Context) (string, []Setting, error)
	// isOpen is the condition by which the index of open lots is found.
	isOpen() string
	// bulk says by what rows are written that intake is held against; out, by what they
	// are read that an export is.
	bulk() string
	out() string
	// site makes room for one book.
	site(ctx context.Context) (*site, error)
	// close removes what was made, sites that were left open included.
	close(ctx context.Context) error
}

// The kinds of database by the scheme of their URL.
func isSQLite(scheme string) bool   { return scheme == "sqlite" }
func isPostgres(scheme string) bool { return scheme == "postgres" || scheme == "postgresql" }

// checkURL returns what is wrong with the form of a URL, or nil.
func checkURL(url string) error {
	scheme, path, _ := strings.Cut(url, ":")
	switch {
	case url == "", isPostgres(scheme), isSQLite(scheme) && path != "" && !strings.Contains(path, ":memory:"):
		return nil
	case isSQLite(scheme) && path != "":
		return errors.New("db: must not be in memory, which is not durable: name a file beside which to measure")
	}
	return errors.New("db: must be sqlite:PATH or postgres://…") // it may hold a password
}

// newEngine returns the engine of the URL, whose form is right.
func newEngine(ctx context.Context, url string) (engine, error) {
	scheme, path, _ := strings.Cut(url, ":")
	if isPostgres(scheme) {
		return newPostgres(ctx, url)
	}
	return newSQLite(strings.TrimPrefix(path, "//"))
}

// unusable is the refusal of a database that cannot be worked in.
func unusable(why string, cause error) error {
	return &books.Error{Code: books.Unavailable, Field: "db", Message: why, Cause: cause}
}

// site is room for one book, and for copies of its tables beside it.
type site struct {
	url string // of the book, for the product
	// db is one connection to the book, to prepare and to count; reader and limit do what
	// ours is held against: reader reads the book, limit writes beside it, with the
	// durability of the product.
	db, reader, limit *sql.DB
	// table and beside are how limit's connection names a table of the book, and the copy
	// of one.
	table, beside func(name string) string
	// columns are those of a table that a row is given, without generated ones; id makes
	// an id of an expression that is text.
	columns func(ctx context.Context, table string) ([]string, error)
	id      func(text string) string
	// copy makes empty copies of tables beside the book, with the same keys and indexes.
	copy func(ctx context.Context, tables ...string) error
	// ready turns rows into what the driver takes fastest; load writes them into copies, in one transaction, the fastest way there is.
	ready func(ctx context.Context, p *part) error
	load  func(ctx context.Context, parts ...part) error
	// csv writes what a query gives as CSV, the fastest way there is, with a heading.
	csv func(ctx context.Context, query string, w io.Writer) error
	// settle has the database finish what it put off, before something is timed.
	settle func(ctx context.Context) error
	// refresh has the planner look at what the book holds now.
	refresh func(ctx context.Context) error
	remove  func(ctx context.Context) error
}

// part is rows of one table.
type part struct {
	table   string
	columns []string
	rows    [][]any
}

// exec runs a statement that prepares something.
func (s *site) exec(ctx context.Context, statement string) error {
	if _, err := s.db.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%w\n%s", err, statement)
	}
	return nil
}

// number reads one number.
func (s *site) number(ctx context.Context, query string) (n int64, err error) {
	if err := s.db.QueryRowContext(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, query)
	}
	return n, nil
}

// texts reads a column of text.
func (s *site) texts(ctx context.Context, query string) (all []string, err error) {
	err = eachRow(ctx, s.db, query, func(row []any) error {
		all = append(all, fmt.Sprint(row[0]))
		return nil
	})
	return all, err
}

// eachRow calls act with every row of a query. The row is act's to keep.
func eachRow(ctx context.Context, db *sql.DB, query string, act func([]any) error) (err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, query)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := act(row); err != nil {
			return err
		}
	}
	return rows.Err()
}
