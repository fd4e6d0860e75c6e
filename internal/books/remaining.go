package books

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
	"drawdown/revrec/estimate"
)

// RemainingMethod says by what the time of revenue to come is expected.
type RemainingMethod string

// The methods.
const (
	ByCurve   RemainingMethod = "CURVE"   // the redemption curve of the estimate in force
	ToExpiry  RemainingMethod = "EXPIRY"  // evenly over the months to the last day of the credits
	NoTerm    RemainingMethod = "NO_TERM" // credits do not lapse, and nothing says when they are used
	shareUnit                 = 10_000    // of what shares of months are counted, by a curve
	yearTerm                  = 12
)

// RemainingRequest asks for the transaction price that is still to be recognised at the end of a
// day, as it stood at an instant: of entries posted by then.
type RemainingRequest struct {
	On   ledger.Date
	AsOf time.Time // now where zero
	// LeaveShortTerm leaves out contracts of an original expected duration of a year or less: those of
	// policies with such a term, a rollover included, of which nothing is left of a lot that was sold for longer. 606-10-50-14(a).
	LeaveShortTerm bool
}

// Remaining is the transaction price allocated to what is not satisfied yet. 606-10-50-13.
type Remaining struct {
	RemainingRequest
	PostedThrough int64
	Rows          []RemainingRow
	Totals        []RemainingRow // by currency; what is left out is in Deferred, NotDue and ContractAsset alone
	Checks        []LedgerCheck
}

// RemainingRow is that of a policy in one currency. Deferred and NotDue, less ContractAsset and Escheat, come
// to Total, which is Within12, Within24, Later and Unscheduled; all of them nothing where the row is
// LeftOut.
type RemainingRow struct {
	PolicyID string // "" in totals
	Currency ledger.Currency
	Method   RemainingMethod
	LeftOut  bool
	// Deferred is deferred revenue, net of early breakage. NotDue is what was invoiced, cannot be
	// cancelled and is neither due nor paid; ContractAsset what was earned of it.
	Deferred, NotDue, ContractAsset BreakageAmount
	// Escheat is what the law is expected to claim of breakage to come: it will be no revenue. 606-10-55-49.
	Escheat, Total                         BreakageAmount
	Within12, Within24, Later, Unscheduled BreakageAmount
	Months                                 []RemainingMonth
}

// RemainingMonth is what is expected to be recognised in a month.
type RemainingMonth struct {
	Month  ledger.Period
	Amount BreakageAmount
}

func (r *RemainingRow) amounts() []*BreakageAmount {
	return []*BreakageAmount{&r.Deferred, &r.NotDue, &r.ContractAsset, &r.Escheat, &r.Total, &r.Within12, &r.Within24, &r.Later, &r.Unscheduled}
}

// ControlTotal is all that remains in the book's currency.
func (r *Remaining) ControlTotal() ledger.Amount {
	var total ledger.Amount
	for _, row := range r.Totals {
		total = total.Add(row.Total.Functional)
	}
	return total
}

// LotEnd is what lots carried, or what was not due of them, that were bought in one month and lapse in
// another: 0 where they never do. With a PurchaseID it is what appeared, since, of a purchase with a bonus, on
// one of its lots: Minor of both, where Before was there before.
type LotEnd struct {
	PolicyID    string
	Currency    ledger.Currency
	Month, Last ledger.Period
	Minor       int64
	OverYear    bool // sold to last for more than a year
	PurchaseID  string
	IsBonus     bool
	Before      int64
}

