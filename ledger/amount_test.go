package ledger_test

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"drawdown/ledger"
)

func TestAmountReadsAsAccountantsWriteIt(t *testing.T) {
	tests := []struct {
		minor    int64
		currency ledger.Currency
		text     string
		whole    string
	}{
		{1999, "USD", "19.99", "USD 19.99"},
		{2000, "USD", "20.00", "USD 20.00"},
		{-5, "USD", "-0.05", "USD -0.05"},
		{0, "USD", "0.00", "USD 0.00"},
		{1999, "JPY", "1999", "JPY 1999"},
		{1250, "KWD", "1.250", "KWD 1.250"},
		{12345, "CLF", "1.2345", "CLF 1.2345"},
		{7, "", "7", "7"},
		{math.MinInt64, "USD", "-92233720368547758.08", "USD -92233720368547758.08"},
	}
	for _, test := range tests {
		amount := ledger.Money(test.minor, test.currency)
		if amount.Text() != test.text || amount.String() != test.whole {
			t.Errorf("%d minor units of %q read %q and %q, want %q and %q",
				test.minor, test.currency, amount.Text(), amount.String(), test.text, test.whole)
		}
	}
}

func TestParseAmount(t *testing.T) {
	tests := []struct {
		text     string
		currency ledger.Currency
		minor    int64
		err      error
	}{
		{"19.99", "USD", 1999, nil},
		{"20", "USD", 2000, nil},
		{"20.000", "USD", 2000, nil},
		{"-0.05", "USD", -5, nil},
		{"+1", "USD", 100, nil},
		{".5", "USD", 50, nil},
		{"1999", "JPY", 1999, nil},
		{"1.250", "KWD", 1250, nil},
		{"100000000000", "USD", ledger.MaxMinor, nil},
		{"-100000000000", "USD", -ledger.MaxMinor, nil},

		{"19.999", "USD", 0, ledger.ErrTooManyDecimals},
		{"0.5", "JPY", 0, ledger.ErrTooManyDecimals},
		{"100000000000.01", "USD", 0, ledger.ErrAmountTooLarge},
		{"9999999999999999999999999999999999", "USD", 0, ledger.ErrAmountTooLarge},
		{"", "USD", 0, ledger.ErrNotDecimal},
		{"-", "USD", 0, ledger.ErrNotDecimal},
		{".", "USD", 0, ledger.ErrNotDecimal},
		{"1.2.3", "USD", 0, ledger.ErrNotDecimal},
		{".-5", "USD", 0, ledger.ErrNotDecimal},
		{"--5", "USD", 0, ledger.ErrNotDecimal},
		{"1,000.00", "USD", 0, ledger.ErrNotDecimal},
		{"1_000", "USD", 0, ledger.ErrNotDecimal},
		{" 1", "USD", 0, ledger.ErrNotDecimal},
		{"1\n", "USD", 0, ledger.ErrNotDecimal},
		{"1e3", "USD", 0, ledger.ErrNotDecimal},
		{"1e-9999", "USD", 0, ledger.ErrNotDecimal},
		{"0x10", "USD", 0, ledger.ErrNotDecimal},
		{"NaN", "USD", 0, ledger.ErrNotDecimal},
		{"Inf", "USD", 0, ledger.ErrNotDecimal},
		{"١٩", "USD", 0, ledger.ErrNotDecimal},
		{strings.Repeat("9", 41), "USD", 0, ledger.ErrNotDecimal},
	}
	for _, test := range tests {
		got, err := ledger.ParseAmount(test.text, test.currency)
		if !errors.Is(err, test.err) || (err == nil && got != ledger.Money(test.minor, test.currency)) {
			t.Errorf("ParseAmount(%q, %s) = %v, %v; want %d, %v", test.text, test.currency, got, err, test.minor, test.err)
		}
	}
}

