package storetest

import (
	"context"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/revrec"
)

func holdID(h books.Hold) string { return h.ID }

// aHold is a hold of the lots that lasts an hour from noon, with 5 credits of each.
func aHold(lots ...revrec.Lot) books.Hold {
	hold := books.Hold{
		ID: newID(), CustomerID: lots[0].CustomerID, Credits: revrec.Credits(5 * len(lots)), Status: books.HoldActive,
		Reference: "a \"job\"\tof 'theirs'", CreatedAt: noon, EndsAt: noon.Add(time.Hour),
	}
	for _, lot := range lots {
		hold.Parts = append(hold.Parts, books.HoldPart{CustomerID: lot.CustomerID, HoldID: hold.ID, LotID: lot.ID, Credits: 5})
	}
	return hold
}

func holds(t *testing.T, s *suite) {
	one, two, other := aLot(c1, p1), aLot(c1, p1), aLot(c2, p1)
	first, second, theirs := aHold(one), aHold(one, two), aHold(other)
	second.EndsAt, theirs.Reference = noon.Add(2*time.Hour), ""
	until := func(ctx context.Context, tx books.Tx, lot revrec.Lot, want time.Time) {
		t.Helper()
		locked, err := tx.LockLots(ctx, []books.LotKey{keyOf(lot)})
		must(t, err)
		if !locked[0].HeldUntil.Equal(want) {
			t.Fatalf("lot %s is held until %s, not %s", lot.ID, locked[0].HeldUntil, want)
		}
		open, err := tx.LockOpenLots(ctx, []string{lot.CustomerID}, noon)
		must(t, err)
		for _, l := range open {
			if l.ID == lot.ID && !l.HeldUntil.Equal(want) {
				t.Fatalf("open lot %s is held until %s, not %s", lot.ID, l.HeldUntil, want)
			}
		}
	}
	s.update(func(ctx context.Context, tx books.Tx) {
		putLots(ctx, t, tx, one, two, other)
		until(ctx, tx, one, time.Time{})
		for _, hold := range []books.Hold{second, first, theirs} {
			must(t, tx.InsertHold(ctx, hold))
		}
		until(ctx, tx, one, second.EndsAt)
		until(ctx, tx, two, second.EndsAt)
		until(ctx, tx, other, theirs.EndsAt)
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Hold{first, second, theirs})(inOrder(holdID)(tx.HoldsByID(ctx, []string{theirs.ID, second.ID, first.ID, newID()})))
		held := map[books.LotKey]revrec.Credits{keyOf(one): 10, keyOf(two): 5, keyOf(other): 5}
		same(t, held)(tx.HeldCredits(ctx, []string{c2, c1, c9}, noon))
		same(t, map[books.LotKey]revrec.Credits{keyOf(one): 5, keyOf(two): 5})(tx.HeldCredits(ctx, []string{c1, c2}, first.EndsAt))
		same(t, map[books.LotKey]revrec.Credits{})(tx.HeldCredits(ctx, []string{c1, c2}, second.EndsAt))
		same(t, map[books.LotKey]revrec.Credits{})(tx.HeldCredits(ctx, nil, noon))
		sameIDs(t, holdID, first.ID, second.ID)(tx.Holds(ctx, books.HoldFilter{CustomerID: c1}, books.Page{}))
		sameIDs(t, holdID, second.ID)(tx.Holds(ctx, books.HoldFilter{Status: books.HoldActive, At: first.EndsAt}, books.Page{}))
		sameIDs(t, holdID, first.ID, theirs.ID)(tx.Holds(ctx, books.HoldFilter{Status: books.HoldExpired, At: first.EndsAt}, books.Page{}))
		same(t, int64(3))(tx.CountHolds(ctx, books.HoldFilter{Status: books.HoldActive, At: noon}))
		of := []books.HoldFilter{{CustomerID: c2}, {CustomerID: c9}, {CustomerID: c1}}
		same(t, [][]books.Hold{{theirs}, nil, {first, second}})(tx.HoldsBelow(ctx, of, books.Page{Limit: 10}))
		same(t, []int64{1, 0, 2})(tx.CountHoldsBelow(ctx, of))
	})
	s.update(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Hold{second, first})(tx.LockHoldsOf(ctx, []books.LotKey{keyOf(one)}, noon))
		sameIDs(t, holdID, second.ID)(tx.LockHoldsOf(ctx, []books.LotKey{keyOf(two), keyOf(one)}, first.EndsAt))
		same(t, second)(tx.LockHold(ctx, c1, second.ID))
		_, err := tx.LockHold(ctx, c2, second.ID)
		refused(t, err, books.NotFound)
		second.Status, second.EndedAt, second.EventID = books.HoldCaptured, noon.Add(time.Minute), newID()
		must(t, tx.EndHold(ctx, second, []books.LotKey{keyOf(one)}))
		until(ctx, tx, one, first.EndsAt)
		until(ctx, tx, two, second.EndsAt) // it was not given
		first.Status, first.EndedAt, first.Reason = books.HoldReleased, noon.Add(2*time.Minute), "called off"
		must(t, tx.EndHold(ctx, first, []books.LotKey{keyOf(one), keyOf(two)}))
		until(ctx, tx, one, time.Time{})
		until(ctx, tx, two, time.Time{})
		refused(t, tx.EndHold(ctx, books.Hold{ID: newID(), CustomerID: c1, Status: books.HoldReleased, EndedAt: noon}, nil), books.NotFound)
		same(t, []books.Hold{first, second})(inOrder(holdID)(tx.HoldsByID(ctx, []string{second.ID, first.ID})))
		for at, want := range map[time.Time]map[string]revrec.Credits{
			first.CreatedAt.Add(-time.Microsecond):  {},
			first.CreatedAt:                         {one.ID: 10, two.ID: 5},
			second.EndedAt.Add(-time.Microsecond):   {one.ID: 10, two.ID: 5},
			second.EndedAt:                          {one.ID: 5},
			first.EndedAt.Add(-time.Microsecond):    {one.ID: 5},
			first.EndedAt:                           {},
			theirs.CreatedAt.Add(100 * time.Minute): {},
		} {
			same(t, want)(tx.HeldCreditsAt(ctx, c1, at))
		}
		same(t, map[string]revrec.Credits{})(tx.HeldCreditsAt(ctx, c2, theirs.EndsAt))
		same(t, map[string]revrec.Credits{other.ID: 5})(tx.HeldCreditsAt(ctx, c2, theirs.EndsAt.Add(-time.Microsecond)))
		sameIDs(t, holdID, second.ID)(tx.Holds(ctx, books.HoldFilter{Status: books.HoldCaptured}, books.Page{}))
		sameIDs(t, holdID, first.ID)(tx.Holds(ctx, books.HoldFilter{CustomerID: c1, Status: books.HoldReleased}, books.Page{}))
		sameIDs(t, holdID)(tx.LockHoldsOf(ctx, []books.LotKey{keyOf(one), keyOf(two)}, noon))
		same(t, map[books.LotKey]revrec.Credits{})(tx.HeldCredits(ctx, []string{c1}, noon))
	})
}
