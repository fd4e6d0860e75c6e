package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
	"drawdown/revrec/estimate"
)

func cohortID(c books.Cohort) string { return c.Key() }

// cohorts keeps sums by key, adds to their months, and lists them.
func cohorts(t *testing.T, s *suite) {
	policy, other := aPolicy("standard"), aPolicy("other")
	january := ledger.NewDate(2024, 1, 1).Period()
	one := books.Cohort{ID: newID(), PolicyID: policy.ID, Currency: "USD", Month: january, Sold: 100}
	with := func(c books.Cohort, change func(*books.Cohort)) books.Cohort {
		c.ID = newID()
		change(&c)
		return c
	}
	again := with(one, func(c *books.Cohort) { c.Sold = 7 })
	smb := with(one, func(c *books.Cohort) { c.Segment = "smb" })
	packed := with(one, func(c *books.Cohort) { c.PackID, c.Month = newID(), january+1 })
	euro := with(one, func(c *books.Cohort) { c.Currency, c.PolicyID, c.Month = "EUR", other.ID, january+2 })
	opened := with(one, func(c *books.Cohort) { c.Opened, c.Sold = true, 0 })
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		must(t, tx.InsertPolicy(ctx, other))
		first, err := tx.AddToCohorts(ctx, books.Move{At: noon}, []books.Cohort{euro, one, again})
		must(t, err)
		if one.Sold = 107; first[1] != one || first[2] != one || first[0] != euro {
			t.Errorf("got %v, want %v and twice %v", first, euro, one)
		}
		second, err := tx.AddToCohorts(ctx, books.Move{At: noon}, []books.Cohort{opened, with(again, func(*books.Cohort) {}), packed, smb})
		must(t, err)
		if one.Sold = 114; second[1] != one || second[0] != opened || second[2] != packed || second[3] != smb {
			t.Errorf("got %v", second)
		}
		none, err := tx.AddToCohorts(ctx, books.Move{At: noon}, nil)
		must(t, err)
		if len(none) != 0 {
			t.Errorf("got %v of nothing", none)
		}
		must(t, tx.AddCohortMonths(ctx, books.Move{At: noon}, nil))
		must(t, tx.AddCohortMonths(ctx, books.Move{At: noon}, []books.CohortMonth{
			{CohortID: one.ID, Month: january + 1, Used: 5, Lapsed: 4, Refunded: 3, Other: 2},
			{CohortID: one.ID, Month: january, Used: 1},
			{CohortID: smb.ID, Month: january, Used: 9},
		}))
		must(t, tx.AddCohortMonths(ctx, books.Move{At: noon}, []books.CohortMonth{{CohortID: one.ID, Month: january + 1, Used: -2, Lapsed: -4, Refunded: 1, Other: 1}}))
		same(t, map[string][]books.CohortMonth{
			one.ID: {{CohortID: one.ID, Month: january, Used: 1}, {CohortID: one.ID, Month: january + 1, Used: 3, Refunded: 4, Other: 3}},
		})(tx.CohortMonths(ctx, []string{one.ID, euro.ID}, time.Time{}))
	})
	later, evening := noon.Add(time.Hour), noon.Add(8*time.Hour)
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.AddCohortMonths(ctx, books.Move{At: later}, []books.CohortMonth{
			{CohortID: one.ID, Month: january, Used: 10}, {CohortID: one.ID, Month: january + 2, Refunded: 6},
		}))
	})
	s.update(func(ctx context.Context, tx books.Tx) {
		_, err := tx.AddToCohorts(ctx, books.Move{At: later}, []books.Cohort{with(one, func(c *books.Cohort) { c.Sold = 1000 })})
		must(t, err)
		_, err = tx.AddToCohorts(ctx, books.Move{At: evening}, []books.Cohort{with(one, func(c *books.Cohort) { c.Segment, c.Sold = "late", 5 })})
		must(t, err)
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		first := books.CohortMonth{CohortID: one.ID, Month: january + 1, Used: 3, Refunded: 4, Other: 3}
		then, now := []books.CohortMonth{{CohortID: one.ID, Month: january, Used: 1}, first}, []books.CohortMonth{
			{CohortID: one.ID, Month: january, Used: 11}, first, {CohortID: one.ID, Month: january + 2, Refunded: 6},
		}
		for _, test := range []struct {
			asOf    time.Time
			months  []books.CohortMonth
			sold    revrec.Credits
			cohorts int64
		}{
			{noon.Add(-time.Microsecond), nil, 0, 0},
			{noon, then, 114, 5},
			{later.Add(-time.Microsecond), then, 114, 5},
			{later, now, 1114, 5},
			{evening, now, 1114, 6},
			{time.Time{}, now, 1114, 6},
		} {
			months, err := tx.CohortMonths(ctx, []string{one.ID}, test.asOf)
			must(t, err)
			if diff := cmp.Diff(test.months, months[one.ID]); diff != "" {
				t.Errorf("as of %s (- want): %s", test.asOf, diff)
			}
			filter := books.CohortFilter{AsOf: test.asOf}
			same(t, test.cohorts)(tx.CountCohorts(ctx, filter))
			found, err := tx.Cohorts(ctx, filter, books.Page{Limit: 1})
			must(t, err)
			if test.sold == 0 && len(found) == 0 {
				continue
			}
			if want := with(one, func(c *books.Cohort) { c.ID, c.Sold, c.AsOf = one.ID, test.sold, test.asOf }); found[0] != want {
				t.Errorf("as of %s: %v, want %v", test.asOf, found[0], want)
			}
		}
		same(t, time.Time{})(tx.MovesKnownFrom(ctx))
	})
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.AddCohortMonths(ctx, books.Move{At: later, Carried: true}, []books.CohortMonth{{CohortID: euro.ID, Month: january, Used: 10}}))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, later)(tx.MovesKnownFrom(ctx))
		same(t, []books.Cohort{packed})(tx.CohortsByID(ctx, []string{packed.ID, newID()}))
		inMonths := func(want ...books.Cohort) []string { return convert(want, cohortID) }
		// Ids grow in the order in which they were made: one, smb, opened.
		all := inMonths(one, smb, opened, packed, euro)
		sameIDs(t, cohortID, all...)(tx.Cohorts(ctx, books.CohortFilter{AsOf: later}, books.Page{}))
		sameIDs(t, cohortID, all[2:4]...)(tx.Cohorts(ctx, books.CohortFilter{AsOf: later}, books.Page{After: all[1], Limit: 2}))
		sameIDs(t, cohortID, all[1], all[0])(tx.Cohorts(ctx, books.CohortFilter{AsOf: later}, books.Page{After: all[2], Limit: 2, Reverse: true}))
		for _, test := range []struct {
			filter books.CohortFilter
			want   []string
		}{
			{books.CohortFilter{PolicyID: other.ID}, all[4:]},
			{books.CohortFilter{PackID: packed.PackID}, all[3:4]},
			{books.CohortFilter{Currency: "USD", From: january + 1}, all[3:4]},
			{books.CohortFilter{Segment: "smb"}, all[1:2]},
			{books.CohortFilter{To: january, AsOf: later}, all[:3]},
		} {
			sameIDs(t, cohortID, test.want...)(tx.Cohorts(ctx, test.filter, books.Page{}))
			same(t, int64(len(test.want)))(tx.CountCohorts(ctx, test.filter))
		}
		if _, err := tx.AddToCohorts(ctx, books.Move{At: noon}, []books.Cohort{one}); err == nil {
			t.Error("a view adds to cohorts")
		}
		if err := tx.AddCohortMonths(ctx, books.Move{At: noon}, []books.CohortMonth{{CohortID: one.ID, Month: january}}); err == nil {
			t.Error("a view adds to months of cohorts")
		}
	})
}

