package export

import (
	"slices"
	"strconv"
	"strings"
)

// SageIntacct is the general ledger journal CSV of Sage Intacct.
const SageIntacct Format = "sage-intacct"

// Columns that Intacct has in the templates of companies, as far as we fill them.
const (
	intacctJournal     = "JOURNAL"
	intacctDate        = "DATE"
	intacctDescription = "DESCRIPTION"
	intacctReference   = "REFERENCE_NO"
	intacctState       = "STATE"
	intacctLine        = "LINE_NO"
	intacctAccount     = "ACCT_NO"
	intacctDebit       = "DEBIT"
	intacctCredit      = "CREDIT"
	intacctMemo        = "MEMO"
	intacctCurrency    = "CURRENCY"
	intacctRateDate    = "EXCH_RATE_DATE"
	intacctRateType    = "EXCH_RATE_TYPE_ID"
	intacctRate        = "EXCHANGE_RATE"

	intacctPlaces = 2
	intacctDigits = 14
	intacctCode   = 45 // characters of a reference
)

// intacctCore is what every template has.
var intacctCore = []string{intacctJournal, intacctDate, intacctDescription, intacctLine, intacctAccount, intacctDebit, intacctCredit}

// intacctOurs are the columns that we fill; in others of the header stand dimensions,
// constants or nothing.
var intacctOurs = append(slices.Clone(intacctCore), intacctReference, intacctState, intacctMemo,
	intacctCurrency, intacctRateDate, intacctRateType, intacctRate)

var sageIntacctSpec = spec{
	format: SageIntacct,
	about:  "general ledger journal CSV for Sage Intacct",
	profile: Profile{
		File:     FileForm{USDate, Point, CommaDelimiter, CRLF, false, UTF8},
		Formula:  StripFormula,
		Currency: InFunctional,
	},
	options: []Option{
		{Name: "header", About: "the header row of the company's own template, columns parted by commas", Default: strings.Join(intacctCore, ","), Required: true},
		{Name: "constants", About: "what stands on every row of a column: LOCATION_ID=100;DEPT_ID=20"},
		{Name: "description_row", About: "whether a row of descriptions stands below the header, as in a template", Default: "no", Values: yesNo},
		{Name: "journal", About: "the symbol of the journal", Default: "GJ", Required: true, Longest: 4},
		{Name: "state", About: "how journals come in, where the header has STATE", Default: "Draft", Values: []string{"Draft", "Submitted", "Posted"}},
		{Name: "rate_type", About: "the exchange rate type, where the header has EXCH_RATE_TYPE_ID", Longest: 40},
		countOption("description_length", "the most characters of the description of a journal", 30, 1000),
		countOption("memo_length", "the most characters of a memo", 1000, 1000),
		countOption("account_length", "the most characters of an account number", 24, 100),
	},
	dates:      []DateForm{USDate, UKDate, ISODate, SlashDate, DotDate},
	delimiters: []Delimiter{CommaDelimiter},
	rate:       rateOfLine,
	extension:  "csv", layout: newSageIntacct, check: checkSageIntacct,
}

func checkSageIntacct(p Profile) (wrong []FieldError) {
	header := strings.Split(p.Options["header"], ",")
	seen := map[string]bool{}
	for _, column := range header {
		if column == "" || strings.TrimSpace(column) != column || seen[column] {
			wrong = append(wrong, FieldError{"options.header", column, "is empty, has blanks around it or stands twice"})
		}
		seen[column] = true
	}
	for _, column := range intacctCore {
		if !seen[column] {
			wrong = append(wrong, FieldError{"options.header", p.Options["header"], "lacks the column " + column})
		}
	}
	constants, ok := intacctConstants(p.Options["constants"])
	if !ok {
		wrong = append(wrong, FieldError{"options.constants", p.Options["constants"], "is not of the form LOCATION_ID=100;DEPT_ID=20"})
	}
	for column := range constants {
		if !seen[column] || slices.Contains(intacctOurs, column) || p.uses(column) {
			wrong = append(wrong, FieldError{"options.constants", column, "is not a column of the header that is free"})
		}
	}
	for i, rule := range p.Dimensions {
		if !seen[rule.Column] || slices.Contains(intacctOurs, rule.Column) {
			wrong = append(wrong, FieldError{"dimensions[" + strconv.Itoa(i) + "].column", rule.Column, "is not a column of options.header that is free"})
		}
	}
	if p.Currency == InTransaction && (!seen[intacctCurrency] || !seen[intacctRate] || !seen[intacctRateDate]) {
		wrong = append(wrong, FieldError{"options.header", p.Options["header"], `lacks CURRENCY, EXCH_RATE_DATE or EXCHANGE_RATE, without which currency can only be "functional"`})
	}
	return wrong
}

