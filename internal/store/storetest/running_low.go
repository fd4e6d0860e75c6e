package storetest

import (
	"context"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/revrec"
)

func alerts(t *testing.T, s *suite) {
	low := books.AlertRule{ID: newID(), Kind: books.BalanceLow, CustomerID: c1, Below: 5 * revrec.One, CreatedBy: "token:ann", CreatedAt: noon}
	share := books.AlertRule{ID: newID(), Kind: books.BalanceLow, Share: dec("0.15"), CreatedBy: "token:ann", CreatedAt: noon}
	soon := books.AlertRule{ID: newID(), Kind: books.CreditsExpiring, PolicyID: p1, DaysBefore: []int{7, 30}, CreatedBy: "token:ann", CreatedAt: noon}
	alert := func(rule books.AlertRule, customer string) books.Alert {
		return books.Alert{ID: newID(), RuleID: rule.ID, CustomerID: customer, Kind: rule.Kind, At: noon, Credits: 4 * revrec.One, Below: rule.Below}
	}
	ofLow, ofOther, ofSoon := alert(low, c1), alert(low, c2), alert(soon, c1)
	ofSoon.Day, ofSoon.DaysBefore, ofSoon.Carrying, ofSoon.At = day+7, 7, eur(9), noon.Add(time.Hour)
	yes, no := true, false
	s.update(func(ctx context.Context, tx books.Tx) {
		for _, rule := range []books.AlertRule{low, share, soon} {
			must(t, tx.InsertAlertRule(ctx, rule))
		}
		must(t, tx.InsertAlerts(ctx, []books.Alert{ofLow, ofOther, ofSoon}))
		must(t, tx.EndAlertRule(ctx, share.ID, noon.Add(time.Minute)))
		must(t, tx.EndAlertRule(ctx, share.ID, noon.Add(time.Hour))) // stays as it is
	})
	share.EndedAt = noon.Add(time.Minute)
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.EndAlertRule(ctx, "none", noon) }), books.NotFound)
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.AlertRule{low, share, soon})(tx.AlertRules(ctx, books.AlertRuleFilter{}, books.Page{}))
		same(t, []books.AlertRule{low, soon})(tx.AlertRules(ctx, books.AlertRuleFilter{InForce: &yes}, books.Page{}))
		same(t, []books.AlertRule{share})(tx.AlertRules(ctx, books.AlertRuleFilter{InForce: &no}, books.Page{}))
		same(t, []books.AlertRule{low})(tx.AlertRules(ctx, books.AlertRuleFilter{CustomerID: c1}, books.Page{}))
		same(t, []books.AlertRule{soon})(tx.AlertRulesByID(ctx, []string{soon.ID}))
		same(t, int64(2))(tx.CountAlertRules(ctx, books.AlertRuleFilter{InForce: &yes}))
		same(t, []books.Alert{ofLow, ofOther, ofSoon})(tx.Alerts(ctx, books.AlertFilter{}, books.Page{}))
		same(t, []books.Alert{ofSoon})(tx.Alerts(ctx, books.AlertFilter{CustomerID: c1, Kind: books.CreditsExpiring}, books.Page{}))
		same(t, []books.Alert{ofLow})(tx.Alerts(ctx, books.AlertFilter{RuleID: low.ID}, books.Page{Limit: 1}))
		same(t, []books.Alert{ofSoon})(tx.Alerts(ctx, books.AlertFilter{From: noon.Add(time.Microsecond)}, books.Page{}))
		same(t, int64(2))(tx.CountAlerts(ctx, books.AlertFilter{ActiveOn: day + 8}))
		same(t, []books.Alert{ofSoon})(tx.StandingAlerts(ctx, soon.ID, []string{c1, c2}, day+7))
		same(t, []books.Alert{})(tx.StandingAlerts(ctx, soon.ID, []string{c1, c2}, day+8))
		same(t, []books.Alert{ofOther})(tx.StandingAlerts(ctx, low.ID, []string{c2}, day))
	})
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.EndAlerts(ctx, nil, noon))
		must(t, tx.EndAlerts(ctx, []string{ofLow.ID}, noon.Add(time.Hour)))
		same(t, []books.Alert{})(tx.StandingAlerts(ctx, low.ID, []string{c1}, day))
	})
}

func topUps(t *testing.T, s *suite) {
	rule := books.TopUpRule{ID: newID(), CustomerID: c1, Below: 10 * revrec.One, Pack: "growth", Credits: 100 * revrec.One, MonthlyCap: 4, OpenHours: 72, CreatedBy: "token:ann", CreatedAt: noon}
	other := rule
	other.ID, other.CustomerID, other.Pack, other.Policy, other.Price = newID(), c2, "", "annual", eur(1000)
	request := books.TopUp{
		ID: newID(), RuleID: rule.ID, CustomerID: c1, Status: books.TopUpOpen, Balance: 3 * revrec.One, Credits: rule.Credits, Price: usd(500), At: noon, EndsAt: noon.Add(72 * time.Hour),
	}
	late := request
	late.ID, late.EndsAt = newID(), noon.Add(time.Hour)
	yes, no := true, false
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertTopUpRule(ctx, rule))
		must(t, tx.InsertTopUpRule(ctx, other))
		must(t, tx.InsertTopUp(ctx, request))
		must(t, tx.InsertTopUp(ctx, late))
		same(t, request)(tx.LockTopUp(ctx, c1, request.ID))
		same(t, []books.TopUpRule{rule, other})(tx.TopUpRules(ctx, books.TopUpFilter{InForce: &yes}, books.Page{}))
		same(t, []books.TopUpRule{other})(tx.TopUpRules(ctx, books.TopUpFilter{}, books.Page{After: rule.ID}))
		other.EndedAt = noon.Add(time.Hour)
		same(t, other)(tx.EndTopUpRule(ctx, c2, other.ID, other.EndedAt))
		same(t, int64(1))(tx.CountTopUpRules(ctx, books.TopUpFilter{InForce: &no}))
		must(t, tx.ExpireTopUps(ctx, noon.Add(time.Hour)))
		late.Status, late.DecidedAt = books.TopUpExpired, late.EndsAt
		request.Status, request.DecidedAt, request.PurchaseID, request.Reason = books.TopUpConfirmed, noon.Add(time.Minute), newID(), "it's paid"
		must(t, tx.DecideTopUp(ctx, request))
		same(t, []books.TopUp{request, late})(tx.TopUps(ctx, books.TopUpFilter{CustomerID: c1, RuleID: rule.ID, From: noon}, books.Page{}))
		same(t, int64(1))(tx.CountTopUps(ctx, books.TopUpFilter{Status: books.TopUpExpired}))
	})
	for _, key := range [][2]string{{c2, request.ID}, {c1, newID()}, {"x", "y"}} {
		refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { _, err := tx.LockTopUp(ctx, key[0], key[1]); return err }), books.NotFound)
		refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
			_, err := tx.EndTopUpRule(ctx, key[0], key[1], noon)
			return err
		}), books.NotFound)
	}
}
