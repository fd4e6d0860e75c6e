package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func lotKey(row lotKeyRow) books.LotKey { return books.LotKey(row) }

// Queues are read in the order of their index, so that a step costs the same however
// much waits behind it.
const (
	pendingLots = `SELECT customer_id, id AS lot_id FROM lots
		WHERE pending_from IS NOT NULL AND pending_from <= ? AND (customer_id, id) > (?, ?)
		ORDER BY customer_id, id LIMIT ?`
	lapsingLots = `SELECT customer_id, id AS lot_id FROM lots WHERE lapse_due IS NOT NULL AND lapse_due <= ?
		ORDER BY lapse_due, customer_id, id LIMIT ?`
	remoteLots = `SELECT customer_id, id AS lot_id FROM lots WHERE remote_due IS NOT NULL AND remote_due <= ?
		ORDER BY remote_due, customer_id, id LIMIT ?`
	lotDays = `WITH ? SELECT d.* FROM key CROSS JOIN lot_days AS d
		WHERE d.customer_id = key.customer_id AND d.lot_id = key.lot_id
		ORDER BY d.customer_id, d.lot_id, d.day`
	lotDaysWithin = `WITH ? SELECT span.at, d.day, d.drawn FROM span CROSS JOIN lot_days AS d
		WHERE d.customer_id = span.customer_id AND d.lot_id = span.lot_id AND d.day >= span.from_day AND d.day <= span.to_day`
	lotDaysAfter = `WITH ? SELECT span.at, (SELECT min(d.day) FROM lot_days AS d
		WHERE d.customer_id = span.customer_id AND d.lot_id = span.lot_id AND d.day > span.to_day) FROM span`
	drawnBefore = `WITH ? SELECT span.at, CAST(sum(d.drawn) AS BIGINT) FROM span CROSS JOIN lot_days AS d
		WHERE d.customer_id = span.customer_id AND d.lot_id = span.lot_id AND d.day < span.from_day
		GROUP BY span.at`
)

func (t *tx) PendingLots(ctx context.Context, through ledger.Date, after books.LotKey, limit int) ([]books.LotKey, error) {
	rows, err := query[lotKeyRow](ctx, t, "reading lots with use to book", pendingLots,
		date(through), cmp.Or(after.CustomerID, firstID), cmp.Or(after.LotID, firstID), limit)
	return convert(rows, lotKey), err
}

func (t *tx) LapsingLots(ctx context.Context, through ledger.Date, limit int) ([]books.LotKey, error) {
	rows, err := query[lotKeyRow](ctx, t, "reading lots that lapse", lapsingLots, date(through), limit)
	return convert(rows, lotKey), err
}

func (t *tx) RemoteLots(ctx context.Context, through ledger.Date, limit int) ([]books.LotKey, error) {
	rows, err := query[lotKeyRow](ctx, t, "reading lots whose use may be remote", remoteLots, date(through), limit)
	return convert(rows, lotKey), err
}

func (t *tx) LotDays(ctx context.Context, keys []books.LotKey) ([]books.LotDay, error) {
	rows, err := inChunks(inKeyOrder(keys), func(chunk []lotKeyRow) ([]lotDayRow, error) {
		return query[lotDayRow](ctx, t, "reading lot-days", lotDays, t.table("key", &chunk))
	})
	return convert(rows, lotDayRow.lotDay), err
}

// spanRow is a books.LotSpan in a table of a WITH clause, with its place among the spans.
// The zero day is text there, and lies before all days.
type spanRow struct {
	At         int64
	CustomerID string `bun:",type:uuid"`
	LotID      string `bun:",type:uuid"`
	FromDay    string
	ToDay      string
}

