package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"drawdown/internal/books"
)

// derivedPurchases holds the price of each purchase of a pack against the version that it
// names, and the parts that a bonus with terms of its own and what was bought have of it
// against those terms.
func (f *findings) derivedPurchases(ctx context.Context) error {
	packs, err := f.tx.Packs(ctx, books.CatalogFilter{}, books.Page{})
	if err != nil {
		return err
	}
	byID := make(map[string]*books.Pack, len(packs))
	for i := range packs {
		byID[packs[i].ID] = &packs[i]
	}
	last := firstID
	for {
		rows, err := query[purchaseRow](ctx, f.tx, "reading purchases to verify",
			"SELECT * FROM purchases WHERE id > ? AND (pack_id IS NOT NULL OR bonus_lot_id IS NOT NULL) ORDER BY id LIMIT ?", last, verifyChunk)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if row.PackID != "" {
				f.packPrice(row.purchase(), byID[row.PackID])
			}
		}
		if err := f.bonusPrices(ctx, rows); err != nil {
			return err
		}
		last = rows[len(rows)-1].ID
	}
}

func (f *findings) bonusPrices(ctx context.Context, rows []purchaseRow) error {
	with := map[string]books.Purchase{}
	for _, row := range rows {
		if row.BonusLotID != "" {
			with[row.BonusLotID] = row.purchase()
		}
	}
	lots, err := f.tx.LotsByID(ctx, slices.Sorted(maps.Keys(with)))
	for _, lot := range lots {
		p := with[lot.ID]
		_, price := p.Split(p.Price)
		_, functional := p.Split(p.Functional)
		if kept, derived := fmt.Sprint(lot.Price, ", ", lot.Functional), fmt.Sprint(price, ", ", functional); kept != derived {
			f.add("purchase.bonusPrice", p.ID, kept, derived)
		}
	}
	return err
}

func (f *findings) packPrice(p books.Purchase, pack *books.Pack) {
	kept := fmt.Sprintf("version %d, %s", p.PackVersion, p.Price)
	if pack == nil {
		f.add("purchase.pack", p.ID, kept, "no pack "+p.PackID)
		return
	}
	version := pack.Version(p.PackVersion)
	if version == nil {
		f.add("purchase.pack", p.ID, kept, fmt.Sprintf("%d versions of %s", len(pack.Versions()), pack.Code))
		return
	}
	price, err := version.PriceOf(*pack, p.Credits)
	if err != nil {
		f.add("purchase.pack", p.ID, kept, err.Error())
	} else if price != p.Price {
		f.add("purchase.pack", p.ID, kept, fmt.Sprintf("version %d, %s", version.Number, price))
	}
}
