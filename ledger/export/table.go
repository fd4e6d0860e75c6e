package export

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"drawdown/ledger"
)

// Table writes the rows of one type twice: as CSV and as Parquet. The fields of the type are the
// columns, in their order; each has its name, and what Parquet is to know of it, in a tag `parquet`. A
// field is a string, a whole number, or one of the types below. It streams: Parquet holds back one
// group of rows.
type Table[T any] struct {
	text    io.Writer
	parquet *parquet.GenericWriter[T]
	columns []column
	buffer  []byte
	row     [1]T
	rows    int64
}

// Day is a day in a [Table]; its tag ends in "optional,date", and the zero Day is empty.
type Day int32

// DayOf returns the day, empty for the zero one.
func DayOf(day ledger.Date) Day {
	if day == 0 {
		return 0
	}
	return Day(epochDays(day))
}

// Instant is microseconds since 1970 UTC; its tag ends in "optional,timestamp(microsecond)", and zero is
// empty.
type Instant int64

// InstantOf returns the instant, empty for the zero one.
func InstantOf(at time.Time) Instant {
	if at.IsZero() {
		return 0
	}
	return Instant(at.UnixMicro())
}

// Millionths is a number with six decimals, such as credits; its tag ends in "decimal(6:18)".
type Millionths int64

// MajorUnits is an amount in major units; its tag ends in "decimal(6:38)". Tags `minor` and `currency` name
// the fields that hold it in minor units and its currency, from which CSV is written.
type MajorUnits = parquetDecimal

// MajorUnitsOf returns the amount.
func MajorUnitsOf(amount ledger.Amount) MajorUnits { return parquetAmount(amount) }

// column is a field of the type.
type column struct {
	name            string
	at              int
	write           func(b []byte, row reflect.Value, c *column) []byte
	minor, currency int
}

// NewTable begins a table with its heading.
func NewTable[T any](text, to io.Writer) (*Table[T], error) {
	t := &Table[T]{text: text}
	of := reflect.TypeFor[T]()
	options := []parquet.WriterOption{
		parquet.Compression(&parquet.Snappy), parquet.MaxRowsPerRowGroup(parquetGroup),
		parquet.CreatedBy("drawdown", parquetSchemaVersion, ""),
		parquet.KeyValueMetadata("schema_version", parquetSchemaVersion),
	}
	for i := range of.NumField() {
		c, err := columnOf(of, i)
		if err != nil {
			return nil, err
		}
		if of.Field(i).Type == reflect.TypeFor[MajorUnits]() {
			options = append(options, parquet.SkipPageBounds(c.name)) // as of the journal
		}
		t.columns = append(t.columns, c)
		if i > 0 {
			t.buffer = append(t.buffer, ',')
		}
		t.buffer = append(t.buffer, c.name...)
	}
	t.buffer = append(t.buffer, '\n')
	t.parquet = parquet.NewGenericWriter[T](to, options...)
	return t, nil
}

func columnOf(of reflect.Type, i int) (column, error) {
	field := of.Field(i)
	name, _, _ := strings.Cut(field.Tag.Get("parquet"), ",")
	c := column{name: name, at: i}
	switch {
	case field.Type == reflect.TypeFor[MajorUnits]():
		minor, known := of.FieldByName(field.Tag.Get("minor"))
		currency, both := of.FieldByName(field.Tag.Get("currency"))
		if !known || !both {
			return c, fmt.Errorf("column %s of %s names no fields for its minor units and its currency", name, of)
		}
		c.minor, c.currency, c.write = minor.Index[0], currency.Index[0], appendDecimal
	case field.Type == reflect.TypeFor[Day]():
		c.write = appendDayCell
	case field.Type == reflect.TypeFor[Instant]():
		c.write = appendInstantCell
	case field.Type == reflect.TypeFor[Millionths]():
		c.write = appendMillionths
	case field.Type.Kind() == reflect.String:
		c.write = func(b []byte, row reflect.Value, c *column) []byte { return appendCell(b, row.Field(c.at).String()) }
	case field.Type.Kind() == reflect.Int64 || field.Type.Kind() == reflect.Int32:
		c.write = func(b []byte, row reflect.Value, c *column) []byte {
			return strconv.AppendInt(b, row.Field(c.at).Int(), 10)
		}
	default:
		return c, fmt.Errorf("column %s of %s is of a type that has no form in a table: %s", name, of, field.Type)
	}
	return c, nil
}

func appendDecimal(b []byte, row reflect.Value, c *column) []byte {
	return ledger.Money(row.Field(c.minor).Int(), ledger.Currency(row.Field(c.currency).String())).Append(b)
}

func appendDayCell(b []byte, row reflect.Value, c *column) []byte {
	if days := row.Field(c.at).Int(); days != 0 {
		return (ledger.NewDate(1970, 1, 1) + ledger.Date(days)).Append(b)
	}
	return b
}

func appendInstantCell(b []byte, row reflect.Value, c *column) []byte {
	if micros := row.Field(c.at).Int(); micros != 0 {
		return time.UnixMicro(micros).UTC().AppendFormat(b, time.RFC3339Nano)
	}
	return b
}

// appendMillionths writes 12500000 as 12.5.
func appendMillionths(b []byte, row reflect.Value, c *column) []byte {
	const million = 1_000_000
	n := row.Field(c.at).Int()
	whole, part := n/million, n%million
	if n < 0 {
		b, whole, part = append(b, '-'), -whole, -part
	}
	b = strconv.AppendInt(b, whole, 10)
	if part == 0 {
		return b
	}
	digits := strconv.FormatInt(million+part, 10)[1:]
	return append(append(b, '.'), strings.TrimRight(digits, "0")...)
}

// Write writes a row.
func (t *Table[T]) Write(row T) error {
	t.row[0] = row
	value := reflect.ValueOf(&t.row[0]).Elem()
	for i := range t.columns {
		if i > 0 {
			t.buffer = append(t.buffer, ',')
		}
		t.buffer = t.columns[i].write(t.buffer, value, &t.columns[i])
		if field := value.Field(i); field.Kind() == reflect.String {
			field.SetString(validText(field.String()))
		}
	}
	t.buffer = append(t.buffer, '\n')
	t.rows++
	if len(t.buffer) >= flushAt {
		if err := t.flush(); err != nil {
			return err
		}
	}
	_, err := t.parquet.Write(t.row[:])
	return err
}

func (t *Table[T]) flush() error {
	_, err := t.text.Write(t.buffer)
	t.buffer = t.buffer[:0]
	return err
}

// Rows returns how many were written.
func (t *Table[T]) Rows() int64 { return t.rows }

// Close writes what is left. The table has no use after it.
func (t *Table[T]) Close() error {
	if err := t.flush(); err != nil {
		return err
	}
	return t.parquet.Close()
}