// Remaining tells what is still to be recognised, and when it is expected to be: by the redemption
// curve of the estimate in force, counted from the month of purchase, otherwise evenly; and nothing after the last
// day of the credits, as it was at the end of the day. Errors: INVALID.
func (b *Books) Remaining(ctx context.Context, tx Tx, request RemainingRequest) (Remaining, error) {
	if err := b.checkAsOf(&request.AsOf); err != nil {
		return Remaining{}, err
	}
	if err := b.checkBookable("on", request.On); err != nil {
		return Remaining{}, err
	}
	w := remainingWork{Remaining: Remaining{RemainingRequest: request}, functional: b.book.Functional, rows: map[groupKey]*RemainingRow{}, bought: map[shareKey]int64{}, ends: map[shareKey]map[ledger.Period]int64{}, under: map[groupKey]map[string]LotSum{}, overYear: map[groupKey]bool{}, laws: laws{}}
	var err error
	if w.PostedThrough, err = tx.PostedThrough(ctx, request.AsOf); err != nil {
		return Remaining{}, err
	}
	span := MovementSpan{To: request.On, Through: w.PostedThrough, AsOf: request.AsOf}
	if err := w.read(ctx, tx, span, (request.On + 1).Start(b.zone)); err != nil {
		return Remaining{}, err
	}
	if err := w.readEnds(ctx, tx, span, (request.On + 1).Start(b.zone)); err != nil {
		return Remaining{}, err
	}
	if err := w.spread(ctx, tx); err != nil {
		return Remaining{}, err
	}
	return w.Remaining, w.check(ctx, tx, span)
}

type remainingWork struct {
	Remaining
	functional ledger.Currency
	rows       map[groupKey]*RemainingRow
	bought     map[shareKey]int64                   // what remains by month of purchase
	ends       map[shareKey]map[ledger.Period]int64 // of it before early breakage, by month of the last day
	under      map[groupKey]map[string]LotSum       // what is deferred, and not due, by jurisdiction
	overYear   map[groupKey]bool                    // those of which something is left that was sold for more than a year
	laws       laws
}

func (w *remainingWork) row(policyID string, currency ledger.Currency) *RemainingRow {
	key := groupKey{policyID, currency}
	row := w.rows[key]
	if row == nil {
		row = &RemainingRow{PolicyID: policyID, Currency: currency}
		for _, of := range row.amounts() {
			*of = BreakageAmount{ledger.Money(0, currency), ledger.Money(0, w.functional)}
		}
		w.rows[key] = row
	}
	return row
}

// read adds up what is deferred, now less what came since, and what is not due.
func (w *remainingWork) read(ctx context.Context, tx Tx, span MovementSpan, ended time.Time) error {
	now, err := tx.CohortRest(ctx)
	if err != nil {
		return err
	}
	since, err := tx.CohortMovementsSince(ctx, span)
	if err != nil {
		return err
	}
	if since, err = bonusApart(ctx, tx, span, since, true); err != nil {
		return err
	}
	notDue, err := tx.NotDue(ctx, span, ended)
	if err != nil {
		return err
	}
	for i, m := range slices.Concat(now, since, notDue) {
		row := w.row(m.PolicyID, m.Currency)
		amount := BreakageAmount{ledger.Money(m.Deferred, m.Currency), ledger.Money(m.FunctionalDeferred, w.functional)}
		at := shareKey{m.PolicyID, m.Currency, m.Month}
		switch {
		case i < len(now):
			row.Deferred = row.Deferred.add(amount)
			w.bought[at] += m.Deferred
			w.isUnder(m, 1)
		case i < len(now)+len(since):
			row.Deferred = row.Deferred.minus(amount)
			w.bought[at] -= m.Deferred
			w.isUnder(m, -1)
		default:
			w.isUnder(m, 1)
			row.NotDue = row.NotDue.add(amount)
			row.ContractAsset = row.ContractAsset.add(BreakageAmount{ledger.Money(m.Revenue, m.Currency), ledger.Money(m.FunctionalRevenue, w.functional)})
			w.bought[at] += m.Deferred - m.Revenue
		}
	}
	return nil
}

