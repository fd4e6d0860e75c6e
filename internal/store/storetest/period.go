package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

const (
	march = ledger.Period(2024*12 + 2)
	april = march + 1
)

func periods(t *testing.T, s *suite) {
	closing := func(period ledger.Period, act books.ClosingAct) books.Closing {
		return books.Closing{ID: newID(), Period: period, Act: act, At: noon, Actor: "token:ann"}
	}
	first, again, other := closing(march, books.Closed), closing(march, books.Reopened), closing(april, books.Closed)
	amount := usd(120)
	first.ActorName, first.Entries, first.LastEntry = "Ann O'Neil", 3, 7
	first.Checks = []books.CloseCheck{{Code: books.CheckBooked, Passed: true, Holds: `it's "so"`, Figures: []books.CheckFigure{{Name: "n", Text: "1.20 USD", Amount: &amount}}}}
	again.Reason, again.ReopenID, again.Checks, other.Checks = "a file was lost", newID(), []books.CloseCheck{}, []books.CloseCheck{}
	balances := []ledger.Balance{{
		Account: ledger.Cash, Currency: "EUR", Opening: eur(-5), Debits: eur(100), Credits: eur(30),
		FunctionalOpening: usd(-6), FunctionalDebits: usd(110), FunctionalCredits: usd(33),
	}}
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.SaveBook(ctx, books.Book{Functional: "USD", Zone: "UTC", CreatedAt: noon}))
		same(t, ledger.Period(0))(tx.ClosedThrough(ctx))
		for _, p := range []ledger.Period{april, march} {
			must(t, tx.SavePeriod(ctx, books.Period{Period: p, Status: books.PeriodIsClosed, ClosedAt: noon}))
		}
		must(t, tx.SetClosedThrough(ctx, april))
		same(t, april)(tx.ClosedThrough(ctx))
		must(t, tx.SetClosedThrough(ctx, march))
		must(t, tx.SavePeriod(ctx, books.Period{Period: april, Status: books.PeriodIsOpen}))
		must(t, tx.InsertClosing(ctx, first, balances))
		must(t, tx.InsertClosing(ctx, again, nil))
		must(t, tx.InsertClosing(ctx, other, nil))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, march)(tx.ClosedThrough(ctx))
		same(t, []books.Period{{Period: march, Status: books.PeriodIsClosed, ClosedAt: noon}, {Period: april, Status: books.PeriodIsOpen}})(tx.PeriodsClosed(ctx))
		same(t, []books.Closing{first, again, other})(tx.Closings(ctx, []ledger.Period{april, march, march + 9}))
		same(t, []books.Closing{other})(tx.Closings(ctx, []ledger.Period{april}))
		same(t, balances)(tx.ClosingBalances(ctx, first.ID))
		same(t, []ledger.Balance{})(tx.ClosingBalances(ctx, other.ID))
	})
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.SetClosedThrough(ctx, 0))
		same(t, ledger.Period(0))(tx.ClosedThrough(ctx))
	})
}

