package export

import (
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

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
	buffer []byte
}

// csvBuffer is from how many bytes on the buffer is written.
const csvBuffer = 64 << 10

func newCSV(w io.Writer) *csvEncoder { return &csvEncoder{w: w} }

func (c *csvEncoder) Begin(Header) error {
	c.buffer = append(append(c.buffer, strings.Join(csvColumns, ",")...), '\n')
	return nil
}

func (c *csvEncoder) Entry(entry ledger.Entry) error {
	b := c.buffer
	for i, line := range entry.Lines {
		b = append(strconv.AppendInt(b, entry.Number, 10), ',')
		b = append(strconv.AppendInt(b, int64(i+1), 10), ',')
		b = append(entry.AccountingDate.Append(b), ',')
		b = append(entry.OccurredOn.Append(b), ',')
		b = append(append(b, entry.Kind...), ',')
		b = append(append(b, line.Account...), ',')
		b = appendSides(b, line, line.Amount)
		b = appendSides(b, line, line.Functional)
		for _, text := range [...]string{line.Dimensions.Customer, line.Dimensions.Policy, line.Dimensions.Pack, entry.Reference} {
			b = append(appendCell(b, text), ',')
		}
		b = append(appendCell(b, entry.Description), '\n')
	}
	c.buffer = b
	if len(b) < csvBuffer {
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
func appendSides(b []byte, line ledger.Line, amount ledger.Amount) []byte {
	if amount.Minor < 0 || amount.Minor == 0 && (line.Amount.Minor < 0 || line.Functional.Minor < 0) {
		b = append(amount.Neg().Append(append(b, ',')), ',')
	} else {
		b = append(amount.Append(b), ',', ',')
	}
	b = append(amount.Append(b), ',')
	return append(append(b, amount.Currency...), ',')
}

// appendCell appends a text of a cell, in quotes where it needs them.
func appendCell(b []byte, text string) []byte {
	if !isClean(text) {
		text = cell(text)
	}
	const endOfData = `\.` // to PostgreSQL, unless in quotes
	if !strings.ContainsAny(text, `",`) && text != endOfData {
		return append(b, text...)
	}
	b = append(b, '"')
	for i := range len(text) {
		if text[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, text[i])
	}
	return append(b, '"')
}

// isClean reports whether cell would leave a text as it is, which is so for most.
func isClean(text string) bool {
	if text == "" {
		return true
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return text[0] != ' ' && text[len(text)-1] != ' ' && strings.IndexByte(formulaStarts, text[0]) < 0
}

// formulaStarts begin what a spreadsheet would compute instead of show; the full-width
// ones do so under East Asian settings. OWASP ASVS 1.2.10, CWE-1236.
const formulaStarts = "=+-@＝＋－＠"

// cell makes a text safe for a spreadsheet: on one line, and with an apostrophe before
// what would be taken for a formula. Numbers do not pass through here: a minus sign
// before a number is right.
func cell(text string) string {
	text = oneLine(text)
	if first, size := utf8.DecodeRuneInString(text); size > 0 && strings.ContainsRune(formulaStarts, first) {
		return "'" + text
	}
	return text
}
