package graph

import (
	"context"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/revrec"
)

func (queryResolver) UsageEvent(ctx context.Context, id string) (*books.UsageEvent, error) {
	key, err := eventNoun.key("id", id)
	if err != nil {
		return nil, err
	}
	return pointer(ctx, requestOf(ctx).events, key)
}

func (queryResolver) UsageEvents(ctx context.Context, customer, source, eventID, meter *string, withDimension *books.EventDimension, from, before *time.Time, first int, after *string, reverse bool) (*view.UsageEventConnection, error) {
	f := newFilters(ctx)
	filter := books.EventFilter{
		CustomerID: f.customer(ctx, customer), MeterID: f.meter(ctx, meter),
		Source: value(source), EventID: value(eventID), From: value(from), Before: value(before),
		Dimension: f.dimension(withDimension),
	}
	if f.err != nil || !f.known {
		return none[books.UsageEvent](first, f.err)
	}
	return usageEvents(ctx, filter, paging{first: first, after: after, reverse: reverse})
}

func usageEvents(ctx context.Context, filter books.EventFilter, p paging) (*view.UsageEventConnection, error) {
	q := requestOf(ctx)
	return connect(ctx, q, p, q.eventList(), filter, books.Tx.Events, books.Tx.CountEvents)
}

func (q *request) eventList() list[books.UsageEvent] {
	return list[books.UsageEvent]{noun: eventNoun, key: func(e *books.UsageEvent) string { return e.ID }, saw: q.sawEvents}
}

// eventsBelow are those of a customer or a meter.
func eventsBelow(ctx context.Context, kin *kin[string], parent string, filter func(string) books.EventFilter, p paging) (*view.UsageEventConnection, error) {
	q := requestOf(ctx)
	return connectBelow(ctx, q, p, nested[string, books.EventFilter, books.UsageEvent]{
		list: q.eventList(), parent: parent, kin: kin, filter: filter,
		pages: books.Tx.EventsBelow, counts: books.Tx.CountEventsBelow,
	})
}

func (queryResolver) Draws(ctx context.Context, customer string, first int, after *string, reverse bool) (*view.DrawConnection, error) {
	f := newFilters(ctx)
	filter := books.DrawFilter{CustomerID: f.customer(ctx, &customer)}
	if f.err != nil || !f.known {
		return none[books.Draw](first, f.err)
	}
	q := f.request
	return connect(ctx, q, paging{first: first, after: after, reverse: reverse}, q.drawList(), filter, books.Tx.Draws, books.Tx.CountDraws)
}

func (q *request) drawList() list[books.Draw] {
	return list[books.Draw]{
		noun:     drawNoun,
		key:      func(d *books.Draw) string { return d.EventID + "/" + d.LotID },
		saw:      q.sawDraws,
		checkKey: func(key string) bool { return strings.Count(key, "/") == 1 },
	}
}

// drawsBelow are those from a lot, or from a lot on a day.
func drawsBelow[K comparable](ctx context.Context, kin *kin[K], parent K, filter func(K) books.DrawFilter, p paging) (*view.DrawConnection, error) {
	q := requestOf(ctx)
	return connectBelow(ctx, q, p, nested[K, books.DrawFilter, books.Draw]{
		list: q.drawList(), parent: parent, kin: kin, filter: filter,
		pages: books.Tx.DrawsBelow, counts: books.Tx.CountDrawsBelow,
	})
}

func (r mutationResolver) UsageRecord(ctx context.Context, events []gen.UsageEventInput) (*gen.UsageRecordPayload, error) {
	inputs := make([]books.UsageInput, 0, len(events))
	for _, event := range events {
		input := books.UsageInput{
			Source: value(event.Source), ID: event.ID, Customer: event.Customer, Meter: value(event.Meter),
			Quantity: event.Quantity, OccurredAt: value(event.OccurredAt), Dimensions: event.Dimensions,
		}
		if event.Credits != nil {
			credits := event.Credits.Decimal()
			input.Credits = &credits
		}
		inputs = append(inputs, input)
	}
	outcomes, err := r.books.RecordUsage(ctx, inputs)
	refusals, fault := userErrors(err, "events")
	if err != nil {
		return &gen.UsageRecordPayload{UserErrors: refusals}, fault
	}
	return recorded(requestOf(ctx), outcomes), nil
}

