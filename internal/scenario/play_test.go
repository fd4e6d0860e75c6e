package scenario_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drawdown/internal/books"
	"drawdown/internal/scenario"
	"drawdown/internal/store"
)

// open gives each file a book in memory.
func open(ctx context.Context, options books.Options) (*books.Books, func() error, error) {
	s, err := store.OpenMemory(ctx)
	if err != nil {
		return nil, nil, err
	}
	b, err := books.Open(ctx, s, options)
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return b, s.Close, nil
}

// TestScenarios plays every scenario of the project, and the published cases where they
// lie beside it.
func TestScenarios(t *testing.T) {
	own := glob(t, "../../scenarios/*.yaml")
	if len(own) < 30 {
		t.Errorf("found %d scenarios of our own, want at least 30", len(own))
	}
	for _, path := range append(own, glob(t, "../../../shared/cases/*.yaml")...) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			file, err := scenario.Parse(path, src)
			if err != nil {
				t.Fatal(err)
			}
			result, err := scenario.Play(t.Context(), file, open)
			if err != nil {
				t.Fatal(err)
			}
			for _, failure := range result.Failures {
				t.Error(failure.Text(filepath.Base(path)))
			}
			if want := strings.TrimSuffix(filepath.Base(path), ".yaml"); file.ID != want || file.Title == "" || file.Source == "" {
				t.Errorf("id %q, title %q, source %q: want id %q, a title and a source", file.ID, file.Title, file.Source, want)
			}
		})
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
