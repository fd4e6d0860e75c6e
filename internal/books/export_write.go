package books

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"drawdown/ledger"
	"drawdown/ledger/export"
)

const (
	// exportClaim is how long a writer may be silent before another one begins anew.
	exportClaim = time.Minute
	// exportRenewed is after how long a writer with nothing to write yet says that it lives.
	exportRenewed = time.Second
	// exportEntries is how many entries are read at a time; three times as many are held.
	exportEntries = 1000
	// exportFlush is how many bytes are kept in memory before they are written, while as many are being
	// written.
	exportFlush = ExportPieceBytes
)

// errClaimLost is that another writer has the batch.
var errClaimLost = errors.New("another server writes the batch")

// ExportWrite writes the files of a draft and seals it: of the batch, or of the oldest one that
// waits where batchID is "". found is false where there is none. What keeps it from being written,
// such as a value that is not mapped, is its problem from then on: it waits until its target
// changes. A writer that dies leaves it to the next one, which begins anew:
// until then found is false.
func (b *Books) ExportWrite(ctx context.Context, batchID string) (batch ExportBatch, found bool, err error) {
	if waits, err := b.draftWaits(ctx); err != nil || !waits {
		return batch, false, err
	}
	claim := b.newID()
	var target ExportTarget
	err = b.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		now := b.clock()
		if batch, found, err = tx.ClaimExportDraft(ctx, batchID, claim, now, now.Add(exportClaim)); err != nil || !found {
			return err
		}
		targets, err := tx.ExportTargetsByID(ctx, []string{batch.TargetID})
		if err == nil && len(targets) == 0 {
			err = refuse(Internal, "", "the target of batch %s is missing", batch.ID)
		}
		if err == nil {
			target = targets[0]
		}
		return err
	})
	if err != nil || !found {
		return batch, false, err
	}
	w := &exportWriter{books: b, claim: claim, batch: batch, target: target, renewed: b.clock()}
	err = w.write(ctx)
	if flushed := w.flushed(); err == nil { // nothing goes on behind what follows
		err = flushed
	}
	var refused export.RefusedError
	switch {
	case errors.Is(err, errClaimLost):
		return batch, true, nil
	case errors.As(err, &refused):
		batch, err = b.keepProblem(ctx, w, refused)
	case err == nil:
		batch, err = b.sealBatch(ctx, w)
	}
	if err != nil && batchID != "" {
		b.freeDraft(ctx, w)
	}
	return batch, true, err
}

// freeDraft leaves a draft to the next writer at once, where somebody who asked for this one is told of a
// fault and may ask again. Of those that a server looks for it keeps the claim, and so tries again when that is over.
func (b *Books) freeDraft(ctx context.Context, w *exportWriter) {
	_ = b.store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx Tx) error { // else it is free when the claim is over
		_, err := tx.RenewExportClaim(ctx, w.batch.ID, w.claim, b.clock(), 0)
		return err
	})
}

// draftWaits reports whether there is a draft without a problem: servers ask every second, and
// most of the time there is nothing to write.
func (b *Books) draftWaits(ctx context.Context) (waits bool, err error) {
	err = b.store.View(ctx, func(ctx context.Context, tx Tx) error {
		drafts, err := tx.ExportBatches(ctx, ExportBatchFilter{Status: ExportDraft}, Page{Limit: maxDrafts * maxExportTargets})
		waits = slices.ContainsFunc(drafts, func(b ExportBatch) bool { return b.Problem == "" })
		return err
	})
	return waits, err
}

// exportWriter writes one batch, piece by piece.
type exportWriter struct {
	books    *Books
	claim    string
	batch    ExportBatch
	target   ExportTarget
	done     int64 // entries
	counts   bool  // the entries that are read are written
	authors  Authors
	manifest export.Manifest
	journals []export.SummaryJournal
	files    []ExportFile
	pieces   []ExportPiece // that are not written yet
	waiting  int
	renewed  time.Time  // when the claim was
	flushing chan error // what comes of the pieces that are being written, if any are
	spare    [][]byte   // for pieces
	spared   sync.Mutex
	ctx      context.Context //nolint:containedctx // an io.Writer takes none
}

