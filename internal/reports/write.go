package reports

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/ledger/export"
)

// FormVersion is the version of the form of files. Another form has another one.
const FormVersion = 1

// Format names a file format.
type Format string

// The formats.
const (
	CSV   Format = "csv"   // for spreadsheets: see docs/reports.md for the column record
	JSONL Format = "jsonl" // for programs: a head, an object a row, an end
)

// Formats lists the formats.
func Formats() []Format { return []Format{CSV, JSONL} }

// MediaType is the media type of a format.
func (f Format) MediaType() string {
	if f == JSONL {
		return "application/jsonl"
	}
	return "text/csv; charset=utf-8"
}

// Total is what a column of amounts adds up to in a currency.
type Total struct {
	Column   string          `json:"column"`
	Currency ledger.Currency `json:"currency"`
	Amount   string          `json:"amount"`
}

// Summary is what stands at the end of a file.
type Summary struct {
	Rows   int64
	Totals []Total
}

// File writes a report as a file and returns what stands at its end.
func (r Report) File(ctx context.Context, b *books.Books, tx books.Tx, args Args, format Format, to io.Writer) (Summary, error) {
	if !slices.Contains(Formats(), format) {
		return Summary{}, wrong("format", "must be one of %v, not %q", Formats(), clip(string(format)))
	}
	buffered := bufio.NewWriterSize(to, 64<<10)
	w := writer{report: r, args: args, book: b.Book(), totals: map[totalKey]ledger.Amount{}}
	if format == JSONL {
		w.encoder = &jsonl{to: buffered}
	} else {
		w.encoder = &table{to: csv.NewWriter(buffered)}
	}
	if err := w.encoder.begin(&w); err != nil {
		return Summary{}, err
	}
	if err := r.Write(ctx, b, tx, args, w.row); err != nil {
		return Summary{}, err
	}
	summary := w.summary()
	if err := w.encoder.end(&w, summary); err != nil {
		return summary, err
	}
	return summary, buffered.Flush()
}

// writer counts and adds up the rows on their way.
type writer struct {
	report  Report
	args    Args
	book    books.Book
	encoder encoder
	rows    int64
	totals  map[totalKey]ledger.Amount
	cells   []string
}

type totalKey struct {
	column   int
	currency ledger.Currency
}

// encoder writes one format.
type encoder interface {
	begin(w *writer) error
	row(w *writer, row Row, cells []string) error
	end(w *writer, summary Summary) error
}

// row takes a row.
func (w *writer) row(row Row) error {
	columns := w.report.Columns
	if len(row) != len(columns) {
		return fmt.Errorf("report %s has a row of %d values for %d columns", w.report.Name, len(row), len(columns))
	}
	w.cells = w.cells[:0]
	for i, value := range row {
		text, err := shown(value)
		if err != nil {
			return fmt.Errorf("report %s, column %s: %w", w.report.Name, columns[i].Name, err)
		}
		w.cells = append(w.cells, text)
		amount, is := value.(ledger.Amount)
		switch {
		case is != (columns[i].Kind == Money) && value != nil:
			return fmt.Errorf("report %s, column %s: a value of type %T in a column of kind %s", w.report.Name, columns[i].Name, value, columns[i].Kind)
		case is && columns[i].Total:
			key := totalKey{i, amount.Currency}
			sum, met := w.totals[key]
			if !met {
				sum = ledger.Money(0, amount.Currency)
			}
			w.totals[key] = sum.Add(amount)
		}
	}
	w.rows++
	return w.encoder.row(w, row, w.cells)
}

// summary is what the rows came to, in order of column and currency.
func (w *writer) summary() Summary {
	keys := make([]totalKey, 0, len(w.totals))
	for key := range w.totals {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b totalKey) int { return cmp.Or(a.column-b.column, cmp.Compare(a.currency, b.currency)) })
	s := Summary{Rows: w.rows}
	for _, key := range keys {
		s.Totals = append(s.Totals, Total{w.report.Columns[key.column].Name, key.currency, w.totals[key].Text()})
	}
	return s
}

// parameters are what was asked, in order, as it is written.
func (w *writer) parameters() (names, values []string, err error) {
	for _, p := range w.report.Parameters {
		value, err := shown(w.args.given[p.Name])
		if err != nil {
			return nil, nil, err
		}
		names, values = append(names, p.Name), append(values, value)
	}
	return names, values, nil
}

// table writes CSV. The first column, record, says what a line is: ROW for a row of the report, and
// REPORT, PARAMETER, TOTAL and ROWS for what is said of it, so that every line has the same
// columns and a filter on ROW leaves the report.
type table struct {
	to   *csv.Writer
	line []string
}

