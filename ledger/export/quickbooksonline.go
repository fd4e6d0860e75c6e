package export

import (
	"fmt"
	"strconv"
	"strings"

	"drawdown/ledger"
)

// QuickBooksOnline is the journal entry CSV of QuickBooks Online.
const QuickBooksOnline Format = "quickbooks-online"

const (
	qboName     = "Name"
	qboClass    = "Class"
	qboLocation = "Location"

	qboPlaces = 2
	qboDigits = 11  // 99,999,999,999
	qboText   = 100 // characters of an account, a class, a location
)

var quickBooksOnlineSpec = spec{
	format: QuickBooksOnline,
	about:  "journal entry CSV for QuickBooks Online",
	profile: Profile{
		File:     FileForm{USDate, Point, CommaDelimiter, CRLF, false, UTF8},
		Formula:  StripFormula,
		Currency: InFunctional,
		Limits:   Limits{Rows: 1000, Bytes: 350_000},
	},
	options: []Option{
		{Name: "header", About: "how the columns are called: as Intuit lists them (Journal No.) or in one word (JournalNo)", Default: "listed", Values: []string{"listed", "one word"}},
		{Name: "currency_column", About: "whether there is a column Currency, which multicurrency asks for", Default: "no", Values: yesNo},
		{Name: "receivable_names", About: "whether lines on accounts receivable must have a Name, which QuickBooks asks for", Default: "yes", Values: yesNo},
		countOption("number_length", "the most characters of a journal number", 21, 100),
		countOption("description_length", "the most characters of a description", 4000, 4000),
	},
	dates:      []DateForm{USDate, UKDate, ISODate, SlashDate, DotDate},
	delimiters: []Delimiter{CommaDelimiter, SemicolonDelimiter},
	columns:    []string{qboName, qboClass, qboLocation},
	rate:       rateOfEntry, accountName: qboText,
	extension: "csv", layout: newQuickBooksOnline,
	check: func(p Profile) (wrong []FieldError) {
		for i, rule := range p.Accounts {
			if right := qboAccount(rule.Name); right != rule.Name && rule.Name != "" {
				wrong = append(wrong, FieldError{fmt.Sprintf("accounts[%d].name", i), rule.Name, "is not of the form Parent:Sub, without blanks around the colon or quotation marks: " + strconv.Quote(right) + " is"})
			}
		}
		if p.Currency == InTransaction && p.Options["currency_column"] != "yes" {
			wrong = append(wrong, FieldError{"options.currency_column", p.Options["currency_column"], `must be "yes" where currency is "transaction", or nothing says in which currency an amount is`})
		}
		return wrong
	},
}

// qboAccount is the name of an account as QuickBooks Online can have it: names of parents before it, with a
// colon between and no blanks around that. A colon and a quotation mark are in no name.
func qboAccount(name string) string {
	var names []string
	for _, one := range strings.Split(strings.ReplaceAll(name, `"`, ""), ":") {
		if one = strings.TrimSpace(one); one != "" {
			names = append(names, one)
		}
	}
	return strings.Join(names, ":")
}

// quickBooksOnline writes a row a line. Rows of one journal have its number in common.
type quickBooksOnline struct {
	profile Profile
	rows    rows
	more    []string // columns that are there where they are used
}

func newQuickBooksOnline(p Profile, s *scribe) layout {
	q := &quickBooksOnline{profile: p, rows: rows{scribe: s}}
	for _, column := range []string{qboClass, qboLocation} {
		if p.uses(column) {
			q.more = append(q.more, column)
		}
	}
	return q
}

func (q *quickBooksOnline) begin(b []byte, _ Header) ([]byte, error) {
	columns := []string{"Journal No.", "Journal Date", "Account Name", "Debits", "Credits", "Description", qboName}
	if q.profile.Options["header"] == "one word" {
		columns = []string{"JournalNo", "JournalDate", "AccountName", "Debits", "Credits", "Description", qboName}
	}
	if q.profile.Options["currency_column"] == "yes" {
		columns = append(columns, "Currency")
	}
	return q.rows.head(b, append(columns, q.more...)), nil
}

func (q *quickBooksOnline) entry(b []byte, e Entry) ([]byte, int64, error) {
	r := &q.rows
	number, description := q.profile.count("number_length"), q.profile.count("description_length")
	r.start(b, e)
	for _, line := range e.Lines {
		r.exact(0, "number", e.Code, number)
		r.date(e.AccountingDate)
		r.required(line.Number, "account", line.Account.Name, qboText)
		r.sides(line, line.Amount, qboPlaces, qboDigits)
		r.described(line, description)
		if line.Role == ledger.AccountsReceivable && q.profile.Options["receivable_names"] == "yes" {
			r.required(line.Number, qboName, line.Column(qboName), qboText)
		} else {
			r.exact(line.Number, qboName, line.Column(qboName), qboText)
		}
		if q.profile.Options["currency_column"] == "yes" {
			r.cell(string(line.Amount.Currency))
		}
		for _, column := range q.more {
			r.exact(line.Number, column, line.Column(column), qboText)
		}
		r.end()
	}
	return r.done(len(e.Lines))
}

func (q *quickBooksOnline) end(b []byte) ([]byte, error) { return b, nil }
