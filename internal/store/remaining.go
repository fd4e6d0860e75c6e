package store

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// notDueLots is what was invoiced and is due after a day, less what was paid ahead by then; and, as
// asset, what was earned of it before there was a liability: by purchase, with its lot.
const notDueLots = `SELECT o.customer_id, o.id AS lot_id, p.id AS purchase_id, CAST(p.policy_id AS TEXT) AS policy_id, p.currency, coalesce(c.month, substr(o.purchased_on, 1, 7)) AS month, coalesce(o.jurisdiction, '') AS jurisdiction, p.price_minor AS price, p.functional_minor AS price_functional,
			coalesce((SELECT sum(-l.amount_minor) ?0), 0) AS paid, coalesce((SELECT sum(-l.functional_minor) ?0), 0) AS paid_functional,
			coalesce((SELECT sum(CASE r.kind WHEN 'CLEARING' THEN -r.amount_minor ELSE r.amount_minor END) ?1), 0) AS asset,
			coalesce((SELECT sum(CASE r.kind WHEN 'CLEARING' THEN -r.functional_minor ELSE r.functional_minor END) ?1), 0) AS asset_functional
		FROM purchases AS p JOIN lots AS o ON o.customer_id = p.customer_id AND o.id = p.lot_id LEFT JOIN cohorts AS c ON c.id = o.cohort_id
		WHERE p.due_on > ?2 AND NOT p.cancellable AND p.purchased_at_us < ?3 AND p.created_at_us <= ?4
		AND (p.voided_at_us IS NULL OR p.voided_at_us > ?4 OR p.voided_at_us >= ?3)`

func (t *tx) notDueLots(s books.MovementSpan, ended time.Time) schema.QueryWithArgs {
	paid := bun.SafeQuery(`FROM entries AS e JOIN lines AS l ON l.entry_number = e.number AND l.account = 'deferred_revenue'
		WHERE e.reference = CAST(p.id AS TEXT) AND e.kind = 'PAYMENT' AND e.accounting_date <= ? AND e.number <= ?`, date(s.To), s.Through)
	asset := bun.SafeQuery(`FROM lots AS l JOIN recognitions AS r ON r.customer_id = l.customer_id AND r.lot_id = l.id AND r.lot_id IS NOT NULL JOIN batches AS b ON b.id = r.batch_id
		WHERE l.customer_id = p.customer_id AND l.purchase_id = p.id AND r.kind IN (?, ?) AND r.accounting_date <= ? AND b.posted_at_us <= ?`,
		"USAGE_UNBILLED", string(ledger.ClearingEntry), date(s.To), instantOf(s.AsOf))
	return bun.SafeQuery(notDueLots, paid, asset, date(s.To), instantOf(ended), instantOf(s.AsOf))
}

func (t *tx) NotDue(ctx context.Context, s books.MovementSpan, ended time.Time) ([]books.CohortMovement, error) {
	rows, err := query[cohortMovementRow](ctx, t, "adding up what is not due",
		`SELECT policy_id, currency, month, jurisdiction, CAST(sum(price - paid) AS BIGINT) AS deferred, CAST(sum(price_functional - paid_functional) AS BIGINT) AS deferred_functional,
			CAST(sum(asset) AS BIGINT) AS revenue, CAST(sum(asset_functional) AS BIGINT) AS revenue_functional
		FROM (?) AS owed WHERE price > paid GROUP BY policy_id, currency, month, jurisdiction ORDER BY policy_id, currency, month, jurisdiction`, t.notDueLots(s, ended))
	return cohortMovementsOf(rows, err)
}

