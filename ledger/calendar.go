package ledger

import (
	"fmt"
	"sort"
	"strconv"
	"time"
)

// Date is a calendar day in the book's time zone, counted so that 1 is 0001-01-01
// in the proleptic Gregorian calendar. The zero Date is no day. Dates compare and
// subtract as numbers: d + 1 is the next day.
type Date int32

const unixEpochDate = 719163 // 1970-01-01

// NewDate returns the day; months and days out of range carry over as in time.Date.
func NewDate(year int, month time.Month, day int) Date {
	seconds := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()
	return Date(floorDiv(seconds, 86400) + unixEpochDate)
}

// DateOf returns the day on which the instant falls in the zone.
func DateOf(instant time.Time, zone *time.Location) Date {
	y, m, d := instant.In(zone).Date()
	return NewDate(y, m, d)
}

// LastDateBefore returns the last day of which any part lies before the instant:
// the last day on which a credit that lapses at that instant can be used.
func LastDateBefore(instant time.Time, zone *time.Location) Date {
	return DateOf(instant.Add(-time.Nanosecond), zone)
}

// ParseDate reads "2024-03-31".
func ParseDate(text string) (Date, error) {
	// By hand: a journal of a million lines has two million dates.
	if len(text) == len("2024-03-31") && text[4] == '-' && text[7] == '-' {
		year, okYear := digits(text[:4])
		month, okMonth := digits(text[5:7])
		day, okDay := digits(text[8:])
		if okYear && okMonth && okDay && year >= 1 {
			d := NewDate(year, time.Month(month), day)
			if y, m, back := d.civil(); y == year && int(m) == month && back == day {
				return d, nil
			}
		}
	}
	return 0, fmt.Errorf("%q is not a date such as 2024-03-31", text)
}

// digits reads a number of digits alone.
func digits(text string) (n int, ok bool) {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = 10*n + int(text[i]-'0')
	}
	return n, true
}

// Start returns the first instant of the day in the zone. That is not always
// midnight: where the clock is put forward at midnight the day begins at 01:00.
// A day that a zone left out (Apia, 2011-12-30) begins with the next one.
func (d Date) Start(zone *time.Location) time.Time {
	y, m, day := d.civil()
	midnight := time.Date(y, m, day, 0, 0, 0, 0, zone)
	if DateOf(midnight, zone) == d && LastDateBefore(midnight, zone) < d {
		return midnight
	}
	// No zone is a day away from UTC, so the first instant is within a day of it.
	const twoDays = 48 * 60 * 60
	earliest := time.Date(y, m, day-1, 0, 0, 0, 0, time.UTC)
	second := sort.Search(twoDays, func(n int) bool {
		return DateOf(earliest.Add(time.Duration(n)*time.Second), zone) >= d
	})
	return earliest.Add(time.Duration(second) * time.Second).In(zone)
}

// AddMonths keeps the day of the month, or takes the month's last day where there
// is none: 2023-12-31 + 2 months is 2024-02-29.
func (d Date) AddMonths(months int) Date {
	y, m, day := d.civil()
	first := NewDate(y, m+time.Month(months), 1)
	fy, fm, _ := first.civil()
	last := NewDate(fy, fm+1, 1) - 1
	return min(first+Date(day-1), last)
}

// MonthEnd returns the last day of the date's month.
func (d Date) MonthEnd() Date { return d.Period().Last() }

// Period returns the month in which the day lies.
func (d Date) Period() Period {
	y, m, _ := d.civil()
	return Period(y*12 + int(m) - 1)
}

// String returns "2024-03-31", or "" for the zero Date.
func (d Date) String() string {
	return string(d.Append(make([]byte, 0, len("2006-01-02"))))
}

// Append appends the date as String writes it.
func (d Date) Append(b []byte) []byte {
	if d == 0 {
		return b
	}
	y, month, day := d.civil()
	m := int(month)
	return append(b, byte('0'+y/1000%10), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+m/10), byte('0'+m%10), '-', byte('0'+day/10), byte('0'+day%10))
}

// MarshalText writes the date as String does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = 0
		return nil
	}
	parsed, err := ParseDate(string(text))
	*d = parsed
	return err
}

func (d Date) civil() (int, time.Month, int) {
	return time.Unix((int64(d)-unixEpochDate)*86400, 0).UTC().Date()
}

// Period is a calendar month in the book's time zone. The zero Period is none.
// Periods compare as numbers: p + 1 is the next month.
type Period int32