// inSpanOrder sorts spans in key order.
func inSpanOrder(spans []books.LotSpan) []spanRow {
	rows := make([]spanRow, len(spans))
	for i, s := range spans {
		rows[i] = spanRow{At: int64(i), CustomerID: s.CustomerID, LotID: s.LotID, FromDay: s.From.String(), ToDay: s.To.String()}
	}
	slices.SortFunc(rows, func(x, y spanRow) int {
		return cmp.Or(cmp.Compare(x.CustomerID, y.CustomerID), cmp.Compare(x.LotID, y.LotID), cmp.Compare(x.FromDay, y.FromDay))
	})
	return rows
}

// eachSpan reads what the statement says of the spans.
func (t *tx) eachSpan(ctx context.Context, doing, statement string, spans []books.LotSpan, targets []any, keep func()) error {
	for chunk := range slices.Chunk(inSpanOrder(spans), chunkIDs) {
		if err := t.each(ctx, doing, statement, []any{t.table("span", &chunk)}, targets, keep); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) LotDaysWithin(ctx context.Context, spans []books.LotSpan) ([][]revrec.LotDay, error) {
	days := make([][]revrec.LotDay, len(spans))
	var at int
	var day date
	var drawn revrec.Credits
	err := t.eachSpan(ctx, "reading lot-days to book", lotDaysWithin, spans, []any{&at, &day, &drawn}, func() {
		days[at] = append(days[at], revrec.LotDay{Day: ledger.Date(day), Drawn: drawn})
	})
	inOrder := func(x, y revrec.LotDay) int { return cmp.Compare(x.Day, y.Day) }
	for _, of := range days { // SQLite reads them in order, PostgreSQL as it likes
		if !slices.IsSortedFunc(of, inOrder) {
			slices.SortFunc(of, inOrder)
		}
	}
	return days, err
}

func (t *tx) LotDaysAfter(ctx context.Context, spans []books.LotSpan) ([]ledger.Date, error) {
	after := make([]ledger.Date, len(spans))
	var at int
	var day date
	err := t.eachSpan(ctx, "reading the next lot-days", lotDaysAfter, spans, []any{&at, &day}, func() { after[at] = ledger.Date(day) })
	return after, err
}

func (t *tx) DrawnBefore(ctx context.Context, spans []books.LotSpan) ([]revrec.Credits, error) {
	drawn := make([]revrec.Credits, len(spans))
	var at int
	var sum revrec.Credits
	err := t.eachSpan(ctx, "adding up what was drawn of lots", drawnBefore, spans, []any{&at, &sum}, func() { drawn[at] = sum })
	return drawn, err
}

type recognitionRow struct {
	bun.BaseModel `bun:"table:recognitions,alias:recognitions"`

	CustomerID               string // engine.noCustomer for a pool, which belongs to none
	ID                       string
	LotID                    string `bun:",nullzero"`
	PoolID                   string `bun:",nullzero"`
	PolicyID                 string
	Kind                     string
	Day                      date `bun:",type:text"`
	AccountingDate           date `bun:",type:text"`
	Credits                  int64
	Currency                 string
	AmountMinor              int64
	FunctionalCurrency       string
	FunctionalMinor          int64
	UnclaimedMinor           int64
	UnclaimedFunctionalMinor int64
	Inputs                   string // JSON
	BatchID                  string
}

func (e *engine) recognitionRowOf(r revrec.Recognition) (recognitionRow, error) {
	inputs, err := json.Marshal(r.Inputs)
	customer := r.CustomerID
	if customer == "" {
		customer = e.noCustomer
	}
	return recognitionRow{
		CustomerID: customer, ID: r.ID, LotID: r.LotID, PoolID: r.PoolID, PolicyID: r.PolicyID, Kind: string(r.Kind),
		Day: date(r.Day), AccountingDate: date(r.AccountingDate), Credits: int64(r.Credits),
		Currency: string(r.Amount.Currency), AmountMinor: r.Amount.Minor,
		FunctionalCurrency: string(r.Functional.Currency), FunctionalMinor: r.Functional.Minor,
		UnclaimedMinor: r.Unclaimed.Minor, UnclaimedFunctionalMinor: r.UnclaimedFunctional.Minor,
		Inputs: string(inputs), BatchID: r.Batch,
	}, err
}

func recognitions(rows []recognitionRow, err error) ([]revrec.Recognition, error) {
	if err != nil {
		return nil, err
	}
	found := make([]revrec.Recognition, len(rows))
	for i, row := range rows {
		contract := func(minor int64) ledger.Amount { return ledger.Money(minor, ledger.Currency(row.Currency)) }
		functional := func(minor int64) ledger.Amount { return ledger.Money(minor, ledger.Currency(row.FunctionalCurrency)) }
		if row.PoolID != "" {
			row.CustomerID = ""
		}
		found[i] = revrec.Recognition{
			CustomerID: row.CustomerID, ID: row.ID, LotID: row.LotID, PoolID: row.PoolID, PolicyID: row.PolicyID, Kind: revrec.Kind(row.Kind),
			Day: ledger.Date(row.Day), AccountingDate: ledger.Date(row.AccountingDate), Credits: revrec.Credits(row.Credits),
			Amount: contract(row.AmountMinor), Functional: functional(row.FunctionalMinor),
			Unclaimed: contract(row.UnclaimedMinor), UnclaimedFunctional: functional(row.UnclaimedFunctionalMinor),
			Batch: row.BatchID,
		}
		if err := json.Unmarshal([]byte(row.Inputs), &found[i].Inputs); err != nil {
			return nil, fmt.Errorf("reading the inputs of recognition %s: %w", row.ID, err)
		}
	}
	return found, nil
}

func (t *tx) InsertRecognitions(ctx context.Context, recognitions []revrec.Recognition) error {
	rows := make([]recognitionRow, len(recognitions))
	for i, r := range recognitions {
		var err error
		if rows[i], err = t.recognitionRowOf(r); err != nil {
			return fmt.Errorf("writing the inputs of recognition %s: %w", r.ID, err)
		}
	}
	return insert(ctx, t, "keeping recognitions", rows)
}

// bookedRow is of a lot or of a pool.
type bookedRow struct {
	LotID                    string
	PoolID                   string
	Day                      date
	Kind                     string
	Credits                  int64
	AmountMinor              int64
	FunctionalMinor          int64
	UnclaimedMinor           int64
	UnclaimedFunctionalMinor int64
}

func bookedBy(rows []bookedRow, key func(*bookedRow) string) map[string]revrec.Booked {
	booked := map[string]revrec.Booked{}
	for i := range rows {
		row := &rows[i]
		of := booked[key(row)]
		if of == nil {
			of = revrec.Booked{}
			booked[key(row)] = of
		}
		of[revrec.BookedKey{Day: ledger.Date(row.Day), Kind: revrec.Kind(row.Kind)}] = revrec.BookedSum{
			Credits: revrec.Credits(row.Credits), Minor: row.AmountMinor, Functional: row.FunctionalMinor,
			Unclaimed: row.UnclaimedMinor, UnclaimedFunctional: row.UnclaimedFunctionalMinor,
		}
	}
	return booked
}

const bookedSums = `CAST(sum(r.credits) AS BIGINT) AS credits, CAST(sum(r.amount_minor) AS BIGINT) AS amount_minor,
	CAST(sum(r.functional_minor) AS BIGINT) AS functional_minor, CAST(sum(r.unclaimed_minor) AS BIGINT) AS unclaimed_minor,
	CAST(sum(r.unclaimed_functional_minor) AS BIGINT) AS unclaimed_functional_minor`

const (
	bookedOfLots = `WITH ? SELECT r.lot_id, r.day, r.kind, ` + bookedSums + `
		FROM span CROSS JOIN recognitions AS r
		WHERE r.customer_id = span.customer_id AND r.lot_id = span.lot_id AND r.lot_id IS NOT NULL
		AND r.day >= span.from_day AND r.day <= span.to_day?
		GROUP BY r.lot_id, r.day, r.kind`
	ofKinds = " AND r.kind IN (?)"
)

// fromDay is a day to compare with: the zero day lies before all days.
func fromDay(d ledger.Date) string { return d.String() }

func (t *tx) BookedOfLots(ctx context.Context, spans []books.LotSpan, kinds ...revrec.Kind) (map[string]revrec.Booked, error) {
	narrow := bun.SafeQuery("")
	if len(kinds) > 0 {
		narrow = bun.SafeQuery(ofKinds, bun.List(convert(kinds, func(k revrec.Kind) string { return string(k) })))
	}
	rows, err := inChunks(inSpanOrder(spans), func(chunk []spanRow) ([]bookedRow, error) {
		return query[bookedRow](ctx, t, "adding up what is booked of lots", bookedOfLots, t.table("span", &chunk), narrow)
	})
	return bookedBy(rows, func(row *bookedRow) string { return row.LotID }), err
}

const bookedOfPools = `WITH ? SELECT r.pool_id, r.day, r.kind, ` + bookedSums + `
	FROM since CROSS JOIN recognitions AS r
	WHERE r.pool_id = since.pool_id AND r.pool_id IS NOT NULL AND r.day >= since.from_day GROUP BY r.pool_id, r.day, r.kind`

func (t *tx) BookedOfPools(ctx context.Context, pools []books.PoolWork) (map[string]revrec.Booked, error) {
	rows, err := inChunks(convert(pools, poolSince), func(chunk []poolSinceRow) ([]bookedRow, error) {
		return query[bookedRow](ctx, t, "adding up what is booked of pools", bookedOfPools, t.table("since", &chunk))
	})
	return bookedBy(rows, func(row *bookedRow) string { return row.PoolID }), err
}

func (t *tx) RecognitionsByID(ctx context.Context, ids []string) ([]revrec.Recognition, error) {
	return recognitions(byColumn[recognitionRow](ctx, t, "reading recognitions", "id", ids))
}

// recognitionOrders: that of days goes by the index recognitions_accounting; that of
// amounts has none, and is for the recognitions of one customer.
var recognitionOrders = orders{
	books.ByAccountingDate: {expression: "accounting_date", text: true},
	books.ByAmount:         {expression: "functional_minor"},
}

func (t *tx) Recognitions(ctx context.Context, filter books.RecognitionFilter, page books.Page) ([]revrec.Recognition, error) {
	place, err := recognitionOrders.by(page, byID(page))
	if err != nil {
		return nil, err
	}
	narrow, err := t.ofRecognitions(ctx, filter)
	if err != nil {
		return nil, err
	}
	return recognitions(list[recognitionRow](ctx, t, "listing recognitions", func(q *bun.SelectQuery) *bun.SelectQuery {
		return place.on(narrow(q))
	}))
}

func (t *tx) CountRecognitions(ctx context.Context, filter books.RecognitionFilter) (int64, error) {
	narrow, err := t.ofRecognitions(ctx, filter)
	if err != nil {
		return 0, err
	}
	return count[recognitionRow](ctx, t, "counting recognitions", narrow)
}

func (t *tx) recognitionsBelow(ctx context.Context, doing string, of []books.RecognitionFilter) (below[recognitionRow], error) {
	keys := keysOf(of)
	keys.byID("customer_id", func(f *books.RecognitionFilter) *string { return &f.CustomerID })
	keys.byID("lot_id", func(f *books.RecognitionFilter) *string { return &f.LotID })
	keys.byID("pool_id", func(f *books.RecognitionFilter) *string { return &f.PoolID })
	keys.byID("policy_id", func(f *books.RecognitionFilter) *string { return &f.PolicyID })
	if of[0].Entry != 0 {
		sums, err := t.summedBy(ctx, of)
		if err != nil {
			return below[recognitionRow]{}, err
		}
		for _, part := range []struct {
			where string
			value func(entryRow) any
		}{
			{"batch_id = ?", func(e entryRow) any { return rowID(cmp.Or(e.BatchID, noID)) }},
			{"accounting_date = ?", func(e entryRow) any { return e.AccountingDate }},
			{"day = ?", func(e entryRow) any { return e.OccurredOn }},
			{"kind = ?", func(e entryRow) any { return e.Kind }},
			{"currency = ?", func(e entryRow) any { return e.Currency }},
			{"policy_id = (SELECT p.id FROM policies AS p WHERE p.code = ?)", func(e entryRow) any { return e.Policy }},
		} {
			keys.by(part.where, true, func(f *books.RecognitionFilter) any { return part.value(sums[f.Entry]) }, func(f *books.RecognitionFilter) { f.Entry = 0 })
		}
	}
	narrow, err := t.ofRecognitions(ctx, keys.shared)
	return below[recognitionRow]{doing, keys.keys, keys.where, "rowid", narrow}, err
}

// summedBy returns the entries of the filters, by number.
func (t *tx) summedBy(ctx context.Context, of []books.RecognitionFilter) (map[int64]entryRow, error) {
	rows, err := byNumber(ctx, t, convert(of, func(f books.RecognitionFilter) int64 { return f.Entry }))
	sums := make(map[int64]entryRow, len(rows))
	for _, row := range rows {
		sums[row.Number] = row
	}
	return sums, err
}

func (t *tx) RecognitionsBelow(ctx context.Context, of []books.RecognitionFilter, page books.Page) ([][]revrec.Recognition, error) {
	place, err := recognitionOrders.by(page, byID(page))
	if err != nil {
		return nil, err
	}
	lists, err := t.recognitionsBelow(ctx, "listing recognitions below many", of)
	if err != nil {
		return nil, err
	}
	return pages(ctx, t, lists, place, func(rows []recognitionRow) ([]revrec.Recognition, error) { return recognitions(rows, nil) })
}

func (t *tx) CountRecognitionsBelow(ctx context.Context, of []books.RecognitionFilter) ([]int64, error) {
	lists, err := t.recognitionsBelow(ctx, "counting recognitions below many", of)
	if err != nil {
		return nil, err
	}
	return counts(ctx, t, lists)
}

// ofRecognitions narrows a query. A lot's customer and an entry's batch are looked up
// first, for the keys begin with them.
func (t *tx) ofRecognitions(ctx context.Context, filter books.RecognitionFilter) (func(*bun.SelectQuery) *bun.SelectQuery, error) {
	var entry *entryRow
	if filter.Entry != 0 {
		rows, err := byNumber(ctx, t, []int64{filter.Entry})
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 || rows[0].BatchID == "" { // no such entry, or one that an act made: it sums nothing
			return func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("1 = 0") }, nil
		}
		entry = &rows[0]
	}
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		if filter.LotID != "" {
			if filter.CustomerID == "" {
				q = q.Where("customer_id = (SELECT l.customer_id FROM lots AS l WHERE l.id = ?)", rowID(filter.LotID))
			}
			q = whereID(q, "lot_id", filter.LotID)
		}
		q = whereID(q, "customer_id", filter.CustomerID)
		q = whereID(q, "pool_id", filter.PoolID)
		q = whereID(q, "policy_id", filter.PolicyID)
		q = whereEqual(q, "kind", string(filter.Kind))
		q = whereOneOf(q, "kind", filter.Kinds)
		q = whereEqual(q, "currency", string(filter.Currency))
		q = whereDays(q, "accounting_date", filter.From, filter.To)
		if entry != nil {
			q = q.Where("batch_id = ?", entry.BatchID).Where("accounting_date = ?", entry.AccountingDate).Where("day = ?", entry.OccurredOn).
				Where("kind = ?", entry.Kind).Where("currency = ?", entry.Currency).
				Where("policy_id = (SELECT p.id FROM policies AS p WHERE p.code = ?)", entry.Policy)
		}
		return q
	}, nil
}

