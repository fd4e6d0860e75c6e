package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/ledger/export"
)

// jobWait outlasts the lease of a run whose process died.
const jobWait = books.LeaseTime + 5*time.Second

func (p *program) jobCommand() *cobra.Command {
	var through string
	wait := jobWait
	run := &cobra.Command{
		Use:   "run NAME",
		Short: "Run a job now and say what it did",
		Long: `Run a job now and say what it did. The jobs:

  all        the following, in this order
  due        invoices whose due date has come
  recognise  what was used
  expire     what lapsed
  breakage   what is expected to lapse, and what has become remote

A run books every day that has ended and is not booked yet. To run it again books
nothing twice, and to run it late books what it would have booked day by day.`,
		Example: "  drawdown job run all\n  drawdown job run recognise --through 2025-03-31",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(books.JobNames(), books.JobName(args[0])) {
				return fmt.Errorf("job run takes one of %s", jobNames())
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			options := books.RunOptions{Trigger: books.ByHand, Wait: wait}
			var err error
			if through != "" {
				if options.Through, err = ledger.ParseDate(through); err != nil {
					return badUsage("--through: %w", err)
				}
			}
			return p.withBook(c.Context(), func(book *books.Books) error {
				options.Progress = p.jobProgress(args[0])
				run, err := book.RunJob(c.Context(), books.JobName(args[0]), options)
				p.clearLine()
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(p.stdout, ranText(run))
				return err
			})
		},
	}
	run.Flags().StringVar(&through, "through", "", "the last `day` to book, which must have ended (default yesterday)")
	run.Flags().DurationVar(&wait, "wait", wait, "how long to wait for another run to end")
	p.limit(run.Flags(), "through", "a day, YYYY-MM-DD", isDay)
	p.limit(run.Flags(), "wait", "0s or more", notNegative)
	return group("job", "Run what recurs", run)
}

// jobProgress shows on a terminal how far a run is, nothing elsewhere. How much there is
// to book is not known before it is booked, so it is a count and no bar.
func (p *program) jobProgress(name string) func(books.JobResult) {
	if !p.onTerminal() {
		return nil
	}
	began := time.Now()
	return func(r books.JobResult) {
		p.clearLine()
		_, _ = fmt.Fprintf(p.stderr, "%s: %d lots and pools, %d recognitions in %.0f s", name, r.Lots, r.Recognitions, time.Since(began).Seconds())
	}
}

// clearLine takes back a line of progress.
func (p *program) clearLine() {
	if p.onTerminal() {
		_, _ = fmt.Fprint(p.stderr, "\r\x1b[K")
	}
}

func jobNames() string {
	names := make([]string, 0, len(books.JobNames()))
	for _, name := range books.JobNames() {
		names = append(names, string(name))
	}
	return strings.Join(names, ", ")
}

// ranText says what a run did: "all through 2025-03-31: 12 lots and pools, 30 recognitions,
// 2 entries (JE-000007 to JE-000008)".
func ranText(run books.JobRun) string {
	text := fmt.Sprintf("%s through %s: %d lots and pools, %d recognitions, %d entries",
		run.Job, run.Through, run.Result.Lots, run.Result.Recognitions, run.Result.Entries)
	if run.Result.Entries > 0 {
		text += fmt.Sprintf(" (%s to %s)", export.EntryCode(run.Result.FirstEntry), export.EntryCode(run.Result.LastEntry))
	}
	return text
}
