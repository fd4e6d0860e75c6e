package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"drawdown/internal/books"
)

// mixedReach is how much slower one request of a hundred may be for all the others that are
// under way; pageReach what a large page may take, alone; watchedReach how much of intake is
// left while others watch.
var (
	mixedReach   = reach{atMost: 10}
	pageReach    = reach{atMost: 10, unit: "ms"}
	watchedReach = reach{atLeast: 0.95}
)

const (
	pageLots        = 200 // the largest page
	recognitionsOf  = 5   // of each lot of a page
	historyDays     = 10
	historySenders  = 1 << 40 // beyond those of the rounds
	watchingStreams = 100
	watchedEach     = 10 // customers of each stream
)

// maxKinds is more than there are.
const maxKinds = 10

// kind is one kind of request that is played.
type kind struct {
	name string
	// play sends one request, holds the answer to what it should be, and returns how many
	// events it recorded.
	play func(ctx context.Context, c *caller, events *events) (int, error)
}

func (b *bench) kinds(book *book) []kind {
	ask := func(body, want string) func(context.Context, *caller, *events) (int, error) {
		return func(_ context.Context, c *caller, _ *events) (int, error) {
			answer, err := c.ask([]byte(body))
			if err != nil {
				return 0, err
			}
			return 0, mustHold(answer, want)
		}
	}
	return []kind{
		{"a page of 200 lots with customer, purchase and recognitions", ask(askLots, `{"data":{"lots":{"nodes":[{`)},
		{"a balance", func(ctx context.Context, c *caller, e *events) (int, error) {
			return ask(askBalance+customerName(e.customer())+`"}}`, `{"data":{"customer":{"balance":{"credits":"`)(ctx, c, e)
		}},
		{"the trial balance", ask(`{"query":"{trialBalance{rows{account{role}debits{amount}credits{amount}closing{amount}}}}"}`, `{"data":{"trialBalance":{"rows":[{`)},
		{"a call with one event", func(_ context.Context, c *caller, e *events) (int, error) {
			body := append([]byte(askRecord), e.object(nil, e.customer())...)
			answer, err := c.ask(append(body, `]}}`...))
			if err != nil {
				return 0, err
			}
			return 1, mustHold(answer, `"recorded":1`)
		}},
		{"a batch of NDJSON", func(ctx context.Context, _ *caller, e *events) (int, error) {
			return b.Batch, book.send(ctx, e.ndjson(b.Batch, e.customer), b.Batch)
		}},
	}
}

const (
	askRecord = `{"query":"mutation($e:[UsageEventInput!]!){usageRecord(events:$e){recorded}}","variables":{"e":[`
	askLots   = `{"query":"{lots(first:200){nodes{id granted drawn carrying{amount} customer{externalId name} purchase{status price{amount currency} purchasedAt} ` +
		`recognitions(first:5){nodes{day kind credits amount{amount}}}}}}"}`
)

// played is what came of the requests of one kind in a phase.
type played struct {
	took    []time.Duration
	refused int // told to come back
	seconds float64
}

// mixed plays dashboards, usage and the job, each alone and then all of them at once.
func (b *bench) mixed(ctx context.Context) (err error) {
	b.say("mixed: making %d customers with a history", b.Customers)
	book, err := b.newBook(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.close(context.WithoutCancel(ctx))) }()
	if err := book.customers(ctx, b.Customers); err != nil {
		return err
	}
	sent := 0
	// history has some customers use up lots on days that have ended, for the job to book.
	history := func(customers int) error {
		h, err := b.newHistory(ctx, book, customers, 1, historyDays)
		if err != nil {
			return err
		}
		h.events = newEvents(b.Options, historySenders+uint64(sent))
		sent += customers * historyDays
		return h.use(ctx, 0, customers)
	}
	if err := history(b.Customers); err != nil {
		return err
	}
	if _, err := book.RunJob(ctx, books.JobRecognise, books.RunOptions{Trigger: books.ByHand}); err != nil {
		return err
	}
	if err := book.refresh(ctx); err != nil {
		return err
	}
	kinds := b.kinds(book)
	alone, at := make([][]played, len(kinds)), make([][]played, len(kinds))
	var page, watched []Round
	for round := range b.Rounds + 1 {
		b.say("mixed: round %d of %d", round, b.Rounds)
		turn := mixedTurn{bench: b, book: book, kinds: kinds, seed: uint64(round+1) * 10_000}
		for i := range kinds {
			got, err := turn.play(ctx, i)
			if err != nil {
				return err
			}
			alone[i] = append(alone[i], got[0])
		}
		raw, err := b.rawPages(ctx, book)
		if err != nil {
			return err
		}
		page = append(page, Round{milliseconds(percentile(slices.Clone(alone[0][round].took), 50)), milliseconds(percentile(raw, 50))})
		if err := history(max(b.Customers/4, 1)); err != nil {
			return err
		}
		got, err := turn.withJob(ctx)
		if err != nil {
			return err
		}
		for i := range kinds {
			at[i] = append(at[i], got[i])
		}
		with, without, err := turn.watched(ctx)
		if err != nil {
			return err
		}
		watched = append(watched, Round{with, without})
		sent += int(turn.sent.Load())
	}
	b.say("mixed: verifying %d events", sent)
	if err := book.check(ctx, sent); err != nil {
		return err
	}
	for i, kind := range kinds {
		b.add(b.mixedRow(kind, alone[i][1:], at[i][1:]), rounds(alone[i][1:], at[i][1:]), mixedReach)
	}
	b.add(Row{Measure: Mixed, What: kinds[0].name + ", alone, p50", Unit: "ms", LimitIs: "the same rows by four SELECTs through the driver"}, page[1:], pageReach)
	b.add(Row{
		Measure: Mixed, What: fmt.Sprintf("intake, NDJSON, while %d streams watch %d customers each", watchingStreams, watchedEach), Unit: "events/s",
		LimitIs: "the same while nobody watches",
	}, watched[1:], watchedReach)
	return nil
}

