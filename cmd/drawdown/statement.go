package main

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drawdown/internal/books"
	"drawdown/internal/reports"
	"drawdown/ledger"
	"drawdown/ledger/export"
)

type statementExport struct {
	customer, from, to, detail, asOf, format, out string
}

func (p *program) statementCommand() *cobra.Command {
	var o statementExport
	c := &cobra.Command{
		Use:   "statement",
		Short: "Write what happened to a customer's credits to a file",
		Long: `Write the statement of a customer: the opening balance, line by line what happened, the
closing balance, in CSV. It foots: opening and lines add up to the closing, in credits and
in each currency. Credits stand on the day on which it happened, money on the accounting
date under which it is booked. With --out the file is written beside its place and moved
there when it is whole; without, it goes to standard output.`,
		Example: `  drawdown export statement --customer acme --from 2025-01-01 --to 2025-12-31 --out acme.csv
  drawdown export statement --customer acme --from 2025-03-01 --to 2025-03-31 --detail event`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			header, err := span(o.from, o.to)
			switch {
			case err != nil:
				return err
			case o.customer == "" || header.From == 0 || header.To == 0:
				return badUsage("export statement takes --customer, --from and --to")
			case o.format != "csv":
				return badUsage("--format must be csv, not %q", o.format)
			}
			request := books.StatementRequest{From: header.From, To: header.To, Detail: books.StatementDetail(strings.ToUpper(o.detail))}
			if request.Detail != books.ByDay && request.Detail != books.ByEvent {
				return badUsage("--detail must be day or event, not %q", o.detail)
			}
			if o.asOf != "" {
				if request.AsOf, err = time.Parse(time.RFC3339Nano, o.asOf); err != nil {
					return badUsage("--as-of must be an instant such as 2025-01-31T12:00:00Z, not %q", o.asOf)
				}
				request.AsOf = request.AsOf.UTC().Truncate(time.Microsecond)
			}
			return p.withBook(c.Context(), func(book *books.Books) error {
				write := func(w io.Writer) (int, error) { return writeStatement(c.Context(), book, o.customer, request, w) }
				return p.writeOut(o.out, "lines", write)
			})
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.customer, "customer", "", "the customer's external `id`")
	flags.StringVar(&o.from, "from", "", "the first `date`")
	flags.StringVar(&o.to, "to", "", "the last `date`, included")
	flags.StringVar(&o.detail, "detail", "day", "day, or event for a line of each event")
	flags.StringVar(&o.asOf, "as-of", "", "leaves out what was recorded, done or posted after the `instant` (default: now)")
	flags.StringVar(&o.format, "format", "csv", "csv")
	flags.StringVar(&o.out, "out", "", "the `file` to write (default: standard output)")
	detail, isDetail := oneOf("day", "event")
	p.limit(flags, "detail", detail, isDetail)
	format, isFormat := oneOf("csv")
	p.limit(flags, "format", format, isFormat)
	p.limit(flags, "from", "a day, YYYY-MM-DD", isDay)
	p.limit(flags, "to", "a day, YYYY-MM-DD", isDay)
	return c
}

// writeStatement writes one part of the span after the other, all of one snapshot: the
// closing of a part is the opening of the next.
func writeStatement(ctx context.Context, book *books.Books, customer string, request books.StatementRequest, w io.Writer) (count int, err error) {
	table := csv.NewWriter(w)
	if err := table.Write([]string{
		"day", "kind", "credits", "currency", "amount", "functional_currency", "functional_amount", "cash", "balance", "deferred", "functional_deferred",
		"lot", "purchase", "entry", "meter", "event", "reason",
	}); err != nil {
		return 0, err
	}
	if err := book.CheckStatementBegins(request.From); err != nil {
		return 0, err
	}
	err = book.View(ctx, func(ctx context.Context, tx books.Tx) error {
		customers, err := tx.CustomersByExternalID(ctx, []string{customer})
		switch {
		case err != nil:
			return err
		case len(customers) == 0:
			return &books.Error{Code: books.NotFound, Field: "customer", Message: "there is no customer " + strconv.Quote(customer)}
		}
		request.CustomerID = customers[0].ID
		part, meters := request, reports.MeterCodes{}
		for part.From = request.From; part.From <= request.To; part.From = part.To + 1 {
			days := ledger.Date(books.MaxStatementDays)
			if request.Detail == books.ByEvent {
				days = 1 // what a day holds is what memory holds
			}
			part.To = min(part.From+days-1, request.To)
			statement, err := book.StatementOf(ctx, tx, part)
			if err != nil {
				return err
			}
			if part.From == request.From {
				writeBalance(table, part.From, "OPENING_BALANCE", statement.Opening)
			}
			for i := range statement.Lines {
				used, err := meters.Of(ctx, tx, statement.Lines[i].Uses)
				if err != nil {
					return err
				}
				writeStatementLine(table, &statement.Lines[i], used)
			}
			count += len(statement.Lines)
			if part.To == request.To {
				writeBalance(table, part.To, "CLOSING_BALANCE", statement.Closing)
			}
		}
		return nil
	})
	if err != nil {
		return count, err
	}
	table.Flush()
	return count, table.Error()
}

// writeBalance writes the credits, and a row for each currency. A writer that fails says so
// when it is flushed.
func writeBalance(table *csv.Writer, day ledger.Date, kind string, balance books.StatementBalance) {
	row := []string{day.String(), kind, "", "", "", "", "", "", balance.Credits.String(), "", "", "", "", "", "", "", ""}
	for _, money := range balance.Deferred {
		row[3], row[5] = string(money.Amount.Currency), string(money.Functional.Currency)
		row[9], row[10] = money.Amount.Text(), money.Functional.Text()
		table.Write(row) //nolint:errcheck // said above
	}
	if len(balance.Deferred) == 0 {
		table.Write(row) //nolint:errcheck // said above
	}
}

// writeStatementLine writes a line in the forms of the report customer-statement: ids as the API gives them, meters by their codes.
func writeStatementLine(table *csv.Writer, line *books.StatementLine, meters string) {
	row := []string{
		line.Day.String(), string(line.Kind), line.Credits.String(), string(line.Amount.Currency), line.Amount.Text(),
		string(line.Functional.Currency), line.Functional.Text(), line.Cash.Text(),
		line.Balance.String(), line.Deferred.Amount.Text(), line.Deferred.Functional.Text(), "lot_" + line.LotID, "", "", meters, "", export.SafeCell(line.Reason),
	}
	if line.PurchaseID != "" {
		row[12] = "pur_" + line.PurchaseID
	}
	if line.Entry != 0 {
		row[13] = strconv.FormatInt(line.Entry, 10)
	}
	if len(line.Uses) == 1 && line.Uses[0].EventID != "" {
		row[15] = "evt_" + line.Uses[0].EventID
	}
	table.Write(row) //nolint:errcheck // said above
}
