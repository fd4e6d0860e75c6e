package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func events(t *testing.T, s *suite) {
	metered, plain, other := anEvent(c1, "e1", 5), anEvent(c1, "e2", 7), anEvent(c2, "e1", 9)
	metered.MeterID, metered.Quantity = meterID, dec("4808.000000001")
	plain.OccurredAt = noon.Add(-time.Hour)
	void := anEvent(c1, "void:e1", -5)
	void.VoidOf = metered.ID
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertEvents(ctx, nil))
		must(t, tx.InsertEvents(ctx, []books.UsageEvent{metered, plain, other, void}))
	})
	again := anEvent(c1, "e1", 6)
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
		return tx.InsertEvents(ctx, []books.UsageEvent{anEvent(c1, "new", 1), again})
	}), books.AlreadyExists)
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.UsageEvent{metered, other})(inOrder(eventID)(tx.EventsByKey(ctx, []books.EventKey{
			{CustomerID: c2, Source: "api", EventID: "e1"},
			{CustomerID: c1, Source: "api", EventID: "e1"},
			{CustomerID: c1, Source: "api", EventID: "e1"},
			{CustomerID: c1, Source: "other", EventID: "e1"},
			{CustomerID: c2, Source: "api", EventID: "e2"},
			{CustomerID: c1, Source: "api", EventID: "new"},
		})))
		same(t, []books.UsageEvent{plain, void})(inOrder(eventID)(tx.EventsByID(ctx, []string{void.ID, plain.ID})))
		sameIDs(t, eventID, void.ID)(tx.VoidsOf(ctx, []books.EventRow{{CustomerID: c1, ID: plain.ID}, {CustomerID: c1, ID: metered.ID}}))
		sameIDs(t, eventID)(tx.VoidsOf(ctx, []books.EventRow{{CustomerID: c2, ID: metered.ID}}))
		sameIDs(t, eventID)(tx.VoidsOf(ctx, nil))
		for _, test := range []struct {
			filter books.EventFilter
			want   []string
		}{
			{books.EventFilter{}, []string{metered.ID, plain.ID, other.ID, void.ID}},
			{books.EventFilter{CustomerID: c1}, []string{metered.ID, plain.ID, void.ID}},
			{books.EventFilter{Source: "api", EventID: "e1"}, []string{metered.ID, other.ID}},
			{books.EventFilter{MeterID: meterID}, []string{metered.ID}},
			{books.EventFilter{Before: noon}, []string{plain.ID}},
			{books.EventFilter{From: noon, CustomerID: c2}, []string{other.ID}},
		} {
			sameIDs(t, eventID, test.want...)(tx.Events(ctx, test.filter, books.Page{}))
			same(t, int64(len(test.want)))(tx.CountEvents(ctx, test.filter))
		}
		sameIDs(t, eventID, plain.ID)(tx.Events(ctx, books.EventFilter{CustomerID: c1}, books.Page{After: void.ID, Reverse: true, Limit: 1}))
	})
	s.update(func(ctx context.Context, tx books.Tx) { // more than one statement takes
		const n = 1500
		many, keys := make([]books.UsageEvent, n), make([]books.EventKey, n)
		for i := range many {
			many[i] = anEvent(c9, fmt.Sprint("m", i), 1)
			keys[i] = books.EventKey{CustomerID: c9, Source: "api", EventID: many[i].EventID}
		}
		must(t, tx.InsertEvents(ctx, many))
		found, err := tx.EventsByKey(ctx, keys)
		must(t, err)
		if len(found) != n {
			t.Fatalf("%d of %d events by key", len(found), n)
		}
	})
}

