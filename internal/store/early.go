package store

import (
	"context"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

type earlyRow struct {
	PolicyID, PoolID               string
	Currency                       string
	Movement                       string
	Day                            date
	Period                         string
	Apart                          bool
	Recognitions                   int64
	Minor, Functional              int64
	Unclaimed, UnclaimedFunctional int64
}

func (row earlyRow) movement() books.EarlyMovement {
	period, _ := ledger.ParsePeriod(row.Period) // "" where not told apart
	return books.EarlyMovement{
		PolicyID: row.PolicyID, PoolID: row.PoolID, Currency: ledger.Currency(row.Currency), Column: books.EarlyColumn(row.Movement),
		Day: ledger.Date(row.Day), Period: period, Apart: row.Apart, Recognitions: row.Recognitions,
		Minor: row.Minor, Functional: row.Functional, Unclaimed: row.Unclaimed, UnclaimedFunctional: row.UnclaimedFunctional,
	}
}

// earlyMovements goes by the recognitions of pools that are posted. A day on which more went
// out of what a pool sold than came is one on which credits left it. Where a version that
// did not tell catch-ups apart put an estimate in force, all that its day moved is one.
const earlyMovements = `SELECT policy_id, pool_id, currency, movement, day, period, apart, count(*) AS recognitions,
		CAST(sum(amount_minor) AS BIGINT) AS minor, CAST(sum(functional_minor) AS BIGINT) AS functional,
		CAST(sum(unclaimed_minor) AS BIGINT) AS unclaimed, CAST(sum(unclaimed_functional_minor) AS BIGINT) AS unclaimed_functional
	FROM (SELECT r.policy_id, ?0 AS pool_id, r.currency, r.amount_minor, r.functional_minor, r.unclaimed_minor, r.unclaimed_functional_minor,
			CASE WHEN r.accounting_date < ?1 THEN 'OPENING'
				WHEN r.kind = 'BREAKAGE_CATCH_UP' THEN 'CATCH_UP'
				WHEN (SELECT count(*) > 0 AND sum(CASE WHEN s.apart THEN 1 ELSE 0 END) = 0 FROM estimates AS s
					WHERE s.policy_id = r.policy_id AND s.in_force_from = r.day AND s.created_at_us <= ?3) THEN 'CATCH_UP'
				WHEN d.sold_minor < (SELECT coalesce(sum(m.sold_minor), 0) FROM pool_moves AS m WHERE m.pool_id = r.pool_id AND m.at_us > ?3 AND m.carried = 0 AND m.day = r.day) THEN 'GIVEN_BACK'
				ELSE 'WITH_USE' END AS movement,
			?4 AS day, ?5 AS period, ?6 AS apart
		FROM pools AS p CROSS JOIN recognitions AS r
		LEFT JOIN pool_days AS d ON d.pool_id = r.pool_id AND d.day = r.day
		JOIN batches AS b ON b.id = r.batch_id AND b.posted_at_us <= ?3
		WHERE r.pool_id = p.id AND r.pool_id IS NOT NULL AND r.accounting_date <= ?2 AND ?7
	) AS moved WHERE ?8
	GROUP BY policy_id, pool_id, currency, movement, day, period, apart
	ORDER BY policy_id, pool_id, currency, day, period, movement LIMIT ?9`

func (t *tx) EarlyMovements(ctx context.Context, filter books.EarlyFilter) ([]books.EarlyMovement, error) {
	pool, day, period, apart, of, only := bun.Safe("''"), bun.Safe("NULL"), bun.Safe("''"), bun.Safe("0 = 1"), bun.SafeQuery("1 = 1"), bun.Safe("1 = 1")
	if filter.ByPool {
		pool = "CAST(r.pool_id AS TEXT)"
	}
	if filter.PolicyID != "" {
		of = bun.SafeQuery("p.policy_id = ?", rowID(filter.PolicyID))
	}
	if filter.CatchUps {
		day, period, apart, only = "r.day", "substr(r.accounting_date, 1, 7)", "r.kind = 'BREAKAGE_CATCH_UP'", "movement = 'CATCH_UP'"
	}
	rows, err := query[earlyRow](ctx, t, "adding up early breakage", earlyMovements,
		pool, date(filter.From), date(filter.To), instantOf(filter.AsOf), day, period, apart, of, only, filter.Limit)
	return convert(rows, earlyRow.movement), err
}
