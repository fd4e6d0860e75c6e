package demo

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
)

// Demo is the book that was made, open for use. Its clock goes on from End, unless it was
// built standing.
type Demo struct {
	Books  *books.Books
	Events int // usage events recorded
}

// SealKey is the key that signs the seals of the demo: of the same book every time, so it is no secret.
func SealKey() books.KeySigner {
	return books.KeySigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
}

// Build makes the demo's book in an empty store.
// The watch, which may be nil, is told of it, and of all that the book does later.
// Errors: INVALID where the store holds a book already, and those of the use cases.
func Build(ctx context.Context, store books.Store, watch books.Watch) (Demo, error) {
	made, clock, err := makeBook(ctx, store, watch)
	if err == nil {
		clock.letGo()
	}
	return made, err
}

// BuildStanding makes the same book with a clock that stays at End, for examples whose
// answers must be the same every time.
func BuildStanding(ctx context.Context, store books.Store) (Demo, error) {
	made, _, err := makeBook(ctx, store, nil)
	return made, err
}

func makeBook(ctx context.Context, store books.Store, watch books.Watch) (Demo, *clock, error) {
	ctx = books.WithCaller(ctx, books.Caller{Actor: "demo"})
	b := &builder{
		ctx:   ctx,
		clock: &clock{shown: Start}, chance: rand.New(rand.NewPCG(seed, 1)), //nolint:gosec // repeatable is what this chance must be
		bought: map[string][]string{}, joined: map[string]time.Time{}, left: map[string]int64{},
	}
	ids := &ids{clock: b.clock, chance: rand.NewPCG(seed, 2)}
	if err := mustBeEmpty(ctx, store); err != nil {
		return Demo{}, nil, err
	}
	var err error
	b.books, err = books.Open(ctx, store, books.Options{
		Functional: "USD", Zone: "UTC", Now: b.clock.Now, NewID: ids.next, Holder: "demo", Watch: watch,
		Signer: SealKey(),
	})
	if err != nil {
		return Demo{}, nil, err
	}
	if err := b.year(); err != nil {
		return Demo{}, nil, err
	}
	return Demo{Books: b.books, Events: b.events}, b.clock, nil
}

func mustBeEmpty(ctx context.Context, store books.Store) error {
	return store.View(ctx, func(ctx context.Context, tx books.Tx) error {
		_, err := tx.Book(ctx)
		switch {
		case err == nil:
			return &books.Error{Code: books.Invalid, Field: "db", Message: "holds a book already: the demo takes an empty database"}
		case books.CodeOf(err) == books.NotFound:
			return nil
		}
		return err
	})
}

// builder does in order what happens at the platform.
type builder struct {
	ctx     context.Context
	books   *books.Books
	clock   *clock
	chance  *rand.Rand
	bought  map[string][]string  // ids of purchases by customer
	joined  map[string]time.Time // of the regulars
	left    map[string]int64     // thousandths of credits that the regulars bought and have not used
	pending []books.UsageInput   // what the gateway will send
	events  int
}

// key makes an idempotency key; each is used once.
func (b *builder) key(parts ...string) string { return "demo/" + strings.Join(parts, "/") }

// year lets a year and eleven days pass: acts at their time, the gateway's usage at
// night, the jobs after the end of every month.
func (b *builder) year() error {
	if err := b.join(); err != nil {
		return err
	}
	acts := told()
	slices.SortStableFunc(acts, func(x, y act) int { return x.at.Compare(y.at) })
	for day := Start.Truncate(24 * time.Hour); !day.After(End); day = day.AddDate(0, 0, 1) {
		if day.Day() == 1 && day.After(Start) {
			if err := b.book(day.Add(5 * time.Minute)); err != nil {
				return err
			}
		}
		if err := b.regularsDay(day); err != nil {
			return err
		}
		for len(acts) > 0 && acts[0].at.Before(day.AddDate(0, 0, 1)) {
			b.clock.set(acts[0].at)
			if err := acts[0].do(b); err != nil {
				return fmt.Errorf("demo, %s: %w", acts[0].at.Format(time.DateTime), err)
			}
			acts = acts[1:]
		}
		if day.YearDay()%3 == 0 || day.Equal(End.Truncate(24*time.Hour)) {
			if err := b.send(day); err != nil {
				return err
			}
		}
	}
	return b.book(End)
}

// book runs the jobs.
func (b *builder) book(at time.Time) error {
	b.clock.set(at)
	_, err := b.books.RunJob(b.ctx, books.JobAll, books.RunOptions{Trigger: books.OnSchedule})
	return err
}

// join makes the catalogue and the customers with a story; regulars come one by one from
// February on.
func (b *builder) join() error {
	if err := catalogue(b); err != nil {
		return err
	}
	for _, c := range stories {
		if _, err := b.books.CustomerCreate(b.ctx, b.key("customer", c.id), books.NewCustomer{ExternalID: c.id, Name: c.name}); err != nil {
			return err
		}
	}
	first := on(2, 3, 8)
	for i, c := range regulars {
		b.joined[c.id] = first.AddDate(0, 0, 7*(i*7%len(regulars)))
	}
	return nil
}

