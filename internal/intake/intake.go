package intake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"drawdown/internal/books"
)

// Limits of a file, each with its reason.
const (
	// MaxRow bounds a row, in bytes. An event takes some hundred; a megabyte leaves room
	// for what its sender put beside it.
	MaxRow = 1 << 20
	// maxRowLines bounds the lines of a CSV row whose fields hold line breaks. A quote
	// that nobody closed then costs a search of so many lines, and one row.
	maxRowLines = 1000
	// maxColumns bounds the columns of a CSV file.
	maxColumns = 1000
	// maxMeters bounds the meters that one row can name.
	maxMeters = 100
	// maxShown bounds what a message repeats of a value.
	maxShown = 60
)

// Row is an event that a file holds, or what is wrong with it. A row of the file that
// names several meters gives several Rows with the same Line and Text.
type Row struct {
	Line  int    // on which the row begins, from 1
	Index int    // of the row among those of NDJSON and CloudEvents that hold something, from 0
	Text  []byte // the row as it stands in the file; the caller may keep it
	Event books.UsageInput
	Err   *books.Error // nil where Event is good as far as the file goes
}

// Format is how a file is written.
type Format string

// The formats.
const (
	// Auto takes the format from the name and the first character of the file.
	Auto Format = "auto"
	// CSV is a table with a header, under a mapping of columns.
	CSV Format = "csv"
	// NDJSON is one JSON object a line, with the keys of a usage event: source, id,
	// customer, meter, quantity, credits, occurredAt. A line with a specversion is a
	// CloudEvent.
	NDJSON Format = "ndjson"
	// CloudEvents is CloudEvents 1.0: one structured event a line, or a JSON batch.
	CloudEvents Format = "cloudevents"
	// OneCloudEvent is one structured event, on as many lines as it likes.
	OneCloudEvent Format = "cloudevent"
)

// Formats lists the formats that a file can be said to have; OneCloudEvent is none of a
// file, but of a message.
func Formats() []Format { return []Format{Auto, CSV, NDJSON, CloudEvents} }

// Options say how a file is read. The zero Options guess what can be guessed.
type Options struct {
	Format Format // Auto where empty
	Name   string // of the file; its ending tells the format, its base is the default Source
	Source string // of events that name none; the base of Name where empty
	// Zone is where times without an offset are read: the book's. UTC where nil.
	Zone *time.Location
	Time TimeFormat // of times in CSV and NDJSON; TimeText where empty
	// TimeOptional takes NDJSON and CloudEvents that do not say when: OccurredAt is zero,
	// which is the instant of recording.
	TimeOptional bool
	// Columns maps fields to columns of a CSV file: a Field, or "meter:<code>" for a
	// column of quantities of that meter, or "dim:<key>" for one of values of that dimension. A
	// field or a dimension that is not mapped is taken from the column that bears its name,
	// where there is one.
	Columns map[string]string
	// Values fills fields where a row leaves them empty.
	Values map[string]string
	// Comma parts the fields of a CSV file; ',' where zero.
	Comma rune
}

// The fields of an event, as options name them. CSV columns and NDJSON keys are the same.
const (
	fieldSource     = "source"
	fieldID         = "id"
	fieldCustomer   = "customer"
	fieldMeter      = "meter"
	fieldQuantity   = "quantity"
	fieldCredits    = "credits"
	fieldOccurredAt = "occurredAt"
	meterPrefix     = "meter:"
	// keyDimensions is an object of texts in JSON; a CSV file has a column for each.
	keyDimensions   = "dimensions"
	dimensionPrefix = "dim:"
)

var allFields = [...]string{fieldSource, fieldID, fieldCustomer, fieldMeter, fieldQuantity, fieldCredits, fieldOccurredAt}

// Fields lists the fields of an event in the order in which they are documented.
func Fields() []string { return slices.Clone(allFields[:]) }

