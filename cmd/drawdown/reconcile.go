package main

import (
	"context"
	"io"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"drawdown/internal/books"
	"drawdown/internal/reports"
	"drawdown/ledger"
)

type reconcileOptions struct {
	period, through string
	json, csv       bool
}

func (p *program) reconcileCommand() *cobra.Command {
	var o reconcileOptions
	c := &cobra.Command{
		Use:   "reconcile",
		Short: "Compare the sub-ledger with itself and with the ledger",
		Long: `Compare lots, pools, purchases, payments, events, draws and recognitions with each other
and with the journal, of a month or of all days through one: how many, what they come to
in each currency, and the rows that differ. Nothing is changed, and nothing is kept; drawdown
job run reconcile keeps it. Exits with 1 where something differs by more than manual entries.`,
		Example: "  drawdown reconcile\n  drawdown reconcile --period 2025-02\n  drawdown reconcile --period 2025-02 --csv > february.csv",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			request, err := o.request()
			if err != nil {
				return err
			}
			return p.withBook(c.Context(), func(book *books.Books) error { return p.reconcile(c.Context(), book, request, o) })
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.period, "period", "", "the `month`, such as 2025-02 (default: all days)")
	flags.StringVar(&o.through, "through", "", "all days through this `day`, such as 2025-02-28 (default: today)")
	flags.BoolVar(&o.json, "json", false, "for machines")
	flags.BoolVar(&o.csv, "csv", false, "as the report reconciliation")
	p.together(c, o.check)
	return c
}

// check refuses what cannot be asked together. Errors: bad usage.
func (o *reconcileOptions) check() error {
	switch {
	case o.period != "" && o.through != "":
		return badUsage("--period and --through both say which days: give one of them")
	case o.json && o.csv:
		return badUsage("--json and --csv both say how it is written: give one of them")
	}
	return nil
}

func (o reconcileOptions) request() (request books.ReconcileRequest, err error) {
	if o.period != "" {
		if request.Period, err = ledger.ParsePeriod(o.period); err != nil {
			return request, badUsage("--period must be a month such as 2025-02, not %q", o.period)
		}
	}
	if o.through != "" {
		if request.Through, err = ledger.ParseDate(o.through); err != nil {
			return request, badUsage("--through must be a day such as 2025-02-28, not %q", o.through)
		}
	}
	return request, nil
}

func (p *program) reconcile(ctx context.Context, book *books.Books, request books.ReconcileRequest, o reconcileOptions) error {
	if o.csv {
		return p.reconcileCSV(ctx, book, o)
	}
	var made books.Reconciliation
	err := book.View(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		made, err = book.Reconciliation(ctx, tx, request)
		return err
	})
	if err != nil {
		return err
	}
	report := p.reportReconciled
	if o.json {
		report = p.reportReconciledJSON
	}
	if err := report(&made); err != nil {
		return err
	}
	if made.Status() == books.ReconcileDifferent {
		return errFound
	}
	return nil
}

// reconcileCSV writes the report, and looks in what it yields for a difference.
func (p *program) reconcileCSV(ctx context.Context, book *books.Books, o reconcileOptions) error {
	asked, err := reports.Find("reconciliation")
	if err != nil {
		return err
	}
	given := map[string]string{}
	for name, value := range map[string]string{"period": o.period, "through": o.through} {
		if value != "" {
			given[name] = value
		}
	}
	args, err := asked.Parse(book, given)
	if err != nil {
		return badUsage("%w", err)
	}
	different, write := false, asked.Write
	status := slices.IndexFunc(asked.Columns, func(c reports.Column) bool { return c.Name == "status" })
	asked.Write = func(ctx context.Context, b *books.Books, tx books.Tx, args reports.Args, yield func(reports.Row) error) error {
		return write(ctx, b, tx, args, func(row reports.Row) error {
			different = different || row[status] == string(books.ReconcileDifferent)
			return yield(row)
		})
	}
	err = p.writeOut("", "rows", func(w io.Writer) (count int, err error) {
		err = book.View(ctx, func(ctx context.Context, tx books.Tx) error {
			summary, err := asked.File(ctx, book, tx, args, reports.CSV, w)
			count = int(summary.Rows)
			return err
		})
		return count, err
	})
	if err == nil && different {
		err = errFound
	}
	return err
}

// reconciledText writes a figure of a line.
func reconciledText(l *books.ReconcileLine, minor int64) string {
	if credits := l.Credits(minor); credits != nil {
		return credits.String() + " credits"
	}
	return ledger.Money(minor, l.Currency).Text() + " " + string(l.Currency)
}

func (p *program) reportReconciled(made *books.Reconciliation) error {
	out := &printer{w: p.stdout}
	lines, rows := table.NewWriter(), table.NewWriter()
	lines.AppendHeader(table.Row{"kind", "of", "account", "left", "right", "manual", "status"})
	rows.AppendHeader(table.Row{"of", "account", "row", "left", "right"})
	for i := range made.Lines {
		l := &made.Lines[i]
		lines.AppendRow(table.Row{l.Kind, l.Of, l.Account.APIName(), reconciledText(l, l.Left.Minor), reconciledText(l, l.Right.Minor), reconciledText(l, l.Manual), l.Status()})
		for _, row := range l.Rows {
			id := row.Kind + " " + row.PublicID()
			if row.Day != 0 {
				id += " " + row.Day.String()
			}
			rows.AppendRow(table.Row{l.Of, row.Account.APIName(), id, figureText(l, row.Left), figureText(l, row.Right)})
		}
	}
	out.line("%s", lines.Render())
	if rows.Length() > 0 {
		out.line("Rows that differ, at most %d of each:\n%s", books.MaxReconcileRows, rows.Render())
	}
	out.line("%s: %s through %s: %d comparisons differ, %d are explained by manual entries", shown(p.db), made.Status(), made.To, made.Differences(), made.Explained())
	return out.err
}

// figureText writes what a side has under a key: in the book's own currency too where that differs.
func figureText(l *books.ReconcileLine, of books.ReconcileSide) string {
	if of.Rows == 0 {
		return "none"
	}
	text := reconciledText(l, of.Minor)
	if l.Functional != "" && l.Functional != l.Currency {
		text += " (" + ledger.Money(of.Functional, l.Functional).Text() + " " + string(l.Functional) + ")"
	}
	return text
}

func (p *program) reportReconciledJSON(made *books.Reconciliation) error {
	type line struct {
		books.ReconcileLine
		Status     books.ReconcileStatus `json:"status"`
		Difference int64                 `json:"difference"`
		Own        int64                 `json:"ownDifference"`
	}
	report := struct {
		Status      books.ReconcileStatus `json:"status"`
		From        ledger.Date           `json:"from,omitempty"`
		Through     ledger.Date           `json:"through"`
		Differences int64                 `json:"differences"`
		Explained   int64                 `json:"explained"`
		Found       string                `json:"findingsHash,omitempty"`
		Lines       []line                `json:"comparisons"`
	}{made.Status(), made.From, made.To, made.Differences(), made.Explained(), made.Found, []line{}}
	for _, l := range made.Lines {
		minor, functional := l.Difference()
		report.Lines = append(report.Lines, line{l, l.Status(), minor, functional})
	}
	return p.printJSON(report)
}
