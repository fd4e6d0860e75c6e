package export

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"drawdown/ledger"
)

// hostile are texts that not every format can hold, with the formats that change each and why.
var hostile = []struct {
	text    string
	reason  string
	formats string // "all" but those that carry every text, or names; "" is none
}{
	{"Acme Übersee & Co.", "", ""},
	{" acme ", "blanks", "all"},
	{"acme\u00a0", "blanks", "all"},
	{"\ufeffacme", "controls", "all"},
	{"acme\u202egpj", "controls", "all"},
	{"a\u2028b", "controls", "all"},
	{"a\r\nb", "controls", "all"},
	{"acme\n", "controls", "all"},
	{"a\x07b", "controls", "all"},
	{"=1+1", "formulas", "csv netsuite quickbooks-online quickbooks-desktop xero sage-intacct oracle-fusion business-central"},
	{"a;b", "separators", "hledger ledger"},
	{"a|b", "separators", "hledger ledger ads"},
	{"a,b", "separators", "hledger ledger oracle-fusion"},
	{"a[b]", "separators", "hledger ledger"},
	{`a"b`, "separators", "quickbooks-desktop oracle-fusion ads"},
	{"株式", "characters", "quickbooks-desktop"},
	{"a\uffffb", "characters", "quickbooks-desktop xlsx saf-t"},
	{"a\xffb", "characters", "every"},
	{strings.Repeat("x", 5000), "cut", "netsuite quickbooks-online quickbooks-desktop xero sage-intacct oracle-fusion business-central ads saf-t"},
}

// verbatim are the formats that carry every text as it is.
var verbatim = []Format{JSONL, JSONLines, Parquet}

// plainHeader is of a batch whose book has a name that every format takes.
var plainHeader = Header{From: in.From, To: in.To, Functional: "USD", Batch: 12, Book: "Example"}

// reasons are the counts by their names in the manifest.
func reasons(t *testing.T, s Sanitised) map[string]int64 {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int64{}
	if err := json.Unmarshal(text, &counts); err != nil {
		t.Fatal(err)
	}
	return counts
}

// saying is an entry that says the text wherever it can be said.
func saying(text string) ledger.Entry {
	e := entry(1, ledger.PurchaseEntry, ledger.Cash, ledger.DeferredRevenue, ledger.Money(500, "USD"), ledger.Money(500, "USD"))
	e.Description, e.Reference = text, text
	for i := range e.Lines {
		e.Lines[i].Dimensions.Customer = text
	}
	return e
}

// withoutDimensions is a profile of any format under which every text of an entry goes out that can.
func withoutDimensions(t *testing.T, format Format) Profile {
	t.Helper()
	p := mapped(t, format)
	if format == OracleFusion {
		p.Options["ledger_id"] = "1"
	}
	if format == SageIntacct {
		p.Options["header"] = "JOURNAL,DATE,DESCRIPTION,LINE_NO,ACCT_NO,DEBIT,CREDIT,MEMO"
	}
	return p
}

// Every format counts each text that it changes, under the reason for which it does, and no other.
func TestWhatIsChangedIsCounted(t *testing.T) {
	for _, target := range Targets() {
		for _, h := range hostile {
			_, m := runWhole(t, withoutDimensions(t, target.Format), plainHeader, canonical([]ledger.Entry{saying(h.text)})...)
			changes := h.formats == "every" || h.formats == "all" && !slices.Contains(verbatim, target.Format) ||
				slices.Contains(strings.Fields(h.formats), string(target.Format))
			for reason, count := range reasons(t, m.Cleaned) {
				if want := changes && reason == h.reason; (count > 0) != want {
					t.Errorf("%s counts %d of %q under %s, want any: %t", target.Format, count, h.text[:min(20, len(h.text))], reason, want)
				}
			}
		}
	}
}

// allHostile says each text in an entry of its own.
func allHostile() []Entry {
	var entries []Entry
	for i, h := range hostile {
		e := saying(h.text)
		e.Number = int64(i + 1)
		entries = append(entries, Canonical(e))
	}
	return entries
}

