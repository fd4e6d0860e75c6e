package books

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// EarlyColumn is a column of the roll-forward of early breakage.
type EarlyColumn string

// The columns, in their order. What is recognised is positive.
const (
	EarlyOpening  EarlyColumn = "OPENING"    // booked under accounting dates before
	EarlyWithUse  EarlyColumn = "WITH_USE"   // in proportion to use
	EarlyCatchUp  EarlyColumn = "CATCH_UP"   // what new estimates moved at once
	EarlyGivenUp  EarlyColumn = "GIVEN_BACK" // on days on which credits left the pool
	maxEarlyRows              = 10_000
	maxEarlyPools             = 20_000
	earlyPoolPage             = 1000
)

// EarlyFilter narrows what is added up of early breakage: of accounting dates up to To, of
// batches that were posted by AsOf.
type EarlyFilter struct {
	PolicyID string // of all where ""
	From, To ledger.Date
	AsOf     time.Time
	ByPool   bool
	// CatchUps keeps catch-ups from From on alone, each with its pool, day and period.
	CatchUps bool
	Limit    int
}

// EarlyMovement is what recognitions of early breakage add up to.
type EarlyMovement struct {
	PolicyID, PoolID               string // PoolID is "" where pools are not told apart
	Currency                       ledger.Currency
	Column                         EarlyColumn
	Day                            ledger.Date   // of catch-ups alone
	Period                         ledger.Period // of the accounting date, of catch-ups alone
	Apart                          bool          // a catch-up that is a recognition of its own
	Recognitions                   int64
	Minor, Functional              int64
	Unclaimed, UnclaimedFunctional int64
}

// EarlySum is early breakage in both currencies: to revenue, and to unclaimed property.
type EarlySum struct {
	Amount, Revenue, Unclaimed                               ledger.Amount
	FunctionalAmount, FunctionalRevenue, FunctionalUnclaimed ledger.Amount
}

func earlySum(contract, functional ledger.Currency) EarlySum {
	c, f := ledger.Money(0, contract), ledger.Money(0, functional)
	return EarlySum{c, c, c, f, f, f}
}

// Plus returns the sum of two.
func (s EarlySum) Plus(other EarlySum) EarlySum {
	return EarlySum{
		s.Amount.Add(other.Amount), s.Revenue.Add(other.Revenue), s.Unclaimed.Add(other.Unclaimed),
		s.FunctionalAmount.Add(other.FunctionalAmount), s.FunctionalRevenue.Add(other.FunctionalRevenue), s.FunctionalUnclaimed.Add(other.FunctionalUnclaimed),
	}
}

func (s *EarlySum) add(m EarlyMovement) {
	s.Amount.Minor += m.Minor
	s.Revenue.Minor += m.Minor - m.Unclaimed
	s.Unclaimed.Minor += m.Unclaimed
	s.FunctionalAmount.Minor += m.Functional
	s.FunctionalRevenue.Minor += m.Functional - m.UnclaimedFunctional
	s.FunctionalUnclaimed.Minor += m.UnclaimedFunctional
}

// EarlyRequest asks for a report on early breakage over accounting dates, as it stood at an
// instant: of entries posted by then.
type EarlyRequest struct {
	Policy   string // its code; all where ""
	From, To ledger.Date
	ByPool   bool
	AsOf     time.Time // now where zero
}

// EarlyRollForward is how early breakage came from its opening to its closing balance.
type EarlyRollForward struct {
	EarlyRequest
	PostedThrough int64
	Rows          []EarlyRow
	Checks        []EarlyCheck
}

// EarlyRow is a policy, or a pool, in one currency of contracts.
type EarlyRow struct {
	PolicyID, PoolID                            string
	Currency                                    ledger.Currency
	Opening, WithUse, CatchUp, GivenUp, Closing EarlySum
}

// EarlyCheck holds the closing balances of a currency against the entries of the kinds.
type EarlyCheck struct {
	Currency                            ledger.Currency
	Closing, Ledger                     ledger.Amount
	FunctionalClosing, FunctionalLedger ledger.Amount
}

// Difference is by how much the two disagree: nothing, in a book in order.
func (c EarlyCheck) Difference() ledger.Amount { return c.Closing.Sub(c.Ledger) }

