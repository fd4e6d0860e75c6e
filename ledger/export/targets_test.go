package export

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"

	"drawdown/ledger"
)

// posted is a row of a target as its reader understands it, without help from the writer.
type posted struct {
	code     string // number of the entry
	date     string // YYYY-MM-DD
	account  string
	currency string          // "" is that of the book
	amount   decimal.Decimal // debit positive
	book     decimal.Decimal // the same in the currency of the book, where the target is told
	hasBook  bool
	rate     string
	customer string
	texts    []string // for people
}

// reader reads a file by the written rules of its target and says what breaks one.
type reader func(file []byte, p Profile) ([]posted, error)

// target is what the tests know of a format.
type target struct {
	format Format
	reader reader
	// perLine says that lines of one entry may stand in different currencies.
	perLine bool
	places  int // decimals that the target takes; -1 is those of the currency
	limit   Limits
	setUp   func(*Profile)
}

func targets() []target {
	return []target{
		{format: NetSuite, reader: readNetSuite, places: 2, limit: Limits{Rows: 25000}, setUp: func(p *Profile) {
			p.Options["subsidiary"] = "Parent : US"
			customersTo(p, "Journal Entry - Line: Name")
		}},
		{format: QuickBooksOnline, reader: readQBO, places: 2, limit: Limits{Rows: 1000, Bytes: 350_000}, setUp: func(p *Profile) { customersTo(p, "Name") }},
		{format: QuickBooksDesktop, reader: readIIF, places: 2, setUp: func(p *Profile) { customersTo(p, "NAME") }},
		{format: Xero, reader: readXero, places: 2, limit: Limits{Rows: 300}, setUp: func(p *Profile) {
			p.Options["tracking_name_1"] = "Customer"
			customersTo(p, "TrackingOption1")
		}},
		{format: SageIntacct, reader: readIntacct, places: 2, perLine: true, setUp: func(p *Profile) {
			p.Options["header"] = "DONOTIMPORT,JOURNAL,DATE,DESCRIPTION,REFERENCE_NO,LINE_NO,ACCT_NO,LOCATION_ID,DEBIT,CREDIT,MEMO,CURRENCY,EXCH_RATE_DATE,EXCHANGE_RATE,STATE,GLENTRY_CUSTOMERID"
			p.Options["constants"] = "LOCATION_ID=100"
			p.Currency = InTransaction
			customersTo(p, "GLENTRY_CUSTOMERID")
		}},
		{format: OracleFusion, reader: readFBDI, places: -1, setUp: func(p *Profile) {
			p.Options["ledger_id"], p.Options["segments"] = "300000001", "01.{account}.000"
			customersTo(p, "Segment4")
		}},
		{format: BusinessCentral, reader: readBC, places: -1, perLine: true, setUp: func(p *Profile) { customersTo(p, "Shortcut Dimension 1 Code") }},
	}
}

// customersTo maps the customers of random journals.
func customersTo(p *Profile, column string) {
	p.Dimensions = []DimensionRule{{"customer", column, Refuse, []ValueRule{
		{Value: "acme", Target: "ACME Inc"}, {Value: "=zeta", Target: "Zeta"}, {Value: "", Target: "Nobody"},
	}}}
}

func (tt target) profile(t tester) Profile {
	t.Helper()
	p := mapped(t, tt.format)
	if tt.setUp != nil {
		tt.setUp(&p)
	}
	return p
}

