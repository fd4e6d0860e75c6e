package export

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"drawdown/ledger"
)

// Encoder writes entries in one format. Begin comes first and End last, once each, also
// where there are no entries. After an error the file is of no use.
type Encoder interface {
	Begin(header Header) error
	Entry(entry ledger.Entry) error
	End() error
}

// Header is what a file says of itself before its entries.
type Header struct {
	From, To   ledger.Date // accounting dates, both included; zero is open
	Functional ledger.Currency
}

// Format names a file format.
type Format string

// The formats.
const (
	CSV       Format = "csv"         // one row per line of the journal, RFC 4180
	JSONL     Format = "jsonl"       // one JSON object per entry, with its lines
	JSONLines Format = "jsonl-lines" // one JSON object per line of the journal
	Hledger   Format = "hledger"     // a journal that `hledger check --strict` accepts
	Ledger    Format = "ledger"      // a journal that `ledger --strict --pedantic` accepts
	Beancount Format = "beancount"   // a file that bean-check accepts
	Parquet   Format = "parquet"     // one row per line of the journal, amounts as decimals
	XLSX      Format = "xlsx"        // one row per line of the journal, a workbook
)

// Formats lists the formats in the order in which they are documented.
func Formats() []Format {
	return []Format{CSV, JSONL, JSONLines, Hledger, Ledger, Beancount, Parquet, XLSX}
}

// New returns an encoder of the format that writes to w. An unknown format is an error
// that lists those there are.
func New(format Format, w io.Writer) (Encoder, error) {
	switch format {
	case CSV:
		return newCSV(w), nil
	case JSONL:
		return newJSONL(w), nil
	case Hledger:
		return newHledger(w), nil
	case Ledger:
		return newLedger(w), nil
	case Beancount:
		return newBeancount(w), nil
	case JSONLines:
		return newJSONLines(w), nil
	case Parquet:
		return newParquet(w), nil
	case XLSX:
		return newXLSX(w), nil
	}
	names := make([]string, 0, len(Formats()))
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return nil, fmt.Errorf("%q is not an export format; there are %s", format, strings.Join(names, ", "))
}

// EntryCode is the number of an entry as accountants see it: JE-000001.
func EntryCode(number int64) string { return fmt.Sprintf("JE-%06d", number) }

// oneLine makes a text safe for a file of lines: what is not UTF-8 is replaced, line
// breaks and tabs become spaces, other control characters and marks that turn the
// direction of writing are dropped. Those marks let a text look like another one.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\ufeff':
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd")))
}

// customerOf, policyOf and packOf return the dimension that all lines share, or "".
func customerOf(l ledger.Line) string { return l.Dimensions.Customer }
func policyOf(l ledger.Line) string   { return l.Dimensions.Policy }
func packOf(l ledger.Line) string     { return l.Dimensions.Pack }

// shared returns what all lines of the entry have in common, or "" where they differ.
func shared(entry ledger.Entry, of func(ledger.Line) string) string {
	if len(entry.Lines) == 0 {
		return ""
	}
	first := of(entry.Lines[0])
	if slices.ContainsFunc(entry.Lines, func(l ledger.Line) bool { return of(l) != first }) {
		return ""
	}
	return first
}
