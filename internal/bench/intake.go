package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// batchReach, singleReach and oneReach are what intake is to reach.
var (
	batchReach  = reach{atLeast: 0.5}
	singleReach = reach{atLeast: 0.25}
	oneReach    = reach{atLeast: 0.8}
)

// intakeRun is the rounds of the three measures of intake on one book.
type intakeRun struct {
	*bench
	book  *book
	batch *events
	sent  int    // events, of all rounds
	last  string // id of the last event that was copied
	// columns of usage_events and draws.
	columns [2][]string
}

// newIntakeRun has a book take the events of the bench's first sender.
func newIntakeRun(b *bench, book *book) *intakeRun {
	return &intakeRun{bench: b, book: book, batch: newEvents(b.Options, 1), last: "00000000-0000-0000-0000-000000000000"}
}

// intake takes batches over HTTP beside a bulk copy of the same rows, and beside the
// batches single calls and batches of one customer.
func (b *bench) intake(ctx context.Context) (err error) {
	b.say("intake: making %d customers", b.Customers)
	book, err := b.newBook(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.close(context.WithoutCancel(ctx))) }()
	run := newIntakeRun(b, book)
	if err := run.prepare(ctx); err != nil {
		return err
	}
	var batches, singles, ones []Round
	var perCommit []float64
	for round := range b.Rounds + 1 { // the first warms caches and is not counted
		b.say("intake: round %d of %d", round, b.Rounds)
		turn, err := run.round(ctx)
		if err != nil {
			return err
		}
		if round > 0 {
			batches = append(batches, Round{turn.batch, turn.bulk})
			perCommit = append(perCommit, turn.perCommit)
			singles = append(singles, Round{turn.single, turn.batch})
			ones = append(ones, Round{turn.one, turn.batch})
		}
	}
	b.say("intake: verifying %d events", run.sent)
	if err := book.check(ctx, run.sent); err != nil {
		return err
	}
	if b.wants(Intake) {
		b.add(Row{
			Measure: Intake, What: numbered("intake, NDJSON over HTTP in batches, %s customers", b.Customers), Unit: "events/s",
			LimitIs: b.engine.bulk(), Note: fmt.Sprintf("%.0f events a commit", percentile(perCommit, 50)),
		}, batches, batchReach)
	}
	if b.wants(Single) {
		b.add(Row{
			Measure: Single, What: numbered("intake, one event per GraphQL call, %s clients", b.Clients), Unit: "events/s", LimitIs: "the batches above",
		}, singles, singleReach)
	}
	if b.wants(OneCustomer) {
		b.add(Row{Measure: OneCustomer, What: "intake, NDJSON over HTTP in batches, one customer", Unit: "events/s", LimitIs: "the batches above"}, ones, oneReach)
	}
	return nil
}

func (r *intakeRun) prepare(ctx context.Context) error {
	if err := r.book.customers(ctx, r.Customers); err != nil {
		return err
	}
	if err := r.book.copy(ctx, "usage_events", "draws"); err != nil {
		return err
	}
	for i, table := range []string{"usage_events", "draws"} {
		var err error
		if r.columns[i], err = r.book.columns(ctx, table); err != nil {
			return err
		}
	}
	return r.book.refresh(ctx)
}

// turn is the figures of one round, in events per second.
type turn struct{ batch, bulk, single, one, perCommit float64 }

func (r *intakeRun) round(ctx context.Context) (t turn, err error) {
	perRound := max(r.Events/r.Rounds, r.Batch)
	if t.batch, err = r.batches(ctx, perRound, r.batch.customer); err != nil {
		return t, err
	}
	if r.wants(Intake) {
		if t.bulk, t.perCommit, err = r.bulk(ctx); err != nil {
			return t, err
		}
	}
	if r.wants(Single) {
		if t.single, err = r.singles(ctx); err != nil {
			return t, err
		}
	}
	if r.wants(OneCustomer) {
		one := r.batch.customer()
		if t.one, err = r.batches(ctx, perRound, func() int { return one }); err != nil {
			return t, err
		}
	}
	if !r.wants(Intake) {
		return t, nil
	}
	_, _, err = r.bulk(ctx) // what came after the batches, so that the copies grow as the book does
	return t, err
}

