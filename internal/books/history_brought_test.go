package books_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// A history sells by rules too, and takes over the open lots of another book.

// topUp has a rule ask for more credits, and the payment system answer: at once, in a later
// act, or that the charge failed. The request is the same in every book with this history,
// for the rule is new and the job looks here; what other runs request is never answered.
func (p *playedBook) topUp(t *rapid.T, i int, a happening) (any, error) {
	ctx, key := context.Background(), fmt.Sprintf("act %d", i)
	if p.chosen[i] == "" {
		p.endRule(t, key, a.customer)
	}
	rule := books.NewTopUpRule{Customer: a.customer, Policy: a.policy, Below: (a.credits * 2).Decimal(), Credits: a.credits.Decimal()}
	price := decimal.New(a.price, -2)
	switch a.target % 4 {
	case 0:
		rule.Pack, rule.Policy = "pack", ""
	case 1:
		rule.Price, rule.Currency = &price, "EUR"
	default:
		rule.Price = &price
	}
	made, err := p.TopUpRuleCreate(ctx, key, rule)
	if err != nil {
		return nil, err
	}
	if p.chosen[i] == "" {
		_, err := p.RunJob(ctx, books.JobAlerts, books.RunOptions{})
		must(t, err)
		p.chosen[i] = "none"
		if request, found := p.requestOf(t, made); found {
			p.chosen[i] = request.ID
			p.requests = append(p.requests, request)
		}
	}
	at := slices.IndexFunc(p.requests, func(request books.TopUp) bool { return request.ID == p.chosen[i] })
	switch {
	case at < 0: // the balance is not low
		return nil, nil
	case a.price%4 == 0: // charged later
		return nil, nil
	case a.price%4 == 1:
		failed, err := p.TopUpFail(ctx, key+" failed", books.FailTopUp{CustomerID: made.CustomerID, ID: p.chosen[i], Reason: "declined"})
		must(t, err)
		if failed.Status != books.TopUpFailed || failed.PurchaseID != "" {
			t.Fatalf("a failed top-up: %+v", failed)
		}
		return nil, nil
	}
	return p.confirmTopUp(t, i, a, p.requests[at])
}

// confirmTopUp confirms a request, and holds that who confirms it again buys nothing more.
func (p *playedBook) confirmTopUp(t *rapid.T, i int, a happening, request books.TopUp) (any, error) {
	ctx, key := context.Background(), fmt.Sprintf("act %d confirmed", i)
	confirm := books.ConfirmTopUp{CustomerID: request.CustomerID, ID: request.ID, Tax: decimal.New(a.price/10, -2)}
	if request.Price.Currency != "USD" && a.price%3 > 0 { // else by the table, which may have none
		rate := decimal.New(9_000+a.price%3_000, -4)
		confirm.FXRate = &rate
	}
	if a.late > 0 {
		confirm.PaidAt = a.at.Add(-a.late)
	}
	bought, err := p.TopUpConfirm(ctx, key, confirm)
	if err != nil {
		return nil, err
	}
	sold := bought.Purchase.Purchase
	if sold.Credits != request.Credits || sold.Price != request.Price {
		t.Fatalf("announced %s credits for %s, sold %s for %s", request.Credits, request.Price, sold.Credits, sold.Price)
	}
	before := p.journal(t)
	confirm.Reference = "again"
	again, err := p.TopUpConfirm(ctx, key+" again "+p.now.String(), confirm)
	must(t, err)
	if again.Purchase.Purchase.ID != sold.ID {
		t.Fatalf("a top-up bought %s and then %s", sold.ID, again.Purchase.Purchase.ID)
	}
	if diff := cmp.Diff(before, p.journal(t)); diff != "" {
		t.Fatalf("a top-up that was confirmed again changed the journal:\n%s", diff)
	}
	if by, confirmed := p.confirmed[request.ID]; confirmed && by != i { // by an earlier act, which told of it
		return nil, nil
	}
	p.confirmed[request.ID] = i
	if sold.Status != books.PurchasePaid {
		t.Fatalf("a top-up that was just confirmed is %s", sold.Status)
	}
	if !slices.Contains(p.purchases, sold.ID) {
		p.purchases = append(p.purchases, sold.ID)
	}
	return sold, nil
}