// whereDays narrows a query to days from from to to, both included; zero is open.
func whereDays(q *bun.SelectQuery, column string, from, to ledger.Date) *bun.SelectQuery {
	if from != 0 {
		q = q.Where("? >= ?", bun.Ident(column), date(from))
	}
	if to != 0 {
		q = q.Where("? <= ?", bun.Ident(column), date(to))
	}
	return q
}

type batchRow struct {
	bun.BaseModel `bun:"table:batches,alias:batches"`

	ID        string
	CreatedAt instant `bun:"created_at_us,type:bigint"`
	PostedAt  instant `bun:"posted_at_us,type:bigint"`
}

func (t *tx) OpenBatch(ctx context.Context, id string, at time.Time) (books.Batch, error) {
	rows, err := query[batchRow](ctx, t, "reading the open batch", "SELECT * FROM batches WHERE posted_at_us IS NULL"+t.holding("batches"))
	if err != nil {
		return books.Batch{}, err
	}
	if len(rows) == 0 {
		rows = []batchRow{{ID: id, CreatedAt: instantOf(at)}}
		if err := insert(ctx, t, "opening a batch", rows); err != nil {
			return books.Batch{}, err
		}
	}
	return books.Batch{ID: rows[0].ID, CreatedAt: rows[0].CreatedAt.time(), PostedAt: rows[0].PostedAt.time()}, nil
}

