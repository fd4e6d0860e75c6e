package store

import (
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/uptrace/bun/dialect/feature"
	"github.com/uptrace/bun/schema"

	"drawdown/ledger"
)

// instant is a time in a column: microseconds since 1970 UTC, NULL for the zero time.
type instant struct {
	micros int64
	set    bool
}

func instantOf(t time.Time) instant {
	if t.IsZero() {
		return instant{}
	}
	return instant{micros: t.UnixMicro(), set: true}
}

func (i instant) time() time.Time {
	if !i.set {
		return time.Time{}
	}
	return time.UnixMicro(i.micros).UTC()
}

// Value writes the column.
func (i instant) Value() (driver.Value, error) {
	if !i.set {
		return nil, nil
	}
	return i.micros, nil
}

// Scan reads the column.
func (i *instant) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		*i = instant{}
	case int64:
		*i = instant{micros: src, set: true}
	default:
		return fmt.Errorf("an instant in a column of type %T", src)
	}
	return nil
}

// date is a day in a column: YYYY-MM-DD, which sorts as the days do; NULL for none.
type date ledger.Date

// Value writes the column.
func (d date) Value() (driver.Value, error) {
	if d == 0 {
		return nil, nil
	}
	return ledger.Date(d).String(), nil
}

// Scan reads the column.
func (d *date) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		*d = 0
		return nil
	case string:
		return (*ledger.Date)(d).UnmarshalText([]byte(src))
	case []byte:
		return (*ledger.Date)(d).UnmarshalText(src)
	}
	return fmt.Errorf("a day in a column of type %T", src)
}

// number is a decimal in a column: plain notation without trailing zeros, so that equal
// numbers are equal text. Never a float, which a NUMERIC column could become.
type number struct{ decimal.Decimal }

// Value writes the column.
func (n number) Value() (driver.Value, error) { return n.String(), nil }

// Scan reads the column.
func (n *number) Scan(src any) (err error) {
	switch src := src.(type) {
	case nil:
		n.Decimal = decimal.Decimal{}
	case string:
		n.Decimal, err = decimal.NewFromString(src)
	case []byte:
		n.Decimal, err = decimal.NewFromString(string(src))
	default:
		err = fmt.Errorf("a decimal in a column of type %T", src)
	}
	return err
}

// rowID is an id from outside in a query. What is none at all is asked for as one that no
// row has, for PostgreSQL compares an id with nothing but ids.
type rowID string

func rowIDOf(id string) rowID { return rowID(id) }

// noID is greater than every id that is given out.
const noID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

// firstID is smaller than every id that is given out.
const firstID = "00000000-0000-0000-0000-000000000000"

// AppendQuery writes the id as text.
func (i rowID) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	text := string(i)
	if gen.HasFeature(feature.DoubleColonCast) && uuid.Validate(text) != nil {
		text = noID
	}
	return gen.Dialect().AppendString(b, text), nil
}

// convert maps rows to what they stand for.
func convert[R, T any](rows []R, of func(R) T) []T {
	converted := make([]T, len(rows))
	for i, row := range rows {
		converted[i] = of(row)
	}
	return converted
}
