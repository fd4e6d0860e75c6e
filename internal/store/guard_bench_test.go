package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
	"drawdown/ledger"
	"drawdown/revrec"
)

// BenchmarkClosedGuard writes a step's recognitions with the guard of closed periods and
// without it: what the guard costs whoever books.
func BenchmarkClosedGuard(b *testing.B) {
	for engine, open := range map[string]func(b *testing.B) *store.Store{
		"sqlite": func(b *testing.B) *store.Store {
			s, err := store.Open(b.Context(), "sqlite:"+b.TempDir()+"/book.db", store.Options{})
			if err == nil {
				err = s.Migrate(b.Context())
			}
			if err != nil {
				b.Fatal(err)
			}
			return s
		},
		"postgres": func(b *testing.B) *store.Store {
			s, err := store.Open(b.Context(), pgtest.URL(b), store.Options{})
			if err == nil {
				err = s.Migrate(b.Context())
			}
			if err != nil {
				b.Fatal(err)
			}
			return s
		},
	} {
		for _, guarded := range []bool{true, false} {
			name := engine + "/without"
			if guarded {
				name = engine + "/guarded"
			}
			b.Run(name, func(b *testing.B) {
				s := open(b)
				defer s.Close()
				drop := map[string]string{"sqlite": "DROP TRIGGER recognitions_closed", "postgres": "DROP TRIGGER recognitions_closed ON recognitions"}[engine]
				must := func(err error) {
					if err != nil {
						b.Fatal(err)
					}
				}
				const rows = 10_000
				newID := func() string { return uuid.Must(uuid.NewV7()).String() }
				customer, lot, batch, day := newID(), newID(), newID(), ledger.NewDate(2024, 3, 3)
				must(s.Update(b.Context(), func(ctx context.Context, tx books.Tx) error {
					must(tx.InsertLot(ctx, revrec.Lot{
						ID: lot, CustomerID: customer, PolicyID: customer, PurchaseID: customer, Kind: revrec.PurchaseLot, Granted: revrec.One,
						Price: ledger.Money(1, "USD"), Functional: ledger.Money(1, "USD"), PurchasedOn: day, StartsAt: time.Unix(0, 0),
					}))
					opened, err := tx.OpenBatch(ctx, batch, time.Unix(0, 0))
					must(err)
					batch = opened.ID
					if err := tx.SetClosedThrough(ctx, ledger.NewDate(2024, 1, 1).Period()); err != nil || guarded {
						return err
					}
					_, err = store.Act(ctx, tx, drop)
					return err
				}))
				for b.Loop() {
					b.StopTimer()
					made := make([]revrec.Recognition, rows)
					for i := range made {
						made[i] = revrec.Recognition{
							ID: newID(), CustomerID: customer, LotID: lot, PolicyID: customer, Batch: batch, Kind: revrec.Usage,
							Day: day, AccountingDate: day, Credits: 1, Amount: ledger.Money(1, "USD"), Functional: ledger.Money(1, "USD"),
							Unclaimed: ledger.Money(0, "USD"), UnclaimedFunctional: ledger.Money(0, "USD"),
						}
					}
					b.StartTimer()
					must(s.Update(b.Context(), func(ctx context.Context, tx books.Tx) error { return tx.InsertRecognitions(ctx, made) }))
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
			})
		}
	}
}
