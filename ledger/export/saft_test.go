package export

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"drawdown/ledger"
)

// saftOurs is a schema of the elements we write, by the description of the format. That of
// Skatteetaten may not be passed on: https://github.com/Skatteetaten/saf-t has it, and where it
// lies beside ours, files are held against both.
const (
	saftOurs         = "testdata/saf-t.xsd"
	saftSkatteetaten = "testdata/Norwegian_SAF-T_Financial_Schema_v_1.30.xsd"
)

// schemas are those that are there.
func schemas() []string {
	if _, err := os.Stat(saftSkatteetaten); err == nil {
		return []string{saftOurs, saftSkatteetaten}
	}
	return []string{saftOurs}
}

func TestTheSchemaOfSkatteetatenIsThere(t *testing.T) {
	if len(schemas()) == 1 {
		t.Skip(saftSkatteetaten + " is not there: SAF-T was held against our own schema alone. Put it there from https://github.com/Skatteetaten/saf-t")
	}
}

// saft writes the entries as SAF-T.
func saft(t testing.TB, p Profile, header Header, entries ...Entry) string {
	t.Helper()
	files, _ := runWhole(t, p, header, entries...)
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	for _, content := range files {
		return content
	}
	return ""
}

func TestSAFTGolden(t *testing.T) {
	p, entries := audited(t, SAFT, nil, "POLICY", "PACK")
	golden(t, "journal.saf-t.xml", saft(t, p, march, entries...))
}

func TestXmllintAcceptsSAFT(t *testing.T) {
	p, entries := audited(t, SAFT, nil, "POLICY", "PACK")
	entries[1].Batch, entries[1].Reference = "018f3c9e-0000-7000-8000-000000000001", "018f3c9e-0000-7000-8000-000000000002"
	entries[3].Description = strings.Repeat("é", 300)
	for _, content := range []string{saft(t, p, march, entries...), saft(t, p, march), saft(t, profileOf(t, SAFT, nil), Header{From: march.From, To: march.To, Functional: "JPY"})} {
		path := written(t, "saf-t.xml", content)
		for _, schema := range schemas() {
			if out, err := says(t, "xmllint", "--nonet", "--noout", "--schema", schema, path); err != nil {
				t.Errorf("%s: %s", schema, out)
			}
		}
	}
}

func TestXmllintSeesErrors(t *testing.T) {
	p, entries := audited(t, SAFT, nil, "POLICY", "PACK")
	content := saft(t, p, march, entries...)
	for what, plant := range map[string]struct {
		from, to string
		ours     bool // what only our schema sees: that of Skatteetaten has keys that bind nothing
	}{
		"a third decimal":             {"<Amount>999.99</Amount>", "<Amount>999.991</Amount>", false},
		"a long number":               {"<RecordID>1</RecordID>", "<RecordID>1234567890123456789</RecordID>", false},
		"no GLPostingDate":            {"<GLPostingDate>2025-03-31</GLPostingDate>\n", "", false},
		"another order":               {"<Period>3</Period>\n<PeriodYear>2025</PeriodYear>", "<PeriodYear>2025</PeriodYear>\n<Period>3</Period>", false},
		"an account not listed":       {"<RecordID>1</RecordID>\n<AccountID>01000<", "<RecordID>1</RecordID>\n<AccountID>01001<", true},
		"an analysis not listed":      {"<Analysis>\n<AnalysisType>PACK</AnalysisType>\n<AnalysisID>starter<", "<Analysis>\n<AnalysisType>PACK</AnalysisType>\n<AnalysisID>other<", true},
		"a transaction that is twice": {"<TransactionID>JE-000002<", "<TransactionID>JE-000001<", true},
	} {
		broken := strings.Replace(content, plant.from, plant.to, 1)
		if broken == content {
			t.Fatalf("%s: no %q", what, plant.from)
		}
		path := written(t, "saf-t.xml", broken)
		for i, schema := range schemas() {
			if i > 0 && plant.ours {
				continue
			}
			if out, err := says(t, "xmllint", "--nonet", "--noout", "--schema", schema, path); err == nil {
				t.Errorf("%s passed %s: %s", what, schema, out)
			}
		}
	}
}

// saftSums are what xmlstarlet adds up, beside what the file says: entries, debits, credits, then
// opening and closing balances.
func saftSums(t *testing.T, content string) (sums [5]decimal.Decimal, said [3]decimal.Decimal) {
	t.Helper()
	sum := func(path string) string { return "sum(//x:" + path + ")" }
	args := []string{"sel", "-N", "x=urn:StandardAuditFile-Taxation-Financial:NO", "-t"}
	for _, expression := range []string{
		"count(//x:Transaction)", sum("DebitAmount/x:Amount"), sum("CreditAmount/x:Amount"),
		sum("OpeningDebitBalance") + " - " + sum("OpeningCreditBalance"), sum("ClosingDebitBalance") + " - " + sum("ClosingCreditBalance"),
		"//x:NumberOfEntries", "//x:TotalDebit", "//x:TotalCredit",
	} {
		args = append(args, "-v", expression, "-n")
	}
	out, err := says(t, "xmlstarlet", append(args, written(t, "saf-t.xml", content))...)
	if err != nil {
		t.Fatalf("xmlstarlet: %s", out)
	}
	lines := strings.Fields(out)
	for i := range sums {
		// It adds up in binary floating point: exact to the cent for sums of this size.
		sums[i] = decimal.RequireFromString(lines[i]).Round(2)
	}
	for i := range said {
		said[i] = decimal.RequireFromString(lines[len(sums)+i])
	}
	return sums, said
}