// Read returns the events of the file, in order. A Row with an Err is a bad row, after
// which reading goes on. An error beside the Row is about the file as a whole and comes
// last: it cannot be read, or not as the options say.
func Read(file io.Reader, options Options) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		o, err := options.withDefaults()
		if err != nil {
			yield(Row{}, err)
			return
		}
		in := bufio.NewReaderSize(file, 64<<10)
		if err := skipMark(in); err != nil {
			yield(Row{}, err)
			return
		}
		if o.Format == Auto {
			o.Format = guess(in, o.Name)
		}
		switch o.Format {
		case CSV:
			readCSV(in, o, yield)
		case CloudEvents:
			readCloudEvents(in, o, yield)
		case OneCloudEvent:
			readOneCloudEvent(in, o, yield)
		default:
			readNDJSON(in, o, yield)
		}
	}
}

// Check refuses options that no file can be read under.
func (o Options) Check() error {
	_, err := o.withDefaults()
	return err
}

func (o Options) withDefaults() (Options, error) {
	switch o.Format {
	case "":
		o.Format = Auto
	case Auto, CSV, NDJSON, CloudEvents, OneCloudEvent:
	default:
		return o, fmt.Errorf("%q is not a format of usage files; there are auto, csv, ndjson, cloudevents", o.Format)
	}
	switch o.Time {
	case "":
		o.Time = TimeText
	case TimeText, TimeUnix, TimeUnixMillis:
	default:
		return o, fmt.Errorf("%q is not a format of times; there are text, unix, unixms", o.Time)
	}
	if o.Source == "" && o.Name != "" {
		o.Source = filepath.Base(o.Name)
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Comma == 0 {
		o.Comma = ','
	}
	for _, field := range slices.Sorted(maps.Keys(o.Values)) {
		if !isField(field) {
			return o, fmt.Errorf("there is no field %q to set; the fields are %s", field, strings.Join(Fields(), ", "))
		}
		if field == fieldID {
			return o, errors.New("the id cannot be set, for it names each event apart from all others")
		}
	}
	for _, field := range slices.Sorted(maps.Keys(o.Columns)) {
		if key, is := strings.CutPrefix(field, dimensionPrefix); is {
			if err := books.CheckDimensionKey("", key); err != nil {
				return o, fmt.Errorf("%s names no dimension: a key %w", field, err)
			}
		} else if !isField(field) && (!strings.HasPrefix(field, meterPrefix) || field == meterPrefix) {
			return o, fmt.Errorf("there is no field %q to map; the fields are %s, meter:CODE and dim:KEY", field, strings.Join(Fields(), ", "))
		}
	}
	return o, nil
}

func isField(name string) bool { return slices.Contains(allFields[:], name) }

// skipMark drops a byte-order mark of UTF-8 and refuses those of other encodings.
func skipMark(in *bufio.Reader) error {
	start, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case bytes.Equal(start, []byte("\xef\xbb\xbf")):
		_, err = in.Discard(3)
		return err
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return errors.New("the file is UTF-16; save it as UTF-8")
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		return errors.New("the file is compressed; unpack it first, as in: gunzip -c FILE | drawdown import usage -")
	}
	return nil
}

// guess takes the format from the name's ending, else from the first lines.
func guess(in *bufio.Reader, name string) Format {
	ending := strings.ToLower(filepath.Ext(name))
	if ending == ".csv" || ending == ".tsv" {
		return CSV
	}
	start, _ := in.Peek(in.Size())
	start = bytes.TrimLeft(start, " \t\r\n")
	switch {
	case bytes.HasPrefix(start, []byte("[")):
		return CloudEvents
	case !bytes.HasPrefix(start, []byte("{")) && !strings.Contains(ending, "json"):
		return CSV
	}
	first, _, _ := bytes.Cut(start, []byte("\n"))
	if bytes.Contains(first, []byte(`"specversion"`)) {
		return CloudEvents
	}
	return NDJSON
}

// refuse is what a bad row is told. The message reads on from the field's name.
func refuse(field, format string, args ...any) *books.Error {
	return &books.Error{Code: books.Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// shown keeps a bad value short in a message.
func shown(value string) string {
	if len(value) <= maxShown {
		return value
	}
	return strings.ToValidUTF8(value[:maxShown], "") + "…"
}