// batches sends so many events and returns how many a second were taken.
func (r *intakeRun) batches(ctx context.Context, count int, of func() int) (float64, error) {
	var bodies [][]byte
	var sizes []int
	for left := count; left > 0; left -= r.Batch {
		size := min(left, r.Batch)
		bodies, sizes = append(bodies, r.batch.ndjson(size, of)), append(sizes, size)
	}
	if err := r.book.settle(ctx); err != nil {
		return 0, err
	}
	began := time.Now()
	err := together(ctx, r.Senders, func(ctx context.Context, sender int) error {
		for i := sender; i < len(bodies); i += r.Senders {
			if err := r.book.send(ctx, bodies[i], sizes[i]); err != nil {
				return err
			}
		}
		return nil
	})
	took := time.Since(began)
	r.sent += count
	return perSecond(count, took), err
}

func perSecond(count int, took time.Duration) float64 { return float64(count) / took.Seconds() }

// firstSingle is the number of the first sender of single events: those of batches have
// smaller ones.
const firstSingle = 1_000

const recordOne = `{"query":"mutation($e:[UsageEventInput!]!){usageRecord(events:$e){recorded}}","variables":{"e":[`

// singles has many clients send one event after the other, each on a connection of its
// own, and returns how many a second were taken.
func (r *intakeRun) singles(ctx context.Context) (float64, error) {
	if err := r.book.settle(ctx); err != nil {
		return 0, err
	}
	counts := make([]int, r.Clients)
	makers := make([]*events, r.Clients)
	for i := range makers {
		makers[i] = newEvents(r.Options, uint64(firstSingle+r.sent*r.Clients+i)) // events of no other sender and round
	}
	began := time.Now()
	err := together(ctx, r.Clients, func(ctx context.Context, client int) (err error) {
		c, err := r.book.dial(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.close()) }()
		mine, body := makers[client], []byte(recordOne)
		for time.Since(began) < r.Time {
			body = append(mine.object(body[:len(recordOne)], mine.customer()), "]}}"...)
			answer, err := c.ask(body)
			if err == nil {
				err = mustHold(answer, `"recorded":1}`)
			}
			if err != nil {
				return err
			}
			counts[client]++
		}
		return nil
	})
	took := time.Since(began)
	count := 0
	for _, n := range counts {
		count += n
	}
	r.sent += count
	return perSecond(count, took), err
}

// bulk writes the events that the book took since the last time, and their draws, into
// copies of their tables, committing the same rows together that the book did, and
// returns how many events a second that is.
func (r *intakeRun) bulk(ctx context.Context) (rate, perCommit float64, err error) {
	commits, err := r.commits(ctx)
	if err != nil {
		return 0, 0, err
	}
	if err := r.book.settle(ctx); err != nil {
		return 0, 0, err
	}
	count := 0
	began := time.Now()
	for _, c := range commits {
		if err := r.book.load(ctx, c.events, c.draws); err != nil {
			return 0, 0, err
		}
		count += len(c.events.rows)
	}
	return perSecond(count, time.Since(began)), float64(count) / max(float64(len(commits)), 1), nil
}

// commit is rows that were committed together.
type commit struct{ events, draws part }

// commits reads what the book took since the last time. Rows of one transaction were
// recorded at one instant.
func (r *intakeRun) commits(ctx context.Context) ([]commit, error) {
	recordedAt, id := slices.Index(r.columns[0], "recorded_at_us"), slices.Index(r.columns[0], "id")
	var all []commit
	at := map[any]int{}
	since, last := " WHERE e.id > '"+r.last+"'", r.last
	err := eachRow(ctx, r.book.db, "SELECT e.* FROM usage_events AS e"+since+" ORDER BY e.id", func(row []any) error {
		instant := row[recordedAt]
		if _, known := at[instant]; !known {
			at[instant] = len(all)
			all = append(all, commit{part{"usage_events", r.columns[0], nil}, part{"draws", r.columns[1], nil}})
		}
		c := &all[at[instant]]
		c.events.rows = append(c.events.rows, row)
		last = fmt.Sprint(row[id])
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.last = last
	draws := "SELECT e.recorded_at_us, d.* FROM usage_events AS e JOIN draws AS d ON d.customer_id = e.customer_id AND d.event_id = e.id"
	err = eachRow(ctx, r.book.db, draws+since+" ORDER BY e.id", func(row []any) error {
		c := &all[at[row[0]]]
		c.draws.rows = append(c.draws.rows, row[1:])
		return nil
	})
	for i := range all {
		if err == nil {
			err = errors.Join(r.book.ready(ctx, &all[i].events), r.book.ready(ctx, &all[i].draws))
		}
	}
	return all, err
}
