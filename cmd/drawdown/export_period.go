package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/ledger/export"
)

// periodFormats are the formats for auditors and authorities: of a period, with balances.
var periodFormats = []string{string(export.ADS), string(export.SAFT)}

func (p *program) periodCommand() *cobra.Command {
	var format, profile, from, to, out string
	c := &cobra.Command{
		Use:   "period",
		Short: "Write the journal of a period for auditors, into a directory",
		Long: `Write the entries of a period with the balances before and after it, into a new directory:

  ads    the AICPA's Audit Data Standards: GL_Detail with its listings, control totals and
         the data profiling report
  saf-t  the Norwegian SAF-T Financial 1.30

A profile in JSON says what accounts and dimensions are called in the general ledger, and
who the company is. Without one, accounts are the roles of the journal. What the profile
lacks is said in full, and nothing is written. Beside the files stands manifest.json, with
counts, totals and the hash of each file.`,
		Example: `  drawdown export period --format ads --from 2025-01-01 --to 2025-12-31 --out audit-2025
  drawdown export period --profile saf-t.json --from 2025-01-01 --to 2025-12-31 --out saf-t-2025`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			header, err := span(from, to)
			switch {
			case err != nil:
				return err
			case header.From == 0 || header.To == 0 || out == "":
				return badUsage("export period takes --from, --to and --out")
			}
			of, err := periodProfile(format, profile)
			if err != nil {
				return err
			}
			return p.withBook(c.Context(), func(book *books.Books) error {
				header.Functional = book.Book().Functional
				manifest, err := writePeriod(c.Context(), book, of, header, out)
				switch refused := (export.RefusedError{}); {
				case errors.As(err, &refused) && profile == "":
					return badUsage("--format %s: %w", of.Format, err)
				case errors.As(err, &refused):
					return badUsage("--profile %s: %w", profile, err)
				case err == nil:
					p.say("%s: entries %d, files %d", out, manifest.Entries, len(manifest.Files))
				}
				return err
			})
		},
	}
	flags := c.Flags()
	flags.StringVar(&format, "format", periodFormats[0], "ads or saf-t; with --profile, the profile says it")
	flags.StringVar(&profile, "profile", "", "the `file` with the profile in JSON")
	flags.StringVar(&from, "from", "", "the first accounting `date`")
	flags.StringVar(&to, "to", "", "the last accounting `date`, included")
	flags.StringVar(&out, "out", "", "the `directory` to make")
	bound, isFormat := oneOf(periodFormats...)
	p.limit(flags, "format", bound, isFormat)
	p.limit(flags, "from", "a day, YYYY-MM-DD", isDay)
	p.limit(flags, "to", "a day, YYYY-MM-DD", isDay)
	return c
}

// periodProfile reads the profile, or returns the format's own.
func periodProfile(format, file string) (export.Profile, error) {
	if file == "" {
		return export.DefaultProfile(export.Format(format))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return export.Profile{}, badUsage("--profile: %w", err)
	}
	profile, err := export.ParseProfile(text)
	if err != nil {
		return profile, badUsage("--profile %s: %w", file, err)
	}
	if _, isPeriodic := oneOf(periodFormats...); isPeriodic(string(profile.Format)) != nil {
		return profile, badUsage("--profile %s: the format of a period is %s, not %q", file, strings.Join(periodFormats, " or "), profile.Format)
	}
	return profile, nil
}

// writePeriod writes the files beside their place and moves the directory there when all are
// whole. Everything is read of one snapshot: what is in the way, then the journal, twice.
func writePeriod(ctx context.Context, book *books.Books, profile export.Profile, header export.Header, out string) (manifest export.Manifest, err error) {
	if _, err := os.Lstat(out); !errors.Is(err, os.ErrNotExist) {
		return manifest, badUsage("--out: %s is there; name a directory that is to be made", out)
	}
	made, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+".*")
	if err != nil {
		return manifest, notMade("--out", out, "directory", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(made))
		}
	}()
	err = book.View(ctx, func(ctx context.Context, tx books.Tx) error {
		if header.Opening, err = books.StandingBefore(ctx, tx, header.From); err != nil {
			return err
		}
		if profile, err = books.WithBookAccounts(ctx, tx, profile); err != nil {
			return err
		}
		authors, err := books.AuthorsOf(ctx, tx, header.From, header.To)
		if err != nil {
			return err
		}
		each := func(do func(export.Entry) error) error {
			return tx.EachEntry(ctx, header.From, header.To, func(entry ledger.Entry) error { return do(authors.Entry(entry)) })
		}
		if err := survey(profile, header, each); err != nil {
			return err
		}
		files, err := export.Open(profile, directory(made))
		if err != nil {
			return err
		}
		if err := files.Run(header, each); err != nil {
			return err
		}
		manifest = files.Manifest()
		return nil
	})
	if err != nil {
		return manifest, err
	}
	text, err := manifest.JSON()
	if err != nil {
		return manifest, err
	}
	if err := os.WriteFile(filepath.Join(made, "manifest.json"), text, 0o644); err != nil { //nolint:gosec // read by others, as what a shell writes is
		return manifest, err
	}
	if err := os.Chmod(made, 0o755); err != nil { //nolint:gosec // as mkdir would make it
		return manifest, err
	}
	return manifest, os.Rename(made, out)
}

// survey finds everything that stands in the way.
func survey(profile export.Profile, header export.Header, each func(func(export.Entry) error) error) error {
	found, err := export.NewSurvey(profile)
	if err != nil {
		return err
	}
	return found.Run(header, each)
}

// directory makes the files of an export in a directory.
type directory string

func (d directory) Create(name string) (io.WriteCloser, error) {
	file, err := os.OpenFile(filepath.Join(string(d), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // read by others, as what a shell writes is
	if err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	return syncedFile{file}, nil
}

// syncedFile is on the disk when it is closed.
type syncedFile struct{ *os.File }

func (f syncedFile) Close() error {
	return errors.Join(f.Sync(), f.File.Close())
}
