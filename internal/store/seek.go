package store

import (
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
)

// seek is a place in an ordered list, from which a page of it is read by the index of the
// order, however far into the list it is.
type seek struct {
	terms   []string // expressions that order the list; together they tell any two rows apart
	after   []any    // their values after which to go on; nil from the beginning
	reverse bool
	limit   int // 0 is none
}

// orders are those of a list, besides the one of its ids, by the expression that orders it.
type orders map[books.Order]ordering

type ordering struct {
	expression string
	text       bool // a number otherwise
}

// byID is the place of a page in order of id.
func byID(page books.Page) seek {
	s := seek{terms: []string{"id"}, reverse: page.Reverse, limit: page.Limit}
	if page.After != "" {
		s.after = []any{page.After}
	}
	return s
}

// by puts a place in the order of ids into the order that the page asks for.
// Errors: INVALID for an order that the list does not have, and a value that is none of it.
func (o orders) by(page books.Page, natural seek) (seek, error) {
	if page.By == "" {
		return natural, nil
	}
	order, known := o[page.By]
	if !known {
		return natural, &books.Error{Code: books.Invalid, Field: "sort", Message: "is no order of this list: " + string(page.By)}
	}
	natural.terms = append([]string{order.expression}, natural.terms...)
	if natural.after == nil {
		return natural, nil
	}
	var value any = page.AfterValue
	if !order.text {
		number, err := strconv.ParseInt(page.AfterValue, 10, 64)
		if err != nil {
			return natural, &books.Error{Code: books.Invalid, Field: "after", Message: "is no cursor of this list in order of " + string(page.By), Cause: err}
		}
		value = number
	}
	natural.after = append([]any{value}, natural.after...)
	return natural, nil
}

// order writes the terms for an ORDER BY.
func (s seek) order() string {
	direction := " ASC"
	if s.reverse {
		direction = " DESC"
	}
	return strings.Join(s.terms, direction+", ") + direction
}

// on narrows a query to the page.
func (s seek) on(q *bun.SelectQuery) *bun.SelectQuery {
	compare := ">"
	if s.reverse {
		compare = "<"
	}
	switch len(s.after) {
	case 0:
	case 1:
		q = q.Where("? ? ?", bun.Safe(s.terms[0]), bun.Safe(compare), s.after[0])
	default: // the first term alone too, for planners know ranges of an expression, not of a row with one
		q = q.Where("? ?= ?", bun.Safe(s.terms[0]), bun.Safe(compare), s.after[0]).
			Where("(?) ? (?)", bun.Safe(strings.Join(s.terms, ", ")), bun.Safe(compare), bun.List(s.after))
	}
	q = q.OrderExpr(s.order())
	if s.limit > 0 {
		q = q.Limit(int64(s.limit))
	}
	return q
}
