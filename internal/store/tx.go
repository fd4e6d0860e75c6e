package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"drawdown/internal/books"
)

const (
	// maxTries bounds how often a transaction is run. Ten with growing pauses are about
	// two seconds of collisions, beyond which a caller is told rather than kept waiting.
	maxTries = 10
	// maxRaces bounds it where a key was taken meanwhile: the second run sees the row.
	maxRaces = 3
	// firstPause is the longest pause after the first collision; it doubles each time.
	firstPause = 4 * time.Millisecond
	// chunkRows bounds the rows of one statement: beyond some hundreds a longer statement
	// is no faster, and the text of it is held in memory.
	chunkRows = 500
	// chunkIDs bounds the keys of one look-up, for the same reason.
	chunkIDs = 1000
)

// tx is one transaction.
type tx struct {
	*engine
	watch    Watch
	db       bun.Tx
	conn     bun.Conn // the connection of the transaction, for what only its driver can do
	readOnly bool
	cohorts  cohortSums // what is added to months of cohorts, written as the last thing
	// cohortsMoved is when.
	cohortsMoved books.Move
}

var _ books.Tx = (*tx)(nil)

// inside marks the context of a running transaction.
type inside struct{}

// Update runs act in one read-write transaction: see books.Store. A transaction within a
// transaction is refused, for it would wait for itself.
func (s *Store) Update(ctx context.Context, act func(context.Context, books.Tx) error) error {
	return s.again(ctx, func() error { return s.run(ctx, s.writer, false, act) })
}

// View runs act on one consistent snapshot, and refuses writes.
func (s *Store) View(ctx context.Context, act func(context.Context, books.Tx) error) error {
	return s.again(ctx, func() error { return s.run(ctx, s.reader, true, act) })
}

// again runs a whole transaction until it succeeds, fails for a reason that trying again
// cannot mend, or has been run maxTries times. Pauses are random, so that two that
// collided do not meet again.
func (s *Store) again(ctx context.Context, run func() error) error {
	pause := firstPause
	for try := 1; ; try++ {
		err := run()
		if err == nil {
			return nil
		}
		switch s.engine.classify(err) {
		case retryable:
			if try >= maxTries {
				return err
			}
			s.runsAgain("busy")
		case raced:
			if try >= maxRaces {
				return err
			}
			s.runsAgain("raced")
		case otherFault, taken, malformed, away, foreign:
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(rand.N(pause) + pause/2): //nolint:gosec // a pause is no secret
		}
		pause *= 2
	}
}

func (s *Store) runsAgain(reason string) {
	if s.watch != nil {
		s.watch.TransactionAgain(reason)
	}
}

func (s *Store) run(ctx context.Context, db *bun.DB, readOnly bool, act func(context.Context, books.Tx) error) (err error) {
	if ctx.Value(inside{}) != nil {
		return &books.Error{Code: books.Internal, Message: "a transaction was begun within a transaction"}
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return s.refused("connecting to the database", err)
	}
	defer func() { _ = conn.Close() }() // gives it back; what went wrong with it, the transaction said
	options := s.engine.writing
	if readOnly {
		options = s.engine.reading
	}
	begun, err := conn.BeginTx(ctx, &options)
	if err != nil {
		return s.refused("beginning a transaction", err)
	}
	finished := false
	defer func() {
		if !finished { // act failed or panicked; a panic goes on after this
			// A transaction that its context ended is rolled back already.
			if undo := begun.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
				err = errors.Join(err, fmt.Errorf("rolling back: %w", undo))
			}
		}
	}()
	t := &tx{engine: s.engine, watch: s.watch, db: begun, conn: conn, readOnly: readOnly}
	if err := act(context.WithValue(ctx, inside{}, true), t); err != nil {
		return err
	}
	if err := t.writeCohortMonths(ctx); err != nil {
		return err
	}
	finished = true
	if err := begun.Commit(); err != nil {
		if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil { // its context ended it first
			err = ctx.Err()
		}
		return s.refused("committing", err)
	}
	return nil
}

func (s *Store) refused(doing string, err error) error { return s.engine.refused(doing, err) }

// refused wraps an error of the database in the code that callers know.
func (e *engine) refused(doing string, err error) error {
	var known *books.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return fmt.Errorf("%s: %w", doing, err)
	}
	cause := fmt.Errorf("%s: %w", doing, err)
	switch e.classify(err) {
	case retryable:
		return &books.Error{Code: books.Unavailable, Message: "the database is busy: try again", Cause: cause}
	case away:
		return &books.Error{Code: books.Unavailable, Message: "the database cannot be used now", Cause: cause}
	case taken, raced:
		return &books.Error{Code: books.AlreadyExists, Message: doing + ": it exists already", Cause: cause}
	case malformed:
		return &books.Error{Code: books.Invalid, Message: "names an id or a cursor that this book never gave out", Cause: cause}
	case foreign:
		return &books.Error{Code: books.Invalid, Field: "db", Message: "names a file that is not a database", Cause: cause}
	case otherFault:
	}
	return cause
}

