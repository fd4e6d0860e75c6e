package ledger

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// MaxMinor bounds what one document may say: 10,000,000,000,000 minor units, or
// USD 100 billion. It is small enough that 900,000 such amounts still add up in
// 64 bits, so sums over a book cannot overflow before somebody would notice.
const MaxMinor int64 = 10_000_000_000_000

// Amount is money in minor units of its currency: {1999, USD} is USD 19.99.
// The zero Amount has no currency and adds to any.
type Amount struct {
	Minor    int64
	Currency Currency
}

// Money returns an Amount of minor units: Money(1999, "USD") is USD 19.99.
func Money(minor int64, currency Currency) Amount {
	return Amount{Minor: minor, Currency: currency}
}

// Add returns a + b. Amounts of two currencies do not add: that is a fault of the
// program, and it panics, as it does when 64 bits overflow.
func (a Amount) Add(b Amount) Amount {
	currency := a.Currency
	if currency == "" {
		currency = b.Currency
	}
	if b.Currency != "" && b.Currency != currency {
		panic(fmt.Sprintf("ledger: adding %s to %s", b, a))
	}
	return Amount{Minor: addMinor(a.Minor, b.Minor), Currency: currency}
}

// Sub returns a − b, under the same rules as Add.
func (a Amount) Sub(b Amount) Amount { return a.Add(b.Neg()) }

// Neg returns −a. It panics where 64 bits cannot hold that.
func (a Amount) Neg() Amount {
	if a.Minor == math.MinInt64 {
		panic(fmt.Sprintf("ledger: −(%d) overflows", a.Minor))
	}
	return Amount{Minor: -a.Minor, Currency: a.Currency}
}

// IsZero reports whether the amount is nothing, in any currency.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// Decimal returns the amount in major units: {1999, USD} is 19.99.
func (a Amount) Decimal() decimal.Decimal {
	return decimal.New(a.Minor, -a.Currency.Exponent())
}

// Text returns the amount in major units with all decimals of its currency and no
// currency code: "19.99", "-5", "1.250".
func (a Amount) Text() string {
	var room [24]byte // an int64 with sign, point and a zero before it
	return string(a.Append(room[:0]))
}

// Append appends the amount as Text writes it.
func (a Amount) Append(b []byte) []byte {
	places := int(a.Currency.Exponent())
	if places == 0 {
		return strconv.AppendInt(b, a.Minor, 10)
	}
	magnitude := uint64(a.Minor)
	if a.Minor < 0 {
		b, magnitude = append(b, '-'), -magnitude
	}
	start := len(b)
	b = strconv.AppendUint(b, magnitude, 10)
	for len(b)-start <= places { // 5 cents are 0.05
		b = slices.Insert(b, start, '0')
	}
	return slices.Insert(b, len(b)-places, '.')
}

// String returns the code and the amount: "USD 19.99".
func (a Amount) String() string {
	if a.Currency == "" {
		return fmt.Sprintf("%d", a.Minor)
	}
	return string(a.Currency) + " " + a.Text()
}

// Errors of ParseAmount and AmountOf. A caller adds the field and the value.
var (
	ErrNotDecimal      = errors.New("is not a decimal number such as 19.99")
	ErrTooManyDecimals = errors.New("has more decimals than its currency")
	ErrAmountTooLarge  = errors.New("is larger than 10,000,000,000,000 minor units")
)

// maxDecimalText is longer than any amount or credits this system can hold. It
// keeps "1e-999999999" and a megabyte of digits away from the decimal parser.
const maxDecimalText = 40

// ParseDecimal reads plain decimal notation: digits, at most one point, a sign
// before them. Exponents are refused, for "1e9999" is small to write and large to
// hold. What it is written as again is read too: ".5" is written with one digit more. Errors: ErrNotDecimal.
func ParseDecimal(text string) (decimal.Decimal, error) {
	if text == "" || len(text) > maxDecimalText {
		return decimal.Decimal{}, ErrNotDecimal
	}
	unsigned := text
	if text[0] == '-' || text[0] == '+' {
		unsigned = text[1:]
	}
	if strings.Trim(unsigned, "0123456789.") != "" {
		return decimal.Decimal{}, ErrNotDecimal
	}
	d, err := decimal.NewFromString(text)
	if err != nil || len(d.String()) > maxDecimalText {
		return decimal.Decimal{}, ErrNotDecimal
	}
	return d, nil
}

// ParseAmount reads major units in plain decimal notation: ("19.99", USD) is
// {1999, USD}. Errors: ErrNotDecimal, ErrTooManyDecimals, ErrAmountTooLarge.
func ParseAmount(text string, currency Currency) (Amount, error) {
	d, err := ParseDecimal(text)
	if err != nil {
		return Amount{}, err
	}
	return AmountOf(d, currency)
}

// AmountOf turns major units into an Amount without rounding.
// Errors: ErrTooManyDecimals, ErrAmountTooLarge.
func AmountOf(major decimal.Decimal, currency Currency) (Amount, error) {
	minor, err := ScaledInt(major, currency.Exponent(), MaxMinor)
	if err != nil {
		return Amount{}, err
	}
	return Amount{Minor: minor, Currency: currency}, nil
}

// ScaledInt returns d × 10^places as a whole number no further from zero than
// limit. Errors: ErrTooManyDecimals where a fraction is left, ErrAmountTooLarge.
func ScaledInt(d decimal.Decimal, places int32, limit int64) (int64, error) {
	scaled := d.Shift(places)
	if !scaled.IsInteger() {
		return 0, ErrTooManyDecimals
	}
	if scaled.Abs().GreaterThan(decimal.NewFromInt(limit)) {
		return 0, ErrAmountTooLarge
	}
	return scaled.IntPart(), nil
}

// MulDiv returns a × b ÷ c rounded half away from zero, with the product in 128
// bits. c must be positive. It panics where the result is further from zero than
// the largest int64.
//
//	MulDiv(10000, 1, 3) = 3333    MulDiv(5, 1, 2) = 3    MulDiv(-5, 1, 2) = -3
func MulDiv(a, b, c int64) int64 {
	if c <= 0 {
		panic(fmt.Sprintf("ledger: MulDiv by %d", c))
	}
	negative := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	divisor := uint64(c)
	if hi >= divisor {
		panic(fmt.Sprintf("ledger: MulDiv(%d, %d, %d) overflows", a, b, c))
	}
	quotient, remainder := bits.Div64(hi, lo, divisor)
	up := uint64(0)
	if remainder >= divisor-remainder {
		up = 1
	}
	// Rounding must not carry past 64 bits before the check: 2⁶⁴ − ½ is not 0.
	if quotient > math.MaxInt64-up {
		panic(fmt.Sprintf("ledger: MulDiv(%d, %d, %d) overflows", a, b, c))
	}
	result := int64(quotient + up)
	if negative {
		return -result
	}
	return result
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-(n + 1)) + 1
	}
	return uint64(n)
}

func addMinor(a, b int64) int64 {
	sum := a + b
	if (sum > a) != (b > 0) && b != 0 {
		panic(fmt.Sprintf("ledger: %d + %d overflows", a, b))
	}
	return sum
}
