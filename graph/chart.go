package graph

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// chartSpan is how a caller asks for a chart.
type chartSpan struct {
	from, to ledger.Date
	interval books.Interval
	by       *books.Dimension
	top      int
}

// chart adds up rows of the store in buckets.
func (f *filters) chart(ctx context.Context, span chartSpan, filter books.ChartFilter,
	read func(books.Tx, context.Context, books.ChartFilter) ([]books.ChartRow, error),
) (*view.Chart, error) {
	filter.From, filter.To, filter.Interval, filter.By, filter.Top = span.from, span.to, span.interval, value(span.by), span.top
	f.refuse(filter.Top < 1 || filter.Top > books.MaxTop, "top", fmt.Sprintf("must be 1 to %d, not %d", books.MaxTop, filter.Top))
	buckets, err := books.Buckets(span.from, span.to, span.interval)
	if f.err == nil {
		f.err = err
	}
	if f.err != nil {
		return nil, f.err
	}
	var rows []books.ChartRow
	if f.known {
		err = f.request.read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
			rows, err = read(tx, ctx, filter)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	return f.charted(buckets, rows, filter.By), nil
}

// charted puts rows into buckets, and groups in the order of what they add up to.
func (f *filters) charted(buckets []books.Bucket, rows []books.ChartRow, by books.Dimension) *view.Chart {
	functional := f.request.books.Book().Functional
	chart := &view.Chart{Buckets: buckets, FunctionalTotal: ledger.Money(0, functional)}
	type group struct {
		key    string
		others bool
	}
	series := map[books.ChartGroup]*view.Series{}
	weight := map[group]int64{}
	for _, row := range rows {
		s := series[row.Group]
		if s == nil {
			s = newSeries(row.Group, by, len(buckets), functional)
			series[row.Group] = s
		}
		at, v := books.BucketOf(buckets, row.Day), row.Values
		s.Counts[at] += v.Count
		s.Credits[at] += v.Credits
		s.TotalCredits += v.Credits
		chart.Credits += v.Credits
		addTo(v.Minor, &s.Amounts[at], &s.Total)
		addTo(v.Functional, &s.FunctionalAmounts[at], &s.FunctionalTotal, &chart.FunctionalTotal)
		weight[group{s.Group, s.Others}] += v.Functional
		if row.Group.Currency == "" {
			weight[group{s.Group, s.Others}] += int64(v.Credits)
		}
	}
	for _, s := range series {
		chart.Series = append(chart.Series, *s)
		f.request.sawSeries(s)
	}
	slices.SortFunc(chart.Series, func(x, y view.Series) int {
		switch {
		case x.Others != y.Others && x.Others:
			return 1
		case x.Others != y.Others:
			return -1
		case x.Group != y.Group:
			return cmp.Or(cmp.Compare(weight[group{y.Group, y.Others}], weight[group{x.Group, x.Others}]), cmp.Compare(x.Group, y.Group))
		}
		return cmp.Compare(x.Currency, y.Currency)
	})
	return chart
}

func newSeries(group books.ChartGroup, by books.Dimension, buckets int, functional ledger.Currency) *view.Series {
	s := &view.Series{
		By: by, Group: group.Key, Others: group.Others, Currency: group.Currency,
		Counts: make([]int64, buckets), Credits: make([]revrec.Credits, buckets),
		Total: ledger.Money(0, group.Currency), FunctionalTotal: ledger.Money(0, functional),
	}
	s.Amounts, s.FunctionalAmounts = slices.Repeat([]ledger.Amount{s.Total}, buckets), slices.Repeat([]ledger.Amount{s.FunctionalTotal}, buckets)
	return s
}

func addTo(minor int64, amounts ...*ledger.Amount) {
	for _, amount := range amounts {
		*amount = amount.Add(ledger.Money(minor, amount.Currency))
	}
}

func (queryResolver) UsageOverTime(ctx context.Context, from, to ledger.Date, interval books.Interval, groupBy *books.Dimension, dimension *string, withDimension *books.EventDimension, customer, policy *string, top int) (*view.Chart, error) {
	f := newFilters(ctx)
	filter := books.ChartFilter{CustomerID: f.customer(ctx, customer), PolicyID: f.policy(ctx, policy), Key: value(dimension), Dimension: f.dimension(withDimension)}
	f.byEvent(value(groupBy), customer, dimension, withDimension, to-from)
	chart, err := f.chart(ctx, chartSpan{from, to, interval, groupBy, top}, filter, books.Tx.UsageChart)
	if err == nil && groupBy == nil && len(chart.Series) == 0 { // one series, whatever was used
		chart.Series = []view.Series{*newSeries(books.ChartGroup{}, "", len(chart.Buckets), f.request.books.Book().Functional)}
	}
	return chart, err
}

// byEvent holds a chart that reads event by event to its bounds.
func (f *filters) byEvent(by books.Dimension, customer, dimension *string, with *books.EventDimension, span ledger.Date) {
	f.refuse(by == books.ByMeter && customer == nil, "groupBy", "needs customer where it is METER: use by meter is read event by event")
	f.refuse(by == books.ByEventDimension && dimension == nil, "dimension", "must say by which dimension, such as team, where groupBy is DIMENSION")
	f.refuse(by != books.ByEventDimension && dimension != nil, "dimension", "goes with groupBy DIMENSION alone; withDimension keeps use of one value")
	if f.err == nil && dimension != nil {
		f.err = books.CheckDimensionKey("dimension", *dimension)
	}
	if reads := by == books.ByMeter || by == books.ByEventDimension || with != nil; reads && span >= books.MaxMeterDays && f.err == nil {
		f.err = &books.Error{Code: books.TooLarge, Field: "to", Message: fmt.Sprintf("must be within %d days of from where groupBy is METER or DIMENSION, or withDimension is given, which reads event by event", books.MaxMeterDays)}
	}
}

func (queryResolver) RevenueOverTime(ctx context.Context, from, to ledger.Date, interval books.Interval, groupBy *books.Dimension, customer, policy *string, currency *ledger.Currency, top int) (*view.Chart, error) {
	f := newFilters(ctx)
	filter := books.ChartFilter{CustomerID: f.customer(ctx, customer), PolicyID: f.policy(ctx, policy), PolicyCode: value(policy), Currency: value(currency)}
	return f.chart(ctx, chartSpan{from, to, interval, groupBy, top}, filter, books.Tx.RevenueChart)
}

func (queryResolver) PurchasesOverTime(ctx context.Context, from, to ledger.Date, interval books.Interval, groupBy *books.Dimension, customer, policy *string, currency *ledger.Currency, top int) (*view.Chart, error) {
	f := newFilters(ctx)
	filter := books.ChartFilter{CustomerID: f.customer(ctx, customer), PolicyID: f.policy(ctx, policy), Currency: value(currency)}
	return f.chart(ctx, chartSpan{from, to, interval, groupBy, top}, filter, books.Tx.PurchaseChart)
}

func (queryResolver) AccountOverTime(ctx context.Context, account ledger.Role, from, to ledger.Date, interval books.Interval) (*view.AccountChart, error) {
	buckets, err := books.Buckets(from, to, interval)
	if err != nil {
		return nil, err
	}
	shown, err := accountOf(account)
	if err != nil {
		return nil, err
	}
	q := requestOf(ctx)
	var rows []books.ChartRow
	err = q.read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		rows, err = tx.AccountChart(ctx, account, books.ChartFilter{From: from, To: to, Interval: interval})
		return err
	})
	if err != nil {
		return nil, err
	}
	return &view.AccountChart{Account: *shown, Buckets: buckets, Series: accountSeries(account, buckets, rows, q.books.Book().Functional)}, nil
}

