package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/intake"
)

const (
	// groupEvents is how many events are recorded together at most. While one group is
	// written, the next ones of all requests gather in the queue and share a commit.
	groupEvents = intake.BatchSize
	// groupBytes bounds the rows of a group, for those that are long.
	groupBytes = 4 << 20
	// groupsInFlight is how many groups of one request wait for the database while the
	// next one is read: two keep it busy, the third is there when they end together.
	groupsInFlight = 3
	// overloadPatience is how long a request that is under way stops reading, and so has
	// its sender wait, before it is told to come back.
	overloadPatience = 10 * time.Second
	// overloadPause is how long it waits each time.
	overloadPause = 20 * time.Millisecond
)

// usageGroup is rows that are recorded together.
type usageGroup struct {
	rows   []usageRow
	events []books.UsageInput // of the rows that are good
	size   int                // bytes of the rows
	call   *books.UsageCall   // nil where no row is good
	err    error              // why it was not queued
}

// usageRow is where an event stands, and what is wrong with it.
type usageRow struct {
	line, index int
	bad         *books.UsageOutcome
}

// usageStream is one request under way, in three steps that run side by side: rows are
// read into a group, groups are queued, answers are written in order. A group is queued
// when it is full; when the sender pauses and none is under way, so that one who sends
// an event and waits is answered at once; and at the end.
type usageStream struct {
	books *books.Books

	mu      sync.Mutex
	changed *sync.Cond
	open    *usageGroup // belongs to the reader, unless it waits
	full    bool        // the reader waits for open to be taken
	paused  bool        // the reader waits for the sender
	ended   bool        // there are no more rows
	halted  bool        // no more is recorded
	flying  int         // groups queued and not answered
	queued  chan *usageGroup
}

// stream records the body and reports on it.
func (u usageIntake) stream(ctx context.Context, body *usageBody, options intake.Options, report *usageReport) {
	// Answers go out while the body still comes in; without it the server would read the
	// body to its end first.
	_ = report.control.EnableFullDuplex()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &usageStream{books: u.books, open: &usageGroup{}, queued: make(chan *usageGroup, groupsInFlight)}
	s.changed = sync.NewCond(&s.mu)
	body.waits, body.until = s.pause, time.Now().Add(intakeTime)
	stop := context.AfterFunc(u.background, body.hurry) //nolint:contextcheck // the server ends, not the request
	defer stop()

	var failed *stopped
	var working sync.WaitGroup
	working.Go(func() { s.queueGroups(ctx) })
	working.Go(func() {
		if failed = u.answer(ctx, s, report); failed != nil || report.err != nil {
			cancel()
			s.halt()
			body.hurry()
			for group := range s.queued { // what is not answered for is sent again
				if group.call != nil {
					_, _ = group.call.Wait(ctx) // which takes it back where it can be
				}
			}
		}
	})
	why := func() *stopped {
		defer working.Wait()
		defer s.end()
		return u.read(s, body, options)
	}()
	cut := failed != nil || why != nil
	if failed != nil {
		why = failed // which lies before what was read last
	}
	report.end(why, 0)
	if cut {
		body.drain()
	}
}

// read puts the rows of the body into groups, and returns why it did not come to the end.
func (u usageIntake) read(s *usageStream, body *usageBody, options intake.Options) *stopped {
	line, index, events := 0, -1, 0
	for row, err := range intake.Read(body.reader(), options) {
		if err != nil {
			code, message := u.unreadable(err, body.until)
			return &stopped{Code: code, Message: message, Line: line + 1, Index: index + 1}
		}
		line, index = row.Line, row.Index
		events++
		if events > u.options.MaxEvents {
			message := fmt.Sprintf("the request has more than %d events: send the rest in another one", u.options.MaxEvents)
			return &stopped{Code: books.TooLarge, Message: message, Line: line, Index: index}
		}
		if !s.add(row) {
			return nil // the answer says why
		}
	}
	return nil
}

