package books_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
	"drawdown/ledger"
	"drawdown/revrec"
)

// servers are two books on one database, each with a store of its own, as two servers have
// it.
type servers struct {
	*testing.T
	books [2]*books.Books
	// check holds the book against itself, and counts deadlocks. It closes the stores.
	check func()
}

// serverDay is where the clock of the servers stands.
var serverDay = time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)

// onServers runs a test on each engine. The second server's clock is ahead of the first's.
func onServers(t *testing.T, ahead time.Duration, test func(t *servers)) {
	t.Helper()
	for engine, url := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "book.db") },
		"postgres": func(t *testing.T) string { return pgtest.Database(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			test(openServers(t, url(t), engine == "postgres", ahead))
		})
	}
}

func openServers(t *testing.T, url string, postgres bool, ahead time.Duration) *servers {
	t.Helper()
	s := &servers{T: t}
	var stores []*store.Store
	for i := range s.books {
		opened, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := opened.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		stores = append(stores, opened)
		now := serverDay.Add(time.Duration(i) * ahead)
		began := time.Now()
		options := books.Options{Now: func() time.Time { return now.Add(time.Since(began)) }, Signer: sealSigner}
		if postgres {
			options.Usage.Lanes = 4
		}
		if s.books[i], err = books.Open(t.Context(), opened, options); err != nil {
			t.Fatal(err)
		}
	}
	var closed sync.Once
	end := func() {
		closed.Do(func() {
			for _, opened := range stores {
				if err := opened.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	t.Cleanup(end)
	s.check = func() {
		t.Helper()
		if findings := done[[]books.Finding](t)(s.books[0].Verify(t.Context())); len(findings) > 0 {
			t.Errorf("verify: %+v", findings)
		}
		end()
		if !postgres {
			return
		}
		// A connection brings its counts home when it ends.
		for pgtest.Ask(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()") != "0" {
			time.Sleep(10 * time.Millisecond)
		}
		if deadlocks := pgtest.Ask(t, url, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"); deadlocks != "0" {
			t.Errorf("%s deadlocks", deadlocks)
		}
		t.Log(pgtest.Ask(t, url, "SELECT xact_commit || ' transactions, ' || xact_rollback || ' run again or refused' FROM pg_stat_database WHERE datname = current_database()"))
	}
	return s
}

// scaled is n, and a part of it with -short, when the race detector makes it slow.
func scaled(n int) int {
	if testing.Short() {
		return max(n/4, 2)
	}
	return n
}

// TestExactCredits has fifty clients of two servers use the last credits of one customer,
// each event sent to both servers at once as a client that heard nothing would: every event
// is recorded once, none is refused, no credit is drawn twice, none is left.
func TestExactCredits(t *testing.T) {
	onServers(t, 0, func(t *servers) {
		const clients, lots = 50, 5
		each := scaled(12)
		ctx, one, price := t.Context(), whole(1), whole(10)
		done[books.Policy](t.T)(t.books[0].PolicyCreate(ctx, "p", books.NewPolicy{Code: "default"}))
		done[books.Customer](t.T)(t.books[0].CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"}))
		for i := range lots {
			done[books.Purchased](t.T)(t.books[0].Purchase(ctx, fmt.Sprint("lot", i), books.NewPurchase{
				Customer: "acme", Credits: whole(int64(clients * each / lots)), Price: &price, PurchasedAt: serverDay.Add(-48 * time.Hour),
			}))
		}
		var recorded, duplicates atomic.Int64
		var clientsDone sync.WaitGroup
		for client := range clients {
			clientsDone.Go(func() {
				for n := range each {
					event := books.UsageInput{ID: fmt.Sprintf("%d-%d", client, n), Customer: "acme", Credits: &one, OccurredAt: serverDay.Add(-24 * time.Hour)}
					var sent sync.WaitGroup
					for i := range 1 + n%2 { // every other one to both
						sent.Go(func() {
							outcomes, err := t.books[(client+i)%2].RecordUsage(ctx, []books.UsageInput{event})
							switch {
							case err != nil:
								t.Errorf("event %s: %v", event.ID, err)
							case outcomes[0].Status == books.Recorded:
								recorded.Add(1)
							case outcomes[0].Status == books.Duplicate:
								duplicates.Add(1)
							default:
								t.Errorf("event %s: %s %v", event.ID, outcomes[0].Status, outcomes[0].Reason)
							}
						})
					}
					sent.Wait()
				}
			})
		}
		clientsDone.Wait()
		if want, twice := int64(clients*each), int64(clients*(each/2)); recorded.Load() != want || duplicates.Load() != twice {
			t.Errorf("%d recorded and %d duplicates, want %d and %d", recorded.Load(), duplicates.Load(), want, twice)
		}
		outcomes := done[[]books.UsageOutcome](t.T)(t.books[1].RecordUsage(ctx, []books.UsageInput{{ID: "more", Customer: "acme", Credits: &one, OccurredAt: serverDay.Add(-24 * time.Hour)}}))
		if outcomes[0].Reason == nil || outcomes[0].Reason.Code != books.InsufficientCredits {
			t.Errorf("one credit more: %+v", outcomes[0])
		}
		for _, server := range t.books {
			_, err := server.RunJob(ctx, books.JobAll, books.RunOptions{})
			if err != nil {
				t.Error(err)
			}
		}
		must2(t.T, t.books[0].View(ctx, func(ctx context.Context, tx books.Tx) error {
			lots := done[[]revrec.Lot](t.T)(tx.Lots(ctx, books.LotFilter{}, books.Page{}))
			for _, lot := range lots {
				if lot.Drawn != lot.Granted || lot.Recognised != lot.Price {
					t.Errorf("lot %s: %s of %s credits drawn, %s of %s recognised", lot.ID, lot.Drawn, lot.Granted, lot.Recognised, lot.Price)
				}
			}
			return nil
		}))
		t.check()
	})
}

func must2(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestSameRequestAtOnce sends each kind of request several times at the same moment to two
// servers: it happens once, and all get the one answer.
func TestSameRequestAtOnce(t *testing.T) {
	onServers(t, 0, func(t *servers) {
		ctx, price := t.Context(), whole(100)
		year := ledger.Duration{Months: 12}
		pooled := revrec.Policy{Expires: &year, Breakage: revrec.Breakage{Method: revrec.Proportional, Pool: revrec.PoolByPolicy, Rate: decimal.New(1, -1)}}
		bill := revrec.Policy{Overage: revrec.Overage{Mode: revrec.BillOverage, Rate: decimal.New(5, -2)}}
		var paid, invoiced books.Purchased
		buy := func(invoice bool) func(b *books.Books) (any, error) {
			return func(b *books.Books) (any, error) {
				return b.Purchase(ctx, fmt.Sprint("buy ", invoice), books.NewPurchase{
					Customer: "acme", Policy: "pooled", Credits: whole(100), Price: &price, Invoiced: invoice, PurchasedAt: serverDay.Add(-48 * time.Hour),
				})
			}
		}
		credits := whole(30)
		acts := []struct {
			what string
			do   func(b *books.Books) (any, error)
		}{
			{"policy", func(b *books.Books) (any, error) {
				return b.PolicyCreate(ctx, "pooled", books.NewPolicy{Code: "pooled", Policy: pooled})
			}},
			{"another policy", func(b *books.Books) (any, error) {
				return b.PolicyCreate(ctx, "bill", books.NewPolicy{Code: "bill", Policy: bill})
			}},
			{"customer", func(b *books.Books) (any, error) {
				return b.CustomerCreate(ctx, "acme", books.NewCustomer{ExternalID: "acme"})
			}},
			{"purchase", buy(false)},
			{"invoice", buy(true)},
			{"grant", func(b *books.Books) (any, error) {
				return b.Grant(ctx, "grant", books.NewGrant{Customer: "acme", Credits: whole(5), Reason: books.Promo})
			}},
			{"use", func(b *books.Books) (any, error) {
				outcomes, err := b.RecordUsage(ctx, []books.UsageInput{{ID: "one", Customer: "acme", Credits: &credits, OccurredAt: serverDay.Add(-24 * time.Hour)}})
				if err == nil && outcomes[0].Status == books.Rejected {
					err = outcomes[0].Reason
				}
				if err != nil {
					return nil, err
				}
				return outcomes[0].Event.ID, nil
			}},
			{"void", func(b *books.Books) (any, error) {
				return b.VoidUsage(ctx, "void", books.UsageVoid{Customer: "acme", ID: "one"})
			}},
			{"estimate", func(b *books.Books) (any, error) {
				return b.EstimateCreate(ctx, "estimate", books.NewEstimate{Policy: "pooled", Rate: decimal.New(2, -1)})
			}},
			{"pay", func(b *books.Books) (any, error) {
				return b.Pay(ctx, "pay", books.Payment{PurchaseID: invoiced.Purchase.ID})
			}},
			{"refund", func(b *books.Books) (any, error) {
				return b.Refund(ctx, "refund", books.RefundRequest{PurchaseID: paid.Purchase.ID, Amount: whole(50)})
			}},
			{"run", func(b *books.Books) (any, error) {
				run, err := b.RunJob(ctx, books.JobAll, books.RunOptions{Key: "run", Wait: time.Minute})
				return run.ID, err
			}},
		}
		for _, act := range acts {
			const callers = 8
			var all sync.WaitGroup
			answers, errs := make([]any, callers), make([]error, callers)
			for i := range callers {
				all.Go(func() { answers[i], errs[i] = act.do(t.books[i%2]) })
			}
			all.Wait()
			for i := range callers {
				if errs[i] != nil {
					t.Errorf("%s: %v", act.what, errs[i])
				}
				if diff := cmp.Diff(answers[0], answers[i]); diff != "" {
					t.Errorf("%s: two answers:\n%s", act.what, diff)
				}
			}
			if t.Failed() {
				t.FailNow()
			}
			switch act.what {
			case "purchase":
				paid = answers[0].(books.Purchased)
			case "invoice":
				invoiced = answers[0].(books.Purchased)
			}
		}
		done[books.JobRun](t.T)(t.books[0].RunJob(ctx, books.JobAll, books.RunOptions{}))
		t.check()
	})
}

// script is what happens to one customer, in order. Scripts of several customers meet in
// pools, batches, counters and running balances, where their order must not matter.
type script struct {
	customer string
	acts     []func(ctx context.Context, b *books.Books) error
}

// scripts makes the scripts of a seed. Credits suffice, for what a refusal leaves undone
// would depend on the order.
func scripts(seed uint64, customers int) []script {
	chance := rand.New(rand.NewPCG(seed, 7))
	all := make([]script, customers)
	for c := range all {
		s := script{customer: fmt.Sprint("customer-", c)}
		add := func(act func(ctx context.Context, b *books.Books, key string) error) {
			key := fmt.Sprint(s.customer, " ", len(s.acts))
			s.acts = append(s.acts, func(ctx context.Context, b *books.Books) error { return act(ctx, b, key) })
		}
		add(func(ctx context.Context, b *books.Books, key string) error {
			_, err := b.CustomerCreate(ctx, key, books.NewCustomer{ExternalID: s.customer})
			return err
		})
		var bought []*books.Purchased
		for range 2 + chance.IntN(3) {
			made := &books.Purchased{}
			bought = append(bought, made)
			policy, invoiced, price := []string{"pool", "month", "lot", "expiry", "remote"}[chance.IntN(5)], chance.IntN(3) == 0, decimal.New(1+chance.Int64N(99_999), -2)
			at := serverDay.AddDate(0, 0, -40-chance.IntN(20))
			request := books.NewPurchase{Customer: s.customer, Policy: policy, Credits: whole(1000), Price: &price, PurchasedAt: at}
			if invoiced {
				request.Invoiced, request.DueOn = true, ledger.DateOf(at, time.UTC)+15
			}
			add(func(ctx context.Context, b *books.Books, key string) (err error) {
				*made, err = b.Purchase(ctx, key, request)
				return err
			})
			if chance.IntN(2) == 0 {
				add(func(ctx context.Context, b *books.Books, key string) error {
					_, err := b.Grant(ctx, key, books.NewGrant{Customer: s.customer, Policy: "expiry", Credits: whole(20), Reason: books.Goodwill, GrantedAt: at})
					return err
				})
			}
			for range 2 + chance.IntN(6) {
				credits, day := decimal.New(1+chance.Int64N(99_000), -3), at.AddDate(0, 0, chance.IntN(30))
				var id string
				add(func(ctx context.Context, b *books.Books, key string) error {
					id = key
					outcomes, err := b.RecordUsage(ctx, []books.UsageInput{{ID: key, Customer: s.customer, Credits: &credits, OccurredAt: day}})
					if err == nil && outcomes[0].Status == books.Rejected {
						return outcomes[0].Reason
					}
					return err
				})
				if chance.IntN(5) == 0 {
					add(func(ctx context.Context, b *books.Books, key string) error {
						_, err := b.VoidUsage(ctx, key, books.UsageVoid{Customer: s.customer, ID: id})
						return err
					})
				}
			}
			if invoiced {
				late := at.AddDate(0, 0, 16+chance.IntN(20)) // a payment told late of, after the due day was booked, is another journal
				add(func(ctx context.Context, b *books.Books, key string) error {
					_, err := b.Pay(ctx, key, books.Payment{PurchaseID: made.Purchase.ID, PaidAt: late})
					return err
				})
			}
		}
		if chance.IntN(3) == 0 {
			made := bought[chance.IntN(len(bought))]
			add(func(ctx context.Context, b *books.Books, key string) error {
				_, err := b.Refund(ctx, key, books.RefundRequest{PurchaseID: made.Purchase.ID})
				return err
			})
		}
		all[c] = s
	}
	return all
}

func scriptPolicies(t *testing.T, b *books.Books) {
	t.Helper()
	terms := ledger.Duration{Months: 1}
	late := ledger.Duration{Months: 12}
	pool := func(by revrec.PoolBy) revrec.Policy {
		return revrec.Policy{Expires: &terms, ShortExpiry: "a test", LateUsage: late, Breakage: revrec.Breakage{Method: revrec.Proportional, Pool: by, Rate: decimal.New(15, -2), Escheat: decimal.New(1, -1)}}
	}
	for code, policy := range map[string]revrec.Policy{
		"pool": pool(revrec.PoolByPolicy), "month": pool(revrec.PoolByPurchaseMonth), "lot": pool(revrec.PoolByLot),
		"expiry": {Expires: &terms, ShortExpiry: "a test", LateUsage: late},
		"remote": {Breakage: revrec.Breakage{Method: revrec.Remote, RemoteAfter: ledger.Duration{Days: 20}, RemoteFrom: revrec.FromLastUse}},
	} {
		done[books.Policy](t)(b.PolicyCreate(t.Context(), code, books.NewPolicy{Code: code, Policy: policy}))
	}
}

// sums is the journal by day, account and currency.
func sums(t *testing.T, b *books.Books) map[string]int64 {
	t.Helper()
	all := map[string]int64{}
	must2(t, b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		return tx.EachEntry(ctx, 0, 0, func(e ledger.Entry) error {
			for _, line := range e.Lines {
				key := fmt.Sprint(e.AccountingDate, " ", line.Account, " ", line.Amount.Currency)
				if all[key] += line.Amount.Minor; all[key] == 0 {
					delete(all, key)
				}
			}
			return nil
		})
	}))
	return all
}

// TestManyCustomersAtOnce lets the scripts of many customers happen at once on two servers,
// with the jobs running all the time on both: the journal is that of the same scripts one
// after the other on a server alone.
func TestManyCustomersAtOnce(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	customers := scaled(24)
	alone := newServerBook(t)
	scriptPolicies(t, alone)
	for _, s := range scripts(seed, customers) {
		for i, act := range s.acts {
			if err := act(t.Context(), alone); err != nil {
				t.Fatalf("%s, act %d: %v", s.customer, i, err)
			}
		}
	}
	done[books.JobRun](t)(alone.RunJob(t.Context(), books.JobAll, books.RunOptions{}))
	want := sums(t, alone)

	onServers(t, 0, func(t *servers) {
		ctx := t.Context()
		scriptPolicies(t.T, t.books[0])
		working, stop := context.WithCancel(ctx)
		var bells, acting sync.WaitGroup
		for _, server := range t.books {
			bells.Go(func() { ring(working, t.T, server) })
		}
		for c, s := range scripts(seed, customers) {
			acting.Go(func() {
				for i, act := range s.acts {
					if err := act(ctx, t.books[(c+i)%2]); err != nil {
						t.Errorf("%s, act %d: %v", s.customer, i, err)
					}
				}
			})
		}
		acting.Wait()
		stop()
		bells.Wait()
		done[books.JobRun](t.T)(t.books[0].RunJob(ctx, books.JobAll, books.RunOptions{Wait: time.Minute}))
		if diff := cmp.Diff(want, sums(t.T, t.books[1])); diff != "" || len(want) < 50 {
			t.Errorf("the journal depends on who writes at once (- alone, + at once):\n%s", diff)
		}
		t.check()
	})
}

func newServerBook(t *testing.T) *books.Books {
	t.Helper()
	now := serverDay
	b, _ := newBookStore(t, &now)
	return b
}

// ring runs the jobs until the context is done.
func ring(ctx context.Context, t *testing.T, b *books.Books) {
	t.Helper()
	for ctx.Err() == nil {
		_, err := b.RunJob(ctx, books.JobAll, books.RunOptions{})
		switch code := books.CodeOf(err); {
		case err == nil, ctx.Err() != nil, code == books.JobRunning, code == books.LeaseLost:
		default:
			t.Errorf("job: %v", err)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestAnythingAtOnce has many clients of two servers do anything to a few customers, with
// the jobs running on both and the clock of one server ahead, so that each takes the lease
// from the other's runs. What comes of it depends on the order; that the book agrees with
// itself does not, and nothing is refused but for a reason of the book's.
func TestAnythingAtOnce(t *testing.T) {
	onServers(t, 2*books.LeaseTime, func(t *servers) {
		ctx := t.Context()
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		scriptPolicies(t.T, t.books[0])
		bill := revrec.Policy{Overage: revrec.Overage{Mode: revrec.BillOverage, Rate: decimal.New(5, -2)}}
		done[books.Policy](t.T)(t.books[0].PolicyCreate(ctx, "bill", books.NewPolicy{Code: "bill", Policy: bill}))
		customers := []string{"acme", "beta", "gamma"}
		for _, customer := range customers {
			done[books.Customer](t.T)(t.books[0].CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer}))
		}
		var mu sync.Mutex
		var bought, used []string // ids of purchases, "customer/event" of uses
		pick := func(chance *rand.Rand, from *[]string) string {
			mu.Lock()
			defer mu.Unlock()
			if len(*from) == 0 {
				return "00000000-0000-7000-8000-000000000000"
			}
			return (*from)[chance.IntN(len(*from))]
		}
		keep := func(in *[]string, id string) {
			mu.Lock()
			defer mu.Unlock()
			*in = append(*in, id)
		}
		working, stop := context.WithCancel(ctx)
		var bells, acting sync.WaitGroup
		for _, server := range t.books {
			bells.Go(func() { ring(working, t.T, server) })
		}
		refusals := map[books.Code]int{}
		for client := range 16 {
			acting.Go(func() {
				chance := rand.New(rand.NewPCG(seed, uint64(client)))
				for n := range scaled(40) {
					err := anything(ctx, t.books[chance.IntN(2)], chance, customers[chance.IntN(len(customers))], fmt.Sprintf("%d-%d", client, n),
						pick(chance, &bought), pick(chance, &used), func(id string) { keep(&bought, id) }, func(id string) { keep(&used, id) })
					mu.Lock()
					if err != nil {
						refusals[books.CodeOf(err)]++
					}
					mu.Unlock()
					if err != nil && slices.Contains([]books.Code{books.Internal, books.Unavailable, books.AlreadyExists, books.EventConflict, books.IdempotencyConflict}, books.CodeOf(err)) {
						t.Errorf("%d-%d: %v", client, n, err)
					}
				}
			})
		}
		acting.Wait()
		stop()
		bells.Wait()
		done[books.JobRun](t.T)(t.books[1].RunJob(ctx, books.JobAll, books.RunOptions{Wait: time.Minute}))
		t.Logf("%d purchases, %d uses, refused %v", len(bought), len(used), refusals)
		t.check()
	})
}

// anything does one act at random.
func anything(ctx context.Context, b *books.Books, chance *rand.Rand, customer, key, purchase, use string, bought, used func(string)) error {
	price, day := decimal.New(chance.Int64N(100_000), -2), serverDay.AddDate(0, 0, -chance.IntN(50))
	policy := []string{"pool", "month", "lot", "expiry", "remote", "bill"}[chance.IntN(6)]
	switch chance.IntN(12) {
	case 0, 1:
		request := books.NewPurchase{Customer: customer, Policy: policy, Credits: whole(100), Price: &price, PurchasedAt: day}
		if chance.IntN(2) == 0 {
			request.Invoiced, request.DueOn = true, ledger.DateOf(day, time.UTC)+ledger.Date(chance.IntN(30))
		}
		made, err := b.Purchase(ctx, key, request)
		if err == nil {
			bought(made.Purchase.ID)
		}
		return err
	case 2:
		_, err := b.Grant(ctx, key, books.NewGrant{Customer: customer, Policy: policy, Credits: whole(10), Reason: books.Promo, GrantedAt: day})
		return err
	case 3:
		_, err := b.Refund(ctx, key, books.RefundRequest{PurchaseID: purchase})
		return err
	case 4, 5:
		_, err := b.Pay(ctx, key, books.Payment{PurchaseID: purchase, PaidAt: serverDay.AddDate(0, 0, -chance.IntN(10))})
		return err
	case 6:
		of, id, _ := strings.Cut(use, "/")
		_, err := b.VoidUsage(ctx, key, books.UsageVoid{Customer: of, ID: id})
		return err
	case 7:
		_, err := b.EstimateCreate(ctx, key, books.NewEstimate{
			Policy: []string{"pool", "month", "lot"}[chance.IntN(3)], Rate: decimal.New(chance.Int64N(100), -2), From: ledger.DateOf(day, time.UTC),
		})
		return err
	}
	events := make([]books.UsageInput, 1+chance.IntN(5))
	for i := range events {
		credits := decimal.New(1+chance.Int64N(40_000), -3)
		events[i] = books.UsageInput{ID: fmt.Sprint(key, ".", i), Customer: customer, Credits: &credits, OccurredAt: day}
	}
	outcomes, err := b.RecordUsage(ctx, events)
	for _, outcome := range outcomes {
		if outcome.Status == books.Recorded {
			used(customer + "/" + outcome.ID)
		} else if outcome.Reason != nil {
			err = outcome.Reason
		}
	}
	return err
}
