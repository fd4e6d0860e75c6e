package graph

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"drawdown/internal/books"
)

// SubscriptionOptions bound subscriptions. Zero fields take their defaults.
type SubscriptionOptions struct {
	// Max and MaxPerCaller are how many may be open on this server, and of one caller; 1,000
	// and 100. One that has nothing to tell takes some 30 kB of memory.
	Max, MaxPerCaller int
	// Heartbeat is how often a stream is written to when nothing happens, so that proxies
	// leave it open and a caller that vanished is noticed, and how often, at least, the caller
	// is asked for again; 15 s.
	Heartbeat time.Duration
	// Life is how long a stream lives before its caller is told to subscribe again; 1 h. It
	// lets streams wander to servers that are new.
	Life time.Duration
	// Patience is how long a caller may take nothing of what is written before it is cut
	// off; 20 s.
	Patience time.Duration
}

func (o SubscriptionOptions) withDefaults() SubscriptionOptions {
	o.Max = cmp.Or(o.Max, 1000)
	o.MaxPerCaller = cmp.Or(o.MaxPerCaller, 100)
	o.Heartbeat = cmp.Or(o.Heartbeat, 15*time.Second)
	o.Life = cmp.Or(o.Life, time.Hour)
	o.Patience = cmp.Or(o.Patience, 20*time.Second)
	return o
}

const (
	// comeBack is how long those wait who are sent away, at least, and comeBackSpread how
	// much longer at most, so that they do not come all at once.
	comeBack, comeBackSpread = time.Second, 4 * time.Second
	// busyAgain is when somebody may have ended a subscription.
	busyAgain = 10 * time.Second
)

// subscriptions are those that are open.
type subscriptions struct {
	options SubscriptionOptions

	mu  sync.Mutex
	all int
	of  map[string]int // by actor
}

func newSubscriptions(options SubscriptionOptions) *subscriptions {
	return &subscriptions{options: options.withDefaults(), of: map[string]int{}}
}

// enter counts a subscription until leave is called. Errors: OVERLOADED, TOO_LARGE.
func (s *subscriptions) enter(actor string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.of[actor] >= s.options.MaxPerCaller:
		return nil, &books.Error{Code: books.TooLarge, Message: fmt.Sprintf("%d subscriptions of this caller are open on this server, and no more may be: end one first", s.of[actor])}
	case s.all >= s.options.Max:
		return nil, &books.Error{
			Code: books.Overloaded, RetryAfter: busyAgain,
			Message: fmt.Sprintf("%d subscriptions are open on this server, and no more may be: come back later", s.all),
		}
	}
	s.all++
	s.of[actor]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all--
		s.of[actor]--
		if s.of[actor] == 0 {
			delete(s.of, actor)
		}
	}, nil
}

// acceptsEvents reports whether the caller takes server-sent events.
func acceptsEvents(accept []string) bool {
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		media, parameters, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err == nil && media == mediaEvents {
			quality, err := strconv.ParseFloat(parameters["q"], 64)
			return err != nil || quality > 0
		}
	}
	return false
}

// byEvents answers with events, as the GraphQL over SSE protocol has it in its distinct
// connections mode: one request, one stream of results. Those of a subscription go on until
// one of both ends them; another operation has one, and so has a request that cannot be
// executed. done is false where JSON is the answer: where the caller takes both, of anything
// but a subscription, and always of a request that cannot be read.
func (t transport) byEvents(w http.ResponseWriter, r *http.Request, takesJSON bool, asked asked) (done bool) {
	operation, errs, refused := t.operationOf(r, asked)
	isSubscription := refused == nil && errs == nil && operation.Operation.Operation == ast.Subscription
	writesByGet := refused == nil && errs == nil && r.Method == http.MethodGet && operation.Operation.Operation == ast.Mutation
	if refused != nil || takesJSON && !isSubscription || writesByGet {
		return false
	}
	out := newEventWriter(w, t.subscriptions.options.Patience)
	if errs == nil {
		if refused = t.rates.take(r.Context(), r.RemoteAddr, costOf(operation)); refused != nil {
			errs = gqlerrors(refused.err)
		}
	} else {
		errs = t.presented(r.Context(), errs)
	}
	if errs != nil {
		t.watch.OperationEnded(r.Context(), Operation{}, codesOf(errs), 0)
		out.only(response{Errors: errs})
		return true
	}
	if isSubscription {
		t.subscribe(r, out, operation)
	} else {
		ctx, cancel := context.WithTimeout(r.Context(), t.limits.Time)
		defer cancel()
		end, err := t.eventPlace(ctx, bucketOf(ctx, r.RemoteAddr), operation)
		if err != nil {
			out.only(response{Errors: gqlerrors(t.faults.present(ctx, err))})
			return true
		}
		defer end()
		t.stream(ctx, r, out, operation, &subscription{leave: func() {}})
	}
	return true
}

