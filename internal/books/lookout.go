package books

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// lookout looks at what is watched, for all who watch at once: one snapshot of the book each
// time, however many they are, and none while nobody watches. Whoever writes knows nothing
// of it. docs/decisions/0014-watching.md says why.
type lookout struct {
	books   *Books
	options FeedOptions

	mu      sync.Mutex
	looking bool // a goroutine looks
	wanted  wanted
	latest  *sight        // what was seen last
	newer   chan struct{} // closed when latest is replaced
	hurry   chan struct{} // holds one where somebody new waits for a first look
}

// interest is what one watch looks at.
type interest struct {
	customers, runs, exports []string
	latest, journal          bool // the latest runs; the last entry
}

// wanted counts who is interested in what.
type wanted struct {
	watches, latest, journal int
	customers, runs, exports map[string]int
}

// sight is what was seen on one snapshot. It never changes, and all who watch share it.
type sight struct {
	number uint64
	// extra marks a look between two that were due: somebody new waited for it, and others
	// are told of it later.
	extra bool
	// What of this was wanted is there.
	balances   map[string]Balance // by customer
	runs       map[string]JobRun  // by id
	exports    map[string]ExportBatch
	sawLatest  bool
	latest     []JobRun // the latest first
	sawJournal bool
	lastEntry  int64
	// err is why nothing was seen for a while.
	err error
}

const (
	// latestRuns is how many runs are looked at: of those that work there is one at a time.
	latestRuns = 20
	// lookTimeout ends a look that hangs: it takes milliseconds.
	lookTimeout = 10 * time.Second
	// extraLooks is how many looks there may be for newcomers between two that are due.
	extraLooks = 10
)

func newLookout(b *Books, options FeedOptions) *lookout {
	return &lookout{
		books: b, options: options, latest: &sight{}, newer: make(chan struct{}), hurry: make(chan struct{}, 1),
		wanted: wanted{customers: map[string]int{}, runs: map[string]int{}, exports: map[string]int{}},
	}
}

// enter adds an interest and returns the number of the sight that came before it.
// Errors: OVERLOADED.
func (l *lookout) enter(of interest) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	more := 0
	for _, id := range of.customers {
		if l.wanted.customers[id] == 0 {
			more++
		}
	}
	if all := len(l.wanted.customers) + more; all > l.options.Customers {
		return 0, &Error{
			Code: Overloaded, Field: "customers", RetryAfter: watchAgain,
			Message: "too many customers are watched on this server: try again later, or watch fewer",
		}
	}
	l.wanted.add(of, 1)
	if !l.looking {
		l.looking = true
		go l.look()
	}
	select {
	case l.hurry <- struct{}{}:
	default:
	}
	return l.latest.number, nil
}

// watchAgain is when somebody may have left.
const watchAgain = 10 * time.Second

func (l *lookout) leave(of interest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wanted.add(of, -1)
}

func (w *wanted) add(of interest, n int) {
	w.watches += n
	if of.latest {
		w.latest += n
	}
	if of.journal {
		w.journal += n
	}
	count := func(in map[string]int, ids []string) {
		for _, id := range ids {
			if in[id] += n; in[id] == 0 {
				delete(in, id)
			}
		}
	}
	count(w.customers, of.customers)
	count(w.runs, of.runs)
	count(w.exports, of.exports)
}

// after waits for a sight that came after the one of the number.
func (l *lookout) after(ctx context.Context, number uint64) (*sight, error) {
	for {
		l.mu.Lock()
		s, newer := l.latest, l.newer
		l.mu.Unlock()
		switch {
		case s.number <= number:
		case s.err != nil:
			return nil, s.err
		default:
			return s, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-newer:
		}
	}
}

// look looks again and again until nobody watches. It belongs to no request: those who
// watch come and go.
func (l *lookout) look() {
	due := time.NewTicker(l.options.Every)
	defer due.Stop()
	good, last := time.Now(), time.Time{}
	for {
		extra := false
		select {
		case <-due.C:
		case <-l.hurry:
			extra = true
			time.Sleep(time.Until(last.Add(l.options.Every / extraLooks))) // more may come meanwhile
		}
		of, wanted := l.begin()
		if !wanted {
			return
		}
		last = time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
		s, err := l.see(ctx, of)
		cancel()
		switch {
		case err == nil:
			good = time.Now()
			s.extra = extra
		case time.Since(good) < l.options.Patience:
			continue
		default:
			s = &sight{err: &Error{Code: Unavailable, Message: "the book could not be read for a while: subscribe again", Cause: err}}
		}
		l.show(s)
	}
}

// begin returns what is to be looked at; wanted is false where nobody watches, and then
// nobody looks any more.
func (l *lookout) begin() (of interest, wanted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wanted.watches == 0 {
		l.looking = false
		return interest{}, false
	}
	return interest{
		customers: slices.Sorted(maps.Keys(l.wanted.customers)), runs: slices.Sorted(maps.Keys(l.wanted.runs)),
		exports: slices.Sorted(maps.Keys(l.wanted.exports)),
		latest:  l.wanted.latest > 0, journal: l.wanted.journal > 0,
	}, true
}

// see reads all of an interest from one snapshot.
func (l *lookout) see(ctx context.Context, of interest) (*sight, error) {
	var s *sight
	err := l.books.store.View(ctx, func(ctx context.Context, tx Tx) error {
		s = &sight{balances: make(map[string]Balance, len(of.customers)), runs: make(map[string]JobRun, len(of.runs)), exports: make(map[string]ExportBatch, len(of.exports))}
		balances, err := l.books.Balances(ctx, tx, of.customers, l.books.clock())
		if err != nil {
			return err
		}
		for _, balance := range balances {
			s.balances[balance.CustomerID] = balance
		}
		return s.seeRuns(ctx, tx, of)
	})
	return s, err
}

func (s *sight) seeRuns(ctx context.Context, tx Tx, of interest) error {
	if len(of.runs) > 0 {
		found, err := tx.JobRunsByID(ctx, of.runs)
		if err != nil {
			return err
		}
		for _, run := range found {
			s.runs[run.ID] = run
		}
	}
	if len(of.exports) > 0 {
		found, err := tx.ExportBatchesByID(ctx, of.exports)
		if err != nil {
			return err
		}
		for _, batch := range found {
			s.exports[batch.ID] = batch
		}
	}
	if of.latest {
		var err error
		if s.latest, err = tx.JobRuns(ctx, JobFilter{}, Page{Limit: latestRuns, Reverse: true}); err != nil {
			return err
		}
		s.sawLatest = true
	}
	if of.journal {
		last, err := tx.Entries(ctx, EntryFilter{}, Page{Limit: 1, Reverse: true})
		if err != nil {
			return err
		}
		for _, entry := range last {
			s.lastEntry = entry.Number
		}
		s.sawJournal = true
	}
	return nil
}

// show hands a sight to all who wait for one.
func (l *lookout) show(s *sight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.number = l.latest.number + 1
	l.latest = s
	close(l.newer)
	l.newer = make(chan struct{})
}
