package export

import (
	"fmt"
	"strings"

	"drawdown/ledger"
)

// adsProfile is what GL_Detail was found to hold while it was written: the second reading, to be
// held against the first.
type adsProfile struct {
	functional ledger.Currency
	journals   int64
	lines      int64
	first      int64
	last       int64
	gaps       int64
	debits     ledger.Amount
	credits    ledger.Amount
	months     map[ledger.Period]*adsMonth
	moved      map[string]ledger.Amount // by account and month
}

// adsMonth is what GL_Detail holds of one month.
type adsMonth struct {
	lines                            int64
	debits, credits                  ledger.Amount
	firstDay, lastDay, entered, last ledger.Date
}

func newADSProfile(r *reading) adsProfile {
	nothing := ledger.Money(0, r.header.Functional)
	return adsProfile{
		functional: r.header.Functional, debits: nothing, credits: nothing,
		months: map[ledger.Period]*adsMonth{}, moved: map[string]ledger.Amount{},
	}
}

// entry adds an entry with its Journal_ID.
func (p *adsProfile) entry(e Entry, id int64) {
	p.journals++
	if p.first == 0 {
		p.first = id
	} else {
		p.gaps += id - p.last - 1
	}
	p.last = id
	month := p.months[e.Period()]
	if month == nil {
		month = &adsMonth{
			debits: ledger.Money(0, p.functional), credits: ledger.Money(0, p.functional),
			firstDay: e.AccountingDate, lastDay: e.AccountingDate, entered: postedOn(e), last: postedOn(e),
		}
		p.months[e.Period()] = month
	}
	month.firstDay, month.lastDay = min(month.firstDay, e.AccountingDate), max(month.lastDay, e.AccountingDate)
	month.entered, month.last = min(month.entered, postedOn(e)), max(month.last, postedOn(e))
	for _, line := range e.Lines {
		p.lines++
		month.lines++
		if line.functionalCredit() {
			p.credits, month.credits = p.credits.Sub(line.Functional), month.credits.Sub(line.Functional)
		} else {
			p.debits, month.debits = p.debits.Add(line.Functional), month.debits.Add(line.Functional)
		}
		key := accountOf(line).Code + "\x00" + e.Period().String()
		p.moved[key] = p.moved[key].Add(line.Functional)
	}
}

// adsReport is the GL Standard Data Profiling Report.
type adsReport struct {
	Ledger        string         `json:"ledger"`
	Currency      string         `json:"currency"`
	From          string         `json:"from"`
	To            string         `json:"to"`
	Balances      string         `json:"balances"` // what those of Trial_Balance are
	Journals      int64          `json:"journals"`
	FirstID       int64          `json:"first_journal_id"`
	LastID        int64          `json:"last_journal_id"`
	Gaps          int64          `json:"journal_ids_missing_between"`
	Lines         int64          `json:"lines"`
	EffectiveDate adsSpan        `json:"effective_date"`
	EnteredDate   adsSpan        `json:"entered_date"`
	Debits        string         `json:"debits"`
	Credits       string         `json:"credits"`
	Net           string         `json:"net"`
	Periods       []adsPeriod    `json:"periods"`
	TrialBalance  adsTrial       `json:"trial_balance"`
	RollForward   adsRollForward `json:"roll_forward"`
}

// adsSpan is the first and the last day of something; empty where there is none.
type adsSpan struct {
	Min string `json:"min"`
	Max string `json:"max"`
}

type adsPeriod struct {
	FiscalYear    int     `json:"fiscal_year"`
	Period        string  `json:"period"`
	Lines         int64   `json:"lines"`
	EffectiveDate adsSpan `json:"effective_date"`
	EnteredDate   adsSpan `json:"entered_date"`
	Debits        string  `json:"debits"`
	Credits       string  `json:"credits"`
}

type adsTrial struct {
	Accounts int    `json:"accounts"`
	Ending   string `json:"sum_of_amount_ending_in_the_last_period"`
}

// adsRollForward is Amount_Beginning with the lines of GL_Detail against Amount_Ending, row by row.
type adsRollForward struct {
	Rows        int             `json:"rows"`
	Differences []adsDifference `json:"differences"`
}

type adsDifference struct {
	Account    string `json:"gl_account_number"`
	FiscalYear int    `json:"fiscal_year"`
	Period     string `json:"period"`
	Difference string `json:"difference"`
}

// holds returns an error where the second reading does not come to what the first did.
func (p *adsProfile) holds(r *reading) error {
	if p.journals != r.entries || p.debits != r.debit || p.credits != r.credit || len(p.differences(r, 1)) > 0 {
		return fmt.Errorf("the journal was another when it was read again: %d entries, debits %s, credits %s; first %d, %s, %s",
			p.journals, p.debits, p.credits, r.entries, r.debit, r.credit)
	}
	return nil
}

