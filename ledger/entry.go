package ledger

import (
	"fmt"
	"time"
)

// EntryKind says which act or booking an entry came from.
type EntryKind string

// The kinds of entry. The comment is the entry in its plainest form.
const (
	PurchaseEntry EntryKind = "PURCHASE"          // Dr cash, Cr deferred revenue, Cr tax payable. ASC 606-10-45-2
	DueEntry      EntryKind = "DUE"               // Dr accounts receivable, Cr deferred revenue, Cr tax payable. 45-2
	PaymentEntry  EntryKind = "PAYMENT"           // Dr cash, Cr accounts receivable
	UsageEntry    EntryKind = "USAGE"             // Dr deferred revenue, Cr usage revenue. ASC 606-10-55-46
	OverageEntry  EntryKind = "OVERAGE"           // Dr unbilled receivable, Cr overage revenue
	ClearingEntry EntryKind = "CLEARING"          // Dr deferred revenue, Cr unbilled receivable. 45-3
	EarlyEntry    EntryKind = "BREAKAGE_EARLY"    // Dr deferred revenue, Cr breakage revenue, Cr unclaimed property. 55-48
	CatchUpEntry  EntryKind = "BREAKAGE_CATCH_UP" // the same, for a new estimate. 25-35, ASC 250-10-45-17
	ExpiryEntry   EntryKind = "BREAKAGE_EXPIRY"   // the same, when a lot lapses
	RemoteEntry   EntryKind = "BREAKAGE_REMOTE"   // the same, when use has become remote. 55-48
	RefundEntry   EntryKind = "REFUND"            // Dr deferred revenue, Dr refunds, Cr cash. ASC 606-10-32-10
	DisputeEntry  EntryKind = "DISPUTE"           // a lost chargeback: Dr deferred revenue, Dr disputes, Cr cash
	OpeningEntry  EntryKind = "OPENING"           // Dr opening balances, Cr deferred revenue: taken over at a cut-over
	EscheatEntry  EntryKind = "ESCHEAT"           // Dr unclaimed property, Cr cash: paid over to an authority
	VoidEntry     EntryKind = "VOID"              // the reverse of what an unpaid purchase booked, what was used against refunds

	ManualEntry         EntryKind = "MANUAL"          // what two persons decided; its reason is with its proposal
	ManualReversalEntry EntryKind = "MANUAL_REVERSAL" // the lines of a manual entry, the other way round
)

// Manual reports whether entries of the kind are written by people, and not derived from what
// happened.
func (k EntryKind) Manual() bool { return k == ManualEntry || k == ManualReversalEntry }

// Dimensions say whose figure a line is, as far as the line is about one.
type Dimensions struct {
	Customer string // the company's own id of the customer
	Policy   string // code of the credit policy
	Pack     string // code of the pack that was sold
}

// Line is one posting: an account and a signed amount, debit positive, credit
// negative, in the currency of the contract and in the book's functional currency.
type Line struct {
	Account    Role
	Amount     Amount
	Functional Amount
	Dimensions Dimensions
}

// Entry is a balanced set of lines. Number is given when it is posted.
type Entry struct {
	Number         int64 // from 1, without gaps; 0 before posting
	Kind           EntryKind
	AccountingDate Date      // the day under which it is booked
	OccurredOn     Date      // the day it happened; earlier where that period was closed
	PostedAt       time.Time // when the row was written
	Batch          string    // the posting batch whose recognitions it sums; "" for an act
	Reference      string    // the purchase, refund, payment or manual proposal it books; "" for a batch
	Reverses       int64     // number of the entry that it takes back; 0 for none
	Description    string
	// Approved is, of an entry by hand, the SHA-256 in hexadecimal of all that was approved, its papers
	// among it; "" of others, and of those approved before it was kept.
	Approved string
	Lines    []Line
}

// OutOfPeriod reports whether the entry is about what happened in an earlier month than
// the one under which it is booked.
func (e Entry) OutOfPeriod() bool { return e.OccurredOn.Period() < e.AccountingDate.Period() }

// Debit returns a line that debits the account.
func Debit(account Role, amount, functional Amount, dimensions Dimensions) Line {
	return Line{Account: account, Amount: amount, Functional: functional, Dimensions: dimensions}
}

// Credit returns a line that credits the account.
func Credit(account Role, amount, functional Amount, dimensions Dimensions) Line {
	return Line{Account: account, Amount: amount.Neg(), Functional: functional.Neg(), Dimensions: dimensions}
}

// Reversed returns the lines with debit and credit changed over.
func Reversed(lines []Line) []Line {
	reversed := make([]Line, len(lines))
	for i, line := range lines {
		reversed[i] = Line{Account: line.Account, Amount: line.Amount.Neg(), Functional: line.Functional.Neg(), Dimensions: line.Dimensions}
	}
	return reversed
}

// WithoutZeros leaves out lines that move nothing in either currency.
func WithoutZeros(lines ...Line) []Line {
	kept := make([]Line, 0, len(lines))
	for _, line := range lines {
		if !line.Amount.IsZero() || !line.Functional.IsZero() {
			kept = append(kept, line)
		}
	}
	return kept
}

// Check holds an entry against the rules of double entry: at least two lines, known
// accounts, one currency each, debits equal to credits in both. It returns what is
// wrong, or nil.
func (e Entry) Check() error {
	if e.Kind == "" || e.AccountingDate == 0 || e.OccurredOn == 0 {
		return fmt.Errorf("entry %q lacks its kind or a date", e.Description)
	}
	if len(e.Lines) < 2 {
		return fmt.Errorf("entry %q has %d lines, it takes at least two", e.Description, len(e.Lines))
	}
	amounts, functionals := map[Currency]int64{}, map[Currency]int64{}
	for _, line := range e.Lines {
		if _, known := AccountOf(line.Account); !known {
			return fmt.Errorf("entry %q names the unknown account %q", e.Description, line.Account)
		}
		if line.Amount.Currency == "" || line.Functional.Currency == "" {
			return fmt.Errorf("entry %q has a line without a currency", e.Description)
		}
		amounts[line.Amount.Currency] = addMinor(amounts[line.Amount.Currency], line.Amount.Minor)
		functionals[line.Functional.Currency] = addMinor(functionals[line.Functional.Currency], line.Functional.Minor)
	}
	if len(functionals) > 1 {
		return fmt.Errorf("entry %q has two functional currencies", e.Description)
	}
	for _, sums := range []map[Currency]int64{amounts, functionals} {
		for currency, sum := range sums {
			if sum != 0 {
				return fmt.Errorf("entry %q is out of balance by %s", e.Description, Money(sum, currency))
			}
		}
	}
	return nil
}
