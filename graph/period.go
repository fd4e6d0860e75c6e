package graph

import (
	"context"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
)

// The resolvers of periods and of what closes them.
type (
	periodResolver        struct{ *resolver }
	closingResolver       struct{}
	reopeningResolver     struct{}
	closeTaskResolver     struct{}
	closeTaskMarkResolver struct{}
)

func (r *resolver) AccountingPeriod() gen.AccountingPeriodResolver { return periodResolver{r} }
func (r *resolver) PeriodClosing() gen.PeriodClosingResolver       { return closingResolver{} }
func (r *resolver) PeriodReopening() gen.PeriodReopeningResolver   { return reopeningResolver{} }
func (r *resolver) CloseTask() gen.CloseTaskResolver               { return closeTaskResolver{} }
func (r *resolver) CloseTaskMark() gen.CloseTaskMarkResolver       { return closeTaskMarkResolver{} }

func (r queryResolver) Periods(ctx context.Context, status *books.PeriodStatus, first int, after *string, reverse bool) (*view.AccountingPeriodConnection, error) {
	q := requestOf(ctx)
	return connect(ctx, q, paging{first: first, after: after, reverse: reverse}, list[books.Period]{
		noun: periodNoun,
		key:  func(p *books.Period) string { return p.Period.String() },
		saw:  q.sawPeriods,
		checkKey: func(key string) bool {
			_, err := ledger.ParsePeriod(key)
			return err == nil
		},
	}, books.PeriodFilter{Status: value(status)}, r.books.Periods, r.books.CountPeriods)
}

func (r queryResolver) Period(ctx context.Context, period ledger.Period) (found *books.Period, err error) {
	err = requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) error {
		periods, err := r.books.Periods(tx, ctx, books.PeriodFilter{Period: period}, books.Page{Limit: 1})
		if len(periods) > 0 {
			found = &periods[0]
		}
		return err
	})
	return found, err
}

// sawPeriods expects what may be asked of the periods of a page.
func (l *loaders) sawPeriods(rows []books.Period) {
	for _, row := range rows {
		l.periodTotals.expect(row.Period)
		l.closings.expect(row.Period)
		l.reopenings.expect(row.Period)
	}
}

func (r periodResolver) total(ctx context.Context, p *books.Period) (books.PeriodTotal, error) {
	total, _, err := requestOf(ctx).periodTotals.load(ctx, p.Period)
	return total, err
}

func (r periodResolver) EntryCount(ctx context.Context, p *books.Period) (int, error) {
	total, err := r.total(ctx, p)
	return int(total.Entries), err
}

func (r periodResolver) OutOfPeriodCount(ctx context.Context, p *books.Period) (int, error) {
	total, err := r.total(ctx, p)
	return int(total.OutOfPeriod), err
}

func (r periodResolver) Debits(ctx context.Context, p *books.Period) (*ledger.Amount, error) {
	total, err := r.total(ctx, p)
	amount := ledger.Money(total.FunctionalDebits, r.books.Book().Functional)
	return &amount, err
}

func (r periodResolver) Credits(ctx context.Context, p *books.Period) (*ledger.Amount, error) {
	total, err := r.total(ctx, p)
	amount := ledger.Money(total.FunctionalCredits, r.books.Book().Functional)
	return &amount, err
}

func (periodResolver) Closings(ctx context.Context, p *books.Period) ([]books.Closing, error) {
	closings, _, err := requestOf(ctx).closings.load(ctx, p.Period)
	return orNone(closings), err
}

func (periodResolver) Reopenings(ctx context.Context, p *books.Period) ([]books.Reopening, error) {
	reopenings, _, err := requestOf(ctx).reopenings.load(ctx, p.Period)
	return orNone(reopenings), err
}

// orNone is an empty list where there is none, which is not null.
func orNone[T any](rows []T) []T {
	if rows == nil {
		return []T{}
	}
	return rows
}

func (closingResolver) Reason(_ context.Context, c *books.Closing) (*string, error) {
	return text(c.Reason), nil
}

func (reopeningResolver) ID(_ context.Context, r *books.Reopening) (string, error) {
	return reopeningNoun.id(r.ID), nil
}

func (reopeningResolver) DecidedBy(_ context.Context, r *books.Reopening) (*string, error) {
	return text(r.DecidedBy), nil
}

func (reopeningResolver) Decision(_ context.Context, r *books.Reopening) (*string, error) {
	return text(r.Decision), nil
}

func (r mutationResolver) PeriodClose(ctx context.Context, period ledger.Period, idempotencyKey string) (*gen.PeriodClosePayload, error) {
	closing, err := r.books.PeriodClose(ctx, idempotencyKey, books.ClosePeriod{Period: period})
	refusals, fault := userErrors(err, "period")
	if err != nil {
		return &gen.PeriodClosePayload{UserErrors: refusals}, fault
	}
	closed := books.Period{Period: closing.Period, Status: books.PeriodIsClosed, ClosedAt: closing.At}
	return &gen.PeriodClosePayload{Period: &closed, Closing: &closing, UserErrors: refusals}, nil
}

func (r mutationResolver) PeriodReopenPropose(ctx context.Context, period ledger.Period, input gen.PeriodReopenProposeInput, idempotencyKey string) (*gen.PeriodReopenProposePayload, error) {
	reopening, err := r.books.PeriodReopenPropose(ctx, idempotencyKey, books.ReopenPeriod{Period: period, Reason: input.Reason})
	refusals, fault := userErrors(err, "period")
	if err != nil {
		return &gen.PeriodReopenProposePayload{UserErrors: refusals}, fault
	}
	return &gen.PeriodReopenProposePayload{Reopening: &reopening, UserErrors: refusals}, nil
}

func (r mutationResolver) PeriodReopenApprove(ctx context.Context, reopeningID string, input gen.PeriodReopenDecideInput, idempotencyKey string) (*gen.PeriodReopenApprovePayload, error) {
	id, err := reopeningNoun.key("reopeningId", reopeningID)
	if err != nil {
		return &gen.PeriodReopenApprovePayload{UserErrors: invalidID(err)}, nil
	}
	reopening, err := r.books.PeriodReopenApprove(ctx, idempotencyKey, books.DecideReopening{ID: id, Reason: value(input.Reason)})
	refusals, fault := userErrors(err, "reopeningId")
	if err != nil {
		return &gen.PeriodReopenApprovePayload{UserErrors: refusals}, fault
	}
	return &gen.PeriodReopenApprovePayload{Reopening: &reopening, UserErrors: refusals}, nil
}

func (r mutationResolver) PeriodReopenReject(ctx context.Context, reopeningID string, input gen.PeriodReopenDecideInput, idempotencyKey string) (*gen.PeriodReopenRejectPayload, error) {
	id, err := reopeningNoun.key("reopeningId", reopeningID)
	if err != nil {
		return &gen.PeriodReopenRejectPayload{UserErrors: invalidID(err)}, nil
	}
	reopening, err := r.books.PeriodReopenReject(ctx, idempotencyKey, books.DecideReopening{ID: id, Reason: value(input.Reason)})
	refusals, fault := userErrors(err, "reopeningId")
	if err != nil {
		return &gen.PeriodReopenRejectPayload{UserErrors: refusals}, fault
	}
	return &gen.PeriodReopenRejectPayload{Reopening: &reopening, UserErrors: refusals}, nil
}
