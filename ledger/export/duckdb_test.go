package export

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"drawdown/ledger"
)

// duckDB runs each statement and returns its rows. Where DuckDB is not installed the test is left
// out, in CI it fails.
func duckDB(t *testing.T, statements ...string) [][]map[string]any {
	t.Helper()
	const script, module = "../../tools/node/duckdb.mjs", "../../tools/node/node_modules/@duckdb/node-api/package.json"
	installed(t, "node")
	if _, err := os.Stat(module); err != nil {
		missing := "npm package @duckdb/node-api is not there: what DuckDB would read was NOT tested. Run `make setup`"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	out, err := says(t, "node", append([]string{script}, statements...)...)
	if err != nil {
		t.Fatalf("duckdb: %s", out)
	}
	var results [][]map[string]any
	for decoder := json.NewDecoder(strings.NewReader(out)); decoder.More(); {
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

// warehouses are the formats that DuckDB reads as a table of lines.
var warehouses = map[Format]string{
	Parquet:   `SELECT entry, account, currency, amount, amount_minor AS minor, functional_amount FROM '%s'`,
	JSONLines: `SELECT entry, account, currency, amount::DECIMAL(38,6) AS amount, minor_units AS minor, functional_amount::DECIMAL(38,6) AS functional_amount FROM read_json('%s', format = 'newline_delimited')`,
	JSONL: `SELECT entry, l.account, l.currency, l.amount::DECIMAL(38,6) AS amount, l.minor_units AS minor, l.functional_amount::DECIMAL(38,6) AS functional_amount
		FROM (SELECT entry, unnest(lines) AS l FROM read_json('%s', format = 'newline_delimited'))`,
	CSV: `SELECT entry::BIGINT AS entry, account, currency, amount::DECIMAL(38,6) AS amount,
		(coalesce(nullif(debit, ''), '-' || credit)::DECIMAL(38,6) * 10 ** length(split_part(amount, '.', 2)))::HUGEINT AS minor, functional_amount::DECIMAL(38,6) AS functional_amount
		FROM read_csv('%s', header = true, all_varchar = true, quote = '"', escape = '"', nullstr = '\\N')`,
}

// unbalanced selects the entries that do not add up to nothing, in either currency.
const unbalanced = `SELECT entry FROM (%s) GROUP BY entry, currency HAVING sum(amount) <> 0 OR sum(minor) <> 0 OR sum(functional_amount) <> 0 ORDER BY entry`

// DuckDB reads the journals of all draws: every entry balances, and the accounts stand at what the
// entries say.
func TestDuckDBReadsAnyJournal(t *testing.T) {
	all := anyEntries(t)
	for format, table := range warehouses {
		t.Run(string(format), func(t *testing.T) {
			path := written(t, "journal."+string(format), encode(t, format, header, all...))
			table = fmt.Sprintf(table, path)
			results := duckDB(t, fmt.Sprintf(unbalanced, table),
				fmt.Sprintf(`SELECT account, currency, sum(amount) AS amount, count(*) FILTER (amount < 0) AS credits FROM (%s) GROUP BY account, currency`, table))
			if len(results[0]) != 0 {
				t.Errorf("entries out of balance: %v", results[0])
			}
			got, credits := map[string]decimal.Decimal{}, 0
			for _, row := range results[1] {
				amount := decimal.RequireFromString(row["amount"].(string))
				if !amount.IsZero() {
					got[fmt.Sprint(row["account"], " ", row["currency"])] = amount
				}
				var n int
				if _, err := fmt.Sscan(row["credits"].(string), &n); err != nil {
					t.Fatal(err)
				}
				credits += n
			}
			sameBalances(t, format, got, closing(all, func(r ledger.Role) (string, bool) { return string(r), true }))
			want := 0
			for _, entry := range all {
				for _, line := range entry.Lines {
					if line.Amount.Minor < 0 {
						want++
					}
				}
			}
			if credits != want {
				t.Errorf("%d lines below zero, want %d", credits, want)
			}
		})
	}
}

// An entry that is a cent out, in one of its currencies, must not slip through.
func TestDuckDBSeesACent(t *testing.T) {
	entries := book()
	entries[1].Lines[0].Amount.Minor++
	entries[3].Lines[1].Functional.Minor++
	for format, table := range warehouses {
		path := written(t, "journal."+string(format), encode(t, format, header, entries...))
		out := duckDB(t, fmt.Sprintf(unbalanced, fmt.Sprintf(table, path)))
		if got := fmt.Sprint(out[0]); got != "[map[entry:2] map[entry:4]]" {
			t.Errorf("%s: DuckDB finds %s", format, got)
		}
	}
}

// What a Parquet file says of itself, and the types of its columns.
func TestDuckDBReadsTheTypesOfParquet(t *testing.T) {
	ofBatch := header
	ofBatch.Batch = 7
	path := written(t, "journal.parquet", encode(t, Parquet, ofBatch, book()...))
	results := duckDB(t,
		fmt.Sprintf(`SELECT string_agg(column_name || ' ' || column_type, ', ') AS columns FROM (DESCRIBE SELECT entry, accounting_date, posted_at, account, amount, amount_minor, exponent FROM '%s')`, path),
		fmt.Sprintf(`SELECT string_agg(decode(key) || '=' || decode(value), ' ' ORDER BY key) AS metadata FROM parquet_kv_metadata('%s')`, path),
		fmt.Sprintf(`SELECT accounting_date, occurred_on, posted_at::VARCHAR AS posted_at, customer FROM '%s' WHERE entry = 3 AND line = 2`, path),
		fmt.Sprintf(`SELECT description FROM '%s' WHERE entry = 6 AND amount < 0`, path),
		fmt.Sprintf(`SELECT count(stats_min_value) AS bounds FROM parquet_metadata('%s') WHERE path_in_schema LIKE '%%amount'`, path))
	want := []map[string]any{
		{"columns": "entry BIGINT, accounting_date DATE, posted_at TIMESTAMP WITH TIME ZONE, account VARCHAR, amount DECIMAL(38,6), amount_minor BIGINT, exponent TINYINT"},
		{"metadata": "export_batch=7 from=open functional_currency=USD schema_version=1 to=2025-03-31"},
		{"accounting_date": "2025-03-31", "occurred_on": "2025-02-28", "posted_at": "2025-04-01 00:05:00.000123+00", "customer": "zeta"},
		{"description": book()[5].Description},
		{"bounds": "0"},
	}
	for i, rows := range results {
		if len(rows) != 1 || fmt.Sprint(rows[0]) != fmt.Sprint(want[i]) {
			t.Errorf("DuckDB reads %v\nwant %v", rows, want[i])
		}
	}
}

// anyEntries are the entries of all draws, numbered through.
func anyEntries(t *testing.T) []ledger.Entry {
	var all []ledger.Entry
	rapid.Check(t, func(t *rapid.T) {
		for _, entry := range anyJournal(t) {
			entry.Number = int64(len(all) + 1)
			all = append(all, entry)
		}
	})
	return all
}
