package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"drawdown/internal/store"
)

func (p *program) migrateCommand() *cobra.Command {
	var status bool
	c := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database to the form that this version knows",
		Long: `Bring the database to the form that this version knows, making the file where there is
none; a database on a server must exist. To run it again changes nothing. Take a copy
of the database first.

With --status nothing is changed: it says how many migrations are pending, and
exits with 1 where there are any.`,
		Example: "  drawdown migrate --db sqlite:book.db\n  drawdown migrate --db postgres://owner@localhost/drawdown\n  drawdown migrate --status",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			ctx := c.Context()
			db, err := store.Open(ctx, p.db, store.Options{MustExist: status, BusyTimeout: p.busyTimeout})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, db.Close()) }()
			pending, err := db.MigrationsPending(ctx)
			if err != nil {
				return err
			}
			if status {
				_, err := fmt.Fprintf(p.stdout, "%s: %d pending\n", shown(p.db), pending)
				if err == nil && pending > 0 {
					err = errFound
				}
				return err
			}
			if err := db.Migrate(ctx); err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stdout, "%s: %d applied\n", shown(p.db), pending)
			return err
		},
	}
	c.Flags().BoolVar(&status, "status", false, "only say what is pending")
	return c
}
