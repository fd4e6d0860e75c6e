package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"drawdown/ledger"
)

// ProfileVersion is the version of the form of a profile.
const ProfileVersion = 1

// Profile says how a journal is written for one target: which format, which accounts and
// dimensions it has there, how files are cut. Two profiles with the same content write the
// same bytes. [DefaultProfile] has what the format asks for; [ParseProfile] reads JSON over
// that, so a profile in JSON says only what differs.
type Profile struct {
	Version    int               `json:"version"` // of this form
	Name       string            `json:"name"`
	Format     Format            `json:"format"`
	Mode       Mode              `json:"mode"`
	Summary    Summary           `json:"summary"`
	Prefix     string            `json:"prefix"` // before the number of an entry, where the target has other journals
	Currency   CurrencyMode      `json:"currency"`
	Rates      RateRule          `json:"rates"`
	Accounts   AccountRules      `json:"accounts"` // none, or "BOOK" in JSON: those of the book
	Dimensions []DimensionRule   `json:"dimensions"`
	Limits     Limits            `json:"limits"`
	File       FileForm          `json:"file"`
	Formula    Formula           `json:"formula"`
	Options    map[string]string `json:"options"` // of the format alone
}

// Mode says whether entries are written one by one or summed.
type Mode string

// The modes.
const (
	Detail  Mode = "detail"
	Summed  Mode = "summary"
	noLimit      = 0
)

// Summary says by what the lines of a summary are kept apart, besides month, account and
// currency. Debits and credits are summed apart, unless Net.
type Summary struct {
	Dimensions []string `json:"dimensions"` // customer, policy, pack
	Kind       bool     `json:"kind"`       // kinds of entry apart: breakage beside use
	Net        bool     `json:"net"`        // one line for an account, of debits less credits
}

// CurrencyMode says in which currency a target is told.
type CurrencyMode string

// The currency modes.
const (
	InTransaction CurrencyMode = "transaction" // that of the contract
	InFunctional  CurrencyMode = "functional"  // that in which the book reports
)

// RateRule says what becomes of an entry whose lines stand at different rates, where the
// target takes one rate for an entry.
type RateRule string

// The rate rules.
const (
	UnfitFunctional RateRule = "functional" // it is written in the functional currency
	UnfitRefused    RateRule = "refuse"
)

// AccountRule says what account of the general ledger a role is, from a day on. A rule for
// the currency of the line goes before one without.
type AccountRule struct {
	Role     ledger.Role     `json:"role"`
	Currency ledger.Currency `json:"currency,omitempty"`
	Code     string          `json:"code"`
	Name     string          `json:"name"`
	From     ledger.Date     `json:"from"` // accounting dates, both included; "" is open
	To       ledger.Date     `json:"to"`
}

// AccountRules are the accounts of a profile. Where it has none, the book's own codes stand in
// for them: [Profile.TakesAccounts].
type AccountRules []AccountRule

// ofBook is what a profile may say in JSON for no rules of its own.
const ofBook = `"BOOK"`

