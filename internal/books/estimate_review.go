package books

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
	"drawdown/revrec/estimate"
)

// EstimateReview sets what came about by the end of a month against the estimate that was
// then in force.
type EstimateReview struct {
	ID         string
	PolicyID   string
	EstimateID string // "" for the policy's own first rate
	Month      ledger.Period
	At         time.Time // when it was reviewed
	Rate       decimal.Decimal
	// Use is the use of each cohort in each month since the data of the estimate ended, against
	// what the estimate expected of it. Without cells where the estimate has no redemption
	// curve: a judgement says nothing of when credits are used.
	Use estimate.Comparison
	// Outcome is what became of cohorts that have lapsed, of those that the estimate was in
	// force for.
	Outcome Outcome
	// Beyond is how many credits more than the rate leaves for use were used, in BeyondCohorts
	// months of purchase that have not lapsed.
	Beyond        revrec.Credits
	BeyondCohorts int
	Findings      []ReviewFinding
}

// Outcome is the final breakage of cohorts, beside what was estimated.
type Outcome struct {
	Cohorts   int
	Net, Used revrec.Credits // sold, what went back left out; and used
}

// Breakage is the share of what was sold that was never used; not valid where nothing was sold.
func (o Outcome) Breakage() decimal.NullDecimal { return breakageShare(o.Net, o.Used) }

func breakageShare(net, used revrec.Credits) decimal.NullDecimal {
	if net <= 0 {
		return decimal.NullDecimal{}
	}
	share := decimal.NewFromInt(int64(net-used)).DivRound(decimal.NewFromInt(int64(net)), reviewPlaces)
	return decimal.NewNullDecimal(share)
}

// reviewPlaces is the decimals of a share in a review.
const reviewPlaces = 6

// ReviewReason says what a review found.
type ReviewReason string

// The reasons for which an estimate is stale.
const (
	// UseBeyond: in a month of purchase more is used than the estimate leaves for use, so that
	// the pool is held by what is unused and no longer by the estimate.
	UseBeyond ReviewReason = "USE_BEYOND_ESTIMATE"
	// BiasBeyond: actual use differs from the expected by more than a share of it.
	BiasBeyond ReviewReason = "BIAS"
	// OutcomeBelow: of what has lapsed less broke than was estimated, by more than some points.
	OutcomeBelow ReviewReason = "OUTCOME_BELOW_ESTIMATE"
	// DataOld: the data of the estimate ended long ago.
	DataOld ReviewReason = "DATA_OLD"
)

// ReviewFinding is a figure that passed its threshold.
type ReviewFinding struct {
	Reason            ReviewReason
	Figure, Threshold decimal.Decimal
}

// Stale reports whether somebody should estimate anew.
func (r *EstimateReview) Stale() bool { return len(r.Findings) > 0 }

// ReviewThresholds say when an estimate is stale. Zero fields take their defaults.
type ReviewThresholds struct {
	Bias    decimal.Decimal // of use against the expected, either way: 0.10
	Outcome decimal.Decimal // by how much less of what lapsed may break than was estimated, as a share of what was sold: 0.02
	Months  int             // how old the data of an estimate may be: 15
}

func (t ReviewThresholds) withDefaults() ReviewThresholds {
	if t.Bias.IsZero() {
		t.Bias = decimal.New(10, -2)
	}
	if t.Outcome.IsZero() {
		t.Outcome = decimal.New(2, -2)
	}
	t.Months = cmp.Or(t.Months, 15)
	return t
}

// leastCells is how many cells bias is judged from: fewer are one month of one cohort.
const leastCells = 3

// ReviewedCohort is what became of the credits that were sold in one month.
type ReviewedCohort struct {
	Month             ledger.Period
	Sold, Net, Used   revrec.Credits
	Lapsed            bool           // the month in which the last of its credits could be used has passed
	Expected          revrec.Credits // used by the end of the month reviewed, as the estimate had it; zero without a curve
	ByRate            revrec.Credits // used in the end, as the rate leaves it
	Cells             []estimate.Cell
	EstimatedBreakage decimal.Decimal // the rate in force
	FinalBreakage     decimal.NullDecimal
}

// ReviewDetail is a review with the cohorts that it adds up.
type ReviewDetail struct {
	EstimateReview
	Cohorts []ReviewedCohort // in order of month
}

