package scalar_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"drawdown/graph/scalar"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func written(m graphql.Marshaler) string {
	var b strings.Builder
	m.MarshalGQL(&b)
	return b.String()
}

// reads are the scalars as functions of what was given to what is written back.
var reads = map[string]func(any) (string, error){
	"Decimal": func(v any) (string, error) {
		d, err := scalar.UnmarshalDecimal(v)
		return written(scalar.MarshalDecimal(d)), err
	},
	"Text": func(v any) (string, error) {
		s, err := scalar.UnmarshalDecimalText(v)
		return written(scalar.MarshalDecimalText(s)), err
	},
	"Credits": func(v any) (string, error) {
		c, err := scalar.UnmarshalCredits(v)
		return written(scalar.MarshalCredits(c)), err
	},
	"Currency": func(v any) (string, error) {
		c, err := scalar.UnmarshalCurrency(v)
		return written(scalar.MarshalCurrency(c)), err
	},
	"Date": func(v any) (string, error) {
		d, err := scalar.UnmarshalDate(v)
		return written(scalar.MarshalDate(d)), err
	},
	"DateTime": func(v any) (string, error) {
		d, err := scalar.UnmarshalDateTime(v)
		return written(scalar.MarshalDateTime(d)), err
	},
	"Period": func(v any) (string, error) {
		p, err := scalar.UnmarshalPeriod(v)
		return written(scalar.MarshalPeriod(p)), err
	},
	"Duration": func(v any) (string, error) {
		d, err := scalar.UnmarshalDuration(v)
		return written(scalar.MarshalDuration(d)), err
	},
}

// What each scalar reads, and how it writes it.
func TestScalarsRead(t *testing.T) {
	tests := []struct{ scalar, given, want string }{
		{"Decimal", "19.99", `"19.99"`},
		{"Decimal", "-0.50", `"-0.5"`},
		{"Decimal", "0.0000000001", `"0.0000000001"`},
		{"Credits", "2500", `"2500"`},
		{"Credits", "4.808", `"4.808"`},
		{"Credits", "0.000001", `"0.000001"`},
		{"Credits", "1000000000", `"1000000000"`},
		{"Currency", "JPY", `"JPY"`},
		{"Date", "2024-02-29", `"2024-02-29"`},
		{"DateTime", "2024-03-31T12:00:00+02:00", `"2024-03-31T10:00:00Z"`},
		{"DateTime", "2024-03-31T12:00:00.1234567Z", `"2024-03-31T12:00:00.123456Z"`},
		{"Period", "2024-03", `"2024-03"`},
		{"Duration", "P1Y6M", `"P18M"`},
		{"Duration", "P2W", `"P14D"`},
	}
	for _, test := range tests {
		got, err := reads[test.scalar](test.given)
		if err != nil || got != test.want {
			t.Errorf("%s %q: %s, %v, not %s", test.scalar, test.given, got, err, test.want)
		}
	}
}

// What each scalar refuses, with what it says would be right.
func TestScalarsRefuse(t *testing.T) {
	long := strings.Repeat("9", 1<<16)
	tests := []struct {
		scalar string
		given  any
		says   string
	}{
		{"Decimal", json.Number("19.99"), `19.99 is a number: write a decimal number in a string`},
		{"Decimal", 19.99, "is a number"},
		{"Decimal", int64(5), "is a number"},
		{"Decimal", "", "is not a decimal number"},
		{"Decimal", "1e-9999", "plain notation"},
		{"Decimal", "١٢", "plain notation"},
		{"Decimal", ".000000000000000000000000000000000000001", "plain notation"}, // which is written with 41
		{"Decimal", "1,000", "plain notation"},
		{"Decimal", "NaN", "plain notation"},
		{"Decimal", long, `"9999999999999999999999999999999999999999…" is not`},
		{"Decimal", true, "true is not"},
		{"Decimal", nil, "null is not"},
		{"Decimal", []any{"1"}, "a list or object is not"},
		{"Credits", "1.0000001", "more than six decimals"},
		{"Credits", "1000000000.000001", "more than 1,000,000,000"},
		{"Credits", json.Number("5"), "is a number"},
		{"Currency", "usd", "such as USD"},
		{"Currency", "XXX", "such as USD"},
		{"Date", "2024-02-30", "a date such as"},
		{"Date", "0001-01-01", "1900 to 9999"},
		{"DateTime", "0001-01-01T00:00:00Z", "1900 to 9999"},
		{"DateTime", "2024-01-01", "an instant such as"},
		{"DateTime", "2024-01-01T00:00:00", "with an offset"},
		{"Period", "2024-13", "a month such as"},
		{"Period", "2024-3", "a month such as"},
		{"Duration", "PT5H", "years, months, weeks and days"},
		{"Duration", "-P1M", "a duration such as"},
	}
	for _, test := range tests {
		got, err := reads[test.scalar](test.given)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s %.40v: %s, %v, not …%s…", test.scalar, test.given, got, err, test.says)
		}
		if err != nil && len(err.Error()) > 200 {
			t.Errorf("%s says too much: %s", test.scalar, err)
		}
	}
}

// Nothing is written as null.
func TestNothingIsNull(t *testing.T) {
	for name, got := range map[string]graphql.Marshaler{
		"Date": scalar.MarshalDate(0), "DateTime": scalar.MarshalDateTime(time.Time{}),
		"Period": scalar.MarshalPeriod(0), "Currency": scalar.MarshalCurrency(""),
	} {
		if written(got) != "null" {
			t.Errorf("%s writes %s", name, written(got))
		}
	}
}

// Whatever is given, a scalar reads it or says in short, valid text why not; what it
// writes is JSON, and reads as the same again.
func FuzzScalars(f *testing.F) {
	for _, seed := range []string{"19.99", "1e9", "-0", "+5", ".", ".000000000000000000000000000000000000001", "2024-03-31", "2024-03", "P12M", "2024-03-31T12:00:00Z", "USD", "\x00", "٣", "9999-12-31T23:59:59-23:59"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		for name, read := range reads {
			got, err := read(given)
			if err != nil {
				if len(err.Error()) > 300 || !utf8.ValidString(err.Error()) {
					t.Errorf("%s: %q", name, err)
				}
				continue
			}
			var text string
			if err := json.Unmarshal([]byte(got), &text); err != nil || len(text) > 64 {
				t.Fatalf("%s writes %s: %v", name, got, err)
			}
			again, err := read(text)
			if err != nil || again != got {
				t.Errorf("%s reads %q as %s, and that as %s, %v", name, given, got, again, err)
			}
		}
	})
}

// Enums say the domain's words, and read them back.
func TestEnums(t *testing.T) {
	role, err := scalar.UnmarshalAccountRole("DEFERRED_REVENUE")
	if err != nil || role != ledger.DeferredRevenue || written(scalar.MarshalAccountRole(role)) != `"DEFERRED_REVENUE"` {
		t.Errorf("%s, %v", role, err)
	}
	job, err := scalar.UnmarshalJobName("RECOGNISE")
	if err != nil || job != books.JobRecognise || written(scalar.MarshalJobName(job)) != `"RECOGNISE"` {
		t.Errorf("%s, %v", job, err)
	}
	class, err := scalar.UnmarshalAccountClass("LIABILITY")
	if err != nil || class != ledger.Liability || written(scalar.MarshalAccountClass(class)) != `"LIABILITY"` {
		t.Errorf("%s, %v", class, err)
	}
	if _, err := scalar.UnmarshalAccountRole(5); err == nil {
		t.Error("a number is no word")
	}
}
