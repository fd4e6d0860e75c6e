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
	// AsOf shows lots as they were at an instant; as they are where it is zero. [Books.ExpiringAsOf] fills in Carried.
	AsOf    time.Time
	Carried []Carried
}

// Carried is what a lot carried at an instant at which a part of its liability was there.
type Carried struct {
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
			err = b.carriedThen(ctx, tx, filter, purchases[i])
		}
	}
	return err
}

// carriedThen fills in what the lots of a purchase carried that was paid in parts before and after the instant: the steps
// by the payments before, less what was posted by then. Nothing else can have become of it, but that a lot rolled over.
func (b *Books) carriedThen(ctx context.Context, tx Tx, filter *ExpiringFilter, p Purchase) error {
	found, err := tx.LotsBelow(ctx, []LotFilter{{CustomerID: p.CustomerID, PurchaseID: p.ID}}, Page{})
	if err != nil {
		return err
	}
	lots := pointersTo(found[0])
	changes, err := tx.LotChanges(ctx, keysOf(lots))
	if err != nil {
		return err
	}
	for id, of := range changes {
		changes[id] = slices.DeleteFunc(of, func(c revrec.Change) bool { return later(c.At, c.WrittenAt).After(filter.AsOf) })
	}
	receipts, err := tx.PaymentsOf(ctx, []string{p.ID})
	if err != nil {
		return err
	}
	receipts = slices.DeleteFunc(receipts, func(r Receipt) bool { return r.CreatedAt.After(filter.AsOf) })
	bookings, err := tx.StatementBookings(ctx, StatementSpan{CustomerID: p.CustomerID, From: lastDate, To: lastDate, AsOf: filter.AsOf})
	if err != nil {
		return err
	}
	own, bonus := p.StepsOf(receipts, b.paidOn)
	for _, lot := range SteppedLots(p, lots, changes, own, bonus, 0) {
		minor, functional := lot.Stepped()
		for _, of := range bookings {
			if of.LotID == lot.ID && of.Kind != revrec.UsageUnbilled && of.Kind != revrec.OverageUsage {
				minor, functional = minor-of.Minor, functional-of.Functional
			}
		}
		filter.Carried = append(filter.Carried, Carried{lot.CustomerID, lot.ID, minor, functional})
	}
	return nil
}

// ExpiringDays returns the instants between which the lots expire whose last day is one of
// the days, both included: what can be used to the end of a day expires as the next begins.
func ExpiringDays(from, to ledger.Date, zone *time.Location) (expiresFrom, expiresBefore time.Time) {
	return from.Start(zone).Add(time.Microsecond), (to + 1).Start(zone).Add(time.Microsecond)
}
