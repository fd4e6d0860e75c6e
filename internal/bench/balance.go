package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

var balanceReach = reach{atMost: 3}

// balance asks for balances over GraphQL, and by one statement through the driver, in
// turns, while batches come in as fast as they are taken.
func (b *bench) balance(ctx context.Context) (err error) {
	b.say("balance: making %d customers", b.Customers)
	book, err := b.newBook(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.close(context.WithoutCancel(ctx))) }()
	if err := book.customers(ctx, b.Customers); err != nil {
		return err
	}
	if err := book.refresh(ctx); err != nil {
		return err
	}
	var middle, slow []Round
	sent := 0
	for round := range b.Rounds + 1 {
		b.say("balance: round %d of %d", round, b.Rounds)
		got, count, err := b.balancesUnderLoad(ctx, book, uint64(round)*1_000)
		if err != nil {
			return err
		}
		sent += count
		if round > 0 {
			middle = append(middle, Round{milliseconds(percentile(got.ours, 50)), milliseconds(percentile(got.limit, 50))})
			slow = append(slow, Round{milliseconds(percentile(got.ours, 99)), milliseconds(percentile(got.limit, 99))})
		}
	}
	b.say("balance: verifying %d events", sent)
	if err := book.check(ctx, sent); err != nil {
		return err
	}
	const limit = "one SELECT with the same answer through the driver"
	b.add(Row{Measure: Balance, What: "balance over GraphQL while intake runs, p50", Unit: "ms", LimitIs: limit}, middle, balanceReach)
	b.add(Row{Measure: Balance, What: "balance over GraphQL while intake runs, p99", Unit: "ms", LimitIs: limit}, slow, balanceReach)
	return nil
}

// latencies are how long the answers of both sides took.
type latencies struct{ ours, limit []time.Duration }

// balancesUnderLoad reads balances for a round while senders send batches.
func (b *bench) balancesUnderLoad(ctx context.Context, book *book, sender uint64) (got latencies, sent int, err error) {
	end := time.Now().Add(b.Time)
	counts := make([]int, b.Senders)
	err = together(ctx, b.Senders+1, func(ctx context.Context, i int) (err error) {
		if i == b.Senders {
			got, err = b.balances(ctx, book, sender, func() bool { return time.Now().Before(end) })
			return err
		}
		events := newEvents(b.Options, sender+uint64(i)+1)
		for time.Now().Before(end) {
			if err := book.send(ctx, events.ndjson(b.Batch, events.customer), b.Batch); err != nil {
				return err
			}
			counts[i] += b.Batch
		}
		return nil
	})
	for _, n := range counts {
		sent += n
	}
	return got, sent, err
}

const askBalance = `{"query":"query($c:String!){customer(externalId:$c){balance{credits}}}","variables":{"c":"`

// selectBalance answers the same by one statement. Its conditions are the product's, word
// by word, or the index of open lots would not be used.
const selectBalance = `SELECT id, granted, drawn, refunded, priority, starts_at_us, expires_at_us, currency, carrying_minor FROM lots
	WHERE customer_id = (SELECT id FROM customers WHERE external_id = '%[1]s')
	AND coalesce(accepts_until_us, 9223372036854775807) > %[2]d AND %[3]s
	AND kind <> 'OVERAGE' AND NOT blocked AND starts_at_us <= %[2]d
	AND coalesce(expires_at_us, 9223372036854775807) > %[2]d
	ORDER BY id`

// balances reads balances, ours and the limit's in turns, until it is enough.
func (b *bench) balances(ctx context.Context, book *book, seed uint64, more func() bool) (got latencies, err error) {
	c, err := book.dial(ctx)
	if err != nil {
		return got, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	chosen := newEvents(b.Options, seed)
	for more() {
		customer := customerName(chosen.customer())
		began := time.Now()
		answer, err := c.ask([]byte(askBalance + customer + `"}}`))
		if err != nil {
			return got, err
		}
		asked := time.Now()
		if err := mustHold(answer, `{"data":{"customer":{"balance":{"credits":"`); err != nil {
			return got, err
		}
		query := fmt.Sprintf(selectBalance, customer, book.Now().UnixMicro(), b.engine.isOpen())
		selecting := time.Now()
		lots, err := readAll(ctx, book.reader, query)
		if err != nil {
			return got, err
		}
		if lots == 0 {
			return got, fmt.Errorf("%s has no lots", customer)
		}
		got.ours = append(got.ours, asked.Sub(began))
		got.limit = append(got.limit, time.Since(selecting))
	}
	return got, nil
}

// readAll reads the rows of a query and returns how many there were.
func readAll(ctx context.Context, db *sql.DB, query string) (count int, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	values := make([]sql.RawBytes, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return count, err
		}
		count++
	}
	return count, rows.Err()
}
