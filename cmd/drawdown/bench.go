package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"drawdown/graph"
	"drawdown/internal/bench"
	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger/export"
)

const benchHelp = `Measure this program on a database, each figure beside what the database itself can
do: the same rows by COPY or by a bulk insert, the same SELECT through the driver, in
the same run, in turns. docs/PERFORMANCE.md says what each figure means.

The bench makes its own data. On PostgreSQL it works in schemas of its own, named
drawdown_bench_…, beside what is there; on SQLite in files of its own, in the directory
of --db, or in the directory for temporary files where --db is not given. All of it is
gone when the bench ends, also by Ctrl-C.

The measures, for --only:

  burn          events of one customer on many lots, in memory
  intake        batches of NDJSON over HTTP
  single        one event per GraphQL call, from many clients
  one-customer  batches of one customer
  balance       over GraphQL, while intake runs
  recognise     the job, over the days of many lots
  export        the journal in every format
  batches       the journal as a batch for a general ledger, in every format
  close         the checklist of a month, and its close
  reports       statement, roll-forward, margins, trial balance, what expires
  mixed         dashboards, usage and a job at once, each beside itself alone; a
                large page; intake while others watch
  growth        intake, booking and balance on ten times the data

All of it takes about an hour and a few gigabytes, most of it for batches; --quick
takes seconds, to see that it works.`

type benchOptions struct {
	bench.Options
	usage              usageFlags
	seconds            float64
	quick, json, check bool
}

func (p *program) benchCommand() *cobra.Command {
	o := benchOptions{Options: bench.Defaults()}
	o.seconds = o.Time.Seconds()
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure this program beside what its database can do",
		Long:  benchHelp,
		Example: `  drawdown bench
  drawdown bench --db postgres://user@host/database --only intake,single --json
  drawdown bench --quick --check`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if p.given(c)("db") {
				o.URL = p.db
			}
			o.Time = time.Duration(o.seconds * float64(time.Second))
			if o.quick {
				o.takeQuick(p.given(c))
			}
			if err := o.Check(); err != nil {
				return badUsage("--%w", err)
			}
			if err := o.usage.check(); err != nil {
				return err
			}
			return p.bench(c.Context(), o)
		},
	}
	flags := c.Flags()
	for _, size := range o.sizes() {
		flags.IntVar(size.of(&o.Options), size.flag, *size.of(&o.Options), size.help)
		p.limit(flags, size.flag, "1 or more", atLeastOne)
	}
	flags.Float64Var(&o.seconds, "seconds", o.seconds, "how long a round lasts that no number of events bounds")
	flags.Uint64Var(&o.Seed, "seed", o.Seed, "the same seed gives the same events")
	flags.StringVar(&o.Spread, "spread", o.Spread, "how use falls on customers: skewed, as on platforms, or even")
	flags.StringSliceVar(&o.Only, "only", nil, "the `measures` to take, by comma (default all)")
	o.usage.add(c)
	flags.BoolVar(&o.quick, "quick", false, "small sizes, to see that it works; sizes that are given stay")
	flags.BoolVar(&o.check, "check", false, "exit with 1 where a figure does not reach what it should")
	flags.BoolVar(&o.json, "json", false, "for machines")
	return c
}

// benchSize is a flag for a size.
type benchSize struct {
	flag, help string
	of         func(*bench.Options) *int
}

func (*benchOptions) sizes() []benchSize {
	return []benchSize{
		{"events", "events of the rounds of intake", func(o *bench.Options) *int { return &o.Events }},
		{"customers", "customers that use credits", func(o *bench.Options) *int { return &o.Customers }},
		{"lots", "lots to recognise", func(o *bench.Options) *int { return &o.Lots }},
		{"lot-days", "days of those lots, together", func(o *bench.Options) *int { return &o.LotDays }},
		{"year-events", "events of the customer whose year is put on a statement", func(o *bench.Options) *int { return &o.YearEvents }},
		{"lines", "lines of the journal to export", func(o *bench.Options) *int { return &o.Lines }},
		{"clients", "clients that send one event at a time", func(o *bench.Options) *int { return &o.Clients }},
		{"batch", "events of one request of NDJSON", func(o *bench.Options) *int { return &o.Batch }},
		{"senders", "requests of NDJSON at a time", func(o *bench.Options) *int { return &o.Senders }},
		{"rounds", "how often this program and the limit take turns", func(o *bench.Options) *int { return &o.Rounds }},
	}
}

// takeQuick takes the quick sizes for what was not given.
func (o *benchOptions) takeQuick(given func(flag string) bool) {
	quick := bench.Quick()
	for _, size := range o.sizes() {
		if !given(size.flag) {
			*size.of(&o.Options) = *size.of(&quick)
		}
	}
	if !given("seconds") {
		o.Time = quick.Time
	}
	o.BurnEvents, o.BurnLots = quick.BurnEvents, quick.BurnLots
}