// ParsePeriod reads "2024-03".
func ParsePeriod(text string) (Period, error) {
	t, err := time.Parse("2006-01", text)
	if err != nil || t.Year() < 1 {
		return 0, fmt.Errorf("%q is not a period such as 2024-03", text)
	}
	return DateOf(t, time.UTC).Period(), nil
}

// First returns the first day of the month.
func (p Period) First() Date { return NewDate(int(p)/12, time.Month(int(p)%12+1), 1) }

// Last returns the last day of the month.
func (p Period) Last() Date { return (p + 1).First() - 1 }

// String returns "2024-03", or "" for the zero Period.
func (p Period) String() string {
	if p == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d", int(p)/12, int(p)%12+1)
}

// AccountingDate returns the day under which something that happened on day is
// booked: that day while its period is open, otherwise the first day of the oldest
// open period. closedThrough is the last closed period, zero where none is.
func AccountingDate(day Date, closedThrough Period) Date {
	if closedThrough != 0 && day.Period() <= closedThrough {
		return (closedThrough + 1).First()
	}
	return day
}

// Duration is an ISO 8601 duration of calendar units: P1Y2M, P12M, P90D, P2W.
// The zero Duration is no time at all.
type Duration struct {
	Months, Days int
}

// maxDurationMonths is a hundred years: what lapses later never lapses.
const maxDurationMonths = 1200

// ParseDuration reads a duration in years, months, weeks and days. Hours are
// refused: credits begin and lapse by the calendar.
func ParseDuration(text string) (Duration, error) {
	bad := fmt.Errorf("%q is not a duration such as P12M or P90D, of at most 100 years", text)
	if len(text) < 3 || text[0] != 'P' {
		return Duration{}, bad
	}
	var d Duration
	units, rest := "YMWD", text[1:]
	for rest != "" {
		digits := 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		if digits == 0 || digits > 5 || digits == len(rest) {
			return Duration{}, bad
		}
		n, _ := strconv.Atoi(rest[:digits])
		unit := rest[digits]
		rest = rest[digits+1:]
		at := indexByte(units, unit)
		if at < 0 {
			return Duration{}, bad
		}
		units = units[at+1:] // each unit once, largest first
		switch unit {
		case 'Y':
			d.Months += 12 * n
		case 'M':
			d.Months += n
		case 'W':
			d.Days += 7 * n
		case 'D':
			d.Days += n
		}
	}
	if d.Months > maxDurationMonths || d.Days > maxDurationMonths*31 {
		return Duration{}, bad
	}
	return d, nil
}

// After returns the instant the duration later by the calendar of the zone: months
// first, keeping the day or taking the month's last one, then days. The time of
// day stays as it is on the clock. Where the clock shows that time twice it is the
// first; where the clock skips it, it is later by what the clock skips, so that
// nobody's credits lapse early.
func (d Duration) After(instant time.Time, zone *time.Location) time.Time {
	local := instant.In(zone)
	if d.IsZero() {
		return local
	}
	y, m, day := d.AfterDate(DateOf(local, zone)).civil()
	wall := time.Date(y, m, day, local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), time.UTC)

	// time.Date alone leaves open which instant it takes around a change of offset.
	_, offsetBefore := wall.AddDate(0, 0, -1).In(zone).Zone()
	_, offsetAfter := wall.AddDate(0, 0, 1).In(zone).Zone()
	before := wall.Add(-time.Duration(offsetBefore) * time.Second).In(zone)
	after := wall.Add(-time.Duration(offsetAfter) * time.Second).In(zone)
	if !showsClock(before, wall) && showsClock(after, wall) {
		return after
	}
	return before
}

// showsClock reports whether a clock in the instant's zone shows the time of wall.
func showsClock(instant, wall time.Time) bool {
	return instant.Format(time.DateTime) == wall.Format(time.DateTime)
}

// AfterDate returns the day the duration later.
func (d Duration) AfterDate(day Date) Date { return day.AddMonths(d.Months) + Date(d.Days) }

// IsZero reports whether the duration is no time at all.
func (d Duration) IsZero() bool { return d == Duration{} }

// String returns the duration in ISO 8601: "P12M", "P90D", "P1M15D", "P0D".
func (d Duration) String() string {
	if d.IsZero() {
		return "P0D"
	}
	text := "P"
	if d.Months != 0 {
		text += strconv.Itoa(d.Months) + "M"
	}
	if d.Days != 0 {
		text += strconv.Itoa(d.Days) + "D"
	}
	return text
}

// MarshalText writes the duration as String does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := ParseDuration(string(text))
	*d = parsed
	return err
}

func indexByte(s string, b byte) int {
	for i := range len(s) {
		if s[i] == b {
			return i
		}
	}
	return -1
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