// ReviewEstimate reviews the estimate of a policy that was in force as a month ended, from
// what was booked by an instant, now where it is zero, of days through its end.
// Errors: NOT_FOUND, INVALID.
func (b *Books) ReviewEstimate(ctx context.Context, tx Tx, policyCode string, month ledger.Period, asOf time.Time) (ReviewDetail, error) {
	if err := b.CheckCohortsAsOf(ctx, tx, &asOf); err != nil {
		return ReviewDetail{}, err
	}
	policy, err := policyByCode(ctx, tx, policyCode)
	if err != nil {
		return ReviewDetail{}, err
	}
	if policy.Breakage.Method != revrec.Proportional {
		return ReviewDetail{}, refuse(Invalid, "policy", "%q books breakage by %s: only PROPORTIONAL goes by an estimate", policy.Code, policy.Breakage.Method)
	}
	if last := ledger.DateOf(asOf, b.zone).Period(); month >= last {
		return ReviewDetail{}, refuse(Invalid, "month", "must have ended: %s at the latest, but is %s", last-1, month)
	}
	work, err := b.newReview(ctx, tx, policy, asOf)
	if err != nil {
		return ReviewDetail{}, err
	}
	return work.of(ctx, tx, month)
}

// reviewing is what the reviews of a policy's months go by.
type reviewing struct {
	books     *Books
	policy    Policy
	asOf      time.Time
	estimates []revrec.Estimate
	cohorts   []boughtIn // in order of month
	results   map[string]*estimate.Result
}

// boughtIn is the cohorts of one month together.
type boughtIn struct {
	month  ledger.Period
	sold   revrec.Credits
	became map[ledger.Period]CohortMonth
}

func (b *Books) newReview(ctx context.Context, tx Tx, policy Policy, asOf time.Time) (*reviewing, error) {
	work := &reviewing{books: b, policy: policy, asOf: asOf, results: map[string]*estimate.Result{}}
	var err error
	if work.estimates, err = estimatesKnown(ctx, tx, policy, asOf); err != nil {
		return nil, err
	}
	for page := (Page{Limit: cohortPage}); ; {
		cohorts, err := tx.Cohorts(ctx, CohortFilter{PolicyID: policy.ID, AsOf: asOf}, page)
		if err != nil {
			return nil, err
		}
		if err := work.add(ctx, tx, cohorts); err != nil {
			return nil, err
		}
		if len(cohorts) < cohortPage {
			return work, nil
		}
		page.After = cohorts[len(cohorts)-1].Key()
	}
}

// add takes in cohorts; those taken over from another book are no evidence.
func (w *reviewing) add(ctx context.Context, tx Tx, cohorts []Cohort) error {
	cohorts = slices.DeleteFunc(slices.Clone(cohorts), func(c Cohort) bool { return c.Opened })
	ids := make([]string, len(cohorts))
	for i, cohort := range cohorts {
		ids[i] = cohort.ID
	}
	months, err := tx.CohortMonths(ctx, ids, w.asOf)
	if err != nil {
		return err
	}
	for _, cohort := range cohorts {
		if last := len(w.cohorts) - 1; last < 0 || w.cohorts[last].month != cohort.Month {
			w.cohorts = append(w.cohorts, boughtIn{month: cohort.Month, became: map[ledger.Period]CohortMonth{}})
		}
		of := &w.cohorts[len(w.cohorts)-1]
		of.sold += cohort.Sold
		for _, m := range months[cohort.ID] {
			sum := of.became[m.Month]
			of.became[m.Month] = CohortMonth{Used: sum.Used + m.Used, Lapsed: sum.Lapsed + m.Lapsed, Refunded: sum.Refunded + m.Refunded, Other: sum.Other + m.Other}
		}
	}
	return nil
}

// of reviews the month.
func (w *reviewing) of(ctx context.Context, tx Tx, month ledger.Period) (ReviewDetail, error) {
	inForce := revrec.EstimateOn(w.estimates, month.Last())
	result, err := w.result(ctx, tx, inForce.ID)
	if err != nil {
		return ReviewDetail{}, err
	}
	detail := ReviewDetail{EstimateReview: EstimateReview{
		ID: w.books.newID(), PolicyID: w.policy.ID, EstimateID: inForce.ID, Month: month, At: w.asOf, Rate: inForce.Rate,
	}}
	expiry, lapses := w.policy.ExpiryAge()
	var cells []estimate.Cell
	for i := range w.cohorts {
		bought := &w.cohorts[i]
		if bought.month > month {
			break
		}
		one := bought.review(month, inForce, result)
		one.Lapsed = lapses && bought.month+ledger.Period(expiry) <= month
		detail.addUp(&one, inForce, bought.month+ledger.Period(expiry))
		cells = append(cells, one.Cells...)
		detail.Cohorts = append(detail.Cohorts, one)
	}
	if detail.Use, err = estimate.Compare(cells); err != nil {
		return ReviewDetail{}, err
	}
	detail.judge(w.books.reviews, result)
	return detail, nil
}

