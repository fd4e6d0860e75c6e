package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// boundRows is how many rows a prepared statement of SQLite inserts. The statement is
// parsed once for all rows of a transaction, where the text of rows is parsed with them;
// beyond some tens of rows a longer statement gains nothing.
const boundRows = 100

// insertBound writes rows by a prepared statement, as many as fill it, and returns the
// rest.
func insertBound[R any](ctx context.Context, t *tx, rows []R) (rest []R, err error) {
	if len(rows) < 2*boundRows { // to prepare the statement would cost what it saves
		return rows, nil
	}
	to := boundOf(t, reflect.TypeFor[R]())
	err = t.watched(ctx, to.statement, func(ctx context.Context) error {
		rows, err = fillBound(ctx, t, to, rows)
		return err
	})
	return rows, err
}

// fillBound prepares the statement and runs it as often as rows fill it.
func fillBound[R any](ctx context.Context, t *tx, to *boundTarget, rows []R) (rest []R, err error) {
	statement, err := t.db.PrepareContext(ctx, to.statement)
	if err != nil {
		return rows, err
	}
	defer func() { _ = statement.Close() }() // it is of no use any more, closed or not
	args := make([]any, boundRows*len(to.columns))
	for ; len(rows) >= boundRows; rows = rows[boundRows:] {
		at := 0
		for i := range rows[:boundRows] {
			row := reflect.ValueOf(&rows[i]).Elem()
			for _, column := range to.columns {
				if args[at], err = column.value(row.FieldByIndex(column.index)); err != nil {
					return rows, err
				}
				at++
			}
		}
		if _, err := statement.ExecContext(ctx, args...); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// boundTarget says how the rows of a type are written to its table.
type boundTarget struct {
	statement string
	columns   []boundColumn
}

type boundColumn struct {
	index []int
	value func(reflect.Value) (any, error)
}

// boundTargets holds them by type of row.
var boundTargets sync.Map

func boundOf(t *tx, row reflect.Type) *boundTarget {
	if known, ok := boundTargets.Load(row); ok {
		return known.(*boundTarget)
	}
	table := t.dialect.Tables().Get(row)
	to := &boundTarget{}
	names := make([]string, len(table.Fields))
	for i, field := range table.Fields {
		names[i] = string(field.SQLName)
		to.columns = append(to.columns, boundColumn{index: field.Index, value: valueOf(field.StructField.Type, field.NullZero)})
	}
	values := "(" + strings.TrimSuffix(strings.Repeat("?,", len(names)), ",") + ")"
	to.statement = "INSERT INTO " + string(table.SQLName) + " (" + strings.Join(names, ", ") + ") VALUES " +
		strings.TrimSuffix(strings.Repeat(values+",", boundRows), ",")
	boundTargets.Store(row, to)
	return to
}

// valueOf returns how a field of the type becomes a value of a column.
func valueOf(of reflect.Type, nullZero bool) func(reflect.Value) (any, error) {
	if of.Implements(valuerType) {
		return func(v reflect.Value) (any, error) { return v.Interface().(driver.Valuer).Value() }
	}
	switch of.Kind() { //nolint:exhaustive // the kinds that rows have
	case reflect.String:
		return orNull(nullZero, func(v reflect.Value) (any, error) { return v.String(), nil })
	case reflect.Int64, reflect.Int:
		return orNull(nullZero, func(v reflect.Value) (any, error) { return v.Int(), nil })
	case reflect.Bool:
		return func(v reflect.Value) (any, error) { return v.Bool(), nil }
	case reflect.Slice:
		if of.Elem().Kind() == reflect.Uint8 {
			return func(v reflect.Value) (any, error) { return v.Bytes(), nil }
		}
	}
	return func(reflect.Value) (any, error) { return nil, fmt.Errorf("a column cannot be written from %s", of) }
}

// orNull writes NULL for the zero value of a field that says so.
func orNull(nullZero bool, value func(reflect.Value) (any, error)) func(reflect.Value) (any, error) {
	if !nullZero {
		return value
	}
	return func(v reflect.Value) (any, error) {
		if v.IsZero() {
			return nil, nil
		}
		return value(v)
	}
}
