package export

import "drawdown/ledger"

// QuickBooksDesktop is the Intuit Interchange Format of QuickBooks Desktop.
const QuickBooksDesktop Format = "quickbooks-desktop"

const (
	iifName  = "NAME"
	iifClass = "CLASS"

	iifPlaces = 2
	iifDigits = 16
	iifType   = "GENERAL JOURNAL"
)

// iifSeparators part cells or begin a quoted one; IIF knows no way to escape them.
const iifSeparators = "\t\""

var quickBooksDesktopSpec = spec{
	format: QuickBooksDesktop,
	about:  "general journal in the Intuit Interchange Format (IIF) for QuickBooks Desktop",
	profile: Profile{
		File:     FileForm{ShortUSDate, Point, TabDelimiter, CRLF, false, Windows1252},
		Formula:  StripFormula,
		Currency: InFunctional,
	},
	options: []Option{
		{Name: "receivable_names", About: "whether lines on accounts receivable must have a NAME, which QuickBooks asks for", Default: "yes", Values: yesNo},
		countOption("number_length", "the most characters of a document number", 11, 100),
		countOption("memo_length", "the most characters of a memo", 4000, 4000),
		countOption("name_length", "the most characters of an account, a name and a class", 159, 1000),
	},
	dates:      []DateForm{ShortUSDate, USDate},
	encodings:  []Encoding{Windows1252, UTF8},
	columns:    []string{iifName, iifClass},
	separators: iifSeparators, unquoted: true, noBOM: true,
	functionalOnly: true, accountName: 1000,
	extension: "iif", layout: func(p Profile, s *scribe) layout {
		return &quickBooksDesktop{profile: p, rows: rows{scribe: s, separators: iifSeparators, unquoted: true}}
	},
}

// quickBooksDesktop writes the first line of an entry as TRNS, the others as SPL, and ENDTRNS.
// Debits are positive.
type quickBooksDesktop struct {
	profile Profile
	rows    rows
}

func (q *quickBooksDesktop) begin(b []byte, _ Header) ([]byte, error) {
	for _, kind := range [][2]string{{"!TRNS", "TRNSID"}, {"!SPL", "SPLID"}} {
		b = q.rows.head(b, []string{kind[0], kind[1], "TRNSTYPE", "DATE", "ACCNT", iifName, iifClass, "AMOUNT", "DOCNUM", "MEMO"})
	}
	return q.rows.head(b, []string{"!ENDTRNS"}), nil
}

func (q *quickBooksDesktop) entry(b []byte, e Entry) ([]byte, int64, error) {
	r := &q.rows
	name := q.profile.count("name_length")
	r.start(b, e)
	for i, line := range e.Lines {
		if i == 0 {
			r.cell("TRNS")
		} else {
			r.cell("SPL")
		}
		r.blank(1)
		r.cell(iifType)
		r.date(e.AccountingDate)
		r.required(line.Number, "account", line.Account.Name, name)
		if line.Role == ledger.AccountsReceivable && q.profile.Options["receivable_names"] == "yes" {
			r.required(line.Number, iifName, line.Column(iifName), name)
		} else {
			r.exact(line.Number, iifName, line.Column(iifName), name)
		}
		r.exact(line.Number, iifClass, line.Column(iifClass), name)
		r.amount(line.Number, line.Amount, iifPlaces, iifDigits)
		r.exact(0, "number", e.Code, q.profile.count("number_length"))
		r.described(line, q.profile.count("memo_length"))
		r.end()
	}
	r.cell("ENDTRNS")
	r.end()
	return r.done(len(e.Lines))
}

func (q *quickBooksDesktop) end(b []byte) ([]byte, error) { return b, nil }
