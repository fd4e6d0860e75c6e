package books

import (
	"context"
	"slices"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// takeAgain takes what the void of an event gave back out of lots whose purchase is void or
// charged back whole: nothing is paid for those credits. Their revenue is reversed, and so
// is what stood against it. It returns the lots that it changed, for the caller to write.
func (b *Books) takeAgain(ctx context.Context, tx Tx, lots []*revrec.Lot, policies map[string]Policy, at time.Time) ([]*revrec.Lot, error) {
	var ids []string
	for _, lot := range lots {
		if lot.PurchaseID != "" {
			ids = append(ids, lot.PurchaseID)
		}
	}
	purchases, err := tx.PurchasesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	var taken []*revrec.Lot
	for _, lot := range lots {
		i := slices.IndexFunc(purchases, func(p Purchase) bool { return p.ID == lot.PurchaseID })
		if i < 0 || lot.Unused() == 0 {
			continue
		}
		switch p := purchases[i]; {
		case p.Status == PurchaseVoided:
			err = b.takeOfVoid(ctx, tx, p, lot, policies[lot.PolicyID], at)
		case p.LostAmount.Minor > 0 && p.kept().Minor == 0:
			err = b.takeOfLost(ctx, tx, p, lot, policies[lot.PolicyID], at)
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		taken = append(taken, lot)
	}
	return taken, nil
}

func (b *Books) takeOfVoid(ctx context.Context, tx Tx, p Purchase, lot *revrec.Lot, policy Policy, at time.Time) error {
	change := b.takeVoided(lot, at, "")
	amount, functional := lot.PriceOf(change.Credits)
	if err := b.remove(ctx, tx, policy, lot, change); err != nil {
		return err
	}
	against := ledger.UnbilledReceivable
	if lot.LiabilityOn != 0 {
		against = ledger.DeferredRevenue
	}
	return b.postVoid(ctx, tx, p, change.Day, "Void of a use after the void", func(d ledger.Dimensions) []ledger.Line {
		return []ledger.Line{ledger.Debit(against, amount, functional, d), ledger.Credit(ledger.Refunds, amount, functional, d)}
	})
}

func (b *Books) takeOfLost(ctx context.Context, tx Tx, p Purchase, lot *revrec.Lot, policy Policy, at time.Time) error {
	change := b.newChange(revrec.ChargedBack, lot, at, "")
	change.Credits = lot.Unused()
	change.Amount, change.Functional = lot.PriceOf(change.Credits)
	if err := b.remove(ctx, tx, policy, lot, change); err != nil {
		return err
	}
	return b.postDispute(ctx, tx, p, at, "Void of a use after the chargeback by %s", func(d ledger.Dimensions) []ledger.Line {
		return []ledger.Line{
			ledger.Debit(ledger.DeferredRevenue, change.Amount, change.Functional, d),
			ledger.Credit(ledger.Disputes, change.Amount, change.Functional, d),
		}
	})
}
