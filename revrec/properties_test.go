package revrec_test

import (
	"cmp"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"drawdown/ledger"
	"drawdown/revrec"
)

// story is what happened to one lot, in the order in which the book heard of it.
type story struct {
	lot   revrec.Lot
	rule  revrec.Breakage
	heard []heard
	end   ledger.Date
}

// heard is a use, or the void of one, on a day, of which the book hears on a later one.
type heard struct {
	on  ledger.Date
	use revrec.LotDay
}

// anyStory draws a lot of any price and size, uses in any order, late ones and voids
// among them, in two months or so, that never use more than there is.
func anyStory(t *rapid.T) story {
	bought := day("2024-01-31")
	days := func(name string, from, most int) ledger.Date {
		return bought + ledger.Date(rapid.IntRange(from, most).Draw(t, name))
	}
	s := story{end: bought + 90}
	s.lot = revrec.Lot{
		ID: "lot", Kind: revrec.PurchaseLot, PurchasedOn: bought, LiabilityOn: bought,
		Granted:    revrec.Credits(anyScale(t, "granted", 1, int64(revrec.MaxCredits))),
		Price:      ledger.Money(anyScale(t, "price", 0, ledger.MaxMinor), "EUR"),
		Functional: ledger.Money(anyScale(t, "functional", 0, ledger.MaxMinor), "USD"),
	}
	s.lot.RefundedAmount, s.lot.RefundedFunctional = ledger.Money(0, "EUR"), ledger.Money(0, "USD")
	switch rapid.IntRange(0, 4).Draw(t, "liability") {
	case 0:
		s.lot.LiabilityOn = 0 // cancellable, and never paid
	case 1:
		s.lot.LiabilityOn = days("due", 0, 70)
	}
	if rapid.IntRange(0, 3).Draw(t, "lapses") > 0 {
		s.lot.LapsesOn = days("last day", 0, 60)
	}
	s.rule = anyRule(t)

	left, used := s.lot.Granted, []revrec.LotDay{}
	for range rapid.IntRange(0, 8).Draw(t, "uses") {
		if len(used) > 0 && rapid.IntRange(0, 4).Draw(t, "void") == 0 {
			at := rapid.IntRange(0, len(used)-1).Draw(t, "which")
			voided := used[at]
			used = slices.Delete(used, at, at+1)
			on := days("voided on", 0, 80)
			s.heard = append(s.heard, heard{on, revrec.LotDay{Day: on, Drawn: -voided.Drawn}})
			left += voided.Drawn
			continue
		}
		if left == 0 {
			break
		}
		u := revrec.LotDay{Day: days("used on", 0, 80), Drawn: revrec.Credits(anyScale(t, "used", 1, int64(left)))}
		left -= u.Drawn
		used = append(used, u)
		s.heard = append(s.heard, heard{u.Day + ledger.Date(rapid.IntRange(0, 10).Draw(t, "late by")), u})
	}
	slices.SortStableFunc(s.heard, func(a, b heard) int { return cmp.Compare(a.on, b.on) })
	return s
}

// anyScale draws a number whose size is as likely small as large: one cent, or billions.
func anyScale(t *rapid.T, name string, least, most int64) int64 {
	if rapid.Bool().Draw(t, name+" is small") {
		most = min(most, least+200)
	}
	return rapid.Int64Range(least, most).Draw(t, name)
}

func anyRule(t *rapid.T) revrec.Breakage {
	escheat := dec(rapid.SampledFrom([]string{"0", "0.4", "0.333", "1"}).Draw(t, "escheat"))
	if rapid.Bool().Draw(t, "remote") {
		return revrec.Breakage{
			Method: revrec.Remote, Escheat: escheat,
			RemoteFrom:  rapid.SampledFrom([]revrec.RemoteFrom{revrec.FromPurchase, revrec.FromPurchaseMonthEnd, revrec.FromLastUse}).Draw(t, "from"),
			RemoteAfter: ledger.Duration{Days: rapid.IntRange(1, 40).Draw(t, "after")},
		}
	}
	return revrec.Breakage{Method: revrec.OnExpiry, Escheat: escheat}
}

