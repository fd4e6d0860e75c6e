package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func aPurchase(customerID string) books.Purchase {
	return books.Purchase{
		ID: newID(), CustomerID: customerID, PackID: packID, PackVersion: 2, PolicyID: p1, LotID: newID(), Status: books.PurchaseInvoiced,
		Credits: 100 * revrec.One, Bonus: 5, Price: eur(1000), Tax: eur(190), FXRate: dec("1.0847"), Functional: usd(1085), FunctionalTax: usd(206),
		StandAlone: eur(0), BonusStandAlone: eur(0),
		PurchasedAt: noon, DueOn: day, RefundAmount: eur(0), InParts: eur(0), DisputeAmount: eur(0), LostAmount: eur(0), Reference: "INV'1", CreatedAt: noon.Add(time.Minute),
	}
}

func purchases(t *testing.T, s *suite) {
	a, b, c, d, void := aPurchase(c1), aPurchase(c2), aPurchase(c1), aPurchase(c1), aPurchase(c2)
	b.DueOn, b.PackID, b.PackVersion, b.Reference = day+1, "", 0, ""
	c.Status, c.DueOn, c.PaidAt, c.PurchasedAt = books.PurchasePaid, 0, noon, noon.Add(time.Hour)
	d.DueOn, d.Cancellable, d.PolicyID = 0, true, p2
	void.DueOn, void.PackID, void.PackVersion = day+30, "", 0
	void.BonusLotID, void.BonusLikelihood, void.StandAlone, void.BonusStandAlone = newID(), dec("0.8"), eur(1200), eur(150)
	s.update(func(ctx context.Context, tx books.Tx) {
		for _, p := range []books.Purchase{a, b, c, d, void} {
			must(t, tx.InsertPurchase(ctx, p))
		}
		same(t, a)(tx.LockPurchase(ctx, a.ID))
		_, err := tx.LockPurchase(ctx, "none")
		refused(t, err, books.NotFound)
		sameIDs(t, purchaseID)(tx.DuePurchases(ctx, day-1, 10))
		sameIDs(t, purchaseID, a.ID)(tx.DuePurchases(ctx, day, 10))
		sameIDs(t, purchaseID, a.ID, b.ID)(tx.DuePurchases(ctx, day+9, 10))
		sameIDs(t, purchaseID, a.ID)(tx.DuePurchases(ctx, day+9, 1))
		same(t, books.Waiting{Due: day})(tx.OldestWaiting(ctx, day+9))
		a.DueBooked = true
		must(t, tx.UpdatePurchase(ctx, a))
		sameIDs(t, purchaseID, b.ID)(tx.DuePurchases(ctx, day+9, 10))
		c.Status, c.RefundedAt, c.RefundAmount = books.PurchaseRefunded, noon.Add(time.Hour), eur(1000)
		must(t, tx.UpdatePurchase(ctx, c))
		void.Status, void.VoidedAt = books.PurchaseVoided, noon
		void.Dispute, void.DisputedAt, void.DisputeAmount, void.LostAmount = "LOST", noon.Add(time.Second), eur(7), eur(8)
		must(t, tx.UpdatePurchase(ctx, void))
		booked := []books.BookedDispute{
			{CustomerID: void.CustomerID, PurchaseID: void.ID, At: noon.Add(time.Second), Status: books.DisputeOpen, Amount: eur(7)},
			{CustomerID: a.CustomerID, PurchaseID: a.ID, At: noon, Status: books.DisputeLost, Amount: eur(3)},
			{CustomerID: void.CustomerID, PurchaseID: void.ID, At: noon.Add(time.Second), Status: books.DisputeWon, Amount: eur(7)},
		}
		for _, of := range booked {
			must(t, tx.InsertDispute(ctx, of))
		}
		same(t, booked)(tx.DisputesOf(ctx, []string{void.ID, b.ID, a.ID}))
		same(t, booked[1:2])(tx.DisputesOf(ctx, []string{a.ID}))
		same(t, []books.BookedDispute{})(tx.DisputesOf(ctx, nil))
		sameIDs(t, purchaseID, b.ID)(tx.DuePurchases(ctx, day+99, 10))
		refused(t, tx.UpdatePurchase(ctx, aPurchase(c1)), books.NotFound)

		a.InParts = eur(30)
		must(t, tx.UpdatePurchase(ctx, a))
		receipt := func(of books.Purchase, amount int64) books.Receipt {
			return books.Receipt{
				CustomerID: of.CustomerID, PurchaseID: of.ID, ID: newID(), PaidAt: noon.Add(time.Hour), CreatedAt: noon.Add(2 * time.Hour),
				Amount: eur(amount), Functional: usd(amount + 2), Settled: usd(amount + 1), FXRate: dec("1.0833"),
			}
		}
		first, second, other := receipt(a, 10), receipt(a, 20), receipt(b, 5)
		second.Ahead = true
		for _, r := range []books.Receipt{first, second, other} {
			must(t, tx.InsertPayment(ctx, r))
		}
		same(t, []books.Receipt{first, second})(tx.PaymentsOf(ctx, []string{a.ID, c.ID}))
		same(t, []books.Receipt{first, second, other})(tx.PaymentsOf(ctx, []string{b.ID, a.ID}))
		paid := noon.Add(time.Hour)
		same(t, []books.Receipt{first, second, other})(tx.PaymentsBetween(ctx, paid, paid.Add(time.Microsecond), books.Page{Limit: 9}))
		same(t, []books.Receipt{second})(tx.PaymentsBetween(ctx, noon, paid.Add(time.Hour), books.Page{Limit: 1, After: first.ID}))
		same(t, []books.Receipt{})(tx.PaymentsBetween(ctx, noon, paid, books.Page{Limit: 9}))
		same(t, []books.Receipt{})(tx.PaymentsBetween(ctx, paid.Add(time.Microsecond), paid.Add(time.Hour), books.Page{Limit: 9}))
	})
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.InsertPurchase(ctx, a) }), books.AlreadyExists)
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Purchase{a, b, c, d, void})(inOrder(purchaseID)(tx.PurchasesByID(ctx, []string{c.ID, b.ID, void.ID, a.ID, d.ID})))
		for _, test := range []struct {
			filter books.PurchaseFilter
			want   []string
		}{
			{books.PurchaseFilter{}, []string{a.ID, b.ID, c.ID, d.ID, void.ID}},
			{books.PurchaseFilter{Status: books.PurchaseVoided}, []string{void.ID}},
			{books.PurchaseFilter{CustomerID: c1}, []string{a.ID, c.ID, d.ID}},
			{books.PurchaseFilter{PackID: packID, CustomerID: c2}, nil},
			{books.PurchaseFilter{PolicyID: p2}, []string{d.ID}},
			{books.PurchaseFilter{Status: books.PurchaseRefunded}, []string{c.ID}},
			{books.PurchaseFilter{From: noon.Add(time.Hour)}, []string{c.ID}},
			{books.PurchaseFilter{Before: noon.Add(time.Hour)}, []string{a.ID, b.ID, d.ID, void.ID}},
		} {
			sameIDs(t, purchaseID, test.want...)(tx.Purchases(ctx, test.filter, books.Page{}))
			same(t, int64(len(test.want)))(tx.CountPurchases(ctx, test.filter))
		}
		sameIDs(t, purchaseID, d.ID, c.ID)(tx.Purchases(ctx, books.PurchaseFilter{CustomerID: c1}, books.Page{Limit: 2, Reverse: true}))
		sameIDs(t, purchaseID, c.ID)(tx.Purchases(ctx, books.PurchaseFilter{CustomerID: c1}, books.Page{After: a.ID, Limit: 1}))
	})
}

