package store

import (
	"context"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

type fxRateRow struct {
	bun.BaseModel `bun:"table:fx_rates,alias:fx_rates"`

	Currency  string
	Day       date   `bun:",type:text"`
	Rate      number `bun:",type:text"`
	Source    string
	CreatedAt instant `bun:"created_at_us,type:bigint"`
	CreatedBy string
}

func fxRateRowOf(r books.FXRate) fxRateRow {
	return fxRateRow{
		Currency: string(r.Currency), Day: date(r.Day), Rate: number{r.Rate}, Source: r.Source,
		CreatedAt: instantOf(r.CreatedAt), CreatedBy: r.CreatedBy,
	}
}

func (row fxRateRow) rate() books.FXRate {
	return books.FXRate{
		Currency: ledger.Currency(row.Currency), Day: ledger.Date(row.Day), Rate: row.Rate.Decimal, Source: row.Source,
		CreatedAt: row.CreatedAt.time(), CreatedBy: row.CreatedBy,
	}
}

func (t *tx) InsertFXRates(ctx context.Context, rates []books.FXRate) error {
	return insert(ctx, t, "keeping exchange rates", convert(rates, fxRateRowOf))
}

func (t *tx) FXRatesOn(ctx context.Context, currency ledger.Currency, days []ledger.Date) ([]books.FXRate, error) {
	rows, err := inChunks(days, func(chunk []ledger.Date) ([]fxRateRow, error) {
		return list[fxRateRow](ctx, t, "reading exchange rates", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("currency = ?", string(currency)).
				Where("day IN (?)", bun.List(convert(chunk, ledger.Date.String)))
		})
	})
	return convert(rows, fxRateRow.rate), err
}

func (t *tx) FXRates(ctx context.Context, filter books.FXFilter, page books.Page) ([]books.FXRate, error) {
	place := seek{terms: []string{"day", "currency"}, reverse: page.Reverse, limit: page.Limit}
	if page.After != "" {
		day, currency, err := books.FXKey(page.After)
		if err != nil {
			return nil, err
		}
		place.after = []any{day.String(), string(currency)}
	}
	rows, err := list[fxRateRow](ctx, t, "listing exchange rates", func(q *bun.SelectQuery) *bun.SelectQuery {
		return place.on(ofFXRates(filter)(q))
	})
	return convert(rows, fxRateRow.rate), err
}

func (t *tx) CountFXRates(ctx context.Context, filter books.FXFilter) (int64, error) {
	return count[fxRateRow](ctx, t, "counting exchange rates", ofFXRates(filter))
}

func ofFXRates(filter books.FXFilter) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery {
		if filter.Currency != "" {
			q = q.Where("currency = ?", string(filter.Currency))
		}
		if filter.From != 0 {
			q = q.Where("day >= ?", filter.From.String())
		}
		if filter.To != 0 {
			q = q.Where("day <= ?", filter.To.String())
		}
		return q
	}
}
