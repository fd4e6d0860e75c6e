package books

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// TransferRequest asks to move credits from one customer to another.
type TransferRequest struct {
	From    string          `json:"from"` // external id
	To      string          `json:"to"`   // external id
	Credits decimal.Decimal `json:"credits"`
	Reason  string          `json:"reason"`
}

// Transferred is the lots in which transferred credits live on, in the order in which they
// were taken.
type Transferred struct {
	Lots []revrec.Lot
}

// Transfer moves credits that can be used now from one customer to another, out of the lots
// of the first in the order in which it would have used them. Each lot splits: what moves takes
// its part of the price along, in both currencies, with expiry, policy, priority, day of
// purchase and pool. It serves the other from now on, late use of before excepted. No
// revenue, no entry. Credits of an open chargeback, of an unpaid purchase and of a
// hold stay.
// Errors: NOT_FOUND, INSUFFICIENT_CREDITS, CREDITS_HELD, CREDITS_BLOCKED, NOT_PAID, TOO_LARGE, INVALID,
// IDEMPOTENCY_CONFLICT.
func (b *Books) Transfer(ctx context.Context, key string, request TransferRequest) (Transferred, error) {
	return once(ctx, b, act{"credits.transfer", key, request}, func(ctx context.Context, tx Tx) (Transferred, string, error) {
		from, to, err := parties(ctx, tx, request)
		if err != nil {
			return Transferred{}, "", err
		}
		credits, err := creditsOf("credits", request.Credits)
		if err != nil {
			return Transferred{}, "", err
		}
		moving, err := b.transferable(ctx, tx, from, credits)
		if err != nil {
			return Transferred{}, "", err
		}
		moved, err := b.split(ctx, tx, moving, to, credits, request.Reason)
		if err != nil {
			return Transferred{}, "", err
		}
		if to.PolicyID == "" {
			err = tx.SetFirstPolicy(ctx, to.ID, moved[0].PolicyID)
		}
		return Transferred{moved}, from.ID, err
	})
}

func parties(ctx context.Context, tx Tx, request TransferRequest) (from, to Customer, err error) {
	if from, err = party(ctx, tx, "from", request.From); err != nil {
		return from, to, err
	}
	if to, err = party(ctx, tx, "to", request.To); err != nil {
		return from, to, err
	}
	if from.ID == to.ID {
		return from, to, refuse(Invalid, "to", "must be another customer than %q", clip(request.From))
	}
	return from, to, checkText("reason", request.Reason, 0, maxNoteLength)
}

// party is customerByExternalID for a customer that another field names.
func party(ctx context.Context, tx Tx, field, externalID string) (Customer, error) {
	customer, err := customerByExternalID(ctx, tx, externalID)
	var refusal *Error
	if errors.As(err, &refusal) && refusal.Code == NotFound {
		refusal.Field = field
	}
	return customer, err
}

// transferable holds the lots from which credits can move now, in burn order: enough for
// so many. Errors: INSUFFICIENT_CREDITS, CREDITS_HELD, CREDITS_BLOCKED, NOT_PAID.
func (b *Books) transferable(ctx context.Context, tx Tx, from Customer, credits revrec.Credits) ([]*revrec.Lot, error) {
	now := b.clock()
	open, rolled, err := b.lockOpenLots(ctx, tx, []string{from.ID}, now)
	if err != nil {
		return nil, err
	}
	open = append(open, rolled...)
	if err := findHeld(ctx, tx, open, now); err != nil {
		return nil, err
	}
	var ids []string
	for _, lot := range open {
		if lot.PurchaseID != "" {
			ids = append(ids, lot.PurchaseID)
		}
	}
	purchases, err := tx.PurchasesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	unpaid := map[string]bool{}
	for _, purchase := range purchases {
		unpaid[purchase.ID] = purchase.Status == PurchaseInvoiced
	}
	var free, held, blocked, owed revrec.Credits
	var lots []*revrec.Lot
	for _, lot := range open {
		spendable := lot.Spendable(now)
		switch {
		case lot.Blocked:
			unblocked := *lot
			unblocked.Blocked = false
			blocked += unblocked.Spendable(now)
		case unpaid[lot.PurchaseID]:
			owed += spendable
		default:
			held += lot.Withheld(now)
			if spendable > 0 {
				free += spendable
				lots = append(lots, lot)
			}
		}
	}
	switch {
	case free >= credits:
	case free+held >= credits:
		return nil, refuse(CreditsHeld, "credits", "must be at most %s: holds keep %s more", free, held)
	case free+held+blocked >= credits:
		return nil, refuse(CreditsBlocked, "credits", "must be at most %s: a chargeback is open of %s more", free, blocked)
	case free+held+blocked+owed >= credits:
		return nil, refuse(NotPaid, "credits", "must be at most %s: %s more are not paid", free, owed)
	default:
		return nil, refuse(InsufficientCredits, "credits", "%s asked for, and the balance is %s", counted(credits.String(), "credit"), free)
	}
	orders, err := burnOrders(ctx, tx, []Customer{from})
	slices.SortFunc(lots, func(x, y *revrec.Lot) int { return revrec.CompareBurn(orders[from.PolicyID], x, y) })
	return lots, err
}

