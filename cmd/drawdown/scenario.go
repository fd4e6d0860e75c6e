package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"drawdown/internal/books"
	"drawdown/internal/scenario"
	"drawdown/internal/store"
)

func (p *program) scenarioCommand() *cobra.Command {
	var asJSON bool
	run := &cobra.Command{
		Use:   "run FILE...",
		Short: "Play scenario files and hold them to what they expect",
		Long: `Play each scenario file through the use cases of the server, on a fresh book of its
own in memory, and hold every expectation against what the ledger says.

With --db sqlite:PATH each file plays on a new database file beside PATH, which is
deleted afterwards; PATH itself is not touched. With --db postgres://… each plays in a
new schema of that database, drawdown_scenario_ and a number, which is dropped
afterwards; nothing else there is touched.

Exits with 0 where everything held, 1 where something did not, 2 where a file is no
scenario.`,
		Example: "  drawdown scenario run scenarios/*.yaml\n  drawdown scenario run --json policy.yaml\n  drawdown scenario run --db postgres://localhost/test scenarios/*.yaml",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("scenario run takes at least one FILE")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			opener := openInMemory
			if p.commanded(c, "db") {
				var err error
				if opener, err = openerOf(p.db); err != nil {
					return err
				}
			}
			if code := scenario.RunFiles(c.Context(), args, opener, p.stdout, p.stderr, asJSON); code != success {
				return &exitError{code, nil}
			}
			return nil
		},
	}
	run.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return group("scenario", "Play accounting policies that can be run", run)
}

func openInMemory(ctx context.Context, options books.Options) (*books.Books, func() error, error) {
	db, err := store.OpenMemory(ctx)
	if err != nil {
		return nil, nil, err
	}
	return openScenario(ctx, db, options)
}

func openScenario(ctx context.Context, db *store.Store, options books.Options) (*books.Books, func() error, error) {
	book, err := books.Open(ctx, db, options)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return book, db.Close, nil
}

// openerOf gives scenarios their books on the engine of the URL. Errors: exitError.
func openerOf(db string) (scenario.Opener, error) {
	if isPostgres(db) {
		return openInSchemas(db), nil
	}
	return openBeside(db)
}

// openInSchemas gives each scenario a schema of its own.
func openInSchemas(url string) scenario.Opener {
	return func(ctx context.Context, options books.Options) (*books.Books, func() error, error) {
		number := make([]byte, 8)
		_, _ = rand.Read(number) // never fails
		db, err := store.OpenSchema(ctx, url, "drawdown_scenario_"+hex.EncodeToString(number), store.Options{Writers: 2, Readers: 2})
		if err != nil {
			return nil, nil, err
		}
		return openScenario(ctx, db, options)
	}
}

// openBeside gives each scenario a database file of its own, in the directory of the URL's
// file and named after it.
func openBeside(url string) (scenario.Opener, error) {
	path, sqlite := strings.CutPrefix(url, "sqlite:")
	if !sqlite || path == "" {
		return nil, badUsage("--db: must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME, not %q", shown(url))
	}
	if path == ":memory:" {
		return openInMemory, nil
	}
	return func(ctx context.Context, options books.Options) (*books.Books, func() error, error) {
		dir, err := os.MkdirTemp(filepath.Dir(path), filepath.Base(path)+".scenario-*")
		if err != nil {
			return nil, nil, &books.Error{Code: books.Unavailable, Message: "no database can be made beside " + path, Cause: err}
		}
		remove := func(err error) error { return errors.Join(err, os.RemoveAll(dir)) }
		db, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "scenario.db"), store.Options{})
		if err != nil {
			return nil, nil, remove(err)
		}
		if err := db.Migrate(ctx); err != nil {
			return nil, nil, remove(errors.Join(fmt.Errorf("migrating: %w", err), db.Close()))
		}
		book, closeBook, err := openScenario(ctx, db, options)
		if err != nil {
			return nil, nil, remove(err)
		}
		return book, func() error { return remove(closeBook()) }, nil
	}, nil
}
