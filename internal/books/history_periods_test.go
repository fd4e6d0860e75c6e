package books_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// closePeriod books what has happened and closes a period, the next one mostly. What keeps
// it from closing, late usage above all, keeps it in every book with the same history.
func (p *playedBook) closePeriod(t *rapid.T, i int, a happening) (books.ClosingAct, error) {
	ctx := context.Background()
	_, err := p.RunJob(ctx, books.JobAll, books.RunOptions{})
	must(t, err)
	next := p.closedThrough(t) + 1
	if next == 1 {
		next = beginningPeriod
	}
	period := p.periodOf(t, i, next+ledger.Period([]int{0, 0, 0, 0, 0, 1, -1}[a.target%7]))
	_, err = p.GLAccountsSet(ctx, "gl codes", books.SampleGLCodes())
	must(t, err)
	closing, err := p.PeriodClose(ctx, fmt.Sprintf("act %d", i), books.ClosePeriod{Period: period})
	if err != nil && strings.Contains(err.Error(), "have the book verified") {
		t.Fatalf("a sound book does not close: %v", err)
	}
	if _, known := p.closed[period]; err == nil && !known {
		p.closed[period] = p.trialBalance(t, period)
	}
	return closing.Act, err
}

// reopenPeriod books what has happened and has two persons reopen a period.
func (p *playedBook) reopenPeriod(t *rapid.T, i int, a happening) (books.ReopeningStatus, error) {
	ctx := context.Background()
	_, err := p.RunJob(ctx, books.JobAll, books.RunOptions{})
	must(t, err)
	period := p.periodOf(t, i, max(p.closedThrough(t), beginningPeriod)-ledger.Period([]int{0, 0, 0, 1}[a.target%4]))
	person := func(name string) context.Context { return books.WithCaller(ctx, books.Caller{Actor: name}) }
	reopening, err := p.PeriodReopenPropose(person("ann"), fmt.Sprintf("act %d", i), books.ReopenPeriod{Period: period, Reason: "a test"})
	if err == nil {
		reopening, err = p.PeriodReopenApprove(person("bob"), fmt.Sprintf("act %d, approved", i), books.DecideReopening{ID: reopening.ID})
	}
	if err == nil {
		for closed := range p.closed {
			if closed >= period {
				delete(p.closed, closed)
			}
		}
	}
	return reopening.Status, err
}

var beginningPeriod = ledger.DateOf(beginning, time.UTC).Period()

// periodOf keeps the period of an act for the time when it is repeated.
func (p *playedBook) periodOf(t *rapid.T, act int, period ledger.Period) ledger.Period {
	if p.chosen[act] == "" {
		p.chosen[act] = period.String()
	}
	period, err := ledger.ParsePeriod(p.chosen[act])
	must(t, err)
	return period
}

func (p *playedBook) closedThrough(t *rapid.T) (closed ledger.Period) {
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) (err error) {
		closed, err = tx.ClosedThrough(ctx)
		return err
	}))
	return closed
}

func (p *playedBook) trialBalance(t *rapid.T, period ledger.Period) (balance ledger.TrialBalance) {
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) (err error) {
		balance, err = tx.TrialBalance(ctx, period, period)
		return err
	}))
	return balance
}

// checkClosed holds invariant 7: the figures of a closed period are those that were closed.
func (p *playedBook) checkClosed(t *rapid.T, h history) {
	for period, balance := range p.closed {
		if diff := cmp.Diff(moved(balance), moved(p.trialBalance(t, period))); diff != "" {
			t.Fatalf("invariant 7: %s changed while it was closed:\n%s\n%s", period, diff, h)
		}
	}
}

// moved leaves out the accounts that appeared later.
func moved(balance ledger.TrialBalance) (rows []ledger.Balance) {
	for _, row := range balance.Balances {
		if row.Opening.Minor != 0 || row.FunctionalOpening.Minor != 0 || row.Debits.Minor+row.Credits.Minor+row.FunctionalDebits.Minor+row.FunctionalCredits.Minor != 0 {
			rows = append(rows, row)
		}
	}
	return rows
}
