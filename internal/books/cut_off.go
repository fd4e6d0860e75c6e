package books

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// UsageLag says how many days lie between the day of use and the day on which the event arrived, in
// the book's time zone.
type UsageLag string

// The lags, in order. A void happens when it arrives, and is apart.
const (
	LagSameDay UsageLag = "SAME_DAY"
	LagNextDay UsageLag = "NEXT_DAY"
	LagDays3   UsageLag = "DAYS_2_TO_3"
	LagDays7   UsageLag = "DAYS_4_TO_7"
	LagDays31  UsageLag = "DAYS_8_TO_31"
	LagLater   UsageLag = "LATER"
	LagVoid    UsageLag = "VOID"
)

// lagCuts are the first days after the day of use that belong to the next lag.
var lagCuts = []struct {
	lag  UsageLag
	days ledger.Date
}{{LagNextDay, 1}, {LagDays3, 2}, {LagDays7, 4}, {LagDays31, 8}, {LagLater, 32}}

// UsageArrival says how the period in which something was used stood when the event arrived.
type UsageArrival string

// The arrivals, in order.
const (
	ArrivedInPeriod    UsageArrival = "IN_PERIOD"
	ArrivedBeforeClose UsageArrival = "BEFORE_CLOSE"
	ArrivedAfterClose  UsageArrival = "AFTER_CLOSE"
	ArrivedReopened    UsageArrival = "WHILE_REOPENED"
)

// DaysAfter is how many days after a period a cut-off shows, MaxDaysAfter how many it can.
const (
	DaysAfter    = 5
	MaxDaysAfter = 31
)

// CutOffRequest asks for the use of a period by when it was told, as it stood at an instant: of events
// recorded, and of revenue posted, by then.
type CutOffRequest struct {
	Period    ledger.Period
	DaysAfter int // how many days after it
	AsOf      time.Time
}

// CutOff is day of use against day of arrival. Rows are by day, lag and arrival; Lags and Arrivals add them
// up; After are the days after the period, by day and lag.
type CutOff struct {
	CutOffRequest
	Rows, Lags, Arrivals, After []CutOffRow
	Total                       CutOffRow
}

// CutOffRow is events of one kind, as far as it tells them apart.
type CutOffRow struct {
	Day        ledger.Date
	Lag        UsageLag
	Arrival    UsageArrival
	EventCount int64
	Credits    revrec.Credits
	Revenue    []BreakageAmount // posted, by currency; none where nothing is
}

// CutOffSlice is a span of instants at which events about a day arrived.
type CutOffSlice struct {
	Day          ledger.Date
	From, Before time.Time
}

// CutOffPart is what events about one day drew on one lot, as far as they arrived in one slice; or, where
// Slice is Booked, what was posted of that day of the lot, which comes first.
type CutOffPart struct {
	LotID             string
	Day               ledger.Date
	Slice             int
	Void              bool
	Events            int64 // each counts on one of its lots
	Credits           revrec.Credits
	Currency          ledger.Currency
	Minor, Functional int64
}

// BookedPart is the Slice of what was posted.
const BookedPart = -1

// ControlTotal is the revenue of all use of the period, in the book's currency.
func (c *CutOff) ControlTotal() ledger.Amount {
	var total ledger.Amount
	for _, of := range c.Total.Revenue {
		total = total.Add(of.Functional)
	}
	return total
}

