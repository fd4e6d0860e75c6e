package books

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// ReinstateTreatment says what lapsed credits that are given back cost the company.
type ReinstateTreatment string

// The treatments of a reinstatement.
const (
	// PriceConcession gives up the breakage: it is deferred again.
	PriceConcession ReinstateTreatment = "PRICE_CONCESSION"
	// ZeroBasis keeps it: the credits are goodwill that costs nothing.
	ZeroBasis ReinstateTreatment = "ZERO_BASIS"
)

// Reinstatement asks to give back credits of a purchase that have lapsed. At most one of
// ExpiresAt, ExpiresAfter (from now) and NeverExpires is set; the policy's term where none.
type Reinstatement struct {
	PurchaseID   string             `json:"purchaseId"`
	LotID        string             `json:"lotId,omitempty"` // of what was bought where empty, or of the bonus
	Credits      decimal.Decimal    `json:"credits"`
	ExpiresAt    time.Time          `json:"expiresAt"`
	ExpiresAfter *ledger.Duration   `json:"expiresAfter"`
	NeverExpires bool               `json:"neverExpires"`
	Treatment    ReinstateTreatment `json:"treatment"`
	Reason       string             `json:"reason"` // who approved it, and why
}

// Reinstated is a purchase and the lot in which its credits live on.
type Reinstated struct {
	Purchase Purchase
	Lot      revrec.Lot
}

// Reinstate gives credits back that have lapsed, in a lot of their own. As a price
// concession they bring their part of the price with them: what was released of it comes
// back, Dr breakage revenue (and unclaimed property, as far as the law's share was booked),
// Cr deferred revenue, and is earned when they are used or lapse again. On a zero basis
// the release stays, and the credits are a goodwill grant. ASC 606-10-25-10 to 25-13, 32-5.
// Errors: NOT_FOUND, NOT_PAID, ALREADY_REFUNDED, ALREADY_VOIDED, DISPUTED, NOT_LAPSED, PAID_OVER,
// INSUFFICIENT_CREDITS, CREDITS_HELD, TOO_LARGE, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) Reinstate(ctx context.Context, key string, request Reinstatement) (Reinstated, error) {
	return once(ctx, b, act{"purchase.reinstate", key, request}, func(ctx context.Context, tx Tx) (Reinstated, string, error) {
		purchase, err := lockPurchase(ctx, tx, request.PurchaseID)
		if err != nil {
			return Reinstated{}, "", err
		}
		if err := checkReinstatement(request, purchase); err != nil {
			return Reinstated{}, "", err
		}
		keys, err := lotSold(purchase, request.LotID)
		if err != nil {
			return Reinstated{}, "", err
		}
		lots, _, err := b.lockLots(ctx, tx, keys)
		if err != nil {
			return Reinstated{}, "", err
		}
		child, err := b.reinstateLot(ctx, tx, request, lots[0])
		if err != nil {
			return Reinstated{}, "", err
		}
		return Reinstated{purchase, child}, purchase.ID, tx.UpdateLots(ctx, lots)
	})
}

func checkReinstatement(request Reinstatement, purchase Purchase) error {
	switch purchase.Status {
	case PurchaseInvoiced:
		return refuse(NotPaid, "purchaseId", "names a purchase that is not paid")
	case PurchaseRefunded:
		return alreadyRefunded(purchase)
	case PurchaseVoided:
		return alreadyVoided(purchase)
	case PurchasePaid:
	}
	if purchase.Dispute == DisputeOpen {
		return disputed(purchase)
	}
	if request.Treatment != PriceConcession && request.Treatment != ZeroBasis {
		return refuse(Invalid, "treatment", "must be PRICE_CONCESSION or ZERO_BASIS, not %q", clip(string(request.Treatment)))
	}
	return checkText("reason", request.Reason, 1, maxNoteLength)
}

