package books

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// BreakageRequest asks what became, by the end of a month, of the credits that were sold, and
// what is expected to break.
type BreakageRequest struct {
	// Filter narrows the months of purchase, the policy and the currency; packs and segments
	// share the pools of their policy, so by them there is no expectation.
	Filter  CohortFilter
	Through ledger.Period
	AsOf    time.Time // now where zero
}

// BreakageReport is breakage by month of purchase, as it stood at an instant. What happened on
// days through the end of the month is in it, and was booked by then: amounts once they were posted.
type BreakageReport struct {
	BreakageRequest
	Rows   []BreakageRow // in order of policy, currency and month
	Totals []BreakageRow // by currency: without policy and month
}

// BreakageRow is the credits of a policy that were sold in one month, in one currency.
type BreakageRow struct {
	PolicyID string
	Currency ledger.Currency
	// Month is that of the purchases; zero for pools that hold all lots of a policy, whose
	// early breakage belongs to no month.
	Month   ledger.Period
	Cohorts []Cohort
	Lots    int64 // that were bought

	Sold, Used, Lapsed, Refunded, Other revrec.Credits

	// Price is what was agreed for all that was sold, unpaid and refunded included.
	Price BreakageAmount
	// Earned is what was recognised of use.
	Earned BreakageAmount
	// AtExpiry and Remote are what lots released; Early is what pools recognised ahead of that,
	// and have not given back since. All have the law's share in them.
	AtExpiry, Remote, Early BreakageAmount
	// Escheated is the law's share of the three. 55-49.
	Escheated BreakageAmount
	// Expected is the breakage that pools expect of lots not yet lapsed: Early and what is to come.
	Expected BreakageAmount
	Pools    int64
}

// BreakageAmount is an amount in the currency of the contracts, and in the book's.
type BreakageAmount struct{ Amount, Functional ledger.Amount }

func (a BreakageAmount) add(b BreakageAmount) BreakageAmount {
	return BreakageAmount{a.Amount.Add(b.Amount), a.Functional.Add(b.Functional)}
}

func (a BreakageAmount) minus(b BreakageAmount) BreakageAmount {
	return BreakageAmount{a.Amount.Sub(b.Amount), a.Functional.Sub(b.Functional)}
}

// Open is the credits that are neither booked as used, nor lapsed, nor taken out.
func (r *BreakageRow) Open() revrec.Credits { return r.Sold - r.Used - r.Lapsed - r.Refunded - r.Other }

// ToCome is the part of the expected breakage that is not recognised yet.
func (r *BreakageRow) ToCome() BreakageAmount { return r.Expected.minus(r.Early) }

// CohortMoney is what the lots of cohorts cost, and what was recognised of them in all.
type CohortMoney struct {
	PolicyID string
	Currency ledger.Currency
	Month    ledger.Period
	// Kind is that of the recognitions; "" is the price of what was bought, of so many Lots.
	Kind              revrec.Kind
	Lots              int64
	Minor, Functional int64
	// Law is the part that went to unclaimed property.
	Law, FunctionalLaw int64
}

// MeasureFilter says of which pools it is asked what their lots come to at the end of a day, as
// it was known at an instant. Zero fields do not narrow.
type MeasureFilter struct {
	IDs      []string
	PolicyID string
	Currency ledger.Currency
	On       ledger.Date
	AsOf     time.Time
}

// PoolMeasure is a pool with what its lots come to at the end of a day, and what is booked.
type PoolMeasure struct {
	Pool                     revrec.Pool
	Total                    revrec.PoolDay
	Booked, BookedFunctional int64
	Law, FunctionalLaw       int64
}

// empty reports whether nothing had come into the pool yet, or all has left it.
func (m *PoolMeasure) empty() bool {
	return m.Total.SoldMinor == 0 && m.Total.SoldFunctional == 0 && m.Booked == 0 && m.BookedFunctional == 0
}

// MaxBreakageRows bounds the rows of a report, so that an answer stays one that can be read:
// ten years of months of twenty policies.
const MaxBreakageRows = 2400

// Breakage reports by month of purchase what was sold, used and lost, what pools expect to
// break, and what is recognised of that. 606-10-55-46 to 49.
// Errors: INVALID, TOO_LARGE.
func (b *Books) Breakage(ctx context.Context, tx Tx, request BreakageRequest) (BreakageReport, error) {
	if err := b.CheckCohortsAsOf(ctx, tx, &request.AsOf); err != nil {
		return BreakageReport{}, err
	}
	request.Filter.AsOf = request.AsOf
	if err := b.checkMonthBegun("through", request.Through, request.AsOf); err != nil {
		return BreakageReport{}, err
	}
	if request.Filter.To != 0 && request.Filter.To < request.Filter.From {
		return BreakageReport{}, refuse(Invalid, "to", "must not be before from (%s), but is %s", request.Filter.From, request.Filter.To)
	}
	if request.Filter.To == 0 || request.Filter.To > request.Through {
		request.Filter.To = request.Through
	}
	work := breakageWork{request: request, functional: b.book.Functional, rows: map[breakageKey]*BreakageRow{}}
	for _, read := range []func(context.Context, Tx) error{work.credits, work.money, work.expected} {
		if err := read(ctx, tx); err != nil {
			return BreakageReport{}, err
		}
	}
	return work.report()
}

