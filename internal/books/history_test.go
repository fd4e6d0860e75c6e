package books_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
	"drawdown/ledger"
	"drawdown/revrec"
)

// histories is how many random histories one run of the tests plays, over both halves;
// with -short, when the race detector makes one take a second, a few dozen.
const (
	histories      = 300
	shortHistories = 40
)

// TestHistories plays random histories of a book: purchases of every kind, by rules and out of
// another book too, grants, use in and out of order, voids, refunds, payments, new estimates,
// and each of them repeated. It plays every history twice with its jobs run at different times, and holds the
// invariants of the architecture against both.
func TestHistories(t *testing.T) {
	checks := histories
	if testing.Short() {
		checks = shortHistories
	}
	if given := flag.Lookup("rapid.checks"); given != nil && given.Value.String() == given.DefValue {
		if err := flag.Set("rapid.checks", strconv.Itoa(checks/2)); err != nil {
			t.Fatal(err)
		}
	}
	for _, half := range []string{"first", "second"} {
		t.Run(half, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { checkHistory(t, inMemory(t), inMemory(t)) })
		})
	}
}

// serverHistories is how many are played on PostgreSQL too: what the rules make of a
// history is the same there, and the store has a suite of its own.
const serverHistories = 60

// TestHistoriesOnPostgres plays histories on two schemas, which are emptied for each.
func TestHistoriesOnPostgres(t *testing.T) {
	pgtest.Superuser(t) // who may empty tables that are append-only
	checks := serverHistories
	if testing.Short() {
		checks = 25 // of which rapid then plays a fifth
	}
	if given := flag.Lookup("rapid.checks"); given != nil {
		before := given.Value.String()
		if err := flag.Set("rapid.checks", strconv.Itoa(checks)); err != nil {
			t.Fatal(err)
		}
		defer flag.Set("rapid.checks", before)
	}
	first, second := emptied(t), emptied(t)
	rapid.Check(t, func(t *rapid.T) { checkHistory(t, first(), second()) })
}

// emptied returns what opens a book on a schema of its own, and empties it first.
func emptied(t *testing.T) func() books.Store {
	t.Helper()
	url := pgtest.URL(t)
	s, err := store.Open(t.Context(), url, store.Options{Writers: 1, Readers: 1})
	if err == nil {
		err = s.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	empty := pgtest.Emptier(t, url, "bun_migrations", "bun_migration_locks")
	return func() books.Store {
		empty()
		return kept{s}
	}
}

// kept is a store that serves one history after the other.
type kept struct{ books.Store }

func (kept) Close() error { return nil }

func inMemory(t *rapid.T) books.Store {
	s, err := store.OpenMemory(context.Background())
	must(t, err)
	return s
}

func checkHistory(t *rapid.T, first, second books.Store) {
	h := drawHistory(t)
	often := play(t, h, h.runs, smallSteps, first)
	often.checkTold(t)
	once := play(t, h, nil, books.Steps{}, second)
	defer often.close(t)
	defer once.close(t)
	often.checkNothingDiffers(t, h) // once has the same journal, or the test fails below
	for _, b := range []*playedBook{often, once} {
		b.checkLots(t)
		b.checkPools(t, h)
		b.checkAssets(t, h)
		b.checkStatements(t, h)
		b.checkSaid(t, h)
		b.checkRollForward(t, h)
		b.checkRevenue(t, h)
		b.checkBreakageReport(t, h)
		b.checkBudgets(t)
	}
	// Invariant 6: any cut of the history into runs gives the same journal.
	if diff := cmp.Diff(often.journal(t), once.journal(t)); diff != "" {
		t.Fatalf("the journal depends on when jobs ran (- often, + once):\n%s\nhistory:\n%s", diff, h)
	}
}

// smallSteps has a book of a few lots booked in many steps and parts.
var smallSteps = books.Steps{Lots: 2, Days: 3, Part: 1, SpanDays: 2, WholePart: 1, Invoices: 1, Batch: 3}

// history is what happened, and when jobs ran in between.
type history struct {
	policies []books.NewPolicy
	acts     []happening
	runs     []jobRun
	end      time.Time
}

// jobRun is a run of all jobs at an instant, through so many days before yesterday.
type jobRun struct {
	at     time.Time
	behind ledger.Date
}

type happening struct {
	at       time.Time
	what     string
	customer string
	policy   string
	credits  revrec.Credits
	price    int64 // minor units
	target   int   // which earlier purchase or use it is about
	late     time.Duration
	rate     decimal.Decimal
	outcome  books.DisputeStatus
	repeat   bool // done twice, with the same key
}

func (h history) String() string {
	text := ""
	for _, p := range h.policies {
		text += fmt.Sprintf("policy %s %+v\n", p.Code, p.Policy)
	}
	for i, a := range h.acts {
		text += fmt.Sprintf("%d %s %s %s %s credits=%s price=%d target=%d late=%s rate=%s outcome=%s\n",
			i, a.at.Format(time.DateTime), a.what, a.customer, a.policy, a.credits, a.price, a.target, a.late, a.rate, a.outcome)
	}
	return text + fmt.Sprintf("runs %v\nend %v", h.runs, h.end)
}

var (
	beginning = time.Date(2024, 1, 27, 0, 0, 0, 0, time.UTC)
	kinds     = []string{
		"purchase", "purchase", "bonus", "bonusInvoice", "pack", "pack", "opening", "topUp", "topUp", "topUpConfirm", "opening", "packRevise", "packRetire", "fxRate", "fxRate", "invoice", "cancellable", "grant", "use", "use", "use", "use", "use", "void", "refund", "refund", "pay", "pay", "pay", "estimate", "escheatRule", "escheatRule", "jurisdiction", "jurisdiction",
		"purchaseVoid", "dispute", "dispute", "extend", "extend", "reinstate", "reinstate", "transfer", "transfer",
		"rateCard", "hold", "hold", "capture", "capture", "release", "budget", "budget",
		"close", "close", "close", "close", "reopen", "reopen", "manual", "manual", "manualReverse",
	}
)

func drawHistory(t *rapid.T) history {
	h := history{policies: []books.NewPolicy{drawPolicy(t, "a"), drawPolicy(t, "b")}}
	at := beginning
	n := rapid.IntRange(3, 14).Draw(t, "acts")
	closing := false
	for i := range n {
		at = at.Add(time.Duration(rapid.IntRange(1, 96).Draw(t, "hours")) * time.Hour)
		at = at.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 0, 12}).Draw(t, "pause")) * 24 * time.Hour)
		a := happening{
			at:       at,
			what:     rapid.SampledFrom(kinds).Draw(t, "what"),
			customer: rapid.SampledFrom([]string{"acme", "beta"}).Draw(t, "customer"),
			policy:   rapid.SampledFrom([]string{"a", "b"}).Draw(t, "policy"),
			target:   rapid.IntRange(0, 20).Draw(t, "target"),
			repeat:   rapid.IntRange(0, 3).Draw(t, "repeat") == 0,
		}
		if i == 0 {
			a.what = "purchase"
		}
		if closing = closing || a.what == "close"; a.what == "reopen" && !closing {
			a.what, closing = "close", true // nothing could be reopened
		}
		a.credits = revrec.Credits(rapid.Int64Range(1, 400).Draw(t, "credits")) * rapid.SampledFrom([]revrec.Credits{revrec.One, 333_333}).Draw(t, "unit")
		a.price = rapid.Int64Range(0, 20_000).Draw(t, "price")
		a.late = time.Duration(rapid.SampledFrom([]int{0, 0, 0, 20, 100, 400}).Draw(t, "late")) * time.Hour
		a.rate = decimal.New(rapid.Int64Range(0, 100).Draw(t, "rate"), -2)
		a.outcome = rapid.SampledFrom([]books.DisputeStatus{books.DisputeOpen, books.DisputeOpen, books.DisputeWon, books.DisputeLost}).Draw(t, "outcome")
		h.acts = append(h.acts, a)
	}
	h.end = at.Add(time.Duration(rapid.IntRange(1, 120).Draw(t, "days")) * 24 * time.Hour)
	for range rapid.IntRange(0, 5).Draw(t, "runs") {
		hours := int(h.end.Sub(beginning).Hours())
		h.runs = append(h.runs, jobRun{
			at:     beginning.Add(time.Duration(rapid.IntRange(1, hours).Draw(t, "run")) * time.Hour),
			behind: ledger.Date(rapid.SampledFrom([]int{0, 0, 0, 1, 5, 30}).Draw(t, "behind")),
		})
	}
	return h
}

