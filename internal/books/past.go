package books

import (
	"context"
	"math"
	"time"

	"drawdown/revrec"
)

// past shows lots as they were at an instant, by the acts that came after it: each of them is
// kept with the instant at which it was done. A lot that comes to its expiry rolls over at that
// instant, whenever somebody had to hold it and wrote so.
type past struct {
	at        time.Time
	purchases map[string]Purchase        // of the lots, by id
	changes   map[string][]revrec.Change // of the lots, by lot
	into      map[string]revrec.Change   // by the lot that came out of one
}

// forEver comes after every instant.
var forEver = time.UnixMicro(math.MaxInt64).UTC()

// read reads what it goes by of all lots of a customer.
func (p *past) read(ctx context.Context, tx Tx, customerID string, lots []revrec.Lot) error {
	var ids []string
	for i := range lots {
		if lots[i].PurchaseID != "" {
			ids = append(ids, lots[i].PurchaseID)
		}
	}
	purchases, err := tx.PurchasesByID(ctx, distinct(ids))
	if err != nil {
		return err
	}
	p.purchases = make(map[string]Purchase, len(purchases))
	for _, purchase := range purchases {
		p.purchases[purchase.ID] = purchase
	}
	if p.changes, err = tx.LotChanges(ctx, keysOf(pointersTo(lots))); err != nil {
		return err
	}
	p.into, err = tx.ChangesInto(ctx, customerID)
	return err
}

// began returns the instant at which a lot came to be. Of what was given before the book kept
// it, that is the instant at which the credits began. What rolled over came to be at the expiry
// of the other lot, or with it, where that was bought with an end that had passed.
func (p *past) began(lot *revrec.Lot, all map[string]*revrec.Lot) time.Time {
	if change, split := p.into[lot.ID]; split {
		if from := all[change.LotID]; from != nil && change.Kind == revrec.RolledOver {
			return later(change.At, p.began(from, all))
		}
		return change.At
	}
	if purchase, sold := p.purchases[lot.PurchaseID]; sold {
		return purchase.CreatedAt
	}
	if lot.CreatedAt.IsZero() {
		return lot.StartsAt
	}
	return lot.CreatedAt
}

// asTheyWere leaves out the lots, the purchases and the changes that came later, and takes back what
// became of the others since: their end, what was taken out of them, and drawn, which is what
// was drawn since by lot.
func (p *past) asTheyWere(lots []revrec.Lot, drawn map[string]revrec.Credits) []revrec.Lot {
	all := make(map[string]*revrec.Lot, len(lots))
	for i := range lots {
		all[lots[i].ID] = &lots[i]
	}
	had := make([]revrec.Lot, 0, len(lots))
	for i := range lots {
		if !p.began(&lots[i], all).After(p.at) {
			had = append(had, lots[i])
		}
	}
	lots = had
	for i := range lots {
		lot := &lots[i]
		lot.Drawn -= drawn[lot.ID]
		if lot.Refunded > 0 && p.purchases[lot.PurchaseID].RefundedAt.After(p.at) {
			lot.Refunded, lot.RefundedOn = 0, 0
		}
		kept := p.changes[lot.ID][:0:0]
		for _, change := range p.changes[lot.ID] {
			if !change.At.After(p.at) {
				kept = append(kept, change)
				continue
			}
			takeBackChange(lot, change)
		}
		p.changes[lot.ID] = kept
		if lot.ExpiresAt.IsZero() || lot.ExpiresAt.After(p.at) { // what lapsed did so later
			lot.Lapsed = 0
		}
	}
	for id, purchase := range p.purchases {
		if purchase.CreatedAt.After(p.at) {
			delete(p.purchases, id)
		}
	}
	return lots
}

// takeBackChange undoes a change that came later.
func takeBackChange(lot *revrec.Lot, change revrec.Change) {
	lot.Removed -= change.Credits
	switch change.Kind {
	case revrec.Extended: // from before its end was kept: both ends are later than the extension, and so than the instant
		if was := change.WasExpiresAt; !was.IsZero() && (lot.ExpiresAt.IsZero() || was.Before(lot.ExpiresAt)) { // of several, the first
			lot.ExpiresAt, lot.LapsesOn = was, change.WasLapsesOn
		}
	case revrec.RolledOver:
		lot.Rolls = true
	case revrec.Voided, revrec.ChargedBack, revrec.RefundedInPart, revrec.Transferred, revrec.Reinstated:
	}
}

// policyOf returns the policy that governed the customer's use: that of the latest purchase, or else the one
// under which the first credits came. lots are the customer's as they were, in their order.
func (p *past) policyOf(customerID string, lots []revrec.Lot) string {
	var last, opening Purchase
	for i := range lots {
		purchase, sold := p.purchases[lots[i].PurchaseID]
		switch {
		case !sold || purchase.CustomerID != customerID || lots[i].ID != purchase.LotID:
		case purchase.OpeningOn == 0:
			if !purchase.CreatedAt.Before(last.CreatedAt) {
				last = purchase
			}
		case opening.ID == "" && i == 0, opening.CreatedAt.Equal(purchase.CreatedAt): // taken over at once: the latest
			opening = purchase
		}
	}
	switch {
	case last.ID != "":
		return last.PolicyID
	case opening.ID != "":
		return opening.PolicyID
	}
	return lots[0].PolicyID
}

// readUnfree fills in what kept credits of a customer's lots from use: chargebacks that were open, and holds.
func (p *past) readUnfree(ctx context.Context, tx Tx, customerID string, lots []revrec.Lot) error {
	var ids []string
	for i := range lots {
		purchase, known := p.purchases[lots[i].PurchaseID] // not known to a token for one customer, where it is another's
		if lots[i].PurchaseID != "" && (!known || purchase.Dispute != "") {
			ids = append(ids, lots[i].PurchaseID)
		}
	}
	booked, err := tx.DisputesOf(ctx, distinct(ids))
	if err != nil {
		return err
	}
	open := map[string]bool{}
	for _, dispute := range booked {
		if !dispute.At.After(p.at) {
			open[dispute.PurchaseID] = dispute.Status == DisputeOpen
		}
	}
	held, err := tx.HeldCreditsAt(ctx, customerID, p.at)
	for i := range lots {
		lots[i].Blocked, lots[i].Held = open[lots[i].PurchaseID], held[lots[i].ID]
	}
	return err
}

func later(x, y time.Time) time.Time {
	if x.Before(y) {
		return y
	}
	return x
}
