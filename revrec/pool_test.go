package revrec_test

import (
	"slices"
	"testing"

	"drawdown/revrec"
)

func TestEarlyBreakage(t *testing.T) {
	tests := []struct{ name, sold, used, rate, escheat, revenue, unclaimed string }{
		// Published cases.
		{"ASC 606-10-55-353 to 356, Example 52, year 1", "8676.00", "3904.20", "0.05", "0", "205.48", "0.00"},
		{"Example 52, year 2: the cumulative figure at 3 %", "8676.00", "7374.60", "0.03", "0", "228.08", "0.00"},
		{"KPMG, IFRS 15 handbook, 10B, 2021", "9000.00", "4050.00", "0.03", "0", "125.26", "0.00"},
		{"KPMG 10B, 2022: 8 %", "9000.00", "7650.00", "0.08", "0", "665.22", "0.00"},
		{"Kieso, Intermediate Accounting, P18.8, March", "2000.00", "1000.00", "0.10", "0", "111.11", "0.00"},
		{"Kieso P18.8, April", "2000.00", "1600.00", "0.10", "0", "177.78", "0.00"},
		{"gift cards of 1,000, 540 used (Journal of Accountancy)", "1000.00", "540.00", "0.10", "0", "60.00", "0.00"},
		{"Maffett, 1 % (wizedu 119815)", "250000.00", "150000.00", "0.01", "0", "1515.15", "0.00"},
		{"Ikeo, 5 % (wizedu 1058226)", "160000.00", "144000.00", "0.05", "0", "7578.95", "0.00"},
		{"Van Department Store, 2014", "100000.00", "25000.00", "0.10", "0", "2777.78", "0.00"},
		{"Van Department Store, 2015: 5 %", "100000.00", "60000.00", "0.05", "0", "3157.89", "0.00"},
		{"40 visits for 500, ten used, 30 expected (wizedu 429458)", "500.00", "125.00", "0.25", "0", "41.67", "0.00"},
		{"grocery points, 2016", "720000.00", "288000.00", "0.20", "0", "72000.00", "0.00"},
		{"grocery points, 2017: 10 %", "720000.00", "583200.00", "0.10", "0", "64800.00", "0.00"},
		// The edges.
		{"nothing at the sale (BC398)", "1000.00", "0.00", "0.10", "0", "0.00", "0.00"},
		{"nothing at the sale, even if all is expected to break", "1000.00", "0.00", "1", "0", "0.00", "0.00"},
		{"no breakage expected", "1000.00", "450.00", "0", "0", "0.00", "0.00"},
		{"used up", "1000.00", "1000.00", "0.10", "0", "0.00", "0.00"},
		{"an empty pool", "0.00", "0.00", "0.10", "0", "0.00", "0.00"},
		{"more used than was expected: never beyond what is carried", "400.00", "380.00", "0.15", "0", "20.00", "0.00"},
		{"all but a cent used", "1000.00", "999.99", "0.10", "0", "0.01", "0.00"},
		{"all is expected to break and one was used", "100.00", "1.00", "1", "0", "99.00", "0.00"},
		// The law's share: 55-49.
		{"two fifths escheat", "1000.00", "450.00", "0.10", "0.4", "30.00", "20.00"},
		{"each part rounded", "1000.00", "375.00", "0.20", "0.25", "70.31", "23.44"},
		{"all of it escheats", "1000.00", "450.00", "0.10", "1", "0.00", "50.00"},
		{"two halves of a cent are one cent, not two", "1.00", "0.99", "0.50", "0.5", "0.00", "0.01"},
	}
	for _, test := range tests {
		got := revrec.EarlyBreakage(minor(test.sold), minor(test.used), dec(test.rate), dec(test.escheat))
		want := revrec.Early{RevenueMinor: minor(test.revenue), UnclaimedMinor: minor(test.unclaimed)}
		if got != want {
			t.Errorf("%s: G %s U %s r %s e %s gives %+v, want %+v", test.name, test.sold, test.used, test.rate, test.escheat, got, want)
		}
	}
}

// came is what came into a pool on a day, and left it where negative.
type came struct{ day, sold, used string }

func poolDays(all ...came) []revrec.PoolDay {
	var days []revrec.PoolDay
	for _, c := range all {
		days = append(days, revrec.PoolDay{
			Day: day(c.day), SoldMinor: minor(c.sold), UsedMinor: minor(c.used),
			SoldFunctional: minor(c.sold), UsedFunctional: minor(c.used),
		})
	}
	return days
}

// rate is an estimate in force from a day's end; "" is the policy's own first rate.
type rate struct{ from, rate string }

