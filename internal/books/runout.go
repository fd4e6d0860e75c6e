package books

import (
	"context"
	"math"
	"slices"
	"time"

	"drawdown/internal/forecast"
	"drawdown/ledger"
	"drawdown/revrec"
)

// RunOut is when a customer's credits run out, as far as it can be told. It is a forecast,
// and no figure of the books.
type RunOut struct {
	CustomerID string
	// Day is the first day that the credits do not last through, by the mean use of each
	// weekday; one in ten paths is before Earliest, one after Latest. Zero beyond a year, and
	// where there is no forecast.
	Day, Earliest, Latest ledger.Date
	DailyUse              revrec.Credits  // the mean of the days that it goes by
	From, To              ledger.Date     // those days, both included
	Reason                forecast.Reason // why there is no day; "" where there is one
}

// RunOut forecasts when the customer (by internal id) runs out, on a snapshot that is
// open already: from the credits that can be used now or begin later, in their order, and
// the use of the last four weeks. Held and blocked credits count as gone. With an instant it
// forecasts as it would have then, of what was recorded and done by then. Errors: INVALID.
func (b *Books) RunOut(ctx context.Context, tx Tx, customerID string, asOf time.Time) (RunOut, error) {
	now := asOf.IsZero()
	if err := b.checkAsOf(&asOf); err != nil {
		return RunOut{}, err
	}
	c := customerAt{books: b, id: customerID, at: asOf}
	read := c.readPast
	if now {
		read = c.readNow
	}
	if err := read(ctx, tx); err != nil {
		return RunOut{}, err
	}
	today := ledger.DateOf(asOf, b.zone)
	history, err := c.dailyUse(ctx, tx, now, today)
	if err != nil {
		return RunOut{}, err
	}
	lots, err := c.forecastLots(ctx, tx, today)
	if err != nil {
		return RunOut{}, err
	}
	told := forecast.Of(history, lots)
	day := func(ahead int) ledger.Date {
		if ahead < 0 {
			return 0
		}
		return today + ledger.Date(ahead)
	}
	return RunOut{
		CustomerID: customerID, From: today - ledger.Date(told.Days), To: today - 1, DailyUse: revrec.Credits(told.DailyUse * float64(revrec.One)),
		Day: day(told.Day), Earliest: day(told.Earliest), Latest: day(told.Latest), Reason: told.Reason,
	}, nil
}

// customerAt is what a forecast goes by: the credits of a customer at an instant.
type customerAt struct {
	books    *Books
	id       string
	at       time.Time
	first    time.Time    // when the first credits began; zero where there were none
	lots     []revrec.Lot // with what holds keep of them; of now, those with unused credits
	policyID string       // by whose order the lots burn
}

func (c *customerAt) readNow(ctx context.Context, tx Tx) error {
	first, err := tx.Lots(ctx, LotFilter{CustomerID: c.id}, Page{Limit: 1})
	if err != nil || len(first) == 0 {
		return err
	}
	c.first = first[0].StartsAt
	unused := true
	if c.lots, err = tx.Lots(ctx, LotFilter{CustomerID: c.id, HasUnused: &unused}, Page{}); err != nil {
		return err
	}
	if err := findHeld(ctx, tx, pointersTo(c.lots), c.at); err != nil {
		return err
	}
	customers, err := tx.CustomersByID(ctx, []string{c.id})
	if len(customers) > 0 {
		c.policyID = customers[0].PolicyID
	}
	return err
}

// readPast reads the lots as they were, with what was drawn, held and blocked then.
func (c *customerAt) readPast(ctx context.Context, tx Tx) error {
	lots, err := tx.Lots(ctx, LotFilter{CustomerID: c.id}, Page{})
	if err != nil || len(lots) == 0 {
		return err
	}
	p := past{at: c.at}
	if err := p.read(ctx, tx, c.id, lots); err != nil {
		return err
	}
	drawn, err := tx.DrawnSince(ctx, c.id, lastDate, c.at)
	if err != nil {
		return err
	}
	if c.lots = p.asTheyWere(lots, drawn); len(c.lots) == 0 {
		return nil
	}
	c.first, c.policyID = c.lots[0].StartsAt, p.policyOf(c.id, c.lots)
	return p.readUnfree(ctx, tx, c.id, c.lots)
}

// lastDate comes after every day of a book.
var lastDate = ledger.NewDate(9999, time.December, 31)

// dailyUse is what the customer used on each of the last days, today left out; of somebody
// who got the first credits later, since then.
func (c *customerAt) dailyUse(ctx context.Context, tx Tx, now bool, today ledger.Date) ([]float64, error) {
	if c.first.IsZero() {
		return nil, nil
	}
	from := max(today-forecast.MostHistory, ledger.DateOf(c.first, c.books.zone))
	if from >= today {
		return nil, nil
	}
	used := make([]revrec.Credits, today-from)
	if now {
		rows, err := tx.UsageChart(ctx, ChartFilter{From: from, To: today - 1, Interval: Daily, CustomerID: c.id})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			used[row.Day-from] += row.Values.Credits
		}
	} else {
		uses, err := tx.StatementUses(ctx, StatementSpan{CustomerID: c.id, From: from, To: today - 1, AsOf: c.at}, false, math.MaxInt32)
		if err != nil {
			return nil, err
		}
		for _, use := range uses {
			used[use.Day-from] += use.Credits
		}
	}
	history := make([]float64, len(used))
	for i, credits := range used {
		history[i] = float64(credits) / float64(revrec.One)
	}
	return history, nil
}

// forecastLots are the customer's lots with credits that can be used at the instant or later, in the
// order in which they burn; those that came to their expiry have rolled over.
func (c *customerAt) forecastLots(ctx context.Context, tx Tx, today ledger.Date) ([]forecast.Lot, error) {
	found, err := c.books.withRolled(ctx, tx, c.lots, c.at)
	if err != nil {
		return nil, err
	}
	orders, err := burnOrders(ctx, tx, []Customer{{ID: c.id, PolicyID: c.policyID}})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(x, y revrec.Lot) int { return revrec.CompareBurn(orders[c.policyID], &x, &y) })
	var lots []forecast.Lot
	for i := range found {
		lot := &found[i]
		at := c.at
		if lot.StartsAt.After(at) {
			at = lot.StartsAt
		}
		free := lot.Spendable(at)
		if free <= 0 {
			continue
		}
		until := forecast.Never
		if lot.LapsesOn != 0 {
			until = int(lot.LapsesOn - today + 1)
		}
		lots = append(lots, forecast.Lot{From: int(ledger.DateOf(at, c.books.zone) - today), Until: until, Credits: float64(free) / float64(revrec.One)})
	}
	return lots, nil
}
