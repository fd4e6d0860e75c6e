package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"drawdown/internal/books"
	"drawdown/internal/reports"
)

type auditExport struct {
	from, to, format, out  string
	actor, action, request string
	newestFirst            bool
}

func (p *program) auditCommand() *cobra.Command {
	var o auditExport
	c := &cobra.Command{
		Use:   "audit",
		Short: "Write the audit trail to a file",
		Long: `Write the audit trail: who changed what, when, from where and why, with what stood before
and after. The file says at its end how many events it holds. Days are those of the book's
time zone, both included; a span that is over gives the same bytes each time. With --out
the file is written beside its place and moved there when it is whole, and its SHA-256 is
written to FILE.sha256, as sha256sum -c reads it; without, it goes to standard output.`,
		Example: `  drawdown export audit --from 2025-01-01 --to 2025-12-31 --out 2025-audit.csv
  drawdown export audit --action 'policy.*' --format jsonl`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			header, err := span(o.from, o.to)
			if err != nil {
				return err
			}
			return p.withBook(c.Context(), func(book *books.Books) error {
				given := map[string]string{"actor": o.actor, "action": o.action, "requestId": o.request}
				if header.From != 0 {
					given["from"] = header.From.Start(book.Zone()).UTC().Format(time.RFC3339)
				}
				if header.To != 0 {
					given["before"] = (header.To + 1).Start(book.Zone()).UTC().Format(time.RFC3339)
				}
				if o.newestFirst {
					given["order"] = "NEWEST_FIRST"
				}
				return p.writeAudit(c.Context(), book, given, o)
			})
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.from, "from", "", "the first `date` (default: since the beginning)")
	flags.StringVar(&o.to, "to", "", "the last `date`, included (default: to the end)")
	flags.StringVar(&o.format, "format", string(reports.CSV), "csv or jsonl")
	flags.StringVar(&o.out, "out", "", "the `file` to write (default: standard output)")
	flags.StringVar(&o.actor, "actor", "", "keep acts of this `actor`, such as token:ci")
	flags.StringVar(&o.action, "action", "", "keep acts of this `kind`, such as policy.create, or policy.* for all that begin so")
	flags.StringVar(&o.request, "request", "", "keep acts of the request with this `id`")
	flags.BoolVar(&o.newestFirst, "newest-first", false, "newest first instead of oldest first")
	bound, is := oneOf(string(reports.CSV), string(reports.JSONL))
	p.limit(flags, "format", bound, is)
	p.limit(flags, "from", "a day, YYYY-MM-DD", isDay)
	p.limit(flags, "to", "a day, YYYY-MM-DD", isDay)
	return c
}

func (p *program) writeAudit(ctx context.Context, book *books.Books, given map[string]string, o auditExport) error {
	trail := reports.AuditTrail()
	args, err := trail.Parse(book, given)
	if err != nil {
		return badUsage("%w", err)
	}
	sum := sha256.New()
	write := func(w io.Writer) (count int, err error) {
		err = book.View(ctx, func(ctx context.Context, tx books.Tx) error {
			summary, err := trail.File(ctx, book, tx, args, reports.Format(o.format), io.MultiWriter(w, sum))
			count = int(summary.Rows)
			return err
		})
		return count, err
	}
	if isStdout(o.out) {
		_, err := write(p.stdout)
		return err
	}
	count, err := writeWhole("--out", o.out, write)
	if err != nil {
		return err
	}
	digest := hex.EncodeToString(sum.Sum(nil))
	_, err = writeWhole("--out", o.out+".sha256", func(w io.Writer) (int, error) {
		return io.WriteString(w, digest+"  "+filepath.Base(o.out)+"\n")
	})
	if err == nil {
		p.say("%s: %d events, SHA-256 %s", o.out, count, digest)
	}
	return err
}
