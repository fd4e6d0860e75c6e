package revrec_test

import (
	"slices"
	"testing"

	"drawdown/revrec"
)

func remote(after string, from revrec.RemoteFrom) revrec.Breakage {
	return revrec.Breakage{Method: revrec.Remote, RemoteAfter: duration(after), RemoteFrom: from}
}

func TestRemoteOn(t *testing.T) {
	tests := []struct {
		name   string
		rule   revrec.Breakage
		bought string
		uses   []use
		want   string
	}{
		{"Circuit Town: ten months after the sale (homeworkhost 2523222)", remote("P10M", revrec.FromPurchase), "2018-01-15", nil, "2018-11-15"},
		{"Circuit Town, February", remote("P10M", revrec.FromPurchase), "2018-02-15", nil, "2018-12-15"},
		{"Sun Bru: two months after the month of sale (wizedu 314711)", remote("P2M", revrec.FromPurchaseMonthEnd), "2018-10-01", nil, "2018-12-31"},
		{"use does not matter from the purchase", remote("P10M", revrec.FromPurchase), "2018-01-15", []use{{"2018-11-01", "1"}}, "2018-11-15"},
		{"a month's last day", remote("P1M", revrec.FromPurchase), "2024-01-31", nil, "2024-02-29"},
		{"a month's last day, no leap year", remote("P1M", revrec.FromPurchase), "2023-01-31", nil, "2023-02-28"},
		{"from a month's end to a month's end", remote("P3M", revrec.FromPurchaseMonthEnd), "2023-11-30", nil, "2024-02-29"},
		{"from February's end to a longer month's end", remote("P1M", revrec.FromPurchaseMonthEnd), "2023-02-03", nil, "2023-03-31"},
		{"days from a month's end fall on a month's end too", remote("P45D", revrec.FromPurchaseMonthEnd), "2024-01-10", nil, "2024-03-31"},
		{"never used", remote("P3M", revrec.FromLastUse), "2024-01-31", nil, "2024-04-30"},
		{"used", remote("P3M", revrec.FromLastUse), "2024-01-31", []use{{"2024-03-31", "1"}}, "2024-06-30"},
		{"used on the very day", remote("P3M", revrec.FromLastUse), "2024-01-31", []use{{"2024-04-30", "1"}}, "2024-07-30"},
		{"used a day too late", remote("P3M", revrec.FromLastUse), "2024-01-31", []use{{"2024-05-01", "1"}}, "2024-04-30"},
		{"once remote it stays so", remote("P1M", revrec.FromLastUse), "2024-01-31", []use{{"2024-02-10", "1"}, {"2024-03-11", "1"}, {"2024-03-12", "1"}}, "2024-03-10"},
		{"a void is no use", remote("P1M", revrec.FromLastUse), "2024-01-31", []use{{"2024-02-10", "1"}, {"2024-02-20", "-1"}}, "2024-03-10"},
		{"used on the day of purchase", remote("P90D", revrec.FromLastUse), "2024-01-31", []use{{"2024-01-31", "1"}}, "2024-04-30"},
	}
	for _, test := range tests {
		if got := revrec.RemoteOn(test.rule, day(test.bought), daysOf(test.uses...)); got != day(test.want) {
			t.Errorf("%s: remote on %s, want %s", test.name, got, test.want)
		}
	}
}