// UnmarshalJSON reads a list of rules, or "BOOK" for none.
func (r *AccountRules) UnmarshalJSON(text []byte) error {
	*r = AccountRules{}
	if string(text) == ofBook {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode((*[]AccountRule)(r)); err != nil {
		return fmt.Errorf(`accounts, a list of rules or "BOOK" for the codes of the book: %w`, err)
	}
	return nil
}

// TakesAccounts reports whether the profile has no accounts of its own and its format has
// accounts of the general ledger: those of the book are then to be put into it.
func (p Profile) TakesAccounts() bool {
	spec, err := specOf(p.Format)
	return err == nil && len(p.Accounts) == 0 && (!spec.journal || spec.accountCode > 0)
}

// DimensionRule says to which column of the target one of our dimensions goes, and what its
// values are called there.
type DimensionRule struct {
	Key      string      `json:"key"` // customer, policy, pack
	Column   string      `json:"column"`
	Unmapped Unmapped    `json:"unmapped"`
	Values   []ValueRule `json:"values"`
}

// ValueRule says what a value is called in the target, from a day on.
type ValueRule struct {
	Value  string      `json:"value"`
	Target string      `json:"target"` // "" leaves the cell empty
	From   ledger.Date `json:"from"`   // accounting dates, both included; "" is open
	To     ledger.Date `json:"to"`
}

// Unmapped says what becomes of a value for which there is no rule.
type Unmapped string

// What becomes of unmapped values.
const (
	PassOn Unmapped = "pass"   // the target knows it by our name
	Refuse Unmapped = "refuse" // the export is refused
	Leave  Unmapped = "empty"  // the cell stays empty
)

// Limits bound one file. 0 is no limit. A file is cut between entries.
type Limits struct {
	Rows    int64 `json:"rows"` // without header rows
	Entries int64 `json:"entries"`
	Bytes   int64 `json:"bytes"` // before compression
}

// FileForm is how values are written.
type FileForm struct {
	Dates     DateForm  `json:"dates"`
	Decimal   Decimal   `json:"decimal"`
	Delimiter Delimiter `json:"delimiter"`
	LineEnd   LineEnd   `json:"line_end"`
	BOM       bool      `json:"bom"` // a byte-order mark before a file in UTF-8
	Encoding  Encoding  `json:"encoding"`
}

// DateForm is how a day is written.
type DateForm string

// The date forms.
const (
	ISODate     DateForm = "YYYY-MM-DD"
	SlashDate   DateForm = "YYYY/MM/DD"
	USDate      DateForm = "MM/DD/YYYY"
	ShortUSDate DateForm = "MM/DD/YY"
	UKDate      DateForm = "DD/MM/YYYY"
	DotDate     DateForm = "DD.MM.YYYY"
	NamedDate   DateForm = "DD MMM YYYY"
	PlainDate   DateForm = "YYYYMMDD"
)

// Decimal is the mark before the decimals.
type Decimal string

// The decimal marks.
const (
	Point Decimal = "."
	Comma Decimal = ","
)

// Delimiter parts the cells of a row.
type Delimiter string

// The delimiters.
const (
	CommaDelimiter     Delimiter = ","
	SemicolonDelimiter Delimiter = ";"
	TabDelimiter       Delimiter = "\t"
	PipeDelimiter      Delimiter = "|"
)

// LineEnd ends a row.
type LineEnd string

// The line ends.
const (
	LF   LineEnd = "LF"
	CRLF LineEnd = "CRLF"
)

// Encoding is how characters become bytes.
type Encoding string

// The encodings.
const (
	UTF8        Encoding = "UTF-8"
	Windows1252 Encoding = "windows-1252"
)

// Formula says what becomes of a text that a spreadsheet would compute.
type Formula string

// What becomes of formulas.
const (
	QuoteFormula Formula = "quote" // an apostrophe goes before it, for files that people open
	StripFormula Formula = "strip" // what makes it one is dropped, for importers, which keep an apostrophe
	KeepFormula  Formula = "keep"  // it stays as it is, for files that no spreadsheet opens
)

// FieldError is what is wrong with one field of a profile.
type FieldError struct {
	Field   string `json:"field"` // accounts[2].role
	Value   string `json:"value"`
	Message string `json:"message"` // what would be right
}

func (e FieldError) Error() string { return fmt.Sprintf("%s %q %s", e.Field, e.Value, e.Message) }

// ProfileErrors is everything that is wrong with a profile.
type ProfileErrors []FieldError

func (e ProfileErrors) Error() string {
	lines := make([]string, 0, len(e)+1)
	lines = append(lines, "the export profile is not valid:")
	for _, one := range e {
		lines = append(lines, one.Error())
	}
	return strings.Join(lines, "\n")
}

// Refused returns what is wrong as reasons why a journal cannot be written.
func (e ProfileErrors) Refused() RefusedError {
	var refused RefusedError
	for _, one := range e {
		refused.Refusals = append(refused.Refusals, RefusalError{Code: WrongProfile, Field: one.Field, Value: one.Value, Message: one.Message})
	}
	return refused
}

// maxProfile bounds what is read of a profile: fifty thousand mapped values fit.
const maxProfile = 8 << 20

// DefaultProfile returns the profile of a format with what its target asks for and nothing
// mapped. An unknown format is an error that lists those there are.
func DefaultProfile(format Format) (Profile, error) {
	spec, err := specOf(format)
	if err != nil {
		return Profile{}, err
	}
	p := spec.profile
	p.Version, p.Name, p.Format, p.Mode = ProfileVersion, string(format), format, Detail
	p.Summary.Dimensions, p.Accounts, p.Dimensions = []string{}, AccountRules{}, []DimensionRule{}
	if p.Currency == "" {
		p.Currency = InTransaction
	}
	if p.Rates == "" {
		p.Rates = UnfitFunctional
	}
	p.Options = map[string]string{}
	for _, option := range spec.options {
		p.Options[option.Name] = option.Default
	}
	return p, nil
}

// JSON returns the profile in its one form, which Hash is taken of.
func (p Profile) JSON() ([]byte, error) { return json.Marshal(p) }

// Hash names the profile by its content: SHA-256 of its JSON, hexadecimal.
func (p Profile) Hash() (string, error) {
	text, err := p.JSON()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Validate holds a profile against the rules and its format. The error is a
// [ProfileErrors] with all that is wrong, in the order of the fields.
func (p Profile) Validate() error {
	spec, err := specOf(p.Format)
	if err != nil {
		return ProfileErrors{{"format", string(p.Format), err.Error()}}
	}
	v := &validation{spec: spec, scribe: newScribe(p)}
	if p.Version != ProfileVersion {
		v.wrong("version", fmt.Sprint(p.Version), fmt.Sprintf("is not %d, the version that this program reads", ProfileVersion))
	}
	v.label("name", p.Name, 100)
	oneOf(v, "mode", p.Mode, Detail, Summed)
	if p.Mode == Summed && spec.journal {
		v.wrong("mode", string(p.Mode), "is for targets; "+string(p.Format)+" is the journal line by line")
	}
	for i, key := range p.Summary.Dimensions {
		oneOf(v, fmt.Sprintf("summary.dimensions[%d]", i), key, dimensionKeys...)
	}
	v.prefix(p.Prefix)
	oneOf(v, "currency", p.Currency, InTransaction, InFunctional)
	if spec.functionalOnly && p.Currency == InTransaction {
		v.wrong("currency", string(p.Currency), "is not possible: the target takes its base currency alone, which is "+string(InFunctional))
	}
	oneOf(v, "rates", p.Rates, UnfitFunctional, UnfitRefused)
	v.accounts(p.Accounts)
	v.dimensions(p.Dimensions)
	v.limit("limits.rows", p.Limits.Rows)
	v.limit("limits.entries", p.Limits.Entries)
	v.limit("limits.bytes", p.Limits.Bytes)
	if spec.journal && p.Limits != (Limits{}) {
		v.wrong("limits", p.Limits.String(), "are for targets; "+string(p.Format)+" is one file")
	}
	v.file(p.File)
	oneOf(v, "formula", p.Formula, QuoteFormula, StripFormula, KeepFormula)
	v.options(p.Options)
	if spec.check != nil {
		v.errors = append(v.errors, spec.check(p)...)
	}
	if len(v.errors) > 0 {
		return v.errors
	}
	return nil
}

// validation collects what is wrong.
type validation struct {
	errors ProfileErrors
	spec   spec
	scribe *scribe
}

func (v *validation) wrong(field, value, message string) {
	v.errors = append(v.errors, FieldError{field, value, message})
}

// oneOf complains about a value that is none of those allowed.
func oneOf[T ~string](v *validation, field string, value T, allowed ...T) {
	if slices.Contains(allowed, value) {
		return
	}
	names := make([]string, len(allowed))
	for i, one := range allowed {
		names[i] = fmt.Sprintf("%q", string(one))
	}
	v.wrong(field, string(value), "is not one of "+strings.Join(names, ", "))
}

// label holds a text that a person reads against length and control characters.
func (v *validation) label(field, text string, longest int) {
	if oneLine(text) != text || text == "" || len(text) > longest {
		v.wrong(field, text, fmt.Sprintf("is not a text of 1 to %d bytes on one line", longest))
	}
}

func (v *validation) prefix(prefix string) {
	const longest = 10
	ok := len(prefix) <= longest && strings.Trim(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
	if !ok || strings.HasPrefix(prefix, "-") {
		v.wrong("prefix", prefix, fmt.Sprintf("is not at most %d letters, digits, - and _, with a letter, a digit or _ first", longest))
	}
}

func (v *validation) limit(field string, limit int64) {
	if limit < noLimit {
		v.wrong(field, fmt.Sprint(limit), "is below 0, which is no limit")
	}
}

func (v *validation) accounts(rules []AccountRule) {
	taken := spans{}
	for i, rule := range rules {
		field := fmt.Sprintf("accounts[%d].", i)
		if _, known := ledger.AccountOf(rule.Role); !known {
			v.wrong(field+"role", string(rule.Role), "is not a role of the journal, such as deferred_revenue")
		}
		if rule.Currency != "" && !rule.Currency.Known() && !rule.Currency.Withdrawn() {
			v.wrong(field+"currency", string(rule.Currency), "is not an ISO 4217 currency code such as USD, or empty for all")
		}
		v.target(field+"code", rule.Code, v.spec.accountCode)
		if rule.Name != "" || v.spec.accountName > 0 {
			v.target(field+"name", rule.Name, v.spec.accountName)
		}
		v.span(field, rule.From, rule.To)
		if !taken.add(string(rule.Role)+"/"+string(rule.Currency), rule.From, rule.To) {
			v.wrong(field+"from", rule.From.String(), overlaps+string(rule.Role))
		}
	}
}

// target holds a name of something in the target against what the format can carry.
func (v *validation) target(field, text string, longest int) {
	if text == "" {
		v.wrong(field, text, "is empty")
		return
	}
	if _, message := v.scribe.exact(text, longest, v.spec.separators); message != "" {
		v.wrong(field, text, message)
	}
}

// overlaps begins what is wrong with a rule for days that another has.
const overlaps = "overlaps an earlier rule for "

func (v *validation) span(field string, from, to ledger.Date) {
	if from != 0 && to != 0 && to < from {
		v.wrong(field+"to", to.String(), "is before "+from.String())
	}
}

func (v *validation) dimensions(rules []DimensionRule) {
	keys, columns := map[string]bool{}, map[string]bool{}
	for i, rule := range rules {
		field := fmt.Sprintf("dimensions[%d].", i)
		oneOf(v, field+"key", rule.Key, dimensionKeys...)
		if keys[rule.Key] {
			v.wrong(field+"key", rule.Key, "has a rule already")
		}
		switch {
		case v.spec.columns != nil:
			oneOf(v, field+"column", rule.Column, v.spec.columns...)
		default:
			v.target(field+"column", rule.Column, 100)
		}
		if columns[rule.Column] {
			v.wrong(field+"column", rule.Column, "is taken by another dimension")
		}
		keys[rule.Key], columns[rule.Column] = true, true
		oneOf(v, field+"unmapped", rule.Unmapped, PassOn, Refuse, Leave)
		taken := spans{}
		for j, value := range rule.Values {
			at := fmt.Sprintf("%svalues[%d].", field, j)
			if value.Target != "" {
				v.target(at+"target", value.Target, 0)
			}
			v.span(at, value.From, value.To)
			if !taken.add(value.Value, value.From, value.To) {
				v.wrong(at+"from", value.From.String(), overlaps+strconv.Quote(value.Value))
			}
		}
	}
}

func (v *validation) file(form FileForm) {
	spec := v.spec
	own := spec.profile.File
	oneOf(v, "file.dates", form.Dates, orOwn(spec.dates, own.Dates)...)
	oneOf(v, "file.decimal", form.Decimal, orOwn(spec.decimals, own.Decimal)...)
	oneOf(v, "file.delimiter", form.Delimiter, orOwn(spec.delimiters, own.Delimiter)...)
	if spec.journal {
		oneOf(v, "file.line_end", form.LineEnd, own.LineEnd)
	} else {
		oneOf(v, "file.line_end", form.LineEnd, LF, CRLF)
	}
	oneOf(v, "file.encoding", form.Encoding, orOwn(spec.encodings, own.Encoding)...)
	if form.BOM && (form.Encoding != UTF8 || spec.noBOM) {
		v.wrong("file.bom", "true", "is not possible in this format and encoding")
	}
	if form.Decimal == Comma && form.Delimiter == CommaDelimiter && spec.unquoted {
		v.wrong("file.decimal", string(form.Decimal), "is the delimiter too")
	}
}

// orOwn returns what is allowed of a form, or the format's own where it has no choice.
func orOwn[T any](allowed []T, own T) []T {
	if len(allowed) == 0 {
		return []T{own}
	}
	return allowed
}

func (v *validation) options(options map[string]string) {
	spec := v.spec
	for _, name := range slices.Sorted(maps.Keys(options)) {
		at := slices.IndexFunc(spec.options, func(o Option) bool { return o.Name == name })
		if at < 0 {
			names := make([]string, len(spec.options))
			for i, option := range spec.options {
				names[i] = option.Name
			}
			v.wrong("options."+name, options[name], "is not an option of "+string(spec.format)+"; there are: "+strings.Join(names, ", "))
			continue
		}
		v.option(spec.options[at], options[name])
	}
	for _, option := range spec.options {
		if _, set := options[option.Name]; !set {
			v.wrong("options."+option.Name, "", "is missing; the default is "+fmt.Sprintf("%q", option.Default))
		}
	}
}

func (v *validation) option(option Option, value string) {
	field := "options." + option.Name
	switch {
	case len(option.Values) > 0:
		oneOf(v, field, value, option.Values...)
	case option.Check != nil:
		if message := option.Check(value); message != "" {
			v.wrong(field, value, message)
		}
	case value == "" && option.Required:
		v.wrong(field, value, "is empty: "+option.About)
	case value != "":
		v.target(field, value, option.Longest)
	}
}

// spans holds the days for which there is a rule, by what the rule is for.
type spans map[string][][2]ledger.Date

// add reports whether the days were free, and takes them.
func (s spans) add(key string, from, to ledger.Date) bool {
	for _, other := range s[key] {
		if (other[1] == 0 || from <= other[1]) && (to == 0 || other[0] <= to) {
			return false
		}
	}
	s[key] = append(s[key], [2]ledger.Date{from, to})
	return true
}

// inForce reports whether a rule holds on the day.
func inForce(day, from, to ledger.Date) bool { return day >= from && (to == 0 || day <= to) }
