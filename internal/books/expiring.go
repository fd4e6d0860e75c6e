package books

import (
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
}

// ExpiringDays returns the instants between which the lots expire whose last day is one of
// the days, both included: what can be used to the end of a day expires as the next begins.
func ExpiringDays(from, to ledger.Date, zone *time.Location) (expiresFrom, expiresBefore time.Time) {
	return from.Start(zone).Add(time.Microsecond), (to + 1).Start(zone).Add(time.Microsecond)
}
