package main

import (
	"encoding/json"
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"drawdown/internal/books"
)

// verified is what verify holds against each other, in a line for users; the store's
// Findings documents it in full.
const sealsVerified = "seals: every sealed entry, line and recognition, hashed again; the log, its roots, their signatures"

var verified = []string{
	"events and draws: every event drawn whole, once; voids reverse one use",
	"lot-days and lots: sums of draws; granted = remaining + drawn + lapsed + refunded + removed; price = recognised + released + refunded + removed + carried",
	"recognitions: what the rules make of every lot and pool, day by day; each in one entry",
	"pools: what their lots bring in and take out",
	"purchases: price, credits, refunds, voids and chargebacks; their entries, to the cent",
	"entries: balanced in every currency, numbered without gaps, batches the sums of their recognitions",
	"accounts: running balances are the sums of lines; deferred revenue is what lots carry less early breakage",
	sealsVerified,
	"database: pages, indexes, and the guards of rows that never change",
}

func (p *program) verifyCommand() *cobra.Command {
	var asJSON, sealsAlone bool
	var proof string
	var keys []string
	c := &cobra.Command{
		Use:   "verify",
		Short: "Derive every balance and invariant again and compare",
		Long: `Derive every balance and invariant again from the rows below it and compare with
what is kept. Nothing is changed. Exits with 1 where something differs.

What is not derivable from anything is not covered: the catalogue, customers, the day and
reference of purchases and the rates that they name, who decided about proposals, GL
codes, job runs, ticks of tasks, the audit trail.

With --seals it only looks at what was sealed when months were closed: whether all of it
is still what it was. That takes about as long as reading it.

With --proof it checks, without a database, a proof that an entry or a recognition is
sealed, or that a seal goes on from an earlier one, and says what it shows. By --key it
takes the keys that you know from elsewhere: that of each checkpoint in the proof, which
are two where the key of seals was changed between them.`,
		Example: "  drawdown verify\n  drawdown verify --json\n  drawdown verify --seals\n  drawdown verify --proof 7.proof --key drawdown/01941f29-7c00-7000-8000-000000000042+1a2b3c4d+AUt2…",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if proof != "" {
				return p.verifyProof(proof, keys)
			}
			return p.withBook(c.Context(), func(book *books.Books) error {
				verify, covered := book.Verify, verified
				if sealsAlone {
					verify, covered = book.VerifySeals, []string{sealsVerified}
				}
				findings, err := verify(c.Context())
				if err != nil {
					return err
				}
				report := p.reportFindings
				if asJSON {
					report = p.reportFindingsJSON
				}
				if err := report(findings, covered); err != nil {
					return err
				}
				if len(findings) > 0 {
					return errFound
				}
				return nil
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "for machines")
	c.Flags().BoolVar(&sealsAlone, "seals", false, "only what closed months sealed")
	c.Flags().StringVar(&proof, "proof", "", "a `file` that drawdown export proof wrote, to be checked instead of a book")
	c.Flags().StringArrayVar(&keys, "key", nil, "a public `key` that a checkpoint of the proof may be signed by, as a signed note writes it; may be repeated (default: those in the proof)")
	p.limit(c.Flags(), "key", "public keys of seals", books.CheckSealKey)
	return c
}

func (p *program) reportFindings(findings []books.Finding, covered []string) error {
	out := &printer{w: p.stdout}
	if len(findings) == 0 {
		out.line("%s: nothing differs. Derived again and compared:", shown(p.db))
		for _, what := range covered {
			out.line("  %s", what)
		}
		return out.err
	}
	rows := table.NewWriter()
	rows.AppendHeader(table.Row{"check", "subject", "kept", "derived"})
	for _, f := range findings {
		rows.AppendRow(table.Row{f.Check, f.Subject, f.Kept, f.Derived})
	}
	out.line("%s", rows.Render())
	out.line("%s: %d differences", shown(p.db), len(findings))
	return out.err
}

func (p *program) reportFindingsJSON(findings []books.Finding, covered []string) error {
	type finding struct {
		Check   string `json:"check"`
		Subject string `json:"subject"`
		Kept    string `json:"kept"`
		Derived string `json:"derived"`
	}
	report := struct {
		OK       bool      `json:"ok"`
		Findings []finding `json:"findings"`
		Covered  []string  `json:"covered"`
	}{len(findings) == 0, []finding{}, covered}
	for _, f := range findings {
		report.Findings = append(report.Findings, finding(f))
	}
	return p.printJSON(report)
}

// printJSON prints a value for machines, as text that a person can read too.
func (p *program) printJSON(value any) error {
	encoder := json.NewEncoder(p.stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// printer keeps the first error of many writes.
type printer struct {
	w interface {
		Write(p []byte) (int, error)
	}
	err error
}

func (o *printer) line(format string, args ...any) {
	if o.err == nil {
		_, o.err = fmt.Fprintf(o.w, format+"\n", args...)
	}
}
