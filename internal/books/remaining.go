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
	ToExpiry  RemainingMethod = "EXPIRY"  // evenly over the months to the end of the policy's term
	NoTerm    RemainingMethod = "NO_TERM" // credits do not lapse, and nothing says when they are used
	shareUnit                 = 10_000    // of what shares of months are counted
	yearTerm                  = 12
)

// RemainingRequest asks for the transaction price that is still to be recognised at the end of a
// day, as it stood at an instant: of entries posted by then.
type RemainingRequest struct {
	On   ledger.Date
	AsOf time.Time // now where zero
	// LeaveShortTerm leaves out contracts of an original expected duration of a year or less: those of
	// policies with such a term. 606-10-50-14(a).
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

// Remaining tells what is still to be recognised, and when it is expected to be: by the
// redemption curve of the estimate in force, otherwise evenly to the end of the policy's term,
// counted from the month of purchase. Errors: INVALID.
func (b *Books) Remaining(ctx context.Context, tx Tx, request RemainingRequest) (Remaining, error) {
	if err := b.checkSpan(request.On, request.On, &request.AsOf); err != nil {
		return Remaining{}, err
	}
	w := remainingWork{Remaining: Remaining{RemainingRequest: request}, functional: b.book.Functional, rows: map[groupKey]*RemainingRow{}, bought: map[shareKey]int64{}, under: map[groupKey]map[string]LotSum{}, laws: laws{}}
	var err error
	if w.PostedThrough, err = tx.PostedThrough(ctx, request.AsOf); err != nil {
		return Remaining{}, err
	}
	span := MovementSpan{To: request.On, Through: w.PostedThrough, AsOf: request.AsOf}
	if err := w.read(ctx, tx, span, (request.On + 1).Start(b.zone)); err != nil {
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
	bought     map[shareKey]int64             // what remains by month of purchase
	under      map[groupKey]map[string]LotSum // what is deferred, and not due, by jurisdiction
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
	in, err := w.inForce(ctx, tx, policy.ID)
	if err != nil {
		return none, err
	}
	rate := policy.Breakage.Rate
	if in != nil {
		rate = in.Rate
	}
	if err := w.laws.read(ctx, tx, slices.Collect(maps.Keys(w.under[key]))); err != nil {
		return none, err
	}
	minor, functional := decimal.Zero, decimal.Zero
	for jurisdiction, sum := range w.under[key] {
		rules := slices.DeleteFunc(slices.Clone(w.laws[jurisdiction]), func(r EscheatRule) bool { return r.CreatedAt.After(w.AsOf) })
		share := rate.Mul(EscheatSharesOf(policy, rules).On(w.On))
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
		var term int
		var lapses bool
		var curve []estimate.CurvePoint
		var escheat BreakageAmount
		if len(policies) > 0 {
			if escheat, err = w.escheat(ctx, tx, policies[0], key); err != nil {
				return err
			}
			term, lapses = policies[0].ExpiryAge()
			if curve, err = w.curve(ctx, tx, key.policy); err != nil {
				return err
			}
		}
		if row.LeftOut = w.LeaveShortTerm && lapses && term <= yearTerm; !row.LeftOut {
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
func (w *remainingWork) curve(ctx context.Context, tx Tx, policyID string) ([]estimate.CurvePoint, error) {
	in, err := w.inForce(ctx, tx, policyID)
	if err != nil || in == nil {
		return nil, err
	}
	kept, err := tx.EstimateEvidence(ctx, policyID, in.ID)
	if CodeOf(err) == NotFound || err == nil && len(kept.Evidence) == 0 {
		return nil, nil // a judgement
	}
	if err != nil {
		return nil, err
	}
	result, err := estimate.Read(kept.Evidence)
	return result.Curve, err
}

// inForce is the estimate that was in force on the day and known by the instant; nil for the policy's first rate.
func (w *remainingWork) inForce(ctx context.Context, tx Tx, policyID string) (in *Estimate, err error) {
	all, err := EstimatesOf(tx, ctx, []string{policyID})
	for i, e := range all {
		if e.Status == EstimateApproved && e.From <= w.On && !e.DecidedAt.After(w.AsOf) && (in == nil || e.From >= in.From) {
			in = &all[i]
		}
	}
	return in, err
}

// spreadRow parts the total of a row over the months to come, by what remains of each month of
// purchase: cumulative, rounded once, so that months add up.
func (w *remainingWork) spreadRow(row *RemainingRow, curve []estimate.CurvePoint, term int, lapses bool) {
	row.Method = ToExpiry
	switch {
	case len(curve) > 0:
		row.Method = ByCurve
	case !lapses:
		row.Method, row.Unscheduled = NoTerm, row.Total
		return
	}
	var weights []revrec.Credits
	for key, minor := range w.bought {
		if key.policyID != row.PolicyID || key.currency != row.Currency || minor <= 0 || key.month == 0 {
			continue
		}
		for ahead, share := range sharesAhead(curve, int(w.On.Period()-key.month), term) {
			for len(weights) <= ahead {
				weights = append(weights, 0)
			}
			weights[ahead] += revrec.Credits(minor * share)
		}
	}
	if len(weights) == 0 { // nothing but what belongs to no month
		weights = []revrec.Credits{1}
	}
	minor, functional := revrec.Parts(row.Total.Amount.Minor, weights...), revrec.Parts(row.Total.Functional.Minor, weights...)
	for ahead := range weights {
		amount := BreakageAmount{ledger.Money(minor[ahead], row.Currency), ledger.Money(functional[ahead], w.functional)}
		if amount.Amount.IsZero() && amount.Functional.IsZero() {
			continue
		}
		row.Months = append(row.Months, RemainingMonth{w.On.Period() + 1 + ledger.Period(ahead), amount})
		band := &row.Later
		switch {
		case ahead < yearTerm:
			band = &row.Within12
		case ahead < 2*yearTerm:
			band = &row.Within24
		}
		*band = band.add(amount)
	}
}

// sharesAhead is what share of the rest of credits of an age is expected in each month to come. With F the
// redemption curve and a the age, month k has (F(a + k) − F(a + k − 1)) ÷ (F(x) − F(a)); without a curve each month up to
// the last has the same. What is past its last month is expected in the next one.
func sharesAhead(curve []estimate.CurvePoint, age, term int) []int64 {
	age = max(age, 0)
	if last := len(curve) - 1; last > age && curve[last].Used.GreaterThan(curve[age].Used) {
		shares, rest := make([]int64, last-age), curve[last].Used.Sub(curve[age].Used)
		for k := range shares {
			part := curve[age+k+1].Used.Sub(curve[age+k].Used)
			shares[k] = part.Mul(decimal.NewFromInt(shareUnit)).DivRound(rest, 0).IntPart()
		}
		return shares
	}
	shares := make([]int64, max(term-age, 1))
	for k := range shares {
		shares[k] = shareUnit
	}
	if len(shares) > 1 {
		for k := range shares {
			shares[k] = max(shareUnit/int64(len(shares)), 1)
		}
	}
	return shares
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