// anyBook draws a journal in four currencies, with rates, exchange differences, and texts
// made to break files.
func anyBook(t *rapid.T, functional ledger.Currency, whole bool) []ledger.Entry {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[=+\-@\t;,|:'"*! a-zäß€0-9\r\n]{0,60}`))
	money := rapid.OneOf(rapid.Int64Range(-99, 99), rapid.Int64Range(-99_999_999, 99_999_999))
	entries := make([]ledger.Entry, rapid.IntRange(0, 8).Draw(t, "entries"))
	for n := range entries {
		currency := ledger.Currency(rapid.SampledFrom([]string{"USD", "EUR", "JPY", "KWD"}).Draw(t, "currency"))
		factor := func(c ledger.Currency) int64 {
			if whole && c == "KWD" {
				return 10 // fits into two decimals
			}
			return 1
		}
		rate := rapid.Int64Range(1, 300).Draw(t, "rate")
		kind := rapid.SampledFrom([]string{"one rate", "two rates", "difference"}).Draw(t, "kind")
		day := ledger.NewDate(2025, 3, rapid.IntRange(1, 31).Draw(t, "day"))
		e := ledger.Entry{
			Number: int64(n + 1), Kind: ledger.PurchaseEntry, AccountingDate: day, OccurredOn: day,
			PostedAt: time.Date(2025, 4, 1, 3, 4, 5, 0, time.UTC), Reference: text.Draw(t, "reference"), Description: text.Draw(t, "description"),
		}
		var sum, inBook int64
		count := rapid.IntRange(2, 5).Draw(t, "lines")
		for i := range count {
			minor := money.Draw(t, "minor") * factor(currency)
			book := minor
			switch {
			case currency == functional:
			case kind == "two rates":
				book = money.Draw(t, "book") * factor(functional)
			default:
				book = minor / factor(currency) * rate * factor(functional)
			}
			if kind == "difference" && currency != functional && i == count-2 {
				minor, book = 0, 800*factor(functional)
			}
			if i == count-1 {
				minor, book = -sum, -inBook
			}
			sum, inBook = sum+minor, inBook+book
			e.Lines = append(e.Lines, ledger.Line{
				Account:    rapid.SampledFrom(ledger.Accounts()).Draw(t, "account").Role,
				Amount:     ledger.Money(minor, currency),
				Functional: ledger.Money(book, functional),
				Dimensions: ledger.Dimensions{Customer: rapid.SampledFrom([]string{"acme", "=zeta", ""}).Draw(t, "customer")},
			})
		}
		if err := e.Check(); err != nil {
			t.Fatal(err)
		}
		entries[n] = e
	}
	return entries
}

// agrees holds what a target was told against the journal: every entry, on its day, with
// every account at its sum, in the currency of the contract or of the book.
func agrees(rows []posted, p Profile, functional ledger.Currency, perLine bool, journal ...ledger.Entry) error {
	type key struct{ account, currency, customer string }
	told := map[string]map[key]decimal.Decimal{}
	inBooks := map[string]map[key]decimal.Decimal{} // as the target comes to know it: told, or by its rate
	order := []string{}
	for i, row := range rows {
		if row.currency == "" {
			row.currency = string(functional)
		}
		if row.rate != "" {
			rate := decimal.RequireFromString(row.rate)
			if row.currency == string(functional) && !rate.Equal(decimal.NewFromInt(1)) {
				return fmt.Errorf("%s: a rate of %s for the currency of the book", row.code, row.rate)
			}
			row.book, row.hasBook = row.amount.Mul(rate).Round(functional.Exponent()), true
		}
		if told[row.code] == nil {
			told[row.code] = map[key]decimal.Decimal{}
			order = append(order, row.code)
		} else if rows[i-1].code != row.code {
			return fmt.Errorf("rows of %s are not together", row.code)
		}
		at := key{row.account, row.currency, row.customer}
		told[row.code][at] = told[row.code][at].Add(row.amount)
		if row.hasBook {
			if inBooks[row.code] == nil {
				inBooks[row.code] = map[key]decimal.Decimal{}
			}
			home := key{row.account, string(functional), row.customer}
			inBooks[row.code][home] = inBooks[row.code][home].Add(row.book)
		}
		for _, text := range row.texts {
			if startsLikeAFormula(text) {
				return fmt.Errorf("%s: the text %q is a formula", row.code, text)
			}
		}
	}
	for _, e := range journal {
		code := fmt.Sprintf("JE-%06d", e.Number)
		transaction, inBook, mixed := map[key]decimal.Decimal{}, map[key]decimal.Decimal{}, map[key]decimal.Decimal{}
		for _, line := range e.Lines {
			account := glAccount(p, line.Account)
			customer := map[string]string{"acme": "ACME Inc", "=zeta": "Zeta", "": "Nobody"}[line.Dimensions.Customer]
			at := key{account, string(line.Amount.Currency), customer}
			transaction[at] = transaction[at].Add(line.Amount.Decimal())
			home := key{account, string(line.Functional.Currency), customer}
			inBook[home] = inBook[home].Add(line.Functional.Decimal())
			if line.Amount.IsZero() {
				mixed[home] = mixed[home].Add(line.Functional.Decimal())
			} else {
				mixed[at] = mixed[at].Add(line.Amount.Decimal())
			}
		}
		got := told[code]
		delete(told, code)
		ways := []map[key]decimal.Decimal{inBook}
		if p.Currency == InTransaction {
			ways = append(ways, transaction)
			if perLine {
				ways = append(ways, mixed)
			}
		}
		if !slices.ContainsFunc(ways, func(want map[key]decimal.Decimal) bool { return sameSums(got, want) }) {
			return fmt.Errorf("%s is %v in the file, in the journal %v or %v", code, got, transaction, inBook)
		}
		if known, ok := inBooks[code]; ok && !sameSums(known, inBook) {
			return fmt.Errorf("%s comes to %v in the currency of the book, in the journal to %v", code, known, inBook)
		}
		for _, row := range rows {
			if row.code == code && row.date != e.AccountingDate.String() {
				return fmt.Errorf("%s is on %s in the file", code, row.date)
			}
		}
	}
	for code := range told {
		return fmt.Errorf("%s is not in the journal", code)
	}
	if !slices.IsSorted(order) {
		return errors.New("entries are out of order")
	}
	return nil
}

func startsLikeAFormula(text string) bool {
	r, size := utf8.DecodeRuneInString(strings.TrimLeft(text, " \t"))
	return size > 0 && strings.ContainsRune("=+-@＝＋－＠", r)
}

// glAccount is what the test profile calls the role.
func glAccount(p Profile, role ledger.Role) string {
	for _, rule := range p.Accounts {
		if rule.Role == role {
			if p.Format == QuickBooksOnline || p.Format == QuickBooksDesktop {
				return rule.Name
			}
			return rule.Code
		}
	}
	return ""
}

func sameSums[K comparable](a, b map[K]decimal.Decimal) bool {
	for k := range a {
		if !a[k].Equal(b[k]) {
			return false
		}
	}
	for k := range b {
		if !a[k].Equal(b[k]) {
			return false
		}
	}
	return true
}

// journalRows reads the files of an export and holds each against its limits.
func (tt target) journalRows(files *inMemory, m Manifest, p Profile) ([]posted, error) {
	var all []posted
	for _, file := range m.Files {
		if file.Kind != JournalFile {
			continue
		}
		content := files.files[file.Name].Bytes()
		rows, err := tt.reader(content, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
		if int64(len(rows)) != file.Rows || tt.limit.Rows > 0 && file.Rows > tt.limit.Rows || tt.limit.Bytes > 0 && int64(len(content)) > tt.limit.Bytes {
			return nil, fmt.Errorf("%s has %d rows and %d bytes", file.Name, len(rows), len(content))
		}
		sums := map[string]decimal.Decimal{}
		for _, row := range rows {
			if row.currency == "" {
				row.currency = string(m.Book)
			}
			if row.amount.Sign() > 0 {
				sums[row.currency] = sums[row.currency].Add(row.amount)
			}
		}
		for _, total := range file.Totals {
			if want := decimal.RequireFromString(total.Debit); !sums[string(total.Currency)].Equal(want) {
				return nil, fmt.Errorf("%s has debits of %s %s, its manifest says %s", file.Name, total.Currency, sums[string(total.Currency)], want)
			}
		}
		all = append(all, rows...)
	}
	return all, nil
}

// Any journal goes into any target as it is in the book, or is refused for a reason that holds.
func TestTargetsAreToldTheJournal(t *testing.T) {
	for _, tt := range targets() {
		t.Run(string(tt.format), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				functional := ledger.Currency(rapid.SampledFrom([]string{"USD", "EUR", "JPY", "KWD"}).Draw(t, "functional"))
				whole := rapid.IntRange(0, 3).Draw(t, "whole") > 0
				journal := anyBook(t, functional, whole)
				p := tt.profile(t)
				if rapid.Bool().Draw(t, "cut") {
					p.Limits.Rows = 5
				}
				header := Header{Functional: functional, Batch: 7, Book: "B"}
				files, manifest, err := run(t, p, header, journal...)
				var refused RefusedError
				if errors.As(err, &refused) {
					for _, r := range refused.Refusals {
						if whole, _, _ := strings.Cut(r.Value, "."); r.Code == AmountTooLarge && tt.format == NetSuite && len(whole) > len("USD 9999999999") {
							continue
						}
						if r.Code != TooManyDecimals || whole || tt.places < 0 || !strings.HasPrefix(r.Value, "KWD ") || strings.HasSuffix(r.Value, "0") {
							t.Fatal(err)
						}
					}
					return
				}
				must(t, err)
				checkFiles(t, files, manifest)
				rows, err := tt.journalRows(files, manifest, p)
				must(t, err)
				must(t, agrees(rows, p, functional, tt.perLine, journal...))
			})
		})
	}
}

