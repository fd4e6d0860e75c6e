package graph

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// maxLapsingDays is how far ahead lapsing looks: ten years and leap days.
const maxLapsingDays = 3660

func (queryResolver) Lot(ctx context.Context, id string) (*revrec.Lot, error) {
	key, err := lotNoun.key("id", id)
	if err != nil {
		return nil, err
	}
	return pointer(ctx, requestOf(ctx).lots, key)
}

func (queryResolver) Lots(ctx context.Context, customer, policy *string, kind *revrec.LotKind, openAt, expiresFrom, expiresBefore *time.Time, kinds []revrec.LotKind, currency *ledger.Currency, hasUnused *bool, sort books.Order, first int, after *string, reverse bool) (*view.LotConnection, error) {
	f := newFilters(ctx)
	filter := books.LotFilter{
		CustomerID: f.customer(ctx, customer), PolicyID: f.policy(ctx, policy), Kind: value(kind),
		OpenAt: value(openAt), ExpiresFrom: value(expiresFrom), ExpiresBefore: value(expiresBefore),
		Kinds: once(kinds), Currency: value(currency), HasUnused: hasUnused,
	}
	if customer == nil {
		f.refuse(hasUnused != nil, "hasUnused", "needs customer: no index follows what is unused of all lots; expiresFrom and expiresBefore keep lots with unused credits too")
		f.refuse(sort == books.ByUnused || sort == books.ByCarrying, "sort", "needs customer where it is UNUSED or CARRYING, which change with every use")
	}
	if f.err != nil || !f.known {
		return none[revrec.Lot](first, f.err)
	}
	return lots(ctx, filter, paging{first, after, reverse, sort})
}

func (r queryResolver) Lapsing(ctx context.Context, withinDays int, customer *string, sort books.Order, first int, after *string, reverse bool) (*view.LotConnection, error) {
	if withinDays < 1 || withinDays > maxLapsingDays {
		return nil, &books.Error{Code: books.Invalid, Field: "withinDays", Message: fmt.Sprintf("must be 1 to %d, not %d", maxLapsingDays, withinDays)}
	}
	f := newFilters(ctx)
	now, zone := f.request.now, r.books.Zone()
	lastDay := ledger.DateOf(now, zone) + ledger.Date(withinDays)
	filter := books.LotFilter{
		CustomerID: f.customer(ctx, customer), ExpiresFrom: now,
		// What can be used to the end of the last day lapses as the next one begins.
		ExpiresBefore: (lastDay + 1).Start(zone).Add(time.Microsecond),
	}
	if f.err != nil || !f.known {
		return none[revrec.Lot](first, f.err)
	}
	return lots(ctx, filter, paging{first, after, reverse, sort})
}

func lots(ctx context.Context, filter books.LotFilter, p paging) (*view.LotConnection, error) {
	q := requestOf(ctx)
	return connect(ctx, q, p, q.lotList(), filter, books.Tx.Lots, books.Tx.CountLots)
}

func (q *request) lotList() list[revrec.Lot] {
	return list[revrec.Lot]{
		noun: lotNoun, key: func(lot *revrec.Lot) string { return lot.ID }, natural: created, place: books.PlaceOfLot, saw: q.sawLots,
	}
}

func (r mutationResolver) GrantCreate(ctx context.Context, input gen.GrantCreateInput, idempotencyKey string) (*gen.GrantCreatePayload, error) {
	lot, err := r.books.Grant(ctx, idempotencyKey, books.NewGrant{
		Customer: input.Customer, Policy: value(input.Policy), Credits: input.Credits.Decimal(), Reason: input.Reason,
		GrantedAt: value(input.GrantedAt), ExpiresAt: value(input.ExpiresAt), ExpiresAfter: input.ExpiresAfter,
		NeverExpires: value(input.NeverExpires), ShortExpiry: value(input.ShortExpiry), Priority: input.Priority,
	})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.GrantCreatePayload{UserErrors: refusals}, fault
	}
	return &gen.GrantCreatePayload{Lot: &lot, UserErrors: refusals}, nil
}

func (r mutationResolver) CreditsTransfer(ctx context.Context, input gen.CreditsTransferInput, idempotencyKey string) (*gen.CreditsTransferPayload, error) {
	moved, err := r.books.Transfer(ctx, idempotencyKey, books.TransferRequest{
		From: input.From, To: input.To, Credits: input.Credits.Decimal(), Reason: value(input.Reason),
	})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.CreditsTransferPayload{UserErrors: refusals}, fault
	}
	requestOf(ctx).sawLots(moved.Lots)
	return &gen.CreditsTransferPayload{Lots: moved.Lots, UserErrors: refusals}, nil
}

