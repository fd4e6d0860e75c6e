package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
	"drawdown/revrec/estimate"
)

type cohortRow struct {
	bun.BaseModel `bun:"table:cohorts,alias:cohorts"`

	ID       string `bun:",type:uuid"`
	PolicyID string `bun:",type:uuid"`
	Month    string
	PackID   string // "" for none
	Currency string
	Segment  string
	Opened   int64 `bun:",type:bigint"`
	Sold     int64 `bun:",type:bigint"`
}

func cohortRowOf(c books.Cohort) cohortRow {
	row := cohortRow{
		ID: c.ID, PolicyID: c.PolicyID, Month: c.Month.String(), PackID: c.PackID, Currency: string(c.Currency),
		Segment: c.Segment, Sold: int64(c.Sold),
	}
	if c.Opened {
		row.Opened = 1
	}
	return row
}

// key is the row without its id and what was sold.
func (row cohortRow) key() cohortRow {
	row.ID, row.Sold = "", 0
	return row
}

func (row cohortRow) compare(other cohortRow) int {
	return cmp.Or(cmp.Compare(row.PolicyID, other.PolicyID), cmp.Compare(row.Month, other.Month), cmp.Compare(row.PackID, other.PackID),
		cmp.Compare(row.Currency, other.Currency), cmp.Compare(row.Segment, other.Segment), cmp.Compare(row.Opened, other.Opened))
}

func cohorts(rows []cohortRow, err error) ([]books.Cohort, error) {
	if err != nil {
		return nil, err
	}
	found := make([]books.Cohort, len(rows))
	for i, row := range rows {
		month, err := monthOf(row.Month)
		if err != nil {
			return nil, err
		}
		found[i] = books.Cohort{
			ID: row.ID, PolicyID: row.PolicyID, Month: month, PackID: row.PackID, Currency: ledger.Currency(row.Currency),
			Segment: row.Segment, Opened: row.Opened == 1, Sold: revrec.Credits(row.Sold),
		}
	}
	return found, nil
}

const addToCohorts = `WITH ? INSERT INTO cohorts (id, policy_id, month, pack_id, currency, segment, opened, sold)
	SELECT new.id, new.policy_id, new.month, new.pack_id, new.currency, new.segment, new.opened, new.sold FROM new WHERE true
	ON CONFLICT (policy_id, month, pack_id, currency, segment, opened) DO UPDATE SET sold = cohorts.sold + EXCLUDED.sold
	RETURNING id, policy_id, month, pack_id, currency, segment, opened, sold`

// AddToCohorts writes cohorts in the order of their key: what two transactions write, they
// write in one order.
func (t *tx) AddToCohorts(ctx context.Context, move books.Move, sold []books.Cohort) ([]books.Cohort, error) {
	if t.readOnly {
		return nil, errReadOnly
	}
	sums := map[cohortRow]int{} // by key, the place in rows
	var rows []cohortRow
	for _, c := range sold {
		row := cohortRowOf(c)
		if at, met := sums[row.key()]; met {
			rows[at].Sold += row.Sold
			continue
		}
		sums[row.key()] = len(rows)
		rows = append(rows, row)
	}
	slices.SortFunc(rows, cohortRow.compare)
	kept, err := inChunks(rows, func(chunk []cohortRow) ([]cohortRow, error) {
		return query[cohortRow](ctx, t, "adding to cohorts", addToCohorts, t.table("new", &chunk))
	})
	if err != nil {
		return nil, err
	}
	found, err := cohorts(kept, nil)
	if err != nil {
		return nil, err
	}
	soldOf := make(map[cohortRow]int64, len(rows))
	for _, row := range rows {
		soldOf[row.key()] = row.Sold
	}
	byKey := make(map[cohortRow]books.Cohort, len(found))
	moves := make([]cohortMoveRow, len(found))
	for i, c := range found {
		byKey[kept[i].key()] = c
		moves[i] = cohortMoveOf(move, cohortMonthRow{CohortID: kept[i].ID, Month: kept[i].Month})
		moves[i].Sold = soldOf[kept[i].key()]
	}
	if err := insert(ctx, t, "keeping what was sold", moves); err != nil {
		return nil, err
	}
	return convert(sold, func(c books.Cohort) books.Cohort { return byKey[cohortRowOf(c).key()] }), nil
}

