package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/revrec"
)

type holdRow struct {
	bun.BaseModel `bun:"table:holds,alias:holds"`

	CustomerID string
	ID         string
	Credits    int64
	Status     string
	Reference  string  `bun:",nullzero"`
	CreatedAt  instant `bun:"created_at_us,type:bigint"`
	EndsAt     instant `bun:"ends_at_us,type:bigint"`
	EndedAt    instant `bun:"ended_at_us,type:bigint"`
	EventID    string  `bun:",nullzero"`
	EndReason  string  `bun:",nullzero"`
	Dimensions string  `bun:",nullzero"` // books.EventDimensions
}

func holdRowOf(h books.Hold) holdRow {
	return holdRow{
		CustomerID: h.CustomerID, ID: h.ID, Credits: int64(h.Credits), Status: string(h.Status), Reference: h.Reference,
		CreatedAt: instantOf(h.CreatedAt), EndsAt: instantOf(h.EndsAt), EndedAt: instantOf(h.EndedAt), EventID: h.EventID, EndReason: h.Reason, Dimensions: string(h.Dimensions),
	}
}

func (row holdRow) hold() books.Hold {
	return books.Hold{
		CustomerID: row.CustomerID, ID: row.ID, Credits: revrec.Credits(row.Credits), Status: books.HoldStatus(row.Status), Reference: row.Reference,
		CreatedAt: row.CreatedAt.time(), EndsAt: row.EndsAt.time(), EndedAt: row.EndedAt.time(), EventID: row.EventID, Reason: row.EndReason, Dimensions: books.EventDimensions(row.Dimensions),
	}
}

type holdPartRow struct {
	bun.BaseModel `bun:"table:hold_parts,alias:hold_parts"`

	CustomerID string
	HoldID     string
	LotID      string
	Credits    int64
}

func holdPartRowOf(p books.HoldPart) holdPartRow {
	return holdPartRow{CustomerID: p.CustomerID, HoldID: p.HoldID, LotID: p.LotID, Credits: int64(p.Credits)}
}

func (row holdPartRow) part() books.HoldPart {
	return books.HoldPart{CustomerID: row.CustomerID, HoldID: row.HoldID, LotID: row.LotID, Credits: revrec.Credits(row.Credits)}
}

// heldTo notes on lots that they are held at least until an instant.
const heldTo = `WITH ? UPDATE lots SET held_until_us = CASE WHEN coalesce(held_until_us, 0) < ? THEN ? ELSE held_until_us END
	FROM key WHERE lots.customer_id = key.customer_id AND lots.id = key.lot_id`

func (t *tx) InsertHold(ctx context.Context, hold books.Hold) error {
	if err := insert(ctx, t, "keeping a hold", []holdRow{holdRowOf(hold)}); err != nil {
		return err
	}
	if err := insert(ctx, t, "keeping the parts of a hold", convert(hold.Parts, holdPartRowOf)); err != nil {
		return err
	}
	keys := inKeyOrder(convert(hold.Parts, func(p books.HoldPart) books.LotKey { return books.LotKey{CustomerID: p.CustomerID, LotID: p.LotID} }))
	touched, err := t.exec(ctx, "noting that lots are held", heldTo, t.table("key", &keys), instantOf(hold.EndsAt), instantOf(hold.EndsAt))
	return wroteLots(len(keys), touched, err)
}

// heldStill notes on lots until when the holds that are left keep credits of them.
const heldStill = `WITH ? UPDATE lots SET held_until_us = (SELECT max(h.ends_at_us)
		FROM holds AS h CROSS JOIN hold_parts AS p
		WHERE h.customer_id = lots.customer_id AND h.status = 'ACTIVE' AND h.ends_at_us > ?
			AND p.customer_id = h.customer_id AND p.hold_id = h.id AND p.lot_id = lots.id)
	FROM key WHERE lots.customer_id = key.customer_id AND lots.id = key.lot_id`

