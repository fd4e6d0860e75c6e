package graph

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// maxWatchedCustomers bounds the customers of one subscription: a page of a dashboard
// shows fewer.
const maxWatchedCustomers = 100

func (r subscriptionResolver) BalanceChanged(ctx context.Context, customers []string) (<-chan *books.Balance, error) {
	if len(customers) == 0 || len(customers) > maxWatchedCustomers {
		return nil, &books.Error{Code: books.Invalid, Field: "customers", Message: fmt.Sprintf("must name 1 to %d customers, not %d", maxWatchedCustomers, len(customers))}
	}
	q := newRequest(r.books, nil, 1)
	ids := make([]string, len(customers))
	for _, externalID := range customers {
		q.customersBy.expect(externalID)
	}
	for i, externalID := range customers {
		customer, exists, err := q.customersBy.load(ctx, externalID)
		switch {
		case err != nil:
			return nil, err
		case !exists:
			return nil, &books.Error{Code: books.NotFound, Field: fmt.Sprintf("customers.%d", i), Message: fmt.Sprintf("there is no customer %q", clip(externalID))}
		}
		ids[i] = customer.ID
	}
	feed, err := r.books.FollowBalances(ctx, ids...)
	return subscribe(ctx, feed, err, func(q *request, balance *books.Balance) {
		q.customers.expect(balance.CustomerID)
		q.sawLots(balance.Lots)
	})
}

func (r subscriptionResolver) JobRunProgress(ctx context.Context, id string) (<-chan *books.JobRun, error) {
	key, err := jobRunNoun.key("id", id)
	if err != nil {
		return nil, err
	}
	feed, err := r.books.FollowRun(ctx, key)
	return subscribe(ctx, feed, err, sawJobRun)
}

func (r subscriptionResolver) ExportBatchProgress(ctx context.Context, id string) (<-chan *books.ExportBatch, error) {
	key, err := exportBatchNoun.key("id", id)
	if err != nil {
		return nil, err
	}
	feed, err := r.books.FollowExport(ctx, key)
	return subscribe(ctx, feed, err, func(q *request, batch *books.ExportBatch) { q.exportTargets.expect(batch.TargetID) })
}

func (r subscriptionResolver) JobRunChanged(ctx context.Context, job *books.JobName) (<-chan *books.JobRun, error) {
	feed, err := r.books.FollowRuns(ctx, value(job))
	return subscribe(ctx, feed, err, sawJobRun)
}

func sawJobRun(q *request, run *books.JobRun) { q.sawJobRuns([]books.JobRun{*run}) }

func (r subscriptionResolver) EntriesPosted(ctx context.Context) (<-chan *books.Posted, error) {
	feed, err := r.books.FollowJournal(ctx)
	return subscribe(ctx, feed, err, func(q *request, posted *books.Posted) {
		q.entries.expect(posted.First)
		q.entries.expect(posted.Last)
	})
}

func (entriesPostedResolver) First(ctx context.Context, posted *books.Posted) (*ledger.Entry, error) {
	return pointer(ctx, requestOf(ctx).entries, posted.First)
}

func (entriesPostedResolver) Last(ctx context.Context, posted *books.Posted) (*ledger.Entry, error) {
	return pointer(ctx, requestOf(ctx).entries, posted.Last)
}

// subscription is where the answers of one subscription come from. An answer is made when
// the one before it was sent, of what is true then: so a caller who reads slowly keeps
// nothing waiting but itself.
type subscription struct {
	// next waits for news, hands them to the executor and tells the request which rows they
	// refer to; more is false once there will be none.
	next func(ctx context.Context) (saw func(*request), more bool, err error)
	// begin waits until there is room to resolve an event.
	begin func(ctx context.Context) (end func(), err error)
	// leave ends the feed.
	leave  func()
	failed bool
}

type subscriptionKey struct{}

func withSubscription(ctx context.Context, s *subscription) context.Context {
	return context.WithValue(ctx, subscriptionKey{}, s)
}

// subscribe has the subscription of the context watch. The channel that it returns is what
// the executor reads: it holds one event, put there before the executor looks.
func subscribe[T any](ctx context.Context, feed *books.Feed[T], err error, saw func(*request, *T)) (<-chan *T, error) {
	if err != nil {
		return nil, err
	}
	s, ok := ctx.Value(subscriptionKey{}).(*subscription)
	if !ok {
		feed.Close()
		return nil, &books.Error{Code: books.Internal, Message: "a subscription was begun where none can be answered"}
	}
	events := make(chan *T, 1)
	s.leave = feed.Close
	s.next = func(ctx context.Context) (func(*request), bool, error) {
		event, more, err := feed.Next(ctx)
		if err != nil || !more {
			return nil, false, err
		}
		events <- &event
		return func(q *request) { saw(q, &event) }, true, nil
	}
	return events, nil
}

// interceptEvent waits for news and resolves them as one answer, on a snapshot that is
// taken where anything is read at all.
func (r reading) interceptEvent(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	s, ok := ctx.Value(subscriptionKey{}).(*subscription)
	if !ok || s.next == nil {
		return next(ctx)
	}
	if s.failed {
		return nil
	}
	saw, more, err := s.next(ctx)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		s.failed = true
		graphql.AddError(ctx, err)
		return &graphql.Response{Errors: graphql.GetErrors(ctx)}
	case !more:
		return nil
	}
	end, err := s.begin(ctx)
	if err != nil { // the caller has gone
		return nil
	}
	defer end()
	ctx, cancel := context.WithTimeout(ctx, r.time)
	defer cancel()
	q := newRequest(r.books, nil, r.parallel)
	done := q.viewLater(ctx)
	defer done()
	saw(q)
	return next(context.WithValue(ctx, requestKey{}, q))
}
