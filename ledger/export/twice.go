package export

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"drawdown/ledger"
)

// twice is a writer whose files say first what they hold: every entry is read once before the
// first is written. The entries are the same both times.
type twice interface {
	Writer
	// First takes the next entry of the first reading, and refuses what cannot be written.
	First(e Entry) error
}

// reading is what the first reading finds: what accounts stand at by month, in the functional
// currency. It grows with accounts and months, not with entries.
type reading struct {
	header   Header
	entries  int64
	first    int64
	last     int64
	debit    ledger.Amount
	credit   ledger.Amount
	accounts map[string]*accountRead
	kinds    map[ledger.EntryKind]bool
	users    map[string]bool
	posted   ledger.Date // the latest day, in UTC, on which an entry was written
	earliest ledger.Date // of the accounting dates
	latest   ledger.Date
}

// accountRead is one account of the general ledger.
type accountRead struct {
	account Account
	role    ledger.Role
	opening ledger.Amount
	moved   map[ledger.Period]ledger.Amount
}

// newReading begins with what the accounts stood at before the first day.
func newReading(header Header) *reading {
	r := &reading{
		header:   header,
		debit:    ledger.Money(0, header.Functional),
		credit:   ledger.Money(0, header.Functional),
		accounts: map[string]*accountRead{}, kinds: map[ledger.EntryKind]bool{}, users: map[string]bool{},
	}
	for _, line := range header.Opening {
		of := r.of(line)
		of.opening = of.opening.Add(line.Functional)
	}
	return r
}

// of returns the account of the line.
func (r *reading) of(line Line) *accountRead {
	account := accountOf(line)
	of, known := r.accounts[account.Code]
	if !known {
		of = &accountRead{account: account, role: line.Role, opening: ledger.Money(0, r.header.Functional), moved: map[ledger.Period]ledger.Amount{}}
		r.accounts[account.Code] = of
	}
	return of
}

// accountOf returns the account of the general ledger, or the role as one where no profile
// mapped it.
func accountOf(line Line) Account {
	if line.Account.Code != "" {
		return line.Account
	}
	role, _ := ledger.AccountOf(line.Role)
	return Account{Code: string(line.Role), Name: role.Name, Class: role.Class}
}

func (r *reading) add(e Entry) error {
	if e.AccountingDate < r.header.From || r.header.To != 0 && e.AccountingDate > r.header.To {
		return fmt.Errorf("%s of %s is outside %s to %s", e.Code, e.AccountingDate, r.header.From, r.header.To)
	}
	r.entries++
	if r.first == 0 {
		r.first = e.Number
	}
	r.last = e.Number
	r.kinds[e.Kind] = true
	for _, user := range [...]string{e.EnteredBy, e.ApprovedBy} {
		if user != "" {
			r.users[user] = true
		}
	}
	r.posted = max(r.posted, postedOn(e))
	if r.entries == 1 || e.AccountingDate < r.earliest {
		r.earliest = e.AccountingDate
	}
	r.latest = max(r.latest, e.AccountingDate)
	for _, line := range e.Lines {
		of := r.of(line)
		of.moved[e.Period()] = of.moved[e.Period()].Add(line.Functional)
		if line.functionalCredit() {
			r.credit = r.credit.Sub(line.Functional)
		} else {
			r.debit = r.debit.Add(line.Functional)
		}
	}
	return nil
}

// balances says what the balances of the files are.
func (r *reading) balances() string {
	if r.header.Batch == 0 {
		return "Balances are by accounting date"
	}
	return fmt.Sprintf("Batch %d, entries %d to %d: balances are of all entries before and up to those by their numbers, not of a day; export period has those of days",
		r.header.Batch, r.first, r.last)
}

// settle ends the reading: days of the period that are open become those of the entries.
func (r *reading) settle() error {
	if r.header.From == 0 {
		r.header.From = r.earliest
	}
	if r.header.To == 0 {
		r.header.To = r.latest
	}
	if r.header.From == 0 || r.header.To == 0 {
		return errors.New("a period without entries: say its first and its last day")
	}
	return nil
}

// Standing adds up what accounts stand at, by role and currency: the opening balances of an
// export that does not begin with the first entry.
type Standing map[StandingKey][2]int64

// StandingKey is what a balance is of.
type StandingKey struct {
	Role       ledger.Role
	Currency   ledger.Currency
	Functional ledger.Currency
}

