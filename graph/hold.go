package graph

import (
	"context"
	"time"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/revrec"
)

func (queryResolver) Hold(ctx context.Context, id string) (*books.Hold, error) {
	key, err := holdNoun.key("id", id)
	if err != nil {
		return nil, err
	}
	return pointer(ctx, requestOf(ctx).holds, key)
}

func (queryResolver) Holds(ctx context.Context, customer *string, status *books.HoldStatus, first int, after *string, reverse bool) (*view.HoldConnection, error) {
	f := newFilters(ctx)
	filter := books.HoldFilter{CustomerID: f.customer(ctx, customer), Status: value(status), At: f.request.now}
	if f.err != nil || !f.known {
		return none[books.Hold](first, f.err)
	}
	return connect(ctx, f.request, paging{first: first, after: after, reverse: reverse}, f.request.holdList(), filter, books.Tx.Holds, books.Tx.CountHolds)
}

func (q *request) holdList() list[books.Hold] {
	return list[books.Hold]{noun: holdNoun, key: func(h *books.Hold) string { return h.ID }, saw: q.sawHolds}
}

func (customerResolver) Holds(ctx context.Context, c *books.Customer, status *books.HoldStatus, first int, after *string, reverse bool) (*view.HoldConnection, error) {
	q := requestOf(ctx)
	return connectBelow(ctx, q, paging{first: first, after: after, reverse: reverse}, nested[string, books.HoldFilter, books.Hold]{
		list: q.holdList(), parent: c.ID, kin: &q.customerKin,
		filter: func(id string) books.HoldFilter {
			return books.HoldFilter{CustomerID: id, Status: value(status), At: q.now}
		},
		pages: books.Tx.HoldsBelow, counts: books.Tx.CountHoldsBelow,
	})
}

func (r mutationResolver) HoldCreate(ctx context.Context, input gen.HoldCreateInput, idempotencyKey string) (*gen.HoldCreatePayload, error) {
	request := books.NewHold{
		Customer: input.Customer, Meter: value(input.Meter), Quantity: input.Quantity,
		ExpiresAfter: &input.ExpiresAfter, Reference: value(input.Reference), Dimensions: input.Dimensions,
	}
	if input.Credits != nil {
		credits := input.Credits.Decimal()
		request.Credits = &credits
	}
	made, err := r.books.HoldCreate(ctx, idempotencyKey, request)
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.HoldCreatePayload{UserErrors: refusals}, fault
	}
	requestOf(ctx).sawHolds([]books.Hold{made})
	return &gen.HoldCreatePayload{Hold: &made, UserErrors: refusals}, nil
}

func (r mutationResolver) HoldCapture(ctx context.Context, holdID string, input gen.HoldCaptureInput, idempotencyKey string) (*gen.HoldCapturePayload, error) {
	key, err := holdNoun.key("holdId", holdID)
	if err != nil {
		return &gen.HoldCapturePayload{UserErrors: invalidID(err)}, nil
	}
	request := books.HoldCapture{
		HoldID: key, ID: input.ID, Source: value(input.Source), Meter: value(input.Meter), Quantity: input.Quantity, OccurredAt: value(input.OccurredAt),
		Dimensions: input.Dimensions,
	}
	if input.Credits != nil {
		credits := input.Credits.Decimal()
		request.Credits = &credits
	}
	captured, err := r.books.HoldCapture(ctx, idempotencyKey, request)
	refusals, fault := userErrors(err, "holdId")
	if err != nil {
		return &gen.HoldCapturePayload{UserErrors: refusals}, fault
	}
	q := requestOf(ctx)
	q.sawHolds([]books.Hold{captured.Hold})
	q.sawEvents([]books.UsageEvent{captured.Event})
	return &gen.HoldCapturePayload{Hold: &captured.Hold, Event: &captured.Event, UserErrors: refusals}, nil
}

func (r mutationResolver) HoldRelease(ctx context.Context, holdID string, input gen.HoldReleaseInput, idempotencyKey string) (*gen.HoldReleasePayload, error) {
	key, err := holdNoun.key("holdId", holdID)
	if err != nil {
		return &gen.HoldReleasePayload{UserErrors: invalidID(err)}, nil
	}
	released, err := r.books.HoldRelease(ctx, idempotencyKey, books.HoldToEnd{HoldID: key, Reason: value(input.Reason)})
	refusals, fault := userErrors(err, "holdId")
	if err != nil {
		return &gen.HoldReleasePayload{UserErrors: refusals}, fault
	}
	requestOf(ctx).sawHolds([]books.Hold{released})
	return &gen.HoldReleasePayload{Hold: &released, UserErrors: refusals}, nil
}

func (holdResolver) Customer(ctx context.Context, h *books.Hold) (*books.Customer, error) {
	return found(pointer(ctx, requestOf(ctx).customers, h.CustomerID))
}

func (holdResolver) Reference(_ context.Context, h *books.Hold) (*string, error) {
	return text(h.Reference), nil
}

func (holdResolver) Dimensions(_ context.Context, h *books.Hold) ([]books.EventDimension, error) {
	return h.Dimensions.Pairs(), nil
}

func (holdResolver) Status(ctx context.Context, h *books.Hold) (books.HoldStatus, error) {
	return h.StatusAt(requestOf(ctx).now), nil
}

func (holdResolver) EndedAt(ctx context.Context, h *books.Hold) (*time.Time, error) {
	ended := h.Ended(requestOf(ctx).now)
	if ended.IsZero() {
		return nil, nil
	}
	return &ended, nil
}

func (holdResolver) Event(ctx context.Context, h *books.Hold) (*books.UsageEvent, error) {
	return pointer(ctx, requestOf(ctx).events, h.EventID)
}

func (holdResolver) Reason(ctx context.Context, h *books.Hold) (*string, error) {
	if forOneCustomer(ctx) {
		return nil, nil
	}
	return text(h.Reason), nil
}

func (holdPartResolver) Lot(ctx context.Context, part *books.HoldPart) (*revrec.Lot, error) {
	return found(pointer(ctx, requestOf(ctx).lots, part.LotID))
}
