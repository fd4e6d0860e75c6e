package store

import (
	"context"
	"fmt"

	"drawdown/internal/books"
)

// soldByPack holds the price of each purchase of a pack against the version that it names.
func (f *findings) soldByPack(ctx context.Context) error {
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
			"SELECT * FROM purchases WHERE id > ? AND pack_id IS NOT NULL ORDER BY id LIMIT ?", last, verifyChunk)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			f.packPrice(row.purchase(), byID[row.PackID])
		}
		last = rows[len(rows)-1].ID
	}
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
