package books

import (
	"context"

	"drawdown/ledger"
	"drawdown/revrec"
)

// BonusAct is what an act on a purchase moved in deferred revenue, where the bonus has another
// policy than the purchase; or, with no Number, what changes of a kind took out of the lots of
// the bonus on a day.
type BonusAct struct {
	PurchaseID              string
	PolicyID, BonusPolicyID string
	Month, Booked           ledger.Period
	Number                  int64
	Kind                    string // of the entry or the change; a refund of all is "REFUNDED"
	Day                     ledger.Date
	Within                  bool // the entry is one of those that were asked for
	Minor, Functional       int64
}

// takenBy says which changes of lots are of which act.
var takenBy = map[string][]string{
	string(ledger.RefundEntry):  {string(revrec.RefundedInPart), "REFUNDED"},
	string(ledger.DisputeEntry): {string(revrec.ChargedBack)},
	string(ledger.VoidEntry):    {string(revrec.Voided)},
}

// bonusApart moves what acts on purchases moved in deferred revenue to the policy of the bonus,
// as far as it is the bonus's: entries have the policy of the purchase, recognitions that of the
// lot.
func bonusApart(ctx context.Context, tx Tx, span MovementSpan, moved []CohortMovement, since bool) ([]CohortMovement, error) {
	acts, err := tx.BonusActs(ctx, span, since)
	if err != nil || len(acts) == 0 {
		return moved, err
	}
	ids := make([]string, len(acts))
	for i, act := range acts {
		ids[i] = act.PurchaseID
	}
	purchases, err := byID(tx.PurchasesByID(ctx, distinct(ids)))(func(p Purchase) string { return p.ID })
	if err != nil {
		return nil, err
	}
	of, err := jurisdictionsOf(ctx, tx, purchases)
	if err != nil {
		return nil, err
	}
	for len(acts) > 0 {
		n := 1
		for n < len(acts) && acts[n].PurchaseID == acts[0].PurchaseID {
			n++
		}
		for _, m := range purchases[acts[0].PurchaseID].bonusMoved(acts[:n]) {
			m.Jurisdiction = of[acts[0].PurchaseID]
			moved = append(moved, m)
		}
		acts = acts[n:]
	}
	return moved, nil
}

// jurisdictionsOf returns those of the lots of purchases, by purchase.
func jurisdictionsOf(ctx context.Context, tx Tx, purchases map[string]Purchase) (map[string]string, error) {
	ids := make([]string, 0, len(purchases))
	for _, p := range purchases {
		ids = append(ids, p.LotID)
	}
	lots, err := tx.LotsByID(ctx, distinct(ids))
	of := make(map[string]string, len(lots))
	for _, lot := range lots {
		of[lot.PurchaseID] = lot.Jurisdiction
	}
	return of, err
}

// bonusMoved is what goes from the policy of the purchase to that of its bonus. What is deferred
// is the bonus's in its share of all that was deferred by then.
func (p Purchase) bonusMoved(acts []BonusAct) (moved []CohortMovement) {
	type taking struct {
		kind string
		day  ledger.Date
	}
	taken := map[taking]BonusAct{}
	var deferred, deferredFunctional, before, beforeFunctional int64
	for _, act := range acts {
		if act.Number == 0 { // they come first
			taken[taking{act.Kind, act.Day}] = act
			continue
		}
		var minor, functional int64
		if changes, takes := takenBy[act.Kind]; takes {
			for _, kind := range changes { // of several acts of a day the first has all
				minor, functional = minor-taken[taking{kind, act.Day}].Minor, functional-taken[taking{kind, act.Day}].Functional
				delete(taken, taking{kind, act.Day})
			}
		} else {
			deferred, deferredFunctional = deferred+act.Minor, deferredFunctional+act.Functional
			_, now := p.Split(ledger.Money(deferred, p.Price.Currency))
			_, nowFunctional := p.Split(ledger.Money(deferredFunctional, p.Functional.Currency))
			minor, functional = now.Minor-before, nowFunctional.Minor-beforeFunctional
			before, beforeFunctional = now.Minor, nowFunctional.Minor
		}
		if !act.Within {
			continue
		}
		of := CohortMovement{PolicyID: act.BonusPolicyID, Month: act.Month, Currency: p.Price.Currency, Booked: act.Booked, Kind: ledger.EntryKind(act.Kind), Deferred: minor, FunctionalDeferred: functional}
		from := of
		from.PolicyID, from.Deferred, from.FunctionalDeferred = act.PolicyID, -minor, -functional
		moved = append(moved, from, of)
	}
	return moved
}
