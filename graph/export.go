package graph

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
)

func (queryResolver) ExportTargets(ctx context.Context) (targets []books.ExportTarget, err error) {
	err = requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) error {
		targets, err = tx.ExportTargets(ctx)
		return err
	})
	return orNone(targets), err
}

func (queryResolver) ExportTarget(ctx context.Context, code string) (target *books.ExportTarget, err error) {
	err = requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) error {
		found, known, err := books.ExportTargetByCode(ctx, tx, code)
		if known {
			target = &found
		}
		return err
	})
	return target, err
}

func (r queryResolver) ExportBatches(ctx context.Context, target *string, status *books.ExportStatus, entry *int, first int, after *string, reverse bool) (*view.ExportBatchConnection, error) {
	q := requestOf(ctx)
	filter := books.ExportBatchFilter{Status: value(status), Entry: int64(value(entry))}
	if target != nil {
		found, err := r.ExportTarget(ctx, *target)
		if err == nil && found == nil {
			err = &books.Error{Code: books.NotFound, Field: "target", Message: "there is no export target " + strconv.Quote(clip(*target))}
		}
		if err != nil {
			return nil, err
		}
		filter.TargetID = found.ID
	}
	return connect(ctx, q, paging{first: first, after: after, reverse: reverse}, list[books.ExportBatch]{
		noun: exportBatchNoun, key: func(b *books.ExportBatch) string { return b.ID },
		saw: q.sawExportBatches,
	}, filter, books.Tx.ExportBatches, books.Tx.CountExportBatches)
}

func (queryResolver) ExportBatch(ctx context.Context, id string) (*books.ExportBatch, error) {
	key, err := exportBatchNoun.key("id", id)
	if err != nil {
		return nil, err
	}
	return pointer(ctx, requestOf(ctx).exportBatches, key)
}

func (r mutationResolver) ExportTargetCreate(ctx context.Context, input gen.ExportTargetCreateInput, idempotencyKey string) (*gen.ExportTargetCreatePayload, error) {
	target, err := r.books.ExportTargetCreate(ctx, idempotencyKey, books.NewExportTarget{
		Code: input.Code, Profile: input.Profile, Schedule: input.Schedule, Destination: value(input.Destination),
	})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.ExportTargetCreatePayload{UserErrors: refusals}, fault
	}
	return &gen.ExportTargetCreatePayload{Target: &target, UserErrors: refusals}, nil
}

func (r mutationResolver) ExportTargetUpdate(ctx context.Context, targetID string, input gen.ExportTargetUpdateInput, idempotencyKey string) (*gen.ExportTargetUpdatePayload, error) {
	key, err := exportTargetNoun.key("targetId", targetID)
	if err != nil {
		return &gen.ExportTargetUpdatePayload{UserErrors: invalidID(err)}, nil
	}
	target, err := r.books.ExportTargetUpdate(ctx, idempotencyKey, books.ReviseExportTarget{
		ID: key, Profile: input.Profile, Schedule: input.Schedule, Destination: input.Destination, Ended: input.Ended, Reason: value(input.Reason),
	})
	refusals, fault := userErrors(err, "targetId")
	if err != nil {
		return &gen.ExportTargetUpdatePayload{UserErrors: refusals}, fault
	}
	return &gen.ExportTargetUpdatePayload{Target: &target, UserErrors: refusals}, nil
}

func (r mutationResolver) ExportBatchCreate(ctx context.Context, targetID string, input gen.ExportBatchCreateInput, idempotencyKey string) (*gen.ExportBatchCreatePayload, error) {
	key, err := exportTargetNoun.key("targetId", targetID)
	if err != nil {
		return &gen.ExportBatchCreatePayload{UserErrors: invalidID(err)}, nil
	}
	if given := input.Through; given != nil && *given < 1 { // 0 would ask for all
		refusals, fault := userErrors(&books.Error{Code: books.Invalid, Field: "through", Message: fmt.Sprintf("must be the number of an entry, 1 or more, not %d: leave it out for the last of the book", *given)})
		return &gen.ExportBatchCreatePayload{UserErrors: refusals}, fault
	}
	batch, err := r.books.ExportBatchCreate(ctx, idempotencyKey, books.NewExportBatch{Target: key, Through: int64(value(input.Through))})
	refusals, fault := userErrors(err, "targetId")
	return &gen.ExportBatchCreatePayload{Batch: done(&batch, err), UserErrors: refusals}, fault
}