func draws(t *testing.T, s *suite) {
	a, b := aLot(c1, p1), aLot(c1, p1)
	e1, e2, e3 := anEvent(c1, "e1", 5), anEvent(c1, "e2", 3), anEvent(c1, "e3", 2)
	draw := func(e books.UsageEvent, l revrec.Lot, on ledger.Date, credits revrec.Credits) books.Draw {
		return books.Draw{CustomerID: c1, EventID: e.ID, LotID: l.ID, Day: on, Credits: credits}
	}
	all := []books.Draw{draw(e1, a, day, 4), draw(e1, b, day, 1), draw(e2, b, day+1, 3), draw(e3, b, day, 2)}
	s.update(func(ctx context.Context, tx books.Tx) {
		putLots(ctx, t, tx, a, b)
		must(t, tx.InsertEvents(ctx, []books.UsageEvent{e1, e2, e3}))
		must(t, tx.InsertDraws(ctx, all))
		must(t, tx.InsertDraws(ctx, nil))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, all)(tx.Draws(ctx, books.DrawFilter{CustomerID: c1}, books.Page{}))
		same(t, all[:2])(tx.Draws(ctx, books.DrawFilter{EventID: e1.ID}, books.Page{}))
		same(t, all[1:])(tx.Draws(ctx, books.DrawFilter{LotID: b.ID}, books.Page{}))
		sameIDs(t, drawID, drawID(all[1]), drawID(all[3]))(tx.Draws(ctx, books.DrawFilter{LotID: b.ID, Day: day}, books.Page{}))
		same(t, all[1:3])(tx.Draws(ctx, books.DrawFilter{CustomerID: c1}, books.Page{After: drawID(all[0]), Limit: 2}))
		sameIDs(t, drawID, drawID(all[2]), drawID(all[1]))(tx.Draws(ctx, books.DrawFilter{LotID: b.ID}, books.Page{After: drawID(all[3]), Reverse: true}))
		sameIDs(t, drawID)(tx.Draws(ctx, books.DrawFilter{EventID: "none"}, books.Page{}))
		_, err := tx.Draws(ctx, books.DrawFilter{}, books.Page{})
		refused(t, err, books.Invalid)
		same(t, []books.Draw{all[0], all[1], all[3]})(inOrder(drawID)(tx.DrawsOfEvents(ctx, []string{e3.ID, e1.ID, newID()})))
	})
}

func lotDays(t *testing.T, s *suite) {
	a, b := aLot(c1, p1), aLot(c2, p1)
	lotDay := func(l revrec.Lot, on ledger.Date, drawn revrec.Credits) books.LotDay {
		return books.LotDay{CustomerID: l.CustomerID, LotID: l.ID, Day: on, Drawn: drawn}
	}
	span := func(l revrec.Lot, from, to ledger.Date) books.LotSpan {
		return books.LotSpan{LotKey: keyOf(l), From: from, To: to}
	}
	s.update(func(ctx context.Context, tx books.Tx) {
		putLots(ctx, t, tx, a, b)
		must(t, tx.AddLotDays(ctx, nil))
		must(t, tx.AddLotDays(ctx, []books.LotDay{lotDay(b, day, 5), lotDay(a, day+1, 3), lotDay(a, day, 2)}))
		must(t, tx.AddLotDays(ctx, []books.LotDay{lotDay(a, day, -7), lotDay(b, day+2, 0)}))
		same(t, []books.LotDay{lotDay(a, day, -5), lotDay(a, day+1, 3), lotDay(b, day, 5), lotDay(b, day+2, 0)})(
			tx.LotDays(ctx, []books.LotKey{keyOf(b), keyOf(a)}))
		same(t, []books.LotDay{lotDay(b, day, 5), lotDay(b, day+2, 0)})(tx.LotDays(ctx, []books.LotKey{keyOf(b)}))

		of := func(on ledger.Date, drawn revrec.Credits) revrec.LotDay { return revrec.LotDay{Day: on, Drawn: drawn} }
		same(t, [][]revrec.LotDay{{of(day, 5)}, {of(day+1, 3)}})(tx.LotDaysWithin(ctx, []books.LotSpan{span(b, day, day+1), span(a, day+1, day+9)}))
		same(t, [][]revrec.LotDay{{of(day, -5)}, nil, {of(day, -5), of(day+1, 3)}})(tx.LotDaysWithin(ctx, []books.LotSpan{span(a, 0, day), span(b, 0, day-1), span(a, day, day+1)}))
		same(t, [][]revrec.LotDay{})(tx.LotDaysWithin(ctx, nil))
		same(t, []ledger.Date{day + 2, day + 1})(tx.LotDaysAfter(ctx, []books.LotSpan{span(b, day, day+1), span(a, 0, day)}))
		same(t, []ledger.Date{day, 0})(tx.LotDaysAfter(ctx, []books.LotSpan{span(a, 0, day-1), span(b, day, day+2)}))
		same(t, []revrec.Credits{0, -2})(tx.DrawnBefore(ctx, []books.LotSpan{span(b, day, day), span(a, day+2, day+9)}))
	})
}