// rounds are the p99 of each round, at once beside alone.
func rounds(alone, at []played) []Round {
	all := make([]Round, len(at))
	for i := range at {
		all[i] = Round{milliseconds(percentile(slices.Clone(at[i].took), 99)), milliseconds(percentile(slices.Clone(alone[i].took), 99))}
	}
	return all
}

// mixedRow says of a kind what its p99 leaves out.
func (b *bench) mixedRow(kind kind, alone, at []played) Row {
	all := func(rounds []played) (took []time.Duration, perSecond float64, refused int) {
		seconds := 0.0
		for _, round := range rounds {
			took = append(took, round.took...)
			refused += round.refused
			seconds += round.seconds
		}
		return took, float64(len(took)) / seconds, refused
	}
	mixed, rate, refused := all(at)
	single, aloneRate, aloneRefused := all(alone)
	return Row{
		Measure: Mixed, What: kind.name + ", among all others and a job, p99", Unit: "ms", LimitIs: "the same, alone",
		Note: fmt.Sprintf("p50 %.3g ms, alone %.3g; p95 %.3g ms, alone %.3g; %.3g a second, alone %.3g; refused %d of %d, alone %d of %d",
			milliseconds(percentile(mixed, 50)), milliseconds(percentile(single, 50)),
			milliseconds(percentile(mixed, 95)), milliseconds(percentile(single, 95)), rate, aloneRate,
			refused, refused+len(mixed), aloneRefused, aloneRefused+len(single)),
	}
}

// mixedTurn is one round.
type mixedTurn struct {
	*bench
	book  *book
	kinds []kind
	seed  uint64
	sent  atomic.Int64
}

// play plays the kinds for the time of a round, one client of each, and returns what came
// of each, in the order of the arguments.
func (t *mixedTurn) play(ctx context.Context, kinds ...int) ([]played, error) {
	got := make([]played, len(kinds))
	t.seed += maxKinds // so that no event is sent twice
	seed, end := t.seed, time.Now().Add(t.Time)
	err := together(ctx, len(kinds), func(ctx context.Context, i int) (err error) {
		c, err := t.book.dial(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.close()) }()
		events := newEvents(t.Options, seed+uint64(i))
		started := time.Now()
		for first := true; first || time.Now().Before(end); first = false {
			began := time.Now()
			recorded, err := t.kinds[kinds[i]].play(ctx, c, events)
			switch {
			case err != nil && strings.Contains(err.Error(), string(books.Overloaded)):
				got[i].refused++
				continue
			case err != nil:
				return fmt.Errorf("%s: %w", t.kinds[kinds[i]].name, err)
			}
			got[i].took = append(got[i].took, time.Since(began))
			t.sent.Add(int64(recorded))
		}
		got[i].seconds = time.Since(started).Seconds()
		return nil
	})
	return got, err
}

// withJob plays all kinds at once while the job books what waits.
func (t *mixedTurn) withJob(ctx context.Context) (got []played, err error) {
	all := make([]int, len(t.kinds))
	for i := range all {
		all[i] = i
	}
	err = together(ctx, 2, func(ctx context.Context, i int) (err error) {
		if i == 0 {
			got, err = t.play(ctx, all...)
			return err
		}
		_, err = t.book.RunJob(ctx, books.JobRecognise, books.RunOptions{Trigger: books.ByHand})
		return err
	})
	return got, err
}

// watched sends batches while streams watch balances, and while none does.
func (t *mixedTurn) watched(ctx context.Context) (with, without float64, err error) {
	const batches = 4
	rate := func() (float64, error) {
		got, err := t.play(ctx, batches)
		if err != nil {
			return 0, err
		}
		return perSecond(len(got[0].took)*t.Batch, time.Duration(got[0].seconds*float64(time.Second))), nil
	}
	if without, err = rate(); err != nil {
		return 0, 0, err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	told, wait := t.book.watch(watching, t.Options)
	with, err = rate()
	stop()
	err = errors.Join(err, wait())
	if err == nil && told.Load() < watchingStreams {
		err = fmt.Errorf("%d streams were told %d balances", watchingStreams, told.Load())
	}
	return with, without, err
}

// rawPages reads what a page shows by plain statements, as often as it takes a page of
// rounds to be told apart from chance.
func (b *bench) rawPages(ctx context.Context, book *book) (took []time.Duration, err error) {
	ofPage := fmt.Sprintf("SELECT id FROM lots ORDER BY id LIMIT %d", pageLots)
	end := time.Now().Add(b.Time)
	for first := true; first || time.Now().Before(end); first = false {
		began := time.Now()
		for _, query := range []string{
			fmt.Sprintf("SELECT * FROM lots ORDER BY id LIMIT %d", pageLots),
			"SELECT * FROM customers WHERE id IN (SELECT customer_id FROM lots WHERE id IN (" + ofPage + "))",
			"SELECT * FROM purchases WHERE id IN (SELECT purchase_id FROM lots WHERE id IN (" + ofPage + "))",
			fmt.Sprintf("SELECT * FROM (SELECT r.*, row_number() OVER (PARTITION BY r.lot_id ORDER BY r.id) AS n FROM recognitions AS r JOIN lots AS l "+
				"ON l.customer_id = r.customer_id AND l.id = r.lot_id WHERE l.id IN ("+ofPage+")) AS r WHERE n <= %d", recognitionsOf),
		} {
			if _, err := readAll(ctx, book.reader, query); err != nil {
				return nil, fmt.Errorf("%w\n%s", err, query)
			}
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}
