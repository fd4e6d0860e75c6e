package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// A chart is added up by day (or month, which is shorter) and group in the database, and
// put into buckets in books. Which groups are the top ones is asked first.

// chartSource is rows to add up: a query that selects day, group_key and what else the sums
// and the rank name.
type chartSource struct {
	doing string
	rows  *bun.SelectQuery
	sums  string // of ChartValues, by the names of chartRow
	rank  string // by what groups are put in order
	money bool   // whether the rows are of currencies
	// few says that there are few groups: they are added up all at once, and those of the top are
	// told apart then, so that the rows are read once. The rank is then the sum of functional.
	few bool
}

type chartRow struct {
	Day                                  string
	GroupKey                             string `bun:",nullzero"`
	Others                               bool
	Currency                             string
	Count                                int64
	Credits                              int64
	Minor, Functional                    int64
	Debits, Credited                     int64
	FunctionalDebits, FunctionalCredited int64
}

// chart adds up a source. Groups beyond the top are one.
func (t *tx) chart(ctx context.Context, filter books.ChartFilter, source chartSource) ([]books.ChartRow, error) {
	q := t.db.NewSelect().TableExpr("(?) AS rows", source.rows)
	day := "day"
	if filter.Interval == books.Monthly {
		day = "substr(day, 1, 7)"
	}
	switch {
	case filter.By == "":
		q = q.ColumnExpr("'' AS group_key, 0 = 1 AS others")
	case source.few:
		q = q.ColumnExpr("group_key, 0 = 1 AS others")
	default:
		top, err := query[struct{ GroupKey string }](ctx, t, source.doing+" by group",
			"SELECT group_key FROM (?) AS rows GROUP BY group_key ORDER BY ? DESC, group_key LIMIT ?", source.rows, bun.Safe(source.rank), filter.Top)
		if err != nil {
			return nil, err
		}
		keys := append(convert(top, func(row struct{ GroupKey string }) string { return row.GroupKey }), noGroup)
		q = q.ColumnExpr("CASE WHEN group_key IN (?0) THEN group_key ELSE '' END AS group_key, group_key NOT IN (?0) AS others", bun.List(keys))
	}
	if source.money {
		q = q.ColumnExpr("currency")
	}
	q = q.ColumnExpr(day + " AS day").ColumnExpr(source.sums).GroupExpr("1, 2, 3")
	if source.money {
		q = q.GroupExpr("4")
	}
	var rows []chartRow
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, t.refused(source.doing, err)
	}
	if source.few && filter.By != "" {
		rows = topOf(rows, filter.Top)
	}
	return chartRows(rows)
}

// topOf keeps the groups of the most money apart, and makes the others one.
func topOf(rows []chartRow, top int) []chartRow {
	sums := map[string]int64{}
	for _, row := range rows {
		sums[row.GroupKey] += row.Functional
	}
	keys := slices.Sorted(maps.Keys(sums))
	slices.SortStableFunc(keys, func(x, y string) int { return cmp.Compare(sums[y], sums[x]) })
	if len(keys) <= top {
		return rows
	}
	apart := keys[:top]
	kept, others := make([]chartRow, 0, len(rows)), map[[2]string]*chartRow{}
	for _, row := range rows {
		if slices.Contains(apart, row.GroupKey) {
			kept = append(kept, row)
			continue
		}
		at := [2]string{row.Day, row.Currency}
		if sum := others[at]; sum != nil {
			sum.Functional += row.Functional
			continue
		}
		row.GroupKey, row.Others = "", true
		others[at] = &row
	}
	for _, row := range others {
		kept = append(kept, *row)
	}
	return kept
}

// noGroup is the key of no group, so that a list of keys is never empty.
const noGroup = "\x7f"

