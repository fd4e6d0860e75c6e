package books

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// answeredAmount is what a general ledger debited in a journal.
type answeredAmount struct {
	at       int // of the journals of the request
	amount   string
	currency ledger.Currency // "" where it was not said
}

// plainAmount is an amount in major units: it bounds what is computed with.
var plainAmount = regexp.MustCompile(`^[0-9]{1,18}(\.[0-9]{1,6})?$`)

// differingAmounts holds amounts against what the entries debit, and returns those that differ.
func differingAmounts(ctx context.Context, tx Tx, journals ExportJournals, given []JournalOfTarget, amounts []answeredAmount) (differ []badAnswer, err error) {
	if journals.summed {
		return nil, refuse(Invalid, "file", "must have no column %s: the journals of a summary have entries of many, so that no amount can be held against one", answerAmount)
	}
	of := map[int64][]answeredAmount{} // by entry
	for _, one := range amounts {
		if number, known := journals.number(given[one.at].Journal); known { // what is none is refused already
			of[number] = append(of[number], one)
		}
	}
	numbers := slices.Sorted(maps.Keys(of))
	for len(numbers) > 0 {
		entries, err := tx.EntriesBetween(ctx, numbers[0], min(numbers[0]+exportEntries-1, numbers[len(numbers)-1]))
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			for _, one := range of[entry.Number] {
				if err := checkAmount(entry, one, journals.functional); err != nil {
					differ = append(differ, badAnswer{one.at, err})
				}
			}
		}
		last := numbers[0] + exportEntries - 1
		after, _ := slices.BinarySearch(numbers, last+1)
		numbers = numbers[after:]
	}
	return differ, nil
}

// checkAmount refuses an amount that is not what the entry debits: in the currency that is given, or else in that
// of the contract, or of the book where the target is told in that.
func checkAmount(entry ledger.Entry, given answeredAmount, functional bool) error {
	if !plainAmount.MatchString(given.amount) {
		return refuse(Invalid, answerAmount, "must be what the journal debits in all, in major units, such as 1234.50, not %q", clip(given.amount))
	}
	debits, inBook := map[ledger.Currency]int64{}, map[ledger.Currency]int64{}
	for _, line := range entry.Lines {
		debits[line.Amount.Currency] += max(line.Amount.Minor, 0)
		inBook[line.Functional.Currency] += max(line.Functional.Minor, 0)
	}
	currency := given.currency
	switch {
	case currency == "" && functional:
		debits = inBook
	case currency != "":
		for of, minor := range inBook { // a target may be told in either
			if _, both := debits[of]; !both {
				debits[of] = minor
			}
		}
	}
	if currency == "" {
		if len(debits) != 1 {
			return refuse(Invalid, answerCurrency, "must say which currency the amount is in: the lines of the entry are in %s", listed(debits))
		}
		for only := range debits {
			currency = only
		}
	}
	minor, known := debits[currency]
	if !known {
		return refuse(Invalid, answerCurrency, "must be one of the entry, %s, not %q", listed(debits), clip(string(currency)))
	}
	ours := ledger.Money(minor, currency)
	if !decimal.RequireFromString(given.amount).Equal(decimal.RequireFromString(ours.Text())) {
		return refuse(Invalid, answerAmount, "is %s %s in the general ledger, and entry %d debits %s: load it there again, or correct it by an entry", given.amount, currency, entry.Number, ours)
	}
	return nil
}

func listed(debits map[ledger.Currency]int64) string {
	names := make([]string, 0, len(debits))
	for currency := range debits {
		names = append(names, string(currency))
	}
	slices.SortFunc(names, cmp.Compare[string])
	return strings.Join(names, " or ")
}
