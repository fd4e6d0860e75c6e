package reports_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/reports"
	"drawdown/ledger"
	"drawdown/revrec"
)

// TestAYear lives through a scripted year on both engines: twelve months that close, use that is
// heard of late, a month that is opened again, an entry that people write. Each closing files the
// reports of its month; whatever follows, the same question gets the same bytes. The reports
// are added up here, by reading the files, and foot to each other.
func TestAYear(t *testing.T) {
	if testing.Short() {
		t.Skip("a year, four times")
	}
	var first map[string]string
	for run := range 2 { // the same twice: files depend on nothing but what happened
		for i, b := range onBoth(t) {
			y := &year{book: b, filed: map[string]string{}}
			y.live()
			if first == nil {
				first = y.filed
			}
			for name, text := range y.filed {
				if first[name] != text {
					t.Errorf("run %d, engine %d: %s is another file:\n%s\nwas\n%s", run, i, name, text, first[name])
				}
			}
			if len(first) != len(y.filed) {
				t.Errorf("run %d, engine %d: %d files, the first had %d", run, i, len(y.filed), len(first))
			}
		}
	}
}

// year is a book on its way through a year.
type year struct {
	*book
	keys  int
	filed map[string]string // what was filed, by report, month and how often it closed
	asked []question
	shut  map[string]int // how often a month was closed
	// later and last are what is to follow in the next month, and in the end.
	later, last func()
}

// question is what a file answers.
type question struct {
	name, report string
	given        map[string]string
}

func (y *year) key() string { y.keys++; return fmt.Sprint("y", y.keys) }

func (y *year) as(actor string) context.Context {
	return books.WithCaller(y.T.Context(), books.Caller{Actor: actor, Persons: []string{actor}, Roles: []books.Role{books.Accountant}})
}

func (y *year) buy(customer, policy string, credits, price int64, currency ledger.Currency, rate string) {
	p := decimal.NewFromInt(price)
	request := books.NewPurchase{Customer: customer, Policy: policy, Credits: decimal.NewFromInt(credits), Price: &p, Currency: currency}
	if rate != "" {
		r := decimal.RequireFromString(rate)
		request.FXRate = &r
	}
	_, err := y.Purchase(y.T.Context(), y.key(), request)
	y.Must(err)
}

func (y *year) use(customer string, credits string, at time.Time) {
	c := decimal.RequireFromString(credits)
	outcomes, err := y.RecordUsage(y.T.Context(), []books.UsageInput{{ID: y.key(), Customer: customer, Credits: &c, OccurredAt: at}})
	y.Must(err)
	if outcomes[0].Status != books.Recorded {
		y.T.Fatalf("use of %s: %+v", customer, outcomes[0])
	}
}

func (y *year) on(month time.Month, day int) time.Time {
	return time.Date(2024, month, day, 9, 0, 0, 0, time.UTC)
}

// live lets the year happen.
func (y *year) live() {
	_, coded := y.GLAccountsSet(y.T.Context(), y.key(), books.SampleGLCodes())
	y.Must(coded)
	ctx := y.T.Context()
	y.shut = map[string]int{}
	y.Now = y.on(1, 2)
	year, quarter := ledger.Duration{Months: 12}, ledger.Duration{Months: 3}
	for _, policy := range []books.NewPolicy{
		{Code: "pooled", Policy: revrec.Policy{Expires: &year, Breakage: revrec.Breakage{Method: revrec.Proportional, Rate: decimal.RequireFromString("0.1"), Escheat: decimal.RequireFromString("0.2")}}},
		{Code: "quarter", Policy: revrec.Policy{Expires: &quarter}},
	} {
		_, err := y.PolicyCreate(ctx, "policy "+policy.Code, policy)
		y.Must(err)
	}
	for _, customer := range []string{"acme", "globex", "initech"} {
		_, err := y.CustomerCreate(ctx, "customer "+customer, books.NewCustomer{ExternalID: customer})
		y.Must(err)
	}
	for month := time.January; month <= time.December; month++ {
		y.Now = y.on(month, 3)
		if y.later != nil {
			y.later()
			y.later = nil
		}
		y.buy("acme", "pooled", 1000, 97, "USD", "")
		y.buy("initech", "quarter", 300, 31, "USD", "")
		y.Now = y.on(month, 9)
		y.buy("globex", "pooled", 700, 60, "EUR", "1.0913")
		for i, customer := range []string{"acme", "globex", "initech"} {
			y.Now = y.on(month, 12+i)
			y.use(customer, fmt.Sprintf("%d.25", 40*(i+1)+int(month)*3), y.Now)
		}
		if month > 1 { // heard of after its month was closed
			y.Now = y.on(month, 20)
			y.use("acme", "7.5", y.on(month-1, 27))
		}
		if month == time.June {
			y.manual()
		}
		if month == time.August {
			y.change()
		}
		y.run(2024, month+1, 1)
		y.close(month)
		if month == time.May {
			y.reopen(time.April)
		}
	}
	y.last()
	for _, q := range y.asked { // whatever followed
		if text := y.file(q.report, reports.CSV, q.given); text != y.filed[q.name] {
			y.T.Errorf("%s changed with what came after:\n%s\nwas\n%s", q.name, text, y.filed[q.name])
		}
	}
	y.reconciled()
	findings, err := y.Verify(ctx)
	y.Must(err)
	for _, finding := range findings {
		y.T.Errorf("verify: %+v", finding)
	}
}