func drawPolicy(t *rapid.T, code string) books.NewPolicy {
	p := books.NewPolicy{Code: code}
	if days := rapid.SampledFrom([]int{0, 10, 25, 40}).Draw(t, "expires"); days > 0 {
		p.Expires, p.ShortExpiry = &ledger.Duration{Days: days}, "a test of time"
		p.LateUsage = ledger.Duration{Days: rapid.SampledFrom([]int{0, 5, 30}).Draw(t, "lateUsage")}
	}
	if p.Expires != nil && rapid.Bool().Draw(t, "rolls") {
		p.Rollover = &revrec.Rollover{
			Share:  decimal.New(rapid.SampledFrom([]int64{1, 33, 50, 100}).Draw(t, "share"), -2),
			Extend: ledger.Duration{Days: rapid.SampledFrom([]int{1, 15, 40}).Draw(t, "extend")},
		}
	}
	p.BurnOrder = rapid.SampledFrom([][]revrec.BurnRule{nil, {revrec.ByExpiry}, {revrec.ByCostBasis}, {revrec.ByOldest}}).Draw(t, "order")
	if rapid.Bool().Draw(t, "bill") {
		p.Overage = revrec.Overage{Mode: revrec.BillOverage, Rate: decimal.New(rapid.Int64Range(1, 999).Draw(t, "overage"), -3)}
	}
	p.Breakage.Escheat = decimal.New(rapid.SampledFrom([]int64{0, 0, 33, 50, 100}).Draw(t, "escheat"), -2)
	switch p.Breakage.Method = rapid.SampledFrom([]revrec.BreakageMethod{revrec.OnExpiry, revrec.Proportional, revrec.Proportional, revrec.Remote}).Draw(t, "method"); p.Breakage.Method {
	case revrec.Proportional:
		p.Breakage.Pool = rapid.SampledFrom([]revrec.PoolBy{revrec.PoolByLot, revrec.PoolByPurchaseMonth, revrec.PoolByPolicy}).Draw(t, "pool")
		p.Breakage.Rate = decimal.New(rapid.SampledFrom([]int64{0, 5, 10, 25, 90, 100}).Draw(t, "first"), -2)
	case revrec.Remote:
		p.Breakage.RemoteAfter = ledger.Duration{Days: rapid.SampledFrom([]int{3, 15, 35}).Draw(t, "after")}
		p.Breakage.RemoteFrom = rapid.SampledFrom([]revrec.RemoteFrom{revrec.FromPurchase, revrec.FromPurchaseMonthEnd, revrec.FromLastUse}).Draw(t, "from")
	case revrec.OnExpiry:
	}
	return p
}

