package books

import (
	"context"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// RefundRequest asks to take back what is unused of a purchase and pay the amount, in
// the currency of the purchase.
type RefundRequest struct {
	PurchaseID string          `json:"purchaseId"`
	Amount     decimal.Decimal `json:"amount"`
	Reason     string          `json:"reason"`
}

// Refund takes back all unused credits of a purchase and pays the amount: Dr deferred
// revenue (the carrying amount), Dr refunds (any excess), Cr cash. Where less is paid
// than was carried, the difference is credited to refunds. Holds on the credits end. ASC
// 606-10-32-10.
// Errors: NOT_FOUND, NOT_PAID, ALREADY_REFUNDED, ALREADY_VOIDED, DISPUTED,
// AMOUNT_EXCEEDS_PRICE, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) Refund(ctx context.Context, key string, request RefundRequest) (Purchased, error) {
	return once(ctx, b, act{"purchase.refund", key, request}, func(ctx context.Context, tx Tx) (Purchased, string, error) {
		purchase, err := lockPurchase(ctx, tx, request.PurchaseID)
		if err != nil {
			return Purchased{}, "", err
		}
		if err := b.checkRefund(request, &purchase); err != nil {
			return Purchased{}, "", err
		}
		lots, err := b.lotsOfPurchase(ctx, tx, purchase)
		if err != nil {
			return Purchased{}, "", err
		}
		purchase.RefundedAt = b.clock()
		if err := b.takeBack(ctx, tx, purchase, lots); err != nil {
			return Purchased{}, "", err
		}
		if err := b.endHolds(ctx, tx, lots, "the purchase was refunded"); err != nil {
			return Purchased{}, "", err
		}
		purchase.Status = PurchaseRefunded
		if err := tx.UpdatePurchase(ctx, purchase); err != nil {
			return Purchased{}, "", err
		}
		return Purchased{purchase, *lots[0]}, purchase.ID, tx.UpdateLots(ctx, lots)
	})
}

func (b *Books) checkRefund(request RefundRequest, purchase *Purchase) error {
	switch purchase.Status {
	case PurchaseRefunded:
		return alreadyRefunded(*purchase)
	case PurchaseInvoiced:
		return refuse(NotPaid, "purchaseId", "names a purchase that is not paid: there is nothing to refund")
	case PurchaseVoided:
		return alreadyVoided(*purchase)
	case PurchasePaid:
	}
	if purchase.Dispute == DisputeOpen {
		return disputed(*purchase)
	}
	if err := checkText("reason", request.Reason, 0, maxNoteLength); err != nil {
		return err
	}
	var err error
	if purchase.RefundAmount, err = amountOf("amount", request.Amount, purchase.Price.Currency); err != nil {
		return err
	}
	if most := purchase.Price.Minor - purchase.LostAmount.Minor; purchase.RefundAmount.Minor > most {
		return refuse(AmountExceedsPrice, "amount", "must be at most what was paid and not charged back, %s, not %s",
			ledger.Money(most, purchase.Price.Currency), purchase.RefundAmount)
	}
	return nil
}

// takeBack takes the unused credits and their carrying amount out of the lots of the
// purchase, their pools and deferred revenue.
func (b *Books) takeBack(ctx context.Context, tx Tx, purchase Purchase, lots []*revrec.Lot) error {
	all := revrec.NothingOf(*lots[0])
	for _, lot := range lots {
		taken, err := b.takeBackLot(ctx, tx, purchase, lot)
		if err != nil {
			return err
		}
		all = all.Add(taken)
	}
	return b.postRefund(ctx, tx, purchase, all)
}

func (b *Books) takeBackLot(ctx context.Context, tx Tx, purchase Purchase, lot *revrec.Lot) (taken revrec.TakeBack, err error) {
	policy, err := policyByID(ctx, tx, lot.PolicyID)
	if err != nil {
		return taken, err
	}
	days, err := tx.LotDaysWithin(ctx, WholeLots([]LotKey{{lot.CustomerID, lot.ID}}))
	if err != nil {
		return taken, err
	}
	today := ledger.DateOf(purchase.RefundedAt, b.zone)
	taken = revrec.RefundOf(*lot, policy.Breakage, drawnDays(days[0]), purchase.RefundedAt, today)
	lot.Refunded, lot.RefundedOn = taken.Credits, today
	lot.RefundedAmount, lot.RefundedFunctional = taken.Amount, taken.Functional
	lot.Carrying, lot.CarryingFunctional = lot.Carrying.Sub(taken.Amount), lot.CarryingFunctional.Sub(taken.Functional)
	return taken, b.addToPool(ctx, tx, policy, *lot, revrec.RefundInPool(*lot))
}

func (b *Books) postRefund(ctx context.Context, tx Tx, p Purchase, taken revrec.TakeBack) error {
	paid := p.RefundAmount
	functional, err := b.functional(paid, p.FXRate)
	if err != nil {
		return err
	}
	if paid == taken.Amount { // the same rounding as of the carrying amount
		functional = taken.Functional
	}
	d, err := dimensionsOf(ctx, tx, p)
	if err != nil {
		return err
	}
	return b.post(ctx, tx, ledger.Entry{
		Kind: ledger.RefundEntry, OccurredOn: ledger.DateOf(p.RefundedAt, b.zone), Reference: p.ID,
		Description: fmt.Sprintf("Refund to %s, %s taken back", d.Customer, counted(taken.Credits.String(), "credit")),
		Lines: ledger.WithoutZeros(
			ledger.Debit(ledger.DeferredRevenue, taken.Amount, taken.Functional, d),
			ledger.Debit(ledger.Refunds, paid.Sub(taken.Amount), functional.Sub(taken.Functional), d),
			ledger.Credit(ledger.Cash, paid, functional, d),
		),
	})
}

// drawnDays returns the days on which something was drawn.
func drawnDays(days []revrec.LotDay) []revrec.LotDay {
	return slices.DeleteFunc(days, func(day revrec.LotDay) bool { return day.Drawn == 0 })
}
