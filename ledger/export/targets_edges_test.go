package export

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"drawdown/ledger"
)

// In a summary, every account moves by as much as in the journal, in every target.
func TestTargetsAreToldTheSummary(t *testing.T) {
	for _, tt := range targets() {
		t.Run(string(tt.format), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				functional := ledger.Currency(rapid.SampledFrom([]string{"USD", "JPY", "KWD"}).Draw(t, "functional"))
				journal := anyBook(t, functional, true)
				p := tt.profile(t)
				p.Mode, p.Currency = Summed, InFunctional
				p.Summary = Summary{Dimensions: []string{"customer"}, Kind: rapid.Bool().Draw(t, "kind"), Net: rapid.Bool().Draw(t, "net")}
				files, manifest, err := run(t, p, Header{Functional: functional, Batch: 7, Book: "B"}, journal...)
				var refused RefusedError
				if errors.As(err, &refused) && tt.format == NetSuite && refused.Refusals[0].Code == AmountTooLarge {
					return
				}
				must(t, err)
				checkFiles(t, files, manifest)
				rows, err := tt.journalRows(files, manifest, p)
				must(t, err)
				want, got := map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
				for _, e := range journal {
					for _, line := range e.Lines {
						account := glAccount(p, line.Account)
						want[account] = want[account].Add(line.Functional.Decimal())
					}
				}
				for _, row := range rows {
					got[row.account] = got[row.account].Add(row.amount)
				}
				if !sameSums(got, want) {
					t.Fatalf("got %v, want %v", got, want)
				}
			})
		})
	}
}

// one is an entry of USD 10.00 to edge cases with.
func one(change func(*ledger.Entry)) ledger.Entry {
	e := entry(1, ledger.PurchaseEntry, ledger.Cash, ledger.DeferredRevenue, ledger.Money(1000, "USD"), ledger.Money(1000, "USD"))
	if change != nil {
		change(&e)
	}
	return e
}

func setUp(t tester, format Format, change func(*Profile)) Profile {
	t.Helper()
	for _, tt := range targets() {
		if tt.format == format {
			p := tt.profile(t)
			if change != nil {
				change(&p)
			}
			return p
		}
	}
	t.Fatal("no target " + string(format))
	return Profile{}
}

// A fils fits where the currency of the line keeps its decimals, and is refused elsewhere,
// never rounded.
func TestThreeDecimals(t *testing.T) {
	fils := entry(1, ledger.PurchaseEntry, ledger.Cash, ledger.DeferredRevenue, ledger.Money(1001, "KWD"), ledger.Money(1001, "KWD"))
	for _, tt := range targets() {
		files, m, err := run(t, tt.profile(t), Header{Functional: "KWD", Batch: 7}, fils)
		if tt.places < 0 {
			must(t, err)
			if text := unpacked(t, files.files[m.Files[0].Name].Bytes()); !strings.Contains(text, "1.001") {
				t.Errorf("%s: %s", tt.format, text)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), `JE-000001.1: amount "KWD 1.001" does not fit into 2 decimals`) {
			t.Errorf("%s: %v", tt.format, err)
		}
	}
}