// reconciled holds that sub-ledger and ledger match in every month and in all, with accounts that
// hold what the trial balance says.
func (y *year) reconciled() {
	y.T.Helper()
	requests := []books.ReconcileRequest{{}}
	for month := time.January; month <= time.December; month++ {
		requests = append(requests, books.ReconcileRequest{Period: ledger.NewDate(2024, month, 1).Period()})
	}
	for _, request := range requests {
		y.Must(y.View(y.T.Context(), func(ctx context.Context, tx books.Tx) error {
			made, err := y.Reconciliation(ctx, tx, request)
			if err != nil {
				return err
			}
			if made.Status() != books.ReconcileMatched || made.Explained() != 0 { // what people wrote is on no account that lots derive
				y.T.Errorf("%s: %s, %d explained: %+v", request.Period, made.Status(), made.Explained(), made.Lines)
			}
			stood, err := y.TrialBalance(ctx, tx, books.TrialBalanceRequest{To: made.To.Period()})
			held := 0
			for _, line := range made.Lines {
				at := slices.IndexFunc(stood.Balances, func(b ledger.Balance) bool {
					return b.Account == line.Account && strings.EqualFold(string(b.Account), line.Of) && b.Currency == line.Currency
				})
				if account, _ := ledger.AccountOf(line.Account); at < 0 || account.Class == ledger.Revenue || account.Role == ledger.UnbilledReceivable {
					continue
				}
				held++
				if closing := line.Account.Natural(stood.Balances[at].Closing()); closing.Minor != line.Right.Minor {
					y.T.Errorf("%s: %s holds %s, the reconciliation says %d", request.Period, line.Of, closing, line.Right.Minor)
				}
			}
			if held < 2 {
				y.T.Errorf("%s: %d accounts of the balance sheet", request.Period, held)
			}
			return err
		}))
	}
}

// change has what was bought live on otherwise than it was sold: for longer, with somebody else, and not at all; and credits
// are sold under a policy that is new, a share of which rolls over in October.
func (y *year) change() {
	ctx := y.T.Context()
	y.Now = y.on(8, 21)
	month := ledger.Duration{Months: 1}
	_, err := y.PolicyCreate(ctx, "policy rolls", books.NewPolicy{Code: "rolls", Policy: revrec.Policy{Expires: &month, Rollover: &revrec.Rollover{Share: decimal.RequireFromString("0.5"), Extend: month}}})
	y.Must(err)
	price := decimal.NewFromInt(50)
	sold, err := y.Purchase(ctx, y.key(), books.NewPurchase{Customer: "initech", Policy: "quarter", Credits: price, Price: &price})
	y.Must(err)
	_, err = y.Purchase(ctx, y.key(), books.NewPurchase{Customer: "initech", Policy: "rolls", Credits: price, Price: &price})
	y.Must(err)
	owed, err := y.Purchase(ctx, y.key(), books.NewPurchase{Customer: "initech", Policy: "quarter", Credits: price, Price: &price, Invoiced: true, DueOn: ledger.NewDate(2024, 8, 25)})
	y.Must(err)
	y.later = func() { // in September, when August is closed
		_, err = y.Extend(ctx, y.key(), books.Extension{PurchaseID: sold.Purchase.ID, ExpiresAt: y.on(12, 31), Treatment: books.Prospective, Reason: "Agreed"})
		y.Must(err)
		_, err = y.Transfer(ctx, y.key(), books.TransferRequest{From: "initech", To: "globex", Credits: decimal.NewFromInt(30), Reason: "A merger"})
		y.Must(err)
	}
	y.last = func() { // when all is closed
		_, err = y.VoidPurchase(ctx, y.key(), books.PurchaseVoid{PurchaseID: owed.Purchase.ID, Reason: "A mistake"})
		y.Must(err)
	}
}