// known returns what the book knows by the end of a day, in order of days, merged.
func (s story) known(by ledger.Date) []revrec.LotDay {
	sums := map[ledger.Date]revrec.Credits{}
	for _, h := range s.heard {
		if h.on <= by {
			sums[h.use.Day] += h.use.Drawn
		}
	}
	var days []revrec.LotDay
	for _, day := range slices.Sorted(maps.Keys(sums)) {
		days = append(days, revrec.LotDay{Day: day, Drawn: sums[day]})
	}
	return days
}

// run books the lot through a day as the jobs do: use from the first day on which
// something is new, then the rest of what lapsed or became remote.
func (s story) run(booked revrec.Booked, from, through ledger.Date) {
	known := s.known(through)
	var before revrec.Credits
	var since []revrec.LotDay
	for _, day := range known {
		if day.Day < from {
			before += day.Drawn
		} else {
			since = append(since, day)
		}
	}
	book(booked, revrec.RecogniseUsage(s.lot, before, since, from, through, revrec.UsageBooked(booked, from)))
	book(booked, revrec.ReleaseRest(s.lot, s.rule, revrec.ShareOf(s.rule.Escheat), known, nil, through, booked))
}

// TestRunsAreADoorbell: whatever the days on which the jobs run, and however late the
// book hears of a use, the same is booked for each day in the end.
func TestRunsAreADoorbell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyStory(t)
		if rapid.Bool().Draw(t, "in steps") {
			anySteps(t, &s.lot)
		}
		once := revrec.Booked{}
		s.run(once, 0, s.end)

		often := revrec.Booked{}
		done := ledger.Date(0)
		for through := s.lot.PurchasedOn; through < s.end; through += ledger.Date(rapid.IntRange(1, 40).Draw(t, "next run after")) {
			from := done + 1
			for _, h := range s.heard { // what is new since the last run may be of an earlier day
				if h.on > done && h.on <= through {
					from = min(from, h.use.Day)
				}
			}
			if s.lot.LiabilityOn != 0 && from < s.lot.LiabilityOn && done >= s.lot.LiabilityOn {
				from = min(from, s.lot.LiabilityOn)
			}
			s.run(often, from, through)
			done = through
		}
		s.run(often, 0, s.end)
		if !maps.Equal(once, often) {
			t.Fatalf("%+v\nonce  %v\noften %v", s, once, often)
		}
	})
}

// TestTheOrderOfArrivalDoesNotMatter: the same uses, heard of in any order with a run
// after each, end the same.
func TestTheOrderOfArrivalDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyStory(t)
		if rapid.Bool().Draw(t, "in steps") {
			anySteps(t, &s.lot)
		}
		want := revrec.Booked{}
		s.run(want, 0, s.end)

		got, shuffled := revrec.Booked{}, s
		shuffled.heard = nil
		for _, h := range rapid.Permutation(s.heard).Draw(t, "order of arrival") {
			shuffled.heard = append(shuffled.heard, heard{s.lot.PurchasedOn, h.use})
			if used := sum(shuffled.known(s.end)); used >= 0 { // a void is not heard of before its use
				shuffled.run(got, min(h.use.Day, s.lot.PurchasedOn), s.end)
			}
		}
		shuffled.run(got, 0, s.end)
		if !maps.Equal(want, got) {
			t.Fatalf("%+v\nwant %v\ngot  %v", s, want, got)
		}
	})
}

func sum(days []revrec.LotDay) (drawn revrec.Credits) {
	for _, day := range days {
		drawn += day.Drawn
	}
	return drawn
}

