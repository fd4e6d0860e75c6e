package export

import (
	"encoding/csv"
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

// csvEncoder writes RFC 4180 with LF line ends and without a byte-order mark.
type csvEncoder struct {
	w *csv.Writer
}

func newCSV(w io.Writer) *csvEncoder { return &csvEncoder{w: csv.NewWriter(w)} }

func (c *csvEncoder) Begin(Header) error { return c.w.Write(csvColumns) }

func (c *csvEncoder) Entry(entry ledger.Entry) error {
	for i, line := range entry.Lines {
		debit, credit := sides(line, line.Amount)
		functionalDebit, functionalCredit := sides(line, line.Functional)
		err := c.w.Write([]string{
			strconv.FormatInt(entry.Number, 10), strconv.Itoa(i + 1),
			entry.AccountingDate.String(), entry.OccurredOn.String(),
			string(entry.Kind), string(line.Account),
			debit, credit, line.Amount.Text(), string(line.Amount.Currency),
			functionalDebit, functionalCredit, line.Functional.Text(), string(line.Functional.Currency),
			cell(line.Dimensions.Customer), cell(line.Dimensions.Policy), cell(line.Dimensions.Pack),
			cell(entry.Reference), cell(entry.Description),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *csvEncoder) End() error {
	c.w.Flush()
	return c.w.Error()
}

// sides puts a signed amount of the line under debit or credit. An amount of nothing
// stands on the side of the line's other currency.
func sides(line ledger.Line, amount ledger.Amount) (debit, credit string) {
	if amount.Minor < 0 || amount.Minor == 0 && (line.Amount.Minor < 0 || line.Functional.Minor < 0) {
		return "", amount.Neg().Text()
	}
	return amount.Text(), ""
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
