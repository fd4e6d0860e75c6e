package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
)

// epoch is the bench's present: a fixed day, so that the same seed gives the same events.
var epoch = time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)

// clock goes on from epoch at the pace of the world, and leaps ahead where it is told to.
type clock struct {
	began time.Time
	ahead atomic.Int64 // nanoseconds
}

func newClock() *clock { return &clock{began: time.Now()} }

func (c *clock) now() time.Time {
	return epoch.Add(time.Since(c.began) + time.Duration(c.ahead.Load()))
}

// leap has the clock stand at an instant that lies ahead.
func (c *clock) leap(to time.Time) { c.ahead.Add(int64(to.Sub(c.now()))) }

// The quantity of a request to a language model, in tokens: log-normal around the
// middle, most within a factor of six of it either way, within a context window.
const (
	middleTokens = 1_000
	tokenSpread  = 0.9
	fewestTokens = 10
	mostTokens   = 8_000
)

// meter counts tokens: a credit for a thousand.
const meter = "tokens_in"

// events makes usage events, each with its own name. It is not for concurrent use.
type events struct {
	chance *rand.Rand
	// shares are the cumulated shares of the customers by rank, nil where all are equal;
	// ranks says which customer has which rank.
	shares []float64
	ranks  []int
	text   []byte
}

// newEvents makes the events of one sender. Senders of one seed send different events,
// of customers of the same ranks.
func newEvents(o Options, sender uint64) *events {
	e := &events{chance: rand.New(rand.NewPCG(o.Seed, sender))}  //nolint:gosec // repeatable is what this chance must be
	e.ranks = rand.New(rand.NewPCG(o.Seed, 0)).Perm(o.Customers) //nolint:gosec // the same
	if o.Spread == Even {
		return e
	}
	e.shares = make([]float64, o.Customers)
	sum := 0.0
	for i := range e.shares {
		sum += 1 / float64(i+1)
		e.shares[i] = sum
	}
	return e
}

// customer picks whose event comes next.
func (e *events) customer() int {
	if e.shares == nil {
		return e.chance.IntN(len(e.ranks))
	}
	rank, _ := slices.BinarySearch(e.shares, e.chance.Float64()*e.shares[len(e.shares)-1])
	return e.ranks[min(rank, len(e.ranks)-1)]
}

func (e *events) tokens() int64 {
	tokens := int64(middleTokens * math.Exp(tokenSpread*e.chance.NormFloat64()))
	return min(max(tokens, fewestTokens), mostTokens)
}

// uuid appends a random name, in the form that most senders give their events.
func (e *events) uuid(b []byte) []byte {
	const digits = "0123456789abcdef"
	high, low := e.chance.Uint64(), e.chance.Uint64()
	for i := range 32 {
		nibble := high
		if i >= 16 {
			nibble = low
		}
		switch i {
		case 8, 12, 16, 20:
			b = append(b, '-')
		}
		b = append(b, digits[nibble>>(60-4*(i%16))&0xf])
	}
	return b
}

// instant appends when an event happened: within the minute before the bench began.
func (e *events) instant(b []byte) []byte {
	at := epoch.Add(-time.Duration(e.chance.Int64N(int64(time.Minute)))).Truncate(time.Microsecond)
	return at.AppendFormat(b, time.RFC3339Nano)
}

// object appends the next event as an object of JSON, with the keys that NDJSON and
// GraphQL share.
func (e *events) object(b []byte, customer int) []byte {
	b = append(b, `{"source":"gateway","id":"`...)
	b = e.uuid(b)
	b = append(b, `","customer":"`...)
	b = append(b, customerName(customer)...)
	b = append(b, `","meter":"`+meter+`","quantity":"`...)
	b = strconv.AppendInt(b, e.tokens(), 10)
	b = append(b, `","occurredAt":"`...)
	b = e.instant(b)
	return append(b, `"}`...)
}

// ndjson makes a body of so many events; of is whose each is.
func (e *events) ndjson(count int, of func() int) []byte {
	e.text = e.text[:0]
	for range count {
		e.text = append(e.object(e.text, of()), '\n')
	}
	return slices.Clone(e.text)
}

// use makes an event of a number of credits at an instant, for a history.
func (e *events) use(customer int, meter string, credits int64, at time.Time) books.UsageInput {
	return e.useOf(customerName(customer), meter, credits, at)
}

func (e *events) useOf(customer, meter string, credits int64, at time.Time) books.UsageInput {
	quantity := decimal.NewFromInt(credits * 1_000)
	return books.UsageInput{
		Source: "gateway", ID: string(e.uuid(nil)), Customer: customer, Meter: meter, Quantity: &quantity, OccurredAt: at,
	}
}

// customerName is the external id of a customer, from 0.
func customerName(customer int) string { return fmt.Sprintf("customer-%06d", customer) }
