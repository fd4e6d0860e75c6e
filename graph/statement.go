package graph

import (
	"context"
	"slices"
	"time"

	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func (r queryResolver) Statement(ctx context.Context, customer string, from, to ledger.Date, detail books.StatementDetail, asOf *time.Time) (*books.Statement, error) {
	f := newFilters(ctx)
	request := books.StatementRequest{CustomerID: f.customer(ctx, &customer), From: from, To: to, Detail: detail, AsOf: value(asOf)}
	if f.err != nil || !f.known {
		return nil, f.err
	}
	if err := r.books.CheckStatementBegins(from); err != nil {
		return nil, err
	}
	var statement books.Statement
	err := f.request.read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		statement, err = r.books.StatementOf(ctx, tx, request)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &statement, nil
}

func (statementResolver) Customer(ctx context.Context, s *books.Statement) (*books.Customer, error) {
	return found(pointer(ctx, requestOf(ctx).customers, s.CustomerID))
}

// Lines cuts a page out of the lines, which are all there: each knows the balance after it.
func (statementResolver) Lines(ctx context.Context, s *books.Statement, first int, after *string, reverse bool) (*view.StatementLineConnection, error) {
	q := requestOf(ctx)
	of := list[books.StatementLine]{noun: lineNoun, key: func(line *books.StatementLine) string { return line.Key }, saw: q.sawStatement}
	p := paging{first: first, after: after, reverse: reverse}
	page, err := of.page(p)
	if err != nil {
		return nil, err
	}
	lines := s.Lines
	if reverse {
		lines = slices.Clone(lines)
		slices.Reverse(lines)
	}
	if page.After != "" {
		at := slices.IndexFunc(lines, func(line books.StatementLine) bool { return line.Key == page.After })
		if at < 0 {
			return nil, &books.Error{Code: books.Invalid, Field: "after", Message: "is no cursor of this statement: its lines have changed since, or it was of another span"}
		}
		lines = lines[at+1:]
	}
	lines = lines[:min(len(lines), page.Limit)]
	of.saw(lines[:min(len(lines), first)])
	return of.connection(lines, p, func(context.Context) (int64, error) { return int64(len(s.Lines)), nil }), nil
}

func (q *request) sawStatement(lines []books.StatementLine) {
	for i := range lines {
		q.lots.expect(lines[i].LotID)
		q.purchases.expect(lines[i].PurchaseID)
		for _, use := range lines[i].Uses {
			q.meters.expect(use.MeterID)
			q.events.expect(use.EventID)
		}
	}
}

func (statementLineResolver) Deferred(_ context.Context, line *books.StatementLine) (*ledger.Amount, error) {
	return &line.Deferred.Amount, nil
}

func (statementLineResolver) FunctionalDeferred(_ context.Context, line *books.StatementLine) (*ledger.Amount, error) {
	return &line.Deferred.Functional, nil
}

func (statementLineResolver) Lot(ctx context.Context, line *books.StatementLine) (*revrec.Lot, error) {
	return found(pointer(ctx, requestOf(ctx).lots, line.LotID))
}

func (statementLineResolver) Purchase(ctx context.Context, line *books.StatementLine) (*books.Purchase, error) {
	return pointer(ctx, requestOf(ctx).purchases, line.PurchaseID)
}

func (statementLineResolver) EntryNumber(_ context.Context, line *books.StatementLine) (*int, error) {
	if line.Entry == 0 {
		return nil, nil
	}
	number := int(line.Entry)
	return &number, nil
}

func (statementLineResolver) Reason(_ context.Context, line *books.StatementLine) (*string, error) {
	return text(line.Reason), nil
}

func (statementUseResolver) Meter(ctx context.Context, use *books.StatementUse) (*books.Meter, error) {
	return pointer(ctx, requestOf(ctx).meters, use.MeterID)
}

func (statementUseResolver) Event(ctx context.Context, use *books.StatementUse) (*books.UsageEvent, error) {
	return pointer(ctx, requestOf(ctx).events, use.EventID)
}
