package revrec

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// Credits counts credits in millionths: 1_500_000 is one and a half credits.
type Credits int64

// One is a single whole credit.
const One Credits = 1_000_000

// creditPlaces is the number of decimals that a count of credits may have.
const creditPlaces = 6

// MaxCredits bounds one purchase, grant or event: a billion credits. Nine thousand
// such lots still add up in 64 bits.
const MaxCredits = 1_000_000_000 * One

// Errors of ParseCredits and CreditsOf. A caller adds the field and the value.
var (
	ErrTooManyCreditPlaces = errors.New("has more than six decimals")
	ErrTooManyCredits      = errors.New("is more than 1,000,000,000 credits")
)

// ParseCredits reads plain decimal notation with at most six decimals.
// Errors: ledger.ErrNotDecimal, ErrTooManyCreditPlaces, ErrTooManyCredits.
func ParseCredits(text string) (Credits, error) {
	d, err := ledger.ParseDecimal(text)
	if err != nil {
		return 0, err
	}
	return CreditsOf(d)
}

// CreditsOf turns a decimal into Credits without rounding.
// Errors: ErrTooManyCreditPlaces, ErrTooManyCredits.
func CreditsOf(d decimal.Decimal) (Credits, error) {
	millionths, err := ledger.ScaledInt(d, creditPlaces, int64(MaxCredits))
	switch {
	case errors.Is(err, ledger.ErrTooManyDecimals):
		return 0, ErrTooManyCreditPlaces
	case err != nil:
		return 0, ErrTooManyCredits
	}
	return Credits(millionths), nil
}

// Decimal returns the count as a decimal: 1_500_000 is 1.5.
func (c Credits) Decimal() decimal.Decimal { return decimal.New(int64(c), -creditPlaces) }

// String returns the count in plain decimal notation without trailing zeros. It is
// [Credits.Decimal] in text, without the decimal: every recognition writes one.
func (c Credits) String() string {
	var digits [len("-9223372036854.775808")]byte
	text, magnitude := digits[:0], uint64(c)
	if c < 0 {
		text, magnitude = append(text, '-'), -magnitude
	}
	text = strconv.AppendUint(text, magnitude/uint64(One), 10)
	if fraction := magnitude % uint64(One); fraction != 0 {
		point := len(text)
		text = strconv.AppendUint(text, uint64(One)+fraction, 10) // keeps the zeros in front
		text[point] = '.'
		text = bytes.TrimRight(text, "0")
	}
	return string(text)
}

// RateUsage turns a metered quantity into credits: quantity × credits ÷ per, rounded
// half away from zero to the millionth.
//
//	RateUsage(4808 tokens, 1 credit, per 1000 tokens) = 4.808 credits
//
// Errors: ErrTooManyCredits.
func RateUsage(quantity, credits, per decimal.Decimal) (Credits, error) {
	return CreditsOf(quantity.Mul(credits).DivRound(per, creditPlaces))
}