// Add adds an entry that stands before the export.
func (s Standing) Add(e Entry) {
	for _, line := range e.Lines {
		key := StandingKey{line.Role, line.Amount.Currency, line.Functional.Currency}
		sum := s[key]
		s[key] = [2]int64{
			ledger.Money(sum[0], "").Add(ledger.Money(line.Amount.Minor, "")).Minor,
			ledger.Money(sum[1], "").Add(ledger.Money(line.Functional.Minor, "")).Minor,
		}
	}
}

// Lines returns the balances for [Header], in the order of the chart of accounts.
func (s Standing) Lines() []Line {
	place := map[ledger.Role]int{}
	for i, account := range ledger.Accounts() {
		place[account.Role] = i
	}
	keys := slices.SortedFunc(maps.Keys(s), func(a, b StandingKey) int {
		return cmp.Or(cmp.Compare(place[a.Role], place[b.Role]), cmp.Compare(a.Currency, b.Currency))
	})
	lines := make([]Line, len(keys))
	for i, key := range keys {
		lines[i] = Line{Number: i + 1, Role: key.Role, Amount: ledger.Money(s[key][0], key.Currency), Functional: ledger.Money(s[key][1], key.Functional)}
	}
	return lines
}

// userID is an actor of the book as a target names them: as they are, or where that does not
// fit by the beginning of a hash, which is the same in every export.
func (s *scribe) userID(actor string, longest int, separators string) string {
	code, _ := s.exact(actor, longest, separators)
	if code == "" {
		return actor
	}
	reason := &s.counts.Controls
	if code == TooLong {
		reason = &s.counts.Cut
	}
	const digits = 12
	sum := sha256.Sum256([]byte(actor))
	return counted(actor, "user-"+hex.EncodeToString(sum[:])[:digits], reason)
}

// postedOn is the day, in UTC, on which the entry was written.
func postedOn(e Entry) ledger.Date {
	at := e.PostedAt.UTC()
	return ledger.NewDate(at.Year(), at.Month(), at.Day())
}

// sorted returns the accounts by class and code.
func (r *reading) sorted() []*accountRead {
	order := map[ledger.Class]int{ledger.Asset: 0, ledger.Liability: 1, ledger.Revenue: 2, ledger.Expense: 3}
	return slices.SortedFunc(maps.Values(r.accounts), func(a, b *accountRead) int {
		return cmp.Or(cmp.Compare(order[a.account.Class], order[b.account.Class]), cmp.Compare(a.account.Code, b.account.Code))
	})
}

// months are those of the period, in order.
func (r *reading) months() []ledger.Period {
	var months []ledger.Period
	for month := r.header.From.Period(); month <= r.header.To.Period(); month++ {
		months = append(months, month)
	}
	return months
}

// closing is what the account stands at after the last day.
func (a *accountRead) closing() ledger.Amount {
	sum := a.opening
	for _, moved := range a.moved {
		sum = sum.Add(moved)
	}
	return sum
}

// functionalCredit says on which side the line stands in the functional currency. An amount of
// nothing stands on the side of the line's other currency.
func (l Line) functionalCredit() bool {
	return l.Functional.Minor < 0 || l.Functional.Minor == 0 && l.Amount.Minor < 0
}

// fiscal returns the fiscal year and the number of its month, where the year begins with that
// month of the calendar. A year is named after the calendar year in which it ends.
func fiscal(month ledger.Period, begins int) (year, number int) {
	calendar, of := int(month)/12, int(month)%12+1
	if begins == 1 {
		return calendar, of
	}
	if of >= begins {
		return calendar + 1, of - begins + 1
	}
	return calendar, of + 12 - begins + 1
}

// ReadsTwice reports whether the format reads every entry before it writes the first: after
// Begin, First takes all of them, and then Entry the same again.
func (x *Export) ReadsTwice() bool {
	_, reads := x.writer.(twice)
	return reads
}

// First takes an entry of the first reading of a format that reads twice. Errors: as Entry.
func (x *Export) First(entry Entry) error {
	writer, reads := x.writer.(twice)
	if !reads {
		return nil
	}
	if err := balanced(entry); err != nil {
		return x.stopped(err)
	}
	mapped, err := x.mapping.apply(entry)
	if err != nil {
		return x.stopped(err)
	}
	return x.stopped(writer.First(mapped))
}

// Run writes a whole journal: each calls do with every entry in the order of their numbers, and
// is called a second time where the format reads twice.
func (x *Export) Run(header Header, each func(do func(Entry) error) error) error {
	if err := x.Begin(header); err != nil {
		return err
	}
	if x.ReadsTwice() {
		if err := each(x.First); err != nil {
			return err
		}
	}
	if err := each(x.Entry); err != nil {
		return err
	}
	return x.End()
}