// readEnds reads what remains of lots by their last day, as it was at the end of the span.
func (w *remainingWork) readEnds(ctx context.Context, tx Tx, span MovementSpan, ended time.Time) error {
	ends, err := tx.LotEnds(ctx, span, ended)
	if err != nil {
		return err
	}
	ids := []string{}
	for _, end := range ends {
		if end.PurchaseID != "" {
			ids = append(ids, end.PurchaseID)
		}
	}
	purchases, err := byID(tx.PurchasesByID(ctx, distinct(ids)))(func(p Purchase) string { return p.ID })
	if err != nil {
		return err
	}
	for _, end := range ends {
		minor := end.Minor
		if end.PurchaseID != "" {
			p := purchases[end.PurchaseID]
			bought, bonus := p.Split(ledger.Money(end.Before+end.Minor, end.Currency))
			before, bonusBefore := p.Split(ledger.Money(end.Before, end.Currency))
			if minor = before.Minor - bought.Minor; end.IsBonus {
				minor = bonusBefore.Minor - bonus.Minor
			}
		}
		at := shareKey{end.PolicyID, end.Currency, end.Month}
		if w.ends[at] == nil {
			w.ends[at] = map[ledger.Period]int64{}
		}
		w.ends[at][end.Last] += minor
		if end.OverYear && minor != 0 {
			w.overYear[groupKey{end.PolicyID, end.Currency}] = true
		}
	}
	return nil
}

// isUnder adds what is deferred, or not due, under the law that it is under.
func (w *remainingWork) isUnder(m CohortMovement, times int64) {
	key := groupKey{m.PolicyID, m.Currency}
	if w.under[key] == nil {
		w.under[key] = map[string]LotSum{}
	}
	sum := w.under[key][m.Jurisdiction]
	w.under[key][m.Jurisdiction] = LotSum{Minor: sum.Minor + times*m.Deferred, Functional: sum.Functional + times*m.FunctionalDeferred}
}

// escheat is what the law is expected to claim of the breakage to come. Early breakage grows with use, so that of
// what is deferred net of it the rate in force is always still to break, however much is used: with G sold, U used,
// B = rG and E = BU ÷ (G − B), B − E = r(G − U − E). Of what is not due, nothing is recognised yet. Both times the
// law's share in force. Without an estimate nothing is expected to break. 606-10-55-48, 55-49.
func (w *remainingWork) escheat(ctx context.Context, tx Tx, policy Policy, key groupKey) (BreakageAmount, error) {
	none := BreakageAmount{ledger.Money(0, key.currency), ledger.Money(0, w.functional)}
	if policy.Breakage.Method != revrec.Proportional {
		return none, nil
	}
	estimates, err := estimatesKnown(ctx, tx, policy, w.AsOf)
	if err != nil {
		return none, err
	}
	rate := revrec.RateOn(estimates, w.On)
	if err := w.laws.read(ctx, tx, slices.Collect(maps.Keys(w.under[key]))); err != nil {
		return none, err
	}
	minor, functional := decimal.Zero, decimal.Zero
	for jurisdiction, sum := range w.under[key] {
		share := rate.Mul(EscheatSharesOf(policy, enteredBy(w.laws[jurisdiction], w.AsOf)).On(w.On))
		minor, functional = minor.Add(share.Mul(decimal.NewFromInt(sum.Minor))), functional.Add(share.Mul(decimal.NewFromInt(sum.Functional)))
	}
	none.Amount.Minor, none.Functional.Minor = max(minor.Round(0).IntPart(), 0), max(functional.Round(0).IntPart(), 0)
	return none, nil
}

