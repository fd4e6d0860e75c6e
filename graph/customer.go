package graph

import (
	"context"
	"time"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func (queryResolver) Customer(ctx context.Context, id, externalID *string) (*books.Customer, error) {
	q := requestOf(ctx)
	switch {
	case (id == nil) == (externalID == nil):
		return nil, &books.Error{Code: books.Invalid, Field: "externalId", Message: "give one of id and externalId"}
	case externalID != nil:
		return pointer(ctx, q.customersBy, *externalID)
	}
	key, err := customerNoun.key("id", *id)
	if err != nil {
		return nil, err
	}
	return pointer(ctx, q.customers, key)
}

func (queryResolver) Customers(ctx context.Context, search, policy *string, from, before *time.Time, sort books.Order, first int, after *string, reverse bool) (*view.CustomerConnection, error) {
	f := newFilters(ctx)
	filter := books.CustomerFilter{Search: value(search), PolicyID: f.policy(ctx, policy), From: value(from), Before: value(before)}
	if f.err != nil || !f.known {
		return none[books.Customer](first, f.err)
	}
	q := f.request
	return connect(ctx, q, paging{first, after, reverse, sort}, list[books.Customer]{
		noun: customerNoun,
		key:  func(c *books.Customer) string { return c.ID }, natural: created, place: (*books.Customer).Place,
		saw: q.sawCustomers,
	}, filter, books.Tx.Customers, books.Tx.CountCustomers)
}

func (mutationResolver) newCustomerPayload(customer books.Customer, err error) (*gen.CustomerCreatePayload, error) {
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.CustomerCreatePayload{UserErrors: refusals}, fault
	}
	return &gen.CustomerCreatePayload{Customer: &customer, UserErrors: refusals}, nil
}

func (r mutationResolver) CustomerCreate(ctx context.Context, input gen.CustomerCreateInput, idempotencyKey string) (*gen.CustomerCreatePayload, error) {
	return r.newCustomerPayload(r.books.CustomerCreate(ctx, idempotencyKey, books.NewCustomer{
		ExternalID: input.ExternalID, Name: value(input.Name), Jurisdiction: value(input.Jurisdiction), Segment: value(input.Segment),
	}))
}

func (customerResolver) Policy(ctx context.Context, c *books.Customer) (*books.Policy, error) {
	return pointer(ctx, requestOf(ctx).policies, c.PolicyID)
}

func (customerResolver) Balance(ctx context.Context, c *books.Customer, at *time.Time) (*books.Balance, error) {
	q := requestOf(ctx)
	instant := valueOr(at, q.now)
	balance, exists, err := q.balances.loadWith(ctx, balanceKey{c.ID, instant}, func() []balanceKey {
		others := q.customerKin.with(c.ID)
		return keysOf(others, func(id *string) balanceKey { return balanceKey{*id, instant} })
	})
	if err != nil || !exists {
		return found[books.Balance](nil, err)
	}
	return &balance, nil
}

func (balanceResolver) Customer(ctx context.Context, b *books.Balance) (*books.Customer, error) {
	return found(pointer(ctx, requestOf(ctx).customers, b.CustomerID))
}

func (customerResolver) Purchases(ctx context.Context, c *books.Customer, status *books.PurchaseStatus, statuses []books.PurchaseStatus, sort books.Order, first int, after *string, reverse bool) (*view.PurchaseConnection, error) {
	return purchasesBelow(ctx, &requestOf(ctx).customerKin, c.ID, func(id string) books.PurchaseFilter {
		return books.PurchaseFilter{CustomerID: id, Status: value(status), Statuses: once(statuses)}
	}, paging{first, after, reverse, sort})
}

func (customerResolver) Lots(ctx context.Context, c *books.Customer, kind *revrec.LotKind, openAt *time.Time, kinds []revrec.LotKind, hasUnused *bool, sort books.Order, first int, after *string, reverse bool) (*view.LotConnection, error) {
	q := requestOf(ctx)
	return connectBelow(ctx, q, paging{first, after, reverse, sort}, nested[string, books.LotFilter, revrec.Lot]{
		list: q.lotList(), parent: c.ID, kin: &q.customerKin,
		filter: func(id string) books.LotFilter {
			return books.LotFilter{CustomerID: id, Kind: value(kind), Kinds: once(kinds), OpenAt: value(openAt), HasUnused: hasUnused}
		},
		pages: books.Tx.LotsBelow, counts: books.Tx.CountLotsBelow,
	})
}

func (customerResolver) UsageEvents(ctx context.Context, c *books.Customer, from, before *time.Time, first int, after *string, reverse bool) (*view.UsageEventConnection, error) {
	return eventsBelow(ctx, &requestOf(ctx).customerKin, c.ID, func(id string) books.EventFilter {
		return books.EventFilter{CustomerID: id, From: value(from), Before: value(before)}
	}, paging{first: first, after: after, reverse: reverse})
}

func (customerResolver) Recognitions(ctx context.Context, c *books.Customer, kind *revrec.Kind, from, to *ledger.Date, kinds []revrec.Kind, sort books.Order, first int, after *string, reverse bool) (*view.RecognitionConnection, error) {
	return recognitionsBelow(ctx, &requestOf(ctx).customerKin, c.ID, func(id string) books.RecognitionFilter {
		return books.RecognitionFilter{CustomerID: id, Kind: value(kind), Kinds: once(kinds), From: value(from), To: value(to)}
	}, paging{first, after, reverse, sort})
}
