package export

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"drawdown/ledger"
)

// SAFT is the Norwegian Standard Audit File for Tax, Financial, 1.30.
const SAFT Format = "saf-t"

// saftVersion is that of the schema.
const saftVersion = "1.30"

// Lengths of the schema's types.
const (
	saftCode    = 9
	saftShort   = 18
	saftMiddle  = 35
	saftMiddle2 = 70
	saftLong    = 256
	saftPlaces  = 2
)

var saftSpec = spec{
	format:      SAFT,
	about:       "SAF-T Financial " + saftVersion + ", the Norwegian Standard Audit File for Tax",
	profile:     Profile{File: FileForm{ISODate, Point, CommaDelimiter, LF, false, UTF8}, Formula: KeepFormula},
	noBOM:       true,
	accountCode: saftMiddle2, accountName: saftLong,
	journal: true,
	options: append([]Option{
		{Name: "registration_number", About: "number of the company in the register of business enterprises", Default: "999999999", Required: true, Longest: saftMiddle},
		{Name: "company_name", About: "name of the company", Default: "Company", Required: true, Longest: saftLong},
		{Name: "contact_first_name", About: "who answers for the file", Default: "NotUsed", Required: true, Longest: saftMiddle},
		{Name: "contact_last_name", About: "who answers for the file", Default: "NotUsed", Required: true, Longest: saftMiddle2},
		{Name: "country", About: "AuditFileCountry, two letters", Default: "NO", Required: true, Longest: 2},
		{Name: "created", About: "AuditFileDateCreated, YYYY-MM-DD; empty is the last day of the period or the last on which an entry of it was written", Check: saftDay},
		{Name: "software_version", About: "SoftwareVersion", Default: "1", Required: true, Longest: saftShort},
		{Name: "journal_id", About: "JournalID of the one journal", Default: "CREDITS", Required: true, Longest: saftShort},
		{Name: "journal_type", About: "Type of the one journal", Default: "GL", Required: true, Longest: saftCode},
		fiscalYearOption,
	}, saftGroupings()...),
	open: openSAFT,
}

func saftDay(text string) string {
	if text == "" {
		return ""
	}
	if _, err := ledger.ParseDate(text); err != nil {
		return err.Error()
	}
	return ""
}

// saftDefaults are the groupings of the Norwegian business specification (næringsspesifikasjon)
// that fit a role: category and code.
var saftDefaults = map[ledger.Role]string{
	ledger.Cash:               "balanseverdiForOmloepsmiddel/1920", // bank deposits
	ledger.AccountsReceivable: "balanseverdiForOmloepsmiddel/1500", // accounts receivable
	ledger.UnbilledReceivable: "balanseverdiForOmloepsmiddel/1530", // earned, non-invoiced operating revenues
	ledger.DeferredRevenue:    "kortsiktigGjeld/2970",              // unearned income
	ledger.TaxPayable:         "kortsiktigGjeld/2740",              // settlement account for VAT
	ledger.UnclaimedProperty:  "kortsiktigGjeld/2990",              // other short-term debt
	ledger.RefundLiability:    "kortsiktigGjeld/2980",              // provisions for liabilities
	ledger.OpeningBalances:    "kortsiktigGjeld/2990",
	ledger.UsageRevenue:       "salgsinntekt/3000",       // sales revenue subject to VAT
	ledger.BreakageRevenue:    "annenDriftsinntekt/3900", // other operating revenues
	ledger.OverageRevenue:     "salgsinntekt/3000",
	ledger.Refunds:            "salgsinntekt/3000",
	ledger.Disputes:           "salgsinntekt/3000",
	ledger.FXGainLoss:         "finanskostnad/8160", // losses from currency fluctuations
}

// saftGroupings has an option for each role.
func saftGroupings() []Option {
	var options []Option
	for _, account := range ledger.Accounts() {
		options = append(options, Option{
			Name: "grouping_" + string(account.Role), Default: saftDefaults[account.Role],
			About: "GroupingCategory/GroupingCode of " + string(account.Role), Check: saftGrouping,
		})
	}
	return options
}

