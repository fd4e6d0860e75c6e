package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
	"drawdown/ledger"
	"drawdown/revrec"
)

// manyRecognitions are copied into entries of one batch, with ids that are not in the order in which
// the rows lie. A close would refuse them, for their entries do not sum them; the log of seals only hashes.
const (
	copyMany = `WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < %[1]d - 1)
		INSERT INTO recognitions (%[2]s) SELECT %[3]s FROM s JOIN chosen AS c ON c.at = s.n %% (SELECT count(*) FROM chosen) JOIN recognitions AS r ON r.id = c.id ORDER BY s.n`
	idOnSQLite   = "printf('01980000-0000-7000-8001-%012x', s.n * 7919 % 4000037)"
	idOnPostgres = "CAST('01980000-0000-7000-8001-' || lpad(to_hex(s.n * 7919 % 4000037), 12, '0') AS uuid)"
)

// playMany plays a book whose one batch sums so many recognitions more, under three entries.
func playMany(ctx context.Context, s *store.Store, many int, id string) error {
	p := &player{ctx: ctx}
	p.at("2024-01-02")
	p.open(s)
	if p.fault != nil {
		return p.fault
	}
	_, err := p.b.PolicyCreate(ctx, p.key(), books.NewPolicy{Code: "plain", Policy: revrec.Policy{}})
	p.check(err)
	_, err = p.b.CustomerCreate(ctx, p.key(), books.NewCustomer{ExternalID: "one"})
	p.check(err)
	p.buy("one", "plain", 100, nil)
	for _, day := range []string{"2024-01-05", "2024-01-06", "2024-01-07"} {
		p.at(day)
		p.use("one", day, "7.25")
	}
	p.at("2024-01-09")
	p.run()
	if p.fault != nil {
		return p.fault
	}
	rows, err := recognitionColumnsOf(ctx, s)
	if err != nil {
		return err
	}
	return s.Update(ctx, func(ctx context.Context, tx books.Tx) error {
		values := slices.Clone(rows)
		for i, column := range rows {
			values[i] = "r." + column
			if column == "id" {
				values[i] = id
			}
		}
		for _, statement := range []string{
			"CREATE TEMPORARY TABLE chosen AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS at FROM recognitions WHERE batch_id IS NOT NULL",
			fmt.Sprintf(copyMany, many, strings.Join(rows, ", "), strings.Join(values, ", ")),
			"DROP TABLE chosen",
		} {
			if _, err := store.Act(ctx, tx, statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
}

// recognitionColumnsOf lists the columns of recognitions.
func recognitionColumnsOf(ctx context.Context, s *store.Store) ([]string, error) {
	selected, err := s.Writer().DB.QueryContext(ctx, "SELECT * FROM recognitions WHERE false")
	if err != nil {
		return nil, err
	}
	defer func() { _ = selected.Close() }()
	columns, err := selected.Columns()
	return columns, errors.Join(err, selected.Err())
}

// rootsOfOthers are the root of the log, and the root of what each entry sums, as transparency-dev/merkle has them of the
// forms of what the book reads.
func rootsOfOthers(ctx context.Context, tx books.Tx) (log []byte, sums map[int64][]byte, counts map[int64]int64, err error) {
	hasher := rfc6962.DefaultHasher
	factory := compact.RangeFactory{Hash: hasher.HashChildren}
	all, sums, counts := factory.NewEmptyRange(0), map[int64][]byte{}, map[int64]int64{}
	rootOf := func(r *compact.Range) ([]byte, error) {
		if r.End() == 0 {
			return hasher.EmptyRoot(), nil
		}
		return r.GetRootHash(nil)
	}
	var entries []ledger.Entry
	if err := tx.EachEntry(ctx, 0, 0, func(e ledger.Entry) error { entries = append(entries, e); return nil }); err != nil {
		return nil, nil, nil, err
	}
	for _, e := range entries {
		summed, last := factory.NewEmptyRange(0), ""
		sealed := ledger.SealedEntry{Entry: e}
		for e.Batch != "" {
			page, err := tx.Recognitions(ctx, books.RecognitionFilter{Entry: e.Number}, books.Page{After: last, Limit: 20_000})
			if err != nil {
				return nil, nil, nil, err
			}
			for i := range page {
				if err := summed.Append(hasher.HashLeaf(page[i].AppendForm(nil)), nil); err != nil {
					return nil, nil, nil, err
				}
			}
			if len(page) == 0 {
				break
			}
			last = page[len(page)-1].ID
			sealed.Policy, sealed.Currency = "plain", page[0].Amount.Currency
		}
		root, err := rootOf(summed)
		if err != nil {
			return nil, nil, nil, err
		}
		sums[e.Number], counts[e.Number] = root, int64(summed.End())
		sealed.Recognitions = int64(summed.End())
		copy(sealed.RecognitionsRoot[:], root)
		for i := range e.Lines {
			sealed.LineNumbers = append(sealed.LineNumbers, int64(i)+1)
		}
		if err := all.Append(hasher.HashLeaf(sealed.AppendForm(nil)), nil); err != nil {
			return nil, nil, nil, err
		}
	}
	log, err = rootOf(all)
	return log, sums, counts, err
}

var errUndone = errors.New("undone")

// sealAll seals all days in a transaction that is undone.
func sealAll(ctx context.Context, s *store.Store) (tree books.SealTree, err error) {
	err = s.Update(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		if tree, err = tx.SealEntries(ctx, 0, ledger.NewDate(2024, 12, 31), 0); err != nil {
			return err
		}
		return errUndone
	})
	if errors.Is(err, errUndone) {
		err = nil
	}
	return tree, err
}

// TestSealManyRecognitions seals a batch of many recognitions in one pass, over more chunks than are handed over ahead, and
// entry by entry, as those are that have more than may be held: the root is that of another program each time.
func TestSealManyRecognitions(t *testing.T) {
	const many = 3000 // of 256 in a chunk
	onManyOfBoth(t, many, func(t *testing.T, s *store.Store) {
		var want []byte
		err := s.View(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
			var counts map[int64]int64
			want, _, counts, err = rootsOfOthers(ctx, tx)
			if counts[2] != many/3+1 || counts[4] != many/3+1 {
				t.Errorf("entries sum %v recognitions", counts)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, most := range []int64{1 << 20, many + 3, many + 2, 1} {
			undo := store.HashAtMost(most)
			tree, err := sealAll(t.Context(), s)
			undo()
			if err != nil || tree.Size != 4 || !slices.Equal(tree.Root[:], want) {
				t.Errorf("at most %d at once: %d leaves, root %x, %v; want 4, %x", most, tree.Size, tree.Root, err, want)
			}
		}
	})
}

func onManyOfBoth(t *testing.T, many int, test func(t *testing.T, s *store.Store)) {
	t.Run("SQLite", func(t *testing.T) {
		s := openURL(t, "sqlite:"+filepath.Join(t.TempDir(), "book.db"))
		defer s.Close()
		if err := playMany(t.Context(), s, many, idOnSQLite); err != nil {
			t.Fatal(err)
		}
		test(t, s)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		s := openURL(t, pgtest.URL(t))
		defer s.Close()
		if err := playMany(t.Context(), s, many, idOnPostgres); err != nil {
			t.Fatal(err)
		}
		test(t, s)
	})
}

// TestSealCancelled cancels a seal amid a batch: it ends at once with the error of the context, its goroutine ends
// too, and the same seal is made afterwards: on SQLite in the transaction in which the other ended, on PostgreSQL, which
// gives up a connection that is cancelled, in another.
func TestSealCancelled(t *testing.T) {
	many := 60_000
	if testing.Short() { // under the race detector, which takes its time
		many = 15_000
	}
	onManyOfBoth(t, many, func(t *testing.T, s *store.Store) {
		began := time.Now()
		want, err := sealAll(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		whole := time.Since(began)
		for _, most := range []int64{1 << 20, 1} { // in one pass, and entry by entry
			undo := store.HashAtMost(most)
			before := runtime.NumGoroutine()
			cancelled, soonest := 0, time.Hour
			for part := time.Duration(2); cancelled < 3 && part < 64; part++ {
				err := s.Update(t.Context(), func(ctx context.Context, tx books.Tx) error {
					inside, cancel := context.WithCancel(ctx)
					defer cancel()
					var at time.Time
					timer := time.AfterFunc(whole/part, func() { at = time.Now(); cancel() })
					defer timer.Stop()
					_, err := tx.SealEntries(inside, 0, ledger.NewDate(2024, 12, 31), 0)
					if err == nil { // it was quicker than before
						return errUndone
					}
					if !errors.Is(err, context.Canceled) {
						t.Errorf("cancelled: %v", err)
					}
					cancelled, soonest = cancelled+1, min(soonest, time.Since(at))
					again, err := tx.SealEntries(ctx, 0, ledger.NewDate(2024, 12, 31), 0)
					if err != nil {
						return err
					}
					if again != want {
						t.Errorf("in the same transaction: %v, want %v", again, want)
					}
					return errUndone
				})
				if !errors.Is(err, errUndone) && s.Engine() == "sqlite" {
					t.Errorf("the transaction: %v", err)
				}
			}
			if cancelled == 0 || soonest > whole/4 {
				t.Errorf("cancelled amid %d times; at the soonest it ended %s later, of %s", cancelled, soonest, whole)
			}
			t.Logf("at most %d at once: cancelled %d times, at the soonest it ended %s later, of %s", most, cancelled, soonest, whole)
			for waited := 0; runtime.NumGoroutine() > before && waited < 100; waited++ {
				time.Sleep(20 * time.Millisecond)
			}
			if after := runtime.NumGoroutine(); after > before {
				t.Errorf("%d goroutines, %d before", after, before)
			}
			if again, err := sealAll(t.Context(), s); err != nil || again != want {
				t.Errorf("afterwards: %v, %v; want %v", again, err, want)
			}
			undo()
		}
	})
}

// TestSealMillion seals a batch of 1.1 million recognitions, which is more than are held at once, and holds the root against
// that of another program. It takes minutes, and is made only where DRAWDOWN_LARGE is set.
func TestSealMillion(t *testing.T) {
	if os.Getenv("DRAWDOWN_LARGE") == "" {
		t.Skip("set DRAWDOWN_LARGE to make it")
	}
	const many = 1_100_000
	s := openURL(t, "sqlite:"+filepath.Join(t.TempDir(), "book.db"))
	defer s.Close()
	began := time.Now()
	if err := playMany(t.Context(), s, many, idOnSQLite); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d recognitions made in %s", many, time.Since(began).Round(time.Millisecond))
	for _, most := range []int64{1 << 20, 1 << 21} { // entry by entry, and in one pass
		undo := store.HashAtMost(most)
		began, peak, stop := time.Now(), uint64(0), make(chan struct{})
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			for {
				select {
				case <-stop:
					return
				case <-time.After(50 * time.Millisecond):
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak = max(peak, m.HeapInuse)
				}
			}
		}()
		tree, err := sealAll(t.Context(), s)
		close(stop)
		<-watched
		undo()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("at most %d at once: %s, %d MB of heap at most", most, time.Since(began).Round(time.Millisecond), peak>>20)
		err = s.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
			want, _, counts, err := rootsOfOthers(ctx, tx)
			if err == nil && !slices.Equal(tree.Root[:], want) {
				t.Errorf("root %x, want %x; entries sum %v", tree.Root, want, counts)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
