package books_test

import (
	"context"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// checkStatements holds the statements of each customer, whatever spans its time is cut
// into, against each other and against the lots: added up here.
func (p *playedBook) checkStatements(t *rapid.T, h history) {
	ctx := context.Background()
	first, today := ledger.DateOf(beginning, time.UTC)-60, p.Yesterday()+1
	cut := first + ledger.Date(rapid.IntRange(1, int(today-first)).Draw(t, "cut"))
	for _, customer := range p.customers(t) {
		carried, held := map[string]int64{}, revrec.Credits(0)
		for _, lot := range p.lots(t) {
			if lot.CustomerID != customer.ID {
				continue
			}
			carried[string(lot.Price.Currency)] += lot.Carrying.Minor
			carried["functional of "+string(lot.Price.Currency)] += lot.CarryingFunctional.Minor
			if lot.Kind != revrec.OverageLot && (lot.ExpiresAt.IsZero() || lot.ExpiresAt.After(p.now)) {
				held += lot.Granted - lot.Drawn - lot.Refunded - lot.Removed
			}
		}
		held += p.rolledUnkept(t, customer, func(revrec.Lot) bool { return true })
		credits, money := revrec.Credits(0), map[string]int64{}
		for from := first; from <= today; {
			to := min(from+books.MaxStatementDays-1, today)
			if from < cut {
				to = min(to, cut-1)
			}
			statement, err := p.Statement(ctx, books.StatementRequest{CustomerID: customer.ID, From: from, To: to, Detail: books.ByDay})
			must(t, err)
			if statement.Opening.Credits != credits {
				t.Fatalf("%s opens %s with %s credits, closed before with %s\n%s", customer.ExternalID, from, statement.Opening.Credits, credits, h)
			}
			if diff := cmp.Diff(money, deferredOf(statement.Opening)); diff != "" {
				t.Fatalf("%s opens %s otherwise than it closed: %s\n%s", customer.ExternalID, from, diff, h)
			}
			credits = p.footStatement(t, h, statement, money)
			p.checkEvents(t, h, statement)
			from = to + 1
		}
		if credits != held {
			t.Fatalf("%s: the statement closes with %s credits, its lots hold %s\n%s", customer.ExternalID, credits, held, h)
		}
		if diff := cmp.Diff(withoutZero(carried), money); diff != "" {
			t.Fatalf("%s: the statement closes otherwise (+) than the lots carry (-): %s\n%s", customer.ExternalID, diff, h)
		}
		p.checkUsable(t, h, customer, credits)
	}
}

// rolledUnkept is what lives on of those of a customer's lots that came to their expiry today,
// and that nobody has held since.
func (p *playedBook) rolledUnkept(t *rapid.T, customer books.Customer, those func(revrec.Lot) bool) (credits revrec.Credits) {
	lots := p.lots(t)
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		for _, lot := range lots {
			if lot.CustomerID != customer.ID || !lot.DueToRoll(p.now) || !those(lot) {
				continue
			}
			policies, err := tx.PoliciesByID(ctx, []string{lot.PolicyID})
			if err != nil {
				return err
			}
			credits += policies[0].Rollover.Of(lot.Unused())
		}
		return nil
	}))
	return credits
}

// footStatement adds the lines to what was deferred, and returns the closing credits.
func (p *playedBook) footStatement(t *rapid.T, h history, s books.Statement, money map[string]int64) revrec.Credits {
	credits := s.Opening.Credits
	for _, line := range s.Lines {
		if line.Day < s.From || line.Day > s.To {
			t.Fatalf("a line of %s in a statement of %s to %s", line.Day, s.From, s.To)
		}
		credits += line.Credits
		money[string(line.Amount.Currency)] += line.Amount.Minor
		money["functional of "+string(line.Amount.Currency)] += line.Functional.Minor
		drawn := revrec.Credits(0)
		for _, use := range line.Uses {
			drawn += use.Credits
		}
		if line.Kind != books.OverageLine && drawn != 0 && line.Credits != -drawn {
			t.Fatalf("line %+v: its uses add up to %s\n%s", line, drawn, h)
		}
		if line.Balance != credits || line.Deferred.Amount.Minor != money[string(line.Amount.Currency)] {
			t.Fatalf("line %+v: the running balance is %s, %v\n%s", line, credits, money, h)
		}
	}
	for key, minor := range money {
		if minor == 0 {
			delete(money, key)
		}
	}
	if credits != s.Closing.Credits {
		t.Fatalf("opening and lines come to %s credits, closing is %s\n%s", credits, s.Closing.Credits, h)
	}
	if diff := cmp.Diff(money, deferredOf(s.Closing)); diff != "" {
		t.Fatalf("opening and lines come to other money (-) than the closing (+): %s\n%s", diff, h)
	}
	return credits
}

