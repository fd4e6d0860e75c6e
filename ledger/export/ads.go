package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"drawdown/ledger"
)

// ADS is the general ledger as the Audit Data Standards of the AICPA have it.
const ADS Format = "ads"

var adsSpec = spec{
	format:  ADS,
	about:   "the AICPA's Audit Data Standards, for auditors: GL_Detail with the listings, balances and totals that belong to it",
	profile: Profile{File: FileForm{ISODate, Point, PipeDelimiter, LF, false, UTF8}, Formula: KeepFormula},
	dates:   []DateForm{ISODate, PlainDate},
	columns: []string{"Segment01", "Segment02", "Segment03", "Segment04", "Segment05"},
	noBOM:   true, unquoted: true, separators: adsSeparators,
	accountCode: adsAccount, accountName: adsAccount,
	journal: true,
	options: []Option{
		{Name: "business_unit", About: "code of the business unit whose book this is", Default: "MAIN", Required: true, Longest: adsCode},
		{Name: "business_unit_name", About: "what it is called", Default: "Main", Required: true, Longest: 100},
		{Name: "journal_id", About: "what Journal_ID is: the number of the entry, or a sequence within the file, which has no gaps where a period leaves entries of others out", Default: "number", Values: []string{"number", "sequence"}},
		{Name: "transaction_columns", About: "the columns of ISO 21378 at the end: journal number, amount and currency of the contract, kind of entry", Default: "yes", Values: yesNo},
		{Name: "system_user", About: "who entered what the program booked by itself, of acts and by jobs", Default: "SYSTEM", Required: true, Longest: adsCode},
		{Name: "module", About: "ERP_Subledger_Module in Source_Listing", Default: "Drawdown", Required: true, Longest: 100},
		fiscalYearOption,
	},
	open: openADS,
}

// fiscalYearOption says with which month the fiscal year begins.
var fiscalYearOption = Option{
	Name: "fiscal_year_begins", About: "month of the calendar, 1 to 12, with which the fiscal year begins", Default: "1",
	Values: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"},
}

// Lengths of the AICPA's schema.
const (
	adsCode        = 25
	adsAccount     = 100
	adsDescription = 1000
	adsSegments    = 5
)

// adsSeparators stand in no cell: a bar parts cells, and at the beginning of a cell some readers
// take a quotation mark for the first of two.
const adsSeparators = `|"`

// adsColumns are those of GL_Detail. Where no primary source orders them, readers go by the
// heading.
var adsColumns = []string{
	"Journal_ID", "Journal_ID_Line_Number", "JE_Header_Description", "JE_Line_Description", "Source", "Business_Unit_Code",
	"Effective_Date", "Fiscal_Year", "Period", "GL_Account_Number", "Amount", "Amount_Credit_Debit_Indicator", "Amount_Currency",
	"Reversal_Indicator", "Reversal_Journal_ID", "Entered_By", "Entered_Date", "Entered_Time", "Last_Modified_By", "Last_Modified_Date",
	"Approved_By", "Approved_Date", "Reporting_Amount", "Reporting_Amount_Currency", "Local_Amount", "Local_Amount_Currency",
	"Segment01", "Segment02", "Segment03", "Segment04", "Segment05",
}

// adsExtra are the columns that ISO 21378 has and GL_Detail has not.
var adsExtra = []string{"Journal_Number", "Transaction_Amount", "Transaction_Currency_Code", "JE_Type_Code"}

// adsWriter writes the files one after another: the first reading of the entries makes Log_File
// and what the listings need, the second GL_Detail.
type adsWriter struct {
	pipes
	profile  Profile
	begins   int
	sequence map[int64]int64 // number to place in the file, of entries that others name
	place    int64
	wanted   map[int64]bool
	read     *reading
	profiled adsProfile
	second   bool
}

func openADS(p Profile, s *scribe, out *Output) (Writer, error) {
	if p.Limits != (Limits{}) {
		return nil, errors.New("the Audit Data Standards have one file of a kind: leave limits at 0")
	}
	begins, err := strconv.Atoi(p.Options[fiscalYearOption.Name])
	if err != nil {
		return nil, err
	}
	return &adsWriter{
		pipes: pipes{scribe: s, out: out}, profile: p, begins: begins,
		sequence: map[int64]int64{}, wanted: map[int64]bool{},
	}, nil
}

func (a *adsWriter) Begin(header Header) error {
	a.read = newReading(header)
	return a.create(TableFile, "Log_File.txt", "Journal_ID", "Amount_Credit_Debit_Indicator", "Total", "Entered_Date", "Entered_Time")
}

