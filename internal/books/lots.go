package books

import (
	"context"
	"slices"

	"drawdown/revrec"
)

// lotsOfPurchase holds the lots of a purchase: its own first, then that of a bonus and those in which
// credits of it live on at the same customer.
func (b *Books) lotsOfPurchase(ctx context.Context, tx Tx, p Purchase) ([]*revrec.Lot, error) {
	of, err := b.lotsOf(ctx, tx, []Purchase{p})
	return of[p.ID], err
}

// lotsOf holds the lots of the purchases, by the id of the purchase and its own first: all of
// them before the first entry is numbered, for a refund holds its lot when it waits for
// a number.
func (b *Books) lotsOf(ctx context.Context, tx Tx, purchases []Purchase) (map[string][]*revrec.Lot, error) {
	held := map[LotKey]*revrec.Lot{}
	for { // what came out of a lot while it was waited for, or as it rolled over now, is held too
		keys, err := lotKeysOf(ctx, tx, purchases)
		if err != nil {
			return nil, err
		}
		keys = slices.DeleteFunc(keys, func(key LotKey) bool { return held[key] != nil })
		if len(keys) == 0 {
			break
		}
		locked, _, err := b.lockLots(ctx, tx, keys)
		if err != nil {
			return nil, err
		}
		for _, lot := range locked {
			held[LotKey{lot.CustomerID, lot.ID}] = lot
		}
		if len(locked) < len(keys) {
			return nil, refuse(Internal, "", "%d lots of %d purchases are missing", len(keys)-len(locked), len(purchases))
		}
	}
	return byPurchase(purchases, held)
}

// lotSold names one of the lots that a purchase was sold as: what was bought, where none is
// named, or a bonus on terms of its own. Errors: INVALID.
func lotSold(p Purchase, id string) ([]LotKey, error) {
	switch id {
	case "", p.LotID:
		return []LotKey{{p.CustomerID, p.LotID}}, nil
	case p.BonusLotID:
		return []LotKey{{p.CustomerID, p.BonusLotID}}, nil
	}
	return nil, refuse(Invalid, "lot", "must be that of what was bought or of the bonus of this purchase, or be left out for what was bought")
}

func keysOf(lots []*revrec.Lot) []LotKey {
	keys := make([]LotKey, len(lots))
	for i, lot := range lots {
		keys[i] = LotKey{lot.CustomerID, lot.ID}
	}
	return keys
}

// lotKeysOf returns the keys of the lots of the purchases.
func lotKeysOf(ctx context.Context, tx Tx, purchases []Purchase) ([]LotKey, error) {
	of := make([]LotFilter, len(purchases))
	for i, p := range purchases {
		of[i] = LotFilter{CustomerID: p.CustomerID, PurchaseID: p.ID}
	}
	found, err := tx.LotsBelow(ctx, of, Page{})
	var keys []LotKey
	for _, lots := range found {
		for _, lot := range lots {
			keys = append(keys, LotKey{lot.CustomerID, lot.ID})
		}
	}
	return keys, err
}

// byPurchase puts lots under their purchases, the own lot of each first.
func byPurchase(purchases []Purchase, held map[LotKey]*revrec.Lot) (map[string][]*revrec.Lot, error) {
	of := make(map[string][]*revrec.Lot, len(purchases))
	for _, p := range purchases {
		own := held[LotKey{p.CustomerID, p.LotID}]
		if own == nil {
			return nil, refuse(Internal, "", "the lot of purchase %s is missing", p.ID)
		}
		of[p.ID] = []*revrec.Lot{own}
	}
	others := make([]*revrec.Lot, 0, len(held))
	for _, lot := range held {
		if of[lot.PurchaseID][0].ID != lot.ID {
			others = append(others, lot)
		}
	}
	slices.SortFunc(others, func(x, y *revrec.Lot) int {
		return LotKey{x.CustomerID, x.ID}.Compare(LotKey{y.CustomerID, y.ID})
	})
	for _, lot := range others {
		of[lot.PurchaseID] = append(of[lot.PurchaseID], lot)
	}
	return of, nil
}
