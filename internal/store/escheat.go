package store

import (
	"context"
	"math"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

func (t *tx) SetCustomerJurisdiction(ctx context.Context, customerID, jurisdiction string) (string, error) {
	rows, err := query[customerRow](ctx, t, "holding a customer", "SELECT * FROM customers WHERE id = ?"+t.holding("customers"), rowID(customerID))
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return "", notFound("customer", customerID)
	}
	var to any
	if jurisdiction != "" {
		to = jurisdiction
	}
	_, err = t.exec(ctx, "changing a customer", "UPDATE customers SET jurisdiction = ? WHERE id = ?", to, rowID(customerID))
	return rows[0].Jurisdiction, err
}

type escheatRuleRow struct {
	bun.BaseModel `bun:"table:escheat_rules,alias:escheat_rules"`

	ID           string
	Jurisdiction string
	InForceFrom  date   `bun:",type:text"`
	Share        number `bun:",type:text"`
	Dormancy     string
	Reason       string
	CreatedAt    instant `bun:"created_at_us,type:bigint"`
	CreatedBy    string
}

func escheatRules(rows []escheatRuleRow, err error) ([]books.EscheatRule, error) {
	rules := make([]books.EscheatRule, len(rows))
	for i, row := range rows {
		rules[i] = books.EscheatRule{
			ID: row.ID, Jurisdiction: row.Jurisdiction, From: ledger.Date(row.InForceFrom), Share: row.Share.Decimal,
			Reason: row.Reason, CreatedAt: row.CreatedAt.time(), CreatedBy: row.CreatedBy,
		}
		if row.Dormancy != "" && err == nil {
			rules[i].Dormancy, err = ledger.ParseDuration(row.Dormancy)
		}
	}
	return rules, err
}

func (t *tx) InsertEscheatRule(ctx context.Context, rule books.EscheatRule) error {
	row := escheatRuleRow{
		ID: rule.ID, Jurisdiction: rule.Jurisdiction, InForceFrom: date(rule.From), Share: number{rule.Share},
		Reason: rule.Reason, CreatedAt: instantOf(rule.CreatedAt), CreatedBy: rule.CreatedBy,
	}
	if !rule.Dormancy.IsZero() {
		row.Dormancy = rule.Dormancy.String()
	}
	return insert(ctx, t, "keeping a rule on unclaimed property", []escheatRuleRow{row})
}

func (t *tx) EscheatRulesOf(ctx context.Context, jurisdictions []string) ([]books.EscheatRule, error) {
	return escheatRules(inChunks(jurisdictions, func(chunk []string) ([]escheatRuleRow, error) {
		return list[escheatRuleRow](ctx, t, "reading rules on unclaimed property", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("jurisdiction IN (?)", bun.List(chunk)).Order("jurisdiction", "in_force_from", "id")
		})
	}))
}

// rulesBy returns all rules by jurisdiction.
func (t *tx) rulesBy(ctx context.Context) (map[string][]books.EscheatRule, error) {
	rules, err := t.EscheatRules(ctx, books.EscheatFilter{}, books.Page{})
	by := map[string][]books.EscheatRule{}
	for _, rule := range rules {
		by[rule.Jurisdiction] = append(by[rule.Jurisdiction], rule)
	}
	return by, err
}

func (t *tx) EscheatRules(ctx context.Context, filter books.EscheatFilter, page books.Page) ([]books.EscheatRule, error) {
	place := seek{terms: []string{"jurisdiction", "in_force_from", "id"}, reverse: page.Reverse, limit: page.Limit}
	if page.After != "" {
		jurisdiction, from, id, err := books.EscheatKey(page.After)
		if err != nil {
			return nil, err
		}
		place.after = []any{jurisdiction, from.String(), rowID(id)}
	}
	return escheatRules(list[escheatRuleRow](ctx, t, "listing rules on unclaimed property", func(q *bun.SelectQuery) *bun.SelectQuery {
		return place.on(ofEscheatRules(filter)(q))
	}))
}

