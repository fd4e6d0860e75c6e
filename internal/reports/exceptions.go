package reports

import (
	"context"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// exceptions is the report of what somebody should look at.
func exceptions() []Report {
	return []Report{{
		Name: "exceptions", Title: "Exceptions", Page: "finance/exceptions.md",
		About:      "What is booked out of period, estimates that reviews found stale or exceeded, manual lines on control accounts, months that were opened again, usage that was rejected or sent twice.",
		Parameters: []Parameter{From, To, AsOf},
		Columns: append([]Column{
			{Name: "kind", Kind: Text, About: "OUT_OF_PERIOD, STALE_ESTIMATE, USE_ABOVE_EXPECTATION, MANUAL_ON_CONTROL_ACCOUNT, MONTH_REOPENED, USAGE_REJECTED, USAGE_DUPLICATE"},
			{Name: "on", Kind: Date, About: "accounting date of an entry, day of the review or of the reopening, or on which events were sent; empty out of period"},
			{Name: "period", Kind: Month, About: "the month that it is about"},
			{Name: "subject", Kind: Text, About: "month booked, code of the policy, number of the entry; empty for a month and for events"},
			{Name: "reason", Kind: Text, About: "kind of entry, what the review found, the account, why it was reopened, the code of a rejection"},
			{Name: "count", Kind: Number, About: "entries, months of purchase, lines, events; 0 of an estimate"},
			{Name: "credits", Kind: Decimal, About: "used above what was expected; empty elsewhere"},
		}, money("revenue out of period; of a line, debit positive; empty elsewhere")...),
		Write: writeExceptions,
	}}
}

func writeExceptions(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	report, err := b.Exceptions(ctx, tx, books.ExceptionsRequest(asOutOfPeriod(args)))
	if err != nil {
		return err
	}
	for i := range report.Rows {
		e := &report.Rows[i]
		row := Row{string(e.Kind), e.On, e.Period, e.Subject, e.Reason, e.Count, nil}
		if e.Kind == books.ManualOnControl {
			row[4] = ledger.Role(e.Reason).APIName()
		}
		if e.Kind == books.UseAboveExpectation {
			row[6] = e.Credits
		}
		if e.Money {
			row = append(row, moneyCells(e.Amount.Amount, e.Amount.Functional)...)
		} else {
			row = append(row, nil, "", nil, "")
		}
		if err := yield(row); err != nil {
			return err
		}
	}
	return nil
}