// ofPeriod is the name of a file about the period.
func (a *adsWriter) ofPeriod(name string) string {
	return fmt.Sprintf("%s_%s_%s.txt", name, appendDate(nil, a.read.header.From, PlainDate), appendDate(nil, a.read.header.To, PlainDate))
}

// First writes, into Log_File, what the entry debits and credits in all, for the auditor to hold GL_Detail
// against.
func (a *adsWriter) First(e Entry) error {
	if err := a.refuses(e); err != nil {
		return err
	}
	if err := a.read.add(e); err != nil {
		return err
	}
	debit, credit := ledger.Money(0, a.read.header.Functional), ledger.Money(0, a.read.header.Functional)
	for _, line := range e.Lines {
		if line.functionalCredit() {
			credit = credit.Sub(line.Functional)
		} else {
			debit = debit.Add(line.Functional)
		}
	}
	a.place++
	if a.profile.Options["journal_id"] == "sequence" {
		for _, other := range [...]int64{e.Reverses, e.ReversedBy} {
			if other != 0 {
				a.wanted[e.Number], a.wanted[other] = true, true
			}
		}
		if a.wanted[e.Number] {
			a.sequence[e.Number] = a.place
		}
	}
	for _, side := range [...]struct {
		indicator string
		total     ledger.Amount
	}{{"D", debit}, {"C", credit}} {
		a.whole(a.id(e.Number))
		a.word(side.indicator)
		a.money(side.total)
		a.day(postedOn(e))
		a.time(e)
		if err := a.end(); err != nil {
			return err
		}
	}
	return nil
}

// refuses returns everything that names something and cannot be written as it is.
func (a *adsWriter) refuses(e Entry) error {
	var refusals []RefusalError
	hold := func(line int, field, value string) {
		if code, message := a.scribe.exact(value, adsCode, adsSeparators); code != "" {
			refusals = append(refusals, refuse(e, line, code, field, value, message))
		}
	}
	hold(0, "kind", string(e.Kind))
	for _, line := range e.Lines {
		for _, cell := range line.Columns {
			hold(line.Number, cell.Key, cell.Value)
		}
	}
	if len(refusals) > 0 {
		return RefusedError{Refusals: refusals}
	}
	return nil
}

// id is Journal_ID of the entry that is being written.
func (a *adsWriter) id(number int64) int64 {
	if a.profile.Options["journal_id"] == "sequence" {
		return a.place
	}
	return number
}

// idOf is Journal_ID of another entry, or 0 where that is not in the file.
func (a *adsWriter) idOf(number int64) int64 {
	if a.profile.Options["journal_id"] == "sequence" {
		return a.sequence[number]
	}
	return number
}

// begin ends the first reading and opens GL_Detail.
func (a *adsWriter) begin() error {
	if a.second {
		return nil
	}
	a.second, a.place = true, 0
	if err := a.read.settle(); err != nil {
		return err
	}
	a.profiled = newADSProfile(a.read)
	if err := a.close(); err != nil {
		return err
	}
	columns := adsColumns
	if a.profile.Options["transaction_columns"] == "yes" {
		columns = append(slices.Clone(columns), adsExtra...)
	}
	return a.create(JournalFile, a.ofPeriod("GL_Detail"), columns...)
}

func (a *adsWriter) Entry(e Entry) error {
	if err := a.begin(); err != nil {
		return err
	}
	a.place++
	year, month := fiscal(e.Period(), a.begins)
	for _, line := range e.Lines {
		account := accountOf(line)
		a.whole(a.id(e.Number))
		a.whole(int64(line.Number))
		a.word(a.scribe.free(e.Description, adsDescription, adsSeparators))
		a.word(a.scribe.free(lineText(line), adsDescription, adsSeparators))
		a.word(string(e.Kind))
		a.word(a.profile.Options["business_unit"])
		a.day(e.AccountingDate)
		a.whole(int64(year))
		a.word("M" + strconv.Itoa(month))
		a.word(account.Code)
		a.side(line)
		switch {
		case e.Reverses != 0:
			a.word("1")
			a.number(a.idOf(e.Reverses))
		case e.ReversedBy != 0:
			a.word("2")
			a.number(a.idOf(e.ReversedBy))
		default:
			a.empty(2)
		}
		if e.EnteredBy == "" {
			a.word(a.profile.Options["system_user"])
		} else {
			a.word(a.user(e.EnteredBy))
		}
		a.day(postedOn(e))
		a.time(e)
		a.empty(2)
		a.word(a.user(e.ApprovedBy))
		a.empty(3)
		if line.functionalCredit() {
			a.money(line.Amount.Neg())
		} else {
			a.money(line.Amount)
		}
		a.word(string(line.Amount.Currency))
		for _, column := range a.columns() {
			a.word(line.Column(column))
		}
		if a.profile.Options["transaction_columns"] == "yes" {
			a.word(e.Code)
			a.money(line.Amount)
			a.word(string(line.Amount.Currency))
			a.word(string(e.Kind))
		}
		if err := a.end(); err != nil {
			return err
		}
	}
	a.profiled.entry(e, a.id(e.Number))
	a.out.Count(e, int64(len(e.Lines)))
	return nil
}

