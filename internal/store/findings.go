package store

import (
	"context"

	"drawdown/internal/books"
)

func (t *tx) Findings(ctx context.Context, limit int) ([]books.Finding, error) { return nil, nil }