// write has the journal written under the profile of the target.
func (w *exportWriter) write(ctx context.Context) error {
	w.ctx = ctx
	version := w.target.Latest()
	w.batch.Version = version.Number
	profile, err := export.ParseProfile([]byte(version.Profile))
	var wrong export.ProfileErrors
	switch {
	case errors.As(err, &wrong): // an earlier version took it: the batch waits for another one
		return wrong.Refused()
	case err != nil:
		return fmt.Errorf("the profile of %s: %w", w.target.Code, err)
	}
	err = w.books.View(ctx, func(ctx context.Context, tx Tx) error {
		profile, err = WithBookAccounts(ctx, tx, profile)
		return err
	})
	if err != nil {
		return err
	}
	// The journal is written while it is looked through: where something stands in the way, all of it is
	// found, and what was written is taken away.
	survey, err := export.SurveyInto(profile, w)
	if err != nil {
		return err
	}
	header := export.Header{Functional: w.books.book.Functional, Batch: w.batch.Number, FirstEntry: w.batch.FromEntry, Book: w.target.Code}
	if header.Opening, header.OpeningOn, err = w.opening(); err != nil {
		return err
	}
	err = w.books.View(ctx, func(ctx context.Context, tx Tx) error {
		w.authors, err = AuthorsOf(ctx, tx, 0, 0)
		return err
	})
	if err != nil {
		return err
	}
	w.counts = !survey.ReadsTwice()
	err = survey.Run(header, func(do func(export.Entry) error) error {
		err := w.each(ctx, do)
		w.counts = true
		return err
	})
	if err != nil {
		return err
	}
	w.manifest, w.journals = survey.Manifest(), survey.Journals()
	return w.flush()
}

// opening is what the accounts stood at before the first entry, on whose accounting date they have
// the accounts of the target.
func (w *exportWriter) opening() (lines []export.Line, on ledger.Date, err error) {
	if w.batch.FromEntry == 1 {
		return nil, 0, nil
	}
	err = w.books.View(w.ctx, func(ctx context.Context, tx Tx) error {
		standing, err := tx.StandingBefore(ctx, w.batch.FromEntry)
		for i, of := range standing {
			lines = append(lines, export.Line{Number: i + 1, Role: of.Account, Amount: of.Amount, Functional: of.Functional})
		}
		if err != nil {
			return err
		}
		first, err := tx.EntriesBetween(ctx, w.batch.FromEntry, w.batch.FromEntry)
		if err == nil && len(first) == 1 {
			on = first[0].AccountingDate
		}
		return err
	})
	return lines, on, err
}

// each reads the entries of the batch. The next ones are read while yield works on those before.
func (w *exportWriter) each(ctx context.Context, yield func(export.Entry) error) error {
	reading, stop := context.WithCancel(ctx)
	chunks := make(chan []export.Entry)
	var fault error
	go func() {
		defer close(chunks)
		for first := w.batch.FromEntry; first <= w.batch.ToEntry; first += exportEntries {
			var entries []export.Entry
			if entries, fault = w.read(reading, first, min(first+exportEntries-1, w.batch.ToEntry)); fault != nil {
				return
			}
			select {
			case chunks <- entries:
			case <-reading.Done():
				return
			}
		}
	}()
	defer func() { // nobody reads on behind what follows
		stop()
		for range chunks { // until its end
		}
	}()
	for entries := range chunks {
		for _, entry := range entries {
			if err := yield(entry); err != nil {
				return err
			}
		}
		if w.counts {
			w.done = entries[len(entries)-1].Number - w.batch.FromEntry + 1
		}
		if len(w.pieces) == 0 && w.books.clock().Sub(w.renewed) < exportRenewed {
			continue
		}
		if err := w.flush(); err != nil {
			return err
		}
	}
	return fault
}

