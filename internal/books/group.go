package books

import (
	"context"
	"fmt"
	"hash/maphash"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// UsageOptions say how calls of [Books.RecordUsage] that meet are written together: a
// commit costs a wait for the disk, however much it holds. Zero fields take their
// defaults.
type UsageOptions struct {
	// MaxEvents bounds what calls are put together to; 10,000. One call alone may have
	// MaxUsageBatch. Beyond some thousand events the disk's share is too small to save,
	// and other writers wait for longer.
	MaxEvents int
	// Wait is how long a commit waits at most for as many calls as came by the end of the
	// last one; 1 ms, below 0 none. Callers who send one call after the other come back
	// within that: without it they fall into two halves that take turns, at twice the
	// commits. A call that meets no other never waits.
	Wait time.Duration
	// Lanes is how many transactions are written at the same time; 1, for SQLite has one
	// writer, and on PostgreSQL one large transaction beat two of half the size. On one
	// lane calls are recorded in order of arrival, but that one of a few events goes before a
	// large one which it does not wait for; on several, calls that meet are recorded in any order.
	Lanes int
	// MaxQueued bounds the events that wait; 50,000, a few seconds of work and some ten
	// megabytes. Beyond it a call is refused at once.
	MaxQueued int
}

// The defaults of UsageOptions.
const (
	DefaultUsageEvents = 10_000
	DefaultUsageWait   = time.Millisecond
	DefaultUsageLanes  = 1
	DefaultUsageQueued = 50_000
)

const (
	// groupTime ends a transaction of several calls that hangs: well before the caller of
	// a request gives up, so that they learn why.
	groupTime = 20 * time.Second
	// fewEvents is how many events a call has at most that goes before large ones: a handful of
	// milliseconds, which they do not notice.
	fewEvents = 100
	// maxRetryAfter bounds what a refused caller is asked to wait: a queue is emptied in
	// seconds, unless the database is away.
	maxRetryAfter = 30 * time.Second
)

// withDefaults fills in what is not said. Errors: INVALID.
func (o UsageOptions) withDefaults() (UsageOptions, error) {
	if o.MaxEvents < 0 || o.Lanes < 0 || o.MaxQueued < 0 {
		return o, refuse(Invalid, "usage", "limits of usage must not be negative")
	}
	if o.MaxEvents == 0 {
		o.MaxEvents = DefaultUsageEvents
	}
	if o.Wait == 0 {
		o.Wait = DefaultUsageWait
	}
	if o.Lanes == 0 {
		o.Lanes = DefaultUsageLanes
	}
	if o.MaxQueued == 0 {
		o.MaxQueued = DefaultUsageQueued
	}
	return o, nil
}

// QueueUsage is [Books.RecordUsage] in two steps, for senders that read on while the
// database writes: calls that one sender queues are recorded in that order, as far as
// UsageOptions.Lanes allows. The events are the queue's until the call has its answer. The
// context says for whom they are recorded, and does not end anything.
// Errors: TOO_LARGE, INVALID, OVERLOADED.
func (b *Books) QueueUsage(ctx context.Context, events []UsageInput) (*UsageCall, error) {
	if err := checkUsageBatch(events); err != nil {
		return nil, err
	}
	return b.usage.queue(ctx, events, false)
}

// UsageCall is a call that waits for its turn, is being written, or has its answer.
type UsageCall struct {
	from   *usageQueue
	caller context.Context //nolint:containedctx // whose trace the call belongs to, and nothing else
	since  time.Time
	events []UsageInput
	names  []uint64 // of the events, as far as a hash can tell
	done   chan struct{}
	// outcomes and err are there once done is closed.
	outcomes []UsageOutcome
	err      error
	few      bool // it may go before large calls: its sender waits, and queues nothing after it
	// taken and gone are the queue's: the call is being written; nobody waits for it.
	taken, gone bool
}

// Wait returns the outcomes once they are on the disk. Where the context ends first, a
// call whose turn has not come is not recorded; one that is being written may be.
// Errors: those of RecordUsage, those of the context.
func (c *UsageCall) Wait(ctx context.Context) ([]UsageOutcome, error) {
	select {
	case <-c.done:
	case <-ctx.Done():
		if c.from.withdraw(c) {
			return nil, ctx.Err()
		}
		select {
		case <-c.done: // the answer came at the same moment
		default:
			return nil, ctx.Err()
		}
	}
	return c.outcomes, c.err
}

// answer ends the wait.
func (c *UsageCall) answer(outcomes []UsageOutcome, err error) {
	c.outcomes, c.err = outcomes, err
	close(c.done)
}

// usageQueue puts calls together that meet. A call that finds a free lane and nobody
// waiting is written by its caller, at once and under its own context. Others wait; a
// lane that becomes free takes all of them that fit into one transaction, in order of
// arrival, and goes on until none wait. So no goroutine outlives its work, and nothing
// needs to be closed.
type usageQueue struct {
	options UsageOptions
	// record writes events in one transaction that belongs to no caller.
	record func(from []context.Context, events []UsageInput) ([]UsageOutcome, error)

	mu      sync.Mutex
	waiting []*UsageCall
	events  int // of the calls that wait
	lanes   int // at work
	// wentAhead says that the last transaction was of calls that went before large ones: the
	// next is of all in turn, so that those are not passed over for ever.
	wentAhead bool
	// expected is how many calls a lane waits for, gathered is closed when they are there.
	expected int
	gathered chan struct{}
	// perEvent is what an event took lately.
	perEvent time.Duration
}

// enter takes a free lane where nobody waits for one.
func (q *usageQueue) enter() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.lanes == q.options.Lanes || len(q.waiting) > 0 {
		return false
	}
	q.lanes++
	return true
}

