package evidence_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/evidence"
	"drawdown/ledger"
	"drawdown/revrec"
)

// moved goes on after live: a March in which an invoice is paid in parts, before it falls due and after, one is
// called off, credits are given, moved and made to last longer. It returns the purchase that was paid.
func (b *book) moved() books.Purchase {
	b.T.Helper()
	ctx := b.T.Context()
	invoice := func(customer string, price int64) books.Purchase {
		sold, err := b.Purchase(ctx, b.key(), books.NewPurchase{Customer: customer, Policy: "annual", Credits: *whole(300), Price: whole(price), Invoiced: true, DueOn: ledger.NewDate(2025, 3, 20)})
		b.Must(err)
		return sold.Purchase
	}
	b.Now = on(3, 3)
	paid, off := invoice("gamma", 120), invoice("beta", 45)
	b.Now = on(3, 5)
	_, err := b.Pay(ctx, b.key(), books.Payment{PurchaseID: paid.ID, Amount: whole(50)})
	b.Must(err)
	b.run(3, 21)
	b.Now = on(3, 25)
	_, err = b.Pay(ctx, b.key(), books.Payment{PurchaseID: paid.ID, Amount: whole(70)})
	b.Must(err)
	_, err = b.VoidPurchase(ctx, b.key(), books.PurchaseVoid{PurchaseID: off.ID, Reason: "never wanted"})
	b.Must(err)
	_, err = b.Grant(ctx, b.key(), books.NewGrant{Customer: "beta", Policy: "annual", Credits: decimal.RequireFromString("7.5"), Reason: books.Goodwill})
	b.Must(err)
	_, err = b.Transfer(ctx, b.key(), books.TransferRequest{From: "=1+1", To: "beta", Credits: *whole(100), Reason: "one of a group"})
	b.Must(err)
	_, err = b.Extend(ctx, b.key(), books.Extension{PurchaseID: paid.ID, ExpiresAfter: &ledger.Duration{Months: 18}, Treatment: books.Prospective, Reason: "asked for"})
	b.Must(err)
	b.run(4, 1)
	b.shut(3)
	return paid
}

// TestWhatMoved holds payments, grants and changes of lots against what was done, by hand, and against the lines
// of the journal that book it; what comes after the closing changes nothing of them.
func TestWhatMoved(t *testing.T) {
	var first []byte
	for i, b := range onBoth(t) {
		b.live()
		paid := b.moved()
		archive, dir, m := b.packed(evidence.Options{Period: month(3)})
		if first == nil {
			first = archive
		}
		if !bytes.Equal(first, archive) {
			t.Errorf("engine %d: the pack differs: %s", i, differing(t, first, archive))
		}

		payments := table(t, dir, "subledger/payments.csv")
		if len(payments) != 2 || payments[0]["amount"] != "50.00" || payments[0]["timing"] != "AHEAD" || payments[1]["amount"] != "70.00" || payments[1]["timing"] != "AFTER" ||
			payments[0]["purchase_id"] != paid.ID || payments[1]["paid_at"] != "2025-03-25T09:00:00Z" {
			t.Errorf("payments: %v", payments)
		}
		cash := b.booked(dir, "cash", "PAYMENT")
		if cash["USD"] != 12000 || summedMinor(t, payments, "")["USD"] != cash["USD"] {
			t.Errorf("payments come to %v, the journal brings %v to cash, and 120.00 was paid", summedMinor(t, payments, ""), cash)
		}

		grants := table(t, dir, "subledger/grants.csv")
		if len(grants) != 1 || grants[0]["granted"] != "7.5" || grants[0]["reason"] != "GOODWILL" || grants[0]["granted_on"] != "2025-03-25" {
			t.Errorf("grants: %v", grants)
		}

		changes := table(t, dir, "subledger/lot_changes.csv")
		kinds := map[string]string{}
		for _, c := range changes {
			kinds[c["kind"]] += c["credits"] + " " + c["amount"] + " " + c["reason"] + ";"
		}
		// 97.00 for 1,000 credits: what is left of 100 of them goes with the price of all that is left less that of what stays.
		if len(changes) != 3 || kinds["EXTENDED"] != "0 0.00 asked for;" || kinds["TRANSFERRED"] != "100 9.70 one of a group;" || kinds["VOIDED"] != "300 45.00 never wanted;" {
			t.Errorf("changes: %v", kinds)
		}
		b.holdChanges(dir)
		for _, file := range m.Files {
			for name, want := range map[string]string{"subledger/payments.csv": "120.00", "subledger/payments.parquet": "120.00"} {
				if file.Name == name && (len(file.Totals) != 1 || file.Totals[0] != evidence.Total{Column: "amount", Currency: "USD", Amount: want} || file.Rows != 2) {
					t.Errorf("the manifest says of %s: %d rows, %v", name, file.Rows, file.Totals)
				}
			}
		}

		// January and February have the grant of each, and February the refund of 50 of beta's 1,000.
		_, february, _ := b.packed(evidence.Options{Period: month(2)})
		if refunded := table(t, february, "subledger/lot_changes.csv"); len(refunded) != 1 || refunded[0]["kind"] != "REFUNDED_IN_PART" || refunded[0]["credits"] != "50" || refunded[0]["currency"] != "EUR" {
			t.Errorf("changes of February: %v", refunded)
		}
		b.holdChanges(february)
		if grants := table(t, february, "subledger/grants.csv"); len(grants) != 1 || grants[0]["granted"] != "50" || grants[0]["reason"] != "PROMO" {
			t.Errorf("grants of February: %v", grants)
		}

		b.lookBack()
		_, after, _ := b.packed(evidence.Options{Period: month(3)})
		for _, name := range []string{"payments", "grants", "lot_changes"} {
			for _, form := range []string{".csv", ".parquet"} {
				if !bytes.Equal(content(t, dir, "subledger/"+name+form), content(t, after, "subledger/"+name+form)) {
					t.Errorf("engine %d: %s%s changed with what came after the closing", i, name, form)
				}
			}
		}
	}
}

