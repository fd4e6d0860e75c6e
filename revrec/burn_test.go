package revrec_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"

	"drawdown/ledger"
	"drawdown/revrec"
)

// burnLot is a lot of 100 credits as the burn tables write it.
func burnLot(order int64, priority int, starts, expires, price string) *revrec.Lot {
	return &revrec.Lot{
		ID: fmt.Sprint(order), Kind: revrec.PurchaseLot, Order: order, Priority: priority,
		Granted: credits("100"), Price: usd(price), Functional: usd(price),
		StartsAt: at(starts), ExpiresAt: at(expires), AcceptsUntil: at(expires),
	}
}

func TestCompareBurn(t *testing.T) {
	a := burnLot(1, 100, "2024-01-01", "2024-12-01", "200.00")
	b := burnLot(2, 20, "2024-02-01", "", "100.00")
	c := burnLot(3, 10, "2024-03-01", "2024-06-01", "300.00")
	free := burnLot(4, 100, "2024-03-01", "2024-12-01", "0.00")
	tests := []struct {
		name  string
		order []revrec.BurnRule
		want  []*revrec.Lot
	}{
		{"the lower number first; a tie falls to the order of purchase", []revrec.BurnRule{revrec.ByPriority}, []*revrec.Lot{c, b, a, free}},
		{"what lapses sooner first, what never lapses last", []revrec.BurnRule{revrec.ByExpiry}, []*revrec.Lot{c, a, free, b}},
		{"the cheaper credit first, free ones before all", []revrec.BurnRule{revrec.ByCostBasis}, []*revrec.Lot{free, b, a, c}},
		{"the earlier start first", []revrec.BurnRule{revrec.ByOldest}, []*revrec.Lot{a, b, c, free}},
		{"the second rule where the first ties", []revrec.BurnRule{revrec.ByExpiry, revrec.ByCostBasis}, []*revrec.Lot{c, free, a, b}},
		{"the default", revrec.DefaultBurnOrder(), []*revrec.Lot{c, b, free, a}},
		{"no rule: the order of purchase", nil, []*revrec.Lot{a, b, c, free}},
	}
	for _, test := range tests {
		got := []*revrec.Lot{free, c, b, a}
		slices.SortFunc(got, func(x, y *revrec.Lot) int { return revrec.CompareBurn(test.order, x, y) })
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %s, want %s", test.name, names(got), names(test.want))
		}
	}
}

func names(lots []*revrec.Lot) (ids []string) {
	for _, lot := range lots {
		ids = append(ids, lot.ID)
	}
	return ids
}

// TestCostBasisIsComparedExactly: 1/3 and 33333333/99999999.99 differ in the ninth place.
func TestCostBasisIsComparedExactly(t *testing.T) {
	a, b := burnLot(1, 0, "2024-01-01", "", "0.00"), burnLot(2, 0, "2024-01-01", "", "0.00")
	a.Functional.Minor, a.Granted = ledger.MaxMinor, revrec.MaxCredits
	b.Functional.Minor, b.Granted = ledger.MaxMinor-1, revrec.MaxCredits
	if revrec.CompareBurn([]revrec.BurnRule{revrec.ByCostBasis}, b, a) >= 0 {
		t.Error("a cent on the largest lot is overlooked")
	}
}

func TestBurnerSplitsAnEvent(t *testing.T) {
	type draw struct{ lot, credits string }
	tests := []struct {
		name     string
		occurred string
		arrived  string
		credits  string
		whole    bool
		draws    []draw
		short    string
	}{
		{"within one lot", "2024-04-10", "2024-04-10", "40", true, []draw{{"3", "40"}}, "0"},
		{"over three lots", "2024-04-10", "2024-04-10", "250.5", true, []draw{{"3", "100"}, {"1", "100"}, {"2", "50.5"}}, "0"},
		{"short, and all or nothing", "2024-04-10", "2024-04-10", "300.000001", true, nil, "0.000001"},
		{"short, and the rest is billed", "2024-04-10", "2024-04-10", "301", false, []draw{{"3", "100"}, {"1", "100"}, {"2", "100"}}, "1"},
		{"before some began", "2024-02-10", "2024-04-10", "150", true, []draw{{"1", "100"}, {"2", "50"}}, "0"},
		{"before any began", "2023-12-31", "2024-04-10", "1", false, nil, "1"},
		{"at the very start", "2024-01-01", "2024-01-01", "1", true, []draw{{"1", "1"}}, "0"},
		{"at the very end of one", "2024-06-01", "2024-06-01", "1", true, []draw{{"1", "1"}}, "0"},
		{"late, and that one accepts no more", "2024-05-31", "2024-06-01", "1", true, []draw{{"1", "1"}}, "0"},
		{"late, and that one still accepts", "2024-05-31", "2024-05-31T23:59", "1", true, []draw{{"3", "1"}}, "0"},
	}
	for _, test := range tests {
		lots := []*revrec.Lot{
			burnLot(1, 100, "2024-01-01", "2024-12-01", "200.00"),
			burnLot(2, 100, "2024-02-01", "", "100.00"),
			burnLot(3, 100, "2024-03-01", "2024-06-01", "300.00"),
		}
		var want []revrec.Draw
		for _, d := range test.draws {
			want = append(want, revrec.Draw{LotID: d.lot, Credits: credits(d.credits)})
		}
		burner := revrec.NewBurner(lots, []revrec.BurnRule{revrec.ByExpiry}, at(test.arrived))
		got, short := burner.Draw(at(test.occurred), credits(test.credits), test.whole)
		if !slices.Equal(got, want) || short != credits(test.short) {
			t.Errorf("%s: draws %v, short of %s; want %v, %s", test.name, got, short, want, test.short)
		}
	}
}

