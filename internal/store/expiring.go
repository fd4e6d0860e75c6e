package store

import (
	"context"
	"strings"
	"time"

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
// of what expires; as of an instant, as they were then.
func (t *tx) expiring(filter books.ExpiringFilter) *bun.SelectQuery {
	q := t.db.NewSelect()
	if filter.AsOf.IsZero() {
		return q.TableExpr("(?) AS lots", t.narrowed(t.db.NewSelect().TableExpr("lots").Where("expires_at_us IS NOT NULL").Where(t.hasUnused).
			Where("granted - drawn - refunded > lapsed AND kind <> 'OVERAGE'").
			ColumnExpr("customer_id, lapses_on, currency, functional_currency, granted - drawn - refunded - lapsed AS unused, carrying_minor AS carrying, carrying_functional_minor AS functional"), filter))
	}
	return q.TableExpr("(?) AS lots", t.expiringThen(filter))
}

func (t *tx) narrowed(q *bun.SelectQuery, filter books.ExpiringFilter) *bun.SelectQuery {
	q = whereID(whereID(q, "customer_id", filter.CustomerID), "policy_id", filter.PolicyID)
	return whereWithin(whereEqual(q, "currency", string(filter.Currency)), "expires_at_us", filter.ExpiresFrom, filter.ExpiresBefore)
}

// lotsThen are lots as they were at an instant: as they are, less what was written, drawn, refunded and posted since. They
// carried nothing before their liability appeared, whatever else became of them, and what the filter says where it was about to
// appear in parts. What had not lapsed by then did so later.
const lotsThen = `WITH later AS (SELECT * FROM lot_changes WHERE coalesce(written_at_us, at_us) > ?0),
	ends AS (SELECT customer_id, lot_id, min(was_expires_at_us) AS expires, min(was_lapses_on) AS last FROM later
		WHERE kind = 'EXTENDED' AND was_expires_at_us IS NOT NULL GROUP BY customer_id, lot_id),
	moved AS (SELECT customer_id, lot_id, CAST(sum(credits) AS BIGINT) AS credits, CAST(sum(minor) AS BIGINT) AS minor, CAST(sum(functional) AS BIGINT) AS functional
		FROM (SELECT customer_id, lot_id, credits, amount_minor AS minor, functional_minor AS functional FROM later
			UNION ALL SELECT customer_id, lot_id, 0, amount_minor, functional_minor FROM recognitions
				WHERE batch_id IN (SELECT id FROM batches WHERE posted_at_us IS NULL OR posted_at_us > ?0) AND lot_id IS NOT NULL AND kind NOT IN ('USAGE_UNBILLED', 'OVERAGE')) AS since GROUP BY customer_id, lot_id),
	paid AS (SELECT customer_id, id AS lot_id, carrying_minor AS minor, carrying_functional_minor AS functional FROM lots WHERE 1 = 0 ?2)
	SELECT l.customer_id, l.policy_id, l.currency, l.functional_currency, coalesce(x.expires, l.expires_at_us) AS expires_at_us, coalesce(x.last, l.lapses_on) AS lapses_on,
		l.granted - l.drawn - l.removed + coalesce(m.credits, 0) - CASE WHEN p.refunded_at_us > ?0 THEN 0 ELSE l.refunded - l.removed END
			+ coalesce((SELECT CAST(sum(d.credits) AS BIGINT) FROM draws AS d CROSS JOIN usage_events AS e
				WHERE d.customer_id = l.customer_id AND d.lot_id = l.id AND e.customer_id = d.customer_id AND e.id = d.event_id AND e.recorded_at_us > ?0), 0) AS unused,
		coalesce(y.minor, CASE WHEN ?3 THEN l.carrying_minor + coalesce(m.minor, 0) + CASE WHEN p.refunded_at_us > ?0 THEN l.refunded_minor ELSE 0 END ELSE 0 END) AS carrying,
		coalesce(y.functional, CASE WHEN ?3 THEN l.carrying_functional_minor + coalesce(m.functional, 0) + CASE WHEN p.refunded_at_us > ?0 THEN l.refunded_functional_minor ELSE 0 END ELSE 0 END) AS functional
	FROM lots AS l LEFT JOIN purchases AS p ON p.id = l.purchase_id
		LEFT JOIN ends AS x ON x.customer_id = l.customer_id AND x.lot_id = l.id LEFT JOIN moved AS m ON m.customer_id = l.customer_id AND m.lot_id = l.id
		LEFT JOIN paid AS y ON y.customer_id = l.customer_id AND y.lot_id = l.id
	WHERE l.kind <> 'OVERAGE' AND ?1 AND coalesce(l.created_at_us, p.created_at_us,
		(SELECT coalesce(c.written_at_us, c.at_us) FROM lots AS o CROSS JOIN lot_changes AS c
			WHERE o.id = l.origin_lot_id AND c.customer_id = o.customer_id AND c.lot_id = o.id AND c.to_lot_id = l.id LIMIT 1), l.starts_at_us) <= ?0`

// liabilityThen is whether some of the liability of a lot was there: what came from another customer was paid; else an entry brought it, or it was taken over and no entry
// brought it since.
var liabilityThen = `(l.purchase_id IS NULL OR EXISTS (SELECT 1 FROM entries AS e JOIN lines AS i ON i.entry_number = e.number AND i.account = 'deferred_revenue'
		WHERE e.reference = CAST(l.purchase_id AS TEXT) AND ` + appearing("e") + ` AND e.number <= ?0)
	OR p.opening_on IS NOT NULL AND l.liability_on IS NOT NULL AND NOT EXISTS (SELECT 1 FROM entries AS e JOIN lines AS i ON i.entry_number = e.number AND i.account = 'deferred_revenue'
		WHERE e.reference = CAST(l.purchase_id AS TEXT) AND ` + appearing("e") + ` AND e.number > ?0))`

// expiringThen finds lots by their end now, or by the one that they had before an extension.
func (t *tx) expiringThen(filter books.ExpiringFilter) *bun.SelectQuery {
	of := bun.SafeQuery("(coalesce(l.expires_at_us, 9223372036854775807) >= ? OR x.expires IS NOT NULL)", instantOf(filter.ExpiresFrom))
	if filter.CustomerID != "" {
		of = bun.SafeQuery("? AND l.customer_id = ?", of, rowID(filter.CustomerID))
	}
	carried := bun.SafeQuery("")
	for _, lot := range filter.Carried {
		carried = bun.SafeQuery("? UNION ALL SELECT ?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT)", carried, rowID(lot.CustomerID), rowID(lot.LotID), lot.Minor, lot.Functional)
	}
	then := t.db.NewSelect().TableExpr("(?) AS lots_then", bun.SafeQuery(lotsThen, instantOf(filter.AsOf), of, carried, bun.SafeQuery(liabilityThen, postedThrough(filter.AsOf)))).
		ColumnExpr("*").Where("expires_at_us IS NOT NULL AND unused > 0")
	return t.narrowed(then, filter)
}

const expiringSums = `count(*) AS lots, CAST(sum(unused) AS BIGINT) AS unused,
	CAST(sum(carrying) AS BIGINT) AS carrying, CAST(sum(functional) AS BIGINT) AS functional`

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

// PaidAround reads what appeared since, and looks whether some had appeared before.
func (t *tx) PaidAround(ctx context.Context, customerID string, asOf time.Time) ([]string, error) {
	of := bun.SafeQuery("")
	if customerID != "" {
		of = bun.SafeQuery("AND e.reference IN (SELECT CAST(id AS TEXT) FROM purchases WHERE customer_id = ?)", rowID(customerID))
	}
	rows, err := query[purchaseRow](ctx, t, "reading what was paid in parts before and after", `SELECT DISTINCT e.reference AS id
		FROM entries AS e JOIN lines AS i ON i.entry_number = e.number AND i.account = 'deferred_revenue' WHERE e.number > ?0 AND `+appearing("e")+` ?1
			AND EXISTS (SELECT 1 FROM entries AS o JOIN lines AS n ON n.entry_number = o.number AND n.account = 'deferred_revenue'
				WHERE o.reference = e.reference AND `+appearing("o")+` AND o.number <= ?0) ORDER BY 1`, postedThrough(asOf), of)
	return convert(rows, func(row purchaseRow) string { return row.ID }), err
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
