package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

type poolRow struct {
	bun.BaseModel `bun:"table:pools,alias:pools"`

	ID                 string
	PolicyID           string
	PoolBy             string
	PoolKey            string
	Jurisdiction       string `bun:",nullzero"`
	Currency           string
	FunctionalCurrency string
	MeasureFrom        date `bun:",type:text"` // NULL while nothing waits to be measured
}

func (row poolRow) pool() revrec.Pool {
	return revrec.Pool{
		ID: row.ID, PolicyID: row.PolicyID, By: revrec.PoolBy(row.PoolBy), Key: row.PoolKey, Jurisdiction: row.Jurisdiction,
		Currency: ledger.Currency(row.Currency), Functional: ledger.Currency(row.FunctionalCurrency),
	}
}

// poolKeyRow names a pool in a table of a WITH clause as its lots do.
type poolKeyRow struct {
	PolicyID string `bun:",type:uuid"`
	PoolKey  string
	Currency string
}

func poolKeyOf(pool revrec.Pool) poolKeyRow {
	return poolKeyRow{PolicyID: pool.PolicyID, PoolKey: pool.Key, Currency: string(pool.Currency)}
}

const poolsByKey = `WITH ? SELECT p.* FROM key CROSS JOIN pools AS p
	WHERE p.policy_id = key.policy_id AND p.pool_key = key.pool_key AND p.currency = key.currency`

func (t *tx) EnsurePools(ctx context.Context, pools []revrec.Pool) ([]revrec.Pool, error) {
	keys := convert(pools, poolKeyOf)
	kept, err := t.poolsByKey(ctx, keys)
	if err != nil {
		return nil, err
	}
	var missing []poolRow
	for i, key := range keys {
		if _, exists := kept[key]; !exists {
			missing = append(missing, poolRow{
				ID: pools[i].ID, PolicyID: key.PolicyID, PoolBy: string(pools[i].By), PoolKey: key.PoolKey, Jurisdiction: pools[i].Jurisdiction,
				Currency: key.Currency, FunctionalCurrency: string(pools[i].Functional),
			})
		}
	}
	if len(missing) > 0 {
		if kept, err = t.insertPools(ctx, missing, keys); err != nil {
			return nil, err
		}
	}
	return convert(keys, func(key poolKeyRow) revrec.Pool { return kept[key] }), nil
}

// insertPools keeps pools, unless another transaction, or a row before, has kept one of
// the same key meanwhile, and reads them again.
func (t *tx) insertPools(ctx context.Context, rows []poolRow, keys []poolKeyRow) (map[poolKeyRow]revrec.Pool, error) {
	if t.readOnly {
		return nil, errReadOnly
	}
	slices.SortFunc(rows, func(x, y poolRow) int {
		return cmp.Or(cmp.Compare(x.PolicyID, y.PolicyID), cmp.Compare(x.PoolKey, y.PoolKey), cmp.Compare(x.Currency, y.Currency))
	})
	for chunk := range slices.Chunk(rows, chunkRows) {
		_, err := t.db.NewInsert().Model(&chunk).On("CONFLICT (policy_id, pool_key, currency) DO NOTHING").Returning("NULL").Exec(ctx)
		if err != nil {
			return nil, t.refused("keeping pools", err)
		}
	}
	return t.poolsByKey(ctx, keys)
}

func (t *tx) poolsByKey(ctx context.Context, keys []poolKeyRow) (map[poolKeyRow]revrec.Pool, error) {
	rows, err := inChunks(keys, func(chunk []poolKeyRow) ([]poolRow, error) {
		return query[poolRow](ctx, t, "looking for pools", poolsByKey, t.table("key", &chunk))
	})
	found := make(map[poolKeyRow]revrec.Pool, len(rows))
	for _, row := range rows {
		found[poolKeyOf(row.pool())] = row.pool()
	}
	return found, err
}

func (t *tx) PoolsByID(ctx context.Context, ids []string) ([]revrec.Pool, error) {
	rows, err := byColumn[poolRow](ctx, t, "reading pools", "id", ids)
	return convert(rows, poolRow.pool), err
}

// Pools lists the pools of a policy, of all where it is "".
func (t *tx) Pools(ctx context.Context, policyID string, page books.Page) ([]revrec.Pool, error) {
	rows, err := list[poolRow](ctx, t, "listing pools", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(whereID(q, "policy_id", policyID))
	})
	return convert(rows, poolRow.pool), err
}

