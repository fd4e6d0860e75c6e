package export

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"drawdown/ledger"
)

// march is the period of book, with what the accounts stood at before it.
var march = Header{
	From: ledger.NewDate(2025, 3, 1), To: ledger.NewDate(2025, 4, 30), Functional: "USD",
	Opening: []Line{
		{Role: ledger.Cash, Amount: ledger.Money(10000, "USD"), Functional: ledger.Money(10000, "USD")},
		{Role: ledger.DeferredRevenue, Amount: ledger.Money(-10000, "USD"), Functional: ledger.Money(-10000, "USD")},
	},
}

// audited is book with who entered and approved what, an entry that takes another back, and
// accounts and dimensions of the general ledger.
func audited(t testing.TB, format Format, options map[string]string, columns ...string) (Profile, []Entry) {
	p := profileOf(t, format, options)
	for i, account := range ledger.Accounts() {
		p.Accounts = append(p.Accounts, AccountRule{Role: account.Role, Code: fmt.Sprintf("0%d", 1000+10*i), Name: account.Name})
	}
	for i, key := range []string{"policy", "pack"} {
		p.Dimensions = append(p.Dimensions, DimensionRule{Key: key, Column: columns[i], Unmapped: PassOn})
	}
	entries := canonical(book())
	entries[0].EnteredBy, entries[0].ApprovedBy = "anna", "bert"
	entries[2].ReversedBy, entries[4].Reverses = 5, 3
	return p, entries
}

func TestADSGolden(t *testing.T) {
	p, entries := audited(t, ADS, nil, "Segment01", "Segment03")
	files, manifest := runWhole(t, p, march, entries...)
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		_, _ = fmt.Fprintf(&all, "-- %s --\n%s", name, files[name])
	}
	golden(t, "journal.ads.txtar", all.String())
	if len(manifest.Files) != len(files) {
		t.Errorf("the manifest has %d files of %d", len(manifest.Files), len(files))
	}
}