// operationOf reads what is asked, in one of the places of those at work.
func (t transport) operationOf(r *http.Request, asked asked) (*graphql.OperationContext, gqlerror.List, *refused) {
	ctx, cancel := context.WithTimeout(r.Context(), t.limits.Time)
	defer cancel()
	leave, refused := t.place(ctx, bucketOf(ctx, r.RemoteAddr))
	defer leave()
	if refused != nil {
		return nil, nil, refused
	}
	params, named, refused := asked.params(t.limits)
	if refused == nil {
		refused = t.documents.find(ctx, params, named)
	}
	if refused != nil {
		return nil, nil, refused
	}
	operation, errs := t.executor.CreateOperationContext(graphql.StartOperationTrace(ctx), params)
	if errs == nil {
		t.documents.keep(ctx, params.Query, named)
	}
	return operation, errs, nil
}

// place takes a place among the requests at work, and a processor.
func (t transport) place(ctx context.Context, caller string) (leave func(), refused *refused) {
	stand, refused := t.shedding.enter(ctx, caller)
	if refused != nil {
		return stand, refused
	}
	pause, refused := t.shedding.compute(ctx, caller)
	return func() { pause(); stand() }, refused
}

// subscribe streams a subscription, where there is room for one more.
func (t transport) subscribe(r *http.Request, out *eventWriter, operation *graphql.OperationContext) {
	leave, err := t.subscriptions.enter(books.CallerOf(r.Context()).Actor)
	if err != nil {
		out.only(response{Errors: gqlerrors(t.faults.present(r.Context(), err))})
		return
	}
	defer leave()
	s := &subscription{leave: func() {}, begin: func(ctx context.Context) (end func(), err error) {
		return t.eventPlace(ctx, bucketOf(ctx, r.RemoteAddr), operation)
	}}
	t.stream(withSubscription(r.Context(), s), r, out, operation, s)
}

// eventPlace has an event wait until there is room to resolve it beside the requests at
// work. It waits longer than a request may, for it is told late rather than not at all.
func (t transport) eventPlace(ctx context.Context, caller string, operation *graphql.OperationContext) (end func(), err error) {
	for {
		leave, refused := t.place(ctx, caller)
		lighten := func() {}
		if refused == nil {
			lighten, refused = t.shedding.weigh(ctx, costOf(operation))
		}
		if refused == nil {
			return func() { lighten(); leave() }, nil
		}
		leave()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// stream executes an operation and writes what comes of it.
func (t transport) stream(ctx context.Context, r *http.Request, out *eventWriter, operation *graphql.OperationContext, s *subscription) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan *graphql.Response)
	var working sync.WaitGroup
	defer working.Wait()
	defer cancel()
	working.Go(func() {
		defer close(results)
		defer func() { s.leave() }()
		t.results(ctx, operation, results)
	})
	t.send(r, out, operation, results)
}

// results executes the operation and hands over what comes of it, one by one.
func (t transport) results(ctx context.Context, operation *graphql.OperationContext, results chan<- *graphql.Response) {
	send := func(result *graphql.Response) bool {
		select {
		case results <- result:
			return true
		case <-ctx.Done():
			return false
		}
	}
	defer func() {
		if panicked := recover(); panicked != nil { // the caller sees a fault; the process goes on
			send(&graphql.Response{Errors: gqlerrors(t.faults.present(ctx, t.faults.recovered(ctx, panicked)))})
		}
	}()
	respond, ctx := t.executor.DispatchOperation(graphql.StartOperationTrace(ctx), operation)
	for {
		result := respond(ctx)
		if result != nil {
			result.Data = bytes.Clone(result.Data) // its bytes are the next one's too
		}
		if result == nil || !send(result) || operation.Operation.Operation != ast.Subscription {
			return
		}
	}
}

