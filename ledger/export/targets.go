package export

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// spec is what a format is: what a profile of it may say, and who writes it.
type spec struct {
	format  Format
	about   string
	profile Profile // the defaults; Version, Name, Format, Mode and Options are filled in
	options []Option

	// What a profile may choose of the form; where nothing stands, there is no choice.
	dates      []DateForm
	decimals   []Decimal
	delimiters []Delimiter
	encodings  []Encoding
	noBOM      bool
	unquoted   bool // cells have no quotes, so the delimiter can stand in none

	// columns are those to which dimensions may go; nil is any.
	columns []string
	// separators may not stand in what names something in the target.
	separators string
	// accountCode and accountName are the most characters of each; 0 is no limit, and for
	// the name also that it is not asked for.
	accountCode, accountName int

	journal        bool // the journal line by line: roles instead of accounts, no summary, nothing left out
	functionalOnly bool // the target takes its base currency alone
	rate           rateForm

	// A format of text has a layout and the extension of its files; another opens a writer
	// of its own.
	extension string
	// check says what else is wrong with a profile.
	check  func(Profile) []FieldError
	layout func(Profile, *scribe) layout
	open   func(Profile, *scribe, *Output) (Writer, error)
}

// rateForm says how a target learns what foreign currency is worth.
type rateForm int

const (
	rateCarried  rateForm = iota // it takes both amounts of a line as they are
	rateOfTarget                 // it converts a line itself, or is told both: a line that moves nothing in its currency is written in the functional one
	rateOfLine                   // the same, and it multiplies each line by a rate of its own
	rateOfEntry                  // one currency and one rate for an entry
	rateDecimals = 8             // decimals of a rate that a target multiplies by
)

// Option is a setting of one format.
type Option struct {
	Name     string   `json:"name"`
	About    string   `json:"about"`
	Default  string   `json:"default"`
	Values   []string `json:"values"`   // what it may be; none is any text
	Required bool     `json:"required"` // may not be empty
	Longest  int      `json:"longest"`  // characters; 0 is no limit
	// Check says what is wrong with a value that no list can name, or "".
	Check func(string) string `json:"-"`
}

// countOption is an option that counts something, from 1 to most.
func countOption(name, about string, standard, most int) Option {
	return Option{Name: name, About: about, Default: strconv.Itoa(standard), Check: func(value string) string {
		if n, err := strconv.Atoi(value); err != nil || n < 1 || n > most || strconv.Itoa(n) != value {
			return "is not a whole number from 1 to " + strconv.Itoa(most)
		}
		return ""
	}}
}

// count returns the value of a countOption of a profile that is valid.
func (p Profile) count(name string) int {
	n, _ := strconv.Atoi(p.Options[name])
	return n
}

// onOff returns what a target writes for an option that is on or off.
func onOff(option, on, off string) string {
	if option == "yes" {
		return on
	}
	return off
}

// rateOrOne is the rate of an entry where a target asks for one always.
func rateOrOne(rate string) string {
	if rate == "" {
		return "1"
	}
	return rate
}

// accountName names an account by its number, by its number and name, or by its name.
func accountName(by string, account Account) string {
	switch {
	case by == "name":
		return account.Name
	case by == "number name" && account.Name != "":
		return account.Code + " " + account.Name
	}
	return account.Code
}

// about says what a line is about: its memo, or what its entry books.
func about(e Entry, line Line) string {
	if line.Memo != "" {
		return line.Memo
	}
	return e.Reference
}

// uses reports whether a dimension goes to the column.
func (p Profile) uses(column string) bool {
	return slices.ContainsFunc(p.Dimensions, func(rule DimensionRule) bool { return rule.Column == column })
}

// yesNo are the values of an option that is on or off.
var yesNo = []string{"yes", "no"}

// specs are the formats, in the order in which they are documented.
func specs() []spec {
	return append(journalSpecs(),
		netsuiteSpec, quickBooksOnlineSpec, quickBooksDesktopSpec, xeroSpec, sageIntacctSpec, oracleFusionSpec, businessCentralSpec,
		adsSpec, saftSpec,
	)
}

func specOf(format Format) (spec, error) {
	all := specs()
	names := make([]string, len(all))
	for i, one := range all {
		if one.format == format {
			return one, nil
		}
		names[i] = string(one.format)
	}
	return spec{}, fmt.Errorf("%q is not an export format; there are %s", format, strings.Join(names, ", "))
}

// Target is a format as a profile can ask for it.
type Target struct {
	Format  Format   `json:"format"`
	About   string   `json:"about"`
	Columns []string `json:"columns"` // to which dimensions can go; none is any
	Options []Option `json:"options"`
	Default Profile  `json:"default"`
}

// Targets lists the formats of profiles, in the order in which they are documented.
func Targets() []Target {
	all := specs()
	targets := make([]Target, 0, len(all))
	for _, one := range all {
		standard, err := DefaultProfile(one.format)
		if err != nil {
			panic(err) // the format is from the list
		}
		targets = append(targets, Target{one.format, one.about, slices.Clone(one.columns), slices.Clone(one.options), standard})
	}
	return targets
}
