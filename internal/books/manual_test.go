package books_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

func debit(account ledger.Role, amount string) books.NewManualLine {
	return books.NewManualLine{Account: account, Amount: decimal.RequireFromString(amount)}
}

func credit(account ledger.Role, amount string) books.NewManualLine {
	line := debit(account, amount)
	line.Credit = true
	return line
}

// inEuro is the line in another currency than the book's, worth so much of that; "" for the
// rate of the day.
func inEuro(line books.NewManualLine, worth string) books.NewManualLine {
	line.Currency = "EUR"
	if worth != "" {
		functional := decimal.RequireFromString(worth)
		line.Functional = &functional
	}
	return line
}

// accrual is what is expected to be paid back of January.
func accrual(on ledger.Date) books.NewManualEntry {
	return books.NewManualEntry{
		AccountingDate: on, Reason: "Expected refunds of the outage", Description: "Refund accrual",
		Lines: []books.NewManualLine{debit(ledger.Refunds, "12.34"), credit(ledger.RefundLiability, "12.34")},
	}
}

// approved is what ann proposed and bob approved.
func approved(t *testing.T, b *books.Books, key string, request books.NewManualEntry) books.ManualEntry {
	t.Helper()
	proposed := done[books.ManualEntry](t)(b.ManualEntryPropose(person(t, "ann"), key, request))
	return done[books.ManualDecision](t)(b.ManualEntryApprove(person(t, "bob"), key+" approved", books.DecideManual{ID: proposed.ID, Reason: "seen"})).Entry
}

