package intake

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// TimeFormat is how times are written in a file.
type TimeFormat string

// The formats of times.
const (
	TimeText       TimeFormat = "text"   // RFC 3339, or 2006-01-02 15:04:05.999999 in the book's zone
	TimeUnix       TimeFormat = "unix"   // seconds since 1970, decimals allowed
	TimeUnixMillis TimeFormat = "unixms" // milliseconds since 1970
)

// TimeFormats lists the formats of times.
func TimeFormats() []TimeFormat { return []TimeFormat{TimeText, TimeUnix, TimeUnixMillis} }

// textLayouts are tried in turn; each also takes a fraction of a second. Those without
// an offset are in the book's zone.
var textLayouts = []string{
	time.RFC3339,
	"2006-01-02 15:04:05",
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05 Z07:00",
	time.DateOnly,
}

// maxTimeText is longer than any time in these formats.
const maxTimeText = 60

// instant reads a time. Field and where are for the refusal.
func (o Options) instant(where, text string) (time.Time, *books.Error) {
	bad := func(right string) *books.Error {
		return refuse(fieldOccurredAt, "must be %s, not %q%s", right, shown(text), where)
	}
	text = strings.TrimSpace(text)
	if text == "" && o.TimeOptional {
		return time.Time{}, nil
	}
	if text == "" {
		return time.Time{}, refuse(fieldOccurredAt, "must say when it was used%s", where)
	}
	switch o.Time {
	case TimeUnix:
		if t, ok := unixInstant(text, 6); ok {
			return t, nil
		}
		return time.Time{}, bad("seconds since 1970 such as 1735689600.25")
	case TimeUnixMillis:
		if t, ok := unixInstant(text, 3); ok {
			return t, nil
		}
		return time.Time{}, bad("milliseconds since 1970 such as 1735689600250")
	default:
	}
	if len(text) <= maxTimeText {
		for _, layout := range textLayouts {
			if t, err := time.ParseInLocation(layout, text, o.Zone); err == nil {
				return t.UTC(), nil
			}
		}
	}
	return time.Time{}, bad("a time such as 2025-01-31T15:04:05Z, or 2025-01-31 15:04:05.25 in the book's zone")
}

// lastUnixMicro is the end of the year 9999.
const lastUnixMicro = 253_402_300_799_999_999

// unixInstant reads a count of units since 1970; places more decimals make microseconds,
// finer than that is cut.
func unixInstant(text string, places int32) (t time.Time, ok bool) {
	d, err := ledger.ParseDecimal(text)
	if err != nil {
		return time.Time{}, false
	}
	micros, err := ledger.ScaledInt(d.Shift(places).Truncate(0), 0, lastUnixMicro)
	if err != nil || micros < 0 {
		return time.Time{}, false
	}
	return time.UnixMicro(micros).UTC(), true
}

// number reads a quantity or credits in plain decimal notation.
func number(field, where, text string) (*decimal.Decimal, *books.Error) {
	d, err := ledger.ParseDecimal(strings.TrimSpace(text))
	if err != nil {
		return nil, refuse(field, "must be a plain decimal number such as 4808 or 0.5, not %q%s", shown(text), where)
	}
	return &d, nil
}

// inColumn says where in a CSV file a value stands.
func inColumn(column string) string { return fmt.Sprintf(" in column %q", shown(column)) }