func lots(t *testing.T, s *suite) {
	first, second := aLot(c1, p1), aLot(c1, p2)
	second.Price, second.Functional, second.LapseDue = eur(500), usd(550), day
	for _, amount := range []*ledger.Amount{&second.RefundedAmount, &second.RemovedAmount, &second.Recognised, &second.Released, &second.Carrying} {
		*amount = eur(amount.Minor)
	}
	grant := aLot(c2, p1)
	grant.Kind, grant.PurchaseID, grant.Reason, grant.ExpiresAt, grant.AcceptsUntil, grant.LapsesOn = revrec.GrantLot, "", "PROMO", time.Time{}, time.Time{}, 0
	overage := revrec.Lot{
		ID: newID(), CustomerID: c2, PolicyID: p1, Kind: revrec.OverageLot, Rate: revrec.Rate{Price: "0.05", Currency: "USD"},
		Price: usd(0), Functional: usd(0), RefundedAmount: usd(0), RefundedFunctional: usd(0), RemovedAmount: usd(0), RemovedFunctional: usd(0), Recognised: usd(0), RecognisedFunctional: usd(0),
		Released: usd(0), ReleasedFunctional: usd(0), Carrying: usd(0), CarryingFunctional: usd(0),
		PurchasedOn: day, StartsAt: noon, Priority: 100,
	}
	purchase := aPurchase(c1)
	second.PurchaseID, second.OriginID, second.PoolLotID = purchase.ID, first.ID, first.ID
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPurchase(ctx, purchase))
		kept := putLots(ctx, t, tx, first, second, grant, overage)
		first, second, grant, overage = kept[0], kept[1], kept[2], kept[3]
		for i, lot := range kept {
			if lot.Order != int64(i+1) {
				t.Fatalf("lot %d has order %d", i+1, lot.Order)
			}
		}
		same(t, []revrec.Lot{first, second, grant, overage})(inOrder(lotID)(tx.LotsByID(ctx, []string{overage.ID, grant.ID, second.ID, first.ID})))

		// All that can change.
		second.ExpiresAt, second.AcceptsUntil, second.LapsesOn = second.ExpiresAt.AddDate(1, 0, 0), second.AcceptsUntil.AddDate(1, 0, 0), day+365
		second.Rolls, second.Priority, second.LiabilityOn = true, 7, day
		second.Steps = []revrec.Step{{Day: day - 2, Minor: 40, Functional: 43}, {Day: day - 1, Minor: -1, Functional: 0}}
		second.Drawn, second.Lapsed, second.Refunded, second.RefundedOn = 1, 2, 3, day
		second.RefundedAmount, second.RefundedFunctional, second.Blocked = eur(4), usd(5), true
		second.Removed, second.RemovedAmount, second.RemovedFunctional, second.PoolLeftOn = 4, eur(5), usd(6), day+3
		second.Recognised, second.RecognisedFunctional, second.Released, second.ReleasedFunctional = eur(6), usd(7), eur(8), usd(9)
		second.Carrying, second.CarryingFunctional = eur(-10), usd(-11)
		second.BookedThrough, second.BookedCredits, second.LapseDue, second.RemoteDue = day, 12, 0, day+1
		must(t, tx.UpdateLots(ctx, []*revrec.Lot{&second}))
		same(t, []revrec.Lot{second})(tx.LotsByID(ctx, []string{second.ID}))
		same(t, []revrec.Lot{first})(tx.LotsByID(ctx, []string{first.ID}))
		second.Rolls = false
		must(t, tx.UpdateLots(ctx, []*revrec.Lot{&second}))
		same(t, []revrec.Lot{second})(tx.LotsByID(ctx, []string{second.ID}))

		// What use changes, and no more.
		drawn := first
		drawn.Drawn, drawn.Lapsed, drawn.LapseDue, drawn.RemoteDue, drawn.PendingFrom = 5, 3, day, 0, day+2
		ignored := drawn
		ignored.Priority, ignored.Blocked, ignored.BookedCredits = 99, true, 77
		must(t, tx.UpdateDrawn(ctx, []*revrec.Lot{&ignored}))
		same(t, []revrec.Lot{drawn})(tx.LotsByID(ctx, []string{first.ID}))
		must(t, tx.UpdateLots(ctx, []*revrec.Lot{&first}))

		missing := aLot(c1, p1)
		refused(t, tx.UpdateLots(ctx, []*revrec.Lot{&first, &missing}), books.NotFound)
		refused(t, tx.UpdateDrawn(ctx, []*revrec.Lot{&first, &missing}), books.NotFound)
	})
	drawnTooMuch := first
	drawnTooMuch.Drawn = first.Granted + 1
	if s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.UpdateLots(ctx, []*revrec.Lot{&drawnTooMuch}) }) == nil {
		t.Fatal("more was drawn than granted, and the database took it")
	}
	s.view(func(ctx context.Context, tx books.Tx) {
		for _, test := range []struct {
			filter books.LotFilter
			want   []string
		}{
			{books.LotFilter{}, []string{first.ID, second.ID, grant.ID, overage.ID}},
			{books.LotFilter{CustomerID: c1}, []string{first.ID, second.ID}},
			{books.LotFilter{PurchaseID: purchase.ID}, []string{second.ID}},
			{books.LotFilter{PolicyID: p1, CustomerID: c2}, []string{grant.ID, overage.ID}},
			{books.LotFilter{Kind: revrec.GrantLot}, []string{grant.ID}},
			{books.LotFilter{OpenAt: noon}, []string{first.ID, grant.ID}}, // second is blocked
			{books.LotFilter{OpenAt: first.ExpiresAt, CustomerID: c1}, nil},
			{books.LotFilter{ExpiresFrom: first.ExpiresAt, ExpiresBefore: first.ExpiresAt.Add(1000)}, []string{first.ID}},
			{books.LotFilter{ExpiresBefore: first.ExpiresAt}, nil},
			{books.LotFilter{ExpiresFrom: first.ExpiresAt.Add(1000)}, []string{second.ID}},
		} {
			sameIDs(t, lotID, test.want...)(tx.Lots(ctx, test.filter, books.Page{}))
			same(t, int64(len(test.want)))(tx.CountLots(ctx, test.filter))
		}
		sameIDs(t, lotID, grant.ID)(tx.Lots(ctx, books.LotFilter{}, books.Page{After: overage.ID, Reverse: true, Limit: 1}))
	})
}

