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

// openingColumns are the figures of what was recognised of a lot, by the kind and the part of a
// recognition, and in the currency of the contract and in the book's.
func openingColumns(of func(name, kind, part string) string) string {
	var columns []string
	for _, column := range [][3]string{
		{"used", "USAGE", "amount"},
		{"unbilled", "USAGE_UNBILLED", "amount"},
		{"overage", "OVERAGE", "amount"},
		{"expired", "BREAKAGE_EXPIRY", "amount"},
		{"expired_law", "BREAKAGE_EXPIRY", "unclaimed"},
		{"remote", "BREAKAGE_REMOTE", "amount"},
		{"remote_law", "BREAKAGE_REMOTE", "unclaimed"},
		{"early", "BREAKAGE_EARLY", "amount"},
		{"early_law", "BREAKAGE_EARLY", "unclaimed"},
		{"caught_up", "BREAKAGE_CATCH_UP", "amount"},
		{"caught_up_law", "BREAKAGE_CATCH_UP", "unclaimed"},
	} {
		functional := column[2] + "_functional_minor"
		if column[2] == "amount" {
			functional = "functional_minor"
		}
		columns = append(columns, of(column[0], column[1], "r."+column[2]+"_minor"), of(column[0]+"_functional", column[1], "r."+functional))
	}
	return strings.Join(columns, ", ")
}

// openingRevenue goes from the lots of which something was recognised back through those that
// they came out of since the span began, to the one that was there when it did, if one was. What
// lapsed before and was given back in the span was not. Pools of one lot go with it.
func (t *tx) openingRevenue() string {
	sums := openingColumns(func(name, kind, part string) string {
		return "sum(CASE WHEN r.kind = '" + kind + "' THEN " + part + " ELSE 0 END) AS " + name
	})
	// Where the law gave back, revenue may be of what was released before, and of no deferred revenue.
	sums += ", max(CASE WHEN r.unclaimed_minor < 0 OR r.unclaimed_functional_minor < 0 THEN 1 ELSE 0 END) AS back"
	again := openingColumns(func(name, _, _ string) string { return "CAST(sum(t." + name + ") AS BIGINT) AS " + name })
	return `WITH RECURSIVE parts AS (
			SELECT r.lot_id, r.policy_id, r.currency, ` + sums + ` FROM recognitions AS r JOIN batches AS b ON b.id = r.batch_id
			WHERE ?0 AND r.lot_id IS NOT NULL AND r.kind <> 'CLEARING' GROUP BY r.lot_id, r.policy_id, r.currency
			UNION ALL SELECT ` + t.ofPool() + `, r.policy_id, r.currency, ` + sums + ` FROM recognitions AS r JOIN batches AS b ON b.id = r.batch_id JOIN pools AS g ON g.id = r.pool_id
			WHERE ?0 AND g.pool_by = 'LOT' GROUP BY 1, 2, 3
		), up AS (
			SELECT p.lot_id AS first_id, l.id, l.origin_lot_id, 0 AS steps, 0 AS gone FROM (SELECT DISTINCT lot_id FROM parts) AS p JOIN lots AS l ON l.id = p.lot_id
			UNION ALL SELECT u.first_id, l.id, l.origin_lot_id, u.steps + 1, CASE WHEN u.gone = 1 OR c.kind = 'REINSTATED' AND l.lapses_on < ?1 THEN 1 ELSE 0 END
			FROM up AS u JOIN lots AS l ON l.id = u.origin_lot_id JOIN lot_changes AS c ON c.customer_id = l.customer_id AND c.lot_id = l.id AND c.to_lot_id = u.id
			WHERE c.day >= ?1
		), roots AS (
			SELECT u.first_id, u.id, u.gone FROM up AS u JOIN (SELECT first_id, max(steps) AS steps FROM up GROUP BY first_id) AS m ON m.first_id = u.first_id AND m.steps = u.steps
		), appeared AS (
			SELECT o.first_id, o.id AS root_id, l.purchased_on, CASE WHEN o.gone = 1 OR l.kind <> 'PURCHASE' THEN 0
				WHEN l.purchase_id IS NULL THEN 1
				WHEN coalesce((SELECT min(e.accounting_date) FROM entries AS e WHERE e.reference = CAST(l.purchase_id AS TEXT) AND e.kind IN ('PURCHASE', 'PAYMENT', 'DUE') AND e.number <= ?2),
					(SELECT p.opening_on FROM purchases AS p WHERE p.customer_id = l.customer_id AND p.id = l.purchase_id), ?1) < ?1 THEN 1
				ELSE 0 END AS there,
				CASE WHEN l.liability_steps IS NOT NULL THEN 1 ELSE 0 END AS stepped
			FROM roots AS o JOIN lots AS l ON l.id = o.id
		), bounded AS (
			SELECT a.root_id FROM parts AS t JOIN appeared AS a ON a.first_id = t.lot_id WHERE a.there = 1 GROUP BY a.root_id HAVING max(t.back) = 1 OR max(a.stepped) = 1
		)
		SELECT CAST(t.policy_id AS TEXT) AS policy_id, t.currency, coalesce(substr(a.purchased_on, 1, 7), '') AS month, a.there, coalesce(CAST(o.root_id AS TEXT), '') AS lot_id, ` + again + `
		FROM parts AS t JOIN appeared AS a ON a.first_id = t.lot_id LEFT JOIN bounded AS o ON o.root_id = a.root_id AND a.there = 1 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`
}

