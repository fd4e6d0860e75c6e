package bench

import (
	"context"
	"errors"
	"time"
)

// times is how much more data the larger book holds.
const times = 10

var (
	growthIntakeReach  = reach{atMost: 1.1}
	growthBookingReach = reach{atMost: 11}
	growthBalanceReach = reach{atMost: 1.2}
)

// grown is a book with a history, and what is sent to it.
type grown struct {
	*history
	run *intakeRun
}

// growth compares a book that holds ten times the history with one that holds less:
// what it costs to take an event, to book, and to read a balance.
func (b *bench) growth(ctx context.Context) (err error) {
	customers := min(b.Customers, max(b.Lots/times, 1))
	generations, days := max(b.Lots/times/customers, 1), b.LotDays/b.Lots
	var open []*grown
	defer func() {
		for _, g := range open {
			err = errors.Join(err, g.close(context.WithoutCancel(ctx)))
		}
	}()
	// The small book twice, before and after the large one, for the machine is shared.
	var took []time.Duration
	for _, factor := range []int{1, times, 1} {
		b.say("growth: making a book with a history of %d events", customers*generations*factor*days)
		g, err := b.newGrown(ctx, customers, generations*factor, days)
		if err != nil {
			return err
		}
		open = append(open, g)
		b.say("growth: booking %d lot-days", g.lotDays())
		booking, err := g.recognise(ctx, g.customers*g.generations, g.lotDays())
		if err != nil {
			return err
		}
		took = append(took, booking)
	}
	small, large := open[0], open[1]
	b.say("growth: intake and balances on the small book and the large one")
	intake, balance, err := b.grownRounds(ctx, small, large)
	if err != nil {
		return err
	}
	b.say("growth: verifying %d events", large.sent+large.run.sent)
	for _, g := range open {
		if err := g.check(ctx, g.sent+g.run.sent); err != nil {
			return err
		}
	}
	limit := numbered("a book with %s lot-days of history", small.lotDays())
	what := numbered(", with %s lot-days of history", large.lotDays())
	b.add(Row{Measure: Growth, What: "intake in batches" + what, Unit: "µs/event", LimitIs: limit}, intake, growthIntakeReach)
	b.add(Row{
		Measure: Growth, What: numbered("recognise all of %s lot-days", large.lotDays()), Unit: "s",
		LimitIs: numbered("all of %s", small.lotDays()),
	}, []Round{{took[1].Seconds(), took[0].Seconds()}, {took[1].Seconds(), took[2].Seconds()}}, growthBookingReach)
	b.add(Row{Measure: Growth, What: "balance over GraphQL" + what + ", p50", Unit: "ms", LimitIs: limit}, balance, growthBalanceReach)
	return nil
}

// newGrown makes a book whose customers used up a history of lots, which is not booked
// yet, and have open lots besides.
func (b *bench) newGrown(ctx context.Context, customers, generations, days int) (_ *grown, err error) {
	book, err := b.newBook(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, book.close(context.WithoutCancel(ctx)))
		}
	}()
	h, err := b.newHistory(ctx, book, customers, generations, days)
	if err != nil {
		return nil, err
	}
	if err := h.use(ctx, 0, customers); err != nil {
		return nil, err
	}
	if err := book.customers(ctx, customers); err != nil {
		return nil, err
	}
	if err := errors.Join(book.refresh(ctx), book.settle(ctx)); err != nil {
		return nil, err
	}
	of := *b
	of.Customers = customers
	return &grown{h, newIntakeRun(&of, book)}, nil
}

// grownRounds sends the same events to both books, and reads the same balances, in turns.
func (b *bench) grownRounds(ctx context.Context, small, large *grown) (intake, balance []Round, err error) {
	perRound := max(b.Events/b.Rounds/2, b.Batch)
	for round := range b.Rounds + 1 { // the first warms caches and is not counted
		var cost, middle [2]float64
		for i, g := range []*grown{large, small} {
			rate, err := g.run.batches(ctx, perRound, g.run.batch.customer)
			if err != nil {
				return nil, nil, err
			}
			cost[i] = float64(time.Second/time.Microsecond) / rate
			end := time.Now().Add(b.Time / 2)
			got, err := g.run.balances(ctx, g.book, uint64(round), func() bool { return time.Now().Before(end) })
			if err != nil {
				return nil, nil, err
			}
			middle[i] = milliseconds(percentile(got.ours, 50))
		}
		if round > 0 {
			intake = append(intake, Round{cost[0], cost[1]})
			balance = append(balance, Round{middle[0], middle[1]})
		}
	}
	return intake, balance, nil
}
