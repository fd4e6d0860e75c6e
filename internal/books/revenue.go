package books

import (
	"cmp"
	"slices"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// RevenueColumn is a column of a report on revenue.
type RevenueColumn string

// The columns, in their order. Revenue is positive, what takes it back negative.
const (
	UsedRevenue     RevenueColumn = "USED"            // credits used, out of the contract liability or before there was one
	OverageColumn   RevenueColumn = "OVERAGE"         // credits used beyond the balance
	EarlyRevenue    RevenueColumn = "BREAKAGE_EARLY"  // expected breakage, as far as it is revenue
	CatchUpRevenue  RevenueColumn = "CATCH_UP"        // what new estimates moved at once
	ExpiryRevenue   RevenueColumn = "BREAKAGE_EXPIRY" // at expiry, net of what reinstated credits gave back
	RemoteRevenue   RevenueColumn = "BREAKAGE_REMOTE" // use became remote
	RefundedRevenue RevenueColumn = "REFUNDS"         // paid back beyond the carrying amount
	DisputedRevenue RevenueColumn = "CHARGEBACKS"     // charged back of what was used
	VoidedRevenue   RevenueColumn = "VOIDS"           // used of unpaid purchases that were called off
	ManualRevenue   RevenueColumn = "MANUAL"          // entries of all other kinds
)

// RevenueColumns lists the columns in their order.
func RevenueColumns() []RevenueColumn {
	return []RevenueColumn{
		UsedRevenue, OverageColumn, EarlyRevenue, CatchUpRevenue, ExpiryRevenue, RemoteRevenue, RefundedRevenue, DisputedRevenue, VoidedRevenue, ManualRevenue,
	}
}

// revenueColumnOf says in which column revenue of an entry's kind stands: what is not here is
// in that of manual entries, so that a report has all that the accounts have.
func revenueColumnOf(kind ledger.EntryKind) RevenueColumn {
	column, known := map[ledger.EntryKind]RevenueColumn{
		ledger.UsageEntry: UsedRevenue, ledger.EntryKind(revrec.UsageUnbilled): UsedRevenue, ledger.OverageEntry: OverageColumn,
		ledger.EarlyEntry: EarlyRevenue, ledger.CatchUpEntry: CatchUpRevenue, ledger.ExpiryEntry: ExpiryRevenue, ledger.RemoteEntry: RemoteRevenue,
		ledger.RefundEntry: RefundedRevenue, ledger.DisputeEntry: DisputedRevenue, ledger.VoidEntry: VoidedRevenue,
	}[kind]
	if !known {
		return ManualRevenue
	}
	return column
}

// RevenueAmount is what a column comes to, in the currency of the contracts and in the book's.
type RevenueAmount struct {
	Column             RevenueColumn
	Amount, Functional ledger.Amount
}

// addRevenue adds to a column of those that something stands in, which are in order.
func addRevenue(sums *[]RevenueAmount, column RevenueColumn, amount, functional ledger.Amount) {
	if amount.IsZero() && functional.IsZero() {
		return
	}
	columns := RevenueColumns()
	at, found := slices.BinarySearchFunc(*sums, column, func(of RevenueAmount, column RevenueColumn) int {
		return cmp.Compare(slices.Index(columns, of.Column), slices.Index(columns, column))
	})
	if !found {
		*sums = slices.Insert(*sums, at, RevenueAmount{column, ledger.Money(0, amount.Currency), ledger.Money(0, functional.Currency)})
	}
	of := &(*sums)[at]
	of.Amount, of.Functional = of.Amount.Add(amount), of.Functional.Add(functional)
}

// MovementSpan is what is in the books of accounting dates as of an instant: entries up to the
// number Through, and recognitions that were posted by AsOf.
type MovementSpan struct {
	From, To ledger.Date
	Through  int64
	AsOf     time.Time
}

// CohortMovement is what entries of a kind, or what they sum, come to for credits bought in one
// month.
type CohortMovement struct {
	PolicyID string
	Month    ledger.Period // of the purchase; zero where there is none
	Currency ledger.Currency
	Booked   ledger.Period
	Kind     ledger.EntryKind
	// Jurisdiction is that of the lots, "" for none; where sums are by it.
	Jurisdiction string
	// Deferred is what came into deferred revenue, Revenue what came into the accounts of revenue,
	// Law the share of breakage that went to unclaimed property.
	Deferred, FunctionalDeferred int64
	Revenue, FunctionalRevenue   int64
	Law, FunctionalLaw           int64
}

// CheckedFigure says which figure of a report is held against the ledger.
type CheckedFigure string

// The figures.
const (
	CheckedRevenue  CheckedFigure = "REVENUE"  // all accounts of revenue together
	CheckedDeferred CheckedFigure = "DEFERRED" // deferred revenue
)

// LedgerCheck holds a figure of a report in one currency against the running balances of the
// ledger, less what was posted after the instant.
type LedgerCheck struct {
	Figure                             CheckedFigure
	Currency                           ledger.Currency
	Month                              ledger.Period // zero where the span is one
	Report, Ledger                     ledger.Amount
	FunctionalReport, FunctionalLedger ledger.Amount
}

// Difference is by how much the two disagree: nothing, in a book in order.
func (c *LedgerCheck) Difference() ledger.Amount { return c.Report.Sub(c.Ledger) }

// FunctionalDifference is Difference in the book's currency.
func (c *LedgerCheck) FunctionalDifference() ledger.Amount {
	return c.FunctionalReport.Sub(c.FunctionalLedger)
}

// ledgerChecks gathers checks.
type ledgerChecks struct {
	functional ledger.Currency
	checks     []LedgerCheck
}

func (c *ledgerChecks) at(figure CheckedFigure, currency ledger.Currency, month ledger.Period) *LedgerCheck {
	for i := range c.checks {
		if of := &c.checks[i]; of.Figure == figure && of.Currency == currency && of.Month == month {
			return of
		}
	}
	none, functional := ledger.Money(0, currency), ledger.Money(0, c.functional)
	c.checks = append(c.checks, LedgerCheck{figure, currency, month, none, none, functional, functional})
	return &c.checks[len(c.checks)-1]
}

func (c *ledgerChecks) report(figure CheckedFigure, month ledger.Period, amount, functional ledger.Amount) {
	of := c.at(figure, amount.Currency, month)
	of.Report, of.FunctionalReport = of.Report.Add(amount), of.FunctionalReport.Add(functional)
}

func (c *ledgerChecks) ledger(figure CheckedFigure, month ledger.Period, currency ledger.Currency, minor, functional int64) {
	if minor == 0 && functional == 0 {
		return
	}
	of := c.at(figure, currency, month)
	of.Ledger.Minor += minor
	of.FunctionalLedger.Minor += functional
}

func (c *ledgerChecks) inOrder() []LedgerCheck {
	slices.SortFunc(c.checks, func(x, y LedgerCheck) int {
		return cmp.Or(-cmp.Compare(x.Figure, y.Figure), cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.Month, y.Month))
	})
	return c.checks
}

// checkSpan refuses a span of accounting dates that is no span or lies ahead, or an instant to come. Errors: INVALID, TOO_LARGE.
func (b *Books) checkSpan(from, to ledger.Date, asOf *time.Time) error {
	switch {
	case to < from:
		return refuse(Invalid, "to", "must not be before from (%s), but is %s", from, to)
	case int(to-from) >= MaxChartDays:
		return refuse(TooLarge, "to", "must be within %d days of from: ask for shorter spans", MaxChartDays)
	}
	if err := b.checkAsOf(asOf); err != nil {
		return err
	}
	return b.checkBookable("from", from)
}
