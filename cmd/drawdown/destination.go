package main

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"drawdown/internal/books"
	"drawdown/internal/destination"
	"drawdown/jobs"
)

// exportFlags say where sealed exports are put: docs/exports/README.md.
type exportFlags struct {
	off bool
	to  []string
}

func (o *exportFlags) add(p *program, c *cobra.Command) {
	flags := c.Flags()
	flags.BoolVar(&o.off, "no-exports", false, "leave it to another process to write export batches and to put them somewhere")
	flags.StringArrayVar(&o.to, "export-destination", nil, "`NAME=WHERE` sealed exports can be put: file:///DIRECTORY, or s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION; may be repeated")
	p.limit(flags, "export-destination", "NAME=file:///DIRECTORY or NAME=s3://BUCKET/PREFIX", func(text string) error {
		_, _, err := destination.Parse(text)
		return err
	})
}

// destinations are those that were given, by name.
func (o *exportFlags) destinations() (map[string]destination.Destination, error) {
	all := map[string]destination.Destination{}
	for _, text := range o.to {
		name, to, err := destination.Parse(text)
		if err == nil && all[name] != nil {
			err = fmt.Errorf("two destinations are called %s", name)
		}
		if err != nil {
			return nil, badUsage("--export-destination: %w", err)
		}
		all[name] = to
	}
	return all, nil
}

// names are those of the destinations, in order.
func (o *exportFlags) names() ([]string, error) {
	all, err := o.destinations()
	return slices.Sorted(maps.Keys(all)), err
}

// exports works on the exports of a book.
func (o *exportFlags) exports(book *books.Books, log *slog.Logger) (*jobs.Exports, error) {
	to, err := o.destinations()
	return jobs.NewExports(book, log, to), err
}