func chartRows(rows []chartRow) ([]books.ChartRow, error) {
	added := make([]books.ChartRow, len(rows))
	for i, row := range rows {
		if len(row.Day) == len("2006-01") {
			row.Day += "-01"
		}
		var day ledger.Date
		if row.Day != "" {
			if err := day.UnmarshalText([]byte(row.Day)); err != nil {
				return nil, fmt.Errorf("a day of a chart: %w", err)
			}
		}
		added[i] = books.ChartRow{
			Day:   day,
			Group: books.ChartGroup{Key: row.GroupKey, Others: row.Others, Currency: ledger.Currency(row.Currency)},
			Values: books.ChartValues{
				Count: row.Count, Credits: revrec.Credits(row.Credits), Minor: row.Minor, Functional: row.Functional,
				Debits: row.Debits, Credited: row.Credited, FunctionalDebits: row.FunctionalDebits, FunctionalCredited: row.FunctionalCredited,
			},
		}
	}
	return added, nil
}

// The group of a row, as text that is never NULL, for a key of a dimension.
func groupKey(column string) string { return "coalesce(CAST(" + column + " AS TEXT), '') AS group_key" }

// UsageChart reads lot-days: those of the span by the index lot_days_day, or of a
// customer's lots by their key.
func (t *tx) UsageChart(ctx context.Context, filter books.ChartFilter) ([]books.ChartRow, error) {
	q := t.db.NewSelect().Where("d.day >= ? AND d.day <= ?", date(filter.From), date(filter.To))
	drawn := "d.drawn"
	withLots := filter.CustomerID != "" || filter.PolicyID != ""
	byEvent := filter.Dimension.Key != ""
	switch filter.By {
	case books.ByCustomer:
		q = q.ColumnExpr(groupKey("d.customer_id"))
	case books.ByPolicy:
		q, withLots = q.ColumnExpr(groupKey("l.policy_id")), true
	case books.ByLotKind:
		q, withLots = q.ColumnExpr(groupKey("l.kind")), true
	case books.ByPack:
		q, withLots = q.ColumnExpr(groupKey("(SELECT p.pack_id FROM purchases AS p WHERE p.customer_id = l.customer_id AND p.id = l.purchase_id)")), true
	case books.ByMeter:
		q, byEvent = q.ColumnExpr(groupKey("e.meter_id")), true
	case books.ByEventDimension:
		q, byEvent = q.ColumnExpr("coalesce(?, '') AS group_key", dimensionOf(q, "e.dimensions", filter.Key)), true
	case books.ByKind, "":
		q = q.ColumnExpr("'' AS group_key")
	}
	if byEvent {
		drawn = "w.credits"
	}
	q = q.ColumnExpr("d.day AS day, " + drawn + " AS drawn")
	switch {
	case filter.CustomerID != "": // the lots lead
		q = q.TableExpr("lots AS l CROSS JOIN lot_days AS d").Where("d.customer_id = l.customer_id AND d.lot_id = l.id")
		q = whereID(q, "l.customer_id", filter.CustomerID)
	case withLots:
		q = q.TableExpr("lot_days AS d CROSS JOIN lots AS l").Where("l.customer_id = d.customer_id AND l.id = d.lot_id")
	default:
		q = q.TableExpr("lot_days AS d")
	}
	if byEvent {
		q = whereDimension(q, "e.dimensions", filter.Dimension).TableExpr("draws AS w").TableExpr("usage_events AS e").
			Where("w.customer_id = d.customer_id AND w.lot_id = d.lot_id AND w.day = d.day AND e.customer_id = w.customer_id AND e.id = w.event_id")
	}
	return t.chart(ctx, filter, chartSource{
		doing: "adding up use", rows: whereID(q, "l.policy_id", filter.PolicyID),
		sums: "CAST(sum(drawn) AS BIGINT) AS credits", rank: "sum(drawn)",
	})
}

// revenueAccounts are those into which earning goes; what refunds and disputes take back is
// on accounts of its own.
var revenueAccounts = []string{string(ledger.UsageRevenue), string(ledger.BreakageRevenue), string(ledger.OverageRevenue)}

const moneySums = "CAST(sum(minor) AS BIGINT) AS minor, CAST(sum(functional) AS BIGINT) AS functional"