func estimates(all ...rate) []revrec.Estimate {
	var list []revrec.Estimate
	for _, r := range all {
		list = append(list, revrec.Estimate{From: day(r.from), Rate: dec(r.rate)})
	}
	return list
}

func TestMeasurePool(t *testing.T) {
	const early, catchUp = "BREAKAGE_EARLY", "BREAKAGE_CATCH_UP"
	tests := []struct {
		name      string
		days      []came
		estimates []rate
		escheat   string
		through   string
		want      []row
	}{
		{
			"ASC 606-10-55-353 to 356, Example 52: the estimate of redemptions raised from 9,500 to 9,700",
			[]came{{"2020-01-01", "8676.00", "0"}, {"2020-12-31", "0", "3904.20"}, {"2021-12-31", "0", "3470.40"}},
			[]rate{{"", "0.05"}, {"2021-12-31", "0.03"}},
			"0", "2021-12-31",
			// 22.60 together. By 0.05 it would be 433.80 x 7,374.60 / 8,242.20 = 388.14 to date.
			[]row{{"2020-12-31", early, "205.48", ""}, {"2021-12-31", catchUp, "-160.06", ""}, {"2021-12-31", early, "182.66", ""}},
		},
		{
			"KPMG 10B: expected redemptions fall to 9,200",
			[]came{{"2020-01-01", "9000.00", "0"}, {"2021-12-31", "0", "4050.00"}, {"2022-12-31", "0", "3600.00"}},
			[]rate{{"", "0.03"}, {"2022-12-31", "0.08"}},
			"0", "2022-12-31",
			// 539.96 together. By 0.03 it would be 270 x 7,650 / 8,730 = 236.60 to date.
			[]row{{"2021-12-31", early, "125.26", ""}, {"2022-12-31", catchUp, "428.62", ""}, {"2022-12-31", early, "111.34", ""}},
		},
		{
			"grocery points: breakage turns negative",
			[]came{{"2016-01-01", "720000.00", "0"}, {"2016-12-31", "0", "288000.00"}, {"2017-12-31", "0", "295200.00"}, {"2018-12-31", "0", "64800.00"}},
			[]rate{{"", "0.20"}, {"2017-12-31", "0.10"}},
			"0", "2018-12-31",
			// -7,200 together. By 0.20, more than the 136,800 that are unused would break: all of them to date.
			[]row{
				{"2016-12-31", early, "72000.00", ""},
				{"2017-12-31", catchUp, "-72000.00", ""},
				{"2017-12-31", early, "64800.00", ""},
				{"2018-12-31", early, "7200.00", ""},
			},
		},
		{
			"a new estimate on a day without use is a catch-up on that day",
			[]came{{"2024-01-02", "5000.00", "0"}, {"2024-01-15", "0", "1500.00"}},
			[]rate{{"", "0.10"}, {"2024-02-29", "0.30"}},
			"0", "2024-12-31",
			[]row{{"2024-01-15", early, "166.67", ""}, {"2024-02-29", catchUp, "476.19", ""}},
		},
		{
			"an estimate after through waits",
			[]came{{"2024-01-02", "5000.00", "0"}, {"2024-01-15", "0", "1500.00"}},
			[]rate{{"", "0.10"}, {"2024-02-29", "0.30"}},
			"0", "2024-02-28",
			[]row{{"2024-01-15", early, "166.67", ""}},
		},
		{
			"an estimate from before the pool is its first",
			[]came{{"2024-01-02", "500.00", "0"}, {"2024-02-05", "0", "100.00"}},
			[]rate{{"", "0.10"}, {"2023-06-01", "0.40"}},
			"0", "2024-12-31",
			[]row{{"2024-02-05", early, "66.67", ""}},
		},
		{
			"of two estimates on one day the later one counts",
			[]came{{"2024-01-02", "500.00", "0"}, {"2024-02-05", "0", "100.00"}},
			[]rate{{"", "0.10"}, {"2024-01-31", "0.90"}, {"2024-01-31", "0.40"}},
			"0", "2024-12-31",
			[]row{{"2024-02-05", early, "66.67", ""}},
		},
		{
			"a lot that leaves gives back its part; what stays is measured alone",
			[]came{{"2024-01-05", "300.00", "0"}, {"2024-01-20", "500.00", "0"}, {"2024-02-14", "0", "120.00"}, {"2024-02-15", "0", "250.00"}, {"2024-03-10", "-300.00", "-120.00"}},
			[]rate{{"", "0.20"}},
			"0", "2024-12-31",
			[]row{{"2024-02-14", early, "30.00", ""}, {"2024-02-15", early, "62.50", ""}, {"2024-03-10", early, "-30.00", ""}},
		},
		{
			"the law's share moves along",
			[]came{{"2024-01-01", "1000.00", "0"}, {"2024-01-20", "0", "450.00"}, {"2024-06-30", "-1000.00", "-450.00"}},
			[]rate{{"", "0.10"}},
			"0.4", "2024-12-31",
			[]row{{"2024-01-20", early, "50.00", "20.00"}, {"2024-06-30", early, "-50.00", "-20.00"}},
		},
		{"an empty pool", nil, []rate{{"", "0.10"}, {"2024-01-01", "0.20"}}, "0", "2024-12-31", nil},
	}
	pool := revrec.Pool{ID: "pool", PolicyID: "policy", Currency: "USD", Functional: "USD"}
	for _, test := range tests {
		booked := revrec.Booked{}
		measure := func() []revrec.Recognition {
			return revrec.MeasurePool(pool, revrec.ShareOf(dec(test.escheat)), estimates(test.estimates...), poolDays(test.days...), 0, day(test.through), booked)
		}
		got := measure()
		if !slices.Equal(rows(got), test.want) {
			t.Errorf("%s:\ngot  %v\nwant %v", test.name, rows(got), test.want)
		}
		book(booked, got)
		if again := measure(); len(again) > 0 {
			t.Errorf("%s: booked twice: %v", test.name, rows(again))
		}
	}
}

