package storetest

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// charts adds up a handful of rows by day and group.
func charts(t *testing.T, s *suite) {
	policy := aPolicy("standard")
	first, second, grant := aLot(c1, policy.ID), aLot(c2, policy.ID), aLot(c1, policy.ID)
	grant.Kind, grant.Reason, grant.PurchaseID = revrec.GrantLot, "PROMO", ""
	sold, voided, euro := aPurchase(c1), aPurchase(c2), aPurchase(c2)
	for _, deal := range []struct {
		purchase *books.Purchase
		lot      *revrec.Lot
	}{{&sold, &first}, {&euro, &second}} {
		deal.purchase.LotID, deal.lot.PurchaseID, deal.purchase.PolicyID = deal.lot.ID, deal.purchase.ID, policy.ID
		deal.lot.PurchasedOn = day // as the purchase
	}
	sold.Price, sold.Functional = usd(500), usd(500)
	for _, purchase := range []*books.Purchase{&sold, &voided, &euro} { // the day of a purchase is that of its lot
		purchase.PurchasedAt = first.PurchasedOn.Start(time.UTC).Add(12 * time.Hour)
	}
	voided.VoidedAt, voided.Status = noon, books.PurchaseVoided
	euro.PackID = ""
	var batch string
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		putLots(ctx, t, tx, first, second, grant)
		for _, purchase := range []books.Purchase{sold, voided, euro} {
			must(t, tx.InsertPurchase(ctx, purchase))
		}
		must(t, tx.AddLotDays(ctx, []books.LotDay{
			{CustomerID: c1, LotID: first.ID, Day: day, Drawn: 5},
			{CustomerID: c1, LotID: first.ID, Day: day + 1, Drawn: 7},
			{CustomerID: c1, LotID: grant.ID, Day: day, Drawn: 2},
			{CustomerID: c2, LotID: second.ID, Day: day, Drawn: 100},
			{CustomerID: c2, LotID: second.ID, Day: day + 40, Drawn: 1000},
			{CustomerID: c2, LotID: second.ID, Day: day + 1, Drawn: 0},
		}))
		event, direct := anEvent(c1, newID(), 5), anEvent(c1, newID(), 2)
		event.MeterID, event.Quantity = meterID, dec("5")
		must(t, tx.InsertEvents(ctx, []books.UsageEvent{event, direct}))
		must(t, tx.InsertDraws(ctx, []books.Draw{
			{CustomerID: c1, EventID: event.ID, LotID: first.ID, Day: day, Credits: 5}, {CustomerID: c1, EventID: direct.ID, LotID: grant.ID, Day: day, Credits: 2},
		}))
		opened, err := tx.OpenBatch(ctx, newID(), noon)
		must(t, err)
		batch = opened.ID
		must(t, tx.InsertRecognitions(ctx, []revrec.Recognition{
			aRecognition(first, revrec.Usage, day, 10, batch), aRecognition(second, revrec.Usage, day, 30, batch),
			aRecognition(first, revrec.Clearing, day, 1000, batch),
		}))
		same(t, 0)(charted(tx.RevenueChart(ctx, books.ChartFilter{From: day, To: day, CustomerID: c1, Top: 1})))
		must(t, tx.CloseBatch(ctx, batch, noon))
		next, err := tx.OpenBatch(ctx, newID(), noon.Add(time.Hour))
		must(t, err)
		must(t, tx.InsertRecognitions(ctx, []revrec.Recognition{aRecognition(first, revrec.Usage, day, 7777, next.ID)})) // not posted
		earned := ledger.Entry{
			Kind: ledger.UsageEntry, AccountingDate: day, OccurredOn: day, PostedAt: noon, Batch: batch, Description: "use",
			Lines: []ledger.Line{
				{Account: ledger.DeferredRevenue, Amount: usd(40), Functional: usd(40), Dimensions: ledger.Dimensions{Policy: policy.Code}},
				{Account: ledger.UsageRevenue, Amount: usd(-40), Functional: usd(-40), Dimensions: ledger.Dimensions{Policy: policy.Code}},
			},
		}
		_, err = tx.AppendEntries(ctx, []ledger.Entry{anEntry(day-40, usd(900)), anEntry(day-1, usd(50)), earned})
		must(t, err)
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		credits := func(on ledger.Date, key string, others bool, credits revrec.Credits) books.ChartRow {
			return books.ChartRow{Day: on, Group: books.ChartGroup{Key: key, Others: others}, Values: books.ChartValues{Credits: credits}}
		}
		span := books.ChartFilter{From: day, To: day + 1, Top: 5}
		by := func(dimension books.Dimension) books.ChartFilter {
			filter := span
			filter.By = dimension
			return filter
		}
		rows := func(want ...books.ChartRow) func([]books.ChartRow, error) {
			t.Helper()
			return func(got []books.ChartRow, err error) {
				t.Helper()
				slices.SortFunc(got, func(x, y books.ChartRow) int {
					return cmp.Or(cmp.Compare(x.Day, y.Day), cmp.Compare(x.Group.Key, y.Group.Key), cmp.Compare(x.Group.Currency, y.Group.Currency))
				})
				same(t, want)(got, err)
			}
		}
		rows(credits(day, "", false, 107), credits(day+1, "", false, 7))(tx.UsageChart(ctx, span))
		rows(credits(day, c1, false, 7), credits(day, c2, false, 100), credits(day+1, c1, false, 7), credits(day+1, c2, false, 0))(tx.UsageChart(ctx, by(books.ByCustomer)))
		rows(credits(day, "GRANT", false, 2), credits(day, "PURCHASE", false, 105), credits(day+1, "PURCHASE", false, 7))(tx.UsageChart(ctx, by(books.ByLotKind)))
		rows(credits(day, policy.ID, false, 107), credits(day+1, policy.ID, false, 7))(tx.UsageChart(ctx, by(books.ByPolicy)))
		rows(credits(day, "", false, 102), credits(day, packID, false, 5), credits(day+1, "", false, 0), credits(day+1, packID, false, 7))(tx.UsageChart(ctx, by(books.ByPack)))
		top := by(books.ByCustomer)
		top.Top = 1
		rows(credits(day, "", true, 7), credits(day, c2, false, 100), credits(day+1, "", true, 7), credits(day+1, c2, false, 0))(tx.UsageChart(ctx, top))
		one := by(books.ByMeter)
		one.CustomerID = c1
		rows(credits(day, "", false, 2), credits(day, meterID, false, 5))(tx.UsageChart(ctx, one))
		months := books.ChartFilter{From: day, To: day + 40, Interval: books.Monthly, CustomerID: c2, PolicyID: policy.ID}
		rows(credits(day.Period().First(), "", false, 100), credits((day+1).Period().First(), "", false, 0), credits((day+40).Period().First(), "", false, 1000))(tx.UsageChart(ctx, months))
		statement := func(customerID string, from, to ledger.Date) books.StatementSpan {
			return books.StatementSpan{CustomerID: customerID, From: from, To: to, AsOf: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)}
		}
		uses, err := tx.StatementUses(ctx, statement(c1, day, day), false, 10)
		slices.SortFunc(uses, func(x, y books.StatementUse) int { return cmp.Compare(y.Credits, x.Credits) })
		same(t, []books.StatementUse{{LotID: first.ID, Day: day, MeterID: meterID, Events: 1, Credits: 5}, {LotID: grant.ID, Day: day, Events: 1, Credits: 2}})(uses, err)
		each, err := tx.StatementUses(ctx, statement(c1, day, day), true, 1)
		must(t, err)
		if len(each) != 1 || each[0].EventID == "" {
			t.Fatalf("one event of a statement is %+v", each)
		}
		usage, cleared := books.StatementBooking{LotID: first.ID, Kind: revrec.Usage, Day: day, Minor: 10}, books.StatementBooking{LotID: first.ID, Kind: revrec.Clearing, Day: day, Minor: 1000}
		usage.Functional, cleared.Functional = 2*usage.Minor, 2*cleared.Minor
		same(t, []books.StatementBooking{cleared, usage})(tx.StatementBookings(ctx, statement(c1, day, day)))
		usage.Day, cleared.Day = 0, 0
		same(t, []books.StatementBooking{cleared, usage})(tx.StatementBookings(ctx, statement(c1, day+1, day+1)))
		same(t, []books.StatementBooking{})(tx.StatementBookings(ctx, statement(c2, day-2, day-1)))
		early := statement(c1, day, day)
		early.AsOf = noon.Add(-time.Microsecond)
		same(t, []books.StatementBooking{})(tx.StatementBookings(ctx, early))
		recorded := anEvent(c1, "", 1).RecordedAt
		since := func(before ledger.Date, at time.Time) (map[string]revrec.Credits, error) {
			return tx.DrawnSince(ctx, c1, before, at)
		}
		same(t, map[string]revrec.Credits{})(since(day+1, recorded))
		same(t, map[string]revrec.Credits{})(since(day, recorded.Add(-time.Microsecond)))
		same(t, map[string]revrec.Credits{first.ID: 5, grant.ID: 2})(since(day+1, recorded.Add(-time.Microsecond)))
		early.AsOf = recorded.Add(-time.Microsecond)
		none, err := tx.StatementUses(ctx, early, false, 10)
		same(t, []books.StatementUse{})(none, err)
		same(t, []int64{2, 1, 2})(tx.ActiveCustomers(ctx, "", []books.Bucket{{From: day, To: day}, {From: day + 1, To: day + 9}, {From: day, To: day + 99}}))
		same(t, []int64{1, 0})(tx.ActiveCustomers(ctx, c2, []books.Bucket{{From: day, To: day}, {From: day + 1, To: day + 9}}))

		money := func(on ledger.Date, key string, currency ledger.Currency, v books.ChartValues) books.ChartRow {
			return books.ChartRow{Day: on, Group: books.ChartGroup{Key: key, Currency: currency}, Values: v}
		}
		rows(money(day, policy.ID, "USD", books.ChartValues{Minor: 40, Functional: 40}))(tx.RevenueChart(ctx, by(books.ByPolicy)))
		rows(money(day, "USAGE", "USD", books.ChartValues{Minor: 40, Functional: 40}))(tx.RevenueChart(ctx, by(books.ByKind)))
		rows(money(day, "", "USD", books.ChartValues{Minor: 40, Functional: 40}))(tx.RevenueChart(ctx, span))
		revenue, err := tx.RevenueChart(ctx, by(books.ByCustomer))
		must(t, err)
		if len(revenue) != 2 || revenue[0].Group.Key == revenue[1].Group.Key {
			t.Fatalf("revenue by customer: %+v", revenue)
		}

		bought := books.ChartValues{Count: 1, Credits: sold.Credits + sold.Bonus}
		dollars, euros := bought, bought
		dollars.Minor, dollars.Functional, euros.Minor, euros.Functional = 500, 500, 1000, 1085
		rows(money(first.PurchasedOn, "", "EUR", euros), money(first.PurchasedOn, packID, "USD", dollars))(
			tx.PurchaseChart(ctx, books.ChartFilter{From: first.PurchasedOn, To: first.PurchasedOn, By: books.ByPack, Top: 5}))
		same(t, 0)(charted(tx.PurchaseChart(ctx, books.ChartFilter{From: first.PurchasedOn + 1, To: first.PurchasedOn + 9, By: books.ByPolicy, Top: 5})))

		sides := func(debits, credited int64) books.ChartValues {
			return books.ChartValues{Debits: debits, Credited: credited, FunctionalDebits: debits, FunctionalCredited: credited}
		}
		held := func(minor int64) []books.DeferredMovement {
			return []books.DeferredMovement{{Currency: "USD", Minor: minor, Functional: minor}}
		}
		same(t, held(950))(tx.DeferredBefore(ctx, day, 3, false))
		same(t, held(910))(tx.DeferredBefore(ctx, day+1, 3, false))
		same(t, held(950))(tx.DeferredBefore(ctx, day+1, 2, false)) // the third entry was posted later
		same(t, held(-40))(tx.DeferredAfter(ctx, day-1, 3))
		same(t, held(-40))(tx.DeferredAfter(ctx, day, 2))
		used := books.DeferredMovement{Policy: policy.Code, Currency: "USD", Kind: ledger.UsageEntry, Entries: 1, Minor: -40, Functional: -40}
		same(t, []books.DeferredMovement{used})(tx.DeferredWithin(ctx, day, day, 3, noon))
		same(t, []books.DeferredMovement{})(tx.DeferredWithin(ctx, day, day, 2, noon))
		rows(money(0, "", "USD", sides(0, 950)), money(day, "", "USD", sides(40, 0)))(tx.AccountChart(ctx, ledger.DeferredRevenue, span))
	})
}

// charted is how many rows a chart has.
func charted(rows []books.ChartRow, err error) (int, error) { return len(rows), err }
