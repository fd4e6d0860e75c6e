package books_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/revrec"
)

// watched is a store whose writes a test sees, holds up and has fail.
type watched struct {
	books.Store
	begin  func(context.Context) error    // before each transaction
	insert func([]books.UsageEvent) error // before events are written
	count  atomic.Int64                   // of transactions that write
}

func (w *watched) Update(ctx context.Context, act func(context.Context, books.Tx) error) error {
	w.count.Add(1)
	if w.begin != nil {
		if err := w.begin(ctx); err != nil {
			return err
		}
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx books.Tx) error { return act(ctx, watchedTx{tx, w}) })
}

type watchedTx struct {
	books.Tx
	from *watched
}

func (t watchedTx) InsertEvents(ctx context.Context, events []books.UsageEvent) error {
	if t.from.insert != nil {
		if err := t.from.insert(events); err != nil {
			return err
		}
	}
	return t.Tx.InsertEvents(ctx, events)
}

// newUsageBook makes a book with three customers: acme and zeta have 1,000 credits each,
// poor has 100.
func newUsageBook(t *testing.T, usage books.UsageOptions) (*books.Books, *watched) {
	t.Helper()
	ctx := t.Context()
	kept, err := store.OpenMemory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	w := &watched{Store: kept}
	now := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	b, err := books.Open(ctx, w, books.Options{Now: func() time.Time { return now }, Usage: usage})
	if err != nil {
		t.Fatal(err)
	}
	done[books.Policy](t)(b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "default"}))
	price := whole(10)
	for customer, credits := range map[string]int64{"acme": 1000, "zeta": 1000, "poor": 100} {
		done[books.Customer](t)(b.CustomerCreate(ctx, "c"+customer, books.NewCustomer{ExternalID: customer}))
		done[books.Purchased](t)(b.Purchase(ctx, "p"+customer, books.NewPurchase{
			Customer: customer, Credits: whole(credits), Price: &price, PurchasedAt: now.AddDate(0, -1, 0),
		}))
	}
	w.count.Store(0)
	return b, w
}