// The checks above can fail: a cent, a journal number, a formula, a sign, a row.
func TestTheChecksSeeWhatIsWrong(t *testing.T) {
	for _, tt := range targets() {
		t.Run(string(tt.format), func(t *testing.T) {
			p := tt.profile(t)
			journal := small()[:4]
			for i := range journal {
				for j := range journal[i].Lines {
					journal[i].Lines[j].Dimensions = ledger.Dimensions{Customer: "acme"}
				}
			}
			files, manifest := mustRun(t, p, in, journal...)
			name := manifest.Files[0].Name
			check := func(content []byte) error {
				rows, err := tt.reader(content, p)
				if err != nil {
					return err
				}
				return agrees(rows, p, "USD", tt.perLine, journal...)
			}
			whole := unpacked(t, files.files[name].Bytes())
			if err := check(repacked(t, tt, whole)); err != nil {
				t.Fatal(err)
			}
			for what, change := range map[string][2]string{
				"a cent":        {"4000.00", "4000.01"},
				"a number":      {"JE-000003", "JE-00000"},
				"a formula":     {"Credits for acme", "=redits for acme"},
				"a date":        {"31", "30"},
				"another day":   {"31", "45"},
				"an account":    {map[bool]string{true: "Cash", false: "10A"}[p.Format == QuickBooksOnline || p.Format == QuickBooksDesktop], "Till"},
				"a customer":    {"ACME Inc", "ACME Ltd"},
				"a line break":  {"acme", "ac\nme"},
				"an exponent":   {"4000.00", "4e3"},
				"a thousand":    {"4000.00", "4 000.00"},
				"all of a line": {whole[strings.LastIndex(strings.TrimRight(whole, "\r\n"), "\n")+1:], ""},
				"a rate":        {"0.0066666", "0.0066667"},
				"its amount":    {"999.99", "999.98"},
			} {
				if told := tt.format == NetSuite || tt.format == SageIntacct; what == "a rate" && !told || what == "its amount" && (told || tt.format == BusinessCentral) {
					continue // the other of the two, or neither, is in the file
				}
				broken := strings.Replace(whole, change[0], change[1], 1)
				if broken == whole {
					t.Errorf("%s: no %q in the file", what, change[0])
				}
				if tt.format == SageIntacct && what == "a date" {
					broken = strings.Replace(whole, "03/31/2025", "03/30/2025", 1)
				}
				if err := check(repacked(t, tt, broken)); err == nil {
					t.Errorf("%s passed", what)
				}
			}
		})
	}
}

