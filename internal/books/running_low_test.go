package books_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
)

// lowBook is a book with one customer, an endpoint, and a clock that is set by hand.
type lowBook struct {
	*testing.T
	*books.Books
	store books.Store
	now   time.Time
	n     int
}

func newLowBook(t *testing.T) *lowBook {
	t.Helper()
	s, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	b := &lowBook{T: t, store: s, now: time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)}
	b.Books, err = books.Open(t.Context(), s, books.Options{Now: func() time.Time { return b.now }})
	if err != nil {
		t.Fatal(err)
	}
	policy := books.NewPolicy{Code: "annual"}
	policy.Expires = &ledger.Duration{Days: 100}
	done[books.Policy](t)(b.PolicyCreate(t.Context(), "p", policy))
	done[books.Customer](t)(b.CustomerCreate(t.Context(), "c", books.NewCustomer{ExternalID: "acme"}))
	done[books.Customer](t)(b.CustomerCreate(t.Context(), "never", books.NewCustomer{ExternalID: "never"}))
	_, _, err = b.WebhookCreate(t.Context(), "w", books.NewWebhook{URL: "https://example.com", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *lowBook) key() string { b.n++; return "key " + time.Duration(b.n).String() }

func (b *lowBook) buy(credits, price int64) books.Purchased {
	b.Helper()
	amount := decimal.NewFromInt(price)
	return done[books.Purchased](b.T)(b.Purchase(b.Context(), b.key(), books.NewPurchase{Customer: "acme", Policy: "annual", Credits: decimal.NewFromInt(credits), Price: &amount}))
}

func (b *lowBook) use(credits int64) {
	b.Helper()
	used := decimal.NewFromInt(credits)
	if got := done[[]books.UsageOutcome](b.T)(b.RecordUsage(b.Context(), []books.UsageInput{{ID: b.key(), Customer: "acme", Credits: &used}})); got[0].Status != books.Recorded {
		b.Fatal(got[0].Reason)
	}
}

// look runs the job and returns what it told, by type and a word of its data.
func (b *lowBook) look() (told []string) {
	b.Helper()
	before := b.bodies()
	done[books.JobRun](b.T)(b.RunJob(b.Context(), books.JobAlerts, books.RunOptions{}))
	return b.bodies()[len(before):]
}

func (b *lowBook) bodies() (bodies []string) {
	b.Helper()
	err := b.View(b.Context(), func(ctx context.Context, tx books.Tx) error {
		all, err := tx.Deliveries(ctx, books.DeliveryFilter{}, books.Page{})
		for _, delivery := range all {
			about := []books.NoticeType{books.NoticeBalanceLow, books.NoticeCreditsExpiring, books.NoticeTopUpRequested}
			if slices.Contains(about, delivery.Message.Type) {
				bodies = append(bodies, delivery.Message.Body)
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return bodies
}

func (b *lowBook) told(what string, bodies []string, words ...string) {
	b.Helper()
	if len(bodies) != len(words) {
		b.Fatalf("%s: told %q", what, bodies)
	}
	for i, word := range words {
		if !strings.Contains(bodies[i], word) {
			b.Errorf("%s: told %s, not of %s", what, bodies[i], word)
		}
	}
}

// A low balance is told once, and again after it rose above the number.
func TestLowBalance(t *testing.T) {
	b := newLowBook(t)
	below, share := decimal.NewFromInt(100), decimal.RequireFromString("0.25")
	done[books.AlertRule](t)(b.AlertRuleCreate(t.Context(), "r", books.NewAlertRule{Kind: books.BalanceLow, Policy: "annual", Below: &below}))
	b.told("before anything was sold", b.look())
	b.buy(1000, 100)
	b.use(900)
	b.told("at the number", b.look())
	b.use(1)
	b.told("below it", b.look(), `"below":"100","credits":"99","customer":"acme"`)
	b.use(1)
	b.told("still below it", b.look())
	b.buy(10, 1)
	b.told("above it", b.look())
	b.use(20)
	b.told("below it again", b.look(), `"credits":"88"`)
	ofShare := done[books.AlertRule](t)(b.AlertRuleCreate(t.Context(), "s", books.NewAlertRule{Kind: books.BalanceLow, BelowShare: &share}))
	b.told("above a quarter of the 10 bought last", b.look())
	b.buy(400, 40)
	b.use(389)
	b.told("below a quarter of 400", b.look(), `"below":"100","credits":"99"`) // the first rule's alert stands: nobody saw the balance above its number
	done[books.AlertRule](t)(b.AlertRuleEnd(t.Context(), "e", books.EndAlertRule{ID: ofShare.ID}))
}

// Credits about to lapse are told once for each of the days, the nearest where several came at once.
func TestExpiringAlerts(t *testing.T) {
	b := newLowBook(t)
	done[books.AlertRule](t)(b.AlertRuleCreate(t.Context(), "r", books.NewAlertRule{Kind: books.CreditsExpiring, Customer: "acme"}))
	bought := b.buy(1000, 100) // to 9 June, 12:00: the last day is 9 June
	b.use(250)
	last := bought.Lot.LapsesOn
	if last.String() != "2024-06-09" {
		t.Fatal(last)
	}
	for _, step := range []struct {
		daysLeft int
		told     []string
	}{
		{61, nil},
		{60, []string{`"carrying":{"amount":"75.00","currency":"USD"},"credits":"750","customer":"acme","day":"2024-06-09","daysBefore":60`}},
		{31, nil},
		{29, []string{`"daysBefore":30`}},
		{8, nil},
		{3, []string{`"daysBefore":7`}},
		{0, nil},
	} {
		b.now = (last - ledger.Date(step.daysLeft)).Start(time.UTC).Add(11 * time.Hour)
		done[books.JobRun](t)(b.RunJob(t.Context(), books.JobRecognise, books.RunOptions{}))
		b.told(last.String(), b.look(), step.told...)
		b.told("again", b.look())
	}
}

// Credits are requested once while the balance is low, sold when they are paid for, and not
// more often than the month allows.
func TestTopUp(t *testing.T) {
	b := newLowBook(t)
	below, price, monthly := decimal.NewFromInt(100), decimal.NewFromInt(50), 2
	b.buy(1000, 100)
	rule := done[books.TopUpRule](t)(b.TopUpRuleCreate(t.Context(), "r", books.NewTopUpRule{
		Customer: "acme", Below: below, Policy: "annual", Credits: decimal.NewFromInt(500), Price: &price, MonthlyCap: &monthly,
	}))
	if _, err := b.TopUpRuleCreate(t.Context(), "r2", books.NewTopUpRule{Customer: "acme", Below: below, Policy: "annual", Credits: below, Price: &price}); books.CodeOf(err) != books.AlreadyExists {
		t.Errorf("a second rule: %v", err)
	}
	b.told("above the number", b.look())
	b.use(950)
	b.told("below it", b.look(), `"balance":"50","credits":"500","customer":"acme"`)
	b.told("while one is open", b.look())
	open := b.topUps(books.TopUpOpen)
	confirm := books.ConfirmTopUp{CustomerID: open[0].CustomerID, ID: open[0].ID, Reference: "ch_1"}
	first := done[books.ToppedUp](t)(b.TopUpConfirm(t.Context(), "k", confirm))
	again := done[books.ToppedUp](t)(b.TopUpConfirm(t.Context(), "k", confirm))
	other := done[books.ToppedUp](t)(b.TopUpConfirm(t.Context(), "another key", confirm))
	if first.Purchase.Purchase.Status != books.PurchasePaid || first.Purchase.Purchase.Price.String() != "USD 50.00" ||
		again.TopUp.PurchaseID != first.TopUp.PurchaseID || other.TopUp.PurchaseID != first.TopUp.PurchaseID || other.Purchase.Purchase.ID != first.Purchase.Purchase.ID {
		t.Errorf("confirmed %+v, %+v and %+v", first, again, other)
	}
	balance := done[books.Balance](t)(b.Balance(t.Context(), first.TopUp.CustomerID, b.now))
	if balance.Credits.String() != "550" {
		t.Errorf("%s can be used, not 50 and 500 once", balance.Credits)
	}
	b.use(500)
	b.told("low again", b.look(), `"balance":"50"`)
	second := b.topUps(books.TopUpOpen)[0]
	done[books.TopUp](t)(b.TopUpFail(t.Context(), "f", books.FailTopUp{CustomerID: second.CustomerID, ID: second.ID, Reason: "card_declined"}))
	if _, err := b.TopUpConfirm(t.Context(), "late", books.ConfirmTopUp{CustomerID: second.CustomerID, ID: second.ID}); books.CodeOf(err) != books.AlreadyDecided {
		t.Errorf("what failed is confirmed: %v", err)
	}
	b.told("the month has had its two", b.look())
	b.now = time.Date(2024, 4, 1, 1, 0, 0, 0, time.UTC)
	b.told("the next month", b.look(), `"balance":"50"`)
	third := b.topUps(books.TopUpOpen)[0]
	b.now = third.EndsAt
	if _, err := b.TopUpConfirm(t.Context(), "too late", books.ConfirmTopUp{CustomerID: third.CustomerID, ID: third.ID}); books.CodeOf(err) != books.AlreadyDecided {
		t.Errorf("what has ended is confirmed: %v", err)
	}
	b.told("its time is over", b.look(), `"balance":"50"`)
	if n := len(b.topUps(books.TopUpExpired)); n != 1 {
		t.Errorf("%d have ended", n)
	}
	done[books.TopUpRule](t)(b.TopUpRuleEnd(t.Context(), "end", books.EndTopUpRule{CustomerID: rule.CustomerID, ID: rule.ID}))
	if findings := done[[]books.Finding](t)(b.Verify(t.Context())); len(findings) > 0 {
		t.Error(findings)
	}
}

func (b *lowBook) topUps(status books.TopUpStatus) (found []books.TopUp) {
	b.Helper()
	err := b.View(b.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		found, err = tx.TopUps(ctx, books.TopUpFilter{Status: status}, books.Page{})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return found
}
