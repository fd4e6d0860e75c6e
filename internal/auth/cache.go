package auth

import (
	"crypto/sha256"
	"sync"
	"time"

	"drawdown/internal/books"
)

const (
	// CacheTime is how long what was verified is remembered, and so how long a token that
	// is revoked on one server may still open others. Reading it again every five seconds
	// costs nothing beside what a caller does meanwhile.
	CacheTime = 5 * time.Second
	// maxKnown bounds the memory of callers: some hundred bytes each. Beyond it all are
	// verified again.
	maxKnown = 10_000
)

// cacheKey is the SHA-256 of a secret.
type cacheKey [sha256.Size]byte

// cache remembers callers that were verified.
type cache struct {
	mu    sync.RWMutex
	known map[cacheKey]known
}

type known struct {
	caller      books.Caller
	from, until time.Time // a clock that was set back is before from, and verifies again
}

func newCache() *cache { return &cache{known: map[cacheKey]known{}} }

func (c *cache) get(key cacheKey, now time.Time) (books.Caller, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	found, exists := c.known[key]
	return found.caller, exists && !now.Before(found.from) && now.Before(found.until)
}

// put remembers the caller for CacheTime, and not beyond the end of its access.
func (c *cache) put(key cacheKey, caller books.Caller, now time.Time) {
	until := now.Add(CacheTime)
	if !caller.ExpiresAt.IsZero() && caller.ExpiresAt.Before(until) {
		until = caller.ExpiresAt
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxKnown {
		clear(c.known)
	}
	c.known[key] = known{caller, now, until}
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.known)
}
