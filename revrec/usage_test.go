package revrec_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"drawdown/ledger"
	"drawdown/revrec"
)

func TestEarned(t *testing.T) {
	tests := []struct{ name, price, granted, used, earned string }{
		{"nothing used", "100.00", "3", "0", "0.00"},
		{"a third", "100.00", "3", "1", "33.33"},
		{"two thirds", "100.00", "3", "2", "66.67"},
		{"all", "100.00", "3", "3", "100.00"},
		{"half a cent goes up", "0.01", "2", "1", "0.01"},
		{"less than half a cent", "0.01", "3", "1", "0.00"},
		{"a millionth of a credit", "100.00", "1000", "0.000001", "0.00"},
		{"free", "0.00", "1000", "400", "0.00"},
		{"the largest of both: the last millionth is worth 0.0001", "100000000000.00", "1000000000", "999999999.999999", "100000000000.00"},
		{"the largest price, all but 0.0001 of the credits: 0.01 is left", "100000000000.00", "1000000000", "999999999.9999", "99999999999.99"},
		// Published cases.
		{"ASC 606-10-55-353, Example 52, year 1", "8676.00", "10000", "4500", "3904.20"},
		{"KPMG, IFRS 15 handbook, example 10B, 2021", "9000.00", "10000", "4500", "4050.00"},
		{"Kieso, Intermediate Accounting, P18.8, March", "2000.00", "2000", "1000", "1000.00"},
		{"GBQ: a 25 card sold for 20, 10 used", "20.00", "25", "10", "8.00"},
		{"six sessions for 540, four used (qammunity 6262074)", "540.00", "6", "4", "360.00"},
		{"40 visits for 500, ten used (wizedu 429458)", "500.00", "40", "10", "125.00"},
	}
	for _, test := range tests {
		got := revrec.Earned(usd(test.price), credits(test.granted), credits(test.used))
		if got != usd(test.earned) {
			t.Errorf("%s: %s of %s credits for %s earn %s, want %s", test.name, test.used, test.granted, test.price, got.Text(), test.earned)
		}
	}
}

func TestEarnedBeyond(t *testing.T) {
	tests := []struct {
		rate     string
		currency ledger.Currency
		used     string
		earned   string
	}{
		{"0.05", "USD", "200000", "10000.00"}, // Orb, prepaid credits: 200,000 beyond 5 million
		{"0.05", "USD", "0", "0.00"},
		{"0.05", "USD", "0.1", "0.01"},  // half a cent goes up
		{"0.05", "USD", "0.09", "0.00"}, // 0.45 of a cent does not
		{"0.0000000001", "USD", "1000000000", "0.10"},
		{"12.5", "JPY", "3", "38"},
		{"12.5", "JPY", "4.5", "56"},
		{"0.0455", "KWD", "0.5", "0.023"},
		{"0.0455", "KWD", "1.5", "0.068"},
	}
	for _, test := range tests {
		got := revrec.EarnedBeyond(revrec.Rate{Price: test.rate, Currency: test.currency}, credits(test.used))
		if got != money(test.earned, test.currency) {
			t.Errorf("%s credits at %s %s earn %s, want %s", test.used, test.currency, test.rate, got.Text(), test.earned)
		}
	}
}

// TestEarnedBeyondNeverWraps: USD 10^18 is more than 64 bits of cents hold.
func TestEarnedBeyondNeverWraps(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an amount beyond 64 bits came back as another")
		}
	}()
	revrec.EarnedBeyond(revrec.Rate{Price: "1000000000", Currency: "USD"}, revrec.MaxCredits)
}

// use is what was drawn on a day.
type use struct{ day, drawn string }

func daysOf(uses ...use) []revrec.LotDay {
	var days []revrec.LotDay
	for _, u := range uses {
		days = append(days, revrec.LotDay{Day: day(u.day), Drawn: credits(u.drawn)})
	}
	return days
}

