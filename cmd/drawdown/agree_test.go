package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/ledger/export"
)

// agreed is what accounts stand at, by account and currency, in the words of one program.
type agreed map[string]decimal.Decimal

func (a agreed) add(account, currency, amount string) error {
	d, err := decimal.NewFromString(strings.Trim(amount, " Decimal(')"))
	if err == nil {
		a[strings.TrimSpace(account)+" "+strings.TrimSpace(currency)] = a[strings.TrimSpace(account)+" "+strings.TrimSpace(currency)].Add(d)
	}
	return err
}

func (a agreed) withoutZeros() agreed {
	maps.DeleteFunc(a, func(_ string, d decimal.Decimal) bool { return d.IsZero() })
	return a
}

// The sample book, with dollars and euros, is written in every format. The programs that read
// these check it and add it up to the trial balance.
func TestOtherProgramsAgreeWithTheTrialBalance(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the sample book")
	}
	dir := t.TempDir()
	db := "sqlite:" + filepath.Join(dir, "book.db")
	ran(t, "demo", "--build-only", "--db", db)
	var trial ledger.TrialBalance
	lookInto(t, db, func(ctx context.Context, _ *books.Books, tx books.Tx) {
		var err error
		if trial, err = tx.TrialBalance(ctx, 0, 0); err != nil {
			t.Fatal(err)
		}
	})
	role := func(r ledger.Role) (string, bool) { return string(r), true }
	for _, one := range []struct {
		format  export.Format
		check   []string // the program with its arguments; FILE stands for the file
		stands  []string // prints account, currency and amount as CSV
		heading int
		name    func(ledger.Role) (string, bool)
	}{
		{
			format: export.Hledger, check: []string{"hledger", "-f", "FILE", "check", "--strict"}, name: export.HledgerAccount, heading: 1,
			stands: []string{"hledger", "-f", "FILE", "balance", "--flat", "--no-total", "--layout=bare", "-O", "csv"},
		},
		{
			format: export.Ledger, check: []string{"ledger", "-f", "FILE", "--strict", "--pedantic", "--explicit", "balance"}, name: export.HledgerAccount, heading: 0,
			stands: []string{"ledger", "-f", "FILE", "csv", "--csv-format", "%(quoted(account)),%(quoted(commodity)),%(quoted(quantity(scrub(amount))))\n"},
		},
		{
			format: export.Beancount, check: []string{"bean-check", "FILE"}, name: export.BeancountAccount, heading: 1,
			stands: []string{"bean-query", "-f", "csv", "FILE", "SELECT account, currency, str(sum(number)) GROUP BY account, currency"},
		},
		{
			format: export.Parquet, name: role, heading: 0,
			stands: []string{"node", "../../tools/node/duckdb.mjs", "SELECT account, currency, sum(amount)::VARCHAR AS amount FROM 'FILE' GROUP BY ALL"},
		},
		{
			format: export.JSONLines, name: role, heading: 0,
			stands: []string{"node", "../../tools/node/duckdb.mjs", "SELECT account, currency, sum(amount::DECIMAL(38,6))::VARCHAR AS amount FROM read_json('FILE', format = 'newline_delimited') GROUP BY ALL"},
		},
	} {
		t.Run(string(one.format), func(t *testing.T) {
			file := filepath.Join(dir, "journal."+string(one.format))
			ran(t, "export", "journal", "--format", string(one.format), "--out", file, "--db", db)
			if one.check != nil {
				programSays(t, file, one.check)
			}
			want := agreed{}
			for _, balance := range trial.Balances {
				name, _ := one.name(balance.Account)
				if err := want.add(name, string(balance.Currency), balance.Closing().Text()); err != nil {
					t.Fatal(err)
				}
			}
			got := agreed{}
			for _, row := range tableOf(t, programSays(t, file, one.stands), one.heading) {
				if err := got.add(row[0], row[1], row[2]); err != nil {
					t.Fatalf("%q: %v", row, err)
				}
			}
			mustAgree(t, got, want)
		})
	}
	// Files of a period name accounts by their codes in the general ledger, which the demo has.
	want, codes := agreed{}, map[ledger.Role]string{}
	for _, account := range books.SampleGLCodes().Accounts {
		codes[account.Account] = account.Code
	}
	for _, balance := range trial.Balances {
		if err := want.add(codes[balance.Account], "", balance.FunctionalClosing().Text()); err != nil {
			t.Fatal(err)
		}
	}
	t.Run(string(export.ADS), func(t *testing.T) {
		out := filepath.Join(dir, "ads")
		ran(t, "export", "period", "--format", "ads", "--from", "2025-03-15", "--to", "2030-12-31", "--out", out, "--db", db)
		got := agreed{}
		for _, row := range tableOf(t, programSays(t, out, []string{
			"node", "../../tools/node/duckdb.mjs",
			`SELECT GL_Account_Number AS account, '' AS currency, Amount_Ending AS amount FROM read_csv('FILE/Trial_Balance_*.txt', delim = '|', header = true, all_varchar = true, quote = '') WHERE Balance_As_Of_Date = '2030-12-31'`,
			`SELECT Journal_ID AS account, '' AS currency, '0' AS amount FROM read_csv('FILE/GL_Detail_*.txt', delim = '|', header = true, all_varchar = true, quote = '') GROUP BY 1
				HAVING sum(CASE Amount_Credit_Debit_Indicator WHEN 'D' THEN 1 ELSE -1 END * Amount::DECIMAL(38,4)) <> 0`,
		}), 0) {
			if row[2] == "0" {
				t.Errorf("journal %s is out of balance", row[0])
				continue
			}
			if err := got.add(row[0], row[1], row[2]); err != nil {
				t.Fatalf("%q: %v", row, err)
			}
		}
		mustAgree(t, got, want)
	})
	t.Run(string(export.SAFT), func(t *testing.T) {
		out := filepath.Join(dir, "saf-t")
		ran(t, "export", "period", "--format", "saf-t", "--from", "2025-03-15", "--to", "2030-12-31", "--out", out, "--db", db)
		files, err := filepath.Glob(filepath.Join(out, "*.xml"))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		programSays(t, files[0], []string{"xmllint", "--nonet", "--noout", "--schema", "../../ledger/export/testdata/saf-t.xsd", "FILE"})
		got := agreed{}
		said := programSays(t, files[0], []string{
			"xmlstarlet", "sel", "-N", "x=urn:StandardAuditFile-Taxation-Financial:NO", "-t", "-m", "//x:Account",
			"-v", "x:AccountID", "-o", ",,", "-v", "x:ClosingDebitBalance", "-i", "x:ClosingCreditBalance", "-o", "-", "-b", "-v", "x:ClosingCreditBalance", "-n", "FILE",
		})
		for _, row := range tableOf(t, said, 0) {
			if err := got.add(row[0], row[1], row[2]); err != nil {
				t.Fatalf("%q: %v", row, err)
			}
		}
		mustAgree(t, got, want)
	})
}