// What is for people is cut and counted; what names something is refused.
func TestLengths(t *testing.T) {
	long := strings.Repeat("ä", 60)
	tests := []struct {
		format Format
		change func(*Profile)
		entry  func(*ledger.Entry)
		want   string // in the file, or of the refusal
		cut    int64
	}{
		{BusinessCentral, nil, func(e *ledger.Entry) { e.Description = long }, "," + strings.Repeat("ä", 49) + "…,", 2},
		{SageIntacct, nil, func(e *ledger.Entry) { e.Description = long }, ",JE-000001 " + strings.Repeat("ä", 19) + "…,", 1},
		{QuickBooksDesktop, nil, func(e *ledger.Entry) { e.Number = 123_456_789 }, `number "JE-123456789" has more than 11 characters and may not be cut (TOO_LONG)`, 0},
		{QuickBooksDesktop, func(p *Profile) { p.Options["number_length"] = "12" }, func(e *ledger.Entry) { e.Number = 123_456_789 }, "\tJE-123456789\t", 0},
		{QuickBooksOnline, func(p *Profile) { p.Prefix = "DRAWDOWN-1" }, func(e *ledger.Entry) { e.Number = 123_456_789 }, `number "DRAWDOWN-1JE-123456789" has more than 21 characters`, 0},
		{Xero, func(p *Profile) { p.Accounts[0].Code = "12345678901" }, nil, `account "12345678901" has more than 10 characters`, 0},
		{SageIntacct, func(p *Profile) { p.Options["description_length"] = "8" }, nil, `number "JE-000001" has more than 8 characters`, 0},
		{NetSuite, nil, func(e *ledger.Entry) {
			e.Lines[0].Amount.Minor, e.Lines[1].Amount.Minor = 1_000_000_000_000, -1_000_000_000_000
			e.Lines[0].Functional.Minor, e.Lines[1].Functional.Minor = 1_000_000_000_000, -1_000_000_000_000
		}, `amount "USD 10000000000.00" has more than 10 digits before the decimals (AMOUNT_TOO_LARGE)`, 0},
	}
	for _, test := range tests {
		files, m, err := run(t, setUp(t, test.format, test.change), in, one(test.entry))
		got := fmt.Sprint(err)
		if err == nil {
			got = files.files[m.Files[0].Name].String()
		}
		if !strings.Contains(got, test.want) || err == nil && m.Cleaned.Cut != test.cut {
			t.Errorf("%s: %d cut, got %s\nwant %s", test.format, m.Cleaned.Cut, got, test.want)
		}
	}
}

// IIF is Windows-1252: what it lacks is replaced in texts and counted, and refused in names.
func TestWindows1252(t *testing.T) {
	p := setUp(t, QuickBooksDesktop, nil)
	files, m := mustRun(t, p, in, one(func(e *ledger.Entry) { e.Description = "Zürich 5€ “株式”\t\"x\"" }))
	if got := files.files[m.Files[0].Name].String(); !strings.Contains(got, "Z\xfcrich 5\x80 \x93??\x94  x\r\n") {
		t.Errorf("%q", got)
	}
	if m.Cleaned != (Sanitised{Controls: 2, Separators: 2, Characters: 2}) {
		t.Errorf("%+v", m.Cleaned)
	}
	p.Dimensions[0] = DimensionRule{"customer", iifName, PassOn, nil}
	if _, _, err := run(t, p, in, one(func(e *ledger.Entry) { e.Lines[0].Dimensions.Customer = "株式" })); err == nil ||
		!strings.Contains(err.Error(), `NAME "株式" holds characters that Windows-1252 does not have`) {
		t.Error(err)
	}
	p.File.Encoding = UTF8
	files, m = mustRun(t, p, in, one(func(e *ledger.Entry) { e.Description = "株式" }))
	if !strings.Contains(files.files[m.Files[0].Name].String(), "\t株式\r\n") || m.Cleaned.Any() {
		t.Error("UTF-8 does not hold it")
	}
}

// A line on receivables must say whose they are, where the target asks for it.
func TestReceivablesHaveNames(t *testing.T) {
	nobody := entry(1, ledger.DueEntry, ledger.AccountsReceivable, ledger.DeferredRevenue, ledger.Money(1000, "USD"), ledger.Money(1000, "USD"))
	for format, field := range map[Format]string{QuickBooksOnline: "Name", QuickBooksDesktop: "NAME"} {
		p := setUp(t, format, func(p *Profile) { p.Dimensions = nil })
		if _, _, err := run(t, p, in, nobody); err == nil || !strings.Contains(err.Error(), "JE-000001.1: "+field+` "" is empty, and the target asks for it (MISSING_DIMENSION)`) {
			t.Errorf("%s: %v", format, err)
		}
		p.Options["receivable_names"] = "no"
		mustRun(t, p, in, nobody)
	}
}

