package revrec_test

import (
	"slices"
	"testing"

	"drawdown/revrec"
)

// shares are those of the pairs of a day ("" is the policy's own) and a share.
func shares(pairs ...[2]string) revrec.EscheatShares {
	var all revrec.EscheatShares
	for _, pair := range pairs {
		all = append(all, revrec.EscheatShare{From: day(pair[0]), Share: dec(pair[1])})
	}
	return all
}

func TestEscheatShareOfADay(t *testing.T) {
	of := shares([2]string{"", "0.1"}, [2]string{"2024-01-01", "0.4"}, [2]string{"2024-07-01", "0.5"}, [2]string{"2024-07-01", "0.6"})
	for on, want := range map[string]string{"2023-12-31": "0.1", "2024-01-01": "0.4", "2024-06-30": "0.4", "2024-07-01": "0.6", "2030-01-01": "0.6"} {
		if got := of.On(day(on)); !got.Equal(dec(want)) {
			t.Errorf("on %s the share is %s, want %s", on, got, want)
		}
	}
	if got := (revrec.EscheatShares{}).On(day("2024-01-01")); !got.IsZero() {
		t.Errorf("of no shares, %s is in force", got)
	}
}

func TestMeasurePoolWithSharesOfDays(t *testing.T) {
	const early = "BREAKAGE_EARLY"
	tests := []struct {
		name   string
		days   []came
		shares revrec.EscheatShares
		want   []row
	}{
		{
			"a new share moves what is booked from revenue to unclaimed property",
			[]came{{"2024-01-01", "1000.00", "0"}, {"2024-01-20", "0", "450.00"}, {"2024-06-30", "-1000.00", "-450.00"}},
			shares([2]string{"", "0"}, [2]string{"2024-01-01", "0.4"}, [2]string{"2024-03-01", "0.6"}),
			[]row{{"2024-01-20", early, "50.00", "20.00"}, {"2024-03-01", early, "0.00", "10.00"}, {"2024-06-30", early, "-50.00", "-30.00"}},
		},
		{
			// 10.01 sold, 5.00 used, 0.10: B 1.001, to date 1.001 × 5.00 ÷ 9.009 = 0.5556. Under 0 that is
			// 0.56; under 0.4 it is 0.3333 to revenue and 0.2222 to the law, each rounded: 0.33 and 0.22.
			"the sum of the two moves by a rounding",
			[]came{{"2024-01-01", "10.01", "0"}, {"2024-01-20", "0", "5.00"}},
			shares([2]string{"", "0"}, [2]string{"2024-03-01", "0.4"}),
			[]row{{"2024-01-20", early, "0.56", ""}, {"2024-03-01", early, "-0.01", "0.22"}},
		},
		{
			"a share from before the pool is its first",
			[]came{{"2024-01-01", "1000.00", "0"}, {"2024-01-20", "0", "450.00"}},
			shares([2]string{"", "0"}, [2]string{"2020-01-01", "1"}),
			[]row{{"2024-01-20", early, "50.00", "50.00"}},
		},
		{
			"a share that comes later waits",
			[]came{{"2024-01-01", "1000.00", "0"}, {"2024-01-20", "0", "450.00"}},
			shares([2]string{"", "0"}, [2]string{"2025-01-01", "1"}),
			[]row{{"2024-01-20", early, "50.00", ""}},
		},
	}
	pool := revrec.Pool{ID: "pool", PolicyID: "policy", Key: "2024-01/US-DE", Jurisdiction: "US-DE", Currency: "USD", Functional: "USD"}
	for _, test := range tests {
		booked := revrec.Booked{}
		measure := func(through string) []revrec.Recognition {
			return revrec.MeasurePool(pool, test.shares, estimates(rate{"", "0.10"}), poolDays(test.days...), 0, day(through), booked)
		}
		got := measure("2024-12-31")
		if !slices.Equal(rows(got), test.want) {
			t.Errorf("%s:\ngot  %v\nwant %v", test.name, rows(got), test.want)
		}
		book(booked, got)
		if again := measure("2024-12-31"); len(again) > 0 {
			t.Errorf("%s: booked twice: %v", test.name, rows(again))
		}
	}
}

// What lapses has the share of the day of its lapse for good, whatever the law says later.
func TestReleaseByTheShareOfTheDay(t *testing.T) {
	law := shares([2]string{"", "0"}, [2]string{"2024-01-01", "0.4"}, [2]string{"2024-05-01", "0.5"})
	lot := lapsing(lotOf("100.00", "100"), "2024-04-30")
	lot.Jurisdiction = "US-DE"
	rule := revrec.Breakage{Method: revrec.OnExpiry}
	booked := revrec.Booked{}
	first := daysOf(use{"2024-04-10", "40"})
	got := revrec.ReleaseRest(lot, rule, law, first, nil, day("2024-06-30"), booked)
	if want := []row{{"2024-04-30", "BREAKAGE_EXPIRY", "60.00", "24.00"}}; !slices.Equal(rows(got), want) {
		t.Fatalf("got %v, want %v", rows(got), want)
	}
	book(booked, got)
	// Ten credits were used late, on May 3rd, when the law claims half: 50.00 stay released, 0.4 of it.
	late := daysOf(use{"2024-04-10", "40"}, use{"2024-05-03", "10"})
	got = revrec.ReleaseRest(lot, rule, law, late, nil, day("2024-06-30"), booked)
	if want := []row{{"2024-05-03", "BREAKAGE_EXPIRY", "-10.00", "-4.00"}}; !slices.Equal(rows(got), want) {
		t.Fatalf("got %v, want %v", rows(got), want)
	}
	lapsed := lapsing(lot, "2024-05-01")
	got = revrec.ReleaseRest(lapsed, rule, law, first, nil, day("2024-06-30"), revrec.Booked{})
	if want := []row{{"2024-05-01", "BREAKAGE_EXPIRY", "60.00", "30.00"}}; !slices.Equal(rows(got), want) {
		t.Fatalf("got %v, want %v", rows(got), want)
	}
	e := revrec.ExplainOfLot(got[0], lapsed, dec("0"))
	if at := slices.IndexFunc(e.Inputs, func(i revrec.Input) bool { return i.Name == "escheat" }); at < 0 || e.Inputs[at].Value != "0.5" {
		t.Errorf("the explanation says %v, not that the law claims 0.5", e.Inputs)
	}
}

func TestPoolKeyOfAJurisdiction(t *testing.T) {
	lot := lotOf("1.00", "1")
	lot.Jurisdiction = "US-DE"
	for by, want := range map[revrec.PoolBy]string{
		revrec.PoolByLot: "lot/US-DE", revrec.PoolByPurchaseMonth: "2024-01/US-DE", revrec.PoolByPolicy: "/US-DE",
	} {
		if got := revrec.PoolKey(by, lot); got != want {
			t.Errorf("by %s the key is %q, want %q", by, got, want)
		}
	}
}

func TestJurisdiction(t *testing.T) {
	for code, fits := range map[string]bool{
		"DE": true, "US": true, "US-DE": true, "GB-ENG": true, "FR-75C": true, "AT-9": true,
		"": false, "de": false, "ZZ": false, "ZZ-A": false, "US-": false, "US-ABCD": false, "US-de": false, "USA": false, "US DE": false, "A": false,
		"US-DE\n": false, " DE": false,
	} {
		if err := revrec.CheckJurisdiction("jurisdiction", code); (err == nil) != fits {
			t.Errorf("%q: %v", code, err)
		}
	}
}