// split moves credits out of the lots, one after the other, into new ones of a customer.
// Pools are left alone: what leaves a lot comes into the same pool with the new one.
func (b *Books) split(ctx context.Context, tx Tx, lots []*revrec.Lot, to Customer, credits revrec.Credits, reason string) ([]revrec.Lot, error) {
	var touched []*revrec.Lot
	var children []revrec.Lot
	policies := policyCache{}
	for _, lot := range lots {
		if credits == 0 {
			break
		}
		policy, err := policies.of(ctx, tx, lot.PolicyID)
		if err != nil {
			return nil, err
		}
		change := b.newChange(revrec.Transferred, lot, b.clock(), reason)
		change.Credits = min(credits, lot.Free())
		released, err := isReleased(ctx, tx, policy, lot, change.Day)
		if err != nil {
			return nil, err
		}
		if !released { // what was released of remote credits stays released
			change.Amount, change.Functional = lot.PriceOf(change.Credits)
		}
		children = append(children, b.movedLot(lot, &change, to))
		if err := b.take(ctx, tx, policy, lot, change); err != nil {
			return nil, err
		}
		credits -= change.Credits
		touched = append(touched, lot)
	}
	slices.SortFunc(touched, func(x, y *revrec.Lot) int { return LotKey{x.CustomerID, x.ID}.Compare(LotKey{y.CustomerID, y.ID}) })
	if err := tx.UpdateLots(ctx, touched); err != nil {
		return nil, err
	}
	for i, child := range children {
		policy, err := policies.of(ctx, tx, child.PolicyID)
		if err != nil {
			return nil, err
		}
		if children[i], err = keepChild(ctx, tx, policy, child); err != nil {
			return nil, err
		}
	}
	return children, nil
}

// isReleased reports whether the rest of a lot that can be used was released on an earlier
// day, for its use had become remote.
func isReleased(ctx context.Context, tx Tx, policy Policy, lot *revrec.Lot, today ledger.Date) (bool, error) {
	if policy.Breakage.Method != revrec.Remote {
		return false, nil
	}
	days, err := tx.LotDaysWithin(ctx, WholeLots([]LotKey{{lot.CustomerID, lot.ID}}))
	if err != nil {
		return false, err
	}
	on, _ := lot.ReleaseOn(policy.Breakage, drawnDays(days[0]))
	return on != 0 && on < today, nil
}

// movedLot is the lot of another customer in which a change's credits live on.
func (b *Books) movedLot(lot *revrec.Lot, change *revrec.Change, to Customer) revrec.Lot {
	child := b.childOf(lot, change)
	child.CustomerID, child.PurchaseID = to.ID, ""
	if child.CohortID != "" {
		child.BoughtBy = cmp.Or(lot.BoughtBy, lot.CustomerID)
	}
	child.PoolLotID, child.PoolLeftOn = lot.PoolID(), lot.PoolLeftOn
	child.StartsAt, child.Rolls = change.At, lot.Rolls
	child.ExpiresAt, child.AcceptsUntil, child.LapsesOn, child.LapseDue = lot.ExpiresAt, lot.AcceptsUntil, lot.LapsesOn, lot.LapsesOn
	if lot.Kind == revrec.GrantLot {
		child.LiabilityOn = 0
	}
	return child
}
