package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/shopspring/decimal"
	"github.com/spf13/cobra"

	"drawdown/internal/books"
	"drawdown/internal/intake"
	"drawdown/ledger"
)

const importOpeningHelp = `Take over customers and their open lots from another book, as they stood when a day, the
cut-over, began. All rows are taken, or none: bad ones are reported by line, and what the
rows add up to must be what the control totals say. The same file again changes nothing.

Columns: customer, reference, policy, credits, deferred, purchased_on, expires; and where
needed customer_name, currency, fx_rate, starts, priority. A customer who is missing is
made. credits are open and unused, deferred is what is left of their price. Days are of the
book's zone; expires is the first day or instant at which they no longer serve, or never.

--control-deferred is in the book's own currency, over all currencies of lots.`

type openingImport struct {
	asOf, credits, deferred string
	lots                    int
	dry, json               bool
}

func (p *program) importOpeningCommand() *cobra.Command {
	var o openingImport
	c := &cobra.Command{
		Use:   "opening --as-of DAY --control-credits N --control-deferred AMOUNT FILE.csv",
		Short: "Take over customers and open lots of another book",
		Long:  importOpeningHelp,
		Example: `  drawdown import opening --as-of 2026-07-01 --control-lots 3 --control-credits 1250 \
    --control-deferred 980.50 --dry-run open-lots.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			opening, err := o.opening(c.Flags().Changed("control-lots"))
			if err != nil {
				return err
			}
			return p.withBook(c.Context(), func(book *books.Books) error {
				return p.importOpening(c.Context(), book, args[0], o, opening)
			})
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.asOf, "as-of", "", "the `day` of the cut-over: the lots are as they stood when it began")
	flags.StringVar(&o.credits, "control-credits", "", "what the other book says: the `number` of open credits")
	flags.StringVar(&o.deferred, "control-deferred", "", "what the other book says: the deferred `amount`, in the book's currency")
	flags.IntVar(&o.lots, "control-lots", 0, "what the other book says: the `number` of open lots")
	flags.BoolVar(&o.dry, "dry-run", false, "check everything and write nothing")
	flags.BoolVar(&o.json, "json", false, "the summary for machines")
	return c
}

func (o openingImport) opening(countsLots bool) (books.Opening, error) {
	var opening books.Opening
	var err error
	if opening.AsOf, err = ledger.ParseDate(o.asOf); err != nil {
		return opening, badUsage("--as-of: must be a day such as 2026-07-01, not %q", o.asOf)
	}
	for _, control := range []struct {
		flag, text string
		into       *decimal.Decimal
	}{{"--control-credits", o.credits, &opening.ControlCredits}, {"--control-deferred", o.deferred, &opening.ControlDeferred}} {
		if *control.into, err = decimal.NewFromString(control.text); err != nil {
			return opening, badUsage("%s: must be a number such as 1250.50, not %q", control.flag, control.text)
		}
	}
	if countsLots {
		opening.ControlLots = &o.lots
	}
	return opening, nil
}

func (p *program) importOpening(ctx context.Context, book *books.Books, name string, o openingImport, opening books.Opening) error {
	source := p.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return badUsage("%w", err)
		}
		defer file.Close() //nolint:errcheck // nothing was written to it
		source = file
	}
	sum := sha256.New()
	lots, err := intake.Openings(io.TeeReader(source, sum), book.Zone())
	if err != nil {
		return p.openingFailed(name, err)
	}
	opening.Lots = lots
	var result books.OpeningResult
	if o.dry {
		result, err = book.CheckOpening(ctx, opening)
	} else {
		result, err = book.ImportOpening(ctx, "opening:"+opening.AsOf.String()+":"+hex.EncodeToString(sum.Sum(nil)), opening)
	}
	if err != nil {
		return p.openingFailed(name, err)
	}
	return p.reportOpening(result, o)
}

// openingFailed says each bad row; the file is then not what it must be.
func (p *program) openingFailed(name string, err error) error {
	var bad *books.OpeningRowsError
	var unreadable *intake.FileError
	switch {
	case errors.As(err, &bad):
		for _, row := range bad.Rows {
			p.say("%s: %s", name, row)
		}
		if more := bad.Count - len(bad.Rows); more > 0 {
			p.say("%s: and %d more", name, more)
		}
		return badUsage("%s: nothing was taken over: %d problems to mend", name, bad.Count)
	case errors.As(err, &unreadable):
		return badUsage("%s: %w", name, unreadable)
	}
	return err
}

func (p *program) reportOpening(result books.OpeningResult, o openingImport) error {
	if o.json {
		encoder := json.NewEncoder(p.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(result)
	}
	out := &printer{w: p.stdout}
	verb := "taken over"
	if o.dry {
		verb = "would be taken over"
	}
	out.line("%d lots with %s credits %s as of %s, %d customers made", result.Lots, result.Credits, verb, result.AsOf, result.Customers)
	for _, sum := range result.Deferred {
		text := sum.Amount.String()
		if sum.Amount.Currency != sum.Functional.Currency {
			text = fmt.Sprintf("%s (%s)", sum.Amount, sum.Functional)
		}
		out.line("deferred: %s", text)
	}
	return out.err
}
