package graph

import (
	"context"
	"math"
	"net/http"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"drawdown/internal/books"
)

const (
	// freeBytes of a body or an answer are not counted: small requests are never refused
	// for the sake of large ones.
	freeBytes = 64 << 10
	// maxBodies and maxAnswers bound what lies in memory of bodies that come in slowly, and
	// of answers that are read slowly, all together.
	maxBodies  = 64 << 20
	maxAnswers = 128 << 20
	// heavy is how many of the heaviest requests run at the same time: each holds some
	// fifty megabytes.
	heavy = 4
	// fullAt is the share of the memory limit, in percent, beyond which no new work is
	// taken: what is under way needs the rest, and the collector some garbage to work on.
	fullAt = 75
	// memoryAge is how long a look at the memory holds.
	memoryAge = 20 * time.Millisecond
)

// seats bound how many places one caller may hold at the same time, so that there are some
// for others.
type seats struct {
	mu   sync.Mutex
	most int
	of   map[string]*seat
}

type seat struct {
	taken chan struct{}
	users int // who hold one or wait for it
}

// enter takes a seat, and reports false where the context ended before; leave gives it
// back.
func (s *seats) enter(ctx context.Context, caller string) (leave func(), entered bool) {
	s.mu.Lock()
	mine := s.of[caller]
	if mine == nil {
		mine = &seat{taken: make(chan struct{}, s.most)}
		s.of[caller] = mine
	}
	mine.users++
	s.mu.Unlock()
	forget := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		mine.users--
		if mine.users == 0 {
			delete(s.of, caller)
		}
	}
	if !take(ctx, mine.taken) {
		forget()
		return func() {}, false
	}
	return func() {
		<-mine.taken
		forget()
	}, true
}

// shedding takes work while there is room for it, and refuses it while it costs nothing.
// Who is refused comes back after Retry-After. Health is asked past it.
type shedding struct {
	patience time.Duration
	places   chan struct{}       // of requests at work
	seats    seats               // of each caller among them
	busy     seats               // of each caller, those that keep a processor busy
	weighed  *semaphore.Weighted // the fields that requests at work ask for
	weight   int64               // of all
	waiting  atomic.Int64        // requests that hold a place and wait for weight
	bodies   budget
	answers  budget
	memory   *memory
}

func newShedding(limits Limits) *shedding {
	weight := int64(limits.Complexity) * heavy
	return &shedding{
		patience: limits.Wait,
		places:   make(chan struct{}, limits.Requests),
		seats:    seats{most: (limits.Requests + 1) / 2, of: map[string]*seat{}},
		busy:     seats{most: limits.Queries, of: map[string]*seat{}},
		weighed:  semaphore.NewWeighted(weight), weight: weight,
		bodies: budget{most: maxBodies}, answers: budget{most: maxAnswers},
		memory: &memory{},
	}
}

// overloaded refuses what may be sent again soon.
func overloaded(format string, args ...any) *refused {
	err := refuseRequest(books.Overloaded, format, args...)
	err.Extensions["retryAfter"] = int(retrySoon.Seconds())
	return &refused{http.StatusServiceUnavailable, err}
}

// enter takes a place, after a short wait where all are taken, or half of all by the same
// caller. leave gives it back; to call it twice does no harm. Errors: OVERLOADED.
func (s *shedding) enter(ctx context.Context, caller string) (leave func(), refused *refused) {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	stand, entered := s.seats.enter(ctx, caller)
	if !entered {
		return stand, overloaded("%d requests of this caller are at work, half of all that may be, and this one waited %s (max-requests, max-wait): send it again in a second", s.seats.most, s.patience)
	}
	if !take(ctx, s.places) {
		stand()
		return func() {}, overloaded("%d requests are at work and this one waited %s (max-requests, max-wait): send it again in a second", cap(s.places), s.patience)
	}
	return sync.OnceFunc(func() {
		<-s.places
		stand()
	}), nil
}

// compute takes the right to keep a processor busy, of which each caller has a few: to read
// and check a request, and to resolve a query. Acts wait for the disk, many at a time, and
// give it back before. Errors: OVERLOADED.
func (s *shedding) compute(ctx context.Context, caller string) (pause func(), refused *refused) {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	stand, entered := s.busy.enter(ctx, caller)
	if !entered {
		return stand, overloaded("%d queries of this caller are at work and this one waited %s (max-queries, max-wait): send it again in a second", s.busy.most, s.patience)
	}
	return sync.OnceFunc(stand), nil
}

// take takes one of some places, and reports false where the context ended before.
func take(ctx context.Context, places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
	}
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// weigh has a request wait until those at work ask for so little that it fits beside them.
// Errors: OVERLOADED.
func (s *shedding) weigh(ctx context.Context, cost int) (lighten func(), refused *refused) {
	weight := min(int64(cost), s.weight)
	if !s.weighed.TryAcquire(weight) {
		// Those that wait hold places: the lighter ones need some of them.
		few := s.waiting.Add(1) <= int64(max(cap(s.places)/2, 1))
		ctx, cancel := context.WithTimeout(ctx, s.patience)
		err := context.DeadlineExceeded
		if few {
			err = s.weighed.Acquire(ctx, weight)
		}
		cancel()
		s.waiting.Add(-1)
		if err != nil {
			return func() {}, overloaded("requests at work ask for %d fields and this one for about %d more, beside which it waited in vain: send it again in a second, or ask for less", s.weight, cost)
		}
	}
	return sync.OnceFunc(func() { s.weighed.Release(weight) }), nil
}

// guard refuses requests while memory is nearly full.
func (s *shedding) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.memory.full() {
			next.ServeHTTP(w, r)
			return
		}
		accepted, _ := negotiate(r.Header.Values("Accept"))
		refuseWith(w, accepted, outOfMemory())
	})
}

func outOfMemory() *refused {
	return overloaded("the server's memory is nearly full (memory-limit): send this again in a second")
}

// budget bounds bytes that lie in memory for many requests together.
type budget struct {
	most int64
	used atomic.Int64
}

// take counts bytes and reports whether they fit.
func (b *budget) take(bytes int64) bool {
	if b.used.Add(bytes) > b.most {
		b.used.Add(-bytes)
		return false
	}
	return true
}

func (b *budget) give(bytes int64) { b.used.Add(-bytes) }

// memory looks at what is in use beside the limit of the process: GOMEMLIMIT, which is set
// from --memory-limit or the container's.
type memory struct {
	mu     sync.Mutex // held by the one who looks; nobody waits for it
	looked time.Time
	isFull atomic.Bool
}

// full reports whether new work would take more memory than there is. Garbage does not
// count: the collector lets it grow up to the limit, and looks at what is in use often as
// it comes near.
func (m *memory) full() bool {
	if m.mu.TryLock() {
		defer m.mu.Unlock()
		if now := time.Now(); now.Sub(m.looked) >= memoryAge {
			m.looked = now
			limit := debug.SetMemoryLimit(-1)
			m.isFull.Store(limit < math.MaxInt64 && memoryInUse() > limit/100*fullAt)
		}
	}
	return m.isFull.Load()
}

// memoryInUse is what counts against the limit, less what the heap can hand out again and
// what was garbage, or not there yet, when the collector looked last.
func memoryInUse() int64 {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/heap/live:bytes"},
	}
	metrics.Read(samples)
	used := int64(samples[0].Value.Uint64())
	for _, idle := range samples[1:5] {
		used -= int64(idle.Value.Uint64())
	}
	return used + int64(samples[5].Value.Uint64())
}
