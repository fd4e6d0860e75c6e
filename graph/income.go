package graph

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
)

// incomeCursor begins a cursor of rows of income, before it is dressed.
const incomeCursor = "income_"

func (r queryResolver) Income(ctx context.Context, from, to ledger.Date, groupBy gen.IncomeDimension, asOf *time.Time, first int, after *string) (*books.Income, error) {
	if err := checkFirst(first); err != nil {
		return nil, err
	}
	request := books.IncomeRequest{From: from, To: to, AsOf: value(asOf), First: first}
	if groupBy != gen.IncomeDimensionCurrency {
		request.By = books.Dimension(groupBy)
	}
	if after != nil {
		text, err := base64.RawURLEncoding.DecodeString(*after)
		key, found := strings.CutPrefix(string(text), incomeCursor)
		if err != nil || !found {
			return nil, &books.Error{Code: books.Invalid, Field: "after", Message: fmt.Sprintf("must be an endCursor of income, not %q", clip(*after))}
		}
		request.After = key
	}
	return report(ctx, func(ctx context.Context, tx books.Tx) (books.Income, error) {
		income, err := r.books.Income(ctx, tx, request)
		for i := range income.Rows {
			requestOf(ctx).sawSeries(incomeGroup(&income.Rows[i]))
		}
		return income, err
	})
}

// incomeGroup is the group of a row as those of charts have it.
func incomeGroup(row *books.IncomeRow) *view.Series {
	return &view.Series{By: row.By, Group: row.GroupKey, Others: row.None}
}

func (incomeResolver) EndCursor(_ context.Context, r *books.Income) (*string, error) {
	if len(r.Rows) == 0 {
		return nil, nil
	}
	cursor := base64.RawURLEncoding.EncodeToString([]byte(incomeCursor + r.Rows[len(r.Rows)-1].Key()))
	return &cursor, nil
}

func (incomeResolver) ControlTotal(ctx context.Context, r *books.Income) (*ledger.Amount, error) {
	total := r.ControlTotal().Add(ledger.Money(0, requestOf(ctx).books.Book().Functional))
	return &total, nil
}

func (incomeRowResolver) Key(ctx context.Context, row *books.IncomeRow) (*string, error) {
	return seriesResolver{}.Key(ctx, incomeGroup(row))
}

func (incomeRowResolver) Customer(ctx context.Context, row *books.IncomeRow) (*books.Customer, error) {
	return seriesResolver{}.Customer(ctx, incomeGroup(row))
}

func (incomeRowResolver) Policy(ctx context.Context, row *books.IncomeRow) (*books.Policy, error) {
	return seriesResolver{}.Policy(ctx, incomeGroup(row))
}

func (incomeRowResolver) Pack(ctx context.Context, row *books.IncomeRow) (*books.Pack, error) {
	return seriesResolver{}.Pack(ctx, incomeGroup(row))
}

func (incomeRowResolver) Meter(ctx context.Context, row *books.IncomeRow) (*books.Meter, error) {
	return seriesResolver{}.Meter(ctx, incomeGroup(row))
}