func saftGrouping(text string) string {
	category, code, both := strings.Cut(text, "/")
	if !both || category == "" || code == "" || len(category) > saftLong || len(code) > saftMiddle || oneLine(text) != text {
		return "is not a category and a code such as salgsinntekt/3000"
	}
	return ""
}

// saftWriter writes one file, element by element. The first reading finds the totals, balances
// and analyses that stand before the entries.
type saftWriter struct {
	profile  Profile
	scribe   *scribe
	out      *Output
	begins   int
	read     *reading
	analyses map[Cell]bool
	second   bool
	entries  int64
	debit    ledger.Amount
	credit   ledger.Amount
	b        []byte
}

func openSAFT(p Profile, s *scribe, out *Output) (Writer, error) {
	if p.Limits != (Limits{}) {
		return nil, errors.New("SAF-T is one file: leave limits at 0")
	}
	begins, err := strconv.Atoi(p.Options[fiscalYearOption.Name])
	if err != nil {
		return nil, err
	}
	return &saftWriter{profile: p, scribe: s, out: out, begins: begins, analyses: map[Cell]bool{}}, nil
}

func (s *saftWriter) Begin(header Header) error {
	if header.Functional.Exponent() > saftPlaces {
		return RefusedError{Refusals: []RefusalError{{
			Code: TooManyDecimals, Field: "functional_currency", Value: string(header.Functional),
			Message: fmt.Sprintf("has amounts of %d decimals, and SAF-T has %d: nothing is rounded", header.Functional.Exponent(), saftPlaces),
		}}}
	}
	s.debit, s.credit = ledger.Money(0, header.Functional), ledger.Money(0, header.Functional)
	s.read = newReading(header)
	return nil
}

// First adds up the entry and refuses what cannot be written.
func (s *saftWriter) First(e Entry) error {
	var refusals []RefusalError
	hold := func(line int, field, value string, longest int) {
		if code, message := s.scribe.exact(value, longest, ""); code != "" {
			refusals = append(refusals, refuse(e, line, code, field, value, message))
		}
	}
	hold(0, "batch", compact(e.Batch), saftMiddle)
	if year, _ := fiscal(e.Period(), s.begins); year < 1970 || year > 2100 {
		refusals = append(refusals, refuse(e, 0, BadText, "accounting_date", e.AccountingDate.String(), "is in no fiscal year from 1970 to 2100"))
	}
	for _, line := range e.Lines {
		for _, cell := range line.Columns {
			if cell.Value == "" {
				continue
			}
			hold(line.Number, cell.Key, cell.Column, saftCode)
			hold(line.Number, cell.Key, cell.Value, saftMiddle)
			s.analyses[Cell{Column: cell.Column, Value: cell.Value}] = true
		}
	}
	if len(refusals) > 0 {
		return RefusedError{Refusals: refusals}
	}
	return s.read.add(e)
}

// compact writes a UUID without its hyphens, which would not fit.
func compact(id string) string {
	if aUUID.MatchString(id) {
		return strings.ReplaceAll(id, "-", "")
	}
	return id
}

var aUUID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func (s *saftWriter) Entry(e Entry) error {
	if err := s.head(); err != nil {
		return err
	}
	s.entries++
	year, month := fiscal(e.Period(), s.begins)
	s.open("Transaction")
	s.element("TransactionID", e.Code)
	s.element("Period", strconv.Itoa(month))
	s.element("PeriodYear", strconv.Itoa(year))
	s.element("TransactionDate", e.OccurredOn.String())
	s.optional("SourceID", s.scribe.userID(e.EnteredBy, saftMiddle, ""))
	s.element("VoucherType", string(e.Kind))
	s.optional("VoucherDescription", s.scribe.free(e.Reference, saftMiddle2, ""))
	s.element("Description", s.scribe.first(saftLong, "", e.Description, string(e.Kind)))
	s.optional("BatchID", compact(e.Batch))
	s.element("SystemEntryDate", postedOn(e).String())
	s.element("GLPostingDate", e.AccountingDate.String())
	s.element("SystemID", strconv.FormatInt(e.Number, 10))
	for _, line := range e.Lines {
		s.line(e, line)
	}
	s.close("Transaction")
	s.out.Count(e, int64(len(e.Lines)))
	if len(s.b) < flushAt {
		return nil
	}
	return s.flush()
}