func (a *adsWriter) columns() []string { return adsColumns[len(adsColumns)-adsSegments:] }

// side writes amount, indicator and currency in the functional currency.
func (a *adsWriter) side(line Line) {
	if line.functionalCredit() {
		a.money(line.Functional.Neg())
		a.word("C")
	} else {
		a.money(line.Functional)
		a.word("D")
	}
	a.word(string(line.Functional.Currency))
}

// lineText is what a line says of itself.
func lineText(line Line) string {
	if line.Memo != "" {
		return line.Memo
	}
	return accountOf(line).Name
}

// End writes the listings, the trial balance and the profiling report.
func (a *adsWriter) End() error {
	if err := a.begin(); err != nil {
		return err
	}
	if err := a.close(); err != nil {
		return err
	}
	if err := a.profiled.holds(a.read); err != nil {
		return err
	}
	for _, write := range []func() error{a.trialBalance, a.chart, a.users, a.units, a.sources, a.report} {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}

// trialBalance has a row for each account and month, signed, debit positive.
func (a *adsWriter) trialBalance() error {
	if err := a.create(TableFile, a.ofPeriod("Trial_Balance"),
		"GL_Account_Number", "Business_Unit_Code", "Fiscal_Year", "Period", "Balance_As_Of_Date", "Amount_Beginning", "Amount_Ending", "Amount_Currency",
		"Reporting_Amount_Beginning", "Reporting_Amount_Ending", "Reporting_Amount_Currency", "Local_Amount_Beginning", "Local_Amount_Ending", "Local_Amount_Currency"); err != nil {
		return err
	}
	for _, account := range a.read.sorted() {
		balance := account.opening
		for _, month := range a.read.months() {
			year, number := fiscal(month, a.begins)
			a.word(account.account.Code)
			a.word(a.profile.Options["business_unit"])
			a.whole(int64(year))
			a.word("M" + strconv.Itoa(number))
			a.day(min(month.Last(), a.read.header.To))
			a.money(balance)
			balance = balance.Add(account.moved[month])
			a.money(balance)
			a.word(string(a.read.header.Functional))
			a.empty(6)
			if err := a.end(); err != nil {
				return err
			}
		}
	}
	return a.close()
}

// adsTypes are the AICPA's words for the classes of accounts.
var adsTypes = map[ledger.Class]string{ledger.Asset: "Assets", ledger.Liability: "Liabilities", ledger.Revenue: "Revenue", ledger.Expense: "Expenses"}

func (a *adsWriter) chart() error {
	if err := a.create(TableFile, "Chart_Of_Accounts.txt",
		"GL_Account_Number", "GL_Account_Name", "Account_Type", "Account_Subtype", "FS_Caption", "GL_Account_Description", "Parent_GL_Account_Number", "XBRL_Concept"); err != nil {
		return err
	}
	for _, account := range a.read.sorted() {
		role, _ := ledger.AccountOf(account.role)
		a.word(account.account.Code)
		a.word(account.account.Name)
		a.word(adsTypes[account.account.Class])
		a.word(string(account.role))
		a.word(role.Name)
		a.empty(3)
		if err := a.end(); err != nil {
			return err
		}
	}
	return a.close()
}

// users lists who entered or approved an entry. What the book does not know of them is empty.
func (a *adsWriter) users() error {
	if err := a.create(TableFile, "User_Listing.txt",
		"User_ID", "User_Active_Status", "User_Active_Modified_Date", "First_Name", "Last_Name", "Title", "Department", "Role_Responsibility", "Actor"); err != nil {
		return err
	}
	users := map[string]string{a.profile.Options["system_user"]: ""} // to what the book calls them
	for _, actor := range slices.Sorted(maps.Keys(a.read.users)) {
		users[a.user(actor)] = actor
	}
	for _, user := range slices.Sorted(maps.Keys(users)) {
		a.word(user)
		a.empty(6)
		if actor := users[user]; actor == "" {
			a.word("The program itself")
			a.empty(1)
		} else {
			a.empty(1)
			a.word(a.scribe.free(actor, 0, adsSeparators))
		}
		if err := a.end(); err != nil {
			return err
		}
	}
	return a.close()
}

// user is User_ID of an actor.
func (a *adsWriter) user(actor string) string { return a.scribe.userID(actor, adsCode, adsSeparators) }

func (a *adsWriter) units() error {
	if err := a.create(TableFile, "Business_Unit_Listing.txt",
		"Business_Unit_Code", "Business_Unit_Description", "Business_Unit_Hierarchy1", "Business_Unit_Hierarchy2", "Business_Unit_Hierarchy3", "Business_Unit_Hierarchy4", "Business_Unit_Hierarchy5"); err != nil {
		return err
	}
	a.word(a.profile.Options["business_unit"])
	a.word(a.profile.Options["business_unit_name"])
	a.empty(5)
	if err := a.end(); err != nil {
		return err
	}
	return a.close()
}

func (a *adsWriter) sources() error {
	if err := a.create(TableFile, "Source_Listing.txt",
		"Source_ID", "Source_Description", "ERP_Subledger_Module", "Business_Process_Major", "Business_Process_Minor", "System_Manual_Identifier"); err != nil {
		return err
	}
	for _, kind := range slices.Sorted(maps.Keys(a.read.kinds)) {
		a.word(string(kind))
		a.word(strings.ToLower(strings.ReplaceAll(string(kind), "_", " ")))
		a.word(a.profile.Options["module"])
		a.word("Prepaid credits")
		a.empty(1)
		if kind.Manual() {
			a.word("Manual")
		} else {
			a.word("System")
		}
		if err := a.end(); err != nil {
			return err
		}
	}
	return a.close()
}

// report writes the GL Standard Data Profiling Report, for programs and for people.
func (a *adsWriter) report() error {
	found := a.profiled.report(a.read, a.begins)
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(found); err != nil {
		return err
	}
	for _, file := range []struct{ name, content string }{
		{"GL_Standard_Data_Profiling_Report.json", text.String()},
		{"GL_Standard_Data_Profiling_Report.txt", found.text()},
	} {
		if err := a.create(TableFile, file.name); err != nil {
			return err
		}
		a.buffer = append(a.buffer, file.content...)
		if err := a.close(); err != nil {
			return err
		}
	}
	return nil
}

// pipes writes rows of cells with a bar between them: no quotes, so no cell holds one.
type pipes struct {
	scribe *scribe
	out    *Output
	buffer []byte
	tables bool // the open file is no journal: its rows are counted one by one
}

// create opens a file and writes its heading, if it has columns.
func (p *pipes) create(kind FileKind, name string, columns ...string) error {
	p.tables = kind == TableFile
	if len(columns) > 0 {
		p.buffer = append(append(p.buffer, strings.Join(columns, "|")...), '\n')
	}
	return p.out.Create(kind, name)
}

func (p *pipes) word(text string)           { p.buffer = append(append(p.buffer, text...), '|') }
func (p *pipes) whole(n int64)              { p.buffer = append(strconv.AppendInt(p.buffer, n, 10), '|') }
func (p *pipes) money(amount ledger.Amount) { p.buffer = append(amount.Append(p.buffer), '|') }
func (p *pipes) day(day ledger.Date)        { p.buffer = append(p.scribe.date(p.buffer, day), '|') }
func (p *pipes) empty(cells int) {
	for range cells {
		p.buffer = append(p.buffer, '|')
	}
}

// number writes a number, or nothing of 0.
func (p *pipes) number(n int64) {
	if n == 0 {
		p.empty(1)
		return
	}
	p.whole(n)
}

// time writes the time of day, in UTC, at which the entry was written.
func (p *pipes) time(e Entry) {
	form := time.TimeOnly
	if p.scribe.file.Dates == PlainDate {
		form = "150405"
	}
	p.buffer = append(e.PostedAt.UTC().AppendFormat(p.buffer, form), '|')
}

// end ends a row.
func (p *pipes) end() error {
	if p.tables {
		p.out.CountRows(1)
	}
	p.buffer[len(p.buffer)-1] = '\n'
	if len(p.buffer) < flushAt {
		return nil
	}
	return p.flush()
}

func (p *pipes) flush() error {
	_, err := p.out.Write(p.buffer)
	p.buffer = p.buffer[:0]
	return err
}

func (p *pipes) close() error {
	if err := p.flush(); err != nil {
		return err
	}
	return p.out.Close()
}