func TestPoolDaysOfALot(t *testing.T) {
	paid := lapsing(lotOf("100.00", "100"), "2024-06-30")
	refunded := paid
	refunded.RefundedOn, refunded.RefundedAmount, refunded.RefundedFunctional = day("2024-03-05"), usd("60.00"), usd("60.00")
	lastDay := refunded
	lastDay.RefundedOn = day("2024-06-30")
	unpaid := paid
	unpaid.LiabilityOn = 0
	tooLate := paid
	tooLate.LiabilityOn = day("2024-07-15")
	grant := paid
	grant.Kind = revrec.GrantLot

	tests := []struct {
		name string
		lot  revrec.Lot
		want []came
	}{
		{"comes with its liability, leaves on its last day", paid, []came{{"2024-01-01", "100.00", "0"}, {"2024-06-30", "-100.00", "0"}}},
		{"never lapses", lotOf("100.00", "100"), []came{{"2024-01-01", "100.00", "0"}}},
		{"refunded: as if never sold", refunded, []came{{"2024-01-01", "100.00", "0"}, {"2024-03-05", "-60.00", "0"}, {"2024-06-30", "-40.00", "0"}}},
		{"refunded on its last day", lastDay, []came{{"2024-01-01", "100.00", "0"}, {"2024-06-30", "-100.00", "0"}}},
		{"no liability, no pool", unpaid, nil},
		{"the liability came after the lapse", tooLate, nil},
		{"a grant was not sold", grant, nil},
	}
	for _, test := range tests {
		got := revrec.MergePoolDays(revrec.PoolDaysOf(test.lot, nil))
		if !slices.Equal(got, poolDays(test.want...)) {
			t.Errorf("%s:\ngot  %v\nwant %v", test.name, got, poolDays(test.want...))
		}
	}
}

func TestUsageInPool(t *testing.T) {
	paid := lapsing(lotOf("100.00", "100"), "2024-06-30")
	due := paid
	due.LiabilityOn = day("2024-02-10")
	tests := []struct {
		name string
		lot  revrec.Lot
		kind revrec.Kind
		day  string
		want []came
	}{
		{"comes on its day, leaves with the lot", paid, revrec.Usage, "2024-03-01", []came{{"2024-03-01", "0", "30.00"}, {"2024-06-30", "0", "-30.00"}}},
		{"used before due: comes with the liability", due, revrec.UsageUnbilled, "2024-01-20", []came{{"2024-02-10", "0", "30.00"}, {"2024-06-30", "0", "-30.00"}}},
		{"on the last day the lot is gone", paid, revrec.Usage, "2024-06-30", nil},
		{"after it too", paid, revrec.Usage, "2024-07-02", nil},
		{"clearing is no use", due, revrec.Clearing, "2024-02-10", nil},
		{"neither is what lapsed", paid, revrec.ExpiryBreakage, "2024-06-30", nil},
	}
	for _, test := range tests {
		r := revrec.Recognition{Kind: test.kind, Day: day(test.day), Amount: usd("30.00"), Functional: usd("30.00")}
		if got := revrec.UsageInPool(test.lot, r); !slices.Equal(got, poolDays(test.want...)) {
			t.Errorf("%s:\ngot  %v\nwant %v", test.name, got, poolDays(test.want...))
		}
	}
}

