package graph

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

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
	by      books.Order // the natural order where ""
}

// list is a list that can be paged.
type list[T any] struct {
	noun noun
	// key tells the rows apart; they come in its order unless another is asked for.
	key func(*T) string
	// natural is what the API calls the order of keys, where the list has others too, in
	// which place gives the place of a row.
	natural books.Order
	place   func(*T, books.Order) string
	// saw is told of the rows of a page, so that loaders fetch what they refer to at once.
	saw func([]T)
	// checkKey refuses a key that is none of the list; any is one where nil.
	checkKey func(key string) bool
}

// page is what the store is asked for: one row more, to know whether more follow.
// Errors: INVALID and TOO_LARGE for the paging.
func (l list[T]) page(p paging) (books.Page, error) {
	page := books.Page{By: l.order(p), Limit: p.first + 1, Reverse: p.reverse}
	if err := checkFirst(p.first); err != nil {
		return page, err
	}
	var err error
	if p.after != nil {
		page.After, page.AfterValue, err = l.placeOf(*p.after, page.By)
	}
	return page, err
}

// order is the order in which the page is asked for, "" for the natural one.
func (l list[T]) order(p paging) books.Order {
	if p.by == l.natural {
		return ""
	}
	return p.by
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
	by := l.order(p)
	return &view.Connection[T]{
		Rows: rows[:min(len(rows), p.first)], More: len(rows) > p.first, Behind: p.after != nil, Count: count,
		CursorOf: func(row *T) string { return l.cursor(row, by) },
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

// A cursor is the row's id, in a dress that keeps anybody from building one; in another
// order than that of ids, with the name of the order and the row's place in it.
func (l list[T]) cursor(row *T, by books.Order) string {
	text := make([]byte, 0, 2*maxKeyLength)
	text = append(append(append(text, l.noun...), '_'), l.key(row)...)
	if by != "" {
		text = append(append(append(text, 0), by...), 0)
		text = append(text, l.place(row, by)...)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// maxCursor holds a key, and a name of two hundred characters of four bytes.
const maxCursor = 2048

// placeOf returns the key in a cursor of this list, and its place in the order.
// Errors: INVALID.
func (l list[T]) placeOf(cursor string, by books.Order) (key, place string, err error) {
	refused := &books.Error{Code: books.Invalid, Field: "after", Message: fmt.Sprintf("must be a cursor of this list, as pageInfo.endCursor or an edge gave it, not %q", clip(cursor))}
	if len(cursor) > maxCursor {
		return "", "", refused
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", "", refused
	}
	id, ordered, _ := strings.Cut(string(text), "\x00")
	of, key, err := splitID("after", id)
	if err != nil || of != l.noun || (l.checkKey != nil && !l.checkKey(key)) {
		return "", "", refused
	}
	order, place, _ := strings.Cut(ordered, "\x00")
	if books.Order(order) != by {
		refused.Message = fmt.Sprintf("must be a cursor of this list in order of %s, but is one of %s", cmp.Or(by, l.natural), cmp.Or(books.Order(clip(order)), l.natural))
		return "", "", refused
	}
	if strings.Contains(place, "\x00") || !utf8.ValidString(place) {
		return "", "", refused
	}
	return key, place, nil
}