// lotsTogether keeps several lots at once: in the order given.
func lotsTogether(t *testing.T, s *suite) {
	first, second := aLot(c2, p1), aLot(c1, p1)
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertLots(ctx, []*revrec.Lot{&first, &second}))
		if first.Order != 1 || second.Order != 2 {
			t.Fatalf("orders %d and %d", first.Order, second.Order)
		}
		same(t, []revrec.Lot{first, second})(inOrder(lotID)(tx.LotsByID(ctx, []string{first.ID, second.ID})))
	})
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.InsertLots(ctx, []*revrec.Lot{&first}) }), books.AlreadyExists)
}

func openLots(t *testing.T, s *suite) {
	open, used, future, blocked := aLot(c1, p1), aLot(c1, p1), aLot(c1, p1), aLot(c1, p1)
	other, forever := aLot(c0, p1), aLot(c1, p1)
	used.Drawn = used.Granted
	future.StartsAt = noon.Add(time.Microsecond)
	blocked.Blocked = true
	forever.ExpiresAt, forever.AcceptsUntil = time.Time{}, time.Time{}
	overage := revrec.Lot{ID: newID(), CustomerID: c1, PolicyID: p1, Kind: revrec.OverageLot, Drawn: 5, Rate: revrec.Rate{Price: "1", Currency: "USD"}, StartsAt: noon}
	s.update(func(ctx context.Context, tx books.Tx) {
		putLots(ctx, t, tx, open, used, future, blocked, other, forever, overage)
		sameIDs(t, lotID, open.ID, forever.ID)(tx.OpenLots(ctx, []string{c1}, noon))
		sameIDs(t, lotID, open.ID, future.ID, forever.ID)(tx.OpenLots(ctx, []string{c1}, future.StartsAt))
		sameIDs(t, lotID, open.ID, future.ID, forever.ID)(tx.OpenLots(ctx, []string{c1}, open.ExpiresAt.Add(-1000)))
		sameIDs(t, lotID, forever.ID)(tx.OpenLots(ctx, []string{c1}, open.ExpiresAt))
		sameIDs(t, lotID)(tx.OpenLots(ctx, []string{c9}, noon))

		// Held for use: customer by customer, what may still be drawn on late too.
		sameIDs(t, lotIDOf, other.ID, open.ID, future.ID, blocked.ID, forever.ID, overage.ID)(tx.LockOpenLots(ctx, []string{c1, c0, c1}, noon))
		sameIDs(t, lotIDOf, open.ID, future.ID, blocked.ID, forever.ID, overage.ID)(tx.LockOpenLots(ctx, []string{c1}, open.AcceptsUntil.Add(-1000)))
		sameIDs(t, lotIDOf, forever.ID, overage.ID)(tx.LockOpenLots(ctx, []string{c1}, open.AcceptsUntil))
		sameIDs(t, lotIDOf)(tx.LockOpenLots(ctx, nil, noon))

		// What is to roll over is open until it has, however late.
		rolling, usedUp := aLot(c9, p1), aLot(c9, p1)
		rolling.Rolls, usedUp.Rolls, usedUp.Drawn = true, true, usedUp.Granted
		rolling = putLots(ctx, t, tx, rolling, usedUp)[0]
		much := rolling.AcceptsUntil.AddDate(1, 0, 0)
		same(t, []revrec.Lot{rolling})(tx.OpenLots(ctx, []string{c9}, much))
		same(t, []*revrec.Lot{&rolling})(tx.LockOpenLots(ctx, []string{c9}, much))
		rolling.Rolls = false
		must(t, tx.UpdateLots(ctx, []*revrec.Lot{&rolling}))
		sameIDs(t, lotID)(tx.OpenLots(ctx, []string{c9}, rolling.ExpiresAt))
		same(t, []*revrec.Lot{&rolling})(tx.LockOpenLots(ctx, []string{c9}, rolling.AcceptsUntil.Add(-1000)))
		sameIDs(t, lotIDOf)(tx.LockOpenLots(ctx, []string{c9}, rolling.AcceptsUntil))

		sameIDs(t, lotIDOf, other.ID, open.ID, used.ID)(tx.LockLots(ctx, []books.LotKey{keyOf(used), keyOf(other), keyOf(open), keyOf(used), {CustomerID: c0, LotID: open.ID}}))
		sameIDs(t, lotIDOf)(tx.LockLots(ctx, nil))
	})
}

