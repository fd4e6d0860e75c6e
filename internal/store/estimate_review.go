package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/revrec"
	"drawdown/revrec/estimate"
)

type reviewRow struct {
	bun.BaseModel `bun:"table:estimate_reviews,alias:estimate_reviews"`

	ID             string
	PolicyID       string
	EstimateID     string // "" for the policy's own first rate
	Month          string
	At             instant `bun:"at_us,type:bigint"`
	Rate           number  `bun:",type:text"`
	Cells          int64
	Actual         int64
	Expected       int64
	Ratio          string `bun:",nullzero"`
	Standardised   string `bun:",nullzero"`
	OutcomeCohorts int64
	OutcomeNet     int64
	OutcomeUsed    int64
	Beyond         int64
	BeyondCohorts  int64
	Findings       string // reason, figure and threshold by blanks, by commas
	Stale          int64
}

func optional(d decimal.NullDecimal) string {
	if !d.Valid {
		return ""
	}
	return d.Decimal.String()
}

func reviewRowOf(r books.EstimateReview) reviewRow {
	findings := convert(r.Findings, func(f books.ReviewFinding) string {
		return fmt.Sprintf("%s %s %s", f.Reason, f.Figure, f.Threshold)
	})
	row := reviewRow{
		ID: r.ID, PolicyID: r.PolicyID, EstimateID: r.EstimateID, Month: r.Month.String(), At: instantOf(r.At), Rate: number{r.Rate},
		Cells: int64(r.Use.Cells), Actual: int64(r.Use.Actual), Expected: int64(r.Use.Expected), Ratio: optional(r.Use.Ratio), Standardised: optional(r.Use.Standardised),
		OutcomeCohorts: int64(r.Outcome.Cohorts), OutcomeNet: int64(r.Outcome.Net), OutcomeUsed: int64(r.Outcome.Used),
		Beyond: int64(r.Beyond), BeyondCohorts: int64(r.BeyondCohorts), Findings: strings.Join(findings, ","),
	}
	if r.Stale() {
		row.Stale = 1
	}
	return row
}

func (row reviewRow) review() (books.EstimateReview, error) {
	month, err := monthOf(row.Month)
	if err != nil {
		return books.EstimateReview{}, err
	}
	r := books.EstimateReview{
		ID: row.ID, PolicyID: row.PolicyID, EstimateID: row.EstimateID, Month: month, At: row.At.time(), Rate: row.Rate.Decimal,
		Use:     estimate.Comparison{Cells: int(row.Cells), Actual: revrec.Credits(row.Actual), Expected: revrec.Credits(row.Expected)},
		Outcome: books.Outcome{Cohorts: int(row.OutcomeCohorts), Net: revrec.Credits(row.OutcomeNet), Used: revrec.Credits(row.OutcomeUsed)},
		Beyond:  revrec.Credits(row.Beyond), BeyondCohorts: int(row.BeyondCohorts),
	}
	if row.Ratio != "" {
		ratio, err := decimal.NewFromString(row.Ratio)
		if err != nil {
			return r, fmt.Errorf("the ratio of review %s: %w", row.ID, err)
		}
		r.Use.Ratio, r.Use.Bias = decimal.NewNullDecimal(ratio), decimal.NewNullDecimal(ratio.Sub(decimal.NewFromInt(1)))
	}
	if row.Standardised != "" {
		standardised, err := decimal.NewFromString(row.Standardised)
		if err != nil {
			return r, fmt.Errorf("the bias of review %s: %w", row.ID, err)
		}
		r.Use.Standardised = decimal.NewNullDecimal(standardised)
	}
	for text := range strings.SplitSeq(row.Findings, ",") {
		if text == "" {
			continue
		}
		finding, err := findingOf(text)
		if err != nil {
			return r, fmt.Errorf("the findings of review %s: %w", row.ID, err)
		}
		r.Findings = append(r.Findings, finding)
	}
	return r, nil
}

func findingOf(text string) (books.ReviewFinding, error) {
	var finding books.ReviewFinding
	parts := strings.Fields(text)
	if len(parts) != 3 {
		return finding, fmt.Errorf("%q is no finding", text)
	}
	finding.Reason = books.ReviewReason(parts[0])
	var err error
	if finding.Figure, err = decimal.NewFromString(parts[1]); err != nil {
		return finding, err
	}
	finding.Threshold, err = decimal.NewFromString(parts[2])
	return finding, err
}

func (t *tx) InsertEstimateReview(ctx context.Context, review books.EstimateReview) error {
	return insert(ctx, t, "keeping a review", []reviewRow{reviewRowOf(review)})
}

func (t *tx) EstimateReviews(ctx context.Context, filter books.ReviewFilter, page books.Page) ([]books.EstimateReview, error) {
	rows, err := list[reviewRow](ctx, t, "listing reviews", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(ofReviews(q, filter))
	})
	if err != nil {
		return nil, err
	}
	reviews := make([]books.EstimateReview, len(rows))
	for i, row := range rows {
		if reviews[i], err = row.review(); err != nil {
			return nil, err
		}
	}
	return reviews, nil
}

func (t *tx) CountEstimateReviews(ctx context.Context, filter books.ReviewFilter) (int64, error) {
	return count[reviewRow](ctx, t, "counting reviews", func(q *bun.SelectQuery) *bun.SelectQuery { return ofReviews(q, filter) })
}

const staleEstimates = `SELECT count(*) AS n FROM estimate_reviews AS r
	WHERE r.stale = 1 AND NOT EXISTS (SELECT 1 FROM estimate_reviews AS later WHERE later.policy_id = r.policy_id AND later.id > r.id)`

func (t *tx) CountStaleEstimates(ctx context.Context) (n int64, err error) {
	err = t.each(ctx, "counting stale estimates", staleEstimates, nil, []any{&n}, func() {})
	return n, err
}

func ofReviews(q *bun.SelectQuery, filter books.ReviewFilter) *bun.SelectQuery {
	q = whereEqual(whereID(q, "policy_id", filter.PolicyID), "estimate_id", filter.EstimateID)
	if filter.Month != 0 {
		q = q.Where("month = ?", filter.Month.String())
	}
	if !filter.By.IsZero() {
		q = q.Where("at_us <= ?", instantOf(filter.By))
	}
	if filter.Stale != nil {
		q = q.Where("(stale = 1) = ?", *filter.Stale)
	}
	return q
}
