package export

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"drawdown/ledger"
)

var profileInDocs = regexp.MustCompile("(?s)```json\n(\\{.*?\\})\n```")

// Every profile that the documentation shows is one.
func TestProfilesOfTheDocs(t *testing.T) {
	const where = "../../docs/exports"
	pages, err := os.ReadDir(where)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, page := range pages {
		text, err := os.ReadFile(filepath.Join(where, page.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range profileInDocs.FindAllStringSubmatch(string(text), -1) {
			count++
			if _, err := ParseProfile([]byte(match[1])); err != nil {
				t.Errorf("%s: %v", page.Name(), err)
			}
		}
	}
	if count < 6 {
		t.Errorf("only %d profiles were found", count)
	}
}

// Every target has a page, which names each of its options, and stands in the index.
func TestTargetsHavePages(t *testing.T) {
	index, err := os.ReadFile("../../docs/exports/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range Targets() {
		if !strings.Contains(string(index), "`"+string(one.Format)+"`") {
			t.Errorf("%s is not in docs/exports/README.md", one.Format)
		}
		if len(one.Options) == 0 {
			continue
		}
		page, err := os.ReadFile("../../docs/exports/" + string(one.Format) + ".md")
		if err != nil {
			t.Error(err)
			continue
		}
		for _, option := range one.Options {
			family, _, _ := strings.Cut(option.Name, "_") // an option for each role is told once
			if !strings.Contains(string(page), "`"+option.Name+"`") && !strings.Contains(string(page), "`"+family+"_ROLE`") {
				t.Errorf("docs/exports/%s.md does not say what the option %s is", one.Format, option.Name)
			}
		}
	}
}

var queriesInDocs = regexp.MustCompile("(?s)```sql\n(.*?)```")

// The queries of the page on ADS run in DuckDB on what is written, find nothing wrong, and find what is
// planted. The batches are such that the second has an entry of an earlier day.
func TestQueriesOfTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/exports/ads.md")
	if err != nil {
		t.Fatal(err)
	}
	p, entries := audited(t, ADS, nil, "Segment01", "Segment03")
	entries[4].AccountingDate = ledger.NewDate(2025, 1, 15)
	first, _ := runWhole(t, p, Header{Functional: "USD", Batch: 1, FirstEntry: 1}, entries[:4]...)
	standing := Standing{}
	for _, e := range entries[:4] {
		standing.Add(e)
	}
	second, _ := runWhole(t, p, Header{Functional: "USD", Batch: 2, FirstEntry: 5, Opening: standing.Lines(), OpeningOn: march.From}, entries[4:]...)
	if report := second["GL_Standard_Data_Profiling_Report.txt"]; !strings.Contains(report, "\nBatch 2, entries 5 to 6: balances are of all entries before and up to those by their numbers, not of a day") {
		t.Errorf("the report does not say what its balances are:\n%s", report)
	}
	whole, _ := runWhole(t, p, march, append(entries[:4:4], entries[5])...)

	var statements []string
	planted := func(files map[string]string, name, from, to string) map[string]string {
		broken := maps.Clone(files)
		for at := range files {
			if strings.HasPrefix(at, name) {
				broken[at] = strings.Replace(files[at], from, to, 1)
			}
		}
		return broken
	}
	for _, set := range [][3]map[string]string{
		{whole, first, second},
		{planted(whole, "GL_Detail_", "|4000.00|D|", "|4000.01|D|"), first, planted(second, "Trial_Balance_", "4004.12", "4004.13")},
	} {
		dir := adsFiles(t, set[0])
		for i, batch := range set[1:] {
			at := filepath.Join(dir, "batch-"+strconv.Itoa(i+1))
			if err := os.Rename(adsFiles(t, batch), at); err != nil {
				t.Fatal(err)
			}
		}
		for _, match := range queriesInDocs.FindAllStringSubmatch(string(page), -1) {
			for _, query := range strings.Split(match[1], ";\n") {
				if query = strings.TrimSpace(query); query != "" {
					query = strings.ReplaceAll(query, "CREATE MACRO", "CREATE OR REPLACE MACRO")
					for _, file := range []string{"GL_Detail_", "Log_File", "batch-"} {
						query = strings.ReplaceAll(query, "('"+file, "('"+dir+"/"+file)
					}
					statements = append(statements, query)
				}
			}
		}
	}
	found := duckDB(t, statements...)
	half := len(found) / 2
	if half != 4 {
		t.Fatalf("%d statements on the page", half)
	}
	for i := 1; i < half; i++ {
		if len(found[i]) != 0 || len(found[half+i]) != 1 {
			t.Errorf("%s\nfinds %v, and of what is wrong %v", statements[i], found[i], found[half+i])
		}
	}
}