func TestReleaseRest(t *testing.T) {
	onExpiry := revrec.Breakage{Method: revrec.OnExpiry}
	escheat := func(rule revrec.Breakage, share string) revrec.Breakage {
		rule.Escheat = dec(share)
		return rule
	}
	yearly := lapsing(lotOf("1200.00", "1200"), "2024-12-31")
	invoiced := lapsing(lotOf("100.00", "100"), "2024-02-29")
	invoiced.LiabilityOn = day("2024-03-15")
	unpaid := invoiced
	unpaid.LiabilityOn = 0
	refunded := lapsing(lotOf("100.00", "100"), "2024-02-29")
	refunded.Refunded, refunded.RefundedOn = credits("60"), day("2024-02-10")
	refunded.RefundedAmount, refunded.RefundedFunctional = usd("60.00"), usd("60.00")
	grant := lapsing(lotOf("0.00", "40"), "2024-02-29")
	grant.Kind = revrec.GrantLot

	tests := []struct {
		name    string
		lot     revrec.Lot
		rule    revrec.Breakage
		uses    []use
		through string
		want    []row
	}{
		{
			"Zuora: 800 of 1,200 used, 400 lapses", yearly, onExpiry,
			[]use{{"2024-07-01", "800"}},
			"2025-01-01",
			[]row{{"2024-12-31", "BREAKAGE_EXPIRY", "400.00", ""}},
		},
		{"not on the day before its last", yearly, onExpiry, []use{{"2024-07-01", "800"}}, "2024-12-30", nil},
		{"used up: nothing is left", yearly, onExpiry, []use{{"2024-07-01", "1200"}}, "2025-01-01", nil},
		{"never lapses", lotOf("10.00", "10"), onExpiry, nil, "2099-12-31", nil},
		{
			"the whole rest, to the cent", lapsing(lotOf("100.00", "3"), "2024-02-28"), onExpiry,
			[]use{{"2024-02-01", "1"}, {"2024-02-28", "1"}},
			"2024-03-01",
			[]row{{"2024-02-28", "BREAKAGE_EXPIRY", "33.33", ""}},
		},
		{
			"55-49: two fifths escheat", lapsing(lotOf("1000.00", "1000"), "2024-06-30"), escheat(onExpiry, "0.4"),
			[]use{{"2024-02-01", "800"}},
			"2024-07-01",
			[]row{{"2024-06-30", "BREAKAGE_EXPIRY", "200.00", "80.00"}},
		},
		{
			"the escheat share is rounded, revenue is what is left", lapsing(lotOf("99.99", "120"), "2024-06-30"), escheat(onExpiry, "0.35"),
			[]use{{"2024-05-05", "47"}},
			"2024-07-01",
			[]row{{"2024-06-30", "BREAKAGE_EXPIRY", "60.83", "21.29"}},
		},
		{
			"all of it escheats", lapsing(lotOf("50.00", "50"), "2024-06-30"), escheat(onExpiry, "1"), nil, "2024-07-01",
			[]row{{"2024-06-30", "BREAKAGE_EXPIRY", "50.00", "50.00"}},
		},
		{
			"a void after the lapse lapses again at once", lapsing(lotOf("100.00", "100"), "2024-03-31"), onExpiry,
			[]use{{"2024-02-03", "40"}, {"2024-04-10", "-40"}},
			"2024-04-30",
			[]row{{"2024-03-31", "BREAKAGE_EXPIRY", "60.00", ""}, {"2024-04-10", "BREAKAGE_EXPIRY", "40.00", ""}},
		},
		{
			"lapsed before it was due: released on the due day", invoiced, onExpiry,
			[]use{{"2024-02-01", "30"}},
			"2024-04-30",
			[]row{{"2024-03-15", "BREAKAGE_EXPIRY", "70.00", ""}},
		},
		{"never due: nothing to release", unpaid, onExpiry, []use{{"2024-02-01", "30"}}, "2024-04-30", nil},
		{"refunded: nothing is left", refunded, onExpiry, []use{{"2024-02-01", "40"}}, "2024-04-30", nil},
		{
			"a grant lapses in credits alone", grant, onExpiry,
			[]use{{"2024-02-01", "10"}},
			"2024-04-30",
			[]row{{"2024-02-29", "BREAKAGE_EXPIRY", "0.00", ""}},
		},
		{
			"Circuit Town: 11,150 sold, 6,900 used, remote after ten months", func() revrec.Lot {
				lot := lotOf("11150.00", "11150")
				lot.PurchasedOn = day("2024-01-15")
				return lot
			}(), remote("P10M", revrec.FromPurchase),
			[]use{{"2024-01-31", "6900"}},
			"2024-12-31",
			[]row{{"2024-11-15", "BREAKAGE_REMOTE", "4250.00", ""}},
		},
		{
			"a use after that moves from breakage and earns nothing new", lotOf("60.00", "40"), remote("P2M", revrec.FromPurchase),
			[]use{{"2024-01-10", "10"}, {"2024-03-02", "4"}},
			"2024-12-31",
			[]row{{"2024-03-01", "BREAKAGE_REMOTE", "45.00", ""}, {"2024-03-02", "BREAKAGE_REMOTE", "-6.00", ""}},
		},
		{
			"... and from what the law claims", lotOf("80.00", "50"), escheat(remote("P2M", revrec.FromPurchase), "0.5"),
			[]use{{"2024-01-10", "11"}, {"2024-03-02", "10"}},
			"2024-12-31",
			[]row{{"2024-03-01", "BREAKAGE_REMOTE", "62.40", "31.20"}, {"2024-03-02", "BREAKAGE_REMOTE", "-16.00", "-8.00"}},
		},
		{
			"use on that very day still counts", lotOf("60.00", "40"), remote("P2M", revrec.FromPurchase),
			[]use{{"2024-03-01", "10"}},
			"2024-12-31",
			[]row{{"2024-03-01", "BREAKAGE_REMOTE", "45.00", ""}},
		},
		{
			"remote, then lapsed: released once", lapsing(lotOf("60.00", "40"), "2024-06-30"), remote("P2M", revrec.FromPurchase),
			nil, "2024-12-31",
			[]row{{"2024-03-01", "BREAKAGE_REMOTE", "60.00", ""}},
		},
		{
			"both on one day: it lapsed", lapsing(lotOf("60.00", "40"), "2024-03-01"), remote("P2M", revrec.FromPurchase),
			nil, "2024-12-31",
			[]row{{"2024-03-01", "BREAKAGE_EXPIRY", "60.00", ""}},
		},
		{
			"lapsed before it became remote", lapsing(lotOf("60.00", "40"), "2024-02-15"), remote("P2M", revrec.FromPurchase),
			nil, "2024-12-31",
			[]row{{"2024-02-15", "BREAKAGE_EXPIRY", "60.00", ""}},
		},
	}
	for _, test := range tests {
		booked := revrec.Booked{}
		got := revrec.ReleaseRest(test.lot, test.rule, revrec.ShareOf(test.rule.Escheat), daysOf(test.uses...), nil, day(test.through), booked)
		if !slices.Equal(rows(got), test.want) {
			t.Errorf("%s:\ngot  %v\nwant %v", test.name, rows(got), test.want)
		}
		book(booked, got)
		if again := revrec.ReleaseRest(test.lot, test.rule, revrec.ShareOf(test.rule.Escheat), daysOf(test.uses...), nil, day(test.through), booked); len(again) > 0 {
			t.Errorf("%s: booked twice: %v", test.name, rows(again))
		}
	}
}