// closedIsClosed holds that the database itself takes nothing under a day that is closed,
// one row or many.
func closedIsClosed(t *testing.T, s *suite) {
	lot, batch := aLot(c1, p1), newID()
	s.update(func(ctx context.Context, tx books.Tx) {
		putLots(ctx, t, tx, lot)
		_, err := tx.OpenBatch(ctx, batch, noon)
		must(t, err)
		_, err = tx.AppendEntries(ctx, []ledger.Entry{anEntry(day, usd(5))})
		must(t, err)
		must(t, tx.SetClosedThrough(ctx, march))
	})
	late := func(many int) []revrec.Recognition {
		rows := make([]revrec.Recognition, many)
		for i := range rows {
			rows[i] = aRecognition(lot, revrec.Usage, day+1, 1, batch)
		}
		return rows
	}
	for _, many := range []int{1, 3000} { // many go another way to the table
		for what, write := range map[string]func(ctx context.Context, tx books.Tx) error{
			"entries": func(ctx context.Context, tx books.Tx) error {
				entries := make([]ledger.Entry, many)
				for i := range entries {
					entries[i] = anEntry(day+1, usd(1))
				}
				entries[many-1] = anEntry(day, usd(1))
				_, err := tx.AppendEntries(ctx, entries)
				return err
			},
			"recognitions": func(ctx context.Context, tx books.Tx) error {
				rows := late(many)
				rows[many/2].Day, rows[many/2].AccountingDate = day-40, day-40
				return tx.InsertRecognitions(ctx, rows)
			},
		} {
			if err := s.tryUpdate(write); err == nil {
				t.Errorf("%d %s were taken, one of them in a closed period", many, what)
			}
		}
	}
	s.update(func(ctx context.Context, tx books.Tx) {
		same(t, int64(1))(tx.CountEntries(ctx, books.EntryFilter{}))
		same(t, int64(0))(tx.CountRecognitions(ctx, books.RecognitionFilter{}))
		rows := late(3000)
		rows[0].Day = day // it happened then, and is booked later
		must(t, tx.InsertRecognitions(ctx, rows))
		entry := anEntry(day+1, usd(7))
		entry.OccurredOn = day
		_, err := tx.AppendEntries(ctx, []ledger.Entry{entry, anEntry(day+1, usd(8))})
		must(t, err)
	})
	yes, no := true, false
	s.view(func(ctx context.Context, tx books.Tx) {
		sameIDs(t, numberOf, "2")(tx.Entries(ctx, books.EntryFilter{OutOfPeriod: &yes}, books.Page{}))
		moved, number, err := tx.OutOfPeriod(ctx, books.MovementSpan{From: day, To: day + 1, Through: 3, AsOf: noon})
		same(t, []books.OutOfPeriodPart{{HappenedIn: march, BookedIn: april, Kind: "PURCHASE", Currency: "USD", Entries: 1, Debits: 7, Deferred: 7, FunctionalDebits: 7, FunctionalDeferred: 7}})(moved, err)
		same(t, int64(1))(number, err)
		moved, number, err = tx.OutOfPeriod(ctx, books.MovementSpan{From: day, To: day + 1, Through: 1, AsOf: noon})
		same(t, []books.OutOfPeriodPart(nil))(moved, err)
		same(t, int64(0))(number, err)
		sameIDs(t, numberOf, "3", "1")(tx.Entries(ctx, books.EntryFilter{OutOfPeriod: &no}, books.Page{Reverse: true}))
		same(t, int64(1))(tx.CountEntries(ctx, books.EntryFilter{OutOfPeriod: &yes, From: day + 1}))
		same(t, []books.PeriodTotal{
			{Period: march, Entries: 1, FunctionalDebits: 5, FunctionalCredits: 5},
			{Period: april, Entries: 2, OutOfPeriod: 1, FunctionalDebits: 15, FunctionalCredits: 15},
		})(inOrder(func(p books.PeriodTotal) string { return p.Period.String() })(tx.PeriodTotals(ctx, []ledger.Period{april, march, march - 1})))
		same(t, int64(0))(tx.CountUnposted(ctx, day))
		same(t, int64(3000))(tx.CountUnposted(ctx, day+1))
	})
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.SetClosedThrough(ctx, 0))
		_, err := tx.AppendEntries(ctx, []ledger.Entry{anEntry(day, usd(1))})
		must(t, err)
	})
}

// closeWaits holds that a period is not closed between the moment in which a transaction
// reads what is closed and its end: it would book into what is closed by then.
func closeWaits(t *testing.T, s *suite) {
	read, closing, booked := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		booked <- s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
			closed, err := tx.ClosedThrough(ctx)
			if err == nil && closed != 0 {
				err = errors.New("closed before it was closed")
			}
			if err != nil {
				close(read)
				return err
			}
			close(read)
			<-closing
			time.Sleep(50 * time.Millisecond) // the other one would be through by then
			_, err = tx.AppendEntries(ctx, []ledger.Entry{anEntry(ledger.AccountingDate(day, closed), usd(5))})
			return err
		})
	}()
	<-read
	var seen int64
	tries := 0
	go func() { time.Sleep(20 * time.Millisecond); close(closing) }()
	must(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) (err error) {
		tries++
		if err := tx.HoldPeriods(ctx); err != nil {
			return err
		}
		if seen, err = tx.CountEntries(ctx, books.EntryFilter{To: day}); err != nil {
			return err
		}
		return tx.SetClosedThrough(ctx, march)
	}))
	must(t, <-booked)
	if seen != 1 {
		t.Fatalf("the period was closed with %d entries in it, and has 1 now", seen)
	}
	for _, err := range s.atOnce(func(ctx context.Context, tx books.Tx, n int) error { // many book, one closes
		if n == 0 {
			if err := tx.HoldPeriods(ctx); err != nil {
				return err
			}
			return tx.SetClosedThrough(ctx, april)
		}
		closed, err := tx.ClosedThrough(ctx)
		if err == nil {
			_, err = tx.AppendEntries(ctx, []ledger.Entry{anEntry(ledger.AccountingDate(day, closed), usd(1))})
		}
		return err
	}) {
		must(t, err)
	}
}

