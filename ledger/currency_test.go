package ledger_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"drawdown/ledger"
)

func TestExponent(t *testing.T) {
	tests := []struct {
		currency ledger.Currency
		want     int32
	}{
		{"USD", 2},
		{"EUR", 2},
		{"JPY", 0},
		{"KRW", 0},
		{"ISK", 0},
		{"KWD", 3},
		{"IQD", 3},
		{"CLF", 4},
		{"UYW", 4},
		{"BGN", 2}, // withdrawn; old books keep their decimals
		{"", 0},
	}
	for _, test := range tests {
		if got := test.currency.Exponent(); got != test.want {
			t.Errorf("%q has %d decimals, want %d", test.currency, got, test.want)
		}
	}
}

func TestParseCurrency(t *testing.T) {
	const hint = " is not an ISO 4217 currency code such as USD"
	tests := []struct {
		code  string
		error string
	}{
		{"USD", ""},
		{"XCG", ""},
		{"ZWG", ""},
		{"CLF", ""},
		{"XYZ", `"XYZ"` + hint},
		{"usd", `"usd"` + hint},
		{"", `""` + hint},
		{"US", `"US"` + hint},
		{"USD ", `"USD "` + hint},
		{"XAU", `"XAU"` + hint}, // gold
		{"XTS", `"XTS"` + hint}, // for tests
		{"XXX", `"XXX"` + hint}, // no currency
		{"XDR", `"XDR"` + hint}, // no minor unit
		{strings.Repeat("A", 1000), `"AAAAAAAAAAAAAAAA…"` + hint},
		{"BGN", `"BGN" was withdrawn from ISO 4217 on 2026-01-01, its successor is EUR`},
		{"ANG", `"ANG" was withdrawn from ISO 4217 on 2025-03-31, its successor is XCG`},
	}
	for _, test := range tests {
		got, err := ledger.ParseCurrency(test.code)
		switch {
		case test.error == "" && (err != nil || got != ledger.Currency(test.code) || !got.Known()):
			t.Errorf("ParseCurrency(%q) = %q, %v", test.code, got, err)
		case test.error != "" && (err == nil || err.Error() != test.error || got != ""):
			t.Errorf("ParseCurrency(%q) = %q, %v; want the error %s", test.code, got, err, test.error)
		}
	}
}

func TestCurrenciesAreInOrderAndWhole(t *testing.T) {
	all := ledger.Currencies()
	code, number := regexp.MustCompile(`^[A-Z]{3}$`), regexp.MustCompile(`^[0-9]{3}$`)
	numbers := map[string]ledger.Currency{}
	for i, info := range all {
		if i > 0 && all[i-1].Code >= info.Code {
			t.Errorf("%s follows %s", info.Code, all[i-1].Code)
		}
		if !code.MatchString(string(info.Code)) || !number.MatchString(info.Numeric) || info.Name == "" {
			t.Errorf("%+v is not a row of ISO 4217", info)
		}
		if other, taken := numbers[info.Numeric]; taken {
			t.Errorf("%s and %s share the number %s", other, info.Code, info.Numeric)
		}
		numbers[info.Numeric] = info.Code
		if info.Code.Exponent() != info.Exponent || !info.Code.Known() {
			t.Errorf("%s says %d decimals and known %v, its row says %d", info.Code, info.Code.Exponent(), info.Code.Known(), info.Exponent)
		}
	}
	all[0].Name = "changed"
	if ledger.Currencies()[0].Name == "changed" {
		t.Error("a caller can change the table")
	}
}

// TestCurrenciesAgreeWithISO compares the table with the list that ISO's
// maintenance agency publishes, as the npm package currency-codes carries it. The
// package is of 2024-06-25; what ISO amended since is listed here.
func TestCurrenciesAgreeWithISO(t *testing.T) {
	const (
		source = "../tools/node/node_modules/currency-codes/iso-4217-list-one.xml"
		digits = "../tools/node/node_modules/currency-codes/data.js"
	)
	added := []string{"XAD", "XCG"}            // amendments 179, 176
	withdrawn := []string{"ANG", "BGN", "CUC"} // amendments 176, 180, 178

	list, err := os.ReadFile(digits)
	if errors.Is(err, fs.ErrNotExist) {
		missing := "npm package currency-codes is not installed: the currency table was NOT compared with ISO 4217. Run `npm ci` in tools/node"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	if err != nil {
		t.Fatal(err)
	}
	// data.js is a comment, an assignment, and JSON.
	_, body, _ := strings.Cut(string(list), "module.exports =")
	var rows []struct {
		Code, Number, Currency string
		Digits                 int32
	}
	if err := json.Unmarshal([]byte(strings.TrimRight(strings.TrimSpace(body), ";")), &rows); err != nil {
		t.Fatalf("%s: %v", digits, err)
	}
	xml, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	withoutMinorUnit := map[string]bool{}
	for _, match := range regexp.MustCompile(`<Ccy>(\w+)</Ccy>\s*<CcyNbr>\d+</CcyNbr>\s*<CcyMnrUnts>N\.A\.`).FindAllSubmatch(xml, -1) {
		withoutMinorUnit[string(match[1])] = true
	}
	if len(rows) < 150 || len(withoutMinorUnit) < 10 {
		t.Fatalf("%d currencies and %d without a minor unit: %s has changed its form, mend this test", len(rows), len(withoutMinorUnit), source)
	}

	ours := map[string]ledger.CurrencyInfo{}
	for _, info := range ledger.Currencies() {
		ours[string(info.Code)] = info
	}
	for _, row := range rows {
		info, found := ours[row.Code]
		delete(ours, row.Code)
		switch {
		case withoutMinorUnit[row.Code] || slices.Contains(withdrawn, row.Code):
			if found {
				t.Errorf("%s is in the table and should not be", row.Code)
			}
		case !found:
			t.Errorf("%s (%s) is missing from the table", row.Code, row.Currency)
		case info.Numeric != row.Number || info.Exponent != row.Digits || info.Name != strings.TrimSpace(row.Currency):
			t.Errorf("the table has %+v, ISO has %+v", info, row)
		}
	}
	for code := range ours {
		if !slices.Contains(added, code) {
			t.Errorf("%s is in the table and not in ISO 4217", code)
		}
	}
}