// leastColumns is how many columns a file has, for totals to fit: record, column, currency, amount.
const leastColumns = 4

func (t *table) begin(w *writer) error {
	t.line = make([]string, max(1+len(w.report.Columns), leastColumns))
	header := []string{"record"}
	for _, column := range w.report.Columns {
		header = append(header, column.Name)
	}
	for len(header) < len(t.line) {
		header = append(header, "")
	}
	if err := t.to.Write(header); err != nil {
		return err
	}
	if err := t.say("REPORT", w.report.Name, strconv.Itoa(FormVersion), string(w.book.Functional)); err != nil {
		return err
	}
	names, values, err := w.parameters()
	for i, name := range names {
		if err == nil {
			err = t.say("PARAMETER", name, export.SafeCell(values[i]))
		}
	}
	return err
}

func (t *table) say(values ...string) error {
	clear(t.line)
	copy(t.line, values)
	return t.to.Write(t.line)
}

func (t *table) row(w *writer, _ Row, cells []string) error {
	clear(t.line)
	t.line[0] = "ROW"
	for i, cell := range cells {
		if w.report.Columns[i].Kind == Text {
			cell = export.SafeCell(cell)
		}
		t.line[i+1] = cell
	}
	return t.to.Write(t.line)
}

func (t *table) end(_ *writer, summary Summary) error {
	for _, total := range summary.Totals {
		if err := t.say("TOTAL", total.Column, string(total.Currency), total.Amount); err != nil {
			return err
		}
	}
	if err := t.say("ROWS", strconv.FormatInt(summary.Rows, 10)); err != nil {
		return err
	}
	t.to.Flush()
	return t.to.Error()
}

// jsonl writes JSON Lines: an object that says what was asked, one for each row with its
// columns in their order, one that says what the rows came to.
type jsonl struct {
	to     io.Writer
	buffer bytes.Buffer
}

type jsonColumn struct {
	Name     string `json:"name"`
	Kind     Kind   `json:"kind"`
	Currency string `json:"currency,omitempty"` // the column that holds it
	Total    bool   `json:"total,omitempty"`
}

func (j *jsonl) begin(w *writer) error {
	names, values, err := w.parameters()
	if err != nil {
		return err
	}
	j.buffer.WriteString(`{"record":"report","version":` + strconv.Itoa(FormVersion))
	if err := j.field("report", w.report.Name); err != nil {
		return err
	}
	if err := j.field("functionalCurrency", w.book.Functional); err != nil {
		return err
	}
	if err := j.field("timeZone", w.book.Zone); err != nil {
		return err
	}
	j.buffer.WriteString(`,"parameters":{`)
	for i, name := range names {
		if i > 0 {
			j.buffer.WriteByte(',')
		}
		if err := j.pair(name, values[i]); err != nil {
			return err
		}
	}
	j.buffer.WriteByte('}')
	columns := make([]jsonColumn, len(w.report.Columns))
	for i, c := range w.report.Columns {
		columns[i] = jsonColumn{c.Name, c.Kind, c.In, c.Total}
	}
	if err := j.field("columns", columns); err != nil {
		return err
	}
	return j.flush()
}

func (j *jsonl) row(w *writer, row Row, cells []string) error {
	j.buffer.WriteString(`{"record":"row"`)
	for i, cell := range cells {
		var value any = cell
		if cell == "" && w.report.Columns[i].Kind != Text {
			value = nil
		}
		if number, is := row[i].(int64); is {
			value = number
		}
		if err := j.field(w.report.Columns[i].Name, value); err != nil {
			return err
		}
	}
	return j.flush()
}

func (j *jsonl) end(_ *writer, summary Summary) error {
	totals := summary.Totals
	if totals == nil {
		totals = []Total{}
	}
	j.buffer.WriteString(`{"record":"end","rowCount":` + strconv.FormatInt(summary.Rows, 10))
	if err := j.field("controlTotals", totals); err != nil {
		return err
	}
	return j.flush()
}

func (j *jsonl) field(name string, value any) error {
	j.buffer.WriteByte(',')
	return j.pair(name, value)
}

func (j *jsonl) pair(name string, value any) error {
	if err := j.value(name); err != nil {
		return err
	}
	j.buffer.WriteByte(':')
	return j.value(value)
}

func (j *jsonl) value(value any) error {
	encoder := json.NewEncoder(&j.buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	j.buffer.Truncate(j.buffer.Len() - 1) // the line break that Encode adds
	return nil
}

func (j *jsonl) flush() error {
	j.buffer.WriteString("}\n")
	_, err := j.to.Write(j.buffer.Bytes())
	j.buffer.Reset()
	return err
}
