package store

import (
	"context"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// sideAccounts are all accounts whose sum is revenue.
var sideAccounts = append([]string{string(ledger.Refunds), string(ledger.Disputes)}, revenueAccounts...)

// purchaseKinds are the entries whose reference is a purchase.
const purchaseKinds = "('PURCHASE', 'PAYMENT', 'DUE', 'REFUND', 'DISPUTE', 'VOID')"

// ofReference is the id of the purchase that an entry e is about, NULL where it is about none.
func (t *tx) ofReference() string {
	of := "CASE WHEN e.kind IN " + purchaseKinds + " THEN e.reference END"
	if t.bulk {
		return "CAST(" + of + " AS uuid)"
	}
	return of
}

// ofPool is the id of the lot whose pool g is; NULL for other pools.
func (t *tx) ofPool() string {
	of := "CASE WHEN g.pool_by = 'LOT' THEN substr(g.pool_key, 1, 36) END"
	if t.bulk {
		return "CAST(" + of + " AS uuid)"
	}
	return of
}

// withCohorts joins, to recognitions r, the lot l and its cohort c, the pool g, and where that
// is of a lot that lot and its cohort.
func (t *tx) withCohorts() string {
	return " LEFT JOIN lots AS l ON " + t.sameRow("l", "r.customer_id", "r.lot_id") + ` AND r.lot_id IS NOT NULL
		LEFT JOIN cohorts AS c ON c.id = l.cohort_id
		LEFT JOIN pools AS g ON g.id = r.pool_id
		LEFT JOIN lots AS gl ON gl.id = ` + t.ofPool() + `
		LEFT JOIN cohorts AS gc ON gc.id = gl.cohort_id`
}

// The month in which the credits of a recognition were bought; none of overage, and of
// pools of all lots of a policy.
const (
	monthOfPool = `CASE g.pool_by WHEN 'PURCHASE_MONTH' THEN substr(g.pool_key, 1, 7)
		WHEN 'LOT' THEN coalesce(gc.month, substr(gl.purchased_on, 1, 7), '') ELSE '' END`
	monthBought = `CASE WHEN r.pool_id IS NULL THEN coalesce(c.month, substr(l.purchased_on, 1, 7), '') ELSE ` + monthOfPool + ` END`
	lawOf       = `coalesce(CASE WHEN r.pool_id IS NULL THEN l.jurisdiction ELSE g.jurisdiction END, '')`
)

const (
	movementSums = `CAST(sum(deferred) AS BIGINT) AS deferred, CAST(sum(deferred_functional) AS BIGINT) AS deferred_functional,
		CAST(sum(revenue) AS BIGINT) AS revenue, CAST(sum(revenue_functional) AS BIGINT) AS revenue_functional,
		CAST(sum(law) AS BIGINT) AS law, CAST(sum(law_functional) AS BIGINT) AS law_functional`
	movedByRecognition = `CASE WHEN r.kind IN ('USAGE_UNBILLED', 'OVERAGE') THEN 0 ELSE -r.amount_minor END AS deferred,
		CASE WHEN r.kind IN ('USAGE_UNBILLED', 'OVERAGE') THEN 0 ELSE -r.functional_minor END AS deferred_functional,
		CASE WHEN r.kind = 'CLEARING' THEN 0 ELSE r.amount_minor - r.unclaimed_minor END AS revenue,
		CASE WHEN r.kind = 'CLEARING' THEN 0 ELSE r.functional_minor - r.unclaimed_functional_minor END AS revenue_functional,
		r.unclaimed_minor AS law, r.unclaimed_functional_minor AS law_functional`
	movedByLine = `CASE WHEN l.account = 'deferred_revenue' THEN -l.amount_minor ELSE 0 END AS deferred,
		CASE WHEN l.account = 'deferred_revenue' THEN -l.functional_minor ELSE 0 END AS deferred_functional,
		CASE WHEN l.account = 'deferred_revenue' THEN 0 ELSE -l.amount_minor END AS revenue,
		CASE WHEN l.account = 'deferred_revenue' THEN 0 ELSE -l.functional_minor END AS revenue_functional,
		0 AS law, 0 AS law_functional`
	openedPurchases = `WITH openings AS (SELECT number, accounting_date, occurred_on, posted_at_us FROM entries
			WHERE kind = 'OPENING' AND accounting_date >= (SELECT min(opening_on) FROM purchases WHERE opening_on IS NOT NULL))
		SELECT CAST(p.policy_id AS TEXT) AS policy_id, coalesce(c.month, substr(o.purchased_on, 1, 7)) AS month, p.currency,
			substr(e.accounting_date, 1, 7) AS booked, 'OPENING' AS kind,
			CAST(sum(p.price_minor) AS BIGINT) AS deferred, CAST(sum(p.functional_minor) AS BIGINT) AS deferred_functional,
			0 AS revenue, 0 AS revenue_functional, 0 AS law, 0 AS law_functional, coalesce(o.jurisdiction, '') AS jurisdiction
		FROM purchases AS p JOIN lots AS o ON o.customer_id = p.customer_id AND o.id = p.lot_id
		LEFT JOIN cohorts AS c ON c.id = o.cohort_id
		JOIN openings AS e ON e.number = (SELECT min(x.number) FROM openings AS x WHERE x.occurred_on = p.opening_on AND x.posted_at_us >= p.created_at_us)
		WHERE p.opening_on IS NOT NULL AND ? GROUP BY 1, 2, 3, 4, o.jurisdiction`
)

// within and since are the conditions of what is in the books of accounting dates as of an
// instant, and of what came after: under later dates, or posted later.
type span struct{ entries, recognitions schema.QueryWithArgs }

func within(s books.MovementSpan) []span {
	return []span{{
		bun.SafeQuery("e.accounting_date >= ? AND e.accounting_date <= ? AND e.number <= ?", date(s.From), date(s.To), s.Through),
		bun.SafeQuery("r.accounting_date >= ? AND r.accounting_date <= ? AND b.posted_at_us <= ?", date(s.From), date(s.To), instantOf(s.AsOf)),
	}}
}

func since(s books.MovementSpan) []span {
	return []span{
		{bun.SafeQuery("e.accounting_date > ?", date(s.To)), bun.SafeQuery("r.accounting_date > ?", date(s.To))},
		{
			bun.SafeQuery("e.number > ? AND "+accountedOn+" <= ?", s.Through, date(s.To)),
			bun.SafeQuery("r.batch_id IN (SELECT id FROM batches WHERE posted_at_us IS NULL OR posted_at_us > ?) AND r.accounting_date <= ?", instantOf(s.AsOf), date(s.To)),
		},
	}
}

type cohortMovementRow struct {
	PolicyID                     string
	Month                        string
	Currency                     string
	Booked                       string
	Kind                         string
	Jurisdiction                 string
	Deferred, DeferredFunctional int64
	Revenue, RevenueFunctional   int64
	Law, LawFunctional           int64
}

func (row cohortMovementRow) movement() (books.CohortMovement, error) {
	m := books.CohortMovement{
		PolicyID: row.PolicyID, Currency: ledger.Currency(row.Currency), Kind: ledger.EntryKind(row.Kind), Jurisdiction: row.Jurisdiction,
		Deferred: row.Deferred, FunctionalDeferred: row.DeferredFunctional, Revenue: row.Revenue, FunctionalRevenue: row.RevenueFunctional,
		Law: row.Law, FunctionalLaw: row.LawFunctional,
	}
	var err error
	if row.Month != "" {
		if m.Month, err = monthOf(row.Month); err != nil {
			return m, err
		}
	}
	if row.Booked != "" {
		m.Booked, err = monthOf(row.Booked)
	}
	return m, err
}

func (t *tx) CohortMovements(ctx context.Context, s books.MovementSpan) ([]books.CohortMovement, error) {
	return t.cohortMovements(ctx, within(s))
}

func (t *tx) CohortMovementsSince(ctx context.Context, s books.MovementSpan) ([]books.CohortMovement, error) {
	return t.cohortMovements(ctx, since(s))
}

func (t *tx) cohortMovements(ctx context.Context, spans []span) (moved []books.CohortMovement, err error) {
	for _, s := range spans {
		recognised, err := query[cohortMovementRow](ctx, t, "adding up what was recognised by month of purchase",
			`SELECT policy_id, month, currency, booked, kind, jurisdiction, `+movementSums+` FROM (
				SELECT CAST(r.policy_id AS TEXT) AS policy_id, `+monthBought+` AS month, r.currency, substr(r.accounting_date, 1, 7) AS booked, r.kind, `+lawOf+` AS jurisdiction, `+movedByRecognition+`
				FROM recognitions AS r JOIN batches AS b ON b.id = r.batch_id`+t.withCohorts()+` WHERE ?
			) AS moved GROUP BY policy_id, month, currency, booked, kind, jurisdiction`, s.recognitions)
		if err != nil {
			return nil, err
		}
		acts, err := query[cohortMovementRow](ctx, t, "adding up entries by month of purchase",
			`SELECT policy_id, month, currency, booked, kind, jurisdiction, `+movementSums+` FROM (
				SELECT coalesce(CAST(p.policy_id AS TEXT), (SELECT CAST(x.id AS TEXT) FROM policies AS x WHERE x.code = l.policy), '') AS policy_id,
					coalesce(c.month, substr(o.purchased_on, 1, 7), '') AS month, l.currency, substr(e.accounting_date, 1, 7) AS booked, e.kind, coalesce(o.jurisdiction, '') AS jurisdiction, `+movedByLine+`
				FROM entries AS e JOIN lines AS l ON l.entry_number = e.number AND l.account IN (?)
				LEFT JOIN purchases AS p ON p.id = `+t.ofReference()+`
				LEFT JOIN lots AS o ON `+t.sameRow("o", "p.customer_id", "p.lot_id")+`
				LEFT JOIN cohorts AS c ON c.id = o.cohort_id
				WHERE e.batch_id IS NULL AND ?
			) AS moved GROUP BY policy_id, month, currency, booked, kind, jurisdiction`, bun.List(append([]string{string(ledger.DeferredRevenue)}, sideAccounts...)), s.entries)
		if err != nil {
			return nil, err
		}
		rows, opened := recognised, false
		for _, row := range acts {
			if ledger.EntryKind(row.Kind) == ledger.OpeningEntry {
				opened = true // which purchases they were, their lines do not say
				continue
			}
			rows = append(rows, row)
		}
		if opened {
			purchases, err := query[cohortMovementRow](ctx, t, "adding up what was taken over by month of purchase", openedPurchases, s.entries)
			if err != nil {
				return nil, err
			}
			rows = append(rows, purchases...)
		}
		for _, row := range rows {
			m, err := row.movement()
			if err != nil {
				return nil, err
			}
			moved = append(moved, m)
		}
	}
	return moved, nil
}

func (t *tx) CohortRest(ctx context.Context) ([]books.CohortMovement, error) {
	rows, err := query[cohortMovementRow](ctx, t, "adding up what is deferred by month of purchase",
		`SELECT policy_id, month, currency, jurisdiction, CAST(sum(deferred) AS BIGINT) AS deferred, CAST(sum(deferred_functional) AS BIGINT) AS deferred_functional FROM (
			SELECT CAST(l.policy_id AS TEXT) AS policy_id, coalesce(c.month, substr(l.purchased_on, 1, 7), '') AS month, l.currency, coalesce(l.jurisdiction, '') AS jurisdiction,
				l.carrying_minor AS deferred, l.carrying_functional_minor AS deferred_functional
			FROM lots AS l LEFT JOIN cohorts AS c ON c.id = l.cohort_id WHERE `+t.carries+`
			UNION ALL SELECT CAST(r.policy_id AS TEXT), `+monthOfPool+`, r.currency, coalesce(g.jurisdiction, ''), -r.amount_minor, -r.functional_minor
			FROM recognitions AS r JOIN pools AS g ON g.id = r.pool_id LEFT JOIN lots AS gl ON gl.id = `+t.ofPool()+` LEFT JOIN cohorts AS gc ON gc.id = gl.cohort_id
			WHERE r.pool_id IS NOT NULL
			UNION ALL SELECT coalesce((SELECT CAST(x.id AS TEXT) FROM policies AS x WHERE x.code = l.policy), ''), '', l.currency, '', -l.amount_minor, -l.functional_minor
			FROM `+manualLines+` AND l.account = 'deferred_revenue'
		) AS rest GROUP BY policy_id, month, currency, jurisdiction`)
	return cohortMovementsOf(rows, err)
}

// Running balances of whole months, less the days of the first and of the last that are not
// asked for, and less what was posted later.
const revenueBalances = `SELECT currency, booked, CAST(sum(minor) AS BIGINT) AS revenue, CAST(sum(functional) AS BIGINT) AS revenue_functional FROM (
		SELECT currency, period AS booked, credit_minor - debit_minor AS minor, functional_credit_minor - functional_debit_minor AS functional
			FROM account_periods WHERE account IN (?0) AND period >= ?1 AND period <= ?2
		UNION ALL SELECT l.currency, substr(e.accounting_date, 1, 7), l.amount_minor, l.functional_minor FROM entries AS e CROSS JOIN lines AS l
			WHERE e.accounting_date >= ?3 AND e.accounting_date < ?4 AND l.entry_number = e.number AND l.account IN (?0)
		UNION ALL SELECT l.currency, substr(e.accounting_date, 1, 7), l.amount_minor, l.functional_minor FROM entries AS e CROSS JOIN lines AS l
			WHERE e.accounting_date > ?5 AND e.accounting_date <= ?6 AND l.entry_number = e.number AND l.account IN (?0)
		UNION ALL SELECT l.currency, substr(e.accounting_date, 1, 7), l.amount_minor, l.functional_minor FROM entries AS e CROSS JOIN lines AS l
			WHERE e.number > ?7 AND ` + accountedOn + ` BETWEEN ?4 AND ?5 AND l.entry_number = e.number AND l.account IN (?0)
	) AS balances GROUP BY currency, booked ORDER BY currency, booked`

func (t *tx) RevenueBalances(ctx context.Context, s books.MovementSpan) ([]books.CohortMovement, error) {
	first, last := s.From.Period(), s.To.Period()
	rows, err := query[cohortMovementRow](ctx, t, "reading the balances of revenue", revenueBalances, bun.List(sideAccounts), first.String(), last.String(),
		date(first.First()), date(s.From), date(s.To), date(last.Last()), s.Through)
	return cohortMovementsOf(rows, err)
}

// Revenue of the span: of entries, which are few, or of recognitions and the entries of acts.
const (
	incomeOfEntries = `SELECT 0 AS none, ? AS group_key, l.currency, e.kind, CAST(sum(-l.amount_minor) AS BIGINT) AS minor, CAST(sum(-l.functional_minor) AS BIGINT) AS functional
		FROM entries AS e JOIN lines AS l ON l.entry_number = e.number AND l.account IN (?)
		WHERE ? GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`
	incomeOfParts = `SELECT none, group_key, currency, kind, CAST(sum(revenue) AS BIGINT) AS minor, CAST(sum(revenue_functional) AS BIGINT) AS functional FROM (
			SELECT CASE WHEN key IS NULL THEN 1 ELSE 0 END AS none, coalesce(key, '') AS group_key, currency, kind, revenue, revenue_functional
			FROM (SELECT ?0 AS key, r.currency, r.kind, r.amount_minor - r.unclaimed_minor AS revenue, r.functional_minor - r.unclaimed_functional_minor AS revenue_functional
				FROM recognitions AS r JOIN batches AS b ON b.id = r.batch_id ?1 WHERE ?2 AND r.kind <> 'CLEARING') AS recognised
			UNION ALL SELECT CASE WHEN key IS NULL THEN 1 ELSE 0 END, coalesce(key, ''), currency, kind, minor, functional
			FROM (SELECT ?3 AS key, l.currency, e.kind, -l.amount_minor AS minor, -l.functional_minor AS functional
				FROM entries AS e JOIN lines AS l ON l.entry_number = e.number AND l.account IN (?4)
				LEFT JOIN purchases AS p ON p.id = ?5
				WHERE ?6 AND e.batch_id IS NULL) AS acts
		) AS parts GROUP BY none, group_key, currency, kind ORDER BY none, group_key, currency, kind`
)

func (t *tx) EachIncome(ctx context.Context, by books.Dimension, s books.MovementSpan, yield func(books.IncomePart)) error {
	var none int64
	var key, currency, kind string
	var minor, functional int64
	targets := []any{columnNumber{&none}, columnText{&key}, columnText{&currency}, columnText{&kind}, columnNumber{&minor}, columnNumber{&functional}}
	keep := func() {
		yield(books.IncomePart{
			None: none == 1, Key: key, Currency: ledger.Currency(currency), Kind: ledger.EntryKind(kind), Minor: minor, Functional: functional,
		})
	}
	set := within(s)[0]
	const doing = "adding up income"
	var of, joined, ofAct string
	switch by {
	case books.ByCustomer:
		of, ofAct = "CASE WHEN r.pool_id IS NULL THEN CAST(r.customer_id AS TEXT) END", "CAST(p.customer_id AS TEXT)"
	case books.ByPack:
		of, joined = "CASE WHEN l.kind = 'OVERAGE' THEN NULL WHEN r.pool_id IS NULL THEN coalesce(c.pack_id, '') ELSE gc.pack_id END", t.withCohorts()
		ofAct = "CASE WHEN p.id IS NOT NULL THEN coalesce(CAST(p.pack_id AS TEXT), '') END"
	case books.ByMeter: // use is parted over meters by EachLotDayUse
		of, ofAct = "CAST(NULL AS TEXT)", "CAST(NULL AS TEXT)"
		set.recognitions = bun.SafeQuery("? AND r.kind NOT IN (?)", set.recognitions, bun.List(usedKinds))
	default:
		group := "''"
		if by == books.ByPolicy {
			group = "coalesce((SELECT CAST(x.id AS TEXT) FROM policies AS x WHERE x.code = l.policy), '')"
		}
		return t.each(ctx, doing, incomeOfEntries, []any{bun.Safe(group), bun.List(sideAccounts), set.entries}, targets, keep)
	}
	return t.each(ctx, doing, incomeOfParts, []any{
		bun.Safe(of), bun.Safe(joined), set.recognitions, bun.Safe(ofAct), bun.List(sideAccounts), bun.Safe(t.ofReference()), set.entries,
	}, targets, keep)
}

// What acts on purchases moved in deferred revenue whose bonus has a policy of its own, of those
// with an entry in the span; and, as taken, what they took out of the lots of the bonus.
const bonusActs = `WITH touched AS (SELECT DISTINCT p.id, p.customer_id, p.policy_id, o.policy_id AS bonus_policy, coalesce(c.month, substr(o.purchased_on, 1, 7)) AS month
		FROM entries AS e JOIN purchases AS p ON p.id = ?0 JOIN lots AS o ON o.customer_id = p.customer_id AND o.id = p.bonus_lot_id
		LEFT JOIN cohorts AS c ON c.id = o.cohort_id
		WHERE e.batch_id IS NULL AND ?1 AND p.bonus_lot_id IS NOT NULL AND o.policy_id <> p.policy_id)
	SELECT b.id, b.policy_id, b.bonus_policy, b.month, 0 AS number, c.kind, c.day, '' AS booked, 0 AS within,
		CAST(sum(c.amount_minor) AS BIGINT) AS minor, CAST(sum(c.functional_minor) AS BIGINT) AS functional
		FROM touched AS b JOIN lots AS l ON l.customer_id = b.customer_id AND l.purchase_id = b.id AND l.policy_id <> b.policy_id
		JOIN lot_changes AS c ON c.customer_id = l.customer_id AND c.lot_id = l.id
		WHERE c.kind IN ('VOIDED', 'CHARGED_BACK', 'REFUNDED_IN_PART') GROUP BY 1, 2, 3, 4, 6, 7
	UNION ALL SELECT b.id, b.policy_id, b.bonus_policy, b.month, 0, 'REFUNDED', l.refunded_on, '', 0,
		CAST(sum(l.refunded_minor) AS BIGINT), CAST(sum(l.refunded_functional_minor) AS BIGINT)
		FROM touched AS b JOIN lots AS l ON l.customer_id = b.customer_id AND l.purchase_id = b.id AND l.policy_id <> b.policy_id
		WHERE l.refunded_on IS NOT NULL GROUP BY 1, 2, 3, 4, 7
	UNION ALL SELECT b.id, b.policy_id, b.bonus_policy, b.month, e.number, e.kind, e.occurred_on, substr(e.accounting_date, 1, 7), CASE WHEN ?1 THEN 1 ELSE 0 END,
		CAST(sum(-l.amount_minor) AS BIGINT), CAST(sum(-l.functional_minor) AS BIGINT)
		FROM touched AS b JOIN entries AS e ON e.reference = CAST(b.id AS TEXT) JOIN lines AS l ON l.entry_number = e.number AND l.account = 'deferred_revenue'
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
	ORDER BY 1, 5`

type bonusActRow struct {
	ID, PolicyID, BonusPolicy string
	Month                     string
	Number                    int64
	Kind                      string
	Day                       date
	Booked                    string
	Within                    int64
	Minor, Functional         int64
}

func (t *tx) BonusActs(ctx context.Context, s books.MovementSpan, after bool) (acts []books.BonusAct, err error) {
	spans := within(s)
	if after {
		spans = since(s)
	}
	set := spans[0].entries
	if len(spans) > 1 {
		set = bun.SafeQuery("(? OR ?)", spans[0].entries, spans[1].entries)
	}
	rows, err := query[bonusActRow](ctx, t, "reading what belongs to bonuses", bonusActs, bun.Safe(t.ofReference()), set)
	if err != nil {
		return nil, err
	}
	acts = make([]books.BonusAct, len(rows))
	for i, row := range rows {
		acts[i] = books.BonusAct{
			PurchaseID: row.ID, PolicyID: row.PolicyID, BonusPolicyID: row.BonusPolicy, Number: row.Number, Kind: row.Kind, Day: ledger.Date(row.Day),
			Within: row.Within == 1, Minor: row.Minor, Functional: row.Functional,
		}
		if acts[i].Month, err = monthOf(row.Month); err == nil && row.Booked != "" {
			acts[i].Booked, err = monthOf(row.Booked)
		}
		if err != nil {
			return nil, err
		}
	}
	return acts, nil
}