// playedBook is a book in which a history has happened.
type playedBook struct {
	*books.Books
	store     books.Store
	now       time.Time
	ids       int
	purchases []string
	uses      []books.UsageInput
	holds     []string
	budgets   map[string]string                     // ids by name, and by the act that made them
	chosen    map[int]string                        // purchases and periods that acts were about
	closed    map[ledger.Period]ledger.TrialBalance // those that are closed, as they were closed
	// acts counts those that were done and are told of, once each.
	acts    map[books.NoticeType]int
	listens bool // somebody is told
	asked   []asked
	said    []said
	// requests are those for more credits that acts may confirm, confirmed the acts that did.
	requests  []books.TopUp
	manual    []string // entries that people wrote
	confirmed map[string]int
}

func play(t *rapid.T, h history, runs []jobRun, steps books.Steps, in books.Store) *playedBook {
	ctx := context.Background()
	p := &playedBook{now: beginning, store: in, chosen: map[int]string{}, budgets: map[string]string{}, closed: map[ledger.Period]ledger.TrialBalance{}, acts: map[books.NoticeType]int{}, confirmed: map[string]int{}}
	var err error
	p.Books, err = books.Open(ctx, p.store, books.Options{
		Now:   func() time.Time { p.now = p.now.Add(time.Microsecond); return p.now }, // no two readings are the same
		NewID: func() string { p.ids++; return fmt.Sprintf("00000000-0000-7000-8000-%012d", p.ids) },
		Steps: steps, Signer: sealSigner,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, policy := range h.policies {
		_, err := p.PolicyCreate(ctx, "policy "+policy.Code, policy)
		must(t, err)
	}
	for _, customer := range []string{"acme", "beta"} {
		_, err := p.CustomerCreate(ctx, "customer "+customer, books.NewCustomer{ExternalID: customer})
		must(t, err)
	}
	_, err = p.PackCreate(ctx, "pack", books.NewPack{Code: "pack", Policy: "a", Tiers: priceTiers(33)})
	must(t, err)
	_, err = p.MeterCreate(ctx, "meter", books.NewMeter{Code: "units", Credits: decimal.New(3, 0), Per: decimal.New(7, 0)})
	must(t, err)
	p.uses, p.purchases, p.holds = nil, nil, nil
	if runs != nil { // one of the two books has a reader, which changes nothing
		p.listens = true
		_, _, err := p.WebhookCreate(ctx, "webhook", books.NewWebhook{URL: "https://example.com", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
		must(t, err)
		below, price := decimal.NewFromInt(50), decimal.NewFromInt(7)
		_, err = p.AlertRuleCreate(ctx, "low", books.NewAlertRule{Kind: books.BalanceLow, Below: &below})
		must(t, err)
		_, err = p.AlertRuleCreate(ctx, "soon", books.NewAlertRule{Kind: books.CreditsExpiring, DaysBefore: []int{3, 20}})
		must(t, err)
		_, err = p.TopUpRuleCreate(ctx, "more", books.NewTopUpRule{Customer: "acme", Policy: "a", Below: below, Credits: below, Price: &price})
		must(t, err)
	}
	pending := append([]jobRun(nil), runs...)
	for i, a := range h.acts {
		pending = p.runBefore(t, pending, a.at)
		if p.now = a.at; i == len(h.acts)/3 || i == len(h.acts)*3/4 {
			p.listen(t, a.at)
		}
		answer := p.do(t, i, a)
		paid, isPurchase := answer.(books.Purchased)
		inPart := a.what == "pay" && isPurchase && paid.Purchase.Status != books.PurchasePaid
		if _, refused := answer.(books.Code); !refused && answer != nil && runs != nil && toldOf[a.what] != "" && !inPart {
			p.acts[toldOf[a.what]]++
		}
		if a.repeat {
			before := p.journal(t)
			again := p.do(t, i, a)
			if diff := cmp.Diff(answer, again); diff != "" {
				t.Fatalf("invariant 5: act %d answered otherwise the second time:\n%s", i, diff)
			}
			if diff := cmp.Diff(before, p.journal(t)); diff != "" {
				t.Fatalf("invariant 5: act %d changed the journal the second time:\n%s", i, diff)
			}
		}
		p.checkClosed(t, h)
		if i == len(h.acts)/2 {
			p.askReports(t)
		}
	}
	p.runBefore(t, append(pending, jobRun{at: h.end}), h.end.Add(1))
	p.checkClosed(t, h)
	return p
}

func (p *playedBook) runBefore(t *rapid.T, runs []jobRun, until time.Time) (later []jobRun) {
	for _, run := range runs {
		if !run.at.Before(until) {
			later = append(later, run)
			continue
		}
		if run.at.After(p.now) {
			p.now = run.at
		}
		_, err := p.RunJob(context.Background(), books.JobAll, books.RunOptions{Through: p.Yesterday() - run.behind})
		must(t, err)
	}
	return later
}

// do lets one act happen and returns its answer, a refusal's code included.
func (p *playedBook) do(t *rapid.T, i int, a happening) any {
	ctx, key := context.Background(), fmt.Sprintf("act %d", i)
	price := decimal.New(a.price, -2)
	sale := books.NewPurchase{Customer: a.customer, Policy: a.policy, Credits: a.credits.Decimal(), Price: &price, Tax: decimal.New(a.price/10, -2)}
	if a.target%5 == 0 { // in another currency than the book's
		rate := decimal.New(10_837, -4)
		sale.Currency, sale.FXRate = "EUR", &rate
		if a.target%10 == 0 { // by the table, which may have none
			sale.FXRate = nil
		}
	}
	var answer any
	var err error
	switch a.what {
	case "purchase", "invoice", "cancellable", "bonus", "bonusInvoice":
		if a.what == "bonus" || a.what == "bonusInvoice" {
			sale.Bonus, sale.BonusTerms = (a.credits/3 + 1).Decimal(), bonusTerms(a)
		}
		if a.what != "purchase" && a.what != "bonus" {
			sale.Invoiced, sale.Cancellable = true, a.what == "cancellable"
			if a.target > 0 {
				sale.DueOn = ledger.DateOf(a.at, time.UTC) + ledger.Date(a.target)
			}
		}
		if a.late > 20*time.Hour { // credits that begin before or after they are sold
			sale.EffectiveAt = a.at.Add([]time.Duration{-a.late, a.late}[a.target%2] / 4)
		}
		var bought books.Purchased
		bought, err = p.Purchase(ctx, key, sale)
		if err == nil && (len(p.purchases) == 0 || p.purchases[len(p.purchases)-1] != bought.Purchase.ID) {
			p.purchases = append(p.purchases, bought.Purchase.ID)
		}
		answer = bought.Purchase
	case "pack":
		sale.Pack, sale.Policy, sale.Price, sale.Currency, sale.FXRate = "pack", "", nil, "", nil
		sale.PurchasedAt = a.at.Add(-a.late) // told later, at the price of then
		var bought books.Purchased
		bought, err = p.Purchase(ctx, key, sale)
		if err == nil && (len(p.purchases) == 0 || p.purchases[len(p.purchases)-1] != bought.Purchase.ID) {
			p.purchases = append(p.purchases, bought.Purchase.ID)
		}
		answer = bought.Purchase
	case "packRevise":
		revision := books.PackRevision{Code: "pack", Policy: a.policy, Tiers: priceTiers(a.price)}
		if a.target%2 == 0 {
			revision.EffectiveFrom = a.at.Add(time.Duration(a.target) * 12 * time.Hour)
		}
		answer, err = p.PackRevise(ctx, key, revision)
	case "fxRate":
		answer, err = p.FXRateSet(ctx, key, books.SetFXRates{Rates: []books.NewFXRate{{
			Currency: "EUR", Day: ledger.DateOf(a.at, time.UTC) - ledger.Date(a.target%9), Rate: decimal.New(9_000+a.price%3_000, -4), Source: "bank",
		}}})
	case "packRetire":
		answer, err = p.PackRetire(ctx, key, books.PackRetirement{Code: "pack", From: a.at.Add(time.Duration(a.target) * time.Hour)})
	case "grant":
		answer, err = p.Grant(ctx, key, books.NewGrant{Customer: a.customer, Policy: a.policy, Credits: a.credits.Decimal(), Reason: books.Promo})
	case "use":
		credits := a.credits.Decimal()
		use := books.UsageInput{ID: key, Customer: a.customer, Credits: &credits, OccurredAt: a.at.Add(-a.late)}
		if a.target%3 == 0 { // by the rate card of the day, which the repeat may not see
			use.Credits, use.Meter, use.Quantity = nil, "units", &credits
			use.Dimensions = []books.EventDimension{{Key: "team", Value: a.policy}}
		}
		if use.Dimensions == nil {
			use.Dimensions = dimensionsOf(a)
		}
		var outcomes []books.UsageOutcome
		outcomes, err = p.RecordUsage(ctx, []books.UsageInput{use, use})
		must(t, err)
		if outcomes[0].Status == books.Recorded {
			p.uses = append(p.uses, use)
		}
		if outcomes[0].Reason != nil {
			return outcomes[0].Reason.Code
		}
		answer = outcomes[0].Event.Credits
	case "void":
		if len(p.uses) == 0 {
			return nil
		}
		use := p.uses[a.target%len(p.uses)]
		var void books.UsageEvent
		void, err = p.VoidUsage(ctx, key, books.UsageVoid{Customer: use.Customer, ID: use.ID})
		answer = void.Credits
	case "refund":
		if len(p.purchases) == 0 {
			return nil
		}
		refund := books.RefundRequest{PurchaseID: p.purchases[a.target%len(p.purchases)], Amount: decimal.New(a.price/100, -2), FXRate: p.rateOf(t, p.purchases[a.target%len(p.purchases)], a)}
		if a.credits%3 > 0 { // of some of the credits
			credits := (a.credits / 20).Decimal()
			refund.Credits = &credits
		}
		answer, err = p.Refund(ctx, key, refund)
	case "pay":
		if len(p.purchases) == 0 {
			return nil
		}
		pay := books.Payment{PurchaseID: p.purchases[a.target%len(p.purchases)]}
		if a.late == 20*time.Hour {
			pay.PaidAt = a.at.Add(-a.late)
		}
		if a.credits%2 == 0 { // in parts
			part := decimal.New(a.price/3+1, -2)
			pay.Amount = &part
		}
		pay.FXRate = p.rateOf(t, pay.PurchaseID, a)
		answer, err = p.Pay(ctx, key, pay)
	case "purchaseVoid":
		if len(p.purchases) == 0 {
			return nil
		}
		answer, err = p.VoidPurchase(ctx, key, books.PurchaseVoid{PurchaseID: p.purchaseThat(t, i, a.target, func(purchase books.Purchase, _ revrec.Lot) bool {
			return purchase.Status == books.PurchaseInvoiced
		})})
	case "transfer":
		to := map[string]string{"acme": "beta", "beta": "acme"}[a.customer]
		answer, err = p.Transfer(ctx, key, books.TransferRequest{From: a.customer, To: to, Credits: (a.credits / 3).Decimal()})
	case "hold":
		credits, lasts := (a.credits / 4).Decimal(), ledger.Span(a.late+time.Duration(a.target)*12*time.Hour+time.Hour)
		var hold books.Hold
		hold, err = p.HoldCreate(ctx, key, books.NewHold{Customer: a.customer, Credits: &credits, ExpiresAfter: &lasts, Dimensions: dimensionsOf(a)})
		if err == nil && !slices.Contains(p.holds, hold.ID) {
			p.holds = append(p.holds, hold.ID)
		}
		answer = hold
	case "budget":
		answer, err = p.budget(ctx, key, a)
	case "capture":
		if len(p.holds) == 0 {
			return nil
		}
		credits := (a.credits / 5).Decimal()
		var captured books.Captured
		captured, err = p.HoldCapture(ctx, key, books.HoldCapture{
			HoldID: p.holds[a.target%len(p.holds)], ID: key, Credits: &credits, OccurredAt: a.at.Add(-a.late),
		})
		if err == nil {
			p.captured(t, key, captured)
		}
		answer = captured
	case "release":
		if len(p.holds) == 0 {
			return nil
		}
		answer, err = p.HoldRelease(ctx, key, books.HoldToEnd{HoldID: p.holds[a.target%len(p.holds)]})
	case "reinstate":
		if len(p.purchases) == 0 {
			return nil
		}
		reinstatement := books.Reinstatement{
			Treatment: books.PriceConcession, Reason: "a test", Credits: (a.credits / 8).Decimal(),
			PurchaseID: p.purchaseThat(t, i, a.target, func(purchase books.Purchase, lot revrec.Lot) bool {
				return purchase.Status == books.PurchasePaid && !lot.ExpiresAt.IsZero() && lot.ExpiresAt.Before(p.now)
			}),
		}
		if a.price%5 > 2 {
			reinstatement.LotID = p.bonusOf(t, reinstatement.PurchaseID)
		}
		if a.price%4 > 0 {
			reinstatement.ExpiresAfter = &ledger.Duration{Days: 1 + int(a.price%50)}
		}
		if a.price%3 == 0 {
			reinstatement.Treatment = books.ZeroBasis
		}
		answer, err = p.Reinstate(ctx, key, reinstatement)
	case "extend":
		if len(p.purchases) == 0 {
			return nil
		}
		extension := books.Extension{
			PurchaseID: p.purchases[a.target%len(p.purchases)], Treatment: books.Prospective, Reason: "a test",
			ExpiresAt: a.at.Add(time.Duration(a.price%60) * 24 * time.Hour), NeverExpires: a.price%7 == 0,
		}
		if a.price%5 > 2 {
			extension.LotID = p.bonusOf(t, extension.PurchaseID)
		}
		if extension.NeverExpires {
			extension.ExpiresAt = time.Time{}
		}
		if a.credits%2 == 0 {
			extension.Treatment = books.CatchUp
		}
		answer, err = p.Extend(ctx, key, extension)
	case "dispute":
		if len(p.purchases) == 0 {
			return nil
		}
		dispute := books.DisputeRequest{PurchaseID: p.purchases[a.target%len(p.purchases)], Outcome: a.outcome}
		if a.credits%2 == 0 { // else what is open, or nothing
			amount := decimal.New(a.price, -2)
			if a.price%3 == 0 {
				amount = p.price(t, dispute.PurchaseID)
			}
			dispute.Amount = &amount
		}
		answer, err = p.Dispute(ctx, key, dispute)
	case "rateCard":
		rate := books.NewRate{Meter: "units", Credits: a.rate.Add(decimal.New(1, -2)), Per: decimal.New(int64(1+a.target%3), 0)}
		if a.price%2 == 0 {
			rate.Cost = &books.NewCost{Amount: decimal.New(a.price, -5)}
		}
		answer, err = p.RateCardPublish(ctx, key, books.NewRateCard{Rates: []books.NewRate{rate}, EffectiveFrom: a.at.Add(a.late)})
	case "escheatRule":
		answer, err = p.EscheatRuleSet(ctx, key, books.NewEscheatRule{
			Jurisdiction: "US-DE", Share: a.rate, From: ledger.DateOf(a.at.Add(-a.late), time.UTC), Reason: "a test",
		})
	case "jurisdiction":
		answer, err = p.CustomerJurisdictionSet(ctx, key, books.SetJurisdiction{Customer: a.customer, Jurisdiction: []string{"US-DE", "US-DE", "DE", ""}[a.target%4]})
	case "estimate":
		answer, err = p.EstimateCreate(ctx, key, books.NewEstimate{Policy: a.policy, Rate: a.rate, From: ledger.DateOf(a.at.Add(-a.late), time.UTC)})
	case "topUp":
		answer, err = p.topUp(t, i, a)
	case "topUpConfirm":
		if len(p.requests) == 0 {
			return nil
		}
		if p.chosen[i] == "" { // acts that are repeated are about the same
			p.chosen[i] = strconv.Itoa(a.target % len(p.requests))
		}
		at, _ := strconv.Atoi(p.chosen[i])
		answer, err = p.confirmTopUp(t, i, a, p.requests[at])
	case "opening":
		answer, err = p.opening(t, i, a)
	case "manual":
		answer, err = p.byHand(i, a)
	case "manualReverse":
		if len(p.manual) == 0 {
			return nil
		}
		answer, err = p.takeBack(i, a)
	case "close":
		answer, err = p.closePeriod(t, i, a)
	case "reopen":
		answer, err = p.reopenPeriod(t, i, a)
	}
	p.checkHeld(t)
	if err != nil {
		if code := books.CodeOf(err); code != books.Internal {
			return code
		}
		t.Fatalf("act %d (%s): %v", i, a.what, err)
	}
	return answer
}

// teams are what the events and holds of a history are told apart by.
var teams = []string{"a", "b"}

func dimensionsOf(a happening) []books.EventDimension {
	return [][]books.EventDimension{nil, {{Key: "team", Value: "a"}}, {{Key: "user", Value: "ann"}, {Key: "team", Value: "b"}}}[a.price%3]
}

// budget makes a budget of a team of the customer, or changes or ends the one there is.
func (p *playedBook) budget(ctx context.Context, key string, a happening) (books.Budget, error) {
	team, mode := teams[a.target%2], []books.BudgetMode{books.HardBudget, books.SoftBudget}[a.price%2]
	name, limit := a.customer+" "+team, a.credits.Decimal()
	if id := p.budgets[name]; id != "" && p.budgets[key] == "" {
		change := books.BudgetChange{BudgetID: id, Mode: &mode, Limit: &limit}
		if a.late > 0 {
			change.From = ledger.DateOf(a.at, time.UTC) + 2
		}
		if a.target == 7 {
			return p.BudgetEnd(ctx, key, change)
		}
		return p.BudgetUpdate(ctx, key, change)
	}
	per := []books.BudgetPer{books.PerDay, books.PerWeek, books.PerMonth, books.PerTotal}[a.price%4]
	made, err := p.BudgetCreate(ctx, key, books.NewBudget{
		Customer: a.customer, Name: name, Dimension: books.EventDimension{Key: "team", Value: team}, Limit: limit, Per: per, Mode: mode,
	})
	if err == nil {
		p.budgets[name], p.budgets[key] = made.ID, made.ID
	}
	return made, err
}

// checkBudgets holds that what each budget has spent is what its uses that are not void
// used, by what was decided when they were recorded.
func (p *playedBook) checkBudgets(t *rapid.T) {
	spent, want := map[books.BudgetKey]revrec.Credits{}, map[books.BudgetKey]revrec.Credits{}
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		customers, err := tx.Customers(ctx, books.CustomerFilter{}, books.Page{Limit: 10})
		must(t, err)
		for _, customer := range customers {
			budgets, err := tx.BudgetsOf(ctx, []string{customer.ID})
			must(t, err)
			events, err := tx.Events(ctx, books.EventFilter{CustomerID: customer.ID}, books.Page{Limit: 1000})
			must(t, err)
			void := map[string]bool{}
			for _, event := range events {
				void[event.VoidOf] = true
			}
			for _, budget := range budgets {
				keys := map[books.BudgetKey]bool{}
				for _, event := range events {
					day := ledger.DateOf(event.OccurredAt, time.UTC)
					first, _ := budget.Period(day, time.UTC)
					key := books.BudgetKey{CustomerID: customer.ID, BudgetID: budget.ID, Period: first}
					keys[key] = true
					known := budget
					known.Versions = slices.DeleteFunc(slices.Clone(budget.Versions), func(v books.BudgetVersion) bool { return v.CreatedAt.After(event.RecordedAt) })
					about := event.Dimensions.Value("team") == budget.Dimension.Value && known.On(day) != nil
					if about && !void[event.ID] && event.VoidOf == "" {
						want[key] += event.Credits
					}
				}
				spends, err := tx.BudgetSpends(ctx, slices.Collect(maps.Keys(keys)))
				must(t, err)
				for _, spend := range spends {
					if spend.Spent != 0 {
						spent[spend.BudgetKey] = spend.Spent
					}
				}
			}
		}
		return nil
	}))
	if diff := cmp.Diff(want, spent); diff != "" {
		t.Fatalf("budgets have spent otherwise than their events (- events, + budgets):\n%s", diff)
	}
}

// captured remembers the use of a capture, and holds that the same event captures the hold
// under another key too, with the same answer, and no other event does.
func (p *playedBook) captured(t *rapid.T, id string, captured books.Captured) {
	ctx := context.Background()
	customers := map[string]string{}
	must(t, p.View(ctx, func(ctx context.Context, tx books.Tx) error {
		found, err := tx.Customers(ctx, books.CustomerFilter{}, books.Page{Limit: 10})
		for _, customer := range found {
			customers[customer.ID] = customer.ExternalID
		}
		return err
	}))
	credits := captured.Event.Credits.Decimal()
	use := books.UsageInput{ID: id, Customer: customers[captured.Hold.CustomerID], Credits: &credits, OccurredAt: captured.Event.OccurredAt}
	if !slices.ContainsFunc(p.uses, func(known books.UsageInput) bool { return known.ID == id }) {
		p.uses = append(p.uses, use)
	}
	again := books.HoldCapture{HoldID: captured.Hold.ID, ID: id, Credits: &credits, OccurredAt: use.OccurredAt}
	same, err := p.HoldCapture(ctx, id+" again "+p.now.String(), again)
	must(t, err)
	if diff := cmp.Diff(captured, same); diff != "" {
		t.Fatalf("the same capture is answered otherwise:\n%s", diff)
	}
	again.ID += " other"
	if _, err := p.HoldCapture(ctx, id+" other", again); books.CodeOf(err) != books.HoldEnded {
		t.Fatalf("a hold is captured twice: %v", err)
	}
}

// checkHeld holds that no credit is held twice, and none that is not there: what holds keep
// of a lot that can be used, by the rows, is within what is unused of it, and the lot says
// how long it is held.
func (p *playedBook) checkHeld(t *rapid.T) {
	held, until := map[string]revrec.Credits{}, map[string]time.Time{}
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		holds, err := tx.Holds(ctx, books.HoldFilter{}, books.Page{Limit: 1000})
		for _, hold := range holds {
			if hold.Status != books.HoldActive || !p.now.Before(hold.EndsAt) {
				continue
			}
			sum := revrec.Credits(0)
			for _, part := range hold.Parts {
				held[part.LotID] += part.Credits
				sum += part.Credits
				if hold.EndsAt.After(until[part.LotID]) {
					until[part.LotID] = hold.EndsAt
				}
			}
			if sum != hold.Credits {
				t.Fatalf("hold %s of %s credits has parts of %s", hold.ID, hold.Credits, sum)
			}
		}
		return err
	}))
	for _, lot := range p.lots(t) {
		lapsed := !lot.ExpiresAt.IsZero() && !p.now.Before(lot.ExpiresAt) // what is held of it lapsed, or rolled over
		if held[lot.ID] > lot.Unused() && lot.Kind != revrec.OverageLot && !lapsed {
			t.Fatalf("%s credits of lot %s are held, and %s unused", held[lot.ID], lot.ID, lot.Unused())
		}
		if lot.HeldUntil.Before(until[lot.ID]) {
			t.Fatalf("lot %s is held until %s, and says %s", lot.ID, until[lot.ID], lot.HeldUntil)
		}
	}
}

