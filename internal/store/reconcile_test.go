package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
	"drawdown/ledger"
)

// reconciler opens the book of the plants as its last day ends.
func reconciler(t testing.TB, s books.Store) *books.Books {
	t.Helper()
	b, err := books.Open(t.Context(), s, books.Options{Now: func() time.Time { return time.Date(2024, 5, 22, 12, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func reconciled(t testing.TB, s books.Store, request books.ReconcileRequest) (made books.Reconciliation) {
	t.Helper()
	b := reconciler(t, s)
	err := s.View(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		made, err = b.Reconciliation(ctx, tx, request)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// lineOf finds a line, and returns an empty one where there is none.
func lineOf(r books.Reconciliation, of string, currency ledger.Currency) books.ReconcileLine {
	at := slices.IndexFunc(r.Lines, func(l books.ReconcileLine) bool { return l.Of == of && l.Currency == currency })
	if at < 0 {
		return books.ReconcileLine{}
	}
	return r.Lines[at]
}

// differing lists what differs, each with the rows that are named.
func differing(r books.Reconciliation) []string {
	found := []string{}
	for _, l := range r.Lines {
		if l.Status() != books.ReconcileDifferent {
			continue
		}
		minor, functional := l.Difference()
		text := fmt.Sprintf("%s %s by %d (%d):", l.Of, l.Currency, minor, functional)
		for _, row := range l.Rows {
			text += fmt.Sprintf(" %s %s %d/%d", row.Kind, row.ID, row.Left.Minor, row.Right.Minor)
		}
		found = append(found, text)
	}
	return found
}

// TestReconcileInOrder holds the book of the plants to no difference, in all and in each month, on
// both databases, with the same figures and the same hashes where ids are the same; and to what
// manual entries put on accounts, which is no match and no difference.
func TestReconcileInOrder(t *testing.T) {
	s := plantBook(t)
	defer s.Close()
	requests := []books.ReconcileRequest{{}, {Through: ledger.NewDate(2024, 2, 10)}}
	for month := ledger.NewDate(2024, 1, 1).Period(); month <= ledger.NewDate(2024, 5, 1).Period(); month++ {
		requests = append(requests, books.ReconcileRequest{Period: month})
	}
	for _, request := range requests {
		if made := reconciled(t, s, request); made.Status() != books.ReconcileMatched || made.Found != "" {
			t.Errorf("%+v: %q", request, differing(made))
		}
	}
	all := reconciled(t, s, books.ReconcileRequest{})
	for _, want := range []struct {
		of                             string
		currency                       ledger.Currency
		left, right, manual, ownManual int64
		status                         books.ReconcileStatus
	}{
		// byHand puts 7.00 on deferred revenue and 2.00 on what the law claims, out of revenue.
		{"DEFERRED_REVENUE", "EUR", 17429, 18129, 700, 1400, books.ReconcileExplained},
		{"UNCLAIMED_PROPERTY", "EUR", 4693, 4893, 200, 400, books.ReconcileExplained},
		{"USAGE_REVENUE", "EUR", 29635, 28735, -900, -1800, books.ReconcileExplained},
		{"DEFERRED_REVENUE", "USD", 186220, 186220, 0, 0, books.ReconcileMatched},
	} {
		l := lineOf(all, want.of, want.currency)
		if l.Left.Minor != want.left || l.Right.Minor != want.right || l.Manual != want.manual || l.OwnManual != want.ownManual || l.Status() != want.status {
			t.Errorf("%s %s: %+v is %s", want.of, want.currency, l, l.Status())
		}
	}
	for what, query := range map[string]string{
		"EVENTS": "SELECT count(*), sum(credits) FROM usage_events WHERE credits <> 0", "DRAWS": "SELECT count(*), sum(credits) FROM draws",
	} {
		var count, sum int64
		if err := s.Writer().QueryRowContext(t.Context(), query).Scan(&count, &sum); err != nil {
			t.Fatal(err)
		}
		if l := lineOf(all, what, ""); l.Left.Rows != count || l.Left.Minor != sum || l.Left.Hash != l.Right.Hash {
			t.Errorf("%s: %+v, want %d rows of %d", what, l, count, sum)
		}
	}
}

// TestReconcileOfOlderMonths plants a fault in an event of January: all days, those through March, and
// January name the event.
func TestReconcileOfOlderMonths(t *testing.T) {
	s := plantBook(t)
	defer s.Close()
	var event string
	const ofJanuary = "SELECT id FROM usage_events WHERE occurred_at_us < 1706745600000000 AND credits > 0 AND void_of IS NULL ORDER BY id LIMIT 1"
	if err := s.Writer().QueryRowContext(t.Context(), ofJanuary).Scan(&event); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"DROP TRIGGER usage_events_no_update", "UPDATE usage_events SET credits = credits + 1 WHERE id = '" + event + "'"} {
		if _, err := s.Writer().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for _, request := range []books.ReconcileRequest{{}, {Through: ledger.NewDate(2024, 3, 31)}, {Period: ledger.NewDate(2024, 1, 1).Period()}} {
		line := lineOf(reconciled(t, s, request), "EVENTS", "")
		if line.Status() != books.ReconcileDifferent || line.RowCount != 1 || line.Rows[0].Kind != books.RowEvent || line.Rows[0].ID != event || line.Rows[0].Left.Minor != line.Rows[0].Right.Minor+1 {
			t.Errorf("%+v: %+v, want %s to differ", request, line, event)
		}
	}
}

// reconcilePlants are faults made behind the program's back, with the lines that must see them and
// the kind of row that each must name; = where it is the row that is asked for before.
var reconcilePlants = []struct {
	plant string
	id    string   // asks for the row
	sees  []string // the line, the kind of row, =
}{
	{"UPDATE lots SET carrying_minor = carrying_minor + 1 WHERE id = (%s)", "SELECT lot_id FROM purchases WHERE price_minor = 100000 AND status = 'PAID' LIMIT 1", []string{"LOTS LOT =", "DEFERRED_REVENUE LOT ="}},
	{"UPDATE lots SET price_minor = price_minor + 1 WHERE purchase_id = (%s)", "SELECT id FROM purchases WHERE price_minor = 100000 AND status = 'PAID' LIMIT 1", []string{"PURCHASE_LOTS PURCHASE ="}},
	{"UPDATE lots SET functional_minor = functional_minor + 1 WHERE purchase_id = (%s)", "SELECT id FROM purchases WHERE price_minor = 100000 AND status = 'PAID' LIMIT 1", []string{"PURCHASE_LOTS PURCHASE ="}},
	{"UPDATE lines SET amount_minor = amount_minor + CASE line WHEN 1 THEN 1 ELSE -1 END, functional_minor = functional_minor + CASE line WHEN 1 THEN 1 ELSE -1 END WHERE entry_number = (%s)", "SELECT min(number) FROM entries WHERE kind = 'USAGE'", []string{"RECOGNITIONS ENTRY ="}},
	{"UPDATE lines SET amount_minor = amount_minor + CASE line WHEN 1 THEN 1 ELSE -1 END, functional_minor = functional_minor + CASE line WHEN 1 THEN 1 ELSE -1 END WHERE entry_number = (SELECT number FROM entries WHERE reference = (%s) AND kind = 'PURCHASE')", "SELECT CAST(id AS TEXT) FROM purchases WHERE price_minor = 100000 AND status = 'PAID' LIMIT 1", []string{"PURCHASES_DEFERRED PURCHASE =", "PURCHASES_CASH PURCHASE =", "RUNNING_BALANCES ACCOUNT"}},
	{"DELETE FROM draws WHERE event_id = (%s)", "SELECT id FROM usage_events WHERE event_id = 'c1'", []string{"EVENTS USAGE_EVENT =", "DRAWS LOT_DAY"}},
	{"DELETE FROM usage_events WHERE id = (%s)", "SELECT id FROM usage_events WHERE event_id = 'c1'", []string{"EVENTS USAGE_EVENT ="}},
	{"DELETE FROM recognitions WHERE lot_id = (%s) AND kind = 'USAGE'", "SELECT lot_id FROM recognitions WHERE kind = 'USAGE' AND amount_minor > 0 ORDER BY id LIMIT 1", []string{"BOOKED LOT_DAY =", "RECOGNITIONS ENTRY"}},
	{"DELETE FROM lots WHERE purchase_id = (%s)", "SELECT id FROM purchases WHERE price_minor = 4500", []string{"PURCHASE_LOTS PURCHASE =", "DEFERRED_REVENUE PURCHASE ="}},
	{"UPDATE payments SET amount_minor = amount_minor + 1 WHERE purchase_id = (%s)", "SELECT purchase_id FROM payments LIMIT 1", []string{"PAYMENTS PURCHASE ="}},
	{"DELETE FROM payments WHERE purchase_id = (%s)", "SELECT purchase_id FROM payments LIMIT 1", []string{"PAYMENTS PURCHASE ="}},
	{"UPDATE lot_days SET drawn = drawn + 1 WHERE lot_id = (%s)", "SELECT lot_id FROM purchases WHERE price_minor = 7700", []string{"DRAWS LOT_DAY =", "BOOKED LOT_DAY ="}},
	{"UPDATE purchases SET tax_minor = tax_minor + 1 WHERE id = (%s)", "SELECT id FROM purchases WHERE tax_minor = 700", []string{"TAX_PAYABLE PURCHASE =", "PURCHASES_TAX PURCHASE ="}},
	{"UPDATE recognitions SET amount_minor = amount_minor + 1 WHERE id = (SELECT id FROM recognitions WHERE kind = 'BREAKAGE_EARLY' ORDER BY id LIMIT 1) AND '' <> (%s)", "SELECT CAST(min(e.number) AS TEXT) FROM entries AS e JOIN recognitions AS r ON r.batch_id = e.batch_id AND r.day = e.occurred_on AND r.kind = e.kind AND r.currency = e.currency JOIN policies AS p ON p.id = r.policy_id AND p.code = e.policy WHERE r.id = (SELECT id FROM recognitions WHERE kind = 'BREAKAGE_EARLY' ORDER BY id LIMIT 1)", []string{"RECOGNITIONS ENTRY =", "DEFERRED_REVENUE ENTRY ="}},
	{"UPDATE account_periods SET debit_minor = debit_minor + 1 WHERE account = 'tax_payable' AND period = '2024-02' AND '' <> (%s)", "SELECT 'TAX_PAYABLE 2024-02 debits'", []string{"RUNNING_BALANCES ACCOUNT =", "TAX_PAYABLE"}},
	{"UPDATE escheat_payment_parts SET amount_minor = amount_minor + 1 WHERE '' <> (%s)", "SELECT '-'", []string{"UNCLAIMED_PROPERTY"}},
	{"UPDATE purchases SET price_minor = price_minor + 1 WHERE id = (%s)", "SELECT id FROM purchases WHERE opening_on IS NOT NULL", []string{"OPENING_BALANCES", "PURCHASE_LOTS PURCHASE ="}},
	{"UPDATE purchases SET received_minor = received_minor + 1 WHERE id = (%s)", "SELECT id FROM purchases WHERE price_minor = 6000 AND status = 'INVOICED'", []string{"ACCOUNTS_RECEIVABLE PURCHASE =", "PAYMENTS PURCHASE ="}},
}

// TestReconcilePlants plants each fault on SQLite, and has it found and named.
func TestReconcilePlants(t *testing.T) {
	holdReconcilePlants(t, plantBook(t), func(t *testing.T, plant string) (int64, books.Reconciliation) {
		s := plantBook(t)
		defer s.Close()
		disarm(t, s)
		result, err := s.Writer().DB.ExecContext(t.Context(), plant)
		if err != nil {
			t.Fatal(err)
		}
		touched, _ := result.RowsAffected()
		return touched, reconciled(t, s, books.ReconcileRequest{})
	})
}

// TestReconcilePlantsOnPostgres does so on one book, in transactions that are undone.
func TestReconcilePlantsOnPostgres(t *testing.T) {
	pgtest.Superuser(t) // who may disarm
	s := openPostgres(t)
	if err := playBook(s); err != nil {
		t.Fatal(err)
	}
	b := reconciler(t, s)
	holdReconcilePlants(t, s, func(t *testing.T, plant string) (touched int64, made books.Reconciliation) {
		undone := errors.New("undone")
		err := s.Update(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
			if _, err := store.Act(ctx, tx, disarmed); err != nil {
				return err
			}
			if touched, err = store.Act(ctx, tx, plant); err != nil {
				return err
			}
			if made, err = b.Reconciliation(ctx, tx, books.ReconcileRequest{}); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		return touched, made
	})
}

func holdReconcilePlants(t *testing.T, s *store.Store, planted func(t *testing.T, plant string) (int64, books.Reconciliation)) {
	t.Helper()
	defer s.Close()
	if made := reconciled(t, s, books.ReconcileRequest{}); made.Status() != books.ReconcileMatched {
		t.Fatalf("before anything is planted: %q", differing(made))
	}
	for _, test := range reconcilePlants {
		plant := fmt.Sprintf(test.plant, test.id)
		t.Run(plant[:min(len(plant), 80)], func(t *testing.T) {
			var id string
			if err := s.Writer().QueryRowContext(t.Context(), test.id).Scan(&id); err != nil {
				t.Fatal(err)
			}
			if id != "-" && !strings.Contains(test.id, "min(") && !strings.Contains(test.id, "'TAX") {
				plant = fmt.Sprintf(test.plant, "'"+id+"'")
			}
			touched, made := planted(t, plant)
			if touched == 0 {
				t.Fatal("the plant changed nothing")
			}
			if made.Status() != books.ReconcileDifferent || made.Found == "" {
				t.Fatal("nothing was found")
			}
			for _, sees := range test.sees {
				of, kind, named := strings.Cut(sees, " ")
				kind, it := strings.CutSuffix(kind, " =")
				if !slices.ContainsFunc(made.Lines, func(l books.ReconcileLine) bool {
					return l.Of == of && l.Status() == books.ReconcileDifferent && (!named || slices.ContainsFunc(l.Rows, func(row books.ReconcileRow) bool {
						return row.Kind == kind && row.Differs() && (!it || row.ID == id)
					}))
				}) {
					t.Errorf("%s does not see it, of %s: %q", sees, id, differing(made))
				}
			}
		})
	}
}

// TestReconcileTells has the jobs compare day after day: a difference is kept and told once, told
// again when another comes, and not while it stays.
func TestReconcileTells(t *testing.T) {
	s := plantBook(t)
	defer s.Close()
	disarm(t, s)
	day := 22
	b, err := books.Open(t.Context(), s, books.Options{Now: func() time.Time { return time.Date(2024, 5, day, 12, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.WebhookCreate(t.Context(), "hook", books.NewWebhook{URL: "https://example.com/hook", Events: []books.NoticeType{books.NoticeReconciliation}, Secret: "whsec_" + strings.Repeat("A", 32)}); err != nil {
		t.Fatal(err)
	}
	var before int64
	if err := s.Writer().QueryRowContext(t.Context(), "SELECT count(*) FROM reconciliations").Scan(&before); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		what            string
		plant           string
		job             books.JobName
		kept, differing int64 // in all, and lines of the last
		told            int64
	}{
		{"in order", "", books.JobAll, 1, 0, 0},
		{"the same day again", "", books.JobAll, 1, 0, 0},
		{"by hand, on that day", "", books.JobReconcile, 2, 0, 0},
		{"a lot", "UPDATE lots SET carrying_minor = carrying_minor + 1 WHERE id = (SELECT lot_id FROM purchases WHERE price_minor = 7700)", books.JobAll, 3, 2, 1},
		{"it stays", "", books.JobAll, 4, 2, 1},
		{"a draw too", "DELETE FROM draws WHERE event_id = (SELECT id FROM usage_events WHERE event_id = 'b1')", books.JobAll, 5, 4, 2},
		{"mended", "UPDATE lots SET carrying_minor = carrying_minor - 1 WHERE id = (SELECT lot_id FROM purchases WHERE price_minor = 7700)", books.JobAll, 6, 2, 3},
	} {
		if step.plant != "" {
			if _, err := s.Writer().DB.ExecContext(t.Context(), step.plant); err != nil {
				t.Fatal(err)
			}
		}
		if step.job == books.JobAll && step.what != "the same day again" {
			day++
		}
		if _, err := b.RunJob(t.Context(), step.job, books.RunOptions{}); err != nil {
			t.Fatal(step.what, err)
		}
		var kept, told int64
		if err := s.Writer().QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM reconciliations), (SELECT count(*) FROM outbox_messages WHERE type = 'reconciliation.different')").Scan(&kept, &told); err != nil {
			t.Fatal(err)
		}
		status, err := b.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if kept-before != step.kept || status.Reconciled.Differing != step.differing || told != step.told {
			t.Errorf("%s: %d kept, %d differ, %d told; want %+v", step.what, kept-before, status.Reconciled.Differing, told, step)
		}
	}
}
