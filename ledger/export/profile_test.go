package export

import (
	"errors"
	"strings"
	"testing"

	"drawdown/ledger"
)

// mapped is the default profile of a format with an account for every role.
func mapped(t tester, format Format) Profile {
	t.Helper()
	p, err := DefaultProfile(format)
	if err != nil {
		t.Fatal(err)
	}
	for i, account := range ledger.Accounts() {
		p.Accounts = append(p.Accounts, AccountRule{
			Role: account.Role, Code: "10" + string(rune('A'+i)), Name: account.Name,
		})
	}
	return p
}

func TestDefaultsAreValid(t *testing.T) {
	for _, target := range Targets() {
		p := mapped(t, target.Format)
		for _, option := range target.Options {
			if option.Required && option.Default == "" {
				p.Options[option.Name] = "1"
			}
		}
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", target.Format, err)
		}
	}
}

// A profile read from its own JSON is the same profile.
func TestProfileReadsBack(t *testing.T) {
	p := mapped(t, NetSuite)
	p.Options["subsidiary"] = "Parent : Child"
	p.Accounts[0].From, p.Accounts[0].To = ledger.NewDate(2025, 1, 1), ledger.NewDate(2025, 12, 31)
	p.Dimensions = []DimensionRule{{"customer", netsuiteName, Refuse, []ValueRule{{Value: "acme", Target: "ACME Inc."}}}}
	text, err := p.JSON()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseProfile(text)
	if err != nil {
		t.Fatal(err)
	}
	one, _ := p.Hash()
	if two, _ := back.Hash(); one != two || len(one) != 64 {
		t.Errorf("%s and %s", one, two)
	}
	back.Options["subsidiary"] = "Parent"
	if three, _ := back.Hash(); three == one {
		t.Error("another profile has the same hash")
	}
}