func (p *program) bench(ctx context.Context, o benchOptions) error {
	began := time.Now()
	o.Progress = func(what string) {
		p.say("%6.1f s  %s", time.Since(began).Seconds(), what)
	}
	report, err := bench.Run(ctx, p.benched(o), o.Options)
	if err != nil {
		report.Error = sentence(err)
	}
	if len(report.Rows) > 0 || o.json {
		write := p.reportBench
		if o.json {
			write = p.reportBenchJSON
		}
		err = errors.Join(err, write(report))
	}
	switch {
	case errors.Is(err, context.Canceled):
		return &exitError{interrupted, errors.New("stopped; what the bench made is gone")}
	case err == nil && o.check && !report.Reached():
		return errFound
	}
	return err
}

// benched is this program as serve and export run it.
func (p *program) benched(o benchOptions) bench.Program {
	return bench.Program{
		Open: func(ctx context.Context, url string) (books.Store, error) {
			db, err := store.Open(ctx, url, store.Options{BusyTimeout: p.busyTimeout})
			if err != nil {
				return nil, err
			}
			if err := db.Migrate(ctx); err != nil {
				return nil, errors.Join(err, db.Close())
			}
			return db, nil
		},
		Handler: func(ctx context.Context, book *books.Books) http.Handler {
			log := slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
			return api(ctx, book, log, apiOptions{intake: o.usage.intake(), limits: graph.Limits{Rate: -1}})
		},
		Token: firstToken,
		Export: func(ctx context.Context, book *books.Books, format export.Format, w io.Writer) error {
			_, err := writeJournal(ctx, book, format, export.Header{Functional: book.Book().Functional}, w)
			return err
		},
		Usage:   o.usage.usage(),
		Version: version(),
	}
}

func (p *program) reportBenchJSON(report bench.Report) error {
	return p.printJSON(report)
}

// benchWidth bounds the two columns of words, so that the table fits a wide terminal.
const benchWidth = 44

func (p *program) reportBench(report bench.Report) error {
	rows := table.NewWriter()
	rows.AppendHeader(table.Row{"measure", "this program", "limit", "of the limit", "ratio", "to reach", "reached"})
	rows.SetColumnConfigs([]table.ColumnConfig{
		{Number: 1, WidthMax: benchWidth, WidthMaxEnforcer: text.WrapSoft},
		{Number: 2, Align: text.AlignRight},
		{Number: 3, WidthMax: benchWidth, WidthMaxEnforcer: text.WrapSoft},
		{Number: 4, Align: text.AlignRight},
		{Number: 5, Align: text.AlignRight},
		{Number: 6, Align: text.AlignRight},
	})
	for _, row := range report.Rows {
		what, limit, ratio, reached := row.What, "", "", "no"
		if row.Note != "" {
			what += " (" + row.Note + ")"
		}
		if row.LimitIs != "" {
			limit, ratio = figure(row.Limit, row.Unit), row.RatioText()
		}
		if row.Reached {
			reached = "yes"
		}
		rows.AppendRow(table.Row{what, figure(row.Ours, row.Unit), row.LimitIs, limit, ratio, row.Reach, reached})
		rows.AppendSeparator()
	}
	out := &printer{w: p.stdout}
	out.line("%s", rows.Render())
	e, s := report.Environment, report.Sizes
	settings := make([]string, len(e.Settings))
	for i, setting := range e.Settings {
		settings[i] = setting.Name + "=" + setting.Value
	}
	out.line("%s, drawdown %s, %s, %s, %d CPUs: %s", e.Date.Format(time.RFC3339), e.Version, e.Go, e.Platform, e.CPUs, e.CPU)
	out.line("%s: %s", e.Database, strings.Join(settings, " "))
	out.line("events=%d customers=%d lots=%d lot-days=%d year-events=%d lines=%d clients=%d batch=%d senders=%d seconds=%g rounds=%d seed=%d spread=%s usage-batch=%d usage-lanes=%d",
		s.Events, s.Customers, s.Lots, s.LotDays, s.YearEvents, s.Lines, s.Clients, s.Batch, s.Senders, s.Seconds, s.Rounds, s.Seed, s.Spread, s.UsageBatch, s.UsageLanes)
	return out.err
}

// figure writes a figure with three digits or more, thousands apart: 23,814 events/s.
func figure(x float64, unit string) string {
	if x < 100 {
		return fmt.Sprintf("%.3g %s", x, unit)
	}
	return bench.Thousands(int(math.Round(x))) + " " + unit
}