// The counts of a CSV file are those of the cells that are not what the book holds: every text has one
// thing wrong with it.
func TestTheCountsOfCSVAreItsCells(t *testing.T) {
	entries := allHostile()
	files, m := runWhole(t, withoutDimensions(t, CSV), in, entries...)
	rows, err := csv.NewReader(strings.NewReader(files[m.Files[0].Name])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	changed := map[string]int64{"blanks": 0, "controls": 0, "separators": 0, "formulas": 0, "characters": 0, "cut": 0}
	rows = rows[1:]
	for i, e := range entries {
		for _, line := range e.Lines {
			for at, text := range []string{line.Dimensions.Customer, line.Dimensions.Policy, line.Dimensions.Pack, e.Reference, e.Description} {
				if rows[0][14+at] != text {
					changed[hostile[i].reason]++
				}
			}
			rows = rows[1:]
		}
	}
	if got := reasons(t, m.Cleaned); fmt.Sprint(got) != fmt.Sprint(changed) || changed["controls"] != 36 {
		t.Errorf("the manifest counts %v, the file has %v", got, changed)
	}
}

// What a format of every text says it did not change reads back as the book has it.
func TestVerbatimTexts(t *testing.T) {
	entries := slices.DeleteFunc(allHostile(), func(e Entry) bool { return e.Description == "a\xffb" })
	files, m := runWhole(t, withoutDimensions(t, JSONL), in, entries...)
	if m.Cleaned.Any() {
		t.Errorf("%+v", m.Cleaned)
	}
	decoder := json.NewDecoder(strings.NewReader(files[m.Files[0].Name]))
	for _, e := range entries {
		var read jsonEntry
		if err := decoder.Decode(&read); err != nil {
			t.Fatal(err)
		}
		if read.Description != e.Description || read.Reference != e.Reference || read.Lines[0].Customer != e.Lines[0].Dimensions.Customer {
			t.Errorf("%q reads back as %+v", e.Description, read)
		}
	}
}

// The same entries have the same counts.
func TestTheCountsAreTheSame(t *testing.T) {
	for _, target := range Targets() {
		entries := allHostile()
		for i := range entries {
			entries[i].EnteredBy, entries[i].ApprovedBy = fmt.Sprintf("somebody@example.com of the ledgers %d", i), "bert|"
		}
		_, first := runWhole(t, withoutDimensions(t, target.Format), in, entries...)
		if !slices.Contains(verbatim, target.Format) && !first.Cleaned.Any() {
			t.Errorf("%s counts nothing", target.Format)
		}
		for range 5 {
			if _, again := runWhole(t, withoutDimensions(t, target.Format), in, entries...); again.Cleaned != first.Cleaned {
				t.Errorf("%s counts %+v, then %+v", target.Format, first.Cleaned, again.Cleaned)
			}
		}
	}
}

// A name that does not fit stands as a hash, which is counted: on every line, and in the listing.
func TestNamesThatDoNotFitAreCounted(t *testing.T) {
	e := Canonical(saying("plain"))
	e.EnteredBy = "somebody@example.com of the ledgers"
	for format, want := range map[Format]int64{ADS: 3, SAFT: 0} { // 35 characters fit SAF-T
		if _, m := runWhole(t, withoutDimensions(t, format), in, e); m.Cleaned != (Sanitised{Cut: want}) {
			t.Errorf("%s: %+v", format, m.Cleaned)
		}
	}
}

// The profile of a CSV file says what becomes of formulas.
func TestFormulasInCSV(t *testing.T) {
	for formula, want := range map[Formula]string{QuoteFormula: "'=1+1", StripFormula: "1+1", KeepFormula: "=1+1"} {
		p := withoutDimensions(t, CSV)
		p.Formula = formula
		files, m := runWhole(t, p, in, Canonical(saying("=1+1")))
		if text := files[m.Files[0].Name]; !strings.HasSuffix(text, ","+want+"\n") || m.Cleaned.Any() == (formula == KeepFormula) {
			t.Errorf("%s writes %s\nand counts %+v", formula, text, m.Cleaned)
		}
	}
}

// What the formats of the journal refuse in a profile, as the index of the formats says.
func TestProfilesOfTheJournal(t *testing.T) {
	for _, format := range Formats() {
		for field, text := range map[string]string{
			"limits": `"limits": {"rows": 5}`, "mode": `"mode": "summary"`, "file.dates": `"file": {"dates": "DD/MM/YYYY"}`, "file.delimiter": `"file": {"delimiter": ";"}`, "file.line_end": `"file": {"line_end": "CRLF"}`,
		} {
			if _, err := ParseProfile([]byte(`{"format": "` + string(format) + `", ` + text + `}`)); err == nil || !strings.Contains(err.Error(), "\n"+field+" ") {
				t.Errorf("%s with %s: %v", format, text, err)
			}
		}
	}
}
