package books

import (
	"cmp"
	"context"
	"slices"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// OpeningFigures is what was recognised of lots, in minor units: the columns of use in full, Expired and
// Remote with the law's share, Early and CaughtUp without.
type OpeningFigures struct {
	Used, Unbilled, Overage                int64
	Expired, ExpiredLaw, Remote, RemoteLaw int64
	Early, CaughtUp                        int64
}

// OpeningPart is what was recognised in a span of lots of a policy that were bought in one month:
// of those whose liability was there when it began, or of others. LotID is the lot that was there,
// where more may be recognised of it than its liability was then: where that appeared in steps,
// or the law gave back in the span what it had claimed.
type OpeningPart struct {
	PolicyID             string
	Currency             ledger.Currency
	Month                ledger.Period
	There                bool
	LotID                string
	Contract, Functional OpeningFigures
}

// LotSum is a sum of a lot.
type LotSum struct {
	LotID             string
	Credits           revrec.Credits
	Minor, Functional int64
}

// EarlierColumn says why revenue is of what was satisfied in earlier periods.
type EarlierColumn string

// The columns, in their order. 606-10-50-12A.
const (
	EarlierCatchUp  EarlierColumn = "CATCH_UP"      // new estimates
	EarlierUse      EarlierColumn = "LATE_USE"      // use of days before the span, net of what was booked of them
	EarlierVoid     EarlierColumn = "VOIDED_USE"    // voids, in the span, of use from before
	EarlierBreakage EarlierColumn = "BREAKAGE"      // breakage of days before the span
	EarlierPrice    EarlierColumn = "PRICE_CHANGES" // refunds, chargebacks and voids of what was earned
)

func earlierColumns() []EarlierColumn {
	return []EarlierColumn{EarlierCatchUp, EarlierUse, EarlierVoid, EarlierBreakage, EarlierPrice}
}

// OpeningRevenueRequest asks how much revenue of the accounting dates From through To was in the
// contract liability when they began, as it stood at an instant: of entries posted by then.
type OpeningRevenueRequest struct {
	From, To ledger.Date
	AsOf     time.Time // now where zero
}

// OpeningRevenue is revenue by what it came out of. 606-10-50-8(b), 50-12A.
type OpeningRevenue struct {
	OpeningRevenueRequest
	PostedThrough int64
	Rows          []OpeningRevenueRow
	Totals        []OpeningRevenueRow // by currency
	Checks        []LedgerCheck
}

// OpeningRevenueRow is the revenue of a policy in one currency. FromOpening, FromSpan, Unbilled,
// Overage, TakenBack and Manual come to Revenue.
type OpeningRevenueRow struct {
	PolicyID string // "" in totals, and for manual entries without one
	Currency ledger.Currency
	// Opening is deferred revenue when the span began.
	Opening     BreakageAmount
	Columns     []RevenueAmount // of FromOpening
	FromOpening BreakageAmount
	FromSpan    BreakageAmount // of what was deferred in the span
	Unbilled    BreakageAmount // earned before there was a liability
	Overage     BreakageAmount
	TakenBack   BreakageAmount // by refunds, chargebacks and voids
	Manual      BreakageAmount
	Revenue     BreakageAmount
	Earlier     []EarlierAmount // what of it is of earlier periods
}

// EarlierAmount is what a column comes to.
type EarlierAmount struct {
	Column             EarlierColumn
	Amount, Functional ledger.Amount
}

// ControlTotal is all revenue out of the opening balance in the book's currency.
func (r *OpeningRevenue) ControlTotal() ledger.Amount {
	var total ledger.Amount
	for _, row := range r.Totals {
		total = total.Add(row.FromOpening.Functional)
	}
	return total
}

// RevenueFromOpening identifies lot by lot how much of the revenue of a span was in the contract
// liability when it began. What is left of a liability that appeared in steps is used before what
// appears later. Early breakage of a pool of many lots goes with the use that brought it: in the
// proportion of the span's use out of the opening balance. Of no lot, no pool and no policy does more
// come out of the opening balance than there was.
// Errors: INVALID, TOO_LARGE.
func (b *Books) RevenueFromOpening(ctx context.Context, tx Tx, request OpeningRevenueRequest) (OpeningRevenue, error) {
	if err := b.checkSpan(request.From, request.To, &request.AsOf); err != nil {
		return OpeningRevenue{}, err
	}
	w := openingRevenueWork{
		OpeningRevenue: OpeningRevenue{OpeningRevenueRequest: request}, functional: b.book.Functional, zone: b.zone,
		rows: map[groupKey]*OpeningRevenueRow{}, shares: map[shareKey]*openingShare{}, begun: map[shareKey]LotSum{},
	}
	var err error
	if w.PostedThrough, err = tx.PostedThrough(ctx, request.AsOf); err != nil {
		return OpeningRevenue{}, err
	}
	span := MovementSpan{request.From, request.To, w.PostedThrough, request.AsOf}
	for _, read := range []func(context.Context, Tx, MovementSpan) error{w.opening, w.lots, w.pools, w.bound, w.acts, w.earlier, w.voids, w.total} {
		if err := read(ctx, tx, span); err != nil {
			return OpeningRevenue{}, err
		}
	}
	return w.OpeningRevenue, nil
}

type shareKey struct {
	policyID string
	currency ledger.Currency
	month    ledger.Period // zero for all
}

// openingShare is use in the span, and the part of it that came out of the opening balance; opened is
// all revenue of lots that did.
type openingShare struct {
	of, all           int64
	ofHome, allAtHome int64
	opened            LotSum
}

type openingRevenueWork struct {
	OpeningRevenue
	functional ledger.Currency
	zone       *time.Location
	rows       map[groupKey]*OpeningRevenueRow
	shares     map[shareKey]*openingShare
	begun      map[shareKey]LotSum // deferred revenue when the span began
}

func (w *openingRevenueWork) amount(currency ledger.Currency, minor, functional int64) BreakageAmount {
	return BreakageAmount{ledger.Money(minor, currency), ledger.Money(functional, w.functional)}
}

func (w *openingRevenueWork) row(policyID string, currency ledger.Currency) *OpeningRevenueRow {
	key := groupKey{policyID, currency}
	row := w.rows[key]
	if row == nil {
		row = &OpeningRevenueRow{PolicyID: policyID, Currency: currency}
		for _, of := range row.amounts() {
			*of = w.amount(currency, 0, 0)
		}
		w.rows[key] = row
	}
	return row
}

func (r *OpeningRevenueRow) amounts() []*BreakageAmount {
	return []*BreakageAmount{&r.Opening, &r.FromOpening, &r.FromSpan, &r.Unbilled, &r.Overage, &r.TakenBack, &r.Manual, &r.Revenue}
}

// put adds revenue to one of the amounts of the row, and to all of it.
func (r *OpeningRevenueRow) put(in *BreakageAmount, amount BreakageAmount) {
	*in, r.Revenue = in.add(amount), r.Revenue.add(amount)
}

// opened adds revenue out of the opening balance.
func (r *OpeningRevenueRow) opened(column RevenueColumn, amount BreakageAmount) {
	r.put(&r.FromOpening, amount)
	addRevenue(&r.Columns, column, amount.Amount, amount.Functional)
}

func (r *OpeningRevenueRow) ofEarlier(column EarlierColumn, amount BreakageAmount) {
	if amount.Amount.IsZero() && amount.Functional.IsZero() {
		return
	}
	at := slices.IndexFunc(r.Earlier, func(of EarlierAmount) bool { return of.Column == column })
	if at < 0 {
		at = len(r.Earlier)
		r.Earlier = append(r.Earlier, EarlierAmount{column, ledger.Money(0, amount.Amount.Currency), ledger.Money(0, amount.Functional.Currency)})
	}
	of := &r.Earlier[at]
	of.Amount, of.Functional = of.Amount.Add(amount.Amount), of.Functional.Add(amount.Functional)
}

// opening reads what was deferred when the span began: now, less what came since.
func (w *openingRevenueWork) opening(ctx context.Context, tx Tx, span MovementSpan) error {
	now, err := tx.CohortRest(ctx)
	if err != nil {
		return err
	}
	before := MovementSpan{To: span.From - 1, Through: span.Through, AsOf: span.AsOf}
	since, err := tx.CohortMovementsSince(ctx, before)
	if err != nil {
		return err
	}
	if since, err = bonusApart(ctx, tx, before, since, true); err != nil {
		return err
	}
	for i, m := range append(now, since...) {
		if i >= len(now) {
			m.Deferred, m.FunctionalDeferred = -m.Deferred, -m.FunctionalDeferred
		}
		row := w.row(m.PolicyID, m.Currency)
		row.Opening = row.Opening.add(w.amount(m.Currency, m.Deferred, m.FunctionalDeferred))
		for _, month := range distinctMonths(m.Month) {
			key := shareKey{m.PolicyID, m.Currency, month}
			begun := w.begun[key]
			w.begun[key] = LotSum{Minor: begun.Minor + m.Deferred, Functional: begun.Functional + m.FunctionalDeferred}
		}
	}
	return nil
}

// distinctMonths are those under which a month counts: itself, and zero, which has all.
func distinctMonths(month ledger.Period) []ledger.Period {
	if month == 0 {
		return []ledger.Period{0}
	}
	return []ledger.Period{0, month}
}

// lots adds what was recognised of lots, and of pools of one lot.
func (w *openingRevenueWork) lots(ctx context.Context, tx Tx, span MovementSpan) error {
	parts, err := tx.OpeningParts(ctx, span)
	if err != nil {
		return err
	}
	var bounded []string
	for _, part := range parts {
		if part.LotID != "" {
			bounded = append(bounded, part.LotID)
		}
	}
	left, err := w.leftOf(ctx, tx, span, distinct(bounded))
	if err != nil {
		return err
	}
	for _, part := range parts {
		w.part(part, left)
	}
	return nil
}

// leftOf returns what was left, when the span began, of the liability of lots.
func (w *openingRevenueWork) leftOf(ctx context.Context, tx Tx, span MovementSpan, lotIDs []string) (map[string]LotSum, error) {
	lots, err := tx.LotsByID(ctx, lotIDs)
	if err != nil {
		return nil, err
	}
	out, err := tx.OutBefore(ctx, lotIDs, span)
	if err != nil {
		return nil, err
	}
	left := make(map[string]LotSum, len(lots))
	for _, lot := range lots {
		sum := LotSum{LotID: lot.ID, Minor: lot.Price.Minor, Functional: lot.Functional.Minor}
		if len(lot.Steps) > 0 {
			sum.Minor, sum.Functional = 0, 0
		}
		for _, step := range lot.Steps {
			if step.Day < span.From {
				sum.Minor, sum.Functional = sum.Minor+step.Minor, sum.Functional+step.Functional
			}
		}
		left[lot.ID] = sum
	}
	for _, gone := range out {
		sum := left[gone.LotID]
		sum.Minor, sum.Functional = max(sum.Minor-gone.Minor, 0), max(sum.Functional-gone.Functional, 0)
		left[gone.LotID] = sum
	}
	return left, nil
}

func (w *openingRevenueWork) part(part OpeningPart, left map[string]LotSum) {
	row := w.row(part.PolicyID, part.Currency)
	in := func(contract, functional int64) BreakageAmount { return w.amount(part.Currency, contract, functional) }
	c, f := part.Contract, part.Functional
	row.put(&row.Unbilled, in(c.Unbilled, f.Unbilled))
	row.put(&row.Overage, in(c.Overage, f.Overage))
	opening, openingHome := OpeningFigures{}, OpeningFigures{}
	if part.There {
		opening, openingHome = c, f
	}
	if of, bounded := left[part.LotID]; bounded && part.There {
		opening, openingHome = c.within(of.Minor), f.within(of.Functional)
		of.Minor, of.Functional = max(of.Minor-opening.revenue(), 0), max(of.Functional-openingHome.revenue(), 0)
		left[part.LotID] = of
	}
	for _, one := range []struct {
		column                   RevenueColumn
		all, allHome, of, ofHome int64
	}{
		{UsedRevenue, c.Used, f.Used, opening.Used, openingHome.Used},
		{ExpiryRevenue, c.Expired - c.ExpiredLaw, f.Expired - f.ExpiredLaw, opening.Expired - opening.ExpiredLaw, openingHome.Expired - openingHome.ExpiredLaw},
		{RemoteRevenue, c.Remote - c.RemoteLaw, f.Remote - f.RemoteLaw, opening.Remote - opening.RemoteLaw, openingHome.Remote - openingHome.RemoteLaw},
		{EarlyRevenue, c.Early, f.Early, opening.Early, openingHome.Early},
		{CatchUpRevenue, c.CaughtUp, f.CaughtUp, opening.CaughtUp, openingHome.CaughtUp},
	} {
		row.opened(one.column, in(one.of, one.ofHome))
		row.put(&row.FromSpan, in(one.all-one.of, one.allHome-one.ofHome))
	}
	for _, month := range distinctMonths(part.Month) {
		key := shareKey{part.PolicyID, part.Currency, month}
		share := w.shares[key]
		if share == nil {
			share = &openingShare{}
			w.shares[key] = share
		}
		share.of, share.all = share.of+opening.Used, share.all+c.Used
		share.ofHome, share.allAtHome = share.ofHome+openingHome.Used, share.allAtHome+f.Used
		share.opened.Minor, share.opened.Functional = share.opened.Minor+opening.revenue(), share.opened.Functional+openingHome.revenue()
	}
}

// revenue is all that came out of deferred revenue to revenue.
func (f OpeningFigures) revenue() int64 {
	return f.Used + f.Expired - f.ExpiredLaw + f.Remote - f.RemoteLaw + f.Early + f.CaughtUp
}

// within is what came out of so much of a liability: use first, then what lapsed, in the order in
// which they happen to a lot. What gives something back gives it back where it came from, and makes
// room for as much of what follows from it.
func (f OpeningFigures) within(left int64) OpeningFigures {
	for _, revenue := range []int64{f.Used, f.Expired - f.ExpiredLaw, f.Remote - f.RemoteLaw, f.Early, f.CaughtUp} {
		left -= min(revenue, 0)
	}
	take := func(amount int64) int64 {
		taken := min(amount, left)
		left -= max(taken, 0)
		return taken
	}
	part := func(of, law int64) (int64, int64) {
		taken := take(of)
		if of <= 0 || taken == of {
			return taken, law
		}
		return taken, ledger.MulDiv(law, taken, of)
	}
	f.Used = take(f.Used)
	f.Expired, f.ExpiredLaw = part(f.Expired, f.ExpiredLaw)
	f.Remote, f.RemoteLaw = part(f.Remote, f.RemoteLaw)
	f.Early, f.CaughtUp = take(f.Early), take(f.CaughtUp)
	return f
}

// pools parts the early breakage of pools of many lots by the use that there was. What is beyond
// the pool's opening balance is of what was sold since.
func (w *openingRevenueWork) pools(ctx context.Context, tx Tx, span MovementSpan) error {
	pools, err := tx.SharedPools(ctx, span)
	for i, pool := range pools {
		row, key := w.row(pool.PolicyID, pool.Currency), shareKey{pool.PolicyID, pool.Currency, pool.Month}
		share := w.shares[key]
		if share == nil {
			share = &openingShare{}
			w.shares[key] = share
		}
		of := share.part(pool, span.From.Period())
		last := i+1 == len(pools) || key != shareKey{pools[i+1].PolicyID, pools[i+1].Currency, pools[i+1].Month}
		if begun := w.begun[key]; last {
			of.Minor = min(of.Minor, max(begun.Minor, 0)-share.opened.Minor)
			of.Functional = min(of.Functional, max(begun.Functional, 0)-share.opened.Functional)
		}
		share.opened.Minor, share.opened.Functional = share.opened.Minor+of.Minor, share.opened.Functional+of.Functional
		row.opened(revenueColumnOf(pool.Kind), w.amount(pool.Currency, of.Minor, of.Functional))
		row.put(&row.FromSpan, w.amount(pool.Currency, pool.Revenue-of.Minor, pool.FunctionalRevenue-of.Functional))
	}
	return err
}

// bound takes, policy by policy, what is beyond the opening balance out of what came out of it: where
// people wrote into deferred revenue, which is in no lot.
func (w *openingRevenueWork) bound(context.Context, Tx, MovementSpan) error {
	for _, row := range w.rows {
		over := row.FromOpening.Amount.Minor - max(row.Opening.Amount.Minor, 0)
		overHome := row.FromOpening.Functional.Minor - max(row.Opening.Functional.Minor, 0)
		columns := slices.Clone(row.Columns)
		for _, column := range []RevenueColumn{EarlyRevenue, CatchUpRevenue, RemoteRevenue, ExpiryRevenue, UsedRevenue} {
			for _, of := range columns {
				if of.Column != column {
					continue
				}
				back, backHome := max(min(over, of.Amount.Minor), 0), max(min(overHome, of.Functional.Minor), 0)
				over, overHome = over-back, overHome-backHome
				row.opened(column, w.amount(row.Currency, -back, -backHome))
				row.put(&row.FromSpan, w.amount(row.Currency, back, backHome))
			}
		}
		row.Columns = slices.DeleteFunc(row.Columns, func(of RevenueAmount) bool { return of.Amount.IsZero() && of.Functional.IsZero() })
	}
	return nil
}

// part is what of a pool's breakage came out of the opening balance. Where nothing was used it
// is of what was there: of all that was bought before.
func (s *openingShare) part(pool CohortMovement, first ledger.Period) LotSum {
	of := func(minor, part, all int64) int64 {
		switch {
		case part == all && all != 0:
			return minor
		case all > 0 && part >= 0 && part < all:
			return ledger.MulDiv(minor, part, all)
		case pool.Month < first: // zero is of a pool of all
			return minor
		}
		return 0
	}
	return LotSum{Minor: of(pool.Revenue, s.of, s.all), Functional: of(pool.FunctionalRevenue, s.ofHome, s.allAtHome)}
}

// acts adds revenue that acts took back, and what entries of other kinds brought.
func (w *openingRevenueWork) acts(ctx context.Context, tx Tx, span MovementSpan) error {
	return tx.EachIncome(ctx, ByPolicy, span, func(p IncomePart) {
		row, amount := w.row(p.Key, p.Currency), w.amount(p.Currency, p.Minor, p.Functional)
		switch revenueColumnOf(p.Kind) {
		case RefundedRevenue, DisputedRevenue, VoidedRevenue:
			row.put(&row.TakenBack, amount)
			row.ofEarlier(EarlierPrice, amount)
		case ManualRevenue:
			row.put(&row.Manual, amount)
		case UsedRevenue, OverageColumn, EarlyRevenue, CatchUpRevenue, ExpiryRevenue, RemoteRevenue: // of recognitions
		}
	})
}

func (w *openingRevenueWork) earlier(ctx context.Context, tx Tx, span MovementSpan) error {
	earlier, err := tx.EarlierRevenue(ctx, span)
	for _, m := range earlier {
		w.row(m.PolicyID, m.Currency).ofEarlier(EarlierColumn(m.Kind), w.amount(m.Currency, m.Revenue, m.FunctionalRevenue))
	}
	return err
}

// voids adds, negative, what credits had earned before the span that voids gave back in it.
func (w *openingRevenueWork) voids(ctx context.Context, tx Tx, span MovementSpan) error {
	voided, err := tx.VoidedEarlier(ctx, span, span.From.Start(w.zone))
	if err != nil {
		return err
	}
	for part := range slices.Chunk(voided, 1000) {
		ids := make([]string, len(part))
		for i, of := range part {
			ids[i] = of.LotID
		}
		lots, err := byID(tx.LotsByID(ctx, distinct(ids)))(func(l revrec.Lot) string { return l.ID })
		if err != nil {
			return err
		}
		for _, of := range part {
			lot := lots[of.LotID]
			var amount, functional ledger.Amount
			if lot.Kind == revrec.OverageLot {
				amount = revrec.EarnedBeyond(lot.Rate, of.Credits)
				functional = amount
			} else {
				amount, functional = revrec.Earned(lot.Price, lot.Granted, of.Credits), revrec.Earned(lot.Functional, lot.Granted, of.Credits)
			}
			w.row(lot.PolicyID, amount.Currency).ofEarlier(EarlierVoid, BreakageAmount{amount.Neg(), functional.Neg()})
		}
	}
	return nil
}

// total puts rows in order, adds them up, and holds revenue against the ledger.
func (w *openingRevenueWork) total(ctx context.Context, tx Tx, span MovementSpan) error {
	totals := openingRevenueWork{functional: w.functional, rows: map[groupKey]*OpeningRevenueRow{}}
	for _, row := range w.rows {
		if row.empty() {
			continue
		}
		columns := earlierColumns()
		slices.SortFunc(row.Earlier, func(x, y EarlierAmount) int {
			return cmp.Compare(slices.Index(columns, x.Column), slices.Index(columns, y.Column))
		})
		w.Rows = append(w.Rows, *row)
	}
	slices.SortFunc(w.Rows, func(x, y OpeningRevenueRow) int {
		return cmp.Or(cmp.Compare(x.PolicyID, y.PolicyID), cmp.Compare(x.Currency, y.Currency))
	})
	for i := range w.Rows {
		totals.row("", w.Rows[i].Currency).addUp(&w.Rows[i])
	}
	checks := ledgerChecks{functional: w.functional}
	for _, total := range totals.rows {
		columns := earlierColumns()
		slices.SortFunc(total.Earlier, func(x, y EarlierAmount) int {
			return cmp.Compare(slices.Index(columns, x.Column), slices.Index(columns, y.Column))
		})
		w.Totals = append(w.Totals, *total)
		checks.report(CheckedRevenue, 0, total.Revenue.Amount, total.Revenue.Functional)
		checks.report(CheckedDeferred, 0, total.Opening.Amount, total.Opening.Functional)
	}
	slices.SortFunc(w.Totals, func(x, y OpeningRevenueRow) int { return cmp.Compare(x.Currency, y.Currency) })
	balances, err := tx.RevenueBalances(ctx, span)
	if err != nil {
		return err
	}
	for _, of := range balances {
		checks.ledger(CheckedRevenue, 0, of.Currency, of.Revenue, of.FunctionalRevenue)
	}
	deferred, err := tx.DeferredBefore(ctx, span.From, span.Through, false)
	for _, of := range deferred {
		checks.ledger(CheckedDeferred, 0, of.Currency, of.Minor, of.Functional)
	}
	w.Checks = checks.inOrder()
	return err
}

func (r *OpeningRevenueRow) empty() bool {
	for _, of := range r.amounts() {
		if !of.Amount.IsZero() || !of.Functional.IsZero() {
			return false
		}
	}
	return len(r.Columns) == 0 && len(r.Earlier) == 0
}

func (r *OpeningRevenueRow) addUp(row *OpeningRevenueRow) {
	for i, of := range row.amounts() {
		*r.amounts()[i] = r.amounts()[i].add(*of)
	}
	for _, of := range row.Columns {
		addRevenue(&r.Columns, of.Column, of.Amount, of.Functional)
	}
	for _, of := range row.Earlier {
		r.ofEarlier(of.Column, BreakageAmount{of.Amount, of.Functional})
	}
}
