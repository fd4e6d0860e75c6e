package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// notDue is what was invoiced and is due after a day, less what was paid ahead by then; and, as
// revenue, what was earned of it before there was a liability.
const notDue = `SELECT policy_id, currency, month, jurisdiction, CAST(sum(price - paid) AS BIGINT) AS deferred, CAST(sum(price_functional - paid_functional) AS BIGINT) AS deferred_functional,
		CAST(sum(asset) AS BIGINT) AS revenue, CAST(sum(asset_functional) AS BIGINT) AS revenue_functional
	FROM (SELECT CAST(p.policy_id AS TEXT) AS policy_id, p.currency, coalesce(c.month, substr(o.purchased_on, 1, 7)) AS month, coalesce(o.jurisdiction, '') AS jurisdiction, p.price_minor AS price, p.functional_minor AS price_functional,
			coalesce((SELECT sum(-l.amount_minor) ?0), 0) AS paid, coalesce((SELECT sum(-l.functional_minor) ?0), 0) AS paid_functional,
			coalesce((SELECT sum(CASE r.kind WHEN 'CLEARING' THEN -r.amount_minor ELSE r.amount_minor END) ?1), 0) AS asset,
			coalesce((SELECT sum(CASE r.kind WHEN 'CLEARING' THEN -r.functional_minor ELSE r.functional_minor END) ?1), 0) AS asset_functional
		FROM purchases AS p JOIN lots AS o ON o.customer_id = p.customer_id AND o.id = p.lot_id LEFT JOIN cohorts AS c ON c.id = o.cohort_id
		WHERE p.due_on > ?2 AND NOT p.cancellable AND p.purchased_at_us < ?3 AND p.created_at_us <= ?4
		AND (p.voided_at_us IS NULL OR p.voided_at_us > ?4 OR p.voided_at_us >= ?3)
	) AS owed WHERE price > paid GROUP BY policy_id, currency, month, jurisdiction ORDER BY policy_id, currency, month, jurisdiction`

func (t *tx) NotDue(ctx context.Context, s books.MovementSpan, ended time.Time) ([]books.CohortMovement, error) {
	paid := bun.SafeQuery(`FROM entries AS e JOIN lines AS l ON l.entry_number = e.number AND l.account = 'deferred_revenue'
		WHERE e.reference = CAST(p.id AS TEXT) AND e.kind = 'PAYMENT' AND e.accounting_date <= ? AND e.number <= ?`, date(s.To), s.Through)
	asset := bun.SafeQuery(`FROM lots AS l JOIN recognitions AS r ON r.customer_id = l.customer_id AND r.lot_id = l.id AND r.lot_id IS NOT NULL JOIN batches AS b ON b.id = r.batch_id
		WHERE l.customer_id = p.customer_id AND l.purchase_id = p.id AND r.kind IN (?, ?) AND r.accounting_date <= ? AND b.posted_at_us <= ?`,
		"USAGE_UNBILLED", string(ledger.ClearingEntry), date(s.To), instantOf(s.AsOf))
	rows, err := query[cohortMovementRow](ctx, t, "adding up what is not due", notDue, paid, asset, date(s.To), instantOf(ended), instantOf(s.AsOf))
	return cohortMovementsOf(rows, err)
}