// programSays runs a program on the file. Where it is not installed the test is left out, in CI
// it fails.
func programSays(t *testing.T, file string, args []string) string {
	t.Helper()
	missing := ""
	if _, err := exec.LookPath(args[0]); err != nil {
		missing = args[0] + " is not installed"
	} else if _, err := os.Stat("../../tools/node/node_modules/@duckdb/node-api/package.json"); args[0] == "node" && err != nil {
		missing = "npm package @duckdb/node-api is not there"
	}
	if missing != "" {
		missing += ": it was NOT asked whether it agrees. Run `make setup`"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	args = slices.Clone(args)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "FILE", file)
	}
	command := exec.CommandContext(t.Context(), args[0], args[1:]...)
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %s%s", args, out, stderr.Bytes())
	}
	return string(out)
}

// tableOf reads rows of account, currency and amount: CSV below a heading, or a line of JSON for each
// statement of DuckDB.
func tableOf(t *testing.T, said string, heading int) [][]string {
	t.Helper()
	if !strings.HasPrefix(said, "[") {
		rows, err := csv.NewReader(strings.NewReader(said)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows[heading:]
	}
	var table [][]string
	for decoder := json.NewDecoder(strings.NewReader(said)); decoder.More(); {
		var rows []struct{ Account, Currency, Amount string }
		if err := decoder.Decode(&rows); err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			table = append(table, []string{row.Account, row.Currency, row.Amount})
		}
	}
	return table
}

func mustAgree(t *testing.T, got, want agreed) {
	t.Helper()
	if got, want := got.withoutZeros(), maps.Clone(want).withoutZeros(); len(want) < 4 || !maps.EqualFunc(got, want, decimal.Decimal.Equal) {
		t.Errorf("the program says %s\nthe trial balance %s", fmt.Sprint(got), fmt.Sprint(want))
	}
}
