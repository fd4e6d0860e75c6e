package books

import (
	"math"
	"strconv"
	"strings"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// Order is what a list is ordered by. Rows that are equal in it come in order of id, so
// that every list has one order, in which a page goes on after any row.
type Order string

// The orders. Each list has some of them; the order of id, which is that of creation (of
// number, of customers), is its natural one, and "".
const (
	ByCode           Order = "CODE"
	ByName           Order = "NAME" // case of a to z ignored
	ByExternalID     Order = "EXTERNAL_ID"
	ByPurchasedAt    Order = "PURCHASED_AT"
	ByPrice          Order = "PRICE"      // in the functional currency
	ByExpiry         Order = "EXPIRES_AT" // what never lapses last
	ByUnused         Order = "UNUSED"
	ByCarrying       Order = "CARRYING" // in the functional currency
	ByAccountingDate Order = "ACCOUNTING_DATE"
	ByAmount         Order = "AMOUNT" // in the functional currency
)

// The functions below give the place of a row in an order, as Page.AfterValue holds it.

// Place returns the customer's place in the order.
func (c *Customer) Place(by Order) string {
	if by == ByExternalID {
		return c.ExternalID
	}
	return foldedName(c.Name)
}

// Place returns the policy's place in the order.
func (p *Policy) Place(by Order) string { return placeInCatalog(by, p.Code, p.Name) }

// Place returns the pack's place in the order.
func (p *Pack) Place(by Order) string { return placeInCatalog(by, p.Code, p.Name) }

// Place returns the meter's place in the order.
func (m *Meter) Place(by Order) string { return placeInCatalog(by, m.Code, m.Name) }

func placeInCatalog(by Order, code, name string) string {
	if by == ByCode {
		return code
	}
	return foldedName(name)
}

// foldedName is a name with the letters A to Z small, and no others: what lower() makes of
// it in SQLite, and in PostgreSQL where text sorts by its bytes.
func foldedName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, name)
}

// Place returns the purchase's place in the order.
func (p *Purchase) Place(by Order) string {
	if by == ByPrice {
		return strconv.FormatInt(p.Functional.Minor, 10)
	}
	return strconv.FormatInt(p.PurchasedAt.UnixMicro(), 10)
}

// PlaceOfLot returns the lot's place in the order.
func PlaceOfLot(lot *revrec.Lot, by Order) string {
	place := lot.CarryingFunctional.Minor
	if by == ByExpiry {
		place = microsOrNever(lot.ExpiresAt)
	}
	if by == ByUnused {
		if place = 0; lot.Kind != revrec.OverageLot {
			place = int64(lot.Unused())
		}
	}
	return strconv.FormatInt(place, 10)
}

func microsOrNever(at time.Time) int64 {
	if at.IsZero() {
		return math.MaxInt64
	}
	return at.UnixMicro()
}

// PlaceOfRecognition returns the recognition's place in the order.
func PlaceOfRecognition(r *revrec.Recognition, by Order) string {
	if by == ByAmount {
		return strconv.FormatInt(r.Functional.Minor, 10)
	}
	return r.AccountingDate.String()
}

// PlaceOfEntry returns the entry's place in the order.
func PlaceOfEntry(e *ledger.Entry, _ Order) string { return e.AccountingDate.String() }

// Place returns the place of what is deferred in the order.
func (d *Deferred) Place(Order) string { return strconv.FormatInt(d.Functional.Minor, 10) }
