package books

import (
	"cmp"
	"context"
	"math/big"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// MaxMarginDays bounds the span of margins, which read use event by event: a year, so that
// twelve months stand side by side.
const MaxMarginDays = 366

// MarginFilter asks for the margin of use over time. By is ByMeter, ByPack, ByCustomer or "".
type MarginFilter struct {
	From, To   ledger.Date // both included
	Interval   Interval
	By         Dimension
	Top        int    // how many groups to tell apart
	CustomerID string // keeps the use of one customer
	// AsOf leaves out, of a day of a lot, what was posted and what was recorded later; nothing where
	// zero. It is for EachLotDayUse alone.
	AsOf time.Time
}

// LotDayUse is what one meter drew on one day of a lot, beside the revenue of the day that
// was booked under one date.
type LotDayUse struct {
	LotID             string
	Day, Accounting   ledger.Date
	MeterID           string // "" for use in credits
	Currency          ledger.Currency
	Overage           bool  // the lot is one of use beyond the balance
	Minor, Functional int64 // minor units, of all meters of the day
	Credits           revrec.Credits
}

// together reports whether two are of the same revenue.
func (u LotDayUse) together(other LotDayUse) bool {
	return u.LotID == other.LotID && u.Day == other.Day && u.Accounting == other.Accounting
}

// UseToCost is use of a day of a chart by one group, rated alike: what its cost is found by.
type UseToCost struct {
	Day      ledger.Date // the day; the first of the month
	Group    ChartGroup
	MeterID  string // "" for use in credits
	RateCard int
	// Quantity counts an event once, in the group of one of the lots that it drew on.
	Quantity decimal.Decimal
	Credits  revrec.Credits
}

// MarginPoint is what use earned and cost to serve, in the functional currency.
type MarginPoint struct {
	Revenue, Cost ledger.Amount
	// Costed are the credits whose cost is known, Uncosted those of which nobody said any.
	Costed, Uncosted revrec.Credits
}

// Margin is revenue less cost.
func (p *MarginPoint) Margin() ledger.Amount { return p.Revenue.Sub(p.Cost) }

// sharePlaces is the precision of a share of revenue: hundredths of a percent.
const sharePlaces = 4

// Share is the margin as a share of revenue; nil where there is no revenue, or where no cost
// is known of anything.
func (p *MarginPoint) Share() *decimal.Decimal {
	if p.Revenue.Minor == 0 || p.Costed == 0 {
		return nil
	}
	share := decimal.NewFromInt(p.Margin().Minor).DivRound(decimal.NewFromInt(p.Revenue.Minor), sharePlaces)
	return &share
}

func (p *MarginPoint) add(other MarginPoint) {
	p.Revenue, p.Cost = p.Revenue.Add(other.Revenue), p.Cost.Add(other.Cost)
	p.Costed, p.Uncosted = p.Costed+other.Costed, p.Uncosted+other.Uncosted
}

// MarginSeries is a group of a chart of margins.
type MarginSeries struct {
	By     Dimension
	Group  ChartGroup
	Points []MarginPoint // by bucket
	Total  MarginPoint
}

// MarginChart is the margin of use over time.
type MarginChart struct {
	Buckets []Bucket
	Series  []MarginSeries // by revenue, the largest first; then all others
	Total   MarginPoint
}

// Margins adds up revenue of use and what the use cost to serve. Revenue is that of posted
// recognitions of use, by accounting date; cost is of the day of the use, by the rate card
// that was in force then. Days that have not ended are left out, for nothing of them is booked.
// Errors: INVALID, TOO_LARGE.
func (b *Books) Margins(ctx context.Context, tx Tx, filter MarginFilter) (MarginChart, error) {
	buckets, err := Buckets(filter.From, filter.To, filter.Interval)
	if err == nil && int(filter.To-filter.From) >= MaxMarginDays {
		err = refuse(TooLarge, "to", "must be within %d days of from: margins read use event by event", MaxMarginDays)
	}
	m := margins{filter: filter, buckets: buckets, currency: b.book.Functional, series: map[ChartGroup]*MarginSeries{}}
	m.filter.To = min(filter.To, b.Yesterday())
	if err == nil && filter.By == "" { // one series, whatever was used
		m.point(ChartGroup{}, filter.From)
	}
	if err == nil && m.filter.From <= m.filter.To {
		if err = m.earned(ctx, tx); err == nil {
			err = m.cost(ctx, tx)
		}
	}
	if err != nil {
		return MarginChart{}, err
	}
	return m.chart(), nil
}

// margins gathers a chart of margins.
type margins struct {
	filter   MarginFilter
	buckets  []Bucket
	currency ledger.Currency
	series   map[ChartGroup]*MarginSeries
	exact    []exactCost
}

func (m *margins) point(group ChartGroup, day ledger.Date) *MarginPoint {
	s := m.series[group]
	if s == nil {
		s = &MarginSeries{By: m.filter.By, Group: group, Total: m.nothing(), Points: slices.Repeat([]MarginPoint{m.nothing()}, len(m.buckets))}
		m.series[group] = s
	}
	return &s.Points[BucketOf(m.buckets, day)]
}

func (m *margins) nothing() MarginPoint {
	none := ledger.Money(0, m.currency)
	return MarginPoint{Revenue: none, Cost: none}
}

// earned adds up revenue by group.
func (m *margins) earned(ctx context.Context, tx Tx) error {
	rows, err := tx.MarginRevenue(ctx, m.filter)
	if m.filter.By == ByMeter && err == nil {
		rows, err = revenueByMeter(ctx, tx, m.filter)
	}
	for _, row := range rows {
		point := m.point(row.Group, row.Day)
		point.Revenue = point.Revenue.Add(ledger.Money(row.Values.Functional, m.currency))
	}
	return err
}

// revenueByMeter parts the revenue of each day of a lot over the meters that drew on it, in
// order of their ids, and keeps the largest groups apart.
func revenueByMeter(ctx context.Context, tx Tx, filter MarginFilter) ([]ChartRow, error) {
	byDay := map[string]map[ledger.Date]int64{}
	var day []LotDayUse
	part := func() {
		weights := make([]revrec.Credits, len(day))
		for i, use := range day {
			weights[i] = use.Credits
		}
		for i, minor := range revrec.Parts(firstFunctional(day), weights...) {
			use := day[i]
			if byDay[use.MeterID] == nil {
				byDay[use.MeterID] = map[ledger.Date]int64{}
			}
			byDay[use.MeterID][use.Accounting] += minor
		}
		day = day[:0]
	}
	err := tx.EachLotDayUse(ctx, filter, func(use LotDayUse) error {
		if len(day) > 0 && !day[0].together(use) {
			part()
		}
		day = append(day, use)
		return nil
	})
	part()
	return largest(byDay, filter.Top), err
}

func firstFunctional(day []LotDayUse) int64 {
	if len(day) == 0 {
		return 0
	}
	return day[0].Functional
}

// largest makes rows of sums by group, of which the largest stay apart.
func largest(byDay map[string]map[ledger.Date]int64, top int) (rows []ChartRow) {
	totals := map[string]int64{}
	for key, days := range byDay {
		for _, minor := range days {
			totals[key] += minor
		}
	}
	keys := make([]string, 0, len(totals))
	for key := range totals {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(x, y string) int { return cmp.Or(cmp.Compare(totals[y], totals[x]), cmp.Compare(x, y)) })
	for i, key := range keys {
		group := ChartGroup{Key: key}
		if i >= top {
			group = ChartGroup{Others: true}
		}
		for day, minor := range byDay[key] {
			rows = append(rows, ChartRow{Day: day, Group: group, Values: ChartValues{Functional: minor}})
		}
	}
	return rows
}

// exactCost is what use of a group cost in a bucket, before it is rounded.
type exactCost struct {
	bucket int
	group  ChartGroup
	amount *big.Rat // minor units
}

// cost adds up what the use cost. Each figure is the sum of all before it in order of
// bucket and group, rounded once, less those figures: so groups and buckets add up.
func (m *margins) cost(ctx context.Context, tx Tx) error {
	keys := []string{}
	for group := range m.series {
		if !group.Others {
			keys = append(keys, group.Key)
		}
	}
	slices.Sort(keys)
	uses, err := tx.UseToCost(ctx, m.filter, keys)
	if err != nil {
		return err
	}
	if err := m.price(ctx, tx, uses); err != nil {
		return err
	}
	slices.SortFunc(m.exact, func(x, y exactCost) int {
		return cmp.Or(cmp.Compare(x.bucket, y.bucket), cmp.Compare(x.group.Key, y.group.Key), compareBool(x.group.Others, y.group.Others))
	})
	sum, before := new(big.Rat), int64(0)
	for _, one := range m.exact {
		sum.Add(sum, one.amount)
		upTo := roundRat(sum)
		point := &m.series[one.group].Points[one.bucket]
		point.Cost = point.Cost.Add(ledger.Money(upTo-before, m.currency))
		before = upTo
	}
	return nil
}

func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case y:
		return -1
	}
	return 1
}