// send writes results as they come, and heartbeats between them, until there are no more,
// the caller has gone or may no longer see them, or the server wants to be rid of it.
func (t transport) send(r *http.Request, out *eventWriter, operation *graphql.OperationContext, results <-chan *graphql.Response) {
	options := t.subscriptions.options
	heartbeat, life := time.NewTicker(options.Heartbeat), time.NewTimer(options.Life)
	defer heartbeat.Stop()
	defer life.Stop()
	var expires <-chan time.Time
	if at := books.CallerOf(r.Context()).ExpiresAt; !at.IsZero() {
		ends := time.NewTimer(time.Until(at))
		defer ends.Stop()
		expires = ends.C
	}
	out.begin()
	for out.err == nil {
		select {
		case result, more := <-results:
			if !more {
				out.complete()
				return
			}
			if refused := t.mayStill(r, operation); refused != nil {
				out.only(response{Errors: gqlerrors(refused)})
				return
			}
			out.result(response{Errors: result.Errors, Data: result.Data, Extensions: result.Extensions})
		case <-heartbeat.C:
			out.comment("")
			if refused := t.mayStill(r, operation); refused != nil {
				out.only(response{Errors: gqlerrors(refused)})
				return
			}
		case <-expires:
			expires = nil
			if refused := t.mayStill(r, operation); refused != nil {
				out.only(response{Errors: gqlerrors(refused)})
				return
			}
		case <-life.C:
			out.sendAway(fmt.Sprintf("this stream is %s old: subscribe again", options.Life))
			return
		case <-t.background.Done():
			out.sendAway("this server stops: subscribe again")
			return
		case <-r.Context().Done():
			return
		}
	}
	t.faults.log.InfoContext(r.Context(), "a subscriber was cut off", "correlation_id", correlationID(r.Context()), "error", out.err)
}

// mayStill asks again who the caller is and what they may do, before each event and at each
// heartbeat: a token may have been revoked meanwhile. The answer is remembered for a few
// seconds, as for requests (auth.CacheTime). That nobody can tell now is no reason to send
// them away.
func (t transport) mayStill(r *http.Request, operation *graphql.OperationContext) *gqlerror.Error {
	ctx, err := t.access.authenticated(r.Context(), r)
	if err == nil {
		err = t.access.check(ctx, books.Viewer)
	}
	switch {
	case err != nil && books.CodeOf(err) == books.Unavailable:
		return nil
	case err != nil:
		return t.faults.present(ctx, err)
	}
	return t.access.MutateOperationContext(ctx, operation)
}

// eventWriter writes server-sent events, each at once. After an error it writes nothing.
type eventWriter struct {
	to       http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	begun    bool
	err      error
}

func newEventWriter(w http.ResponseWriter, patience time.Duration) *eventWriter {
	return &eventWriter{to: w, control: http.NewResponseController(w), patience: patience}
}

// only writes the one result that there is.
func (e *eventWriter) only(result response) {
	e.result(result)
	e.complete()
}

// begin sends the header, so that the caller knows that it is heard.
func (e *eventWriter) begin() {
	if e.begun {
		return
	}
	e.begun = true
	header := e.to.Header()
	header.Set("Content-Type", mediaEvents)
	header.Set("Cache-Control", "no-store, no-transform") // a proxy that packs holds back
	header.Set("X-Accel-Buffering", "no")                 // nginx and those who do as it does
	e.to.WriteHeader(http.StatusOK)
	e.comment("")
}

// result writes an event with a result.
func (e *eventWriter) result(result response) {
	_, text := encoded(http.StatusOK, result)
	e.write("event: next\ndata: " + string(text) + "\n") // JSON of one line
}

// complete says that nothing follows: a client does not come back by itself.
func (e *eventWriter) complete() { e.write("event: complete\ndata: \n\n") }

// sendAway ends the stream without complete: clients of the protocol, and browsers, then
// subscribe again by themselves, after the time that it names.
func (e *eventWriter) sendAway(why string) {
	after := comeBack + rand.N(comeBackSpread) //nolint:gosec // nobody gains by guessing it
	e.write(fmt.Sprintf(": %s\nretry: %d\n\n", why, after.Milliseconds()))
}

// comment writes what clients read over.
func (e *eventWriter) comment(text string) { e.write(":" + text + "\n\n") }

func (e *eventWriter) write(text string) {
	e.begin()
	if e.err != nil {
		return
	}
	// Without a deadline a caller that does not read would hold the stream for ever.
	if err := e.control.SetWriteDeadline(time.Now().Add(e.patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		e.err = err
		return
	}
	if _, e.err = e.to.Write([]byte(text)); e.err == nil {
		e.err = e.control.Flush()
	}
}
