package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// What is held against each other before a period closes. Each is one statement, and sees
// one moment of the book however others write.

func (t *tx) LateUsageOpen(ctx context.Context, after, through, now time.Time) (lots int64, until time.Time, err error) {
	if err := t.freshen(ctx); err != nil { // here the checks begin that read much
		return 0, until, err
	}
	var last instant
	err = t.each(ctx, "reading which lots accept late use", "SELECT count(*), max(accepts_until_us) FROM lots WHERE expires_at_us > ? AND expires_at_us <= ? AND accepts_until_us > ? AND "+t.hasUnused,
		[]any{instantOf(after), instantOf(through), instantOf(now)}, []any{&lots, &last}, func() { until = last.time() })
	return lots, until, err
}

func (t *tx) CountUnposted(ctx context.Context, through ledger.Date) (n int64, err error) {
	err = t.each(ctx, "counting what waits to be posted", `SELECT count(*) FROM batches AS b CROSS JOIN recognitions AS r
		WHERE b.posted_at_us IS NULL AND r.batch_id = b.id AND r.accounting_date <= ?`, []any{date(through)}, []any{&n}, func() {})
	return n, err
}

func (t *tx) ProposalsBy(ctx context.Context, through ledger.Date) ([]books.Proposal, error) {
	return proposals(list[proposalRow](ctx, t, "reading proposed estimates", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("status = ?", string(books.EstimateProposed)).Where("in_force_from <= ?", date(through)).Order("in_force_from", "id")
	}))
}

const periodLines = `SELECT account, currency, CAST(sum(debit) AS BIGINT), CAST(sum(credit) AS BIGINT), CAST(sum(functional_debit) AS BIGINT), CAST(sum(functional_credit) AS BIGINT),
		CAST(sum(kept_debit) AS BIGINT), CAST(sum(kept_credit) AS BIGINT), CAST(sum(kept_functional_debit) AS BIGINT), CAST(sum(kept_functional_credit) AS BIGINT) FROM (
	SELECT n.account, n.currency,
		CASE WHEN n.amount_minor > 0 THEN n.amount_minor ELSE 0 END AS debit,
		CASE WHEN n.amount_minor < 0 THEN -n.amount_minor ELSE 0 END AS credit,
		CASE WHEN n.functional_minor > 0 THEN n.functional_minor ELSE 0 END AS functional_debit,
		CASE WHEN n.functional_minor < 0 THEN -n.functional_minor ELSE 0 END AS functional_credit,
		0 AS kept_debit, 0 AS kept_credit, 0 AS kept_functional_debit, 0 AS kept_functional_credit
		FROM entries AS e CROSS JOIN lines AS n WHERE n.entry_number = e.number AND e.accounting_date >= ?0 AND e.accounting_date <= ?1
	UNION ALL SELECT account, currency, 0, 0, 0, 0, debit_minor, credit_minor, functional_debit_minor, functional_credit_minor FROM account_periods WHERE period = ?2
	) AS moved GROUP BY account, currency ORDER BY account, currency`

func (t *tx) PeriodLines(ctx context.Context, period ledger.Period) (all []books.LinesAndBalance, err error) {
	var row books.LinesAndBalance
	targets := []any{
		&row.Account, &row.Currency, &row.Debits, &row.Credits, &row.FunctionalDebits, &row.FunctionalCredits,
		&row.KeptDebits, &row.KeptCredits, &row.KeptFunctionalDebits, &row.KeptFunctionalCredits,
	}
	err = t.each(ctx, "adding up the lines of a period", periodLines, []any{date(period.First()), date(period.Last()), month(period)}, targets, func() { all = append(all, row) })
	return all, err
}

// receipts counts, of the entries e and lines n of a purchase, those by which its liability
// appeared; ofDeferred adds up what they credited it with.
const (
	receipts   = "count(DISTINCT CASE WHEN e.kind IN ('PURCHASE', 'DUE') OR (e.kind = 'PAYMENT' AND n.account IN ('deferred_revenue', 'tax_payable')) THEN e.number END)"
	ofDeferred = "-sum(CASE WHEN n.account = 'deferred_revenue' AND e.kind NOT IN ('REFUND', 'VOID', 'DISPUTE') THEN n.%s ELSE 0 END)"
)

// furtherReceipts counts those of a purchase p beyond the first: where parts of it were paid
// ahead of its due day, each brought a part of the liability, and the due day the rest.
const furtherReceipts = `(SELECT CASE WHEN count(*) = 0 THEN 0 WHEN p.due_booked THEN count(*) ELSE count(*) - 1 END
		FROM payments AS m WHERE m.customer_id = p.customer_id AND m.purchase_id = p.id AND m.ahead)`

