package books

import (
	"context"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// alertPage is how many customers, or rows of what expires, one step looks at.
const alertPage = 500

// alerts looks at a page of what one rule is about, one bounded step: place.after holds the
// rule, and how far within it. It books nothing: an alert is about how things stand when
// the job runs.
func (b *Books) alerts(ctx context.Context, tx Tx, run *running) (more bool, err error) {
	yes := true
	rules, err := tx.AlertRules(ctx, AlertRuleFilter{InForce: &yes}, Page{Limit: MaxAlertRules})
	if err != nil {
		return false, err
	}
	for i, rule := range rules {
		if rule.ID < run.at.after.LotID {
			continue
		}
		cursor := ""
		if rule.ID == run.at.after.LotID {
			cursor = run.at.after.CustomerID
		}
		look := b.lookForLow
		if rule.Kind == CreditsExpiring {
			look = b.lookForExpiring
		}
		next, err := look(ctx, tx, rule, cursor)
		switch {
		case err != nil:
			return false, err
		case next != "":
			run.at.after = LotKey{next, rule.ID}
			return true, nil
		case i+1 < len(rules):
			run.at.after = LotKey{"", rules[i+1].ID}
			return true, nil
		}
		return false, nil
	}
	return false, nil
}

// lookForLow alerts of customers whose balance fell below the rule's number, once each
// time, and ends the alerts of those whose balance no longer is. Who never had credits is
// left out.
func (b *Books) lookForLow(ctx context.Context, tx Tx, rule AlertRule, after string) (next string, err error) {
	customers, err := tx.Customers(ctx, CustomerFilter{ID: rule.CustomerID, PolicyID: rule.PolicyID}, Page{After: after, Limit: alertPage})
	if err != nil || len(customers) == 0 {
		return "", err
	}
	if len(customers) == alertPage {
		next = customers[alertPage-1].ID
	}
	var ids []string
	for _, customer := range customers {
		if customer.PolicyID != "" {
			ids = append(ids, customer.ID)
		}
	}
	below, err := rule.belowOf(ctx, tx, ids)
	if err != nil {
		return "", err
	}
	now := b.clock()
	balances, err := b.Balances(ctx, tx, ids, now)
	if err != nil {
		return "", err
	}
	standing, err := b.standing(ctx, tx, rule, ids)
	if err != nil {
		return "", err
	}
	var raised []Alert
	var over []string
	for _, balance := range balances {
		id := balance.CustomerID
		alert, stands := standing[subject{customerID: id}]
		switch low := balance.Credits < below[id]; {
		case low && !stands:
			raised = append(raised, Alert{
				ID: b.newID(), RuleID: rule.ID, CustomerID: id, Kind: rule.Kind, At: now, Credits: balance.Credits, Below: below[id],
			})
		case !low && stands:
			over = append(over, alert.ID)
		}
	}
	if err := tx.EndAlerts(ctx, over, now); err != nil {
		return "", err
	}
	return next, b.raise(ctx, tx, raised)
}

// belowOf is the number of credits of each customer that the rule is about.
func (r AlertRule) belowOf(ctx context.Context, tx Tx, ids []string) (map[string]revrec.Credits, error) {
	below := make(map[string]revrec.Credits, len(ids))
	if r.Share.IsZero() {
		for _, id := range ids {
			below[id] = r.Below
		}
		return below, nil
	}
	if len(ids) == 0 {
		return below, nil
	}
	filters := make([]PurchaseFilter, len(ids))
	for i, id := range ids {
		filters[i] = PurchaseFilter{CustomerID: id, Statuses: []PurchaseStatus{PurchasePaid, PurchaseInvoiced}}
	}
	last, err := tx.PurchasesBelow(ctx, filters, Page{Limit: 1, Reverse: true})
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		for _, purchase := range last[i] {
			below[id] = revrec.Credits(decimal.NewFromInt(int64(purchase.Credits + purchase.Bonus)).Mul(r.Share).IntPart())
		}
	}
	return below, nil
}

// lookForExpiring alerts of credits whose last day comes within the rule's days, once for
// each of them; where several were reached at once, for the nearest.
func (b *Books) lookForExpiring(ctx context.Context, tx Tx, rule AlertRule, after string) (next string, err error) {
	today := b.today()
	filter := ExpiringFilter{CustomerID: rule.CustomerID, PolicyID: rule.PolicyID}
	filter.ExpiresFrom, filter.ExpiresBefore = ExpiringDays(today, today+ledger.Date(rule.DaysBefore[len(rule.DaysBefore)-1]), b.zone)
	rows, err := tx.Expiring(ctx, filter, Page{After: after, Limit: alertPage})
	if err != nil || len(rows) == 0 {
		return "", err
	}
	if len(rows) == alertPage {
		next = rows[alertPage-1].Key()
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.CustomerID
	}
	standing, err := b.standing(ctx, tx, rule, ids)
	if err != nil {
		return "", err
	}
	var raised []Alert
	for _, row := range rows {
		alert := Alert{
			ID: b.newID(), RuleID: rule.ID, CustomerID: row.CustomerID, Kind: rule.Kind, At: b.clock(), Credits: row.Credits, Day: row.Day,
			DaysBefore: rule.reached(int(row.Day - today)), Carrying: row.Carrying,
		}
		if _, stands := standing[subjectOf(alert)]; !stands {
			raised = append(raised, alert)
		}
	}
	return next, b.raise(ctx, tx, raised)
}

// reached is the nearest of the rule's days that has come so many days before the last.
func (r AlertRule) reached(left int) int {
	for _, days := range r.DaysBefore {
		if left <= days {
			return days
		}
	}
	return r.DaysBefore[len(r.DaysBefore)-1]
}

// subject tells apart what a rule alerts of.
type subject struct {
	customerID string
	day        ledger.Date
	daysBefore int
	currency   ledger.Currency
}

func subjectOf(a Alert) subject {
	if a.Kind == BalanceLow {
		return subject{customerID: a.CustomerID}
	}
	return subject{a.CustomerID, a.Day, a.DaysBefore, a.Carrying.Currency}
}

// standing are the alerts of the rule that stand, by what they are about.
func (b *Books) standing(ctx context.Context, tx Tx, rule AlertRule, customerIDs []string) (map[subject]Alert, error) {
	alerts, err := tx.StandingAlerts(ctx, rule.ID, customerIDs, b.today())
	found := make(map[subject]Alert, len(alerts))
	for _, alert := range alerts {
		found[subjectOf(alert)] = alert
	}
	return found, err
}

// raise keeps alerts and tells of them.
func (b *Books) raise(ctx context.Context, tx Tx, alerts []Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	if err := tx.InsertAlerts(ctx, alerts); err != nil {
		return err
	}
	notices := make([]notice, len(alerts))
	for i, alert := range alerts {
		notices[i] = alertNotice(alert)
	}
	return b.tell(ctx, tx, notices...)
}

func alertNotice(a Alert) notice {
	kind := NoticeBalanceLow
	if a.Kind == CreditsExpiring {
		kind = NoticeCreditsExpiring
	}
	return notice{kind, []string{a.CustomerID}, func(customers map[string]string) map[string]any {
		data := map[string]any{"alertId": "alt_" + a.CustomerID + "/" + a.ID, "ruleId": "alr_" + a.RuleID, "customer": customers[a.CustomerID], "credits": a.Credits.String()}
		if a.Kind == BalanceLow {
			data["below"] = a.Below.String()
			return data
		}
		data["day"], data["daysBefore"], data["carrying"] = a.Day.String(), a.DaysBefore, moneyOf(a.Carrying)
		return data
	}}
}