// CutOff sets the day of use against the day of arrival. The revenue of a day of a lot is parted over
// what drew on it, as far as it is posted: what arrived first is booked first. See revrec.Parts.
// Errors: INVALID.
func (b *Books) CutOff(ctx context.Context, tx Tx, request CutOffRequest) (CutOff, error) {
	if err := b.checkAsOf(&request.AsOf); err != nil {
		return CutOff{}, err
	}
	if err := b.checkMonthBegun("period", request.Period, b.clock()); err != nil {
		return CutOff{}, err
	}
	if request.DaysAfter < 0 || request.DaysAfter > MaxDaysAfter {
		return CutOff{}, refuse(Invalid, "daysAfter", "must be 0 to %d, not %d", MaxDaysAfter, request.DaysAfter)
	}
	closings, err := tx.Closings(ctx, []ledger.Period{request.Period})
	if err != nil {
		return CutOff{}, err
	}
	w := cutOffWork{
		books: b, request: request, sums: map[cutOffKey]*cutOffSum{},
		slices: b.cutOffSlices(request, closings), first: request.Period.First(), last: request.Period.Last(),
	}
	of := make([]CutOffSlice, len(w.slices))
	for i := range w.slices {
		of[i] = w.slices[i].CutOffSlice
	}
	span := MovementSpan{From: w.first, To: w.last + ledger.Date(request.DaysAfter), AsOf: request.AsOf}
	if err := tx.EachCutOff(ctx, span, of, w.part); err != nil {
		return CutOff{}, err
	}
	w.ended()
	return w.report(), nil
}

// cutOffSlice is a slice with what it says of those that arrived in it.
type cutOffSlice struct {
	CutOffSlice
	lag     UsageLag
	arrival UsageArrival // "" after the period
}

// cutOffSlices cuts the time after each day where the lag or the state of the period changes.
func (b *Books) cutOffSlices(request CutOffRequest, closings []Closing) []cutOffSlice {
	slices.SortStableFunc(closings, func(x, y Closing) int { return x.At.Compare(y.At) })
	end, over := request.Period.Last(), request.AsOf.Add(time.Microsecond)
	var all []cutOffSlice
	for day := request.Period.First(); day <= end+ledger.Date(request.DaysAfter); day++ {
		at := cutOffSlice{CutOffSlice: CutOffSlice{Day: day, From: time.UnixMicro(0).UTC()}, lag: LagSameDay}
		cuts := map[time.Time]func(){}
		cut := func(when time.Time, change func()) {
			before := cuts[when]
			cuts[when] = func() {
				if before != nil {
					before()
				}
				change()
			}
		}
		for _, of := range lagCuts {
			cut((day + of.days).Start(b.zone).UTC(), func() { at.lag = of.lag })
		}
		if day <= end {
			at.arrival = ArrivedInPeriod
			cut((end + 1).Start(b.zone).UTC(), func() { at.arrival = ArrivedBeforeClose })
			for _, c := range closings {
				to := ArrivedAfterClose
				if c.Act != Closed {
					to = ArrivedReopened
				}
				cut(c.At.UTC(), func() { at.arrival = to })
			}
		}
		for _, when := range slices.SortedFunc(maps.Keys(cuts), time.Time.Compare) {
			if !when.Before(over) {
				break
			}
			at.Before = when
			all = append(all, at)
			at.From = when
			cuts[when]()
		}
		at.Before = over
		all = append(all, at)
	}
	return all
}

type cutOffKey struct {
	day     ledger.Date
	lag     UsageLag
	arrival UsageArrival
}

type cutOffSum struct {
	events  int64
	credits revrec.Credits
	money   map[ledger.Currency]BreakageAmount
}

type cutOffWork struct {
	books       *Books
	request     CutOffRequest
	slices      []cutOffSlice
	first, last ledger.Date
	sums        map[cutOffKey]*cutOffSum
	booked      CutOffPart
	parts       []CutOffPart // of the same day of the same lot
}

func (w *cutOffWork) part(p CutOffPart) {
	if p.LotID != w.booked.LotID || p.Day != w.booked.Day {
		w.ended()
		w.booked = CutOffPart{LotID: p.LotID, Day: p.Day}
	}
	if p.Slice == BookedPart {
		w.booked = p
		return
	}
	w.parts = append(w.parts, p)
	sum := w.sum(&p)
	sum.events, sum.credits = sum.events+p.Events, sum.credits+p.Credits
}

func (w *cutOffWork) sum(p *CutOffPart) *cutOffSum {
	of := w.slices[p.Slice]
	key := cutOffKey{p.Day, of.lag, of.arrival}
	if p.Void {
		key.lag = LagVoid
	}
	if w.sums[key] == nil {
		w.sums[key] = &cutOffSum{money: map[ledger.Currency]BreakageAmount{}}
	}
	return w.sums[key]
}