// What the options change, as it stands in the file.
func TestOptions(t *testing.T) {
	euros := entry(1, ledger.PurchaseEntry, ledger.Cash, ledger.DeferredRevenue, ledger.Money(123456, "EUR"), ledger.Money(135802, "USD"))
	for _, test := range []struct {
		name   string
		format Format
		change func(*Profile)
		want   string
	}{
		{"decimal comma", NetSuite, func(p *Profile) { p.File.Decimal = Comma }, `,EUR,1.10000324,Parent : US,Credits for acme,,N,F,10A,"1234,56",,INV-1,`},
		{"semicolon", NetSuite, func(p *Profile) { p.File.Decimal, p.File.Delimiter = Comma, SemicolonDelimiter }, ";10A;1234,56;;INV-1;"},
		{"period, approved, names", NetSuite, func(p *Profile) {
			p.Options["posting_period"], p.Options["approved"], p.Options["account"] = "yes", "yes", "number name"
		}, "JE-000001,03/31/2025,Mar 2025,EUR,1.10000324,Parent : US,Credits for acme,,N,T,10A Cash,1234.56,,"},
		{"the currency of the book", NetSuite, func(p *Profile) { p.Currency = InFunctional }, ",USD,1,Parent : US,Credits for acme,,N,F,10A,1358.02,,"},
		{"a mark before", Xero, func(p *Profile) { p.File.BOM, p.File.LineEnd = true, LF }, "\ufeff*Narration,*Date,Description,*AccountCode,*TaxRate,*Amount,TrackingName1,TrackingOption1,TrackingName2,TrackingOption2\nJE-000001 "},
		{"a named month", Xero, func(p *Profile) { p.File.Dates = NamedDate }, ",31 Mar 2025,"},
		{"columns in one word, class", QuickBooksOnline, func(p *Profile) {
			p.Options["header"], p.Options["currency_column"], p.Currency = "one word", "yes", InTransaction
			p.Dimensions = append(p.Dimensions, DimensionRule{"pack", qboClass, PassOn, nil})
		}, "JournalNo,JournalDate,AccountName,Debits,Credits,Description,Name,Currency,Class\r\nJE-000001,03/31/2025,Cash,1234.56,,Credits for acme,ACME Inc,EUR,starter\r\n"},
		{"four digits", QuickBooksDesktop, func(p *Profile) { p.File.Dates = USDate }, "\t03/31/2025\t"},
		{"the core of a template", SageIntacct, func(p *Profile) {
			p.Options["header"], p.Options["constants"], p.Currency, p.Dimensions = "JOURNAL,DATE,DESCRIPTION,LINE_NO,ACCT_NO,DEBIT,CREDIT", "", InFunctional, nil
			p.Options["description_row"] = "yes"
		}, "JOURNAL,DATE,DESCRIPTION,LINE_NO,ACCT_NO,DEBIT,CREDIT\r\nJOURNAL,DATE,DESCRIPTION,LINE_NO,ACCT_NO,DEBIT,CREDIT\r\nGJ,03/31/2025,JE-000001 Credits for acme,1,10A,1358.02,\r\n,,,2,10D,,1358.02\r\n"},
		{"two sides, local amounts", BusinessCentral, func(p *Profile) {
			p.Options["amounts"], p.Options["amount_lcy"], p.Options["line_step"] = "sides", "yes", "1"
		}, ",1,2025-03-31,,JE-000001,G/L Account,10A,Credits for acme,EUR,1234.56,,1358.02,ACME Inc,,INV-1,"},
		{"a rate", OracleFusion, func(p *Profile) { p.Options["conversion_type"] = "User" }, ",JE-000001.1,,,,,,,,,,,User,2025/03/31,1.10000324,12,"},
		{"a prefix", BusinessCentral, func(p *Profile) { p.Prefix = "D1-" }, ",D1-JE-000001,"},
	} {
		files, m := mustRun(t, setUp(t, test.format, test.change), in, euros)
		if got := unpacked(t, files.files[m.Files[0].Name].Bytes()); !strings.Contains(got, test.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

func TestOptionsThatDoNotFit(t *testing.T) {
	for _, test := range []struct {
		format Format
		change func(*Profile)
		want   string
	}{
		{Xero, func(p *Profile) { p.Options["tracking_name_1"] = "" }, "options.tracking_name_1"},
		{Xero, func(p *Profile) { p.Currency = InTransaction }, "the target takes its base currency alone"},
		{QuickBooksOnline, func(p *Profile) { p.Currency = InTransaction }, `options.currency_column "no" must be "yes"`},
		{SageIntacct, func(p *Profile) { p.Options["header"] = "JOURNAL,DATE,DATE" }, `options.header "DATE" is empty, has blanks around it or stands twice`},
		{SageIntacct, func(p *Profile) { p.Options["constants"] = "LOCATION_ID" }, "is not of the form LOCATION_ID=100"},
		{SageIntacct, func(p *Profile) { p.Options["constants"] = "DEBIT=1" }, `options.constants "DEBIT"`},
		{SageIntacct, func(p *Profile) { p.Dimensions[0].Column = "GLDIMX" }, `dimensions[0].column "GLDIMX" is not a column of options.header`},
		{OracleFusion, func(p *Profile) { p.Options["segments"] = "01.02" }, "is not up to 30 segments of which one is {account}"},
		{OracleFusion, func(p *Profile) { p.Dimensions[0].Column = "Segment2" }, "has the account where a dimension goes too"},
		{OracleFusion, func(p *Profile) { p.Options["ledger_id"] = "main" }, `options.ledger_id "main" is not a number`},
		{OracleFusion, func(p *Profile) { p.Accounts[0].Code = "1,000" }, "holds a character that parts fields"},
		{BusinessCentral, func(p *Profile) { p.Options["batch"] = "" }, `options.batch "" is empty`},
		{BusinessCentral, func(p *Profile) { p.Options["template"] = "GENERAL-JOURNAL" }, "has more than 10 characters"},
		{QuickBooksDesktop, func(p *Profile) { p.File.BOM = true }, "file.bom"},
	} {
		if err := setUp(t, test.format, test.change).Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v\nwant %s", test.format, err, test.want)
		}
	}
}

// Where no one rate gives the amounts of the book, the entry is told in the book's currency,
// or refused.
func TestEntriesAtSeveralRates(t *testing.T) {
	p := setUp(t, NetSuite, nil)
	e := exchanged()
	files, m := mustRun(t, p, in, e)
	if m.Written.FunctionalEntries != 1 || !strings.Contains(files.files[m.Files[0].Name].String(), ",USD,1,Parent : US,Credits for acme,,N,F,10N,,8.00,") {
		t.Error(files.files[m.Files[0].Name].String())
	}
	p.Rates = UnfitRefused
	var refusal RefusalError
	if _, _, err := run(t, p, in, e); !errors.As(err, &refusal) || refusal.Code != NoSingleRate {
		t.Error(err)
	}
	for _, format := range []Format{SageIntacct, BusinessCentral} { // the difference alone
		files, m := mustRun(t, setUp(t, format, nil), in, e)
		if got := files.files[m.Files[0].Name].String(); m.Written.FunctionalEntries != 0 || strings.Count(got, "400.00") != 2 || !strings.Contains(got, "8.00") {
			t.Errorf("%s:\n%s", format, got)
		}
	}
}

// The limits of targets hold by default.
func TestDefaultLimits(t *testing.T) {
	journal := make([]ledger.Entry, 700)
	for i := range journal {
		journal[i] = one(func(e *ledger.Entry) { e.Number = int64(i + 1) })
	}
	for format, want := range map[Format]int{Xero: 5, QuickBooksOnline: 2, NetSuite: 1, QuickBooksDesktop: 1} {
		if _, m := mustRun(t, setUp(t, format, nil), in, journal...); len(m.Files) != want || m.Written.Entries != 700 {
			t.Errorf("%s: %d files, want %d", format, len(m.Files), want)
		}
	}
}
