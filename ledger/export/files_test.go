package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"drawdown/ledger"
)

// inMemory keeps the files of an export.
type inMemory struct {
	names []string
	files map[string]*bytes.Buffer
	open  int
}

func newInMemory() *inMemory { return &inMemory{files: map[string]*bytes.Buffer{}} }

type memoryFile struct {
	*bytes.Buffer
	of *inMemory
}

func (f memoryFile) Close() error { f.of.open--; return nil }

func (m *inMemory) Create(name string) (io.WriteCloser, error) {
	m.open++
	if m.open > 1 {
		return nil, errors.New("two files are open")
	}
	if m.files[name] != nil {
		return nil, fmt.Errorf("%s is there", name)
	}
	m.names = append(m.names, name)
	m.files[name] = &bytes.Buffer{}
	return memoryFile{m.files[name], m}, nil
}

// in is the header of exports in tests.
var in = Header{From: ledger.NewDate(2025, 3, 1), To: ledger.NewDate(2025, 3, 31), Functional: "USD", Batch: 12, Book: "Example, Inc."}

// run writes the entries and returns the files and the manifest.
func run(t tester, p Profile, header Header, entries ...ledger.Entry) (*inMemory, Manifest, error) {
	t.Helper()
	files := newInMemory()
	x, err := Open(p, files)
	if err != nil {
		t.Fatal(err)
	}
	err = x.Begin(header)
	for _, e := range entries {
		if err == nil {
			err = x.Entry(Canonical(e))
		}
	}
	if err == nil {
		err = x.End()
	}
	if files.open != 0 {
		t.Fatal("a file is left open")
	}
	return files, x.Manifest(), err
}

func mustRun(t tester, p Profile, header Header, entries ...ledger.Entry) (*inMemory, Manifest) {
	t.Helper()
	files, manifest, err := run(t, p, header, entries...)
	if err != nil {
		t.Fatal(err)
	}
	checkFiles(t, files, manifest)
	return files, manifest
}

// checkFiles holds the manifest against the files themselves.
func checkFiles(t tester, files *inMemory, m Manifest) {
	t.Helper()
	if len(m.Files) != len(files.names) {
		t.Fatal("the manifest lists another number of files")
	}
	var entries int64
	for i, file := range m.Files {
		content := files.files[file.Name].Bytes()
		sum := sha256.Sum256(content)
		if file.Name != files.names[i] || file.Bytes != int64(len(content)) || file.SHA256 != hex.EncodeToString(sum[:]) || file.Number > file.Of {
			t.Fatal(fmt.Sprintf("the manifest says of %s: %+v", files.names[i], file))
		}
		entries += file.Entries
	}
	if entries != m.Written.Entries {
		t.Fatal(fmt.Sprintf("%d entries in the files, %d in the manifest", entries, m.Written.Entries))
	}
}

// A format that needs no profile writes the same through one.
func TestJournalFormatsThroughAProfile(t *testing.T) {
	for _, format := range Formats() {
		p, err := DefaultProfile(format)
		if err != nil {
			t.Fatal(err)
		}
		files, manifest := mustRun(t, p, in, book()...)
		if got := files.files[manifest.Files[0].Name].String(); got != encode(t, format, in, book()...) {
			t.Errorf("%s differs:\n%s", format, got)
		}
	}
}

// small is a book that any target takes: no awkward dimension.
func small() []ledger.Entry {
	return append(book()[:5:5], exchanged6())
}

func exchanged6() ledger.Entry {
	e := exchanged()
	e.Number = 6
	return e
}

func TestManifest(t *testing.T) {
	files, m := mustRun(t, mapped(t, NetSuite), in, small()...)
	text, err := m.JSON()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "netsuite.manifest.json", string(text))
	golden(t, "netsuite-000012-001.csv", files.files["netsuite-000012-001.csv"].String())
	var back Manifest
	if err := json.Unmarshal(text, &back); err != nil || back.Entries != 6 || back.Lines != 13 {
		t.Errorf("%+v %v", back, err)
	}
}