// recorded counts the outcomes, and has the rows they refer to fetched together.
func recorded(q *request, outcomes []books.UsageOutcome) *gen.UsageRecordPayload {
	payload := &gen.UsageRecordPayload{Outcomes: outcomes, UserErrors: []view.UserError{}}
	if payload.Outcomes == nil {
		payload.Outcomes = []books.UsageOutcome{}
	}
	for i := range outcomes {
		switch outcomes[i].Status {
		case books.Recorded:
			payload.Recorded++
		case books.Duplicate:
			payload.Duplicates++
		case books.Rejected:
			payload.Rejected++
		}
		if outcomes[i].Event != nil {
			q.sawEvents([]books.UsageEvent{*outcomes[i].Event})
		}
		q.sawDraws(outcomes[i].Draws)
	}
	return payload
}

func (r mutationResolver) UsageVoid(ctx context.Context, event gen.UsageEventKey, input gen.UsageVoidInput, idempotencyKey string) (*gen.UsageVoidPayload, error) {
	void, err := r.books.VoidUsage(ctx, idempotencyKey, books.UsageVoid{
		Customer: event.Customer, Source: value(event.Source), ID: event.ID, Reason: value(input.Reason),
	})
	refusals, fault := userErrors(err, "customer", "source", "id")
	if err != nil {
		for i, refusal := range refusals {
			if len(refusal.Field) == 1 && refusal.Field[0] != "idempotencyKey" {
				refusals[i].Field = append([]string{"event"}, refusal.Field...)
			}
		}
		return &gen.UsageVoidPayload{UserErrors: refusals}, fault
	}
	return &gen.UsageVoidPayload{Event: &void, UserErrors: refusals}, nil
}

func (usageEventResolver) Customer(ctx context.Context, e *books.UsageEvent) (*books.Customer, error) {
	return found(pointer(ctx, requestOf(ctx).customers, e.CustomerID))
}

func (usageEventResolver) Meter(ctx context.Context, e *books.UsageEvent) (*books.Meter, error) {
	return pointer(ctx, requestOf(ctx).meters, e.MeterID)
}

func (usageEventResolver) Quantity(_ context.Context, e *books.UsageEvent) (*decimal.Decimal, error) {
	if e.MeterID == "" {
		return nil, nil
	}
	return &e.Quantity, nil
}

// RateCard is null where none was in force.
func (usageEventResolver) RateCard(ctx context.Context, e *books.UsageEvent) (*books.RateCard, error) {
	return pointer(ctx, requestOf(ctx).cards, e.RateCard)
}

func (usageEventResolver) Dimensions(_ context.Context, e *books.UsageEvent) ([]books.EventDimension, error) {
	return e.Dimensions.Pairs(), nil
}

func (usageEventResolver) VoidOf(ctx context.Context, e *books.UsageEvent) (*books.UsageEvent, error) {
	return pointer(ctx, requestOf(ctx).events, e.VoidOf)
}

func (usageEventResolver) VoidedBy(ctx context.Context, e *books.UsageEvent) (*books.UsageEvent, error) {
	if e.VoidOf != "" {
		return nil, nil
	}
	return pointer(ctx, requestOf(ctx).voids, books.EventRow{CustomerID: e.CustomerID, ID: e.ID})
}

func (usageEventResolver) Draws(ctx context.Context, e *books.UsageEvent) ([]books.Draw, error) {
	draws, _, err := requestOf(ctx).drawsOf.load(ctx, e.ID)
	return inOrderOf(draws), err
}

func (drawResolver) Event(ctx context.Context, d *books.Draw) (*books.UsageEvent, error) {
	return found(pointer(ctx, requestOf(ctx).events, d.EventID))
}

func (drawResolver) Lot(ctx context.Context, d *books.Draw) (*revrec.Lot, error) {
	return found(pointer(ctx, requestOf(ctx).lots, d.LotID))
}

func (usageOutcomeResolver) Error(_ context.Context, o *books.UsageOutcome) (*view.UserError, error) {
	if o.Reason == nil {
		return nil, nil
	}
	shown := userError(o.Reason, func(string) []string { return nil })
	return &shown, nil
}
