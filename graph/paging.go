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
	key func(*T) string
	// saw is told of the rows of a page, so that loaders fetch what they refer to at once.
	saw func([]T)
	// checkKey refuses a key that is none of the list; any is one where nil.
	checkKey func(key string) bool
}

// page is what the store is asked for: one row more, to know whether more follow.
// Errors: INVALID and TOO_LARGE for the paging.
func (l list[T]) page(p paging) (books.Page, error) {
	page := books.Page{Limit: p.first + 1, Reverse: p.reverse}
	if err := checkFirst(p.first); err != nil {
		return page, err
	}
	var err error
	if p.after != nil {
		page.After, err = l.keyOf(*p.after)
	}
	return page, err
}

// connect reads a page of the list. Errors: INVALID and TOO_LARGE for the paging.
func connect[F, T any](ctx context.Context, q *request, p paging, l list[T], filter F,
	read func(books.Tx, context.Context, F, books.Page) ([]T, error), count func(books.Tx, context.Context, F) (int64, error),
) (*view.Connection[T], error) {
	page, err := l.page(p)
	if err != nil {
		return nil, err
	}
	var rows []T
	err = q.read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		rows, err = read(tx, ctx, filter, page)
		return err
	})
	if err != nil {
		return nil, err
	}
	if l.saw != nil {
		l.saw(rows[:min(len(rows), p.first)])
	}
	return l.connection(rows, p, func(ctx context.Context) (n int64, err error) {
		err = q.read(ctx, func(ctx context.Context, tx books.Tx) error {
			n, err = count(tx, ctx, filter)
			return err
		})
		return n, err
	}), nil
}

// connection shows the rows of a page, of which there may be one too many.
func (l list[T]) connection(rows []T, p paging, count func(context.Context) (int64, error)) *view.Connection[T] {
	more := len(rows) > p.first
	if more {
		rows = rows[:p.first]
	}
	c := &view.Connection[T]{
		Edges:    make([]view.Edge[T], len(rows)),
		PageInfo: view.PageInfo{HasNextPage: more, HasPreviousPage: p.after != nil},
		Count:    count,
	}
	for i := range rows {
		c.Edges[i] = view.Edge[T]{Cursor: l.cursor(&rows[i]), Node: rows[i]}
	}
	if len(rows) > 0 {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &c.Edges[0].Cursor, &c.Edges[len(rows)-1].Cursor
	}
	return c
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