func TestAdd(t *testing.T) {
	usd := func(minor int64) ledger.Amount { return ledger.Money(minor, "USD") }
	tests := []struct{ a, b, sum, difference ledger.Amount }{
		{usd(100), usd(25), usd(125), usd(75)},
		{usd(100), ledger.Amount{}, usd(100), usd(100)},
		{ledger.Amount{}, usd(100), usd(100), usd(-100)},
		{usd(math.MaxInt64), usd(0), usd(math.MaxInt64), usd(math.MaxInt64)},
		{usd(-1), usd(-1), usd(-2), usd(0)},
	}
	for _, test := range tests {
		if got := test.a.Add(test.b); got != test.sum {
			t.Errorf("%v + %v = %v, want %v", test.a, test.b, got, test.sum)
		}
		if got := test.a.Sub(test.b); got != test.difference {
			t.Errorf("%v − %v = %v, want %v", test.a, test.b, got, test.difference)
		}
	}
	mustPanic(t, "USD + EUR", func() { usd(1).Add(ledger.Money(1, "EUR")) })
	mustPanic(t, "USD 0 + EUR", func() { usd(0).Add(ledger.Money(1, "EUR")) })
	mustPanic(t, "largest + 1", func() { usd(math.MaxInt64).Add(usd(1)) })
	mustPanic(t, "smallest − 1", func() { usd(math.MinInt64).Add(usd(-1)) })
	mustPanic(t, "−smallest", func() { usd(math.MinInt64).Neg() })
	mustPanic(t, "0 − smallest", func() { usd(0).Sub(usd(math.MinInt64)) })
}

func TestMulDivRoundsHalfAwayFromZero(t *testing.T) {
	tests := []struct{ a, b, c, want int64 }{
		{10000, 1, 3, 3333}, // a third of USD 100.00
		{10000, 2, 3, 6667},
		{5, 1, 2, 3},
		{-5, 1, 2, -3},
		{5, -1, 2, -3},
		{-5, -1, 2, 3},
		{4, 1, 8, 1}, // exactly a half
		{3, 1, 8, 0}, // less
		{0, math.MaxInt64, 1, 0},
		{math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64}, // the product takes 126 bits
		{math.MinInt64, 1, 2, -1 << 62},
	}
	for _, test := range tests {
		if got := ledger.MulDiv(test.a, test.b, test.c); got != test.want {
			t.Errorf("%d × %d ÷ %d = %d, want %d", test.a, test.b, test.c, got, test.want)
		}
	}
	mustPanic(t, "÷ 0", func() { ledger.MulDiv(1, 1, 0) })
	mustPanic(t, "÷ −1", func() { ledger.MulDiv(1, 1, -1) })
	mustPanic(t, "2⁶³", func() { ledger.MulDiv(math.MinInt64, -1, 1) })
	mustPanic(t, "2⁶³ − ½", func() { ledger.MulDiv(4294967295, 4294967297, 2) })
	mustPanic(t, "just under 2⁶⁴, which rounding would carry to nothing", func() {
		ledger.MulDiv(9223372032559808514, 9223372032559808512, 4611686014132420610)
	})
}

// Over all 64-bit operands MulDiv is what unbounded integers say, and panics
// exactly where they leave the range.
func TestMulDivAgreesWithUnboundedIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		c := rapid.Int64Range(1, math.MaxInt64).Draw(t, "c")

		want := halfAwayFromZero(a, b, c)
		if !want.IsInt64() || want.Int64() == math.MinInt64 {
			mustPanicRapid(t, func() { ledger.MulDiv(a, b, c) })
			return
		}
		if got := ledger.MulDiv(a, b, c); got != want.Int64() {
			t.Fatalf("%d × %d ÷ %d = %d, want %s", a, b, c, got, want)
		}
	})
}

// Shares of a price, each cumulative and rounded once, less what came before, add
// up to the price and none of them is negative.
func TestCumulativeSharesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price := rapid.Int64Range(0, ledger.MaxMinor).Draw(t, "price")
		parts := rapid.SliceOfN(rapid.Int64Range(0, 1_000_000_000), 1, 50).Draw(t, "parts")
		var granted int64 = 1 // the last use of all
		for _, part := range parts {
			granted += part
		}
		var used, posted int64
		for _, part := range append(parts, 1) {
			used += part
			share := ledger.MulDiv(price, used, granted) - posted
			if share < 0 {
				t.Fatalf("a use of %d takes %d back", part, -share)
			}
			posted += share
		}
		if posted != price {
			t.Fatalf("the shares of %d add up to %d", price, posted)
		}
	})
}

