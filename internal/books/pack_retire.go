package books

import (
	"context"
	"time"
)

// PackRetirement asks to take a pack off sale.
type PackRetirement struct {
	Code   string    `json:"code"`
	From   time.Time `json:"from"` // now where zero
	Reason string    `json:"reason"`
}

// PackRetire takes a pack off sale from an instant on, which is not in the past: by a version
// without prices. What was sold stays as it is.
// Errors: NOT_FOUND, PACK_RETIRED, INVALID, TOO_LARGE, IDEMPOTENCY_CONFLICT.
func (b *Books) PackRetire(ctx context.Context, key string, request PackRetirement) (Pack, error) {
	return once(ctx, b, act{"pack.retire", key, request}, func(ctx context.Context, tx Tx) (Pack, string, error) {
		pack, err := holdPack(ctx, tx, request.Code)
		if err != nil {
			return pack, "", err
		}
		if from := pack.RetiredFrom(); !from.IsZero() {
			return pack, "", refuse(PackRetired, "code", "names a pack that is retired from %s on", from.Format(time.RFC3339))
		}
		version, err := b.nextVersion(pack, "from", request.From, request.Reason)
		if err != nil {
			return pack, "", err
		}
		version.Retired = true
		was(ctx, pack)
		pack.Later = append(pack.Later, version)
		return pack, pack.ID, tx.InsertPackVersion(ctx, pack.ID, version)
	})
}
