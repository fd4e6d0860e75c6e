package evidence_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/internal/evidence"
)

// duckDB runs each statement and returns its rows; amounts and 64-bit numbers are texts. Where DuckDB is
// not installed the test is left out, in CI it fails.
func duckDB(t *testing.T, statements ...string) (results [][]map[string]any) {
	t.Helper()
	const script, module = "../../tools/node/duckdb.mjs", "../../tools/node/node_modules/@duckdb/node-api/package.json"
	_, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(module)
	}
	if err != nil {
		missing := fmt.Sprintf("%v: what DuckDB reads of a pack was NOT tested. Run `make setup`", err)
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	node := exec.CommandContext(t.Context(), "node", append([]string{script}, statements...)...)
	var failed strings.Builder
	node.Stderr = &failed
	out, err := node.Output()
	if err != nil {
		t.Fatalf("duckdb: %v: %s", err, failed.String())
	}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var rows []map[string]any
		if err := decoder.Decode(&rows); err != nil {
			t.Fatal(err)
		}
		results = append(results, rows)
	}
	if len(results) != len(statements) {
		t.Fatalf("%d results of %d statements", len(results), len(statements))
	}
	return results
}

// summed is a table as it adds up: its rows, and each column of numbers by currency.
type summed struct {
	rows int64
	sums map[string]decimal.Decimal // "amount USD"
}

func (s summed) String() string {
	text, _ := json.Marshal(s.sums) // a map in order of its keys
	return fmt.Sprint(s.rows, " rows, ", string(text))
}

// TestDuckDBReadsThePack has DuckDB add up each Parquet file of a pack, and holds it to the CSV of the same
// name, which is added up here, and to the control totals of the manifest.
func TestDuckDBReadsThePack(t *testing.T) {
	b := onBoth(t)[0]
	b.live()
	for _, m := range []evidence.Options{{Period: month(1)}, {Period: month(2)}} {
		_, dir, manifest := b.packed(m)
		read, spoiled := duckDBSums(t, dir, manifest)
		if read < 8 {
			t.Errorf("%s: only %d Parquet files are there", m.Period, read)
		}
		if len(spoiled) > 0 {
			t.Errorf("%s: %s", m.Period, strings.Join(spoiled, "\n"))
		}
	}
}

// TestDuckDBSeesACent changes an amount in a CSV file of a pack: the Parquet beside it then says otherwise.
func TestDuckDBSeesACent(t *testing.T) {
	b := onBoth(t)[0]
	b.live()
	_, dir, m := b.packed(evidence.Options{Period: month(1)})
	const name = "gl/journal_lines.csv"
	text := string(content(t, dir, name))
	spoiled := strings.Replace(text, ",97.00,9700,", ",97.01,9701,", 1)
	if spoiled == text {
		t.Fatalf("no line of 97.00 is in %s", name)
	}
	b.Must(os.WriteFile(filepath.Join(dir, name), []byte(spoiled), 0o600))
	if _, found := duckDBSums(t, dir, m); len(found) != 1 || !strings.HasPrefix(found[0], "gl/journal_lines: ") {
		t.Errorf("found %q", found)
	}
}

// duckDBSums adds up the Parquet files of a pack, and returns how many there are and which of them differ.
func duckDBSums(t *testing.T, dir string, m evidence.Manifest) (read int, differ []string) {
	t.Helper()
	var files []evidence.File
	var describe, add []string
	for _, file := range m.Files {
		if strings.HasSuffix(file.Name, ".parquet") {
			files = append(files, file)
			describe = append(describe, fmt.Sprintf("SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM '%s')", filepath.Join(dir, file.Name)))
		}
	}
	numbers := make([][]string, len(files))
	for i, columns := range duckDB(t, describe...) {
		currency, sums := "''", ""
		for _, column := range columns {
			of, kind := column["name"].(string), column["type"].(string)
			if of == "currency" {
				currency = of
			}
			if strings.HasPrefix(kind, "DECIMAL") || kind == "BIGINT" || kind == "INTEGER" {
				numbers[i] = append(numbers[i], of)
				sums += fmt.Sprintf(`, sum("%s"::DECIMAL(38,6)) AS "%s"`, of, of)
			}
		}
		add = append(add, fmt.Sprintf("SELECT %s AS of_currency, count(*) AS of_rows%s FROM '%s' GROUP BY 1", currency, sums, filepath.Join(dir, files[i].Name)))
	}
	for i, rows := range duckDB(t, add...) {
		file, name := files[i], strings.TrimSuffix(files[i].Name, ".parquet")
		parquet, text := summed{sums: map[string]decimal.Decimal{}}, summed{sums: map[string]decimal.Decimal{}}
		all := map[string]decimal.Decimal{} // of each column, whatever its currency
		for _, row := range rows {
			parquet.rows += number(t, row["of_rows"].(string))
			for _, of := range numbers[i] {
				sum := decimal.RequireFromString(row[of].(string))
				parquet.sums[of+" "+row["of_currency"].(string)], all[of] = sum, all[of].Add(sum)
			}
		}
		for _, row := range table(t, dir, name+".csv") {
			text.rows++
			for _, of := range numbers[i] {
				key := of + " " + row["currency"]
				text.sums[key] = text.sums[key].Add(decimal.RequireFromString(row[of]))
			}
		}
		same := text.rows == parquet.rows && file.Rows == text.rows && len(parquet.sums) == len(text.sums)
		for key, sum := range text.sums {
			same = same && sum.Equal(parquet.sums[key])
		}
		for _, total := range file.Totals {
			sum := parquet.sums[total.Column+" "+string(total.Currency)]
			if strings.HasPrefix(total.Column, "functional_") { // of one currency, of lines in every one
				sum = all[total.Column]
			}
			same = same && sum.Equal(decimal.RequireFromString(total.Amount))
		}
		if !same {
			differ = append(differ, fmt.Sprintf("%s: %s in Parquet, %s in CSV, %d rows and %v in the manifest", name, parquet, text, file.Rows, file.Totals))
		}
	}
	return len(files), differ
}
