package reports

import (
	"context"
	"strconv"

	"drawdown/internal/books"
)

// outOfPeriod is the report of what is booked under another month than it happened in.
func outOfPeriod() []Report {
	return []Report{{
		Name: "out-of-period", Title: "Out of period", Page: "finance/cut-off.md",
		About:      "The lines of entries about what happened in an earlier month than they are booked in, by both months.",
		Basis:      "ASC 250-10-45-27",
		Parameters: []Parameter{From, To, AsOf},
		Columns: []Column{
			{Name: "happened_in", Kind: Month, About: "the month in which it happened"},
			{Name: "booked_in", Kind: Month, About: "the month under which it is booked"},
			{Name: "occurred_on", Kind: Date, About: "the day it happened"},
			{Name: "accounting_date", Kind: Date, About: "the day under which it is booked"},
			{Name: "posted_at", Kind: Instant, About: "when it was posted"},
			{Name: "entry", Kind: Number, About: "the number of the entry"},
			{Name: "entry_line", Kind: Number, About: "the place in the entry, from 1"},
			{Name: "kind", Kind: Text, About: "the kind of entry"},
			{Name: "account", Kind: Text, About: "the account, as the API names it"},
			{Name: "policy", Kind: Text, About: "code; empty where there is none"},
			{Name: "reference", Kind: Text, About: "what the entry is about; empty where it sums many"},
			{Name: "amount", Kind: Money, In: "currency", About: "debit positive", Total: true},
			{Name: "currency", Kind: Text, About: "of the contracts"},
			{Name: "functional_amount", Kind: Money, In: "functional_currency", About: "amount in the book's own currency", Total: true},
			{Name: "functional_currency", Kind: Text, About: "the book's own"},
		},
		Write: writeOutOfPeriod,
	}}
}

// entryPage is how many entries are read at once.
const entryPage = 500

func writeOutOfPeriod(ctx context.Context, _ *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	from, to := args.Day("from"), args.Day("to")
	if to < from {
		return wrong("to", "must not be before from (%s), but is %s", from, to)
	}
	posted, err := tx.PostedThrough(ctx, args.Instant(AsOf.Name))
	if err != nil {
		return err
	}
	yes, page := true, books.Page{Limit: entryPage}
	for {
		entries, err := tx.Entries(ctx, books.EntryFilter{From: from, To: to, OutOfPeriod: &yes}, page)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Number > posted {
				return nil // as all that follow
			}
			for i, line := range e.Lines {
				err := yield(Row{
					e.OccurredOn.Period(), e.AccountingDate.Period(), e.OccurredOn, e.AccountingDate, e.PostedAt, e.Number, int64(i + 1), string(e.Kind),
					accountName(line.Account), line.Dimensions.Policy, e.Reference,
					line.Amount, string(line.Amount.Currency), line.Functional, string(line.Functional.Currency),
				})
				if err != nil {
					return err
				}
			}
		}
		if len(entries) < entryPage {
			return nil
		}
		page.After = strconv.FormatInt(entries[len(entries)-1].Number, 10)
	}
}
