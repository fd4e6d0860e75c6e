package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/feature"
	"github.com/uptrace/bun/schema"

	"drawdown/ledger"
)

// Lists below many rows at once: a page of lots of each of two hundred customers is one
// statement, and reads no more than those pages, by the index that one of them would use.

// keying is the parents of many lists, whose filters differ in nothing but them.
type keying[F any] struct {
	of     []F
	shared F // what they share: without the parents
	where  []string
	keys   [][]any // for each filter the values of key.k1, key.k2 and so on
}

func keysOf[F any](of []F) *keying[F] {
	return &keying[F]{of: of, shared: of[0], keys: make([][]any, len(of))}
}

// by makes a field of the filters part of the key, where the first of them has it: where
// says how rows hold to it.
func (k *keying[F]) by(where string, has bool, value func(*F) any, drop func(*F)) {
	if !has {
		return
	}
	drop(&k.shared)
	k.where = append(k.where, strings.ReplaceAll(where, "?", "key.k"+strconv.Itoa(len(k.where)+1)))
	for i := range k.of {
		k.keys[i] = append(k.keys[i], value(&k.of[i]))
	}
}

// byID does so with a field that holds an id.
func (k *keying[F]) byID(column string, field func(*F) *string) {
	k.by(column+" = ?", *field(&k.of[0]) != "",
		func(f *F) any { return rowID(*field(f)) }, func(f *F) { *field(f) = "" })
}

// keyTable is keys as a table of a WITH clause: key (at, k1, k2) AS (VALUES …), where at
// is the place of the key among all.
type keyTable struct {
	from int // the place of the first
	keys [][]any
}

// AppendQuery writes the table.
func (k keyTable) AppendQuery(gen schema.QueryGen, b []byte) (_ []byte, err error) {
	b = append(b, "key (at"...)
	for n := range k.keys[0] {
		b = strconv.AppendInt(append(b, ", k"...), int64(n+1), 10)
	}
	b = append(b, ") AS (VALUES "...)
	for i, key := range k.keys {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(append(b, '('), int64(k.from+i), 10)
		for _, value := range key {
			b = append(b, ", "...)
			switch value := value.(type) {
			case rowID:
				if b, err = value.AppendQuery(gen, b); err != nil {
					return nil, err
				}
				if gen.HasFeature(feature.DoubleColonCast) {
					b = append(b, "::uuid"...)
				}
			case date:
				b = gen.Dialect().AppendString(b, ledger.Date(value).String())
			case string:
				b = gen.Dialect().AppendString(b, value)
			}
		}
		b = append(b, ')')
	}
	return append(b, ')'), nil
}

// placed is a row with the place of its key.
type placed[R any] struct {
	At  int
	Row R `bun:"embed:"`
}

// below is lists of rows of one table, each below a key.
type below[R any] struct {
	doing string
	keys  [][]any
	where []string // how rows hold to their key
	// row is by what SQLite finds a row again: rowid, or where the table has none, a column
	// that tells the rows below one key apart.
	row    string
	narrow func(*bun.SelectQuery) *bun.SelectQuery
}

// inner selects the rows of one key.
func (l below[R]) inner(t *tx) *bun.SelectQuery {
	q := l.narrow(t.db.NewSelect().Model((*R)(nil)))
	for _, where := range l.where {
		q = q.Where(where)
	}
	return q
}

// The page of a key is a query of its own within the statement: of PostgreSQL a table that
// depends on the key; SQLite, which has no such tables, finds the rows again by their name.
const (
	postgresBelow = "WITH ? SELECT key.at, page.* FROM key CROSS JOIN LATERAL (?) AS page ORDER BY key.at, ?"
	sqliteBelow   = "WITH ? SELECT key.at, page.* FROM key CROSS JOIN ? AS page WHERE page.? IN (?)? ORDER BY key.at, ?"
)

// pages reads a page below each key.
func pages[R, T any](ctx context.Context, t *tx, l below[R], s seek, of func([]R) ([]T, error)) ([][]T, error) {
	found := make([][]T, len(l.keys))
	for from := 0; from < len(l.keys); from += chunkIDs {
		keys := keyTable{from, l.keys[from:min(from+chunkIDs, len(l.keys))]}
		inner := s.on(l.inner(t))
		args := []any{keys, inner, bun.Safe(s.order())}
		statement := postgresBelow
		if !t.bulk {
			statement = sqliteBelow
			table, again := bun.Ident(inner.GetTableName()), ""
			if l.row != "rowid" { // the key is part of what tells rows apart
				again = " AND " + strings.Join(l.where, " AND ")
			}
			args = []any{keys, table, bun.Safe(l.row), inner.ColumnExpr(l.row), bun.Safe(again), bun.Safe(s.order())}
		}
		rows, err := query[placed[R]](ctx, t, l.doing, statement, args...)
		if err != nil {
			return nil, err
		}
		for len(rows) > 0 { // in order of their keys
			at := rows[0].At
			n := slices.IndexFunc(rows, func(row placed[R]) bool { return row.At != at })
			if n < 0 {
				n = len(rows)
			}
			page, err := of(convert(rows[:n], func(row placed[R]) R { return row.Row }))
			if err != nil {
				return nil, err
			}
			found[at], rows = page, rows[n:]
		}
	}
	return found, nil
}

// counts counts the rows below each key.
func counts[R any](ctx context.Context, t *tx, l below[R]) ([]int64, error) {
	counted := make([]int64, len(l.keys))
	for from := 0; from < len(l.keys); from += chunkIDs {
		keys := keyTable{from, l.keys[from:min(from+chunkIDs, len(l.keys))]}
		rows, err := query[struct {
			At   int
			Rows int64
		}](ctx, t, l.doing, "WITH ? SELECT key.at, (?) AS rows FROM key", keys, l.inner(t).ColumnExpr("count(*)"))
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			counted[row.At] = row.Rows
		}
	}
	return counted, nil
}

// ofRows makes a conversion of single rows one of all.
func ofRows[R, T any](of func(R) T) func([]R) ([]T, error) {
	return func(rows []R) ([]T, error) { return convert(rows, of), nil }
}