// TestALotIsEarnedToTheCent: at the end of every day a lot has earned no less than
// nothing and no more than its price; once it is released or used up, all of it.
func TestALotIsEarnedToTheCent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyStory(t)
		for i := range s.heard { // heard of at once, so that every day is as it happened
			s.heard[i].on = s.heard[i].use.Day
		}
		known := s.known(s.end)
		for through := s.lot.PurchasedOn; through <= s.end; through += 9 {
			booked := revrec.Booked{}
			s.run(booked, 0, through)
			used, released, deferred := totals(s.lot, booked)
			price := figure{s.lot.Price.Minor, s.lot.Functional.Minor}
			if used.less(figure{}) || price.less(used) {
				t.Fatalf("by %s it has earned %v of %v by use: %+v", through, used, price, s)
			}
			if released.less(figure{}) || price.less(used.plus(released)) {
				t.Fatalf("by %s it has earned %v by use and %v by breakage of %v: %+v", through, used, released, price, s)
			}
			if deferred.less(figure{}) {
				t.Fatalf("by %s it carries %v: %+v", through, deferred, s)
			}
			on, _ := s.lot.ReleaseOn(s.rule, known)
			usedUp := sum(until(known, through)) >= s.lot.Granted
			if (on != 0 && on <= through || usedUp) && used.plus(released) != price {
				t.Fatalf("by %s it is at its end and %v + %v is not %v: %+v", through, used, released, price, s)
			}
		}
	})
}

// figure is an amount in the currency of the contract and in the functional one.
type figure struct{ minor, functional int64 }

func (f figure) plus(g figure) figure { return figure{f.minor + g.minor, f.functional + g.functional} }

func (f figure) minus(g figure) figure {
	return figure{f.minor - g.minor, f.functional - g.functional}
}

// less reports whether f is below g in either currency.
func (f figure) less(g figure) bool { return f.minor < g.minor || f.functional < g.functional }

func until(days []revrec.LotDay, through ledger.Date) []revrec.LotDay {
	at, _ := slices.BinarySearchFunc(days, through+1, func(d revrec.LotDay, day ledger.Date) int { return cmp.Compare(d.Day, day) })
	return days[:at]
}

// totals returns what the lot has earned by use and by breakage, and what deferred
// revenue carries for it once its liability has appeared.
func totals(lot revrec.Lot, booked revrec.Booked) (used, released, deferred figure) {
	liability := false
	for key, sum := range booked {
		amount := figure{sum.Minor, sum.Functional}
		switch key.Kind {
		case revrec.Usage, revrec.UsageUnbilled:
			used = used.plus(amount)
		case revrec.ExpiryBreakage, revrec.RemoteBreakage:
			released = released.plus(amount)
		case revrec.Clearing, revrec.OverageUsage, revrec.ExpectedBreakage, revrec.CatchUp: // earn nothing of the lot's price
		}
		if key.Kind != revrec.UsageUnbilled {
			liability = liability || lot.LiabilityOn != 0
			deferred = deferred.minus(amount)
		}
	}
	if liability {
		deferred = deferred.plus(figure{lot.Price.Minor, lot.Functional.Minor})
	}
	return used, released, deferred
}

