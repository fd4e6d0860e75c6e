package export

// NetSuite is the journal entry CSV of Oracle NetSuite's Import Assistant.
const NetSuite Format = "netsuite"

// NetSuite's own names for the columns of a journal line.
const (
	netsuiteName       = "Journal Entry - Line: Name"
	netsuiteDepartment = "Journal Entry - Line: Department"
	netsuiteClass      = "Journal Entry - Line: Class"
	netsuiteLocation   = "Journal Entry - Line: Location"
)

var netsuiteDimensions = []string{netsuiteName, netsuiteDepartment, netsuiteClass, netsuiteLocation}

var netsuiteColumns = []string{
	"External ID", "Date", "Posting Period", "Currency", "Exchange Rate", "Subsidiary", "Memo", "Reversal Date",
	"Defer Entry(Y/N)", "Approved(T/F)", "Journal Entry - Line: Account", "Journal Entry - Line: Debit",
	"Journal Entry - Line: Credit", "Journal Entry - Line: Memo", netsuiteName, netsuiteDepartment, netsuiteClass, netsuiteLocation,
}

// Lengths and sizes of NetSuite's fields.
const (
	netsuitePlaces = 2   // "field size 13": ten digits, a point, two decimals
	netsuiteDigits = 10  //
	netsuiteID     = 100 // external id
)

var netsuiteSpec = spec{
	format: NetSuite,
	about:  "journal entry CSV for NetSuite's Import Assistant",
	profile: Profile{
		File:    FileForm{USDate, Point, CommaDelimiter, CRLF, false, UTF8},
		Formula: StripFormula,
		Limits:  Limits{Rows: 25000},
	},
	options: []Option{
		{Name: "subsidiary", About: "the subsidiary, by full name; OneWorld asks for it"},
		{Name: "account", About: "how an account is named: by number, by number and name, or by name where account numbers are off", Default: "number", Values: []string{"number", "number name", "name"}},
		{Name: "posting_period", About: "whether the posting period is written, as Jan 2025, or is left for NetSuite to take from the date", Default: "no", Values: yesNo},
		countOption("memo_length", "the most characters of a memo", 999, 4000),
		{Name: "approved", About: "whether journals come in approved", Default: "no", Values: yesNo},
	},
	dates:      []DateForm{USDate, UKDate, DotDate, ISODate, SlashDate, NamedDate},
	decimals:   []Decimal{Point, Comma},
	delimiters: []Delimiter{CommaDelimiter, SemicolonDelimiter, TabDelimiter, PipeDelimiter},
	encodings:  []Encoding{UTF8, Windows1252},
	columns:    netsuiteDimensions,
	rate:       rateOfEntry, accountCode: 60,
	extension: "csv", layout: func(p Profile, s *scribe) layout { return &netsuite{profile: p, rows: rows{scribe: s}} },
}

// netsuite writes a row a line, with what is about the entry on every row. Rows of one
// journal have its external id in common.
type netsuite struct {
	profile Profile
	rows    rows
}

func (n *netsuite) begin(b []byte, _ Header) ([]byte, error) {
	return n.rows.head(b, netsuiteColumns), nil
}

func (n *netsuite) entry(b []byte, e Entry) ([]byte, int64, error) {
	r, memo := &n.rows, n.profile.count("memo_length")
	r.start(b, e)
	for _, line := range e.Lines {
		r.exact(0, "number", e.Code, netsuiteID)
		r.date(e.AccountingDate)
		r.cell(n.period(e))
		r.cell(string(line.Amount.Currency))
		r.cell(rateOrOne(e.Rate))
		r.cell(n.profile.Options["subsidiary"])
		r.free(e.Description, memo)
		r.blank(1)
		r.cell("N")
		r.cell(onOff(n.profile.Options["approved"], "T", "F"))
		r.required(line.Number, "account", accountName(n.profile.Options["account"], line.Account), 0)
		r.sides(line, line.Amount, netsuitePlaces, netsuiteDigits)
		r.free(about(e, line), memo)
		for _, column := range netsuiteDimensions {
			r.exact(line.Number, column, line.Column(column), 0)
		}
		r.end()
	}
	return r.done(len(e.Lines))
}

func (n *netsuite) end(b []byte) ([]byte, error) { return b, nil }

// period names the posting period as NetSuite does by default: Jan 2025.
func (n *netsuite) period(e Entry) string {
	if n.profile.Options["posting_period"] != "yes" {
		return ""
	}
	return string(appendDate(nil, e.AccountingDate, "MMM YYYY"))
}
