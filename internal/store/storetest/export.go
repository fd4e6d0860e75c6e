package storetest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
)

func aTarget(code string) books.ExportTarget {
	return books.ExportTarget{ID: newID(), Code: code, CreatedAt: noon, CreatedBy: "token:controller", Versions: []books.ExportTargetVersion{
		{Number: 1, Profile: `{"format":"csv"}`, Schedule: books.ExportByHand, CreatedAt: noon, CreatedBy: "token:controller"},
	}}
}

func aBatch(target books.ExportTarget, number, from, to int64) books.ExportBatch {
	return books.ExportBatch{
		ID: newID(), TargetID: target.ID, Number: number, Version: 1, Status: books.ExportDraft, FromEntry: from, ToEntry: to,
		Trigger: books.ByHand, CreatedAt: noon, CreatedBy: "token:controller",
	}
}

// exports keeps targets with their versions, batches with their files, and answers.
func exports(t *testing.T, s *suite) {
	refuses := func(code books.Code, act func(ctx context.Context, tx books.Tx) error) {
		t.Helper()
		refused(t, s.tryUpdate(act), code)
	}
	fails := func(what string, act func(ctx context.Context, tx books.Tx) error) {
		t.Helper()
		if err := s.tryUpdate(act); err == nil {
			t.Error(what)
		}
	}
	erp, archive := aTarget("erp"), aTarget("archive")
	second := books.ExportTargetVersion{
		Number: 2, Profile: `{"format":"netsuite"}`, Schedule: books.ExportDaily, Destination: "bucket", Ended: true, Reason: "moved", CreatedAt: noon.Add(time.Hour), CreatedBy: "token:other",
	}
	first, next, other := aBatch(erp, 1, 1, 5), aBatch(erp, 2, 6, 9), aBatch(archive, 1, 1, 9)
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertExportTarget(ctx, erp))
		must(t, tx.InsertExportTarget(ctx, archive))
		must(t, tx.InsertExportTargetVersion(ctx, erp.ID, second))
		for _, batch := range []books.ExportBatch{first, next, other} {
			must(t, tx.InsertExportBatch(ctx, batch))
		}
	})
	refuses(books.AlreadyExists, func(ctx context.Context, tx books.Tx) error { return tx.InsertExportTarget(ctx, aTarget("erp")) })
	refuses(books.AlreadyExists, func(ctx context.Context, tx books.Tx) error {
		return tx.InsertExportBatch(ctx, aBatch(erp, 3, 6, 12)) // from where another one is
	})
	refuses(books.AlreadyExists, func(ctx context.Context, tx books.Tx) error {
		return tx.InsertExportBatch(ctx, aBatch(erp, 2, 10, 12)) // a number that is taken
	})
	erp.Versions = append(erp.Versions, second)
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.ExportTarget{archive, erp})(tx.ExportTargets(ctx))
		same(t, []books.ExportTarget{erp})(tx.ExportTargetsByID(ctx, []string{erp.ID, newID()}))
		same(t, []books.ExportBatch{first, next})(tx.ExportBatches(ctx, books.ExportBatchFilter{TargetID: erp.ID}, books.Page{}))
		same(t, []books.ExportBatch{next})(tx.ExportBatches(ctx, books.ExportBatchFilter{TargetID: erp.ID}, books.Page{Reverse: true, Limit: 1}))
		same(t, []books.ExportBatch{next, other})(tx.ExportBatches(ctx, books.ExportBatchFilter{Entry: 6}, books.Page{}))
		same(t, int64(3))(tx.CountExportBatches(ctx, books.ExportBatchFilter{Status: books.ExportDraft}))
		same(t, []books.ExportBatch{})(tx.VoidedExports(ctx, erp.ID))
		entry, number, err := tx.LastExport(ctx, erp.ID)
		same(t, [2]int64{9, 2})([2]int64{entry, number}, err)
	})

	// Written in pieces, under a claim that one writer has.
	now, claim := noon, newID()
	files := []books.ExportFile{{BatchID: first.ID, Place: 1, Name: "journal-1.csv", MediaType: "text/csv", Bytes: 9, Rows: 2, Hash: []byte{1}}}
	text := bytes.Repeat([]byte("12,34\n"), 1000)
	journals := []books.ExportJournal{
		{BatchID: first.ID, Journal: "SJ1-1", Debit: ledger.Money(1999, "EUR")},
		{BatchID: first.ID, Journal: "SJ1-1", Debit: ledger.Money(0, "USD")},
		{BatchID: first.ID, Journal: "SJ1-1", InBook: true, Debit: ledger.Money(2100, "USD")},
		{BatchID: first.ID, Journal: "SJ1-2", Debit: ledger.Money(5, "JPY")},
	}
	s.update(func(ctx context.Context, tx books.Tx) {
		batch, found, err := tx.ClaimExportDraft(ctx, "", claim, now, now.Add(time.Minute))
		same(t, first)(batch, err)
		same(t, true)(found, nil)
		must(t, tx.InsertExportPieces(ctx, []books.ExportPiece{{BatchID: first.ID, File: 1, Place: 0, Bytes: text}, {BatchID: first.ID, File: 1, Place: 1, Bytes: []byte("x")}}))
		must(t, tx.InsertExportFiles(ctx, files))
		same(t, true)(tx.RenewExportClaim(ctx, first.ID, claim, now.Add(2*time.Minute), 3))
		same(t, false)(tx.RenewExportClaim(ctx, first.ID, newID(), now.Add(time.Hour), 4))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, text)(tx.ExportPiece(ctx, first.ID, 1, 0))
		_, err := tx.ExportPiece(ctx, first.ID, 1, 2)
		refused(t, err, books.NotFound)
	})
	s.update(func(ctx context.Context, tx books.Tx) { // the next writer gets the next draft, until the claim is over
		batch, found, err := tx.ClaimExportDraft(ctx, "", newID(), now.Add(time.Minute), now.Add(2*time.Minute))
		same(t, next.ID)(batch.ID, err)
		same(t, true)(found, nil)
		must(t, tx.InsertExportPieces(ctx, []books.ExportPiece{{BatchID: next.ID, File: 1, Place: 0, Bytes: text}}))
		must(t, tx.DeleteExportPieces(ctx, next.ID))
		_, err = tx.ExportPiece(ctx, next.ID, 1, 0)
		refused(t, err, books.NotFound)
		_, found, err = tx.ClaimExportDraft(ctx, first.ID, newID(), now.Add(time.Minute), now.Add(2*time.Minute))
		same(t, false)(found, err)
	})
	s.update(func(ctx context.Context, tx books.Tx) { // and begins anew
		_, found, err := tx.ClaimExportDraft(ctx, first.ID, claim, now.Add(3*time.Minute), now.Add(4*time.Minute))
		same(t, true)(found, err)
		_, err = tx.ExportPiece(ctx, first.ID, 1, 0)
		refused(t, err, books.NotFound)
		must(t, tx.InsertExportPieces(ctx, []books.ExportPiece{{BatchID: first.ID, File: 1, Place: 0, Bytes: text}}))
		must(t, tx.InsertExportFiles(ctx, files))
		must(t, tx.InsertExportJournals(ctx, journals))
		sealed := first
		sealed.Status, sealed.SealedAt, sealed.Manifest, sealed.ManifestHash, sealed.Entries, sealed.Lines = books.ExportSealed, noon, `{"entries":5}`, []byte{2}, 5, 10
		must(t, tx.UpdateExportBatch(ctx, sealed))
		must(t, tx.InsertExportAnswers(ctx, []books.ExportAnswer{{BatchID: first.ID, Journal: "JE-000001", ExternalID: "77", At: noon, Actor: "token:erp"}}))
		sealed.Files, sealed.Answers = files, 1
		same(t, []books.ExportBatch{sealed})(tx.ExportBatchesByID(ctx, []string{first.ID}))
		first = sealed
	})
	// Of many batches at once, without the batches; and what keeps a sealed one from its destination, until
	// nothing does.
	undelivered := first
	undelivered.Problem = "archive: no room"
	s.update(func(ctx context.Context, tx books.Tx) {
		same(t, files)(tx.ExportFiles(ctx, []string{next.ID, first.ID}))
		same(t, map[string]int64{first.ID: 1})(tx.ExportAnswered(ctx, []string{next.ID, first.ID}))
		must(t, tx.UpdateExportBatch(ctx, undelivered))
		same(t, []books.ExportBatch{undelivered})(tx.ExportBatchesByID(ctx, []string{first.ID}))
		must(t, tx.UpdateExportBatch(ctx, first))
		same(t, []books.ExportBatch{first})(tx.ExportBatchesByID(ctx, []string{first.ID}))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, journals)(tx.ExportJournals(ctx, first.ID, []string{"SJ1-2", "SJ1-1", "SJ1-9"}))
		same(t, journals[3:])(tx.ExportJournals(ctx, first.ID, []string{"SJ1-2"}))
		same(t, []books.ExportJournal{})(tx.ExportJournals(ctx, next.ID, []string{"SJ1-1"}))
	})
	fails("a sealed batch got another journal", func(ctx context.Context, tx books.Tx) error {
		return tx.InsertExportJournals(ctx, []books.ExportJournal{{BatchID: first.ID, Journal: "SJ1-3", Debit: ledger.Money(5, "JPY")}})
	})
	for _, change := range []func(*books.ExportBatch){
		func(b *books.ExportBatch) { b.Manifest = `{}` },
		func(b *books.ExportBatch) { b.Status = books.ExportDraft },
		func(b *books.ExportBatch) { b.Entries++ },
	} {
		changed := first
		change(&changed)
		fails("a sealed batch changed", func(ctx context.Context, tx books.Tx) error { return tx.UpdateExportBatch(ctx, changed) })
	}
	fails("a sealed batch got another file", func(ctx context.Context, tx books.Tx) error {
		return tx.InsertExportFiles(ctx, []books.ExportFile{{BatchID: first.ID, Place: 2, Name: "b", MediaType: "text/csv", Hash: []byte{1}}})
	})
	fails("a sealed batch lost its pieces", func(ctx context.Context, tx books.Tx) error { return tx.DeleteExportPieces(ctx, first.ID) })
	fails("a sealed batch got another piece", func(ctx context.Context, tx books.Tx) error {
		return tx.InsertExportPieces(ctx, []books.ExportPiece{{BatchID: first.ID, File: 1, Place: 9}})
	})
	s.update(func(ctx context.Context, tx books.Tx) {
		held, err := tx.LockExportTarget(ctx, erp.ID)
		same(t, erp)(held, err)
		_, err = tx.LockExportTarget(ctx, newID())
		refused(t, err, books.NotFound)
		voided := first
		voided.Status, voided.VoidedAt, voided.VoidedBy, voided.Reason = books.ExportVoided, noon, "token:controller", "wrong accounts"
		must(t, tx.UpdateExportBatch(ctx, voided))
		voided.Files, voided.Answers = nil, 0
		same(t, []books.ExportBatch{voided})(tx.VoidedExports(ctx, erp.ID))
		again := aBatch(erp, 3, 1, 5)
		again.Replaces = voided.ID
		must(t, tx.InsertExportBatch(ctx, again))
		voided.ReplacedBy = again.ID
		must(t, tx.UpdateExportBatch(ctx, voided))
		same(t, []books.ExportBatch{})(tx.VoidedExports(ctx, erp.ID))
		answers := []books.ExportAnswer{{BatchID: first.ID, Journal: "JE-000001", ExternalID: "77", At: noon, Actor: "token:erp"}}
		same(t, answers)(tx.ExportAnswers(ctx, first.ID, nil, books.Page{Limit: 5}))
		same(t, answers)(tx.ExportAnswers(ctx, first.ID, []string{"JE-000001", "JE-000002"}, books.Page{}))
		same(t, []books.ExportAnswer{})(tx.ExportAnswers(ctx, first.ID, nil, books.Page{After: "JE-000001"}))
		same(t, []byte(nil))(tx.ExportLinkKey(ctx))
		must(t, tx.SaveExportLinkKey(ctx, []byte("one")))
		must(t, tx.SaveExportLinkKey(ctx, []byte("two")))
		same(t, []byte("one"))(tx.ExportLinkKey(ctx))
	})
}
