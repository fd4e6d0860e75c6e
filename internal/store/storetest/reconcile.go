package storetest

import (
	"context"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// reconciliations keeps what came of comparing, and gives it back as it was; the latest one says
// what it found.
func reconciliations(t *testing.T, s *suite) {
	line := books.ReconcileLine{
		Kind: books.EventsDraws, Of: "EVENTS", Left: books.Reconciled{Keys: 2, Rows: 2, Minor: 5_000_000, Hash: "aa"}, Right: books.Reconciled{Keys: 1, Rows: 3, Minor: 3_000_000, Hash: "bb"},
		Rows:     []books.ReconcileRow{{Kind: books.RowEvent, ID: newID(), Key: "key", Left: books.ReconcileSide{Rows: 1, Minor: 2_000_000}}},
		RowCount: 1,
	}
	matched := books.Reconciliation{ID: newID(), At: noon, RunID: newID(), From: ledger.NewDate(2024, 1, 1), To: ledger.NewDate(2024, 2, 29), Lines: []books.ReconcileLine{}, Took: time.Millisecond}
	different := books.Reconciliation{ID: newID(), At: noon.Add(time.Hour), RunID: newID(), To: ledger.NewDate(2024, 3, 1), Lines: []books.ReconcileLine{line}, Took: time.Second}
	different.Found = different.FoundHash()
	part := books.ReconcilePart{
		Number: 2, Round: ledger.NewDate(2024, 2, 28), Again: true, Differs: true, From: ledger.NewDate(1970, 1, 1), To: ledger.NewDate(2023, 12, 31), Took: time.Second,
		Events:  books.ReconcileKeys{Until: books.ReconcileKey{Customer: newID(), ID: newID()}},
		LotDays: books.ReconcileKeys{After: books.ReconcileKey{Customer: newID(), ID: newID(), Day: ledger.NewDate(2023, 5, 1)}, None: true},
	}
	different.Older = &books.ReconcileOlder{
		To: ledger.NewDate(2024, 1, 31), Began: ledger.NewDate(2024, 2, 28), Before: ledger.NewDate(2024, 2, 14), Done: 2, First: ledger.NewDate(2023, 1, 1), Events: 5, LotDays: 6,
		Reached: part, Months: part.To, Parts: []books.ReconcilePart{part},
	}
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, books.LatestReconciliation{})(tx.LatestReconciliation(ctx))
		same(t, books.ReconcileSize{})(tx.ReconcileSize(ctx))
		for _, stream := range []books.ReconcileStream{books.EventsDrawn, books.DrawsOfDays} {
			if key, ok, err := tx.ReconcileAhead(ctx, stream, books.ReconcileKey{}, 1); ok || err != nil {
				t.Errorf("%s of an empty book: %v, %v, %v", stream, key, ok, err)
			}
		}
		if _, _, err := tx.ReconcileAhead(ctx, books.LotsCarrying, books.ReconcileKey{}, 1); err == nil {
			t.Error("lots are read ahead")
		}
	})
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertReconciliation(ctx, matched))
		must(t, tx.InsertReconciliation(ctx, different))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		id := func(r books.Reconciliation) string { return r.ID }
		for _, test := range []struct {
			filter books.ReconciliationFilter
			page   books.Page
			want   []string
		}{
			{books.ReconciliationFilter{}, books.Page{}, []string{matched.ID, different.ID}},
			{books.ReconciliationFilter{}, books.Page{Limit: 1, Reverse: true}, []string{different.ID}},
			{books.ReconciliationFilter{}, books.Page{After: matched.ID, Limit: 5}, []string{different.ID}},
			{books.ReconciliationFilter{Status: books.ReconcileMatched}, books.Page{}, []string{matched.ID}},
			{books.ReconciliationFilter{ID: different.ID}, books.Page{}, []string{different.ID}},
		} {
			sameIDs(t, id, test.want...)(tx.Reconciliations(ctx, test.filter, test.page))
		}
		same(t, int64(1))(tx.CountReconciliations(ctx, books.ReconciliationFilter{Status: books.ReconcileDifferent}))
		same(t, []books.Reconciliation{matched, different})(tx.Reconciliations(ctx, books.ReconciliationFilter{}, books.Page{}))
		same(t, books.LatestReconciliation{At: different.At, To: different.To, Differing: 1, Found: different.Found, Older: different.Older})(tx.LatestReconciliation(ctx))
		if tx.InsertReconciliation(ctx, matched) == nil {
			t.Error("a view keeps a reconciliation")
		}
	})
}
