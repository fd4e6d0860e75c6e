package books

import (
	"context"

	"drawdown/ledger"
	"drawdown/ledger/export"
)

// authorsPage is how many manual entries are read at a time.
const authorsPage = 500

// Authors says who wrote the manual entries of some days, and which entries take one another
// back. It grows with the entries that people wrote.
type Authors struct {
	by       map[int64]ManualEntry
	reversed map[int64]int64
}

// AuthorsOf returns the authors of the entries of the accounting dates, both included; zero is
// open. To be read before the entries, for what streams those holds the transaction.
func AuthorsOf(ctx context.Context, tx Tx, from, to ledger.Date) (Authors, error) {
	authors := Authors{by: map[int64]ManualEntry{}, reversed: map[int64]int64{}}
	filter, page := ManualFilter{Status: ManualApproved, From: from, To: to}, Page{Limit: authorsPage}
	for {
		entries, err := tx.ManualEntries(ctx, filter, page)
		if err != nil {
			return authors, err
		}
		numbers := make([]int64, 0, len(entries))
		for _, entry := range entries {
			authors.by[entry.Number] = entry
			numbers = append(numbers, entry.Number)
			page.After = entry.ID
		}
		reversed, err := tx.ReversedBy(ctx, numbers)
		if err != nil {
			return authors, err
		}
		for number, by := range reversed {
			authors.reversed[number] = by
		}
		if len(entries) < page.Limit {
			return authors, nil
		}
	}
}

// Entry returns an entry as writers of files read it.
func (a Authors) Entry(entry ledger.Entry) export.Entry {
	canonical := export.Canonical(entry)
	if manual, known := a.by[entry.Number]; known {
		canonical.EnteredBy, canonical.ApprovedBy = manual.ProposedBy(), manual.DecidedBy
	}
	canonical.ReversedBy = a.reversed[entry.Number]
	return canonical
}

// EntryThrough is Entry as it stood when the entry of the number was the last: what came later does
// not change what was written or closed.
func (a Authors) EntryThrough(entry ledger.Entry, last int64) export.Entry {
	canonical := a.Entry(entry)
	if canonical.ReversedBy > last {
		canonical.ReversedBy = 0
	}
	return canonical
}