// FunctionalDifference is Difference in the book's currency.
func (c EarlyCheck) FunctionalDifference() ledger.Amount {
	return c.FunctionalClosing.Sub(c.FunctionalLedger)
}

// earlyFilter checks a request and makes the filter of it. Errors: INVALID, TOO_LARGE, NOT_FOUND.
func (b *Books) earlyFilter(ctx context.Context, tx Tx, request *EarlyRequest) (EarlyFilter, error) {
	if err := b.checkSpan(request.From, request.To, &request.AsOf); err != nil {
		return EarlyFilter{}, err
	}
	filter := EarlyFilter{From: request.From, To: request.To, AsOf: request.AsOf, ByPool: request.ByPool, Limit: maxEarlyRows + 1}
	if request.Policy != "" {
		policy, err := policyByCode(ctx, tx, request.Policy)
		if err != nil {
			return filter, err
		}
		filter.PolicyID = policy.ID
	}
	return filter, nil
}

func earlyMovements(ctx context.Context, tx Tx, filter EarlyFilter) ([]EarlyMovement, error) {
	moved, err := tx.EarlyMovements(ctx, filter)
	if err == nil && len(moved) > maxEarlyRows {
		err = refuse(TooLarge, "", "would have more than %d rows: ask for one policy, a shorter span, or policies alone", maxEarlyRows)
	}
	return moved, err
}

// EarlyRollForward explains how early breakage moved: with use, by new estimates, and back
// as credits left their pools. Errors: INVALID, TOO_LARGE, NOT_FOUND.
func (b *Books) EarlyRollForward(ctx context.Context, tx Tx, request EarlyRequest) (report EarlyRollForward, err error) {
	filter, err := b.earlyFilter(ctx, tx, &request)
	if err != nil {
		return report, err
	}
	report.EarlyRequest = request
	if report.PostedThrough, err = tx.PostedThrough(ctx, request.AsOf); err != nil {
		return report, err
	}
	moved, err := earlyMovements(ctx, tx, filter)
	if err != nil {
		return report, err
	}
	for _, m := range moved {
		report.row(m, b.book.Functional).add(m)
	}
	err = report.check(ctx, tx, b.book.Functional)
	return report, err
}

// row returns the row of a movement: they come in order.
func (r *EarlyRollForward) row(m EarlyMovement, functional ledger.Currency) *EarlyRow {
	if n := len(r.Rows); n > 0 && r.Rows[n-1].PolicyID == m.PolicyID && r.Rows[n-1].PoolID == m.PoolID && r.Rows[n-1].Currency == m.Currency {
		return &r.Rows[n-1]
	}
	none := earlySum(m.Currency, functional)
	r.Rows = append(r.Rows, EarlyRow{m.PolicyID, m.PoolID, m.Currency, none, none, none, none, none})
	return &r.Rows[len(r.Rows)-1]
}

func (r *EarlyRow) add(m EarlyMovement) {
	switch m.Column {
	case EarlyOpening:
		r.Opening.add(m)
	case EarlyWithUse:
		r.WithUse.add(m)
	case EarlyCatchUp:
		r.CatchUp.add(m)
	case EarlyGivenUp:
		r.GivenUp.add(m)
	}
	r.Closing.add(m)
}

// check holds the closing balances against the lines of the entries, which are read apart.
func (r *EarlyRollForward) check(ctx context.Context, tx Tx, functional ledger.Currency) error {
	entries, err := tx.DeferredWithin(ctx, ledger.NewDate(1900, 1, 1), r.To, r.PostedThrough, r.AsOf)
	if err != nil {
		return err
	}
	of := map[ledger.Currency]*EarlyCheck{}
	at := func(currency ledger.Currency) *EarlyCheck {
		if of[currency] == nil {
			none, atHome := ledger.Money(0, currency), ledger.Money(0, functional)
			of[currency] = &EarlyCheck{currency, none, none, atHome, atHome}
		}
		return of[currency]
	}
	for _, row := range r.Rows {
		c := at(row.Currency)
		c.Closing, c.FunctionalClosing = c.Closing.Add(row.Closing.Amount), c.FunctionalClosing.Add(row.Closing.FunctionalAmount)
	}
	for _, m := range entries {
		if (m.Kind == ledger.EarlyEntry || m.Kind == ledger.CatchUpEntry) && (r.Policy == "" || r.Policy == m.Policy) {
			c := at(m.Currency)
			c.Ledger.Minor -= m.Minor
			c.FunctionalLedger.Minor -= m.Functional
		}
	}
	for _, c := range of {
		r.Checks = append(r.Checks, *c)
	}
	slices.SortFunc(r.Checks, func(x, y EarlyCheck) int { return cmp.Compare(x.Currency, y.Currency) })
	return nil
}

