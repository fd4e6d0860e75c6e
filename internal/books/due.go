package books

import (
	"context"

	"drawdown/ledger"
	"drawdown/revrec"
)

// due books invoices whose due date has come by through: the right to payment is
// unconditional, so receivable and contract liability appear. ASC 606-10-45-2, 45-4.
func (b *Books) due(ctx context.Context, tx Tx, run *running) (more bool, err error) {
	purchases, err := tx.DuePurchases(ctx, run.through, b.bounds.Invoices)
	if err != nil || len(purchases) == 0 {
		return false, err
	}
	lots, err := b.lotsOf(ctx, tx, purchases)
	if err != nil {
		return false, err
	}
	changed := make([]*revrec.Lot, 0, len(purchases))
	for i := range purchases {
		if i > 0 && b.hadTurn(run) {
			purchases = purchases[:i]
			break // the rest waits for the next step
		}
		own := lots[purchases[i].ID]
		if err := b.bookDue(ctx, tx, &purchases[i], own); err != nil {
			return false, err
		}
		if err := tx.UpdatePurchase(ctx, purchases[i]); err != nil {
			return false, err
		}
		changed = append(changed, own...)
	}
	run.result.Lots += int64(len(purchases))
	// Another step, unless nothing is left: a purchase that is paid while it is waited for
	// leaves a step that is not full.
	return true, tx.UpdateLots(ctx, changed)
}

// bookDue books the receivable of one purchase on its due day: what was not paid ahead.
func (b *Books) bookDue(ctx context.Context, tx Tx, purchase *Purchase, lots []*revrec.Lot) error {
	purchase.DueBooked = true
	for _, lot := range lots {
		if len(lot.Steps) > 0 {
			completeSteps(lot)
		} else {
			carry(lot)
		}
	}
	rest := purchase.rest()
	return b.postPurchase(ctx, tx, ledger.DueEntry, ledger.AccountsReceivable, *purchase, rest, rest.functional(), purchase.DueOn)
}
