package books

import (
	"context"
	"slices"
	"strconv"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// Expiring is what a customer loses at the end of a day, in one currency, if it is not used.
type Expiring struct {
	CustomerID string
	Day        ledger.Date // the last on which the credits can be used
	Currency   ledger.Currency
	Lots       int64
	Credits    revrec.Credits
	Carrying   ledger.Amount // what deferred revenue holds for the lots
	Functional ledger.Amount
}

// Key names the row.
func (e *Expiring) Key() string {
	return e.Day.String() + "/" + e.CustomerID + "/" + string(e.Currency)
}

// Place returns the row's place in the order.
func (e *Expiring) Place(Order) string { return strconv.FormatInt(e.Functional.Minor, 10) }

// ExpiringMonth is what all customers lose within a month, in one currency, if it is not used.
type ExpiringMonth struct {
	Month           ledger.Period
	Currency        ledger.Currency
	Customers, Lots int64
	Credits         revrec.Credits
	Carrying        ledger.Amount
	Functional      ledger.Amount
}

// ExpiringFilter narrows what expires. Zero fields do not narrow.
type ExpiringFilter struct {
	CustomerID, PolicyID string
	Currency             ledger.Currency
	// ExpiresFrom and ExpiresBefore keep lots whose first instant without use is within both:
	// see [ExpiringDays].
	ExpiresFrom, ExpiresBefore time.Time
	// AsOf shows lots as they were at an instant; as they are where it is zero. [Books.ExpiringAsOf] fills in Appeared.
	AsOf     time.Time
	Appeared []Appeared
}

// Appeared is what appeared of the liability of a lot after an instant, where some of it had before.
type Appeared struct {
	CustomerID, LotID string
	Minor, Functional int64
}

// ExpiringAsOf completes a filter that asks for what expires as of an instant, on a snapshot that is open already.
// Errors: INVALID where the instant is to come.
func (b *Books) ExpiringAsOf(ctx context.Context, tx Tx, filter *ExpiringFilter) error {
	if err := b.checkAsOf(&filter.AsOf); err != nil {
		return err
	}
	ids, err := tx.PaidAround(ctx, filter.CustomerID, filter.AsOf)
	if err != nil {
		return err
	}
	purchases, err := tx.PurchasesByID(ctx, ids)
	for i := range purchases {
		if err == nil {
			err = b.appearedSince(ctx, tx, filter, purchases[i])
		}
	}
	return err
}

// appearedSince fills in what appeared of a purchase that was paid in parts before and after the instant: what has
// appeared of each of its lots, less the steps by the payments before. A lot that rolled over later gave its steps to
// the other lot, and not the amount of the change.
func (b *Books) appearedSince(ctx context.Context, tx Tx, filter *ExpiringFilter, p Purchase) error {
	found, err := tx.LotsBelow(ctx, []LotFilter{{CustomerID: p.CustomerID, PurchaseID: p.ID}}, Page{})
	if err != nil {
		return err
	}
	lots := pointersTo(found[0])
	keys := make([]LotKey, len(lots))
	for i, lot := range lots {
		keys[i] = LotKey{lot.CustomerID, lot.ID}
	}
	changes, err := tx.LotChanges(ctx, keys)
	if err != nil {
		return err
	}
	receipts, err := tx.PaymentsOf(ctx, []string{p.ID})
	if err != nil {
		return err
	}
	receipts = slices.DeleteFunc(receipts, func(r Receipt) bool { return r.CreatedAt.After(filter.AsOf) })
	before := make(map[string][]revrec.Change, len(changes))
	rolled := map[string]LotSum{}
	for id, of := range changes {
		for _, change := range of {
			switch written := later(change.At, change.WrittenAt); {
			case !written.After(filter.AsOf):
				before[id] = append(before[id], change)
			case change.Kind == revrec.RolledOver && slices.ContainsFunc(lots, func(lot *revrec.Lot) bool { return lot.ID == change.ToLotID && len(lot.Steps) > 0 }):
				rolled[id] = LotSum{Minor: change.Amount.Minor, Functional: change.Functional.Minor}
			}
		}
	}
	own, bonus := p.StepsOf(receipts, func(r Receipt) ledger.Date { return ledger.DateOf(r.PaidAt, b.zone) })
	for i, then := range SteppedLots(p, lots, before, own, bonus, 0) {
		was, wasFunctional := then.Stepped()
		minor, functional := lots[i].Stepped()
		of := rolled[then.ID]
		filter.Appeared = append(filter.Appeared, Appeared{then.CustomerID, then.ID, minor - was + of.Minor, functional - wasFunctional + of.Functional})
	}
	return nil
}

// ExpiringDays returns the instants between which the lots expire whose last day is one of
// the days, both included: what can be used to the end of a day expires as the next begins.
func ExpiringDays(from, to ledger.Date, zone *time.Location) (expiresFrom, expiresBefore time.Time) {
	return from.Start(zone).Add(time.Microsecond), (to + 1).Start(zone).Add(time.Microsecond)
}