// filing finds lots that have no cohort, what was bought first, and files them.
func filing(t *testing.T, s *suite) {
	policy := aPolicy("standard")
	customer := aCustomer("acme")
	customer.Segment = "smb"
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertCustomer(ctx, customer))
		for _, segment := range []string{"", "enterprise"} {
			must(t, tx.SetCustomerSegment(ctx, customer.ID, segment))
			customer.Segment = segment
			same(t, []books.Customer{customer})(tx.CustomersByID(ctx, []string{customer.ID}))
			same(t, []books.Customer{customer})(tx.CustomersByExternalID(ctx, []string{"acme"}))
		}
	})
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.SetCustomerSegment(ctx, newID(), "x") }), books.NotFound)
	bought, filed, grant := aLot(c2, policy.ID), aLot(c1, policy.ID), aLot(c1, policy.ID)
	child := aLot(c1, policy.ID)
	child.OriginID, grant.Kind, grant.PurchaseID = bought.ID, revrec.GrantLot, ""
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		made, err := tx.AddToCohorts(ctx, books.Move{At: noon}, []books.Cohort{{ID: newID(), PolicyID: policy.ID, Currency: "USD", Month: day.Period(), Sold: filed.Granted}})
		must(t, err)
		filed.CohortID, filed.BoughtBy = made[0].ID, c3
		putLots(ctx, t, tx, bought, filed, grant, child)
		sameIDs(t, keyLot, bought.ID)(tx.UnfiledLots(ctx, 10))
		bought.CohortID = made[0].ID
		must(t, tx.FileLots(ctx, []*revrec.Lot{&bought}))
		sameIDs(t, keyLot, child.ID)(tx.UnfiledLots(ctx, 10))
		sameIDs(t, keyLot)(tx.UnfiledLots(ctx, 0))
		child.CohortID, child.BoughtBy = made[0].ID, c2
		must(t, tx.FileLots(ctx, []*revrec.Lot{&child}))
		sameIDs(t, keyLot)(tx.UnfiledLots(ctx, 10))
		for _, want := range []revrec.Lot{bought, filed, child, grant} {
			locked, err := tx.LockLots(ctx, []books.LotKey{keyOf(want)})
			must(t, err)
			if got := locked[0]; got.CohortID != want.CohortID || got.BoughtBy != want.BoughtBy {
				t.Errorf("lot is in cohort %q, bought by %q, want %q, %q", got.CohortID, got.BoughtBy, want.CohortID, want.BoughtBy)
			}
		}
		sameIDs(t, lotID, bought.ID, filed.ID, child.ID)(inOrder(lotID)(tx.Lots(ctx, books.LotFilter{CohortID: made[0].ID}, books.Page{})))
	})
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
		lost := aLot(c1, policy.ID)
		lost.CohortID = bought.CohortID
		return tx.FileLots(ctx, []*revrec.Lot{&lost})
	}), books.NotFound)
}

