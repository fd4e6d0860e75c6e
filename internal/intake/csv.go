package intake

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"drawdown/internal/books"
)

// readCSV reads a table with a header, under the mapping of columns of the options. The
// id of a row that brings none is its number, counted from 1 after the header, bad rows
// included: so it stays the same when the file is read again.
func readCSV(in *bufio.Reader, o Options, yield func(Row, error) bool) {
	source := &lines{in: in}
	header, err := readHeader(source, o.Comma)
	if err != nil {
		yield(Row{}, err)
		return
	}
	columns, err := o.bind(header)
	if err != nil {
		yield(Row{}, err)
		return
	}
	for number := 1; ; {
		r, err := nextRecord(source, o.Comma)
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			yield(Row{}, err)
			return
		case r.blank:
			continue
		}
		if !columns.yieldRow(r, number, yield) {
			return
		}
		number++
	}
}

// record is one row of a table.
type record struct {
	line  int
	text  []byte
	cells []string
	blank bool
	err   *books.Error
}

// nextRecord reads a row. A field in quotes may hold line breaks; where its quote is not
// closed within MaxRow and maxRowLines, the row ends with its first line and is bad.
func nextRecord(source *lines, comma rune) (record, error) {
	first, err := source.next()
	if err != nil {
		return record{}, err
	}
	r := record{line: first.number, text: first.text}
	switch {
	case first.long:
		r.err = tooLong()
		return r, nil
	case first.blank():
		r.blank = true
		return r, nil
	}
	if quoteOpen(first.text, comma, false) {
		rest, err := closing(source, len(first.text), comma)
		switch {
		case err != nil:
			return record{}, err
		case rest == nil:
			r.err = refuse("", "the row opens a quote that is never closed")
			return r, nil
		}
		for _, more := range rest {
			r.text = append(append(r.text, '\n'), more.text...)
		}
	}
	r.cells, r.err = split(r.text, comma)
	return r, nil
}

// closing returns the lines up to the one that closes an open quote; nil, and none taken
// from the source, where there is none within the limits. size is that of the row so far.
func closing(source *lines, size int, comma rune) ([]line, error) {
	var rest []line
	for size <= MaxRow && len(rest) < maxRowLines {
		more, err := source.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		rest = append(rest, more)
		size += len(more.text) + 1
		if !quoteOpen(more.text, comma, true) && size <= MaxRow {
			return rest, nil
		}
	}
	source.giveBack(rest)
	return nil, nil
}

// quoteOpen reports whether a field in quotes is still open at the end of the line;
// inside says that one is open at its beginning. Only a quote that begins a field opens
// it, and a doubled quote within it is a character.
func quoteOpen(text []byte, comma rune, inside bool) bool {
	if !inside && bytes.IndexByte(text, '"') < 0 {
		return false
	}
	fieldStart, closed := !inside, false
	for _, c := range string(text) {
		switch {
		case inside && c == '"':
			inside, closed = false, true
		case c == '"' && (fieldStart || closed):
			inside, closed = true, false
		case !inside:
			closed = false
		}
		fieldStart = !inside && c == comma
	}
	return inside
}

// split parts a row into its fields by RFC 4180.
func split(text []byte, comma rune) ([]string, *books.Error) {
	if !utf8.Valid(text) {
		return nil, refuse("", "the row is not UTF-8")
	}
	if bytes.IndexByte(text, '"') < 0 {
		return strings.Split(string(text), string(comma)), nil
	}
	reader := csv.NewReader(bytes.NewReader(text))
	reader.Comma, reader.FieldsPerRecord = comma, -1
	cells, err := reader.Read()
	if err != nil {
		var parse *csv.ParseError
		if errors.As(err, &parse) {
			err = parse.Err
		}
		return nil, refuse("", "the row is not CSV: %v", err)
	}
	return cells, nil
}

func readHeader(source *lines, comma rune) ([]string, error) {
	if comma == '"' || comma == '\n' || comma == '\r' || comma == utf8.RuneError {
		return nil, fmt.Errorf("%q cannot part the fields of a CSV file", comma)
	}
	for {
		r, err := nextRecord(source, comma)
		switch {
		case errors.Is(err, io.EOF):
			return nil, errors.New("the file is empty; its first line must name the columns")
		case err != nil:
			return nil, err
		case r.blank:
			continue
		case r.err != nil:
			return nil, fmt.Errorf("line %d names the columns: %s", r.line, r.err.Message)
		case len(r.cells) > maxColumns:
			return nil, fmt.Errorf("the file has %d columns, more than %d", len(r.cells), maxColumns)
		}
		for i := range r.cells {
			r.cells[i] = strings.TrimSpace(r.cells[i])
		}
		return r.cells, nil
	}
}

