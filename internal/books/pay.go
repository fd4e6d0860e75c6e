package books

import (
	"context"
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
		lots, err := purchase.lockOwnLots(ctx, tx)
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
	for _, lot := range lots {
		if err := b.moveLiability(ctx, tx, lot, paidOn); err != nil {
			return err
		}
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

// moveLiability lets the contract liability of a lot appear on a day: deferred revenue
// carries the lot from now on, the lot's pool counts it from that day, and what was used
// before waits to be cleared.
func (b *Books) moveLiability(ctx context.Context, tx Tx, lot *revrec.Lot, on ledger.Date) error {
	policy, err := policyByID(ctx, tx, lot.PolicyID)
	if err != nil {
		return err
	}
	if err := b.inPool(ctx, tx, policy, lot, func() { lot.LiabilityOn = on }); err != nil {
		return err
	}
	carry(lot)
	lookAgain(lot, policy.Breakage)
	lot.WaitFrom(on)
	return tx.AddLotDays(ctx, []LotDay{{CustomerID: lot.CustomerID, LotID: lot.ID, Day: on}})
}

// carry puts the price of a lot into its carrying amount, and has a lot that lapsed
// before looked at again: there is something to release now.
func carry(lot *revrec.Lot) {
	lot.Carrying = lot.Carrying.Add(lot.Price)
	lot.CarryingFunctional = lot.CarryingFunctional.Add(lot.Functional)
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
