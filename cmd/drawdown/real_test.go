package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
	"drawdown/ledger/export"
)

// realUsage is where a trace of requests to language models lies beside the repository:
// the Azure LLM inference trace 2023, CC-BY 4.0. It is no part of the project.
const realUsage = "../../../shared/data/llm-requests"

// TestRealUsage imports 28,185 requests for two customers and holds what the book makes of
// them against sums that were made outside the program, and its journal against hledger.
func TestRealUsage(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector")
	}
	files := map[string]string{"acme": filepath.Join(realUsage, "code.csv"), "zeta": filepath.Join(realUsage, "conversation.csv")}
	for _, file := range files {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			t.Skip("the trace is not here")
		}
	}
	path := filepath.Join(t.TempDir(), "book.db")
	makeRealBook(t, path)
	began := time.Now()
	for _, time := range []string{"first", "again"} {
		for customer, file := range files {
			requests := integer(t, awk(t, `NR > 1 && NF { n++ } END { print n }`, file))
			got := ran(t, importArgs(path, customer, file)...)
			want := fmt.Sprintf("%d recorded", 2*requests)
			if time == "again" {
				want = fmt.Sprintf("0 recorded (0 credits), %d duplicates, 0 rejected", 2*requests)
			}
			if !strings.Contains(got, want) {
				t.Errorf("%s: %s, want %s", time, got, want)
			}
		}
	}
	t.Logf("imported twice in %s", time.Since(began).Round(time.Millisecond))
	ran(t, "job", "run", "all", "--db", "sqlite:"+path)
	if got := ran(t, "verify", "--db", "sqlite:"+path); !strings.Contains(got, "nothing differs") {
		t.Error(got)
	}
	var trial ledger.TrialBalance
	lookInto(t, "sqlite:"+path, func(ctx context.Context, book *books.Books, tx books.Tx) {
		for customer, file := range files {
			checkUse(ctx, t, book, tx, customer, file)
		}
		var err error
		if trial, err = tx.TrialBalance(ctx, 0, 0); err != nil {
			t.Fatal(err)
		}
	})
	journal := filepath.Join(t.TempDir(), "journal.hledger")
	ran(t, "export", "journal", "--format", "hledger", "--out", journal, "--db", "sqlite:"+path)
	checkHledger(t, journal, trial)
}

// makeRealBook sells acme and zeta 100,000 credits each for 6,000.00 on 1 November 2023.
func makeRealBook(t *testing.T, path string) {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, "sqlite:"+path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	sold := time.Date(2023, 11, 1, 9, 0, 0, 0, time.UTC)
	book, err := books.Open(ctx, db, books.Options{Now: func() time.Time { return sold }})
	if err != nil {
		t.Fatal(err)
	}
	if err := setUp(ctx, book, "100000", "6000"); err != nil {
		t.Fatal(err)
	}
}

func importArgs(path, customer, file string) []string {
	return []string{
		"import", "usage", file, "--db", "sqlite:" + path, "--set", "customer=" + customer, "--map", "occurredAt=TIMESTAMP",
		"--map", "meter:tokens_in=ContextTokens", "--map", "meter:tokens_out=GeneratedTokens",
	}
}

// ran runs the program, which must succeed, and returns what it printed.
func ran(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := program{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, env: func(string) string { return "" }}
	if code := p.run(t.Context(), args); code != success {
		t.Fatalf("drawdown %s: %d\n%s%s", strings.Join(args, " "), code, &stdout, &stderr)
	}
	return stdout.String()
}

// awk runs awk on a CSV file with CRLF line ends and returns the one line that it prints.
func awk(t *testing.T, script, file string) string {
	t.Helper()
	out, err := exec.Command("awk", "-F", ",", `{ sub(/\r$/, "") } `+script, file).Output()
	if err != nil {
		t.Fatalf("awk: %v", err)
	}
	return strings.TrimSpace(string(out))
}

func integer(t *testing.T, text string) int64 {
	t.Helper()
	d, err := decimal.NewFromString(text)
	if err != nil || !d.IsInteger() {
		t.Fatalf("%q is no whole number", text)
	}
	return d.IntPart()
}

func lookInto(t *testing.T, url string, look func(context.Context, *books.Books, books.Tx)) {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, url, store.Options{MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	book, err := books.Open(ctx, db, books.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = book.View(ctx, func(ctx context.Context, tx books.Tx) error {
		look(ctx, book, tx)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkUse holds the customer's events, lot and revenue against awk's sums. A thousand
// tokens in are a credit, a thousand tokens out five: a token is 1 or 5 thousandths.
func checkUse(ctx context.Context, t *testing.T, book *books.Books, tx books.Tx, customer, file string) {
	t.Helper()
	used := integer(t, awk(t, `NR > 1 && NF { n += $2 + 5 * $3 } END { printf "%d", n }`, file)) // thousandths
	requests := integer(t, awk(t, `NR > 1 && NF { n++ } END { print n }`, file))
	found, err := tx.CustomersByExternalID(ctx, []string{customer})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	count, err := tx.CountEvents(ctx, books.EventFilter{CustomerID: found[0].ID})
	if err != nil || count != 2*requests {
		t.Errorf("%s has %d events, %v; want %d", customer, count, err, 2*requests)
	}
	lots, err := tx.Lots(ctx, books.LotFilter{CustomerID: found[0].ID}, books.Page{Limit: 10})
	if err != nil || len(lots) != 1 {
		t.Fatal(lots, err)
	}
	lot := lots[0]
	left := decimal.NewFromInt(100_000).Sub(decimal.New(used, -3))
	if !lot.Unused().Decimal().Equal(left) {
		t.Errorf("%s has %s credits left, awk says %s", customer, lot.Unused(), left)
	}
	// 6,000.00 for 100,000 credits: 6 cents a credit, so used thousandths × 6 ÷ 1000 cents.
	cents := (used*6 + 500) / 1000
	if lot.Recognised != ledger.Money(cents, "USD") || lot.Carrying != ledger.Money(600_000-cents, "USD") {
		t.Errorf("%s: recognised %s, carrying %s; awk says %d cents", customer, lot.Recognised, lot.Carrying, cents)
	}
}

// checkHledger lets hledger check the journal and compares its balances with the trial
// balance, account by account, both ways.
func checkHledger(t *testing.T, journal string, trial ledger.TrialBalance) {
	t.Helper()
	if _, err := exec.LookPath("hledger"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("hledger is not installed")
		}
		t.Skip("hledger is not installed")
	}
	run := func(args ...string) string {
		c := exec.Command("hledger", append([]string{"-f", journal}, args...)...)
		c.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("hledger %v: %s", args, out)
		}
		return string(out)
	}
	run("check", "--strict")
	rows, err := csv.NewReader(strings.NewReader(run("bal", "--flat", "-N", "-E", "-O", "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, row := range rows[1:] {
		code, amount, _ := strings.Cut(row[1], " ")
		if row[1] == "0" {
			continue
		}
		d, err := decimal.NewFromString(amount)
		if err != nil {
			t.Fatal(row, err)
		}
		got[row[0]] = code + " " + d.StringFixed(2)
	}
	want := map[string]string{}
	for _, balance := range trial.Balances {
		if name, _ := export.HledgerAccount(balance.Account); !balance.Closing().IsZero() {
			want[name] = balance.Closing().String()
		}
	}
	if len(want) < 3 || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("hledger says %v\ntrial balance %v", got, want)
	}
}
