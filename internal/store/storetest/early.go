package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// earlyMovements adds up recognitions of a pool: one with use, one on a day on which credits
// left it, a catch-up of an estimate, one of the day of an estimate from before, and one
// that is not posted.
func earlyMovements(t *testing.T, s *suite) {
	policy := aPolicy("pooled")
	pool := revrec.Pool{ID: newID(), PolicyID: policy.ID, By: revrec.PoolByPolicy, Currency: "USD", Functional: "USD"}
	estimate := func(from ledger.Date, inOne bool) books.Estimate {
		return books.Estimate{Estimate: revrec.Estimate{ID: newID(), From: from, Rate: decimal.New(1, -1), InOne: inOne}, PolicyID: policy.ID, CreatedAt: noon}
	}
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		same(t, []revrec.Pool{pool})(tx.EnsurePools(ctx, []revrec.Pool{pool}))
		must(t, tx.AddPoolDays(ctx, noon, map[string][]revrec.PoolDay{pool.ID: {{Day: day, SoldMinor: 100, UsedMinor: 10}, {Day: day + 1, SoldMinor: -50}}}))
		must(t, tx.InsertEstimate(ctx, estimate(day+2, false)))
		must(t, tx.InsertEstimate(ctx, estimate(day+3, true)))
		opened, err := tx.OpenBatch(ctx, newID(), noon)
		must(t, err)
		caught := poolRecognition(pool, day+2, 16, opened.ID)
		caught.Kind, caught.AccountingDate = revrec.CatchUp, day+40
		must(t, tx.InsertRecognitions(ctx, []revrec.Recognition{
			poolRecognition(pool, day, 8, opened.ID), poolRecognition(pool, day+1, -4, opened.ID), caught,
			poolRecognition(pool, day+2, 32, opened.ID), poolRecognition(pool, day+3, 64, opened.ID),
		}))
		must(t, tx.CloseBatch(ctx, opened.ID, noon))
		next, err := tx.OpenBatch(ctx, newID(), noon.Add(time.Hour))
		must(t, err)
		must(t, tx.InsertRecognitions(ctx, []revrec.Recognition{poolRecognition(pool, day, 128, next.ID)}))
	})
	moved := func(column books.EarlyColumn, count, minor int64) books.EarlyMovement {
		return books.EarlyMovement{
			PolicyID: policy.ID, Currency: "USD", Column: column, Recognitions: count,
			Minor: minor, Functional: 2 * minor, Unclaimed: count, UnclaimedFunctional: 2 * count,
		}
	}
	s.view(func(ctx context.Context, tx books.Tx) {
		filter := books.EarlyFilter{From: day, To: day + 99, AsOf: noon, Limit: 10}
		same(t, []books.EarlyMovement{moved(books.EarlyCatchUp, 2, 80), moved(books.EarlyGivenUp, 1, -4), moved(books.EarlyWithUse, 2, 40)})(tx.EarlyMovements(ctx, filter))
		filter.Limit = 1
		same(t, 1)(counted(tx.EarlyMovements(ctx, filter)))
		filter.From, filter.To, filter.Limit, filter.PolicyID = day+2, day+9, 10, policy.ID
		same(t, []books.EarlyMovement{moved(books.EarlyCatchUp, 1, 64), moved(books.EarlyOpening, 2, 4), moved(books.EarlyWithUse, 1, 32)})(tx.EarlyMovements(ctx, filter))
		filter.From, filter.To, filter.CatchUps, filter.ByPool = day, day+99, true, true
		apart, inOne := moved(books.EarlyCatchUp, 1, 16), moved(books.EarlyCatchUp, 1, 64)
		apart.PoolID, apart.Day, apart.Period, apart.Apart = pool.ID, day+2, (day + 40).Period(), true
		inOne.PoolID, inOne.Day, inOne.Period = pool.ID, day+3, (day + 3).Period()
		same(t, []books.EarlyMovement{apart, inOne})(tx.EarlyMovements(ctx, filter))
		filter.PolicyID = newID()
		same(t, []books.EarlyMovement{})(tx.EarlyMovements(ctx, filter))
		filter.PolicyID, filter.AsOf = "", noon.Add(-time.Hour)
		same(t, []books.EarlyMovement{})(tx.EarlyMovements(ctx, filter))
	})

	// What came into pools later changes nothing of what they were.
	later, euro := noon.Add(time.Hour), pool
	euro.ID, euro.Currency = newID(), "EUR"
	s.update(func(ctx context.Context, tx books.Tx) {
		same(t, []revrec.Pool{euro})(tx.EnsurePools(ctx, []revrec.Pool{euro}))
		must(t, tx.AddPoolDays(ctx, later, map[string][]revrec.PoolDay{
			pool.ID: {{Day: day, SoldMinor: 20, UsedMinor: 5, SoldFunctional: 3, UsedFunctional: 2}, {Day: day + 1, SoldMinor: 60}}, euro.ID: {{Day: day + 5, SoldMinor: 1}},
		}))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		measured := func(of revrec.Pool, total revrec.PoolDay, booked, law int64) books.PoolMeasure {
			return books.PoolMeasure{Pool: of, Total: total, Booked: booked, BookedFunctional: 2 * booked, Law: law, FunctionalLaw: 2 * law}
		}
		asked := books.MeasureFilter{PolicyID: policy.ID, On: day + 1, AsOf: noon}
		same(t, []books.PoolMeasure{measured(pool, revrec.PoolDay{Day: day + 1, SoldMinor: 50, UsedMinor: 10}, 4, 2)})(tx.PoolMeasures(ctx, asked, books.Page{}))
		asked.On = day
		same(t, []books.PoolMeasure{measured(pool, revrec.PoolDay{Day: day, SoldMinor: 100, UsedMinor: 10}, 8, 1)})(tx.PoolMeasures(ctx, asked, books.Page{}))
		asked.On, asked.AsOf = day+1, later
		now := []books.PoolMeasure{
			measured(pool, revrec.PoolDay{Day: day + 1, SoldMinor: 130, UsedMinor: 15, SoldFunctional: 3, UsedFunctional: 2}, 4, 2), measured(euro, revrec.PoolDay{Day: day + 1}, 0, 0),
		}
		same(t, now)(tx.PoolMeasures(ctx, asked, books.Page{}))
		same(t, now[1:])(tx.PoolMeasures(ctx, books.MeasureFilter{IDs: []string{euro.ID, newID()}, On: day + 1, AsOf: later}, books.Page{}))
		same(t, now[:1])(tx.PoolMeasures(ctx, books.MeasureFilter{Currency: "USD", On: day + 1, AsOf: later}, books.Page{}))
		asked.AsOf = noon.Add(-time.Microsecond)
		same(t, []books.PoolMeasure{})(tx.PoolMeasures(ctx, asked, books.Page{}))
		filter := books.EarlyFilter{From: day, To: day + 99, AsOf: noon, Limit: 10}
		same(t, []books.EarlyMovement{moved(books.EarlyCatchUp, 2, 80), moved(books.EarlyGivenUp, 1, -4), moved(books.EarlyWithUse, 2, 40)})(tx.EarlyMovements(ctx, filter))
		filter.AsOf = later
		same(t, []books.EarlyMovement{moved(books.EarlyCatchUp, 2, 80), moved(books.EarlyWithUse, 3, 36)})(tx.EarlyMovements(ctx, filter))
	})
}

func counted(rows []books.EarlyMovement, err error) (int, error) { return len(rows), err }
