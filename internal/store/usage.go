package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/feature"
	"github.com/uptrace/bun/schema"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

type eventRow struct {
	bun.BaseModel `bun:"table:usage_events,alias:usage_events"`

	CustomerID string
	ID         string
	Source     string
	EventID    string
	MeterID    string `bun:",nullzero"`
	Quantity   string `bun:",nullzero"` // decimal; NULL without a meter
	Credits    int64
	OccurredAt instant `bun:"occurred_at_us,type:bigint"`
	RecordedAt instant `bun:"recorded_at_us,type:bigint"`
	VoidOf     string  `bun:",nullzero"`
	RateCard   int64   `bun:",nullzero"` // NULL where none was in force
	Dimensions string  `bun:",nullzero"` // books.EventDimensions
}

func eventRowOf(e books.UsageEvent) eventRow {
	row := eventRow{
		CustomerID: e.CustomerID, ID: e.ID, Source: e.Source, EventID: e.EventID, MeterID: e.MeterID, Credits: int64(e.Credits),
		OccurredAt: instantOf(e.OccurredAt), RecordedAt: instantOf(e.RecordedAt), VoidOf: e.VoidOf,
		RateCard: int64(e.RateCard), Dimensions: string(e.Dimensions),
	}
	if !e.Quantity.IsZero() {
		row.Quantity = e.Quantity.String()
	}
	return row
}

func events(rows []eventRow, err error) ([]books.UsageEvent, error) {
	if err != nil {
		return nil, err
	}
	found := make([]books.UsageEvent, len(rows))
	for i, row := range rows {
		var quantity decimal.Decimal
		if row.Quantity != "" {
			if quantity, err = decimal.NewFromString(row.Quantity); err != nil {
				return nil, err
			}
		}
		found[i] = books.UsageEvent{
			CustomerID: row.CustomerID, ID: row.ID, Source: row.Source, EventID: row.EventID, MeterID: row.MeterID,
			Quantity: quantity, Credits: revrec.Credits(row.Credits),
			OccurredAt: row.OccurredAt.time(), RecordedAt: row.RecordedAt.time(), VoidOf: row.VoidOf,
			RateCard: int(row.RateCard), Dimensions: books.EventDimensions(row.Dimensions),
		}
	}
	return found, nil
}

type eventKeyRow struct {
	CustomerID string `bun:",type:uuid"`
	Source     string
	EventID    string
}

const eventsByKey = `WITH ? SELECT e.* FROM key CROSS JOIN usage_events AS e
	WHERE e.customer_id = key.customer_id AND e.source = key.source AND e.event_id = key.event_id`

func (t *tx) EventsByKey(ctx context.Context, keys []books.EventKey) ([]books.UsageEvent, error) {
	rows := convert(keys, func(k books.EventKey) eventKeyRow { return eventKeyRow(k) })
	slices.SortFunc(rows, eventKeyRow.compare)
	rows = slices.Compact(rows)
	if t.bulk {
		return events(t.postgresEventsByKey(ctx, rows))
	}
	return events(inChunks(rows, func(chunk []eventKeyRow) ([]eventRow, error) {
		return query[eventRow](ctx, t, "looking up events", eventsByKey, t.table("key", &chunk))
	}))
}

func (k eventKeyRow) compare(other eventKeyRow) int {
	if c := strings.Compare(k.CustomerID, other.CustomerID); c != 0 {
		return c
	}
	if c := strings.Compare(k.Source, other.Source); c != 0 {
		return c
	}
	return strings.Compare(k.EventID, other.EventID)
}

func (t *tx) EventsByID(ctx context.Context, ids []string) ([]books.UsageEvent, error) {
	return events(byColumn[eventRow](ctx, t, "reading events", "id", ids))
}

const voidsOf = `WITH ? SELECT e.* FROM key CROSS JOIN usage_events AS e
	WHERE e.customer_id = key.k1 AND e.void_of = key.k2 AND e.void_of IS NOT NULL ORDER BY e.id`

func (t *tx) VoidsOf(ctx context.Context, keys []books.EventRow) ([]books.UsageEvent, error) {
	return events(inChunks(keys, func(chunk []books.EventRow) ([]eventRow, error) {
		return query[eventRow](ctx, t, "reading voids", voidsOf,
			keyTable{keys: convert(chunk, func(k books.EventRow) []any { return []any{rowID(k.CustomerID), rowID(k.ID)} })})
	}))
}

// InsertEvents keeps events. Errors: ALREADY_EXISTS where a (customer, source, id) is taken.
func (t *tx) InsertEvents(ctx context.Context, events []books.UsageEvent) error {
	return insert(ctx, t, "keeping events", convert(events, eventRowOf))
}