func (t *tx) EndHold(ctx context.Context, hold books.Hold, lots []books.LotKey) error {
	row := holdRowOf(hold)
	touched, err := t.exec(ctx, "ending a hold", "UPDATE holds SET status = ?, ended_at_us = ?, event_id = ?, end_reason = ? WHERE customer_id = ? AND id = ?",
		row.Status, row.EndedAt, bun.NullZero(row.EventID), bun.NullZero(row.EndReason), rowID(row.CustomerID), rowID(row.ID))
	if err := wroteOne("hold", hold.ID, touched, err); err != nil || len(lots) == 0 {
		return err
	}
	keys := inKeyOrder(lots)
	touched, err = t.exec(ctx, "noting until when lots are held", heldStill, t.table("key", &keys), row.EndedAt)
	return wroteLots(len(keys), touched, err)
}

func (t *tx) LockHold(ctx context.Context, customerID, id string) (books.Hold, error) {
	found, err := t.holds(ctx)(query[holdRow](ctx, t, "holding a hold",
		"SELECT * FROM holds WHERE customer_id = ? AND id = ?"+t.holding("holds"), rowID(customerID), rowID(id)))
	if err == nil && len(found) == 0 {
		err = notFound("hold", id)
	}
	if err != nil {
		return books.Hold{}, err
	}
	return found[0], nil
}

const activeHoldsOf = `SELECT * FROM holds WHERE (customer_id, id) IN (SELECT h.customer_id, h.id FROM holds AS h CROSS JOIN hold_parts AS p
		WHERE h.customer_id IN (?0) AND h.status = 'ACTIVE' AND h.ends_at_us > ?1
			AND p.customer_id = h.customer_id AND p.hold_id = h.id AND p.lot_id IN (?2))
	ORDER BY customer_id, id`

func (t *tx) LockHoldsOf(ctx context.Context, lots []books.LotKey, at time.Time) ([]books.Hold, error) {
	found, err := inChunks(inKeyOrder(lots), func(chunk []lotKeyRow) ([]holdRow, error) {
		var customers []rowID
		for _, key := range chunk {
			customers = append(customers, rowID(key.CustomerID))
		}
		return query[holdRow](ctx, t, "holding the holds of lots", activeHoldsOf+t.holding("holds"), bun.List(slices.Compact(customers)), instantOf(at),
			bun.List(convert(chunk, func(key lotKeyRow) rowID { return rowID(key.LotID) })))
	})
	found = slices.DeleteFunc(found, func(row holdRow) bool { return row.Status != string(books.HoldActive) }) // that ended while it was waited for
	slices.SortFunc(found, func(x, y holdRow) int { return cmp.Compare(y.ID, x.ID) })
	return t.holds(ctx)(slices.CompactFunc(found, func(x, y holdRow) bool { return x.ID == y.ID }), err)
}

// In this order SQLite reads the holds that are active, by their index, and their parts.
const heldOfLots = `SELECT p.customer_id, p.lot_id, CAST(sum(p.credits) AS BIGINT) AS credits FROM holds AS h CROSS JOIN hold_parts AS p
	WHERE h.customer_id IN (?) AND h.status = 'ACTIVE' AND h.ends_at_us > ?
		AND p.customer_id = h.customer_id AND p.hold_id = h.id
	GROUP BY p.customer_id, p.lot_id`

func (t *tx) HeldCredits(ctx context.Context, customerIDs []string, at time.Time) (map[books.LotKey]revrec.Credits, error) {
	rows, err := inChunks(customerIDs, func(chunk []string) ([]holdPartRow, error) {
		return query[holdPartRow](ctx, t, "adding up what is held", heldOfLots,
			bun.List(convert(chunk, rowIDOf)), instantOf(at))
	})
	held := make(map[books.LotKey]revrec.Credits, len(rows))
	for _, row := range rows {
		held[books.LotKey{CustomerID: row.CustomerID, LotID: row.LotID}] = revrec.Credits(row.Credits)
	}
	return held, err
}

// heldAt reads all holds of the customer, those that are over too.
const heldAt = `SELECT p.customer_id, p.lot_id, CAST(sum(p.credits) AS BIGINT) AS credits FROM holds AS h CROSS JOIN hold_parts AS p
	WHERE h.customer_id = ?0 AND h.created_at_us <= ?1 AND h.ends_at_us > ?1 AND (h.ended_at_us IS NULL OR h.ended_at_us > ?1)
		AND p.customer_id = h.customer_id AND p.hold_id = h.id
	GROUP BY p.customer_id, p.lot_id`

