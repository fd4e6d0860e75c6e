package graph

import (
	"context"
	"math"
	"net/http"
	"runtime"
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
	// taken: what is under way needs the rest.
	fullAt = 85
	// memoryAge is how long a look at the memory holds.
	memoryAge = 20 * time.Millisecond
	// sweepAge is how often, at most, garbage is collected to see what is really in use.
	sweepAge = 200 * time.Millisecond
)

// shedding takes work while there is room for it, and refuses it while it costs nothing.
// Who is refused comes back after Retry-After. Health is asked past it.
type shedding struct {
	patience time.Duration
	places   chan struct{}       // of requests at work
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

// enter takes a place, after a short wait where all are taken. leave gives it back; to call
// it twice does no harm. Errors: OVERLOADED.
func (s *shedding) enter(ctx context.Context) (leave func(), refused *refused) {
	leave = sync.OnceFunc(func() { <-s.places })
	select {
	case s.places <- struct{}{}:
		return leave, nil
	default:
	}
	patience := time.NewTimer(s.patience)
	defer patience.Stop()
	select {
	case s.places <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
	case <-patience.C:
	}
	return func() {}, overloaded("%d requests are at work and this one waited %s (max-requests, max-wait): send it again in a second", cap(s.places), s.patience)
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
	mu     sync.Mutex
	looked time.Time
	swept  time.Time
	isFull bool
}

// full reports whether new work would take more memory than there is. Garbage does not
// count: the collector lets it grow up to the limit.
func (m *memory) full() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if now.Sub(m.looked) < memoryAge {
		return m.isFull
	}
	limit := debug.SetMemoryLimit(-1)
	if limit == math.MaxInt64 {
		m.looked = now
		return false
	}
	most := limit / 100 * fullAt
	m.isFull = memoryInUse() > most
	if m.isFull && now.Sub(m.swept) >= sweepAge {
		runtime.GC()
		m.isFull = memoryInUse() > most
		m.swept = time.Now()
	}
	m.looked = time.Now()
	return m.isFull
}

// memoryInUse is what counts against the limit, less what the heap can hand out again.
func memoryInUse() int64 {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64() - samples[2].Value.Uint64())
}