// TestARefundTakesTheRest: what was earned and what the refund takes add up to the price,
// unless use had become remote before; then nothing is deferred any more.
func TestARefundTakesTheRest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyStory(t)
		if s.lot.LiabilityOn == 0 || s.lot.LapsesOn != 0 {
			s.lot.LiabilityOn, s.lot.LapsesOn = s.lot.PurchasedOn, 0
		}
		today := s.lot.PurchasedOn + ledger.Date(rapid.IntRange(70, 90).Draw(t, "refunded on"))
		days := until(s.known(s.end), today)
		s.lot.Drawn = sum(days)
		if s.lot.Drawn < 0 || s.lot.Drawn > s.lot.Granted {
			t.Skip("a void that comes after the refund")
		}
		on, _ := s.lot.ReleaseOn(s.rule, days)
		taken := revrec.RefundOf(s.lot, s.rule, days, today.Start(time.UTC), today)
		if taken.Credits != s.lot.Granted-s.lot.Drawn {
			t.Fatalf("took %s credits of %+v", taken.Credits, s.lot)
		}
		carried := s.lot.Price.Sub(revrec.Earned(s.lot.Price, s.lot.Granted, s.lot.Drawn))
		if on != 0 && on < today || taken.Credits == 0 {
			carried.Minor = 0
		}
		if taken.Amount != carried {
			t.Fatalf("took %s, carried %s: %+v", taken.Amount, carried, s.lot)
		}
		s.lot.Refunded, s.lot.RefundedOn = taken.Credits, today
		s.lot.RefundedAmount, s.lot.RefundedFunctional = taken.Amount, taken.Functional
		var released int64
		for _, r := range revrec.ReleaseRest(s.lot, s.rule, revrec.ShareOf(s.rule.Escheat), days, nil, s.end, revrec.Booked{}) {
			released += r.Amount.Minor
		}
		earned := revrec.Earned(s.lot.Price, s.lot.Granted, s.lot.Drawn).Minor
		if rest := s.lot.Price.Minor - earned - taken.Amount.Minor; (on != 0 && on <= s.end && released != rest) || (on == 0 && released != 0) {
			t.Fatalf("refunded %s, released %d of %d: %+v", taken.Amount, released, rest, s)
		}
	})
}

// TestEarlyBreakageKeepsItsBounds: no less than nothing and no more than is carried; and
// where no rounding or cap is in the way, in proportion to use.
func TestEarlyBreakageKeepsItsBounds(t *testing.T) {
	share := rapid.SampledFrom([]string{"0", "0.05", "0.3333333333", "0.5", "0.99", "0.9999999999", "1"})
	rapid.Check(t, func(t *rapid.T) {
		sold := anyScale(t, "sold", 0, ledger.MaxMinor)
		used := rapid.Int64Range(0, sold).Draw(t, "used")
		rate, escheat := dec(share.Draw(t, "rate")), dec(share.Draw(t, "escheat"))
		got := revrec.EarlyBreakage(sold, used, rate, escheat)
		if got.RevenueMinor < 0 || got.UnclaimedMinor < 0 || got.RevenueMinor+got.UnclaimedMinor > sold-used {
			t.Fatalf("G %d U %d r %s e %s gives %+v, carried %d", sold, used, rate, escheat, got, sold-used)
		}
		if used == 0 && got != (revrec.Early{}) {
			t.Fatalf("something at the sale: %+v", got)
		}
		if whole := revrec.EarlyBreakage(sold, used, rate, dec("0")).RevenueMinor; got.RevenueMinor+got.UnclaimedMinor-whole > 1 || whole-got.RevenueMinor-got.UnclaimedMinor > 1 {
			t.Fatalf("split by %s it is %+v, whole %d", escheat, got, whole)
		}
		if more := revrec.EarlyBreakage(sold, used, dec("1"), dec("0")).RevenueMinor; got.RevenueMinor+got.UnclaimedMinor > more+1 {
			t.Fatalf("a higher estimate takes less early: %d, with %s %+v", more, rate, got)
		}
	})
}

