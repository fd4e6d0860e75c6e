package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"drawdown/internal/auth"
	"drawdown/internal/books"
	"drawdown/jobs"
	"drawdown/ledger"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	address, schedule             string
	allowRemote, explorer, noJobs bool
	watch                         watchFlags
	firstToken                    bool
	introspection, sealKey        string
	attachmentKilobytes           int64
	oidc                          oidcFlags
	usage                         usageFlags
	requests                      requestFlags
	subscriptions                 subscriptionFlags
	tls                           tlsFlags
	webhooks                      webhookFlags
	exports                       exportFlags
}

func (p *program) serveCommand() *cobra.Command {
	var o serveOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the GraphQL API and run the jobs",
		Long: `Serve the GraphQL API and run the jobs, until SIGINT or SIGTERM: then requests and
the step of the job at work end first. A second signal ends it at once.

A database file that does not exist is made and migrated, and so is an empty database
on a server. One that lacks migrations is left alone: see drawdown migrate.

Every request needs a token. Where the book never had one, the first, of an admin, is
shown on standard error, once; drawdown token create makes others. It listens on the
loopback address, where only this machine reaches it, and refuses another one without
--allow-remote: tokens are secrets, and something in front of it has to speak TLS.`,
		Example: `  drawdown serve
  drawdown serve --db sqlite:book.db --currency EUR --timezone Europe/Berlin
  drawdown serve --db postgres://drawdown:PASSWORD@db.internal/drawdown?sslmode=verify-full
  drawdown serve --addr 127.0.0.1:9000 --explorer --log json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			ctx := c.Context()
			log, err := o.watch.newLog(p.stderr)
			if err != nil {
				return err
			}
			watch, err := p.startWatch(ctx, log)
			if err != nil {
				return err
			}
			defer func() { watch.end(ctx, log) }()
			db, err := p.openOrMakeStore(ctx)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, db.Close()) }()
			signer, err := p.sealSigner(ctx, log, db, o.sealKey)
			if err != nil {
				return err
			}
			destinations, err := o.exports.names()
			if err != nil {
				return err
			}
			book, err := books.Open(ctx, db, books.Options{
				Signer: signer, Destinations: destinations,
				Functional: ledger.Currency(p.currency), Zone: p.timezone, Usage: o.usage.usage(), Watch: watch.Telemetry, Feed: o.subscriptions.feed(), Webhooks: o.webhooks.options(),
				Estimates: books.EstimateOptions{AttachmentBytes: o.attachmentKilobytes << 10},
			})
			if err != nil {
				return err
			}
			listener, err := listen(ctx, o.address)
			if err != nil {
				return err
			}
			if o.firstToken {
				if err := p.showFirstToken(ctx, book); err != nil {
					return errors.Join(err, listener.Close())
				}
			}
			if _, err := book.SettingsStarted(commanding(ctx), p.settingsNow(c)); err != nil {
				return errors.Join(err, listener.Close())
			}
			return p.serve(ctx, log, watched{watch, db, book}, listener, o)
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.address, "addr", defaultAddress, "the `address` to listen on")
	flags.StringVar(&p.currency, "currency", "", "the book's own `currency`, settled when it is first opened (default USD)")
	flags.StringVar(&p.timezone, "timezone", "", "the book's time `zone`, settled when it is first opened (default UTC)")
	flags.BoolVar(&o.allowRemote, "allow-remote", false, "listen where other machines can reach it, without TLS: where something in front of the server speaks it")
	flags.BoolVar(&o.explorer, "explorer", false, "serve the GraphiQL explorer at /")
	flags.BoolVar(&o.firstToken, "first-token", true, "show a token of an admin on standard error where the book never had any")
	flags.StringVar(&o.introspection, "introspection", "viewer", "the `role` that may ask the schema about itself; with --explorer everybody with a token may")
	flags.StringVar(&o.sealKey, "seal-key", "", "the `file` of the key that signs the seals of closed months; beside a database file by default, and made there for a book without seals")
	flags.BoolVar(&o.noJobs, "no-jobs", false, "leave the jobs to another process, or to drawdown job run")
	flags.Int64Var(&o.attachmentKilobytes, "estimate-attachment", books.DefaultAttachmentBytes>>10, "the most `kilobytes` of an attachment of an estimate")
	flags.StringVar(&o.schedule, "schedule", jobs.Schedule, "when the jobs run: `cron` fields in UTC")
	o.oidc.add(p, c)
	o.watch.add(p, c)
	o.usage.add(c)
	o.requests.add(p, c)
	o.subscriptions.add(p, c)
	o.tls.add(c)
	o.webhooks.add(c)
	o.exports.add(p, c)
	p.limit(flags, "currency", "an ISO 4217 code", isCurrency)
	p.limit(flags, "timezone", "an IANA time zone", isZone)
	p.limit(flags, "introspection", roleWords(), isRole)
	p.limit(flags, "estimate-attachment", fmt.Sprintf("1 to %d", books.LargestAttachmentBytes>>10), isAttachmentSize)
	p.limit(flags, "schedule", "five fields of cron", jobs.CheckSchedule)
	p.together(c,
		func() error { return o.oidc.check() },
		func() error { return checkAddress(o.address, o.allowRemote || o.tls.on()) },
		func() error { return o.usage.check() },
		func() error { return o.requests.check() },
		func() error { return o.tls.check() })
	return c
}

// showFirstToken makes the first token of a book and shows it, not in the log: logs are
// kept, and read by more people.
func (p *program) showFirstToken(ctx context.Context, book *books.Books) error {
	secret, err := firstToken(ctx, book)
	if err == nil && secret != "" {
		p.say("\nThis book has no tokens yet. Here is one for an admin, shown this once:\n\n  %s\n\nSend it as: Authorization: Bearer %s…\n", secret, auth.Prefix)
	}
	return err
}

// firstToken makes the first token of a book and returns its secret; "" where the book had
// one.
func firstToken(ctx context.Context, book *books.Books) (string, error) {
	secret := auth.NewSecret()
	made, err := book.FirstToken(ctx, auth.Hash(secret))
	if err != nil || !made {
		return "", err
	}
	return secret, nil
}

// Limits of the server, each with its reason.
const (
	headerTime = 10 * time.Second // a header is a few hundred bytes: slower is no client
	idleTime   = 2 * time.Minute  // a dashboard that polls keeps its connection
	endTime    = 20 * time.Second // what requests may take to end when the server stops
)

// serve answers on the listener and rings for the jobs until the context is done. Then
// /readyz says so at once, the jobs end after the step at work, and requests are taken for
// as long as balancers need to send no more.
func (p *program) serve(ctx context.Context, log *slog.Logger, served watched, listener net.Listener, o serveOptions) error {
	book := served.book
	ctx, stop := context.WithCancel(ctx)
	background, end := context.WithCancel(context.WithoutCancel(ctx))
	var working sync.WaitGroup
	defer working.Wait()
	defer end()
	defer stop()
	issuer, err := o.oidc.verifier()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	callers := auth.New(book, auth.Options{OIDC: issuer})
	working.Go(func() { callers.Run(background, log) })
	if !o.noJobs {
		bell, err := jobs.New(book, log, o.schedule)
		if err != nil {
			return errors.Join(badUsage("--schedule: %w", err), listener.Close())
		}
		working.Go(func() { bell.Run(ctx) })
	}
	if !o.webhooks.off {
		working.Go(func() { o.webhooks.dispatcher(book, log, served.watch.Telemetry).Run(ctx) })
	}
	if !o.exports.off {
		exports, err := o.exports.exports(book, log)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		working.Go(func() { exports.Run(ctx) })
	}
	limitMemory(log, o.requests.memoryMegabytes)
	trusted, err := o.requests.trusted()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	working.Go(func() {
		book.KeepNotRecorded(ctx, func(err error) {
			log.Warn("how much usage was not recorded is not kept yet, and is tried again in a minute", "error", err)
		})
	})
	working.Go(func() { served.watch.Look(ctx, book, log, o.watch.verifyEvery) })
	wait, err := o.watch.beside(background, log, served)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer wait()
	server := &http.Server{
		Handler: api(background, book, log, apiOptions{
			watch: served.watch.Telemetry, ready: served.db.MustBeMigrated, slow: o.watch.slow, stopping: ctx, explorer: o.explorer, intake: o.usage.intake(), limits: o.requests.bounds(), subscriptions: o.subscriptions.bounds, trusted: trusted,
			origins: o.requests.origins,
			callers: callers, introspection: books.Role(strings.ToUpper(o.introspection)),
		}),
		ReadHeaderTimeout: headerTime,
		MaxHeaderBytes:    o.requests.headerKilobytes << 10,
		IdleTimeout:       idleTime,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	scheme := "http://"
	if o.tls.on() {
		scheme = "https://"
		o.tls.secure(server, log)
		go func() { ended <- server.ServeTLS(listener, "", "") }()
	} else {
		go func() { ended <- server.Serve(listener) }()
	}
	address := listener.Addr().String()
	host, _, _ := net.SplitHostPort(address)
	if isLoopback(host) {
		log.Info("serving; only this machine can reach it", "url", scheme+address, "db", shown(p.db), "version", version())
	} else if o.tls.on() {
		log.Info("serving to other machines", "url", scheme+address, "db", shown(p.db), "version", version())
	} else {
		log.Warn("serving to other machines in the clear: tokens are secrets, and something in front of this has to speak TLS", "url", scheme+address, "db", shown(p.db), "version", version())
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping: requests and the step at work end first")
	if !isLoopback(host) {
		select {
		case err := <-ended:
			return err
		case <-time.After(o.watch.drain):
		}
	}
	end()
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	if err := server.Shutdown(within); err != nil {
		log.Warn("some requests did not end in time", "error", err)
	}
	if err := book.WriteNotRecorded(within); err != nil {
		log.Warn("how much usage was not recorded in the last minute is not kept", "error", err)
	}
	return nil
}
