package export

import (
	"encoding/csv"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// plainPrograms are the programs of plain-text accounting: how each checks a file strictly, and
// how it says what every account stands at, as account, currency and amount.
var plainPrograms = map[Format]struct {
	check    func(t *testing.T, path string) (string, error)
	balances func(t *testing.T, path string) map[string]decimal.Decimal
	name     func(ledger.Role) (string, bool)
}{
	Hledger: {
		check: func(t *testing.T, path string) (string, error) {
			return says(t, "hledger", "-f", path, "check", "--strict")
		},
		balances: func(t *testing.T, path string) map[string]decimal.Decimal {
			return stands(t, 1, "hledger", "-f", path, "balance", "--flat", "--no-total", "--layout=bare", "-O", "csv")
		},
		name: HledgerAccount,
	},
	Ledger: {
		check: func(t *testing.T, path string) (string, error) {
			return says(t, "ledger", "-f", path, "--strict", "--pedantic", "--explicit", "balance")
		},
		balances: func(t *testing.T, path string) map[string]decimal.Decimal {
			return stands(t, 0, "ledger", "-f", path, "csv", "--csv-format", "%(quoted(account)),%(quoted(commodity)),%(quoted(quantity(scrub(amount))))\n")
		},
		name: HledgerAccount,
	},
	Beancount: {
		check: func(t *testing.T, path string) (string, error) { return says(t, "bean-check", path) },
		balances: func(t *testing.T, path string) map[string]decimal.Decimal {
			return stands(t, 1, "bean-query", "-f", "csv", path, "SELECT account, currency, str(sum(number)) GROUP BY account, currency")
		},
		name: BeancountAccount,
	},
}

// stands adds up the rows of account, currency and amount that a program prints as CSV.
func stands(t *testing.T, skip int, program string, args ...string) map[string]decimal.Decimal {
	t.Helper()
	out, err := says(t, program, args...)
	if err != nil {
		t.Fatalf("%s: %s", program, out)
	}
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	sums := map[string]decimal.Decimal{}
	for _, row := range rows[min(skip, len(rows)):] {
		// A figure as such bean-query would round to the decimals that it sees most.
		amount, err := decimal.NewFromString(strings.Trim(row[2], " Decimal(')"))
		if err != nil {
			t.Fatalf("%s: %q: %v", program, row, err)
		}
		key := strings.TrimSpace(row[0]) + " " + strings.TrimSpace(row[1])
		sums[key] = sums[key].Add(amount)
	}
	maps.DeleteFunc(sums, func(_ string, d decimal.Decimal) bool { return d.IsZero() })
	return sums
}

// closing adds up the entries by account and currency, beside the code under test.
func closing(entries []ledger.Entry, name func(ledger.Role) (string, bool)) map[string]decimal.Decimal {
	sums := map[string]decimal.Decimal{}
	for _, entry := range entries {
		for _, line := range entry.Lines {
			account, _ := name(line.Account)
			key := account + " " + string(line.Amount.Currency)
			sums[key] = sums[key].Add(line.Amount.Decimal())
		}
	}
	maps.DeleteFunc(sums, func(_ string, d decimal.Decimal) bool { return d.IsZero() })
	return sums
}

func sameBalances(t *testing.T, format Format, got, want map[string]decimal.Decimal) {
	t.Helper()
	if !maps.EqualFunc(got, want, decimal.Decimal.Equal) {
		t.Errorf("%s says %v\nthe entries %v", format, got, want)
	}
}

// Whatever texts and currencies a journal holds, each program finds it in order and adds it up to
// the same balances. The journals of all draws go through one run, for the programs are slow to
// start.
func TestPlainTextOfAnyJournal(t *testing.T) {
	all := anyEntries(t)
	for format, program := range plainPrograms {
		t.Run(string(format), func(t *testing.T) {
			path := written(t, "journal."+string(format), encode(t, format, header, all...))
			if out, err := program.check(t, path); err != nil {
				t.Fatal(out)
			}
			sameBalances(t, format, program.balances(t, path), closing(all, program.name))
		})
	}
}

// An error that is planted must not slip through.
func TestPlainTextProgramsSeeErrors(t *testing.T) {
	type plant struct{ what, from, to string }
	prefixed := func(account, strange string) []plant {
		return []plant{
			{"half a cent", "USD -4000.00\n", "USD -4000.005\n"},
			{"a tenth of a yen", "JPY -150000\n", "JPY -150000.1\n"},
			{"a tenth of a fils", "KWD -1.250\n", "KWD -1.2501\n"},
			{"an account that is not declared", "    " + account + "  USD 4000.00\n", "    " + strange + "  USD 4000.00\n"},
			{"a currency that is not declared", "commodity KWD", "commodity KWF"},
			{"another closing balance", "= USD 4000.05\n", "= USD 4000.06\n"},
		}
	}
	plants := map[Format][]plant{
		Hledger: prefixed("assets:cash", "assets:petty cash"),
		Ledger:  append(prefixed("assets:cash", "assets:petty cash"), plant{"a tag that is not declared", "    ; policy: annual", "    ; police: annual"}),
		Beancount: {
			{"half a cent", " -4000.00 USD\n", " -4000.005 USD\n"},
			{"a tenth of a yen", " -150000 JPY\n", " -150000.1 JPY\n"},
			{"a tenth of a fils", " -1.250 KWD\n", " -1.2501 KWD\n"},
			{"an account that is not declared", "  Assets:Cash  4000.00 USD\n", "  Assets:Petty  4000.00 USD\n"},
			{"another closing balance", "  4000.05 USD\n", "  4000.06 USD\n"},
		},
	}
	for format, program := range plainPrograms {
		for _, p := range plants[format] {
			t.Run(string(format)+"/"+p.what, func(t *testing.T) {
				t.Parallel()
				journal := encode(t, format, header, book()...)
				broken := strings.Replace(journal, p.from, p.to, 1)
				if broken == journal {
					t.Fatalf("no %q in the journal", p.from)
				}
				if out, err := program.check(t, written(t, "journal."+string(format), broken)); err == nil {
					t.Errorf("it passed: %s", out)
				}
			})
		}
	}
}

// The exchange difference is nothing in the currency of the contract, and a figure in metadata.
func TestPlainTextOfAnExchangeDifference(t *testing.T) {
	for format, program := range plainPrograms {
		t.Run(string(format), func(t *testing.T) {
			path := written(t, "journal."+string(format), encode(t, format, header, exchanged()))
			if out, err := program.check(t, path); err != nil {
				t.Fatal(out)
			}
			sameBalances(t, format, program.balances(t, path), closing([]ledger.Entry{exchanged()}, program.name))
		})
	}
}

func TestEveryRoleHasABeancountAccount(t *testing.T) {
	prefix := map[ledger.Class]string{
		ledger.Asset: "Assets:", ledger.Liability: "Liabilities:", ledger.Revenue: "Income:", ledger.Expense: "Expenses:",
	}
	seen := map[string]bool{}
	for _, account := range ledger.Accounts() {
		name, known := BeancountAccount(account.Role)
		if !known || !strings.HasPrefix(name, prefix[account.Class]) || seen[name] {
			t.Errorf("%s is %q in beancount", account.Role, name)
		}
		seen[name] = true
	}
}

// A file that begins in the middle does not know what the accounts stand at: two months together
// are in order.
func TestPlainTextOfTwoMonths(t *testing.T) {
	first, second := entry(1, ledger.PurchaseEntry, ledger.Cash, ledger.DeferredRevenue, ledger.Money(500, "EUR"), ledger.Money(550, "USD")),
		entry(2, ledger.UsageEntry, ledger.DeferredRevenue, ledger.UsageRevenue, ledger.Money(200, "EUR"), ledger.Money(220, "USD"))
	second.AccountingDate = ledger.NewDate(2025, 4, 2)
	for format, program := range plainPrograms {
		text := encode(t, format, Header{To: ledger.NewDate(2025, 3, 31)}, first)
		if format != Beancount {
			text += encode(t, format, Header{From: ledger.NewDate(2025, 4, 1)}, second)
		} else { // which opens an account once
			_, entries, _ := strings.Cut(encode(t, format, Header{From: ledger.NewDate(2025, 4, 1)}, second), "commodity EUR\n")
			text += entries
		}
		path := written(t, "journal."+string(format), text)
		if out, err := program.check(t, path); err != nil {
			t.Fatalf("%s: %s", format, out)
		}
		sameBalances(t, format, program.balances(t, path), closing([]ledger.Entry{first, second}, program.name))
	}
}

// Consecutive batches of a target load together, also where the later one brings an entry of an earlier
// day: that is why none of them says what the accounts stand at.
func TestPlainTextOfTwoBatches(t *testing.T) {
	all := append(book(), entry(7, ledger.PurchaseEntry, ledger.Cash, ledger.DeferredRevenue, ledger.Money(700, "GBP"), ledger.Money(900, "USD")))
	all[6].AccountingDate = ledger.NewDate(2025, 1, 15)
	first := Header{Functional: "USD", Batch: 1, FirstEntry: 1}
	second := Header{Functional: "USD", Batch: 2, FirstEntry: 5}
	for format, program := range plainPrograms {
		dir := t.TempDir()
		for name, content := range map[string]string{
			"1": encode(t, format, first, all[:4]...), "2": encode(t, format, second, all[4:]...),
			"empty": encode(t, format, Header{From: ledger.NewDate(1900, 1, 1), To: ledger.NewDate(1900, 1, 1), Functional: "USD"}),
			"both":  included(format, "1", "2"), "rest": included(format, "empty", "2"),
		} {
			if err := os.WriteFile(filepath.Join(dir, name+"."+string(format)), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for name, entries := range map[string][]ledger.Entry{"both": all, "rest": all[4:]} {
			path := filepath.Join(dir, name+"."+string(format))
			if out, err := program.check(t, path); err != nil {
				t.Fatalf("%s, %s: %s", format, name, out)
			}
			sameBalances(t, format, program.balances(t, path), closing(entries, program.name))
		}
	}
}

// included is a journal of the journals.
func included(format Format, names ...string) string {
	text := ""
	for _, name := range names {
		name += "." + string(format)
		if format == Beancount {
			name = `"` + name + `"`
		}
		text += "include " + name + "\n"
	}
	if format == Beancount {
		return "option \"inferred_tolerance_multiplier\" \"0\"\n" + text
	}
	return text
}