// EstimateChanges is what new estimates moved at once, of accounting dates.
type EstimateChanges struct {
	EarlyRequest
	PostedThrough int64
	Estimates     []Estimate // that came into force on a day of the span
	Changes       []PoolCatchUp
	Totals        []CatchUpTotal
}

// PoolCatchUp is the catch-up of one pool on the day of an estimate.
type PoolCatchUp struct {
	PolicyID, PoolID string
	Currency         ledger.Currency
	Day              ledger.Date
	RateBefore, Rate decimal.Decimal
	// Before and After are early breakage at the end of the day by the rate before and by
	// the new one, as the pool is known now; CatchUp is what was booked in the span.
	Before, After, FunctionalBefore, FunctionalAfter ledger.Amount
	CatchUp                                          EarlySum
	Recognitions                                     int64
	// Apart is false where the day was booked as one figure: CatchUp is all that it moved.
	Apart bool
}

// CatchUpTotal is what catch-ups come to in a period.
type CatchUpTotal struct {
	Period   ledger.Period
	Currency ledger.Currency
	CatchUp  EarlySum
}

// ControlTotal is what all catch-ups come to in the book's currency.
func (c *EstimateChanges) ControlTotal() ledger.Amount {
	var total ledger.Amount
	for _, of := range c.Totals {
		total = total.Add(of.CatchUp.FunctionalAmount)
	}
	return total
}

// EstimateChanges reports the effect of changes in estimate. ASC 250-10-50-4, ASC
// 606-10-50-12A. Errors: INVALID, TOO_LARGE, NOT_FOUND.
func (b *Books) EstimateChanges(ctx context.Context, tx Tx, request EarlyRequest) (report EstimateChanges, err error) {
	filter, err := b.earlyFilter(ctx, tx, &request)
	if err != nil {
		return report, err
	}
	filter.CatchUps, filter.ByPool = true, true
	report.EarlyRequest = request
	if report.PostedThrough, err = tx.PostedThrough(ctx, request.AsOf); err != nil {
		return report, err
	}
	moved, err := earlyMovements(ctx, tx, filter)
	if err != nil {
		return report, err
	}
	for _, m := range moved {
		report.add(m, b.book.Functional)
	}
	slices.SortFunc(report.Totals, func(x, y CatchUpTotal) int {
		return cmp.Or(cmp.Compare(x.Period, y.Period), cmp.Compare(x.Currency, y.Currency))
	})
	if err := report.measure(ctx, tx); err != nil {
		return report, err
	}
	err = report.inForce(ctx, tx, filter.PolicyID)
	return report, err
}

// add adds a movement to its pool and day, and to its period. They come in order.
func (c *EstimateChanges) add(m EarlyMovement, functional ledger.Currency) {
	n := len(c.Changes)
	if n == 0 || c.Changes[n-1].PoolID != m.PoolID || c.Changes[n-1].Day != m.Day {
		c.Changes = append(c.Changes, PoolCatchUp{
			PolicyID: m.PolicyID, PoolID: m.PoolID, Currency: m.Currency, Day: m.Day, CatchUp: earlySum(m.Currency, functional), Apart: m.Apart,
		})
		n++
	}
	change := &c.Changes[n-1]
	change.CatchUp.add(m)
	change.Recognitions += m.Recognitions
	at := slices.IndexFunc(c.Totals, func(t CatchUpTotal) bool { return t.Period == m.Period && t.Currency == m.Currency })
	if at < 0 {
		at = len(c.Totals)
		c.Totals = append(c.Totals, CatchUpTotal{m.Period, m.Currency, earlySum(m.Currency, functional)})
	}
	c.Totals[at].CatchUp.add(m)
}

