package export

import (
	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// told returns the entry in the currency that the target is told, without lines that move
// nothing in it.
func (x *Export) told(entry Entry) (Entry, error) {
	if x.profile.Currency == InFunctional {
		return inFunctional(entry), nil
	}
	switch x.spec.rate {
	case rateOfLine:
		lines := make([]Line, 0, len(entry.Lines))
		for _, line := range entry.Lines {
			if line.Amount.IsZero() {
				line.Amount = line.Functional
			}
			lines = append(lines, line)
		}
		entry.Lines = lines
	case rateOfEntry:
		rate, fits := oneRate(entry, x.header.Functional)
		if !fits && x.profile.Rates == UnfitRefused {
			return entry, refuse(entry, 0, NoSingleRate, "rate", entry.Description,
				"has no one currency and rate that gives the functional amount of every line; the profile could have it written in the functional currency")
		}
		if !fits {
			entry = inFunctional(entry)
			if len(entry.Lines) > 0 {
				x.manifest.Written.FunctionalEntries++
			}
			return entry, nil
		}
		entry.Rate = rate
	case rateCarried:
	}
	return withoutZeros(entry), nil
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
	kept := make([]Line, 0, len(entry.Lines))
	for _, line := range entry.Lines {
		if !line.Amount.IsZero() || !line.Functional.IsZero() {
			kept = append(kept, line)
		}
	}
	entry.Lines = kept
	return entry
}

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
	text := largest.Rate(rateDecimals)
	rate, err := decimal.NewFromString(text)
	if err != nil || rate.Sign() <= 0 {
		return "", false // nothing moves, or by less than a rate can say
	}
	for _, line := range entry.Lines {
		if !line.Amount.Decimal().Mul(rate).Round(functional.Exponent()).Equal(line.Functional.Decimal()) {
			return "", false
		}
	}
	return text, true
}
