package books

import (
	"cmp"
	"context"
	"slices"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// MaxWaterfallRows bounds the rows of a waterfall, and maxWaterfallCells those times months: ten
// years by ten years of some policies.
const (
	MaxWaterfallRows  = 2400
	maxWaterfallCells = 100_000
)

// WaterfallRequest asks what became of the credits of each month of purchase in the accounting
// months From through To, as it stood at an instant: of entries posted by then.
type WaterfallRequest struct {
	From, To ledger.Period
	By       Dimension // ByPolicy, or "" for months and currencies alone
	AsOf     time.Time // now where zero
}

// Waterfall is revenue by month of purchase, and what is still deferred.
type Waterfall struct {
	WaterfallRequest
	PostedThrough int64
	Rows          []WaterfallRow
	Totals        []WaterfallRow // by currency: without policy and month
	Checks        []LedgerCheck
}

// WaterfallRow is what was bought in one month. Opening, Sold, TakenBack, Escheated, Unbilled and
// Manual, less the columns of use and breakage, come to Closing.
type WaterfallRow struct {
	PolicyID string // "" where not told apart
	Currency ledger.Currency
	// Month is that of the purchase; zero for what belongs to none: use beyond the balance, early
	// breakage of pools of a whole policy, manual entries.
	Month  ledger.Period
	Months []WaterfallMonth // those with revenue, in order
	// Columns are those of all months.
	Columns []RevenueAmount
	Revenue BreakageAmount
	// Opening and Closing are deferred revenue when the first month began and the last one ended.
	Opening, Closing BreakageAmount
	// Sold is what was deferred: paid, fallen due, or taken over from another book.
	Sold BreakageAmount
	// TakenBack went out of deferred revenue by refunds, chargebacks and voids: negative.
	TakenBack BreakageAmount
	// Escheated is the law's share of breakage: negative.
	Escheated BreakageAmount
	// Unbilled is what was earned before there was a liability, less what was cleared of it.
	Unbilled BreakageAmount
	// Manual is what entries of other kinds moved in deferred revenue.
	Manual BreakageAmount
}

// WaterfallMonth is the revenue of one accounting month.
type WaterfallMonth struct {
	Month   ledger.Period
	Columns []RevenueAmount
	Revenue BreakageAmount
}

// ControlTotal is all revenue of the months in the book's currency.
func (r *Waterfall) ControlTotal() ledger.Amount {
	var total ledger.Amount
	for _, row := range r.Totals {
		total = total.Add(row.Revenue.Functional)
	}
	return total
}

// Waterfall tells, by month of purchase, in which accounting months what was sold was recognised,
// and what is left. Credits that move on to another lot keep the month of their purchase. What is
// left is that of now, less all that came after. Errors: INVALID, TOO_LARGE.
func (b *Books) Waterfall(ctx context.Context, tx Tx, request WaterfallRequest) (Waterfall, error) {
	span := MovementSpan{From: request.From.First(), To: request.To.Last()}
	if err := b.checkSpan(span.From, span.To, &request.AsOf); err != nil {
		return Waterfall{}, err
	}
	w := waterfallWork{Waterfall: Waterfall{WaterfallRequest: request}, functional: b.book.Functional, rows: map[waterfallKey]*WaterfallRow{}}
	var err error
	if w.PostedThrough, err = tx.PostedThrough(ctx, request.AsOf); err != nil {
		return Waterfall{}, err
	}
	span.Through, span.AsOf = w.PostedThrough, request.AsOf
	for _, read := range []func(context.Context, Tx, MovementSpan) error{w.rest, w.moved, w.inOrder, w.check} {
		if err := read(ctx, tx, span); err != nil {
			return Waterfall{}, err
		}
	}
	return w.Waterfall, nil
}

type waterfallKey struct {
	policyID string
	currency ledger.Currency
	month    ledger.Period
}

type waterfallWork struct {
	Waterfall
	functional ledger.Currency
	rows       map[waterfallKey]*WaterfallRow
}

func (w *waterfallWork) row(policyID string, currency ledger.Currency, month ledger.Period) *WaterfallRow {
	if w.By != ByPolicy {
		policyID = ""
	}
	key := waterfallKey{policyID, currency, month}
	row := w.rows[key]
	if row == nil {
		row = &WaterfallRow{PolicyID: policyID, Currency: currency, Month: month}
		for _, of := range row.amounts() {
			*of = w.amount(currency, 0, 0)
		}
		w.rows[key] = row
	}
	return row
}

func (r *WaterfallRow) amounts() []*BreakageAmount {
	return []*BreakageAmount{&r.Revenue, &r.Opening, &r.Closing, &r.Sold, &r.TakenBack, &r.Escheated, &r.Unbilled, &r.Manual}
}

func (w *waterfallWork) amount(currency ledger.Currency, minor, functional int64) BreakageAmount {
	return BreakageAmount{ledger.Money(minor, currency), ledger.Money(functional, w.functional)}
}

// rest takes what is deferred now, less what came after the span.
func (w *waterfallWork) rest(ctx context.Context, tx Tx, span MovementSpan) error {
	now, err := tx.CohortRest(ctx)
	if err != nil {
		return err
	}
	after, err := tx.CohortMovementsSince(ctx, span)
	if err != nil {
		return err
	}
	if w.By == ByPolicy {
		if after, err = bonusApart(ctx, tx, span, after, true); err != nil {
			return err
		}
	}
	for i, m := range append(now, after...) {
		amount := w.amount(m.Currency, m.Deferred, m.FunctionalDeferred)
		if i >= len(now) {
			amount = w.amount(m.Currency, -m.Deferred, -m.FunctionalDeferred)
		}
		row := w.row(m.PolicyID, m.Currency, m.Month)
		row.Closing, row.Opening = row.Closing.add(amount), row.Opening.add(amount)
	}
	return nil
}

// moved adds what the months of the span moved, which the opening balances do not have.
func (w *waterfallWork) moved(ctx context.Context, tx Tx, span MovementSpan) error {
	moved, err := tx.CohortMovements(ctx, span)
	if err == nil && w.By == ByPolicy {
		moved, err = bonusApart(ctx, tx, span, moved, false)
	}
	for _, m := range moved {
		w.row(m.PolicyID, m.Currency, m.Month).add(m, w.functional)
	}
	return err
}

func (r *WaterfallRow) add(m CohortMovement, functional ledger.Currency) {
	in := func(minor, home int64) BreakageAmount {
		return BreakageAmount{ledger.Money(minor, m.Currency), ledger.Money(home, functional)}
	}
	deferred, revenue, law := in(m.Deferred, m.FunctionalDeferred), in(m.Revenue, m.FunctionalRevenue), in(m.Law, m.FunctionalLaw)
	r.Opening = r.Opening.minus(deferred)
	switch m.Kind {
	case ledger.PurchaseEntry, ledger.PaymentEntry, ledger.DueEntry, ledger.OpeningEntry:
		r.Sold = r.Sold.add(deferred)
	case ledger.RefundEntry, ledger.DisputeEntry, ledger.VoidEntry:
		r.TakenBack = r.TakenBack.add(deferred)
	case ledger.UsageEntry, ledger.OverageEntry:
	case ledger.EntryKind(revrec.UsageUnbilled):
		r.Unbilled = r.Unbilled.add(revenue)
	case ledger.ClearingEntry:
		r.Unbilled = r.Unbilled.add(deferred)
	case ledger.EarlyEntry, ledger.CatchUpEntry, ledger.ExpiryEntry, ledger.RemoteEntry:
		r.Escheated = r.Escheated.minus(law)
	default:
		r.Manual = r.Manual.add(deferred)
	}
	if revenue.Amount.IsZero() && revenue.Functional.IsZero() {
		return
	}
	at, found := slices.BinarySearchFunc(r.Months, m.Booked, func(of WaterfallMonth, month ledger.Period) int { return cmp.Compare(of.Month, month) })
	if !found {
		r.Months = slices.Insert(r.Months, at, WaterfallMonth{Month: m.Booked, Revenue: in(0, 0)})
	}
	column, month := revenueColumnOf(m.Kind), &r.Months[at]
	addRevenue(&month.Columns, column, revenue.Amount, revenue.Functional)
	month.Revenue = month.Revenue.add(revenue)
	addRevenue(&r.Columns, column, revenue.Amount, revenue.Functional)
	r.Revenue = r.Revenue.add(revenue)
}

// empty reports whether nothing stands in the row.
func (r *WaterfallRow) empty() bool {
	for _, of := range r.amounts() {
		if !of.Amount.IsZero() || !of.Functional.IsZero() {
			return false
		}
	}
	return len(r.Months) == 0
}

// inOrder puts rows in order and adds them up.
func (w *waterfallWork) inOrder(context.Context, Tx, MovementSpan) error {
	cells := 0
	for _, row := range w.rows {
		if !row.empty() {
			w.Rows, cells = append(w.Rows, *row), cells+len(row.Months)
		}
	}
	if len(w.Rows) > MaxWaterfallRows || cells > maxWaterfallCells {
		return refuse(TooLarge, "from", "leaves %d rows of %d months, at most %d of %d: ask for fewer months, or not by policy", len(w.Rows), cells, MaxWaterfallRows, maxWaterfallCells)
	}
	slices.SortFunc(w.Rows, func(x, y WaterfallRow) int {
		return cmp.Or(cmp.Compare(x.PolicyID, y.PolicyID), cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.Month, y.Month))
	})
	totals := waterfallWork{functional: w.functional, rows: map[waterfallKey]*WaterfallRow{}}
	for i := range w.Rows {
		totals.row("", w.Rows[i].Currency, 0).addUp(&w.Rows[i], w.functional)
	}
	for _, total := range totals.rows {
		w.Totals = append(w.Totals, *total)
	}
	slices.SortFunc(w.Totals, func(x, y WaterfallRow) int { return cmp.Compare(x.Currency, y.Currency) })
	return nil
}

