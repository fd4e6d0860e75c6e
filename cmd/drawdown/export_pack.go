package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"drawdown/internal/books"
	"drawdown/internal/evidence"
	"drawdown/ledger"
)

type packExport struct {
	period, out, seed, sealKey string
	samples                    int
}

func (p *program) packCommand() *cobra.Command {
	var o packExport
	c := &cobra.Command{
		Use:   "pack",
		Short: "Write the evidence pack of a closed month, for auditors",
		Long: `Write the evidence pack of a closed month: one tar with the journal, the sub-ledger, the
reports, what was controlled, samples, proofs against the seal of the month, and a README with
the commands by which to check all of it, without this program and without the book.

Everything is as of the instant of the closing, so the pack of a month is the same bytes
whenever it is made, until the month is opened and closed again. The list of hashes is signed
with the key of seals. Samples are drawn by the root of the seal, or by --seed.`,
		Example: `  drawdown export pack --period 2025-02 --out evidence-2025-02.tar
  drawdown export pack --period 2025-02 --seed 'drawn by the auditor' --samples 60 --out evidence-2025-02.tar`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			period, err := ledger.ParsePeriod(o.period)
			switch {
			case o.period == "" || o.out == "":
				return badUsage("export pack takes --period and --out")
			case err != nil:
				return badUsage("--period: %w", err)
			}
			return p.withSigningBook(c.Context(), o.sealKey, func(book *books.Books) error {
				return p.writePack(c.Context(), book, evidence.Options{Period: period, Seed: o.seed, Samples: o.samples}, o.out)
			})
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.period, "period", "", "the closed `month`, such as 2025-02")
	flags.StringVar(&o.out, "out", "", "the `file` to write, a tar; - for standard output")
	flags.StringVar(&o.seed, "seed", "", "the `text` that samples are drawn by (default: the root of the seal, which nobody chose)")
	flags.IntVar(&o.samples, "samples", evidence.DefaultSamples, "how many `items` each sample has")
	flags.StringVar(&o.sealKey, "seal-key", "", "the `file` of the key of seals, which signs the pack; beside a database file by default")
	p.limit(flags, "period", "a month, YYYY-MM", func(text string) error {
		_, err := ledger.ParsePeriod(text)
		return err
	})
	p.limit(flags, "samples", fmt.Sprintf("1 to %d", evidence.MostSamples), func(text string) error { return numberBetween(text, 1, evidence.MostSamples) })
	return c
}

// withSigningBook opens the book of --db with the key of its seals, where there is one: none is made.
func (p *program) withSigningBook(ctx context.Context, sealKey string, act func(*books.Books) error) (err error) {
	db, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := p.openBook(ctx, db); err != nil {
		return err
	}
	signer, err := p.presentSealKey(sealKey)
	if err != nil {
		return err
	}
	book, err := books.Open(ctx, db, books.Options{Signer: signer})
	if err != nil {
		return err
	}
	return act(book)
}

// presentSealKey reads the key of the file, or that beside a database file; nil where there is none.
func (p *program) presentSealKey(path string) (books.Signer, error) {
	if path == "" {
		file, beside := strings.CutPrefix(p.db, "sqlite:")
		path = strings.TrimPrefix(file, "//") + sealKeySuffix
		if _, err := os.Stat(path); !beside || errors.Is(err, fs.ErrNotExist) {
			return nil, nil //nolint:nilnil // who needs one says so
		}
	}
	key, warning, err := readSealKey(path)
	if err != nil {
		return nil, err
	}
	if warning != "" {
		p.say("%s", warning)
	}
	return key, nil
}

// writePack makes the files of the pack beside where the archive goes, and then that.
func (p *program) writePack(ctx context.Context, book *books.Books, o evidence.Options, out string) (err error) {
	beside := filepath.Dir(out)
	if isStdout(out) {
		beside = os.TempDir()
	} else if err := isFile("--out", out); err != nil { // before a pack is made for nothing
		return err
	}
	dir, err := os.MkdirTemp(beside, ".pack-*")
	if err != nil {
		return notMade("--out", out, "file", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o.Told = func(file evidence.File) {
		if file.Rows > 0 {
			p.say("%s: %d rows", file.Name, file.Rows)
		} else if !strings.HasPrefix(file.Name, "proofs/") {
			p.say("%s", file.Name)
		}
	}
	manifest, err := evidence.Write(ctx, book, o, dir)
	if err != nil {
		return err
	}
	return p.writeOut(out, "files", func(w io.Writer) (int, error) {
		return len(manifest.Files), evidence.Archive(dir, manifest, w)
	})
}
