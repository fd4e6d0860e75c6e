package scalar

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// Error says why a scalar could not be read and what would be right. It is about the
// caller's value, and can be shown.
type Error struct{ message string }

func (e *Error) Error() string { return e.message }

func refuse(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// MarshalDecimal writes plain notation without trailing zeros: "0.1".
func MarshalDecimal(d decimal.Decimal) graphql.Marshaler { return quoted(d.String()) }

// UnmarshalDecimal reads plain notation: "19.99".
func UnmarshalDecimal(given any) (decimal.Decimal, error) {
	text, err := stringOf(given, `a decimal number in a string such as "19.99"`)
	if err != nil {
		return decimal.Decimal{}, err
	}
	d, err := ledger.ParseDecimal(text)
	if err != nil {
		return decimal.Decimal{}, refuse(`%s is not a decimal number such as "19.99" (plain notation, at most 40 characters)`, shown(text))
	}
	return d, nil
}

// MarshalDecimalText writes a decimal that is in plain notation already: "5.00".
func MarshalDecimalText(text string) graphql.Marshaler { return quoted(text) }

// UnmarshalDecimalText reads what UnmarshalDecimal reads, and keeps its notation.
func UnmarshalDecimalText(given any) (string, error) {
	d, err := UnmarshalDecimal(given)
	return d.String(), err
}

// MarshalCredits writes "2500" or "4.808".
func MarshalCredits(c revrec.Credits) graphql.Marshaler { return quoted(c.String()) }

// UnmarshalCredits reads at most six decimals and a billion credits.
func UnmarshalCredits(given any) (revrec.Credits, error) {
	text, err := stringOf(given, `a count of credits in a string such as "2500" or "4.808"`)
	if err != nil {
		return 0, err
	}
	c, err := revrec.ParseCredits(text)
	switch {
	case errors.Is(err, revrec.ErrTooManyCreditPlaces):
		return 0, refuse(`%s has more than six decimals: credits are counted in millionths, such as "4.808"`, shown(text))
	case errors.Is(err, revrec.ErrTooManyCredits):
		return 0, refuse("%s is more than 1,000,000,000 credits", shown(text))
	case err != nil:
		return 0, refuse(`%s is not a count of credits such as "2500" or "4.808"`, shown(text))
	}
	return c, nil
}

// MarshalCurrency writes the code; null for no currency.
func MarshalCurrency(c ledger.Currency) graphql.Marshaler { return quotedOrNull(string(c)) }

// UnmarshalCurrency reads the code of a currency in use.
func UnmarshalCurrency(given any) (ledger.Currency, error) {
	text, err := stringOf(given, `an ISO 4217 currency code such as "USD"`)
	if err != nil {
		return "", err
	}
	c, err := ledger.ParseCurrency(text)
	if err != nil {
		return "", refuse("%v", err)
	}
	return c, nil
}

// MarshalString writes text.
func MarshalString(text string) graphql.Marshaler { return escaped(text) }

// UnmarshalString reads text. A number is none: 0010 and 1e3 are names to somebody.
func UnmarshalString(given any) (string, error) {
	text, ok := given.(string)
	if !ok {
		return "", refuse(`%s is not text: write it as a string such as "acme"`, clipped(fmt.Sprint(given)))
	}
	if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
		return "", refuse("%s holds U+0000, or half a character, which no name and no text has", shown(text))
	}
	return text, nil
}

// MarshalDate writes "2024-03-31"; null for no day.
func MarshalDate(d ledger.Date) graphql.Marshaler { return quotedOrNull(d.String()) }

// UnmarshalDate reads "2024-03-31", not before 1900.
func UnmarshalDate(given any) (ledger.Date, error) {
	const right = `a date such as "2024-03-31"`
	text, err := stringOf(given, right)
	if err != nil {
		return 0, err
	}
	d, err := ledger.ParseDate(text)
	if err != nil || d < ledger.NewDate(earliestYear, 1, 1) {
		return 0, refuse("%s is not %s, 1900 to 9999", shown(text), right)
	}
	return d, nil
}

// MarshalPeriod writes "2024-03"; null for none.
func MarshalPeriod(p ledger.Period) graphql.Marshaler { return quotedOrNull(p.String()) }