func (p *adsProfile) differences(r *reading, begins int) []adsDifference {
	differences := []adsDifference{}
	for _, account := range r.sorted() {
		for _, month := range r.months() {
			by := p.moved[account.account.Code+"\x00"+month.String()].Minor - account.moved[month].Minor
			if by != 0 {
				year, number := fiscal(month, begins)
				differences = append(differences, adsDifference{account.account.Code, year, fmt.Sprintf("M%d", number), ledger.Money(by, p.functional).Text()})
			}
		}
	}
	return differences
}

func (p *adsProfile) report(r *reading, begins int) adsReport {
	out := adsReport{
		Ledger: "Prepaid credits", Currency: string(p.functional), From: r.header.From.String(), To: r.header.To.String(), Balances: r.balances(),
		Journals: p.journals, FirstID: p.first, LastID: p.last, Gaps: p.gaps, Lines: p.lines,
		Debits: p.debits.Text(), Credits: p.credits.Text(), Net: p.debits.Sub(p.credits).Text(), Periods: []adsPeriod{},
		RollForward: adsRollForward{Rows: len(r.accounts) * len(r.months()), Differences: p.differences(r, begins)},
	}
	for _, month := range r.months() {
		of := p.months[month]
		if of == nil {
			continue
		}
		year, number := fiscal(month, begins)
		out.Periods = append(out.Periods, adsPeriod{
			FiscalYear: year, Period: fmt.Sprintf("M%d", number), Lines: of.lines,
			EffectiveDate: adsSpan{of.firstDay.String(), of.lastDay.String()}, EnteredDate: adsSpan{of.entered.String(), of.last.String()},
			Debits: of.debits.Text(), Credits: of.credits.Text(),
		})
		out.EffectiveDate.widen(of.firstDay, of.lastDay)
		out.EnteredDate.widen(of.entered, of.last)
	}
	ending := ledger.Money(0, p.functional)
	for _, account := range r.accounts {
		ending = ending.Add(account.closing())
	}
	out.TrialBalance = adsTrial{Accounts: len(r.accounts), Ending: ending.Text()}
	return out
}

// widen takes in more days. Days as texts sort as days.
func (s *adsSpan) widen(first, last ledger.Date) {
	if s.Min == "" || first.String() < s.Min {
		s.Min = first.String()
	}
	if last.String() > s.Max {
		s.Max = last.String()
	}
}

// text is the report for people.
func (r adsReport) text() string {
	var b strings.Builder
	row := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) }
	row("GL STANDARD DATA PROFILING REPORT")
	row("%s, %s to %s, amounts in %s", r.Ledger, r.From, r.To, r.Currency)
	row("%s", r.Balances)
	row("")
	row("%-44s %d", "Journals", r.Journals)
	row("%-44s %d to %d, %d missing between", "Journal_ID", r.FirstID, r.LastID, r.Gaps)
	row("%-44s %d", "Lines of GL_Detail", r.Lines)
	row("%-44s %s to %s", "Effective_Date", r.EffectiveDate.Min, r.EffectiveDate.Max)
	row("%-44s %s to %s", "Entered_Date", r.EnteredDate.Min, r.EnteredDate.Max)
	row("%-44s %s", "Debits", r.Debits)
	row("%-44s %s", "Credits", r.Credits)
	row("%-44s %s", "Net, which is nothing", r.Net)
	row("%-44s %d", "Accounts of Trial_Balance", r.TrialBalance.Accounts)
	row("%-44s %s", "Amount_Ending of the last period, in all", r.TrialBalance.Ending)
	row("%-44s %d rows, %d differ", "Beginning + GL_Detail = ending", r.RollForward.Rows, len(r.RollForward.Differences))
	row("")
	row("%-6s %-6s %10s  %-24s %-24s %20s %20s", "Year", "Period", "Lines", "Effective_Date", "Entered_Date", "Debits", "Credits")
	for _, p := range r.Periods {
		row("%-6d %-6s %10d  %-24s %-24s %20s %20s", p.FiscalYear, p.Period, p.Lines, p.EffectiveDate.Min+" "+p.EffectiveDate.Max, p.EnteredDate.Min+" "+p.EnteredDate.Max, p.Debits, p.Credits)
	}
	for _, d := range r.RollForward.Differences {
		row("%s %d %s differs by %s", d.Account, d.FiscalYear, d.Period, d.Difference)
	}
	return b.String()
}