func (t *tx) HeldCreditsAt(ctx context.Context, customerID string, at time.Time) (map[string]revrec.Credits, error) {
	rows, err := query[holdPartRow](ctx, t, "adding up what was held", heldAt, rowID(customerID), instantOf(at))
	held := make(map[string]revrec.Credits, len(rows))
	for _, row := range rows {
		held[row.LotID] = revrec.Credits(row.Credits)
	}
	return held, err
}

func (t *tx) HoldsByID(ctx context.Context, ids []string) ([]books.Hold, error) {
	return t.holds(ctx)(byColumn[holdRow](ctx, t, "reading holds", "id", ids))
}

func (t *tx) Holds(ctx context.Context, filter books.HoldFilter, page books.Page) ([]books.Hold, error) {
	return t.holds(ctx)(list[holdRow](ctx, t, "listing holds", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(ofHolds(q, filter))
	}))
}

func (t *tx) CountHolds(ctx context.Context, filter books.HoldFilter) (int64, error) {
	return count[holdRow](ctx, t, "counting holds", func(q *bun.SelectQuery) *bun.SelectQuery { return ofHolds(q, filter) })
}

func holdsBelow(doing string, of []books.HoldFilter) below[holdRow] {
	keys := keysOf(of)
	keys.byID("customer_id", func(f *books.HoldFilter) *string { return &f.CustomerID })
	return below[holdRow]{doing, keys.keys, keys.where, "id", func(q *bun.SelectQuery) *bun.SelectQuery { return ofHolds(q, keys.shared) }}
}

// HoldsBelow reads the parts of all pages in one statement.
func (t *tx) HoldsBelow(ctx context.Context, of []books.HoldFilter, page books.Page) ([][]books.Hold, error) {
	found, err := pages(ctx, t, holdsBelow("listing holds below many", of), byID(page), ofRows(holdRow.hold))
	if err != nil {
		return nil, err
	}
	return found, t.withParts(ctx, found...)
}

func (t *tx) CountHoldsBelow(ctx context.Context, of []books.HoldFilter) ([]int64, error) {
	return counts(ctx, t, holdsBelow("counting holds below many", of))
}

// ofHolds knows a hold that has ended by itself by the instant of the filter.
func ofHolds(q *bun.SelectQuery, filter books.HoldFilter) *bun.SelectQuery {
	q = whereID(q, "customer_id", filter.CustomerID)
	switch filter.Status {
	case "":
		return q
	case books.HoldActive:
		return q.Where("status = 'ACTIVE' AND ends_at_us > ?", instantOf(filter.At))
	case books.HoldExpired:
		return q.Where("status = 'ACTIVE' AND ends_at_us <= ?", instantOf(filter.At))
	case books.HoldCaptured, books.HoldReleased:
	}
	return whereEqual(q, "status", string(filter.Status))
}

// holds reads the parts of the holds.
func (t *tx) holds(ctx context.Context) func([]holdRow, error) ([]books.Hold, error) {
	return func(rows []holdRow, err error) ([]books.Hold, error) {
		found := convert(rows, holdRow.hold)
		if err != nil {
			return nil, err
		}
		return found, t.withParts(ctx, found)
	}
}

const partsOfHolds = `WITH ? SELECT p.* FROM key CROSS JOIN hold_parts AS p
	WHERE p.customer_id = key.k1 AND p.hold_id = key.k2 ORDER BY p.hold_id, p.lot_id`

func (t *tx) withParts(ctx context.Context, pages ...[]books.Hold) error {
	at := map[string]*books.Hold{}
	var keys [][]any
	for _, page := range pages {
		for i := range page {
			at[page[i].ID] = &page[i]
			keys = append(keys, []any{rowID(page[i].CustomerID), rowID(page[i].ID)})
		}
	}
	parts, err := inChunks(keys, func(chunk [][]any) ([]holdPartRow, error) {
		return query[holdPartRow](ctx, t, "reading the parts of holds", partsOfHolds, keyTable{keys: chunk})
	})
	for _, row := range parts {
		at[row.HoldID].Parts = append(at[row.HoldID].Parts, row.part())
	}
	return err
}