// toldOf says what each act is told as.
var toldOf = map[string]books.NoticeType{
	"purchase": books.NoticePurchaseCreated, "invoice": books.NoticePurchaseCreated, "cancellable": books.NoticePurchaseCreated,
	"pack": books.NoticePurchaseCreated, "bonus": books.NoticePurchaseCreated, "bonusInvoice": books.NoticePurchaseCreated,
	"grant": books.NoticeGrantCreated, "refund": books.NoticePurchaseRefunded, "pay": books.NoticePurchasePaid,
	"purchaseVoid": books.NoticePurchaseVoided, "transfer": books.NoticeCreditsTransferred, "reinstate": books.NoticeLotReinstated,
	"extend": books.NoticeLotExtended, "dispute": books.NoticePurchaseDisputed,
	"hold": books.NoticeHoldCreated, "capture": books.NoticeHoldCaptured, "rateCard": books.NoticeRateCardPublished,
	"topUp": books.NoticePurchaseCreated, "topUpConfirm": books.NoticePurchaseCreated,
	"manual": books.NoticeManualApproved, "manualReverse": books.NoticeManualApproved,
	"close": books.NoticePeriodClosed, "reopen": books.NoticePeriodReopened,
}

// checkTold holds what is to be told against what was done: each act once, however often it
// was asked for, and what was refused not at all.
func (p *playedBook) checkTold(t *rapid.T) {
	told, rolled := map[books.NoticeType]int{}, 0
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		deliveries, err := tx.Deliveries(ctx, books.DeliveryFilter{}, books.Page{})
		for _, delivery := range deliveries {
			if delivery.Message.Type == books.NoticeLotRolledOver {
				rolled += strings.Count(delivery.Message.Body, `"originId"`)
			}
			for _, of := range toldOf { // jobs tell too, by when they ran
				if of == delivery.Message.Type {
					told[of]++
					break
				}
			}
		}
		if err != nil {
			return err
		}
		reversed, err := tx.Audit(ctx, books.AuditFilter{Action: "manual.reverseItself"}, books.Page{Limit: 1000})
		if p.listens && len(reversed) > 0 { // no act: the entry said when
			p.acts[books.NoticeManualApproved] += len(reversed)
		}
		return err
	}))
	if diff := cmp.Diff(p.acts, told); diff != "" {
		t.Fatalf("what is told is not what was done (- done, + told):\n%s", diff)
	}
	lots, want := p.lots(t), 0
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		for _, lot := range lots {
			changes, err := tx.LotChanges(ctx, []books.LotKey{{CustomerID: lot.CustomerID, LotID: lot.ID}})
			must(t, err)
			for _, change := range changes[lot.ID] {
				if change.Kind == revrec.RolledOver {
					want++
				}
			}
		}
		return nil
	}))
	if rolled != want && p.listens {
		t.Fatalf("%d rollovers, of which %d are told", want, rolled)
	}
}

