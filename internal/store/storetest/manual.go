package storetest

import (
	"context"
	"strings"
	"testing"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// aManual is a proposed entry with two lines, one of them about everything.
func aManual(on ledger.Date) books.ManualEntry {
	about := ledger.Dimensions{Customer: "acme", Policy: "annual", Pack: "growth"}
	return books.ManualEntry{
		ID: newID(), Kind: ledger.ManualEntry, AccountingDate: on, Reason: "O'Neil said ü", Description: "an accrual", Status: books.ManualProposed,
		Lines:    []ledger.Line{ledger.Debit(ledger.Refunds, eur(100), usd(110), ledger.Dimensions{}), ledger.Credit(ledger.RefundLiability, eur(100), usd(110), about)},
		Proposer: books.Party{Actor: "token:ann", Persons: []string{"ann"}, Makers: []string{"eve"}}, CreatedAt: noon,
	}
}

// post puts an entry into the journal as its approval does.
func post(ctx context.Context, t *testing.T, tx books.Tx, m books.ManualEntry, reverses int64) books.ManualEntry {
	t.Helper()
	posted, err := tx.AppendEntries(ctx, []ledger.Entry{{
		Kind: m.Kind, AccountingDate: m.AccountingDate, OccurredOn: m.AccountingDate, PostedAt: noon, Reference: m.ID, Reverses: reverses, Description: m.Description, Approved: strings.Repeat("0a", 32), Lines: m.Lines,
	}})
	must(t, err)
	read, err := tx.Entries(ctx, books.EntryFilter{Reference: m.ID}, books.Page{})
	same(t, posted)(read, err)
	m.Number, m.Status, m.DecidedBy, m.DecidedAt, m.Decision = posted[0].Number, books.ManualApproved, "token:bob", noon, "seen"
	must(t, tx.DecideManualEntry(ctx, m))
	return m
}

func manualEntries(t *testing.T, s *suite) {
	idOf := func(m books.ManualEntry) string { return m.ID }
	waits, accrual, rejected := aManual(day), aManual(day+1), aManual(day+2)
	waits.ControlAccounts, accrual.ReverseOn = "it is to differ", day+40
	paper := books.Attachment{FileOf: books.FileOf{ManualID: waits.ID}, Name: "memo ä.txt", MediaType: "text/plain", Bytes: 4, Hash: []byte{1, 0}, CreatedAt: noon, CreatedBy: "token:ann"}
	s.update(func(ctx context.Context, tx books.Tx) {
		for _, m := range []books.ManualEntry{waits, accrual, rejected} {
			must(t, tx.InsertManualEntry(ctx, m))
		}
		must(t, tx.InsertAttachment(ctx, paper, []byte("\x00\xffab")))
		same(t, waits)(tx.LockManualEntry(ctx, waits.ID))
		rejected.Status, rejected.DecidedBy, rejected.DecidedAt = books.ManualRejected, "token:bob", noon
		must(t, tx.DecideManualEntry(ctx, rejected))
		accrual.ReverseDue = accrual.ReverseOn
		accrual = post(ctx, t, tx, accrual, 0)
	})
	reversal := aManual(day + 40)
	reversal.Kind, reversal.Reverses, reversal.Lines = ledger.ManualReversalEntry, accrual.ID, ledger.Reversed(accrual.Lines)
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.ManualEntry{waits, accrual, rejected})(tx.ManualEntries(ctx, books.ManualFilter{}, books.Page{}))
		sameIDs(t, idOf, accrual.ID)(tx.ManualEntries(ctx, books.ManualFilter{}, books.Page{After: waits.ID, Limit: 1}))
		sameIDs(t, idOf, rejected.ID, accrual.ID, waits.ID)(tx.ManualEntries(ctx, books.ManualFilter{Account: ledger.Refunds, Kind: ledger.ManualEntry}, books.Page{Reverse: true}))
		sameIDs(t, idOf, waits.ID)(tx.ManualEntries(ctx, books.ManualFilter{Status: books.ManualProposed}, books.Page{}))
		sameIDs(t, idOf, accrual.ID)(tx.ManualEntries(ctx, books.ManualFilter{From: day + 1, To: day + 1}, books.Page{}))
		same(t, int64(0))(tx.CountManualEntries(ctx, books.ManualFilter{Account: ledger.Cash}))
		same(t, int64(3))(tx.CountManualEntries(ctx, books.ManualFilter{}))
		same(t, []books.ManualEntry{accrual})(tx.ManualEntriesByID(ctx, []string{accrual.ID, newID()}))
		same(t, []books.Attachment{paper})(tx.ManualAttachments(ctx, []string{waits.ID, accrual.ID}))
		same(t, []byte("\x00\xffab"))(tx.AttachmentContent(ctx, paper.FileOf, paper.Name))
		same(t, books.Waiting{})(tx.OldestWaiting(ctx, day+39))
		same(t, books.Waiting{Reversals: day + 40})(tx.OldestWaiting(ctx, day+40))
	})
	s.update(func(ctx context.Context, tx books.Tx) {
		none, err := tx.DueReversals(ctx, day+39, 10)
		if err != nil || len(none) > 0 {
			t.Errorf("due before their day: %v, %v", none, err)
		}
		same(t, []books.ManualEntry{accrual})(tx.DueReversals(ctx, day+40, 10))
		must(t, tx.InsertManualEntry(ctx, reversal))
		reversal = post(ctx, t, tx, reversal, accrual.Number)
		must(t, tx.ReversedManual(ctx, accrual.ID))
		accrual.ReverseDue = 0
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, books.Waiting{})(tx.OldestWaiting(ctx, day+400))
		same(t, []books.ManualEntry{accrual})(tx.ManualEntriesByID(ctx, []string{accrual.ID}))
		same(t, []books.ManualEntry{reversal})(tx.ReversalsOfManual(ctx, []string{accrual.ID, waits.ID}))
		same(t, map[int64]int64{accrual.Number: reversal.Number})(tx.ReversedBy(ctx, []int64{accrual.Number, reversal.Number}))
		entries, err := tx.EntriesByNumber(ctx, []int64{reversal.Number})
		must(t, err)
		if entries[0].Reverses != accrual.Number || entries[0].Reference != reversal.ID {
			t.Errorf("%+v", entries[0])
		}
		streamed := map[int64]int64{}
		must(t, tx.EachEntry(ctx, 0, 0, func(e ledger.Entry) error { streamed[e.Number] = e.Reverses; return nil }))
		if streamed[reversal.Number] != accrual.Number || streamed[accrual.Number] != 0 {
			t.Errorf("streamed %v", streamed)
		}
	})
	again := aManual(day + 41)
	again.Kind, again.Reverses = ledger.ManualReversalEntry, accrual.ID
	changed := waits
	changed.Status, changed.ReverseDue = books.ManualProposed, day
	late := paper
	late.ManualID = accrual.ID
	for what, act := range map[string]func(context.Context, books.Tx) error{
		"a second reversal": func(ctx context.Context, tx books.Tx) error { return tx.InsertManualEntry(ctx, again) },
		"attaching late":    func(ctx context.Context, tx books.Tx) error { return tx.InsertAttachment(ctx, late, []byte("late")) },
		"deciding again":    func(ctx context.Context, tx books.Tx) error { return tx.DecideManualEntry(ctx, rejected) },
		"approving once more": func(ctx context.Context, tx books.Tx) error {
			o := accrual
			o.Decision = "x"
			return tx.DecideManualEntry(ctx, o)
		},
		"changing what waits": func(ctx context.Context, tx books.Tx) error { return tx.DecideManualEntry(ctx, changed) },
		"another number for it": func(ctx context.Context, tx books.Tx) error {
			o := accrual
			o.Number = 77
			return tx.DecideManualEntry(ctx, o)
		},
	} {
		if err := s.tryUpdate(act); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
		_, err := tx.LockManualEntry(ctx, newID())
		return err
	}), books.NotFound)
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.ReversedManual(ctx, newID()) }), books.NotFound)
}
