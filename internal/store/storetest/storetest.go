package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// Run runs the suite. open returns an empty, migrated store of its own for each call.
func Run(t *testing.T, open func(t *testing.T) books.Store) {
	t.Helper()
	tests := []struct {
		name string
		run  func(t *testing.T, s *suite)
	}{
		{"rollback leaves nothing", rollback},
		{"a panic rolls back and goes on", panics},
		{"a cancelled transaction rolls back", cancelled},
		{"a transaction within a transaction is refused", nested},
		{"a view refuses writes", viewWrites},
		{"a view is a snapshot", snapshot},
		{"concurrent updates all happen", concurrent},
		{"the book is settled once", book},
		{"idempotency keys", idempotency},
		{"the audit trail", audit},
		{"tokens", tokens},
		{"proposed estimates", proposals},
		{"customers", customers},
		{"policies and estimates", policies},
		{"packs and meters", packsAndMeters},
		{"rate cards", rateCards},
		{"exchange rates", fxRates},
		{"codes of the general ledger", glCodes},
		{"what the law claims", jurisdictions},
		{"lots and pools under one law", underOneLaw},
		{"dimensions of events", dimensions},
		{"values come back as they went", values},
		{"purchases", purchases},
		{"lots", lots},
		{"changes of lots", lotChanges},
		{"holds", holds},
		{"budgets", budgets},
		{"open lots", openLots},
		{"lots together", lotsTogether},
		{"lots in bulk", manyLots},
		{"deferred by customer", deferred},
		{"what expires", expiring},
		{"events", events},
		{"draws", draws},
		{"lot-days", lotDays},
		{"lots that wait to be booked", pendingLots},
		{"lots that are due", dueLots},
		{"recognitions", recognitions},
		{"pools", pools},
		{"early breakage", earlyMovements},
		{"revenue", revenue},
		{"cohorts", cohorts},
		{"lots are filed in cohorts", filing},
		{"records of cohorts", cohortRecords},
		{"a mark on a pool while it is measured", marked},
		{"pools that two make", poolsAtOnce},
		{"a batch that two open", batchAtOnce},
		{"the book that two settle", bookAtOnce},
		{"an idempotency key that two use", keyAtOnce},
		{"batches", batches},
		{"reconciliations", reconciliations},
		{"entries", entries},
		{"entries are numbered without gaps", gapless},
		{"the trial balance", trialBalance},
		{"entries and their recognitions", entryOfRecognition},
		{"exports", exports},
		{"periods and their closings", periods},
		{"what is closed takes nothing", closedIsClosed},
		{"a closing waits for who books", closeWaits},
		{"reopenings", reopenings},
		{"seals", seals},
		{"usage that was not recorded", notRecorded},
		{"manual entries", manualEntries},
		{"tasks of a closing", closeTasks},
		{"what a period accounts for", accounted},
		{"what is taken over", openings},
		{"job runs", jobRuns},
		{"leases", leases},
		{"pages while rows arrive", pages},
		{"pages below many rows", below},
		{"lists in their orders", orders},
		{"charts", charts},
		{"margins", margins},
		{"endpoints", webhooks},
		{"deliveries", deliveries},
		{"deliveries that two claim", claimsAtOnce},
		{"alerts and their rules", alerts},
		{"requests for more credits", topUps},
		{"an empty book has no findings", noFindings},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			t.Cleanup(func() {
				if err := store.Close(); err != nil {
					t.Error("closing:", err)
				}
			})
			test.run(t, &suite{T: t, store: store})
		})
	}
}

// suite is a store under test.
type suite struct {
	*testing.T
	store books.Store
}

func (s *suite) update(act func(ctx context.Context, tx books.Tx)) {
	s.Helper()
	if err := s.tryUpdate(func(ctx context.Context, tx books.Tx) error { act(ctx, tx); return nil }); err != nil {
		s.Fatal("updating:", err)
	}
}

func (s *suite) tryUpdate(act func(ctx context.Context, tx books.Tx) error) error {
	return s.store.Update(s.Context(), act)
}

func (s *suite) view(act func(ctx context.Context, tx books.Tx)) {
	s.Helper()
	err := s.store.View(s.Context(), func(ctx context.Context, tx books.Tx) error { act(ctx, tx); return nil })
	if err != nil {
		s.Fatal("viewing:", err)
	}
}

// must stops the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused stops the test unless the error has the code.
func refused(t testing.TB, err error, code books.Code) {
	t.Helper()
	var e *books.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("got error %v, want one with code %s", err, code)
	}
}

var exact = cmp.Options{
	cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) }),
	cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && a.Location() == b.Location() }),
}

// same returns a check of a result and its error, to wrap a call with two results.
func same[V any](t testing.TB, want V) func(got V, err error) {
	return func(got V, err error) {
		t.Helper()
		must(t, err)
		if diff := cmp.Diff(want, got, exact); diff != "" {
			t.Fatalf("differs (- want, + got):\n%s", diff)
		}
	}
}

// sameIDs is same for rows of which the ids tell them apart.
func sameIDs[V any](t testing.TB, id func(V) string, want ...string) func(got []V, err error) {
	return func(got []V, err error) {
		t.Helper()
		must(t, err)
		ids := make([]string, len(got))
		for i, v := range got {
			ids[i] = id(v)
		}
		if !slices.Equal(ids, want) {
			t.Fatalf("got %v, want %v", ids, want)
		}
	}
}

