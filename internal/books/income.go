package books

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// IncomeRequest asks for the revenue of accounting dates From through To, as it stood at an
// instant: of entries posted by then. By is ByCustomer, ByPolicy, ByMeter, ByPack or "".
type IncomeRequest struct {
	From, To ledger.Date
	By       Dimension
	AsOf     time.Time // now where zero
	First    int       // how many rows
	After    string    // leaves out the rows up to the one with this Key
}

// Income is revenue by who or what brought it. Totals, Count and Checks are of all rows,
// whatever page.
type Income struct {
	IncomeRequest
	PostedThrough int64
	Rows          []IncomeRow
	More          bool  // rows follow behind the page
	Count         int64 // of all rows
	Totals        []IncomeRow
	Checks        []LedgerCheck
}

// IncomeRow is the revenue of one group in one currency.
type IncomeRow struct {
	By Dimension
	// None is true of what belongs to no group: breakage of pools by customer, all that is no use
	// by meter. GroupKey is the id of the group; "" for a custom deal, and for use in credits.
	None                       bool
	GroupKey                   string
	Currency                   ledger.Currency
	Columns                    []RevenueAmount
	Revenue, FunctionalRevenue ledger.Amount
}

// Key is the place of a row in the order of rows.
func (r *IncomeRow) Key() string {
	none := 0
	if r.None {
		none = 1
	}
	return fmt.Sprintf("%d/%s/%s", none, r.GroupKey, r.Currency)
}

func (r *IncomeRow) add(kind ledger.EntryKind, amount, functional ledger.Amount) {
	addRevenue(&r.Columns, revenueColumnOf(kind), amount, functional)
	r.Revenue, r.FunctionalRevenue = r.Revenue.Add(amount), r.FunctionalRevenue.Add(functional)
}

// IncomePart is revenue of entries of one kind, or of what they sum, of one group.
type IncomePart struct {
	None              bool
	Key               string
	Currency          ledger.Currency
	Kind              ledger.EntryKind
	Minor, Functional int64
}

// ControlTotal is all revenue in the book's currency.
func (r *Income) ControlTotal() ledger.Amount {
	var total ledger.Amount
	for _, row := range r.Totals {
		total = total.Add(row.FunctionalRevenue)
	}
	return total
}

// Income adds up revenue by customer, policy, pack or meter, in columns by what brought it. By
// meter, the revenue of a day of a lot is parted over what drew on it: see revrec.Parts.
// Errors: INVALID, TOO_LARGE.
func (b *Books) Income(ctx context.Context, tx Tx, request IncomeRequest) (Income, error) {
	if err := b.checkSpan(request.From, request.To, &request.AsOf); err != nil {
		return Income{}, err
	}
	if request.By == ByMeter && int(request.To-request.From) >= MaxMarginDays {
		return Income{}, refuse(TooLarge, "to", "must be within %d days of from: by meter use is read event by event", MaxMarginDays)
	}
	w := incomeWork{Income: Income{IncomeRequest: request}, functional: b.book.Functional, totals: map[ledger.Currency]*IncomeRow{}}
	var err error
	if w.PostedThrough, err = tx.PostedThrough(ctx, request.AsOf); err != nil {
		return Income{}, err
	}
	span := MovementSpan{request.From, request.To, w.PostedThrough, request.AsOf}
	if request.By == ByMeter {
		err = w.meters(ctx, tx, span)
	} else {
		err = tx.EachIncome(ctx, request.By, span, w.part)
	}
	if err != nil {
		return Income{}, err
	}
	w.ended()
	return w.Income, w.check(ctx, tx, span)
}

type incomeWork struct {
	Income
	functional ledger.Currency
	row        *IncomeRow // the one that parts come of
	totals     map[ledger.Currency]*IncomeRow
}

func (w *incomeWork) begin(none bool, key string, currency ledger.Currency) *IncomeRow {
	zero := ledger.Money(0, currency)
	return &IncomeRow{By: w.By, None: none, GroupKey: key, Currency: currency, Revenue: zero, FunctionalRevenue: ledger.Money(0, w.functional)}
}

