package books

import (
	"context"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// PurchaseVoid asks to call off a purchase that is not paid.
type PurchaseVoid struct {
	PurchaseID string `json:"purchaseId"`
	Reason     string `json:"reason"`
}

// VoidPurchase calls off an unpaid purchase: the reverse of what was booked, and what was
// used of it, which is revenue, against refunds. Fallen due: Dr deferred revenue (what is
// unused), Dr refunds (what was used), Dr tax payable, Cr accounts receivable. Before, up to
// its due day: Dr refunds, Cr unbilled receivable, for what was used; nothing else is booked.
// From that day on the purchase counts as never sold: its pool gives back early breakage
// on it, and what was released of it comes back. Holds on its credits end. ASC 606-10-45-2, 32-10.
// Errors: NOT_FOUND, ALREADY_PAID, PARTLY_PAID, ALREADY_REFUNDED, ALREADY_VOIDED, INVALID,
// IDEMPOTENCY_CONFLICT.
func (b *Books) VoidPurchase(ctx context.Context, key string, request PurchaseVoid) (Purchased, error) {
	return once(ctx, b, act{"purchase.void", key, request}, func(ctx context.Context, tx Tx) (Purchased, string, error) {
		purchase, err := lockPurchase(ctx, tx, request.PurchaseID)
		if err != nil {
			return Purchased{}, "", err
		}
		if err := checkVoid(purchase); err != nil {
			return Purchased{}, "", err
		}
		if err := checkText("reason", request.Reason, 0, maxNoteLength); err != nil {
			return Purchased{}, "", err
		}
		lots, err := b.lotsOfPurchase(ctx, tx, purchase)
		if err != nil {
			return Purchased{}, "", err
		}
		purchase.VoidedAt = b.clock()
		if err := b.callOff(ctx, tx, &purchase, lots, request.Reason); err != nil {
			return Purchased{}, "", err
		}
		if err := b.endHolds(ctx, tx, lots, "the purchase was voided"); err != nil {
			return Purchased{}, "", err
		}
		purchase.Status = PurchaseVoided
		if err := tx.UpdatePurchase(ctx, purchase); err != nil {
			return Purchased{}, "", err
		}
		return Purchased{purchase, *lots[0]}, purchase.ID, tx.UpdateLots(ctx, lots)
	})
}

func checkVoid(purchase Purchase) error {
	switch purchase.Status {
	case PurchasePaid:
		return refuse(AlreadyPaid, "purchaseId", "names a purchase that is paid: refund it")
	case PurchaseRefunded:
		return alreadyRefunded(purchase)
	case PurchaseVoided:
		return alreadyVoided(purchase)
	case PurchaseInvoiced:
		if purchase.InParts.Minor > 0 {
			return refuse(PartlyPaid, "purchaseId", "names a purchase of which %s came in: what is paid cannot be called off; take the rest, then refund", purchase.InParts)
		}
	}
	return nil
}

func alreadyRefunded(purchase Purchase) error {
	return refuse(AlreadyRefunded, "purchaseId", "names a purchase that was refunded on %s", purchase.RefundedAt.Format(time.RFC3339))
}

func alreadyVoided(purchase Purchase) error {
	return refuse(AlreadyVoided, "purchaseId", "names a purchase that was voided on %s", purchase.VoidedAt.Format(time.RFC3339))
}

// callOff takes a purchase that is voided out of its lots, their pools and the journal.
func (b *Books) callOff(ctx context.Context, tx Tx, purchase *Purchase, lots []*revrec.Lot, reason string) error {
	today := ledger.DateOf(purchase.VoidedAt, b.zone)
	fellDue := purchase.DueBooked || (purchase.DueOn != 0 && today > purchase.DueOn)
	if fellDue {
		if !purchase.DueBooked {
			if err := b.bookDue(ctx, tx, purchase, lots); err != nil {
				return err
			}
		}
	}
	off, used := revrec.NothingOf(*lots[0]), revrec.NothingOf(*lots[0]) // what is unused, and what was used
	for _, lot := range lots {
		lotOff, lotUsed, err := b.callOffLot(ctx, tx, *purchase, lot, fellDue, reason)
		if err != nil {
			return err
		}
		off, used = off.Add(lotOff), used.Add(lotUsed)
	}
	return b.postVoid(ctx, tx, *purchase, today, "Void", func(d ledger.Dimensions) []ledger.Line {
		if !fellDue {
			return []ledger.Line{
				ledger.Debit(ledger.Refunds, used.Amount, used.Functional, d),
				ledger.Credit(ledger.UnbilledReceivable, used.Amount, used.Functional, d),
			}
		}
		return []ledger.Line{
			ledger.Debit(ledger.DeferredRevenue, off.Amount, off.Functional, d),
			ledger.Debit(ledger.Refunds, used.Amount, used.Functional, d),
			ledger.Debit(ledger.TaxPayable, purchase.Tax, purchase.FunctionalTax, d),
			ledger.Credit(ledger.AccountsReceivable, purchase.Price.Add(purchase.Tax), purchase.Functional.Add(purchase.FunctionalTax), d),
		}
	})
}

// callOffLot takes all unused credits of a lot out of it, and the lot with all that it brought
// out of its pool. It returns what deferred revenue carried for what is unused, and what was
// earned by what was used.
func (b *Books) callOffLot(ctx context.Context, tx Tx, purchase Purchase, lot *revrec.Lot, fellDue bool, reason string) (off, used revrec.TakeBack, err error) {
	policy, err := policyByID(ctx, tx, lot.PolicyID)
	if err != nil {
		return off, used, err
	}
	if fellDue {
		err = b.leavePool(ctx, tx, policy, lot, ledger.DateOf(purchase.VoidedAt, b.zone))
	} else { // the liability never appears
		err = b.inPool(ctx, tx, policy, lot, func() { lot.LiabilityOn = 0 })
	}
	if err != nil {
		return off, used, err
	}
	change := b.takeVoided(lot, purchase.VoidedAt, reason)
	off.Amount, off.Functional = change.Amount, change.Functional
	unearned, unearnedFunctional := lot.Unearned()
	used.Amount, used.Functional = lot.Price.Sub(lot.RemovedAmount).Sub(unearned), lot.Functional.Sub(lot.RemovedFunctional).Sub(unearnedFunctional)
	return off, used, b.remove(ctx, tx, policy, lot, change)
}

// takeVoided is the change that takes all unused credits out of a lot whose purchase is
// void, with what deferred revenue carries for them, where there is a liability.
func (b *Books) takeVoided(lot *revrec.Lot, at time.Time, reason string) revrec.Change {
	change := b.newChange(revrec.Voided, lot, at, reason)
	change.Credits = lot.Unused()
	if lot.LiabilityOn != 0 {
		change.Amount, change.Functional = lot.Unearned()
	}
	return change
}

func (b *Books) postVoid(ctx context.Context, tx Tx, p Purchase, day ledger.Date, title string, lines func(ledger.Dimensions) []ledger.Line) error {
	d, err := dimensionsOf(ctx, tx, p)
	if err != nil {
		return err
	}
	return b.post(ctx, tx, ledger.Entry{
		Kind: ledger.VoidEntry, OccurredOn: day, Reference: p.ID,
		Description: title + " of a purchase of " + d.Customer, Lines: ledger.WithoutZeros(lines(d)...),
	})
}
