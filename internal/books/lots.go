package books

import (
	"context"
	"slices"

	"drawdown/revrec"
)

// lots holds the lots of a purchase: its own first, then those in which credits of it live
// on at the same customer.
func (p Purchase) lots(ctx context.Context, tx Tx) ([]*revrec.Lot, error) {
	found, err := tx.Lots(ctx, LotFilter{PurchaseID: p.ID}, Page{})
	if err != nil {
		return nil, err
	}
	keys := make([]LotKey, len(found))
	for i, lot := range found {
		keys[i] = LotKey{lot.CustomerID, lot.ID}
	}
	lots, err := tx.LockLots(ctx, keys)
	if err != nil {
		return nil, err
	}
	own := slices.IndexFunc(lots, func(lot *revrec.Lot) bool { return lot.ID == p.LotID })
	if own < 0 {
		return nil, refuse(Internal, "", "the lot of purchase %s is missing", p.ID)
	}
	lots[0], lots[own] = lots[own], lots[0]
	return lots, nil
}