// reinstateLot moves lapsed credits of a lot on into one of their own.
func (b *Books) reinstateLot(ctx context.Context, tx Tx, request Reinstatement, lot *revrec.Lot) (revrec.Lot, error) {
	now := b.clock()
	change := b.newChange(revrec.Reinstated, lot, now, request.Reason)
	none := revrec.Lot{}
	if lot.ExpiresAt.IsZero() || now.Before(lot.ExpiresAt) {
		return none, refuse(NotLapsed, "purchaseId", "names a purchase whose credits have not lapsed: extend them")
	}
	var err error
	if change.Credits, err = creditsOf("credits", request.Credits); err != nil {
		return none, err
	}
	if change.Credits > lot.Unused() {
		return none, refuse(InsufficientCredits, "credits", "must be at most what lapsed of the purchase, %s, not %s", lot.Unused(), change.Credits)
	}
	if err := findHeld(ctx, tx, []*revrec.Lot{lot}, now); err != nil {
		return none, err
	}
	if change.Credits > lot.Free() { // which a late use may still draw
		return none, refuse(CreditsHeld, "credits", "must be at most %s: holds keep %s more", lot.Free(), lot.Held)
	}
	policy, err := policyByID(ctx, tx, lot.PolicyID)
	if err != nil {
		return none, err
	}
	expires, err := b.expiry(term{request.ExpiresAt, request.ExpiresAfter, request.NeverExpires, request.Reason}, policy.Policy, now)
	if err != nil {
		return none, err
	}
	if request.Treatment == PriceConcession {
		change.Amount, change.Functional = lot.PriceOf(change.Credits)
		if err := giveBack(ctx, tx, policy, lot, change); err != nil {
			return none, err
		}
	}
	child := b.childOf(lot, &change)
	child.PurchasedOn, child.PoolLeftOn = change.Day, change.Day // a promise of its own, without a history to expect breakage from
	if request.Treatment == ZeroBasis {
		child.Kind, child.PurchaseID, child.Reason = revrec.GrantLot, "", Goodwill
		child.LiabilityOn, child.PoolLeftOn = 0, 0
		child.CohortID, child.BoughtBy = "", "" // a gift, while what was bought has lapsed for good
	}
	b.setTerm(&child, policy.Policy, now, expires)
	if err := b.remove(ctx, tx, policy, lot, change); err != nil {
		return none, err
	}
	if request.Treatment == ZeroBasis {
		cohorts := cohortMonths{}
		cohorts.add(lot, CohortMonth{Month: lot.LapsesOn.Period(), Lapsed: change.Credits})
		if err := cohorts.write(ctx, tx, b.moveNow()); err != nil {
			return none, err
		}
	}
	return keepChild(ctx, tx, policy, child)
}

// childOf returns a new lot in which the credits of a change live on with their part of the
// price: everything as in the lot they come from, but that they begin on the day of
// the change.
func (b *Books) childOf(lot *revrec.Lot, change *revrec.Change) revrec.Lot {
	change.ToLotID = b.newID()
	child := revrec.Lot{
		ID: change.ToLotID, CustomerID: lot.CustomerID, PurchaseID: lot.PurchaseID, PolicyID: lot.PolicyID, Jurisdiction: lot.Jurisdiction, Kind: lot.Kind, Reason: lot.Reason,
		OriginID: lot.ID, CohortID: lot.CohortID, BoughtBy: lot.BoughtBy, Granted: change.Credits, PurchasedOn: lot.PurchasedOn, Priority: lot.Priority, LiabilityOn: change.Day, CreatedAt: change.At,
	}
	child.Begin(change.Amount, change.Functional)
	child.Carrying, child.CarryingFunctional = change.Amount, change.Functional
	return child
}

// keepChild keeps a lot that came out of another, and returns it with its order.
func keepChild(ctx context.Context, tx Tx, policy Policy, child revrec.Lot) (revrec.Lot, error) {
	if policy.Breakage.Method == revrec.Remote && child.Kind == revrec.PurchaseLot {
		child.RemoteDue = child.RemoteOn(policy.Breakage, nil)
	}
	if err := tx.InsertLot(ctx, child); err != nil {
		return child, err
	}
	lots, err := tx.LotsByID(ctx, []string{child.ID})
	if err != nil {
		return child, err
	}
	return lots[0], nil
}
