package books

import (
	"context"
	"slices"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// Payment asks to book the payment of an invoiced purchase.
type Payment struct {
	PurchaseID string    `json:"purchaseId"`
	PaidAt     time.Time `json:"paidAt"` // now where zero
}

// Pay books the payment of an invoiced purchase. Paid on its due day or before, the
// contract liability appears with the payment; paid later, the receivable that fell due
// is settled. ASC 606-10-45-2, 45-4.
// Errors: NOT_FOUND, ALREADY_PAID, ALREADY_VOIDED, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) Pay(ctx context.Context, key string, request Payment) (Purchased, error) {
	return once(ctx, b, act{"purchase.pay", key, request}, func(ctx context.Context, tx Tx) (Purchased, string, error) {
		purchase, err := lockPurchase(ctx, tx, request.PurchaseID)
		if err != nil {
			return Purchased{}, "", err
		}
		if purchase.Status == PurchaseVoided {
			return Purchased{}, "", alreadyVoided(purchase)
		}
		if purchase.Status != PurchaseInvoiced {
			return Purchased{}, "", refuse(AlreadyPaid, "purchaseId", "names a purchase that is paid")
		}
		if purchase.PaidAt, err = b.instantOf("paidAt", request.PaidAt); err != nil {
			return Purchased{}, "", err
		}
		if purchase.PaidAt.Before(purchase.PurchasedAt) {
			return Purchased{}, "", refuse(Invalid, "paidAt", "must not be before the purchase (%s)", purchase.PurchasedAt.Format(time.RFC3339))
		}
		lots, err := b.lotsOfPurchase(ctx, tx, purchase)
		if err != nil {
			return Purchased{}, "", err
		}
		if err := b.settlePayment(ctx, tx, &purchase, lots); err != nil {
			return Purchased{}, "", err
		}
		purchase.Status = PurchasePaid
		if err := tx.UpdatePurchase(ctx, purchase); err != nil {
			return Purchased{}, "", err
		}
		return Purchased{purchase, *lots[0]}, purchase.ID, tx.UpdateLots(ctx, lots)
	})
}

// lockPurchase finds a purchase to act on. Errors: NOT_FOUND.
func lockPurchase(ctx context.Context, tx Tx, id string) (Purchase, error) {
	purchase, err := tx.LockPurchase(ctx, id)
	if err != nil && CodeOf(err) == NotFound {
		return purchase, refuse(NotFound, "purchaseId", "names no purchase")
	}
	return purchase, err
}

func (b *Books) settlePayment(ctx context.Context, tx Tx, purchase *Purchase, lots []*revrec.Lot) error {
	paidOn := ledger.DateOf(purchase.PaidAt, b.zone)
	fellDue := purchase.DueBooked || (purchase.DueOn != 0 && paidOn > purchase.DueOn)
	if fellDue {
		if !purchase.DueBooked {
			if err := b.bookDue(ctx, tx, purchase, lots); err != nil {
				return err
			}
		}
		return b.postSettlement(ctx, tx, *purchase, paidOn)
	}
	if err := b.moveLiability(ctx, tx, lots, paidOn); err != nil {
		return err
	}
	return b.postReceipt(ctx, tx, ledger.PaymentEntry, *purchase, paidOn)
}

// postSettlement clears the receivable: Dr cash, Cr accounts receivable.
func (b *Books) postSettlement(ctx context.Context, tx Tx, p Purchase, paidOn ledger.Date) error {
	d, err := dimensionsOf(ctx, tx, p)
	if err != nil {
		return err
	}
	amount, functional := p.Price.Add(p.Tax), p.Functional.Add(p.FunctionalTax)
	return b.post(ctx, tx, ledger.Entry{
		Kind: ledger.PaymentEntry, OccurredOn: paidOn, Reference: p.ID,
		Description: "Payment by " + d.Customer,
		Lines: ledger.WithoutZeros(
			ledger.Debit(ledger.Cash, amount, functional, d),
			ledger.Credit(ledger.AccountsReceivable, amount, functional, d),
		),
	})
}

// moveLiability lets the contract liability of a purchase appear on a day: deferred revenue
// carries its lots from now on, their pools count them from that day, and what was used
// before waits to be cleared. A lot that others came out of is not there before it did.
func (b *Books) moveLiability(ctx context.Context, tx Tx, lots []*revrec.Lot, on ledger.Date) error {
	pools, days := poolDays{}, make([]LotDay, len(lots))
	for i, lot := range lots {
		policy, err := policyByID(ctx, tx, lot.PolicyID)
		if err != nil {
			return err
		}
		day, err := firstDayOf(ctx, tx, lots, lot, on)
		if err != nil {
			return err
		}
		moved, err := movedInPool(ctx, tx, policy, lot, func() { lot.LiabilityOn = day })
		if err != nil {
			return err
		}
		pools.gather(policy, lot, b.book.Functional, moved)
		carry(lot)
		lookAgain(lot, policy.Breakage)
		lot.WaitFrom(day)
		days[i] = LotDay{CustomerID: lot.CustomerID, LotID: lot.ID, Day: day}
	}
	if err := pools.add(ctx, tx, b); err != nil {
		return err
	}
	return tx.AddLotDays(ctx, days)
}

// firstDayOf returns the day on which the liability of a lot appears where that of its
// purchase does on a day: not before the change by which it came out of another.
func firstDayOf(ctx context.Context, tx Tx, lots []*revrec.Lot, lot *revrec.Lot, on ledger.Date) (ledger.Date, error) {
	at := slices.IndexFunc(lots, func(other *revrec.Lot) bool { return other.ID == lot.OriginID })
	if at < 0 {
		return on, nil
	}
	changes, err := tx.LotChanges(ctx, []LotKey{{lots[at].CustomerID, lots[at].ID}})
	if err != nil {
		return on, err
	}
	for _, change := range changes[lot.OriginID] {
		if change.ToLotID == lot.ID {
			on = max(on, change.Day)
		}
	}
	return on, nil
}

// carry puts the price of a lot into its carrying amount, less what changes moved on into
// other lots before, which carry it themselves, and has a lot that lapsed before looked at
// again: there is something to release now.
func carry(lot *revrec.Lot) {
	lot.Carrying = lot.Carrying.Add(lot.Price).Sub(lot.RemovedAmount)
	lot.CarryingFunctional = lot.CarryingFunctional.Add(lot.Functional).Sub(lot.RemovedFunctional)
	if lot.LapsesOn != 0 {
		lot.LapseDue = sooner(lot.LapseDue, max(lot.LapsesOn, lot.LiabilityOn))
	}
}

func negated(days []revrec.PoolDay) []revrec.PoolDay {
	reversed := make([]revrec.PoolDay, len(days))
	for i, day := range days {
		reversed[i] = revrec.PoolDay{
			Day: day.Day, SoldMinor: -day.SoldMinor, UsedMinor: -day.UsedMinor,
			SoldFunctional: -day.SoldFunctional, UsedFunctional: -day.UsedFunctional,
		}
	}
	return reversed
}
