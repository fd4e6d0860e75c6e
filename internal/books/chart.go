package books

import (
	"fmt"

	"drawdown/ledger"
	"drawdown/revrec"
)

// The bounds of a chart.
const (
	// MaxBuckets is a year of days, or of weeks for seven years: as many points as a wide
	// screen shows.
	MaxBuckets = 400
	// MaxChartDays bounds the span of days that are added up for a chart: ten years and
	// leap days.
	MaxChartDays = 3660
	// MaxTop is how many groups a chart tells apart: beyond some tens no colour does.
	MaxTop = 50
	// MaxMeterDays bounds the span of use by meter, which is read event by event.
	MaxMeterDays = 31
)

// Interval is how long a bucket of a chart is.
type Interval string

// The intervals.
const (
	Daily   Interval = "DAY"
	Weekly  Interval = "WEEK" // from Monday, as in ISO 8601
	Monthly Interval = "MONTH"
)

// Bucket is a step of a chart: its days, both included.
type Bucket struct {
	From, To ledger.Date
}

// Dimension is what a chart tells apart. Each chart knows some of them.
type Dimension string

// The dimensions.
const (
	ByCustomer Dimension = "CUSTOMER" // key: the id
	ByPolicy   Dimension = "POLICY"   // key: the id
	ByPack     Dimension = "PACK"     // key: the id; "" for a custom deal
	ByMeter    Dimension = "METER"    // key: the id; "" for use in credits
	ByLotKind  Dimension = "LOT_KIND"
	ByKind     Dimension = "KIND" // of the entry
	// ByEventDimension tells use apart by the value that events have of ChartFilter.Key; key:
	// the value, "" for none.
	ByEventDimension Dimension = "DIMENSION"
)

// ChartFilter asks for a chart. Zero fields do not narrow.
type ChartFilter struct {
	From, To             ledger.Date // both included
	Interval             Interval
	By                   Dimension // "" tells nothing apart
	Top                  int       // how many groups to tell apart
	CustomerID, PolicyID string
	PolicyCode           string         // for revenue
	Key                  string         // by what ByEventDimension tells apart
	Dimension            EventDimension // keeps use by events that have it, where its Key is not ""
	Currency             ledger.Currency
}

// ChartRow is what a group adds up to on a day of a chart, or in a month where the
// interval is one.
type ChartRow struct {
	Day    ledger.Date // the day; the first of the month
	Group  ChartGroup
	Values ChartValues
}

// ChartGroup is a group of a chart, in one currency.
type ChartGroup struct {
	Key      string
	Others   bool            // all groups beyond the top, together
	Currency ledger.Currency // "" where credits are counted
}

// ChartValues are what a chart adds up, as far as it does.
type ChartValues struct {
	Count             int64
	Credits           revrec.Credits
	Minor, Functional int64
	// Debits and Credited are the sides of an account.
	Debits, Credited                     int64
	FunctionalDebits, FunctionalCredited int64
}

// Buckets cuts days into intervals; the first and the last are cut to the days.
// Errors: INVALID, TOO_LARGE.
func Buckets(from, to ledger.Date, interval Interval) ([]Bucket, error) {
	switch {
	case to < from:
		return nil, &Error{Code: Invalid, Field: "to", Message: fmt.Sprintf("must not be before from (%s), but is %s", from, to)}
	case int(to-from) >= MaxChartDays:
		return nil, &Error{Code: TooLarge, Field: "to", Message: fmt.Sprintf("must be within %d days of from, but is %d after it: ask for shorter spans", MaxChartDays, to-from)}
	}
	var buckets []Bucket
	for day := from; day <= to; {
		if len(buckets) == MaxBuckets {
			return nil, &Error{Code: TooLarge, Field: "interval", Message: fmt.Sprintf("makes more than %d buckets of %s to %s: take a longer interval or a shorter span", MaxBuckets, from, to)}
		}
		last := min(interval.last(day), to)
		buckets = append(buckets, Bucket{day, last})
		day = last + 1
	}
	return buckets, nil
}

// last is the last day of the interval in which the day lies.
func (i Interval) last(day ledger.Date) ledger.Date {
	switch i {
	case Weekly:
		return day + ledger.Date(6-weekday(day))
	case Monthly:
		return day.MonthEnd()
	case Daily:
	}
	return day
}

// weekday counts from Monday, 0.
func weekday(day ledger.Date) int {
	aMonday := ledger.NewDate(2024, 1, 1)
	return int((day-aMonday)%7+7) % 7
}

// BucketOf returns which of the buckets a day lies in; the first of a month that begins
// before them lies in the first one.
func BucketOf(buckets []Bucket, day ledger.Date) int {
	low, high := 0, len(buckets)-1
	for low < high {
		middle := (low + high) / 2
		if day > buckets[middle].To {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}
