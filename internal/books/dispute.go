package books

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// BookedDispute is what was booked of a chargeback at an instant: it was opened, won or lost.
type BookedDispute struct {
	CustomerID, PurchaseID string
	At                     time.Time
	Status                 DisputeStatus
	Amount                 ledger.Amount // claimed, or taken
}

// DisputeRequest asks to book what becomes of a chargeback of a purchase.
type DisputeRequest struct {
	PurchaseID string        `json:"purchaseId"`
	Outcome    DisputeStatus `json:"outcome"`
	// Amount is what is claimed, or taken, in the currency of the purchase; where one is
	// open, what that claims where nil.
	Amount *decimal.Decimal `json:"amount"`
	Reason string           `json:"reason"`
}

// Dispute books a chargeback. Opened, it blocks the credits of the purchase: they serve no
// use, and nothing is booked. Won, they serve again. Lost, or lost without having been
// opened: Dr deferred revenue (the unused part), Dr disputes (the used part, against
// revenue), Cr cash. What is lost takes the unused credits in the proportion of the amount
// to the price that is not paid back yet; those that had lapsed too, whose release comes
// back. Holds on credits that are taken end, the latest first. ASC 606-10-32-10.
// Errors: NOT_FOUND, NOT_PAID, ALREADY_VOIDED, DISPUTED, NOT_DISPUTED,
// AMOUNT_EXCEEDS_PRICE, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) Dispute(ctx context.Context, key string, request DisputeRequest) (Purchased, error) {
	return once(ctx, b, act{"purchase.dispute", key, request}, func(ctx context.Context, tx Tx) (Purchased, string, error) {
		purchase, err := lockPurchase(ctx, tx, request.PurchaseID)
		if err != nil {
			return Purchased{}, "", err
		}
		amount, err := checkDispute(request, purchase)
		if err != nil {
			return Purchased{}, "", err
		}
		lots, err := b.lotsOfPurchase(ctx, tx, purchase)
		if err != nil {
			return Purchased{}, "", err
		}
		if request.Outcome == DisputeLost {
			if err := b.chargeBack(ctx, tx, purchase, amount, lots, request.Reason); err != nil {
				return Purchased{}, "", err
			}
			if err := b.endHolds(ctx, tx, lots, "a chargeback of the purchase was lost"); err != nil {
				return Purchased{}, "", err
			}
			purchase.LostAmount = purchase.LostAmount.Add(amount)
		}
		now := b.clock()
		if purchase.Dispute != DisputeOpen {
			purchase.DisputedAt = now
		}
		purchase.Dispute, purchase.DisputeAmount = request.Outcome, amount
		for _, lot := range lots {
			lot.Blocked = request.Outcome == DisputeOpen
		}
		if err := tx.UpdatePurchase(ctx, purchase); err != nil {
			return Purchased{}, "", err
		}
		err = tx.InsertDispute(ctx, BookedDispute{CustomerID: purchase.CustomerID, PurchaseID: purchase.ID, At: now, Status: purchase.Dispute, Amount: amount})
		if err != nil {
			return Purchased{}, "", err
		}
		return Purchased{purchase, *lots[0]}, purchase.ID, tx.UpdateLots(ctx, lots)
	})
}

func checkDispute(request DisputeRequest, purchase Purchase) (ledger.Amount, error) {
	none := ledger.Amount{}
	switch purchase.Status {
	case PurchaseInvoiced:
		return none, refuse(NotPaid, "purchaseId", "names a purchase that is not paid: there is nothing to charge back")
	case PurchaseVoided:
		return none, alreadyVoided(purchase)
	case PurchasePaid, PurchaseRefunded:
	}
	if err := checkText("reason", request.Reason, 0, maxNoteLength); err != nil {
		return none, err
	}
	open := purchase.Dispute == DisputeOpen
	switch {
	case request.Outcome != DisputeOpen && request.Outcome != DisputeWon && request.Outcome != DisputeLost:
		return none, refuse(Invalid, "outcome", "must be OPEN, WON or LOST, not %q", clip(string(request.Outcome)))
	case request.Outcome == DisputeOpen && open:
		return none, disputed(purchase)
	case request.Outcome == DisputeWon && !open:
		return none, refuse(NotDisputed, "purchaseId", "names a purchase of which no chargeback is open")
	case request.Outcome == DisputeWon || request.Amount == nil && open:
		return purchase.DisputeAmount, nil
	case request.Amount == nil:
		return none, refuse(Invalid, "amount", "is needed: what the chargeback claims")
	}
	amount, err := amountOf("amount", *request.Amount, purchase.Price.Currency)
	switch most := purchase.kept(); {
	case err != nil:
		return none, err
	case amount.Minor == 0:
		return none, refuse(Invalid, "amount", "must be more than 0")
	case amount.Minor > most.Minor:
		return none, refuse(AmountExceedsPrice, "amount", "must be at most what was paid and not given back, %s, not %s", most, amount)
	}
	return amount, nil
}

func disputed(purchase Purchase) error {
	return refuse(Disputed, "purchaseId", "names a purchase of which a chargeback is open since %s", purchase.DisputedAt.Format(time.RFC3339))
}

// kept returns what the company has of the price: less what was refunded and what
// chargebacks took.
func (p Purchase) kept() ledger.Amount {
	return ledger.Money(p.Price.Minor-p.RefundAmount.Minor-p.LostAmount.Minor, p.Price.Currency)
}

// chargeBack takes what a lost chargeback of an amount takes out of the lots of a purchase,
// and books it.
func (b *Books) chargeBack(ctx context.Context, tx Tx, purchase Purchase, amount ledger.Amount, lots []*revrec.Lot, reason string) error {
	now, taken := b.clock(), revrec.NothingOf(*lots[0])
	for _, lot := range lots {
		policy, err := policyByID(ctx, tx, lot.PolicyID)
		if err != nil {
			return err
		}
		change := b.newChange(revrec.ChargedBack, lot, now, reason)
		change.Credits = lot.UnusedShare(amount, purchase.kept())
		change.Amount, change.Functional = lot.PriceOf(change.Credits)
		if err := b.remove(ctx, tx, policy, lot, change); err != nil {
			return err
		}
		taken = taken.Add(revrec.TakeBack{Credits: change.Credits, Amount: change.Amount, Functional: change.Functional})
	}
	functional, err := b.functional(amount, purchase.FXRate)
	if err != nil {
		return err
	}
	if amount == taken.Amount { // the same rounding as of the carrying amount
		functional = taken.Functional
	}
	return b.postDispute(ctx, tx, purchase, now, "Chargeback by %s, "+counted(taken.Credits.String(), "credit")+" taken back", func(d ledger.Dimensions) []ledger.Line {
		return []ledger.Line{
			ledger.Debit(ledger.DeferredRevenue, taken.Amount, taken.Functional, d),
			ledger.Debit(ledger.Disputes, amount.Sub(taken.Amount), functional.Sub(taken.Functional), d),
			ledger.Credit(ledger.Cash, amount, functional, d),
		}
	})
}

func (b *Books) postDispute(ctx context.Context, tx Tx, p Purchase, at time.Time, description string, lines func(ledger.Dimensions) []ledger.Line) error {
	d, err := dimensionsOf(ctx, tx, p)
	if err != nil {
		return err
	}
	return b.post(ctx, tx, ledger.Entry{
		Kind: ledger.DisputeEntry, OccurredOn: ledger.DateOf(at, b.zone), Reference: p.ID,
		Description: fmt.Sprintf(description, d.Customer), Lines: ledger.WithoutZeros(lines(d)...),
	})
}
