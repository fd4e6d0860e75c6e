package graph

import (
	"context"
	"fmt"

	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func (r queryResolver) MarginOverTime(ctx context.Context, from, to ledger.Date, interval books.Interval, groupBy *books.Dimension, customer *string, top int) (*books.MarginChart, error) {
	f := newFilters(ctx)
	filter := books.MarginFilter{From: from, To: to, Interval: interval, By: value(groupBy), Top: top, CustomerID: f.customer(ctx, customer)}
	f.refuse(top < 1 || top > books.MaxTop, "top", fmt.Sprintf("must be 1 to %d, not %d", books.MaxTop, top))
	if f.err != nil {
		return nil, f.err
	}
	if !f.known {
		filter.CustomerID = noCustomer
	}
	var chart books.MarginChart
	err := f.request.read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		chart, err = r.books.Margins(ctx, tx, filter)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range chart.Series {
		f.request.sawSeries(groupOf(&chart.Series[i]))
	}
	return &chart, nil
}

// noCustomer is the id that no customer has.
const noCustomer = "ffffffff-ffff-ffff-ffff-ffffffffffff"

// groupOf is the group of a series of margins as those of other charts have it.
func groupOf(s *books.MarginSeries) *view.Series {
	return &view.Series{By: s.By, Group: s.Group.Key, Others: s.Group.Others}
}

func (marginSeriesResolver) Key(ctx context.Context, s *books.MarginSeries) (*string, error) {
	return seriesResolver{}.Key(ctx, groupOf(s))
}

func (marginSeriesResolver) Others(_ context.Context, s *books.MarginSeries) (bool, error) {
	return s.Group.Others, nil
}

func (marginSeriesResolver) Customer(ctx context.Context, s *books.MarginSeries) (*books.Customer, error) {
	return seriesResolver{}.Customer(ctx, groupOf(s))
}

func (marginSeriesResolver) Pack(ctx context.Context, s *books.MarginSeries) (*books.Pack, error) {
	return seriesResolver{}.Pack(ctx, groupOf(s))
}

func (marginSeriesResolver) Meter(ctx context.Context, s *books.MarginSeries) (*books.Meter, error) {
	return seriesResolver{}.Meter(ctx, groupOf(s))
}
