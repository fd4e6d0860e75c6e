package books

import (
	"context"
	"slices"

	"drawdown/revrec"
)

// endHolds ends holds on credits that the company took out of the lots, the latest first,
// until what is left covers those that stand: a hold that cannot be honoured is none. The
// caller has the lots, and has taken out of them what it takes.
func (b *Books) endHolds(ctx context.Context, tx Tx, lots []*revrec.Lot, why string) error {
	now := b.clock()
	if err := findHeld(ctx, tx, lots, now); err != nil {
		return err
	}
	short := slices.DeleteFunc(slices.Clone(lots), func(lot *revrec.Lot) bool { return lot.Held <= max(lot.Unused(), 0) })
	if len(short) == 0 {
		return nil
	}
	holds, err := tx.LockHoldsOf(ctx, keysOf(short), now)
	if err != nil {
		return err
	}
	var ended []notice
	for _, hold := range holds {
		inTheWay := slices.ContainsFunc(short, func(lot *revrec.Lot) bool {
			return lot.Held > max(lot.Unused(), 0) && slices.Contains(hold.lots(), LotKey{lot.CustomerID, lot.ID})
		})
		if !inTheWay {
			continue
		}
		hold.Status, hold.EndedAt, hold.Reason = HoldReleased, now, why
		var ours []LotKey
		for _, part := range hold.Parts {
			i := slices.IndexFunc(lots, func(lot *revrec.Lot) bool { return lot.ID == part.LotID })
			if i >= 0 {
				lots[i].Held -= part.Credits
				ours = append(ours, LotKey{part.CustomerID, part.LotID})
			}
		}
		if err := tx.EndHold(ctx, hold, ours); err != nil {
			return err
		}
		ended = append(ended, holdNotice(NoticeHoldReleased, hold))
	}
	return b.tell(ctx, tx, ended...)
}
