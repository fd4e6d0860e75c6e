package auth

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// usedEvery is how often it is written when tokens were last used: often enough to find the
// ones that nobody uses, seldom enough to cost nothing.
const usedEvery = time.Minute

// usedTokens gathers when tokens were used, so that no request waits for that to be written.
type usedTokens struct {
	mu   sync.Mutex
	last map[string]time.Time // by id, since it was last written
}

func newUsedTokens() *usedTokens { return &usedTokens{last: map[string]time.Time{}} }

func (u *usedTokens) note(id string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last[id] = at
}

// take returns what was gathered, and begins anew.
func (u *usedTokens) take() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	last := u.last
	u.last = map[string]time.Time{}
	return last
}

// Run writes every minute when tokens were last used, until the context is done, and then
// once more.
func (c *Callers) Run(ctx context.Context, log *slog.Logger) {
	ticks := time.NewTicker(usedEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			c.WriteUsed(ctx, log)
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
			c.WriteUsed(end, log)
			cancel()
			return
		}
	}
}

// lastWrite is what the last writing may take while the server stops.
const lastWrite = 5 * time.Second

// WriteUsed writes when tokens were last used. Where that fails it is gone: a minute later
// those that are used are written again.
func (c *Callers) WriteUsed(ctx context.Context, log *slog.Logger) {
	if err := c.books.TokensUsed(ctx, c.used.take()); err != nil {
		log.WarnContext(ctx, "when tokens were last used is not written", "error", err)
	}
}
