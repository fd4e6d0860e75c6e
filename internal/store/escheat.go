package store

import (
	"context"

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
		lots.lapses_on <= ?2 AND (lots.lapses_on >= ?1 OR lots.liability_on >= ?1)
		OR lots.policy_id IN (SELECT p.id FROM policies AS p WHERE p.breakage_method = 'REMOTE'))`
	holdReleasable = "SELECT lots.customer_id, lots.id AS lot_id FROM lots WHERE " + releasable + " ORDER BY lots.customer_id, lots.id"
	releaseAgain   = `UPDATE lots SET
		lapse_due = CASE WHEN lots.lapses_on IS NULL OR lots.lapses_on > ?2 THEN lots.lapse_due
			WHEN lots.lapse_due < lots.lapses_on THEN lots.lapse_due
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
