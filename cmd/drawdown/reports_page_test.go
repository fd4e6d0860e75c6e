package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"drawdown/internal/reports"
)

// The table of docs/reports.md says of every report whether a parameter that is a day or a month is the one
// or the other.
func TestReportsSayHowASpanIsTold(t *testing.T) {
	page, err := os.ReadFile("../../docs/reports.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## What they take\n")
	table, _, _ = strings.Cut(table, "\n## ")
	said, word := map[string]string{}, regexp.MustCompile("`([\\w-]+)`")
	for _, row := range regexp.MustCompile("(?m)^\\| (`.+) \\| (`.+) \\| (day|month).* \\|$").FindAllStringSubmatch(table, -1) {
		for _, name := range word.FindAllStringSubmatch(row[1], -1) {
			for _, parameter := range word.FindAllStringSubmatch(row[2], -1) {
				said[name[1]+" "+parameter[1]] = row[3]
			}
		}
	}
	kinds := map[reports.ParameterKind]string{reports.DayParameter: "day", reports.MonthParameter: "month"}
	for _, report := range reports.All() {
		for _, parameter := range report.Parameters {
			of := report.Name + " " + parameter.Name
			if kind := kinds[parameter.Kind]; said[of] != kind {
				t.Errorf("docs/reports.md says that %s is a %q, and it is a %q", of, said[of], kind)
			}
			delete(said, of)
		}
	}
	if len(said) > 0 {
		t.Errorf("docs/reports.md says of no report: %v", said)
	}
}

// The two files of a statement have the same lines and the same figures, as docs/finance/statement.md says.
func TestTwoFilesOfAStatement(t *testing.T) {
	dir := t.TempDir()
	db, key := "sqlite:"+filepath.Join(dir, "book.db"), filepath.Join(dir, "seal.key")
	_, err := makeSealKey(key)
	must(err)
	must(makeBook(t.Context(), db, ""))
	must(sealBook(t.Context(), db, []string{key}))
	rows := func(args ...string) [][]string {
		t.Helper()
		out := filepath.Join(dir, "out.csv")
		if said, code := runProgram(t, append(args, "--db", db, "--out", out)...); code != 0 {
			t.Fatal(said)
		}
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		all, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	report := rows("report", "customer-statement", "--set", "customer=acme", "--set", "from=2025-01-01", "--set", "to=2025-01-31")
	export := rows("export", "statement", "--customer", "acme", "--from", "2025-01-01", "--to", "2025-01-31")
	report = slices.DeleteFunc(report, func(row []string) bool { return row[0] != "ROW" && row[0] != "record" })
	if len(report) != 5 || len(export) != len(report) {
		t.Fatalf("the report has %d lines, the export %d, want the names, the opening, a purchase, a use and the closing", len(report), len(export))
	}
	for in, as := range map[string]string{
		"day": "day", "kind": "line", "credits": "credits", "balance": "balance", "currency": "currency", "amount": "amount", "deferred": "deferred", "cash": "cash",
		"functional_currency": "functional_currency", "functional_amount": "functional_amount", "functional_deferred": "functional_deferred", "entry": "entry", "event": "event", "reason": "reason",
	} {
		mine, other := slices.Index(export[0], in), slices.Index(report[0], as)
		if mine < 0 || other < 0 {
			t.Errorf("there is no column %s, or no %s", in, as)
			continue
		}
		for i := range export {
			if i > 0 && export[i][mine] != report[i][other] {
				t.Errorf("line %d: %s is %q in the export and %q in the report", i, in, export[i][mine], report[i][other])
			}
		}
	}
}
