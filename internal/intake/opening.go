package intake

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// openingColumns are the columns of a file of open lots; those that must be there first.
var openingColumns = []string{
	"customer", "reference", "policy", "credits", "deferred", "purchased_on", "expires",
	"customer_name", "currency", "fx_rate", "starts", "priority",
}

const neededOpeningColumns = 7

// Openings reads open lots from a CSV file whose header names its columns. Dates are days of
// the zone. Rows that cannot be read are problems; so is one lot more than can be imported.
// Errors: *FileError for a file that is none, *books.OpeningRowsError for bad rows.
func Openings(in io.Reader, zone *time.Location) ([]books.OpeningLot, error) {
	source := &lines{in: bufio.NewReader(in)}
	header, err := readHeader(source, ',')
	if err != nil {
		return nil, &FileError{Cause: err}
	}
	index, err := bindOpening(header)
	if err != nil {
		return nil, &FileError{Cause: err}
	}
	var lots []books.OpeningLot
	problems := &books.OpeningRowsError{}
	for len(lots) <= books.MaxOpeningLots {
		r, err := nextRecord(source, ',')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, &FileError{Cause: err}
		}
		if r.blank {
			continue
		}
		if r.err == nil && len(r.cells) != len(header) {
			r.err = refuse("", "the row has %d fields, the header has %d", len(r.cells), len(header))
		}
		if r.err != nil {
			problems.Add(r.line, r.err)
			continue
		}
		row := openingRow{cells: r.cells, index: index, zone: zone, line: r.line, problems: problems}
		lots = append(lots, row.lot())
	}
	if problems.Count > 0 {
		return nil, problems
	}
	return lots, nil
}

func bindOpening(header []string) (map[string]int, error) {
	index := map[string]int{}
	for i, name := range header {
		name = strings.TrimSpace(name)
		if !slices.Contains(openingColumns, name) {
			return nil, fmt.Errorf("there is no column %q in a file of open lots: the columns are %s", shown(name), strings.Join(openingColumns, ", "))
		}
		if _, twice := index[name]; twice {
			return nil, fmt.Errorf("the column %q is there twice", name)
		}
		index[name] = i
	}
	for _, name := range openingColumns[:neededOpeningColumns] {
		if _, there := index[name]; !there {
			return nil, fmt.Errorf("the column %q is missing: a file of open lots has %s, and may have %s", name,
				strings.Join(openingColumns[:neededOpeningColumns], ", "), strings.Join(openingColumns[neededOpeningColumns:], ", "))
		}
	}
	return index, nil
}

// openingRow reads the cells of a row; what is wrong with each goes to the problems.
type openingRow struct {
	cells    []string
	index    map[string]int
	zone     *time.Location
	line     int
	problems *books.OpeningRowsError
}

func (r openingRow) lot() books.OpeningLot {
	lot := books.OpeningLot{
		Line: r.line, Customer: r.text("customer"), CustomerName: r.text("customer_name"), Reference: r.text("reference"), Policy: r.text("policy"),
		Credits: r.number("credits"), Deferred: r.number("deferred"), Currency: ledger.Currency(r.text("currency")),
		PurchasedOn: r.instant("purchased_on", true), Starts: r.instant("starts", false),
	}
	if r.text("fx_rate") != "" {
		rate := r.number("fx_rate")
		lot.FXRate = &rate
	}
	if text := r.text("expires"); text != "never" {
		lot.Expires = r.instant("expires", true)
	}
	if text := r.text("priority"); text != "" {
		priority, err := strconv.Atoi(text)
		if err != nil {
			r.bad("priority", "must be a whole number, not %q", text)
		}
		lot.Priority = &priority
	}
	return lot
}

func (r openingRow) text(column string) string {
	if i, there := r.index[column]; there {
		return strings.TrimSpace(r.cells[i])
	}
	return ""
}

func (r openingRow) bad(column, format string, args ...any) {
	r.problems.Add(r.line, refuse(column, format, args...))
}

func (r openingRow) number(column string) decimal.Decimal {
	text := r.text(column)
	if len(text) > maxOpeningNumber || strings.ContainsAny(text, "eE") {
		r.bad(column, "must be a number such as 1250.50, not %q", shown(text))
		return decimal.Decimal{}
	}
	number, err := decimal.NewFromString(text)
	if err != nil {
		r.bad(column, "must be a number such as 1250.50, not %q", shown(text))
	}
	return number
}

// maxOpeningNumber is longer than any amount or rate.
const maxOpeningNumber = 40

func (r openingRow) instant(column string, needed bool) time.Time {
	text := r.text(column)
	if text == "" && !needed {
		return time.Time{}
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at
	}
	day, err := ledger.ParseDate(text)
	if err != nil {
		never := ""
		if column == "expires" {
			never = ", or never"
		}
		r.bad(column, "must be a day such as 2026-07-01 or an instant such as 2026-07-01T12:00:00Z%s, not %q", never, shown(text))
		return time.Time{}
	}
	return day.Start(r.zone)
}
