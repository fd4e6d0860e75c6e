package store

import (
	"context"

	"github.com/shopspring/decimal"
	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// usedKinds are the recognitions of use.
var usedKinds = []string{string(revrec.Usage), string(revrec.UsageUnbilled), string(revrec.OverageUsage)}

// sameRow is the condition by which rows are found by their key, which is customer and id. An id
// says whose the row is, and PostgreSQL, which has indexes of ids alone, takes the two for independent
// of each other: of hundreds of thousands of rows it would expect a handful, and look each up.
func (t *tx) sameRow(of, customer, id string) string {
	if t.bulk {
		return of + ".id = " + id
	}
	return of + ".customer_id = " + customer + " AND " + of + ".id = " + id
}

// withPack joins the pack that the lot l was sold as.
func (t *tx) withPack() string {
	return " LEFT JOIN purchases AS p ON " + t.sameRow("p", "l.customer_id", "l.purchase_id")
}

// usedRevenue selects posted recognitions of use by accounting date.
func (t *tx) usedRevenue(filter books.MarginFilter) *bun.SelectQuery {
	q := t.db.NewSelect().TableExpr("recognitions AS r").
		Where("r.accounting_date >= ? AND r.accounting_date <= ?", date(filter.From), date(filter.To)).
		Where("r.kind IN (?)", bun.List(usedKinds)).
		Where("r.batch_id NOT IN (SELECT b.id FROM batches AS b WHERE b.posted_at_us IS NULL)")
	return whereID(q, "r.customer_id", filter.CustomerID)
}

func (t *tx) MarginRevenue(ctx context.Context, filter books.MarginFilter) ([]books.ChartRow, error) {
	q := t.usedRevenue(filter).ColumnExpr("r.accounting_date AS day, r.functional_minor AS functional")
	switch filter.By {
	case books.ByCustomer:
		q = q.ColumnExpr(groupKey("r.customer_id"))
	case books.ByPack:
		q = q.Join("JOIN lots AS l ON " + t.sameRow("l", "r.customer_id", "r.lot_id") + t.withPack()).ColumnExpr(groupKey("p.pack_id"))
	case books.ByMeter: // EachLotDayUse parts it
		return nil, nil
	default:
		q = q.ColumnExpr("'' AS group_key")
	}
	return t.chart(ctx, books.ChartFilter{Interval: filter.Interval, By: filter.By, Top: filter.Top}, chartSource{
		doing: "adding up revenue of use", rows: q, sums: "CAST(sum(functional) AS BIGINT) AS functional", rank: "sum(functional)",
		few: filter.By == books.ByPack,
	})
}

// The draws of a day of a lot by meter, beside what was booked of the day under one date.
const lotDayUse = `SELECT r.lot_id, r.day, r.accounting_date, e.meter_id, r.currency, r.overage, r.minor, r.functional,
		coalesce(CAST(sum(CASE WHEN e.id IS NOT NULL THEN w.credits END) AS BIGINT), 0) AS credits
	FROM (?) AS r
	LEFT JOIN draws AS w ON w.customer_id = r.customer_id AND w.lot_id = r.lot_id AND w.day = r.day
	LEFT JOIN usage_events AS e ON e.customer_id = w.customer_id AND e.id = w.event_id AND ?
	GROUP BY r.customer_id, r.lot_id, r.day, r.accounting_date, r.currency, r.overage, r.minor, r.functional, e.meter_id
	ORDER BY r.customer_id, r.lot_id, r.day, r.accounting_date, coalesce(CAST(e.meter_id AS TEXT), '')`

// The same for PostgreSQL, which is led to read draws and events once rather than one by one.
const postgresLotDayUse = `WITH booked AS MATERIALIZED (?)
	SELECT r.lot_id, r.day, r.accounting_date, w.meter_id, r.currency, r.overage, r.minor, r.functional, coalesce(w.credits, 0) AS credits
	FROM booked AS r
	LEFT JOIN (SELECT w.lot_id, w.day, e.meter_id, CAST(sum(w.credits) AS BIGINT) AS credits
			FROM draws AS w JOIN usage_events AS e ON e.id = w.event_id AND ?
			WHERE w.day >= (SELECT min(day) FROM booked) AND w.day <= (SELECT max(day) FROM booked)? GROUP BY w.lot_id, w.day, e.meter_id) AS w
		ON w.lot_id = r.lot_id AND w.day = r.day
	ORDER BY r.lot_id, r.day, r.accounting_date, w.meter_id NULLS FIRST`

func (t *tx) EachLotDayUse(ctx context.Context, filter books.MarginFilter, yield func(books.LotDayUse) error) error {
	booked := t.usedRevenue(filter).
		ColumnExpr("r.customer_id, r.lot_id, r.day, r.accounting_date, r.currency, CASE WHEN r.kind = 'OVERAGE' THEN 1 ELSE 0 END AS overage").
		ColumnExpr("CAST(sum(r.amount_minor) AS BIGINT) AS minor, CAST(sum(r.functional_minor) AS BIGINT) AS functional").
		GroupExpr("r.customer_id, r.lot_id, r.day, r.accounting_date, r.currency, overage")
	recorded := bun.SafeQuery("1 = 1")
	if !filter.AsOf.IsZero() {
		booked = booked.Where("r.batch_id NOT IN (SELECT b.id FROM batches AS b WHERE b.posted_at_us > ?)", instantOf(filter.AsOf))
		recorded = bun.SafeQuery("e.recorded_at_us <= ?", instantOf(filter.AsOf))
	}
	var lot, meter, currency string
	var day, accounting date
	var overage, minor, functional, credits int64
	var failed error
	targets := []any{
		columnText{&lot},
		&day, &accounting,
		columnText{&meter},
		columnText{&currency},
		columnNumber{&overage},
		columnNumber{&minor},
		columnNumber{&functional},
		columnNumber{&credits},
	}
	statement, args := lotDayUse, []any{booked, recorded}
	if t.bulk {
		of := bun.SafeQuery("")
		if filter.CustomerID != "" {
			of = bun.SafeQuery(" AND w.customer_id = ?", rowID(filter.CustomerID))
		}
		statement, args = postgresLotDayUse, []any{booked, recorded, of}
	}
	err := t.each(ctx, "reading the use of days of lots", statement, args, targets, func() {
		if failed == nil {
			failed = yield(books.LotDayUse{
				LotID: lot, Day: ledger.Date(day), Accounting: ledger.Date(accounting), MeterID: meter, Currency: ledger.Currency(currency),
				Overage: overage == 1, Minor: minor, Functional: functional, Credits: revrec.Credits(credits),
			})
		}
	})
	if err == nil {
		err = failed
	}
	return err
}

type useToCostRow struct {
	Day      string
	GroupKey string
	Others   bool
	MeterID  string
	RateCard int64
	Credits  int64
	// Whole is the sum of quantities, or of what stands before their point, where Billionths
	// is the sum of what stands behind it.
	Whole      string
	Billionths int64
}

// firstDraw says of a draw w of an event e that it is the one that its quantity goes by.
const firstDraw = `(w.credits = e.credits OR NOT EXISTS (SELECT 1 FROM draws AS x
	WHERE x.customer_id = w.customer_id AND x.event_id = w.event_id AND x.lot_id < w.lot_id))`

// UseToCost goes from the days of lots to draws and events, as UsageChart does by meter; on
// PostgreSQL, where a span of days of draws is found by itself, from draws.
func (t *tx) UseToCost(ctx context.Context, filter books.MarginFilter, keys []string) ([]books.UseToCost, error) {
	days, fromDraws := "d", t.bulk && filter.CustomerID == ""
	if fromDraws {
		days = "w"
	}
	q := t.db.NewSelect().Where("?0.day >= ?1 AND ?0.day <= ?2", bun.Ident(days), date(filter.From), date(filter.To)).
		ColumnExpr(days + ".day AS day, coalesce(CAST(e.meter_id AS TEXT), '') AS meter_id, coalesce(e.rate_card, 0) AS rate_card, w.credits AS credits").
		ColumnExpr("CASE WHEN " + firstDraw + " THEN e.quantity END AS quantity")
	packs := ""
	switch filter.By {
	case books.ByCustomer:
		q = q.ColumnExpr(groupKey(days + ".customer_id"))
	case books.ByPack:
		q, packs = q.ColumnExpr(groupKey("p.pack_id")), t.withPack()
	case books.ByMeter:
		q = q.ColumnExpr(groupKey("e.meter_id"))
	default:
		q = q.ColumnExpr("'' AS group_key")
	}
	switch {
	case fromDraws && filter.By == books.ByPack:
		q = q.TableExpr("draws AS w JOIN usage_events AS e ON e.id = w.event_id JOIN lots AS l ON l.id = w.lot_id" + packs)
		return t.useToCost(ctx, filter, keys, q)
	case fromDraws:
		q = q.TableExpr("draws AS w JOIN usage_events AS e ON e.id = w.event_id")
		return t.useToCost(ctx, filter, keys, q)
	case filter.CustomerID != "": // the lots lead
		q = q.TableExpr("lots AS l CROSS JOIN lot_days AS d" + packs).Where("d.customer_id = l.customer_id AND d.lot_id = l.id")
		q = whereID(q, "l.customer_id", filter.CustomerID)
	case filter.By == books.ByPack:
		q = q.TableExpr("lot_days AS d CROSS JOIN lots AS l" + packs).Where("l.customer_id = d.customer_id AND l.id = d.lot_id")
	default:
		q = q.TableExpr("lot_days AS d")
	}
	q = q.TableExpr("draws AS w").TableExpr("usage_events AS e").
		Where("w.customer_id = d.customer_id AND w.lot_id = d.lot_id AND w.day = d.day AND e.customer_id = w.customer_id AND e.id = w.event_id")
	return t.useToCost(ctx, filter, keys, q)
}

func (t *tx) useToCost(ctx context.Context, filter books.MarginFilter, keys []string, rows *bun.SelectQuery) ([]books.UseToCost, error) {
	day := "day"
	if filter.Interval == books.Monthly {
		day = "substr(day, 1, 7)"
	}
	known := bun.List(append(keys, noGroup))
	summed := t.db.NewSelect().TableExpr("(?) AS rows", rows).
		ColumnExpr(day+" AS day").
		ColumnExpr("CASE WHEN group_key IN (?0) THEN group_key ELSE '' END AS group_key, group_key NOT IN (?0) AS others", known).
		ColumnExpr("meter_id, rate_card, CAST(sum(credits) AS BIGINT) AS credits").
		ColumnExpr(t.sumQuantity).
		GroupExpr("1, 2, 3, 4, 5")
	if filter.By == "" {
		summed = t.db.NewSelect().TableExpr("(?) AS rows", rows).
			ColumnExpr(day + " AS day, '' AS group_key, 0 = 1 AS others, meter_id, rate_card, CAST(sum(credits) AS BIGINT) AS credits").
			ColumnExpr(t.sumQuantity).
			GroupExpr("1, 2, 3, 4, 5")
	}
	var found []useToCostRow
	if err := summed.Scan(ctx, &found); err != nil {
		return nil, t.refused("adding up use to cost", err)
	}
	uses := make([]books.UseToCost, len(found))
	for i, row := range found {
		whole, err := decimal.NewFromString(row.Whole)
		if err != nil {
			return nil, err
		}
		if len(row.Day) == len("2006-01") {
			row.Day += "-01"
		}
		uses[i] = books.UseToCost{
			Group: books.ChartGroup{Key: row.GroupKey, Others: row.Others}, MeterID: row.MeterID, RateCard: int(row.RateCard),
			Quantity: whole.Add(decimal.New(row.Billionths, -9)), Credits: revrec.Credits(row.Credits),
		}
		if err := uses[i].Day.UnmarshalText([]byte(row.Day)); err != nil {
			return nil, err
		}
	}
	return uses, nil
}