// hold keeps the first transaction from beginning until the test says go, with one call
// of an event of its own under way.
func hold(t *testing.T, b *books.Books, w *watched) (goOn func()) {
	t.Helper()
	begun, held := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	w.begin = func(context.Context) error {
		if !first.Swap(true) {
			close(begun)
			<-held
		}
		return nil
	}
	ended := make(chan error, 1)
	go func() {
		_, err := b.RecordUsage(t.Context(), []books.UsageInput{use("acme", "held", 1)})
		ended <- err
	}()
	<-begun
	goOn = sync.OnceFunc(func() {
		close(held)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(goOn)
	return goOn
}

func use(customer, id string, credits int64) books.UsageInput {
	used := whole(credits)
	return books.UsageInput{ID: id, Customer: customer, Credits: &used}
}

func queue(t *testing.T, b *books.Books, events ...books.UsageInput) *books.UsageCall {
	t.Helper()
	return done[*books.UsageCall](t)(b.QueueUsage(t.Context(), events))
}

func recorded(t *testing.T, call *books.UsageCall) {
	t.Helper()
	for _, outcome := range done[[]books.UsageOutcome](t)(call.Wait(t.Context())) {
		if outcome.Status != books.Recorded {
			t.Errorf("%s is %s: %v", outcome.ID, outcome.Status, outcome.Reason)
		}
	}
}

// told is what a caller is told of its events.
func told(outcomes []books.UsageOutcome) string {
	var text strings.Builder
	for _, o := range outcomes {
		var drawn revrec.Credits
		for _, draw := range o.Draws {
			drawn += draw.Credits
		}
		fmt.Fprintf(&text, "%s %s %s drew %s", o.Source, o.ID, o.Status, drawn)
		if o.Event != nil {
			fmt.Fprintf(&text, ", %s credits", o.Event.Credits)
		}
		if o.Reason != nil {
			fmt.Fprintf(&text, ", %s %v", o.Reason.Code, o.Reason)
		}
		text.WriteString("; ")
	}
	return text.String()
}

// Calls that are written together are answered as if each had been written by itself, in
// order of arrival, also where they name the same events.
func TestUsageTogetherIsUsageAlone(t *testing.T) {
	day := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	var calls [][]books.UsageInput
	at := 0
	add := func(events ...books.UsageInput) {
		for i := range events { // in order of occurrence, which one transaction keeps
			at++
			events[i].OccurredAt = day.Add(time.Duration(at) * time.Second)
		}
		calls = append(calls, events)
	}
	for i := range 40 {
		add(use("acme", fmt.Sprint("a", i), int64(i+1)), use("poor", fmt.Sprint("p", i), 7), use("nobody", fmt.Sprint("n", i), 1))
		if i%5 == 4 {
			add(use("acme", fmt.Sprint("a", i-2), int64(i-1)))                                // a duplicate
			add(use("acme", fmt.Sprint("a", i-1), 1), use("acme", fmt.Sprint("again", i), 1)) // a conflict
		}
	}
	// The first asks for too much and leaves no trace: the same name may be used again.
	add(use("zeta", "too much", 5000))
	add(use("zeta", "too much", 400))
	add(use("zeta", "too much", 5000))
	add(use("zeta", "twice", 100), use("zeta", "twice", 100))

	alone, _ := newUsageBook(t, books.UsageOptions{})
	done[[]books.UsageOutcome](t)(alone.RecordUsage(t.Context(), []books.UsageInput{use("acme", "held", 1)}))
	together, w := newUsageBook(t, books.UsageOptions{})
	goOn := hold(t, together, w)
	var queued []*books.UsageCall
	for _, events := range calls {
		queued = append(queued, queue(t, together, events...))
	}
	goOn()
	for i, events := range calls {
		want := told(done[[]books.UsageOutcome](t)(alone.RecordUsage(t.Context(), events)))
		got := told(done[[]books.UsageOutcome](t)(queued[i].Wait(t.Context())))
		if got != want {
			t.Errorf("call %d\ntogether %s\nalone    %s", i, got, want)
		}
	}
	if n := w.count.Load(); n > int64(len(calls)/2) {
		t.Errorf("%d calls in %d transactions", len(calls), n)
	}
	for _, b := range []*books.Books{alone, together} {
		if findings := done[[]books.Finding](t)(b.Verify(t.Context())); len(findings) > 0 {
			t.Errorf("verify: %+v", findings)
		}
	}
}

// Sixty-four callers who record one event after the other share their commits, on one
// lane or several.
func TestUsageOfManyCallers(t *testing.T) {
	const callers, each = 64, 10
	for _, lanes := range []int{1, 3} {
		t.Run(fmt.Sprint(lanes, " lanes"), func(t *testing.T) {
			b, w := newUsageBook(t, books.UsageOptions{Lanes: lanes})
			w.begin = func(context.Context) error {
				time.Sleep(time.Millisecond) // what a disk takes
				return nil
			}
			var working sync.WaitGroup
			for caller := range callers {
				working.Go(func() {
					for i := range each {
						outcomes, err := b.RecordUsage(t.Context(), []books.UsageInput{use("acme", fmt.Sprint(caller, ".", i), 1)})
						if err != nil || len(outcomes) != 1 || outcomes[0].Status != books.Recorded || outcomes[0].ID != fmt.Sprint(caller, ".", i) {
							t.Errorf("%v %s", err, told(outcomes))
						}
					}
				})
			}
			working.Wait()
			if n := w.count.Load(); n > callers*each/2 {
				t.Errorf("%d calls in %d transactions", callers*each, n)
			}
			if findings := done[[]books.Finding](t)(b.Verify(t.Context())); len(findings) > 0 {
				t.Errorf("verify: %+v", findings)
			}
		})
	}
}

// A transaction holds no more than it may, and two lanes write at the same time.
func TestUsageLanesAndBatches(t *testing.T) {
	b, w := newUsageBook(t, books.UsageOptions{Lanes: 2, MaxEvents: 10})
	goOn := hold(t, b, w)
	both, held := make(chan struct{}), make(chan struct{})
	var writing atomic.Int64
	w.begin = func(context.Context) error {
		if writing.Add(1) == 1 {
			close(both)
		}
		<-held
		return nil
	}
	most := 0
	w.insert = func(events []books.UsageEvent) error {
		most = max(most, len(events))
		return nil
	}
	var calls []*books.UsageCall
	for i := range 12 {
		calls = append(calls, queue(t, b, use("acme", fmt.Sprint("a", i), 1), use("zeta", fmt.Sprint("z", i), 1), use("acme", fmt.Sprint("b", i), 1)))
	}
	<-both // while the first transaction is held, the second lane has begun
	close(held)
	goOn()
	for _, call := range calls {
		recorded(t, call)
	}
	if most > 10 {
		t.Errorf("%d events in one transaction", most)
	}
}

// A call that fails or panics fails alone.
func TestUsageFaultsAreIsolated(t *testing.T) {
	fault := errors.New("table usage_events is on fire")
	for name, fail := range map[string]func() error{
		"error": func() error { return fault },
		"panic": func() error { panic(fault) },
	} {
		t.Run(name, func(t *testing.T) {
			b, w := newUsageBook(t, books.UsageOptions{})
			goOn := hold(t, b, w)
			w.insert = func(events []books.UsageEvent) error {
				if slices.ContainsFunc(events, func(e books.UsageEvent) bool { return e.EventID == "poison" }) {
					return fail()
				}
				return nil
			}
			var calls []*books.UsageCall
			for i := range 20 {
				calls = append(calls, queue(t, b, use("acme", fmt.Sprint(i), 1)))
			}
			poison := queue(t, b, use("acme", "poison", 1), use("acme", "beside it", 1))
			goOn()
			for _, call := range calls {
				recorded(t, call)
			}
			if _, err := poison.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), fault.Error()) || books.CodeOf(err) != books.Internal {
				t.Errorf("the poison is answered %v", err)
			}
			w.insert = nil
			recorded(t, queue(t, b, use("acme", "poison", 1), use("acme", "beside it", 1)))
		})
	}
}

