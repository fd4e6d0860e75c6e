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
	"drawdown/ledger"
	"drawdown/ledger/export"
)

func (p *program) exportCommand() *cobra.Command {
	var format, from, to, out string
	journal := &cobra.Command{
		Use:   "journal",
		Short: "Write the entries of the journal to a file",
		Long: `Write the posted entries of the journal, in order of number. The formats:

  csv          a row for each line, for spreadsheets
  jsonl        an object for each entry, for warehouses
  jsonl-lines  an object for each line, for warehouses
  parquet      a row for each line, typed, for warehouses
  xlsx         a row for each line, a workbook
  hledger      a journal that hledger check --strict accepts
  ledger       a journal that ledger --strict --pedantic accepts
  beancount    a file that bean-check accepts

Dates are accounting dates, both included. With --out the file is written beside its
place and moved there when it is whole; without, it goes to standard output.`,
		Example: `  drawdown export journal --format csv --from 2025-01-01 --to 2025-12-31 --out 2025.csv
  drawdown export journal --format hledger | hledger -f - bal`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			header, err := span(from, to)
			if err != nil {
				return err
			}
			return p.withBook(c.Context(), func(book *books.Books) error {
				header.Functional = book.Book().Functional
				write := func(w io.Writer) (int, error) {
					return writeJournal(c.Context(), book, export.Format(format), header, w)
				}
				return p.writeOut(out, "entries", write)
			})
		},
	}
	names := make([]string, 0, len(export.Formats()))
	for _, f := range export.Formats() {
		names = append(names, string(f))
	}
	flags := journal.Flags()
	flags.StringVar(&format, "format", string(export.CSV), strings.Join(names, ", "))
	flags.StringVar(&from, "from", "", "the first accounting `date` (default: since the beginning)")
	flags.StringVar(&to, "to", "", "the last accounting `date` (default: to the end)")
	flags.StringVar(&out, "out", "", "the `file` to write (default: standard output)")
	bound, _ := oneOf(names...)
	p.limit(flags, "format", bound, func(name string) error {
		_, err := export.New(export.Format(name), io.Discard)
		return err
	})
	p.limit(flags, "from", "a day, YYYY-MM-DD", isDay)
	p.limit(flags, "to", "a day, YYYY-MM-DD", isDay)
	return group("export", "Write the journal, batches for general ledgers, statements, proofs, evidence and the audit trail", journal, p.statementCommand(), p.auditCommand(), p.periodCommand(), p.packCommand(), p.proofCommand(), p.batchCommand(), p.batchesCommand(), p.answersCommand())
}

func span(from, to string) (header export.Header, err error) {
	if from != "" {
		if header.From, err = ledger.ParseDate(from); err != nil {
			return header, badUsage("--from: %w", err)
		}
	}
	if to != "" {
		if header.To, err = ledger.ParseDate(to); err != nil {
			return header, badUsage("--to: %w", err)
		}
	}
	if header.From != 0 && header.To != 0 && header.To < header.From {
		return header, badUsage("--to %s is before --from %s", header.To, header.From)
	}
	return header, nil
}

// writeJournal streams the entries from the database to the writer.
func writeJournal(ctx context.Context, book *books.Books, format export.Format, header export.Header, w io.Writer) (count int, err error) {
	encoder, err := export.New(format, w)
	if err != nil {
		return 0, err
	}
	if err := encoder.Begin(header); err != nil {
		return 0, fmt.Errorf("writing the journal: %w", err)
	}
	err = book.View(ctx, func(ctx context.Context, tx books.Tx) error {
		return tx.EachEntry(ctx, header.From, header.To, func(entry ledger.Entry) error {
			count++
			return encoder.Entry(export.Canonical(entry))
		})
	})
	if err != nil {
		return count, err
	}
	return count, encoder.End()
}

// writeOut writes to standard output, or where out names a file to that, whole, and says how many
// of what it holds.
func (p *program) writeOut(out, what string, write func(io.Writer) (int, error)) error {
	if isStdout(out) {
		_, err := write(p.stdout)
		return err
	}
	count, err := writeWhole("--out", out, write)
	if err == nil {
		p.say("%s: %d %s", out, count, what)
	}
	return err
}

// isStdout reports whether --out means standard output.
func isStdout(out string) bool { return out == "" || out == "-" }

// writeWhole writes a file so that under its name there is never a part of it. The flag is the one that
// says where it goes.
func writeWhole(flag, path string, write func(io.Writer) (int, error)) (count int, err error) {
	if err := isFile(flag, path); err != nil {
		return 0, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return 0, notMade(flag, path, "file", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	count, err = write(file)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return count, err
	}
	if err := os.Chmod(file.Name(), 0o644); err != nil { //nolint:gosec // a journal is read by others, as a shell's > would let them
		return count, err
	}
	return count, os.Rename(file.Name(), path)
}

// isFile refuses to write a file where a directory is.
func isFile(flag, path string) error {
	if there, err := os.Stat(path); err == nil && there.IsDir() {
		return badUsage("%s: %s is a directory: name the file to write", flag, path)
	}
	return nil
}

// notMade says that nothing can be made at a path that a flag gave, without the name that it would have had
// until it was whole.
func notMade(flag, path, what string, err error) error {
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		err = at.Err
	}
	return badUsage("%s: %s cannot be made: %w: name a %s in a directory that is there and can be written", flag, path, err, what)
}