// adsFiles writes the files where DuckDB can read them.
func adsFiles(t *testing.T, files map[string]string) string {
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The tests that auditors do first, as the AICPA's examples have them, in SQL.
const (
	adsRead = `read_csv('%s/%s', delim = '|', header = true, all_varchar = true, quote = '', nullstr = '\N')`
	// 3.1.1: gaps in Journal_ID.
	adsGaps = `SELECT id FROM (SELECT Journal_ID::BIGINT AS id, lag(Journal_ID::BIGINT) OVER (ORDER BY Journal_ID::BIGINT) AS before FROM (SELECT DISTINCT Journal_ID FROM %s)) WHERE id - before <> 1`
	// 3.1.2 and 3.1.3: GL_Detail and the log file name the same journals with the same totals.
	adsTotals = `SELECT coalesce(g.id, l.id) AS id FROM
		(SELECT Journal_ID AS id, Amount_Credit_Debit_Indicator AS side, sum(Amount::DECIMAL(38,4)) AS total FROM %s GROUP BY ALL) g
		FULL JOIN (SELECT Journal_ID AS id, Amount_Credit_Debit_Indicator AS side, Total::DECIMAL(38,4) AS total FROM %s) l USING (id, side)
		WHERE coalesce(g.total, 0) <> coalesce(l.total, 0) ORDER BY ALL`
	// 3.2.1: journals out of balance.
	adsUnbalanced = `SELECT Journal_ID AS id FROM %s GROUP BY 1 HAVING sum(CASE Amount_Credit_Debit_Indicator WHEN 'D' THEN 1 WHEN 'C' THEN -1 END * Amount::DECIMAL(38,4)) <> 0 ORDER BY 1`
	// Amount_Beginning with the activity is Amount_Ending, and goes on as the next beginning.
	adsRollForwardSQL = `WITH g AS (SELECT GL_Account_Number AS account, Fiscal_Year AS year, Period AS period,
			sum(CASE Amount_Credit_Debit_Indicator WHEN 'D' THEN 1 WHEN 'C' THEN -1 END * Amount::DECIMAL(38,4)) AS moved FROM %s GROUP BY ALL)
		SELECT t.GL_Account_Number AS id FROM %s t LEFT JOIN g ON g.account = t.GL_Account_Number AND g.year = t.Fiscal_Year AND g.period = t.Period
		WHERE t.Amount_Beginning::DECIMAL(38,4) + coalesce(moved, 0) <> t.Amount_Ending::DECIMAL(38,4) ORDER BY 1`
	// Everything that GL_Detail names is listed, and every account has a balance.
	adsListed = `SELECT * FROM (SELECT GL_Account_Number AS id FROM %[1]s EXCEPT SELECT GL_Account_Number FROM %[2]s)
		UNION ALL (SELECT GL_Account_Number FROM %[1]s EXCEPT SELECT GL_Account_Number FROM %[3]s)
		UNION ALL (SELECT Entered_By FROM %[1]s EXCEPT SELECT User_ID FROM %[4]s)
		UNION ALL (SELECT Approved_By FROM %[1]s WHERE Approved_By <> '' EXCEPT SELECT User_ID FROM %[4]s)
		UNION ALL (SELECT Source FROM %[1]s EXCEPT SELECT Source_ID FROM %[5]s)
		UNION ALL (SELECT Business_Unit_Code FROM %[1]s EXCEPT SELECT Business_Unit_Code FROM %[6]s) ORDER BY 1`
)

// adsStatements are the auditors' tests on the files: gaps, totals, unbalanced, roll-forward,
// unlisted.
func adsStatements(t *testing.T, files map[string]string) []string {
	t.Helper()
	dir := adsFiles(t, files)
	read := func(stem string) string {
		for name := range files {
			if strings.HasPrefix(name, stem) {
				return fmt.Sprintf(adsRead, dir, name)
			}
		}
		t.Fatalf("no %s", stem)
		return ""
	}
	detail, trial := read("GL_Detail_"), read("Trial_Balance_")
	return []string{
		fmt.Sprintf(adsGaps, detail), fmt.Sprintf(adsTotals, detail, read("Log_File")), fmt.Sprintf(adsUnbalanced, detail),
		fmt.Sprintf(adsRollForwardSQL, detail, trial),
		fmt.Sprintf(adsListed, detail, read("Chart_Of_Accounts"), trial, read("User_Listing"), read("Source_Listing"), read("Business_Unit_Listing")),
	}
}

// adsFindings runs the tests in DuckDB and returns what each finds, of each set of files. All go
// through one run, for DuckDB is slow to start.
func adsFindings(t *testing.T, sets ...map[string]string) []string {
	t.Helper()
	var statements []string
	for _, files := range sets {
		statements = append(statements, adsStatements(t, files)...)
	}
	var found []string
	for _, rows := range duckDB(t, statements...) {
		var ids []string
		for _, row := range rows {
			ids = append(ids, fmt.Sprint(row["id"]))
		}
		found = append(found, strings.Join(slices.Compact(ids), " "))
	}
	of := make([]string, len(sets))
	each := len(found) / len(sets)
	for i := range sets {
		of[i] = strings.Join(found[i*each:(i+1)*each], ";")
	}
	return of
}

func TestDuckDBTestsADS(t *testing.T) {
	p, entries := audited(t, ADS, nil, "Segment01", "Segment03")
	files, _ := runWhole(t, p, march, entries...)
	if found := adsFindings(t, files)[0]; found != ";;;;" {
		t.Errorf("found %q", found)
	}
}

// What is planted in the files, the auditors' tests find.
func TestDuckDBSeesErrorsInADS(t *testing.T) {
	p, entries := audited(t, ADS, nil, "Segment01", "Segment03")
	files, _ := runWhole(t, p, march, entries...)
	const detail = "GL_Detail_20250301_20250430.txt"
	plants := []struct{ what, file, from, to, want string }{
		{"a cent", detail, "|999.99|C|", "|1000.00|C|", ";2;2;01030;"},
		{"a journal", detail, "\n4|", "\n44|", "44;4 44;4 44;;"},
		{"an account", detail, "|01000|4000.00|D|", "|01001|4000.00|D|", ";;;01000;01001"},
		{"a user", detail, "|anna|", "|otto|", ";;;;otto"},
		{"a balance", "Trial_Balance_20250301_20250430.txt", "|100.00|4104.12|", "|100.00|4104.13|", ";;;01000;"},
		{"a total of the log", "Log_File.txt", "3|D|2800.00|", "3|D|2800.01|", ";3;;;"},
		{"a journal of the log", "Log_File.txt", "6|D|0.05|", "7|D|0.05|", ";6 7;;;"},
	}
	sets := make([]map[string]string, len(plants))
	for i, plant := range plants {
		sets[i] = maps.Clone(files)
		sets[i][plant.file] = strings.Replace(files[plant.file], plant.from, plant.to, 1)
		if sets[i][plant.file] == files[plant.file] {
			t.Fatalf("%s: no %q in %s", plant.what, plant.from, plant.file)
		}
	}
	for i, got := range adsFindings(t, sets...) {
		if got != plants[i].want {
			t.Errorf("%s: found %q, want %q", plants[i].what, got, plants[i].want)
		}
	}
}

// Whatever a journal holds, the auditors' tests find nothing, and the balances are those of the
// entries.
func TestDuckDBTestsAnyADS(t *testing.T) {
	var all []Entry
	rapid.Check(t, func(t *rapid.T) {
		for _, entry := range anyJournal(t) {
			if entry.Lines[0].Functional.Currency == "USD" {
				entry.Number = int64(len(all) + 1)
				all = append(all, Canonical(entry))
			}
		}
	})
	header := Header{From: ledger.NewDate(2025, 1, 1), To: ledger.NewDate(2027, 12, 31), Functional: "USD"}
	for _, options := range []map[string]string{nil, {"journal_id": "sequence", "transaction_columns": "no", "fiscal_year_begins": "7"}} {
		files, _ := runWhole(t, profileOf(t, ADS, options), header, all...)
		if found := adsFindings(t, files)[0]; found != ";;;;" {
			t.Errorf("%v: found %q", options, found)
		}
		want := map[string]decimal.Decimal{}
		for _, entry := range all {
			for _, line := range entry.Lines {
				want[string(line.Role)] = want[string(line.Role)].Add(line.Functional.Decimal())
			}
		}
		rows := strings.Split(strings.TrimSpace(files["Trial_Balance_20250101_20271231.txt"]), "\n")
		for _, row := range rows[1:] {
			cells := strings.Split(row, "|")
			if strings.HasSuffix(cells[4], "2027-12-31") && !decimal.RequireFromString(cells[6]).Equal(want[cells[0]]) {
				t.Errorf("%s ends at %s, the entries at %s", cells[0], cells[6], want[cells[0]])
			}
		}
	}
}

// A period that leaves entries of others out has gaps in their numbers; a sequence has none, and
// entries that take others back name them by it.
func TestADSSequence(t *testing.T) {
	p, entries := audited(t, ADS, map[string]string{"journal_id": "sequence"}, "Segment01", "Segment03")
	entries = append(entries[1:3:3], entries[4:]...) // 2, 3, 5, 6
	files, _ := runWhole(t, p, march, entries...)
	if found := adsFindings(t, files)[0]; found != ";;;;" {
		t.Errorf("found %q", found)
	}
	rows := strings.Split(files["GL_Detail_20250301_20250430.txt"], "\n")
	var ids []string
	for _, row := range rows[1 : len(rows)-1] {
		cells := strings.Split(row, "|")
		ids = append(ids, cells[0]+" "+cells[13]+" "+cells[14]+" "+cells[31])
	}
	want := []string{"1   JE-000002", "2 2 3 JE-000003", "3 1 2 JE-000005", "4   JE-000006"}
	if got := slices.Compact(ids); !slices.Equal(got, want) {
		t.Errorf("journals are %q, want %q", got, want)
	}
}

func TestFiscalYears(t *testing.T) {
	for _, test := range []struct {
		month  string
		begins int
		want   string
	}{
		{"2025-03", 1, "2025 M3"},
		{"2025-12", 1, "2025 M12"},
		{"2025-06", 7, "2025 M12"},
		{"2025-07", 7, "2026 M1"},
		{"2025-01", 2, "2025 M12"},
		{"2025-12", 12, "2026 M1"},
	} {
		month, err := ledger.ParsePeriod(test.month)
		if err != nil {
			t.Fatal(err)
		}
		year, number := fiscal(month, test.begins)
		if got := fmt.Sprintf("%d M%d", year, number); got != test.want {
			t.Errorf("%s, where the year begins with month %d, is %s, want %s", test.month, test.begins, got, test.want)
		}
	}
}

// What names something and does not fit is refused, with all of it in one error.
func TestADSRefuses(t *testing.T) {
	p, entries := audited(t, ADS, nil, "Segment01", "Segment03")
	entries[0].Lines[0].Dimensions.Pack = strings.Repeat("a", 26)
	entries[0].Lines[1].Dimensions.Policy = "a|b"
	export, err := Open(p, newInMemory())
	if err != nil {
		t.Fatal(err)
	}
	err = export.Run(march, each(entries))
	want := "the journal cannot be exported under this profile:\n" +
		`JE-000001.1: pack "aaaaaaaaaaaaaaaaaaaaaaaaaa" has more than 25 characters and may not be cut (TOO_LONG)` + "\n" +
		`JE-000001.2: policy "a|b" holds a character that parts fields in this format; map it to another value (BAD_TEXT)`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// A name that does not fit stands by its hash: printf %s NAME | sha256sum.
func TestADSUsers(t *testing.T) {
	p, entries := audited(t, ADS, nil, "Segment01", "Segment03")
	entries[0].EnteredBy = "oidc:0f8fad5b-d9cb-469f-a165-70867728950e"
	files, _ := runWhole(t, p, march, entries...)
	const id = "user-257b3c2abdce"
	if want := id + "||||||||oidc:0f8fad5b-d9cb-469f-a165-70867728950e\n"; !strings.Contains(files["User_Listing.txt"], want) ||
		!strings.Contains(files["GL_Detail_20250301_20250430.txt"], "|"+id+"|") {
		t.Errorf("no %q in %s", want, files["User_Listing.txt"])
	}
	if found := adsFindings(t, files)[0]; found != ";;;;" {
		t.Errorf("found %q", found)
	}
}

// A journal that is another when it is read again is an error, for totals come from the first
// reading.
func TestTheSecondReadingMustAgree(t *testing.T) {
	for _, format := range []Format{ADS, SAFT} {
		p := profileOf(t, format, nil)
		export, err := Open(p, newInMemory())
		if err != nil {
			t.Fatal(err)
		}
		entries, again := canonical(book()), 0
		err = export.Run(march, func(do func(Entry) error) error {
			again++
			return each(entries[:len(entries)-again])(do)
		})
		if err == nil || !strings.Contains(err.Error(), "the journal was another when it was read again") {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// Days that are open are those of the entries; without entries there are none.
func TestOpenDaysAreThoseOfTheEntries(t *testing.T) {
	for _, format := range []Format{ADS, SAFT} {
		files, _ := runWhole(t, profileOf(t, format, nil), Header{Functional: "USD"}, canonical(book())...)
		all := ""
		for name, content := range files {
			all += name + content
		}
		want := map[Format]string{ADS: "GL_Detail_20250331_20250331.txt", SAFT: "<SelectionStartDate>2025-03-31</SelectionStartDate>\n<SelectionEndDate>2025-03-31</SelectionEndDate>"}[format]
		if !strings.Contains(all, want) {
			t.Errorf("%s lacks %s", format, want)
		}
		export, err := Open(profileOf(t, format, nil), newInMemory())
		if err != nil {
			t.Fatal(err)
		}
		if err := export.Run(Header{Functional: "USD"}, each(nil)); err == nil || !strings.Contains(err.Error(), "say its first and its last day") {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// What accounts stood at before, of two entries in two currencies, by hand.
func TestStanding(t *testing.T) {
	standing := Standing{}
	for _, e := range canonical(book()[1:3]) {
		standing.Add(e)
	}
	got := ""
	for _, line := range standing.Lines() {
		got += fmt.Sprintf("%s %s (%s); ", line.Role, line.Amount, line.Functional)
	}
	want := "accounts_receivable JPY 150000 (USD 999.99); deferred_revenue JPY -150000 (USD -999.99); deferred_revenue USD 2800.00 (USD 2800.00); usage_revenue USD -2800.00 (USD -2800.00); "
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// Survey says all that refuses, and opens no more than a writer would.
func TestSurveyOfFormatsThatReadTwice(t *testing.T) {
	p, entries := audited(t, ADS, nil, "Segment01", "Segment03")
	for _, name := range []string{"anna", strings.Repeat("b", 26)} {
		survey, err := NewSurvey(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := survey.Begin(march); err != nil {
			t.Fatal(err)
		}
		entries[0].Lines[0].Dimensions.Pack = name
		if err := each(entries)(survey.Entry); err != nil {
			t.Fatal(err)
		}
		if err := survey.End(); (err != nil) != (len(name) > adsCode) || survey.Manifest().Entries != int64(len(entries)) {
			t.Errorf("%s: %d entries, %v", name, survey.Manifest().Entries, err)
		}
	}
}