// read reads entries of the batch, both included.
func (w *exportWriter) read(ctx context.Context, first, last int64) ([]export.Entry, error) {
	var entries []ledger.Entry
	err := w.books.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		entries, err = tx.EntriesBetween(ctx, first, last)
		return err
	})
	if err == nil && int64(len(entries)) != last-first+1 {
		err = refuse(Internal, "", "%d of the entries %d to %d are there", len(entries), first, last)
	}
	if err != nil {
		return nil, err
	}
	read := make([]export.Entry, len(entries))
	for i, entry := range entries {
		read[i] = w.authors.EntryThrough(entry, w.batch.ToEntry)
	}
	return read, nil
}

// Create begins a file of the batch.
func (w *exportWriter) Create(name string) (io.WriteCloser, error) {
	kind := mime.TypeByExtension(path.Ext(name))
	if own, known := exportTypes[path.Ext(name)]; known {
		kind = own
	}
	if kind == "" {
		kind = "application/octet-stream"
	}
	w.files = append(w.files, ExportFile{BatchID: w.batch.ID, Place: len(w.files) + 1, Name: name, MediaType: kind})
	return &exportFileWriter{w: w, file: len(w.files)}, nil
}

// exportTypes are media types that do not depend on the machine.
var exportTypes = map[string]string{
	".csv": "text/csv; charset=utf-8", ".txt": "text/plain; charset=utf-8", ".json": "application/json", ".jsonl": "application/jsonl", ".xml": "application/xml",
	".zip": "application/zip", ".iif": "text/plain", ".parquet": "application/vnd.apache.parquet", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".hledger": "text/plain; charset=utf-8", ".ledger": "text/plain; charset=utf-8", ".beancount": "text/plain; charset=utf-8",
}

// exportFileWriter cuts a file into pieces.
type exportFileWriter struct {
	w     *exportWriter
	file  int // its place
	place int
	rest  []byte
}