func (t *tx) CountEscheatRules(ctx context.Context, filter books.EscheatFilter) (int64, error) {
	return count[escheatRuleRow](ctx, t, "counting rules on unclaimed property", ofEscheatRules(filter))
}

func ofEscheatRules(filter books.EscheatFilter) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		if filter.Jurisdiction != "" {
			q = q.Where("jurisdiction = ?", filter.Jurisdiction)
		}
		if filter.On != 0 {
			q = q.Where(`in_force_from <= ?0 AND NOT EXISTS (SELECT 1 FROM escheat_rules AS later WHERE later.jurisdiction = escheat_rules.jurisdiction
				AND later.in_force_from <= ?0 AND (later.in_force_from, later.id) > (escheat_rules.in_force_from, escheat_rules.id))`, filter.On.String())
		}
		return q
	}
}

// releasable are the lots of a jurisdiction that were, or may be, released on a day of a
// span: they lapsed in it, or got their liability in it, or go by the remoteness of use.
// Nothing that others may change meanwhile is among the conditions but the liability, whose
// change looks again too.
const (
	releasable = `lots.jurisdiction = ?0 AND lots.kind = 'PURCHASE' AND (
		lots.lapses_on <= ?2 AND (lots.lapses_on >= ?1 OR lots.liability_on >= ?1 OR lots.liability_steps IS NOT NULL)
		OR lots.policy_id IN (SELECT p.id FROM policies AS p WHERE p.breakage_method = 'REMOTE'))`
	holdReleasable = "SELECT lots.customer_id, lots.id AS lot_id FROM lots WHERE " + releasable + " ORDER BY lots.customer_id, lots.id"
	releaseAgain   = `UPDATE lots SET
		lapse_due = CASE WHEN lots.lapses_on IS NULL OR lots.lapses_on > ?2 THEN lots.lapse_due
			WHEN lots.lapse_due < lots.lapses_on THEN lots.lapse_due
			WHEN lots.liability_steps IS NOT NULL THEN lots.lapses_on
			WHEN lots.lapse_due < lots.liability_on THEN lots.lapse_due
			WHEN lots.liability_on > lots.lapses_on THEN lots.liability_on ELSE lots.lapses_on END,
		remote_due = CASE WHEN NOT lots.policy_id IN (SELECT p.id FROM policies AS p WHERE p.breakage_method = 'REMOTE') THEN lots.remote_due
			WHEN lots.remote_due < ?1 THEN lots.remote_due ELSE ?1 END
		WHERE ` + releasable
)

func (t *tx) ReleaseAgain(ctx context.Context, jurisdiction string, from, today ledger.Date) error {
	// In the order of LockLots, which an UPDATE promises nobody.
	_, err := query[lotKeyRow](ctx, t, "holding lots", holdReleasable+t.holding("lots"), jurisdiction, date(from), date(today))
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, "having lots released again", releaseAgain, jurisdiction, date(from), date(today))
	return err
}

// HoldEscheat takes a number, which others wait for.
func (t *tx) HoldEscheat(ctx context.Context) error {
	_, err := t.next(ctx, "escheat payment", 1)
	return err
}

type escheatPaymentRow struct {
	bun.BaseModel `bun:"table:escheat_payments,alias:escheat_payments"`

	ID                  string
	Jurisdiction        string `bun:",nullzero"`
	PaidOn              date   `bun:",type:text"`
	Currency            string
	AmountMinor         int64
	FunctionalCurrency  string
	FunctionalMinor     int64
	PaidFunctionalMinor int64
	Reference           string
	CreatedAt           instant `bun:"created_at_us,type:bigint"`
	CreatedBy           string
}

type escheatPartRow struct {
	bun.BaseModel `bun:"table:escheat_payment_parts,alias:escheat_payment_parts"`

	PaymentID       string
	LapsedOn        date `bun:",type:text"`
	AmountMinor     int64
	FunctionalMinor int64
}

