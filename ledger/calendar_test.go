package ledger_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"drawdown/ledger"
)

func date(t testing.TB, text string) ledger.Date {
	t.Helper()
	d, err := ledger.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestAddMonths(t *testing.T) {
	tests := []struct {
		from   string
		months int
		want   string
	}{
		{"2024-01-15", 1, "2024-02-15"},
		{"2023-12-31", 2, "2024-02-29"},
		{"2022-12-31", 2, "2023-02-28"},
		{"2024-02-29", 12, "2025-02-28"},
		{"2024-02-29", 48, "2028-02-29"},
		{"2024-02-29", 1, "2024-03-29"}, // the day, not the month's end, is kept
		{"2024-01-31", 0, "2024-01-31"},
		{"2024-03-31", -1, "2024-02-29"},
		{"2024-01-31", -2, "2023-11-30"},
		{"2024-12-01", 1, "2025-01-01"},
	}
	for _, test := range tests {
		if got := date(t, test.from).AddMonths(test.months); got.String() != test.want {
			t.Errorf("%s + %d months = %s, want %s", test.from, test.months, got, test.want)
		}
	}
}

func TestAddMonthsKeepsTheDayOrTakesTheLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := ledger.Date(rapid.Int32Range(36_525, 3_600_000).Draw(t, "from"))
		months := rapid.IntRange(-1200, 1200).Draw(t, "months")
		got := from.AddMonths(months)
		if int(got.Period()) != int(from.Period())+months {
			t.Fatalf("%s + %d months = %s is in another month", from, months, got)
		}
		day, want := got-got.Period().First()+1, from-from.Period().First()+1
		if day != want && (day > want || got != got.MonthEnd()) {
			t.Fatalf("%s + %d months = %s", from, months, got)
		}
	})
}

func TestDateIsTheGregorianCalendar(t *testing.T) {
	day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for d := ledger.Date(1); day.Year() < 2500; d, day = d+1, day.AddDate(0, 0, 1) {
		text := day.Format(time.DateOnly)
		parsed, err := ledger.ParseDate(text)
		if err != nil || parsed != d || d.String() != text {
			t.Fatalf("day %d: %s is read as %d (%v) and written %s", d, text, parsed, err, d)
		}
		if got := ledger.NewDate(day.Year(), day.Month(), day.Day()); got != d {
			t.Fatalf("NewDate of %s is %d, want %d", text, got, d)
		}
		if want := day.Year()*12 + int(day.Month()) - 1; int(d.Period()) != want {
			t.Fatalf("%s lies in period %d, want %d", text, d.Period(), want)
		}
	}
}

func TestDateText(t *testing.T) {
	for _, bad := range []string{"", "2024-02-30", "2023-02-29", "2024-1-01", "24-01-01", "2024-01-01T00:00:00Z", "0000-12-31", "2024/01/01", " 2024-01-01"} {
		if got, err := ledger.ParseDate(bad); err == nil {
			t.Errorf("ParseDate(%q) = %s, want an error", bad, got)
		}
	}
	var d ledger.Date
	if err := d.UnmarshalText([]byte("2024-03-31")); err != nil || d != date(t, "2024-03-31") {
		t.Errorf("read %s, %v", d, err)
	}
	if text, err := d.MarshalText(); err != nil || string(text) != "2024-03-31" {
		t.Errorf("wrote %s, %v", text, err)
	}
	if err := d.UnmarshalText(nil); err != nil || d != 0 || d.String() != "" {
		t.Errorf("no text is %q, %v; want no day", d, err)
	}
	if err := d.UnmarshalText([]byte("soon")); err == nil {
		t.Error("read \"soon\" as a date")
	}
}

