package store

import (
	"context"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

const outOfPeriodEntries = `WITH late AS (SELECT * FROM entries AS e WHERE ` + outOfPeriod + ` AND ?0)`

// What entries moved, and how many recognitions those of batches sum: the keys of both
// are a batch, the two dates and the kind.
const outOfPeriodParts = outOfPeriodEntries + `
	SELECT booked, happened, kind, currency, CAST(sum(entries) AS BIGINT), CAST(sum(recognitions) AS BIGINT),
		CAST(sum(debits) AS BIGINT), CAST(sum(revenue) AS BIGINT), CAST(sum(deferred) AS BIGINT),
		CAST(sum(functional_debits) AS BIGINT), CAST(sum(functional_revenue) AS BIGINT), CAST(sum(functional_deferred) AS BIGINT) FROM (
		SELECT substr(e.accounting_date, 1, 7) AS booked, substr(e.occurred_on, 1, 7) AS happened, e.kind, l.currency,
			count(DISTINCT e.number) AS entries, 0 AS recognitions,
			sum(CASE WHEN l.amount_minor > 0 THEN l.amount_minor ELSE 0 END) AS debits,
			sum(CASE WHEN l.account IN (?1) THEN -l.amount_minor ELSE 0 END) AS revenue,
			sum(CASE WHEN l.account = 'deferred_revenue' THEN -l.amount_minor ELSE 0 END) AS deferred,
			sum(CASE WHEN l.functional_minor > 0 THEN l.functional_minor ELSE 0 END) AS functional_debits,
			sum(CASE WHEN l.account IN (?1) THEN -l.functional_minor ELSE 0 END) AS functional_revenue,
			sum(CASE WHEN l.account = 'deferred_revenue' THEN -l.functional_minor ELSE 0 END) AS functional_deferred
		FROM late AS e JOIN lines AS l ON l.entry_number = e.number GROUP BY 1, 2, 3, 4
		UNION ALL SELECT substr(r.accounting_date, 1, 7), substr(r.day, 1, 7), r.kind, r.currency, 0, count(*), 0, 0, 0, 0, 0, 0
		FROM (SELECT DISTINCT batch_id, accounting_date, occurred_on, kind FROM late WHERE batch_id IS NOT NULL) AS e
		JOIN recognitions AS r ON r.batch_id = e.batch_id AND r.accounting_date = e.accounting_date AND r.day = e.occurred_on AND r.kind = e.kind
		GROUP BY 1, 2, 3, 4
	) AS parts GROUP BY booked, happened, kind, currency ORDER BY booked, happened, kind, currency`

func (t *tx) OutOfPeriod(ctx context.Context, s books.MovementSpan) ([]books.OutOfPeriodPart, int64, error) {
	const doing = "adding up what is booked out of period"
	set := within(s)[0].entries
	var parts []books.OutOfPeriodPart
	var p books.OutOfPeriodPart
	var booked, happened, kind, currency string
	var fault error
	err := t.each(ctx, doing, outOfPeriodParts, []any{set, bun.List(sideAccounts)}, []any{
		columnText{&booked}, columnText{&happened}, columnText{&kind}, columnText{&currency}, columnNumber{&p.Entries}, columnNumber{&p.Recognitions},
		columnNumber{&p.Debits}, columnNumber{&p.Revenue}, columnNumber{&p.Deferred},
		columnNumber{&p.FunctionalDebits}, columnNumber{&p.FunctionalRevenue}, columnNumber{&p.FunctionalDeferred},
	}, func() {
		if fault != nil {
			return
		}
		p.Kind, p.Currency = ledger.EntryKind(kind), ledger.Currency(currency)
		if p.BookedIn, fault = monthOf(booked); fault == nil {
			p.HappenedIn, fault = monthOf(happened)
		}
		parts = append(parts, p)
	})
	if err == nil {
		err = fault
	}
	if err != nil {
		return nil, 0, err
	}
	var number int64
	err = t.each(ctx, doing, outOfPeriodEntries+" SELECT count(*) FROM late", []any{set}, []any{columnNumber{&number}}, func() {})
	return parts, number, err
}