// manyLots goes beyond what one statement takes.
func manyLots(t *testing.T, s *suite) {
	n := 1203
	if testing.Short() { // the race detector slows a database twentyfold
		n = 97
	}
	s.update(func(ctx context.Context, tx books.Tx) {
		keys, changed, ids := make([]books.LotKey, n), make([]*revrec.Lot, n), make([]string, n)
		for i := range n {
			lot := aLot(fmt.Sprintf("00000000-0000-7000-8000-%012d", i), p1)
			must(t, tx.InsertLot(ctx, lot))
			lot.Drawn = revrec.Credits(i + 1)
			keys[i], changed[i], ids[i] = keyOf(lot), &lot, lot.ID
		}
		must(t, tx.UpdateLots(ctx, changed))
		got, err := tx.LockLots(ctx, keys)
		must(t, err)
		if len(got) != n {
			t.Fatalf("%d lots of %d", len(got), n)
		}
		for i, lot := range got {
			if lot.ID != ids[i] || lot.Drawn != revrec.Credits(i+1) {
				t.Fatalf("lot %d is %s with %d drawn", i, lot.ID, lot.Drawn)
			}
		}
		byID, err := tx.LotsByID(ctx, ids)
		must(t, err)
		if len(byID) != n {
			t.Fatalf("%d lots of %d by id", len(byID), n)
		}
	})
}

