package store

import (
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

// byID is the place of a page in order of id.
func byID(page books.Page) seek {
	s := seek{terms: []string{"id"}, reverse: page.Reverse, limit: page.Limit}
	if page.After != "" {
		s.after = []any{page.After}
	}
	return s
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
	default:
		q = q.Where("(?) ? (?)", bun.Safe(strings.Join(s.terms, ", ")), bun.Safe(compare), bun.List(s.after))
	}
	q = q.OrderExpr(s.order())
	if s.limit > 0 {
		q = q.Limit(int64(s.limit))
	}
	return q
}