// measure says what the pools came to by either rate at the end of the days.
func (c *EstimateChanges) measure(ctx context.Context, tx Tx) error {
	policies, estimates, known := policyCache{}, map[string][]revrec.Estimate{}, laws{}
	for i := range c.Changes {
		change := &c.Changes[i]
		policy, err := policies.of(ctx, tx, change.PolicyID)
		if err != nil {
			return err
		}
		if estimates[policy.ID] == nil {
			if estimates[policy.ID], err = estimatesKnown(ctx, tx, policy, c.AsOf); err != nil {
				return err
			}
		}
		change.RateBefore, change.Rate = revrec.RateOn(estimates[policy.ID], change.Day-1), revrec.RateOn(estimates[policy.ID], change.Day)
	}
	byDay := map[ledger.Date][]*PoolCatchUp{} // a pool may be there on several days
	for i := range c.Changes {
		byDay[c.Changes[i].Day] = append(byDay[c.Changes[i].Day], &c.Changes[i])
	}
	for day, changes := range byDay {
		ids := make([]string, len(changes))
		for i, change := range changes {
			ids[i] = change.PoolID
		}
		measured := map[string]PoolMeasure{}
		for chunk := range slices.Chunk(ids, earlyPoolPage) {
			some, err := tx.PoolMeasures(ctx, MeasureFilter{IDs: chunk, On: day, AsOf: c.AsOf}, Page{})
			if err != nil {
				return err
			}
			if err := known.readOf(ctx, tx, some); err != nil {
				return err
			}
			for _, of := range some {
				measured[of.Pool.ID] = of
			}
		}
		for _, change := range changes {
			policy, err := policies.of(ctx, tx, change.PolicyID)
			if err != nil {
				return err
			}
			of := measured[change.PoolID]
			change.measure(of.Total, EscheatSharesOf(policy, enteredBy(known[of.Pool.Jurisdiction], c.AsOf)).On(day))
		}
	}
	return nil
}

func (c *PoolCatchUp) measure(total revrec.PoolDay, escheat decimal.Decimal) {
	early := func(sold, used int64, rate decimal.Decimal, currency ledger.Currency) ledger.Amount {
		e := revrec.EarlyBreakage(sold, used, rate, escheat)
		return ledger.Money(e.RevenueMinor+e.UnclaimedMinor, currency)
	}
	functional := c.CatchUp.FunctionalAmount.Currency
	c.Before, c.After = early(total.SoldMinor, total.UsedMinor, c.RateBefore, c.Currency), early(total.SoldMinor, total.UsedMinor, c.Rate, c.Currency)
	c.FunctionalBefore = early(total.SoldFunctional, total.UsedFunctional, c.RateBefore, functional)
	c.FunctionalAfter = early(total.SoldFunctional, total.UsedFunctional, c.Rate, functional)
}

// inForce adds the estimates that came into force on a day of the span, and were by then.
func (c *EstimateChanges) inForce(ctx context.Context, tx Tx, policyID string) error {
	ids := []string{policyID}
	if policyID == "" {
		ids = nil
		for page := (Page{Limit: earlyPoolPage}); ; {
			policies, err := tx.Policies(ctx, CatalogFilter{}, page)
			if err != nil {
				return err
			}
			if len(policies) == 0 {
				break
			}
			for _, policy := range policies {
				ids = append(ids, policy.ID)
			}
			page.After = policies[len(policies)-1].ID
		}
	}
	all, err := EstimatesOf(tx, ctx, ids)
	for _, e := range all {
		if e.Status == EstimateApproved && e.From >= c.From && e.From <= c.To && !e.DecidedAt.After(c.AsOf) {
			c.Estimates = append(c.Estimates, e)
		}
	}
	return err
}

// readOf reads the rules of the jurisdictions of pools.
func (l laws) readOf(ctx context.Context, tx Tx, pools []PoolMeasure) error {
	of := make([]string, len(pools))
	for i, measure := range pools {
		of[i] = measure.Pool.Jurisdiction
	}
	return l.read(ctx, tx, of)
}