// UnmarshalPeriod reads "2024-03", not before 1900.
func UnmarshalPeriod(given any) (ledger.Period, error) {
	const right = `a month such as "2024-03"`
	text, err := stringOf(given, right)
	if err != nil {
		return 0, err
	}
	p, err := ledger.ParsePeriod(text)
	if err != nil || p.First() < ledger.NewDate(earliestYear, 1, 1) {
		return 0, refuse("%s is not %s, 1900 to 9999", shown(text), right)
	}
	return p, nil
}

// MarshalDuration writes "P12M".
func MarshalDuration(d ledger.Duration) graphql.Marshaler { return quoted(d.String()) }

// UnmarshalDuration reads years, months, weeks and days: "P1Y6M".
func UnmarshalDuration(given any) (ledger.Duration, error) {
	const right = `a duration such as "P12M" or "P90D"`
	text, err := stringOf(given, right)
	if err != nil {
		return ledger.Duration{}, err
	}
	d, err := ledger.ParseDuration(text)
	if err != nil {
		return ledger.Duration{}, refuse("%s is not %s: years, months, weeks and days, at most a hundred years", shown(text), right)
	}
	return d, nil
}

// MarshalSpan writes "PT3600S".
func MarshalSpan(s ledger.Span) graphql.Marshaler { return quoted(s.String()) }

// UnmarshalSpan reads days, hours, minutes and seconds: "P2DT12H".
func UnmarshalSpan(given any) (ledger.Span, error) {
	const right = `a length of time such as "PT1H" or "P2DT12H"`
	text, err := stringOf(given, right)
	if err != nil {
		return 0, err
	}
	s, err := ledger.ParseSpan(text)
	if err != nil {
		return 0, refuse("%s is not %s: days, hours, minutes and seconds", shown(text), right)
	}
	return s, nil
}

// MarshalDateTime writes RFC 3339 in UTC, to the microsecond that a book keeps; null
// for the zero time.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	if t.IsZero() {
		return graphql.Null
	}
	return quoted(t.UTC().Format("2006-01-02T15:04:05.999999Z07:00"))
}

// UnmarshalDateTime reads RFC 3339 with an offset, 1900 to 9999.
func UnmarshalDateTime(given any) (time.Time, error) {
	const right = `an instant such as "2024-03-31T12:00:00Z"`
	text, err := stringOf(given, right)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.UTC().Year() < earliestYear || t.UTC().Year() > latestYear {
		return time.Time{}, refuse("%s is not %s: RFC 3339 with an offset, 1900 to 9999", shown(text), right)
	}
	return t.UTC(), nil
}

// Earlier and later years are slips of the pen, and the year 1 is what no time at all
// looks like.
const (
	earliestYear = 1900
	latestYear   = 9999
)

// longestText bounds what any scalar looks at: the longest, a DateTime with
// nanoseconds and an offset, has 35 characters.
const longestText = 64

// stringOf returns the string that a scalar was given. right says what it should be.
func stringOf(given any, right string) (string, error) {
	switch given := given.(type) {
	case string:
		if len(given) > longestText {
			return "", refuse("%s is not %s", shown(given), right)
		}
		return given, nil
	case json.Number, float64, float32, int, int32, int64:
		return "", refuse("%s is a number: write %s", clipped(fmt.Sprint(given)), right)
	case bool:
		return "", refuse("%t is not %s", given, right)
	case nil:
		return "", refuse("null is not %s", right)
	}
	return "", refuse("a list or object is not %s", right)
}

// shown quotes what was given, clipped: an error repeats no more of a request than
// helps to find the place.
func shown(given string) string { return strconv.Quote(clipped(given)) }

func clipped(given string) string {
	const most = 40
	if len(given) > most {
		return strings.ToValidUTF8(given[:most], "") + "…"
	}
	return given
}

func quotedOrNull(text string) graphql.Marshaler {
	if text == "" {
		return graphql.Null
	}
	return quoted(text)
}

// quoted is text that needs no escapes: digits, letters and signs.
type quoted string

// MarshalGQL writes the text.
func (q quoted) MarshalGQL(w io.Writer) {
	_, _ = io.WriteString(w, `"`)
	_, _ = io.WriteString(w, string(q))
	_, _ = io.WriteString(w, `"`)
}

// escaped is text that may need them.
func escaped(text string) graphql.Marshaler {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return graphql.MarshalString(text)
		}
	}
	return quoted(text)
}
