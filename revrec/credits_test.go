package revrec_test

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"testing"

	"pgregory.net/rapid"

	"drawdown/ledger"
	"drawdown/revrec"
)

func TestParseCredits(t *testing.T) {
	tests := []struct {
		text       string
		millionths revrec.Credits
		err        error
	}{
		{"1", 1_000_000, nil},
		{"1.5", 1_500_000, nil},
		{"0.000001", 1, nil},
		{"37.037037", 37_037_037, nil},
		{"2.500000", 2_500_000, nil},
		{"2.5000000", 2_500_000, nil}, // a seventh place that says nothing
		{"-3", -3_000_000, nil},
		{"+3", 3_000_000, nil},
		{".5", 500_000, nil},
		{"1000000000", revrec.MaxCredits, nil},
		{"-1000000000", -revrec.MaxCredits, nil},
		{"1.2345678", 0, revrec.ErrTooManyCreditPlaces},
		{"0.0000001", 0, revrec.ErrTooManyCreditPlaces},
		{"1000000000.000001", 0, revrec.ErrTooManyCredits},
		{"99999999999999999999", 0, revrec.ErrTooManyCredits},
		{"", 0, ledger.ErrNotDecimal},
		{"ten", 0, ledger.ErrNotDecimal},
		{"1e3", 0, ledger.ErrNotDecimal},
		{"1,000", 0, ledger.ErrNotDecimal},
		{"1_000", 0, ledger.ErrNotDecimal},
		{"0x10", 0, ledger.ErrNotDecimal},
		{" 1", 0, ledger.ErrNotDecimal},
		{"--1", 0, ledger.ErrNotDecimal},
		{"1.2.3", 0, ledger.ErrNotDecimal},
		{"NaN", 0, ledger.ErrNotDecimal},
		{"Infinity", 0, ledger.ErrNotDecimal},
		{"١", 0, ledger.ErrNotDecimal},
	}
	for _, test := range tests {
		got, err := revrec.ParseCredits(test.text)
		if got != test.millionths || !errors.Is(err, test.err) {
			t.Errorf("%q is %d, %v; want %d, %v", test.text, got, err, test.millionths, test.err)
		}
	}
}

func TestCreditsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := revrec.Credits(rapid.Int64Range(-int64(revrec.MaxCredits), int64(revrec.MaxCredits)).Draw(t, "millionths"))
		back, err := revrec.ParseCredits(c.String())
		if err != nil || back != c {
			t.Fatalf("%d is written %q and read %d, %v", c, c.String(), back, err)
		}
	})
}

// TestCreditsAreWrittenAsDecimals, up to the ends of 64 bits.
func TestCreditsAreWrittenAsDecimals(t *testing.T) {
	for _, c := range []revrec.Credits{math.MinInt64, -revrec.One, -1, 0, 1, 10, 100_010, 1_000_100, revrec.One, 10 * revrec.One, math.MaxInt64} {
		if got, want := c.String(), c.Decimal().String(); got != want {
			t.Errorf("%d is written %q, want %q", int64(c), got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		c := revrec.Credits(rapid.Int64().Draw(t, "millionths"))
		if got, want := c.String(), c.Decimal().String(); got != want {
			t.Fatalf("%d is written %q, want %q", int64(c), got, want)
		}
	})
}

func FuzzParseCredits(f *testing.F) {
	for _, seed := range []string{"1", "-0.000001", "1000000000", "1e9", "..", "0.0000001", "+.", "000000000000000000000001.5"} {
		f.Add(seed)
	}
	plain := regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$`)
	f.Fuzz(func(t *testing.T, text string) {
		credits, err := revrec.ParseCredits(text)
		if err != nil {
			if credits != 0 {
				t.Errorf("%q is refused and yet %d", text, credits)
			}
			return
		}
		exact, ok := new(big.Rat).SetString(text)
		if !ok || !plain.MatchString(text) {
			t.Fatalf("took %q, which is no plain decimal", text)
		}
		if exact.Mul(exact, big.NewRat(1_000_000, 1)).Cmp(new(big.Rat).SetInt64(int64(credits))) != 0 {
			t.Errorf("%q is %d millionths", text, credits)
		}
	})
}

func TestRateUsage(t *testing.T) {
	tests := []struct {
		name, quantity, credits, per, want string
		err                                error
	}{
		{"1 credit per 1,000 tokens in", "4808", "1", "1000", "4.808", nil},
		{"5 credits per 1,000 tokens out", "10", "5", "1000", "0.05", nil},
		{"a call", "1", "1", "1", "1", nil},
		{"a premium feature", "3", "5", "1", "15", nil},
		{"thirds", "1", "1", "3", "0.333333", nil},
		{"two thirds go up", "2", "1", "3", "0.666667", nil},
		{"half a millionth goes up", "1", "0.0000005", "1", "0.000001", nil},
		{"less does not", "1", "0.0000004", "1", "0", nil},
		{"nothing", "0", "5", "1000", "0", nil},
		{"a fraction of a unit", "0.25", "2.5", "10", "0.0625", nil},
		{"too much", "1000000001", "1", "1", "0", revrec.ErrTooManyCredits},
	}
	for _, test := range tests {
		got, err := revrec.RateUsage(dec(test.quantity), dec(test.credits), dec(test.per))
		if got != credits(test.want) || !errors.Is(err, test.err) {
			t.Errorf("%s: %s × %s ÷ %s is %s, %v; want %s", test.name, test.quantity, test.credits, test.per, got, err, test.want)
		}
	}
}