// Where the database is away, all are told at once and nobody tries one by one.
func TestUsageUnavailable(t *testing.T) {
	b, w := newUsageBook(t, books.UsageOptions{})
	goOn := hold(t, b, w)
	var calls []*books.UsageCall
	for i := range 20 {
		calls = append(calls, queue(t, b, use("acme", fmt.Sprint(i), 1)))
	}
	w.insert = func(events []books.UsageEvent) error {
		if events[0].EventID == "held" {
			return nil
		}
		return &books.Error{Code: books.Unavailable, Message: "the database cannot be used now"}
	}
	goOn()
	for _, call := range calls {
		if _, err := call.Wait(t.Context()); books.CodeOf(err) != books.Unavailable {
			t.Errorf("answered %v", err)
		}
	}
	if n := w.count.Load(); n != 2 {
		t.Errorf("%d transactions", n)
	}
}

// An event may have been recorded before, or be recorded by another server between our look
// and our write.
func TestUsageRace(t *testing.T) {
	b, w := newUsageBook(t, books.UsageOptions{})
	w.insert = func([]books.UsageEvent) error {
		w.insert = nil
		return fmt.Errorf("keeping events: %w", &books.Error{Code: books.AlreadyExists})
	}
	recorded(t, queue(t, b, use("acme", "1", 1)))
	w.insert = func([]books.UsageEvent) error { return &books.Error{Code: books.AlreadyExists} }
	if _, err := b.RecordUsage(t.Context(), []books.UsageInput{use("acme", "2", 1)}); books.CodeOf(err) != books.AlreadyExists {
		t.Errorf("a race without end is answered %v", err)
	}
}