// ended parts what was posted of a day of a lot over what arrived, leaving out what arrived last and
// is not booked yet.
func (w *cutOffWork) ended() {
	defer func() { w.parts = w.parts[:0] }()
	if w.booked.Currency == "" || len(w.parts) == 0 {
		return
	}
	weights := make([]revrec.Credits, len(w.parts))
	waiting := -w.booked.Credits
	for i := range w.parts {
		weights[i] = w.parts[i].Credits
		waiting += weights[i]
	}
	for i := len(weights) - 1; i >= 0 && waiting != 0; i-- {
		if (weights[i] > 0) != (waiting > 0) {
			continue
		}
		less := weights[i]
		if waiting > 0 {
			less = min(less, waiting)
		} else {
			less = max(less, waiting)
		}
		weights[i], waiting = weights[i]-less, waiting-less
	}
	minor, functional := revrec.Parts(w.booked.Minor, weights...), revrec.Parts(w.booked.Functional, weights...)
	for i := range w.parts {
		if weights[i] == 0 && minor[i] == 0 && functional[i] == 0 {
			continue
		}
		sum := w.sum(&w.parts[i])
		sum.money[w.booked.Currency] = sum.money[w.booked.Currency].add(w.books.money(minor[i], functional[i], w.booked.Currency))
	}
}

func (s *cutOffSum) add(o *cutOffSum) {
	s.events, s.credits = s.events+o.events, s.credits+o.credits
	for currency, of := range o.money {
		s.money[currency] = s.money[currency].add(of)
	}
}

var (
	usageLags     = []UsageLag{LagSameDay, LagNextDay, LagDays3, LagDays7, LagDays31, LagLater, LagVoid}
	usageArrivals = []UsageArrival{ArrivedInPeriod, ArrivedBeforeClose, ArrivedAfterClose, ArrivedReopened}
)

func (w *cutOffWork) report() CutOff {
	c := CutOff{CutOffRequest: w.request}
	rows := func(of map[cutOffKey]*cutOffSum) []CutOffRow {
		keys := slices.SortedFunc(maps.Keys(of), func(x, y cutOffKey) int {
			return cmp.Or(cmp.Compare(x.day, y.day), cmp.Compare(slices.Index(usageLags, x.lag), slices.Index(usageLags, y.lag)),
				cmp.Compare(slices.Index(usageArrivals, x.arrival), slices.Index(usageArrivals, y.arrival)))
		})
		all := make([]CutOffRow, len(keys))
		for i, key := range keys {
			sum := of[key]
			all[i] = CutOffRow{Day: key.day, Lag: key.lag, Arrival: key.arrival, EventCount: sum.events, Credits: sum.credits}
			for _, currency := range slices.Sorted(maps.Keys(sum.money)) {
				all[i].Revenue = append(all[i].Revenue, sum.money[currency])
			}
		}
		return all
	}
	within, after, lags, arrivals := map[cutOffKey]*cutOffSum{}, map[cutOffKey]*cutOffSum{}, map[cutOffKey]*cutOffSum{}, map[cutOffKey]*cutOffSum{}
	total := map[cutOffKey]*cutOffSum{{}: {money: map[ledger.Currency]BreakageAmount{}}}
	for key, sum := range w.sums {
		if key.day > w.last {
			after[key] = sum
			continue
		}
		within[key] = sum
		total[cutOffKey{}].add(sum)
		for to, of := range map[cutOffKey]map[cutOffKey]*cutOffSum{{lag: key.lag}: lags, {arrival: key.arrival}: arrivals} {
			if of[to] == nil {
				of[to] = &cutOffSum{money: map[ledger.Currency]BreakageAmount{}}
			}
			of[to].add(sum)
		}
	}
	c.Rows, c.After, c.Lags, c.Arrivals, c.Total = rows(within), rows(after), rows(lags), rows(arrivals), rows(total)[0]
	return c
}
