package export

import (
	"math"
	"strconv"
)

// BusinessCentral is the general journal of Microsoft Dynamics 365 Business Central, as a
// configuration package or the Excel page of a journal has its columns.
const BusinessCentral Format = "business-central"

const (
	bcDimension1 = "Shortcut Dimension 1 Code"
	bcDimension2 = "Shortcut Dimension 2 Code"

	bcCode   = 20 // characters of a document number, an account, a dimension
	bcName   = 10 // of a journal template and a batch
	bcDigits = 15
)

var businessCentralSpec = spec{
	format: BusinessCentral,
	about:  "general journal lines CSV for Microsoft Dynamics 365 Business Central",
	profile: Profile{
		File:    FileForm{ISODate, Point, CommaDelimiter, CRLF, false, UTF8},
		Formula: StripFormula,
	},
	options: []Option{
		{Name: "template", About: "the name of the journal template", Default: "GENERAL", Required: true, Longest: bcName},
		{Name: "batch", About: "the name of the journal batch", Default: "DEFAULT", Required: true, Longest: bcName},
		{Name: "amounts", About: "one signed column Amount, or Debit Amount and Credit Amount", Default: "signed", Values: []string{"signed", "sides"}},
		{Name: "amount_lcy", About: "whether there is a column Amount (LCY) with what the book reports, or the target converts at its own rates", Default: "no", Values: yesNo},
		countOption("line_step", "how far line numbers are apart", 1000, 10_000),
		countOption("description_length", "the most characters of a description", 50, 100),
		countOption("external_length", "the most characters of an external document number", 20, 35),
	},
	dates:      []DateForm{ISODate, USDate, UKDate, DotDate, SlashDate},
	decimals:   []Decimal{Point, Comma},
	delimiters: []Delimiter{CommaDelimiter, SemicolonDelimiter, TabDelimiter},
	columns:    []string{bcDimension1, bcDimension2},
	rate:       rateOfTarget, accountCode: bcCode,
	extension: "csv",
	layout:    func(p Profile, s *scribe) layout { return &businessCentral{profile: p, rows: rows{scribe: s}} },
}

// businessCentral writes a row a line. Lines of one entry have document number and posting
// date in common; line numbers go on from file to file, for all go into one journal batch.
type businessCentral struct {
	profile Profile
	rows    rows
	header  Header
	line    int
}

func (c *businessCentral) begin(b []byte, header Header) ([]byte, error) {
	c.header = header
	columns := []string{"Journal Template Name", "Journal Batch Name", "Line No.", "Posting Date", "Document Type", "Document No.", "Account Type", "Account No.", "Description", "Currency Code"}
	if c.profile.Options["amounts"] == "sides" {
		columns = append(columns, "Debit Amount", "Credit Amount")
	} else {
		columns = append(columns, "Amount")
	}
	if c.profile.Options["amount_lcy"] == "yes" {
		columns = append(columns, "Amount (LCY)")
	}
	return c.rows.head(b, append(columns, bcDimension1, bcDimension2, "External Document No.", "Bal. Account No.")), nil
}

func (c *businessCentral) entry(b []byte, e Entry) ([]byte, int64, error) {
	r, options := &c.rows, c.profile.Options
	r.start(b, e)
	for _, line := range e.Lines {
		c.line += c.profile.count("line_step")
		if c.line > math.MaxInt32 {
			r.refuse(line.Number, AmountTooLarge, "line number", strconv.Itoa(c.line), "is beyond 2147483647; options.line_step must be smaller, or the export shorter")
		}
		r.cells(options["template"], options["batch"], strconv.Itoa(c.line))
		r.date(e.AccountingDate)
		r.blank(1)
		r.exact(0, "number", e.Code, bcCode)
		r.cell("G/L Account")
		r.required(line.Number, "account", line.Account.Code, bcCode)
		r.described(line, c.profile.count("description_length"))
		if line.Amount.Currency == c.header.Functional {
			r.blank(1) // the local currency has no code there
		} else {
			r.cell(string(line.Amount.Currency))
		}
		if options["amounts"] == "sides" {
			r.sides(line, line.Amount, -1, bcDigits)
		} else {
			r.amount(line.Number, line.Amount, -1, bcDigits)
		}
		if options["amount_lcy"] == "yes" {
			r.amount(line.Number, line.Functional, -1, bcDigits)
		}
		r.exact(line.Number, bcDimension1, line.Column(bcDimension1), bcCode)
		r.exact(line.Number, bcDimension2, line.Column(bcDimension2), bcCode)
		r.free(e.Reference, c.profile.count("external_length"))
		r.blank(1)
		r.end()
	}
	return r.done(len(e.Lines))
}

func (c *businessCentral) end(b []byte) ([]byte, error) { return b, nil }
