package storetest

import (
	"context"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func expiring(t *testing.T, s *suite) {
	lot := func(customer string, lapsesOn ledger.Date, drawn revrec.Credits, carrying ledger.Amount) revrec.Lot {
		l := aLot(customer, p1)
		l.LapsesOn, l.ExpiresAt, l.Drawn = lapsesOn, (lapsesOn + 1).Start(time.UTC), drawn
		l.AcceptsUntil = l.ExpiresAt
		l.Price, l.Carrying, l.CarryingFunctional = carrying, carrying, usd(carrying.Minor*2)
		return l
	}
	lapsed, used, never := lot(c1, day, 0, usd(1)), lot(c1, day, 100*revrec.One, usd(0)), lot(c1, day, 0, usd(1))
	lapsed.Lapsed = 100 * revrec.One
	never.ExpiresAt, never.AcceptsUntil, never.LapsesOn = time.Time{}, time.Time{}, 0
	other := lot(c1, day+40, 0, eur(7))
	other.PolicyID = p2
	row := func(customer string, on ledger.Date, lots int64, credits revrec.Credits, carrying ledger.Amount) books.Expiring {
		return books.Expiring{
			CustomerID: customer, Day: on, Currency: carrying.Currency, Lots: lots, Credits: credits * revrec.One, Carrying: carrying, Functional: usd(carrying.Minor * 2),
		}
	}
	want := []books.Expiring{row(c1, day, 2, 150, usd(300)), row(c2, day, 1, 100, usd(500)), row(c1, day+1, 1, 90, usd(40)), row(c1, day+40, 1, 100, eur(7))}
	s.update(func(ctx context.Context, tx books.Tx) {
		putLots(ctx, t, tx, lapsed, used, never, other, lot(c1, day, 50*revrec.One, usd(100)), lot(c1, day, 0, usd(200)), lot(c2, day, 0, usd(500)), lot(c1, day+1, 10*revrec.One, usd(40)))
		same(t, want)(tx.Expiring(ctx, books.ExpiringFilter{}, books.Page{}))
		same(t, want[1:3])(tx.Expiring(ctx, books.ExpiringFilter{}, books.Page{After: want[0].Key(), Limit: 2}))
		same(t, want[:1])(tx.Expiring(ctx, books.ExpiringFilter{}, books.Page{After: want[1].Key(), Reverse: true}))
		same(t, []books.Expiring{want[1], want[0]})(tx.Expiring(ctx, books.ExpiringFilter{}, books.Page{By: books.ByCarrying, Reverse: true, Limit: 2}))
		same(t, []books.Expiring{want[2]})(tx.Expiring(ctx, books.ExpiringFilter{}, books.Page{By: books.ByCarrying, After: want[3].Key(), AfterValue: "14", Limit: 1}))
		from, before := books.ExpiringDays(day+1, day+39, time.UTC)
		same(t, want[2:3])(tx.Expiring(ctx, books.ExpiringFilter{ExpiresFrom: from, ExpiresBefore: before}, books.Page{}))
		same(t, want[1:2])(tx.Expiring(ctx, books.ExpiringFilter{CustomerID: c2}, books.Page{}))
		same(t, want[3:])(tx.Expiring(ctx, books.ExpiringFilter{PolicyID: p2, Currency: "EUR"}, books.Page{}))
		same(t, int64(3))(tx.CountExpiring(ctx, books.ExpiringFilter{Currency: "USD"}))
		then := books.ExpiringFilter{AsOf: noon.AddDate(-1, 0, 0), ExpiresFrom: noon} // none had begun; no entry brought any liability
		same(t, []books.Expiring{})(tx.Expiring(ctx, then, books.Page{}))
		then.AsOf = noon
		bare := func(row books.Expiring) books.Expiring {
			row.Carrying, row.Functional = ledger.Money(0, row.Currency), usd(0)
			return row
		}
		again := row(c1, day, 3, 150+100, usd(0)) // what lapsed had not
		same(t, []books.Expiring{bare(again), bare(want[1]), bare(want[2]), bare(want[3])})(tx.Expiring(ctx, then, books.Page{}))
		then.Currency = "EUR"
		same(t, []books.Expiring{bare(want[3])})(tx.Expiring(ctx, then, books.Page{}))
		months, err := tx.ExpiringMonths(ctx, books.ExpiringFilter{Currency: "USD"})
		must(t, err)
		var lots int64
		var credits revrec.Credits
		for _, month := range months {
			lots, credits = lots+month.Lots, credits+month.Credits
		}
		if lots != 4 || credits != 340*revrec.One || months[0].Month != day.Period() || months[0].Customers != 2 {
			t.Errorf("months are %+v", months)
		}
	})
}
