package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

var errStop = errors.New("stop")

func rollback(t *testing.T, s *suite) {
	policy, customer := aPolicy("standard"), aCustomer("acme")
	err := s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
		must(t, tx.InsertPolicy(ctx, policy))
		must(t, tx.InsertCustomer(ctx, customer))
		must(t, tx.InsertLot(ctx, aLot(customer.ID, policy.ID)))
		_, err := tx.AppendEntries(ctx, []ledger.Entry{anEntry(day, usd(5))})
		must(t, err)
		return errStop
	})
	if !errors.Is(err, errStop) {
		t.Fatalf("got %v, want the error of the act", err)
	}
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, int64(0))(tx.CountCustomers(ctx, books.CustomerFilter{}))
		same(t, int64(0))(tx.CountLots(ctx, books.LotFilter{}))
		same(t, int64(0))(tx.CountEntries(ctx, books.EntryFilter{}))
		balance, err := tx.TrialBalance(ctx, 0, 0)
		must(t, err)
		if len(balance.Balances) != 0 {
			t.Fatalf("running balances were left behind: %v", balance.Balances)
		}
	})
	s.update(func(ctx context.Context, tx books.Tx) { // numbers were not used up
		posted, err := tx.AppendEntries(ctx, []ledger.Entry{anEntry(day, usd(5))})
		must(t, err)
		if posted[0].Number != 1 {
			t.Fatalf("the first entry has number %d", posted[0].Number)
		}
	})
}

func panics(t *testing.T, s *suite) {
	func() {
		defer func() {
			if r := recover(); r != "boom" {
				t.Fatalf("recovered %v, want the panic of the act", r)
			}
		}()
		_ = s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
			must(t, tx.InsertCustomer(ctx, aCustomer("acme")))
			panic("boom")
		})
	}()
	s.update(func(ctx context.Context, tx books.Tx) { // and the writer is free
		same(t, int64(0))(tx.CountCustomers(ctx, books.CustomerFilter{}))
		must(t, tx.InsertCustomer(ctx, aCustomer("acme")))
	})
}

func cancelled(t *testing.T, s *suite) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.store.Update(ctx, func(ctx context.Context, tx books.Tx) error {
		must(t, tx.InsertCustomer(ctx, aCustomer("acme")))
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
	if err := s.store.Update(ctx, func(context.Context, books.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
	s.update(func(ctx context.Context, tx books.Tx) {
		same(t, int64(0))(tx.CountCustomers(ctx, books.CustomerFilter{}))
	})
}

func nested(t *testing.T, s *suite) {
	s.update(func(ctx context.Context, _ books.Tx) {
		nothing := func(context.Context, books.Tx) error { return nil }
		refused(t, s.store.Update(ctx, nothing), books.Internal)
		refused(t, s.store.View(ctx, nothing), books.Internal)
	})
}

func viewWrites(t *testing.T, s *suite) {
	policy, customer := aPolicy("standard"), aCustomer("acme")
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		must(t, tx.InsertCustomer(ctx, customer))
	})
	writes := map[string]func(ctx context.Context, tx books.Tx) error{
		"insert": func(ctx context.Context, tx books.Tx) error { return tx.InsertCustomer(ctx, aCustomer("other")) },
		"update": func(ctx context.Context, tx books.Tx) error { return tx.SetCustomerPolicy(ctx, customer.ID, policy.ID) },
		"lot": func(ctx context.Context, tx books.Tx) error {
			return tx.InsertLot(ctx, aLot(customer.ID, policy.ID))
		},
		"lot-days": func(ctx context.Context, tx books.Tx) error {
			return tx.AddLotDays(ctx, []books.LotDay{{CustomerID: customer.ID, LotID: "x", Day: day}})
		},
		"entry": func(ctx context.Context, tx books.Tx) error {
			_, err := tx.AppendEntries(ctx, []ledger.Entry{anEntry(day, usd(1))})
			return err
		},
		"lease": func(ctx context.Context, tx books.Tx) error {
			_, err := tx.TakeLease(ctx, "job", "me", noon, noon.Add(time.Hour))
			return err
		},
	}
	for name, write := range writes {
		if err := s.store.View(t.Context(), write); err == nil {
			t.Errorf("a view took the write %q", name)
		}
	}
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, int64(1))(tx.CountCustomers(ctx, books.CustomerFilter{}))
		same(t, int64(0))(tx.CountEntries(ctx, books.EntryFilter{}))
	})
}