// What lots carried at the end of a day: what they carry, with all that left them since, less what came to them since; and
// what is not due of them. Of a purchase that is not due yet, what rolled over is with the lot in which it lives on, and what a
// bonus has of the price with the bonus. Lots that were extended since had the last day from before.
const (
	lotEnds = `later AS (SELECT * FROM lot_changes WHERE day > ?0 OR coalesce(written_at_us, at_us) > ?1),
		ends AS (SELECT customer_id, lot_id, min(was_lapses_on) AS last FROM later WHERE kind = 'EXTENDED' AND was_lapses_on IS NOT NULL GROUP BY customer_id, lot_id),
		owed AS (SELECT * FROM (?2) AS o WHERE o.price > o.paid)`
	ofLotEnd = "CAST(l.policy_id AS TEXT) AS policy_id, l.currency, coalesce(c.month, substr(l.purchased_on, 1, 7), '') AS month, coalesce(substr(coalesce(x.last, l.lapses_on), 1, 7), '') AS last, " + endsLate
	// endsLate is whether credits were sold to last longer than a year: beyond the same day a year later, or for ever.
	endsLate   = "CASE WHEN coalesce(x.last, l.lapses_on) <= CAST(CAST(substr(l.purchased_on, 1, 4) AS INTEGER) + 1 AS TEXT) || substr(l.purchased_on, 5) THEN 0 ELSE 1 END AS late"
	withLotEnd = " LEFT JOIN cohorts AS c ON c.id = l.cohort_id LEFT JOIN ends AS x ON x.customer_id = l.customer_id AND x.lot_id = l.id"
)

// appearing is the condition by which an entry brings some of the liability of its purchase.
func appearing(entry string) string { return entry + ".kind IN ('PURCHASE', 'PAYMENT', 'DUE')" }

type lotEndRow struct {
	PolicyID, Currency, Month, Last string
	Minor, Late                     int64
	PurchaseID                      string `bun:",scanonly"`
	IsBonus, Before                 int64  `bun:",scanonly"`
}

func (row lotEndRow) end() (end books.LotEnd, err error) {
	end = books.LotEnd{PolicyID: row.PolicyID, Currency: ledger.Currency(row.Currency), Minor: row.Minor, OverYear: row.Late == 1, PurchaseID: row.PurchaseID, IsBonus: row.IsBonus == 1, Before: row.Before}
	if row.Month != "" {
		if end.Month, err = monthOf(row.Month); err != nil {
			return end, err
		}
	}
	if row.Last != "" {
		end.Last, err = monthOf(row.Last)
	}
	return end, err
}