// roundRat rounds half away from zero.
func roundRat(r *big.Rat) int64 {
	rounded, _ := decimal.NewFromString(r.FloatString(0))
	return rounded.IntPart()
}

// price finds the cost of use by the rates that it was rated by.
func (m *margins) price(ctx context.Context, tx Tx, uses []UseToCost) error {
	meters, err := tx.Meters(ctx, CatalogFilter{}, Page{})
	if err != nil {
		return err
	}
	cards, err := tx.RateCards(ctx, Page{})
	if err != nil {
		return err
	}
	byID := make(map[string]*Meter, len(meters))
	for i := range meters {
		byID[meters[i].ID] = &meters[i]
	}
	for _, alike := range usedAlike(uses) {
		var cost *Cost
		if meter := byID[alike[0].MeterID]; meter != nil {
			cost = RateOf(meter, cards, alike[0].RateCard).Cost
		}
		m.priceAlike(alike, cost)
	}
	return nil
}

// usedAlike gathers use of one day that was rated alike, over its groups.
func usedAlike(uses []UseToCost) (alike [][]UseToCost) {
	same := func(x, y UseToCost) int {
		return cmp.Or(cmp.Compare(x.Day, y.Day), cmp.Compare(x.MeterID, y.MeterID), cmp.Compare(x.RateCard, y.RateCard))
	}
	slices.SortStableFunc(uses, func(x, y UseToCost) int {
		return cmp.Or(same(x, y), cmp.Compare(x.Group.Key, y.Group.Key), compareBool(x.Group.Others, y.Group.Others))
	})
	for len(uses) > 0 {
		n := 1
		for n < len(uses) && same(uses[0], uses[n]) == 0 {
			n++
		}
		alike, uses = append(alike, uses[:n]), uses[n:]
	}
	return alike
}

