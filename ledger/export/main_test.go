package export

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drawdown/ledger"
)

var update = flag.Bool("update", false, "write the golden files anew")

// tester is *testing.T and *rapid.T.
type tester interface {
	Helper()
	Fatal(args ...any)
}

// encode writes the entries in the format and returns the file.
func encode(t tester, format Format, header Header, entries ...ledger.Entry) string {
	t.Helper()
	var out bytes.Buffer
	encoder, err := New(format, &out)
	if err != nil {
		t.Fatal(err)
	}
	if err := encoder.Begin(header); err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if err := encoder.Entry(Canonical(entry)); err != nil {
			t.Fatal(err)
		}
	}
	if err := encoder.End(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// installed returns where the program is. Where it is not installed the test is left out, in CI
// it fails.
func installed(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		missing := program + " is not installed: what it would check was NOT tested. Run `make setup`"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	return path
}

// written puts the file where a program can read it.
func written(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// says runs the program and returns what it says.
func says(t *testing.T, program string, args ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), installed(t, program), args...)
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := command.CombinedOutput()
	return string(out), err
}

// hledger runs hledger on the journal and returns what it says.
func hledger(t *testing.T, journal string, args ...string) (string, error) {
	t.Helper()
	return says(t, "hledger", append([]string{"-f", written(t, "journal.hledger", journal)}, args...)...)
}

// entry is a balanced entry on 2025-03-31 that moves so much between two accounts.
func entry(number int64, kind ledger.EntryKind, debit, credit ledger.Role, amount, functional ledger.Amount) ledger.Entry {
	d := ledger.Dimensions{Customer: "acme", Policy: "annual", Pack: "starter"}
	day := ledger.NewDate(2025, 3, 31)
	return ledger.Entry{
		Number: number, Kind: kind, AccountingDate: day, OccurredOn: day,
		PostedAt:  time.Date(2025, 4, 1, 0, 5, 0, 123000, time.UTC),
		Reference: fmt.Sprintf("INV-%d", number), Description: "Credits for acme",
		Lines: []ledger.Line{ledger.Debit(debit, amount, functional, d), ledger.Credit(credit, amount, functional, d)},
	}
}

// book is a small journal with everything that can be awkward: currencies with no, two
// and three decimals, a functional amount of nothing, a late day, dimensions that differ
// between the lines, and texts made to break files.
func book() []ledger.Entry {
	usd := func(minor int64) ledger.Amount { return ledger.Money(minor, "USD") }
	late := entry(3, ledger.UsageEntry, ledger.DeferredRevenue, ledger.UsageRevenue, usd(280000), usd(280000))
	late.OccurredOn = ledger.NewDate(2025, 2, 28)
	late.Batch, late.Reference = "018f3c9e-0000-7000-8000-000000000001", ""
	late.Lines[0].Dimensions, late.Lines[1].Dimensions = ledger.Dimensions{Policy: "annual"}, ledger.Dimensions{Policy: "annual", Customer: "zeta"}

	nasty := entry(6, ledger.PurchaseEntry, ledger.Cash, ledger.DeferredRevenue, usd(5), usd(5))
	nasty.Description = "=HYPERLINK(\"x\"); a | b\r\n2025-01-01 fake\tentry \u202etxt.exe"
	nasty.Reference = "@SUM(A1), date:2025-99-99 [2025-99-99]"
	nasty.Lines[0].Dimensions.Customer = "-2+3, \"quoted\""
	nasty.Lines[1].Dimensions.Customer = "\t=1+1"

	return []ledger.Entry{
		entry(1, ledger.PurchaseEntry, ledger.Cash, ledger.DeferredRevenue, usd(400000), usd(400000)),
		entry(2, ledger.PurchaseEntry, ledger.AccountsReceivable, ledger.DeferredRevenue, ledger.Money(150000, "JPY"), usd(99999)),
		late,
		entry(4, ledger.PurchaseEntry, ledger.Cash, ledger.TaxPayable, ledger.Money(1250, "KWD"), usd(407)),
		entry(5, ledger.UsageEntry, ledger.DeferredRevenue, ledger.UsageRevenue, ledger.Money(1, "JPY"), usd(0)),
		nasty,
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", path, diffLines(got, string(want)))
	}
}

func diffLines(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		switch {
		case i >= len(g):
			return fmt.Sprintf("line %d is missing: %q", i+1, w[i])
		case i >= len(w):
			return fmt.Sprintf("line %d is extra: %q", i+1, g[i])
		case g[i] != w[i]:
			return fmt.Sprintf("line %d\n got %q\nwant %q", i+1, g[i], w[i])
		}
	}
	return ""
}