func TestPeriod(t *testing.T) {
	tests := []struct{ period, first, last, next string }{
		{"2024-02", "2024-02-01", "2024-02-29", "2024-03"},
		{"2023-02", "2023-02-01", "2023-02-28", "2023-03"},
		{"2024-12", "2024-12-01", "2024-12-31", "2025-01"},
		{"0001-01", "0001-01-01", "0001-01-31", "0001-02"},
	}
	for _, test := range tests {
		p, err := ledger.ParsePeriod(test.period)
		if err != nil || p.String() != test.period || p.First().String() != test.first || p.Last().String() != test.last || (p+1).String() != test.next {
			t.Errorf("%s: %s to %s, then %s (%v)", p, p.First(), p.Last(), p+1, err)
		}
		if p.First().MonthEnd() != p.Last() || p.Last().Period() != p {
			t.Errorf("%s does not hold its own days", p)
		}
	}
	for _, bad := range []string{"", "2024-13", "2024", "2024-00", "2024-1", "0000-01", "2024-01-01"} {
		if got, err := ledger.ParsePeriod(bad); err == nil {
			t.Errorf("ParsePeriod(%q) = %s, want an error", bad, got)
		}
	}
	if got := ledger.Period(0).String(); got != "" {
		t.Errorf("no period reads %q", got)
	}
}

func TestAccountingDate(t *testing.T) {
	tests := []struct{ happened, closedThrough, booked string }{
		{"2024-03-15", "", "2024-03-15"},
		{"2024-03-15", "2024-02", "2024-03-15"},
		{"2024-03-01", "2024-02", "2024-03-01"},
		{"2024-02-29", "2024-02", "2024-03-01"}, // its period is closed: first day of the oldest open one
		{"2023-07-04", "2024-02", "2024-03-01"},
		{"2024-12-31", "2024-12", "2025-01-01"},
	}
	for _, test := range tests {
		var closed ledger.Period
		if test.closedThrough != "" {
			var err error
			if closed, err = ledger.ParsePeriod(test.closedThrough); err != nil {
				t.Fatal(err)
			}
		}
		if got := ledger.AccountingDate(date(t, test.happened), closed); got.String() != test.booked {
			t.Errorf("happened %s, closed through %q: booked %s, want %s", test.happened, test.closedThrough, got, test.booked)
		}
	}
}

func TestDayOfAnInstantIsTheBooksOwn(t *testing.T) {
	tests := []struct{ instant, zone, day, lastBefore string }{
		{"2024-01-01T00:00:00Z", "UTC", "2024-01-01", "2023-12-31"},
		{"2024-01-01T00:00:00Z", "America/New_York", "2023-12-31", "2023-12-31"},
		{"2024-01-01T05:00:00Z", "America/New_York", "2024-01-01", "2023-12-31"},
		{"2023-12-31T15:00:00Z", "Asia/Tokyo", "2024-01-01", "2023-12-31"},
		{"2024-01-01T12:00:00Z", "UTC", "2024-01-01", "2024-01-01"},
	}
	for _, test := range tests {
		at, loc := instant(t, test.instant), zone(t, test.zone)
		if got := ledger.DateOf(at, loc).String(); got != test.day {
			t.Errorf("%s in %s is %s, want %s", test.instant, test.zone, got, test.day)
		}
		if got := ledger.LastDateBefore(at, loc).String(); got != test.lastBefore {
			t.Errorf("the last day before %s in %s is %s, want %s", test.instant, test.zone, got, test.lastBefore)
		}
	}
}

func TestStartOfADay(t *testing.T) {
	tests := []struct{ day, zone, want string }{
		{"2024-03-10", "America/New_York", "2024-03-10T00:00:00-05:00"},
		{"2018-11-04", "America/Sao_Paulo", "2018-11-04T01:00:00-02:00"}, // the clock skips midnight
		{"2024-11-03", "America/Havana", "2024-11-03T00:00:00-04:00"},    // midnight comes twice
		{"2024-04-26", "Africa/Cairo", "2024-04-26T01:00:00+03:00"},
		{"2011-12-30", "Pacific/Apia", "2011-12-31T00:00:00+14:00"}, // a day that never was
		{"2011-12-31", "Pacific/Apia", "2011-12-31T00:00:00+14:00"},
		{"2024-01-01", "Pacific/Kiritimati", "2024-01-01T00:00:00+14:00"},
		{"2024-01-01", "Etc/GMT+12", "2024-01-01T00:00:00-12:00"},
	}
	for _, test := range tests {
		if got := date(t, test.day).Start(zone(t, test.zone)).Format(time.RFC3339); got != test.want {
			t.Errorf("%s begins at %s in %s, want %s", test.day, got, test.zone, test.want)
		}
	}
}

