package store

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"strconv"
	"sync"

	"github.com/uptrace/bun/schema"
)

// rowsOf reads rows into a slice, as bun does, but finds where a column goes once for a
// statement and not for each value: a page of lots has ten thousand.
type rowsOf[R any] struct {
	table *schema.Table
	rows  []R
}

// scanned returns where to read rows: into rowsOf where it knows the types of all fields,
// and as bun does otherwise. rows are what was read.
func scanned[R any](t *tx) (into any, rows func() []R) {
	table := t.db.Dialect().Tables().Get(reflect.TypeFor[*R]())
	if !isPlain(table) {
		read := new([]R)
		return read, func() []R { return *read }
	}
	read := &rowsOf[R]{table: table}
	return read, func() []R { return read.rows }
}

// plainTables remembers by table whether columnTo knows all fields.
var plainTables sync.Map

func isPlain(table *schema.Table) bool {
	if plain, known := plainTables.Load(table); known {
		return plain.(bool) //nolint:forcetypeassert // as it is stored
	}
	plain := len(table.Fields) > 0
	for _, field := range table.Fields {
		_, known := columnTo(reflect.New(field.StructField.Type).Interface())
		plain = plain && known
	}
	plainTables.Store(table, plain)
	return plain
}

// columnTo returns what reads a column into a field, where NULL is the field's zero.
func columnTo(field any) (to any, known bool) {
	switch field := field.(type) {
	case *string:
		return columnText{field}, true
	case *int64:
		return columnNumber{field}, true
	case *bool:
		return columnBool{field}, true
	case *int:
		return columnPlace{field}, true
	case *instant, *date, *number:
		return field, true
	}
	return nil, false
}

// ScanRows reads the rows.
func (m *rowsOf[R]) ScanRows(_ context.Context, rows *sql.Rows) (int, error) {
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	var row R
	value := reflect.ValueOf(&row).Elem()
	targets := make([]any, len(columns))
	for i, column := range columns {
		if field := m.table.LookupField(column); field != nil {
			targets[i], _ = columnTo(value.FieldByIndex(field.Index).Addr().Interface())
		} else { // such as what a statement is in order of
			targets[i] = columnOfNone{}
		}
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return 0, err
		}
		m.rows = append(m.rows, row)
	}
	return len(m.rows), rows.Err()
}

// Value returns what was read.
func (m *rowsOf[R]) Value() any { return &m.rows }

type (
	columnText   struct{ to *string }
	columnNumber struct{ to *int64 }
	columnPlace  struct{ to *int }
	columnBool   struct{ to *bool }
	columnOfNone struct{}
)

// Scan leaves the column.
func (columnOfNone) Scan(any) error { return nil }

// Scan reads the column.
func (c columnText) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		*c.to = ""
	case string:
		*c.to = src
	case []byte:
		*c.to = string(src)
	default:
		return fmt.Errorf("text in a column of type %T", src)
	}
	return nil
}

// Scan reads the column.
func (c columnNumber) Scan(src any) (err error) {
	switch src := src.(type) {
	case nil:
		*c.to = 0
	case int64:
		*c.to = src
	case string: // a NUMERIC of PostgreSQL
		*c.to, err = strconv.ParseInt(src, 10, 64)
	case []byte:
		*c.to, err = strconv.ParseInt(string(src), 10, 64)
	default:
		err = fmt.Errorf("a whole number in a column of type %T", src)
	}
	return err
}

// Scan reads the column.
func (c columnPlace) Scan(src any) error {
	var number int64
	err := columnNumber{&number}.Scan(src)
	*c.to = int(number)
	return err
}

// Scan reads the column.
func (c columnBool) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		*c.to = false
	case bool:
		*c.to = src
	case int64: // SQLite has no other
		*c.to = src != 0
	default:
		return fmt.Errorf("yes or no in a column of type %T", src)
	}
	return nil
}
