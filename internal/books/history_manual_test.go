package books_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// asPerson is somebody of a history.
func asPerson(name string) context.Context {
	return books.WithCaller(context.Background(), books.Caller{Actor: name})
}

// byHand has one person propose an entry and another approve it: on accounts that lots, pools
// and the law derive, in the book's currency or by the rate of the day, now and then one that
// takes itself back, or that nobody has decided about yet.
func (p *playedBook) byHand(i int, a happening) (any, error) {
	on := ledger.DateOf(a.at.Add(-a.late), time.UTC)
	amount := decimal.New(a.price+1, -2)
	from := []ledger.Role{ledger.DeferredRevenue, ledger.UsageRevenue, ledger.UnclaimedProperty, ledger.Refunds}[a.target%4]
	to := []ledger.Role{ledger.RefundLiability, ledger.DeferredRevenue, ledger.UnclaimedProperty}[a.price%3]
	request := books.NewManualEntry{
		AccountingDate: on, Reason: "a test", Description: "by hand",
		Lines: []books.NewManualLine{
			{Account: from, Amount: amount, Customer: a.customer}, {Account: to, Credit: true, Amount: amount, Policy: a.policy, Pack: "pack"},
		},
	}
	if a.target%5 == 0 { // where there is a rate
		request.Lines[0].Currency, request.Lines[1].Currency = "EUR", "EUR"
	}
	if a.price%7 != 0 {
		request.ControlAccounts = "a test"
	}
	if a.target%3 == 0 {
		request.ReverseOn = (on.Period() + 1).First() + ledger.Date(a.price%40)
	}
	proposed, err := p.ManualEntryPropose(asPerson("ann"), fmt.Sprintf("act %d", i), request)
	if err != nil || a.target%8 == 7 {
		return nil, err // it waits, which is told as something else
	}
	decided, err := p.ManualEntryApprove(asPerson("bob"), fmt.Sprintf("act %d, approved", i), books.DecideManual{ID: proposed.ID})
	if err == nil && !slices.Contains(p.manual, proposed.ID) {
		p.manual = append(p.manual, proposed.ID)
	}
	return decided, err
}

// takeBack has two persons reverse an entry, the same one where the act is repeated.
func (p *playedBook) takeBack(i int, a happening) (books.ManualDecision, error) {
	if p.chosen[i] == "" {
		p.chosen[i] = strconv.Itoa(a.target % len(p.manual))
	}
	at, _ := strconv.Atoi(p.chosen[i])
	reversal, err := p.ManualEntryReverse(asPerson("bob"), fmt.Sprintf("act %d", i), books.ReverseManual{
		ID: p.manual[at], AccountingDate: ledger.DateOf(a.at.Add(-a.late/2), time.UTC), Reason: "a test",
	})
	if err != nil {
		return books.ManualDecision{}, err
	}
	return p.ManualEntryApprove(asPerson("ann"), fmt.Sprintf("act %d, approved", i), books.DecideManual{ID: reversal.ID})
}
