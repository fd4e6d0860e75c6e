package reports

import (
	"context"

	"drawdown/internal/books"
	"drawdown/ledger"
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
	}, {
		Name: "out-of-period-months", Title: "Out of period, by month", Page: "finance/cut-off.md",
		About:      "What is booked under another month than it happened in, added up by both months, kind and currency.",
		Basis:      "ASC 250-10-45-27",
		Parameters: []Parameter{From, To, AsOf},
		Columns: []Column{
			{Name: "booked_in", Kind: Month, About: "the month under which it is booked"},
			{Name: "happened_in", Kind: Month, About: "the month in which it happened"},
			{Name: "kind", Kind: Text, About: "the kind of entry"},
			{Name: "entries", Kind: Number, About: "how many entries have a line in the currency"},
			{Name: "recognitions", Kind: Number, About: "how many recognitions they sum"},
			{Name: "debits", Kind: Money, In: "currency", About: "what their lines debit", Total: true},
			{Name: "revenue", Kind: Money, In: "currency", About: "what they add to revenue, contra-revenue taken off", Total: true},
			{Name: "deferred_revenue", Kind: Money, In: "currency", About: "what they add to deferred revenue", Total: true},
			{Name: "currency", Kind: Text, About: "of the contracts"},
			{Name: "functional_debits", Kind: Money, In: "functional_currency", About: "debits in the book's own currency", Total: true},
			{Name: "functional_revenue", Kind: Money, In: "functional_currency", About: "revenue in the book's own currency", Total: true},
			{Name: "functional_deferred_revenue", Kind: Money, In: "functional_currency", About: "deferred revenue in the book's own currency", Total: true},
			{Name: "functional_currency", Kind: Text, About: "the book's own"},
		},
		Write: writeOutOfPeriodMonths,
	}, {
		Name: "cut-off", Title: "Cut-off", Page: "finance/cut-off.md",
		About: "The use of a month by day of use and by when it was told, with the revenue of it, and the first days after.",
		Parameters: []Parameter{
			{Name: "period", Kind: MonthParameter, Required: true, About: "the month of use"},
			{Name: AsOf.Name, Kind: InstantParameter, About: "leaves out what was recorded or posted later; now where it is not given"},
		},
		Columns: append([]Column{
			{Name: "part", Kind: Text, About: "PERIOD; AFTER for the five days after it"},
			{Name: "day", Kind: Date, About: "the day of use; of voids the day of the void"},
			{Name: "lag", Kind: Text, About: "days from use to arrival: SAME_DAY, NEXT_DAY, DAYS_2_TO_3, DAYS_4_TO_7, DAYS_8_TO_31, LATER; VOID for voids"},
			{Name: "arrival", Kind: Text, About: "how the month stood when it arrived: IN_PERIOD, BEFORE_CLOSE, AFTER_CLOSE, WHILE_REOPENED; empty after it"},
			{Name: "events", Kind: Number, About: "how many; in the first row of several currencies"},
			{Name: "credits", Kind: Decimal, About: "what they used; in the first row of several currencies"},
		}, money("the revenue of it that is posted; empty where nothing is")...),
		Write: writeCutOff,
	}}
}

func asOutOfPeriod(args Args) books.OutOfPeriodRequest {
	return books.OutOfPeriodRequest{From: args.Day("from"), To: args.Day("to"), AsOf: args.Instant(AsOf.Name)}
}

func writeOutOfPeriod(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	return b.EachOutOfPeriod(ctx, tx, asOutOfPeriod(args), func(e *ledger.Entry) error {
		for i, line := range e.Lines {
			err := yield(Row{
				e.OccurredOn.Period(), e.AccountingDate.Period(), e.OccurredOn, e.AccountingDate, e.PostedAt, e.Number, int64(i + 1), string(e.Kind),
				line.Account.APIName(), line.Dimensions.Policy, e.Reference,
				line.Amount, string(line.Amount.Currency), line.Functional, string(line.Functional.Currency),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func writeOutOfPeriodMonths(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	report, err := b.OutOfPeriod(ctx, tx, asOutOfPeriod(args))
	if err != nil {
		return err
	}
	for i := range report.Rows {
		row := &report.Rows[i]
		err := yield(Row{
			row.BookedIn, row.HappenedIn, string(row.Kind), row.EntryCount, row.RecognitionCount, row.Debits.Amount, row.Revenue.Amount, row.DeferredRevenue.Amount, string(row.Currency),
			row.Debits.Functional, row.Revenue.Functional, row.DeferredRevenue.Functional, string(row.Debits.Functional.Currency),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func writeCutOff(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	report, err := b.CutOff(ctx, tx, books.CutOffRequest{Period: args.Month("period"), DaysAfter: books.DaysAfter, AsOf: args.Instant(AsOf.Name)})
	if err != nil {
		return err
	}
	for part, rows := range [][]books.CutOffRow{report.Rows, report.After} {
		for i := range rows {
			if err := cutOffRow([]string{"PERIOD", "AFTER"}[part], &rows[i], yield); err != nil {
				return err
			}
		}
	}
	return nil
}

func cutOffRow(part string, row *books.CutOffRow, yield func(Row) error) error {
	begins := Row{part, row.Day, string(row.Lag), string(row.Arrival), row.EventCount, row.Credits}
	if len(row.Revenue) == 0 {
		return yield(append(begins, nil, "", nil, ""))
	}
	for i, of := range row.Revenue {
		if i > 0 {
			begins = append(begins[:4:4], nil, nil)
		}
		if err := yield(append(begins[:6:6], moneyCells(of.Amount, of.Functional)...)); err != nil {
			return err
		}
	}
	return nil
}