// part takes a part; they come in order of rows.
func (w *incomeWork) part(p IncomePart) {
	if p.Minor == 0 && p.Functional == 0 {
		return
	}
	if w.row == nil || w.row.None != p.None || w.row.GroupKey != p.Key || w.row.Currency != p.Currency {
		w.ended()
		w.row = w.begin(p.None, p.Key, p.Currency)
	}
	total := w.totals[p.Currency]
	if total == nil {
		total = w.begin(false, "", p.Currency)
		w.totals[p.Currency] = total
	}
	amount, functional := ledger.Money(p.Minor, p.Currency), ledger.Money(p.Functional, w.functional)
	w.row.add(p.Kind, amount, functional)
	total.add(p.Kind, amount, functional)
}

// ended keeps a row that is on the page.
func (w *incomeWork) ended() {
	if w.row == nil {
		return
	}
	w.Count++
	switch {
	case w.After != "" && w.row.Key() <= w.After:
	case w.First > 0 && len(w.Rows) == w.First:
		w.More = true
	default:
		w.Rows = append(w.Rows, *w.row)
	}
	w.row = nil
}

// meters parts use over the meters, of which there are few.
func (w *incomeWork) meters(ctx context.Context, tx Tx, span MovementSpan) error {
	parts := map[IncomePart]IncomePart{}
	add := func(p IncomePart) {
		of := IncomePart{None: p.None, Key: p.Key, Currency: p.Currency, Kind: p.Kind}
		sum := parts[of]
		of.Minor, of.Functional = sum.Minor+p.Minor, sum.Functional+p.Functional
		parts[IncomePart{None: p.None, Key: p.Key, Currency: p.Currency, Kind: p.Kind}] = of
	}
	if err := tx.EachIncome(ctx, ByMeter, span, add); err != nil {
		return err
	}
	var day []LotDayUse
	part := func() {
		if len(day) == 0 {
			return
		}
		weights := make([]revrec.Credits, len(day))
		for i, use := range day {
			weights[i] = use.Credits
		}
		minor, functional := revrec.Parts(day[0].Minor, weights...), revrec.Parts(day[0].Functional, weights...)
		kind := ledger.UsageEntry
		if day[0].Overage {
			kind = ledger.OverageEntry
		}
		for i, use := range day {
			add(IncomePart{Key: use.MeterID, Currency: use.Currency, Kind: kind, Minor: minor[i], Functional: functional[i]})
		}
		day = day[:0]
	}
	err := tx.EachLotDayUse(ctx, MarginFilter{From: span.From, To: span.To, AsOf: span.AsOf}, func(use LotDayUse) error {
		if len(day) > 0 && !day[0].together(use) {
			part()
		}
		day = append(day, use)
		return nil
	})
	if err != nil {
		return err
	}
	part()
	all := make([]IncomePart, 0, len(parts))
	for _, p := range parts {
		all = append(all, p)
	}
	slices.SortFunc(all, func(x, y IncomePart) int {
		return cmp.Or(compareBool(x.None, y.None), strings.Compare(x.Key, y.Key), cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.Kind, y.Kind))
	})
	for _, p := range all {
		w.part(p)
	}
	return nil
}

// check holds the totals against the balances of the accounts of revenue.
func (w *incomeWork) check(ctx context.Context, tx Tx, span MovementSpan) error {
	balances, err := tx.RevenueBalances(ctx, span)
	if err != nil {
		return err
	}
	checks := ledgerChecks{functional: w.functional}
	for _, total := range w.totals {
		w.Totals = append(w.Totals, *total)
		checks.report(CheckedRevenue, 0, total.Revenue, total.FunctionalRevenue)
	}
	slices.SortFunc(w.Totals, func(x, y IncomeRow) int { return cmp.Compare(x.Currency, y.Currency) })
	for _, of := range balances {
		checks.ledger(CheckedRevenue, 0, of.Currency, of.Revenue, of.FunctionalRevenue)
	}
	w.Checks = checks.inOrder()
	return nil
}