// journalOf writes the manual entries out as an accountant would.
func journalOf(t *testing.T, b *books.Books) string {
	t.Helper()
	var text strings.Builder
	err := b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		entries, err := tx.Entries(ctx, books.EntryFilter{Kinds: []ledger.EntryKind{ledger.ManualEntry, ledger.ManualReversalEntry}}, books.Page{})
		for _, e := range entries {
			text.WriteString(e.AccountingDate.String() + " " + string(e.Kind) + " " + e.Description)
			for _, line := range e.Lines {
				text.WriteString(" | " + string(line.Account) + " " + line.Amount.String())
			}
			text.WriteString("\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func inOrder(t *testing.T, b *books.Books) {
	t.Helper()
	if findings := done[[]books.Finding](t)(b.Verify(t.Context())); len(findings) > 0 {
		t.Fatalf("verify: %+v", findings)
	}
}

// A manual entry is in the journal when two persons want it there, once, and is taken back by two.
func TestManualEntryTakesTwo(t *testing.T) {
	b, _, _ := closing(t)
	ann, bob := person(t, "ann"), person(t, "bob")
	for range 2 {
		proposed := done[books.ManualEntry](t)(b.ManualEntryPropose(ann, "propose", accrual(january.Last())))
		if got := journalOf(t, b); got != "" || proposed.Status != books.ManualProposed {
			t.Fatalf("a proposal moves %q", got)
		}
	}
	var proposed books.ManualEntry
	err := b.View(ann, func(ctx context.Context, tx books.Tx) error {
		all, err := tx.ManualEntries(ctx, books.ManualFilter{Status: books.ManualProposed, Account: ledger.RefundLiability, From: january.Last(), To: january.Last()}, books.Page{})
		if len(all) == 1 {
			proposed = all[0]
		}
		return err
	})
	if err != nil || proposed.ProposedBy() != "token:ann" {
		t.Fatalf("%+v, %v", proposed, err)
	}
	_, err = b.ManualEntryReverse(bob, "early", books.ReverseManual{ID: proposed.ID, AccountingDate: january.Last(), Reason: "a slip"})
	wants(t, err, books.Invalid, "names an entry that is PROPOSED")
	_, err = b.ManualEntryApprove(ann, "a", books.DecideManual{ID: proposed.ID})
	wants(t, err, books.SamePerson, "ann")
	for range 2 {
		decided := done[books.ManualDecision](t)(b.ManualEntryApprove(bob, "a", books.DecideManual{ID: proposed.ID, Reason: "seen"}))
		if decided.Entry.Number == 0 || decided.Before != books.ManualProposed || decided.Entry.DecidedBy != "token:bob" {
			t.Fatalf("%+v", decided)
		}
	}
	_, err = b.ManualEntryReject(bob, "r", books.DecideManual{ID: proposed.ID})
	wants(t, err, books.AlreadyDecided, "APPROVED already, by token:bob")

	request := books.ReverseManual{ID: proposed.ID, AccountingDate: february.First() + 1, Reason: "paid out"}
	_, err = b.ManualEntryReverse(bob, "before", books.ReverseManual{ID: proposed.ID, AccountingDate: january.Last() - 1, Reason: "x"})
	wants(t, err, books.Invalid, "must not be before that of the entry, 2024-01-31")
	reversal := done[books.ManualEntry](t)(b.ManualEntryReverse(bob, "1", request))
	_, err = b.ManualEntryReverse(bob, "2", request)
	wants(t, err, books.AlreadyReversed, "PROPOSED already")
	done[books.ManualDecision](t)(b.ManualEntryReject(bob, "1r", books.DecideManual{ID: reversal.ID}))
	reversal = done[books.ManualEntry](t)(b.ManualEntryReverse(bob, "3", request)) // what was rejected does not stand in the way
	_, err = b.ManualEntryApprove(bob, "3a", books.DecideManual{ID: reversal.ID})
	wants(t, err, books.SamePerson, "bob")
	taken := done[books.ManualDecision](t)(b.ManualEntryApprove(ann, "3a", books.DecideManual{ID: reversal.ID})).Entry
	_, err = b.ManualEntryReverse(ann, "4", request)
	wants(t, err, books.AlreadyReversed, "APPROVED already")
	_, err = b.ManualEntryReverse(ann, "5", books.ReverseManual{ID: taken.ID, AccountingDate: february.First() + 1, Reason: "x"})
	wants(t, err, books.Invalid, "names a reversal")
	want := "2024-01-31 MANUAL Refund accrual | refunds USD 12.34 | refund_liability USD -12.34\n" +
		"2024-02-02 MANUAL_REVERSAL Refund accrual | refunds USD -12.34 | refund_liability USD 12.34\n"
	if diff := cmp.Diff(want, journalOf(t, b)); diff != "" {
		t.Fatal(diff)
	}
	err = b.View(ann, func(ctx context.Context, tx books.Tx) error {
		entries, err := tx.EntriesByNumber(ctx, []int64{taken.Number})
		if err != nil {
			return err
		}
		by, err := tx.ReversedBy(ctx, []int64{taken.Number, entries[0].Reverses})
		if err != nil {
			return err
		}
		if want := map[int64]int64{entries[0].Reverses: taken.Number}; entries[0].Reverses == 0 || !cmp.Equal(by, want) {
			t.Errorf("entry %d reverses %d; %v", taken.Number, entries[0].Reverses, by)
		}
		trail, err := tx.Audit(ctx, books.AuditFilter{Subject: proposed.ID}, books.Page{})
		if err != nil {
			return err
		}
		if len(trail) != 2 || !strings.Contains(trail[1].Before, `"status":"PROPOSED"`) || !strings.Contains(trail[1].After, `"status":"APPROVED"`) {
			t.Errorf("the trail is %+v", trail)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	inOrder(t, b)
}

// What is wrong with a proposal is said where it is, and no line is changed so that they balance.
func TestManualEntryRefused(t *testing.T) {
	b, _, _ := closing(t)
	ctx := person(t, "ann")
	done[[]books.FXRate](t)(b.FXRateSet(ctx, "fx", books.SetFXRates{Rates: []books.NewFXRate{{Currency: "EUR", Day: january.Last(), Rate: decimal.New(10837, -4), Source: "bank"}}}))
	lines := func(lines ...books.NewManualLine) func(*books.NewManualEntry) {
		return func(m *books.NewManualEntry) { m.Lines = lines }
	}
	about := func(change func(*books.NewManualLine)) func(*books.NewManualEntry) {
		return func(m *books.NewManualEntry) { change(&m.Lines[1]) }
	}
	for name, test := range map[string]struct {
		change func(*books.NewManualEntry)
		code   books.Code
		says   string
	}{
		"out of balance": {lines(debit(ledger.Refunds, "10"), credit(ledger.Cash, "9.99")), books.Invalid, "lines: do not balance: debits are USD 0.01 more than credits"},
		"one currency out": {
			lines(debit(ledger.Refunds, "10"), credit(ledger.Cash, "10"), inEuro(debit(ledger.Refunds, "1"), "1"), inEuro(credit(ledger.Cash, "2"), "1")),
			books.Invalid, "credits are EUR 1.00 more than debits",
		},
		// 0.07 at 1.0837 is 0.075859, 0.08; 0.03 and 0.04 are 0.03 and 0.04 (0.043348).
		"by the rate": {
			lines(inEuro(debit(ledger.Refunds, "0.07"), ""), inEuro(credit(ledger.Cash, "0.03"), ""), inEuro(credit(ledger.RefundLiability, "0.04"), "")),
			books.Invalid, "in the book's own currency: debits are USD 0.01 more than credits",
		},
		"one line":         {lines(debit(ledger.Refunds, "10")), books.Invalid, "must be 2 to 100 lines, not 1"},
		"101 lines":        {func(m *books.NewManualEntry) { m.Lines = make([]books.NewManualLine, 101) }, books.Invalid, "must be 2 to 100 lines, not 101"},
		"a zero":           {lines(debit(ledger.Refunds, "10"), credit(ledger.Cash, "10"), debit(ledger.Cash, "0")), books.Invalid, "lines.2.amount: must be more than 0"},
		"a negative":       {lines(debit(ledger.Refunds, "-10"), credit(ledger.Cash, "-10")), books.Invalid, "lines.0.amount: must not be negative"},
		"half a cent":      {lines(debit(ledger.Refunds, "1.005"), credit(ledger.Cash, "1.005")), books.Invalid, "lines.0.amount: 1.005 has 3 decimals"},
		"no account":       {lines(debit("petty_cash", "1"), credit(ledger.Cash, "1")), books.Invalid, `lines.0.account: there is no account "petty_cash"`},
		"no rate":          {func(m *books.NewManualEntry) { m.Lines[0].Currency, m.Lines[1].Currency = "GBP", "GBP" }, books.Invalid, "lines.0.functionalAmount: is needed"},
		"another worth":    {about(func(l *books.NewManualLine) { l.Functional = &decimal.Decimal{} }), books.Invalid, "lines.1.functionalAmount: must be the amount, USD 12.34"},
		"no currency":      {about(func(l *books.NewManualLine) { l.Currency = "XXQ" }), books.Invalid, "lines.1.currency"},
		"no customer":      {about(func(l *books.NewManualLine) { l.Customer = "nobody" }), books.NotFound, `lines.1.customer: there is no customer "nobody"`},
		"no policy":        {about(func(l *books.NewManualLine) { l.Policy = "none" }), books.NotFound, `lines.1.policy: there is no policy "none"`},
		"no pack":          {about(func(l *books.NewManualLine) { l.Pack = "none" }), books.NotFound, `lines.1.pack: there is no pack "none"`},
		"no reason":        {func(m *books.NewManualEntry) { m.Reason = "" }, books.Invalid, "reason: must have 1 to 2000 characters"},
		"a long reason":    {func(m *books.NewManualEntry) { m.Reason = strings.Repeat("é", 2001) }, books.Invalid, "reason: must have 1 to 2000 characters, not 2001"},
		"no description":   {func(m *books.NewManualEntry) { m.Description = "" }, books.Invalid, "description"},
		"no day":           {func(m *books.NewManualEntry) { m.AccountingDate = 0 }, books.Invalid, "accountingDate: must be of 1970 or later"},
		"far ahead":        {func(m *books.NewManualEntry) { m.AccountingDate = ledger.NewDate(2024, 3, 8) }, books.Invalid, "accountingDate: must be of 1970 or later, and 2024-03-07 at the latest"},
		"reversed at once": {func(m *books.NewManualEntry) { m.ReverseOn = january.Last() }, books.Invalid, "reverseOn: must lie in a later month than 2024-01-31"},
		"reversed never":   {func(m *books.NewManualEntry) { m.ReverseOn = january.Last() + 401 }, books.Invalid, "at most 400 days later"},
		"controlled":       {lines(debit(ledger.DeferredRevenue, "1"), credit(ledger.UsageRevenue, "1")), books.ControlAccount, "lines.0.account: deferred_revenue follows from lots, pools and purchases"},
		"said for nothing": {func(m *books.NewManualEntry) { m.ControlAccounts = "a test" }, books.Invalid, "controlAccounts: goes with a line"},
	} {
		t.Run(name, func(t *testing.T) {
			request := accrual(january.Last())
			test.change(&request)
			_, err := b.ManualEntryPropose(ctx, name, request)
			wants(t, err, test.code, test.says)
		})
	}
}

// Which accounts need a word: those that lots, pools and purchases derive.
func TestControlAccounts(t *testing.T) {
	var free []string
	for _, account := range ledger.Accounts() {
		if !account.Control {
			free = append(free, string(account.Role))
		}
	}
	if want := []string{"cash", "refund_liability", "refunds", "disputes", "fx_gain_loss"}; !cmp.Equal(free, want) {
		t.Errorf("free are %v, want %v", free, want)
	}
}

// What is booked by hand on deferred revenue and unclaimed property stands between ledger and
// lots, in every report that holds them against each other, and the book closes with it. In
// euros too, by the rate of the day: 20.00 at 1.0837 is 21.674, 21.67.
func TestManualPartReconciles(t *testing.T) {
	b, _, _ := closing(t)
	ctx := t.Context()
	done[[]books.FXRate](t)(b.FXRateSet(ctx, "fx", books.SetFXRates{Rates: []books.NewFXRate{{Currency: "EUR", Day: january.Last() - 7, Rate: decimal.New(10837, -4), Source: "bank"}}}))
	request := accrual(january.Last())
	request.ControlAccounts = "Contract 7 was signed with a right of return that no policy has"
	request.Lines = []books.NewManualLine{
		debit(ledger.UsageRevenue, "5"), credit(ledger.DeferredRevenue, "3"), credit(ledger.UnclaimedProperty, "2"),
		inEuro(debit(ledger.DeferredRevenue, "20"), ""), inEuro(credit(ledger.Cash, "20"), ""),
	}
	entry := approved(t, b, "m", request)
	later := accrual(february.First())
	later.ControlAccounts, later.Lines = "the rest of it", []books.NewManualLine{debit(ledger.UsageRevenue, "1"), credit(ledger.DeferredRevenue, "1")}
	approved(t, b, "later", later)
	inOrder(t, b)

	// 100.00 were sold and 10.00 used.
	deferred := map[string]books.DeferredRevenue{}
	for _, row := range done[[]books.DeferredRevenue](t)(b.Reconcile(ctx)) {
		deferred[string(row.Currency)] = row
		if minor, functional := row.Difference(); minor != 0 || functional != 0 {
			t.Errorf("%+v differs", row)
		}
	}
	want := map[string]books.DeferredRevenue{
		"USD": {Currency: "USD", Ledger: 9400, Lots: 9000, Manual: 400, FunctionalLedger: 9400, FunctionalLots: 9000, FunctionalManual: 400},
		"EUR": {Currency: "EUR", Ledger: -2000, Manual: -2000, FunctionalLedger: -2167, FunctionalManual: -2167},
	}
	if diff := cmp.Diff(want, deferred); diff != "" {
		t.Fatal(diff)
	}
	err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
		report, err := b.RollForward(ctx, tx, books.RollForwardRequest{From: january.First(), To: january.Last()})
		if err != nil {
			return err
		}
		for i, want := range []struct {
			currency                      string
			byHand, closing, lots, manual int64
		}{{"EUR", -2000, -2000, 0, -2000}, {"USD", 300, 9300, 9000, 300}} {
			last := report.Groups[i].Movements[len(report.Groups[i].Movements)-1]
			check := report.Checks[i]
			if string(report.Groups[i].Currency) != want.currency || last.Column != books.ByHandPart || last.Amount.Minor != want.byHand || report.Groups[i].Closing.Minor != want.closing ||
				check.Lots.Minor != want.lots || check.Manual.Minor != want.manual || check.Difference().Minor != 0 || check.FunctionalDifference().Minor != 0 {
				t.Errorf("%s: %+v, %+v", want.currency, report.Groups[i], check)
			}
		}
		owed, err := b.UnclaimedProperty(ctx, tx, books.UnclaimedRequest{On: january.Last()})
		if len(owed.Checks) != 1 || owed.Checks[0].Ledger.Minor != 200 || owed.Checks[0].Manual.Minor != 200 || owed.Checks[0].Rows.Minor != 0 || owed.Checks[0].Difference().Minor != 0 {
			t.Errorf("unclaimed: %+v", owed.Checks)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	check, _ := checkOf(t, b, january, books.CheckDeferred)
	if !check.Passed || !cmp.Equal(check.Figures[5].Text, "4.00 USD") || check.Figures[5].Name != "manual entries" {
		t.Errorf("%+v", check)
	}
	done[books.Closing](t)(b.PeriodClose(ctx, "close", books.ClosePeriod{Period: january}))

	// What is in a closed period is taken back in an open one.
	reverse := books.ReverseManual{ID: entry.ID, AccountingDate: january.Last(), Reason: "no right of return"}
	_, err = b.ManualEntryReverse(ctx, "r", reverse)
	wants(t, err, books.PeriodClosed, "accountingDate: is of 2024-01, which is closed: the first open day is 2024-02-01")
	reverse.AccountingDate = february.First()
	reversal := done[books.ManualEntry](t)(b.ManualEntryReverse(person(t, "ann"), "r", reverse))
	if reversal.ControlAccounts != request.ControlAccounts {
		t.Errorf("the reversal says %q of its accounts", reversal.ControlAccounts)
	}
	done[books.ManualDecision](t)(b.ManualEntryApprove(person(t, "bob"), "ra", books.DecideManual{ID: reversal.ID}))
	for _, row := range done[[]books.DeferredRevenue](t)(b.Reconcile(ctx)) {
		if row.Currency == "EUR" && (row != books.DeferredRevenue{Currency: "EUR"}) || row.Currency == "USD" && row.Manual != 100 {
			t.Errorf("%+v", row)
		}
	}
	inOrder(t, b)
}

// What waits for a decision keeps its period open, and what was decided too late is not moved.
func TestManualEntryAndClosing(t *testing.T) {
	b, tamper, _ := closing(t)
	ann, bob := person(t, "ann"), person(t, "bob")
	proposed := done[books.ManualEntry](t)(b.ManualEntryPropose(ann, "propose", accrual(january.Last())))
	_, err := b.PeriodClose(bob, "close", books.ClosePeriod{Period: january})
	wants(t, err, books.CloseChecksFailed, `MANUAL_ENTRIES (approve or reject what was proposed, first "Refund accrual" of token:ann under 2024-01-31)`)
	done[books.ManualDecision](t)(b.ManualEntryReject(ann, "r", books.DecideManual{ID: proposed.ID, Reason: "a slip"}))
	late := done[books.ManualEntry](t)(b.ManualEntryPropose(ann, "late", accrual(february.First())))
	done[books.Closing](t)(b.PeriodClose(bob, "close", books.ClosePeriod{Period: january}))
	_, err = b.ManualEntryPropose(ann, "closed", accrual(january.Last()))
	wants(t, err, books.PeriodClosed, "the first open day is 2024-02-01")
	tamper("DROP TRIGGER manual_entries_decided; UPDATE manual_entries SET accounting_date = '2024-01-31' WHERE status = 'PROPOSED'")
	_, err = b.ManualEntryApprove(bob, "a", books.DecideManual{ID: late.ID})
	wants(t, err, books.PeriodClosed, "manualEntryId: is of 2024-01, which is closed: the first open day is 2024-02-01")
	if got := journalOf(t, b); got != "" {
		t.Fatalf("booked: %s", got)
	}
}

// An accrual that reverses itself is reversed on its day, once, whenever the jobs run, and its
// period does not close before.
func TestManualEntryReversesItself(t *testing.T) {
	b, _, now := closing(t)
	ctx := t.Context()
	first, second := accrual(january.Last()), accrual(january.Last()-1)
	first.ReverseOn, second.ReverseOn = february.First()+1, february.First()
	first.Description, second.Description = "first", "second"
	entry := approved(t, b, "1", first)
	approved(t, b, "2", second)
	_, err := b.ManualEntryReverse(ctx, "r", books.ReverseManual{ID: entry.ID, AccountingDate: february.First(), Reason: "x"})
	wants(t, err, books.AlreadyReversed, "by itself, on 2024-02-02")
	done[books.Closing](t)(b.PeriodClose(ctx, "january", books.ClosePeriod{Period: january}))
	inOrder(t, b)
	*now = time.Date(2024, 3, 5, 12, 0, 0, 0, time.UTC)
	check, _ := checkOf(t, b, february, books.CheckBooked)
	if check.ToDo != "run the jobs: what waits is reversals since 2024-02-01" {
		t.Fatalf("%+v", check)
	}
	done[books.JobRun](t)(b.RunJob(ctx, books.JobDue, books.RunOptions{Through: february.First() - 1}))
	want := "2024-01-31 MANUAL first | refunds USD 12.34 | refund_liability USD -12.34\n2024-01-30 MANUAL second | refunds USD 12.34 | refund_liability USD -12.34\n"
	if diff := cmp.Diff(want, journalOf(t, b)); diff != "" {
		t.Fatalf("before its day: %s", diff)
	}
	_, _, err = b.WebhookCreate(ctx, "webhook", books.NewWebhook{URL: "https://example.com", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Events: []books.NoticeType{books.NoticeManualApproved}})
	if err != nil {
		t.Fatal(err)
	}
	want += "2024-02-01 MANUAL_REVERSAL second | refunds USD -12.34 | refund_liability USD 12.34\n2024-02-02 MANUAL_REVERSAL first | refunds USD -12.34 | refund_liability USD 12.34\n"
	for range 2 {
		done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
		if diff := cmp.Diff(want, journalOf(t, b)); diff != "" {
			t.Fatal(diff)
		}
	}
	inOrder(t, b)
	told := bodiesOf(t, b)
	if len(told) != 2 || !strings.Contains(told[1], `"reversesId":"man_`+entry.ID+`"`) || !strings.Contains(told[1], `"entry":6`) {
		t.Errorf("told: %v", told)
	}
	err = b.View(ctx, func(ctx context.Context, tx books.Tx) error {
		reversals, err := tx.ReversalsOfManual(ctx, []string{entry.ID})
		if err != nil {
			return err
		}
		trail, err := tx.Audit(ctx, books.AuditFilter{Subject: reversals[0].ID}, books.Page{})
		if len(trail) != 1 || trail[0].Action != "manual.reverseItself" || trail[0].Reason != "Reverses itself on 2024-02-02" || !strings.Contains(trail[0].After, `"number":6`) {
			t.Errorf("the trail is %+v", trail)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if check, _ = checkOf(t, b, february, books.CheckBooked); !check.Passed {
		t.Fatalf("%+v", check)
	}
	_, err = b.ManualEntryReverse(ctx, "r2", books.ReverseManual{ID: entry.ID, AccountingDate: february.First() + 9, Reason: "x"})
	wants(t, err, books.AlreadyReversed, "APPROVED already, under 2024-02-02")
	done[books.Closing](t)(b.PeriodClose(ctx, "february", books.ClosePeriod{Period: february}))
}