type openingRow struct {
	PolicyID, Currency, Month          string
	There                              int64
	LotID                              string
	Used, UsedFunctional               int64
	Unbilled, UnbilledFunctional       int64
	Overage, OverageFunctional         int64
	Expired, ExpiredFunctional         int64
	ExpiredLaw, ExpiredLawFunctional   int64
	Remote, RemoteFunctional           int64
	RemoteLaw, RemoteLawFunctional     int64
	Early, EarlyFunctional             int64
	EarlyLaw, EarlyLawFunctional       int64
	CaughtUp, CaughtUpFunctional       int64
	CaughtUpLaw, CaughtUpLawFunctional int64
}

func (t *tx) OpeningParts(ctx context.Context, s books.MovementSpan) ([]books.OpeningPart, error) {
	rows, err := query[openingRow](ctx, t, "finding what revenue came out of the opening balance", t.openingRevenue(), within(s)[0].recognitions, date(s.From), s.Through)
	if err != nil {
		return nil, err
	}
	parts := make([]books.OpeningPart, len(rows))
	for i, r := range rows {
		parts[i] = books.OpeningPart{
			PolicyID: r.PolicyID, Currency: ledger.Currency(r.Currency), There: r.There == 1, LotID: r.LotID,
			Contract: books.OpeningFigures{
				Used: r.Used, Unbilled: r.Unbilled, Overage: r.Overage, Expired: r.Expired, ExpiredLaw: r.ExpiredLaw, Remote: r.Remote, RemoteLaw: r.RemoteLaw,
				Early: r.Early - r.EarlyLaw, CaughtUp: r.CaughtUp - r.CaughtUpLaw,
			},
			Functional: books.OpeningFigures{
				Used: r.UsedFunctional, Unbilled: r.UnbilledFunctional, Overage: r.OverageFunctional, Expired: r.ExpiredFunctional, ExpiredLaw: r.ExpiredLawFunctional,
				Remote: r.RemoteFunctional, RemoteLaw: r.RemoteLawFunctional, Early: r.EarlyFunctional - r.EarlyLawFunctional, CaughtUp: r.CaughtUpFunctional - r.CaughtUpLawFunctional,
			},
		}
		if r.Month != "" {
			if parts[i].Month, err = monthOf(r.Month); err != nil {
				return nil, err
			}
		}
	}
	return parts, nil
}

