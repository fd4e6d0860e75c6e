package books

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"drawdown/revrec"
)

// Feed tells what changes, as long as it is open. It tells states, not events: whoever
// asks late is told the latest one, once, and never a state that lies between two commits.
// What another server wrote, and what time itself changes, is seen like anything else.
// A Feed is for one goroutine.
type Feed[T any] struct {
	lookout *lookout
	of      interest
	// seen is the number of the sight that was looked at last and held nothing more.
	seen uint64
	// next returns what of the sight was not told yet; nothing where all of it was. more is
	// false where nothing can come after it.
	next   func(*sight) (news *T, more bool)
	closed bool
}

// Next waits for the next change and returns it; more is false once none can come.
// Errors: UNAVAILABLE where the book could not be read for a while.
func (f *Feed[T]) Next(ctx context.Context) (news T, more bool, err error) {
	for !f.closed {
		s, err := f.lookout.after(ctx, f.seen)
		if err != nil {
			return news, false, err
		}
		told, more := f.next(s)
		if !more {
			f.Close()
		}
		if told != nil {
			return *told, true, nil
		}
		f.seen = s.number
	}
	return news, false, nil
}

// Close ends the feed. It may be closed twice.
func (f *Feed[T]) Close() {
	if !f.closed {
		f.closed = true
		f.lookout.leave(f.of)
	}
}

// FollowBalances tells the balances of the customers, by internal id: each at once, and
// again whenever what the customer can use, or until when, has changed. Each is told at
// most once in FeedOptions.Every.
// Errors: NOT_FOUND, OVERLOADED where too many customers are watched.
func (b *Books) FollowBalances(ctx context.Context, customerIDs ...string) (*Feed[Balance], error) {
	ids := slices.Compact(slices.Sorted(slices.Values(customerIDs)))
	var known []Customer
	err := b.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		known, err = tx.CustomersByID(ctx, ids)
		return err
	})
	if err == nil && len(known) < len(ids) {
		err = refuse(NotFound, "customers", "one of them does not exist")
	}
	if err != nil {
		return nil, err
	}
	told, turn := make(map[string]Balance, len(ids)), 0
	return follow(b, interest{customers: ids}, func(s *sight) (*Balance, bool) {
		for range ids { // in turn, so that one that changes all the time leaves room for others
			id := ids[turn]
			turn = (turn + 1) % len(ids)
			now, seen := s.balances[id]
			before, known := told[id]
			if !seen || known && (s.extra || sameBalance(before, now)) {
				continue
			}
			told[id] = now
			return &now, true
		}
		return nil, true
	})
}

// sameBalance reports whether two balances of a customer say the same.
func sameBalance(a, b Balance) bool {
	return a.Credits == b.Credits && a.Held == b.Held && slices.EqualFunc(a.Lots, b.Lots, func(x, y revrec.Lot) bool {
		return x.ID == y.ID && x.Spendable(a.At) == y.Spendable(b.At) && x.ExpiresAt.Equal(y.ExpiresAt)
	})
}