// unpacked is the text in a file, out of its archive and encoding.
func unpacked(t *testing.T, content []byte) string {
	t.Helper()
	if !bytes.HasPrefix(content, []byte("PK")) {
		return string(content)
	}
	inner, err := unzipped(content)
	if err != nil {
		t.Fatal(err)
	}
	return string(inner)
}

func repacked(t *testing.T, tt target, text string) []byte {
	t.Helper()
	if tt.format != OracleFusion {
		return []byte(text)
	}
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	w, err := archive.Create("GlInterface.csv")
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err = errors.Join(err, archive.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func unzipped(content []byte) ([]byte, error) {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, err
	}
	if len(archive.File) != 1 || archive.File[0].Name != "GlInterface.csv" {
		return nil, errors.New("the archive does not hold GlInterface.csv alone")
	}
	inner, err := archive.File[0].Open()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(inner)
}

func TestTargetGoldens(t *testing.T) {
	for _, tt := range targets() {
		p := tt.profile(t)
		journal := slices.Concat(small()[:4], []ledger.Entry{exchanged6()})
		for i := range journal {
			for j := range journal[i].Lines {
				journal[i].Lines[j].Dimensions = ledger.Dimensions{Customer: "acme"}
			}
		}
		files, m := mustRun(t, p, in, journal...)
		golden(t, "target."+string(tt.format)+".txt", unpacked(t, files.files[m.Files[0].Name].Bytes()))
	}
}

// money reads an amount in plain decimals with exactly so many places, or those of its
// currency.
func money(text string, places int, currency string) (decimal.Decimal, error) {
	unsigned := strings.TrimPrefix(text, "-")
	whole, fraction, _ := strings.Cut(unsigned, ".")
	if places < 0 {
		places = map[string]int{"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}[currency]
	}
	if whole == "" || strings.Trim(whole, "0123456789") != "" || strings.Trim(fraction, "0123456789") != "" || len(fraction) != places {
		return decimal.Zero, fmt.Errorf("%q is no amount with %d decimals", text, places)
	}
	return decimal.RequireFromString(text), nil
}

// debitOrCredit reads two columns of which one is empty.
func debitOrCredit(debit, credit string, places int, currency string) (decimal.Decimal, error) {
	if (debit == "") == (credit == "") || strings.HasPrefix(debit+credit, "-") {
		return decimal.Zero, fmt.Errorf("debit %q and credit %q", debit, credit)
	}
	amount, err := money(debit+credit, places, currency)
	if credit != "" {
		amount = amount.Neg()
	}
	return amount, err
}

// day reads a date in a layout of package time.
func day(text, layout string) (string, error) {
	t, err := time.Parse(layout, text)
	if err != nil {
		return "", err
	}
	return t.Format(time.DateOnly), nil
}

// entryForm is the number of an entry of the journal, or of a summary.
var entryForm = regexp.MustCompile(`^(JE-[0-9]{6,}|SJ7-[0-9]+)$`)

// entryNumber holds a journal number against its form.
func entryNumber(text string, longest int) error {
	if !entryForm.MatchString(text) || len(text) > longest {
		return fmt.Errorf("%q is no journal number", text)
	}
	return nil
}

// table reads a CSV file with this header.
func table(file []byte, header ...string) ([]map[string]string, error) {
	if !utf8.Valid(file) || bytes.HasPrefix(file, []byte("\ufeff")) || bytes.Count(file, []byte("\n")) != bytes.Count(file, []byte("\r\n")) {
		return nil, errors.New("is not UTF-8 with CR LF and without a byte-order mark")
	}
	all, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		return nil, err
	}
	if !slices.Equal(all[0], header) {
		return nil, fmt.Errorf("the header is %q", all[0])
	}
	rows := make([]map[string]string, 0, len(all)-1)
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, name := range header {
			if strings.ContainsAny(cells[i], "\r\n\t\x00") {
				return nil, fmt.Errorf("%s %q is not on one line", name, cells[i])
			}
			row[name] = cells[i]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func atMost(longest int, texts ...string) error {
	for _, text := range texts {
		if utf8.RuneCountInString(text) > longest {
			return fmt.Errorf("%q has more than %d characters", text, longest)
		}
	}
	return nil
}

func readNetSuite(file []byte, _ Profile) (all []posted, _ error) {
	const line = "Journal Entry - Line: "
	rows, err := table(file, "External ID", "Date", "Posting Period", "Currency", "Exchange Rate", "Subsidiary", "Memo", "Reversal Date", "Defer Entry(Y/N)", "Approved(T/F)",
		line+"Account", line+"Debit", line+"Credit", line+"Memo", line+"Name", line+"Department", line+"Class", line+"Location")
	if err != nil {
		return nil, err
	}
	headers, lines := map[string]string{}, map[string]int{}
	for _, row := range rows {
		amount, e1 := debitOrCredit(row[line+"Debit"], row[line+"Credit"], 2, "")
		date, e2 := day(row["Date"], "01/02/2006")
		id := row["External ID"]
		ofEntry := fmt.Sprint(row["Date"], row["Currency"], row["Exchange Rate"], row["Subsidiary"], row["Memo"], row["Approved(T/F)"])
		if before, known := headers[id]; known && before != ofEntry {
			return nil, fmt.Errorf("%s: the rows of a journal differ in its header", id)
		}
		headers[id] = ofEntry
		lines[id]++
		rate, e3 := decimal.NewFromString(row["Exchange Rate"])
		if rate.Sign() <= 0 || row["Subsidiary"] == "" || len(row["Currency"]) != 3 || row["Approved(T/F)"] != "F" || row["Defer Entry(Y/N)"] != "N" || row[line+"Account"] == "" {
			return nil, fmt.Errorf("%s lacks what is required: %q", id, row)
		}
		if amount.Abs().GreaterThan(decimal.RequireFromString("9999999999.99")) {
			return nil, fmt.Errorf("%s is too much", amount)
		}
		if err := errors.Join(e1, e2, e3, entryNumber(id, 100), atMost(999, row["Memo"], row[line+"Memo"])); err != nil {
			return nil, err
		}
		all = append(all, posted{
			code: id, date: date, account: row[line+"Account"], currency: row["Currency"], amount: amount, rate: row["Exchange Rate"],
			customer: row[line+"Name"], texts: []string{row["Memo"], row[line+"Memo"]},
		})
	}
	for id, count := range lines {
		if count < 2 {
			return nil, fmt.Errorf("%s has %d lines", id, count)
		}
	}
	return all, nil
}

func readQBO(file []byte, _ Profile) (all []posted, _ error) {
	rows, err := table(file, "Journal No.", "Journal Date", "Account Name", "Debits", "Credits", "Description", "Name")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		amount, e1 := debitOrCredit(row["Debits"], row["Credits"], 2, "")
		date, e2 := day(row["Journal Date"], "01/02/2006")
		if row["Description"] == "" || row["Account Name"] == "" || row["Account Name"] == "Accounts receivable" && row["Name"] == "" {
			return nil, fmt.Errorf("something is missing: %q", row)
		}
		if err := errors.Join(e1, e2, entryNumber(row["Journal No."], 21), atMost(4000, row["Description"]), atMost(100, row["Account Name"], row["Name"])); err != nil {
			return nil, err
		}
		if amount.Abs().GreaterThan(decimal.NewFromInt(99_999_999_999)) {
			return nil, fmt.Errorf("%s is too much", amount)
		}
		all = append(all, posted{
			code: row["Journal No."], date: date, account: row["Account Name"], amount: amount,
			customer: row["Name"], texts: []string{row["Description"]},
		})
	}
	return all, nil
}

func readIIF(file []byte, _ Profile) (all []posted, _ error) {
	utf, err := charmap.Windows1252.NewDecoder().Bytes(file)
	if err != nil || bytes.ContainsRune(utf, utf8.RuneError) {
		return nil, errors.New("is not Windows-1252")
	}
	lines := strings.Split(string(utf), "\r\n")
	head := []string{
		"!TRNS\tTRNSID\tTRNSTYPE\tDATE\tACCNT\tNAME\tCLASS\tAMOUNT\tDOCNUM\tMEMO",
		"!SPL\tSPLID\tTRNSTYPE\tDATE\tACCNT\tNAME\tCLASS\tAMOUNT\tDOCNUM\tMEMO",
		"!ENDTRNS",
	}
	if len(lines) < 4 || !slices.Equal(lines[:3], head) || lines[len(lines)-1] != "" {
		return nil, errors.New("the header or the end is wrong")
	}
	var open []posted
	sum := decimal.Zero
	for _, text := range lines[3 : len(lines)-1] {
		cells := strings.Split(text, "\t")
		if text == "ENDTRNS" {
			if len(open) < 2 || !sum.IsZero() {
				return nil, fmt.Errorf("%d lines that add up to %s", len(open), sum)
			}
			all, open, sum = append(all, open...), nil, decimal.Zero
			continue
		}
		if want := map[bool]string{true: "TRNS", false: "SPL"}[len(open) == 0]; cells[0] != want || len(cells) != 10 || strings.ContainsAny(text, "\"\n\r") {
			return nil, fmt.Errorf("%q is no %s", text, want)
		}
		date, e1 := day(cells[3], "01/02/06")
		amount, e2 := money(cells[7], 2, "")
		if cells[1] != "" || cells[2] != "GENERAL JOURNAL" || cells[4] == "" || cells[4] == "Accounts receivable" && cells[5] == "" || len(open) > 0 && open[0].code != cells[8] {
			return nil, fmt.Errorf("%q", cells)
		}
		if err := errors.Join(e1, e2, entryNumber(cells[8], 11)); err != nil {
			return nil, err
		}
		sum = sum.Add(amount)
		open = append(open, posted{code: cells[8], date: date, account: cells[4], amount: amount, customer: cells[5], texts: []string{cells[9]}})
	}
	if len(open) > 0 {
		return nil, errors.New("a transaction has no ENDTRNS")
	}
	return all, nil
}

func readXero(file []byte, _ Profile) (all []posted, _ error) {
	rows, err := table(file, "*Narration", "*Date", "Description", "*AccountCode", "*TaxRate", "*Amount", "TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2")
	if err != nil {
		return nil, err
	}
	narrations := map[string]string{}
	for _, row := range rows {
		code, _, _ := strings.Cut(row["*Narration"], " ")
		date, e1 := day(row["*Date"], "02/01/2006")
		amount, e2 := money(row["*Amount"], 2, "")
		if before, known := narrations[code]; known && before != row["*Narration"]+row["*Date"] {
			return nil, fmt.Errorf("%s falls apart: its narrations or dates differ", code)
		}
		narrations[code] = row["*Narration"] + row["*Date"]
		if row["*TaxRate"] != "Tax Exempt" || (row["TrackingName1"] == "") != (row["TrackingOption1"] == "") || row["TrackingOption2"]+row["TrackingName2"] != "" {
			return nil, fmt.Errorf("%q", row)
		}
		if err := errors.Join(e1, e2, entryNumber(code, 20), atMost(10, row["*AccountCode"]), atMost(4000, row["*Narration"])); err != nil {
			return nil, err
		}
		all = append(all, posted{
			code: code, date: date, account: row["*AccountCode"], amount: amount, customer: row["TrackingOption1"],
			texts: []string{strings.TrimSpace(row["*Narration"]), row["Description"]},
		})
		if _, text, _ := strings.Cut(row["*Narration"], " "); strings.HasPrefix(text, "=redits") {
			return nil, errors.New("the narration goes on with a formula")
		}
	}
	return all, nil
}

func readIntacct(file []byte, p Profile) (all []posted, _ error) {
	rows, err := table(file, strings.Split(p.Options["header"], ",")...)
	if err != nil {
		return nil, err
	}
	var first map[string]string
	next := 1
	for _, row := range rows {
		if row["LINE_NO"] == "1" {
			if next == 2 {
				return nil, errors.New("a journal of one line")
			}
			first, next = row, 1
			if row["JOURNAL"] != "GJ" || row["STATE"] != "Draft" {
				return nil, fmt.Errorf("%q", row)
			}
		} else if row["JOURNAL"]+row["DATE"]+row["DESCRIPTION"]+row["REFERENCE_NO"]+row["STATE"] != "" {
			return nil, errors.New("a later line repeats what is about the journal")
		}
		if row["LINE_NO"] != strconv.Itoa(next) || first == nil {
			return nil, fmt.Errorf("line %s instead of %d", row["LINE_NO"], next)
		}
		next++
		date, e1 := day(first["DATE"], "01/02/2006")
		rateDay, e2 := day(row["EXCH_RATE_DATE"], "01/02/2006")
		amount, e3 := debitOrCredit(row["DEBIT"], row["CREDIT"], 2, "")
		code, description, _ := strings.Cut(first["DESCRIPTION"], " ")
		if code != first["REFERENCE_NO"] || row["LOCATION_ID"] != "100" || row["DONOTIMPORT"] != "" || rateDay != date || row["ACCT_NO"] == "" || len(row["CURRENCY"]) != 3 || row["GLENTRY_CUSTOMERID"] == "" {
			return nil, fmt.Errorf("%q", row)
		}
		if err := errors.Join(e1, e2, e3, entryNumber(code, 45), atMost(30, first["DESCRIPTION"])); err != nil {
			return nil, err
		}
		rate, err := decimal.NewFromString(row["EXCHANGE_RATE"])
		if err != nil || rate.Sign() <= 0 {
			return nil, fmt.Errorf("the rate %q", row["EXCHANGE_RATE"])
		}
		one := posted{
			code: code, date: date, account: row["ACCT_NO"], currency: row["CURRENCY"], amount: amount, rate: row["EXCHANGE_RATE"],
			customer: row["GLENTRY_CUSTOMERID"], texts: []string{first["DESCRIPTION"], row["MEMO"]},
		}
		if description != "" && strings.HasPrefix(description, "=redits") {
			one.texts = append(one.texts, description)
		}
		all = append(all, one)
	}
	if next == 2 {
		return nil, errors.New("a journal of one line")
	}
	return all, nil
}

func readFBDI(file []byte, _ Profile) (all []posted, _ error) {
	inner, err := unzipped(file)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(inner), "\r\n")
	if lines[len(lines)-1] != "" || !utf8.Valid(inner) {
		return nil, errors.New("does not end with CR LF, or is no UTF-8")
	}
	for _, text := range lines[:len(lines)-1] {
		cells := strings.Split(text, ",")
		if len(cells) != 95 || strings.ContainsAny(text, "\"\r\n\t") {
			return nil, fmt.Errorf("%d columns: %q", len(cells), text)
		}
		column := func(n int) string { return cells[n-1] }
		date, e1 := day(column(3), "2006/01/02")
		created, e2 := day(column(7), "2006/01/02")
		amount, e3 := debitOrCredit(column(39), column(40), -1, column(6))
		// Converted, a line may be less than nothing on its side: in a net summary at several rates.
		book, e4 := money(column(41)+column(42), -1, functionalOf(column(41)+column(42)))
		if column(42) != "" {
			book = book.Neg()
		}
		if (column(39) == "") != (column(41) == "") || (column(40) == "") != (column(42) == "") {
			return nil, fmt.Errorf("entered and converted on two sides: %q", text)
		}
		code := column(46)
		if column(1) != "NEW" || column(2) != "300000001" || column(4) == "" || column(5) == "" || column(8) != "A" || column(9) != "01" || column(11) != "000" ||
			created != map[bool]string{true: date, false: "2025-04-01"}[strings.HasPrefix(code, "SJ")] || column(67) == "" || !strings.HasPrefix(column(53), code+".") {
			return nil, fmt.Errorf("%q", cells)
		}
		for n := 1; n <= 95; n++ {
			used := n <= 12 || n >= 39 && n <= 44 || n >= 46 && n <= 48 || n == 52 || n == 53 || n == 67
			if !used && column(n) != "" {
				return nil, fmt.Errorf("column %d is %q", n, column(n))
			}
		}
		if err := errors.Join(e1, e2, e3, e4, entryNumber(code, 100), atMost(100, column(43), column(48)), atMost(240, column(44), column(47), column(52)), atMost(25, column(4), column(5), column(10))); err != nil {
			return nil, err
		}
		all = append(all, posted{
			code: code, date: date, account: column(10), currency: column(6), amount: amount, book: book, hasBook: true,
			customer: column(12), texts: []string{column(47), column(48), column(52)},
		})
	}
	return all, nil
}

// functionalOf is a currency with as many decimals as the amount has.
func functionalOf(amount string) string {
	_, fraction, _ := strings.Cut(amount, ".")
	return map[int]string{0: "JPY", 2: "USD", 3: "KWD"}[len(fraction)]
}

func readBC(file []byte, _ Profile) (all []posted, _ error) {
	rows, err := table(file, "Journal Template Name", "Journal Batch Name", "Line No.", "Posting Date", "Document Type", "Document No.", "Account Type", "Account No.",
		"Description", "Currency Code", "Amount", "Shortcut Dimension 1 Code", "Shortcut Dimension 2 Code", "External Document No.", "Bal. Account No.")
	if err != nil {
		return nil, err
	}
	last := 0
	for _, row := range rows {
		number, e0 := strconv.Atoi(row["Line No."])
		if number <= last || number > math.MaxInt32 {
			return nil, fmt.Errorf("line %d after %d", number, last)
		}
		last = number
		date, e1 := day(row["Posting Date"], "2006-01-02")
		currency := row["Currency Code"]
		if currency == "" {
			currency = functionalOf(row["Amount"])
		}
		amount, e2 := money(row["Amount"], -1, currency)
		if row["Journal Template Name"] != "GENERAL" || row["Journal Batch Name"] != "DEFAULT" || row["Document Type"]+row["Bal. Account No."] != "" || row["Account Type"] != "G/L Account" {
			return nil, fmt.Errorf("%q", row)
		}
		if err := errors.Join(e0, e1, e2, entryNumber(row["Document No."], 20), atMost(20, row["Account No."], row["External Document No."], row["Shortcut Dimension 1 Code"]), atMost(50, row["Description"])); err != nil {
			return nil, err
		}
		all = append(all, posted{
			code: row["Document No."], date: date, account: row["Account No."], currency: row["Currency Code"], amount: amount,
			customer: row["Shortcut Dimension 1 Code"], texts: []string{row["Description"], row["External Document No."]},
		})
	}
	return all, nil
}
