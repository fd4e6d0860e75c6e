package books

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"drawdown/ledger/export"
)

// maxExportTargets bounds the targets of a book: a company has a general ledger or some, and
// an archive.
const maxExportTargets = 50

// NewExportTarget asks for a target.
type NewExportTarget struct {
	Code        string         `json:"code"`
	Profile     string         `json:"profile"` // an export.Profile in JSON
	Schedule    ExportSchedule `json:"schedule"`
	Destination string         `json:"destination"`
}

// ExportTargetCreate makes a target for exports. Its first batch begins with the first entry of
// the book. Errors: INVALID, TOO_LARGE, ALREADY_EXISTS, IDEMPOTENCY_CONFLICT.
func (b *Books) ExportTargetCreate(ctx context.Context, key string, request NewExportTarget) (ExportTarget, error) {
	return once(ctx, b, act{"exportTarget.create", key, request}, func(ctx context.Context, tx Tx) (ExportTarget, string, error) {
		if err := checkCode("code", request.Code); err != nil {
			return ExportTarget{}, "", err
		}
		target := ExportTarget{ID: b.newID(), Code: request.Code, CreatedAt: b.clock(), CreatedBy: CallerOf(ctx).Actor}
		version, err := b.newExportVersion(ctx, 1, request.Profile, request.Schedule, request.Destination, "")
		if err != nil {
			return target, "", err
		}
		target.Versions = []ExportTargetVersion{version}
		targets, err := tx.ExportTargets(ctx)
		if err == nil && len(targets) >= maxExportTargets {
			err = refuse(TooLarge, "", "there are %d export targets, the most that a book has: update one that has ended", len(targets))
		}
		if err != nil {
			return target, "", err
		}
		return target, target.ID, tx.InsertExportTarget(ctx, target)
	})
}

// newExportVersion checks and makes a version of a target.
func (b *Books) newExportVersion(ctx context.Context, number int, profile string, schedule ExportSchedule, destination, reason string) (ExportTargetVersion, error) {
	version := ExportTargetVersion{
		Number: number, Schedule: schedule, Destination: destination, Reason: reason, CreatedAt: b.clock(), CreatedBy: CallerOf(ctx).Actor,
	}
	parsed, err := export.ParseProfile([]byte(profile))
	if err != nil {
		return version, refuse(Invalid, "profile", "%v", err)
	}
	canonical, err := parsed.JSON()
	if err != nil {
		return version, err
	}
	version.Profile = string(canonical)
	if schedule == "" {
		version.Schedule = ExportByHand
	}
	switch {
	case !slices.Contains(ExportSchedules(), version.Schedule):
		return version, refuse(Invalid, "schedule", "must be one of %v, not %q", ExportSchedules(), clip(string(schedule)))
	case destination != "" && !slices.Contains(b.destinations, destination):
		return version, refuse(Invalid, "destination", "must be one that the server is configured with (%s), not %q", cmp.Or(strings.Join(b.destinations, ", "), "it has none"), clip(destination))
	}
	return version, checkText("reason", reason, 0, maxNoteLength)
}

// ReviseExportTarget asks for another version of a target; fields that are nil stay.
type ReviseExportTarget struct {
	ID          string          `json:"id"`
	Profile     *string         `json:"profile"`
	Schedule    *ExportSchedule `json:"schedule"`
	Destination *string         `json:"destination"`
	Ended       *bool           `json:"ended"`
	Reason      string          `json:"reason"`
}

// ExportTargetUpdate changes how entries reach a target, for batches that are written from then
// on: a draft that could not be written is tried again. What is sealed stays.
// Errors: NOT_FOUND, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) ExportTargetUpdate(ctx context.Context, key string, request ReviseExportTarget) (ExportTarget, error) {
	return once(ctx, b, act{"exportTarget.update", key, request}, func(ctx context.Context, tx Tx) (ExportTarget, string, error) {
		target, err := lockTarget(ctx, tx, request.ID)
		if err != nil {
			return target, "", err
		}
		was(ctx, target)
		last := target.Latest()
		profile, schedule, destination := last.Profile, last.Schedule, last.Destination
		if request.Profile != nil {
			profile = *request.Profile
		}
		if request.Schedule != nil {
			schedule = *request.Schedule
		}
		if request.Destination != nil {
			destination = *request.Destination
		}
		version, err := b.newExportVersion(ctx, last.Number+1, profile, schedule, destination, request.Reason)
		if err != nil {
			return target, "", err
		}
		version.Ended = last.Ended
		if request.Ended != nil {
			version.Ended = *request.Ended
		}
		target.Versions = append(target.Versions, version)
		if err := tx.InsertExportTargetVersion(ctx, target.ID, version); err != nil {
			return target, "", err
		}
		if destination != last.Destination {
			if err := forgetUndelivered(ctx, tx, target); err != nil {
				return target, "", err
			}
		}
		return target, target.ID, tryDraftsAgain(ctx, tx, target, func(ExportBatch) bool { return true })
	})
}

// forgetUndelivered takes away what kept sealed batches of a target from a destination that it has no more.
func forgetUndelivered(ctx context.Context, tx Tx, target ExportTarget) error {
	sealed, err := tx.ExportBatches(ctx, ExportBatchFilter{TargetID: target.ID, Status: ExportSealed}, Page{Limit: maxDrafts}) // of later ones none was tried
	if err != nil {
		return err
	}
	for _, batch := range sealed {
		if batch.Problem == "" {
			continue
		}
		batch.Problem = ""
		if err := tx.UpdateExportBatch(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// tryDraftsAgain has drafts of the target written that could not be: by its latest version.
func tryDraftsAgain(ctx context.Context, tx Tx, target ExportTarget, which func(ExportBatch) bool) error {
	drafts, err := tx.ExportBatches(ctx, ExportBatchFilter{TargetID: target.ID, Status: ExportDraft}, Page{Limit: maxDrafts})
	if err != nil {
		return err
	}
	for _, draft := range drafts {
		if !which(draft) {
			continue
		}
		draft.Problem, draft.Version = "", target.Latest().Number
		if err := tx.UpdateExportBatch(ctx, draft); err != nil {
			return err
		}
	}
	return nil
}

// lockTarget holds a target that a request names. Errors: NOT_FOUND.
func lockTarget(ctx context.Context, tx Tx, id string) (ExportTarget, error) {
	target, err := tx.LockExportTarget(ctx, id)
	if CodeOf(err) == NotFound {
		err = refuse(NotFound, "targetId", "names no export target")
	}
	return target, err
}
