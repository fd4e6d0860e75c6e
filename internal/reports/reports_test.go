package reports_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/reports"
	"drawdown/internal/store/bookstest"
	"drawdown/ledger"
	"drawdown/revrec"
)

// book is a book on one engine, whose accounts have codes.
type book struct{ *bookstest.Book }

func onBoth(t *testing.T) []*book {
	t.Helper()
	var all []*book
	for _, b := range bookstest.OnBoth(t, time.Date(2024, 1, 2, 9, 0, 0, 0, time.UTC)) {
		_, err := b.GLAccountsSet(t.Context(), "gl", books.SampleGLCodes())
		b.Must(err)
		all = append(all, &book{b})
	}
	return all
}

// begin sells 1,000 credits for 100.00 and uses 250 of them in January.
func (b *book) begin() {
	ctx := b.T.Context()
	term, price, used := ledger.Duration{Months: 12}, decimal.NewFromInt(100), decimal.NewFromInt(250)
	_, err := b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "=annual", Policy: revrec.Policy{Expires: &term}})
	if err == nil {
		b.T.Fatal("a code that is a formula was taken")
	}
	_, err = b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "annual", Policy: revrec.Policy{Expires: &term}})
	b.Must(err)
	_, err = b.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "=1+1"})
	b.Must(err)
	_, err = b.Purchase(ctx, "b", books.NewPurchase{Customer: "=1+1", Policy: "annual", Credits: decimal.NewFromInt(1000), Price: &price})
	b.Must(err)
	b.Now = time.Date(2024, 1, 20, 9, 0, 0, 0, time.UTC)
	_, err = b.RecordUsage(ctx, []books.UsageInput{{ID: "u1", Customer: "=1+1", Credits: &used}})
	b.Must(err)
	b.run(2024, 2, 1)
}

// run runs the jobs on a day.
func (b *book) run(year int, month time.Month, day int) {
	b.Now = time.Date(year, month, day, 6, 0, 0, 0, time.UTC)
	_, err := b.RunJob(b.T.Context(), books.JobAll, books.RunOptions{})
	b.Must(err)
}

// goOn sells and uses more, late too.
func (b *book) goOn() {
	ctx := b.T.Context()
	price, used := decimal.NewFromInt(50), decimal.NewFromInt(100)
	b.Now = time.Date(2024, 2, 3, 9, 0, 0, 0, time.UTC)
	_, err := b.Purchase(ctx, "b2", books.NewPurchase{Customer: "=1+1", Policy: "annual", Credits: decimal.NewFromInt(500), Price: &price})
	b.Must(err)
	_, err = b.RecordUsage(ctx, []books.UsageInput{{ID: "u2", Customer: "=1+1", Credits: &used, OccurredAt: time.Date(2024, 1, 25, 0, 0, 0, 0, time.UTC)}})
	b.Must(err)
	b.run(2024, 2, 4)
}

func (b *book) file(name string, format reports.Format, given map[string]string) string {
	b.T.Helper()
	asked, err := reports.Find(name)
	b.Must(err)
	args, err := asked.Parse(b.Books, given)
	b.Must(err)
	var out bytes.Buffer
	b.Must(b.View(b.T.Context(), func(ctx context.Context, tx books.Tx) error {
		_, err := asked.File(ctx, b.Books, tx, args, format, &out)
		return err
	}))
	return out.String()
}

// inquiry is a report with what is asked of it.
type inquiry struct {
	reports.Report
	given map[string]string
}