func TestXmlstarletAddsUpSAFT(t *testing.T) {
	p, entries := audited(t, SAFT, nil, "POLICY", "PACK")
	content := saft(t, p, march, entries...)
	sums, totals := saftSums(t, content)
	if got, want := fmt.Sprint(sums, totals), "[6 7804.11 7804.11 0 0] [6 7804.11 7804.11]"; got != want {
		t.Errorf("xmlstarlet adds up %s, want %s", got, want)
	}
	sums, totals = saftSums(t, strings.Replace(content, "<Amount>999.99<", "<Amount>1000.00<", 1))
	if sums[1].Equal(totals[1]) {
		t.Error("xmlstarlet does not see a cent")
	}
}

// Whatever a journal holds, the file is one of the format, and its totals are those of its lines.
func TestSAFTOfAnyJournal(t *testing.T) {
	byCurrency := map[ledger.Currency][]Entry{}
	rapid.Check(t, func(t *rapid.T) {
		for _, entry := range anyJournal(t) {
			for i := range entry.Lines { // small enough that sums in floating point are exact to the cent
				entry.Lines[i].Amount.Minor %= 1_000_000
				entry.Lines[i].Functional.Minor %= 1_000_000
			}
			last := len(entry.Lines) - 1
			var amount, functional int64
			for _, line := range entry.Lines[:last] {
				amount, functional = amount+line.Amount.Minor, functional+line.Functional.Minor
			}
			entry.Lines[last].Amount.Minor, entry.Lines[last].Functional.Minor = -amount, -functional
			currency := entry.Lines[0].Functional.Currency
			entry.Number = int64(len(byCurrency[currency]) + 1)
			byCurrency[currency] = append(byCurrency[currency], Canonical(entry))
		}
	})
	for currency, entries := range byCurrency {
		header := Header{From: ledger.NewDate(2025, 1, 1), To: ledger.NewDate(2027, 12, 31), Functional: currency}
		content := saft(t, profileOf(t, SAFT, map[string]string{"fiscal_year_begins": "4"}), header, entries...)
		path := written(t, "saf-t.xml", content)
		for _, schema := range schemas() {
			if out, err := says(t, "xmllint", "--nonet", "--noout", "--schema", schema, path); err != nil {
				t.Errorf("%s: %.1000s", schema, out)
			}
		}
		sums, totals := saftSums(t, content)
		if !sums[0].Equal(totals[0]) || !sums[1].Equal(totals[1]) || !sums[2].Equal(totals[2]) || !totals[1].Equal(totals[2]) || !sums[4].IsZero() {
			t.Errorf("%s: xmlstarlet adds up %v, the file says %v", currency, sums, totals)
		}
	}
}

// A currency with three decimals does not fit the schema's amounts: it stands in words.
func TestSAFTOfThreeDecimals(t *testing.T) {
	e := entry(1, ledger.PurchaseEntry, ledger.Cash, ledger.DeferredRevenue, ledger.Money(1255, "KWD"), ledger.Money(407, "USD"))
	content := saft(t, profileOf(t, SAFT, nil), march, Canonical(e))
	if strings.Contains(content, "KWD</CurrencyCode>") || !strings.Contains(content, "<Description>Credits for acme (KWD 1.255)</Description>\n<DebitAmount>\n<Amount>4.07</Amount>\n</DebitAmount>") {
		t.Errorf("the line is %s", content)
	}
	export, err := Open(profileOf(t, SAFT, nil), newInMemory())
	if err != nil {
		t.Fatal(err)
	}
	const want = `the book: functional_currency "KWD" has amounts of 3 decimals, and SAF-T has 2: nothing is rounded (TOO_MANY_DECIMALS)`
	err = export.Begin(Header{From: march.From, To: march.To, Functional: "KWD"})
	if refused := (RefusedError{}); !errors.As(err, &refused) || len(refused.Refusals) != 1 || refused.Refusals[0].Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestSAFTGroupings(t *testing.T) {
	for _, account := range ledger.Accounts() {
		if message := saftGrouping(saftDefaults[account.Role]); message != "" {
			t.Errorf("%s: %q %s", account.Role, saftDefaults[account.Role], message)
		}
	}
	if saftGrouping("3000") == "" || saftGrouping("/3000") == "" {
		t.Error("a grouping without its category passed")
	}
}

// The header of a batch says that its balances are of no day; what the schema allows fits.
func TestSAFTOfABatch(t *testing.T) {
	p, entries := audited(t, SAFT, nil, "POLICY", "PACK")
	content := saft(t, p, Header{Functional: "USD", Batch: 2, FirstEntry: 1}, entries...)
	const want = "<HeaderComment>The sub-ledger of prepaid credits. Batch 2, entries 1 to 6: balances are of all entries before and up to those by their numbers, not of a day; export period has those of days</HeaderComment>"
	if !strings.Contains(content, want) {
		t.Errorf("the header lacks %s", want)
	}
	for _, schema := range schemas() {
		if out, err := says(t, "xmllint", "--nonet", "--noout", "--schema", schema, written(t, "saf-t.xml", content)); err != nil {
			t.Errorf("%s: %s", schema, out)
		}
	}
}