type batchSumRow struct {
	AccountingDate           date
	Day                      date
	Kind                     string
	PolicyID                 string
	Currency                 string
	Count                    int64
	Credits                  int64
	AmountMinor              int64
	FunctionalMinor          int64
	UnclaimedMinor           int64
	UnclaimedFunctionalMinor int64
}

const sumBatch = `SELECT r.accounting_date, r.day, r.kind, r.policy_id, r.currency, count(*) AS count, ` + bookedSums + `
	FROM recognitions AS r WHERE r.batch_id = ?
	GROUP BY r.accounting_date, r.day, r.kind, r.currency, r.policy_id
	ORDER BY r.accounting_date, r.day, r.kind, r.currency, r.policy_id`

const countBatch = "SELECT count(*) FROM recognitions AS r WHERE r.batch_id = ?"

func (t *tx) CountBatch(ctx context.Context, batchID string) (n int64, err error) {
	err = t.each(ctx, "counting a batch", countBatch, []any{batchID}, []any{&n}, func() {})
	return n, err
}

func (t *tx) SumBatch(ctx context.Context, batchID string) ([]books.BatchSum, error) {
	rows, err := query[batchSumRow](ctx, t, "adding up a batch", sumBatch, batchID)
	return convert(rows, func(row batchSumRow) books.BatchSum {
		return books.BatchSum{
			Day: ledger.Date(row.Day), AccountingDate: ledger.Date(row.AccountingDate), Kind: revrec.Kind(row.Kind),
			PolicyID: row.PolicyID, Currency: ledger.Currency(row.Currency), Count: row.Count, Credits: revrec.Credits(row.Credits),
			Minor: row.AmountMinor, Functional: row.FunctionalMinor,
			Unclaimed: row.UnclaimedMinor, UnclaimedFunctional: row.UnclaimedFunctionalMinor,
		}
	}), err
}

// CloseBatch marks the open batch posted. Errors: NOT_FOUND where it is not open.
func (t *tx) CloseBatch(ctx context.Context, batchID string, at time.Time) error {
	touched, err := t.exec(ctx, "closing a batch", "UPDATE batches SET posted_at_us = ? WHERE id = ? AND posted_at_us IS NULL", instantOf(at), batchID)
	return wroteOne("open batch", batchID, touched, err)
}
