package graph

import (
	"context"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func (r queryResolver) Cohorts(ctx context.Context, policy, pack *string, currency *ledger.Currency, segment *string, from, to *ledger.Period, asOf *time.Time, first int, after *string, reverse bool) (*view.CohortConnection, error) {
	f := newFilters(ctx)
	filter := books.CohortFilter{
		PolicyID: f.policy(ctx, policy), PackID: f.pack(ctx, pack), Currency: value(currency), Segment: value(segment), From: value(from), To: value(to),
	}
	f.refuse(segment != nil && *segment == "", "segment", "must be the code of a segment")
	if f.err != nil || !f.known {
		return none[books.Cohort](first, f.err)
	}
	q := f.request
	if asOf != nil {
		filter.AsOf = *asOf
		err := q.read(ctx, func(ctx context.Context, tx books.Tx) error { return r.books.CheckCohortsAsOf(ctx, tx, &filter.AsOf) })
		if err != nil {
			return nil, err
		}
	}
	return connect(ctx, q, paging{first: first, after: after, reverse: reverse}, list[books.Cohort]{
		noun: cohortNoun, key: func(c *books.Cohort) string { return c.Key() },
		checkKey: func(key string) bool { return strings.Count(key, "/") == 1 },
		saw:      q.sawCohorts,
	}, filter, books.Tx.Cohorts, books.Tx.CountCohorts)
}

func (l *loaders) sawCohorts(rows []books.Cohort) {
	l.cohortKin.met(keysOf(rows, func(c *books.Cohort) string { return c.ID }))
	for i := range rows {
		l.policies.expect(rows[i].PolicyID)
		l.packs.expect(rows[i].PackID)
		l.cohortMonths.expect(cohortAt(&rows[i]))
	}
}

func (cohortResolver) ID(_ context.Context, c *books.Cohort) (string, error) {
	return cohortNoun.id(c.ID), nil
}

func (cohortResolver) Policy(ctx context.Context, c *books.Cohort) (*books.Policy, error) {
	return found(pointer(ctx, requestOf(ctx).policies, c.PolicyID))
}

func (cohortResolver) Pack(ctx context.Context, c *books.Cohort) (*books.Pack, error) {
	return pointer(ctx, requestOf(ctx).packs, c.PackID)
}

func (cohortResolver) Segment(_ context.Context, c *books.Cohort) (*string, error) {
	return text(c.Segment), nil
}

// cohortKey names what became of a cohort by an instant.
type cohortKey struct {
	id   string
	asOf time.Time // now where zero
}

func cohortAt(c *books.Cohort) cohortKey { return cohortKey{c.ID, c.AsOf.UTC()} }

// cohortMonthsAt reads what became of cohorts, by the instants as of which it is asked.
func cohortMonthsAt(ctx context.Context, tx books.Tx, keys []cohortKey) (map[cohortKey][]books.CohortMonth, error) {
	byInstant := map[time.Time][]string{}
	for _, key := range keys {
		byInstant[key.asOf] = append(byInstant[key.asOf], key.id)
	}
	found := make(map[cohortKey][]books.CohortMonth, len(keys))
	for asOf, ids := range byInstant {
		months, err := tx.CohortMonths(ctx, ids, asOf)
		if err != nil {
			return nil, err
		}
		for id, of := range months {
			found[cohortKey{id, asOf}] = of
		}
	}
	return found, nil
}

// sumsOf adds up what became of a cohort.
func sumsOf(ctx context.Context, c *books.Cohort) (books.CohortAge, error) {
	months, _, err := requestOf(ctx).cohortMonths.load(ctx, cohortAt(c))
	return c.ToDate(months), err
}

func (cohortResolver) Used(ctx context.Context, c *books.Cohort) (revrec.Credits, error) {
	sums, err := sumsOf(ctx, c)
	return sums.UsedToDate, err
}

func (cohortResolver) Lapsed(ctx context.Context, c *books.Cohort) (revrec.Credits, error) {
	sums, err := sumsOf(ctx, c)
	return sums.Lapsed, err
}

func (cohortResolver) Refunded(ctx context.Context, c *books.Cohort) (revrec.Credits, error) {
	sums, err := sumsOf(ctx, c)
	return sums.Refunded, err
}

func (cohortResolver) Other(ctx context.Context, c *books.Cohort) (revrec.Credits, error) {
	sums, err := sumsOf(ctx, c)
	return sums.Other, err
}

func (cohortResolver) Open(ctx context.Context, c *books.Cohort) (revrec.Credits, error) {
	sums, err := sumsOf(ctx, c)
	return sums.Open, err
}

func (cohortResolver) RedeemedShare(ctx context.Context, c *books.Cohort) (*decimal.Decimal, error) {
	sums, err := sumsOf(ctx, c)
	return sums.RedeemedShare, err
}

func (r cohortResolver) Ages(ctx context.Context, c *books.Cohort) ([]books.CohortAge, error) {
	q := requestOf(ctx)
	months, _, err := q.cohortMonths.load(ctx, cohortAt(c))
	now := q.now
	if !c.AsOf.IsZero() {
		now = c.AsOf
	}
	return c.Ages(months, ledger.DateOf(now, r.books.Zone()).Period()), err
}

func (cohortResolver) Lots(ctx context.Context, c *books.Cohort, hasUnused *bool, first int, after *string, reverse bool) (*view.LotConnection, error) {
	q := requestOf(ctx)
	return connectBelow(ctx, q, paging{first: first, after: after, reverse: reverse}, nested[string, books.LotFilter, revrec.Lot]{
		list: q.lotList(), parent: c.ID, kin: &q.cohortKin,
		filter: func(id string) books.LotFilter { return books.LotFilter{CohortID: id, HasUnused: hasUnused} },
		pages:  books.Tx.LotsBelow, counts: books.Tx.CountLotsBelow,
	})
}

func (customerResolver) Segment(ctx context.Context, c *books.Customer) (*string, error) {
	if forOneCustomer(ctx) { // how the company looks at its customers
		return nil, nil
	}
	return text(c.Segment), nil
}

func (r mutationResolver) CustomerSegmentSet(ctx context.Context, externalID string, segment *string, idempotencyKey string) (*gen.CustomerSegmentSetPayload, error) {
	customer, err := r.books.CustomerSegmentSet(ctx, idempotencyKey, books.CustomerSegment{Customer: externalID, Segment: value(segment)})
	refusals, fault := userErrors(err, "externalId", "segment")
	if err != nil {
		return &gen.CustomerSegmentSetPayload{UserErrors: refusals}, fault
	}
	return &gen.CustomerSegmentSetPayload{Customer: &customer, UserErrors: refusals}, nil
}
