package books

import (
	"context"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// ExtensionTreatment says what becomes of early breakage when credits get more time.
type ExtensionTreatment string

// The treatments of an extension.
const (
	Prospective ExtensionTreatment = "PROSPECTIVE" // the pool keeps what it recognised
	CatchUp     ExtensionTreatment = "CATCH_UP"    // the pool gives back what it recognised on the lot
)

// Extension asks to give the credits of a purchase more time before they lapse. One of
// ExpiresAt, ExpiresAfter (from the start of the credits) and NeverExpires is set.
type Extension struct {
	PurchaseID   string             `json:"purchaseId"`
	LotID        string             `json:"lotId,omitempty"` // of what was bought where empty, or of the bonus
	ExpiresAt    time.Time          `json:"expiresAt"`
	ExpiresAfter *ledger.Duration   `json:"expiresAfter"`
	NeverExpires bool               `json:"neverExpires"`
	Treatment    ExtensionTreatment `json:"treatment"`
	Reason       string             `json:"reason"` // who approved it, and why
}

// Extend moves the expiry of a purchase's credits before they have lapsed. Nothing is
// booked for it at once. Prospective, the lot stays in its pool to its new last day, and
// the pool keeps the breakage that it recognised. By catch-up the lot leaves its pool that
// day, which gives back the early breakage on it; what is not used is released when it
// lapses. ASC 606-10-25-13.
// Errors: NOT_FOUND, LAPSED, ALREADY_REFUNDED, ALREADY_VOIDED, INVALID,
// IDEMPOTENCY_CONFLICT.
func (b *Books) Extend(ctx context.Context, key string, request Extension) (Purchased, error) {
	return once(ctx, b, act{"purchase.extend", key, request}, func(ctx context.Context, tx Tx) (Purchased, string, error) {
		purchase, err := lockPurchase(ctx, tx, request.PurchaseID)
		if err != nil {
			return Purchased{}, "", err
		}
		if err := checkExtension(request, purchase); err != nil {
			return Purchased{}, "", err
		}
		keys, err := lotSold(purchase, request.LotID)
		if err != nil {
			return Purchased{}, "", err
		}
		lots, _, err := b.lockLots(ctx, tx, keys)
		if err != nil {
			return Purchased{}, "", err
		}
		if err := b.extendLot(ctx, tx, request, lots[0]); err != nil {
			return Purchased{}, "", err
		}
		return Purchased{purchase, *lots[0]}, purchase.ID, tx.UpdateLots(ctx, lots)
	})
}

func checkExtension(request Extension, purchase Purchase) error {
	switch purchase.Status {
	case PurchaseRefunded:
		return alreadyRefunded(purchase)
	case PurchaseVoided:
		return alreadyVoided(purchase)
	case PurchasePaid, PurchaseInvoiced:
	}
	if request.Treatment != Prospective && request.Treatment != CatchUp {
		return refuse(Invalid, "treatment", "must be PROSPECTIVE or CATCH_UP, not %q", clip(string(request.Treatment)))
	}
	if request.ExpiresAt.IsZero() && request.ExpiresAfter == nil && !request.NeverExpires {
		return refuse(Invalid, "expiresAt", "is needed, or expiresAfter or neverExpires: when the credits lapse now")
	}
	return checkText("reason", request.Reason, 1, maxNoteLength)
}

func (b *Books) extendLot(ctx context.Context, tx Tx, request Extension, lot *revrec.Lot) error {
	now := b.clock()
	policy, err := policyByID(ctx, tx, lot.PolicyID)
	if err != nil {
		return err
	}
	expires, err := b.expiry(term{request.ExpiresAt, request.ExpiresAfter, request.NeverExpires, request.Reason}, policy.Policy, lot.StartsAt)
	switch {
	case lot.ExpiresAt.IsZero():
		return refuse(Invalid, "purchaseId", "names a purchase whose credits never lapse")
	case !now.Before(lot.ExpiresAt):
		return refuse(Lapsed, "purchaseId", "names a purchase whose credits lapsed on %s: reinstate them", lot.ExpiresAt.Format(time.RFC3339))
	case err != nil:
		return err
	case !expires.IsZero() && !expires.After(lot.ExpiresAt):
		return refuse(Invalid, "expiresAt", "must lie after the expiry so far, %s, but is %s", lot.ExpiresAt.Format(time.RFC3339), expires.Format(time.RFC3339))
	}
	change := b.newChange(revrec.Extended, lot, now, request.Reason)
	change.WasExpiresAt, change.WasLapsesOn = lot.ExpiresAt, lot.LapsesOn
	err = b.inPool(ctx, tx, policy, lot, func() {
		b.setTerm(lot, policy.Policy, lot.StartsAt, expires)
		if request.Treatment == CatchUp && lot.PoolLeftOn == 0 {
			lot.PoolLeftOn = change.Day
		}
	})
	if err != nil {
		return err
	}
	return tx.InsertLotChanges(ctx, []revrec.Change{change})
}
