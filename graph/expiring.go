package graph

import (
	"context"
	"fmt"
	"strings"
	"time"

	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
)

// byDay is what the API calls the natural order of what expires.
const byDay books.Order = "DAY"

// expiringFilter reads the arguments of what expires. known is false where they name nobody.
func (r queryResolver) expiringFilter(ctx context.Context, from *ledger.Date, to ledger.Date, customer, policy *string, currency *ledger.Currency, asOf *time.Time) (filter books.ExpiringFilter, known bool, err error) {
	f := newFilters(ctx)
	zone := r.books.Zone()
	today := ledger.DateOf(valueOr(asOf, f.request.now), zone)
	first := valueOr(from, today)
	switch {
	case first < today:
		return filter, false, &books.Error{Code: books.Invalid, Field: "from", Message: fmt.Sprintf("must be today, or the day of asOf, (%s) or later: what lapsed is in recognitions", today)}
	case to < first:
		return filter, false, &books.Error{Code: books.Invalid, Field: "to", Message: fmt.Sprintf("must not be before %s", first)}
	case to > today+maxLapsingDays:
		return filter, false, &books.Error{Code: books.Invalid, Field: "to", Message: fmt.Sprintf("must be %s at the latest, %d days ahead", today+maxLapsingDays, maxLapsingDays)}
	}
	filter = books.ExpiringFilter{CustomerID: f.customer(ctx, customer), PolicyID: f.policy(ctx, policy), Currency: value(currency)}
	filter.ExpiresFrom, filter.ExpiresBefore = books.ExpiringDays(first, to, zone)
	if asOf != nil && f.err == nil && f.known {
		filter.AsOf = *asOf
		f.err = f.request.read(ctx, func(ctx context.Context, tx books.Tx) error { return r.books.ExpiringAsOf(ctx, tx, &filter) })
	}
	return filter, f.known, f.err
}

func (r queryResolver) Expiring(ctx context.Context, from *ledger.Date, to ledger.Date, customer, policy *string, currency *ledger.Currency, asOf *time.Time, sort books.Order, first int, after *string, reverse bool) (*view.ExpiringConnection, error) {
	filter, known, err := r.expiringFilter(ctx, from, to, customer, policy, currency, asOf)
	if err != nil || !known {
		return none[books.Expiring](first, err)
	}
	q := requestOf(ctx)
	return connect(ctx, q, paging{first, after, reverse, sort}, list[books.Expiring]{
		noun: expiringNoun, key: (*books.Expiring).Key, natural: byDay, place: (*books.Expiring).Place,
		checkKey: func(key string) bool { return strings.Count(key, "/") == 2 },
		saw: func(rows []books.Expiring) {
			for i := range rows {
				q.customers.expect(rows[i].CustomerID)
			}
		},
	}, filter, books.Tx.Expiring, books.Tx.CountExpiring)
}

func (r queryResolver) ExpiringMonths(ctx context.Context, from *ledger.Date, to ledger.Date, customer, policy *string, currency *ledger.Currency, asOf *time.Time) (months []books.ExpiringMonth, err error) {
	filter, known, err := r.expiringFilter(ctx, from, to, customer, policy, currency, asOf)
	if err != nil || !known {
		return []books.ExpiringMonth{}, err
	}
	err = requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) error {
		months, err = tx.ExpiringMonths(ctx, filter)
		return err
	})
	return months, err
}

func (expiringResolver) Customer(ctx context.Context, e *books.Expiring) (*books.Customer, error) {
	return found(pointer(ctx, requestOf(ctx).customers, e.CustomerID))
}
