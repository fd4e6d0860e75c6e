package books

import (
	"context"
	"sync/atomic"
	"time"
)

// turns are how jobs and other writers of this process share a database that has one writer at a
// time: a step of a job ends early where others wait and it has had its turn. Where transactions
// begin without waiting, as on PostgreSQL, nobody waits here.
type turns struct {
	waiting atomic.Int64 // transactions that have not begun
	took    atomic.Int64 // what the last of them took, in nanoseconds
}

// update runs a transaction that somebody waits for.
func (b *Books) update(ctx context.Context, act func(context.Context, Tx) error) error {
	b.turns.waiting.Add(1)
	var began time.Time
	arrive := func() {
		if began.IsZero() {
			b.turns.waiting.Add(-1)
			began = time.Now()
		}
	}
	err := b.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		arrive()
		return act(ctx, tx)
	})
	arrive() // where it never began
	b.turns.took.Store(int64(time.Since(began)))
	return err
}

// hadTurn reports whether a step is to end for those who wait: it went on for as long as the last
// of their transactions did, so that neither side has less than half of the time, and for the
// least turn, so that what each step costs however small it is does not count.
func (b *Books) hadTurn(run *running) bool {
	return b.turns.waiting.Load() > 0 && time.Since(run.begun) >= max(b.bounds.Turn, time.Duration(b.turns.took.Load()))
}