// TestPoolsAreMeasuredByTheDay: whatever the days on which the jobs run, the same is
// booked for each day; and by any day it adds up to that day's measure.
func TestPoolsAreMeasuredByTheDay(t *testing.T) {
	pool := revrec.Pool{ID: "pool", Currency: "EUR", Functional: "USD"}
	rapid.Check(t, func(t *rapid.T) {
		start := day("2024-01-01")
		end := start + 60
		var days []revrec.PoolDay
		var sold, used int64
		var soldFunctional, usedFunctional int64
		on := start
		for range rapid.IntRange(0, 10).Draw(t, "days") {
			d := revrec.PoolDay{Day: on}
			if rapid.Bool().Draw(t, "sale") {
				d.SoldMinor, d.SoldFunctional = anyScale(t, "sold", 0, 1_000_000_000), anyScale(t, "sold at home", 0, 1_000_000_000)
			}
			d.UsedMinor = rapid.Int64Range(-used, sold+d.SoldMinor-used).Draw(t, "used")
			d.UsedFunctional = rapid.Int64Range(-usedFunctional, soldFunctional+d.SoldFunctional-usedFunctional).Draw(t, "used at home")
			sold, used = sold+d.SoldMinor, used+d.UsedMinor
			soldFunctional, usedFunctional = soldFunctional+d.SoldFunctional, usedFunctional+d.UsedFunctional
			days = append(days, d)
			on += ledger.Date(rapid.IntRange(1, 6).Draw(t, "next"))
		}
		rates := []revrec.Estimate{{Rate: dec("0.1")}}
		for range rapid.IntRange(0, 3).Draw(t, "estimates") {
			rates = append(rates, revrec.Estimate{
				From: start + ledger.Date(rapid.IntRange(-5, 60).Draw(t, "from")),
				Rate: dec(rapid.SampledFrom([]string{"0", "0.05", "0.25", "1"}).Draw(t, "rate")), InOne: rapid.IntRange(0, 3).Draw(t, "from before") == 0,
			})
		}
		slices.SortStableFunc(rates, func(a, b revrec.Estimate) int { return cmp.Compare(a.From, b.From) })
		escheat := dec(rapid.SampledFrom([]string{"0", "0.4", "1"}).Draw(t, "escheat"))

		once, often := revrec.Booked{}, revrec.Booked{}
		book(once, revrec.MeasurePool(pool, revrec.ShareOf(escheat), rates, days, 0, end, once))
		from := ledger.Date(0)
		for through := start; through < end; through += ledger.Date(rapid.IntRange(1, 30).Draw(t, "next run after")) {
			book(often, revrec.MeasurePool(pool, revrec.ShareOf(escheat), rates, days, from, through, since(often, from)))
			from = through + 1 - ledger.Date(rapid.IntRange(0, 9).Draw(t, "measured again from"))
		}
		book(often, revrec.MeasurePool(pool, revrec.ShareOf(escheat), rates, days, from, end, since(often, from)))
		if !maps.Equal(once, often) {
			t.Fatalf("once  %v\noften %v", once, often)
		}

		sameInOneFigure(t, days, rates, escheat, once)

		through := start + ledger.Date(rapid.IntRange(0, 60).Draw(t, "by"))
		var total revrec.PoolDay
		for _, d := range days {
			if d.Day <= through {
				total.SoldMinor += d.SoldMinor
				total.UsedMinor += d.UsedMinor
			}
		}
		want := revrec.EarlyBreakage(total.SoldMinor, total.UsedMinor, revrec.RateOn(rates, through), escheat)
		var got revrec.Early
		for key, sum := range once {
			if key.Day <= through {
				got.RevenueMinor += sum.Minor - sum.Unclaimed
				got.UnclaimedMinor += sum.Unclaimed
			}
		}
		if got != want {
			t.Fatalf("by %s %+v is booked, the measure is %+v", through, got, want)
		}
	})
}