func TestBurnerLeavesOutWhatCannotServe(t *testing.T) {
	blocked, beyond := burnLot(1, 1, "2024-01-01", "", "1.00"), burnLot(2, 1, "2024-01-01", "", "1.00")
	blocked.Blocked, beyond.Kind = true, revrec.OverageLot
	spent, returned := burnLot(3, 1, "2024-01-01", "", "1.00"), burnLot(4, 1, "2024-01-01", "", "1.00")
	spent.Drawn, returned.Refunded = spent.Granted, returned.Granted
	burner := revrec.NewBurner([]*revrec.Lot{blocked, beyond, spent, returned}, revrec.DefaultBurnOrder(), at("2024-02-01"))
	if draws, short := burner.Draw(at("2024-02-01"), credits("1"), false); len(draws) > 0 || short != credits("1") {
		t.Errorf("drew %v, short of %s", draws, short)
	}
}

// reference draws as the rules read: for each event, the lots that serve it, sorted.
func reference(lots []*revrec.Lot, order []revrec.BurnRule, arrived, occurred time.Time, wanted revrec.Credits, whole bool) ([]revrec.Draw, revrec.Credits) {
	var serving []*revrec.Lot
	for _, lot := range lots {
		inForce := !occurred.Before(lot.StartsAt) && (lot.ExpiresAt.IsZero() || occurred.Before(lot.ExpiresAt))
		accepts := lot.AcceptsUntil.IsZero() || arrived.Before(lot.AcceptsUntil)
		if inForce && accepts && !lot.Blocked && lot.Kind != revrec.OverageLot {
			serving = append(serving, lot)
		}
	}
	sort.SliceStable(serving, func(i, j int) bool { return burnsBefore(order, serving[i], serving[j]) })
	var draws []revrec.Draw
	short := wanted
	for _, lot := range serving {
		if part := min(short, lot.Granted-lot.Drawn-lot.Refunded); part > 0 {
			draws = append(draws, revrec.Draw{LotID: lot.ID, Credits: part})
			short -= part
		}
	}
	if short > 0 && whole {
		return nil, short
	}
	for _, draw := range draws {
		for _, lot := range lots {
			if lot.ID == draw.LotID {
				lot.Drawn += draw.Credits
			}
		}
	}
	return draws, short
}

func burnsBefore(order []revrec.BurnRule, a, b *revrec.Lot) bool {
	for _, rule := range order {
		c := 0
		switch rule {
		case revrec.ByPriority:
			c = a.Priority - b.Priority
		case revrec.ByExpiry:
			never := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
			x, y := a.ExpiresAt, b.ExpiresAt
			if x.IsZero() {
				x = never
			}
			if y.IsZero() {
				y = never
			}
			c = x.Compare(y)
		case revrec.ByCostBasis:
			c = big.NewRat(a.Functional.Minor, int64(a.Granted)).Cmp(big.NewRat(b.Functional.Minor, int64(b.Granted)))
		case revrec.ByOldest:
			c = a.StartsAt.Compare(b.StartsAt)
		}
		if c != 0 {
			return c < 0
		}
	}
	return a.Order < b.Order
}

