package export

import (
	"io"
	"strconv"
	"strings"

	"drawdown/ledger"
)

// csvColumns are the columns of the CSV file, in order. Of debit and credit one is
// empty; amount is the same figure signed, debit positive, so that it adds up.
var csvColumns = []string{
	"entry", "line", "accounting_date", "occurred_on", "kind", "account",
	"debit", "credit", "amount", "currency",
	"functional_debit", "functional_credit", "functional_amount", "functional_currency",
	"customer", "policy", "pack", "reference", "description",
}

// csvEncoder writes RFC 4180 with LF line ends and without a byte-order mark. It appends
// to one buffer: with a slice of strings for each row, a large journal spends most of its
// time on them.
type csvEncoder struct {
	w      io.Writer
	scribe *scribe
	buffer []byte
}

func newCSV(w io.Writer, s *scribe) *csvEncoder { return &csvEncoder{w: w, scribe: s} }

func (c *csvEncoder) Begin(Header) error {
	c.buffer = append(append(c.buffer, strings.Join(csvColumns, ",")...), '\n')
	return nil
}

func (c *csvEncoder) Entry(entry Entry) error {
	b := c.buffer
	for _, line := range entry.Lines {
		b = append(strconv.AppendInt(b, entry.Number, 10), ',')
		b = append(strconv.AppendInt(b, int64(line.Number), 10), ',')
		b = append(entry.AccountingDate.Append(b), ',')
		b = append(entry.OccurredOn.Append(b), ',')
		b = append(append(b, entry.Kind...), ',')
		b = append(append(b, line.Role...), ',')
		b = appendSides(b, line, line.Amount)
		b = appendSides(b, line, line.Functional)
		for _, text := range [...]string{line.Dimensions.Customer, line.Dimensions.Policy, line.Dimensions.Pack, entry.Reference} {
			b = append(c.cell(b, text), ',')
		}
		b = append(c.cell(b, entry.Description), '\n')
	}
	c.buffer = b
	if len(b) < flushAt {
		return nil
	}
	return c.flush()
}

func (c *csvEncoder) End() error { return c.flush() }

func (c *csvEncoder) flush() error {
	_, err := c.w.Write(c.buffer)
	c.buffer = c.buffer[:0]
	return err
}

// appendSides puts a signed amount of the line under debit or credit, then signed, then
// its currency. An amount of nothing stands on the side of the line's other currency.
func appendSides(b []byte, line Line, amount ledger.Amount) []byte {
	if amount.Minor < 0 || amount.Minor == 0 && (line.Amount.Minor < 0 || line.Functional.Minor < 0) {
		b = append(amount.Neg().Append(append(b, ',')), ',')
	} else {
		b = append(amount.Append(b), ',', ',')
	}
	b = append(amount.Append(b), ',')
	return append(append(b, amount.Currency...), ',')
}

// cell appends a text of the journal.
func (c *csvEncoder) cell(b []byte, text string) []byte {
	if !isClean(text) {
		text = c.scribe.free(text, 0, "")
	}
	return appendQuoted(b, text, ',')
}

// appendCell appends a text of a cell, in quotes where it needs them.
func appendCell(b []byte, text string) []byte {
	if !isClean(text) {
		text = SafeCell(text)
	}
	return appendQuoted(b, text, ',')
}

// SafeCell makes a text safe for a spreadsheet: on one line, and with an apostrophe before
// what would be taken for a formula. Numbers do not pass through here: a minus sign
// before a number is right.
func SafeCell(text string) string {
	text = oneLine(text)
	if startsFormula(text) {
		return "'" + text
	}
	return text
}
