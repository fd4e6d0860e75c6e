package revrec_test

import (
	"maps"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"drawdown/ledger"
	"drawdown/revrec"
)

// stepsOf makes steps of days and amounts, the same in both currencies.
func stepsOf(all ...use) []revrec.Step {
	var steps []revrec.Step
	for _, s := range all {
		steps = append(steps, revrec.Step{Day: day(s.day), Minor: minor(s.drawn), Functional: minor(s.drawn)})
	}
	return steps
}

// TestRecogniseUsageInSteps: figures worked by hand, by L paid or due and E earned.
func TestRecogniseUsageInSteps(t *testing.T) {
	due := lotOf("100.00", "100") // 40.00 paid on 10 January, the rest due on 31 January
	due.LiabilityOn, due.Steps = day("2024-01-31"), stepsOf(use{"2024-01-10", "40.00"})
	never := due // cancellable: 30.00 more paid on 20 January, and nothing since
	never.LiabilityOn, never.Steps = 0, stepsOf(use{"2024-01-10", "40.00"}, use{"2024-01-20", "30.00"})
	tests := []struct {
		name string
		lot  revrec.Lot
		uses []use
		want []row
	}{
		{
			"used before and after each step", due,
			[]use{{"2024-01-05", "60"}, {"2024-01-15", "20"}, {"2024-02-02", "5"}},
			[]row{
				{"2024-01-05", "USAGE_UNBILLED", "60.00", ""},
				{"2024-01-10", "CLEARING", "40.00", ""},
				{"2024-01-15", "USAGE_UNBILLED", "20.00", ""},
				{"2024-01-31", "CLEARING", "40.00", ""},
				{"2024-02-02", "USAGE", "5.00", ""},
			},
		},
		{
			"a use that passes the part parts", due,
			[]use{{"2024-01-05", "10"}, {"2024-01-15", "50"}},
			[]row{
				{"2024-01-05", "USAGE_UNBILLED", "10.00", ""},
				{"2024-01-10", "CLEARING", "10.00", ""},
				{"2024-01-15", "USAGE", "30.00", ""},
				{"2024-01-15", "USAGE_UNBILLED", "20.00", ""},
				{"2024-01-31", "CLEARING", "20.00", ""},
			},
		},
		{
			"a void takes back of the asset first", due,
			[]use{{"2024-01-11", "50"}, {"2024-01-12", "-30"}},
			[]row{
				{"2024-01-11", "USAGE", "40.00", ""},
				{"2024-01-11", "USAGE_UNBILLED", "10.00", ""},
				{"2024-01-12", "USAGE", "-20.00", ""},
				{"2024-01-12", "USAGE_UNBILLED", "-10.00", ""},
			},
		},
		{
			"on the day of a step it clears first, and the day's use has what is left", never,
			[]use{{"2024-01-10", "25"}, {"2024-01-12", "25"}, {"2024-01-20", "30"}},
			[]row{
				{"2024-01-10", "USAGE", "25.00", ""},
				{"2024-01-12", "USAGE", "15.00", ""},
				{"2024-01-12", "USAGE_UNBILLED", "10.00", ""},
				{"2024-01-20", "CLEARING", "10.00", ""},
				{"2024-01-20", "USAGE", "20.00", ""},
				{"2024-01-20", "USAGE_UNBILLED", "10.00", ""},
			},
		},
	}
	for _, test := range tests {
		booked := revrec.Booked{}
		got := revrec.RecogniseUsage(test.lot, 0, daysOf(test.uses...), 0, day("2024-02-29"), booked)
		if !slices.Equal(rows(got), test.want) {
			t.Errorf("%s:\ngot  %v\nwant %v", test.name, rows(got), test.want)
		}
		book(booked, got)
		if again := revrec.RecogniseUsage(test.lot, 0, daysOf(test.uses...), 0, day("2024-02-29"), booked); len(again) > 0 {
			t.Errorf("%s: booked twice: %v", test.name, rows(again))
		}
	}
}