// spread puts what remains of each policy into months.
func (w *remainingWork) spread(ctx context.Context, tx Tx) error {
	keys := make([]groupKey, 0, len(w.rows))
	for key := range w.rows {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(x, y groupKey) int {
		return cmp.Or(cmp.Compare(x.policy, y.policy), cmp.Compare(x.currency, y.currency))
	})
	totals := remainingWork{functional: w.functional, rows: map[groupKey]*RemainingRow{}}
	for _, key := range keys {
		row := w.rows[key]
		total := row.Deferred.add(row.NotDue).minus(row.ContractAsset)
		if total.Amount.IsZero() && total.Functional.IsZero() && row.NotDue.Amount.IsZero() {
			continue
		}
		policies, err := tx.PoliciesByID(ctx, []string{key.policy})
		if err != nil {
			return err
		}
		var term, most int
		var lapses bool
		var curve []estimate.CurvePoint
		var escheat BreakageAmount
		if len(policies) > 0 {
			if escheat, err = w.escheat(ctx, tx, policies[0], key); err != nil {
				return err
			}
			term, lapses = policies[0].ExpiryAge()
			if most = term; policies[0].Rollover != nil {
				most += monthsOf(policies[0].Rollover.Extend)
			}
			if curve, err = w.curve(ctx, tx, policies[0]); err != nil {
				return err
			}
		}
		if row.LeftOut = w.LeaveShortTerm && lapses && most <= yearTerm && !w.overYear[key]; !row.LeftOut {
			if len(policies) > 0 {
				row.Escheat, total = escheat, total.minus(escheat)
			}
			row.Total = total
			w.spreadRow(row, curve, term, lapses)
		}
		w.Rows = append(w.Rows, *row)
		totals.row("", key.currency).addUp(row)
	}
	for _, total := range totals.rows {
		w.Totals = append(w.Totals, *total)
	}
	slices.SortFunc(w.Totals, func(x, y RemainingRow) int { return cmp.Compare(x.Currency, y.Currency) })
	return nil
}

// curve is the redemption curve of the estimate that was in force on the day and known by the
// instant; none where that has no evidence.
func (w *remainingWork) curve(ctx context.Context, tx Tx, policy Policy) ([]estimate.CurvePoint, error) {
	estimates, err := estimatesKnown(ctx, tx, policy, w.AsOf)
	in := revrec.EstimateOn(estimates, w.On)
	if err != nil || in.ID == "" { // the policy's own first rate
		return nil, err
	}
	kept, err := tx.EstimateEvidence(ctx, policy.ID, in.ID)
	if CodeOf(err) == NotFound || err == nil && len(kept.Evidence) == 0 {
		return nil, nil // a judgement
	}
	if err != nil {
		return nil, err
	}
	result, err := estimate.Read(kept.Evidence)
	return result.Curve, err
}

// spreadRow parts the total of a row over the months to come, by what remains of each month of
// purchase and last day: cumulative, so that months add up.
func (w *remainingWork) spreadRow(row *RemainingRow, curve []estimate.CurvePoint, term int, lapses bool) {
	var weights []revrec.Credits // the first one of what belongs to no month
	add := func(ahead int, minor int64) {
		for len(weights) <= ahead {
			weights = append(weights, 0)
		}
		weights[ahead] += revrec.Credits(minor)
	}
	var scheduled bool
	for key, minor := range w.bought {
		if key.policyID != row.PolicyID || key.currency != row.Currency || minor <= 0 || key.month == 0 {
			continue
		}
		age := max(int(w.On.Period()-key.month), 0)
		for last, minor := range w.byEnd(key, minor, term, lapses) {
			if last == 0 && len(curve) == 0 {
				add(0, minor)
				continue
			}
			scheduled = true
			months := 0 // without an end
			if last != 0 {
				months = max(int(last-w.On.Period()), 1)
			}
			for k, part := range revrec.Parts(minor, sharesAhead(curve, age, months)...) {
				add(1+k, part)
			}
		}
	}
	switch {
	case len(curve) > 0:
		row.Method = ByCurve
	case lapses || scheduled:
		row.Method = ToExpiry
	default:
		row.Method = NoTerm
	}
	if len(weights) == 0 { // nothing but what belongs to no month
		at := 0
		if row.Method != NoTerm {
			at = 1
		}
		add(at, 1)
	}
	minor, functional := revrec.Parts(row.Total.Amount.Minor, weights...), revrec.Parts(row.Total.Functional.Minor, weights...)
	for at := range weights {
		amount := BreakageAmount{ledger.Money(minor[at], row.Currency), ledger.Money(functional[at], w.functional)}
		switch {
		case amount.Amount.IsZero() && amount.Functional.IsZero():
			continue
		case at == 0:
			row.Unscheduled = amount
			continue
		}
		row.Months = append(row.Months, RemainingMonth{w.On.Period() + ledger.Period(at), amount})
		band := &row.Later
		switch {
		case at <= yearTerm:
			band = &row.Within12
		case at <= 2*yearTerm:
			band = &row.Within24
		}
		*band = band.add(amount)
	}
}