func (t *tx) LotEnds(ctx context.Context, s books.MovementSpan, ended time.Time) ([]books.LotEnd, error) {
	set, of := since(s), bun.Safe(t.ofReference())
	later := bun.SafeQuery(lotEnds, date(s.To), instantOf(s.AsOf), t.notDueLots(s, ended))
	moved := bun.SafeQuery(`SELECT customer_id, lot_id, amount_minor AS minor FROM later WHERE amount_minor <> 0
		UNION ALL SELECT k.customer_id, k.id, -c.amount_minor FROM later AS c JOIN lots AS k ON k.id = c.to_lot_id WHERE c.amount_minor <> 0
		UNION ALL SELECT o.customer_id, o.lot_id, CASE WHEN p.bonus_lot_id IS NULL THEN o.price - o.paid ELSE 0 END - o.asset FROM owed AS o JOIN purchases AS p ON p.id = o.purchase_id
		UNION ALL SELECT c.customer_id, CASE s.side WHEN 1 THEN k.id ELSE c.lot_id END, s.side * (c.amount_minor - k.stepped_minor)
			FROM owed AS o JOIN purchases AS p ON p.id = o.purchase_id JOIN lot_changes AS c ON c.customer_id = p.customer_id AND c.lot_id IN (p.lot_id, p.bonus_lot_id) AND c.kind = 'ROLLED_OVER'
			JOIN lots AS k ON k.customer_id = c.customer_id AND k.id = c.to_lot_id CROSS JOIN (SELECT 1 AS side UNION ALL SELECT -1) AS s
			WHERE p.status = 'INVOICED' AND NOT p.due_booked
		UNION ALL SELECT l.customer_id, l.id, l.refunded_minor FROM (SELECT DISTINCT p.customer_id, p.id FROM entries AS e JOIN purchases AS p ON p.id = ? WHERE e.kind = 'REFUND' AND (? OR ?)) AS p
			JOIN lots AS l ON l.customer_id = p.customer_id AND l.purchase_id = p.id WHERE l.refunded_on IS NOT NULL`,
		of, set[0].entries, set[1].entries)
	for _, set := range set {
		moved = bun.SafeQuery(`?
			UNION ALL SELECT r.customer_id, r.lot_id, r.amount_minor FROM recognitions AS r JOIN batches AS b ON b.id = r.batch_id
				WHERE ? AND r.lot_id IS NOT NULL AND r.kind NOT IN ('USAGE_UNBILLED', 'OVERAGE')
			UNION ALL SELECT p.customer_id, p.lot_id, i.amount_minor FROM entries AS e JOIN lines AS i ON i.entry_number = e.number AND i.account = 'deferred_revenue' JOIN purchases AS p ON p.id = ?
				WHERE `+appearing("e")+` AND p.bonus_lot_id IS NULL AND ?
			UNION ALL SELECT p.customer_id, p.lot_id, -p.price_minor FROM purchases AS p
				JOIN entries AS e ON e.number = (SELECT min(o.number) FROM entries AS o WHERE o.kind = 'OPENING' AND o.occurred_on = p.opening_on AND o.posted_at_us >= p.created_at_us)
				WHERE p.opening_on IS NOT NULL AND ?`, moved, set.recognitions, of, set.entries, set.entries)
	}
	rows, err := query[lotEndRow](ctx, t, "adding up what is deferred by the last day of lots",
		`WITH ?, moved AS (?) SELECT policy_id, currency, month, last, late, CAST(sum(minor) AS BIGINT) AS minor FROM (
			SELECT `+ofLotEnd+`, l.carrying_minor AS minor FROM lots AS l`+withLotEnd+` WHERE `+t.carries+`
			UNION ALL SELECT `+ofLotEnd+`, m.minor FROM moved AS m JOIN lots AS l ON `+t.sameRow("l", "m.customer_id", "m.lot_id")+withLotEnd+` WHERE l.kind = 'PURCHASE'
		) AS by_lot GROUP BY policy_id, currency, month, last, late ORDER BY policy_id, currency, month, last, late`, later, moved)
	if err != nil {
		return nil, err
	}
	shared, err := query[lotEndRow](ctx, t, "reading what appeared of purchases with a bonus",
		`WITH ?, touched AS (SELECT p.id, p.customer_id, p.lot_id, p.bonus_lot_id, CAST(sum(-i.amount_minor) AS BIGINT) AS minor
			FROM entries AS e JOIN lines AS i ON i.entry_number = e.number AND i.account = 'deferred_revenue' JOIN purchases AS p ON p.id = ?
			WHERE `+appearing("e")+` AND p.bonus_lot_id IS NOT NULL AND (? OR ?) GROUP BY p.id, p.customer_id, p.lot_id, p.bonus_lot_id)
		SELECT `+ofLotEnd+`, p.minor, CAST(p.id AS TEXT) AS purchase_id, CASE WHEN l.id = p.bonus_lot_id THEN 1 ELSE 0 END AS is_bonus,
			CAST(coalesce((SELECT sum(-i.amount_minor) FROM entries AS e JOIN lines AS i ON i.entry_number = e.number AND i.account = 'deferred_revenue'
				WHERE e.reference = CAST(p.id AS TEXT) AND `+appearing("e")+`), 0) AS BIGINT) - p.minor AS before
		FROM touched AS p JOIN lots AS l ON l.customer_id = p.customer_id AND l.id IN (p.lot_id, p.bonus_lot_id)`+withLotEnd+`
		UNION ALL SELECT `+ofLotEnd+`, o.paid - o.price, CAST(p.id AS TEXT), CASE WHEN l.id = p.bonus_lot_id THEN 1 ELSE 0 END, o.price
			FROM owed AS o JOIN purchases AS p ON p.id = o.purchase_id AND p.bonus_lot_id IS NOT NULL JOIN lots AS l ON l.customer_id = p.customer_id AND l.id IN (p.lot_id, p.bonus_lot_id)`+withLotEnd+`
		ORDER BY 7, 8, 9`,
		later, of, set[0].entries, set[1].entries)
	if err != nil {
		return nil, err
	}
	ends := make([]books.LotEnd, 0, len(rows)+len(shared))
	for _, row := range slices.Concat(rows, shared) {
		end, err := row.end()
		if err != nil {
			return nil, err
		}
		ends = append(ends, end)
	}
	return ends, nil
}
