package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

type bookRow struct {
	bun.BaseModel `bun:"table:book,alias:book"`

	Only       int64
	Functional string
	Zone       string
	CreatedAt  instant `bun:"created_at_us,type:bigint"`
}

func (t *tx) Book(ctx context.Context) (books.Book, error) {
	rows, err := list[bookRow](ctx, t, "reading the book", all)
	if err != nil {
		return books.Book{}, err
	}
	if len(rows) == 0 {
		return books.Book{}, &books.Error{Code: books.NotFound, Message: "the book is not set up yet"}
	}
	row := rows[0]
	return books.Book{Functional: ledger.Currency(row.Functional), Zone: row.Zone, CreatedAt: row.CreatedAt.time()}, nil
}

// SaveBook settles the book, once. Errors: ALREADY_EXISTS.
func (t *tx) SaveBook(ctx context.Context, book books.Book) error {
	return insert(ctx, t, "settling the book", []bookRow{{
		Only: 1, Functional: string(book.Functional), Zone: book.Zone, CreatedAt: instantOf(book.CreatedAt),
	}})
}

type idempotencyRow struct {
	bun.BaseModel `bun:"table:idempotency_keys,alias:idempotency_keys"`

	Key       string
	Operation string
	Hash      []byte
	Answer    []byte
	CreatedAt instant `bun:"created_at_us,type:bigint"`
}

func (t *tx) IdempotencyKey(ctx context.Context, key string) (books.IdempotencyRecord, bool, error) {
	if t.holdKey != "" && !t.readOnly {
		if _, err := t.exec(ctx, "holding an idempotency key", t.holdKey, key); err != nil {
			return books.IdempotencyRecord{}, false, err
		}
	}
	var row idempotencyRow
	err := t.db.NewSelect().Model(&row).Where("key = ?", key).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return books.IdempotencyRecord{}, false, nil
	}
	if err != nil {
		return books.IdempotencyRecord{}, false, t.refused("reading an idempotency key", err)
	}
	return books.IdempotencyRecord{
		Key: row.Key, Operation: row.Operation, Hash: row.Hash, Answer: row.Answer, CreatedAt: row.CreatedAt.time(),
	}, true, nil
}

// SaveIdempotencyKey keeps an answer. Errors: ALREADY_EXISTS.
func (t *tx) SaveIdempotencyKey(ctx context.Context, record books.IdempotencyRecord) error {
	return insert(ctx, t, "keeping an idempotency key", []idempotencyRow{{
		Key: record.Key, Operation: record.Operation, Hash: notNil(record.Hash), Answer: notNil(record.Answer),
		CreatedAt: instantOf(record.CreatedAt),
	}})
}

// notNil turns no bytes into an empty column, which is not NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func all(q *bun.SelectQuery) *bun.SelectQuery { return q }

// whereEqual narrows a query to a column's value, where there is one.
func whereEqual(q *bun.SelectQuery, column, value string) *bun.SelectQuery {
	if value == "" {
		return q
	}
	return q.Where("? = ?", bun.Ident(column), value)
}

// whereID narrows a query to an id, where there is one.
func whereID(q *bun.SelectQuery, column, value string) *bun.SelectQuery {
	if value == "" {
		return q
	}
	return q.Where("? = ?", bun.Ident(column), rowID(value))
}