// leave gives the lane to those who came meanwhile.
func (q *usageQueue) leave(events int, began time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.took(events, began)
	q.lanes--
	q.start()
}

// start puts a free lane to work on what waits, unless another one is about to take it.
func (q *usageQueue) start() {
	if len(q.waiting) > 0 && q.lanes < q.options.Lanes && q.gathered == nil {
		q.lanes++
		go q.lane()
	}
}

// took remembers what an event takes, the last transactions counting most.
func (q *usageQueue) took(events int, began time.Time) {
	if events > 0 {
		q.perEvent = (3*q.perEvent + time.Since(began)/time.Duration(events)) / 4
	}
}

var nameSeed = maphash.MakeSeed()

// queue adds a call to those that wait. Errors: OVERLOADED.
func (q *usageQueue) queue(ctx context.Context, events []UsageInput, few bool) (*UsageCall, error) {
	call := &UsageCall{from: q, caller: ctx, since: time.Now(), events: events, few: few, names: make([]uint64, len(events)), done: make(chan struct{})}
	for i, event := range events {
		call.names[i] = nameOf(event)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	// A queue that is empty takes any call: one larger than the queue would never be taken.
	if len(q.waiting) > 0 && q.events+len(events) > q.options.MaxQueued {
		return nil, q.overloaded()
	}
	q.waiting = append(q.waiting, call)
	q.events += len(events)
	if q.gathered != nil && q.enough() {
		close(q.gathered)
		q.gathered = nil
	} else {
		q.start()
	}
	return call, nil
}

func nameOf(event UsageInput) uint64 {
	var name maphash.Hash
	name.SetSeed(nameSeed)
	if event.Source == "" {
		event.Source = DefaultSource
	}
	for _, part := range []string{event.Customer, event.Source, event.ID} {
		_, _ = name.WriteString(part) // a hash takes everything
		_ = name.WriteByte(0)
	}
	return name.Sum64()
}

// overloaded asks a caller to come back when about half of the queue is written.
func (q *usageQueue) overloaded() *Error {
	wait := (q.perEvent*time.Duration(q.events)/time.Duration(2*q.options.Lanes) + time.Second - 1).Truncate(time.Second)
	wait = min(max(wait, time.Second), maxRetryAfter)
	err := refuse(Overloaded, "", "%d usage events wait to be recorded: send these again in %s", q.events, counted(fmt.Sprint(int(wait.Seconds())), "second"))
	err.RetryAfter = wait
	return err
}

// withdraw takes a call back whose turn has not come, and reports whether it has not.
// Its place stays, so that those who come and go are bounded as well.
func (q *usageQueue) withdraw(call *UsageCall) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !call.taken {
		call.gone = true
	}
	return call.gone
}

// lane writes what waits until nothing does.
func (q *usageQueue) lane() {
	for q.gather() {
		calls := q.take()
		if calls == nil {
			return
		}
		began := time.Now()
		q.write(calls)
		q.mu.Lock()
		q.expected = len(calls) + len(q.waiting)
		q.took(sizeOf(calls), began)
		q.mu.Unlock()
	}
}

func sizeOf(calls []*UsageCall) (events int) {
	for _, call := range calls {
		events += len(call.events)
	}
	return events
}

// enough reports whether there is nothing left to wait for.
func (q *usageQueue) enough() bool {
	return len(q.waiting) >= q.expected || q.events >= q.options.MaxEvents
}

