package storetest

import (
	"context"
	"testing"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// jurisdictions keeps under which law customers, lots and pools are, and what the law claims.
func jurisdictions(t *testing.T, s *suite) {
	rule := func(jurisdiction string, from ledger.Date, share, dormancy string) books.EscheatRule {
		r := books.EscheatRule{ID: newID(), Jurisdiction: jurisdiction, From: from, Share: dec(share), Reason: "12 Del. C. § 1133", CreatedAt: noon, CreatedBy: "token:controller"}
		if dormancy != "" {
			r.Dormancy, _ = ledger.ParseDuration(dormancy)
		}
		return r
	}
	first, later, again, other := rule("US-DE", day, "0.4", "P5Y"), rule("US-DE", day+10, "0.5", ""), rule("US-DE", day+10, "0.6", "P3Y"), rule("DE", day+5, "0", "")
	customer := aCustomer("acme")
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertCustomer(ctx, customer))
		for _, r := range []books.EscheatRule{later, again, other, first} {
			must(t, tx.InsertEscheatRule(ctx, r))
		}
		same(t, "")(tx.SetCustomerJurisdiction(ctx, customer.ID, "US-DE"))
		same(t, "US-DE")(tx.SetCustomerJurisdiction(ctx, customer.ID, "DE"))
		same(t, "DE")(tx.SetCustomerJurisdiction(ctx, customer.ID, ""))
		same(t, "")(tx.SetCustomerJurisdiction(ctx, customer.ID, "FR-75C"))
		_, err := tx.SetCustomerJurisdiction(ctx, newID(), "DE")
		refused(t, err, books.NotFound)
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		customer.Jurisdiction = "FR-75C"
		same(t, []books.Customer{customer})(tx.CustomersByID(ctx, []string{customer.ID}))
		same(t, []books.Customer{customer})(tx.CustomersByExternalID(ctx, []string{customer.ExternalID}))
		same(t, []books.EscheatRule{other, first, later, again})(tx.EscheatRulesOf(ctx, []string{"US-DE", "DE", "FR"}))
		same(t, []books.EscheatRule{})(tx.EscheatRulesOf(ctx, nil))
		list := func(want []books.EscheatRule, filter books.EscheatFilter, page books.Page) {
			t.Helper()
			same(t, want)(tx.EscheatRules(ctx, filter, page))
		}
		list([]books.EscheatRule{other, first, later, again}, books.EscheatFilter{}, books.Page{})
		list([]books.EscheatRule{later}, books.EscheatFilter{}, books.Page{After: first.Key(), Limit: 1})
		list([]books.EscheatRule{first, other}, books.EscheatFilter{}, books.Page{After: later.Key(), Reverse: true})
		list([]books.EscheatRule{other, again}, books.EscheatFilter{On: day + 10}, books.Page{})
		list([]books.EscheatRule{first}, books.EscheatFilter{On: day + 9, Jurisdiction: "US-DE"}, books.Page{})
		list([]books.EscheatRule{}, books.EscheatFilter{On: day - 1}, books.Page{})
		same(t, int64(3))(tx.CountEscheatRules(ctx, books.EscheatFilter{Jurisdiction: "US-DE"}))
		same(t, int64(1))(tx.CountEscheatRules(ctx, books.EscheatFilter{Jurisdiction: "US-DE", On: day + 20}))
		_, err := tx.EscheatRules(ctx, books.EscheatFilter{}, books.Page{After: "US-DE"})
		refused(t, err, books.Invalid)
	})
}

// underOneLaw has the lots and pools of a jurisdiction looked at again from a day.
func underOneLaw(t *testing.T, s *suite) {
	policy, customer := aPolicy("standard"), aCustomer("acme")
	lapsed := func(on ledger.Date, jurisdiction string) revrec.Lot {
		lot := aLot(customer.ID, policy.ID)
		lot.Jurisdiction, lot.LapsesOn, lot.LapseDue, lot.LiabilityOn = jurisdiction, on, 0, day
		return lot
	}
	before, since, ahead, elsewhere := lapsed(day+1, "US-DE"), lapsed(day+2, "US-DE"), lapsed(day+9, "US-DE"), lapsed(day+3, "DE")
	due := lapsed(day+1, "US-DE")
	due.LiabilityOn = day + 4
	pool := revrec.Pool{ID: newID(), PolicyID: policy.ID, By: revrec.PoolByPolicy, Key: "/US-DE", Jurisdiction: "US-DE", Currency: "USD", Functional: "USD"}
	plain := revrec.Pool{ID: newID(), PolicyID: policy.ID, By: revrec.PoolByPolicy, Currency: "USD", Functional: "USD"}
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertCustomer(ctx, customer))
		must(t, tx.InsertPolicy(ctx, policy))
		must(t, tx.InsertLots(ctx, []*revrec.Lot{&before, &since, &ahead, &elsewhere, &due}))
		same(t, []revrec.Pool{pool, plain})(tx.EnsurePools(ctx, []revrec.Pool{pool, plain}))
		must(t, tx.ReleaseAgain(ctx, "US-DE", day+2, day+5))
		must(t, tx.MeasurePoolsOf(ctx, "US-DE", day+2))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		for lot, want := range map[*revrec.Lot]ledger.Date{&before: 0, &since: day + 2, &ahead: 0, &elsewhere: 0, &due: day + 4} {
			lots, err := tx.LotsByID(ctx, []string{lot.ID})
			must(t, err)
			if lots[0].LapseDue != want || lots[0].Jurisdiction != lot.Jurisdiction {
				t.Errorf("a lot of %q that lapsed on %s is looked at on %s, want %s", lots[0].Jurisdiction, lot.LapsesOn, lots[0].LapseDue, want)
			}
		}
	})
	s.update(func(ctx context.Context, tx books.Tx) { // who reads what waits holds it
		same(t, []books.PoolWork{{Pool: pool, From: day + 2}})(tx.UnmeasuredPools(ctx, day+5, 10))
		locked, err := tx.LockLots(ctx, []books.LotKey{{CustomerID: since.CustomerID, LotID: since.ID}})
		must(t, err)
		if len(locked) != 1 || locked[0].Jurisdiction != "US-DE" {
			t.Errorf("held %+v", locked)
		}
	})
}
