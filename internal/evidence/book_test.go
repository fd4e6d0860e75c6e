package evidence_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/evidence"
	"drawdown/internal/store/bookstest"
	"drawdown/ledger"
	"drawdown/revrec"
)

// book is a book on one engine, with keys in order.
type book struct {
	*bookstest.Book
	keys int
}

func onBoth(t *testing.T) []*book {
	t.Helper()
	var all []*book
	for _, b := range bookstest.OnBoth(t, on(1, 2)) {
		all = append(all, &book{Book: b})
	}
	return all
}

func (b *book) key() string { b.keys++; return fmt.Sprint("k", b.keys) }

func (b *book) person(name string) context.Context {
	return books.WithCaller(b.T.Context(), books.Caller{Actor: "token:" + name, Name: name, Persons: []string{name}, Roles: []books.Role{books.Accountant}})
}

func whole(n int64) *decimal.Decimal {
	d := decimal.NewFromInt(n)
	return &d
}

func on(month time.Month, day int) time.Time {
	return time.Date(2025, month, day, 9, 0, 0, 0, time.UTC)
}

func (b *book) sell(customer, policy string, credits, price int64, currency ledger.Currency) books.Purchase {
	b.T.Helper()
	request := books.NewPurchase{Customer: customer, Policy: policy, Credits: *whole(credits), Price: whole(price), Currency: currency}
	if currency != "" {
		rate := decimal.RequireFromString("1.0913")
		request.FXRate = &rate
	}
	sold, err := b.Purchase(b.T.Context(), b.key(), request)
	b.Must(err)
	return sold.Purchase
}

func (b *book) use(customer, credits string, at time.Time) string {
	b.T.Helper()
	c, id := decimal.RequireFromString(credits), b.key()
	outcomes, err := b.RecordUsage(b.T.Context(), []books.UsageInput{{ID: id, Customer: customer, Credits: &c, OccurredAt: at}})
	b.Must(err)
	if outcomes[0].Status != books.Recorded {
		b.T.Fatalf("use of %s: %+v", customer, outcomes[0])
	}
	return id
}

func (b *book) run(month time.Month, day int) {
	b.T.Helper()
	b.Now = time.Date(2025, month, day, 6, 0, 0, 0, time.UTC)
	_, err := b.RunJob(b.T.Context(), books.JobAll, books.RunOptions{})
	b.Must(err)
}

func month(m time.Month) ledger.Period { return ledger.NewDate(2025, m, 1).Period() }

func (b *book) shut(m time.Month) {
	b.T.Helper()
	b.Now = b.Now.Add(time.Minute)
	_, err := b.PeriodClose(b.person("anna"), b.key(), books.ClosePeriod{Period: month(m)})
	b.Must(err)
	b.Now = b.Now.Add(time.Minute)
}

