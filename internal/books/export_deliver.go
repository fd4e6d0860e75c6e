package books

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// ExportToDeliver is a sealed batch whose target says where its files are to be put.
type ExportToDeliver struct {
	ExportBatch
	Target      string // its code
	Destination string
}

// ExportsToDeliver returns sealed batches that are to be put somewhere, by the target and in
// order of number.
func (b *Books) ExportsToDeliver(ctx context.Context) ([]ExportToDeliver, error) {
	var due []ExportToDeliver
	err := b.View(ctx, func(ctx context.Context, tx Tx) error {
		targets, err := tx.ExportTargets(ctx)
		for _, target := range targets {
			to := target.Latest().Destination
			if err != nil || to == "" {
				continue
			}
			var sealed []ExportBatch
			sealed, err = tx.ExportBatches(ctx, ExportBatchFilter{TargetID: target.ID, Status: ExportSealed}, Page{Limit: maxDrafts})
			ids := make([]string, len(sealed))
			for i, batch := range sealed {
				ids[i] = batch.ID
			}
			if err == nil && len(ids) > 0 {
				sealed, err = tx.ExportBatchesByID(ctx, ids) // with their files
			}
			slices.SortFunc(sealed, func(x, y ExportBatch) int { return int(x.Number - y.Number) })
			for _, batch := range sealed {
				due = append(due, ExportToDeliver{batch, target.Code, to})
			}
		}
		return err
	})
	return due, err
}

// ExportDelivered notes that the files of a batch were put somewhere; a batch that was voided
// meanwhile stays so. Errors: NOT_FOUND, NOT_SEALED.
func (b *Books) ExportDelivered(ctx context.Context, batchID, to string) error {
	return b.update(ctx, func(ctx context.Context, tx Tx) error {
		_, batch, err := lockBatch(ctx, tx, batchID)
		if err != nil || batch.Status != ExportSealed {
			return err
		}
		before := &trail{before: batch}
		if err := b.delivered(&batch, to); err != nil {
			return err
		}
		if err := tx.UpdateExportBatch(ctx, batch); err != nil {
			return err
		}
		detail, err := json.Marshal(map[string]string{"to": to})
		if err != nil {
			return err
		}
		return b.audit(ctx, tx, "exportBatch.deliver", batch.ID, string(detail), before, batch)
	})
}

// maxUndelivered bounds what is kept of why a batch was not delivered: paths and what servers say are long.
const maxUndelivered = 2000

// ExportUndelivered notes why the files of a sealed batch could not be put at their destination, until they
// are or the target has another one. What was sealed stays, and it is tried again. Errors: NOT_FOUND.
func (b *Books) ExportUndelivered(ctx context.Context, batchID, problem string) error {
	if problem = strings.ToValidUTF8(problem, ""); len(problem) > maxUndelivered {
		problem = strings.ToValidUTF8(problem[:maxUndelivered], "") + "…"
	}
	return b.update(ctx, func(ctx context.Context, tx Tx) error {
		_, batch, err := lockBatch(ctx, tx, batchID)
		if err != nil || batch.Status != ExportSealed || batch.Problem == problem {
			return err
		}
		batch.Problem = problem
		return tx.UpdateExportBatch(ctx, batch)
	})
}