func deferred(t *testing.T, s *suite) {
	lot := func(customer string, carrying ledger.Amount) revrec.Lot {
		l := aLot(customer, p1)
		l.Price, l.Carrying, l.CarryingFunctional = carrying, carrying, usd(carrying.Minor*2)
		l.Drawn = 10 * revrec.One
		return l
	}
	s.update(func(ctx context.Context, tx books.Tx) {
		putLots(ctx, t, tx, lot(c2, usd(100)), lot(c1, eur(30)), lot(c1, usd(20)), lot(c1, usd(5)), lot(c3, usd(0)), lot(c4, eur(1)))
		want := []books.Deferred{
			{CustomerID: c1, Currency: "EUR", Lots: 1, Unused: 90 * revrec.One, Carrying: eur(30), Functional: usd(60)},
			{CustomerID: c1, Currency: "USD", Lots: 2, Unused: 180 * revrec.One, Carrying: usd(25), Functional: usd(50)},
			{CustomerID: c2, Currency: "USD", Lots: 1, Unused: 90 * revrec.One, Carrying: usd(100), Functional: usd(200)},
			{CustomerID: c4, Currency: "EUR", Lots: 1, Unused: 90 * revrec.One, Carrying: eur(1), Functional: usd(2)},
		}
		same(t, want)(tx.DeferredByCustomer(ctx, books.DeferredFilter{}, books.Page{}))
		same(t, want[1:3])(tx.DeferredByCustomer(ctx, books.DeferredFilter{}, books.Page{After: c1 + "/EUR", Limit: 2}))
		same(t, want[2:])(tx.DeferredByCustomer(ctx, books.DeferredFilter{}, books.Page{After: c1 + "/USD"}))
		sameIDs(t, deferredKey, c2+"/USD", c1+"/USD", c1+"/EUR")(tx.DeferredByCustomer(ctx, books.DeferredFilter{}, books.Page{After: c4 + "/EUR", Reverse: true}))
	})
}