// FollowRun tells how a run stands: at once, after each of its steps, and when it has
// ended, after which nothing comes. Errors: NOT_FOUND, FORBIDDEN.
func (b *Books) FollowRun(ctx context.Context, id string) (*Feed[JobRun], error) {
	if CallerOf(ctx).CustomerID != "" {
		return nil, errScoped
	}
	err := b.View(ctx, func(ctx context.Context, tx Tx) error {
		found, err := tx.JobRunsByID(ctx, []string{id})
		if err == nil && len(found) == 0 {
			err = refuse(NotFound, "id", "there is no such run")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var told JobRun
	return follow(b, interest{runs: []string{id}}, func(s *sight) (*JobRun, bool) {
		run, seen := s.runs[id]
		if !seen || run == told {
			return nil, true
		}
		told = run
		return &run, run.Status == JobRunningNow
	})
}

// FollowExport tells how far a batch is: at once, as entries are written, and when it is no
// draft any more or cannot be written, after which nothing comes. Errors: NOT_FOUND, FORBIDDEN.
func (b *Books) FollowExport(ctx context.Context, id string) (*Feed[ExportBatch], error) {
	err := b.View(ctx, func(ctx context.Context, tx Tx) error {
		_, err := exportBatch(ctx, tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	told := ExportBatch{Progress: -1}
	return follow(b, interest{exports: []string{id}}, func(s *sight) (*ExportBatch, bool) {
		batch, seen := s.exports[id]
		if !seen || batch.Status == told.Status && batch.Progress == told.Progress && batch.Problem == told.Problem {
			return nil, true
		}
		told = batch
		return &batch, batch.Status == ExportDraft && batch.Problem == ""
	})
}

// FollowRuns tells how runs of the job stand, of all jobs where it is empty: the latest one
// at once, and then each that begins, advances or ends.
// Errors: FORBIDDEN.
func (b *Books) FollowRuns(ctx context.Context, job JobName) (*Feed[JobRun], error) {
	if CallerOf(ctx).CustomerID != "" {
		return nil, errScoped
	}
	var told map[string]JobRun
	return follow(b, interest{latest: true}, func(s *sight) (*JobRun, bool) {
		if !s.sawLatest {
			return nil, true
		}
		runs := slices.DeleteFunc(slices.Clone(s.latest), func(run JobRun) bool { return job != "" && run.Job != job })
		if told == nil {
			told = make(map[string]JobRun, len(runs))
			for _, run := range runs[min(1, len(runs)):] {
				told[run.ID] = run
			}
		}
		for _, run := range slices.Backward(runs) { // the oldest first
			if told[run.ID] != run {
				told[run.ID] = run
				return &run, true
			}
		}
		maps.DeleteFunc(told, func(id string, _ JobRun) bool { // what is not among the latest is over
			return !slices.ContainsFunc(runs, func(run JobRun) bool { return run.ID == id })
		})
		return nil, true
	})
}

// Posted says which entries were posted since it was last told.
type Posted struct {
	Count       int64
	First, Last int64 // their numbers; where Count is 0, Last is the latest of the journal, 0 where it is empty
}

// FollowJournal tells which entry is the latest, at once, and then which were posted.
// Entries are numbered in the order in which they are committed, so none is left out.
// Errors: FORBIDDEN.
func (b *Books) FollowJournal(ctx context.Context) (*Feed[Posted], error) {
	if CallerOf(ctx).CustomerID != "" {
		return nil, errScoped
	}
	told := int64(-1)
	return follow(b, interest{journal: true}, func(s *sight) (*Posted, bool) {
		if !s.sawJournal || s.lastEntry == told {
			return nil, true
		}
		posted := Posted{Last: s.lastEntry}
		if told >= 0 {
			posted.Count, posted.First = s.lastEntry-told, told+1
		}
		told = s.lastEntry
		return &posted, true
	})
}

func follow[T any](b *Books, of interest, next func(*sight) (*T, bool)) (*Feed[T], error) {
	f := &Feed[T]{lookout: b.lookout, of: of, next: next}
	var err error
	f.seen, err = b.lookout.enter(of)
	return f, err
}

// FeedOptions bound what watching costs. Zero fields take their defaults.
type FeedOptions struct {
	// Every is how often the book is looked at while somebody watches, and so how late a
	// change is told at most; 1 s. At least 100 ms.
	Every time.Duration
	// Customers bounds the customers that are watched at the same time; 10,000, which take a
	// look about as long as a large page of lots.
	Customers int
	// Patience is how long the book may be out of reach before those who watch are told; 30 s.
	Patience time.Duration
}

// minEvery is as often as a person sees a difference.
const minEvery = 100 * time.Millisecond

func (o FeedOptions) withDefaults() (FeedOptions, error) {
	o.Every = cmp.Or(o.Every, time.Second)
	o.Customers = cmp.Or(o.Customers, 10_000)
	o.Patience = cmp.Or(o.Patience, 30*time.Second)
	if o.Every < minEvery || o.Customers < 1 || o.Patience < 0 {
		return o, refuse(Invalid, "watch", "looks at the book every %s or more seldom, at one customer or more", minEvery)
	}
	return o, nil
}
