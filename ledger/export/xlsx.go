package export

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"

	"drawdown/ledger"
)

// xlsxColumn is a column of the sheet: its heading and its width in characters.
type xlsxColumn struct {
	name  string
	width int
}

// xlsxColumns stand in this order. A spreadsheet keeps a number in binary, exact to fifteen
// digits: beside each amount stands its exact text.
var xlsxColumns = []xlsxColumn{
	{"entry", 9},
	{"line", 6},
	{"accounting_date", 16},
	{"occurred_on", 14},
	{"kind", 20},
	{"account", 22},
	{"debit", 18},
	{"credit", 18},
	{"amount_exact", 18},
	{"currency", 9},
	{"functional_debit", 18},
	{"functional_credit", 18},
	{"functional_amount_exact", 18},
	{"functional_currency", 9},
	{"customer", 18},
	{"policy", 14},
	{"pack", 14},
	{"reference", 20},
	{"description", 48},
}

const (
	xlsxMaxRows = 1_048_576 // of a sheet, its heading included
	xlsxMaxCell = 32_767    // characters of a cell, as UTF-16 counts them
)

// Styles of cells, by their place in cellXfs of xlsxStyles. Numbers follow from xlsxNumber on, by
// decimals.
const (
	xlsxPlain = iota
	xlsxText
	xlsxDate
	xlsxHeading
	xlsxNumber
)

// xlsxEncoder writes an Office Open XML workbook straight into a zip file, a sheet after the
// other: nothing is kept but the row. All texts are cells of text (format @), so that an account
// code keeps its zeros; there is no formula in the file. Times and sizes are the same for the
// same rows.
type xlsxEncoder struct {
	zip     *zip.Writer
	scribe  *scribe
	sheet   *bufio.Writer // of the sheet that is being written, in the zip
	row     []byte        // the row that is being put together
	column  int           // the next of that row, from 0
	rows    int           // of the sheet, the heading included
	sheets  int
	maxRows int
}

func newXLSX(w io.Writer, s *scribe) *xlsxEncoder {
	archive := zip.NewWriter(bufio.NewWriterSize(w, flushAt))
	// Rows are so alike that more than the least effort gains little.
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	return &xlsxEncoder{zip: archive, scribe: s, maxRows: xlsxMaxRows}
}

func (x *xlsxEncoder) Begin(Header) error { return x.newSheet() }

func (x *xlsxEncoder) newSheet() error {
	if err := x.endSheet(); err != nil {
		return err
	}
	x.sheets++
	w, err := x.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", x.sheets))
	if err != nil {
		return err
	}
	x.sheet = bufio.NewWriterSize(w, flushAt)
	x.row = append(x.row[:0], xml.Header+`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`+
		`<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>`...)
	for i, column := range xlsxColumns {
		x.row = fmt.Appendf(x.row, `<col min="%d" max="%d" width="%d" customWidth="1"/>`, i+1, i+1, column.width)
	}
	x.row = append(x.row, `</cols><sheetData>`...)
	x.rows = 0
	x.beginRow()
	for _, column := range xlsxColumns {
		x.text(column.name, xlsxHeading)
	}
	return x.endRow()
}

func (x *xlsxEncoder) endSheet() error {
	if x.sheet == nil {
		return nil
	}
	_, _ = x.sheet.WriteString(`</sheetData></worksheet>`) // Flush has the error
	return x.sheet.Flush()
}

func (x *xlsxEncoder) Entry(entry Entry) error {
	if x.rows+len(entry.Lines) > x.maxRows && x.rows > 1 {
		if err := x.newSheet(); err != nil { // an entry stands whole on a sheet
			return err
		}
	}
	for _, line := range entry.Lines {
		x.beginRow()
		x.whole(entry.Number, xlsxPlain)
		x.whole(int64(line.Number), xlsxPlain)
		x.day(entry.AccountingDate)
		x.day(entry.OccurredOn)
		x.text(string(entry.Kind), xlsxText)
		x.text(string(line.Role), xlsxText)
		x.sides(line, line.Amount)
		x.sides(line, line.Functional)
		for _, text := range [...]string{line.Dimensions.Customer, line.Dimensions.Policy, line.Dimensions.Pack, entry.Reference, entry.Description} {
			text = x.scribe.line(text)
			if len(text) > xlsxMaxCell && utf16Length(text) > xlsxMaxCell {
				return fmt.Errorf("entry %d has a text of %d characters, a cell takes %d", entry.Number, utf16Length(text), xlsxMaxCell)
			}
			x.text(text, xlsxText)
		}
		if err := x.endRow(); err != nil {
			return err
		}
	}
	return nil
}

func (x *xlsxEncoder) beginRow() {
	x.rows++
	x.column = 0
	x.row = append(strconv.AppendInt(append(x.row, `<row r="`...), int64(x.rows), 10), `">`...)
}

// endRow writes the row.
func (x *xlsxEncoder) endRow() error {
	x.row = append(x.row, "</row>\n"...)
	_, err := x.sheet.Write(x.row)
	x.row = x.row[:0]
	return err
}