// priceTiers is a price list of whole cents: more credits cost less each.
func priceTiers(cents int64) []books.NewTier {
	return []books.NewTier{
		{Credits: decimal.New(1, 0), Price: decimal.New(cents, -2)},
		{Credits: decimal.New(50, 0), Price: decimal.New(cents*40, -2)},
	}
}

// bonusTerms are terms of their own for the bonus of a purchase.
func bonusTerms(a happening) *books.BonusTerms {
	likelihood := decimal.New(1+a.price%100, -2)
	terms := &books.BonusTerms{Likelihood: &likelihood, ShortExpiry: "a test of time", Policy: []string{"", "a", "b"}[a.target%3]}
	switch a.price % 4 {
	case 0:
		terms.NeverExpires = true
	case 1: // as its policy says
	default:
		terms.ExpiresAfter = &ledger.Duration{Days: 1 + int(a.price%45)}
	}
	if alone := decimal.New(1+a.price/7, -2); a.price%5 == 0 {
		terms.StandAlonePrice = &alone
	}
	return terms
}

// purchaseThat returns a purchase of which something holds, any where there is none; the
// same one where an act is repeated.
func (p *playedBook) purchaseThat(t *rapid.T, act, target int, holds func(books.Purchase, revrec.Lot) bool) string {
	if id := p.chosen[act]; id != "" {
		return id
	}
	var fitting []string
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		for _, id := range p.purchases {
			purchases, err := tx.PurchasesByID(ctx, []string{id})
			if err != nil {
				return err
			}
			lots, err := tx.LotsByID(ctx, []string{purchases[0].LotID})
			if err != nil {
				return err
			}
			if holds(purchases[0], lots[0]) {
				fitting = append(fitting, id)
			}
		}
		return nil
	}))
	if len(fitting) == 0 {
		fitting = p.purchases
	}
	p.chosen[act] = fitting[target%len(fitting)]
	return p.chosen[act]
}