// TestReleaseRestIsMovedByLateUsage: the lapse is booked, then a use of before it arrives.
func TestReleaseRestIsMovedByLateUsage(t *testing.T) {
	lot, rule, booked := lapsing(lotOf("100.00", "100"), "2024-04-30"), revrec.Breakage{Method: revrec.OnExpiry}, revrec.Booked{}
	book(booked, revrec.ReleaseRest(lot, rule, revrec.ShareOf(rule.Escheat), daysOf(use{"2024-04-10", "40"}), nil, day("2024-05-01"), booked))
	got := rows(revrec.ReleaseRest(lot, rule, revrec.ShareOf(rule.Escheat), daysOf(use{"2024-04-10", "40"}, use{"2024-04-29", "20"}), nil, day("2024-05-03"), booked))
	if want := []row{{"2024-04-30", "BREAKAGE_EXPIRY", "-20.00", ""}}; !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestReleaseRestStaysWhereARefundComesAfterIt: use became remote and was released; the
// refund of the credits finds nothing deferred, and the release stands as it was booked.
func TestReleaseRestStaysWhereARefundComesAfterIt(t *testing.T) {
	lot, rule, booked := lotOf("90.00", "60"), remote("P2M", revrec.FromPurchase), revrec.Booked{}
	days := daysOf(use{"2024-01-20", "20"})
	book(booked, revrec.ReleaseRest(lot, rule, revrec.ShareOf(rule.Escheat), days, nil, day("2024-03-01"), booked))
	lot.Drawn, lot.Refunded, lot.RefundedOn = credits("20"), credits("40"), day("2024-03-02")
	if got := revrec.ReleaseRest(lot, rule, revrec.ShareOf(rule.Escheat), days, nil, day("2024-03-31"), booked); len(got) > 0 {
		t.Errorf("booked %+v after the refund", got)
	}
}

// TestReleaseRestIsTakenBackWhereUseWasNotRemote: three months passed without use, so the
// rest was released; then a use of before that day arrives, and the day moves on.
func TestReleaseRestIsTakenBackWhereUseWasNotRemote(t *testing.T) {
	lot, rule, booked := lotOf("90.00", "90"), remote("P3M", revrec.FromLastUse), revrec.Booked{}
	book(booked, revrec.ReleaseRest(lot, rule, revrec.ShareOf(rule.Escheat), nil, nil, day("2024-04-30"), booked))
	late := daysOf(use{"2024-03-20", "10"})
	got := rows(revrec.ReleaseRest(lot, rule, revrec.ShareOf(rule.Escheat), late, nil, day("2024-05-01"), booked))
	if want := []row{{"2024-04-01", "BREAKAGE_REMOTE", "-90.00", ""}}; !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	got = rows(revrec.ReleaseRest(lot, rule, revrec.ShareOf(rule.Escheat), late, nil, day("2024-06-30"), booked))
	if want := []row{{"2024-04-01", "BREAKAGE_REMOTE", "-90.00", ""}, {"2024-06-20", "BREAKAGE_REMOTE", "80.00", ""}}; !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestRefundOf(t *testing.T) {
	onExpiry := revrec.Breakage{Method: revrec.OnExpiry}
	with := func(lot revrec.Lot, used string) revrec.Lot {
		lot.Drawn = credits(used)
		return lot
	}
	tests := []struct {
		name    string
		lot     revrec.Lot
		rule    revrec.Breakage
		at      string
		credits string
		amount  string
	}{
		{"unused", lotOf("100.00", "100"), onExpiry, "2024-02-05", "100", "100.00"},
		{"40 of 100 used (606-10-32-10)", with(lotOf("100.00", "100"), "40"), onExpiry, "2024-02-05", "60", "60.00"},
		{"what carries is the price less what was earned, rounded once", with(lotOf("100.00", "3"), "1"), onExpiry, "2024-02-05", "2", "66.67"},
		{"used up", with(lotOf("100.00", "3"), "3"), onExpiry, "2024-02-05", "0", "0.00"},
		{"on its last day", with(lapsing(lotOf("100.00", "100"), "2024-02-05"), "40"), onExpiry, "2024-02-05T23:59", "60", "60.00"},
		{"lapsed", with(lapsing(lotOf("100.00", "100"), "2024-02-04"), "40"), onExpiry, "2024-02-05", "0", "0.00"},
		{"on the day use becomes remote: the refund comes first", with(lotOf("90.00", "60"), "20"), remote("P2M", revrec.FromPurchase), "2024-03-01T15:00", "40", "60.00"},
		{"the day after, nothing is deferred any more", with(lotOf("90.00", "60"), "20"), remote("P2M", revrec.FromPurchase), "2024-03-02T15:00", "40", "0.00"},
		{"before there is a liability", func() revrec.Lot {
			lot := with(lotOf("90.00", "60"), "20")
			lot.LiabilityOn = 0
			return lot
		}(), onExpiry, "2024-02-05", "40", "0.00"},
	}
	for _, test := range tests {
		instant := at(test.at)
		got := revrec.RefundOf(test.lot, test.rule, nil, instant, day(instant.Format("2006-01-02")))
		if got.Credits != credits(test.credits) || got.Amount != usd(test.amount) || got.Functional != usd(test.amount) {
			t.Errorf("%s: takes back %s credits, %s and %s; want %s, %s", test.name, got.Credits, got.Amount, got.Functional, test.credits, test.amount)
		}
	}
}

func TestRefundOfAForeignLotKeepsItsRate(t *testing.T) {
	lot := lotOf("0.00", "3")
	lot.Price, lot.Functional, lot.Drawn = money("100.00", "EUR"), usd("108.51"), credits("1")
	got := revrec.RefundOf(lot, revrec.Breakage{Method: revrec.OnExpiry}, nil, at("2024-02-05"), day("2024-02-05"))
	// 100.00 - 33.33; 108.51 / 3 = 36.17, 108.51 - 36.17 = 72.34.
	if got.Amount != money("66.67", "EUR") || got.Functional != usd("72.34") {
		t.Errorf("takes back %s, %s", got.Amount, got.Functional)
	}
}