func (t *tx) InsertEscheatPayment(ctx context.Context, p books.EscheatPayment) error {
	err := insert(ctx, t, "keeping a payment to an authority", []escheatPaymentRow{{
		ID: p.ID, Jurisdiction: p.Jurisdiction, PaidOn: date(p.PaidOn), Currency: string(p.Amount.Currency), AmountMinor: p.Amount.Minor,
		FunctionalCurrency: string(p.Functional.Currency), FunctionalMinor: p.Functional.Minor, PaidFunctionalMinor: p.Paid.Minor,
		Reference: p.Reference, CreatedAt: instantOf(p.CreatedAt), CreatedBy: p.CreatedBy,
	}})
	if err != nil {
		return err
	}
	return insert(ctx, t, "keeping what a payment to an authority is for", convert(p.Parts, func(part books.EscheatPart) escheatPartRow {
		return escheatPartRow{PaymentID: p.ID, LapsedOn: date(part.LapsedOn), AmountMinor: part.Amount.Minor, FunctionalMinor: part.Functional.Minor}
	}))
}

// unclaimedDays adds up the posted recognitions that the law has a share of, and the parts of
// payments. The day on which a lot was released is the first of whose share something is
// left; what moved on later days is given back.
const unclaimedDays = `WITH of_lot AS (
		SELECT r.customer_id, r.lot_id, r.day, r.currency,
			sum(r.unclaimed_minor) AS minor, sum(r.unclaimed_functional_minor) AS functional,
			sum(CASE WHEN r.kind = 'BREAKAGE_REMOTE' THEN r.unclaimed_minor ELSE 0 END) AS remote,
			sum(CASE WHEN r.kind = 'BREAKAGE_REMOTE' THEN r.unclaimed_functional_minor ELSE 0 END) AS remote_functional
		FROM recognitions AS r JOIN batches AS b ON b.id = r.batch_id AND b.posted_at_us <= ?3
		WHERE (r.unclaimed_minor <> 0 OR r.unclaimed_functional_minor <> 0) AND r.lot_id IS NOT NULL AND r.accounting_date <= ?0
		GROUP BY r.customer_id, r.lot_id, r.day, r.currency),
	released AS (SELECT customer_id, lot_id, min(day) AS day FROM of_lot WHERE minor <> 0 OR functional <> 0 GROUP BY customer_id, lot_id)
	SELECT jurisdiction, currency, lapsed_on,
		CAST(sum(early) AS BIGINT) AS early, CAST(sum(expiry) AS BIGINT) AS expiry, CAST(sum(remote) AS BIGINT) AS remote,
		CAST(sum(given_back) AS BIGINT) AS given_back, CAST(sum(paid_over) AS BIGINT) AS paid_over,
		CAST(sum(early_functional) AS BIGINT) AS early_functional, CAST(sum(expiry_functional) AS BIGINT) AS expiry_functional,
		CAST(sum(remote_functional) AS BIGINT) AS remote_functional, CAST(sum(given_back_functional) AS BIGINT) AS given_back_functional,
		CAST(sum(paid_over_functional) AS BIGINT) AS paid_over_functional
	FROM (
		SELECT coalesce(l.jurisdiction, '') AS jurisdiction, o.currency, e.day AS lapsed_on, 0 AS early, 0 AS early_functional,
			CASE WHEN o.day = e.day THEN o.minor - o.remote ELSE 0 END AS expiry, CASE WHEN o.day = e.day THEN o.functional - o.remote_functional ELSE 0 END AS expiry_functional,
			CASE WHEN o.day = e.day THEN o.remote ELSE 0 END AS remote, CASE WHEN o.day = e.day THEN o.remote_functional ELSE 0 END AS remote_functional,
			CASE WHEN o.day <> e.day THEN -o.minor ELSE 0 END AS given_back, CASE WHEN o.day <> e.day THEN -o.functional ELSE 0 END AS given_back_functional,
			0 AS paid_over, 0 AS paid_over_functional
			FROM of_lot AS o JOIN released AS e ON e.customer_id = o.customer_id AND e.lot_id = o.lot_id
			JOIN lots AS l ON l.customer_id = o.customer_id AND l.id = o.lot_id
		UNION ALL SELECT coalesce(p.jurisdiction, ''), r.currency, '', r.unclaimed_minor, r.unclaimed_functional_minor, 0, 0, 0, 0, 0, 0, 0, 0
			FROM recognitions AS r JOIN batches AS b ON b.id = r.batch_id AND b.posted_at_us <= ?3 JOIN pools AS p ON p.id = r.pool_id
			WHERE (r.unclaimed_minor <> 0 OR r.unclaimed_functional_minor <> 0) AND r.accounting_date <= ?0
		UNION ALL SELECT coalesce(p.jurisdiction, ''), p.currency, t.lapsed_on, 0, 0, 0, 0, 0, 0, 0, 0, t.amount_minor, t.functional_minor
			FROM escheat_payments AS p JOIN escheat_payment_parts AS t ON t.payment_id = p.id
			JOIN entries AS e ON e.reference = CAST(p.id AS TEXT) AND e.kind = 'ESCHEAT' WHERE e.accounting_date <= ?0 AND e.posted_at_us <= ?3
	) AS booked WHERE ?1 OR jurisdiction = ?2
	GROUP BY jurisdiction, currency, lapsed_on ORDER BY jurisdiction, currency, lapsed_on`