// checkEvents holds the last days of a statement in detail against the statement.
func (p *playedBook) checkEvents(t *rapid.T, h history, s books.Statement) {
	request := s.StatementRequest
	request.From, request.Detail = max(request.From, request.To-books.MaxStatementEventDays+1), books.ByEvent
	detailed, err := p.Statement(context.Background(), request)
	must(t, err)
	if diff := cmp.Diff(deferredOf(s.Closing), deferredOf(detailed.Closing)); diff != "" || detailed.Closing.Credits != s.Closing.Credits {
		t.Fatalf("in detail it closes with %s credits, not %s, and %s\n%s", detailed.Closing.Credits, s.Closing.Credits, diff, h)
	}
	events := map[string]revrec.Credits{}
	for _, line := range detailed.Lines {
		for _, use := range line.Uses {
			if use.EventID == "" || len(line.Uses) != 1 {
				t.Fatalf("line %+v is of no one event\n%s", line, h)
			}
			events[line.Day.String()+string(line.Kind)+line.LotID] += use.Credits
		}
	}
	for _, line := range s.Lines {
		if line.Day < request.From {
			continue
		}
		for _, use := range line.Uses {
			events[line.Day.String()+string(line.Kind)+line.LotID] -= use.Credits
		}
	}
	for place, left := range events {
		if left != 0 {
			t.Fatalf("events and the day differ by %s at %s\n%s", left, place, h)
		}
	}
}

// checkUsable holds the closing credits against the balance: what can be used now, and what
// a chargeback blocks, a hold keeps or has not begun.
func (p *playedBook) checkUsable(t *rapid.T, h history, customer books.Customer, credits revrec.Credits) {
	balance, err := p.Balance(context.Background(), customer.ID, p.now)
	must(t, err)
	usable := map[string]revrec.Credits{}
	for _, lot := range balance.Lots {
		usable[lot.ID] = lot.Spendable(p.now)
	}
	total := balance.Credits + p.rolledUnkept(t, customer, func(lot revrec.Lot) bool { return lot.Blocked })
	for _, lot := range p.lots(t) {
		lapsed := !lot.ExpiresAt.IsZero() && !lot.ExpiresAt.After(p.now)
		if lot.CustomerID == customer.ID && lot.Kind != revrec.OverageLot && !lapsed {
			total += lot.Unused() - usable[lot.ID]
		}
	}
	if total != credits {
		t.Fatalf("%s: the balance and what cannot be used come to %s credits, the statement to %s\n%s", customer.ExternalID, total, credits, h)
	}
}

func deferredOf(b books.StatementBalance) map[string]int64 {
	money := map[string]int64{}
	for _, m := range b.Deferred {
		money[string(m.Amount.Currency)] = m.Amount.Minor
		money["functional of "+string(m.Amount.Currency)] = m.Functional.Minor
	}
	return withoutZero(money)
}

func withoutZero(money map[string]int64) map[string]int64 {
	kept := map[string]int64{}
	for key, minor := range money {
		if minor != 0 {
			kept[key] = minor
		}
	}
	return kept
}

func (p *playedBook) customers(t *rapid.T) (all []books.Customer) {
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) (err error) {
		all, err = tx.Customers(ctx, books.CustomerFilter{}, books.Page{Limit: 100})
		return err
	}))
	if len(all) == 0 {
		t.Fatal(fmt.Sprintf("nobody at %s", p.now))
	}
	return all
}
