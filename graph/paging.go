package graph

import (
	"context"
	"encoding/base64"
	"fmt"

	"drawdown/graph/internal/view"
	"drawdown/internal/books"
)

// maxFirst bounds a page: two hundred rows fill any screen, and a nested page of as many
// is still answered at once.
const maxFirst = 200

// countPage is how many rows are read at a time where the store cannot count a list.
const countPage = 1000

// paging is how a caller asks for a page.
type paging struct {
	first   int
	after   *string
	reverse bool
}

// list is a list that can be paged: its rows in order of their key.
type list[T any] struct {
	noun noun
	// key is a row's place in the order, unique; what a cursor holds.
	key  func(*T) string
	read func(context.Context, books.Tx, books.Page) ([]T, error)
	// count is nil where the store has none: the list is read through.
	count func(context.Context, books.Tx) (int64, error)
	// saw is told of the rows of a page, so that loaders fetch what they refer to at once.
	saw func([]T)

	// checkKey refuses a key that is none of the list; any is one where nil.
	checkKey func(key string) bool
}

// connect reads a page of the list. Errors: INVALID and TOO_LARGE for the paging.
func connect[T any](ctx context.Context, q *request, p paging, l list[T]) (*view.Connection[T], error) {
	page := books.Page{Limit: p.first + 1, Reverse: p.reverse} // one more, to know whether more follow
	if err := checkFirst(p.first); err != nil {
		return nil, err
	}
	if p.after != nil {
		key, err := l.keyOf(*p.after)
		if err != nil {
			return nil, err
		}
		page.After = key
	}
	var rows []T
	err := q.read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		rows, err = l.read(ctx, tx, page)
		return err
	})
	if err != nil {
		return nil, err
	}
	more := len(rows) > p.first
	if more {
		rows = rows[:p.first]
	}
	if l.saw != nil {
		l.saw(rows)
	}
	return l.connection(q, rows, view.PageInfo{HasNextPage: more, HasPreviousPage: p.after != nil}), nil
}

func (l list[T]) connection(q *request, rows []T, info view.PageInfo) *view.Connection[T] {
	c := &view.Connection[T]{Edges: make([]view.Edge[T], len(rows)), PageInfo: info}
	for i := range rows {
		c.Edges[i] = view.Edge[T]{Cursor: l.cursor(&rows[i]), Node: rows[i]}
	}
	if len(rows) > 0 {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &c.Edges[0].Cursor, &c.Edges[len(rows)-1].Cursor
	}
	c.Count = func(ctx context.Context) (n int64, err error) {
		err = q.read(ctx, func(ctx context.Context, tx books.Tx) error {
			n, err = l.total(ctx, tx)
			return err
		})
		return n, err
	}
	return c
}

func (l list[T]) total(ctx context.Context, tx books.Tx) (int64, error) {
	if l.count != nil {
		return l.count(ctx, tx)
	}
	var n int64
	page := books.Page{Limit: countPage}
	for {
		rows, err := l.read(ctx, tx, page)
		n += int64(len(rows))
		if err != nil || len(rows) < countPage {
			return n, err
		}
		page.After = l.key(&rows[len(rows)-1])
	}
}

// none is a list without rows: what a filter by an unknown name keeps.
func none[T any](first int, err error) (*view.Connection[T], error) {
	if err == nil {
		err = checkFirst(first)
	}
	return &view.Connection[T]{Count: func(context.Context) (int64, error) { return 0, nil }}, err
}

func checkFirst(first int) error {
	switch {
	case first < 1:
		return &books.Error{Code: books.Invalid, Field: "first", Message: fmt.Sprintf("must be 1 to %d, not %d", maxFirst, first)}
	case first > maxFirst:
		return &books.Error{Code: books.TooLarge, Field: "first", Message: fmt.Sprintf("must be 1 to %d, not %d: ask for several pages", maxFirst, first)}
	}
	return nil
}

// A cursor is the row's id, in a dress that keeps anybody from building one.
func (l list[T]) cursor(row *T) string {
	return base64.RawURLEncoding.EncodeToString([]byte(l.noun.id(l.key(row))))
}

// keyOf returns the key in a cursor of this list. Errors: INVALID.
func (l list[T]) keyOf(cursor string) (string, error) {
	refused := &books.Error{Code: books.Invalid, Field: "after", Message: fmt.Sprintf("must be a cursor of this list, as pageInfo.endCursor or an edge gave it, not %q", clip(cursor))}
	if len(cursor) > 2*maxKeyLength {
		return "", refused
	}
	id, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", refused
	}
	of, key, err := splitID("after", string(id))
	if err != nil || of != l.noun || (l.checkKey != nil && !l.checkKey(key)) {
		return "", refused
	}
	return key, nil
}