// snapshot writes while a view is open: the view goes on seeing what it saw. A store of
// one connection serves the two in turn, which comes to the same.
func snapshot(t *testing.T, s *suite) {
	s.update(func(ctx context.Context, tx books.Tx) { must(t, tx.InsertCustomer(ctx, aCustomer("first"))) })
	viewing, written := make(chan struct{}), make(chan error, 1)
	go func() {
		<-viewing
		written <- s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.InsertCustomer(ctx, aCustomer("second")) })
	}()
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, int64(1))(tx.CountCustomers(ctx, books.CustomerFilter{}))
		close(viewing)
		select {
		case err := <-written:
			written <- err
		case <-time.After(50 * time.Millisecond):
		}
		same(t, int64(1))(tx.CountCustomers(ctx, books.CustomerFilter{}))
	})
	must(t, <-written)
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, int64(2))(tx.CountCustomers(ctx, books.CustomerFilter{}))
	})
}

// concurrent has many read-modify-writes of one row at once: none is lost.
func concurrent(t *testing.T, s *suite) {
	const writers, times = 8, 10
	policy, customer := aPolicy("standard"), aCustomer("acme")
	var key books.LotKey
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		must(t, tx.InsertCustomer(ctx, customer))
		key = keyOf(putLots(ctx, t, tx, aLot(customer.ID, policy.ID))[0])
	})
	errs := make(chan error, writers)
	for range writers {
		go func() {
			for range times {
				err := s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
					lots, err := tx.LockLots(ctx, []books.LotKey{key})
					if err != nil {
						return err
					}
					lots[0].Drawn++
					return tx.UpdateLots(ctx, lots)
				})
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range writers {
		must(t, <-errs)
	}
	s.view(func(ctx context.Context, tx books.Tx) {
		lots, err := tx.LotsByID(ctx, []string{key.LotID})
		must(t, err)
		if lots[0].Drawn != writers*times {
			t.Fatalf("drawn is %d millionths, want %d", lots[0].Drawn, writers*times)
		}
	})
}

// gapless posts from many sides at once, some of which give up: the numbers that remain
// are 1 to n, and each posting got its own.
func gapless(t *testing.T, s *suite) {
	const writers, times = 6, 8
	var mu sync.Mutex
	var numbers []int64
	var wait sync.WaitGroup
	for writer := range writers {
		wait.Go(func() {
			for n := range times {
				var got []int64
				err := s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
					posted, err := tx.AppendEntries(ctx, []ledger.Entry{anEntry(day, usd(1)), anEntry(day, usd(2))})
					if err != nil {
						return err
					}
					got = []int64{posted[0].Number, posted[1].Number}
					if (writer+n)%3 == 0 {
						return errStop
					}
					return nil
				})
				switch {
				case err == nil:
					mu.Lock()
					numbers = append(numbers, got...)
					mu.Unlock()
				case !errors.Is(err, errStop):
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	slices.Sort(numbers)
	for i, number := range numbers {
		if number != int64(i+1) {
			t.Fatalf("numbers are %v, want 1 to %d", numbers, len(numbers))
		}
	}
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, int64(len(numbers)))(tx.CountEntries(ctx, books.EntryFilter{}))
		balance, err := tx.TrialBalance(ctx, 0, 0)
		must(t, err)
		if want := usd(int64(len(numbers) / 2 * 3)); balance.Balances[0].Debits != want {
			t.Fatalf("cash was debited %s, want %s", balance.Balances[0].Debits, want)
		}
	})
}

