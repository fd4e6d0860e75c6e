package graph

import (
	"context"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
)

func (r queryResolver) Book(context.Context) (*books.Book, error) {
	book := r.books.Book()
	return &book, nil
}

func (bookResolver) Now(ctx context.Context, _ *books.Book) (*time.Time, error) {
	return &requestOf(ctx).now, nil
}

func (r bookResolver) Yesterday(ctx context.Context, _ *books.Book) (ledger.Date, error) {
	return ledger.DateOf(requestOf(ctx).now, r.books.Zone()) - 1, nil
}