func pendingLots(t *testing.T, s *suite) {
	a, b, c := aLot(c2, p1), aLot(c1, p1), aLot(c1, p1)
	a.PendingFrom, b.PendingFrom = day, day+1
	s.update(func(ctx context.Context, tx books.Tx) {
		putLots(ctx, t, tx, a, b, c)
		all := books.LotKey{}
		sameIDs(t, keyLot)(tx.PendingLots(ctx, day-1, all, 10))
		sameIDs(t, keyLot, a.ID)(tx.PendingLots(ctx, day, all, 10))
		sameIDs(t, keyLot, b.ID, a.ID)(tx.PendingLots(ctx, day+1, all, 10)) // by customer, then by lot
		sameIDs(t, keyLot, b.ID)(tx.PendingLots(ctx, day+1, all, 1))
		sameIDs(t, keyLot, a.ID)(tx.PendingLots(ctx, day+1, keyOf(b), 10))
		sameIDs(t, keyLot, a.ID)(tx.PendingLots(ctx, day+1, keyOf(c), 10))
		sameIDs(t, keyLot)(tx.PendingLots(ctx, day+1, keyOf(a), 10))
		same(t, books.Waiting{Usage: day})(tx.OldestWaiting(ctx, day))
		same(t, books.Waiting{})(tx.OldestWaiting(ctx, day-1))
		c.PendingFrom = day
		a.PendingFrom = 0
		must(t, tx.UpdateBooked(ctx, []*revrec.Lot{&a, &c}))
		sameIDs(t, keyLot, b.ID, c.ID)(tx.PendingLots(ctx, day+9, all, 10))
	})
}

func dueLots(t *testing.T, s *suite) {
	a, b, c := aLot(c2, p1), aLot(c1, p1), aLot(c1, p1)
	a.LapseDue, b.LapseDue, c.RemoteDue = day, day+1, day
	s.update(func(ctx context.Context, tx books.Tx) {
		same(t, books.Waiting{})(tx.OldestWaiting(ctx, day+9))
		putLots(ctx, t, tx, a, b, c)
		same(t, books.Waiting{})(tx.OldestWaiting(ctx, day-1))
		same(t, books.Waiting{Lapse: day, Remote: day})(tx.OldestWaiting(ctx, day+9))
		sameIDs(t, keyLot)(tx.LapsingLots(ctx, day-1, 10))
		sameIDs(t, keyLot, a.ID)(tx.LapsingLots(ctx, day, 10))
		sameIDs(t, keyLot, a.ID, b.ID)(tx.LapsingLots(ctx, day+1, 10)) // by day, then by customer
		sameIDs(t, keyLot, a.ID)(tx.LapsingLots(ctx, day+1, 1))
		sameIDs(t, keyLot, c.ID)(tx.RemoteLots(ctx, day, 10))
		sameIDs(t, keyLot)(tx.RemoteLots(ctx, day-1, 10))
		a.LapseDue = 0
		must(t, tx.UpdateLots(ctx, []*revrec.Lot{&a}))
		sameIDs(t, keyLot, b.ID)(tx.LapsingLots(ctx, day+9, 10))
	})
}

func aRecognition(lot revrec.Lot, kind revrec.Kind, on ledger.Date, minor int64, batch string) revrec.Recognition {
	return revrec.Recognition{
		ID: newID(), CustomerID: lot.CustomerID, LotID: lot.ID, PolicyID: lot.PolicyID, Kind: kind, Day: on, AccountingDate: on,
		Credits: revrec.One, Amount: usd(minor), Functional: usd(minor * 2), Unclaimed: usd(1), UnclaimedFunctional: usd(2),
		Inputs: []revrec.Input{{Name: "used", Value: "1.5"}, {Name: "odd", Value: `"'?`}}, Batch: batch,
	}
}

func poolRecognition(pool revrec.Pool, on ledger.Date, minor int64, batch string) revrec.Recognition {
	r := aRecognition(revrec.Lot{PolicyID: pool.PolicyID}, revrec.ExpectedBreakage, on, minor, batch)
	r.PoolID, r.Inputs = pool.ID, nil
	return r
}

