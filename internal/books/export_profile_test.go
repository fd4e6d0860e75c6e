package books_test

import (
	"context"
	"testing"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger/export"
)

// taken is a store in which a target has a profile that an earlier version took.
type taken struct {
	books.Store
	profile string
}

func (f taken) Update(ctx context.Context, act func(context.Context, books.Tx) error) error {
	return f.Store.Update(ctx, func(ctx context.Context, tx books.Tx) error { return act(ctx, takenTx{tx, f.profile}) })
}

type takenTx struct {
	books.Tx
	profile string
}

func (f takenTx) ExportTargetsByID(ctx context.Context, ids []string) ([]books.ExportTarget, error) {
	targets, err := f.Tx.ExportTargetsByID(ctx, ids)
	for _, target := range targets {
		for i := range target.Versions {
			target.Versions[i].Profile = f.profile
		}
	}
	return targets, err
}

// TestAProfileOfAnEarlierVersion has a batch say what is wrong with a profile that is refused now, and wait
// for another one.
func TestAProfileOfAnEarlierVersion(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s *store.Store) {
		e := newExporting(t, s, withAccounts(t, export.QuickBooksOnline, nil))
		e.sell(1)
		old := *e
		old.Books = done[*books.Books](t)(books.Open(t.Context(), taken{s, `{"format": "quickbooks-online", "accounts": [{"role": "cash", "code": "1", "name": "Bank: Cash"}]}`}, books.Options{}))
		batch := old.write(e.batch("one").ID)
		const want = `the profile: accounts[0].name "Bank: Cash" is not of the form Parent:Sub, without blanks around the colon or quotation marks: "Bank:Cash" is (WRONG_PROFILE)`
		if batch.Status != books.ExportDraft || batch.Problem != want {
			t.Errorf("got %s %s\nwant %s", batch.Status, batch.Problem, want)
		}
	})
}
