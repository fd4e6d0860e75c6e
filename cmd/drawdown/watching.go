package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/spf13/cobra"

	"drawdown/graph"
	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/telemetry"
)

// Telemetry is what the rooms tell of themselves.
var (
	_ graph.Watch = (*telemetry.Telemetry)(nil)
	_ books.Watch = (*telemetry.Telemetry)(nil)
	_ store.Watch = (*telemetry.Telemetry)(nil)
)

// defaultSlow is longer than a page of a report takes, and shorter than anybody's patience.
const defaultSlow = time.Second

// defaultDrain lets a balancer that asks every second or two see that no more requests are
// to be sent here.
const defaultDrain = 3 * time.Second

// watchFlags say how the server is seen by those who run it.
type watchFlags struct {
	log, level                   string
	metricsAddress, debugAddress string
	verbose                      bool
	slow, drain, verifyEvery     time.Duration
}

// demoWatch is what serve does by default.
var demoWatch = watchFlags{log: "text", level: "info", drain: defaultDrain, slow: defaultSlow}

func (o *watchFlags) add(p *program, c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&o.log, "log", "text", "how to log: text or json")
	flags.StringVar(&o.level, "log-level", "info", "what to log: lines of this `level` and above; requests are logged as info")
	flags.BoolVar(&o.verbose, "verbose", false, "log more: --log-level debug")
	flags.DurationVar(&o.slow, "slow-request", defaultSlow, "how `long` a request takes that is logged as a warning; 0 for none")
	flags.DurationVar(&o.drain, "drain", defaultDrain, "how `long` requests are still taken after SIGTERM, while /readyz says 503 and balancers turn away; on the loopback address none")
	flags.StringVar(&o.metricsAddress, "metrics-addr", "", "an `address` of its own that serves /metrics and /healthz to whoever asks, such as 127.0.0.1:9090 (default none)")
	flags.DurationVar(&o.verifyEvery, "verify-every", 0, "how `often` the whole book is verified in the background, for drawdown_verify_findings; 0 for never")
	flags.StringVar(&o.debugAddress, "debug-addr", "", "an `address` on loopback that serves /debug/pprof/, profiles of the running program (default none)")
	bound, check := oneOf("text", "json")
	p.limit(flags, "log", bound, check)
	bound, check = oneOf("debug", "info", "warn", "error")
	p.limit(flags, "log-level", bound, check)
	p.limit(flags, "slow-request", "0s or more", notNegative)
	p.limit(flags, "drain", "0s or more", notNegative)
	p.limit(flags, "metrics-addr", "HOST:PORT, or empty", isAddress)
	p.limit(flags, "verify-every", "0s or more", notNegative)
	p.limit(flags, "debug-addr", "HOST:PORT on loopback, or empty", isLoopbackAddress)
}

// isAddress checks an address to listen on; an empty one is none.
func isAddress(value string) error {
	if value == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(value); err != nil {
		return fmt.Errorf("must be HOST:PORT such as %s, not %q", defaultAddress, value)
	}
	return nil
}

// isLoopbackAddress checks an address that only this machine reaches.
func isLoopbackAddress(value string) error {
	if err := isAddress(value); err != nil || value == "" {
		return err
	}
	if host, _, _ := net.SplitHostPort(value); !isLoopback(host) {
		return fmt.Errorf("must be on loopback, such as 127.0.0.1:6060, not %q: profiles show what is in memory", value)
	}
	return nil
}

// newLog returns a log whose lines say to which request they belong.
func (o *watchFlags) newLog(w io.Writer) (*slog.Logger, error) {
	options := &slog.HandlerOptions{}
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.level)); err != nil {
		return nil, badUsage("--log-level: %w", err)
	}
	if o.verbose {
		level = slog.LevelDebug
	}
	options.Level = level
	switch o.log {
	case "text":
		return slog.New(telemetry.NewLogHandler(slog.NewTextHandler(w, options))), nil
	case "json":
		return slog.New(telemetry.NewLogHandler(slog.NewJSONHandler(w, options))), nil
	}
	return nil, badUsage("--log: must be text or json, not %q", o.log)
}

// watch is what gathers figures and traces of this program.
type watch struct {
	*telemetry.Telemetry
	tracing telemetry.Tracing
}

// watched is what is served, and who watches it.
type watched struct {
	watch watch
	db    *store.Store
	book  *books.Books
}

// startWatch begins to gather figures, and to trace where the environment says to whom.
func (p *program) startWatch(ctx context.Context, log *slog.Logger) (watch, error) {
	build := telemetry.Build{Version: version(), Commit: thisBuild().Commit}
	tracing, err := telemetry.NewTracing(ctx, p.env, build, log)
	if err != nil {
		return watch{}, err
	}
	w := watch{telemetry.New(build, tracing.Tracer), tracing}
	p.watch = w.Telemetry
	return w, nil
}

// flushTime is what the collector may take for the last spans.
const flushTime = 5 * time.Second

// end exports the spans that are left.
func (w watch) end(ctx context.Context, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	if err := w.tracing.Flush(ctx); err != nil {
		log.Warn("the last traces were not exported", "error", err)
	}
}

// beside serves what is not for callers on addresses of its own, until the context is done.
func (o *watchFlags) beside(ctx context.Context, log *slog.Logger, served watched) (wait func(), err error) {
	served.watch.Observe(served.book, served.db)
	var waits []func()
	wait = func() {
		for _, one := range waits {
			one()
		}
	}
	for _, side := range []struct {
		what, address string
		handler       http.Handler
	}{
		{"/metrics", o.metricsAddress, metricsMux(served.watch.Metrics())},
		{"/debug/pprof/", o.debugAddress, debugMux()},
	} {
		if side.address == "" {
			continue
		}
		one, err := serveBeside(ctx, log, side.what, side.address, side.handler)
		if err != nil {
			wait()
			return nil, err
		}
		waits = append(waits, one)
	}
	return wait, nil
}

// serveBeside serves a handler on an address of its own.
func serveBeside(ctx context.Context, log *slog.Logger, what, address string, handler http.Handler) (wait func(), err error) {
	listener, err := listen(ctx, address)
	if err != nil {
		return nil, err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // which ends when it is closed
	}()
	log.Info("serving "+what, "address", listener.Addr().String())
	return func() {
		_ = server.Close()
		<-ended
	}, nil
}

// metricsMux is what is served on the address of the metrics alone.
func metricsMux(metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	return mux
}

// debugMux serves profiles of the running program. It is for the loopback address alone:
// a profile takes seconds of a processor, and a dump holds what is in memory.
func debugMux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}