type cohortMonthRow struct {
	bun.BaseModel `bun:"table:cohort_months,alias:cohort_months"`

	CohortID string
	Month    string
	Used     int64
	Lapsed   int64
	Refunded int64
	Other    int64
}

// cohortMoveRow is what was added to a cohort at an instant: sold, or in one of its months.
type cohortMoveRow struct {
	bun.BaseModel `bun:"table:cohort_moves,alias:cohort_moves"`

	CohortID string
	At       instant `bun:"at_us,type:bigint"`
	Month    string
	Sold     int64
	Used     int64
	Lapsed   int64
	Refunded int64
	Other    int64
	Carried  int64
}

func cohortMoveOf(move books.Move, of cohortMonthRow) cohortMoveRow {
	row := cohortMoveRow{CohortID: of.CohortID, At: instantOf(move.At), Month: of.Month, Used: of.Used, Lapsed: of.Lapsed, Refunded: of.Refunded, Other: of.Other}
	if move.Carried {
		row.Carried = 1
	}
	return row
}

const movesKnownFrom = `SELECT coalesce(max(at_us), 0) AS at_us FROM (
	SELECT max(at_us) AS at_us FROM cohort_moves WHERE carried = 1 UNION ALL SELECT max(at_us) FROM pool_moves WHERE carried = 1) AS carried`

func (t *tx) MovesKnownFrom(ctx context.Context) (known time.Time, err error) {
	var at int64
	err = t.each(ctx, "reading since when moves are kept", movesKnownFrom, nil, []any{&at}, func() {})
	if at > 0 {
		known = time.UnixMicro(at).UTC()
	}
	return known, err
}

// cohortSums gathers what a transaction adds to the months of cohorts.
type cohortSums map[cohortMonthKey]cohortMonthRow

type cohortMonthKey struct{ cohortID, month string }

// AddCohortMonths gathers what is added. Many transactions meet on a cohort's month, coming
// from any lot or pool, so the rows are written when all else has been and held for that long only.
func (t *tx) AddCohortMonths(_ context.Context, move books.Move, months []books.CohortMonth) error {
	if t.readOnly {
		return errReadOnly
	}
	t.cohortsMoved = move
	if t.cohorts == nil {
		t.cohorts = make(cohortSums, len(months))
	}
	for _, m := range months {
		key := cohortMonthKey{m.CohortID, m.Month.String()}
		sum := t.cohorts[key]
		t.cohorts[key] = cohortMonthRow{
			CohortID: key.cohortID, Month: key.month, Used: sum.Used + int64(m.Used), Lapsed: sum.Lapsed + int64(m.Lapsed),
			Refunded: sum.Refunded + int64(m.Refunded), Other: sum.Other + int64(m.Other),
		}
	}
	return nil
}

// writeCohortMonths writes what was gathered, in the order of the key.
func (t *tx) writeCohortMonths(ctx context.Context) error {
	if len(t.cohorts) == 0 {
		return nil
	}
	rows := slices.SortedFunc(maps.Values(t.cohorts), func(x, y cohortMonthRow) int {
		return cmp.Or(cmp.Compare(x.CohortID, y.CohortID), cmp.Compare(x.Month, y.Month))
	})
	clear(t.cohorts)
	for chunk := range slices.Chunk(rows, chunkRows) {
		_, err := t.db.NewInsert().Model(&chunk).On("CONFLICT (cohort_id, month) DO UPDATE").Set(`
			used = cohort_months.used + EXCLUDED.used,
			lapsed = cohort_months.lapsed + EXCLUDED.lapsed,
			refunded = cohort_months.refunded + EXCLUDED.refunded,
			other = cohort_months.other + EXCLUDED.other`).Returning("NULL").Exec(ctx)
		if err != nil {
			return t.refused("adding to months of cohorts", err)
		}
	}
	return insert(ctx, t, "keeping what was added to cohorts", convert(rows, func(row cohortMonthRow) cohortMoveRow { return cohortMoveOf(t.cohortsMoved, row) }))
}