// A caller who gives up is let go; a call that was not begun leaves no trace, and others
// are not disturbed.
func TestUsageGivenUp(t *testing.T) {
	b, w := newUsageBook(t, books.UsageOptions{})
	goOn := hold(t, b, w)
	ctx, cancel := context.WithCancel(t.Context())
	before, given, after := queue(t, b, use("acme", "before", 1)), queue(t, b, use("acme", "given up", 1)), queue(t, b, use("acme", "after", 1))
	cancel()
	if _, err := given.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("answered %v", err)
	}
	if _, err := b.RecordUsage(ctx, []books.UsageInput{use("acme", "late", 1)}); !errors.Is(err, context.Canceled) {
		t.Errorf("answered %v", err)
	}
	goOn()
	recorded(t, before)
	recorded(t, after)
	recorded(t, queue(t, b, use("acme", "given up", 1), use("acme", "late", 1)))

	// One that is being written is written, whoever has left.
	ctx, cancel = context.WithCancel(t.Context())
	w.insert = func([]books.UsageEvent) error { cancel(); return nil }
	taken := queue(t, b, use("acme", "taken", 1))
	if outcomes, err := taken.Wait(ctx); err == nil && outcomes[0].Status != books.Recorded || err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("answered %v %s", err, told(outcomes))
	}
	if outcomes := done[[]books.UsageOutcome](t)(b.RecordUsage(t.Context(), []books.UsageInput{use("acme", "taken", 1)})); outcomes[0].Status != books.Duplicate {
		t.Error(told(outcomes))
	}
}

// A queue that is full refuses at once and says when to come back; then it takes the
// same call.
func TestUsageOverload(t *testing.T) {
	b, w := newUsageBook(t, books.UsageOptions{MaxQueued: 5})
	goOn := hold(t, b, w)
	var large []books.UsageInput
	for i := range 6 {
		large = append(large, use("acme", fmt.Sprint("large", i), 1))
	}
	first := queue(t, b, large...) // an empty queue takes any call
	_, err := b.RecordUsage(t.Context(), []books.UsageInput{use("acme", "1", 1)})
	var refusal *books.Error
	if !errors.As(err, &refusal) || refusal.Code != books.Overloaded || refusal.RetryAfter < time.Second || refusal.RetryAfter%time.Second != 0 {
		t.Fatalf("answered %v", err)
	}
	goOn()
	recorded(t, first)
	recorded(t, queue(t, b, use("acme", "1", 1)))
}

// A call that meets no other is written by its caller, in its context.
func TestUsageAlone(t *testing.T) {
	b, w := newUsageBook(t, books.UsageOptions{})
	type key struct{}
	w.begin = func(ctx context.Context) error {
		if ctx.Value(key{}) == nil {
			t.Error("it is not the caller's context")
		}
		return nil
	}
	ctx := context.WithValue(t.Context(), key{}, true)
	for i := range 5 {
		done[[]books.UsageOutcome](t)(b.RecordUsage(ctx, []books.UsageInput{use("acme", fmt.Sprint(i), 1)}))
	}
	if n := w.count.Load(); n != 5 {
		t.Errorf("%d transactions", n)
	}
}

func TestUsageOptions(t *testing.T) {
	kept, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	for _, usage := range []books.UsageOptions{{MaxEvents: -1}, {Lanes: -1}, {MaxQueued: -1}} {
		if _, err := books.Open(t.Context(), kept, books.Options{Usage: usage}); books.CodeOf(err) != books.Invalid {
			t.Errorf("%+v: %v", usage, err)
		}
	}
}

// TestFewEventsGoBeforeMany has a call of one event and then two large ones wait: the one event is
// written first, by itself, and the large ones next, though another of one event came meanwhile.
func TestFewEventsGoBeforeMany(t *testing.T) {
	b, w := newUsageBook(t, books.UsageOptions{Wait: -1})
	goOn := hold(t, b, w)
	many := func(name string) (events []books.UsageInput) {
		for i := range 101 {
			events = append(events, use("zeta", fmt.Sprint(name, i), 1))
		}
		return events
	}
	var mu sync.Mutex
	var written []string
	w.insert = func(events []books.UsageEvent) error {
		mu.Lock()
		defer mu.Unlock()
		written = append(written, fmt.Sprint(events[0].EventID, " of ", len(events)))
		return nil
	}
	first, second := queue(t, b, many("a")...), queue(t, b, many("b")...)
	ended := make(chan error)
	go func() {
		_, err := b.RecordUsage(t.Context(), []books.UsageInput{use("acme", "one", 1)})
		ended <- err
	}()
	for b.UsageQueue().Events < 203 {
		time.Sleep(time.Millisecond)
	}
	goOn()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	recorded(t, first)
	recorded(t, second)
	if want := []string{"held of 1", "one of 1", "a0 of 202"}; !slices.Equal(written, want) {
		t.Errorf("written in the order %v, want %v", written, want)
	}
}
