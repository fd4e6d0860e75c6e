package bench

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"time"
)

// heapPeak keeps the most memory that objects took while something ran, as sampled.
type heapPeak struct {
	mu   sync.Mutex
	most uint64
}

// heapTick is how often memory is looked at: collections are some milliseconds apart.
const heapTick = 2 * time.Millisecond

// watch looks at memory until stop is called. What was left over before is collected
// first.
func (h *heapPeak) watch() (stop func()) {
	runtime.GC()
	h.look()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(heapTick)
		defer ticker.Stop()
		for {
			h.look()
			select {
			case <-end:
				return
			case <-ticker.C:
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

func (h *heapPeak) look() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.most = max(h.most, sample[0].Value.Uint64())
}

func (h *heapPeak) megabytes() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	const megabyte = 1 << 20
	return float64(h.most) / megabyte
}