func (t *tx) CohortsByID(ctx context.Context, ids []string) ([]books.Cohort, error) {
	return cohorts(byColumn[cohortRow](ctx, t, "reading cohorts", "id", ids))
}

func (t *tx) Cohorts(ctx context.Context, filter books.CohortFilter, page books.Page) ([]books.Cohort, error) {
	place := seek{terms: []string{"month", "id"}, reverse: page.Reverse, limit: page.Limit}
	if month, id, whole := strings.Cut(page.After, "/"); whole {
		place.after = []any{month, rowID(id)}
	}
	found, err := cohorts(list[cohortRow](ctx, t, "listing cohorts", func(q *bun.SelectQuery) *bun.SelectQuery {
		return place.on(ofCohorts(q, filter))
	}))
	if err != nil || filter.AsOf.IsZero() {
		return found, err
	}
	since, err := t.cohortMovesSince(ctx, convert(found, func(c books.Cohort) string { return c.ID }), filter.AsOf)
	for i := range found {
		found[i].AsOf = filter.AsOf
		for _, move := range since[found[i].ID] {
			found[i].Sold -= revrec.Credits(move.Sold)
		}
	}
	return found, err
}

const cohortMovesSince = `SELECT cohort_id, month, CAST(sum(sold) AS BIGINT) AS sold, CAST(sum(used) AS BIGINT) AS used, CAST(sum(lapsed) AS BIGINT) AS lapsed,
		CAST(sum(refunded) AS BIGINT) AS refunded, CAST(sum(other) AS BIGINT) AS other
	FROM cohort_moves WHERE cohort_id IN (?) AND at_us > ? AND carried = 0 GROUP BY cohort_id, month`

// cohortMovesSince adds up what was added to cohorts after an instant, by their ids.
func (t *tx) cohortMovesSince(ctx context.Context, ids []string, asOf time.Time) (map[string][]cohortMoveRow, error) {
	rows, err := inChunks(ids, func(chunk []string) ([]cohortMoveRow, error) {
		return query[cohortMoveRow](ctx, t, "reading what came to cohorts since", cohortMovesSince, bun.List(chunk), instantOf(asOf))
	})
	moves := make(map[string][]cohortMoveRow, len(rows))
	for _, row := range rows {
		moves[row.CohortID] = append(moves[row.CohortID], row)
	}
	return moves, err
}

func (t *tx) CountCohorts(ctx context.Context, filter books.CohortFilter) (int64, error) {
	return count[cohortRow](ctx, t, "counting cohorts", func(q *bun.SelectQuery) *bun.SelectQuery { return ofCohorts(q, filter) })
}

func ofCohorts(q *bun.SelectQuery, filter books.CohortFilter) *bun.SelectQuery {
	q = whereID(q, "policy_id", filter.PolicyID)
	q = whereEqual(q, "pack_id", filter.PackID)
	q = whereEqual(q, "currency", string(filter.Currency))
	q = whereEqual(q, "segment", filter.Segment)
	if filter.From != 0 {
		q = q.Where("month >= ?", filter.From.String())
	}
	if filter.To != 0 {
		q = q.Where("month <= ?", filter.To.String())
	}
	if !filter.AsOf.IsZero() {
		q = q.Where("EXISTS (SELECT 1 FROM cohort_moves AS m WHERE m.cohort_id = cohorts.id AND (m.at_us <= ? OR m.carried = 1))", instantOf(filter.AsOf))
	}
	return q
}