// manual accrues a rebate that the sub-ledger knows nothing of, and takes it back in July.
func (y *year) manual() {
	amount := decimal.RequireFromString("12.34")
	entry, err := y.ManualEntryPropose(y.as("anna"), y.key(), books.NewManualEntry{
		AccountingDate: ledger.NewDate(2024, 6, 20), Reason: "Rebate agreed, not yet paid", Description: "Accrued rebate", ReverseOn: ledger.NewDate(2024, 7, 1),
		Lines: []books.NewManualLine{{Account: ledger.Refunds, Amount: amount}, {Account: ledger.RefundLiability, Credit: true, Amount: amount}},
	})
	y.Must(err)
	_, err = y.ManualEntryApprove(y.as("bert"), y.key(), books.DecideManual{ID: entry.ID, Reason: "Seen"})
	y.Must(err)
}

// close closes a month and files its reports.
func (y *year) close(month time.Month) {
	y.T.Helper()
	period := ledger.NewDate(2024, month, 1).Period()
	_, err := y.PeriodClose(y.as("anna"), y.key(), books.ClosePeriod{Period: period})
	y.Must(err)
	y.Now = y.Now.Add(time.Minute)
	y.shut[period.String()]++
	asOf := y.Now.Format(time.RFC3339Nano)
	y.Now = y.Now.Add(time.Minute)
	span := map[string]string{"from": period.First().String(), "to": period.Last().String(), "asOf": asOf}
	months := map[string]string{"from": period.String(), "to": period.String(), "asOf": asOf}
	with := func(given map[string]string, name, value string) map[string]string {
		given = maps.Clone(given)
		given[name] = value
		return given
	}
	tables := map[string]table{}
	ask := func(as, report string, given map[string]string) {
		q := question{fmt.Sprintf("%s %s %d", as, period, y.shut[period.String()]), report, given}
		y.filed[q.name] = y.file(report, reports.CSV, given)
		y.asked = append(y.asked, q)
		tables[as] = tableOf(y.T, y.filed[q.name])
	}
	ask("balance", "trial-balance", months)
	ask("before", "trial-balance", map[string]string{"to": (period - 1).String(), "asOf": asOf})
	ask("deferred", "deferred-revenue-roll-forward", span)
	ask("deferred by policy", "deferred-revenue-roll-forward", with(span, "by", "POLICY"))
	ask("early", "early-breakage-roll-forward", span)
	for _, account := range ledger.Accounts() {
		ask("activity "+string(account.Role), "account-activity", with(span, "account", strings.ToUpper(string(account.Role))))
	}
	ask("late", "out-of-period", span)
	ask("late by month", "out-of-period-months", span)
	ask("from opening", "revenue-from-opening-balance", span)
	ask("remaining", "remaining-obligation", map[string]string{"on": period.Last().String(), "asOf": asOf})
	ask("waterfall", "waterfall", span)
	ask("income", "income", with(span, "by", "CUSTOMER"))
	ask("breakage", "breakage", map[string]string{"through": period.String(), "asOf": asOf})
	ask("curves", "redemption-curves", map[string]string{"asOf": asOf})
	ask("sensitivity", "breakage-sensitivity", map[string]string{"policy": "pooled", "on": period.Last().String(), "asOf": asOf})
	ask("back-test", "estimate-back-test", map[string]string{"policy": "pooled", "month": period.String(), "asOf": asOf})
	if y.shut[period.String()] == 1 { // by days: of a month that is closed again, late use is booked under later ones
		y.footBreakage(period, tables)
	}
	ask("reconciled", "reconciliation-kept", map[string]string{"asOf": asOf})
	for _, row := range tables["reconciled"] {
		if row["to"] < period.Last().String() || row["status"] != "MATCHED" {
			y.T.Errorf("%s: the reconciliation that was kept says %v", period, row)
		}
	}
	if len(tables["reconciled"]) < 10 {
		y.T.Errorf("%s: %d comparisons were kept", period, len(tables["reconciled"]))
	}
	y.foot(period, tables)
	y.footDisclosures(period, tables)
	y.footLate(period, tables)
	ask("cut-off", "cut-off", map[string]string{"period": period.String(), "asOf": asOf})
	y.footCutOff(period, tables["cut-off"])
	y.footRevenue(period, tables["balance"])
	for _, customer := range []string{"acme", "globex", "initech"} {
		ask("statement of "+customer, "customer-statement", with(span, "customer", customer))
	}
	y.footStatements(period, tables)
	today := ledger.DateOf(y.Now, time.UTC)
	ask("expiring", "expiring", map[string]string{"from": today.String(), "to": (today + 3000).String(), "asOf": asOf})
	ask("run-out", "run-out", map[string]string{"asOf": asOf})
	ask("balance then", "trial-balance", map[string]string{"to": today.Period().String(), "asOf": asOf})
	ask("early then", "early-breakage-roll-forward", map[string]string{"from": today.String(), "to": today.String(), "asOf": asOf})
	y.footExpiring(period, tables)
}

