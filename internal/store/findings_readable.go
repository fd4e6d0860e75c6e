package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"
	"modernc.org/sqlite"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// look goes through steps. Of one that comes upon what cannot be read or followed, that is found, and the next ones
// look at the rest; in the end the rows that are to blame are named.
func (f *findings) look(ctx context.Context, steps ...func(context.Context) error) error {
	spoilt := false
	for _, step := range steps {
		err := step(ctx)
		if err == nil {
			continue
		}
		var sqliteError *sqlite.Error
		var postgresError *pgconn.PgError
		switch {
		case ctx.Err() != nil, books.CodeOf(err) == books.Unavailable, errors.As(err, &sqliteError):
			return err
		case errors.As(err, &postgresError):
			const dataException = "22"
			if !strings.HasPrefix(postgresError.Code, dataException) {
				return err
			}
			f.add("database.readable", "the rows", err.Error(), "can be read; nothing after it was looked at")
			return nil // the transaction has failed
		}
		f.add("database.readable", "the rows", err.Error(), "can be read")
		spoilt = true
	}
	if spoilt {
		return f.spoiltRows(ctx)
	}
	return nil
}

// readableDays are the columns of days, by table, with what names a row.
var readableDays = []struct {
	table, subject string
	columns        []string
}{
	{"entries", "CAST(number AS TEXT)", []string{"accounting_date", "occurred_on"}},
	{"recognitions", "CAST(id AS TEXT)", []string{"day", "accounting_date"}},
	{"lots", "'lot_' || CAST(id AS TEXT)", []string{"purchased_on", "lapses_on", "liability_on", "refunded_on", "pool_left_on", "booked_through", "pending_from", "lapse_due", "remote_due"}},
	{"lot_days", "'lot_' || CAST(lot_id AS TEXT)", []string{"day"}},
	{"lot_changes", "'lot_' || CAST(lot_id AS TEXT)", []string{"day", "was_lapses_on"}},
	{"draws", "CAST(event_id AS TEXT)", []string{"day"}},
	{"purchases", "'pur_' || CAST(id AS TEXT)", []string{"due_on", "opening_on"}},
	{"manual_entries", "'man_' || CAST(id AS TEXT)", []string{"accounting_date", "reverse_on", "reverse_due"}},
	{"pools", "CAST(id AS TEXT)", []string{"measure_from"}},
	{"pool_days", "CAST(pool_id AS TEXT)", []string{"day"}},
	{"pool_moves", "CAST(pool_id AS TEXT)", []string{"day"}},
	{"estimates", "'est_' || CAST(id AS TEXT)", []string{"in_force_from"}},
	{"fx_rates", "currency", []string{"day"}},
	{"gl_codes", "CAST(id AS TEXT)", []string{"in_force_from"}},
	{"escheat_rules", "CAST(id AS TEXT)", []string{"in_force_from"}},
	{"escheat_payments", "CAST(id AS TEXT)", []string{"paid_on"}},
}

// spoiltRows names rows with days that are none, and with proposers that cannot be read.
func (f *findings) spoiltRows(ctx context.Context) error {
	for _, of := range readableDays {
		for _, column := range of.columns {
			err := f.spoilt(ctx, of.table, of.subject, column, "a day, YYYY-MM-DD", func(text string) bool {
				_, err := ledger.ParseDate(text)
				return err == nil
			})
			if err != nil {
				return err
			}
		}
	}
	return f.spoilt(ctx, "manual_entries", "'man_' || CAST(id AS TEXT)", "proposer", "who proposed it, in JSON", func(text string) bool { return json.Valid([]byte(text)) })
}

func (f *findings) spoilt(ctx context.Context, table, subject, column, want string, reads func(string) bool) error {
	const doing = "looking for what cannot be read"
	values, err := query[struct{ Value string }](ctx, f.tx, doing, fmt.Sprintf("SELECT DISTINCT CAST(%s AS TEXT) AS value FROM %s WHERE %[1]s IS NOT NULL", column, table))
	if err != nil {
		return err
	}
	var spoilt []string
	for _, row := range values {
		if !reads(row.Value) && len(spoilt) < f.limit {
			spoilt = append(spoilt, row.Value)
		}
	}
	if len(spoilt) == 0 {
		return nil
	}
	rows, err := query[struct{ Subject, Value string }](ctx, f.tx, doing,
		fmt.Sprintf("SELECT %s AS subject, CAST(%s AS TEXT) AS value FROM %s WHERE CAST(%[2]s AS TEXT) IN (?) ORDER BY 1 LIMIT ?", subject, column, table), bun.List(spoilt), f.limit)
	for _, row := range rows {
		f.add("database.readable", fmt.Sprintf("%s.%s of %s", table, column, row.Subject), row.Value, want)
	}
	return err
}
