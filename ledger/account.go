package ledger

import "strings"

// Role is an account by what it is for. Each role maps to an account of the
// company's general ledger; the journal itself speaks of roles.
type Role string

// APIName is what the API calls the account: CASH.
func (r Role) APIName() string { return strings.ToUpper(string(r)) }

// The roles. The side in brackets is the natural one.
const (
	Cash               Role = "cash"                // asset (debit): what customers paid
	AccountsReceivable Role = "accounts_receivable" // asset (debit): due, not yet paid. ASC 606-10-45-4
	UnbilledReceivable Role = "unbilled_receivable" // asset (debit): earned before the right to be paid. ASC 606-10-45-3
	DeferredRevenue    Role = "deferred_revenue"    // liability (credit): the contract liability. ASC 606-10-45-2
	TaxPayable         Role = "tax_payable"         // liability (credit): sales tax, never revenue. ASC 606-10-32-2A
	UnclaimedProperty  Role = "unclaimed_property"  // liability (credit): breakage the law claims. ASC 606-10-55-49
	RefundLiability    Role = "refund_liability"    // liability (credit): expected to be paid back. ASC 606-10-32-10
	OpeningBalances    Role = "opening_balances"    // contra-liability (debit): deferred revenue taken over from another book
	UsageRevenue       Role = "usage_revenue"       // revenue (credit): credits used
	BreakageRevenue    Role = "breakage_revenue"    // revenue (credit): credits that never will be. ASC 606-10-55-48
	OverageRevenue     Role = "overage_revenue"     // revenue (credit): used beyond what was bought
	Refunds            Role = "refunds"             // contra-revenue (debit): paid back beyond the carrying amount
	Disputes           Role = "disputes"            // contra-revenue (debit): lost chargebacks
	FXGainLoss         Role = "fx_gain_loss"        // loss (debit) or gain (credit) on settlement. ASC 830-20-35-1
)

// Class is the part of the chart of accounts to which a role belongs.
type Class string

// The classes, in the order in which a trial balance shows them.
const (
	Asset     Class = "asset"
	Liability Class = "liability"
	Revenue   Class = "revenue"
	Expense   Class = "expense"
)

// Account is one row of the chart of accounts.
type Account struct {
	Role        Role
	Name        string
	Class       Class
	DebitNormal bool // the natural side: true where a debit makes it larger
	// Control says that what happened to lots, pools and purchases says what is on it: whatever
	// else is booked there stands between the ledger and them.
	Control bool
}

// Accounts lists every role once, in the order of the chart of accounts.
func Accounts() []Account { return append([]Account(nil), chart...) }

var chart = []Account{
	{Cash, "Cash", Asset, true, false},
	{AccountsReceivable, "Accounts receivable", Asset, true, true},
	{UnbilledReceivable, "Unbilled receivable", Asset, true, true},
	{DeferredRevenue, "Deferred revenue", Liability, false, true},
	{TaxPayable, "Tax payable", Liability, false, true},
	{UnclaimedProperty, "Unclaimed property", Liability, false, true},
	{RefundLiability, "Refund liability", Liability, false, false},
	{OpeningBalances, "Opening balances", Liability, true, true},
	{UsageRevenue, "Usage revenue", Revenue, false, true},
	{BreakageRevenue, "Breakage revenue", Revenue, false, true},
	{OverageRevenue, "Overage revenue", Revenue, false, true},
	{Refunds, "Refunds", Revenue, true, false},
	{Disputes, "Disputes", Revenue, true, false},
	{FXGainLoss, "Foreign exchange gain or loss", Expense, true, false},
}

// AccountOf returns the account of a role, and whether the role is known.
func AccountOf(role Role) (Account, bool) {
	for _, account := range chart {
		if account.Role == role {
			return account, true
		}
	}
	return Account{}, false
}

// Natural returns a signed ledger amount (debit positive) with the account's own
// sign: deferred revenue of minus 100 in the ledger is 100 owed.
func (r Role) Natural(signed Amount) Amount {
	if account, ok := AccountOf(r); ok && !account.DebitNormal {
		return signed.Neg()
	}
	return signed
}