func recognitions(t *testing.T, s *suite) {
	lot, other := aLot(c1, p1), aLot(c2, p2)
	pool := revrec.Pool{ID: newID(), PolicyID: p1}
	a := aRecognition(lot, revrec.Usage, day, 10, b1)
	b := aRecognition(lot, revrec.Usage, day, -3, b1)
	c := aRecognition(lot, revrec.ExpiryBreakage, day+1, 5, b2)
	d := aRecognition(other, revrec.Usage, day, 7, b2)
	d.AccountingDate = day + 1
	e := poolRecognition(pool, day+1, 9, b2)
	s.update(func(ctx context.Context, tx books.Tx) {
		putLots(ctx, t, tx, lot, other)
		must(t, tx.InsertRecognitions(ctx, nil))
		must(t, tx.InsertRecognitions(ctx, []revrec.Recognition{a, b, c, d, e}))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []revrec.Recognition{a, b, c, d, e})(inOrder(recID)(tx.RecognitionsByID(ctx, []string{e.ID, d.ID, c.ID, b.ID, a.ID})))
		for _, test := range []struct {
			filter books.RecognitionFilter
			want   []string
		}{
			{books.RecognitionFilter{}, []string{a.ID, b.ID, c.ID, d.ID, e.ID}},
			{books.RecognitionFilter{CustomerID: c1}, []string{a.ID, b.ID, c.ID}},
			{books.RecognitionFilter{LotID: other.ID}, []string{d.ID}},
			{books.RecognitionFilter{LotID: lot.ID, CustomerID: c2}, nil},
			{books.RecognitionFilter{PoolID: pool.ID}, []string{e.ID}},
			{books.RecognitionFilter{PolicyID: p1, Kind: revrec.Usage}, []string{a.ID, b.ID}},
			{books.RecognitionFilter{From: day + 1}, []string{c.ID, d.ID, e.ID}},
			{books.RecognitionFilter{To: day}, []string{a.ID, b.ID}},
			{books.RecognitionFilter{Entry: 77}, nil},
		} {
			sameIDs(t, recID, test.want...)(tx.Recognitions(ctx, test.filter, books.Page{}))
			same(t, int64(len(test.want)))(tx.CountRecognitions(ctx, test.filter))
		}
		sameIDs(t, recID, b.ID)(tx.Recognitions(ctx, books.RecognitionFilter{LotID: lot.ID}, books.Page{After: a.ID, Limit: 1}))
		sameIDs(t, recID, c.ID, b.ID)(tx.Recognitions(ctx, books.RecognitionFilter{LotID: lot.ID}, books.Page{Reverse: true, Limit: 2}))

		usage := revrec.BookedSum{Credits: 2 * revrec.One, Minor: 7, Functional: 14, Unclaimed: 2, UnclaimedFunctional: 4}
		expiry := revrec.BookedSum{Credits: revrec.One, Minor: 5, Functional: 10, Unclaimed: 1, UnclaimedFunctional: 2}
		onDay, onNext := revrec.BookedKey{Day: day, Kind: revrec.Usage}, revrec.BookedKey{Day: day + 1, Kind: revrec.ExpiryBreakage}
		same(t, map[string]revrec.Booked{lot.ID: {onDay: usage, onNext: expiry}})(tx.BookedOfLots(ctx, books.WholeLots([]books.LotKey{keyOf(lot)})))
		same(t, map[string]revrec.Booked{lot.ID: {onNext: expiry}})(tx.BookedOfLots(ctx, books.WholeLots([]books.LotKey{keyOf(lot)}), revrec.ExpiryBreakage, revrec.RemoteBreakage))
		same(t, map[string]revrec.Booked{lot.ID: {onDay: usage}})(tx.BookedOfLots(ctx, []books.LotSpan{{LotKey: keyOf(lot), From: day, To: day}}))
		same(t, map[string]revrec.Booked{lot.ID: {onNext: expiry}})(tx.BookedOfLots(ctx, []books.LotSpan{{LotKey: keyOf(lot), From: day + 1, To: day + 1}, {LotKey: keyOf(other), From: day + 1, To: day + 9}}))
		both, err := tx.BookedOfLots(ctx, books.WholeLots([]books.LotKey{keyOf(other), keyOf(lot)}))
		must(t, err)
		if len(both) != 2 || both[other.ID][onDay].Minor != 7 {
			t.Fatalf("booked of both lots: %v", both)
		}
		early := revrec.BookedSum{Credits: revrec.One, Minor: 9, Functional: 18, Unclaimed: 1, UnclaimedFunctional: 2}
		work := func(from ledger.Date) []books.PoolWork { return []books.PoolWork{{Pool: pool, From: from}} }
		same(t, map[string]revrec.Booked{pool.ID: {{Day: day + 1, Kind: revrec.ExpectedBreakage}: early}})(tx.BookedOfPools(ctx, work(0)))
		same(t, map[string]revrec.Booked{pool.ID: {{Day: day + 1, Kind: revrec.ExpectedBreakage}: early}})(tx.BookedOfPools(ctx, work(day+1)))
		same(t, map[string]revrec.Booked{})(tx.BookedOfPools(ctx, work(day+2)))
	})
}

