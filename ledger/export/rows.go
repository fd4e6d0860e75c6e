package export

import (
	"fmt"
	"strconv"

	"drawdown/ledger"
)

// rows appends the rows of an entry, cell by cell. What refuses the entry is kept until
// the end, so that all of it is said at once.
type rows struct {
	scribe     *scribe
	separators string // may stand in no text
	unquoted   bool   // a text never gets quotes

	b        []byte
	column   int // the last that was written of the row at hand, from 1
	entry    Entry
	refusals []RefusalError
}

// start begins the rows of an entry.
func (r *rows) start(b []byte, e Entry) {
	r.b, r.column, r.entry, r.refusals = b, 0, e, nil
}

// done returns the rows, or what refuses the entry.
func (r *rows) done(count int) ([]byte, int64, error) {
	if len(r.refusals) > 0 {
		return r.b, 0, RefusedError{Refusals: r.refusals}
	}
	return r.b, int64(count), nil
}

func (r *rows) sep() {
	if r.column > 0 {
		r.b = append(r.b, r.scribe.file.Delimiter...)
	}
	r.column++
}

// to appends empty cells up to the column before this one, where places are names.
func (r *rows) to(column int) {
	for r.column < column-1 {
		r.sep()
	}
}

// cell appends a cell as it is, in quotes where it needs them.
func (r *rows) cell(text string) {
	r.sep()
	if r.unquoted {
		r.b = append(r.b, text...)
		return
	}
	r.b = appendQuoted(r.b, text, r.scribe.file.Delimiter[0])
}

// cells appends several.
func (r *rows) cells(texts ...string) {
	for _, text := range texts {
		r.cell(text)
	}
}

// blank appends so many empty cells.
func (r *rows) blank(n int) {
	for range n {
		r.sep()
	}
}

// free appends a text for people, of at most so many characters.
func (r *rows) free(text string, longest int) {
	r.cell(r.scribe.free(text, longest, r.separators))
}

// described appends what a line is about where a target asks for a description: never nothing.
func (r *rows) described(line Line, longest int) {
	r.cell(r.scribe.first(longest, r.separators, line.Memo, r.entry.Description, string(r.entry.Kind)))
}

// exact appends what names something in the target, or refuses the entry.
func (r *rows) exact(line int, field, text string, longest int) {
	if code, message := r.scribe.exact(text, longest, r.separators); code != "" {
		r.refuse(line, code, field, text, message)
	}
	r.cell(text)
}

// numbered returns the number of the entry and what it is about, of at most so many
// characters: what the text loses, the number never does.
func (r *rows) numbered(e Entry, longest int) string {
	if code, message := r.scribe.exact(e.Code, longest, r.separators); code != "" {
		r.refuse(0, code, "number", e.Code, message)
	}
	about := r.scribe.line(e.Description)
	if about == "" {
		return e.Code
	}
	return r.scribe.free(e.Code+" "+about, longest, r.separators)
}

// required is exact for what the target asks for.
func (r *rows) required(line int, field, text string, longest int) {
	if text == "" {
		r.refuse(line, MissingDimension, field, text, "is empty, and the target asks for it")
	}
	r.exact(line, field, text, longest)
}

// amount appends an amount with so many decimals (those of its currency where negative), or
// refuses the entry where that takes rounding or the amount has more than most digits before
// the decimal mark.
func (r *rows) amount(line int, amount ledger.Amount, places, most int) {
	r.sep()
	start := len(r.b)
	b, fits := r.scribe.amount(r.b, amount, places)
	r.b = b
	if !fits {
		r.refuse(line, TooManyDecimals, "amount", amount.String(), fmt.Sprintf("does not fit into %d decimals, which is what the target takes, and is never rounded", places))
		return
	}
	digits := 0
	for _, c := range b[start:] {
		if c == '.' || c == ',' {
			break
		}
		if c != '-' {
			digits++
		}
	}
	if digits > most {
		r.refuse(line, AmountTooLarge, "amount", amount.String(), "has more than "+strconv.Itoa(most)+" digits before the decimals")
	}
	if r.scribe.file.Decimal == Comma && r.scribe.file.Delimiter == CommaDelimiter {
		quoted := `"` + string(r.b[start:]) + `"`
		r.b = append(r.b[:start], quoted...)
	}
}

// sides appends a debit and a credit, of which one is empty and the other positive.
func (r *rows) sides(line Line, amount ledger.Amount, places, most int) {
	if line.isCredit() {
		r.blank(1)
		r.amount(line.Number, amount.Neg(), places, most)
		return
	}
	r.amount(line.Number, amount, places, most)
	r.blank(1)
}

// date appends a day.
func (r *rows) date(day ledger.Date) {
	r.sep()
	r.b = r.scribe.date(r.b, day)
}

// end ends a row.
func (r *rows) end() {
	if r.scribe.file.LineEnd == CRLF {
		r.b = append(r.b, '\r')
	}
	r.b, r.column = append(r.b, '\n'), 0
}

func (r *rows) refuse(line int, code, field, value, message string) {
	r.refusals = append(r.refusals, refuse(r.entry, line, code, field, value, message))
}

// head returns a header row.
func (r *rows) head(b []byte, columns []string) []byte {
	r.start(b, Entry{})
	r.cells(columns...)
	r.end()
	return r.b
}
