package books

import (
	"context"

	"drawdown/ledger"
	"drawdown/revrec"
)

// due books invoices whose due date has come by through: the right to payment is
// unconditional, so receivable and contract liability appear. ASC 606-10-45-2, 45-4.
func (b *Books) due(ctx context.Context, tx Tx, run *running) (more bool, err error) {
	purchases, err := tx.DuePurchases(ctx, run.through, stepPurchases)
	if err != nil || len(purchases) == 0 {
		return false, err
	}
	for i := range purchases {
		lots, err := tx.LockLots(ctx, []LotKey{{purchases[i].CustomerID, purchases[i].LotID}})
		if err != nil {
			return false, err
		}
		if err := b.bookDue(ctx, tx, &purchases[i], lots[0]); err != nil {
			return false, err
		}
		if err := tx.UpdatePurchase(ctx, purchases[i]); err != nil {
			return false, err
		}
		if err := tx.UpdateLots(ctx, lots); err != nil {
			return false, err
		}
	}
	run.result.Lots += int64(len(purchases))
	return len(purchases) == stepPurchases, nil
}

// bookDue books the receivable of one purchase on its due day.
func (b *Books) bookDue(ctx context.Context, tx Tx, purchase *Purchase, lot *revrec.Lot) error {
	purchase.DueBooked = true
	b.carry(*purchase, lot)
	return b.postPurchase(ctx, tx, ledger.DueEntry, ledger.AccountsReceivable, *purchase, purchase.DueOn)
}
