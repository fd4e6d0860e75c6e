package books

import (
	"slices"
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/revrec"
	"drawdown/revrec/estimate"
)

// TestSharesAhead holds shares worked out by hand. By a curve of 0.2, 0.5, 0.7, 0.8, credits of age 0 have 0.6 to
// come: a half, a third and a sixth of it; where they lapse after two months 0.5, in three fifths and two.
func TestSharesAhead(t *testing.T) {
	var curve []estimate.CurvePoint
	for age, used := range []string{"0.2", "0.5", "0.7", "0.8"} {
		curve = append(curve, estimate.CurvePoint{Age: age, Used: decimal.RequireFromString(used)})
	}
	for _, test := range []struct {
		curve       []estimate.CurvePoint
		age, months int
		want        []revrec.Credits
	}{
		{curve, 0, 3, []revrec.Credits{5000, 3333, 1667}},
		{curve, 0, 0, []revrec.Credits{5000, 3333, 1667}}, // never lapses
		{curve, 0, 9, []revrec.Credits{5000, 3333, 1667}}, // long after the curve
		{curve, 0, 2, []revrec.Credits{6000, 4000}},
		{curve, 2, 1, []revrec.Credits{10_000}},
		{curve, 3, 1, []revrec.Credits{1}}, // past the last month of the curve
		{curve, 3, 2, []revrec.Credits{1, 1}},
		{curve, 3, 0, []revrec.Credits{1}},
		{nil, 0, 4, []revrec.Credits{1, 1, 1, 1}},
		{nil, 9, 1, []revrec.Credits{1}},
	} {
		if got := sharesAhead(test.curve, test.age, test.months); !slices.Equal(got, test.want) {
			t.Errorf("age %d of %d: %v, want %v", test.age, test.months, got, test.want)
		}
	}
}
