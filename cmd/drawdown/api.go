package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"drawdown/graph"
	"drawdown/internal/auth"
	"drawdown/internal/books"
	"drawdown/internal/telemetry"
)

// apiOptions are what commands say of the API.
type apiOptions struct {
	explorer      bool
	introspection books.Role
	callers       *auth.Callers
	intake        graph.IntakeOptions
	limits        graph.Limits
	trusted       *graph.Trusted
	origins       []string
	subscriptions graph.SubscriptionOptions
	watch         *telemetry.Telemetry        // nil where nobody watches
	ready         func(context.Context) error // nil where nothing but the book has to be there
	slow          time.Duration
	stopping      context.Context //nolint:containedctx // it is the process's
}

// api is what the server answers with. The context is the process's: job runs that a
// request starts go on after it, and end with the process.
func api(ctx context.Context, book *books.Books, log *slog.Logger, o apiOptions) http.Handler {
	options := graph.Options{
		Explorer: o.explorer, Intake: o.intake, Limits: o.limits, Trusted: o.trusted, Origins: o.origins, Log: log, Background: ctx,
		Subscriptions: o.subscriptions, Slow: o.slow, Ready: o.ready, Stopping: o.stopping, Callers: o.callers, Introspection: o.introspection,
	}
	if o.watch != nil {
		options.Watch, options.Metrics = o.watch, o.watch.Metrics()
	}
	return graph.NewHandler(book, options)
}