// columns is a mapping bound to the header of a file.
type columns struct {
	options Options
	header  []string
	fields  map[string]int // field → index of its column
	meters  []meterColumn  // in the order of the file
	// dimensions are columns of values, in the order of the file.
	dimensions []dimensionColumn
}

// dimensionColumn is a column of values of one dimension.
type dimensionColumn struct {
	key   string
	index int
}

// meterColumn is a column of quantities of one meter.
type meterColumn struct {
	meter string
	index int
}

// bind finds the column of each field. What a row needs must have a column or a value.
func (o Options) bind(header []string) (columns, error) {
	c := columns{options: o, header: header, fields: map[string]int{}}
	at := map[string]int{}
	for i, name := range header {
		if _, twice := at[name]; twice {
			at[name] = -1
			continue
		}
		at[name] = i
	}
	mapped := slices.Sorted(maps.Keys(o.Columns))
	for i := range header {
		for _, field := range mapped {
			if meter, is := strings.CutPrefix(field, meterPrefix); is && o.Columns[field] == header[i] {
				c.meters = append(c.meters, meterColumn{meter, i})
			}
		}
	}
	for _, field := range mapped {
		column := o.Columns[field]
		index, there := at[column]
		switch {
		case !there:
			return c, fmt.Errorf("there is no column %q for %s; the columns are %s", column, field, quoted(header))
		case index < 0:
			return c, fmt.Errorf("there are two columns %q; %s cannot tell which", column, field)
		case isField(field):
			c.fields[field] = index
		}
	}
	if err := c.bindDimensions(at); err != nil {
		return c, err
	}
	for _, field := range Fields() {
		index, there := at[field]
		if _, mapped := c.fields[field]; there && !mapped && index >= 0 {
			c.fields[field] = index
		}
	}
	return c, c.check()
}

// bindDimensions finds the columns of dimensions: those that are mapped, and those that bear
// the name of one.
func (c *columns) bindDimensions(at map[string]int) error {
	for i, name := range c.header {
		for _, field := range slices.Sorted(maps.Keys(c.options.Columns)) {
			if key, is := strings.CutPrefix(field, dimensionPrefix); is && c.options.Columns[field] == name {
				c.dimensions = append(c.dimensions, dimensionColumn{key, i})
			}
		}
		key, is := strings.CutPrefix(name, dimensionPrefix)
		if _, mapped := c.options.Columns[name]; !is || mapped {
			continue
		}
		if err := books.CheckDimensionKey("", key); err != nil {
			return fmt.Errorf("column %q names no dimension: a key %w", shown(name), err)
		}
		if at[name] < 0 {
			return fmt.Errorf("there are two columns %q; %s cannot tell which", name, name)
		}
		c.dimensions = append(c.dimensions, dimensionColumn{key, i})
	}
	if len(c.dimensions) > books.MaxEventDimensions {
		return fmt.Errorf("an event can have %d dimensions, and the file has columns for %d", books.MaxEventDimensions, len(c.dimensions))
	}
	return nil
}

// dimensionsOf are the dimensions of a row; an empty field is none.
func (c *columns) dimensionsOf(r record) (dimensions []books.EventDimension, err *books.Error) {
	for _, column := range c.dimensions {
		if value := strings.TrimSpace(r.cells[column.index]); value != "" {
			dimensions = append(dimensions, books.EventDimension{Key: column.key, Value: value})
		}
	}
	return dimensions, checkDimensions("", dimensions)
}

