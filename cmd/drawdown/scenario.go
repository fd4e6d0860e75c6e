package main

import (
	"context"
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
deleted afterwards; PATH itself is not touched.

Exits with 0 where everything held, 1 where something did not, 2 where a file is no
scenario.`,
		Example: "  drawdown scenario run scenarios/*.yaml\n  drawdown scenario run --json policy.yaml",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("scenario run takes at least one FILE")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			opener := openInMemory
			if c.Flags().Changed("db") {
				var err error
				if opener, err = openBeside(p.db); err != nil {
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

// openBeside gives each scenario a database file of its own, in the directory of the URL's
// file and named after it.
func openBeside(url string) (scenario.Opener, error) {
	path, sqlite := strings.CutPrefix(url, "sqlite:")
	if !sqlite || path == "" {
		return nil, badUsage("--db: must be sqlite:PATH, not %q", url)
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