// intacctConstants reads the option of that name.
func intacctConstants(text string) (map[string]string, bool) {
	constants := map[string]string{}
	if text == "" {
		return constants, true
	}
	for _, one := range strings.Split(text, ";") {
		column, value, ok := strings.Cut(one, "=")
		if _, twice := constants[column]; !ok || twice || column == "" || value == "" {
			return nil, false
		}
		constants[column] = value
	}
	return constants, true
}

// sageIntacct writes a row a line under the header of the company. What is about the entry
// stands on its first row alone; line numbers begin at 1 in each entry.
type sageIntacct struct {
	profile   Profile
	rows      rows
	header    []string
	constants map[string]string
}

func newSageIntacct(p Profile, s *scribe) layout {
	constants, _ := intacctConstants(p.Options["constants"]) // the profile is valid
	return &sageIntacct{profile: p, rows: rows{scribe: s}, header: strings.Split(p.Options["header"], ","), constants: constants}
}

func (i *sageIntacct) begin(b []byte, _ Header) ([]byte, error) {
	b = i.rows.head(b, i.header)
	if i.profile.Options["description_row"] == "yes" {
		b = i.rows.head(b, i.header)
	}
	return b, nil
}

func (i *sageIntacct) entry(b []byte, e Entry) ([]byte, int64, error) {
	i.rows.start(b, e)
	for n, line := range e.Lines {
		for _, column := range i.header {
			i.column(column, e, line, n+1)
		}
		i.rows.end()
	}
	return i.rows.done(len(e.Lines))
}

func (i *sageIntacct) end(b []byte) ([]byte, error) { return b, nil }

// column writes the cell of a column on the nth row of the entry.
func (i *sageIntacct) column(column string, e Entry, line Line, n int) {
	r, ofEntry := &i.rows, n == 1
	switch column {
	case intacctJournal, intacctDate, intacctDescription, intacctReference, intacctState:
		if !ofEntry {
			r.blank(1)
			return
		}
		i.entryColumn(column, e)
	case intacctLine:
		r.cell(strconv.Itoa(n))
	case intacctAccount:
		r.required(line.Number, "account", line.Account.Code, i.profile.count("account_length"))
	case intacctDebit, intacctCredit:
		if line.isCredit() != (column == intacctCredit) {
			r.blank(1)
			return
		}
		amount := line.Amount
		if line.isCredit() {
			amount = amount.Neg()
		}
		r.amount(line.Number, amount, intacctPlaces, intacctDigits)
	case intacctMemo:
		r.described(line, i.profile.count("memo_length"))
	case intacctCurrency:
		r.cell(string(line.Amount.Currency))
	case intacctRateDate:
		r.date(e.AccountingDate)
	case intacctRateType:
		r.cell(i.profile.Options["rate_type"])
	case intacctRate:
		if line.Amount == line.Functional {
			r.cell("1")
			return
		}
		r.cell(line.Rate(rateDecimals))
	default:
		if constant, ok := i.constants[column]; ok {
			r.cell(constant)
			return
		}
		r.exact(line.Number, column, line.Column(column), 0)
	}
}

// entryColumn writes a cell that is about the entry. The number is in the description too,
// for the reference is no column of every template.
func (i *sageIntacct) entryColumn(column string, e Entry) {
	r := &i.rows
	switch column {
	case intacctJournal:
		r.cell(i.profile.Options["journal"])
	case intacctDate:
		r.date(e.AccountingDate)
	case intacctDescription:
		r.cell(r.numbered(e, i.profile.count("description_length")))
	case intacctReference:
		r.exact(0, "number", e.Code, intacctCode)
	case intacctState:
		r.cell(i.profile.Options["state"])
	}
}
