package bench

import (
	"context"
	"sync"
)

// together runs act n times at once and returns the first error, which ends the rest.
func together(ctx context.Context, n int, act func(ctx context.Context, i int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var working sync.WaitGroup
	for i := range n {
		working.Go(func() {
			if err := act(ctx, i); err != nil {
				stop(err)
			}
		})
	}
	working.Wait()
	return context.Cause(ctx)
}
