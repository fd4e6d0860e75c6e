package evidence_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/evidence"
)

// TestMemory makes the pack of a month of 20,000 uses, or of PACK_EVENTS, on SQLite in memory or, where PACK_ENGINE is
// postgres, on PostgreSQL, and holds that what it takes of
// memory is what Parquet holds back, and not the month.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a month of much use")
	}
	n := 20_000
	if text := os.Getenv("PACK_EVENTS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	engine := 0
	if os.Getenv("PACK_ENGINE") == "postgres" {
		engine = 1
	}
	b := onBoth(t)[engine]
	_, err := b.GLAccountsSet(t.Context(), b.key(), books.SampleGLCodes())
	b.Must(err)
	_, err = b.PolicyCreate(t.Context(), "p", books.NewPolicy{Code: "plain"})
	b.Must(err)
	customers := n / 40
	for i := range customers {
		_, err := b.CustomerCreate(t.Context(), fmt.Sprint("c", i), books.NewCustomer{ExternalID: fmt.Sprint("c", i)})
		b.Must(err)
		b.sell(fmt.Sprint("c", i), "plain", 100000, 1000, "")
	}
	c := decimal.RequireFromString("1.5")
	for day := 3; day < 23; day++ {
		b.Now = on(1, day)
		var batch []books.UsageInput
		for i := range customers {
			for j := range 2 {
				batch = append(batch, books.UsageInput{ID: fmt.Sprint("e", day, "-", i, "-", j), Customer: fmt.Sprint("c", i), Credits: &c})
			}
		}
		for len(batch) > 0 {
			m := min(len(batch), 1000)
			_, err := b.RecordUsage(t.Context(), batch[:m])
			b.Must(err)
			batch = batch[m:]
		}
	}
	b.run(2, 1)
	b.shut(1)
	runtime.GC()
	var base, peak runtime.MemStats
	runtime.ReadMemStats(&base)
	var top atomic.Uint64
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				runtime.ReadMemStats(&peak)
				if peak.HeapInuse > top.Load() {
					top.Store(peak.HeapInuse)
				}
			}
		}
	}()
	began := time.Now()
	dir := t.TempDir()
	m, err := evidence.Write(t.Context(), b.Books, evidence.Options{Period: month(1)}, dir)
	b.Must(err)
	close(stop)
	size := int64(0)
	for _, f := range m.Files {
		size += f.Bytes
	}
	const most = 96 << 20 // four Parquet files are open at most, each with fifty thousand rows held back
	if grown := top.Load() - min(base.HeapInuse, top.Load()); grown > most {
		t.Errorf("the heap grew by %d MB, at most %d are right", grown>>20, most>>20)
	}
	t.Logf("%d events: %s, %d MB of files, heap %d MB before, %d MB at most", n, time.Since(began).Round(time.Millisecond), size>>20, base.HeapInuse>>20, top.Load()>>20)
}
