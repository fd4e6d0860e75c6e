package storetest

import (
	"context"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// revenue adds up what was recognised of a lot that moved on, of pools of each kind and of use
// beyond the balance; a refund, an entry that is about no purchase, and what was posted later.
func revenue(t *testing.T, s *suite) {
	policy, pack := aPolicy("a policy"), newID()
	purchase, sold, child, overage := aPurchase(c1), aLot(c1, policy.ID), aLot(c2, policy.ID), aLot(c1, policy.ID)
	purchase.LotID, purchase.PolicyID, sold.PurchaseID = sold.ID, policy.ID, purchase.ID
	child.OriginID, child.PurchaseID, child.PurchasedOn, child.Jurisdiction = sold.ID, "", day, "US-NY"
	overage.Kind, overage.PurchasedOn, overage.ExpiresAt, overage.AcceptsUntil, overage.LapsesOn = revrec.OverageLot, 0, time.Time{}, time.Time{}, 0
	overage.Carrying, overage.CarryingFunctional = usd(0), usd(0)
	pool := func(by revrec.PoolBy, key string) revrec.Pool {
		return revrec.Pool{ID: newID(), PolicyID: policy.ID, By: by, Key: key, Currency: "USD", Functional: "USD"}
	}
	pools := []revrec.Pool{pool(revrec.PoolByLot, sold.ID+"/US-DE"), pool(revrec.PoolByPurchaseMonth, "2023-12"), pool(revrec.PoolByPolicy, "")}
	pools[0].Jurisdiction = "US-DE"
	january, march := ledger.NewDate(2024, 1, 1).Period(), day.Period()
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		must(t, tx.InsertPurchase(ctx, purchase))
		filed, err := tx.AddToCohorts(ctx, books.Move{At: noon}, []books.Cohort{{ID: newID(), PolicyID: policy.ID, PackID: pack, Currency: "USD", Month: january, Sold: revrec.One}})
		must(t, err)
		sold.CohortID, child.CohortID = filed[0].ID, filed[0].ID
		putLots(ctx, t, tx, sold, child, overage)
		_, err = tx.EnsurePools(ctx, pools)
		must(t, err)
		batch, err := tx.OpenBatch(ctx, newID(), noon)
		must(t, err)
		must(t, tx.InsertRecognitions(ctx, []revrec.Recognition{ // of each one unit is the law's
			aRecognition(sold, revrec.Usage, day, 11, batch.ID), aRecognition(child, revrec.UsageUnbilled, day, 21, batch.ID),
			aRecognition(child, revrec.Clearing, day, 6, batch.ID), aRecognition(overage, revrec.OverageUsage, day, 31, batch.ID),
			poolRecognition(pools[0], day, 41, batch.ID), poolRecognition(pools[1], day, 51, batch.ID), poolRecognition(pools[2], day, 61, batch.ID),
		}))
		must(t, tx.CloseBatch(ctx, batch.ID, noon))
		later, err := tx.OpenBatch(ctx, newID(), noon.Add(time.Hour))
		must(t, err)
		must(t, tx.InsertRecognitions(ctx, []revrec.Recognition{aRecognition(sold, revrec.Usage, day, 101, later.ID)})) // not posted
		refund, other := anEntry(day, usd(5)), anEntry(day, usd(7))
		refund.Kind, refund.Reference = ledger.RefundEntry, purchase.ID
		refund.Lines = []ledger.Line{
			ledger.Debit(ledger.DeferredRevenue, usd(3), usd(3), ledger.Dimensions{}), ledger.Debit(ledger.Refunds, usd(2), usd(2), ledger.Dimensions{}),
			ledger.Credit(ledger.Cash, usd(5), usd(5), ledger.Dimensions{}),
		}
		d := ledger.Dimensions{Policy: policy.Code}
		other.Kind, other.Reference = "OTHER", ""
		other.Lines = []ledger.Line{ledger.Debit(ledger.Cash, usd(7), usd(7), d), ledger.Credit(ledger.UsageRevenue, usd(7), usd(7), d)}
		_, err = tx.AppendEntries(ctx, []ledger.Entry{refund, other, refund})
		must(t, err)
	})
	moved := func(month ledger.Period, kind string, deferred, revenue, law int64) books.CohortMovement {
		twice := int64(2)
		if kind == "REFUND" || kind == "OTHER" {
			twice = 1
		}
		return books.CohortMovement{
			PolicyID: policy.ID, Month: month, Currency: "USD", Booked: march, Kind: ledger.EntryKind(kind), Deferred: deferred, FunctionalDeferred: twice * deferred,
			Revenue: revenue, FunctionalRevenue: twice * revenue, Law: law, FunctionalLaw: twice * law,
		}
	}
	under := func(jurisdiction string, m books.CohortMovement) books.CohortMovement {
		m.Jurisdiction = jurisdiction
		return m
	}
	span := books.MovementSpan{From: day - 1, To: day + 1, Through: 2, AsOf: noon}
	s.view(func(ctx context.Context, tx books.Tx) {
		want := map[books.CohortMovement]bool{}
		for _, m := range []books.CohortMovement{
			moved(january, "USAGE", -11, 10, 1), under("US-NY", moved(january, "USAGE_UNBILLED", 0, 20, 1)), under("US-NY", moved(january, "CLEARING", -6, 0, 1)), moved(0, "OVERAGE", 0, 30, 1),
			under("US-DE", moved(january, "BREAKAGE_EARLY", -41, 40, 1)), moved(january-1, "BREAKAGE_EARLY", -51, 50, 1), moved(0, "BREAKAGE_EARLY", -61, 60, 1),
			moved(january, "REFUND", -3, -2, 0), moved(0, "OTHER", 0, 7, 0),
		} {
			want[m] = true
		}
		same(t, want)(setOf(tx.CohortMovements(ctx, span)))
		same(t, map[books.CohortMovement]bool{moved(january, "USAGE", -101, 100, 1): true, moved(january, "REFUND", -3, -2, 0): true})(setOf(tx.CohortMovementsSince(ctx, span)))
		rest := func(month ledger.Period, minor, functional int64) books.CohortMovement {
			return books.CohortMovement{PolicyID: policy.ID, Month: month, Currency: "USD", Deferred: minor, FunctionalDeferred: functional}
		}
		same(t, map[books.CohortMovement]bool{
			rest(january, 1000, 1000): true, under("US-NY", rest(january, 1000, 1000)): true, under("US-DE", rest(january, -41, -82)): true, rest(january-1, -51, -102): true, rest(0, -61, -122): true,
		})(setOf(tx.CohortRest(ctx)))
		// Both lots carry 1000; 101 of one are recognised later, and the refund takes nothing out of a lot.
		same(t, []books.LotEnd{{PolicyID: policy.ID, Currency: "USD", Month: january, Last: sold.LapsesOn.Period(), Minor: 2101}})(tx.LotEnds(ctx, span, noon))
		same(t, []books.CohortMovement{{Currency: "USD", Booked: march, Revenue: 5, FunctionalRevenue: 5}})(tx.RevenueBalances(ctx, span))
		same(t, []books.BonusAct{})(tx.BonusActs(ctx, span, true))
		same(t, []books.OpeningPart{
			{PolicyID: policy.ID, Currency: "USD", Contract: books.OpeningFigures{Overage: 31}, Functional: books.OpeningFigures{Overage: 62}},
			{PolicyID: policy.ID, Currency: "USD", Month: january, Contract: books.OpeningFigures{Used: 11, Early: 40}, Functional: books.OpeningFigures{Used: 22, Early: 80}},
			{PolicyID: policy.ID, Currency: "USD", Month: march, There: true, Contract: books.OpeningFigures{Unbilled: 21}, Functional: books.OpeningFigures{Unbilled: 42}},
		})(tx.OpeningParts(ctx, span)) // it moved on before, and who has credits of another has paid
		early := func(month ledger.Period, minor int64) books.CohortMovement {
			return books.CohortMovement{PolicyID: policy.ID, Month: month, Currency: "USD", Kind: ledger.EarlyEntry, Revenue: minor, FunctionalRevenue: 2 * minor}
		}
		same(t, []books.CohortMovement{early(0, 60), early(january-1, 50)})(tx.SharedPools(ctx, span))
		same(t, []books.CohortMovement{})(tx.EarlierRevenue(ctx, span))
		same(t, []books.LotSum{})(tx.VoidedEarlier(ctx, span, noon))
		same(t, []books.LotSum{{LotID: sold.ID, Minor: 11, Functional: 22}})(tx.OutBefore(ctx, []string{sold.ID}, books.MovementSpan{From: day + 1, AsOf: noon}))
		part := func(none bool, key, kind string, minor, functional int64) books.IncomePart {
			return books.IncomePart{None: none, Key: key, Currency: "USD", Kind: ledger.EntryKind(kind), Minor: minor, Functional: functional}
		}
		for by, want := range map[books.Dimension][]books.IncomePart{
			"":             {part(false, "", "OTHER", 7, 7), part(false, "", "REFUND", -2, -2)},
			books.ByPolicy: {part(false, "", "REFUND", -2, -2), part(false, policy.ID, "OTHER", 7, 7)},
			books.ByPack: {
				part(false, purchase.PackID, "REFUND", -2, -2), part(false, pack, "BREAKAGE_EARLY", 40, 80), part(false, pack, "USAGE", 10, 20), part(false, pack, "USAGE_UNBILLED", 20, 40),
				part(true, "", "BREAKAGE_EARLY", 110, 220), part(true, "", "OTHER", 7, 7), part(true, "", "OVERAGE", 30, 60),
			},
			books.ByMeter: {part(true, "", "BREAKAGE_EARLY", 150, 300), part(true, "", "OTHER", 7, 7), part(true, "", "REFUND", -2, -2)},
			books.ByCustomer: {
				part(false, c1, "OVERAGE", 30, 60), part(false, c1, "REFUND", -2, -2), part(false, c1, "USAGE", 10, 20), part(false, c2, "USAGE_UNBILLED", 20, 40),
				part(true, "", "BREAKAGE_EARLY", 150, 300), part(true, "", "OTHER", 7, 7),
			},
		} {
			var got []books.IncomePart
			err := tx.EachIncome(ctx, by, span, func(p books.IncomePart) { got = append(got, p) })
			same(t, want)(got, err)
		}
	})
}

func setOf(rows []books.CohortMovement, err error) (map[books.CohortMovement]bool, error) {
	set := map[books.CohortMovement]bool{}
	for _, row := range rows {
		set[row] = true
	}
	return set, err
}
