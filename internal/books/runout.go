package books

import (
	"context"
	"slices"

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

// maxForecastLots bounds the lots that a forecast goes through; a customer has few.
const maxForecastLots = 1000

// RunOut forecasts when the customer (by internal id) runs out, on a snapshot that is
// open already: from the credits that can be used now or begin later, in their order, and
// the use of the last four weeks. Held and blocked credits count as gone.
func (b *Books) RunOut(ctx context.Context, tx Tx, customerID string) (RunOut, error) {
	today := b.today()
	result := RunOut{CustomerID: customerID, To: today - 1}
	history, err := b.dailyUse(ctx, tx, customerID, today)
	if err != nil {
		return result, err
	}
	lots, err := b.forecastLots(ctx, tx, customerID, today)
	if err != nil {
		return result, err
	}
	told := forecast.Of(history, lots)
	result.From, result.Reason = today-ledger.Date(told.Days), told.Reason
	result.DailyUse = revrec.Credits(told.DailyUse * float64(revrec.One))
	day := func(ahead int) ledger.Date {
		if ahead < 0 {
			return 0
		}
		return today + ledger.Date(ahead)
	}
	result.Day, result.Earliest, result.Latest = day(told.Day), day(told.Earliest), day(told.Latest)
	return result, nil
}

// dailyUse is what the customer used on each of the last days, today left out; of somebody
// who got the first credits later, since then.
func (b *Books) dailyUse(ctx context.Context, tx Tx, customerID string, today ledger.Date) ([]float64, error) {
	first, err := tx.Lots(ctx, LotFilter{CustomerID: customerID}, Page{Limit: 1})
	if err != nil || len(first) == 0 {
		return nil, err
	}
	from := max(today-forecast.MostHistory, ledger.DateOf(first[0].StartsAt, b.zone))
	if from >= today {
		return nil, nil
	}
	rows, err := tx.UsageChart(ctx, ChartFilter{From: from, To: today - 1, Interval: Daily, CustomerID: customerID})
	if err != nil {
		return nil, err
	}
	history := make([]float64, today-from)
	for _, row := range rows {
		history[row.Day-from] += float64(row.Values.Credits) / float64(revrec.One)
	}
	return history, nil
}

// forecastLots are the customer's lots with credits that can be used now or later, in the
// order in which they burn.
func (b *Books) forecastLots(ctx context.Context, tx Tx, customerID string, today ledger.Date) ([]forecast.Lot, error) {
	unused, now := true, b.clock()
	found, err := tx.Lots(ctx, LotFilter{CustomerID: customerID, HasUnused: &unused}, Page{Limit: maxForecastLots})
	if err != nil {
		return nil, err
	}
	if err := findHeld(ctx, tx, pointersTo(found), now); err != nil {
		return nil, err
	}
	customers, err := tx.CustomersByID(ctx, []string{customerID})
	if err != nil || len(customers) == 0 {
		return nil, err
	}
	orders, err := burnOrders(ctx, tx, customers)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(x, y revrec.Lot) int { return revrec.CompareBurn(orders[customers[0].PolicyID], &x, &y) })
	var lots []forecast.Lot
	for i := range found {
		lot := &found[i]
		at := now
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
		lots = append(lots, forecast.Lot{From: int(ledger.DateOf(at, b.zone) - today), Until: until, Credits: float64(free) / float64(revrec.One)})
	}
	return lots, nil
}
