package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drawdown/internal/books"
	"drawdown/internal/store"
)

const openLotsCSV = `customer,customer_name,reference,policy,credits,deferred,currency,fx_rate,purchased_on,starts,expires,priority
ann,Ann & Co,L1,standard,60,45.00,,,2024-02-01,,2999-10-01,
ann,,L2,standard,40,20.00,,,2024-03-01T12:00:00Z,2024-03-02,never,5

eve,,L3,standard,10,10.00,EUR,1.10,2024-04-01,,never,
`

// TestImportOpening takes over a file from the command line: checked, refused, taken over, and
// again.
func TestImportOpening(t *testing.T) {
	dir := t.TempDir()
	db := "sqlite:" + filepath.Join(dir, "book.db")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	run := func(args ...string) (int, string) {
		var stdout, stderr output
		p := program{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, env: func(string) string { return "" }}
		code := p.run(t.Context(), append(args, "--db", db))
		return code, stdout.String() + stderr.String()
	}
	good := write("open.csv", openLotsCSV)
	bad := write("bad.csv", strings.NewReplacer("60,45.00", "sixty,45.00", "2999-10-01", "31.10.2999", ",5\n", ",5,6\n").Replace(openLotsCSV))
	column := write("column.csv", strings.Replace(openLotsCSV, "deferred", "defered", 1))
	if code, text := run("migrate"); code != success {
		t.Fatal(code, text)
	}
	makePolicy(t, db)
	import1 := func(file, deferred string, more ...string) []string {
		return append([]string{"import", "opening", "--as-of", "2024-07-01", "--control-credits", "110", "--control-deferred", deferred, file}, more...)
	}
	for _, step := range []struct {
		args []string
		code int
		want []string
	}{
		{import1(bad, "76"), usage, []string{`bad.csv: line 2: credits: must be a number such as 1250.50, not "sixty"`, "line 2: expires: must be a day", "line 3: the row has 13 fields", "3 problems to mend"}},
		{import1(column, "76"), usage, []string{`no column "defered"`}},
		{import1(good, "x"), usage, []string{"--control-deferred: must be a number"}},
		{import1(good, "77"), usage, []string{"says 77, and the lots carry USD 76.00"}},
		{import1(good, "76", "--dry-run"), success, []string{"3 lots with 110 credits would be taken over as of 2024-07-01, 2 customers made", "deferred: EUR 10.00 (USD 11.00)", "deferred: USD 65.00"}},
		{import1(good, "76.00", "--control-lots", "3"), success, []string{"3 lots with 110 credits taken over as of 2024-07-01, 2 customers made"}},
		{import1(good, "76.00", "--control-lots", "3"), success, []string{"3 lots with 110 credits taken over as of 2024-07-01, 2 customers made"}},
		{[]string{"verify"}, success, nil},
	} {
		code, text := run(step.args...)
		if code != step.code {
			t.Errorf("%v: exit %d, want %d: %s", step.args, code, step.code, text)
		}
		for _, want := range step.want {
			if !strings.Contains(text, want) {
				t.Errorf("%v: %q is not in %s", step.args, want, text)
			}
		}
	}
}

func makePolicy(t *testing.T, db string) {
	t.Helper()
	s, err := store.Open(t.Context(), db, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	book, err := books.Open(t.Context(), s, books.Options{Functional: "USD"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := book.PolicyCreate(t.Context(), "policy", books.NewPolicy{Code: "standard"}); err != nil {
		t.Fatal(err)
	}
}