// live makes a January and a February that close: use, some of it late and void, two currencies, a grant,
// credits that lapse and the law's share of them, expected breakage, a refund, an entry that people
// write, and text that a spreadsheet would compute.
func (b *book) live() {
	b.T.Helper()
	ctx, law := b.T.Context(), decimal.RequireFromString("0.2")
	_, err := b.GLAccountsSet(ctx, b.key(), books.SampleGLCodes())
	b.Must(err)
	for _, policy := range []books.NewPolicy{
		{Code: "annual", Policy: revrec.Policy{Expires: &ledger.Duration{Months: 12}}},
		{Code: "short", Policy: revrec.Policy{Expires: &ledger.Duration{Days: 20}, ShortExpiry: "a trial", Breakage: revrec.Breakage{Method: revrec.OnExpiry, Escheat: law}}},
		{Code: "pooled", Policy: revrec.Policy{Expires: &ledger.Duration{Months: 6}, Breakage: revrec.Breakage{
			Method: revrec.Proportional, Pool: revrec.PoolByPurchaseMonth, Rate: decimal.RequireFromString("0.1"), Escheat: law,
		}}},
	} {
		_, err := b.PolicyCreate(ctx, b.key(), policy)
		b.Must(err)
	}
	for _, customer := range []string{"=1+1", "beta", "gamma"} {
		_, err := b.CustomerCreate(ctx, b.key(), books.NewCustomer{ExternalID: customer, Name: "Die \"" + customer + "\", GmbH", Jurisdiction: "US-DE"})
		b.Must(err)
	}
	for _, m := range []time.Month{1, 2} {
		b.Now = on(m, 3)
		b.sell("=1+1", "annual", 1000, 97, "")
		b.sell("gamma", "short", 100, 10, "")
		sold := b.sell("beta", "pooled", 1000, 200, "EUR")
		_, err := b.Grant(ctx, b.key(), books.NewGrant{Customer: "gamma", Policy: "annual", Credits: *whole(50), Reason: "PROMO"})
		b.Must(err)
		for day := 4; day < 24; day += 3 {
			b.Now = on(m, day)
			b.use("=1+1", fmt.Sprintf("%d.25", day), time.Time{})
			b.use("beta", fmt.Sprintf("%d.5", 2*day), time.Time{})
			b.use("gamma", "1.125", time.Time{})
		}
		b.Now = on(m, 25)
		twice := b.use("=1+1", "11", time.Time{})
		_, err = b.VoidUsage(ctx, b.key(), books.UsageVoid{Customer: "=1+1", ID: twice, Reason: "twice"})
		b.Must(err)
		if m == 2 {
			b.use("=1+1", "7.5", on(1, 27)) // heard of after January was closed
			_, err = b.Refund(ctx, b.key(), books.RefundRequest{PurchaseID: sold.ID, Amount: *whole(10), Credits: whole(50), Reason: "not wanted"})
			b.Must(err)
			b.manual()
		}
		b.run(m+1, 1)
		b.shut(m)
	}
}

// changeKey has the book sign by another key from now on.
func (b *book) changeKey() {
	b.T.Helper()
	key, err := books.NewKeySigner()
	b.Must(err)
	b.Books, err = books.Open(b.T.Context(), b.Store, books.Options{Now: func() time.Time { return b.Now }, Signer: key})
	b.Must(err)
}

// manual accrues a rebate that is taken back in March.
func (b *book) manual() {
	b.T.Helper()
	amount := decimal.RequireFromString("12.34")
	entry, err := b.ManualEntryPropose(b.person("anna"), b.key(), books.NewManualEntry{
		AccountingDate: ledger.NewDate(2025, 2, 20), Reason: "Rebate agreed", Description: "Accrued rebate", ReverseOn: ledger.NewDate(2025, 3, 1),
		Lines: []books.NewManualLine{{Account: ledger.Refunds, Amount: amount}, {Account: ledger.RefundLiability, Credit: true, Amount: amount}},
	})
	b.Must(err)
	_, err = b.ManualEntryApprove(b.person("bert"), b.key(), books.DecideManual{ID: entry.ID, Reason: "Seen"})
	b.Must(err)
}

// liveOn goes on in March: whatever comes after a closing changes nothing of what was closed.
func (b *book) liveOn() {
	b.T.Helper()
	ctx := b.T.Context()
	b.Now = on(3, 3)
	b.sell("beta", "pooled", 500, 90, "EUR")
	b.use("=1+1", "20", on(2, 26))
	b.use("beta", "30", on(1, 30))
	_, err := b.EstimateCreate(ctx, b.key(), books.NewEstimate{Policy: "pooled", From: ledger.NewDate(2025, 3, 1), Rate: decimal.RequireFromString("0.2"), Reason: "seen"})
	b.Must(err)
	b.run(3, 5) // takes the rebate back
	_, err = b.TokenRevoke(ctx, b.key(), books.RevokeToken{})
	if err == nil {
		b.T.Fatal("a token that is none was revoked")
	}
}

// packed makes a pack and returns its archive and its directory.
func (b *book) packed(o evidence.Options) ([]byte, string, evidence.Manifest) {
	b.T.Helper()
	dir := b.T.TempDir()
	m, err := evidence.Write(b.T.Context(), b.Books, o, dir)
	b.Must(err)
	var out bytes.Buffer
	b.Must(evidence.Archive(dir, m, &out))
	return out.Bytes(), dir, m
}