// check refuses a mapping that no row can satisfy, or that says two things.
func (c columns) check() error {
	o := c.options
	has := func(field string) bool {
		_, column := c.fields[field]
		return column || o.Values[field] != ""
	}
	need := func(field string) error {
		return fmt.Errorf("there is no %s: say --map %s=COLUMN or --set %s=VALUE; the columns are %s", field, field, field, quoted(c.header))
	}
	if len(c.meters) > 0 {
		for _, field := range []string{fieldMeter, fieldQuantity, fieldCredits} {
			if _, mapped := o.Columns[field]; mapped || o.Values[field] != "" {
				return fmt.Errorf("meter:CODE columns say what was used; %s says it a second time", field)
			}
			delete(c.fields, field)
		}
		seen := map[int]string{}
		for _, m := range c.meters {
			if other, twice := seen[m.index]; twice {
				return fmt.Errorf("column %q cannot be the quantity of both %s and %s", c.header[m.index], other, m.meter)
			}
			seen[m.index] = m.meter
		}
		if len(c.meters) > maxMeters {
			return fmt.Errorf("a row can name %d meters, not %d", maxMeters, len(c.meters))
		}
	}
	for _, field := range []string{fieldCustomer, fieldOccurredAt} {
		if !has(field) {
			return need(field)
		}
	}
	switch {
	case len(c.meters) > 0 || has(fieldCredits):
	case !has(fieldQuantity):
		return fmt.Errorf("there is no quantity: say --map meter:CODE=COLUMN for each meter, --map quantity=COLUMN with --set meter=CODE, or --map credits=COLUMN; the columns are %s", quoted(c.header))
	case !has(fieldMeter):
		return need(fieldMeter)
	}
	if !has(fieldSource) && o.Source == "" {
		return errors.New("there is no source to name the rows by: say --source NAME")
	}
	return nil
}

func quoted(names []string) string {
	const most = 30
	list := make([]string, 0, min(len(names), most))
	for i, name := range names {
		if i == most {
			list = append(list, "…")
			break
		}
		list = append(list, strconv.Quote(shown(name)))
	}
	return strings.Join(list, ", ")
}

// yieldRow yields the events of one row.
func (c columns) yieldRow(r record, number int, yield func(Row, error) bool) bool {
	bad := func(err *books.Error) bool { return yield(Row{Line: r.line, Text: r.text, Err: err}, nil) }
	if r.err == nil && len(r.cells) != len(c.header) {
		r.err = refuse("", "the row has %d fields, the header has %d", len(r.cells), len(c.header))
	}
	if r.err != nil {
		return bad(r.err)
	}
	var row texts
	for field, index := range c.fields {
		*row.of(field) = r.cells[index]
	}
	if strings.TrimSpace(row.id) == "" && c.options.Values[fieldID] == "" {
		if _, column := c.fields[fieldID]; !column {
			row.id = strconv.Itoa(number)
		}
	}
	dimensions, err := c.dimensionsOf(r)
	if err != nil {
		return bad(err)
	}
	if len(c.meters) == 0 {
		event, err := c.options.event(row, c.where)
		event.Dimensions = dimensions
		return yield(Row{Line: r.line, Text: r.text, Event: event, Err: err}, nil)
	}
	events, err := c.meterEvents(r, row)
	if err != nil {
		return bad(err)
	}
	for _, event := range events {
		event.Dimensions = dimensions
		if !yield(Row{Line: r.line, Text: r.text, Event: event}, nil) {
			return false
		}
	}
	return true
}

// meterEvents makes an event for each meter column that holds more than nothing; the
// meter's code is put after the id, so that each has its own.
func (c columns) meterEvents(r record, row texts) ([]books.UsageInput, *books.Error) {
	var events []books.UsageInput
	for _, m := range c.meters {
		quantity := strings.TrimSpace(r.cells[m.index])
		if quantity == "" {
			continue
		}
		row.meter, row.quantity = m.meter, quantity
		event, err := c.options.event(row, func(field string) string {
			if field == fieldQuantity {
				return inColumn(c.header[m.index])
			}
			return c.where(field)
		})
		if err != nil {
			return nil, err
		}
		if event.Quantity.IsZero() {
			continue
		}
		event.ID += ":" + m.meter
		events = append(events, event)
	}
	if len(events) == 0 {
		names := make([]string, len(c.meters))
		for i, m := range c.meters {
			names[i] = c.header[m.index]
		}
		return nil, refuse(fieldQuantity, "must be more than 0 in one of the columns %s", quoted(names))
	}
	return events, nil
}

// where names the column of a field in a message.
func (c columns) where(field string) string {
	if index, there := c.fields[field]; there {
		return inColumn(c.header[index])
	}
	return ""
}