// table is the rows of a file, each by the names of its columns.
type table []map[string]string

func tableOf(t *testing.T, text string) table {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows table
	for _, line := range lines[1:] {
		if line[0] != "ROW" {
			continue
		}
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// sums adds a column up by the values of others, leaving out rows that keep says no to.
func (rows table) sums(column string, by []string, keep func(map[string]string) bool) map[string]string {
	sums := map[string]decimal.Decimal{}
	for _, row := range rows {
		if row[column] == "" || keep != nil && !keep(row) {
			continue
		}
		key := make([]string, len(by))
		for i, name := range by {
			key[i] = row[name]
		}
		at := strings.Join(key, " ")
		sums[at] = sums[at].Add(decimal.RequireFromString(row[column]))
	}
	texts := map[string]string{}
	for key, sum := range sums {
		if !sum.IsZero() {
			texts[key] = sum.String()
		}
	}
	return texts
}

func (y *year) same(what string, period ledger.Period, got, want map[string]string) {
	y.T.Helper()
	if !maps.Equal(got, want) {
		y.T.Errorf("%s: %s does not foot: %v and %v", period, what, got, want)
	}
}

func negated(sums map[string]string) map[string]string {
	other := map[string]string{}
	for key, text := range sums {
		other[key] = decimal.RequireFromString(text).Neg().String()
	}
	return other
}

// foot holds the files of a month against each other.
func (y *year) foot(period ledger.Period, tables map[string]table) {
	y.T.Helper()
	balance, before := tables["balance"], tables["before"]
	account := []string{"account", "currency"}
	for _, kind := range []string{"", "functional_"} {
		y.same("opening with the closing before, "+kind, period, balance.sums(kind+"opening", account, nil), before.sums(kind+"closing", account, nil))
	}
	y.same("debits with credits", period, balance.sums("debits", []string{"currency"}, nil), balance.sums("credits", []string{"currency"}, nil))
	y.same("debits with credits in the book's own", period, balance.sums("functional_debits", nil, nil), balance.sums("functional_credits", nil, nil))
	y.same("all closings", period, balance.sums("functional_closing", nil, nil), map[string]string{})
	// Each account's activity is what its balance moved by.
	for _, of := range ledger.Accounts() {
		name := strings.ToUpper(string(of.Role))
		is := func(row map[string]string) bool { return strings.EqualFold(row["account"], name) }
		line := func(row map[string]string) bool { return row["line"] == "LINE" }
		opening, closing := balance.sums("opening", []string{"currency"}, is), balance.sums("closing", []string{"currency"}, is)
		y.same("activity of "+name, period, tables["activity "+string(of.Role)].sums("amount", []string{"currency"}, line), difference(closing, opening))
	}
	deferred := func(row map[string]string) bool { return strings.EqualFold(row["account"], "deferred_revenue") }
	at := func(line string) func(map[string]string) bool {
		return func(row map[string]string) bool { return row["line"] == line }
	}
	moved := func(row map[string]string) bool { return row["line"] != "OPENING" && row["line"] != "CLOSING" }
	for _, name := range []string{"deferred", "deferred by policy"} {
		roll := tables[name]
		for _, kind := range []string{"", "functional_"} {
			y.same(name+", "+kind+"opening", period, roll.sums(kind+"amount", []string{"currency"}, at("OPENING")), negated(balance.sums(kind+"opening", []string{"currency"}, deferred)))
			y.same(name+", "+kind+"closing", period, roll.sums(kind+"amount", []string{"currency"}, at("CLOSING")), negated(balance.sums(kind+"closing", []string{"currency"}, deferred)))
			y.same(name+", "+kind+"movements", period, roll.sums(kind+"amount", []string{"currency"}, moved),
				difference(roll.sums(kind+"amount", []string{"currency"}, at("CLOSING")), roll.sums(kind+"amount", []string{"currency"}, at("OPENING"))))
		}
	}
	// What was recognised ahead of expiry moved as its own roll-forward says.
	early := tables["early"]
	y.same("early breakage", period, early.sums("amount", []string{"currency"}, moved),
		difference(early.sums("amount", []string{"currency"}, at("CLOSING")), early.sums("amount", []string{"currency"}, at("OPENING"))))
}

// footDisclosures holds revenue, told apart in three ways, and what remains against the trial balance.
func (y *year) footDisclosures(period ledger.Period, tables map[string]table) {
	y.T.Helper()
	currency := []string{"currency"}
	is := func(column string, values ...string) func(map[string]string) bool {
		return func(row map[string]string) bool { return slices.Contains(values, row[column]) }
	}
	deferred := is("account", "DEFERRED_REVENUE")
	balance, from, remaining := tables["balance"], tables["from opening"], tables["remaining"]
	waterfall := tables["waterfall"]
	for _, kind := range []string{"", "functional_"} {
		of := kind + "amount"
		sides := is("account", "USAGE_REVENUE", "BREAKAGE_REVENUE", "OVERAGE_REVENUE", "REFUNDS", "DISPUTES")
		revenue := difference(balance.sums(kind+"credits", currency, sides), balance.sums(kind+"debits", currency, sides))
		y.same("revenue by what it came out of, "+kind, period, from.sums(of, currency, is("part", "FROM_OPENING", "FROM_SPAN", "UNBILLED", "OVERAGE", "TAKEN_BACK", "MANUAL")), revenue)
		y.same("income, "+kind, period, tables["income"].sums(of, currency, nil), revenue)
		y.same("revenue by month of purchase, "+kind, period, waterfall.sums(of, currency, func(row map[string]string) bool { return row["booked"] != "" }), revenue)
		opening, closing := negated(balance.sums(kind+"opening", currency, deferred)), negated(balance.sums(kind+"closing", currency, deferred))
		y.same("the opening balance, "+kind, period, from.sums(of, currency, is("part", "OPENING_BALANCE")), opening)
		y.same("the opening by month of purchase, "+kind, period, waterfall.sums(of, currency, is("line", "OPENING")), opening)
		y.same("the closing by month of purchase, "+kind, period, waterfall.sums(of, currency, is("line", "CLOSING")), closing)
		moved := waterfall.sums(of, currency, is("line", "SOLD", "TAKEN_BACK", "ESCHEATED", "UNBILLED", "DEFERRED_BY_HAND"))
		deferral := difference(revenue, from.sums(of, currency, is("part", "MANUAL"))) // what people wrote came out of no deferral
		y.same("what moved the deferred by month of purchase, "+kind, period, difference(moved, deferral), difference(closing, opening))
		for in, text := range from.sums(of, currency, is("part", "FROM_OPENING")) {
			if most := opening[in]; most == "" || decimal.RequireFromString(text).GreaterThan(decimal.RequireFromString(most)) {
				y.T.Errorf("%s: %s %s came out of an opening balance of %q", period, text, in, most)
			}
		}
		y.same("what remains, deferred, "+kind, period, remaining.sums(of, currency, is("line", "DEFERRED")), closing)
		whole := difference(remaining.sums(of, currency, is("line", "DEFERRED", "NOT_DUE")), remaining.sums(of, currency, is("line", "CONTRACT_ASSET", "ESCHEAT")))
		y.same("what remains, by month, "+kind, period, remaining.sums(of, currency, is("line", "EXPECTED", "UNSCHEDULED")), whole)
	}
}

// footBreakage holds what was sold, used, lapsed and expected to break against deferred revenue and
// each other.
func (y *year) footBreakage(period ledger.Period, tables map[string]table) {
	y.T.Helper()
	currency, cohort := []string{"currency"}, []string{"policy", "currency", "month"}
	is := func(column string, values ...string) func(map[string]string) bool {
		return func(row map[string]string) bool { return slices.Contains(values, row[column]) }
	}
	breakage, curves, sensitivity, test := tables["breakage"], tables["curves"], tables["sensitivity"], tables["back-test"]
	left := breakage.sums("price", currency, nil)
	for _, gone := range []string{"earned", "early", "at_expiry", "remote"} {
		left = difference(left, breakage.sums(gone, currency, nil))
	}
	y.same("what was sold and is neither earned nor broken", period, left, negated(tables["balance"].sums("closing", currency, is("account", "DEFERRED_REVENUE"))))
	early := tables["early"].sums("amount", currency, is("line", "CLOSING"))
	y.same("early breakage by month of purchase", period, breakage.sums("early", currency, nil), early)
	y.same("early breakage by the rate in force", period, sensitivity.sums("early", currency, is("points", "0")), early)
	pooled := func(row map[string]string) bool { return row["policy"] == "pooled" && row["line"] == "CLOSING" }
	y.same("what pools defer", period, sensitivity.sums("deferred", currency, is("points", "0")), tables["deferred by policy"].sums("amount", currency, pooled))
	for _, credits := range []string{"used", "lapsed", "refunded", "other"} {
		y.same("the curves, "+credits, period, curves.sums(credits, cohort, nil), breakage.sums(credits, cohort, nil))
	}
	y.same("the curves, sold", period, curves.sums("sold", cohort, is("age", "0")), breakage.sums("sold", cohort, nil))
	month := []string{"month"}
	for _, credits := range []string{"sold", "used"} {
		y.same("the back-test, "+credits, period, test.sums(credits, month, is("line", "COHORT")), breakage.sums(credits, month, is("policy", "pooled")))
	}
	if period.String() == "2024-12" && (len(breakage.sums("lapsed", cohort, nil)) == 0 || len(early) != 2 || len(left) != 2) {
		y.T.Error("a year without lapses and early breakage in two currencies")
	}
}

func difference(of, less map[string]string) map[string]string {
	sums := map[string]string{}
	for _, key := range slices.Concat(slices.Collect(maps.Keys(of)), slices.Collect(maps.Keys(less))) {
		sum := decimal.Zero
		if text, known := of[key]; known {
			sum = decimal.RequireFromString(text)
		}
		if text, known := less[key]; known {
			sum = sum.Sub(decimal.RequireFromString(text))
		}
		if !sum.IsZero() {
			sums[key] = sum.String()
		}
	}
	return sums
}

// footRevenue holds revenue by month of purchase and by customer against the revenue accounts.
func (y *year) footRevenue(period ledger.Period, balance table) {
	y.T.Helper()
	revenue := decimal.Zero
	for _, row := range balance {
		if slices.Contains([]string{"usage_revenue", "breakage_revenue", "overage_revenue"}, strings.ToLower(row["account"])) {
			revenue = revenue.Add(decimal.RequireFromString(row["functional_credits"])).Sub(decimal.RequireFromString(row["functional_debits"]))
		}
	}
	y.Must(y.View(y.T.Context(), func(ctx context.Context, tx books.Tx) error {
		waterfall, err := y.Waterfall(ctx, tx, books.WaterfallRequest{From: period, To: period})
		if err != nil {
			return err
		}
		refunds := decimal.Zero
		for _, row := range balance {
			if slices.Contains([]string{"refunds", "disputes"}, strings.ToLower(row["account"])) {
				refunds = refunds.Add(decimal.RequireFromString(row["functional_debits"])).Sub(decimal.RequireFromString(row["functional_credits"]))
			}
		}
		revenue = revenue.Sub(refunds)
		sum := decimal.Zero
		for _, row := range waterfall.Rows {
			sum = sum.Add(row.Revenue.Functional.Decimal())
		}
		if !sum.Equal(revenue) {
			y.T.Errorf("%s: the waterfall has %s of revenue, the trial balance %s", period, sum, revenue)
		}
		income, err := y.Income(ctx, tx, books.IncomeRequest{From: period.First(), To: period.Last(), By: books.ByCustomer, First: 100})
		if err != nil {
			return err
		}
		sum = decimal.Zero
		for _, row := range income.Rows {
			sum = sum.Add(row.FunctionalRevenue.Decimal())
		}
		if !sum.Equal(revenue) {
			y.T.Errorf("%s: income by customer is %s, the trial balance has %s", period, sum, revenue)
		}
		return nil
	}))
}

// footLate adds up what is out of period from its lines, and from the entries that the filter
// of the journal keeps, and holds the sums by month, kind and currency against both.
func (y *year) footLate(period ledger.Period, tables map[string]table) {
	y.T.Helper()
	lines, months := tables["late"], tables["late by month"]
	by := []string{"booked_in", "happened_in", "kind", "currency"}
	is := func(accounts ...string) func(map[string]string) bool {
		return func(row map[string]string) bool { return slices.Contains(accounts, row["account"]) }
	}
	sides := is("USAGE_REVENUE", "BREAKAGE_REVENUE", "OVERAGE_REVENUE", "REFUNDS", "DISPUTES")
	for from, to := range map[string]string{"": "amount", "functional_": "functional_amount"} {
		debit := func(row map[string]string) bool { return !strings.HasPrefix(row[to], "-") }
		y.same("out of period, debits", period, months.sums(from+"debits", by, nil), lines.sums(to, by, debit))
		y.same("out of period, revenue", period, months.sums(from+"revenue", by, nil), negated(lines.sums(to, by, sides)))
		y.same("out of period, deferred", period, months.sums(from+"deferred_revenue", by, nil), negated(lines.sums(to, by, is("DEFERRED_REVENUE"))))
	}
	y.Must(y.View(y.T.Context(), func(ctx context.Context, tx books.Tx) error {
		yes := true
		entries, err := tx.Entries(ctx, books.EntryFilter{From: period.First(), To: period.Last(), OutOfPeriod: &yes}, books.Page{Limit: 1000})
		if err != nil {
			return err
		}
		counts, debits, recognitions := map[string]int64{}, map[string]decimal.Decimal{}, map[string]int64{}
		for _, e := range entries {
			key := strings.Join([]string{e.AccountingDate.Period().String(), e.OccurredOn.Period().String(), string(e.Kind), string(e.Lines[0].Amount.Currency)}, " ")
			counts[key]++
			for _, line := range e.Lines {
				if line.Amount.Minor > 0 {
					debits[key] = debits[key].Add(line.Amount.Decimal())
				}
			}
		}
		found, err := tx.Recognitions(ctx, books.RecognitionFilter{}, books.Page{Limit: 10_000})
		if err != nil {
			return err
		}
		for _, r := range found {
			if r.AccountingDate.Period() == period && r.Day.Period() < period {
				recognitions[strings.Join([]string{period.String(), r.Day.Period().String(), string(r.Kind), string(r.Amount.Currency)}, " ")]++
			}
		}
		texts := func(of map[string]int64) map[string]string {
			all := map[string]string{}
			for key, n := range of {
				all[key] = fmt.Sprint(n)
			}
			return all
		}
		sums := map[string]string{}
		for key, sum := range debits {
			sums[key] = sum.String()
		}
		y.same("out of period, entries", period, months.sums("entries", by, nil), texts(counts))
		y.same("out of period, recognitions", period, months.sums("recognitions", by, nil), texts(recognitions))
		y.same("out of period, debits of entries", period, months.sums("debits", by, nil), sums)
		if period > ledger.NewDate(2024, 1, 1).Period() && len(entries) == 0 {
			y.T.Errorf("%s: nothing is out of period, and so nothing is held to anything", period)
		}
		return nil
	}))
}

// footStatements adds up the statements of all customers, and holds them against deferred revenue:
// early breakage is in no statement, for it belongs to pools.
func (y *year) footStatements(period ledger.Period, tables map[string]table) {
	y.T.Helper()
	of := func(column, value string) func(map[string]string) bool {
		return func(row map[string]string) bool { return row[column] == value }
	}
	for side, name := range map[string]string{"opening": "OPENING", "closing": "CLOSING"} {
		for _, kind := range []string{"", "functional_"} {
			var all table
			for _, customer := range []string{"acme", "globex", "initech"} {
				all = append(all, tables["statement of "+customer]...)
			}
			held := difference(all.sums(kind+"deferred", []string{"currency"}, of("line", name+"_BALANCE")), tables["early"].sums(kind+"amount", []string{"currency"}, of("line", name)))
			y.same("the "+side+" of the statements, "+kind, period, held, negated(tables["balance"].sums(kind+side, []string{"currency"}, of("account", "DEFERRED_REVENUE"))))
		}
	}
}

// footExpiring adds up what all credits that can still lapse carried as the month was closed, for all do in this book; less
// early breakage of pools it is deferred revenue then. Who runs out is told of each customer.
func (y *year) footExpiring(period ledger.Period, tables map[string]table) {
	y.T.Helper()
	of := func(column, value string) func(map[string]string) bool {
		return func(row map[string]string) bool { return row[column] == value }
	}
	for _, kind := range []string{"", "functional_"} {
		held := difference(tables["expiring"].sums(kind+"carrying", []string{kind + "currency"}, nil), tables["early then"].sums(kind+"amount", []string{kind + "currency"}, of("line", "CLOSING")))
		y.same("what expires, "+kind, period, held, negated(tables["balance then"].sums(kind+"closing", []string{kind + "currency"}, of("account", "DEFERRED_REVENUE"))))
	}
	if len(tables["expiring"]) == 0 || len(tables["run-out"]) != 3 {
		y.T.Errorf("%s: %d rows expire, and %d run out", period, len(tables["expiring"]), len(tables["run-out"]))
	}
}

// footCutOff adds up the events and the recognitions of the use of a month, and holds the cut-off against them.
func (y *year) footCutOff(period ledger.Period, rows table) {
	y.T.Helper()
	of := func(row map[string]string) bool { return row["part"] == "PERIOD" }
	y.Must(y.View(y.T.Context(), func(ctx context.Context, tx books.Tx) error {
		events, err := tx.Events(ctx, books.EventFilter{From: period.First().Start(time.UTC), Before: (period + 1).First().Start(time.UTC)}, books.Page{Limit: 1000})
		if err != nil {
			return err
		}
		credits, told := decimal.Zero, 0
		for _, e := range events {
			credits = credits.Add(decimal.RequireFromString(e.Credits.String()))
			if !e.RecordedAt.Before((period + 1).First().Start(time.UTC)) {
				told++
			}
		}
		found, err := tx.Recognitions(ctx, books.RecognitionFilter{Kinds: []revrec.Kind{revrec.Usage, revrec.UsageUnbilled, revrec.OverageUsage}}, books.Page{Limit: 10_000})
		if err != nil {
			return err
		}
		sums, own := map[string]decimal.Decimal{}, decimal.Zero
		for _, r := range found {
			if r.Day.Period() == period {
				sums[string(r.Amount.Currency)] = sums[string(r.Amount.Currency)].Add(r.Amount.Decimal())
				own = own.Add(r.Functional.Decimal())
			}
		}
		texts := map[string]string{}
		for currency, sum := range sums {
			texts[currency] = sum.String()
		}
		late := rows.sums("events", nil, func(row map[string]string) bool { return of(row) && row["arrival"] != "IN_PERIOD" })[""]
		if late == "" {
			late = "0"
		}
		y.same("cut-off, events", period, rows.sums("events", nil, of), map[string]string{"": fmt.Sprint(len(events))})
		y.same("cut-off, told after the month", period, map[string]string{"": late}, map[string]string{"": fmt.Sprint(told)})
		y.same("cut-off, credits", period, rows.sums("credits", nil, of), map[string]string{"": credits.String()})
		y.same("cut-off, revenue", period, rows.sums("amount", []string{"currency"}, of), texts)
		y.same("cut-off, revenue in the book's own", period, rows.sums("functional_amount", nil, of), map[string]string{"": own.String()})
		return nil
	}))
}

// reopen opens a month again with the later ones, loads what was forgotten, and closes them.
func (y *year) reopen(month time.Month) {
	period := ledger.NewDate(2024, month, 1).Period()
	proposed, err := y.PeriodReopenPropose(y.as("anna"), y.key(), books.ReopenPeriod{Period: period, Reason: "A file of the gateway was found"})
	y.Must(err)
	_, err = y.PeriodReopenApprove(y.as("bert"), y.key(), books.DecideReopening{ID: proposed.ID, Reason: "Seen"})
	y.Must(err)
	y.use("globex", "3.125", y.on(month, 28))
	y.run(2024, month+2, 2)
	y.close(month)
	y.close(month + 1)
}
