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
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, books.LatestReconciliation{})(tx.LatestReconciliation(ctx))
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
		same(t, books.LatestReconciliation{At: different.At, To: different.To, Differing: 1, Found: different.Found})(tx.LatestReconciliation(ctx))
		if tx.InsertReconciliation(ctx, matched) == nil {
			t.Error("a view keeps a reconciliation")
		}
	})
}