func (r *WaterfallRow) addUp(row *WaterfallRow, functional ledger.Currency) {
	for i, of := range row.amounts() {
		*r.amounts()[i] = r.amounts()[i].add(*of)
	}
	for _, of := range row.Columns {
		addRevenue(&r.Columns, of.Column, of.Amount, of.Functional)
	}
	for _, of := range row.Months {
		at, found := slices.BinarySearchFunc(r.Months, of.Month, func(m WaterfallMonth, month ledger.Period) int { return cmp.Compare(m.Month, month) })
		if !found {
			r.Months = slices.Insert(r.Months, at, WaterfallMonth{Month: of.Month, Revenue: BreakageAmount{ledger.Money(0, r.Currency), ledger.Money(0, functional)}})
		}
		for _, column := range of.Columns {
			addRevenue(&r.Months[at].Columns, column.Column, column.Amount, column.Functional)
		}
		r.Months[at].Revenue = r.Months[at].Revenue.add(of.Revenue)
	}
}

// check holds each month's revenue, and what is left, against the ledger.
func (w *waterfallWork) check(ctx context.Context, tx Tx, span MovementSpan) error {
	balances, err := tx.RevenueBalances(ctx, span)
	if err != nil {
		return err
	}
	deferred, err := tx.DeferredBefore(ctx, span.To+1, span.Through, false)
	if err != nil {
		return err
	}
	checks := ledgerChecks{functional: w.functional}
	for _, total := range w.Totals {
		for _, of := range total.Months {
			checks.report(CheckedRevenue, of.Month, of.Revenue.Amount, of.Revenue.Functional)
		}
		checks.report(CheckedDeferred, 0, total.Closing.Amount, total.Closing.Functional)
	}
	for _, of := range balances {
		checks.ledger(CheckedRevenue, of.Booked, of.Currency, of.Revenue, of.FunctionalRevenue)
	}
	for _, of := range deferred {
		checks.ledger(CheckedDeferred, 0, of.Currency, of.Minor, of.Functional)
	}
	w.Checks = checks.inOrder()
	return nil
}