func TestDurationAfter(t *testing.T) {
	tests := []struct{ duration, from, zone, want string }{
		{"P12M", "2024-01-15T10:30:00Z", "UTC", "2025-01-15T10:30:00Z"},
		{"P1M", "2024-01-31T00:00:00Z", "UTC", "2024-02-29T00:00:00Z"},
		{"P1M1D", "2024-01-31T00:00:00Z", "UTC", "2024-03-01T00:00:00Z"}, // months first, then days
		{"P0D", "2024-01-31T00:00:00Z", "UTC", "2024-01-31T00:00:00Z"},
		// A day of the book may have 23 or 25 hours; the clock keeps its time.
		{"P1D", "2024-03-09T12:00:00-05:00", "America/New_York", "2024-03-10T12:00:00-04:00"},
		{"P1D", "2024-11-02T12:00:00-04:00", "America/New_York", "2024-11-03T12:00:00-05:00"},
		{"P6M", "2024-01-15T09:00:00+01:00", "Europe/Berlin", "2024-07-15T09:00:00+02:00"},
		// 02:30 is skipped: an hour later, never earlier.
		{"P1D", "2024-03-09T02:30:00-05:00", "America/New_York", "2024-03-10T03:30:00-04:00"},
		{"P1D", "2024-03-30T02:30:00+01:00", "Europe/Berlin", "2024-03-31T03:30:00+02:00"},
		{"P1D", "2018-11-03T00:00:00-03:00", "America/Sao_Paulo", "2018-11-04T01:00:00-02:00"},
		// 01:30 (02:30 in Berlin) comes twice: the first.
		{"P1D", "2024-11-02T01:30:00-04:00", "America/New_York", "2024-11-03T01:30:00-04:00"},
		{"P1D", "2024-10-26T02:30:00+02:00", "Europe/Berlin", "2024-10-27T02:30:00+02:00"},
		{"P0D", "2024-10-27T02:30:00+01:00", "Europe/Berlin", "2024-10-27T02:30:00+01:00"},
		// The zone decides which day it is.
		{"P1M", "2024-02-01T02:00:00Z", "America/New_York", "2024-02-29T21:00:00-05:00"},
		{"P1D", "2011-12-29T12:00:00-10:00", "Pacific/Apia", "2011-12-31T12:00:00+14:00"},
	}
	for _, test := range tests {
		d, err := ledger.ParseDuration(test.duration)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.After(instant(t, test.from), zone(t, test.zone)).Format(time.RFC3339); got != test.want {
			t.Errorf("%s after %s in %s is %s, want %s", test.duration, test.from, test.zone, got, test.want)
		}
	}
}

var zones = []string{
	"UTC", "America/New_York", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Africa/Cairo", "Asia/Kathmandu",
	"Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "Africa/Casablanca", "Asia/Beirut", "America/Asuncion", "Asia/Tehran",
}

// In every zone: the day an instant falls in contains it; a duration that is no
// time moves nothing; a longer one never goes back, lands on the day the calendar
// says and on the time the clock showed, or later where that was skipped.
func TestZones(t *testing.T) {
	locations := make([]*time.Location, len(zones))
	for i, name := range zones {
		locations[i] = zone(t, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		loc := rapid.SampledFrom(locations).Draw(t, "zone")
		// From 2000, so that no zone's one-off change of standard before then matters.
		at := time.Unix(rapid.Int64Range(946_684_800, 4_000_000_000).Draw(t, "instant"), 0)
		day := ledger.DateOf(at, loc)
		if start := day.Start(loc); start.After(at) || ledger.LastDateBefore(start, loc) >= day {
			t.Fatalf("%s begins at %s in %s", day, start, loc)
		}
		if next := (day + 1).Start(loc); !next.After(at) {
			t.Fatalf("%s begins at %s in %s, yet %s is the day before", day+1, next, loc, at)
		}

		d := ledger.Duration{Months: rapid.IntRange(0, 24).Draw(t, "months"), Days: rapid.IntRange(0, 60).Draw(t, "days")}
		got := d.After(at, loc)
		if d.IsZero() && !got.Equal(at) {
			t.Fatalf("no time after %s is %s", at, got)
		}
		if got.Before(at) {
			t.Fatalf("%s after %s is %s", d, at, got)
		}
		local := at.In(loc)
		late := got.Sub(time.Date(got.Year(), got.Month(), got.Day(), local.Hour(), local.Minute(), local.Second(), 0, loc))
		landed := ledger.DateOf(got, loc)
		if want := d.AfterDate(day); landed != want && want.Start(loc).Before(landed.Start(loc)) && loc.String() != "Pacific/Apia" {
			t.Fatalf("%s after %s is %s, want the day %s", d, at.In(loc), got, want)
		}
		if late < -2*time.Hour || late > 2*time.Hour {
			t.Fatalf("%s after %s is %s", d, at.In(loc), got)
		}
	})
}