// lookBack does in April what happened in March.
func (b *book) lookBack() {
	b.T.Helper()
	ctx := b.T.Context()
	b.Now = on(4, 7)
	sold, err := b.Purchase(ctx, b.key(), books.NewPurchase{Customer: "gamma", Policy: "annual", Credits: *whole(10), Price: whole(10), Invoiced: true, PurchasedAt: on(3, 28), DueOn: ledger.NewDate(2025, 4, 20)})
	b.Must(err)
	_, err = b.Pay(ctx, b.key(), books.Payment{PurchaseID: sold.Purchase.ID, PaidAt: on(3, 30)})
	b.Must(err)
	_, err = b.Grant(ctx, b.key(), books.NewGrant{Customer: "gamma", Policy: "annual", Credits: *whole(3), Reason: books.Promo, GrantedAt: on(3, 29)})
	b.Must(err)
	_, err = b.Transfer(ctx, b.key(), books.TransferRequest{From: "gamma", To: "beta", Credits: *whole(1), Reason: "late"})
	b.Must(err)
}

// TestIDsThatTellNoTime has two more servers write, whose clocks ids come from are an hour ahead and one behind, and one from
// before the instant was kept at which a lot and a change were written. What the closing had is told by that instant, and by ids where there is none.
func TestIDsThatTellNoTime(t *testing.T) {
	for _, b := range onBoth(t) {
		b.live()
		ctx, ids := t.Context(), 0
		server := func(s books.Store, format string) *books.Books {
			opened, err := books.Open(ctx, s, books.Options{Now: func() time.Time { return b.Now }, NewID: func() string { ids++; return fmt.Sprintf(format, ids) }})
			b.Must(err)
			return opened
		}
		ahead, behind := server(b.Store, "01900000-0000-7000-9000-%012d"), server(b.Store, "01890000-0000-7000-8000-%012d")
		grant := func(by *books.Books, credits string, at time.Time) {
			_, err := by.Grant(ctx, b.key(), books.NewGrant{Customer: "beta", Policy: "annual", Credits: decimal.RequireFromString(credits), Reason: books.Goodwill, GrantedAt: at})
			b.Must(err)
		}
		before := forgetting{b.Store}
		earlier, later := server(before, "018f0000-0000-7000-8000-%012d"), server(before, "01900000-0000-7000-a000-%012d")

		b.Now = on(3, 25)
		grant(ahead, "2.5", time.Time{})
		grant(earlier, "4", time.Time{})
		_, err := ahead.Transfer(ctx, b.key(), books.TransferRequest{From: "=1+1", To: "beta", Credits: *whole(10), Reason: "ahead"})
		b.Must(err)
		_, err = earlier.Transfer(ctx, b.key(), books.TransferRequest{From: "=1+1", To: "beta", Credits: *whole(20), Reason: "earlier"})
		b.Must(err)
		b.run(4, 1)
		b.shut(3)
		b.Now = on(4, 7)
		grant(behind, "3", on(3, 29))
		grant(later, "5", on(3, 29))

		_, dir, _ := b.packed(evidence.Options{Period: month(3)})
		var granted, moved []string
		for _, row := range table(t, dir, "subledger/grants.csv") {
			granted = append(granted, row["granted"])
		}
		for _, row := range table(t, dir, "subledger/lot_changes.csv") {
			moved = append(moved, row["reason"]+" "+row["credits"])
		}
		slices.Sort(granted)
		slices.Sort(moved)
		if !slices.Equal(granted, []string{"2.5", "4"}) || !slices.Equal(moved, []string{"ahead 10", "earlier 20"}) {
			t.Errorf("granted by the closing: %q, want 2.5 and 4; moved: %q, want 10 ahead and 20 earlier", granted, moved)
		}
	}
}

