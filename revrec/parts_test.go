package revrec

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestParts holds figures that were worked out by hand.
func TestParts(t *testing.T) {
	for _, test := range []struct {
		minor   int64
		weights []Credits
		want    string
	}{
		{100, []Credits{1, 1, 1}, "[33 34 33]"},     // 33.3, 66.7 → 67, 100
		{-50, []Credits{-2, -3}, "[-20 -30]"},       // a day of voids
		{600, []Credits{10, -4}, "[1000 -400]"},     // 10 used, 4 of another day given back
		{5, []Credits{1, 1}, "[3 2]"},               // a half goes away from zero
		{7, []Credits{0, 3}, "[0 7]"},               //
		{1, []Credits{5000, -5001}, "[0 1]"},        // what is left are cents
		{3, []Credits{4, -4}, "[3 0]"},              // nothing was used, and cents are left
		{100, []Credits{1, 0, 2, 0}, "[33 0 67 0]"}, //
		{9, []Credits{7}, "[9]"},
		{9, nil, "[]"},
	} {
		if got := fmt.Sprint(Parts(test.minor, test.weights...)); got != test.want {
			t.Errorf("Parts(%d, %v) = %s, want %s", test.minor, test.weights, got, test.want)
		}
	}
}

// TestPartsAddUp holds for any amount and any weights that a day can have.
func TestPartsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64Range(-10_000_000_000_000, 10_000_000_000_000).Draw(t, "minor")
		weights := rapid.SliceOfN(rapid.Map(rapid.Int64Range(-1_000_000_000_000_000, 1_000_000_000_000_000), func(n int64) Credits { return Credits(n) }), 1, 20).Draw(t, "weights")
		sum := int64(0)
		for _, part := range Parts(minor, weights...) {
			sum += part
		}
		if sum != minor {
			t.Fatalf("%d parted over %v adds up to %d", minor, weights, sum)
		}
	})
}