func TestRecogniseUsage(t *testing.T) {
	due := lotOf("600.00", "600") // invoiced on 1 January, due on 9 February
	due.LiabilityOn = day("2024-02-09")
	notDue := due
	notDue.LiabilityOn = 0
	grant := lotOf("0.00", "40")
	grant.Kind = revrec.GrantLot
	beyond := revrec.Lot{ID: "beyond", Kind: revrec.OverageLot, Rate: revrec.Rate{Price: "12.5", Currency: "JPY"}}

	tests := []struct {
		name    string
		lot     revrec.Lot
		uses    []use
		through string
		want    []row
	}{
		{
			"thirds add up to the price", lotOf("100.00", "3"),
			[]use{{"2024-01-05", "1"}, {"2024-01-06", "1"}, {"2024-01-07", "1"}},
			"2024-01-31",
			[]row{{"2024-01-05", "USAGE", "33.33", ""}, {"2024-01-06", "USAGE", "33.34", ""}, {"2024-01-07", "USAGE", "33.33", ""}},
		},
		{
			"days after through wait", lotOf("100.00", "4"),
			[]use{{"2024-01-05", "1"}, {"2024-02-01", "1"}},
			"2024-01-31",
			[]row{{"2024-01-05", "USAGE", "25.00", ""}},
		},
		{
			"a void takes back what it earned", lotOf("100.00", "4"),
			[]use{{"2024-01-05", "3"}, {"2024-01-09", "-1"}},
			"2024-01-31",
			[]row{{"2024-01-05", "USAGE", "75.00", ""}, {"2024-01-09", "USAGE", "-25.00", ""}},
		},
		{
			"a late use of credits that a later void gave back: the price is earned once", lotOf("100.00", "4"),
			[]use{{"2024-01-05", "4"}, {"2024-01-09", "2"}, {"2024-03-01", "-4"}},
			"2024-03-31",
			[]row{{"2024-01-05", "USAGE", "100.00", ""}, {"2024-01-09", "USAGE", "0.00", ""}, {"2024-03-01", "USAGE", "-50.00", ""}},
		},
		{
			"used before the invoice falls due: an asset, which the due day clears", due,
			[]use{{"2024-01-20", "200"}, {"2024-02-09", "50"}, {"2024-02-10", "50"}},
			"2024-02-29",
			[]row{
				{"2024-01-20", "USAGE_UNBILLED", "200.00", ""},
				{"2024-02-09", "CLEARING", "200.00", ""},
				{"2024-02-09", "USAGE", "50.00", ""},
				{"2024-02-10", "USAGE", "50.00", ""},
			},
		},
		{
			"the due day clears though nothing was used since", due,
			[]use{{"2024-01-20", "200"}},
			"2024-02-09",
			[]row{{"2024-01-20", "USAGE_UNBILLED", "200.00", ""}, {"2024-02-09", "CLEARING", "200.00", ""}},
		},
		{
			"not due yet", due,
			[]use{{"2024-01-20", "200"}},
			"2024-02-08",
			[]row{{"2024-01-20", "USAGE_UNBILLED", "200.00", ""}},
		},
		{
			"cancellable and unpaid: nothing clears", notDue,
			[]use{{"2024-01-20", "200"}},
			"2025-12-31",
			[]row{{"2024-01-20", "USAGE_UNBILLED", "200.00", ""}},
		},
		{
			"free credits earn nothing, and are counted", grant,
			[]use{{"2024-01-20", "30"}},
			"2024-01-31",
			[]row{{"2024-01-20", "USAGE", "0.00", ""}},
		},
		{
			"beyond the balance, cumulatively: 38 + 12 + 6 = 56", beyond,
			[]use{{"2024-05-10", "3"}, {"2024-06-03", "1"}, {"2024-07-03", "0.5"}},
			"2024-12-31",
			[]row{{"2024-05-10", "OVERAGE", "38", ""}, {"2024-06-03", "OVERAGE", "12", ""}, {"2024-07-03", "OVERAGE", "6", ""}},
		},
	}
	for _, test := range tests {
		booked := revrec.Booked{}
		got := revrec.RecogniseUsage(test.lot, 0, daysOf(test.uses...), 0, day(test.through), booked)
		if !slices.Equal(rows(got), test.want) {
			t.Errorf("%s:\ngot  %v\nwant %v", test.name, rows(got), test.want)
		}
		book(booked, got)
		if again := revrec.RecogniseUsage(test.lot, 0, daysOf(test.uses...), 0, day(test.through), booked); len(again) > 0 {
			t.Errorf("%s: booked twice: %v", test.name, rows(again))
		}
	}
}

// TestRecogniseUsageBooksTheDifference: a late use of the 5th arrives after the 7th was
// booked. Its own day earns its third, and the days after it are rounded anew.
func TestRecogniseUsageBooksTheDifference(t *testing.T) {
	lot, booked := lotOf("100.00", "3"), revrec.Booked{}
	book(booked, revrec.RecogniseUsage(lot, 0, daysOf(use{"2024-01-06", "1"}, use{"2024-01-07", "1"}), 0, day("2024-01-31"), booked))
	all := daysOf(use{"2024-01-05", "1"}, use{"2024-01-06", "1"}, use{"2024-01-07", "1"})
	got := rows(revrec.RecogniseUsage(lot, 0, all, day("2024-01-05"), day("2024-01-31"), booked))
	want := []row{{"2024-01-05", "USAGE", "33.33", ""}, {"2024-01-06", "USAGE", "0.01", ""}, {"2024-01-07", "USAGE", "-0.01", ""}}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// BenchmarkRecogniseUsage books a million lot-days of which nothing is booked yet: a
// hundred thousand lots of ten days each.
func BenchmarkRecogniseUsage(b *testing.B) {
	const lots, daysPerLot = 100_000, 10
	random := rand.New(rand.NewPCG(1, 2)) // the same days on every machine
	lot := lotOf("100.00", "1000")
	days := make([][]revrec.LotDay, lots)
	for i := range days {
		for d := range daysPerLot {
			drawn := revrec.Credits(1 + random.Int64N(int64(100*revrec.One)))
			days[i] = append(days[i], revrec.LotDay{Day: lot.PurchasedOn + ledger.Date(d), Drawn: drawn})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, used := range days {
			revrec.RecogniseUsage(lot, 0, used, lot.PurchasedOn, lot.PurchasedOn+daysPerLot, nil)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*lots*daysPerLot), "ns/lot-day")
}