type poolDayRow struct {
	bun.BaseModel `bun:"table:pool_days,alias:pool_days"`

	PoolID              string
	Day                 date `bun:",type:text"`
	SoldMinor           int64
	UsedMinor           int64
	SoldFunctionalMinor int64
	UsedFunctionalMinor int64
}

func (row poolDayRow) poolDay() revrec.PoolDay {
	return revrec.PoolDay{
		Day: ledger.Date(row.Day), SoldMinor: row.SoldMinor, UsedMinor: row.UsedMinor,
		SoldFunctional: row.SoldFunctionalMinor, UsedFunctional: row.UsedFunctionalMinor,
	}
}

// AddPoolDays adds to the days of pools, a day as often as it is given. Pools come in order
// of id: what two transactions write, they write in one order.
func (t *tx) AddPoolDays(ctx context.Context, at time.Time, days map[string][]revrec.PoolDay) error {
	var rows []poolDayRow
	from := map[string]ledger.Date{}
	for _, poolID := range slices.Sorted(maps.Keys(days)) {
		merged := revrec.MergePoolDays(slices.Clone(days[poolID]))
		if len(merged) == 0 {
			continue
		}
		from[poolID] = merged[0].Day
		rows = append(rows, convert(merged, func(d revrec.PoolDay) poolDayRow {
			return poolDayRow{
				PoolID: poolID, Day: date(d.Day), SoldMinor: d.SoldMinor, UsedMinor: d.UsedMinor,
				SoldFunctionalMinor: d.SoldFunctional, UsedFunctionalMinor: d.UsedFunctional,
			}
		})...)
	}
	if err := t.markPools(ctx, "marking pools to be measured", earlierMeasures, from); err != nil {
		return err
	}
	for chunk := range slices.Chunk(rows, chunkRows) {
		_, err := t.db.NewInsert().Model(&chunk).On("CONFLICT (pool_id, day) DO UPDATE").Set(`
			sold_minor = pool_days.sold_minor + EXCLUDED.sold_minor,
			used_minor = pool_days.used_minor + EXCLUDED.used_minor,
			sold_functional_minor = pool_days.sold_functional_minor + EXCLUDED.sold_functional_minor,
			used_functional_minor = pool_days.used_functional_minor + EXCLUDED.used_functional_minor`).Returning("NULL").Exec(ctx)
		if err != nil {
			return t.refused("adding to pool days", err)
		}
	}
	return insert(ctx, t, "keeping what was added to pools", convert(rows, func(row poolDayRow) poolMoveRow {
		return poolMoveRow{
			PoolID: row.PoolID, At: instantOf(at), Day: row.Day, SoldMinor: row.SoldMinor, UsedMinor: row.UsedMinor,
			SoldFunctionalMinor: row.SoldFunctionalMinor, UsedFunctionalMinor: row.UsedFunctionalMinor,
		}
	}))
}

// poolMoveRow is what was added to a day of a pool at an instant.
type poolMoveRow struct {
	bun.BaseModel `bun:"table:pool_moves,alias:pool_moves"`

	PoolID              string
	At                  instant `bun:"at_us,type:bigint"`
	Day                 date    `bun:",type:text"`
	SoldMinor           int64
	UsedMinor           int64
	SoldFunctionalMinor int64
	UsedFunctionalMinor int64
}

// poolMarkRow is a pool and a day in a table of a WITH clause.
type poolMarkRow struct {
	PoolID string `bun:",type:uuid"`
	Day    date   `bun:",type:text"`
}

const (
	// A day from which to measure is moved back, never forward.
	earlierMeasures = `WITH ? UPDATE pools SET measure_from = CASE WHEN pools.measure_from < new.day THEN pools.measure_from ELSE new.day END
		FROM new WHERE pools.id = new.pool_id`
	nextMeasures = "WITH ? UPDATE pools SET measure_from = new.day FROM new WHERE pools.id = new.pool_id"
)

// markPools writes a day to each of the pools. Errors: NOT_FOUND.
func (t *tx) markPools(ctx context.Context, doing, statement string, days map[string]ledger.Date) error {
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(days)), chunkRows) {
		rows := convert(chunk, func(id string) poolMarkRow { return poolMarkRow{PoolID: id, Day: date(days[id])} })
		touched, err := t.exec(ctx, doing, statement, t.table("new", &rows))
		if err != nil {
			return err
		}
		if touched != int64(len(rows)) {
			return notFound("pool", "among those to mark")
		}
	}
	return nil
}

func (t *tx) MeasurePoolsFrom(ctx context.Context, policyID string, from ledger.Date) error {
	return t.measurePools(ctx, "policy_id", policyID, from)
}