type unclaimedRow struct {
	Jurisdiction        string
	Currency            string
	LapsedOn            string
	Early               int64
	Expiry              int64
	Remote              int64
	GivenBack           int64
	PaidOver            int64
	EarlyFunctional     int64
	ExpiryFunctional    int64
	RemoteFunctional    int64
	GivenBackFunctional int64
	PaidOverFunctional  int64
	Manual              int64
	ManualFunctional    int64
}

func (t *tx) UnclaimedDays(ctx context.Context, filter books.UnclaimedFilter) ([]books.UnclaimedDay, error) {
	jurisdiction := ""
	if filter.Jurisdiction != nil {
		jurisdiction = *filter.Jurisdiction
	}
	asOf := instant{micros: math.MaxInt64, set: true}
	if !filter.AsOf.IsZero() {
		asOf = instantOf(filter.AsOf)
	}
	return unclaimed(query[unclaimedRow](ctx, t, "adding up unclaimed property", unclaimedDays, date(filter.On), filter.Jurisdiction == nil, jurisdiction, asOf))
}

func unclaimed(rows []unclaimedRow, err error) ([]books.UnclaimedDay, error) {
	days := make([]books.UnclaimedDay, len(rows))
	for i, row := range rows {
		days[i] = books.UnclaimedDay{
			Jurisdiction: row.Jurisdiction, Currency: ledger.Currency(row.Currency),
			Minor: books.UnclaimedSums{Early: row.Early, Expiry: row.Expiry, Remote: row.Remote, GivenBack: row.GivenBack, PaidOver: row.PaidOver, Manual: row.Manual},
			FunctionalMinor: books.UnclaimedSums{
				Early: row.EarlyFunctional, Expiry: row.ExpiryFunctional, Remote: row.RemoteFunctional, GivenBack: row.GivenBackFunctional, PaidOver: row.PaidOverFunctional, Manual: row.ManualFunctional,
			},
		}
		if row.LapsedOn != "" && err == nil {
			days[i].LapsedOn, err = ledger.ParseDate(row.LapsedOn)
		}
	}
	return days, err
}

func (t *tx) UnclaimedLedger(ctx context.Context, on ledger.Date, through int64) ([]books.UnclaimedDay, error) {
	return unclaimed(query[unclaimedRow](ctx, t, "reading the account of unclaimed property",
		`SELECT l.currency, CAST(sum(-l.amount_minor) AS BIGINT) AS early, CAST(sum(-l.functional_minor) AS BIGINT) AS early_functional,
				CAST(sum(CASE WHEN `+byHand+` THEN -l.amount_minor ELSE 0 END) AS BIGINT) AS manual, CAST(sum(CASE WHEN `+byHand+` THEN -l.functional_minor ELSE 0 END) AS BIGINT) AS manual_functional
			FROM lines AS l JOIN entries AS e ON e.number = l.entry_number WHERE l.account = 'unclaimed_property' AND e.accounting_date <= ? AND e.number <= ?
			GROUP BY l.currency ORDER BY l.currency`, date(on), through))
}