// accountSeries puts the sides of an account into buckets, and adds up its balance.
func accountSeries(account ledger.Role, buckets []books.Bucket, rows []books.ChartRow, functional ledger.Currency) []view.AccountSeries {
	type sides struct{ moved, functional ledger.Amount } // signed
	byCurrency := map[ledger.Currency]*view.AccountSeries{}
	moved := map[ledger.Currency][]sides{}
	for _, row := range rows {
		currency := row.Group.Currency
		nothing := sides{ledger.Money(0, currency), ledger.Money(0, functional)}
		s := byCurrency[currency]
		if s == nil {
			s = &view.AccountSeries{
				Currency: currency, Opening: nothing.moved, FunctionalOpening: nothing.functional,
				Debits: slices.Repeat([]ledger.Amount{nothing.moved}, len(buckets)), Credits: slices.Repeat([]ledger.Amount{nothing.moved}, len(buckets)),
			}
			byCurrency[currency], moved[currency] = s, slices.Repeat([]sides{nothing}, len(buckets))
		}
		v := row.Values
		if row.Day == 0 {
			addTo(v.Debits-v.Credited, &s.Opening)
			addTo(v.FunctionalDebits-v.FunctionalCredited, &s.FunctionalOpening)
			continue
		}
		at := books.BucketOf(buckets, row.Day)
		addTo(v.Debits, &s.Debits[at])
		addTo(v.Credited, &s.Credits[at])
		addTo(v.Debits-v.Credited, &moved[currency][at].moved)
		addTo(v.FunctionalDebits-v.FunctionalCredited, &moved[currency][at].functional)
	}
	series := make([]view.AccountSeries, 0, len(byCurrency))
	for currency, s := range byCurrency {
		closing := sides{s.Opening, s.FunctionalOpening}
		for _, step := range moved[currency] {
			closing = sides{closing.moved.Add(step.moved), closing.functional.Add(step.functional)}
			s.Closing, s.FunctionalClosing = append(s.Closing, account.Natural(closing.moved)), append(s.FunctionalClosing, account.Natural(closing.functional))
		}
		s.Opening, s.FunctionalOpening = account.Natural(s.Opening), account.Natural(s.FunctionalOpening)
		series = append(series, *s)
	}
	slices.SortFunc(series, func(x, y view.AccountSeries) int { return cmp.Compare(x.Currency, y.Currency) })
	return series
}