func (t *tx) MeasurePoolsOf(ctx context.Context, jurisdiction string, from ledger.Date) error {
	return t.measurePools(ctx, "jurisdiction", jurisdiction, from)
}

// measurePools marks the pools of which a column has the value.
func (t *tx) measurePools(ctx context.Context, column, value string, from ledger.Date) error {
	// In the order of UnmeasuredPools and AddPoolDays, which an UPDATE promises nobody.
	_, err := query[poolRow](ctx, t, "holding pools", "SELECT * FROM pools WHERE ? = ? ORDER BY id"+t.holding("pools"), bun.Ident(column), value)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, "marking pools to be measured",
		"UPDATE pools SET measure_from = CASE WHEN measure_from < ?0 THEN measure_from ELSE ?0 END WHERE ?1 = ?2", date(from), bun.Ident(column), value)
	return err
}

func (t *tx) PoolDays(ctx context.Context, poolID string) ([]revrec.PoolDay, error) {
	rows, err := list[poolDayRow](ctx, t, "reading pool days", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("pool_id = ?", poolID).Order("day")
	})
	return convert(rows, poolDayRow.poolDay), err
}

// poolSinceRow is a books.PoolWork in a table of a WITH clause: the zero day is text there,
// and lies before all days.
type poolSinceRow struct {
	PoolID  string `bun:",type:uuid"`
	FromDay string
}

func poolSince(work books.PoolWork) poolSinceRow {
	return poolSinceRow{PoolID: work.Pool.ID, FromDay: work.From.String()}
}

const poolDaysSince = `WITH ? SELECT d.pool_id, CASE WHEN d.day < since.from_day THEN '' ELSE d.day END AS day,
		CAST(sum(d.sold_minor) AS BIGINT) AS sold_minor, CAST(sum(d.used_minor) AS BIGINT) AS used_minor,
		CAST(sum(d.sold_functional_minor) AS BIGINT) AS sold_functional_minor, CAST(sum(d.used_functional_minor) AS BIGINT) AS used_functional_minor
	FROM since CROSS JOIN pool_days AS d WHERE d.pool_id = since.pool_id
	GROUP BY d.pool_id, CASE WHEN d.day < since.from_day THEN '' ELSE d.day END
	ORDER BY 1, 2`

func (t *tx) PoolDaysSince(ctx context.Context, pools []books.PoolWork) (map[string][]revrec.PoolDay, error) {
	rows, err := inChunks(convert(pools, poolSince), func(chunk []poolSinceRow) ([]poolDayRow, error) {
		return query[poolDayRow](ctx, t, "reading pool days to measure", poolDaysSince, t.table("since", &chunk))
	})
	if err != nil {
		return nil, err
	}
	from := make(map[string]ledger.Date, len(pools))
	for _, work := range pools {
		from[work.Pool.ID] = work.From
	}
	days := make(map[string][]revrec.PoolDay, len(pools))
	for _, row := range rows {
		day := row.poolDay()
		if day.Day == 0 {
			day.Day = from[row.PoolID] - 1
		}
		days[row.PoolID] = append(days[row.PoolID], day)
	}
	return days, nil
}

func (t *tx) UnmeasuredPools(ctx context.Context, through ledger.Date, limit int) ([]books.PoolWork, error) {
	rows, err := query[poolRow](ctx, t, "reading pools to be measured", unmeasuredPools, date(through), limit)
	if hold := t.holding("pools"); err == nil && hold != "" && len(rows) > 0 {
		ids := convert(rows, func(row poolRow) string { return row.ID })
		rows, err = query[poolRow](ctx, t, "holding pools", holdUnmeasured+hold, bun.List(ids), date(through))
		slices.SortFunc(rows, func(x, y poolRow) int {
			return cmp.Or(cmp.Compare(x.MeasureFrom, y.MeasureFrom), cmp.Compare(x.ID, y.ID))
		})
	}
	return convert(rows, func(row poolRow) books.PoolWork {
		return books.PoolWork{Pool: row.pool(), From: ledger.Date(row.MeasureFrom)}
	}), err
}

const (
	unmeasuredPools = "SELECT * FROM pools WHERE measure_from IS NOT NULL AND measure_from <= ? ORDER BY measure_from, id LIMIT ?"
	// Pools are held in order of id by whoever holds several.
	holdUnmeasured = "SELECT * FROM pools WHERE id IN (?) AND measure_from IS NOT NULL AND measure_from <= ? ORDER BY id"
)

func (t *tx) SetPoolsMeasured(ctx context.Context, next map[string]ledger.Date) error {
	return t.markPools(ctx, "marking pools measured", nextMeasures, next)
}