// pages reads a list forward and backward in small pages while rows arrive behind and
// ahead: every row that was there is seen once, in order.
func pages(t *testing.T, s *suite) {
	var ids []string
	add := func() {
		s.update(func(ctx context.Context, tx books.Tx) {
			customer := aCustomer(fmt.Sprintf("c%03d", len(ids)))
			must(t, tx.InsertCustomer(ctx, customer))
			ids = append(ids, customer.ID)
		})
	}
	for range 7 {
		add()
	}
	walk := func(reverse bool) []string {
		var seen []string
		for after := ""; ; {
			var rows []books.Customer
			s.view(func(ctx context.Context, tx books.Tx) {
				var err error
				rows, err = tx.Customers(ctx, books.CustomerFilter{}, books.Page{After: after, Limit: 3, Reverse: reverse})
				must(t, err)
			})
			if len(rows) == 0 {
				return seen
			}
			if len(rows) > 3 {
				t.Fatalf("a page of 3 has %d rows", len(rows))
			}
			for _, row := range rows {
				seen = append(seen, row.ID)
			}
			after = rows[len(rows)-1].ID
			if len(ids) < 12 {
				add()
			}
		}
	}
	if got := walk(false); !slices.Equal(got, ids) { // what arrived lies ahead, so it is seen too
		t.Fatalf("forward: got %v, want %v", got, ids)
	}
	ids = ids[:len(ids):len(ids)]
	want := slices.Clone(ids)
	slices.Reverse(want)
	if got := walk(true); !slices.Equal(got, want) {
		t.Fatalf("backward: got %v, want %v", got, want)
	}
}

func noFindings(t *testing.T, s *suite) {
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Finding(nil))(tx.Findings(ctx, 10))
		same(t, []books.Finding(nil))(tx.SealFindings(ctx, 10))
	})
}

// atOnce runs an act in several transactions at the same moment.
func (s *suite) atOnce(act func(ctx context.Context, tx books.Tx, n int) error) []error {
	const several = 6
	errs := make([]error, several)
	var begin, ended sync.WaitGroup
	begin.Add(1)
	for n := range several {
		ended.Go(func() {
			begin.Wait()
			errs[n] = s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return act(ctx, tx, n) })
		})
	}
	begin.Done()
	ended.Wait()
	return errs
}

// marked measures a pool while something else happens to it: what is marked meanwhile stays
// marked.
func marked(t *testing.T, s *suite) {
	policy := aPolicy("standard")
	pool := revrec.Pool{ID: newID(), PolicyID: policy.ID, By: revrec.PoolByPolicy, Currency: "USD", Functional: "USD"}
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		_, err := tx.EnsurePools(ctx, []revrec.Pool{pool})
		must(t, err)
		must(t, tx.AddPoolDays(ctx, noon, map[string][]revrec.PoolDay{pool.ID: {{Day: day, SoldMinor: 5}}}))
	})
	for what, mark := range map[string]func(ctx context.Context, tx books.Tx) error{
		"a sale": func(ctx context.Context, tx books.Tx) error {
			return tx.AddPoolDays(ctx, noon, map[string][]revrec.PoolDay{pool.ID: {{Day: day - 3, SoldMinor: 5}}})
		},
		"an estimate": func(ctx context.Context, tx books.Tx) error { return tx.MeasurePoolsFrom(ctx, policy.ID, day-3) },
	} {
		measuring, marking := make(chan struct{}), make(chan error, 1)
		go func() {
			<-measuring
			marking <- s.tryUpdate(mark)
		}()
		var once sync.Once
		s.update(func(ctx context.Context, tx books.Tx) {
			work, err := tx.UnmeasuredPools(ctx, day, 10)
			must(t, err)
			if len(work) != 1 {
				t.Fatalf("%s: %d pools to be measured, want 1", what, len(work))
			}
			once.Do(func() { close(measuring) })
			time.Sleep(20 * time.Millisecond) // the other would be done, were it not kept waiting
			must(t, tx.SetPoolsMeasured(ctx, map[string]ledger.Date{pool.ID: 0}))
		})
		must(t, <-marking)
		s.update(func(ctx context.Context, tx books.Tx) {
			sameIDs(t, poolWorkID, pool.ID+" "+(day-3).String())(tx.UnmeasuredPools(ctx, day, 10))
		})
	}
}