func TestFilesAreCutBetweenEntries(t *testing.T) {
	p := mapped(t, NetSuite)
	for name, limits := range map[string]Limits{
		"rows":    {Rows: 5}, // two entries of two lines
		"entries": {Entries: 2},
		"bytes":   {Bytes: 700},
	} {
		p.Limits = limits
		files, m := mustRun(t, p, in, small()...)
		if len(m.Files) < 3 || m.Files[0].Of != len(m.Files) || m.Files[0].Entries != 2 {
			t.Errorf("%s: %+v", name, m.Files)
		}
		for _, file := range m.Files {
			content := files.files[file.Name].String()
			if !strings.HasPrefix(content, "External ID,") || limits.Bytes > 0 && int64(len(content)) > limits.Bytes || limits.Rows > 0 && file.Rows > limits.Rows {
				t.Errorf("%s: %s", name, content)
			}
		}
	}
	p.Limits = Limits{Rows: 2}
	var refusal RefusalError
	if _, _, err := run(t, p, in, small()...); !errors.As(err, &refusal) || refusal.Code != EntryTooLarge || refusal.Entry != "JE-000006" {
		t.Errorf("an entry of three lines went into files of two: %v", err)
	}
}

// The survey names all that is not mapped, each once, and what cannot be written besides.
func TestSurvey(t *testing.T) {
	p := mapped(t, NetSuite)
	p.Accounts = p.Accounts[:1] // cash alone
	p.Dimensions = []DimensionRule{{"customer", netsuiteName, Refuse, []ValueRule{{Value: "acme", Target: "Acme, Inc."}}}}
	fils := entry(7, ledger.PurchaseEntry, ledger.Cash, ledger.Cash, ledger.Money(1001, "KWD"), ledger.Money(300, "USD"))
	survey, err := NewSurvey(p)
	if err != nil {
		t.Fatal(err)
	}
	err = survey.Begin(in)
	for _, e := range append(book(), fils) {
		err = errors.Join(err, survey.Entry(Canonical(e)))
	}
	if err != nil {
		t.Fatal(err)
	}
	var refused RefusedError
	if !errors.As(survey.End(), &refused) {
		t.Fatal("nothing was refused")
	}
	var got []string
	for _, r := range refused.Refusals {
		got = append(got, fmt.Sprintf("%s %s %s %q %d", r.Code, r.Entry, r.Field, r.Value, r.Entries))
	}
	want := []string{
		`UNMAPPED_ACCOUNT JE-000001 account "deferred_revenue" 5`,
		`UNMAPPED_ACCOUNT JE-000002 account "accounts_receivable" 1`,
		`UNMAPPED_ACCOUNT JE-000003 account "usage_revenue" 2`,
		`UNMAPPED_DIMENSION JE-000003 customer "zeta" 1`,
		`UNMAPPED_ACCOUNT JE-000004 account "tax_payable" 1`,
		`UNMAPPED_DIMENSION JE-000006 customer "-2+3, \"quoted\"" 1`,
		`UNMAPPED_DIMENSION JE-000006 customer "\t=1+1" 1`,
		`TOO_MANY_DECIMALS JE-000007 amount "KWD 1.001" 1`,
	}
	const counted = `JE-000001.2: account "deferred_revenue" has no account in the profile on 2025-03-31 (UNMAPPED_ACCOUNT, 5 entries)`
	if said := refused.Error(); !strings.Contains(said, "\n"+counted+"\n") || strings.Contains(said, "1 entries") {
		t.Errorf("it says %s\nwant %s", said, counted)
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("got %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// joined reads a join file: which lines of the journal each line of the summary sums.
func joined(t tester, files *inMemory, manifest Manifest) map[string][]string {
	t.Helper()
	if manifest.Files[0].Kind != JoinFile {
		t.Fatal("the first file is not the join file")
	}
	all, err := csv.NewReader(files.files[manifest.Files[0].Name]).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string][]string{}
	for _, row := range all[1:] {
		lines[row[0]] = append(lines[row[0]], row[1]+"."+row[2])
	}
	return lines
}

// Every line of the journal is in one line of the summary, and adds up to it.
func TestSummaryIsTheJournal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := mapped(t, NetSuite)
		p.Mode, p.Limits = Summed, Limits{}
		p.Summary = Summary{Kind: rapid.Bool().Draw(t, "kind"), Net: rapid.Bool().Draw(t, "net")}
		if rapid.Bool().Draw(t, "by pack") {
			p.Summary.Dimensions = []string{"pack"}
		}
		lines := map[string]Line{}
		header := Header{Functional: "USD", Batch: 3}
		sum := newSummary(p, header)
		files := newInMemory()
		out := newOutput(files, "x")
		must(t, sum.begin(out, "join.csv"))
		for _, e := range anyJournal(t) {
			for i := range e.Lines {
				e.Lines[i].Functional.Currency = "USD"
			}
			mapped, err := newMapping(p, netsuiteSpec).apply(Canonical(e))
			must(t, err)
			must(t, sum.add(mapped))
			for _, line := range mapped.Lines {
				lines[LineID(mapped.Code, line.Number)] = line
			}
		}
		must(t, sum.end())
		join := joined(t, files, Manifest{Files: out.list()})
		for e := range sum.entries() {
			must(t, balanced(e))
			for _, line := range e.Lines {
				var amount, functional ledger.Amount
				for _, id := range join[LineID(e.Code, line.Number)] {
					of, known := lines[id]
					if !known || of.Account != line.Account || !p.Summary.Net && of.isCredit() != line.isCredit() {
						t.Fatalf("%s is not of %s, or twice", id, e.Code)
					}
					amount, functional = amount.Add(of.Amount), functional.Add(of.Functional)
					delete(lines, id)
				}
				if amount != line.Amount || functional != line.Functional {
					t.Fatalf("%s.%d is %s, its lines %s", e.Code, line.Number, line.Amount, amount)
				}
			}
		}
		if len(lines) != 0 {
			t.Fatalf("in no summary: %v", lines)
		}
	})
}

