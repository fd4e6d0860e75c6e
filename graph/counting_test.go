package graph_test

import (
	"context"
	"sync/atomic"

	"drawdown/internal/books"
)

// counting counts what is asked of a store.
type counting struct {
	books.Store
	calls atomic.Int64
}

func (c *counting) View(ctx context.Context, act func(context.Context, books.Tx) error) error {
	return c.Store.View(ctx, act)
}
