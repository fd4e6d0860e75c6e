package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

type alertRuleRow struct {
	bun.BaseModel `bun:"table:alert_rules,alias:alert_rules"`

	ID         string
	Kind       string
	CustomerID string `bun:",nullzero"`
	PolicyID   string `bun:",nullzero"`
	Below      int64
	Share      number `bun:",type:text"`
	DaysBefore string // by commas
	CreatedBy  string
	CreatedAt  instant `bun:"created_at_us,type:bigint"`
	EndedAt    instant `bun:"ended_at_us,type:bigint"`
}

func (row alertRuleRow) rule() books.AlertRule {
	rule := books.AlertRule{
		ID: row.ID, Kind: books.AlertKind(row.Kind), CustomerID: row.CustomerID, PolicyID: row.PolicyID, Below: revrec.Credits(row.Below),
		Share: row.Share.Decimal, CreatedBy: row.CreatedBy, CreatedAt: row.CreatedAt.time(), EndedAt: row.EndedAt.time(),
	}
	for text := range strings.SplitSeq(row.DaysBefore, ",") {
		if days, err := strconv.Atoi(text); err == nil { // "" is none
			rule.DaysBefore = append(rule.DaysBefore, days)
		}
	}
	return rule
}

func (t *tx) InsertAlertRule(ctx context.Context, rule books.AlertRule) error {
	return insert(ctx, t, "keeping a rule", []alertRuleRow{{
		ID: rule.ID, Kind: string(rule.Kind), CustomerID: rule.CustomerID, PolicyID: rule.PolicyID, Below: int64(rule.Below), Share: number{rule.Share},
		DaysBefore: strings.Join(convert(rule.DaysBefore, strconv.Itoa), ","), CreatedBy: rule.CreatedBy, CreatedAt: instantOf(rule.CreatedAt), EndedAt: instantOf(rule.EndedAt),
	}})
}

func (t *tx) EndAlertRule(ctx context.Context, id string, at time.Time) error {
	touched, err := t.exec(ctx, "ending a rule", "UPDATE alert_rules SET ended_at_us = coalesce(ended_at_us, ?) WHERE id = ?", instantOf(at), rowID(id))
	return wroteOne("rule", id, touched, err)
}

func (t *tx) AlertRulesByID(ctx context.Context, ids []string) ([]books.AlertRule, error) {
	rows, err := byColumn[alertRuleRow](ctx, t, "reading rules", "id", ids)
	return convert(rows, alertRuleRow.rule), err
}

func (t *tx) AlertRules(ctx context.Context, filter books.AlertRuleFilter, page books.Page) ([]books.AlertRule, error) {
	rows, err := list[alertRuleRow](ctx, t, "listing rules", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(ofAlertRules(q, filter))
	})
	return convert(rows, alertRuleRow.rule), err
}

func (t *tx) CountAlertRules(ctx context.Context, filter books.AlertRuleFilter) (int64, error) {
	return count[alertRuleRow](ctx, t, "counting rules", func(q *bun.SelectQuery) *bun.SelectQuery { return ofAlertRules(q, filter) })
}

func ofAlertRules(q *bun.SelectQuery, filter books.AlertRuleFilter) *bun.SelectQuery {
	return whereInForce(whereID(q, "customer_id", filter.CustomerID), filter.InForce)
}

// whereInForce narrows a query to rules that are in force, or that are not.
func whereInForce(q *bun.SelectQuery, inForce *bool) *bun.SelectQuery {
	switch {
	case inForce == nil:
		return q
	case *inForce:
		return q.Where("ended_at_us IS NULL")
	}
	return q.Where("ended_at_us IS NOT NULL")
}

type alertRow struct {
	bun.BaseModel `bun:"table:alerts,alias:alerts"`

	CustomerID    string
	ID            string
	RuleID        string
	Kind          string
	At            instant `bun:"at_us,type:bigint"`
	Credits       int64
	Below         int64
	Day           date `bun:",type:text"`
	DaysBefore    int64
	CarryingMinor int64
	Currency      string  `bun:",nullzero"`
	EndedAt       instant `bun:"ended_at_us,type:bigint"`
}

func alertRowOf(a books.Alert) alertRow {
	return alertRow{
		CustomerID: a.CustomerID, ID: a.ID, RuleID: a.RuleID, Kind: string(a.Kind), At: instantOf(a.At), Credits: int64(a.Credits), Below: int64(a.Below),
		Day: date(a.Day), DaysBefore: int64(a.DaysBefore), CarryingMinor: a.Carrying.Minor, Currency: string(a.Carrying.Currency), EndedAt: instantOf(a.EndedAt),
	}
}

func (row alertRow) alert() books.Alert {
	return books.Alert{
		CustomerID: row.CustomerID, ID: row.ID, RuleID: row.RuleID, Kind: books.AlertKind(row.Kind), At: row.At.time(), Credits: revrec.Credits(row.Credits),
		Below: revrec.Credits(row.Below), Day: ledger.Date(row.Day), DaysBefore: int(row.DaysBefore),
		Carrying: ledger.Money(row.CarryingMinor, ledger.Currency(row.Currency)), EndedAt: row.EndedAt.time(),
	}
}

func (t *tx) InsertAlerts(ctx context.Context, alerts []books.Alert) error {
	return insert(ctx, t, "keeping alerts", convert(alerts, alertRowOf))
}

func (t *tx) EndAlerts(ctx context.Context, ids []string, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := t.exec(ctx, "ending alerts", "UPDATE alerts SET ended_at_us = ? WHERE id IN (?) AND ended_at_us IS NULL",
		instantOf(at), bun.List(convert(ids, rowIDOf)))
	return err
}

func (t *tx) StandingAlerts(ctx context.Context, ruleID string, customerIDs []string, on ledger.Date) ([]books.Alert, error) {
	rows, err := inChunks(customerIDs, func(chunk []string) ([]alertRow, error) {
		return list[alertRow](ctx, t, "reading alerts that stand", func(q *bun.SelectQuery) *bun.SelectQuery {
			return standing(whereID(q, "rule_id", ruleID), on).
				Where("customer_id IN (?)", bun.List(convert(chunk, rowIDOf)))
		})
	})
	return convert(rows, alertRow.alert), err
}

func standing(q *bun.SelectQuery, on ledger.Date) *bun.SelectQuery {
	return q.Where("ended_at_us IS NULL").Where("(day IS NULL OR day >= ?)", date(on))
}

func (t *tx) Alerts(ctx context.Context, filter books.AlertFilter, page books.Page) ([]books.Alert, error) {
	rows, err := list[alertRow](ctx, t, "listing alerts", func(q *bun.SelectQuery) *bun.SelectQuery { return byID(page).on(ofAlerts(q, filter)) })
	return convert(rows, alertRow.alert), err
}

func (t *tx) CountAlerts(ctx context.Context, filter books.AlertFilter) (int64, error) {
	return count[alertRow](ctx, t, "counting alerts", func(q *bun.SelectQuery) *bun.SelectQuery { return ofAlerts(q, filter) })
}

func ofAlerts(q *bun.SelectQuery, filter books.AlertFilter) *bun.SelectQuery {
	q = whereEqual(whereID(whereID(q, "customer_id", filter.CustomerID), "rule_id", filter.RuleID), "kind", string(filter.Kind))
	if filter.ActiveOn != 0 {
		q = standing(q, filter.ActiveOn)
	}
	return whereWithin(q, "at_us", filter.From, filter.Before)
}