type drawRow struct {
	bun.BaseModel `bun:"table:draws,alias:draws"`

	CustomerID string
	EventID    string
	LotID      string
	Day        date `bun:",type:text"`
	Credits    int64
}

func (row drawRow) draw() books.Draw {
	return books.Draw{
		CustomerID: row.CustomerID, EventID: row.EventID, LotID: row.LotID, Day: ledger.Date(row.Day), Credits: revrec.Credits(row.Credits),
	}
}

func (t *tx) InsertDraws(ctx context.Context, draws []books.Draw) error {
	return insert(ctx, t, "keeping draws", convert(draws, func(d books.Draw) drawRow {
		return drawRow{CustomerID: d.CustomerID, EventID: d.EventID, LotID: d.LotID, Day: date(d.Day), Credits: int64(d.Credits)}
	}))
}

type lotDayRow struct {
	bun.BaseModel `bun:"table:lot_days,alias:lot_days"`

	CustomerID string
	LotID      string
	Day        date `bun:",type:text"`
	Drawn      int64
}

func (row lotDayRow) lotDay() books.LotDay {
	return books.LotDay{CustomerID: row.CustomerID, LotID: row.LotID, Day: ledger.Date(row.Day), Drawn: revrec.Credits(row.Drawn)}
}

func (t *tx) AddLotDays(ctx context.Context, days []books.LotDay) error {
	if t.readOnly {
		return errReadOnly
	}
	if t.bulk {
		return t.postgresAddLotDays(ctx, days)
	}
	for chunk := range slices.Chunk(days, chunkRows) {
		rows := convert(chunk, func(d books.LotDay) lotDayRow {
			return lotDayRow{CustomerID: d.CustomerID, LotID: d.LotID, Day: date(d.Day), Drawn: int64(d.Drawn)}
		})
		_, err := t.db.NewInsert().Model(&rows).
			On("CONFLICT (customer_id, lot_id, day) DO UPDATE").
			Set("drawn = lot_days.drawn + EXCLUDED.drawn").Returning("NULL").Exec(ctx)
		if err != nil {
			return t.refused("adding to lot-days", err)
		}
	}
	return nil
}

func (t *tx) Events(ctx context.Context, filter books.EventFilter, page books.Page) ([]books.UsageEvent, error) {
	return events(list[eventRow](ctx, t, "listing events", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(ofEvents(q, filter))
	}))
}

func (t *tx) CountEvents(ctx context.Context, filter books.EventFilter) (int64, error) {
	return count[eventRow](ctx, t, "counting events", func(q *bun.SelectQuery) *bun.SelectQuery { return ofEvents(q, filter) })
}

func eventsBelow(doing string, of []books.EventFilter) below[eventRow] {
	keys := keysOf(of)
	keys.byID("customer_id", func(f *books.EventFilter) *string { return &f.CustomerID })
	keys.byID("meter_id", func(f *books.EventFilter) *string { return &f.MeterID })
	return below[eventRow]{doing, keys.keys, keys.where, "id", func(q *bun.SelectQuery) *bun.SelectQuery { return ofEvents(q, keys.shared) }}
}

func (t *tx) EventsBelow(ctx context.Context, of []books.EventFilter, page books.Page) ([][]books.UsageEvent, error) {
	return pages(ctx, t, eventsBelow("listing events below many", of), byID(page), func(rows []eventRow) ([]books.UsageEvent, error) { return events(rows, nil) })
}

func (t *tx) CountEventsBelow(ctx context.Context, of []books.EventFilter) ([]int64, error) {
	return counts(ctx, t, eventsBelow("counting events below many", of))
}

func ofEvents(q *bun.SelectQuery, filter books.EventFilter) *bun.SelectQuery {
	q = whereID(q, "customer_id", filter.CustomerID)
	q = whereEqual(q, "source", filter.Source)
	q = whereEqual(q, "event_id", filter.EventID)
	q = whereID(q, "meter_id", filter.MeterID)
	q = whereDimension(q, "dimensions", filter.Dimension)
	return whereWithin(q, "occurred_at_us", filter.From, filter.Before)
}

// dimensionOf is the value that an event has of a dimension, NULL for none. Keys hold no
// character that a path or a text would end with.
func dimensionOf(q *bun.SelectQuery, column, key string) schema.QueryAppender {
	if q.Dialect().Features().Has(feature.DoubleColonCast) {
		return bun.SafeQuery("CAST(? AS JSON) ->> ?", bun.Safe(column), key)
	}
	return bun.SafeQuery("json_extract(?, ?)", bun.Safe(column), `$."`+key+`"`)
}