func pools(t *testing.T, s *suite) {
	policy, second := aPolicy("standard"), aPolicy("second")
	pool := func(policyID, key string, currency ledger.Currency) revrec.Pool {
		return revrec.Pool{ID: newID(), PolicyID: policyID, By: revrec.PoolByPurchaseMonth, Key: key, Currency: currency, Functional: "USD"}
	}
	march, april, euro, other := pool(policy.ID, "2024-03", "USD"), pool(policy.ID, "2024-04", "USD"), pool(policy.ID, "2024-03", "EUR"), pool(second.ID, "2024-03", "USD")
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		must(t, tx.InsertPolicy(ctx, second))
		same(t, []revrec.Pool{})(tx.EnsurePools(ctx, nil))
		same(t, []revrec.Pool{march, april})(tx.EnsurePools(ctx, []revrec.Pool{march, april}))
		same(t, []revrec.Pool{euro, march, march, other})(tx.EnsurePools(ctx, []revrec.Pool{euro, pool(policy.ID, "2024-03", "USD"), pool(policy.ID, "2024-03", "USD"), other}))
		same(t, []revrec.Pool{march, other})(inOrder(poolID)(tx.PoolsByID(ctx, []string{other.ID, march.ID})))
		same(t, []revrec.Pool{march, april, euro})(tx.Pools(ctx, policy.ID, books.Page{}))
		sameIDs(t, poolID, other.ID, euro.ID)(tx.Pools(ctx, "", books.Page{Limit: 2, Reverse: true}))

		must(t, tx.AddPoolDays(ctx, noon, nil))
		must(t, tx.AddPoolDays(ctx, noon, map[string][]revrec.PoolDay{march.ID: nil}))
		sameIDs(t, poolWorkID)(tx.UnmeasuredPools(ctx, day+999, 10))
		must(t, tx.AddPoolDays(ctx, noon, map[string][]revrec.PoolDay{march.ID: {
			{Day: day + 3, SoldMinor: -10}, {Day: day, SoldMinor: 10, SoldFunctional: 11}, {Day: day, UsedMinor: 1, UsedFunctional: 2},
		}}))
		must(t, tx.AddPoolDays(ctx, noon, map[string][]revrec.PoolDay{march.ID: {{Day: day + 3, UsedMinor: -1, SoldMinor: 4}}, other.ID: {{Day: day + 20, SoldMinor: 7}}}))
		same(t, []revrec.PoolDay{
			{Day: day, SoldMinor: 10, UsedMinor: 1, SoldFunctional: 11, UsedFunctional: 2}, {Day: day + 3, SoldMinor: -6, UsedMinor: -1},
		})(tx.PoolDays(ctx, march.ID))
		refused(t, tx.AddPoolDays(ctx, noon, map[string][]revrec.PoolDay{newID(): {{Day: day}}}), books.NotFound)
		since := func(from ledger.Date) []books.PoolWork {
			return []books.PoolWork{{Pool: march, From: from}, {Pool: april, From: from}, {Pool: other}}
		}
		days := []revrec.PoolDay{{Day: day, SoldMinor: 10, UsedMinor: 1, SoldFunctional: 11, UsedFunctional: 2}, {Day: day + 3, SoldMinor: -6, UsedMinor: -1}}
		others := []revrec.PoolDay{{Day: day + 20, SoldMinor: 7}}
		same(t, map[string][]revrec.PoolDay{march.ID: days, other.ID: others})(tx.PoolDaysSince(ctx, since(day)))
		before := []revrec.PoolDay{{Day: day + 2, SoldMinor: 10, UsedMinor: 1, SoldFunctional: 11, UsedFunctional: 2}, days[1]}
		same(t, map[string][]revrec.PoolDay{march.ID: before, other.ID: others})(tx.PoolDaysSince(ctx, since(day+3)))
		all := []revrec.PoolDay{{Day: day + 9, SoldMinor: 4, SoldFunctional: 11, UsedFunctional: 2}}
		same(t, map[string][]revrec.PoolDay{march.ID: all, other.ID: others})(tx.PoolDaysSince(ctx, since(day+10)))

		// Measured from the earliest day that changed, until told otherwise.
		sameIDs(t, poolWorkID)(tx.UnmeasuredPools(ctx, day-1, 10))
		sameIDs(t, poolWorkID, march.ID+" "+day.String())(tx.UnmeasuredPools(ctx, day, 10))
		must(t, tx.MeasurePoolsFrom(ctx, policy.ID, day+1))
		sameIDs(t, poolWorkID, march.ID+" "+day.String(), april.ID+" "+(day+1).String())(tx.UnmeasuredPools(ctx, day+1, 2))
		must(t, tx.MeasurePoolsFrom(ctx, policy.ID, day-1))
		sameIDs(t, poolWorkID, march.ID+" "+(day-1).String(), april.ID+" "+(day-1).String(), euro.ID+" "+(day-1).String())(tx.UnmeasuredPools(ctx, day, 10))
		must(t, tx.SetPoolsMeasured(ctx, nil))
		must(t, tx.SetPoolsMeasured(ctx, map[string]ledger.Date{march.ID: day + 7, april.ID: 0}))
		sameIDs(t, poolWorkID, euro.ID+" "+(day-1).String())(tx.UnmeasuredPools(ctx, day, 10))
		sameIDs(t, poolWorkID, euro.ID+" "+(day-1).String(), march.ID+" "+(day+7).String())(tx.UnmeasuredPools(ctx, day+7, 10))
		refused(t, tx.SetPoolsMeasured(ctx, map[string]ledger.Date{march.ID: day, newID(): 0}), books.NotFound)
	})
}