// add puts a row into the open group, and waits for a full one to be taken. It returns
// false where no more is recorded.
func (s *usageStream) add(row intake.Row) bool {
	one := usageRow{line: row.Line, index: row.Index}
	if row.Err != nil {
		one.bad = &books.UsageOutcome{Source: row.Event.Source, ID: row.Event.ID, Status: books.Rejected, Reason: row.Err}
		s.books.UsageUnreadable(row.Err)
	} else {
		s.open.events = append(s.open.events, row.Event)
	}
	s.open.rows = append(s.open.rows, one)
	s.open.size += len(row.Text)
	if len(s.open.rows) < groupEvents && s.open.size < groupBytes {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = true
	s.changed.Broadcast()
	for s.full && !s.halted {
		s.changed.Wait()
	}
	return !s.halted
}

// pause says whether the reader waits for the sender: then what it has read so far may
// be taken.
func (s *usageStream) pause(paused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = paused
	s.changed.Broadcast()
}

func (s *usageStream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.changed.Broadcast()
}

func (s *usageStream) halt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.halted = true
	s.changed.Broadcast()
}

func (s *usageStream) landed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying--
	s.changed.Broadcast()
}

// next waits for a group that is to be queued; nil where none comes any more.
func (s *usageStream) next() *usageGroup {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		// Elsewise the group is the reader's alone.
		some := (s.paused || s.full || s.ended) && len(s.open.rows) > 0
		switch {
		case s.halted, s.ended && !some:
			return nil
		case s.flying < groupsInFlight && (s.full || s.ended), some && s.paused && s.flying == 0:
			group := s.open
			s.open, s.full = &usageGroup{}, false
			s.flying++
			s.changed.Broadcast()
			return group
		}
		s.changed.Wait()
	}
}

// queueGroups queues the groups one after the other.
func (s *usageStream) queueGroups(ctx context.Context) {
	defer close(s.queued)
	patience := time.Duration(0) // the first group is refused at once
	for group := s.next(); group != nil; group = s.next() {
		if len(group.events) > 0 {
			group.call, group.err = s.queue(ctx, group.events, patience)
			patience = overloadPatience
		}
		s.queued <- group
	}
}

// queue queues a group. Where too much waits it waits as well, for as long as it has
// patience. Errors: OVERLOADED, those of the context.
func (s *usageStream) queue(ctx context.Context, events []books.UsageInput, patience time.Duration) (*books.UsageCall, error) {
	for waited := time.Duration(0); ; waited += overloadPause {
		call, err := s.books.QueueUsage(ctx, events)
		if books.CodeOf(err) != books.Overloaded || err == nil || waited >= patience {
			return call, err
		}
		select {
		case <-time.After(overloadPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// answer reports on the groups in order, until one has no answer, and returns why.
func (u usageIntake) answer(ctx context.Context, s *usageStream, report *usageReport) (why *stopped) {
	var from usageRow
	defer func() { // a panic beside the request's own goroutine would end the process
		if panicked := recover(); panicked != nil {
			why = u.failure(ctx, u.faults.recovered(ctx, panicked), from)
		}
	}()
	for group := range s.queued {
		from = group.rows[0]
		var outcomes []books.UsageOutcome
		err := group.err
		if group.call != nil {
			outcomes, err = group.call.Wait(ctx)
		}
		if err != nil {
			return u.failure(ctx, err, from)
		}
		for _, row := range group.rows {
			if row.bad != nil {
				report.outcome(row.line, row.index, row.bad)
				continue
			}
			report.outcome(row.line, row.index, &outcomes[0])
			outcomes = outcomes[1:]
		}
		s.landed()
		if report.flush() != nil {
			return nil // the sender has gone
		}
	}
	return nil
}

// failure says why a group has no answer.
func (u usageIntake) failure(ctx context.Context, err error, from usageRow) *stopped {
	shown := u.faults.present(ctx, err)
	why := &stopped{Code: codeOfRequest(shown), Message: shown.Message, Line: from.line, Index: from.index}
	var refusal *books.Error
	switch {
	case why.Code == books.Internal:
		why.CorrelationID = correlationID(ctx)
	case errors.As(err, &refusal) && refusal.RetryAfter > 0:
		why.RetryAfter = int(refusal.RetryAfter.Seconds())
	case why.Code == books.Unavailable:
		why.RetryAfter = int(retrySoon.Seconds())
	}
	return why
}

var _ http.Handler = usageIntake{}
