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

// margins adds up the revenue of use and what it cost to serve, of an event that two lots
// served, one that no meter measured, and one of another customer.
func margins(t *testing.T, s *suite) {
	sold, bonus, other := aLot(c1, p1), aLot(c1, p1), aLot(c2, p1)
	if sold.ID > bonus.ID {
		sold.ID, bonus.ID = bonus.ID, sold.ID
	}
	purchase := aPurchase(c1)
	sold.PurchaseID, purchase.LotID = purchase.ID, sold.ID
	split, plain, theirs := anEvent(c1, "split", 5), anEvent(c1, "plain", 3), anEvent(c2, "theirs", 10)
	split.MeterID, split.Quantity, split.RateCard = meterID, dec("2.5"), 3
	theirs.MeterID, theirs.Quantity, theirs.RateCard = meterID, dec("7.000000001"), 3
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPurchase(ctx, purchase))
		putLots(ctx, t, tx, sold, bonus, other)
		must(t, tx.InsertEvents(ctx, []books.UsageEvent{split, plain, theirs}))
		must(t, tx.InsertDraws(ctx, []books.Draw{
			{CustomerID: c1, EventID: split.ID, LotID: sold.ID, Day: day, Credits: 4},
			{CustomerID: c1, EventID: split.ID, LotID: bonus.ID, Day: day, Credits: 1},
			{CustomerID: c1, EventID: plain.ID, LotID: sold.ID, Day: day, Credits: 3},
			{CustomerID: c2, EventID: theirs.ID, LotID: other.ID, Day: day + 1, Credits: 10},
		}))
		must(t, tx.AddLotDays(ctx, []books.LotDay{
			{CustomerID: c1, LotID: sold.ID, Day: day, Drawn: 7}, {CustomerID: c1, LotID: bonus.ID, Day: day, Drawn: 1}, {CustomerID: c2, LotID: other.ID, Day: day + 1, Drawn: 10},
		}))
		batch, err := tx.OpenBatch(ctx, newID(), noon)
		must(t, err)
		late := aRecognition(sold, revrec.Usage, day, 1, batch.ID)
		late.AccountingDate = day + 1
		must(t, tx.InsertRecognitions(ctx, []revrec.Recognition{ // in the book's currency twice as much
			aRecognition(sold, revrec.Usage, day, 35, batch.ID), late, aRecognition(bonus, revrec.Usage, day, 5, batch.ID),
			aRecognition(other, revrec.UsageUnbilled, day+1, 50, batch.ID),
			aRecognition(sold, revrec.Clearing, day, 500, batch.ID), aRecognition(sold, revrec.ExpiryBreakage, day, 600, batch.ID),
		}))
		must(t, tx.CloseBatch(ctx, batch.ID, noon))
		next, err := tx.OpenBatch(ctx, newID(), noon.Add(time.Hour))
		must(t, err)
		must(t, tx.InsertRecognitions(ctx, []revrec.Recognition{aRecognition(sold, revrec.Usage, day, 7777, next.ID)})) // not posted
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		marginRevenue(ctx, t, tx)
		for _, test := range []struct {
			filter books.MarginFilter
			want   []books.LotDayUse
		}{
			{books.MarginFilter{From: day, To: day + 1}, []books.LotDayUse{
				{LotID: sold.ID, Day: day, Accounting: day, Currency: "USD", Minor: 35, Functional: 70, Credits: 3},
				{LotID: sold.ID, Day: day, Accounting: day, MeterID: meterID, Currency: "USD", Minor: 35, Functional: 70, Credits: 4},
				{LotID: sold.ID, Day: day, Accounting: day + 1, Currency: "USD", Minor: 1, Functional: 2, Credits: 3},
				{LotID: sold.ID, Day: day, Accounting: day + 1, MeterID: meterID, Currency: "USD", Minor: 1, Functional: 2, Credits: 4},
				{LotID: bonus.ID, Day: day, Accounting: day, MeterID: meterID, Currency: "USD", Minor: 5, Functional: 10, Credits: 1},
				{LotID: other.ID, Day: day + 1, Accounting: day + 1, MeterID: meterID, Currency: "USD", Minor: 50, Functional: 100, Credits: 10},
			}},
			{books.MarginFilter{From: day + 1, To: day + 1, CustomerID: c2}, []books.LotDayUse{
				{LotID: other.ID, Day: day + 1, Accounting: day + 1, MeterID: meterID, Currency: "USD", Minor: 50, Functional: 100, Credits: 10},
			}},
			{books.MarginFilter{From: day - 9, To: day - 1}, nil},
			{books.MarginFilter{From: day, To: day + 1, AsOf: noon.Add(-time.Hour)}, nil},
			{books.MarginFilter{From: day + 1, To: day + 1, CustomerID: c2, AsOf: noon}, []books.LotDayUse{ // what drew was recorded a second later
				{LotID: other.ID, Day: day + 1, Accounting: day + 1, Currency: "USD", Minor: 50, Functional: 100},
			}},
		} {
			var got []books.LotDayUse
			err := tx.EachLotDayUse(ctx, test.filter, func(use books.LotDayUse) error { got = append(got, use); return nil })
			same(t, test.want)(got, err)
		}
		marginCosts(ctx, t, tx)
		var got []books.CutOffPart // what drew was recorded a second after noon; split counts on the first of its lots
		err := tx.EachCutOff(ctx, books.MovementSpan{From: day, To: day, AsOf: noon}, []books.CutOffSlice{
			{Day: day, From: time.UnixMicro(0), Before: noon}, {Day: day, From: noon, Before: noon.Add(time.Hour)}, {Day: day + 1, From: time.UnixMicro(0), Before: noon.Add(time.Hour)},
		}, func(p books.CutOffPart) { got = append(got, p) })
		recognised := 2 * aRecognition(sold, revrec.Usage, day, 1, "").Credits
		same(t, []books.CutOffPart{
			{LotID: sold.ID, Day: day, Slice: books.BookedPart, Credits: recognised, Currency: "USD", Minor: 36, Functional: 72},
			{LotID: sold.ID, Day: day, Slice: 1, Events: 2, Credits: 7},
			{LotID: bonus.ID, Day: day, Slice: books.BookedPart, Credits: recognised / 2, Currency: "USD", Minor: 5, Functional: 10},
			{LotID: bonus.ID, Day: day, Slice: 1, Credits: 1},
		})(got, err)
		got = nil
		err = tx.EachCutOff(ctx, books.MovementSpan{From: day, To: day, AsOf: noon.Add(-time.Hour)}, []books.CutOffSlice{{Day: day, From: time.UnixMicro(0), Before: noon}},
			func(p books.CutOffPart) { got = append(got, p) })
		same(t, []books.CutOffPart(nil))(got, err)
	})
}