func batches(t *testing.T, s *suite) {
	lot, euro := aLot(c1, p1), aLot(c1, p2)
	euro.Price = eur(5)
	var batch books.Batch
	s.update(func(ctx context.Context, tx books.Tx) {
		putLots(ctx, t, tx, lot, euro)
		id := newID()
		var err error
		batch, err = tx.OpenBatch(ctx, id, noon)
		same(t, books.Batch{ID: id, CreatedAt: noon})(batch, err)
		same(t, batch)(tx.OpenBatch(ctx, newID(), noon.Add(time.Hour)))
		same(t, []books.BatchSum{})(tx.SumBatch(ctx, batch.ID))
		same(t, int64(0))(tx.CountBatch(ctx, batch.ID))

		late := aRecognition(lot, revrec.Usage, day, 5, batch.ID)
		late.AccountingDate = day + 1
		inEuro := aRecognition(euro, revrec.Usage, day, 50, batch.ID)
		inEuro.Amount.Currency, inEuro.Unclaimed.Currency = "EUR", "EUR"
		must(t, tx.InsertRecognitions(ctx, []revrec.Recognition{
			late, aRecognition(lot, revrec.Usage, day, 10, batch.ID), aRecognition(lot, revrec.Usage, day, -4, batch.ID),
			aRecognition(lot, revrec.ExpiryBreakage, day, 3, batch.ID), inEuro, aRecognition(lot, revrec.Usage, day, 1000, b2),
		}))
		sum := func(accounting ledger.Date, kind revrec.Kind, policy string, currency ledger.Currency, n, minor int64) books.BatchSum {
			return books.BatchSum{
				Day: day, AccountingDate: accounting, Kind: kind, PolicyID: policy, Currency: currency, Count: n, Credits: revrec.Credits(n) * revrec.One,
				Minor: minor, Functional: 2 * minor, Unclaimed: n, UnclaimedFunctional: 2 * n,
			}
		}
		same(t, []books.BatchSum{
			sum(day, revrec.ExpiryBreakage, p1, "USD", 1, 3), sum(day, revrec.Usage, p2, "EUR", 1, 50),
			sum(day, revrec.Usage, p1, "USD", 2, 6), sum(day+1, revrec.Usage, p1, "USD", 1, 5),
		})(tx.SumBatch(ctx, batch.ID))

		same(t, int64(5))(tx.CountBatch(ctx, batch.ID))

		must(t, tx.CloseBatch(ctx, batch.ID, noon.Add(time.Minute)))
		refused(t, tx.CloseBatch(ctx, batch.ID, noon), books.NotFound)
		next, err := tx.OpenBatch(ctx, newID(), noon)
		must(t, err)
		if next.ID == batch.ID {
			t.Fatal("a closed batch was opened again")
		}
	})
}

func ids(from, to int64) []string {
	var numbers []string
	for n := from; n <= to; n++ {
		numbers = append(numbers, fmt.Sprint(n))
	}
	return numbers
}

func reversed(list []string) []string {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}
