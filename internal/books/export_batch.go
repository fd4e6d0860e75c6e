package books

import (
	"context"
	"fmt"
	"time"

	"drawdown/ledger"
)

// maxDrafts bounds the batches of a target that are not sealed yet: one that cannot be written
// holds up those behind it.
const maxDrafts = 20

// NewExportBatch asks for a batch.
type NewExportBatch struct {
	Target  string `json:"target"`  // the id
	Through int64  `json:"through"` // the last entry; the last of the book where zero
	Trigger string `json:"-"`       // MANUAL where empty
}

// ExportBatchCreate fixes which entries go to a target next: those after its last batch, or
// those of a batch that was voided and is not replaced yet, which come first. It is a draft until
// its files are written.
// Errors: NOT_FOUND, INVALID, NOTHING_TO_EXPORT, TOO_LARGE, TARGET_ENDED, IDEMPOTENCY_CONFLICT.
func (b *Books) ExportBatchCreate(ctx context.Context, key string, request NewExportBatch) (ExportBatch, error) {
	return once(ctx, b, act{"exportBatch.create", key, request}, func(ctx context.Context, tx Tx) (ExportBatch, string, error) {
		target, err := lockTarget(ctx, tx, request.Target)
		if err != nil {
			return ExportBatch{}, "", err
		}
		batch, err := b.nextBatch(ctx, tx, target, request)
		return batch, batch.ID, err
	})
}

// nextBatch makes the next batch of a target that is held.
func (b *Books) nextBatch(ctx context.Context, tx Tx, target ExportTarget, request NewExportBatch) (ExportBatch, error) {
	batch := ExportBatch{
		ID: b.newID(), TargetID: target.ID, Version: target.Latest().Number, Status: ExportDraft, Trigger: request.Trigger,
		CreatedAt: b.clock(), CreatedBy: CallerOf(ctx).Actor,
	}
	if batch.Trigger == "" {
		batch.Trigger = ByHand
	}
	if target.Latest().Ended {
		return batch, refuse(TargetEnded, "targetId", "%s has ended: no batch is made for it any more", target.Code)
	}
	drafts, err := tx.CountExportBatches(ctx, ExportBatchFilter{TargetID: target.ID, Status: ExportDraft})
	if err == nil && drafts >= maxDrafts {
		err = refuse(TooLarge, "targetId", "%d batches of %s wait to be written: see what keeps them", drafts, target.Code)
	}
	if err != nil {
		return batch, err
	}
	last, number, err := tx.LastExport(ctx, target.ID)
	if err != nil {
		return batch, err
	}
	batch.Number = number + 1
	voided, err := tx.VoidedExports(ctx, target.ID)
	if err != nil {
		return batch, err
	}
	if len(voided) > 0 {
		return b.replaceBatch(ctx, tx, batch, voided[0])
	}
	posted, err := lastEntry(ctx, tx)
	if err != nil {
		return batch, err
	}
	batch.FromEntry, batch.ToEntry = last+1, request.Through
	if batch.ToEntry == 0 {
		batch.ToEntry = posted
	}
	switch {
	case batch.ToEntry > posted || batch.ToEntry < 0:
		return batch, refuse(Invalid, "through", "must be the number of an entry, at most %d, not %d", posted, request.Through)
	case batch.ToEntry < batch.FromEntry:
		return batch, refuse(NothingToExport, "through", "%s has all entries through %d already, and the last one of the book is %d", target.Code, last, posted)
	}
	return batch, tx.InsertExportBatch(ctx, batch)
}

// replaceBatch makes a batch of the range of one that was voided.
func (b *Books) replaceBatch(ctx context.Context, tx Tx, batch, voided ExportBatch) (ExportBatch, error) {
	batch.FromEntry, batch.ToEntry, batch.Replaces = voided.FromEntry, voided.ToEntry, voided.ID
	if err := tx.InsertExportBatch(ctx, batch); err != nil {
		return batch, err
	}
	voided.ReplacedBy = batch.ID
	return batch, tx.UpdateExportBatch(ctx, voided)
}

// lastEntry returns the number of the last entry of the book, zero where there is none.
func lastEntry(ctx context.Context, tx Tx) (int64, error) {
	entries, err := tx.Entries(ctx, EntryFilter{}, Page{Limit: 1, Reverse: true})
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	return entries[0].Number, nil
}

// ChangeExportBatch names a batch to be voided, delivered or acknowledged, and why.
type ChangeExportBatch struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// ExportBatchVoid takes a batch out of force: its number and files stay on record, and its
// entries go into the next batch of the target. What the general ledger holds of it has to be
// undone there. Errors: NOT_FOUND, INVALID, ALREADY_VOIDED, IDEMPOTENCY_CONFLICT.
func (b *Books) ExportBatchVoid(ctx context.Context, key string, request ChangeExportBatch) (ExportBatch, error) {
	return b.changeBatch(ctx, act{"exportBatch.void", key, request}, request, func(batch *ExportBatch) error {
		if err := checkText("reason", request.Reason, 1, maxNoteLength); err != nil {
			return err
		}
		if batch.Status == ExportSealed { // nobody tries to deliver it any more
			batch.Problem = ""
		}
		batch.Status, batch.VoidedAt, batch.VoidedBy, batch.Reason = ExportVoided, b.clock(), CallerOf(ctx).Actor, request.Reason
		return nil
	})
}