func reopenings(t *testing.T, s *suite) {
	reopening := func(period ledger.Period) books.Reopening {
		return books.Reopening{
			ID: newID(), Period: period, Reason: "it's late", Status: books.ReopeningProposed, CreatedAt: noon,
			Proposer: books.Party{Actor: "token:ann", Persons: []string{"token:ann", "Ann O'Neil"}, Makers: []string{"cli:root"}},
		}
	}
	a, b, c := reopening(march), reopening(march), reopening(april)
	s.update(func(ctx context.Context, tx books.Tx) {
		for _, r := range []books.Reopening{a, b, c} {
			must(t, tx.InsertReopening(ctx, r))
		}
		same(t, b)(tx.LockReopening(ctx, b.ID))
	})
	for _, id := range []string{newID(), "none"} {
		refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
			_, err := tx.LockReopening(ctx, id)
			return err
		}), books.NotFound)
	}
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
		return tx.DecideReopening(ctx, books.Reopening{ID: newID(), Status: books.ReopeningRejected})
	}), books.NotFound)
	b.Status, b.DecidedBy, b.DecidedAt, b.Decision = books.ReopeningApproved, "oidc:bob", noon.Add(time.Hour), "yes"
	s.update(func(ctx context.Context, tx books.Tx) { must(t, tx.DecideReopening(ctx, b)) })
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Reopening{a, b, c})(tx.Reopenings(ctx, []ledger.Period{april, march}))
		same(t, []books.Reopening{c})(tx.Reopenings(ctx, []ledger.Period{april, april + 1}))
	})
}

func closeTasks(t *testing.T, s *suite) {
	bank := books.CloseTask{ID: newID(), Name: "the bank's", Required: true, From: march, CreatedAt: noon, CreatedBy: "token:ann"}
	mail := books.CloseTask{ID: newID(), Name: "mail", From: april, CreatedAt: noon, CreatedBy: "token:ann"}
	mark := books.CloseTaskMark{ID: newID(), TaskID: bank.ID, Period: march, At: noon, Actor: "token:bob", Comment: "it's done"}
	next := books.CloseTaskMark{ID: newID(), TaskID: bank.ID, Period: april, At: noon, Actor: "token:bob"}
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertCloseTask(ctx, bank))
		must(t, tx.InsertCloseTask(ctx, mail))
		must(t, tx.InsertCloseTaskMark(ctx, mark))
		must(t, tx.InsertCloseTaskMark(ctx, next))
		must(t, tx.EndCloseTask(ctx, mail.ID, april+2))
	})
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
		return tx.InsertCloseTask(ctx, books.CloseTask{ID: newID(), Name: "mail", From: march, CreatedAt: noon})
	}), books.AlreadyExists)
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.EndCloseTask(ctx, newID(), april) }), books.NotFound)
	mail.To = april + 2
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.CloseTask{bank, mail})(tx.CloseTasks(ctx))
		same(t, []books.CloseTaskMark{mark})(tx.CloseTaskMarks(ctx, march))
		same(t, []books.CloseTaskMark{next})(tx.CloseTaskMarks(ctx, april))
	})
}