func (t *tx) CohortMonths(ctx context.Context, ids []string, asOf time.Time) (map[string][]books.CohortMonth, error) {
	if err := t.writeCohortMonths(ctx); err != nil {
		return nil, err
	}
	rows, err := byColumn[cohortMonthRow](ctx, t, "reading months of cohorts", "cohort_id", ids)
	if err == nil && !asOf.IsZero() {
		rows, err = t.cohortMonthsAt(ctx, rows, ids, asOf)
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(x, y cohortMonthRow) int { return cmp.Compare(x.Month, y.Month) })
	months := make(map[string][]books.CohortMonth, len(ids))
	for _, row := range rows {
		month, err := monthOf(row.Month)
		if err != nil {
			return nil, err
		}
		months[row.CohortID] = append(months[row.CohortID], books.CohortMonth{
			CohortID: row.CohortID, Month: month, Used: revrec.Credits(row.Used), Lapsed: revrec.Credits(row.Lapsed),
			Refunded: revrec.Credits(row.Refunded), Other: revrec.Credits(row.Other),
		})
	}
	return months, nil
}

// cohortMonthsAt takes off months what was added to them after an instant; those are left out of which
// nothing was there yet.
func (t *tx) cohortMonthsAt(ctx context.Context, rows []cohortMonthRow, ids []string, asOf time.Time) ([]cohortMonthRow, error) {
	since, err := t.cohortMovesSince(ctx, ids, asOf)
	then := make([]cohortMonthRow, 0, len(rows))
	for _, row := range rows {
		for _, move := range since[row.CohortID] {
			if move.Month == row.Month {
				row.Used, row.Lapsed, row.Refunded, row.Other = row.Used-move.Used, row.Lapsed-move.Lapsed, row.Refunded-move.Refunded, row.Other-move.Other
			}
		}
		if row.Used != 0 || row.Lapsed != 0 || row.Refunded != 0 || row.Other != 0 {
			then = append(then, row)
		}
	}
	return then, err
}

// Lots that came out of no other are filed first, for the others go where they are.
const (
	unfiledLots = `SELECT customer_id, id AS lot_id FROM lots WHERE kind = 'PURCHASE' AND cohort_id IS NULL AND origin_lot_id IS NULL
		ORDER BY customer_id, id LIMIT ?`
	unfiledChildren = `SELECT customer_id, id AS lot_id FROM lots WHERE kind = 'PURCHASE' AND cohort_id IS NULL
		ORDER BY customer_id, id LIMIT ?`
)

func (t *tx) UnfiledLots(ctx context.Context, limit int) ([]books.LotKey, error) {
	rows, err := query[lotKeyRow](ctx, t, "reading lots without a cohort", unfiledLots, limit)
	if err == nil && len(rows) == 0 {
		rows, err = query[lotKeyRow](ctx, t, "reading lots without a cohort", unfiledChildren, limit)
	}
	return convert(rows, lotKey), err
}

type filedRow struct {
	CustomerID string `bun:",type:uuid"`
	ID         string `bun:",type:uuid"`
	CohortID   string `bun:",type:uuid"`
	BoughtBy   string `bun:",nullzero,type:uuid"`
}

var fileLots = updateOf("cohort_id bought_by")

// FileLots writes the cohorts of lots. Errors: NOT_FOUND where one does not exist.
func (t *tx) FileLots(ctx context.Context, lots []*revrec.Lot) error {
	return updateIn(ctx, t, fileLots, lots, func(l *revrec.Lot) filedRow {
		return filedRow{CustomerID: l.CustomerID, ID: l.ID, CohortID: l.CohortID, BoughtBy: l.BoughtBy}
	})
}

