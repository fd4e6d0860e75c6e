package export

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"drawdown/ledger"
)

// allFormats are those of the journal and those for auditors.
func allFormats() []Format { return append(Formats(), ADS, SAFT) }

// many are so many entries, numbered through.
func many(n int) func(func(Entry) error) error {
	five := canonical(book()[:5])
	return func(do func(Entry) error) error {
		for i := range n {
			e := five[i%len(five)]
			e.Number, e.Code = int64(i+1), EntryCode(int64(i+1))
			if err := do(e); err != nil {
				return err
			}
		}
		return nil
	}
}

// writeAll writes so many entries in the format, as one file or under a profile.
func writeAll(t testing.TB, format Format, files Files, n int) {
	t.Helper()
	export, err := Open(profileOf(t, format, nil), files)
	if err != nil {
		t.Fatal(err)
	}
	if err := export.Run(Header{From: ledger.NewDate(2025, 1, 1), To: ledger.NewDate(2025, 12, 31), Functional: "USD"}, many(n)); err != nil {
		t.Fatal(err)
	}
}

// inDir makes files in a directory, over those that are there.
type inDir string

func (d inDir) Create(name string) (io.WriteCloser, error) {
	return os.Create(filepath.Join(string(d), name))
}

// BenchmarkFormatsReadTwice writes ten thousand entries for auditors into a file, and then the same bytes
// as they are: ratio is how many times longer the format takes.
func BenchmarkFormatsReadTwice(b *testing.B) {
	const entries = 10_000
	for _, format := range []Format{ADS, SAFT} {
		b.Run(string(format), func(b *testing.B) {
			dir := b.TempDir()
			for b.Loop() {
				writeAll(b, format, inDir(dir), entries)
			}
			took := b.Elapsed() / time.Duration(b.N)
			var content bytes.Buffer
			files, err := os.ReadDir(dir)
			if err != nil {
				b.Fatal(err)
			}
			for _, file := range files {
				text, err := os.ReadFile(filepath.Join(dir, file.Name()))
				if err != nil {
					b.Fatal(err)
				}
				content.Write(text)
			}
			raw := rawly(b, dir, content.Bytes())
			b.ReportMetric(float64(took)/float64(raw), "ratio")
			b.ReportMetric(float64(took.Nanoseconds())/entries, "ns/entry")
			b.SetBytes(int64(content.Len()))
		})
	}
}

// rawly is how long it takes to write the bytes into a file, in pieces as the formats do.
func rawly(b *testing.B, dir string, content []byte) time.Duration {
	const rounds = 5
	began := time.Now()
	for range rounds {
		file, err := os.Create(filepath.Join(dir, "raw"))
		if err != nil {
			b.Fatal(err)
		}
		for rest := content; len(rest) > 0; rest = rest[min(flushAt, len(rest)):] {
			if _, err := file.Write(rest[:min(flushAt, len(rest))]); err != nil {
				b.Fatal(err)
			}
		}
		if err := file.Close(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began) / rounds
}

// heap looks at the memory in use after every megabyte, and at the end of a file, however short.
type heap struct{ written, looked, most uint64 }

func (h *heap) Create(string) (io.WriteCloser, error) { return h, nil }

func (h *heap) Close() error {
	h.look()
	return nil
}

func (h *heap) Write(b []byte) (int, error) {
	h.written += uint64(len(b))
	if h.written >= h.looked+1<<20 {
		h.looked = h.written
		h.look()
	}
	return len(b), nil
}

func (h *heap) look() {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools kept is let go by the second one
	runtime.ReadMemStats(&stats)
	h.most = max(h.most, stats.HeapAlloc)
}

// More entries take no more memory, but for some of Parquet, which keeps an index of its pages.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a hundred thousand lines in every format")
	}
	const allowed = 4 << 20
	for _, format := range allFormats() {
		small, large := &heap{}, &heap{}
		few, lots := 5_000, 20_000
		if format == Parquet { // more than a group of rows
			few, lots = 30_000, 60_000
		}
		writeAll(t, format, small, few)
		writeAll(t, format, large, lots)
		if large.most > small.most+allowed {
			t.Errorf("%s: %d MB in use for %d entries, %d MB for %d", format, small.most>>20, few, large.most>>20, lots)
		}
	}
}
