package reports

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// Report is one report of the book.
type Report struct {
	Name       string // in paths and on the command line, such as trial-balance
	Title      string // for people
	About      string // what it answers, in a sentence
	Basis      string // the paragraph that asks for it; "" where none does
	Page       string // of the documentation, below docs/
	Parameters []Parameter
	Columns    []Column
	// OfCustomer says that a caller who is bound to one customer may have it, of that customer.
	OfCustomer bool
	// Now says why the report is of now alone: what of it was otherwise before cannot be told any
	// more. "" where it can be had as of any instant.
	Now string
	// Write reads the report from the snapshot and yields its rows in their order. It takes
	// AsOf as an instant that has come.
	Write func(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error
}

// Parameter is something that is asked.
type Parameter struct {
	Name     string        `json:"name"`
	Kind     ParameterKind `json:"kind"`
	About    string        `json:"about"`
	Required bool          `json:"required"`
	Default  string        `json:"default,omitempty"` // where it is not given; "" is none
	Values   []string      `json:"values,omitempty"`  // of a Word
	// OfPurchases says that it is about when credits were bought, and so of no span of accounting dates.
	OfPurchases bool `json:"-"`
}

// ParameterKind says how a parameter is written.
type ParameterKind string

// The kinds of parameter.
const (
	DayParameter     ParameterKind = "date"    // 2024-03-31, in the book's time zone
	MonthParameter   ParameterKind = "period"  // 2024-03
	InstantParameter ParameterKind = "instant" // RFC 3339
	WordParameter    ParameterKind = "word"    // one of Values
	TextParameter    ParameterKind = "text"    // a code or an external id
	FlagParameter    ParameterKind = "flag"    // true or false
)

// AsOf is the parameter that most reports have.
var AsOf = Parameter{Name: "asOf", Kind: InstantParameter, About: "leaves out what was posted later; now where it is not given"}

// AsOfNow is the parameter of reports that are of now alone: the file says when that was.
var AsOfNow = Parameter{Name: AsOf.Name, Kind: InstantParameter, About: "leave it out: the report is as of now, and the file says when that was"}

// From and To are the accounting dates of a span, both included.
var (
	From = Parameter{Name: "from", Kind: DayParameter, Required: true, About: "the first accounting date"}
	To   = Parameter{Name: "to", Kind: DayParameter, Required: true, About: "the last accounting date, included"}
)

// BoughtFrom and BoughtTo are the months of purchase that are kept, both included.
var (
	BoughtFrom = Parameter{Name: "from", Kind: MonthParameter, OfPurchases: true, About: "the first month of purchase; all where it is not given"}
	BoughtTo   = Parameter{Name: "to", Kind: MonthParameter, OfPurchases: true, About: "the last month of purchase; all where it is not given"}
)

// Column is a column of a report.
type Column struct {
	Name  string `json:"name"`
	Kind  Kind   `json:"kind"`
	About string `json:"about"`
	// In names the column that holds the currency of an amount.
	In string `json:"-"`
	// Total has the column added up in the totals: amounts by currency.
	Total bool `json:"-"`
}

// Kind says what is in a column.
type Kind string

// The kinds of column. A cell may be empty in all of them.
const (
	Text    Kind = "text"
	Date    Kind = "date"    // 2024-03-31
	Month   Kind = "period"  // 2024-03
	Instant Kind = "instant" // RFC 3339, UTC
	Number  Kind = "number"  // a whole number
	Decimal Kind = "decimal" // credits and ratios, in plain notation
	Money   Kind = "money"   // in major units of the currency of its row
)

// Row holds a value for each column: string, ledger.Date, ledger.Period, time.Time, int64, a decimal or
// ledger.Amount, by the kind of the column; nil where the cell is empty.
type Row []any

// Args are the values of the parameters, checked.
type Args struct {
	given map[string]any
}

// Day returns the value of a day, zero where it was not given.
func (a Args) Day(name string) ledger.Date { return valueOf[ledger.Date](a, name) }

// Month returns the value of a month, zero where it was not given.
func (a Args) Month(name string) ledger.Period { return valueOf[ledger.Period](a, name) }

// Instant returns the value of an instant, zero where it was not given.
func (a Args) Instant(name string) time.Time { return valueOf[time.Time](a, name) }

// Text returns the value of a text or a word, "" where it was not given.
func (a Args) Text(name string) string { return valueOf[string](a, name) }

// Flag returns the value of a flag.
func (a Args) Flag(name string) bool { return valueOf[bool](a, name) }

func valueOf[T any](a Args, name string) T {
	value, _ := a.given[name].(T)
	return value
}

// All lists the reports in the order in which they are documented.
func All() []Report {
	var all []Report
	for _, of := range registered {
		all = append(all, of()...)
	}
	return all
}

// Find returns a report by its name. Errors: NOT_FOUND, which lists those there are.
func Find(name string) (Report, error) {
	all := All()
	names := make([]string, len(all))
	for i, r := range all {
		if r.Name == name {
			return r, nil
		}
		names[i] = r.Name
	}
	return Report{}, &books.Error{Code: books.NotFound, Field: "report", Message: fmt.Sprintf("there is no report %q; there are %s", clip(name), strings.Join(names, ", "))}
}

func clip(text string) string {
	if len(text) <= 60 {
		return text
	}
	return strings.ToValidUTF8(text[:60], "") + "…"
}

// Parse checks what was asked, by the name of each parameter. An empty value is none. What is
// asked as of no instant is asked as of now. Errors: INVALID.
func (r Report) Parse(b *books.Books, given map[string]string) (Args, error) {
	args := Args{given: map[string]any{}}
	for name := range given {
		if !slices.ContainsFunc(r.Parameters, func(p Parameter) bool { return p.Name == name }) {
			return args, wrong(name, "%s has no parameter %q; it has %s", r.Name, clip(name), r.parameterNames())
		}
	}
	for _, p := range r.Parameters {
		text := given[p.Name]
		if text == "" {
			text = p.Default
		}
		if text == "" && p.Name == AsOf.Name {
			args.given[p.Name] = b.Now()
			continue
		}
		if text == "" && p.Required {
			return args, wrong(p.Name, "is needed: %s", p.About)
		}
		if text == "" {
			continue
		}
		value, err := p.parse(text)
		if err != nil {
			return args, err
		}
		args.given[p.Name] = value
	}
	now := b.Now()
	switch asOf := args.Instant(AsOf.Name); {
	case asOf.After(now):
		return args, wrong(AsOf.Name, "must not be in the future, but is %s", asOf.Format(time.RFC3339Nano))
	case r.Now != "" && given[AsOf.Name] != "" && asOf.Before(now):
		return args, wrong(AsOf.Name, "must be left out, for %s is of now alone: %s", r.Name, r.Now)
	}
	return args, nil
}

// ParseStanding checks what was asked as Parse does, of a book in which nothing happened since an
// instant: as of now is as of that. Errors: INVALID.
func (r Report) ParseStanding(b *books.Books, given map[string]string, since time.Time) (Args, error) {
	args, err := r.Parse(b, given)
	if _, has := args.given[AsOf.Name]; err == nil && has && given[AsOf.Name] == "" {
		args.given[AsOf.Name] = since.UTC().Truncate(time.Microsecond)
	}
	return args, err
}

func (r Report) parameterNames() string {
	if len(r.Parameters) == 0 {
		return "none"
	}
	names := make([]string, len(r.Parameters))
	for i, p := range r.Parameters {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

// longestText bounds a code or an external id.
const longestText = 200

func (p Parameter) parse(text string) (any, error) {
	switch p.Kind {
	case DayParameter:
		day, err := ledger.ParseDate(text)
		if err != nil {
			return nil, wrong(p.Name, "must be a day such as 2024-03-31, not %q", clip(text))
		}
		return day, nil
	case MonthParameter:
		month, err := ledger.ParsePeriod(text)
		if err != nil {
			return nil, wrong(p.Name, "must be a month such as 2024-03, not %q", clip(text))
		}
		return month, nil
	case InstantParameter:
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, wrong(p.Name, "must be an instant such as 2024-03-31T12:00:00Z, not %q", clip(text))
		}
		return at.UTC().Truncate(time.Microsecond), nil
	case WordParameter:
		if !slices.Contains(p.Values, text) {
			return nil, wrong(p.Name, "must be one of %s, not %q", strings.Join(p.Values, ", "), clip(text))
		}
		return text, nil
	case FlagParameter:
		if text != "true" && text != "false" {
			return nil, wrong(p.Name, "must be true or false, not %q", clip(text))
		}
		return text == "true", nil
	case TextParameter:
	}
	if len(text) > longestText {
		return nil, wrong(p.Name, "must have at most %d bytes, not %d", longestText, len(text))
	}
	return text, nil
}

func wrong(field, format string, values ...any) error {
	return &books.Error{Code: books.Invalid, Field: field, Message: fmt.Sprintf(format, values...)}
}

// shown writes a value as it stands in a file.
func shown(value any) (string, error) {
	switch value := value.(type) {
	case nil:
		return "", nil
	case string:
		return value, nil
	case bool:
		return fmt.Sprint(value), nil
	case int64:
		return fmt.Sprint(value), nil
	case ledger.Date:
		if value == 0 {
			return "", nil
		}
		return value.String(), nil
	case ledger.Period:
		if value == 0 {
			return "", nil
		}
		return value.String(), nil
	case time.Time:
		if value.IsZero() {
			return "", nil
		}
		return value.UTC().Format(time.RFC3339Nano), nil
	case decimal.Decimal:
		return value.String(), nil
	case ledger.Amount:
		return value.Text(), nil
	case fmt.Stringer: // credits
		return value.String(), nil
	}
	return "", fmt.Errorf("a value of type %T has no form in a report", value)
}