// sameInOneFigure holds that what is booked of a day, of both kinds together, is what one
// measure moved from the day before, in both currencies, and that nothing is caught up on
// a day that no estimate began.
func sameInOneFigure(t *rapid.T, days []revrec.PoolDay, rates []revrec.Estimate, escheat decimal.Decimal, booked revrec.Booked) {
	measured := func(through ledger.Date) (sum revrec.BookedSum) {
		var total revrec.PoolDay
		for _, d := range days {
			if d.Day <= through {
				total.SoldMinor, total.UsedMinor = total.SoldMinor+d.SoldMinor, total.UsedMinor+d.UsedMinor
				total.SoldFunctional, total.UsedFunctional = total.SoldFunctional+d.SoldFunctional, total.UsedFunctional+d.UsedFunctional
			}
		}
		rate := revrec.RateOn(rates, through)
		contract := revrec.EarlyBreakage(total.SoldMinor, total.UsedMinor, rate, escheat)
		functional := revrec.EarlyBreakage(total.SoldFunctional, total.UsedFunctional, rate, escheat)
		return revrec.BookedSum{
			Minor: contract.RevenueMinor + contract.UnclaimedMinor, Unclaimed: contract.UnclaimedMinor,
			Functional: functional.RevenueMinor + functional.UnclaimedMinor, UnclaimedFunctional: functional.UnclaimedMinor,
		}
	}
	if len(days) == 0 {
		return
	}
	for on := days[0].Day; on <= days[0].Day+60; on++ {
		both := plus(booked[revrec.BookedKey{Day: on, Kind: revrec.ExpectedBreakage}], booked[revrec.BookedKey{Day: on, Kind: revrec.CatchUp}])
		if got, want := plus(measured(on-1), both), measured(on); got != want {
			t.Fatalf("%s moves from %+v by %+v, the measure is %+v", on, measured(on-1), both, want)
		}
		begins := slices.ContainsFunc(rates, func(e revrec.Estimate) bool { return e.From == on && !e.InOne })
		if _, caught := booked[revrec.BookedKey{Day: on, Kind: revrec.CatchUp}]; caught && !begins {
			t.Fatalf("something is caught up on %s, on which no estimate began", on)
		}
	}
}

func plus(a, b revrec.BookedSum) revrec.BookedSum {
	return revrec.BookedSum{
		Minor: a.Minor + b.Minor, Functional: a.Functional + b.Functional,
		Unclaimed: a.Unclaimed + b.Unclaimed, UnclaimedFunctional: a.UnclaimedFunctional + b.UnclaimedFunctional,
	}
}

func since(booked revrec.Booked, from ledger.Date) revrec.Booked {
	kept := revrec.Booked{}
	for key, sum := range booked {
		if key.Day >= from {
			kept[key] = sum
		}
	}
	return kept
}

// TestEveryRecognitionMakesABalancedEntry, also a negative one.
func TestEveryRecognitionMakesABalancedEntry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(revrec.Kinds()).Draw(t, "kind")
		amount := rapid.Int64Range(-1000, 1000).Draw(t, "amount")
		functional := rapid.Int64Range(-1000, 1000).Draw(t, "functional")
		var unclaimed, unclaimedFunctional int64
		if kind == revrec.ExpectedBreakage || kind == revrec.CatchUp || kind == revrec.ExpiryBreakage || kind == revrec.RemoteBreakage {
			unclaimed = rapid.Int64Range(-1000, 1000).Draw(t, "unclaimed")
			unclaimedFunctional = rapid.Int64Range(-1000, 1000).Draw(t, "unclaimed functional")
		}
		lines := revrec.LinesOf(kind, ledger.Money(amount, "EUR"), ledger.Money(functional, "USD"),
			ledger.Money(unclaimed, "EUR"), ledger.Money(unclaimedFunctional, "USD"), ledger.Dimensions{})
		if len(lines) == 0 {
			return
		}
		today := day("2024-01-01")
		entry := ledger.Entry{Kind: revrec.EntryKindOf(kind), AccountingDate: today, OccurredOn: today, Lines: lines}
		if err := entry.Check(); err != nil {
			t.Fatal(err)
		}
		deferred := int64(0)
		for _, line := range lines {
			if line.Account == ledger.DeferredRevenue {
				deferred += line.Amount.Minor
			}
		}
		r := revrec.Recognition{Kind: kind, Amount: ledger.Money(amount, "EUR"), Functional: ledger.Money(functional, "USD")}
		if out, _ := r.OutOfDeferred(); out != deferred {
			t.Fatalf("%s takes %d out of deferred revenue, its entry %d", kind, out, deferred)
		}
	})
}
