package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"drawdown/internal/books"
	"drawdown/internal/intake"
)

const importHelp = `Record the usage of files. Good rows are taken; rows that are not are reported by
line and kept aside as they were, in FILE.rejected.ndjson.

An event is counted once, by its source and id: to import a file again records
nothing twice. The formats, which are told apart by name and beginning:

  csv          a table with a header; see below
  ndjson       an object a line: source, id, customer, meter, quantity, credits,
               occurredAt
  cloudevents  CloudEvents 1.0, one a line or a JSON batch: subject is the customer,
               data is {meter, quantity}, {credits} or {usage: [{meter, quantity}]}

Columns of a CSV file that are named as the keys of ndjson need no mapping. Others:

  --map FIELD=COLUMN       takes the field from a column
  --map meter:CODE=COLUMN  the column holds quantities of that meter; with several,
                           a row gives an event for each that is more than 0
  --set FIELD=VALUE        where a row leaves the field empty

A row without an id is named by its number within --source, by default the name of
the file: import a file of the same name but other rows under another --source.

Times are RFC 3339, or 2025-01-31 15:04:05.25 in the book's zone; --time says else.`

type usageImport struct {
	format, source, time, delimiter, rejected string
	columns, values                           []string
	json, quiet                               bool
}

func (p *program) importCommand() *cobra.Command {
	var o usageImport
	c := &cobra.Command{
		Use:   "usage FILE...",
		Short: "Record the usage of CSV, NDJSON or CloudEvents files",
		Long:  importHelp,
		Example: `  drawdown import usage events.ndjson
  drawdown import usage trace.csv --set customer=acme --map occurredAt=TIMESTAMP \
    --map meter:tokens_in=ContextTokens --map meter:tokens_out=GeneratedTokens
  gunzip -c usage.csv.gz | drawdown import usage - --source usage.csv`,
		Args: func(_ *cobra.Command, args []string) error { return o.checkFiles(args) },
		RunE: func(c *cobra.Command, args []string) error {
			options, err := o.options()
			if err != nil {
				return err
			}
			return p.withBook(c.Context(), func(book *books.Books) error {
				options.Zone = book.Zone()
				return p.importFiles(c.Context(), book, args, o, options)
			})
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.format, "format", string(intake.Auto), "auto, csv, ndjson or cloudevents")
	flags.StringArrayVar(&o.columns, "map", nil, "`FIELD=COLUMN` of a CSV file; may be repeated")
	flags.StringArrayVar(&o.values, "set", nil, "`FIELD=VALUE` where a row leaves it empty; may be repeated")
	flags.StringVar(&o.source, "source", "", "the `source` of events that name none (default: the file's name)")
	flags.StringVar(&o.time, "time", string(intake.TimeText), "how times are written: text, unix (seconds) or unixms")
	flags.StringVar(&o.delimiter, "delimiter", ",", "the `character` between fields of a CSV file; tab for a tab")
	flags.StringVar(&o.rejected, "rejected", "", "the `file` for rows that are not taken (default FILE.rejected.ndjson)")
	flags.BoolVar(&o.json, "json", false, "the summary for machines")
	flags.BoolVar(&o.quiet, "quiet", false, "no progress bar")
	return group("import", "Record what other programs counted, or carried", c, p.importOpeningCommand())
}

func (o *usageImport) checkFiles(files []string) error {
	if len(files) == 0 {
		return errors.New("import usage takes at least one FILE, or - for standard input")
	}
	names := map[string]bool{}
	for _, file := range files {
		base := filepath.Base(file)
		switch {
		case file == "-" && o.source == "":
			return errors.New("standard input has no name: say --source NAME")
		case len(files) > 1 && (o.source != "" || o.rejected != ""):
			return errors.New("--source and --rejected go with one FILE: rows of several would get the same names")
		case names[base] && o.source == "":
			return fmt.Errorf("two files are named %q, so their rows would get the same names: import each under a --source of its own", base)
		}
		names[base] = true
	}
	return nil
}

func (o *usageImport) options() (intake.Options, error) {
	options := intake.Options{Format: intake.Format(o.format), Source: o.source, Time: intake.TimeFormat(o.time)}
	var err error
	if options.Columns, err = pairs("--map", o.columns); err != nil {
		return options, err
	}
	if options.Values, err = pairs("--set", o.values); err != nil {
		return options, err
	}
	if o.delimiter == "tab" {
		o.delimiter = "\t"
	}
	comma, size := utf8.DecodeRuneInString(o.delimiter)
	if size == 0 || size != len(o.delimiter) {
		return options, badUsage("--delimiter: must be one character, or tab, not %q", o.delimiter)
	}
	options.Comma = comma
	return options, options.Check()
}

func pairs(flag string, given []string) (map[string]string, error) {
	values := map[string]string{}
	for _, pair := range given {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" || value == "" {
			return nil, badUsage("%s takes FIELD=VALUE, not %q", flag, pair)
		}
		if _, twice := values[name]; twice {
			return nil, badUsage("%s names %s twice", flag, name)
		}
		values[name] = value
	}
	return values, nil
}

