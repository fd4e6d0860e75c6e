package demo

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Start is when the demo's book begins, End when it is handed over: eleven days into a
// second year, when the first of the annual credits have lapsed and more are about to.
var (
	Start = time.Date(2025, 1, 1, 8, 0, 0, 0, time.UTC)
	End   = time.Date(2026, 1, 12, 8, 0, 0, 0, time.UTC)
)

// seed makes the demo the one it is.
const seed = 606_10_55_46

// clock shows the time of the demo: it stands where it was set until it is let go, then
// goes on from there at the pace of the world.
type clock struct {
	mu    sync.Mutex
	shown time.Time
	since time.Time // when it was let go, zero before
}

// Now is the time of the demo.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		return c.shown
	}
	return c.shown.Add(time.Since(c.since))
}

// set puts the clock forward; it never goes back.
func (c *clock) set(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if to.After(c.shown) {
		c.shown = to
	}
}

func (c *clock) letGo() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = time.Now()
}

// ids makes UUIDv7s, in order, from the demo's clock and chance.
type ids struct {
	clock  *clock
	mu     sync.Mutex
	chance *rand.PCG
	millis int64
	count  uint16 // within the millisecond
}

// maxPerMilli is what the 12 bits beside the time can count.
const maxPerMilli = 1 << 12

func (i *ids) next() string {
	now := i.clock.Now().UnixMilli()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.count++
	switch {
	case now > i.millis:
		i.millis, i.count = now, 0
	case i.count == maxPerMilli:
		i.millis, i.count = i.millis+1, 0
	}
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(i.millis)<<16|0x7000|uint64(i.count))
	binary.BigEndian.PutUint64(id[8:], i.chance.Uint64()&^(3<<62)|2<<62)
	return id.String()
}