// inOrder sorts what a look-up returns in no order.
func inOrder[V any](id func(V) string) func([]V, error) ([]V, error) {
	return func(rows []V, err error) ([]V, error) {
		slices.SortFunc(rows, func(a, b V) int {
			if id(a) < id(b) {
				return -1
			}
			return 1
		})
		return rows, err
	}
}

// Ids of customers and policies in their order, for tests that keep neither.
const (
	c0 = "00000000-0000-7000-8000-0000000000c0"
	c1 = "00000000-0000-7000-8000-0000000000c1"
	c2 = "00000000-0000-7000-8000-0000000000c2"
	c3 = "00000000-0000-7000-8000-0000000000c3"
	c4 = "00000000-0000-7000-8000-0000000000c4"
	c9 = "00000000-0000-7000-8000-0000000000c9"
	b1 = "00000000-0000-7000-8000-0000000000b1"
	b2 = "00000000-0000-7000-8000-0000000000b2"
	p1 = "00000000-0000-7000-8000-0000000000a1"
	p2 = "00000000-0000-7000-8000-0000000000a2"

	packID  = "00000000-0000-7000-8000-0000000000d1"
	meterID = "00000000-0000-7000-8000-0000000000e1"
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

var (
	noon = time.Date(2024, 3, 31, 12, 0, 0, 123_456_000, time.UTC)
	day  = ledger.NewDate(2024, 3, 31)
)

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func usd(minor int64) ledger.Amount { return ledger.Money(minor, "USD") }

func eur(minor int64) ledger.Amount { return ledger.Money(minor, "EUR") }

func aPolicy(code string) books.Policy {
	return books.Policy{ID: newID(), Code: code, Name: "Policy " + code, CreatedAt: noon, Policy: revrec.Policy{}.WithDefaults()}
}

func aCustomer(externalID string) books.Customer {
	return books.Customer{ID: newID(), ExternalID: externalID, Name: "Customer " + externalID, CreatedAt: noon}
}

// aLot is a lot of 100 credits at USD 10.00 that serves 2024 and takes late use for 10 days.
func aLot(customerID, policyID string) revrec.Lot {
	starts := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	return revrec.Lot{
		ID: newID(), CustomerID: customerID, PolicyID: policyID, Kind: revrec.PurchaseLot, PurchaseID: newID(),
		Granted: 100 * revrec.One, Price: usd(1000), Functional: usd(1000),
		PurchasedOn: ledger.NewDate(2024, 1, 1), StartsAt: starts, ExpiresAt: starts.AddDate(1, 0, 0), AcceptsUntil: starts.AddDate(1, 0, 10),
		LapsesOn: ledger.NewDate(2024, 12, 31), Priority: 100, LiabilityOn: ledger.NewDate(2024, 1, 1),
		RefundedAmount: usd(0), RefundedFunctional: usd(0), RemovedAmount: usd(0), RemovedFunctional: usd(0), Recognised: usd(0), RecognisedFunctional: usd(0),
		Released: usd(0), ReleasedFunctional: usd(0), Carrying: usd(1000), CarryingFunctional: usd(1000),
	}
}

// putLots keeps lots in order and returns them with the orders they were given.
func putLots(ctx context.Context, t testing.TB, tx books.Tx, lots ...revrec.Lot) []revrec.Lot {
	t.Helper()
	kept := slices.Clone(lots)
	for i := range kept {
		must(t, tx.InsertLot(ctx, kept[i]))
		got, err := tx.LotsByID(ctx, []string{kept[i].ID})
		must(t, err)
		if len(got) != 1 {
			t.Fatalf("lot %s is not there", kept[i].ID)
		}
		kept[i].Order = got[0].Order
	}
	return kept
}

func keyOf(lot revrec.Lot) books.LotKey {
	return books.LotKey{CustomerID: lot.CustomerID, LotID: lot.ID}
}

func anEvent(customerID, id string, credits revrec.Credits) books.UsageEvent {
	return books.UsageEvent{
		ID: newID(), CustomerID: customerID, Source: "api", EventID: id, Credits: credits, OccurredAt: noon, RecordedAt: noon.Add(time.Second),
	}
}

// anEntry books an amount from cash to deferred revenue.
func anEntry(on ledger.Date, amount ledger.Amount) ledger.Entry {
	d := ledger.Dimensions{Customer: "acme", Policy: "standard", Pack: "small"}
	return ledger.Entry{
		Kind: ledger.PurchaseEntry, AccountingDate: on, OccurredOn: on, PostedAt: noon, Reference: newID(), Description: "a sale",
		Lines: []ledger.Line{ledger.Debit(ledger.Cash, amount, amount, d), ledger.Credit(ledger.DeferredRevenue, amount, amount, d)},
	}
}

func lotID(l revrec.Lot) string           { return l.ID }
func lotIDOf(l *revrec.Lot) string        { return l.ID }
func eventID(e books.UsageEvent) string   { return e.ID }
func purchaseID(p books.Purchase) string  { return p.ID }
func customerID(c books.Customer) string  { return c.ID }
func recID(r revrec.Recognition) string   { return r.ID }
func numberOf(e ledger.Entry) string      { return fmt.Sprint(e.Number) }
func runID(r books.JobRun) string         { return r.ID }
func auditID(e books.AuditEvent) string   { return e.ID }
func keyLot(k books.LotKey) string        { return k.LotID }
func poolID(p revrec.Pool) string         { return p.ID }
func drawID(d books.Draw) string          { return d.EventID + "/" + d.LotID }
func poolWorkID(w books.PoolWork) string  { return w.Pool.ID + " " + w.From.String() }
func deferredKey(d books.Deferred) string { return d.CustomerID + "/" + string(d.Currency) }
