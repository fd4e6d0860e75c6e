package main

import (
	"context"
	"log/slog"
	"net/http"

	"drawdown/graph"
	"drawdown/internal/books"
)

// api is what the server answers with. The context is the process's: job runs that a
// request starts go on after it, and end with the process.
func api(ctx context.Context, book *books.Books, log *slog.Logger, explorer bool) http.Handler {
	return graph.NewHandler(book, graph.Options{Explorer: explorer, Log: log, Background: ctx})
}