// takenAs gives the refusal of a key that is taken its field and message.
func takenAs(field, message string, err error) error {
	var known *books.Error
	if errors.As(err, &known) && known.Code == books.AlreadyExists {
		known.Field, known.Message = field, message
	}
	return err
}

var errReadOnly = errors.New("a view does not write")

// exec runs a statement that writes and returns how many rows it touched.
func (t *tx) exec(ctx context.Context, doing, query string, args ...any) (int64, error) {
	if t.readOnly {
		return 0, fmt.Errorf("%s: %w", doing, errReadOnly)
	}
	result, err := t.db.NewRaw(query, args...).Exec(ctx)
	if err != nil {
		return 0, t.refused(doing, err)
	}
	touched, err := result.RowsAffected()
	return touched, t.refused(doing, err)
}

// insert writes rows in as few statements as the chunk allows.
func insert[R any](ctx context.Context, t *tx, doing string, rows []R) error {
	if t.readOnly {
		return fmt.Errorf("%s: %w", doing, errReadOnly)
	}
	if t.bulk && len(rows) >= copyRows {
		return t.refused(doing, copyIn(ctx, t, rows))
	}
	if !t.bulk {
		var err error
		if rows, err = insertBound(ctx, t, rows); err != nil {
			return t.refused(doing, err)
		}
	}
	for chunk := range slices.Chunk(rows, chunkRows) {
		if _, err := t.db.NewInsert().Model(&chunk).Returning("NULL").Exec(ctx); err != nil {
			return t.refused(doing, err)
		}
	}
	return nil
}

// query reads all rows of a statement. The args may hold a [table] of keys.
func query[R any](ctx context.Context, t *tx, doing, text string, args ...any) ([]R, error) {
	into, rows := scanned[R](t)
	if err := t.db.NewRaw(text, args...).Scan(ctx, into); err != nil {
		return nil, t.refused(doing, err)
	}
	return rows(), nil
}

// each reads the rows of a statement into the targets, one after the other, each of which
// keep takes from there: without reflection, for paths where many rows are read. The args
// are those of [query].
func (t *tx) each(ctx context.Context, doing, text string, args, targets []any, keep func()) error {
	rows, err := t.db.QueryContext(ctx, text, args...)
	return t.keepRows(doing, rows, err, targets, keep)
}

// list reads what a built query selects.
func list[R any](ctx context.Context, t *tx, doing string, build func(*bun.SelectQuery) *bun.SelectQuery) ([]R, error) {
	into, rows := scanned[R](t)
	if err := build(t.db.NewSelect().Model((*R)(nil))).Scan(ctx, into); err != nil {
		return nil, t.refused(doing, err)
	}
	return rows(), nil
}

// count counts what a built query selects.
func count[R any](ctx context.Context, t *tx, doing string, build func(*bun.SelectQuery) *bun.SelectQuery) (int64, error) {
	n, err := build(t.db.NewSelect().Model((*R)(nil))).Count(ctx)
	return n, t.refused(doing, err)
}

// byColumn reads the rows whose column is one of the values.
func byColumn[R any](ctx context.Context, t *tx, doing, column string, values []string) ([]R, error) {
	var all []R
	for chunk := range slices.Chunk(values, chunkIDs) {
		rows, err := list[R](ctx, t, doing, func(q *bun.SelectQuery) *bun.SelectQuery {
			if column == "id" {
				return q.Where("? IN (?)", bun.Ident(column), bun.List(convert(chunk, rowIDOf)))
			}
			return q.Where("? IN (?)", bun.Ident(column), bun.List(chunk))
		})
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// inChunks runs a look-up or a write over parts of the keys, in their order.
func inChunks[K, R any](keys []K, act func([]K) ([]R, error)) ([]R, error) {
	var all []R
	for chunk := range slices.Chunk(keys, chunkIDs) {
		rows, err := act(chunk)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// table is rows as a table of a WITH clause: name (columns) AS (VALUES …).
func (t *tx) table(name string, rows any) schema.QueryAppender {
	return valuesTable{name: name, values: t.db.NewValues(rows)}
}

type valuesTable struct {
	name   string
	values *bun.ValuesQuery
}

func (v valuesTable) AppendQuery(gen schema.QueryGen, b []byte) (_ []byte, err error) {
	b = append(b, v.name...)
	b = append(b, " ("...)
	if b, err = v.values.AppendColumns(gen, b); err != nil {
		return nil, err
	}
	b = append(b, ") AS ("...)
	if b, err = v.values.AppendQuery(gen, b); err != nil {
		return nil, err
	}
	return append(b, ')'), nil
}

// next takes n numbers of the book's counter and returns the first.
func (t *tx) next(ctx context.Context, counter string, n int) (int64, error) {
	var last int64
	err := t.db.NewRaw(`INSERT INTO counters (name, value) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value RETURNING value`,
		counter, n).Scan(ctx, &last)
	return last - int64(n) + 1, t.refused("numbering "+counter, err)
}
