package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
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
		columnText{&booked},
		columnText{&happened},
		columnText{&kind},
		columnText{&currency},
		columnNumber{&p.Entries},
		columnNumber{&p.Recognitions},
		columnNumber{&p.Debits},
		columnNumber{&p.Revenue},
		columnNumber{&p.Deferred},
		columnNumber{&p.FunctionalDebits},
		columnNumber{&p.FunctionalRevenue},
		columnNumber{&p.FunctionalDeferred},
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

// What drew on days of lots, by when the events arrived, and before it what was posted of the day of the
// lot. An event that drew on several lots counts on the first of them.
const cutOffParts = `WITH slice (day, n, from_us, before_us) AS (VALUES ?0)
	SELECT customer, lot_id, day, n, void, CAST(events AS BIGINT), CAST(credits AS BIGINT), currency, CAST(minor AS BIGINT), CAST(functional AS BIGINT) FROM (
		SELECT d.customer_id AS customer, d.lot_id, d.day, s.n, CASE WHEN e.void_of IS NULL THEN 0 ELSE 1 END AS void,
			sum(CASE WHEN EXISTS (SELECT 1 FROM draws AS x WHERE x.customer_id = w.customer_id AND x.event_id = w.event_id AND x.lot_id < w.lot_id) THEN 0 ELSE 1 END) AS events,
			sum(w.credits) AS credits, '' AS currency, 0 AS minor, 0 AS functional
		FROM lot_days AS d JOIN draws AS w ON w.customer_id = d.customer_id AND w.lot_id = d.lot_id AND w.day = d.day
		JOIN usage_events AS e ON e.customer_id = w.customer_id AND e.id = w.event_id
		JOIN slice AS s ON s.day = d.day AND e.recorded_at_us >= s.from_us AND e.recorded_at_us < s.before_us
		WHERE d.day >= ?1 AND d.day <= ?2 GROUP BY 1, 2, 3, 4, 5
		UNION ALL SELECT r.customer_id, r.lot_id, r.day, -1, 0, 0, sum(r.credits), r.currency, sum(r.amount_minor), sum(r.functional_minor)
		FROM recognitions AS r JOIN batches AS b ON b.id = r.batch_id
		WHERE r.accounting_date >= ?1 AND r.day >= ?1 AND r.day <= ?2 AND r.lot_id IS NOT NULL AND r.kind IN (?3) AND b.posted_at_us <= ?4
		GROUP BY r.customer_id, r.lot_id, r.day, r.currency
	) AS parts ORDER BY customer, lot_id, day, n, void`

func (t *tx) EachCutOff(ctx context.Context, s books.MovementSpan, slices []books.CutOffSlice, yield func(books.CutOffPart)) error {
	var values strings.Builder
	for i, of := range slices {
		if i > 0 {
			values.WriteString(", ")
		}
		fmt.Fprintf(&values, "('%s', %d, %d, %d)", of.Day, i, of.From.UnixMicro(), of.Before.UnixMicro())
	}
	var customer, lot, currency string
	var day date
	var n, void int64
	var p books.CutOffPart
	var credits int64
	return t.each(ctx, "setting days of use against days of arrival", cutOffParts, []any{
		bun.Safe(values.String()), date(s.From), date(s.To), bun.List(usedKinds), instantOf(s.AsOf),
	}, []any{
		columnText{&customer},
		columnText{&lot},
		&day,
		columnNumber{&n},
		columnNumber{&void},
		columnNumber{&p.Events},
		columnNumber{&credits},
		columnText{&currency},
		columnNumber{&p.Minor},
		columnNumber{&p.Functional},
	}, func() {
		p.LotID, p.Day, p.Slice, p.Void, p.Credits, p.Currency = lot, ledger.Date(day), int(n), void == 1, revrec.Credits(credits), ledger.Currency(currency)
		yield(p)
	})
}