func (s *saftWriter) line(e Entry, line Line) {
	s.open("Line")
	s.element("RecordID", strconv.Itoa(line.Number))
	s.element("AccountID", accountOf(line).Code)
	for _, cell := range line.Columns {
		if cell.Value != "" {
			s.open("Analysis")
			s.element("AnalysisType", cell.Column)
			s.element("AnalysisID", cell.Value)
			s.close("Analysis")
		}
	}
	if len(compact(oneLine(e.Reference))) <= saftMiddle { // VoucherDescription has it in any case
		s.optional("SourceDocumentID", compact(s.scribe.line(e.Reference)))
	}
	foreign := line.Amount.Currency != line.Functional.Currency
	amount, side := line.Amount, "DebitAmount"
	functional := line.Functional
	if line.functionalCredit() {
		amount, functional, side = amount.Neg(), functional.Neg(), "CreditAmount"
		s.credit = s.credit.Add(functional)
	} else {
		s.debit = s.debit.Add(functional)
	}
	places, fits := s.scribe.amount(nil, amount, saftPlaces)
	longest, exactly := saftLong, ""
	if foreign && !fits { // the third decimal stands in words, for nothing is rounded
		longest, exactly = saftLong-32, " ("+line.Amount.String()+")"
	}
	s.element("Description", s.scribe.first(longest, "", line.Memo, e.Description, string(e.Kind))+exactly)
	s.open(side)
	s.element("Amount", s.two(functional))
	if foreign && fits {
		s.element("CurrencyCode", string(amount.Currency))
		s.element("CurrencyAmount", string(places))
		s.optional("ExchangeRate", line.Rate(rateDecimals))
	}
	s.close(side)
	s.close("Line")
}

// two is the amount with two decimals: no functional currency has more.
func (s *saftWriter) two(amount ledger.Amount) string {
	text, _ := s.scribe.amount(nil, amount, saftPlaces)
	return string(text)
}

// head writes everything that stands before the entries.
func (s *saftWriter) head() error {
	if s.second {
		return nil
	}
	s.second = true
	if err := s.read.settle(); err != nil {
		return err
	}
	option := s.profile.Options
	created := option["created"]
	if created == "" {
		created = max(s.read.posted, s.read.header.To).String()
	}
	name := fmt.Sprintf("SAF-T Financial_%s_%s000000.xml", option["registration_number"], strings.ReplaceAll(created, "-", ""))
	if err := s.out.Create(JournalFile, name); err != nil {
		return err
	}
	s.b = append(s.b, xml.Header+`<AuditFile xmlns="urn:StandardAuditFile-Taxation-Financial:NO">`+"\n"...)
	s.open("Header")
	s.element("AuditFileVersion", saftVersion)
	s.element("AuditFileCountry", option["country"])
	s.element("AuditFileDateCreated", created)
	s.element("SoftwareCompanyName", "Drawdown")
	s.element("SoftwareID", "Drawdown")
	s.element("SoftwareVersion", option["software_version"])
	s.open("Company")
	s.element("RegistrationNumber", option["registration_number"])
	s.element("Name", option["company_name"])
	s.open("Contact")
	s.open("ContactPerson")
	s.element("FirstName", option["contact_first_name"])
	s.element("LastName", option["contact_last_name"])
	s.close("ContactPerson")
	s.close("Contact")
	s.close("Company")
	s.element("DefaultCurrencyCode", string(s.read.header.Functional))
	s.open("SelectionCriteria")
	s.element("SelectionStartDate", s.read.header.From.String())
	s.element("SelectionEndDate", s.read.header.To.String())
	s.close("SelectionCriteria")
	s.element("HeaderComment", "The sub-ledger of prepaid credits. "+s.read.balances())
	s.element("TaxAccountingBasis", "A")
	s.close("Header")
	s.masterFiles()
	s.open("GeneralLedgerEntries")
	s.element("NumberOfEntries", strconv.FormatInt(s.read.entries, 10))
	s.element("TotalDebit", s.two(s.read.debit))
	s.element("TotalCredit", s.two(s.read.credit))
	s.open("Journal")
	s.element("JournalID", option["journal_id"])
	s.element("Description", "Prepaid credits")
	s.element("Type", option["journal_type"])
	return nil
}

