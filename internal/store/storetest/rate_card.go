package storetest

import (
	"context"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// rateCards keeps two versions, and reads them whole, by meter and page by page.
func rateCards(t *testing.T, s *suite) {
	in, out := books.Meter{ID: newID(), Code: "in", Name: "in", Credits: dec("1"), Per: dec("1"), CreatedAt: noon}, books.Meter{ID: newID(), Code: "out", Name: "out", Credits: dec("1"), Per: dec("1"), CreatedAt: noon}
	rate := func(meter books.Meter, card int, from time.Time, cost *books.Cost) books.MeterRate {
		return books.MeterRate{MeterID: meter.ID, RateCard: card, From: from, Credits: dec("0.5"), Per: dec("1000"), Cost: cost}
	}
	later := noon.Add(time.Hour)
	first := books.RateCard{Number: 1, EffectiveFrom: noon, Note: "what \"we\" pay", CreatedAt: noon, Rates: []books.MeterRate{rate(in, 1, noon, &books.Cost{Amount: dec("0.0000000001"), Per: dec("3")})}}
	second := books.RateCard{Number: 2, EffectiveFrom: later, CreatedAt: noon, Rates: []books.MeterRate{rate(in, 2, later, nil), rate(out, 2, later, &books.Cost{Amount: dec("0"), Per: dec("1")})}}
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertMeter(ctx, in))
		must(t, tx.InsertMeter(ctx, out))
		same(t, []books.RateCard(nil))(tx.RateCardsOf(ctx, []string{in.ID}))
		for _, card := range []books.RateCard{first, second} {
			same(t, card.Number)(tx.NextRateCard(ctx))
			must(t, tx.InsertRateCard(ctx, card))
		}
	})
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.InsertRateCard(ctx, first) }), books.AlreadyExists)
	s.view(func(ctx context.Context, tx books.Tx) {
		alone := first
		alone.Rates = nil
		ofOut := second
		ofOut.Rates = second.Rates[1:]
		same(t, []books.RateCard{alone, ofOut})(tx.RateCardsOf(ctx, []string{out.ID}))
		same(t, []books.RateCard{first, second})(tx.RateCardsOf(ctx, []string{out.ID, in.ID}))
		same(t, []books.RateCard(nil))(tx.RateCardsOf(ctx, nil))
		same(t, []books.RateCard{second})(tx.RateCardsByNumber(ctx, []int{2, 7}))
		same(t, []books.RateCard(nil))(tx.RateCardsByNumber(ctx, nil))
		same(t, []books.RateCard{first, second})(tx.RateCards(ctx, books.Page{}))
		same(t, []books.RateCard{second})(tx.RateCards(ctx, books.Page{After: "1", Limit: 5}))
		same(t, []books.RateCard{second})(tx.RateCards(ctx, books.Page{Reverse: true, Limit: 1}))
		same(t, []books.RateCard{first})(tx.RateCards(ctx, books.Page{Reverse: true, After: "2"}))
		same(t, int64(2))(tx.CountRateCards(ctx))
	})
}

// dimensions lists and charts events by what they are told apart by.
func dimensions(t *testing.T, s *suite) {
	policy := aPolicy("standard")
	lot, other := aLot(c1, policy.ID), aLot(c2, policy.ID)
	of := func(customer, id string, credits revrec.Credits, pairs ...string) books.UsageEvent {
		event := anEvent(customer, id, credits)
		var given []books.EventDimension
		for i := 0; i < len(pairs); i += 2 {
			given = append(given, books.EventDimension{Key: pairs[i], Value: pairs[i+1]})
		}
		var err error
		event.Dimensions, err = books.DimensionsOf(given)
		must(t, err)
		event.RateCard = len(pairs)
		return event
	}
	odd := `it's "<&>" \n ü 💳 %`
	quoted, plain, none := of(c1, "a", 5, "team", odd, "a.b-c_0", "x"), of(c1, "b", 7, "team", "research"), of(c1, "c", 11)
	theirs := of(c2, "a", 100, "team", "research")
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		putLots(ctx, t, tx, lot, other)
		must(t, tx.InsertEvents(ctx, []books.UsageEvent{quoted, plain, none, theirs}))
		var draws []books.Draw
		for _, event := range []books.UsageEvent{quoted, plain, none, theirs} {
			at := map[string]string{c1: lot.ID, c2: other.ID}[event.CustomerID]
			draws = append(draws, books.Draw{CustomerID: event.CustomerID, EventID: event.ID, LotID: at, Day: day, Credits: event.Credits})
		}
		must(t, tx.InsertDraws(ctx, draws))
		must(t, tx.AddLotDays(ctx, []books.LotDay{{CustomerID: c1, LotID: lot.ID, Day: day, Drawn: 23}, {CustomerID: c2, LotID: other.ID, Day: day, Drawn: 100}}))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.UsageEvent{quoted})(tx.EventsByKey(ctx, []books.EventKey{{CustomerID: c1, Source: quoted.Source, EventID: "a"}}))
		same(t, []books.UsageEvent{quoted})(tx.Events(ctx, books.EventFilter{Dimension: books.EventDimension{Key: "team", Value: odd}}, books.Page{}))
		same(t, []books.UsageEvent{quoted})(tx.Events(ctx, books.EventFilter{Dimension: books.EventDimension{Key: "a.b-c_0", Value: "x"}}, books.Page{}))
		same(t, int64(2))(tx.CountEvents(ctx, books.EventFilter{Dimension: books.EventDimension{Key: "team", Value: "research"}}))
		same(t, int64(0))(tx.CountEvents(ctx, books.EventFilter{Dimension: books.EventDimension{Key: "feature", Value: "research"}}))
		below, err := tx.EventsBelow(ctx, []books.EventFilter{
			{CustomerID: c1, Dimension: books.EventDimension{Key: "team", Value: "research"}},
			{CustomerID: c2, Dimension: books.EventDimension{Key: "team", Value: "research"}},
		}, books.Page{Limit: 5})
		same(t, [][]books.UsageEvent{{plain}, {theirs}})(below, err)

		by := func(filter books.ChartFilter, want map[string]revrec.Credits) {
			t.Helper()
			filter.From, filter.To, filter.Top = day, day+ledger.Date(1), 5
			rows, err := tx.UsageChart(ctx, filter)
			got := map[string]revrec.Credits{}
			for _, row := range rows {
				got[row.Group.Key] += row.Values.Credits
			}
			same(t, want)(got, err)
		}
		by(books.ChartFilter{By: books.ByEventDimension, Key: "team"}, map[string]revrec.Credits{odd: 5, "research": 107, "": 11})
		by(books.ChartFilter{By: books.ByEventDimension, Key: "team", CustomerID: c1}, map[string]revrec.Credits{odd: 5, "research": 7, "": 11})
		by(books.ChartFilter{By: books.ByEventDimension, Key: "none"}, map[string]revrec.Credits{"": 123})
		by(books.ChartFilter{By: books.ByCustomer, Dimension: books.EventDimension{Key: "team", Value: "research"}}, map[string]revrec.Credits{c1: 7, c2: 100})
		by(books.ChartFilter{Dimension: books.EventDimension{Key: "team", Value: odd}, CustomerID: c1, PolicyID: policy.ID}, map[string]revrec.Credits{"": 5})
	})
}