// result is what the estimate came to, where it was computed; nil where not.
func (w *reviewing) result(ctx context.Context, tx Tx, estimateID string) (*estimate.Result, error) {
	if estimateID == "" {
		return nil, nil
	}
	if known, met := w.results[estimateID]; met {
		return known, nil
	}
	evidence, err := tx.EstimateEvidence(ctx, w.policy.ID, estimateID)
	if CodeOf(err) == NotFound || err == nil && len(evidence.Evidence) == 0 {
		w.results[estimateID] = nil
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	result, err := estimate.Read(evidence.Evidence)
	if err != nil {
		return nil, err
	}
	w.results[estimateID] = &result
	return &result, nil
}

// review sets what became of the credits of a month of purchase against the estimate.
func (c *boughtIn) review(month ledger.Period, inForce revrec.Estimate, result *estimate.Result) ReviewedCohort {
	one := ReviewedCohort{Month: c.month, Sold: c.sold, Net: c.sold, EstimatedBreakage: inForce.Rate}
	used := make([]revrec.Credits, int(month-c.month)+1) // by age
	for _, m := range slices.Sorted(maps.Keys(c.became)) {
		if m > month {
			break
		}
		of := c.became[m]
		one.Net -= of.Refunded + of.Other
		one.Used += of.Used
		used[max(int(m-c.month), 0)] += of.Used
	}
	takeBack(used)
	one.ByRate = revrec.Credits(decimal.NewFromInt(1).Sub(inForce.Rate).Mul(decimal.NewFromInt(int64(max(one.Net, 0)))).Round(0).IntPart())
	if result == nil {
		return one
	}
	expected := func(age int) revrec.Credits {
		if age < 0 {
			return 0
		}
		if credits, known := result.Expected(c.month, age); known {
			return credits
		}
		return result.ExpectedOf(max(one.Net, 0), age)
	}
	one.Expected = expected(len(used) - 1)
	for age := max(int(result.Through-c.month)+1, 0); age < len(used); age++ {
		one.Cells = append(one.Cells, estimate.Cell{Cohort: c.month, Age: age, Actual: used[age], Expected: max(expected(age)-expected(age-1), 0)})
	}
	return one
}

// takeBack takes months below zero off those before them: voids of earlier use.
func takeBack(used []revrec.Credits) {
	for age := len(used) - 1; age >= 0; age-- {
		if used[age] < 0 {
			if age > 0 {
				used[age-1] += used[age]
			}
			used[age] = 0
		}
	}
}

// addUp adds a month of purchase whose credits end in the month ends. What had lapsed before
// the estimate came into force tells nothing of it.
func (d *ReviewDetail) addUp(one *ReviewedCohort, inForce revrec.Estimate, ends ledger.Period) {
	switch {
	case one.Lapsed:
		one.FinalBreakage = breakageShare(one.Net, one.Used)
		if ends >= inForce.From.Period() {
			d.Outcome = Outcome{d.Outcome.Cohorts + 1, d.Outcome.Net + one.Net, d.Outcome.Used + one.Used}
		}
	case one.Used > one.ByRate:
		d.Beyond += one.Used - one.ByRate
		d.BeyondCohorts++
	}
}

// judge holds the figures of a review against the thresholds.
func (r *EstimateReview) judge(limits ReviewThresholds, result *estimate.Result) {
	found := func(reason ReviewReason, passes bool, figure, threshold decimal.Decimal) {
		if passes {
			r.Findings = append(r.Findings, ReviewFinding{reason, figure, threshold})
		}
	}
	found(UseBeyond, r.Beyond > 0, decimal.New(int64(r.Beyond), -6), decimal.Zero)
	if bias := r.Use.Bias; bias.Valid && r.Use.Cells >= leastCells {
		found(BiasBeyond, bias.Decimal.Abs().GreaterThan(limits.Bias), bias.Decimal, limits.Bias)
	}
	if final := r.Outcome.Breakage(); final.Valid {
		short := r.Rate.Sub(final.Decimal)
		found(OutcomeBelow, short.GreaterThan(limits.Outcome), short, limits.Outcome)
	}
	if result != nil {
		age := int64(r.Month - result.Through)
		found(DataOld, age > int64(limits.Months), decimal.NewFromInt(age), decimal.NewFromInt(int64(limits.Months)))
	}
}

// ReviewFilter narrows a list of reviews. Zero fields keep all.
type ReviewFilter struct {
	PolicyID, EstimateID string
	Month                ledger.Period
	Stale                *bool
	By                   time.Time // made by then
}

// maxReviewedBack is how many months that have ended without a review a run makes up for.
const maxReviewedBack = 60

// review reviews the estimates of one policy, one bounded step: of each month that has ended
// and is not reviewed, and of the last one again where its figures moved. It books nothing.
func (b *Books) review(ctx context.Context, tx Tx, run *running) (more bool, err error) {
	policies, err := tx.Policies(ctx, CatalogFilter{}, Page{After: run.at.after.LotID, Limit: 1})
	if err != nil || len(policies) == 0 {
		return false, err
	}
	run.at.after = LotKey{LotID: policies[0].ID}
	if policies[0].Breakage.Method != revrec.Proportional {
		return true, nil
	}
	return true, b.reviewPolicy(ctx, tx, policies[0], (run.through+1).Period()-1)
}

func (b *Books) reviewPolicy(ctx context.Context, tx Tx, policy Policy, last ledger.Period) error {
	latest, err := tx.EstimateReviews(ctx, ReviewFilter{PolicyID: policy.ID}, Page{Limit: 1, Reverse: true})
	if err != nil {
		return err
	}
	cohorts, err := tx.Cohorts(ctx, CohortFilter{PolicyID: policy.ID}, Page{Limit: 1})
	if err != nil || len(cohorts) == 0 {
		return err
	}
	first := cohorts[0].Month
	if len(latest) > 0 {
		first = latest[0].Month
	}
	if first > last {
		return nil
	}
	work, err := b.newReview(ctx, tx, policy, b.clock())
	if err != nil {
		return err
	}
	for month := max(first, last-maxReviewedBack+1); month <= last; month++ {
		detail, err := work.of(ctx, tx, month)
		if err != nil {
			return err
		}
		made := detail.EstimateReview
		if len(latest) > 0 && latest[0].same(made) {
			continue
		}
		if err := b.keepReview(ctx, tx, policy, made, latest); err != nil {
			return err
		}
		latest = []EstimateReview{made}
	}
	return nil
}

// keepReview keeps a review, and tells where an estimate has become stale.
func (b *Books) keepReview(ctx context.Context, tx Tx, policy Policy, made EstimateReview, before []EstimateReview) error {
	if err := tx.InsertEstimateReview(ctx, made); err != nil {
		return err
	}
	known := len(before) > 0 && before[0].EstimateID == made.EstimateID && before[0].Stale()
	if !made.Stale() || known {
		return nil
	}
	return b.tell(ctx, tx, staleNotice(policy, made))
}

// same reports whether two reviews say the same.
func (r *EstimateReview) same(other EstimateReview) bool { return r.figures() == other.figures() }

func (r *EstimateReview) figures() string {
	return fmt.Sprint(r.PolicyID, r.EstimateID, r.Month, r.Rate, r.Use.Cells, r.Use.Actual, r.Use.Expected, r.Use.Standardised.Decimal,
		r.Outcome, r.Beyond, r.BeyondCohorts, r.Findings)
}

// staleNotice tells that somebody should estimate anew.
func staleNotice(policy Policy, r EstimateReview) notice {
	return notice{NoticeEstimateStale, nil, func(map[string]string) map[string]any {
		reasons := []map[string]any{}
		for _, finding := range r.Findings {
			reasons = append(reasons, map[string]any{"reason": finding.Reason, "figure": finding.Figure.String(), "threshold": finding.Threshold.String()})
		}
		data := map[string]any{"policyId": "pol_" + policy.ID, "month": r.Month.String(), "rate": r.Rate.String(), "findings": reasons}
		if r.EstimateID != "" {
			data["estimateId"] = "est_" + policy.ID + "/" + r.EstimateID
		}
		return data
	}}
}