func (lotResolver) Customer(ctx context.Context, lot *revrec.Lot) (*books.Customer, error) {
	return found(pointer(ctx, requestOf(ctx).customers, lot.CustomerID))
}

func (lotResolver) Purchase(ctx context.Context, lot *revrec.Lot) (*books.Purchase, error) {
	return pointer(ctx, requestOf(ctx).purchases, lot.PurchaseID)
}

func (lotResolver) Policy(ctx context.Context, lot *revrec.Lot) (*books.Policy, error) {
	return found(pointer(ctx, requestOf(ctx).policies, lot.PolicyID))
}

func (lotResolver) OverageRate(_ context.Context, lot *revrec.Lot) (*decimal.Decimal, error) {
	if lot.Kind != revrec.OverageLot {
		return nil, nil
	}
	rate, err := ledger.ParseDecimal(lot.Rate.Price)
	return &rate, err
}

func (lotResolver) Remaining(_ context.Context, lot *revrec.Lot) (revrec.Credits, error) {
	if lot.Kind == revrec.OverageLot {
		return 0, nil
	}
	return lot.Remaining(), nil
}

func (lotResolver) RefundedAmount(_ context.Context, lot *revrec.Lot) (*ledger.Amount, error) {
	if lot.RefundedOn == 0 {
		return nil, nil
	}
	return &lot.RefundedAmount, nil
}

func (lotResolver) LiabilitySteps(_ context.Context, lot *revrec.Lot) ([]view.LiabilityStep, error) {
	steps := make([]view.LiabilityStep, len(lot.Steps))
	for i, step := range lot.Steps {
		steps[i] = view.LiabilityStep{
			Day: step.Day, Amount: ledger.Money(step.Minor, lot.Price.Currency), Functional: ledger.Money(step.Functional, lot.Functional.Currency),
		}
	}
	return steps, nil
}

func (lotResolver) Days(ctx context.Context, lot *revrec.Lot) ([]books.LotDay, error) {
	days, _, err := requestOf(ctx).lotDays.load(ctx, lotKeyOf(lot))
	return days, err
}

func (lotResolver) Changes(ctx context.Context, lot *revrec.Lot) ([]revrec.Change, error) {
	changes, _, err := requestOf(ctx).changesOf.load(ctx, lotKeyOf(lot))
	return changes, err
}

func (lotResolver) Origin(ctx context.Context, lot *revrec.Lot) (*revrec.Lot, error) {
	return pointer(ctx, requestOf(ctx).lots, lot.OriginID)
}

func (lotChangeResolver) ToLot(ctx context.Context, change *revrec.Change) (*revrec.Lot, error) {
	return pointer(ctx, requestOf(ctx).lots, change.ToLotID)
}

func (lotDayResolver) Recognised(ctx context.Context, day *books.LotDay) (revrec.Credits, error) {
	booked, _, err := requestOf(ctx).bookedOf.load(ctx, lotKeyOfDay(day))
	return booked[day.Day], err
}

func (lotDayResolver) Pending(ctx context.Context, day *books.LotDay) (bool, error) {
	lot, err := found(pointer(ctx, requestOf(ctx).lots, day.LotID))
	return err == nil && lot.Waits(day.Day), err
}

func (lotResolver) Draws(ctx context.Context, lot *revrec.Lot, day *ledger.Date, first int, after *string, reverse bool) (*view.DrawConnection, error) {
	return drawsBelow(ctx, &requestOf(ctx).lotKin, lotKeyOf(lot), func(key books.LotKey) books.DrawFilter {
		return books.DrawFilter{CustomerID: key.CustomerID, LotID: key.LotID, Day: value(day)}
	}, paging{first: first, after: after, reverse: reverse})
}

func (lotResolver) Recognitions(ctx context.Context, lot *revrec.Lot, kind *revrec.Kind, first int, after *string, reverse bool) (*view.RecognitionConnection, error) {
	return recognitionsBelow(ctx, &requestOf(ctx).lotKin, lotKeyOf(lot), func(key books.LotKey) books.RecognitionFilter {
		return books.RecognitionFilter{CustomerID: key.CustomerID, LotID: key.LotID, Kind: value(kind)}
	}, paging{first: first, after: after, reverse: reverse})
}

func (lotResolver) Reason(_ context.Context, lot *revrec.Lot) (*string, error) {
	return text(lot.Reason), nil
}

func (lotChangeResolver) Reason(ctx context.Context, change *revrec.Change) (*string, error) {
	if forOneCustomer(ctx) {
		return nil, nil
	}
	return text(change.Reason), nil
}