func (r mutationResolver) ExportBatchVoid(ctx context.Context, batchID string, input gen.ExportBatchVoidInput, idempotencyKey string) (*gen.ExportBatchVoidPayload, error) {
	batch, refusals, fault := changeBatch(ctx, batchID, idempotencyKey, input.Reason, r.books.ExportBatchVoid)
	return &gen.ExportBatchVoidPayload{Batch: batch, UserErrors: refusals}, fault
}

func (r mutationResolver) ExportBatchDeliver(ctx context.Context, batchID string, input gen.ExportBatchDeliverInput, idempotencyKey string) (*gen.ExportBatchDeliverPayload, error) {
	batch, refusals, fault := changeBatch(ctx, batchID, idempotencyKey, input.To, r.books.ExportBatchDeliver)
	return &gen.ExportBatchDeliverPayload{Batch: batch, UserErrors: refusals}, fault
}

func (r mutationResolver) ExportBatchAcknowledge(ctx context.Context, batchID string, input gen.ExportBatchAcknowledgeInput, idempotencyKey string) (*gen.ExportBatchAcknowledgePayload, error) {
	batch, refusals, fault := changeBatch(ctx, batchID, idempotencyKey, "", func(ctx context.Context, key string, named books.ChangeExportBatch) (books.ExportBatch, error) {
		request := books.AnswerExportBatch{ID: named.ID, Journals: make([]books.JournalOfTarget, len(input.Journals))}
		for i, j := range input.Journals {
			request.Journals[i] = books.JournalOfTarget{Journal: j.Journal, ExternalID: j.ExternalID, Currency: value(j.Currency)}
			if j.Amount != nil {
				request.Journals[i].Amount = j.Amount.String()
			}
		}
		return r.books.ExportBatchAcknowledge(ctx, key, request)
	})
	return &gen.ExportBatchAcknowledgePayload{Batch: batch, UserErrors: refusals}, fault
}

// changeBatch runs an act on a batch.
func changeBatch(ctx context.Context, id, idempotencyKey, reason string, act func(context.Context, string, books.ChangeExportBatch) (books.ExportBatch, error)) (*books.ExportBatch, []view.UserError, error) {
	key, err := exportBatchNoun.key("batchId", id)
	if err != nil {
		return nil, invalidID(err), nil
	}
	batch, err := act(ctx, idempotencyKey, books.ChangeExportBatch{ID: key, Reason: reason})
	refusals, fault := userErrors(err, "batchId")
	return done(&batch, err), refusals, fault
}

// done is what an act made, nil where it was refused.
func done[T any](made *T, err error) *T {
	if err != nil {
		return nil
	}
	return made
}

func (exportTargetResolver) ID(_ context.Context, t *books.ExportTarget) (string, error) {
	return exportTargetNoun.id(t.ID), nil
}

func (exportTargetResolver) ExportedThrough(ctx context.Context, t *books.ExportTarget) (int, error) {
	through, _, err := exportStanding(ctx, t)
	return int(through), err
}

func (exportTargetResolver) Waiting(ctx context.Context, t *books.ExportTarget) (int, error) {
	_, waiting, err := exportStanding(ctx, t)
	return int(waiting), err
}

func exportStanding(ctx context.Context, t *books.ExportTarget) (through, waiting int64, err error) {
	standing, _, err := requestOf(ctx).exportStandings.load(ctx, t.ID)
	return standing.through, standing.waiting, err
}

func (exportVersionResolver) Destination(_ context.Context, v *books.ExportTargetVersion) (*string, error) {
	return text(v.Destination), nil
}

func (exportVersionResolver) Reason(_ context.Context, v *books.ExportTargetVersion) (*string, error) {
	return text(v.Reason), nil
}