// gather waits for calls that are likely to come. It gives the lane back, and returns
// false, where another lane waits for them already.
func (q *usageQueue) gather() bool {
	q.mu.Lock()
	if q.gathered != nil {
		q.lanes--
		q.mu.Unlock()
		return false
	}
	if q.options.Wait < 0 || q.enough() {
		q.mu.Unlock()
		return true
	}
	gathered := make(chan struct{})
	q.gathered = gathered
	q.mu.Unlock()
	timer := time.NewTimer(q.options.Wait)
	defer timer.Stop()
	select {
	case <-gathered:
	case <-timer.C:
		q.mu.Lock()
		if q.gathered == gathered {
			q.gathered = nil
		}
		q.mu.Unlock()
	}
	return true
}

// take takes the calls of the next transaction from the queue; nil gives the lane back.
// Two that name the same event are not written together, so that the later one learns
// what came of the earlier one.
func (q *usageQueue) take() []*UsageCall {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bringForward()
	var calls []*UsageCall
	names, events, n := map[uint64]struct{}{}, 0, 0
	for _, call := range q.waiting {
		if !call.gone {
			if q.wentAhead && !call.few {
				break
			}
			if len(calls) > 0 && (events+len(call.events) > q.options.MaxEvents || call.namesOneOf(names)) {
				break
			}
			call.taken = true
			events += len(call.events)
			calls = append(calls, call)
			for _, name := range call.names {
				names[name] = struct{}{}
			}
		}
		q.events -= len(call.events)
		n++
	}
	q.waiting = slices.Delete(q.waiting, 0, n) // which clears what is beyond
	if calls == nil {
		q.expected = 0
		q.lanes--
		return nil
	}
	q.start() // another lane, where one is free and calls are left
	return calls
}

// bringForward puts calls of few events before others, where a large one waits and the last
// transaction was not of such calls: they need not wait as long as the large one takes.
func (q *usageQueue) bringForward() {
	few, large := false, false
	for _, call := range q.waiting {
		few = few || call.few && !call.gone
		large = large || len(call.events) > fewEvents
	}
	if q.wentAhead = few && large && !q.wentAhead; q.wentAhead {
		slices.SortStableFunc(q.waiting, func(x, y *UsageCall) int { return compareBool(!x.few, !y.few) })
	}
}

func (c *UsageCall) namesOneOf(names map[uint64]struct{}) bool {
	return slices.ContainsFunc(c.names, func(name uint64) bool {
		_, named := names[name]
		return named
	})
}

// write records calls in one transaction and answers them. Where it fails for a reason
// that may lie with one of them, each half is tried by itself, down to the single call.
func (q *usageQueue) write(calls []*UsageCall) {
	outcomes, err := q.attempt(calls)
	switch {
	case err == nil:
		for _, call := range calls {
			n := len(call.events)
			call.answer(outcomes[:n:n], nil)
			outcomes = outcomes[n:]
		}
	case len(calls) == 1 || CodeOf(err) == Unavailable:
		for _, call := range calls {
			call.answer(nil, err)
		}
	default:
		half := len(calls) / 2
		q.write(calls[:half])
		q.write(calls[half:])
	}
}

// attempt runs one transaction.
func (q *usageQueue) attempt(calls []*UsageCall) ([]UsageOutcome, error) {
	if len(calls) == 1 {
		return q.record([]context.Context{calls[0].caller}, calls[0].events)
	}
	from := make([]context.Context, 0, len(calls))
	events := make([]UsageInput, 0, sizeOf(calls))
	for _, call := range calls {
		from = append(from, call.caller)
		events = append(events, call.events...)
	}
	return q.record(from, events)
}

// recordTogether records the events of several callers, under a context of its own. A
// panic would end the process here, far from the callers whom it concerns, and is turned
// into an error that is logged where theirs are.
func (b *Books) recordTogether(from []context.Context, events []UsageInput) (outcomes []UsageOutcome, err error) {
	ctx := b.watch.GroupBegun(context.Background(), from)
	defer func() { b.watch.GroupEnded(ctx, err) }()
	defer func() {
		if panicked := recover(); panicked != nil {
			outcomes, err = nil, fmt.Errorf("panic while recording usage: %v\n%s", panicked, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, groupTime)
	defer cancel()
	outcomes, err = b.recordUsage(ctx, events)
	if err != nil && ctx.Err() != nil {
		err = &Error{Code: Unavailable, Message: fmt.Sprintf("the database took longer than %s: try again", groupTime), Cause: err}
	}
	return outcomes, err
}
