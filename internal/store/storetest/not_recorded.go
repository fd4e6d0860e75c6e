package storetest

import (
	"context"
	"testing"
	"time"

	"drawdown/internal/books"
)

// notRecorded adds up what was written of some days by an instant.
func notRecorded(t *testing.T, s *suite) {
	later, again := noon.Add(time.Hour), newID()
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertNotRecorded(ctx, nil))
		must(t, tx.InsertNotRecorded(ctx, []books.NotRecorded{
			{ID: newID(), At: noon, Day: day, Status: books.Rejected, Code: books.Invalid, Events: 3},
			{ID: again, At: noon, Day: day, Status: books.Duplicate, Events: 2},
		}))
		must(t, tx.InsertNotRecorded(ctx, []books.NotRecorded{
			{ID: again, At: later, Day: day, Status: books.Duplicate, Events: 2}, // who wrote it did not hear that it was
			{ID: newID(), At: later, Day: day, Status: books.Rejected, Code: books.Invalid, Events: 4},
			{ID: newID(), At: later, Day: day + 1, Status: books.Rejected, Code: books.NotFound, Events: 1},
		}))
	})
	duplicate := books.NotRecorded{Day: day, Status: books.Duplicate, Events: 2}
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.NotRecorded{duplicate, {Day: day, Status: books.Rejected, Code: books.Invalid, Events: 3}})(tx.NotRecorded(ctx, day, day+1, noon))
		same(t, []books.NotRecorded{
			duplicate, {Day: day, Status: books.Rejected, Code: books.Invalid, Events: 7}, {Day: day + 1, Status: books.Rejected, Code: books.NotFound, Events: 1},
		})(tx.NotRecorded(ctx, day, day+1, later))
		same(t, []books.NotRecorded{{Day: day + 1, Status: books.Rejected, Code: books.NotFound, Events: 1}})(tx.NotRecorded(ctx, day+1, day+9, later))
		same(t, []books.NotRecorded{})(tx.NotRecorded(ctx, day+2, day+9, later))
	})
	if s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
		return tx.InsertNotRecorded(ctx, []books.NotRecorded{{ID: newID(), At: noon, Day: day, Status: books.Recorded, Events: 1}})
	}) == nil {
		t.Error("what was recorded is counted as not")
	}
}