// byEnd parts what remains of a month of purchase over the months of the last days of its lots, 0 for none: early
// breakage in the proportion of what it is early of. Where nothing is left of lots, it ends with the policy's term.
func (w *remainingWork) byEnd(key shareKey, minor int64, term int, lapses bool) map[ledger.Period]int64 {
	var ends []ledger.Period
	var of []revrec.Credits
	for _, last := range slices.Sorted(maps.Keys(w.ends[key])) {
		if left := w.ends[key][last]; left > 0 {
			ends, of = append(ends, last), append(of, revrec.Credits(left))
		}
	}
	if len(ends) == 0 {
		if !lapses {
			return map[ledger.Period]int64{0: minor}
		}
		return map[ledger.Period]int64{key.month + ledger.Period(term): minor}
	}
	parts := make(map[ledger.Period]int64, len(ends))
	for i, part := range revrec.Parts(minor, of...) {
		parts[ends[i]] = part
	}
	return parts
}

// sharesAhead is what share of the rest of credits of an age is expected in each of so many months to come, the last
// of them that of their last day; 0 where there is none. With F the redemption curve, a the age and x the age at which
// the curve or the credits end, month k has (F(a + k) − F(a + k − 1)) ÷ (F(x) − F(a)). Without a curve, or where it
// expects nothing more by then, each month has the same; of credits without an end the next one has all.
func sharesAhead(curve []estimate.CurvePoint, age, months int) []revrec.Credits {
	last := len(curve) - 1
	if months > 0 {
		last = min(last, age+months)
	}
	if last > age && curve[last].Used.GreaterThan(curve[age].Used) {
		shares, rest := make([]revrec.Credits, last-age), curve[last].Used.Sub(curve[age].Used)
		for k := range shares {
			part := curve[age+k+1].Used.Sub(curve[age+k].Used)
			shares[k] = revrec.Credits(part.Mul(decimal.NewFromInt(shareUnit)).DivRound(rest, 0).IntPart())
		}
		return shares
	}
	return slices.Repeat([]revrec.Credits{1}, max(months, 1))
}

func (r *RemainingRow) addUp(row *RemainingRow) {
	for i, of := range row.amounts() {
		*r.amounts()[i] = r.amounts()[i].add(*of)
	}
	for _, of := range row.Months {
		at, found := slices.BinarySearchFunc(r.Months, of.Month, func(m RemainingMonth, month ledger.Period) int { return cmp.Compare(m.Month, month) })
		if !found {
			r.Months = slices.Insert(r.Months, at, of)
			continue
		}
		r.Months[at].Amount = r.Months[at].Amount.add(of.Amount)
	}
}

// check holds what is deferred against the ledger.
func (w *remainingWork) check(ctx context.Context, tx Tx, span MovementSpan) error {
	deferred, err := tx.DeferredBefore(ctx, w.On+1, span.Through, false)
	checks := ledgerChecks{functional: w.functional}
	for _, total := range w.Totals {
		checks.report(CheckedDeferred, 0, total.Deferred.Amount, total.Deferred.Functional)
	}
	for _, of := range deferred {
		checks.ledger(CheckedDeferred, 0, of.Currency, of.Minor, of.Functional)
	}
	w.Checks = checks.inOrder()
	return err
}
