package estimate

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func BenchmarkRun(b *testing.B) {
	for _, customers := range []int{200, 2_000, 20_000} {
		h, _ := typical("", func(w *world) { w.customers, w.months, w.expiry = customers, 36, 12 }).play(rand.New(rand.NewPCG(1, 2)))
		b.Run(fmt.Sprintf("customers=%d/records=%d", customers, len(h.Records)), func(b *testing.B) {
			for b.Loop() {
				if _, err := Run(h, Parameters{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