// forgetting is a store of before instants of lots and changes were kept.
type forgetting struct{ books.Store }

func (f forgetting) Update(ctx context.Context, act func(context.Context, books.Tx) error) error {
	return f.Store.Update(ctx, func(ctx context.Context, tx books.Tx) error { return act(ctx, forgetful{tx}) })
}

type forgetful struct{ books.Tx }

func (f forgetful) InsertLot(ctx context.Context, lot revrec.Lot) error {
	lot.CreatedAt = time.Time{}
	return f.Tx.InsertLot(ctx, lot)
}

func (f forgetful) InsertLotChanges(ctx context.Context, changes []revrec.Change) error {
	changes = slices.Clone(changes)
	for i := range changes {
		changes[i].WrittenAt = time.Time{}
	}
	return f.Tx.InsertLotChanges(ctx, changes)
}

// booked adds up what entries of a kind bring to an account, by currency.
func (b *book) booked(dir, account string, kinds ...string) map[string]int64 {
	sums := map[string]int64{}
	for _, line := range table(b.T, dir, "gl/journal_lines.csv") {
		for _, kind := range kinds {
			if line["account"] == account && line["kind"] == kind && line["amount_minor"] != "0" {
				sums[line["currency"]] += number(b.T, line["amount_minor"])
			}
		}
	}
	return sums
}

// holdChanges holds what changes took out of lots against what their entries took from deferred revenue.
func (b *book) holdChanges(dir string) {
	b.T.Helper()
	taken := map[string]int64{}
	for _, kind := range []string{"VOIDED", "CHARGED_BACK", "REFUNDED_IN_PART"} {
		for currency, minor := range summedMinor(b.T, table(b.T, dir, "subledger/lot_changes.csv"), kind) {
			taken[currency] += minor
		}
	}
	deferred := b.booked(dir, "deferred_revenue", "VOID", "DISPUTE", "REFUND")
	for _, currency := range []string{"USD", "EUR"} {
		if taken[currency] != deferred[currency] {
			b.T.Errorf("changes took %v out of lots, entries took %v from deferred revenue", taken, deferred)
		}
	}
}

// summedMinor adds up rows of a kind, all where it is "", by currency.
func summedMinor(t *testing.T, rows []map[string]string, kind string) map[string]int64 {
	t.Helper()
	sums := map[string]int64{}
	for _, row := range rows {
		if kind == "" || row["kind"] == kind {
			sums[row["currency"]] += number(t, row["amount_minor"])
		}
	}
	return sums
}