// ExportBatchDeliver says that the files of a sealed batch were loaded or handed over by a
// person. Errors: NOT_FOUND, INVALID, NOT_SEALED, ALREADY_VOIDED, IDEMPOTENCY_CONFLICT.
func (b *Books) ExportBatchDeliver(ctx context.Context, key string, request ChangeExportBatch) (ExportBatch, error) {
	return b.changeBatch(ctx, act{"exportBatch.deliver", key, request}, request, func(batch *ExportBatch) error {
		if err := checkText("to", request.Reason, 1, maxTextLength); err != nil {
			return err
		}
		return b.delivered(batch, request.Reason)
	})
}

// delivered notes where the files of a batch went. The first time counts.
func (b *Books) delivered(batch *ExportBatch, to string) error {
	switch batch.Status {
	case ExportDraft:
		return refuse(NotSealed, "batchId", "the files of the batch are not written yet")
	case ExportSealed:
		batch.Status, batch.DeliveredAt, batch.DeliveredTo, batch.Problem = ExportDelivered, b.clock(), to, ""
	case ExportDelivered, ExportAcknowledged, ExportVoided:
	}
	return nil
}

// changeBatch runs a change of a batch that is not voided, with its target held.
func (b *Books) changeBatch(ctx context.Context, a act, request ChangeExportBatch, change func(*ExportBatch) error) (ExportBatch, error) {
	return once(ctx, b, a, func(ctx context.Context, tx Tx) (ExportBatch, string, error) {
		_, batch, err := lockBatch(ctx, tx, request.ID)
		if err != nil {
			return batch, "", err
		}
		if !batch.Status.Live() {
			return batch, "", refuse(AlreadyVoided, "batchId", "the batch was voided by %s: %s", batch.VoidedBy, batch.Reason)
		}
		was(ctx, batch)
		if err := change(&batch); err != nil {
			return batch, "", err
		}
		return batch, batch.ID, tx.UpdateExportBatch(ctx, batch)
	})
}

// lockBatch returns a batch with its target, which is held. Errors: NOT_FOUND.
func lockBatch(ctx context.Context, tx Tx, id string) (ExportTarget, ExportBatch, error) {
	batch, err := exportBatch(ctx, tx, id)
	if err != nil {
		return ExportTarget{}, batch, err
	}
	target, err := tx.LockExportTarget(ctx, batch.TargetID)
	if err != nil {
		return target, batch, err
	}
	batch, err = exportBatch(ctx, tx, id) // as it is now that nobody changes it
	return target, batch, err
}

// exportBatch finds a batch that a request names. Errors: NOT_FOUND.
func exportBatch(ctx context.Context, tx Tx, id string) (ExportBatch, error) {
	found, err := tx.ExportBatchesByID(ctx, []string{id})
	if err == nil && len(found) == 0 {
		err = refuse(NotFound, "batchId", "names no export batch")
	}
	if err != nil {
		return ExportBatch{}, err
	}
	return found[0], nil
}

// ExportsDue makes the batches that targets have a schedule for, and returns how many.
func (b *Books) ExportsDue(ctx context.Context) (made int, err error) {
	targets, err := b.exportTargets(ctx)
	if err != nil {
		return 0, err
	}
	for _, target := range targets {
		batch, err := b.exportDue(ctx, target)
		switch {
		case CodeOf(err) == NothingToExport || CodeOf(err) == TooLarge && err != nil:
		case err != nil:
			return made, fmt.Errorf("making a batch for %s: %w", target.Code, err)
		case batch.ID != "":
			made++
		}
	}
	return made, nil
}

func (b *Books) exportTargets(ctx context.Context) (targets []ExportTarget, err error) {
	err = b.View(ctx, func(ctx context.Context, tx Tx) error {
		targets, err = tx.ExportTargets(ctx)
		return err
	})
	return targets, err
}

// exportDue makes the batch of a target that is due, or none. It is keyed by the time for which
// it is made, so that servers do not make it twice.
func (b *Books) exportDue(ctx context.Context, target ExportTarget) (ExportBatch, error) {
	version := target.Latest()
	if version.Ended {
		return ExportBatch{}, nil
	}
	request := NewExportBatch{Target: target.ID, Trigger: OnSchedule}
	var of string
	switch version.Schedule {
	case ExportByHand:
		return ExportBatch{}, nil
	case ExportHourly:
		of = b.clock().Truncate(time.Hour).Format(time.RFC3339)
	case ExportDaily:
		of = b.today().String()
	case ExportAfterClose:
		closing, err := b.lastClosing(ctx)
		if err != nil || closing.ID == "" || closing.LastEntry == 0 || closing.At.Before(version.CreatedAt) {
			return ExportBatch{}, err
		}
		of, request.Through = closing.ID, closing.LastEntry
	}
	key := "export " + target.ID + " " + of
	var done bool
	err := b.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		_, done, err = tx.IdempotencyKey(ctx, key)
		return err
	})
	if err != nil || done {
		return ExportBatch{}, err
	}
	batch, err := b.ExportBatchCreate(ctx, key, request)
	if CodeOf(err) == IdempotencyConflict { // the schedule changed within its time
		return ExportBatch{}, nil
	}
	return batch, err
}

// lastClosing returns the latest closing that stands, none where no period is closed.
func (b *Books) lastClosing(ctx context.Context) (closing Closing, err error) {
	err = b.View(ctx, func(ctx context.Context, tx Tx) error {
		closed, err := tx.ClosedThrough(ctx)
		if err != nil || closed == 0 {
			return err
		}
		closings, err := tx.Closings(ctx, []ledger.Period{closed})
		for _, c := range closings {
			if c.Act == Closed {
				closing = c
			}
		}
		return err
	})
	return closing, err
}