// TestReleaseInSteps: no more is released than there is a liability for.
func TestReleaseInSteps(t *testing.T) {
	lot := lapsing(lotOf("100.00", "100"), "2024-01-20")
	lot.LiabilityOn, lot.Steps = day("2024-02-10"), stepsOf(use{"2024-01-10", "40.00"}, use{"2024-01-25", "20.00"})
	rule := revrec.Breakage{Method: revrec.OnExpiry, Escheat: dec("0.5")}
	tests := []struct {
		name string
		uses []use
		want []row
	}{
		{
			"30 used: 10.00 of what is paid, 20.00 more with the next part, all on the due day",
			[]use{{"2024-01-12", "30"}},
			[]row{{"2024-01-20", "BREAKAGE_EXPIRY", "10.00", "5.00"}, {"2024-01-25", "BREAKAGE_EXPIRY", "20.00", "10.00"}, {"2024-02-10", "BREAKAGE_EXPIRY", "40.00", "20.00"}},
		},
		{
			"70 used: nothing is left of what is paid, 30.00 on the due day",
			[]use{{"2024-01-12", "70"}},
			[]row{{"2024-01-20", "BREAKAGE_EXPIRY", "0.00", ""}, {"2024-02-10", "BREAKAGE_EXPIRY", "30.00", "15.00"}},
		},
		{
			"a late use takes back what was released",
			[]use{{"2024-01-12", "30"}, {"2024-01-21", "10"}},
			[]row{
				{"2024-01-20", "BREAKAGE_EXPIRY", "10.00", "5.00"},
				{"2024-01-21", "BREAKAGE_EXPIRY", "-10.00", "-5.00"},
				{"2024-01-25", "BREAKAGE_EXPIRY", "20.00", "10.00"},
				{"2024-02-10", "BREAKAGE_EXPIRY", "40.00", "20.00"},
			},
		},
	}
	for _, test := range tests {
		booked := revrec.Booked{}
		got := revrec.ReleaseRest(lot, rule, revrec.ShareOf(rule.Escheat), daysOf(test.uses...), nil, day("2024-02-29"), booked)
		if !slices.Equal(rows(got), test.want) {
			t.Errorf("%s:\ngot  %v\nwant %v", test.name, rows(got), test.want)
		}
		book(booked, got)
		if again := revrec.ReleaseRest(lot, rule, revrec.ShareOf(rule.Escheat), daysOf(test.uses...), nil, day("2024-02-29"), booked); len(again) > 0 {
			t.Errorf("%s: booked twice: %v", test.name, rows(again))
		}
	}
}

// TestPoolDaysInSteps: 40.00 of 100.00 comes in as it is paid, the rest as it falls due.
func TestPoolDaysInSteps(t *testing.T) {
	lot := lotOf("100.00", "100")
	lot.LiabilityOn, lot.Steps = day("2024-01-31"), stepsOf(use{"2024-01-10", "40.00"})
	uses := daysOf(use{"2024-01-05", "10"}, use{"2024-01-15", "50"})
	booked := revrec.Booked{}
	book(booked, revrec.RecogniseUsage(lot, 0, uses, 0, day("2024-02-29"), booked))
	tests := []struct {
		name  string
		lapse string
		want  []came
	}{
		{"never lapses", "", []came{{"2024-01-05", "0", "0"}, {"2024-01-10", "40.00", "10.00"}, {"2024-01-15", "0", "30.00"}, {"2024-01-31", "60.00", "20.00"}}},
		{"lapses between", "2024-01-20", []came{{"2024-01-10", "40.00", "10.00"}, {"2024-01-15", "0", "30.00"}, {"2024-01-20", "-40.00", "-40.00"}}},
		{"lapses before anything is paid", "2024-01-06", nil},
	}
	for _, test := range tests {
		of := lot
		if test.lapse != "" {
			of = lapsing(lot, test.lapse)
		}
		got := slices.DeleteFunc(revrec.BookedInPool(of, nil, booked), func(d revrec.PoolDay) bool { return d == revrec.PoolDay{Day: d.Day} })
		want := slices.DeleteFunc(poolDays(test.want...), func(d revrec.PoolDay) bool { return d == revrec.PoolDay{Day: d.Day} })
		if !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %v\nwant %v", test.name, got, want)
		}
	}
}