var purchasesBooked = `SELECT currency, count(*), CAST(coalesce(sum(receipts), 0) AS BIGINT), CAST(sum(price_minor) AS BIGINT), CAST(coalesce(sum(deferred), 0) AS BIGINT),
		CAST(sum(functional_minor) AS BIGINT), CAST(coalesce(sum(deferred_functional), 0) AS BIGINT) FROM (
	SELECT p.currency, p.price_minor, p.functional_minor, ` + receipts + ` - ` + furtherReceipts + ` AS receipts,
		` + fmt.Sprintf(ofDeferred, "amount_minor") + ` AS deferred, ` + fmt.Sprintf(ofDeferred, "functional_minor") + ` AS deferred_functional
		FROM purchases AS p LEFT JOIN entries AS e ON e.reference = CAST(p.id AS TEXT) LEFT JOIN lines AS n ON n.entry_number = e.number
		WHERE p.purchased_at_us >= ?0 AND p.purchased_at_us < ?1 AND ` + receivedPurchase + ` AND p.price_minor + p.tax_minor > 0
		GROUP BY p.customer_id, p.id, p.currency, p.price_minor, p.functional_minor, p.due_booked
	) AS of_purchase GROUP BY currency ORDER BY currency`

func (t *tx) PurchasesBooked(ctx context.Context, from, before time.Time) (all []books.PurchasesBooked, err error) {
	var row books.PurchasesBooked
	targets := []any{&row.Currency, &row.Purchases, &row.Entries, &row.Price, &row.Deferred, &row.Functional, &row.DeferredOwn}
	err = t.each(ctx, "accounting for purchases", purchasesBooked, []any{instantOf(from), instantOf(before)}, targets, func() { all = append(all, row) })
	return all, err
}

const openingsBooked = `SELECT currency, CAST(sum(purchases) AS BIGINT), CAST(count(DISTINCT number) AS BIGINT), CAST(sum(price) AS BIGINT), CAST(sum(deferred) AS BIGINT),
		CAST(sum(functional) AS BIGINT), CAST(sum(deferred_functional) AS BIGINT) FROM (
	SELECT currency, 1 AS purchases, NULL AS number, price_minor AS price, functional_minor AS functional, 0 AS deferred, 0 AS deferred_functional
		FROM purchases WHERE opening_on >= ?0 AND opening_on <= ?1
	UNION ALL SELECT n.currency, 0, e.number, 0, 0, -n.amount_minor, -n.functional_minor
		FROM entries AS e JOIN lines AS n ON n.entry_number = e.number
		WHERE e.kind = 'OPENING' AND n.account = 'deferred_revenue' AND e.accounting_date >= ?0 AND e.accounting_date <= ?1
	) AS opening GROUP BY currency ORDER BY currency`

func (t *tx) OpeningsBooked(ctx context.Context, from, to ledger.Date) (all []books.PurchasesBooked, err error) {
	var row books.PurchasesBooked
	targets := []any{&row.Currency, &row.Purchases, &row.Entries, &row.Price, &row.Deferred, &row.Functional, &row.DeferredOwn}
	err = t.each(ctx, "accounting for what was taken over", openingsBooked, []any{date(from), date(to)}, targets, func() { all = append(all, row) })
	return all, err
}

const usageAccounted = `SELECT u.events, u.undrawn, u.draws, u.credits, u.drawn, l.drawn, r.booked FROM
	(SELECT count(*) AS events, CAST(coalesce(sum(CASE WHEN credits <> drawn THEN 1 ELSE 0 END), 0) AS BIGINT) AS undrawn, CAST(coalesce(sum(draws), 0) AS BIGINT) AS draws,
			CAST(coalesce(sum(credits), 0) AS BIGINT) AS credits, CAST(coalesce(sum(drawn), 0) AS BIGINT) AS drawn
		FROM (SELECT e.credits, count(d.credits) AS draws, coalesce(sum(d.credits), 0) AS drawn FROM usage_events AS e
			LEFT JOIN draws AS d ON d.customer_id = e.customer_id AND d.event_id = e.id
			WHERE %[1]se.id >= ?0 AND e.occurred_at_us >= ?1 AND e.occurred_at_us < ?2 GROUP BY e.customer_id, e.id, e.credits) AS of_event) AS u
	CROSS JOIN (SELECT CAST(coalesce(sum(drawn), 0) AS BIGINT) AS drawn FROM lot_days%[2]s WHERE day >= ?3 AND day <= ?4) AS l
	CROSS JOIN (SELECT CAST(coalesce(sum(credits), 0) AS BIGINT) AS booked FROM recognitions%[3]s
		WHERE accounting_date >= ?3 AND day >= ?3 AND day <= ?4 AND kind IN ('USAGE', 'USAGE_UNBILLED', 'OVERAGE')) AS r`

// wideUsage and narrowUsage say how SQLite is to read: all rows as they lie, or by indexes those
// of the days, of which each is looked up where it lies. A row that is looked up costs some five
// times what it costs to be passed by, and the planner, whose figures are the migration's, does
// not know how many there are.
var (
	wideUsage   = fmt.Sprintf(usageAccounted, "+", " NOT INDEXED", " NOT INDEXED")
	narrowUsage = fmt.Sprintf(usageAccounted, "", " INDEXED BY lot_days_day", " INDEXED BY recognitions_accounting")
	plainUsage  = fmt.Sprintf(usageAccounted, "", "", "")
)