func TestParseDuration(t *testing.T) {
	tests := []struct {
		text         string
		months, days int
		written      string
	}{
		{"P12M", 12, 0, "P12M"},
		{"P1Y", 12, 0, "P12M"},
		{"P1Y2M", 14, 0, "P14M"},
		{"P90D", 0, 90, "P90D"},
		{"P2W", 0, 14, "P14D"},
		{"P1M2W3D", 1, 17, "P1M17D"},
		{"P0D", 0, 0, "P0D"},
		{"P100Y", 1200, 0, "P1200M"},
	}
	for _, test := range tests {
		got, err := ledger.ParseDuration(test.text)
		if err != nil || got.Months != test.months || got.Days != test.days || got.String() != test.written {
			t.Errorf("ParseDuration(%q) = %+v, %v", test.text, got, err)
		}
	}
	for _, bad := range []string{"", "P", "12M", "P12", "PM", "P-1M", "P1D1M", "P1M1M", "PT24H", "P1DT1H", "P1.5M", "p1m", "P1X", "P101Y", "P1201M", "P99999D", "P999999999999D", " P1M", "P1M "} {
		if got, err := ledger.ParseDuration(bad); err == nil {
			t.Errorf("ParseDuration(%q) = %s, want an error", bad, got)
		}
	}
}

func TestDurationTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := ledger.Duration{Months: rapid.IntRange(0, 1200).Draw(t, "months"), Days: rapid.IntRange(0, 37_200).Draw(t, "days")}
		text, err := want.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got ledger.Duration
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Fatalf("%+v was written %s and read %+v, %v", want, text, got, err)
		}
	})
}

// FuzzParseDuration: nothing makes it panic, what it takes is within bounds and
// reads back as itself.
func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"P1Y2M3W4D", "P0D", "P", "PT1H", "P99999D", "P1D1M", "P\x80D"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ledger.ParseDuration(text)
		if err != nil {
			return
		}
		if d.Months < 0 || d.Months > 1200 || d.Days < 0 || d.Days > 37_200 {
			t.Fatalf("ParseDuration(%q) = %+v", text, d)
		}
		if again, err := ledger.ParseDuration(d.String()); err != nil || again != d {
			t.Fatalf("%q is %s, which reads %+v, %v", text, d, again, err)
		}
	})
}

// TestParseDateIsThatOfTheLibrary holds our own reading against that of the time package.
func TestParseDateIsThatOfTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.StringMatching(`[0-9]{4}-[0-9]{2}-[0-9]{2}`),
			rapid.StringMatching(`(0000|0001|1900|2000|2023|2024|9999)-(00|01|02|04|12|13)-(00|01|28|29|30|31|32)`),
			rapid.StringMatching(`[-+ 0-9:T]{8,12}`),
		).Draw(t, "text")
		want, err := time.Parse(time.DateOnly, text)
		valid := err == nil && want.Year() >= 1
		got, err := ledger.ParseDate(text)
		if (err == nil) != valid || valid && got != ledger.DateOf(want, time.UTC) {
			t.Fatalf("ParseDate(%q) is %v, %v; the time package says %v", text, got, err, want)
		}
	})
}
