package export

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// openpyxl is Python's reader of workbooks, of Debian's Python. It prints what is wrong, and what
// every account stands at by the exact texts and by the numbers.
const openpyxl = `
import json, sys
from decimal import Decimal
from openpyxl import load_workbook
book = load_workbook(sys.argv[1])
wrong, exact, entries, rows = [], {}, {}, []
for sheet in book.worksheets:
    names = [cell.value for cell in sheet[1]]
    rows.append(sheet.max_row)
    for row in sheet.iter_rows(min_row=2):
        for name, cell in zip(names, row):
            if cell.data_type == 'f':
                wrong.append(cell.coordinate + ' is a formula')
            if name in ('account', 'customer', 'description', 'amount_exact') and cell.value is not None and (cell.data_type != 's' or cell.number_format != '@'):
                wrong.append(cell.coordinate + ' is no text')
            if name in ('debit', 'credit') and cell.value is not None and cell.data_type != 'n':
                wrong.append(cell.coordinate + ' is no number')
            if name == 'accounting_date' and not cell.is_date:
                wrong.append(cell.coordinate + ' is no date')
        v = {name: cell.value for name, cell in zip(names, row)}
        amount = Decimal(v['amount_exact'])
        number = v['debit'] if v['debit'] is not None else -v['credit']
        if abs(amount) < 10 ** 10 and Decimal(repr(number)) != amount:
            wrong.append('row %s: %r is not %s' % (row[0].row, number, amount))
        key = '%s %s' % (v['account'], v['currency'])
        exact[key] = exact.get(key, Decimal(0)) + amount
        entries[v['entry']] = entries.get(v['entry'], Decimal(0)) + amount
wrong += ['entry %s is out by %s' % (e, s) for e, s in entries.items() if s]
print(json.dumps({'wrong': wrong[:5], 'exact': {k: str(v) for k, v in exact.items()}, 'entries': len(entries), 'rows': rows,
    'creator': book.properties.creator, 'first': [c.value if isinstance(c.value, (str, int, float)) else str(c.value) for c in book.worksheets[0][2]] if rows[0] > 1 else []}))
`

// workbook is what openpyxl finds.
type workbook struct {
	Wrong   []string
	Exact   map[string]string
	Entries int
	Rows    []int
	Creator string
	First   []any
}

func readWorkbook(t *testing.T, content string) (found workbook) {
	t.Helper()
	const python = "/usr/bin/python3" // Debian's, for its modules
	if err := exec.CommandContext(t.Context(), python, "-c", "import openpyxl").Run(); err != nil {
		missing := "python3-openpyxl is not installed: the workbook was NOT read. Run `make setup`"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	out, err := exec.CommandContext(t.Context(), python, "-c", openpyxl, written(t, "journal.xlsx", content)).CombinedOutput()
	if err != nil {
		t.Fatalf("openpyxl: %s", out)
	}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return found
}

func TestOpenpyxlReadsAnyWorkbook(t *testing.T) {
	all := anyEntries(t)
	found := readWorkbook(t, encode(t, XLSX, header, all...))
	if len(found.Wrong) > 0 || found.Entries != len(all) || found.Creator != "Drawdown" {
		t.Errorf("openpyxl finds %d entries of %d by %s, wrong: %q", found.Entries, len(all), found.Creator, found.Wrong)
	}
	got := map[string]decimal.Decimal{}
	for key, amount := range found.Exact {
		if d := decimal.RequireFromString(amount); !d.IsZero() {
			got[key] = d
		}
	}
	sameBalances(t, XLSX, got, closing(all, func(r ledger.Role) (string, bool) { return string(r), true }))
}

// The texts of a row arrive as they are, with what a spreadsheet would take for something else.
func TestOpenpyxlReadsTheTexts(t *testing.T) {
	e := book()[0]
	e.Lines[0].Dimensions = ledger.Dimensions{Customer: "007", Policy: "=1+1", Pack: "_x0041_"}
	e.Reference, e.Description = `<a href="x">&amp;`, "a  b\ud7ff\U0001f600 \ufffe"
	found := readWorkbook(t, encode(t, XLSX, header, e))
	want := []any{
		1, 1, "2025-03-31 00:00:00", "2025-03-31 00:00:00", "PURCHASE", "cash", 4000.0, "None", "4000.00", "USD", 4000.0, "None", "4000.00", "USD",
		"007", "=1+1", "_x005F_x0041_", // which openpyxl leaves as it stands and Excel shows as _x0041_
		`<a href="x">&amp;`, "a  b\ud7ff\U0001f600 \ufffd",
	}
	if fmt.Sprint(found.First) != fmt.Sprint(want) {
		t.Errorf("openpyxl reads %q\nwant %q", found.First, want)
	}
}

// A sheet that is full is followed by another, and no entry is torn.
func TestFullSheets(t *testing.T) {
	var out bytes.Buffer
	encoder := newXLSX(&out, newScribe(Profile{Format: XLSX}))
	encoder.maxRows = 6
	if err := encoder.Begin(header); err != nil {
		t.Fatal(err)
	}
	for _, e := range book() {
		if err := encoder.Entry(Canonical(e)); err != nil {
			t.Fatal(err)
		}
	}
	if err := encoder.End(); err != nil {
		t.Fatal(err)
	}
	found := readWorkbook(t, out.String())
	if fmt.Sprint(found.Rows) != "[5 5 5]" || found.Entries != 6 || len(found.Wrong) > 0 {
		t.Errorf("openpyxl finds %+v", found)
	}
}

// What is planted in the sheet, openpyxl sees.
func TestOpenpyxlSeesErrors(t *testing.T) {
	content := encode(t, XLSX, header, book()...)
	for _, plant := range []struct{ from, to, want string }{
		{`<t>4000.00</t>`, `<t>4000.01</t>`, "entry 1 is out by 0.01"},
		{` t="inlineStr"><is><t>cash</t></is>`, `><v>1010</v>`, "F2 is no text"},
		{` t="inlineStr"><is><t>Credits for acme</t></is>`, `><f>1+1</f>`, "S2 is a formula"},
	} {
		found := readWorkbook(t, planted(t, content, "xl/worksheets/sheet1.xml", plant.from, plant.to))
		if !strings.Contains(strings.Join(found.Wrong, "\n"), plant.want) {
			t.Errorf("%s: openpyxl finds %q", plant.want, found.Wrong)
		}
	}
}

func TestATextThatDoesNotFitACell(t *testing.T) {
	e := book()[0]
	e.Description = strings.Repeat("x", xlsxMaxCell+1)
	encoder := newXLSX(io.Discard, newScribe(Profile{Format: XLSX}))
	if err := encoder.Begin(header); err != nil {
		t.Fatal(err)
	}
	want := "entry 1 has a text of 32768 characters, a cell takes 32767"
	if err := encoder.Entry(Canonical(e)); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// planted writes a zip file again with one text in one of its parts replaced.
func planted(t *testing.T, content, part, from, to string) string {
	t.Helper()
	archive, err := zip.NewReader(strings.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, file := range archive.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if file.Name == part {
			if !bytes.Contains(text, []byte(from)) {
				t.Fatalf("no %q in %s", from, part)
			}
			text = bytes.Replace(text, []byte(from), []byte(to), 1)
		}
		to, err := w.Create(file.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
