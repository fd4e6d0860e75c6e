package graph

import (
	"context"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func (r queryResolver) Reconciliation(ctx context.Context, period *ledger.Period, through *ledger.Date, id *string) (*books.Reconciliation, error) {
	q := requestOf(ctx)
	if id != nil && (period != nil || through != nil) {
		return nil, &books.Error{Code: books.Invalid, Field: "id", Message: "must be left out where a period or a day is given"}
	}
	var made books.Reconciliation
	err := q.read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		if id == nil {
			made, err = r.books.Reconciliation(ctx, tx, books.ReconcileRequest{Period: value(period), Through: value(through)})
			return err
		}
		key, err := reconciliationNoun.key("id", *id)
		if err == nil {
			made, err = books.ReconciliationByID(ctx, tx, key)
		}
		return err
	})
	switch {
	case err == nil:
		return &made, nil
	case id != nil && books.CodeOf(err) == books.NotFound:
		err = nil
	}
	return nil, err
}

func (queryResolver) Reconciliations(ctx context.Context, status *books.ReconcileStatus, first int, after *string, reverse bool) (*view.ReconciliationConnection, error) {
	return connect(ctx, requestOf(ctx), paging{first: first, after: after, reverse: reverse}, list[books.Reconciliation]{
		noun: reconciliationNoun, key: func(r *books.Reconciliation) string { return r.ID },
	}, books.ReconciliationFilter{Status: value(status)}, books.Tx.Reconciliations, books.Tx.CountReconciliations)
}

func (reconciliationResolver) ID(_ context.Context, r *books.Reconciliation) (*string, error) {
	return reconciliationNoun.optional(r.ID), nil
}

func (reconciliationResolver) From(_ context.Context, r *books.Reconciliation) (*ledger.Date, error) {
	return optionalDay(r.From), nil
}

func (reconciliationOlderResolver) PartsOfRound(context.Context, *books.ReconcileOlder) (int, error) {
	return books.OlderParts, nil
}

func (reconciliationPartResolver) From(_ context.Context, p *books.ReconcilePart) (*ledger.Date, error) {
	return optionalDay(p.From), nil
}

func (reconciliationPartResolver) Through(_ context.Context, p *books.ReconcilePart) (*ledger.Date, error) {
	return optionalDay(p.To), nil
}

func (reconciliationPartResolver) EventsAfter(_ context.Context, p *books.ReconcilePart) (*string, error) {
	return optionalKey(p.Events.After), nil
}

func (reconciliationPartResolver) EventsThrough(_ context.Context, p *books.ReconcilePart) (*string, error) {
	return optionalKey(p.Events.Until), nil
}

func (reconciliationPartResolver) LotDaysAfter(_ context.Context, p *books.ReconcilePart) (*string, error) {
	return optionalKey(p.LotDays.After), nil
}

func (reconciliationPartResolver) LotDaysThrough(_ context.Context, p *books.ReconcilePart) (*string, error) {
	return optionalKey(p.LotDays.Until), nil
}

func optionalKey(key books.ReconcileKey) *string {
	if key == (books.ReconcileKey{}) {
		return nil
	}
	text := key.String()
	return &text
}

func optionalDay(day ledger.Date) *ledger.Date {
	if day == 0 {
		return nil
	}
	return &day
}

func (reconciliationResolver) FindingsHash(_ context.Context, r *books.Reconciliation) (*string, error) {
	if r.Found == "" {
		return nil, nil
	}
	return &r.Found, nil
}

func (reconciliationResolver) Comparisons(_ context.Context, r *books.Reconciliation) ([]gen.ReconciliationComparison, error) {
	lines := make([]gen.ReconciliationComparison, len(r.Lines))
	for i := range r.Lines {
		lines[i] = comparisonOf(&r.Lines[i])
	}
	return lines, nil
}

func comparisonOf(l *books.ReconcileLine) gen.ReconciliationComparison {
	minor, functional := l.Difference()
	shown := gen.ReconciliationComparison{
		Kind: l.Kind, Of: l.Of, Account: optionalAccount(l.Account), Left: reconciledSide(l, l.Left), Right: reconciledSide(l, l.Right),
		CreditsDifference: l.Credits(minor), Status: l.Status(), RowCount: int(l.RowCount), Rows: make([]gen.ReconciliationRow, len(l.Rows)),
	}
	if l.Currency != "" {
		shown.Currency = &l.Currency
	}
	shown.Manual, shown.FunctionalManual = l.Amounts(l.Manual, l.OwnManual)
	shown.Difference, shown.FunctionalDifference = l.Amounts(minor, functional)
	for i, row := range l.Rows {
		shown.Rows[i] = gen.ReconciliationRow{
			Kind: row.Kind, ID: row.PublicID(), Day: optionalDay(row.Day), Account: optionalAccount(row.Account), Key: row.Key,
			Left: figureOf(l, row.Left), Right: figureOf(l, row.Right),
		}
	}
	return shown
}

func optionalAccount(role ledger.Role) *ledger.Role {
	if role == "" {
		return nil
	}
	return &role
}

func reconciledSide(l *books.ReconcileLine, of books.Reconciled) *gen.ReconciliationSide {
	side := &gen.ReconciliationSide{Keys: int(of.Keys), Rows: int(of.Rows), Credits: l.Credits(of.Minor), Sha256: of.Hash}
	side.Amount, side.FunctionalAmount = l.Amounts(of.Minor, of.Functional)
	return side
}

func figureOf(l *books.ReconcileLine, of books.ReconcileSide) *gen.ReconciliationFigure {
	if of.Rows == 0 {
		return nil
	}
	figure := &gen.ReconciliationFigure{Rows: int(of.Rows), Credits: l.Credits(of.Minor)}
	figure.Amount, figure.FunctionalAmount = l.Amounts(of.Minor, of.Functional)
	return figure
}