// endRule ends the rule of a customer that is in force.
func (p *playedBook) endRule(t *rapid.T, key, customer string) {
	ctx, yes := context.Background(), true
	var rules []books.TopUpRule
	must(t, p.View(ctx, func(ctx context.Context, tx books.Tx) error {
		customers, err := tx.CustomersByExternalID(ctx, []string{customer})
		must(t, err)
		rules, err = tx.TopUpRules(ctx, books.TopUpFilter{CustomerID: customers[0].ID, InForce: &yes}, books.Page{Limit: 10})
		return err
	}))
	for _, rule := range rules {
		_, err := p.TopUpRuleEnd(ctx, key+" ended "+rule.ID, books.EndTopUpRule{ID: rule.ID, CustomerID: rule.CustomerID})
		must(t, err)
	}
}

// requestOf returns what was requested by a rule.
func (p *playedBook) requestOf(t *rapid.T, rule books.TopUpRule) (request books.TopUp, found bool) {
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		requests, err := tx.TopUps(ctx, books.TopUpFilter{CustomerID: rule.CustomerID, RuleID: rule.ID}, books.Page{Limit: 10})
		if len(requests) > 1 {
			t.Fatalf("one run requested %d top-ups by a rule", len(requests))
		}
		if len(requests) == 1 {
			request, found = requests[0], true
		}
		return err
	}))
	return request, found
}

// opening takes over open lots of another book, as of the day or some days before.
func (p *playedBook) opening(t *rapid.T, i int, a happening) (books.OpeningResult, error) {
	ctx, key := context.Background(), fmt.Sprintf("act %d", i)
	asOf := ledger.DateOf(a.at.Add(-a.late/4), time.UTC)
	opening := books.Opening{AsOf: asOf}
	for n := range 1 + a.target%3 {
		lot := books.OpeningLot{
			Line: n + 1, Customer: a.customer, Reference: fmt.Sprintf("%s lot %d", key, n), Policy: []string{a.policy, "a", "b"}[n],
			Credits: (a.credits/100*10 + a.credits%7 + 1).Decimal(), Deferred: decimal.New(a.price/int64(n+1), -2),
			PurchasedOn: (asOf - 1 - ledger.Date(a.price%40)).Start(time.UTC),
		}
		if a.price%5 > 0 {
			lot.Expires = asOf.Start(time.UTC).Add(time.Duration(1+a.price%45+int64(9*n)) * 24 * time.Hour)
		}
		if a.price%7 == 0 && n == 0 { // credits that begin later
			lot.Starts = asOf.Start(time.UTC).Add(time.Duration(a.price%30) * 24 * time.Hour)
			lot.Expires = time.Time{}
		}
		functional := lot.Deferred
		if (int(a.price)+n)%3 == 0 {
			rate := decimal.New(9_000+a.price%3_000, -4)
			lot.Currency, lot.FXRate = "EUR", &rate
			functional = functional.Mul(rate).Round(2)
		}
		opening.Lots = append(opening.Lots, lot)
		opening.ControlCredits, opening.ControlDeferred = opening.ControlCredits.Add(lot.Credits), opening.ControlDeferred.Add(functional)
	}
	result, err := p.ImportOpening(ctx, key, opening)
	if err != nil {
		return result, err
	}
	must(t, p.View(ctx, func(ctx context.Context, tx books.Tx) error {
		for _, lot := range opening.Lots {
			found, err := tx.Purchases(ctx, books.PurchaseFilter{Reference: lot.Reference}, books.Page{Limit: 10})
			must(t, err)
			for _, purchase := range found {
				if purchase.Reference == lot.Reference && !slices.Contains(p.purchases, purchase.ID) {
					p.purchases = append(p.purchases, purchase.ID)
				}
			}
		}
		return nil
	}))
	return result, nil
}
