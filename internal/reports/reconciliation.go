package reports

import (
	"context"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// reconciling are the reports of what two sides say: when it is asked, and when it was compared.
func reconciling() []Report {
	columns := reconciledColumns()
	return []Report{{
		Name: "reconciliation", Title: "Reconciliation of sub-ledger and ledger", Page: "finance/reconciliation.md",
		About: "What lots, pools, purchases, payments, events and recognitions come to beside each other and beside the journal, and the rows that differ.",
		Parameters: []Parameter{
			{Name: "period", Kind: MonthParameter, About: "a month; all days where neither it nor through is given"},
			{Name: "through", Kind: DayParameter, About: "the last day, of all since the beginning; today where neither is given"},
			AsOfNow,
		},
		Columns: columns,
		Now:     "lots, purchases and payments are known as they are now; what was found by an instant is in reconciliation-kept",
		Write:   writeReconciliation,
	}, {
		Name: "reconciliation-kept", Title: "The last reconciliation that was kept", Page: "finance/reconciliation.md",
		About:      "What the last run of the job RECONCILE by an instant found, with the rows that differed.",
		Parameters: []Parameter{AsOf},
		Columns: append([]Column{
			{Name: "reconciliation", Kind: Text, About: "its id"},
			{Name: "reconciled_at", Kind: Instant, About: "when it compared"},
			{Name: "from", Kind: Date, About: "the first of the days that it went through row by row"},
			{Name: "to", Kind: Date, About: "the last of them"},
			{Name: "older_through", Kind: Date, About: "the last of the days before them, of which it went through a part; empty where there are none"},
			{Name: "older_since", Kind: Date, About: "every row of these was compared on this day or later; in the first round the day on which it began"},
			{Name: "older_part", Kind: Number, About: "how many parts of the round, of 14, were done"},
		}, columns...),
		Write: writeKeptReconciliation,
	}}
}

func reconciledColumns() []Column {
	return []Column{
		{Name: "line", Kind: Text, About: "COMPARISON, or ROW of the comparison before it: one that differs, of the first 100"},
		{Name: "kind", Kind: Text, About: "what is held against what"},
		{Name: "of", Kind: Text, About: "the comparison, as `reconciliation` names it"},
		{Name: "account", Kind: Text, About: "the account that it is about, as the API names it; empty where it is about none"},
		{Name: "status", Kind: Text, About: "MATCHED, EXPLAINED by manual entries, DIFFERENT"},
		{Name: "row_kind", Kind: Text, About: "what kind of row; empty of a comparison"},
		{Name: "row", Kind: Text, About: "its id; empty of a comparison"},
		{Name: "day", Kind: Date, About: "of a lot on a day"},
		{Name: "differing_rows", Kind: Number, About: "how many rows differ; empty of a row"},
		{Name: "left_keys", Kind: Number, About: "keys on the left; empty of a row"},
		{Name: "right_keys", Kind: Number, About: "keys on the right; empty of a row"},
		{Name: "left_rows", Kind: Number, About: "rows added up on the left"},
		{Name: "right_rows", Kind: Number, About: "rows added up on the right"},
		{Name: "left", Kind: Money, In: "currency", About: "what the left comes to; empty where credits are compared"},
		{Name: "right", Kind: Money, In: "currency", About: "what the right comes to"},
		{Name: "manual", Kind: Money, In: "currency", About: "what of it manual entries put there; empty of a row"},
		{Name: "difference", Kind: Money, In: "currency", About: "right less left less manual; empty of a row", Total: true},
		{Name: "currency", Kind: Text, About: "of the contracts; empty where credits are compared"},
		{Name: "functional_left", Kind: Money, In: "functional_currency", About: "left in the book's own currency; empty where that is not compared"},
		{Name: "functional_right", Kind: Money, In: "functional_currency", About: "right in the book's own currency"},
		{Name: "functional_manual", Kind: Money, In: "functional_currency", About: "manual in the book's own currency; empty of a row"},
		{Name: "functional_difference", Kind: Money, In: "functional_currency", About: "difference in the book's own currency; empty of a row", Total: true},
		{Name: "functional_currency", Kind: Text, About: "the book's own; empty where it is not compared"},
		{Name: "left_credits", Kind: Decimal, About: "credits on the left; empty where money is compared"},
		{Name: "right_credits", Kind: Decimal, About: "credits on the right"},
		{Name: "left_sha256", Kind: Text, About: "over keys and amounts of the left, in order; of a row the key"},
		{Name: "right_sha256", Kind: Text, About: "over keys and amounts of the right; empty of a row"},
	}
}

func writeReconciliation(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	made, err := b.Reconciliation(ctx, tx, books.ReconcileRequest{Period: args.Month("period"), Through: args.Day("through")})
	if err != nil {
		return err
	}
	return yieldReconciled(made, yield)
}

// writeKeptReconciliation writes nothing where none had been kept.
func writeKeptReconciliation(ctx context.Context, _ *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	kept, err := tx.Reconciliations(ctx, books.ReconciliationFilter{By: args.Instant("asOf")}, books.Page{Limit: 1, Reverse: true})
	if err != nil || len(kept) == 0 {
		return err
	}
	made := kept[0]
	var older, since ledger.Date
	var done any
	if made.Older != nil {
		older, since, done = made.Older.To, made.Older.Since(), int64(made.Older.Done)
	}
	return yieldReconciled(made, func(row Row) error {
		return yield(append(Row{"rcl_" + made.ID, made.At, made.From, made.To, older, since, done}, row...))
	})
}

func yieldReconciled(made books.Reconciliation, yield func(Row) error) error {
	for i := range made.Lines {
		l := &made.Lines[i]
		minor, functional := l.Difference()
		row := Row{"COMPARISON", string(l.Kind), l.Of, l.Account.APIName(), string(l.Status()), "", "", nil, l.RowCount, l.Left.Keys, l.Right.Keys, l.Left.Rows, l.Right.Rows}
		row = append(row, reconciledMoney(l, l.Left.Minor, l.Right.Minor, l.Manual, minor, l.Currency)...)
		row = append(row, reconciledMoney(l, l.Left.Functional, l.Right.Functional, l.OwnManual, functional, l.Functional)...)
		row = append(row, creditsCell(l.Credits(l.Left.Minor)), creditsCell(l.Credits(l.Right.Minor)), l.Left.Hash, l.Right.Hash)
		if err := yield(row); err != nil {
			return err
		}
		for _, of := range l.Rows {
			if err := yield(differingRow(l, of)); err != nil {
				return err
			}
		}
	}
	return nil
}

func differingRow(l *books.ReconcileLine, of books.ReconcileRow) Row {
	row := Row{"ROW", string(l.Kind), l.Of, of.Account.APIName(), "", of.Kind, of.PublicID(), of.Day, nil, nil, nil, of.Left.Rows, of.Right.Rows}
	for _, money := range [][]any{
		reconciledMoney(l, of.Left.Minor, of.Right.Minor, 0, 0, l.Currency),
		reconciledMoney(l, of.Left.Functional, of.Right.Functional, 0, 0, l.Functional),
	} {
		money[2], money[3] = nil, nil // what is manual and the difference are of the comparison
		row = append(row, money...)
	}
	return append(row, creditsCell(l.Credits(of.Left.Minor)), creditsCell(l.Credits(of.Right.Minor)), of.Key, "")
}

// reconciledMoney is left, right, manual, difference and their currency; empty without one.
func reconciledMoney(l *books.ReconcileLine, left, right, manual, difference int64, currency ledger.Currency) []any {
	if currency == "" || l.Currency == "" {
		return []any{nil, nil, nil, nil, ""}
	}
	return []any{ledger.Money(left, currency), ledger.Money(right, currency), ledger.Money(manual, currency), ledger.Money(difference, currency), string(currency)}
}

func creditsCell(credits *revrec.Credits) any {
	if credits == nil {
		return nil
	}
	return *credits
}