// earnedBy is what so many credits earn of a price, in rational numbers.
func earnedBy(price int64, granted, used revrec.Credits) int64 {
	used = min(max(used, 0), granted)
	r := new(big.Rat).Mul(big.NewRat(price, 1), big.NewRat(int64(used), int64(granted)))
	floor := new(big.Int).Div(new(big.Int).Add(new(big.Int).Mul(r.Num(), big.NewInt(2)), r.Denom()), new(big.Int).Mul(r.Denom(), big.NewInt(2)))
	return floor.Int64()
}

// TestALiabilityOfOneStep holds what is booked of a lot whose liability appears at once against
// the rule for that in so many words: what is used before that day is unbilled, that day
// clears all of it, and what is used since is out of the liability.
func TestALiabilityOfOneStep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyStory(t)
		known := s.known(s.end)
		want := revrec.Booked{}
		var used revrec.Credits
		var before revrec.BookedSum
		earned := func() revrec.BookedSum {
			return revrec.BookedSum{Minor: earnedBy(s.lot.Price.Minor, s.lot.Granted, used), Functional: earnedBy(s.lot.Functional.Minor, s.lot.Granted, used)}
		}
		on := s.lot.LiabilityOn
		for _, d := range known {
			if d.Day > s.end {
				break
			}
			earlier := earned()
			used += d.Drawn
			now, kind := earned(), revrec.Usage
			if on == 0 || d.Day < on {
				kind, before = revrec.UsageUnbilled, now
			}
			want[revrec.BookedKey{Day: d.Day, Kind: kind}] = revrec.BookedSum{Credits: d.Drawn, Minor: now.Minor - earlier.Minor, Functional: now.Functional - earlier.Functional}
		}
		if on != 0 && on <= s.end {
			want[revrec.BookedKey{Day: on, Kind: revrec.Clearing}] = before
		}
		maps.DeleteFunc(want, func(_ revrec.BookedKey, sum revrec.BookedSum) bool { return sum == revrec.BookedSum{} })
		got := revrec.Booked{}
		book(got, revrec.RecogniseUsage(s.lot, 0, known, 0, s.end, nil))
		if !maps.Equal(got, want) {
			t.Fatalf("%+v\ngot  %v\nwant %v", s, got, want)
		}
	})
}

// anySteps has the liability of a lot appear in steps.
func anySteps(t *rapid.T, lot *revrec.Lot) {
	lot.Steps = nil
	left, leftFunctional := lot.Price.Minor, lot.Functional.Minor
	on := lot.PurchasedOn
	for range rapid.IntRange(1, 4).Draw(t, "steps") {
		if left == 0 || leftFunctional == 0 || lot.LiabilityOn != 0 && on >= lot.LiabilityOn {
			break
		}
		step := revrec.Step{Day: on, Minor: anyScale(t, "part", 0, left), Functional: anyScale(t, "part functional", 0, leftFunctional)}
		left, leftFunctional = left-step.Minor, leftFunctional-step.Functional
		if step.Minor != 0 || step.Functional != 0 {
			lot.Steps = append(lot.Steps, step)
		}
		on += ledger.Date(rapid.IntRange(1, 30).Draw(t, "days to the next"))
	}
}