type breakageKey struct {
	policyID string
	currency ledger.Currency
	month    ledger.Period
}

type breakageWork struct {
	request    BreakageRequest
	functional ledger.Currency
	rows       map[breakageKey]*BreakageRow
}

func (w *breakageWork) row(policyID string, currency ledger.Currency, month ledger.Period) *BreakageRow {
	key := breakageKey{policyID, currency, month}
	row := w.rows[key]
	if row == nil {
		row = &BreakageRow{PolicyID: policyID, Currency: currency, Month: month}
		for _, amount := range row.amounts() {
			*amount = BreakageAmount{ledger.Money(0, currency), ledger.Money(0, w.functional)}
		}
		w.rows[key] = row
	}
	return row
}

func (r *BreakageRow) amounts() []*BreakageAmount {
	return []*BreakageAmount{&r.Price, &r.Earned, &r.AtExpiry, &r.Remote, &r.Early, &r.Escheated, &r.Expected}
}

// credits reads cohorts and what became of them through the month.
func (w *breakageWork) credits(ctx context.Context, tx Tx) error {
	for page := (Page{Limit: cohortPage}); ; {
		cohorts, err := tx.Cohorts(ctx, w.request.Filter, page)
		if err != nil {
			return err
		}
		ids := make([]string, len(cohorts))
		for i, cohort := range cohorts {
			ids[i] = cohort.ID
		}
		months, err := tx.CohortMonths(ctx, ids, w.request.AsOf)
		if err != nil {
			return err
		}
		for _, cohort := range cohorts {
			row := w.row(cohort.PolicyID, cohort.Currency, cohort.Month)
			row.Cohorts = append(row.Cohorts, cohort)
			row.Sold += cohort.Sold
			for _, of := range months[cohort.ID] {
				if of.Month <= w.request.Through {
					row.Used, row.Lapsed, row.Refunded, row.Other = row.Used+of.Used, row.Lapsed+of.Lapsed, row.Refunded+of.Refunded, row.Other+of.Other
				}
			}
		}
		if len(w.rows) > MaxBreakageRows {
			return refuse(TooLarge, "from", "leaves more than %d rows: name a policy or fewer months", MaxBreakageRows)
		}
		if len(cohorts) < cohortPage {
			return nil
		}
		page.After = cohorts[len(cohorts)-1].Key()
	}
}

// cohortPage is how many cohorts are read at once.
const cohortPage = 1000

// money reads what the lots cost and what was recognised of them.
func (w *breakageWork) money(ctx context.Context, tx Tx) error {
	all, err := tx.CohortMoney(ctx, w.request.Filter, w.request.Through)
	if err != nil {
		return err
	}
	for _, of := range all {
		row := w.row(of.PolicyID, of.Currency, of.Month)
		amount := BreakageAmount{ledger.Money(of.Minor, of.Currency), ledger.Money(of.Functional, w.functional)}
		law := BreakageAmount{ledger.Money(of.Law, of.Currency), ledger.Money(of.FunctionalLaw, w.functional)}
		switch of.Kind {
		case "":
			row.Price, row.Lots = row.Price.add(amount), row.Lots+of.Lots
		case revrec.Usage, revrec.UsageUnbilled:
			row.Earned = row.Earned.add(amount)
		case revrec.ExpiryBreakage:
			row.AtExpiry, row.Escheated = row.AtExpiry.add(amount), row.Escheated.add(law)
		case revrec.RemoteBreakage:
			row.Remote, row.Escheated = row.Remote.add(amount), row.Escheated.add(law)
		case revrec.Clearing, revrec.OverageUsage, revrec.ExpectedBreakage, revrec.CatchUp: // no revenue, no cohort, no lot
		}
	}
	return nil
}

