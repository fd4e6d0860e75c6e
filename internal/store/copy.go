package store

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"drawdown/ledger"
)

// copyRows is from how many rows on COPY pays: it takes one round trip more than an
// INSERT, and then a third of the time for each row.
const copyRows = 32

// copyIn writes rows of one table by COPY, in PostgreSQL's text format. Rows are written
// out as they are sent, while the server takes in those before.
func copyIn[R any](ctx context.Context, t *tx, rows []R) error {
	to := copyOf(t, reflect.TypeFor[R]())
	reader := &copyReader{row: func(b []byte, i int) ([]byte, error) {
		if i == len(rows) {
			return b, io.EOF
		}
		return to.appendRow(b, reflect.ValueOf(&rows[i]).Elem())
	}}
	return t.watched(ctx, to.statement, func(ctx context.Context) error {
		return t.onServer(func(conn *pgx.Conn) error {
			_, err := conn.PgConn().CopyFrom(ctx, reader, to.statement)
			return err
		})
	})
}

// copyReader reads rows as text.
type copyReader struct {
	row  func(b []byte, i int) ([]byte, error) // appends row i; io.EOF after the last
	next int
	text []byte // written out and not read yet
	room []byte
	err  error
}

// copyChunk is from how much text on a read is answered.
const copyChunk = 32 << 10

func (c *copyReader) Read(into []byte) (int, error) {
	if len(c.text) == 0 {
		c.text = c.room[:0]
		for c.err == nil && len(c.text) < copyChunk {
			c.text, c.err = c.row(c.text, c.next)
			c.next++
		}
		c.room = c.text
	}
	if len(c.text) == 0 {
		return 0, c.err
	}
	n := copy(into, c.text)
	c.text = c.text[n:]
	return n, nil
}

// copyTarget says how the rows of a type are written to its table.
type copyTarget struct {
	statement string
	columns   []copyColumn
}

type copyColumn struct {
	index    []int
	nullZero bool
	append   func(b []byte, value reflect.Value) ([]byte, error)
}

// copyTargets holds them by type of row.
var copyTargets sync.Map

func copyOf(t *tx, row reflect.Type) *copyTarget {
	if known, ok := copyTargets.Load(row); ok {
		return known.(*copyTarget)
	}
	table := t.dialect.Tables().Get(row)
	to := &copyTarget{}
	names := make([]string, len(table.Fields))
	for i, field := range table.Fields {
		names[i] = pgx.Identifier{field.Name}.Sanitize()
		to.columns = append(to.columns, copyColumn{index: field.Index, nullZero: field.NullZero, append: appenderOf(field.StructField.Type)})
	}
	to.statement = "COPY " + pgx.Identifier{table.Name}.Sanitize() + " (" + strings.Join(names, ", ") + ") FROM STDIN"
	copyTargets.Store(row, to)
	return to
}

const copyNull = `\N`

func (to *copyTarget) appendRow(b []byte, row reflect.Value) ([]byte, error) {
	var err error
	for i, column := range to.columns {
		if i > 0 {
			b = append(b, '\t')
		}
		value := row.FieldByIndex(column.index)
		if column.nullZero && value.IsZero() {
			b = append(b, copyNull...)
			continue
		}
		if b, err = column.append(b, value); err != nil {
			return b, err
		}
	}
	return append(b, '\n'), nil
}

var (
	instantType = reflect.TypeFor[instant]()
	dateType    = reflect.TypeFor[date]()
	valuerType  = reflect.TypeFor[driver.Valuer]()
)

func appenderOf(of reflect.Type) func([]byte, reflect.Value) ([]byte, error) {
	switch {
	case of == instantType: // not through Value, which makes a value of an interface for each
		return func(b []byte, v reflect.Value) ([]byte, error) {
			if !v.Field(1).Bool() {
				return append(b, copyNull...), nil
			}
			return strconv.AppendInt(b, v.Field(0).Int(), 10), nil
		}
	case of == dateType:
		return func(b []byte, v reflect.Value) ([]byte, error) {
			if v.Int() == 0 {
				return append(b, copyNull...), nil
			}
			return ledger.Date(v.Int()).Append(b), nil
		}
	case of.Implements(valuerType):
		return func(b []byte, v reflect.Value) ([]byte, error) {
			value, err := v.Interface().(driver.Valuer).Value()
			if err != nil {
				return b, err
			}
			switch value := value.(type) {
			case nil:
				return append(b, copyNull...), nil
			case string:
				return appendCopyText(b, value), nil
			case int64:
				return strconv.AppendInt(b, value, 10), nil
			}
			return b, fmt.Errorf("a column cannot be copied from %T", value)
		}
	}
	switch of.Kind() { //nolint:exhaustive // the kinds that rows have
	case reflect.String:
		return func(b []byte, v reflect.Value) ([]byte, error) { return appendCopyText(b, v.String()), nil }
	case reflect.Int64, reflect.Int:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendInt(b, v.Int(), 10), nil }
	case reflect.Bool:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendBool(b, v.Bool()), nil }
	case reflect.Slice:
		if of.Elem().Kind() == reflect.Uint8 {
			return func(b []byte, v reflect.Value) ([]byte, error) {
				return hex.AppendEncode(append(b, `\\x`...), v.Bytes()), nil
			}
		}
	}
	return func(b []byte, _ reflect.Value) ([]byte, error) {
		return b, fmt.Errorf("a column cannot be copied from %s", of)
	}
}

// appendCopyText escapes what COPY would take for the end of a column or a row.
func appendCopyText(b []byte, text string) []byte {
	start := 0
	for i := range len(text) {
		var escape byte
		switch text[i] {
		case '\\':
			escape = '\\'
		case '\t':
			escape = 't'
		case '\n':
			escape = 'n'
		case '\r':
			escape = 'r'
		default:
			continue
		}
		b = append(append(b, text[start:i]...), '\\', escape)
		start = i + 1
	}
	return append(b, text[start:]...)
}
