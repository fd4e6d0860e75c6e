package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// postedThrough is the number of the last entry that was posted by an instant; 0 where there is none. It walks back from the
// last entry: as many as were posted since.
func postedThrough(at time.Time) schema.QueryWithArgs {
	return bun.SafeQuery("(SELECT coalesce(max(number), 0) FROM (SELECT number FROM entries WHERE posted_at_us <= ? ORDER BY number DESC LIMIT 1) AS last)", instantOf(at))
}

// accountedOn is the accounting date of an entry where what was posted after another one is looked for: no index has it, for
// SQLite would go through all entries of the days instead of the few, or none, of higher numbers.
const accountedOn = "(e.accounting_date || '')"

func (t *tx) PostedThrough(ctx context.Context, at time.Time) (number int64, err error) {
	err = t.each(ctx, "finding the last entry of an instant", "SELECT ?", []any{postedThrough(at)}, []any{&number}, func() {})
	return number, err
}

type movementRow struct {
	Policy             string
	Currency           string
	Kind               string
	CatchUp            bool
	Entries            int64
	Minor, Functional  int64
	Law, FunctionalLaw int64

	Manual, FunctionalManual int64
}

func (row movementRow) movement() books.DeferredMovement {
	return books.DeferredMovement{
		Policy: row.Policy, Currency: ledger.Currency(row.Currency), Kind: ledger.EntryKind(row.Kind), CatchUp: row.CatchUp, Entries: row.Entries,
		Minor: row.Minor, Functional: row.Functional, Law: row.Law, FunctionalLaw: row.FunctionalLaw,
		Manual: row.Manual, FunctionalManual: row.FunctionalManual,
	}
}

// By currency alone, what came before is in the running balances, but for the days of the
// month before from; what was posted later is taken off. So is what came after, the other way
// round. By policy each line before is read.
const (
	deferredBefore = `SELECT currency, CAST(sum(minor) AS BIGINT) AS minor, CAST(sum(functional) AS BIGINT) AS functional FROM (
			SELECT currency, credit_minor - debit_minor AS minor, functional_credit_minor - functional_debit_minor AS functional
				FROM account_periods WHERE account = 'deferred_revenue' AND period < ?2
			UNION ALL SELECT l.currency, -l.amount_minor, -l.functional_minor FROM entries AS e CROSS JOIN lines AS l
				WHERE e.accounting_date >= ?3 AND e.accounting_date < ?0 AND l.entry_number = e.number AND l.account = 'deferred_revenue'
			UNION ALL SELECT l.currency, l.amount_minor, l.functional_minor FROM entries AS e CROSS JOIN lines AS l
				WHERE e.number > ?1 AND ` + accountedOn + ` < ?0 AND l.entry_number = e.number AND l.account = 'deferred_revenue'
		) AS before GROUP BY currency ORDER BY currency`
	deferredBeforeByPolicy = `SELECT coalesce(l.policy, '') AS policy, l.currency, CAST(sum(-l.amount_minor) AS BIGINT) AS minor, CAST(sum(-l.functional_minor) AS BIGINT) AS functional
		FROM entries AS e CROSS JOIN lines AS l
		WHERE e.accounting_date < ?0 AND e.number <= ?1 AND l.entry_number = e.number AND l.account = 'deferred_revenue'
		GROUP BY 1, 2 ORDER BY 1, 2`
	deferredAfter = `SELECT currency, CAST(sum(minor) AS BIGINT) AS minor, CAST(sum(functional) AS BIGINT) AS functional,
			CAST(sum(manual) AS BIGINT) AS manual, CAST(sum(functional_manual) AS BIGINT) AS functional_manual FROM (
			SELECT currency, credit_minor - debit_minor AS minor, functional_credit_minor - functional_debit_minor AS functional, 0 AS manual, 0 AS functional_manual
				FROM account_periods WHERE account = 'deferred_revenue' AND period > ?2
			UNION ALL SELECT l.currency, -l.amount_minor, -l.functional_minor, 0, 0 FROM entries AS e CROSS JOIN lines AS l
				WHERE e.accounting_date > ?0 AND e.accounting_date <= ?3 AND l.entry_number = e.number AND l.account = 'deferred_revenue'
			UNION ALL SELECT l.currency, -l.amount_minor, -l.functional_minor, 0, 0 FROM entries AS e CROSS JOIN lines AS l
				WHERE e.number > ?1 AND ` + accountedOn + ` <= ?0 AND l.entry_number = e.number AND l.account = 'deferred_revenue'
			UNION ALL SELECT l.currency, 0, 0, -l.amount_minor, -l.functional_minor FROM ` + manualLines + `
				AND (m.accounting_date > ?0 OR m.entry_number > ?1) AND l.account = 'deferred_revenue'
		) AS after GROUP BY currency ORDER BY currency`
	// The law's share counts with breakage alone. Where a version that did not tell catch-ups
	// apart put an estimate in force, all that its day moved is the change in estimate.
	deferredWithin = `SELECT policy, currency, kind, catch_up, count(DISTINCT number) AS entries, CAST(sum(minor) AS BIGINT) AS minor, CAST(sum(functional) AS BIGINT) AS functional,
			CAST(sum(law) AS BIGINT) AS law, CAST(sum(functional_law) AS BIGINT) AS functional_law
		FROM (SELECT e.number, coalesce(l.policy, '') AS policy, l.currency, e.kind,
				e.kind = 'BREAKAGE_EARLY' AND (SELECT count(*) > 0 AND sum(CASE WHEN s.apart THEN 1 ELSE 0 END) = 0
					FROM policies AS p JOIN estimates AS s ON s.policy_id = p.id
					WHERE p.code = l.policy AND s.in_force_from = e.occurred_on AND s.created_at_us <= ?3) AS catch_up,
				CASE WHEN l.account = 'deferred_revenue' THEN -l.amount_minor ELSE 0 END AS minor,
				CASE WHEN l.account = 'deferred_revenue' THEN -l.functional_minor ELSE 0 END AS functional,
				CASE WHEN l.account = 'unclaimed_property' THEN l.amount_minor ELSE 0 END AS law,
				CASE WHEN l.account = 'unclaimed_property' THEN l.functional_minor ELSE 0 END AS functional_law
			FROM entries AS e CROSS JOIN lines AS l
			WHERE e.accounting_date >= ?0 AND e.accounting_date <= ?1 AND e.number <= ?2 AND l.entry_number = e.number
			AND (l.account = 'deferred_revenue' OR l.account = 'unclaimed_property' AND e.kind IN ('BREAKAGE_EARLY', 'BREAKAGE_CATCH_UP', 'BREAKAGE_EXPIRY', 'BREAKAGE_REMOTE'))
		) AS moved GROUP BY policy, currency, kind, catch_up ORDER BY policy, currency, kind, catch_up`
	movedOn = `SELECT c.kind, l.currency, l.functional_currency, count(*) AS changes,
			CAST(sum(c.amount_minor) AS BIGINT) AS minor, CAST(sum(c.functional_minor) AS BIGINT) AS functional
		FROM lot_changes AS c JOIN lots AS l ON l.customer_id = c.customer_id AND l.id = c.lot_id
		WHERE c.to_lot_id IS NOT NULL AND c.day >= ?0 AND c.day <= ?1 AND coalesce(c.written_at_us, c.at_us) <= ?2
		GROUP BY c.kind, l.currency, l.functional_currency ORDER BY c.kind, l.currency`
)

