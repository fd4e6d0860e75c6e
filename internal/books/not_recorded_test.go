package books_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
)

// unheard is a store that does what it is asked and says that it could not, every now and then: as when a
// connection is cut before the answer of a commit.
type unheard struct {
	books.Store
	mu     sync.Mutex // usage and its counts are written at once
	chance *rand.Rand
	lost   int
}

func (u *unheard) Update(ctx context.Context, act func(context.Context, books.Tx) error) error {
	err := u.Store.Update(ctx, act)
	u.mu.Lock()
	defer u.mu.Unlock()
	if err == nil && u.chance.IntN(3) == 0 {
		u.lost++
		return errors.New("the connection was cut")
	}
	return err
}

// TestKilledServersLoseAMinuteOfCounts has one server after the other count events that are not recorded, at
// random, and be killed at a random instant: nothing is written then. What came more than a minute before it is
// there, and never more than came, whatever the database said of it. The clock is the test's.
func TestKilledServersLoseAMinuteOfCounts(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	synctest.Test(t, func(t *testing.T) {
		chance := rand.New(rand.NewPCG(seed, 0))
		ctx := t.Context()
		kept := done[*store.Store](t)(store.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "book.db"), store.Options{}))
		defer func() { _ = kept.Close() }()
		if err := kept.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		cut := &unheard{Store: kept, chance: rand.New(rand.NewPCG(seed, 1))}
		credits := whole(1)
		began, written := time.Now(), int64(0)
		for life := range 12 {
			var on books.Store = kept
			if life%2 == 1 {
				on = cut
			}
			b, err := books.Open(ctx, on, books.Options{})
			for err != nil && life > 0 {
				b, err = books.Open(ctx, on, books.Options{})
			}
			if err != nil {
				t.Fatal(err)
			}
			serving, kill := context.WithCancel(ctx)
			go b.KeepNotRecorded(serving, func(error) {})
			var came []time.Time
			lasts := time.Now().Add(time.Duration(chance.Int64N(int64(6 * time.Minute))))
			for {
				pause := time.Duration(chance.Int64N(int64(100 * time.Second))) // also longer than a minute: no usage comes then
				if time.Now().Add(pause).After(lasts) {
					time.Sleep(time.Until(lasts))
					break
				}
				time.Sleep(pause)
				switch chance.IntN(2) {
				case 0:
					b.UsageUnreadable(&books.Error{Code: books.Invalid})
				default: // it may be told that it failed, and is not counted then
					if _, err := b.RecordUsage(ctx, []books.UsageInput{{ID: "lost", Customer: "nobody", Credits: &credits}}); err != nil {
						continue
					}
				}
				came = append(came, time.Now())
			}
			killed := time.Now()
			kill()
			synctest.Wait()
			var must int64
			for _, at := range came {
				if killed.Sub(at) > time.Minute {
					must++
				}
			}
			got := countedBy(t, kept, began) - written
			least := must
			if life%2 == 1 {
				least = 0 // what the database did not keep in time may be written a minute later
			}
			if got < least || got > int64(len(came)) {
				t.Errorf("server %d: %d events are counted, of %d that came, %d of them more than a minute before it was killed", life, got, len(came), must)
			}
			written += got
		}
		if written == 0 || cut.lost == 0 {
			t.Errorf("%d are counted, %d answers were lost: the test looks at nothing", written, cut.lost)
		}
	})
}

// countedBy adds up all that is kept.
func countedBy(t *testing.T, kept books.Store, began time.Time) (events int64) {
	t.Helper()
	err := kept.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		day := ledger.DateOf(began, time.UTC)
		sums, err := tx.NotRecorded(ctx, day-1, day+30, time.Now().Add(time.Hour))
		for _, sum := range sums {
			events += sum.Events
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return events
}
