package export

import (
	"crypto/sha256"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// stream writes so many entries of two lines under the profile, and calls each after every
// tenth part of them.
func stream(t tester, p Profile, files Files, entries int64, each func()) Manifest {
	t.Helper()
	x, err := Open(p, files)
	if err == nil {
		err = x.Begin(in)
	}
	e := Canonical(one(nil))
	for n := int64(1); n <= entries && err == nil; n++ {
		e.Number, e.Code = n, EntryCode(n)
		err = x.Entry(e)
		if n%(entries/10) == 0 {
			each()
		}
	}
	if err == nil {
		err = x.End()
	}
	if err != nil {
		t.Fatal(err)
	}
	return x.Manifest()
}

// A million lines go through in the memory of one: EXPORT_LINES=1000000 go test -run FlatMemory
func TestFlatMemory(t *testing.T) {
	var lines int64
	if _, err := fmt.Sscan(os.Getenv("EXPORT_LINES"), &lines); err != nil {
		t.Skip("measures memory with EXPORT_LINES=1000000")
	}
	const most = 16 << 20 // bytes in use beyond those before
	for _, tt := range targets() {
		for _, mode := range []Mode{Detail, Summed} {
			p := tt.profile(t)
			p.Mode = mode
			before, peak := inUse(), uint64(0)
			m := stream(t, p, Nowhere{}, lines/2, func() { peak = max(peak, inUse()) })
			used := int64(peak) - int64(before)
			t.Logf("%s %s: %d lines into %d files, %d KiB in use", tt.format, mode, m.Lines, len(m.Files), used>>10)
			if used > most {
				t.Errorf("%s %s: %d bytes in use", tt.format, mode, used)
			}
		}
	}
}

func inUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// BenchmarkFormats writes 1,000 entries of two lines, and reports the time for a line and how
// many times as long that is as hashing the same bytes.
func BenchmarkFormats(b *testing.B) {
	const entries = 1000
	profiles := []Profile{}
	for _, format := range Formats() {
		profiles = append(profiles, mapped(b, format))
	}
	for _, tt := range targets() {
		profiles = append(profiles, tt.profile(b))
	}
	for _, p := range profiles {
		b.Run(string(p.Format), func(b *testing.B) {
			p.Limits = Limits{}
			var bytes int64
			for b.Loop() {
				m := stream(b, p, Nowhere{}, entries, func() {})
				bytes = m.Files[0].Bytes
			}
			perRun := b.Elapsed() / time.Duration(b.N)
			raw := rawTime(bytes)
			b.SetBytes(bytes)
			b.ReportMetric(float64(perRun.Nanoseconds())/entries/2, "ns/line")
			b.ReportMetric(float64(perRun)/float64(raw), "x-raw")
		})
	}
}

// rawTime is how long it takes to hash so many bytes and hand them on.
func rawTime(bytes int64) time.Duration {
	content, best := make([]byte, bytes), time.Hour
	for range 20 {
		start := time.Now()
		sum := sha256.New()
		_, _ = sum.Write(content)
		sum.Sum(nil)
		best = min(best, time.Since(start))
	}
	return best
}