// RevenueChart reads the lines of the span's entries, which are few, for each sums many
// recognitions of a day; of a customer, or by customer, it reads the recognitions
// themselves, as far as they are posted.
func (t *tx) RevenueChart(ctx context.Context, filter books.ChartFilter) ([]books.ChartRow, error) {
	source := chartSource{doing: "adding up revenue", sums: moneySums, rank: "sum(functional)", money: true}
	if filter.CustomerID != "" || filter.By == books.ByCustomer {
		source.rows = t.revenueOfRecognitions(filter)
		return t.chart(ctx, filter, source)
	}
	q := t.db.NewSelect().TableExpr("entries AS e CROSS JOIN lines AS l").
		ColumnExpr("e.accounting_date AS day, l.currency AS currency, -l.amount_minor AS minor, -l.functional_minor AS functional").
		Where("e.accounting_date >= ? AND e.accounting_date <= ?", date(filter.From), date(filter.To)).
		Where("l.entry_number = e.number AND l.account IN (?)", bun.List(revenueAccounts))
	switch filter.By {
	case books.ByKind:
		q = q.ColumnExpr("e.kind AS group_key")
	case books.ByPolicy:
		q = q.ColumnExpr(groupKey("(SELECT p.id FROM policies AS p WHERE p.code = l.policy)"))
	case books.ByCustomer, books.ByPack, books.ByEventDimension, books.ByMeter, books.ByLotKind, "":
		q = q.ColumnExpr("'' AS group_key")
	}
	source.rows = whereEqual(whereEqual(q, "l.currency", string(filter.Currency)), "l.policy", filter.PolicyCode)
	return t.chart(ctx, filter, source)
}

func (t *tx) revenueOfRecognitions(filter books.ChartFilter) *bun.SelectQuery {
	q := t.db.NewSelect().TableExpr("recognitions AS r").
		ColumnExpr("r.accounting_date AS day, r.currency AS currency").
		ColumnExpr("r.amount_minor - r.unclaimed_minor AS minor, r.functional_minor - r.unclaimed_functional_minor AS functional").
		Where("r.accounting_date >= ? AND r.accounting_date <= ?", date(filter.From), date(filter.To)).
		Where("r.kind <> ?", string(revrec.Clearing)). // it moves no revenue
		Where("r.batch_id NOT IN (SELECT b.id FROM batches AS b WHERE b.posted_at_us IS NULL)")
	switch filter.By {
	case books.ByCustomer: // what pools break belongs to none
		q = q.ColumnExpr("CASE WHEN r.pool_id IS NULL THEN CAST(r.customer_id AS TEXT) ELSE '' END AS group_key")
	case books.ByKind:
		q = q.ColumnExpr("r.kind AS group_key")
	case books.ByPolicy:
		q = q.ColumnExpr(groupKey("r.policy_id"))
	case books.ByPack, books.ByEventDimension, books.ByMeter, books.ByLotKind, "":
		q = q.ColumnExpr("'' AS group_key")
	}
	q = whereID(whereID(q, "r.customer_id", filter.CustomerID), "r.policy_id", filter.PolicyID)
	return whereEqual(q, "r.currency", string(filter.Currency))
}

// PurchaseChart reads the purchases of the span by the index purchases_purchased; the day
// of each is that of its lot.
func (t *tx) PurchaseChart(ctx context.Context, filter books.ChartFilter) ([]books.ChartRow, error) {
	const aDay = 24 * 60 * 60 * 1_000_000 // of some zone: the lot's day is what counts
	first := filter.From.Start(time.UTC).UnixMicro() - aDay
	last := filter.To.Start(time.UTC).UnixMicro() + 2*aDay
	q := t.db.NewSelect().TableExpr("purchases AS p CROSS JOIN lots AS l").
		ColumnExpr("l.purchased_on AS day, p.currency AS currency, p.price_minor AS minor, p.functional_minor AS functional, p.credits + p.bonus AS bought").
		Where("p.purchased_at_us >= ? AND p.purchased_at_us < ?", first, last).
		Where("l.customer_id = p.customer_id AND l.id = p.lot_id AND l.purchased_on >= ? AND l.purchased_on <= ?", date(filter.From), date(filter.To)).
		Where("p.voided_at_us IS NULL")
	switch filter.By {
	case books.ByCustomer:
		q = q.ColumnExpr(groupKey("p.customer_id"))
	case books.ByPolicy:
		q = q.ColumnExpr(groupKey("p.policy_id"))
	case books.ByPack:
		q = q.ColumnExpr(groupKey("p.pack_id"))
	case books.ByEventDimension, books.ByMeter, books.ByLotKind, books.ByKind, "":
		q = q.ColumnExpr("'' AS group_key")
	}
	q = whereID(whereID(q, "p.customer_id", filter.CustomerID), "p.policy_id", filter.PolicyID)
	return t.chart(ctx, filter, chartSource{
		doing: "adding up purchases", rows: whereEqual(q, "p.currency", string(filter.Currency)),
		sums: "count(*) AS count, CAST(sum(bought) AS BIGINT) AS credits, " + moneySums, rank: "sum(functional)", money: true,
	})
}