// inquiries are all reports with what they need, and some with more.
func inquiries() (all []inquiry) {
	given := map[string]string{
		"from": "2024-01-01", "to": "2024-01-31", "on": "2024-01-31", "through": "2024-01", "period": "2024-01", "month": "2024-01", "customer": "=1+1", "policy": "pooled",
		"account": "DEFERRED_REVENUE", "asOf": "2024-02-01T06:00:00Z",
	}
	more := map[string][]map[string]string{
		"deferred-revenue-roll-forward": {{"by": "POLICY"}},
		"early-breakage-roll-forward":   {{"byPool": "true", "policy": "pooled"}},
		"account-activity":              {{"account": "UNCLAIMED_PROPERTY"}, {"from": "2024-01-22"}, {"currency": "EUR"}},
		"trial-balance":                 {{"from": "2024-01", "to": "2024-01"}},
		"unclaimed-property":            {{"jurisdiction": "US-DE"}},
		"expiring":                      {{"from": "2024-02-01", "to": "2025-01-31"}},
		"customer-statement":            {{"detail": "EVENT"}, {"customer": "beta"}},
		"breakage":                      {{"policy": "pooled"}},
		"out-of-period":                 {{"to": "2024-02-29"}},
		"out-of-period-months":          {{"to": "2024-02-29"}},
		"exceptions":                    {{"to": "2024-03-31"}},
	}
	for _, r := range reports.All() {
		asked := map[string]string{}
		for _, p := range r.Parameters {
			if value, known := given[p.Name]; known && (p.Required || p.Name == "asOf") {
				asked[p.Name] = value
			}
		}
		if r.Name != "expiring" { // January is over
			all = append(all, inquiry{r, asked})
		}
		for _, values := range more[r.Name] {
			with := maps.Clone(asked)
			maps.Copy(with, values)
			all = append(all, inquiry{r, with})
		}
	}
	return all
}

// TestTheSameQuestion holds that each report asked as of an instant is the same bytes whatever came
// after, on both engines, and that its count and totals are those of its rows; and that a report
// that is of now alone refuses an instant that has passed.
func TestTheSameQuestion(t *testing.T) {
	before := map[string]string{}
	seen := map[string]bool{}
	same := func(when string, q inquiry, format reports.Format, text string) {
		t.Helper()
		key := fmt.Sprint(when, q.Name, q.given, format)
		if first, met := before[key]; met && text != first {
			t.Errorf("%s: %s as %s of %v differs:\n%s\n%s", when, q.Name, format, q.given, first, text)
		}
		before[key] = text
		if format == reports.CSV {
			seen[q.Name] = checkTotals(t, q.Report, text) > 0 || seen[q.Name]
		}
	}
	for _, b := range onBoth(t) {
		b.live()
		for _, format := range reports.Formats() {
			for _, q := range inquiries() {
				same("then", q, format, b.file(q.Name, format, q.given))
			}
		}
		b.liveOn()
		for _, format := range reports.Formats() {
			for _, q := range inquiries() {
				if q.Now == "" {
					same("then", q, format, b.file(q.Name, format, q.given))
					delete(q.given, "asOf")
				} else if _, err := q.Parse(b.Books, q.given); books.CodeOf(err) != books.Invalid || !strings.Contains(err.Error(), q.Now) {
					t.Errorf("%s as of an instant that has passed: %v", q.Name, err)
				}
				delete(q.given, "asOf")
				if q.Name == "expiring" {
					q.given["from"] = "2024-03-12"
				}
				same("after", q, format, b.file(q.Name, format, q.given))
			}
		}
	}
	for _, r := range reports.All() {
		if !seen[r.Name] {
			t.Errorf("%s has no row in this book, and so is not held to anything", r.Name)
		}
	}
}

// checkTotals adds the rows of a file up again.
func checkTotals(t *testing.T, r reports.Report, text string) int {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v\n%s", r.Name, err, text)
	}
	place := map[string]int{}
	for i, name := range lines[0] {
		place[name] = i
	}
	rows, sums, said := 0, map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	count := ""
	for _, line := range lines[1:] {
		switch line[0] {
		case "ROW":
			rows++
			for _, c := range r.Columns {
				if c.Kind == reports.Text && strings.HasPrefix(line[place[c.Name]], "=") {
					t.Errorf("%s: %q would be computed by a spreadsheet", r.Name, line[place[c.Name]])
				}
				if cell := line[place[c.Name]]; c.Total && cell != "" {
					key := c.Name + " " + line[place[c.In]]
					sums[key] = sums[key].Add(decimal.RequireFromString(cell))
				}
			}
		case "TOTAL":
			said[line[1]+" "+line[2]] = decimal.RequireFromString(line[3])
		case "ROWS":
			count = line[1]
		}
	}
	if count != fmt.Sprint(rows) || len(said) != len(sums) {
		t.Errorf("%s says %s rows and %v, and has %d and %v", r.Name, count, said, rows, sums)
	}
	for key, sum := range sums {
		if !said[key].Equal(sum) {
			t.Errorf("%s says %s %s, and it is %s", r.Name, key, said[key], sum)
		}
	}
	return rows
}

