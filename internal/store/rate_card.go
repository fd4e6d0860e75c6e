package store

import (
	"context"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
)

type rateCardRow struct {
	bun.BaseModel `bun:"table:rate_cards,alias:rate_cards"`

	Number        int64
	EffectiveFrom instant `bun:"effective_from_us,type:bigint"`
	Note          string  `bun:",nullzero"`
	CreatedAt     instant `bun:"created_at_us,type:bigint"`
}

type rateRow struct {
	bun.BaseModel `bun:"table:rates,alias:rates"`

	RateCard int64
	MeterID  string
	Credits  number `bun:",type:text"`
	Per      number `bun:",type:text"`
	Cost     string `bun:",nullzero"` // decimal
	CostPer  string `bun:",nullzero"` // decimal
}

// NextRateCard counts versions where entries and lots are counted: the row of the counter is
// held until the transaction ends.
func (t *tx) NextRateCard(ctx context.Context) (int, error) {
	number, err := t.next(ctx, "rate_cards", 1)
	return int(number), err
}

func (t *tx) InsertRateCard(ctx context.Context, card books.RateCard) error {
	err := insert(ctx, t, "keeping a rate card", []rateCardRow{{
		Number: int64(card.Number), EffectiveFrom: instantOf(card.EffectiveFrom), Note: card.Note, CreatedAt: instantOf(card.CreatedAt),
	}})
	if err != nil {
		return err
	}
	return insert(ctx, t, "keeping the rates of a rate card", convert(card.Rates, func(rate books.MeterRate) rateRow {
		row := rateRow{RateCard: int64(card.Number), MeterID: rate.MeterID, Credits: number{rate.Credits}, Per: number{rate.Per}}
		if rate.Cost != nil {
			row.Cost, row.CostPer = rate.Cost.Amount.String(), rate.Cost.Per.String()
		}
		return row
	}))
}

// ratedRow is a version beside one of its rates; the version alone where it has none of the
// meters that were asked for.
type ratedRow struct {
	Number        int64
	EffectiveFrom instant `bun:"effective_from_us,type:bigint"`
	Note          string
	CreatedAt     instant `bun:"created_at_us,type:bigint"`
	MeterID       string
	Credits       number
	Per           number
	Cost          string
	CostPer       string
}

// rateCards reads versions with their rates in one statement.
func (t *tx) rateCards(ctx context.Context, which func(*bun.SelectQuery) *bun.SelectQuery, reverse bool, ofMeters ...string) ([]books.RateCard, error) {
	narrow, order := bun.SafeQuery(""), bun.Safe("c.number, r.meter_id")
	if len(ofMeters) > 0 {
		narrow = bun.SafeQuery(" AND r.meter_id IN (?)", bun.List(convert(ofMeters, rowIDOf)))
	}
	if reverse {
		order = "c.number DESC, r.meter_id"
	}
	rows, err := query[ratedRow](ctx, t, "reading rate cards", `SELECT c.number, c.effective_from_us, c.note, c.created_at_us,
			r.meter_id, r.credits, r.per, r.cost, r.cost_per
		FROM (?) AS c LEFT JOIN rates AS r ON r.rate_card = c.number? ORDER BY ?`,
		which(t.db.NewSelect().Model((*rateCardRow)(nil))), narrow, order)
	if err != nil {
		return nil, err
	}
	var cards []books.RateCard
	for _, row := range rows {
		if n := len(cards); n == 0 || cards[n-1].Number != int(row.Number) {
			cards = append(cards, books.RateCard{Number: int(row.Number), EffectiveFrom: row.EffectiveFrom.time(), Note: row.Note, CreatedAt: row.CreatedAt.time()})
		}
		if row.MeterID == "" {
			continue
		}
		card := &cards[len(cards)-1]
		rate := books.MeterRate{MeterID: row.MeterID, RateCard: card.Number, From: card.EffectiveFrom, Credits: row.Credits.Decimal, Per: row.Per.Decimal}
		if rate.Cost, err = costOf(row.Cost, row.CostPer); err != nil {
			return nil, err
		}
		card.Rates = append(card.Rates, rate)
	}
	return cards, nil
}

func costOf(amount, per string) (*books.Cost, error) {
	if amount == "" {
		return nil, nil
	}
	var a, p number
	if err := a.Scan(amount); err != nil {
		return nil, err
	}
	err := p.Scan(per)
	return &books.Cost{Amount: a.Decimal, Per: p.Decimal}, err
}

func (t *tx) RateCardsByNumber(ctx context.Context, numbers []int) ([]books.RateCard, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	return t.rateCards(ctx, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("number IN (?)", bun.List(numbers)) }, false)
}

func (t *tx) RateCardsOf(ctx context.Context, meterIDs []string) ([]books.RateCard, error) {
	if len(meterIDs) == 0 {
		return nil, nil
	}
	return t.rateCards(ctx, func(q *bun.SelectQuery) *bun.SelectQuery { return q }, false, meterIDs...)
}

func (t *tx) RateCards(ctx context.Context, page books.Page) ([]books.RateCard, error) {
	place, err := byNumberOf(page)
	if err != nil {
		return nil, err
	}
	return t.rateCards(ctx, place.on, page.Reverse)
}

func (t *tx) CountRateCards(ctx context.Context) (int64, error) {
	return count[rateCardRow](ctx, t, "counting rate cards", func(q *bun.SelectQuery) *bun.SelectQuery { return q })
}