func (queryResolver) ActiveCustomersOverTime(ctx context.Context, from, to ledger.Date, interval books.Interval) (*view.CustomerCountChart, error) {
	buckets, err := books.Buckets(from, to, interval)
	if err != nil {
		return nil, err
	}
	var counts []int64
	err = requestOf(ctx).read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		counts, err = tx.ActiveCustomers(ctx, "", append(slices.Clone(buckets), books.Bucket{From: from, To: to}))
		return err
	})
	if err != nil {
		return nil, err
	}
	return &view.CustomerCountChart{Buckets: buckets, Counts: counts[:len(buckets)], Total: counts[len(buckets)]}, nil
}

// seriesResolver names the group of a series of any chart.
type seriesResolver struct{}

// sawSeries has what the groups of a chart stand for fetched together.
func (q *request) sawSeries(s *view.Series) {
	switch s.By {
	case books.ByCustomer:
		q.customers.expect(s.Group)
	case books.ByPolicy:
		q.policies.expect(s.Group)
	case books.ByPack:
		q.packs.expect(s.Group)
	case books.ByMeter:
		q.meters.expect(s.Group)
	case books.ByKind, books.ByLotKind, books.ByEventDimension:
	}
}

// Key is the name by which a request would name the group.
func (seriesResolver) Key(ctx context.Context, s *view.Series) (*string, error) {
	q := requestOf(ctx)
	switch s.By {
	case books.ByCustomer:
		return nameOf(ctx, q.customers, s.Group, func(c books.Customer) string { return c.ExternalID })
	case books.ByPolicy:
		return nameOf(ctx, q.policies, s.Group, func(p books.Policy) string { return p.Code })
	case books.ByPack:
		return nameOf(ctx, q.packs, s.Group, func(p books.Pack) string { return p.Code })
	case books.ByMeter:
		return nameOf(ctx, q.meters, s.Group, func(m books.Meter) string { return m.Code })
	case books.ByKind, books.ByLotKind, books.ByEventDimension:
	}
	return text(s.Group), nil
}

func nameOf[V any](ctx context.Context, rows *batch[string, V], key string, name func(V) string) (*string, error) {
	row, exists, err := rows.load(ctx, key)
	if err != nil || !exists {
		return nil, err
	}
	return text(name(row)), nil
}

func (seriesResolver) Customer(ctx context.Context, s *view.Series) (*books.Customer, error) {
	return pointer(ctx, requestOf(ctx).customers, keyWhere(s, books.ByCustomer))
}

func (seriesResolver) Policy(ctx context.Context, s *view.Series) (*books.Policy, error) {
	return pointer(ctx, requestOf(ctx).policies, keyWhere(s, books.ByPolicy))
}

func (seriesResolver) Pack(ctx context.Context, s *view.Series) (*books.Pack, error) {
	return pointer(ctx, requestOf(ctx).packs, keyWhere(s, books.ByPack))
}

func (seriesResolver) Meter(ctx context.Context, s *view.Series) (*books.Meter, error) {
	return pointer(ctx, requestOf(ctx).meters, keyWhere(s, books.ByMeter))
}

// keyWhere is the key of a series whose chart tells the dimension apart.
func keyWhere(s *view.Series, by books.Dimension) string {
	if s.By != by {
		return ""
	}
	return s.Group
}
