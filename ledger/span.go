package ledger

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Span is a length of time by the clock, in whole seconds: PT1H, PT90M, P2DT12H. A day is
// 24 hours. [Duration] goes by the calendar.
type Span time.Duration

var spanForm = regexp.MustCompile(`^P(?:(\d{1,3})D)?(T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$`)

// ParseSpan reads an ISO 8601 duration in days, hours, minutes and seconds. Years, months
// and weeks are refused, for the first two have no length.
func ParseSpan(text string) (Span, error) {
	parts := spanForm.FindStringSubmatch(text)
	if parts == nil || text == "P" || parts[2] == "T" {
		return 0, fmt.Errorf("%q is not a length of time such as PT1H, PT90M or P2DT12H", text)
	}
	var span time.Duration
	for i, unit := range map[int]time.Duration{1: 24 * time.Hour, 3: time.Hour, 4: time.Minute, 5: time.Second} {
		n, _ := strconv.Atoi("0" + parts[i])
		span += time.Duration(n) * unit
	}
	return Span(span), nil
}

// String returns the span in ISO 8601, in seconds: "PT3600S".
func (s Span) String() string {
	return "PT" + strconv.FormatInt(int64(time.Duration(s)/time.Second), 10) + "S"
}

// MarshalText writes what String returns.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Span) UnmarshalText(text []byte) error {
	parsed, err := ParseSpan(string(text))
	*s = parsed
	return err
}