// regularsDay is a day of the regulars: who joins gets free credits, who runs low buys,
// everybody uses.
func (b *builder) regularsDay(day time.Time) error {
	for _, c := range regulars {
		joined := b.joined[c.id]
		if day.Before(joined.Truncate(24 * time.Hour)) {
			continue
		}
		if day.Equal(joined.Truncate(24 * time.Hour)) {
			b.clock.set(joined)
			_, err := b.books.CustomerCreate(b.ctx, b.key("customer", c.id), books.NewCustomer{ExternalID: c.id, Name: c.name})
			if err == nil {
				err = gives(c.id, "500", "PROMO")(b)
			}
			if err == nil {
				err = b.topUp(c)
			}
			if err != nil {
				return err
			}
		}
		months := int64(day.Sub(joined).Hours() / 24 / 30)
		daily := c.monthly * (100 + 4*months) / 100 / 20
		if day.Weekday() == time.Monday && c.pack == "" {
			if err := b.refill(c, day, 20*daily); err != nil {
				return err
			}
		}
		b.useDay(c, day, daily)
	}
	return nil
}

// refill buys where what was bought would not last for four weeks.
func (b *builder) refill(c customer, day time.Time, needed int64) error {
	if b.left[c.id] > needed*1000 {
		return nil
	}
	b.clock.set(day.Add(8 * time.Hour))
	return b.topUp(c)
}

func (b *builder) topUp(c customer) error {
	pack := c.pack
	if pack == "" {
		pack = "credits"
	}
	b.left[c.id] += c.topUp * 1000
	return b.purchase(books.NewPurchase{Customer: c.id, Pack: pack, Credits: decimal.NewFromInt(c.topUp)})
}

func (b *builder) purchase(request books.NewPurchase) error {
	key := b.key("purchase", request.Customer, b.clock.Now().Format(time.DateOnly))
	made, err := b.books.Purchase(b.ctx, key, request)
	if err == nil {
		b.bought[request.Customer] = append(b.bought[request.Customer], made.Purchase.ID)
	}
	return err
}

// part is the share of a day's credits that is used by one meter.
type part struct {
	meter    string
	percent  int64
	quantity func(thousandths int64) int64 // of so many thousandths of a credit
}

var (
	tokenDay = []part{
		{"tokens_in", 55, func(n int64) int64 { return n }},
		{"tokens_out", 45, func(n int64) int64 { return n / 5 }},
	}
	callDay = []part{
		{"api_call", 60, func(n int64) int64 { return n / 1000 }},
		{"premium_feature", 40, func(n int64) int64 { return n / 5000 }},
	}
)

// seldom is the use in a month below which a customer does not come every day.
const seldom = 300

// useDay is what a regular uses in a day: mostly on weekdays, mostly tokens.
func (b *builder) useDay(c customer, day time.Time, daily int64) {
	switch day.Weekday() {
	case time.Saturday, time.Sunday:
		daily /= 6
	case time.Monday, time.Wednesday, time.Thursday:
		if c.monthly < seldom {
			return
		}
	case time.Tuesday, time.Friday:
		if c.monthly < seldom {
			daily = daily * 5 / 2
		}
	}
	thousandths := daily * (600 + b.chance.Int64N(800)) // ±40 %, in thousandths of a credit
	b.left[c.id] -= thousandths
	parts := tokenDay
	if day.YearDay()%3 == 0 {
		parts = callDay
	}
	for _, part := range parts {
		quantity := decimal.NewFromInt(part.quantity(thousandths * part.percent / 100))
		second := b.chance.Int64N(10 * 60 * 60)
		if quantity.IsZero() {
			continue
		}
		b.use(books.UsageInput{
			Source: "gateway", ID: day.Format(time.DateOnly) + "/" + c.id + "/" + part.meter,
			Customer: c.id, Meter: part.meter, Quantity: &quantity,
			OccurredAt: day.Add(9*time.Hour + time.Duration(second)*time.Second),
		})
	}
}

func (b *builder) use(event books.UsageInput) {
	if event.OccurredAt.Before(End) {
		b.pending = append(b.pending, event)
	}
}

// send records what was used since the last time, as a gateway does every third night. Nothing of the demo is
// rejected: what would be is a fault of the demo.
func (b *builder) send(day time.Time) error {
	b.clock.set(minTime(day.Add(23*time.Hour+30*time.Minute), End))
	if len(b.pending) == 0 {
		return nil
	}
	outcomes, err := b.books.RecordUsage(b.ctx, b.pending)
	if err != nil {
		return err
	}
	for i, outcome := range outcomes {
		if outcome.Status != books.Recorded {
			return fmt.Errorf("demo, event %s of %s: %s: %w", outcome.ID, b.pending[i].Customer, outcome.Status, outcome.Reason)
		}
	}
	b.events += len(outcomes)
	b.pending = b.pending[:0]
	return nil
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