// cohortRecords reads what was bought together, by month and customer: through a month, with
// what moved on to another customer under the one who bought it.
func cohortRecords(t *testing.T, s *suite) {
	policy, other := aPolicy("standard"), aPolicy("other")
	january := ledger.NewDate(2024, 1, 1).Period()
	on := func(month, day int) ledger.Date { return (january + ledger.Period(month)).First() + ledger.Date(day-1) }
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		must(t, tx.InsertPolicy(ctx, other))
		key := books.Cohort{PolicyID: policy.ID, Currency: "USD", Month: january}
		var keys []books.Cohort
		for _, change := range []func(*books.Cohort){
			func(*books.Cohort) {},
			func(c *books.Cohort) { c.Segment = "smb" },
			func(c *books.Cohort) { c.Month++ },
			func(c *books.Cohort) { c.PolicyID = other.ID },
			func(c *books.Cohort) { c.Opened = true },
		} {
			c := key
			c.ID = newID()
			change(&c)
			keys = append(keys, c)
		}
		made, err := tx.AddToCohorts(ctx, books.Move{At: noon}, keys)
		must(t, err)
		in := func(customer string, at int, granted revrec.Credits) revrec.Lot {
			lot := aLot(customer, policy.ID)
			lot.CohortID, lot.Granted = made[at].ID, granted
			return lot
		}
		a, small, later, elsewhere, taken := in(c2, 0, 100), in(c2, 1, 50), in(c1, 2, 20), in(c2, 3, 1000), in(c2, 4, 2000)
		moved := in(c1, 0, 30)
		moved.OriginID, moved.BoughtBy = a.ID, c2
		a.Refunded, a.RefundedOn, a.Removed = 9, on(2, 1), 34 // 30 went to another customer, 4 were refunded before
		ungone := in(c3, 0, 5)
		putLots(ctx, t, tx, a, small, later, elsewhere, taken, moved, ungone)
		must(t, tx.InsertLotChanges(ctx, []revrec.Change{
			{ID: newID(), CustomerID: c2, LotID: a.ID, Kind: revrec.Transferred, At: noon, Day: on(0, 20), Credits: 30, Amount: usd(0), Functional: usd(0), ToLotID: moved.ID},
			{ID: newID(), CustomerID: c2, LotID: a.ID, Kind: revrec.RefundedInPart, At: noon, Day: on(1, 2), Credits: 4, Amount: usd(0), Functional: usd(0)},
			{ID: newID(), CustomerID: c3, LotID: ungone.ID, Kind: revrec.ChargedBack, At: noon, Day: on(1, 29), Credits: 2, Amount: usd(0), Functional: usd(0)},
			{ID: newID(), CustomerID: c3, LotID: ungone.ID, Kind: revrec.Voided, At: noon, Day: on(2, 1), Credits: 1, Amount: usd(0), Functional: usd(0)},
		}))
		batch, err := tx.OpenBatch(ctx, newID(), noon)
		must(t, err)
		use := func(lot revrec.Lot, kind revrec.Kind, on ledger.Date, credits revrec.Credits) revrec.Recognition {
			r := aRecognition(lot, kind, on, 1, batch.ID)
			r.Credits = credits
			return r
		}
		must(t, tx.InsertRecognitions(ctx, []revrec.Recognition{
			use(a, revrec.Usage, on(0, 31), 10), use(a, revrec.UsageUnbilled, on(0, 1), 5), use(a, revrec.Usage, on(-1, 30), 2),
			use(small, revrec.Usage, on(0, 9), 3), use(moved, revrec.Usage, on(1, 1), 8), use(a, revrec.Usage, on(1, 29), -1),
			use(a, revrec.Usage, on(2, 1), 40), use(a, revrec.ExpiryBreakage, on(1, 1), 77), use(later, revrec.Usage, on(1, 3), 6),
			use(elsewhere, revrec.Usage, on(0, 3), 600), use(taken, revrec.Usage, on(0, 3), 700),
		}))
		records := func(filter books.CohortFilter, through ledger.Period) (got []estimate.Record, err error) {
			err = tx.CohortRecords(ctx, filter, through, func(r estimate.Record) error {
				got = append(got, r)
				return nil
			})
			return got, err
		}
		credits := func(n ...revrec.Credits) []revrec.Credits { return n }
		whole := books.CohortFilter{PolicyID: policy.ID, Currency: "USD"}
		// January of c2: 100 and 50; used in it 10 + 5 + 2 of before + 3, then 8 by who got
		// them, less the 1 of a void; 4 refunded. What comes in March is not through February.
		same(t, []estimate.Record{
			{Customer: c2, Cohort: january, Sold: 150, Used: credits(20, 7), Refunded: credits(0, 4)},
			{Customer: c3, Cohort: january, Sold: 5, Used: credits(0, 0), Refunded: credits(0, 2)},
			{Customer: c1, Cohort: january + 1, Sold: 20, Used: credits(6), Refunded: credits(0)},
		})(records(whole, january+1))
		same(t, []estimate.Record{
			{Customer: c2, Cohort: january, Sold: 150, Used: credits(20), Refunded: credits(0)},
			{Customer: c3, Cohort: january, Sold: 5, Used: credits(0), Refunded: credits(0)},
		})(records(whole, january))
		same(t, []estimate.Record{
			{Customer: c2, Cohort: january, Sold: 50, Used: credits(3, 0, 0), Refunded: credits(0, 0, 0)},
		})(records(books.CohortFilter{PolicyID: policy.ID, Segment: "smb"}, january+2))
		whole.From = january + 1
		same(t, []estimate.Record{
			{Customer: c1, Cohort: january + 1, Sold: 20, Used: credits(6, 0), Refunded: credits(0, 0)},
		})(records(whole, january+2))
		stop := errors.New("enough")
		if err := tx.CohortRecords(ctx, books.CohortFilter{}, january+2, func(estimate.Record) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("got %v, want what yield says", err)
		}
	})
}

func convert[R, T any](rows []R, of func(R) T) []T {
	converted := make([]T, len(rows))
	for i, row := range rows {
		converted[i] = of(row)
	}
	return converted
}