func (exportBatchResolver) ID(_ context.Context, b *books.ExportBatch) (string, error) {
	return exportBatchNoun.id(b.ID), nil
}

func (exportBatchResolver) Target(ctx context.Context, b *books.ExportBatch) (*books.ExportTarget, error) {
	return found(pointer(ctx, requestOf(ctx).exportTargets, b.TargetID))
}

func (exportBatchResolver) Problem(_ context.Context, b *books.ExportBatch) (*string, error) {
	return text(b.Problem), nil
}

// Files are with a batch that was read by its id, and not with one of a list.
func (exportBatchResolver) Files(ctx context.Context, b *books.ExportBatch) ([]books.ExportFile, error) {
	if b.Files != nil {
		return b.Files, nil
	}
	files, _, err := requestOf(ctx).exportFiles.load(ctx, b.ID)
	return orNone(files), err
}

func (exportBatchResolver) Answered(ctx context.Context, b *books.ExportBatch) (int, error) {
	answered, _, err := requestOf(ctx).exportAnswered.load(ctx, b.ID)
	return int(answered), err
}

func (exportBatchResolver) Manifest(_ context.Context, b *books.ExportBatch) (*string, error) {
	return text(b.Manifest), nil
}

func (exportBatchResolver) ManifestHash(_ context.Context, b *books.ExportBatch) (*string, error) {
	return text(hex.EncodeToString(b.ManifestHash)), nil
}

func (exportBatchResolver) DeliveredTo(_ context.Context, b *books.ExportBatch) (*string, error) {
	return text(b.DeliveredTo), nil
}

func (exportBatchResolver) VoidedBy(_ context.Context, b *books.ExportBatch) (*string, error) {
	return text(b.VoidedBy), nil
}

func (exportBatchResolver) Reason(_ context.Context, b *books.ExportBatch) (*string, error) {
	return text(b.Reason), nil
}

func (exportBatchResolver) Replaces(ctx context.Context, b *books.ExportBatch) (*books.ExportBatch, error) {
	return otherBatch(ctx, b.Replaces)
}

func (exportBatchResolver) ReplacedBy(ctx context.Context, b *books.ExportBatch) (*books.ExportBatch, error) {
	return otherBatch(ctx, b.ReplacedBy)
}

func otherBatch(ctx context.Context, id string) (*books.ExportBatch, error) {
	if id == "" {
		return nil, nil
	}
	return found(pointer(ctx, requestOf(ctx).exportBatches, id))
}

func (queryResolver) ExportAnswers(ctx context.Context, id string, first int, after *string) (answers []books.ExportAnswer, err error) {
	key, err := exportBatchNoun.key("batch", id)
	if err != nil {
		return nil, err
	}
	if err := checkFirst(first); err != nil {
		return nil, err
	}
	err = requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) error {
		answers, err = tx.ExportAnswers(ctx, key, nil, books.Page{Limit: first, After: value(after)})
		return err
	})
	return orNone(answers), err
}

func (exportFileResolver) Sha256(_ context.Context, f *books.ExportFile) (string, error) {
	return hex.EncodeToString(f.Hash), nil
}

func (exportFileResolver) Path(_ context.Context, f *books.ExportFile) (string, error) {
	return pathOfExport(f), nil
}

func (r exportFileResolver) Link(ctx context.Context, f *books.ExportFile) (*string, error) {
	if !mayReadExports(ctx) {
		return nil, nil
	}
	var until time.Time
	var signature string
	err := requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		until, signature, err = r.books.ExportLink(ctx, tx, f.BatchID, f.Name)
		return err
	})
	if err != nil {
		return nil, err
	}
	link := pathOfExport(f) + "?" + url.Values{"until": {strconv.FormatInt(until.Unix(), 10)}, "signature": {signature}}.Encode()
	return &link, nil
}

func pathOfExport(f *books.ExportFile) string {
	return "/v1/exports/" + exportBatchNoun.id(f.BatchID) + "/" + url.PathEscape(f.Name)
}
