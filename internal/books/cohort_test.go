package books_test

import (
	"testing"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// The month in which the last credits of a term can be used, counted from that of purchase:
// thirty days after the middle of a month are one on, 365 days twelve.
func TestExpiryAge(t *testing.T) {
	for _, test := range []struct {
		expires string
		want    int
	}{{"P12M", 12}, {"P2Y", 24}, {"P30D", 1}, {"P31D", 2}, {"P90D", 3}, {"P365D", 12}, {"P366D", 13}, {"P1461D", 48}, {"P1462D", 49}, {"P1Y15D", 13}, {"P1D", 1}} {
		duration, err := ledger.ParseDuration(test.expires)
		if err != nil {
			t.Fatal(err)
		}
		policy := books.Policy{Policy: revrec.Policy{Expires: &duration}}
		if got, lapses := policy.ExpiryAge(); got != test.want || !lapses {
			t.Errorf("%s: got %d %v, want %d", test.expires, got, lapses, test.want)
		}
	}
	if age, lapses := (books.Policy{}).ExpiryAge(); lapses {
		t.Errorf("what never lapses does so at %d", age)
	}
}
