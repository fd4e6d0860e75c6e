package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"drawdown/ledger"
)

// scan reads the rows of a statement with arguments $1, $2 and so on into the targets, one
// row after the other, each of which keep takes from there. It is for paths where many
// rows are read: without reflection, and on PostgreSQL described once for each connection
// but planned each time, for the plan that is right for ten keys is wrong for ten thousand.
func (t *tx) scan(ctx context.Context, doing, statement string, args, targets []any, keep func()) error {
	return t.watched(ctx, statement, func(ctx context.Context) error {
		if t.bulk {
			return t.refused(doing, t.onServer(func(conn *pgx.Conn) error {
				rows, err := conn.Query(ctx, statement, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() {
					if err := rows.Scan(targets...); err != nil {
						return err
					}
					keep()
				}
				return rows.Err()
			}))
		}
		rows, err := t.db.Tx.QueryContext(ctx, statement, args...)
		return t.keepRows(doing, rows, err, targets, keep)
	})
}

// keepRows reads the rows that a query returned, or says that it failed.
func (t *tx) keepRows(doing string, rows *sql.Rows, err error, targets []any, keep func()) error {
	if err != nil {
		return t.refused(doing, err)
	}
	defer func() { _ = rows.Close() }() // what went wrong, rows.Err says
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return t.refused(doing, err)
		}
		keep()
	}
	return t.refused(doing, rows.Err())
}

// idTo and textTo are where a column is read to that may be NULL, which is the empty text.
// Like instants and days they know the values of both drivers.
type (
	idTo   struct{ to *string }
	textTo struct{ to *string }
	// numberTo does so with a whole number, which is 0.
	numberTo struct{ to *int64 }
)

// ScanInt64 reads the column.
func (s numberTo) ScanInt64(v pgtype.Int8) error {
	*s.to = v.Int64
	return nil
}

// ScanUUID reads the column.
func (s idTo) ScanUUID(v pgtype.UUID) error {
	if *s.to = ""; v.Valid {
		*s.to = uuid.UUID(v.Bytes).String()
	}
	return nil
}

// Scan reads the column from SQLite.
func (s idTo) Scan(src any) error { return textTo(s).Scan(src) }

// Scan reads the column from SQLite.
func (s textTo) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		*s.to = ""
	case string:
		*s.to = src
	default:
		return fmt.Errorf("text in a column of type %T", src)
	}
	return nil
}

// ScanText reads the column.
func (s textTo) ScanText(v pgtype.Text) error {
	*s.to = v.String
	return nil
}

// ScanText reads the column.
func (d *date) ScanText(v pgtype.Text) error {
	return (*ledger.Date)(d).UnmarshalText([]byte(v.String))
}

// ScanInt64 reads the column.
func (i *instant) ScanInt64(v pgtype.Int8) error {
	*i = instant{micros: v.Int64, set: v.Valid}
	return nil
}

// sameText is textTo that keeps the text of the row before where it is the same, which for many columns it
// mostly is.
type sameText struct{ to *string }

// ScanBytes reads the column.
func (s sameText) ScanBytes(v []byte) error {
	if *s.to != string(v) {
		*s.to = string(v)
	}
	return nil
}

// Scan reads the column from SQLite.
func (s sameText) Scan(src any) error { return textTo(s).Scan(src) }

// roleTo is textTo for the accounts of the chart, whose names are there already.
type roleTo struct{ to *string }

// ScanBytes reads the column.
func (s roleTo) ScanBytes(v []byte) error {
	role, known := chartRoles[string(v)]
	if !known {
		role = string(v)
	}
	*s.to = role
	return nil
}

// Scan reads the column from SQLite.
func (s roleTo) Scan(src any) error { return textTo(s).Scan(src) }

var chartRoles = func() map[string]string {
	roles := map[string]string{}
	for _, account := range ledger.Accounts() {
		roles[string(account.Role)] = string(account.Role)
	}
	return roles
}()

// sameID is idTo that keeps the text of the row before where it is the same.
type sameID struct {
	to   *string
	last *lastID
}

// lastID is the id of the row before.
type lastID pgtype.UUID

// ScanUUID reads the column.
func (s sameID) ScanUUID(v pgtype.UUID) error {
	if pgtype.UUID(*s.last) == v {
		return nil
	}
	*s.last = lastID(v)
	return idTo{s.to}.ScanUUID(v)
}

// Scan reads the column from SQLite.
func (s sameID) Scan(src any) error { return textTo{s.to}.Scan(src) }

// dayTo reads a day without making a text of it.
type dayTo struct{ to *date }

// ScanBytes reads the column.
func (s dayTo) ScanBytes(v []byte) error { return (*ledger.Date)(s.to).UnmarshalText(v) }

// Scan reads the column from SQLite.
func (s dayTo) Scan(src any) error { return s.to.Scan(src) }
