package store

import (
	"context"
	"testing"

	"drawdown/internal/books"
)

// BenchmarkOpenMemory is what a property test pays for each of its books, the first
// query with its reading of the schema included.
func BenchmarkOpenMemory(b *testing.B) {
	ctx := b.Context()
	for b.Loop() {
		s, err := OpenMemory(ctx)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Update(ctx, func(ctx context.Context, tx books.Tx) error { _, err := tx.ClosedThrough(ctx); return err }); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFindings is what verify costs before there is anything to verify.
func BenchmarkFindings(b *testing.B) {
	ctx := b.Context()
	s, err := OpenMemory(ctx)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := s.View(ctx, func(ctx context.Context, tx books.Tx) error { _, err := tx.Findings(ctx, 100); return err }); err != nil {
			b.Fatal(err)
		}
	}
}
