package store

import (
	"context"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

type cohortMoneyRow struct {
	PolicyID           string
	Currency           string
	Month              string
	Kind               string
	Lots               int64
	Minor, Functional  int64
	Law, FunctionalLaw int64
}

// What lots that came out of others cost is part of the price of those.
const (
	cohortPrices = `SELECT c.policy_id, c.currency, c.month, '' AS kind, count(*) AS lots,
			CAST(sum(l.price_minor) AS BIGINT) AS minor, CAST(sum(l.functional_minor) AS BIGINT) AS functional, 0 AS law, 0 AS functional_law
		FROM (?) AS c CROSS JOIN lots AS l CROSS JOIN purchases AS p WHERE l.cohort_id = c.id AND l.origin_lot_id IS NULL
			AND p.customer_id = l.customer_id AND p.id = l.purchase_id AND p.created_at_us <= ?
		GROUP BY c.policy_id, c.currency, c.month`
	cohortRecognised = `SELECT c.policy_id, c.currency, c.month, r.kind, 0 AS lots,
			CAST(sum(r.amount_minor) AS BIGINT) AS minor, CAST(sum(r.functional_minor) AS BIGINT) AS functional,
			CAST(sum(r.unclaimed_minor) AS BIGINT) AS law, CAST(sum(r.unclaimed_functional_minor) AS BIGINT) AS functional_law
		FROM (?) AS c CROSS JOIN lots AS l CROSS JOIN recognitions AS r
		WHERE l.cohort_id = c.id AND r.customer_id = l.customer_id AND r.lot_id = l.id AND r.lot_id IS NOT NULL AND r.day <= ?
			AND r.batch_id IN (SELECT id FROM batches WHERE posted_at_us <= ?)
		GROUP BY c.policy_id, c.currency, c.month, r.kind`
)

func (t *tx) CohortMoney(ctx context.Context, filter books.CohortFilter, through ledger.Period) ([]books.CohortMoney, error) {
	of := ofCohorts(t.db.NewSelect().TableExpr("cohorts").ColumnExpr("id, policy_id, currency, month"), filter)
	rows, err := query[cohortMoneyRow](ctx, t, "adding up what cohorts cost", cohortPrices, of, instantOf(filter.AsOf))
	if err != nil {
		return nil, err
	}
	recognised, err := query[cohortMoneyRow](ctx, t, "adding up what was recognised of cohorts", cohortRecognised, of, date(through.Last()), instantOf(filter.AsOf))
	if err != nil {
		return nil, err
	}
	money := make([]books.CohortMoney, 0, len(rows)+len(recognised))
	for _, row := range append(rows, recognised...) {
		month, err := monthOf(row.Month)
		if err != nil {
			return nil, err
		}
		money = append(money, books.CohortMoney{
			PolicyID: row.PolicyID, Currency: ledger.Currency(row.Currency), Month: month, Kind: revrec.Kind(row.Kind), Lots: row.Lots,
			Minor: row.Minor, Functional: row.Functional, Law: row.Law, FunctionalLaw: row.FunctionalLaw,
		})
	}
	return money, nil
}

type poolMeasureRow struct {
	poolRow

	SoldMinor, UsedMinor                     int64
	SoldFunctionalMinor, UsedFunctionalMinor int64
	BookedMinor, BookedFunctionalMinor       int64
	UnclaimedMinor, UnclaimedFunctionalMinor int64
}

// What came into pools on days through one, less what did after the instant; and what is booked.
const poolMeasures = `SELECT p.*,
		coalesce(CAST(d.sold AS BIGINT), 0) AS sold_minor, coalesce(CAST(d.used AS BIGINT), 0) AS used_minor,
		coalesce(CAST(d.sold_functional AS BIGINT), 0) AS sold_functional_minor, coalesce(CAST(d.used_functional AS BIGINT), 0) AS used_functional_minor,
		coalesce(CAST(r.amount AS BIGINT), 0) AS booked_minor, coalesce(CAST(r.functional AS BIGINT), 0) AS booked_functional_minor,
		coalesce(CAST(r.unclaimed AS BIGINT), 0) AS unclaimed_minor, coalesce(CAST(r.unclaimed_functional AS BIGINT), 0) AS unclaimed_functional_minor
	FROM (?0) AS p
	LEFT JOIN (SELECT pool_id, sum(sold_minor) AS sold, sum(used_minor) AS used, sum(sold_functional_minor) AS sold_functional, sum(used_functional_minor) AS used_functional
		FROM (SELECT pool_id, sold_minor, used_minor, sold_functional_minor, used_functional_minor
				FROM pool_days WHERE day <= ?1 AND pool_id IN (SELECT id FROM (?0) AS of_days)
			UNION ALL SELECT pool_id, -sold_minor, -used_minor, -sold_functional_minor, -used_functional_minor
				FROM pool_moves WHERE day <= ?1 AND at_us > ?2 AND carried = 0 AND pool_id IN (SELECT id FROM (?0) AS of_moves)) AS days GROUP BY pool_id) AS d ON d.pool_id = p.id
	LEFT JOIN (SELECT pool_id, sum(amount_minor) AS amount, sum(functional_minor) AS functional, sum(unclaimed_minor) AS unclaimed, sum(unclaimed_functional_minor) AS unclaimed_functional
		FROM recognitions WHERE pool_id IS NOT NULL AND day <= ?1 AND pool_id IN (SELECT id FROM (?0) AS of_booked)
			AND batch_id IN (SELECT id FROM batches WHERE posted_at_us <= ?2) GROUP BY pool_id) AS r ON r.pool_id = p.id
	ORDER BY p.id`

func (t *tx) PoolMeasures(ctx context.Context, filter books.MeasureFilter, page books.Page) ([]books.PoolMeasure, error) {
	pools := byID(page).on(whereEqual(whereID(t.db.NewSelect().Model((*poolRow)(nil)), "policy_id", filter.PolicyID), "currency", string(filter.Currency))).
		Where("EXISTS (SELECT 1 FROM pool_moves AS m WHERE m.pool_id = pools.id AND (m.at_us <= ? OR m.carried = 1))", instantOf(filter.AsOf))
	if filter.IDs != nil {
		pools = pools.Where("id IN (?)", bun.List(convert(filter.IDs, rowIDOf)))
	}
	rows, err := query[poolMeasureRow](ctx, t, "measuring pools", poolMeasures, pools, date(filter.On), instantOf(filter.AsOf))
	return convert(rows, func(row poolMeasureRow) books.PoolMeasure {
		return books.PoolMeasure{
			Pool: row.pool(),
			Total: revrec.PoolDay{
				Day: filter.On, SoldMinor: row.SoldMinor, UsedMinor: row.UsedMinor, SoldFunctional: row.SoldFunctionalMinor, UsedFunctional: row.UsedFunctionalMinor,
			},
			Booked: row.BookedMinor, BookedFunctional: row.BookedFunctionalMinor, Law: row.UnclaimedMinor, FunctionalLaw: row.UnclaimedFunctionalMinor,
		}
	}), err
}
