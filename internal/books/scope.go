package books

import (
	"context"
	"slices"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// Scoped is a transaction as a caller sees it who is bound to one customer. Rows of others
// are as if they did not exist, and what is about the whole book is FORBIDDEN. Policies,
// packs and meters are the same for all. It only reads.
//
// Every method of Tx stands here by itself, with none taken over from a type within, so
// that whoever adds one has to say what such a caller sees of it.
func Scoped(tx Tx, customerID string) Tx { return scopedTx{tx, customerID} }

type scopedTx struct {
	tx         Tx
	customerID string
}

var _ Tx = scopedTx{}

// nobodyID is the id of no customer.
const nobodyID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

// only is the customer whose rows a filter keeps: the caller's, or none where it asks for
// another's.
func (s scopedTx) only(asked string) string {
	if asked == "" || asked == s.customerID {
		return s.customerID
	}
	return nobodyID
}

// onlyBelow narrows each of several filters.
func onlyBelow[F any](s scopedTx, of []F, customerID func(*F) *string) []F {
	narrowed := make([]F, len(of))
	for i, filter := range of {
		narrowed[i] = filter
		at := customerID(&narrowed[i])
		*at = s.only(*at)
	}
	return narrowed
}

// own keeps the rows of the customer.
func own[T any](s scopedTx, customerID func(*T) string) func([]T, error) ([]T, error) {
	return func(rows []T, err error) ([]T, error) {
		var kept []T
		for i := range rows {
			if customerID(&rows[i]) == s.customerID {
				kept = append(kept, rows[i])
			}
		}
		return kept, err
	}
}

var errScoped = refuse(Forbidden, "", "a token for one customer does not see this: it is about the whole book")

// What is the same for all.

func (s scopedTx) Book(ctx context.Context) (Book, error) {
	return s.tx.Book(ctx)
}

func (s scopedTx) ClosedThrough(ctx context.Context) (ledger.Period, error) {
	return s.tx.ClosedThrough(ctx)
}

func (s scopedTx) PoliciesByID(ctx context.Context, ids []string) ([]Policy, error) {
	return s.tx.PoliciesByID(ctx, ids)
}

func (s scopedTx) PoliciesByCode(ctx context.Context, codes []string) ([]Policy, error) {
	return s.tx.PoliciesByCode(ctx, codes)
}

func (s scopedTx) Policies(ctx context.Context, filter CatalogFilter, page Page) ([]Policy, error) {
	return s.tx.Policies(ctx, filter, page)
}

func (s scopedTx) CountPolicies(ctx context.Context, filter CatalogFilter) (int64, error) {
	return s.tx.CountPolicies(ctx, filter)
}

func (s scopedTx) PacksByID(ctx context.Context, ids []string) ([]Pack, error) {
	return s.tx.PacksByID(ctx, ids)
}

func (s scopedTx) PacksByCode(ctx context.Context, codes []string) ([]Pack, error) {
	return s.tx.PacksByCode(ctx, codes)
}

func (s scopedTx) Packs(ctx context.Context, filter CatalogFilter, page Page) ([]Pack, error) {
	return s.tx.Packs(ctx, filter, page)
}

func (s scopedTx) CountPacks(ctx context.Context, filter CatalogFilter) (int64, error) {
	return s.tx.CountPacks(ctx, filter)
}

func (s scopedTx) MetersByID(ctx context.Context, ids []string) ([]Meter, error) {
	return s.tx.MetersByID(ctx, ids)
}

func (s scopedTx) MetersByCode(ctx context.Context, codes []string) ([]Meter, error) {
	return s.tx.MetersByCode(ctx, codes)
}

func (s scopedTx) Meters(ctx context.Context, filter CatalogFilter, page Page) ([]Meter, error) {
	return s.tx.Meters(ctx, filter, page)
}

func (s scopedTx) CountMeters(ctx context.Context, filter CatalogFilter) (int64, error) {
	return s.tx.CountMeters(ctx, filter)
}

// What units cost to serve, and why a version was made, the company keeps to itself.

func ratesShown(cards []RateCard, err error) ([]RateCard, error) {
	for i := range cards {
		cards[i].Note = ""
		for j := range cards[i].Rates {
			cards[i].Rates[j].Cost = nil
		}
	}
	return cards, err
}

func (s scopedTx) RateCardsByNumber(ctx context.Context, numbers []int) ([]RateCard, error) {
	return ratesShown(s.tx.RateCardsByNumber(ctx, numbers))
}

func (s scopedTx) RateCardsOf(ctx context.Context, meterIDs []string) ([]RateCard, error) {
	return ratesShown(s.tx.RateCardsOf(ctx, meterIDs))
}

func (s scopedTx) RateCards(ctx context.Context, page Page) ([]RateCard, error) {
	return ratesShown(s.tx.RateCards(ctx, page))
}

func (s scopedTx) CountRateCards(ctx context.Context) (int64, error) {
	return s.tx.CountRateCards(ctx)
}

// What is kept by customer: the filter says whose.

func (s scopedTx) Customers(ctx context.Context, filter CustomerFilter, page Page) ([]Customer, error) {
	filter.ID = s.only(filter.ID)
	return s.tx.Customers(ctx, filter, page)
}

func (s scopedTx) CountCustomers(ctx context.Context, filter CustomerFilter) (int64, error) {
	filter.ID = s.only(filter.ID)
	return s.tx.CountCustomers(ctx, filter)
}

func (s scopedTx) Purchases(ctx context.Context, filter PurchaseFilter, page Page) ([]Purchase, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.Purchases(ctx, filter, page)
}

func (s scopedTx) CountPurchases(ctx context.Context, filter PurchaseFilter) (int64, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.CountPurchases(ctx, filter)
}

func (s scopedTx) Lots(ctx context.Context, filter LotFilter, page Page) ([]revrec.Lot, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.Lots(ctx, filter, page)
}

func (s scopedTx) CountLots(ctx context.Context, filter LotFilter) (int64, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.CountLots(ctx, filter)
}

func (s scopedTx) Events(ctx context.Context, filter EventFilter, page Page) ([]UsageEvent, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.Events(ctx, filter, page)
}

func (s scopedTx) CountEvents(ctx context.Context, filter EventFilter) (int64, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.CountEvents(ctx, filter)
}

func (s scopedTx) Draws(ctx context.Context, filter DrawFilter, page Page) ([]Draw, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.Draws(ctx, filter, page)
}

func (s scopedTx) CountDraws(ctx context.Context, filter DrawFilter) (int64, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.CountDraws(ctx, filter)
}

func (s scopedTx) Recognitions(ctx context.Context, filter RecognitionFilter, page Page) ([]revrec.Recognition, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.Recognitions(ctx, filter, page)
}

func (s scopedTx) CountRecognitions(ctx context.Context, filter RecognitionFilter) (int64, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.CountRecognitions(ctx, filter)
}

func (s scopedTx) Holds(ctx context.Context, filter HoldFilter, page Page) ([]Hold, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.Holds(ctx, filter, page)
}

func (s scopedTx) CountHolds(ctx context.Context, filter HoldFilter) (int64, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.CountHolds(ctx, filter)
}

func (s scopedTx) HoldsBelow(ctx context.Context, of []HoldFilter, page Page) ([][]Hold, error) {
	of = onlyBelow(s, of, func(f *HoldFilter) *string { return &f.CustomerID })
	return s.tx.HoldsBelow(ctx, of, page)
}

func (s scopedTx) CountHoldsBelow(ctx context.Context, of []HoldFilter) ([]int64, error) {
	of = onlyBelow(s, of, func(f *HoldFilter) *string { return &f.CustomerID })
	return s.tx.CountHoldsBelow(ctx, of)
}

func (s scopedTx) DeferredByCustomer(ctx context.Context, filter DeferredFilter, page Page) ([]Deferred, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.DeferredByCustomer(ctx, filter, page)
}

func (s scopedTx) CountDeferred(ctx context.Context, filter DeferredFilter) (int64, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.CountDeferred(ctx, filter)
}

func (s scopedTx) Expiring(ctx context.Context, filter ExpiringFilter, page Page) ([]Expiring, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.Expiring(ctx, filter, page)
}

func (s scopedTx) CountExpiring(ctx context.Context, filter ExpiringFilter) (int64, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.CountExpiring(ctx, filter)
}

func (s scopedTx) PaidAround(ctx context.Context, customerID string, asOf time.Time) ([]string, error) {
	return s.tx.PaidAround(ctx, s.only(customerID), asOf)
}

func (s scopedTx) ExpiringMonths(ctx context.Context, filter ExpiringFilter) ([]ExpiringMonth, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.ExpiringMonths(ctx, filter)
}

func (s scopedTx) Alerts(ctx context.Context, filter AlertFilter, page Page) ([]Alert, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.Alerts(ctx, filter, page)
}

func (s scopedTx) CountAlerts(ctx context.Context, filter AlertFilter) (int64, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.CountAlerts(ctx, filter)
}

func (s scopedTx) TopUpRules(ctx context.Context, filter TopUpFilter, page Page) ([]TopUpRule, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.TopUpRules(ctx, filter, page)
}

func (s scopedTx) CountTopUpRules(ctx context.Context, filter TopUpFilter) (int64, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.CountTopUpRules(ctx, filter)
}

func (s scopedTx) TopUps(ctx context.Context, filter TopUpFilter, page Page) ([]TopUp, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.TopUps(ctx, filter, page)
}

func (s scopedTx) CountTopUps(ctx context.Context, filter TopUpFilter) (int64, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.CountTopUps(ctx, filter)
}

func (s scopedTx) UsageChart(ctx context.Context, filter ChartFilter) ([]ChartRow, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.UsageChart(ctx, filter)
}

func (s scopedTx) RevenueChart(ctx context.Context, filter ChartFilter) ([]ChartRow, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.RevenueChart(ctx, filter)
}

func (s scopedTx) PurchaseChart(ctx context.Context, filter ChartFilter) ([]ChartRow, error) {
	filter.CustomerID = s.only(filter.CustomerID)
	return s.tx.PurchaseChart(ctx, filter)
}

func (s scopedTx) ActiveCustomers(ctx context.Context, customerID string, buckets []Bucket) ([]int64, error) {
	return s.tx.ActiveCustomers(ctx, s.only(customerID), buckets)
}

func (s scopedTx) PurchasesBelow(ctx context.Context, of []PurchaseFilter, page Page) ([][]Purchase, error) {
	of = onlyBelow(s, of, func(f *PurchaseFilter) *string { return &f.CustomerID })
	return s.tx.PurchasesBelow(ctx, of, page)
}

func (s scopedTx) CountPurchasesBelow(ctx context.Context, of []PurchaseFilter) ([]int64, error) {
	of = onlyBelow(s, of, func(f *PurchaseFilter) *string { return &f.CustomerID })
	return s.tx.CountPurchasesBelow(ctx, of)
}

func (s scopedTx) LotsBelow(ctx context.Context, of []LotFilter, page Page) ([][]revrec.Lot, error) {
	of = onlyBelow(s, of, func(f *LotFilter) *string { return &f.CustomerID })
	return s.tx.LotsBelow(ctx, of, page)
}

func (s scopedTx) CountLotsBelow(ctx context.Context, of []LotFilter) ([]int64, error) {
	of = onlyBelow(s, of, func(f *LotFilter) *string { return &f.CustomerID })
	return s.tx.CountLotsBelow(ctx, of)
}

func (s scopedTx) EventsBelow(ctx context.Context, of []EventFilter, page Page) ([][]UsageEvent, error) {
	of = onlyBelow(s, of, func(f *EventFilter) *string { return &f.CustomerID })
	return s.tx.EventsBelow(ctx, of, page)
}

func (s scopedTx) CountEventsBelow(ctx context.Context, of []EventFilter) ([]int64, error) {
	of = onlyBelow(s, of, func(f *EventFilter) *string { return &f.CustomerID })
	return s.tx.CountEventsBelow(ctx, of)
}

func (s scopedTx) DrawsBelow(ctx context.Context, of []DrawFilter, page Page) ([][]Draw, error) {
	of = onlyBelow(s, of, func(f *DrawFilter) *string { return &f.CustomerID })
	return s.tx.DrawsBelow(ctx, of, page)
}

func (s scopedTx) CountDrawsBelow(ctx context.Context, of []DrawFilter) ([]int64, error) {
	of = onlyBelow(s, of, func(f *DrawFilter) *string { return &f.CustomerID })
	return s.tx.CountDrawsBelow(ctx, of)
}

func (s scopedTx) RecognitionsBelow(ctx context.Context, of []RecognitionFilter, page Page) ([][]revrec.Recognition, error) {
	of = onlyBelow(s, of, func(f *RecognitionFilter) *string { return &f.CustomerID })
	return s.tx.RecognitionsBelow(ctx, of, page)
}

func (s scopedTx) CountRecognitionsBelow(ctx context.Context, of []RecognitionFilter) ([]int64, error) {
	of = onlyBelow(s, of, func(f *RecognitionFilter) *string { return &f.CustomerID })
	return s.tx.CountRecognitionsBelow(ctx, of)
}

// What is looked up by a key: rows of others are not there.

func (s scopedTx) CustomersByID(ctx context.Context, ids []string) ([]Customer, error) {
	return own(s, func(row *Customer) string { return row.ID })(s.tx.CustomersByID(ctx, ids))
}

func (s scopedTx) CustomersByExternalID(ctx context.Context, externalIDs []string) ([]Customer, error) {
	return own(s, func(row *Customer) string { return row.ID })(s.tx.CustomersByExternalID(ctx, externalIDs))
}

func (s scopedTx) PurchasesByID(ctx context.Context, ids []string) ([]Purchase, error) {
	return own(s, func(row *Purchase) string { return row.CustomerID })(s.tx.PurchasesByID(ctx, ids))
}

func (s scopedTx) LotsByID(ctx context.Context, ids []string) ([]revrec.Lot, error) {
	return own(s, func(row *revrec.Lot) string { return row.CustomerID })(s.tx.LotsByID(ctx, ids))
}

func (s scopedTx) PaymentsOf(ctx context.Context, purchaseIDs []string) ([]Receipt, error) {
	return own(s, func(row *Receipt) string { return row.CustomerID })(s.tx.PaymentsOf(ctx, purchaseIDs))
}

func (s scopedTx) HoldsByID(ctx context.Context, ids []string) ([]Hold, error) {
	return own(s, func(row *Hold) string { return row.CustomerID })(s.tx.HoldsByID(ctx, ids))
}

func (s scopedTx) BudgetsByID(ctx context.Context, ids []string) ([]Budget, error) {
	return own(s, func(row *Budget) string { return row.CustomerID })(s.tx.BudgetsByID(ctx, ids))
}

func (s scopedTx) BudgetsOf(ctx context.Context, customerIDs []string) ([]Budget, error) {
	if !slices.Contains(customerIDs, s.customerID) {
		return nil, nil
	}
	return s.tx.BudgetsOf(ctx, []string{s.customerID})
}

func (s scopedTx) BudgetSpends(ctx context.Context, keys []BudgetKey) ([]BudgetSpend, error) {
	mine := slices.DeleteFunc(slices.Clone(keys), func(key BudgetKey) bool { return key.CustomerID != s.customerID })
	return s.tx.BudgetSpends(ctx, mine)
}

func (s scopedTx) BudgetDrawsOf(ctx context.Context, event EventRow) ([]BudgetDraw, error) {
	if event.CustomerID != s.customerID {
		return nil, nil
	}
	return s.tx.BudgetDrawsOf(ctx, event)
}

func (s scopedTx) HoldsWithDimensions(ctx context.Context, customerIDs []string, at time.Time) ([]Hold, error) {
	if !slices.Contains(customerIDs, s.customerID) {
		return nil, nil
	}
	return s.tx.HoldsWithDimensions(ctx, []string{s.customerID}, at)
}

func (s scopedTx) HeldCredits(ctx context.Context, customerIDs []string, at time.Time) (map[LotKey]revrec.Credits, error) {
	if !slices.Contains(customerIDs, s.customerID) {
		return map[LotKey]revrec.Credits{}, nil
	}
	return s.tx.HeldCredits(ctx, []string{s.customerID}, at)
}

func (s scopedTx) EventsByID(ctx context.Context, ids []string) ([]UsageEvent, error) {
	return own(s, func(row *UsageEvent) string { return row.CustomerID })(s.tx.EventsByID(ctx, ids))
}

func (s scopedTx) EventsByKey(ctx context.Context, keys []EventKey) ([]UsageEvent, error) {
	return own(s, func(row *UsageEvent) string { return row.CustomerID })(s.tx.EventsByKey(ctx, keys))
}

func (s scopedTx) VoidsOf(ctx context.Context, events []EventRow) ([]UsageEvent, error) {
	return own(s, func(row *UsageEvent) string { return row.CustomerID })(s.tx.VoidsOf(ctx, events))
}

func (s scopedTx) RecognitionsByID(ctx context.Context, ids []string) ([]revrec.Recognition, error) {
	return own(s, func(row *revrec.Recognition) string { return row.CustomerID })(s.tx.RecognitionsByID(ctx, ids))
}

func (s scopedTx) DrawsOfEvents(ctx context.Context, ids []string) ([]Draw, error) {
	return own(s, func(row *Draw) string { return row.CustomerID })(s.tx.DrawsOfEvents(ctx, ids))
}

func (s scopedTx) OpenLots(ctx context.Context, customerIDs []string, at time.Time) ([]revrec.Lot, error) {
	return own(s, func(row *revrec.Lot) string { return row.CustomerID })(s.tx.OpenLots(ctx, customerIDs, at))
}

func (s scopedTx) LotDays(ctx context.Context, keys []LotKey) ([]LotDay, error) {
	return own(s, func(row *LotDay) string { return row.CustomerID })(s.tx.LotDays(ctx, keys))
}

func (s scopedTx) LotChanges(ctx context.Context, keys []LotKey) (map[string][]revrec.Change, error) {
	var mine []LotKey
	for _, key := range keys {
		if key.CustomerID == s.customerID {
			mine = append(mine, key)
		}
	}
	return s.tx.LotChanges(ctx, mine)
}

func (s scopedTx) BookedOfLots(ctx context.Context, spans []LotSpan, kinds ...revrec.Kind) (map[string]revrec.Booked, error) {
	var mine []LotSpan
	for _, span := range spans {
		if span.CustomerID == s.customerID {
			mine = append(mine, span)
		}
	}
	return s.tx.BookedOfLots(ctx, mine, kinds...)
}

func (s scopedTx) ChangesInto(ctx context.Context, customerID string) (map[string]revrec.Change, error) {
	return s.tx.ChangesInto(ctx, s.only(customerID))
}

func (s scopedTx) StatementUses(ctx context.Context, span StatementSpan, each bool, limit int) ([]StatementUse, error) {
	span.CustomerID = s.only(span.CustomerID)
	return s.tx.StatementUses(ctx, span, each, limit)
}

func (s scopedTx) StatementBookings(ctx context.Context, span StatementSpan) ([]StatementBooking, error) {
	span.CustomerID = s.only(span.CustomerID)
	return s.tx.StatementBookings(ctx, span)
}

func (s scopedTx) StatementEntries(ctx context.Context, span StatementSpan) ([]StatementEntry, error) {
	span.CustomerID = s.only(span.CustomerID)
	return s.tx.StatementEntries(ctx, span)
}

func (s scopedTx) DrawnSince(ctx context.Context, customerID string, before ledger.Date, since time.Time) (map[string]revrec.Credits, error) {
	return s.tx.DrawnSince(ctx, s.only(customerID), before, since)
}

// DisputesOf leaves out how much chargebacks of others' purchases were about: lots that came from them are blocked by them.
func (s scopedTx) DisputesOf(ctx context.Context, purchaseIDs []string) ([]BookedDispute, error) {
	booked, err := s.tx.DisputesOf(ctx, purchaseIDs)
	for i := range booked {
		if booked[i].CustomerID != s.customerID {
			booked[i].CustomerID, booked[i].Amount = "", ledger.Amount{}
		}
	}
	return booked, err
}

func (s scopedTx) HeldCreditsAt(ctx context.Context, customerID string, at time.Time) (map[string]revrec.Credits, error) {
	return s.tx.HeldCreditsAt(ctx, s.only(customerID), at)
}

// DrawnBefore is for lots of the customer alone: what is asked for in one order is answered
// in it.
func (s scopedTx) DrawnBefore(ctx context.Context, spans []LotSpan) ([]revrec.Credits, error) {
	for _, span := range spans {
		if span.CustomerID != s.customerID {
			return nil, errScoped
		}
	}
	return s.tx.DrawnBefore(ctx, spans)
}
