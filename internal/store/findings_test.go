package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
	"drawdown/ledger"
	"drawdown/ledger/export"
	"drawdown/revrec"
)

// plantImage is a book in which everything happened that can: sales for cash, by invoice
// due and paid, and not due yet, in two currencies; a grant; use, late use, a void and
// overage; lapses with escheat, expected breakage with a new estimate, remote breakage;
// refunds. Some use waits to be booked, and a batch is open.
var plantImage = sync.OnceValues(func() ([]byte, error) {
	s, err := store.OpenMemory(context.Background())
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := playBook(s); err != nil {
		return nil, err
	}
	return s.Image(context.Background())
})

func plantBook(t testing.TB) *store.Store {
	t.Helper()
	image, err := plantImage()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.OpenImage(t.Context(), image)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ptr[T any](value T) *T { return &value }

// player plays a book: the first error sticks.
type player struct {
	ctx   context.Context
	b     *books.Books
	now   time.Time
	keys  int
	fault error
}

func (p *player) key() string { p.keys++; return fmt.Sprint("key", p.keys) }

func (p *player) at(date string) {
	at, err := time.Parse(time.DateOnly, date)
	p.check(err)
	p.now = at.Add(12 * time.Hour)
}

func (p *player) check(err error) {
	if p.fault == nil {
		p.fault = err
	}
}

func (p *player) buy(customer, policy string, price int64, change func(*books.NewPurchase)) books.Purchase {
	amount := decimal.NewFromInt(price)
	request := books.NewPurchase{Customer: customer, Policy: policy, Credits: decimal.NewFromInt(1000), Price: &amount}
	if change != nil {
		change(&request)
	}
	made, err := p.b.Purchase(p.ctx, p.key(), request)
	p.check(err)
	return made.Purchase
}

func (p *player) use(customer, id string, credits string) {
	amount := decimal.RequireFromString(credits)
	outcomes, err := p.b.RecordUsage(p.ctx, []books.UsageInput{{ID: id, Customer: customer, Credits: &amount}})
	p.check(err)
	if err == nil && outcomes[0].Status != books.Recorded {
		p.check(fmt.Errorf("use %s of %s: %w", id, customer, outcomes[0].Reason))
	}
}

func (p *player) run() {
	_, err := p.b.RunJob(p.ctx, books.JobAll, books.RunOptions{})
	p.check(err)
}

func (p *player) open(s *store.Store) {
	var err error
	p.b, err = books.Open(p.ctx, s, books.Options{Now: func() time.Time { return p.now }, Signer: sealSigner})
	p.check(err)
}

// sellByVersions sells a pack at two prices, and takes it off sale.
func (p *player) sellByVersions() {
	tiers := []books.NewTier{{Credits: decimal.NewFromInt(10), Price: decimal.NewFromInt(3)}}
	_, err := p.b.PackCreate(p.ctx, p.key(), books.NewPack{Code: "pack", Policy: "billed", Tiers: tiers})
	p.check(err)
	buy := func() {
		_, err := p.b.Purchase(p.ctx, p.key(), books.NewPurchase{Customer: "cash", Pack: "pack", Credits: decimal.NewFromInt(11)})
		p.check(err)
	}
	buy()
	tiers[0].Price = decimal.NewFromInt(4)
	_, err = p.b.PackRevise(p.ctx, p.key(), books.PackRevision{Code: "pack", Tiers: tiers})
	p.check(err)
	buy()
	_, err = p.b.PackRetire(p.ctx, p.key(), books.PackRetirement{Code: "pack"})
	p.check(err)
}

// sellWithBonus sells with a bonus that lapses by itself, of which some is used: for cash, in
// another currency, by an invoice that falls due, and by one that is called off.
func (p *player) sellWithBonus() {
	share := decimal.RequireFromString
	rate := share("1.0851")
	_, err := p.b.FXRateSet(p.ctx, p.key(), books.SetFXRates{Rates: []books.NewFXRate{{Currency: "EUR", Day: ledger.DateOf(p.now, time.UTC), Rate: rate, Source: "bank"}}})
	p.check(err)
	terms := books.BonusTerms{ExpiresAfter: &ledger.Duration{Days: 40}, Likelihood: ptr(share("0.8")), StandAlonePrice: ptr(share("15"))}
	sale := func(change func(*books.NewPurchase)) books.Purchase {
		return p.buy("bonus", "pooled", 100, func(r *books.NewPurchase) {
			r.Bonus, r.BonusTerms = share("150"), &terms
			change(r)
		})
	}
	sale(func(r *books.NewPurchase) { r.StandAlonePrice = ptr(share("120")) })
	sale(func(r *books.NewPurchase) { r.Currency, r.FXRate = "EUR", &rate })
	sale(func(r *books.NewPurchase) { r.Invoiced, r.DueOn = true, ledger.NewDate(2024, 1, 20) })
	void := sale(func(r *books.NewPurchase) { r.Invoiced, r.DueOn = true, ledger.NewDate(2024, 1, 20) })
	p.use("bonus", "bonus", "460")
	_, err = p.b.VoidPurchase(p.ctx, p.key(), books.PurchaseVoid{PurchaseID: void.ID, Reason: "a test"})
	p.check(err)
}

// useByVersions uses a meter before there is a rate card, and under two versions.
func (p *player) useByVersions() {
	_, err := p.b.MeterCreate(p.ctx, p.key(), books.NewMeter{Code: "tokens", Credits: decimal.NewFromInt(1), Per: decimal.NewFromInt(1000)})
	p.check(err)
	quantity := decimal.NewFromInt(3000)
	for n := range 3 {
		if n > 0 {
			_, err := p.b.RateCardPublish(p.ctx, p.key(), books.NewRateCard{Rates: []books.NewRate{{
				Meter: "tokens", Credits: decimal.NewFromInt(int64(n) + 1), Per: decimal.NewFromInt(1000), Cost: &books.NewCost{Amount: decimal.New(1, -10)},
			}}})
			p.check(err)
		}
		outcomes, err := p.b.RecordUsage(p.ctx, []books.UsageInput{{
			ID: p.key(), Customer: "cash", Meter: "tokens", Quantity: &quantity, Dimensions: []books.EventDimension{{Key: "team", Value: "a"}, {Key: "feature", Value: "<b> & \"c\""}},
		}})
		p.check(err)
		if err == nil && outcomes[0].Status != books.Recorded {
			p.check(outcomes[0].Reason)
		}
	}
}

func playBook(s *store.Store) error {
	p := &player{ctx: context.Background()}
	p.at("2024-01-02")
	p.open(s)
	if p.fault != nil {
		return p.fault
	}
	var err error
	year := ledger.Duration{Months: 12}
	quarter := ledger.Duration{Months: 3}
	share := decimal.RequireFromString
	for code, policy := range map[string]revrec.Policy{
		"expiry": {Expires: &quarter, LateUsage: ledger.Duration{Days: 5}, Breakage: revrec.Breakage{Method: revrec.OnExpiry, Escheat: share("0.3")}},
		"pooled": {Expires: &year, Breakage: revrec.Breakage{Method: revrec.Proportional, Rate: share("0.1"), Escheat: share("0.2")}},
		"remote": {Breakage: revrec.Breakage{Method: revrec.Remote, RemoteAfter: ledger.Duration{Months: 2}, RemoteFrom: revrec.FromLastUse}},
		"rolls": {
			Expires: &quarter, Rollover: &revrec.Rollover{Share: share("0.5"), Extend: year},
			Breakage: revrec.Breakage{Method: revrec.Proportional, Pool: revrec.PoolByLot, Rate: share("0.1")},
		},
		"billed": {Expires: &year, Overage: revrec.Overage{Mode: revrec.BillOverage, Rate: share("0.05")}},
	} {
		_, err := p.b.PolicyCreate(p.ctx, p.key(), books.NewPolicy{Code: code, Policy: policy})
		p.check(err)
	}
	for _, customer := range []string{"cash", "invoice", "pool", "remote", "over", "refund", "early", "void", "dispute", "again", "bonus", "roll"} {
		_, err := p.b.CustomerCreate(p.ctx, p.key(), books.NewCustomer{ExternalID: customer})
		p.check(err)
	}
	rate := share("1.0851")
	euroInvoice := func(r *books.NewPurchase) { r.Currency, r.FXRate, r.Invoiced = "EUR", &rate, true }
	euro := func(r *books.NewPurchase) { r.Currency, r.FXRate, r.Tax = "EUR", &rate, share("19.99") }

	p.buy("cash", "expiry", 100, euro)
	p.sellByVersions()
	p.sellWithBonus()
	p.useByVersions()
	_, err = p.b.Grant(p.ctx, p.key(), books.NewGrant{Customer: "cash", Policy: "expiry", Credits: share("10"), Reason: books.Promo})
	p.check(err)
	invoiced := p.buy("invoice", "pooled", 500, func(r *books.NewPurchase) {
		r.Invoiced, r.DueOn, r.Tax = true, ledger.NewDate(2024, 2, 1), share("7")
	})
	p.buy("pool", "pooled", 333, euro)
	p.buy("pool", "pooled", 1000, nil)
	p.buy("remote", "remote", 77, nil)
	p.buy("over", "billed", 50, nil)
	p.buy("roll", "rolls", 90, nil)
	p.use("roll", "ro1", "100.5")
	refunded := p.buy("refund", "pooled", 200, nil)
	due := p.buy("void", "pooled", 120, func(r *books.NewPurchase) {
		r.Invoiced, r.DueOn, r.Tax = true, ledger.NewDate(2024, 1, 10), share("12")
	})
	p.use("void", "v1", "333")
	lapsed, longer := p.buy("again", "expiry", 70, euro), p.buy("again", "pooled", 40, nil)
	lost, open := p.buy("dispute", "pooled", 80, euro), p.buy("dispute", "remote", 30, nil)
	p.use("dispute", "d1", "333")
	p.use("cash", "c1", "333.333333")
	p.use("invoice", "i1", "100")
	p.use("pool", "p1", "700.5")
	p.use("pool", "p2", "600")
	p.use("remote", "r1", "1")
	p.use("over", "o1", "1500")
	p.use("refund", "f1", "250")
	p.at("2024-01-20")
	p.run()
	p.use("pool", "p3", "20")
	p.use("remote", "r2", "2")
	_, err = p.b.VoidUsage(p.ctx, p.key(), books.UsageVoid{Customer: "pool", ID: "p2"})
	p.check(err)
	_, err = p.b.EstimateCreate(p.ctx, p.key(), books.NewEstimate{Policy: "pooled", Rate: share("0.15"), Reason: "history"})
	p.check(err)
	p.at("2024-02-10")
	p.run()
	p.byHand()
	_, err = p.b.Pay(p.ctx, p.key(), books.Payment{PurchaseID: invoiced.ID})
	p.check(err)
	_, err = p.b.Refund(p.ctx, p.key(), books.RefundRequest{PurchaseID: refunded.ID, Amount: share("120")})
	p.check(err)
	p.buy("invoice", "pooled", 60, func(r *books.NewPurchase) { r.Invoiced, r.DueOn = true, ledger.NewDate(2024, 3, 1) })
	p.buy("early", "pooled", 90, func(r *books.NewPurchase) { r.Invoiced, r.Cancellable = true, true })
	p.use("early", "e1", "5")
	for _, dispute := range []books.DisputeRequest{
		{PurchaseID: lost.ID, Amount: ptr(share("33.33")), Outcome: books.DisputeLost},
		{PurchaseID: open.ID, Amount: ptr(share("30")), Outcome: books.DisputeOpen},
	} {
		_, err = p.b.Dispute(p.ctx, p.key(), dispute)
		p.check(err)
	}
	for _, purchase := range []books.Purchase{due, p.buy("void", "expiry", 80, euroInvoice)} {
		p.use("void", "v "+purchase.ID, "10")
		_, err = p.b.VoidPurchase(p.ctx, p.key(), books.PurchaseVoid{PurchaseID: purchase.ID})
		p.check(err)
	}
	p.at("2024-05-20")
	p.run()
	_, err = p.b.Extend(p.ctx, p.key(), books.Extension{PurchaseID: longer.ID, NeverExpires: true, Treatment: books.CatchUp, Reason: "kindness"})
	p.check(err)
	for _, treatment := range []books.ReinstateTreatment{books.PriceConcession, books.ZeroBasis} {
		_, err = p.b.Reinstate(p.ctx, p.key(), books.Reinstatement{PurchaseID: lapsed.ID, Credits: share("300"), Treatment: treatment, Reason: "kindness"})
		p.check(err)
	}
	_, err = p.b.Transfer(p.ctx, p.key(), books.TransferRequest{From: "pool", To: "again", Credits: share("444.4")})
	p.check(err)
	_, err = p.b.ImportOpening(p.ctx, p.key(), books.Opening{
		AsOf: ledger.NewDate(2024, 5, 20), ControlCredits: share("60"), ControlDeferred: share("45"),
		Lots: []books.OpeningLot{{Line: 2, Customer: "moved", Reference: "L1", Policy: "pooled", Credits: share("60"), Deferred: share("45"), PurchasedOn: p.now.AddDate(0, -5, 0)}},
	})
	p.check(err)
	_, err = p.b.EscheatPay(p.ctx, p.key(), books.PayEscheat{Currency: "EUR", Amount: share("5"), FXRate: &rate, Reference: "form 4"})
	p.check(err)
	p.use("again", "a1", "50")
	research, _ := p.b.BudgetCreate(p.ctx, p.key(), books.NewBudget{
		Customer: "again", Name: "research", Dimension: books.EventDimension{Key: "team", Value: "research"}, Limit: share("100"), Per: books.PerMonth, Mode: books.HardBudget,
	})
	p.at("2024-05-21")
	for _, id := range []string{"b1", "b2"} {
		outcomes, err := p.b.RecordUsage(p.ctx, []books.UsageInput{{ID: id, Customer: "again", Credits: ptr(share("40")), Dimensions: []books.EventDimension{research.Dimension}}})
		p.check(err)
		if outcomes[0].Reason != nil {
			p.check(outcomes[0].Reason)
		}
	}
	_, err = p.b.VoidUsage(p.ctx, p.key(), books.UsageVoid{Customer: "again", ID: "b2"})
	p.check(err)
	for _, credits := range []string{"20", "30", "40"} {
		hold, err := p.b.HoldCreate(p.ctx, p.key(), books.NewHold{Customer: "again", Credits: ptr(share(credits)), ExpiresAfter: ptr(ledger.Span(720 * time.Hour))})
		p.check(err)
		if credits == "30" {
			_, err = p.b.HoldCapture(p.ctx, p.key(), books.HoldCapture{HoldID: hold.ID, ID: "h1", Credits: ptr(share("25"))})
			p.check(err)
		}
	}
	p.propose()
	p.use("pool", "p4", "33.3")
	p.buy("roll", "rolls", 80, nil)
	p.use("roll", "ro2", "2")
	p.at("2024-05-22")
	if p.fault != nil {
		return p.fault
	}
	p.export()
	return openBatch(p)
}

// export has five batches: one that the general ledger has, one that was voided and the one in its
// place, one that it answered for in part, and a draft.
func (p *player) export() {
	profile, err := export.DefaultProfile(export.NetSuite)
	p.check(err)
	for _, account := range ledger.Accounts() {
		profile.Accounts = append(profile.Accounts, export.AccountRule{Role: account.Role, Code: string(account.Role), Name: account.Name})
	}
	text, err := profile.JSON()
	p.check(err)
	target, err := p.b.ExportTargetCreate(p.ctx, p.key(), books.NewExportTarget{Code: "erp", Profile: string(text)})
	p.check(err)
	next := func(through int64) books.ExportBatch {
		batch, err := p.b.ExportBatchCreate(p.ctx, p.key(), books.NewExportBatch{Target: target.ID, Through: through})
		p.check(err)
		return batch
	}
	seal := func(batch books.ExportBatch) books.ExportBatch {
		batch, _, err := p.b.ExportWrite(p.ctx, batch.ID)
		p.check(err)
		return batch
	}
	answer := func(batch books.ExportBatch, through int64) {
		request := books.AnswerExportBatch{ID: batch.ID}
		for number := batch.FromEntry; number <= through; number++ {
			request.Journals = append(request.Journals, books.JournalOfTarget{Journal: export.EntryCode(number), ExternalID: fmt.Sprint("ERP", number)})
		}
		_, err := p.b.ExportBatchAcknowledge(p.ctx, p.key(), request)
		p.check(err)
	}
	answer(seal(next(3)), 3)
	profile.Mode = export.Summed
	text, err = profile.JSON()
	p.check(err)
	summed, err := p.b.ExportTargetCreate(p.ctx, p.key(), books.NewExportTarget{Code: "sums", Profile: string(text)})
	p.check(err)
	sums, err := p.b.ExportBatchCreate(p.ctx, p.key(), books.NewExportBatch{Target: summed.ID, Through: 3})
	p.check(err)
	seal(sums)
	_, err = p.b.ExportBatchVoid(p.ctx, p.key(), books.ChangeExportBatch{ID: seal(next(5)).ID, Reason: "the wrong subsidiary"})
	p.check(err)
	seal(next(0)) // of 4 and 5, again
	answer(seal(next(9)), 7)
	next(12)
}

// propose has one person propose an estimate with a paper, and another approve it; one more
// waits. The rate is the one in force, so that no figure moves.
func (p *player) propose() {
	as := func(name string) context.Context {
		return books.WithCaller(p.ctx, books.Caller{Actor: "token:" + name, Kind: books.ByToken})
	}
	for _, reason := range []string{"approved", "waits"} {
		e, err := p.b.EstimatePropose(as("ann"), p.key(), books.NewEstimate{Policy: "pooled", Rate: decimal.New(15, -2), Reason: reason, Narrative: "As before.\nNothing new."})
		p.check(err)
		_, _, err = p.b.Attach(as("ann"), books.NewAttachment{FileOf: books.FileOf{PolicyID: e.PolicyID, EstimateID: e.ID}, Name: "memo.txt", MediaType: "text/plain", Content: []byte(reason)})
		p.check(err)
		if reason == "approved" {
			_, err = p.b.EstimateApprove(as("bob"), p.key(), books.DecideEstimate{PolicyID: e.PolicyID, ID: e.ID})
			p.check(err)
		}
	}
}

// byHand writes entries by hand: one on what lots and the law derive, one that reverses itself by
// now and one that will, one that two persons take back, one that waits and one that nobody wants.
func (p *player) byHand() {
	as := func(name string) context.Context {
		return books.WithCaller(p.ctx, books.Caller{Actor: "token:" + name, Kind: books.ByToken})
	}
	line := func(account ledger.Role, credit bool, amount int64) books.NewManualLine {
		worth := decimal.New(amount*2, -2)
		return books.NewManualLine{Account: account, Credit: credit, Amount: decimal.New(amount, -2), Currency: "EUR", Functional: &worth, Policy: "pooled", Customer: "cash"}
	}
	refunds := []books.NewManualLine{line(ledger.Refunds, false, 1250), line(ledger.RefundLiability, true, 1250)}
	propose := func(description string, reverseOn ledger.Date, control string, lines ...books.NewManualLine) books.ManualEntry {
		m, err := p.b.ManualEntryPropose(as("ann"), p.key(), books.NewManualEntry{
			AccountingDate: ledger.DateOf(p.now, time.UTC), Reason: "a test", Description: description, ControlAccounts: control, ReverseOn: reverseOn, Lines: lines,
		})
		p.check(err)
		return m
	}
	approve := func(m books.ManualEntry) books.ManualEntry {
		decided, err := p.b.ManualEntryApprove(as("bob"), p.key(), books.DecideManual{ID: m.ID})
		p.check(err)
		return decided.Entry
	}
	approve(propose("on the law's", 0, "a contract of its own", line(ledger.UsageRevenue, false, 900), line(ledger.DeferredRevenue, true, 700), line(ledger.UnclaimedProperty, true, 200)))
	approve(propose("by itself", ledger.NewDate(2024, 3, 1), "", refunds...))
	approve(propose("by itself later", ledger.NewDate(2025, 3, 1), "", refunds...))
	taken := approve(propose("by two", 0, "", refunds...))
	reversal, err := p.b.ManualEntryReverse(as("ann"), p.key(), books.ReverseManual{ID: taken.ID, AccountingDate: taken.AccountingDate, Reason: "a slip"})
	p.check(err)
	approve(reversal)
	waits := propose("waits", 0, "", refunds...)
	_, _, err = p.b.Attach(as("ann"), books.NewAttachment{FileOf: books.FileOf{ManualID: waits.ID}, Name: "memo.txt", MediaType: "text/plain", Content: []byte("waits")})
	p.check(err)
	_, err = p.b.ManualEntryReject(as("bob"), p.key(), books.DecideManual{ID: propose("nobody's", 0, "", refunds...).ID})
	p.check(err)
}

// openBatch stops a run between its two steps: what it computed is not posted.
func openBatch(p *player) error {
	stopped, stop := context.WithCancel(p.ctx)
	defer stop()
	_, err := p.b.RunJob(stopped, books.JobRecognise, books.RunOptions{Progress: func(result books.JobResult) {
		if result.Recognitions > 0 {
			stop()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the run was not stopped: %w", err)
	}
	p.use("pool", "p5", "1") // and some use waits
	return p.fault
}

func findingsOf(t testing.TB, s *store.Store) []books.Finding {
	t.Helper()
	var found []books.Finding
	err := s.View(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		found, err = tx.Findings(ctx, 10)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestBookInOrder holds the book of the plants to what it is meant to have, and to no
// findings before anything is planted.
func TestBookInOrder(t *testing.T) {
	s := plantBook(t)
	defer s.Close()
	if found := findingsOf(t, s); len(found) != 0 {
		t.Errorf("findings: %v", found)
	}
	for what, query := range map[string]string{
		"kinds of recognition": "SELECT count(DISTINCT kind) = 8 FROM recognitions",
		"kinds of entry":       "SELECT count(DISTINCT kind) = 18 FROM entries",
		"currencies":           "SELECT count(DISTINCT currency) = 2 FROM lots",
		"a void purchase":      "SELECT count(*) = 3 FROM purchases WHERE voided_at_us IS NOT NULL",
		"a void":               "SELECT count(*) = 2 FROM usage_events WHERE void_of IS NOT NULL",
		"an open batch":        "SELECT count(*) = 1 FROM batches AS b WHERE posted_at_us IS NULL AND EXISTS (SELECT 1 FROM recognitions AS r WHERE r.batch_id = b.id)",
		"pending use":          "SELECT count(*) > 0 FROM lots WHERE pending_from IS NOT NULL",
		"unclaimed property":   "SELECT count(*) > 0 FROM lines WHERE account = 'unclaimed_property'",
	} {
		var have bool
		if err := s.Writer().QueryRowContext(t.Context(), query).Scan(&have); err != nil {
			t.Fatal(what, err)
		}
		if !have {
			t.Errorf("the book lacks %s", what)
		}
	}
}

// twice has an event stand twice, which its key forbids.
const twice = `CREATE TABLE copied AS SELECT * FROM usage_events; DROP TABLE usage_events;
	CREATE TABLE usage_events (customer_id TEXT, id TEXT, source TEXT, event_id TEXT, meter_id TEXT, quantity TEXT, credits INTEGER,
		occurred_at_us INTEGER, recorded_at_us INTEGER, void_of TEXT, rate_card INTEGER, dimensions TEXT);
	INSERT INTO usage_events SELECT * FROM copied;
	INSERT INTO usage_events SELECT customer_id, id || 'b', source, event_id, meter_id, quantity, credits, occurred_at_us, recorded_at_us, void_of, rate_card, dimensions
		FROM copied WHERE event_id = 'c1'`

// onPostgres is what a plant is on PostgreSQL where it is something else there.
var onPostgres = map[string]string{
	twice: `ALTER TABLE usage_events DROP CONSTRAINT usage_events_customer_id_source_event_id_key;
		INSERT INTO usage_events SELECT customer_id, '00000000-0000-7000-8000-00000000dead', source, event_id, meter_id, quantity, credits, occurred_at_us, recorded_at_us, void_of, rate_card, dimensions
			FROM usage_events WHERE event_id = 'c1'`,
	"DROP TRIGGER entries_closed":    "DROP TRIGGER entries_closed ON entries",
	"DROP TRIGGER lines_closed":      "DROP TRIGGER lines_closed ON lines",
	"UPDATE estimates SET apart = 0": "UPDATE estimates SET apart = false",
}

// plants are changes behind the program's back, each with the checks that must see it.
var plants = []struct {
	plant string
	sees  string
}{
	{"UPDATE usage_events SET credits = credits + 1 WHERE event_id = 'c1'", "event.credits"},
	{"UPDATE draws SET credits = credits + 1 WHERE lot_id = (SELECT lot_id FROM purchases ORDER BY id LIMIT 1)", "event.credits lotDay.drawn lot.drawn"},
	{"DELETE FROM draws WHERE event_id = (SELECT id FROM usage_events WHERE event_id = 'c1')", "event.credits lotDay.drawn lot.drawn"},
	{"DELETE FROM usage_events WHERE event_id = 'c1'", "draw.event"},
	{twice, "event.once event.credits"},
	{"UPDATE usage_events SET void_of = '00000000-0000-7000-8000-00000000dead' WHERE void_of IS NOT NULL", "event.void"},
	{`INSERT INTO usage_events SELECT customer_id, '00000000-0000-7000-8000-00000000dead', source, event_id || 'b', meter_id, quantity, credits, occurred_at_us, recorded_at_us, void_of, rate_card, dimensions
		FROM usage_events WHERE void_of IS NOT NULL`, "event.voidedOnce"},
	{"UPDATE lot_days SET drawn = drawn + 1 WHERE drawn > 0", "lotDay.drawn lotDay.recognised lot.days lot.usage"},
	{"DELETE FROM lot_days WHERE drawn > 0", "lotDay.drawn lotDay.recognised lot.days lot.pendingFrom"},
	{"UPDATE recognitions SET credits = credits - 1 WHERE kind = 'USAGE'", "lotDay.recognised lot.bookedCredits lot.usage"},

	{"UPDATE estimate_attachments SET content = hash", "attachment.hash attachment.bytes"},
	{"UPDATE estimate_attachments SET hash = content", "attachment.hash"},
	{"UPDATE estimate_attachments SET bytes = bytes + 1", "attachment.bytes"},
	{"UPDATE estimate_files SET data_hash = (SELECT hash FROM estimate_attachments LIMIT 1)", "estimate.data"},
	{"UPDATE estimate_files SET evidence = (SELECT content FROM estimate_attachments LIMIT 1)", "estimate.evidence"},
	{"UPDATE estimate_proposals SET rate = '0.5' WHERE status = 'APPROVED'", "estimate.approved"},
	{"UPDATE estimate_proposals SET status = 'REJECTED' WHERE status = 'APPROVED'", "estimate.approved"},
	{"UPDATE estimate_proposals SET status = 'APPROVED' WHERE status = 'PROPOSED'", "estimate.approved estimate.decided"},

	{"UPDATE manual_attachments SET content = hash", "attachment.hash attachment.bytes"},
	{"UPDATE manual_entries SET description = 'another' WHERE status = 'APPROVED'", "manual.entry"},
	{"UPDATE manual_entries SET status = 'APPROVED' WHERE status = 'PROPOSED'", "manual.entry manual.once manual.decided"},
	{"UPDATE manual_entries SET decided_by = NULL WHERE status = 'APPROVED'", "manual.decided"},
	{"UPDATE manual_entries SET status = 'REJECTED' WHERE status = 'APPROVED'", "manual.entry manual.once manual.decided"},
	{"UPDATE manual_entries SET reverse_due = NULL", "manual.reverseDue"},
	{"UPDATE manual_entries SET reverses = NULL", "manual.reversal manual.reverses manual.reverseDue"},
	{"UPDATE entries SET reverses = 1 WHERE kind = 'MANUAL_REVERSAL'", "manual.reverses"},
	{"UPDATE entries SET reference = '00000000-0000-7000-8000-00000000dead' WHERE kind = 'MANUAL'", "manual.entry manual.once"},
	{"UPDATE lines SET policy = 'remote' WHERE entry_number IN (SELECT number FROM entries WHERE kind = 'MANUAL')", "manual.line"},
	{"UPDATE manual_entry_lines SET amount_minor = amount_minor * 2", "manual.line deferredRevenue unclaimedProperty"},
	{"UPDATE manual_entry_lines SET functional_minor = functional_minor * 2", "manual.line deferredRevenue.functional unclaimedProperty.functional"},
	{"UPDATE manual_entry_lines SET amount_minor = amount_minor + 1 WHERE manual_id IN (SELECT id FROM manual_entries WHERE kind = 'MANUAL_REVERSAL')", "manual.reversal manual.line"},
	{`INSERT INTO entries SELECT (SELECT max(number) + 1 FROM entries), kind, accounting_date, occurred_on, posted_at_us, batch_id, policy, currency, reference, description, reverses, approved_sha256
			FROM entries WHERE kind = 'MANUAL' ORDER BY number LIMIT 1;
		INSERT INTO lines SELECT (SELECT max(number) FROM entries), line, account, currency, amount_minor, functional_currency, functional_minor, customer, policy, pack
			FROM lines WHERE entry_number = (SELECT min(number) FROM entries WHERE kind = 'MANUAL')`, "manual.once manual.line deferredRevenue"},

	{"UPDATE lots SET pending_from = NULL", "lotDay.recognised lot.usage lot.bookedThrough"},
	{"UPDATE lots SET pending_from = '2024-12-31' WHERE pending_from IS NOT NULL", "lotDay.recognised lot.usage lot.pendingFrom"},
	{"UPDATE lots SET pending_from = '2023-12-31'", "lot.pendingFrom"},
	{"UPDATE lots SET drawn = drawn + 1", "lot.drawn lot.days"},
	{"UPDATE lots SET lapsed = lapsed + 1 WHERE lapsed > 0", "lot.remaining lot.lapsed"},
	{"UPDATE lots SET lapsed = lapsed - 1 WHERE lapsed > 0", "lot.lapsed"},
	{"UPDATE lots SET lapsed = 1 WHERE lapses_on IS NULL", "lot.lapsed"},
	{"UPDATE lots SET booked_through = '2023-12-31' WHERE booked_through IS NOT NULL", "lot.bookedThrough"},
	{"UPDATE lots SET booked_credits = booked_credits - 1", "lot.bookedCredits"},
	{"UPDATE lots SET recognised_minor = recognised_minor + 1", "lot.recognised"},
	{"UPDATE lots SET recognised_functional_minor = recognised_functional_minor + 1", "lot.recognisedFunctional"},
	{"UPDATE lots SET released_minor = released_minor + 1", "lot.released"},
	{"UPDATE lots SET released_functional_minor = released_functional_minor - 1", "lot.releasedFunctional"},
	{"UPDATE lots SET carrying_minor = carrying_minor + 1 WHERE currency = 'EUR'", "lot.carrying deferredRevenue"},
	{"UPDATE lots SET carrying_functional_minor = carrying_functional_minor - 1 WHERE currency = 'USD'", "lot.carryingFunctional deferredRevenue.functional"},
	{"UPDATE lots SET burn_order = 1", "lot.order"},
	{"UPDATE counters SET value = value - 1 WHERE name = 'lot'", "lot.counted"},
	{"UPDATE lots SET purchase_id = '00000000-0000-7000-8000-00000000dead' WHERE purchase_id IS NOT NULL", "lot.purchase purchase.lot"},
	{"DELETE FROM lots WHERE id = (SELECT lot_id FROM purchases ORDER BY id LIMIT 1)", "purchase.lot recognition.lot database"},
	{"UPDATE lots SET policy_id = (SELECT id FROM policies WHERE code = 'billed') WHERE kind = 'PURCHASE'", "purchase.policy recognition.policy"},
	{"UPDATE lots SET currency = 'GBP' WHERE currency = 'EUR'", "purchase.price recognition.currency deferredRevenue"},
	{"UPDATE lots SET granted = granted + 1 WHERE kind = 'PURCHASE'", "purchase.credits"},
	{"UPDATE lots SET price_minor = price_minor + 1 WHERE kind = 'PURCHASE'", "purchase.price lot.usage"},
	{"UPDATE lots SET functional_minor = functional_minor + 1 WHERE kind = 'PURCHASE'", "purchase.functional"},
	{"UPDATE lots SET lapses_on = '2024-12-01' WHERE lapses_on > '2024-12-31'", "pool.days"},
	{"UPDATE lots SET liability_on = '2024-01-03' WHERE liability_on = '2024-01-02'", "lot.usage"},
	{"UPDATE lots SET liability_on = NULL WHERE liability_on IS NOT NULL", "purchase.liability"},
	{`UPDATE lots SET liability_steps = '[{"day":"2024-01-01","minor":5,"functional":5}]' WHERE kind = 'PURCHASE'`, "lot.steps lot.stepped"},
	{"UPDATE lots SET liability_steps = 'none' WHERE kind = 'PURCHASE'", "lot.stepped"},
	{"UPDATE lots SET stepped_minor = 1 WHERE kind = 'PURCHASE'", "lot.stepped"},
	{"UPDATE payments SET ahead = NOT ahead", "purchase.entries"},
	{"UPDATE lots SET refunded_on = NULL", "purchase.refunded pool.days"},
	{"UPDATE lots SET refunded_minor = refunded_minor + 1 WHERE refunded_minor > 0", "lot.carrying purchase.refund"},
	{"UPDATE lots SET refunded_functional_minor = refunded_functional_minor + 1 WHERE refunded_minor > 0", "lot.carryingFunctional purchase.refundFunctional"},

	{"UPDATE cohorts SET sold = sold + 1", "cohort.sold cohort.open cohort.moves"},
	{"UPDATE cohorts SET segment = CAST(id AS TEXT), policy_id = (SELECT id FROM policies WHERE code = 'billed')", "cohort.lot"},
	{"UPDATE cohorts SET segment = CAST(id AS TEXT), month = '2020-01'", "cohort.lot"},
	{"UPDATE cohorts SET segment = CAST(id AS TEXT), pack_id = 'none'", "cohort.lot"},
	{"UPDATE cohorts SET segment = CAST(id AS TEXT), currency = 'GBP'", "cohort.lot"},
	{"UPDATE cohorts SET opened = 1 WHERE opened = 0", "cohort.lot"},
	{"UPDATE cohort_months SET used = used + 1 WHERE used > 0", "cohort.used cohort.open cohort.moves"},
	{"UPDATE cohort_months SET lapsed = lapsed - 1 WHERE lapsed > 0", "cohort.lapsed cohort.moves"},
	{"UPDATE cohort_months SET refunded = refunded + 1 WHERE refunded > 0", "cohort.refunded"},
	{"UPDATE cohort_months SET other = other - 1 WHERE other > 0", "cohort.other"},
	{"UPDATE cohort_months SET used = used + 1, lapsed = lapsed - 1 WHERE lapsed > 0", "cohort.used cohort.lapsed"},
	{"UPDATE cohort_months SET month = replace(month, '2024', '2034')", "cohort.used cohort.lapsed"},
	{"DELETE FROM cohort_months", "cohort.used cohort.lapsed cohort.refunded cohort.other cohort.open"},
	{"UPDATE lots SET cohort_id = NULL WHERE origin_lot_id IS NULL", "cohort.sold cohort.open cohort.used"},
	{"UPDATE lots SET cohort_id = (SELECT cohort_id FROM lots WHERE cohort_id IS NOT NULL LIMIT 1) WHERE kind = 'GRANT'", "cohort.lot"},
	{"UPDATE lots SET bought_by = NULL WHERE bought_by IS NOT NULL", "cohort.origin"},
	{"UPDATE estimate_reviews SET rate = '0.77'", "review.estimate"},
	{"UPDATE estimate_reviews SET estimate_id = 'nobody''s'", "review.estimate"},
	{"UPDATE estimate_reviews SET ratio = '1' WHERE ratio IS NULL", "review.figures"},
	{"UPDATE lots SET bought_by = customer_id WHERE origin_lot_id IS NULL AND cohort_id IS NOT NULL", "cohort.lot"},

	{"UPDATE purchases SET price_minor = price_minor + 100", "purchase.price purchase.deferred purchase.cash"},
	{"UPDATE purchases SET functional_minor = functional_minor + 1", "purchase.functional purchase.deferredFunctional"},
	{"UPDATE purchases SET tax_minor = tax_minor + 1", "purchase.tax purchase.cash"},
	{"UPDATE purchases SET functional_tax_minor = functional_tax_minor + 1", "purchase.taxFunctional"},
	{"UPDATE purchases SET due_booked = false WHERE status = 'INVOICED' AND due_booked", "purchase.entries purchase.receivable lot.carrying"},
	{"UPDATE purchases SET status = 'INVOICED' WHERE status = 'PAID' AND due_booked", "purchase.outstanding"},
	{"UPDATE purchases SET status = 'INVOICED', received_minor = 0 WHERE status = 'PAID' AND due_booked", "purchase.receivable purchase.cash purchase.received"},
	{"UPDATE purchases SET refund_minor = refund_minor + 1 WHERE status = 'REFUNDED'", "purchase.cash"},
	{"UPDATE purchases SET status = 'PAID' WHERE status = 'REFUNDED'", "purchase.refunded"},
	{"UPDATE lots SET origin_lot_id = '00000000-0000-7000-8000-00000000dead' WHERE origin_lot_id IS NOT NULL", "change.to"},
	{"UPDATE lots SET granted = granted + 1 WHERE origin_lot_id IS NOT NULL", "change.credits"},
	{"UPDATE lots SET price_minor = price_minor + 1 WHERE origin_lot_id IS NOT NULL", "change.amount lot.carrying"},
	{"UPDATE lots SET functional_minor = functional_minor + 1 WHERE origin_lot_id IS NOT NULL", "change.functional lot.carryingFunctional"},
	{"UPDATE lot_changes SET to_lot_id = NULL", "lot.origin"},
	{"UPDATE lot_changes SET was_lapses_on = '2020-01-01' WHERE kind = 'EXTENDED'", "change.wasLapsesOn"},
	{"UPDATE lot_changes SET was_lapses_on = '2199-01-01' WHERE kind = 'TRANSFERRED'", "change.wasLapsesOn"},
	{"UPDATE lot_changes SET was_expires_at_us = at_us WHERE kind = 'EXTENDED'", "change.wasExpiresAt"},
	{"UPDATE lot_changes SET was_expires_at_us = at_us + 1 WHERE kind = 'TRANSFERRED'", "change.wasExpiresAt"},
	{"UPDATE lot_changes SET written_at_us = written_at_us + 1 WHERE kind = 'EXTENDED'", "change.writtenAt"},
	{"UPDATE lots SET created_at_us = created_at_us + 1 WHERE origin_lot_id IS NOT NULL", "change.created"},
	{"UPDATE lots SET created_at_us = created_at_us + 1 WHERE purchase_id IS NOT NULL AND origin_lot_id IS NULL", "lot.created"},
	{"UPDATE payments SET amount_minor = amount_minor + 1", "purchase.received"},
	{"UPDATE payments SET settled_functional_minor = settled_functional_minor + 1", "purchase.exchange"},
	{"UPDATE lots SET blocked = NOT blocked", "purchase.dispute"},
	{"UPDATE disputes SET status = 'WON' WHERE status = 'OPEN'", "purchase.disputes"},
	{"UPDATE disputes SET amount_minor = amount_minor + 1", "purchase.disputes"},
	{"UPDATE disputes SET at_us = at_us - 1", "purchase.disputedAt"},
	{"DELETE FROM disputes WHERE number = (SELECT max(number) FROM disputes)", "purchase.disputes purchase.disputedAt"},
	{"UPDATE purchases SET disputed_at_us = disputed_at_us + 1", "purchase.disputedAt"},
	{"UPDATE purchases SET lost_minor = lost_minor + 1 WHERE lost_minor > 0", "purchase.lost purchase.cash"},
	{"UPDATE purchases SET voided_at_us = NULL", "purchase.refunded purchase.cash purchase.void"},
	{"UPDATE lots SET removed = removed - 1, refunded = refunded - 1 WHERE removed > 0", "lot.removed"},
	{"UPDATE lots SET removed_minor = removed_minor + 1 WHERE removed > 0", "lot.removedAmount lot.carrying"},
	{"UPDATE lots SET removed_functional_minor = removed_functional_minor + 1 WHERE removed > 0", "lot.removedFunctional lot.carryingFunctional"},
	{"UPDATE lots SET pool_left_on = NULL", "pool.days"},
	{"UPDATE lot_changes SET amount_minor = amount_minor + 1", "lot.removedAmount purchase.removed"},
	{"UPDATE lot_changes SET functional_minor = functional_minor + 1", "lot.removedFunctional purchase.removedFunctional"},
	{"UPDATE lot_changes SET lot_id = '00000000-0000-7000-8000-00000000dead'", "change.lot lot.removed"},
	{"UPDATE lines SET amount_minor = amount_minor + 1 WHERE account = 'refunds' AND entry_number IN (SELECT number FROM entries WHERE kind = 'VOID')", "purchase.void entry.balance"},
	{"UPDATE lines SET functional_minor = functional_minor + 1 WHERE account = 'refunds' AND entry_number IN (SELECT number FROM entries WHERE kind = 'VOID')", "purchase.voidFunctional"},
	{"UPDATE lines SET amount_minor = amount_minor + 1 WHERE account = 'unbilled_receivable' AND entry_number IN (SELECT number FROM entries WHERE kind = 'VOID')", "purchase.unbilled"},
	{"UPDATE lines SET functional_minor = functional_minor + 1 WHERE account = 'unbilled_receivable' AND entry_number IN (SELECT number FROM entries WHERE kind = 'VOID')", "purchase.unbilledFunctional"},
	{"UPDATE purchases SET bonus_likelihood = '0.9'", "purchase.bonusPrice"},
	{"UPDATE purchases SET bonus_stand_alone_minor = bonus_stand_alone_minor + 100", "purchase.bonusPrice"},
	{"UPDATE lots SET price_minor = price_minor + 1 WHERE id IN (SELECT bonus_lot_id FROM purchases)", "purchase.bonusPrice purchase.price lot.carrying"},
	{"UPDATE lots SET granted = granted + 1 WHERE id IN (SELECT bonus_lot_id FROM purchases)", "purchase.bonus"},
	{"UPDATE purchases SET bonus_lot_id = NULL", "lot.purchase purchase.price purchase.credits"},
	{"UPDATE lots SET blocked = true WHERE id IN (SELECT bonus_lot_id FROM purchases)", "purchase.dispute"},
	{"UPDATE lots SET liability_on = NULL WHERE id IN (SELECT bonus_lot_id FROM purchases)", "purchase.liability"},
	{"UPDATE usage_events SET rate_card = 1 WHERE rate_card = 2", "event.rate"},
	{"UPDATE usage_events SET rate_card = 9 WHERE rate_card = 2", "event.rate event.rateCard"},
	{"UPDATE rate_cards SET effective_from_us = effective_from_us + 1", "event.rateCard"},
	{"UPDATE rates SET credits = '7'", "event.rate"},
	{"UPDATE usage_events SET quantity = '3001' WHERE quantity = '3000'", "event.rate"},
	{"UPDATE usage_events SET dimensions = '{\"team\":\"a\",\"feature\":\"b\"}' WHERE dimensions IS NOT NULL", "event.dimensions"},
	{"UPDATE purchases SET pack_version = 3 WHERE pack_id IS NOT NULL", "purchase.pack"},
	{"UPDATE pack_tiers SET price_minor = price_minor + 1", "purchase.pack"},
	{"UPDATE purchases SET price_minor = price_minor + 1 WHERE pack_id IS NOT NULL", "purchase.pack purchase.price"},
	{"DELETE FROM purchases WHERE status = 'PAID'", "lot.purchase entry.reference"},
	{"UPDATE lot_changes SET credits = credits + 1 WHERE kind = 'ROLLED_OVER'", "rollover.credits lot.removed"},
	{"UPDATE policies SET rollover_share = '0.4' WHERE code = 'rolls'", "rollover.credits"},
	{"UPDATE usage_events SET recorded_at_us = recorded_at_us + 86400000000 * 200 WHERE event_id = 'ro1'", "rollover.credits"},
	{"UPDATE lots SET rolled_accepts_until_us = NULL", "rollover.credits"},
	{"UPDATE lots SET rolled_accepts_until_us = expires_at_us WHERE expires_at_us IS NOT NULL", "rollover.due"},
	{"UPDATE lot_changes SET at_us = at_us + 1 WHERE kind = 'ROLLED_OVER'", "rollover.at rollover.lot"},
	{"UPDATE lot_changes SET day = '2024-04-03' WHERE kind = 'ROLLED_OVER'", "rollover.at"},
	{"UPDATE lots SET starts_at_us = starts_at_us + 1 WHERE origin_lot_id IS NOT NULL", "rollover.lot"},
	{"UPDATE lots SET pool_lot_id = NULL", "rollover.pool"},
	{"UPDATE holds SET credits = credits + 1", "hold.parts"},
	{"DELETE FROM budgets", "budgetDraw.budget"},
	{"UPDATE budget_spends SET spent = spent + 1", "budget.spent"},
	{"DELETE FROM budget_spends", "budget.spent"},
	{"UPDATE budget_draws SET credits = credits + 1", "budget.spent budgetDraw.event"},
	{"UPDATE budget_draws SET version = 9", "budgetDraw.version"},
	{"UPDATE budget_draws SET period = '2024-06-01'", "budgetDraw.missing budget.spent"},
	{"UPDATE budgets SET dimension_value = 'sales'", "budgetDraw.missing"},
	{"DELETE FROM budget_draws WHERE credits < 0", "budgetDraw.void budget.spent"},
	{"DELETE FROM budget_draws WHERE credits > 0", "budgetDraw.missing budget.spent"},
	{"UPDATE holds SET event_id = '00000000-0000-7000-8000-00000000dead' WHERE status = 'CAPTURED'", "hold.event"},
	{"UPDATE hold_parts SET credits = 1000000 * credits", "lot.held hold.parts"},
	{"UPDATE hold_parts SET lot_id = '00000000-0000-7000-8000-00000000dead'", "part.lot"},
	{"UPDATE hold_parts SET hold_id = '00000000-0000-7000-8000-00000000dead' WHERE credits = 20000000", "part.hold hold.parts"},
	{"UPDATE lots SET held_until_us = held_until_us - 1", "lot.heldUntil"},

	{"UPDATE purchases SET price_minor = price_minor + 1 WHERE opening_on IS NOT NULL", "opening.deferred opening.against purchase.price"},
	{"UPDATE purchases SET functional_minor = functional_minor + 1 WHERE opening_on IS NOT NULL", "opening.deferredFunctional purchase.functional"},
	{"UPDATE purchases SET opening_on = NULL WHERE opening_on IS NOT NULL", "opening.deferred purchase.entries purchase.deferred purchase.cash"},

	{"DELETE FROM recognitions WHERE kind = 'USAGE' AND batch_id IN (SELECT batch_id FROM entries)", "lot.recognised lot.usage entry.sums lot.bookedCredits"},
	{"DELETE FROM recognitions WHERE batch_id NOT IN (SELECT batch_id FROM entries WHERE batch_id IS NOT NULL)", "lot.usage lot.carrying deferredRevenue"},
	{"UPDATE recognitions SET amount_minor = amount_minor + 1 WHERE kind = 'BREAKAGE_EXPIRY'", "lot.released lot.release entry.sums"},
	{"UPDATE recognitions SET unclaimed_minor = unclaimed_minor + 1 WHERE kind = 'BREAKAGE_EXPIRY'", "lot.release entry.sums"},
	{"UPDATE recognitions SET functional_minor = functional_minor + 1 WHERE kind = 'BREAKAGE_REMOTE'", "lot.releasedFunctional lot.release entry.sums"},
	{"UPDATE recognitions SET amount_minor = amount_minor + 1 WHERE kind = 'BREAKAGE_EARLY'", "pool.early entry.sums deferredRevenue"},
	{"UPDATE recognitions SET day = '2024-01-05' WHERE kind = 'OVERAGE'", "lot.usage entry.sums entry.missing"},
	{"UPDATE recognitions SET batch_id = '00000000-0000-7000-8000-00000000dead'", "recognition.batch entry.sums"},
	{"UPDATE recognitions SET policy_id = '00000000-0000-7000-8000-00000000dead' WHERE lot_id IS NOT NULL", "recognition.policy"},
	{"UPDATE recognitions SET currency = 'GBP' WHERE lot_id IS NOT NULL", "recognition.currency"},
	{"UPDATE recognitions SET lot_id = '00000000-0000-7000-8000-00000000dead' WHERE lot_id IS NOT NULL", "recognition.lot lot.recognised"},
	{"UPDATE recognitions SET pool_id = '00000000-0000-7000-8000-00000000dead' WHERE pool_id IS NOT NULL", "recognition.pool pool.early"},
	{"UPDATE pool_days SET used_minor = used_minor + 1", "pool.days pool.early pool.moves"},
	{"UPDATE pool_moves SET used_functional_minor = used_functional_minor + 1 WHERE used_minor > 0", "pool.moves"},
	{"DELETE FROM pool_moves WHERE number = (SELECT min(number) FROM pool_moves)", "pool.moves"},
	{"UPDATE cohort_moves SET used = used + 1, lapsed = lapsed - 1 WHERE used > 0", "cohort.moves"},
	{"DELETE FROM cohort_moves WHERE number = (SELECT max(number) FROM cohort_moves)", "cohort.moves"},
	{"DELETE FROM pool_days WHERE pool_id = (SELECT id FROM pools ORDER BY id LIMIT 1)", "pool.days pool.early"},
	{"DELETE FROM pools; DELETE FROM pool_days", "pool.days recognition.pool"},
	{"UPDATE estimates SET rate = '0.2'", "pool.early"},
	{"UPDATE estimates SET apart = 0", "pool.early"},
	{"UPDATE escheat_payments SET amount_minor = amount_minor + 1", "escheat.amount escheat.parts"},
	{"UPDATE escheat_payments SET functional_minor = functional_minor + 1", "escheat.functional escheat.partsFunctional"},
	{"UPDATE escheat_payments SET paid_functional_minor = paid_functional_minor + 1", "escheat.paid"},
	{"UPDATE escheat_payments SET paid_on = '2024-05-01'", "escheat.day"},
	{"UPDATE escheat_payment_parts SET amount_minor = amount_minor + 1", "escheat.parts unclaimedProperty"},
	{"UPDATE escheat_payment_parts SET functional_minor = functional_minor + 1", "escheat.partsFunctional unclaimedProperty.functional"},
	{"DELETE FROM escheat_payments", "escheat.parts escheat.partsFunctional escheat.amount"},
	{"UPDATE lots SET jurisdiction = 'DE' WHERE origin_lot_id IS NOT NULL", "lot.jurisdiction"},
	{"UPDATE pools SET jurisdiction = 'DE'", "pool.jurisdiction"},
	{"UPDATE recognitions SET unclaimed_minor = unclaimed_minor + 1 WHERE kind = 'BREAKAGE_CATCH_UP'", "pool.early entry.sums"},

	{"UPDATE lines SET amount_minor = amount_minor + 1 WHERE entry_number = 1 AND line = 1", "entry.balance account.debit"},
	{"UPDATE lines SET functional_minor = functional_minor + 1 WHERE entry_number = 1 AND line = 1", "entry.functionalBalance account.functionalDebit"},
	{
		"UPDATE lines SET amount_minor = amount_minor * 2, functional_minor = functional_minor * 2 WHERE entry_number IN (SELECT number FROM entries WHERE kind = 'USAGE')",
		"entry.sums account.debit account.credit account.functionalCredit deferredRevenue",
	},
	{"DELETE FROM lines WHERE entry_number = 1 AND line > 1", "entry.lines entry.balance"},
	{"DELETE FROM entries WHERE number = 3", "entry.number line.entry"},
	{"DELETE FROM lines WHERE entry_number = (SELECT max(number) FROM entries); DELETE FROM entries WHERE number = (SELECT max(number) FROM entries)", "entry.last"},
	{`DELETE FROM lines WHERE entry_number IN (SELECT number FROM entries WHERE kind = 'BREAKAGE_REMOTE');
		DELETE FROM entries WHERE kind = 'BREAKAGE_REMOTE'`, "entry.missing entry.number account.debit"},
	{"UPDATE entries SET batch_id = '00000000-0000-7000-8000-00000000dead' WHERE batch_id IS NOT NULL", "entry.batch entry.missing"},
	{"UPDATE entries SET reference = '00000000-0000-7000-8000-00000000dead' WHERE kind = 'PURCHASE'", "entry.reference purchase.entries purchase.deferred"},
	{"UPDATE entries SET reference = NULL WHERE kind = 'PURCHASE'", "entry.reference"},
	{"UPDATE entries SET accounting_date = '2024-09-09' WHERE kind = 'PURCHASE'", "account.debit account.credit"},
	{`INSERT INTO entries SELECT (SELECT max(number) + 1 FROM entries), kind, accounting_date, occurred_on, posted_at_us, batch_id, policy, currency, reference, description, reverses, approved_sha256
			FROM entries WHERE kind = 'USAGE' ORDER BY number LIMIT 1;
		INSERT INTO lines SELECT (SELECT max(number) FROM entries), line, account, currency, amount_minor, functional_currency, functional_minor, customer, policy, pack
			FROM lines WHERE entry_number = (SELECT min(number) FROM entries WHERE kind = 'USAGE')`, "entry.sums entry.last account.debit"},
	{`INSERT INTO entries SELECT (SELECT max(number) + 1 FROM entries), kind, accounting_date, occurred_on, posted_at_us, batch_id, policy, currency, reference, description, reverses, approved_sha256
			FROM entries WHERE number = 1;
		INSERT INTO lines SELECT (SELECT max(number) FROM entries), line, account, currency, amount_minor, functional_currency, functional_minor, customer, policy, pack
			FROM lines WHERE entry_number = 1`, "purchase.entries purchase.deferred"},
	{"UPDATE counters SET value = value + 1 WHERE name = 'entry'", "entry.last"},
	{"UPDATE reconciliations SET differing = differing + 1", "reconciliation"},
	{"UPDATE reconciliations SET status = 'DIFFERENT'", "reconciliation"},
	{"UPDATE reconciliations SET found = 'ab'", "reconciliation"},
	{`UPDATE reconciliations SET body = replace(body, '"rowCount":0', '"rowCount":1')`, "reconciliation"},
	{"UPDATE reconciliations SET body = '-'", "reconciliation"},
	{"UPDATE account_periods SET debit_minor = debit_minor + 1", "account.debit"},
	{"UPDATE account_periods SET credit_minor = credit_minor + 1", "account.credit"},
	{"UPDATE account_periods SET functional_debit_minor = functional_debit_minor + 1", "account.functionalDebit"},
	{"UPDATE account_periods SET functional_credit_minor = functional_credit_minor + 1", "account.functionalCredit"},
	{"DELETE FROM account_periods WHERE account = 'cash'", "account.debit"},
	{"DROP INDEX batches_open; UPDATE batches SET posted_at_us = NULL", "batch.open entry.batch"},
	{"DROP TABLE audit_events", "database.appendOnly"},
	{"DROP TRIGGER entries_closed", "database.closed"},
	{"UPDATE lots SET expires_at_us = expires_at_us + 86400000000 WHERE expires_at_us IS NOT NULL", "lot.lapsesOn"},
	{"DROP TRIGGER lines_closed", "database.closed"},
	{"UPDATE manual_entries SET accounting_date = '2024-01-3x' WHERE status = 'APPROVED'; UPDATE lines SET amount_minor = amount_minor + 1 WHERE entry_number = 1 AND line = 1", "database.readable entry.balance"},
	{"UPDATE manual_entries SET proposer = '{' || proposer", "database.readable"},
	{"UPDATE lot_days SET day = '2024-02-30' WHERE day = (SELECT min(day) FROM lot_days)", "database.readable"},
	{"UPDATE purchases SET due_on = 'soon'; UPDATE account_periods SET debit_minor = debit_minor + 1", "database.readable account.debit"},
	{"UPDATE lots SET refunded_on = '2024-1-1' WHERE refunded_on IS NOT NULL", "database.readable"},
	{"INSERT INTO closed_through (one, day) VALUES (1, '2024-01-31')", "period.closedThrough"},
	{"INSERT INTO periods (period, status) VALUES ('2024-01', 'CLOSED')", "period.status period.closedThrough"},
	{
		`INSERT INTO period_closings (id, period, act, at_us, actor, entries, last_entry, checks) VALUES ('00000000-0000-7000-8000-00000000dead', '2024-01', 'CLOSED', 1, 'x', 0, 0, '[]');
		INSERT INTO closing_balances (closing_id, account, currency, opening_minor, debit_minor, credit_minor, functional_opening_minor, functional_debit_minor, functional_credit_minor)
			VALUES ('00000000-0000-7000-8000-00000000dead', 'disputes', 'JPY', 0, 1, 1, 0, 1, 1)`,
		"period.debit period.credit period.functionalDebit period.functionalCredit period.account period.entries",
	},
	// Of exports: an entry in two batches, a hole, a number that is missing, what is exported before it is posted.
	{"DROP INDEX export_batches_from; UPDATE export_batches SET from_entry = from_entry - 1 WHERE number = 4", "export.range export.entries"},
	{"UPDATE export_batches SET from_entry = from_entry + 1 WHERE number = 4", "export.range export.entries export.answer"},
	{"DROP INDEX export_batches_from; UPDATE export_batches SET from_entry = 2, to_entry = 2 WHERE number = 5", "export.range"},
	{"UPDATE export_batches SET to_entry = 100000 WHERE number = 5", "export.range"},
	{"UPDATE export_batches SET number = 7 WHERE number = 5", "export.number"},
	{"DELETE FROM export_batches WHERE number = 1", "export.range export.number"},
	{"DELETE FROM export_batches WHERE number = 3", "export.range export.number export.replaced"},
	{"DELETE FROM export_targets", "export.target"},
	{"DROP INDEX export_batches_from; DROP INDEX export_batches_to; UPDATE export_batches SET status = 'SEALED', voided_at_us = NULL WHERE status = 'VOIDED'", "export.range export.replaced"},
	{"UPDATE export_batches SET replaced_by = NULL", "export.range export.replaced"},
	{"UPDATE export_batches SET replaces = NULL", "export.replaced"},
	{"UPDATE export_batches SET replaced_by = (SELECT id FROM export_batches WHERE number = 5) WHERE status = 'VOIDED'", "export.replaced"},
	// Of a sealed one: a status of another, and a count, total, hash or file that is not the batch's.
	{"UPDATE export_batches SET status = 'DRAFT' WHERE number = 4", "export.status"},
	{"UPDATE export_batches SET status = 'ACKNOWLEDGED' WHERE number = 4", "export.status"},
	{"UPDATE export_batches SET voided_at_us = sealed_at_us WHERE number = 4", "export.status"},
	{"UPDATE export_batches SET entries = entries + 1 WHERE number = 4", "export.entries"},
	{"UPDATE export_batches SET lines = lines - 1 WHERE number = 4", "export.entries"},
	{"UPDATE export_batches SET version = 2 WHERE number = 4", "export.version"},
	{"UPDATE export_batches SET manifest_hash = (SELECT hash FROM export_files LIMIT 1) WHERE number = 4", "export.manifest"},
	{"UPDATE export_batches SET manifest = '{' WHERE number = 4", "export.manifest export.version"},
	{"UPDATE export_batches SET manifest = replace(manifest, '\"first_entry\": 6', '\"first_entry\": 5') WHERE number = 4", "export.manifest export.entries"},
	{"UPDATE export_batches SET manifest = replace(manifest, '\"debit\": \"', '\"debit\": \"1') WHERE number = 4", "export.manifest export.totals"},
	{"UPDATE export_batches SET manifest = replace(manifest, '\"sha256\": \"', '\"sha256\": \"0') WHERE number = 4", "export.manifest export.files"},
	{"UPDATE lines SET amount_minor = amount_minor * 2, functional_minor = functional_minor * 2 WHERE entry_number = 6", "export.totals"},
	{"UPDATE export_files SET row_count = row_count + 1", "export.files"},
	{"UPDATE export_files SET bytes = bytes + 1", "export.files export.file"},
	{"UPDATE export_files SET hash = (SELECT manifest_hash FROM export_batches WHERE manifest_hash IS NOT NULL LIMIT 1)", "export.files export.file"},
	{"DELETE FROM export_files", "export.files"},
	{"DELETE FROM export_pieces", "export.file"},
	{"UPDATE export_pieces SET packed = (SELECT packed FROM export_pieces ORDER BY batch_id LIMIT 1)", "export.file"},
	// Of answers: one for an entry of another batch, one too few.
	{"UPDATE export_answers SET journal = 'JE-000004' WHERE journal = 'JE-000001'", "export.answer"},
	{"DELETE FROM export_answers WHERE journal = 'JE-000001'", "export.acknowledged"},
	{"UPDATE export_journals SET debit_minor = debit_minor + 1 WHERE in_book = 0", "export.journals"},
	{"UPDATE export_batches SET acknowledged_at_us = sealed_at_us, delivered_at_us = sealed_at_us, status = 'ACKNOWLEDGED' WHERE number = 4", "export.acknowledged"},
	{"INSERT INTO lot_days SELECT customer_id, '00000000-0000-7000-8000-00000000dead', day, 1 FROM lot_days LIMIT 1", "database lotDay.drawn"},
}

// TestPlants plants each error and has verify find it; and every check is planted against,
// for a check that cannot fail is no check.
func TestPlants(t *testing.T) {
	holdPlants(t, func(t *testing.T, plant string) (int64, []books.Finding) {
		s := plantBook(t)
		defer s.Close()
		disarm(t, s)
		result, err := s.Writer().DB.ExecContext(t.Context(), plant)
		if err != nil {
			t.Fatal(err)
		}
		touched, _ := result.RowsAffected()
		return touched, findingsOf(t, s)
	})
}

// TestPlantsOnPostgres does so on one book, in transactions that are undone.
func TestPlantsOnPostgres(t *testing.T) {
	pgtest.Superuser(t) // who may disarm
	s := openPostgres(t)
	defer s.Close()
	if err := playBook(s); err != nil {
		t.Fatal(err)
	}
	if found := findingsOf(t, s); len(found) != 0 {
		t.Fatalf("findings before anything is planted: %v", found)
	}
	holdPlants(t, func(t *testing.T, plant string) (touched int64, found []books.Finding) {
		if other, differs := onPostgres[plant]; differs {
			plant = other
		}
		undone := errors.New("undone")
		err := s.Update(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
			if _, err := store.Act(ctx, tx, disarmed); err != nil {
				return err
			}
			if touched, err = store.Act(ctx, tx, plant); err != nil {
				return err
			}
			if found, err = tx.Findings(ctx, 10); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		return touched, found
	})
}

// holdPlants holds the findings of each plant against what must see it.
func holdPlants(t *testing.T, planted func(t *testing.T, plant string) (touched int64, found []books.Finding)) {
	t.Helper()
	checked := map[string]bool{}
	for i, test := range plants {
		if testing.Short() && i%8 != 0 { // a sample, for the race detector
			continue
		}
		name := test.plant
		if len(name) > 80 {
			name = name[:80]
		}
		t.Run(name, func(t *testing.T) {
			touched, findings := planted(t, test.plant)
			if touched == 0 && !strings.Contains(test.plant, "DROP") {
				t.Fatal("the plant changed nothing")
			}
			found := map[string]string{}
			for _, finding := range findings {
				found[finding.Check] = fmt.Sprintf("%s: kept %s, derived %s", finding.Subject, finding.Kept, finding.Derived)
				if finding.Subject == "" || finding.Kept == finding.Derived {
					t.Errorf("a finding that says nothing: %+v", finding)
				}
			}
			for check := range strings.FieldsSeq(test.sees) {
				checked[check] = true
				if found[check] == "" {
					t.Errorf("%s does not see it; found: %v", check, found)
				}
			}
		})
	}
	if testing.Short() {
		return
	}
	checks := append(store.CheckNames(), "database", "database.appendOnly", "database.closed", "database.readable", "entry.sums", "entry.missing", "lot.usage", "lot.release", "lot.lapsesOn", "pool.days", "pool.early", "purchase.pack", "purchase.bonusPrice", "event.rate", "event.dimensions",
		"export.range", "export.number", "export.target", "export.replaced", "export.status", "export.entries", "export.version", "export.manifest", "export.totals", "export.files", "export.file", "export.answer", "export.acknowledged")
	slices.Sort(checks)
	for _, check := range slices.Compact(checks) {
		if !checked[check] {
			t.Errorf("no plant is seen by %s", check)
		}
	}
}

// disarm takes down what keeps a program, or a tamperer, from changing rows.
func disarm(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	var triggers []string
	if err := s.Writer().NewRaw("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name NOT LIKE 'audit_events_%' AND name NOT LIKE '%_closed'").Scan(ctx, &triggers); err != nil {
		t.Fatal(err)
	}
	for _, trigger := range triggers {
		if _, err := s.Writer().DB.ExecContext(ctx, "DROP TRIGGER "+trigger); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Writer().DB.ExecContext(ctx, "PRAGMA foreign_keys = 0; PRAGMA ignore_check_constraints = 1; PRAGMA recursive_triggers = 0"); err != nil {
		t.Fatal(err)
	}
}

// TestFindingsAreLimited keeps a book that is wrong everywhere from filling the screen.
func TestFindingsAreLimited(t *testing.T) {
	ctx := t.Context()
	s := plantBook(t)
	defer s.Close()
	if _, err := s.Writer().DB.ExecContext(ctx, "UPDATE lots SET recognised_minor = recognised_minor + 1, released_minor = released_minor - 1"); err != nil {
		t.Fatal(err)
	}
	err := s.View(ctx, func(ctx context.Context, tx books.Tx) error {
		found, err := tx.Findings(ctx, 2)
		count := map[string]int{}
		for _, finding := range found {
			count[finding.Check]++
		}
		if count["lot.recognised"] != 2 || count["lot.released"] != 2 {
			t.Errorf("found %v, want two of each", count)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