// imported is what became of one file.
type imported struct {
	File string `json:"file"`
	intake.Summary
	RejectedFile string `json:"rejectedFile,omitempty"`
	Error        string `json:"error,omitempty"`
}

// importFiles imports one file after the other. A file that cannot be read does not keep
// the others from being imported; a database that cannot be written does.
func (p *program) importFiles(ctx context.Context, book *books.Books, files []string, o usageImport, options intake.Options) error {
	code := success
	results := make([]imported, 0, len(files))
	for _, file := range files {
		result, err := p.importFile(ctx, book, file, o, options)
		var unreadable *intake.FileError
		switch {
		case errors.As(err, &unreadable):
			result.Error = sentence(unreadable)
			p.say("drawdown: %s: %s", file, result.Error)
			code = usage
		case errors.Is(err, context.Canceled):
			return &exitError{interrupted, fmt.Errorf("stopped in %s, after %d events were recorded: import it again to go on", file, result.Recorded)}
		case err != nil:
			return fmt.Errorf("%s, after %d recorded: %w", file, result.Recorded, err)
		case result.Rejected > 0:
			code = max(code, problems)
		}
		results = append(results, result)
	}
	if err := p.reportImport(results, o.json); err != nil {
		return err
	}
	if code != success {
		return &exitError{code, nil}
	}
	return nil
}

func (p *program) importFile(ctx context.Context, book *books.Books, name string, o usageImport, options intake.Options) (result imported, err error) {
	result.File = name
	options.Name = name
	source := p.stdin
	var size int64 = -1
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return result, &intake.FileError{Cause: err}
		}
		defer file.Close() //nolint:errcheck // nothing was written to it
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
		source = file
	}
	if bar := p.progress(name, size, o.quiet); bar != nil {
		reader := progressbar.NewReader(source, bar)
		source = &reader
		defer bar.Finish() //nolint:errcheck // a bar that cannot be drawn harms nothing
	}
	kept := &rejects{path: o.rejected, say: p.say, name: name}
	if kept.path == "" {
		kept.path = filepath.Base(options.Source) + ".rejected.ndjson"
		if name != "-" {
			kept.path = name + ".rejected.ndjson"
		}
	}
	result.Summary, err = intake.Import(ctx, book, intake.Read(source, options), kept.keep)
	if closed := kept.close(); err == nil {
		err = closed
	}
	if counted := book.WriteNotRecorded(context.WithoutCancel(ctx)); err == nil {
		err = counted
	}
	if kept.count > 0 {
		result.RejectedFile = kept.path
	}
	return result, err
}

// progress is a bar on a terminal, nil elsewhere.
func (p *program) progress(name string, size int64, quiet bool) *progressbar.ProgressBar {
	if quiet || !p.onTerminal() {
		return nil
	}
	return progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(p.stderr), progressbar.OptionSetDescription(filepath.Base(name)),
		progressbar.OptionShowBytes(true), progressbar.OptionClearOnFinish())
}

func (p *program) reportImport(results []imported, asJSON bool) error {
	if asJSON {
		return p.printJSON(results)
	}
	out := &printer{w: p.stdout}
	total := intake.Summary{}
	for _, r := range results {
		out.line("%s: %s", r.File, summaryText(r.Summary))
		if r.RejectedFile != "" {
			out.line("  rows not taken: %s", r.RejectedFile)
		}
		total = total.Add(r.Summary)
	}
	if len(results) > 1 {
		out.line("all: %s", summaryText(total))
	}
	return out.err
}

func summaryText(s intake.Summary) string {
	return fmt.Sprintf("%d recorded (%s credits), %d duplicates, %d rejected", s.Recorded, s.Credits, s.Duplicates, s.Rejected)
}

// maxShownRejects bounds what is said of bad rows on the terminal; all are in the file.
const maxShownRejects = 20

// rejects keeps aside the rows that were not taken. The file is made with the first.
type rejects struct {
	path, name string
	say        func(format string, args ...any)
	file       io.WriteCloser
	count      int
}

func (r *rejects) keep(rejection intake.Rejection) error {
	if r.file == nil {
		file, err := os.Create(r.path)
		if err != nil {
			return badUsage("--rejected: %w", err)
		}
		r.file = file
	}
	r.count++
	if r.count <= maxShownRejects {
		r.say("%s:%d: %s", r.name, rejection.Line, rejectionText(rejection))
	}
	encoder := json.NewEncoder(r.file)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(rejection)
}

func rejectionText(r intake.Rejection) string {
	text := r.Message
	if r.Field != "" {
		text = r.Field + ": " + text
	}
	return fmt.Sprintf("%s (%s)", text, r.Code)
}

func (r *rejects) close() error {
	if r.count > maxShownRejects {
		r.say("%s: and %d more rows", r.name, r.count-maxShownRejects)
	}
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
