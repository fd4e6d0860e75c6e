package books

import (
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// Payment asks to book the payment of an invoiced purchase.
type Payment struct {
	PurchaseID string    `json:"purchaseId"`
	PaidAt     time.Time `json:"paidAt"` // now where zero
	// Amount is what was paid, price and tax, in the currency of the purchase; all that is
	// outstanding where nil.
	Amount *decimal.Decimal `json:"amount,omitempty"`
	// FXRate is the functional currency per unit on that day; where nil that of the table of
	// rates, and the purchase's where it has none.
	FXRate *decimal.Decimal `json:"fxRate,omitempty"`
}

// Pay books the payment of an invoiced purchase, in one payment or in parts. Paid on its due
// day or before, the contract liability appears with the payment, as far as it goes; paid
// later, the receivable that fell due is settled. ASC 606-10-45-2, 45-4. What the rate of the
// day makes of it is an exchange gain or loss: ASC 830-20-35-1.
// Errors: NOT_FOUND, ALREADY_PAID, ALREADY_VOIDED, AMOUNT_EXCEEDS_PRICE, TOO_LARGE, INVALID,
// IDEMPOTENCY_CONFLICT.
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
		receipt, err := b.receiptOf(ctx, tx, request, purchase)
		if err != nil {
			return Purchased{}, "", err
		}
		lots, err := b.lotsOfPurchase(ctx, tx, purchase)
		if err != nil {
			return Purchased{}, "", err
		}
		if err := b.settlePayment(ctx, tx, &purchase, lots, &receipt); err != nil {
			return Purchased{}, "", err
		}
		if err := keepReceipt(ctx, tx, &purchase, receipt); err != nil {
			return Purchased{}, "", err
		}
		if err := tx.UpdatePurchase(ctx, purchase); err != nil {
			return Purchased{}, "", err
		}
		if err := tx.UpdateLots(ctx, lots); err != nil {
			return Purchased{}, "", err
		}
		done := Purchased{purchase, *lots[0]}
		return done, purchase.ID, b.tell(ctx, tx, paymentNotices(done, receipt)...)
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

// keepReceipt keeps a payment, and has the purchase be paid once nothing is outstanding.
func keepReceipt(ctx context.Context, tx Tx, purchase *Purchase, receipt Receipt) error {
	purchase.InParts = ledger.Money(purchase.InParts.Minor+receipt.Amount.Minor, receipt.Amount.Currency)
	if purchase.Outstanding().IsZero() {
		purchase.Status, purchase.PaidAt = PurchasePaid, receipt.PaidAt
	}
	if receipt.Amount.IsZero() {
		return nil
	}
	return tx.InsertPayment(ctx, receipt)
}

func (b *Books) settlePayment(ctx context.Context, tx Tx, purchase *Purchase, lots []*revrec.Lot, receipt *Receipt) error {
	paidOn := b.paidOn(*receipt)
	whole := receipt.Amount == purchase.Outstanding()
	before, err := tx.PaymentsOf(ctx, []string{purchase.ID})
	if err != nil {
		return err
	}
	if !whole && len(before) >= maxReceipts-1 {
		return refuse(TooLarge, "amount", "must be all that is outstanding, %s: a purchase is paid in at most %d parts", purchase.Outstanding(), maxReceipts)
	}
	today := ledger.DateOf(b.clock(), b.zone)
	if purchase.DueBooked || (purchase.DueOn != 0 && today > purchase.DueOn) { // whether a job booked it or not
		if !purchase.DueBooked {
			if err := b.bookDue(ctx, tx, purchase, lots); err != nil {
				return err
			}
		}
		return b.postSettlement(ctx, tx, *purchase, *receipt, paidOn)
	}
	receipt.Ahead = true
	if whole && purchase.InParts.IsZero() {
		err = b.moveLiability(ctx, tx, lots, paidOn)
	} else {
		err = b.stepLiability(ctx, tx, *purchase, lots, append(before, *receipt))
	}
	if err != nil {
		return err
	}
	return b.postAhead(ctx, tx, *purchase, *receipt, paidOn)
}

// postSettlement takes a payment off the receivable: Dr cash at the rate of the day, Cr
// accounts receivable as it was booked; the difference is an exchange gain or loss.
// ASC 830-20-35-1.
func (b *Books) postSettlement(ctx context.Context, tx Tx, p Purchase, receipt Receipt, paidOn ledger.Date) error {
	d, err := dimensionsOf(ctx, tx, p)
	if err != nil {
		return err
	}
	return b.post(ctx, tx, ledger.Entry{
		Kind: ledger.PaymentEntry, OccurredOn: paidOn, Reference: p.ID,
		Description: "Payment by " + d.Customer,
		Lines: ledger.WithoutZeros(
			ledger.Debit(ledger.Cash, receipt.Amount, receipt.Functional, d),
			exchange(receipt.Amount, receipt.Settled.Sub(receipt.Functional), d),
			ledger.Credit(ledger.AccountsReceivable, receipt.Amount, receipt.Settled, d),
		),
	})
}

// exchange is the line of what a rate made of an amount: a loss in debit, a gain in credit. It
// moves nothing in the currency of the contract.
func exchange(amount, loss ledger.Amount, d ledger.Dimensions) ledger.Line {
	return ledger.Debit(ledger.FXGainLoss, ledger.Money(0, amount.Currency), loss, d)
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
