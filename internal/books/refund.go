package books

import (
	"context"
	"fmt"
	"slices"
	"time"

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
	// Credits is how many unused credits are taken back; nil is all of them, which ends the
	// purchase.
	Credits *decimal.Decimal `json:"credits,omitempty"`
	// FXRate is the functional currency per unit today; where nil that of the table of rates,
	// and the purchase's where it has none.
	FXRate *decimal.Decimal `json:"fxRate,omitempty"`
}

// refunding is a refund that was checked.
type refunding struct {
	RefundRequest
	paid    ledger.Amount
	credits revrec.Credits // 0 is all
	rate    decimal.Decimal
	at      time.Time
}

// Refund takes back unused credits of a purchase, all of them or so many, and pays the amount: Dr deferred
// revenue (the carrying amount), Dr refunds (any excess), Cr cash. Where less is paid
// than was carried, the difference is credited to refunds. Holds on the credits end. ASC
// 606-10-32-10.
// Errors: NOT_FOUND, NOT_PAID, ALREADY_REFUNDED, ALREADY_VOIDED, DISPUTED,
// AMOUNT_EXCEEDS_PRICE, INSUFFICIENT_CREDITS, CREDITS_HELD, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) Refund(ctx context.Context, key string, request RefundRequest) (Purchased, error) {
	return once(ctx, b, act{"purchase.refund", key, request}, func(ctx context.Context, tx Tx) (Purchased, string, error) {
		purchase, err := lockPurchase(ctx, tx, request.PurchaseID)
		if err != nil {
			return Purchased{}, "", err
		}
		refund, err := b.checkRefund(ctx, tx, request, purchase)
		if err != nil {
			return Purchased{}, "", err
		}
		lots, err := b.lotsOfPurchase(ctx, tx, purchase)
		if err != nil {
			return Purchased{}, "", err
		}
		if err := b.giveMoneyBack(ctx, tx, &purchase, lots, refund); err != nil {
			return Purchased{}, "", err
		}
		if err := tx.UpdatePurchase(ctx, purchase); err != nil {
			return Purchased{}, "", err
		}
		if err := tx.UpdateLots(ctx, lots); err != nil {
			return Purchased{}, "", err
		}
		done := Purchased{purchase, *lots[0]}
		return done, purchase.ID, b.tell(ctx, tx, refundNotice(done, refund))
	})
}

func (b *Books) checkRefund(ctx context.Context, tx Tx, request RefundRequest, purchase Purchase) (refunding, error) {
	refund := refunding{RefundRequest: request, at: b.clock()}
	if err := canRefund(purchase); err != nil {
		return refund, err
	}
	if err := checkText("reason", request.Reason, 0, maxNoteLength); err != nil {
		return refund, err
	}
	var err error
	if refund.paid, err = amountOf("amount", request.Amount, purchase.Price.Currency); err != nil {
		return refund, err
	}
	if most := purchase.kept(); refund.paid.Minor > most.Minor {
		return refund, refuse(AmountExceedsPrice, "amount", "must be at most what was paid and not given back, %s, not %s", most, refund.paid)
	}
	if request.Credits != nil {
		if refund.credits, err = creditsOf("credits", *request.Credits); err != nil {
			return refund, err
		}
	}
	refund.rate, err = b.rateOf(ctx, tx, request.FXRate, purchase, ledger.DateOf(refund.at, b.zone))
	return refund, err
}

func canRefund(purchase Purchase) error {
	switch purchase.Status {
	case PurchaseRefunded:
		return alreadyRefunded(purchase)
	case PurchaseInvoiced:
		return refuse(NotPaid, "purchaseId", "names a purchase that is not paid: there is nothing to refund")
	case PurchaseVoided:
		return alreadyVoided(purchase)
	case PurchasePaid:
	}
	if purchase.Dispute == DisputeOpen {
		return disputed(purchase)
	}
	return nil
}

// giveMoneyBack takes credits back and books what is paid for them.
func (b *Books) giveMoneyBack(ctx context.Context, tx Tx, purchase *Purchase, lots []*revrec.Lot, refund refunding) error {
	purchase.RefundAmount = purchase.RefundAmount.Add(refund.paid)
	if refund.credits > 0 {
		taken, err := b.takePart(ctx, tx, lots, refund.credits, refund.at, refund.Reason)
		if err != nil {
			return err
		}
		return b.postRefund(ctx, tx, *purchase, refund, taken)
	}
	purchase.RefundedAt, purchase.Status = refund.at, PurchaseRefunded
	taken, err := b.takeBack(ctx, tx, *purchase, lots)
	if err != nil {
		return err
	}
	if err := b.postRefund(ctx, tx, *purchase, refund, taken); err != nil {
		return err
	}
	return b.endHolds(ctx, tx, lots, "the purchase was refunded")
}

// takeBack takes the unused credits and their carrying amount out of the lots of the
// purchase, their pools and deferred revenue.
func (b *Books) takeBack(ctx context.Context, tx Tx, purchase Purchase, lots []*revrec.Lot) (revrec.TakeBack, error) {
	all := revrec.NothingOf(*lots[0])
	for _, lot := range lots {
		taken, err := b.takeBackLot(ctx, tx, purchase, lot)
		if err != nil {
			return all, err
		}
		all = all.Add(taken)
	}
	return all, nil
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
	cohorts := cohortMonths{}
	cohorts.add(lot, CohortMonth{Month: today.Period(), Refunded: taken.Credits})
	if err := cohorts.write(ctx, tx, b.moveNow()); err != nil {
		return taken, err
	}
	return taken, b.addToPool(ctx, tx, policy, *lot, revrec.RefundInPool(*lot))
}

// postRefund books a refund. Cash leaves at the rate of the day, and what that makes of it is
// an exchange gain or loss: ASC 830-20-35-1.
func (b *Books) postRefund(ctx context.Context, tx Tx, p Purchase, refund refunding, taken revrec.TakeBack) error {
	paid := refund.paid
	booked, err := b.functional(paid, p.FXRate)
	if err != nil {
		return err
	}
	if paid == taken.Amount { // the same rounding as of the carrying amount
		booked = taken.Functional
	}
	cash := booked
	if !refund.rate.Equal(p.FXRate) {
		if cash, err = b.functional(paid, refund.rate); err != nil {
			return err
		}
	}
	d, err := dimensionsOf(ctx, tx, p)
	if err != nil {
		return err
	}
	return b.post(ctx, tx, ledger.Entry{
		Kind: ledger.RefundEntry, OccurredOn: ledger.DateOf(refund.at, b.zone), Reference: p.ID,
		Description: fmt.Sprintf("Refund to %s, %s taken back", d.Customer, counted(taken.Credits.String(), "credit")),
		Lines: ledger.WithoutZeros(
			ledger.Debit(ledger.DeferredRevenue, taken.Amount, taken.Functional, d),
			ledger.Debit(ledger.Refunds, paid.Sub(taken.Amount), booked.Sub(taken.Functional), d),
			exchange(paid, cash.Sub(booked), d),
			ledger.Credit(ledger.Cash, paid, cash, d),
		),
	})
}

// drawnDays returns the days on which something was drawn.
func drawnDays(days []revrec.LotDay) []revrec.LotDay {
	return slices.DeleteFunc(days, func(day revrec.LotDay) bool { return day.Drawn == 0 })
}