// TestBurnerDrawsAsTheRulesRead holds the burner, heap and all, to the plain reading of
// the rules, on few lots that collide often: in order of time and out of it, all or
// nothing and not, kept and undone.
func TestBurnerDrawsAsTheRulesRead(t *testing.T) {
	start := at("2024-01-01")
	hours := func(t *rapid.T, name string, most int) time.Time {
		return start.Add(time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Hour)
	}
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.Permutation(revrec.DefaultBurnOrder()).Draw(t, "order")
		order = order[:rapid.IntRange(0, len(order)).Draw(t, "rules")]
		arrived := hours(t, "arrived", 60)
		var lots, same []*revrec.Lot
		for i := range rapid.IntRange(0, 6).Draw(t, "lots") {
			lot := revrec.Lot{
				ID: fmt.Sprint(i), Order: int64(i), Kind: revrec.PurchaseLot,
				Priority: rapid.IntRange(1, 2).Draw(t, "priority"),
				Granted:  revrec.Credits(rapid.Int64Range(1, 8).Draw(t, "granted")),
				StartsAt: hours(t, "starts", 20), Blocked: rapid.IntRange(0, 9).Draw(t, "blocked") == 0,
			}
			lot.Functional = ledger.Money(rapid.Int64Range(0, 4).Draw(t, "price"), "USD")
			lot.Drawn = revrec.Credits(rapid.Int64Range(0, int64(lot.Granted)).Draw(t, "drawn"))
			if rapid.Bool().Draw(t, "expires") {
				lot.ExpiresAt = lot.StartsAt.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "lasts")) * time.Hour)
				lot.AcceptsUntil = lot.ExpiresAt.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "late")) * time.Hour)
			}
			twin := lot
			lots, same = append(lots, &lot), append(same, &twin)
		}
		burner := revrec.NewBurner(lots, order, arrived)
		var kept, wantKept [][]revrec.Draw
		for range rapid.IntRange(0, 12).Draw(t, "events") {
			occurred := hours(t, "occurred", 45)
			wanted := revrec.Credits(rapid.Int64Range(1, 12).Draw(t, "wanted"))
			whole := rapid.Bool().Draw(t, "whole")
			draws, short := burner.Draw(occurred, wanted, whole)
			wantDraws, wantShort := reference(same, order, arrived, occurred, wanted, whole)
			if !slices.Equal(draws, wantDraws) || short != wantShort {
				t.Fatalf("%s of %s at %s: draws %v, short %s; want %v, %s", wanted, order, occurred, draws, short, wantDraws, wantShort)
			}
			kept, wantKept = append(kept, draws), append(wantKept, wantDraws)
			_ = append(draws, revrec.Draw{LotID: "beyond"}) // as a caller adds what it bills
			if rapid.IntRange(0, 4).Draw(t, "undo") == 0 {
				burner.Undo(draws)
				for _, draw := range wantDraws {
					at := slices.IndexFunc(same, func(lot *revrec.Lot) bool { return lot.ID == draw.LotID })
					same[at].Drawn -= draw.Credits
				}
			}
			for i, lot := range lots {
				if lot.Drawn != same[i].Drawn || lot.Drawn < 0 || lot.Drawn > lot.Granted {
					t.Fatalf("lot %s: drawn %s of %s, want %s", lot.ID, lot.Drawn, lot.Granted, same[i].Drawn)
				}
			}
		}
		if !slices.EqualFunc(kept, wantKept, slices.Equal) {
			t.Fatalf("later draws changed earlier ones: %v, want %v", kept, wantKept)
		}
	})
}

func TestBurnerUndoesTheLastEventAlone(t *testing.T) {
	lots := []*revrec.Lot{burnLot(1, 1, "2024-01-01", "", "1.00"), burnLot(2, 2, "2024-01-01", "", "1.00")}
	burner := revrec.NewBurner(lots, revrec.DefaultBurnOrder(), at("2024-02-01"))
	first, _ := burner.Draw(at("2024-02-01"), credits("100"), true)
	burner.Draw(at("2024-02-02"), credits("1"), true)
	defer func() {
		if recover() == nil || lots[0].Drawn != credits("100") || lots[1].Drawn != credits("1") {
			t.Errorf("undid an earlier event: %s and %s are drawn", lots[0].Drawn, lots[1].Drawn)
		}
	}()
	burner.Undo(first)
}

func benchmarkLots(n int) []*revrec.Lot {
	random := rand.New(rand.NewPCG(1, 2)) // the same lots on every machine
	lots := make([]*revrec.Lot, n)
	for i := range lots {
		starts := at("2024-01-01").Add(time.Duration(random.IntN(365*24)) * time.Hour)
		lots[i] = &revrec.Lot{
			ID: fmt.Sprint(i), Order: int64(i), Kind: revrec.PurchaseLot, Priority: random.IntN(3),
			Granted: revrec.Credits(1+random.Int64N(1000)) * revrec.One, StartsAt: starts,
			ExpiresAt:  starts.AddDate(1, 0, random.IntN(60)),
			Functional: ledger.Money(random.Int64N(100_000), "USD"),
		}
	}
	return lots
}

// BenchmarkBurner draws a million events on one customer's lots, in order of time, and a
// single one: a batch of a sender that does not wait.
func BenchmarkBurner(b *testing.B) {
	for _, size := range []struct{ lots, events int }{{4_000, 1_000_000}, {100_000, 1_000_000}, {100_000, 1}} {
		b.Run(fmt.Sprintf("lots=%d/events=%d", size.lots, size.events), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				lots := benchmarkLots(size.lots)
				b.StartTimer()
				burner := revrec.NewBurner(lots, revrec.DefaultBurnOrder(), at("2024-06-01"))
				occurred := at("2024-06-01")
				for range size.events {
					occurred = occurred.Add(20 * time.Second)
					burner.Draw(occurred, revrec.One, false)
				}
			}
			b.ReportMetric(float64(size.events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