// accounted holds the sums by which a period is checked against rows made by hand.
func accounted(t *testing.T, s *suite) {
	lot, open := aLot(c1, p1), aLot(c1, p1)
	open.ExpiresAt, open.AcceptsUntil = time.Date(2024, 4, 1, 0, 0, 0, 0, time.UTC), noon.AddDate(0, 1, 0) // lapses on the last of March
	used := anEvent(c1, "use", 7*revrec.One)
	undrawn := anEvent(c1, "lost", 2*revrec.One)
	sale, unpaid := aPurchase(c1), aPurchase(c1)
	sale.Status = books.PurchasePaid
	sale.PurchasedAt, sale.Price, sale.Functional, sale.Tax, sale.FunctionalTax = noon, eur(900), usd(1000), eur(0), usd(0)
	unpaid.PurchasedAt, unpaid.Status, unpaid.DueBooked = noon, books.PurchaseInvoiced, false
	policy, batch := aPolicy("pooled"), newID()
	start, end := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2024, 4, 1, 0, 0, 0, 0, time.UTC)
	s.update(func(ctx context.Context, tx books.Tx) {
		putLots(ctx, t, tx, lot, open)
		must(t, tx.InsertEvents(ctx, []books.UsageEvent{used, undrawn}))
		must(t, tx.InsertDraws(ctx, []books.Draw{
			{CustomerID: c1, EventID: used.ID, LotID: lot.ID, Day: day, Credits: 4 * revrec.One},
			{CustomerID: c1, EventID: used.ID, LotID: open.ID, Day: day, Credits: 3 * revrec.One},
		}))
		must(t, tx.AddLotDays(ctx, []books.LotDay{{CustomerID: c1, LotID: lot.ID, Day: day, Drawn: 4 * revrec.One}, {CustomerID: c1, LotID: lot.ID, Day: day + 1, Drawn: 9}}))
		_, err := tx.OpenBatch(ctx, batch, noon)
		must(t, err)
		r := aRecognition(lot, revrec.Usage, day, 40, batch)
		r.Credits, r.AccountingDate = 4*revrec.One, day+1
		early := aRecognition(lot, revrec.ExpiryBreakage, day, 40, batch)
		must(t, tx.InsertRecognitions(ctx, []revrec.Recognition{r, early}))
		must(t, tx.InsertPurchase(ctx, sale))
		must(t, tx.InsertPurchase(ctx, unpaid))
		entry := anEntry(day, eur(900))
		entry.Reference = sale.ID
		entry.Lines[0].Functional, entry.Lines[1].Functional = usd(1000), usd(-1000)
		_, err = tx.AppendEntries(ctx, []ledger.Entry{entry, anEntry(day+1, eur(1))})
		must(t, err)
		must(t, tx.InsertPolicy(ctx, policy))
		for _, from := range []ledger.Date{day, day + 1} {
			must(t, tx.InsertProposal(ctx, books.Proposal{Estimate: books.Estimate{
				Estimate: revrec.Estimate{ID: newID(), From: from, Rate: dec("0.1")}, PolicyID: policy.ID, CreatedAt: noon, Status: books.EstimateProposed,
			}}))
		}
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, books.UsageAccounted{
			Events: 2, Undrawn: 1, Draws: 2, OfEvents: int64(9 * revrec.One), OfDraws: int64(7 * revrec.One), OfLotDays: int64(4 * revrec.One), Booked: int64(4 * revrec.One),
		})(tx.UsageAccounted(ctx, march.First(), day, start, end, ""))
		u, err := tx.UsageAccounted(ctx, march.First(), day, start, end, "ffffffff-ffff-7fff-8fff-ffffffffffff")
		must(t, err)
		if u.Events != 0 || u.OfLotDays != int64(4*revrec.One) {
			t.Fatalf("%+v: want no event from that id on", u)
		}
		same(t, []books.PurchasesBooked{{Currency: "EUR", Purchases: 1, Entries: 1, Price: 900, Deferred: 900, Functional: 1000, DeferredOwn: 1000}})(tx.PurchasesBooked(ctx, start, end))
		lines, err := tx.PeriodLines(ctx, march)
		must(t, err)
		want := books.LinesAndBalance{Account: ledger.Cash, Currency: "EUR", Debits: 900, FunctionalDebits: 1000, KeptDebits: 900, KeptFunctionalDebits: 1000}
		if len(lines) != 2 || lines[0] != want {
			t.Fatalf("lines %+v, want first %+v", lines, want)
		}
		lots, until, err := tx.LateUsageOpen(ctx, start, end, noon)
		must(t, err)
		if lots != 1 || !until.Equal(open.AcceptsUntil) {
			t.Fatalf("%d lots until %s, want 1 until %s", lots, until, open.AcceptsUntil)
		}
		lots, until, err = tx.LateUsageOpen(ctx, start, end, open.AcceptsUntil)
		must(t, err)
		if lots != 0 || !until.IsZero() {
			t.Fatalf("%d lots until %s, want none", lots, until)
		}
		found, err := tx.ProposalsBy(ctx, day)
		must(t, err)
		if len(found) != 1 || found[0].From != day {
			t.Fatalf("proposals %+v, want the one of %s", found, day)
		}
		booked, purchased, err := tx.Beginning(ctx)
		must(t, err)
		if booked != day || !purchased.Equal(noon) {
			t.Fatalf("begins %s, %s; want %s, %s", booked, purchased, day, noon)
		}
	})
}