func must(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The same entries make the same bytes.
func TestSameBytesUnderAProfile(t *testing.T) {
	for _, mode := range []Mode{Detail, Summed} {
		p := mapped(t, NetSuite)
		p.Mode = mode
		one, m1 := mustRun(t, p, in, small()...)
		two, m2 := mustRun(t, p, in, small()...)
		a, _ := m1.JSON()
		if b, _ := m2.JSON(); !bytes.Equal(a, b) {
			t.Error("manifests differ")
		}
		for _, name := range one.names {
			if !bytes.Equal(one.files[name].Bytes(), two.files[name].Bytes()) {
				t.Errorf("%s differs", name)
			}
		}
	}
}

func TestSummaryGolden(t *testing.T) {
	p := mapped(t, NetSuite)
	p.Mode, p.Summary, p.Prefix = Summed, Summary{Kind: true, Dimensions: []string{"policy"}}, "D-"
	files, _ := mustRun(t, p, in, append(small(), entry(7, ledger.UsageEntry, ledger.DeferredRevenue, ledger.UsageRevenue, ledger.Money(1000, "USD"), ledger.Money(1000, "USD")))...)
	golden(t, "netsuite-summary.csv", files.files["netsuite-000012-001.csv"].String())
	golden(t, "netsuite-summary-join.csv", files.files["netsuite-000012-join.csv"].String())
}

func TestAnUnbalancedEntryIsRefused(t *testing.T) {
	e := small()[0]
	e.Lines[0].Amount.Minor++
	if _, _, err := run(t, mapped(t, NetSuite), in, e); err == nil || !strings.Contains(err.Error(), "out of balance by USD 0.01") {
		t.Error(err)
	}
}

func TestAnEntryIsExportedOnce(t *testing.T) {
	e := small()[:2]
	for _, journal := range [][]ledger.Entry{{e[0], e[0]}, {e[1], e[0]}} {
		if _, _, err := run(t, mapped(t, NetSuite), in, journal...); err == nil || !strings.Contains(err.Error(), "an entry is exported once") {
			t.Error(err)
		}
	}
}
