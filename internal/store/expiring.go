package store

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

type expiringRow struct {
	CustomerID         string
	LapsesOn           date
	Currency           string
	FunctionalCurrency string
	Lots               int64
	Unused             int64
	Carrying           int64
	Functional         int64
}

func (row expiringRow) expiring() books.Expiring {
	return books.Expiring{
		CustomerID: row.CustomerID, Day: ledger.Date(row.LapsesOn), Currency: ledger.Currency(row.Currency), Lots: row.Lots,
		Credits:    revrec.Credits(row.Unused),
		Carrying:   ledger.Money(row.Carrying, ledger.Currency(row.Currency)),
		Functional: ledger.Money(row.Functional, ledger.Currency(row.FunctionalCurrency)),
	}
}

// expiring are the lots that expire and have credits that did not lapse, found by the index
// of what expires.
func (t *tx) expiring(filter books.ExpiringFilter) *bun.SelectQuery {
	q := t.db.NewSelect().TableExpr("lots").Where("expires_at_us IS NOT NULL").Where(t.hasUnused).
		Where("granted - drawn - refunded > lapsed AND kind <> 'OVERAGE'")
	q = whereID(whereID(q, "customer_id", filter.CustomerID), "policy_id", filter.PolicyID)
	return whereWithin(whereEqual(q, "currency", string(filter.Currency)), "expires_at_us", filter.ExpiresFrom, filter.ExpiresBefore)
}

const expiringSums = `count(*) AS lots, CAST(sum(granted - drawn - refunded - lapsed) AS BIGINT) AS unused,
	CAST(sum(carrying_minor) AS BIGINT) AS carrying, CAST(sum(carrying_functional_minor) AS BIGINT) AS functional`

// expiringOrders add up all that expires before the first row.
var expiringOrders = orders{books.ByCarrying: {expression: "functional"}}

// Expiring goes on after "<day>/<customer id>/<currency>".
func (t *tx) Expiring(ctx context.Context, filter books.ExpiringFilter, page books.Page) ([]books.Expiring, error) {
	natural := seek{terms: []string{"lapses_on", "customer_id", "currency"}, reverse: page.Reverse, limit: page.Limit}
	if parts := strings.Split(page.After, "/"); len(parts) == 3 {
		natural.after = []any{parts[0], rowID(parts[1]), parts[2]}
	}
	place, err := expiringOrders.by(page, natural)
	if err != nil {
		return nil, err
	}
	q := t.expiring(filter).GroupExpr("customer_id, lapses_on, currency, functional_currency").
		ColumnExpr("customer_id, lapses_on, currency, functional_currency, " + expiringSums)
	rows := []expiringRow{}
	if err := place.on(t.db.NewSelect().TableExpr("(?) AS expiring", q).ColumnExpr("*")).Scan(ctx, &rows); err != nil {
		return nil, t.refused("adding up what expires", err)
	}
	return convert(rows, expiringRow.expiring), nil
}

func (t *tx) CountExpiring(ctx context.Context, filter books.ExpiringFilter) (int64, error) {
	q := t.expiring(filter).GroupExpr("customer_id, lapses_on, currency, functional_currency").ColumnExpr("1")
	n, err := t.db.NewSelect().TableExpr("(?) AS expiring", q).Count(ctx)
	return n, t.refused("counting what expires", err)
}

type expiringMonthRow struct {
	Month              string
	Currency           string
	FunctionalCurrency string
	Customers, Lots    int64
	Unused             int64
	Carrying           int64
	Functional         int64
}

func (t *tx) ExpiringMonths(ctx context.Context, filter books.ExpiringFilter) ([]books.ExpiringMonth, error) {
	rows := []expiringMonthRow{}
	err := t.expiring(filter).GroupExpr("substr(lapses_on, 1, 7), currency, functional_currency").
		ColumnExpr("substr(lapses_on, 1, 7) AS month, currency, functional_currency, count(DISTINCT customer_id) AS customers, "+expiringSums).
		OrderExpr("1, 2").Scan(ctx, &rows)
	if err != nil {
		return nil, t.refused("adding up what expires by month", err)
	}
	months := make([]books.ExpiringMonth, len(rows))
	for i, row := range rows {
		month, err := ledger.ParsePeriod(row.Month)
		if err != nil {
			return nil, err
		}
		months[i] = books.ExpiringMonth{
			Month: month, Currency: ledger.Currency(row.Currency), Customers: row.Customers, Lots: row.Lots, Credits: revrec.Credits(row.Unused),
			Carrying:   ledger.Money(row.Carrying, ledger.Currency(row.Currency)),
			Functional: ledger.Money(row.Functional, ledger.Currency(row.FunctionalCurrency)),
		}
	}
	return months, nil
}
