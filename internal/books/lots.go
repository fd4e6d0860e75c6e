package books

import (
	"context"
	"slices"

	"drawdown/revrec"
)

// lockOwnLots holds the lots that a purchase made, what was bought first.
func (p Purchase) lockOwnLots(ctx context.Context, tx Tx) ([]*revrec.Lot, error) {
	found, err := tx.LockLots(ctx, p.ownLots())
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*revrec.Lot, len(found))
	for _, lot := range found {
		byID[lot.ID] = lot
	}
	return p.lotsOf(byID)
}

// lotsOf returns the lots that the purchase made out of those that are held, by id.
func (p Purchase) lotsOf(held map[string]*revrec.Lot) ([]*revrec.Lot, error) {
	lots := make([]*revrec.Lot, 0, 2)
	for _, key := range p.ownLots() {
		if held[key.LotID] == nil {
			return nil, refuse(Internal, "", "lot %s of purchase %s is missing", key.LotID, p.ID)
		}
		lots = append(lots, held[key.LotID])
	}
	return lots, nil
}

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