// The roll-forward of January by hand: 100.00 sold, 25.00 used of it.
func TestRollForwardFile(t *testing.T) {
	b := onBoth(t)[0]
	b.begin()
	given := map[string]string{"from": "2024-01-01", "to": "2024-01-31", "asOf": "2024-02-01T06:00:00Z"}
	got := b.file("deferred-revenue-roll-forward", reports.CSV, given)
	want := `record,policy,line,amount,currency,functional_amount,functional_currency,entries
REPORT,deferred-revenue-roll-forward,1,USD,,,,
PARAMETER,from,2024-01-01,,,,,
PARAMETER,to,2024-01-31,,,,,
PARAMETER,by,CURRENCY,,,,,
PARAMETER,asOf,2024-02-01T06:00:00Z,,,,,
ROW,,OPENING,0.00,USD,0.00,USD,
ROW,,PURCHASES_PAID,100.00,USD,100.00,USD,1
ROW,,USED,-25.00,USD,-25.00,USD,1
ROW,,CLOSING,75.00,USD,75.00,USD,
TOTAL,amount,USD,150.00,,,,
TOTAL,functional_amount,USD,150.00,,,,
ROWS,4,,,,,,
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	lines := strings.Split(strings.TrimSpace(b.file("deferred-revenue-roll-forward", reports.JSONL, given)), "\n")
	if len(lines) != 6 {
		t.Fatalf("%d lines of JSON: %q", len(lines), lines)
	}
	if want := `{"record":"row","policy":"","line":"USED","amount":"-25.00","currency":"USD","functional_amount":"-25.00","functional_currency":"USD","entries":1}`; lines[3] != want {
		t.Errorf("got  %s\nwant %s", lines[3], want)
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	b := onBoth(t)[0]
	asked, err := reports.Find("deferred-revenue-roll-forward")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		field string
		given map[string]string
	}{
		{"from", map[string]string{"to": "2024-01-31"}},
		{"from", map[string]string{"from": "2024-02-30", "to": "2024-01-31"}},
		{"by", map[string]string{"from": "2024-01-01", "to": "2024-01-31", "by": "MOON"}},
		{"asOf", map[string]string{"from": "2024-01-01", "to": "2024-01-31", "asOf": "yesterday"}},
		{"asOf", map[string]string{"from": "2024-01-01", "to": "2024-01-31", "asOf": "2999-01-01T00:00:00Z"}},
		{"since", map[string]string{"since": "2024-01-01"}},
	} {
		_, err := asked.Parse(b.Books, test.given)
		var refused *books.Error
		if !asError(err, &refused) || refused.Code != books.Invalid || refused.Field != test.field {
			t.Errorf("%v: %v, want INVALID of %s", test.given, err, test.field)
		}
	}
	if _, err := reports.Find("tea-leaves"); books.CodeOf(err) != books.NotFound {
		t.Error(err)
	}
}

// TestWhatHasNotBegun asks each report of days or months to come. On 2 January entries by hand are booked through 2 February:
// a span of accounting dates may begin so late.
func TestWhatHasNotBegun(t *testing.T) {
	for _, b := range onBoth(t) {
		ctx := b.T.Context()
		_, err := b.PolicyCreate(ctx, "p", books.NewPolicy{Code: "pooled", Policy: revrec.Policy{
			Expires: &ledger.Duration{Months: 12}, Breakage: revrec.Breakage{Method: revrec.Proportional, Rate: decimal.New(1, -1)},
		}})
		b.Must(err)
		_, err = b.CustomerCreate(ctx, "c", books.NewCustomer{ExternalID: "acme"})
		b.Must(err)
		const month, day, date = "a month that has begun, 2024-01 at the latest", "a day that has begun, 2024-01-02 at the latest", "2024-02-02 at the latest"
		first := map[string]struct{ parameter, lasts, later, says string }{
			"deferred-revenue-roll-forward": {"from", "2024-02-02", "2024-02-03", date},
			"trial-balance":                 {"from", "2024-02", "2024-03", "2024-02 at the latest"},
			"account-activity":              {"from", "2024-02-02", "2024-02-03", date},
			"early-breakage-roll-forward":   {"from", "2024-02-02", "2024-02-03", date},
			"estimate-changes":              {"from", "2024-02-02", "2024-02-03", date},
			"breakage":                      {"through", "2024-01", "2024-02", month},
			"breakage-sensitivity":          {"on", "2024-01-02", "2024-01-03", day},
			"estimate-back-test":            {"month", "", "2024-01", "must have ended: 2023-12 at the latest"},
			"unclaimed-property":            {"on", "2024-02-02", "2024-02-03", date},
			"waterfall":                     {"from", "2024-02-02", "2024-03-03", date},
			"income":                        {"from", "2024-02-02", "2024-02-03", date},
			"revenue-from-opening-balance":  {"from", "2024-02-02", "2024-02-03", date},
			"remaining-obligation":          {"on", "2024-02-02", "2024-02-03", date},
			"out-of-period":                 {"from", "2024-02-02", "2024-02-03", date},
			"out-of-period-months":          {"from", "2024-02-02", "2024-02-03", date},
			"cut-off":                       {"period", "2024-01", "2024-02", month},
			"exceptions":                    {"from", "2024-02-02", "2024-02-03", date},
			"reconciliation":                {"period", "2024-01", "2024-02", "through 2024-01"},
			"customer-statement":            {"from", "2024-01-02", "2024-01-03", day},
		}
		of := []string{"redemption-curves", "estimate-reviews", "expiring", "run-out", "reconciliation-kept"} // of none, or of days to come
		for _, r := range reports.All() {
			test, asked := first[r.Name]
			if !asked && !slices.Contains(of, r.Name) {
				b.T.Errorf("%s is asked of no day or month to come", r.Name)
			}
			given := map[string]string{"to": "2024-12-31", "account": "CASH", "policy": "pooled", "customer": "acme"}
			for name := range given {
				if !slices.ContainsFunc(r.Parameters, func(p reports.Parameter) bool { return p.Name == name && p.Required }) {
					delete(given, name)
				}
			}
			if given[test.parameter] = test.lasts; test.lasts != "" {
				b.file(r.Name, reports.CSV, given)
			}
			if given[test.parameter] = test.later; asked {
				err := b.refused(r, given)
				if books.CodeOf(err) != books.Invalid || !strings.Contains(err.Error(), test.parameter+": ") || !strings.Contains(err.Error(), test.says) {
					b.T.Errorf("%s of %s: %v, want INVALID that says %q", r.Name, test.later, err, test.says)
				}
			}
		}
	}
}

// refused returns why a report is not written.
func (b *book) refused(r reports.Report, given map[string]string) error {
	b.T.Helper()
	args, err := r.Parse(b.Books, given)
	b.Must(err)
	return b.View(b.T.Context(), func(ctx context.Context, tx books.Tx) error {
		_, err := r.File(ctx, b.Books, tx, args, reports.CSV, io.Discard)
		return err
	})
}

// A currency that there is not is refused; one that was withdrawn keeps its contracts.
func TestTheCurrencyOfAnAccount(t *testing.T) {
	b := onBoth(t)[0]
	given := map[string]string{"account": "CASH", "from": "2024-01-01", "to": "2024-01-31"}
	for _, currency := range []string{"USD", "BGN", ""} {
		given["currency"] = currency
		b.file("account-activity", reports.CSV, given)
	}
	asked, err := reports.Find("account-activity")
	b.Must(err)
	for _, currency := range []string{"ZZZ", "usd", "XXX"} {
		given["currency"] = currency
		if err := b.refused(asked, given); books.CodeOf(err) != books.Invalid || !strings.Contains(err.Error(), "currency: ") || !strings.Contains(err.Error(), currency) {
			t.Errorf("%s: %v, want INVALID of currency", currency, err)
		}
	}
}

func asError(err error, to **books.Error) bool {
	known, is := err.(*books.Error) //nolint:errorlint // it is not wrapped
	*to = known
	return is
}

// TestEachIsDocumented holds that docs/reports.md has every report and every parameter and column.
func TestEachIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/reports.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range reports.All() {
		if seen[r.Name] {
			t.Errorf("two reports are called %s", r.Name)
		}
		seen[r.Name] = true
		if !strings.Contains(string(text), "| `"+r.Name+"` |") {
			t.Errorf("docs/reports.md has no row for %s", r.Name)
		}
		for _, c := range r.Columns {
			if c.About == "" || c.Kind == reports.Money && c.In == "" {
				t.Errorf("%s: column %s lacks what it is about, or its currency", r.Name, c.Name)
			}
		}
		if _, err := os.Stat("../../docs/" + r.Page); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
	}
}