// priceAlike gives each group its part of the cost of use that was rated alike. An event that
// drew on lots of several packs belongs to each in the proportion of the credits.
func (m *margins) priceAlike(uses []UseToCost, cost *Cost) {
	var credits revrec.Credits
	total := new(big.Rat)
	for _, use := range uses {
		credits += use.Credits
		total.Add(total, use.Quantity.Rat())
	}
	for _, use := range uses {
		point := m.point(use.Group, use.Day)
		if cost == nil {
			point.Uncosted += use.Credits
			continue
		}
		point.Costed += use.Credits
		quantity := use.Quantity.Rat()
		if m.filter.By == ByPack && credits != 0 {
			quantity = new(big.Rat).Mul(total, big.NewRat(int64(use.Credits), int64(credits)))
		}
		m.exact = append(m.exact, exactCost{BucketOf(m.buckets, use.Day), use.Group, cost.of(quantity, m.currency)})
	}
}

// of is what so many units cost, in minor units and not rounded.
func (c *Cost) of(quantity *big.Rat, currency ledger.Currency) *big.Rat {
	unit := new(big.Rat).Quo(c.Amount.Shift(currency.Exponent()).Rat(), c.Per.Rat())
	return unit.Mul(unit, quantity)
}

// chart adds up, and puts groups in the order of their revenue.
func (m *margins) chart() MarginChart {
	chart := MarginChart{Buckets: m.buckets, Total: m.nothing()}
	for _, s := range m.series {
		for _, point := range s.Points {
			s.Total.add(point)
		}
		chart.Total.add(s.Total)
		chart.Series = append(chart.Series, *s)
	}
	slices.SortFunc(chart.Series, func(x, y MarginSeries) int {
		return cmp.Or(compareBool(x.Group.Others, y.Group.Others), cmp.Compare(y.Total.Revenue.Minor, x.Total.Revenue.Minor), cmp.Compare(x.Group.Key, y.Group.Key))
	})
	return chart
}
