package scenario

import (
	"fmt"
	"strings"
	"time"

	"drawdown/ledger"
)

// Instants are written with an offset or in the zone of the book, with seconds and
// their fractions or without.
var (
	withOffset    = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00"}
	withoutOffset = []string{"2006-01-02T15:04:05", "2006-01-02T15:04"}
)

// parseInstant reads a date, which is the first instant of that day in the zone, or an
// instant, in the zone unless it has an offset. A time that the zone's clock shows
// twice is the first of the two; one that it skips is refused.
func parseInstant(text string, zone *time.Location) (time.Time, error) {
	bad := fmt.Errorf("%s is not a date or an instant such as 2024-03-31, 2024-03-31T12:00:00 or 2024-03-31T12:00:00+02:00", quote(text))
	if !strings.Contains(text, "T") {
		day, err := ledger.ParseDate(text)
		if err != nil {
			return time.Time{}, bad
		}
		return day.Start(zone), nil
	}
	for _, layout := range withOffset {
		if instant, err := time.Parse(layout, text); err == nil {
			return checkInstant(instant.In(zone), bad)
		}
	}
	for _, layout := range withoutOffset {
		wall, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		instant, shown := onTheClock(wall, zone)
		if !shown {
			return time.Time{}, fmt.Errorf("%s does not exist in %s: the clock is put forward past it; write another time or an offset", quote(text), zone)
		}
		return checkInstant(instant, bad)
	}
	return time.Time{}, bad
}

func checkInstant(instant time.Time, bad error) (time.Time, error) {
	if y := instant.UTC().Year(); y < 1 || y > 9999 || instant.Year() < 1 {
		return time.Time{}, bad
	}
	if instant.Nanosecond()%1000 != 0 {
		return time.Time{}, fmt.Errorf("%s: a book keeps microseconds, nothing finer", instant.Format(time.RFC3339Nano))
	}
	return instant, nil
}

// onTheClock returns the first instant at which a clock in the zone shows the time of
// wall, and whether there is one.
func onTheClock(wall time.Time, zone *time.Location) (time.Time, bool) {
	_, offsetBefore := wall.AddDate(0, 0, -1).In(zone).Zone()
	_, offsetAfter := wall.AddDate(0, 0, 1).In(zone).Zone()
	for _, offset := range []int{max(offsetBefore, offsetAfter), min(offsetBefore, offsetAfter)} {
		instant := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if instant.Format(time.DateTime) == wall.Format(time.DateTime) {
			return instant, true
		}
	}
	return time.Time{}, false
}