func halfAwayFromZero(a, b, c int64) *big.Int {
	product := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	negative := product.Sign() < 0
	product.Abs(product)
	// ⌊(2p + c) / 2c⌋ is p/c rounded half up.
	doubled := new(big.Int).Lsh(product, 1)
	doubled.Add(doubled, big.NewInt(c))
	doubled.Quo(doubled, new(big.Int).Lsh(big.NewInt(c), 1))
	if negative {
		doubled.Neg(doubled)
	}
	return doubled
}

func mustPanicRapid(t *rapid.T, act func()) {
	defer func() {
		if recover() == nil {
			t.Fatalf("want a panic, got a result")
		}
	}()
	act()
}

func TestAmountTextRoundTrip(t *testing.T) {
	currencies := ledger.Currencies()
	rapid.Check(t, func(t *rapid.T) {
		currency := rapid.SampledFrom(currencies).Draw(t, "currency").Code
		amount := ledger.Money(rapid.Int64Range(-ledger.MaxMinor, ledger.MaxMinor).Draw(t, "minor"), currency)
		got, err := ledger.ParseAmount(amount.Text(), currency)
		if err != nil || got != amount {
			t.Fatalf("%v was written %q and read %v, %v", amount, amount.Text(), got, err)
		}
	})
}

func TestScaledInt(t *testing.T) {
	tests := []struct {
		text   string
		places int32
		limit  int64
		want   int64
		err    error
	}{
		{"1.5", 6, 10_000_000, 1_500_000, nil},
		{"10", 6, 10_000_000, 10_000_000, nil},
		{"10.000001", 6, 10_000_000, 0, ledger.ErrAmountTooLarge},
		{"-10.000001", 6, 10_000_000, 0, ledger.ErrAmountTooLarge},
		{"0.0000001", 6, 10_000_000, 0, ledger.ErrTooManyDecimals},
	}
	for _, test := range tests {
		got, err := ledger.ScaledInt(decimal.RequireFromString(test.text), test.places, test.limit)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("ScaledInt(%s, %d) = %d, %v; want %d, %v", test.text, test.places, got, err, test.want, test.err)
		}
	}
}

// FuzzParseDecimal: what is taken is plain notation, and package decimal and
// unbounded rationals read it alike.
func FuzzParseDecimal(f *testing.F) {
	for _, seed := range []string{"0", "19.99", "-.5", "5.", "+1", ".-5", "1e9", "1E9", "00.00", "1_0", "-", "9999999999999999999999.000001", ".000000000000000000000000000000000000001"} {
		f.Add(seed)
	}
	plain := regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ledger.ParseDecimal(text)
		// Of 40 characters that begin with a point there are 41 as it is written.
		if taken := plain.MatchString(text) && len(text) <= 40; (err == nil) != taken && (err == nil || len(text) < 40 || !strings.HasPrefix(strings.TrimLeft(text, "+-"), ".")) {
			t.Fatalf("ParseDecimal(%q) = %v, %v", text, d, err)
		}
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(text)
		if !ok || d.Rat().Cmp(want) != 0 {
			t.Fatalf("ParseDecimal(%q) = %v, want %v", text, d, want)
		}
	})
}

// TestTextIsThatOfTheDecimal holds our own writing against the decimal library's, over all
// of 64 bits and every number of decimals.
func TestTextIsThatOfTheDecimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		currency := rapid.SampledFrom([]ledger.Currency{"JPY", "USD", "KWD", "CLF", ""}).Draw(t, "currency")
		amount := ledger.Money(rapid.Int64().Draw(t, "minor"), currency)
		if want := amount.Decimal().StringFixed(currency.Exponent()); amount.Text() != want {
			t.Fatalf("%d minor units of %s are written %q, want %q", amount.Minor, currency, amount.Text(), want)
		}
	})
}