// TestALiabilityInSteps: at the end of every day what is booked so far is the closed form: with
// E earned and L there, a contract asset of max(E − L, 0), min(E, L) out of the liability.
func TestALiabilityInSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyStory(t)
		anySteps(t, &s.lot)
		known, booked := s.known(s.end), revrec.Booked{}
		book(booked, revrec.RecogniseUsage(s.lot, 0, known, 0, s.end, nil))
		for day := s.lot.PurchasedOn; day <= s.end; day++ {
			used := sum(until(known, day))
			earned := figure{earnedBy(s.lot.Price.Minor, s.lot.Granted, used), earnedBy(s.lot.Functional.Minor, s.lot.Granted, used)}
			var there figure
			for _, step := range s.lot.Steps {
				if step.Day <= day {
					there = there.plus(figure{step.Minor, step.Functional})
				}
			}
			if s.lot.LiabilityOn != 0 && day >= s.lot.LiabilityOn {
				there = figure{s.lot.Price.Minor, s.lot.Functional.Minor}
			}
			var asset, out figure
			var counted revrec.Credits
			for key, sum := range booked {
				if key.Day > day {
					continue
				}
				amount := figure{sum.Minor, sum.Functional}
				counted += sum.Credits
				switch key.Kind {
				case revrec.UsageUnbilled:
					asset = asset.plus(amount)
				case revrec.Clearing:
					asset, out = asset.minus(amount), out.plus(amount)
				default:
					out = out.plus(amount)
				}
			}
			wantOut := figure{min(earned.minor, there.minor), min(earned.functional, there.functional)}
			if wantAsset := earned.minus(wantOut); asset != wantAsset || out != wantOut || counted != used {
				t.Fatalf("by %s: asset %v not %v, out of the liability %v not %v, %s credits not %s: %+v\n%v", day, asset, wantAsset, out, wantOut, counted, used, s, booked)
			}
		}
	})
}

// TestStepsAreShared: whatever is paid when, a lot and the one that a share of it rolled over
// into have all of it together, each no more than is left of its price; once all is
// there, each has all of its own.
func TestStepsAreShared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyStory(t)
		s.lot.LiabilityOn = 0
		anySteps(t, &s.lot)
		steps := s.lot.Steps
		moved := revrec.Credits(rapid.Int64Range(0, int64(s.lot.Granted)).Draw(t, "moved"))
		change := revrec.Change{Day: s.lot.PurchasedOn + ledger.Date(rapid.IntRange(0, 60).Draw(t, "on")), Credits: moved}
		s.lot.RemovedAmount, s.lot.RemovedFunctional = ledger.Money(0, "EUR"), ledger.Money(0, "USD")
		change.Amount, change.Functional = s.lot.PriceOf(moved)
		var child revrec.Lot
		child.Kind = revrec.PurchaseLot
		child.Begin(change.Amount, change.Functional)
		var whole ledger.Date
		if rapid.Bool().Draw(t, "falls due") {
			whole = s.lot.PurchasedOn + 100
		}
		s.lot.AppearInSteps(steps, whole, &change, &child)
		for day := s.lot.PurchasedOn; day <= s.end; day++ {
			upTo := func(steps []revrec.Step) (f figure) {
				for _, step := range steps {
					if step.Day <= day {
						f = f.plus(figure{step.Minor, step.Functional})
					}
				}
				return f
			}
			own, beyond, all := upTo(s.lot.Steps), upTo(child.Steps), upTo(steps)
			rest := figure{s.lot.Price.Minor, s.lot.Functional.Minor}
			if day >= change.Day {
				rest = rest.minus(figure{change.Amount.Minor, change.Functional.Minor})
			}
			if own.plus(beyond) != all || rest.less(own) || (figure{child.Price.Minor, child.Functional.Minor}).less(beyond) || beyond.less(figure{}) {
				t.Fatalf("by %s: %v and %v of %v: %v, %v of %+v", day, own, beyond, all, s.lot.Steps, child.Steps, change)
			}
			if s.lot.LiabilityOn != 0 && day >= s.lot.LiabilityOn && own != rest {
				t.Fatalf("whole on %s, with %v of %v", s.lot.LiabilityOn, own, rest)
			}
		}
	})
}
