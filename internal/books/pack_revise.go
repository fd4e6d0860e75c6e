package books

import (
	"context"
	"time"
)

// PackRevision asks for a new version of a pack.
type PackRevision struct {
	Code          string    `json:"code"`
	EffectiveFrom time.Time `json:"effectiveFrom"` // now where zero
	Policy        string    `json:"policy"`        // its code; that of the version before where empty
	Tiers         []NewTier `json:"tiers"`
	Reason        string    `json:"reason"`
}

// PackRevise adds a version to a pack: its prices from an instant on, which is not in the
// past, for what was sold since then has its price. Purchases keep theirs. A pack that was
// retired is for sale again.
// Errors: NOT_FOUND, INVALID, TOO_LARGE, IDEMPOTENCY_CONFLICT.
func (b *Books) PackRevise(ctx context.Context, key string, request PackRevision) (Pack, error) {
	return once(ctx, b, act{"pack.revise", key, request}, func(ctx context.Context, tx Tx) (Pack, string, error) {
		pack, err := holdPack(ctx, tx, request.Code)
		if err != nil {
			return pack, "", err
		}
		version, err := b.nextVersion(pack, "effectiveFrom", request.EffectiveFrom, request.Reason)
		if err != nil {
			return pack, "", err
		}
		if request.Policy != "" {
			policy, err := policyByCode(ctx, tx, request.Policy)
			if err != nil {
				return pack, "", err
			}
			version.PolicyID = policy.ID
		}
		if version.Tiers, err = tiersOf(request.Tiers, pack.Currency); err != nil {
			return pack, "", err
		}
		was(ctx, pack)
		pack.Later = append(pack.Later, version)
		return pack, pack.ID, tx.InsertPackVersion(ctx, pack.ID, version)
	})
}

// holdPack returns a pack to add a version to, and keeps everybody from selling it meanwhile.
// Errors: NOT_FOUND.
func holdPack(ctx context.Context, tx Tx, code string) (Pack, error) {
	if err := tx.HoldPack(ctx, code); err != nil {
		return Pack{}, err
	}
	return packByCode(ctx, tx, "code", code)
}

func packByCode(ctx context.Context, tx Tx, field, code string) (Pack, error) {
	packs, err := tx.PacksByCode(ctx, []string{code})
	if err != nil {
		return Pack{}, err
	}
	if len(packs) == 0 {
		return Pack{}, refuse(NotFound, field, "there is no pack %q: create it first", clip(code))
	}
	return packs[0], nil
}

// nextVersion is the version after the last one of a pack, without prices yet.
func (b *Books) nextVersion(pack Pack, field string, from time.Time, reason string) (PackVersion, error) {
	versions := pack.Versions()
	last, now := versions[len(versions)-1], b.clock()
	next := PackVersion{Number: last.Number + 1, EffectiveFrom: now, PolicyID: last.PolicyID, Reason: reason, CreatedAt: now}
	if len(versions) >= maxVersions {
		return next, refuse(TooLarge, "code", "names a pack of %d versions, the most that there may be: make a new pack", maxVersions)
	}
	if !from.IsZero() {
		next.EffectiveFrom = from.UTC().Truncate(time.Microsecond)
	}
	switch {
	case next.EffectiveFrom.Before(now):
		return next, refuse(Invalid, field, "must be %s or later, not %s: what is sold has its price", now.Format(time.RFC3339), next.EffectiveFrom.Format(time.RFC3339))
	case next.EffectiveFrom.After(now.AddDate(10, 0, 0)):
		return next, refuse(Invalid, field, "must lie within ten years, but is %s", next.EffectiveFrom.Format(time.RFC3339))
	case next.EffectiveFrom.Before(last.EffectiveFrom):
		return next, refuse(Invalid, field, "must be %s or later, when version %d begins, not %s",
			last.EffectiveFrom.Format(time.RFC3339), last.Number, next.EffectiveFrom.Format(time.RFC3339))
	}
	return next, checkText("reason", reason, 0, maxNoteLength)
}
