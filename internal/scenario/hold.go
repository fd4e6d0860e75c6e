package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// hold keeps credits for a job.
type hold struct {
	as, customer, meter string
	credits, quantity   *decimal.Decimal
	expires             *ledger.Span
	dimensions          []books.EventDimension
}

func readHold(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "as", "customer", "credits", "meter", "quantity", "expires", "dimensions")
	m.need("as", "customer")
	a := hold{as: m.name("as"), customer: m.name("customer"), meter: m.name("meter"), expires: m.span("expires"), dimensions: m.dimensions("dimensions")}
	a.credits, a.quantity = m.amount(path)
	m.declare(a.as, named{hold: true})
	return a
}

func (a hold) play(ctx context.Context, p *player, step Step) error {
	if err := p.customer(ctx, a.customer); err != nil {
		return err
	}
	made, err := p.books.HoldCreate(ctx, p.key(step), books.NewHold{
		Customer: a.customer, Credits: a.credits, Meter: a.meter, Quantity: a.quantity, ExpiresAfter: a.expires, Reference: a.as, Dimensions: a.dimensions,
	})
	if err == nil {
		p.holds[a.as] = made
	}
	return err
}

// hold returns a hold by its name in the file.
func (p *player) hold(name string) (books.Hold, error) {
	if made, exists := p.holds[name]; exists {
		return made, nil
	}
	return books.Hold{}, notFound("hold", "no hold called %q was made before this step", name)
}

// capture tells what the job of a hold took.
type capture struct {
	hold, id, meter   string
	credits, quantity *decimal.Decimal
	occurred          time.Time
}

func readCapture(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "hold", "credits", "meter", "quantity", "id", "occurred")
	m.need("hold")
	a := capture{hold: m.name("hold"), id: m.name("id"), meter: m.name("meter"), occurred: m.instant("occurred")}
	a.credits, a.quantity = m.amount(path)
	if a.id == "" {
		a.id = fmt.Sprintf("step-%d", s.Number)
	}
	return a
}

func (a capture) play(ctx context.Context, p *player, step Step) error {
	held, err := p.hold(a.hold)
	if err != nil {
		return err
	}
	occurred := a.occurred
	if occurred.IsZero() {
		occurred = p.clock
	}
	_, err = p.books.HoldCapture(ctx, p.key(step), books.HoldCapture{
		HoldID: held.ID, Source: eventSource, ID: a.id,
		Credits: a.credits, Meter: a.meter, Quantity: a.quantity, OccurredAt: occurred,
	})
	if err == nil {
		p.events[a.id] = p.externalID(held.CustomerID)
	}
	return err
}

// externalID returns the name of a customer in the file.
func (p *player) externalID(id string) string {
	for name, known := range p.customers {
		if known == id {
			return name
		}
	}
	return ""
}

// release gives up a hold.
type release struct{ hold string }

func readRelease(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "hold")
	m.need("hold")
	return release{m.name("hold")}
}

func (a release) play(ctx context.Context, p *player, step Step) error {
	held, err := p.hold(a.hold)
	if err != nil {
		return err
	}
	_, err = p.books.HoldRelease(ctx, p.key(step), books.HoldToEnd{HoldID: held.ID, Reason: "scenario"})
	return err
}