func whereDimension(q *bun.SelectQuery, column string, one books.EventDimension) *bun.SelectQuery {
	if one.Key == "" {
		return q
	}
	return q.Where("? IS NOT NULL AND ? = ?", bun.Safe(column), dimensionOf(q, column, one.Key), one.Value)
}

// Draws lists draws in order of event and lot. The customer of an event or a lot is
// looked up first, for every key of draws begins with it.
func (t *tx) Draws(ctx context.Context, filter books.DrawFilter, page books.Page) ([]books.Draw, error) {
	var err error
	if filter.CustomerID == "" {
		if filter.CustomerID, err = t.customerOf(ctx, filter); err != nil || filter.CustomerID == "" {
			return nil, err
		}
	}
	rows, err := list[drawRow](ctx, t, "listing draws", func(q *bun.SelectQuery) *bun.SelectQuery {
		return drawsFrom(page).on(ofDraws(q, filter))
	})
	return convert(rows, drawRow.draw), err
}

func (t *tx) CountDraws(ctx context.Context, filter books.DrawFilter) (n int64, err error) {
	if filter.CustomerID == "" {
		if filter.CustomerID, err = t.customerOf(ctx, filter); err != nil || filter.CustomerID == "" {
			return 0, err
		}
	}
	return count[drawRow](ctx, t, "counting draws", func(q *bun.SelectQuery) *bun.SelectQuery { return ofDraws(q, filter) })
}

func drawsFrom(page books.Page) seek {
	place := seek{terms: []string{"event_id", "lot_id"}, reverse: page.Reverse, limit: page.Limit}
	if event, lot, ok := strings.Cut(page.After, "/"); ok {
		place.after = []any{event, lot}
	}
	return place
}

func ofDraws(q *bun.SelectQuery, filter books.DrawFilter) *bun.SelectQuery {
	q = whereID(q, "customer_id", filter.CustomerID)
	q = whereID(q, "event_id", filter.EventID)
	q = whereID(q, "lot_id", filter.LotID)
	if filter.Day != 0 {
		q = q.Where("day = ?", date(filter.Day))
	}
	return q
}

// drawsBelow needs the customer of each, by which every key of draws begins.
func drawsBelow(doing string, of []books.DrawFilter) below[drawRow] {
	keys := keysOf(of)
	keys.byID("customer_id", func(f *books.DrawFilter) *string { return &f.CustomerID })
	keys.byID("event_id", func(f *books.DrawFilter) *string { return &f.EventID })
	keys.byID("lot_id", func(f *books.DrawFilter) *string { return &f.LotID })
	keys.by("day = ?", of[0].Day != 0, func(f *books.DrawFilter) any { return date(f.Day) }, func(f *books.DrawFilter) { f.Day = 0 })
	return below[drawRow]{doing, keys.keys, keys.where, "event_id", func(q *bun.SelectQuery) *bun.SelectQuery { return ofDraws(q, keys.shared) }}
}

func (t *tx) DrawsBelow(ctx context.Context, of []books.DrawFilter, page books.Page) ([][]books.Draw, error) {
	return pages(ctx, t, drawsBelow("listing draws below many", of), drawsFrom(page), ofRows(drawRow.draw))
}

func (t *tx) CountDrawsBelow(ctx context.Context, of []books.DrawFilter) ([]int64, error) {
	return counts(ctx, t, drawsBelow("counting draws below many", of))
}

// customerOf returns the customer of the filter's event or lot, "" where there is none.
func (t *tx) customerOf(ctx context.Context, filter books.DrawFilter) (customer string, err error) {
	switch {
	case filter.EventID != "":
		err = t.db.NewRaw("SELECT customer_id FROM usage_events WHERE id = ?", rowID(filter.EventID)).Scan(ctx, &customer)
	case filter.LotID != "":
		err = t.db.NewRaw("SELECT customer_id FROM lots WHERE id = ?", rowID(filter.LotID)).Scan(ctx, &customer)
	default:
		return "", &books.Error{Code: books.Invalid, Message: "draws are listed by customer, event or lot: name one"}
	}
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return customer, t.refused("looking up the customer of draws", err)
}

const drawsOfEvents = `SELECT d.* FROM usage_events AS e CROSS JOIN draws AS d
	WHERE e.id IN (?) AND d.customer_id = e.customer_id AND d.event_id = e.id ORDER BY d.event_id, d.lot_id`

func (t *tx) DrawsOfEvents(ctx context.Context, ids []string) ([]books.Draw, error) {
	rows, err := inChunks(ids, func(chunk []string) ([]drawRow, error) {
		return query[drawRow](ctx, t, "reading the draws of events", drawsOfEvents, bun.List(chunk))
	})
	return convert(rows, drawRow.draw), err
}
