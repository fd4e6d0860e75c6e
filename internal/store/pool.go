package store

import (
	"context"
	"slices"

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
	Currency           string
	FunctionalCurrency string
	MeasureFrom        date `bun:",type:text"` // NULL while nothing waits to be measured
}

func (row poolRow) pool() revrec.Pool {
	return revrec.Pool{
		ID: row.ID, PolicyID: row.PolicyID, By: revrec.PoolBy(row.PoolBy), Key: row.PoolKey,
		Currency: ledger.Currency(row.Currency), Functional: ledger.Currency(row.FunctionalCurrency),
	}
}

func (t *tx) EnsurePool(ctx context.Context, pool revrec.Pool) (revrec.Pool, error) {
	rows, err := query[poolRow](ctx, t, "looking for a pool", "SELECT * FROM pools WHERE policy_id = ? AND pool_key = ? AND currency = ?",
		pool.PolicyID, pool.Key, string(pool.Currency))
	if err != nil {
		return revrec.Pool{}, err
	}
	if len(rows) > 0 {
		return rows[0].pool(), nil
	}
	return pool, insert(ctx, t, "keeping a pool", []poolRow{{
		ID: pool.ID, PolicyID: pool.PolicyID, PoolBy: string(pool.By), PoolKey: pool.Key,
		Currency: string(pool.Currency), FunctionalCurrency: string(pool.Functional),
	}})
}

func (t *tx) PoolsByID(ctx context.Context, ids []string) ([]revrec.Pool, error) {
	rows, err := byColumn[poolRow](ctx, t, "reading pools", "id", ids)
	return convert(rows, poolRow.pool), err
}

// Pools lists the pools of a policy, of all where it is "".
func (t *tx) Pools(ctx context.Context, policyID string, page books.Page) ([]revrec.Pool, error) {
	rows, err := list[poolRow](ctx, t, "listing pools", func(q *bun.SelectQuery) *bun.SelectQuery {
		return onPage(whereID(q, "policy_id", policyID), page)
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

// AddPoolDays adds to the days of a pool, a day as often as it is given. Errors: NOT_FOUND.
func (t *tx) AddPoolDays(ctx context.Context, poolID string, days []revrec.PoolDay) error {
	merged := revrec.MergePoolDays(slices.Clone(days))
	if len(merged) == 0 {
		return nil
	}
	if err := t.measureFrom(ctx, poolID, merged[0].Day); err != nil {
		return err
	}
	for chunk := range slices.Chunk(merged, chunkRows) {
		rows := convert(chunk, func(d revrec.PoolDay) poolDayRow {
			return poolDayRow{
				PoolID: poolID, Day: date(d.Day), SoldMinor: d.SoldMinor, UsedMinor: d.UsedMinor,
				SoldFunctionalMinor: d.SoldFunctional, UsedFunctionalMinor: d.UsedFunctional,
			}
		})
		_, err := t.db.NewInsert().Model(&rows).On("CONFLICT (pool_id, day) DO UPDATE").Set(`
			sold_minor = pool_days.sold_minor + EXCLUDED.sold_minor,
			used_minor = pool_days.used_minor + EXCLUDED.used_minor,
			sold_functional_minor = pool_days.sold_functional_minor + EXCLUDED.sold_functional_minor,
			used_functional_minor = pool_days.used_functional_minor + EXCLUDED.used_functional_minor`).Returning("NULL").Exec(ctx)
		if err != nil {
			return t.refused("adding to pool days", err)
		}
	}
	return nil
}

// earlierMeasure moves the day from which to measure back, never forward.
const earlierMeasure = "UPDATE pools SET measure_from = CASE WHEN measure_from < ?0 THEN measure_from ELSE ?0 END "

func (t *tx) measureFrom(ctx context.Context, poolID string, from ledger.Date) error {
	touched, err := t.exec(ctx, "marking a pool to be measured", earlierMeasure+"WHERE id = ?1", date(from), poolID)
	return wroteOne("pool", poolID, touched, err)
}

func (t *tx) MeasurePoolsFrom(ctx context.Context, policyID string, from ledger.Date) error {
	_, err := t.exec(ctx, "marking pools to be measured", earlierMeasure+"WHERE policy_id = ?1", date(from), policyID)
	return err
}

func (t *tx) PoolDays(ctx context.Context, poolID string) ([]revrec.PoolDay, error) {
	rows, err := list[poolDayRow](ctx, t, "reading pool days", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("pool_id = ?", poolID).Order("day")
	})
	return convert(rows, func(row poolDayRow) revrec.PoolDay {
		return revrec.PoolDay{
			Day: ledger.Date(row.Day), SoldMinor: row.SoldMinor, UsedMinor: row.UsedMinor,
			SoldFunctional: row.SoldFunctionalMinor, UsedFunctional: row.UsedFunctionalMinor,
		}
	}), err
}

func (t *tx) UnmeasuredPools(ctx context.Context, through ledger.Date, limit int) ([]books.PoolWork, error) {
	rows, err := query[poolRow](ctx, t, "reading pools to be measured", unmeasuredPools, date(through), limit)
	return convert(rows, func(row poolRow) books.PoolWork {
		return books.PoolWork{Pool: row.pool(), From: ledger.Date(row.MeasureFrom)}
	}), err
}

const unmeasuredPools = "SELECT * FROM pools WHERE measure_from IS NOT NULL AND measure_from <= ? ORDER BY id LIMIT ?"

// SetPoolMeasured sets the next day to be measured. Errors: NOT_FOUND.
func (t *tx) SetPoolMeasured(ctx context.Context, poolID string, next ledger.Date) error {
	touched, err := t.exec(ctx, "marking a pool measured", "UPDATE pools SET measure_from = ? WHERE id = ?", date(next), poolID)
	return wroteOne("pool", poolID, touched, err)
}