func poolsAtOnce(t *testing.T, s *suite) {
	policy := aPolicy("standard")
	s.update(func(ctx context.Context, tx books.Tx) { must(t, tx.InsertPolicy(ctx, policy)) })
	for _, err := range s.atOnce(func(ctx context.Context, tx books.Tx, _ int) error {
		pools, err := tx.EnsurePools(ctx, []revrec.Pool{
			{ID: newID(), PolicyID: policy.ID, By: revrec.PoolByPolicy, Key: "", Currency: "USD", Functional: "USD"},
			{ID: newID(), PolicyID: policy.ID, By: revrec.PoolByPolicy, Key: "", Currency: "EUR", Functional: "USD"},
		})
		if err != nil {
			return err
		}
		return tx.AddPoolDays(ctx, noon, map[string][]revrec.PoolDay{pools[0].ID: {{Day: day, SoldMinor: 1}}, pools[1].ID: {{Day: day, SoldMinor: 1}}})
	}) {
		must(t, err)
	}
	s.view(func(ctx context.Context, tx books.Tx) {
		pools, err := tx.Pools(ctx, "", books.Page{})
		must(t, err)
		if len(pools) != 2 {
			t.Fatalf("%d pools, want 2", len(pools))
		}
		for _, pool := range pools {
			same(t, []revrec.PoolDay{{Day: day, SoldMinor: 6}})(tx.PoolDays(ctx, pool.ID))
		}
	})
}

func batchAtOnce(t *testing.T, s *suite) {
	batches := make([]books.Batch, 6)
	for _, err := range s.atOnce(func(ctx context.Context, tx books.Tx, n int) (err error) {
		batches[n], err = tx.OpenBatch(ctx, newID(), noon)
		return err
	}) {
		must(t, err)
	}
	for _, batch := range batches {
		if batch != batches[0] {
			t.Fatalf("two batches are open: %v and %v", batch, batches[0])
		}
	}
}

func bookAtOnce(t *testing.T, s *suite) {
	settled := make([]books.Book, 6)
	for _, err := range s.atOnce(func(ctx context.Context, tx books.Tx, n int) (err error) {
		if settled[n], err = tx.Book(ctx); books.CodeOf(err) == books.NotFound && err != nil {
			settled[n] = books.Book{Functional: "USD", Zone: "UTC", CreatedAt: noon.Add(time.Duration(n) * time.Second)}
			err = tx.SaveBook(ctx, settled[n])
		}
		return err
	}) {
		must(t, err)
	}
	for _, book := range settled {
		if book != settled[0] {
			t.Fatalf("the book was settled twice: %v and %v", book, settled[0])
		}
	}
}

// keyAtOnce has several look up a key and keep their answer where they find none: one keeps
// it, the others wait and find it.
func keyAtOnce(t *testing.T, s *suite) {
	var mu sync.Mutex
	kept := 0
	for _, err := range s.atOnce(func(ctx context.Context, tx books.Tx, _ int) error {
		_, found, err := tx.IdempotencyKey(ctx, "key")
		if err != nil || found {
			return err
		}
		time.Sleep(5 * time.Millisecond)
		mu.Lock()
		kept++
		mu.Unlock()
		return tx.SaveIdempotencyKey(ctx, books.IdempotencyRecord{Key: "key", Operation: "test", CreatedAt: noon})
	}) {
		must(t, err)
	}
	if kept != 1 {
		t.Fatalf("%d found no answer, want 1: the others were to wait for it", kept)
	}
}