func (s *saftWriter) masterFiles() {
	accounts := s.read.sorted()
	if len(accounts) == 0 {
		return // an empty list is against the schema
	}
	s.open("MasterFiles")
	s.open("GeneralLedgerAccounts")
	for _, account := range accounts {
		category, code, _ := strings.Cut(s.profile.Options["grouping_"+string(account.role)], "/")
		s.open("Account")
		s.element("AccountID", account.account.Code)
		s.element("AccountDescription", account.account.Name)
		s.element("GroupingCategory", category)
		s.element("GroupingCode", code)
		s.element("AccountType", "GL")
		s.balance("Opening", account.opening)
		s.balance("Closing", account.closing())
		s.close("Account")
	}
	s.close("GeneralLedgerAccounts")
	if len(s.analyses) > 0 {
		s.open("AnalysisTypeTable")
		sorted := slices.SortedFunc(maps.Keys(s.analyses), func(a, b Cell) int {
			return cmp.Or(strings.Compare(a.Column, b.Column), strings.Compare(a.Value, b.Value))
		})
		for _, analysis := range sorted {
			s.open("AnalysisTypeTableEntry")
			s.element("AnalysisType", analysis.Column)
			s.element("AnalysisTypeDescription", analysis.Column)
			s.element("AnalysisID", analysis.Value)
			s.element("AnalysisIDDescription", analysis.Value)
			s.close("AnalysisTypeTableEntry")
		}
		s.close("AnalysisTypeTable")
	}
	s.close("MasterFiles")
}

func (s *saftWriter) balance(when string, signed ledger.Amount) {
	if signed.Minor < 0 {
		s.element(when+"CreditBalance", s.two(signed.Neg()))
	} else {
		s.element(when+"DebitBalance", s.two(signed))
	}
}

// End closes the file.
func (s *saftWriter) End() error {
	if err := s.head(); err != nil {
		return err
	}
	if s.entries != s.read.entries || s.debit != s.read.debit || s.credit != s.read.credit {
		return fmt.Errorf("the journal was another when it was read again: %d entries, debits %s, credits %s; first %d, %s, %s",
			s.entries, s.debit, s.credit, s.read.entries, s.read.debit, s.read.credit)
	}
	s.close("Journal")
	s.close("GeneralLedgerEntries")
	s.b = append(s.b, "</AuditFile>\n"...)
	if err := s.flush(); err != nil {
		return err
	}
	return s.out.Close()
}

func (s *saftWriter) flush() error {
	_, err := s.out.Write(s.b)
	s.b = s.b[:0]
	return err
}

func (s *saftWriter) open(name string) { s.b = append(append(append(s.b, '<'), name...), ">\n"...) }
func (s *saftWriter) close(name string) {
	s.b = append(append(append(s.b, "</"...), name...), ">\n"...)
}

func (s *saftWriter) element(name, text string) {
	s.b = append(append(append(s.b, '<'), name...), '>')
	s.b = appendXML(s.b, text)
	s.close(name)
}

func (s *saftWriter) optional(name, text string) {
	if text != "" {
		s.element(name, text)
	}
}