// What CohortRecords reads of a month's cohorts. It begins with them, then goes to their lots and
// from there to what was booked and done.
const (
	recordSold = iota
	recordUsed
	recordRefunded

	cohortRecords = `WITH l AS (SELECT lots.*, coalesce(lots.bought_by, lots.customer_id) AS buyer FROM (?) AS of_month CROSS JOIN lots WHERE lots.cohort_id = of_month.id)
		SELECT buyer, what, month, CAST(sum(credits) AS BIGINT) FROM (
			SELECT l.buyer, 0 AS what, '' AS month, l.granted AS credits FROM l WHERE l.origin_lot_id IS NULL
			UNION ALL SELECT l.buyer, 1, substr(r.day, 1, 7), r.credits FROM l CROSS JOIN recognitions AS r
				WHERE r.customer_id = l.customer_id AND r.lot_id = l.id AND r.lot_id IS NOT NULL AND r.kind IN ('USAGE', 'USAGE_UNBILLED') AND r.day <= ?
			UNION ALL SELECT l.buyer, 2, substr(l.refunded_on, 1, 7), l.refunded - l.removed FROM l WHERE l.refunded_on <= ?
			UNION ALL SELECT l.buyer, 2, substr(c.day, 1, 7), c.credits FROM l CROSS JOIN lot_changes AS c
				WHERE c.customer_id = l.customer_id AND c.lot_id = l.id AND c.kind IN ('REFUNDED_IN_PART', 'VOIDED', 'CHARGED_BACK') AND c.day <= ?
		) AS facts GROUP BY buyer, what, month ORDER BY buyer, what, month`
)

func (t *tx) CohortRecords(ctx context.Context, filter books.CohortFilter, through ledger.Period, yield func(estimate.Record) error) error {
	if filter.To == 0 || filter.To > through {
		filter.To = through
	}
	narrow := func() *bun.SelectQuery {
		return ofCohorts(t.db.NewSelect().TableExpr("cohorts").Where("opened = 0"), filter)
	}
	var months []string
	if err := narrow().ColumnExpr("DISTINCT month").OrderExpr("month").Scan(ctx, &months); err != nil {
		return t.refused("reading the months of cohorts", err)
	}
	for _, text := range months {
		month, err := monthOf(text)
		if err != nil {
			return err
		}
		if err := t.recordsOf(ctx, narrow().ColumnExpr("id").Where("month = ?", text), month, through, yield); err != nil {
			return err
		}
	}
	return nil
}

// recordsOf reads the records of the cohorts of one month, a customer after the other.
func (t *tx) recordsOf(ctx context.Context, of *bun.SelectQuery, month, through ledger.Period, yield func(estimate.Record) error) error {
	var buyer, text string
	var what, credits int64
	var fault error
	var record estimate.Record
	ages := int(through-month) + 1
	tell := func() {
		if record.Customer != "" && fault == nil {
			fault = yield(record)
		}
	}
	end := date(through.Last())
	err := t.each(ctx, "reading records of cohorts", cohortRecords, []any{of, end, end, end}, []any{&buyer, &what, &text, &credits}, func() {
		if buyer != record.Customer {
			tell()
			record = estimate.Record{Customer: buyer, Cohort: month, Used: make([]revrec.Credits, ages), Refunded: make([]revrec.Credits, ages)}
		}
		if what == recordSold {
			record.Sold = revrec.Credits(credits)
			return
		}
		at, err := monthOf(text)
		if err != nil {
			fault = cmp.Or(fault, err)
			return
		}
		switch age := max(int(at-month), 0); what {
		case recordUsed:
			record.Used[age] += revrec.Credits(credits)
		case recordRefunded:
			record.Refunded[age] += revrec.Credits(credits)
		}
	})
	if err != nil {
		return err
	}
	tell()
	return fault
}

func (t *tx) SetCustomerSegment(ctx context.Context, customerID, segment string) error {
	touched, err := t.exec(ctx, "changing a customer", "UPDATE customers SET segment = nullif(?, '') WHERE id = ?", segment, customerID)
	return wroteOne("customer", customerID, touched, err)
}