// Write takes bytes of the file.
func (f *exportFileWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if f.rest == nil {
			f.rest = f.w.room()
		}
		take := min(len(p), ExportPieceBytes-len(f.rest))
		f.rest, p = append(f.rest, p[:take]...), p[take:]
		if len(f.rest) == ExportPieceBytes {
			piece := f.rest
			f.rest = nil
			if err := f.cut(piece); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// cut ends a piece.
func (f *exportFileWriter) cut(piece []byte) error {
	f.w.pieces = append(f.w.pieces, ExportPiece{BatchID: f.w.batch.ID, File: f.file, Place: f.place, Bytes: piece})
	f.w.waiting += len(piece)
	f.place++
	if f.w.waiting >= exportFlush {
		return f.w.flush()
	}
	return nil
}

// Close ends the file. A small one does not keep the room of a piece.
func (f *exportFileWriter) Close() error {
	if len(f.rest) == 0 {
		return nil
	}
	piece := bytes.Clone(f.rest)
	f.w.spareRoom(f.rest)
	f.rest = nil
	return f.cut(piece)
}

// room is for the bytes of a piece.
func (w *exportWriter) room() []byte {
	w.spared.Lock()
	defer w.spared.Unlock()
	if last := len(w.spare) - 1; last >= 0 {
		room := w.spare[last]
		w.spare = w.spare[:last]
		return room
	}
	return make([]byte, 0, ExportPieceBytes)
}

// spareRoom takes back what room gave.
func (w *exportWriter) spareRoom(room []byte) {
	if cap(room) < ExportPieceBytes {
		return
	}
	w.spared.Lock()
	defer w.spared.Unlock()
	w.spare = append(w.spare, room[:0])
}

// flush has what waits written, and says how far the batch is, once what was being written is.
func (w *exportWriter) flush() error {
	if err := w.flushed(); err != nil {
		return err
	}
	pieces, done := w.pieces, w.done
	w.pieces, w.waiting, w.renewed = nil, 0, w.books.clock()
	flushing := make(chan error, 1)
	w.flushing = flushing
	go func() { flushing <- w.keep(pieces, done) }()
	return nil
}

// flushed waits for what is being written.
func (w *exportWriter) flushed() error {
	if w.flushing == nil {
		return nil
	}
	err := <-w.flushing
	w.flushing = nil
	return err
}

// keep writes pieces, and how far the batch is.
func (w *exportWriter) keep(pieces []ExportPiece, done int64) error {
	err := w.books.store.Update(w.ctx, func(ctx context.Context, tx Tx) error {
		held, err := tx.RenewExportClaim(ctx, w.batch.ID, w.claim, w.books.clock().Add(exportClaim), done)
		switch {
		case err != nil:
			return err
		case !held:
			return errClaimLost
		}
		return tx.InsertExportPieces(ctx, pieces)
	})
	for _, piece := range pieces {
		w.spareRoom(piece.Bytes)
	}
	return err
}

// sealBatch ends a batch whose files are written.
func (b *Books) sealBatch(ctx context.Context, w *exportWriter) (ExportBatch, error) {
	for i := range w.files {
		for _, file := range w.manifest.Files {
			if file.Name == w.files[i].Name {
				w.files[i].Bytes, w.files[i].Rows = file.Bytes, file.Rows
				w.files[i].Hash, _ = hex.DecodeString(file.SHA256)
			}
		}
	}
	manifest, err := w.manifest.JSON()
	if err != nil {
		return w.batch, err
	}
	return b.endDraft(ctx, w, func(ctx context.Context, tx Tx, batch *ExportBatch) error {
		sum := sha256.Sum256(manifest)
		batch.Status, batch.SealedAt, batch.Manifest, batch.ManifestHash = ExportSealed, b.clock(), string(manifest), sum[:]
		batch.Entries, batch.Lines = w.manifest.Entries, w.manifest.Lines
		if err := tx.InsertExportFiles(ctx, w.files); err != nil {
			return err
		}
		if err := tx.InsertExportJournals(ctx, w.summed()); err != nil {
			return err
		}
		if err := makeLinkKey(ctx, tx); err != nil {
			return err
		}
		return b.tell(ctx, tx, exportNotice(NoticeExportSealed, *batch))
	})
}

// summed is what the journals of a summary debit.
func (w *exportWriter) summed() []ExportJournal {
	var rows []ExportJournal
	for _, journal := range w.journals {
		for _, debit := range journal.Debits {
			rows = append(rows, ExportJournal{BatchID: w.batch.ID, Journal: journal.Code, Debit: debit})
		}
		rows = append(rows, ExportJournal{BatchID: w.batch.ID, Journal: journal.Code, InBook: true, Debit: journal.InBook})
	}
	return rows
}

// keepProblem says what keeps a batch from being written.
func (b *Books) keepProblem(ctx context.Context, w *exportWriter, refused export.RefusedError) (ExportBatch, error) {
	lines := make([]string, 0, len(refused.Refusals))
	for _, refusal := range refused.Refusals {
		lines = append(lines, refusal.Error())
	}
	if refused.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", refused.More))
	}
	w.files, w.done = nil, 0
	return b.endDraft(ctx, w, func(ctx context.Context, tx Tx, batch *ExportBatch) error {
		batch.Problem = strings.Join(lines, "\n")
		return tx.DeleteExportPieces(ctx, batch.ID)
	})
}

// endDraft writes how a draft came out, where its writer still has it.
func (b *Books) endDraft(ctx context.Context, w *exportWriter, end func(context.Context, Tx, *ExportBatch) error) (batch ExportBatch, err error) {
	err = b.update(ctx, func(ctx context.Context, tx Tx) error {
		if _, batch, err = lockBatch(ctx, tx, w.batch.ID); err != nil {
			return err
		}
		held, err := tx.RenewExportClaim(ctx, w.batch.ID, w.claim, b.clock().Add(exportClaim), w.done)
		if err != nil || !held { // it was voided, or another server writes it
			return err
		}
		batch.Version, batch.Progress = w.batch.Version, w.done
		if err := end(ctx, tx, &batch); err != nil {
			return err
		}
		batch.Files = w.files
		return tx.UpdateExportBatch(ctx, batch)
	})
	return batch, err
}
