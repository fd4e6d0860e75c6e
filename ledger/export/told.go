package export

import (
	"slices"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// told returns the entry in the currency that the target is told, without lines that move
// nothing in it.
func (x *Export) told(entry Entry) (Entry, error) {
	if x.profile.Currency == InFunctional {
		return inFunctional(entry), nil
	}
	rate, fits := "", true
	switch x.spec.rate {
	case rateCarried:
	case rateOfTarget:
		entry = movingLines(entry)
	case rateOfLine:
		entry = movingLines(entry)
		for _, line := range entry.Lines {
			fits = fits && line.worth(line.Rate(rateDecimals))
		}
	case rateOfEntry:
		rate, fits = oneRate(entry, x.header.Functional)
	}
	if fits {
		entry.Rate = rate
		return withoutZeros(entry), nil
	}
	if x.profile.Rates == UnfitRefused {
		return entry, refuse(entry, 0, NoSingleRate, "rate", entry.Description,
			"has no currency and rate that gives the functional amount of every line; the profile could have it written in the functional currency")
	}
	entry = inFunctional(entry)
	if len(entry.Lines) > 0 {
		x.manifest.Written.FunctionalEntries++
	}
	return entry, nil
}

// movingLines returns the entry with lines that move nothing in their own currency, such as
// an exchange difference, in the functional one.
func movingLines(entry Entry) Entry {
	if !slices.ContainsFunc(entry.Lines, func(l Line) bool { return l.Amount.IsZero() }) {
		return entry
	}
	lines := make([]Line, len(entry.Lines))
	for i, line := range entry.Lines {
		if line.Amount.IsZero() {
			line.Amount = line.Functional
		}
		lines[i] = line
	}
	entry.Lines = lines
	return entry
}

// worth reports whether the line gives its functional amount at the rate, rounded half away
// from zero.
func (l Line) worth(rate string) bool {
	if l.Amount.Currency == l.Functional.Currency {
		return l.Amount == l.Functional
	}
	times, err := decimal.NewFromString(rate)
	return err == nil && times.Sign() > 0 &&
		l.Amount.Decimal().Mul(times).Round(l.Functional.Currency.Exponent()).Equal(l.Functional.Decimal())
}

// inFunctional returns the entry as the book reports it.
func inFunctional(entry Entry) Entry {
	lines := make([]Line, len(entry.Lines))
	for i, line := range entry.Lines {
		line.Amount = line.Functional
		lines[i] = line
	}
	entry.Lines = lines
	return withoutZeros(entry)
}

func withoutZeros(entry Entry) Entry {
	if !slices.ContainsFunc(entry.Lines, Line.movesNothing) {
		return entry
	}
	kept := make([]Line, 0, len(entry.Lines))
	for _, line := range entry.Lines {
		if !line.movesNothing() {
			kept = append(kept, line)
		}
	}
	entry.Lines = kept
	return entry
}

func (l Line) movesNothing() bool { return l.Amount.IsZero() && l.Functional.IsZero() }

// oneRate returns the rate at which every line of the entry gives its functional amount,
// rounded half away from zero, and whether there is one. It is "" in the functional currency.
func oneRate(entry Entry, functional ledger.Currency) (string, bool) {
	largest := Line{}
	for i, line := range entry.Lines {
		if i > 0 && line.Amount.Currency != largest.Amount.Currency {
			return "", false
		}
		if line.Amount.IsZero() && !line.Functional.IsZero() {
			return "", false
		}
		if i == 0 || line.Amount.Minor > largest.Amount.Minor {
			largest = line
		}
	}
	if largest.Amount.Currency == functional {
		return "", true
	}
	rate := largest.Rate(rateDecimals)
	for _, line := range entry.Lines {
		if !line.Amount.IsZero() && !line.worth(rate) {
			return "", false
		}
	}
	return rate, true
}