func (t *tx) DeferredBefore(ctx context.Context, from ledger.Date, through int64, byPolicy bool) ([]books.DeferredMovement, error) {
	statement := deferredBefore
	if byPolicy {
		statement = deferredBeforeByPolicy
	}
	rows, err := query[movementRow](ctx, t, "adding up what was deferred before", statement, date(from), through, from.Period().String(), date(from.Period().First()))
	return convert(rows, movementRow.movement), err
}

func (t *tx) DeferredWithin(ctx context.Context, from, to ledger.Date, through int64, asOf time.Time) ([]books.DeferredMovement, error) {
	rows, err := query[movementRow](ctx, t, "adding up what moved deferred revenue", deferredWithin, date(from), date(to), through, instantOf(asOf))
	return convert(rows, movementRow.movement), err
}

func (t *tx) DeferredAfter(ctx context.Context, to ledger.Date, through int64) ([]books.DeferredMovement, error) {
	rows, err := query[movementRow](ctx, t, "adding up what moved deferred revenue since", deferredAfter, date(to), through, to.Period().String(), date(to.Period().Last()))
	return convert(rows, movementRow.movement), err
}

type movedRow struct {
	Kind               string
	Currency           string
	FunctionalCurrency string
	Changes            int64
	Minor, Functional  int64
}

func (t *tx) MovedOn(ctx context.Context, from, to ledger.Date, asOf time.Time) ([]books.MovedOn, error) {
	rows, err := query[movedRow](ctx, t, "adding up what lives on in other lots", movedOn, date(from), date(to), instantOf(asOf))
	return convert(rows, func(row movedRow) books.MovedOn {
		currency := ledger.Currency(row.Currency)
		return books.MovedOn{
			Kind: revrec.ChangeKind(row.Kind), Currency: currency, Changes: row.Changes,
			Amount: ledger.Money(row.Minor, currency), Functional: ledger.Money(row.Functional, ledger.Currency(row.FunctionalCurrency)),
		}
	}), err
}
