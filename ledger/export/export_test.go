package export

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"drawdown/ledger"
)

var header = Header{To: ledger.NewDate(2025, 3, 31), Functional: "USD"}

func TestGolden(t *testing.T) {
	for _, format := range Formats() {
		if format == Parquet || format == XLSX {
			continue // compressed, which a later Go may do otherwise
		}
		golden(t, "journal."+string(format), encode(t, format, header, book()...))
		golden(t, "empty."+string(format), encode(t, format, Header{Functional: "JPY"}))
	}
}

// The same entries make the same bytes.
func TestSameBytes(t *testing.T) {
	for _, format := range Formats() {
		want := encode(t, format, header, book()...)
		for range 20 {
			if encode(t, format, header, book()...) != want {
				t.Fatalf("%s: other bytes", format)
			}
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	_, err := New("pdf", nil)
	if want := `"pdf" is not an export format; there are csv, jsonl, jsonl-lines, hledger, ledger, beancount, parquet, xlsx`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestHledgerAcceptsTheJournal(t *testing.T) {
	for _, journal := range []string{encode(t, Hledger, header, book()...), encode(t, Hledger, Header{Functional: "KWD"})} {
		if out, err := hledger(t, journal, "check", "--strict"); err != nil {
			t.Fatalf("hledger: %s", out)
		}
	}
}

// Half a cent too much must not slip through: this is what the six decimals are for.
func TestHledgerSeesAFractionOfACent(t *testing.T) {
	for from, to := range map[string]string{
		"USD -4000.00": "USD -4000.001",
		"JPY -150000":  "JPY -150000.1",
		"KWD -1.250":   "KWD -1.2501",
	} {
		journal := encode(t, Hledger, header, book()...)
		broken := strings.Replace(journal, from, to, 1)
		if broken == journal {
			t.Fatalf("no %q in the journal", from)
		}
		if out, err := hledger(t, broken, "check", "--strict"); err == nil {
			t.Errorf("%s passed: %s", to, out)
		}
	}
}

func TestEveryRoleHasAnHledgerAccount(t *testing.T) {
	prefix := map[ledger.Class]string{
		ledger.Asset: "assets:", ledger.Liability: "liabilities:", ledger.Revenue: "revenue:", ledger.Expense: "expenses:",
	}
	seen := map[string]bool{}
	for _, account := range ledger.Accounts() {
		name, known := HledgerAccount(account.Role)
		if !known || !strings.HasPrefix(name, prefix[account.Class]) || seen[name] {
			t.Errorf("%s is %q in hledger", account.Role, name)
		}
		seen[name] = true
	}
	if len(seen) != len(plainAccounts) {
		t.Errorf("hledger has %d accounts for %d roles", len(plainAccounts), len(seen))
	}
}

// TestCells is the table of what a spreadsheet gets to see.
func TestCells(t *testing.T) {
	for text, want := range map[string]string{
		"Acme, Inc.":       "Acme, Inc.",
		"=1+1":             "'=1+1",
		"+1":               "'+1",
		"-1":               "'-1",
		"@SUM(A1)":         "'@SUM(A1)",
		"\t=1+1":           "'=1+1",
		"  =1+1":           "'=1+1",
		"\x00=1+1":         "'=1+1",
		"\ufeff=1+1":       "'=1+1",
		"＝1+1":             "'＝1+1",
		"a\r\nb":           "a  b",
		"a\x07b":           "ab",
		"\u202egpj.exe":    "gpj.exe",
		"caf\xe9":          "caf\ufffd",
		"1 = 1":            "1 = 1",
		"Überweisung (ok)": "Überweisung (ok)",
		"":                 "",
	} {
		if got := SafeCell(text); got != want {
			t.Errorf("SafeCell(%q) = %q, want %q", text, got, want)
		}
	}
}

// anyEntry draws a balanced entry of two to five lines in any currency.
func anyEntry(t *rapid.T, number int64) ledger.Entry {
	currency := ledger.Currency(rapid.SampledFrom([]string{"USD", "JPY", "KWD", "EUR", "CLF"}).Draw(t, "currency"))
	functional := ledger.Currency(rapid.SampledFrom([]string{"USD", "JPY"}).Draw(t, "functional"))
	roles := ledger.Accounts()
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[=+\-@\t;,|:\[\]"(){}*! a-z0-9\r\n]{0,20}`))
	day := ledger.NewDate(2025, 1, rapid.IntRange(1, 800).Draw(t, "day"))
	e := ledger.Entry{
		Number: number, Kind: ledger.PurchaseEntry, AccountingDate: day, OccurredOn: day - ledger.Date(rapid.IntRange(0, 40).Draw(t, "late")),
		Reference: text.Draw(t, "reference"), Description: text.Draw(t, "description"),
	}
	var sum, functionalSum int64
	count := rapid.IntRange(2, 5).Draw(t, "lines")
	for i := range count {
		minor := rapid.Int64Range(-ledger.MaxMinor/8, ledger.MaxMinor/8).Draw(t, "minor")
		in := rapid.Int64Range(-ledger.MaxMinor/8, ledger.MaxMinor/8).Draw(t, "functional minor")
		if functional == currency {
			in = minor
		}
		if i == count-1 {
			minor, in = -sum, -functionalSum
		}
		sum, functionalSum = sum+minor, functionalSum+in
		e.Lines = append(e.Lines, ledger.Line{
			Account:    rapid.SampledFrom(roles).Draw(t, "account").Role,
			Amount:     ledger.Money(minor, currency),
			Functional: ledger.Money(in, functional),
			Dimensions: ledger.Dimensions{Customer: text.Draw(t, "customer"), Policy: text.Draw(t, "policy"), Pack: text.Draw(t, "pack")},
		})
	}
	if err := e.Check(); err != nil {
		t.Fatal(err)
	}
	return e
}

func anyJournal(t *rapid.T) []ledger.Entry {
	entries := make([]ledger.Entry, rapid.IntRange(0, 6).Draw(t, "entries"))
	for i := range entries {
		entries[i] = anyEntry(t, int64(i+1))
	}
	return entries
}

// What is read back from the CSV file balances per entry, and is the journal again.
func TestCSVReadBackBalances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := anyJournal(t)
		rows, err := csv.NewReader(strings.NewReader(encode(t, CSV, header, entries...))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		rows = rows[1:]
		for _, entry := range entries {
			sums := map[string]decimal.Decimal{}
			for _, line := range entry.Lines {
				row := rows[0]
				rows = rows[1:]
				if got, err := ledger.ParseAmount(row[8], line.Amount.Currency); err != nil || got != line.Amount {
					t.Fatalf("amount %s reads back as %v, %v", line.Amount, got, err)
				}
				for name, at := range map[string]int{"amount": 6, "functional": 10} {
					if (row[at] == "") == (row[at+1] == "") {
						t.Fatalf("one of debit and credit is written: %q", row)
					}
					sums[name] = sums[name].Add(number(t, row[at])).Sub(number(t, row[at+1]))
					if !number(t, row[at]).Sub(number(t, row[at+1])).Equal(number(t, row[at+2])) {
						t.Fatalf("debit less credit is not the amount: %q", row)
					}
				}
				for _, text := range row[14:] {
					first, size := utf8.DecodeRuneInString(text)
					if size > 0 && strings.ContainsRune(formulaStarts, first) || strings.ContainsAny(text, "\r\n\t\x00") {
						t.Fatalf("unsafe cell %q", text)
					}
				}
			}
			for name, sum := range sums {
				if !sum.IsZero() {
					t.Fatalf("entry %d: %s is out by %s", entry.Number, name, sum)
				}
			}
		}
		if len(rows) != 0 {
			t.Fatalf("%d rows too many", len(rows))
		}
	})
}

func number(t *rapid.T, text string) decimal.Decimal {
	if text == "" {
		return decimal.Zero
	}
	d, err := ledger.ParseDecimal(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return d
}

// JSON Lines hold one entry a line, balanced, with the same figure twice.
func TestJSONLReadBackBalances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := anyJournal(t)
		decoder := json.NewDecoder(strings.NewReader(encode(t, JSONL, header, entries...)))
		decoder.DisallowUnknownFields()
		for _, entry := range entries {
			var read jsonEntry
			if err := decoder.Decode(&read); err != nil {
				t.Fatal(err)
			}
			if read.Entry != entry.Number || len(read.Lines) != len(entry.Lines) {
				t.Fatalf("entry %d with %d lines reads back as %+v", entry.Number, len(entry.Lines), read)
			}
			var sum int64
			for i, line := range read.Lines {
				sum += line.MinorUnits
				got, err := ledger.ParseAmount(line.Amount, ledger.Currency(line.Currency))
				if err != nil || got != entry.Lines[i].Amount || got.Minor != line.MinorUnits {
					t.Fatalf("%s reads back as %s (%d), %v", entry.Lines[i].Amount, line.Amount, line.MinorUnits, err)
				}
			}
			if sum != 0 {
				t.Fatalf("entry %d is out by %d", read.Entry, sum)
			}
		}
		if decoder.More() {
			t.Fatal("an object too many")
		}
	})
}

