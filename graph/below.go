package graph

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"drawdown/graph/internal/view"
	"drawdown/internal/books"
)

// A list below the rows of another one, such as the lots of each of two hundred customers,
// is read for all of those rows when the first of them asks: the field is the same for all,
// and so are its arguments. So the statements of a page do not depend on its rows, however
// deep the lists are in each other.

// maxAhead bounds the rows that a request has read for others than those that asked: no
// query within Limits.Complexity has more in lists below lists. One that has spent it reads
// the rest row by row.
const maxAhead = DefaultComplexity

// kin are rows that were read together: where one has a list below it asked for, the
// others most likely have too.
type kin[K comparable] struct {
	mu sync.Mutex
	of map[K][]K
}

// met says that the rows of the keys were read together.
func (k *kin[K]) met(keys []K) {
	if len(keys) < 2 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil {
		k.of = make(map[K][]K, len(keys))
	}
	for _, key := range keys {
		if _, known := k.of[key]; !known {
			k.of[key] = keys
		}
	}
}

// with returns the keys of the rows that were read together with one.
func (k *kin[K]) with(key K) []K {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.of[key]
}

// nested is a list below a row: the parent's key, and how the lists below many are read.
type nested[K comparable, F, T any] struct {
	list[T]
	parent K
	kin    *kin[K]
	// filter narrows the list to the rows below a parent.
	filter func(K) F
	pages  func(books.Tx, context.Context, []F, books.Page) ([][]T, error)
	counts func(books.Tx, context.Context, []F) ([]int64, error)
}

// below connects the page of a list below a row. Errors: INVALID and TOO_LARGE for the
// paging.
func connectBelow[K comparable, F, T any](ctx context.Context, q *request, p paging, l nested[K, F, T]) (*view.Connection[T], error) {
	page, err := l.page(p)
	if err != nil {
		return nil, err
	}
	filters := func(parents []K) []F {
		of := make([]F, len(parents))
		for i, parent := range parents {
			of[i] = l.filter(parent)
		}
		return of
	}
	field := graphql.GetFieldContext(ctx).Field.Field
	pages := batchOf(q, nestedField{field, false}, func(ctx context.Context, parents []K) (map[K][]T, error) {
		var read [][]T
		err := q.read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
			read, err = l.pages(tx, ctx, filters(parents), page)
			return err
		})
		if err != nil {
			return nil, err
		}
		found := make(map[K][]T, len(parents))
		var all []T
		for i, parent := range parents {
			found[parent] = read[i]
			all = append(all, read[i][:min(len(read[i]), p.first)]...)
		}
		if l.saw != nil {
			l.saw(all)
		}
		return found, nil
	})
	rows, err := loadWithKin(ctx, q, pages, l.parent, l.kin, page.Limit)
	if err != nil {
		return nil, err
	}
	count := func(ctx context.Context) (int64, error) {
		counts := batchOf(q, nestedField{field, true}, func(ctx context.Context, parents []K) (map[K]int64, error) {
			var read []int64
			err := q.read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
				read, err = l.counts(tx, ctx, filters(parents))
				return err
			})
			found := make(map[K]int64, len(parents))
			for i := range read {
				found[parents[i]] = read[i]
			}
			return found, err
		})
		return loadWithKin(ctx, q, counts, l.parent, l.kin, countCost)
	}
	return l.connection(rows, p, count), nil
}

// loadWithKin loads what is below a row, and below its kin where that is not known yet and
// the request can afford it.
func loadWithKin[K comparable, V any](ctx context.Context, q *request, b *batch[K, V], key K, kin *kin[K], cost int) (V, error) {
	value, _, err := b.loadWith(ctx, key, func() []K {
		if others := kin.with(key); q.afford(len(others) * cost) {
			return others
		}
		return nil
	})
	return value, err
}

// nestedField is a field of the request's document, the same for all rows that have it; or
// the count of its list.
type nestedField struct {
	*ast.Field
	counted bool
}

// batchOf returns the look-ups of a field, made where nobody has asked yet.
func batchOf[K comparable, V any](q *request, field nestedField, fetch func(context.Context, []K) (map[K]V, error)) *batch[K, V] {
	q.fieldsMu.Lock()
	defer q.fieldsMu.Unlock()
	if known, ok := q.fields[field].(*batch[K, V]); ok {
		return known
	}
	if q.fields == nil {
		q.fields = map[nestedField]any{}
	}
	made := newBatch(fetch)
	q.fields[field] = made
	return made
}

// afford takes rows that are read ahead from what the request may have.
func (q *request) afford(rows int) bool {
	return rows <= maxAhead && q.ahead.Add(int64(rows)) <= maxAhead
}