func marginRevenue(ctx context.Context, t *testing.T, tx books.Tx) {
	t.Helper()
	row := func(on ledger.Date, key string, others bool, functional int64) books.ChartRow {
		return books.ChartRow{Day: on, Group: books.ChartGroup{Key: key, Others: others}, Values: books.ChartValues{Functional: functional}}
	}
	span := func(by books.Dimension, top int) books.MarginFilter {
		return books.MarginFilter{From: day, To: day + 1, By: by, Top: top}
	}
	theirs, months := span("", 5), span("", 5)
	theirs.CustomerID, months.Interval = c2, books.Monthly
	for _, test := range []struct {
		filter books.MarginFilter
		want   []books.ChartRow
	}{
		{span("", 5), []books.ChartRow{row(day, "", false, 80), row(day+1, "", false, 102)}},
		{span(books.ByCustomer, 5), []books.ChartRow{row(day, c1, false, 80), row(day+1, c1, false, 2), row(day+1, c2, false, 100)}},
		{span(books.ByCustomer, 1), []books.ChartRow{row(day, "", true, 80), row(day+1, "", true, 2), row(day+1, c2, false, 100)}},
		{span(books.ByPack, 5), []books.ChartRow{row(day, "", false, 10), row(day, packID, false, 70), row(day+1, "", false, 100), row(day+1, packID, false, 2)}},
		{span(books.ByMeter, 5), nil},
		{theirs, []books.ChartRow{row(day+1, "", false, 100)}},
		{months, []books.ChartRow{row(day.Period().First(), "", false, 80), row((day + 1).Period().First(), "", false, 102)}},
	} {
		got, err := tx.MarginRevenue(ctx, test.filter)
		slices.SortFunc(got, func(x, y books.ChartRow) int {
			return cmp.Or(cmp.Compare(x.Day, y.Day), cmp.Compare(x.Group.Key, y.Group.Key))
		})
		same(t, test.want)(got, err)
	}
}

func marginCosts(ctx context.Context, t *testing.T, tx books.Tx) {
	t.Helper()
	metered := func(on ledger.Date, key string, others bool, credits revrec.Credits, quantity string) books.UseToCost {
		return books.UseToCost{Day: on, Group: books.ChartGroup{Key: key, Others: others}, MeterID: meterID, RateCard: 3, Credits: credits, Quantity: dec(quantity)}
	}
	plain := func(on ledger.Date, key string, others bool) books.UseToCost {
		return books.UseToCost{Day: on, Group: books.ChartGroup{Key: key, Others: others}, Credits: 3}
	}
	span := func(by books.Dimension) books.MarginFilter {
		return books.MarginFilter{From: day, To: day + 1, By: by}
	}
	ours, months := span(books.ByPack), span("")
	ours.CustomerID, months.Interval = c1, books.Monthly
	for _, test := range []struct {
		filter books.MarginFilter
		keys   []string
		want   []books.UseToCost
	}{
		{span(""), nil, []books.UseToCost{plain(day, "", false), metered(day, "", false, 5, "2.5"), metered(day+1, "", false, 10, "7.000000001")}},
		{months, nil, []books.UseToCost{
			plain(day.Period().First(), "", false), metered(day.Period().First(), "", false, 5, "2.5"), metered((day + 1).Period().First(), "", false, 10, "7.000000001"),
		}},
		{span(books.ByCustomer), []string{c2}, []books.UseToCost{plain(day, "", true), metered(day, "", true, 5, "2.5"), metered(day+1, c2, false, 10, "7.000000001")}},
		{span(books.ByMeter), []string{meterID, ""}, []books.UseToCost{plain(day, "", false), metered(day, meterID, false, 5, "2.5"), metered(day+1, meterID, false, 10, "7.000000001")}},
		// Two lots served one event: its quantity counts once, with the first of them.
		{ours, []string{packID, ""}, []books.UseToCost{metered(day, "", false, 1, "0"), plain(day, packID, false), metered(day, packID, false, 4, "2.5")}},
		{span(books.ByPack), nil, []books.UseToCost{
			plain(day, "", true), metered(day, "", true, 5, "2.5"), metered(day+1, "", true, 10, "7.000000001"),
		}},
	} {
		got, err := tx.UseToCost(ctx, test.filter, test.keys)
		place := func(use books.UseToCost) string {
			return use.Day.String() + use.Group.Key + map[bool]string{true: "z"}[use.Group.Others] + use.MeterID
		}
		slices.SortFunc(got, func(x, y books.UseToCost) int { return cmp.Compare(place(x), place(y)) })
		slices.SortFunc(test.want, func(x, y books.UseToCost) int { return cmp.Compare(place(x), place(y)) })
		same(t, test.want)(got, err)
	}
}
