package books

import (
	"cmp"
	"context"
	"fmt"
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

// differingAmounts holds amounts against what the journals debit, and returns those that differ.
func differingAmounts(ctx context.Context, tx Tx, batch ExportBatch, journals ExportJournals, given []JournalOfTarget, amounts []answeredAmount) ([]badAnswer, error) {
	if journals.summed {
		return differingSums(ctx, tx, batch, given, amounts)
	}
	var differ []badAnswer
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
				if err := checkAmount(debitsOfEntry(entry, journals.functional), one); err != nil {
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

// differingSums does so with the journals of a summary, whose amounts were kept when they were written: the codes
// of the book that they are sums by may be others by now.
func differingSums(ctx context.Context, tx Tx, batch ExportBatch, given []JournalOfTarget, amounts []answeredAmount) (differ []badAnswer, err error) {
	names := make([]string, len(amounts))
	for i, one := range amounts {
		names[i] = given[one.at].Journal
	}
	kept, err := tx.ExportJournals(ctx, batch.ID, names)
	if err != nil {
		return nil, err
	}
	of := map[string]journalDebits{}
	for _, row := range kept {
		debits, known := of[row.Journal]
		if !known {
			debits = journalDebits{"journal " + row.Journal, map[ledger.Currency]int64{}, map[ledger.Currency]int64{}}
			of[row.Journal] = debits
		}
		if row.InBook {
			debits.also[row.Debit.Currency] = row.Debit.Minor
		} else {
			debits.told[row.Debit.Currency] = row.Debit.Minor
		}
	}
	for _, one := range amounts {
		debits, known := of[given[one.at].Journal]
		if known {
			err = checkAmount(debits, one)
		} else {
			err = refuse(Invalid, one.field(answerAmount), "cannot be held against the journal: the batch was sealed before the sums of its journals were kept, or it has none of that name that moves anything; leave it out")
		}
		if err != nil {
			differ = append(differ, badAnswer{one.at, err})
		}
	}
	return differ, nil
}

// journalDebits is what a journal debits by currency: in those that the target is told, and in those that
// an answer may also name.
type journalDebits struct {
	name       string
	told, also map[ledger.Currency]int64
}

// debitsOfEntry adds up the debits of an entry; functional is that the target is told it in the currency of the book.
func debitsOfEntry(entry ledger.Entry, functional bool) journalDebits {
	contract, inBook := map[ledger.Currency]int64{}, map[ledger.Currency]int64{}
	for _, line := range entry.Lines {
		contract[line.Amount.Currency] += max(line.Amount.Minor, 0)
		inBook[line.Functional.Currency] += max(line.Functional.Minor, 0)
	}
	debits := journalDebits{fmt.Sprintf("entry %d", entry.Number), contract, inBook}
	if functional {
		debits.told, debits.also = inBook, contract
	}
	return debits
}

// checkAmount refuses an amount that is not what the journal debits: in the currency that is given, or else in that in
// which the target is told.
func checkAmount(journal journalDebits, given answeredAmount) error {
	if !plainAmount.MatchString(given.amount) {
		return refuse(Invalid, given.field(answerAmount), "must be what the journal debits in all, in major units, such as 1234.50, not %q", clip(given.amount))
	}
	debits, currency := journal.told, given.currency
	if currency != "" {
		debits = maps.Clone(debits)
		for of, minor := range journal.also { // a target may be told in either
			if _, both := debits[of]; !both {
				debits[of] = minor
			}
		}
	}
	if currency == "" {
		if len(debits) != 1 {
			return refuse(Invalid, given.field(answerCurrency), "must say which currency the amount is in: the lines of the %s are in %s", journal.kind(), listed(debits))
		}
		for only := range debits {
			currency = only
		}
	}
	minor, known := debits[currency]
	if !known {
		return refuse(Invalid, given.field(answerCurrency), "must be one of the %s, %s, not %q", journal.kind(), listed(debits), clip(string(currency)))
	}
	ours := ledger.Money(minor, currency)
	if !decimal.RequireFromString(given.amount).Equal(decimal.RequireFromString(ours.Text())) {
		return refuse(Invalid, given.field(answerAmount), "is %s %s in the general ledger, and %s debits %s: load it there again, or correct it by an entry", given.amount, currency, journal.name, ours)
	}
	return nil
}

// kind is what the journal is called in a refusal: an entry, or a journal.
func (j journalDebits) kind() string {
	kind, _, _ := strings.Cut(j.name, " ")
	return kind
}

// field is where the request has a part of the answer.
func (a answeredAmount) field(part string) string { return fmt.Sprintf("journals.%d.%s", a.at, part) }

func listed(debits map[ledger.Currency]int64) string {
	names := make([]string, 0, len(debits))
	for currency := range debits {
		names = append(names, string(currency))
	}
	slices.SortFunc(names, cmp.Compare[string])
	return strings.Join(names, " or ")
}
