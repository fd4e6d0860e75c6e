package graph

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"drawdown/internal/books"
)

// request is what the resolvers of one query share, or those below one field of a
// mutation: a snapshot, an instant and the loaders.
type request struct {
	books *books.Books
	now   time.Time
	*loaders

	// places are taken by the root fields that are at work.
	places chan struct{}

	// snapshot is what all fields of a query read, one after the other, for a
	// transaction has one connection. Below a mutation there is none: what its fields
	// read is younger than what it wrote.
	mu       sync.Mutex
	snapshot books.Tx

	// fields are the look-ups of lists below lists, by the field of the document.
	fieldsMu sync.Mutex
	fields   map[nestedField]any
	ahead    atomic.Int64 // rows that were read for others than those that asked

	// view, where set, takes the snapshot when something is read first.
	view func() (books.Tx, error)
}

func newRequest(b *books.Books, snapshot books.Tx, parallel int) *request {
	q := &request{books: b, now: b.Now(), snapshot: snapshot, places: make(chan struct{}, parallel)}
	q.loaders = newLoaders(b, q.read)
	return q
}

// read runs act on the query's snapshot.
func (q *request) read(ctx context.Context, act func(context.Context, books.Tx) error) error {
	if q.snapshot == nil && q.view == nil {
		return q.books.View(ctx, act)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if q.view != nil {
		var err error
		if q.snapshot, err = q.view(); err != nil {
			return err
		}
		q.view = nil
	}
	return act(ctx, q.snapshot)
}

// viewLater has the request read one snapshot, taken when something is read first: an
// event that brings all that was asked for costs none. done gives it back.
func (q *request) viewLater(ctx context.Context) (done func()) {
	over, ended := make(chan struct{}), make(chan error, 1)
	begun := false
	q.view = func() (books.Tx, error) {
		begun = true
		taken := make(chan books.Tx)
		go func() {
			ended <- q.books.View(ctx, func(_ context.Context, tx books.Tx) error {
				select {
				case taken <- tx:
				case <-over: // a view that is tried again
				}
				<-over
				return nil
			})
		}()
		select {
		case tx := <-taken:
			return tx, nil
		case err := <-ended:
			begun = false
			return nil, err
		}
	}
	return func() {
		close(over)
		if begun {
			<-ended //nolint:errcheck // whoever read within it knows what went wrong
		}
	}
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	q, _ := ctx.Value(requestKey{}).(*request)
	return q
}

// reading gives every query and every event its snapshot, and every field of a mutation
// loaders of its own: a field is resolved to the last leaf before the next one acts.
type reading struct {
	books    *books.Books
	parallel int           // root fields of one query that are at work at the same time
	time     time.Duration // of an event, as of a request
}

var (
	_ graphql.ResponseInterceptor  = reading{}
	_ graphql.RootFieldInterceptor = reading{}
)

func (reading) ExtensionName() string                   { return "Reading" }
func (reading) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse resolves a query within one view of the book.
func (r reading) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if !graphql.HasOperationContext(ctx) {
		return next(ctx)
	}
	operation := graphql.GetOperationContext(ctx).Operation
	switch {
	case operation == nil || operation.Operation == ast.Mutation:
		return next(ctx)
	case operation.Operation == ast.Subscription:
		return r.interceptEvent(ctx, next)
	}
	var response *graphql.Response
	err := r.books.View(ctx, func(ctx context.Context, tx books.Tx) error {
		if response == nil { // a view that is tried again has its answer
			response = next(context.WithValue(ctx, requestKey{}, newRequest(r.books, tx, r.parallel)))
		}
		return nil
	})
	if err != nil && response == nil {
		graphql.AddError(ctx, err)
		return &graphql.Response{Errors: graphql.GetErrors(ctx)}
	}
	return response
}

// InterceptRootField gives a field of a mutation what it shares with the fields below it. A
// field of a query waits until few enough others of it are at work: root fields alone run
// side by side.
func (r reading) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	q := requestOf(ctx)
	if q == nil {
		return next(context.WithValue(ctx, requestKey{}, newRequest(r.books, nil, r.parallel)))
	}
	select {
	case q.places <- struct{}{}:
	case <-ctx.Done():
		graphql.AddError(ctx, ctx.Err())
		return graphql.Null
	}
	defer func() { <-q.places }()
	return next(ctx)
}
