package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
)

// eventSource is the source of every event that a scenario sends.
const eventSource = "scenario"

// usage is one event of use.
type usage struct {
	customer, id, meter string
	credits, quantity   *decimal.Decimal
	occurred            time.Time
	dimensions          []books.EventDimension
}

func readUsage(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "customer", "credits", "meter", "quantity", "occurred", "id", "dimensions")
	m.need("customer")
	a := usage{customer: m.name("customer"), id: m.name("id"), meter: m.name("meter"), occurred: m.instant("occurred"), dimensions: m.dimensions("dimensions")}
	a.credits, a.quantity = m.amount(path)
	if a.id == "" {
		a.id = fmt.Sprintf("step-%d", s.Number)
	}
	return a
}

// amount reads credits, or the quantity that goes with a meter.
func (m mapping) amount(path string) (credits, quantity *decimal.Decimal) {
	switch {
	case m.has("credits") && (m.has("meter") || m.has("quantity")):
		m.problem("credits", "does not go with meter and quantity; give one or the other")
	case m.has("credits"):
		given := m.credits("credits").Decimal()
		return &given, nil
	case m.has("meter") || m.has("quantity"):
		m.need("meter", "quantity")
		given := m.number("quantity")
		return nil, &given
	default:
		m.p.problem(m.line, join(path, "credits"), "is missing; give credits, or meter and quantity")
	}
	return nil, nil
}

func (a usage) play(ctx context.Context, p *player, _ Step) error {
	if err := p.customer(ctx, a.customer); err != nil {
		return err
	}
	occurred := a.occurred
	if occurred.IsZero() {
		occurred = p.clock
	}
	outcomes, err := p.books.RecordUsage(ctx, []books.UsageInput{{
		Source: eventSource, ID: a.id, Customer: a.customer,
		Meter: a.meter, Quantity: a.quantity, Credits: a.credits, OccurredAt: occurred,
		Dimensions: a.dimensions,
	}})
	switch {
	case err != nil:
		return err
	case len(outcomes) != 1:
		return fmt.Errorf("one event had %d outcomes", len(outcomes))
	case outcomes[0].Status == books.Rejected && outcomes[0].Reason == nil:
		return fmt.Errorf("the event was rejected without a reason")
	case outcomes[0].Status == books.Rejected:
		return outcomes[0].Reason
	}
	p.events[a.id] = a.customer
	return nil
}

// usageVoid takes an event back.
type usageVoid struct{ id string }

func readUsageVoid(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "id")
	m.need("id")
	return usageVoid{m.name("id")}
}

func (a usageVoid) play(ctx context.Context, p *player, step Step) error {
	customer, used := p.events[a.id]
	if !used {
		return notFound("id", "no use with the id %q was recorded before this step", a.id)
	}
	_, err := p.books.VoidUsage(ctx, p.key(step), books.UsageVoid{
		Customer: customer, Source: eventSource, ID: a.id, Reason: "scenario",
	})
	return err
}