// Whatever texts a journal holds, hledger reads every entry and finds it in order. The
// journals of all draws go through one run of hledger, for it takes a while to start.
func TestHledgerAcceptsAnyJournal(t *testing.T) {
	var all []ledger.Entry
	rapid.Check(t, func(t *rapid.T) {
		for _, entry := range anyJournal(t) {
			entry.Number = int64(len(all) + 1)
			all = append(all, entry)
		}
	})
	journal := encode(t, Hledger, header, all...)
	if out, err := hledger(t, journal, "check", "--strict"); err != nil {
		t.Fatalf("hledger: %s", out)
	}
	codes, err := hledger(t, journal, "codes")
	if err != nil {
		t.Fatal(codes)
	}
	want := map[string]int{}
	for _, entry := range all {
		want[EntryCode(entry.Number)]++
	}
	for _, code := range strings.Fields(codes) {
		want[code]--
	}
	for code, left := range want {
		if left != 0 {
			t.Fatalf("hledger saw %s %d times too few", code, left)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestAWriteThatFailsIsReported(t *testing.T) {
	for _, format := range Formats() {
		encoder, err := New(format, brokenWriter{})
		if err != nil {
			t.Fatal(err)
		}
		err = encoder.Begin(header)
		for _, e := range book() {
			err = errors.Join(err, encoder.Entry(Canonical(e)))
		}
		if err = errors.Join(err, encoder.End()); err == nil {
			t.Errorf("%s: nobody noticed", format)
		}
	}
}
