package books

import (
	"context"
	"time"

	"drawdown/revrec"
)

// takePart takes so many of the unused credits out of the lots of a purchase, its own first,
// each with its part of the price, and leaves the rest in use. What lapsed, or is kept by
// a hold, stays where it is. Errors: INSUFFICIENT_CREDITS, CREDITS_HELD.
func (b *Books) takePart(ctx context.Context, tx Tx, lots []*revrec.Lot, credits revrec.Credits, at time.Time, reason string) (revrec.TakeBack, error) {
	taken := revrec.NothingOf(*lots[0])
	if err := checkFree(ctx, tx, lots, credits, at); err != nil {
		return taken, err
	}
	for _, lot := range lots {
		part := min(credits-taken.Credits, lot.Spendable(at))
		if part == 0 {
			continue
		}
		policy, err := policyByID(ctx, tx, lot.PolicyID)
		if err != nil {
			return taken, err
		}
		change := b.newChange(revrec.RefundedInPart, lot, at, reason)
		change.Credits = part
		released, err := isReleased(ctx, tx, policy, lot, change.Day)
		if err != nil {
			return taken, err
		}
		if !released && lot.LiabilityOn <= change.Day { // as of a refund of all: see revrec.RefundOf
			change.Amount, change.Functional = lot.PriceOf(part)
		}
		if err := b.remove(ctx, tx, policy, lot, change); err != nil {
			return taken, err
		}
		taken = taken.Add(revrec.TakeBack{Credits: part, Amount: change.Amount, Functional: change.Functional})
	}
	return taken, nil
}

// checkFree refuses more credits than can be used now of the lots, free of holds.
func checkFree(ctx context.Context, tx Tx, lots []*revrec.Lot, credits revrec.Credits, at time.Time) error {
	if err := findHeld(ctx, tx, lots, at); err != nil {
		return err
	}
	var free, held revrec.Credits
	for _, lot := range lots {
		free, held = free+lot.Spendable(at), held+lot.Withheld(at)
	}
	switch {
	case credits <= free:
		return nil
	case credits <= free+held:
		return refuse(CreditsHeld, "credits", "must be at most %s: holds keep %s more", free, held)
	}
	return refuse(InsufficientCredits, "credits", "must be at most what can still be used of the purchase, %s, not %s", free, credits)
}
