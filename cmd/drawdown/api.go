package main

import (
	"context"
	"log/slog"
	"net/http"

	"drawdown/graph"
	"drawdown/internal/books"
)

// apiOptions are what commands say of the API.
type apiOptions struct {
	explorer bool
	intake   graph.IntakeOptions
	limits   graph.Limits
	trusted  *graph.Trusted
}

// api is what the server answers with. The context is the process's: job runs that a
// request starts go on after it, and end with the process.
func api(ctx context.Context, book *books.Books, log *slog.Logger, o apiOptions) http.Handler {
	return graph.NewHandler(book, graph.Options{Explorer: o.explorer, Intake: o.intake, Limits: o.limits, Trusted: o.trusted, Log: log, Background: ctx})
}
