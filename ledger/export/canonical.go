package export

import (
	"strconv"
	"time"

	"drawdown/ledger"
)

// Entry is an entry of the journal as every writer reads it: what is posted, who wrote it,
// and, once a [Profile] was applied, what it is to the target.
type Entry struct {
	Number         int64  // from 1, without gaps; that of a summary counts within the export
	Code           string // JE-000001; SJ12-1 of a summary. What a target knows it by, never cut
	Kind           ledger.EntryKind
	AccountingDate ledger.Date
	OccurredOn     ledger.Date
	PostedAt       time.Time
	Batch          string // the posting batch whose recognitions it sums; "" for an act
	Reference      string // what it books
	Description    string
	EnteredBy      string // of an entry that people wrote
	ApprovedBy     string
	Reverses       int64 // number of the entry that it takes back; 0 for none
	ReversedBy     int64 // number of the entry that takes it back; 0 for none
	Lines          []Line
	// Rate is the functional currency for one unit of the entry's currency, where the target
	// takes one rate for an entry and the entry is not in the functional currency.
	Rate string
}

// Line is one posting, debit positive, credit negative.
type Line struct {
	Number     int // from 1 within its entry
	Role       ledger.Role
	Account    Account // zero before a profile was applied
	Amount     ledger.Amount
	Functional ledger.Amount
	Dimensions ledger.Dimensions
	Columns    []Cell // dimensions as the target names them, in the order of the profile
	Memo       string // of the line alone; "" where the entry's description says it
}

// Account is an account of the company's general ledger.
type Account struct {
	Code  string
	Name  string
	Class ledger.Class
}

// Cell is a dimension of ours as the target names it.
type Cell struct {
	Key    string // ours: customer, policy, pack
	Column string
	Value  string
}

// Canonical returns a posted entry as writers read it. Who wrote it is for the caller to add.
func Canonical(entry ledger.Entry) Entry {
	lines := make([]Line, len(entry.Lines))
	for i, line := range entry.Lines {
		lines[i] = Line{
			Number: i + 1, Role: line.Account, Amount: line.Amount, Functional: line.Functional, Dimensions: line.Dimensions,
		}
	}
	return Entry{
		Number: entry.Number, Code: EntryCode(entry.Number), Kind: entry.Kind,
		AccountingDate: entry.AccountingDate, OccurredOn: entry.OccurredOn, PostedAt: entry.PostedAt,
		Batch: entry.Batch, Reference: entry.Reference, Reverses: entry.Reverses, Description: entry.Description, Lines: lines,
	}
}

// Period is the month under which the entry is booked.
func (e Entry) Period() ledger.Period { return e.AccountingDate.Period() }

// LineID names a line of the journal or of a summary for ever: JE-000001.2.
func LineID(code string, line int) string { return code + "." + strconv.Itoa(line) }

// Column returns the value of a column of the target, or "".
func (l Line) Column(name string) string {
	for _, cell := range l.Columns {
		if cell.Column == name {
			return cell.Value
		}
	}
	return ""
}

// Rate returns the functional currency for one unit of the line's currency with so many
// decimals, rounded half away from zero, or "" where the line moves nothing in its currency.
func (l Line) Rate(places int32) string {
	if l.Amount.IsZero() {
		return ""
	}
	return l.Functional.Decimal().DivRound(l.Amount.Decimal(), places).String()
}

// dimension returns the value of one of our dimensions by its key.
func (l Line) dimension(key string) string {
	switch key {
	case "customer":
		return l.Dimensions.Customer
	case "policy":
		return l.Dimensions.Policy
	case "pack":
		return l.Dimensions.Pack
	}
	return ""
}

// dimensionKeys are our dimensions, in the order in which they are documented.
var dimensionKeys = []string{"customer", "policy", "pack"}

// isCredit says on which side the line stands. An amount of nothing stands on the side of
// the line's other currency.
func (l Line) isCredit() bool {
	return l.Amount.Minor < 0 || l.Amount.Minor == 0 && l.Functional.Minor < 0
}