// The early breakage of pools of more than one lot; what is recognised of days before the span;
// and what left the liability of lots before it: by what was recognised,
// by acts, and by early breakage of a pool of its own.
const (
	sharedPools = `SELECT CAST(r.policy_id AS TEXT) AS policy_id, r.currency, CASE g.pool_by WHEN 'PURCHASE_MONTH' THEN substr(g.pool_key, 1, 7) ELSE '' END AS month, r.kind,
			CAST(sum(r.amount_minor - r.unclaimed_minor) AS BIGINT) AS revenue, CAST(sum(r.functional_minor - r.unclaimed_functional_minor) AS BIGINT) AS revenue_functional
		FROM recognitions AS r JOIN batches AS b ON b.id = r.batch_id JOIN pools AS g ON g.id = r.pool_id
		WHERE ? AND g.pool_by <> 'LOT' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`
	earlierRevenue = `SELECT CAST(r.policy_id AS TEXT) AS policy_id, r.currency, CASE WHEN r.kind = 'BREAKAGE_CATCH_UP' THEN 'CATCH_UP'
				WHEN r.kind IN ('USAGE', 'USAGE_UNBILLED', 'OVERAGE') THEN 'LATE_USE' ELSE 'BREAKAGE' END AS kind,
			CAST(sum(r.amount_minor - r.unclaimed_minor) AS BIGINT) AS revenue, CAST(sum(r.functional_minor - r.unclaimed_functional_minor) AS BIGINT) AS revenue_functional
		FROM recognitions AS r JOIN batches AS b ON b.id = r.batch_id
		WHERE ?0 AND (r.day < ?1 OR r.kind = 'BREAKAGE_CATCH_UP') AND r.kind <> 'CLEARING' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`
	voidedEarlier = `SELECT CAST(w.customer_id AS TEXT) AS customer_id, CAST(w.lot_id AS TEXT) AS lot_id, CAST(-sum(w.credits) AS BIGINT) AS credits
		FROM usage_events AS e JOIN usage_events AS o ON o.customer_id = e.customer_id AND o.id = e.void_of
		JOIN draws AS w ON w.customer_id = e.customer_id AND w.event_id = e.id
		WHERE e.void_of IS NOT NULL AND o.occurred_at_us < ?0 AND e.recorded_at_us <= ?1 AND w.day >= ?2 AND w.day <= ?3
		GROUP BY w.customer_id, w.lot_id ORDER BY w.customer_id, w.lot_id`
	outBefore = `SELECT CAST(lot_id AS TEXT) AS lot_id, CAST(sum(minor) AS BIGINT) AS minor, CAST(sum(functional) AS BIGINT) AS functional FROM (
			SELECT r.lot_id, r.amount_minor AS minor, r.functional_minor AS functional FROM lots AS l
				JOIN recognitions AS r ON r.customer_id = l.customer_id AND r.lot_id = l.id AND r.lot_id IS NOT NULL JOIN batches AS b ON b.id = r.batch_id
				WHERE l.id IN (?0) AND r.accounting_date < ?1 AND b.posted_at_us <= ?2 AND r.kind IN ('USAGE', 'CLEARING', 'BREAKAGE_EXPIRY', 'BREAKAGE_REMOTE')
			UNION ALL SELECT c.lot_id, c.amount_minor, c.functional_minor FROM lots AS l JOIN lot_changes AS c ON c.customer_id = l.customer_id AND c.lot_id = l.id
				WHERE l.id IN (?0) AND c.day < ?1 AND coalesce(c.written_at_us, c.at_us) <= ?2
			UNION ALL SELECT l.id, l.refunded_minor, l.refunded_functional_minor FROM lots AS l WHERE l.id IN (?0) AND l.refunded_on < ?1
			UNION ALL SELECT l.id, r.amount_minor, r.functional_minor FROM lots AS l JOIN pools AS g ON g.policy_id = l.policy_id AND g.currency = l.currency AND g.pool_by = 'LOT'
					AND g.pool_key = CAST(l.id AS TEXT) || CASE WHEN coalesce(l.jurisdiction, '') = '' THEN '' ELSE '/' || l.jurisdiction END
				JOIN recognitions AS r ON r.pool_id = g.id AND r.pool_id IS NOT NULL JOIN batches AS b ON b.id = r.batch_id
				WHERE l.id IN (?0) AND r.accounting_date < ?1 AND b.posted_at_us <= ?2
		) AS out GROUP BY lot_id`
)

func (t *tx) SharedPools(ctx context.Context, s books.MovementSpan) ([]books.CohortMovement, error) {
	rows, err := query[cohortMovementRow](ctx, t, "adding up early breakage of shared pools", sharedPools, within(s)[0].recognitions)
	return cohortMovementsOf(rows, err)
}

func (t *tx) EarlierRevenue(ctx context.Context, s books.MovementSpan) ([]books.CohortMovement, error) {
	rows, err := query[cohortMovementRow](ctx, t, "adding up revenue of earlier days", earlierRevenue, within(s)[0].recognitions, date(s.From))
	return cohortMovementsOf(rows, err)
}

func cohortMovementsOf(rows []cohortMovementRow, err error) ([]books.CohortMovement, error) {
	if err != nil {
		return nil, err
	}
	moved := make([]books.CohortMovement, len(rows))
	for i, row := range rows {
		if moved[i], err = row.movement(); err != nil {
			return nil, err
		}
	}
	return moved, nil
}

type lotSumRow struct {
	CustomerID, LotID string
	Credits           int64
	Minor, Functional int64
}

func (row lotSumRow) sum() books.LotSum {
	return books.LotSum{LotID: row.LotID, Credits: revrec.Credits(row.Credits), Minor: row.Minor, Functional: row.Functional}
}

func (t *tx) VoidedEarlier(ctx context.Context, s books.MovementSpan, began time.Time) ([]books.LotSum, error) {
	rows, err := query[lotSumRow](ctx, t, "reading voids of earlier use", voidedEarlier, instantOf(began), instantOf(s.AsOf), date(s.From), date(s.To))
	return convert(rows, lotSumRow.sum), err
}

func (t *tx) OutBefore(ctx context.Context, lotIDs []string, s books.MovementSpan) ([]books.LotSum, error) {
	return inChunks(lotIDs, func(chunk []string) ([]books.LotSum, error) {
		rows, err := query[lotSumRow](ctx, t, "adding up what left lots before", outBefore,
			bun.List(convert(chunk, rowIDOf)), date(s.From), instantOf(s.AsOf))
		return convert(rows, lotSumRow.sum), err
	})
}
