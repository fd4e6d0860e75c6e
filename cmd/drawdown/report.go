package main

import (
	"context"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"drawdown/internal/books"
	"drawdown/internal/reports"
)

type reportOptions struct {
	format, out string
	values      []string
}

func (p *program) reportCommand() *cobra.Command {
	var o reportOptions
	c := &cobra.Command{
		Use:   "report [NAME]",
		Short: "Write a report of the book to a file",
		Long: `Write a report of the book: its parameters, its rows, how many they are and what they
add up to. Without a name it lists the reports.

The same question gets the same bytes. Where a report takes asOf and it is not given, it is
as of now; the file says which instant that was, and asked again with it, is the same.
With --out the file is written beside its place and moved there when it is whole; without,
it goes to standard output.`,
		Example: `  drawdown report
  drawdown report deferred-revenue-roll-forward --set from=2025-01-01 --set to=2025-01-31
  drawdown report deferred-revenue-roll-forward --set from=2025-01-01 --set to=2025-01-31 --set asOf=2025-02-05T09:00:00Z --format jsonl --out january.jsonl`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return p.listReports()
			}
			asked, err := reports.Find(args[0])
			if err != nil {
				return badUsage("%w", err)
			}
			given := map[string]string{}
			for _, text := range o.values {
				name, value, found := strings.Cut(text, "=")
				if _, twice := given[name]; !found || twice {
					return badUsage("--set is NAME=VALUE, once for each name, not %q", text)
				}
				given[name] = value
			}
			return p.withBook(c.Context(), func(book *books.Books) error { return p.writeReport(c.Context(), book, asked, given, o) })
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.format, "format", string(reports.CSV), "csv or jsonl")
	flags.StringVar(&o.out, "out", "", "the `file` to write (default: standard output)")
	flags.StringArrayVar(&o.values, "set", nil, "`NAME=VALUE` of a parameter of the report; may be repeated")
	bound, is := oneOf(string(reports.CSV), string(reports.JSONL))
	p.limit(flags, "format", bound, is)
	return c
}

func (p *program) writeReport(ctx context.Context, book *books.Books, asked reports.Report, given map[string]string, o reportOptions) error {
	args, err := asked.Parse(book, given)
	if err != nil {
		return badUsage("--set: %w", err)
	}
	write := func(w io.Writer) (count int, err error) {
		err = book.View(ctx, func(ctx context.Context, tx books.Tx) error {
			summary, err := asked.File(ctx, book, tx, args, reports.Format(o.format), w)
			count = int(summary.Rows)
			return err
		})
		return count, err
	}
	return p.writeOut(o.out, "rows", write)
}

// listReports shows which reports there are and what they ask.
func (p *program) listReports() error {
	t := table.NewWriter()
	t.SetOutputMirror(p.stdout)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"report", "parameters", "what it answers"})
	for _, r := range reports.All() {
		names := make([]string, len(r.Parameters))
		for i, of := range r.Parameters {
			names[i] = of.Name
			if !of.Required {
				names[i] = "[" + of.Name + "]"
			}
		}
		t.AppendRow(table.Row{r.Name, strings.Join(names, " "), r.About})
	}
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 3, WidthMax: 70}})
	t.Render()
	return nil
}