// rateOf returns a rate of the day for a purchase in another currency, or none.
func (p *playedBook) rateOf(t *rapid.T, id string, a happening) (rate *decimal.Decimal) {
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		found, err := tx.PurchasesByID(ctx, []string{id})
		if err == nil && found[0].Price.Currency != "USD" && a.price%3 > 0 {
			day := decimal.New(9_000+a.price%3_000, -4)
			rate = &day
		}
		return err
	}))
	return rate
}

// bonusOf returns the lot of the bonus of a purchase, "" where it has none of its own.
func (p *playedBook) bonusOf(t *rapid.T, id string) (lot string) {
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		found, err := tx.PurchasesByID(ctx, []string{id})
		lot = found[0].BonusLotID
		return err
	}))
	return lot
}

// price returns the price of a purchase.
func (p *playedBook) price(t *rapid.T, id string) (price decimal.Decimal) {
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		found, err := tx.PurchasesByID(ctx, []string{id})
		price = found[0].Price.Decimal()
		return err
	}))
	return price
}

func (p *playedBook) lots(t *rapid.T) (lots []revrec.Lot) {
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) (err error) {
		lots, err = tx.Lots(ctx, books.LotFilter{}, books.Page{Limit: 1000})
		return err
	}))
	return lots
}

func (p *playedBook) recognitions(t *rapid.T) (all []revrec.Recognition) {
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) (err error) {
		all, err = tx.Recognitions(ctx, books.RecognitionFilter{}, books.Page{Limit: 100_000})
		return err
	}))
	return all
}

// journal adds up the journal by day, account and currency, leaving out what is nothing.
func (p *playedBook) journal(t *rapid.T) map[string]int64 {
	sums := map[string]int64{}
	number := int64(0)
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		return tx.EachEntry(ctx, 0, 0, func(e ledger.Entry) error {
			number++
			if e.Number != number {
				t.Fatalf("entry %d stands at place %d", e.Number, number)
			}
			if err := e.Check(); err != nil {
				t.Fatalf("invariant 1: %v", err)
			}
			for _, line := range e.Lines {
				for _, amount := range []ledger.Amount{line.Amount, line.Functional} {
					key := fmt.Sprintf("%s %s %s of %s", e.AccountingDate, line.Account, amount.Currency, line.Amount.Currency)
					if sums[key] += amount.Minor; sums[key] == 0 {
						delete(sums, key)
					}
				}
			}
			return nil
		})
	}))
	return sums
}

func (p *playedBook) close(t *rapid.T) { must(t, p.store.Close()) }

func must(t *rapid.T, err error) {
	if err != nil {
		t.Helper()
		t.Fatal(err)
	}
}
