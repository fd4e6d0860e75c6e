package books

import (
	"slices"
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/revrec/estimate"
)

// TestSharesAhead holds shares worked out by hand. By a curve of 0.2, 0.5, 0.7, 0.8, credits of age 0 have 0.6 to
// come: a half, a third and a sixth of it.
func TestSharesAhead(t *testing.T) {
	var curve []estimate.CurvePoint
	for age, used := range []string{"0.2", "0.5", "0.7", "0.8"} {
		curve = append(curve, estimate.CurvePoint{Age: age, Used: decimal.RequireFromString(used)})
	}
	for _, test := range []struct {
		curve     []estimate.CurvePoint
		age, term int
		want      []int64
	}{
		{curve, 0, 3, []int64{5000, 3333, 1667}},
		{curve, 2, 3, []int64{10_000}},
		{curve, 3, 3, []int64{10_000}}, // past its last month
		{nil, 0, 4, []int64{2500, 2500, 2500, 2500}},
		{nil, 9, 4, []int64{10_000}},
		{nil, -1, 2, []int64{5000, 5000}}, // bought ahead
	} {
		if got := sharesAhead(test.curve, test.age, test.term); !slices.Equal(got, test.want) {
			t.Errorf("age %d of %d: %v, want %v", test.age, test.term, got, test.want)
		}
	}
}