func TestPoolKey(t *testing.T) {
	lot := lotOf("1.00", "1")
	for by, want := range map[revrec.PoolBy]string{
		revrec.PoolByLot: "lot", revrec.PoolByPurchaseMonth: "2024-01", revrec.PoolByPolicy: "",
	} {
		if got := revrec.PoolKey(by, lot); got != want {
			t.Errorf("by %s the key is %q, want %q", by, got, want)
		}
	}
}

// TestCatchUpOfOneFigure: what the day of an estimate from before moved is one figure, and
// one that comes to that day afterwards has it told apart.
func TestCatchUpOfOneFigure(t *testing.T) {
	pool := revrec.Pool{ID: "pool", PolicyID: "policy", Currency: "USD", Functional: "USD"}
	days := poolDays(came{"2024-01-02", "1000.00", "0"}, came{"2024-01-15", "0", "300.00"}, came{"2024-02-10", "0", "150.00"})
	list := estimates(rate{"", "0.10"}, rate{"2024-02-10", "0.20"})
	list[1].InOne = true
	booked := revrec.Booked{}
	measure := func() []revrec.Recognition {
		return revrec.MeasurePool(pool, revrec.ShareOf(dec("0")), list, days, 0, day("2024-12-31"), booked)
	}

	// 0.10: 100 x 300 / 900 = 33.33 in January. 0.20: 200 x 450 / 800 = 112.50.
	got := measure()
	want := []row{{"2024-01-15", "BREAKAGE_EARLY", "33.33", ""}, {"2024-02-10", "BREAKAGE_EARLY", "79.17", ""}}
	if !slices.Equal(rows(got), want) {
		t.Errorf("got  %v\nwant %v", rows(got), want)
	}
	book(booked, got)
	// 0.25: 250 x 450 / 750 = 150.00. Without it the day would have come to 100 x 450 / 900 = 50.00, which is 16.67 more.
	list = append(list, revrec.Estimate{From: day("2024-02-10"), Rate: dec("0.25")})
	got = measure()
	want = []row{{"2024-02-10", "BREAKAGE_CATCH_UP", "100.00", ""}, {"2024-02-10", "BREAKAGE_EARLY", "-62.50", ""}}
	if !slices.Equal(rows(got), want) {
		t.Errorf("got  %v\nwant %v", rows(got), want)
	}
}

// TestCatchUpIsMeasuredAgain: use of a day before the estimate that comes late moves the
// days since, each under its own kind.
func TestCatchUpIsMeasuredAgain(t *testing.T) {
	pool := revrec.Pool{ID: "pool", PolicyID: "policy", Currency: "USD", Functional: "USD"}
	days := []came{{"2024-01-02", "1000.00", "0"}, {"2024-01-15", "0", "300.00"}}
	list := estimates(rate{"", "0.10"}, rate{"2024-02-10", "0.20"})
	booked := revrec.Booked{}
	measure := func(days ...came) []revrec.Recognition {
		return revrec.MeasurePool(pool, revrec.ShareOf(dec("0.4")), list, poolDays(days...), 0, day("2024-12-31"), booked)
	}

	// 0.10: 100 x 300 / 900 = 33.33: 13.33 and 20.00. 0.20: 200 x 300 / 800 = 75.00: 30.00 and 45.00.
	got := measure(days...)
	want := []row{{"2024-01-15", "BREAKAGE_EARLY", "33.33", "13.33"}, {"2024-02-10", "BREAKAGE_CATCH_UP", "41.67", "16.67"}}
	if !slices.Equal(rows(got), want) {
		t.Errorf("got  %v\nwant %v", rows(got), want)
	}
	book(booked, got)
	// 60.00 more used on 20 January. 0.10: 100 x 360 / 900 = 40.00. 0.20: 200 x 360 / 800 = 90.00.
	got = measure(append(days, came{"2024-01-20", "0", "60.00"})...)
	want = []row{{"2024-01-20", "BREAKAGE_EARLY", "6.67", "2.67"}, {"2024-02-10", "BREAKAGE_CATCH_UP", "8.33", "3.33"}}
	if !slices.Equal(rows(got), want) {
		t.Errorf("got  %v\nwant %v", rows(got), want)
	}
	for _, r := range got {
		if r.Kind != revrec.CatchUp {
			continue
		}
		if old := revrec.UnderOldRate(r); old == nil || old.Minor != minor("40.00") {
			t.Errorf("under the old rate it would have been %v, want 40.00", old)
		}
	}
}
