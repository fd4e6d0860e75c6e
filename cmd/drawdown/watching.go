package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"drawdown/graph"
	"drawdown/internal/telemetry"
)

// Telemetry is what the rooms tell of themselves.
var _ graph.Watch = (*telemetry.Telemetry)(nil)

// defaultSlow is longer than a page of a report takes, and shorter than anybody's patience.
const defaultSlow = time.Second

// defaultDrain lets a balancer that asks every second or two see that no more requests are
// to be sent here.
const defaultDrain = 3 * time.Second

// watchFlags say how the server is seen by those who run it.
type watchFlags struct {
	log, level, metricsAddress string
	verbose                    bool
	slow, drain                time.Duration
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
	bound, check := oneOf("text", "json")
	p.limit(flags, "log", bound, check)
	bound, check = oneOf("debug", "info", "warn", "error")
	p.limit(flags, "log-level", bound, check)
	p.limit(flags, "slow-request", "0s or more", notNegative)
	p.limit(flags, "drain", "0s or more", notNegative)
	p.limit(flags, "metrics-addr", "HOST:PORT, or empty", isAddress)
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

// newTelemetry returns what gathers the figures of this program.
func newTelemetry() *telemetry.Telemetry {
	b := thisBuild()
	return telemetry.New(telemetry.Build{Version: version(), Commit: b.Commit}, nil)
}

// beside serves a handler on an address of its own until the context is done.
func beside(ctx context.Context, log *slog.Logger, what, address string, handler http.Handler) (wait func(), err error) {
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
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	log.Info("serving "+what, "address", listener.Addr().String())
	return func() {
		stop()
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
