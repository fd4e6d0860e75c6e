package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"drawdown/internal/demo"
)

func (p *program) demoCommand() *cobra.Command {
	o := serveOptions{explorer: true, watch: demoWatch}
	var buildOnly bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "Make a year of a made-up AI platform and serve it",
		Long: `Make the book of a made-up AI platform, a year of thirty-three customers, with the
jobs run; then serve it on the loopback address with the explorer, and say what to
look at. It is the same book every time, and its clock goes on from 12 January 2026.

The database is a new file in the directory for temporary files, or --db where that
is given, a file or a database on a PostgreSQL server: it must not hold a book yet.`,
		Example: "  drawdown demo\n  drawdown demo --db sqlite:demo.db --addr 127.0.0.1:9000\n  drawdown demo --db postgres://localhost/demo",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			ctx := c.Context()
			if err := checkAddress(o.address, false); err != nil {
				return err
			}
			if !p.commanded(c, "db") {
				dir, err := os.MkdirTemp("", "drawdown-demo-")
				if err != nil {
					return &exitError{database, err}
				}
				p.db = "sqlite:" + filepath.Join(dir, "demo.db")
			}
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
			return p.demo(ctx, log, watched{watch: watch, db: db}, o, buildOnly)
		},
	}
	c.Flags().StringVar(&o.address, "addr", defaultAddress, "the `address` to listen on; the next free port where it is taken")
	c.Flags().BoolVar(&buildOnly, "build-only", false, "make the book and end")
	return c
}

// hasDemoKey says whether the key of the demo is in a file already. Errors: bad usage, where it is another one.
func hasDemoKey(path string) (bool, error) {
	if _, err := os.Stat(path); path == "" || errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	kept, _, err := readSealKey(path)
	if err != nil || !bytes.Equal(kept, demo.SealKey()) {
		return false, badUsage("--db: the key of another book is where that of this one goes: %s", path)
	}
	return true, nil
}

func (p *program) demo(ctx context.Context, log *slog.Logger, served watched, o serveOptions, buildOnly bool) error {
	key := keyBesideFile(p.db)
	isThere, err := hasDemoKey(key)
	if err != nil {
		return err
	}
	began := time.Now()
	p.say("Making a year of an AI platform…")
	made, err := demo.Build(ctx, served.db, served.watch.Telemetry)
	if err != nil {
		return err
	}
	out := &printer{w: p.stdout}
	out.line("Made in %s: %d usage events. The book is %s", time.Since(began).Round(100*time.Millisecond), made.Events, shown(p.db))
	if key != "" { // drawdown serve closes months with it
		if !isThere {
			if err := writeSealKey(key, demo.SealKey()); err != nil {
				return err
			}
		}
		out.line("The key that signs its closed months, which of a demo is no secret, is %s", key)
	}
	if buildOnly {
		return out.err
	}
	listener, moved, err := listenNear(ctx, o.address)
	if err != nil {
		return err
	}
	if moved {
		out.line("%s is taken; this is the next free port.", o.address)
	}
	secret, err := firstToken(ctx, made.Books)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	out.line("%s", lookAt("http://"+listener.Addr().String(), secret))
	if out.err != nil {
		return errors.Join(out.err, listener.Close())
	}
	served.book = made.Books
	return p.serve(ctx, log, served, listener, o)
}