// expected measures the pools at the end of the month, by the estimates then in force.
func (w *breakageWork) expected(ctx context.Context, tx Tx) error {
	if w.request.Filter.PackID != "" || w.request.Filter.Segment != "" {
		return nil
	}
	estimates := map[string][]revrec.Estimate{}
	day := w.request.Through.Last()
	for page := (Page{Limit: cohortPage}); ; {
		pools, err := tx.PoolMeasures(ctx, MeasureFilter{PolicyID: w.request.Filter.PolicyID, Currency: w.request.Filter.Currency, On: day, AsOf: w.request.AsOf}, page)
		if err != nil {
			return err
		}
		months, err := monthsOfPools(ctx, tx, pools)
		if err != nil {
			return err
		}
		for i, measure := range pools {
			pool, month := measure.Pool, months[i]
			if measure.empty() || month != 0 && (month < w.request.Filter.From || month > w.request.Filter.To) {
				continue
			}
			if estimates[pool.PolicyID] == nil {
				if estimates[pool.PolicyID], err = w.estimates(ctx, tx, pool.PolicyID); err != nil {
					return err
				}
			}
			w.row(pool.PolicyID, pool.Currency, month).measured(measure, revrec.RateOn(estimates[pool.PolicyID], day), w.functional)
		}
		if len(pools) < cohortPage {
			return nil
		}
		page.After = pools[len(pools)-1].Pool.ID
	}
}

func (r *BreakageRow) measured(of PoolMeasure, rate decimal.Decimal, functional ledger.Currency) {
	in := func(contract, book int64) BreakageAmount {
		return BreakageAmount{ledger.Money(contract, r.Currency), ledger.Money(book, functional)}
	}
	r.Pools++
	r.Early = r.Early.add(in(of.Booked, of.BookedFunctional))
	r.Escheated = r.Escheated.add(in(of.Law, of.FunctionalLaw))
	r.Expected = r.Expected.add(in(
		revrec.EstimatedBreakage(of.Total.SoldMinor, of.Total.UsedMinor, rate).Round(0).IntPart(),
		revrec.EstimatedBreakage(of.Total.SoldFunctional, of.Total.UsedFunctional, rate).Round(0).IntPart()))
}

// monthsOfPools returns the months in which the lots of pools were bought; zero for a pool
// of all lots of a policy.
func monthsOfPools(ctx context.Context, tx Tx, pools []PoolMeasure) ([]ledger.Period, error) {
	var lotIDs []string
	for _, measure := range pools {
		if measure.Pool.By == revrec.PoolByLot {
			lotIDs = append(lotIDs, measure.Pool.Group())
		}
	}
	lots, err := byID(tx.LotsByID(ctx, lotIDs))(func(l revrec.Lot) string { return l.ID })
	if err != nil {
		return nil, err
	}
	months := make([]ledger.Period, len(pools))
	for i, measure := range pools {
		switch measure.Pool.By {
		case revrec.PoolByLot:
			months[i] = lots[measure.Pool.Group()].PurchasedOn.Period()
		case revrec.PoolByPurchaseMonth:
			if months[i], err = ledger.ParsePeriod(measure.Pool.Group()); err != nil {
				return nil, err
			}
		case revrec.PoolByPolicy:
		}
	}
	return months, nil
}

// estimates returns those of the policy with the id that were known, in order.
func (w *breakageWork) estimates(ctx context.Context, tx Tx, policyID string) ([]revrec.Estimate, error) {
	policies, err := tx.PoliciesByID(ctx, []string{policyID})
	if err != nil || len(policies) == 0 {
		return nil, err
	}
	return estimatesKnown(ctx, tx, policies[0], w.request.AsOf)
}

func (w *breakageWork) report() (BreakageReport, error) {
	report := BreakageReport{BreakageRequest: w.request}
	for _, row := range w.rows {
		report.Rows = append(report.Rows, *row)
	}
	slices.SortFunc(report.Rows, func(x, y BreakageRow) int {
		return cmp.Or(cmp.Compare(x.PolicyID, y.PolicyID), cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.Month, y.Month))
	})
	totals := breakageWork{functional: w.functional, rows: map[breakageKey]*BreakageRow{}}
	for i := range report.Rows {
		totals.row("", report.Rows[i].Currency, 0).addUp(&report.Rows[i])
	}
	for _, sum := range totals.rows {
		report.Totals = append(report.Totals, *sum)
	}
	slices.SortFunc(report.Totals, func(x, y BreakageRow) int { return strings.Compare(string(x.Currency), string(y.Currency)) })
	return report, nil
}

func (r *BreakageRow) addUp(row *BreakageRow) {
	r.Lots, r.Pools = r.Lots+row.Lots, r.Pools+row.Pools
	r.Sold, r.Used, r.Lapsed, r.Refunded, r.Other = r.Sold+row.Sold, r.Used+row.Used, r.Lapsed+row.Lapsed, r.Refunded+row.Refunded, r.Other+row.Other
	for i, amount := range row.amounts() {
		*r.amounts()[i] = r.amounts()[i].add(*amount)
	}
}
