package store

import (
	"context"
	"fmt"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// derivedSteps derives from the payments of purchases in which steps the contract liability of
// their lots appeared that were paid in parts ahead of their due day.
func (f *findings) derivedSteps(ctx context.Context) error {
	last := firstID
	for {
		rows, err := query[purchaseRow](ctx, f.tx, "reading purchases that were paid in parts", `SELECT * FROM purchases WHERE id > ?
			AND (id IN (SELECT purchase_id FROM payments WHERE ahead) OR id IN (SELECT purchase_id FROM lots WHERE liability_steps IS NOT NULL))
			ORDER BY id LIMIT ?`, last, verifyChunk)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := f.stepsOfPurchases(ctx, convert(rows, purchaseRow.purchase)); err != nil {
			return err
		}
		last = rows[len(rows)-1].ID
	}
}

func (f *findings) stepsOfPurchases(ctx context.Context, purchases []books.Purchase) error {
	book, err := f.tx.Book(ctx)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(book.Zone)
	if err != nil {
		return err
	}
	filters := convert(purchases, func(p books.Purchase) books.LotFilter {
		return books.LotFilter{CustomerID: p.CustomerID, PurchaseID: p.ID}
	})
	below, err := f.tx.LotsBelow(ctx, filters, books.Page{})
	if err != nil {
		return err
	}
	var keys []books.LotKey
	for _, lots := range below {
		for _, lot := range lots {
			keys = append(keys, books.LotKey{CustomerID: lot.CustomerID, LotID: lot.ID})
		}
	}
	changes, err := f.tx.LotChanges(ctx, keys)
	if err != nil {
		return err
	}
	receipts, err := f.tx.PaymentsOf(ctx, convert(purchases, func(p books.Purchase) string { return p.ID }))
	if err != nil {
		return err
	}
	of := map[string][]books.Receipt{}
	for _, r := range receipts {
		of[r.PurchaseID] = append(of[r.PurchaseID], r)
	}
	dateOf := func(r books.Receipt) ledger.Date { return ledger.DateOf(r.PaidAt, zone) }
	for i, p := range purchases {
		f.stepsOfPurchase(p, below[i], changes, of[p.ID], dateOf)
	}
	return nil
}

func (f *findings) stepsOfPurchase(p books.Purchase, lots []revrec.Lot, changes map[string][]revrec.Change, receipts []books.Receipt, dateOf func(books.Receipt) ledger.Date) {
	own, bonus := p.StepsOf(receipts, dateOf)
	if whole, at := ahead(receipts); whole == 1 && receipts[at].Amount == p.Gross() { // at once
		own, bonus = nil, nil
	}
	pointers := make([]*revrec.Lot, len(lots))
	for i := range lots {
		pointers[i] = &lots[i]
	}
	derived := books.SteppedLots(p, pointers, changes, own, bonus, p.WholeOn(receipts, dateOf))
	booked := p.DueBooked || p.Status != books.PurchaseInvoiced
	for i, kept := range lots {
		if text, want := stepsSaid(kept, booked), stepsSaid(derived[i], booked); text != want {
			f.add("lot.steps", kept.ID, text, want)
		}
	}
}

// ahead counts the payments ahead of the due day, and says which is the last.
func ahead(receipts []books.Receipt) (count, at int) {
	for i, r := range receipts {
		if r.Ahead {
			count, at = count+1, i
		}
	}
	return count, at
}

// stepsSaid says when a lot's liability appears: what is booked with the rest counts no more.
func stepsSaid(lot revrec.Lot, booked bool) string {
	text := lot.LiabilityOn.String()
	for _, step := range lot.Steps {
		if lot.LiabilityOn == 0 || step.Day < lot.LiabilityOn || !booked {
			text += fmt.Sprintf(", %s %d (%d functional)", step.Day, step.Minor, step.Functional)
		}
	}
	return text
}

// steppedSums holds the sums that SQL goes by against the steps themselves.
func (f *findings) steppedSums(rows []lotRow) {
	for _, row := range rows {
		lot := row.lot()
		minor, functional := lot.Stepped()
		kept, derived := fmt.Sprint(row.SteppedMinor, ", ", row.SteppedFunctionalMinor), fmt.Sprint(minor, ", ", functional)
		if lot.PurchaseID == "" {
			derived = "0, 0" // of no purchase
		}
		if text := stepsText(lot.Steps); row.LiabilitySteps != text { // not as it is written
			kept, derived = kept+" "+row.LiabilitySteps, derived+" "+text
		}
		if kept != derived {
			f.add("lot.stepped", lot.ID, kept, derived)
		}
	}
}
