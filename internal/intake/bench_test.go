package intake

import (
	"bytes"
	"fmt"
	"testing"
)

// BenchmarkRead reads ten thousand events of each format; ns/event is what intake over
// HTTP spends on parsing.
func BenchmarkRead(b *testing.B) {
	const events = 10_000
	var own, cloud, batch bytes.Buffer
	for i := range events {
		fmt.Fprintf(&own, `{"source":"gateway","id":"req-%d","customer":"customer-%d","meter":"tokens_in","quantity":%d,"occurredAt":"2025-11-16T18:17:%02d.97996Z"}`+"\n",
			i, i%100, i+1, i%60)
		event := fmt.Sprintf(`{"specversion":"1.0","type":"llm.request","source":"/gateway","id":"req-%d","subject":"customer-%d","time":"2025-11-16T18:17:%02d.97996Z","data":{"meter":"tokens_in","quantity":%d}}`,
			i, i%100, i%60, i+1)
		cloud.WriteString(event + "\n")
		batch.WriteString(map[bool]string{true: "[", false: ","}[i == 0] + event)
	}
	batch.WriteString("]")
	for _, file := range []struct {
		name   string
		format Format
		text   []byte
	}{
		{"ndjson", NDJSON, own.Bytes()},
		{"cloudevents", CloudEvents, cloud.Bytes()},
		{"batch", CloudEvents, batch.Bytes()},
	} {
		b.Run(file.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				read := 0
				for row, err := range Read(bytes.NewReader(file.text), Options{Format: file.format, Source: "bench"}) {
					if err != nil || row.Err != nil {
						b.Fatal(err, row.Err)
					}
					read++
				}
				if read != events {
					b.Fatalf("%d events", read)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
		})
	}
}
