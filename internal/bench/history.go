package bench

import (
	"context"
	"fmt"
	"time"

	"drawdown/internal/books"
)

// history is what customers used up on the days before the epoch: lots of so many
// credits that one event a day for so many days uses them up exactly.
type history struct {
	*book
	customers   int
	generations int // lots of each customer
	days        int // of each lot
	events      *events
	meters      []string // of its events, in turns from day to day
	sent        int
}

// creditsADay is what each event of a history uses.
const creditsADay = 5

// newHistory sells the lots of a history; nothing of them is used yet. They burn before
// any others.
func (b *bench) newHistory(ctx context.Context, book *book, customers, generations, days int) (*history, error) {
	return b.newHistoryOf(ctx, book, customers, generations, days, sale{})
}

// newHistoryOf sells the lots of a history out of several packs, in turns.
func (b *bench) newHistoryOf(ctx context.Context, book *book, customers, generations, days int, of sale, packs ...string) (*history, error) {
	h := &history{book: book, customers: customers, generations: generations, days: days, meters: []string{meter}}
	o := b.Options
	o.Customers = customers
	h.events = newEvents(o, 0)
	const first = 1
	of.credits, of.priority = int64(days)*creditsADay, first
	for generation := range generations {
		if len(packs) > 0 {
			of.pack = packs[generation%len(packs)]
		}
		if err := book.sell(ctx, customers, of); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// lotDays is how many there are in all.
func (h *history) lotDays() int { return h.customers * h.generations * h.days }

// use uses up all lots of the customers from first to before last, a generation at a
// time: so each lot serves each of its days.
func (h *history) use(ctx context.Context, first, last int) error {
	inputs := make([]books.UsageInput, 0, books.MaxUsageBatch)
	flush := func() error {
		if len(inputs) == 0 {
			return nil
		}
		err := h.record(ctx, inputs)
		h.sent += len(inputs)
		inputs = inputs[:0]
		return err
	}
	for range h.generations {
		for customer := first; customer < last; customer++ {
			if len(inputs)+h.days > books.MaxUsageBatch {
				if err := flush(); err != nil {
					return err
				}
			}
			for day := h.days; day > 0; day-- {
				inputs = append(inputs, h.events.use(customer, h.meters[day%len(h.meters)], creditsADay, epoch.Add(-time.Duration(day)*24*time.Hour)))
			}
		}
		if err := flush(); err != nil { // the next generation draws when this one is used up
			return err
		}
	}
	return nil
}

// recognise books what waits and returns how long that took. It must be so many lots and
// days.
func (h *history) recognise(ctx context.Context, lots, days int) (time.Duration, error) {
	began := time.Now()
	run, err := h.RunJob(ctx, books.JobRecognise, books.RunOptions{Trigger: books.ByHand})
	took := time.Since(began)
	if err == nil && (run.Result.Recognitions != int64(days) || run.Result.Lots != int64(lots)) {
		err = fmt.Errorf("the job booked %d lots and %d days, and should have booked %d and %d", run.Result.Lots, run.Result.Recognitions, lots, days)
	}
	return took, err
}