func TestProfileSaysOnlyWhatDiffers(t *testing.T) {
	p, err := ParseProfile([]byte(`{"format": "netsuite", "file": {"dates": "DD/MM/YYYY"}, "options": {"approved": "yes"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if p.File.Dates != UKDate || p.File.LineEnd != CRLF || p.Limits.Rows != 25000 || p.Options["approved"] != "yes" || p.Options["account"] != "number" {
		t.Errorf("%+v", p)
	}
}

func TestProfilesThatAreWrong(t *testing.T) {
	for text, want := range map[string]string{
		`{"format": "xls"}`:                                           `"xls" is not an export format; there are csv, jsonl, jsonl-lines, hledger, ledger, beancount, parquet, xlsx, netsuite, quickbooks-online, quickbooks-desktop, xero, sage-intacct, oracle-fusion, business-central, ads, saf-t`,
		`{"format": "netsuite", "colour": 1}`:                         `colour "1" is not a field; there are: version, name, format, mode, summary, prefix, currency, rates, accounts, dimensions, limits, file, formula, options`,
		`{"format": "netsuite"} {}`:                                   "is no JSON",
		`[]`:                                                          "is no JSON",
		`{"format": "netsuite", "version": 2}`:                        `version "2" is not 1`,
		`{"format": "netsuite", "name": "a\nb"}`:                      `name "a\nb" is not a text`,
		`{"format": "netsuite", "mode": "both"}`:                      `mode "both" is not one of "detail", "summary"`,
		`{"format": "csv", "mode": "summary"}`:                        `csv is the journal line by line`,
		`{"format": "netsuite", "prefix": "=x"}`:                      `prefix "=x"`,
		`{"format": "netsuite", "limits": {"rows": -1}}`:              `limits.rows "-1" is below 0`,
		`{"format": "netsuite", "file": {"dates": "YYYYMMDD"}}`:       `file.dates "YYYYMMDD" is not one of "MM/DD/YYYY"`,
		`{"format": "jsonl", "file": {"bom": true}}`:                  `file.bom`,
		`{"format": "netsuite", "options": {"approved": "1"}}`:        `options.approved "1" is not one of "yes", "no"`,
		`{"format": "netsuite", "options": {"memo_length": "1e3"}}`:   `options.memo_length "1e3" is not a whole number from 1 to 4000`,
		`{"format": "netsuite", "options": {"subs": "x"}}`:            `options.subs "x" is not an option of netsuite; there are: subsidiary`,
		`{"format": "netsuite", "summary": {"dimensions": ["team"]}}`: `summary.dimensions[0] "team" is not one of "customer"`,
		`{"format": "quickbooks-online", "accounts": [{"role": "cash", "code": "1", "name": "P: Acc:cash\""}]}`:                    `accounts[0].name "P: Acc:cash\"" is not of the form Parent:Sub, without blanks around the colon or quotation marks: "P:Acc:cash" is`,
		`{"format": "quickbooks-online", "accounts": [{"role": "cash", "code": "1", "name": "Cash:"}]}`:                            `: "Cash" is`,
		`{"format": "netsuite", "accounts": [{"role": "till", "code": "1"}]}`:                                                      `accounts[0].role "till" is not a role`,
		`{"format": "netsuite", "accounts": [{"role": "cash", "code": ""}]}`:                                                       `accounts[0].code "" is empty`,
		`{"format": "netsuite", "accounts": [{"role": "cash", "code": "=1"}]}`:                                                     `begins like a formula`,
		`{"format": "netsuite", "accounts": [{"role": "cash", "code": "1", "currency": "US"}]}`:                                    `accounts[0].currency "US"`,
		`{"format": "netsuite", "accounts": [{"role": "cash", "code": "` + strings.Repeat("1", 61) + `"}]}`:                        `has more than 60 characters`,
		`{"format": "netsuite", "accounts": [{"role": "cash", "code": "1"}, {"role": "cash", "code": "2", "from": "2025-01-01"}]}`: `accounts[1].from "2025-01-01" overlaps`,
		`{"format": "netsuite", "accounts": [{"role": "cash", "code": "1", "from": "2025-02-01", "to": "2025-01-01"}]}`:            `accounts[0].to "2025-01-01" is before 2025-02-01`,
		`{"format": "netsuite", "dimensions": [{"key": "customer", "column": "Team", "unmapped": "pass"}]}`:                        `dimensions[0].column "Team" is not one of`,
		`{"format": "netsuite", "dimensions": [{"key": "customer", "column": "Journal Entry - Line: Name", "unmapped": "guess"}]}`: `dimensions[0].unmapped "guess"`,
	} {
		_, err := ParseProfile([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
}

// Everything that is wrong is said at once, in the order of the fields.
func TestAllFieldErrors(t *testing.T) {
	p := mapped(t, NetSuite)
	p.Mode, p.Prefix, p.File.Decimal = "x", "?", ";"
	var all ProfileErrors
	if !errors.As(p.Validate(), &all) || len(all) != 3 || all[0].Field != "mode" || all[1].Field != "prefix" || all[2].Field != "file.decimal" {
		t.Errorf("%v", all)
	}
}

// What cannot be read is said with everything else, in the words of the product, and what only follows
// from it is not.
func TestWhatCannotBeRead(t *testing.T) {
	_, err := ParseProfile([]byte(`{"format": "netsuite", "foo": 1, "mode": "both", "limits": {"rows": "many", "bytes": 1.5}, "file": {"bom": 1, "Dates": "x"},
		"dimensions": {}, "options": {"subsidiary": 7, "subs": "x"},
		"accounts": [{"role": "cash", "code": "1", "to": "2026-02-30"}, {"role": "till", "code": "", "form": "2025-01-01"}, {"role": "cash", "code": "2"}, 5]}`))
	const want = `the export profile is not valid:
mode "both" is not one of "detail", "summary"
accounts[0].to "2026-02-30" is not a date such as 2024-03-31, nor empty
accounts[1].form "2025-01-01" is not a field; there are: role, currency, code, name, from, to
accounts[3] "5" is not an object of fields: role, currency, code, name, from, to
accounts[1].role "till" is not a role of the journal, such as deferred_revenue
accounts[1].code "" is empty
dimensions "{}" is not a list
limits.bytes "1.5" is not a whole number
limits.rows "many" is not a whole number
file.bom "1" is not true or false
file.dates "x" is not one of "MM/DD/YYYY", "DD/MM/YYYY", "DD.MM.YYYY", "YYYY-MM-DD", "YYYY/MM/DD", "DD MMM YYYY"
options.subsidiary "7" is not a text
options.subs "x" is not an option of netsuite; there are: subsidiary, account, posting_period, memo_length, approved
foo "1" is not a field; there are: version, name, format, mode, summary, prefix, currency, rates, accounts, dimensions, limits, file, formula, options`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	for text, want := range map[string]string{
		`{"format": "netsuite", "accounts": "book"}`: `accounts "book" is not a list of rules, or "BOOK" for the codes of the book`,
		`{"format": 1}`: `"1" is not an export format`,
	} {
		if _, err := ParseProfile([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
	if p, err := ParseProfile([]byte(`{"format": "netsuite", "accounts": "BOOK", "dimensions": null, "file": {"Dates": "DD/MM/YYYY"}}`)); err != nil || p.File.Dates != UKDate {
		t.Errorf("%+v %v", p, err)
	}
}

// A rule holds on its days; one for the currency goes before one for all.
func TestAccountsHaveDays(t *testing.T) {
	p := mapped(t, NetSuite)
	p.Accounts = []AccountRule{
		{Role: ledger.Cash, Code: "1000", To: ledger.NewDate(2025, 3, 30)},
		{Role: ledger.Cash, Code: "1001", From: ledger.NewDate(2025, 3, 31)},
		{Role: ledger.Cash, Code: "1050", Currency: "EUR"},
	}
	m := newMapping(p, netsuiteSpec)
	for _, test := range []struct {
		day      ledger.Date
		currency ledger.Currency
		want     string
	}{
		{ledger.NewDate(2025, 3, 30), "USD", "1000"},
		{ledger.NewDate(2025, 3, 31), "USD", "1001"},
		{ledger.NewDate(2025, 3, 30), "EUR", "1050"},
	} {
		account, ok := m.account(Line{Role: ledger.Cash, Amount: ledger.Money(1, test.currency)}, test.day)
		if !ok || account.Code != test.want || account.Class != ledger.Asset {
			t.Errorf("%s %s is %+v, want %s", test.day, test.currency, account, test.want)
		}
	}
	if _, ok := m.account(Line{Role: ledger.Refunds}, ledger.NewDate(2025, 1, 1)); ok {
		t.Error("a role without a rule has an account")
	}
}