const activeCustomers = `WITH ? SELECT key.at, count(DISTINCT d.customer_id) AS customers FROM key CROSS JOIN lot_days AS d
	WHERE d.day >= key.k1 AND d.day <= key.k2 AND d.drawn > 0? GROUP BY key.at`

func (t *tx) ActiveCustomers(ctx context.Context, customerID string, buckets []books.Bucket) ([]int64, error) {
	counted := make([]int64, len(buckets))
	if len(buckets) == 0 {
		return counted, nil
	}
	narrow := bun.SafeQuery("")
	if customerID != "" {
		narrow = bun.SafeQuery(" AND d.customer_id = ?", rowID(customerID))
	}
	rows, err := query[struct{ At, Customers int64 }](ctx, t, "counting active customers", activeCustomers,
		keyTable{keys: convert(buckets, func(b books.Bucket) []any { return []any{date(b.From), date(b.To)} })}, narrow)
	for _, row := range rows {
		counted[row.At] = row.Customers
	}
	return counted, err
}

const accountSides = `sum(CASE WHEN l.amount_minor > 0 THEN l.amount_minor ELSE 0 END) AS debits,
	sum(CASE WHEN l.amount_minor < 0 THEN -l.amount_minor ELSE 0 END) AS credited,
	sum(CASE WHEN l.functional_minor > 0 THEN l.functional_minor ELSE 0 END) AS functional_debits,
	sum(CASE WHEN l.functional_minor < 0 THEN -l.functional_minor ELSE 0 END) AS functional_credited
	FROM entries AS e CROSS JOIN lines AS l
	WHERE e.accounting_date >= ?1 AND e.accounting_date <= ?2 AND l.entry_number = e.number AND l.account = ?0`

// AccountChart takes what came before the month of From from the running balances.
func (t *tx) AccountChart(ctx context.Context, account ledger.Role, filter books.ChartFilter) ([]books.ChartRow, error) {
	day := "e.accounting_date"
	if filter.Interval == books.Monthly {
		day = "substr(e.accounting_date, 1, 7)"
	}
	rows, err := query[chartRow](ctx, t, "adding up an account", `
		SELECT '' AS day, currency, CAST(sum(debits) AS BIGINT) AS debits, CAST(sum(credited) AS BIGINT) AS credited,
			CAST(sum(functional_debits) AS BIGINT) AS functional_debits, CAST(sum(functional_credited) AS BIGINT) AS functional_credited
		FROM (
			SELECT currency, debit_minor AS debits, credit_minor AS credited, functional_debit_minor AS functional_debits, functional_credit_minor AS functional_credited
				FROM account_periods WHERE account = ?0 AND period < ?3
			UNION ALL SELECT l.currency, `+accountSides+` GROUP BY l.currency
		) AS before GROUP BY currency`, string(account), date(filter.From.Period().First()), date(filter.From-1), filter.From.Period().String())
	if err != nil {
		return nil, err
	}
	within, err := query[chartRow](ctx, t, "adding up an account", `SELECT day, currency, CAST(debits AS BIGINT) AS debits, CAST(credited AS BIGINT) AS credited,
			CAST(functional_debits AS BIGINT) AS functional_debits, CAST(functional_credited AS BIGINT) AS functional_credited
		FROM (SELECT `+day+` AS day, l.currency AS currency, `+accountSides+` GROUP BY 1, 2) AS sides`, string(account), date(filter.From), date(filter.To))
	if err != nil {
		return nil, err
	}
	return chartRows(append(rows, within...))
}