// wideFrom is of how many probes in 64 the rows of the days are so many that all are read.
const wideFrom = 16

// usageFrom returns how the use of days from one on is read.
func (t *tx) usageFrom(ctx context.Context, from ledger.Date) (string, error) {
	if t.recentRows == "" {
		return plainUsage, nil
	}
	var recent int64
	err := t.scan(ctx, "looking where recognitions lie", t.recentRows, []any{from.String()}, []any{&recent}, func() {})
	if recent >= wideFrom {
		return wideUsage, err
	}
	return narrowUsage, err
}

// freshen has what reads much begin with an empty cache. All connections of a process to SQLite
// share one cache, as large as what each may have: once it is full, a connection that has less
// than its part, because others took of it, keeps no page at all.
func (t *tx) freshen(ctx context.Context) error {
	if t.freshCache == "" {
		return nil
	}
	_, err := t.db.Tx.ExecContext(ctx, t.freshCache)
	return t.refused("emptying the cache", err)
}

func (t *tx) UsageAccounted(ctx context.Context, from, to ledger.Date, start, end time.Time, fromID string) (u books.UsageAccounted, err error) {
	statement, err := t.usageFrom(ctx, from)
	if err != nil {
		return u, err
	}
	return t.usageBy(ctx, statement, from, to, start, end, fromID)
}

func (t *tx) usageBy(ctx context.Context, statement string, from, to ledger.Date, start, end time.Time, fromID string) (u books.UsageAccounted, err error) {
	if fromID == "" {
		fromID = firstID
	}
	err = t.each(ctx, "accounting for use", statement, []any{rowID(fromID), instantOf(start), instantOf(end), date(from), date(to)},
		[]any{&u.Events, &u.Undrawn, &u.Draws, &u.OfEvents, &u.OfDraws, &u.OfLotDays, &u.Booked}, func() {})
	return u, err
}

type reopeningRow struct {
	bun.BaseModel `bun:"table:period_reopens,alias:period_reopens"`

	ID        string
	Period    string
	Reason    string
	Status    string
	Proposer  string  // a JSON object
	CreatedAt instant `bun:"created_at_us,type:bigint"`
	DecidedBy string  `bun:",nullzero"`
	DecidedAt instant `bun:"decided_at_us,type:bigint"`
	Decision  string  `bun:",nullzero"`
}

func (row reopeningRow) reopening() (books.Reopening, error) {
	r := books.Reopening{
		ID: row.ID, Reason: row.Reason, Status: books.ReopeningStatus(row.Status), CreatedAt: row.CreatedAt.time(),
		DecidedBy: row.DecidedBy, DecidedAt: row.DecidedAt.time(), Decision: row.Decision,
	}
	period, err := monthOf(row.Period)
	if err == nil {
		r.Period = period
		err = json.Unmarshal([]byte(row.Proposer), &r.Proposer)
	}
	return r, err
}

func reopenings(rows []reopeningRow, err error) ([]books.Reopening, error) {
	if err != nil {
		return nil, err
	}
	found := make([]books.Reopening, len(rows))
	for i, row := range rows {
		if found[i], err = row.reopening(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (t *tx) InsertReopening(ctx context.Context, r books.Reopening) error {
	proposer, err := json.Marshal(r.Proposer)
	if err != nil {
		return err
	}
	return insert(ctx, t, "keeping a proposed reopening", []reopeningRow{{
		ID: r.ID, Period: month(r.Period), Reason: r.Reason, Status: string(r.Status), Proposer: string(proposer), CreatedAt: instantOf(r.CreatedAt),
	}})
}

func (t *tx) LockReopening(ctx context.Context, id string) (books.Reopening, error) {
	found, err := reopenings(query[reopeningRow](ctx, t, "holding a proposed reopening",
		"SELECT * FROM period_reopens WHERE id = ?"+t.holding("period_reopens"), rowID(id)))
	if err == nil && len(found) == 0 {
		err = notFound("reopening", id)
	}
	if err != nil {
		return books.Reopening{}, err
	}
	return found[0], nil
}

func (t *tx) DecideReopening(ctx context.Context, r books.Reopening) error {
	touched, err := t.exec(ctx, "deciding about a reopening",
		"UPDATE period_reopens SET status = ?, decided_by = ?, decided_at_us = ?, decision = ? WHERE id = ?",
		string(r.Status), r.DecidedBy, instantOf(r.DecidedAt), r.Decision, rowID(r.ID))
	return wroteOne("reopening", r.ID, touched, err)
}

func (t *tx) Reopenings(ctx context.Context, periods []ledger.Period) ([]books.Reopening, error) {
	return reopenings(inChunks(periods, func(chunk []ledger.Period) ([]reopeningRow, error) {
		return list[reopeningRow](ctx, t, "reading reopenings", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("period IN (?)", bun.List(convert(chunk, month))).Order("period", "id")
		})
	}))
}