// cell begins the next cell. The columns are few enough for one letter.
func (x *xlsxEncoder) cell(style int) {
	x.row = append(x.row, `<c r="`...)
	x.row = append(x.row, byte('A'+x.column))
	x.row = strconv.AppendInt(x.row, int64(x.rows), 10)
	x.row = append(strconv.AppendInt(append(x.row, `" s="`...), int64(style), 10), '"')
	x.column++
}

func utf16Length(text string) (n int) {
	for _, r := range text {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

// sides writes debit, credit, the signed amount as text, and the currency.
func (x *xlsxEncoder) sides(line Line, amount ledger.Amount) {
	if amount.Minor < 0 || amount.Minor == 0 && (line.Amount.Minor < 0 || line.Functional.Minor < 0) {
		x.column++
		x.money(amount.Neg())
	} else {
		x.money(amount)
		x.column++
	}
	x.text(amount.Text(), xlsxText)
	x.text(string(amount.Currency), xlsxText)
}

func (x *xlsxEncoder) money(amount ledger.Amount) {
	x.cell(xlsxNumber + int(amount.Currency.Exponent()))
	x.row = append(amount.Append(append(x.row, `><v>`...)), `</v></c>`...)
}

func (x *xlsxEncoder) whole(number int64, style int) {
	x.cell(style)
	x.row = append(strconv.AppendInt(append(x.row, `><v>`...), number, 10), `</v></c>`...)
}

// day writes the day as the number of days since 1899-12-30, as spreadsheets count.
func (x *xlsxEncoder) day(day ledger.Date) {
	x.whole(int64(day-ledger.NewDate(1899, 12, 30)), xlsxDate)
}

// xlsxEscape is a text that a spreadsheet would take for the code of a character.
var xlsxEscape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// text writes a cell of text; of nothing, none.
func (x *xlsxEncoder) text(text string, style int) {
	if text == "" {
		x.column++
		return
	}
	x.cell(style)
	x.row = append(x.row, ` t="inlineStr"><is><t>`...)
	if strings.Contains(text, "_x") {
		text = xlsxEscape.ReplaceAllString(text, "_x005F$0")
	}
	x.row = append(appendXML(x.row, text), `</t></is></c>`...)
}

// appendXML appends the text as it stands in an element or attribute of XML. What XML cannot
// hold, the scribe has replaced.
func appendXML(b []byte, text string) []byte {
	if plainXML(text) {
		return append(b, text...)
	}
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(text)) // a buffer takes everything
	return append(b, escaped.Bytes()...)
}

// plainXML reports whether a text is one in XML as it stands, which most are.
func plainXML(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= utf8.RuneSelf || c == '<' || c == '>' || c == '&' || c == '"' || c == '\'' {
			return false
		}
	}
	return true
}

// End writes the parts that name the sheets.
func (x *xlsxEncoder) End() error {
	if err := x.endSheet(); err != nil {
		return err
	}
	const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	types := xml.Header + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>` +
		`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>`
	workbook := xml.Header + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="` + office + `"><sheets>`
	relations := xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="styles" Type="` + office + `/styles" Target="styles.xml"/>`
	for n := 1; n <= x.sheets; n++ {
		name := "Journal"
		if n > 1 {
			name = fmt.Sprintf("Journal %d", n)
		}
		types += fmt.Sprintf(`<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`, n)
		workbook += fmt.Sprintf(`<sheet name="%s" sheetId="%d" r:id="sheet%d"/>`, name, n, n)
		relations += fmt.Sprintf(`<Relationship Id="sheet%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, n, office, n)
	}
	for _, part := range []struct{ name, content string }{
		{"xl/workbook.xml", workbook + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", relations + `</Relationships>`},
		{"xl/styles.xml", xlsxStyles},
		{"docProps/core.xml", xlsxProperties},
		{"_rels/.rels", xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Id="workbook" Type="` + office + `/officeDocument" Target="xl/workbook.xml"/>` +
			`<Relationship Id="core" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`},
		{"[Content_Types].xml", types + `</Types>`},
	} {
		w, err := x.zip.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, part.content); err != nil {
			return err
		}
	}
	return x.zip.Close()
}

const xlsxProperties = xml.Header + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">` +
	`<dc:title>Journal of prepaid credits</dc:title><dc:creator>Drawdown</dc:creator></cp:coreProperties>`

// xlsxStyles has a style for each constant above, and a number for each count of decimals.
const xlsxStyles = xml.Header + `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
	`<numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="165" formatCode="#,##0.000"/><numFmt numFmtId="166" formatCode="#,##0.0000"/></numFmts>` +
	`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
	`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
	`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
	`<cellXfs count="9">` +
	`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>` +
	`<xf numFmtId="3" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` + // #,##0
	`<xf numFmtId="2" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` + // one decimal: no currency has it
	`<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` + // #,##0.00
	`<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="166" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`
