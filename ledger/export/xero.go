package export

// Xero is the manual journal CSV of Xero.
const Xero Format = "xero"

const (
	xeroOption1 = "TrackingOption1"
	xeroOption2 = "TrackingOption2"

	xeroPlaces = 2
	xeroDigits = 16
)

var xeroColumns = []string{
	"*Narration", "*Date", "Description", "*AccountCode", "*TaxRate", "*Amount",
	"TrackingName1", xeroOption1, "TrackingName2", xeroOption2,
}

var xeroSpec = spec{
	format: Xero,
	about:  "manual journal CSV for Xero",
	profile: Profile{
		File:     FileForm{UKDate, Point, CommaDelimiter, CRLF, false, UTF8},
		Formula:  StripFormula,
		Currency: InFunctional,
		Limits:   Limits{Rows: 300},
	},
	options: []Option{
		{Name: "tax_rate", About: "the full name of the tax rate of every line", Default: "Tax Exempt", Required: true, Longest: 100},
		{Name: "tracking_name_1", About: "the tracking category to which " + xeroOption1 + " belongs", Longest: 100},
		{Name: "tracking_name_2", About: "the tracking category to which " + xeroOption2 + " belongs", Longest: 100},
		countOption("narration_length", "the most characters of a narration", 4000, 4000),
		countOption("account_length", "the most characters of an account code", 10, 100),
	},
	dates:          []DateForm{UKDate, NamedDate},
	columns:        []string{xeroOption1, xeroOption2},
	functionalOnly: true,
	extension:      "csv",
	layout:         func(p Profile, s *scribe) layout { return &xero{profile: p, rows: rows{scribe: s}} },
	check: func(p Profile) (wrong []FieldError) {
		for _, tracking := range [][2]string{{xeroOption1, "tracking_name_1"}, {xeroOption2, "tracking_name_2"}} {
			if p.uses(tracking[0]) && p.Options[tracking[1]] == "" {
				wrong = append(wrong, FieldError{"options." + tracking[1], "", "must name the tracking category, for a dimension goes to " + tracking[0]})
			}
		}
		return wrong
	},
}

// xero writes a row a line. Rows of one journal have narration and date in common, so the
// narration begins with the number of the entry. Debits are positive.
type xero struct {
	profile Profile
	rows    rows
}

func (x *xero) begin(b []byte, _ Header) ([]byte, error) { return x.rows.head(b, xeroColumns), nil }

func (x *xero) entry(b []byte, e Entry) ([]byte, int64, error) {
	r := &x.rows
	longest := x.profile.count("narration_length")
	r.start(b, e)
	for _, line := range e.Lines {
		r.cell(r.numbered(e, longest))
		r.date(e.AccountingDate)
		r.free(about(e, line), longest)
		r.required(line.Number, "account", line.Account.Code, x.profile.count("account_length"))
		r.cell(x.profile.Options["tax_rate"])
		r.amount(line.Number, line.Amount, xeroPlaces, xeroDigits)
		for _, tracking := range [][2]string{{xeroOption1, "tracking_name_1"}, {xeroOption2, "tracking_name_2"}} {
			option := line.Column(tracking[0])
			if option == "" {
				r.blank(2)
				continue
			}
			r.cell(x.profile.Options[tracking[1]])
			r.exact(line.Number, tracking[0], option, 100)
		}
		r.end()
	}
	return r.done(len(e.Lines))
}

func (x *xero) end(b []byte) ([]byte, error) { return b, nil }
